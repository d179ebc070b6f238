/* nx-record.h — a session with files → a validated XML record (record-building §7–11). */
#ifndef NX_RECORD_H
#define NX_RECORD_H

#include "nx-base.h"

/* ------------------------------------------------------------------------------------------------------- extraction */

/* A pool of nx-extract processes, each fed file lines over a pipe. One that dies costs the file at hand and is started anew. */
typedef struct NxPool NxPool;
/* `program` is started with `arguments` (NULL-terminated, without argv[0]; borrowed); nothing is started before it is needed. */
NxPool *nx_pool_new(const char *program, const char *const *arguments, guint workers);
/* Closes the pipes and waits for the processes. */
void nx_pool_free(NxPool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxPool, nx_pool_free)

/* The file line number `index`; owned by the caller. */
typedef json_object *(*NxPoolAsk)(guint index, gpointer user_data);
/* What came back for it: the line with its array `datasets`; borrowed. When no answer could be had, `answer` is NULL and `failure` says why.
 * FALSE with *err ends the run: what the rest of the files would give is not wanted any more. */
typedef gboolean (*NxPoolTake)(guint index, json_object *answer, const char *failure, gpointer user_data, GError **err);

/* Has each of the files whose numbers stand in `wanted` (of guint) extracted, in any order. FALSE when the program cannot be run at all
 * (NX_ERROR_CONFIG) or not now (NX_ERROR_PLACE), a signal came (NX_ERROR_INTERRUPTED), or `take` did not want to go on (its error). */
gboolean nx_pool_run(NxPool *pool, const GArray *wanted, NxPoolAsk ask, NxPoolTake take, gpointer user_data, GError **err);

/* ---------------------------------------------------------------------------------------------------------- schema */

/* The schema of records; parsed once. */
typedef struct NxSchema NxSchema;
NxSchema *nx_schema_new(const char *path, GError **err);
void nx_schema_free(NxSchema *schema);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxSchema, nx_schema_free)
/* FALSE: NX_ERROR_DATA with the first reasons, each with its line. */
gboolean nx_schema_check(NxSchema *schema, const char *text, gsize length, GError **err);

/* ----------------------------------------------------------------------------------------------------------- stage */

typedef struct {
  const char *instrument_root; /* NX_INSTRUMENT_DATA_PATH: locations are relative to it */
  const char *data_root;       /* NX_DATA_PATH: previews are relative to it */
  const char *records_folder;
  const char *extractor; /* path of nx-extract; NULL: an error when a file needs it */
  const char *const *extractor_arguments;
  guint jobs;
  gboolean shows_progress; /* on standard error */
} NxBuildXml;

/* nx-build-xml: session lines from standard input to standard output; see LINES. */
gboolean nx_build_xml(const NxBuildXml *build, GError **err);

#endif
