/* test-snapshot-parquet.c — what the writer writes, our reader and independent ones read; and the worked example of parquet §10. */
#include "nx-snapshot.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#define ROWS 2500

static const struct {
  const char *name;
  NxFieldType type;
  gint32 precision, scale;
  const char *duckdb; /* the type that DuckDB shows (parquet §5) */
} COLUMNS[] = {
  {"id", NX_FIELD_INTEGER, 0, 0, "BIGINT"},
  {"flag", NX_FIELD_BOOLEAN, 0, 0, "BOOLEAN"},
  {"dose", NX_FIELD_REAL, 0, 0, "DOUBLE"},
  {"price", NX_FIELD_DECIMAL, 9, 2, "DECIMAL(9,2)"},
  {"mass", NX_FIELD_DECIMAL, 18, 4, "DECIMAL(18,4)"},
  {"large", NX_FIELD_DECIMAL, 30, 3, "DECIMAL(30,3)"},
  {"label", NX_FIELD_TEXT, 0, 0, "VARCHAR"},
  {"unique", NX_FIELD_TEXT, 0, 0, "VARCHAR"},
  {"document", NX_FIELD_JSON, 0, 0, "JSON"},
  {"start", NX_FIELD_TIMESTAMP, 0, 0, "TIMESTAMP"},
  {"start_utc", NX_FIELD_TIMESTAMP_UTC, 0, 0, "TIMESTAMP WITH TIME ZONE"},
  {"day", NX_FIELD_DATE, 0, 0, "DATE"},
  {"clock", NX_FIELD_TIME, 0, 0, "TIME"},
  {"raw", NX_FIELD_BYTES, 0, 0, "BLOB"},
  {"nothing", NX_FIELD_TEXT, 0, 0, "VARCHAR"},
};
enum { N_COLUMNS = G_N_ELEMENTS(COLUMNS) };

/* ---------------------------------------------------------------------------------------------------------- the table */

static char *cell_text(guint row, guint column)
{
  if ((row + column) % 7 == 0 || column == N_COLUMNS - 1)
    return NULL;
  switch (COLUMNS[column].type) {
  case NX_FIELD_INTEGER:
    return g_strdup_printf("%d", (int)row - 1000);
  case NX_FIELD_BOOLEAN:
    return g_strdup(row % 3 ? "true" : "false");
  case NX_FIELD_REAL:
    return g_strdup_printf("%d.%d", (int)row - 500, row % 2 ? 5 : 25);
  case NX_FIELD_DECIMAL:
    return g_strdup_printf("%s%u.%0*d", row % 2 ? "-" : "", row + 1, COLUMNS[column].scale, (int)(row % 100));
  case NX_FIELD_JSON:
    return g_strdup_printf("{\"k\":%u}", row % 5);
  case NX_FIELD_TIMESTAMP:
    return g_strdup_printf("1965-03-%02u 01:02:03.5", row % 28 + 1);
  case NX_FIELD_TIMESTAMP_UTC:
    return g_strdup_printf("2025-05-%02u 11:09:%02u+00", row % 28 + 1, row % 60);
  case NX_FIELD_DATE:
    return g_strdup_printf("1970-01-%02u", row % 31 + 1);
  case NX_FIELD_TIME:
    return g_strdup_printf("%02u:30:00", row % 24);
  case NX_FIELD_BYTES:
    return g_strdup_printf("%02X00FF", row % 256);
  default:
    return g_str_equal(COLUMNS[column].name, "label") ? g_strdup_printf("µ-%u", row % 4) : g_strdup_printf("a long text that stands once: %u", row);
  }
}

static gint64 days_before_epoch(guint day_of_march)
{
  return -1826 + 59 + (gint64)day_of_march - 1; /* 1965-01-01 is 1826 days before 1970-01-01 */
}

static gint64 cell_integer(guint row, guint column)
{
  switch (COLUMNS[column].type) {
  case NX_FIELD_INTEGER:
    return (gint64)row - 1000;
  case NX_FIELD_BOOLEAN:
    return row % 3 ? 1 : 0;
  case NX_FIELD_TIMESTAMP:
    return days_before_epoch(row % 28 + 1) * 86400000000 + 3723500000;
  case NX_FIELD_TIMESTAMP_UTC: /* 2025-05-01T11:09:00Z */
    return (G_GINT64_CONSTANT(1746097740) + row % 28 * 86400 + row % 60) * 1000000;
  case NX_FIELD_DATE:
    return row % 31;
  default:
    return ((gint64)(row % 24) * 3600 + 1800) * 1000000;
  }
}

