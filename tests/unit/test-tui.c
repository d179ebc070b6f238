/* test-tui.c — the rules of forms, the statements of the browser and text in cells, without a screen (tui §1.1, §3). */
#include "browse-parts.h"
#include "cells.h"
#include "edit.h"
#include "rules.h"
#include "zones.h"

#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

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
  expect(nx_rule_instrument_zone("../zoneinfo/UTC"), "Unknown timezone. Use IANA format (e.g., America/New_York)");
  expect(nx_rule_instrument_zone("/usr/share/zoneinfo/UTC"), "Unknown timezone. Use IANA format (e.g., America/New_York)");
  expect(nx_rule_instrument_zone("UTC+2"), "Unknown timezone. Use IANA format (e.g., America/New_York)");
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
  char *columns[] = {(char *)"id", (char *)"say \"so\"", NULL};
  NxBrowseTable table = {.name = (char *)"t\"x", .columns = columns, .like = "LIKE"};
  NxBrowseQuestion question = {.table = table.name, .filter = (char *)"", .first = 1000};
  expect(nx_browse_sql(&table, &question), "SELECT 0, * FROM \"t\"\"x\" ORDER BY 2 LIMIT 1000 OFFSET 1000");
  question.filter = (char *)"a";
  question.sorted = (char *)"id";
  question.descending = TRUE;
  expect(nx_browse_sql(&table, &question),
         "SELECT 0, * FROM \"t\"\"x\" WHERE (CAST(\"id\" AS TEXT) LIKE $1 ESCAPE '\\' OR CAST(\"say \"\"so\"\"\" AS TEXT) LIKE $1 ESCAPE '\\') "
         "ORDER BY \"id\" DESC, 2 LIMIT 1000 OFFSET 1000");
  expect(nx_browse_count_sql(&table, "a", FALSE, 0, 0),
         "SELECT count(*) FROM \"t\"\"x\" WHERE (CAST(\"id\" AS TEXT) LIKE $1 ESCAPE '\\' OR CAST(\"say \"\"so\"\"\" AS TEXT) LIKE $1 ESCAPE '\\')");
  table.walks = TRUE;
  expect(nx_browse_piece_sql(&table, "", -5, 7, 10), "SELECT _rowid_, * FROM \"t\"\"x\" WHERE _rowid_ BETWEEN -5 AND 7 ORDER BY _rowid_ LIMIT 10");
}

/* --------------------------------------------------------------------------------- the browser against plain statements */

#define BROWSED_ROWS 7000

static char *make_browsed_table(const char *statement)
{
  char *path = g_build_filename(g_get_tmp_dir(), "nx-test-browse-XXXXXX", NULL);
  close(g_mkstemp(path));
  g_autoptr(GError) error = NULL;
  g_autoptr(NxDb) db = nx_db_open(path, NX_DB_CREATE, &error);
  g_assert_no_error(error);
  g_autofree char *fill = g_strdup_printf(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
      "INSERT INTO t SELECT CASE WHEN i < 100 THEN -i ELSE i * 37 END, 'Name ' || (i * 7919 %% 5003), CASE i %% 9 WHEN 0 THEN NULL ELSE i / 3 END FROM n",
      BROWSED_ROWS);
  nx_db_script(db, statement, &error);
  g_assert_no_error(error);
  nx_db_script(db, fill, &error);
  g_assert_no_error(error);
  return path;
}

/* The ids of a page: "1 2 3 (of 3)". */
static char *browse(NxBrowser *browser, const NxBrowseQuestion *question)
{
  g_autoptr(NxPage) page = NULL;
  GString *ids = g_string_new(NULL);
  nx_browser_ask(browser, question);
  while (!page || !page->is_whole || nx_browser_is_busy(browser))
    nx_browser_take(browser, 20, &page);
  g_assert_null(page->error);
  for (guint row = 0; row < page->rows->len; row++)
    g_string_append_printf(ids, "%s ", nx_page_text(page, row, 0, NULL));
  g_string_append_printf(ids, "(of %" G_GINT64_FORMAT ")", nx_browser_total(browser));
  return g_string_free(ids, FALSE);
}

