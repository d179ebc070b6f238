/* test-tui.c — the rules of forms, the statements of the browser and text in cells, without a screen (tui §1.1, §3). */
#include "browse.h"
#include "cells.h"
#include "edit.h"
#include "rules.h"
#include "zones.h"

static void expect(char *message, const char *wanted)
{
  g_assert_cmpstr(message, ==, wanted);
  g_free(message);
}

static void test_required(void)
{
  expect(nx_rule_required("Location", "  "), "Location is required");
  expect(nx_rule_required("Location", "x"), NULL);
}

static void test_length(void)
{
  expect(nx_rule_length("Property Tag", "12345678901234567890", 20), NULL);
  expect(nx_rule_length("Property Tag", "123456789012345678901", 20), "Property Tag must be at most 20 characters");
  expect(nx_rule_length("Property Tag", "éééééééééééééééééééé", 20), NULL);
}

static void test_url(void)
{
  expect(nx_rule_url("API URL", ""), "API URL is required");
  expect(nx_rule_url("API URL", "ftp://x"), "API URL must start with http:// or https://");
  expect(nx_rule_url("API URL", "https://"), "API URL is not a valid URL");
  expect(nx_rule_url("API URL", "https:///path"), "API URL is not a valid URL");
  expect(nx_rule_url("API URL", "HTTPS://nemo.example.com/api/tools/?id=42"), NULL);
}

static void test_nemo_address(void)
{
  expect(nx_rule_nemo_address(""), "NEMO address is required");
  expect(nx_rule_nemo_address("nemo.example.com"), "NEMO address must start with http:// or https://");
  expect(nx_rule_nemo_address("https://nemo.example.com/api"), "NEMO address must end with a trailing slash ('/')");
  expect(nx_rule_nemo_address("https://nemo.example.com/api/"), NULL);
}

static void test_zone_of_instrument(void)
{
  expect(nx_rule_instrument_zone(""), "Timezone is required");
  expect(nx_rule_instrument_zone("eastern"), "Unknown timezone. Did you mean: Canada/Eastern, US/Eastern?");
  expect(nx_rule_instrument_zone("xyzzy"), "Unknown timezone. Use IANA format (e.g., America/New_York)");
  expect(nx_rule_instrument_zone("EST"), NULL);
  expect(nx_rule_instrument_zone("America/Denver"), NULL);
  g_assert_false(nx_zone_is_known("../zoneinfo/UTC"));
  g_assert_false(nx_zone_is_known("/usr/share/zoneinfo/UTC"));
  g_assert_false(nx_zone_is_known("America"));
}

static void test_zone_of_setting(void)
{
  expect(nx_rule_setting_zone(""), NULL);
  expect(nx_rule_setting_zone("Mars/Olympus"), "Unknown timezone \"Mars/Olympus\". Use IANA format (e.g., America/New_York)");
}

static void test_suggestion(void)
{
  g_assert_cmpstr(nx_zone_suggestion("europe/ber"), ==, "Europe/Berlin");
  g_assert_null(nx_zone_suggestion("xyzzy"));
  g_assert_null(nx_zone_suggestion(""));
}

static void test_numbers(void)
{
  expect(nx_rule_number("D", "", NX_ABOVE_ZERO), "D is required");
  expect(nx_rule_number("D", "two", NX_ABOVE_ZERO), "D must be a number");
  expect(nx_rule_number("D", "0", NX_ABOVE_ZERO), "D must be greater than 0");
  expect(nx_rule_number("D", "0", NX_ZERO_OR_MORE), NULL);
  expect(nx_rule_number("D", "-1", NX_ZERO_OR_MORE), "D must be 0 or greater");
  expect(nx_rule_number("D", "2.5", NX_ABOVE_ZERO), NULL);
  expect(nx_rule_integer("L", "1.5"), "L must be an integer");
  expect(nx_rule_integer("L", ""), NULL);
}

static void test_port(void)
{
  expect(nx_rule_port(""), NULL);
  expect(nx_rule_port("0"), "SMTP port must be between 1 and 65535");
  expect(nx_rule_port("65536"), "SMTP port must be between 1 and 65535");
  expect(nx_rule_port("smtp"), "SMTP port must be an integer");
  expect(nx_rule_port("65535"), NULL);
}

static void test_filestore(void)
{
  expect(nx_rule_filestore("F", "./Titan"), NULL);
  expect(nx_rule_filestore("F", "a/..b"), NULL);
  expect(nx_rule_filestore("F", "a/../b"), "F must not contain '..'");
  expect(nx_rule_filestore("F", "/a"), "F must be relative to the instrument data folder");
}

