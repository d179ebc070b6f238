/* fuzz-hdf5.c — libFuzzer target for the formats that are HDF5 files: whatever the bytes are, there are datasets or a reason. libhdf5 itself is not
 * instrumented. Built with clang -fsanitize=fuzzer,address,undefined together with lib/base and lib/extract; files of corpus/tofwerk are good seeds. */
#include "target.h"

#include "preview/nx-preview.h"

static void check(const NxFormat *format, NxBytes *bytes)
{
  const NxInput in = { .path = "/fuzz", .name = "fuzz", .fd = -1, .bytes = bytes, .format = format };
  if (!format->sniff(&in))
    return;
  g_autoptr(GPtrArray) signals = read_as(format, &in);
  for (guint i = 0; i < signals->len; i++) {
    g_autoptr(GBytes) png = nx_preview_png(&in, signals->pdata[i], i, signals->len, NULL);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(data, size);
  check(&nx_format_tofwerk, bytes);
  check(&nx_format_velox, bytes);
  check(&nx_format_hspy, bytes);
  return 0;
}