static char *select_plainly(NxDb *db, const NxBrowseQuestion *question)
{
  GString *ids = g_string_new(NULL);
  g_autofree char *order = question->sorted ? g_strdup_printf("%s %s, id", question->sorted, question->descending ? "DESC" : "ASC") : g_strdup("id");
  g_autofree char *kept = g_strdup_printf("FROM t WHERE id LIKE '%%%s%%' OR name LIKE '%%%s%%' OR value LIKE '%%%s%%'", question->filter, question->filter,
                                          question->filter);
  g_autofree char *sql = g_strdup_printf("SELECT id %s ORDER BY %s LIMIT 1000 OFFSET %" G_GUINT64_FORMAT, *question->filter ? kept : "FROM t", order,
                                         question->first);
  g_autofree char *counting = g_strdup_printf("SELECT count(*) %s", *question->filter ? kept : "FROM t");
  g_autoptr(NxRows) rows = nx_db_select(db, NULL, sql, NULL);
  while (nx_rows_next(rows))
    g_string_append_printf(ids, "%s ", nx_rows_text(rows, 0));
  gint64 total = 0;
  nx_db_number(db, &total, NULL, counting, NULL);
  g_string_append_printf(ids, "(of %" G_GINT64_FORMAT ")", total);
  return g_string_free(ids, FALSE);
}

/* As a person would: letters are added and taken back, columns sorted, pages turned; sometimes a question is dropped half-way. */
static void browse_at_random(const char *statement, guint rounds)
{
  static const char LETTERS[] = "nam1723 e";
  static const char *const COLUMNS[] = {NULL, NULL, NULL, "id", "name", "value"};
  g_autofree char *path = make_browsed_table(statement);
  g_autoptr(NxDb) db = nx_db_open(path, NX_DB_READ, NULL);
  NxBrowser *browser = nx_browser_new(path, NULL);
  g_autoptr(GString) filter = g_string_new(NULL);
  NxBrowseQuestion question = {.table = (char *)"t"};
  for (guint round = 0; round < rounds; round++) {
    int what = g_test_rand_int_range(0, 10);
    if (what < 4)
      g_string_append_c(filter, LETTERS[g_test_rand_int_range(0, (gint32)strlen(LETTERS))]);
    else if (what < 6 && filter->len)
      g_string_truncate(filter, filter->len - 1);
    else if (what == 6)
      g_string_truncate(filter, 0);
    else if (what == 7) {
      question.sorted = (char *)COLUMNS[g_test_rand_int_range(0, G_N_ELEMENTS(COLUMNS))];
      question.descending = g_test_rand_bit();
    }
    question.first = what == 8 ? question.first + NX_PAGE_ROWS : what == 9 && question.first ? question.first - NX_PAGE_ROWS : 0;
    question.filter = filter->str;
    if (g_test_rand_int_range(0, 4) == 0) {
      nx_browser_ask(browser, &question);
      continue;
    }
    if (g_test_rand_int_range(0, 4) == 0) {
      NxBrowseQuestion next = question;
      next.first += NX_PAGE_ROWS;
      nx_browser_expect(browser, &next, 1);
    }
    g_autofree char *found = browse(browser, &question);
    g_autofree char *wanted = select_plainly(db, &question);
    if (g_strcmp0(found, wanted) != 0)
      g_test_message("filter '%s' sorted by %s %d from %d", filter->str, question.sorted, question.descending, (int)question.first);
    g_assert_cmpstr(found, ==, wanted);
  }
  nx_browser_free(browser);
  g_unlink(path);
}

static void test_walked_table(void)
{
  browse_at_random("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, value INTEGER)", 300);
}

static void test_table_without_row_ids(void)
{
  browse_at_random("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, value INTEGER) WITHOUT ROWID", 150);
}

static void test_changed_table(void)
{
  g_autofree char *path = make_browsed_table("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, value INTEGER)");
  NxBrowser *browser = nx_browser_new(path, NULL);
  NxBrowseQuestion question = {.table = (char *)"t", .filter = (char *)"added"};
  g_autofree char *before = browse(browser, &question);
  g_assert_cmpstr(before, ==, "(of 0)");
  g_autoptr(NxDb) db = nx_db_open(path, NX_DB_WRITE, NULL);
  g_assert_true(nx_db_script(db, "INSERT INTO t VALUES (9999999, 'Added', 0)", NULL));
  g_autofree char *after = browse(browser, &question);
  g_assert_cmpstr(after, ==, "9999999 (of 1)");
  nx_browser_free(browser);
  g_unlink(path);
}

