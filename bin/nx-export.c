/* nx-export — session lines → the same lines + `exports`: publishes each record to every configured destination.
 * export_request lines are answered with export_result lines: one destination at a time, for tests and plug-ins. */
#include "nx-cli.h"
#include "nx-config.h"
#include "nx-export.h"

#include <unistd.h>

#define EXIT_NOT_EXPORTED 3

typedef struct {
  gboolean reexport, strict, destinations;
  guint verbosity;
} Options;

static const NxOption OPTIONS[] = {
    {.name = "--reexport",
     .field = offsetof(Options, reexport),
     .help = "Publish again whatever the status, replacing what is there."},
    {.name = "--strict", .field = offsetof(Options, strict), .help = "Exit 3 when a record was not exported."},
    {.name = "--destinations",
     .field = offsetof(Options, destinations),
     .help = "Write a line for each destination that is on, in order, and end."},
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

static const char *const KINDS[] = {"session", "export_request", NULL};

/* Only what a session line needs: a request brings its own paths. */
static gboolean check_session(NxLines *lines, json_object *line, GError **err)
{
  return nx_lines_need(lines, line, "session_identifier", json_type_string, err) && nx_lines_need(lines, line, "status", json_type_string, err);
}

static gboolean check_request(NxLines *lines, json_object *line, GError **err)
{
  return nx_lines_need(lines, line, "destination", json_type_string, err) && nx_lines_need(lines, line, "context", json_type_object, err);
}

static gboolean work(NxExporter *exporter, NxLines *lines, json_object *line, const Options *options, gboolean *all_exported, GError **err)
{
  if (g_str_equal(nx_json_get_string(line, "kind"), "export_request")) {
    if (!check_request(lines, line, err))
      return FALSE;
    g_autoptr(json_object) result = nx_exporter_answer(exporter, line);
    return nx_line_write(stdout, result, err);
  }
  gboolean exported;
  if (!check_session(lines, line, err))
    return FALSE;
  nx_exporter_publish(exporter, line, options->reexport, &exported);
  *all_exported = *all_exported && exported;
  return nx_line_write(stdout, line, err);
}

static gboolean write_destinations(const NxExporter *exporter, GError **err)
{
  g_autoptr(json_object) lines = nx_exporter_destinations(exporter);
  for (gsize i = 0; i < json_object_array_length(lines); i++)
    if (!nx_line_write(stdout, json_object_array_get_idx(lines, i), err))
      return FALSE;
  return TRUE;
}

static gboolean run(NxExporter *exporter, const Options *options, gboolean *all_exported, GError **err)
{
  g_autoptr(NxLines) lines = nx_lines_new(STDIN_FILENO);
  for (;;) {
    g_autoptr(json_object) line = NULL;
    if (!nx_lines_next(lines, KINDS, &line, err))
      return FALSE;
    if (!line)
      return TRUE;
    if (!work(exporter, lines, line, options, all_exported, err))
      return FALSE;
  }
}

int main(int argc, char **argv)
{
  Options options = {0};
  if (!nx_cli_parse(&COMMAND, argc, argv, &options))
    return nx_cli_exit_code();
  nx_log_start(COMMAND.name, options.verbosity);
  nx_interrupt_install();

  g_autoptr(GError) err = NULL;
  g_autoptr(NxSettings) settings = nx_settings_load(NEEDED, &err);
  g_autoptr(NxExporter) exporter = settings ? nx_exporter_new(settings, &err) : NULL;
  gboolean all_exported = TRUE;
  if (!exporter || !(options.destinations ? write_destinations(exporter, &err) : run(exporter, &options, &all_exported, &err)))
    return nx_fail(err);
  return options.strict && !all_exported ? EXIT_NOT_EXPORTED : 0;
}
