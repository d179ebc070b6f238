/* pool.c — nx-extract processes side by side. Each has at most two files: the one it works on and the next, so that it never waits for us.
 * It answers in the order it was asked, so when one dies the file at fault is the first without an answer; the other is asked again. */
#include "nx-record.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define FILES_ASKED 2
#define ANSWER_SECONDS 1800.0 /* nx-extract has limits of its own for each file; this is for an nx-extract that hangs itself */
#define GOODBYE_SECONDS 5

typedef struct {
  gboolean running;
  GPid pid;
  int to, from;
  GString *unsent;
  GString *received;
  GQueue asked;      /* of file numbers */
  gint64 answer_due; /* monotonic µs */
} Worker;

struct NxPool {
  const char *program;
  const char *const *arguments;
  Worker *workers;
  guint n_workers;
};

/* One run over a set of files. */
typedef struct {
  NxPool *pool;
  const GArray *wanted;
  guint next; /* in wanted */
  GQueue again;
  guint done;
  NxPoolAsk ask;
  NxPoolTake take;
  gpointer user_data;
  GError *refusal; /* of `take`, which is not called any more then */
} Run;

NxPool *nx_pool_new(const char *program, const char *const *arguments, guint workers)
{
  NxPool *pool = g_new0(NxPool, 1);
  pool->program = program;
  pool->arguments = arguments;
  pool->n_workers = MAX(workers, 1);
  pool->workers = g_new0(Worker, pool->n_workers);
  return pool;
}

static gint64 answer_time(void)
{
  return g_get_monotonic_time() + nx_patience_us(ANSWER_SECONDS);
}

/* --------------------------------------------------------------------------------------------------- a worker's life */

static gboolean start_worker(NxPool *pool, Worker *worker, GError **err)
{
  int questions[2] = {-1, -1}, answers[2] = {-1, -1};
  gboolean good = g_unix_open_pipe(questions, FD_CLOEXEC, err) && g_unix_open_pipe(answers, FD_CLOEXEC, err);
  g_autoptr(GPtrArray) argv = g_ptr_array_new();
  g_ptr_array_add(argv, (gpointer)pool->program);
  for (const char *const *argument = pool->arguments; argument && *argument; argument++)
    g_ptr_array_add(argv, (gpointer)*argument);
  g_ptr_array_add(argv, NULL);
  NxSpawn spawn = {.argv = (char **)argv->pdata, .in = questions[0], .out = answers[1], .err = -1};
  good = good && nx_process_start(&spawn, &worker->pid, err);
  for (int end = 0; end < 2; end++) {
    int ours = end == 0 ? questions[1] : answers[0], theirs = end == 0 ? questions[0] : answers[1];
    if (theirs >= 0)
      close(theirs);
    if (ours >= 0 && !good)
      close(ours);
  }
  if (!good)
    return FALSE;
  worker->to = questions[1];
  worker->from = answers[0];
  g_unix_set_fd_nonblocking(worker->to, TRUE, NULL);
  g_unix_set_fd_nonblocking(worker->from, TRUE, NULL);
  worker->unsent = g_string_new(NULL);
  worker->received = g_string_new(NULL);
  worker->running = TRUE;
  return TRUE;
}

/* Takes the exit status, as a shell counts it. */
static int end_worker(Worker *worker)
{
  if (worker->to >= 0)
    close(worker->to);
  close(worker->from);
  g_string_free(worker->unsent, TRUE);
  g_string_free(worker->received, TRUE);
  g_queue_clear(&worker->asked);
  worker->running = FALSE;
  return nx_process_wait(worker->pid);
}

/* No more questions: it ends by itself, or is ended. */
static void dismiss_worker(Worker *worker)
{
  char unwanted[4096];
  close(worker->to);
  worker->to = -1;
  gssize n = 1;
  while (n != 0 && poll(&(struct pollfd){.fd = worker->from, .events = POLLIN}, 1, GOODBYE_SECONDS * 1000) > 0)
    n = read(worker->from, unwanted, sizeof unwanted);
  if (n != 0)
    kill(worker->pid, SIGKILL);
  end_worker(worker);
}

void nx_pool_free(NxPool *pool)
{
  if (!pool)
    return;
  for (guint i = 0; i < pool->n_workers; i++)
    if (pool->workers[i].running)
      dismiss_worker(&pool->workers[i]);
  g_free(pool->workers);
  g_free(pool);
}

/* ------------------------------------------------------------------------------------------------------------ asking */

