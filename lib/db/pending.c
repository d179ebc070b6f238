/* pending.c — session lines of what is to be done: START rows with their END, what is known of earlier exports, and the RECORD_GENERATION
 * row that says a build has begun (record-building 2, LINES). */
#include "leases.h"
#include "nx-config.h"
#include "stages.h"

#include <string.h>

static const char *const EVENT_KINDS[] = {"usage_event", NULL};

/* A START row and the END row that belongs to it. */
typedef struct {
  gint64 start_id;
  char *identifier, *instrument_pid, *user;
  char *start, *end; /* end: NULL when there is none that counts */
  char *status;
  char *other_status; /* of an END row that does not count for it; NULL when there is none */
  gboolean by_name; /* asked for by its identifier */
} Session;

typedef struct {
  NxDb *db;
  const NxPendingOptions *options;
  FILE *out;
  NxLeaseTaker taker;      /* no holder: leases are respected, and none are taken */
  gboolean has_leases; /* of others, where this run takes none */
  guint count;             /* handed out */
  guint left;              /* to others, which have leased them */
  NxLease last;            /* of these leases, the one that ends last */
  GHashTable *instruments; /* pid → JSON object */
  GHashTable *seen;        /* identifiers handed out or left out */
} Pending;

static void session_free(gpointer data)
{
  Session *session = data;
  g_free(session->identifier);
  g_free(session->instrument_pid);
  g_free(session->user);
  g_free(session->start);
  g_free(session->end);
  g_free(session->status);
  g_free(session->other_status);
  g_free(session);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Session, session_free)

/* -------------------------------------------------------------------------------------------------------- selecting */

/* Text that can stand on a line and be found again in the database. */
static char *whole_text(NxRows *rows, guint column)
{
  const char *text = nx_rows_text(rows, column);
  return text && g_utf8_validate(text, -1, NULL) ? g_strdup(text) : NULL;
}

/* Why a START row makes no line: no other stage takes one whose names are empty. NULL when it makes one. */
static const char *why_left_out(const Session *session)
{
  if (!session->identifier || !session->instrument_pid || !session->start || !session->status)
    return "holds text that is not UTF-8";
  if (!*session->identifier)
    return "has an empty session_identifier";
  return *session->instrument_pid ? NULL : "has an empty instrument";
}

#define START_ROWS                                                                                                                         \
  "SELECT id_session_log, session_identifier, instrument, timestamp, record_status, \"user\" FROM session_log WHERE event_type = 'START' " \
  "AND "

static gboolean select_sessions(Pending *pending, const char *where, const char *value, gboolean by_name, GPtrArray *sessions, GError **err)
{
  g_autofree char *sql = g_strconcat(START_ROWS, where, NULL);
  g_autoptr(NxRows) rows = nx_db_select(pending->db, err, sql, "s", value);
  if (!rows)
    return FALSE;
  while (nx_rows_next(rows)) {
    g_autoptr(Session) session = g_new0(Session, 1);
    session->start_id = nx_rows_int(rows, 0);
    session->identifier = whole_text(rows, 1);
    session->instrument_pid = whole_text(rows, 2);
    session->start = whole_text(rows, 3);
    session->status = whole_text(rows, 4);
    session->user = whole_text(rows, 5);
    session->by_name = by_name;
    const char *why = why_left_out(session);
    if (why)
      nx_log_warning("id_session_log %" G_GINT64_FORMAT " %s; left out", session->start_id, why);
    else
      g_ptr_array_add(sessions, g_steal_pointer(&session));
  }
  return nx_rows_finish(rows, err);
}

static int by_start_id(gconstpointer a, gconstpointer b)
{
  const Session *const *left = a, *const *right = b;
  return (*left)->start_id < (*right)->start_id ? -1 : (*left)->start_id > (*right)->start_id;
}

