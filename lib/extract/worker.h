/* worker.h — one child process a file: started with chosen descriptors, read through a pipe, ended by force when its time is over.
 * Private to lib/extract. */
#ifndef NX_WORKER_H
#define NX_WORKER_H

#include "child-log.h"
#include "sandbox.h"

#include <sys/types.h>

/* What the child does; it writes its results to descriptor `results`. */
typedef void (*NxWork)(int results, gpointer user_data);

typedef struct {
  NxWork work;
  gpointer user_data;
  const int *keep;          /* descriptors that stay open in the child besides 0, 1, 2 and `results` */
  gsize n_keep;
  gboolean is_watched;      /* the child will call nx_sandbox_allow_growth() and nx_worker_note() */
  gboolean limits_only;     /* the child becomes another program: limits, but no walls */
} NxTask;

typedef struct NxWorker NxWorker;

NxWorker *nx_worker_start(const NxSandbox *sandbox, const NxTask *task, GError **err);
/* Kills and reaps it if that has not been done. */
void nx_worker_free(NxWorker *worker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxWorker, nx_worker_free)

/* In a process that was just forked by `parent`: it ends with its parent; 0 and 1 are /dev/null and 2 is `log`; every other descriptor but those of
 * `keep` and the sandbox's is closed. */
void nx_worker_settle(const NxSandbox *sandbox, const NxChildLog *log, pid_t parent, const int *keep, gsize n_keep);

/* What becomes of a borrowed process: `is_alive` when it has said all, else it has been ended and reaped. */
typedef void (*NxWorkerGiveBack)(gpointer user_data, gboolean is_alive);
/* A worker that is a process which lives on (reader.h) and has `seconds` for this task. Takes descriptor `results`; the log stays its
 * owner's, who is still there when the worker is given back. */
NxWorker *nx_worker_borrow(pid_t pid, int results, NxChildLog *log, guint seconds, NxWorkerGiveBack give_back, gpointer user_data);

/* To be polled for reading. */
int nx_worker_fd(const NxWorker *worker);
/* Monotonic microseconds at which its time is over. */
gint64 nx_worker_deadline(const NxWorker *worker);
/* Takes what the child has written so far; FALSE when that was all. */
gboolean nx_worker_receive(NxWorker *worker);
/* Its log: to be polled for reading, which -1 needs no more; to be copied; and a line about `name`, if some of it was left out. */
int nx_worker_log_fd(const NxWorker *worker);
void nx_worker_forward_log(NxWorker *worker);
void nx_worker_tell_cut_log(const NxWorker *worker, const char *name);
/* All bytes received so far; borrowed. */
const GByteArray *nx_worker_received(const NxWorker *worker);
/* TRUE when the child has ended, though a process that it left behind may still hold its results open. It is not reaped. */
gboolean nx_worker_has_ended(const NxWorker *worker);
/* Ends the child because of `reason`, a sentence for the record ("took longer than 120 s"). */
void nx_worker_kill(NxWorker *worker, const char *reason);
/* Reaps the child, with what is left of its log. NULL when it ended by itself and well, else a sentence that says how it ended. Owned by the caller. */
char *nx_worker_end(NxWorker *worker);
/* TRUE when it ended because this machine lets no child get behind its walls, whatever the file. */
gboolean nx_worker_lacked_walls(const NxWorker *worker, const NxSandbox *sandbox);
/* The child has said all: it is killed, and reaped some time later, without anybody waiting for it; or it is given back. Consumes the worker. */
void nx_worker_retire(NxWorker *worker);
/* Reaps those that were retired and have not been yet: what they used then counts as their parent's children's. */
void nx_workers_reap(void);

/* A number that a watched child sets and the parent sees at once: the profile that runs. -1: none. `since` (monotonic microseconds): when the parent
 * first saw it, so it has to look now and then. */
void nx_worker_note(int number);
int nx_worker_noted(NxWorker *worker, gint64 *since);

/* A frame of a result: a kind, a number, and bytes. Written by the child, found by the parent in what it received. */
typedef struct {
  guint32 kind, number, length;
} NxFrame;
#define NX_FRAME_MAX (256u * 1024u * 1024u)
gboolean nx_frames_write(int fd, const GByteArray *frames);
/* The frame at *offset, which moves behind it; FALSE at the end or when the rest is no whole frame. *data is borrowed from `received`. */
gboolean nx_frame_next(const GByteArray *received, gsize *offset, NxFrame *frame, const guint8 **data);

#endif
