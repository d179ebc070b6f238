/* tia-ser.c — reads the structure of FEI TIA .ser files: little-endian header, dimensions of the scan, then an array of offsets to
 * elements (one spectrum or image each) and one to tags (time, perhaps position). Facts: extractors-a 3.1 to 3.3, checked against
 * corpus/tia. */
#include "tia-ser.h"

#include <math.h>
#include <string.h>

#define MAGIC 0x4949u
#define SERIES 0x0197u
#define VERSION_32_MAX 0x0210u /* above it offsets have 64 bits */
#define SPECTRA 0x4120u
#define IMAGES 0x4122u
#define TAGS_WITH_POSITION 0x4142u
/* Elements that are looked at one by one; of larger scans as many, evenly spread. */
#define ELEMENTS_LOOKED_AT_MAX 65536u
#define DIMENSION_BYTES 32u /* of a dimension without its two texts */

/* Numbers by the code in an element's head. */
static const struct {
  guint16 code;
  NxSample sample;
} SAMPLES[] = {
  { 1, NX_U8 },  { 2, NX_U16 }, { 3, NX_U32 }, { 4, NX_I8 },  { 5, NX_I16 },
  { 6, NX_I32 }, { 7, NX_F32 }, { 8, NX_F64 }, { 9, NX_C64 }, { 10, NX_C128 },
};

/* One element's head and tag. */
typedef struct {
  TiaCalibration x, y;
  guint16 data_type;
  guint32 width, height;
  guint64 data; /* offset of the numbers */
  guint16 tag_unknown;
  guint32 time;
  double position_x, position_y;
} Element;

typedef struct {
  TiaSer *ser;
  NxBytes *bytes;
  guint64 size, offset; /* of the file; of the next field */
  gsize offset_bytes;   /* of an entry in the offset array: 4 or 8 */
  guint64 offsets;      /* where that array begins */
} Reader;

/* --------------------------------------------------------------------------------------------------------------- fields */

static gboolean G_GNUC_PRINTF(3, 4) fail(const Reader *reader, GError **err, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  g_autofree char *cause = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "SER file, byte %" G_GUINT64_FORMAT ": %s", reader->offset, cause);
  return FALSE;
}

/* The next field of 2, 4 or 8 bytes. */
static gboolean take(Reader *reader, gsize length, guint64 *value, GError **err)
{
  if (reader->offset > reader->size || length > reader->size - reader->offset)
    return fail(reader, err, "the file ends here, %" G_GSIZE_FORMAT " more bytes were expected", length);
  const guint8 *at = nx_bytes_at(reader->bytes, reader->offset, length, err);
  if (!at)
    return FALSE;
  *value = 0;
  for (gsize i = length; i-- > 0;)
    *value = *value << 8 | at[i];
  reader->offset += length;
  return TRUE;
}

static gboolean take_u16(Reader *reader, guint16 *value, GError **err)
{
  guint64 bits = 0;
  if (!take(reader, 2, &bits, err))
    return FALSE;
  *value = (guint16)bits;
  return TRUE;
}

static gboolean take_u32(Reader *reader, guint32 *value, GError **err)
{
  guint64 bits = 0;
  if (!take(reader, 4, &bits, err))
    return FALSE;
  *value = (guint32)bits;
  return TRUE;
}

static gboolean take_f64(Reader *reader, double *value, GError **err)
{
  guint64 bits = 0;
  if (!take(reader, 8, &bits, err))
    return FALSE;
  memcpy(value, &bits, sizeof *value);
  return TRUE;
}

/* A length and as many bytes, decoded as Latin-1 where they are no UTF-8. */
static gboolean take_text(Reader *reader, char **text, guint32 *length, GError **err)
{
  if (!take_u32(reader, length, err))
    return FALSE;
  if (*length > reader->size - reader->offset)
    return fail(reader, err, "a text of %u bytes, %" G_GUINT64_FORMAT " are left", *length, reader->size - reader->offset);
  const guint8 *at = nx_bytes_at(reader->bytes, reader->offset, *length, err);
  if (!at)
    return FALSE;
  *text = g_utf8_validate_len((const char *)at, *length, NULL)
            ? g_strndup((const char *)at, *length)
            : nx_text_from_latin1((const char *)at, (gssize)*length);
  if (!*text)
    *text = g_strdup("");
  reader->offset += *length;
  return TRUE;
}

