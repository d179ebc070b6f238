/* test-export.c — strategies, statuses and the move to uploaded/ (export §4), with destinations whose outcome is forced.
 * Truth: corpus/export/strategy, and the sentences of export §4 and DECISIONS (site in the strategies). */
#include "exporter.h"
#include "result.h"

#include <string.h>
#include <unistd.h>

/* A destination that does what it is told and notes what it saw. */
typedef struct {
  const char *name;
  gboolean works;
  GPtrArray *attempted; /* of char*: names in the order of attempts */
  json_object *seen;    /* previous_results of the last attempt */
} Forced;

static gboolean forced_send(gpointer state, NxExportJob *job, GError **err)
{
  Forced *forced = state;
  g_ptr_array_add(forced->attempted, g_strdup(forced->name));
  json_object_put(forced->seen);
  forced->seen = json_object_get(nx_json_get(job->context, "previous_results"));
  if (!forced->works) {
    g_set_error(err, NX_ERROR, NX_ERROR_REMOTE, "forced to fail");
    return FALSE;
  }
  job->record_id = g_strdup("1");
  job->record_url = g_strdup_printf("https://%s.example.com/1", forced->name);
  return TRUE;
}

static void forced_close(gpointer state)
{
  Forced *forced = state;
  json_object_put(forced->seen);
  g_free(forced);
}

/* An exporter whose destinations are forced, a records folder, and a built session. */
typedef struct {
  NxSettings settings;
  NxExporter *exporter;
  GPtrArray *attempted;
  GPtrArray *destinations; /* of NxDestination* */
  char *folder, *record;
  json_object *session;
} Scene;

static void add_destination(Scene *scene, const char *name, int priority, gboolean works, gboolean is_local)
{
  NxDestination *destination = g_new0(NxDestination, 1);
  *destination = (NxDestination){.name = name, .priority = priority, .send = forced_send, .close = forced_close, .is_local = is_local};
  Forced *forced = g_new0(Forced, 1);
  *forced = (Forced){.name = name, .works = works, .attempted = scene->attempted};
  g_ptr_array_add(scene->destinations, destination);
  NxExporter *exporter = scene->exporter;
  gsize at = exporter->n_slots++;
  exporter->slots = g_renew(NxSlot, exporter->slots, exporter->n_slots);
  for (; at > 0 && exporter->slots[at - 1].destination->priority < priority; at--)
    exporter->slots[at] = exporter->slots[at - 1];
  exporter->slots[at] = (NxSlot){.destination = destination, .state = forced};
}

static const char SESSION[] = "{\"kind\":\"session\",\"session_identifier\":\"https://nemo.example.com/api/usage_events/?id=101\","
                              "\"instrument\":{\"instrument_pid\":\"FEI-Titan\",\"timezone\":\"UTC\"},\"start\":\"2025-01-27T10:00:00+00:00\","
                              "\"end\":\"2025-01-27T11:00:00+00:00\",\"user\":\"u\",\"status\":\"TO_BE_BUILT\",\"export_mode\":\"export\",\"uploads\":[]}";

static void scene_open(Scene *scene, NxExportStrategy strategy)
{
  *scene = (Scene){.settings = {.export_strategy = strategy}};
  scene->attempted = g_ptr_array_new_with_free_func(g_free);
  scene->destinations = g_ptr_array_new_with_free_func(g_free);
  scene->exporter = g_new0(NxExporter, 1);
  scene->exporter->settings = &scene->settings;
  scene->folder = g_dir_make_tmp("nx-test-XXXXXX", NULL);
  scene->settings.records_path = scene->folder;
  scene->record = g_build_filename(scene->folder, "2025-01-27_FEI-Titan_101.xml", NULL);
  g_assert_true(g_file_set_contents(scene->record, "<Experiment/>", -1, NULL));
  scene->session = nx_json_parse(SESSION, strlen(SESSION), NULL);
  json_object *record = json_object_new_object();
  nx_json_set_string(record, "path", scene->record);
  nx_json_set(scene->session, "record", record);
}

static void scene_close(Scene *scene)
{
  nx_exporter_free(scene->exporter);
  g_ptr_array_unref(scene->attempted);
  g_ptr_array_unref(scene->destinations);
  json_object_put(scene->session);
  g_autofree char *uploaded = g_build_filename(scene->folder, "uploaded", NULL);
  g_autofree char *moved = g_build_filename(uploaded, "2025-01-27_FEI-Titan_101.xml", NULL);
  unlink(moved), unlink(scene->record), rmdir(uploaded), rmdir(scene->folder);
  g_free(scene->folder);
  g_free(scene->record);
}

