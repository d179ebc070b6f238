/* fuzz-dm.c — libFuzzer target for DigitalMicrograph files: whatever the bytes are, there is a dataset, and nothing outside them is read.
 * Built with clang -fsanitize=fuzzer,address,undefined together with lib/base and lib/extract; files of corpus/dm are good seeds. */
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(data, size);
  g_autoptr(GPtrArray) signals = g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free);
  const NxInput in = { .path = "/fuzz.dm3", .name = "fuzz.dm3", .fd = -1, .bytes = bytes, .format = &nx_format_dm };
  if (!nx_format_dm.read(&in, signals, NULL) || signals->len == 0)
    abort();
  for (guint i = 0; i < signals->len; i++)
    read_corners(signals->pdata[i]);
  return 0;
}
