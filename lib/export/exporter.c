/* exporter.c — the enabled destinations of a process, and one record to one of them. */
#include "exporter.h"

#include "context.h"
#include "destinations.h"
#include "plugin.h"
#include "result.h"

#include <libxml/parser.h>
#include <string.h>

static gint by_priority(gconstpointer a, gconstpointer b)
{
  const NxDestination *first = ((const NxSlot *)a)->destination, *second = ((const NxSlot *)b)->destination;
  return first->priority != second->priority ? second->priority - first->priority : strcmp(first->name, second->name);
}

static void fill_slots(NxExporter *exporter)
{
  g_autoptr(GArray) slots = g_array_new(FALSE, TRUE, sizeof(NxSlot));
  for (const NxDestination *const *each = nx_destinations; *each; each++) {
    NxSlot slot = {.destination = *each};
    if ((*each)->is_enabled(exporter->settings))
      g_array_append_val(slots, slot);
  }
  for (guint i = 0; i < exporter->plugins->len; i++) {
    NxSlot slot = {.destination = nx_export_plugin_destination(exporter->plugins->pdata[i])};
    g_array_append_val(slots, slot);
  }
  g_array_sort(slots, by_priority);
  exporter->slots = (NxSlot *)g_array_steal(slots, &exporter->n_slots);
}

static NxExporter *exporter_with(const NxSettings *settings, GPtrArray *plugins, GError **err)
{
  const NxHttpOptions options = {
      .ca_file = settings->cert_bundle_file, .ca_pem = settings->cert_bundle, .insecure = settings->disable_ssl_verify};
  NxHttp *http = nx_http_new(&options, err);
  if (!http)
    return NULL;
  NxExporter *exporter = g_new0(NxExporter, 1);
  exporter->settings = settings;
  exporter->http = http;
  exporter->plugins = g_ptr_array_ref(plugins);
  fill_slots(exporter);
  return exporter;
}

NxExporter *nx_exporter_new(const NxSettings *settings, GError **err)
{
  xmlInitParser();
  if (settings->disable_ssl_verify)
    nx_log_warning("NX_DISABLE_SSL_VERIFY is on: servers are not checked, so anybody on the way can read and change what is sent");
  g_autoptr(GPtrArray) plugins = nx_export_find_plugins();
  return exporter_with(settings, plugins, err);
}

NxExporter *nx_exporter_copy(const NxExporter *exporter, GError **err)
{
  return exporter_with(exporter->settings, exporter->plugins, err);
}

void nx_exporter_free(NxExporter *exporter)
{
  if (!exporter)
    return;
  for (gsize i = 0; i < exporter->n_slots; i++)
    if (exporter->slots[i].state)
      exporter->slots[i].destination->close(exporter->slots[i].state);
  nx_http_free(exporter->http);
  g_clear_pointer(&exporter->plugins, g_ptr_array_unref);
  g_free(exporter->slots);
  g_free(exporter);
}

static gpointer state_of(NxExporter *exporter, NxSlot *slot)
{
  if (!slot->state)
    slot->state = slot->destination->open(slot->destination, exporter->settings, exporter->http);
  return slot->state;
}

/* ------------------------------------------------------------------------------------------------------------- one attempt */

/* Each record waits half a minute for a server that is down; a night's backlog must not wait that long a hundred times. */
#define TROUBLES_MAX 3

static gboolean send_record(NxExporter *exporter, NxSlot *slot, NxExportJob *job, GError **err)
{
  const char *name = slot->destination->name;
  g_autoptr(GError) problem = NULL;
  if (slot->troubles >= TROUBLES_MAX) {
    g_set_error(
        err, NX_ERROR, NX_ERROR_PLACE,
        "%s took none of the last %d records and is not asked again in this run; `nexuslims build-records --retry` sends what is missing",
        name, TROUBLES_MAX);
    return FALSE;
  }
  if (slot->destination->send(state_of(exporter, slot), job, &problem)) {
    slot->troubles = 0;
    return TRUE;
  }
  if (!problem)
    g_set_error(&problem, NX_ERROR, NX_ERROR_REMOTE, "%s failed without saying why", name);
  slot->troubles = !slot->destination->is_local && g_error_matches(problem, NX_ERROR, NX_ERROR_PLACE) ? slot->troubles + 1 : 0;
  g_propagate_error(err, g_steal_pointer(&problem));
  return FALSE;
}

