/* nx-find-files — session lines → the same lines with their files and acquisition activities. */
#include "nx-base.h"
#include "nx-cli.h"
#include "nx-config.h"
#include "nx-files.h"

#include <stddef.h>
#include <unistd.h>

typedef struct {
  gint64 jobs;
  guint verbosity;
} FindOptions;

static const NxOption OPTIONS[] = {
    {.name = "--jobs",
     .letter = 'j',
     .type = NX_VALUE_INT,
     .ranged = TRUE,
     .minimum = 1,
     .maximum = 256,
     .preset = "8",
     .default_shown = "8",
     .field = offsetof(FindOptions, jobs),
     .help = "Requests to the file system in flight; more help where a share answers slowly."},
    {.name = "--verbose", .letter = 'v', .type = NX_VALUE_COUNT, .field = offsetof(FindOptions, verbosity), .help = NX_HELP_VERBOSE},
    {0},
};

static const NxCommand COMMAND = {
    .name = "nx-find-files",
    .version = NX_VERSION_DATED,
    .options = OPTIONS,
    .help =
        "Find the files of sessions and group them into acquisition activities.\n\n"
        "Reads session lines on standard input and writes them with 'files' and 'activities' on standard output. A line that already has "
        "'files' is only grouped.",
    .epilog = "\b\nExamples:\n    $ nx-db pending -n | nx-find-files | jq '.files | length'",
};

/* Absent or wrong values of these stop the program. */
static const char *const NEEDED[] = {"NX_IGNORE_PATTERNS", "NX_FILE_DELAY_DAYS", "NX_CLUSTERING_SENSITIVITY", "NX_CLUSTERING_MIN_DIP",
                                     NULL};

/* Any case is understood; a word that is none of the two means `exclusive`, with a warning (record-building §4.3). */
static gboolean read_strategy(NxFileStrategy *strategy, GError **err)
{
  g_autoptr(GError) problem = NULL;
  g_autofree char *text = nx_settings_text("NX_FILE_STRATEGY", &problem);
  if (problem) {
    g_propagate_error(err, g_steal_pointer(&problem));
    return FALSE;
  }
  *strategy = text && g_ascii_strcasecmp(text, "inclusive") == 0 ? NX_FILES_INCLUSIVE : NX_FILES_EXCLUSIVE;
  if (text && *strategy == NX_FILES_EXCLUSIVE && g_ascii_strcasecmp(text, "exclusive") != 0)
    nx_log_warning("NX_FILE_STRATEGY is '%s', neither 'exclusive' nor 'inclusive'; 'exclusive' is used", text);
  return TRUE;
}

static gboolean run(const FindOptions *options, GError **err)
{
  NxFileStrategy strategy;
  g_autoptr(NxSettings) settings = nx_settings_load(NEEDED, err);
  if (!settings || !read_strategy(&strategy, err) || !nx_settings_take_roots(settings, err))
    return FALSE;
  g_autoptr(NxFileFilter) filter = nx_file_filter_for_strategy(strategy, (const char *const *)settings->ignore_patterns);
  const char *const paths[] = {settings->data_path, settings->records_path, settings->log_path, settings->site_path};
  g_autoptr(GArray) ours = nx_our_folders(paths, G_N_ELEMENTS(paths));
  NxFindFiles find = {
      .data_root = settings->instrument_data_path,
      .filter = filter,
      .ours = ours,
      .rule = {settings->clustering_sensitivity, settings->clustering_min_dip},
      .delay_days = settings->file_delay_days,
      .threads = (guint)options->jobs,
  };
  return nx_find_files(&find, STDIN_FILENO, stdout, err);
}

int main(int argc, char **argv)
{
  FindOptions options = {0};
  if (!nx_cli_parse(&COMMAND, argc, argv, &options))
    return nx_cli_exit_code();
  nx_log_start("nx-find-files", options.verbosity);
  nx_interrupt_install();
  g_autoptr(GError) err = NULL;
  run(&options, &err);
  return nx_fail(err);
}
