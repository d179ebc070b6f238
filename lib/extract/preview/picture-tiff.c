/* picture-tiff.c — the first page of a TIFF, decoded row by row into the scaler, so that memory follows the width and not the size of the file.
 * libtiff reads through NxBytes: a file that shrinks is an error and never a signal. Single allocations of libtiff are bounded; not so its
 * copy of a strip or tile as it is in the file, which is therefore not asked for when it is large: an uncompressed strip is read here row
 * by row then, and any other refused. */
#include "picture.h"

#include "scale.h"
#include "tiff-samples.h"

#include <string.h>

#define SIDE NX_PREVIEW_SIZE
/* Bytes that one decoded row, or one row of tiles, may take; and what libtiff may allocate at once. */
#define ROW_MAX (24u * 1024u * 1024u)
#define LIBTIFF_MAX (48 * 1024 * 1024)
/* Bytes of a strip or a tile, as it is in the file, that libtiff may keep. */
#define STRIP_MAX (64u * 1024u * 1024u)

/* ---------------------------------------------------------------------------------------------------- libtiff on NxBytes */

typedef struct {
  NxBytes *bytes;
  guint64 at;
  char *trouble; /* the first error of libtiff */
} Stream;

static tmsize_t stream_read(thandle_t handle, void *to, tmsize_t length)
{
  Stream *stream = handle;
  const guint64 size = nx_bytes_size(stream->bytes);
  if (length <= 0 || stream->at >= size)
    return 0;
  const gsize n = (gsize)MIN((guint64)length, size - stream->at);
  if (!nx_bytes_copy(stream->bytes, stream->at, to, n, NULL))
    return 0;
  stream->at += n;
  return (tmsize_t)n;
}

static tmsize_t stream_write(thandle_t handle, void *from, tmsize_t length)
{
  (void)handle;
  (void)from;
  (void)length;
  return 0;
}

static toff_t stream_seek(thandle_t handle, toff_t offset, int whence)
{
  Stream *stream = handle;
  const guint64 base = whence == SEEK_CUR ? stream->at : whence == SEEK_END ? nx_bytes_size(stream->bytes) : 0;
  stream->at = base + offset;
  return stream->at;
}

static int stream_close(thandle_t handle)
{
  (void)handle;
  return 0;
}

static toff_t stream_size(thandle_t handle)
{
  return nx_bytes_size(((Stream *)handle)->bytes);
}

static int on_error(TIFF *tiff, void *user_data, const char *module, const char *format, va_list arguments) G_GNUC_PRINTF(4, 0);

static int on_error(TIFF *tiff, void *user_data, const char *module, const char *format, va_list arguments)
{
  Stream *stream = user_data;
  (void)tiff;
  (void)module;
  if (!stream->trouble) {
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    stream->trouble = nx_text_utf8(text, -1);
  }
  return 1;
}

static int on_warning(TIFF *tiff, void *user_data, const char *module, const char *format, va_list arguments)
{
  (void)tiff;
  (void)user_data;
  (void)module;
  (void)format;
  (void)arguments;
  return 1;
}

/* "m": no mapping. Strips are not chopped: the bytes are asked for as they are needed. */
static TIFF *stream_open(Stream *stream)
{
  TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, LIBTIFF_MAX);
  TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, stream);
  TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, stream);
  TIFF *tiff = TIFFClientOpenExt("file", "rm", stream, stream_read, stream_write, stream_seek, stream_close, stream_size, NULL, NULL, options);
  TIFFOpenOptionsFree(options);
  return tiff;
}

static gboolean trouble(const Stream *stream, const char *what, GError **err)
{
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the TIFF picture cannot be read: %s", stream->trouble ? stream->trouble : what);
  return FALSE;
}

/* ----------------------------------------------------------------------------------------------------------------- rows */

/* Decoded rows of one plane. Tiles are decoded a row of tiles at a time. */
typedef struct {
  TIFF *tiff;
  const Stream *stream;
  NxTiffLayout layout;
  gsize row_bytes;  /* of one plane */
  guint8 *row;
  gboolean tiled;
  guint32 tile_width, tile_height, tiles_across;
  gsize tile_bytes, tile_row_bytes;
  guint8 *tiles;
  guint64 tiles_y;  /* first row in `tiles`, or G_MAXUINT64 */
  guint16 tiles_plane;
} Reader;

