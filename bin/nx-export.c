/* nx-export — session lines → the same lines + `exports`: publishes each record to every configured destination.
 * export_request lines are answered with export_result lines: one destination at a time, for tests and by hand. */
#include "nx-cli.h"
#include "nx-config.h"
#include "nx-export.h"

#include "destinations.h"
#include "plugin.h"

#include <unistd.h>

#define EXIT_NOT_EXPORTED 3

typedef struct {
  gboolean reexport, strict, validate, describe;
  gint64 jobs;
  guint verbosity;
} Options;

static const NxOption OPTIONS[] = {
    {.name = "--reexport",
     .field = offsetof(Options, reexport),
     .help = "Publish again whatever the status, replacing what is there."},
    {.name = "--jobs",
     .letter = 'j',
     .type = NX_VALUE_INT,
     .ranged = TRUE,
     .minimum = 1,
     .maximum = 64,
     .preset = "1",
     .default_shown = "1",
     .field = offsetof(Options, jobs),
     .help = "Records sent at once; with more than 1 the lines come out as they are done."},
    {.name = "--strict", .field = offsetof(Options, strict), .help = "Exit 3 when a record was not exported."},
    {.name = "--validate",
     .field = offsetof(Options, validate),
     .help = "Ask each destination that is on whether it would accept records, and end."},
    {.name = "--describe",
     .field = offsetof(Options, describe),
     .help = "Write a line about each destination, on or off, and end."},
    {.name = "--verbose", .letter = 'v', .type = NX_VALUE_COUNT, .field = offsetof(Options, verbosity), .help = NX_HELP_VERBOSE},
    {0},
};

static const NxCommand COMMAND = {
    .name = "nx-export",
    .version = NX_VERSION_DATED,
    .options = OPTIONS,
    .help = "Publish built records.\n\n"
            "Reads session lines, sends the record of each to every configured destination, and writes the lines with the results.",
    .epilog = "\b\nExamples:\n    $ nx-db pending --status BUILT_NOT_EXPORTED | nx-export | nx-db log-results",
};

/* A wrong value of one of these stops the program before anything is sent. */
static const char *const NEEDED[] = {"NX_EXPORT_STRATEGY",
                                     "NX_CDCS_URL",
                                     "NX_CDCS_TOKEN",
                                     "NX_CDCS_USER_OWNED_RECORDS",
                                     "NX_CDCS_ASSIGN_TO_PUBLIC_WORKSPACE",
                                     "NX_LABARCHIVES_URL",
                                     "NX_ELABFTW_URL",
                                     "NX_ELABFTW_EXPERIMENT_CATEGORY",
                                     "NX_ELABFTW_EXPERIMENT_STATUS",
                                     "NX_SITE_PATH",
                                     "NX_CERT_BUNDLE_FILE",
                                     "NX_DISABLE_SSL_VERIFY",
                                     NULL};

static gboolean describe_one(const NxDestination *destination, gboolean enabled, GError **err)
{
  g_autoptr(json_object) line = json_object_new_object();
  nx_json_set_string(line, "kind", "destination");
  nx_json_set_string(line, "name", destination->name);
  nx_json_set(line, "priority", json_object_new_int(destination->priority));
  nx_json_set(line, "enabled", json_object_new_boolean(enabled));
  nx_json_set(line, "local", json_object_new_boolean(destination->is_local));
  return nx_line_write(stdout, line, err);
}

/* Ours, then the plug-ins that are on. A wrong setting is no reason not to tell. */
static gboolean describe(GError **err)
{
  static const char *const NOTHING[] = {NULL};
  g_autoptr(NxSettings) settings = nx_settings_load(NOTHING, err);
  g_autoptr(GPtrArray) plugins = settings ? nx_export_find_plugins() : NULL;
  for (const NxDestination *const *destination = nx_destinations; settings && *destination; destination++)
    if (!describe_one(*destination, (*destination)->is_enabled(settings), err))
      return FALSE;
  for (guint i = 0; plugins && i < plugins->len; i++)
    if (!describe_one(nx_export_plugin_destination(plugins->pdata[i]), TRUE, err))
      return FALSE;
  return settings != NULL;
}

int main(int argc, char **argv)
{
  Options options = {0};
  if (!nx_cli_parse(&COMMAND, argc, argv, &options))
    return nx_cli_exit_code();
  nx_log_start(COMMAND.name, options.verbosity);
  nx_interrupt_install();

  g_autoptr(GError) err = NULL;
  if (options.describe)
    return describe(&err) ? 0 : nx_fail(err);
  g_autoptr(NxSettings) settings = nx_settings_load(NEEDED, &err);
  g_autoptr(NxExporter) exporter = settings && nx_settings_take_roots(settings, &err) ? nx_exporter_new(settings, &err) : NULL;
  const NxExportRun how = {.reexport = options.reexport, .jobs = (guint)options.jobs};
  gboolean all_exported = TRUE;
  if (!exporter || !(options.validate ? nx_exporter_validate(exporter, stdout, &err)
                                      : nx_export_lines(exporter, &how, STDIN_FILENO, stdout, &all_exported, &err)))
    return nx_fail(err);
  return options.strict && !all_exported ? EXIT_NOT_EXPORTED : 0;
}
