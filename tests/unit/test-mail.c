/* test-mail.c — which logs call for a mail (export §10.3). Truth: corpus/export/email, and the sentences of export §10.3. */
#include "nx-mail.h"

#include <string.h>
#include <unistd.h>

#define STAMP "2025-01-28 02:00:00,000 nexuslims "

/* The found words of a log, joined. */
static char *words_of(const char *log, gsize length)
{
  g_autoptr(NxLogFindings) findings = nx_mail_scan(log, length);
  g_ptr_array_add(findings->patterns, NULL);
  return g_strjoinv(" ", (char **)findings->patterns->pdata);
}

static void assert_words(const char *log, const char *expected)
{
  g_autofree char *words = words_of(log, strlen(log));
  g_assert_cmpstr(words, ==, expected);
}

static void test_corpus_case(gconstpointer data)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(json_object) each = nx_json_read_file(data, 1024 * 1024, &problem);
  g_assert_no_error(problem);
  json_object *expect = nx_json_get(each, "expect"), *patterns = nx_json_get(expect, "found_patterns");
  const char *log = nx_json_get_string(each, "log");
  g_assert_nonnull(log);
  g_autoptr(NxLogFindings) findings = nx_mail_scan(log, strlen(log));
  g_assert_cmpint(findings->patterns->len > 0, ==, nx_json_get_boolean(expect, "send"));
  g_assert_cmpuint(findings->patterns->len, ==, json_object_array_length(patterns));
  for (guint i = 0; i < findings->patterns->len; i++)
    g_assert_cmpstr(findings->patterns->pdata[i], ==, json_object_get_string(json_object_array_get_idx(patterns, i)));
}

static void test_words_are_whole(void)
{
  assert_words(STAMP "INFO: an ERROR", "error");
  assert_words(STAMP "INFO: FaTaL, error: critical", "critical error fatal");
  assert_words(STAMP "INFO: terror errors error_1 1error errör fatale", "");
  assert_words(STAMP "INFO: \xE2\x80\x9C" "error\xE2\x80\x9D", "error"); /* in typographic quotes */
  assert_words(STAMP "INFO: \xC3\xA9" "error error\xC3\xA9", "");           /* letters beyond ASCII */
  assert_words(STAMP "INFO: \xFF" "error\xFF", "error");                    /* bytes that are no letters */
  assert_words("error", "error");
  assert_words("", "");
}

static void test_exclusion_is_per_record(void)
{
  assert_words(STAMP "ERROR: NoDataConsentError\n" STAMP "ERROR: real", "error");
  assert_words(STAMP "ERROR: x\n  NoMatchingReservationError\n" STAMP "INFO: fine", "");
  assert_words(STAMP "ERROR: nodataconsenterror", "error");
  /* Lines before the first time are a record of their own. */
  assert_words("error: Temporary failure in name resolution\n" STAMP "INFO: x", "");
  assert_words("Temporary failure in name resolution\n" STAMP "ERROR: x", "error");
  /* A line whose beginning is nearly a time belongs to the record before. */
  assert_words(STAMP "ERROR: x\n2025-01-28 02:00:00.000 NoDataConsentError", "");
}

#define UNRESOLVED "GET https://nemo.example.com/api/: Could not resolve host: nemo.example.com: Temporary failure in name resolution"

/* A name service that does not answer is nobody's business here; a name that does not exist stands in a setting, and would never be mended. */
static void test_unresolved_names(void)
{
  assert_words(STAMP "ERROR: NEMO 1: " UNRESOLVED, "");
  assert_words(STAMP "ERROR: NEMO 1: GET https://nemo.example.com/api/: Could not resolve host: nemo.example.com: the name does not exist", "error");
  assert_words(STAMP "ERROR: GET https://a/: Connection timed out after 10000 milliseconds", "error");
}

/* The last line of a failed preflight only names what its findings have said. */
static void test_failed_preflight_repeats_its_findings(void)
{
#define FINDING(what) STAMP "ERROR: [preflight] " what "\n"
#define SUMMARY STAMP "ERROR: Preflight checks failed: "
  assert_words(FINDING("nemo_harvester_config: FAIL \xE2\x80\x94 NEMO 1 does not answer: " UNRESOLVED) SUMMARY "nemo_harvester_config", "");
  assert_words(FINDING("nemo_harvester_config: FAIL \xE2\x80\x94 NEMO 1 does not answer: " UNRESOLVED)
                 FINDING("db_tables: FAIL \xE2\x80\x94 none") SUMMARY "db_tables, nemo_harvester_config",
               "error");
  assert_words(SUMMARY "nexuslims-check said nothing", "error");
  assert_words(STAMP "ERROR: " UNRESOLVED "\n" SUMMARY "db_tables", "error");
#undef FINDING
#undef SUMMARY
}

