/* thrift.c — the compact protocol of Thrift: variable-length integers, field headers, and structs by table (parquet §2). */
#include "thrift.h"

#include <string.h>

#define DEPTH_MAX 32

/* Types as they stand in the bytes. */
enum { WIRE_STOP, WIRE_TRUE, WIRE_FALSE, WIRE_I8, WIRE_I16, WIRE_I32, WIRE_I64, WIRE_DOUBLE, WIRE_BINARY, WIRE_LIST, WIRE_SET, WIRE_MAP, WIRE_STRUCT };

static const guint8 WIRE_OF[] = {
  [NX_THRIFT_BOOL] = WIRE_TRUE,        [NX_THRIFT_I8] = WIRE_I8,           [NX_THRIFT_I16] = WIRE_I16,
  [NX_THRIFT_I32] = WIRE_I32,          [NX_THRIFT_I64] = WIRE_I64,         [NX_THRIFT_BINARY] = WIRE_BINARY,
  [NX_THRIFT_STRUCT] = WIRE_STRUCT,    [NX_THRIFT_LIST_I32] = WIRE_LIST,   [NX_THRIFT_LIST_BINARY] = WIRE_LIST,
  [NX_THRIFT_LIST_STRUCT] = WIRE_LIST, [NX_THRIFT_UNREAD] = WIRE_STOP,
};

typedef struct {
  const guint8 *data;
  gsize length, at;
  gsize room; /* bytes that the elements of lists may still take */
  guint depth;
  GError **err;
} Input;

/* What is read takes at most so many times the memory of what it is read from, and never more than so much: the elements of a list may be
 * more than a hundred bytes large in memory, and three in a hostile file. */
#define SWELLING 32u
#define ROOM_MAX (128u << 20)

/* -------------------------------------------------------------------------------------------------------- integers */

gboolean nx_varint_read(const guint8 *data, gsize length, gsize *at, guint64 *value)
{
  *value = 0;
  for (guint shift = 0; shift < 70 && *at < length; shift += 7) {
    guint8 byte = data[(*at)++];
    if (shift == 63 && byte > 1)
      return FALSE;
    *value |= (guint64)(byte & 0x7f) << shift;
    if (!(byte & 0x80))
      return TRUE;
  }
  return FALSE;
}

void nx_varint_write(GByteArray *out, guint64 value)
{
  guint8 bytes[10];
  guint n = 0;
  for (; value >= 0x80; value >>= 7)
    bytes[n++] = (guint8)(value | 0x80);
  bytes[n++] = (guint8)value;
  g_byte_array_append(out, bytes, n);
}

gint64 nx_zigzag_decode(guint64 value)
{
  return (gint64)((value >> 1) ^ (~(value & 1) + 1));
}

guint64 nx_zigzag_encode(gint64 value)
{
  return ((guint64)value << 1) ^ (value < 0 ? ~(guint64)0 : 0);
}

/* --------------------------------------------------------------------------------------------------------- reading */

static gboolean refuse(Input *in, const char *what)
{
  g_set_error(in->err, NX_ERROR, NX_ERROR_FORMAT, "%s at byte %" G_GSIZE_FORMAT " of the header", what, in->at);
  return FALSE;
}

static gboolean read_byte(Input *in, guint8 *byte)
{
  if (in->at >= in->length)
    return refuse(in, "unexpected end");
  *byte = in->data[in->at++];
  return TRUE;
}

static gboolean read_varint(Input *in, guint64 *value)
{
  return nx_varint_read(in->data, in->length, &in->at, value) || refuse(in, "a number that does not end");
}

static gboolean read_integer(Input *in, gint64 minimum, gint64 maximum, gint64 *value)
{
  guint64 raw;
  if (!read_varint(in, &raw))
    return FALSE;
  *value = nx_zigzag_decode(raw);
  return (*value >= minimum && *value <= maximum) || refuse(in, "a number out of range");
}

static gboolean read_bytes(Input *in, NxThriftBytes *bytes)
{
  guint64 length;
  if (!read_varint(in, &length))
    return FALSE;
  if (length > in->length - in->at || length > G_MAXUINT32)
    return refuse(in, "text longer than what is left");
  bytes->bytes = (const char *)in->data + in->at;
  bytes->length = (guint32)length;
  in->at += length;
  return TRUE;
}

