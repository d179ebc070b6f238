/* preview-png.h — what the tests of the previews look at: decoded pixels, files of the corpus. */
#ifndef NX_TEST_PREVIEW_PNG_H
#define NX_TEST_PREVIEW_PNG_H

#include "nx-extract.h"

#include <gdk-pixbuf/gdk-pixbuf.h>

/* The RGBA picture in `png`, decoded by gdk-pixbuf; checks that it is 500 × 500 with alpha. */
GdkPixbuf *test_decode(GBytes *png);
/* The four bytes of a pixel. */
const guint8 *test_pixel(const GdkPixbuf *picture, int x, int y);
/* Left, top, right, bottom (exclusive) of the pixels that are not transparent. */
void test_content_box(const GdkPixbuf *picture, int box[4]);
/* Opaque pixels in the rectangle of which all channels are below `limit`. */
guint test_count_dark(const GdkPixbuf *picture, int x, int y, int width, int height, guint8 limit);
#define test_assert_pixel(picture, x, y, r, g, b, a, tolerance)                                                                            \
  test_assert_pixel_at(G_STRLOC, picture, x, y, (const guint8[4]){ r, g, b, a }, tolerance)
void test_assert_pixel_at(const char *place, const GdkPixbuf *picture, int x, int y, const guint8 *expected, int tolerance);

/* The preview of a file that is a picture or text, or of bytes in memory. */
GBytes *test_preview_of_file(const char *path, NxViewKind view);
GBytes *test_preview_of_bytes(const void *data, gsize length, NxViewKind view);

/* Calls `check` with every data file of corpus/FOLDER that has an expected file, and its `preview` object. Skips the test when the folder is absent. */
typedef void (*TestPreviewCheck)(const char *path, json_object *preview);
void test_each_corpus_preview(const char *folder, TestPreviewCheck check);

#endif