static gboolean is_moved(const Scene *scene)
{
  g_autofree char *moved = g_build_filename(scene->folder, "uploaded", "2025-01-27_FEI-Titan_101.xml", NULL);
  gboolean there = g_file_test(moved, G_FILE_TEST_EXISTS);
  g_assert_cmpint(there, !=, g_file_test(scene->record, G_FILE_TEST_EXISTS));
  g_assert_cmpstr(nx_json_get_string(scene->session, "uploaded_path"), ==, there ? moved : NULL);
  return there;
}

/* ------------------------------------------------------------------------------------------------------- the corpus's cases */

static const char *const STRATEGIES[] = {"all", "first_success", "best_effort", NULL};

static NxExportStrategy strategy_named(const char *name)
{
  for (int i = 0; STRATEGIES[i]; i++)
    if (g_str_equal(STRATEGIES[i], name))
      return (NxExportStrategy)i;
  g_error("strategy '%s' is not known", name);
}

static void force_destinations(Scene *scene, json_object *destinations)
{
  for (gsize i = 0; i < json_object_array_length(destinations); i++) {
    json_object *each = json_object_array_get_idx(destinations, i);
    add_destination(scene, nx_json_get_string(each, "name"), (int)nx_json_get_int(each, "priority", 0),
                    g_strcmp0(nx_json_get_string(each, "outcome"), "ok") == 0, FALSE);
  }
}

static void check_results(const Scene *scene, json_object *expected)
{
  json_object *exports = nx_json_get(scene->session, "exports");
  if (!expected)
    return;
  g_assert_cmpuint(json_object_array_length(exports), ==, json_object_array_length(expected));
  for (gsize i = 0; i < json_object_array_length(expected); i++) {
    json_object *want = json_object_array_get_idx(expected, i), *got = json_object_array_get_idx(exports, i);
    g_assert_cmpstr(nx_json_get_string(got, "destination_name"), ==, nx_json_get_string(want, "destination_name"));
    g_assert_cmpint(nx_json_get_boolean(got, "success"), ==, nx_json_get_boolean(want, "success"));
  }
}

static void check_seen(const Scene *scene, json_object *expected)
{
  if (!expected)
    return;
  json_object_object_foreach(expected, name, links)
  {
    for (gsize i = 0; i < scene->exporter->n_slots; i++) {
      const Forced *forced = scene->exporter->slots[i].state;
      if (!g_str_equal(forced->name, name))
        continue;
      json_object_object_foreach(links, other, url)
        g_assert_cmpstr(nx_json_get_string(nx_json_get(forced->seen, other), "record_url"), ==, json_object_get_string(url));
    }
  }
}

static void test_case(gconstpointer path)
{
  g_autoptr(json_object) test = nx_json_read_file(path, 1 << 20, NULL);
  g_assert_nonnull(test);
  Scene scene;
  gboolean exported;
  scene_open(&scene, strategy_named(nx_json_get_string(test, "strategy")));
  force_destinations(&scene, nx_json_get(test, "destinations"));
  json_object *prior = nx_json_get(test, "prior_upload_log"), *expect = nx_json_get(test, "expect");
  if (prior) {
    nx_json_set_string(scene.session, "status", "BUILT_NOT_EXPORTED");
    nx_json_set_string(scene.session, "export_mode", "retry");
    nx_json_set(scene.session, "uploads", json_object_get(prior));
  }
  nx_exporter_publish(scene.exporter, scene.session, FALSE, &exported);
  json_object *attempted = nx_json_get(expect, "attempted");
  g_assert_cmpuint(scene.attempted->len, ==, json_object_array_length(attempted));
  for (guint i = 0; i < scene.attempted->len; i++)
    g_assert_cmpstr(g_ptr_array_index(scene.attempted, i), ==, json_object_get_string(json_object_array_get_idx(attempted, i)));
  g_assert_cmpstr(nx_json_get_string(scene.session, "status"), ==, nx_json_get_string(expect, "session_status"));
  g_assert_cmpint(is_moved(&scene), ==, nx_json_get_boolean(expect, "xml_moved_to_uploaded"));
  check_results(&scene, nx_json_get(expect, "upload_log"));
  check_seen(&scene, nx_json_get(expect, "previous_results_seen_by"));
  scene_close(&scene);
}

static void test_no_corpus(void)
{
  g_test_skip("corpus/export/strategy not found (set NX_CORPUS)");
}

