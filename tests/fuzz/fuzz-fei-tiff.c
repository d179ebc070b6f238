/* fuzz-fei-tiff.c — libFuzzer target for TIFFs of FEI, Zeiss Orion, Fibics and Tescan: whatever the bytes are, there is metadata that fits the
 * schema, or a reason. Files of corpus/fei-tif, corpus/orion and corpus/tescan are good seeds. */
#include "formats.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const NxFormat *format, const NxInput *in)
{
  g_autoptr(GPtrArray) signals = g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free);
  g_autoptr(GError) problem = NULL;
  gboolean is_good = format->read(in, signals, &problem);
  if (is_good == (problem != NULL) || (is_good && signals->len == 0))
    abort();
  for (guint i = 0; i < signals->len; i++) {
    NxSignal *signal = signals->pdata[i];
    json_object_object_del(signal->nx_meta, "Extractor Warnings");
    if (!nx_meta_check(signal->nx_meta, in->name, NULL))
      abort();
  }
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
