/* results.c — what became of each session: statuses, RECORD_GENERATION row and upload_log, in one transaction a session
 * (LINES, record-building 2.3, export 3 and 4.2). */
#include "leases.h"
#include "stages.h"

#include <string.h>

static const char *const KINDS[] = {"session", NULL};

typedef struct {
  NxDb *db;
  NxLines *lines;
  FILE *out;
  NxLeaseKeeper *keeper;
  GError *first; /* of the sessions that could not be stored */
} Results;

/* ---------------------------------------------------------------------------------------------------------- checking */

static gboolean check_result(Results *results, json_object *result, GError **err)
{
  if (nx_json_get_string(result, "destination_name") && json_object_is_type(nx_json_get(result, "success"), json_type_boolean))
    return TRUE;
  nx_line_refuse(results->lines, err, NX_ERROR_LINE, "an entry of 'exports' lacks destination_name or success");
  return FALSE;
}

static gboolean check_line(Results *results, json_object *line, GError **err)
{
  const char *identifier = nx_lines_need_text(results->lines, line, "session_identifier", err);
  json_object *status = identifier ? nx_lines_need(results->lines, line, "status", json_type_string, err) : NULL;
  json_object *exports = nx_json_get(line, "exports");
  if (!status)
    return FALSE;
  if (!nx_db_status_is_known(json_object_get_string(status))) {
    nx_line_refuse(results->lines, err, NX_ERROR_LINE, "'%s' is not a status of the database", json_object_get_string(status));
    return FALSE;
  }
  if (exports && !json_object_is_type(exports, json_type_array)) {
    nx_line_refuse(results->lines, err, NX_ERROR_LINE, "key 'exports' is not an array");
    return FALSE;
  }
  for (gsize i = 0; exports && i < json_object_array_length(exports); i++)
    if (!check_result(results, json_object_array_get_idx(exports, i), err))
      return FALSE;
  return TRUE;
}

/* ----------------------------------------------------------------------------------------------------------- storing */

static char *metadata_text(json_object *result)
{
  json_object *metadata = nx_json_get(result, "metadata");
  if (!json_object_is_type(metadata, json_type_object) || json_object_object_length(metadata) == 0)
    return NULL;
  return nx_json_text(metadata, NX_JSON_SPACED | NX_JSON_ASCII);
}

/* When it ended. Clocks differ and are set back, but nothing is exported before its build began (`since`, may be NULL): as an earlier export it
 * would be replaced, not carried on. */
static char *time_of(json_object *result, const char *since)
{
  const char *given = nx_json_get_string(result, "timestamp");
  g_autoptr(GDateTime) now = nx_time_now();
  g_autofree char *ended = given ? g_strdup(given) : nx_time_format(now);
  return nx_stored_instant_ns(ended) < nx_stored_instant_ns(since) ? g_strdup(since) : g_steal_pointer(&ended);
}

/* A line that comes twice leaves one row. */
static gboolean store_upload(Results *results, const char *identifier, const char *since, json_object *result, GError **err)
{
  gint64 known = 0;
  const char *destination = nx_json_get_string(result, "destination_name");
  g_autofree char *timestamp = time_of(result, since), *metadata = metadata_text(result);
  if (!nx_db_number(results->db, &known, err,
                    "SELECT count(*) FROM upload_log WHERE session_identifier = $1 AND destination_name = $2 AND timestamp IN ($3, $4) "
                    "AND success = $5 AND COALESCE(record_id, '') = COALESCE($6, '') AND COALESCE(error_message, '') = COALESCE($7, '') "
                    "AND COALESCE(metadata_json, '') = COALESCE($8, '')",
                    "ssssbsss", identifier, destination, timestamp, nx_json_get_string(result, "timestamp"),
                    nx_json_get_boolean(result, "success"), nx_json_get_string(result, "record_id"), nx_json_get_string(result, "error_message"),
                    metadata))
    return FALSE;
  return known || nx_db_run(results->db, err,
                            "INSERT INTO upload_log (session_identifier, destination_name, success, timestamp, record_id, record_url, "
                            "error_message, metadata_json) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                            "ssbsssss", identifier, destination, nx_json_get_boolean(result, "success"), timestamp,
                            nx_json_get_string(result, "record_id"), nx_json_get_string(result, "record_url"),
                            nx_json_get_string(result, "error_message"), metadata);
}

static gboolean store_uploads(Results *results, json_object *line, GError **err)
{
  json_object *exports = nx_json_get(line, "exports");
  const char *identifier = nx_json_get_string(line, "session_identifier");
  g_auto(NxAttempts) attempts = {0};
  if (!nx_attempts_of(results->db, identifier, &attempts, err))
    return FALSE;
  for (gsize i = 0; exports && i < json_object_array_length(exports); i++)
    if (!store_upload(results, identifier, attempts.since, json_object_array_get_idx(exports, i), err))
      return FALSE;
  return TRUE;
}

/* The next run starts over. The row of an attempt that may have reached a destination stays: it makes that run look first, and keep what this
 * build has exported. */
