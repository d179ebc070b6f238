/* test-preview-claims.c — heads of pictures that claim more than their file holds or than we take: no loader sees them. Under
 * the sanitizers an allocation of more than 256 MB ends the test. */
#include "hostile.h"
#include "nx-extract.h"
#include "preview-png.h"

#include "preview/picture.h"

#include <string.h>

static void put(GByteArray *to, guint64 value, guint width, gboolean big_endian)
{
  for (guint i = 0; i < width; i++) {
    const guint8 byte = (guint8)(value >> (8 * (big_endian ? width - 1 - i : i)));
    g_byte_array_append(to, &byte, 1);
  }
}

static char *trouble_with(GByteArray *file)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(file->data, file->len);
  hostile_file();
  g_autoptr(GBytes) png = nx_picture_pixbuf(bytes, &problem);
  g_assert_true((png == NULL) == (problem != NULL));
  return problem ? g_strdup(problem->message) : NULL;
}

/* Consumes the file. NULL: it is decoded. */
static void assert_trouble(GByteArray *file, const char *expected)
{
  g_autofree char *trouble = trouble_with(file);
  g_assert_cmpstr(trouble, ==, expected);
  g_byte_array_unref(file);
}

#define TOO_LARGE "the picture has more than 64 million pixels"
#define TOO_LONG "the picture cannot be decoded: its header is longer than the file"
#define TOO_MANY "the picture cannot be decoded: its header claims more colours than its pixels can have"
#define IMPOSSIBLE "the picture cannot be decoded: its header claims what no bitmap has"
#define TOO_SHORT "the picture cannot be decoded: the file ends too early"

/* ------------------------------------------------------------------------------------------------------------------- BMP */

typedef struct {
  guint32 header, width, height;
  guint16 depth;
  guint32 compression, n_colours, data_at; /* data_at 0: as it should be */
  guint missing;                           /* bytes at the end that the file lacks */
} Bitmap;

/* A white bitmap of at most 16 × 16 pixels, whatever its head says. */
static GByteArray *make_bitmap(const Bitmap *bitmap)
{
  GByteArray *file = g_byte_array_new();
  const gboolean is_core = bitmap->header == 12;
  const guint32 header = is_core ? 12 : 40;
  const guint32 n_colours = bitmap->depth > 8 ? 0 : bitmap->n_colours && bitmap->n_colours < 256 ? bitmap->n_colours : 1u << bitmap->depth;
  const guint32 masks = bitmap->compression == 3 ? 12 : 0, palette = n_colours * (is_core ? 3 : 4);
  const guint32 data_at = 14 + header + masks + palette;
  put(file, 'B' | 'M' << 8, 2, FALSE);
  put(file, 0, 4, FALSE);
  put(file, 0, 4, FALSE);
  put(file, bitmap->data_at ? bitmap->data_at : data_at, 4, FALSE);
  put(file, bitmap->header, 4, FALSE);
  put(file, bitmap->width, is_core ? 2 : 4, FALSE);
  put(file, bitmap->height, is_core ? 2 : 4, FALSE);
  put(file, 1, 2, FALSE);
  put(file, bitmap->depth, 2, FALSE);
  if (!is_core) {
    put(file, bitmap->compression, 4, FALSE);
    put(file, 0, 4, FALSE);
    put(file, 2835, 4, FALSE);
    put(file, 2835, 4, FALSE);
    put(file, bitmap->n_colours, 4, FALSE);
    put(file, 0, 4, FALSE);
  }
  for (guint i = 0; i < masks / 4; i++)
    put(file, 0xffu << (16 - 8 * i), 4, FALSE);
  for (guint i = 0; i < palette + 16 * 16 * 4; i++)
    put(file, 0xff, 1, FALSE);
  const guint32 row = (bitmap->width * bitmap->depth + 31) / 32 * 4, height = (guint32)ABS((gint64)(gint32)bitmap->height);
  if (bitmap->width <= 16 && height <= 16)
    g_byte_array_set_size(file, data_at + row * height - bitmap->missing);
  return file;
}

