/* fuzz-fei-tiff.c — libFuzzer target for TIFFs of FEI, Zeiss Orion, Fibics and Tescan: whatever the bytes are, there is metadata that fits the
 * schema, or a reason. Files of corpus/fei-tif, corpus/orion and corpus/tescan are good seeds. */
#include "target.h"

static void check(const NxFormat *format, const NxInput *in)
{
  g_autoptr(GPtrArray) signals = read_as(format, in);
  for (guint i = 0; i < signals->len; i++)
    check_meta(signals->pdata[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const NxFormat *const FORMATS[] = { &nx_format_fei_tiff, &nx_format_orion_tiff, &nx_format_tescan_tiff };
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(data, size);
  for (gsize i = 0; i < G_N_ELEMENTS(FORMATS); i++) {
    const NxInput in = { .path = "/fuzz.tif", .name = "fuzz.tif", .fd = -1, .bytes = bytes, .format = FORMATS[i] };
    if (FORMATS[i]->sniff(&in))
      check(FORMATS[i], &in);
  }
  return 0;
}
