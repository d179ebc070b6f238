/* ask.c — a program that is asked something: its question is its input, its answer what it writes until it ends, or its time does. */
#include "nx-base.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOK_MS 200  /* a signal that comes just before a wait does not end it */
#define SIGNALED 128 /* nx_process_wait counts a signal from here */
#define MIB (1024u * 1024u)

int nx_memory_file(const char *text, gsize length, GError **err)
{
  int fd = memfd_create("text", MFD_CLOEXEC);
  if (fd >= 0 && nx_write_whole(fd, text, length) && lseek(fd, 0, SEEK_SET) == 0)
    return fd;
  nx_error_from_errno(err, errno, "keep", "a text in memory");
  if (fd >= 0)
    close(fd);
  return -1;
}

typedef struct {
  const NxQuestion *question;
  const char *name;
  GPid pid;
  int output; /* read without waiting; -1 once it is closed */
  int end;    /* can be read when the program has ended */
  gint64 deadline;
  GString *answer;
} Run;

static void close_output(Run *run)
{
  if (run->output >= 0)
    close(run->output);
  run->output = -1;
}

static gboolean start(Run *run, GError **err)
{
  const NxQuestion *question = run->question;
  int ends[2], in = question->input ? nx_memory_file(question->input, question->length, err) : -1;
  if (question->input && in < 0)
    return FALSE;
  gboolean is_good = pipe2(ends, O_CLOEXEC) == 0 || nx_error_from_errno(err, errno, "start", run->name);
  if (is_good) {
    const NxSpawn spawn = {
        .argv = question->argv, .environment = question->environment, .in = in, .out = ends[1], .err = question->err, .own_group = TRUE};
    is_good = nx_process_start(&spawn, &run->pid, err);
    close(ends[1]);
    run->output = ends[0];
    fcntl(run->output, F_SETFL, O_NONBLOCK);
  }
  if (in >= 0)
    close(in);
  return is_good;
}

/* Waits until there is more to read, the program ends, or it is time to look at the clock. */
static void wait_for_news(const Run *run)
{
  struct pollfd news[] = {{.fd = run->output, .events = POLLIN}, {.fd = run->end, .events = POLLIN}};
  gint64 left_ms = (run->deadline - g_get_monotonic_time()) / 1000 + 1;
  poll(news, G_N_ELEMENTS(news), (int)CLAMP(left_ms, 0, LOOK_MS));
}

/* Adds what has been written. The number of bytes; 0 when there are none now, -1 on errors. */
static gssize take(Run *run, GError **err)
{
  char buffer[65536];
  gssize n;
  do
    n = run->output >= 0 ? read(run->output, buffer, sizeof buffer) : 0;
  while (n < 0 && errno == EINTR);
  if (n > 0)
    g_string_append_len(run->answer, buffer, n);
  else if (n == 0)
    close_output(run);
  else if (errno == EAGAIN)
    n = 0;
  else
    nx_error_from_errno(err, errno, "read the answer of", run->name);
  return n;
}

static gboolean may_go_on(const Run *run, GError **err)
{
  gsize most = run->question->answer_max;
  if (nx_interrupted())
    g_set_error(err, NX_ERROR, NX_ERROR_INTERRUPTED, "%s was interrupted", run->name);
  else if (g_get_monotonic_time() >= run->deadline)
    g_set_error(err, NX_ERROR, NX_ERROR_PLACE, "%s did not finish within %u s and was ended", run->name, run->question->seconds);
  else if (run->answer->len > most)
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "%s wrote more than %" G_GSIZE_FORMAT " %s and was ended", run->name,
                most / (most < MIB ? 1024 : MIB), most < MIB ? "KiB" : "MiB");
  else
    return TRUE;
  return FALSE;
}

/* A process that it leaves behind can keep the output open, so that its own end counts. */
static gboolean hear_out(Run *run, GError **err)
{
  for (;;) {
    wait_for_news(run);
    gboolean is_over = nx_process_has_ended(run->pid); /* asked first: what it wrote before is there now */
    gssize n = take(run, err);
    if (n < 0)
      return FALSE;
    if (is_over && n == 0)
      return TRUE;
    if (!may_go_on(run, err))
      return FALSE;
  }
}

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

GString *nx_process_ask(const NxQuestion *question, int *status, GError **err)
{
  g_autofree char *name = g_path_get_basename(question->argv[0]);
  g_autoptr(GString) answer = g_string_new(NULL);
  Run run = {.question = question, .name = name, .pid = -1, .output = -1, .end = -1, .deadline = G_MAXINT64, .answer = answer};
  gboolean is_whole = start(&run, err);
  if (is_whole) {
    if (question->seconds > 0)
      run.deadline = g_get_monotonic_time() + nx_patience_us(question->seconds);
    run.end = pidfd_open(run.pid, 0);
    is_whole = hear_out(&run, err);
  }
  close_output(&run);
  if (run.end >= 0)
    close(run.end);
  if (run.pid < 0)
    return NULL;
  kill(-run.pid, SIGKILL);
  int ended = nx_process_wait(run.pid);
  if (status)
    *status = ended;
  return is_whole && (status || check_end(ended, name, err)) ? g_steal_pointer(&answer) : NULL;
}
