/* chunk-writer.c — see chunk-writer.h. Pages hold about 1 MiB of values. */
#include "chunk-writer.h"

#include "codec.h"
#include "column-dictionary.h"
#include "hybrid.h"

#include <math.h>
#include <zlib.h>

#define PAGE_SIZE (1u << 20)
#define STATISTIC_MAX 64

/* ------------------------------------------------------------------------------------------------------------- pages */

static void put_page(ParquetPages *pages, ParquetPageHeader *header, const guint8 *body, gsize length)
{
  g_autoptr(GByteArray) stored = g_byte_array_new(), head = g_byte_array_new();
  ParquetChunkMeta *meta = &pages->meta;
  parquet_compress(meta->codec, body, length, stored);
  pages->is_readable &= parquet_size_is_sane(length, stored->len);
  header->present |= 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4;
  header->uncompressed_size = (gint32)length;
  header->compressed_size = (gint32)stored->len;
  header->crc = (gint32)(guint32)crc32_z(0, stored->data, stored->len);
  nx_thrift_write(&parquet_page_struct, header, head);
  meta->uncompressed_size += (gint64)(head->len + length);
  meta->compressed_size += head->len + stored->len;
  g_byte_array_append(pages->pages, head->data, head->len);
  g_byte_array_append(pages->pages, stored->data, stored->len);
}

static void put_dictionary(ParquetPages *pages, const ParquetEntries *entries)
{
  ParquetPageHeader header = {.present = 1u << 7, .type = PARQUET_DICTIONARY_PAGE};
  header.dictionary = (ParquetDictionaryHeader){.present = 1u << 1 | 1u << 2, .n_values = (gint32)entries->n, .encoding = PARQUET_PLAIN};
  pages->meta.present |= 1u << 11;
  pages->meta.dictionary_offset = 0;
  put_page(pages, &header, entries->entries.data, entries->entries.length);
}

/* The stretch of a buffer that becomes a page. */
typedef struct {
  gsize row, n_rows, value, n_values;
  gsize at, length; /* of the plain bytes */
} Stretch;

static void append_levels(GByteArray *body, const ParquetBuffer *buffer, const Stretch *stretch)
{
  guint start = body->len;
  g_byte_array_set_size(body, start + 4);
  if (stretch->n_values == stretch->n_rows)
    parquet_hybrid_write_equal(body, 1, stretch->n_rows, 1);
  else {
    g_autofree guint32 *levels = g_new(guint32, stretch->n_rows);
    for (gsize i = 0; i < stretch->n_rows; i++)
      levels[i] = buffer->levels.data[stretch->row + i];
    parquet_hybrid_write(body, levels, stretch->n_rows, 1);
  }
  guint32 length = GUINT32_TO_LE(body->len - start - 4);
  memcpy(body->data + start, &length, sizeof length);
}

static void append_bits(GByteArray *body, const guint8 *values, gsize n)
{
  guint start = body->len;
  g_byte_array_set_size(body, start + (guint)((n + 7) / 8));
  memset(body->data + start, 0, (n + 7) / 8);
  for (gsize i = 0; i < n; i++)
    body->data[start + i / 8] |= (guint8)(values[i] << (i % 8));
}

static void append_values(GByteArray *body, const ParquetBuffer *buffer, const ParquetEntries *entries, const Stretch *stretch)
{
  if (entries) {
    guint8 width = (guint8)parquet_bit_width(entries->n - 1);
    g_byte_array_append(body, &width, 1);
    parquet_hybrid_write(body, entries->indices + stretch->value, stretch->n_values, width);
  } else if (buffer->type == PARQUET_BOOLEAN)
    append_bits(body, buffer->plain.data + stretch->at, stretch->length);
  else
    g_byte_array_append(body, buffer->plain.data + stretch->at, (guint)stretch->length);
}

