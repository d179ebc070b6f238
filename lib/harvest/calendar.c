/* calendar.c — reading an iCalendar feed with libical: limits first, then events by UID, and the meaning of TZIDs.
 * A feed is whatever an address on the net gives, so the lines are counted and measured before libical sees them. */
#include "calendar.h"

#include <string.h>

#define LINE_MAX_BYTES (1024u * 1024) /* of one unfolded content line */
#define DEPTH_MAX 8                   /* VCALENDAR, VEVENT, VALARM, … */
#define EVENTS_MAX 200000
#define ZONE_RULES_MAX 200 /* STANDARD and DAYLIGHT parts of one VTIMEZONE */

/* ----------------------------------------------------------------------------------------------------------- parsing */

typedef struct {
  const char *at, *end;
} Feed;

/* Makes folded lines whole (RFC 5545 §3.1), as bytes: a line may be folded inside a character. */
static GString *unfold(const char *bytes, gsize length)
{
  GString *lines = g_string_sized_new(length);
  const char *at = bytes, *end = bytes + length;
  for (const char *newline; (newline = memchr(at, '\n', (gsize)(end - at)));) {
    gboolean is_fold = newline + 1 < end && (newline[1] == ' ' || newline[1] == '\t');
    const char *stop = !is_fold ? newline + 1 : newline > at && newline[-1] == '\r' ? newline - 1 : newline;
    g_string_append_len(lines, at, stop - at);
    at = newline + (is_fold ? 2 : 1);
  }
  return g_string_append_len(lines, at, end - at);
}

/* libical's line source: at most `size` - 1 bytes, up to and with the next line end, as fgets does. */
static char *next_chunk(char *out, size_t size, void *user_data)
{
  Feed *feed = user_data;
  gsize left = (gsize)(feed->end - feed->at);
  if (left == 0 || size < 2)
    return NULL;
  const char *newline = memchr(feed->at, '\n', left);
  gsize length = MIN(newline ? (gsize)(newline + 1 - feed->at) : left, size - 1);
  memcpy(out, feed->at, length);
  out[length] = '\0';
  feed->at += length;
  return out;
}

/* How `line` changes the depth of nesting. */
static int nesting_of(const char *line)
{
  if (g_ascii_strncasecmp(line, "BEGIN:", strlen("BEGIN:")) == 0)
    return 1;
  return g_ascii_strncasecmp(line, "END:", strlen("END:")) == 0 ? -1 : 0;
}

/* Where a parameter or the name of a property ends: at a ; or : that is not in quotes. */
static const char *end_of_parameter(const char *at)
{
  gboolean is_quoted = FALSE;
  for (; *at && (is_quoted || (*at != ';' && *at != ':')); at++)
    is_quoted ^= *at == '"';
  return at;
}

/* Our own properties are text, whatever kind their parameter VALUE names: libical reads another kind as that, and drops what does not fit
 * it. It also drops a property without value, which would lose a sample that has only parameters, and a consent that was left empty would
 * look like one that was never asked for: so they get a blank as value. Names are the same in capitals or not (RFC 5545 §2), but libical
 * knows an X- by its capital alone, and drops others. */
static char *read_as_text(const char *line)
{
  if (g_ascii_strncasecmp(line, "X-NX-", strlen("X-NX-")) != 0)
    return g_strdup(line);
  const char *at = end_of_parameter(line);
  GString *text = g_string_new("X");
  g_string_append_len(text, line + 1, at - line - 1);
  for (const char *end; *at == ';'; at = end) {
    end = end_of_parameter(at + 1);
    if (g_ascii_strncasecmp(at, ";VALUE=", strlen(";VALUE=")) == 0)
      continue;
    const gsize name = text->len + 1;
    g_string_append_len(text, at, end - at);
    text->str[name] = g_ascii_toupper(text->str[name]);
  }
  g_string_append_printf(text, ":%s", *at && at[1] ? at + 1 : " ");
  return g_string_free(text, FALSE);
}

static gboolean G_GNUC_PRINTF(2, 3) refuse(GError **err, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  g_autofree char *reason = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the calendar %s", reason);
  return FALSE;
}

