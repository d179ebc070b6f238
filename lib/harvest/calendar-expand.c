/* calendar-expand.c — when the events of one UID take place: DTSTART, RRULE, RDATE, EXRULE, EXDATE, and instances changed by RECURRENCE-ID
 * (RFC 5545 §3.8). Rules are run by libical on clock time, each result then becomes an instant of its zone. A rule is always given an end
 * (the window's), because libical searches a rule that never matches until the year 2582. */
#include "calendar.h"

#include <stdlib.h>
#include <string.h>

#define RESULTS_MAX 500000  /* of the rules of one event: hourly for 57 years */
#define INSTANCES_MAX 10000 /* of one event in the window: hourly for more than a year */
#define RULES_MAX 10        /* RRULE or EXRULE properties of one event */
#define HOURLY_MAX 6        /* results of a rule in an hour */
#define FIRST_YEAR 1970     /* a series that begins earlier is a mistake, or mischief */

typedef struct {
  NxCalendar *calendar;
  const NxCalendarSeries *series;
  GTimeZone *floating;
  GDateTime *from, *to;
  GPtrArray *following;    /* of Following* */
  GDateTime *early, *late; /* as `from` and `to`, but for the starts that the series gave its instances: some are moved into the window */
  GHashTable *taken;       /* instants (seconds) that are excluded, changed or already there */
  GHashTable *taken_dates; /* YYYYMMDD texts excluded as whole days */
  GPtrArray *found;        /* of NxOccurrence* */
  gint64 deadline;         /* monotonic */
  guint results;           /* of rules, within the window or not */
  guint instances;         /* in the window, but those that were changed one by one: of these the feed has as many as it has lines */
  gboolean is_cut;
} Expansion;

static void occurrence_free(gpointer data)
{
  NxOccurrence *occurrence = data;
  g_clear_pointer(&occurrence->start, g_date_time_unref);
  g_clear_pointer(&occurrence->end, g_date_time_unref);
  g_clear_pointer(&occurrence->instance, g_date_time_unref);
  g_free(occurrence);
}

static icalproperty *first_property(icalcomponent *event, icalproperty_kind kind)
{
  return icalcomponent_get_first_property(event, kind);
}

/* ---------------------------------------------------------------------------------------------------------- duration */

/* Nominal days first, then exact seconds (RFC 5545 §3.8.5.3: the members of a series have the same exact duration). */
typedef struct {
  int days;
  gint64 seconds;
} Span;

static gboolean span_of_end(Expansion *expansion, icalproperty *start, icalproperty *end, Span *span)
{
  struct icaltimetype from = icalproperty_get_dtstart(start), to = icalproperty_get_dtend(end);
  if (from.is_date && to.is_date && g_date_valid_dmy((GDateDay)from.day, from.month, (GDateYear)from.year) &&
      g_date_valid_dmy((GDateDay)to.day, to.month, (GDateYear)to.year)) {
    g_autoptr(GDate) first = g_date_new_dmy((GDateDay)from.day, from.month, (GDateYear)from.year);
    g_autoptr(GDate) last = g_date_new_dmy((GDateDay)to.day, to.month, (GDateYear)to.year);
    span->days = g_date_days_between(first, last);
    return span->days >= 0;
  }
  g_autoptr(GDateTime) first = nx_calendar_instant(expansion->calendar, start, from, expansion->floating);
  g_autoptr(GDateTime) last = nx_calendar_instant(expansion->calendar, end, to, expansion->floating);
  if (!first || !last)
    return FALSE;
  span->seconds = g_date_time_difference(last, first) / G_TIME_SPAN_SECOND;
  return span->seconds >= 0;
}