static void test_matching_records_are_given(void)
{
  static const char LOG[] = STAMP "INFO: a\n" STAMP "ERROR: b\n  more\n" STAMP "INFO: c\n";
  g_autoptr(NxLogFindings) findings = nx_mail_scan(LOG, strlen(LOG));
  g_assert_cmpuint(findings->records->len, ==, 1);
  NxLogRecord record = g_array_index(findings->records, NxLogRecord, 0);
  g_autofree char *text = g_strndup(LOG + record.start, record.end - record.start);
  g_assert_cmpstr(text, ==, STAMP "ERROR: b\n  more\n");
}

/* The name of a file may hold whatever a record begins with. */
static void test_no_message_makes_a_second_record(void)
{
  g_autoptr(GError) problem = NULL;
  g_autofree char *path = NULL, *log = NULL;
  gsize length;
  int fd = g_file_open_tmp("nx-XXXXXX.log", &path, &problem);
  g_assert_no_error(problem);
  g_assert_true(nx_log_to_file(path, &problem));
  nx_log_warning("cannot read %s", "NoDataConsentError\n" STAMP "ERROR: " STAMP "\n[ERROR] x\n  y\nz");
  g_assert_true(nx_file_read(path, 4096, &log, &length, &problem));
  close(fd);
  unlink(path);
  assert_words(log, "");
  g_assert_true(g_str_has_suffix(log, "Error\n  " STAMP "ERROR: " STAMP "\n  [ERROR] x\n  y\nz\n"));
}

static void test_zero_bytes_end_nothing(void)
{
  static const char LOG[] = STAMP "INFO: \0 error";
  g_autofree char *words = words_of(LOG, sizeof LOG - 1);
  g_assert_cmpstr(words, ==, "error");
}

/* One huge line without an end costs a mail of bounded size. */
static void test_a_message_is_bounded(void)
{
  gsize length = 40u * 1024 * 1024;
  g_autofree char *log = g_malloc(length);
  memset(log, 'x', length);
  memcpy(log, "error ", 6);
  char *recipients[] = {"a@example.com", NULL};
  NxEmailSettings email = {.sender = "b@example.com", .recipients = recipients};
  g_autoptr(NxLogFindings) findings = nx_mail_scan(log, length);
  g_assert_cmpuint(findings->patterns->len, ==, 1);
  g_autoptr(GString) message = nx_mail_compose(&email, "/logs/run.log", log, length, findings);
  g_assert_cmpuint(message->len, <, 10u * 1024 * 1024);
}

static void test_corpus_absent(void)
{
  g_test_skip("corpus/export/email not found (set NX_CORPUS)");
}

static void add_corpus_cases(void)
{
  const char *given = g_getenv("NX_CORPUS"), *source = g_getenv("NX_SOURCE");
  g_autofree char *folder =
    given ? g_build_filename(given, "export", "email", NULL) : g_build_filename(source ? source : ".", "../shared/corpus/export/email", NULL);
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  if (!dir)
    g_test_add_func("/mail/corpus", test_corpus_absent);
  for (const char *name = dir ? g_dir_read_name(dir) : NULL; name; name = g_dir_read_name(dir)) {
    g_autofree char *title = g_strconcat("/mail/corpus/", name, NULL);
    g_test_add_data_func_full(title, g_build_filename(folder, name, NULL), test_corpus_case, g_free);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  add_corpus_cases();
  g_test_add_func("/mail/words-are-whole", test_words_are_whole);
  g_test_add_func("/mail/an-exclusion-drops-its-own-record-alone", test_exclusion_is_per_record);
  g_test_add_func("/mail/unresolved", test_unresolved_names);
  g_test_add_func("/mail/preflight", test_failed_preflight_repeats_its_findings);
  g_test_add_func("/mail/the-records-that-matched-are-given", test_matching_records_are_given);
  g_test_add_func("/mail/no-message-makes-a-second-record", test_no_message_makes_a_second_record);
  g_test_add_func("/mail/zero-bytes-end-nothing", test_zero_bytes_end_nothing);
  g_test_add_func("/mail/a-message-is-bounded", test_a_message_is_bounded);
  return g_test_run();
}
