/* test-base.c — the promises of nx-base.h. Expected values: Python's repr and datetime, RFC 3986, XML 1.0, harvest-nemo §4, config §8. */
#include "nx-base.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void check_double(double value, const char *expected)
{
  g_autofree char *text = nx_text_from_double(value);
  g_assert_cmpstr(text, ==, expected);
}

/* No shorter text of digits reads back: what the C library prints with one digit less is another number. */
static void check_shortest(double value)
{
  g_autofree char *text = nx_text_from_double(value);
  g_assert_true(g_ascii_strtod(text, NULL) == value);
  int digits = 0, zeros = 0;
  for (const char *at = text; *at && *at != 'e'; at++) {
    if (g_ascii_isdigit(*at) && (digits || *at != '0')) {
      digits++;
      zeros = *at == '0' ? zeros + 1 : 0;
    }
  }
  if (digits - zeros > 1) {
    char shorter[40];
    g_snprintf(shorter, sizeof shorter, "%.*e", digits - zeros - 2, value);
    g_assert_true(g_ascii_strtod(shorter, NULL) != value);
  }
}

static void test_double_shortest(void)
{
  g_autoptr(GRand) source = g_rand_new_with_seed(1);
  for (int i = 0; i < 20000; i++) {
    const double fraction = g_rand_double(source), size = pow(10, g_rand_int_range(source, -8, 19));
    check_shortest(fraction * size);
    check_shortest((double)(float)(fraction * size));
    check_shortest(floor(fraction * 1e6) / 1e3);
    check_shortest(ldexp(1, g_rand_int_range(source, -60, 60)));
    check_shortest(nextafter(ldexp(1, i % 50), 0));
  }
}

static void test_latin1(void)
{
  const char all[] = "caf\xe9 5 \xb5m \x80\xff\0x";
  g_autofree char *whole = nx_text_from_latin1(all, -1), *part = nx_text_from_latin1(all, 4), *none = nx_text_from_latin1("", 0);
  g_assert_cmpstr(whole, ==, "caf\u00e9 5 \u00b5m \302\200\u00ff");
  g_assert_cmpstr(part, ==, "caf\u00e9");
  g_assert_cmpstr(none, ==, "");
}

static void assert_utf16(const char *bytes, gsize length, const char *expected)
{
  /* Exactly as long as the text, so that one byte too far is seen. */
  g_autofree char *exact = g_memdup2(bytes, length), *text = nx_text_from_utf16(exact, length);
  g_assert_cmpstr(text, ==, expected);
}

static void test_utf16(void)
{
  assert_utf16("\xff\xfe" "5\0 \0\xb5\0m\0", 10, "5 \u00b5m");
  assert_utf16("\xfe\xff" "\0" "5\0 \0\xb5\0m", 10, "5 \u00b5m");
  assert_utf16("\xff\xfe\x3c\xd8\x0a\xdf" "a\0", 8, "\U0001f30a" "a");
  assert_utf16("\xff\xfe", 2, "");
  assert_utf16("\xff\xfe" "a\0\0\0b\0", 8, "a b");
  assert_utf16("\xff\xfe" "a\0b", 5, "a");
  /* A second half alone, a first half before a letter, and one at the end. */
  assert_utf16("\xff\xfe\x0a\xdf" "a\0\x3c\xd8" "b\0\x3c\xd8", 12, "\ufffd" "a\ufffd" "b\ufffd");
  assert_utf16("\xff\xfe\x3c\xd8\x0a", 5, "\ufffd");
  assert_utf16("a\0b\0", 4, NULL);
  assert_utf16("\xff", 1, NULL);
  assert_utf16("", 0, NULL);
}

static void test_double(void)
{
  check_double(5, "5.0");
  check_double(-0.0, "-0.0");
  check_double(0.1, "0.1");
  check_double(0.05f, "0.05000000074505806");
  check_double(1e-4, "0.0001");
  check_double(1e-5, "1e-05");
  check_double(1e-07, "1e-07");
  check_double(123456789012345680.0, "1.2345678901234568e+17");
  check_double(1e15, "1000000000000000.0");
  check_double(1e16, "1e+16");
  check_double(9007199254740993.0, "9007199254740992.0");
  check_double(6.54498e-06, "6.54498e-06");
  check_double(5e-324, "5e-324");
  check_double(1.7976931348623157e308, "1.7976931348623157e+308");
  check_double(2.2250738585072014e-308, "2.2250738585072014e-308");
  check_double(-13000, "-13000.0");
  check_double(1.0 / 3, "0.3333333333333333");
  check_double(NAN, "nan");
  check_double(-INFINITY, "-inf");
  check_double(9999999999999998.0, "9999999999999998.0");
  check_double(0.00012345, "0.00012345");
  /* Powers of two, below which doubles are nearer: the decimal that is nearest would be longer. */
  check_double(ldexp(1, -24), "5.960464477539063e-08");
  check_double(ldexp(1, -77), "6.617444900424222e-24");
  check_double(ldexp(1, 89), "6.189700196426902e+26");
  check_double(ldexp(1, 122), "5.316911983139664e+36");
}

static void test_utf8(void)
{
  g_autofree char *bad = nx_text_utf8("a\xFF\xC3(b", -1), *good = nx_text_utf8("µ", -1);
  g_assert_cmpstr(bad, ==, "a\xEF\xBF\xBD\xEF\xBF\xBD(b");
  g_assert_cmpstr(good, ==, "µ");
}

static void test_visible(void)
{
  g_autofree char *text = nx_text_visible("a\x1b[31m\n\tµ\xC2\x9B");
  g_assert_cmpstr(text, ==, "a\\x1b[31m\\n\\tµ\\x9b");
}

