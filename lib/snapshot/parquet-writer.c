/* parquet-writer.c — a Parquet file from rows: one row group in memory, pages of about 1 MiB, the footer last (parquet §8). */
#include "codec.h"
#include "column-buffer.h"
#include "hybrid.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define GROUP_ROWS 50000
#define GROUP_SIZE_MAX (64u << 20)
#define PAGE_SIZE (1u << 20)
#define STATISTIC_MAX 64

struct NxParquetWriter {
  char *path, *part;
  FILE *out;
  gint64 offset; /* bytes written */
  GArray *fields;  /* NxField, our own copies */
  GArray *buffers; /* ParquetBuffer */
  gint32 codec;
  gint64 group_rows, rows_in_group;
  ParquetFooter footer;
  GPtrArray *kept; /* bytes that the footer refers to */
};

static const struct {
  const char *name;
  gint32 number;
} CODECS[] = {
  [NX_CODEC_NONE] = {"none", PARQUET_UNCOMPRESSED},
  [NX_CODEC_SNAPPY] = {"snappy", PARQUET_SNAPPY},
  [NX_CODEC_GZIP] = {"gzip", PARQUET_GZIP},
  [NX_CODEC_ZSTD] = {"zstd", PARQUET_ZSTD},
};

const char *nx_codec_name(NxCodec codec)
{
  return CODECS[codec].name;
}

static gboolean put(NxParquetWriter *writer, const void *data, gsize length, GError **err)
{
  writer->offset += (gint64)length;
  return fwrite(data, 1, length, writer->out) == length || nx_error_from_errno(err, errno, "write", writer->part);
}

static NxThriftBytes keep(NxParquetWriter *writer, const void *bytes, gsize length)
{
  char *copy = g_memdup2(length ? bytes : "", MAX(length, 1));
  g_ptr_array_add(writer->kept, copy);
  return (NxThriftBytes){copy, (guint32)length};
}

static NxThriftBytes keep_text(NxParquetWriter *writer, const char *text)
{
  return keep(writer, text, strlen(text));
}

/* ------------------------------------------------------------------------------------------------------------ schema */

static void annotate(ParquetElement *element, gint32 converted, guint logical)
{
  if (converted >= 0) {
    element->present |= 1u << 6;
    element->converted = converted;
  }
  element->present |= 1u << 10;
  element->logical.present |= 1u << logical;
}

static void annotate_decimal(ParquetElement *element, const NxField *field)
{
  annotate(element, PARQUET_AS_DECIMAL, LOGICAL_DECIMAL);
  element->present |= 1u << 7 | 1u << 8;
  element->scale = field->scale;
  element->precision = field->precision;
  element->logical.decimal = (ParquetDecimal){.present = 1u << 1 | 1u << 2, .scale = field->scale, .precision = field->precision};
}

static void annotate_time(ParquetElement *element, gint32 converted, guint logical, gboolean utc)
{
  ParquetTime time = {.present = 1u << 1 | 1u << 2, .utc = utc, .unit = {.present = 1u << UNIT_MICROS}};
  annotate(element, converted, logical);
  if (logical == LOGICAL_TIME)
    element->logical.time = time;
  else
    element->logical.timestamp = time;
}

static void annotate_field(ParquetElement *element, const NxField *field)
{
  switch (field->type) {
  case NX_FIELD_DECIMAL:
    annotate_decimal(element, field);
    break;
  case NX_FIELD_TEXT:
    annotate(element, PARQUET_AS_UTF8, LOGICAL_STRING);
    break;
  case NX_FIELD_JSON:
    annotate(element, PARQUET_AS_JSON, LOGICAL_JSON);
    break;
  case NX_FIELD_TIMESTAMP:
    annotate_time(element, -1, LOGICAL_TIMESTAMP, FALSE);
    break;
  case NX_FIELD_TIMESTAMP_UTC:
    annotate_time(element, PARQUET_AS_TIMESTAMP_MICROS, LOGICAL_TIMESTAMP, TRUE);
    break;
  case NX_FIELD_TIME:
    annotate_time(element, -1, LOGICAL_TIME, FALSE);
    break;
  case NX_FIELD_DATE:
    annotate(element, PARQUET_AS_DATE, LOGICAL_DATE);
    break;
  default:
    break;
  }
}

