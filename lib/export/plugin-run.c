/* plugin-run.c — one run of a plug-in: its environment, its input and output, its end. */
#include "plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIGNALED 128 /* nx_process_wait counts a signal from here */

/* ----------------------------------------------------------------------------------------------------------- environment */

/* A secret of another destination, harvester or of the database. Certificates to trust are none. */
static gboolean is_withheld(const char *name, const char *value)
{
  const NxSetting *setting = nx_setting_find(name, NULL);
  if (!setting || g_str_equal(name, "NX_CERT_BUNDLE"))
    return FALSE;
  return (setting->flags & NX_SETTING_SECRET) || (setting->type == NX_TYPE_DATABASE && strstr(value, "://"));
}

static char **environment_for_plugin(void)
{
  char **environment = g_get_environ();
  g_auto(GStrv) all = g_strdupv(environment);
  for (char **each = all; *each; each++) {
    const char *equals = strchr(*each, '=');
    g_autofree char *name = equals ? g_strndup(*each, (gsize)(equals - *each)) : NULL;
    if (name && is_withheld(name, equals + 1))
      environment = g_environ_unsetenv(environment, name);
  }
  return environment;
}

/* ------------------------------------------------------------------------------------------------------ input and output */

/* A file without a name that holds `text`, to be read from its beginning; -1 on errors. */
static int memory_file(const char *text, gsize length, GError **err)
{
  int fd = memfd_create("export_request", MFD_CLOEXEC);
  gboolean good = fd >= 0;
  for (gsize done = 0; good && done < length;) {
    gssize n = write(fd, text + done, length - done);
    good = n > 0 || errno == EINTR;
    done += (gsize)MAX(n, 0);
  }
  if (good && lseek(fd, 0, SEEK_SET) == 0)
    return fd;
  nx_error_from_errno(err, errno, "hand over", "the export request");
  if (fd >= 0)
    close(fd);
  return -1;
}

/* Adds what the program has written by now; FALSE at its end. */
static gboolean read_some(int fd, int patience_ms, GString *out)
{
  struct pollfd ready = {.fd = fd, .events = POLLIN};
  if (poll(&ready, 1, patience_ms) <= 0)
    return TRUE;
  char buffer[65536];
  gssize got = read(fd, buffer, sizeof buffer);
  if (got > 0)
    g_string_append_len(out, buffer, got);
  return got > 0 || (got < 0 && errno == EINTR);
}

/* Everything the program writes until it closes its output; an error when it must be ended. */
static gboolean read_all(int fd, GString *out, const char *name, guint limit_seconds, GError **err)
{
  gint64 deadline = g_get_monotonic_time() + nx_patience_us(limit_seconds);
  for (;;) {
    gint64 left_ms = (deadline - g_get_monotonic_time()) / 1000;
    if (!read_some(fd, (int)CLAMP(left_ms, 0, 200), out))
      return TRUE;
    if (nx_interrupted())
      g_set_error(err, NX_ERROR, NX_ERROR_INTERRUPTED, "%s was interrupted", name);
    else if (left_ms <= 0)
      g_set_error(err, NX_ERROR, NX_ERROR_PLACE, "%s did not finish within %u s and was ended", name, limit_seconds);
    else if (out->len > NX_LINE_MAX)
      g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "%s wrote more than %u MiB and was ended", name, NX_LINE_MAX >> 20);
    else
      continue;
    return FALSE;
  }
}

/* ------------------------------------------------------------------------------------------------------------------ run */

static gboolean check_end(int status, const char *name, GError **err)
{
  if (status == 0)
    return TRUE;
  if (status > SIGNALED && status < SIGNALED + NSIG)
    g_set_error(err, NX_ERROR, NX_ERROR_REMOTE, "%s was ended by signal %d (%s)", name, status - SIGNALED, strsignal(status - SIGNALED));
  else
    g_set_error(err, NX_ERROR, NX_ERROR_REMOTE, "%s ended with exit status %d; its own messages are in the log", name, status);
  return FALSE;
}

/* Its output is closed: the program gets a moment to end by itself, and its children none. */
static int wait_or_kill(GPid pid, gboolean is_whole)
{
  siginfo_t about = {0};
  for (guint i = 0; is_whole && i < 100; i++) {
    if (waitid(P_PID, (id_t)pid, &about, WEXITED | WNOHANG | WNOWAIT) == 0 && about.si_pid == pid)
      break;
    g_usleep(10000);
  }
  kill(-pid, SIGKILL);
  return nx_process_wait(pid);
}

GString *nx_plugin_run(char **argv, const char *input, gsize length, guint limit_seconds, GError **err)
{
  g_autofree char *name = g_path_get_basename(argv[0]);
  g_auto(GStrv) environment = environment_for_plugin();
  g_autoptr(GString) out = g_string_new(NULL);
  int ends[2], in = memory_file(input, length, err);
  if (in < 0)
    return NULL;
  if (pipe2(ends, O_CLOEXEC) != 0) {
    nx_error_from_errno(err, errno, "start", argv[0]);
    close(in);
    return NULL;
  }
  const NxSpawn spawn = {.argv = argv, .environment = environment, .in = in, .out = ends[1], .err = -1, .own_group = TRUE};
  GPid pid;
  gboolean is_started = nx_process_start(&spawn, &pid, err);
  close(in);
  close(ends[1]);
  gboolean is_whole = is_started && read_all(ends[0], out, name, limit_seconds, err);
  close(ends[0]);
  int status = is_started ? wait_or_kill(pid, is_whole) : 0;
  return is_whole && check_end(status, name, err) ? g_steal_pointer(&out) : NULL;
}
