/* nx-db — everything that touches the database: schema and migrations, and the stages that hand sessions out and take results in. */
#include "nx-config.h"
#include "nx-db-commands.h"
#include "nx-db-snapshot.h"
#include "nx-listing.h"

static const NxOption OPTIONS[] = {
    {.name = "--db-uri",
     .type = NX_VALUE_TEXT,
     .field = offsetof(NxDbOptions, db_uri),
     .help = "Database file or address; overrides NX_DB_PATH."},
    {0},
};

static const NxCommand *const COMMANDS[] = {
    &nx_command_db_alembic,
    &nx_command_db_check,
    &nx_command_db_create_demo,
    &nx_command_db_current,
    &nx_command_db_downgrade,
    &nx_command_db_export,
    &nx_command_db_history,
    &nx_command_db_import,
    &nx_command_db_info,
    &nx_command_db_init,
    &command_instruments,
    &command_log_events,
    &command_log_results,
    &command_pending,
    &command_preflight,
    &command_rows,
    &nx_command_db_snapshot_download,
    &nx_command_db_status,
    &nx_command_db_upgrade,
    &command_users,
    NULL,
};

static const NxCommand NX_DB = {
    .name = "nx-db",
    .version = NX_VERSION_PLAIN,
    .options = OPTIONS,
    .commands = COMMANDS,
    .help = "Keep the NexusLIMS database: schema, instruments, sessions, results.",
};

/* ----------------------------------------------------------------------------------------------------------- schema */

static int run_check(const char *address, int argc, char **argv)
{
  if (!nx_cli_parse(&nx_command_db_check, argc, argv, NULL))
    return nx_cli_exit_code();
  nx_cli_set_unwritten_code(2); /* 1 would mean pending migrations */
  return nx_db_command_check(address);
}

static int run_create_demo(const char *address, int argc, char **argv)
{
  (void)address;
  NxDbCreateDemoOptions options = {0};
  return nx_cli_parse(&nx_command_db_create_demo, argc, argv, &options) ? nx_db_command_create_demo(options.path, options.force)
                                                                        : nx_cli_exit_code();
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
  if (!nx_listing_accepts(options.jq))
    return nx_cli_exit_code();
  return nx_db_command_history(address, options.verbose, options.indicate_current, options.format == NX_FORMAT_JSON, options.jq);
}

static int run_info(const char *address, int argc, char **argv)
{
  NxDbInfoOptions options = {0};
  if (!nx_cli_parse(&nx_command_db_info, argc, argv, &options) || !nx_listing_accepts(options.jq))
    return nx_cli_exit_code();
  if (address && nx_snapshot_is_one(address))
    return nx_db_snapshot_info(address, FALSE, options.verify, options.format == NX_FORMAT_JSON, options.jq);
  if (options.verify) {
    fputs("Error: --verify compares the files of a snapshot with its manifest; this is a database\n", stderr);
    return 1;
  }
  return nx_db_command_info(address, options.format == NX_FORMAT_JSON, options.jq);
}

static int run_status(const char *address, int argc, char **argv)
{
  NxListingOptions options = {0};
  GError *error = NULL;
  if (!nx_cli_parse(&nx_command_db_status, argc, argv, &options) || !nx_listing_accepts(options.jq))
    return nx_cli_exit_code();
  if (!nx_db_refuse_snapshot(address, "status", &error))
    return nx_db_snapshot_failed(error);
  return nx_db_command_status(address, options.format == NX_FORMAT_JSON, options.jq);
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
    {&nx_command_db_alembic, run_alembic},
    {&nx_command_db_check, run_check},
    {&nx_command_db_current, run_current},
    {&nx_command_db_downgrade, run_downgrade},
    {&nx_command_db_export, nx_db_run_export},
    {&nx_command_db_history, run_history},
    {&nx_command_db_import, nx_db_run_import},
    {&nx_command_db_init, run_init},
    {&nx_command_db_upgrade, run_upgrade},
    {&command_instruments, run_instruments},
    {&command_log_events, run_log_events},
    {&command_log_results, run_log_results},
    {&nx_command_db_info, run_info},
    {&nx_command_db_status, run_status},
    {&command_pending, run_pending},
    {&command_preflight, run_preflight},
    {&command_rows, run_rows},
    {&nx_command_db_snapshot_download, nx_db_run_download},
    {&command_users, run_users},
    {&nx_command_db_create_demo, run_create_demo},
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
  g_autofree char *address = nx_db_chosen_address(options.db_uri, &error);
  if (error) {
    nx_fail(error);
    return command == &nx_command_db_check ? 2 : 1; /* 1 of check would mean pending migrations */
  }
  for (gsize i = 0; i < G_N_ELEMENTS(RUNNERS); i++)
    if (RUNNERS[i].command == command)
      return RUNNERS[i].run(address, argc, argv);
  return nx_cli_exit_code();
}
