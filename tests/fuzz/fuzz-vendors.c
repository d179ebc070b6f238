/* fuzz-vendors.c — libFuzzer target for SmartSEM, OME, MRC with its .mdoc, and Bruker files: whatever the bytes are, there is metadata
 * that fits the schema, or a reason, and nothing outside them is read. (A JEOL picture is told by the text beside it: fuzz-texts.) */
#include "target.h"
#include "mrc-mdoc.h"

static void check(const NxFormat *format, const NxInput *in)
{
  g_autoptr(GPtrArray) signals = read_as(format, in);
  for (guint i = 0; i < signals->len; i++) {
    read_corners(signals->pdata[i]);
    check_meta(signals->pdata[i]);
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