static gboolean has_more(Run *run)
{
  return run->next < run->wanted->len || !g_queue_is_empty(&run->again);
}

static guint next_file(Run *run)
{
  if (!g_queue_is_empty(&run->again))
    return GPOINTER_TO_UINT(g_queue_pop_head(&run->again));
  return g_array_index(run->wanted, guint, run->next++);
}

static void ask(Run *run, Worker *worker)
{
  guint file = next_file(run);
  g_autoptr(json_object) question = run->ask(file, run->user_data);
  nx_json_append(worker->unsent, question, NX_JSON_LINE);
  g_string_append_c(worker->unsent, '\n');
  if (g_queue_is_empty(&worker->asked))
    worker->answer_due = answer_time();
  g_queue_push_tail(&worker->asked, GUINT_TO_POINTER(file));
}

/* An idle worker that ended, or spoke without being asked, is not given a file: the file would be blamed for it. */
static void drop_if_gone(Worker *worker)
{
  if (!worker->running || !g_queue_is_empty(&worker->asked) || poll(&(struct pollfd){.fd = worker->from, .events = POLLIN}, 1, 0) == 0)
    return;
  kill(worker->pid, SIGKILL);
  end_worker(worker);
}

/* One file for each worker before any has a second. */
static gboolean ask_all(Run *run, GError **err)
{
  for (guint each = 1; each <= FILES_ASKED; each++) {
    for (guint i = 0; i < run->pool->n_workers && has_more(run); i++) {
      Worker *worker = &run->pool->workers[i];
      if (g_queue_get_length(&worker->asked) >= each)
        continue;
      drop_if_gone(worker);
      if (!worker->running && !start_worker(run->pool, worker, err))
        return FALSE;
      ask(run, worker);
    }
  }
  return TRUE;
}

/* What the pipe takes now. When nobody reads it any more, the end of the answers will tell. */
static void send_questions(Worker *worker)
{
  gssize n = write(worker->to, worker->unsent->str, worker->unsent->len);
  if (n > 0)
    g_string_erase(worker->unsent, 0, n);
  else if (n < 0 && errno != EAGAIN && errno != EINTR)
    g_string_truncate(worker->unsent, 0);
}

/* ----------------------------------------------------------------------------------------------------------- answers */

static void give(Run *run, guint file, json_object *answer, const char *failure)
{
  run->done++;
  if (!run->refusal)
    run->take(file, answer, failure, run->user_data, &run->refusal);
}

/* What nx-extract says when it cannot work at all (settings, walls, a signal), and a shell or the loader of a program that does not start. No file
 * is to blame for these. */
static gboolean cannot_run(int status)
{
  static const int STATUSES[] = {1, 126, 127};
  for (gsize i = 0; i < G_N_ELEMENTS(STATUSES); i++)
    if (STATUSES[i] == status)
      return TRUE;
  return FALSE;
}

/* The worker is gone, or of no more use: the file it had counts as failed, the one that waited is asked again. */
static gboolean replace_worker(Run *run, Worker *worker, const char *failure, GError **err)
{
  gboolean had_file = !g_queue_is_empty(&worker->asked);
  guint file = had_file ? GPOINTER_TO_UINT(g_queue_pop_head(&worker->asked)) : 0;
  while (!g_queue_is_empty(&worker->asked))
    g_queue_push_head(&run->again, g_queue_pop_tail(&worker->asked));
  if (failure)
    kill(worker->pid, SIGKILL);
  int status = end_worker(worker);
  if (!failure && cannot_run(status)) {
    g_set_error(err, NX_ERROR, NX_ERROR_CONFIG, "%s cannot run (exit status %d); its own message is above", run->pool->program, status);
    return FALSE;
  }
  if (!had_file)
    return TRUE;
  g_autofree char *reason = failure ? g_strdup(failure)
                            : status > 128
                                ? g_strdup_printf("nx-extract was ended by signal %d (%s)", status - 128, g_strsignal(status - 128))
                                : g_strdup_printf("nx-extract ended with exit status %d", status);
  give(run, file, NULL, reason);
  return TRUE;
}

/* One line of answer. NULL, or what is wrong with it. */
static const char *take_answer(Run *run, Worker *worker, const char *line, gsize length)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(json_object) answer = nx_json_parse(line, length, &problem);
  if (g_queue_is_empty(&worker->asked))
    return "nx-extract answered without being asked";
  if (!json_object_is_type(nx_json_get(answer, "datasets"), json_type_array))
    return "nx-extract gave an answer that is no file line with datasets";
  worker->answer_due = answer_time();
  give(run, GPOINTER_TO_UINT(g_queue_pop_head(&worker->asked)), answer, NULL);
  return NULL;
}

