/* When events take place: the worked examples of RFC 5545 §3.8.5.3, and what calendars on the net do beside them. */
#include "calendar.h"

#include <string.h>

#define FEED(events) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" events "END:VCALENDAR\r\n"
#define EVENT(lines) "BEGIN:VEVENT\r\nUID:u\r\n" lines "END:VEVENT\r\n"
#define CUSTOM_ZONE                                                                                                                        \
  "BEGIN:VTIMEZONE\r\nTZID:Lab time\r\n"                                                                                                   \
  "BEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0530\r\nTZOFFSETTO:+0430\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:" \
  "STANDARD\r\n"                                                                                                                           \
  "BEGIN:DAYLIGHT\r\nDTSTART:19700329T020000\r\nTZOFFSETFROM:+0430\r\nTZOFFSETTO:+0530\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:"  \
  "DAYLIGHT\r\n"                                                                                                                           \
  "END:VTIMEZONE\r\n"
#define FIXED_ZONE(name, offset) \
  "BEGIN:VTIMEZONE\r\nTZID:" name "\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:" offset "\r\nTZOFFSETTO:" offset "\r\n" \
  "END:STANDARD\r\nEND:VTIMEZONE\r\n"

/* The occurrences of the one series of `feed` as "start/end start/end …", floating times in `zone`. */
static char *expanded(const char *feed, const char *zone, const char *from, const char *to)
{
  g_autoptr(GError) err = NULL;
  g_autoptr(NxCalendar) calendar = nx_calendar_parse(feed, strlen(feed), &err);
  g_assert_no_error(err);
  g_assert_cmpuint(calendar->series->len, ==, 1);
  g_autoptr(GDateTime) first = from ? nx_time_parse(from, nx_zone("UTC", NULL), &err) : NULL;
  g_autoptr(GDateTime) last = nx_time_parse(to, nx_zone("UTC", NULL), &err);
  g_assert_no_error(err);
  g_autoptr(GPtrArray) found = nx_calendar_expand(calendar, calendar->series->pdata[0], nx_zone(zone, NULL), first, last);
  GString *out = g_string_new(NULL);
  for (guint i = 0; i < found->len; i++) {
    const NxOccurrence *occurrence = found->pdata[i];
    g_autofree char *start = nx_time_format(occurrence->start), *end = nx_time_format(occurrence->end);
    g_string_append_printf(out, "%s%s/%s", i ? " " : "", start, end);
  }
  return g_string_free(out, FALSE);
}

static void assert_expands(const char *feed, const char *expected)
{
  g_autofree char *got = expanded(feed, "America/Denver", NULL, "2026-01-01T00:00:00Z");
  g_assert_cmpstr(got, ==, expected);
}