static GArray *make_fields(void)
{
  GArray *fields = nx_fields_new();
  for (guint i = 0; i < N_COLUMNS; i++) {
    nx_fields_add(fields, COLUMNS[i].name, COLUMNS[i].type);
    g_array_index(fields, NxField, i).precision = COLUMNS[i].precision;
    g_array_index(fields, NxField, i).scale = COLUMNS[i].scale;
  }
  return fields;
}

static void fill_row(guint row, NxDatum *data, char **texts)
{
  static char raw[3];
  for (guint i = 0; i < N_COLUMNS; i++) {
    texts[i] = cell_text(row, i);
    data[i] = (NxDatum){.is_null = !texts[i], .integer = cell_integer(row, i), .bytes = texts[i], .length = texts[i] ? strlen(texts[i]) : 0};
    if (texts[i] && COLUMNS[i].type == NX_FIELD_REAL)
      data[i].real = g_ascii_strtod(texts[i], NULL);
    if (COLUMNS[i].type == NX_FIELD_BYTES) {
      memcpy(raw, (const char[]){(char)(row % 256), 0, (char)0xff}, sizeof raw);
      data[i].bytes = raw;
      data[i].length = sizeof raw;
    }
  }
}

static void write_table(const char *path, NxCodec codec, guint rows)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GArray) fields = make_fields();
  static const char *const NOTES[] = {"nx.table", "things", NULL};
  NxParquetOptions options = {.codec = codec, .group_rows = 1000, .creator = "nx-test version 1.0 (build )", .notes = NOTES};
  g_autoptr(NxParquetWriter) writer = nx_parquet_writer_new(path, fields, &options, &error);
  g_assert_no_error(error);
  for (guint row = 0; row < rows; row++) {
    NxDatum data[N_COLUMNS];
    char *texts[N_COLUMNS];
    fill_row(row, data, texts);
    nx_parquet_writer_add(writer, data, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < N_COLUMNS; i++)
      g_free(texts[i]);
  }
  nx_parquet_writer_finish(writer, &error);
  g_assert_no_error(error);
}

/* A path that is gone at the end of the test. */
static char *place(const char *name)
{
  static char *folder;
  if (!folder)
    folder = g_dir_make_tmp("nx-parquet-XXXXXX", NULL);
  return g_build_filename(folder, name, NULL);
}

static void discard(const char *path)
{
  g_autofree char *folder = g_path_get_dirname(path);
  g_unlink(path);
  g_rmdir(folder);
  g_mkdir(folder, 0700);
}

/* ------------------------------------------------------------------------------------------------------------- tests */

static void test_round_trip(gconstpointer codec)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = place("things.parquet");
  write_table(path, (NxCodec)GPOINTER_TO_INT(codec), ROWS);
  g_autoptr(NxParquetReader) reader = nx_parquet_open(path, &error);
  g_assert_no_error(error);
  g_assert_cmpint(nx_parquet_rows(reader), ==, ROWS);
  g_autofree char *note = nx_parquet_note(reader, "nx.table");
  g_assert_cmpstr(note, ==, "things");
  const GArray *fields = nx_parquet_fields(reader);
  NxDatum row[N_COLUMNS];
  gboolean more;
  for (guint n = 0; n < ROWS; n++) {
    g_assert_true(nx_parquet_next(reader, row, &more, &error) && more);
    for (guint i = 0; i < N_COLUMNS; i++) {
      g_autofree char *expected = cell_text(n, i), *text = nx_datum_text(&g_array_index(fields, NxField, i), &row[i]);
      if (COLUMNS[i].type != NX_FIELD_BYTES)
        g_assert_cmpstr(text, ==, expected);
      else if (expected)
        g_assert_cmpmem(row[i].bytes, (int)row[i].length, ((const char[]){(char)(n % 256), 0, (char)0xff}), 3);
    }
  }
  g_assert_true(nx_parquet_next(reader, row, &more, &error) && !more);
  discard(path);
}

