/* dm-writer.c — see dm-writer.h. */
#include "dm-writer.h"

#include <string.h>

DmGroup *dm_group_new(guint version, gboolean big_endian)
{
  DmGroup *group = g_new0(DmGroup, 1);
  group->version = version;
  group->big_endian = big_endian;
  group->tags = g_byte_array_new();
  return group;
}

void dm_group_free(DmGroup *group)
{
  g_byte_array_unref(group->tags);
  g_free(group);
}

static void put_big_endian(GByteArray *to, guint64 value, guint length)
{
  for (guint i = length; i-- > 0;) {
    guint8 byte = (guint8)(value >> (8 * i));
    g_byte_array_append(to, &byte, 1);
  }
}

static void put_word(GByteArray *to, guint version, gint64 value)
{
  put_big_endian(to, (guint64)value, version == 3 ? 4 : 8);
}

static void put_head(DmGroup *group, guint8 kind, const char *name)
{
  g_byte_array_append(group->tags, &kind, 1);
  put_big_endian(group->tags, strlen(name), 2);
  g_byte_array_append(group->tags, (const guint8 *)name, (guint)strlen(name));
  group->count++;
}

/* Appends `size` bytes of a value in the group's byte order. */
static void put_value(const DmGroup *group, GByteArray *to, const void *value, guint size)
{
  guint64 bits = 0;
  memcpy(&bits, value, size); /* the tests run on little-endian machines, as Debian's amd64 and arm64 are */
  for (guint i = 0; i < size; i++) {
    guint8 byte = (guint8)(bits >> (8 * (group->big_endian ? size - 1 - i : i)));
    g_byte_array_append(to, &byte, 1);
  }
}

void dm_add_data(DmGroup *group, const char *name, const gint64 *info, guint n_info, const void *value, gsize length)
{
  g_autoptr(GByteArray) body = g_byte_array_new();
  g_byte_array_append(body, (const guint8 *)"%%%%", 4);
  put_word(body, group->version, n_info);
  for (guint i = 0; i < n_info; i++)
    put_word(body, group->version, info[i]);
  g_byte_array_append(body, value, (guint)length);
  put_head(group, 21, name);
  if (group->version == 4)
    put_word(group->tags, 4, body->len);
  g_byte_array_append(group->tags, body->data, body->len);
}

static void add_number(DmGroup *group, const char *name, gint64 type, const void *value, guint size)
{
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  put_value(group, bytes, value, size);
  dm_add_data(group, name, &type, 1, bytes->data, bytes->len);
}

void dm_add_i32(DmGroup *group, const char *name, gint32 value)
{
  add_number(group, name, 3, &value, 4);
}

void dm_add_f64(DmGroup *group, const char *name, double value)
{
  add_number(group, name, 7, &value, 8);
}

void dm_add_boolean(DmGroup *group, const char *name, gboolean value)
{
  guint8 byte = value ? 1 : 0;
  add_number(group, name, 8, &byte, 1);
}

void dm_add_text(DmGroup *group, const char *name, const char *text)
{
  glong units;
  g_autofree gunichar2 *utf16 = g_utf8_to_utf16(text, -1, NULL, &units, NULL);
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  for (glong i = 0; i < units; i++)
    put_value(group, bytes, &utf16[i], 2);
  dm_add_data(group, name, (const gint64[]){ 20, 4, units }, 3, bytes->data, bytes->len);
}

void dm_add_f32s(DmGroup *group, const char *name, const float *values, guint count)
{
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  for (guint i = 0; i < count; i++)
    put_value(group, bytes, &values[i], 4);
  dm_add_data(group, name, (const gint64[]){ 20, 6, count }, 3, bytes->data, bytes->len);
}

void dm_add_f32_struct(DmGroup *group, const char *name, const float *values, guint count)
{
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  g_autofree gint64 *info = g_new0(gint64, 3 + 2 * count);
  info[0] = 15;
  info[2] = count;
  for (guint i = 0; i < count; i++) {
    info[4 + 2 * i] = 6;
    put_value(group, bytes, &values[i], 4);
  }
  dm_add_data(group, name, info, 3 + 2 * count, bytes->data, bytes->len);
}

void dm_add_group(DmGroup *group, const char *name, DmGroup *child)
{
  put_head(group, 20, name);
  if (group->version == 4)
    put_word(group->tags, 4, 2 + 8 + (gint64)child->tags->len);
  put_big_endian(group->tags, 0, 2);
  put_word(group->tags, group->version, child->count);
  g_byte_array_append(group->tags, child->tags->data, child->tags->len);
  dm_group_free(child);
}

GByteArray *dm_file(DmGroup *root)
{
  GByteArray *file = g_byte_array_new();
  put_big_endian(file, root->version, 4);
  put_word(file, root->version, (gint64)root->tags->len + (root->version == 3 ? 6 : 10));
  put_big_endian(file, root->big_endian ? 0 : 1, 4);
  put_big_endian(file, 0, 2);
  put_word(file, root->version, root->count);
  g_byte_array_append(file, root->tags->data, root->tags->len);
  put_big_endian(file, 0, 8);
  dm_group_free(root);
  return file;
}

DmGroup *dm_image_group(guint version, gboolean big_endian, gint32 width, gint32 height, DmGroup *tags)
{
  DmGroup *image = dm_group_new(version, big_endian);
  DmGroup *data = dm_group_new(version, big_endian);
  DmGroup *dimensions = dm_group_new(version, big_endian);
  guint count = (guint)(MAX(width, 0) * MAX(height, 0));
  g_autofree float *pixels = g_new0(float, count + 1);
  for (guint i = 0; i < count; i++)
    pixels[i] = (float)i;
  dm_add_i32(dimensions, "", width);
  dm_add_i32(dimensions, "", height);
  dm_add_f32s(data, "Data", pixels, count);
  dm_add_i32(data, "DataType", 2);
  dm_add_group(data, "Dimensions", dimensions);
  dm_add_group(image, "ImageData", data);
  if (tags)
    dm_add_group(image, "ImageTags", tags);
  return image;
}

GByteArray *dm_one_image_file(DmGroup *image)
{
  DmGroup *root = dm_group_new(image->version, image->big_endian);
  DmGroup *list = dm_group_new(image->version, image->big_endian);
  dm_add_group(list, "", image);
  dm_add_group(root, "ImageList", list);
  return dm_file(root);
}
