/* download-plan.h — what a manifest asks to be downloaded, and whether that is safe (igem-db §5.8, security). */
#ifndef NX_SNAPSHOT_DOWNLOAD_PLAN_H
#define NX_SNAPSHOT_DOWNLOAD_PLAN_H

#include "nx-download.h"

typedef enum { NX_JOB_WAITING, NX_JOB_RUNNING, NX_JOB_DOWNLOADED, NX_JOB_CACHED, NX_JOB_FAILED } NxJobState;

typedef struct {
  char *name, *path, *part;
  char *sha256; /* lower case; NULL: unverified */
  gint64 size;  /* of the manifest; 0: unknown */
  NxJobState state;
  char *refusal; /* why the rest of an answer was not taken */
  char *problem;
  guint attempts;
  gint64 not_before; /* monotonic; of a repetition */
  FILE *file;
  GChecksum *sum;
  gint64 received;
  gboolean from_start; /* the server is asked for the whole file */
  gboolean checked_answer;
  gpointer handle;     /* CURL* */
} NxJob;

/* The jobs of the manifest, in its order. NX_ERROR_FORMAT for names that leave the folder, doubles, or missing sums. */
GPtrArray *nx_download_plan(const NxDownloadOptions *options, json_object *manifest, GError **err);
/* FALSE when the target or a folder on the way to it (below the output folder) is a link, or the folder cannot be made. */
gboolean nx_download_prepare(const NxDownloadOptions *options, const NxJob *job, GError **err);
/* Room for what is still to come. */
gboolean nx_download_fits(const NxDownloadOptions *options, GPtrArray *jobs, GError **err);

#endif
