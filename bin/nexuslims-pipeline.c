/* nexuslims-pipeline.c — starts the stages, copies what they say, and counts how they end (DESIGN §1, LINES "log lines").
 *
 * Only pipes connect the stages; nothing is read here but the last one's output and everybody's standard error. All of these are read in
 * one poll loop, so that a stage that talks much never blocks another. */
#include "nexuslims-pipeline.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE 65536
#define TALK_LINE_MAX (1024u * 1024u) /* a longer line of standard error is passed on in pieces */
#define POLL_MS 500                   /* a signal that comes just before poll(2) waits no longer than this */
/* What a stage started and left behind may keep its standard error open for ever; what it says so long after the stage's end is not heard. */
#define LAST_WORDS_US G_USEC_PER_SEC

/* A descriptor that is read line by line. */
typedef struct {
  int fd;         /* -1 once it ended */
  GString *rest;  /* what came behind the last newline */
  gsize searched; /* of it, the bytes known to hold no newline */
  gsize limit;
  PipelineLine line;
  gpointer user_data;
} Reader;

typedef struct {
  const Pipeline *pipeline;
  guint n;
  GPid *pids;      /* 0: not running */
  gint64 *ended;   /* when each was seen to have ended, monotonic; 0 before */
  Reader *readers; /* standard error of each stage, then the last one's output */
  int passed_on;   /* the signal that was passed on, or 0 */
  gboolean log_failed;
} Run;

/* ------------------------------------------------------------------------------------------------------------ talk */

/* The level stands behind the time and the name of a program of ours (LINES "log lines"). */
static gboolean is_warning(const char *line, gsize length)
{
  const gssize head = (gssize)MIN(length, 64);
  return g_strstr_len(line, head, " WARNING: ") || g_strstr_len(line, head, " ERROR: ");
}

static void copy_talk(const char *line, gsize length, gpointer user_data)
{
  Run *run = user_data;
  g_autofree char *whole = g_malloc(length + 1);
  memcpy(whole, line, length);
  whole[length] = '\n';
  if (run->pipeline->warned && is_warning(line, length))
    *run->pipeline->warned = TRUE;
  nx_write_whole(STDERR_FILENO, whole, length + 1);
  if (nx_write_whole(run->pipeline->log_fd, whole, length + 1) || run->log_failed)
    return;
  run->log_failed = TRUE;
  nx_log_error("cannot write the log file: %s; its lines are on standard error only", g_strerror(errno));
}

/* --------------------------------------------------------------------------------------------------------- reading */

static void hand_out_lines(Reader *reader, gboolean at_end)
{
  GString *rest = reader->rest;
  gsize start = 0, from = reader->searched;
  const char *newline;
  while ((newline = memchr(rest->str + from, '\n', rest->len - from))) {
    gsize length = (gsize)(newline - rest->str) - start;
    reader->line(rest->str + start, length, reader->user_data);
    from = start += length + 1;
  }
  g_string_erase(rest, 0, (gssize)start);
  reader->searched = rest->len;
  if (rest->len == 0 || (!at_end && rest->len < reader->limit))
    return;
  reader->line(rest->str, rest->len, reader->user_data);
  g_string_truncate(rest, 0);
  reader->searched = 0;
}

static void reader_end(Reader *reader)
{
  hand_out_lines(reader, TRUE);
  close(reader->fd);
  reader->fd = -1;
}

static void read_some(Reader *reader)
{
  char buffer[READ_SIZE];
  gssize n = read(reader->fd, buffer, sizeof buffer);
  if (n < 0 && (errno == EINTR || errno == EAGAIN))
    return;
  if (n > 0)
    g_string_append_len(reader->rest, buffer, n);
  if (n > 0)
    hand_out_lines(reader, FALSE);
  else
    reader_end(reader);
}

static void reader_open(Reader *reader, int fd, gsize limit, PipelineLine line, gpointer user_data)
{
  *reader = (Reader){.fd = fd, .rest = g_string_new(NULL), .limit = limit, .line = line, .user_data = user_data};
}