/* Rows that can still be read of a file of five row groups that is cut to nothing behind its first `read` rows, and why no more can. */
static guint rows_of_cut_file(guint read, GError **err)
{
  g_autofree char *path = place("cut.parquet");
  NxDatum row[N_COLUMNS];
  gboolean more = TRUE;
  write_table(path, NX_CODEC_ZSTD, 5000);
  g_autoptr(NxParquetReader) reader = nx_parquet_open(path, err);
  g_assert_nonnull(reader);
  guint n = 0;
  while (n < read && nx_parquet_next(reader, row, &more, err))
    n++;
  g_assert_cmpint(truncate(path, 0), ==, 0);
  while (nx_parquet_next(reader, row, &more, err) && more)
    n++;
  g_autofree char *note = nx_parquet_note(reader, "nx.table"); /* the footer was read when it was opened */
  g_assert_cmpstr(note, ==, "things");
  discard(path);
  return n;
}

static void test_file_that_is_cut(void)
{
  for (guint read = 0; read <= 3000; read += 1500) {
    g_autoptr(GError) error = NULL;
    guint n = rows_of_cut_file(read, &error);
    g_assert_cmpuint(n, >=, read);
    g_assert_cmpuint(n, <, 5000);
    g_assert_error(error, NX_ERROR, NX_ERROR_IO);
    g_assert_nonnull(strstr(error->message, "cut.parquet"));
    g_assert_nonnull(strstr(error->message, "was cut off while it was read"));
  }
}

static void test_same_bytes(void)
{
  g_autofree char *path = place("a.parquet"), *first = NULL, *second = NULL;
  gsize first_length, second_length;
  write_table(path, NX_CODEC_ZSTD, 100);
  g_assert_true(g_file_get_contents(path, &first, &first_length, NULL));
  write_table(path, NX_CODEC_ZSTD, 100);
  g_assert_true(g_file_get_contents(path, &second, &second_length, NULL));
  g_assert_cmpmem(first, (int)first_length, second, (int)second_length);
  discard(path);
}

static void test_unfinished_file_is_not_there(void)
{
  g_autofree char *path = place("unfinished.parquet"), *part = g_strconcat(path, ".part", NULL);
  g_autoptr(GArray) fields = nx_fields_new();
  NxParquetOptions options = {.creator = "nx-test version 1.0 (build )"};
  nx_fields_add(fields, "name", NX_FIELD_TEXT);
  NxParquetWriter *writer = nx_parquet_writer_new(path, fields, &options, NULL);
  g_assert_nonnull(writer);
  g_assert_true(g_file_test(part, G_FILE_TEST_EXISTS));
  nx_parquet_writer_free(writer);
  g_assert_false(g_file_test(part, G_FILE_TEST_EXISTS));
  g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
  discard(path);
}

static void test_unfit_values(void)
{
  static const struct {
    NxFieldType type;
    NxDatum datum;
  } UNFIT[] = {
    {NX_FIELD_TEXT, {.bytes = "\xff", .length = 1}},
    {NX_FIELD_BOOLEAN, {.integer = 2}},
    {NX_FIELD_DATE, {.integer = G_GINT64_CONSTANT(1) << 40}},
    {NX_FIELD_DECIMAL, {.bytes = "1.234", .length = 5}},
    {NX_FIELD_DECIMAL, {.bytes = "123456.00", .length = 9}},
    {NX_FIELD_DECIMAL, {.bytes = "1e5", .length = 3}},
    {NX_FIELD_DECIMAL, {.bytes = "1.2e-2", .length = 6}},
    {NX_FIELD_DECIMAL, {.bytes = "1e99999999999", .length = 13}},
    {NX_FIELD_DECIMAL, {.bytes = "1e", .length = 2}},
    {NX_FIELD_DECIMAL, {.bytes = "1e+", .length = 3}},
    {NX_FIELD_DECIMAL, {.bytes = "e3", .length = 2}},
    {NX_FIELD_DECIMAL, {.bytes = "1e3.0", .length = 5}},
    {NX_FIELD_DECIMAL, {.bytes = "1e1e1", .length = 5}},
    {NX_FIELD_DECIMAL, {.bytes = "", .length = 0}},
  };
  g_autofree char *path = place("unfit.parquet");
  for (guint i = 0; i < G_N_ELEMENTS(UNFIT); i++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) fields = nx_fields_new();
    nx_fields_add(fields, "the_column", UNFIT[i].type);
    g_array_index(fields, NxField, 0).precision = 7;
    g_array_index(fields, NxField, 0).scale = 2;
    NxParquetOptions options = {.creator = "nx-test version 1.0 (build )"};
    g_autoptr(NxParquetWriter) writer = nx_parquet_writer_new(path, fields, &options, NULL);
    g_assert_false(nx_parquet_writer_add(writer, &UNFIT[i].datum, &error));
    g_assert_error(error, NX_ERROR, NX_ERROR_DATA);
    g_assert_nonnull(strstr(error->message, "the_column"));
  }
  discard(path);
}

