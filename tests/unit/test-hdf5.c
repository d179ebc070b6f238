/* test-hdf5.c — fibTOF files are read as the corpus says, and damaged HDF5 costs a sentence or its own reader, never the run. */
#include "extract-corpus.h"
#include "formats.h"
#include "hdf5-write.h"
#include "hostile.h"
#include "preview/nx-preview.h"

#include <math.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MUTANTS 250
/* Mutants that one process reads: what the library leaves behind after an error does not add up. */
#define MUTANTS_A_PROCESS 25

/* --------------------------------------------------------------------------------------------------------------- the corpus */

typedef void (*CheckCase)(CorpusCase *test);

static void each_case(CheckCase check)
{
  g_autofree char *folder = corpus_folder("tofwerk");
  if (!folder) {
    g_test_skip("corpus/tofwerk not found (set NX_CORPUS)");
    return;
  }
  g_autoptr(GPtrArray) cases = corpus_expectations(folder);
  g_assert_cmpuint(cases->len, >, 0);
  for (guint i = 0; i < cases->len; i++) {
    g_autoptr(CorpusCase) test = corpus_case_open(cases->pdata[i]);
    g_test_message("%s", test->path);
    check(test);
  }
}

static GPtrArray *read_case(CorpusCase *test)
{
  g_autoptr(GError) problem = NULL;
  GPtrArray *signals = g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free);
  const NxFormat *format = nx_format_for(&test->in);
  g_autofree char *extractor = g_strconcat(format->name, "_extractor", NULL);
  g_assert_cmpstr(extractor, ==, nx_json_get_string(test->expected, "extractor"));
  g_assert_true(format->read(&test->in, signals, &problem));
  g_assert_no_error(problem);
  g_assert_cmpuint(signals->len, ==, 1);
  return signals;
}

static void check_metadata(CorpusCase *test)
{
  g_autoptr(GPtrArray) signals = read_case(test);
  const NxSignal *signal = signals->pdata[0];
  json_object *expected = nx_json_get(test->expected, "nx_meta");
  corpus_assert_same(signal->nx_meta, expected, test->path);
  g_assert_cmpuint(json_object_object_length(signal->nx_meta), ==, json_object_object_length(expected));
  struct json_object_iterator own = json_object_iter_begin(signal->nx_meta);
  json_object_object_foreach(expected, key, value) {
    (void)value;
    g_assert_cmpstr(json_object_iter_peek_name(&own), ==, key);
    json_object_iter_next(&own);
  }
}

static void test_metadata(void)
{
  each_case(check_metadata);
}

static void check_preview(CorpusCase *test)
{
  static const char PNG[] = "\x89PNG\r\n\x1a\n";
  g_autoptr(GError) problem = NULL;
  g_autoptr(GPtrArray) signals = read_case(test);
  g_autoptr(GBytes) png = nx_preview_png(&test->in, signals->pdata[0], 0, 1, &problem);
  g_autoptr(GBytes) placeholder = nx_preview_placeholder(NULL);
  g_assert_no_error(problem);
  if (!nx_json_get_boolean(nx_json_get(test->expected, "preview"), "generated")) {
    g_assert_null(png);
    return;
  }
  gsize length;
  const guint8 *data = g_bytes_get_data(png, &length);
  g_assert_cmpuint(length, >, 24);
  g_assert_cmpmem(data, 8, PNG, 8);
  for (gsize i = 0; i < 2; i++) { /* width and height of the header chunk */
    guint32 size;
    memcpy(&size, data + 16 + 4 * i, 4);
    g_assert_cmpuint(GUINT32_FROM_BE(size), ==, 500);
  }
  g_assert_false(g_bytes_equal(png, placeholder));
}

static void test_preview(void)
{
  each_case(check_preview);
}

/* ------------------------------------------------------------------------------------------------------------------ damage */

/* Reads bytes as file `name`, with its preview. */
static void read_bytes(const char *name, const guint8 *data, gsize length)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(data, length);
  g_autoptr(GPtrArray) signals = g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free);
  NxInput in = { .path = name, .name = name, .fd = -1, .bytes = bytes, .mtime = 1.0 };
  hostile_file();
  in.format = nx_format_for(&in);
  if (!in.format->read(&in, signals, &problem)) {
    g_assert_nonnull(problem);
    return;
  }
  g_assert_cmpuint(signals->len, >, 0);
  for (guint i = 0; i < signals->len; i++) {
    NxSignal *signal = signals->pdata[i];
    g_assert_true(nx_meta_check(signal->nx_meta, name, &problem));
    g_autofree char *text = nx_json_text(signal->nx_meta, NX_JSON_LINE);
    g_assert_true(g_utf8_validate(text, -1, NULL));
    g_autoptr(GBytes) png = nx_preview_png(&in, signal, i, signals->len, NULL);
  }
}

static guint32 nasty(GRand *random)
{
  static const guint32 VALUES[] = { 0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff };
  return VALUES[g_rand_int_range(random, 0, G_N_ELEMENTS(VALUES))];
}

/* Structures stand in the first and in the last kilobytes more than elsewhere. */
static gsize aim(GRand *random, gsize length)
{
  const gsize window = MIN(length - 4, 8192);
  switch (g_rand_int_range(random, 0, 3)) {
  case 0: return (gsize)g_rand_int_range(random, 0, (gint32)window);
  case 1: return length - 4 - (gsize)g_rand_int_range(random, 0, (gint32)window);
  default: return (gsize)g_rand_int_range(random, 0, (gint32)(length - 4));
  }
}