static void set_number(json_object *object, const char *key, guint64 value)
{
  nx_json_set(object, key, json_object_new_uint64(value));
}

/* --------------------------------------------------------------------------------------------------------------- header */

static void set_dimension(json_object *header, guint number, const TiaDimension *dimension, guint32 description_length,
                          guint32 units_length)
{
  const struct {
    const char *name;
    json_object *value;
  } fields[] = {
    { "DimensionSize", json_object_new_uint64(dimension->size) },
    { "CalibrationOffset", nx_json_double(dimension->offset) },
    { "CalibrationDelta", nx_json_double(dimension->delta) },
    { "CalibrationElement", json_object_new_uint64(dimension->element) },
    { "DescriptionLength", json_object_new_uint64(description_length) },
    { "Description", json_object_new_string(dimension->description) },
    { "UnitsLength", json_object_new_uint64(units_length) },
    { "Units", json_object_new_string(dimension->units) },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
    g_autofree char *key = g_strdup_printf("Dim-%u_%s", number, fields[i].name);
    nx_json_set(header, key, fields[i].value);
  }
}

static gboolean read_dimension(Reader *reader, guint index, GError **err)
{
  TiaDimension *dimension = &reader->ser->dimensions[index];
  guint32 description_length, units_length;
  if (!take_u32(reader, &dimension->size, err) || !take_f64(reader, &dimension->offset, err) ||
      !take_f64(reader, &dimension->delta, err) || !take_u32(reader, &dimension->element, err) ||
      !take_text(reader, &dimension->description, &description_length, err) || !take_text(reader, &dimension->units, &units_length, err))
    return FALSE;
  if (dimension->size == 0)
    return fail(reader, err, "dimension %u has the size 0", index + 1);
  set_dimension(reader->ser->header, index + 1, dimension, description_length, units_length);
  return TRUE;
}

static gboolean read_dimensions(Reader *reader, GError **err)
{
  guint32 count;
  if (!take_u32(reader, &count, err))
    return FALSE;
  if (count > (reader->size - reader->offset) / DIMENSION_BYTES || count > TIA_DIMENSIONS_MAX)
    return fail(reader, err, "%u dimensions", count);
  set_number(reader->ser->header, "NumberDimensions", count);
  reader->ser->n_dimensions = count;
  for (guint i = 0; i < count; i++) {
    if (!read_dimension(reader, i, err))
      return FALSE;
  }
  return TRUE;
}

/* What the file is; the rest is read by what it says. */
static gboolean read_kind(Reader *reader, GError **err)
{
  TiaSer *ser = reader->ser;
  guint16 byte_order, series;
  guint32 data_type, tag_type;
  if (!take_u16(reader, &byte_order, err) || !take_u16(reader, &series, err) || !take_u16(reader, &ser->version, err) ||
      !take_u32(reader, &data_type, err) || !take_u32(reader, &tag_type, err))
    return FALSE;
  if (byte_order != MAGIC || series != SERIES)
    return fail(reader, err, "does not begin as a TIA series (0x%04x 0x%04x)", byte_order, series);
  if (data_type != SPECTRA && data_type != IMAGES)
    return fail(reader, err, "elements of kind 0x%x are neither spectra nor images", data_type);
  ser->is_image = data_type == IMAGES;
  ser->tag_type = (guint16)tag_type;
  reader->offset_bytes = ser->version > VERSION_32_MAX ? 8 : 4;
  set_number(ser->header, "ByteOrder", byte_order);
  set_number(ser->header, "SeriesID", series);
  set_number(ser->header, "SeriesVersion", ser->version);
  set_number(ser->header, "DataTypeID", data_type);
  set_number(ser->header, "TagTypeID", tag_type);
  return TRUE;
}