static void check_beginning(const char *text, const char *expected)
{
  g_autofree char *beginning = nx_text_beginning(text);
  g_assert_cmpstr(beginning, ==, expected);
}

static void test_beginning(void)
{
  check_beginning("", "");
  check_beginning("Not found.", "Not found.");
  check_beginning(" \r\n\n  <html>\n<title>", "  <html>…");
  check_beginning("x\n2026-01-01 00:00:00,000 nexuslims INFO: forged", "x…");
  check_beginning("\x1b]0;owned\x07 \xFFµ", "\\x1b]0;owned\\x07 \xEF\xBF\xBDµ");
  g_autofree char *fits = g_strnfill(160, 'x'), *longer = g_strnfill(5000000, 'y');
  check_beginning(fits, fits);
  g_autofree char *cut = nx_text_beginning(longer);
  g_assert_cmpint(g_utf8_strlen(cut, -1), ==, 160);
  g_assert_true(g_str_has_suffix(cut, "y…"));
}

/* A secret that is cut is none that the log would know. */
static void test_beginning_secret(void)
{
  nx_log_hide("s3cr3t-0f-th3-s3rv3r");
  g_autofree char *before = g_strnfill(150, 'x'), *expected = g_strconcat(before, "***", NULL);
  g_autofree char *text = g_strconcat(before, "s3cr3t-0f-th3-s3rv3r", NULL);
  check_beginning(text, expected);
}

/* However much of it there is: masking shortens a text, and what was behind the end comes into view. */
static void test_beginning_secrets(void)
{
  g_autofree char *secret = g_strnfill(160, 's'), *half = g_strnfill(40, 's');
  nx_log_hide(secret);
  for (guint n = 1; n < 60; n++) {
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < n; i++)
      g_string_append(text, secret);
    g_autofree char *beginning = nx_text_beginning(text->str), *start = nx_text_start(text->str, 500);
    g_assert_null(strstr(beginning, half));
    g_assert_null(strstr(start, half));
  }
}

static void check_start(const char *text, gsize most, const char *expected)
{
  g_autofree char *start = nx_text_start(text, most);
  g_assert_cmpstr(start, ==, expected);
}

static void test_start(void)
{
  nx_log_hide("s3cr3t-0f-th3-s3rv3r");
  check_start("", 5, "");
  check_start("12345", 5, "12345");
  check_start("123456", 5, "12345");
  check_start("123µ", 5, "123µ");
  check_start("1234µ", 5, "1234");
  check_start("\xFFµ", 5, "\xEF\xBF\xBDµ");
  check_start("1 s3cr3t-0f-th3-s3rv3r 2", 5, "1 ***");
  check_start("1234 s3cr3t-0f-th3-s3rv3r", 6, "1234 *");
  check_start("http://a:s3cret@b/c", 15, "http://a:***@b/");
}

static void test_time_messages(void)
{
  g_autoptr(GError) err = NULL;
  g_assert_null(nx_time_parse("x\n2026-01-01 00:00:00,000 nexuslims INFO: forged", NULL, &err));
  g_assert_cmpstr(err->message, ==, "'x…' is not a date and time with an offset");
}

static void test_xml(void)
{
  guint dropped;
  g_autofree char *text = nx_text_for_xml("a\x01" "b\t\nc\xEF\xBF\xBF", &dropped);
  g_assert_cmpstr(text, ==, "ab\t\nc");
  g_assert_cmpuint(dropped, ==, 2);
}

static void test_percent(void)
{
  g_autofree char *encoded = nx_text_percent_encode("/a b/µ'(1).tif", "/");
  g_assert_cmpstr(encoded, ==, "/a%20b/%C2%B5%27%281%29.tif");
  g_autofree char *decoded = nx_text_percent_decode(encoded);
  g_assert_cmpstr(decoded, ==, "/a b/µ'(1).tif");
  g_assert_null(nx_text_percent_decode("50%"));
  g_assert_null(nx_text_percent_decode("%zz"));
}

static void test_query(void)
{
  g_autofree char *first = nx_text_query_value("https://h/api/usage_events/?id=9&id=10", "id");
  g_assert_cmpstr(first, ==, "9");
  g_assert_null(nx_text_query_value("https://h/api/?notid=4", "id"));
  g_autofree char *empty = nx_text_query_value("https://h/?id=#x", "id");
  g_assert_cmpstr(empty, ==, "");
  g_autofree char *plus = nx_text_query_value("https://h/?q=a+b%20c", "q");
  g_assert_cmpstr(plus, ==, "a b c");
}

static void test_width(void)
{
  g_assert_cmpuint(nx_text_width("aé"), ==, 2);
  g_assert_cmpuint(nx_text_width("漢字"), ==, 4);
  g_assert_cmpuint(nx_text_width("e\xCC\x81"), ==, 1);
}

static void check_time(const char *text, const char *zone, const char *expected)
{
  g_autoptr(GDateTime) instant = nx_time_parse(text, zone ? nx_zone(zone, NULL) : NULL, NULL);
  g_autofree char *back = instant ? nx_time_format(instant) : g_strdup("(error)");
  g_assert_cmpstr(back, ==, expected);
}

