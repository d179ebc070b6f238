/* fuzz-pictures.c — libFuzzer target for the previews of plain pictures and of text: whatever the bytes are, there is a picture or a
 * reason. */
#include "target.h"

#include "preview/kinds.h"
#include "without-png.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(data, size);
  g_autoptr(GError) problem = NULL, text_problem = NULL;
  GBytes *png = nx_picture_png(bytes, &problem);
  if (!png == !problem)
    abort();
  g_bytes_unref(png);
  g_autoptr(NxCanvas) canvas = nx_canvas_new();
  if (nx_draw_text_page(canvas, bytes, &text_problem) == (text_problem != NULL))
    abort();
  return 0;
}