static gboolean span_of_duration(icalproperty *property, Span *span)
{
  struct icaldurationtype duration = icalproperty_get_duration(property);
  if (duration.is_neg || duration.days > 36600 || duration.weeks > 5200 || duration.hours > 876000 || duration.minutes > 52560000 ||
      duration.seconds > G_MAXINT32)
    return FALSE;
  span->days = (int)(duration.days + 7 * duration.weeks);
  span->seconds = (gint64)duration.hours * 3600 + (gint64)duration.minutes * 60 + duration.seconds;
  return TRUE;
}

static gboolean find_span(Expansion *expansion, icalcomponent *event, icalproperty *start, Span *span)
{
  *span = (Span){0};
  g_autoptr(GDateTime) first = nx_calendar_instant(expansion->calendar, start, icalproperty_get_dtstart(start), expansion->floating);
  if (!first)
    return FALSE;
  icalproperty *end = first_property(event, ICAL_DTEND_PROPERTY), *duration = first_property(event, ICAL_DURATION_PROPERTY);
  if (end)
    return span_of_end(expansion, start, end, span);
  if (duration)
    return span_of_duration(duration, span);
  span->days = icalproperty_get_dtstart(start).is_date ? 1 : 0;
  return TRUE;
}

/* The end of an occurrence that starts at clock time `time`. */
static GDateTime *end_of(Expansion *expansion, icalproperty *start, struct icaltimetype time, const Span *span)
{
  icaltime_adjust(&time, span->days, 0, 0, 0);
  g_autoptr(GDateTime) day = nx_calendar_instant(expansion->calendar, start, time, expansion->floating);
  return day ? g_date_time_add(day, span->seconds * G_TIME_SPAN_SECOND) : NULL;
}

/* ------------------------------------------------------------------------------------------------------- occurrences */

static gboolean take(Expansion *expansion, GDateTime *instant)
{
  gint64 seconds = g_date_time_to_unix(instant);
  if (g_hash_table_contains(expansion->taken, &seconds))
    return FALSE;
  g_hash_table_add(expansion->taken, g_memdup2(&seconds, sizeof seconds));
  return TRUE;
}

static char *date_text(struct icaltimetype time)
{
  return g_strdup_printf("%04d%02d%02d", time.year, time.month, time.day);
}

static gboolean is_in_window(const Expansion *expansion, GDateTime *start)
{
  return (!expansion->from || g_date_time_compare(start, expansion->from) >= 0) && g_date_time_compare(start, expansion->to) <= 0;
}

/* FALSE once a series has given all that one may; what was too much is said once. */
static gboolean may_go_on(Expansion *expansion)
{
  const gboolean is_often = expansion->instances >= INSTANCES_MAX, is_too_much = is_often || expansion->results >= RESULTS_MAX;
  if (is_too_much && !expansion->is_cut)
    nx_log_warning("event %s takes place more than %d times %s; the rest is left out", expansion->series->uid,
                   is_often ? INSTANCES_MAX : RESULTS_MAX, is_often ? "between the dates" : "in all");
  expansion->is_cut |= is_too_much;
  return !expansion->is_cut && g_get_monotonic_time() <= expansion->deadline;
}

/* `start` and `end` are consumed, `instance` is not. */
static void add_occurrence(Expansion *expansion, icalcomponent *event, GDateTime *start, GDateTime *end, GDateTime *instance)
{
  NxOccurrence *occurrence = g_new0(NxOccurrence, 1);
  occurrence->event = event;
  occurrence->start = start;
  occurrence->end = end;
  occurrence->instance = instance ? g_date_time_ref(instance) : NULL;
  g_ptr_array_add(expansion->found, occurrence);
}

/* ------------------------------------------------------------------------------------------------ this and all following */

/* A change of "this and all following" instances: they are moved by the clock, as whole series are made, whatever the clocks do in between. */
typedef struct {
  icalcomponent *change; /* borrowed */
  icalproperty *start;   /* its DTSTART, whose clock it is; borrowed; NULL: they are cancelled */
  GDateTime *since;      /* the start that the series gave the first of them */
  GTimeSpan shift;
} Following;