/* A damaged copy, in an allocation of exactly its length. */
static guint8 *mutate(GRand *random, const guint8 *data, gsize *length)
{
  g_autofree guint8 *copy = g_memdup2(data, *length);
  for (int n = g_rand_int_range(random, 1, 8); n > 0; n--) {
    const gsize at = aim(random, *length);
    const guint32 value = nasty(random);
    switch (g_rand_int_range(random, 0, 5)) {
    case 0: memmove(copy + at, copy, MIN(*length - at, 64)); break;
    case 1: *length = MAX(MIN(*length, 16), at); break;
    case 2: memcpy(copy + at, &value, sizeof value); break;
    default: copy[at] ^= (guint8)(1u << g_rand_int_range(random, 0, 8)); break;
    }
  }
  return g_memdup2(copy, *length);
}

/* In a process of its own, as in the product; FALSE unless it ended well. */
static gboolean run_apart(void (*work)(gpointer), gpointer user_data)
{
  int status = 0;
  pid_t pid = fork();
  if (pid == 0) {
    work(user_data);
    _exit(0);
  }
  g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
  if (WIFSIGNALED(status))
    g_test_message("a reader ended with signal %d", WTERMSIG(status));
  else if (WEXITSTATUS(status))
    g_test_message("a reader ended with status %d", WEXITSTATUS(status));
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

typedef struct {
  const char *name;
  const guint8 *data;
  gsize length;
  guint32 seed;
  guint mutants;
  gboolean cuts;
} Damage;

static void read_damaged(gpointer user_data)
{
  const Damage *damage = user_data;
  g_autoptr(GRand) random = g_rand_new_with_seed(damage->seed);
  for (guint i = 0; i < damage->mutants; i++) {
    gsize length = damage->length;
    g_autofree guint8 *bytes = mutate(random, damage->data, &length);
    read_bytes(damage->name, bytes, length);
  }
  for (guint i = 0; damage->cuts && i < 60; i++) {
    const gsize length = i < 20 ? 8 * i : damage->length * (i - 20) / 40;
    g_autofree guint8 *bytes = g_memdup2(damage->data, MAX(length, 1));
    read_bytes(damage->name, bytes, length);
  }
}

static void check_damaged(const char *name, const guint8 *data, gsize length)
{
  guint broken = 0;
  for (guint i = 0; i < MUTANTS / MUTANTS_A_PROCESS; i++) {
    Damage damage = { name, data, length, g_str_hash(name) + i, MUTANTS_A_PROCESS, FALSE };
    broken += !run_apart(read_damaged, &damage);
  }
  Damage cuts = { name, data, length, 0, 0, TRUE };
  broken += !run_apart(read_damaged, &cuts);
  g_assert_cmpuint(broken, ==, 0);
}

static void check_damaged_case(CorpusCase *test)
{
  g_autofree char *name = g_path_get_basename(test->path), *data = NULL;
  gsize length;
  g_assert_true(g_file_get_contents(test->path, &data, &length, NULL));
  check_damaged(name, (const guint8 *)data, length);
}

static void test_damaged(void)
{
  each_case(check_damaged_case);
}

/* ---------------------------------------------------------------------------------------------------- files of our own making */

static void test_damaged_own(void)
{
  g_autoptr(GByteArray) velox = hdf5_write_velox(), hspy = hdf5_write_hspy(), kinds = hdf5_write_hspy_kinds();
  check_damaged("mutant.emd", velox->data, velox->len);
  check_damaged("mutant.hspy", hspy->data, hspy->len);
  check_damaged("kinds.hspy", kinds->data, kinds->len);
}

/* Bytes as file `name`, and what was read of them. */
typedef struct {
  NxBytes *bytes;
  NxInput in;
  GPtrArray *signals;
} Reading;

static Reading read_own(const char *name, const GByteArray *data, const char *extractor)
{
  g_autoptr(GError) problem = NULL;
  Reading reading = { .bytes = nx_bytes_from_memory(data->data, data->len) };
  reading.in = (NxInput){ .path = name, .name = name, .fd = -1, .bytes = reading.bytes, .mtime = 1.0 };
  reading.signals = g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free);
  reading.in.format = nx_format_for(&reading.in);
  g_assert_cmpstr(reading.in.format->name, ==, extractor);
  g_assert_true(reading.in.format->read(&reading.in, reading.signals, &problem));
  g_assert_no_error(problem);
  for (guint i = 0; i < reading.signals->len; i++) {
    NxSignal *signal = reading.signals->pdata[i];
    g_autofree char *before = nx_json_text(signal->nx_meta, NX_JSON_LINE);
    g_autoptr(json_object) copy = nx_json_parse(before, strlen(before), NULL);
    json_object_object_del(copy, "Extractor Warnings");
    g_autofree char *own = nx_json_text(copy, NX_JSON_LINE);
    g_assert_true(nx_meta_check(copy, name, &problem));
    g_autofree char *after = nx_json_text(copy, NX_JSON_LINE);
    g_assert_cmpstr(after, ==, own); /* the schema moves nothing */
  }
  return reading;
}

static void reading_clear(Reading *reading)
{
  g_ptr_array_unref(reading->signals);
  nx_bytes_free(reading->bytes);
}

