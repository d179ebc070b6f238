/* test-edax.c — EDAX .spc and EMSA/MAS .msa are read as the corpus says, and damaged ones cost a sentence (extractors-a §5, §6, §11). */
#include "extract-corpus.h"
#include "hostile.h"
#include "formats.h"

#include <fcntl.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

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

static NxSignal *read_input(const NxInput *in)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(GPtrArray) signals = g_ptr_array_new();
  int kept = silence();
  gboolean done = in->format->read(in, signals, &problem);
  unsilence(kept);
  g_assert_no_error(problem);
  g_assert_true(done);
  g_assert_cmpuint(signals->len, ==, 1);
  return signals->pdata[0];
}

/* --------------------------------------------------------------------------------------------------------------- corpus */

static void for_each_file(void (*check)(CorpusCase *test))
{
  g_autofree char *folder = corpus_folder("edax");
  if (!folder) {
    g_test_skip("corpus/edax not found (set NX_CORPUS)");
    return;
  }
  g_autoptr(GPtrArray) cases = corpus_expectations(folder);
  g_assert_cmpuint(cases->len, >, 0);
  for (guint i = 0; i < cases->len; i++) {
    g_autoptr(CorpusCase) test = corpus_case_open(cases->pdata[i]);
    g_autoptr(GDateTime) mtime = nx_time_parse(nx_json_get_string(nx_json_get(test->expected, "assume"), "mtime"), NULL, NULL);
    test->in.mtime = (double)nx_time_ns(mtime) / 1e9;
    test->in.format = nx_format_for(&test->in);
    g_test_message("%s", test->in.name);
    g_assert_cmpstr(test->in.format->name, ==, nx_json_get_string(test->expected, "format"));
    check(test);
  }
}

static void assert_same_order(json_object *got, json_object *expected)
{
  if (!json_object_is_type(expected, json_type_object))
    return;
  struct json_object_iterator at = json_object_iter_begin(got);
  json_object_object_foreach(expected, key, value)
  {
    g_assert_cmpstr(json_object_iter_peek_name(&at), ==, key);
    assert_same_order(json_object_iter_peek_value(&at), value);
    json_object_iter_next(&at);
  }
}

static void check_metadata(CorpusCase *test)
{
  json_object *cases = nx_json_get(test->expected, "cases");
  for (size_t i = 0; i < json_object_array_length(cases); i++) {
    json_object *conditions = json_object_array_get_idx(cases, i);
    json_object *expected = json_object_array_get_idx(nx_json_get(conditions, "nx_meta"), 0);
    const char *zone = nx_json_get_string(conditions, "timezone");
    test->in.instrument_pid = nx_json_get_string(conditions, "instrument");
    test->in.zone = zone ? nx_zone(zone, NULL) : NULL;
    g_autoptr(NxSignal) signal = read_input(&test->in);
    corpus_assert_same(signal->nx_meta, expected, test->in.name);
    assert_same_order(signal->nx_meta, expected);
  }
}

static void test_metadata(void)
{
  for_each_file(check_metadata);
}

static void check_raw(CorpusCase *test)
{
  g_autoptr(NxSignal) signal = read_input(&test->in);
  json_object *expected = json_object_array_get_idx(nx_json_get(test->expected, "signals"), 0);
  json_object *header = nx_json_get(expected, "spc_header");
  corpus_assert_same(nx_json_get(signal->raw, "original_metadata"), header ? header : nx_json_get(expected, "keywords"), test->in.name);
}

static void test_raw(void)
{
  for_each_file(check_raw);
}