/* Feeds line by line; every complete outermost component becomes a root. */
static gboolean parse_lines(icalparser *parser, Feed *feed, GPtrArray *roots, GError **err)
{
  int depth = 0;
  icalparser_set_gen_data(parser, feed);
  for (;;) {
    char *line = icalparser_get_line(parser, next_chunk);
    if (!line)
      break;
    gboolean is_long = strlen(line) > LINE_MAX_BYTES, is_inside = depth > 0 || nesting_of(line) > 0;
    if (is_long)
      nx_log_warning("a line of the calendar is longer than %u bytes; it is left out", LINE_MAX_BYTES);
    g_autofree char *checked = is_inside && !is_long && *line ? read_as_text(line) : NULL;
    depth += is_inside ? nesting_of(line) : 0;
    icalmemory_free_buffer(line);
    if (depth > DEPTH_MAX)
      return refuse(err, "is nested deeper than %d components", DEPTH_MAX);
    icalcomponent *root = checked ? icalparser_add_line(parser, checked) : NULL;
    if (root)
      g_ptr_array_add(roots, root);
  }
  if (depth == 0)
    return TRUE;
  /* Somebody may be writing it just now: the sessions of the calendar wait. */
  g_set_error_literal(err, NX_ERROR, NX_ERROR_PLACE, "the calendar is cut off: its last component has no end");
  return FALSE;
}

/* -------------------------------------------------------------------------------------------------------- events by UID */

static void series_free(gpointer data)
{
  NxCalendarSeries *series = data;
  g_free(series->uid);
  g_ptr_array_unref(series->changes);
  g_free(series);
}

static int sequence_of(icalcomponent *event)
{
  icalproperty *property = icalcomponent_get_first_property(event, ICAL_SEQUENCE_PROPERTY);
  return property ? icalproperty_get_sequence(property) : 0;
}

static char *recurrence_id_text(icalcomponent *event)
{
  icalproperty *property = icalcomponent_get_first_property(event, ICAL_RECURRENCEID_PROPERTY);
  return property ? g_strdup(icalproperty_get_value_as_string(property)) : NULL;
}

static NxCalendarSeries *series_of(NxCalendar *calendar, const char *uid)
{
  NxCalendarSeries *series = g_hash_table_lookup(calendar->by_uid, uid);
  if (series)
    return series;
  series = g_new0(NxCalendarSeries, 1);
  series->uid = g_strdup(uid);
  series->changes = g_ptr_array_new();
  g_ptr_array_add(calendar->series, series);
  g_hash_table_insert(calendar->by_uid, series->uid, series);
  return series;
}

/* A UID becomes a session's identifier, which every stage writes into the log. */
static gboolean is_usable_uid(icalcomponent *event, const char *uid)
{
  if (!uid || !*uid) {
    const char *summary = icalcomponent_get_summary(event);
    g_autofree char *shown = nx_text_beginning(summary ? summary : "no SUMMARY either");
    nx_log_warning("an event of the calendar has no UID ('%s'); it is left out", shown);
    return FALSE;
  }
  g_autofree char *visible = nx_text_visible(uid), *shown = nx_text_beginning(uid);
  gboolean is_usable = g_str_equal(visible, uid);
  if (!is_usable)
    nx_log_warning("the UID '%s' of an event holds control characters; the event is left out", shown);
  return is_usable;
}

/* DTSTART, its line; borrowed until libical has shown some more. */
static const char *start_line(icalcomponent *event)
{
  icalproperty *start = icalcomponent_get_first_property(event, ICAL_DTSTART_PROPERTY);
  return start ? icalproperty_as_ical_string(start) : "";
}

/* Two events that a calendar gives one UID by mistake are no versions of one: the usage of the first is lost. */
static void warn_of_namesake(const NxCalendarSeries *series, icalcomponent *event)
{
  icalproperty *lost = icalcomponent_get_first_property(series->master, ICAL_DTSTART_PROPERTY);
  if (lost && sequence_of(event) == sequence_of(series->master) && !g_str_equal(start_line(event), start_line(series->master)))
    nx_log_warning("event %s is there twice with the same SEQUENCE; that of %s is left out", series->uid, icalproperty_get_value_as_string(lost));
}

/* Of several versions of the same event the one with the highest SEQUENCE counts, of equal ones the last. */
static void add_event(NxCalendar *calendar, icalcomponent *event)
{
  const char *uid = icalcomponent_get_uid(event);
  if (!is_usable_uid(event, uid))
    return;
  NxCalendarSeries *series = series_of(calendar, uid);
  g_autofree char *own = recurrence_id_text(event);
  if (!own) {
    if (series->master)
      warn_of_namesake(series, event);
    if (!series->master || sequence_of(event) >= sequence_of(series->master))
      series->master = event;
    return;
  }
  g_ptr_array_add(series->changes, event);
}