/* A row that was asked for in two ways, by name and by status, counts once: as asked for by name. */
static void drop_doubles(GPtrArray *sessions)
{
  for (guint i = sessions->len; i > 1; i--) {
    Session *session = sessions->pdata[i - 1], *before = sessions->pdata[i - 2];
    if (session->start_id != before->start_id)
      continue;
    before->by_name = before->by_name || session->by_name;
    g_ptr_array_remove_index(sessions, i - 1);
  }
}

static gboolean select_by_status(Pending *pending, const char *status, GPtrArray *sessions, GError **err)
{
  return select_sessions(pending, "record_status = $1", status, FALSE, sessions, err);
}

static gboolean select_by_name(Pending *pending, const char *identifier, GPtrArray *sessions, GError **err)
{
  guint before = sessions->len;
  if (!select_sessions(pending, "session_identifier = $1", identifier, TRUE, sessions, err))
    return FALSE;
  if (sessions->len > before)
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_MISSING, "session %s is not in the database", identifier);
  return FALSE;
}

static const char *const NONE[] = {NULL};

static gboolean are_named(const NxPendingOptions *options)
{
  return options->sessions && *options->sessions;
}

/* Besides those of --retry. */
static const char *const *statuses_of(const NxPendingOptions *options)
{
  static const char *const USUAL[] = {"TO_BE_BUILT", NULL};
  if (options->statuses && *options->statuses)
    return options->statuses;
  return are_named(options) && !options->retry ? NONE : USUAL;
}

static GPtrArray *select_all(Pending *pending, GError **err)
{
  const NxPendingOptions *options = pending->options;
  g_autoptr(GPtrArray) sessions = g_ptr_array_new_with_free_func(session_free);
  static const char *const AGAIN[] = {"ERROR", "BUILT_NOT_EXPORTED", NULL};
  const char *const *lists[] = {statuses_of(options), options->retry ? AGAIN : NONE};
  for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
    for (const char *const *status = lists[i]; *status; status++)
      if (!select_by_status(pending, *status, sessions, err))
        return NULL;
  for (const char *const *name = are_named(options) ? options->sessions : NONE; *name; name++)
    if (!select_by_name(pending, *name, sessions, err))
      return NULL;
  g_ptr_array_sort(sessions, by_start_id);
  drop_doubles(sessions);
  return g_steal_pointer(&sessions);
}

/* The END row with the highest id; of the START row's status unless the session was asked for by name. */
static gboolean find_end(Pending *pending, Session *session, GError **err)
{
  g_autoptr(NxRows) rows =
      nx_db_select(pending->db, err,
                   "SELECT timestamp, record_status FROM session_log WHERE event_type = 'END' AND session_identifier = $1 "
                   "ORDER BY CASE WHEN record_status = $2 OR $3 <> 0 THEN 0 ELSE 1 END, id_session_log DESC LIMIT 1",
                   "ssb", session->identifier, session->status, session->by_name);
  if (!rows)
    return FALSE;
  if (nx_rows_next(rows)) {
    g_autofree char *end = whole_text(rows, 0), *status = whole_text(rows, 1);
    if (session->by_name || g_strcmp0(status, session->status) == 0)
      session->end = g_steal_pointer(&end);
    else
      session->other_status = g_steal_pointer(&status);
  }
  return nx_rows_finish(rows, err);
}

#define LONE_END_ROWS                                                                                                                        \
  "SELECT id_session_log, session_identifier, (SELECT min(record_status) FROM session_log s WHERE s.session_identifier = "                  \
  "e.session_identifier AND s.event_type = 'START') FROM session_log e WHERE event_type = 'END' AND record_status = 'TO_BE_BUILT' "          \
  "AND NOT EXISTS (SELECT 1 FROM session_log s WHERE s.session_identifier = e.session_identifier AND s.event_type = 'START' "               \
  "AND s.record_status = 'TO_BE_BUILT') ORDER BY id_session_log"