static void add_corpus_cases(void)
{
  const char *given = g_getenv("NX_CORPUS"), *source = g_getenv("NX_SOURCE");
  g_autofree char *folder =
      given ? g_build_filename(given, "export", "strategy", NULL) : g_build_filename(source ? source : ".", "../shared/corpus/export/strategy", NULL);
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  if (!dir)
    g_test_add_func("/export/strategy/corpus", test_no_corpus);
  for (const char *name = dir ? g_dir_read_name(dir) : NULL; name; name = g_dir_read_name(dir)) {
    g_autofree char *title = g_strdup_printf("/export/strategy/corpus/%s", name);
    g_test_add_data_func_full(title, g_build_filename(folder, name, NULL), test_case, g_free);
  }
}

/* -------------------------------------------------------------------------------------------------------------- our own rules */

static void check_site(NxExportStrategy strategy, gboolean server_works, gboolean with_server, const char *expected)
{
  Scene scene;
  gboolean exported;
  scene_open(&scene, strategy);
  if (with_server)
    add_destination(&scene, "cdcs", 100, server_works, FALSE);
  add_destination(&scene, "site", 110, TRUE, TRUE);
  nx_exporter_publish(scene.exporter, scene.session, FALSE, &exported);
  g_assert_cmpuint(scene.attempted->len, ==, with_server ? 2 : 1);
  g_assert_cmpstr(nx_json_get_string(scene.session, "status"), ==, expected);
  scene_close(&scene);
}

static void test_site_hides_no_dead_server(void)
{
  check_site(NX_EXPORT_FIRST_SUCCESS, FALSE, TRUE, "BUILT_NOT_EXPORTED");
  check_site(NX_EXPORT_BEST_EFFORT, FALSE, TRUE, "BUILT_NOT_EXPORTED");
  check_site(NX_EXPORT_FIRST_SUCCESS, TRUE, TRUE, "COMPLETED");
  check_site(NX_EXPORT_ALL, FALSE, TRUE, "BUILT_NOT_EXPORTED");
  check_site(NX_EXPORT_ALL, TRUE, TRUE, "COMPLETED");
  check_site(NX_EXPORT_FIRST_SUCCESS, FALSE, FALSE, "COMPLETED");
}

static void test_ended_sessions_pass(void)
{
  static const char *const STATUSES[] = {"COMPLETED", "ERROR", "NO_CONSENT", "NO_FILES_FOUND", "BUILT_NOT_EXPORTED"};
  for (gsize i = 0; i < G_N_ELEMENTS(STATUSES); i++) {
    Scene scene;
    gboolean exported;
    scene_open(&scene, NX_EXPORT_ALL);
    add_destination(&scene, "cdcs", 100, TRUE, FALSE);
    nx_json_set_string(scene.session, "status", STATUSES[i]);
    g_autofree char *before = nx_json_text(scene.session, NX_JSON_LINE);
    nx_exporter_publish(scene.exporter, scene.session, FALSE, &exported);
    g_autofree char *after = nx_json_text(scene.session, NX_JSON_LINE);
    g_assert_cmpstr(before, ==, after);
    g_assert_true(exported);
    scene_close(&scene);
  }
}

static void test_reexport_replaces(void)
{
  Scene scene;
  gboolean exported;
  scene_open(&scene, NX_EXPORT_ALL);
  add_destination(&scene, "cdcs", 100, TRUE, FALSE);
  nx_json_set_string(scene.session, "status", "COMPLETED");
  nx_exporter_publish(scene.exporter, scene.session, TRUE, &exported);
  g_assert_cmpuint(scene.attempted->len, ==, 1);
  g_assert_true(is_moved(&scene));
  scene_close(&scene);
}

static void test_error_text_is_short_and_valid(void)
{
  g_autoptr(GString) long_text = g_string_new("x");
  while (long_text->len < 3000)
    g_string_append(long_text, "µ");
  g_autofree char *text = nx_result_error_text(long_text->str), *dirty = nx_result_error_text("a\nb\xff");
  g_assert_cmpuint(strlen(text), ==, 1999);
  g_assert_true(g_utf8_validate(text, -1, NULL));
  g_assert_cmpstr(dirty, ==, "a b\xEF\xBF\xBD");
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  add_corpus_cases();
  g_test_add_func("/export/strategy/a folder of ours hides no dead server", test_site_hides_no_dead_server);
  g_test_add_func("/export/a session that has ended passes unchanged", test_ended_sessions_pass);
  g_test_add_func("/export/a re-export takes up a completed session", test_reexport_replaces);
  g_test_add_func("/export/an error text is one valid line of at most 2000 bytes", test_error_text_is_short_and_valid);
  return g_test_run();
}
