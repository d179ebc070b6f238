/* attempts.c — the RECORD_GENERATION rows of a session: since when its record has been in the making (record-building 2, LINES). */
#include "stages.h"

gint64 nx_stored_instant_ns(const char *text)
{
  g_autoptr(GDateTime) instant = text ? nx_time_parse(text, nx_zone_system(), NULL) : NULL;
  return instant ? nx_time_ns(instant) : G_MININT64;
}

void nx_attempts_clear(NxAttempts *attempts)
{
  g_clear_pointer(&attempts->since, g_free);
}

gboolean nx_attempts_of(NxDb *db, const char *session_identifier, NxAttempts *attempts, GError **err)
{
  g_autoptr(NxRows) rows = nx_db_select(db, err,
                                        "SELECT id_session_log, record_status, timestamp FROM session_log WHERE session_identifier = $1 "
                                        "AND event_type = 'RECORD_GENERATION' ORDER BY id_session_log",
                                        "s", session_identifier);
  if (!rows)
    return FALSE;
  while (nx_rows_next(rows)) {
    attempts->any = TRUE;
    if (attempts->waiting)
      continue;
    g_free(attempts->since);
    attempts->since = g_strdup(nx_rows_text(rows, 2));
    if (g_strcmp0(nx_rows_text(rows, 1), "WAITING_FOR_END") == 0)
      attempts->waiting = nx_rows_int(rows, 0);
  }
  return nx_rows_finish(rows, err);
}
