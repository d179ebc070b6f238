/* test-tia.c — FEI TIA .ser files and their .emi companions are read as the corpus says, and damaged ones cost a sentence (extractors-a
 * §3, §4, §11). */
#include "extract-corpus.h"
#include "hostile.h"
#include "formats.h"
#include "input.h"
#include "tia-emi.h"
#include "tia-ser.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

/* Damaged files by the thousand would drown the test's own output in warnings. */
static int silence(void)
{
  fflush(stderr);
  int kept = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  dup2(nowhere, STDERR_FILENO);
  close(nowhere);
  return kept;
}

static void unsilence(int kept)
{
  fflush(stderr);
  dup2(kept, STDERR_FILENO);
  close(kept);
}

static GPtrArray *read_input(const NxInput *in)
{
  g_autoptr(GError) problem = NULL;
  GPtrArray *signals = g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free);
  int kept = silence();
  gboolean done = nx_format_tia.read(in, signals, &problem);
  unsilence(kept);
  g_assert_no_error(problem);
  g_assert_true(done);
  g_assert_cmpuint(signals->len, ==, 1);
  return signals;
}

static NxSignal *only(GPtrArray *signals)
{
  return signals->pdata[0];
}

/* --------------------------------------------------------------------------------------------------------------- corpus */

static void for_each_file(void (*check)(const char *path, json_object *expected))
{
  g_autofree char *folder = corpus_folder("tia");
  if (!folder) {
    g_test_skip("corpus/tia not found (set NX_CORPUS)");
    return;
  }
  g_autoptr(GPtrArray) cases = corpus_expectations(folder);
  g_assert_cmpuint(cases->len, >, 0);
  for (guint i = 0; i < cases->len; i++) {
    g_autoptr(GError) problem = NULL;
    g_autoptr(json_object) expected = nx_json_read_file(cases->pdata[i], 1 << 24, &problem);
    g_assert_no_error(problem);
    g_autofree char *path = g_build_filename(folder, nx_json_get_string(expected, "file"), NULL);
    g_test_message("%s", path);
    check(path, expected);
  }
}

/* The file as a line names it: on an instrument, with the time the corpus assumes. */
static NxOpened *open_file(const char *path, json_object *expected, json_object *conditions, json_object **line)
{
  g_autoptr(GError) problem = NULL;
  g_autofree char *folder = g_path_get_dirname(path);
  g_autoptr(GDateTime) mtime = nx_time_parse(nx_json_get_string(nx_json_get(expected, "assume"), "mtime"), NULL, NULL);
  *line = json_object_new_object();
  nx_json_set(*line, "mtime", json_object_new_double((double)nx_time_ns(mtime) / 1e9));
  if (nx_json_get_string(conditions, "instrument")) {
    json_object *instrument = json_object_new_object();
    nx_json_set_string(instrument, "instrument_pid", nx_json_get_string(conditions, "instrument"));
    nx_json_set_string(instrument, "timezone", nx_json_get_string(conditions, "timezone"));
    nx_json_set(*line, "instrument", instrument);
  }
  NxOpened *opened = nx_opened_new(*line, path, NX_LINKS_FOLLOWED, folder, &problem);
  g_assert_no_error(problem);
  return opened;
}

static void check_metadata(const char *path, json_object *expected)
{
  json_object *cases = nx_json_get(expected, "cases");
  for (size_t i = 0; i < json_object_array_length(cases); i++) {
    json_object *conditions = json_object_array_get_idx(cases, i);
    g_autoptr(json_object) line = NULL;
    g_autoptr(NxOpened) opened = open_file(path, expected, conditions, &line);
    g_autoptr(GPtrArray) signals = read_input(nx_opened_input(opened));
    json_object *wanted = nx_json_get(conditions, "nx_meta");
    g_assert_cmpuint(json_object_array_length(wanted), ==, 1);
    corpus_assert_same(only(signals)->nx_meta, json_object_array_get_idx(wanted, 0), path);
  }
}

static void test_metadata(void)
{
  for_each_file(check_metadata);
}

/* A header field of several elements is an array; the corpus has those of the first. */
static json_object *first_of(json_object *value)
{
  return json_object_is_type(value, json_type_array) ? json_object_array_get_idx(value, 0) : value;
}

static void assert_fields(json_object *got, json_object *expected, const char *what)
{
  json_object_object_foreach(expected, key, value)
  {
    g_autofree char *difference = NULL;
    if (!json_object_is_type(value, json_type_array) && !json_object_is_type(value, json_type_object) &&
        !corpus_same(first_of(nx_json_get(got, key)), value, &difference))
      g_error("%s: %s: %s", what, key, difference);
  }
}