static void test_times(void)
{
  check_time("2022-02-16T09:39:00-05:00", NULL, "2022-02-16T09:39:00-05:00");
  check_time("2025-11-02T10:30:00Z", NULL, "2025-11-02T10:30:00+00:00");
  check_time("2022-02-16 09:39:00.000001", "America/New_York", "2022-02-16T09:39:00.000001-05:00");
  check_time("2022-02-16T09:39:00.123456789+0530", NULL, "2022-02-16T09:39:00.123456+05:30");
  check_time("20220216T093900,5Z", NULL, "2022-02-16T09:39:00.500000+00:00");
  check_time("2025-11-02T01:30:00", "America/New_York", "2025-11-02T01:30:00-05:00");
  check_time("2025-03-09T02:30:00", "America/New_York", "2025-03-09T02:30:00-05:00");
  check_time("2025-10-26T01:30:00", "Europe/Dublin", "2025-10-26T01:30:00+01:00");
  check_time("2025-07-01T12:00", "Europe/Zurich", "2025-07-01T12:00:00+02:00");
  check_time("2022-02-16T09:39:00", NULL, "(error)");
  check_time("2025-02-30T00:00:00Z", NULL, "(error)");
  check_time("2025-02-03T25:00:00Z", NULL, "(error)");
  check_time("2025-02-03T10:00:00Zx", NULL, "(error)");
  check_time("", "UTC", "(error)");
  check_time("0001-01-01T00:00:00Z", NULL, "0001-01-01T00:00:00+00:00");
}

static void test_epoch(void)
{
  g_autoptr(GDateTime) instant = nx_time_from_epoch(1710091234.5678, nx_zone("America/New_York", NULL));
  g_autofree char *text = nx_time_format(instant);
  g_assert_cmpstr(text, ==, "2024-03-10T13:20:34.567800-04:00");
  g_autoptr(GDateTime) carried = nx_time_from_epoch(1709999999.9999999, nx_zone("UTC", NULL));
  g_autofree char *next = nx_time_format(carried);
  g_assert_cmpstr(next, ==, "2024-03-09T16:00:00+00:00");
  g_assert_null(nx_time_from_epoch(NAN, nx_zone("UTC", NULL)));
  g_assert_null(nx_time_from_epoch(1e300, nx_zone("UTC", NULL)));
}

static void test_zones(void)
{
  g_autoptr(GError) err = NULL;
  g_assert_nonnull(nx_zone("US/Eastern", NULL));
  g_assert_null(nx_zone("Mars/Olympus", &err));
  g_assert_error(err, NX_ERROR, NX_ERROR_DATA);
  g_assert_null(nx_zone("../../etc/passwd", NULL));
  g_assert_null(nx_zone("", NULL));
  g_assert_null(nx_zone("America", NULL));
}

/* POSIX counts "GMT+1" west of Greenwich, and everybody else east of it: so it is no name, but the files of the tz database are. */
static void test_zones_are_names(void)
{
  static const char *const RULES[] = {"GMT+0100", "GMT+01:00", "UTC+2", "UTC-05:00", "Custom+3", "CET-1CEST,M3.5.0,M10.5.0/3", "Z", "zone.tab"};
  for (gsize i = 0; i < G_N_ELEMENTS(RULES); i++)
    g_assert_null(nx_zone(RULES[i], NULL));
  check_time("2025-03-03T10:00:00", "Etc/GMT+1", "2025-03-03T10:00:00-01:00");
  check_time("2025-07-03T10:00:00", "EST5EDT", "2025-07-03T10:00:00-04:00");
  check_time("2025-03-03T10:00:00", "GMT+0", "2025-03-03T10:00:00+00:00");
}

/* Clocks that are put back over midnight show it twice (Azores, Havana and Amman, where the day begins an hour before the one of standard time);
 * one that is put forward at midnight never does. */
static void test_day_start(void)
{
  static const struct {
    const char *zone;
    int year, month, day;
    const char *start;
  } CASES[] = {
      {"Atlantic/Azores", 2025, 10, 26, "2025-10-26T00:00:00+00:00"},
      {"Atlantic/Azores", 2025, 10, 27, "2025-10-27T00:00:00-01:00"},
      {"America/Havana", 2025, 11, 2, "2025-11-02T00:00:00-04:00"},
      {"Asia/Amman", 2021, 10, 29, "2021-10-29T00:00:00+03:00"},
      {"America/Sao_Paulo", 2018, 11, 4, "2018-11-04T00:00:00-03:00"},
      {"America/New_York", 2025, 11, 2, "2025-11-02T00:00:00-04:00"},
      {"Europe/Dublin", 2025, 10, 26, "2025-10-26T00:00:00+01:00"},
      {"UTC", 1, 1, 1, "0001-01-01T00:00:00+00:00"},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_autoptr(GDateTime) start = nx_time_day_start(nx_zone(CASES[i].zone, NULL), CASES[i].year, CASES[i].month, CASES[i].day);
    g_autofree char *text = nx_time_format(start);
    g_assert_cmpstr(text, ==, CASES[i].start);
  }
  g_assert_null(nx_time_day_start(nx_zone("UTC", NULL), 2025, 2, 29));
}