static void test_good_bitmaps(void)
{
  static const guint16 DEPTHS[] = {1, 4, 8, 16, 24, 32};
  for (guint i = 0; i < G_N_ELEMENTS(DEPTHS); i++) {
    assert_trouble(make_bitmap(&(Bitmap){40, 15, 9, .depth = DEPTHS[i]}), NULL);
    assert_trouble(make_bitmap(&(Bitmap){40, 15, -9u, .depth = DEPTHS[i]}), NULL);
    if (DEPTHS[i] != 16 && DEPTHS[i] != 32)
      assert_trouble(make_bitmap(&(Bitmap){12, 15, 9, .depth = DEPTHS[i]}), NULL);
  }
  assert_trouble(make_bitmap(&(Bitmap){40, 15, 9, .depth = 8, .n_colours = 7}), NULL);
  assert_trouble(make_bitmap(&(Bitmap){40, 15, 9, .depth = 32, .compression = 3}), NULL);
}

static void test_bitmap_lengths(void)
{
  static const guint32 LENGTHS[] = {0xfff80000, 0x7fffffff, 0x10000000, 100000};
  for (guint i = 0; i < G_N_ELEMENTS(LENGTHS); i++) {
    assert_trouble(make_bitmap(&(Bitmap){LENGTHS[i], 15, 9, .depth = 8}), TOO_LONG);
    assert_trouble(make_bitmap(&(Bitmap){40, 15, 9, .depth = 8, .data_at = LENGTHS[i]}), TOO_LONG);
    assert_trouble(make_bitmap(&(Bitmap){40, 15, 9, .depth = 8, .n_colours = LENGTHS[i]}), TOO_MANY);
  }
  assert_trouble(make_bitmap(&(Bitmap){0, 15, 9, .depth = 8}), TOO_LONG);
}

static void test_bitmap_sizes(void)
{
  static const guint16 DEPTHS[] = {0, 2, 3, 9, 64, 0xffff};
  for (guint i = 0; i < G_N_ELEMENTS(DEPTHS); i++)
    assert_trouble(make_bitmap(&(Bitmap){40, 15, 9, .depth = DEPTHS[i], .n_colours = 2}), IMPOSSIBLE);
  assert_trouble(make_bitmap(&(Bitmap){40, 0, 9, .depth = 8}), IMPOSSIBLE);
  assert_trouble(make_bitmap(&(Bitmap){40, 15, 0, .depth = 8}), IMPOSSIBLE);
  assert_trouble(make_bitmap(&(Bitmap){40, -15u, 9, .depth = 8}), IMPOSSIBLE);
  assert_trouble(make_bitmap(&(Bitmap){40, 0x7fffffff, 0x7fffffff, .depth = 24}), TOO_LARGE);
  assert_trouble(make_bitmap(&(Bitmap){40, 0x7fffffff, 0x80000000, .depth = 32}), TOO_LARGE);
  assert_trouble(make_bitmap(&(Bitmap){40, 0x10000, 0x10000, .depth = 1}), TOO_LARGE);
  assert_trouble(make_bitmap(&(Bitmap){40, 0x10000, 0x10000, .depth = 8, .compression = 1}), TOO_LARGE);
  assert_trouble(make_bitmap(&(Bitmap){40, 8000, 8000, .depth = 24}), TOO_SHORT);
  assert_trouble(make_bitmap(&(Bitmap){40, 15, 9, .depth = 24, .missing = 1}), TOO_SHORT);
}

/* ------------------------------------------------------------------------------------------------------------------ JPEG */