static void following_free(gpointer data)
{
  Following *following = data;
  g_clear_pointer(&following->since, g_date_time_unref);
  g_free(following);
}

/* A clock time that can be reckoned with; NULL: there is none such. */
static GDateTime *reckonable(struct icaltimetype time)
{
  return g_date_time_new_utc(time.year, time.month, time.day, time.hour, time.minute, MIN(time.second, 59));
}

static gboolean find_shift(Expansion *expansion, icalproperty *start, GDateTime *since, GTimeSpan *shift)
{
  const struct icaltimetype moved = icalproperty_get_dtstart(start);
  g_autoptr(GDateTime) before = reckonable(nx_calendar_clock(expansion->calendar, start, moved, since, expansion->floating));
  g_autoptr(GDateTime) after = reckonable(moved);
  *shift = before && after ? g_date_time_difference(after, before) : 0;
  return before && after;
}

/* Instances that are only cancelled need no start of their own (RFC 5546 §3.2.5). */
static void add_following(Expansion *expansion, icalcomponent *change)
{
  icalproperty *id = first_property(change, ICAL_RECURRENCEID_PROPERTY), *start = first_property(change, ICAL_DTSTART_PROPERTY);
  if (!icalproperty_get_first_parameter(id, ICAL_RANGE_PARAMETER) || (!start && !nx_calendar_is_cancelled(change)))
    return;
  GTimeSpan shift = 0;
  g_autoptr(GDateTime) since = nx_calendar_instant(expansion->calendar, id, icalproperty_get_recurrenceid(id), expansion->floating);
  if (!since || (start && !find_shift(expansion, start, since, &shift)))
    return;
  Following *following = g_new0(Following, 1);
  *following = (Following){.change = change, .start = start, .since = g_steal_pointer(&since), .shift = shift};
  g_ptr_array_add(expansion->following, following);
}

/* `limit` (NULL: none), or so much earlier or later that no change of the clocks makes a difference. */
static GDateTime *widened(GDateTime *limit, GTimeSpan by)
{
  g_autoptr(GDateTime) wide = limit && by ? g_date_time_add(limit, by + (by < 0 ? -1 : 1) * G_TIME_SPAN_DAY) : NULL;
  return wide ? g_steal_pointer(&wide) : limit ? g_date_time_ref(limit) : NULL;
}

static void find_following(Expansion *expansion)
{
  GTimeSpan forward = 0, back = 0;
  for (guint i = 0; i < expansion->series->changes->len; i++)
    add_following(expansion, expansion->series->changes->pdata[i]);
  for (guint i = 0; i < expansion->following->len; i++) {
    const Following *following = expansion->following->pdata[i];
    forward = MAX(forward, following->shift);
    back = MAX(back, -following->shift);
  }
  expansion->early = widened(expansion->from, -forward);
  expansion->late = widened(expansion->to, back);
}

/* The latest change that is for `instance`; NULL: it is as the series has it. */
static const Following *governing_change(const Expansion *expansion, GDateTime *instance)
{
  const Following *best = NULL;
  for (guint i = 0; i < expansion->following->len; i++) {
    const Following *following = expansion->following->pdata[i];
    if (g_date_time_compare(following->since, instance) <= 0 && (!best || g_date_time_compare(following->since, best->since) >= 0))
      best = following;
  }
  return best;
}

/* The clock time that `instance` was moved to; the null time when that is none. */
static struct icaltimetype moved_time(Expansion *expansion, const Following *following, GDateTime *instance)
{
  struct icaltimetype time = icalproperty_get_dtstart(following->start);
  g_autoptr(GDateTime) own = reckonable(nx_calendar_clock(expansion->calendar, following->start, time, instance, expansion->floating));
  g_autoptr(GDateTime) moved = own ? g_date_time_add(own, following->shift) : NULL;
  if (!moved)
    return icaltime_null_time();
  nx_calendar_set_clock(&time, moved);
  return time;
}

/* --------------------------------------------------------------------------------------------------------- instances */

