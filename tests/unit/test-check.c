/* test-check.c — what the preflight makes of destinations and disks, and that a check that crashes costs itself alone (export §9).
 * Truth: corpus/export/preflight, the tables of export §9, and DECISIONS (site in the strategies). */
#include "apart.h"

#include <signal.h>
#include <string.h>

/* -------------------------------------------------------------------------------------------------------- destinations */

static NxExportStrategy strategy_named(const char *name)
{
  static const char *const NAMES[] = {[NX_EXPORT_ALL] = "all", [NX_EXPORT_FIRST_SUCCESS] = "first_success", [NX_EXPORT_BEST_EFFORT] = "best_effort"};
  for (guint i = 0; i < G_N_ELEMENTS(NAMES); i++)
    if (g_strcmp0(name, NAMES[i]) == 0)
      return (NxExportStrategy)i;
  g_assert_not_reached();
}

static void assert_finding(json_object *line, gboolean passed, const char *severity)
{
  g_assert_nonnull(line);
  g_assert_true(nx_finding_is_whole(line));
  g_assert_cmpint(nx_json_get_boolean(line, "passed"), ==, passed);
  g_assert_cmpstr(nx_json_get_string(line, "severity"), ==, severity);
}

static void test_corpus_case(gconstpointer data)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(json_object) each = nx_json_read_file(data, 1024 * 1024, &problem);
  g_assert_no_error(problem);
  json_object *expect = nx_json_get(each, "expect"), *parts = nx_json_get(expect, "message_contains");
  g_autoptr(json_object) line =
    nx_check_judge_destinations(strategy_named(nx_json_get_string(each, "strategy")), nx_json_get(each, "destinations"));
  assert_finding(line, nx_json_get_boolean(expect, "passed"), nx_json_get_string(expect, "severity"));
  g_assert_cmpstr(nx_json_get_string(line, "name"), ==, nx_json_get_string(expect, "name"));
  g_assert_cmpint(nx_check_stops(line), ==, nx_json_get_boolean(expect, "run_aborts"));
  for (gsize i = 0; i < json_object_array_length(parts); i++)
    g_assert_nonnull(strstr(nx_json_get_string(line, "message"), json_object_get_string(json_object_array_get_idx(parts, i))));
}

/* One letter a destination: v valid, i invalid; S and s the same for the local catalogue. */
static json_object *judge(NxExportStrategy strategy, const char *letters)
{
  g_autoptr(json_object) answers = json_object_new_array();
  for (const char *letter = letters; *letter; letter++) {
    json_object *answer = json_object_new_object();
    gboolean is_local = *letter == 'S' || *letter == 's', is_valid = *letter == 'v' || *letter == 'S';
    nx_json_set_string(answer, "name", is_local ? "site" : "cdcs");
    nx_json_set(answer, "local", json_object_new_boolean(is_local));
    nx_json_set(answer, "valid", json_object_new_boolean(is_valid));
    nx_json_set_string(answer, "error", is_valid ? NULL : "HTTP 503");
    json_object_array_add(answers, answer);
  }
  return nx_check_judge_destinations(strategy, answers);
}