/* Drops superseded versions of changed instances. */
static void drop_old_changes(NxCalendarSeries *series)
{
  g_autoptr(GHashTable) newest = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < series->changes->len; i++) {
    icalcomponent *event = series->changes->pdata[i];
    g_autofree char *own = recurrence_id_text(event);
    icalcomponent *known = g_hash_table_lookup(newest, own);
    if (!known || sequence_of(event) >= sequence_of(known))
      g_hash_table_replace(newest, g_steal_pointer(&own), event);
  }
  GPtrArray *kept = g_ptr_array_new();
  for (guint i = 0; i < series->changes->len; i++) {
    g_autofree char *own = recurrence_id_text(series->changes->pdata[i]);
    if (g_hash_table_lookup(newest, own) == series->changes->pdata[i])
      g_ptr_array_add(kept, series->changes->pdata[i]);
  }
  g_ptr_array_unref(series->changes);
  series->changes = kept;
}

gboolean nx_calendar_is_cancelled(icalcomponent *event)
{
  return icalcomponent_get_status(event) == ICAL_STATUS_CANCELLED;
}

/* ------------------------------------------------------------------------------------------------------------ zones */

/* What a TZID means: a zone of the tz database, else the VTIMEZONE of the feed, else nothing. */
typedef struct {
  GTimeZone *zone;       /* borrowed */
  icaltimezone *defined; /* owned */
} CalendarZone;

static void calendar_zone_free(gpointer data)
{
  CalendarZone *known = data;
  if (known->defined)
    icaltimezone_free(known->defined, 1);
  g_free(known);
}

/* The tz database's zone of a TZID, which may have a maker's prefix ("/citadel.org/20210210_1/Europe/Berlin"). Borrowed, or NULL. */
static GTimeZone *database_zone(const char *tzid)
{
  for (const char *at = tzid; at; at = strchr(at, '/') ? strchr(at, '/') + 1 : NULL) {
    GTimeZone *zone = *at && *at != '/' ? nx_zone(at, NULL) : NULL;
    if (zone)
      return zone;
  }
  return NULL;
}

gboolean nx_calendar_has_members(const short *list)
{
  return list[0] != ICAL_RECURRENCE_ARRAY_MAX;
}

/* A zone changes its offset a few times a year. libical computes all changes of decades at once, so a rule that changes it every second is
 * refused. */
static gboolean is_usual_zone_rule(icalcomponent *part)
{
  for (icalproperty *property = icalcomponent_get_first_property(part, ICAL_RRULE_PROPERTY); property;
       property = icalcomponent_get_next_property(part, ICAL_RRULE_PROPERTY)) {
    struct icalrecurrencetype rule = icalproperty_get_rrule(property);
    if (rule.freq != ICAL_YEARLY_RECURRENCE || nx_calendar_has_members(rule.by_second) || nx_calendar_has_members(rule.by_minute) ||
        nx_calendar_has_members(rule.by_hour) || nx_calendar_has_members(rule.by_year_day) || nx_calendar_has_members(rule.by_week_no) ||
        nx_calendar_has_members(rule.by_set_pos) || rule.rscale)
      return FALSE;
  }
  return TRUE;
}

static gboolean is_usual_zone(icalcomponent *vtimezone)
{
  guint parts = 0;
  for (icalcomponent *part = icalcomponent_get_first_component(vtimezone, ICAL_ANY_COMPONENT); part;
       part = icalcomponent_get_next_component(vtimezone, ICAL_ANY_COMPONENT))
    if (++parts > ZONE_RULES_MAX || !is_usual_zone_rule(part))
      return FALSE;
  return parts > 0;
}

static icalcomponent *find_vtimezone(const NxCalendar *calendar, const char *tzid)
{
  for (guint i = 0; i < calendar->roots->len; i++) {
    icalcomponent *root = calendar->roots->pdata[i];
    for (icalcomponent *zone = icalcomponent_get_first_component(root, ICAL_VTIMEZONE_COMPONENT); zone;
         zone = icalcomponent_get_next_component(root, ICAL_VTIMEZONE_COMPONENT)) {
      icalproperty *property = icalcomponent_get_first_property(zone, ICAL_TZID_PROPERTY);
      if (property && g_strcmp0(icalproperty_get_tzid(property), tzid) == 0)
        return zone;
    }
  }
  return NULL;
}

