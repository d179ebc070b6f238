/* store.c — the instruments in the database: read, and changed one at a time in short transactions. No connection stays open while a person
 * types, so the file can be moved, locked and changed by others meanwhile (tui §2.6, database §7.3). */
#include "store.h"

NxInstrument *nx_instrument_copy(const NxInstrument *instrument)
{
  if (!instrument)
    return NULL;
  NxInstrument *copy = g_new0(NxInstrument, 1);
  for (guint i = 0; i < NX_INSTRUMENT_COLUMNS; i++)
    copy->values[i] = g_strdup(instrument->values[i]);
  copy->partial = instrument->partial;
  return copy;
}

void nx_instrument_free(NxInstrument *instrument)
{
  for (guint i = 0; instrument && i < NX_INSTRUMENT_COLUMNS; i++)
    g_free(instrument->values[i]);
  g_free(instrument);
}

gboolean nx_instrument_equal(const NxInstrument *a, const NxInstrument *b)
{
  for (guint i = 0; i < NX_INSTRUMENT_COLUMNS; i++)
    if (g_strcmp0(a->values[i], b->values[i]) != 0)
      return FALSE;
  return TRUE;
}

gboolean nx_instrument_can_return(const NxInstrument *before, const NxInstrument *after)
{
  for (guint i = 0; i < NX_INSTRUMENT_COLUMNS; i++)
    if (before->partial & (1u << i) && (!after || g_strcmp0(before->values[i], after->values[i]) != 0))
      return FALSE;
  return TRUE;
}

static void free_instrument(gpointer instrument)
{
  nx_instrument_free(instrument);
}

static NxInstrument *from_row(NxRows *rows)
{
  NxInstrument *instrument = g_new0(NxInstrument, 1);
  for (guint i = 0; i < NX_INSTRUMENT_COLUMNS; i++) {
    gsize length = 0;
    const char *bytes = nx_rows_bytes(rows, i, &length);
    instrument->values[i] = bytes ? nx_text_utf8(bytes, -1) : NULL;
    if (bytes && !g_utf8_validate(bytes, (gssize)length, NULL))
      instrument->partial |= 1u << i;
  }
  return instrument;
}

GPtrArray *nx_store_load(const char *address, GError **err)
{
  g_autoptr(NxDb) db = nx_stage_open(address, NX_DB_READ, err);
  if (!db)
    return NULL;
  g_autofree char *columns = nx_instrument_column_list();
  g_autofree char *sql = g_strdup_printf("SELECT %s FROM instruments ORDER BY %s", columns, nx_db_insertion_order(db));
  g_autoptr(NxRows) rows = nx_db_select(db, err, sql, NULL);
  g_autoptr(GPtrArray) instruments = g_ptr_array_new_with_free_func(free_instrument);
  while (rows && nx_rows_next(rows))
    g_ptr_array_add(instruments, from_row(rows));
  return rows && nx_rows_finish(rows, err) ? g_steal_pointer(&instruments) : NULL;
}

gboolean nx_store_count_sessions(const char *address, const char *pid, gint64 *count, GError **err)
{
  g_autoptr(NxDb) db = nx_stage_open(address, NX_DB_READ, err);
  return db && nx_db_number(db, count, err, "SELECT count(*) FROM session_log WHERE instrument = $1", "s", pid);
}

/* --------------------------------------------------------------------------------------------------------- changes */

typedef struct {
  NxDb *db;
  NxDbTransaction *transaction;
} Change;

static void end_change(Change *change)
{
  nx_db_rollback(change->transaction);
  nx_db_close(change->db);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Change, end_change)

/* Foreign keys stay off: the sessions of a deleted instrument are kept. */
static gboolean start_change(Change *change, const char *address, GError **err)
{
  change->db = nx_stage_open(address, NX_DB_WRITE, err);
  if (!change->db || !nx_db_enforce_foreign_keys(change->db, FALSE, err))
    return FALSE;
  change->transaction = nx_db_begin(change->db, err);
  return change->transaction != NULL;
}

static NxStoreResult finish_change(Change *change, gboolean good, GError **err)
{
  return good && nx_db_commit(&change->transaction, err) ? NX_STORE_DONE : NX_STORE_FAILED;
}

/* What the row is now, under the lock, against what it was. */
static NxStoreResult compare(Change *change, const NxInstrument *before, NxInstrument **now, GError **err)
{
  g_autofree char *columns = nx_instrument_column_list();
  g_autofree char *sql = g_strdup_printf("SELECT %s FROM instruments WHERE instrument_pid = $1", columns);
  g_autoptr(NxRows) rows = nx_db_select(change->db, err, sql, "s", before->values[NX_INSTRUMENT_PID]);
  if (!rows)
    return NX_STORE_FAILED;
  g_autoptr(NxInstrument) found = nx_rows_next(rows) ? from_row(rows) : NULL;
  if (!nx_rows_finish(rows, err))
    return NX_STORE_FAILED;
  if (!found)
    return NX_STORE_GONE;
  if (nx_instrument_equal(found, before))
    return NX_STORE_DONE;
  *now = g_steal_pointer(&found);
  return NX_STORE_CHANGED;
}

NxStoreResult nx_store_insert(const char *address, const NxInstrument *instrument, GError **err)
{
  g_auto(Change) change = {0};
  if (!start_change(&change, address, err))
    return NX_STORE_FAILED;
  gboolean good = nx_instrument_insert(change.db, (const char *const *)instrument->values, err);
  return finish_change(&change, good, err);
}

/* The other columns are left alone: what a value holds behind a NUL, or beside UTF-8, was never read. */
static gboolean write_changes(NxDb *db, const NxInstrument *before, const NxInstrument *after, GError **err)
{
  gboolean good = TRUE;
  for (guint i = NX_INSTRUMENT_PID + 1; good && i < NX_INSTRUMENT_COLUMNS; i++) {
    g_autofree char *sql = g_strdup_printf("UPDATE instruments SET %s = $2 WHERE instrument_pid = $1", nx_instrument_columns[i]);
    if (g_strcmp0(before->values[i], after->values[i]) != 0)
      good = nx_db_run(db, err, sql, "ss", before->values[NX_INSTRUMENT_PID], after->values[i]);
  }
  return good;
}

NxStoreResult nx_store_update(const char *address, const NxInstrument *before, const NxInstrument *after, NxInstrument **now, GError **err)
{
  g_auto(Change) change = {0};
  if (!start_change(&change, address, err))
    return NX_STORE_FAILED;
  NxStoreResult result = compare(&change, before, now, err);
  if (result != NX_STORE_DONE)
    return result;
  gboolean good = write_changes(change.db, before, after, err);
  return finish_change(&change, good, err);
}

NxStoreResult nx_store_delete(const char *address, const NxInstrument *before, NxInstrument **now, GError **err)
{
  g_auto(Change) change = {0};
  if (!start_change(&change, address, err))
    return NX_STORE_FAILED;
  NxStoreResult result = compare(&change, before, now, err);
  if (result != NX_STORE_DONE)
    return result;
  gboolean good = nx_db_run(change.db, err, "DELETE FROM instruments WHERE instrument_pid = $1", "s", before->values[NX_INSTRUMENT_PID]);
  return finish_change(&change, good, err);
}
