/* fuzz-pictures.c — libFuzzer target for the previews of plain pictures and of text: whatever the bytes are, there is a PNG, or none and no crash. */
#include "target.h"

#include "preview/nx-preview.h"

static void draw(const char *name, NxViewKind view, NxBytes *bytes)
{
  g_autoptr(NxSignal) signal = nx_signal_new();
  const NxInput in = { .path = name, .name = name, .fd = -1, .bytes = bytes, .format = &nx_format_basic };
  signal->nx_meta = nx_basic_meta(&in);
  signal->view = view;
  g_autoptr(GBytes) png = nx_preview_png(&in, signal, 0, 1, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(data, size);
  draw("fuzz.tif", NX_VIEW_PICTURE, bytes);
  draw("fuzz.txt", NX_VIEW_TEXT, bytes);
  return 0;
}