static void check_dimension(json_object *header, guint number, json_object *expected)
{
  static const char *const NAMES[][2] = {{"DimensionSize", "size"},         {"CalibrationOffset", "offset"}, {"CalibrationDelta", "delta"},
                                         {"CalibrationElement", "element"}, {"Description", "desc"},         {"Units", "units"}};
  for (gsize i = 0; i < G_N_ELEMENTS(NAMES); i++) {
    g_autofree char *key = g_strdup_printf("Dim-%u_%s", number, NAMES[i][0]);
    corpus_assert_same(nx_json_get(header, key), nx_json_get(expected, NAMES[i][1]), key);
  }
}

static void check_raw(const char *path, json_object *expected)
{
  g_autoptr(json_object) line = NULL;
  g_autoptr(NxOpened) opened = open_file(path, expected, NULL, &line);
  g_autoptr(GPtrArray) signals = read_input(nx_opened_input(opened));
  json_object *wanted = json_object_array_get_idx(nx_json_get(expected, "signals"), 0);
  json_object *ser = nx_json_get(wanted, "ser"), *header = nx_json_get(only(signals)->raw, "ser_header_parameters");
  assert_fields(header, ser, path);
  assert_fields(header, nx_json_get(ser, "element0"), path);
  json_object *dimensions = nx_json_get(ser, "dimensions");
  for (size_t i = 0; i < json_object_array_length(dimensions); i++)
    check_dimension(header, (guint)i + 1, json_object_array_get_idx(dimensions, i));

  g_autofree char *difference = NULL;
  json_object *info = nx_json_get(wanted, "ObjectInfo"), *got = nx_json_get(only(signals)->raw, "ObjectInfo");
  if (!info) {
    g_assert_null(got);
    return;
  }
  json_object_object_del(got, "TrueImageHeaderInfo"); /* the corpus leaves it empty or out */
  json_object_object_del(info, "TrueImageHeaderInfo");
  if (!corpus_same(got, info, &difference))
    g_error("%s: ObjectInfo%s", path, difference);
}

static void test_raw(void)
{
  for_each_file(check_raw);
}

/* ---------------------------------------------------------------------------------------------------------------- arrays */

static const struct {
  const char *dtype;
  NxSample sample;
} DTYPES[] = {
  { "int8", NX_I8 },     { "uint8", NX_U8 },   { "int16", NX_I16 },   { "uint16", NX_U16 },
  { "int32", NX_I32 },   { "uint32", NX_U32 }, { "float32", NX_F32 }, { "float64", NX_F64 },
};

static gboolean step(const NxArray *array, guint64 *index)
{
  for (guint dim = array->n_dims; dim-- > 0;) {
    if (++index[dim] < array->shape[dim])
      return TRUE;
    index[dim] = 0;
  }
  return FALSE;
}

/* The bytes of a number as they lie in the file. */
static void put_number(GChecksum *checksum, NxSample sample, double value)
{
  gint64 whole = sample == NX_F32 || sample == NX_F64 ? 0 : (gint64)value;
  float single = (float)value;
  const void *at = sample == NX_F32 ? (const void *)&single : sample == NX_F64 ? (const void *)&value : (const void *)&whole;
  g_checksum_update(checksum, at, (gssize)nx_sample_size(sample));
}

/* A line along each dimension is the same read at once and number by number. */
static void check_lines(const NxArray *array)
{
  for (guint dim = 0; dim < array->n_dims; dim++) {
    guint64 index[NX_DIMS_MAX] = { 0 };
    g_autofree double *line = g_new(double, array->shape[dim]);
    g_assert_true(nx_array_read(array, index, dim, array->shape[dim], 1, line, NULL));
    for (; index[dim] < array->shape[dim]; index[dim]++) {
      double value;
      g_assert_true(nx_array_read(array, index, array->n_dims - 1, 1, 1, &value, NULL));
      g_assert_true(value == line[index[dim]]);
    }
  }
}

/* Sum and digest of all numbers in C order. */
static void check_data(const NxArray *array, json_object *data)
{
  guint64 index[NX_DIMS_MAX] = { 0 };
  g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
  double sum = 0.0;
  do {
    double value;
    g_assert_true(nx_array_read(array, index, array->n_dims - 1, 1, 1, &value, NULL));
    put_number(checksum, array->sample, value);
    sum += value;
  } while (step(array, index));
  double expected = nx_json_get_double(data, "sum", NAN);
  g_assert_cmpfloat(fabs(sum - expected), <=, 1e-9 * MAX(1.0, fabs(expected)));
  g_assert_cmpstr(g_checksum_get_string(checksum), ==, nx_json_get_string(data, "sha256_c_order_le"));
}

