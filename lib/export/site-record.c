/* site-record.c — the folder of one record in the catalogue: the page, the previews and metadata beside it, and its line for the index. */
#include "site.h"

#include "context.h"
#include "copy.h"

#include <errno.h>
#include <fcntl.h>
#include <libxml/parser.h>
#include <libxslt/security.h>
#include <libxslt/transform.h>
#include <libxslt/xsltutils.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SITE_NAMESPACE "urn:nexuslims:site"
#define FILE_LIMIT (256u * 1024 * 1024)
#define PREVIEW_SUFFIX ".thumb.png"

static gboolean is_element(const xmlNode *node, const char *name)
{
  return node->type == XML_ELEMENT_NODE && xmlStrEqual(node->name, (const xmlChar *)name);
}

static xmlNode *child_named(xmlNode *parent, const char *name)
{
  for (xmlNode *child = parent ? parent->children : NULL; child; child = child->next)
    if (is_element(child, name))
      return child;
  return NULL;
}

/* The text of a node; NULL for no node. */
static char *text_of(xmlNode *node)
{
  xmlChar *content = node ? xmlNodeGetContent(node) : NULL;
  char *text = g_strdup((const char *)content);
  xmlFree(content);
  return text;
}

static char *attribute_of(xmlNode *node, const char *name)
{
  xmlChar *value = node ? xmlGetNoNsProp(node, (const xmlChar *)name) : NULL;
  char *text = g_strdup((const char *)value);
  xmlFree(value);
  return text;
}

/* ----------------------------------------------------------------------------------------------------------- record.json */

static json_object *parameter_json(xmlNode *node)
{
  json_object *object = json_object_new_object();
  g_autofree char *name = attribute_of(node, "name"), *value = text_of(node), *unit = attribute_of(node, "unit"), *warning = attribute_of(node, "warning");
  nx_json_set_string(object, "name", name);
  nx_json_set_string(object, "value", value);
  if (unit)
    nx_json_set_string(object, "unit", unit);
  if (warning)
    nx_json_set(object, "warning", json_object_new_boolean(g_str_equal(warning, "true") || g_str_equal(warning, "1")));
  return object;
}

static gboolean has_elements(const xmlNode *node)
{
  for (const xmlNode *child = node->children; child; child = child->next)
    if (child->type == XML_ELEMENT_NODE)
      return TRUE;
  return FALSE;
}

static const char *const REPEATED[] = {"sample", "project", "acquisitionActivity", "dataset", "param", "meta", "experimenter", "instrument", NULL};

static void add_member(json_object *object, const char *name, json_object *value)
{
  if (!g_strv_contains(REPEATED, name)) {
    nx_json_set(object, name, value);
    return;
  }
  json_object *list = nx_json_get(object, name);
  if (!list)
    nx_json_set(object, name, list = json_object_new_array());
  json_object_array_add(list, value);
}

json_object *nx_site_record_json(xmlNode *element)
{
  if (is_element(element, "param") || is_element(element, "meta"))
    return parameter_json(element);
  if (!has_elements(element) && !element->properties && !is_element(element, "setup")) {
    g_autofree char *text = text_of(element);
    return nx_json_string(text);
  }
  json_object *object = json_object_new_object();
  for (xmlAttr *each = element->properties; each; each = each->next) {
    g_autofree char *value = each->ns ? NULL : attribute_of(element, (const char *)each->name);
    if (value)
      nx_json_set_string(object, (const char *)each->name, value);
  }
  for (xmlNode *child = element->children; child; child = child->next)
    if (child->type == XML_ELEMENT_NODE)
      add_member(object, (const char *)child->name, nx_site_record_json(child));
  if (!has_elements(element)) {
    g_autofree char *text = text_of(element);
    if (text && *text)
      nx_json_set_string(object, "value", text);
  }
  return object;
}

/* ------------------------------------------------------------------------------------------------ previews and metadata */

/* Why a file cannot be read, as errno says it; 0 when it can. */
static int why_unreadable(const char *path)
{
  struct stat facts;
  if (stat(path, &facts) != 0 || access(path, R_OK) != 0)
    return errno;
  return S_ISREG(facts.st_mode) ? 0 : EISDIR; /* or something even stranger */
}

/* FALSE when there is no such file, and for what will be no better the next time: only this file is missing from the page then. Any other trouble
 * is left to the copy, which reports it. */
static gboolean can_be_shown(const char *path)
{
  static const int LASTING[] = {ENAMETOOLONG, ELOOP, EACCES, EISDIR};
  int reason = why_unreadable(path);
  for (gsize i = 0; i < G_N_ELEMENTS(LASTING); i++)
    if (LASTING[i] == reason) {
      nx_log_warning("%s is left out of the catalogue: %s", path, g_strerror(reason));
      return FALSE;
    }
  return reason != ENOENT && reason != ENOTDIR;
}

/* A link to the file itself where the file system allows it, else a copy. FALSE without error when there is no such file. */
static gboolean place_copy(const char *from, const char *to, GError **err)
{
  if (!can_be_shown(from))
    return FALSE;
  return linkat(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW) == 0 || nx_file_copy(from, to, G_FILE_COPY_TARGET_DEFAULT_PERMS, err);
}