/* An instance as the series has it, or as a change of "this and all following" moved it. */
static void add_instance(Expansion *expansion, icalproperty *start, struct icaltimetype time, const Span *span, GDateTime *instance)
{
  const Following *following = governing_change(expansion, instance);
  icalcomponent *event = following ? following->change : expansion->series->master;
  Span own = *span;
  if (following && nx_calendar_is_cancelled(event))
    return;
  if (following) {
    start = following->start;
    time = moved_time(expansion, following, instance);
    if (!find_span(expansion, event, start, &own))
      return;
  }
  g_autoptr(GDateTime) first =
      following ? nx_calendar_instant(expansion->calendar, start, time, expansion->floating) : g_date_time_ref(instance);
  g_autoptr(GDateTime) last = first ? end_of(expansion, start, time, &own) : NULL;
  if (!last || (!is_in_window(expansion, instance) && !is_in_window(expansion, first)))
    return;
  expansion->instances++;
  add_occurrence(expansion, event, g_steal_pointer(&first), g_steal_pointer(&last), instance);
}

/* One start that the series gives. FALSE once it lies behind all that may be in the window: rules give their results in order. */
static gboolean consider(Expansion *expansion, icalproperty *start, struct icaltimetype time, const Span *span)
{
  g_autoptr(GDateTime) instance = nx_calendar_instant(expansion->calendar, start, time, expansion->floating);
  if (!instance)
    return TRUE;
  if (g_date_time_compare(instance, expansion->late) > 0)
    return FALSE;
  g_autofree char *date = date_text(time);
  gboolean is_early = expansion->early && g_date_time_compare(instance, expansion->early) < 0;
  if (!is_early && !g_hash_table_contains(expansion->taken_dates, date) && take(expansion, instance))
    add_instance(expansion, start, time, span, instance);
  return TRUE;
}

/* ------------------------------------------------------------------------------------------------------------- rules */

/* What to do with each start that a rule gives; FALSE ends the rule. */
typedef gboolean (*RuleResult)(Expansion *expansion, icalproperty *start, struct icaltimetype time, const Span *span);

static gboolean exclude(Expansion *expansion, icalproperty *start, struct icaltimetype time, const Span *span)
{
  (void)span;
  g_autoptr(GDateTime) instant = nx_calendar_instant(expansion->calendar, start, time, expansion->floating);
  if (!instant)
    return TRUE;
  take(expansion, instant);
  return g_date_time_compare(instant, expansion->late) <= 0;
}

/* The clock time `days` days from `instant`, in the form of `like`: two days away, no zone makes a difference. */
static struct icaltimetype clock_near(GDateTime *instant, int days, struct icaltimetype like)
{
  g_autoptr(GDateTime) utc = g_date_time_to_utc(instant);
  struct icaltimetype near = icaltime_null_time();
  near.year = g_date_time_get_year(utc);
  near.month = g_date_time_get_month(utc);
  near.day = g_date_time_get_day_of_month(utc);
  icaltime_adjust(&near, days, 0, 0, 0);
  near.is_date = like.is_date;
  return near;
}

/* TRUE when `time` lies behind the rule's UNTIL: an instant when that is UTC, else a date or clock time like DTSTART. */
static gboolean is_behind_until(Expansion *expansion, icalproperty *start, struct icaltimetype time, struct icaltimetype until)
{
  if (icaltime_is_null_time(until))
    return FALSE;
  if (until.is_date || !icaltime_is_utc(until)) {
    until.zone = time.zone = NULL;
    return until.is_date ? icaltime_compare_date_only(time, until) > 0 : icaltime_compare(time, until) > 0;
  }
  g_autoptr(GDateTime) own = nx_calendar_instant(expansion->calendar, start, time, expansion->floating);
  g_autoptr(GDateTime) last = nx_calendar_instant(expansion->calendar, start, until, expansion->floating);
  return own && last && g_date_time_compare(own, last) > 0;
}

