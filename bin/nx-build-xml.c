/* nx-build-xml — session lines with files → validated XML records. */
#include "nx-base.h"
#include "nx-cli.h"
#include "nx-config.h"
#include "nx-record.h"

#include <stddef.h>
#include <unistd.h>

typedef struct {
  gint64 jobs;
  guint verbosity;
} BuildOptions;

static const NxOption OPTIONS[] = {
    {.name = "--jobs",
     .letter = 'j',
     .type = NX_VALUE_INT,
     .ranged = TRUE,
     .minimum = 1,
     .maximum = 256,
     .default_shown = "number of processors",
     .field = offsetof(BuildOptions, jobs),
     .help = "Files read at a time."},
    {.name = "--verbose", .letter = 'v', .type = NX_VALUE_COUNT, .field = offsetof(BuildOptions, verbosity), .help = NX_HELP_VERBOSE},
    {0},
};

static const NxCommand COMMAND = {
    .name = "nx-build-xml",
    .version = NX_VERSION_DATED,
    .options = OPTIONS,
    .help =
        "Build the XML record of sessions with files.\n\n"
        "Reads session lines on standard input, has each file read by nx-extract, writes a validated record for each session, and writes "
        "the lines with 'record' on standard output.",
    .epilog = "\b\nExamples:\n    $ nx-find-files < sessions.jsonl | nx-build-xml | jq '.record'",
};

static const char *const NOTHING_NEEDED[] = {NULL};

/* The folder of the records as it is set, there or not: one that is gone must postpone the sessions and not stop the run. */
static gboolean read_records_folder(const NxSettings *settings, char **folder, GError **err)
{
  g_autoptr(GError) problem = NULL;
  *folder = nx_settings_folder("NX_RECORDS_PATH", &problem);
  if (problem) {
    g_propagate_error(err, g_steal_pointer(&problem));
    return FALSE;
  }
  if (!*folder && settings->data_path)
    *folder = nx_path_join(settings->data_path, "records");
  return TRUE;
}

static gboolean run(const BuildOptions *options, GError **err)
{
  g_autofree char *records = NULL;
  g_autoptr(NxSettings) settings = nx_settings_load(NOTHING_NEEDED, err);
  if (!settings || !nx_settings_take_roots(settings, err) || !read_records_folder(settings, &records, err))
    return FALSE;
  if (!settings->instrument_data_path || !settings->data_path) {
    g_set_error(err, NX_ERROR, NX_ERROR_CONFIG, "%s is not set", settings->instrument_data_path ? "NX_DATA_PATH" : "NX_INSTRUMENT_DATA_PATH");
    return FALSE;
  }
  const char *verbose[] = {options->verbosity > 1 ? "-vv" : "-v", NULL};
  g_autofree char *extractor = nx_program_path("nx-extract");
  NxBuildXml build = {
      .instrument_root = settings->instrument_data_path,
      .data_root = settings->data_path,
      .records_folder = records,
      .extractor = extractor,
      .extractor_arguments = options->verbosity ? verbose : NULL,
      .jobs = options->jobs ? (guint)options->jobs : g_get_num_processors(),
      .shows_progress = isatty(STDERR_FILENO),
  };
  return nx_build_xml(&build, err);
}

int main(int argc, char **argv)
{
  BuildOptions options = {0};
  if (!nx_cli_parse(&COMMAND, argc, argv, &options))
    return nx_cli_exit_code();
  nx_log_start("nx-build-xml", options.verbosity);
  nx_interrupt_install();
  g_autoptr(GError) err = NULL;
  run(&options, &err);
  return nx_fail(err);
}
