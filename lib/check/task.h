/* task.h — a part of the preflight that works beside the others in a process of its own, so that nothing it does can end them: a program of
 * ours, or a function. Both write lines. Private to lib/check. */
#ifndef NX_CHECK_TASK_H
#define NX_CHECK_TASK_H

#include "nx-base.h"

typedef struct {
  char *what;    /* for messages */
  GPid pid;      /* 0: not running */
  int out;       /* what it writes; -1: nothing to read */
  char *trouble; /* why it could not be started */
} NxTask;

typedef void (*NxTaskWork)(gconstpointer subject, FILE *out);

/* `words` end with NULL; the first is the name of a program of ours. It reads nothing; what it says on standard error is ours too, unless
 * `silent`. */
NxTask *nx_task_of_program(const char *const *words, gboolean silent);
/* The same for a program that reads `lines`, an array. */
NxTask *nx_task_of_filter(const char *const *words, json_object *lines, gboolean silent);
NxTask *nx_task_of_work(const char *what, NxTaskWork work, gconstpointer subject);

/* Waits until it has ended. All lines it wrote, an array; *trouble is a sentence when it could not be started, ended badly or wrote what is
 * no line, else NULL. To be called once. */
json_object *nx_task_lines(NxTask *task, char **trouble);
void nx_task_free(NxTask *task);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxTask, nx_task_free)

#endif