static void make_schema(NxParquetWriter *writer)
{
  ParquetElement root = {.present = 1u << 4 | 1u << 5, .name = keep_text(writer, "schema"), .n_children = (gint32)writer->fields->len};
  writer->footer.elements = g_array_new(FALSE, TRUE, sizeof(ParquetElement));
  writer->footer.orders = g_array_new(FALSE, TRUE, sizeof(ParquetUnit));
  g_array_append_val(writer->footer.elements, root);
  for (guint i = 0; i < writer->fields->len; i++) {
    const ParquetBuffer *buffer = &g_array_index(writer->buffers, ParquetBuffer, i);
    ParquetElement element = {.present = 1u << 1 | 1u << 3 | 1u << 4, .type = buffer->type, .repetition = PARQUET_OPTIONAL};
    ParquetUnit order = {.present = 1u << 1};
    element.name = keep_text(writer, buffer->field->name);
    if (buffer->type == PARQUET_FIXED) {
      element.present |= 1u << 2;
      element.type_length = buffer->type_length;
    }
    annotate_field(&element, buffer->field);
    g_array_append_val(writer->footer.elements, element);
    g_array_append_val(writer->footer.orders, order);
  }
}

/* ------------------------------------------------------------------------------------------------------------- pages */

static gboolean put_page(NxParquetWriter *writer, ParquetPageHeader *header, const GByteArray *body, ParquetChunkMeta *meta, GError **err)
{
  g_autoptr(GByteArray) stored = g_byte_array_new(), head = g_byte_array_new();
  parquet_compress(writer->codec, body->data, body->len, stored);
  header->present |= 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4;
  header->uncompressed_size = (gint32)body->len;
  header->compressed_size = (gint32)stored->len;
  header->crc = (gint32)(guint32)crc32_z(0, stored->data, stored->len);
  nx_thrift_write(&parquet_page_struct, header, head);
  meta->uncompressed_size += head->len + body->len;
  meta->compressed_size += head->len + stored->len;
  return put(writer, head->data, head->len, err) && put(writer, stored->data, stored->len, err);
}

static gboolean put_dictionary(NxParquetWriter *writer, const ParquetBuffer *buffer, ParquetChunkMeta *meta, GError **err)
{
  ParquetPageHeader header = {.present = 1u << 7, .type = PARQUET_DICTIONARY_PAGE};
  header.dictionary = (ParquetDictionaryHeader){.present = 1u << 1 | 1u << 2, .n_values = (gint32)buffer->starts->len, .encoding = PARQUET_PLAIN};
  meta->present |= 1u << 11;
  meta->dictionary_offset = writer->offset;
  return put_page(writer, &header, buffer->entries, meta, err);
}

/* The stretch of a buffer that becomes a page. */
typedef struct {
  guint row, n_rows, value, n_values;
  gsize at, length; /* of the plain bytes */
} Stretch;

static void append_levels(GByteArray *body, const ParquetBuffer *buffer, const Stretch *stretch)
{
  guint start = body->len;
  g_byte_array_set_size(body, start + 4);
  parquet_hybrid_write(body, &g_array_index(buffer->levels, guint32, stretch->row), stretch->n_rows, 1);
  guint32 length = GUINT32_TO_LE(body->len - start - 4);
  memcpy(body->data + start, &length, sizeof length);
}

static void append_bits(GByteArray *body, const guint8 *values, gsize n)
{
  for (gsize i = 0; i < n; i += 8) {
    guint8 byte = 0;
    for (gsize bit = 0; bit < 8 && i + bit < n; bit++)
      byte |= (guint8)(values[i + bit] << bit);
    g_byte_array_append(body, &byte, 1);
  }
}

