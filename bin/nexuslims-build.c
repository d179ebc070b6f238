/* nexuslims-build.c — build-records in its documented order: dates, configuration, log file, lock, preflight, harvest, build, summary, mail.
 * Source: DESIGN §1, DECISIONS 1–4, record-building §1, cli §3. The work is done by the stages; here they are put together and watched. */
#include "nexuslims-build.h"
#include "nexuslims-pipeline.h"
#include "nexuslims-preflight.h"
#include "nexuslims-runfiles.h"
#include "nexuslims-summary.h"
#include "nx-config.h"

#include <string.h>
#include <unistd.h>

#define DEFAULT_DAYS 7
#define WORDS_MAX 12

/* Bounds as the stages get them: ISO text with offset, or "none". */
typedef struct {
  char *from, *to;
  gboolean from_given, to_given; /* only bounds that were asked for limit the pending sessions (DECISIONS 3) */
} Range;

typedef struct {
  const NxBuildRecordsOptions *options;
  NxSettings *settings;
  Range range;
  char *verbosity; /* "-v", "-vv", or NULL */
  char *log_path;
  int log_fd;
} Build;

static void build_clear(Build *build)
{
  g_clear_pointer(&build->settings, nx_settings_free);
  g_free(build->range.from);
  g_free(build->range.to);
  g_free(build->verbosity);
  g_free(build->log_path);
  if (build->log_fd >= 0)
    close(build->log_fd);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Build, build_clear)

/* ----------------------------------------------------------------------------------------------------------- dates */

static gboolean read_bound(const char *option, const char *text, gboolean is_end, char **bound)
{
  g_autoptr(GDateTime) instant = NULL;
  g_autoptr(GError) problem = NULL;
  if (!nx_time_parse_bound(text, is_end, &instant, &problem)) {
    nx_cli_usage_error(
        "Invalid value: Invalid date format: '%s' for %s. Write YYYY-MM-DD, an ISO date-time such as 2025-01-31T14:00:00, or "
        "none.",
        text, option);
    return FALSE;
  }
  *bound = instant ? nx_time_format(instant) : g_strdup("none");
  return TRUE;
}

static char *week_ago(void)
{
  g_autoptr(GDateTime) now = nx_time_now();
  g_autoptr(GDateTime) then = g_date_time_add(now, -DEFAULT_DAYS * G_TIME_SPAN_DAY);
  return nx_time_format(then);
}

static gboolean read_range(const NxBuildRecordsOptions *options, Range *range)
{
  range->from_given = options->from != NULL;
  range->to_given = options->to != NULL;
  if (options->from && !read_bound("--from", options->from, FALSE, &range->from))
    return FALSE;
  if (options->to && !read_bound("--to", options->to, TRUE, &range->to))
    return FALSE;
  if (!range->from)
    range->from = week_ago();
  if (!range->to)
    range->to = g_strdup("none");
  return TRUE;
}

/* ---------------------------------------------------------------------------------------------------------- stages */

/* Words of one stage, ended by NULL; all texts are borrowed. */
typedef struct {
  char *words[WORDS_MAX];
} Stage;

static void add(Stage *stage, const char *word)
{
  guint n = 0;
  while (stage->words[n])
    n++;
  g_assert(n + 1 < WORDS_MAX);
  stage->words[n] = (char *)word;
}

static Stage stage_of(const Build *build, const char *program, const char *verb)
{
  Stage stage = {{NULL}};
  add(&stage, program);
  if (verb)
    add(&stage, verb);
  if (build->verbosity)
    add(&stage, build->verbosity);
  return stage;
}

static Stage harvest_events(const Build *build)
{
  Stage stage = stage_of(build, "nx-harvest", "events");
  add(&stage, "--from");
  add(&stage, build->range.from);
  add(&stage, "--to");
  add(&stage, build->range.to);
  return stage;
}

