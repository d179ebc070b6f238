/* schema.c — which field a column of a Parquet file is, whoever wrote it (parquet §5, the tolerant reader). */
#include "schema.h"

#include "decimal-text.h"

#include <string.h>

#define COLUMNS_MAX 10000u
#define DEPTH_MAX 32
#define JULIAN_EPOCH 2440588
#define DAY_US G_GINT64_CONSTANT(86400000000)

static gboolean refuse(GError **err, const char *what)
{
  g_set_error_literal(err, NX_ERROR, NX_ERROR_FORMAT, what);
  return FALSE;
}

static gboolean logical_is(const ParquetElement *element, guint member)
{
  return NX_THRIFT_HAS(element, 10) && NX_THRIFT_HAS(&element->logical, member);
}

static gboolean converted_is(const ParquetElement *element, gint32 converted)
{
  return NX_THRIFT_HAS(element, 6) && element->converted == converted;
}

/* ------------------------------------------------------------------------------------------------------------- types */

static ParquetConversion conversion_of_unit(const ParquetTime *time)
{
  return NX_THRIFT_HAS(&time->unit, UNIT_MILLIS) ? PARQUET_FROM_MILLIS : NX_THRIFT_HAS(&time->unit, UNIT_NANOS) ? PARQUET_FROM_NANOS : PARQUET_AS_IT_IS;
}

static gboolean take_decimal(const ParquetElement *element, NxField *field, ParquetLeaf *leaf, GError **err)
{
  gboolean logical = logical_is(element, LOGICAL_DECIMAL);
  field->type = NX_FIELD_DECIMAL;
  field->precision = logical ? element->logical.decimal.precision : element->precision;
  field->scale = logical ? element->logical.decimal.scale : element->scale;
  leaf->conversion = leaf->type == PARQUET_INT32 || leaf->type == PARQUET_INT64 ? PARQUET_FROM_DECIMAL_INTEGER : PARQUET_FROM_DECIMAL_BYTES;
  if (field->precision < 1 || field->scale < 0 || field->scale > field->precision || field->precision > NX_DECIMAL_DIGITS_MAX)
    return refuse(err, "a decimal without a usable precision");
  return leaf->type != PARQUET_BOOLEAN && leaf->type != PARQUET_FLOAT && leaf->type != PARQUET_DOUBLE && leaf->type != PARQUET_INT96 ? TRUE
         : refuse(err, "a decimal of a type that holds none");
}

static void take_timestamp(const ParquetElement *element, NxField *field, ParquetLeaf *leaf)
{
  gboolean logical = logical_is(element, LOGICAL_TIMESTAMP);
  field->type = logical && !element->logical.timestamp.utc ? NX_FIELD_TIMESTAMP : NX_FIELD_TIMESTAMP_UTC;
  leaf->conversion = logical ? conversion_of_unit(&element->logical.timestamp)
                     : converted_is(element, PARQUET_AS_TIMESTAMP_MILLIS) ? PARQUET_FROM_MILLIS : PARQUET_AS_IT_IS;
}

static void take_time(const ParquetElement *element, NxField *field, ParquetLeaf *leaf)
{
  field->type = NX_FIELD_TIME;
  leaf->conversion = logical_is(element, LOGICAL_TIME) ? conversion_of_unit(&element->logical.time)
                     : converted_is(element, PARQUET_AS_TIME_MILLIS) ? PARQUET_FROM_MILLIS : PARQUET_AS_IT_IS;
}

static gboolean is_unsigned(const ParquetElement *element)
{
  return (logical_is(element, LOGICAL_INTEGER) && !element->logical.integer.is_signed) ||
         (NX_THRIFT_HAS(element, 6) && element->converted >= PARQUET_AS_UINT_64 - 3 && element->converted <= PARQUET_AS_UINT_64);
}

static void take_integer(const ParquetElement *element, NxField *field, ParquetLeaf *leaf)
{
  gboolean wide = leaf->type == PARQUET_INT64;
  if (logical_is(element, LOGICAL_TIMESTAMP) || converted_is(element, PARQUET_AS_TIMESTAMP_MICROS) || converted_is(element, PARQUET_AS_TIMESTAMP_MILLIS))
    take_timestamp(element, field, leaf);
  else if (logical_is(element, LOGICAL_TIME) || converted_is(element, PARQUET_AS_TIME_MICROS) || converted_is(element, PARQUET_AS_TIME_MILLIS))
    take_time(element, field, leaf);
  else if (logical_is(element, LOGICAL_DATE) || converted_is(element, PARQUET_AS_DATE))
    field->type = NX_FIELD_DATE;
  else if (logical_is(element, LOGICAL_UNKNOWN))
    field->type = NX_FIELD_TEXT;
  else if (is_unsigned(element)) {
    field->type = wide ? NX_FIELD_UNSIGNED : NX_FIELD_INTEGER;
    leaf->conversion = wide ? PARQUET_AS_IT_IS : PARQUET_FROM_UINT32;
  } else
    field->type = NX_FIELD_INTEGER;
}