static icaltimezone *defined_zone(const NxCalendar *calendar, const char *tzid)
{
  icalcomponent *vtimezone = find_vtimezone(calendar, tzid);
  if (!vtimezone || !is_usual_zone(vtimezone))
    return NULL;
  icaltimezone *zone = icaltimezone_new();
  icalcomponent *copy = icalcomponent_new_clone(vtimezone);
  if (icaltimezone_set_component(zone, copy))
    return zone;
  icalcomponent_free(copy);
  icaltimezone_free(zone, 1);
  return NULL;
}

static const CalendarZone *zone_of(NxCalendar *calendar, const char *tzid)
{
  CalendarZone *known = g_hash_table_lookup(calendar->zones, tzid);
  if (known)
    return known;
  known = g_new0(CalendarZone, 1);
  known->zone = database_zone(tzid);
  if (!known->zone)
    known->defined = defined_zone(calendar, tzid);
  if (!known->zone && !known->defined) {
    g_autofree char *shown = nx_text_beginning(tzid);
    nx_log_warning("the calendar's time zone '%s' is not in the tz database, and the calendar has no usable VTIMEZONE of that name; "
                   "its times are read in the instrument's zone",
                   shown);
  }
  g_hash_table_insert(calendar->zones, g_strdup(tzid), known);
  return known;
}

static GDateTime *in_fixed_zone(struct icaltimetype time, int offset_seconds)
{
  if (ABS(offset_seconds) >= 24 * 60 * 60)
    return NULL;
  g_autoptr(GTimeZone) fixed = offset_seconds ? g_time_zone_new_offset(offset_seconds) : g_time_zone_new_utc();
  return nx_time_from_wall_clock(fixed, time.year, time.month, time.day, time.hour, time.minute, time.second, 0);
}

/* Seconds, `days` days from the clock time `time` in a zone that has the offset `assumed` there. */
static int offset_when(const CalendarZone *known, struct icaltimetype time, int assumed, int days)
{
  icaltime_adjust(&time, days, 0, 0, -assumed);
  if (known->defined)
    return icaltimezone_get_utc_offset_of_utc_time(known->defined, &time, NULL);
  g_autoptr(GDateTime) utc = g_date_time_new_utc(time.year, time.month, time.day, time.hour, time.minute, time.second);
  g_autoptr(GDateTime) local = utc ? g_date_time_to_timezone(utc, known->zone) : NULL;
  return local ? (int)(g_date_time_get_utc_offset(local) / G_TIME_SPAN_SECOND) : 0;
}

/* When a TZID says the zone, of a clock time that occurs twice the first counts, and of one that never is the offset before the gap (RFC 5545
 * §3.3.5), whichever side of it is daylight saving. */
static GDateTime *in_calendar_zone(const CalendarZone *known, struct icaltimetype time)
{
  const int before = offset_when(known, time, 0, -1), after = offset_when(known, time, 0, 1);
  const gboolean is_after = offset_when(known, time, before, 0) != before && offset_when(known, time, after, 0) == after;
  const int offset = is_after ? after : before;
  g_autoptr(GDateTime) instant = in_fixed_zone(time, offset);
  if (!instant || !known->zone || offset_when(known, time, offset, 0) != offset)
    return g_steal_pointer(&instant);
  return g_date_time_to_timezone(instant, known->zone);
}

/* NULL: the value is in UTC, floating, or of a zone of which nothing is known. */
static const CalendarZone *zone_of_value(NxCalendar *calendar, icalproperty *property, struct icaltimetype value)
{
  icalparameter *parameter = icalproperty_get_first_parameter(property, ICAL_TZID_PARAMETER);
  const char *tzid = parameter && !value.is_date && !icaltime_is_utc(value) ? icalparameter_get_tzid(parameter) : NULL;
  const CalendarZone *known = tzid ? zone_of(calendar, tzid) : NULL;
  return known && (known->zone || known->defined) ? known : NULL;
}

void nx_calendar_set_clock(struct icaltimetype *time, GDateTime *clock)
{
  g_date_time_get_ymd(clock, &time->year, &time->month, &time->day);
  time->hour = g_date_time_get_hour(clock);
  time->minute = g_date_time_get_minute(clock);
  time->second = g_date_time_get_second(clock);
}