/* Dates as RFC 5545 writes them down; all events are at 9:00 in New York. */
static const struct {
  const char *start, *rule, *to, *expected;
} RFC_EXAMPLES[] = {
    {"19970902", "FREQ=DAILY;COUNT=10", "1999",
     "1997-09-02 1997-09-03 1997-09-04 1997-09-05 1997-09-06 1997-09-07 1997-09-08 1997-09-09 1997-09-10 1997-09-11"},
    {"19970902", "FREQ=DAILY;INTERVAL=10;COUNT=5", "1999", "1997-09-02 1997-09-12 1997-09-22 1997-10-02 1997-10-12"},
    {"19970902", "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH", "1999",
     "1997-09-02 1997-09-04 1997-09-09 1997-09-11 1997-09-16 1997-09-18 1997-09-23 1997-09-25 1997-09-30 1997-10-02"},
    {"19970902", "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH", "1999",
     "1997-09-02 1997-09-04 1997-09-16 1997-09-18 1997-09-30 1997-10-02 1997-10-14 1997-10-16"},
    {"19970905", "FREQ=MONTHLY;COUNT=10;BYDAY=1FR", "1999",
     "1997-09-05 1997-10-03 1997-11-07 1997-12-05 1998-01-02 1998-02-06 1998-03-06 1998-04-03 1998-05-01 1998-06-05"},
    {"19970905", "FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR", "1999", "1997-09-05 1997-10-03 1997-11-07 1997-12-05"},
    {"19970922", "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", "1999", "1997-09-22 1997-10-20 1997-11-17 1997-12-22 1998-01-19 1998-02-16"},
    {"19970928", "FREQ=MONTHLY;BYMONTHDAY=-3", "1998-03-01", "1997-09-28 1997-10-29 1997-11-28 1997-12-29 1998-01-29 1998-02-26"},
    {"19970902", "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15", "1999",
     "1997-09-02 1997-09-15 1997-10-02 1997-10-15 1997-11-02 1997-11-15 1997-12-02 1997-12-15 1998-01-02 1998-01-15"},
    {"19970310", "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3", "2010",
     "1997-03-10 1999-01-10 1999-02-10 1999-03-10 2001-01-10 2001-02-10 2001-03-10 2003-01-10 2003-02-10 2003-03-10"},
    {"19970101", "FREQ=YEARLY;INTERVAL=3;COUNT=10;BYYEARDAY=1,100,200", "2010",
     "1997-01-01 1997-04-10 1997-07-19 2000-01-01 2000-04-09 2000-07-18 2003-01-01 2003-04-10 2003-07-19 2006-01-01"},
    {"19970519", "FREQ=YEARLY;BYDAY=20MO", "2000", "1997-05-19 1998-05-18 1999-05-17"},
    {"19970512", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "2000", "1997-05-12 1998-05-11 1999-05-17"},
    {"19961105", "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", "2006", "1996-11-05 2000-11-07 2004-11-02"},
    {"19970904", "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "1999", "1997-09-04 1997-10-07 1997-11-06"},
    {"19970805", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "1999", "1997-08-05 1997-08-10 1997-08-19 1997-08-24"},
    {"19970805", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "1999", "1997-08-05 1997-08-17 1997-08-19 1997-08-31"},
    {"19970902", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "2001", "1997-09-02 1998-02-13 1998-03-13 1998-11-13 1999-08-13 2000-10-13"},
    {"19970902", "FREQ=YEARLY;BYDAY=FR;BYMONTHDAY=13", "2001", "1997-09-02 1998-02-13 1998-03-13 1998-11-13 1999-08-13 2000-10-13"},
    {"20070115", "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "2010", "2007-01-15 2007-01-30 2007-02-15 2007-03-15 2007-03-30"},
};

/* A series of half hours at 9:00 in New York takes place on the dates `expected` from `from` (NULL: ever) to `to`, dates or years. */
static void assert_dates(const char *start, const char *rule, const char *from, const char *to, const char *expected)
{
  g_autofree char *feed =
      g_strdup_printf(FEED(EVENT("DTSTART;TZID=America/New_York:%sT090000\r\nDTEND;TZID=America/New_York:%sT093000\r\nRRULE:%s\r\n")), start,
                      start, rule);
  g_autofree char *early = from ? g_strdup_printf("%sT00:00:00Z", from) : NULL;
  g_autofree char *late = g_strdup_printf("%s%sT00:00:00Z", to, strlen(to) == 4 ? "-01-01" : "");
  g_autofree char *got = expanded(feed, "Europe/Berlin", early, late);
  g_auto(GStrv) occurrences = g_strsplit(got, " ", -1);
  g_autoptr(GString) dates = g_string_new(NULL);
  for (char **each = occurrences; *each; each++) {
    g_assert_nonnull(strstr(*each, "T09:00:00-0"));
    g_string_append_printf(dates, "%s%.10s", dates->len ? " " : "", *each);
  }
  g_test_message("%s %s from %s", start, rule, from ? from : "ever");
  g_assert_cmpstr(dates->str, ==, expected);
}

static void test_rfc_examples(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(RFC_EXAMPLES); i++)
    assert_dates(RFC_EXAMPLES[i].start, RFC_EXAMPLES[i].rule, NULL, RFC_EXAMPLES[i].to, RFC_EXAMPLES[i].expected);
}

/* Where libical is let begin near the window: the same instants as from the beginning on. */
static void test_windows(void)
{
  static const char *const RULES[] = {"FREQ=HOURLY;INTERVAL=9",
                                      "FREQ=HOURLY;INTERVAL=7;BYDAY=SA,SU",
                                      "FREQ=HOURLY;INTERVAL=2",
                                      "FREQ=DAILY;INTERVAL=3",
                                      "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR,SU",
                                      "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=1,2",
                                      "FREQ=YEARLY;BYWEEKNO=9"};
  for (gsize i = 0; i < G_N_ELEMENTS(RULES); i++)
    for (guint day = 20; day < 29; day++) {
      g_autofree char *feed = g_strdup_printf(FEED(EVENT("DTSTART:20240105T230000Z\r\nDURATION:PT1H\r\nRRULE:%s\r\n")), RULES[i]);
      g_autofree char *from = g_strdup_printf("2024-02-%uT00:00:00Z", day);
      g_autofree char *whole = expanded(feed, "UTC", NULL, "2024-03-10T00:00:00Z"), *part = expanded(feed, "UTC", from, "2024-03-10T00:00:00Z");
      g_test_message("%s from %s", RULES[i], from);
      g_assert_cmpuint(strlen(part), >, 0);
      g_assert_true(g_str_has_suffix(whole, part));
    }
}

/* Weeks alone: the day of the week is that of DTSTART (RFC 5545 §3.3.10), which libical 3.0 reads from beyond a table. */
static void test_weeks(void)
{
  g_autofree char *tuesdays = expanded(FEED(EVENT("DTSTART:20080819T203000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=YEARLY;BYWEEKNO=1\r\n")), "UTC",
                                       "2024-01-01T00:00:00Z", "2025-01-10T00:00:00Z");
  g_assert_cmpstr(tuesdays, ==, "2024-01-02T20:30:00+00:00/2024-01-02T21:30:00+00:00 2024-12-31T20:30:00+00:00/2024-12-31T21:30:00+00:00");
  g_autofree char *saturdays =
      expanded(FEED(EVENT("DTSTART:20230819T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=YEARLY;BYWEEKNO=1\r\n")), "UTC", NULL, "2025-02-01T00:00:00Z");
  g_assert_cmpstr(saturdays, ==,
                  "2023-08-19T09:00:00+00:00/2023-08-19T10:00:00+00:00 2024-01-06T09:00:00+00:00/2024-01-06T10:00:00+00:00 "
                  "2025-01-04T09:00:00+00:00/2025-01-04T10:00:00+00:00");
}

/* The dates on which a rule takes place, by the calendar of 2026 (1 October is a Thursday). In weeks from Monday the Sunday of a Saturday's week is
 * the next day; in weeks from Wednesday the Monday of a Friday's week is three days later; in weeks from Saturday the Monday of a Thursday's week is
 * three days before. */
static void test_first_weeks(void)
{
  static const struct {
    const char *start, *rule, *from, *expected;
  } CASES[] = {
      {"20261003", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;COUNT=4", NULL, "2026-10-03 2026-10-04 2026-10-18 2026-11-01 2026-11-15"},
      {"20261003", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU", "2026-11-10", "2026-11-15 2026-11-29"},
      {"20261003", "FREQ=WEEKLY;INTERVAL=3;BYDAY=SU;UNTIL=20261201T000000Z", "2026-10-10", "2026-10-25 2026-11-15"},
      {"20261004", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;COUNT=3", NULL, "2026-10-04 2026-10-18 2026-11-01"},
      {"20261003", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;WKST=SU;COUNT=3", NULL, "2026-10-03 2026-10-11 2026-10-25 2026-11-08"},
      {"20261003", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA,SU;COUNT=4", NULL, "2026-10-03 2026-10-04 2026-10-17 2026-10-18"},
      {"20261002", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;WKST=WE;COUNT=3", NULL, "2026-10-02 2026-10-05 2026-10-19 2026-11-02"},
      {"20261002", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU;WKST=WE;COUNT=3", NULL, "2026-10-02 2026-10-05 2026-10-06 2026-10-19"},
      {"20261001", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;WKST=SA;COUNT=3", NULL, "2026-10-01 2026-10-12 2026-10-15"},
      {"20260929", "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE;WKST=FR;COUNT=3", NULL, "2026-09-29 2026-09-30 2026-10-14 2026-10-28"},
      {"20260929", "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE;WKST=FR", "2026-10-03", "2026-10-14 2026-10-28 2026-11-11 2026-11-25"},
      {"20260930", "FREQ=WEEKLY;INTERVAL=2;WKST=FR", "2026-10-03", "2026-10-14 2026-10-28 2026-11-11 2026-11-25"},
      {"20261003", "FREQ=WEEKLY;BYDAY=SU;COUNT=2", NULL, "2026-10-03 2026-10-04 2026-10-11"},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++)
    assert_dates(CASES[i].start, CASES[i].rule, CASES[i].from, "2026-12-01", CASES[i].expected);
}

/* Four results, of which two are earlier in the day than the start that they follow. */
static void test_times_of_first_week(void)
{
  assert_expands(FEED(EVENT("DTSTART:20251004T123000Z\r\nRRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;BYMINUTE=20,49;COUNT=4\r\n")),
                 "2025-10-04T12:30:00+00:00/2025-10-04T12:30:00+00:00 2025-10-05T12:20:00+00:00/2025-10-05T12:20:00+00:00 "
                 "2025-10-05T12:49:00+00:00/2025-10-05T12:49:00+00:00 2025-10-19T12:20:00+00:00/2025-10-19T12:20:00+00:00 "
                 "2025-10-19T12:49:00+00:00/2025-10-19T12:49:00+00:00");
}

/* Days without a month are those of every month (RFC 5545 §3.3.10: BYMONTHDAY expands a year); libical 3.0 takes the month of the start alone. */
static void test_days_of_every_month(void)
{
  g_autofree char *all = expanded(FEED(EVENT("DTSTART:20240415T090000Z\r\nRRULE:FREQ=YEARLY;BYMONTHDAY=15;COUNT=4\r\n")), "UTC", NULL,
                                  "2026-01-01T00:00:00Z");
  g_assert_cmpstr(all, ==,
                  "2024-04-15T09:00:00+00:00/2024-04-15T09:00:00+00:00 2024-05-15T09:00:00+00:00/2024-05-15T09:00:00+00:00 "
                  "2024-06-15T09:00:00+00:00/2024-06-15T09:00:00+00:00 2024-07-15T09:00:00+00:00/2024-07-15T09:00:00+00:00");
  g_autofree char *long_months = expanded(FEED(EVENT("DTSTART:20240415T090000Z\r\nRRULE:FREQ=YEARLY;BYMONTHDAY=31\r\n")), "UTC", NULL,
                                          "2024-09-01T00:00:00Z");
  g_assert_cmpstr(long_months, ==,
                  "2024-04-15T09:00:00+00:00/2024-04-15T09:00:00+00:00 2024-05-31T09:00:00+00:00/2024-05-31T09:00:00+00:00 "
                  "2024-07-31T09:00:00+00:00/2024-07-31T09:00:00+00:00 2024-08-31T09:00:00+00:00/2024-08-31T09:00:00+00:00");
}

/* libical looks for days of other calendars without end. */
static void test_other_calendars(void)
{
  g_autofree char *got = expanded(FEED(EVENT("DTSTART:20240105T090000Z\r\nDURATION:PT1H\r\n"
                                             "RRULE:FREQ=MONTHLY;BYSETPOS=356;RSCALE=CHINESE\r\n")), "UTC", NULL, "2024-02-03T00:00:00Z");
  g_assert_cmpstr(got, ==, "2024-01-05T09:00:00+00:00/2024-01-05T10:00:00+00:00");
  g_autofree char *usual = expanded(FEED(EVENT("DTSTART:20240105T090000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=2;RSCALE=gregorian\r\n")),
                                    "UTC", NULL, "2024-02-03T00:00:00Z");
  g_assert_cmpstr(usual, ==, "2024-01-05T09:00:00+00:00/2024-01-05T10:00:00+00:00 2024-01-06T09:00:00+00:00/2024-01-06T10:00:00+00:00");
}

static void test_until_and_summer_time(void)
{
  const char *feed =
      FEED(EVENT("DTSTART;TZID=America/New_York:19970902T090000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;UNTIL=19971224T000000Z\r\n"));
  g_autofree char *got = expanded(feed, "UTC", NULL, "2026-01-01T00:00:00Z");
  g_auto(GStrv) occurrences = g_strsplit(got, " ", -1);
  g_assert_cmpuint(g_strv_length(occurrences), ==, 113); /* 2 September to 23 December */
  g_assert_cmpstr(occurrences[53], ==, "1997-10-25T09:00:00-04:00/1997-10-25T10:00:00-04:00");
  g_assert_cmpstr(occurrences[54], ==, "1997-10-26T09:00:00-05:00/1997-10-26T10:00:00-05:00");
  g_assert_cmpstr(occurrences[112], ==, "1997-12-23T09:00:00-05:00/1997-12-23T10:00:00-05:00");
  g_autofree char *hourly = expanded(
      FEED(EVENT(
          "DTSTART;TZID=America/New_York:19970902T090000\r\nDURATION:PT0S\r\nRRULE:FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T210000Z\r\n")),
      "UTC", NULL, "2026-01-01T00:00:00Z");
  g_assert_cmpstr(hourly, ==,
                  "1997-09-02T09:00:00-04:00/1997-09-02T09:00:00-04:00 1997-09-02T12:00:00-04:00/1997-09-02T12:00:00-04:00 "
                  "1997-09-02T15:00:00-04:00/1997-09-02T15:00:00-04:00");
}

static void test_single_forms(void)
{
  assert_expands(FEED(EVENT("DTSTART:20250303T170000Z\r\nDTEND:20250303T190000Z\r\n")),
                 "2025-03-03T17:00:00+00:00/2025-03-03T19:00:00+00:00");
  assert_expands(FEED(EVENT("DTSTART:20250303T100000\r\nDTEND:20250303T120000\r\n")),
                 "2025-03-03T10:00:00-07:00/2025-03-03T12:00:00-07:00");
  assert_expands(FEED(EVENT("DTSTART;VALUE=DATE:20250308\r\nDTEND;VALUE=DATE:20250310\r\n")),
                 "2025-03-08T00:00:00-07:00/2025-03-10T00:00:00-06:00");
  assert_expands(FEED(EVENT("DTSTART;VALUE=DATE:20250308\r\n")), "2025-03-08T00:00:00-07:00/2025-03-09T00:00:00-07:00");
  /* A day on which midnight occurs twice begins, and the one before ends, at the first. */
  g_autofree char *azores = expanded(FEED(EVENT("DTSTART;VALUE=DATE:20251025\r\nRRULE:FREQ=DAILY;COUNT=2\r\n")), "Atlantic/Azores", NULL,
                                     "2026-01-01T00:00:00Z");
  g_assert_cmpstr(azores, ==, "2025-10-25T00:00:00+00:00/2025-10-26T00:00:00+00:00 2025-10-26T00:00:00+00:00/2025-10-27T00:00:00-01:00");
  assert_expands(FEED(EVENT("DTSTART:20250303T100000\r\n")), "2025-03-03T10:00:00-07:00/2025-03-03T10:00:00-07:00");
  /* Nominal days keep the clock over the change of the clocks, hours do not (RFC 5545 §3.3.6). */
  assert_expands(FEED(EVENT("DTSTART:20250308T100000\r\nDURATION:P1DT1H\r\n")), "2025-03-08T10:00:00-07:00/2025-03-09T11:00:00-06:00");
  assert_expands(FEED(EVENT("DTSTART:20250308T100000\r\nDURATION:PT25H\r\n")), "2025-03-08T10:00:00-07:00/2025-03-09T12:00:00-06:00");
}

/* Written in any order, the times of a day come in theirs; and the last day of a month is found day by day, too. */
static void test_order_and_last_days(void)
{
  assert_expands(FEED(EVENT("DTSTART:20250303T090000Z\r\nRRULE:FREQ=DAILY;BYHOUR=17,9;BYMINUTE=30,0;UNTIL=20250304T091500Z\r\n")),
                 "2025-03-03T09:00:00+00:00/2025-03-03T09:00:00+00:00 2025-03-03T09:30:00+00:00/2025-03-03T09:30:00+00:00 "
                 "2025-03-03T17:00:00+00:00/2025-03-03T17:00:00+00:00 2025-03-03T17:30:00+00:00/2025-03-03T17:30:00+00:00 "
                 "2025-03-04T09:00:00+00:00/2025-03-04T09:00:00+00:00");
  assert_expands(FEED(EVENT("DTSTART:20250131T090000Z\r\nRRULE:FREQ=DAILY;BYMONTHDAY=-1;COUNT=3\r\n")),
                 "2025-01-31T09:00:00+00:00/2025-01-31T09:00:00+00:00 2025-02-28T09:00:00+00:00/2025-02-28T09:00:00+00:00 "
                 "2025-03-31T09:00:00+00:00/2025-03-31T09:00:00+00:00");
}

/* Of the last days of months from March to August 2026 the 31st of May alone is no workday; the last of May, June and August are an even number of
 * days from 2 March. */
static void test_last_days(void)
{
  static const struct {
    const char *start, *rule, *from, *expected;
  } CASES[] = {
      {"20260302", "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;BYMONTHDAY=-1", NULL,
       "2026-03-02 2026-03-31 2026-04-30 2026-06-30 2026-07-31 2026-08-31"},
      {"20260302", "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;BYMONTHDAY=-1;COUNT=2", NULL, "2026-03-02 2026-03-31 2026-04-30"},
      {"20260302", "FREQ=DAILY;INTERVAL=2;BYMONTHDAY=-1", NULL, "2026-03-02 2026-05-31 2026-06-30 2026-08-31"},
      {"20260302", "FREQ=DAILY;INTERVAL=2;BYMONTHDAY=-1", "2026-08-01", "2026-08-31"},
      {"20260302", "FREQ=DAILY;BYMONTHDAY=-2,15;COUNT=4", NULL, "2026-03-02 2026-03-15 2026-03-30 2026-04-15 2026-04-29"},
      {"20260302", "FREQ=DAILY;BYMONTHDAY=-31,31;BYMONTH=4,5", NULL, "2026-03-02 2026-05-01 2026-05-31"},
      {"20260302", "FREQ=HOURLY;BYHOUR=9;BYMONTHDAY=-1;COUNT=3", "2026-04-01", "2026-04-30 2026-05-31"},
      {"20260302", "FREQ=HOURLY;INTERVAL=24;BYMONTHDAY=-1", "2026-08-01", "2026-08-31"},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++)
    assert_dates(CASES[i].start, CASES[i].rule, CASES[i].from, "2026-09-01", CASES[i].expected);
}

static void test_zones(void)
{
  assert_expands(FEED(EVENT("DTSTART;TZID=Europe/Berlin:20250303T100000\r\nDTEND;TZID=America/New_York:20250303T100000\r\n")),
                 "2025-03-03T10:00:00+01:00/2025-03-03T16:00:00+01:00");
  assert_expands(FEED(EVENT("DTSTART;TZID=/citadel.org/20210210_1/Europe/Berlin:20250303T100000\r\n")),
                 "2025-03-03T10:00:00+01:00/2025-03-03T10:00:00+01:00");
  assert_expands(FEED(CUSTOM_ZONE EVENT("DTSTART;TZID=Lab time:20250303T100000\r\n")),
                 "2025-03-03T10:00:00+04:30/2025-03-03T10:00:00+04:30");
  assert_expands(FEED(CUSTOM_ZONE EVENT("DTSTART;TZID=Lab time:20250703T100000\r\n")),
                 "2025-07-03T10:00:00+05:30/2025-07-03T10:00:00+05:30");
  /* Names that POSIX would read with the other sign. */
  assert_expands(FEED(FIXED_ZONE("GMT+0100", "+0100") EVENT("DTSTART;TZID=GMT+0100:20250303T100000\r\n")),
                 "2025-03-03T10:00:00+01:00/2025-03-03T10:00:00+01:00");
  assert_expands(FEED(FIXED_ZONE("Custom+3", "+0300") EVENT("DTSTART;TZID=Custom+3:20250303T100000\r\n")),
                 "2025-03-03T10:00:00+03:00/2025-03-03T10:00:00+03:00");
  assert_expands(FEED(EVENT("DTSTART;TZID=UTC-05:00:20250303T100000\r\n")), "2025-03-03T10:00:00-07:00/2025-03-03T10:00:00-07:00");
}

/* The first of the two where a TZID says the zone (RFC 5545 §3.3.5), be it the instrument's own, Denver, or the feed's; the standard-time one when
 * it is clock time of the instrument. */
static void test_repeated_hour(void)
{
  assert_expands(FEED(EVENT("DTSTART;TZID=America/New_York:20251102T013000\r\n")), "2025-11-02T01:30:00-04:00/2025-11-02T01:30:00-04:00");
  assert_expands(FEED(EVENT("DTSTART;TZID=America/Denver:20251102T013000\r\n")), "2025-11-02T01:30:00-06:00/2025-11-02T01:30:00-06:00");
  /* One that never is, between 2:00 and 3:00 of that day, is told by the offset before (RFC 5545 §3.3.5). */
  assert_expands(FEED(CUSTOM_ZONE EVENT("DTSTART;TZID=Lab time:20250330T023000\r\nDURATION:PT1H\r\n")),
                 "2025-03-30T02:30:00+04:30/2025-03-30T03:30:00+04:30");
  assert_expands(FEED(CUSTOM_ZONE EVENT("DTSTART;TZID=Lab time:20250330T013000\r\nDURATION:PT1H\r\n")),
                 "2025-03-30T01:30:00+04:30/2025-03-30T02:30:00+04:30");
  assert_expands(FEED(CUSTOM_ZONE EVENT("DTSTART;TZID=Lab time:20250330T030000\r\nDURATION:PT1H\r\n")),
                 "2025-03-30T03:00:00+05:30/2025-03-30T04:00:00+05:30");
  assert_expands(FEED(CUSTOM_ZONE EVENT("DTSTART;TZID=Lab time:20251026T023000\r\nDTEND;TZID=Lab time:20251026T030000\r\n")),
                 "2025-10-26T02:30:00+05:30/2025-10-26T04:00:00+05:30");
  assert_expands(FEED(EVENT("DTSTART:20251102T013000\r\n")), "2025-11-02T01:30:00-07:00/2025-11-02T01:30:00-07:00");
}

/* Where the tz database takes winter for the time that is saved, the clock is what it is elsewhere: in Dublin 1:30 of 2025-03-30 never is, and comes
 * twice on 2025-10-26; in Casablanca the month of Ramadan is the winter. */
static void test_skipped_hour(void)
{
  assert_expands(FEED(EVENT("DTSTART;TZID=America/New_York:20250309T023000\r\nDURATION:PT1H\r\n")),
                 "2025-03-09T02:30:00-05:00/2025-03-09T03:30:00-05:00");
  assert_expands(FEED(EVENT("DTSTART;TZID=Europe/Dublin:20250330T013000\r\n")), "2025-03-30T01:30:00+00:00/2025-03-30T01:30:00+00:00");
  assert_expands(FEED(EVENT("DTSTART;TZID=Europe/Dublin:20250330T020000\r\n")), "2025-03-30T02:00:00+01:00/2025-03-30T02:00:00+01:00");
  assert_expands(FEED(EVENT("DTSTART;TZID=Europe/Dublin:20251026T013000\r\n")), "2025-10-26T01:30:00+01:00/2025-10-26T01:30:00+01:00");
  assert_expands(FEED(EVENT("DTSTART;TZID=Africa/Casablanca:20250223T023000\r\n")), "2025-02-23T02:30:00+01:00/2025-02-23T02:30:00+01:00");
  assert_expands(FEED(EVENT("DTSTART;TZID=Africa/Casablanca:20250406T023000\r\n")), "2025-04-06T02:30:00+00:00/2025-04-06T02:30:00+00:00");
  assert_expands(FEED(EVENT("DTSTART;TZID=Africa/Casablanca:20250406T030000\r\n")), "2025-04-06T03:00:00+01:00/2025-04-06T03:00:00+01:00");
}

static void test_unknown_zone(void)
{
  assert_expands(FEED(EVENT("DTSTART;TZID=Nowhere Time:20250303T100000\r\n")), "2025-03-03T10:00:00-07:00/2025-03-03T10:00:00-07:00");
}

#define SERIES "DTSTART:20250303T100000Z\r\nDTEND:20250303T110000Z\r\nRRULE:FREQ=DAILY;COUNT=4\r\n"
#define DAY(day) "2025-03-0" day "T10:00:00+00:00/2025-03-0" day "T11:00:00+00:00"

static void test_exceptions(void)
{
  assert_expands(FEED(EVENT(SERIES)), DAY("3") " " DAY("4") " " DAY("5") " " DAY("6"));
  assert_expands(FEED(EVENT(SERIES "EXDATE:20250304T100000Z,20250306T100000Z\r\n")), DAY("3") " " DAY("5"));
  assert_expands(FEED(EVENT(SERIES "EXDATE;TZID=Europe/Berlin:20250304T110000\r\n")), DAY("3") " " DAY("5") " " DAY("6"));
  assert_expands(FEED(EVENT(SERIES "EXDATE;VALUE=DATE:20250303\r\n")), DAY("4") " " DAY("5") " " DAY("6"));
  assert_expands(FEED(EVENT(SERIES "EXRULE:FREQ=DAILY;INTERVAL=2\r\n")), DAY("4") " " DAY("6"));
  assert_expands(FEED(EVENT(SERIES "RDATE:20250308T100000Z,20250304T100000Z\r\n")),
                 DAY("3") " " DAY("4") " " DAY("5") " " DAY("6") " " DAY("8"));
  assert_expands(
      FEED(EVENT(
          "DTSTART:20250303T100000Z\r\nDURATION:PT1H\r\nRDATE;VALUE=PERIOD:20250305T100000Z/PT2H,20250306T100000Z/20250306T103000Z\r\n")),
      DAY("3") " 2025-03-05T10:00:00+00:00/2025-03-05T12:00:00+00:00 2025-03-06T10:00:00+00:00/2025-03-06T10:30:00+00:00");
}

static void test_changed_instances(void)
{
  assert_expands(FEED(EVENT(SERIES) EVENT("RECURRENCE-ID:20250304T100000Z\r\nDTSTART:20250304T150000Z\r\nDTEND:20250304T160000Z\r\n")),
                 DAY("3") " 2025-03-04T15:00:00+00:00/2025-03-04T16:00:00+00:00 " DAY("5") " " DAY("6"));
  assert_expands(FEED(EVENT(SERIES) EVENT("RECURRENCE-ID:20250304T100000Z\r\nDTSTART:20250304T100000Z\r\nSTATUS:CANCELLED\r\n")),
                 DAY("3") " " DAY("5") " " DAY("6"));
  assert_expands(FEED(EVENT("RECURRENCE-ID:20250304T100000Z\r\nDTSTART:20250304T150000Z\r\nDTEND:20250304T160000Z\r\nSEQUENCE:1\r\n")
                          EVENT("RECURRENCE-ID:20250304T100000Z\r\nDTSTART:20250304T180000Z\r\nDTEND:20250304T190000Z\r\n")),
                 "2025-03-04T15:00:00+00:00/2025-03-04T16:00:00+00:00");
  assert_expands(
      FEED(EVENT(SERIES)
               EVENT("RECURRENCE-ID;RANGE=THISANDFUTURE:20250305T100000Z\r\nDTSTART:20250305T120000Z\r\nDTEND:20250305T123000Z\r\n")),
      DAY("3") " " DAY("4") " 2025-03-05T12:00:00+00:00/2025-03-05T12:30:00+00:00 2025-03-06T12:00:00+00:00/2025-03-06T12:30:00+00:00");
}

static void test_cancelled_following(void)
{
  assert_expands(FEED(EVENT(SERIES "RDATE;VALUE=PERIOD:20250310T100000Z/PT1H\r\n")
                          EVENT("RECURRENCE-ID;RANGE=THISANDFUTURE:20250304T100000Z\r\nSTATUS:CANCELLED\r\n")),
                 DAY("3"));
}

#define DENVER(properties) "DTSTART;TZID=America/Denver:" properties "DURATION:PT1H\r\n"
#define AND_FOLLOWING "RECURRENCE-ID;RANGE=THISANDFUTURE"

/* The clocks go forward in Denver on 2025-03-09, in the feed's own zone on 2025-03-30: an appointment keeps its clock time, and a day is a day. */
static void test_moved_following(void)
{
  assert_expands(FEED(EVENT(DENVER("20250304T100000\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\n"))
                          EVENT(AND_FOLLOWING ";TZID=America/Denver:20250304T100000\r\n" DENVER("20250310T110000\r\n"))),
                 "2025-03-10T11:00:00-06:00/2025-03-10T12:00:00-06:00 2025-03-17T11:00:00-06:00/2025-03-17T12:00:00-06:00 "
                 "2025-03-24T11:00:00-06:00/2025-03-24T12:00:00-06:00");
  assert_expands(
      FEED(CUSTOM_ZONE EVENT("DTSTART;TZID=Lab time:20250324T100000\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\n")
               EVENT(AND_FOLLOWING ":20250324T053000Z\r\nDTSTART;TZID=Lab time:20250325T093000\r\n")),
      "2025-03-25T09:30:00+04:30/2025-03-25T09:30:00+04:30 2025-04-01T09:30:00+05:30/2025-04-01T09:30:00+05:30 "
      "2025-04-08T09:30:00+05:30/2025-04-08T09:30:00+05:30");
  assert_expands(FEED(EVENT(DENVER("20250301T100000\r\nRRULE:FREQ=WEEKLY;COUNT=2\r\n"))
                          EVENT(AND_FOLLOWING ":20250301T170000Z\r\nDTSTART:20250301T100000\r\nDURATION:P1D\r\n")),
                 "2025-03-01T10:00:00-07:00/2025-03-02T10:00:00-07:00 2025-03-08T10:00:00-07:00/2025-03-09T10:00:00-06:00");
  assert_expands(FEED(EVENT("DTSTART;VALUE=DATE:20250303\r\nRRULE:FREQ=DAILY;COUNT=3\r\n")
                          EVENT(AND_FOLLOWING ";VALUE=DATE:20250304\r\n" DENVER("20250304T100000\r\n"))),
                 "2025-03-03T00:00:00-07:00/2025-03-04T00:00:00-07:00 2025-03-04T10:00:00-07:00/2025-03-04T11:00:00-07:00 "
                 "2025-03-05T10:00:00-07:00/2025-03-05T11:00:00-07:00");
  assert_expands(FEED(EVENT(DENVER("20250303T100000\r\nRRULE:FREQ=DAILY;COUNT=3\r\n"))
                          EVENT(AND_FOLLOWING ";TZID=America/Denver:20250304T100000\r\nDTSTART;VALUE=DATE:20250305\r\n")),
                 "2025-03-03T10:00:00-07:00/2025-03-03T11:00:00-07:00 2025-03-05T00:00:00-07:00/2025-03-06T00:00:00-07:00 "
                 "2025-03-06T00:00:00-07:00/2025-03-07T00:00:00-07:00");
}

/* 2025-02-05 is moved to 2025-02-13, and 2025-04-02 to 2025-03-25; what was in the window without that keeps its name, and is given as well. */
static void test_moved_into_window(void)
{
  const char *feed = FEED(EVENT("DTSTART:20250129T100000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY\r\n")
                              EVENT(AND_FOLLOWING ":20250129T100000Z\r\nDTSTART:20250206T100000Z\r\nDURATION:PT1H\r\n")
                                  EVENT(AND_FOLLOWING ":20250319T100000Z\r\nDTSTART:20250311T100000Z\r\nDURATION:PT1H\r\n"));
  g_autofree char *later = expanded(feed, "UTC", "2025-02-13T00:00:00Z", "2025-02-14T00:00:00Z");
  g_assert_nonnull(strstr(later, "2025-02-13T10:00:00+00:00/2025-02-13T11:00:00+00:00"));
  g_autofree char *earlier = expanded(feed, "UTC", "2025-03-25T00:00:00Z", "2025-03-25T10:00:00Z");
  g_assert_nonnull(strstr(earlier, "2025-03-25T10:00:00+00:00/2025-03-25T11:00:00+00:00"));
  g_autofree char *named = expanded(feed, "UTC", "2025-02-12T10:00:00Z", "2025-02-12T10:00:00Z");
  g_assert_nonnull(strstr(named, "2025-02-20T10:00:00+00:00/2025-02-20T11:00:00+00:00"));
  g_assert_null(strstr(named, "2025-02-13"));
}

static void test_cancelled(void)
{
  assert_expands(FEED(EVENT(SERIES "STATUS:CANCELLED\r\n")), "");
  assert_expands(FEED(EVENT("DTSTART:20250303T100000Z\r\nSTATUS:CANCELLED\r\n")), "");
}

static void test_newest_version(void)
{
  assert_expands(FEED(EVENT("DTSTART:20250303T100000Z\r\nDTEND:20250303T110000Z\r\nSEQUENCE:2\r\n")
                          EVENT("DTSTART:20250304T100000Z\r\nSEQUENCE:1\r\n")),
                 DAY("3"));
}

static void test_window(void)
{
  const char *endless = FEED(EVENT("DTSTART:19900101T100000Z\r\nDTEND:19900101T110000Z\r\nRRULE:FREQ=DAILY\r\n"));
  g_autofree char *some = expanded(endless, "UTC", "2025-03-03T10:00:00Z", "2025-03-04T10:00:00Z");
  g_assert_cmpstr(some, ==, DAY("3") " " DAY("4"));
  g_autofree char *none = expanded(endless, "UTC", "2025-03-03T10:00:01Z", "2025-03-04T09:59:59Z");
  g_assert_cmpstr(none, ==, "");
}

/* The part of a series that lies in a window is the same however far the series began before it. */
static void test_late_window(void)
{
  static const char *const RULES[] = {"FREQ=DAILY;INTERVAL=3",
                                      "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE",
                                      "FREQ=MONTHLY;BYDAY=-1FR",
                                      "FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=31",
                                      "FREQ=YEARLY;BYMONTH=2,11;BYDAY=1SU",
                                      "FREQ=DAILY;COUNT=2000",
                                      "FREQ=WEEKLY;UNTIL=20041101T000000Z"};
  for (gsize i = 0; i < G_N_ELEMENTS(RULES); i++) {
    g_autofree char *feed =
        g_strdup_printf(FEED(EVENT("DTSTART;TZID=America/New_York:20000103T100000\r\nDURATION:PT1H\r\nRRULE:%s\r\n")), RULES[i]);
    g_autofree char *whole = expanded(feed, "UTC", NULL, "2005-01-01T00:00:00Z");
    g_autofree char *late = expanded(feed, "UTC", "2004-10-15T00:00:00Z", "2005-01-01T00:00:00Z");
    g_assert_true(g_str_has_suffix(whole, late));
    g_autofree char *before = g_strndup(whole, strlen(whole) - strlen(late));
    g_auto(GStrv) earlier = g_strsplit(g_strchomp(before), " ", -1);
    guint count = g_strv_length(earlier);
    g_assert_cmpuint(count, >, 0);
    g_assert_cmpstr(earlier[count - 1], <, "2004-10-15");
    if (*late)
      g_assert_cmpstr(late, >, "2004-10-15");
  }
}

static void test_broken_events(void)
{
  static const char *const BROKEN[] = {
      "DTSTART:20250303T100000Z\r\nDTEND:20250302T100000Z\r\n",
      "DTSTART:20250303T100000Z\r\nDURATION:-PT1H\r\n",
      "SUMMARY:no start\r\n",
      "DTSTART:20251399T100000Z\r\n",
      "DTSTART:rubbish\r\n",
      "DTSTART:99990101T000000Z\r\nDURATION:P99999999D\r\n",
  };
  for (gsize i = 0; i < G_N_ELEMENTS(BROKEN); i++) {
    g_autofree char *feed = g_strdup_printf(FEED(EVENT("%s")), BROKEN[i]);
    assert_expands(feed, "");
  }
}

/* Each of these would keep libical busy for minutes or for ever. */
static void test_mischief(void)
{
  static const char *const RULES[] = {
      "FREQ=SECONDLY",
      "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30",
      "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
      "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
      "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
      "FREQ=DAILY;INTERVAL=0",
      "FREQ=HOURLY;COUNT=2000000000;BYMONTH=2;BYMONTHDAY=31",
      "FREQ=HOURLY;BYMINUTE=0,5,10,15,20,25,30,35,40,45,50,55",
      "FREQ=DAILY;BYHOUR=9;BYSECOND=0,1,2,3,4,5,6,7,8,9",
      "FREQ=WEEKLY;BYHOUR=9,10;BYMINUTE=0,20,40;BYSECOND=0,20,40",
  };
  for (gsize i = 0; i < G_N_ELEMENTS(RULES); i++) {
    g_autofree char *feed = g_strdup_printf(FEED(EVENT("DTSTART:20240303T100000Z\r\nDURATION:PT1H\r\nRRULE:%s\r\n")), RULES[i]);
    assert_expands(feed, "2024-03-03T10:00:00+00:00/2024-03-03T11:00:00+00:00");
  }
  assert_expands(
      FEED("BEGIN:VTIMEZONE\r\nTZID:Evil time\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0000\r\nTZOFFSETTO:+0100\r\n"
           "RRULE:FREQ=SECONDLY\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n" EVENT("DTSTART;TZID=Evil time:20250303T100000\r\n")),
      "2025-03-03T10:00:00-07:00/2025-03-03T10:00:00-07:00");
}

static guint count_occurrences(const char *feed, const char *from)
{
  g_autofree char *found = expanded(feed, "UTC", from, "2026-01-01T00:00:00Z");
  g_auto(GStrv) occurrences = g_strsplit(found, " ", -1);
  return g_strv_length(occurrences);
}

/* Every hour of 2025 and the one after are 8,761 occurrences, every twenty minutes of two hours a day in December are 186. */
static void test_many_occurrences(void)
{
  const char *hourly = FEED(EVENT("DTSTART:20230101T000000Z\r\nDURATION:PT1M\r\nRRULE:FREQ=HOURLY\r\n"));
  const char *thirds = FEED(EVENT("DTSTART:20251201T090000Z\r\nRRULE:FREQ=DAILY;BYHOUR=9,10;BYMINUTE=0,20,40;BYSECOND=0\r\n"));
  g_assert_cmpuint(count_occurrences(hourly, NULL), ==, 10000);
  g_assert_cmpuint(count_occurrences(hourly, "2025-01-01T00:00:00Z"), ==, 8761);
  g_assert_cmpuint(count_occurrences(thirds, NULL), ==, 186);
}

/* Dates one by one are as many as a rule gives. */
static void test_many_dates(void)
{
  g_autoptr(GString) feed = g_string_new("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTART:20230101T000000Z\r\n");
  for (guint i = 0; i < 12000; i++)
    g_string_append_printf(feed, "RDATE:2024%02u%02uT%02u%02u00Z\r\n", i / 60 / 24 / 28 + 1, i / 60 / 24 % 28 + 1, i / 60 % 24, i % 60);
  g_string_append(feed, "END:VEVENT\r\nEND:VCALENDAR\r\n");
  g_assert_cmpuint(count_occurrences(feed->str, NULL), ==, 10000);
}

static void assert_refused(const char *feed, gsize length, NxErrorCode code, const char *words)
{
  g_autoptr(GError) err = NULL;
  g_autoptr(NxCalendar) calendar = nx_calendar_parse(feed, length, &err);
  g_assert_null(calendar);
  g_assert_error(err, NX_ERROR, (int)code);
  g_assert_nonnull(strstr(err->message, words));
}

static void test_refused_feeds(void)
{
  static const char *const NONE[] = {"", "<!DOCTYPE html>\n", "BEGIN:VEVENT\r\nUID:u\r\nEND:VEVENT\r\n", "\r\n\r\n", ":::;;;,,,"};
  for (gsize i = 0; i < G_N_ELEMENTS(NONE); i++)
    assert_refused(NONE[i], strlen(NONE[i]), NX_ERROR_FORMAT, "BEGIN:VCALENDAR");
  const char *cut = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTA";
  assert_refused(cut, strlen(cut), NX_ERROR_PLACE, "cut off");
  g_autoptr(GString) deep = g_string_new(NULL);
  for (int i = 0; i < 100000; i++)
    g_string_append(deep, "BEGIN:VEVENT\r\n");
  assert_refused(deep->str, deep->len, NX_ERROR_FORMAT, "nested");
  g_string_truncate(deep, 0);
  for (int i = 0; i < 100000; i++)
    g_string_append(deep, "BEG\r\n IN:VEVENT\r\n");
  assert_refused(deep->str, deep->len, NX_ERROR_FORMAT, "nested");
  g_autofree char *large = g_strnfill(NX_CALENDAR_MAX + 1, ' ');
  assert_refused(large, NX_CALENDAR_MAX + 1, NX_ERROR_FORMAT, "larger");
}

static void test_long_line(void)
{
  g_autofree char *filler = g_strnfill(3000000, 'x');
  g_autofree char *feed = g_strdup_printf(FEED(EVENT("DTSTART:20250303T100000Z\r\nDTEND:20250303T110000Z\r\nSUMMARY:%s\r\n")), filler);
  assert_expands(feed, DAY("3"));
}

static void test_encodings(void)
{
  const char *marked = "\xef\xbb\xbf" FEED(EVENT("DTSTART:20250303T100000Z\r\nDTEND:20250303T110000Z\r\nSUMMARY:\xff\xfe\r\n"));
  assert_expands(marked, DAY("3"));
  const char *lf = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nDTSTART:2025\n 0303T100000Z\nDTEND:20250303T110000Z\nEND:VEVENT\nEND:VCALENDAR";
  assert_expands(lf, DAY("3"));
}

/* A line may be folded between any two bytes (RFC 5545 §3.1). */
static void test_folds(void)
{
  static const char *const FOLDED[] = {"Gef\xc3\r\n \xbcge", "Gef\xc3\n\t\xbcge", "Gef\r\n \r\n \xc3\r\n \xbc\r\n ge"};
  for (gsize i = 0; i < G_N_ELEMENTS(FOLDED); i++) {
    g_autoptr(GError) err = NULL;
    g_autofree char *feed = g_strdup_printf(FEED(EVENT("DTSTART:20250303T100000Z\r\nSUMMARY:%s\r\n")), FOLDED[i]);
    g_autoptr(NxCalendar) calendar = nx_calendar_parse(feed, strlen(feed), &err);
    g_assert_no_error(err);
    const NxCalendarSeries *series = calendar->series->pdata[0];
    g_assert_cmpstr(icalcomponent_get_summary(series->master), ==, "Gef\xc3\xbcge");
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  nx_log_start("test-harvest-calendar", 0);
  g_test_add_func("/harvest/calendar/recurring events take place on the days RFC 5545 writes down", test_rfc_examples);
  g_test_add_func("/harvest/calendar/a series has the same instants whatever window is asked for", test_windows);
  g_test_add_func("/harvest/calendar/a week without a day means that of the start", test_weeks);
  g_test_add_func("/harvest/calendar/every second week counts from the week of the start, whatever day weeks begin with", test_first_weeks);
  g_test_add_func("/harvest/calendar/all times of the first week count, earlier in the day than the start or not", test_times_of_first_week);
  g_test_add_func("/harvest/calendar/a day without a month is that of every month", test_days_of_every_month);
  g_test_add_func("/harvest/calendar/a rule of another calendar than the Gregorian is not followed", test_other_calendars);
  g_test_add_func("/harvest/calendar/a series keeps its clock time over the change of the clocks and ends at UNTIL",
                  test_until_and_summer_time);
  g_test_add_func("/harvest/calendar/UTC, floating, all-day, DTEND and DURATION give the right instants", test_single_forms);
  g_test_add_func("/harvest/calendar/times of a day come in their order, and last days of months are found", test_order_and_last_days);
  g_test_add_func("/harvest/calendar/last days of months are found day by day, whatever else the rule asks of them", test_last_days);
  g_test_add_func("/harvest/calendar/a TZID is a zone of the tz database, else the VTIMEZONE of the feed", test_zones);
  g_test_add_func("/harvest/calendar/a clock time that occurs twice is the first where a TZID says the zone", test_repeated_hour);
  g_test_add_func("/harvest/calendar/a clock time that never is has the offset before it where a TZID says the zone", test_skipped_hour);
  g_test_add_func("/harvest/calendar/an unknown zone means the instrument's", test_unknown_zone);
  g_test_add_func("/harvest/calendar/EXDATE, EXRULE and RDATE take away and add", test_exceptions);
  g_test_add_func("/harvest/calendar/RECURRENCE-ID moves, changes or cancels instances", test_changed_instances);
  g_test_add_func("/harvest/calendar/cancelled instances need no start of their own, and periods are cancelled as others are", test_cancelled_following);
  g_test_add_func("/harvest/calendar/this and all following instances are moved by the clock, whatever the clocks do then", test_moved_following);
  g_test_add_func("/harvest/calendar/instances that were moved are found where they are and by their names", test_moved_into_window);
  g_test_add_func("/harvest/calendar/what is cancelled does not take place", test_cancelled);
  g_test_add_func("/harvest/calendar/of two versions of an event the newer one counts", test_newest_version);
  g_test_add_func("/harvest/calendar/an endless series is expanded within the window only, bounds included", test_window);
  g_test_add_func("/harvest/calendar/a window late in a series shows what the whole series shows there", test_late_window);
  g_test_add_func("/harvest/calendar/an event without a usable start or end is left out", test_broken_events);
  g_test_add_func("/harvest/calendar/rules that would run for ever do not", test_mischief);
  g_test_add_func("/harvest/calendar/an event that takes place too often ends, and a later window shows the rest", test_many_occurrences);
  g_test_add_func("/harvest/calendar/an event with too many dates ends", test_many_dates);
  g_test_add_func("/harvest/calendar/what is no calendar, cut off, too deep or too large is refused", test_refused_feeds);
  g_test_add_func("/harvest/calendar/a line beyond reason is left out, the event stays", test_long_line);
  g_test_add_func("/harvest/calendar/a byte order mark, bad UTF-8 and plain line feeds are read", test_encodings);
  g_test_add_func("/harvest/calendar/a character that a line is folded in stays whole", test_folds);
  return g_test_run();
}
