/* column-buffer.c — values of a column as plain bytes, their dictionary while that pays, and the least and the greatest (parquet §6, §8). */
#include "column-buffer.h"

#include "decimal-text.h"
#include "hybrid.h"

#include <math.h>
#include <string.h>

#define ENTRIES_MAX 65536u
#define DICTIONARY_MAX (1u << 20)
#define SLOTS_FIRST 256u
#define INTEGER_DIGITS 18
#define SHORT_DIGITS 9
#define NUMBER_MAX 32

static const gint32 TYPE_OF[] = {
  [NX_FIELD_INTEGER] = PARQUET_INT64,   [NX_FIELD_UNSIGNED] = PARQUET_INT64,      [NX_FIELD_BOOLEAN] = PARQUET_BOOLEAN,
  [NX_FIELD_REAL] = PARQUET_DOUBLE,     [NX_FIELD_DECIMAL] = PARQUET_FIXED,       [NX_FIELD_TEXT] = PARQUET_BYTE_ARRAY,
  [NX_FIELD_JSON] = PARQUET_BYTE_ARRAY, [NX_FIELD_TIMESTAMP] = PARQUET_INT64,     [NX_FIELD_TIMESTAMP_UTC] = PARQUET_INT64,
  [NX_FIELD_DATE] = PARQUET_INT32,      [NX_FIELD_TIME] = PARQUET_INT64,          [NX_FIELD_BYTES] = PARQUET_BYTE_ARRAY,
};

static void start_dictionary(ParquetBuffer *buffer)
{
  buffer->has_dictionary = buffer->type != PARQUET_BOOLEAN;
  g_array_set_size(buffer->slots, 0);
  g_array_set_size(buffer->slots, SLOTS_FIRST);
}

void parquet_buffer_start(ParquetBuffer *buffer, const NxField *field)
{
  *buffer = (ParquetBuffer){.field = field, .type = TYPE_OF[field->type]};
  if (field->type == NX_FIELD_DECIMAL && field->precision <= INTEGER_DIGITS)
    buffer->type = field->precision <= SHORT_DIGITS ? PARQUET_INT32 : PARQUET_INT64;
  else if (field->type == NX_FIELD_DECIMAL)
    buffer->type_length = (gint32)nx_decimal_width(field->precision);
  buffer->levels = g_array_new(FALSE, FALSE, sizeof(guint32));
  buffer->plain = g_byte_array_new();
  buffer->entries = g_byte_array_new();
  buffer->starts = g_array_new(FALSE, FALSE, sizeof(guint32));
  buffer->indices = g_array_new(FALSE, FALSE, sizeof(guint32));
  buffer->slots = g_array_new(FALSE, TRUE, sizeof(guint32));
  start_dictionary(buffer);
}

static void forget_extremes(ParquetBuffer *buffer)
{
  g_clear_pointer(&buffer->least, g_byte_array_unref);
  g_clear_pointer(&buffer->most, g_byte_array_unref);
}

void parquet_buffer_clear(ParquetBuffer *buffer)
{
  forget_extremes(buffer);
  g_array_unref(buffer->levels);
  g_byte_array_unref(buffer->plain);
  g_byte_array_unref(buffer->entries);
  g_array_unref(buffer->starts);
  g_array_unref(buffer->indices);
  g_array_unref(buffer->slots);
}

static void empty_dictionary(ParquetBuffer *buffer)
{
  g_byte_array_set_size(buffer->entries, 0);
  g_array_set_size(buffer->starts, 0);
  g_array_set_size(buffer->indices, 0);
}

void parquet_buffer_empty(ParquetBuffer *buffer)
{
  forget_extremes(buffer);
  g_array_set_size(buffer->levels, 0);
  g_byte_array_set_size(buffer->plain, 0);
  empty_dictionary(buffer);
  start_dictionary(buffer);
  buffer->plain_size = 0;
  buffer->n_null = 0;
}

