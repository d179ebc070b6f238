/* events.c — usage_event lines become the START and the END row of a session (harvest-nemo 7.2), each once (7.3). */
#include "stages.h"

#include <string.h>

static const char *const KINDS[] = {"usage_event", NULL};

typedef enum { ADDED, KNOWN, NO_INSTRUMENT, OUTCOMES } Outcome;

typedef struct {
  NxDb *db;
  NxLines *lines;
  gboolean dry_run;
  guint counts[OUTCOMES];
  GError *first; /* of the events that could not be stored */
} Log;

/* What a row is made of; borrowed from the line. */
typedef struct {
  const char *session_identifier, *instrument_pid, *user;
  const char *start, *end;
} Event;

/* An instant as the database keeps it: text that was given stays as it is, when it can be read at all. */
static const char *need_instant(NxLines *lines, json_object *line, const char *key, GError **err)
{
  const char *text = nx_lines_need_text(lines, line, key, err);
  g_autoptr(GError) reason = NULL;
  g_autoptr(GDateTime) instant = text ? nx_time_parse(text, nx_zone_system(), &reason) : NULL;
  if (text && !instant)
    nx_line_refuse(lines, err, NX_ERROR_LINE, "key '%s' is no time: %s", key, reason->message);
  return instant ? text : NULL;
}

static gboolean read_event(NxLines *lines, json_object *line, Event *event, GError **err)
{
  json_object *user = nx_json_get(line, "user");
  if (user && !json_object_is_type(user, json_type_string)) {
    nx_line_refuse(lines, err, NX_ERROR_LINE, "key 'user' is not a string");
    return FALSE;
  }
  event->user = nx_json_get_string(line, "user");
  return (event->session_identifier = nx_lines_need_text(lines, line, "session_identifier", err)) &&
         (event->instrument_pid = nx_lines_need_text(lines, line, "instrument_pid", err)) &&
         (event->start = need_instant(lines, line, "start", err)) && (event->end = need_instant(lines, line, "end", err));
}

static gboolean count_rows(NxDb *db, const char *session_identifier, const char *type, gint64 *count, GError **err)
{
  return nx_db_number(db, count, err, "SELECT count(*) FROM session_log WHERE session_identifier = $1 AND event_type = $2", "ss",
                      session_identifier, type);
}

static gboolean add_row(Log *log, const Event *event, const char *type, const char *timestamp, gboolean *added, GError **err)
{
  gint64 known = 0;
  if (!count_rows(log->db, event->session_identifier, type, &known, err))
    return FALSE;
  if (known) {
    nx_log_info("a %s row of %s is there already", type, event->session_identifier);
    return TRUE;
  }
  *added = TRUE;
  return log->dry_run ||
         nx_db_run(log->db, err,
                   "INSERT INTO session_log (session_identifier, instrument, timestamp, event_type, record_status, \"user\") "
                   "VALUES ($1, $2, $3, $4, 'TO_BE_BUILT', $5)",
                   "sssss", event->session_identifier, event->instrument_pid, timestamp, type, event->user);
}

static gboolean add_rows(Log *log, const Event *event, gboolean *added, GError **err)
{
  return add_row(log, event, "START", event->start, added, err) && add_row(log, event, "END", event->end, added, err);
}

/* Identifiers and times of START rows: the event's of an instance, else the instances of an event, and what begins as they do. One that was moved
 * is not named by its time, so all of them are looked at, within bounds that an index can find. */
static NxRows *select_twins(NxDb *db, const char *session_identifier, GError **err)
{
  const char *columns = "SELECT session_identifier, timestamp FROM session_log WHERE event_type = 'START' AND session_identifier";
  g_autofree char *event = NULL;
  g_autoptr(GDateTime) instance = nx_calendar_instance_start(session_identifier, &event);
  if (instance) {
    g_autofree char *sql = g_strconcat(columns, " = $1", NULL);
    return nx_db_select(db, err, sql, "s", event);
  }
  const char *order = nx_db_byte_order(db);
  g_autofree char *sql = g_strdup_printf("%s%s > $1 AND session_identifier%s < $2", columns, order, order);
  g_autofree char *above = g_strconcat(session_identifier, "/", NULL), *below = g_strdup_printf("%s%c", session_identifier, '/' + 1);
  return nx_db_select(db, err, sql, "ss", above, below);
}