/* Complete lines of what was received. NULL, or why this worker cannot be trusted any more. */
static const char *take_answers(Run *run, Worker *worker)
{
  const char *wrong = NULL;
  gsize taken = 0;
  while (!wrong) {
    const char *line = worker->received->str + taken, *end = memchr(line, '\n', worker->received->len - taken);
    if (!end)
      break;
    wrong = take_answer(run, worker, line, (gsize)(end - line));
    taken += (gsize)(end - line) + 1;
  }
  g_string_erase(worker->received, 0, (gssize)taken);
  if (!wrong && worker->received->len > NX_LINE_MAX)
    wrong = "nx-extract gave an answer that is too long";
  return wrong;
}

static gboolean receive(Run *run, Worker *worker, GError **err)
{
  char piece[65536];
  gssize n = read(worker->from, piece, sizeof piece);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return TRUE;
  if (n <= 0)
    return replace_worker(run, worker, NULL, err);
  g_string_append_len(worker->received, piece, n);
  const char *wrong = memchr(piece, '\n', (gsize)n) || worker->received->len > NX_LINE_MAX ? take_answers(run, worker) : NULL;
  return !wrong || replace_worker(run, worker, wrong, err);
}

/* --------------------------------------------------------------------------------------------------------------- run */

/* Waits for the first thing to happen at any worker, and sees to it. */
static gboolean attend(Run *run, GError **err)
{
  NxPool *pool = run->pool;
  g_autofree struct pollfd *ends = g_new0(struct pollfd, 2 * pool->n_workers);
  gint64 due = G_MAXINT64;
  for (guint i = 0; i < pool->n_workers; i++) {
    Worker *worker = &pool->workers[i];
    gboolean busy = worker->running && !g_queue_is_empty(&worker->asked);
    ends[2 * i] = (struct pollfd){.fd = busy ? worker->from : -1, .events = POLLIN};
    ends[2 * i + 1] = (struct pollfd){.fd = busy && worker->unsent->len > 0 ? worker->to : -1, .events = POLLOUT};
    due = busy ? MIN(due, worker->answer_due) : due;
  }
  gint64 left = CLAMP((due - g_get_monotonic_time()) / 1000 + 1, 0, 60 * 60 * 1000);
  if (poll(ends, 2 * pool->n_workers, (int)left) < 0)
    return TRUE; /* a signal: the caller looks */
  for (guint i = 0; i < pool->n_workers; i++) {
    Worker *worker = &pool->workers[i];
    if (ends[2 * i + 1].revents)
      send_questions(worker);
    if (ends[2 * i].revents && !receive(run, worker, err))
      return FALSE;
    gboolean busy = worker->running && !g_queue_is_empty(&worker->asked);
    if (busy && g_get_monotonic_time() > worker->answer_due && !replace_worker(run, worker, "nx-extract gave no answer in time", err))
      return FALSE;
  }
  return TRUE;
}

/* After an error or a signal nobody waits for what the workers still have. */
static void abandon(NxPool *pool)
{
  for (guint i = 0; i < pool->n_workers; i++) {
    Worker *worker = &pool->workers[i];
    if (!worker->running || g_queue_is_empty(&worker->asked))
      continue;
    kill(worker->pid, SIGTERM);
    dismiss_worker(worker);
  }
}

gboolean nx_pool_run(NxPool *pool, const GArray *wanted, NxPoolAsk ask_file, NxPoolTake take, gpointer user_data, GError **err)
{
  Run run = {.pool = pool, .wanted = wanted, .again = G_QUEUE_INIT, .ask = ask_file, .take = take, .user_data = user_data};
  gboolean good = TRUE;
  while (good && run.done < wanted->len) {
    good = ask_all(&run, err) && attend(&run, err);
    if (nx_interrupted()) { /* the workers may have heard of it first */
      g_clear_error(err);
      good = nx_check_interrupted(err);
    } else if (good && run.refusal) {
      g_propagate_error(err, g_steal_pointer(&run.refusal));
      good = FALSE;
    }
  }
  g_clear_error(&run.refusal);
  g_queue_clear(&run.again);
  if (!good)
    abandon(pool);
  return good;
}
