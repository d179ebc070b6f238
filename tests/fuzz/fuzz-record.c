/* fuzz-record.c — libFuzzer target for the way from metadata into a record: whatever an extractor says of a file, the record is valid. The
 * bytes are the `datasets` of a file line. */
#include "datasets.h"
#include "nx-record.h"
#include "parameters.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char SESSION[] =
    "{\"kind\":\"session\",\"session_identifier\":\"s?id=1\",\"instrument\":{\"instrument_pid\":\"P-1\",\"display_name\":\"P\","
    "\"location\":\"L\","
    "\"timezone\":\"UTC\"},\"start\":\"2024-01-01T10:00:00+00:00\",\"end\":\"2024-01-01T11:00:00+00:00\",\"user\":\"u\","
    "\"reservation\":{\"source\":\"reservation\",\"experiment_title\":\"T\",\"samples\":[],\"projects\":[]}}";

static NxSchema *schema(void)
{
  static NxSchema *known;
  if (!known) {
    g_autofree char *path = nx_share_path("schema/nexus-experiment.xsd");
    g_autoptr(GError) problem = NULL;
    known = nx_schema_new(path, &problem);
    if (!known)
      g_error("%s (the build's share folder must be there)", problem->message);
  }
  return known;
}

/* What two files have in common goes into the setup, the rest stays with each. */
static NxActivity *read_activity(NxValues *values, json_object *datasets)
{
  const NxDatasetPlace place = {.instrument_root = "/mnt", .data_root = "/data", .values = values};
  NxActivity *activity = g_new0(NxActivity, 1);
  g_autoptr(GPtrArray) read = nx_datasets_read(&place, "/mnt/a.tif", datasets), again = nx_datasets_read(&place, "/mnt/\xff", datasets);
  activity->datasets = g_ptr_array_new_with_free_func((GDestroyNotify)nx_dataset_free);
  g_ptr_array_extend_and_steal(activity->datasets, g_steal_pointer(&read));
  g_ptr_array_extend_and_steal(activity->datasets, g_steal_pointer(&again));
  g_autofree GArray **entries = g_new(GArray *, activity->datasets->len);
  for (guint i = 0; i < activity->datasets->len; i++)
    entries[i] = ((NxDataset *)activity->datasets->pdata[i])->parameters;
  activity->setup = nx_parameters_take_common(values, entries, activity->datasets->len);
  return activity;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const char *const SAMPLES[] = {"sample-1", NULL};
  g_autoptr(json_object) datasets = nx_json_parse((const char *)data, size, NULL);
  if (!json_object_is_type(datasets, json_type_array) || json_object_array_length(datasets) == 0)
    return -1;
  g_autoptr(GError) problem = NULL;
  g_autoptr(json_object) session = nx_json_parse(SESSION, strlen(SESSION), NULL);
  g_autoptr(NxValues) values = nx_values_new();
  g_autoptr(GPtrArray) activities = g_ptr_array_new_with_free_func((GDestroyNotify)nx_activity_free);
  g_ptr_array_add(activities, read_activity(values, datasets));
  g_autoptr(GString) text = nx_document_write(session, SAMPLES, activities, values, &problem);
  if (!text || !nx_schema_check(schema(), text->str, text->len, &problem))
    g_error("%s", problem->message);
  return 0;
}
