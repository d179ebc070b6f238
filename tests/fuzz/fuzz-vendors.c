/* fuzz-vendors.c — libFuzzer target for SmartSEM, OME, MRC with its .mdoc, and Bruker files: whatever the bytes are, there is metadata
 * that fits the schema, or a reason, and nothing outside them is read. (A JEOL picture is told by the text beside it, which
 * test-vendors-hostile damages.) */
#include "formats.h"
#include "mrc-mdoc.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_corners(const NxSignal *signal)
{
  guint64 index[NX_DIMS_MAX] = { 0 };
  double value;
  if (signal->view != NX_VIEW_ARRAY)
    return;
  if (!nx_array_read(&signal->array, index, 0, 1, 1, &value, NULL))
    abort();
  for (guint dim = 0; dim < signal->array.n_dims; dim++)
    index[dim] = signal->array.shape[dim] - 1;
  if (!nx_array_read(&signal->array, index, 0, 1, 1, &value, NULL))
    abort();
}

static void check(const NxFormat *format, const NxInput *in)
{
  g_autoptr(GPtrArray) signals = g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free);
  g_autoptr(GError) problem = NULL;
  gboolean is_good = format->read(in, signals, &problem);
  if (is_good == (problem != NULL) || (is_good && signals->len == 0))
    abort();
  for (guint i = 0; i < signals->len; i++) {
    NxSignal *signal = signals->pdata[i];
    read_corners(signal);
    json_object_object_del(signal->nx_meta, "Extractor Warnings");
    if (!nx_meta_check(signal->nx_meta, in->name, NULL))
      abort();
  }
}

/* The same bytes as the text beside an MRC file. */
static void check_mdoc(NxBytes *bytes)
{
  g_autoptr(json_object) mdoc = nx_mdoc_parse(bytes), nx_meta = json_object_new_object();
  if (mdoc)
    nx_mdoc_add_fields(mdoc, nx_meta);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const NxFormat *const FORMATS[] = { &nx_format_smartsem, &nx_format_ome_tiff, &nx_format_mrc, &nx_format_bruker_bcf };
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(data, size);
  for (gsize i = 0; i < G_N_ELEMENTS(FORMATS); i++) {
    const NxInput in = { .path = "/fuzz", .name = "fuzz", .fd = -1, .bytes = bytes, .format = FORMATS[i] };
    if (FORMATS[i]->sniff(&in))
      check(FORMATS[i], &in);
  }
  check_mdoc(bytes);
  return 0;
}
