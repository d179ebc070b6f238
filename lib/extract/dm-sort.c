/* dm-sort.c — the last step of DigitalMicrograph metadata: core fields to the top, everything else to "extensions" (extractors-a 2.9, step
 * H). */
#include "dm-meta.h"

/* These stay where they are. */
static const char *const TOP[] = {
    "Creation Time", "Data Type", "DatasetType",        "Data Dimensions",
    "Instrument ID", "warnings",  "Extractor Warnings", "NexusLIMS Extraction",
};

typedef enum { VALUE_QUANTITY, VALUE_NUMBER, VALUE_STRING } ValueForm;

static const struct {
  const char *key, *core;
  ValueForm form;
} CORE[] = {
  { "Voltage", "acceleration_voltage", VALUE_QUANTITY },
  { "Acquisition Device", "acquisition_device", VALUE_STRING },
  { "Horizontal Field Width", "horizontal_field_width", VALUE_QUANTITY },
  { "Sample Time", "dwell_time", VALUE_QUANTITY },
  { "Indicated Magnification", "magnification", VALUE_NUMBER },
  { "STEM Camera Length", "camera_length", VALUE_QUANTITY },
};

/* Stage Z is in micrometres in the file, as X and Y are (Q-STAGEZ). */
static const struct {
  const char *key, *member, *unit;
} STAGE[] = {
    {"X", "x", "micrometer"},      {"Y", "y", "micrometer"},     {"Z", "z", "micrometer"},
    {"α", "tilt_alpha", "degree"}, {"β", "tilt_beta", "degree"},
};

static gboolean has_form(json_object *value, ValueForm form)
{
  switch (form) {
  case VALUE_QUANTITY:
    return json_object_is_type(value, json_type_object);
  case VALUE_NUMBER:
    return json_object_is_type(value, json_type_double) || json_object_is_type(value, json_type_int);
  case VALUE_STRING:
    break;
  }
  return json_object_is_type(value, json_type_string);
}

/* The core name of `key` when this dataset may have it; NULL: it goes to the extensions. */
static const char *core_name(const char *dataset_type, const char *key, json_object *value)
{
  for (gsize i = 0; i < G_N_ELEMENTS(CORE); i++) {
    if (g_str_equal(key, CORE[i].key))
      return has_form(value, CORE[i].form) && nx_meta_allows(dataset_type, CORE[i].core) ? CORE[i].core : NULL;
  }
  return NULL;
}

/* TRUE for the fixed fields, and for core fields that a profile has set under their schema names (which, unlike display names, are in
 * small letters). */
static gboolean stays_on_top(const char *dataset_type, const char *key)
{
  for (gsize i = 0; i < G_N_ELEMENTS(TOP); i++) {
    if (g_str_equal(key, TOP[i]))
      return TRUE;
  }
  return g_ascii_islower(key[0]) && nx_meta_allows(dataset_type, key);
}

/* A stage position under the names of the schema; members that a stage cannot have are dropped. NULL when nothing is left. */
static json_object *stage_position(json_object *flat)
{
  g_autoptr(json_object) stage = json_object_new_object();
  for (gsize i = 0; i < G_N_ELEMENTS(STAGE); i++) {
    json_object *value = nx_json_get(flat, STAGE[i].key);
    json_object *quantity = value ? dm_field_quantity(json_object_get(value), STAGE[i].unit) : NULL;
    if (has_form(quantity, VALUE_QUANTITY))
      nx_json_set(stage, STAGE[i].member, quantity);
    else
      json_object_put(quantity);
  }
  return json_object_object_length(stage) > 0 ? g_steal_pointer(&stage) : NULL;
}

/* A key that a profile has put there stays. */
static void extend(json_object *extensions, const char *key, json_object *value)
{
  if (json_object_object_get_ex(extensions, key, NULL))
    json_object_put(value);
  else
    nx_json_set(extensions, key, value);
}

static void sort_stage(json_object *value, const char *dataset_type, json_object *sorted, json_object *extensions)
{
  json_object *stage = stage_position(value);
  if (!stage)
    return;
  if (nx_meta_allows(dataset_type, "stage_position"))
    nx_json_set(sorted, "stage_position", stage);
  else
    extend(extensions, "Stage Position", stage);
}

json_object *dm_meta_sort(json_object *flat)
{
  json_object *sorted = json_object_new_object();
  json_object *given = nx_json_get(flat, "extensions");
  json_object *extensions = json_object_is_type(given, json_type_object) ? json_object_get(given) : json_object_new_object();
  const char *found_type = nx_json_get_string(flat, "DatasetType");
  const char *dataset_type = found_type ? found_type : "Unknown";

  json_object_object_foreach(flat, key, value)
  {
    const char *core = core_name(dataset_type, key, value);
    if (!value || g_str_equal(key, "extensions"))
      continue;
    if (core || stays_on_top(dataset_type, key))
      nx_json_set(sorted, core ? core : key, json_object_get(value));
    else if (g_str_equal(key, "Stage Position"))
      sort_stage(value, dataset_type, sorted, extensions);
    else
      extend(extensions, key, json_object_get(value));
  }
  if (json_object_object_length(extensions) > 0)
    nx_json_set(sorted, "extensions", extensions);
  else
    json_object_put(extensions);
  json_object_put(flat);
  return nx_meta_sorted(sorted);
}