/* Sessions are found by their START rows, so nothing else would ever speak of these. */
static gboolean say_what_has_no_start(Pending *pending, GError **err)
{
  g_autoptr(NxRows) rows = nx_db_select(pending->db, err, LONE_END_ROWS, NULL);
  if (!rows)
    return FALSE;
  while (nx_rows_next(rows)) {
    const char *identifier = nx_rows_text(rows, 1), *start = nx_rows_text(rows, 2);
    if (!g_hash_table_contains(pending->seen, identifier))
      nx_log_warning("session %s has an END row (id_session_log %" G_GINT64_FORMAT ") to be built, but %s%s; it is left alone", identifier,
                     nx_rows_int(rows, 0), start ? "its START row is " : "no START row", start ? start : "");
  }
  return nx_rows_finish(rows, err);
}

/* ---------------------------------------------------------------------------------------------------------- judging */

static GTimeZone *zone_of(Pending *pending, const char *instrument_pid)
{
  const char *name = nx_json_get_string(g_hash_table_lookup(pending->instruments, instrument_pid), "timezone");
  GTimeZone *zone = name ? nx_zone(name, NULL) : NULL;
  return zone ? zone : nx_zone_system();
}

/* FALSE with a reason when a time cannot be read; *inside tells whether the session lies within --from and --to. */
static gboolean check_times(Pending *pending, const char *pid, const char *start, const char *end, gboolean *inside, GError **err)
{
  GTimeZone *zone = zone_of(pending, pid);
  g_autoptr(GDateTime) from = nx_time_parse(start, zone, err);
  g_autoptr(GDateTime) to = from ? nx_time_parse(end, zone, err) : NULL;
  if (!to)
    return FALSE;
  const NxPendingOptions *options = pending->options;
  *inside =
      (!options->from || nx_time_ns(from) >= nx_time_ns(options->from)) && (!options->to || nx_time_ns(to) <= nx_time_ns(options->to));
  return TRUE;
}

/* TRUE when the session is one to hand out; every other one is logged or lies outside the dates. */
static gboolean is_wanted(Pending *pending, const Session *session)
{
  gboolean inside = FALSE;
  g_autoptr(GError) reason = NULL;
  if (!g_hash_table_add(pending->seen, g_strdup(session->identifier))) {
    nx_log_warning("session %s has another START row (id_session_log %" G_GINT64_FORMAT "); the first one counts", session->identifier,
                   session->start_id);
    return FALSE;
  }
  if (!session->end && session->other_status) {
    nx_log_error("session %s has a START row (id_session_log %" G_GINT64_FORMAT "), but its END row is %s, not %s; it is left alone",
                 session->identifier, session->start_id, session->other_status, session->status);
    return FALSE;
  }
  if (!session->end) {
    nx_log_error("session %s has a START row (id_session_log %" G_GINT64_FORMAT ") but no END row; it is left alone", session->identifier,
                 session->start_id);
    return FALSE;
  }
  if (!check_times(pending, session->instrument_pid, session->start, session->end, &inside, &reason)) {
    nx_log_warning("session %s (id_session_log %" G_GINT64_FORMAT ") is left out: %s", session->identifier, session->start_id,
                   reason->message);
    return FALSE;
  }
  return inside || session->by_name;
}

/* A success from before the build at hand: this build replaces it. One of this build, whose other exports were interrupted, stays. */
static gboolean replaces(const NxAttempts *attempts, json_object *uploads, gboolean is_built)
{
  gint64 since_ns = nx_stored_instant_ns(attempts->since);
  for (gsize i = 0; i < json_object_array_length(uploads); i++) {
    json_object *upload = json_object_array_get_idx(uploads, i);
    if (nx_json_get_boolean(upload, "success") &&
        (!(attempts->waiting || is_built) || nx_stored_instant_ns(nx_json_get_string(upload, "timestamp")) < since_ns))
      return TRUE;
  }
  return FALSE;
}