/* Each element takes a byte at least. */
static gboolean read_list_head(Input *in, guint8 *wire, guint64 *n)
{
  guint8 head;
  if (!read_byte(in, &head))
    return FALSE;
  *wire = head & 0x0f;
  *n = head >> 4;
  if (*n == 15 && !read_varint(in, n))
    return FALSE;
  return *n <= in->length - in->at || refuse(in, "a list longer than what is left");
}

static gboolean read_field_head(Input *in, gint64 *id, guint8 *wire)
{
  guint8 head;
  if (!read_byte(in, &head))
    return FALSE;
  *wire = head & 0x0f;
  if (head == WIRE_STOP)
    return TRUE;
  if (*wire == WIRE_STOP || *wire > WIRE_STRUCT)
    return refuse(in, "a field of unknown type");
  if (head >> 4) {
    *id += head >> 4;
    return TRUE;
  }
  return read_integer(in, G_MININT16, G_MAXINT16, id);
}

static gboolean skip(Input *in, guint8 wire, gboolean in_list);

static gboolean skip_elements(Input *in, guint8 first, guint8 second, guint64 n)
{
  for (guint64 i = 0; i < n; i++)
    if (!skip(in, first, TRUE) || (second && !skip(in, second, TRUE)))
      return FALSE;
  return TRUE;
}

static gboolean skip_map(Input *in)
{
  guint64 n;
  guint8 types = 0;
  if (!read_varint(in, &n) || (n > 0 && !read_byte(in, &types)))
    return FALSE;
  if (n > in->length - in->at)
    return refuse(in, "a map longer than what is left");
  return n == 0 || skip_elements(in, types >> 4, types & 0x0f, n);
}

static gboolean skip_struct(Input *in)
{
  for (;;) {
    gint64 id = 0;
    guint8 wire;
    if (!read_field_head(in, &id, &wire))
      return FALSE;
    if (wire == WIRE_STOP)
      return TRUE;
    if (!skip(in, wire, FALSE))
      return FALSE;
  }
}

static gboolean skip_fixed(Input *in, gsize n)
{
  if (n > in->length - in->at)
    return refuse(in, "unexpected end");
  in->at += n;
  return TRUE;
}

static gboolean skip_nested(Input *in, guint8 wire)
{
  guint64 n;
  guint8 element;
  if (wire == WIRE_STRUCT)
    return skip_struct(in);
  if (wire == WIRE_MAP)
    return skip_map(in);
  return read_list_head(in, &element, &n) && skip_elements(in, element, 0, n);
}

static gboolean skip(Input *in, guint8 wire, gboolean in_list)
{
  guint64 number;
  NxThriftBytes bytes;
  switch (wire) {
  case WIRE_TRUE:
  case WIRE_FALSE:
    return skip_fixed(in, in_list ? 1 : 0);
  case WIRE_I8:
    return skip_fixed(in, 1);
  case WIRE_I16:
  case WIRE_I32:
  case WIRE_I64:
    return read_varint(in, &number);
  case WIRE_DOUBLE:
    return skip_fixed(in, 8);
  case WIRE_BINARY:
    return read_bytes(in, &bytes);
  case WIRE_LIST:
  case WIRE_SET:
  case WIRE_MAP:
  case WIRE_STRUCT:
    if (in->depth >= DEPTH_MAX)
      return refuse(in, "nesting too deep");
    in->depth++;
    gboolean done = skip_nested(in, wire);
    in->depth--;
    return done;
  default:
    return refuse(in, "a value of unknown type");
  }
}

static gboolean read_struct(Input *in, const NxThriftStruct *type, gpointer object);

static gsize element_size(const NxThriftField *field)
{
  return field->kind == NX_THRIFT_LIST_I32 ? sizeof(gint32) : field->kind == NX_THRIFT_LIST_BINARY ? sizeof(NxThriftBytes) : field->of->size;
}

static gboolean read_element(Input *in, const NxThriftField *field, gpointer element)
{
  gint64 number;
  if (field->kind == NX_THRIFT_LIST_STRUCT)
    return read_struct(in, field->of, element);
  if (field->kind == NX_THRIFT_LIST_BINARY)
    return read_bytes(in, element);
  if (!read_integer(in, G_MININT32, G_MAXINT32, &number))
    return FALSE;
  *(gint32 *)element = (gint32)number;
  return TRUE;
}

