/* worker.c — see worker.h. */
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* More than this is no result but an attack. */
#define RECEIVED_MAX NX_FRAME_MAX
#define READ_SIZE (64 * 1024)
/* The exit status of a child that did not get as far as its file. */
#define WITHOUT_WALLS 125

/* Lies in memory that parent and child share, and no other child; the child may be hostile, so the parent believes nothing of it but that it is a
 * number, and takes the time itself. The upper half counts the notes, so that one that is made again is seen, the lower half is what is noted. */
typedef volatile guint64 Note;
#define NOTHING_NOTED ((guint64)G_MAXUINT32)

struct NxWorker {
  pid_t pid; /* 0 once it is reaped */
  int results;
  int status; /* of waitpid(2), once it is reaped */
  gint64 deadline;
  GByteArray *received;
  NxChildLog *log;      /* a borrowed process keeps its own */
  gboolean is_log_cut;
  Note *note;           /* NULL: not watched */
  guint64 noted;        /* what was seen last, and when first */
  gint64 noted_since;
  char *killed_because;
  gboolean leads_group; /* a plug-in may have children of its own */
  NxWorkerGiveBack give_back; /* NULL: not borrowed */
  gpointer lender;
};

static Note *own_note; /* in a child */

/* -------------------------------------------------------------------------------------------------------------- the child */

static gint by_number(gconstpointer a, gconstpointer b)
{
  return *(const int *)a - *(const int *)b;
}

/* Closes every descriptor above 2 but those of `keep`, which is sorted. */
static void close_others(const int *keep, gsize n)
{
  unsigned int from = 3;
  for (gsize i = 0; i < n; i++) {
    if ((unsigned int)keep[i] > from)
      close_range(from, (unsigned int)keep[i] - 1, 0);
    from = MAX(from, (unsigned int)keep[i] + 1);
  }
  close_range(from, ~0u, 0);
}

void nx_worker_settle(const NxSandbox *sandbox, const NxChildLog *log, pid_t parent, const int *keep, gsize n_keep)
{
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent)
    _exit(WITHOUT_WALLS);
  int nothing = open("/dev/null", O_RDWR);
  if (dup2(nothing, STDIN_FILENO) < 0 || dup2(nothing, STDOUT_FILENO) < 0 || !nx_child_log_attach(log))
    _exit(WITHOUT_WALLS);
  g_autofree int *kept = g_new(int, n_keep + 1);
  for (gsize i = 0; i < n_keep; i++)
    kept[i] = keep[i];
  if (nx_sandbox_fd(sandbox) >= 0)
    kept[n_keep++] = nx_sandbox_fd(sandbox);
  qsort(kept, n_keep, sizeof *kept, by_number);
  close_others(kept, n_keep);
}

static void keep_only(const NxSandbox *sandbox, const NxTask *task, const NxChildLog *log, int results, pid_t parent)
{
  g_autofree int *keep = g_new(int, task->n_keep + 1);
  for (gsize i = 0; i < task->n_keep; i++)
    keep[i] = task->keep[i];
  keep[task->n_keep] = results;
  nx_worker_settle(sandbox, log, parent, keep, task->n_keep + 1);
}

static void die(const char *what)
{
  nx_log_error("the walls around the reader cannot be raised: %s: %s", what, g_strerror(errno));
  _exit(WITHOUT_WALLS);
}

static void run_child(const NxSandbox *sandbox, const NxTask *task, const NxChildLog *log, int results, pid_t parent)
{
  keep_only(sandbox, task, log, results, parent);
  if (task->is_watched)
    nx_sandbox_measure();
  if (task->limits_only ? setsid() < 0 || !nx_sandbox_limit(sandbox) : !nx_sandbox_enter(sandbox))
    die(task->limits_only ? "limits" : "sandbox");
  task->work(results, task->user_data);
  _exit(0);
}

void nx_worker_note(int number)
{
  if (!own_note)
    return;
  *own_note = (((*own_note >> 32) + 1) << 32) | (guint32)number;
}

/* ------------------------------------------------------------------------------------------------------------- the parent */