/* The corpus gives scales as we do, but offsets in the unit of the file: metres, or 1/metre. */
static void check_axis(const NxAxis *axis, json_object *expected)
{
  const char *units = nx_json_get_string(expected, "units");
  gboolean is_reciprocal = units && g_str_equal(units, "1 / nm");
  double factor = is_reciprocal ? 1e-9 : g_strcmp0(units, "nm") == 0 ? 1e9 : 1.0;
  double scale = nx_json_get_double(expected, "scale", NAN), offset = nx_json_get_double(expected, "offset", NAN) * factor;
  g_assert_cmpstr(axis->name, ==, nx_json_get_string(expected, "name"));
  g_assert_cmpstr(axis->units, ==, is_reciprocal ? "1/nm" : units);
  g_assert_cmpfloat(fabs(axis->scale - scale), <=, 1e-12 * fabs(scale));
  g_assert_cmpfloat(fabs(axis->offset - offset), <=, 1e-12 * fabs(offset));
}

static void check_array(const char *path, json_object *expected)
{
  g_autoptr(json_object) line = NULL;
  g_autoptr(NxOpened) opened = open_file(path, expected, NULL, &line);
  g_autoptr(GPtrArray) signals = read_input(nx_opened_input(opened));
  json_object *wanted = json_object_array_get_idx(nx_json_get(expected, "signals"), 0);
  json_object *axes = nx_json_get(wanted, "axes");
  const NxArray *array = &only(signals)->array;
  g_assert_cmpint(only(signals)->view, ==, NX_VIEW_ARRAY);
  g_assert_cmpuint(array->n_signal_dims, ==, (guint)nx_json_get_int(wanted, "signal_dimension", 0));
  g_assert_cmpuint(array->n_dims, ==, (guint)json_object_array_length(axes));
  for (guint i = 0; i < array->n_dims; i++) {
    g_assert_cmpuint(array->shape[i], ==, (guint64)nx_json_get_int(json_object_array_get_idx(axes, i), "size", 0));
    check_axis(&array->axis[i], json_object_array_get_idx(axes, i));
  }
  for (gsize i = 0; i < G_N_ELEMENTS(DTYPES); i++) {
    if (g_str_equal(DTYPES[i].dtype, nx_json_get_string(wanted, "dtype")))
      g_assert_cmpint(array->sample, ==, DTYPES[i].sample);
  }
  check_data(array, nx_json_get(wanted, "data"));
  check_lines(array);
}

static void test_arrays(void)
{
  for_each_file(check_array);
}

/* ------------------------------------------------------------------------------------------------------- damaged series */

/* A series of two spectra of three 16-bit numbers, with places to be patched: offsets are those of version 528. */
enum { AT_BYTE_ORDER = 0, AT_SERIES = 2, AT_VERSION = 4, AT_KIND = 6, AT_TOTAL = 14, AT_VALID = 18, AT_OFFSETS = 22, AT_N_DIMENSIONS = 26,
       AT_SIZE = 30, AT_DESCRIPTION = 54, AT_OFFSET_ARRAY = 62, AT_FIRST = 78, AT_DATA_TYPE = 98, AT_LENGTH = 100, AT_SECOND = 118,
       SERIES_BYTES = 158 };

static void put(guint8 *to, gsize at, guint64 value, guint width)
{
  for (guint i = 0; i < width; i++)
    to[at + i] = (guint8)(value >> (8 * i));
}

static guint8 *series(void)
{
  guint8 *file = g_malloc0(SERIES_BYTES);
  put(file, AT_BYTE_ORDER, 0x4949, 2);
  put(file, AT_SERIES, 0x0197, 2);
  put(file, AT_VERSION, 0x0210, 2);
  put(file, AT_KIND, 0x4120, 4);
  put(file, AT_KIND + 4, 0x4152, 4);
  put(file, AT_TOTAL, 2, 4);
  put(file, AT_VALID, 2, 4);
  put(file, AT_OFFSETS, AT_OFFSET_ARRAY, 4);
  put(file, AT_N_DIMENSIONS, 1, 4);
  put(file, AT_SIZE, 2, 4);
  for (guint i = 0; i < 2; i++) {
    gsize at = AT_FIRST + i * (AT_SECOND - AT_FIRST);
    put(file, AT_OFFSET_ARRAY + 4 * i, at, 4);
    put(file, AT_OFFSET_ARRAY + 8 + 4 * i, at + 32, 4);
    put(file, at + 20, 2, 2);
    put(file, at + 22, 3, 4);
    put(file, at + 32, 0x4152, 2);
    put(file, at + 36, 1500000000, 4);
  }
  return file;
}

/* Reads a series from a copy of exactly its size. */
static GPtrArray *read_bytes(const guint8 *data, gsize length)
{
  g_autofree guint8 *copy = g_memdup2(data, length);
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(copy, length);
  NxInput in = {.path = "/data/x_1.ser",
                .below = "x_1.ser",
                .name = "x_1.ser",
                .fd = -1,
                .bytes = bytes,
                .format = &nx_format_tia,
                .zone = nx_zone("UTC", NULL)};
  GPtrArray *signals = read_input(&in);
  NxSignal *signal = only(signals);
  if (signal->view == NX_VIEW_ARRAY) {
    guint64 first[NX_DIMS_MAX] = { 0 }, last[NX_DIMS_MAX];
    double value;
    for (guint i = 0; i < signal->array.n_dims; i++)
      last[i] = signal->array.shape[i] - 1;
    g_assert_true(nx_array_read(&signal->array, first, 0, 1, 1, &value, NULL));
    g_assert_true(nx_array_read(&signal->array, last, 0, 1, 1, &value, NULL));
  }
  g_autofree char *text = nx_json_text(signal->nx_meta, NX_JSON_LINE), *raw = nx_json_text(signal->raw, NX_JSON_LINE);
  g_assert_true(g_utf8_validate(text, -1, NULL) && g_utf8_validate(raw, -1, NULL));
  signal->array.source = NULL;
  return signals;
}

