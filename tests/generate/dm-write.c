/* dm-write.c — the tag tree of DigitalMicrograph, little-endian data (format facts: extractors-a 2.1 to 2.6).
 *
 * The tree is made as JSON first: an object is a tag group; a member whose name begins with '#' has no name in the file (JSON would not allow
 * it twice); {"%pixels": n} is the data of image n, {"%u32": n} an unsigned and {"%f32": x} a short real. */
#include "dm-write.h"

#include <math.h>
#include <string.h>

enum { TYPE_I16 = 2, TYPE_I32 = 3, TYPE_U16 = 4, TYPE_U32 = 5, TYPE_F32 = 6, TYPE_F64 = 7, TYPE_BOOL = 8, TYPE_ARRAY = 20 };
enum { KIND_GROUP = 20, KIND_DATA = 21 };
#define THUMBNAIL_WIDTH 96

typedef struct {
  int version;
  GByteArray *pixels[2]; /* of the thumbnail and of the scene */
  int pixel_type[2];
  gsize n_pixels[2];
} Writing;

/* --------------------------------------------------------------------------------------------------------------- bytes */

static void put_u8(GByteArray *out, guint8 value)
{
  g_byte_array_append(out, &value, 1);
}

static void put_be(GByteArray *out, guint64 value, int bytes)
{
  for (int i = bytes - 1; i >= 0; i--)
    put_u8(out, (guint8)(value >> (8 * i)));
}

static void put_le(GByteArray *out, guint64 value, int bytes)
{
  for (int i = 0; i < bytes; i++)
    put_u8(out, (guint8)(value >> (8 * i)));
}

/* Structure integers are big-endian, 4 bytes in version 3 and 8 in version 4. */
static void put_word(const Writing *work, GByteArray *out, guint64 value)
{
  put_be(out, value, work->version == 3 ? 4 : 8);
}

static void put_real(GByteArray *out, double value, int type)
{
  guint64 bits = 0;
  float narrow = (float)value;
  if (type == TYPE_F32)
    memcpy(&bits, &narrow, sizeof narrow);
  else
    memcpy(&bits, &value, sizeof value);
  put_le(out, bits, type == TYPE_F32 ? 4 : 8);
}

/* ---------------------------------------------------------------------------------------------------------------- tags */

static void put_info(const Writing *work, GByteArray *out, const guint64 *info, gsize n)
{
  g_byte_array_append(out, (const guint8 *)"%%%%", 4);
  put_word(work, out, n);
  for (gsize i = 0; i < n; i++)
    put_word(work, out, info[i]);
}

static void put_text(const Writing *work, GByteArray *out, const char *text)
{
  glong units = 0;
  g_autofree gunichar2 *utf16 = g_utf8_to_utf16(text, -1, NULL, &units, NULL);
  put_info(work, out, (const guint64[]){TYPE_ARRAY, TYPE_U16, (guint64)units}, 3);
  for (glong i = 0; i < units; i++)
    put_le(out, utf16[i], 2);
}

static void put_number(const Writing *work, GByteArray *out, json_object *number)
{
  gboolean is_real = json_object_is_type(number, json_type_double);
  put_info(work, out, (const guint64[]){is_real ? TYPE_F64 : TYPE_I32}, 1);
  if (is_real)
    put_real(out, json_object_get_double(number), TYPE_F64);
  else
    put_le(out, (guint64)json_object_get_int64(number), 4);
}

static void put_numbers(const Writing *work, GByteArray *out, json_object *array)
{
  gsize n = json_object_array_length(array);
  put_info(work, out, (const guint64[]){TYPE_ARRAY, TYPE_I32, n}, 3);
  for (gsize i = 0; i < n; i++)
    put_le(out, (guint64)json_object_get_int64(json_object_array_get_idx(array, i)), 4);
}

/* {"%pixels": n}, {"%u32": n} and {"%f32": x}. FALSE: an ordinary group. */
static gboolean put_special(const Writing *work, GByteArray *out, json_object *object)
{
  if (json_object_object_length(object) != 1)
    return FALSE;
  if (nx_json_get(object, "%u32")) {
    put_info(work, out, (const guint64[]){TYPE_U32}, 1);
    put_le(out, (guint64)nx_json_get_int(object, "%u32", 0), 4);
  } else if (nx_json_get(object, "%f32")) {
    put_info(work, out, (const guint64[]){TYPE_F32}, 1);
    put_real(out, nx_json_get_double(object, "%f32", 0), TYPE_F32);
  } else if (nx_json_get(object, "%pixels")) {
    gint64 image = nx_json_get_int(object, "%pixels", 0);
    put_info(work, out, (const guint64[]){TYPE_ARRAY, (guint64)work->pixel_type[image], work->n_pixels[image]}, 3);
    g_byte_array_append(out, work->pixels[image]->data, work->pixels[image]->len);
  } else {
    return FALSE;
  }
  return TRUE;
}