static void test_local_catalogue_hides_no_dead_server(void)
{
  static const struct {
    NxExportStrategy strategy;
    const char *letters;
    gboolean passed;
    const char *severity;
  } CASES[] = {
    {NX_EXPORT_FIRST_SUCCESS, "Si", FALSE, "error"}, {NX_EXPORT_BEST_EFFORT, "Si", FALSE, "error"}, {NX_EXPORT_BEST_EFFORT, "sv", FALSE, "warning"},
    {NX_EXPORT_ALL, "sv", FALSE, "error"},           {NX_EXPORT_BEST_EFFORT, "S", TRUE, "warning"}, {NX_EXPORT_BEST_EFFORT, "s", FALSE, "error"},
    {NX_EXPORT_BEST_EFFORT, "Svi", FALSE, "warning"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_autoptr(json_object) line = judge(CASES[i].strategy, CASES[i].letters);
    assert_finding(line, CASES[i].passed, CASES[i].severity);
  }
  g_autoptr(json_object) line = judge(NX_EXPORT_ALL, "sii");
  g_assert_cmpstr(nx_json_get_string(line, "message"), ==, "site: HTTP 503; cdcs: HTTP 503; cdcs: HTTP 503");
}

/* --------------------------------------------------------------------------------------------------------------- disks */

static void test_space(void)
{
  const guint64 mib = 1024 * 1024;
  g_assert_null(nx_check_judge_space("/data", 1024 * mib));
  g_autoptr(json_object) little = nx_check_judge_space("/data", 1024 * mib - 1);
  assert_finding(little, FALSE, "warning");
  g_autoptr(json_object) still = nx_check_judge_space("/data", 100 * mib);
  assert_finding(still, FALSE, "warning");
  g_autoptr(json_object) none = nx_check_judge_space("/data", 100 * mib - 1);
  assert_finding(none, FALSE, "error");
  g_assert_nonnull(strstr(nx_json_get_string(none, "message"), "/data"));
  g_assert_nonnull(strstr(nx_json_get_string(none, "message"), "104857599 bytes"));
}

/* ------------------------------------------------------------------------------------------------------------- crashes */

static void passes(gconstpointer subject, FILE *out)
{
  (void)subject;
  nx_finding_write(out, "passes", TRUE, "error", "well");
}

static void crashes(gconstpointer subject, FILE *out)
{
  (void)subject;
  nx_finding_write(out, "crashes", FALSE, "warning", "what it found before");
  raise(SIGKILL);
}

static const NxCheck PASSES = {"passes", "error", passes};
static const NxCheck CRASHES = {"crashes", "warning", crashes};

static void assert_message(json_object *findings, gsize i, const char *name, const char *message)
{
  json_object *line = json_object_array_get_idx(findings, i);
  g_assert_true(nx_finding_is_whole(line));
  g_assert_cmpstr(nx_json_get_string(line, "name"), ==, name);
  g_assert_cmpstr(nx_json_get_string(line, "message"), ==, message);
}

static void test_crash_costs_itself(void)
{
  static const NxCheck *const CHECKS[] = {&CRASHES, &PASSES, &CRASHES, &CRASHES, &PASSES};
  static const char CRASH[] = "Unexpected error in check: it was ended by signal 9 (Killed)";
  NxSubject subject = {0};
  g_autoptr(json_object) findings = nx_checks_run_apart(CHECKS, G_N_ELEMENTS(CHECKS), &subject);
  g_assert_cmpuint(json_object_array_length(findings), ==, 8);
  assert_message(findings, 0, "crashes", "what it found before");
  assert_message(findings, 1, "crashes", CRASH);
  assert_message(findings, 2, "passes", "well");
  assert_message(findings, 4, "crashes", CRASH);
  assert_message(findings, 6, "crashes", CRASH);
  assert_message(findings, 7, "passes", "well");
  g_assert_cmpstr(nx_json_get_string(json_object_array_get_idx(findings, 1), "severity"), ==, "warning");
  g_assert_false(nx_json_get_boolean(json_object_array_get_idx(findings, 1), "passed"));
}

static void test_corpus_absent(void)
{
  g_test_skip("corpus/export/preflight not found (set NX_CORPUS)");
}

static void add_corpus_cases(void)
{
  const char *given = g_getenv("NX_CORPUS"), *source = g_getenv("NX_SOURCE");
  g_autofree char *folder =
    given ? g_build_filename(given, "export", "preflight", NULL) : g_build_filename(source ? source : ".", "../shared/corpus/export/preflight", NULL);
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  if (!dir)
    g_test_add_func("/check/corpus", test_corpus_absent);
  for (const char *name = dir ? g_dir_read_name(dir) : NULL; name; name = g_dir_read_name(dir)) {
    g_autofree char *title = g_strconcat("/check/corpus/", name, NULL);
    g_test_add_data_func_full(title, g_build_filename(folder, name, NULL), test_corpus_case, g_free);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  add_corpus_cases();
  g_test_add_func("/check/the-local-catalogue-hides-no-dead-server", test_local_catalogue_hides_no_dead_server);
  g_test_add_func("/check/space-is-judged-by-the-documented-bounds", test_space);
  g_test_add_func("/check/a-crash-costs-the-check-that-crashed", test_crash_costs_itself);
  return g_test_run();
}