static void assert_meta(const Reading *reading, guint i, const char *expected)
{
  const NxSignal *signal = reading->signals->pdata[i];
  g_autoptr(json_object) wanted = nx_json_parse(expected, strlen(expected), NULL);
  g_assert_nonnull(wanted);
  corpus_assert_same(signal->nx_meta, wanted, reading->in.name);
}

static double element_at(const Reading *reading, guint i, guint64 a, guint64 b, guint64 c)
{
  const NxSignal *signal = reading->signals->pdata[i];
  const guint64 index[NX_DIMS_MAX] = { a, b, c };
  double value = -1;
  g_assert_true(nx_array_check(&signal->array, NULL));
  g_assert_true(nx_array_read(&signal->array, index, 0, 1, 1, &value, NULL));
  return value;
}

#define COMMON "\"Creation Time\":\"1970-01-01T00:00:01+00:00\",\"Instrument ID\":null,\"warnings\":[],"
#define STAGE                                                                                                                              \
  "\"stage_position\":{\"x\":{\"value\":12.5,\"unit\":\"micrometer\"},\"y\":{\"value\":-2.0,\"unit\":\"micrometer\"},"                       \
  "\"z\":{\"value\":0.1,\"unit\":\"millimeter\"},\"tilt_alpha\":{\"value\":0.0,\"unit\":\"degree\"}},"
#define SCOPE                                                                                                                              \
  "\"Spot Size\":6.0,\"Microscope\":\"Demo 300\",\"Microscope Serial Number\":\"4711\",\"Acquisition Start\":\"2023-11-14T22:13:20+00:00\""

static void test_velox(void)
{
  g_autoptr(GByteArray) data = hdf5_write_velox();
  Reading reading = read_own("map.emd", data, "velox_emd");
  g_assert_cmpuint(reading.signals->len, ==, 4);
  assert_meta(&reading, 0, "{" COMMON STAGE "\"DatasetType\":\"Image\",\"Data Type\":\"STEM_Imaging\",\"Data Dimensions\":\"(12, 16)\","
              "\"acceleration_voltage\":{\"value\":200.0,\"unit\":\"kilovolt\"},\"dwell_time\":{\"value\":2.0,\"unit\":\"microsecond\"},"
              "\"magnification\":40000.0,\"detector_type\":\"HAADF\",\"pixel_width\":{\"value\":0.5,\"unit\":\"nanometer\"},"
              "\"pixel_height\":{\"value\":0.5,\"unit\":\"nanometer\"},\"horizontal_field_width\":{\"value\":0.008,\"unit\":\"micrometer\"},"
              "\"vertical_field_width\":{\"value\":0.006,\"unit\":\"micrometer\"},"
              "\"extensions\":{\"Camera Length\":{\"value\":230.0,\"unit\":\"millimeter\"}," SCOPE "}}");
  g_assert_cmpfloat(element_at(&reading, 0, 7, 3, 0), ==, 703);
  g_assert_cmpfloat(element_at(&reading, 1, 2, 1, 4), ==, (1 * 8 + 4) * 3 + 2); /* frame, row, column */
  g_assert_cmpstr(nx_json_get_string(((NxSignal *)reading.signals->pdata[1])->nx_meta, "DatasetType"), ==, "Diffraction");
  g_assert_cmpstr(nx_json_get_string(((NxSignal *)reading.signals->pdata[1])->nx_meta, "Data Type"), ==, "TEM_Diffraction");
  g_assert_cmpstr(nx_json_get_string(((NxSignal *)reading.signals->pdata[1])->nx_meta, "Data Dimensions"), ==, "(3, 8, 8)");
  g_assert_cmpstr(nx_json_get_string(((NxSignal *)reading.signals->pdata[2])->nx_meta, "Data Type"), ==, "STEM_EDS");
  g_assert_cmpfloat(element_at(&reading, 2, 9, 0, 0), ==, 81);
  const NxAxis *energy = &((NxSignal *)reading.signals->pdata[2])->array.axis[0];
  g_assert_cmpfloat(energy->scale, ==, 0.01);
  g_assert_cmpfloat(energy->offset, ==, -0.25);
  g_assert_cmpstr(energy->units, ==, "keV");
  g_assert_cmpstr(nx_json_get_string(((NxSignal *)reading.signals->pdata[3])->nx_meta, "DatasetType"), ==, "SpectrumImage");
  g_assert_cmpfloat(element_at(&reading, 3, 5, 0, 0), ==, 3);
  g_assert_cmpfloat(element_at(&reading, 3, 3, 0, 0), ==, 1);
  reading_clear(&reading);
}

static void test_hspy(void)
{
  g_autoptr(GByteArray) data = hdf5_write_hspy();
  Reading reading = read_own("map.hspy", data, "hspy");
  g_assert_cmpuint(reading.signals->len, ==, 2);
  assert_meta(&reading, 0, "{" COMMON "\"DatasetType\":\"SpectrumImage\",\"Data Type\":\"TEM_EDS_Spectrum_Imaging\",\"Data Dimensions\":\"(4, 5, 32)\","
              "\"acceleration_voltage\":{\"value\":200.0,\"unit\":\"kilovolt\"},\"magnification\":40000.0,"
              "\"stage_position\":{\"x\":{\"value\":12.5,\"unit\":\"micrometer\"}},\"live_time\":{\"value\":12.5,\"unit\":\"second\"},"
              "\"elements\":[\"Fe\",\"Pt\"],\"extensions\":{\"Title\":\"EDS map\",\"Signal Type\":\"EDS_TEM\","
              "\"Exposure Time\":{\"value\":0.25,\"unit\":\"second\"},\"Time Zone\":\"Europe/Berlin\"}}");
  g_assert_cmpfloat(element_at(&reading, 0, 3, 1, 7), ==, (3 * 5 + 1) * 32 + 7);
  g_assert_cmpfloat(element_at(&reading, 1, 5, 7, 0), ==, 47);
  g_assert_cmpstr(nx_json_get_string(((NxSignal *)reading.signals->pdata[1])->nx_meta, "DatasetType"), ==, "Image");
  reading_clear(&reading);
}