static void test_bounds(void)
{
  g_autoptr(GDateTime) from = NULL, to = NULL, none = NULL, exact = NULL;
  g_assert_true(nx_time_parse_bound("2024-01-01", FALSE, &from, NULL));
  g_assert_true(nx_time_parse_bound("2024-01-31", TRUE, &to, NULL));
  g_assert_true(nx_time_parse_bound("None", FALSE, &none, NULL));
  g_assert_true(nx_time_parse_bound("2024-01-31T08:30:00+01:00", TRUE, &exact, NULL));
  g_autofree char *from_text = nx_time_format(from), *to_text = nx_time_format(to), *exact_text = nx_time_format(exact);
  g_assert_cmpstr(from_text, ==, "2024-01-01T00:00:00-05:00");
  g_assert_cmpstr(to_text, ==, "2024-01-31T23:59:59-05:00");
  g_assert_cmpstr(exact_text, ==, "2024-01-31T08:30:00+01:00");
  g_assert_null(none);
  g_autoptr(GError) err = NULL;
  g_assert_false(nx_time_parse_bound("2025-02-30", FALSE, &none, &err));
  g_assert_error(err, NX_ERROR, NX_ERROR_USAGE);
  g_assert_false(nx_time_parse_bound("20250203", FALSE, &none, NULL));
  g_assert_false(nx_time_parse_bound("yesterday", FALSE, &none, NULL));
  g_assert_true(nx_time_parse_bound("9999-12-31", TRUE, &none, NULL)); /* in UTC it ends in the year 10000 */
  g_assert_null(none);
}

static void test_json_keeps_numbers(void)
{
  const char *text = "{\"b\":13000.0,\"a\":13000,\"c\":[1.50,true,null,\"\\u00e9\"],\"d\":{}}";
  g_autoptr(json_object) value = nx_json_parse(text, strlen(text), NULL);
  g_autofree char *line = nx_json_text(value, NX_JSON_LINE);
  g_assert_cmpstr(line, ==, "{\"b\":13000.0,\"a\":13000,\"c\":[1.50,true,null,\"é\"],\"d\":{}}");
  g_autofree char *indented = nx_json_text(value, NX_JSON_INDENT | NX_JSON_ASCII);
  g_assert_cmpstr(indented, ==,
                  "{\n  \"b\": 13000.0,\n  \"a\": 13000,\n  \"c\": [\n    1.50,\n    true,\n    null,\n    \"\\u00e9\"\n  ],\n  \"d\": {}\n}");
}

/* 2^63 and 2^64 are where integers of 64 bits end. */
static void test_json_keeps_long_numbers(void)
{
  static const char *const TEXTS[] = {
      "[10000000000000000000000,-10000000000000000000000]",
      "[18446744073709551615,18446744073709551616,-9223372036854775808,-9223372036854775809]",
      "{\"Counts\":123456789012345678901234567890}",
      "99999999999999999999999",
      "[0.1234567890123456789012345,1234567890123456789012345.0,1e-1234567890123456789012345,12345678901234567890e3]",
      "[\"10000000000000000000000 \\\"10000000000000000000000\",10000000000000000000000,\"e-00\"]",
      "{\"10000000000000000000000\":[[10000000000000000000000],{\"a\":10000000000000000000000}],\"b\":5e-00}",
  };
  for (gsize i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
    g_autoptr(GError) err = NULL;
    g_autoptr(json_object) value = nx_json_parse(TEXTS[i], strlen(TEXTS[i]), &err);
    g_assert_no_error(err);
    g_autofree char *line = nx_json_text(value, NX_JSON_LINE);
    g_assert_cmpstr(line, ==, TEXTS[i]);
  }
  g_autoptr(json_object) value = nx_json_parse("[-10000000000000000000000]", 26, NULL);
  g_assert_cmpfloat(json_object_get_double(json_object_array_get_idx(value, 0)), ==, -1e22);
  g_assert_cmpstr(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN), ==, "[-10000000000000000000000]");
}

static void test_json_escapes(void)
{
  g_autoptr(json_object) value = json_object_new_string("\"\\/\b\f\n\r\t\x01\x7fµ😀");
  g_autofree char *ascii = nx_json_text(value, NX_JSON_ASCII), *line = nx_json_text(value, NX_JSON_LINE);
  g_assert_cmpstr(ascii, ==, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u007f\\u00b5\\ud83d\\ude00\"");
  g_assert_cmpstr(line, ==, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\x7fµ😀\"");
}

static void test_json_of_bytes(void)
{
  g_autoptr(json_object) inside = json_object_new_string("caf\xe9.db"), last = json_object_new_string("a\xf0");
  g_autofree char *first = nx_json_text(inside, NX_JSON_ASCII), *second = nx_json_text(last, NX_JSON_ASCII);
  g_assert_cmpstr(first, ==, "\"caf\\ufffd.db\"");
  g_assert_cmpstr(second, ==, "\"a\\ufffd\"");
}

static void test_edge_of_calendar(void)
{
  static const char *const OUTSIDE[] = {"9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"};
  for (gsize i = 0; i < G_N_ELEMENTS(OUTSIDE); i++) {
    g_autoptr(GError) err = NULL;
    g_assert_null(nx_time_parse(OUTSIDE[i], NULL, &err));
    g_assert_error(err, NX_ERROR, NX_ERROR_DATA);
  }
}

static void test_json_of_one_word(void)
{
  const char *const good[] = {"5", "-1.50", " 13000 ", "true", "\"x\""};
  for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
    g_autoptr(GError) err = NULL;
    g_autoptr(json_object) value = nx_json_parse(good[i], strlen(good[i]), &err);
    g_assert_no_error(err);
    g_autofree char *text = nx_json_text(value, NX_JSON_LINE), *expected = g_strstrip(g_strdup(good[i]));
    g_assert_cmpstr(text, ==, expected);
  }
}

static void test_json_refuses(void)
{
  const char *const bad[] = {"", "{", "{\"a\":1} x", "{'a':1}", "[1,]", "\xff", "nul",
                             "{\"a\":NaN}", "[0010000000000000000000000]", "10000000000000000000000e"};
  for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
    g_autoptr(GError) err = NULL;
    g_autoptr(json_object) value = nx_json_parse(bad[i], strlen(bad[i]), &err);
    if (value)
      g_test_message("accepted: %s", bad[i]);
    g_assert_null(value);
    g_assert_error(err, NX_ERROR, NX_ERROR_FORMAT);
  }
}