/* LINES: whether a destination may have this record already. `reexport` would publish a session that is not to be built; when it is by hand,
 * nx-export sees what there is to replace. */
static const char *export_mode(const char *status, json_object *uploads, const NxAttempts *attempts)
{
  if (g_str_equal(status, "BUILT_NOT_EXPORTED"))
    return replaces(attempts, uploads, TRUE) ? "reexport" : "retry";
  if (replaces(attempts, uploads, FALSE))
    return g_str_equal(status, "TO_BE_BUILT") ? "reexport" : "export";
  return attempts->any || json_object_array_length(uploads) ? "retry" : "export";
}

/* ------------------------------------------------------------------------------------------------------ handing out */

static json_object *session_line(json_object *instrument, const char *identifier, const char *start, const char *end, const char *user)
{
  json_object *line = json_object_new_object();
  nx_json_set_string(line, "kind", "session");
  nx_json_set_string(line, "session_identifier", identifier);
  if (instrument)
    nx_json_set(line, "instrument", json_object_get(instrument));
  nx_json_set_string(line, "start", start);
  nx_json_set_string(line, "end", end);
  nx_json_set_string(line, "user", user);
  return line;
}

/* Now, but behind all exports so far, also when the clock was set back since: they are of earlier builds (replaces). */
static char *time_of_build(json_object *uploads)
{
  g_autoptr(GDateTime) begins = nx_time_now();
  for (gsize i = 0; i < json_object_array_length(uploads); i++) {
    const char *text = nx_json_get_string(json_object_array_get_idx(uploads, i), "timestamp");
    g_autoptr(GDateTime) ended = text ? nx_time_parse(text, nx_zone_system(), NULL) : NULL;
    g_autoptr(GDateTime) behind = ended ? g_date_time_add(ended, 1) : NULL;
    if (behind && g_date_time_compare(behind, begins) > 0) {
      g_date_time_unref(begins);
      begins = g_steal_pointer(&behind);
    }
  }
  return nx_time_format(begins);
}

static gboolean begin_build(Pending *pending, const Session *session, json_object *uploads, GError **err)
{
  g_autofree char *timestamp = time_of_build(uploads);
  return nx_db_run(pending->db, err,
                   "INSERT INTO session_log (session_identifier, instrument, timestamp, event_type, record_status, \"user\") "
                   "VALUES ($1, $2, $3, 'RECORD_GENERATION', 'WAITING_FOR_END', 'nexuslims')",
                   "sss", session->identifier, session->instrument_pid, timestamp);
}

static gboolean put_back_to_work(Pending *pending, Session *session, GError **err)
{
  g_free(session->status);
  session->status = g_strdup("TO_BE_BUILT");
  return pending->options->dry_run ||
         nx_db_run(pending->db, err,
                   "UPDATE session_log SET record_status = 'TO_BE_BUILT' WHERE session_identifier = $1 AND event_type IN ('START', 'END')",
                   "s", session->identifier);
}

/* Everything of a session that the database knows and changes, in one go. */
static json_object *prepare(Pending *pending, Session *session, GError **err)
{
  g_auto(NxAttempts) attempts = {0};
  json_object *instrument = g_hash_table_lookup(pending->instruments, session->instrument_pid);
  if (pending->options->retry && g_str_equal(session->status, "ERROR") && instrument && !put_back_to_work(pending, session, err))
    return NULL;
  g_autoptr(json_object) uploads = nx_uploads_of(pending->db, session->identifier, err);
  if (!uploads || !nx_attempts_of(pending->db, session->identifier, &attempts, err))
    return NULL;
  /* The row that an earlier attempt left is taken over as it is: it tells since when exports are of this build. */
  gboolean begins = g_str_equal(session->status, "TO_BE_BUILT") && instrument && !attempts.waiting;
  if (begins && !pending->options->dry_run && !begin_build(pending, session, uploads, err))
    return NULL;
  json_object *line = session_line(instrument, session->identifier, session->start, session->end, session->user);
  nx_json_set_string(line, "status", session->status);
  nx_json_set_string(line, "export_mode", export_mode(session->status, uploads, &attempts));
  nx_json_set(line, "uploads", g_steal_pointer(&uploads));
  if (!instrument)
    nx_session_end(line, "ERROR", "nx-db", "instrument '%s' is not in the table of instruments", session->instrument_pid);
  return line;
}