/* HyperSpy writes what is not known as a text. */
static void test_hspy_nothing(void)
{
  g_autoptr(GByteArray) data = hdf5_write_hspy();
  Reading reading = read_own("map.hspy", data, "hspy");
  const NxSignal *image = reading.signals->pdata[1];
  json_object *extensions = nx_json_get(image->nx_meta, "extensions"), *authors;
  g_assert_null(image->title);
  g_assert_null(nx_json_get(extensions, "Title"));
  g_assert_null(nx_json_get(extensions, "Authors"));
  g_assert_cmpfloat(nx_json_get_double(nx_json_get(extensions, "Exposure Time"), "value", 0), ==, 0.5);
  g_assert_null(nx_json_get(extensions, "Signal Type"));
  g_assert_true(json_object_object_get_ex(nx_json_get(nx_json_get(image->raw, "metadata"), "General"), "authors", &authors));
  g_assert_null(authors);
  g_assert_cmpstr(json_object_get_string(nx_json_get(nx_json_get(image->raw, "metadata"), "Sample")), ==,
                  "{ \"_list_2_elements\": { \"0\": \"Fe\", \"1\": \"Pt\" } }");
  reading_clear(&reading);
}

static void test_hspy_units(void)
{
  static const struct {
    const char *written, *expected;
  } CASES[] = {
    { "$nm^{-1}$", "1/nm" }, { "nm^-1", "1/nm" }, { "$A^{-1}$", "1/Å" }, { "$\\AA^{-1}$", "1/Å" }, { "1 / nm", "1/nm" },
    { "1/nm", "1/nm" },      { "nm", "nm" },      { "A", "A" },          { "cm⁻¹", "cm⁻¹" },         { "counts s^-1", "counts s^-1" },
    { "$", "$" },            { "^-1", "^-1" },    { "_None_", NULL },    { "<undefined>", NULL },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_autoptr(GByteArray) data = hdf5_write_hspy_image(CASES[i].written, CASES[i].written, FALSE);
    Reading reading = read_own("a.hspy", data, "hspy");
    const NxArray *array = &((const NxSignal *)reading.signals->pdata[0])->array;
    g_assert_cmpstr(array->axis[0].units, ==, CASES[i].expected);
    g_assert_cmpstr(array->axis[1].units, ==, CASES[i].expected);
    reading_clear(&reading);
  }
}

static void test_hspy_patterns(void)
{
  static const struct {
    const char *rows, *columns, *type;
    gboolean is_transform;
  } CASES[] = {
    { "1/nm", "1/nm", "Diffraction", FALSE }, { "$A^{-1}$", "1 / nm", "Diffraction", FALSE }, { "nm⁻¹", "nm⁻¹", "Diffraction", FALSE },
    { "1/nm", "nm", "Image", FALSE },         { "nm", "1/nm", "Image", FALSE },               { "1/nm", "1/nm", "Image", TRUE },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_autoptr(GByteArray) data = hdf5_write_hspy_image(CASES[i].rows, CASES[i].columns, CASES[i].is_transform);
    Reading reading = read_own("a.hspy", data, "hspy");
    const NxSignal *signal = reading.signals->pdata[0];
    g_assert_cmpstr(nx_json_get_string(signal->nx_meta, "DatasetType"), ==, CASES[i].type);
    g_assert_true(g_str_has_suffix(nx_json_get_string(signal->nx_meta, "Data Type"), *CASES[i].type == 'I' ? "TEM_Imaging" : "TEM_Diffraction"));
    reading_clear(&reading);
  }
}

static void assert_quantity(const NxSignal *signal, const char *name, double value, const char *unit)
{
  json_object *quantity = nx_json_get(signal->nx_meta, name);
  if (value == 0) {
    g_assert_null(quantity);
    return;
  }
  g_assert_cmpfloat_with_epsilon(json_object_get_double(nx_json_get(quantity, "value")), value, value * 1e-12);
  g_assert_cmpstr(nx_json_get_string(quantity, "unit"), ==, unit);
}

static void test_hspy_pixels(void)
{
  static const struct {
    const char *units;
    double width, height, field_width, field_height; /* nm, nm, µm, µm; 0: none */
  } CASES[] = {
    { "nm", 0.5, 0.25, 0.004, 0.0015 }, { "µm", 500, 250, 4, 1.5 },       { "Å", 0.05, 0.025, 0.0004, 0.00015 },
    { "A", 0.05, 0.025, 0.0004, 0.00015 }, { "angstrom", 0.05, 0.025, 0.0004, 0.00015 }, { "1/nm", 0, 0, 0, 0 },
    { "px", 0, 0, 0, 0 },               { "<undefined>", 0, 0, 0, 0 },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_autoptr(GByteArray) data = hdf5_write_hspy_image(CASES[i].units, CASES[i].units, FALSE);
    Reading reading = read_own("a.hspy", data, "hspy");
    const NxSignal *signal = reading.signals->pdata[0];
    assert_quantity(signal, "pixel_width", CASES[i].width, "nanometer");
    assert_quantity(signal, "pixel_height", CASES[i].height, "nanometer");
    assert_quantity(signal, "horizontal_field_width", CASES[i].field_width, "micrometer");
    assert_quantity(signal, "vertical_field_width", CASES[i].field_height, "micrometer");
    reading_clear(&reading);
  }
}

