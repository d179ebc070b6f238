/* picture.c — files that are pictures, shown as they are: extractors-b §12.2, §12.3. Also the decoders that gdk-pixbuf brings.
 * gdk-pixbuf keeps the whole decoded picture in memory, so the size is bounded before anything is decoded; a large JPEG is decoded at a half, a
 * quarter or an eighth of its size, which its format offers. */
#include "picture.h"

#include "kinds.h"
#include "scale.h"
#include "simd.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <string.h>

#define SIDE NX_PREVIEW_SIZE
#define CHUNK (64u * 1024u)
/* Pixels of the largest picture that is decoded, as RGBA. */
#define PIXELS_MAX (NX_PICTURE_BYTES_MAX / 4.0)
/* A JPEG is not decoded smaller than this. */
#define JPEG_LEAST (4 * SIDE)

/* --------------------------------------------------------------------------------------------------------------- square */

static void put_greys(const float *pixels, guint n, guint32 *to)
{
  nx_grey_words(pixels, n, to);
  for (guint i = 0; i < n; i++)
    to[i] = GUINT32_TO_LE(to[i]); /* blue is red here: only the alpha has a place of its own */
}

typedef gint32 Whole __attribute__((vector_size(4 * sizeof(gint32))));

static inline __attribute__((always_inline)) NxPixel same_of(float value)
{
  return (NxPixel){ value, value, value, value };
}

/* `yes` where the mask is set, `no` elsewhere: no branches, for scaled opaque pixels lie on both sides of 255. */
static inline __attribute__((always_inline)) NxPixel chosen(Whole mask, NxPixel yes, NxPixel no)
{
  return (NxPixel)(((Whole)yes & mask) | ((Whole)no & ~mask));
}

/* From 0 … 255, rounded; NaN is 0. */
static inline __attribute__((always_inline)) Whole rounded(NxPixel value)
{
  const NxPixel inside = chosen((Whole)(value < 255.0f), value + 0.5f, same_of(255.0f));
  return __builtin_convertvector(chosen((Whole)(value > 0.0f), inside, same_of(0.0f)), Whole);
}

/* Colours that have been multiplied by their alpha → RGBA bytes. An alpha of less than a half is shown as none, whatever the colour. */
NX_HOT static void put_colours(const float *pixels, guint n, guint8 *to)
{
  for (guint i = 0; i < n; i++, pixels += 4, to += 4) {
    const NxPixel pixel = *(const NxPixel *)pixels, alpha = same_of(pixel[3]);
    const NxPixel most = chosen((Whole)(alpha < 255.0f), alpha, same_of(255.0f));
    NxPixel straight = pixel * (255.0f / chosen((Whole)(most > 0.25f), most, same_of(0.25f)));
    straight[3] = pixel[3];
    const Whole bytes = rounded(straight);
    const gint32 shown = bytes[3] ? -1 : 0;
    for (guint c = 0; c < 4; c++)
      to[c] = (guint8)(bytes[c] & shown);
  }
}

struct NxSquare {
  guint width, channels, left, top;
  guint32 rgba[SIDE * SIDE];
};

NxSquare *nx_square_new(guint width, guint height, guint channels)
{
  NxSquare *square = g_new0(NxSquare, 1);
  square->width = width;
  square->channels = channels;
  square->left = (SIDE - width) / 2;
  square->top = (SIDE - height) / 2;
  return square;
}

void nx_square_free(NxSquare *square)
{
  g_free(square);
}

void nx_square_take(gpointer to, guint y, const float *row)
{
  NxSquare *square = to;
  guint32 *words = square->rgba + (square->top + y) * SIDE + square->left;
  if (square->channels == 1)
    put_greys(row, square->width, words);
  else
    put_colours(row, square->width, (guint8 *)words);
}

GBytes *nx_square_png(const NxSquare *square, GError **err)
{
  return nx_png_encode((const guint8 *)square->rgba, SIDE, SIDE, SIDE * 4, err);
}

/* ----------------------------------------------------------------------------------------------------------- gdk-pixbuf */

static void push_row(NxScaler *scaler, const guint8 *row, int width, gboolean has_alpha)
{
  float *to = nx_scaler_row(scaler);
  for (int x = 0; x < width; x++, to += 4, row += has_alpha ? 4 : 3) {
    const float alpha = has_alpha ? row[3] : 255.0f, share = alpha / 255.0f;
    to[0] = row[0] * share;
    to[1] = row[1] * share;
    to[2] = row[2] * share;
    to[3] = alpha;
  }
  nx_scaler_push(scaler);
}

static GBytes *scale_pixbuf(const GdkPixbuf *pixbuf, GError **err)
{
  const int width = gdk_pixbuf_get_width(pixbuf), height = gdk_pixbuf_get_height(pixbuf);
  guint to_width, to_height;
  nx_scale_fit((guint64)width, (guint64)height, SIDE, &to_width, &to_height);
  g_autoptr(NxSquare) square = nx_square_new(to_width, to_height, 4);
  const NxScaling scaling = { (guint64)width, (guint64)height, to_width, to_height, 4, nx_square_take, square };
  g_autoptr(NxScaler) scaler = nx_scaler_new(&scaling, err);
  if (!scaler)
    return NULL;
  const guint8 *row = gdk_pixbuf_read_pixels(pixbuf);
  for (int y = 0; y < height; y++, row += gdk_pixbuf_get_rowstride(pixbuf))
    push_row(scaler, row, width, gdk_pixbuf_get_has_alpha(pixbuf));
  nx_scaler_finish(scaler);
  return nx_square_png(square, err);
}

