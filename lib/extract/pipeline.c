/* pipeline.c — see pipeline.h. Whatever goes wrong costs what it touches: a field, the metadata of a file, a preview; never the file's dataset. */
#include "pipeline.h"
#include "formats.h"
#include "preview/nx-preview.h"
#include "profiles.h"

#include <string.h>

#define MODULE_PREFIX "nexusLIMS.extractors.plugins."

/* Now, in the system's zone, always with microseconds. */
static char *now(void)
{
  g_autoptr(GDateTime) instant = nx_time_now();
  return g_date_time_format(instant, "%Y-%m-%dT%H:%M:%S.%f%:z");
}

/* Takes `Extractor Warnings` out of nx_meta or its extensions. */
static json_object *take_warnings(json_object *nx_meta)
{
  json_object *places[] = { nx_meta, nx_json_get(nx_meta, "extensions") };
  json_object *warnings = NULL;
  for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
    json_object *found = nx_json_get(places[i], "Extractor Warnings");
    if (!found)
      continue;
    if (!warnings)
      warnings = json_object_get(found);
    json_object_object_del(places[i], "Extractor Warnings");
  }
  return warnings;
}

void nx_pipeline_sign(json_object *nx_meta, const char *extractor)
{
  g_autofree char *date = now();
  g_autofree char *module = g_strconcat(MODULE_PREFIX, extractor, NULL);
  json_object *warnings = take_warnings(nx_meta);
  json_object *extraction = json_object_new_object();
  nx_json_set_string(extraction, "Date", date);
  nx_json_set_string(extraction, "Module", module);
  nx_json_set_string(extraction, "Version", NX_VERSION);
  if (warnings)
    nx_json_set(extraction, "Extractor Warnings", warnings);
  json_object_object_del(nx_meta, "NexusLIMS Extraction");
  nx_json_set(nx_meta, "NexusLIMS Extraction", extraction);
}

char *nx_pipeline_document(json_object *nx_meta, json_object *raw, gsize *length)
{
  g_autoptr(json_object) document = json_object_new_object();
  json_object_object_add(document, "nx_meta", json_object_get(nx_meta));
  if (raw) {
    json_object_object_foreach(raw, key, value) {
      if (strcmp(key, "nx_meta") != 0)
        json_object_object_add(document, key, json_object_get(value));
    }
  }
  GString *text = g_string_sized_new(16384);
  nx_json_append(text, document, NX_JSON_INDENT | NX_JSON_ASCII);
  *length = text->len;
  return g_string_free(text, FALSE);
}

/* ------------------------------------------------------------------------------------------------------------- failures */

static json_object *failed_meta(const NxInput *in, const char *reason)
{
  json_object *nx_meta = nx_basic_meta(in);
  g_autofree char *sentence = g_strdup_printf("Extraction failed: %s", reason);
  g_autofree char *valid = nx_text_utf8(sentence, -1);
  nx_meta_warn(nx_meta, valid);
  return nx_meta;
}

json_object *nx_pipeline_failed_meta(const NxInput *in, const char *extractor, const char *reason)
{
  json_object *nx_meta = failed_meta(in, reason);
  nx_pipeline_sign(nx_meta, extractor);
  return nx_meta;
}

/* The signals become one that says why. A picture that is broken as data may still be shown. */
static void fail(const NxInput *in, GPtrArray *signals, const char *reason)
{
  nx_log_warning("%s: %s", in->name, reason);
  g_ptr_array_set_size(signals, 0);
  NxSignal *signal = nx_signal_new();
  signal->nx_meta = failed_meta(in, reason);
  NxViewKind view = nx_view_by_name(in->name);
  signal->view = view == NX_VIEW_NONE ? NX_VIEW_PLACEHOLDER : view;
  g_ptr_array_add(signals, signal);
}

/* -------------------------------------------------------------------------------------------------------------- the steps */

static GPtrArray *read_signals(const NxInput *in)
{
  g_autoptr(GError) problem = NULL;
  GPtrArray *signals = g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free);
  if (!in->format->read(in, signals, &problem))
    fail(in, signals, problem->message);
  else if (signals->len == 0)
    fail(in, signals, "it holds no data");
  return signals;
}

/* Profiles, missing types, the schema. */
static void finish_meta(const NxInput *in, NxSignal *signal, guint index, guint count)
{
  g_autoptr(GError) problem = NULL;
  if (!in->format->runs_profiles)
    nx_profiles_run(in, signal, index, count, NULL);
  nx_meta_add_missing_type(signal->nx_meta);
  json_object *warnings = take_warnings(signal->nx_meta);
  json_object_object_del(signal->nx_meta, "NexusLIMS Extraction");
  if (!nx_meta_check(signal->nx_meta, in->name, &problem)) {
    nx_log_error("%s", problem->message);
    json_object_put(signal->nx_meta);
    signal->nx_meta = failed_meta(in, problem->message);
    g_clear_pointer(&signal->raw, json_object_put);
    g_clear_pointer(&warnings, json_object_put);
  }
  if (warnings)
    nx_json_set(signal->nx_meta, "Extractor Warnings", warnings);
}

static void give_metadata(const NxInput *in, GPtrArray *signals, const NxPipelineOptions *options, const NxPipelineSink *sink)
{
  g_autofree char *extractor = g_strconcat(in->format->name, "_extractor", NULL);
  for (guint i = 0; i < signals->len; i++) {
    NxSignal *signal = signals->pdata[i];
    finish_meta(in, signal, i, signals->len);
    nx_pipeline_sign(signal->nx_meta, extractor);
    sink->nx_meta(i, signal->nx_meta, sink->user_data);
    if (!options->with_document)
      continue;
    gsize length;
    g_autofree char *text = nx_pipeline_document(signal->nx_meta, signal->raw, &length);
    sink->document(i, text, length, sink->user_data);
  }
  nx_profiles_log_failures();
  sink->metadata_done(signals->len, sink->user_data);
}

static void give_previews(const NxInput *in, GPtrArray *signals, const NxPipelineSink *sink)
{
  for (guint i = 0; i < signals->len; i++) {
    g_autoptr(GError) problem = NULL;
    g_autoptr(GBytes) png = nx_preview_png(in, signals->pdata[i], i, signals->len, &problem);
    if (problem)
      nx_log_warning("%s: no preview: %s", in->name, problem->message);
    sink->preview(i, png, sink->user_data);
  }
}

/* By priority, ties by name. */
static gboolean is_for_plugin(const NxPipelineOptions *options, const NxFormat *format)
{
  if (!options->plugin_name || options->plugin_priority != format->priority)
    return options->plugin_name && options->plugin_priority > format->priority;
  return strcmp(options->plugin_name, format->name) < 0;
}

void nx_pipeline_run(NxInput *in, const NxPipelineOptions *options, const NxPipelineSink *sink)
{
  const NxFormat *format = nx_format_for(in);
  if (is_for_plugin(options, format)) {
    sink->format(NULL, sink->user_data);
    return;
  }
  in->format = format;
  sink->format(format, sink->user_data);
  g_autoptr(GPtrArray) signals = read_signals(in);
  give_metadata(in, signals, options, sink);
  if (options->with_preview)
    give_previews(in, signals, sink);
}
