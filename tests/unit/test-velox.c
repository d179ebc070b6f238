/* test-velox.c — of what Velox says of an entry in more than one place the right thing is recorded. */
#include "formats.h"
#include "hdf5-write.h"

#include <math.h>
#include <string.h>

/* A file and what was read of it. */
typedef struct {
  NxBytes *bytes;
  GPtrArray *signals;
} Reading;

static Reading read_velox(const GByteArray *data)
{
  g_autoptr(GError) problem = NULL;
  Reading reading = { nx_bytes_from_memory(data->data, data->len), g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free) };
  NxInput in = { .path = "a.emd", .name = "a.emd", .fd = -1, .bytes = reading.bytes, .mtime = 1.0 };
  g_assert_true(nx_format_for(&in) == &nx_format_velox);
  g_assert_true(nx_format_velox.read(&in, reading.signals, &problem));
  g_assert_no_error(problem);
  for (guint i = 0; i < reading.signals->len; i++)
    g_assert_true(nx_meta_check(((NxSignal *)reading.signals->pdata[i])->nx_meta, in.name, NULL));
  return reading;
}

static Reading read_result(const char *kind, const char *result)
{
  g_autoptr(GByteArray) data = hdf5_write_velox_result(kind, result);
  Reading reading = read_velox(data);
  g_assert_cmpuint(reading.signals->len, ==, 1);
  return reading;
}

static void reading_clear(Reading *reading)
{
  g_ptr_array_unref(reading->signals);
  nx_bytes_free(reading->bytes);
}

static json_object *extension(const NxSignal *signal, const char *name)
{
  return nx_json_get(nx_json_get(signal->nx_meta, "extensions"), name);
}

/* NAN: there is no such quantity. */
static void assert_number(json_object *quantity, double expected)
{
  const double number = nx_json_get_double(quantity, "value", NAN);
  if (isnan(expected))
    g_assert_true(isnan(number));
  else
    g_assert_cmpfloat_with_epsilon(number, expected, 1e-9);
}

/* --------------------------------------------------------------------------------------------------------------- detectors */

static void test_detectors(void)
{
  static const struct {
    const char *result, *detector;
    double exposure; /* s */
  } CASES[] = {
    { "{\"DetectorIndex\":\"0\",\"Detector\":\"BM-Ceta\"}", "BM-Ceta", 0.5 },
    { "{\"DetectorIndex\":\"3\",\"Detector\":\"BM-Ceta\"}", "BM-Ceta", 0.5 },
    { "{\"DetectorIndex\":\"9\",\"Detector\":\"BM-Ceta\"}", "BM-Ceta", 0.5 },
    { "{\"Detector\":\"BM-Ceta\"}", "BM-Ceta", 0.5 },
    { "{\"DetectorIndex\":\"0\"}", "BF", 1.0 },
    { "{\"DetectorIndex\":\"0\",\"Detector\":\"\"}", "BF", 1.0 },
    { "{\"DetectorIndex\":\"9\"}", NULL, NAN },
    { "{}", NULL, NAN },
    { "[]", NULL, NAN },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    Reading reading = read_result("Image", CASES[i].result);
    const NxSignal *signal = reading.signals->pdata[0];
    g_assert_cmpstr(nx_json_get_string(signal->nx_meta, "detector_type"), ==, CASES[i].detector);
    g_assert_cmpstr(signal->title, ==, CASES[i].detector);
    assert_number(extension(signal, "Exposure Time"), CASES[i].exposure);
    reading_clear(&reading);
  }
}

/* Live time, real time and angles are those of one segment, so a sum has none. */
static void test_energies(void)
{
  static const struct {
    const char *result, *detector;
    double start, live, elevation; /* keV, s, degrees */
  } CASES[] = {
    { "{\"Detector\":\"SuperXG2\"}", "SuperXG2", -0.475, NAN, NAN },
    { "{\"Detector\":\"SuperXG22\"}", "SuperXG22", -0.47, 3, 22 },
    { "{\"DetectorIndex\":\"1\"}", "SuperXG21", -0.475, 3, 30 },
    { "{\"Detector\":\"XG2\"}", "XG2", NAN, NAN, NAN },
    { "{\"Detector\":\"\"}", NULL, NAN, NAN, NAN },
    { "{\"Detector\":\"B\"}", "B", NAN, NAN, NAN },
  };
  for (gsize i = 0; i < 2 * G_N_ELEMENTS(CASES); i++) {
    const gsize at = i / 2;
    Reading reading = read_result(i % 2 ? "SpectrumStream" : "Spectrum", CASES[at].result);
    const NxSignal *signal = reading.signals->pdata[0];
    const NxAxis *axis = &signal->array.axis[0];
    const gboolean is_calibrated = !isnan(CASES[at].start);
    g_assert_cmpstr(axis->name, ==, is_calibrated ? "Energy" : NULL);
    g_assert_cmpstr(axis->units, ==, is_calibrated ? "keV" : NULL);
    g_assert_cmpfloat(axis->scale, ==, is_calibrated ? 0.005 : 1.0);
    g_assert_cmpfloat(axis->offset, ==, is_calibrated ? CASES[at].start : 0.0);
    assert_number(nx_json_get(signal->nx_meta, "channel_size"), is_calibrated ? 5 : NAN);
    assert_number(nx_json_get(signal->nx_meta, "starting_energy"), CASES[at].start);
    assert_number(nx_json_get(signal->nx_meta, "live_time"), CASES[at].live);
    assert_number(nx_json_get(signal->nx_meta, "elevation_angle"), CASES[at].elevation);
    if (!isnan(CASES[at].elevation)) /* to the last digit, though it is written in radians */
      g_assert_cmpfloat(nx_json_get_double(nx_json_get(signal->nx_meta, "elevation_angle"), "value", 0), ==, CASES[at].elevation);
    g_assert_cmpstr(i % 2 ? nx_json_get_string(signal->nx_meta, "detector_type") : json_object_get_string(extension(signal, "Detector")), ==,
                    CASES[at].detector);
    reading_clear(&reading);
  }
}

