/* nx-tui — the full-screen programs: instruments manage, db view, config edit (cli §6, §8, §10). */
#include "nx-cli-tree.h"
#include "nx-config.h"
#include "nx-db.h"
#include "nx-tui.h"

static const char UNSET[] = "Error: NX_DB_PATH environment variable is not set.\n\nSet it via the interactive configurator:\n\n"
                            "    nexuslims config edit\n\nOr set it directly, e.g.:\n\n    export NX_DB_PATH=/path/to/database.db\n";

/* ----------------------------------------------------------------------------------------------------- instruments */

/* `nx-db init` makes it, with all that has to be said; what it leaves behind on a failure it takes away itself. */
static int make_database(const char *address)
{
  g_autofree char *shown = nx_config_masked_address(address);
  printf("Database not found at %s\nInitializing new database...\n", shown);
  fflush(stdout);
  g_autoptr(GError) error = NULL;
  g_autofree char *program = nx_program_path("nx-db");
  if (!program) {
    g_set_error(&error, NX_ERROR, NX_ERROR_MISSING, "the program nx-db, which makes databases, is not installed");
    return nx_fail(error);
  }
  char *argv[] = {program, (char *)"init", NULL};
  NxSpawn spawn = {.argv = argv, .in = -1, .out = 1, .err = -1};
  GPid pid = 0;
  return nx_process_start(&spawn, &pid, &error) ? nx_process_wait(pid) : nx_fail(error);
}

static int manage(int argc, char **argv)
{
  if (!nx_cli_parse(&nx_command_instruments_manage, argc, argv, NULL))
    return nx_cli_exit_code();
  g_autoptr(GError) error = NULL;
  g_autofree char *address = nx_settings_text("NX_DB_PATH", &error);
  if (error)
    return nx_fail(error);
  if (!address) {
    fprintf(stderr, "%sAborted!\n", UNSET);
    return 1;
  }
  if (!nx_tui_check_terminal(&error))
    return nx_fail(error);
  if (!nx_db_exists(address)) {
    int status = make_database(address);
    if (status != 0)
      return 1;
  }
  return nx_tui_manage(address, &error) ? 0 : nx_fail(error);
}

static int instruments(int argc, char **argv)
{
  const NxCommand *command = nx_cli_choose(&nx_command_instruments, &argc, &argv, NULL);
  if (!command)
    return nx_cli_exit_code();
  return command == &nx_command_instruments_manage ? manage(argc, argv) : nx_cli_usage_error("nx-tui only manages instruments");
}

/* -------------------------------------------------------------------------------------------------------- database */

static int view(const char *address, int argc, char **argv)
{
  if (!nx_cli_parse(&nx_command_db_view, argc, argv, NULL))
    return nx_cli_exit_code();
  if (!address) {
    fputs(UNSET, stderr);
    return 1;
  }
  g_autoptr(GError) error = NULL;
  if (!nx_db_exists(address)) {
    g_autofree char *shown = nx_config_masked_address(address);
    fprintf(stderr, "Error: Database does not exist at %s\nRun 'nexuslims db init' to create the database.\n", shown);
    return 1;
  }
  return nx_tui_view(address, &error) ? 0 : nx_fail(error);
}

static int db(int argc, char **argv)
{
  NxDbOptions options = {0};
  const NxCommand *command = nx_cli_choose(&nx_command_db, &argc, &argv, &options);
  if (!command)
    return nx_cli_exit_code();
  if (command != &nx_command_db_view)
    return nx_cli_usage_error("nx-tui only views databases; the other commands are nx-db's");
  g_autoptr(GError) error = NULL;
  g_autofree char *address = nx_db_chosen_address(options.db_uri, &error);
  return error ? nx_fail(error) : view(address, argc, argv);
}

/* --------------------------------------------------------------------------------------------------------- settings */

static int config(int argc, char **argv)
{
  const NxCommand *command = nx_cli_choose(&nx_command_config, &argc, &argv, NULL);
  if (!command)
    return nx_cli_exit_code();
  if (command != &nx_command_config_edit)
    return nx_cli_usage_error("nx-tui only edits settings; the other commands are nx-config's");
  NxConfigEditOptions options = {0};
  if (!nx_cli_parse(command, argc, argv, &options))
    return nx_cli_exit_code();
  g_autoptr(GError) error = NULL;
  return nx_tui_edit(options.env_path, &error) ? 0 : nx_fail(error);
}

/* --------------------------------------------------------------------------------------------------------- program */

static const NxCommand *const COMMANDS[] = {&nx_command_config, &nx_command_db, &nx_command_instruments, NULL};

static const NxCommand NX_TUI = {
  .name = "nx-tui",
  .version = NX_VERSION_DATED,
  .commands = COMMANDS,
  .help = "The full-screen programs of NexusLIMS.",
};

int main(int argc, char **argv)
{
  nx_log_start("nx-tui", 0);
  nx_tui_choose_locale();
  const NxCommand *command = nx_cli_choose(&NX_TUI, &argc, &argv, NULL);
  if (!command)
    return nx_cli_exit_code();
  if (command == &nx_command_config)
    return config(argc, argv);
  return command == &nx_command_db ? db(argc, argv) : instruments(argc, argv);
}