static void put_group(const Writing *work, GByteArray *out, json_object *group);

/* The part of an entry behind its name; returns its kind. */
static int put_body(const Writing *work, GByteArray *out, json_object *value)
{
  switch (json_object_get_type(value)) {
  case json_type_object:
    if (put_special(work, out, value))
      return KIND_DATA;
    put_group(work, out, value);
    return KIND_GROUP;
  case json_type_array:
    if (json_object_array_length(value) > 0 && !json_object_is_type(json_object_array_get_idx(value, 0), json_type_object)) {
      put_numbers(work, out, value);
      return KIND_DATA;
    }
    put_group(work, out, value);
    return KIND_GROUP;
  case json_type_string:
    put_text(work, out, json_object_get_string(value));
    return KIND_DATA;
  case json_type_boolean:
    put_info(work, out, (const guint64[]){TYPE_BOOL}, 1);
    put_u8(out, json_object_get_boolean(value) ? 1 : 0);
    return KIND_DATA;
  default:
    put_number(work, out, value);
    return KIND_DATA;
  }
}

/* Names stand in Latin-1 where they can, as the µ of "Field of View (µm)" does in real files. */
static void put_entry(const Writing *work, GByteArray *out, const char *name, json_object *value)
{
  g_autoptr(GByteArray) body = g_byte_array_new();
  int kind = put_body(work, body, value);
  gsize length = 0;
  const char *shown = *name == '#' ? "" : name;
  g_autofree char *latin = g_convert(shown, -1, "ISO-8859-1", "UTF-8", NULL, &length, NULL);
  if (!latin)
    length = strlen(shown);
  put_u8(out, (guint8)kind);
  put_be(out, length, 2);
  g_byte_array_append(out, (const guint8 *)(latin ? latin : shown), (guint)length);
  if (work->version == 4)
    put_be(out, body->len, 8);
  g_byte_array_append(out, body->data, body->len);
}

static void put_group(const Writing *work, GByteArray *out, json_object *group)
{
  put_u8(out, 1);
  put_u8(out, 0);
  if (json_object_is_type(group, json_type_array)) {
    put_word(work, out, json_object_array_length(group));
    for (gsize i = 0; i < json_object_array_length(group); i++)
      put_entry(work, out, "#", json_object_array_get_idx(group, i));
    return;
  }
  put_word(work, out, (guint64)json_object_object_length(group));
  json_object_object_foreach(group, name, value)
    put_entry(work, out, name, value);
}

/* -------------------------------------------------------------------------------------------------------------- pixels */

static const struct {
  int data_type;   /* of ImageData/DataType */
  int tag_type;
  int depth;       /* bytes */
  double least, most;
} SAMPLES[] = {
  [DM_INT16] = {1, TYPE_I16, 2, -32768, 32767},
  [DM_INT32] = {7, TYPE_I32, 4, -2147483648.0, 2147483647.0},
  [DM_UINT16] = {10, TYPE_U16, 2, 0, 65535},
  [DM_FLOAT32] = {2, TYPE_F32, 4, 0, 0},
};
#define DATA_TYPE_RGB 23

static GByteArray *encode(const Scene *scene, DmSample sample)
{
  gsize n = scene_length(scene);
  GByteArray *bytes = g_byte_array_sized_new((guint)(n * (gsize)SAMPLES[sample].depth));
  for (gsize i = 0; i < n; i++)
    if (sample == DM_FLOAT32)
      put_real(bytes, scene->values[i], TYPE_F32);
    else
      put_le(bytes, (guint64)(gint64)CLAMP((double)scene->values[i], SAMPLES[sample].least, SAMPLES[sample].most), SAMPLES[sample].depth);
  return bytes;
}

/* A small grey picture of the first plane, or of the curve of a spectrum, in B, G, R, A. */
static guint8 thumbnail_grey(const Scene *scene, gsize x, gsize y, double most)
{
  gsize width = scene->size[0], column = x * width / THUMBNAIL_WIDTH;
  if (scene->n_dims == 1)
    return sqrt(scene->values[column] / most) * THUMBNAIL_WIDTH > (double)(THUMBNAIL_WIDTH - y) ? 40 : 255;
  return (guint8)(255 * MIN(1, sqrt(scene->values[y * scene->size[1] / THUMBNAIL_WIDTH * width + column] / most)));
}

static GByteArray *make_thumbnail(const Scene *scene)
{
  GByteArray *bytes = g_byte_array_new();
  gsize plane = scene->n_dims == 1 ? scene->size[0] : scene->size[0] * scene->size[1];
  double most = 1;
  for (gsize i = 0; i < plane; i++)
    most = MAX(most, scene->values[i]);
  for (gsize y = 0; y < THUMBNAIL_WIDTH; y++)
    for (gsize x = 0; x < THUMBNAIL_WIDTH; x++) {
      guint8 grey = thumbnail_grey(scene, x, y, most);
      g_byte_array_append(bytes, (const guint8[]){grey, grey, grey, 255}, 4);
    }
  return bytes;
}

