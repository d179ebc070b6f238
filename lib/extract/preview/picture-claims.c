/* picture-claims.c — what the head of a picture claims, held against its file and our limits before a loader of gdk-pixbuf is fed. Most loaders
 * tell the size before they take memory for it, and are stopped then (picture.c). What they take earlier is measured here:
 *   BMP    the DIB header and the palette, as long as they say they are (Microsoft, "Bitmap Storage": BITMAPFILEHEADER, BITMAPINFOHEADER);
 *   JPEG   the coefficients of all pixels at full size, where these come in several scans (ITU-T T.81, B.2),
 *          and that the picture ends in the file (B.1.1.2): the decoder paints what is missing grey and says nothing;
 *   GIF    the frames that are larger than the screen they are drawn on (GIF89a specification, 18 and 20).
 * PNG needs none: its sizes are under a checksum, and libpng takes two rows. */
#include "picture.h"

#include <string.h>

#define CHUNK (64u * 1024u)
#define PIXELS_MAX (NX_PICTURE_BYTES_MAX / 4)

static guint16 word(const guint8 *at, gboolean big_endian)
{
  const guint high = at[big_endian ? 0 : 1], low = at[big_endian ? 1 : 0];
  return (guint16)(high << 8 | low);
}

static guint32 long_word(const guint8 *at)
{
  return (guint32)word(at + 2, FALSE) << 16 | word(at, FALSE);
}

static gboolean refuse(GError **err, const char *reason)
{
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the picture cannot be decoded: %s", reason);
  return FALSE;
}

static gboolean refuse_size(GError **err)
{
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the picture has more than %u million pixels", PIXELS_MAX / 1000000);
  return FALSE;
}

/* ------------------------------------------------------------------------------------------------------------------- BMP */

enum { FILE_HEADER = 14, CORE_HEADER = 12, INFO_HEADER = 40 };
enum { UNCOMPRESSED = 0, BIT_FIELDS = 3 };

typedef struct {
  guint32 header_length, data_at, compression, n_colours;
  gint64 width, height; /* a negative height: the first row is the top one */
  guint depth;          /* bits of a pixel */
} Bitmap;

static gboolean read_bitmap(NxBytes *bytes, Bitmap *bitmap, GError **err)
{
  const guint8 *head = nx_bytes_at(bytes, 0, FILE_HEADER + CORE_HEADER, err);
  if (!head)
    return FALSE;
  bitmap->data_at = long_word(head + 10);
  bitmap->header_length = long_word(head + FILE_HEADER);
  if (bitmap->header_length == CORE_HEADER) {
    bitmap->width = word(head + 18, FALSE);
    bitmap->height = word(head + 20, FALSE);
    bitmap->depth = word(head + 24, FALSE);
    return TRUE;
  }
  if (!(head = nx_bytes_at(bytes, 0, FILE_HEADER + INFO_HEADER, err)))
    return FALSE;
  bitmap->width = (gint32)long_word(head + 18);
  bitmap->height = (gint32)long_word(head + 22);
  bitmap->depth = word(head + 28, FALSE);
  bitmap->compression = long_word(head + 30);
  bitmap->n_colours = long_word(head + 46);
  return TRUE;
}

static gboolean is_depth(guint depth)
{
  static const guint8 DEPTHS[] = {1, 4, 8, 16, 24, 32};
  return depth <= 32 && memchr(DEPTHS, (int)depth, sizeof DEPTHS) != NULL;
}

static gboolean bitmap_fits(NxBytes *bytes, GError **err)
{
  Bitmap bitmap = {0};
  const guint64 size = nx_bytes_size(bytes);
  if (!read_bitmap(bytes, &bitmap, err))
    return FALSE;
  if (bitmap.header_length < CORE_HEADER || bitmap.header_length > size - FILE_HEADER || bitmap.data_at > size)
    return refuse(err, "its header is longer than the file");
  if (!is_depth(bitmap.depth) || bitmap.width <= 0 || bitmap.height == 0)
    return refuse(err, "its header claims what no bitmap has");
  if (bitmap.depth <= 8 && bitmap.n_colours > 1u << bitmap.depth)
    return refuse(err, "its header claims more colours than its pixels can have");
  const guint64 height = (guint64)ABS(bitmap.height), row = ((guint64)bitmap.width * bitmap.depth + 31) / 32 * 4;
  if ((guint64)bitmap.width > PIXELS_MAX / height)
    return refuse_size(err);
  if ((bitmap.compression == UNCOMPRESSED || bitmap.compression == BIT_FIELDS) && row * height > size - bitmap.data_at)
    return refuse(err, "the file ends too early");
  return TRUE;
}

/* ------------------------------------------------------------------------------------------------------------------ JPEG */

enum { START_OF_FRAME = 0xc0, HUFFMAN_TABLES = 0xc4, RESERVED_FRAME = 0xc8, ARITHMETIC = 0xcc, RESTART_FIRST = 0xd0, START_OF_IMAGE = 0xd8 };
enum { END_OF_IMAGE = 0xd9, START_OF_SCAN = 0xda, TEMPORARY = 0x01 };

