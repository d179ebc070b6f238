/* plugin.c — destinations that are programs (export §1, DECISIONS: plug-ins are programs). Each attempt is one short process, so a crash or a hang
 * costs one attempt; what it answers is checked before it becomes a result. */
#include "plugin.h"

#include "destinations.h"
#include "exporter.h"

#include <string.h>

#define PREFIX "nx-export-"
#define LIMIT_SECONDS 900
#define DESCRIBE_SECONDS 10
#define DEFAULT_PRIORITY 50

struct NxExportPlugin {
  NxDestination destination; /* its name is owned */
  char *path;
};

static void plugin_free(gpointer data)
{
  NxExportPlugin *plugin = data;
  g_free((char *)plugin->destination.name);
  g_free(plugin->path);
  g_free(plugin);
}

const NxDestination *nx_export_plugin_destination(const NxExportPlugin *plugin)
{
  return &plugin->destination;
}

static gpointer plugin_open(const NxDestination *self, const NxSettings *settings, NxHttp *http)
{
  (void)settings, (void)http;
  return (gpointer)self; /* `destination` is the plug-in's first member */
}

static void plugin_close(gpointer state)
{
  (void)state;
}

/* ---------------------------------------------------------------------------------------------------------------- asking */

/* Runs `argv` (argv[0] a path) on `input`, or nothing, and returns what it wrote. */
static GString *run(char **argv, const GString *input, guint seconds, GError **err)
{
  g_auto(GStrv) environment = nx_settings_environment_without_secrets();
  const NxQuestion question = {.argv = argv,
                               .environment = environment,
                               .input = input ? input->str : NULL,
                               .length = input ? input->len : 0,
                               .seconds = seconds,
                               .answer_max = NX_LINE_MAX,
                               .err = -1};
  return nx_process_ask(&question, NULL, err);
}

/* The one line of that kind among what a program wrote; *n_lines counts them. */
static json_object *line_of_kind(const GString *output, const char *kind, guint *n_lines)
{
  json_object *found = NULL;
  g_auto(GStrv) lines = g_strsplit(output->str, "\n", -1);
  *n_lines = 0;
  for (char **line = lines; *line; line++) {
    g_autoptr(json_object) value = nx_json_parse(*line, strlen(*line), NULL);
    if (g_strcmp0(nx_json_get_string(value, "kind"), kind) != 0)
      continue;
    (*n_lines)++;
    if (!found)
      found = g_steal_pointer(&value);
  }
  return found;
}

/* The program's answer to one request. */
static json_object *ask(const NxExportPlugin *plugin, const char *mode, json_object *context, GError **err)
{
  char *argv[] = {plugin->path, NULL};
  g_autoptr(json_object) request = json_object_new_object(), answer = NULL;
  nx_json_set_string(request, "kind", "export_request");
  nx_json_set_string(request, "destination", plugin->destination.name);
  nx_json_set_string(request, "mode", mode);
  nx_json_set(request, "context", context ? json_object_get(context) : json_object_new_object());
  g_autoptr(GString) input = g_string_new(NULL);
  nx_json_append(input, request, NX_JSON_LINE);
  g_string_append_c(input, '\n');
  g_autoptr(GString) output = run(argv, input, LIMIT_SECONDS, err);
  if (!output)
    return NULL;
  guint n_lines;
  answer = line_of_kind(output, "export_result", &n_lines);
  const char *name = nx_json_get_string(answer, "destination_name");
  if (n_lines != 1)
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, PREFIX "%s printed %u export_result lines instead of one", plugin->destination.name, n_lines);
  else if (name && !g_str_equal(name, plugin->destination.name))
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, PREFIX "%s answered for the destination '%s'", plugin->destination.name, name);
  else
    return g_steal_pointer(&answer);
  return NULL;
}

/* A member that says yes or no; an error when it is missing. */
static gboolean need_verdict(const NxExportPlugin *plugin, json_object *answer, const char *key, gboolean *verdict, GError **err)
{
  json_object *value = nx_json_get(answer, key);
  *verdict = nx_json_get_boolean(answer, key);
  if (json_object_is_type(value, json_type_boolean))
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, PREFIX "%s printed an export_result line without '%s' true or false", plugin->destination.name, key);
  return FALSE;
}

static void set_own_error(const NxExportPlugin *plugin, const char *text, GError **err)
{
  g_set_error(err, NX_ERROR, NX_ERROR_REMOTE, PREFIX "%s: %s", plugin->destination.name, text && *text ? text : "it failed without saying why");
}