static void check_channels(CorpusCase *test)
{
  g_autoptr(NxSignal) signal = read_input(&test->in);
  json_object *expected = json_object_array_get_idx(nx_json_get(test->expected, "signals"), 0);
  json_object *axis = json_object_array_get_idx(nx_json_get(expected, "axes"), 0), *data = nx_json_get(expected, "data");
  const NxArray *array = &signal->array;
  guint64 channels = array->shape[0];
  g_assert_cmpint(signal->view, ==, NX_VIEW_ARRAY);
  g_assert_cmpuint(array->n_dims, ==, 1);
  g_assert_cmpuint(channels, ==, (guint64)nx_json_get_int(axis, "size", 0));
  g_assert_cmpstr(array->axis[0].name, ==, nx_json_get_string(axis, "name"));
  g_assert_cmpstr(array->axis[0].units, ==, nx_json_get_string(axis, "units"));
  g_assert_cmpfloat(array->axis[0].scale, ==, nx_json_get_double(axis, "scale", NAN));
  g_assert_cmpfloat(array->axis[0].offset, ==, nx_json_get_double(axis, "offset", NAN));

  g_autofree double *values = g_new(double, channels);
  g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
  g_assert_true(nx_array_check(array, NULL));
  g_assert_true(nx_array_read(array, (const guint64[]){ 0 }, 0, channels, 1, values, NULL));
  for (guint64 i = 0; i < channels; i++) {
    guint32 count = (guint32)values[i];
    const void *at = array->sample == NX_U32 ? (const void *)&count : (const void *)&values[i];
    g_checksum_update(checksum, at, (gssize)nx_sample_size(array->sample));
  }
  g_assert_cmpstr(g_checksum_get_string(checksum), ==, nx_json_get_string(data, "sha256_c_order_le"));
}

static void test_channels(void)
{
  for_each_file(check_channels);
}

/* --------------------------------------------------------------------------------------------------------- damaged files */

/* Reads from a copy of exactly its size. */
static NxSignal *read_bytes(const NxFormat *format, const void *data, gsize length)
{
  g_autofree guint8 *copy = g_memdup2(data, length);
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(copy, length);
  NxInput in = { .path = "/data/x.spc", .name = "x.spc", .fd = -1, .bytes = bytes, .format = format };
  NxSignal *signal = read_input(&in);
  if (signal->view == NX_VIEW_ARRAY) {
    double value;
    guint64 last = signal->array.shape[0] - 1;
    g_assert_true(nx_array_read(&signal->array, &last, 0, 1, 1, &value, NULL));
  }
  g_autofree char *meta = nx_json_text(signal->nx_meta, NX_JSON_LINE), *raw = nx_json_text(signal->raw, NX_JSON_LINE);
  g_assert_true(g_utf8_validate(meta, -1, NULL) && g_utf8_validate(raw, -1, NULL));
  signal->array.source = NULL;
  return signal;
}

static gboolean is_refused(const NxSignal *signal)
{
  return g_str_equal(nx_json_get_string(signal->nx_meta, "DatasetType"), "Unknown");
}

static void assert_refused(const NxFormat *format, const void *data, gsize length, const char *reason)
{
  g_autoptr(NxSignal) signal = read_bytes(format, data, length);
  const char *why = nx_json_get_string(signal->nx_meta, "Extractor Warnings");
  g_assert_nonnull(why);
  if (!strstr(why, reason))
    g_error("refused because of '%s', expected '%s'", why, reason);
  json_object_object_del(signal->nx_meta, "Extractor Warnings");
  g_autofree char *got = nx_json_text(signal->nx_meta, NX_JSON_LINE);
  g_autofree char *expected =
      g_strdup_printf("{\"DatasetType\":\"Unknown\",\"Data Type\":\"Unknown\",\"Creation Time\":\"1970-01-01T00:00:00+00:00\","
                      "\"Instrument ID\":null,\"warnings\":[[\"%s file could not be read\"]]}",
                      format == &nx_format_spc ? "SPC" : "MSA");
  g_assert_cmpstr(got, ==, expected);
  g_assert_cmpint(signal->view, ==, NX_VIEW_PLACEHOLDER);
}

enum { AT_START = 28, AT_CHANNELS = 32, AT_LIVE_TIME = 456, AT_N_ELEMENTS = 638, AT_ELEMENTS = 640, SPC_BYTES = 3840 + 40 };

