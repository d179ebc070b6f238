/* child-log.h — what a child writes to standard error, on its way into our log: whole lines, control characters made visible, and of each file no
 * more than its share, since the child may be hostile. Private to lib/extract. */
#ifndef NX_CHILD_LOG_H
#define NX_CHILD_LOG_H

#include "nx-base.h"

/* Bytes for one file. What is said beyond is taken from the child, so that it can go on, and left out. */
#define NX_CHILD_LOG_MAX (256u * 1024u)

typedef struct NxChildLog NxChildLog;

/* NULL with errno. */
NxChildLog *nx_child_log_new(void);
/* Copies what is left in it. */
void nx_child_log_free(NxChildLog *log);

/* In the child: standard error is the log from now on. */
gboolean nx_child_log_attach(const NxChildLog *log);
/* In the parent, when the child is there: it alone can write. */
void nx_child_log_hand_over(NxChildLog *log);

/* To be polled for reading; -1: nothing more comes. */
int nx_child_log_fd(const NxChildLog *log);
/* Copies to standard error what is there, and returns after a while though there be more. */
void nx_child_log_forward(NxChildLog *log);
/* TRUE when something has been left out of what was said about this file. */
gboolean nx_child_log_is_cut(const NxChildLog *log);
/* What comes from now on is about another file: ends the last line. */
void nx_child_log_end_file(NxChildLog *log);

#endif