static NxDbTransaction *begin(Pending *pending, GError **err)
{
  return pending->taker.holder ? nx_db_begin_beside_others(pending->db, err) : nx_db_begin(pending->db, err);
}

/* A session that has no lease has changed since it was chosen. */
static void leave(Pending *pending, const Session *session, NxLease *lease)
{
  nx_log_info("session %s is worked on by another run", session->identifier);
  if (!lease->holder)
    return;
  pending->left++;
  if (g_strcmp0(lease->until, pending->last.until) <= 0)
    return;
  nx_lease_clear(&pending->last);
  pending->last = *lease;
  *lease = (NxLease){0};
}

/* *taken is FALSE when another run works on the session. A dry run shows it all the same. */
static gboolean claim(Pending *pending, const Session *session, gboolean *taken, GError **err)
{
  g_auto(NxLease) lease = {0};
  const NxLeaseTaker *taker = &pending->taker;
  *taken = TRUE;
  if (pending->options->dry_run)
    return TRUE;
  if (taker->holder && !nx_lease_take(pending->db, session->identifier, session->start_id, session->status, taker, taken, err))
    return FALSE;
  gboolean asks = taker->holder ? !*taken : pending->has_leases;
  if (asks && !nx_lease_read(pending->db, session->identifier, &lease, err))
    return FALSE;
  *taken = *taken && (taker->holder || !lease.holder);
  if (!*taken)
    leave(pending, session, &lease);
  return TRUE;
}

static gboolean hand_out(Pending *pending, Session *session, GError **err)
{
  gboolean taken = FALSE;
  g_autoptr(NxDbTransaction) transaction = pending->options->dry_run ? NULL : begin(pending, err);
  if ((!transaction && !pending->options->dry_run) || !claim(pending, session, &taken, err))
    return FALSE;
  if (!taken)
    return TRUE;
  g_autoptr(json_object) line = prepare(pending, session, err);
  if (!line || (transaction && !nx_db_commit(&transaction, err)))
    return FALSE;
  if (pending->taker.holder)
    nx_json_set_string(line, "lease", pending->taker.holder);
  pending->count++;
  if (nx_json_get(line, "error"))
    nx_log_error("session %s: %s", session->identifier, nx_json_get_string(nx_json_get(line, "error"), "message"));
  return nx_line_write(pending->out, line, err);
}

static void say_what_is_left(const Pending *pending)
{
  gboolean one = pending->left == 1;
  if (pending->left)
    nx_log_warning("%u session%s left to whoever has leased %s; the last lease, of %s, ends at %s unless it is renewed", pending->left,
                   one ? " is" : "s are", one ? "it" : "them", pending->last.holder, pending->last.until);
}

static gboolean hand_out_all(Pending *pending, GError **err)
{
  g_autoptr(GPtrArray) sessions = select_all(pending, err);
  for (guint i = 0; sessions && i < sessions->len; i++) {
    Session *session = sessions->pdata[i];
    if (!nx_check_interrupted(err))
      return FALSE;
    if (!find_end(pending, session, err))
      return FALSE;
    if (!is_wanted(pending, session))
      continue;
    if (!hand_out(pending, session, err))
      return FALSE;
  }
  say_what_is_left(pending);
  if (sessions)
    nx_log_info("Found %u new sessions to build", pending->count);
  return sessions && (!g_strv_contains(statuses_of(pending->options), "TO_BE_BUILT") || say_what_has_no_start(pending, err));
}

