/* png.c — RGBA pixels → PNG, fast.
 * Always colour type 6 (8-bit RGBA, extractors-b §12), even for grey: whoever reads previews meets one kind of file. The time goes into filters
 * and deflate (deflate.c). A few bands of rows are compressed with each candidate filter; the winner does the whole picture.
 * Measured with tests/bench/bench-png against libpng at its defaults; format: PNG specification (ISO/IEC 15948). */
#include "nx-preview.h"

#include "deflate.h"
#include "simd.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#define PIXEL 4u /* bytes */

enum { FILTER_NONE = 0, FILTER_SUB = 1, FILTER_UP = 2, FILTER_AVERAGE = 3, FILTER_PAETH = 4, FILTER_ADAPTIVE = 5 };
static const int CANDIDATES[] = { FILTER_NONE, FILTER_UP, FILTER_ADAPTIVE };
static const int ADAPTIVE[] = { FILTER_SUB, FILTER_UP, FILTER_AVERAGE, FILTER_PAETH };

/* Bands of rows that the trial looks at. */
#define BANDS 8u
#define BAND_ROWS 2u

typedef struct {
  const guint8 *rgba;
  guint width, height;
  gsize stride;
  guint8 *scratch;                    /* G_N_ELEMENTS(ADAPTIVE) filtered rows */
  const guint8 *zeros, *zeros_shifted; /* a row of each */
} Picture;

static gsize row_bytes(const Picture *picture)
{
  return (gsize)picture->width * PIXEL;
}

/* ------------------------------------------------------------------------------------------------------------- filters */

NX_HOT static void filter_sub(const guint8 *row, gsize length, guint8 *to)
{
  memcpy(to, row, PIXEL);
  for (gsize i = PIXEL; i < length; i++)
    to[i] = (guint8)(row[i] - row[i - PIXEL]);
}

NX_HOT static void filter_up(const guint8 *row, const guint8 *above, gsize length, guint8 *to)
{
  for (gsize i = 0; i < length; i++)
    to[i] = (guint8)(row[i] - above[i]);
}

NX_HOT static void filter_average(const guint8 *row, const guint8 *above, gsize length, guint8 *to)
{
  for (gsize i = 0; i < PIXEL; i++)
    to[i] = (guint8)(row[i] - above[i] / 2);
  for (gsize i = PIXEL; i < length; i++)
    to[i] = (guint8)(row[i] - (guint8)((row[i - PIXEL] + above[i]) / 2));
}

NX_HOT static void filter_paeth(const guint8 *row, const guint8 *above, gsize length, guint8 *to)
{
  for (gsize i = 0; i < PIXEL; i++)
    to[i] = (guint8)(row[i] - above[i]);
  for (gsize i = PIXEL; i < length; i++) {
    const gint16 left = row[i - PIXEL], up = above[i], corner = above[i - PIXEL];
    const gint16 p = (gint16)(up - corner), q = (gint16)(left - corner), r = (gint16)(p + q);
    const gint16 to_left = (gint16)(p < 0 ? -p : p), to_up = (gint16)(q < 0 ? -q : q), to_corner = (gint16)(r < 0 ? -r : r);
    const gint16 guess = to_left <= to_up && to_left <= to_corner ? left : to_up <= to_corner ? up : corner;
    to[i] = (guint8)(row[i] - guess);
  }
}

/* Sum of the magnitudes as signed bytes: the usual guess at how well a filtered row compresses. Written as the distance of two unsigned bytes, for
 * whose sum processors have an instruction. */
#define ZERO_SHIFTED 0x80
NX_HOT static guint32 magnitude(const guint8 *row, const guint8 *zeros_shifted, gsize length)
{
  guint32 sum = 0;
  for (gsize i = 0; i < length; i++)
    sum += (guint32)abs((int)(guint8)(row[i] ^ ZERO_SHIFTED) - (int)zeros_shifted[i]);
  return sum;
}

static void filter_with(int filter, const guint8 *row, const guint8 *above, gsize length, guint8 *to)
{
  switch (filter) {
  case FILTER_SUB: filter_sub(row, length, to); break;
  case FILTER_UP: filter_up(row, above, length, to); break;
  case FILTER_AVERAGE: filter_average(row, above, length, to); break;
  case FILTER_PAETH: filter_paeth(row, above, length, to); break;
  default: memcpy(to, row, length); break;
  }
}

static int filter_best(const Picture *picture, const guint8 *row, const guint8 *above, guint8 *to)
{
  const gsize length = row_bytes(picture);
  if (memcmp(row, above, length) == 0) {
    memset(to, 0, length);
    return FILTER_UP;
  }
  guint best = 0;
  guint32 least = G_MAXUINT32;
  for (guint i = 0; i < G_N_ELEMENTS(ADAPTIVE); i++) {
    filter_with(ADAPTIVE[i], row, above, length, picture->scratch + i * length);
    const guint32 cost = magnitude(picture->scratch + i * length, picture->zeros_shifted, length);
    if (cost < least) {
      least = cost;
      best = i;
    }
  }
  memcpy(to, picture->scratch + best * length, length);
  return ADAPTIVE[best];
}

/* Writes rows [first, end) as PNG scan lines (filter byte + filtered row). */
static void filter_rows(const Picture *picture, int filter, guint first, guint end, guint8 *to)
{
  const gsize length = row_bytes(picture);
  for (guint y = first; y < end; y++, to += length + 1) {
    const guint8 *row = picture->rgba + y * picture->stride;
    const guint8 *above = y > 0 ? row - picture->stride : picture->zeros;
    to[0] = (guint8)filter;
    if (filter == FILTER_ADAPTIVE)
      to[0] = (guint8)filter_best(picture, row, above, to + 1);
    else
      filter_with(filter, row, above, length, to + 1);
  }
}

