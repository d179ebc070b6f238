/* stages.h — what the stages share: the columns of an instrument, the statuses, and sessions made of rows. */
#ifndef NX_DB_STAGES_H
#define NX_DB_STAGES_H

#include "nx-db.h"

/* All rows as JSON objects of the nine columns, in the order in which they were added. */
GPtrArray *nx_instruments_read(NxDb *db, GError **err);
/* The same as instrument lines. */
gboolean nx_instruments_write(NxDb *db, FILE *out, GError **err);
/* Instrument rows by pid: JSON objects of the nine columns. */
GHashTable *nx_instruments_by_pid(NxDb *db, GError **err);

/* What the RECORD_GENERATION rows of a session tell of earlier attempts. */
typedef struct {
  gboolean any;   /* one may have reached a destination: the status of such a row is that of its last result, and says nothing of those before */
  gint64 waiting; /* id of the row of a build that did not end; 0 when there is none */
  char *since;    /* when that build first began, as it stands in the row; when there is none, the last one; NULL: there was none at all */
} NxAttempts;
/* `attempts` is empty before. */
gboolean nx_attempts_of(NxDb *db, const char *session_identifier, NxAttempts *attempts, GError **err);
void nx_attempts_clear(NxAttempts *attempts);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NxAttempts, nx_attempts_clear)

/* The instant of a timestamp as the database keeps it, in nanoseconds since the epoch: rows that the Python implementation wrote have no offset and
 * are local time. Before all others what is NULL or no time. */
gint64 nx_stored_instant_ns(const char *text);

/* Newest upload_log row of each destination of a session, as results (LINES), by timestamp, then id. */
json_object *nx_uploads_of(NxDb *db, const char *session_identifier, GError **err);

/* Whether what an event tells is logged under the identifier that it had when its booking was no series yet, or still one: a START row of such a name
 * has the same instant. An event that is logged itself needs none. */
gboolean nx_stage_knows_twin(NxDb *db, const char *session_identifier, const char *start, gboolean *known, GError **err);

/* Adds the error's line number in front and makes it the kind of error that decides the exit status. */
void nx_line_refuse(NxLines *lines, GError **err, NxErrorCode code, const char *format, ...) G_GNUC_PRINTF(4, 5);

#endif
