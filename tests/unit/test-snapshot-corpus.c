/* test-snapshot-corpus.c — every file of corpus/parquet against its expected rows, and the broken ones as errors. */
#include "nx-snapshot.h"

#include <string.h>

static char *corpus_folder(void)
{
  const char *root = g_getenv("NX_CORPUS");
  return root ? g_build_filename(root, "parquet", NULL) : g_build_filename(g_getenv("NX_SOURCE") ? g_getenv("NX_SOURCE") : ".", "..", "shared", "corpus", "parquet", NULL);
}

/* The parts of the corpus with expected rows. */
static const char *const PARTS[] = {"testing", "writers", "minisnapshot"};

/* --------------------------------------------------------------------------------------------------------- comparing */

static void check_value(const char *where, const NxField *field, const NxDatum *datum, json_object *expected)
{
  g_autofree char *text = nx_datum_text(field, datum);
  if (field->type == NX_FIELD_NESTED)
    return;
  if (!expected || !text) {
    g_assert_cmpstr(text, ==, expected ? json_object_get_string(expected) : NULL);
    return;
  }
  gboolean is_number = json_object_is_type(expected, json_type_double) || json_object_is_type(expected, json_type_int);
  if (is_number && field->type == NX_FIELD_REAL)
    g_assert_cmpfloat(datum->real, ==, json_object_get_double(expected));
  else if (!g_str_equal(text, json_object_get_string(expected)))
    g_error("%s, column %s: %s instead of %s", where, field->name, text, json_object_get_string(expected));
}

static void check_columns(const GArray *fields, json_object *head)
{
  json_object *columns = nx_json_get(head, "columns");
  g_assert_cmpuint(fields->len, ==, json_object_array_length(columns));
  for (guint i = 0; i < fields->len; i++)
    g_assert_cmpstr(g_array_index(fields, NxField, i).name, ==, json_object_get_string(json_object_array_get_idx(columns, i)));
}

/* Rows behind the expected ones are read too. */
static void check_rows(const char *where, NxParquetReader *reader, char **lines)
{
  g_autoptr(GError) error = NULL;
  const GArray *fields = nx_parquet_fields(reader);
  g_autofree NxDatum *row = g_new0(NxDatum, fields->len + 1);
  gboolean more;
  gint64 n = 0;
  guint line = 1;
  while (nx_parquet_next(reader, row, &more, &error) && more) {
    n++;
    if (!lines[line] || !*lines[line])
      continue;
    g_autoptr(json_object) expected = nx_json_parse(lines[line], strlen(lines[line]), &error);
    g_assert_no_error(error);
    for (guint i = 0; i < fields->len; i++)
      check_value(where, &g_array_index(fields, NxField, i), &row[i], json_object_array_get_idx(expected, i));
    line++;
  }
  g_assert_no_error(error);
  g_assert_cmpint(n, ==, nx_parquet_rows(reader));
  g_assert_true(!lines[line] || !*lines[line]);
}

static void test_file(gconstpointer data)
{
  const char *path = data;
  g_autoptr(GError) error = NULL;
  g_autofree char *folder = g_path_get_dirname(path), *base = g_path_get_basename(path), *text = NULL;
  base[strlen(base) - strlen(".parquet")] = '\0';
  g_autofree char *name = g_strconcat(base, ".jsonl", NULL), *expected = g_build_filename(folder, "expected", name, NULL);
  g_assert_true(g_file_get_contents(expected, &text, NULL, &error));
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  g_autoptr(json_object) head = nx_json_parse(lines[0], strlen(lines[0]), &error);
  g_assert_no_error(error);
  g_autoptr(NxParquetReader) reader = nx_parquet_open(path, &error);
  g_assert_no_error(error);
  check_columns(nx_parquet_fields(reader), head);
  g_assert_cmpint(nx_parquet_rows(reader), ==, nx_json_get_int(head, "rows", -1));
  check_rows(path, reader, lines);
}

/* ------------------------------------------------------------------------------------------------------ broken files */

static gboolean read_all(const guint8 *data, gsize length, GError **err)
{
  g_autoptr(NxParquetReader) reader = nx_parquet_open_bytes("broken.parquet", data, length, err);
  if (!reader)
    return FALSE;
  const GArray *fields = nx_parquet_fields(reader);
  g_autofree NxDatum *row = g_new0(NxDatum, fields->len + 1);
  gboolean more = TRUE;
  while (more) {
    if (!nx_parquet_next(reader, row, &more, err))
      return FALSE;
    for (guint i = 0; more && i < fields->len; i++)
      g_free(nx_datum_text(&g_array_index(fields, NxField, i), &row[i]));
  }
  return TRUE;
}

static gboolean has_nested_column(const guint8 *data, gsize length)
{
  g_autoptr(NxParquetReader) reader = nx_parquet_open_bytes("nested", data, length, NULL);
  const GArray *fields = reader ? nx_parquet_fields(reader) : NULL;
  for (guint i = 0; fields && i < fields->len; i++)
    if (g_array_index(fields, NxField, i).type == NX_FIELD_NESTED)
      return TRUE;
  return FALSE;
}

static void test_broken_file(gconstpointer path)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *data = NULL;
  gsize length;
  g_assert_true(g_file_get_contents(path, &data, &length, NULL));
  if (!read_all((guint8 *)data, length, &error))
    g_assert_error(error, NX_ERROR, NX_ERROR_FORMAT);
  else
    g_assert_true(has_nested_column((guint8 *)data, length));
}

/* ------------------------------------------------------------------------------------------------------- enumeration */

static void add_files(const char *part, const char *promise, GTestDataFunc test)
{
  g_autofree char *corpus = corpus_folder(), *folder = g_build_filename(corpus, part, NULL);
  g_autoptr(GDir) files = g_dir_open(folder, 0, NULL);
  for (const char *name; files && (name = g_dir_read_name(files));) {
    if (!g_str_has_suffix(name, ".parquet"))
      continue;
    g_autofree char *title = g_strdup_printf("/snapshot/corpus/%s/%s/%s", promise, part, name);
    g_test_add_data_func_full(title, g_build_filename(folder, name, NULL), test, g_free);
  }
}

static void test_corpus_is_absent(void)
{
  g_test_skip("the corpus is not here");
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_autofree char *corpus = corpus_folder();
  if (!g_file_test(corpus, G_FILE_TEST_IS_DIR))
    g_test_add_func("/snapshot/corpus/parquet", test_corpus_is_absent);
  for (guint i = 0; i < G_N_ELEMENTS(PARTS); i++)
    add_files(PARTS[i], "a file of another writer has the expected rows", test_file);
  add_files("testing-bad", "a broken file is refused or its nested column skipped", test_broken_file);
  return g_test_run();
}