static gboolean read_header(Reader *reader, GError **err)
{
  TiaSer *ser = reader->ser;
  if (!read_kind(reader, err) || !take_u32(reader, &ser->total, err) || !take_u32(reader, &ser->valid, err) ||
      !take(reader, reader->offset_bytes, &reader->offsets, err))
    return FALSE;
  if (ser->valid == 0 || ser->valid > ser->total)
    return fail(reader, err, "%u of %u elements were acquired", ser->valid, ser->total);
  set_number(ser->header, "TotalNumberElements", ser->total);
  set_number(ser->header, "ValidNumberElements", ser->valid);
  set_number(ser->header, "OffsetArrayOffset", reader->offsets);
  /* Two arrays of `total` entries each; both factors are far below 2^63. */
  guint64 bytes = (guint64)ser->total * 2 * reader->offset_bytes;
  if (reader->offsets > reader->size || bytes > reader->size - reader->offsets)
    return fail(reader, err, "the offsets of %u elements do not fit into the file", ser->total);
  return read_dimensions(reader, err);
}

/* ------------------------------------------------------------------------------------------------------------- elements */

static gboolean take_calibration(Reader *reader, TiaCalibration *calibration, GError **err)
{
  return take_f64(reader, &calibration->offset, err) && take_f64(reader, &calibration->delta, err) &&
         take_u32(reader, &calibration->element, err);
}

static gboolean has_positions(const TiaSer *ser)
{
  return ser->tag_type == TAGS_WITH_POSITION;
}

static gboolean read_tag(Reader *reader, Element *element, GError **err)
{
  guint16 tag_type;
  return take_u16(reader, &tag_type, err) && take_u16(reader, &element->tag_unknown, err) && take_u32(reader, &element->time, err) &&
         (!has_positions(reader->ser) || (take_f64(reader, &element->position_x, err) && take_f64(reader, &element->position_y, err)));
}

/* The entries of the offset array from `first` on, `step` apart. They are read in one go: elements and tags lie far from them. */
static gboolean read_offsets(Reader *reader, guint64 first, guint32 step, guint count, guint64 *offsets, GError **err)
{
  for (guint i = 0; i < count; i++) {
    reader->offset = reader->offsets + (first + (guint64)i * step) * reader->offset_bytes;
    if (!take(reader, reader->offset_bytes, &offsets[i], err))
      return FALSE;
  }
  return TRUE;
}

static gboolean read_element(Reader *reader, guint64 at, guint64 tag_at, Element *element, GError **err)
{
  TiaSer *ser = reader->ser;
  *element = (Element){ .height = 1 };
  reader->offset = at;
  if (!take_calibration(reader, &element->x, err) || (ser->is_image && !take_calibration(reader, &element->y, err)) ||
      !take_u16(reader, &element->data_type, err) || !take_u32(reader, &element->width, err) ||
      (ser->is_image && !take_u32(reader, &element->height, err)))
    return FALSE;
  element->data = reader->offset;
  reader->offset = tag_at;
  return read_tag(reader, element, err);
}

/* Type and size of all elements, taken from the first. */
static gboolean set_element_type(Reader *reader, const Element *first, GError **err)
{
  TiaSer *ser = reader->ser;
  gsize i = 0;
  while (i < G_N_ELEMENTS(SAMPLES) && SAMPLES[i].code != first->data_type)
    i++;
  if (i == G_N_ELEMENTS(SAMPLES))
    return fail(reader, err, "unknown type of numbers %u", first->data_type);
  ser->sample = SAMPLES[i].sample;
  ser->x = first->x;
  ser->y = first->y;
  ser->width = first->width;
  ser->height = first->height;
  ser->data = first->data;
  return TRUE;
}

static gboolean check_element(Reader *reader, const Element *element, const Element *first, guint32 index, GError **err)
{
  reader->offset = element->data;
  if (element->data_type != first->data_type || element->width != first->width || element->height != first->height)
    return fail(reader, err, "element %u is of another type or size than the first", index);
  guint64 bytes;
  if (element->width == 0 || element->height == 0 ||
      !g_uint64_checked_mul(&bytes, (guint64)element->width * element->height, nx_sample_size(reader->ser->sample)) ||
      bytes > reader->size - element->data)
    return fail(reader, err, "element %u of %u × %u numbers does not fit into the file", index, element->width, element->height);
  return TRUE;
}