static void test_json_names_what_is_there(void)
{
  static const char *const CASES[][2] = {
      {"{'a':1}", "not JSON: a single quote where a double one is wanted (at byte 2)"},
      {"{\"a\":NaN}", "not JSON: NaN is no number in it (at byte 6)"},
      {"[-Infinity]", "not JSON: Infinity is no number in it (at byte 3)"},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_autoptr(GError) err = NULL;
    g_assert_null(nx_json_parse(CASES[i][0], strlen(CASES[i][0]), &err));
    g_assert_cmpstr(err->message, ==, CASES[i][1]);
  }
  const char *const plain[] = {"NX_A=1", "It is", "{\"a\":INFINITY}", "nan", "[infinity]", "[nAN]", "{\"Name's\":1} I", "NX_A='b'"};
  for (gsize i = 0; i < G_N_ELEMENTS(plain); i++) {
    g_autoptr(GError) err = NULL;
    g_assert_null(nx_json_parse(plain[i], strlen(plain[i]), &err));
    g_assert_null(strstr(err->message, "quote"));
  }
}

static int descriptor_with(const char *bytes, gsize length)
{
  g_autofree char *path = NULL;
  int fd = g_file_open_tmp("nx-test-XXXXXX", &path, NULL);
  g_assert_cmpint(write(fd, bytes, length), ==, (gssize)length);
  lseek(fd, 0, SEEK_SET);
  unlink(path);
  return fd;
}

static const char *const SESSION[] = {"session", NULL};

static void check_line_error(const char *bytes, gsize length, const char *expected)
{
  int fd = descriptor_with(bytes, length);
  g_autoptr(NxLines) lines = nx_lines_new(fd);
  g_autoptr(GError) err = NULL;
  json_object *line;
  gboolean good;
  do {
    good = nx_lines_next(lines, SESSION, &line, &err);
    json_object_put(line);
  } while (good && line);
  g_assert_error(err, NX_ERROR, NX_ERROR_LINE);
  g_autofree char *start = g_strndup(err->message, strlen(expected));
  g_assert_cmpstr(start, ==, expected);
  close(fd);
}

static void test_line_errors(void)
{
  check_line_error("{\"kind\":\"session\"}\n\nnope\n", 25, "line 3: not JSON");
  check_line_error("{\"kind\":\"thing\"}\n", 17, "line 1: unknown kind 'thing' (this stage reads: session)");
  check_line_error("{}\n", 3, "line 1: key 'kind' is missing");
  check_line_error("[]\n", 3, "line 1: not a JSON object");
  check_line_error("{\"kind\":\"\xff\"}\n", 13, "line 1: not valid UTF-8");
  g_autofree char *long_line = g_malloc(50 * 1024 * 1024);
  memset(long_line, ' ', 50 * 1024 * 1024);
  check_line_error(long_line, 50 * 1024 * 1024, "line 1: longer than 40 MiB");
}

static void test_line_needs(void)
{
  int fd = descriptor_with("{\"kind\":\"session\",\"start\":7,\"instrument\":{\"timezone\":\"UTC\"}}", 60);
  g_autoptr(NxLines) lines = nx_lines_new(fd);
  g_autoptr(json_object) line = NULL;
  g_assert_true(nx_lines_next(lines, SESSION, &line, NULL));
  g_autoptr(GError) missing = NULL, wrong = NULL;
  g_assert_null(nx_lines_need(lines, line, "instrument.pid", json_type_string, &missing));
  g_assert_cmpstr(missing->message, ==, "line 1: key 'instrument.pid' is missing");
  g_assert_null(nx_lines_need(lines, line, "start", json_type_string, &wrong));
  g_assert_cmpstr(wrong->message, ==, "line 1: key 'start' is not a string");
  g_assert_nonnull(nx_lines_need(lines, line, "instrument.timezone", json_type_string, NULL));
  close(fd);
}

static void test_line_paths(void)
{
  g_autoptr(json_object) line = json_object_new_object();
  nx_line_set_path(line, "/d/\xff.dm3");
  g_assert_cmpstr(nx_json_get_string(line, "path"), ==, "/d/\xEF\xBF\xBD.dm3");
  g_autofree char *path = nx_line_path(line, NULL);
  g_assert_cmpstr(path, ==, "/d/\xff.dm3");
}

static void test_session_failures(void)
{
  static const struct {
    NxErrorCode code;
    const char *status, *outcome;
  } EXPECTED[] = {
      {NX_ERROR_PLACE, "TO_BE_BUILT", "postponed"}, {NX_ERROR_INTERRUPTED, "TO_BE_BUILT", "postponed"},
      {NX_ERROR_CONFIG, "TO_BE_BUILT", "postponed"}, {NX_ERROR_DATA, "ERROR", "error"},
      {NX_ERROR_FORMAT, "ERROR", "error"},           {NX_ERROR_REMOTE, "ERROR", "error"},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(EXPECTED); i++) {
    g_autoptr(json_object) line = nx_json_parse("{\"status\":\"TO_BE_BUILT\"}", 24, NULL);
    g_assert_true(nx_session_is_open(line, "TO_BE_BUILT"));
    g_autoptr(GError) reason = g_error_new(NX_ERROR, (gint)EXPECTED[i].code, "no route");
    nx_session_fail(line, "nx-test", reason);
    g_assert_cmpstr(nx_json_get_string(line, "status"), ==, EXPECTED[i].status);
    g_assert_cmpstr(nx_json_get_string(nx_json_get(line, EXPECTED[i].outcome), "message"), ==, "no route");
    g_assert_false(nx_session_is_open(line, NULL));
  }
}