static void append_values(GByteArray *body, const ParquetBuffer *buffer, const Stretch *stretch)
{
  if (buffer->has_dictionary) {
    guint8 width = (guint8)parquet_bit_width(buffer->starts->len ? buffer->starts->len - 1 : 0);
    g_byte_array_append(body, &width, 1);
    parquet_hybrid_write(body, (const guint32 *)buffer->indices->data + stretch->value, stretch->n_values, width);
  } else if (buffer->type == PARQUET_BOOLEAN)
    append_bits(body, buffer->plain->data + stretch->at, stretch->length);
  else
    g_byte_array_append(body, buffer->plain->data + stretch->at, (guint)stretch->length);
}

static gboolean put_data(NxParquetWriter *writer, const ParquetBuffer *buffer, const Stretch *stretch, ParquetChunkMeta *meta, GError **err)
{
  g_autoptr(GByteArray) body = g_byte_array_new();
  ParquetPageHeader header = {.present = 1u << 5, .type = PARQUET_DATA_PAGE};
  header.data = (ParquetDataHeader){.present = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4,
                                    .n_values = (gint32)stretch->n_rows,
                                    .encoding = buffer->has_dictionary ? PARQUET_RLE_DICTIONARY : PARQUET_PLAIN,
                                    .definition_encoding = PARQUET_RLE,
                                    .repetition_encoding = PARQUET_RLE};
  append_levels(body, buffer, stretch);
  append_values(body, buffer, stretch);
  return put_page(writer, &header, body, meta, err);
}

/* The next rows, up to a page's size. */
static void stretch_on(const ParquetBuffer *buffer, Stretch *stretch)
{
  *stretch = (Stretch){.row = stretch->row + stretch->n_rows, .value = stretch->value + stretch->n_values, .at = stretch->at + stretch->length};
  for (gsize size = 0; stretch->row + stretch->n_rows < buffer->levels->len && size < PAGE_SIZE; stretch->n_rows++) {
    if (!g_array_index(buffer->levels, guint32, stretch->row + stretch->n_rows))
      continue;
    gsize length = buffer->has_dictionary ? 0 : parquet_plain_length(buffer, buffer->plain->data + stretch->at + stretch->length);
    stretch->n_values++;
    stretch->length += length;
    size += length + (buffer->has_dictionary ? 2 : 0);
  }
}

/* ------------------------------------------------------------------------------------------------------------ chunks */

/* A long text is cut at a character for the least; the greatest is left out, since no cut text is greater. */
static void add_statistics(NxParquetWriter *writer, const ParquetBuffer *buffer, ParquetStatistics *statistics)
{
  statistics->present = 1u << 3;
  statistics->n_null = buffer->n_null;
  if (!buffer->least)
    return;
  gsize least = buffer->least->len;
  if (least > STATISTIC_MAX)
    for (least = STATISTIC_MAX; least > 0 && (buffer->least->data[least] & 0xc0) == 0x80;)
      least--;
  statistics->present |= 1u << 6 | 1u << 8;
  statistics->minimum = keep(writer, buffer->least->data, least);
  statistics->minimum_exact = least == buffer->least->len;
  if (buffer->most->len > STATISTIC_MAX)
    return;
  statistics->present |= 1u << 5 | 1u << 7;
  statistics->maximum = keep(writer, buffer->most->data, buffer->most->len);
  statistics->maximum_exact = TRUE;
}

/* A zero is written as the least and the greatest zero there is. */
static void spread_zero(const ParquetBuffer *buffer, ParquetStatistics *statistics)
{
  static const double NEGATIVE_ZERO = -0.0, POSITIVE_ZERO = 0.0;
  double value = 1;
  if (buffer->type != PARQUET_DOUBLE || !buffer->least)
    return;
  memcpy(&value, buffer->least->data, sizeof value);
  if (fpclassify(value) == FP_ZERO)
    memcpy((char *)statistics->minimum.bytes, &NEGATIVE_ZERO, sizeof value);
  memcpy(&value, buffer->most->data, sizeof value);
  if (fpclassify(value) == FP_ZERO)
    memcpy((char *)statistics->maximum.bytes, &POSITIVE_ZERO, sizeof value);
}