static guint count_members(const short *list)
{
  guint count = 0;
  while (list[count] != ICAL_RECURRENCE_ARRAY_MAX)
    count++;
  return count;
}

/* How often a rule gives a result in an hour that it is for. */
static guint times_an_hour(const struct icalrecurrencetype *rule)
{
  return MAX(count_members(rule->by_minute), 1) * MAX(count_members(rule->by_second), 1);
}

/* Of other calendars than the Gregorian libical looks for days without end. */
static gboolean is_usual_rule(const struct icalrecurrencetype *rule, struct icaltimetype start)
{
  gboolean is_gregorian = !rule->rscale || g_ascii_strcasecmp(rule->rscale, "GREGORIAN") == 0;
  return is_gregorian && rule->freq != ICAL_NO_RECURRENCE && rule->freq != ICAL_SECONDLY_RECURRENCE &&
         rule->freq != ICAL_MINUTELY_RECURRENCE && times_an_hour(rule) <= HOURLY_MAX && start.year >= FIRST_YEAR;
}

/* Weeks without days mean the day of the week of the start (RFC 5545 §3.3.10); libical 3.0 would look for it beyond the end of a table. */
static void complete_weeks(struct icalrecurrencetype *rule, struct icaltimetype start)
{
  if (!nx_calendar_has_members(rule->by_week_no) || nx_calendar_has_members(rule->by_day))
    return;
  rule->by_day[0] = (short)icaltime_day_of_week(start);
  rule->by_day[1] = ICAL_RECURRENCE_ARRAY_MAX;
}

/* A day at or before `start` from which the weeks of a rule can be counted: the first of its days in that week, or one interval earlier. libical 3.0
 * looks for it, too, but finds that of another week where its number is below that of the week's first day, as of the Sunday in weeks from Monday. */
static struct icaltimetype first_day(const struct icalrecurrencetype *rule, struct icaltimetype start)
{
  if (rule->freq != ICAL_WEEKLY_RECURRENCE || !nx_calendar_has_members(rule->by_day))
    return start;
  const int week = (int)rule->week_start, day = (int)icalrecurrencetype_day_day_of_week(rule->by_day[0]);
  const int later = (day - week + 7) % 7 - (icaltime_day_of_week(start) - week + 7) % 7;
  icaltime_adjust(&start, later > 0 ? later - 7 * rule->interval : later, 0, 0, 0);
  return start;
}

/* Days of the month without months are those of every month (RFC 5545 §3.3.10); libical 3.0 looks in the month of the start alone. */
static void complete_months(struct icalrecurrencetype *rule)
{
  if (rule->freq != ICAL_YEARLY_RECURRENCE || !nx_calendar_has_members(rule->by_month_day) || nx_calendar_has_members(rule->by_month) ||
      nx_calendar_has_members(rule->by_week_no) || nx_calendar_has_members(rule->by_year_day))
    return;
  for (short month = 1; month <= 12; month++)
    rule->by_month[month - 1] = month;
  rule->by_month[12] = ICAL_RECURRENCE_ARRAY_MAX;
}

/* Of the days or hours that such a rule steps through, its days of the month leave some. libical 3.0 would find none of those that count from the end
 * of their month, so it steps without them, and they are looked at here. */
static gboolean steps_by_days(const struct icalrecurrencetype *rule)
{
  return rule->freq == ICAL_DAILY_RECURRENCE || rule->freq == ICAL_HOURLY_RECURRENCE;
}

static gboolean is_on_its_days(const struct icalrecurrencetype *rule, struct icaltimetype time)
{
  const int from_end = time.day - icaltime_days_in_month(time.month, time.year) - 1;
  gboolean is_on = !steps_by_days(rule) || !nx_calendar_has_members(rule->by_month_day);
  for (guint i = 0; i < count_members(rule->by_month_day); i++)
    is_on |= rule->by_month_day[i] == time.day || rule->by_month_day[i] == from_end;
  return is_on;
}