static Stage pending(const Build *build)
{
  Stage stage = stage_of(build, "nx-db", "pending");
  if (build->range.from_given) {
    add(&stage, "--from");
    add(&stage, build->range.from);
  }
  if (build->range.to_given) {
    add(&stage, "--to");
    add(&stage, build->range.to);
  }
  if (build->options->retry)
    add(&stage, "--retry");
  /* The lock keeps out a second run, but not a pipeline that somebody typed, nor a run after the file of the lock was removed: leases do. */
  if (!build->options->dry_run)
    add(&stage, "--reclaim");
  if (build->options->dry_run) {
    add(&stage, "-n");
    add(&stage, "--events");
  }
  return stage;
}

/* `how` says all but the stages and where their words go. */
static gboolean run_stages(const Build *build, Stage *stages, guint n, Pipeline how)
{
  g_autofree char ***words = g_new0(char **, n + 1);
  for (guint i = 0; i < n; i++)
    words[i] = stages[i].words;
  how.stages = words;
  how.log_fd = build->log_fd;
  return pipeline_is_complete(&how) && pipeline_run(&how);
}

static gboolean harvest(const Build *build)
{
  Stage stages[] = {stage_of(build, "nx-db", "instruments"), harvest_events(build), stage_of(build, "nx-db", "log-events")};
  return run_stages(build, stages, G_N_ELEMENTS(stages), (Pipeline){.name = "harvest", .drains = TRUE});
}

static gboolean build_pending(const Build *build, Tally *tally, gboolean *warned)
{
  Stage stages[] = {pending(build),
                    stage_of(build, "nx-harvest", "reservations"),
                    stage_of(build, "nx-find-files", NULL),
                    stage_of(build, "nx-build-xml", NULL),
                    stage_of(build, "nx-export", NULL),
                    stage_of(build, "nx-db", "log-results")};
  return run_stages(build, stages, G_N_ELEMENTS(stages),
                    (Pipeline){.name = "build",
                               .waits_for_lines = TRUE,
                               .drains = TRUE,
                               .line = summary_of_built,
                               .user_data = tally,
                               .warned = warned});
}

static gboolean look_only(const Build *build, Tally *tally)
{
  Stage stages[] = {stage_of(build, "nx-db", "instruments"), harvest_events(build), pending(build),
                    stage_of(build, "nx-harvest", "reservations"), stage_of(build, "nx-find-files", NULL)};
  return run_stages(build, stages, G_N_ELEMENTS(stages), (Pipeline){.name = "dry run", .line = summary_of_dry_run, .user_data = tally});
}

/* ------------------------------------------------------------------------------------------------------------- run */

/* On a terminal people see what the silence is about; elsewhere the log says it. */
static void say_progress(const char *what)
{
  if (isatty(STDERR_FILENO) && nx_log_level() < NX_LOG_INFO)
    fprintf(stderr, "%s\n", what);
  nx_log_info("%s", what);
}

static void log_start(const Build *build)
{
  const Range *range = &build->range;
  nx_log_info("Starting the record builder, %s %s, process %d", NX_PRODUCT, NX_VERSION, (int)getpid());
  if (build->options->dry_run)
    nx_log_info("Dry run: nothing is built, exported or written to the database");
  nx_log_info("%s%s", strcmp(range->from, "none") == 0 ? "no lower bound" : "from ", strcmp(range->from, "none") == 0 ? "" : range->from);
  nx_log_info("%s%s", strcmp(range->to, "none") == 0 ? "no upper bound" : "to ", strcmp(range->to, "none") == 0 ? "" : range->to);
  if (build->options->verbosity == 0)
    return;
  g_autoptr(json_object) settings = nx_settings_to_json(build->settings, TRUE);
  g_autofree char *text = nx_json_text(settings, NX_JSON_INDENT | NX_JSON_ASCII);
  nx_log_info("Effective configuration:\n%s", text);
}

