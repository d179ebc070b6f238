/* nemo-describe.c — what the people said about one session: the answers given at the instrument, else the reservation with the largest
 * overlap (harvest-nemo §8). The first source that qualifies decides; there is no falling through from a refusal to another source. */
#include "nemo.h"
#include "reservation.h"

#include <string.h>

#define WINDOW_SECONDS (2 * 24 * 60 * 60) /* reservations lie completely within the session and this much on either side */

/* ------------------------------------------------------------------------------------------------------------ people */

/* "first last (username)"; the user's number when the server does not give the user. */
typedef struct {
  char *username, *full_name;
  const char *email, *first_name, *last_name; /* borrowed from the server's object */
} Person;

static void person_clear(Person *person)
{
  g_clear_pointer(&person->username, g_free);
  g_clear_pointer(&person->full_name, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Person, person_clear)

static gboolean find_person(NxNemo *nemo, json_object *source, const char *key, Person *person, GError **err)
{
  json_object *user = NULL;
  gint64 id = nx_nemo_id(source, key);
  if (id < 0)
    return TRUE;
  if (!nx_nemo_user(nemo, id, &user, err))
    return FALSE;
  const char *username = nx_json_get_string(user, "username");
  person->username = username ? g_strdup(username) : g_strdup_printf("%" G_GINT64_FORMAT, id);
  person->first_name = nx_json_get_string(user, "first_name");
  person->last_name = nx_json_get_string(user, "last_name");
  person->email = nx_json_get_string(user, "email");
  g_autofree char *both = g_strjoin(" ", person->first_name ? person->first_name : "", person->last_name ? person->last_name : "", NULL);
  if (username && *g_strstrip(both))
    person->full_name = g_strdup_printf("%s (%s)", both, username);
  return TRUE;
}

/* The one who used the instrument, and the one who made the entry (member `creator_key`; without one, the user). */
static gboolean set_people(NxNemo *nemo, json_object *source, const char *creator_key, json_object *reservation, GError **err)
{
  g_auto(Person) user = {0}, creator = {0};
  const char *by = nx_json_get(source, creator_key) ? creator_key : "user";
  if (!find_person(nemo, source, "user", &user, err) || !find_person(nemo, source, by, &creator, err))
    return FALSE;
  nx_json_set_string(reservation, "username", user.username);
  nx_json_set_string(reservation, "user_full_name", user.full_name);
  nx_json_set_string(reservation, "user_email", user.email);
  nx_json_set_string(reservation, "user_first_name", user.first_name);
  nx_json_set_string(reservation, "user_last_name", user.last_name);
  nx_json_set_string(reservation, "created_by", creator.username);
  nx_json_set_string(reservation, "created_by_full_name", creator.full_name);
  return TRUE;
}

/* ------------------------------------------------------------------------------------------- a source → `reservation` */

/* Where answers may stand, and how the parts of that object are named. */
typedef struct {
  const char *shown;       /* its name for people */
  const char *page;        /* of the server: event_details/<page>/<id>/ */
  const char *creator_key; /* who made it */
  const char *updated_key; /* when */
} SourceKind;

static const SourceKind USAGE_EVENT = {.shown = "usage event", .page = "usage", .creator_key = "operator", .updated_key = "start"};
static const SourceKind RESERVATION = {
    .shown = "reservation", .page = "reservation", .creator_key = "creator", .updated_key = "creation_time"};

static void set_answer(json_object *reservation, const char *key, json_object *questions)
{
  g_autofree char *text = nx_answer_text(questions, key);
  nx_json_set_string(reservation, key, text);
}

static gboolean set_date(const NxNemo *nemo, json_object *reservation, const char *key, json_object *source, const char *source_key,
                         GError **err)
{
  g_autoptr(NxStamp) stamp = nx_nemo_date(nemo, source, source_key, err);
  g_autofree char *text = stamp ? nx_stamp_text(stamp) : NULL;
  nx_json_set_string(reservation, key, text);
  return stamp != NULL;
}

/* "reservation 187", for messages. */
static char *name_of(const SourceKind *kind, json_object *source)
{
  gint64 id = nx_nemo_id(source, "id");
  return id < 0 ? g_strdup_printf("a %s without an id", kind->shown) : g_strdup_printf("%s %" G_GINT64_FORMAT, kind->shown, id);
}

/* `{BASE}` with every "api/" replaced by the page that shows this object to people. */
static void set_address(const NxNemo *nemo, json_object *reservation, const SourceKind *kind, json_object *source)
{
  gint64 id = nx_nemo_id(source, "id");
  if (id < 0) {
    nx_log_warning("NEMO %u: a %s without an id describes the session; the record does not link to it", nemo->settings->number,
                   kind->shown);
    return;
  }
  g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, id);
  g_autofree char *page = g_strdup_printf("event_details/%s/%s/", kind->page, number);
  g_auto(GStrv) parts = g_strsplit(nemo->settings->address, "api/", -1);
  g_autofree char *url = g_strjoinv(page, parts);
  nx_json_set_string(reservation, "internal_id", number);
  nx_json_set_string(reservation, "url", url);
}