static const NxSignal *assert_image(const Reading *reading, guint i, NxViewKind view)
{
  const NxSignal *signal = reading->signals->pdata[i];
  g_assert_cmpstr(nx_json_get_string(signal->nx_meta, "DatasetType"), ==, "Image");
  g_assert_cmpstr(nx_json_get_string(signal->nx_meta, "Data Dimensions"), ==, "(4, 6)");
  g_assert_cmpint(signal->view, ==, view);
  g_assert_true((nx_json_get(signal->nx_meta, "Extractor Warnings") == NULL) == (view == NX_VIEW_ARRAY));
  return signal;
}

static void test_hspy_truths(void)
{
  g_autoptr(GByteArray) data = hdf5_write_hspy_kinds();
  Reading reading = read_own("a.hspy", data, "hspy");
  assert_image(&reading, 0, NX_VIEW_ARRAY);
  g_assert_cmpfloat(element_at(&reading, 0, 1, 2, 0), ==, 1);
  g_assert_cmpfloat(element_at(&reading, 0, 3, 5, 0), ==, 0);
  reading_clear(&reading);
}

static void test_hspy_colours(void)
{
  g_autoptr(GByteArray) data = hdf5_write_hspy_kinds();
  Reading reading = read_own("a.hspy", data, "hspy");
  for (guint i = 1; i < 5; i++) {
    const NxArray *array = &assert_image(&reading, i, NX_VIEW_ARRAY)->array;
    const guint64 index[NX_DIMS_MAX] = { 2, 1 };
    const guint8 expected[] = { 40, 120, 20, 120, 120, 20, 200, 120, 20 };
    guint8 colours[sizeof expected];
    double luma[2];
    g_assert_cmpint(array->sample, ==, NX_RGBA);
    g_assert_true(nx_array_read_colours(array, index, 1, 3, 2, colours, NULL));
    g_assert_cmpmem(colours, sizeof colours, expected, sizeof expected);
    g_assert_true(nx_array_read(array, index, 0, 2, 1, luma, NULL)); /* 0.299, 0.587, 0.114: Rec. 601 */
    g_assert_cmpfloat_with_epsilon(luma[0], 84.68, 1e-9);
    g_assert_cmpfloat_with_epsilon(luma[1], 119.9, 1e-9);
    g_assert_false(nx_array_read_colours(array, index, 1, 6, 1, colours, NULL));
  }
  reading_clear(&reading);
}

/* What cannot be shown still is what its axes say. */
static void test_hspy_without_numbers(void)
{
  g_autoptr(GByteArray) data = hdf5_write_hspy_kinds();
  Reading reading = read_own("a.hspy", data, "hspy");
  const NxSignal *texts = assert_image(&reading, 5, NX_VIEW_PLACEHOLDER);
  g_assert_cmpuint(reading.signals->len, ==, 6);
  assert_quantity(texts, "pixel_width", 1.0, "nanometer");
  reading_clear(&reading);
}

/* An axis of which every place is written is one of offset and scale when they are even; else channels are all there is to count. */
static void test_hspy_places(void)
{
  static const struct {
    double bend; /* of the place in the middle, in channels of 20 nm */
    guint n;
    gboolean is_even;
  } CASES[] = {
    { 0.0, HDF5_HSPY_CHANNELS, TRUE },    { 0.009, HDF5_HSPY_CHANNELS, TRUE },    { 0.02, HDF5_HSPY_CHANNELS, FALSE },
    { NAN, HDF5_HSPY_CHANNELS, FALSE },   { 0.0, HDF5_HSPY_CHANNELS - 1, FALSE }, { 0.0, 0, FALSE },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    double places[HDF5_HSPY_CHANNELS];
    for (guint at = 0; at < HDF5_HSPY_CHANNELS; at++)
      places[at] = 300.0 + 20.0 * (at + (at == HDF5_HSPY_CHANNELS / 2 ? CASES[i].bend : 0.0));
    g_autoptr(GByteArray) data = hdf5_write_hspy_places(places, CASES[i].n);
    Reading reading = read_own("a.hspy", data, "hspy");
    const NxAxis *axis = &((const NxSignal *)reading.signals->pdata[0])->array.axis[0];
    g_assert_cmpfloat(axis->scale, ==, CASES[i].is_even ? 20.0 : 1.0);
    g_assert_cmpfloat(axis->offset, ==, CASES[i].is_even ? 300.0 : 0.0);
    g_assert_cmpstr(axis->units, ==, CASES[i].is_even ? "nm" : NULL);
    g_assert_cmpstr(axis->name, ==, CASES[i].is_even ? "Wavelength" : NULL);
    reading_clear(&reading);
  }
}

