/* nx-db — everything that touches the database: schema and migrations, and the stages that hand sessions out and take results in. */
#include "nx-cli-tree.h"
#include "nx-config.h"
#include "nx-db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---------------------------------------------------------------------------------------- commands that only nx-db has */

typedef struct {
  gboolean dry_run;
  guint verbosity;
} StageOptions;

typedef struct {
  gboolean dry_run, events, retry, claim;
  const char *from, *to;
  const char *const *statuses, *const *sessions;
  guint verbosity;
} PendingOptions;

#define VERBOSE(Struct) \
  {.name = "--verbose", .letter = 'v', .type = NX_VALUE_COUNT, .field = offsetof(Struct, verbosity), .help = NX_HELP_VERBOSE}

static const NxOption LOG_EVENTS_OPTIONS[] = {
  {.name = "--dry-run", .letter = 'n', .field = offsetof(StageOptions, dry_run), .help = "Count what would be added; write nothing."},
  VERBOSE(StageOptions),
  {0},
};

static const NxCommand LOG_EVENTS = {
  .name = "log-events",
  .options = LOG_EVENTS_OPTIONS,
  .help = "Store usage events as sessions.\n\nReads usage_event lines and adds a START and an END row for each event that is not there yet.",
  .epilog = "\b\nExamples:\n    $ nx-db instruments | nx-harvest events | nx-db log-events",
};

static const NxOption LOG_RESULTS_OPTIONS[] = {VERBOSE(StageOptions), {0}};

static const NxCommand LOG_RESULTS = {
  .name = "log-results",
  .options = LOG_RESULTS_OPTIONS,
  .help = "Store what became of sessions.\n\nReads session lines, stores status and exports of each in one transaction, and writes the line out again.",
  .epilog = "\b\nExamples:\n    $ nx-db pending --status BUILT_NOT_EXPORTED | nx-export | nx-db log-results",
};

static const NxOption PENDING_OPTIONS[] = {
  {.name = "--from", .type = NX_VALUE_TEXT, .field = offsetof(PendingOptions, from), .help = "Only sessions that start at or after this date."},
  {.name = "--to", .type = NX_VALUE_TEXT, .field = offsetof(PendingOptions, to), .help = "Only sessions that end at or before this date."},
  {.name = "--status", .type = NX_VALUE_TEXT, .repeatable = TRUE, .field = offsetof(PendingOptions, statuses),
   .help = "Sessions of this status (repeatable).  [default: TO_BE_BUILT]"},
  {.name = "--session", .type = NX_VALUE_TEXT, .repeatable = TRUE, .field = offsetof(PendingOptions, sessions),
   .help = "This session, whatever its status (repeatable)."},
  {.name = "--retry", .field = offsetof(PendingOptions, retry), .help = "Also sessions in ERROR and BUILT_NOT_EXPORTED."},
  {.name = "--claim", .field = offsetof(PendingOptions, claim), .help = "Lease the sessions to this run (PostgreSQL)."},
  {.name = "--dry-run", .letter = 'n', .field = offsetof(PendingOptions, dry_run), .help = "Write nothing to the database."},
  {.name = "--events", .field = offsetof(PendingOptions, events), .help = "With -n: also the sessions of usage_event lines on standard input."},
  VERBOSE(PendingOptions),
  {0},
};

static const NxCommand PENDING = {
  .name = "pending",
  .options = PENDING_OPTIONS,
  .help = "Hand out sessions that wait for a record.\n\nWrites a session line for each, in the order in which they were logged.",
  .epilog = "\b\nExamples:\n    $ nx-db pending -n | jq -r .session_identifier",
};

static const NxOption INSTRUMENTS_OPTIONS[] = {VERBOSE(StageOptions), {0}};
static const NxCommand *const INSTRUMENTS_COMMANDS[] = {&nx_command_instruments_export, &nx_command_instruments_import, NULL};

static const NxCommand INSTRUMENTS = {
  .name = "instruments",
  .options = INSTRUMENTS_OPTIONS,
  .commands = INSTRUMENTS_COMMANDS,
  .runs_alone = TRUE,
  .help = "Write all instruments as JSON lines.\n\nThe options --import and --list stand for the commands import and list.",
};

static const NxOption OPTIONS[] = {
  {.name = "--db-uri", .type = NX_VALUE_TEXT, .field = offsetof(NxDbOptions, db_uri), .help = "Database file or address; overrides NX_DB_PATH."},
  {0},
};