static void check_record_name(const char *start, const char *pid, const char *identifier, const char *expected)
{
  g_autoptr(GError) err = NULL;
  json_object *session = json_object_new_object(), *instrument = json_object_new_object();
  nx_json_set_string(session, "session_identifier", identifier);
  nx_json_set_string(session, "start", start);
  nx_json_set_string(instrument, "instrument_pid", pid);
  nx_json_set(session, "instrument", instrument);
  g_autofree char *name = nx_session_record_name(session, &err);
  g_assert_no_error(err);
  g_assert_cmpstr(name, ==, expected);
  json_object_put(session);
}

static void test_record_names(void)
{
  check_record_name("2018-11-13T10:00:00-07:00", "FEI-Titan-TEM", "https://nemo.example.com/api/usage_events/?id=31",
                    "2018-11-13_FEI-Titan-TEM_31.xml");
  check_record_name("2018-11-13T23:30:00-07:00", "a/b c", "1f0e5e4c-9a3b-4c2d-8e1f-0123456789ab", "2018-11-13_a_b_c_1f0e5e4c.xml");
  /* printf 'ical:X:uid@host' | sha256sum */
  check_record_name("2024-01-02T00:00:00Z", "X", "ical:X:uid@host", "2024-01-02_X_d0381237.xml");
  check_record_name("2024-01-02T00:00:00Z", "..", "https://x/?id=../../etc/passwd", "2024-01-02_.._d9de4667.xml");
}

/* Hashes by sha256sum, as above. */
static void test_record_names_differ(void)
{
  check_record_name("2024-01-02T00:00:00Z", "X", "ical:X:http://a/?id=5&cal=1", "2024-01-02_X_8ce07081.xml");
  check_record_name("2024-01-02T00:00:00Z", "X", "ical:X:http://a/?id=5&cal=2", "2024-01-02_X_edf4e538.xml");
  check_record_name("2024-01-02T00:00:00Z", "X", "https://x/?id=a/b", "2024-01-02_X_4ab7ea0a.xml");
  check_record_name("2024-01-02T00:00:00Z", "X", "https://x/?id=a%20b", "2024-01-02_X_8caffc0b.xml");
  check_record_name("2024-01-02T00:00:00Z", "X", "https://x/?id=a_b", "2024-01-02_X_a_b.xml");
  g_autofree char *digits = g_strnfill(300, '1'), *identifier = g_strconcat("https://x/?id=", digits, NULL);
  check_record_name("2024-01-02T00:00:00Z", "X", identifier, "2024-01-02_X_51802da9.xml");
}

static void test_file_write(void)
{
  g_autofree char *folder = g_dir_make_tmp("nx-test-XXXXXX", NULL);
  g_autofree char *path = g_build_filename(folder, "a", "b", "c.txt", NULL);
  g_assert_true(nx_file_write(path, "one", 3, 0640, NULL));
  g_assert_true(nx_file_write(path, "two!", 4, 0600, NULL));
  g_autofree char *text = NULL;
  gsize length;
  g_assert_true(nx_file_read(path, 100, &text, &length, NULL));
  g_assert_cmpuint(length, ==, 4);
  g_assert_cmpstr(text, ==, "two!");
  g_assert_false(nx_file_read(path, 3, &text, &length, NULL));
  struct stat about;
  g_assert_cmpint(stat(path, &about), ==, 0);
  g_assert_cmpint(about.st_mode & 0777, ==, 0600);
  g_autoptr(GError) err = NULL;
  g_assert_false(nx_file_write("/proc/nowhere/x", "x", 1, 0600, &err));
  g_assert_nonnull(err);
}

static void test_regular_only(void)
{
  g_autofree char *folder = g_dir_make_tmp("nx-test-XXXXXX", NULL);
  g_autofree char *path = g_build_filename(folder, "a.txt", NULL), *fifo = g_build_filename(folder, "fifo", NULL);
  g_autofree char *text = NULL;
  g_assert_true(g_file_set_contents(path, "one", -1, NULL));
  g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
  g_assert_true(nx_file_read_regular(path, 100, &text, NULL, NULL));
  g_assert_cmpstr(text, ==, "one");
  const char *others[] = {fifo, folder, "/dev/zero"};
  for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
    g_autoptr(GError) err = NULL;
    g_autofree char *sentence = g_strdup_printf("%s is not a regular file", others[i]), *none = NULL;
    g_assert_false(nx_file_read_regular(others[i], 100, &none, NULL, &err));
    g_assert_error(err, NX_ERROR, NX_ERROR_IO);
    g_assert_cmpstr(err->message, ==, sentence);
  }
}

static void test_left_over(void)
{
  g_autofree char *folder = g_dir_make_tmp("nx-test-XXXXXX", NULL);
  g_autofree char *path = g_build_filename(folder, "a.txt", NULL), *left = g_build_filename(folder, ".a.txt.new", NULL);
  g_assert_true(g_file_set_contents(left, "half of it, by a killed writer", -1, NULL));
  g_assert_true(nx_file_write(path, "whole", 5, 0600, NULL));
  g_assert_false(g_file_test(left, G_FILE_TEST_EXISTS));
  /* A busy writer is left alone. */
  int busy = open(left, O_RDWR | O_CREAT, 0600);
  g_assert_cmpint(flock(busy, LOCK_EX), ==, 0);
  g_assert_true(nx_file_write(path, "again", 5, 0600, NULL));
  g_assert_true(g_file_test(left, G_FILE_TEST_EXISTS));
  close(busy);
  /* No link is followed. */
  unlink(left);
  g_autofree char *other = g_build_filename(folder, "other", NULL);
  g_assert_true(g_file_set_contents(other, "precious", -1, NULL));
  g_assert_cmpint(symlink(other, left), ==, 0);
  g_assert_true(nx_file_write(path, "third", 5, 0600, NULL));
  g_autofree char *text = NULL;
  g_assert_true(nx_file_read(other, 100, &text, NULL, NULL));
  g_assert_cmpstr(text, ==, "precious");
}