static void test_long_cells(void)
{
  g_autofree char *path = make_browsed_table("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, value INTEGER)");
  g_autoptr(NxDb) db = nx_db_open(path, NX_DB_WRITE, NULL);
  g_assert_true(nx_db_script(db, "UPDATE t SET name = replace(hex(zeroblob(50000)), '00', '\xc3\xa9') || 'end' WHERE id = 3700", NULL));
  NxBrowser *browser = nx_browser_new(path, NULL);
  g_autoptr(NxPage) page = NULL;
  NxBrowseQuestion question = {.table = (char *)"t", .filter = (char *)"\xc3\xa9"};
  nx_browser_ask(browser, &question);
  while (!page || !page->is_whole)
    nx_browser_take(browser, 20, &page);
  gboolean is_cut = FALSE;
  g_assert_cmpuint(strlen(nx_page_text(page, 0, 1, &is_cut)), <=, 4096);
  g_assert_true(is_cut);
  g_assert_true(g_utf8_validate(nx_page_text(page, 0, 1, NULL), -1, NULL));
  g_autofree char *whole = nx_browse_whole_cell(path, &question, page, 0, 1, NULL);
  g_assert_cmpuint(strlen(whole), ==, 100003);
  g_assert_true(g_str_has_suffix(whole, "end"));
  /* A longer filter that may lie in what was cut off is still found. */
  question.filter = (char *)"\xc3\xa9" "END";
  g_autofree char *found = browse(browser, &question);
  g_assert_cmpstr(found, ==, "3700 (of 1)");
  nx_browser_free(browser);
  g_unlink(path);
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

/* Every character takes as many cells as curses gives it, or is shown as one that does. */
static void test_every_width(void)
{
  for (gunichar c = 0x20; c <= 0x10ffff; c++) {
    char bytes[8] = {0};
    if (c >= 0xd800 && c < 0xe000)
      continue;
    g_unichar_to_utf8(c, bytes);
    g_autofree char *clean = nx_cells_clean(bytes);
    int cells = wcwidth((wchar_t)g_utf8_get_char(clean));
    g_assert_cmpint(cells, >=, 0);
    g_assert_cmpuint(nx_cells_width(clean), ==, (guint)cells);
  }
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

/* An empty text would mean the default, and what stands between commas would be two patterns. */
static void test_patterns_as_stored(void)
{
  static const char *const STORED[] = {"[]", "[\"a,b\"]", "[\" x\"]", "[\"[ab]*\"]", "[\"\"]"};
  for (gsize i = 0; i < G_N_ELEMENTS(STORED); i++) {
    expect(nx_edit_list_from_json(STORED[i]), STORED[i]);
    expect(nx_edit_list_to_json(STORED[i]), STORED[i]);
  }
}

/* -------------------------------------------------------------------------------------------------- config edit */

/* An editor of a file that holds these lines, NAME=VALUE. */
static void edit_open(NxEdit *edit, const char *text)
{
  *edit = (NxEdit){.path = ".env", .present = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free)};
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (char **line = lines; *line; line++) {
    const char *equals = strchr(*line, '=');
    g_hash_table_insert(edit->present, g_strndup(*line, (gsize)(equals - *line)), g_strdup(equals + 1));
  }
  nx_edit_make_forms(edit);
}

static void edit_close(NxEdit *edit)
{
  for (guint tab = 0; tab < NX_EDIT_TABS; tab++)
    nx_form_clear(&edit->forms[tab]);
  g_hash_table_unref(edit->present);
}

/* NULL: it would not be in the file. */
static char *edit_saves(const NxEdit *edit, const char *name)
{
  g_autoptr(GHashTable) wanted = nx_edit_wanted(edit);
  return g_strdup(g_hash_table_lookup(wanted, name));
}

static void test_no_patterns(void)
{
  NxEdit edit;
  edit_open(&edit, "NX_IGNORE_PATTERNS=[]");
  expect(edit_saves(&edit, "NX_IGNORE_PATTERNS"), "[]");
  static const char *const EMPTY[] = {"", " ", ",", " , ,\t"};
  for (gsize i = 0; i < G_N_ELEMENTS(EMPTY); i++) {
    nx_input_set(&nx_edit_field(&edit, "NX_IGNORE_PATTERNS")->input, EMPTY[i]);
    expect(edit_saves(&edit, "NX_IGNORE_PATTERNS"), NULL);
  }
  edit_close(&edit);
}

/* What is said about a text in a field, an error or a warning; NULL: nothing. */
static char *edit_says(NxEdit *edit, const char *name, const char *text)
{
  NxField *field = nx_edit_field(edit, name);
  nx_input_set(&field->input, text);
  nx_edit_follow_switches(edit);
  for (guint tab = 0; tab < NX_EDIT_TABS; tab++)
    nx_form_check(&edit->forms[tab]);
  return g_strdup(field->error ? field->error : field->warning);
}

static void test_variables(void)
{
  static const char WORDS[] = "Holds ${: a variable takes its place whenever the file is read, and nothing prevents it";
  NxEdit edit;
  edit_open(&edit, "NX_NEMO_ADDRESS_7=https://nemo.example.com/api/\nNX_EMAIL_SENDER=a@example.com");
  expect(edit_says(&edit, "NX_CDCS_TOKEN", "ab${c}"), WORDS);
  expect(edit_says(&edit, "NX_DATA_PATH", "/tmp/${PLACE}"), WORDS);
  expect(edit_says(&edit, "NX_NEMO_TOKEN_7", "x${"), WORDS);
  expect(edit_says(&edit, "NX_IGNORE_PATTERNS", "*.a, ${B}"), WORDS);
  expect(edit_says(&edit, "NX_EMAIL_SMTP_PASSWORD", "${"), WORDS);
  expect(edit_says(&edit, "NX_CDCS_TOKEN", "a$b{c}"), NULL);
  expect(edit_says(&edit, "NX_DATA_PATH", "/tmp"), NULL);
  expect(edit_says(&edit, "NX_FILE_DELAY_DAYS", "${DAYS}"), "NX_FILE_DELAY_DAYS must be a number");
  edit_close(&edit);
}

/* The programs look for NX_NEMO_TOKEN_1 only: under that name it is shown, and written. */
static void test_padded_numbers(void)
{
  NxEdit edit;
  edit_open(&edit, "NX_NEMO_ADDRESS_01=https://nemo.example.com/api/\nNX_NEMO_TOKEN_001=first\nNX_NEMO_TOKEN_01=second\nNX_NEMO_TZ_1=UTC\n"
                   "NX_NEMO_ADDRESS_2=https://other.example.com/api/\nNX_NEMO_ADDRESS_02=https://unread.example.com/api/\nNX_NEMO_TOKEN_2=x");
  g_assert_cmpstr(nx_edit_text(&edit, "NX_NEMO_ADDRESS_1"), ==, "https://nemo.example.com/api/");
  g_assert_cmpstr(nx_edit_text(&edit, "NX_NEMO_TOKEN_1"), ==, "first");
  g_assert_cmpstr(nx_edit_text(&edit, "NX_NEMO_TZ_1"), ==, "UTC");
  g_assert_cmpstr(nx_edit_text(&edit, "NX_NEMO_ADDRESS_2"), ==, "https://other.example.com/api/");
  expect(edit_saves(&edit, "NX_NEMO_ADDRESS_1"), "https://nemo.example.com/api/");
  expect(edit_saves(&edit, "NX_NEMO_ADDRESS_01"), NULL);
  edit_close(&edit);
}

static void test_number_again(void)
{
  NxEdit edit;
  edit_open(&edit, "NX_NEMO_ADDRESS_1=https://nemo.example.com/api/\nNX_NEMO_TOKEN_1=first\nNX_NEMO_ADDRESS_2=https://old.example.com/api/\n"
                   "NX_NEMO_TOKEN_2=secret\nNX_NEMO_TZ_2=UTC\nNX_NEMO_STRFTIME_FMT_2=%Y");
  nx_edit_remove_harvester(&edit, 2);
  nx_edit_add_harvester(&edit);
  g_assert_cmpstr(nx_edit_text(&edit, "NX_NEMO_ADDRESS_2"), ==, "");
  g_assert_cmpstr(nx_edit_text(&edit, "NX_NEMO_TOKEN_2"), ==, "");
  g_assert_cmpstr(nx_edit_text(&edit, "NX_NEMO_TZ_2"), ==, "");
  g_assert_cmpstr(nx_edit_text(&edit, "NX_NEMO_STRFTIME_FMT_2"), ==, "%Y-%m-%dT%H:%M:%S%z");
  g_assert_cmpstr(nx_edit_text(&edit, "NX_NEMO_TOKEN_1"), ==, "first");
  edit_close(&edit);
}

static void test_switches(void)
{
  static const struct {
    const char *name, *stored, *shown, *saved;
  } CASES[] = {
    {"NX_EMAIL_USE_TLS", "on", "false", "on"},   {"NX_EMAIL_USE_TLS", "YES", "true", "YES"},
    {"NX_EMAIL_USE_TLS", "0", "false", "0"},     {"NX_DISABLE_SSL_VERIFY", "on", "true", "on"},
    {"NX_DISABLE_SSL_VERIFY", "F", "false", "F"}, {"NX_DISABLE_SSL_VERIFY", "maybe", "false", "false"},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    NxEdit edit;
    g_autofree char *text = g_strdup_printf("NX_EMAIL_SENDER=a@example.com\n%s=%s", CASES[i].name, CASES[i].stored);
    edit_open(&edit, text);
    g_assert_cmpstr(nx_edit_text(&edit, CASES[i].name), ==, CASES[i].shown);
    expect(edit_saves(&edit, CASES[i].name), CASES[i].saved);
    gboolean is_on = g_str_equal(CASES[i].shown, "true");
    nx_input_set(&nx_edit_field(&edit, CASES[i].name)->input, is_on ? "false" : "true");
    expect(edit_saves(&edit, CASES[i].name), is_on ? "false" : "true");
    edit_close(&edit);
  }
}

static void test_empty_values(void)
{
  NxEdit edit;
  edit_open(&edit, "NX_EMAIL_USE_TLS=\nNX_EMAIL_SMTP_HOST=\nNX_ELABFTW_API_KEY=\nNX_FILE_DELAY_DAYS=\nNX_FILE_STRATEGY=\nNX_NEMO_ADDRESS_2=\n"
                   "NX_CDCS_ASSIGN_TO_PUBLIC_WORKSPACE=");
  g_assert_cmpstr(nx_edit_text(&edit, "NX_EMAIL_USE_TLS"), ==, "true");
  g_assert_cmpstr(nx_edit_text(&edit, "NX_CDCS_ASSIGN_TO_PUBLIC_WORKSPACE"), ==, "true");
  g_assert_cmpstr(nx_edit_text(&edit, "NX_FILE_DELAY_DAYS"), ==, "2");
  g_assert_cmpstr(nx_edit_text(&edit, "NX_FILE_STRATEGY"), ==, "exclusive");
  g_assert_false(nx_edit_is_on(&edit, "email"));
  g_assert_false(nx_edit_is_on(&edit, "elabftw"));
  g_assert_null(nx_edit_field(&edit, "NX_NEMO_ADDRESS_2"));
  edit_close(&edit);
}

static void has_field(const NxEdit *edit, const NxSetting *row, guint number)
{
  g_autofree char *name = number ? g_strdup_printf("%.*s_%u", (int)strlen(row->name) - 2, row->name, number) : g_strdup(row->name);
  const NxField *field = nx_edit_field(edit, name);
  if (!field || !field->help || !row->help)
    g_test_message("%s", name);
  g_assert_nonnull(field);
  g_assert_nonnull(field->help);
  g_assert_nonnull(row->help);
}

static void test_every_setting(void)
{
  NxEdit edit;
  edit_open(&edit, "NX_NEMO_ADDRESS_7=https://nemo.example.com/api/");
  for (const NxSetting *row = nx_settings_table; row->name; row++)
    has_field(&edit, row, 0);
  for (const NxSetting *row = nx_nemo_table; row->name; row++)
    has_field(&edit, row, 7);
  for (const NxSetting *row = nx_email_table; row->name; row++)
    has_field(&edit, row, 0);
  edit_close(&edit);
}

int main(int argc, char **argv)
{
  setlocale(LC_CTYPE, "C.UTF-8");
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
  g_test_add_func("/tui/however one gets there, a page is what a plain statement answers", test_walked_table);
  g_test_add_func("/tui/so it is for a table without row ids", test_table_without_row_ids);
  g_test_add_func("/tui/what others have changed is seen by the next question", test_changed_table);
  g_test_add_func("/tui/of a long cell the start is kept, the whole can be read, and all of it is searched", test_long_cells);
  g_test_add_func("/tui/text fits its cells, wide characters and marks too", test_fit);
  g_test_add_func("/tui/what a terminal would obey is made harmless", test_clean);
  g_test_add_func("/tui/no character upsets the columns", test_every_width);
  g_test_add_func("/tui/lines break at blanks", test_wrap);
  g_test_add_func("/tui/every setting of the table has a field and a help", test_every_setting);
  g_test_add_func("/tui/patterns are typed with commas and stored as JSON", test_patterns_list);
  g_test_add_func("/tui/patterns that commas would make others of are shown as they are stored", test_patterns_as_stored);
  g_test_add_func("/tui/no patterns at all are not taken for the default ones", test_no_patterns);
  g_test_add_func("/tui/a value that begins a variable is warned of", test_variables);
  g_test_add_func("/tui/a harvester is found by its number however it is written", test_padded_numbers);
  g_test_add_func("/tui/a new harvester has nothing of a deleted one of its number", test_number_again);
  g_test_add_func("/tui/a switch is on when the programs take it so, and keeps its spelling until it is turned", test_switches);
  g_test_add_func("/tui/an empty value counts as not set", test_empty_values);
  return g_test_run();
}