gboolean nx_stage_knows_twin(NxDb *db, const char *session_identifier, const char *start, gboolean *known, GError **err)
{
  *known = FALSE;
  gint64 own = 0;
  g_autoptr(GDateTime) instant = nx_time_parse(start, nx_zone_system(), NULL);
  if (!instant || !g_str_has_prefix(session_identifier, NX_CALENDAR_PREFIX))
    return TRUE;
  if (!count_rows(db, session_identifier, "START", &own, err) || own)
    return own > 0;
  g_autoptr(NxRows) rows = select_twins(db, session_identifier, err);
  while (rows && nx_rows_next(rows)) {
    const char *name = nx_rows_text(rows, 0);
    if (nx_stored_instant_ns(nx_rows_text(rows, 1)) != nx_time_ns(instant) || !nx_calendar_are_twins(name, session_identifier))
      continue;
    *known = TRUE;
    nx_log_info("%s is there already as %s", session_identifier, name);
  }
  return rows && nx_rows_finish(rows, err);
}

static gboolean add_event(Log *log, const Event *event, Outcome *outcome, GError **err)
{
  gint64 instruments = 0;
  gboolean added = FALSE, is_twin = FALSE;
  if (!nx_db_number(log->db, &instruments, err, "SELECT count(*) FROM instruments WHERE instrument_pid = $1", "s", event->instrument_pid))
    return FALSE;
  if (!nx_stage_knows_twin(log->db, event->session_identifier, event->start, &is_twin, err) ||
      (instruments && !is_twin && !add_rows(log, event, &added, err)))
    return FALSE;
  *outcome = !instruments ? NO_INSTRUMENT : added ? ADDED : KNOWN;
  return TRUE;
}

/* All that is asked is asked inside the transaction, which connects again when the connection was lost while the harvest waited for a server. */
static gboolean store_event(Log *log, const Event *event, Outcome *outcome, GError **err)
{
  if (log->dry_run)
    return add_event(log, event, outcome, err);
  g_autoptr(NxDbTransaction) transaction = nx_db_begin(log->db, err);
  return transaction && add_event(log, event, outcome, err) && nx_db_commit(&transaction, err);
}

/* Once more when it was the place that failed; what was stored all the same is known then. */
static gboolean store_event_surely(Log *log, const Event *event, Outcome *outcome, GError **err)
{
  g_autoptr(GError) error = NULL;
  if (store_event(log, event, outcome, &error))
    return TRUE;
  if (error->code != NX_ERROR_PLACE || nx_interrupted()) {
    g_propagate_error(err, g_steal_pointer(&error));
    return FALSE;
  }
  nx_log_warning("%s could not be stored and is tried once more: %s", event->session_identifier, error->message);
  return store_event(log, event, outcome, err);
}

static gboolean log_line(Log *log, json_object *line, GError **err)
{
  Event event = {0};
  Outcome outcome;
  g_autoptr(GError) error = NULL;
  if (!read_event(log->lines, line, &event, err))
    return FALSE;
  if (!store_event_surely(log, &event, &outcome, &error)) {
    if (error->code != NX_ERROR_DATA) {
      g_propagate_error(err, g_steal_pointer(&error));
      return FALSE;
    }
    nx_log_error("line %" G_GUINT64_FORMAT ": %s cannot be stored and is left out: %s", nx_lines_number(log->lines), event.session_identifier,
                 error->message);
    log->first = log->first ? log->first : g_steal_pointer(&error);
    return TRUE;
  }
  if (outcome == NO_INSTRUMENT)
    nx_log_warning("line %" G_GUINT64_FORMAT ": instrument '%s' of %s is not in the database; the event is left out",
                   nx_lines_number(log->lines), event.instrument_pid, event.session_identifier);
  log->counts[outcome]++;
  return TRUE;
}

static gboolean log_lines(Log *log, GError **err)
{
  for (;;) {
    g_autoptr(json_object) line = NULL;
    if (!nx_lines_next(log->lines, KINDS, &line, err))
      return FALSE;
    if (!line)
      return TRUE;
    if (!log_line(log, line, err))
      return FALSE;
  }
}

gboolean nx_stage_log_events(const char *address, int in, gboolean dry_run, GError **err)
{
  g_autoptr(NxLines) lines = nx_lines_new(in);
  g_autoptr(NxDb) db = dry_run ? nx_stage_open(address, NX_DB_READ, err) : nx_stage_open_to_build(address, err);
  if (!db)
    return FALSE;
  Log log = {.db = db, .lines = lines, .dry_run = dry_run};
  gboolean done = log_lines(&log, err);
  fprintf(stderr, "%u added, %u known\n", log.counts[ADDED], log.counts[KNOWN]);
  if (!done)
    g_clear_error(&log.first);
  else if (log.first)
    g_propagate_error(err, log.first);
  return done && !log.first;
}