/* ------------------------------------------------------------------------------------------------- sessions of events */

/* log-events would add nothing for it; what there is to be done for its session is known from the rows. */
static gboolean is_logged(Pending *pending, const char *identifier, const char *start, gboolean *logged, GError **err)
{
  gint64 count = 0;
  gboolean read = nx_db_number(pending->db, &count, err,
                               "SELECT count(*) FROM session_log WHERE session_identifier = $1 AND event_type = 'START'", "s", identifier);
  *logged = count > 0;
  return read && (*logged || nx_stage_knows_twin(pending->db, identifier, start, logged, err));
}

static gboolean hand_out_event(Pending *pending, NxLines *lines, json_object *event, GError **err)
{
  static const char *const KEYS[] = {"session_identifier", "instrument_pid", "start", "end"};
  const char *values[G_N_ELEMENTS(KEYS)] = {NULL};
  gboolean inside = FALSE, logged = FALSE;
  g_autoptr(GError) reason = NULL;
  for (gsize i = 0; i < G_N_ELEMENTS(KEYS); i++)
    if (!(values[i] = nx_lines_need_text(lines, event, KEYS[i], err)))
      return FALSE;
  json_object *instrument = g_hash_table_lookup(pending->instruments, values[1]);
  if (!instrument) {
    nx_log_warning("line %" G_GUINT64_FORMAT ": instrument '%s' is not in the database; the event is left out", nx_lines_number(lines),
                   values[1]);
    return TRUE;
  }
  if (!check_times(pending, values[1], values[2], values[3], &inside, &reason)) {
    nx_line_refuse(lines, err, NX_ERROR_LINE, "%s", reason->message);
    return FALSE;
  }
  if (!inside || !g_hash_table_add(pending->seen, g_strdup(values[0])))
    return TRUE;
  if (!is_logged(pending, values[0], values[2], &logged, err))
    return FALSE;
  if (logged)
    return TRUE;
  g_autoptr(json_object) line = session_line(instrument, values[0], values[2], values[3], nx_json_get_string(event, "user"));
  nx_json_set_string(line, "status", "TO_BE_BUILT");
  nx_json_set_string(line, "export_mode", "export");
  nx_json_set(line, "uploads", json_object_new_array());
  return nx_line_write(pending->out, line, err);
}

static gboolean hand_out_events(Pending *pending, GError **err)
{
  g_autoptr(NxLines) lines = nx_lines_new(pending->options->in);
  for (;;) {
    g_autoptr(json_object) event = NULL;
    if (!nx_lines_next(lines, EVENT_KINDS, &event, err))
      return FALSE;
    if (!event)
      return TRUE;
    if (!hand_out_event(pending, lines, event, err))
      return FALSE;
  }
}

gboolean nx_stage_pending(const char *address, const NxPendingOptions *options, FILE *out, GError **err)
{
  g_autoptr(NxDb) db = options->dry_run ? nx_stage_open(address, NX_DB_READ, err) : nx_stage_open_to_build(address, err);
  g_autoptr(GHashTable) instruments = db ? nx_instruments_by_pid(db, err) : NULL;
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  gboolean claims = (options->claim || options->reclaim) && !options->dry_run, has_leases = FALSE;
  if (!instruments || !(claims ? nx_leases_prepare(db, err) : nx_leases_exist(db, &has_leases, err)))
    return FALSE;
  g_autofree char *holder = claims ? nx_lease_holder() : NULL, *file = nx_db_file_path(address);
  Pending pending = {.db = db,
                     .options = options,
                     .out = out,
                     .taker = {.holder = holder, .from_gone = options->reclaim && file},
                     .has_leases = has_leases,
                     .instruments = instruments,
                     .seen = seen};
  gboolean done = hand_out_all(&pending, err) && (!options->events || hand_out_events(&pending, err));
  nx_lease_clear(&pending.last);
  return done;
}