static void name_encodings(const ParquetBuffer *buffer, ParquetChunkMeta *meta)
{
  static const gint32 PLAIN[] = {PARQUET_PLAIN, PARQUET_RLE}, WITH_DICTIONARY[] = {PARQUET_PLAIN, PARQUET_RLE, PARQUET_RLE_DICTIONARY};
  meta->encodings = g_array_new(FALSE, FALSE, sizeof(gint32));
  if (buffer->has_dictionary)
    g_array_append_vals(meta->encodings, WITH_DICTIONARY, G_N_ELEMENTS(WITH_DICTIONARY));
  else
    g_array_append_vals(meta->encodings, PLAIN, G_N_ELEMENTS(PLAIN));
}

static gboolean put_chunk(NxParquetWriter *writer, ParquetBuffer *buffer, ParquetChunk *chunk, GError **err)
{
  ParquetChunkMeta *meta = &chunk->meta;
  Stretch stretch = {0};
  parquet_buffer_settle(buffer);
  chunk->present = 1u << 2 | 1u << 3;
  meta->present = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7 | 1u << 9 | 1u << 12;
  meta->type = buffer->type;
  name_encodings(buffer, meta);
  NxThriftBytes name = keep_text(writer, buffer->field->name);
  meta->path = g_array_new(FALSE, FALSE, sizeof name);
  g_array_append_val(meta->path, name);
  meta->codec = writer->codec;
  meta->n_values = buffer->levels->len;
  if (buffer->has_dictionary && !put_dictionary(writer, buffer, meta, err))
    return FALSE;
  meta->data_offset = writer->offset;
  for (stretch_on(buffer, &stretch); stretch.n_rows > 0; stretch_on(buffer, &stretch))
    if (!put_data(writer, buffer, &stretch, meta, err))
      return FALSE;
  add_statistics(writer, buffer, &meta->statistics);
  spread_zero(buffer, &meta->statistics);
  parquet_buffer_empty(buffer);
  return TRUE;
}

static gboolean put_group(NxParquetWriter *writer, GError **err)
{
  ParquetGroup group = {.present = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 5 | 1u << 6, .n_rows = writer->rows_in_group, .file_offset = writer->offset};
  gboolean done = TRUE;
  group.chunks = g_array_new(FALSE, TRUE, sizeof(ParquetChunk));
  for (guint i = 0; done && i < writer->buffers->len; i++) {
    ParquetChunk chunk = {0};
    done = put_chunk(writer, &g_array_index(writer->buffers, ParquetBuffer, i), &chunk, err);
    group.size += chunk.meta.uncompressed_size;
    group.compressed_size += chunk.meta.compressed_size;
    g_array_append_val(group.chunks, chunk);
  }
  g_array_append_val(writer->footer.groups, group);
  writer->footer.n_rows += writer->rows_in_group;
  writer->rows_in_group = 0;
  // cppcheck-suppress memleak -- the footer has the chunks now
  return done;
}

/* --------------------------------------------------------------------------------------------------------- the writer */

static void clear_buffer(gpointer data)
{
  parquet_buffer_clear(data);
}

static void copy_fields(NxParquetWriter *writer, const GArray *fields)
{
  writer->fields = nx_fields_new();
  for (guint i = 0; i < fields->len; i++) {
    NxField field = g_array_index(fields, NxField, i);
    field.name = g_strdup(field.name);
    g_array_append_val(writer->fields, field);
  }
  writer->buffers = g_array_sized_new(FALSE, TRUE, sizeof(ParquetBuffer), fields->len);
  g_array_set_clear_func(writer->buffers, clear_buffer);
  for (guint i = 0; i < fields->len; i++) {
    ParquetBuffer buffer;
    parquet_buffer_start(&buffer, &g_array_index(writer->fields, NxField, i));
    g_array_append_val(writer->buffers, buffer);
  }
}

static void add_notes(NxParquetWriter *writer, const char *const *notes)
{
  for (; notes && notes[0]; notes += 2) {
    ParquetNote note = {.present = 1u << 1 | 1u << 2, .key = keep_text(writer, notes[0]), .value = keep_text(writer, notes[1])};
    if (!writer->footer.notes)
      writer->footer.notes = g_array_new(FALSE, TRUE, sizeof note);
    writer->footer.present |= 1u << 5;
    g_array_append_val(writer->footer.notes, note);
  }
}