gsize parquet_buffer_size(const ParquetBuffer *buffer)
{
  return buffer->plain->len + buffer->entries->len + (gsize)(buffer->levels->len + buffer->indices->len) * sizeof(guint32);
}

gsize parquet_plain_length(const ParquetBuffer *buffer, const guint8 *plain)
{
  guint32 length;
  switch (buffer->type) {
  case PARQUET_BOOLEAN:
    return 1;
  case PARQUET_INT32:
    return 4;
  case PARQUET_FIXED:
    return (gsize)buffer->type_length;
  case PARQUET_BYTE_ARRAY:
    memcpy(&length, plain, sizeof length);
    return 4 + (gsize)GUINT32_FROM_LE(length);
  default:
    return 8;
  }
}

/* -------------------------------------------------------------------------------------------------------- dictionary */

static guint32 entry_start(const ParquetBuffer *buffer, guint32 entry)
{
  return g_array_index(buffer->starts, guint32, entry);
}

static guint32 entry_end(const ParquetBuffer *buffer, guint32 entry)
{
  return entry + 1 < buffer->starts->len ? entry_start(buffer, entry + 1) : buffer->entries->len;
}

static gboolean entry_is(const ParquetBuffer *buffer, guint32 entry, const guint8 *plain, gsize length)
{
  guint32 start = entry_start(buffer, entry);
  return entry_end(buffer, entry) - start == length && memcmp(buffer->entries->data + start, plain, length) == 0;
}

/* FNV-1a with a final mix: only the speed of a run depends on it, never its bytes. */
static guint64 hash_of(const guint8 *plain, gsize length)
{
  guint64 hash = G_GUINT64_CONSTANT(0xcbf29ce484222325);
  for (gsize i = 0; i < length; i++)
    hash = (hash ^ plain[i]) * G_GUINT64_CONSTANT(0x100000001b3);
  return hash ^ hash >> 32;
}

/* The slot of these bytes, or the free one where they belong. */
static guint32 *find_slot(const ParquetBuffer *buffer, const guint8 *plain, gsize length)
{
  guint32 *slots = (guint32 *)buffer->slots->data;
  guint mask = buffer->slots->len - 1;
  guint at = (guint)hash_of(plain, length) & mask;
  while (slots[at] && !entry_is(buffer, slots[at] - 1, plain, length))
    at = (at + 1) & mask;
  return &slots[at];
}

static void grow_slots(ParquetBuffer *buffer)
{
  guint n = buffer->slots->len * 2;
  g_array_set_size(buffer->slots, 0);
  g_array_set_size(buffer->slots, n);
  for (guint32 entry = 0; entry < buffer->starts->len; entry++) {
    guint32 start = entry_start(buffer, entry);
    *find_slot(buffer, buffer->entries->data + start, entry_end(buffer, entry) - start) = entry + 1;
  }
}

/* All values plain again. */
static void give_dictionary_up(ParquetBuffer *buffer)
{
  buffer->has_dictionary = FALSE;
  for (guint i = 0; i < buffer->indices->len; i++) {
    guint32 entry = g_array_index(buffer->indices, guint32, i), start = entry_start(buffer, entry);
    g_byte_array_append(buffer->plain, buffer->entries->data + start, entry_end(buffer, entry) - start);
  }
  empty_dictionary(buffer);
}

static guint32 add_entry(ParquetBuffer *buffer, guint32 *slot, const guint8 *plain, gsize length)
{
  guint32 start = buffer->entries->len, entry = buffer->starts->len;
  *slot = entry + 1;
  g_array_append_val(buffer->starts, start);
  g_byte_array_append(buffer->entries, plain, (guint)length);
  if (buffer->starts->len * 2 > buffer->slots->len)
    grow_slots(buffer);
  return entry;
}

