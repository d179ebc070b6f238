/* site-index.c — the list of all records (records.js, one JSON object a line inside a function call, so that it loads from file:// too) and the
 * Atom feed of the newest ones. Both can be made again from records/NAME/entry.json. */
#include "site.h"

#include <libxml/tree.h>
#include <string.h>

#define INDEX_LIMIT (1024u * 1024 * 1024)
#define ENTRY_LIMIT (16u * 1024 * 1024)
#define HEAD "nexuslimsRecords([\n"
#define TAIL "]);\n"
#define FEED_ENTRIES 50

static void free_entry(gpointer entry)
{
  json_object_put(entry);
}

/* The entries of records.js; FALSE when it is not there or not as we write it. */
static gboolean read_index(const char *path, GPtrArray *entries)
{
  g_autofree char *text = NULL;
  gsize length;
  if (!nx_file_read(path, INDEX_LIMIT, &text, &length, NULL) || !g_str_has_prefix(text, HEAD) || !g_str_has_suffix(text, TAIL))
    return FALSE;
  for (char *line = text + strlen(HEAD), *end = strchr(line, '\n'); end; line = end + 1, end = strchr(line, '\n')) {
    gsize width = (gsize)(end - line);
    if (g_str_has_prefix(line, TAIL))
      return TRUE;
    json_object *entry = nx_json_parse(line, width > 0 && end[-1] == ',' ? width - 1 : width, NULL);
    if (!entry)
      return FALSE;
    g_ptr_array_add(entries, entry);
  }
  return FALSE;
}

/* Every record's own entry. */
static void collect_entries(const char *site, GPtrArray *entries)
{
  g_autofree char *records = g_build_filename(site, "records", NULL);
  g_autoptr(GDir) dir = g_dir_open(records, 0, NULL);
  for (const char *name = dir ? g_dir_read_name(dir) : NULL; name; name = g_dir_read_name(dir)) {
    g_autofree char *path = g_build_filename(records, name, "entry.json", NULL);
    json_object *entry = *name == '.' ? NULL : nx_json_read_file(path, ENTRY_LIMIT, NULL);
    if (entry)
      g_ptr_array_add(entries, entry);
  }
}

/* In the place of the entry of the same name, else at the end. */
static void put_entry(GPtrArray *entries, json_object *entry)
{
  const char *name = nx_json_get_string(entry, "name");
  for (guint i = 0; i < entries->len; i++)
    if (g_strcmp0(nx_json_get_string(g_ptr_array_index(entries, i), "name"), name) == 0) {
      free_entry(g_ptr_array_index(entries, i));
      g_ptr_array_index(entries, i) = json_object_get(entry);
      return;
    }
  g_ptr_array_add(entries, json_object_get(entry));
}

static gboolean write_index(const char *path, GPtrArray *entries, GError **err)
{
  g_autoptr(GString) text = g_string_new(HEAD);
  for (guint i = 0; i < entries->len; i++) {
    nx_json_append(text, g_ptr_array_index(entries, i), NX_JSON_LINE);
    g_string_append(text, i + 1 < entries->len ? ",\n" : "\n");
  }
  g_string_append(text, TAIL);
  return nx_file_write(path, text->str, text->len, 0666 & ~022, err);
}

/* -------------------------------------------------------------------------------------------------------------------- feed */

static gint newest_first(gconstpointer a, gconstpointer b)
{
  return g_strcmp0(nx_json_get_string(*(json_object *const *)b, "published"), nx_json_get_string(*(json_object *const *)a, "published"));
}

static void add_child(xmlNode *parent, const char *name, const char *text)
{
  xmlNewTextChild(parent, NULL, (const xmlChar *)name, (const xmlChar *)(text ? text : ""));
}

static void add_link(xmlNode *parent, const char *address)
{
  xmlNewProp(xmlNewChild(parent, NULL, (const xmlChar *)"link", NULL), (const xmlChar *)"href", (const xmlChar *)address);
}

static void add_feed_entry(xmlNode *feed, json_object *entry)
{
  const char *name = nx_json_get_string(entry, "name"), *person = nx_json_get_string(entry, "person");
  g_autofree char *encoded = nx_text_percent_encode(name ? name : "", NULL);
  g_autofree char *id = g_strconcat("urn:nexuslims:record:", encoded, NULL);
  g_autofree char *address = g_strdup_printf("records/%s/index.html", encoded);
  g_autofree char *summary =
      g_strdup_printf("%s, %s, %" G_GINT64_FORMAT " datasets", nx_json_get_string(entry, "instrument") ? nx_json_get_string(entry, "instrument") : "",
                      nx_json_get_string(entry, "start") ? nx_json_get_string(entry, "start") : "", nx_json_get_int(entry, "datasets", 0));
  xmlNode *node = xmlNewChild(feed, NULL, (const xmlChar *)"entry", NULL);
  add_child(node, "id", id);
  add_child(node, "title", nx_json_get_string(entry, "title"));
  add_child(node, "updated", nx_json_get_string(entry, "published"));
  add_link(node, address);
  add_child(xmlNewChild(node, NULL, (const xmlChar *)"author", NULL), "name", person ? person : "NexusLIMS");
  add_child(node, "summary", summary);
}

static gboolean write_feed(const char *path, GPtrArray *entries, GError **err)
{
  g_autoptr(GPtrArray) sorted = g_ptr_array_copy(entries, (GCopyFunc)(void (*)(void))json_object_get, NULL);
  g_ptr_array_set_free_func(sorted, free_entry);
  g_ptr_array_sort(sorted, newest_first);
  xmlDoc *document = xmlNewDoc((const xmlChar *)"1.0");
  xmlNode *feed = xmlNewDocNode(document, NULL, (const xmlChar *)"feed", NULL);
  xmlDocSetRootElement(document, feed);
  xmlNewNs(feed, (const xmlChar *)"http://www.w3.org/2005/Atom", NULL);
  add_child(feed, "id", "urn:nexuslims:catalogue");
  add_child(feed, "title", "NexusLIMS catalogue");
  add_child(feed, "updated", sorted->len ? nx_json_get_string(g_ptr_array_index(sorted, 0), "published") : NULL);
  add_link(feed, "index.html");
  for (guint i = 0; i < MIN(sorted->len, FEED_ENTRIES); i++)
    add_feed_entry(feed, g_ptr_array_index(sorted, i));
  xmlChar *text;
  int length;
  xmlDocDumpFormatMemoryEnc(document, &text, &length, "UTF-8", 1);
  gboolean good = nx_file_write(path, text, (gsize)length, 0666 & ~022, err);
  xmlFree(text);
  xmlFreeDoc(document);
  return good;
}

gboolean nx_site_index_add(const char *site, json_object *entry, GError **err)
{
  g_autofree char *index = g_build_filename(site, "records.js", NULL), *feed = g_build_filename(site, "feed.atom", NULL);
  g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(free_entry);
  if (!read_index(index, entries)) {
    g_ptr_array_set_size(entries, 0);
    collect_entries(site, entries);
  }
  put_entry(entries, entry);
  return write_index(index, entries, err) && write_feed(feed, entries, err);
}