/* Offsets of an element's fields, for the arrays of ser_header_parameters. */
typedef json_object *(*ElementField)(const Element *element);

#define NUMBER_FIELD(name, member) \
  static json_object *name(const Element *element) { return json_object_new_uint64(element->member); }
#define REAL_FIELD(name, member) \
  static json_object *name(const Element *element) { return nx_json_double(element->member); }
REAL_FIELD(x_offset, x.offset)
REAL_FIELD(x_delta, x.delta)
NUMBER_FIELD(x_element, x.element)
REAL_FIELD(y_offset, y.offset)
REAL_FIELD(y_delta, y.delta)
NUMBER_FIELD(y_element, y.element)
NUMBER_FIELD(data_type, data_type)
NUMBER_FIELD(width, width)
NUMBER_FIELD(height, height)
NUMBER_FIELD(tag_unknown, tag_unknown)
NUMBER_FIELD(tag_time, time)
REAL_FIELD(position_x, position_x)
REAL_FIELD(position_y, position_y)

typedef struct {
  const char *key;
  ElementField value;
} NamedField;

static const NamedField SPECTRUM_FIELDS[] = {
  { "CalibrationOffset", x_offset }, { "CalibrationDelta", x_delta }, { "CalibrationElement", x_element },
  { "DataType", data_type },         { "ArrayLength", width },        { NULL, NULL },
};
static const NamedField IMAGE_FIELDS[] = {
  { "CalibrationOffsetX", x_offset }, { "CalibrationDeltaX", x_delta }, { "CalibrationElementX", x_element },
  { "CalibrationOffsetY", y_offset }, { "CalibrationDeltaY", y_delta }, { "CalibrationElementY", y_element },
  { "DataType", data_type },          { "ArraySizeX", width },          { "ArraySizeY", height },
  { NULL, NULL },
};
static const NamedField TAG_FIELDS[] = { { "Unknown", tag_unknown }, { "Time", tag_time }, { NULL, NULL } };
static const NamedField POSITION_FIELDS[] = { { "PositionX", position_x }, { "PositionY", position_y }, { NULL, NULL } };

/* A value for one element, an array for several. */
static void set_fields(json_object *header, const NamedField *fields, const Element *elements, guint count)
{
  for (; fields->key; fields++) {
    json_object *array = count > 1 ? json_object_new_array_ext((int)count) : NULL;
    for (guint i = 0; array && i < count; i++)
      json_object_array_add(array, fields->value(&elements[i]));
    nx_json_set(header, fields->key, array ? array : fields->value(&elements[0]));
  }
}

static void describe_elements(TiaSer *ser, const Element *elements, guint count)
{
  set_fields(ser->header, ser->is_image ? IMAGE_FIELDS : SPECTRUM_FIELDS, elements, count);
  set_fields(ser->header, TAG_FIELDS, elements, count);
  if (has_positions(ser))
    set_fields(ser->header, POSITION_FIELDS, elements, count);
}

/* Elements lie one after the other with their tags between, so one distance leads from each to the next. `elements` are `step` apart. */
static void set_distance(TiaSer *ser, const Element *elements, guint32 step, guint count)
{
  guint64 apart = count > 1 && elements[1].data > elements[0].data ? elements[1].data - elements[0].data : 0;
  for (guint i = 1; i < count; i++) {
    if (elements[i].data <= elements[i - 1].data || elements[i].data - elements[i - 1].data != apart)
      return;
  }
  ser->distance = apart % step == 0 ? apart / step : 0;
}

/* ----------------------------------------------------------------------------------------------------- navigation shape */

static void add_navigation(TiaSer *ser, guint64 size, gint dimension)
{
  ser->navigation[ser->n_navigation] = size;
  ser->navigation_dimension[ser->n_navigation++] = dimension;
}

