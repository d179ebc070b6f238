/* values.c — plain, dictionary, delta and split encodings as iterators: nothing is allocated for a count that a file merely claims. */
#include "values.h"

#include <string.h>

static gboolean refuse(GError **err, const char *what)
{
  g_set_error_literal(err, NX_ERROR, NX_ERROR_FORMAT, what);
  return FALSE;
}

gsize parquet_width(gint32 type, gint32 type_length)
{
  switch (type) {
  case PARQUET_INT32:
  case PARQUET_FLOAT:
    return 4;
  case PARQUET_INT64:
  case PARQUET_DOUBLE:
    return 8;
  case PARQUET_INT96:
    return 12;
  case PARQUET_FIXED:
    return (gsize)type_length;
  default:
    return 0;
  }
}

static guint32 read_u32(const guint8 *data)
{
  guint32 value;
  memcpy(&value, data, sizeof value);
  return GUINT32_FROM_LE(value);
}

static void decode_fixed(gint32 type, const guint8 *data, gsize width, NxDatum *raw)
{
  guint64 bits = 0;
  float single;
  if (width <= 8 && type != PARQUET_FIXED)
    for (gsize i = 0; i < width; i++)
      bits |= (guint64)data[i] << (8 * i);
  guint32 low = (guint32)bits;
  if (type == PARQUET_INT32)
    raw->integer = (gint32)low;
  else if (type == PARQUET_INT64)
    raw->integer = (gint64)bits;
  else if (type == PARQUET_DOUBLE)
    memcpy(&raw->real, &bits, sizeof raw->real);
  else if (type == PARQUET_FLOAT) {
    memcpy(&single, &low, sizeof single);
    raw->real = (double)single;
  } else {
    raw->bytes = (const char *)data;
    raw->length = width;
  }
}

/* One plain value of a type that is no boolean at *at. */
static gboolean plain_value(gint32 type, gint32 type_length, const guint8 *data, gsize length, gsize *at, NxDatum *raw)
{
  gsize width = parquet_width(type, type_length), start = *at;
  if (width == 0) {
    if (length - start < 4 || read_u32(data + start) > length - start - 4)
      return FALSE;
    raw->length = read_u32(data + start);
    raw->bytes = (const char *)data + start + 4;
    *at = start + 4 + raw->length;
    return TRUE;
  }
  if (length - start < width)
    return FALSE;
  decode_fixed(type, data + start, width, raw);
  *at = start + width;
  return TRUE;
}

/* ------------------------------------------------------------------------------------------------------ dictionaries */

static gboolean find_starts(ParquetDictionary *dictionary, gint32 type, gint32 type_length)
{
  gsize at = 0;
  dictionary->starts = g_array_new(FALSE, FALSE, sizeof(guint32));
  for (guint32 i = 0; i < dictionary->n; i++) {
    NxDatum raw;
    guint32 start = (guint32)at;
    g_array_append_val(dictionary->starts, start);
    if (!plain_value(type, type_length, dictionary->data, dictionary->length, &at, &raw))
      return FALSE;
  }
  return TRUE;
}

gboolean parquet_dictionary_start(ParquetDictionary *dictionary, gint32 type, gint32 type_length, guint8 *data, gsize length, gint32 n, GError **err)
{
  gsize width = parquet_width(type, type_length);
  *dictionary = (ParquetDictionary){.data = data, .length = length};
  if (type == PARQUET_BOOLEAN || n < 0 || (gsize)n > length / (width ? width : 4))
    return refuse(err, "the dictionary announces more values than it can hold");
  dictionary->n = (guint32)n;
  return width || find_starts(dictionary, type, type_length) || refuse(err, "a value of the dictionary reaches beyond its end");
}

void parquet_dictionary_clear(ParquetDictionary *dictionary)
{
  g_clear_pointer(&dictionary->data, g_free);
  g_clear_pointer(&dictionary->starts, g_array_unref);
  dictionary->n = 0;
}

/* --------------------------------------------------------------------------------------------------------- encodings */