static void test_paths(void)
{
  g_assert_cmpstr(nx_path_below("/mnt/i/Titan/a", "/mnt/i/"), ==, "Titan/a");
  g_assert_null(nx_path_below("/mnt/instr/a", "/mnt/i"));
  g_assert_null(nx_path_below("/mnt/i", "/mnt/i"));
  const char *const same[] = {"/Titan", "./Titan", "Titan", "Titan/", "//Titan"};
  for (gsize i = 0; i < G_N_ELEMENTS(same); i++) {
    g_autofree char *joined = nx_path_join("/mnt/i", same[i]);
    g_assert_cmpstr(joined, ==, "/mnt/i/Titan");
  }
  const char *const above[] = {"..", "../a", "/../a", "a/..", "a/../b"};
  for (gsize i = 0; i < G_N_ELEMENTS(above); i++)
    g_assert_null(nx_path_join_below("/mnt/i", above[i]));
  g_autofree char *dots = nx_path_join_below("/mnt/i", "/..a/b..");
  g_assert_cmpstr(dots, ==, "/mnt/i/..a/b..");
}

/* The kernel is asked where each path leads; `spelled` is what of it stays as it was written. */
static void test_absolute_paths(void)
{
  g_autofree char *here = g_get_current_dir(), *made = g_dir_make_tmp("nx-paths-XXXXXX", NULL), *folder = realpath(made, NULL);
  g_assert_cmpint(chdir(folder), ==, 0);
  g_assert_cmpint(g_mkdir_with_parents("deep/down", 0700), ==, 0);
  g_assert_cmpint(symlink("deep/down", "lnk"), ==, 0);
  g_assert_cmpint(symlink("lnk", "deep/way"), ==, 0);
  static const struct {
    const char *path, *below;
  } CASES[] = {
      {".", ""},
      {"lnk", "/lnk"},
      {"./lnk//x/.", "/lnk/x"},
      {"deep/..", ""},
      {"deep/../lnk", "/lnk"},
      {"lnk/..", "/deep"},
      {"lnk/../way/x", "/deep/way/x"},
      {"deep/../lnk/../../new/x", "/new/x"},
      {"..x/x../...", "/..x/x../..."},
      {"gone/../x", "/gone/../x"}, /* leads nowhere, as it does for the kernel */
  };
  for (gsize i = 0; i < 2 * G_N_ELEMENTS(CASES); i++) {
    g_autofree char *whole = g_strconcat(folder, "/", CASES[i / 2].path, NULL), *wanted = g_strconcat(folder, CASES[i / 2].below, NULL);
    g_autofree char *absolute = nx_path_absolute(i % 2 ? whole : CASES[i / 2].path);
    g_assert_cmpstr(absolute, ==, wanted);
  }
  g_autofree char *above = nx_path_absolute("/../.."), *top = nx_path_absolute("//");
  g_assert_cmpstr(above, ==, "/");
  g_assert_cmpstr(top, ==, "/");
  g_assert_cmpint(unlink("deep/way"), ==, 0);
  g_assert_cmpint(unlink("lnk"), ==, 0);
  g_assert_cmpint(rmdir("deep/down"), ==, 0);
  g_assert_cmpint(rmdir("deep"), ==, 0);
  g_assert_cmpint(chdir(here), ==, 0);
  g_assert_cmpint(rmdir(folder), ==, 0);
}

static void test_log_hides(void)
{
  nx_log_hide("s3cret-token");
  nx_log_hide("abc"); /* too short: would mangle ordinary words */
  g_autofree char *text = nx_log_masked("Token s3cret-token, abc");
  g_assert_cmpstr(text, ==, "Token ***, abc");
  g_autofree char *address = nx_log_masked("extra argument (postgresql://dev:d@localhost:5432/igem) at http://h:80/a?b=c@d");
  g_assert_cmpstr(address, ==, "extra argument (postgresql://dev:***@localhost:5432/igem) at http://h:80/a?b=c@d");
}

static void test_no_core_holds_secrets(void)
{
  struct rlimit limit = {0};
  g_assert_cmpint(getrlimit(RLIMIT_CORE, &limit), ==, 0);
  limit.rlim_cur = limit.rlim_max;
  g_assert_cmpint(setrlimit(RLIMIT_CORE, &limit), ==, 0);
  nx_log_hide("another-token");
  g_assert_cmpint(getrlimit(RLIMIT_CORE, &limit), ==, 0);
  g_assert_cmpuint(limit.rlim_cur, <=, 1);
}

static void test_patience(void)
{
  static const struct {
    const char *scale;
    gint64 us; /* of 1.5 s */
  } CASES[] = {{NULL, 1500000}, {"1", 1500000}, {"0.01", 15000}, {"2", 3000000}, {"0", 1500000}, {"-1", 1500000}, {"", 1500000}};
  for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
    if (CASES[i].scale)
      g_setenv("NX_TEST_TIME_SCALE", CASES[i].scale, TRUE);
    g_assert_cmpint(nx_patience_us(1.5), ==, CASES[i].us);
  }
  g_unsetenv("NX_TEST_TIME_SCALE");
}

