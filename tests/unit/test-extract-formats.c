/* test-extract-formats.c — the formats read the corpus as their vendors' files are expected to be read. */
#include "extract-corpus.h"

#include <string.h>

/* The folders of the corpus whose layout is NAME.expected.json with `extractor`, `nx_meta` and `raw`. */
static const char *const FOLDERS[] = { "fei-tif", "orion", "tescan", "image", "text" };

/* nx_meta as the corpus has it: `Extractor Warnings` is compared apart. */
static char *take_warnings(json_object *nx_meta)
{
  char *text = g_strdup(nx_json_get_string(nx_meta, "Extractor Warnings"));
  json_object_object_del(nx_meta, "Extractor Warnings");
  return text;
}

static void check_case(const char *expectation)
{
  g_autoptr(CorpusCase) test = corpus_case_open(expectation);
  g_autoptr(GError) problem = NULL;
  g_autoptr(GPtrArray) signals = g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free);
  const NxFormat *format = nx_format_for(&test->in);
  g_autofree char *extractor = g_strconcat(format->name, "_extractor", NULL);
  g_test_message("%s", test->path);
  g_assert_cmpstr(extractor, ==, nx_json_get_string(test->expected, "extractor"));
  g_assert_true(format->read(&test->in, signals, &problem));
  g_assert_no_error(problem);
  g_assert_cmpuint(signals->len, ==, 1);

  NxSignal *signal = signals->pdata[0];
  g_autofree char *warnings = take_warnings(signal->nx_meta);
  json_object *tolerant = nx_json_get(test->expected, "nx_meta_tolerant");
  if (tolerant)
    g_assert_nonnull(warnings);
  else
    g_assert_null(warnings);
  json_object *nx_meta = tolerant ? tolerant : nx_json_get(test->expected, "nx_meta"), *raw = nx_json_get(test->expected, "raw");
  corpus_assert_same(signal->nx_meta, nx_meta, test->path);
  corpus_assert_same_order(signal->nx_meta, nx_meta, test->path);
  if (raw) {
    corpus_assert_same(signal->raw, raw, test->path);
    corpus_assert_same_order(signal->raw, raw, test->path);
  }
}

/* What belongs to another file of the folder, or to the people who read it. */
static gboolean is_companion(const char *name)
{
  static const char *const ENDS[] = { ".expected.json", ".ref-thumb.png", ".hdr", ".md", ".tar.gz" };
  for (gsize i = 0; i < G_N_ELEMENTS(ENDS); i++) {
    if (g_str_has_suffix(name, ENDS[i]))
      return TRUE;
  }
  return FALSE;
}

/* Files without an expectation would be read by nobody. */
static guint count_data_files(const char *folder)
{
  guint n = 0;
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  for (const char *name = g_dir_read_name(dir); name; name = g_dir_read_name(dir)) {
    g_autofree char *path = g_build_filename(folder, name, NULL);
    n += g_file_test(path, G_FILE_TEST_IS_REGULAR) && !is_companion(name);
  }
  return n;
}

static void test_corpus(gconstpointer name)
{
  g_autofree char *folder = corpus_folder(name);
  if (!folder) {
    g_autofree char *message = g_strdup_printf("corpus/%s not found (set NX_CORPUS)", (const char *)name);
    g_test_skip(message);
    return;
  }
  g_autoptr(GPtrArray) cases = corpus_expectations(folder);
  g_assert_cmpuint(cases->len, >, 0);
  g_assert_cmpuint(cases->len, ==, count_data_files(folder));
  for (guint i = 0; i < cases->len; i++)
    check_case(cases->pdata[i]);
}

/* lib/base says which extensions are data, without knowing the formats. */
static void test_extensions(void)
{
  for (const NxFormat *const *format = nx_formats; *format; format++) {
    for (const char *const *extension = (*format)->extensions; (*format)->priority > 0 && *extension; extension++)
      g_assert_true(g_strv_contains(nx_format_extensions(), *extension));
  }
}

/* By descending priority, ties by name: the order in which they are asked. */
static void test_order(void)
{
  for (const NxFormat *const *format = nx_formats; format[1]; format++) {
    g_assert_cmpint(format[0]->priority, >=, format[1]->priority);
    if (format[0]->priority == format[1]->priority)
      g_assert_cmpstr(format[0]->name, <, format[1]->name);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/extract/registry/every extension of a format counts as data", test_extensions);
  g_test_add_func("/extract/registry/formats stand by priority, then by name", test_order);
  for (gsize i = 0; i < G_N_ELEMENTS(FOLDERS); i++) {
    g_autofree char *path = g_strdup_printf("/extract/corpus/%s is read as expected, every key, value and unit", FOLDERS[i]);
    g_test_add_data_func(path, FOLDERS[i], test_corpus);
  }
  return g_test_run();
}