static gboolean is_refused(GPtrArray *signals)
{
  return g_str_equal(nx_json_get_string(only(signals)->nx_meta, "DatasetType"), "Misc");
}

/* Refused with the words of the reference, and with `reason` in the sentence that says why. */
static void assert_refused(const guint8 *data, gsize length, const char *reason)
{
  g_autoptr(GPtrArray) signals = read_bytes(data, length);
  json_object *meta = only(signals)->nx_meta;
  const char *why = nx_json_get_string(meta, "Extractor Warnings");
  g_assert_nonnull(why);
  if (!strstr(why, reason))
    g_error("refused because of '%s', expected '%s'", why, reason);
  json_object_object_del(meta, "Extractor Warnings");
  g_autofree char *got = nx_json_text(meta, NX_JSON_LINE);
  g_assert_cmpstr(got, ==,
                  "{\"Creation Time\":\"1970-01-01T00:00:00+00:00\",\"Data Type\":\"Unknown\",\"DatasetType\":\"Misc\",\"extensions\":{"
                  "\"emi Filename\":null,\"Extractor Warning\":\"The .ser file could not be opened (perhaps file is corrupted?); Metadata "
                  "extraction is not possible.\"},\"Instrument ID\":null,\"warnings\":[]}");
  g_assert_null(only(signals)->raw);
  g_assert_cmpint(only(signals)->view, ==, NX_VIEW_PLACEHOLDER);
}

static void test_good_series(void)
{
  g_autofree guint8 *file = series();
  g_autoptr(GPtrArray) signals = read_bytes(file, SERIES_BYTES);
  g_assert_cmpstr(nx_json_get_string(only(signals)->nx_meta, "Data Dimensions"), ==, "(2, 3)");
  g_assert_cmpstr(nx_json_get_string(only(signals)->nx_meta, "Data Type"), ==, "TEM_Spectrum_Imaging");
  g_assert_cmpint(only(signals)->view, ==, NX_VIEW_ARRAY);
}

