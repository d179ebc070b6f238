/* edit-try.c — `Test connection`: a child asks the server with the values of the form, which it gets in its environment (never in argv). */
#include "edit.h"

#include "box.h"

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

static gboolean start(const NxEdit *edit, const char *what, int out, GPid *pid, GError **err)
{
  g_autofree char *program = nx_program_path("nx-tui-probe");
  if (!program) {
    g_set_error_literal(err, NX_ERROR, NX_ERROR_MISSING, "the program nx-tui-probe, which asks the server, is not installed");
    return FALSE;
  }
  g_auto(GStrv) environment = environment_of(edit);
  g_auto(GStrv) words = g_strsplit(what, " ", 2);
  char *argv[] = {program, words[0], words[1], NULL};
  NxSpawn spawn = {.argv = argv, .environment = environment, .in = -1, .out = out, .err = out};
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
    nx_notice(NX_ROLE_WARNING, "Testing the connection... (Esc stops)");
    nx_screen_show();
    if (nx_screen_key(100) == NX_KEY_ESCAPE || nx_screen_is_quitting())
      return FALSE;
  }
}

void nx_edit_try(const NxEdit *edit, const char *what)
{
  int ends[2];
  GPid pid = 0;
  g_autoptr(GError) error = NULL;
  g_autoptr(GString) answer = g_string_new(NULL);
  if (!g_unix_open_pipe(ends, FD_CLOEXEC, &error)) {
    nx_notice(NX_ROLE_ERROR, "%s", error->message);
    return;
  }
  gboolean started = start(edit, what, ends[1], &pid, &error);
  close(ends[1]);
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  gboolean heard = started && listen(ends[0], answer);
  close(ends[0]);
  if (started && !heard)
    kill(pid, SIGTERM);
  int status = started ? nx_process_wait(pid) : 1;
  nx_notice_clear();
  g_autofree char *text = nx_log_masked(started ? g_strstrip(answer->str) : error->message);
  if (heard || !started)
    nx_box_say(status == 0 ? "Connection works" : "Connection failed", *text ? text : "The program that asks the server ended without an answer.");
}