static void test_pattern(void)
{
  expect(nx_browse_pattern("50%_a\\b"), "%50\\%\\_a\\\\b%");
}

static void test_statement(void)
{
  const char *const columns[] = {"id", "say \"so\"", NULL};
  NxBrowseQuestion question = {.table = (char *)"t\"x", .filter = (char *)"", .first = 1000};
  expect(nx_browse_sql(&question, columns, FALSE), "SELECT * FROM \"t\"\"x\" LIMIT 1000 OFFSET 1000");
  question.filter = (char *)"a";
  question.sorted = (char *)"id";
  question.descending = TRUE;
  expect(nx_browse_sql(&question, columns, FALSE),
         "SELECT * FROM \"t\"\"x\" WHERE CAST(\"id\" AS TEXT) LIKE $1 ESCAPE '\\' OR CAST(\"say \"\"so\"\"\" AS TEXT) LIKE $1 ESCAPE '\\' "
         "ORDER BY \"id\" DESC LIMIT 1000 OFFSET 1000");
  expect(nx_browse_sql(&question, columns, TRUE),
         "SELECT count(*) FROM \"t\"\"x\" WHERE CAST(\"id\" AS TEXT) LIKE $1 ESCAPE '\\' OR CAST(\"say \"\"so\"\"\" AS TEXT) LIKE $1 ESCAPE '\\'");
}

static void test_fit(void)
{
  expect(nx_cells_fit("abc", 0, 5), "abc  ");
  expect(nx_cells_fit("abcdef", 0, 4), "abc…");
  expect(nx_cells_fit("abcdef", 2, 4), "cdef");
  expect(nx_cells_fit("電子顕", 0, 6), "電子顕");
  expect(nx_cells_fit("電子顕", 0, 5), "電子…");
  expect(nx_cells_fit("電子顕", 0, 4), "電… ");
  expect(nx_cells_fit("電子", 1, 3), " 子");
  expect(nx_cells_fit("e\xcc\x81t\xc3\xa9", 0, 3), "e\xcc\x81t\xc3\xa9");
  expect(nx_cells_fit("x", 0, 0), "");
}

static void test_clean(void)
{
  expect(nx_cells_clean("a\nb\tc\033[2J"), "a↵b c�[2J");
  expect(nx_cells_clean("x\xe2\x80\xaey"), "x�y");
  expect(nx_cells_clean("\xff"), "�");
}

static void test_wrap(void)
{
  g_auto(GStrv) lines = nx_cells_wrap("one two three\nfour", 8);
  const char *const wanted[] = {"one two", "three", "four", NULL};
  g_assert_true(g_strv_equal((const char *const *)lines, wanted));
}

static void test_patterns_list(void)
{
  expect(nx_edit_list_to_json(" *.mib, *.db ,"), "[\"*.mib\",\"*.db\"]");
  expect(nx_edit_list_from_json("[\"*.mib\", \"*.db\"]"), "*.mib, *.db");
  expect(nx_edit_list_from_json("not json"), "not json");
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/tui/a required field may not be blank", test_required);
  g_test_add_func("/tui/length counts characters, not bytes", test_length);
  g_test_add_func("/tui/a URL has a web scheme and a host", test_url);
  g_test_add_func("/tui/a NEMO address ends with a slash", test_nemo_address);
  g_test_add_func("/tui/an unknown zone of an instrument gets three proposals", test_zone_of_instrument);
  g_test_add_func("/tui/an unknown zone of a setting is named", test_zone_of_setting);
  g_test_add_func("/tui/a zone is suggested by how it begins", test_suggestion);
  g_test_add_func("/tui/numbers keep their range", test_numbers);
  g_test_add_func("/tui/a port is between 1 and 65535", test_port);
  g_test_add_func("/tui/a filestore path stays below its root", test_filestore);
  g_test_add_func("/tui/a filter is taken as it is", test_pattern);
  g_test_add_func("/tui/names of tables and columns are quoted", test_statement);
  g_test_add_func("/tui/text fits its cells, wide characters and marks too", test_fit);
  g_test_add_func("/tui/what a terminal would obey is made harmless", test_clean);
  g_test_add_func("/tui/lines break at blanks", test_wrap);
  g_test_add_func("/tui/patterns are typed with commas and stored as JSON", test_patterns_list);
  return g_test_run();
}