static void put_data(ParquetPages *pages, const ParquetBuffer *buffer, const ParquetEntries *entries, const Stretch *stretch)
{
  g_autoptr(GByteArray) body = g_byte_array_new();
  ParquetPageHeader header = {.present = 1u << 5, .type = PARQUET_DATA_PAGE};
  header.data = (ParquetDataHeader){.present = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4,
                                    .n_values = (gint32)stretch->n_rows,
                                    .encoding = entries ? PARQUET_RLE_DICTIONARY : PARQUET_PLAIN,
                                    .definition_encoding = PARQUET_RLE,
                                    .repetition_encoding = PARQUET_RLE};
  append_levels(body, buffer, stretch);
  append_values(body, buffer, entries, stretch);
  put_page(pages, &header, body->data, body->len);
}

/* The next rows, up to a page's size. */
static void stretch_on(const ParquetBuffer *buffer, gboolean has_entries, Stretch *stretch)
{
  *stretch =
      (Stretch){.row = stretch->row + stretch->n_rows, .value = stretch->value + stretch->n_values, .at = stretch->at + stretch->length};
  for (gsize size = 0; stretch->row + stretch->n_rows < buffer->levels.length && size < PAGE_SIZE; stretch->n_rows++) {
    if (!buffer->levels.data[stretch->row + stretch->n_rows])
      continue;
    gsize length = has_entries ? 0 : parquet_plain_length(buffer, buffer->plain.data + stretch->at + stretch->length);
    stretch->n_values++;
    stretch->length += length;
    size += has_entries ? 2 : length;
  }
}

/* -------------------------------------------------------------------------------------------------------- statistics */

typedef struct {
  const guint8 *bytes; /* NULL: no value yet */
  gsize length;
} Value;

static gint64 as_integer(const ParquetBuffer *buffer, const guint8 *bytes)
{
  gint64 wide;
  gint32 narrow;
  if (buffer->type == PARQUET_BOOLEAN)
    return *bytes;
  if (buffer->type == PARQUET_INT32) {
    memcpy(&narrow, bytes, sizeof narrow);
    return GINT32_FROM_LE(narrow);
  }
  memcpy(&wide, bytes, sizeof wide);
  return GINT64_FROM_LE(wide);
}

