/* nx-db-stages.c — log-events, pending and log-results: options in, library call, exit status out. */
#include "nx-db-commands.h"

#include <unistd.h>

typedef struct {
  gboolean dry_run, events, retry, claim, reclaim;
  const char *from, *to;
  const char *const *statuses, *const *sessions;
  guint verbosity;
} PendingOptions;

static const NxOption LOG_EVENTS_OPTIONS[] = {
    {.name = "--dry-run", .letter = 'n', .field = offsetof(StageOptions, dry_run), .help = "Count what would be added; write nothing."},
    STAGE_VERBOSE(StageOptions),
    {0},
};

const NxCommand command_log_events = {
    .name = "log-events",
    .options = LOG_EVENTS_OPTIONS,
    .help =
        "Store usage events as sessions.\n\nReads usage_event lines and adds a START and an END row for each event that is not there yet.",
    .epilog = "\b\nExamples:\n    $ nx-db instruments | nx-harvest events | nx-db log-events",
};

static const NxOption LOG_RESULTS_OPTIONS[] = {STAGE_VERBOSE(StageOptions), {0}};

const NxCommand command_log_results = {
    .name = "log-results",
    .options = LOG_RESULTS_OPTIONS,
    .help = "Store what became of sessions.\n\nReads session lines, stores status and exports of each in one transaction, and writes the "
            "line out again.",
    .epilog = "\b\nExamples:\n    $ nx-db pending --status BUILT_NOT_EXPORTED | nx-export | nx-db log-results",
};

static const NxOption PENDING_OPTIONS[] = {
    {.name = "--from",
     .type = NX_VALUE_TEXT,
     .field = offsetof(PendingOptions, from),
     .help = "Only sessions that start at or after this date."},
    {.name = "--to",
     .type = NX_VALUE_TEXT,
     .field = offsetof(PendingOptions, to),
     .help = "Only sessions that end at or before this date."},
    {.name = "--status",
     .type = NX_VALUE_TEXT,
     .repeatable = TRUE,
     .field = offsetof(PendingOptions, statuses),
     .help = "Sessions of this status (repeatable).  [default: TO_BE_BUILT]"},
    {.name = "--session",
     .type = NX_VALUE_TEXT,
     .repeatable = TRUE,
     .field = offsetof(PendingOptions, sessions),
     .help = "This session, whatever its status (repeatable)."},
    {.name = "--retry", .field = offsetof(PendingOptions, retry), .help = "Also sessions in ERROR and BUILT_NOT_EXPORTED."},
    {.name = "--claim", .field = offsetof(PendingOptions, claim), .help = "Lease the sessions to this run, so that others leave them."},
    {.name = "--reclaim",
     .field = offsetof(PendingOptions, reclaim),
     .help = "The same, and with SQLite take what runs of this host left that have died."},
    {.name = "--dry-run", .letter = 'n', .field = offsetof(PendingOptions, dry_run), .help = "Write nothing to the database."},
    {.name = "--events",
     .field = offsetof(PendingOptions, events),
     .help = "With -n: also the sessions of usage_event lines on standard input."},
    STAGE_VERBOSE(PendingOptions),
    {0},
};

const NxCommand command_pending = {
    .name = "pending",
    .options = PENDING_OPTIONS,
    .help = "Hand out sessions that wait for a record.\n\nWrites a session line for each, in the order in which they were logged.",
    .epilog = "\b\nExamples:\n    $ nx-db pending -n | jq -r .session_identifier",
};

/* ---------------------------------------------------------------------------------------------------------- running */

/* Errors of the engine say nothing of the database they come from. */
int stage_failed(const char *address, GError *error)
{
  gboolean from_engine =
      error->domain == NX_ERROR && (error->code == NX_ERROR_IO || error->code == NX_ERROR_PLACE || error->code == NX_ERROR_FORMAT);
  if (from_engine && address && *address)
    nx_db_name_in_error(address, &error);
  int status = nx_fail(error);
  g_error_free(error);
  return status;
}