static gboolean reader_open_tiles(Reader *reader, GError **err)
{
  TIFFGetField(reader->tiff, TIFFTAG_TILEWIDTH, &reader->tile_width);
  TIFFGetField(reader->tiff, TIFFTAG_TILELENGTH, &reader->tile_height);
  const guint64 tile_bytes = TIFFTileSize64(reader->tiff), tile_row_bytes = TIFFTileRowSize64(reader->tiff);
  if (reader->tile_width == 0 || reader->tile_height == 0 || tile_bytes == 0 || tile_row_bytes == 0)
    return trouble(reader->stream, "its tiles have no size", err);
  reader->tiles_across = (reader->layout.width - 1) / reader->tile_width + 1;
  guint64 all;
  if (!g_uint64_checked_mul(&all, tile_bytes, reader->tiles_across) || all > ROW_MAX)
    return trouble(reader->stream, "a row of its tiles takes more than 24 MB", err);
  reader->tile_bytes = (gsize)tile_bytes;
  reader->tile_row_bytes = (gsize)tile_row_bytes;
  reader->tiles = g_malloc((gsize)all);
  reader->tiles_y = G_MAXUINT64;
  return TRUE;
}

static gboolean reader_open(Reader *reader, TIFF *tiff, const Stream *stream, GError **err)
{
  *reader = (Reader){ .tiff = tiff, .stream = stream };
  nx_tiff_layout(tiff, &reader->layout);
  const NxTiffLayout *layout = &reader->layout;
  if (layout->width == 0 || layout->height == 0)
    return trouble(stream, "it has no pixels", err);
  const guint64 bits = (guint64)layout->width * nx_tiff_samples_in_row(layout) * layout->bits;
  const guint64 row_bytes = MAX(bits / 8 + 1, TIFFScanlineSize64(tiff));
  if (row_bytes > ROW_MAX || (guint64)layout->width * layout->samples > NX_SCALER_ROW_MAX)
    return trouble(stream, "its rows are too long for a preview", err);
  reader->row_bytes = (gsize)row_bytes;
  reader->row = g_malloc0(reader->row_bytes + 8);
  reader->tiled = TIFFIsTiled(tiff) != 0;
  return !reader->tiled || reader_open_tiles(reader, err);
}

static void reader_close(Reader *reader)
{
  g_free(reader->row);
  g_free(reader->tiles);
}

static gboolean is_large(const Reader *reader, guint32 strip_or_tile)
{
  return TIFFGetStrileByteCount(reader->tiff, strip_or_tile) > STRIP_MAX;
}

static gboolean refuse_large(const Reader *reader, GError **err)
{
  return trouble(reader->stream, reader->tiled ? "a tile of it is larger than 64 MB" : "a strip of it is larger than 64 MB", err);
}

static gboolean read_tiles(Reader *reader, guint32 y, guint16 plane, GError **err)
{
  for (guint32 i = 0; i < reader->tiles_across; i++) {
    guint8 *tile = reader->tiles + i * reader->tile_bytes;
    memset(tile, 0, reader->tile_bytes);
    if (is_large(reader, TIFFComputeTile(reader->tiff, i * reader->tile_width, y, 0, plane)))
      return refuse_large(reader, err);
    if (TIFFReadTile(reader->tiff, tile, i * reader->tile_width, y, 0, plane) < 0)
      return trouble(reader->stream, "a tile is damaged", err);
  }
  reader->tiles_y = y;
  reader->tiles_plane = plane;
  return TRUE;
}

/* One row out of the row of tiles. Tile widths are multiples of 16, so every tile begins at a byte. */
static gboolean read_tiled_row(Reader *reader, guint32 y, guint16 plane, GError **err)
{
  const guint32 first = y - y % reader->tile_height;
  if ((reader->tiles_y != first || reader->tiles_plane != plane) && !read_tiles(reader, first, plane, err))
    return FALSE;
  for (guint32 i = 0; i < reader->tiles_across; i++) {
    const gsize at = i * reader->tile_row_bytes;
    if (at >= reader->row_bytes)
      break;
    const guint8 *from = reader->tiles + i * reader->tile_bytes + (y - first) * reader->tile_row_bytes;
    memcpy(reader->row + at, from, MIN(reader->tile_row_bytes, reader->row_bytes - at));
  }
  return TRUE;
}