/* The head of a JPEG of three colours up to its first scan, which has `n_in_scan` of them. */
static GByteArray *make_jpeg(guint8 frame, guint side, guint n_in_scan, const char *garbage)
{
  GByteArray *file = g_byte_array_new();
  put(file, 0xffd8, 2, TRUE);
  put(file, 0xffdb0043, 4, TRUE);
  for (guint i = 0; i < 65; i++)
    put(file, i > 0, 1, TRUE);
  g_byte_array_append(file, (const guint8 *)garbage, (guint)strlen(garbage));
  put(file, 0xff00 | frame, 2, TRUE);
  put(file, 17, 2, TRUE);
  put(file, 8, 1, TRUE);
  put(file, side, 2, TRUE);
  put(file, side, 2, TRUE);
  put(file, 3, 1, TRUE);
  for (guint i = 1; i <= 3; i++)
    put(file, i << 16 | 0x1100, 3, TRUE);
  for (guint class = 0; class < 2; class++) {
    put(file, 0xffc4, 2, TRUE);
    put(file, 2 + 17 + 1, 2, TRUE);
    put(file, class << 4, 1, TRUE);
    put(file, 1, 1, TRUE);
    for (guint i = 0; i < 16; i++)
      put(file, 0, 1, TRUE);
  }
  put(file, 0xffda, 2, TRUE);
  put(file, 6 + 2 * n_in_scan, 2, TRUE);
  put(file, n_in_scan, 1, TRUE);
  for (guint i = 1; i <= n_in_scan; i++)
    put(file, i << 8, 2, TRUE);
  put(file, frame == 0xc2 ? 0 : 0x3f00, 3, TRUE);
  for (guint i = 0; i < 2000; i++)
    put(file, 0, 1, TRUE);
  put(file, 0xffd9, 2, TRUE);
  return file;
}

static void test_jpeg_coefficients(void)
{
  assert_trouble(make_jpeg(0xc2, 65000, 3, ""), TOO_LARGE);
  assert_trouble(make_jpeg(0xc0, 65000, 1, ""), TOO_LARGE);
  assert_trouble(make_jpeg(0xc2, 8000, 3, ""), TOO_LARGE);
  /* What lies between the segments does not hide the frame. */
  assert_trouble(make_jpeg(0xc2, 65000, 3, "garbage\xff\xff"), TOO_LARGE);
  assert_trouble(make_jpeg(0xc2, 16, 3, ""), NULL);
  assert_trouble(make_jpeg(0xc0, 16, 3, ""), NULL);
  assert_trouble(make_jpeg(0xc0, 16, 1, ""), NULL);
}

/* Large, but decoded row by row, at an eighth of its size. */
static void test_large_sequential_jpeg(void)
{
  g_autoptr(GByteArray) file = make_jpeg(0xc0, 20000, 3, "");
  g_autofree char *trouble = trouble_with(file);
  g_assert_cmpstr(trouble, !=, TOO_LARGE);
}

/* A whole JPEG of `side` × `side` pixels, with a thumbnail in a segment of its own, as cameras have it. */
static GByteArray *whole_jpeg(int side)
{
  static const guint8 THUMBNAIL[] = { 0xff, 0xe1, 0, 8, 0xff, 0xd8, 1, 2, 0xff, 0xd9 };
  g_autoptr(GdkPixbuf) picture = gdk_pixbuf_new(GDK_COLORSPACE_RGB, FALSE, 8, side, side);
  g_autofree char *data = NULL;
  gsize length;
  gdk_pixbuf_fill(picture, 0x204060ff);
  g_assert_true(gdk_pixbuf_save_to_buffer(picture, &data, &length, "jpeg", NULL, NULL));
  GByteArray *file = g_byte_array_append(g_byte_array_new(), (const guint8 *)data, 2);
  g_byte_array_append(file, THUMBNAIL, sizeof THUMBNAIL);
  return g_byte_array_append(file, (const guint8 *)data + 2, (guint)length - 2);
}

/* Of sizes from 4000 on it is decoded at a part of its size. */
static void test_cut_jpegs(void)
{
  static const int SIDES[] = { 640, 4200 };
  for (gsize i = 0; i < G_N_ELEMENTS(SIDES); i++) {
    GByteArray *whole = whole_jpeg(SIDES[i]), *half = whole_jpeg(SIDES[i]), *endless = whole_jpeg(SIDES[i]);
    g_byte_array_set_size(half, half->len - 500);
    g_byte_array_set_size(endless, endless->len - 1);
    assert_trouble(whole, NULL);
    assert_trouble(half, TOO_SHORT);
    assert_trouble(endless, TOO_SHORT);
  }
}

/* Zeros, and a second picture that is not whole. */
static void test_jpegs_with_more_behind(void)
{
  GByteArray *padded = whole_jpeg(64), *followed = whole_jpeg(64);
  for (guint i = 0; i < 200000; i++)
    put(padded, 0, 1, TRUE);
  g_byte_array_append(followed, padded->data, 300);
  assert_trouble(padded, NULL);
  assert_trouble(followed, NULL);
}

