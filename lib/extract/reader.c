/* reader.c — see reader.h. A reader hears through a socket on which it cannot speak, and answers through a pipe that is made for the one
 * file, so what it may have written beyond its answer reaches nobody. */
#include "reader.h"
#include "rewind.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEARS STDIN_FILENO /* the reader's end of the socket */
/* A reader is made when so many files have come: making it takes as long as reading a few. */
#define FILES_BEFORE 3u
#define START_SECONDS 30
/* A file that takes longer is given to a process of its own, which has more time. */
#define FILE_SECONDS 10u

/* So many failures in a row, and files of that kind are not tried any more. */
#define FAILURES_MAX 3

struct NxReaders {
  const NxSandbox *sandbox;
  NxReaderTask task;
  GQueue idle;          /* of Reader* */
  GHashTable *failures; /* kind → how many in a row */
  guint asked;
  gboolean are_impossible;
};

typedef struct {
  NxReaders *readers;
  pid_t pid;
  int speaks; /* our end of the socket */
  NxChildLog *log;
} Reader;

typedef struct {
  guint8 bytes[NX_READER_MESSAGE_MAX + 1];
  gsize length;
  int fds[NX_READER_FDS_MAX + 1];
  gsize n_fds;
} Message;

/* Room for the descriptors of one message. */
typedef union {
  struct cmsghdr header;
  char space[CMSG_SPACE(sizeof(int) * (NX_READER_FDS_MAX + 1))];
} Attached;

/* -------------------------------------------------------------------------------------------------------------- the child */

static gboolean hear(Message *message)
{
  Attached attached;
  struct iovec part = {message->bytes, sizeof message->bytes};
  struct msghdr head = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &attached, .msg_controllen = sizeof attached};
  ssize_t n = recvmsg(HEARS, &head, 0);
  const struct cmsghdr *fds = CMSG_FIRSTHDR(&head);
  if (n <= 0 || n > (ssize_t)NX_READER_MESSAGE_MAX || !fds || fds->cmsg_type != SCM_RIGHTS)
    return FALSE;
  message->length = (gsize)n;
  message->n_fds = (fds->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  memcpy(message->fds, CMSG_DATA(fds), message->n_fds * sizeof(int));
  return TRUE;
}

/* One file. The end of what it does is the signal that takes it back. */
static void serve(gpointer user_data)
{
  const NxReaderTask *task = user_data;
  Message message;
  /* A number of less: the last file has closed one of those, and what takes its place would not be closed after this one. */
  if (!hear(&message) || message.fds[0] < (int)NX_STANDING_KEPT)
    _exit(0);
  task->work(message.fds[0], message.bytes, message.length, message.fds + 1, message.n_fds - 1, task->user_data);
  for (;;)
    pause();
}

static void tell_ready(gpointer unused)
{
  (void)unused;
  if (write(HEARS, "", 1) != 1)
    _exit(0);
}

static G_NORETURN void run_child(const NxReaders *readers, const NxChildLog *log, int hears, pid_t parent)
{
  nx_worker_settle(readers->sandbox, log, parent, &hears, 1);
  if (dup2(hears, HEARS) < 0)
    _exit(125);
  close(hears);
  /* One that wakes up waits until its parent has nothing more to say: it is taken back and told of the next file in one go. */
  sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){0});
  if (readers->task.prepare)
    readers->task.prepare(readers->task.user_data);
  nx_rewind_begin(readers->sandbox, tell_ready, serve, (gpointer)&readers->task);
  nx_log_debug("no standing readers here: %s", g_strerror(errno));
  _exit(125);
}

/* ------------------------------------------------------------------------------------------------------------- the parent */

static void reader_free(Reader *reader)
{
  close(reader->speaks);
  nx_child_log_free(reader->log);
  g_free(reader);
}

static void reader_end(Reader *reader)
{
  kill(reader->pid, SIGKILL);
  while (waitpid(reader->pid, NULL, 0) < 0 && errno == EINTR)
    continue;
  reader_free(reader);
}

static gboolean is_ready(const Reader *reader)
{
  char word;
  struct pollfd readable = {.fd = reader->speaks, .events = POLLIN};
  return poll(&readable, 1, START_SECONDS * 1000) == 1 && read(reader->speaks, &word, 1) == 1 && shutdown(reader->speaks, SHUT_RD) == 0;
}

