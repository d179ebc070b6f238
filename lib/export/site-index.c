/* site-index.c — the list of all records, and the Atom feed of the newest ones. The list is two files of one function call each, with one JSON object
 * a line, so that they load from file:// too: records.js, which stays small, and records-older.js, which is written when records.js has grown to
 * its limit, so that one more record costs the same however many there are. An entry of records.js counts before one of the same name.
 * All can be made again from records/NAME/entry.json. */
#include "site.h"

#include <libxml/tree.h>
#include <string.h>

#define INDEX_LIMIT (1024u * 1024 * 1024)
#define ENTRY_LIMIT (16u * 1024 * 1024)
#define FEED_ENTRIES 50
#define RECENT_MAX 1000 /* entries of records.js */

/* The end of a list is "]);", or "], N);" when there are N entries in the other file. */
typedef struct {
  const char *name, *head;
} List;

static const List RECENT = {"records.js", "nexuslimsRecords([\n"};
static const List OLDER = {"records-older.js", "nexuslimsOlderRecords([\n"};
#define OLDER_TAIL "]);\n"

static void free_entry(gpointer entry)
{
  json_object_put(entry);
}

static gboolean read_tail(const char *tail, guint64 *n_older)
{
  char *rest = (char *)tail;
  *n_older = g_str_has_prefix(rest, "], ") ? g_ascii_strtoull(rest + strlen("], "), &rest, 10) : 0;
  return g_str_equal(rest, *n_older > 0 ? ");\n" : OLDER_TAIL);
}

/* The entries of a list; FALSE when it is not there or not as we write it. */
static gboolean read_list(const char *site, const List *list, GPtrArray *entries, guint64 *n_older)
{
  g_autofree char *path = g_build_filename(site, list->name, NULL), *text = NULL;
  if (!nx_file_read(path, INDEX_LIMIT, &text, NULL, NULL) || !g_str_has_prefix(text, list->head))
    return FALSE;
  char *line = text + strlen(list->head);
  for (char *end; *line != ']' && (end = strchr(line, '\n')); line = end + 1) {
    gsize width = (gsize)(end - line);
    json_object *entry = nx_json_parse(line, width > 0 && end[-1] == ',' ? width - 1 : width, NULL);
    if (!entry)
      return FALSE;
    g_ptr_array_add(entries, entry);
  }
  return read_tail(line, n_older);
}

