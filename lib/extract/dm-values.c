/* dm-values.c — what the tags of a DigitalMicrograph file say: numbers, texts, and either as JSON. */
#include "dm-tags.h"

#include <math.h>
#include <string.h>

#define TEXT_MAX (16u * 1024u * 1024u) /* bytes of a text in the file */
#define ARRAY_JSON_MAX (1024u * 1024u) /* elements of an array that goes into the JSON file */
#define GROUP_PRICE 15                 /* values that take as much memory as an empty object, less one */
#define CHUNK (32u * 1024u)            /* bytes of an array read at once */

gboolean dm_tag_is_missing(const DmTag *tag)
{
  return !tag || tag->kind == DM_GROUP || tag->kind == DM_SKIPPED || tag->count == 0;
}

/* `length` bytes of the value from `start` on; borrowed until the next call. */
static const guint8 *value_bytes(const DmTree *tree, const DmTag *tag, guint64 start, gsize length)
{
  if (start > tag->length || length > tag->length - start)
    return NULL;
  if (tag->kept)
    return tag->kept + start;
  return nx_bytes_at(dm_tree_bytes(tree), tag->offset + start, length, NULL);
}

/* -------------------------------------------------------------------------------------------------------------- numbers */

typedef struct {
  enum { IS_SIGNED, IS_UNSIGNED, IS_REAL, IS_BOOLEAN } form;
  gint64 whole;   /* IS_SIGNED, IS_BOOLEAN; the bits of IS_UNSIGNED */
  double real;    /* IS_REAL */
} Number;

static guint64 load(const guint8 *at, gsize size, gboolean big_endian)
{
  guint64 bits = 0;
  for (gsize i = 0; i < size; i++)
    bits = bits << 8 | at[big_endian ? i : size - 1 - i];
  return bits;
}

static double real_from_bits(guint64 bits, gsize size)
{
  guint32 bits32 = (guint32)bits;
  float real32;
  double real64;
  memcpy(&real32, &bits32, sizeof real32);
  memcpy(&real64, &bits, sizeof real64);
  return size == 4 ? (double)real32 : real64;
}

static Number decode(const guint8 *at, DmType type, gboolean big_endian)
{
  gsize size = dm_type_size(type);
  guint64 bits = load(at, size, big_endian);
  switch (type) {
  case DM_F32:
  case DM_F64:
    return (Number){ .form = IS_REAL, .real = real_from_bits(bits, size) };
  case DM_BOOLEAN:
    return (Number){ .form = IS_BOOLEAN, .whole = bits != 0 };
  case DM_U16:
  case DM_U32:
  case DM_U64:
    return (Number){ .form = IS_UNSIGNED, .whole = (gint64)bits };
  case DM_I8:
  case DM_OCTET:
    return (Number){ .form = IS_SIGNED, .whole = (gint8)bits };
  case DM_I16:
    return (Number){ .form = IS_SIGNED, .whole = (gint16)bits };
  case DM_I32:
    return (Number){ .form = IS_SIGNED, .whole = (gint32)bits };
  case DM_I64:
    break;
  }
  return (Number){ .form = IS_SIGNED, .whole = (gint64)bits };
}

/* Where field `index` of a struct begins. */
static guint64 field_start(const DmTag *tag, guint64 index)
{
  guint64 start = 0;
  for (guint64 i = 0; i < index; i++)
    start += dm_type_size(tag->fields[i]);
  return start;
}

static gboolean number_at(const DmTree *tree, const DmTag *tag, guint64 index, Number *number)
{
  if (!tag || (tag->kind != DM_NUMBER && tag->kind != DM_ARRAY && tag->kind != DM_STRUCT))
    return FALSE;
  gboolean is_struct = tag->kind == DM_STRUCT;
  if (index >= (is_struct ? tag->n_fields : tag->count))
    return FALSE;
  DmType type = is_struct ? tag->fields[index] : tag->type;
  guint64 start = is_struct ? field_start(tag, index) : index * dm_type_size(type);
  const guint8 *at = value_bytes(tree, tag, start, dm_type_size(type));
  if (!at)
    return FALSE;
  *number = decode(at, type, dm_tree_is_big_endian(tree));
  return TRUE;
}

gboolean dm_tag_double(const DmTree *tree, const DmTag *tag, guint64 index, double *value)
{
  Number number;
  if (!number_at(tree, tag, index, &number))
    return FALSE;
  *value = number.form == IS_REAL ? number.real : number.form == IS_UNSIGNED ? (double)(guint64)number.whole : (double)number.whole;
  return TRUE;
}

gboolean dm_tag_integer(const DmTree *tree, const DmTag *tag, guint64 index, gint64 *value)
{
  Number number;
  if (!number_at(tree, tag, index, &number) || number.form == IS_REAL || (number.form == IS_UNSIGNED && number.whole < 0))
    return FALSE;
  *value = number.whole;
  return TRUE;
}

/* ---------------------------------------------------------------------------------------------------------------- texts */

static GString *text_from_utf16(const guint8 *at, guint64 units, gboolean big_endian)
{
  GString *text = g_string_sized_new((gsize)units + 1);
  for (guint64 i = 0; i < units; i++) {
    gunichar unit = (gunichar)load(at + 2 * i, 2, big_endian);
    gunichar low = i + 1 < units ? (gunichar)load(at + 2 * i + 2, 2, big_endian) : 0;
    if (unit >= 0xD800 && unit < 0xDC00 && low >= 0xDC00 && low < 0xE000) {
      unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
      i++;
    } else if (unit >= 0xD800 && unit < 0xE000) {
      unit = 0xFFFD;
    }
    g_string_append_unichar(text, unit);
  }
  return text;
}