static void take_bytes(const ParquetElement *element, NxField *field, ParquetLeaf *leaf)
{
  gboolean json = logical_is(element, LOGICAL_JSON) || converted_is(element, PARQUET_AS_JSON);
  gboolean text = logical_is(element, LOGICAL_STRING) || logical_is(element, LOGICAL_ENUM) || converted_is(element, PARQUET_AS_UTF8) ||
                  converted_is(element, PARQUET_AS_ENUM);
  field->type = json ? NX_FIELD_JSON : text ? NX_FIELD_TEXT : NX_FIELD_BYTES;
  leaf->conversion = json || text ? PARQUET_FROM_TEXT : PARQUET_AS_IT_IS;
}

static gboolean take_type(const ParquetElement *element, NxField *field, ParquetLeaf *leaf, GError **err)
{
  if (logical_is(element, LOGICAL_DECIMAL) || converted_is(element, PARQUET_AS_DECIMAL))
    return take_decimal(element, field, leaf, err);
  switch (leaf->type) {
  case PARQUET_BOOLEAN:
    field->type = NX_FIELD_BOOLEAN;
    break;
  case PARQUET_FLOAT:
  case PARQUET_DOUBLE:
    field->type = NX_FIELD_REAL;
    break;
  case PARQUET_INT96:
    field->type = NX_FIELD_TIMESTAMP;
    leaf->conversion = PARQUET_FROM_INT96;
    break;
  case PARQUET_INT32:
  case PARQUET_INT64:
    take_integer(element, field, leaf);
    break;
  default:
    take_bytes(element, field, leaf);
  }
  return TRUE;
}

/* ------------------------------------------------------------------------------------------------------------ schema */

static gboolean check_element(const ParquetElement *element, GError **err)
{
  gboolean is_group = NX_THRIFT_HAS(element, 5) && element->n_children > 0;
  if (!g_utf8_validate_len(element->name.bytes, element->name.length, NULL) || memchr(element->name.bytes, 0, element->name.length))
    return refuse(err, "the name of a column is not text");
  if (element->repetition < PARQUET_REQUIRED || element->repetition > PARQUET_REPEATED || element->n_children < 0)
    return refuse(err, "the schema is damaged");
  if (is_group)
    return TRUE;
  if (!NX_THRIFT_HAS(element, 1) || element->type < 0 || element->type > PARQUET_FIXED)
    return refuse(err, "a column has no type");
  return element->type != PARQUET_FIXED || (element->type_length > 0 && element->type_length <= (1 << 20)) ||
         refuse(err, "a column of fixed length has none");
}

/* Walks the element at *at and all below it; counts the leaves. */
static gboolean walk(const GArray *elements, guint *at, guint depth, guint *n_leaves, GError **err)
{
  if (*at >= elements->len || depth > DEPTH_MAX)
    return refuse(err, "the schema lacks columns or nests too deep");
  const ParquetElement *element = &g_array_index(elements, ParquetElement, (*at)++);
  if (!check_element(element, err))
    return FALSE;
  if (element->n_children == 0)
    (*n_leaves)++;
  for (gint32 i = 0; i < element->n_children; i++)
    if (!walk(elements, at, depth + 1, n_leaves, err))
      return FALSE;
  return TRUE;
}

static gboolean add_column(const GArray *elements, guint *at, GArray *fields, GArray *leaves, guint *n_chunks, GError **err)
{
  const ParquetElement *element = &g_array_index(elements, ParquetElement, *at);
  ParquetLeaf leaf = {.first_chunk = *n_chunks};
  NxField field = {.type = NX_FIELD_NESTED};
  if (!walk(elements, at, 1, n_chunks, err))
    return FALSE;
  leaf.type = element->type;
  leaf.type_length = element->type_length;
  leaf.is_optional = element->repetition == PARQUET_OPTIONAL;
  leaf.is_nested = element->n_children > 0 || element->repetition == PARQUET_REPEATED;
  if (!leaf.is_nested && !take_type(element, &field, &leaf, err))
    return FALSE;
  field.name = g_strndup(element->name.bytes, element->name.length);
  g_array_append_val(fields, field);
  g_array_append_val(leaves, leaf);
  // cppcheck-suppress memleak -- the array has the name now
  return TRUE;
}