struct icaltimetype nx_calendar_clock(NxCalendar *calendar, icalproperty *property, struct icaltimetype like, GDateTime *instant,
                                      GTimeZone *floating)
{
  const CalendarZone own = {.zone = floating}, *known = zone_of_value(calendar, property, like);
  g_autoptr(GDateTime) utc = g_date_time_to_utc(instant);
  struct icaltimetype clock = like;
  clock.is_date = 0;
  nx_calendar_set_clock(&clock, utc);
  if (!icaltime_is_utc(like))
    icaltime_adjust(&clock, 0, 0, 0, offset_when(known ? known : &own, clock, 0, 0));
  return clock;
}

GDateTime *nx_calendar_instant(NxCalendar *calendar, icalproperty *property, struct icaltimetype time, GTimeZone *floating)
{
  const CalendarZone *known = zone_of_value(calendar, property, time);
  if (time.is_date)
    time.hour = time.minute = time.second = 0;
  if (time.second == 60)
    time.second = 59; /* a leap second */
  if (icaltime_is_utc(time))
    return in_fixed_zone(time, 0);
  if (known)
    return in_calendar_zone(known, time);
  if (time.is_date)
    return nx_time_day_start(floating, time.year, time.month, time.day);
  return nx_time_from_wall_clock(floating, time.year, time.month, time.day, time.hour, time.minute, time.second, 0);
}

/* ----------------------------------------------------------------------------------------------------- the whole feed */

void nx_calendar_free(NxCalendar *calendar)
{
  if (!calendar)
    return;
  g_hash_table_unref(calendar->by_uid);
  g_ptr_array_unref(calendar->series);
  g_hash_table_unref(calendar->zones);
  g_ptr_array_unref(calendar->roots);
  g_free(calendar);
}

static NxCalendar *calendar_new(void)
{
  NxCalendar *calendar = g_new0(NxCalendar, 1);
  calendar->roots = g_ptr_array_new_with_free_func((GDestroyNotify)icalcomponent_free);
  calendar->series = g_ptr_array_new_with_free_func(series_free);
  calendar->by_uid = g_hash_table_new(g_str_hash, g_str_equal);
  calendar->zones = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, calendar_zone_free);
  calendar->patience_us = nx_patience_us(NX_CALENDAR_PATIENCE_SECONDS);
  return calendar;
}

static gboolean collect_events(NxCalendar *calendar, GError **err)
{
  guint count = 0, calendars = 0;
  for (guint i = 0; i < calendar->roots->len; i++) {
    icalcomponent *root = calendar->roots->pdata[i];
    calendars += icalcomponent_isa(root) == ICAL_VCALENDAR_COMPONENT;
    for (icalcomponent *event = icalcomponent_get_first_component(root, ICAL_VEVENT_COMPONENT); event;
         event = icalcomponent_get_next_component(root, ICAL_VEVENT_COMPONENT)) {
      if (++count > EVENTS_MAX)
        return refuse(err, "has more than %d events", EVENTS_MAX);
      add_event(calendar, event);
    }
  }
  for (guint i = 0; i < calendar->series->len; i++)
    drop_old_changes(calendar->series->pdata[i]);
  return calendars > 0 || refuse(err, "has no BEGIN:VCALENDAR; is this the address of an iCalendar file?");
}

NxCalendar *nx_calendar_parse(const char *bytes, gsize length, GError **err)
{
  if (length > NX_CALENDAR_MAX) {
    refuse(err, "is larger than %u MiB", NX_CALENDAR_MAX / 1024 / 1024);
    return NULL;
  }
  icalerror_set_errors_are_fatal(0);
  g_autoptr(GString) lines = unfold(bytes, length);
  g_autofree char *text = nx_text_utf8(lines->str, (gssize)lines->len);
  const char *start = g_str_has_prefix(text, "\xef\xbb\xbf") ? text + 3 : text;
  Feed feed = {.at = start, .end = start + strlen(start)};
  g_autoptr(NxCalendar) calendar = calendar_new();
  icalparser *parser = icalparser_new();
  gboolean good = parse_lines(parser, &feed, calendar->roots, err);
  icalparser_free(parser);
  return good && collect_events(calendar, err) ? g_steal_pointer(&calendar) : NULL;
}
