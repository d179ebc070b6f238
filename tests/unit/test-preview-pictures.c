/* test-preview-pictures.c — files that are pictures: every kind of TIFF, the formats of gdk-pixbuf, the corpus, and our own PNG.
 * Expected pixels: the values written, brought to 8 bits by the rules of extractors-b §12.3; corpus expectations as they stand. */
#include "preview-png.h"

#include "preview/nx-preview.h"
#include "preview/picture.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <tiffio.h>
#include <unistd.h>

/* ------------------------------------------------------------------------------------------------------ our PNG encoder */

static void assert_round_trip(const guint8 *rgba, gsize stride)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) png = nx_png_encode(rgba, 500, 500, stride, &error);
  g_assert_no_error(error);
  g_autoptr(GdkPixbuf) picture = test_decode(png);
  for (int y = 0; y < 500; y++)
    g_assert_cmpmem(test_pixel(picture, 0, y), 2000, rgba + (gsize)y * stride, 2000);
}

static void test_png_keeps_every_pixel(void)
{
  const gsize stride = 2100;
  g_autofree guint8 *rgba = g_malloc0(500 * stride);
  GRand *random = g_rand_new_with_seed(7);
  assert_round_trip(rgba, stride);
  for (gsize i = 0; i < 500 * stride; i++)
    rgba[i] = (guint8)(i / 7 + i / stride * 3);
  assert_round_trip(rgba, stride);
  for (gsize i = 0; i < 500 * stride; i++)
    rgba[i] = (guint8)(i % 4 == 3 ? 255 : 100 + g_rand_int_range(random, 0, 20));
  assert_round_trip(rgba, stride);
  for (gsize i = 0; i < 500 * stride; i++)
    rgba[i] = (guint8)g_rand_int_range(random, 0, 256);
  assert_round_trip(rgba, stride);
  g_rand_free(random);
}

static void test_png_is_8_bit_rgba(void)
{
  g_autoptr(GBytes) png = nx_preview_placeholder(NULL);
  gsize size;
  const guint8 *file = g_bytes_get_data(png, &size);
  g_assert_cmpuint(size, >, 33);
  /* IHDR: width 500, height 500, 8 bits, colour type 6. */
  g_assert_cmpmem(file + 12, 4 + 10, "IHDR\0\0\x01\xf4\0\0\x01\xf4\x08\x06", 14);
}

static void test_png_takes_any_size(void)
{
  const guint8 pixels[3 * 2 * 4] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24 };
  g_autoptr(GBytes) png = nx_png_encode(pixels, 3, 2, 12, NULL);
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_bytes(png);
  g_autoptr(GdkPixbuf) picture = gdk_pixbuf_new_from_stream(stream, NULL, NULL);
  g_assert_cmpint(gdk_pixbuf_get_width(picture), ==, 3);
  g_assert_cmpmem(test_pixel(picture, 0, 1), 12, pixels + 12, 12);
  g_assert_null(nx_png_encode(pixels, 0, 2, 12, NULL));
  g_assert_null(nx_png_encode(pixels, G_MAXUINT, G_MAXUINT, 12, NULL));
}

/* ----------------------------------------------------------------------------------------------------------------- TIFF */

#define WIDTH 40
#define HEIGHT 20

typedef struct {
  guint16 bits, samples, photometric, format, planar, compression, predictor, orientation;
  guint32 tile; /* 0: strips of 3 rows */
  gint16 extra; /* kind of the last sample, or -1 */
} Kind;

/* The sample of a pixel as its bit pattern. */
typedef guint64 (*SampleAt)(guint x, guint y, guint sample);

