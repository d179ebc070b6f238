/* hdf5-fields.h — from a tree of metadata to fields of nx_meta. Private to lib/extract. */
#ifndef NX_HDF5_FIELDS_H
#define NX_HDF5_FIELDS_H

#include "hdf5-file.h"

typedef enum {
  NX_TREE_TEXT,
  NX_TREE_NUMBER,   /* a plain number */
  NX_TREE_QUANTITY, /* × 10^exponent is in `unit` */
  NX_TREE_RADIANS,  /* shown in degrees */
} NxTreeKind;

typedef struct {
  const char *path;   /* members of the tree, joined by dots */
  const char *core;   /* the field of the schema; NULL: none */
  const char *member; /* of the object `core`; or NULL */
  const char *name;   /* in extensions, where the schema has no such field for the type of data */
  NxTreeKind kind;
  int exponent;
  const char *unit;
} NxTreeField;

/* The value at a path of members; borrowed, NULL when there is none. */
json_object *nx_tree_at(json_object *tree, const char *path);
/* Numbers may be written as text; FALSE when it is none. */
gboolean nx_tree_number(json_object *value, int exponent, double *number);
/* Sets what is there; what is not, or is of another kind, is left out. */
void nx_tree_put(json_object *nx_meta, const char *dataset_type, json_object *tree, const NxTreeField *fields, gsize n);
/* Sets `core`, or `name` in extensions when the schema has no `core` for that type. `value` is consumed; NULL sets nothing. */
void nx_tree_put_value(json_object *nx_meta, const char *dataset_type, const char *core, const char *member, const char *name, json_object *value);
/* DatasetType, Data Type, Creation Time, Instrument ID, warnings, extensions. */
json_object *nx_tree_meta(const NxInput *in, const char *dataset_type, const char *data_type);
/* "(12, 1024, 1024)" of the array's shape. */
void nx_tree_put_dimensions(json_object *nx_meta, const NxArray *array);
/* Of an array of images: pixel_width and pixel_height in nanometres, horizontal_field_width and vertical_field_width in micrometres, where the axis
 * of columns or of rows is calibrated as a length. */
void nx_tree_put_pixels(json_object *nx_meta, const char *dataset_type, const NxArray *array);

/* Adds to `Extractor Warnings` what of the file's metadata was damaged, if anything. */
void nx_tree_warn_of_damage(json_object *nx_meta, NxHdf5 *file);

#endif