static Reader *reader_start(NxReaders *readers)
{
  int ends[2];
  NxChildLog *log = nx_child_log_new();
  if (!log || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    nx_child_log_free(log);
    return NULL;
  }
  pid_t parent = getpid(), pid = fork();
  if (pid == 0)
    run_child(readers, log, ends[1], parent);
  close(ends[1]);
  nx_child_log_hand_over(log);
  if (pid < 0) {
    close(ends[0]);
    nx_child_log_free(log);
    return NULL;
  }
  Reader *reader = g_new0(Reader, 1);
  *reader = (Reader){readers, pid, ends[0], log};
  if (is_ready(reader))
    return reader;
  reader_end(reader);
  return NULL;
}

/* Before anything else is said to it: whatever is left of the file ends with this signal. */
static void take_back(gpointer user_data, gboolean is_alive)
{
  Reader *reader = user_data;
  if (!is_alive)
    reader_free(reader);
  else if (kill(reader->pid, NX_REWIND_SIGNAL) == 0)
    g_queue_push_tail(&reader->readers->idle, reader);
  else
    reader_end(reader);
}

static gboolean speak(const Reader *reader, const void *message, gsize length, const int *fds, gsize n_fds)
{
  Attached attached = {0};
  struct iovec part = {(void *)message, length};
  struct msghdr head = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &attached, .msg_controllen = CMSG_SPACE(sizeof(int) * n_fds)};
  struct cmsghdr *header = CMSG_FIRSTHDR(&head);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
  memcpy(CMSG_DATA(header), fds, sizeof(int) * n_fds);
  return sendmsg(reader->speaks, &head, MSG_NOSIGNAL) == (ssize_t)length;
}

/* One that is idle, and hears; else a new one. */
static Reader *tell_one(NxReaders *readers, const void *message, gsize length, const int *fds, gsize n_fds)
{
  Reader *reader;
  while ((reader = g_queue_pop_head(&readers->idle))) {
    if (speak(reader, message, length, fds, n_fds))
      return reader;
    reader_end(reader);
  }
  reader = reader_start(readers);
  readers->are_impossible = !reader;
  if (!reader || speak(reader, message, length, fds, n_fds))
    return reader;
  reader_end(reader);
  return NULL;
}

NxReaders *nx_readers_new(const NxSandbox *sandbox, const NxReaderTask *task)
{
  NxReaders *readers = g_new0(NxReaders, 1);
  readers->sandbox = sandbox;
  readers->task = *task;
  readers->failures = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  return readers;
}

gboolean nx_readers_suit(const NxReaders *readers, const char *kind)
{
  return GPOINTER_TO_INT(g_hash_table_lookup(readers->failures, kind ? kind : "")) < FAILURES_MAX;
}

void nx_readers_learn(NxReaders *readers, const char *kind, gboolean has_read_it)
{
  const char *key = kind ? kind : "";
  int failures = GPOINTER_TO_INT(g_hash_table_lookup(readers->failures, key));
  if (!has_read_it)
    g_hash_table_replace(readers->failures, g_strdup(key), GINT_TO_POINTER(failures + 1));
  else if (failures > 0)
    g_hash_table_remove(readers->failures, key);
}

void nx_readers_free(NxReaders *readers)
{
  if (!readers)
    return;
  g_queue_clear_full(&readers->idle, (GDestroyNotify)reader_end);
  g_hash_table_unref(readers->failures);
  g_free(readers);
}

NxWorker *nx_readers_ask(NxReaders *readers, const void *message, gsize length, const int *fds, gsize n_fds)
{
  int results[2], given[NX_READER_FDS_MAX + 1];
  if (readers->are_impossible || ++readers->asked < FILES_BEFORE || length == 0 || length > NX_READER_MESSAGE_MAX ||
      n_fds > NX_READER_FDS_MAX || pipe2(results, O_CLOEXEC) != 0)
    return NULL;
  given[0] = results[1];
  for (gsize i = 0; i < n_fds; i++)
    given[i + 1] = fds[i];
  Reader *reader = tell_one(readers, message, length, given, n_fds + 1);
  close(results[1]);
  if (!reader) {
    close(results[0]);
    return NULL;
  }
  fcntl(results[0], F_SETFL, O_NONBLOCK);
  return nx_worker_borrow(reader->pid, results[0], reader->log, FILE_SECONDS, take_back, reader);
}