static gboolean start_dictionary(ParquetValues *values, GError **err)
{
  if (!values->dictionary || !values->dictionary->data)
    return refuse(err, "the page refers to a dictionary that is not there");
  if (values->data[0] > 32)
    return refuse(err, "the indices are wider than 32 bits");
  values->hybrid = parquet_hybrid(values->data + 1, values->length - 1, values->data[0]);
  return TRUE;
}

static gboolean next_dictionary(ParquetValues *values, NxDatum *raw, GError **err)
{
  guint32 index;
  const ParquetDictionary *dictionary = values->dictionary;
  if (!parquet_hybrid_next(&values->hybrid, &index))
    return refuse(err, "the indices end early");
  if (index >= dictionary->n)
    return refuse(err, "an index is beyond the dictionary");
  gsize at = dictionary->starts ? g_array_index(dictionary->starts, guint32, index) : index * parquet_width(values->type, values->type_length);
  return plain_value(values->type, values->type_length, dictionary->data, dictionary->length, &at, raw) || refuse(err, "the dictionary ends early");
}

static gboolean next_plain(ParquetValues *values, NxDatum *raw, GError **err)
{
  if (values->type != PARQUET_BOOLEAN)
    return plain_value(values->type, values->type_length, values->data, values->length, &values->at, raw) || refuse(err, "the values end early");
  if (values->bit / 8 >= values->length)
    return refuse(err, "the values end early");
  raw->integer = values->data[values->bit / 8] >> (values->bit % 8) & 1;
  values->bit++;
  return TRUE;
}

static gboolean start_plain(ParquetValues *values, GError **err)
{
  (void)values, (void)err;
  return TRUE;
}

static gboolean start_boolean_runs(ParquetValues *values, GError **err)
{
  if (values->length < 4 || read_u32(values->data) > values->length - 4)
    return refuse(err, "the runs are longer than the page");
  values->hybrid = parquet_hybrid(values->data + 4, read_u32(values->data), 1);
  return TRUE;
}

static gboolean next_boolean_runs(ParquetValues *values, NxDatum *raw, GError **err)
{
  guint32 value;
  if (!parquet_hybrid_next(&values->hybrid, &value))
    return refuse(err, "the values end early");
  raw->integer = value;
  return TRUE;
}

static gboolean start_delta(ParquetValues *values, GError **err)
{
  return parquet_delta_start(&values->numbers, values->data, values->length) || refuse(err, "the differences have no head");
}

static gboolean next_delta(ParquetValues *values, NxDatum *raw, GError **err)
{
  if (!parquet_delta_next(&values->numbers, &raw->integer))
    return refuse(err, "the differences end early");
  if (values->type == PARQUET_INT32)
    raw->integer = (gint32)(guint32)(guint64)raw->integer;
  return TRUE;
}

/* Lengths at `at`, then the bytes. */
static gboolean start_lengths_at(ParquetValues *values, gsize at, GError **err)
{
  gsize size;
  if (!parquet_delta_start(&values->lengths, values->data + at, values->length - at) || !parquet_delta_size(&values->lengths, &size))
    return refuse(err, "the lengths are damaged");
  values->at = at + size;
  return TRUE;
}

static gboolean start_lengths(ParquetValues *values, GError **err)
{
  return start_lengths_at(values, 0, err);
}

static gboolean next_lengths(ParquetValues *values, NxDatum *raw, GError **err)
{
  gint64 length;
  if (!parquet_delta_next(&values->lengths, &length) || length < 0 || (guint64)length > values->length - values->at)
    return refuse(err, "a length reaches beyond the page");
  raw->bytes = (const char *)values->data + values->at;
  raw->length = (gsize)length;
  values->at += raw->length;
  return TRUE;
}

static gboolean start_prefixes(ParquetValues *values, GError **err)
{
  gsize size;
  values->assembled = g_string_new(NULL);
  if (!parquet_delta_start(&values->numbers, values->data, values->length) || !parquet_delta_size(&values->numbers, &size))
    return refuse(err, "the shared lengths are damaged");
  return start_lengths_at(values, size, err);
}