/* -------------------------------------------------------------------------------------------------------- starting */

static void close_if_open(int *fd)
{
  if (*fd >= 0)
    close(*fd);
  *fd = -1;
}

static gboolean make_pipe(int ends[2], const char *stage)
{
  if (pipe2(ends, O_CLOEXEC) == 0)
    return TRUE;
  nx_log_error("cannot make a pipe for %s: %s", stage, g_strerror(errno));
  ends[0] = ends[1] = -1;
  return FALSE;
}

static gboolean start_program(char **words, int in, int out, int err, GPid *pid)
{
  g_autofree char *path = nx_program_path(words[0]);
  if (!path) {
    nx_log_error("%s is not installed", words[0]);
    return FALSE;
  }
  g_auto(GStrv) argv = g_strdupv(words);
  g_free(argv[0]);
  argv[0] = g_steal_pointer(&path);
  g_autoptr(GError) problem = NULL;
  NxSpawn spawn = {.argv = argv, .in = in, .out = out, .err = err};
  if (nx_process_start(&spawn, pid, &problem))
    return TRUE;
  nx_log_error("%s", problem->message);
  *pid = 0;
  return FALSE;
}

/* Starts stage `i`, which reads `in`; *next is what the following stage (or we) read. Both ends are closed here as the child has them. */
static gboolean start_stage(Run *run, guint i, int in, int *next)
{
  char **words = run->pipeline->stages[i];
  gboolean last = i + 1 == run->n;
  int out[2] = {-1, -1}, err[2] = {-1, -1};
  gboolean piped = last && !run->pipeline->line ? TRUE : make_pipe(out, words[0]);
  gboolean started = piped && make_pipe(err, words[0]) && start_program(words, in, out[1], err[1], &run->pids[i]);
  close_if_open(&in);
  close_if_open(&out[1]);
  close_if_open(&err[1]);
  if (err[0] >= 0)
    reader_open(&run->readers[i], err[0], TALK_LINE_MAX, copy_talk, run);
  *next = out[0];
  return started;
}

static void pass_on_signal(Run *run)
{
  int signal_number = nx_interrupted();
  if (!signal_number || run->passed_on)
    return;
  run->passed_on = signal_number;
  nx_log_warning("stopping after signal %d (%s); once more stops at once", signal_number, g_strsignal(signal_number));
  guint told = run->pipeline->drains ? run->n - 1 : run->n;
  for (guint i = 0; i < told; i++)
    if (run->pids[i] > 0)
      kill(run->pids[i], signal_number);
  static const int SIGNALS[] = {SIGINT, SIGTERM, SIGHUP};
  for (guint i = 0; i < G_N_ELEMENTS(SIGNALS); i++)
    signal(SIGNALS[i], SIG_DFL);
}

/* Whether the first stage writes anything into `output`, before it ends; what it says meanwhile is copied. */
static gboolean is_fed(Run *run, int output)
{
  Reader *talk = &run->readers[0];
  for (;;) {
    pass_on_signal(run);
    struct pollfd descriptors[] = {{.fd = output, .events = POLLIN}, {.fd = talk->fd, .events = POLLIN}};
    if (poll(descriptors, G_N_ELEMENTS(descriptors), POLL_MS) <= 0)
      continue;
    if (talk->fd >= 0 && descriptors[1].revents)
      read_some(talk);
    if (descriptors[0].revents)
      return (descriptors[0].revents & POLLIN) != 0;
  }
}

/* When one stage cannot be started, those before it see their reader vanish and end. */
static gboolean start_all(Run *run)
{
  int between = -1;
  for (guint i = 0; i < run->n; i++) {
    if (!start_stage(run, i, between, &between)) {
      close_if_open(&between);
      return FALSE;
    }
    if (i == 0 && run->pipeline->waits_for_lines && !is_fed(run, between)) {
      close_if_open(&between);
      run->n = 1;
      return TRUE;
    }
  }
  if (between >= 0)
    reader_open(&run->readers[run->n], between, NX_LINE_MAX, run->pipeline->line, run->pipeline->user_data);
  return TRUE;
}

