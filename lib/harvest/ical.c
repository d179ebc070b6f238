/* ical.c — the harvester for facilities whose reservation system is a calendar: each event is usage and reservation at once. `calendar_url`
 * is one of NX_CALENDAR_FORMS; identifiers, people and X-NX-… properties: decisions on the iCalendar harvester, in nx-harvest(1). */
#include "calendar.h"
#include "harvester.h"
#include "reservation.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------------------- fetch */

static const char *reason_of_no_calendar(const char *path)
{
  if (g_file_test(path, G_FILE_TEST_IS_DIR))
    return "it is a folder";
  if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
    return "it is empty";
  return g_file_test(path, G_FILE_TEST_EXISTS) ? "it is no ordinary file" : "there is no such file";
}

static GString *read_file_url(const char *url, GError **err)
{
  g_autoptr(GError) problem = NULL;
  g_autofree char *path = g_filename_from_uri(url, NULL, NULL); /* nx_calendar_scheme has seen that there is one */
  char *data = NULL;
  gsize length = 0;
  if (g_file_test(path, G_FILE_TEST_IS_REGULAR) && nx_file_read(path, NX_CALENDAR_MAX, &data, &length, &problem)) {
    g_autofree char *owned = data;
    if (length > 0)
      return g_string_new_len(owned, (gssize)length);
  }
  /* The share may be away for an hour, the file be written just now: the sessions of its calendar wait. */
  g_set_error(err, NX_ERROR, NX_ERROR_PLACE, "cannot read the calendar %s: %s", path, problem ? problem->message : reason_of_no_calendar(path));
  return NULL;
}

/* 502, 503 and 504 are tried again as for NEMO. */
static GString *read_http_url(NxHarvest *harvest, const char *url, GError **err)
{
  static const int STATUSES[] = {502, 503, 504, 0};
  static const guint WAITS_MS[] = {1000, 2000, 4000, 8000, 16000};
  static const NxHttpRetry RETRY = {.statuses = STATUSES, .waits_ms = WAITS_MS, .n_waits = G_N_ELEMENTS(WAITS_MS)};
  static const char *const HEADERS[] = {"Accept: text/calendar, */*;q=0.1", NULL};
  const NxHttpRetry *retry = harvest->brief_ms ? NULL : &RETRY;
  g_autofree char *shown = nx_config_masked_calendar(url);
  NxHttpRequest request = {.method = "GET", .url = url, .shown = shown, .headers = HEADERS, .timeout_ms = harvest->brief_ms, .retry = retry};
  g_autoptr(NxHttpAnswer) answer = nx_http_send(harvest->http, &request, err);
  if (!answer)
    return NULL;
  if (answer->status >= 200 && answer->status < 300)
    return g_steal_pointer(&answer->body);
  g_set_error(err, NX_ERROR, nx_http_error_code(answer->status), "the server of the calendar answered with status %ld", answer->status);
  return NULL;
}

/* webcal: is http: by its inventors, but most of today's servers want https:. A server that has no https is asked without, unless the
 * address has a password in it. */
static GString *read_webcal_url(NxHarvest *harvest, const char *rest, GError **err)
{
  g_autofree char *secure = g_strconcat("https:", rest, NULL), *plain = g_strconcat("http:", rest, NULL);
  g_autoptr(GError) problem = NULL;
  GString *body = read_http_url(harvest, secure, &problem);
  if (!body && nx_http_last_failure(harvest->http) == NX_HTTP_NOT_SENT && g_error_matches(problem, NX_ERROR, NX_ERROR_PLACE) &&
      !strchr(rest, '@'))
    return read_http_url(harvest, plain, err);
  if (problem)
    g_propagate_error(err, g_steal_pointer(&problem));
  return body;
}

static GString *read_url(NxHarvest *harvest, const char *url, GError **err)
{
  const char *scheme = nx_calendar_scheme(url), *rest = strchr(url, ':');
  if (!scheme) {
    g_autofree char *shown = nx_config_masked_calendar(url);
    g_set_error(err, NX_ERROR, NX_ERROR_CONFIG, "the calendar address '%s' must be " NX_CALENDAR_FORMS, shown);
    return NULL;
  }
  if (g_str_equal(scheme, "file"))
    return read_file_url(url, err);
  if (g_str_equal(scheme, "webcal"))
    return read_webcal_url(harvest, rest + 1, err);
  g_autofree char *secure = g_str_equal(scheme, "webcals") ? g_strconcat("https", rest, NULL) : NULL;
  return read_http_url(harvest, secure ? secure : url, err);
}