static gboolean read_list(Input *in, const NxThriftField *field, GArray **list)
{
  static const guint8 ELEMENT_WIRE[] = {
    [NX_THRIFT_LIST_I32] = WIRE_I32, [NX_THRIFT_LIST_BINARY] = WIRE_BINARY, [NX_THRIFT_LIST_STRUCT] = WIRE_STRUCT};
  guint64 n;
  guint8 wire;
  if (!read_list_head(in, &wire, &n))
    return FALSE;
  if (n > 0 && wire != ELEMENT_WIRE[field->kind])
    return refuse(in, "a list of another type");
  *list = g_array_new(FALSE, TRUE, (guint)element_size(field));
  for (guint64 i = 0; i < n; i++) {
    if (in->room < element_size(field))
      return refuse(in, "more in it than its length allows");
    in->room -= element_size(field);
    g_array_set_size(*list, (*list)->len + 1);
    if (!read_element(in, field, (*list)->data + element_size(field) * i))
      return FALSE;
  }
  return TRUE;
}

static gboolean read_number(Input *in, NxThriftKind kind, gpointer value)
{
  gint64 number;
  gint64 limit = kind == NX_THRIFT_I16 ? G_MAXINT16 : kind == NX_THRIFT_I32 ? G_MAXINT32 : G_MAXINT64;
  if (!read_integer(in, -limit - 1, limit, &number))
    return FALSE;
  if (kind == NX_THRIFT_I16)
    *(gint16 *)value = (gint16)number;
  else if (kind == NX_THRIFT_I32)
    *(gint32 *)value = (gint32)number;
  else
    *(gint64 *)value = number;
  return TRUE;
}

static gboolean read_value(Input *in, const NxThriftField *field, guint8 wire, gpointer value)
{
  switch (field->kind) {
  case NX_THRIFT_BOOL:
    *(gboolean *)value = wire == WIRE_TRUE;
    return TRUE;
  case NX_THRIFT_I8:
    return read_byte(in, value);
  case NX_THRIFT_BINARY:
    return read_bytes(in, value);
  case NX_THRIFT_STRUCT:
    return read_struct(in, field->of, value);
  case NX_THRIFT_LIST_I32:
  case NX_THRIFT_LIST_BINARY:
  case NX_THRIFT_LIST_STRUCT:
    return read_list(in, field, value);
  case NX_THRIFT_UNREAD:
    return skip(in, wire, FALSE);
  default:
    return read_number(in, field->kind, value);
  }
}

static const NxThriftField *field_of(const NxThriftStruct *type, gint64 id)
{
  for (const NxThriftField *field = type->fields; field && field->id; field++)
    if (field->id == id)
      return field;
  return NULL;
}

static gboolean wire_fits(const NxThriftField *field, guint8 wire)
{
  return field->kind == NX_THRIFT_UNREAD || wire == WIRE_OF[field->kind] || (field->kind == NX_THRIFT_BOOL && wire == WIRE_FALSE);
}

static gboolean read_field(Input *in, const NxThriftStruct *type, gint64 id, guint8 wire, gpointer object)
{
  const NxThriftField *field = field_of(type, id);
  if (!field)
    return skip(in, wire, FALSE);
  if (!wire_fits(field, wire))
    return refuse(in, "a field of the wrong type");
  if (*(guint32 *)object & (1u << field->id))
    return refuse(in, "a field that stands twice");
  *(guint32 *)object |= 1u << field->id;
  return read_value(in, field, wire, (guint8 *)object + field->offset);
}

static gboolean check_required(Input *in, const NxThriftStruct *type, guint32 present)
{
  for (const NxThriftField *field = type->fields; field && field->id; field++)
    if (field->required && !(present & (1u << field->id))) {
      g_set_error(in->err, NX_ERROR, NX_ERROR_FORMAT, "field %d of %s is missing", field->id, type->name);
      return FALSE;
    }
  return TRUE;
}

static gboolean read_fields(Input *in, const NxThriftStruct *type, gpointer object)
{
  for (gint64 id = 0;;) {
    guint8 wire;
    if (!read_field_head(in, &id, &wire))
      return FALSE;
    if (wire == WIRE_STOP)
      return check_required(in, type, *(guint32 *)object);
    if (!read_field(in, type, id, wire, object))
      return FALSE;
  }
}

static gboolean read_struct(Input *in, const NxThriftStruct *type, gpointer object)
{
  if (in->depth >= DEPTH_MAX)
    return refuse(in, "nesting too deep");
  in->depth++;
  gboolean done = read_fields(in, type, object);
  in->depth--;
  return done;
}