/* Whether the older list, which is not read, is there to its end. */
static gboolean is_older_whole(const char *site)
{
  g_autofree char *path = g_build_filename(site, OLDER.name, NULL);
  char tail[sizeof OLDER_TAIL - 1];
  FILE *file = fopen(path, "re");
  gboolean whole = file && fseeko(file, -(off_t)sizeof tail, SEEK_END) == 0 && fread(tail, 1, sizeof tail, file) == sizeof tail &&
                   memcmp(tail, OLDER_TAIL, sizeof tail) == 0;
  if (file)
    fclose(file);
  return whole;
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

static const char *name_of(json_object *entry)
{
  const char *name = nx_json_get_string(entry, "name");
  return name ? name : "";
}

/* Each in the place of the entry of the same name, else at the end. */
static void put_entries(GPtrArray *entries, json_object *const *newer, guint n)
{
  g_autoptr(GHashTable) places = g_hash_table_new(g_str_hash, g_str_equal); /* name → number, from 1 */
  for (guint i = 0; i < entries->len; i++)
    g_hash_table_replace(places, (gpointer)name_of(entries->pdata[i]), GUINT_TO_POINTER(i + 1));
  for (guint i = 0; i < n; i++) {
    guint place = GPOINTER_TO_UINT(g_hash_table_lookup(places, name_of(newer[i])));
    g_hash_table_replace(places, (gpointer)name_of(newer[i]), GUINT_TO_POINTER(place > 0 ? place : entries->len + 1));
    if (place == 0) {
      g_ptr_array_add(entries, json_object_get(newer[i]));
      continue;
    }
    free_entry(entries->pdata[place - 1]);
    entries->pdata[place - 1] = json_object_get(newer[i]);
  }
}

static gboolean write_list(const char *site, const List *list, GPtrArray *entries, guint64 n_older, GError **err)
{
  g_autofree char *path = g_build_filename(site, list->name, NULL);
  g_autoptr(GString) text = g_string_new(list->head);
  for (guint i = 0; i < entries->len; i++) {
    nx_json_append(text, entries->pdata[i], NX_JSON_LINE);
    g_string_append(text, i + 1 < entries->len ? ",\n" : "\n");
  }
  if (n_older > 0)
    g_string_append_printf(text, "], %" G_GUINT64_FORMAT ");\n", n_older);
  else
    g_string_append(text, OLDER_TAIL);
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
  const char *instrument = nx_json_get_string(entry, "instrument"), *start = nx_json_get_string(entry, "start");
  const gint64 datasets = nx_json_get_int(entry, "datasets", 0);
  g_autofree char *encoded = nx_text_percent_encode(name ? name : "", NULL);
  g_autofree char *id = g_strconcat("urn:nexuslims:record:", encoded, NULL);
  g_autofree char *address = g_strdup_printf("records/%s/index.html", encoded);
  g_autofree char *summary = g_strdup_printf("%s%s%s, %" G_GINT64_FORMAT " dataset%s", instrument ? instrument : "", instrument ? ", " : "",
                                             start ? start : "", datasets, datasets == 1 ? "" : "s");
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

/* -------------------------------------------------------------------------------------------------------------------- list */

/* Everything goes into the older list; the recent one keeps what the feed shows. */
static gboolean set_aside(const char *site, GPtrArray *recent, guint64 *n_older, GError **err)
{
  g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(free_entry);
  guint64 ignored;
  if (*n_older > 0 && !read_list(site, &OLDER, all, &ignored)) {
    g_ptr_array_set_size(all, 0);
    collect_entries(site, all);
  }
  put_entries(all, (json_object *const *)recent->pdata, recent->len);
  if (!write_list(site, &OLDER, all, 0, err))
    return FALSE;
  *n_older = all->len;
  g_ptr_array_sort(recent, newest_first);
  g_ptr_array_set_size(recent, (gint)MIN(recent->len, FEED_ENTRIES));
  return TRUE;
}

static void read_recent(const char *site, GPtrArray *recent, guint64 *n_older)
{
  if (read_list(site, &RECENT, recent, n_older))
    return;
  *n_older = 0;
  g_ptr_array_set_size(recent, 0);
  collect_entries(site, recent);
}

static gboolean write_recent(const char *site, GPtrArray *recent, guint64 n_older, GError **err)
{
  g_autofree char *feed = g_build_filename(site, "feed.atom", NULL);
  return write_list(site, &RECENT, recent, n_older, err) && write_feed(feed, recent, err);
}

gboolean nx_site_index_add(const char *site, json_object *entry, GError **err)
{
  g_autoptr(GPtrArray) recent = g_ptr_array_new_with_free_func(free_entry);
  guint64 n_older = 0;
  read_recent(site, recent, &n_older);
  put_entries(recent, &entry, 1);
  if ((recent->len > RECENT_MAX || (n_older > 0 && !is_older_whole(site))) && !set_aside(site, recent, &n_older, err))
    return FALSE;
  return write_recent(site, recent, n_older, err);
}

static void drop_entry(GPtrArray *entries, const char *name)
{
  for (guint i = 0; i < entries->len;)
    if (g_str_equal(name_of(entries->pdata[i]), name))
      g_ptr_array_remove_index(entries, i);
    else
      i++;
}

gboolean nx_site_index_remove(const char *site, const char *name, GError **err)
{
  g_autoptr(GPtrArray) recent = g_ptr_array_new_with_free_func(free_entry), older = g_ptr_array_new_with_free_func(free_entry);
  guint64 n_older = 0, ignored;
  read_recent(site, recent, &n_older);
  drop_entry(recent, name);
  if (n_older > 0 && read_list(site, &OLDER, older, &ignored)) {
    drop_entry(older, name);
    n_older = older->len;
    if (!write_list(site, &OLDER, older, 0, err))
      return FALSE;
  }
  return write_recent(site, recent, n_older, err);
}