static double as_real(const guint8 *bytes)
{
  double value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

static int compare_bytes(const Value *a, const Value *b)
{
  int order = memcmp(a->bytes, b->bytes, MIN(a->length, b->length));
  return order ? order : (a->length > b->length) - (a->length < b->length);
}

static int compare(const ParquetBuffer *buffer, const Value *a, const Value *b)
{
  switch (buffer->type) {
  case PARQUET_BYTE_ARRAY:
    return compare_bytes(a, b);
  case PARQUET_FIXED: /* two's complement, highest byte first */
    return (a->bytes[0] ^ b->bytes[0]) & 0x80 ? (a->bytes[0] & 0x80 ? -1 : 1) : compare_bytes(a, b);
  case PARQUET_DOUBLE:
    return as_real(a->bytes) < as_real(b->bytes) ? -1 : as_real(a->bytes) > as_real(b->bytes);
  default: {
    gint64 left = as_integer(buffer, a->bytes), right = as_integer(buffer, b->bytes);
    return left < right ? -1 : left > right;
  }
  }
}

/* The least and the greatest of plain values; NaN is neither. */
static void find_extremes(const ParquetBuffer *buffer, const ParquetBytes *values, Value *least, Value *most)
{
  gsize prefix = buffer->type == PARQUET_BYTE_ARRAY ? 4 : 0;
  for (gsize at = 0; at < values->length;) {
    gsize length = parquet_plain_length(buffer, values->data + at);
    Value value = {values->data + at + prefix, length - prefix};
    at += length;
    if (buffer->type == PARQUET_DOUBLE && isnan(as_real(value.bytes)))
      continue;
    if (!least->bytes || compare(buffer, &value, least) < 0)
      *least = value;
    if (!most->bytes || compare(buffer, &value, most) > 0)
      *most = value;
  }
}

/* Zero is written as the least and as the greatest zero there is. */
static GByteArray *keep(const ParquetBuffer *buffer, const Value *value, gsize length, double zero)
{
  GByteArray *kept = g_byte_array_sized_new((guint)length + 1);
  g_byte_array_append(kept, value->bytes, (guint)length);
  if (buffer->type == PARQUET_DOUBLE && fpclassify(as_real(kept->data)) == FP_ZERO)
    memcpy(kept->data, &zero, sizeof zero);
  return kept;
}

/* A long text is cut at a character for the least; the greatest is left out, since no cut text is greater. */
static void add_statistics(ParquetPages *pages, const ParquetBuffer *buffer, const ParquetBytes *values)
{
  ParquetStatistics *statistics = &pages->meta.statistics;
  Value least = {0}, most = {0};
  statistics->present = 1u << 3;
  statistics->n_null = (gint64)buffer->n_null;
  find_extremes(buffer, values, &least, &most);
  if (!least.bytes)
    return;
  gsize length = least.length;
  if (length > STATISTIC_MAX)
    for (length = STATISTIC_MAX; length > 0 && (least.bytes[length] & 0xc0) == 0x80;)
      length--;
  pages->least = keep(buffer, &least, length, -0.0);
  statistics->present |= 1u << 6 | 1u << 8;
  statistics->minimum = (NxThriftBytes){(const char *)pages->least->data, pages->least->len};
  statistics->minimum_exact = length == least.length;
  if (most.length > STATISTIC_MAX)
    return;
  pages->most = keep(buffer, &most, most.length, 0.0);
  statistics->present |= 1u << 5 | 1u << 7;
  statistics->maximum = (NxThriftBytes){(const char *)pages->most->data, pages->most->len};
  statistics->maximum_exact = TRUE;
}

/* ------------------------------------------------------------------------------------------------------------- chunk */

static void name_encodings(ParquetChunkMeta *meta, gboolean has_entries)
{
  static const gint32 PLAIN[] = {PARQUET_PLAIN, PARQUET_RLE}, WITH_DICTIONARY[] = {PARQUET_PLAIN, PARQUET_RLE, PARQUET_RLE_DICTIONARY};
  meta->encodings = g_array_new(FALSE, FALSE, sizeof(gint32));
  if (has_entries)
    g_array_append_vals(meta->encodings, WITH_DICTIONARY, G_N_ELEMENTS(WITH_DICTIONARY));
  else
    g_array_append_vals(meta->encodings, PLAIN, G_N_ELEMENTS(PLAIN));
}

static void make_pages(const ParquetBuffer *buffer, gint32 codec, ParquetPages *pages)
{
  ParquetEntries entries;
  gboolean has_entries = parquet_entries_make(buffer, &entries);
  ParquetChunkMeta *meta = &pages->meta;
  Stretch stretch = {0};
  *pages = (ParquetPages){.pages = g_byte_array_new(), .is_readable = TRUE};
  meta->present = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7 | 1u << 9 | 1u << 12;
  meta->type = buffer->type;
  meta->codec = codec;
  meta->n_values = (gint64)buffer->levels.length;
  name_encodings(meta, has_entries);
  if (has_entries)
    put_dictionary(pages, &entries);
  meta->data_offset = pages->pages->len;
  for (stretch_on(buffer, has_entries, &stretch); stretch.n_rows > 0; stretch_on(buffer, has_entries, &stretch))
    put_data(pages, buffer, has_entries ? &entries : NULL, &stretch);
  add_statistics(pages, buffer, has_entries ? &entries.entries : &buffer->plain);
  parquet_entries_clear(&entries);
}

/* A long text of repetition can be compressed so well that no reader would believe it. A codec is one for all pages. */
void parquet_pages_make(const ParquetBuffer *buffer, gint32 codec, ParquetPages *pages)
{
  make_pages(buffer, codec, pages);
  if (pages->is_readable || codec == PARQUET_UNCOMPRESSED)
    return;
  parquet_pages_clear(pages);
  make_pages(buffer, PARQUET_UNCOMPRESSED, pages);
}

void parquet_pages_clear(ParquetPages *pages)
{
  g_clear_pointer(&pages->pages, g_byte_array_unref);
  g_clear_pointer(&pages->meta.encodings, g_array_unref);
  g_clear_pointer(&pages->least, g_byte_array_unref);
  g_clear_pointer(&pages->most, g_byte_array_unref);
}
