/* velox-operations.c — see velox-operations.h. Below /Operations/KIND stands one JSON text for each step that Velox took; `dataPath` is what came out
 * of it. Of a detector in four parts BinaryResult says no more than the detector, so its parts A to D, their differences A-C and B-D, and the
 * differential phase contrast that is made of these (DPC), integrated (iDPC) or differentiated (dDPC), have their names from here alone.
 * Facts: as in velox.c; the names are those that RosettaSciIO gives. */
#include "velox-operations.h"
#include "hdf5-fields.h"

#include <string.h>

#define OPERATIONS_MAX 2000u

static const char *text_at(json_object *operation, const char *path)
{
  json_object *text = nx_tree_at(operation, path);
  return json_object_is_type(text, json_type_string) ? json_object_get_string(text) : NULL;
}

static gboolean is_true(json_object *operation, const char *path)
{
  return g_strcmp0(text_at(operation, path), "true") == 0;
}

/* The first name of an image counts. */
static void add(GHashTable *names, const char *path, const char *text, NxVeloxOrigin origin)
{
  if (!path || !*path || !text || !*text || g_hash_table_contains(names, path))
    return;
  NxVeloxName *name = g_new(NxVeloxName, 1);
  *name = (NxVeloxName){ g_strdup(text), origin };
  g_hash_table_insert(names, g_strdup(path), name);
}

static void add_input(json_object *operation, GHashTable *names)
{
  add(names, text_at(operation, "dataPath"), text_at(operation, "detector"), NX_VELOX_DETECTED);
}

static void add_phase(json_object *operation, GHashTable *names)
{
  const char *text = is_true(operation, "integrationMode") ? "iDPC" : "dDPC";
  g_autofree char *filtered = g_strconcat("Filtered ", text, NULL);
  add(names, text_at(operation, "unfilteredDataPath"), text, NX_VELOX_DETECTED);
  add(names, text_at(operation, "dataPath"), is_true(operation, "enableFilter") ? filtered : text, NX_VELOX_DETECTED);
}

/* Which of the two differences it is says the place where it goes in. */
static void add_difference(json_object *operation, GHashTable *names)
{
  json_object *outputs = nx_tree_at(operation, "outputs");
  json_object *output = json_object_is_type(outputs, json_type_array) ? json_object_array_get_idx(outputs, 0) : NULL;
  const char *to = text_at(output, "operation"), *place = text_at(output, "inputIndex");
  if (!to || !(strstr(to, "/DpcOperation/") || strstr(to, "/SurfaceReconstructionOperation/")))
    return;
  add(names, text_at(operation, "dataPath"), g_strcmp0(place, "0") == 0 ? "A-C" : g_strcmp0(place, "1") == 0 ? "B-D" : NULL, NX_VELOX_DETECTED);
}

static void add_contrast(json_object *operation, GHashTable *names)
{
  add(names, text_at(operation, "dataPath"), "DPC", NX_VELOX_DETECTED);
}

/* Frames that were aligned before they were added up. */
static void add_integration(json_object *operation, GHashTable *names)
{
  add(names, text_at(operation, "dataPath"), "DCFI", NX_VELOX_SUM);
}

static void add_transform(json_object *operation, GHashTable *names)
{
  add(names, text_at(operation, "imageOutputPath"), "Half FFT", NX_VELOX_TRANSFORMED);
}

static const struct {
  const char *kind;
  void (*add)(json_object *operation, GHashTable *names);
} KINDS[] = {
  { "StemInputOperation", add_input },      { "SurfaceReconstructionOperation", add_phase }, { "MathematicsOperation", add_difference },
  { "DpcOperation", add_contrast },         { "IntegrationOperation", add_integration },     { "FftOperation", add_transform },
};

static json_object *read_operation(NxHdf5 *file, const char *group, const char *id)
{
  g_autofree char *path = g_strdup_printf("%s/%s", group, id);
  g_autoptr(json_object) value = nx_hdf5_value(file, path);
  json_object *first = json_object_is_type(value, json_type_array) ? json_object_array_get_idx(value, 0) : value;
  const char *text = json_object_is_type(first, json_type_string) ? json_object_get_string(first) : "";
  return nx_json_parse(text, strlen(text), NULL);
}

static void free_name(NxVeloxName *name)
{
  g_free(name->text);
  g_free(name);
}

GHashTable *nx_velox_names(NxHdf5 *file)
{
  GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)free_name);
  guint n = 0;
  for (gsize kind = 0; kind < G_N_ELEMENTS(KINDS); kind++) {
    g_autofree char *group = g_strconcat("Operations/", KINDS[kind].kind, NULL);
    g_auto(GStrv) ids = nx_hdf5_names(file, group);
    for (char **id = ids; *id && n < OPERATIONS_MAX; id++, n++) {
      g_autoptr(json_object) operation = read_operation(file, group, *id);
      KINDS[kind].add(operation, names);
    }
  }
  return names;
}