static void test_decimals_with_exponents(void)
{
  static const char *const NUMBERS[][2] = {
    {"2e-05", "0.000020"},  {"-1.5e+20", "-150000000000000000000.000000"}, {"1.20E-5", "0.000012"}, {"+1000e-3", "1.000000"},
    {"12.5e0", "12.500000"}, {"0e-400", "0.000000"},                        {"0.0e9999", "0.000000"}, {"100000000e-14", "0.000001"},
  };
  g_autofree char *path = place("exponents.parquet");
  g_autoptr(GArray) fields = nx_fields_new();
  nx_fields_add(fields, "dose", NX_FIELD_DECIMAL);
  g_array_index(fields, NxField, 0).precision = 30;
  g_array_index(fields, NxField, 0).scale = 6;
  NxParquetOptions options = {.creator = "nx-test version 1.0 (build )"};
  g_autoptr(NxParquetWriter) writer = nx_parquet_writer_new(path, fields, &options, NULL);
  for (guint i = 0; i < G_N_ELEMENTS(NUMBERS); i++)
    g_assert_true(nx_parquet_writer_add(writer, &(NxDatum){.bytes = NUMBERS[i][0], .length = strlen(NUMBERS[i][0])}, NULL));
  g_assert_true(nx_parquet_writer_finish(writer, NULL));
  g_autoptr(NxParquetReader) reader = nx_parquet_open(path, NULL);
  NxDatum row;
  gboolean more;
  for (guint i = 0; i < G_N_ELEMENTS(NUMBERS); i++) {
    g_assert_true(nx_parquet_next(reader, &row, &more, NULL) && more);
    g_assert_cmpmem(row.bytes, (int)row.length, NUMBERS[i][1], (int)strlen(NUMBERS[i][1]));
  }
  discard(path);
}

/* parquet §10, byte for byte. */
static const char EXAMPLE[] =
  "504152311500152015202c15041500150615060000010000000000000002000000000000001500151c151c2c1504150015061506000004000000020102000200000061621502"
  "193c4806736368656d6115040015042500180269640015"
  "0c250218046e616d6525004c1c0000001604191c192c26001c15041925000619180269641500160416421642260800002600"
  "1c150c1925000619"
  "18046e616d6515001604163e163e264a0000168001160426081680010028096e782d646220302e31192c1c00001c00000084000000"
  "50415231";

static void test_worked_example(void)
{
  g_autoptr(GError) error = NULL;
  guint8 bytes[sizeof EXAMPLE / 2];
  gsize length = 0;
  for (const char *hex = EXAMPLE; hex[0]; hex += 2)
    bytes[length++] = (guint8)(g_ascii_xdigit_value(hex[0]) << 4 | g_ascii_xdigit_value(hex[1]));
  g_assert_cmpuint(length, ==, 208);
  g_autoptr(NxParquetReader) reader = nx_parquet_open_bytes("the example", bytes, length, &error);
  g_assert_no_error(error);
  NxDatum row[2];
  gboolean more;
  g_assert_true(nx_parquet_next(reader, row, &more, &error) && more);
  g_assert_cmpint(row[0].integer, ==, 1);
  g_assert_cmpmem(row[1].bytes, (int)row[1].length, "ab", 2);
  g_assert_true(nx_parquet_next(reader, row, &more, &error) && more);
  g_assert_cmpint(row[0].integer, ==, 2);
  g_assert_true(row[1].is_null);
  g_assert_true(nx_parquet_next(reader, row, &more, &error) && !more);
}

/* ------------------------------------------------------------------------------------------------ independent readers */