/* ------------------------------------------------------------------------------------------------------------------- GIF */

static GByteArray *make_gif(guint screen, guint frame)
{
  static const guint8 PIXELS[] = {2, 2, 'D', 1, 0, ';'};
  GByteArray *file = g_byte_array_new();
  g_byte_array_append(file, (const guint8 *)"GIF89a", 6);
  put(file, screen, 2, FALSE);
  put(file, screen, 2, FALSE);
  put(file, 0x80, 3, FALSE);
  put(file, 0xff, 6, FALSE);
  put(file, 0xf921, 2, FALSE); /* an extension */
  put(file, 4, 6, FALSE);
  put(file, ',', 1, FALSE);
  put(file, 0, 4, FALSE);
  put(file, frame, 2, FALSE);
  put(file, frame, 2, FALSE);
  put(file, 0, 1, FALSE);
  g_byte_array_append(file, PIXELS, sizeof PIXELS);
  return file;
}

static void test_gif_sizes(void)
{
  assert_trouble(make_gif(1, 1), NULL);
  assert_trouble(make_gif(0xffff, 1), TOO_LARGE);
  assert_trouble(make_gif(1, 0xffff), TOO_LARGE);
  assert_trouble(make_gif(0xffff, 0xffff), TOO_LARGE);
}

/* ------------------------------------------------------------------------------------------------------------------- PNG */

static void put_chunk(GByteArray *to, const char *name, const GByteArray *data)
{
  guint32 sum = 0xffffffff;
  put(to, data->len, 4, TRUE);
  const guint from = to->len;
  g_byte_array_append(to, (const guint8 *)name, 4);
  g_byte_array_append(to, data->data, data->len);
  for (guint i = from; i < to->len; i++) {
    sum ^= to->data[i];
    for (guint bit = 0; bit < 8; bit++)
      sum = sum & 1 ? sum >> 1 ^ 0xedb88320 : sum >> 1;
  }
  put(to, ~sum, 4, TRUE);
}

static void test_png_sizes(void)
{
  static const guint32 SIDES[] = {8001, 65535, 1000000, 0x7fffffff};
  for (guint i = 0; i < G_N_ELEMENTS(SIDES); i++) {
    g_autoptr(GByteArray) file = g_byte_array_new(), head = g_byte_array_new(), none = g_byte_array_new();
    g_byte_array_append(file, (const guint8 *)"\x89PNG\r\n\x1a\n", 8);
    put(head, SIDES[i], 4, TRUE);
    put(head, SIDES[i], 4, TRUE);
    put(head, 0x1006000000, 5, TRUE); /* 16 bits, RGBA */
    put_chunk(file, "IHDR", head);
    put_chunk(file, "IDAT", none);
    g_autofree char *trouble = trouble_with(file);
    g_assert_nonnull(trouble);
    if (SIDES[i] <= 1000000)
      g_assert_cmpstr(trouble, ==, TOO_LARGE);
  }
}

/* ------------------------------------------------------------------------------------------------------------------ TIFF */

typedef struct {
  guint16 compression, depth;
  guint32 n_strips, n_rows;
  gboolean big_endian;
} Tiff;

static void put_tag(GByteArray *to, const Tiff *tiff, guint16 tag, guint32 count, guint32 value)
{
  put(to, tag, 2, tiff->big_endian);
  put(to, 4, 2, tiff->big_endian); /* LONG */
  put(to, count, 4, tiff->big_endian);
  put(to, value, 4, tiff->big_endian);
}