static void put(guint8 *to, gsize at, guint32 value, guint width)
{
  for (guint i = 0; i < width; i++)
    to[at + i] = (guint8)(value >> (8 * i));
}

/* Ten channels. */
static guint8 *spectrum(void)
{
  guint8 *file = g_malloc0(SPC_BYTES);
  put(file, AT_START, 3840, 4);
  put(file, AT_CHANNELS, 10, 2);
  put(file, AT_N_ELEMENTS, 3, 2);
  put(file, AT_ELEMENTS, 26, 2);
  put(file, AT_ELEMENTS + 2, 119, 2);
  put(file, AT_ELEMENTS + 4, 6, 2);
  return file;
}

static void test_spc_cuts(void)
{
  g_autofree guint8 *file = spectrum();
  for (gsize length = 0; length < SPC_BYTES; length += length < 740 ? 1 : 25)
    assert_refused(&nx_format_spc, file, length, length < 736 ? "the header alone" : "10 channels at byte 3840");
}

static void test_spc_fields(void)
{
  static const struct {
    gsize at;
    guint32 value;
    guint width;
  } CASES[] = {
    { AT_START, 0xffffffff, 4 }, { AT_START, 0, 4 },          { AT_START, 735, 4 },         { AT_START, 0x7fffffff, 4 },
    { AT_CHANNELS, 0, 2 },       { AT_CHANNELS, 0xffff, 2 },  { AT_CHANNELS, 32767, 2 },    { AT_CHANNELS, 11, 2 },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_autofree guint8 *file = spectrum();
    put(file, CASES[i].at, CASES[i].value, CASES[i].width);
    assert_refused(&nx_format_spc, file, SPC_BYTES, "SPC file, byte 28");
  }
}

static void test_spc_elements(void)
{
  static const guint32 COUNTS[] = { 0xfffb, 200, 49 };
  g_autofree guint8 *file = spectrum();
  g_autoptr(NxSignal) good = read_bytes(&nx_format_spc, file, SPC_BYTES);
  g_autofree char *list = nx_json_text(nx_json_get(nx_json_get(good->nx_meta, "extensions"), "Elements"), NX_JSON_LINE);
  g_assert_cmpstr(list, ==, "[\"C\",\"Fe\"]");
  for (gsize i = 0; i < G_N_ELEMENTS(COUNTS); i++) {
    put(file, AT_N_ELEMENTS, COUNTS[i], 2);
    g_autoptr(NxSignal) signal = read_bytes(&nx_format_spc, file, SPC_BYTES);
    g_assert_false(is_refused(signal));
    g_assert_null(nx_json_get(nx_json_get(signal->nx_meta, "extensions"), "Elements"));
  }
}

static void test_spc_no_numbers(void)
{
  static const guint32 REALS[] = { 0x7fc00000, 0x7f800000, 0xff800000 };
  for (gsize i = 0; i < G_N_ELEMENTS(REALS); i++) {
    g_autofree guint8 *file = spectrum();
    put(file, AT_LIVE_TIME, REALS[i], 4);
    g_autoptr(NxSignal) signal = read_bytes(&nx_format_spc, file, SPC_BYTES);
    g_assert_false(is_refused(signal));
    g_assert_null(nx_json_get(nx_json_get(signal->nx_meta, "extensions"), "Live Time"));
    g_assert_nonnull(nx_json_get(nx_json_get(signal->nx_meta, "extensions"), "Stage Tilt"));
  }
}

static void refuse_text(const char *text, const char *reason)
{
  assert_refused(&nx_format_msa, text, strlen(text), reason);
}

