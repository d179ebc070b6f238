/* preview-png.c — what the tests of the previews look at. */
#include "preview-png.h"

#include "preview/nx-preview.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

GdkPixbuf *test_decode(GBytes *png)
{
  g_autoptr(GError) error = NULL;
  g_assert_nonnull(png);
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_bytes(png);
  GdkPixbuf *picture = gdk_pixbuf_new_from_stream(stream, NULL, &error);
  g_assert_no_error(error);
  g_assert_cmpint(gdk_pixbuf_get_width(picture), ==, 500);
  g_assert_cmpint(gdk_pixbuf_get_height(picture), ==, 500);
  g_assert_true(gdk_pixbuf_get_has_alpha(picture));
  return picture;
}

const guint8 *test_pixel(const GdkPixbuf *picture, int x, int y)
{
  return gdk_pixbuf_read_pixels(picture) + y * gdk_pixbuf_get_rowstride(picture) + x * 4;
}

void test_content_box(const GdkPixbuf *picture, int box[4])
{
  box[0] = box[1] = 500;
  box[2] = box[3] = 0;
  for (int y = 0; y < 500; y++) {
    for (int x = 0; x < 500; x++) {
      if (test_pixel(picture, x, y)[3] == 0)
        continue;
      box[0] = MIN(box[0], x);
      box[1] = MIN(box[1], y);
      box[2] = MAX(box[2], x + 1);
      box[3] = MAX(box[3], y + 1);
    }
  }
}

guint test_count_dark(const GdkPixbuf *picture, int x, int y, int width, int height, guint8 limit)
{
  guint dark = 0;
  for (int row = y; row < y + height; row++) {
    for (int column = x; column < x + width; column++) {
      const guint8 *pixel = test_pixel(picture, column, row);
      dark += pixel[3] == 255 && pixel[0] < limit && pixel[1] < limit && pixel[2] < limit;
    }
  }
  return dark;
}

void test_assert_pixel_at(const char *place, const GdkPixbuf *picture, int x, int y, const guint8 *expected, int tolerance)
{
  const guint8 *pixel = test_pixel(picture, x, y);
  for (int c = 0; c < 4; c++) {
    if (ABS(pixel[c] - expected[c]) > tolerance)
      g_error("%s: pixel %d,%d is %d,%d,%d,%d, expected %d,%d,%d,%d within %d", place, x, y, pixel[0], pixel[1], pixel[2], pixel[3],
              expected[0], expected[1], expected[2], expected[3], tolerance);
  }
}

static GBytes *preview(const char *name, NxBytes *bytes, NxViewKind view)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(NxSignal) signal = nx_signal_new();
  const NxInput in = { .path = name, .name = name, .fd = -1, .bytes = bytes };
  signal->view = view;
  GBytes *png = nx_preview_png(&in, signal, 0, 1, &error);
  g_assert_no_error(error);
  return png;
}

GBytes *test_preview_of_file(const char *path, NxViewKind view)
{
  g_autoptr(GError) error = NULL;
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  g_assert_cmpint(fd, >=, 0);
  g_autoptr(NxBytes) bytes = nx_bytes_from_fd(fd, &error);
  g_assert_no_error(error);
  g_autofree char *name = g_path_get_basename(path);
  GBytes *png = preview(name, bytes, view);
  close(fd);
  return png;
}

GBytes *test_preview_of_bytes(const void *data, gsize length, NxViewKind view)
{
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(data, length);
  return preview("memory", bytes, view);
}

void test_each_corpus_preview(const char *folder, TestPreviewCheck check)
{
  const char *root = g_getenv("NX_CORPUS");
  g_autofree char *path = root ? g_build_filename(root, folder, NULL) : g_test_build_filename(G_TEST_DIST, "..", "..", "shared", "corpus", folder, NULL);
  g_autoptr(GDir) listing = g_dir_open(path, 0, NULL);
  if (!listing) {
    g_autofree char *reason = g_strdup_printf("corpus/%s not found (set NX_CORPUS)", folder);
    g_test_skip(reason);
    return;
  }
  guint checked = 0;
  for (const char *name; (name = g_dir_read_name(listing));) {
    if (!g_str_has_suffix(name, ".expected.json"))
      continue;
    g_autoptr(GError) error = NULL;
    g_autofree char *expected_path = g_build_filename(path, name, NULL);
    g_autofree char *data_path = g_strndup(expected_path, strlen(expected_path) - strlen(".expected.json"));
    g_autoptr(json_object) expected = nx_json_read_file(expected_path, 16 * 1024 * 1024, &error);
    g_assert_no_error(error);
    json_object *wanted = nx_json_get(expected, "preview");
    if (!wanted || !g_file_test(data_path, G_FILE_TEST_EXISTS))
      continue;
    g_test_message("%s", data_path);
    check(data_path, wanted);
    checked++;
  }
  g_assert_cmpuint(checked, >, 0);
}