/* A text, or a number as text; NULL for anything else. */
static char *text_of(json_object *answer, const char *key)
{
  json_object *value = nx_json_get(answer, key);
  gboolean is_shown = json_object_is_type(value, json_type_string) || json_object_is_type(value, json_type_int);
  return is_shown ? g_strdup(json_object_get_string(value)) : NULL;
}

static void take_warnings(NxExportJob *job, json_object *warnings)
{
  for (gsize i = 0; json_object_is_type(warnings, json_type_array) && i < json_object_array_length(warnings); i++)
    nx_job_warn(job, "%s", json_object_get_string(json_object_array_get_idx(warnings, i)));
}

static gboolean plugin_send(gpointer state, NxExportJob *job, GError **err)
{
  const NxExportPlugin *plugin = state;
  gboolean success;
  g_autoptr(json_object) answer = ask(plugin, nx_export_mode_name(job->mode), job->context, err);
  if (!answer || !need_verdict(plugin, answer, "success", &success, err))
    return FALSE;
  json_object *metadata = nx_json_get(answer, "metadata");
  if (json_object_is_type(metadata, json_type_object)) {
    json_object_put(job->metadata);
    job->metadata = json_object_get(metadata);
  }
  take_warnings(job, nx_json_get(answer, "warnings"));
  job->record_id = text_of(answer, "record_id");
  job->record_url = text_of(answer, "record_url");
  if (!success)
    set_own_error(plugin, nx_json_get_string(answer, "error_message"), err);
  return success;
}

static gboolean plugin_validate(gpointer state, GError **err)
{
  const NxExportPlugin *plugin = state;
  gboolean valid;
  g_autoptr(json_object) answer = ask(plugin, "validate", NULL, err);
  if (!answer || !need_verdict(plugin, answer, "valid", &valid, err))
    return FALSE;
  if (!valid)
    set_own_error(plugin, nx_json_get_string(answer, "error"), err);
  return valid;
}

/* --------------------------------------------------------------------------------------------------------------- finding */

/* What it says about itself; NULL when it says nothing usable. */
static json_object *describe(const char *path)
{
  char *argv[] = {(char *)path, (char *)"--describe", NULL};
  g_autoptr(GError) problem = NULL;
  g_autoptr(GString) output = run(argv, NULL, DESCRIBE_SECONDS, &problem);
  guint n_lines = 0;
  json_object *description = output ? line_of_kind(output, "destination", &n_lines) : NULL;
  if (!description)
    nx_log_info("%s does not describe itself (%s); it gets priority %d", path, problem ? problem->message : "no destination line", DEFAULT_PRIORITY);
  return description;
}

static gboolean is_built_in(const char *name)
{
  for (const NxDestination *const *each = nx_destinations; *each; each++)
    if (g_str_equal((*each)->name, name))
      return TRUE;
  return FALSE;
}

/* NULL for a program that is off, or stands where a destination of ours does. */
static NxExportPlugin *plugin_new(const char *name)
{
  g_autofree char *program = g_strconcat(PREFIX, name, NULL), *path = nx_program_path(program);
  if (!path || is_built_in(name)) {
    if (path)
      nx_log_warning("%s is ignored: %s is a destination of NexusLIMS itself", path, name);
    return NULL;
  }
  g_autoptr(json_object) description = describe(path);
  if (nx_json_get(description, "enabled") && !nx_json_get_boolean(description, "enabled")) {
    nx_log_debug("%s says that it is off", path);
    return NULL;
  }
  NxExportPlugin *plugin = g_new0(NxExportPlugin, 1);
  plugin->path = g_steal_pointer(&path);
  plugin->destination = (NxDestination){.name = g_strdup(name),
                                        .priority = (int)CLAMP(nx_json_get_int(description, "priority", DEFAULT_PRIORITY), G_MININT16, G_MAXINT16),
                                        .open = plugin_open,
                                        .close = plugin_close,
                                        .send = plugin_send,
                                        .validate = plugin_validate};
  return plugin;
}

GPtrArray *nx_export_find_plugins(void)
{
  GPtrArray *plugins = g_ptr_array_new_with_free_func(plugin_free);
  g_auto(GStrv) names = nx_program_list(PREFIX);
  for (char **name = names; *name; name++) {
    NxExportPlugin *plugin = plugin_new(*name);
    if (plugin)
      g_ptr_array_add(plugins, plugin);
  }
  return plugins;
}
