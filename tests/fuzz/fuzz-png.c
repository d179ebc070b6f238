/* fuzz-png.c — libFuzzer target for the PNG encoder: libpng reads back the pixels that went in. Two bytes for the width, the rest are
 * pixels. */
#include "preview/nx-preview.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size < 2 + 4)
    return -1;
  const guint width = 1 + ((guint)data[0] | (guint)(data[1] & 3) << 8);
  const guint height = (guint)MIN((size - 2) / 4 / width, 600);
  if (height == 0)
    return -1;
  g_autoptr(GBytes) png = nx_png_encode(data + 2, width, height, 4 * (gsize)width, NULL);
  png_image image = {.version = PNG_IMAGE_VERSION};
  gsize length;
  const void *encoded = g_bytes_get_data(png, &length);
  if (!png_image_begin_read_from_memory(&image, encoded, length) || image.width != width || image.height != height)
    abort();
  image.format = PNG_FORMAT_RGBA;
  g_autofree guint8 *pixels = g_malloc(PNG_IMAGE_SIZE(image));
  if (!png_image_finish_read(&image, NULL, pixels, 0, NULL) || memcmp(pixels, data + 2, 4 * (gsize)width * height) != 0)
    abort();
  return 0;
}