static void test_previews_own(void)
{
  GByteArray *files[] = { hdf5_write_velox(), hdf5_write_hspy(), hdf5_write_hspy_kinds() };
  g_autoptr(GBytes) placeholder = nx_preview_placeholder(NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
    Reading reading = read_own(i ? "a.hspy" : "a.emd", files[i], i ? "hspy" : "velox_emd");
    for (guint k = 0; k < reading.signals->len; k++) {
      const NxSignal *signal = reading.signals->pdata[k];
      g_autoptr(GBytes) png = nx_preview_png(&reading.in, signal, k, reading.signals->len, NULL);
      g_assert_nonnull(png);
      g_assert_true(g_bytes_equal(png, placeholder) == (signal->view == NX_VIEW_PLACEHOLDER));
    }
    reading_clear(&reading);
    g_byte_array_unref(files[i]);
  }
}

/* ------------------------------------------------------------------------------------------------------------ damaged heaps */

/* The head (16 bytes) of the object of a heap that holds `text`. */
static guint8 *heap_object(GByteArray *data, const char *text)
{
  guint8 *heap = memmem(data->data, data->len, "GCOL", 4);
  g_assert_nonnull(heap);
  guint8 *at = memmem(heap, data->len - (gsize)(heap - data->data), text, strlen(text));
  g_assert_nonnull(at);
  return at - 16;
}

static guint8 *heap_of(GByteArray *data, const guint8 *object)
{
  const guint8 *at = object;
  while (at > data->data && memcmp(at, "GCOL", 4) != 0)
    at--;
  g_assert_cmpmem(at, 4, "GCOL", 4);
  return (guint8 *)at;
}

static void damage_index(GByteArray *data)
{
  memset(heap_object(data, "EDS map"), 0xff, 2);
}

static void damage_size(GByteArray *data)
{
  memset(heap_object(data, "EDS map") + 8, 0xff, 8);
}

static void damage_object_is_short(GByteArray *data)
{
  heap_object(data, "EDS map")[8] = 1;
}

static void damage_signature(GByteArray *data)
{
  heap_of(data, heap_object(data, "EDS map"))[0] = 'X';
}

static void damage_heap_size(GByteArray *data)
{
  memset(heap_of(data, heap_object(data, "EDS map")) + 8, 0xff, 8);
}

static void damage_heap_is_empty(GByteArray *data)
{
  memset(heap_of(data, heap_object(data, "EDS map")) + 8, 0, 8);
}

/* The damaged text is missed, all that is no text of that heap is there. */
static void test_damaged_heaps(void)
{
  static void (*const DAMAGES[])(GByteArray *) = { damage_index,     damage_size,      damage_object_is_short,
                                                   damage_signature, damage_heap_size, damage_heap_is_empty };
  for (gsize i = 0; i < G_N_ELEMENTS(DAMAGES); i++) {
    g_autoptr(GByteArray) data = hdf5_write_hspy();
    DAMAGES[i](data);
    g_autoptr(NxBytes) bytes = nx_bytes_from_memory(data->data, data->len);
    g_autoptr(GPtrArray) signals = g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free);
    const NxInput in = { .path = "a.hspy", .name = "a.hspy", .fd = -1, .bytes = bytes, .mtime = 1.0 };
    g_assert_true(nx_format_hspy.read(&in, signals, NULL));
    const NxSignal *signal = signals->pdata[0];
    const char *reason = nx_json_get_string(signal->nx_meta, "Extractor Warnings");
    g_assert_null(signal->title);
    g_assert_nonnull(reason);
    g_test_message("%s", reason);
    g_assert_nonnull(strstr(reason, "the heap at byte"));
    g_assert_nonnull(nx_json_get(signal->nx_meta, "magnification"));
    g_assert_cmpint(signal->view, ==, NX_VIEW_ARRAY);
  }
}

/* An attribute that claims more than its message holds is left out; those beside it are read. */
static void test_damaged_attribute(void)
{
  static const char NAME[] = "magnification";
  for (gsize field = 2; field <= 6; field += 2) { /* bytes of the name, of the type, of the dataspace */
    g_autoptr(GByteArray) data = hdf5_write_hspy();
    guint8 *name = memmem(data->data, data->len, NAME, sizeof NAME);
    g_assert_nonnull(name);
    memset(name - 8 + field, 0xff, 2);
    g_autoptr(NxBytes) bytes = nx_bytes_from_memory(data->data, data->len);
    g_autoptr(GPtrArray) signals = g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free);
    const NxInput in = { .path = "a.hspy", .name = "a.hspy", .fd = -1, .bytes = bytes, .mtime = 1.0 };
    g_assert_true(nx_format_hspy.read(&in, signals, NULL));
    const NxSignal *signal = signals->pdata[0];
    g_assert_null(nx_json_get(signal->nx_meta, "magnification"));
    g_assert_cmpstr(signal->title, ==, "EDS map");
    g_assert_nonnull(nx_json_get(signal->nx_meta, "acceleration_voltage"));
  }
}

/* Overwrites byte `at` of every type that is described by `like`; how many there were. */
static guint damage_types(GByteArray *data, const guint8 *like, gsize length, gsize at, guint8 value)
{
  guint n = 0;
  for (guint8 *found = data->data; (found = memmem(found, (gsize)(data->data + data->len - found), like, length)); found += length, n++)
    found[at] = value;
  return n;
}

static void read_kinds(gpointer user_data)
{
  const GByteArray *data = user_data;
  read_bytes("kinds.hspy", data->data, data->len);
}