static void test_operations(void)
{
  static const char *const TITLES[] = { "DF4-A", "DF4-B", "A-C", "B-D", "DPC", "iDPC", "Filtered iDPC", "DCFI", "BF", "BF" };
  g_autoptr(GByteArray) data = hdf5_write_velox_operations();
  Reading reading = read_velox(data);
  g_assert_cmpuint(reading.signals->len, ==, G_N_ELEMENTS(TITLES));
  for (guint i = 0; i < reading.signals->len; i++) {
    const NxSignal *signal = reading.signals->pdata[i];
    const gboolean is_sum = strcmp(TITLES[i], "DCFI") == 0; /* of frames of one detector */
    g_assert_cmpstr(signal->title, ==, TITLES[i]);
    g_assert_cmpstr(nx_json_get_string(signal->nx_meta, "detector_type"), ==, is_sum ? "BF" : TITLES[i]);
    assert_number(extension(signal, "Exposure Time"), 1); /* BF's */
  }
  reading_clear(&reading);
}

static void test_transforms(void)
{
  static const char *const TYPES[][2] = { { "Image", "TEM_Imaging" }, { "Image", "TEM_Imaging" }, { "Diffraction", "TEM_Diffraction" } };
  g_autoptr(GByteArray) data = hdf5_write_velox_transforms();
  Reading reading = read_velox(data);
  g_assert_cmpuint(reading.signals->len, ==, G_N_ELEMENTS(TYPES));
  for (guint i = 0; i < reading.signals->len; i++) {
    const NxSignal *signal = reading.signals->pdata[i];
    g_assert_cmpstr(nx_json_get_string(signal->nx_meta, "DatasetType"), ==, TYPES[i][0]);
    g_assert_cmpstr(nx_json_get_string(signal->nx_meta, "Data Type"), ==, TYPES[i][1]);
    g_assert_cmpint(signal->view, ==, NX_VIEW_ARRAY);
    g_assert_null(nx_json_get(signal->nx_meta, "pixel_width"));
  }
  reading_clear(&reading);
}

/* 64 Mi events are counted of one file, by equal shares. */
static void test_streams(void)
{
  static const struct {
    guint n;
    guint64 events, counted;
  } CASES[] = { { 1, 40u << 20, 40u << 20 }, { 4, 20u << 20, 16u << 20 }, { 1, 1ull << 40, 64u << 20 } };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_autoptr(GByteArray) data = hdf5_write_velox_streams(CASES[i].n, CASES[i].events);
    Reading reading = read_velox(data);
    const gboolean is_cut = CASES[i].counted < CASES[i].events;
    g_assert_cmpuint(reading.signals->len, ==, 1 + CASES[i].n);
    for (guint k = 1; k < reading.signals->len; k++) {
      const NxSignal *signal = reading.signals->pdata[k];
      const char *warning = json_object_get_string(extension(signal, "Extractor Warnings")); /* the schema has put it there */
      g_autofree char *expected = g_strdup_printf("The spectrum is the sum of the first %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                                                  " events of the stream", CASES[i].counted, CASES[i].events);
      const guint64 seven[NX_DIMS_MAX] = { 7 };
      double count;
      g_assert_true(nx_array_read(&signal->array, seven, 0, 1, 1, &count, NULL));
      g_assert_cmpfloat(count, ==, (double)(CASES[i].counted - 1));
      g_assert_cmpstr(warning, ==, is_cut ? expected : NULL);
      g_assert_cmpint(json_object_get_int(extension(signal, "Pixels in Stream")), ==, is_cut ? 0 : 1);
      g_assert_cmpstr(signal->title, ==, is_cut ? "EDS, sum of the first part of the stream" : "EDS, sum of all pixels");
    }
    reading_clear(&reading);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/velox/detectors/a name comes before a number", test_detectors);
  g_test_add_func("/velox/detectors/the sum of a detector's segments is on their energies, and without any it is no spectrum of energies", test_energies);
  g_test_add_func("/velox/operations/parts of a detector, and what was made of them, have their own names", test_operations);
  g_test_add_func("/velox/operations/a Fourier transform of an image is no diffraction pattern", test_transforms);
  g_test_add_func("/velox/streams/one that is too long is summed in part, and says so", test_streams);
  return g_test_run();
}