static gboolean take_back(Results *results, json_object *line, GError **err)
{
  const char *mode = nx_json_get_string(line, "export_mode");
  json_object *exports = nx_json_get(line, "exports");
  if (!g_str_equal(mode ? mode : "export", "export") || (exports && json_object_array_length(exports) > 0))
    return TRUE;
  return nx_db_run(results->db, err,
                   "DELETE FROM session_log WHERE session_identifier = $1 AND event_type = 'RECORD_GENERATION' "
                   "AND record_status = 'WAITING_FOR_END'",
                   "s", nx_json_get_string(line, "session_identifier"));
}

static gboolean set_status(Results *results, const char *identifier, const char *status, GError **err)
{
  if (!nx_db_run(results->db, err, "UPDATE session_log SET record_status = $1 WHERE session_identifier = $2", "ss", status, identifier))
    return FALSE;
  if (nx_db_changed(results->db) == 0)
    nx_log_warning("session %s is not in the database; its status %s is stored nowhere", identifier, status);
  return TRUE;
}

/* The status that the session ends with; NULL when the next run tries again. */
static const char *final_status(json_object *line)
{
  const char *status = nx_json_get_string(line, "status");
  if (nx_json_get(line, "postponed"))
    return NULL;
  if (!g_str_equal(status, "TO_BE_BUILT"))
    return status;
  return nx_json_get(line, "record") ? "BUILT_NOT_EXPORTED" : NULL;
}

/* *stored: an attempt before this one, whose answer did not arrive, has stored all. */
static gboolean end_lease(Results *results, json_object *line, gboolean is_retry, gboolean *stored, GError **err)
{
  gboolean held = FALSE;
  const char *identifier = nx_json_get_string(line, "session_identifier"), *lease = nx_json_get_string(line, "lease");
  *stored = FALSE;
  if (!lease)
    return TRUE;
  if (!nx_lease_end(results->db, identifier, lease, &held, err))
    return FALSE;
  *stored = !held && is_retry;
  if (held || is_retry)
    return TRUE;
  gboolean has_ended = nx_lease_holder_is_gone(lease);
  g_set_error(err, NX_ERROR, NX_ERROR_DATA, "its lease has passed to another run, because %s%s %s; what that run makes of it counts",
              has_ended ? "the process of " : "", lease, has_ended ? "has ended" : "did not renew it for too long");
  return FALSE;
}

static gboolean store_facts(Results *results, json_object *line, const char *status, GError **err)
{
  const char *identifier = nx_json_get_string(line, "session_identifier");
  return store_uploads(results, line, err) && (status ? set_status(results, identifier, status, err) : take_back(results, line, err));
}

/* A line that was stored once is stored again without a change. */
static gboolean store(Results *results, json_object *line, gboolean is_retry, GError **err)
{
  gboolean stored = FALSE;
  const char *status = final_status(line);
  g_autoptr(NxDbTransaction) transaction = nx_db_begin_beside_others(results->db, err);
  if (!transaction || !end_lease(results, line, is_retry, &stored, err))
    return FALSE;
  if ((!stored && !store_facts(results, line, status, err)) || !nx_db_commit(&transaction, err))
    return FALSE;
  if (status)
    nx_json_set_string(line, "status", status);
  return TRUE;
}

static gboolean log_line(Results *results, json_object *line, GError **err)
{
  g_autoptr(GError) error = NULL;
  if (!check_line(results, line, err))
    return FALSE;
  if (nx_json_get_string(line, "lease"))
    nx_lease_keeper_add(results->keeper, nx_json_get_string(line, "lease"));
  gboolean stored = store(results, line, FALSE, &error);
  if (!stored && error->code == NX_ERROR_PLACE && !nx_interrupted()) {
    nx_log_warning("session %s could not be stored and is tried once more: %s", nx_json_get_string(line, "session_identifier"), error->message);
    g_clear_error(&error);
    stored = store(results, line, TRUE, &error);
  }
  if (stored)
    return nx_line_write(results->out, line, err);
  nx_log_error("session %s could not be stored: %s", nx_json_get_string(line, "session_identifier"), error->message);
  if (!results->first)
    results->first = g_steal_pointer(&error);
  return TRUE;
}

static gboolean log_lines(Results *results, GError **err)
{
  for (;;) {
    g_autoptr(json_object) line = NULL;
    if (!nx_lines_next(results->lines, KINDS, &line, err))
      return FALSE;
    if (!line)
      return TRUE;
    if (!log_line(results, line, err))
      return FALSE;
  }
}

gboolean nx_stage_log_results(const char *address, int in, FILE *out, GError **err)
{
  g_autoptr(NxLines) lines = nx_lines_new(in);
  g_autoptr(NxDb) db = nx_stage_open_to_build(address, err);
  if (!db)
    return FALSE;
  g_autofree char *holder = nx_lease_holder();
  g_autoptr(NxLeaseKeeper) keeper = nx_lease_keeper_new(address, holder);
  Results results = {.db = db, .lines = lines, .out = out, .keeper = keeper};
  gboolean done = log_lines(&results, err);
  if (!done)
    g_clear_error(&results.first);
  else if (results.first)
    g_propagate_error(err, results.first);
  return done && !results.first;
}