static void test_msa_refused(void)
{
  refuse_text("", "without any keyword");
  refuse_text("\n\r\n# nothing\n#at all\n", "without any keyword");
  refuse_text("1 2 3\n", "without any keyword");
  refuse_text("#DATATYPE : XY\n#SPECTRUM : x\n1.0, 2.0\n3.0\n", "line 4: x and y are expected");
  refuse_text("#DATATYPE : Y\n#SPECTRUM : x\n1.0\n2.0 counts\n", "line 4: no number: counts");
  refuse_text("#DATATYPE : Y\r#SPECTRUM : x\r1.0\rinf\r", "line 4: no number: inf");
  g_autofree char *junk = g_malloc(100000);
  for (gsize i = 0; i < 100000; i++)
    junk[i] = (char)(i * i / 7 + i);
  assert_refused(&nx_format_msa, junk, 100000, "without any keyword");
}

/* The metadata of a text that is read. */
static NxSignal *read_text(const char *text, gsize length)
{
  NxSignal *signal = read_bytes(&nx_format_msa, text, length);
  g_assert_false(is_refused(signal));
  return signal;
}

static void test_msa_tolerated(void)
{
  static const char TEXT[] =
      "#FORMAT : whatever\n#TITLE : one\0 \xB5\n#TITLE :  two: three\nignored\n#BEAMKV   -kV: 1e999\n#LIVETIME  -s: 10 ms\n"
      "#NPOINTS : 7\n#A-B-C : 5\n#LONE\n#DATATYPE : XY\n#SPECTRUM\n1 2 3 4\n\n# comment\n5,1e999\n";
  g_autoptr(NxSignal) signal = read_text(TEXT, sizeof TEXT - 1);
  g_autofree char *raw = nx_json_text(nx_json_get(signal->raw, "original_metadata"), NX_JSON_LINE);
  g_assert_cmpstr(
      raw, ==,
      "{\"FORMAT\":\"EMSA/MAS Spectral Data File\",\"TITLE\":\"one µ two: three\",\"BEAMKV   -kV\":\"1e999\",\"LIVETIME  -s\":10.0,"
      "\"NPOINTS\":7.0,\"A-B-C\":\"5\",\"LONE\":null,\"DATATYPE\":\"XY\"}");
  g_autofree char *extensions = nx_json_text(nx_json_get(signal->nx_meta, "extensions"), NX_JSON_LINE);
  g_assert_cmpstr(extensions, ==,
                  "{\"Beam Energy\":\"1e999\",\"Data Format\":\"XY\",\"File Format\":\"EMSA/MAS Spectral Data File\","
                  "\"Live Time\":{\"value\":10.0,\"unit\":\"second\"},\"Number of Data Points\":7.0,\"EDAX Title\":\"one µ two: three\"}");
  double values[3];
  g_assert_cmpuint(signal->array.shape[0], ==, 3);
  g_assert_true(nx_array_read(&signal->array, (const guint64[]){ 0 }, 0, 3, 1, values, NULL));
  g_assert_true(values[0] == 2.0 && values[1] == 4.0 && isnan(values[2]));

  static const char NO_SPECTRUM[] = "#TITLE : x\n1\n2\n", OTHER_TYPE[] = "#DATATYPE : YY\n#SPECTRUM : x\n1\nnot looked at\n";
  g_autoptr(NxSignal) no_spectrum = read_text(NO_SPECTRUM, sizeof NO_SPECTRUM - 1);
  g_autoptr(NxSignal) other_type = read_text(OTHER_TYPE, sizeof OTHER_TYPE - 1);
  g_assert_cmpint(no_spectrum->view, ==, NX_VIEW_PLACEHOLDER);
  g_assert_cmpint(other_type->view, ==, NX_VIEW_PLACEHOLDER);
}