/* A calendar, or why there is none: both are kept, so that each address is asked for once in a process. */
struct NxFeed {
  NxCalendar *calendar;
  GError *problem;
};

void nx_feed_free(NxFeed *feed)
{
  nx_calendar_free(feed->calendar);
  g_clear_error(&feed->problem);
  g_free(feed);
}

/* The calendar of an instrument; borrowed. */
static NxCalendar *calendar_of(NxHarvest *harvest, json_object *instrument, GError **err)
{
  const char *url = nx_json_get_string(instrument, "calendar_url");
  NxFeed *feed = g_hash_table_lookup(harvest->feeds, url);
  if (!feed) {
    feed = g_new0(NxFeed, 1);
    nx_config_hide_address(url);
    g_autoptr(GString) body = read_url(harvest, url, &feed->problem);
    if (body)
      feed->calendar = nx_calendar_parse(body->str, body->len, &feed->problem);
    g_hash_table_insert(harvest->feeds, g_strdup(url), feed);
  }
  if (feed->problem)
    g_propagate_error(err, g_error_copy(feed->problem));
  return feed->calendar;
}

/* -------------------------------------------------------------------------------------------------- people, answers */

/* Who an event is of: its ORGANIZER, else its first ATTENDEE. */
typedef struct {
  char *email, *username;
  const char *full_name; /* borrowed from the event */
} Person;