/* Puts `from` at files/<number><suffix> and its relative address on the dataset as attribute `name`. */
static gboolean bring_along(xmlNode *dataset, xmlNs *ns, const char *name, const char *from, const char *folder, guint number,
                            const char *suffix, GError **err)
{
  g_autoptr(GError) problem = NULL;
  g_autofree char *relative = g_strdup_printf("files/%u%s", number, suffix);
  g_autofree char *to = g_build_filename(folder, relative, NULL);
  if (place_copy(from, to, &problem))
    xmlNewNsProp(dataset, ns, (const xmlChar *)name, (const xmlChar *)relative);
  if (problem)
    g_propagate_error(err, g_steal_pointer(&problem));
  return !err || !*err;
}

/* The place of the data file for people to read, on the dataset as attribute `path`: as it is, not as it is encoded. */
static void show_path(xmlNode *dataset, xmlNs *ns)
{
  g_autofree char *text = text_of(child_named(dataset, "location"));
  if (!text)
    return;
  g_autofree char *decoded = nx_text_percent_decode(text);
  g_autofree char *valid = nx_text_utf8(decoded ? decoded : text, -1), *allowed = nx_text_for_xml(valid, NULL);
  xmlNewNsProp(dataset, ns, (const xmlChar *)"path", (const xmlChar *)allowed);
}

static gboolean bring_dataset(const NxSettings *settings, xmlNode *dataset, xmlNs *ns, const char *folder, guint number, GError **err)
{
  g_autofree char *preview = nx_context_dataset_file(dataset, "preview", settings->data_path);
  g_autofree char *mirrored = nx_context_dataset_file(dataset, "location", settings->data_path);
  if (preview && !bring_along(dataset, ns, "preview", preview, folder, number, ".png", err))
    return FALSE;
  g_autofree char *stem = preview && g_str_has_suffix(preview, PREVIEW_SUFFIX) ? g_strndup(preview, strlen(preview) - strlen(PREVIEW_SUFFIX))
                                                                              : g_steal_pointer(&mirrored);
  g_autofree char *metadata = stem ? g_strconcat(stem, ".json", NULL) : NULL;
  return !metadata || bring_along(dataset, ns, "metadata", metadata, folder, number, ".json", err);
}

/* ------------------------------------------------------------------------------------------------------------- the entry */

/* What the list shows and searches. */
typedef struct {
  guint datasets, activities;
  char *thumb;     /* relative address of the first preview */
  GHashTable *types;
} Counts;

static gboolean bring_all(const NxSettings *settings, xmlNode *root, const char *folder, Counts *counts, GError **err)
{
  g_autofree char *files = g_build_filename(folder, "files", NULL);
  xmlNs *ns = xmlNewNs(root, (const xmlChar *)SITE_NAMESPACE, (const xmlChar *)"site");
  if (!nx_folder_make(files, err))
    return FALSE;
  for (xmlNode *activity = root->children; activity; activity = activity->next) {
    if (!is_element(activity, "acquisitionActivity"))
      continue;
    counts->activities++;
    for (xmlNode *dataset = activity->children; dataset; dataset = dataset->next) {
      if (!is_element(dataset, "dataset"))
        continue;
      show_path(dataset, ns);
      if (!bring_dataset(settings, dataset, ns, folder, counts->datasets++, err))
        return FALSE;
      xmlChar *preview = xmlGetNsProp(dataset, (const xmlChar *)"preview", (const xmlChar *)SITE_NAMESPACE);
      if (preview && !counts->thumb)
        counts->thumb = g_strdup((const char *)preview);
      xmlFree(preview);
      char *type = attribute_of(dataset, "type");
      if (type)
        g_hash_table_add(counts->types, type);
    }
  }
  return TRUE;
}

static void set_text(json_object *object, const char *key, char *owned_text)
{
  g_autofree char *text = owned_text;
  if (text && *text)
    nx_json_set_string(object, key, text);
}

static json_object *sample_names(xmlNode *root)
{
  json_object *names = json_object_new_array();
  for (xmlNode *node = root->children; node; node = node->next) {
    g_autofree char *name = is_element(node, "sample") ? text_of(child_named(node, "name")) : NULL;
    if (name && *name)
      json_object_array_add(names, json_object_new_string(name));
  }
  return names;
}

static json_object *type_names(GHashTable *types)
{
  json_object *names = json_object_new_array();
  g_autoptr(GList) sorted = g_list_sort(g_hash_table_get_keys(types), (GCompareFunc)strcmp);
  for (GList *each = sorted; each; each = each->next)
    json_object_array_add(names, json_object_new_string(each->data));
  return names;
}

