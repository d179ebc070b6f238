/* The dates of reservation servers: the vectors of harvest-nemo §4. */
#include "stamp.h"

#include <string.h>

/* A wall clock, perhaps with a zone, as the tables write it. */
static NxStamp *stamp_of(const char *text, const char *zone)
{
  g_autoptr(GError) err = NULL;
  NxStamp *stamp = nx_stamp_parse(text, NULL, zone ? nx_zone(zone, NULL) : NULL, &err);
  g_assert_no_error(err);
  return stamp;
}

static const struct {
  const char *in, *in_zone, *format, *tz, *out;
} PRINTED[] = {
    {"2022-02-16T09:39:00", NULL, NX_DATE_FORMAT_ISO, NULL, "2022-02-16T09:39:00"},
    {"2022-02-16T09:39:00.000001", NULL, NULL, NULL, "2022-02-16T09:39:00.000001"},
    {"2022-02-16T09:39:00.000001", "America/New_York", NULL, NULL, "2022-02-16T09:39:00.000001-05:00"},
    {"2022-02-16T09:39:00Z", NULL, NULL, NULL, "2022-02-16T09:39:00+00:00"},
    {"2022-02-16T09:39:00.000001", "America/New_York", "%Y-%m-%d %H:%M:%S%z", NULL, "2022-02-16 09:39:00-0500"},
    {"2022-02-16T23:06:12.000050", NULL, "%Y-%m-%d %H:%M:%S%z", "America/New_York", "2022-02-16 23:06:12-0500"},
    {"2022-02-16T23:06:12+01:00", NULL, "%Y-%m-%d %H:%M:%S", "America/New_York", "2022-02-16 23:06:12"},
    {"2022-02-16T23:06:12.000050", NULL, "%d.%m.%y %I:%M:%S.%f %p 100%%", NULL, "16.02.22 11:06:12.000050 PM 100%"},
    {"2022-02-06T00:06:02", NULL, "%a %A %b %B %j %e|%I %p|%w %u|%D %T %F", NULL,
     "Sun Sunday Feb February 037  6|12 AM|0 7|02/06/22 00:06:02 2022-02-06"},
    /* without the zeros in front: Python on glibc */
    {"2005-02-06T09:04:02", NULL, "%-d.%-m.%-y %-H:%-M:%-S %-I|%-j|%-Y|%-e", NULL, "6.2.5 9:4:2 9|37|2005|6"},
    {"2020-12-31T00:00:00", NULL, "%-d/%-m/%y %-I:%M %p %-H %-j", NULL, "31/12/20 12:00 AM 0 366"},
};

static void test_printed(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(PRINTED); i++) {
    g_autoptr(GError) err = NULL;
    g_autoptr(NxStamp) stamp = stamp_of(PRINTED[i].in, PRINTED[i].in_zone);
    g_autofree char *text = nx_stamp_print(stamp, PRINTED[i].format, nx_zone(PRINTED[i].tz ? PRINTED[i].tz : "UTC", NULL), &err);
    g_assert_no_error(err);
    g_assert_cmpstr(text, ==, PRINTED[i].out);
  }
}

static void test_printed_nowhere(void)
{
  g_autoptr(NxStamp) stamp = stamp_of("2022-02-16T09:39:00", NULL);
  g_autofree char *text = nx_stamp_print(stamp, "%F %H:%M:%S%z%Z", NULL, NULL);
  g_assert_cmpstr(text, ==, "2022-02-16 09:39:00");
}