static char *reader_program(void)
{
  g_autofree char *node = g_find_program_in_path("node");
  const char *source = g_getenv("NX_SOURCE");
  g_autofree char *packages = g_build_filename(source ? source : ".", "tests", "node", "node_modules", "@duckdb", NULL);
  return node && g_file_test(packages, G_FILE_TEST_IS_DIR) ? g_build_filename(source ? source : ".", "tests", "node", "read-parquet.mjs", NULL) : NULL;
}

static char **lines_of_reader(const char *program, const char *reader, const char *path)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *out = NULL;
  int status;
  const char *argv[] = {"node", program, reader, path, NULL};
  g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, NULL, &status, &error);
  g_assert_no_error(error);
  g_assert_cmpint(status, ==, 0);
  return g_strsplit(out, "\n", -1);
}

static json_object *line_at(char **lines, guint n)
{
  g_autoptr(GError) error = NULL;
  json_object *line = nx_json_parse(lines[n], strlen(lines[n]), &error);
  g_assert_no_error(error);
  return line;
}

static void check_duckdb(char **lines)
{
  g_assert_cmpuint(g_strv_length(lines), ==, ROWS + 2);
  g_autoptr(json_object) types = line_at(lines, 0);
  for (guint i = 0; i < N_COLUMNS; i++)
    g_assert_cmpstr(json_object_get_string(json_object_array_get_idx(types, i)), ==, COLUMNS[i].duckdb);
  for (guint n = 0; n < ROWS; n++) {
    g_autoptr(json_object) row = line_at(lines, n + 1);
    for (guint i = 0; i < N_COLUMNS; i++) {
      g_autofree char *expected = cell_text(n, i);
      g_assert_cmpstr(json_object_get_string(json_object_array_get_idx(row, i)), ==, expected);
    }
  }
}

/* Which values are NULL; arrow-rs has checked the schema and the pages. */
static void check_arrow(char **lines)
{
  g_assert_cmpuint(g_strv_length(lines), ==, ROWS + 2);
  for (guint n = 0; n < ROWS; n++) {
    g_autoptr(json_object) row = line_at(lines, n + 1);
    for (guint i = 0; i < N_COLUMNS; i++) {
      g_autofree char *expected = cell_text(n, i);
      g_assert_true((json_object_array_get_idx(row, i) == NULL) == (expected == NULL));
    }
  }
}

static void test_independent_readers(gconstpointer codec)
{
  g_autofree char *program = reader_program(), *path = place("things.parquet");
  if (!program) {
    g_test_skip("@duckdb/node-api and parquet-wasm are not installed in tests/node");
    return;
  }
  write_table(path, (NxCodec)GPOINTER_TO_INT(codec), ROWS);
  g_auto(GStrv) duckdb = lines_of_reader(program, "duckdb", path), arrow = lines_of_reader(program, "arrow", path);
  check_duckdb(duckdb);
  check_arrow(arrow);
  discard(path);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  for (int codec = NX_CODEC_NONE; codec <= NX_CODEC_ZSTD; codec++) {
    g_autofree char *ours = g_strdup_printf("/snapshot/parquet/every type comes back as it was written/%s", nx_codec_name((NxCodec)codec));
    g_autofree char *theirs = g_strdup_printf("/snapshot/parquet/DuckDB and arrow-rs read every type/%s", nx_codec_name((NxCodec)codec));
    g_test_add_data_func(ours, GINT_TO_POINTER(codec), test_round_trip);
    g_test_add_data_func(theirs, GINT_TO_POINTER(codec), test_independent_readers);
  }
  g_test_add_func("/snapshot/parquet/a file that is cut while it is read costs the rows that are gone", test_file_that_is_cut);
  g_test_add_func("/snapshot/parquet/the same rows give the same bytes", test_same_bytes);
  g_test_add_func("/snapshot/parquet/a file that was not finished is not there", test_unfinished_file_is_not_there);
  g_test_add_func("/snapshot/parquet/a value that does not fit its column is refused by name", test_unfit_values);
  g_test_add_func("/snapshot/parquet/a decimal with an exponent is the same number without", test_decimals_with_exponents);
  g_test_add_func("/snapshot/parquet/the worked example is read", test_worked_example);
  return g_test_run();
}
