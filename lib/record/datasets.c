/* datasets.c — names, locations and types of datasets (record-building §9.3). */
#include "datasets.h"

#include "parameters.h"

#include <string.h>

/* Where a path lies below `root`, as it stands in the record: percent-encoded bytes with a leading slash. */
static char *encoded_location(const char *path, const char *root)
{
  const char *below = root ? nx_path_below(path, root) : NULL;
  g_autofree char *encoded = nx_text_percent_encode(below ? below : path, "/");
  return below ? g_strconcat("/", encoded, NULL) : g_steal_pointer(&encoded);
}

/* The bytes of a preview's path. The line can only show it as UTF-8, so the bytes come from the file's own path: its mirror below the data
 * root, and what the preview's name adds to it. */
static char *preview_path(const NxDatasetPlace *place, const char *path, const char *preview)
{
  const char *below = place->instrument_root ? nx_path_below(path, place->instrument_root) : NULL;
  g_autofree char *mirror = below && place->data_root ? nx_path_join(place->data_root, below) : g_strdup(path);
  g_autofree char *shown = nx_text_utf8(mirror, -1);
  return g_str_has_prefix(preview, shown) ? g_strconcat(mirror, preview + strlen(shown), NULL) : g_strdup(preview);
}

/* The words of the schema. A plug-in may have said anything. */
static char *known_type(char *type, const char *label)
{
  static const char *const TYPES[] = {"Image", "Spectrum", "SpectrumImage", "Diffraction", "Notes", "Misc", "Unknown", NULL};
  if (type && g_strv_contains(TYPES, type))
    return type;
  if (type)
    nx_log_warning("%s: '%s' is not a type of dataset; it is recorded as Unknown", label, type);
  g_free(type);
  return g_strdup("Unknown");
}

static NxDataset *read_dataset(const NxDatasetPlace *place, const char *path, json_object *object, gsize k, gsize n)
{
  NxDataset *dataset = g_new0(NxDataset, 1);
  g_autofree char *base = g_path_get_basename(path), *name = nx_text_utf8(base, -1), *label = nx_text_utf8(path, -1);
  char *type;
  const char *preview = nx_json_get_string(object, "preview");
  dataset->name = n > 1 ? g_strdup_printf("%s (%" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT ")", name, k + 1, n) : g_strdup(name);
  dataset->location = encoded_location(path, place->instrument_root);
  if (preview) {
    g_autofree char *bytes = preview_path(place, path, preview);
    dataset->preview = encoded_location(bytes, place->data_root);
  }
  dataset->parameters = nx_parameters_read(place->values, nx_json_get(object, "nx_meta"), label, &type);
  dataset->type = known_type(type, label);
  return dataset;
}

GPtrArray *nx_datasets_read(const NxDatasetPlace *place, const char *path, json_object *datasets)
{
  GPtrArray *read = g_ptr_array_new_with_free_func((GDestroyNotify)nx_dataset_free);
  gsize n = json_object_array_length(datasets);
  for (gsize k = 0; k < n; k++)
    g_ptr_array_add(read, read_dataset(place, path, json_object_array_get_idx(datasets, k), k, n));
  return read;
}

json_object *nx_datasets_for_failure(double mtime, GTimeZone *zone, const char *reason)
{
  g_autoptr(GDateTime) modified = nx_time_from_epoch(mtime, zone), now = nx_time_now();
  g_autofree char *creation_time = modified ? nx_time_format(modified) : NULL, *date = nx_time_format(now);
  g_autofree char *warning = g_strconcat("Extraction failed: ", reason, NULL);
  json_object *extraction = json_object_new_object(), *nx_meta = json_object_new_object();
  nx_json_set_string(extraction, "Date", date);
  nx_json_set_string(extraction, "Module", "nexusLIMS.extractors.plugins.basic_file_info_extractor");
  nx_json_set_string(extraction, "Version", NX_VERSION);
  nx_json_set_string(extraction, "Extractor Warnings", warning);
  nx_json_set_string(nx_meta, "DatasetType", "Unknown");
  nx_json_set_string(nx_meta, "Data Type", "Unknown");
  nx_json_set_string(nx_meta, "Creation Time", creation_time);
  nx_json_set(nx_meta, "warnings", json_object_new_array());
  nx_json_set(nx_meta, "NexusLIMS Extraction", extraction);
  json_object *dataset = json_object_new_object(), *datasets = json_object_new_array();
  nx_json_set(dataset, "nx_meta", nx_meta);
  nx_json_set(dataset, "metadata", NULL);
  nx_json_set(dataset, "preview", NULL);
  json_object_array_add(datasets, dataset);
  return datasets;
}