static void person_clear(Person *person)
{
  g_clear_pointer(&person->email, g_free);
  g_clear_pointer(&person->username, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Person, person_clear)

/* `address` is a URI, of which only mail addresses say who somebody is; some calendars leave "mailto:" out. */
static void read_address(Person *person, const char *address)
{
  gboolean is_mail = address && g_ascii_strncasecmp(address, "mailto:", strlen("mailto:")) == 0;
  if (!address || (!is_mail && strchr(address, ':')))
    return;
  g_autofree char *decoded = is_mail ? nx_text_percent_decode(address + strlen("mailto:")) : g_strdup(address);
  g_autofree char *text = g_strstrip(nx_text_utf8(decoded ? decoded : address + strlen("mailto:"), -1));
  char *at = strchr(text, '@');
  if (!*text || at == text)
    return;
  person->username = at ? g_strndup(text, (gsize)(at - text)) : g_strdup(text);
  if (at)
    person->email = g_steal_pointer(&text);
}

static void find_person(icalcomponent *event, Person *person)
{
  icalproperty *organizer = icalcomponent_get_first_property(event, ICAL_ORGANIZER_PROPERTY);
  icalproperty *who = organizer ? organizer : icalcomponent_get_first_property(event, ICAL_ATTENDEE_PROPERTY);
  if (!who)
    return;
  icalparameter *name = icalproperty_get_first_parameter(who, ICAL_CN_PARAMETER);
  person->full_name = name ? icalparameter_get_cn(name) : NULL;
  read_address(person, organizer ? icalproperty_get_organizer(who) : icalproperty_get_attendee(who));
}

/* The next property X-NX-`name` after `previous` (NULL: the first), whatever its case. */
static icalproperty *next_own(icalcomponent *event, const char *name, icalproperty *previous)
{
  icalproperty *property =
      previous ? icalcomponent_get_next_property(event, ICAL_X_PROPERTY) : icalcomponent_get_first_property(event, ICAL_X_PROPERTY);
  while (property && g_ascii_strcasecmp(icalproperty_get_x_name(property), name) != 0)
    property = icalcomponent_get_next_property(event, ICAL_X_PROPERTY);
  return property;
}

static const char *own_value(icalproperty *property)
{
  const char *value = icalproperty_get_x(property);
  return value && value[strspn(value, " \t")] ? value : NULL;
}

static const char *own_parameter(icalproperty *property, const char *name)
{
  for (icalparameter *each = icalproperty_get_first_parameter(property, ICAL_X_PARAMETER); each;
       each = icalproperty_get_next_parameter(property, ICAL_X_PARAMETER))
    if (g_ascii_strcasecmp(icalparameter_get_xname(each), name) == 0) {
      const char *value = icalparameter_get_xvalue(each);
      return value && *value ? value : NULL;
    }
  return NULL;
}

/* "Fe,O" → ["Fe","O"]; NULL stays NULL. */
static json_object *elements_of(const char *text)
{
  if (!text)
    return NULL;
  json_object *elements = json_object_new_array();
  g_auto(GStrv) symbols = g_strsplit_set(text, ",; ", -1);
  for (char **symbol = symbols; *symbol; symbol++)
    if (**symbol)
      json_object_array_add(elements, nx_json_string(*symbol));
  return elements;
}

static void add_samples(icalcomponent *event, json_object *samples)
{
  for (icalproperty *each = next_own(event, "X-NX-SAMPLE", NULL); each; each = next_own(event, "X-NX-SAMPLE", each))
    json_object_array_add(samples, nx_reservation_sample(own_value(each), own_parameter(each, "X-PID"), own_parameter(each, "X-DETAILS"),
                                                         elements_of(own_parameter(each, "X-ELEMENTS"))));
}

static void add_projects(icalcomponent *event, json_object *projects)
{
  for (icalproperty *each = next_own(event, "X-NX-PROJECT", NULL); each; each = next_own(event, "X-NX-PROJECT", each))
    if (own_value(each))
      json_object_array_add(projects, nx_reservation_project(NULL, own_value(each), NULL));
}

/* ------------------------------------------------------------------------------------------------------- reservation */

/* LAST-MODIFIED, else when the entry was made. */
static void set_last_updated(NxCalendar *calendar, icalcomponent *event, GTimeZone *zone, json_object *reservation)
{
  icalproperty *modified = icalcomponent_get_first_property(event, ICAL_LASTMODIFIED_PROPERTY);
  icalproperty *stamped = icalcomponent_get_first_property(event, ICAL_DTSTAMP_PROPERTY);
  icalproperty *property = modified ? modified : stamped;
  if (!property)
    return;
  struct icaltimetype time = modified ? icalproperty_get_lastmodified(modified) : icalproperty_get_dtstamp(stamped);
  g_autoptr(GDateTime) instant = nx_calendar_instant(calendar, property, time, zone);
  g_autofree char *text = instant ? nx_time_format(instant) : NULL;
  nx_json_set_string(reservation, "last_updated", text);
}

/* Many calendars tell events in UTC, whose day is another one in the evening or the morning: such an instant has no place, so it is told in the
 * instrument's zone, unless that has not got it (in the year 1). One that starts in another zone keeps that. Owned. */
static char *instant_text(const NxOccurrence *occurrence, GDateTime *instant, GTimeZone *zone)
{
  gboolean is_utc = g_str_equal(g_date_time_get_timezone_abbreviation(occurrence->start), "UTC");
  g_autoptr(GDateTime) told = is_utc ? g_date_time_to_timezone(instant, zone) : NULL;
  return nx_time_format(told ? told : instant);
}

static json_object *make_reservation(NxCalendar *calendar, const NxOccurrence *occurrence, GTimeZone *zone)
{
  icalcomponent *event = occurrence->event;
  json_object *reservation = nx_reservation_new(NX_CALENDAR_HARVESTER);
  icalproperty *url = icalcomponent_get_first_property(event, ICAL_URL_PROPERTY);
  g_autofree char *start = instant_text(occurrence, occurrence->start, zone), *end = instant_text(occurrence, occurrence->end, zone);
  g_auto(Person) person = {0};
  find_person(event, &person);
  nx_json_set_string(reservation, "internal_id", icalcomponent_get_uid(event));
  nx_json_set_string(reservation, "url", url ? icalproperty_get_url(url) : NULL);
  nx_json_set_string(reservation, "experiment_title", icalcomponent_get_summary(event));
  nx_json_set_string(reservation, "experiment_purpose", icalcomponent_get_description(event));
  nx_json_set_string(reservation, "start_time", start);
  nx_json_set_string(reservation, "end_time", end);
  set_last_updated(calendar, event, zone, reservation);
  nx_json_set_string(reservation, "username", person.username);
  nx_json_set_string(reservation, "user_full_name", person.full_name);
  nx_json_set_string(reservation, "user_email", person.email);
  add_samples(event, nx_json_get(reservation, "samples"));
  add_projects(event, nx_json_get(reservation, "projects"));
  return reservation;
}

/* Without the property consent is given: the facility chose to harvest this calendar. */
static NxConsent consent_of(icalcomponent *event)
{
  icalproperty *property = next_own(event, "X-NX-CONSENT", NULL);
  const char *text = property ? icalproperty_get_x(property) : NULL;
  g_autoptr(json_object) answer = property ? nx_json_string(text ? text : "") : NULL;
  return property ? nx_consent_judge(answer) : NX_CONSENT_GIVEN;
}

/* ------------------------------------------------------------------------------------------------------- identifiers */

static char *prefix_of(const char *instrument_pid)
{
  return g_strconcat(NX_CALENDAR_PREFIX, instrument_pid, ":", NULL);
}

static char *identifier_of(const char *instrument_pid, const NxCalendarSeries *series, const NxOccurrence *occurrence)
{
  g_autofree char *prefix = prefix_of(instrument_pid), *single = g_strconcat(prefix, series->uid, NULL);
  return occurrence->instance ? nx_calendar_instance(single, occurrence->instance) : g_steal_pointer(&single);
}

/* The occurrence with that identifier among those of `series` that start in the window; borrowed. */
static NxOccurrence *pick(GPtrArray *occurrences, const NxCalendarSeries *series, const char *instrument_pid, const char *identifier)
{
  for (guint i = 0; i < occurrences->len; i++) {
    g_autofree char *own = identifier_of(instrument_pid, series, occurrences->pdata[i]);
    if (g_str_equal(own, identifier))
      return occurrences->pdata[i];
  }
  return NULL;
}

/* The one that took place at the session's time when its event was no series yet, or still one; borrowed. */
static NxOccurrence *pick_twin(GPtrArray *occurrences, const NxCalendarSeries *series, const char *instrument_pid, json_object *session)
{
  g_autoptr(GDateTime) start = nx_session_time(session, "start", NULL);
  for (guint i = 0; start && i < occurrences->len; i++) {
    NxOccurrence *occurrence = occurrences->pdata[i];
    g_autofree char *own = identifier_of(instrument_pid, series, occurrence);
    if (g_date_time_compare(occurrence->start, start) == 0 && nx_calendar_are_twins(own, nx_json_get_string(session, "session_identifier")))
      return occurrence;
  }
  return NULL;
}

/* -------------------------------------------------------------------------------------------------- the two commands */

static gboolean is_over(const NxOccurrence *occurrence, const NxHarvestBounds *bounds, GDateTime *now)
{
  return g_date_time_compare(occurrence->end, now) <= 0 && (!bounds->from || g_date_time_compare(occurrence->start, bounds->from) >= 0) &&
         (!bounds->to || g_date_time_compare(occurrence->end, bounds->to) <= 0);
}

static gboolean emit_occurrence(const NxHarvest *harvest, json_object *instrument, const NxCalendarSeries *series,
                                const NxOccurrence *occurrence, GTimeZone *zone, GError **err)
{
  const char *pid = nx_json_get_string(instrument, "instrument_pid");
  g_autofree char *identifier = identifier_of(pid, series, occurrence);
  g_autofree char *start = instant_text(occurrence, occurrence->start, zone), *end = instant_text(occurrence, occurrence->end, zone);
  g_auto(Person) person = {0};
  find_person(occurrence->event, &person);
  return nx_harvest_emit(harvest, instrument, identifier, start, end, person.username, err);
}

static gboolean emit_series(NxHarvest *harvest, json_object *instrument, NxCalendar *calendar, const NxCalendarSeries *series,
                            GTimeZone *zone, const NxHarvestBounds *bounds, GError **err)
{
  GDateTime *to = bounds->to && g_date_time_compare(bounds->to, harvest->now) < 0 ? bounds->to : harvest->now;
  g_autoptr(GPtrArray) occurrences = nx_calendar_expand(calendar, series, zone, bounds->from, to);
  for (guint i = 0; i < occurrences->len; i++) {
    const NxOccurrence *occurrence = occurrences->pdata[i];
    if (is_over(occurrence, bounds, harvest->now) && !emit_occurrence(harvest, instrument, series, occurrence, zone, err))
      return FALSE;
  }
  return TRUE;
}

static gboolean harvest_instrument(NxHarvest *harvest, json_object *instrument, const NxHarvestBounds *bounds, GError **err)
{
  const char *pid = nx_json_get_string(instrument, "instrument_pid");
  g_autoptr(GError) problem = NULL;
  NxCalendar *calendar = calendar_of(harvest, instrument, &problem);
  if (!calendar && g_error_matches(problem, NX_ERROR, NX_ERROR_INTERRUPTED)) {
    g_propagate_error(err, g_steal_pointer(&problem));
    return FALSE;
  }
  if (!calendar) {
    nx_log_error("harvest of instrument %s failed: %s", pid, problem->message);
    return TRUE;
  }
  GTimeZone *zone = nx_harvest_zone(instrument);
  calendar->patience_us = nx_patience_us(NX_CALENDAR_PATIENCE_SECONDS);
  for (guint i = 0; i < calendar->series->len; i++) {
    if (!emit_series(harvest, instrument, calendar, calendar->series->pdata[i], zone, bounds, err))
      return FALSE;
    if (calendar->patience_us <= 0) {
      nx_log_error("harvest of instrument %s: the recurring events of its calendar take too long; %u of %u were done", pid, i,
                   calendar->series->len);
      return TRUE;
    }
  }
  return TRUE;
}

static gboolean ical_events(NxHarvest *harvest, GPtrArray *instruments, const NxHarvestBounds *bounds, GError **err)
{
  for (guint i = 0; i < instruments->len; i++)
    if (!harvest_instrument(harvest, instruments->pdata[i], bounds, err))
      return FALSE;
  return TRUE;
}

/* All occurrences among which the one named `rest` (UID, or UID/STAMP) must be, or the one at the session's time; NULL when the calendar has no
 * such UID. A UID may hold '/' itself. */
static GPtrArray *candidates(NxHarvest *harvest, NxCalendar *calendar, const char *rest, json_object *session, const NxCalendarSeries **series)
{
  GTimeZone *zone = nx_harvest_zone(nx_json_get(session, "instrument"));
  *series = g_hash_table_lookup(calendar->by_uid, rest);
  if (*series)
    return nx_calendar_expand(calendar, *series, zone, NULL, harvest->now);
  g_autofree char *uid = NULL;
  g_autoptr(GDateTime) stamp = nx_calendar_instance_start(rest, &uid);
  *series = uid ? g_hash_table_lookup(calendar->by_uid, uid) : NULL;
  if (!*series)
    return NULL;
  g_autoptr(GDateTime) start = nx_session_time(session, "start", NULL);
  const int order = start ? g_date_time_compare(start, stamp) : 0;
  return nx_calendar_expand(calendar, *series, zone, order < 0 ? start : stamp, order > 0 ? start : stamp);
}

static gboolean ical_describe(NxHarvest *harvest, json_object *session, GError **err)
{
  json_object *instrument = nx_json_get(session, "instrument");
  const char *pid = nx_json_get_string(instrument, "instrument_pid"), *identifier = nx_json_get_string(session, "session_identifier");
  NxCalendar *calendar = calendar_of(harvest, instrument, err);
  if (!calendar)
    return FALSE;
  g_autofree char *prefix = prefix_of(pid);
  const char *rest = g_str_has_prefix(identifier, prefix) ? identifier + strlen(prefix) : "";
  GTimeZone *zone = nx_harvest_zone(instrument);
  const NxCalendarSeries *series = NULL;
  g_autoptr(GPtrArray) occurrences = calendar->patience_us > 0 ? candidates(harvest, calendar, rest, session, &series) : NULL;
  if (calendar->patience_us <= 0) {
    g_set_error(err, NX_ERROR, NX_ERROR_PLACE, "the recurring events of its calendar take too long; look at those with many instances");
    return FALSE;
  }
  const NxOccurrence *own = occurrences ? pick(occurrences, series, pid, identifier) : NULL;
  if (occurrences && !own)
    own = pick_twin(occurrences, series, pid, session);
  NxConsent consent = own ? consent_of(own->event) : NX_CONSENT_GIVEN;
  if (!own)
    nx_harvest_no_reservation(session, "the calendar has no event (any more) with this identifier");
  else if (consent == NX_CONSENT_REFUSED)
    nx_harvest_no_consent(session, "the event's X-NX-CONSENT requests not to have its data harvested");
  else if (consent == NX_CONSENT_UNDEFINED)
    nx_harvest_no_consent(session, "the event's X-NX-CONSENT is empty");
  else
    nx_json_set(session, "reservation", make_reservation(calendar, own, zone));
  return TRUE;
}

static gboolean ical_check(NxHarvest *harvest, json_object *instrument, GError **err)
{
  return calendar_of(harvest, instrument, err) != NULL;
}

static const char *const NEEDS[] = {"calendar_url", NULL};
const NxHarvester nx_harvester_ical = {.name = NX_CALENDAR_HARVESTER,
                                       .needs = NEEDS,
                                       .events = ical_events,
                                       .describe = ical_describe,
                                       .check = ical_check,
                                       .check_name = "instrument_harvesters"};
