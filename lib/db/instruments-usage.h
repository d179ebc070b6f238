/* instruments-usage.h — how often each instrument was used, and when last. */
#ifndef NX_DB_INSTRUMENTS_USAGE_H
#define NX_DB_INSTRUMENTS_USAGE_H

#include "nx-db.h"

typedef struct NxUsage NxUsage;

/* Reads the END rows of all instruments in one pass over the table, which knows no order by instrument (database 7.2); of a large one in
 * two halves at once. `address` is that of `db`. */
NxUsage *nx_usage_read(NxDb *db, const char *address, GError **err);
void nx_usage_free(NxUsage *usage);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxUsage, nx_usage_free)

/* Sessions that have ended, each counted once. */
guint nx_usage_sessions(const NxUsage *usage, const char *pid);
/* The latest instant, in `zone`, which is also that of texts without an offset; NULL: no session has ended. */
GDateTime *nx_usage_last(const NxUsage *usage, const char *pid, GTimeZone *zone);

#endif