static Note *make_note(void)
{
  // cppcheck-suppress invalidFunctionArg ; -1 is the descriptor of anonymous memory, see mmap(2)
  Note *note = mmap(NULL, sizeof *note, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (note == MAP_FAILED)
    return NULL;
  *note = NOTHING_NOTED;
  return note;
}

NxWorker *nx_worker_start(const NxSandbox *sandbox, const NxTask *task, GError **err)
{
  int results[2];
  g_autoptr(NxWorker) worker = g_new0(NxWorker, 1);
  worker->results = -1;
  worker->received = g_byte_array_new();
  worker->note = task->is_watched ? make_note() : NULL;
  worker->noted = NOTHING_NOTED;
  worker->leads_group = task->limits_only;
  worker->deadline = g_get_monotonic_time() + (gint64)nx_sandbox_limits(sandbox)->wall_seconds * G_USEC_PER_SEC;
  if ((task->is_watched && !worker->note) || !(worker->log = nx_child_log_new()) || pipe2(results, O_CLOEXEC) != 0) {
    nx_error_from_errno(err, errno, "start", "a reader");
    return NULL;
  }
  worker->results = results[0];

  pid_t parent = getpid();
  worker->pid = fork();
  if (worker->pid == 0) {
    own_note = worker->note;
    run_child(sandbox, task, worker->log, results[1], parent);
  }
  int problem = errno;
  close(results[1]);
  nx_child_log_hand_over(worker->log);
  if (worker->note)
    madvise((void *)worker->note, sizeof *worker->note, MADV_DONTFORK);
  if (worker->pid < 0) {
    worker->pid = 0;
    nx_error_from_errno(err, problem, "start", "a reader");
    return NULL;
  }
  fcntl(worker->results, F_SETFL, O_NONBLOCK);
  return g_steal_pointer(&worker);
}

NxWorker *nx_worker_borrow(pid_t pid, int results, NxChildLog *log, guint seconds, NxWorkerGiveBack give_back, gpointer user_data)
{
  NxWorker *worker = g_new0(NxWorker, 1);
  worker->pid = pid;
  worker->results = results;
  worker->log = log;
  worker->received = g_byte_array_new();
  worker->deadline = g_get_monotonic_time() + (gint64)seconds * G_USEC_PER_SEC;
  worker->give_back = give_back;
  worker->lender = user_data;
  return worker;
}

int nx_worker_fd(const NxWorker *worker)
{
  return worker->results;
}

int nx_worker_log_fd(const NxWorker *worker)
{
  return nx_child_log_fd(worker->log);
}

void nx_worker_forward_log(NxWorker *worker)
{
  nx_child_log_forward(worker->log);
  worker->is_log_cut = nx_child_log_is_cut(worker->log);
}

void nx_worker_tell_cut_log(const NxWorker *worker, const char *name)
{
  if (worker->is_log_cut)
    nx_log_warning("%s: more than %u KiB were written to the log: the rest is left out", name, NX_CHILD_LOG_MAX / 1024);
}

gint64 nx_worker_deadline(const NxWorker *worker)
{
  return worker->deadline;
}

const GByteArray *nx_worker_received(const NxWorker *worker)
{
  return worker->received;
}

int nx_worker_noted(NxWorker *worker, gint64 *since)
{
  const guint64 note = worker->note ? *worker->note : NOTHING_NOTED;
  if (note != worker->noted)
    worker->noted_since = g_get_monotonic_time();
  worker->noted = note;
  *since = worker->noted_since;
  return (int)(gint32)(guint32)note;
}

gboolean nx_worker_receive(NxWorker *worker)
{
  for (;;) {
    guint have = worker->received->len;
    g_byte_array_set_size(worker->received, have + READ_SIZE);
    ssize_t n = read(worker->results, worker->received->data + have, READ_SIZE);
    g_byte_array_set_size(worker->received, have + (guint)MAX(n, 0));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0 && errno == EAGAIN)
      return TRUE;
    if (n <= 0)
      return FALSE;
    if (worker->received->len > RECEIVED_MAX) {
      nx_worker_kill(worker, "its result is larger than any file's");
      return FALSE;
    }
    if (n < READ_SIZE)
      return TRUE; /* the pipe is empty; whether it is closed is asked when it can be read again */
  }
}

gboolean nx_worker_has_ended(const NxWorker *worker)
{
  siginfo_t about = { 0 };
  return worker->pid > 0 && waitid(P_PID, (id_t)worker->pid, &about, WEXITED | WNOHANG | WNOWAIT) == 0 && about.si_pid == worker->pid;
}

static void kill_child(const NxWorker *worker)
{
  if (worker->pid > 0 && worker->leads_group)
    kill(-worker->pid, SIGKILL);
  if (worker->pid > 0)
    kill(worker->pid, SIGKILL);
}

void nx_worker_kill(NxWorker *worker, const char *reason)
{
  kill_child(worker);
  if (!worker->killed_because)
    worker->killed_because = g_strdup(reason);
}