/* Grey, 8192 columns. PackBits needs two bytes a pixel for its zeros here; else every sample is 0x40 or 0x4000. */
static GByteArray *make_tiff(const Tiff *tiff)
{
  enum { N_TAGS = 8, COLUMNS = 8192 };
  const gboolean is_packed = tiff->compression == 32773;
  const guint32 n = tiff->n_strips, strip = COLUMNS * tiff->n_rows * (is_packed ? 2 : tiff->depth / 8), lists = 8 + 2 + 12 * N_TAGS + 4;
  const guint32 data = lists + 8 * n;
  GByteArray *file = g_byte_array_sized_new(data + strip * n);
  g_byte_array_append(file, (const guint8 *)(tiff->big_endian ? "MM" : "II"), 2);
  put(file, 42, 2, tiff->big_endian);
  put(file, 8, 4, tiff->big_endian);
  put(file, N_TAGS, 2, tiff->big_endian);
  put_tag(file, tiff, 256, 1, COLUMNS);
  put_tag(file, tiff, 257, 1, tiff->n_rows * n);
  put_tag(file, tiff, 258, 1, tiff->depth);
  put_tag(file, tiff, 259, 1, tiff->compression);
  put_tag(file, tiff, 262, 1, 1);
  put_tag(file, tiff, 273, n, n == 1 ? data : lists);
  put_tag(file, tiff, 278, 1, tiff->n_rows);
  put_tag(file, tiff, 279, n, n == 1 ? strip : lists + 4 * n);
  put(file, 0, 4, FALSE);
  for (guint32 i = 0; i < n; i++)
    put(file, data + strip * i, 4, tiff->big_endian);
  for (guint32 i = 0; i < n; i++)
    put(file, strip, 4, tiff->big_endian);
  g_byte_array_set_size(file, data + strip * n);
  memset(file->data + data, is_packed || tiff->depth == 16 ? 0 : 0x40, strip * n);
  for (guint32 i = tiff->big_endian ? 0 : 1; tiff->depth == 16 && i < strip * n; i += 2)
    file->data[data + i] = 0x40;
  return file;
}

/* NULL: it is drawn, in this grey. */
static void assert_tiff(const Tiff *tiff, const char *expected, int grey)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(GByteArray) file = make_tiff(tiff);
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(file->data, file->len);
  g_autoptr(GBytes) png = nx_picture_tiff(bytes, &problem);
  g_assert_cmpstr(problem ? problem->message : NULL, ==, expected);
  g_assert_true((png == NULL) == (problem != NULL));
  g_autoptr(GdkPixbuf) picture = png ? test_decode(png) : NULL;
  g_assert_true(!picture || test_pixel(picture, 250, 250)[0] == grey);
}

/* libtiff keeps a strip whole, as it is in the file. */
static void test_tiff_strips(void)
{
  const struct itimerval never = {.it_value = {.tv_sec = 0}};
  setitimer(ITIMER_VIRTUAL, &never, NULL);
  assert_tiff(&(Tiff){32773, 8, 1, 4200, FALSE}, "the TIFF picture cannot be read: a strip of it is larger than 64 MB", 0);
  assert_tiff(&(Tiff){32773, 8, 42, 100, FALSE}, NULL, 0);
  assert_tiff(&(Tiff){1, 8, 2, 8400, FALSE}, NULL, 0x40);
  assert_tiff(&(Tiff){1, 16, 2, 4200, FALSE}, NULL, 0x40);
  assert_tiff(&(Tiff){1, 16, 2, 4200, TRUE}, NULL, 0x40);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  hostile_limit_memory();
  g_test_add_func("/preview/claims/bitmaps of every depth and header are decoded", test_good_bitmaps);
  g_test_add_func("/preview/claims/a bitmap's header, palette and pixels lie in its file", test_bitmap_lengths);
  g_test_add_func("/preview/claims/a bitmap's size is bounded, and so are its rows by its file", test_bitmap_sizes);
  g_test_add_func("/preview/claims/a JPEG in several scans is bounded at full size", test_jpeg_coefficients);
  g_test_add_func("/preview/claims/a JPEG in one scan is not", test_large_sequential_jpeg);
  g_test_add_func("/preview/claims/a JPEG that is cut off is no picture", test_cut_jpegs);
  g_test_add_func("/preview/claims/a JPEG is whole whatever follows it", test_jpegs_with_more_behind);
  g_test_add_func("/preview/claims/a GIF's screen and its frame are bounded", test_gif_sizes);
  g_test_add_func("/preview/claims/a PNG is bounded", test_png_sizes);
  g_test_add_func("/preview/claims/the strips of a TIFF are bounded as they are in the file", test_tiff_strips);
  return g_test_run();
}