static gboolean next_prefixes(ParquetValues *values, NxDatum *raw, GError **err)
{
  gint64 shared;
  NxDatum rest = {0};
  if (!parquet_delta_next(&values->numbers, &shared) || shared < 0 || (guint64)shared > values->assembled->len)
    return refuse(err, "a value shares more than the value before has");
  if (!next_lengths(values, &rest, err))
    return FALSE;
  if (rest.length + (gsize)shared > (64u << 20))
    return refuse(err, "a value is longer than 64 MiB");
  g_string_truncate(values->assembled, (gsize)shared);
  g_string_append_len(values->assembled, rest.bytes, (gssize)rest.length);
  raw->bytes = values->assembled->str;
  raw->length = values->assembled->len;
  if (values->type == PARQUET_FIXED && raw->length != (gsize)values->type_length)
    return refuse(err, "a value has another length than its column");
  return TRUE;
}

static gboolean start_split(ParquetValues *values, GError **err)
{
  gsize width = parquet_width(values->type, values->type_length);
  values->assembled = g_string_new(NULL);
  if (width == 0 || values->length % width != 0)
    return refuse(err, "the page does not hold whole values");
  values->n = values->length / width;
  g_string_set_size(values->assembled, width);
  return TRUE;
}

static gboolean next_split(ParquetValues *values, NxDatum *raw, GError **err)
{
  gsize width = values->assembled->len;
  if (values->index >= values->n)
    return refuse(err, "the values end early");
  for (gsize i = 0; i < width; i++)
    values->assembled->str[i] = (char)values->data[i * values->n + values->index];
  values->index++;
  decode_fixed(values->type, (const guint8 *)values->assembled->str, width, raw);
  return TRUE;
}

/* Which physical types an encoding can hold, as bits. */
#define BIT(Type) (1u << PARQUET_##Type)
#define NUMBERS (BIT(INT32) | BIT(INT64))
#define ANY 0xffu

static const struct {
  gint32 encoding;
  guint types;
  gboolean (*start)(ParquetValues *values, GError **err);
  gboolean (*next)(ParquetValues *values, NxDatum *raw, GError **err);
} ENCODINGS[] = {
  {PARQUET_PLAIN, ANY, start_plain, next_plain},
  {PARQUET_PLAIN_DICTIONARY, ANY & ~BIT(BOOLEAN), start_dictionary, next_dictionary},
  {PARQUET_RLE_DICTIONARY, ANY & ~BIT(BOOLEAN), start_dictionary, next_dictionary},
  {PARQUET_RLE, BIT(BOOLEAN), start_boolean_runs, next_boolean_runs},
  {PARQUET_DELTA_BINARY_PACKED, NUMBERS, start_delta, next_delta},
  {PARQUET_DELTA_LENGTH_BYTE_ARRAY, BIT(BYTE_ARRAY), start_lengths, next_lengths},
  {PARQUET_DELTA_BYTE_ARRAY, BIT(BYTE_ARRAY) | BIT(FIXED), start_prefixes, next_prefixes},
  {PARQUET_BYTE_STREAM_SPLIT, NUMBERS | BIT(FLOAT) | BIT(DOUBLE) | BIT(FIXED), start_split, next_split},
};

static gint find_encoding(const ParquetValues *values)
{
  for (guint i = 0; i < G_N_ELEMENTS(ENCODINGS); i++)
    if (ENCODINGS[i].encoding == values->encoding && (ENCODINGS[i].types & (1u << values->type)))
      return (gint)i;
  return -1;
}

gboolean parquet_values_start(ParquetValues *values, const guint8 *data, gsize length, GError **err)
{
  gint row = find_encoding(values);
  if (row < 0) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "encoding %d of type %d is not supported", values->encoding, values->type);
    return FALSE;
  }
  values->row = (guint)row;
  values->data = data;
  values->length = length;
  values->at = 0;
  values->bit = values->index = 0;
  return length == 0 || ENCODINGS[row].start(values, err);
}

gboolean parquet_values_next(ParquetValues *values, NxDatum *raw, GError **err)
{
  if (values->length == 0)
    return refuse(err, "the values end early");
  return ENCODINGS[values->row].next(values, raw, err);
}

void parquet_values_clear(ParquetValues *values)
{
  if (values->assembled)
    g_string_free(values->assembled, TRUE);
  values->assembled = NULL;
}
