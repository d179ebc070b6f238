/* edit-try.c — `Test connection`, and whatever else asks a server: a child does it with the values of the form, which it gets in its environment
 * (never in argv). */
#include "edit.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define LONGEST_ANSWER 4096

/* Ours without any setting, and the settings of the form. */
static char **environment_of(const NxEdit *edit)
{
  char **environment = g_get_environ();
  g_auto(GStrv) names = g_listenv();
  for (char **name = names; *name; name++)
    if (nx_setting_find(*name, NULL))
      environment = g_environ_unsetenv(environment, *name);
  g_autoptr(GHashTable) wanted = nx_edit_wanted(edit);
  GHashTableIter iter;
  gpointer name, value;
  g_hash_table_iter_init(&iter, wanted);
  while (g_hash_table_iter_next(&iter, &name, &value))
    environment = g_environ_setenv(environment, name, value, TRUE);
  return g_environ_setenv(environment, "NX_ENV_FILE", "/dev/null", TRUE);
}

static gboolean start(const NxEdit *edit, const char *what, int in, int out, GPid *pid, GError **err)
{
  g_autofree char *program = nx_program_path("nx-tui-probe");
  if (!program) {
    g_set_error_literal(err, NX_ERROR, NX_ERROR_MISSING, "the program nx-tui-probe, which asks the server, is not installed");
    return FALSE;
  }
  g_auto(GStrv) environment = environment_of(edit);
  g_auto(GStrv) words = g_strsplit(what, " ", 2);
  char *argv[] = {program, words[0], words[1], NULL};
  NxSpawn spawn = {.argv = argv, .environment = environment, .in = in, .out = out, .err = out};
  return nx_process_start(&spawn, pid, err);
}

/* Reads until the child closes its end. FALSE: Escape stopped it. */
static gboolean listen(int from, GString *answer)
{
  for (;;) {
    char bytes[512];
    ssize_t got = read(from, bytes, sizeof bytes);
    if (got > 0 && answer->len < LONGEST_ANSWER)
      g_string_append_len(answer, bytes, got);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
      return TRUE;
    if (got > 0)
      continue;
    nx_notice(NX_ROLE_WARNING, "Asking the server... (Esc stops)");
    nx_screen_show();
    if (nx_screen_key(100) == NX_KEY_ESCAPE || nx_screen_is_quitting())
      return FALSE;
  }
}

NxProbeResult nx_edit_probe(const NxEdit *edit, const char *what, const char *input, char **text)
{
  int ends[2], in = -1;
  GPid pid = 0;
  g_autoptr(GError) error = NULL;
  g_autoptr(GString) answer = g_string_new(NULL);
  if (!g_unix_open_pipe(ends, FD_CLOEXEC, &error)) {
    *text = g_strdup(error->message);
    return NX_PROBE_BAD;
  }
  gboolean started = (!input || (in = nx_memory_file(input, strlen(input), &error)) >= 0) && start(edit, what, in, ends[1], &pid, &error);
  close(ends[1]);
  if (in >= 0)
    close(in);
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  gboolean heard = started && listen(ends[0], answer);
  close(ends[0]);
  if (started && !heard)
    kill(pid, SIGTERM);
  int status = started ? nx_process_wait(pid) : 1;
  nx_notice_clear();
  const char *said = !started ? error->message : *g_strstrip(answer->str) ? answer->str : "The program that asks the server ended without an answer.";
  *text = nx_log_masked(said);
  if (started && !heard)
    return NX_PROBE_STOPPED;
  return status == 0 ? NX_PROBE_GOOD : NX_PROBE_BAD;
}
