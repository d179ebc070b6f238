/* bench-png.c — our PNG encoder beside libpng at its defaults: time and size as ratios.
 * bench-png [PICTURE…]: the pictures given (any that gdk-pixbuf reads; scaled to the preview's size), all together, else each of a built-in set. */
#include "preview/nx-preview.h"

#include <cairo.h>
#include <gdk-pixbuf/gdk-pixbuf.h>
#include <math.h>
#include <png.h>
#include <stdio.h>
#include <string.h>

#define SIDE NX_PREVIEW_SIZE
#define PIXELS (SIDE * SIDE * 4u)
#define ROUNDS 7

static void count_bytes(png_structp png, png_bytep data, png_size_t length)
{
  (void)data;
  *(gsize *)png_get_io_ptr(png) += length;
}

static void flush_nothing(png_structp png)
{
  (void)png;
}

static gsize encode_with_libpng(const guint8 *rgba)
{
  gsize length = 0;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &length, count_bytes, flush_nothing);
  png_set_IHDR(png, info, SIDE, SIDE, 8, PNG_COLOR_TYPE_RGBA, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (guint y = 0; y < SIDE; y++)
    png_write_row(png, rgba + y * SIDE * 4u);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return length;
}

static gsize encode_with_ours(const guint8 *rgba)
{
  g_autoptr(GBytes) png = nx_png_encode(rgba, SIDE, SIDE, SIDE * 4u, NULL);
  return png ? g_bytes_get_size(png) : 0;
}

/* Microseconds of the fastest of a few rounds. */
static gint64 fastest(gsize (*encode)(const guint8 *), const guint8 *rgba, gsize *size)
{
  gint64 best = G_MAXINT64;
  for (int round = 0; round < ROUNDS; round++) {
    const gint64 start = g_get_monotonic_time();
    *size = encode(rgba);
    best = MIN(best, g_get_monotonic_time() - start);
  }
  return MAX(best, 1);
}

typedef struct {
  gint64 our_time, their_time; /* microseconds */
  gsize ours, theirs;          /* bytes */
} Figures;

static Figures measured(const guint8 *rgba)
{
  Figures figures;
  figures.their_time = fastest(encode_with_libpng, rgba, &figures.theirs);
  figures.our_time = fastest(encode_with_ours, rgba, &figures.ours);
  return figures;
}

static void show(const char *name, Figures figures)
{
  printf("%-44.44s  time %.3f  size %.3f  (libpng %.2f ms, %" G_GSIZE_FORMAT " bytes)\n", name, (double)figures.our_time / (double)figures.their_time,
         (double)figures.ours / (double)figures.theirs, (double)figures.their_time / 1e3, figures.theirs);
}

static void compare(const char *name, const guint8 *rgba)
{
  show(name, measured(rgba));
}

/* ---------------------------------------------------------------------------------------------------- built-in pictures */

static void grey(guint8 *pixel, double value)
{
  memset(pixel, (int)CLAMP(value, 0.0, 255.0), 3);
  pixel[3] = 255;
}

static double noise(guint *state)
{
  *state = *state * 1664525u + 1013904223u;
  return (double)(*state >> 8) / (double)(1u << 24);
}

static void micrograph(guint8 *rgba, double grain)
{
  guint state = 1;
  for (guint i = 0; i < SIDE * SIDE; i++) {
    const double x = i % SIDE, y = i / SIDE;
    grey(rgba + 4 * i, 120 + 60 * sin(x / 31) * cos(y / 23) + 40 * (hypot(x - 250, y - 200) < 90) + grain * (noise(&state) - 0.5));
  }
}

static void colours(guint8 *rgba)
{
  for (guint i = 0; i < SIDE * SIDE; i++) {
    const double x = i % SIDE, y = i / SIDE;
    const guint8 pixel[4] = { (guint8)(x / 2), (guint8)(127 + 120 * sin(y / 40)), (guint8)(127 + 120 * cos((x + y) / 60)), 255 };
    memcpy(rgba + 4 * i, pixel, 4);
  }
}

static void built_in(void)
{
  g_autofree guint8 *rgba = g_malloc0(PIXELS);
  compare("transparent", rgba);
  micrograph(rgba, 0);
  compare("smooth micrograph", rgba);
  micrograph(rgba, 12);
  compare("micrograph, little noise", rgba);
  micrograph(rgba, 90);
  compare("micrograph, much noise", rgba);
  colours(rgba);
  compare("colours", rgba);
}

static void from_file(const char *path, Figures *all)
{
  g_autoptr(GdkPixbuf) read = gdk_pixbuf_new_from_file(path, NULL);
  g_autoptr(GdkPixbuf) alpha = read ? gdk_pixbuf_add_alpha(read, FALSE, 0, 0, 0) : NULL;
  g_autoptr(GdkPixbuf) scaled = alpha ? gdk_pixbuf_scale_simple(alpha, SIDE, SIDE, GDK_INTERP_BILINEAR) : NULL;
  if (!scaled) {
    fprintf(stderr, "%s: not a picture\n", path);
    return;
  }
  g_autofree guint8 *rgba = g_malloc(PIXELS);
  for (guint y = 0; y < SIDE; y++)
    memcpy(rgba + y * SIDE * 4u, gdk_pixbuf_read_pixels(scaled) + y * (gsize)gdk_pixbuf_get_rowstride(scaled), SIDE * 4u);
  const Figures figures = measured(rgba);
  *all = (Figures){all->our_time + figures.our_time, all->their_time + figures.their_time, all->ours + figures.ours, all->theirs + figures.theirs};
}

int main(int argc, char **argv)
{
  if (argc == 1)
    built_in();
  Figures all = {0};
  for (int i = 1; i < argc; i++)
    from_file(argv[i], &all);
  g_autofree char *title = g_strdup_printf("%d pictures together", argc - 1);
  if (all.theirs > 0)
    show(title, all);
  return 0;
}
