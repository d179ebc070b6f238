/* test-hspy.c — of the instruments that a HyperSpy file tells of the right one is recorded. */
#include "formats.h"
#include "hdf5-write.h"

static NxSignal *read_instruments(const Hdf5Instrument *instruments, guint n)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(GByteArray) data = hdf5_write_hspy_instruments(instruments, n);
  g_autoptr(GPtrArray) signals = g_ptr_array_new();
  NxBytes *bytes = nx_bytes_from_memory(data->data, data->len);
  const NxInput in = { .path = "a.hspy", .name = "a.hspy", .fd = -1, .bytes = bytes, .mtime = 1.0 };
  g_assert_true(nx_format_for(&in) == &nx_format_hspy);
  g_assert_true(nx_format_hspy.read(&in, signals, &problem));
  g_assert_no_error(problem);
  g_assert_cmpuint(signals->len, ==, 1);
  nx_bytes_free(bytes);
  return signals->pdata[0];
}

static void test_instruments(void)
{
  static const struct {
    Hdf5Instrument instruments[2];
    guint n;
    const char *word;
    double tilt;
  } CASES[] = {
    { { { "TEM", 200, "TEM", 10 } }, 1, "TEM_Imaging", 10 },
    { { { "TEM", 200, NULL, 10 } }, 1, "TEM_Imaging", 10 },
    { { { "SEM", 15, NULL, 5 } }, 1, "SEM_Imaging", 5 },
    { { { "SEM", 0, NULL, 5 } }, 1, "SEM_Imaging", 5 },
    { { { "SEM", 0, NULL, 5 }, { "TEM", 200, "TEM", 10 } }, 2, "TEM_Imaging", 10 },
    { { { "SEM", 0, NULL, 5 }, { "TEM", 0, "TEM", 10 } }, 2, "TEM_Imaging", 10 },
    { { { "SEM", 15, NULL, 5 }, { "TEM", 0, NULL, 10 } }, 2, "SEM_Imaging", 5 },
    { { { "SEM", 0, NULL, 5 }, { "TEM", 0, NULL, 10 } }, 2, "TEM_Imaging", 10 },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_autoptr(NxSignal) signal = read_instruments(CASES[i].instruments, CASES[i].n);
    json_object *tilt = nx_json_get(nx_json_get(signal->nx_meta, "stage_position"), "tilt_alpha");
    g_assert_cmpstr(nx_json_get_string(signal->nx_meta, "Data Type"), ==, CASES[i].word);
    g_assert_cmpfloat(nx_json_get_double(tilt, "value", 0), ==, CASES[i].tilt);
  }
}

static void test_scanned(void)
{
  static const char *const MODES[] = { "STEM", "STEM nP" };
  for (gsize i = 0; i < G_N_ELEMENTS(MODES); i++) {
    const Hdf5Instrument tem = { "TEM", 200, MODES[i], 0 };
    g_autoptr(NxSignal) signal = read_instruments(&tem, 1);
    g_assert_cmpstr(nx_json_get_string(signal->nx_meta, "Data Type"), ==, "STEM_Imaging");
  }
}

static void test_no_instrument(void)
{
  g_autoptr(NxSignal) signal = read_instruments(NULL, 0);
  g_assert_cmpstr(nx_json_get_string(signal->nx_meta, "Data Type"), ==, "HyperSpy_Imaging");
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/hspy/instruments/the word and the fields are those of the group that has a voltage or a mode", test_instruments);
  g_test_add_func("/hspy/instruments/what a transmission microscope scanned is STEM", test_scanned);
  g_test_add_func("/hspy/instruments/without any the word is HyperSpy's", test_no_instrument);
  return g_test_run();
}
