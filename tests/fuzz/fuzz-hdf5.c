/* fuzz-hdf5.c — libFuzzer target for the formats that are HDF5 files: whatever the bytes are, there are datasets or a reason. libhdf5 itself is not
 * instrumented. Built with clang -fsanitize=fuzzer,address,undefined together with lib/base and lib/extract; files of corpus/tofwerk are good seeds. */
#include "formats.h"
#include "preview/nx-preview.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_as(const NxFormat *format, NxBytes *bytes)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(GPtrArray) signals = g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free);
  const NxInput in = { .path = "/fuzz", .name = "fuzz", .fd = -1, .bytes = bytes, .format = format };
  if (!format->sniff(&in))
    return;
  if (format->read(&in, signals, &problem) ? signals->len == 0 : !problem)
    abort();
  for (guint i = 0; i < signals->len; i++) {
    g_autoptr(GBytes) png = nx_preview_png(&in, signals->pdata[i], i, signals->len, NULL);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(data, size);
  read_as(&nx_format_tofwerk, bytes);
  read_as(&nx_format_velox, bytes);
  read_as(&nx_format_hspy, bytes);
  return 0;
}
