/* nx-files.h — which files belong to a session, and how they fall into acquisition activities. */
#ifndef NX_FILES_H
#define NX_FILES_H

#include "nx-base.h"
#include "nx-config.h"

/* ------------------------------------------------------------------------------------------------------- activities */

typedef struct {
  double sensitivity; /* 0: one activity; 1: the reference; more: more activities */
  double min_dip;     /* 0 … 1; fraction by which the density must fall between two activities (record-building §6.7); 0: any */
} NxClusterRule;

typedef struct {
  double bandwidth;      /* s, width of the kernels after division by the sensitivity; NAN when none was needed */
  GArray *boundaries;    /* of double, ascending: a time up to and including boundary k belongs to activity k or an earlier one */
  GPtrArray *activities; /* of GArray of guint: indexes into `times`, by time, then index; none is empty */
} NxClusters;

/* `times` in seconds since the epoch, finite, in any order. Never fails. */
NxClusters *nx_clusters_find(const double *times, gsize n, const NxClusterRule *rule);
void nx_clusters_free(NxClusters *clusters);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxClusters, nx_clusters_free)

/* ------------------------------------------------------------------------------------------------------ file filter */

/* Which names are wanted. All patterns are fnmatch(3) globs on the base name, matched without regard to case; `*` also matches a leading
 * dot. */
typedef struct NxFileFilter NxFileFilter;
/* `wanted` NULL: every name; else one of these must match. `ignored` NULL or empty: none. Both NULL-terminated and copied. */
NxFileFilter *nx_file_filter_new(const char *const *wanted, const char *const *ignored);
NxFileFilter *nx_file_filter_ref(NxFileFilter *filter);
void nx_file_filter_unref(NxFileFilter *filter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxFileFilter, nx_file_filter_unref)
/* `exclusive`: the extensions of our formats, and those of each plug-in nx-extract-NAME, which is asked
 * with --describe; `inclusive`: all. */
NxFileFilter *nx_file_filter_for_strategy(NxFileStrategy strategy, const char *const *ignored);
gboolean nx_file_filter_accepts(const NxFileFilter *filter, const char *name);

/* ------------------------------------------------------------------------------------------------------------- walk */

/* What one walk of a folder found: every regular file that the filter accepts and that was modified after `since`.
 * Symbolic links (record-building §4.2): `root` itself may be one; links to folders below it are searched as well, links met inside those
 * are not followed; links to files are not returned. Hidden files and folders count like others. */
typedef struct NxFileIndex NxFileIndex;

/* The folders that NexusLIMS itself writes to. A walk leaves them out where it meets them below its root, by whatever link or name: their logs,
 * previews and records are no instrument's. Those of `paths` count that are there; NULL is none. Free with g_array_unref. */
GArray *nx_our_folders(const char *const *paths, gsize n);

typedef struct {
  NxFileFilter *filter; /* borrowed */
  gint64 since;         /* ns since the epoch: files not modified after it are left out; G_MININT64: none */
  guint threads;        /* requests in flight; at least 1 */
  GArray *ours;         /* borrowed, from nx_our_folders; NULL: none */
} NxWalk;

/* NULL when the root cannot be read (NX_ERROR_MISSING when it is not there) or trouble of the place makes the result incomplete
 * (NX_ERROR_PLACE: I/O error, stale handle, no answer for five minutes …). A folder that may not be read is logged and left out. */
NxFileIndex *nx_file_index_new(const char *root, const NxWalk *walk, GError **err);
void nx_file_index_free(NxFileIndex *index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxFileIndex, nx_file_index_free)

typedef struct {
  char *path;   /* bytes */
  double mtime; /* s: seconds + 1e-9 × nanoseconds */
  guint64 size;
} NxFoundFile;

/* The files with start < mtime <= end (ns), by mtime, then path bytes. Of names for the same file (device and inode) the first path in byte
 * order. An array of NxFoundFile with its own clear function. */
GArray *nx_file_index_select(NxFileIndex *index, gint64 start, gint64 end);

/* ------------------------------------------------------------------------------------------------------------ stage */

typedef struct {
  const char *data_root; /* NX_INSTRUMENT_DATA_PATH */
  NxFileFilter *filter;
  GArray *ours; /* from nx_our_folders */
  NxClusterRule rule;
  double delay_days;
  guint threads;
} NxFindFiles;

/* nx-find-files: session lines from `in` to `out`; see LINES. FALSE when a line cannot be read or written, or after a signal. */
gboolean nx_find_files(const NxFindFiles *find, int in, FILE *out, GError **err);

#endif