/* A start as text, and the same as a UTC text that sorts. */
static void set_times(json_object *entry, const char *start)
{
  g_autoptr(GDateTime) instant = start ? nx_time_parse(start, nx_zone_system(), NULL) : NULL;
  g_autoptr(GDateTime) utc = instant ? g_date_time_to_utc(instant) : NULL, now = g_date_time_new_now_utc();
  set_text(entry, "start", g_strdup(start));
  set_text(entry, "instant", utc ? g_date_time_format(utc, "%Y-%m-%dT%H:%M:%SZ") : NULL);
  set_text(entry, "published", g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ"));
}

static json_object *entry_of(xmlNode *root, const char *name, const char *start, const Counts *counts)
{
  xmlNode *summary = child_named(root, "summary"), *instrument = child_named(summary, "instrument");
  json_object *entry = json_object_new_object();
  nx_json_set_string(entry, "name", name);
  set_text(entry, "title", text_of(child_named(root, "title")));
  set_text(entry, "instrument", text_of(instrument));
  set_text(entry, "instrument_pid", attribute_of(instrument, "pid"));
  set_text(entry, "person", text_of(child_named(summary, "experimenter")));
  set_text(entry, "motivation", text_of(child_named(summary, "motivation")));
  /* As the microscope's clock showed it: the record's own times are in the instrument's zone, the session's may be in any. */
  g_autofree char *reserved = text_of(child_named(summary, "reservationStart"));
  set_times(entry, reserved && *reserved ? reserved : start);
  nx_json_set(entry, "activities", json_object_new_int64(counts->activities));
  nx_json_set(entry, "datasets", json_object_new_int64(counts->datasets));
  set_text(entry, "thumb", g_strdup(counts->thumb));
  nx_json_set(entry, "samples", sample_names(root));
  nx_json_set(entry, "types", type_names(counts->types));
  return entry;
}

/* -------------------------------------------------------------------------------------------------------------- the page */

static gboolean write_text(const char *folder, const char *name, const char *text, gsize length, GError **err)
{
  g_autofree char *path = g_build_filename(folder, name, NULL);
  return nx_file_write(path, text, length, 0666 & ~022, err);
}

static gboolean write_json(const char *folder, const char *name, json_object *value, GError **err)
{
  g_autofree char *text = nx_json_text(value, NX_JSON_INDENT);
  return write_text(folder, name, text, strlen(text), err);
}

/* The template may read and write nothing, and no network. */
static void forbid_everything(xsltTransformContext *context)
{
  static xsltSecurityPrefs *prefs;
  if (!prefs) {
    prefs = xsltNewSecurityPrefs();
    for (xsltSecurityOption option = XSLT_SECPREF_READ_FILE; option <= XSLT_SECPREF_WRITE_NETWORK; option++)
      xsltSetSecurityPrefs(prefs, option, xsltSecurityForbid);
  }
  xsltSetCtxtSecurityPrefs(prefs, context);
}

static gboolean write_page(xsltStylesheet *sheet, xmlDoc *document, const char *folder, GError **err)
{
  xsltTransformContext *context = xsltNewTransformContext(sheet, document);
  forbid_everything(context);
  xmlDoc *page = xsltApplyStylesheetUser(sheet, document, NULL, NULL, NULL, context);
  xmlChar *text = NULL;
  int length = 0;
  gboolean made = page && xsltSaveResultToString(&text, &length, page, sheet) == 0 && text;
  gboolean good = made && write_text(folder, "index.html", (const char *)text, (gsize)length, err);
  if (!made)
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "the record cannot be shown as a page");
  xmlFree(text);
  xmlFreeDoc(page);
  xsltFreeTransformContext(context);
  return good;
}

static json_object *write_all(const NxSettings *settings, xsltStylesheet *sheet, NxExportJob *job, xmlDoc *document, const char *name,
                              const char *folder, GError **err)
{
  xmlNode *root = xmlDocGetRootElement(document);
  Counts counts = {.types = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
  g_autoptr(json_object) record = nx_site_record_json(root), entry = NULL;
  if (write_json(folder, "record.json", record, err) && bring_all(settings, root, folder, &counts, err) &&
      write_page(sheet, document, folder, err)) {
    entry = entry_of(root, name, nx_json_get_string(job->context, "dt_from"), &counts);
    if (!write_json(folder, "entry.json", entry, err))
      json_object_put(g_steal_pointer(&entry));
  }
  g_hash_table_unref(counts.types);
  g_free(counts.thumb);
  return g_steal_pointer(&entry);
}

json_object *nx_site_record_write(const NxSettings *settings, xsltStylesheet *sheet, NxExportJob *job, const char *name, const char *folder,
                                  GError **err)
{
  const char *path = job->record_path;
  g_autofree char *text = NULL;
  gsize length;
  if (!nx_file_read(path, FILE_LIMIT, &text, &length, err) || !write_text(folder, "record.xml", text, length, err))
    return NULL;
  xmlDoc *document = xmlReadMemory(text, (int)length, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_HUGE);
  if (!document || !xmlDocGetRootElement(document)) {
    xmlFreeDoc(document);
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "%s is not an XML document", path);
    return NULL;
  }
  json_object *entry = write_all(settings, sheet, job, document, name, folder, err);
  xmlFreeDoc(document);
  return entry;
}