/* Who looks a column up by its name would find only one of two. */
static gboolean check_names(const GArray *fields, GError **err)
{
  g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < fields->len; i++) {
    char *name = g_array_index(fields, NxField, i).name;
    if (!g_hash_table_add(names, name)) {
      g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "two columns are called %s", name);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean parquet_schema_read(const GArray *elements, GArray *fields, GArray *leaves, guint *n_chunks, GError **err)
{
  guint at = 1;
  *n_chunks = 0;
  if (elements->len == 0 || elements->len > COLUMNS_MAX)
    return refuse(err, "the schema is empty or has too many columns");
  const ParquetElement *root = &g_array_index(elements, ParquetElement, 0);
  if (root->n_children == 0)
    return refuse(err, "the table has no columns");
  for (gint32 i = 0; i < root->n_children; i++) {
    if (at >= elements->len)
      return refuse(err, "the schema lacks columns");
    if (!add_column(elements, &at, fields, leaves, n_chunks, err))
      return FALSE;
  }
  if (at != elements->len)
    return refuse(err, "the schema has more columns than it says");
  return check_names(fields, err);
}

/* -------------------------------------------------------------------------------------------------------- conversion */

static gint64 floor_divide(gint64 value, gint64 by)
{
  return value / by - (value % by < 0);
}

static gboolean from_int96(const NxDatum *raw, NxDatum *datum, GError **err)
{
  guint64 nanoseconds;
  guint32 julian;
  memcpy(&nanoseconds, raw->bytes, sizeof nanoseconds);
  memcpy(&julian, raw->bytes + 8, sizeof julian);
  gint64 days = (gint64)GUINT32_FROM_LE(julian) - JULIAN_EPOCH;
  gint64 microseconds = floor_divide((gint64)GUINT64_FROM_LE(nanoseconds), 1000);
  if (__builtin_mul_overflow(days, DAY_US, &datum->integer) || __builtin_add_overflow(datum->integer, microseconds, &datum->integer))
    return refuse(err, "a time out of range");
  return TRUE;
}

/* NUL is a character here, though not to g_utf8_validate_len. */
static gboolean is_text(const char *bytes, gsize length)
{
  for (const char *end = bytes + length; bytes < end; bytes++) {
    const char *stop = memchr(bytes, 0, (gsize)(end - bytes));
    if (!stop)
      return g_utf8_validate_len(bytes, (gsize)(end - bytes), NULL);
    if (!g_utf8_validate_len(bytes, (gsize)(stop - bytes), NULL))
      return FALSE;
    bytes = stop;
  }
  return TRUE;
}

static gboolean give_text(const GString *text, NxDatum *datum)
{
  datum->bytes = text->str;
  datum->length = text->len;
  return TRUE;
}

gboolean parquet_convert(const ParquetLeaf *leaf, const NxField *field, const NxDatum *raw, GString *text, NxDatum *datum, GError **err)
{
  *datum = *raw;
  switch (leaf->conversion) {
  case PARQUET_FROM_UINT32:
    datum->integer = (guint32)raw->integer;
    return TRUE;
  case PARQUET_FROM_MILLIS:
    return !__builtin_mul_overflow(raw->integer, 1000, &datum->integer) || refuse(err, "a time out of range");
  case PARQUET_FROM_NANOS:
    datum->integer = floor_divide(raw->integer, 1000);
    return TRUE;
  case PARQUET_FROM_INT96:
    return from_int96(raw, datum, err);
  case PARQUET_FROM_DECIMAL_INTEGER:
    nx_decimal_from_integer(raw->integer, field->scale, text);
    return give_text(text, datum);
  case PARQUET_FROM_DECIMAL_BYTES:
    return nx_decimal_from_bytes((const guint8 *)raw->bytes, raw->length, field->scale, text) ? give_text(text, datum)
                                                                                              : refuse(err, "a decimal with too many digits");
  case PARQUET_FROM_TEXT:
    return is_text(raw->bytes, raw->length) || refuse(err, "a text is not UTF-8");
  default:
    return TRUE;
  }
}
