/* job.h — one file line from beginning to end. Private to lib/extract. */
#ifndef NX_JOB_H
#define NX_JOB_H

#include "input.h"
#include "outputs.h"
#include "plugins.h"
#include "reader.h"

/* What all jobs share. */
typedef struct {
  const NxSandbox *sandbox;
  GPtrArray *plugins;
  NxOutputRules rules;
  gboolean with_document; /* documents are wanted even when none is written */
  NxLinks links;
  NxReaders *readers;     /* of nx_job_readers(); NULL: every file has a process of its own */
} NxJobContext;
/* Readers for the jobs of this context, which they see as it is when the first of them is made. */
NxReaders *nx_job_readers(const NxJobContext *context);

typedef struct NxJob NxJob;

/* Takes the line (consumes it) and starts reading its file, or finishes at once when there is nothing to read. NULL: the line names no path. */
NxJob *nx_job_start(const NxJobContext *context, json_object *line, GError **err);
void nx_job_free(NxJob *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxJob, nx_job_free)

gboolean nx_job_is_done(const NxJob *job);
/* While it is not done: what to poll for reading, for nx_job_attend() and (unless -1) for nx_job_forward_log(), and until when at most (monotonic
 * microseconds). */
int nx_job_fd(const NxJob *job);
int nx_job_log_fd(const NxJob *job);
gint64 nx_job_wake(const NxJob *job);
/* Copies what its reader logs. */
void nx_job_forward_log(NxJob *job);
/* Looks after it: `is_readable` when its descriptor has data or was closed. FALSE, NX_ERROR_CONFIG: this machine lets no file be read. */
gboolean nx_job_attend(NxJob *job, gboolean is_readable, GError **err);

/* When it is done: the line with `extractor`, `datasets` and perhaps `postponed` (borrowed), the products and the files written. */
json_object *nx_job_line(const NxJob *job);
const NxOutcome *nx_job_outcome(const NxJob *job);
const GPtrArray *nx_job_outputs(const NxJob *job);
/* The placeholder is drawn once, before the first child is forked. */
void nx_job_warm_up(void);

#endif
