/* harvest.c — instrument and session lines to the reservation systems they belong to, and their answers back into lines. */
#include "harvester.h"

#include "nemo.h"

#include <stdio.h>
#include <string.h>

const NxHarvester *const nx_harvesters[] = {&nx_harvester_nemo, &nx_harvester_ical, NULL};

/* The one of that name; an empty name is the first (old databases). NULL: a plug-in's name. */
static const NxHarvester *harvester_of(const char *name)
{
  for (const NxHarvester *const *each = nx_harvesters; *each; each++)
    if (!name || !*name || g_str_equal(name, (*each)->name))
      return *each;
  return NULL;
}

/* ------------------------------------------------------------------------------------------------------- the process */

static gboolean open_nemo(NxHarvest *harvest, GError **err)
{
  for (guint i = 0; i < harvest->settings->nemo->len; i++) {
    NxNemo *nemo = nx_nemo_new(harvest->settings->nemo->pdata[i], harvest->http, err);
    if (!nemo)
      return FALSE;
    g_ptr_array_add(harvest->nemo, nemo);
  }
  return TRUE;
}

NxHarvest *nx_harvest_new(const NxSettings *settings, const NxHttpOptions *http, GError **err)
{
  NxHttpOptions by_settings = {
      .ca_file = settings->cert_bundle_file, .ca_pem = settings->cert_bundle, .insecure = settings->disable_ssl_verify};
  g_autoptr(NxHarvest) harvest = g_new0(NxHarvest, 1);
  harvest->settings = settings;
  harvest->nemo = g_ptr_array_new_with_free_func((GDestroyNotify)nx_nemo_free);
  harvest->feeds = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)nx_feed_free);
  harvest->now = nx_time_now();
  harvest->http = nx_http_new(http ? http : &by_settings, err);
  if (!harvest->http || !open_nemo(harvest, err))
    return NULL;
  if (settings->disable_ssl_verify)
    nx_log_warning("NX_DISABLE_SSL_VERIFY is set: certificates of servers are not checked");
  return g_steal_pointer(&harvest);
}

void nx_harvest_free(NxHarvest *harvest)
{
  if (!harvest)
    return;
  g_ptr_array_unref(harvest->nemo);
  g_hash_table_unref(harvest->feeds);
  g_date_time_unref(harvest->now);
  nx_http_free(harvest->http);
  g_free(harvest);
}

GTimeZone *nx_harvest_zone(json_object *instrument)
{
  g_autoptr(json_object) line = json_object_new_object();
  nx_json_set(line, "instrument", json_object_get(instrument));
  return nx_line_zone(line);
}

/* ------------------------------------------------------------------------------------------------------------ events */

static GDateTime *time_of(json_object *instrument, const char *text, GError **err)
{
  return nx_time_parse(text, nx_time_has_offset(text) ? nx_zone_system() : nx_harvest_zone(instrument), err);
}

/* An event that would not become rows, or not yet, is said to be left out. */
static gboolean is_to_be_logged(const NxHarvest *harvest, json_object *instrument, const char *identifier, const char *start,
                                const char *end)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(GDateTime) first = time_of(instrument, start, &problem), last = first ? time_of(instrument, end, &problem) : NULL;
  if (!last)
    nx_log_warning("%s: %s; the event is left out", identifier, problem->message);
  else if (g_date_time_compare(last, harvest->now) > 0)
    nx_log_info("%s: the usage ends later than now; a later run takes it up", identifier);
  return last && g_date_time_compare(last, harvest->now) <= 0;
}

gboolean nx_harvest_emit(const NxHarvest *harvest, json_object *instrument, const char *identifier, const char *start, const char *end,
                         const char *user, GError **err)
{
  if (!is_to_be_logged(harvest, instrument, identifier, start, end))
    return nx_check_interrupted(err);
  g_autoptr(json_object) line = json_object_new_object();
  nx_json_set_string(line, "kind", "usage_event");
  nx_json_set_string(line, "session_identifier", identifier);
  nx_json_set_string(line, "instrument_pid", nx_json_get_string(instrument, "instrument_pid"));
  nx_json_set_string(line, "start", start);
  nx_json_set_string(line, "end", end);
  nx_json_set_string(line, "user", user);
  return nx_check_interrupted(err) && nx_line_write(stdout, line, err);
}