/* The scan as its dimensions say. Where neighbours lie in one line along x, the file has the fastest dimension first. */
static void shape_from_dimensions(TiaSer *ser, const Element *elements, guint count)
{
  gboolean fastest_first = has_positions(ser) && count > 1 && elements[0].position_y == elements[1].position_y;
  if (ser->n_dimensions == 1 && ser->total != ser->valid) {
    if (ser->valid > 1)
      add_navigation(ser, ser->valid, 0);
    return;
  }
  for (guint i = 0; i < ser->n_dimensions; i++) {
    guint taken = fastest_first ? ser->n_dimensions - 1 - i : i;
    if (!ser->is_image || ser->dimensions[i].size != 1)
      add_navigation(ser, ser->dimensions[taken].size, (gint)taken);
  }
}

static double position(const Element *element, gboolean along_y)
{
  return along_y ? element->position_y : element->position_x;
}

/* The size of a scan along one direction, from the positions; 0 when they do not change or only at the end. */
static guint64 size_from_positions(const Element *elements, guint count, gboolean along_y)
{
  double first = position(&elements[0], along_y);
  guint i = 1;
  while (i < count && position(&elements[i], along_y) == first)
    i++;
  if (i + 1 >= count)
    return 0;
  if (i > 1)
    return count / i;
  while (i < count && position(&elements[i], along_y) != first)
    i++;
  return i;
}

/* The scan of a file without dimensions. */
static gboolean shape_from_positions(Reader *reader, const Element *elements, guint count, GError **err)
{
  TiaSer *ser = reader->ser;
  if (!has_positions(ser) || count != ser->valid) {
    add_navigation(ser, ser->valid, -1);
    return TRUE;
  }
  guint64 width = size_from_positions(elements, count, FALSE), height = size_from_positions(elements, count, TRUE);
  if (width == 0 || height == 0)
    add_navigation(ser, MAX(MAX(width, height), 1), -1);
  else if (width == count && height == count)
    add_navigation(ser, count, -1);
  else if (width * height != count)
    return fail(reader, err, "%u elements at positions that are no grid", count);
  else {
    add_navigation(ser, height, -1);
    add_navigation(ser, width, -1);
  }
  return TRUE;
}

/* ----------------------------------------------------------------------------------------------------------- whole file */

/* Reads `count` elements, `step` apart, and compares each with the first. */
static gboolean read_each(Reader *reader, guint32 step, guint count, Element *elements, GError **err)
{
  g_autofree guint64 *at = g_new(guint64, count), *tag_at = g_new(guint64, count);
  if (!read_offsets(reader, 0, step, count, at, err) || !read_offsets(reader, reader->ser->total, step, count, tag_at, err))
    return FALSE;
  for (guint i = 0; i < count; i++) {
    if (!read_element(reader, at[i], tag_at[i], &elements[i], err) || (i == 0 && !set_element_type(reader, &elements[0], err)) ||
        !check_element(reader, &elements[i], &elements[0], i * step, err))
      return FALSE;
  }
  return TRUE;
}

static gboolean read_elements(Reader *reader, GError **err)
{
  TiaSer *ser = reader->ser;
  guint32 step = 1 + (ser->valid - 1) / ELEMENTS_LOOKED_AT_MAX;
  guint count = 1 + (ser->valid - 1) / step;
  g_autofree Element *elements = g_new(Element, count);
  if (!read_each(reader, step, count, elements, err))
    return FALSE;
  set_distance(ser, elements, step, count);
  /* Of a scan too large to look at each element only the first is kept. */
  describe_elements(ser, elements, step == 1 ? count : 1);
  if (ser->n_dimensions == 0)
    return shape_from_positions(reader, elements, count, err);
  shape_from_dimensions(ser, elements, count);
  return TRUE;
}

TiaSer *tia_ser_read(NxBytes *bytes, GError **err)
{
  g_autoptr(TiaSer) ser = g_new0(TiaSer, 1);
  Reader reader = { .ser = ser, .bytes = bytes, .size = nx_bytes_size(bytes) };
  ser->header = json_object_new_object();
  if (!read_header(&reader, err) || !read_elements(&reader, err))
    return NULL;
  return g_steal_pointer(&ser);
}

void tia_ser_free(TiaSer *ser)
{
  if (!ser)
    return;
  for (guint i = 0; i < TIA_DIMENSIONS_MAX; i++) {
    g_free(ser->dimensions[i].description);
    g_free(ser->dimensions[i].units);
  }
  json_object_put(ser->header);
  g_free(ser);
}