static const struct {
  const char *text, *format, *tz, *out; /* out NULL: not readable */
} READ[] = {
    {"2022-02-16T09:39:00-05:00", NULL, NULL, "2022-02-16T09:39:00-05:00"},
    {"2025-11-02T10:30:00Z", NULL, NULL, "2025-11-02T10:30:00+00:00"},
    {"2022-02-16T09:39:00-05:00", NULL, "America/Denver", "2022-02-16T09:39:00-07:00"},
    {"2022-02-16T09:39:00-05:00", "%Y-%m-%dT%H:%M:%S%z", "America/Denver", "2022-02-16T09:39:00-07:00"},
    {"02-16-2022 09:39:00", "%m-%d-%Y %H:%M:%S", NULL, "2022-02-16T09:39:00"},
    {"02-16-2022 09:39:00", "%m-%d-%Y %H:%M:%S", "America/New_York", "2022-02-16T09:39:00-05:00"},
    {"2-6-2022 9:39:00", "%m-%d-%Y %H:%M:%S", NULL, "2022-02-06T09:39:00"},
    {"2022-02-16T09:39:00", "%Y-%m-%dT%H:%M:%S.%f", NULL, "2022-02-16T09:39:00"},
    {"2022-02-16 09:39:00 +2359", "%Y-%m-%d %H:%M:%S %z", NULL, "2022-02-16T09:39:00+23:59"},
    {"2022-02-16 09:39:00 +2400", "%Y-%m-%d %H:%M:%S %z", NULL, NULL},
    {"2022-02-16 09:39:00 -24:47", "%Y-%m-%d %H:%M:%S %z", NULL, NULL},
    {"2022-02-16T09:39:00.5", "%Y-%m-%dT%H:%M:%S.%f", NULL, "2022-02-16T09:39:00.500000"},
    {"2022-02-16T09:39:00.000001", "%Y-%m-%dT%H:%M:%S.%f", NULL, "2022-02-16T09:39:00.000001"},
    {"2022-02-16T09:39:00.0000001", "%Y-%m-%dT%H:%M:%S.%f", NULL, NULL},
    {"2022-02-16T09:39:00.000001", "%Y-%m-%dT%H:%M:%S", NULL, NULL},
    {"2022-02-16T09:39:00-05:00", "%Y-%m-%dT%H:%M:%S", NULL, NULL},
    {"2025-11-02T01:30:00-04:00", NULL, "America/New_York", "2025-11-02T01:30:00-05:00"},
    {"2025-03-09T02:30:00", NULL, "America/New_York", "2025-03-09T02:30:00-05:00"},
    {"2025-10-26T01:30:00", NULL, "Europe/Dublin", "2025-10-26T01:30:00+01:00"},
    /* ISO mode, other spellings */
    {"2022-02-16 09:39", NULL, NULL, "2022-02-16T09:39:00"},
    {"20220216T093900+0530", NULL, NULL, "2022-02-16T09:39:00+05:30"},
    {"2022-02-16T09:39:00,1234567-05", NULL, NULL, "2022-02-16T09:39:00.123456-05:00"},
    {"yesterday", NULL, NULL, NULL},
    {"", NULL, NULL, NULL},
    {"2022-02-30T09:39:00", NULL, NULL, NULL},
    /* a format of one's own */
    {"2022-02-16 09:39:00 +0530", "%Y-%m-%d %H:%M:%S %z", NULL, "2022-02-16T09:39:00+05:30"},
    {"2022-02-16 09:39:00 +05:30", "%Y-%m-%d %H:%M:%S %z", NULL, "2022-02-16T09:39:00+05:30"},
    {"2022-02-16 09:39:00 Z", "%Y-%m-%d %H:%M:%S %z", NULL, "2022-02-16T09:39:00+00:00"},
    {"2022-02-16 09:39:00 UTC", "%Y-%m-%d %H:%M:%S %Z", NULL, "2022-02-16T09:39:00+00:00"},
    {"16   Feb\t2022 11:06 pm", "%d %b %Y %I:%M %p", NULL, "2022-02-16T23:06:00"},
    {"wednesday, FEBRUARY 16, 22 12:06 AM", "%A, %B %d, %y %I:%M %p", NULL, "2022-02-16T00:06:00"},
    {"2022 047", "%Y %j", NULL, "2022-02-16T00:00:00"},
    {"9999 366", "%Y %j", NULL, NULL},
    {"31-02-2022", "%d-%m-%Y", NULL, NULL},
    {"02-16-2022 09:39:00 ", "%m-%d-%Y %H:%M:%S", NULL, NULL},
    {" 02-16-2022 09:39:00", "%m-%d-%Y %H:%M:%S", NULL, NULL},
    {"02-16-2022 24:00:00", "%m-%d-%Y %H:%M:%S", NULL, NULL},
    {"02.16.2022", "%m.%d.%Y", NULL, "2022-02-16T00:00:00"},
    {"02x16x2022", "%m.%d.%Y", NULL, NULL},
    {"02-16-2022\n", "%m-%d-%Y", NULL, NULL},
};

static void test_read(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(READ); i++) {
    g_autoptr(GError) err = NULL;
    g_autoptr(NxStamp) stamp = nx_stamp_parse(READ[i].text, READ[i].format, READ[i].tz ? nx_zone(READ[i].tz, NULL) : NULL, &err);
    g_autofree char *text = stamp ? nx_stamp_text(stamp) : NULL;
    g_assert_cmpstr(text, ==, READ[i].out);
    if (!READ[i].out)
      g_assert_error(err, NX_ERROR, NX_ERROR_DATA);
  }
}