static int compare_members(gconstpointer a, gconstpointer b)
{
  return *(const short *)a - *(const short *)b;
}

/* libical gives the times of a day as the rule has them, and whoever reads them stops at the first that is too late. */
static void sort_times(struct icalrecurrencetype *rule)
{
  short *const lists[] = {rule->by_hour, rule->by_minute, rule->by_second};
  for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
    qsort(lists[i], count_members(lists[i]), sizeof *lists[i], compare_members);
}

/* With BYWEEKNO libical jumps to wrong days, and by hours without regard to the interval. */
static gboolean can_jump(const struct icalrecurrencetype *rule)
{
  return rule->count == 0 && !nx_calendar_has_members(rule->by_week_no) && (rule->freq != ICAL_HOURLY_RECURRENCE || rule->interval <= 1);
}

/* An iterator that is already near the window, where libical can jump there. It leaves counting to whoever knows which results count: none before
 * the start does. */
static icalrecur_iterator *iterator_near(const Expansion *expansion, const struct icalrecurrencetype *rule, struct icaltimetype first)
{
  struct icalrecurrencetype steps = *rule;
  steps.count = 0;
  if (steps_by_days(rule))
    steps.by_month_day[0] = ICAL_RECURRENCE_ARRAY_MAX;
  icalrecur_iterator *iterator = icalrecur_iterator_new(steps, first);
  if (!iterator || !expansion->early || !can_jump(rule))
    return iterator;
  struct icaltimetype early = clock_near(expansion->early, -2, first);
  if (rule->freq == ICAL_WEEKLY_RECURRENCE) /* as for `first`: it would look for this day of the week */
    icaltime_adjust(&early, -((icaltime_day_of_week(early) - icaltime_day_of_week(first) + 7) % 7), 0, 0, 0);
  if (icaltime_compare(first, early) < 0)
    icalrecur_iterator_set_start(iterator, early);
  return iterator;
}

static void run_rule(Expansion *expansion, icalproperty *start, struct icalrecurrencetype rule, const Span *span, RuleResult result)
{
  struct icaltimetype first = icalproperty_get_dtstart(start), until = rule.until;
  if (!is_usual_rule(&rule, first)) {
    nx_log_warning("event %s repeats more than %d times an hour, since before %d, or by another calendar; its rule is not followed",
                   expansion->series->uid, HOURLY_MAX, FIRST_YEAR);
    return;
  }
  const icaltimezone *zone = first.zone;
  first.zone = NULL;
  complete_weeks(&rule, first);
  complete_months(&rule);
  sort_times(&rule);
  rule.until = clock_near(expansion->late, 2, first);
  icalrecur_iterator *iterator = iterator_near(expansion, &rule, first_day(&rule, first));
  if (!iterator) {
    nx_log_warning("event %s has a recurrence rule that means nothing; it is not followed", expansion->series->uid);
    return;
  }
  for (int count = 0; rule.count == 0 || count < rule.count;) {
    struct icaltimetype time = icalrecur_iterator_next(iterator);
    if (icaltime_is_null_time(time) || !may_go_on(expansion))
      break;
    expansion->results++;
    if (icaltime_compare(time, first) < 0 || !is_on_its_days(&rule, time))
      continue;
    count++;
    time.zone = zone;
    if (is_behind_until(expansion, start, time, until) || !result(expansion, start, time, span))
      break;
  }
  icalrecur_iterator_free(iterator);
}

static void run_rules(Expansion *expansion, icalproperty *start, icalproperty_kind kind, const Span *span, RuleResult result)
{
  int count = 0;
  for (icalproperty *property = first_property(expansion->series->master, kind); property && count < RULES_MAX;
       property = icalcomponent_get_next_property(expansion->series->master, kind), count++)
    run_rule(expansion, start, kind == ICAL_RRULE_PROPERTY ? icalproperty_get_rrule(property) : icalproperty_get_exrule(property), span,
             result);
}

