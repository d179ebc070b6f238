/* column-buffer.c — values as plain bytes, as they come. */
#include "column-buffer.h"

#include "decimal-text.h"

#define INTEGER_DIGITS 18
#define SHORT_DIGITS 9
#define BYTES_FIRST 4096u
#define NUMBER_MAX 32

/* Physical types and the bytes of a plain value; text has none, and booleans become bits only in a page. */
static const struct {
  gint32 type, width;
} STORED[] = {
    [NX_FIELD_INTEGER] = {PARQUET_INT64, 8},   [NX_FIELD_UNSIGNED] = {PARQUET_INT64, 8},  [NX_FIELD_BOOLEAN] = {PARQUET_BOOLEAN, 1},
    [NX_FIELD_REAL] = {PARQUET_DOUBLE, 8},     [NX_FIELD_DECIMAL] = {PARQUET_FIXED, 0},   [NX_FIELD_TEXT] = {PARQUET_BYTE_ARRAY, 0},
    [NX_FIELD_JSON] = {PARQUET_BYTE_ARRAY, 0}, [NX_FIELD_TIMESTAMP] = {PARQUET_INT64, 8}, [NX_FIELD_TIMESTAMP_UTC] = {PARQUET_INT64, 8},
    [NX_FIELD_DATE] = {PARQUET_INT32, 4},      [NX_FIELD_TIME] = {PARQUET_INT64, 8},      [NX_FIELD_BYTES] = {PARQUET_BYTE_ARRAY, 0},
};

void parquet_bytes_grow(ParquetBytes *bytes, gsize more)
{
  gsize size = MAX(bytes->size, BYTES_FIRST);
  while (size - bytes->length < more)
    size *= 2;
  bytes->data = g_realloc(bytes->data, size);
  bytes->size = size;
}

void parquet_buffer_start(ParquetBuffer *buffer, const NxField *field)
{
  *buffer = (ParquetBuffer){.field = field, .type = STORED[field->type].type, .type_length = STORED[field->type].width};
  if (field->type != NX_FIELD_DECIMAL)
    return;
  if (field->precision <= INTEGER_DIGITS)
    buffer->type = field->precision <= SHORT_DIGITS ? PARQUET_INT32 : PARQUET_INT64;
  buffer->type_length = field->precision <= SHORT_DIGITS     ? 4
                        : field->precision <= INTEGER_DIGITS ? 8
                                                             : (gint32)nx_decimal_width(field->precision);
}

void parquet_buffer_clear(ParquetBuffer *buffer)
{
  g_free(buffer->levels.data);
  g_free(buffer->plain.data);
}

void parquet_buffer_empty(ParquetBuffer *buffer)
{
  buffer->levels.length = buffer->plain.length = 0;
  buffer->n_null = 0;
}

/* ------------------------------------------------------------------------------------------------------------ values */

static gboolean refuse(const ParquetBuffer *buffer, GError **err, const char *what)
{
  g_set_error(err, NX_ERROR, NX_ERROR_DATA, "column %s: %s", buffer->field->name, what);
  return FALSE;
}

static gboolean add_bytes(ParquetBuffer *buffer, const NxDatum *datum, GError **err)
{
  guint32 length = GUINT32_TO_LE((guint32)datum->length);
  if (datum->length > G_MAXINT32 / 2)
    return refuse(buffer, err, "a value of more than 1 GiB cannot be stored");
  if (buffer->field->type != NX_FIELD_BYTES && !nx_text_is_utf8(datum->bytes, datum->length))
    return refuse(buffer, err, "the text is not UTF-8, or holds a NUL");
  guint8 *to = parquet_bytes_add(&buffer->plain, 4 + datum->length);
  memcpy(to, &length, 4);
  if (datum->length)
    memcpy(to + 4, datum->bytes, datum->length);
  return TRUE;
}

static void add_integer(ParquetBuffer *buffer, gint64 integer)
{
  guint64 bits = GUINT64_TO_LE((guint64)integer);
  memcpy(parquet_bytes_add(&buffer->plain, (gsize)buffer->type_length), &bits, (gsize)buffer->type_length);
}

/* Decimals of at most 64 bits are stored lowest byte first. */
static gboolean add_decimal(ParquetBuffer *buffer, const NxDatum *datum, GError **err)
{
  guint8 bytes[NUMBER_MAX];
  gsize width = (gsize)buffer->type_length;
  if (!nx_decimal_to_bytes(datum->bytes, datum->length, buffer->field->precision, buffer->field->scale, bytes, width))
    return refuse(buffer, err, "a value does not fit the declared precision and scale");
  guint8 *to = parquet_bytes_add(&buffer->plain, width);
  for (gsize i = 0; i < width; i++)
    to[i] = bytes[buffer->type == PARQUET_FIXED ? i : width - 1 - i];
  return TRUE;
}

static gboolean add_value(ParquetBuffer *buffer, const NxDatum *datum, GError **err)
{
  gint64 bits = datum->integer;
  switch (buffer->field->type) {
  case NX_FIELD_TEXT:
  case NX_FIELD_JSON:
  case NX_FIELD_BYTES:
    return add_bytes(buffer, datum, err);
  case NX_FIELD_DECIMAL:
    return add_decimal(buffer, datum, err);
  case NX_FIELD_REAL:
    memcpy(&bits, &datum->real, sizeof bits);
    break;
  case NX_FIELD_BOOLEAN:
    if (bits != 0 && bits != 1)
      return refuse(buffer, err, "a truth value is neither 0 nor 1");
    break;
  case NX_FIELD_DATE:
    if (bits != (gint32)bits)
      return refuse(buffer, err, "a date is out of range");
    break;
  default:
    break;
  }
  add_integer(buffer, bits);
  return TRUE;
}

gboolean parquet_buffer_add(ParquetBuffer *buffer, const NxDatum *datum, GError **err)
{
  *parquet_bytes_add(&buffer->levels, 1) = !datum->is_null;
  if (!datum->is_null)
    return add_value(buffer, datum, err);
  buffer->n_null++;
  return TRUE;
}