NxParquetWriter *nx_parquet_writer_new(const char *path, const GArray *fields, const NxParquetOptions *options, GError **err)
{
  g_autoptr(NxParquetWriter) writer = g_new0(NxParquetWriter, 1);
  writer->path = g_strdup(path);
  writer->part = g_strconcat(path, ".part", NULL);
  writer->codec = CODECS[options->codec].number;
  writer->group_rows = options->group_rows ? options->group_rows : GROUP_ROWS;
  writer->kept = g_ptr_array_new_with_free_func(g_free);
  writer->footer.present = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 6 | 1u << 7;
  writer->footer.version = 1;
  writer->footer.groups = g_array_new(FALSE, TRUE, sizeof(ParquetGroup));
  writer->footer.creator = keep_text(writer, options->creator);
  copy_fields(writer, fields);
  make_schema(writer);
  add_notes(writer, options->notes);
  int fd = open(writer->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
  writer->out = fd < 0 ? NULL : fdopen(fd, "wb");
  if (!writer->out) {
    nx_error_from_errno(err, errno, "write", writer->part);
    return NULL;
  }
  return put(writer, "PAR1", 4, err) ? g_steal_pointer(&writer) : NULL;
}

static gsize buffered(const NxParquetWriter *writer)
{
  gsize size = 0;
  for (guint i = 0; i < writer->buffers->len; i++)
    size += parquet_buffer_size(&g_array_index(writer->buffers, ParquetBuffer, i));
  return size;
}

gboolean nx_parquet_writer_add(NxParquetWriter *writer, const NxDatum *row, GError **err)
{
  for (guint i = 0; i < writer->buffers->len; i++)
    if (!parquet_buffer_add(&g_array_index(writer->buffers, ParquetBuffer, i), &row[i], err))
      return FALSE;
  writer->rows_in_group++;
  if (writer->rows_in_group < writer->group_rows && buffered(writer) < GROUP_SIZE_MAX)
    return TRUE;
  return put_group(writer, err);
}

static gboolean put_footer(NxParquetWriter *writer, GError **err)
{
  g_autoptr(GByteArray) footer = g_byte_array_new();
  nx_thrift_write(&parquet_footer_struct, &writer->footer, footer);
  guint32 length = GUINT32_TO_LE(footer->len);
  return put(writer, footer->data, footer->len, err) && put(writer, &length, sizeof length, err) && put(writer, "PAR1", 4, err);
}

static gboolean publish(NxParquetWriter *writer, GError **err)
{
  g_autofree char *folder = g_path_get_dirname(writer->path);
  gboolean flushed = fflush(writer->out) == 0 && fsync(fileno(writer->out)) == 0;
  int why = errno;
  gboolean closed = fclose(writer->out) == 0;
  writer->out = NULL;
  if (!flushed || !closed) {
    nx_error_from_errno(err, flushed ? errno : why, "write", writer->part);
    g_unlink(writer->part);
    return FALSE;
  }
  return (g_rename(writer->part, writer->path) == 0 || nx_error_from_errno(err, errno, "write", writer->path)) && nx_folder_sync(folder, err);
}

gboolean nx_parquet_writer_finish(NxParquetWriter *writer, GError **err)
{
  if (writer->rows_in_group > 0 && !put_group(writer, err))
    return FALSE;
  return put_footer(writer, err) && publish(writer, err);
}

void nx_parquet_writer_free(NxParquetWriter *writer)
{
  if (!writer)
    return;
  if (writer->out) {
    fclose(writer->out);
    g_unlink(writer->part);
  }
  g_clear_pointer(&writer->buffers, g_array_unref);
  g_clear_pointer(&writer->fields, g_array_unref);
  nx_thrift_clear(&parquet_footer_struct, &writer->footer);
  g_clear_pointer(&writer->kept, g_ptr_array_unref);
  g_free(writer->path);
  g_free(writer->part);
  g_free(writer);
}
