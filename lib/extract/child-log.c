/* child-log.c — see child-log.h. */
#include "child-log.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct NxChildLog {
  int ours, theirs;    /* ends of a pipe; -1: closed */
  GString *unfinished; /* a line without its end */
  gsize left;          /* bytes of the share */
  gboolean is_cut;
};

static void close_end(int *fd)
{
  if (*fd >= 0)
    close(*fd);
  *fd = -1;
}

NxChildLog *nx_child_log_new(void)
{
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return NULL;
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  NxChildLog *log = g_new0(NxChildLog, 1);
  *log = (NxChildLog){ ends[0], ends[1], g_string_new(NULL), NX_CHILD_LOG_MAX, FALSE };
  return log;
}

gboolean nx_child_log_attach(const NxChildLog *log)
{
  return dup2(log->theirs, STDERR_FILENO) >= 0;
}

void nx_child_log_hand_over(NxChildLog *log)
{
  close_end(&log->theirs);
}

int nx_child_log_fd(const NxChildLog *log)
{
  return log->ours;
}

gboolean nx_child_log_is_cut(const NxChildLog *log)
{
  return log->is_cut;
}

/* Lines of `text`, the last one ended or not. */
static void write_lines(const char *text, gsize length)
{
  g_autoptr(GString) out = g_string_sized_new(length + 1);
  for (const char *line = text, *end = text + length; line < end;) {
    const char *stop = memchr(line, '\n', (gsize)(end - line));
    stop = stop ? stop : end;
    g_autofree char *valid = nx_text_utf8(line, stop - line), *visible = nx_text_visible(valid);
    g_string_append(out, visible);
    g_string_append_c(out, '\n');
    line = stop + 1;
  }
  nx_write_whole(STDERR_FILENO, out->str, out->len);
}

static void write_finished(NxChildLog *log)
{
  const char *last = memrchr(log->unfinished->str, '\n', log->unfinished->len);
  const gsize length = last ? (gsize)(last - log->unfinished->str) + 1 : 0;
  if (length == 0)
    return;
  write_lines(log->unfinished->str, length);
  g_string_erase(log->unfinished, 0, (gssize)length);
}

static void write_rest(NxChildLog *log)
{
  if (log->unfinished->len == 0)
    return;
  write_lines(log->unfinished->str, log->unfinished->len);
  g_string_truncate(log->unfinished, 0);
}

static void take(NxChildLog *log, const char *bytes, gsize length)
{
  const gsize taken = MIN(length, log->left);
  g_string_append_len(log->unfinished, bytes, (gssize)taken);
  log->left -= taken;
  log->is_cut |= taken < length;
}

void nx_child_log_forward(NxChildLog *log)
{
  char buffer[8192];
  ssize_t n = -1;
  for (gsize taken = 0; log->ours >= 0 && taken < NX_CHILD_LOG_MAX; taken += (gsize)n) {
    n = read(log->ours, buffer, sizeof buffer);
    if (n <= 0)
      break;
    take(log, buffer, (gsize)n);
  }
  if (n == 0) /* nobody can write any more, and polling would tell so for ever */
    close_end(&log->ours);
  if (log->left > 0)
    write_finished(log);
  else
    write_rest(log);
}

void nx_child_log_end_file(NxChildLog *log)
{
  write_rest(log);
  log->left = NX_CHILD_LOG_MAX;
  log->is_cut = FALSE;
}

void nx_child_log_free(NxChildLog *log)
{
  if (!log)
    return;
  close_end(&log->theirs);
  nx_child_log_forward(log);
  write_rest(log);
  close_end(&log->ours);
  g_string_free(log->unfinished, TRUE);
  g_free(log);
}
