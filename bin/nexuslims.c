/* nexuslims.c — the dispatcher: finds the command in the documented tree, answers help, version, usage errors and completion from the
 * tree's rows, and becomes the program that does the work (cli §11). Only build-records and completion are done here. */
#include "nexuslims-build.h"
#include "nx-base.h"
#include "nx-cli-tree.h"
#include "nx-completion.h"

#include <string.h>
#include <unistd.h>

/* Who does the work of a command: `program` gets the words behind the first `dropped` ones, and calls itself by the dropped ones. */
typedef struct {
  const NxCommand *command; /* a command, or a group: then all commands of the group that have no row of their own before it */
  const char *program;
  guint dropped;
} Worker;

static const Worker WORKERS[] = {
    {&nx_command_config_edit, "nx-tui", 1},
    {&nx_command_db_view, "nx-tui", 1},
    {&nx_command_instruments_manage, "nx-tui", 1},
    {&nx_command_config, "nx-config", 2},
    {&nx_command_db, "nx-db", 2},
    {&nx_command_instruments, "nx-db", 1},
    {&nx_command_extract, "nx-extract", 2},
    {&nx_command_check, "nexuslims-check", 2},
    {&nx_command_support_bundle, "nexuslims-support-bundle", 2},
};

static const Worker *find_worker(const NxCommand *group, const NxCommand *command)
{
  for (guint i = 0; i < G_N_ELEMENTS(WORKERS); i++)
    if (WORKERS[i].command == command || WORKERS[i].command == group)
      return &WORKERS[i];
  return NULL;
}

/* Becomes the worker. `first` is where the first word behind "nexuslims" stands in argv. */
static int become(const Worker *worker, const char *top_word, char **argv, int first)
{
  g_autofree char *path = nx_program_path(worker->program);
  if (!path) {
    fprintf(stderr, "Error: '%s' is not done yet: its program %s is not installed.\n", nx_cli_program(), worker->program);
    return 1;
  }
  g_autofree char *name = worker->dropped == 1 ? g_strdup("nexuslims") : g_strdup_printf("nexuslims %s", top_word);
  g_setenv("NX_CLI_PROG", name, TRUE);
  char **words = argv + first - 1 + (worker->dropped - 1);
  char *kept = words[0];
  words[0] = path;
  execv(path, words);
  words[0] = kept;
  g_autoptr(GError) problem = NULL;
  nx_error_from_errno(&problem, errno, "start", path);
  return nx_fail(problem);
}

static int complete_or_explain(int argc, char **argv)
{
  NxCompletionOptions options = {0};
  if (!nx_cli_parse(&nx_command_completion, argc, argv, &options))
    return nx_cli_exit_code();
  nx_completion_explain(options.shell, stdout);
  return 0;
}

static int build(int argc, char **argv)
{
  NxBuildRecordsOptions options = {0};
  if (!nx_cli_parse(&nx_command_build_records, argc, argv, &options))
    return nx_cli_exit_code();
  return build_records(&options);
}

int main(int argc, char **argv)
{
  int code;
  if (nx_completion_answer(&nx_command_nexuslims, &code))
    return code;
  char **all = argv;
  const NxCommand *group = NULL, *command = nx_cli_choose(&nx_command_nexuslims, &argc, &argv, NULL);
  int first = (int)(argv - all);
  if (command && command->commands) {
    group = command;
    command = nx_cli_choose(group, &argc, &argv, NULL);
  }
  if (!command)
    return nx_cli_exit_code();
  if (command == &nx_command_build_records)
    return build(argc, argv);
  if (command == &nx_command_completion)
    return complete_or_explain(argc, argv);
  if (!nx_cli_parse(command, argc, argv, NULL))
    return nx_cli_exit_code();
  return become(find_worker(group, command), group ? group->name : command->name, all, first);
}
