/* column-reader.c — pages of a column: headers, checksums, decompression, levels and values (parquet §4, §9). */
#include "column-reader.h"

#include "codec.h"

#include <string.h>
#include <zlib.h>

#define HEADER_MAX (64u << 10)
#define TOO_MANY_VALUES "the pages hold more values than the column"

static gboolean refuse(GError **err, const char *what)
{
  g_set_error_literal(err, NX_ERROR, NX_ERROR_FORMAT, what);
  return FALSE;
}

static void drop_page(ParquetColumn *column)
{
  parquet_values_clear(&column->values);
  g_clear_pointer(&column->body, g_free);
}

void parquet_column_clear(ParquetColumn *column)
{
  drop_page(column);
  parquet_dictionary_clear(&column->dictionary);
  parquet_window_clear(&column->window);
}

void parquet_column_start(ParquetColumn *column, const ParquetFile *file, const ParquetChunkMeta *chunk, gsize start)
{
  parquet_column_clear(column);
  column->file = file;
  column->at = start;
  column->end = start + (gsize)chunk->compressed_size;
  column->codec = chunk->codec;
  column->left_in_chunk = chunk->n_values;
  column->left_in_page = 0;
}

/* ------------------------------------------------------------------------------------------------------- page headers */

static gboolean sizes_are_sane(const ParquetColumn *column, const ParquetPageHeader *header, GError **err)
{
  if (header->compressed_size < 0 || (gsize)header->compressed_size > column->end - column->at)
    return refuse(err, "a page is longer than its column");
  if (header->uncompressed_size < 0 || !parquet_size_is_sane((guint64)header->uncompressed_size, (guint64)header->compressed_size))
    return refuse(err, "a page announces an impossible size");
  return TRUE;
}

static gboolean checksum_holds(const ParquetColumn *column, const ParquetPageHeader *header, const guint8 *page, GError **err)
{
  if (!NX_THRIFT_HAS(header, 4) || (guint32)crc32_z(0, page, (z_size_t)header->compressed_size) == (guint32)header->crc)
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the page at byte %" G_GSIZE_FORMAT " does not have its checksum", column->at);
  return FALSE;
}

static gboolean read_header(ParquetColumn *column, ParquetPageHeader *header, GError **err)
{
  gsize used, length = MIN(column->end - column->at, HEADER_MAX);
  if (length == 0)
    return refuse(err, "the column ends early");
  const guint8 *bytes = parquet_file_bytes(column->file, &column->window, column->at, length, column->end, err);
  if (!bytes || !nx_thrift_read(&parquet_page_struct, header, bytes, length, &used, err))
    return FALSE;
  column->at += used;
  return sizes_are_sane(column, header, err);
}

/* The page's own bytes, as they are stored, until the next one is read; NULL and *err. */
static const guint8 *read_page(ParquetColumn *column, ParquetPageHeader *header, GError **err)
{
  if (!read_header(column, header, err))
    return NULL;
  gsize length = (gsize)header->compressed_size;
  const guint8 *page = parquet_file_bytes(column->file, &column->window, column->at, length, column->end, err);
  if (!page || !checksum_holds(column, header, page, err))
    return NULL;
  column->at += length;
  return page;
}

/* ------------------------------------------------------------------------------------------------------------- pages */

static gboolean load_dictionary(ParquetColumn *column, const ParquetPageHeader *header, const guint8 *data, GError **err)
{
  if (!NX_THRIFT_HAS(header, 7) || column->dictionary.data)
    return refuse(err, "a dictionary without header, or a second one");
  if (header->dictionary.encoding != PARQUET_PLAIN && header->dictionary.encoding != PARQUET_PLAIN_DICTIONARY)
    return refuse(err, "the dictionary is not plain");
  gsize size = (gsize)header->uncompressed_size;
  guint8 *body = parquet_decompress(column->codec, data, (gsize)header->compressed_size, size, err);
  return body && parquet_dictionary_start(&column->dictionary, column->leaf->type, column->leaf->type_length, body, size, header->dictionary.n_values, err);
}

/* The page holds n values from here on. */
static gboolean start_values(ParquetColumn *column, gint32 n, gint32 encoding, const guint8 *data, gsize length, GError **err)
{
  if (n < 0 || n > column->left_in_chunk)
    return refuse(err, TOO_MANY_VALUES);
  column->left_in_page = n;
  column->values.type = column->leaf->type;
  column->values.type_length = column->leaf->type_length;
  column->values.encoding = encoding;
  column->values.dictionary = &column->dictionary;
  return parquet_values_start(&column->values, data, length, err);
}