/* ------------------------------------------------------------------------------------------------------- single dates */

static void exclude_dates(Expansion *expansion)
{
  icalcomponent *master = expansion->series->master;
  for (icalproperty *property = first_property(master, ICAL_EXDATE_PROPERTY); property;
       property = icalcomponent_get_next_property(master, ICAL_EXDATE_PROPERTY)) {
    struct icaltimetype time = icalproperty_get_exdate(property);
    if (time.is_date)
      g_hash_table_add(expansion->taken_dates, date_text(time));
    else
      exclude(expansion, property, time, NULL);
  }
}

/* RDATE;VALUE=PERIOD: a start with a duration of its own. */
static void add_period(Expansion *expansion, icalproperty *property, struct icalperiodtype period)
{
  g_autoptr(GDateTime) start = nx_calendar_instant(expansion->calendar, property, period.start, expansion->floating);
  g_autoptr(GDateTime) end = NULL;
  if (!icaltime_is_null_time(period.end))
    end = nx_calendar_instant(expansion->calendar, property, period.end, expansion->floating);
  else if (start && !period.duration.is_neg)
    end = g_date_time_add_seconds(start, icaldurationtype_as_int(period.duration));
  const Following *following = start ? governing_change(expansion, start) : NULL;
  if (following && nx_calendar_is_cancelled(following->change))
    return;
  if (start && end && g_date_time_compare(end, start) >= 0 && is_in_window(expansion, start) && take(expansion, start)) {
    expansion->instances++;
    g_autoptr(GDateTime) instance = g_date_time_ref(start);
    add_occurrence(expansion, expansion->series->master, g_steal_pointer(&start), g_steal_pointer(&end), instance);
  }
}

static void add_dates(Expansion *expansion, const Span *span)
{
  icalcomponent *master = expansion->series->master;
  for (icalproperty *property = first_property(master, ICAL_RDATE_PROPERTY); property && may_go_on(expansion);
       property = icalcomponent_get_next_property(master, ICAL_RDATE_PROPERTY)) {
    struct icaldatetimeperiodtype date = icalproperty_get_rdate(property);
    if (icaltime_is_null_time(date.time))
      add_period(expansion, property, date.period);
    else
      consider(expansion, property, date.time, span);
  }
}

/* ----------------------------------------------------------------------------------------------------------- changes */

/* Instances changed one by one: the series' own are taken away, theirs are put in. */
static void add_change(Expansion *expansion, icalcomponent *change)
{
  icalproperty *id = first_property(change, ICAL_RECURRENCEID_PROPERTY), *start = first_property(change, ICAL_DTSTART_PROPERTY);
  struct icaltimetype id_time = icalproperty_get_recurrenceid(id);
  g_autoptr(GDateTime) instance = nx_calendar_instant(expansion->calendar, id, id_time, expansion->floating);
  Span span;
  if (id_time.is_date)
    g_hash_table_add(expansion->taken_dates, date_text(id_time));
  if (!instance || !take(expansion, instance) || nx_calendar_is_cancelled(change))
    return;
  if (!start || !find_span(expansion, change, start, &span)) {
    nx_log_warning("a changed instance of event %s has no usable start and end; it is left out", expansion->series->uid);
    return;
  }
  struct icaltimetype time = icalproperty_get_dtstart(start);
  g_autoptr(GDateTime) first = nx_calendar_instant(expansion->calendar, start, time, expansion->floating);
  g_autoptr(GDateTime) last = end_of(expansion, start, time, &span);
  if (first && last)
    add_occurrence(expansion, change, g_steal_pointer(&first), g_steal_pointer(&last), instance);
}

static void add_changes(Expansion *expansion)
{
  for (guint i = 0; i < expansion->series->changes->len; i++)
    add_change(expansion, expansion->series->changes->pdata[i]);
}

/* ------------------------------------------------------------------------------------------------------------- whole */