/* The columns that the line's harvester reads must be there; `prefix` is where they are ("" or "instrument."). */
static gboolean check_columns(NxLines *lines, json_object *line, const char *prefix, const NxHarvester *harvester, GError **err)
{
  g_autofree char *pid = g_strconcat(prefix, "instrument_pid", NULL);
  if (!nx_lines_need(lines, line, pid, json_type_string, err))
    return FALSE;
  for (const char *const *column = harvester ? harvester->needs : NULL; column && *column; column++) {
    g_autofree char *key = g_strconcat(prefix, *column, NULL);
    if (!nx_lines_need(lines, line, key, json_type_string, err))
      return FALSE;
  }
  return TRUE;
}

static void release_line(gpointer line)
{
  json_object_put(line);
}

/* No stage takes an event whose instrument_pid is empty. */
static gboolean has_pid(const NxLines *lines, json_object *instrument)
{
  if (*nx_json_get_string(instrument, "instrument_pid"))
    return TRUE;
  nx_log_warning("line %" G_GUINT64_FORMAT ": an instrument whose instrument_pid is empty is left out", nx_lines_number(lines));
  return FALSE;
}

/* The instruments of each harvester name, in the order of the lines. */
static GHashTable *read_instruments(int in, GError **err)
{
  static const char *const KINDS[] = {"instrument", NULL};
  g_autoptr(GHashTable) by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  g_autoptr(NxLines) lines = nx_lines_new(in);
  for (;;) {
    g_autoptr(json_object) line = NULL;
    if (!nx_lines_next(lines, KINDS, &line, err))
      return NULL;
    if (!line)
      return g_steal_pointer(&by_name);
    const char *word = nx_json_get_string(line, "harvester");
    const NxHarvester *harvester = harvester_of(word);
    if (!check_columns(lines, line, "", harvester, err))
      return NULL;
    if (!has_pid(lines, line))
      continue;
    const char *name = harvester ? harvester->name : word;
    GPtrArray *instruments = g_hash_table_lookup(by_name, name);
    if (!instruments) {
      instruments = g_ptr_array_new_with_free_func(release_line);
      g_hash_table_insert(by_name, g_strdup(name), instruments);
    }
    g_ptr_array_add(instruments, g_steal_pointer(&line));
  }
}

static gint by_text(gconstpointer a, gconstpointer b)
{
  return g_strcmp0(a, b);
}

/* Ours in the order of the table, then the plug-ins by name. */
gboolean nx_harvest_events(NxHarvest *harvest, int in, const NxHarvestBounds *bounds, GError **err)
{
  g_autoptr(GHashTable) by_name = read_instruments(in, err);
  if (!by_name)
    return FALSE;
  for (gsize i = 0; nx_harvesters[i]; i++) {
    GPtrArray *instruments = g_hash_table_lookup(by_name, nx_harvesters[i]->name);
    if (instruments && !nx_harvesters[i]->events(harvest, instruments, bounds, err))
      return FALSE;
  }
  g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(by_name), by_text);
  for (GList *name = names; name; name = name->next)
    if (!harvester_of(name->data) && !nx_harvest_plugin_events(harvest, name->data, g_hash_table_lookup(by_name, name->data), bounds, err))
      return FALSE;
  return nx_check_interrupted(err);
}

/* ------------------------------------------------------------------------------------------------------------- check */

/* As the preflight has with a NEMO server: four times ten seconds. */
#define CHECK_REQUEST_SECONDS 10
#define CHECK_TRIES 4

static gboolean write_finding(const NxHarvester *harvester, json_object *instrument, const char *problem, GError **err)
{
  g_autoptr(json_object) line = json_object_new_object();
  g_autofree char *message = g_strdup_printf("%s: %s; check its %s with 'nexuslims instruments manage'",
                                             nx_json_get_string(instrument, "instrument_pid"), problem, harvester->needs[0]);
  g_autofree char *masked = nx_log_masked(message), *valid = nx_text_utf8(masked, -1);
  nx_json_set_string(line, "kind", "check");
  nx_json_set_string(line, "name", harvester->check_name);
  nx_json_set(line, "passed", json_object_new_boolean(FALSE));
  nx_json_set_string(line, "severity", "warning"); /* it costs the sessions of this instrument only */
  nx_json_set_string(line, "message", valid);
  return nx_line_write(stdout, line, err);
}

