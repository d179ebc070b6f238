/* context.c — ExportContext: the session's own facts, and the files and previews that the record names (export §2, LINES). */
#include "context.h"

#include "result.h"

#include <libxml/parser.h>
#include <unistd.h>

static char *place_in_uploaded(const char *path)
{
  g_autofree char *folder = g_path_get_dirname(path), *name = g_path_get_basename(path);
  return g_build_filename(folder, "uploaded", name, NULL);
}

gboolean nx_context_was_uploaded(const char *record_path)
{
  g_autofree char *uploaded = place_in_uploaded(record_path);
  return access(uploaded, F_OK) == 0;
}

/* Where a record is that was at `path`: still there, or in uploaded/ beside it. */
static char *moved_path(const char *path)
{
  g_autofree char *uploaded = place_in_uploaded(path);
  return g_strdup(access(path, F_OK) != 0 && access(uploaded, F_OK) == 0 ? uploaded : path);
}

char *nx_context_record_path(const NxSettings *settings, json_object *session, GError **err)
{
  g_autofree char *known = nx_line_path(nx_json_get(session, "record"), NULL);
  if (known)
    return moved_path(known);
  g_autofree char *name = nx_session_record_name(session, err);
  if (!name)
    return NULL;
  for (const char *const *folder = (const char *const[]){"", "uploaded", NULL}; *folder; folder++) {
    g_autofree char *path = g_build_filename(settings->records_path, *folder, name, NULL);
    if (access(path, F_OK) == 0)
      return g_steal_pointer(&path);
  }
  g_set_error(err, NX_ERROR, NX_ERROR_MISSING, "record %s is neither in %s nor in its uploaded/ folder", name, settings->records_path);
  return NULL;
}

/* Below `root`, from the percent form of a path in a record. */
static char *below_root(const char *encoded, const char *child, const char *root)
{
  g_autofree char *decoded = nx_text_percent_decode(encoded);
  char *path = decoded ? nx_path_join_below(root, decoded) : NULL;
  if (decoded && !path)
    nx_log_warning("%s '%s' of the record leads out of %s and is left out", child, decoded, root);
  return path;
}

char *nx_context_dataset_file(xmlNode *dataset, const char *child, const char *root)
{
  for (xmlNode *node = root ? dataset->children : NULL; node; node = node->next) {
    if (node->type != XML_ELEMENT_NODE || !xmlStrEqual(node->name, (const xmlChar *)child))
      continue;
    xmlChar *text = xmlNodeGetContent(node);
    char *path = text ? below_root((const char *)text, child, root) : NULL;
    xmlFree(text);
    return path;
  }
  return NULL;
}

static json_object *activity_files(const NxSettings *settings, xmlNode *activity)
{
  json_object *entry = json_object_new_object(), *files = json_object_new_array(), *previews = json_object_new_array();
  for (xmlNode *node = activity->children; node; node = node->next) {
    if (node->type != XML_ELEMENT_NODE || !xmlStrEqual(node->name, (const xmlChar *)"dataset"))
      continue;
    g_autofree char *file = nx_context_dataset_file(node, "location", settings->instrument_data_path);
    g_autofree char *preview = nx_context_dataset_file(node, "preview", settings->data_path);
    g_autofree char *file_text = file ? nx_text_utf8(file, -1) : NULL, *preview_text = preview ? nx_text_utf8(preview, -1) : NULL;
    json_object_array_add(files, nx_json_string(file_text));
    json_object_array_add(previews, nx_json_string(preview_text));
  }
  nx_json_set(entry, "files", files);
  nx_json_set(entry, "previews", previews);
  return entry;
}

static json_object *activities_of(const NxSettings *settings, const char *record_path)
{
  json_object *activities = json_object_new_array();
  xmlDoc *document = xmlReadFile(record_path, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_HUGE);
  xmlNode *root = document ? xmlDocGetRootElement(document) : NULL;
  for (xmlNode *node = root ? root->children : NULL; node; node = node->next)
    if (node->type == XML_ELEMENT_NODE && xmlStrEqual(node->name, (const xmlChar *)"acquisitionActivity"))
      json_object_array_add(activities, activity_files(settings, node));
  xmlFreeDoc(document);
  return activities;
}

/* As paths on lines: shown as UTF-8, with the bytes beside it when they are none. */
static void set_file(json_object *context, const char *path)
{
  g_autoptr(json_object) line = json_object_new_object();
  nx_line_set_path(line, path);
  nx_json_set(context, "xml_file_path", json_object_get(nx_json_get(line, "path")));
  if (nx_json_get(line, "path_b64"))
    nx_json_set(context, "xml_file_path_b64", json_object_get(nx_json_get(line, "path_b64")));
}

char *nx_context_file(json_object *context)
{
  g_autoptr(json_object) line = json_object_new_object();
  nx_json_set(line, "path", json_object_get(nx_json_get(context, "xml_file_path")));
  nx_json_set(line, "path_b64", json_object_get(nx_json_get(context, "xml_file_path_b64")));
  return nx_line_path(line, NULL);
}

json_object *nx_context_new(const NxSettings *settings, json_object *session, const char *record_path)
{
  json_object *context = json_object_new_object();
  set_file(context, record_path);
  nx_json_set(context, "session_identifier", json_object_get(nx_json_get(session, "session_identifier")));
  nx_json_set(context, "instrument_pid", json_object_get(nx_json_get(nx_json_get(session, "instrument"), "instrument_pid")));
  nx_json_set(context, "dt_from", json_object_get(nx_json_get(session, "start")));
  nx_json_set(context, "dt_to", json_object_get(nx_json_get(session, "end")));
  nx_json_set(context, "user", json_object_get(nx_json_get(session, "user")));
  nx_json_set(context, "activities", activities_of(settings, record_path));
  nx_json_set(context, "reservation_event", json_object_get(nx_json_get(session, "reservation")));
  return context;
}

json_object *nx_context_metadata(json_object *session, const char *destination, NxExportMode mode)
{
  json_object *newest = nx_result_of(nx_json_get(session, "uploads"), destination);
  gboolean success = nx_json_get_boolean(newest, "success");
  json_object *left = nx_json_get(newest, "metadata");
  if (mode != NX_MODE_EXPORT && newest && !success && json_object_is_type(left, json_type_object))
    return json_object_get(left);
  json_object *metadata = json_object_new_object();
  if (mode == NX_MODE_REEXPORT && success && nx_json_get(newest, "record_id"))
    nx_json_set(metadata, "known_record_id", json_object_get(nx_json_get(newest, "record_id")));
  return metadata;
}