static int exit_code(const Build *build, gboolean well, const Tally *tally)
{
  if (nx_interrupted())
    return 128 + nx_interrupted();
  if (!well || (build->options->strict && tally->failed > 0))
    return 1;
  return 0;
}

static int run_pipelines(const Build *build)
{
  g_auto(Tally) tally;
  tally_init(&tally);
  gboolean well = TRUE, looked = FALSE, warned = FALSE;
  if (build->options->dry_run) {
    say_progress("Looking for sessions and their files (dry run)");
    well = looked = look_only(build, &tally);
  } else {
    say_progress("Harvesting usage events");
    well = harvest(build);
    if (!nx_interrupted()) {
      say_progress("Building and exporting records");
      looked = build_pending(build, &tally, &warned);
      well = looked && well;
    }
  }
  /* Where there are some all the same, nx-db has said why they wait. */
  if (tally.sessions == 0 && looked && !warned)
    nx_log_warning("No sessions to build; nothing was exported");
  g_autofree char *counts = tally_text(&tally);
  nx_log_info("Record builder finished: %s", counts);
  return exit_code(build, well, &tally);
}

static int run_checked(const Build *build)
{
  if (preflight_passes(build->options->dry_run, build->verbosity, build->log_fd))
    return run_pipelines(build);
  return nx_interrupted() ? 128 + nx_interrupted() : 1;
}

/* *worked is FALSE when another run is at work. */
static int run_locked(const Build *build, gboolean *worked)
{
  g_autofree char *path = nx_path_join(build->settings->data_path, ".builder.lock");
  g_autofree char *holder = NULL;
  g_autoptr(GError) problem = NULL;
  int fd = -1;
  *worked = TRUE;
  switch (run_lock_take(path, &fd, &holder, &problem)) {
  case RUN_LOCK_BUSY:
    nx_log_warning("the lock %s is held by another instance (%s); nothing was done", path, holder);
    printf("Lock file %s is held (%s).\nAnother instance of build-records is running; this one ends.\n", path, holder);
    *worked = FALSE;
    return 0;
  case RUN_LOCK_FAILED:
    nx_log_error("%s", problem->message);
    return 1;
  case RUN_LOCK_TAKEN:
    break;
  }
  int code = run_checked(build);
  run_lock_release(fd);
  return code;
}

/* Whatever comes of it changes nothing of the run. One that was interrupted ends at once. */
static void mail_errors(const Build *build)
{
  if (nx_interrupted())
    return;
  if (!build->settings->email) {
    nx_log_info("Mail is off");
    return;
  }
  Stage stage = stage_of(build, "nexuslims-mail", NULL);
  add(&stage, build->log_path);
  char **stages[] = {stage.words, NULL};
  pipeline_run(&(Pipeline){.name = "mail", .stages = stages, .log_fd = build->log_fd, .tells_itself = TRUE});
}

static char *verbosity_word(guint verbosity)
{
  if (verbosity == 0)
    return NULL;
  return g_strdup(verbosity == 1 ? "-v" : "-vv");
}

int build_records(const NxBuildRecordsOptions *options)
{
  g_autoptr(GError) problem = NULL;
  g_auto(Build) build = {.options = options, .log_fd = -1};
  /* A dry run that said nothing would show nothing (record-building §1). */
  guint verbosity = options->dry_run ? MAX(options->verbosity, 1) : options->verbosity;
  nx_log_start("nexuslims", verbosity);
  if (!read_range(options, &build.range))
    return nx_cli_exit_code();
  build.settings = nx_settings_load(NULL, &problem);
  if (!build.settings)
    return nx_fail(problem);
  build.verbosity = verbosity_word(verbosity);
  build.log_path = run_log_open(build.settings->log_path, options->dry_run, &build.log_fd, &problem);
  if (!build.log_path) {
    nx_fail(problem);
    return 1;
  }
  nx_interrupt_install();
  log_start(&build);
  gboolean worked;
  int code = run_locked(&build, &worked);
  if (worked)
    mail_errors(&build);
  return code;
}