/* A number whose parts lie outside it is left out, wherever it stands: libhdf5 would write beyond its own memory. */
static void test_damaged_types(void)
{
  static const guint8 REAL[] = { 0x11, 0x20, 0x3f, 0, 8, 0, 0, 0, 0, 0, 64, 0, 52, 11, 0, 52, 0xff, 3 };
  static const guint8 INTEGER[] = { 0x10, 0, 0, 0, 2, 0, 0, 0, 0, 0, 16, 0 };
  static const guint8 TEXT[] = { 0x19, 1, 1, 0, 16, 0, 0, 0 };
  static const guint8 TRUTH[] = { 0x18, 2, 0, 0, 1, 0, 0, 0, 0x10, 8, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0 };
  static const guint8 GREEN[] = { 'G', 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0 };
  static const struct {
    const guint8 *like;
    gsize length, at;
    guint8 value;
  } CASES[] = {
    { REAL, sizeof REAL, 2, 0xff },    /* where the sign is */
    { REAL, sizeof REAL, 12, 0xff },   /* where the exponent is */
    { REAL, sizeof REAL, 13, 0xff },   /* its size in bits */
    { REAL, sizeof REAL, 14, 0xff },   /* where the mantissa is */
    { REAL, sizeof REAL, 15, 0xff },   /* its size in bits */
    { INTEGER, sizeof INTEGER, 4, 67 }, /* its size in bytes */
    { INTEGER, sizeof INTEGER, 8, 1 },  /* where its bits are */
    { INTEGER, sizeof INTEGER, 11, 2 }, /* how many, in units of 256 */
    { TRUTH, sizeof TRUTH, 1, 200 },    /* how many there are of an enumeration */
    { TRUTH, sizeof TRUTH, 4, 64 },     /* the size of one, but not of what it enumerates */
    { TEXT, sizeof TEXT, 4, 12 },       /* the size of a reference to a text */
    { TRUTH, sizeof TRUTH, 8, 0x13 },   /* the class of what it enumerates: text */
    { TRUTH, sizeof TRUTH, 16, 1 },     /* where the bits of that are */
    { TRUTH, sizeof TRUTH, 19, 2 },     /* how many */
    { GREEN, sizeof GREEN, 8, 4 },      /* where it is in a colour */
    { GREEN, sizeof GREEN, 10, 0x7f },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_autoptr(GByteArray) velox = hdf5_write_velox(), hspy = hdf5_write_hspy(), kinds = hdf5_write_hspy_kinds();
    const guint n = damage_types(velox, CASES[i].like, CASES[i].length, CASES[i].at, CASES[i].value) +
                    damage_types(hspy, CASES[i].like, CASES[i].length, CASES[i].at, CASES[i].value) +
                    damage_types(kinds, CASES[i].like, CASES[i].length, CASES[i].at, CASES[i].value);
    g_test_message("byte %u of %u types", (guint)CASES[i].at, n);
    g_assert_cmpuint(n, >, 0);
    read_bytes("a.emd", velox->data, velox->len);
    read_bytes("a.hspy", hspy->data, hspy->len);
    g_assert_true(run_apart(read_kinds, kinds)); /* a record that libhdf5 refuses leaks */
  }
}

/* A chunk of two rows that holds one costs itself: libhdf5 would read what lies behind it in memory. */
static void test_short_chunks(void)
{
  for (gsize is_packed = 0; is_packed < 2; is_packed++) {
    g_autoptr(GByteArray) data = hdf5_write_hspy_short(is_packed != 0);
    g_autoptr(GError) problem = NULL;
    Reading reading = read_own("a.hspy", data, "hspy");
    const NxSignal *signal = reading.signals->pdata[0];
    const guint64 index[NX_DIMS_MAX] = { 0 };
    double value;
    g_assert_false(nx_array_read(&signal->array, index, 2, 1, 1, &value, &problem));
    g_assert_error(problem, NX_ERROR, NX_ERROR_FORMAT);
    g_assert_cmpstr(problem->message, ==, "a chunk of the data does not unpack to its 1280 bytes");
    g_assert_cmpfloat(element_at(&reading, 0, 3, 1, 7), ==, (3 * 5 + 1) * 32 + 7);
    g_assert_cmpfloat(element_at(&reading, 1, 5, 7, 0), ==, 47);
    reading_clear(&reading);
  }
}

/* libhdf5 would read so many bytes into the room of 1280, and 1280 from it. */
static void test_wrong_chunks(void)
{
  static const guint32 TOLD[] = {1, 361, 1279, 1280, 1281, 5000, G_MAXUINT32};
  const guint64 index[NX_DIMS_MAX] = { 0 };
  for (gsize i = 0; i < G_N_ELEMENTS(TOLD); i++) {
    double value;
    g_autoptr(GByteArray) data = hdf5_write_hspy_plain(TOLD[i]);
    Reading reading = read_own("a.hspy", data, "hspy");
    g_assert_true(nx_array_read(&((NxSignal *)reading.signals->pdata[0])->array, index, 2, 1, 1, &value, NULL) == (TOLD[i] == 1280));
    g_assert_cmpfloat(element_at(&reading, 0, 3, 1, 7), ==, (3 * 5 + 1) * 32 + 7);
    reading_clear(&reading);
  }
}

static guint members_of(json_object *tree)
{
  guint n = 0;
  json_object_object_foreach(tree, name, value) {
    (void)name;
    n += 1 + (json_object_is_type(value, json_type_object) ? members_of(value) : 0);
  }
  return n;
}