/* What the server sent is shown, but is no line of the log of its own. */
static void test_messages(void)
{
  static const char TEXT[] = "\x1b[2J2022-02-16\n2026-01-01 00:00:00,000 nexuslims INFO: forged";
  static const char *const EXPECTED[][2] = {
      {NULL, "'\\x1b[2J2022-02-16…' is not a date and time"},
      {"%Y-%m-%d", "the date '\\x1b[2J2022-02-16…' does not fit the format '%Y-%m-%d'"},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(EXPECTED); i++) {
    g_autoptr(GError) err = NULL;
    g_assert_null(nx_stamp_parse(TEXT, EXPECTED[i][0], NULL, &err));
    g_assert_cmpstr(err->message, ==, EXPECTED[i][1]);
  }
}

static void test_bad_formats(void)
{
  static const char *const FORMATS[] = {"%Q", "%Y %Y", "%", "%Y-%", "\xff%Y"};
  for (gsize i = 0; i < G_N_ELEMENTS(FORMATS); i++) {
    g_autoptr(GError) err = NULL;
    g_autoptr(NxStamp) stamp = nx_stamp_parse("2022", FORMATS[i], NULL, &err);
    g_assert_null(stamp);
    g_assert_error(err, NX_ERROR, NX_ERROR_CONFIG);
  }
  g_autoptr(GError) err = NULL;
  g_autoptr(NxStamp) stamp = stamp_of("2022-02-16T09:39:00", NULL);
  g_assert_null(nx_stamp_print(stamp, "%Y %Q", nx_zone("UTC", NULL), &err));
  g_assert_error(err, NX_ERROR, NX_ERROR_CONFIG);
}

static void test_added(void)
{
  g_autoptr(NxStamp) aware = stamp_of("2025-03-09T03:50:00-04:00", NULL), naive = stamp_of("2025-03-09T03:50:00.5", NULL);
  g_autoptr(NxStamp) before = nx_stamp_add(aware, -172800), later = nx_stamp_add(naive, 172800);
  g_autofree char *first = nx_stamp_text(before), *second = nx_stamp_text(later);
  g_assert_cmpstr(first, ==, "2025-03-07T03:50:00-04:00");
  g_assert_cmpstr(second, ==, "2025-03-11T03:50:00.500000");
}

static gint64 overlap(const char *start, const char *end, const char *other_start, const char *other_end)
{
  g_autoptr(GDateTime) a = nx_time_parse(start, NULL, NULL), b = nx_time_parse(end, NULL, NULL);
  g_autoptr(GDateTime) c = nx_time_parse(other_start, NULL, NULL), d = nx_time_parse(other_end, NULL, NULL);
  return nx_stamp_overlap_us(a, b, c, d);
}

/* The session 12:30–17:45 of harvest-nemo §8.4. */
static void test_overlap(void)
{
  const char *start = "2025-03-06T12:30:00-05:00", *end = "2025-03-06T17:45:00-05:00";
  g_assert_cmpint(overlap(start, end, "2025-03-06T12:30:00-05:00", "2025-03-06T13:30:00-05:00"), ==, 3600 * G_TIME_SPAN_SECOND);
  g_assert_cmpint(overlap(start, end, "2025-03-06T13:30:00-05:00", "2025-03-06T18:00:00-05:00"), ==, 15300 * G_TIME_SPAN_SECOND);
  g_assert_cmpint(overlap(start, end, "2025-03-06T08:00:00-05:00", "2025-03-06T12:00:00-05:00"), ==, 0);
  g_assert_cmpint(overlap(start, end, "2025-03-06T08:00:00-05:00", "2025-03-06T12:30:00-05:00"), ==, 0);
  g_assert_cmpint(overlap(start, end, "2025-03-06T17:44:59.999999-05:00", "2025-03-06T19:00:00-05:00"), ==, 1);
  g_assert_cmpint(overlap(start, end, "2025-03-06T18:30:00+01:00", "2025-03-06T19:30:00+01:00"), ==, 3600 * G_TIME_SPAN_SECOND);
  g_assert_cmpint(overlap(start, start, "2025-03-06T08:00:00-05:00", "2025-03-06T19:30:00-05:00"), ==, 0);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/harvest/stamp/dates are written as the server wants them", test_printed);
  g_test_add_func("/harvest/stamp/a wall clock that nobody located has no offset to print", test_printed_nowhere);
  g_test_add_func("/harvest/stamp/dates are read as the server writes them, and forced into a zone when asked", test_read);
  g_test_add_func("/harvest/stamp/what a server sent instead of a date is shown as one line", test_messages);
  g_test_add_func("/harvest/stamp/a format that cannot be used is an error of configuration", test_bad_formats);
  g_test_add_func("/harvest/stamp/adding time keeps the offset, or the lack of one", test_added);
  g_test_add_func("/harvest/stamp/overlap counts shared microseconds on the time line", test_overlap);
  return g_test_run();
}