char *tia_ser_shape(const TiaSer *ser)
{
  GString *text = g_string_new("(");
  for (guint i = 0; i < ser->n_navigation; i++)
    g_string_append_printf(text, "%" G_GUINT64_FORMAT ", ", ser->navigation[i]);
  if (ser->is_image)
    g_string_append_printf(text, "%" G_GUINT64_FORMAT ", %" G_GUINT64_FORMAT ")", ser->height, ser->width);
  else
    g_string_append_printf(text, "%" G_GUINT64_FORMAT "%s)", ser->width, ser->n_navigation ? "" : ",");
  return g_string_free(text, FALSE);
}

/* ----------------------------------------------------------------------------------------------------------- for previews */

static void add_axis(NxArray *array, guint64 size, guint64 stride, const char *name, const char *units, double scale, double offset)
{
  guint at = array->n_dims++;
  array->shape[at] = size;
  array->stride[at] = stride;
  array->axis[at] = (NxAxis){ .name = g_strdup(name), .units = g_strdup(units), .scale = scale, .offset = offset };
}

/* The part of the scan that is complete: as many whole lines as were acquired. FALSE when there is less than one. */
static gboolean complete_part(const TiaSer *ser, guint64 sizes[TIA_DIMENSIONS_MAX])
{
  guint64 in_a_line = 1;
  for (guint i = 0; i < ser->n_navigation; i++) {
    sizes[i] = ser->navigation[i];
    if (i > 0 && !g_uint64_checked_mul(&in_a_line, in_a_line, sizes[i]))
      return FALSE;
  }
  if (ser->n_navigation == 0 || ser->distance == 0 || in_a_line > ser->valid)
    return FALSE;
  sizes[0] = MIN(sizes[0], ser->valid / in_a_line);
  return TRUE;
}

/* Positions are metres, shown in nanometres; a mere count has neither name nor unit. */
static void add_navigation_axis(const TiaSer *ser, guint index, guint64 size, guint64 stride, NxArray *array)
{
  static const char *const NAMES[] = { "x", "y", "z" };
  guint from_last = ser->n_navigation - 1 - index;
  gint number = ser->navigation_dimension[index];
  const TiaDimension *dimension = number >= 0 ? &ser->dimensions[number] : NULL;
  if (dimension && g_str_equal(dimension->units, "meters"))
    add_axis(array, size, stride, from_last < G_N_ELEMENTS(NAMES) ? NAMES[from_last] : NULL, "nm", dimension->delta * 1e9,
             dimension->offset * 1e9);
  else
    add_axis(array, size, stride, NULL, NULL, dimension ? dimension->delta : 1.0, dimension ? dimension->offset : 0.0);
}

void tia_ser_describe(const TiaSer *ser, NxBytes *bytes, const char *unit, NxArray *array)
{
  guint64 sizes[TIA_DIMENSIONS_MAX], stride = ser->distance;
  guint64 strides[TIA_DIMENSIONS_MAX];
  guint n_navigation = complete_part(ser, sizes) ? ser->n_navigation : 0;
  for (guint i = n_navigation; i-- > 0; stride *= sizes[i])
    strides[i] = stride;
  for (guint i = 0; i < n_navigation; i++)
    add_navigation_axis(ser, i, sizes[i], strides[i], array);

  const gsize sample_size = nx_sample_size(ser->sample);
  double factor = g_str_equal(unit, "nm") ? 1e9 : 1e-9;
  if (ser->is_image) {
    add_axis(array, ser->height, sample_size * ser->width, "y", unit, ser->y.delta * factor, ser->y.offset * factor);
    add_axis(array, ser->width, sample_size, "x", unit, ser->x.delta * factor, ser->x.offset * factor);
  } else {
    add_axis(array, ser->width, sample_size, "Energy", "eV", ser->x.delta, ser->x.offset);
  }
  array->bottom_up = ser->is_image;
  array->n_signal_dims = ser->is_image ? 2 : 1;
  array->sample = ser->sample;
  array->offset = ser->data;
  array->source = bytes;
}
