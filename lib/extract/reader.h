/* reader.h — standing readers: processes that read one file after another and are taken back to their beginning after each (rewind.h). What
 * a file does to one of them touches no other file; one that breaks, hangs or asks for too much is ended, and the file is given to a
 * process of its own, whose word counts. Private to lib/extract. */
#ifndef NX_READER_H
#define NX_READER_H

#include "worker.h"

/* What a reader is told about a file, and descriptors. */
#define NX_READER_MESSAGE_MAX (32u * 1024u)
#define NX_READER_FDS_MAX 8u

/* Reads the file that `message` speaks of and writes what is in it to `results`. */
typedef void (*NxReaderWork)(int results, const guint8 *message, gsize length, const int *fds, gsize n_fds, gpointer user_data);

typedef struct {
  /* In the new process, once: whatever is slow the first time, for instance reading a file of our own. */
  void (*prepare)(gpointer user_data);
  NxReaderWork work;
  gpointer user_data;
} NxReaderTask;

typedef struct NxReaders NxReaders;

/* None is started before one is asked. The sandbox is borrowed. */
NxReaders *nx_readers_new(const NxSandbox *sandbox, const NxReaderTask *task);
void nx_readers_free(NxReaders *readers);

/* Files of some kinds always need more than a standing reader has: FALSE when readers failed at this kind (an extension; NULL is one, too)
 * a few times in a row, which nx_readers_learn() tells them. */
gboolean nx_readers_suit(const NxReaders *readers, const char *kind);
void nx_readers_learn(NxReaders *readers, const char *kind, gboolean has_read_it);

/* Has one of them read a file. NULL: there is none, because this machine has none, the message is too long, or the files are so few that it
 * does not pay; then the file needs a process of its own. */
NxWorker *nx_readers_ask(NxReaders *readers, const void *message, gsize length, const int *fds, gsize n_fds);

#endif
