/* nemo-events.c — usage events of NEMO servers → usage_event lines (harvest-nemo §6–7). */
#include "nemo.h"

#include <string.h>

/* The instruments of one server: its tool ids, and which instrument each exact api_url means. */
typedef struct {
  GArray *tools;          /* of gint64, ascending, each once */
  GHashTable *by_api_url; /* api_url → instrument object; borrowed */
} ServerInstruments;

static void server_instruments_clear(ServerInstruments *own)
{
  g_clear_pointer(&own->tools, g_array_unref);
  g_clear_pointer(&own->by_api_url, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ServerInstruments, server_instruments_clear)

static gint by_number(gconstpointer a, gconstpointer b)
{
  gint64 first = *(const gint64 *)a, second = *(const gint64 *)b;
  return (first > second) - (first < second);
}

static gboolean has_tool(GArray *tools, gint64 id)
{
  for (guint i = 0; i < tools->len; i++)
    if (g_array_index(tools, gint64, i) == id)
      return TRUE;
  return FALSE;
}

/* A row whose address names this server but no tool costs itself only. */
static void add_instrument(ServerInstruments *own, json_object *instrument)
{
  const char *api_url = nx_json_get_string(instrument, "api_url"), *pid = nx_json_get_string(instrument, "instrument_pid");
  g_autoptr(GError) problem = NULL;
  gint64 id;
  if (!nx_nemo_tool_of(api_url, &id, &problem)) {
    nx_log_warning("instrument %s: %s; it is left out of the harvest", pid, problem->message);
    return;
  }
  if (!has_tool(own->tools, id))
    g_array_append_val(own->tools, id);
  g_hash_table_insert(own->by_api_url, (gpointer)api_url, instrument);
}

static void find_instruments(const NxNemo *nemo, GPtrArray *instruments, ServerInstruments *own)
{
  own->tools = g_array_new(FALSE, FALSE, sizeof(gint64));
  own->by_api_url = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < instruments->len; i++)
    if (strstr(nx_json_get_string(instruments->pdata[i], "api_url"), nemo->settings->address))
      add_instrument(own, instruments->pdata[i]);
  g_array_sort(own->tools, by_number);
}

/* The name of an event's user. *skip TRUE: the user could not be asked for now, so the event waits for the next run (rows are never
 * corrected later). */
static const char *user_name(NxNemo *nemo, json_object *event, const char *identifier, gboolean *skip)
{
  json_object *user = NULL;
  g_autoptr(GError) problem = NULL;
  gint64 id = nx_nemo_id(event, "user");
  *skip = id >= 0 && !nx_nemo_user(nemo, id, &user, &problem);
  if (*skip)
    nx_log_error("%s: its user is not known: %s; the event is left for the next run", identifier, problem->message);
  return nx_json_get_string(user, "username");
}

/* One event → one line. What is wrong with an event is logged and costs it alone. */
static gboolean emit_event(const NxHarvest *harvest, NxNemo *nemo, const ServerInstruments *own, json_object *event, GError **err)
{
  const char *base = nemo->settings->address;
  gint64 id = nx_nemo_id(event, "id");
  if (id < 0) {
    nx_log_warning("NEMO %u: a usage event without an id is left out", nemo->settings->number);
    return TRUE;
  }
  g_autofree char *identifier = g_strdup_printf("%susage_events/?id=%" G_GINT64_FORMAT, base, id);
  g_autofree char *api_url = g_strdup_printf("%stools/?id=%" G_GINT64_FORMAT, base, nx_nemo_id(event, "tool"));
  json_object *instrument = g_hash_table_lookup(own->by_api_url, api_url);
  if (!instrument) {
    nx_log_warning("%s: its tool (%s) is not known as an instrument; the event is left out", identifier, api_url);
    return TRUE;
  }
  if (!nx_json_get(event, "end")) {
    nx_log_warning("%s: the usage event has not yet ended; a later run takes it up", identifier);
    return TRUE;
  }
  g_autoptr(GError) problem = NULL;
  g_autoptr(NxStamp) start = nx_nemo_date(nemo, event, "start", &problem);
  g_autoptr(NxStamp) end = start ? nx_nemo_date(nemo, event, "end", &problem) : NULL;
  if (!end) {
    nx_log_error("%s: %s; the event is left out", identifier, problem->message);
    return TRUE;
  }
  gboolean skip;
  const char *user = user_name(nemo, event, identifier, &skip);
  if (skip)
    return TRUE;
  g_autofree char *start_text = nx_stamp_text(start), *end_text = nx_stamp_text(end);
  return nx_harvest_emit(harvest, instrument, identifier, start_text, end_text, user, err);
}

