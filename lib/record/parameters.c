/* parameters.c — record-building §7. */
#include "parameters.h"

#include "names.h"

#include <string.h>

#define JOINER " \u2013 "
#define TYPE_NAME "DatasetType"

/* Keys in their order with the values they end up with; a later value of a key takes the place of the earlier one. */
typedef struct {
  GPtrArray *keys;    /* owned */
  GHashTable *values; /* key → json_object, borrowed; a JSON null is a NULL value */
} Mapping;

static void put(Mapping *mapping, char *key, json_object *value)
{
  if (g_hash_table_contains(mapping->values, key)) {
    char *kept;
    g_hash_table_lookup_extended(mapping->values, key, (gpointer *)&kept, NULL);
    g_hash_table_insert(mapping->values, kept, value);
    g_free(key);
    return;
  }
  g_ptr_array_add(mapping->keys, key);
  g_hash_table_insert(mapping->values, key, value);
}

static Mapping mapping_new(void)
{
  return (Mapping){g_ptr_array_new_with_free_func(g_free), g_hash_table_new(g_str_hash, g_str_equal)};
}

static void mapping_clear(Mapping *mapping)
{
  g_hash_table_unref(mapping->values);
  g_ptr_array_unref(mapping->keys);
}

/* Top level of nx_meta with its extensions, an extension before a field of the same name (§7.1 step 2). */
static Mapping merged(json_object *nx_meta)
{
  Mapping mapping = mapping_new();
  json_object *extensions = nx_json_get(nx_meta, "extensions");
  gboolean merges = json_object_is_type(extensions, json_type_object);
  json_object_object_foreach(nx_meta, field, field_value) if (!merges || !g_str_equal(field, "extensions"))
      put(&mapping, g_strdup(field), field_value);
  if (merges) {
    json_object_object_foreach(extensions, extension, extension_value) put(&mapping, g_strdup(extension), extension_value);
  }
  return mapping;
}

/* The same under display names (§7.1 step 3). */
static Mapping renamed(json_object *nx_meta)
{
  Mapping from = merged(nx_meta), to = mapping_new();
  for (guint i = 0; i < from.keys->len; i++) {
    const char *key = g_ptr_array_index(from.keys, i);
    put(&to, nx_field_display_name(key), g_hash_table_lookup(from.values, key));
  }
  mapping_clear(&from);
  return to;
}

/* ----------------------------------------------------------------------------------------------------------- warnings */

/* Adds a path of keys as both ways to join it, its first step also under its display name. */
static void add_warning(GHashTable *names, json_object *path)
{
  g_autoptr(GString) blanks = g_string_new(NULL), dashes = g_string_new(NULL);
  gsize steps = json_object_is_type(path, json_type_array) ? json_object_array_length(path) : 1;
  for (gsize i = 0; i < steps; i++) {
    json_object *step = json_object_is_type(path, json_type_array) ? json_object_array_get_idx(path, i) : path;
    if (!json_object_is_type(step, json_type_string))
      return;
    const char *text = json_object_get_string(step);
    g_autofree char *shown = i == 0 ? nx_field_display_name(text) : g_strdup(text);
    g_string_append_printf(blanks, "%s%s", i ? " " : "", i ? text : shown);
    g_string_append_printf(dashes, "%s%s", i ? JOINER : "", i ? text : shown);
  }
  g_hash_table_add(names, g_strdup(blanks->str));
  g_hash_table_add(names, g_strdup(dashes->str));
}

static GHashTable *warned_names(json_object *warnings)
{
  GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  if (json_object_is_type(warnings, json_type_array))
    for (gsize i = 0; i < json_object_array_length(warnings); i++)
      add_warning(names, json_object_array_get_idx(warnings, i));
  return names;
}

/* ------------------------------------------------------------------------------------------------------------ flattening */

typedef struct {
  NxValues *values;
  GHashTable *warned;
  GHashTable *seen; /* numbers of names */
  GArray *parameters;
  const char *label;
} Flattening;