/* Whether a comma is a point or parts two numbers, the step between channels tells. */
static void test_msa_decimal_commas(void)
{
  static const char COMMAS[] = "#NPOINTS : 4\n#XPERCHAN : 0,01\n#OFFSET : -0,2\n#BEAMKV   -kV: 20,0\n#DATATYPE : Y\n#SPECTRUM : x\n305,4\n7, 8,25;9\n";
  static const char POINTS[] = "#NPOINTS : 4\n#XPERCHAN : 0.01\n#DATATYPE : Y\n#SPECTRUM : x\n305,4\n7, 8,\n";
  double values[4];
  g_autoptr(NxSignal) commas = read_text(COMMAS, sizeof COMMAS - 1);
  g_assert_cmpuint(commas->array.shape[0], ==, 4);
  g_assert_true(nx_array_read(&commas->array, (const guint64[]){ 0 }, 0, 4, 1, values, NULL));
  g_assert_true(values[0] == 305.4 && values[1] == 7 && values[2] == 8.25 && values[3] == 9);
  g_assert_cmpfloat(commas->array.axis[0].scale, ==, 0.01);
  g_assert_cmpfloat(commas->array.axis[0].offset, ==, -0.2);
  json_object *beam = nx_json_get(nx_json_get(commas->nx_meta, "extensions"), "Beam Energy");
  g_assert_cmpfloat(nx_json_get_double(beam, "value", 0), ==, 20.0);
  static const char LISTS[] = "#NPOINTS : 1,024\n#XPERCHAN : 10,0\n#DATATYPE : Y\n#SPECTRUM    :\n1,2,3,4\n";
  g_autoptr(NxSignal) lists = read_text(LISTS, sizeof LISTS - 1);
  g_assert_cmpuint(lists->array.shape[0], ==, 4);
  g_assert_cmpfloat(lists->array.axis[0].scale, ==, 10.0);
  g_assert_cmpstr(nx_json_get_string(nx_json_get(lists->nx_meta, "extensions"), "Number of Data Points"), ==, "1,024");
  g_autoptr(NxSignal) points = read_text(POINTS, sizeof POINTS - 1);
  g_assert_cmpuint(points->array.shape[0], ==, 4);
  g_assert_true(nx_array_read(&points->array, (const guint64[]){ 0 }, 0, 4, 1, values, NULL));
  g_assert_true(values[0] == 305 && values[1] == 4 && values[2] == 7 && values[3] == 8);
}

static void test_msa_end_of_data(void)
{
  static const char *const TEXTS[] = {
    "#DATATYPE : Y\n#SPECTRUM\n1,\n2,\n3,\n#ENDOFDATA : \n\x1a",
    "#DATATYPE : Y\r\n#SPECTRUM : \r\n1\r\n2\r\n3\r\n#ENDOFDATA\r\nwritten by nobody\r\n4\r\n",
    "#DATATYPE : Y\n#SPECTRUM\n1\n2\n3\n## ENDOFDATA\x1a\x1a\x1a\n4\n",
    "#DATATYPE : Y\n#SPECTRUM\n1\n2\n#CHECKSUM : 5\n3\x1a 4\n5\n",
    "#DATATYPE : Y\n#SPECTRUM\n1\n2\n3\n\x1a\nsectors of a disk",
  };
  for (gsize i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
    g_autoptr(NxSignal) signal = read_text(TEXTS[i], strlen(TEXTS[i]));
    g_assert_cmpstr(nx_json_get_string(signal->nx_meta, "DatasetType"), ==, "Spectrum");
    g_assert_cmpuint(signal->array.shape[0], ==, 3);
    g_assert_cmpfloat(((const double *)g_bytes_get_data(signal->array.owned, NULL))[2], ==, 3.0);
  }
}

static void test_msa_long_line(void)
{
  const gsize length = 50u << 20;
  static const char BEGIN[] = "#DATATYPE : Y\n#COMMENT : ", END[] = "\n#SPECTRUM : x\n1\n2\n";
  g_autofree char *text = g_malloc(length);
  memset(text, 'x', length);
  assert_refused(&nx_format_msa, text, length, "without any keyword");
  memcpy(text, BEGIN, sizeof BEGIN - 1);
  memcpy(text + length - (sizeof END - 1), END, sizeof END - 1);
  g_autoptr(NxSignal) signal = read_text(text, length);
  g_assert_cmpuint(signal->array.shape[0], ==, 2);
  g_assert_null(nx_json_get(nx_json_get(signal->nx_meta, "extensions"), "EDAX Comment"));
}