/* How a process ended, for the record. */
static char *describe_status(int status)
{
  if (WIFEXITED(status))
    return WEXITSTATUS(status) == 0 ? NULL : g_strdup_printf("the reader gave up (exit status %d)", WEXITSTATUS(status));
  int number = WTERMSIG(status);
  if (number == SIGXCPU)
    return g_strdup("the reader took too much computing time");
  return g_strdup_printf("the reader crashed or ran out of memory (signal %d, %s)", number, strsignal(number));
}

char *nx_worker_end(NxWorker *worker)
{
  if (worker->pid > 0) {
    /* It has closed its results or has been given up: whatever it still does is of no use. A process that has ended keeps its own status. */
    kill_child(worker);
    while (waitpid(worker->pid, &worker->status, 0) < 0 && errno == EINTR)
      continue;
    worker->pid = 0;
    nx_worker_forward_log(worker);
    nx_child_log_end_file(worker->log);
    if (worker->give_back)
      worker->give_back(worker->lender, FALSE);
  }
  return worker->killed_because ? g_strdup(worker->killed_because) : describe_status(worker->status);
}

static gboolean has_ended_without_walls(const NxWorker *worker)
{
  return WIFEXITED(worker->status) && WEXITSTATUS(worker->status) == WITHOUT_WALLS;
}

static void do_nothing(int results, gpointer unused)
{
  (void)results, (void)unused;
}

/* A reader that its file has taken over can end with that status, too. So a child that has no file goes in, and its word counts. */
gboolean nx_worker_lacked_walls(const NxWorker *worker, const NxSandbox *sandbox)
{
  if (!has_ended_without_walls(worker))
    return FALSE;
  NxTask task = { .work = do_nothing, .limits_only = worker->leads_group };
  g_autoptr(NxWorker) child = nx_worker_start(sandbox, &task, NULL);
  if (!child)
    return FALSE;
  const int patience = (int)nx_sandbox_limits(sandbox)->wall_seconds * 1000;
  while (poll(&(struct pollfd){ .fd = child->results, .events = POLLIN }, 1, patience) > 0 && nx_worker_receive(child))
    continue;
  g_free(nx_worker_end(child));
  return has_ended_without_walls(child);
}

/* Children that have been killed and are about to end. */
#define RETIRED_MAX 4
static pid_t retired[RETIRED_MAX];

/* Reaps what has ended; a place is free afterwards. */
static pid_t *free_place(void)
{
  pid_t *place = NULL;
  for (int i = 0; i < RETIRED_MAX; i++) {
    if (retired[i] && waitpid(retired[i], NULL, WNOHANG) != 0)
      retired[i] = 0;
    if (!retired[i])
      place = &retired[i];
  }
  if (place)
    return place;
  while (waitpid(retired[0], NULL, 0) < 0 && errno == EINTR)
    continue;
  return &retired[0];
}

void nx_workers_reap(void)
{
  for (int i = 0; i < RETIRED_MAX; i++) {
    if (!retired[i])
      continue;
    while (waitpid(retired[i], NULL, 0) < 0 && errno == EINTR)
      continue;
    retired[i] = 0;
  }
}

void nx_worker_retire(NxWorker *worker)
{
  nx_child_log_end_file(worker->log);
  if (worker->give_back) {
    worker->give_back(worker->lender, TRUE);
  } else {
    kill_child(worker);
    *free_place() = worker->pid;
  }
  worker->pid = 0;
  nx_worker_free(worker);
}

void nx_worker_free(NxWorker *worker)
{
  if (!worker)
    return;
  g_free(nx_worker_end(worker));
  if (worker->results >= 0)
    close(worker->results);
  if (!worker->give_back)
    nx_child_log_free(worker->log);
  if (worker->note)
    munmap((void *)worker->note, sizeof *worker->note);
  g_byte_array_unref(worker->received);
  g_free(worker->killed_because);
  g_free(worker);
}

/* ----------------------------------------------------------------------------------------------------------------- frames */

static gboolean write_whole(int fd, const guint8 *data, gsize length)
{
  while (length > 0) {
    ssize_t n = write(fd, data, length);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return FALSE;
    data += n;
    length -= (gsize)n;
  }
  return TRUE;
}

gboolean nx_frames_write(int fd, const GByteArray *frames)
{
  return write_whole(fd, frames->data, frames->len);
}

gboolean nx_frame_next(const GByteArray *received, gsize *offset, NxFrame *frame, const guint8 **data)
{
  if (received->len - *offset < sizeof *frame)
    return FALSE;
  memcpy(frame, received->data + *offset, sizeof *frame);
  if (frame->length > received->len - *offset - sizeof *frame)
    return FALSE;
  *data = received->data + *offset + sizeof *frame;
  *offset += sizeof *frame + frame->length;
  return TRUE;
}
