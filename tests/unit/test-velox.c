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

/* Of a quantity; NAN when there is none. */
static double number_of(json_object *quantity)
{
  return nx_json_get_double(quantity, "value", NAN);
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
    const double exposure = number_of(extension(signal, "Exposure Time"));
    g_assert_cmpstr(nx_json_get_string(signal->nx_meta, "detector_type"), ==, CASES[i].detector);
    g_assert_cmpstr(signal->title, ==, CASES[i].detector);
    g_assert_true(isnan(CASES[i].exposure) ? isnan(exposure) : exposure == CASES[i].exposure);
    reading_clear(&reading);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/velox/detectors/a name comes before a number", test_detectors);
  return g_test_run();
}
