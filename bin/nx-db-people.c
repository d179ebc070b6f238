/* nx-db-people.c — instruments and users: options in, library call, exit status out. */
#include "nx-db-commands.h"
#include "nx-listing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static const NxOption INSTRUMENTS_OPTIONS[] = {STAGE_VERBOSE(StageOptions), {0}};
static const NxCommand *const INSTRUMENTS_COMMANDS[] = {&nx_command_instruments_export, &nx_command_instruments_import,
                                                        &nx_command_instruments_list, NULL};

const NxCommand command_instruments = {
    .name = "instruments",
    .options = INSTRUMENTS_OPTIONS,
    .commands = INSTRUMENTS_COMMANDS,
    .runs_alone = TRUE,
    .help = "Write all instruments as JSON lines.\n\nThe options --import and --list stand for the commands import and list.",
};

/* ------------------------------------------------------------------------------------------------------------ users */

typedef struct {
  const char *user, *system, *external_id, *email, *notes;
} UserOptions;

#define USER_ARGUMENT                                                                                                                      \
  {                                                                                                                                        \
    .name = "USER", .type = NX_VALUE_TEXT, .field = offsetof(UserOptions, user)                                                            \
  }
#define SYSTEM_ARGUMENT                                                                                                                    \
  {                                                                                                                                        \
    .name = "SYSTEM", .type = NX_VALUE_TEXT, .field = offsetof(UserOptions, system)                                                        \
  }
#define ID_ARGUMENT                                                                                                                        \
  {                                                                                                                                        \
    .name = "ID", .type = NX_VALUE_TEXT, .field = offsetof(UserOptions, external_id)                                                       \
  }

static const NxOption ADD_OPTIONS[] = {
    {.name = "--email", .type = NX_VALUE_TEXT, .field = offsetof(UserOptions, email), .help = "Mail address of the person there."},
    {.name = "--notes", .type = NX_VALUE_TEXT, .field = offsetof(UserOptions, notes), .help = "Where the mapping comes from."},
    {0},
};
static const NxArgument ADD_ARGUMENTS[] = {USER_ARGUMENT, SYSTEM_ARGUMENT, ID_ARGUMENT, {0}};
static const NxCommand ADD = {
    .name = "add", .options = ADD_OPTIONS, .arguments = ADD_ARGUMENTS, .help = "Store the id of a user in a system, or change it."};

static const NxOption LIST_OPTIONS[] = {NX_OPTIONS_FORMAT(NxListingOptions), {0}};
static const NxCommand LIST = {.name = "list", .options = LIST_OPTIONS, .help = "List all ids of all users."};

static const NxArgument LOOKUP_ARGUMENTS[] = {
    USER_ARGUMENT,
    {.name = "SYSTEM", .type = NX_VALUE_TEXT, .optional = TRUE, .field = offsetof(UserOptions, system)},
    {0},
};
static const NxCommand LOOKUP = {
    .name = "lookup", .arguments = LOOKUP_ARGUMENTS, .help = "Print the id of a user in a system, or all ids as JSON."};

static const NxArgument VERIFY_ARGUMENTS[] = {USER_ARGUMENT, SYSTEM_ARGUMENT, {0}};
static const NxCommand VERIFY = {.name = "verify", .arguments = VERIFY_ARGUMENTS, .help = "Note that an id was checked now."};

static const NxArgument WHOIS_ARGUMENTS[] = {SYSTEM_ARGUMENT, ID_ARGUMENT, {0}};
static const NxCommand WHOIS = {.name = "whois", .arguments = WHOIS_ARGUMENTS, .help = "Print the user who has an id in a system."};

static const NxCommand *const USERS_COMMANDS[] = {&ADD, &LIST, &LOOKUP, &VERIFY, &WHOIS, NULL};

const NxCommand command_users = {
    .name = "users",
    .commands = USERS_COMMANDS,
    .help = "Names of users in other systems.",
};

int run_users(const char *address, int argc, char **argv)
{
  const NxCommand *command = nx_cli_choose(&command_users, &argc, &argv, NULL);
  UserOptions options = {0};
  NxListingOptions listing = {0};
  if (!command || !nx_cli_parse(command, argc, argv, command == &LIST ? (void *)&listing : (void *)&options))
    return nx_cli_exit_code();
  if (command == &ADD)
    return nx_db_command_users_add(address, options.user, options.system, options.external_id, options.email, options.notes);
  if (command == &LOOKUP)
    return nx_db_command_users_lookup(address, options.user, options.system);
  if (command == &VERIFY)
    return nx_db_command_users_verify(address, options.user, options.system);
  if (command == &WHOIS)
    return nx_db_command_users_whois(address, options.system, options.external_id);
  if (!nx_listing_accepts(listing.jq))
    return nx_cli_exit_code();
  return nx_db_command_users_list(address, listing.format == NX_FORMAT_JSON, listing.jq);
}

/* ------------------------------------------------------------------------------------------------------ instruments */

/* The address of a calendar may hold a password. */
static gboolean export_to_file(const char *address, const char *path, GError **err)
{
  char *text = NULL;
  size_t length = 0;
  FILE *memory = open_memstream(&text, &length);
  gboolean done = nx_stage_instruments(address, memory, err);
  fclose(memory);
  done = done && nx_file_write(path, text, length, 0600, err);
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

static int run_instruments_list(const char *address, int argc, char **argv)
{
  NxListingOptions options = {0};
  if (!nx_cli_parse(&nx_command_instruments_list, argc, argv, &options) || !nx_listing_accepts(options.jq))
    return nx_cli_exit_code();
  return nx_db_command_instruments_list(address, options.format == NX_FORMAT_JSON, options.jq);
}

/* `--import` and `--list` as words. */
static void take_option_as_word(int argc, char **argv)
{
  static char *const WORDS[][2] = {{"--import", "import"}, {"--list", "list"}};
  for (gsize i = 0; argc > 1 && i < G_N_ELEMENTS(WORDS); i++)
    if (g_str_equal(argv[1], WORDS[i][0]))
      argv[1] = WORDS[i][1];
}

int run_instruments(const char *address, int argc, char **argv)
{
  StageOptions options = {0};
  GError *error = NULL;
  take_option_as_word(argc, argv);
  const NxCommand *command = nx_cli_choose(&command_instruments, &argc, &argv, &options);
  if (!command)
    return nx_cli_exit_code();
  nx_log_start("nx-db", options.verbosity);
  if (command == &nx_command_instruments_export)
    return run_instruments_export(address, argc, argv);
  if (command == &nx_command_instruments_import)
    return run_instruments_import(address, argc, argv);
  if (command == &nx_command_instruments_list)
    return run_instruments_list(address, argc, argv);
  return nx_stage_instruments(address, stdout, &error) ? 0 : stage_failed(address, error);
}