static const NxCommand *const COMMANDS[] = {
  &nx_command_db_alembic, &nx_command_db_check, &nx_command_db_current, &nx_command_db_downgrade, &nx_command_db_history, &nx_command_db_init,
  &INSTRUMENTS,         &LOG_EVENTS,            &LOG_RESULTS,             &PENDING,               &nx_command_db_upgrade, NULL,
};

static const NxCommand NX_DB = {
  .name = "nx-db",
  .version = NX_VERSION_PLAIN,
  .options = OPTIONS,
  .commands = COMMANDS,
  .help = "Keep the NexusLIMS database: schema, instruments, sessions, results.",
};

/* ----------------------------------------------------------------------------------------------------------- stages */

/* Errors of the engine say nothing of the database they come from. */
static int stage_failed(const char *address, GError *error)
{
  gboolean from_engine = error->domain == NX_ERROR && (error->code == NX_ERROR_IO || error->code == NX_ERROR_PLACE || error->code == NX_ERROR_FORMAT);
  g_autofree char *shown = nx_config_masked_address(address ? address : "");
  if (from_engine && *shown && !strstr(error->message, shown))
    g_prefix_error(&error, "database %s: ", shown);
  int status = nx_fail(error);
  g_error_free(error);
  return status;
}

static int run_log_events(const char *address, int argc, char **argv)
{
  StageOptions options = {0};
  GError *error = NULL;
  if (!nx_cli_parse(&LOG_EVENTS, argc, argv, &options))
    return nx_cli_exit_code();
  nx_log_start("nx-db", options.verbosity);
  return nx_stage_log_events(address, STDIN_FILENO, options.dry_run, &error) ? 0 : stage_failed(address, error);
}

