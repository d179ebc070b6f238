/* codec.c — snappy, gzip and zstd pages (parquet §7). */
#include "codec.h"

#include "parquet-format.h"

#include <snappy-c.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define ZSTD_LEVEL 3
#define GZIP_LEVEL 6
#define GZIP_WINDOW (15 + 16)
#define GZIP_OR_ZLIB_WINDOW (15 + 32)

#define PAGE_MAX (1u << 30)
#define PAGE_UNSUSPICIOUS (16u << 20)
#define RATIO_MAX 1024u

gboolean parquet_size_is_sane(guint64 size, guint64 stored)
{
  return size <= PAGE_MAX && (size <= PAGE_UNSUSPICIOUS || size / RATIO_MAX <= stored);
}

static gboolean inflate_members(z_stream *stream)
{
  for (;;) {
    int status = inflate(stream, Z_FINISH);
    if (status != Z_STREAM_END)
      return FALSE;
    if (stream->avail_in == 0)
      return TRUE;
    if (inflateReset(stream) != Z_OK)
      return FALSE;
  }
}

/* Several members in one page are legal. */
static gboolean decompress_gzip(const guint8 *data, gsize length, guint8 *to, gsize size)
{
  z_stream stream = {.next_in = (Bytef *)data, .avail_in = (uInt)length, .next_out = to, .avail_out = (uInt)size};
  if (length > G_MAXUINT32 || size > G_MAXUINT32 || inflateInit2(&stream, GZIP_OR_ZLIB_WINDOW) != Z_OK)
    return FALSE;
  gboolean done = inflate_members(&stream) && stream.avail_out == 0;
  inflateEnd(&stream);
  return done;
}

static gboolean decompress_snappy(const guint8 *data, gsize length, guint8 *to, gsize size)
{
  size_t real_size;
  if (snappy_uncompressed_length((const char *)data, length, &real_size) != SNAPPY_OK || real_size != size)
    return FALSE;
  return snappy_uncompress((const char *)data, length, (char *)to, &real_size) == SNAPPY_OK && real_size == size;
}

static gboolean decompress_zstd(const guint8 *data, gsize length, guint8 *to, gsize size)
{
  size_t real_size = ZSTD_decompress(to, size, data, length);
  return !ZSTD_isError(real_size) && real_size == size;
}

static gboolean decompress_into(gint32 codec, const guint8 *data, gsize length, guint8 *to, gsize size)
{
  switch (codec) {
  case PARQUET_UNCOMPRESSED:
    if (length == size)
      memcpy(to, data, size);
    return length == size;
  case PARQUET_SNAPPY:
    return decompress_snappy(data, length, to, size);
  case PARQUET_GZIP:
    return decompress_gzip(data, length, to, size);
  default:
    return decompress_zstd(data, length, to, size);
  }
}

guint8 *parquet_decompress(gint32 codec, const guint8 *data, gsize length, gsize size, GError **err)
{
  if (codec != PARQUET_UNCOMPRESSED && codec != PARQUET_SNAPPY && codec != PARQUET_GZIP && codec != PARQUET_ZSTD) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "compression %d is not supported", codec);
    return NULL;
  }
  g_autofree guint8 *to = g_try_malloc(size + 1);
  if (!to || !decompress_into(codec, data, length, to, size)) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the compressed bytes do not give the %" G_GSIZE_FORMAT " bytes that the page announces", size);
    return NULL;
  }
  return g_steal_pointer(&to);
}

/* ------------------------------------------------------------------------------------------------------------------------ */

static void compress_gzip(const guint8 *data, gsize length, GByteArray *out)
{
  z_stream stream = {0};
  deflateInit2(&stream, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY);
  guint start = out->len;
  g_byte_array_set_size(out, start + (guint)deflateBound(&stream, length));
  stream.next_in = (Bytef *)data;
  stream.avail_in = (uInt)length;
  stream.next_out = out->data + start;
  stream.avail_out = out->len - start;
  deflate(&stream, Z_FINISH);
  g_byte_array_set_size(out, start + (guint)stream.total_out);
  deflateEnd(&stream);
}

static void compress_snappy(const guint8 *data, gsize length, GByteArray *out)
{
  guint start = out->len;
  size_t size = snappy_max_compressed_length(length);
  g_byte_array_set_size(out, start + (guint)size);
  snappy_compress((const char *)data, length, (char *)out->data + start, &size);
  g_byte_array_set_size(out, start + (guint)size);
}

static void free_context(gpointer context)
{
  ZSTD_freeCCtx(context);
}

/* One a thread, used again for every page. */
static ZSTD_CCtx *zstd_context(void)
{
  static GPrivate kept = G_PRIVATE_INIT(free_context);
  ZSTD_CCtx *context = g_private_get(&kept);
  if (!context)
    g_private_set(&kept, context = ZSTD_createCCtx());
  return context;
}

static void compress_zstd(const guint8 *data, gsize length, GByteArray *out)
{
  guint start = out->len;
  size_t size = ZSTD_compressBound(length);
  g_byte_array_set_size(out, start + (guint)size);
  size = ZSTD_compressCCtx(zstd_context(), out->data + start, size, data, length, ZSTD_LEVEL);
  g_byte_array_set_size(out, start + (guint)size);
}

void parquet_compress(gint32 codec, const guint8 *data, gsize length, GByteArray *out)
{
  if (codec == PARQUET_GZIP)
    compress_gzip(data, length, out);
  else if (codec == PARQUET_SNAPPY)
    compress_snappy(data, length, out);
  else if (codec == PARQUET_ZSTD)
    compress_zstd(data, length, out);
  else
    g_byte_array_append(out, data, (guint)length);
}