/* The formats that are shown, by their first bytes. gdk-pixbuf would ask the MIME data base, which a sandboxed child cannot open; and its
 * other loaders (SVG, icons, …) would only be more code for hostile files. */
static const struct {
  const char *magic, *type;
} FORMATS[] = {
  { "\x89PNG\r\n\x1a\n", "png" },
  { "\xff\xd8\xff", "jpeg" },
  { "BM", "bmp" },
  { "GIF8", "gif" },
};

static const char *type_of(NxBytes *bytes)
{
  for (guint i = 0; i < G_N_ELEMENTS(FORMATS); i++) {
    const gsize length = strlen(FORMATS[i].magic);
    const guint8 *head = nx_bytes_at(bytes, 0, length, NULL);
    if (head && memcmp(head, FORMATS[i].magic, length) == 0)
      return FORMATS[i].type;
  }
  return NULL;
}

/* What a loader told while it was fed. */
typedef struct {
  const char *type;
  gboolean too_large;
  gboolean reduced;   /* decoded smaller than it is: the loader then tells nothing about rows */
  int first, end;     /* rows that have been decoded */
} Progress;

/* The size is known, nothing is decoded yet. An impossible size of 0 makes the loader give up. */
static void on_size_prepared(GdkPixbufLoader *loader, int width, int height, gpointer user_data)
{
  Progress *progress = user_data;
  int shift = 0;
  while (g_str_equal(progress->type, "jpeg") && shift < 3 && MAX(width, height) >> (shift + 1) >= JPEG_LEAST)
    shift++;
  const int divisor = 1 << shift;
  const int decoded_width = (width + divisor - 1) / divisor, decoded_height = (height + divisor - 1) / divisor;
  progress->too_large = (double)decoded_width * decoded_height > PIXELS_MAX;
  progress->reduced = shift > 0;
  if (progress->too_large)
    gdk_pixbuf_loader_set_size(loader, 0, 0);
  else if (progress->reduced)
    gdk_pixbuf_loader_set_size(loader, decoded_width, decoded_height);
}

static void on_area_updated(GdkPixbufLoader *loader, int x, int y, int width, int height, gpointer user_data)
{
  Progress *progress = user_data;
  (void)loader;
  (void)x;
  (void)width;
  progress->first = MIN(progress->first, y);
  progress->end = MAX(progress->end, y + height);
}

/* A file that ends too early is not an error to some loaders: the rows that never came stay blank. The frame of a GIF may be smaller than its screen. */
static gboolean is_whole(GdkPixbufLoader *loader, const Progress *progress)
{
  const GdkPixbuf *pixbuf = gdk_pixbuf_loader_get_pixbuf(loader);
  return pixbuf && (progress->reduced || g_str_equal(progress->type, "gif") || (progress->first == 0 && progress->end == gdk_pixbuf_get_height(pixbuf)));
}

static gboolean feed(GdkPixbufLoader *loader, NxBytes *bytes, const Progress *progress, GError **err)
{
  for (guint64 at = 0; at < nx_bytes_size(bytes) && !progress->too_large;) {
    const gsize length = (gsize)MIN(CHUNK, nx_bytes_size(bytes) - at);
    const guint8 *chunk = nx_bytes_at(bytes, at, length, err);
    if (!chunk || !gdk_pixbuf_loader_write(loader, chunk, length, err))
      return FALSE;
    at += length;
  }
  return !progress->too_large;
}

/* gdk-pixbuf's reason, if it gave one, as a sentence of ours. */
static void name_the_trouble(const Progress *progress, const GError *reason, GError **err)
{
  if (progress->too_large)
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the picture has more than %.0f million pixels", PIXELS_MAX / 1e6);
  else
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the picture cannot be decoded: %s", reason ? reason->message : "the file ends too early");
}

GBytes *nx_picture_pixbuf(NxBytes *bytes, GError **err)
{
  g_autoptr(GError) reason = NULL;
  Progress progress = { .type = type_of(bytes), .first = G_MAXINT };
  if (!progress.type) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the file is neither TIFF nor PNG, JPEG, BMP or GIF");
    return NULL;
  }
  if (!nx_picture_claims_fit(bytes, progress.type, err))
    return NULL;
  g_autoptr(GdkPixbufLoader) loader = gdk_pixbuf_loader_new_with_type(progress.type, err);
  if (!loader)
    return NULL;
  g_signal_connect(loader, "size-prepared", G_CALLBACK(on_size_prepared), &progress);
  g_signal_connect(loader, "area-updated", G_CALLBACK(on_area_updated), &progress);
  const gboolean fed = feed(loader, bytes, &progress, &reason);
  const gboolean closed = gdk_pixbuf_loader_close(loader, fed ? &reason : NULL);
  if (fed && closed && is_whole(loader, &progress))
    return scale_pixbuf(gdk_pixbuf_loader_get_pixbuf(loader), err);
  name_the_trouble(&progress, reason, err);
  return NULL;
}

void nx_picture_warm_up(void)
{
  /* Making a loader by name loads its module, which stays. */
  for (guint i = 0; i < G_N_ELEMENTS(FORMATS); i++) {
    g_autoptr(GdkPixbufLoader) loader = gdk_pixbuf_loader_new_with_type(FORMATS[i].type, NULL);
    if (loader)
      gdk_pixbuf_loader_close(loader, NULL);
  }
}

GBytes *nx_picture_png(NxBytes *bytes, GError **err)
{
  return nx_picture_is_tiff(bytes) ? nx_picture_tiff(bytes, err) : nx_picture_pixbuf(bytes, err);
}