/* -------------------------------------------------------------------------------------------------------- watching */

/* Stages that have ended are heard no longer than it takes to say their last words. */
static void leave_ended_stages(Run *run)
{
  const gint64 now = g_get_monotonic_time();
  for (guint i = 0; i < run->n; i++) {
    if (!run->ended[i] && run->pids[i] > 0 && nx_process_has_ended(run->pids[i]))
      run->ended[i] = now;
    if (run->ended[i] && now - run->ended[i] > LAST_WORDS_US && run->readers[i].fd >= 0)
      reader_end(&run->readers[i]);
  }
}

/* Waits for something to read; FALSE when every descriptor has ended. */
static gboolean watch_once(Run *run)
{
  g_autofree struct pollfd *descriptors = g_new0(struct pollfd, run->n + 1);
  gboolean any = FALSE;
  for (guint i = 0; i <= run->n; i++) {
    descriptors[i] = (struct pollfd){.fd = run->readers[i].fd, .events = POLLIN};
    any = any || run->readers[i].fd >= 0;
  }
  if (!any)
    return FALSE;
  const int told = poll(descriptors, run->n + 1, POLL_MS);
  for (guint i = 0; i <= run->n && told > 0; i++)
    if (run->readers[i].fd >= 0 && descriptors[i].revents)
      read_some(&run->readers[i]);
  leave_ended_stages(run);
  return TRUE;
}

static gboolean stage_ended_well(const Run *run, guint i)
{
  if (run->pids[i] <= 0)
    return FALSE;
  int status = nx_process_wait(run->pids[i]);
  const char *name = run->pipeline->stages[i][0];
  if (status == 0)
    return TRUE;
  if (nx_interrupted() || (run->pipeline->tells_itself && status <= 128))
    nx_log_debug("%s ended with status %d", name, status);
  else if (status > 128)
    nx_log_error("%s: %s was ended by signal %d (%s)", run->pipeline->name, name, status - 128, g_strsignal(status - 128));
  else
    nx_log_error("%s: %s ended with exit status %d", run->pipeline->name, name, status);
  return FALSE;
}

static void run_clear(Run *run)
{
  for (guint i = 0; i <= run->n; i++) {
    close_if_open(&run->readers[i].fd);
    if (run->readers[i].rest)
      g_string_free(run->readers[i].rest, TRUE);
  }
  g_free(run->readers);
  g_free(run->pids);
  g_free(run->ended);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_clear)

static guint count_stages(const Pipeline *pipeline)
{
  guint n = 0;
  while (pipeline->stages[n])
    n++;
  return n;
}

gboolean pipeline_run(const Pipeline *pipeline)
{
  g_auto(Run) run = {.pipeline = pipeline, .n = count_stages(pipeline)};
  run.pids = g_new0(GPid, run.n);
  run.ended = g_new0(gint64, run.n);
  run.readers = g_new0(Reader, run.n + 1);
  for (guint i = 0; i <= run.n; i++)
    run.readers[i].fd = -1;
  gboolean well = start_all(&run);
  do
    pass_on_signal(&run);
  while (watch_once(&run));
  for (guint i = 0; i < run.n; i++)
    well = stage_ended_well(&run, i) && well;
  return well && !nx_interrupted();
}

gboolean pipeline_is_complete(const Pipeline *pipeline)
{
  gboolean complete = TRUE;
  for (guint i = 0; pipeline->stages[i]; i++) {
    g_autofree char *path = nx_program_path(pipeline->stages[i][0]);
    if (path)
      continue;
    nx_log_error("%s is not installed", pipeline->stages[i][0]);
    complete = FALSE;
  }
  return complete;
}