/* ------------------------------------------------------------------------------------------------------------ the tree */

static json_object *special(const char *kind, json_object *value)
{
  json_object *object = json_object_new_object();
  nx_json_set(object, kind, value);
  return object;
}

static json_object *unsigned_tag(guint64 value)
{
  return special("%u32", json_object_new_int64((gint64)value));
}

static json_object *calibration(const SceneAxis *axis)
{
  json_object *tags = json_object_new_object();
  nx_json_set(tags, "Origin", special("%f32", nx_json_double(axis->origin)));
  nx_json_set(tags, "Scale", special("%f32", nx_json_double(axis->scale)));
  nx_json_set_string(tags, "Units", axis->units);
  return tags;
}

static json_object *image_data(int image, guint n_dims, const gsize *size, const SceneAxis *axes, int data_type, int depth)
{
  static const SceneAxis COUNTS = {0, 1, ""};
  json_object *data = json_object_new_object(), *calibrations = json_object_new_object();
  json_object *dimension = json_object_new_array(), *dimensions = json_object_new_object();
  for (guint i = 0; i < n_dims; i++) {
    g_autofree char *name = g_strdup_printf("#%u", i);
    json_object_array_add(dimension, calibration(axes ? &axes[i] : &COUNTS));
    nx_json_set(dimensions, name, unsigned_tag(size[i]));
  }
  nx_json_set(calibrations, "Brightness", calibration(&COUNTS));
  nx_json_set(calibrations, "Dimension", dimension);
  nx_json_set(calibrations, "DisplayCalibratedUnits", json_object_new_boolean(TRUE));
  nx_json_set(data, "Calibrations", calibrations);
  nx_json_set(data, "Data", special("%pixels", json_object_new_int(image)));
  nx_json_set(data, "DataType", unsigned_tag((guint64)data_type));
  nx_json_set(data, "Dimensions", dimensions);
  nx_json_set(data, "PixelDepth", unsigned_tag((guint64)depth));
  return data;
}

static json_object *image(json_object *data, const char *name, json_object *tags)
{
  json_object *group = json_object_new_object();
  nx_json_set(group, "ImageData", data);
  nx_json_set(group, "ImageTags", tags ? json_object_get(tags) : json_object_new_object());
  nx_json_set_string(group, "Name", name);
  return group;
}

static json_object *document_object(void)
{
  static const char OBJECT[] = "[{\"AnnotationGroupList\": {}, \"AnnotationType\": 20, \"ImageDisplayType\": 1, \"ImageSource\": 0, \"IsVisible\": true}]";
  return nx_json_parse(OBJECT, strlen(OBJECT), NULL);
}

static json_object *make_tree(const char *title, const Scene *scene, DmSample sample, json_object *image_tags)
{
  static const gsize SMALL[] = {THUMBNAIL_WIDTH, THUMBNAIL_WIDTH};
  json_object *root = json_object_new_object(), *images = json_object_new_array(), *thumbnails = json_object_new_array();
  json_object_array_add(images, image(image_data(0, 2, SMALL, NULL, DATA_TYPE_RGB, 4), "", NULL));
  json_object_array_add(images, image(image_data(1, scene->n_dims, scene->size, scene->axis, SAMPLES[sample].data_type, SAMPLES[sample].depth), title,
                                      image_tags));
  json_object *thumbnail = json_object_new_object();
  nx_json_set(thumbnail, "ImageIndex", unsigned_tag(0));
  json_object_array_add(thumbnails, thumbnail);
  nx_json_set(root, "DocumentObjectList", document_object());
  nx_json_set(root, "ImageList", images);
  nx_json_set(root, "InImageMode", json_object_new_boolean(TRUE));
  nx_json_set(root, "NextDocumentObjectID", unsigned_tag(10));
  nx_json_set(root, "Thumbnails", thumbnails);
  return root;
}

GByteArray *dm_write(int version, const char *title, const Scene *scene, DmSample sample, json_object *image_tags)
{
  Writing work = {.version = version, .pixels = {make_thumbnail(scene), encode(scene, sample)}, .pixel_type = {TYPE_I32, SAMPLES[sample].tag_type},
                  .n_pixels = {THUMBNAIL_WIDTH * THUMBNAIL_WIDTH, scene_length(scene)}};
  g_autoptr(json_object) tree = make_tree(title, scene, sample, image_tags);
  g_autoptr(GByteArray) body = g_byte_array_new();
  put_group(&work, body, tree);
  GByteArray *file = g_byte_array_new();
  put_be(file, (guint64)version, 4);
  put_word(&work, file, body->len);
  put_be(file, 1, 4); /* data are little-endian */
  g_byte_array_append(file, body->data, body->len);
  put_be(file, 0, 8);
  g_byte_array_unref(work.pixels[0]);
  g_byte_array_unref(work.pixels[1]);
  return file;
}