/* The code of the next marker, and *at behind it; 0: there is none. What lies between segments is passed over, as the decoder does. */
static guint8 next_marker(NxBytes *bytes, guint64 *at)
{
  guint8 last = 0;
  for (const guint8 *byte; (byte = nx_bytes_at(bytes, *at, 1, NULL)); last = *byte) {
    (*at)++;
    if (last == 0xff && *byte != 0xff && *byte != 0)
      return *byte;
  }
  return 0;
}

static gboolean is_frame(guint8 marker)
{
  return (marker & 0xf0) == START_OF_FRAME && marker != HUFFMAN_TABLES && marker != RESERVED_FRAME && marker != ARITHMETIC;
}

static gboolean is_alone(guint8 marker)
{
  return marker == TEMPORARY || (marker >= RESTART_FIRST && marker <= START_OF_IMAGE);
}

/* A frame is sequential or progressive; a sequential one may have a scan for each colour. */
static gboolean scans_fit(NxBytes *bytes, guint64 at, guint8 marker, const guint8 frame[8], GError **err)
{
  const guint8 *scan = nx_bytes_at(bytes, at, 3, NULL);
  const guint64 pixels = (guint64)word(frame + 3, TRUE) * word(frame + 5, TRUE);
  const guint n_colours = frame[7];
  const gboolean is_progressive = (marker & 3) == 2;
  if (!scan || (!is_progressive && scan[2] >= n_colours))
    return TRUE; /* decoded row by row */
  return pixels * n_colours * sizeof(gint16) <= NX_PICTURE_BYTES_MAX || refuse_size(err);
}

/* TRUE when the image that has a scan at `at` ends behind it: among the numbers of a scan 0xff never stands before the code. More may follow. */
static gboolean has_end(NxBytes *bytes, guint64 at)
{
  static const guint8 END[] = {0xff, END_OF_IMAGE};
  const guint64 size = nx_bytes_size(bytes);
  for (; at + sizeof END <= size; at += CHUNK - 1) {
    const gsize length = (gsize)MIN(CHUNK, size - at);
    const guint8 *chunk = nx_bytes_at(bytes, at, length, NULL);
    if (!chunk || memmem(chunk, length, END, sizeof END))
      return TRUE; /* what cannot be read is the decoder's to tell */
  }
  return FALSE;
}

static gboolean jpeg_fits(NxBytes *bytes, GError **err)
{
  guint8 marker, frame_marker = 0, frame[8] = {0};
  guint64 at = 2;
  while ((marker = next_marker(bytes, &at)) && marker != END_OF_IMAGE) {
    if (is_alone(marker))
      continue;
    if (marker == START_OF_SCAN)
      return scans_fit(bytes, at, frame_marker, frame, err) && (has_end(bytes, at) || refuse(err, "the file ends too early"));
    if (is_frame(marker) && nx_bytes_copy(bytes, at, frame, sizeof frame, NULL))
      frame_marker = marker;
    const guint8 *length = nx_bytes_at(bytes, at, 2, NULL);
    at += length ? MAX(word(length, TRUE), 2) : 2;
  }
  return TRUE; /* no picture in it: the decoder has a better word for that */
}

/* ------------------------------------------------------------------------------------------------------------------- GIF */

enum { SCREEN = 13, FRAME = 10, EXTENSION = 0x21, IMAGE = 0x2c, HAS_COLOURS = 0x80 };

static guint64 colours_length(guint8 flags)
{
  return flags & HAS_COLOURS ? 3u << ((flags & 7) + 1) : 0;
}

/* Behind the blocks at `at`, each of which has its length before it; the last is empty. */
static guint64 behind_blocks(NxBytes *bytes, guint64 at)
{
  const guint8 *length;
  while ((length = nx_bytes_at(bytes, at, 1, NULL))) {
    at += 1u + *length;
    if (*length == 0)
      break;
  }
  return at;
}

static gboolean gif_fits(NxBytes *bytes, GError **err)
{
  const guint8 *head = nx_bytes_at(bytes, 0, SCREEN, err);
  if (!head)
    return FALSE;
  if ((guint64)word(head + 6, FALSE) * word(head + 8, FALSE) > PIXELS_MAX)
    return refuse_size(err);
  guint64 at = SCREEN + colours_length(head[10]);
  for (const guint8 *kind; (kind = nx_bytes_at(bytes, at, 1, NULL)) && *kind != IMAGE;)
    at = *kind == EXTENSION ? behind_blocks(bytes, at + 2) : at + 1;
  const guint8 *frame = nx_bytes_at(bytes, at, FRAME, NULL);
  return !frame || (guint64)word(frame + 5, FALSE) * word(frame + 7, FALSE) <= PIXELS_MAX || refuse_size(err);
}

/* ------------------------------------------------------------------------------------------------------------------------ */

gboolean nx_picture_claims_fit(NxBytes *bytes, const char *type, GError **err)
{
  static const struct {
    const char *type;
    gboolean (*fits)(NxBytes *bytes, GError **err);
  } CHECKS[] = {{"bmp", bitmap_fits}, {"jpeg", jpeg_fits}, {"gif", gif_fits}};
  for (gsize i = 0; i < G_N_ELEMENTS(CHECKS); i++) {
    if (g_str_equal(type, CHECKS[i].type))
      return CHECKS[i].fits(bytes, err);
  }
  return TRUE;
}
