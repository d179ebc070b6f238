/* store.h — the instruments in the database: read, and changed one at a time in short transactions (tui §2.6). */
#ifndef NX_TUI_STORE_H
#define NX_TUI_STORE_H

#include "nx-db.h"

/* A row; a value is NULL where the database has NULL. */
typedef struct {
  char *values[NX_INSTRUMENT_COLUMNS];
  guint partial; /* a bit for each column whose value is not all of what the database holds: behind a NUL, or no UTF-8 */
} NxInstrument;

NxInstrument *nx_instrument_copy(const NxInstrument *instrument);
void nx_instrument_free(NxInstrument *instrument);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxInstrument, nx_instrument_free)
gboolean nx_instrument_equal(const NxInstrument *a, const NxInstrument *b);
/* TRUE when everything that `after` (NULL: deleted) made of `before` could be taken back: what it changed had been read whole. */
gboolean nx_instrument_can_return(const NxInstrument *before, const NxInstrument *after);

/* All of them, in the order in which they were added; of NxInstrument*. */
GPtrArray *nx_store_load(const char *address, GError **err);
/* How many session_log rows name it. */
gboolean nx_store_count_sessions(const char *address, const char *pid, gint64 *count, GError **err);

typedef enum {
  NX_STORE_DONE,
  NX_STORE_FAILED,  /* *err says why */
  NX_STORE_CHANGED, /* somebody else changed the row since it was read: *now is what it is */
  NX_STORE_GONE,    /* somebody else deleted it */
} NxStoreResult;

NxStoreResult nx_store_insert(const char *address, const NxInstrument *instrument, GError **err);
/* `before` is the row as it was read; the pid of both is the same. Only columns that differ are written. */
NxStoreResult nx_store_update(const char *address, const NxInstrument *before, const NxInstrument *after, NxInstrument **now, GError **err);
/* The sessions of the instrument stay (DECISIONS 38). */
NxStoreResult nx_store_delete(const char *address, const NxInstrument *before, NxInstrument **now, GError **err);

#endif