static void test_processes(void)
{
  int ends[2];
  g_assert_cmpint(pipe(ends), ==, 0);
  char *argv[] = {"/bin/sh", "-c", "echo hello; exit 3", NULL};
  NxSpawn spawn = {.argv = argv, .in = -1, .out = ends[1], .err = -1};
  GPid pid;
  g_assert_true(nx_process_start(&spawn, &pid, NULL));
  close(ends[1]);
  char text[16] = "";
  g_assert_cmpint(read(ends[0], text, sizeof text), ==, 6);
  g_assert_cmpstr(text, ==, "hello\n");
  g_assert_cmpint(nx_process_wait(pid), ==, 3);
  close(ends[0]);
}

static void test_process_not_there(void)
{
  char *argv[] = {"/nonexistent/program", NULL};
  NxSpawn spawn = {.argv = argv, .in = -1, .out = -1, .err = -1};
  GPid pid;
  g_autoptr(GError) err = NULL;
  g_assert_false(nx_process_start(&spawn, &pid, &err));
  g_assert_error(err, NX_ERROR, NX_ERROR_MISSING);
}

int main(int argc, char **argv)
{
  g_setenv("TZ", "America/New_York", TRUE);
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/base/text/a real is spelled as Python spells it", test_double);
  g_test_add_func("/base/text/ISO 8859-1 becomes UTF-8", test_latin1);
  g_test_add_func("/base/text/UTF-16 is told by its mark, and what is broken in it costs one character", test_utf16);
  g_test_add_func("/base/text/no shorter text reads back to the same number", test_double_shortest);
  g_test_add_func("/base/text/bytes that are not UTF-8 become U+FFFD one by one", test_utf8);
  g_test_add_func("/base/text/control characters never reach a terminal", test_visible);
  g_test_add_func("/base/text/of foreign text a message shows a line that everybody can see", test_beginning);
  g_test_add_func("/base/text/of a secret in foreign text not even its beginning is shown", test_beginning_secret);
  g_test_add_func("/base/time/what is no date cannot write a line of the log", test_time_messages);
  g_test_add_func("/base/text/of a secret that fills a foreign text nothing is shown", test_beginning_secrets);
  g_test_add_func("/base/text/the start of a foreign text is cut at a character, and never in a secret", test_start);
  g_test_add_func("/base/text/characters that XML forbids are dropped and counted", test_xml);
  g_test_add_func("/base/text/percent encoding goes both ways", test_percent);
  g_test_add_func("/base/text/the first query value of a name counts", test_query);
  g_test_add_func("/base/text/wide characters take two cells and marks none", test_width);
  g_test_add_func("/base/time/every documented form is read and impossible ones are refused", test_times);
  g_test_add_func("/base/time/epoch seconds round half to even", test_epoch);
  g_test_add_func("/base/time/only IANA names are zones", test_zones);
  g_test_add_func("/base/time/rules and offsets are no names of zones, names that look like them are", test_zones_are_names);
  g_test_add_func("/base/time/a day begins at the first of two midnights", test_day_start);
  g_test_add_func("/base/time/bounds are whole days of the system zone", test_bounds);
  g_test_add_func("/base/json/numbers keep their form and keys their order", test_json_keeps_numbers);
  g_test_add_func("/base/json/an integer beyond 64 bits keeps its digits", test_json_keeps_long_numbers);
  g_test_add_func("/base/json/text is escaped as the dump shows it", test_json_escapes);
  g_test_add_func("/base/json/bytes that are not UTF-8 become U+FFFD", test_json_of_bytes);
  g_test_add_func("/base/time/an instant outside of the calendar is none", test_edge_of_calendar);
  g_test_add_func("/base/json/a value of one word is a text of its own", test_json_of_one_word);
  g_test_add_func("/base/json/what is not JSON is refused", test_json_refuses);
  g_test_add_func("/base/json/an error names what is there", test_json_names_what_is_there);
  g_test_add_func("/base/lines/a bad line is named by its number", test_line_errors);
  g_test_add_func("/base/lines/a missing or wrong key is named", test_line_needs);
  g_test_add_func("/base/lines/a path of any bytes survives", test_line_paths);
  g_test_add_func("/base/session/trouble of the place and a wrong setting postpone, all else is an error", test_session_failures);
  g_test_add_func("/base/session/names of records hold date, instrument and session and no path", test_record_names);
  g_test_add_func("/base/session/only an address has an id, and what is too long for a name is hashed", test_record_names_differ);
  g_test_add_func("/base/files/a file is replaced whole with the mode asked for", test_file_write);
  g_test_add_func("/base/files/a FIFO, a folder or a device is refused where only a file will do", test_regular_only);
  g_test_add_func("/base/files/what a killed writer left is taken away by the next", test_left_over);
  g_test_add_func("/base/files/paths join and are seen below a root", test_paths);
  g_test_add_func("/base/files/a path is made absolute with its dots where the kernel sees them, and else as it is spelled", test_absolute_paths);
  g_test_add_func("/base/log/secrets never show", test_log_hides);
  g_test_add_func("/base/log/a process that knows a secret leaves no core file", test_no_core_holds_secrets);
  g_test_add_func("/base/time/patience is scaled, and whole where waits are left out", test_patience);
  g_test_add_func("/base/process/a child gets its descriptors and its exit status comes back", test_processes);
  g_test_add_func("/base/process/a program that is not there is an error at once", test_process_not_there);
  return g_test_run();
}
