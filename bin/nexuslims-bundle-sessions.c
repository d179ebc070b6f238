/* nexuslims-bundle-sessions.c — session_log counted, and its newest rows, those with a problem first. Source: cli §10. */
#include "nexuslims-bundle-sessions.h"

#define RECENT_MAX 100

static const char *const COUNTED[] = {"record_status", "event_type", "instrument"};
static const char *const PROBLEMS[] = {"ERROR", "NO_FILES_FOUND", "NO_RESERVATION", "NO_CONSENT", NULL};

typedef struct {
  json_object *row;
  gint64 when_ns;
} Recent;

struct BundleSessions {
  gint64 rows;
  json_object *counts[G_N_ELEMENTS(COUNTED)];
  char *first, *last; /* texts of the earliest and of the latest timestamp */
  gint64 first_ns, last_ns;
  GQueue problems, others; /* of Recent*, newest first, at most RECENT_MAX */
};

static void recent_free(gpointer data)
{
  Recent *recent = data;
  json_object_put(recent->row);
  g_free(recent);
}

BundleSessions *bundle_sessions_new(void)
{
  BundleSessions *sessions = g_new0(BundleSessions, 1);
  for (gsize i = 0; i < G_N_ELEMENTS(COUNTED); i++)
    sessions->counts[i] = json_object_new_object();
  return sessions;
}

void bundle_sessions_free(BundleSessions *sessions)
{
  for (gsize i = 0; i < G_N_ELEMENTS(COUNTED); i++)
    json_object_put(sessions->counts[i]);
  g_queue_clear_full(&sessions->problems, recent_free);
  g_queue_clear_full(&sessions->others, recent_free);
  g_free(sessions->first);
  g_free(sessions->last);
  g_free(sessions);
}

void bundle_count(json_object *counts, const char *key)
{
  nx_json_set(counts, key, json_object_new_int64(nx_json_get_int(counts, key, 0) + 1));
}

gboolean bundle_is_true(json_object *value)
{
  const char *text = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
  return text ? g_str_equal(text, "t") || g_str_equal(text, "true") || g_str_equal(text, "1") : json_object_get_boolean(value);
}

/* Newest first; of equal ones the later row. */
static void keep_if_recent(GQueue *queue, json_object *row, gint64 when_ns)
{
  GList *place = queue->head;
  while (place && ((Recent *)place->data)->when_ns > when_ns)
    place = place->next;
  if (!place && queue->length >= RECENT_MAX)
    return;
  Recent *recent = g_new(Recent, 1);
  *recent = (Recent){.row = json_object_get(row), .when_ns = when_ns};
  g_queue_insert_before(queue, place, recent);
  if (queue->length > RECENT_MAX)
    recent_free(g_queue_pop_tail(queue));
}

static void note_bounds(BundleSessions *sessions, const char *text, gint64 when_ns)
{
  if (!sessions->first || when_ns < sessions->first_ns) {
    g_free(sessions->first);
    sessions->first = g_strdup(text);
    sessions->first_ns = when_ns;
  }
  if (!sessions->last || when_ns > sessions->last_ns) {
    g_free(sessions->last);
    sessions->last = g_strdup(text);
    sessions->last_ns = when_ns;
  }
}

void bundle_sessions_take(json_object *row, gpointer user_data)
{
  BundleSessions *sessions = user_data;
  const char *text = nx_json_get_string(row, "timestamp"), *status = nx_json_get_string(row, "record_status");
  g_autoptr(GDateTime) instant = text ? nx_time_parse(text, nx_zone_system(), NULL) : NULL;
  gint64 when_ns = instant ? nx_time_ns(instant) : G_MININT64;
  sessions->rows++;
  for (gsize i = 0; i < G_N_ELEMENTS(COUNTED); i++) {
    const char *value = nx_json_get_string(row, COUNTED[i]);
    bundle_count(sessions->counts[i], value ? value : "");
  }
  if (instant)
    note_bounds(sessions, text, when_ns);
  gboolean is_problem = status && g_strv_contains(PROBLEMS, status);
  keep_if_recent(is_problem ? &sessions->problems : &sessions->others, row, when_ns);
}

void bundle_sessions_add(BundleSessions *sessions, Bundle *bundle)
{
  json_object *summary = json_object_new_object(), *recent = json_object_new_array();
  for (gsize i = 0; i < G_N_ELEMENTS(COUNTED); i++)
    nx_json_set(summary, COUNTED[i], json_object_get(sessions->counts[i]));
  nx_json_set_string(summary, "timestamp_min", sessions->first);
  nx_json_set_string(summary, "timestamp_max", sessions->last);
  bundle_add_json(bundle, "database/session_log_summary.json", summary, sessions->rows);
  GList *const parts[] = {sessions->problems.head, sessions->others.head};
  for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
    for (GList *link = parts[i]; link && json_object_array_length(recent) < RECENT_MAX; link = link->next)
      json_object_array_add(recent, json_object_get(((Recent *)link->data)->row));
  gint64 n = (gint64)json_object_array_length(recent);
  bundle_add_json(bundle, "recent_sessions.json", recent, n);
}