static void test_patched_series(void)
{
  static const struct {
    gsize at;
    guint64 value;
    guint width;
    const char *reason;
  } CASES[] = {
    { AT_BYTE_ORDER, 0x4d4d, 2, "does not begin as a TIA series" },
    { AT_SERIES, 0x0198, 2, "does not begin as a TIA series" },
    { AT_KIND, 0x4121, 4, "neither spectra nor images" },
    { AT_KIND, 0, 4, "neither spectra nor images" },
    { AT_VALID, 0, 4, "0 of 2 elements" },
    { AT_VALID, 3, 4, "3 of 2 elements" },
    { AT_TOTAL, 0xffffffff, 4, "do not fit into the file" },
    { AT_OFFSETS, 0xfffffff0, 4, "do not fit into the file" },
    { AT_OFFSETS, SERIES_BYTES - 4, 4, "do not fit into the file" },
    { AT_N_DIMENSIONS, 0x80000000, 4, "dimensions" },
    { AT_N_DIMENSIONS, 7, 4, "dimensions" },
    { AT_SIZE, 0, 4, "size 0" },
    { AT_DESCRIPTION, 0xffffffff, 4, "a text of 4294967295 bytes" },
    { AT_OFFSET_ARRAY, SERIES_BYTES, 4, "the file ends here" },
    { AT_OFFSET_ARRAY + 4, 0xffffffff, 4, "the file ends here" },
    { AT_OFFSET_ARRAY + 8, SERIES_BYTES - 1, 4, "the file ends here" },
    { AT_DATA_TYPE, 0, 2, "unknown type of numbers" },
    { AT_DATA_TYPE, 11, 2, "unknown type of numbers" },
    { AT_DATA_TYPE, 65535, 2, "unknown type of numbers" },
    { AT_DATA_TYPE, 1, 2, "another type or size" },
    { AT_LENGTH, 4, 4, "another type or size" },
    { AT_LENGTH, 0, 4, "does not fit" },
    { AT_LENGTH, 0xffffffff, 4, "does not fit" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_autofree guint8 *file = series();
    put(file, CASES[i].at, CASES[i].value, CASES[i].width);
    assert_refused(file, SERIES_BYTES, CASES[i].reason);
  }
}

static void test_short_series(void)
{
  g_autofree guint8 *file = series();
  for (gsize length = 0; length < SERIES_BYTES; length++)
    assert_refused(file, length, "SER file, byte ");
}

/* Elements that overlap each other or the header are read as they are. */
static void test_odd_offsets(void)
{
  g_autofree guint8 *file = series();
  put(file, AT_OFFSET_ARRAY + 4, AT_FIRST, 4);
  g_autoptr(GPtrArray) signals = read_bytes(file, SERIES_BYTES);
  g_assert_false(is_refused(signals));
  g_assert_cmpstr(nx_json_get_string(only(signals)->nx_meta, "Data Dimensions"), ==, "(2, 3)");
  put(file, AT_OFFSET_ARRAY + 4, 4, 4);
  g_autoptr(GPtrArray) in_header = read_bytes(file, SERIES_BYTES);
  g_assert_true(is_refused(in_header));
}

static void test_wrong_version(void)
{
  g_autofree guint8 *file = series();
  put(file, AT_VERSION, 0x0220, 2);
  g_autoptr(GPtrArray) signals = read_bytes(file, SERIES_BYTES);
  g_assert_true(is_refused(signals));
}

/* A scan of 3 × 2 positions that was stopped in its second line shows the first. */
static void test_stopped_scan(void)
{
  g_autofree guint8 *file = series();
  put(file, AT_N_DIMENSIONS, 0, 4);
  g_autoptr(GPtrArray) without = read_bytes(file, SERIES_BYTES);
  g_assert_cmpstr(nx_json_get_string(only(without)->nx_meta, "Data Dimensions"), ==, "(2, 3)");
  put(file, AT_N_DIMENSIONS, 1, 4);
  put(file, AT_SIZE, 100, 4);
  g_autoptr(GPtrArray) longer = read_bytes(file, SERIES_BYTES);
  g_assert_cmpstr(nx_json_get_string(only(longer)->nx_meta, "Data Dimensions"), ==, "(100, 3)");
  g_assert_cmpuint(only(longer)->array.shape[0], ==, 2);
}

/* ------------------------------------------------------------------------------------------------------------ companions */

static void test_names(void)
{
  static const struct {
    const char *ser, *emi;
    guint64 number;
  } CASES[] = {
    { "/a_b/name_1.ser", "/a_b/name.emi", 1 },
    { "name_x_12.ser", "name_x.emi", 12 },
    { "/a/name_0.ser", "/a/name.emi", 0 },
    { "/a/name_99999999999.ser", "/a/name.emi", 99999999999 },
    { "/a/_1.ser", "/a/.emi", 1 },
    { "/a_1/name.ser", NULL, 0 },
    { "/a/name_x.ser", NULL, 0 },
    { "/a/name_.ser", NULL, 0 },
    { "/a/name_-1.ser", NULL, 0 },
    { "/a/name_1", NULL, 0 },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    guint64 number = 0;
    g_autofree char *emi = tia_emi_path(CASES[i].ser, &number);
    g_assert_cmpstr(emi, ==, CASES[i].emi);
    g_assert_cmpuint(number, ==, CASES[i].number);
  }
}

/* Whether a reader of its own that was handed the descriptors names the same .emi. */
static void check_received(NxOpened *opened, const char *ser_path, const char *folder, json_object *expected)
{
  int copies[8];
  gsize n;
  g_autoptr(GError) problem = NULL;
  g_autoptr(json_object) line = json_object_new_object();
  const int *descriptors = nx_opened_descriptors(opened, &n);
  g_assert_cmpuint(n, <=, G_N_ELEMENTS(copies));
  for (gsize i = 0; i < n; i++)
    copies[i] = dup(descriptors[i]);
  g_autoptr(NxOpened) received = nx_opened_received(line, ser_path, folder, copies, n, nx_opened_companions(opened), &problem);
  g_assert_no_error(problem);
  nx_opened_input(received)->format = &nx_format_tia;
  g_autoptr(GPtrArray) signals = read_input(nx_opened_input(received));
  g_assert_true(json_object_equal(nx_json_get(only(signals)->nx_meta, "extensions"), expected));
}

/* Writes the series and an .emi of that content and name beside it; the extensions of its metadata. */
static json_object *extensions_beside(const char *ser_name, const char *emi_name, const char *emi, gsize emi_length)
{
  g_autoptr(GError) problem = NULL;
  g_autofree char *folder = g_dir_make_tmp("nx-tia-XXXXXX", NULL);
  g_autofree char *ser_path = g_build_filename(folder, ser_name, NULL), *emi_path = g_build_filename(folder, emi_name, NULL);
  g_autofree guint8 *file = series();
  g_assert_true(g_file_set_contents(ser_path, (const char *)file, SERIES_BYTES, NULL));
  if (emi)
    g_assert_true(g_file_set_contents(emi_path, emi, (gssize)emi_length, NULL));
  g_autoptr(json_object) line = json_object_new_object();
  g_autoptr(NxOpened) opened = nx_opened_new(line, ser_path, NX_LINKS_FOLLOWED, folder, &problem);
  g_assert_no_error(problem);
  g_autoptr(GPtrArray) signals = read_input(nx_opened_input(opened));
  g_assert_cmpstr(nx_json_get_string(only(signals)->nx_meta, "Data Dimensions"), ==, "(2, 3)");
  check_received(opened, ser_path, folder, nx_json_get(only(signals)->nx_meta, "extensions"));
  g_unlink(ser_path);
  g_unlink(emi_path);
  g_rmdir(folder);
  return json_object_get(nx_json_get(only(signals)->nx_meta, "extensions"));
}

static json_object *extensions_with(const char *ser_name, const char *emi, gsize emi_length)
{
  return extensions_beside(ser_name, "scan.emi", emi, emi_length);
}

static void test_emi_in_capitals(void)
{
  static const char EMI[] = "<ObjectInfo><ExperimentalDescription/></ObjectInfo>";
  g_autoptr(json_object) extensions = extensions_beside("scan_1.ser", "scan.EMI", EMI, sizeof EMI - 1);
  g_assert_cmpstr(nx_json_get_string(extensions, "emi Filename"), ==, "scan.EMI");
  g_assert_null(nx_json_get(extensions, "Extractor Warning"));
}

static void assert_emi_warning(const char *ser_name, const char *emi, gsize emi_length, const char *emi_name, const char *warning)
{
  g_autoptr(json_object) extensions = extensions_with(ser_name, emi, emi_length);
  g_assert_cmpstr(nx_json_get_string(extensions, "emi Filename"), ==, emi_name);
  const char *got = nx_json_get_string(extensions, "Extractor Warning");
  if (!got || !strstr(got, warning))
    g_error("%s with %.40s: got '%s', expected '%s'", ser_name, emi ? emi : "no emi", got, warning);
}

static void test_broken_emi(void)
{
  static const char UNUSABLE[] = "could not be opened by NexusLIMS", NOTHING[] = "No experimental metadata",
                    ABSENT[] = "could not find a corresponding";
  static const struct {
    const char *text, *warning;
  } CASES[] = {
    { "", NOTHING },
    { "JK\2 no xml here", NOTHING },
    { "<ObjectInfo>", UNUSABLE },
    { "<ObjectInfo><A></ObjectInfo>", UNUSABLE },
    { "<ObjectInfo><A>\xff\xfe</A></ObjectInfo>", UNUSABLE },
    { "<ObjectInfo><A>&undefined;</A></ObjectInfo>", UNUSABLE },
    { "<!DOCTYPE x [<!ENTITY a \"b\">]><ObjectInfo><A>&a;</A></ObjectInfo>", UNUSABLE },
    { "<ObjectInfo><Uuid>1</Uuid></ObjectInfo>", NOTHING },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++)
    assert_emi_warning("scan_1.ser", CASES[i].text, strlen(CASES[i].text), "scan.emi", CASES[i].warning);
  const char *good = "<ObjectInfo><ExperimentalDescription/></ObjectInfo>";
  assert_emi_warning("scan_1.ser", NULL, 0, NULL, ABSENT);
  assert_emi_warning("scan.ser", good, strlen(good), NULL, ABSENT);
  assert_emi_warning("scan_x.ser", good, strlen(good), NULL, ABSENT);
  assert_emi_warning("scan_0.ser", good, strlen(good), "scan.emi", NOTHING);
  assert_emi_warning("scan_2.ser", good, strlen(good), "scan.emi", NOTHING);
  assert_emi_warning("scan_99999999999.ser", good, strlen(good), "scan.emi", NOTHING);
}

static void test_large_emi(void)
{
  const gsize length = 200u << 20;
  g_autofree char *text = g_malloc(length);
  memset(text, 'x', length);
  memcpy(text + 1000, "<ObjectInfo>", 12);
  assert_emi_warning("scan_1.ser", text, length, "scan.emi", "could not be opened by NexusLIMS");
  memcpy(text + length - 13, "</ObjectInfo>", 13);
  assert_emi_warning("scan_1.ser", text, length, "scan.emi", "could not be opened by NexusLIMS");
}

static void test_values(void)
{
  static const char EMI[] =
      "binary<ObjectInfo><ExperimentalConditions/><ExperimentalDescription><Root>"
      "<Data><Label>High tension</Label><Unit>kV</Unit></Data>"
      "<Data><Value>5</Value><Unit>kV</Unit></Data>"
      "<Data><Label>Gun voltage</Label><Value>n/a</Value><Unit>kV</Unit></Data>"
      "<Data><Label>Filter eV/x2y slit_eV</Label><Value>+1.5</Value><Unit></Unit></Data>"
      "<Data><Label>Stem rotation</Label><Value>-0.5</Value><Unit>deg</Unit></Data>"
      "<Data><Label>Stage A</Label><Value>1e999</Value><Unit>deg</Unit></Data>"
      "<Data><Label>C2 lens</Label><Value>46.763</Value><Unit>%</Unit></Data>"
      "</Root></ExperimentalDescription>"
      "<AcquireInfo><BeamPosition>(-0.99656, 0.74289) um</BeamPosition><Binning>8</Binning><Binning> 4 </Binning></AcquireInfo>"
      "</ObjectInfo>binary";
  g_autoptr(json_object) extensions = extensions_with("scan_1.ser", EMI, sizeof EMI - 1);
  g_autofree char *got = nx_json_text(extensions, NX_JSON_LINE);
  g_assert_cmpstr(got, ==,
                  "{\"Beam Position\":\"(-0.99656, 0.74289)\",\"Binning\":4,\"C2 Lens\":46.763,\"emi Filename\":\"scan.emi\","
                  "\"Gun Voltage\":\"n/a\",\"Stage Position\":{\"A\":\"1e999\"},\"STEM Rotation\":{\"value\":-0.5,\"unit\":\"degree\"},"
                  "\"Tecnai Filter\":{\"Ev/X2Y Slit\":{\"value\":1.5,\"unit\":\"electron_volt\"}}}");
}

/* What a label may not stand for is kept apart. */
static void test_own_names(void)
{
  static const char EMI[] =
      "binary<ObjectInfo><ExperimentalConditions><MicroscopeConditions><AcceleratingVoltage>200000</AcceleratingVoltage></MicroscopeConditions>"
      "</ExperimentalConditions><ExperimentalDescription><Root><Data><Label>creation time</Label><Value>never</Value><Unit></Unit></Data>"
      "<Data><Label>NexusLIMS extraction</Label><Value>me</Value><Unit></Unit></Data>"
      "<Data><Label>Instrument ID</Label><Value>5</Value><Unit></Unit></Data>"
      "<Data><Label>Acceleration voltage</Label><Value>5</Value><Unit>kV</Unit></Data>"
      "</Root></ExperimentalDescription></ObjectInfo>binary";
  g_autoptr(json_object) extensions = extensions_with("scan_1.ser", EMI, sizeof EMI - 1);
  g_autofree char *got = nx_json_text(extensions, NX_JSON_LINE);
  g_assert_cmpstr(got, ==,
                  "{\"emi Filename\":\"scan.emi\",\"Experimental Description\":{\"Acceleration Voltage\":{\"value\":5.0,\"unit\":\"kilovolt\"},"
                  "\"Creation Time\":\"never\",\"Instrument ID\":5,\"NexusLIMS Extraction\":\"me\"},"
                  "\"Microscope Accelerating Voltage\":{\"value\":200000.0,\"unit\":\"volt\"}}");
}

/* ------------------------------------------------------------------------------------------------------- corpus, damaged */

static guint8 *whole_file(const char *path, gsize *length)
{
  char *data = NULL;
  g_assert_true(g_file_get_contents(path, &data, length, NULL));
  return (guint8 *)data;
}

static void check_cuts(const char *path, json_object *expected)
{
  (void)expected;
  gsize length;
  g_autofree guint8 *data = whole_file(path, &length);
  for (gsize end = 0; end < length; end += end < 256 ? 7 : MAX(97, length / 200)) {
    g_autoptr(GPtrArray) signals = read_bytes(data, end);
    g_assert_true(is_refused(signals));
  }
}

/* Images are calibrated in the same unit when there is no .emi to say so. */
static void check_unit_alone(const char *path, json_object *expected)
{
  gsize length;
  g_autofree guint8 *data = whole_file(path, &length);
  g_autoptr(GPtrArray) signals = read_bytes(data, length);
  json_object *axes = nx_json_get(json_object_array_get_idx(nx_json_get(expected, "signals"), 0), "axes");
  const NxArray *array = &only(signals)->array;
  json_object *last = json_object_array_get_idx(axes, json_object_array_length(axes) - 1);
  const char *units = nx_json_get_string(last, "units");
  g_assert_cmpstr(array->axis[array->n_dims - 1].units, ==, g_str_equal(units, "1 / nm") ? "1/nm" : units);
}

static void test_units_alone(void)
{
  for_each_file(check_unit_alone);
}

static void test_cuts(void)
{
  for_each_file(check_cuts);
}

/* Flips and extremes, mostly where the structure is: at the beginning, and where the offsets lie. */
static void mutate(guint8 *to, gsize length, gsize offsets, GRand *random)
{
  static const guint64 EXTREMES[] = { 0, 1, 2, 0x7fffffff, 0xffffffff, 0x80000000, G_MAXUINT64, 65535, 0x4122, 0x4120, 0x4142, 0x0220 };
  for (gint i = g_rand_int_range(random, 1, 4); i > 0; i--) {
    gint place = g_rand_int_range(random, 0, 3);
    gsize at = place == 0   ? (gsize)g_rand_int_range(random, 0, 140)
               : place == 1 ? offsets + (gsize)g_rand_int_range(random, 0, 400)
                            : (gsize)g_rand_int_range(random, 0, (gint)length);
    if (at + 8 > length)
      continue;
    if (g_rand_boolean(random))
      put(to, at, EXTREMES[g_rand_int_range(random, 0, G_N_ELEMENTS(EXTREMES))], 1u << g_rand_int_range(random, 1, 4));
    else
      to[at] ^= (guint8)(1u << g_rand_int_range(random, 0, 8));
  }
}

static void check_mutants(const char *path, json_object *expected)
{
  gsize length;
  g_autofree guint8 *data = whole_file(path, &length);
  json_object *ser = nx_json_get(json_object_array_get_idx(nx_json_get(expected, "signals"), 0), "ser");
  gsize offsets = (gsize)nx_json_get_int(ser, "OffsetArrayOffset", 0);
  GRand *random = g_rand_new_with_seed((guint32)length);
  for (guint i = 0; i < 300; i++) {
    g_autofree guint8 *mutant = g_memdup2(data, length);
    mutate(mutant, length, offsets, random);
    hostile_file();
    g_autoptr(GPtrArray) signals = read_bytes(mutant, length);
    g_assert_nonnull(nx_json_get_string(only(signals)->nx_meta, "DatasetType"));
  }
  g_rand_free(random);
}

static void test_mutants(void)
{
  for_each_file(check_mutants);
}

/* The pieces of XML of an .emi with a few bytes changed. */
static void check_emi_mutants(const char *path, json_object *expected)
{
  (void)expected;
  gsize length;
  g_autofree char *emi = tia_emi_path(path, NULL);
  if (!emi || !g_file_test(emi, G_FILE_TEST_EXISTS))
    return;
  g_autofree guint8 *data = whole_file(emi, &length);
  guint8 *piece = memmem(data, length, "<ObjectInfo>", 12);
  GRand *random = g_rand_new_with_seed((guint32)length);
  for (guint i = 0; i < 200; i++) {
    g_autofree guint8 *mutant = g_memdup2(data, length);
    for (gint j = 0; j < 3; j++)
      mutant[piece - data + g_rand_int_range(random, 0, (gint)MIN(4000, data + length - piece))] = (guint8)g_rand_int_range(random, 0, 256);
    hostile_file();
    g_autoptr(NxBytes) bytes = nx_bytes_from_memory(mutant, length);
    g_autoptr(json_object) object = NULL;
    g_autoptr(GError) problem = NULL;
    g_assert_true(tia_emi_object(bytes, 0, &object, &problem) == (problem == NULL));
  }
  g_rand_free(random);
}

static void test_emi_mutants(void)
{
  for_each_file(check_emi_mutants);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_setenv("TZ", "UTC", TRUE);
  hostile_limit_memory();
  g_test_add_func("/tia/corpus/every file has the expected metadata on each instrument", test_metadata);
  g_test_add_func("/tia/corpus/header fields and the .emi object are kept beside it", test_raw);
  g_test_add_func("/tia/corpus/shape, axes and every number are as expected, top row first", test_arrays);
  g_test_add_func("/tia/corpus/without an .emi images keep their unit", test_units_alone);
  g_test_add_func("/tia/hostile/the series of these tests is a good one", test_good_series);
  g_test_add_func("/tia/hostile/each field that contradicts the file is refused, with the reason", test_patched_series);
  g_test_add_func("/tia/hostile/a series cut anywhere is refused", test_short_series);
  g_test_add_func("/tia/hostile/elements that overlap are read as they are", test_odd_offsets);
  g_test_add_func("/tia/hostile/offsets of the other width are refused", test_wrong_version);
  g_test_add_func("/tia/hostile/of a scan that was stopped the complete lines are shown", test_stopped_scan);
  g_test_add_func("/tia/hostile/only NAME_number.ser has a companion", test_names);
  g_test_add_func("/tia/the .emi is named as it is written, also in capitals", test_emi_in_capitals);
  g_test_add_func("/tia/hostile/a broken .emi costs its metadata, and the reason is told", test_broken_emi);
  g_test_add_func("/tia/hostile/200 MB of text in an .emi are no metadata", test_large_emi);
  g_test_add_func("/tia/hostile/a label never stands for what is known from elsewhere", test_own_names);
  g_test_add_func("/tia/hostile/values that lack a part are skipped, and odd ones stay text", test_values);
  g_test_add_func("/tia/hostile/every cut of a corpus file is refused", test_cuts);
  g_test_add_func("/tia/hostile/300 mutants of each corpus file are read or refused", test_mutants);
  g_test_add_func("/tia/hostile/200 mutants of each .emi are read or refused", test_emi_mutants);
  return g_test_run();
}