static gboolean is_series(icalcomponent *master)
{
  return first_property(master, ICAL_RRULE_PROPERTY) || first_property(master, ICAL_RDATE_PROPERTY);
}

static void warn_of_times(const NxCalendarSeries *series)
{
  nx_log_warning("event %s has no usable start and end; it is left out", series->uid);
}

/* libical removes a property that it cannot read, and says so in one of its own. Of those that say when an event takes place, a facility
 * should know: its usage is another than the calendar's without them. */
static void warn_of_removed(const NxCalendarSeries *series)
{
  static const char *const NAMES[] = {"DTEND", "DURATION", "RRULE", "RDATE", "EXRULE", "EXDATE", NULL};
  for (icalproperty *property = first_property(series->master, ICAL_XLICERROR_PROPERTY); property;
       property = icalcomponent_get_next_property(series->master, ICAL_XLICERROR_PROPERTY))
    for (const char *const *name = NAMES; *name; name++) {
      g_autofree char *words = g_strdup_printf(" %s property", *name);
      const char *text = icalproperty_get_xlicerror(property);
      if (text && strstr(text, words))
        nx_log_warning("event %s has an unreadable %s, which is left out", series->uid, *name);
    }
}

static void add_single(Expansion *expansion, icalproperty *start, const Span *span)
{
  struct icaltimetype time = icalproperty_get_dtstart(start);
  g_autoptr(GDateTime) first = nx_calendar_instant(expansion->calendar, start, time, expansion->floating);
  g_autoptr(GDateTime) last = end_of(expansion, start, time, span);
  if (!last)
    warn_of_times(expansion->series);
  else if (is_in_window(expansion, first))
    add_occurrence(expansion, expansion->series->master, g_steal_pointer(&first), g_steal_pointer(&last), NULL);
}

static void add_master(Expansion *expansion)
{
  icalcomponent *master = expansion->series->master;
  icalproperty *start = first_property(master, ICAL_DTSTART_PROPERTY);
  Span span;
  if (nx_calendar_is_cancelled(master))
    return;
  warn_of_removed(expansion->series);
  if (!start || !find_span(expansion, master, start, &span)) {
    warn_of_times(expansion->series);
    return;
  }
  if (!is_series(master)) {
    add_single(expansion, start, &span);
    return;
  }
  exclude_dates(expansion);
  run_rules(expansion, start, ICAL_EXRULE_PROPERTY, &span, exclude);
  consider(expansion, start, icalproperty_get_dtstart(start), &span);
  run_rules(expansion, start, ICAL_RRULE_PROPERTY, &span, consider);
  add_dates(expansion, &span);
}

static gint by_start(gconstpointer a, gconstpointer b)
{
  return g_date_time_compare((*(NxOccurrence *const *)a)->start, (*(NxOccurrence *const *)b)->start);
}

GPtrArray *nx_calendar_expand(NxCalendar *calendar, const NxCalendarSeries *series, GTimeZone *floating, GDateTime *from, GDateTime *to)
{
  g_autoptr(GHashTable) taken = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
  g_autoptr(GHashTable) taken_dates = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GPtrArray) following = g_ptr_array_new_with_free_func(following_free);
  const gint64 began = g_get_monotonic_time();
  Expansion expansion = {.calendar = calendar,
                         .deadline = began + calendar->patience_us,
                         .series = series,
                         .floating = floating,
                         .from = from,
                         .to = to,
                         .following = following,
                         .taken = taken,
                         .taken_dates = taken_dates,
                         .found = g_ptr_array_new_with_free_func(occurrence_free)};
  find_following(&expansion);
  add_changes(&expansion);
  if (series->master)
    add_master(&expansion);
  g_clear_pointer(&expansion.early, g_date_time_unref);
  g_clear_pointer(&expansion.late, g_date_time_unref);
  g_ptr_array_sort(expansion.found, by_start);
  calendar->patience_us -= g_get_monotonic_time() - began;
  return expansion.found;
}