static json_object *make_reservation(NxNemo *nemo, const char *name, const SourceKind *kind, json_object *source, json_object *questions,
                                     GError **err)
{
  g_autoptr(json_object) reservation = nx_reservation_new(name);
  set_address(nemo, reservation, kind, source);
  set_answer(reservation, "experiment_title", questions);
  set_answer(reservation, "experiment_purpose", questions);
  if (!set_date(nemo, reservation, "start_time", source, "start", err) || !set_date(nemo, reservation, "end_time", source, "end", err) ||
      !set_people(nemo, source, kind->creator_key, reservation, err))
    return NULL;
  g_autoptr(GError) undated = NULL;
  if (!set_date(nemo, reservation, "last_updated", source, kind->updated_key, &undated))
    nx_log_debug("%s: %s", name, undated->message);
  g_autofree char *project_id = nx_answer_text(questions, "project_id");
  nx_json_set(reservation, "samples", nx_answer_samples(questions));
  json_object_array_add(nx_json_get(reservation, "projects"), nx_reservation_project(NULL, project_id, NULL));
  return g_steal_pointer(&reservation);
}

/* Consent first; only then anything else of the answers is looked at. */
static gboolean describe_from(NxNemo *nemo, json_object *session, const char *name, const SourceKind *kind, json_object *source,
                              json_object *questions, GError **err)
{
  NxConsent consent = nx_consent_judge(nx_answer(questions, "data_consent"));
  if (consent != NX_CONSENT_GIVEN) {
    g_autofree char *shown = name_of(kind, source);
    g_autofree char *reason = g_strdup_printf("%s %s", shown,
                                              consent == NX_CONSENT_REFUSED ? "requested not to have its data harvested"
                                                                            : "did not define consent to have its data harvested");
    nx_harvest_no_consent(session, reason);
    return TRUE;
  }
  json_object *reservation = make_reservation(nemo, name, kind, source, questions, err);
  if (!reservation)
    return FALSE;
  nx_json_set(session, "reservation", reservation);
  return TRUE;
}

/* ------------------------------------------------------------------------------------------------------- usage event */

/* The questions answered at the instrument when `field` holds them: JSON inside a text, an object that has `data_consent`. */
static json_object *qualifying_answers(json_object *event, const char *field)
{
  json_object *text = nx_json_get(event, field);
  if (!json_object_is_type(text, json_type_string))
    return NULL;
  g_autoptr(json_object) answers = nx_json_parse(json_object_get_string(text), (gsize)json_object_get_string_len(text), NULL);
  gboolean qualifies = json_object_is_type(answers, json_type_object) && json_object_object_get_ex(answers, "data_consent", NULL);
  return qualifies ? g_steal_pointer(&answers) : NULL;
}

/* *event: the usage event of the session's identifier, or NULL when it names none or the server has none. */
static gboolean fetch_event(NxNemo *nemo, const char *identifier, gint64 tool, json_object **event, GError **err)
{
  gboolean found;
  gint64 id;
  *event = NULL;
  if (!nx_nemo_id_of_url(identifier, &found, &id, err))
    return FALSE;
  if (!found)
    return TRUE;
  g_autoptr(GArray) tools = g_array_new(FALSE, FALSE, sizeof(gint64));
  g_array_append_val(tools, tool);
  g_autofree char *query = g_strdup_printf("?id=%" G_GINT64_FORMAT, id);
  g_autoptr(json_object) events = nx_nemo_list_of_tools(nemo, "usage_events/", query, tools, err);
  if (!events)
    return FALSE;
  if (json_object_array_length(events) > 0)
    *event = json_object_get(json_object_array_get_idx(events, 0));
  return TRUE;
}

/* ------------------------------------------------------------------------------------------------------ reservations */

static NxStamp *session_stamp(json_object *session, const char *key, GError **err)
{
  return nx_stamp_parse(nx_json_get_string(session, key), NULL, NULL, err);
}

static json_object *fetch_reservations(NxNemo *nemo, const NxStamp *start, const NxStamp *end, gint64 tool, GError **err)
{
  g_autoptr(NxStamp) first = nx_stamp_add(start, -WINDOW_SECONDS), last = nx_stamp_add(end, WINDOW_SECONDS);
  g_autoptr(GString) query = g_string_new(NULL);
  if (!nx_nemo_query_add_date(nemo, query, "start__gte", first, err) || !nx_nemo_query_add_date(nemo, query, "end__lte", last, err))
    return NULL;
  g_autofree char *tool_text = g_strdup_printf("%" G_GINT64_FORMAT, tool);
  nx_http_query_add(query, "cancelled", "False");
  nx_http_query_add(query, "tool_id", tool_text);
  return nx_nemo_list(nemo, "reservations/", query->str, err);
}

