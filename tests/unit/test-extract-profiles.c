/* test-extract-profiles.c — instrument profiles change what they say and nothing else. */
#include "extract-corpus.h"
#include "profiles.h"

#include <glib/gstdio.h>
#include <malloc.h>
#include <string.h>

/* A folder of profiles that is removed again. */
typedef struct {
  char *path;
} Folder;

static void set_up(Folder *folder, gconstpointer unused)
{
  (void)unused;
  folder->path = g_dir_make_tmp("nx-profiles-XXXXXX", NULL);
}

static void tear_down(Folder *folder, gconstpointer unused)
{
  (void)unused;
  g_autoptr(GDir) dir = g_dir_open(folder->path, 0, NULL);
  for (const char *name = g_dir_read_name(dir); name; name = g_dir_read_name(dir)) {
    g_autofree char *path = g_build_filename(folder->path, name, NULL);
    g_remove(path);
  }
  g_rmdir(folder->path);
  g_free(folder->path);
}

static void add_file(const Folder *folder, const char *name, const char *text)
{
  g_autofree char *path = g_build_filename(folder->path, name, NULL);
  g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* The object of a signal after the profiles of `folder` ran for an instrument; as text, nx_meta first. */
static char *run(const Folder *folder, const char *instrument_pid, const char *nx_meta, const char *raw, const char *tecnai)
{
  g_autoptr(NxSignal) signal = nx_signal_new();
  g_autoptr(json_object) parsed = tecnai ? nx_json_parse(tecnai, strlen(tecnai), NULL) : NULL;
  NxInput in = { .path = "/data/JEOL/a_SAED.dm3", .below = "JEOL/a_SAED.dm3", .name = "a_SAED.dm3", .fd = -1, .instrument_pid = instrument_pid };
  signal->nx_meta = nx_json_parse(nx_meta, strlen(nx_meta), NULL);
  signal->raw = raw ? nx_json_parse(raw, strlen(raw), NULL) : NULL;
  nx_profiles_load(folder->path);
  nx_profiles_run(&in, signal, 0, 2, parsed);
  nx_profiles_unload();
  g_autofree char *meta_text = nx_json_text(signal->nx_meta, NX_JSON_LINE);
  g_autofree char *raw_text = signal->raw ? nx_json_text(signal->raw, NX_JSON_LINE) : g_strdup("-");
  return g_strdup_printf("%s %s", meta_text, raw_text);
}

static void test_numbers_keep_form(Folder *folder, gconstpointer unused)
{
  (void)unused;
  add_file(folder, "PID-1.jq", "ext(\"Sum\"; .Raw.a + 0.5) | ext(\"Whole\"; 2 + 2) | ext(\"Real\"; real(4)) | mv(\"Old\"; \"New\") | ext(\"V\"; q(5; \"volt\"))");
  g_autofree char *got = run(folder, "PID-1", "{\"a\":13000.0,\"b\":13000,\"Old\":7.0,\"big\":9007199254740993,\"t\":1.50}",
                             "{\"Raw\":{\"a\":1.0},\"list\":[1.0,2]}", NULL);
  g_assert_cmpstr(got, ==,
                  "{\"a\":13000.0,\"b\":13000,\"big\":9007199254740993,\"t\":1.50,"
                  "\"extensions\":{\"Sum\":1.5,\"Whole\":4,\"Real\":4.0,\"V\":{\"value\":5.0,\"unit\":\"volt\"}},\"New\":7.0} "
                  "{\"Raw\":{\"a\":1.0},\"list\":[1.0,2]}");
}

static void test_other_instrument(Folder *folder, gconstpointer unused)
{
  (void)unused;
  add_file(folder, "PID-1.jq", "ext(\"A\"; 1)");
  add_file(folder, "glob.jq", "# instrument: FEI-*\next(\"B\"; 1)");
  g_autofree char *other = run(folder, "PID-2", "{\"x\":1}", NULL, NULL);
  g_assert_cmpstr(other, ==, "{\"x\":1} -");
  g_autofree char *matching = run(folder, "FEI-Quanta", "{\"x\":1}", NULL, NULL);
  g_assert_cmpstr(matching, ==, "{\"x\":1,\"extensions\":{\"B\":1}} -");
  g_autofree char *none = run(folder, NULL, "{\"x\":1}", NULL, NULL);
  g_assert_cmpstr(none, ==, "{\"x\":1} -");
}

/* Each of these leaves the metadata as it was, and the next profile still runs. */
static void test_failures_change_nothing(Folder *folder, gconstpointer unused)
{
  (void)unused;
  add_file(folder, "a1.jq", "# instrument: PID-1\nerror(\"no\")");
  add_file(folder, "a2.jq", "# instrument: PID-1\nempty");
  add_file(folder, "a3.jq", "# instrument: PID-1\n., .");
  add_file(folder, "a4.jq", "# instrument: PID-1\n1");
  add_file(folder, "a5.jq", "# instrument: PID-1\n.nx_meta = 1");
  add_file(folder, "a6.jq", "# instrument: PID-1\nthis is not jq");
  add_file(folder, "a7.jq", "# instrument: PID-1\n$ENV.HOME as $h | ext(\"Home\"; $h | length | . * 0)");
  add_file(folder, "a8.jq", "# instrument: PID-1\next(\"More\"; input)");
  add_file(folder, "a9.jq", "# instrument: PID-1\nimport \"more\" as more; .");
  add_file(folder, "a10.jq", "# instrument: PID-1\ninclude \"more\"; .");
  add_file(folder, "a11.py", "raise SystemExit");
  add_file(folder, "_hidden.jq", "# instrument: PID-1\next(\"Hidden\"; 1)");
  add_file(folder, "z.jq", "# instrument: PID-1\next(\"Last\"; 1)");
  g_autofree char *got = run(folder, "PID-1", "{\"x\":1.0}", NULL, NULL);
  g_assert_cmpstr(got, ==, "{\"x\":1.0,\"extensions\":{\"Home\":0,\"Last\":1}} -");
}

/* DigitalMicrograph files pass their profiles while nx_meta is flat: fields that have no place yet, and names of the schema, are no failure. */
static void test_what_cannot_be_recorded(Folder *folder, gconstpointer unused)
{
  (void)unused;
  add_file(folder, "a1.jq", "# instrument: PID-1\n.nx_meta.DatasetType = \"image\"");
  add_file(folder, "a2.jq", "# instrument: PID-1\n.nx_meta |= {}");
  add_file(folder, "a3.jq", "# instrument: PID-1\nsettype(\"Diffraction\"; \"TEM_Diffraction\") | .nx_meta.Spot = 3");
  add_file(folder, "a4.jq", "# instrument: PID-1\n.nx_meta.creation_time = .nx_meta[\"Creation Time\"] | del(.nx_meta[\"Creation Time\"])");
  add_file(folder, "a5.jq", "# instrument: PID-1\n.nx_meta.creation_time = \"now\"");
  add_file(folder, "a6.jq", "# instrument: PID-1\ndel(.nx_meta[\"Data Type\", \"DatasetType\"])");
  g_autofree char *got = run(folder, "PID-1", "{\"Creation Time\":\"2024-05-06T07:08:09Z\",\"Data Type\":\"TEM_Imaging\",\"DatasetType\":\"Image\"}",
                             "{\"a\":1.0}", NULL);
  g_assert_cmpstr(got, ==, "{\"Spot\":3,\"creation_time\":\"2024-05-06T07:08:09Z\"} {\"a\":1.0}");
}

/* Each of these leaves the metadata as they were. */
static void test_real_of_no_number(Folder *folder, gconstpointer unused)
{
  (void)unused;
  add_file(folder, "a1.jq", "# instrument: PID-1\next(\"Text\"; real(\"5.0\"))");
  add_file(folder, "a2.jq", "# instrument: PID-1\next(\"Nothing\"; real(.nx_meta.absent))");
  add_file(folder, "a3.jq", "# instrument: PID-1\next(\"Object\"; real({a: 1}))");
  add_file(folder, "a4.jq", "# instrument: PID-1\next(\"Twice\"; real(real(5)))");
  add_file(folder, "a5.jq", "# instrument: PID-1\next(\"Number\"; real(\"5.0\" | parse_decimal))");
  g_autofree char *got = run(folder, "PID-1", "{\"x\":1.0}", NULL, NULL);
  g_assert_cmpstr(got, ==, "{\"x\":1.0,\"extensions\":{\"Number\":5.0}} -");
}

/* The room is that of the file: no profile alone takes too much of it. */
static void test_room(Folder *folder, gconstpointer unused)
{
  (void)unused;
  add_file(folder, "a1.jq", "# instrument: PID-1\next(\"First\"; \"a\" * 5000000)");
  add_file(folder, "a2.jq", "# instrument: PID-1\next(\"Second\"; \"a\" * 5000000)");
  add_file(folder, "a3.jq", "# instrument: PID-1\next(\"Third\"; 3) | ext(\"First\"; .nx_meta.extensions.First | length)");
  g_autofree char *got = run(folder, "PID-1", "{\"x\":1.0}", NULL, NULL);
  g_assert_cmpstr(got, ==, "{\"x\":1.0,\"extensions\":{\"First\":5000000,\"Third\":3}} -");
}

static void test_debug(Folder *folder, gconstpointer unused)
{
  (void)unused;
  add_file(folder, "PID-1.jq", "ext(\"Seen\"; \"one\" | debug)");
  g_autofree char *got = run(folder, "PID-1", "{\"x\":1.0}", NULL, NULL);
  g_assert_cmpstr(got, ==, "{\"x\":1.0,\"extensions\":{\"Seen\":\"one\"}} -");
}

static void test_environment(Folder *folder, gconstpointer unused)
{
  (void)unused;
  add_file(folder, "PID-1.jq", "ext(\"All\"; $ENV) | ext(\"Own\"; env) | ext(\"Path\"; $ENV.PATH) | ext(\"Inner\"; [1] | map($ENV | length))");
  g_autofree char *got = run(folder, "PID-1", "{\"x\":1.0}", NULL, NULL);
  g_assert_cmpstr(got, ==, "{\"x\":1.0,\"extensions\":{\"All\":{},\"Own\":{},\"Path\":null,\"Inner\":[0]}} -");
}

static void test_fields(Folder *folder, gconstpointer unused)
{
  (void)unused;
  add_file(folder, "PID-1.json", "{\"Facility\":\"Example Lab\",\"Operator\":\"nobody\",\"Level\":13000.0}");
  g_autofree char *got = run(folder, "PID-1", "{\"extensions\":{\"Operator\":\"ned\"}}", NULL, NULL);
  g_assert_cmpstr(got, ==, "{\"extensions\":{\"Operator\":\"nobody\",\"Facility\":\"Example Lab\",\"Level\":13000.0}} -");
}

static void test_from_windows(Folder *folder, gconstpointer unused)
{
  (void)unused;
  add_file(folder, "a.jq", "\xef\xbb\xbf# instrument: PID-*\r\next(\"A\";\r\n  1)\r\n");
  add_file(folder, "PID-1.json", "\xef\xbb\xbf{\r\n  \"B\": 2\r\n}\r\n");
  g_autofree char *got = run(folder, "PID-1", "{\"x\":1}", NULL, NULL);
  g_assert_cmpstr(got, ==, "{\"x\":1,\"extensions\":{\"B\":2,\"A\":1}} -");
}

static void test_helpers(Folder *folder, gconstpointer unused)
{
  (void)unused;
  add_file(folder, "PID-1.jq",
           "warn(\"Field\") | settype(\"Diffraction\"; \"TEM_Diffraction\") | ext(\"N\"; \" 1e-005 \" | parse_decimal) | ext(\"Bad\"; \"x\" | parse_decimal) |"
           " ext(\"Where\"; \"\\($name) \\($ext) \\($signal)/\\($signals) \\($below)\") | mv(\"E\"; \"F\")");
  g_autofree char *got = run(folder, "PID-1", "{\"DatasetType\":\"Image\",\"extensions\":{\"E\":1.0}}", NULL, NULL);
  g_assert_cmpstr(got, ==,
                  "{\"DatasetType\":\"Diffraction\",\"extensions\":{\"N\":1e-05,\"Bad\":null,\"Where\":\"a_SAED.dm3 dm3 0/2 JEOL/a_SAED.dm3\",\"F\":1.0},"
                  "\"warnings\":[[\"Field\"]],\"Data Type\":\"TEM_Diffraction\"} -");
}

static void test_local_hides_built_in(Folder *folder, gconstpointer unused)
{
  (void)unused;
  add_file(folder, "JEOL-JEM-TEM.jq", "ext(\"Mine\"; true)");
  g_autofree char *got = run(folder, "JEOL-JEM-TEM", "{\"x\":1}", NULL, NULL);
  g_assert_cmpstr(got, ==, "{\"x\":1,\"extensions\":{\"Mine\":true}} -");
}

int main(int argc, char **argv)
{
  static const struct {
    const char *promise;
    void (*test)(Folder *folder, gconstpointer unused);
  } TESTS[] = {
    { "numbers that a filter leaves alone or moves keep their form", test_numbers_keep_form },
    { "a profile runs for its instrument alone", test_other_instrument },
    { "a profile that fails changes nothing and stops nobody", test_failures_change_nothing },
    { "what cannot be recorded is refused, and what is only not yet in its place is not", test_what_cannot_be_recorded },
    { "what is no number cannot become a real one", test_real_of_no_number },
    { "profiles together add no more than a file has room for", test_room },
    { "debug gives back what it is given", test_debug },
    { "the environment is empty to a profile", test_environment },
    { "a JSON profile sets fields and wins over the file's", test_fields },
    { "a profile from Windows is one like any other", test_from_windows },
    { "the helpers do what they say", test_helpers },
    { "a local profile hides ours of the same name", test_local_hides_built_in },
  };
  mallopt(M_PERTURB, 165); /* memory that nobody has set is not zero by chance */
  g_test_init(&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(TESTS); i++) {
    g_autofree char *path = g_strdup_printf("/extract/profiles/%s", TESTS[i].promise);
    g_test_add(path, Folder, NULL, set_up, TESTS[i].test, tear_down);
  }
  return g_test_run();
}