/* -------------------------------------------------------------------------------------------------------- compression */

/* Rows of the picture, as scan lines with that filter. */
static void deflate_rows(NxDeflate *deflate, const Picture *picture, int filter, guint first, guint end)
{
  guint most;
  for (guint y = first, next; y < end; y = next) {
    guint8 *lines = nx_deflate_lines(deflate, &most);
    next = y + MIN(end - y, most);
    filter_rows(picture, filter, y, next, lines);
    nx_deflate_take(deflate, next - y);
  }
}

/* The length of the bands as a stream, or of all of a low picture; `to` is overwritten. */
static gsize try_filter(const Picture *picture, int filter, guint8 *to, gsize room)
{
  g_autoptr(NxDeflate) deflate = nx_deflate_new(picture->width, to, room);
  const gboolean is_low = picture->height <= BANDS * BAND_ROWS;
  for (guint band = 0; band < BANDS && !is_low; band++) {
    const guint first = (2 * band + 1) * picture->height / (2 * BANDS) - BAND_ROWS / 2;
    deflate_rows(deflate, picture, filter, first, first + BAND_ROWS);
  }
  if (is_low)
    deflate_rows(deflate, picture, filter, 0, picture->height);
  return nx_deflate_end(deflate);
}

static int choose_filter(const Picture *picture, guint8 *to, gsize room)
{
  int best = FILTER_UP;
  gsize least = G_MAXSIZE;
  for (guint i = 0; i < G_N_ELEMENTS(CANDIDATES); i++) {
    const gsize length = try_filter(picture, CANDIDATES[i], to, room);
    if (length > 0 && length < least) {
      least = length;
      best = CANDIDATES[i];
    }
  }
  return best;
}

/* -------------------------------------------------------------------------------------------------------------- the file */

static void put_u32(guint8 *at, gsize value)
{
  const guint32 big = GUINT32_TO_BE((guint32)value);
  memcpy(at, &big, sizeof big);
}

#define SIGNATURE 8u
#define CHUNK_HEAD 8u  /* length, type */
#define CHUNK_EXTRA 12u /* head and check sum */
#define HEADER_DATA 13u
#define DATA_AT (SIGNATURE + CHUNK_EXTRA + HEADER_DATA + CHUNK_HEAD)

/* Completes a chunk whose data already lie behind its head; returns its end. */
static guint8 *seal_chunk(guint8 *chunk, const char *type, gsize length)
{
  put_u32(chunk, length);
  memcpy(chunk + 4, type, 4);
  put_u32(chunk + CHUNK_HEAD + length, libdeflate_crc32(0, chunk + 4, 4 + length));
  return chunk + CHUNK_EXTRA + length;
}

static guint8 *put_header(guint8 *file, const Picture *picture)
{
  memcpy(file, "\x89PNG\r\n\x1a\n", SIGNATURE);
  guint8 *chunk = file + SIGNATURE, *data = chunk + CHUNK_HEAD;
  put_u32(data, picture->width);
  put_u32(data + 4, picture->height);
  memcpy(data + 8, "\x08\x06\x00\x00\x00", 5); /* 8 bits, RGBA, deflate, adaptive filters, not interlaced */
  return seal_chunk(chunk, "IHDR", HEADER_DATA);
}

static GBytes *encode(const Picture *picture, GError **err)
{
  const gsize raw = (row_bytes(picture) + 1) * picture->height;
  const gsize room = nx_deflate_bound(raw);
  g_autofree guint8 *file = g_malloc(DATA_AT + room + CHUNK_EXTRA + 4);

  const int filter = choose_filter(picture, file + DATA_AT, room);
  g_autoptr(NxDeflate) deflate = nx_deflate_new(picture->width, file + DATA_AT, room);
  deflate_rows(deflate, picture, filter, 0, picture->height);
  const gsize length = nx_deflate_end(deflate);
  if (length == 0) {
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "a picture of %u × %u pixels could not be compressed", picture->width, picture->height);
    return NULL;
  }
  guint8 *end = seal_chunk(put_header(file, picture), "IDAT", length);
  end = seal_chunk(end, "IEND", 0);
  return g_bytes_new(file, (gsize)(end - file));
}

GBytes *nx_png_encode(const guint8 *rgba, guint width, guint height, gsize stride, GError **err)
{
  gsize raw;
  if (width == 0 || height == 0 || width > G_MAXINT32 / 8 || !g_size_checked_mul(&raw, (gsize)width * PIXEL + 1, height) || raw > G_MAXINT32) {
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "a picture of %u × %u pixels cannot be written as PNG", width, height);
    return NULL;
  }
  Picture picture = { .rgba = rgba, .width = width, .height = height, .stride = stride };
  const gsize bytes = row_bytes(&picture);
  g_autofree guint8 *scratch = g_malloc(G_N_ELEMENTS(ADAPTIVE) * bytes), *zeros = g_malloc0(bytes), *zeros_shifted = g_malloc(bytes);
  memset(zeros_shifted, ZERO_SHIFTED, bytes);
  picture.scratch = scratch;
  picture.zeros = zeros;
  picture.zeros_shifted = zeros_shifted;
  return encode(&picture, err);
}
