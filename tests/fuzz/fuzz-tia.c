/* fuzz-tia.c — libFuzzer target for FEI TIA series: whatever the bytes are, there is a dataset, and nothing outside them is read.
 * Built with clang -fsanitize=fuzzer,address,undefined together with lib/base and lib/extract; files of corpus/tia are good seeds. */
#include "target.h"
#include "tia-emi.h"

/* The same bytes as an .emi. */
static void read_emi(NxBytes *bytes)
{
  g_autoptr(json_object) object = NULL;
  g_autoptr(GError) problem = NULL;
  if (tia_emi_object(bytes, 0, &object, &problem) != (problem == NULL))
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(data, size);
  g_autoptr(GPtrArray) signals = g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free);
  const NxInput in = { .path = "/fuzz_1.ser", .name = "fuzz_1.ser", .fd = -1, .bytes = bytes, .format = &nx_format_tia };
  if (!nx_format_tia.read(&in, signals, NULL) || signals->len == 0)
    abort();
  for (guint i = 0; i < signals->len; i++)
    read_corners(signals->pdata[i]);
  read_emi(bytes);
  return 0;
}