/* As libtiff does after decoding. */
static void swap_row(const Reader *reader, gsize length)
{
  if (!TIFFIsByteSwapped(reader->tiff))
    return;
  if (reader->layout.bits == 16)
    TIFFSwabArrayOfShort((guint16 *)(void *)reader->row, (tmsize_t)(length / 2));
  else if (reader->layout.bits == 24)
    TIFFSwabArrayOfTriples(reader->row, (tmsize_t)(length / 3));
  else if (reader->layout.bits == 32)
    TIFFSwabArrayOfLong((guint32 *)(void *)reader->row, (tmsize_t)(length / 4));
  else if (reader->layout.bits == 64)
    TIFFSwabArrayOfLong8((guint64 *)(void *)reader->row, (tmsize_t)(length / 8));
}

/* A row of a large strip that is not compressed. */
static gboolean read_plain_row(Reader *reader, guint32 y, guint32 strip, GError **err)
{
  guint16 compression = 0, fill_order = 0;
  guint32 rows = 0;
  TIFFGetFieldDefaulted(reader->tiff, TIFFTAG_COMPRESSION, &compression);
  TIFFGetFieldDefaulted(reader->tiff, TIFFTAG_FILLORDER, &fill_order);
  TIFFGetFieldDefaulted(reader->tiff, TIFFTAG_ROWSPERSTRIP, &rows);
  if (compression != COMPRESSION_NONE || fill_order != FILLORDER_MSB2LSB || rows == 0)
    return refuse_large(reader, err);
  const guint64 length = TIFFScanlineSize64(reader->tiff), from = length * (y % rows), at = TIFFGetStrileOffset(reader->tiff, strip);
  if (from + length > TIFFGetStrileByteCount(reader->tiff, strip) || at > nx_bytes_size(reader->stream->bytes) ||
      !nx_bytes_copy(reader->stream->bytes, at + from, reader->row, (gsize)length, NULL))
    return trouble(reader->stream, "a strip is damaged", err);
  swap_row(reader, (gsize)length);
  return TRUE;
}

/* The library counts from the row it stands at, which is none before the first. */
static gboolean trouble_in_row(const Reader *reader, guint32 y, GError **err)
{
  static const char BEFORE_FIRST[] = "Read error at scanline 4294967295; ";
  const char *why = reader->stream->trouble ? reader->stream->trouble : "a strip is damaged";
  if (g_str_has_prefix(why, BEFORE_FIRST))
    why += strlen(BEFORE_FIRST);
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "row %u of the TIFF picture cannot be read: %s", y + 1, why);
  return FALSE;
}

/* Row `y` of `plane` into reader->row. */
static gboolean read_row(Reader *reader, guint32 y, guint16 plane, GError **err)
{
  if (reader->tiled)
    return read_tiled_row(reader, y, plane, err);
  const guint32 strip = TIFFComputeStrip(reader->tiff, y, plane);
  if (is_large(reader, strip))
    return read_plain_row(reader, y, strip, err);
  if (TIFFReadScanline(reader->tiff, reader->row, y, plane) < 0)
    return trouble_in_row(reader, y, err);
  return TRUE;
}

static gsize samples_in_row(const Reader *reader)
{
  return (gsize)reader->layout.width * nx_tiff_samples_in_row(&reader->layout);
}

/* Floating-point samples are shown from their least to their most value, which takes a look at all of them. */
static gboolean find_range(Reader *reader, GError **err)
{
  const guint16 planes = reader->layout.planar ? reader->layout.samples : 1;
  for (guint16 plane = 0; plane < planes; plane++) {
    for (guint32 y = 0; y < reader->layout.height; y++) {
      if (!read_row(reader, y, plane, err))
        return FALSE;
      nx_tiff_range(&reader->layout, reader->row, samples_in_row(reader));
    }
  }
  return TRUE;
}

/* ------------------------------------------------------------------------------------------------------------- pictures */

typedef struct {
  guint width, height;
} Size;