static void put_bits(guint8 *row, gsize index, guint bits, guint64 value)
{
  if (bits >= 8 && bits % 8 == 0) {
    const guint8 one = (guint8)value;
    const guint16 two = (guint16)value;
    const guint32 four = (guint32)value;
    memcpy(row + index * (bits / 8), bits == 8 ? (const void *)&one : bits == 16 ? (const void *)&two : bits == 32 ? (const void *)&four : (const void *)&value,
           bits / 8);
    return;
  }
  for (guint bit = 0; bit < bits; bit++) {
    const gsize at = index * bits + bit;
    if (value >> (bits - 1 - bit) & 1)
      row[at / 8] = (guint8)(row[at / 8] | 0x80 >> (at % 8));
  }
}

static void write_tiles(TIFF *tiff, const Kind *kind, SampleAt sample_at)
{
  g_autofree guint8 *tile = g_malloc0((gsize)TIFFTileSize(tiff));
  for (guint y = 0; y < HEIGHT; y += kind->tile) {
    for (guint x = 0; x < WIDTH; x += kind->tile) {
      memset(tile, 0, (gsize)TIFFTileSize(tiff));
      for (guint i = 0; i < kind->tile * kind->tile * kind->samples; i++) {
        const guint pixel = i / kind->samples;
        put_bits(tile, i, kind->bits, sample_at(x + pixel % kind->tile, y + pixel / kind->tile, i % kind->samples));
      }
      g_assert_cmpint(TIFFWriteTile(tiff, tile, x, y, 0, 0), >=, 0);
    }
  }
}

static void write_rows(TIFF *tiff, const Kind *kind, SampleAt sample_at)
{
  const gboolean planar = kind->planar == PLANARCONFIG_SEPARATE;
  const guint planes = planar ? kind->samples : 1, in_row = planar ? 1 : kind->samples;
  g_autofree guint8 *row = g_malloc0((gsize)TIFFScanlineSize(tiff) + 8);
  for (guint plane = 0; plane < planes; plane++) {
    for (guint y = 0; y < HEIGHT; y++) {
      memset(row, 0, (gsize)TIFFScanlineSize(tiff));
      for (guint i = 0; i < WIDTH * in_row; i++)
        put_bits(row, i, kind->bits, sample_at(i / in_row, y, planar ? plane : i % in_row));
      g_assert_cmpint(TIFFWriteScanline(tiff, row, y, (guint16)plane), >=, 0);
    }
  }
}

static void set_colour_map(TIFF *tiff)
{
  guint16 red[256], green[256], blue[256];
  for (guint i = 0; i < 256; i++) {
    red[i] = (guint16)(i << 8);
    green[i] = (guint16)((255 - i) << 8);
    blue[i] = 0x8000;
  }
  TIFFSetField(tiff, TIFFTAG_COLORMAP, red, green, blue);
}

static char *write_tiff(const Kind *kind, SampleAt sample_at)
{
  char *path;
  const int fd = g_file_open_tmp("nx-preview-XXXXXX.tif", &path, NULL);
  TIFF *tiff = TIFFFdOpen(fd, "test", "w");
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, WIDTH);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, HEIGHT);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, kind->bits);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, kind->samples);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, kind->photometric);
  TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, kind->format ? kind->format : SAMPLEFORMAT_UINT);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, kind->planar ? kind->planar : PLANARCONFIG_CONTIG);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, kind->compression ? kind->compression : COMPRESSION_NONE);
  if (kind->orientation)
    TIFFSetField(tiff, TIFFTAG_ORIENTATION, kind->orientation);
  if (kind->predictor)
    TIFFSetField(tiff, TIFFTAG_PREDICTOR, kind->predictor);
  if (kind->photometric == PHOTOMETRIC_PALETTE)
    set_colour_map(tiff);
  if (kind->photometric == PHOTOMETRIC_YCBCR)
    TIFFSetField(tiff, TIFFTAG_YCBCRSUBSAMPLING, 1, 1);
  if (kind->extra >= 0) {
    const guint16 extra = (guint16)kind->extra;
    TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &extra);
  }
  if (kind->tile) {
    TIFFSetField(tiff, TIFFTAG_TILEWIDTH, kind->tile);
    TIFFSetField(tiff, TIFFTAG_TILELENGTH, kind->tile);
    write_tiles(tiff, kind, sample_at);
  } else {
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 3);
    write_rows(tiff, kind, sample_at);
  }
  TIFFClose(tiff);
  return path;
}