static void add_leaf(Flattening *flat, const char *name, json_object *value)
{
  guint dropped = 0;
  g_autofree char *clean = nx_text_for_xml(name, &dropped);
  guint32 number = nx_values_add_name(flat->values, clean);
  if (!g_hash_table_add(flat->seen, GUINT_TO_POINTER(number))) {
    nx_log_warning("%s: two fields are called '%s'; the first is kept", flat->label, clean);
    return;
  }
  if (dropped)
    nx_log_warning("%s: %u characters that XML forbids were left out of the name '%s'", flat->label, dropped, clean);
  g_autofree char *described = g_strdup_printf("%s: %s", flat->label, clean);
  NxParameter parameter = {number, nx_values_add(flat->values, value, described) & 0x7FFFFFFF,
                           g_hash_table_contains(flat->warned, name) ? 1 : 0};
  g_array_append_val(flat->parameters, parameter);
}

static void flatten(Flattening *flat, const char *name, json_object *value)
{
  if (!json_object_is_type(value, json_type_object) || nx_value_is_quantity(value)) {
    add_leaf(flat, name, value);
    return;
  }
  json_object_object_foreach(value, key, child)
  {
    g_autofree char *joined = g_strconcat(name, JOINER, key, NULL);
    flatten(flat, joined, child);
  }
}

static gint by_name(gconstpointer a, gconstpointer b, gpointer values)
{
  return nx_values_compare_names(values, ((const NxParameter *)a)->name, ((const NxParameter *)b)->name);
}

static char *type_text(json_object *type)
{
  return json_object_is_type(type, json_type_string) ? g_strdup(json_object_get_string(type)) : NULL;
}

GArray *nx_parameters_read(NxValues *values, json_object *nx_meta, const char *label, char **type)
{
  GArray *parameters = g_array_new(FALSE, FALSE, sizeof(NxParameter));
  *type = NULL;
  if (!json_object_is_type(nx_meta, json_type_object))
    return parameters;
  Mapping mapping = renamed(nx_meta);
  g_autoptr(GHashTable) warned = warned_names(g_hash_table_lookup(mapping.values, "warnings"));
  g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
  *type = type_text(g_hash_table_lookup(mapping.values, TYPE_NAME));
  Flattening flat = {values, warned, seen, parameters, label};
  for (guint i = 0; i < mapping.keys->len; i++) {
    const char *key = g_ptr_array_index(mapping.keys, i);
    if (!g_str_equal(key, "warnings") && !g_str_equal(key, TYPE_NAME))
      flatten(&flat, key, g_hash_table_lookup(mapping.values, key));
  }
  mapping_clear(&mapping);
  g_array_sort_with_data(parameters, by_name, values);
  return parameters;
}

/* ---------------------------------------------------------------------------------------------------------- in common */

/* Where `name` is in a sorted entry, looked for from *from on; NULL when it is not there. */
static NxParameter *find_from(const NxValues *values, const GArray *entry, guint *from, guint32 name)
{
  for (; *from < entry->len; (*from)++) {
    NxParameter *parameter = &g_array_index(entry, NxParameter, *from);
    int order = nx_values_compare_names(values, parameter->name, name);
    if (order >= 0)
      return order == 0 ? parameter : NULL;
  }
  return NULL;
}

/* Keeps of `common` what the entry has with an equal value. */
static void keep_shared(const NxValues *values, GArray *common, const GArray *entry)
{
  guint kept = 0, from = 0;
  for (guint i = 0; i < common->len; i++) {
    NxParameter *parameter = &g_array_index(common, NxParameter, i), *own = find_from(values, entry, &from, parameter->name);
    if (own && nx_values_equal(values, parameter->value, own->value))
      g_array_index(common, NxParameter, kept++) = *parameter;
  }
  g_array_set_size(common, kept);
}

static void remove_common(const NxValues *values, GArray *entry, const GArray *common)
{
  guint kept = 0, from = 0;
  for (guint i = 0; i < entry->len; i++) {
    NxParameter parameter = g_array_index(entry, NxParameter, i);
    if (!find_from(values, common, &from, parameter.name))
      g_array_index(entry, NxParameter, kept++) = parameter;
  }
  g_array_set_size(entry, kept);
}

GArray *nx_parameters_take_common(const NxValues *values, GArray **entries, gsize n)
{
  GArray *common = g_array_new(FALSE, FALSE, sizeof(NxParameter));
  if (n < 2)
    return common;
  g_array_append_vals(common, entries[0]->data, entries[0]->len);
  keep_shared(values, common, entries[0]); /* NaN is not even equal to itself */
  for (gsize i = 1; i < n && common->len > 0; i++)
    keep_shared(values, common, entries[i]);
  for (gsize i = 0; i < n; i++)
    remove_common(values, entries[i], common);
  return common;
}