static GBytes *scale_interleaved(Reader *reader, Size to, GError **err)
{
  const NxTiffLayout *layout = &reader->layout;
  const guint channels = nx_tiff_channels(layout);
  g_autoptr(NxSquare) square = nx_square_new(to.width, to.height, channels);
  const NxScaling scaling = { layout->width, layout->height, to.width, to.height, channels, nx_square_take, square };
  g_autoptr(NxScaler) scaler = nx_scaler_new(&scaling, err);
  if (!scaler)
    return NULL;
  const gboolean plain = layout->colour == NX_TIFF_GREY && layout->samples == 1;
  g_autofree float *numbers = plain ? NULL : g_new(float, samples_in_row(reader));
  for (guint32 y = 0; y < layout->height; y++) {
    if (!read_row(reader, y, 0, err))
      return NULL;
    nx_tiff_numbers(layout, reader->row, samples_in_row(reader), plain ? nx_scaler_row(scaler) : numbers);
    if (!plain)
      nx_tiff_colours(layout, numbers, layout->width, nx_scaler_row(scaler));
    nx_scaler_push(scaler);
  }
  nx_scaler_finish(scaler);
  return nx_square_png(square, err);
}

/* Samples of which every `step`th is of one plane. */
typedef struct {
  float *samples;
  guint width, step;
} OnePlane;

static void take_plane(gpointer to, guint y, const float *row)
{
  const OnePlane *plane = to;
  float *sample = plane->samples + (gsize)y * plane->width * plane->step;
  for (guint x = 0; x < plane->width; x++, sample += plane->step)
    *sample = row[x];
}

/* Scales one plane and puts it at its place among the samples of each pixel. */
static gboolean scale_plane(Reader *reader, guint16 plane, Size to, float *samples, GError **err)
{
  const NxTiffLayout *layout = &reader->layout;
  OnePlane one = { samples + plane, to.width, layout->samples };
  const NxScaling scaling = { layout->width, layout->height, to.width, to.height, 1, take_plane, &one };
  g_autoptr(NxScaler) scaler = nx_scaler_new(&scaling, err);
  if (!scaler)
    return FALSE;
  for (guint32 y = 0; y < layout->height; y++) {
    if (!read_row(reader, y, plane, err))
      return FALSE;
    nx_tiff_numbers(layout, reader->row, samples_in_row(reader), nx_scaler_row(scaler));
    nx_scaler_push(scaler);
  }
  nx_scaler_finish(scaler);
  return TRUE;
}

/* Samples that make a colour; further planes are not looked at. */
#define PLANES_MAX 4

static GBytes *scale_planes(Reader *reader, Size to, GError **err)
{
  NxTiffLayout *layout = &reader->layout;
  layout->samples = MIN(layout->samples, PLANES_MAX);
  const gsize pixels = (gsize)to.width * to.height;
  const guint channels = nx_tiff_channels(layout);
  g_autofree float *samples = g_new0(float, pixels * layout->samples), *shown = g_new(float, (gsize)to.width * channels);
  g_autoptr(NxSquare) square = nx_square_new(to.width, to.height, channels);
  for (guint16 plane = 0; plane < layout->samples; plane++) {
    if (!scale_plane(reader, plane, to, samples, err))
      return NULL;
  }
  for (guint y = 0; y < to.height; y++) {
    nx_tiff_colours(layout, samples + (gsize)y * to.width * layout->samples, to.width, shown);
    nx_square_take(square, y, shown);
  }
  return nx_square_png(square, err);
}

/* ---------------------------------------------------------------------------------- what only libtiff itself can convert */

static void push_rgba_row(NxScaler *scaler, const guint32 *row, guint32 width)
{
  float *to = nx_scaler_row(scaler);
  for (guint32 x = 0; x < width; x++, to += 4) {
    to[0] = (float)TIFFGetR(row[x]);
    to[1] = (float)TIFFGetG(row[x]);
    to[2] = (float)TIFFGetB(row[x]);
    to[3] = (float)TIFFGetA(row[x]);
  }
  nx_scaler_push(scaler);
}