/* Bytes are UTF-8, or Latin-1 where they cannot be. */
static GString *text_from_bytes(const guint8 *at, gsize length)
{
  if (g_utf8_validate_len((const char *)at, length, NULL))
    return g_string_new_len((const char *)at, (gssize)length);
  GString *text = g_string_sized_new(length + 1);
  for (gsize i = 0; i < length; i++)
    g_string_append_unichar(text, at[i]);
  return text;
}

GString *dm_tag_text(const DmTree *tree, const DmTag *tag)
{
  if (!tag || tag->kind != DM_TEXT || tag->length > TEXT_MAX)
    return NULL;
  const guint8 *at = value_bytes(tree, tag, 0, (gsize)tag->length);
  if (!at)
    return NULL;
  return tag->type == DM_U16 ? text_from_utf16(at, tag->count, dm_tree_is_big_endian(tree)) : text_from_bytes(at, (gsize)tag->length);
}

/* ----------------------------------------------------------------------------------------------------------------- JSON */

static json_object *number_json(const Number *number)
{
  switch (number->form) {
  case IS_REAL:
    return nx_json_double(number->real);
  case IS_BOOLEAN:
    return json_object_new_boolean(number->whole != 0);
  case IS_UNSIGNED:
    return number->whole < 0 ? json_object_new_uint64((guint64)number->whole) : json_object_new_int64(number->whole);
  case IS_SIGNED:
    break;
  }
  return json_object_new_int64(number->whole);
}

static gboolean spend(DmBudget *budget, guint64 values)
{
  if (budget->values < values)
    return FALSE;
  budget->values -= values;
  return TRUE;
}

static json_object *length_only(const DmTag *tag)
{
  json_object *object = json_object_new_object();
  nx_json_set(object, "_array_len", json_object_new_int64((gint64)tag->count));
  return object;
}

static json_object *text_json(const DmTree *tree, const DmTag *tag, DmBudget *budget)
{
  if (tag->count == 0)
    return json_object_new_array_ext(0);
  if (tag->length > budget->text_bytes)
    return length_only(tag);
  g_autoptr(GString) text = dm_tag_text(tree, tag);
  if (!text)
    return length_only(tag);
  budget->text_bytes -= tag->length;
  return json_object_new_string_len(text->str, (int)text->len);
}

static json_object *array_json(const DmTree *tree, const DmTag *tag, DmBudget *budget)
{
  if (tag->count > ARRAY_JSON_MAX || !spend(budget, tag->count))
    return length_only(tag);
  json_object *array = json_object_new_array_ext((int)tag->count);
  gsize size = dm_type_size(tag->type);
  for (guint64 start = 0; start < tag->length; start += CHUNK) {
    gsize length = (gsize)MIN(CHUNK, tag->length - start);
    const guint8 *at = value_bytes(tree, tag, start, length);
    for (gsize i = 0; at && i < length; i += size) {
      Number number = decode(at + i, tag->type, dm_tree_is_big_endian(tree));
      json_object_array_add(array, number_json(&number));
    }
  }
  return array;
}

static json_object *struct_at_json(const DmTree *tree, const DmTag *tag, guint64 start)
{
  json_object *array = json_object_new_array_ext(tag->n_fields);
  for (guint i = 0; i < tag->n_fields; i++) {
    gsize size = dm_type_size(tag->fields[i]);
    const guint8 *at = value_bytes(tree, tag, start, size);
    if (!at)
      break;
    Number number = decode(at, tag->fields[i], dm_tree_is_big_endian(tree));
    json_object_array_add(array, number_json(&number));
    start += size;
  }
  return array;
}

static json_object *structs_json(const DmTree *tree, const DmTag *tag, DmBudget *budget)
{
  guint64 values;
  if (!g_uint64_checked_mul(&values, tag->count, (guint64)tag->n_fields + 1) || values > ARRAY_JSON_MAX || !spend(budget, values))
    return length_only(tag);
  json_object *array = json_object_new_array_ext((int)tag->count);
  guint64 size = tag->count ? tag->length / tag->count : 0;
  for (guint64 i = 0; i < tag->count; i++)
    json_object_array_add(array, struct_at_json(tree, tag, i * size));
  return array;
}

static json_object *group_json(const DmTree *tree, const DmTag *group, DmBudget *budget)
{
  if (!spend(budget, GROUP_PRICE))
    return NULL;
  json_object *object = json_object_new_object();
  for (const DmTag *tag = dm_tag_first(tree, group); tag; tag = dm_tag_next(tree, tag)) {
    json_object *value = dm_tag_json(tree, tag, budget);
    if (value)
      json_object_object_add(object, tag->name, value);
  }
  return object;
}

json_object *dm_tag_json(const DmTree *tree, const DmTag *tag, DmBudget *budget)
{
  Number number;
  if (!tag || !spend(budget, 1))
    return NULL;
  switch ((DmKind)tag->kind) {
  case DM_GROUP:
    return group_json(tree, tag, budget);
  case DM_NUMBER:
    return number_at(tree, tag, 0, &number) ? number_json(&number) : NULL;
  case DM_TEXT:
    return text_json(tree, tag, budget);
  case DM_ARRAY:
    return array_json(tree, tag, budget);
  case DM_STRUCT:
    return struct_at_json(tree, tag, 0);
  case DM_STRUCTS:
    return structs_json(tree, tag, budget);
  case DM_PIXELS:
  case DM_SKIPPED:
    break;
  }
  return NULL;
}