gboolean nx_harvest_check(NxHarvest *harvest, int in, GError **err)
{
  g_autoptr(GHashTable) by_name = read_instruments(in, err);
  harvest->brief_ms = (guint)MAX(nx_patience_us(CHECK_REQUEST_SECONDS) / 1000, 1);
  gint64 deadline = g_get_monotonic_time() + nx_patience_us(CHECK_REQUEST_SECONDS * CHECK_TRIES);
  for (gsize i = 0; by_name && nx_harvesters[i]; i++) {
    GPtrArray *instruments = g_hash_table_lookup(by_name, nx_harvesters[i]->name);
    for (guint j = 0; instruments && j < instruments->len && g_get_monotonic_time() <= deadline; j++) {
      g_autoptr(GError) problem = NULL;
      if (!nx_harvesters[i]->check(harvest, instruments->pdata[j], &problem) &&
          !write_finding(nx_harvesters[i], instruments->pdata[j], problem->message, err))
        return FALSE;
    }
  }
  return by_name && nx_check_interrupted(err);
}

/* ---------------------------------------------------------------------------------------------------------- sessions */

static const char *shown_session(json_object *session)
{
  return nx_json_get_string(session, "session_identifier");
}

void nx_harvest_no_consent(json_object *session, const char *reason)
{
  nx_log_warning("session %s: NoDataConsentError: %s", shown_session(session), reason);
  nx_session_end(session, "NO_CONSENT", NX_HARVEST_STAGE, "%s", reason);
}

void nx_harvest_no_reservation(json_object *session, const char *reason)
{
  nx_log_warning("session %s: NoMatchingReservationError: %s", shown_session(session), reason);
  nx_session_end(session, "NO_RESERVATION", NX_HARVEST_STAGE, "%s", reason);
}

static gboolean check_session(NxLines *lines, json_object *session, const NxHarvester *harvester, GError **err)
{
  static const char *const KEYS[] = {"session_identifier", "start", "end", NULL};
  for (const char *const *key = KEYS; *key; key++)
    if (!nx_lines_need(lines, session, *key, json_type_string, err))
      return FALSE;
  return check_columns(lines, session, "instrument.", harvester, err);
}

static gboolean describe(NxHarvest *harvest, json_object *session, const NxHarvester *harvester, const char *name, GError **err)
{
  return harvester ? harvester->describe(harvest, session, err) : nx_harvest_plugin_describe(name, session, err);
}

/* A session that is already built keeps what it has, whatever is found out now: its line gains `reservation` or stays as it was. */
static gboolean describe_built(NxHarvest *harvest, json_object *session, const NxHarvester *harvester, const char *name)
{
  g_autoptr(json_object) copy = NULL;
  g_autoptr(GError) problem = NULL;
  if (json_object_deep_copy(session, &copy, NULL) != 0)
    return TRUE;
  if (!describe(harvest, copy, harvester, name, &problem))
    nx_log_warning("session %s: %s; it goes on without its reservation", shown_session(session), problem->message);
  json_object *reservation = nx_json_get(copy, "reservation");
  if (reservation)
    nx_json_set(session, "reservation", json_object_get(reservation));
  return TRUE;
}

gboolean nx_harvest_session(NxLines *lines, json_object *session, gpointer user_data, GError **err)
{
  NxHarvest *harvest = user_data;
  if (!nx_lines_need(lines, session, "status", json_type_string, err))
    return FALSE;
  gboolean is_built = nx_session_is_open(session, "BUILT_NOT_EXPORTED");
  if ((!is_built && !nx_session_is_open(session, "TO_BE_BUILT")) || nx_json_get(session, "reservation"))
    return TRUE;
  const char *name = nx_json_get_string(nx_json_get(session, "instrument"), "harvester");
  const NxHarvester *harvester = harvester_of(name);
  if (!check_session(lines, session, harvester, err))
    return FALSE;
  if (is_built)
    return describe_built(harvest, session, harvester, name);
  g_autoptr(GError) problem = NULL;
  if (!describe(harvest, session, harvester, name, &problem))
    nx_session_fail(session, NX_HARVEST_STAGE, problem);
  else if (nx_json_get(session, "reservation"))
    nx_log_info("session %s: reservation found", shown_session(session));
  return TRUE;
}