int run_log_events(const char *address, int argc, char **argv)
{
  StageOptions options = {0};
  GError *error = NULL;
  if (!nx_cli_parse(&command_log_events, argc, argv, &options))
    return nx_cli_exit_code();
  nx_log_start("nx-db", options.verbosity);
  return nx_stage_log_events(address, STDIN_FILENO, options.dry_run, &error) ? 0 : stage_failed(address, error);
}

int run_log_results(const char *address, int argc, char **argv)
{
  StageOptions options = {0};
  GError *error = NULL;
  if (!nx_cli_parse(&command_log_results, argc, argv, &options))
    return nx_cli_exit_code();
  nx_log_start("nx-db", options.verbosity);
  return nx_stage_log_results(address, STDIN_FILENO, stdout, &error) ? 0 : stage_failed(address, error);
}

static gboolean check_pending(const PendingOptions *options)
{
  for (const char *const *status = options->statuses; *status; status++)
    if (!nx_db_status_is_known(*status)) {
      nx_cli_usage_error("Invalid value for '--status': '%s' is not a status of the database.", *status);
      return FALSE;
    }
  if (options->events && !options->dry_run) {
    nx_cli_usage_error("--events needs -n / --dry-run.");
    return FALSE;
  }
  return TRUE;
}

int run_pending(const char *address, int argc, char **argv)
{
  PendingOptions options = {0};
  GError *error = NULL;
  g_autoptr(GDateTime) from = NULL, to = NULL;
  if (!nx_cli_parse(&command_pending, argc, argv, &options) || !check_pending(&options))
    return nx_cli_exit_code();
  if ((options.from && !nx_time_parse_bound(options.from, FALSE, &from, &error)) ||
      (options.to && !nx_time_parse_bound(options.to, TRUE, &to, &error))) {
    g_autofree char *message = g_strdup(error->message);
    g_error_free(error);
    return nx_cli_usage_error("Invalid value: %s", message);
  }
  nx_log_start("nx-db", options.verbosity);
  NxPendingOptions wanted = {.from = from,
                             .to = to,
                             .statuses = options.statuses,
                             .sessions = options.sessions,
                             .retry = options.retry,
                             .dry_run = options.dry_run,
                             .claim = options.claim,
                             .reclaim = options.reclaim,
                             .events = options.events,
                             .in = STDIN_FILENO};
  return nx_stage_pending(address, &wanted, stdout, &error) ? 0 : stage_failed(address, error);
}

typedef struct {
  gboolean dry_run;
} PreflightOptions;

static const NxOption PREFLIGHT_OPTIONS[] = {
    {.name = "--dry-run", .letter = 'n', .field = offsetof(PreflightOptions, dry_run), .help = "Do not ask whether it can be written to."},
    {0},
};

const NxCommand command_preflight = {
    .name = "preflight",
    .options = PREFLIGHT_OPTIONS,
    .help = "Check that the database is fit for a build.\n\nWrites a check line for each check, then the instruments, if the database has them.",
    .epilog = "\b\nExamples:\n    $ nx-db preflight | jq -r 'select(.passed == false) | .message'",
};

int run_preflight(const char *address, int argc, char **argv)
{
  PreflightOptions options = {0};
  GError *error = NULL;
  if (!nx_cli_parse(&command_preflight, argc, argv, &options))
    return nx_cli_exit_code();
  return nx_db_preflight(address, options.dry_run, stdout, &error) ? 0 : stage_failed(address, error);
}

typedef struct {
  const char *table;
} RowsOptions;

static const NxArgument ROWS_ARGUMENTS[] = {
    {.name = "TABLE", .type = NX_VALUE_TEXT, .field = offsetof(RowsOptions, table)},
    {0},
};

const NxCommand command_rows = {
    .name = "rows",
    .arguments = ROWS_ARGUMENTS,
    .help = "Write a table as it is.\n\nOne JSON array a line: first the names of the columns, then the values of each row.",
    .epilog = "\b\nExamples:\n    $ nx-db rows upload_log | jq -r @csv",
};

int run_rows(const char *address, int argc, char **argv)
{
  RowsOptions options = {0};
  GError *error = NULL;
  if (!nx_cli_parse(&command_rows, argc, argv, &options))
    return nx_cli_exit_code();
  return nx_db_write_rows(address ? address : "", options.table, stdout, &error) ? 0 : stage_failed(address, error);
}