static void add_plain(ParquetBuffer *buffer, const guint8 *plain, gsize length)
{
  buffer->plain_size += length;
  guint32 *slot = buffer->has_dictionary ? find_slot(buffer, plain, length) : NULL;
  if (slot && !*slot && (buffer->starts->len >= ENTRIES_MAX || buffer->entries->len + length > DICTIONARY_MAX)) {
    give_dictionary_up(buffer);
    slot = NULL;
  }
  if (!slot) {
    g_byte_array_append(buffer->plain, plain, (guint)length);
    return;
  }
  guint32 index = *slot ? *slot - 1 : add_entry(buffer, slot, plain, length);
  g_array_append_val(buffer->indices, index);
}

void parquet_buffer_settle(ParquetBuffer *buffer)
{
  if (!buffer->has_dictionary)
    return;
  gsize width = buffer->starts->len ? parquet_bit_width(buffer->starts->len - 1) : 0;
  if (buffer->entries->len + buffer->indices->len * width / 8 >= buffer->plain_size)
    give_dictionary_up(buffer);
}

/* ---------------------------------------------------------------------------------------------------------- extremes */

static int compare_integers(const guint8 *a, const guint8 *b, gsize width)
{
  gint64 left = 0, right = 0;
  for (gsize i = width; i-- > 0;) {
    left = (gint64)((guint64)left << 8 | (i == width - 1 ? (guint64)(gint64)(gint8)a[i] : a[i]));
    right = (gint64)((guint64)right << 8 | (i == width - 1 ? (guint64)(gint64)(gint8)b[i] : b[i]));
  }
  return left < right ? -1 : left > right;
}

static int compare_bytes(const guint8 *a, gsize a_length, const guint8 *b, gsize b_length)
{
  int order = memcmp(a, b, MIN(a_length, b_length));
  return order ? order : (a_length > b_length) - (a_length < b_length);
}

static int compare_reals(const guint8 *a, const guint8 *b)
{
  double left, right;
  memcpy(&left, a, sizeof left);
  memcpy(&right, b, sizeof right);
  return left < right ? -1 : left > right;
}

static int compare_values(const ParquetBuffer *buffer, const guint8 *a, gsize a_length, const guint8 *b, gsize b_length)
{
  switch (buffer->type) {
  case PARQUET_INT32:
  case PARQUET_INT64:
    return compare_integers(a, b, a_length);
  case PARQUET_DOUBLE:
    return compare_reals(a, b);
  case PARQUET_FIXED:
    return (a[0] ^ b[0]) & 0x80 ? (a[0] & 0x80 ? -1 : 1) : compare_bytes(a, a_length, b, b_length);
  default:
    return compare_bytes(a, a_length, b, b_length);
  }
}

static void keep(GByteArray **extreme, const guint8 *bytes, gsize length)
{
  if (!*extreme)
    *extreme = g_byte_array_new();
  g_byte_array_set_size(*extreme, 0);
  g_byte_array_append(*extreme, bytes, (guint)length);
}

static gboolean is_nan(const ParquetBuffer *buffer, const guint8 *bytes)
{
  double value = 0;
  if (buffer->type == PARQUET_DOUBLE)
    memcpy(&value, bytes, sizeof value);
  return isnan(value);
}

static void note_extremes(ParquetBuffer *buffer, const guint8 *bytes, gsize length)
{
  if (is_nan(buffer, bytes))
    return;
  if (!buffer->least || compare_values(buffer, bytes, length, buffer->least->data, buffer->least->len) < 0)
    keep(&buffer->least, bytes, length);
  if (!buffer->most || compare_values(buffer, bytes, length, buffer->most->data, buffer->most->len) > 0)
    keep(&buffer->most, bytes, length);
}

/* ------------------------------------------------------------------------------------------------------------ values */

static gboolean refuse(const ParquetBuffer *buffer, GError **err, const char *what)
{
  g_set_error(err, NX_ERROR, NX_ERROR_DATA, "column %s: %s", buffer->field->name, what);
  return FALSE;
}