gboolean nx_thrift_read(const NxThriftStruct *type, gpointer object, const guint8 *data, gsize length, gsize *used, GError **err)
{
  Input in = {.data = data, .length = length, .room = MIN(length, ROOM_MAX / SWELLING) * SWELLING, .err = err};
  gboolean done = read_struct(&in, type, object);
  *used = in.at;
  return done;
}

/* --------------------------------------------------------------------------------------------------------- writing */

static void write_byte(GByteArray *out, guint byte)
{
  guint8 value = (guint8)byte;
  g_byte_array_append(out, &value, 1);
}

static void write_bytes(GByteArray *out, const NxThriftBytes *bytes)
{
  nx_varint_write(out, bytes->length);
  g_byte_array_append(out, (const guint8 *)bytes->bytes, bytes->length);
}

static void write_element(GByteArray *out, const NxThriftField *field, gconstpointer element)
{
  if (field->kind == NX_THRIFT_LIST_STRUCT)
    nx_thrift_write(field->of, element, out);
  else if (field->kind == NX_THRIFT_LIST_BINARY)
    write_bytes(out, element);
  else
    nx_varint_write(out, nx_zigzag_encode(*(const gint32 *)element));
}

static void write_list(GByteArray *out, const NxThriftField *field, const GArray *list)
{
  guint n = list ? list->len : 0;
  guint wire = field->kind == NX_THRIFT_LIST_STRUCT ? WIRE_STRUCT : field->kind == NX_THRIFT_LIST_BINARY ? WIRE_BINARY : WIRE_I32;
  write_byte(out, (MIN(n, 15u) << 4) | wire);
  if (n >= 15)
    nx_varint_write(out, n);
  for (guint i = 0; i < n; i++)
    write_element(out, field, list->data + element_size(field) * i);
}

static void write_value(GByteArray *out, const NxThriftField *field, gconstpointer value)
{
  switch (field->kind) {
  case NX_THRIFT_BOOL:
  case NX_THRIFT_UNREAD:
    break;
  case NX_THRIFT_I8:
    write_byte(out, *(const guint8 *)value);
    break;
  case NX_THRIFT_I16:
    nx_varint_write(out, nx_zigzag_encode(*(const gint16 *)value));
    break;
  case NX_THRIFT_I32:
    nx_varint_write(out, nx_zigzag_encode(*(const gint32 *)value));
    break;
  case NX_THRIFT_I64:
    nx_varint_write(out, nx_zigzag_encode(*(const gint64 *)value));
    break;
  case NX_THRIFT_BINARY:
    write_bytes(out, value);
    break;
  case NX_THRIFT_STRUCT:
    nx_thrift_write(field->of, value, out);
    break;
  case NX_THRIFT_LIST_I32:
  case NX_THRIFT_LIST_BINARY:
  case NX_THRIFT_LIST_STRUCT:
    write_list(out, field, *(GArray *const *)value);
    break;
  }
}

void nx_thrift_write(const NxThriftStruct *type, gconstpointer object, GByteArray *out)
{
  guint previous = 0;
  for (const NxThriftField *field = type->fields; field && field->id; field++) {
    gconstpointer value = (const guint8 *)object + field->offset;
    if (!(*(const guint32 *)object & (1u << field->id)))
      continue;
    guint wire = field->kind == NX_THRIFT_BOOL && !*(const gboolean *)value ? WIRE_FALSE : WIRE_OF[field->kind];
    write_byte(out, ((field->id - previous) << 4) | wire);
    previous = field->id;
    write_value(out, field, value);
  }
  write_byte(out, WIRE_STOP);
}

/* -------------------------------------------------------------------------------------------------------- clearing */

static void clear_list(const NxThriftField *field, GArray **list)
{
  for (guint i = 0; field->kind == NX_THRIFT_LIST_STRUCT && *list && i < (*list)->len; i++)
    nx_thrift_clear(field->of, (*list)->data + field->of->size * i);
  g_clear_pointer(list, g_array_unref);
}

void nx_thrift_clear(const NxThriftStruct *type, gpointer object)
{
  for (const NxThriftField *field = type->fields; field && field->id; field++) {
    gpointer value = (guint8 *)object + field->offset;
    if (field->kind == NX_THRIFT_STRUCT)
      nx_thrift_clear(field->of, value);
    else if (field->kind >= NX_THRIFT_LIST_I32 && field->kind <= NX_THRIFT_LIST_STRUCT)
      clear_list(field, value);
  }
}
