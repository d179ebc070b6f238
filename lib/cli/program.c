/* program.c — the state of the one command line that a process has. */
#include "program.h"
#include "command.h"
#include "nx-base.h"
#include "streams.h"

#include <signal.h>
#include <string.h>

#define NAME_VARIABLE "NX_CLI_PROG"

static struct {
  GString *words;
  const NxCommand *command;
  int exit_code;
  GPtrArray *kept;
} program;

/* Only what `nexuslims` itself would say is taken from the environment. */
static gboolean is_plain(const char *words)
{
  for (const char *at = words; *at != '\0'; at++)
    if (!g_ascii_isalnum(*at) && *at != '-' && *at != ' ')
      return FALSE;
  return *words != '\0';
}

void nx_cli_begin(const char *argv0)
{
  if (program.words)
    return;
  nx_cli_guard_streams();
  signal(SIGCHLD, SIG_DFL); /* whoever ignores it hands that on, and then no child can be waited for (wait(2), NOTES) */
  const char *wanted = g_getenv(NAME_VARIABLE);
  g_autofree char *base = g_path_get_basename(argv0 ? argv0 : "nexuslims");
  program.words = g_string_new(wanted && is_plain(wanted) ? wanted : base);
  g_unsetenv(NAME_VARIABLE);
}

void nx_cli_add_word(const char *word)
{
  g_string_append_printf(program.words, " %s", word);
}

const char *nx_cli_program(void)
{
  return program.words ? program.words->str : "";
}

void nx_cli_set_command(const NxCommand *command)
{
  program.command = command;
}

void nx_cli_set_exit_code(int code)
{
  program.exit_code = code;
}

int nx_cli_exit_code(void)
{
  return program.exit_code;
}

gpointer nx_cli_keep(gpointer allocation)
{
  if (!program.kept)
    program.kept = g_ptr_array_new();
  g_ptr_array_add(program.kept, allocation);
  return allocation;
}

int nx_cli_usage_error(const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  g_autofree char *raw = g_strdup_vprintf(format, arguments), *message = nx_log_masked(raw);
  va_end(arguments);
  if (program.command) {
    g_autofree char *usage = nx_command_usage(program.command);
    fprintf(stderr, "%sTry '%s --help' for help.\n\n", usage, nx_cli_program());
  }
  g_autofree char *valid = nx_text_utf8(message, -1);
  g_autofree char *visible = nx_text_visible(valid);
  fprintf(stderr, "Error: %s\n", visible);
  program.exit_code = 2;
  return 2;
}