/* Reads the strip or row of tiles that starts at row `y` into `raster`, whose first row is the lowest one. */
static gboolean read_rgba_band(Reader *reader, guint32 y, guint32 *raster, guint32 *tile, GError **err)
{
  if (!reader->tiled && is_large(reader, TIFFComputeStrip(reader->tiff, y, 0)))
    return refuse_large(reader, err);
  if (!reader->tiled)
    return TIFFReadRGBAStripExt(reader->tiff, y, raster, 1) || trouble(reader->stream, "a strip is damaged", err);
  for (guint32 i = 0; i < reader->tiles_across; i++) {
    const guint32 x = i * reader->tile_width, columns = MIN(reader->tile_width, reader->layout.width - x);
    if (is_large(reader, TIFFComputeTile(reader->tiff, x, y, 0, 0)))
      return refuse_large(reader, err);
    if (!TIFFReadRGBATileExt(reader->tiff, x, y, tile, 1))
      return trouble(reader->stream, "a tile is damaged", err);
    for (guint32 row = 0; row < reader->tile_height; row++)
      memcpy(raster + (gsize)row * reader->layout.width + x, tile + (gsize)row * reader->tile_width, columns * sizeof *tile);
  }
  return TRUE;
}

static GBytes *scale_converted(Reader *reader, Size to, GError **err)
{
  const NxTiffLayout *layout = &reader->layout;
  guint32 band = reader->tile_height;
  if (!reader->tiled)
    TIFFGetFieldDefaulted(reader->tiff, TIFFTAG_ROWSPERSTRIP, &band);
  band = CLAMP(band, 1, reader->tiled ? G_MAXUINT32 : layout->height);
  if ((guint64)layout->width * band > ROW_MAX / sizeof(guint32)) {
    trouble(reader->stream, "its strips are too large for a preview", err);
    return NULL;
  }
  g_autoptr(NxSquare) square = nx_square_new(to.width, to.height, 4);
  const NxScaling scaling = { layout->width, layout->height, to.width, to.height, 4, nx_square_take, square };
  g_autoptr(NxScaler) scaler = nx_scaler_new(&scaling, err);
  if (!scaler)
    return NULL;
  /* As the rows lie in the file, like every other picture: libtiff would turn each strip by itself. */
  TIFFSetField(reader->tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  g_autofree guint32 *raster = g_new0(guint32, (gsize)layout->width * band);
  g_autofree guint32 *tile = reader->tiled ? g_new0(guint32, (gsize)reader->tile_width * reader->tile_height) : NULL;
  for (guint64 y = 0; y < layout->height; y += band) {
    /* A last strip is as high as what is left, a last tile is not. */
    const guint32 rows = (guint32)MIN(band, layout->height - y), lowest = reader->tiled ? band : rows;
    if (!read_rgba_band(reader, (guint32)y, raster, tile, err))
      return NULL;
    for (guint32 row = 0; row < rows; row++)
      push_rgba_row(scaler, raster + (gsize)(lowest - 1 - row) * layout->width, layout->width);
  }
  nx_scaler_finish(scaler);
  return nx_square_png(square, err);
}

static GBytes *show(Reader *reader, GError **err)
{
  Size to;
  nx_scale_fit(reader->layout.width, reader->layout.height, SIDE, &to.width, &to.height);
  if (reader->layout.colour == NX_TIFF_OTHER)
    return scale_converted(reader, to, err);
  if (reader->layout.format == SAMPLEFORMAT_IEEEFP && !find_range(reader, err))
    return NULL;
  return reader->layout.planar ? scale_planes(reader, to, err) : scale_interleaved(reader, to, err);
}

gboolean nx_picture_is_tiff(NxBytes *bytes)
{
  static const char *const MAGICS[] = { "II*\0", "MM\0*", "II+\0", "MM\0+" };
  const guint8 *head = nx_bytes_at(bytes, 0, 4, NULL);
  for (guint i = 0; head && i < G_N_ELEMENTS(MAGICS); i++) {
    if (memcmp(head, MAGICS[i], 4) == 0)
      return TRUE;
  }
  return FALSE;
}

GBytes *nx_picture_tiff(NxBytes *bytes, GError **err)
{
  Stream stream = { .bytes = bytes };
  GBytes *png = NULL;
  TIFF *tiff = stream_open(&stream);
  if (tiff) {
    Reader reader;
    if (reader_open(&reader, tiff, &stream, err))
      png = show(&reader, err);
    reader_close(&reader);
    TIFFClose(tiff);
  } else {
    trouble(&stream, "its directory is damaged", err);
  }
  g_free(stream.trouble);
  return png;
}