json_object *nx_exporter_attempt(NxExporter *exporter, NxSlot *slot, json_object *context, NxExportMode mode, gboolean *is_interrupted)
{
  NxExportJob job = {
      .context = context,
      .record_path = nx_context_file(context),
      .mode = mode,
      .metadata = json_object_new_object(),
      .warnings = json_object_new_array(),
  };
  g_autoptr(GError) problem = NULL;
  send_record(exporter, slot, &job, &problem);
  if (is_interrupted)
    *is_interrupted = g_error_matches(problem, NX_ERROR, NX_ERROR_INTERRUPTED);
  json_object *result = nx_result_new(slot->destination->name, &job, problem);
  json_object_put(job.metadata);
  json_object_put(job.warnings);
  g_free(job.record_path);
  g_free(job.record_id);
  g_free(job.record_url);
  return result;
}

static const char *const MODE_NAMES[] = {[NX_MODE_EXPORT] = "export", [NX_MODE_RETRY] = "retry", [NX_MODE_REEXPORT] = "reexport"};

const char *nx_export_mode_name(NxExportMode mode)
{
  return MODE_NAMES[mode];
}

gboolean nx_export_mode_from_name(const char *name, NxExportMode *mode)
{
  *mode = NX_MODE_EXPORT;
  for (gsize i = 0; i < G_N_ELEMENTS(MODE_NAMES); i++)
    if (g_strcmp0(name, MODE_NAMES[i]) == 0) {
      *mode = (NxExportMode)i;
      return TRUE;
    }
  return name == NULL;
}

static NxSlot *slot_named(NxExporter *exporter, const char *name)
{
  for (gsize i = 0; i < exporter->n_slots; i++)
    if (g_strcmp0(exporter->slots[i].destination->name, name) == 0)
      return &exporter->slots[i];
  return NULL;
}

static json_object *validation_result(NxExporter *exporter, NxSlot *slot, const char *name)
{
  g_autoptr(GError) problem = NULL;
  gboolean valid = slot && slot->destination->validate(state_of(exporter, slot), &problem);
  g_autofree char *text = problem ? nx_result_error_text(problem->message) : NULL;
  json_object *result = json_object_new_object();
  nx_json_set_string(result, "destination_name", name);
  nx_json_set(result, "valid", json_object_new_boolean(valid));
  nx_json_set_string(result, "error", slot ? text : "the destination is not configured");
  return result;
}

/* The failed result of a request that no destination can be asked. */
static json_object *refused(const char *name, const char *reason)
{
  NxExportJob job = {.metadata = json_object_new_object(), .warnings = json_object_new_array()};
  g_autoptr(GError) problem = g_error_new_literal(NX_ERROR, NX_ERROR_CONFIG, reason);
  json_object *result = nx_result_new(name, &job, problem);
  json_object_put(job.metadata);
  json_object_put(job.warnings);
  return result;
}

json_object *nx_exporter_answer(NxExporter *exporter, json_object *request)
{
  const char *name = nx_json_get_string(request, "destination"), *mode_name = nx_json_get_string(request, "mode");
  json_object *context = nx_json_get(request, "context");
  NxSlot *slot = slot_named(exporter, name);
  NxExportMode mode;
  json_object *result;
  if (g_strcmp0(mode_name, "validate") == 0)
    result = validation_result(exporter, slot, name);
  else if (!slot)
    result = refused(name, "the destination is not configured");
  else if (!nx_export_mode_from_name(mode_name, &mode))
    result = refused(name, "'mode' is none of export, retry, reexport, validate");
  else
    result = nx_exporter_attempt(exporter, slot, context, mode, NULL);
  nx_json_set_string(result, "kind", "export_result");
  return result;
}
