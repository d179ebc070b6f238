/* offline.h — migrations as SQL scripts (`--sql`). */
#ifndef NX_DB_OFFLINE_H
#define NX_DB_OFFLINE_H

#include "migration.h"

/* Scripts are in the dialect of `address` (NULL, or one that cannot be opened here: SQLite's). The script of `range`: `start:end`, or `end` alone, which begins at the base (up) or where the database stands (down). When
 * the database stands at the start, rebuilt tables are its own. Errors of the range are NX_ERROR_USAGE. */
gboolean nx_offline_migrate(const NxGraph *graph, const char *address, const char *range, gboolean is_upgrade, FILE *out, GError **err);
gboolean nx_offline_stamp(const NxGraph *graph, const char *address, const char *range, FILE *out, GError **err);
void nx_offline_ensure_version(const char *address, FILE *out);
void nx_offline_print(FILE *out, const char *statement);
/* `start:end` → both; without colon *from is NULL. An empty side is NX_ERROR_USAGE. */
gboolean nx_offline_split(const char *range, char **from, char **to, GError **err);
/* A name as rows of the version table. */
char **nx_offline_rows(const NxGraph *graph, const char *name, GError **err);
/* A database without rows that is gone when it is closed, of the engine of `address`, with the schema of `rows`: of `live` (may be NULL) when
 * that stands there, else of the revisions. */
NxDb *nx_offline_scratch(const NxGraph *graph, const char *address, NxDb *live, char **rows, GError **err);

#endif
