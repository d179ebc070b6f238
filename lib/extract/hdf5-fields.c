/* hdf5-fields.c — see hdf5-fields.h. */
#include "hdf5-fields.h"
#include "decimal.h"
#include "formats.h"
#include "written-quantity.h"

#include <float.h>
#include <math.h>
#include <string.h>

json_object *nx_tree_at(json_object *tree, const char *path)
{
  g_auto(GStrv) names = g_strsplit(path, ".", -1);
  for (char **name = names; *name && tree; name++)
    tree = json_object_is_type(tree, json_type_object) ? nx_json_get(tree, *name) : NULL;
  return tree;
}

gboolean nx_tree_number(json_object *value, int exponent, double *number)
{
  if (!json_object_is_type(value, json_type_string) && !json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double))
    return FALSE;
  return nx_decimal_parse(json_object_get_string(value), exponent, number, NULL);
}

/* Without what was rounded on the way: 0.5235987755982988 are 30 and not 29.999999999999996. */
static double degrees_of(double radians)
{
  return nx_decimal_shortest(radians * 180.0 / G_PI, 4 * DBL_EPSILON, 0);
}

static json_object *field_value(const NxTreeField *field, json_object *value)
{
  double number;
  switch (field->kind) {
  case NX_TREE_TEXT:
    return json_object_is_type(value, json_type_string) && *json_object_get_string(value) ? json_object_get(value) : NULL;
  case NX_TREE_NUMBER: return nx_tree_number(value, field->exponent, &number) ? nx_json_double(number) : NULL;
  case NX_TREE_QUANTITY: return nx_tree_number(value, field->exponent, &number) ? nx_meta_quantity(number, field->unit) : NULL;
  case NX_TREE_RADIANS: return nx_tree_number(value, 0, &number) ? nx_meta_quantity(degrees_of(number), "degree") : NULL;
  }
  return NULL;
}

void nx_tree_put_value(json_object *nx_meta, const char *dataset_type, const char *core, const char *member, const char *name, json_object *value)
{
  if (core && nx_meta_allows(dataset_type, core))
    nx_meta_put(nx_meta, core, member, value);
  else
    nx_meta_put(nx_meta, name, NULL, value);
}

void nx_tree_put(json_object *nx_meta, const char *dataset_type, json_object *tree, const NxTreeField *fields, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    const NxTreeField *field = &fields[i];
    nx_tree_put_value(nx_meta, dataset_type, field->core, field->member, field->name, field_value(field, nx_tree_at(tree, field->path)));
  }
}

json_object *nx_tree_meta(const NxInput *in, const char *dataset_type, const char *data_type)
{
  json_object *nx_meta = nx_image_meta(in, data_type);
  nx_json_set_string(nx_meta, "DatasetType", dataset_type);
  return nx_meta;
}

void nx_tree_put_dimensions(json_object *nx_meta, const NxArray *array)
{
  g_autoptr(GString) text = g_string_new("(");
  for (guint dim = 0; dim < array->n_dims; dim++)
    g_string_append_printf(text, "%s%" G_GUINT64_FORMAT, dim ? ", " : "", array->shape[dim]);
  g_string_append(text, array->n_dims == 1 ? ",)" : ")");
  if (array->n_dims > 0)
    nx_json_set_string(nx_meta, "Data Dimensions", text->str);
}

/* One side of a pixel, shifted as a decimal so that no rounding shows, and of the whole image. */
static void put_side(json_object *nx_meta, const char *dataset_type, const NxAxis *axis, guint64 n, const char *const *fields,
                     const char *const *names)
{
  /* No picture is as wide as an ampere. */
  const char *symbol = g_strcmp0(axis->units, "A") == 0 ? "Å" : axis->units;
  g_autoptr(json_object) number = nx_json_double(fabs(axis->scale));
  json_object *side = number ? nx_quantity_of(json_object_get_string(number), symbol, "nanometer") : NULL;
  const double nanometres = json_object_get_double(nx_json_get(side, "value"));
  if (!side)
    return;
  nx_tree_put_value(nx_meta, dataset_type, fields[0], NULL, names[0], side);
  nx_tree_put_value(nx_meta, dataset_type, fields[1], NULL, names[1], nx_meta_quantity(nanometres * (double)n / 1000.0, "micrometer"));
}

void nx_tree_put_pixels(json_object *nx_meta, const char *dataset_type, const NxArray *array)
{
  static const char *const FIELDS[][2] = { { "pixel_width", "horizontal_field_width" }, { "pixel_height", "vertical_field_width" } };
  static const char *const NAMES[][2] = { { "Pixel Width", "Horizontal Field Width" }, { "Pixel Height", "Vertical Field Width" } };
  for (guint side = 0; side < 2; side++) {
    const guint dim = array->n_dims - 1 - side;
    put_side(nx_meta, dataset_type, &array->axis[dim], array->shape[dim], FIELDS[side], NAMES[side]);
  }
}

void nx_tree_warn_of_damage(json_object *nx_meta, NxHdf5 *file)
{
  g_autofree char *damage = nx_hdf5_take_damage(file);
  g_autofree char *sentence = damage ? g_strdup_printf("Some of the metadata cannot be read: %s", damage) : NULL;
  if (sentence)
    nx_meta_warn(nx_meta, sentence);
}