static gboolean add_bound(const NxNemo *nemo, GString *query, const char *name, GDateTime *bound, GError **err)
{
  if (!bound)
    return TRUE;
  g_autoptr(NxStamp) stamp = nx_stamp_new(bound);
  return nx_nemo_query_add_date(nemo, query, name, stamp, err);
}

static json_object *fetch_events(NxNemo *nemo, GArray *tools, const NxHarvestBounds *bounds, GError **err)
{
  g_autoptr(GString) query = g_string_new(NULL);
  if (!add_bound(nemo, query, "start__gte", bounds->from, err) || !add_bound(nemo, query, "end__lte", bounds->to, err))
    return NULL;
  return nx_nemo_list_of_tools(nemo, "usage_events/", query->str, tools, err);
}

/* FALSE only when a line could not be written: what the server does wrong is logged and costs this server's events. */
static gboolean harvest_server(const NxHarvest *harvest, NxNemo *nemo, GPtrArray *instruments, const NxHarvestBounds *bounds, GError **err)
{
  g_auto(ServerInstruments) own = {0};
  find_instruments(nemo, instruments, &own);
  if (own.tools->len == 0)
    return TRUE;
  g_autoptr(GError) problem = NULL;
  g_autoptr(json_object) events = fetch_events(nemo, own.tools, bounds, &problem);
  if (!events) {
    if (g_error_matches(problem, NX_ERROR, NX_ERROR_INTERRUPTED)) {
      g_propagate_error(err, g_steal_pointer(&problem));
      return FALSE;
    }
    nx_log_error("harvest of %s failed: %s", nemo->settings->address, problem->message);
    return TRUE;
  }
  nx_log_info("NEMO %u: %zu usage events", nemo->settings->number, json_object_array_length(events));
  for (gsize i = 0; i < json_object_array_length(events); i++)
    if (!emit_event(harvest, nemo, &own, json_object_array_get_idx(events, i), err))
      return FALSE;
  return TRUE;
}

static void warn_of_strangers(NxHarvest *harvest, GPtrArray *instruments)
{
  for (guint i = 0; i < instruments->len; i++) {
    const char *api_url = nx_json_get_string(instruments->pdata[i], "api_url");
    gboolean known = FALSE;
    for (guint n = 0; n < harvest->nemo->len && !known; n++)
      known = strstr(api_url, ((NxNemo *)harvest->nemo->pdata[n])->settings->address) != NULL;
    g_autofree char *shown = nx_config_masked_address(api_url);
    if (!known)
      nx_log_warning("instrument %s: no configured NEMO server has the address of its api_url '%s'; it is not harvested",
                     nx_json_get_string(instruments->pdata[i], "instrument_pid"), shown);
  }
}

gboolean nx_nemo_events(NxHarvest *harvest, GPtrArray *instruments, const NxHarvestBounds *bounds, GError **err)
{
  warn_of_strangers(harvest, instruments);
  for (guint i = 0; i < harvest->nemo->len; i++)
    if (!harvest_server(harvest, harvest->nemo->pdata[i], instruments, bounds, err))
      return FALSE;
  return TRUE;
}
