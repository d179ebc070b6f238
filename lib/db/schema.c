/* schema.c — the facts of a schema (schema.json, igem-db 12.2), and whoever is told of what happens to its database. */
#include "schema.h"

#include <string.h>

G_DEFINE_QUARK(nx - state - error - quark, nx_state_error)

/* ------------------------------------------------------------------------------------------------------------ facts */

static int by_text(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The strings of an array; anything else is left out. */
static char **strings_of(json_object *array)
{
  g_autoptr(GStrvBuilder) strings = g_strv_builder_new();
  for (gsize i = 0; json_object_is_type(array, json_type_array) && i < json_object_array_length(array); i++) {
    json_object *item = json_object_array_get_idx(array, i);
    if (json_object_is_type(item, json_type_string))
      g_strv_builder_add(strings, json_object_get_string(item));
  }
  return g_strv_builder_end(strings);
}

json_object *nx_schema_fact(const NxSchema *schema, const char *name)
{
  return nx_json_get(schema->graph->facts, name);
}

/* The statements that move versions know one table. */
static gboolean check_version_table(const NxSchema *schema, GError **err)
{
  json_object *version = nx_schema_fact(schema, "version_table");
  const char *table = nx_json_get_string(version, "table"), *column = nx_json_get_string(version, "column");
  if (g_strcmp0(table, "alembic_version") == 0 && g_strcmp0(column, "version_num") == 0)
    return TRUE;
  return nx_revision_error(err, "%s/schema.json: `version_table` must be the column version_num of alembic_version", schema->graph->folder);
}

static gboolean find_head(NxSchema *schema, GError **err)
{
  g_autoptr(GPtrArray) heads = nx_graph_heads(schema->graph, FALSE);
  if (heads->len != 1)
    return nx_revision_error(err, "there are %u head revisions in %s instead of one", heads->len, schema->graph->folder);
  schema->head = heads->pdata[0];
  return TRUE;
}

NxSchema *nx_schema_load(const char *name, GError **err)
{
  g_autoptr(NxSchema) schema = g_new0(NxSchema, 1);
  schema->graph = nx_graph_load(name, err);
  if (!schema->graph || !check_version_table(schema, err) || !find_head(schema, err))
    return NULL;
  schema->tables = g_strdupv(schema->graph->tables);
  qsort(schema->tables, g_strv_length(schema->tables), sizeof *schema->tables, by_text);
  schema->variables = strings_of(nx_json_get(nx_schema_fact(schema, "address"), "variables"));
  schema->left_out = strings_of(nx_json_get(nx_schema_fact(schema, "export"), "leave_out"));
  return g_steal_pointer(&schema);
}

void nx_schema_free(NxSchema *schema)
{
  if (!schema)
    return;
  nx_graph_free(schema->graph);
  g_strfreev(schema->tables);
  g_strfreev(schema->variables);
  g_strfreev(schema->left_out);
  g_free(schema);
}

const char *nx_schema_folder(const NxSchema *schema)
{
  return schema->graph->folder;
}

const char *nx_schema_head(const NxSchema *schema)
{
  return schema->head->id;
}

const char *const *nx_schema_tables(const NxSchema *schema)
{
  return (const char *const *)schema->tables;
}

const char *const *nx_schema_variables(const NxSchema *schema)
{
  return (const char *const *)schema->variables;
}

const char *nx_schema_settings_file(const NxSchema *schema)
{
  const char *file = nx_json_get_string(nx_schema_fact(schema, "address"), "file");
  return file ? file : "";
}

gboolean nx_schema_leaves_out(const NxSchema *schema, const char *table)
{
  return g_strv_contains((const char *const *)schema->left_out, table) || nx_schema_partitioned(schema, table);
}

/* ------------------------------------------------------------------------------------------------------- partitions */

/* "{table}_chr_{n}" */
static char *partition_name(const char *pattern, const char *table, gint64 n)
{
  g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, n);
  g_autoptr(GString) name = g_string_new(pattern);
  g_string_replace(name, "{table}", table, 1);
  g_string_replace(name, "{n}", number, 1);
  return g_string_free(g_steal_pointer(&name), FALSE);
}

#define PARTITIONS_MAX 10000

const char *nx_schema_partitioned(const NxSchema *schema, const char *table)
{
  json_object *partitions = nx_schema_fact(schema, "partitions"), *parents = nx_json_get(partitions, "tables");
  const char *pattern = nx_json_get_string(partitions, "name");
  gint64 first = nx_json_get_int(partitions, "first", 1), last = MIN(nx_json_get_int(partitions, "last", 0), first + PARTITIONS_MAX);
  for (gsize i = 0; pattern && json_object_is_type(parents, json_type_array) && i < json_object_array_length(parents); i++) {
    const char *parent = json_object_get_string(json_object_array_get_idx(parents, i));
    for (gint64 n = first; parent && g_str_has_prefix(table, parent) && n <= last; n++) {
      g_autofree char *name = partition_name(pattern, parent, n);
      if (g_str_equal(name, table))
        return parent;
    }
  }
  return NULL;
}

/* ---------------------------------------------------------------------------------------------------------- watcher */

void nx_watcher_tell(const NxWatcher *watcher, const NxEvent *event)
{
  if (watcher && watcher->happened)
    watcher->happened(event, watcher->user_data);
}

void nx_watcher_say(const NxWatcher *watcher, NxEventKind kind, const char *text)
{
  NxEvent event = {.kind = kind, .text = text};
  nx_watcher_tell(watcher, &event);
}

void nx_watcher_warn(const NxWatcher *watcher, const char *format, ...)
{
  va_list values;
  va_start(values, format);
  g_autofree char *text = g_strdup_vprintf(format, values);
  va_end(values);
  nx_watcher_say(watcher, NX_EVENT_WARNING, text);
}