/* A group that holds itself, and groups with two ways to each: each is told once. */
static void test_knots(void)
{
  g_autoptr(GByteArray) data = hdf5_write_hspy_knotted();
  Reading reading = read_own("a.hspy", data, "hspy");
  json_object *metadata = nx_json_get(((NxSignal *)reading.signals->pdata[0])->raw, "metadata");
  g_assert_nonnull(metadata);
  g_assert_false(json_object_object_get_ex(metadata, "itself", NULL));
  g_assert_false(json_object_object_get_ex(metadata, "again", NULL));
  g_assert_cmpstr(nx_json_get_string(nx_json_get(metadata, "General"), "title"), ==, "EDS map");
  g_assert_true(members_of(metadata) > 30 && members_of(metadata) < 100);
  reading_clear(&reading);
}

/* Behind the limit of what is read of a file, an axis is asked about once, and no answer is another one the second time. */
static void test_costly_axes(void)
{
  g_autoptr(GByteArray) data = hdf5_write_hspy_costly();
  Reading reading = read_own("a.hspy", data, "hspy");
  g_assert_cmpuint(reading.signals->len, ==, 20);
  for (guint i = 0; i < reading.signals->len; i++) {
    const NxSignal *signal = reading.signals->pdata[i];
    g_assert_cmpuint(signal->array.n_dims, ==, 8);
    g_assert_cmpuint(signal->array.n_signal_dims, <=, 8);
  }
  reading_clear(&reading);
}

/* ------------------------------------------------------------------------------------------------------------------- traps */

/* Written at the start: the reader unregisters external links, for writing too. */
static GByteArray *traps[HDF5_HUGE + 1];

static void test_traps(void)
{
  for (Hdf5Trap trap = HDF5_EXTERNAL_LINK; trap <= HDF5_HUGE; trap++) {
    g_autoptr(GByteArray) data = traps[trap];
    Reading reading = read_own("trap.emd", data, "velox_emd");
    const NxSignal *signal = reading.signals->pdata[0];
    g_assert_cmpuint(reading.signals->len, ==, 1);
    g_assert_cmpint(signal->view, ==, NX_VIEW_PLACEHOLDER);
    g_assert_nonnull(nx_json_get_string(signal->nx_meta, "Extractor Warnings"));
    g_assert_nonnull(nx_json_get(signal->nx_meta, "acceleration_voltage"));
    reading_clear(&reading);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_setenv("TZ", "UTC", TRUE);
  for (Hdf5Trap trap = HDF5_EXTERNAL_LINK; trap <= HDF5_HUGE; trap++)
    traps[trap] = hdf5_write_trap(trap, "/proc/self/exe");
  g_test_add_func("/hdf5/tofwerk/every file of the corpus has the expected metadata, key by key and in order", test_metadata);
  g_test_add_func("/hdf5/tofwerk/every file of the corpus gets its composite, and what is none gets nothing", test_preview);
  g_test_add_func("/hdf5/hostile/cuts and 250 mutants of each file are read or refused", test_damaged);
  g_test_add_func("/hdf5/velox/images, stacks, spectra and streams have their fields and numbers", test_velox);
  g_test_add_func("/hdf5/hspy/signals have their fields, axes and numbers", test_hspy);
  g_test_add_func("/hdf5/hspy/what is not known is missing", test_hspy_nothing);
  g_test_add_func("/hdf5/hspy/units that are written as powers are shown as fractions", test_hspy_units);
  g_test_add_func("/hdf5/hspy/a picture on reciprocal lengths is a diffraction pattern, unless it was calculated", test_hspy_patterns);
  g_test_add_func("/hdf5/hspy/calibrated images have the size of their pixels and of their field", test_hspy_pixels);
  g_test_add_func("/hdf5/hspy/an image of truths is one of zeros and ones", test_hspy_truths);
  g_test_add_func("/hdf5/hspy/images of colours of one or two bytes keep them", test_hspy_colours);
  g_test_add_func("/hdf5/hspy/data that is not shown keeps its type and dimensions", test_hspy_without_numbers);
  g_test_add_func("/hdf5/hspy/an axis without a scale is calibrated by its places when they are even", test_hspy_places);
  g_test_add_func("/hdf5/preview/every signal that can be read is drawn", test_previews_own);
  g_test_add_func("/hdf5/hostile/what leads out of the file or claims more than it can hold costs the picture alone", test_traps);
  g_test_add_func("/hdf5/hostile/a damaged heap costs its texts alone, with a reason", test_damaged_heaps);
  g_test_add_func("/hdf5/hostile/an attribute that claims more than it holds costs itself alone", test_damaged_attribute);
  g_test_add_func("/hdf5/hostile/a chunk that does not unpack to all its bytes costs itself alone", test_short_chunks);
  g_test_add_func("/hdf5/hostile/a chunk that is not packed has as many bytes as it must", test_wrong_chunks);
  g_test_add_func("/hdf5/hostile/groups that hold themselves or have many ways to them are told within bounds", test_knots);
  g_test_add_func("/hdf5/hostile/axes that are too much to be read are each taken for one kind", test_costly_axes);
  g_test_add_func("/hdf5/hostile/a number whose parts lie outside it is left out", test_damaged_types);
  g_test_add_func("/hdf5/hostile/cuts and 250 mutants of files of our own are read or refused", test_damaged_own);
  return g_test_run();
}