/* Microseconds that a reservation shares with the session; -1 and *err when its dates cannot be read. */
static gint64 overlap_us(const NxNemo *nemo, json_object *reservation, GDateTime *start, GDateTime *end, GTimeZone *zone, GError **err)
{
  g_autoptr(NxStamp) own_start = nx_nemo_date(nemo, reservation, "start", err);
  g_autoptr(NxStamp) own_end = own_start ? nx_nemo_date(nemo, reservation, "end", err) : NULL;
  if (!own_end)
    return -1;
  g_autoptr(GDateTime) first = nx_stamp_instant(own_start, zone), last = nx_stamp_instant(own_end, zone);
  return first && last ? nx_stamp_overlap_us(start, end, first, last) : 0;
}

/* The reservation with the largest overlap, on a tie the first in the server's order; borrowed. NULL without *err: none overlaps. One whose
 * dates cannot be read is an error only when no other one overlaps: it might have been the right one. */
static json_object *best_reservation(const NxNemo *nemo, json_object *reservations, json_object *session, GError **err)
{
  g_autoptr(GDateTime) start = nx_session_time(session, "start", err);
  g_autoptr(GDateTime) end = start ? nx_session_time(session, "end", err) : NULL;
  if (!end)
    return NULL;
  g_autoptr(GError) unreadable = NULL;
  json_object *best = NULL;
  gint64 largest_us = 0;
  for (gsize i = 0; i < json_object_array_length(reservations); i++) {
    json_object *reservation = json_object_array_get_idx(reservations, i);
    g_autoptr(GError) problem = NULL;
    gint64 us = overlap_us(nemo, reservation, start, end, nx_line_zone(session), &problem);
    if (us > largest_us) {
      largest_us = us;
      best = reservation;
    }
    if (problem) {
      g_autofree char *shown = name_of(&RESERVATION, reservation);
      nx_log_warning("NEMO %u: %s: %s; it is passed over", nemo->settings->number, shown, problem->message);
      g_clear_error(&unreadable);
      unreadable = g_steal_pointer(&problem);
    }
  }
  g_autofree char *shown = best ? name_of(&RESERVATION, best) : NULL;
  if (best)
    nx_log_info("%s overlaps by %.6f s", shown, (double)largest_us / 1e6);
  else if (unreadable)
    g_propagate_prefixed_error(err, g_steal_pointer(&unreadable), "a reservation cannot be read: ");
  return best;
}

static gboolean describe_from_reservation(NxNemo *nemo, json_object *session, gint64 tool, GError **err)
{
  g_autoptr(NxStamp) start = session_stamp(session, "start", err);
  g_autoptr(NxStamp) end = start ? session_stamp(session, "end", err) : NULL;
  g_autoptr(json_object) reservations = end ? fetch_reservations(nemo, start, end, tool, err) : NULL;
  if (!reservations)
    return FALSE;
  g_autoptr(GError) problem = NULL;
  json_object *best = best_reservation(nemo, reservations, session, &problem);
  if (problem) {
    g_propagate_error(err, g_steal_pointer(&problem));
    return FALSE;
  }
  if (best)
    return describe_from(nemo, session, "reservation", &RESERVATION, best, nx_json_get(best, "question_data"), err);
  nx_harvest_no_reservation(session, json_object_array_length(reservations) > 0
                                         ? "no reservation of the instrument overlaps with the session"
                                         : "no reservation of the instrument within two days of the session");
  return TRUE;
}

gboolean nx_nemo_describe(NxHarvest *harvest, json_object *session, GError **err)
{
  static const char *const FIELDS[] = {"run_data", "pre_run_data"};
  const char *api_url = nx_json_get_string(nx_json_get(session, "instrument"), "api_url");
  NxNemo *nemo = nx_nemo_of_api_url(harvest, api_url, err);
  gboolean has_tool;
  gint64 tool;
  if (!nemo || !nx_nemo_id_of_url(api_url, &has_tool, &tool, err))
    return FALSE;
  if (!has_tool) {
    g_autofree char *shown = nx_config_masked_address(api_url);
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "the instrument's api_url '%s' has no tool id (…tools/?id=N)", shown);
    return FALSE;
  }
  g_autoptr(json_object) event = NULL;
  if (!fetch_event(nemo, nx_json_get_string(session, "session_identifier"), tool, &event, err))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
    g_autoptr(json_object) answers = qualifying_answers(event, FIELDS[i]);
    if (answers)
      return describe_from(nemo, session, FIELDS[i], &USAGE_EVENT, event, answers, err);
  }
  return describe_from_reservation(nemo, session, tool, err);
}