/* The picture is two halves, left and right: 40 × 20 pixels become 500 × 250 in rows 125 to 375, and far from the middle a pixel shows one value. */
static void assert_halves(const Kind *kind, SampleAt sample_at, const guint8 left[4], const guint8 right[4])
{
  g_autofree char *path = write_tiff(kind, sample_at);
  g_autoptr(GBytes) png = test_preview_of_file(path, NX_VIEW_PICTURE);
  g_autoptr(GdkPixbuf) picture = test_decode(png);
  test_assert_pixel_at("left", picture, 60, 250, left, 1);
  test_assert_pixel_at("left, first row", picture, 60, 125, left, 1);
  test_assert_pixel_at("right", picture, 440, 250, right, 1);
  test_assert_pixel_at("right, last row", picture, 440, 374, right, 1);
  test_assert_pixel_at("above", picture, 60, 124, (const guint8[4]){ 0, 0, 0, 0 }, 0);
  test_assert_pixel_at("below", picture, 440, 375, (const guint8[4]){ 0, 0, 0, 0 }, 0);
  g_unlink(path);
}

#define PIXEL(...) ((const guint8[4]){ __VA_ARGS__ })
#define GREY(v) PIXEL(v, v, v, 255)

static guint64 grey_8(guint x, guint y, guint sample)
{
  (void)y;
  (void)sample;
  return x < 20 ? 40 : 200;
}

static guint64 grey_16(guint x, guint y, guint sample)
{
  (void)y;
  (void)sample;
  return x < 20 ? 0x28ff : 0xc800;
}

static guint64 grey_12(guint x, guint y, guint sample)
{
  (void)y;
  (void)sample;
  return x < 20 ? 0x28f : 0xc80;
}

static guint64 grey_4(guint x, guint y, guint sample)
{
  (void)y;
  (void)sample;
  return x < 20 ? 2 : 15;
}

static guint64 grey_1(guint x, guint y, guint sample)
{
  (void)y;
  (void)sample;
  return x >= 20;
}

static guint64 grey_32(guint x, guint y, guint sample)
{
  (void)y;
  (void)sample;
  return x < 20 ? 40 * 256 + 255 : 1000000;
}

static guint64 signed_16(guint x, guint y, guint sample)
{
  (void)y;
  (void)sample;
  return x < 20 ? (guint64)(gint64)-300 : 100 * 256;
}

/* As real_32, in IEEE half floats. */
static guint64 real_16(guint x, guint y, guint sample)
{
  (void)sample;
  if (y == 19 && (x == 18 || x == 19))
    return x == 18 ? 0x7c00 : 0x7e00;
  return x == 0 && y == 0 ? 0xc000 : x == 39 && y == 0 ? 0x4800 : x < 20 ? 0 : 0x4600;
}

static guint64 real_32(guint x, guint y, guint sample)
{
  (void)sample;
  /* The last row of the left half holds what is not finite; the range is -2 to 8. */
  const float value = x == 0 && y == 0 ? -2.0f : x == 39 && y == 0 ? 8.0f : x < 20 ? 0.0f : 6.0f;
  const float shown = x == 19 && y == 19 ? NAN : x == 18 && y == 19 ? INFINITY : value;
  guint32 bits;
  memcpy(&bits, &shown, sizeof bits);
  return bits;
}

