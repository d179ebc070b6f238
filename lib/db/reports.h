/* reports.h — what the schema commands print, shared by their two faces: `nexuslims db X` and the Alembic-compatible one. */
#ifndef NX_DB_REPORTS_H
#define NX_DB_REPORTS_H

#include "migration.h"

/* The schema that these commands are about. */
#define NX_SCHEMA "nexuslims"

/* Opens the database for one of them; an error names it, or says that none is set (`address` NULL or empty). */
NxDb *nx_report_open(const char *address, NxDbMode mode, GError **err);

/* The topmost revisions of the database, a line each, or with `verbose` the address and an entry each. */
gboolean nx_report_current(NxDb *db, const NxGraph *graph, const char *address, gboolean verbose, FILE *out, GError **err);

/* Newest first; rows that no revision is known for are left out of the marks. `range` is "start:end" or NULL; `address` is opened only when
 * something current is asked for. */
gboolean nx_report_history(const NxGraph *graph, const char *address, const char *range, gboolean verbose, gboolean indicate_current,
                           FILE *out, GError **err);

/* The same as a JSON array (cli 2.7). */
json_object *nx_report_history_as_json(const NxGraph *graph, const char *address, gboolean indicate_current, GError **err);

/* For a revision that was renamed before its release: a line on stderr that tells how to go on (database 1). `rows` may be NULL. */
void nx_report_renamed(const char *id);
/* The same for the rows of the database at `address`, when it can be read. */
void nx_report_renamed_rows(const char *address);

#endif