static gboolean add_text(ParquetBuffer *buffer, const NxDatum *datum, GError **err)
{
  g_autofree guint8 *plain = NULL;
  guint32 length = GUINT32_TO_LE((guint32)datum->length);
  const char *bytes = datum->bytes ? datum->bytes : "";
  if (datum->length > G_MAXINT32 / 2)
    return refuse(buffer, err, "a value of more than 1 GiB cannot be stored");
  if (buffer->field->type != NX_FIELD_BYTES && !g_utf8_validate_len(bytes, datum->length, NULL))
    return refuse(buffer, err, "a text is not UTF-8");
  plain = g_malloc(4 + datum->length);
  memcpy(plain, &length, 4);
  memcpy(plain + 4, bytes, datum->length);
  add_plain(buffer, plain, 4 + datum->length);
  note_extremes(buffer, plain + 4, datum->length);
  return TRUE;
}

static gsize integer_bytes(const ParquetBuffer *buffer, gint64 integer, guint8 *bytes)
{
  gsize width = buffer->type == PARQUET_BOOLEAN ? 1 : buffer->type == PARQUET_INT32 ? 4 : 8;
  for (gsize i = 0; i < width; i++)
    bytes[i] = (guint8)((guint64)integer >> (8 * i));
  return width;
}

/* Decimals of at most 64 bits are stored lowest byte first. */
static gboolean decimal_bytes(const ParquetBuffer *buffer, const NxDatum *datum, guint8 *bytes, gsize *width, GError **err)
{
  const NxField *field = buffer->field;
  gboolean is_integer = buffer->type != PARQUET_FIXED;
  *width = is_integer ? (buffer->type == PARQUET_INT32 ? 4 : 8) : (gsize)buffer->type_length;
  if (!nx_decimal_to_bytes(datum->bytes, datum->length, field->precision, field->scale, bytes, *width))
    return refuse(buffer, err, "a value does not fit the declared precision and scale");
  for (gsize i = 0; is_integer && i < *width / 2; i++) {
    guint8 byte = bytes[i];
    bytes[i] = bytes[*width - 1 - i];
    bytes[*width - 1 - i] = byte;
  }
  return TRUE;
}

static gboolean number_bytes(const ParquetBuffer *buffer, const NxDatum *datum, guint8 *bytes, gsize *width, GError **err)
{
  guint64 bits;
  switch (buffer->field->type) {
  case NX_FIELD_DECIMAL:
    return decimal_bytes(buffer, datum, bytes, width, err);
  case NX_FIELD_REAL:
    memcpy(&bits, &datum->real, sizeof bits);
    *width = integer_bytes(buffer, (gint64)bits, bytes);
    return TRUE;
  case NX_FIELD_BOOLEAN:
    if (datum->integer != 0 && datum->integer != 1)
      return refuse(buffer, err, "a truth value is neither 0 nor 1");
    break;
  case NX_FIELD_DATE:
    if (datum->integer != (gint32)datum->integer)
      return refuse(buffer, err, "a date is out of range");
    break;
  default:
    break;
  }
  *width = integer_bytes(buffer, datum->integer, bytes);
  return TRUE;
}

static gboolean add_number(ParquetBuffer *buffer, const NxDatum *datum, GError **err)
{
  guint8 bytes[NUMBER_MAX];
  gsize width;
  if (!number_bytes(buffer, datum, bytes, &width, err))
    return FALSE;
  add_plain(buffer, bytes, width);
  note_extremes(buffer, bytes, width);
  return TRUE;
}

gboolean parquet_buffer_add(ParquetBuffer *buffer, const NxDatum *datum, GError **err)
{
  guint32 level = datum->is_null ? 0 : 1;
  g_array_append_val(buffer->levels, level);
  if (!datum->is_null)
    return buffer->type == PARQUET_BYTE_ARRAY ? add_text(buffer, datum, err) : add_number(buffer, datum, err);
  buffer->n_null++;
  return TRUE;
}