static guint64 real_64(guint x, guint y, guint sample)
{
  (void)sample;
  const double value = x == 0 && y == 0 ? -2e200 : x == 39 && y == 0 ? 8e200 : x < 20 ? 0.0 : 6e200;
  guint64 bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static guint64 colours_8(guint x, guint y, guint sample)
{
  static const guint8 LEFT[] = { 250, 30, 60, 128 }, RIGHT[] = { 10, 220, 90, 255 };
  (void)y;
  return x < 20 ? LEFT[sample] : RIGHT[sample];
}

static guint64 colours_16(guint x, guint y, guint sample)
{
  return colours_8(x, y, sample) << 8 | 0x7f;
}

static guint64 ink(guint x, guint y, guint sample)
{
  static const guint8 LEFT[] = { 0, 255, 255, 0 }, RIGHT[] = { 255, 0, 0, 51 };
  (void)y;
  return x < 20 ? LEFT[sample] : RIGHT[sample];
}

static guint64 grey_and_alpha(guint x, guint y, guint sample)
{
  (void)y;
  return sample == 0 ? 200 : x < 20 ? 0 : 128;
}

#define NO_EXTRA .extra = -1

static void test_grey_depths(void)
{
  assert_halves(&(Kind){ 8, 1, PHOTOMETRIC_MINISBLACK, NO_EXTRA }, grey_8, GREY(40), GREY(200));
  assert_halves(&(Kind){ 8, 1, PHOTOMETRIC_MINISWHITE, NO_EXTRA }, grey_8, GREY(215), GREY(55));
  assert_halves(&(Kind){ 16, 1, PHOTOMETRIC_MINISBLACK, NO_EXTRA }, grey_16, GREY(40), GREY(200));
  assert_halves(&(Kind){ 12, 1, PHOTOMETRIC_MINISBLACK, NO_EXTRA }, grey_12, GREY(40), GREY(200));
  assert_halves(&(Kind){ 4, 1, PHOTOMETRIC_MINISBLACK, NO_EXTRA }, grey_4, GREY(34), GREY(255));
  assert_halves(&(Kind){ 1, 1, PHOTOMETRIC_MINISBLACK, NO_EXTRA }, grey_1, GREY(0), GREY(255));
  assert_halves(&(Kind){ 1, 1, PHOTOMETRIC_MINISWHITE, NO_EXTRA }, grey_1, GREY(255), GREY(0));
}

static void test_wide_integers_are_divided_and_clipped(void)
{
  assert_halves(&(Kind){ 32, 1, PHOTOMETRIC_MINISBLACK, NO_EXTRA }, grey_32, GREY(40), GREY(255));
  assert_halves(&(Kind){ 16, 1, PHOTOMETRIC_MINISBLACK, .format = SAMPLEFORMAT_INT, NO_EXTRA }, signed_16, GREY(0), GREY(100));
}

static void test_reals_are_shown_from_least_to_most(void)
{
  /* 0 and 6 between -2 and 8: 51 and 204. */
  assert_halves(&(Kind){ 16, 1, PHOTOMETRIC_MINISBLACK, .format = SAMPLEFORMAT_IEEEFP, NO_EXTRA }, real_16, GREY(51), GREY(204));
  assert_halves(&(Kind){ 16, 1, PHOTOMETRIC_MINISBLACK, .format = SAMPLEFORMAT_IEEEFP, .compression = COMPRESSION_ADOBE_DEFLATE,
                  .predictor = PREDICTOR_FLOATINGPOINT, NO_EXTRA }, real_16, GREY(51), GREY(204));
  assert_halves(&(Kind){ 32, 1, PHOTOMETRIC_MINISBLACK, .format = SAMPLEFORMAT_IEEEFP, NO_EXTRA }, real_32, GREY(51), GREY(204));
  assert_halves(&(Kind){ 64, 1, PHOTOMETRIC_MINISBLACK, .format = SAMPLEFORMAT_IEEEFP, NO_EXTRA }, real_64, GREY(51), GREY(204));
}

static void test_colours(void)
{
  assert_halves(&(Kind){ 8, 3, PHOTOMETRIC_RGB, NO_EXTRA }, colours_8, PIXEL(250, 30, 60, 255), PIXEL(10, 220, 90, 255));
  assert_halves(&(Kind){ 16, 3, PHOTOMETRIC_RGB, NO_EXTRA }, colours_16, PIXEL(250, 30, 60, 255), PIXEL(10, 220, 90, 255));
  assert_halves(&(Kind){ 8, 3, PHOTOMETRIC_RGB, .planar = PLANARCONFIG_SEPARATE, NO_EXTRA }, colours_8, PIXEL(250, 30, 60, 255),
                PIXEL(10, 220, 90, 255));
  assert_halves(&(Kind){ 8, 4, PHOTOMETRIC_RGB, .extra = EXTRASAMPLE_UNASSALPHA }, colours_8, PIXEL(250, 30, 60, 128), PIXEL(10, 220, 90, 255));
  assert_halves(&(Kind){ 8, 4, PHOTOMETRIC_RGB, .extra = EXTRASAMPLE_UNSPECIFIED }, colours_8, PIXEL(250, 30, 60, 255), PIXEL(10, 220, 90, 255));
  assert_halves(&(Kind){ 8, 1, PHOTOMETRIC_PALETTE, NO_EXTRA }, grey_8, PIXEL(40, 215, 128, 255), PIXEL(200, 55, 128, 255));
  assert_halves(&(Kind){ 8, 4, PHOTOMETRIC_SEPARATED, NO_EXTRA }, ink, PIXEL(255, 0, 0, 255), PIXEL(0, 204, 204, 255));
  assert_halves(&(Kind){ 8, 2, PHOTOMETRIC_MINISBLACK, .extra = EXTRASAMPLE_UNASSALPHA }, grey_and_alpha, PIXEL(0, 0, 0, 0), PIXEL(200, 200, 200, 128));
}

static void test_tiles_and_compression(void)
{
  assert_halves(&(Kind){ 8, 1, PHOTOMETRIC_MINISBLACK, .tile = 16, NO_EXTRA }, grey_8, GREY(40), GREY(200));
  assert_halves(&(Kind){ 16, 1, PHOTOMETRIC_MINISBLACK, .tile = 16, .compression = COMPRESSION_ADOBE_DEFLATE, NO_EXTRA }, grey_16, GREY(40), GREY(200));
  assert_halves(&(Kind){ 8, 3, PHOTOMETRIC_RGB, .tile = 32, .compression = COMPRESSION_LZW, NO_EXTRA }, colours_8, PIXEL(250, 30, 60, 255),
                PIXEL(10, 220, 90, 255));
  assert_halves(&(Kind){ 8, 3, PHOTOMETRIC_RGB, .planar = PLANARCONFIG_SEPARATE, .compression = COMPRESSION_PACKBITS, NO_EXTRA }, colours_8,
                PIXEL(250, 30, 60, 255), PIXEL(10, 220, 90, 255));
}

static guint64 luminance(guint x, guint y, guint sample)
{
  return sample == 0 ? grey_8(x, y, 0) : 128;
}

static void test_what_only_libtiff_converts(void)
{
  /* YCbCr without JPEG and without subsampling; chroma 128 is grey. */
  assert_halves(&(Kind){ 8, 3, PHOTOMETRIC_YCBCR, NO_EXTRA }, luminance, GREY(40), GREY(200));
  assert_halves(&(Kind){ 8, 3, PHOTOMETRIC_YCBCR, .tile = 32, NO_EXTRA }, luminance, GREY(40), GREY(200));
  for (guint16 orientation = ORIENTATION_TOPLEFT; orientation <= ORIENTATION_LEFTBOT; orientation++) {
    assert_halves(&(Kind){ 8, 3, PHOTOMETRIC_YCBCR, .orientation = orientation, NO_EXTRA }, luminance, GREY(40), GREY(200));
    assert_halves(&(Kind){ 8, 3, PHOTOMETRIC_RGB, .orientation = orientation, NO_EXTRA }, colours_8, PIXEL(250, 30, 60, 255),
                  PIXEL(10, 220, 90, 255));
  }
}

/* ----------------------------------------------------------------------------------------------------------------- hostile */

static void assert_placeholder(const void *data, gsize length)
{
  g_autoptr(GBytes) png = test_preview_of_bytes(data, length, NX_VIEW_PICTURE), placeholder = nx_preview_placeholder(NULL);
  g_assert_true(g_bytes_equal(png, placeholder));
}

static void test_broken_pictures_give_the_placeholder(void)
{
  assert_placeholder("", 0);
  assert_placeholder("GIF89a", 6);
  assert_placeholder("II*\0\xff\xff\xff\xff", 8);
  assert_placeholder("II*\0\x08\0\0\0\0\0\0\0\0\0", 14);
  assert_placeholder("not a picture at all", 20);
}

/* Every damaged variant of a small TIFF gives some 500 × 500 picture. */
static void test_damaged_tiffs_cost_only_themselves(void)
{
  static const Kind KINDS[] = {
    { 8, 1, PHOTOMETRIC_PALETTE, NO_EXTRA },
    { 16, 3, PHOTOMETRIC_RGB, .tile = 16, .compression = COMPRESSION_LZW, NO_EXTRA },
    { 8, 3, PHOTOMETRIC_YCBCR, NO_EXTRA },
  };
  GRand *random = g_rand_new_with_seed(11);
  for (guint kind = 0; kind < G_N_ELEMENTS(KINDS); kind++) {
    g_autofree char *path = write_tiff(&KINDS[kind], colours_8), *data = NULL;
    gsize length;
    g_assert_true(g_file_get_contents(path, &data, &length, NULL));
    g_unlink(path);
    for (int round = 0; round < 60; round++) {
      g_autofree char *damaged = g_memdup2(data, length);
      /* The directory is at the end: damage there hits tags and offsets. */
      const gint32 from = round % 2 ? (gint32)length - 250 : 0;
      for (int i = 0; i < 3; i++)
        damaged[g_rand_int_range(random, MAX(from, 4), (gint32)length)] = (char)g_rand_int_range(random, 0, 256);
      g_autoptr(GBytes) png = test_preview_of_bytes(damaged, round % 5 == 0 ? length / 2 : length, NX_VIEW_PICTURE);
      g_autoptr(GdkPixbuf) picture = test_decode(png);
    }
  }
  g_rand_free(random);
}

static guint32 little_endian(const char *at, gsize size)
{
  guint32 number = 0;
  memcpy(&number, at, size);
  return GUINT32_FROM_LE(number);
}

/* All strips of a TIFF of write_tiff, moved behind its end. */
static void lose_strips(char *tiff)
{
  const char *directory = tiff + little_endian(tiff + 4, 4);
  for (guint i = 0; i < little_endian(directory, 2); i++) {
    const char *entry = directory + 2 + 12 * (gsize)i;
    if (little_endian(entry, 2) == TIFFTAG_STRIPOFFSETS)
      memset(tiff + little_endian(entry + 8, 4), 0x7f, 4 * (gsize)little_endian(entry + 4, 4));
  }
}

static void test_row_that_cannot_be_read_is_named(void)
{
  g_autofree char *path = write_tiff(&(Kind){ 8, 1, PHOTOMETRIC_MINISBLACK, NO_EXTRA }, grey_8), *data = NULL;
  gsize length;
  g_assert_true(g_file_get_contents(path, &data, &length, NULL));
  g_unlink(path);
  lose_strips(data);
  g_autoptr(GError) problem = NULL;
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(data, length);
  g_assert_null(nx_picture_tiff(bytes, &problem));
  g_assert_cmpstr(problem->message, ==, "row 1 of the TIFF picture cannot be read: got 0 bytes, expected 120");
}

/* --------------------------------------------------------------------------------------------------------------- sandbox */

/* A red 1 × 1 GIF. */
static const char GIF[] = "GIF89a\1\0\1\0\x80\0\0\xff\0\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\2D\1\0;";

static int decode_without_files(GPtrArray *files)
{
  const struct rlimit none = { 0, 0 };
  if (setrlimit(RLIMIT_NOFILE, &none) != 0)
    return 2;
  g_autoptr(GBytes) placeholder = nx_preview_placeholder(NULL);
  for (guint i = 0; i < files->len; i++) {
    gsize size;
    const void *data = g_bytes_get_data(files->pdata[i], &size);
    g_autoptr(GBytes) png = test_preview_of_bytes(data, size, i + 1 < files->len ? NX_VIEW_PICTURE : NX_VIEW_TEXT);
    if (g_bytes_equal(png, placeholder))
      return 10 + (int)i;
  }
  return 0;
}

static void test_a_warm_child_decodes_without_opening_files(void)
{
  static const char *const FORMATS[] = { "png", "jpeg", "bmp" };
  g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
  g_autoptr(GdkPixbuf) picture = gdk_pixbuf_new(GDK_COLORSPACE_RGB, FALSE, 8, 30, 20);
  gdk_pixbuf_fill(picture, 0x204060ff);
  for (guint i = 0; i < G_N_ELEMENTS(FORMATS); i++) {
    char *data;
    gsize size;
    g_assert_true(gdk_pixbuf_save_to_buffer(picture, &data, &size, FORMATS[i], NULL, NULL));
    g_ptr_array_add(files, g_bytes_new_take(data, size));
  }
  g_ptr_array_add(files, g_bytes_new_static(GIF, sizeof GIF - 1));
  g_ptr_array_add(files, g_bytes_new_static("Windows-1252: \x83\xf8", 16)); /* the last is text */
  nx_preview_warm_up();
  const pid_t child = fork();
  if (child == 0)
    _exit(decode_without_files(files));
  int status;
  g_assert_cmpint(waitpid(child, &status, 0), ==, child);
  g_assert_cmpint(status, ==, 0);
}

/* --------------------------------------------------------------------------------------------------------------- corpus */

/* TRUE when no neighbour differs much: samples beside an edge are not compared (corpus/image README). */
static gboolean is_calm(const GdkPixbuf *picture, int x, int y)
{
  const guint8 *here = test_pixel(picture, x, y);
  for (int dy = -1; dy <= 1; dy++) {
    for (int dx = -1; dx <= 1; dx++) {
      const guint8 *there = test_pixel(picture, CLAMP(x + dx, 0, 499), CLAMP(y + dy, 0, 499));
      for (int c = 0; c < 4; c++) {
        if (ABS(there[c] - here[c]) > 24)
          return FALSE;
      }
    }
  }
  return TRUE;
}

static int number_at(json_object *array, guint i)
{
  return json_object_get_int(json_object_array_get_idx(array, i));
}

static void assert_samples(const GdkPixbuf *picture, json_object *samples)
{
  for (guint i = 0; samples && i < json_object_array_length(samples); i++) {
    json_object *sample = json_object_array_get_idx(samples, i), *xy = nx_json_get(sample, "xy"), *rgba = nx_json_get(sample, "rgba");
    const int x = number_at(xy, 0), y = number_at(xy, 1);
    if (is_calm(picture, x, y))
      test_assert_pixel(picture, x, y, (guint8)number_at(rgba, 0), (guint8)number_at(rgba, 1), (guint8)number_at(rgba, 2),
                        (guint8)number_at(rgba, 3), 8);
  }
}

static void assert_corpus_picture(const char *path, json_object *preview)
{
  const char *kind = nx_json_get_string(preview, "kind");
  if (g_strcmp0(kind, "image") != 0)
    return;
  g_autoptr(GBytes) png = test_preview_of_file(path, NX_VIEW_PICTURE);
  g_autoptr(GdkPixbuf) picture = test_decode(png);
  if (!nx_json_get_boolean(preview, "generated")) {
    g_autoptr(GBytes) placeholder = nx_preview_placeholder(NULL);
    g_assert_true(g_bytes_equal(png, placeholder));
    return;
  }
  json_object *expected = nx_json_get(preview, "content_box");
  int box[4];
  test_content_box(picture, box);
  for (guint i = 0; i < 4 && !strstr(path, "rgba"); i++)
    g_assert_cmpint(box[i], ==, number_at(expected, i));
  assert_samples(picture, nx_json_get(preview, "samples"));
}

static void test_corpus_image(void)
{
  test_each_corpus_preview("image", assert_corpus_picture);
}

static void test_corpus_fei(void)
{
  test_each_corpus_preview("fei-tif", assert_corpus_picture);
}

static void test_corpus_orion(void)
{
  test_each_corpus_preview("orion", assert_corpus_picture);
}

static void test_corpus_tescan(void)
{
  test_each_corpus_preview("tescan", assert_corpus_picture);
}

/* NAME.ref-thumb.png is another program's rendering: on average a channel may differ by little. */
static void assert_like_reference(const char *path, json_object *preview)
{
  g_autofree char *reference_path = g_strconcat(path, ".ref-thumb.png", NULL);
  g_autoptr(GdkPixbuf) reference = gdk_pixbuf_new_from_file(reference_path, NULL);
  if (!reference || !nx_json_get(preview, "samples"))
    return;
  g_autoptr(GBytes) png = test_preview_of_file(path, NX_VIEW_PICTURE);
  g_autoptr(GdkPixbuf) picture = test_decode(png);
  double difference = 0;
  for (int y = 0; y < 500; y++) {
    for (int i = 0; i < 2000; i++)
      difference += ABS(test_pixel(picture, 0, y)[i] - test_pixel(reference, 0, y)[i]);
  }
  g_test_message("mean difference %.3f", difference / 1e6);
  g_assert_cmpfloat(difference / 1e6, <, 1.0);
}

static void test_corpus_reference(void)
{
  test_each_corpus_preview("image", assert_like_reference);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/preview/pictures/a warm child decodes without opening files", test_a_warm_child_decodes_without_opening_files);
  g_test_add_func("/preview/pictures/a PNG keeps every pixel, flat, smooth or noise", test_png_keeps_every_pixel);
  g_test_add_func("/preview/pictures/a preview is 500 × 500, 8-bit RGBA", test_png_is_8_bit_rgba);
  g_test_add_func("/preview/pictures/any sensible size can be encoded", test_png_takes_any_size);
  g_test_add_func("/preview/pictures/grey of 1 to 16 bits, black or white at 0", test_grey_depths);
  g_test_add_func("/preview/pictures/wide integers are divided by 256 and clipped", test_wide_integers_are_divided_and_clipped);
  g_test_add_func("/preview/pictures/reals are shown from the least to the most finite value", test_reals_are_shown_from_least_to_most);
  g_test_add_func("/preview/pictures/RGB, planes, alpha, palette and CMYK", test_colours);
  g_test_add_func("/preview/pictures/tiles and compressed strips", test_tiles_and_compression);
  g_test_add_func("/preview/pictures/rare colours are converted by libtiff", test_what_only_libtiff_converts);
  g_test_add_func("/preview/pictures/what is no picture gives the placeholder", test_broken_pictures_give_the_placeholder);
  g_test_add_func("/preview/pictures/a damaged TIFF costs only itself", test_damaged_tiffs_cost_only_themselves);
  g_test_add_func("/preview/pictures/a row that cannot be read is named", test_row_that_cannot_be_read_is_named);
  g_test_add_func("/preview/pictures/corpus: image", test_corpus_image);
  g_test_add_func("/preview/pictures/corpus: fei-tif", test_corpus_fei);
  g_test_add_func("/preview/pictures/corpus: orion", test_corpus_orion);
  g_test_add_func("/preview/pictures/corpus: tescan", test_corpus_tescan);
  g_test_add_func("/preview/pictures/corpus: close to the reference renderings", test_corpus_reference);
  return g_test_run();
}
