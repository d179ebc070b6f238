/* fuzz-edax.c — libFuzzer target for EDAX spectra and EMSA text: whatever the bytes are, there is a dataset, and nothing outside them is
 * read. Built with clang -fsanitize=fuzzer,address,undefined together with lib/base and lib/extract; files of corpus/edax are good seeds.
 */
#include "target.h"

static void check(const NxFormat *format, NxBytes *bytes)
{
  const NxInput in = { .path = "/fuzz", .name = "fuzz", .fd = -1, .bytes = bytes, .format = format };
  g_autoptr(GPtrArray) signals = read_as(format, &in);
  for (guint i = 0; i < signals->len; i++)
    read_corners(signals->pdata[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(data, size);
  check(&nx_format_spc, bytes);
  check(&nx_format_msa, bytes);
  return 0;
}