/* A comment of a million lines would be joined a million times. */
static void test_msa_many_lines(void)
{
  g_autoptr(GString) text = g_string_new("#DATATYPE : Y\n");
  for (guint i = 0; i < 1000000; i++)
    g_string_append(text, "#COMMENT : 0123456789\n");
  g_string_append(text, "#SPECTRUM : x\n1\n");
  g_autoptr(NxSignal) signal = read_text(text->str, text->len);
  const char *comment = nx_json_get_string(nx_json_get(signal->nx_meta, "extensions"), "EDAX Comment");
  g_assert_cmpuint(strlen(comment), <, 128 * 1024);
  g_assert_cmpuint(signal->array.shape[0], ==, 1);
}

/* Cuts and mutants of a corpus file are read or refused, whichever. */
static void check_damaged(CorpusCase *test)
{
  static const guint8 PIECES[] = { 0, 0xff, '#', ':', ' ', '\n', '\r', 'e', '-', ',' };
  gsize length = (gsize)nx_bytes_size(test->in.bytes);
  g_autofree guint8 *data = g_malloc(length);
  g_assert_true(nx_bytes_copy(test->in.bytes, 0, data, length, NULL));
  for (gsize end = 0; end < length; end += MAX(13, length / 300))
    nx_signal_free(read_bytes(test->in.format, data, end));
  GRand *random = g_rand_new_with_seed((guint32)length);
  for (guint i = 0; i < 300; i++) {
    g_autofree guint8 *mutant = g_memdup2(data, length);
    for (gint j = g_rand_int_range(random, 1, 6); j > 0; j--) {
      gsize at = (gsize)g_rand_int_range(random, 0, (gint)(g_rand_boolean(random) ? MIN(length, 1200) : length));
      mutant[at] = g_rand_boolean(random) ? PIECES[g_rand_int_range(random, 0, G_N_ELEMENTS(PIECES))]
                                           : mutant[at] ^ (guint8)(1u << g_rand_int_range(random, 0, 8));
    }
    hostile_file();
    nx_signal_free(read_bytes(test->in.format, mutant, length));
  }
  g_rand_free(random);
}

static void test_damaged(void)
{
  for_each_file(check_damaged);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_setenv("TZ", "UTC", TRUE);
  hostile_limit_memory();
  g_test_add_func("/edax/corpus/every file has the expected metadata, key by key and in order", test_metadata);
  g_test_add_func("/edax/corpus/the header is kept beside it", test_raw);
  g_test_add_func("/edax/corpus/every channel is as expected", test_channels);
  g_test_add_func("/edax/spc/a file cut anywhere is refused", test_spc_cuts);
  g_test_add_func("/edax/spc/channels that are not in the file are refused", test_spc_fields);
  g_test_add_func("/edax/spc/elements are listed by symbol, an impossible number of them is not used", test_spc_elements);
  g_test_add_func("/edax/spc/what is no number is left out", test_spc_no_numbers);
  g_test_add_func("/edax/msa/junk and broken tables of numbers are refused with the line", test_msa_refused);
  g_test_add_func("/edax/msa/odd lines cost themselves", test_msa_tolerated);
  g_test_add_func("/edax/msa/a comma is the point where the step between channels has one", test_msa_decimal_commas);
  g_test_add_func("/edax/msa/nothing after the end of the data is read", test_msa_end_of_data);
  g_test_add_func("/edax/msa/a line of 50 MB is passed over", test_msa_long_line);
  g_test_add_func("/edax/msa/a comment of a million lines is cut", test_msa_many_lines);
  g_test_add_func("/edax/hostile/cuts and 300 mutants of each corpus file are read or refused", test_damaged);
  return g_test_run();
}