static gboolean load_data(ParquetColumn *column, const ParquetPageHeader *header, const guint8 *data, GError **err)
{
  gsize size = (gsize)header->uncompressed_size, at = 0;
  if (!NX_THRIFT_HAS(header, 5))
    return refuse(err, "a data page without header");
  column->body = parquet_decompress(column->codec, data, (gsize)header->compressed_size, size, err);
  if (!column->body)
    return FALSE;
  column->has_levels = column->leaf->is_optional;
  if (column->has_levels) {
    guint32 length = 0;
    if (header->data.definition_encoding != PARQUET_RLE)
      return refuse(err, "levels of an encoding that is not supported");
    if (size >= 4)
      memcpy(&length, column->body, sizeof length);
    length = GUINT32_FROM_LE(length);
    if (size < 4 || length > size - 4)
      return refuse(err, "the levels are longer than the page");
    column->levels = parquet_hybrid(column->body + 4, length, 1);
    at = 4 + (gsize)length;
  }
  return start_values(column, header->data.n_values, header->data.encoding, column->body + at, size - at, err);
}

/* Levels stand before the compressed part, their lengths in the header. */
static gboolean load_data2(ParquetColumn *column, const ParquetPageHeader *header, const guint8 *data, GError **err)
{
  const ParquetDataHeader2 *page = &header->data2;
  if (!NX_THRIFT_HAS(header, 8) || page->repetition_length != 0 || page->definition_length < 0)
    return refuse(err, "a data page without a usable header");
  gsize levels = (gsize)page->definition_length, stored = (gsize)header->compressed_size, size = (gsize)header->uncompressed_size;
  if (levels > stored || levels > size)
    return refuse(err, "the levels are longer than the page");
  gboolean is_compressed = !NX_THRIFT_HAS(page, 7) || page->is_compressed;
  column->has_levels = column->leaf->is_optional;
  column->levels = parquet_hybrid(data, levels, 1);
  if (size == levels)
    column->body = g_malloc0(1);
  else
    column->body = parquet_decompress(is_compressed ? column->codec : PARQUET_UNCOMPRESSED, data + levels, stored - levels, size - levels, err);
  return column->body && start_values(column, page->n_values, page->encoding, column->body, size - levels, err);
}

static gboolean load_page(ParquetColumn *column, GError **err)
{
  ParquetPageHeader header = {0};
  drop_page(column);
  const guint8 *data = read_page(column, &header, err);
  if (!data)
    return FALSE;
  if (header.type == PARQUET_DICTIONARY_PAGE)
    return load_dictionary(column, &header, data, err);
  if (header.type == PARQUET_DATA_PAGE)
    return load_data(column, &header, data, err);
  if (header.type == PARQUET_DATA_PAGE_V2)
    return load_data2(column, &header, data, err);
  return header.type == PARQUET_INDEX_PAGE || refuse(err, "a page of unknown kind");
}

gboolean parquet_column_next(ParquetColumn *column, NxDatum *datum, GError **err)
{
  guint32 level = 1;
  NxDatum raw = {0};
  while (column->left_in_page == 0)
    if (!load_page(column, err))
      return FALSE;
  column->left_in_page--;
  column->left_in_chunk--;
  if (column->has_levels && !parquet_hybrid_next(&column->levels, &level))
    return refuse(err, "the levels end early");
  *datum = (NxDatum){.is_null = TRUE};
  if (level == 0)
    return TRUE;
  return parquet_values_next(&column->values, &raw, err) && parquet_convert(column->leaf, column->field, &raw, column->text, datum, err);
}

static gint32 values_of_page(const ParquetPageHeader *header)
{
  return NX_THRIFT_HAS(header, 5) ? header->data.n_values : NX_THRIFT_HAS(header, 8) ? header->data2.n_values : 0;
}

gboolean parquet_column_skip(ParquetColumn *column, GError **err)
{
  while (column->left_in_chunk > 0) {
    ParquetPageHeader header = {0};
    if (!read_page(column, &header, err))
      return FALSE;
    if (values_of_page(&header) < 0 || values_of_page(&header) > column->left_in_chunk)
      return refuse(err, TOO_MANY_VALUES);
    column->left_in_chunk -= values_of_page(&header);
  }
  return TRUE;
}

gboolean parquet_column_finish(const ParquetColumn *column, GError **err)
{
  return (column->left_in_page == 0 && column->left_in_chunk == 0) || refuse(err, "the pages hold more values than there are rows");
}