static int run_log_results(const char *address, int argc, char **argv)
{
  StageOptions options = {0};
  GError *error = NULL;
  if (!nx_cli_parse(&LOG_RESULTS, argc, argv, &options))
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

static int run_pending(const char *address, int argc, char **argv)
{
  PendingOptions options = {0};
  GError *error = NULL;
  g_autoptr(GDateTime) from = NULL, to = NULL;
  if (!nx_cli_parse(&PENDING, argc, argv, &options) || !check_pending(&options))
    return nx_cli_exit_code();
  if ((options.from && !nx_time_parse_bound(options.from, FALSE, &from, &error)) || (options.to && !nx_time_parse_bound(options.to, TRUE, &to, &error))) {
    g_autofree char *message = g_strdup(error->message);
    g_error_free(error);
    return nx_cli_usage_error("Invalid value: %s", message);
  }
  nx_log_start("nx-db", options.verbosity);
  if (options.claim) {
    fputs("Error: --claim needs a PostgreSQL database, which this program cannot open: the lock of build-records keeps runs apart on one host\n", stderr);
    return 1;
  }
  NxPendingOptions wanted = {.from = from, .to = to, .statuses = options.statuses, .sessions = options.sessions, .retry = options.retry,
                             .dry_run = options.dry_run, .events = options.events, .in = STDIN_FILENO};
  return nx_stage_pending(address, &wanted, stdout, &error) ? 0 : stage_failed(address, error);
}

/* ------------------------------------------------------------------------------------------------------ instruments */

static gboolean export_to_file(const char *address, const char *path, GError **err)
{
  char *text = NULL;
  size_t length = 0;
  FILE *memory = open_memstream(&text, &length);
  gboolean done = nx_stage_instruments(address, memory, err);
  fclose(memory);
  done = done && nx_file_write(path, text, length, 0644, err);
  free(text);
  return done;
}

static int run_instruments_export(const char *address, int argc, char **argv)
{
  NxInstrumentsExportOptions options = {0};
  GError *error = NULL;
  if (!nx_cli_parse(&nx_command_instruments_export, argc, argv, &options))
    return nx_cli_exit_code();
  gboolean done = options.output ? export_to_file(address, options.output, &error) : nx_stage_instruments(address, stdout, &error);
  return done ? 0 : stage_failed(address, error);
}

static int run_instruments_import(const char *address, int argc, char **argv)
{
  NxInstrumentsImportOptions options = {0};
  GError *error = NULL;
  if (!nx_cli_parse(&nx_command_instruments_import, argc, argv, &options))
    return nx_cli_exit_code();
  int in = options.file ? open(options.file, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
  if (in < 0) {
    nx_error_from_errno(&error, errno, "read", options.file);
    return stage_failed(address, error);
  }
  gboolean done = nx_stage_import_instruments(address, in, options.dry_run, stdout, &error);
  if (options.file)
    close(in);
  return done ? 0 : stage_failed(address, error);
}

/* `--import` and `--list` as words. */
static void take_option_as_word(int argc, char **argv)
{
  static char *const WORDS[][2] = {{"--import", "import"}, {"--list", "list"}};
  for (gsize i = 0; argc > 1 && i < G_N_ELEMENTS(WORDS); i++)
    if (g_str_equal(argv[1], WORDS[i][0]))
      argv[1] = WORDS[i][1];
}

static int run_instruments(const char *address, int argc, char **argv)
{
  StageOptions options = {0};
  GError *error = NULL;
  take_option_as_word(argc, argv);
  const NxCommand *command = nx_cli_choose(&INSTRUMENTS, &argc, &argv, &options);
  if (!command)
    return nx_cli_exit_code();
  nx_log_start("nx-db", options.verbosity);
  if (command == &nx_command_instruments_export)
    return run_instruments_export(address, argc, argv);
  if (command == &nx_command_instruments_import)
    return run_instruments_import(address, argc, argv);
  return nx_stage_instruments(address, stdout, &error) ? 0 : stage_failed(address, error);
}

/* ----------------------------------------------------------------------------------------------------------- schema */

static int run_check(const char *address, int argc, char **argv)
{
  return nx_cli_parse(&nx_command_db_check, argc, argv, NULL) ? nx_db_command_check(address) : nx_cli_exit_code();
}

static int run_current(const char *address, int argc, char **argv)
{
  NxDbCurrentOptions options = {0};
  return nx_cli_parse(&nx_command_db_current, argc, argv, &options) ? nx_db_command_current(address, options.verbose) : nx_cli_exit_code();
}

static int run_alembic(const char *address, int argc, char **argv)
{
  NxDbAlembicOptions options = {0};
  return nx_cli_parse(&nx_command_db_alembic, argc, argv, &options) ? nx_db_command_alembic(address, options.words) : nx_cli_exit_code();
}

static int print_script(const char *address, const char *range, gboolean is_upgrade)
{
  g_autoptr(GError) error = NULL;
  int status = nx_db_command_script(address, range, is_upgrade, &error);
  return error ? nx_cli_usage_error("%s", error->message) : status;
}

static int run_downgrade(const char *address, int argc, char **argv)
{
  NxDbMoveOptions options = {0};
  if (!nx_cli_parse(&nx_command_db_downgrade, argc, argv, &options))
    return nx_cli_exit_code();
  return options.sql ? print_script(address, options.revision, FALSE) : nx_db_command_downgrade(address, options.revision);
}

static int run_history(const char *address, int argc, char **argv)
{
  NxDbHistoryOptions options = {0};
  if (!nx_cli_parse(&nx_command_db_history, argc, argv, &options))
    return nx_cli_exit_code();
  return nx_db_command_history(address, options.verbose, options.indicate_current);
}

static int run_init(const char *address, int argc, char **argv)
{
  NxDbInitOptions options = {0};
  return nx_cli_parse(&nx_command_db_init, argc, argv, &options) ? nx_db_command_init(address, options.force) : nx_cli_exit_code();
}

static int run_upgrade(const char *address, int argc, char **argv)
{
  NxDbMoveOptions options = {0};
  if (!nx_cli_parse(&nx_command_db_upgrade, argc, argv, &options))
    return nx_cli_exit_code();
  return options.sql ? print_script(address, options.revision, TRUE) : nx_db_command_upgrade(address, options.revision);
}

static const struct {
  const NxCommand *command;
  int (*run)(const char *address, int argc, char **argv);
} RUNNERS[] = {
  {&nx_command_db_alembic, run_alembic}, {&nx_command_db_check, run_check},     {&nx_command_db_current, run_current}, {&nx_command_db_downgrade, run_downgrade},
  {&nx_command_db_history, run_history}, {&nx_command_db_init, run_init},       {&nx_command_db_upgrade, run_upgrade},
  {&INSTRUMENTS, run_instruments},       {&LOG_EVENTS, run_log_events},         {&LOG_RESULTS, run_log_results},
  {&PENDING, run_pending},
};

int main(int argc, char **argv)
{
  NxDbOptions options = {0};
  const NxCommand *command = nx_cli_choose(&NX_DB, &argc, &argv, &options);
  if (!command)
    return nx_cli_exit_code();
  nx_log_start("nx-db", 0);
  nx_interrupt_install();

  g_autoptr(GError) error = NULL;
  g_autofree char *address = options.db_uri ? g_strdup(options.db_uri) : nx_settings_text("NX_DB_PATH", &error);
  if (error)
    return nx_fail(error);
  for (gsize i = 0; i < G_N_ELEMENTS(RUNNERS); i++)
    if (RUNNERS[i].command == command)
      return RUNNERS[i].run(address, argc, argv);
  return nx_cli_exit_code();
}
