/* hdf5-values.c — attributes and small datasets of HDF5 as JSON: text, integers, reals, booleans (an enumeration of FALSE and TRUE, as h5py writes
 * them), and arrays of these. */
#include "hdf5-chunks.h"
#include "hdf5-file.h"

#include <string.h>

#define TREE_DEPTH_MAX 32u
#define TREE_MEMBERS_MAX 20000u

/* What is read: an attribute, a dataset, or one field of the records of a dataset. */
typedef struct {
  const NxHdf5 *file;
  hid_t object;
  gboolean is_attribute;
  const char *field; /* or NULL */
} Source;

/* One field of every record: a record in memory that has this field alone. */
static herr_t read_field(const Source *source, hid_t type, void *to)
{
  hid_t record = H5Tcreate(H5T_COMPOUND, H5Tget_size(type));
  herr_t status = record < 0 ? -1 : H5Tinsert(record, source->field, 0, type);
  if (status >= 0)
    status = H5Dread(source->object, record, H5S_ALL, H5S_ALL, H5P_DEFAULT, to);
  if (record >= 0)
    H5Tclose(record);
  return status;
}

/* All elements, as `type`. */
static gboolean read_all(const Source *source, hid_t type, void *to)
{
  if (source->is_attribute)
    return H5Aread(source->object, type, to) >= 0;
  if (!nx_hdf5_is_whole(source->object, nx_hdf5_heap(source->file))) {
    nx_hdf5_note_damage(source->file, "a small dataset has a chunk that does not unpack to all of its bytes");
    return FALSE;
  }
  if (source->field)
    return read_field(source, type, to) >= 0;
  return H5Dread(source->object, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, to) >= 0;
}

/* ------------------------------------------------------------------------------------------------------------------ numbers */

static gboolean is_boolean(hid_t type)
{
  if (H5Tget_class(type) != H5T_ENUM || H5Tget_nmembers(type) != 2)
    return FALSE;
  gboolean is = FALSE;
  for (unsigned i = 0; i < 2; i++) {
    char *name = H5Tget_member_name(type, i);
    is = name && g_ascii_strcasecmp(name, i ? "TRUE" : "FALSE") == 0 && (i == 0 || is);
    H5free_memory(name);
  }
  return is;
}

static json_object *integer_at(const void *values, gsize i, gboolean is_signed)
{
  return is_signed ? json_object_new_int64(((const gint64 *)values)[i]) : json_object_new_uint64(((const guint64 *)values)[i]);
}

/* Adds `n` numbers; elements of 8 bytes in memory whatever they are in the file. */
static gboolean add_numbers(const Source *source, hid_t type, gsize n, json_object *values)
{
  const H5T_class_t class = H5Tget_class(type);
  const gboolean is_signed = class == H5T_ENUM || H5Tget_sign(type) != H5T_SGN_NONE;
  const gboolean is_truth = is_boolean(type);
  hid_t memory = class == H5T_FLOAT ? H5T_NATIVE_DOUBLE : is_signed ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64;
  g_autofree guint8 *buffer = g_malloc0(MAX(n, 1) * 8);
  if (class == H5T_ENUM) { /* enumerations convert only to their like; theirs are one byte */
    if (!is_truth || H5Tget_size(type) != 1 || !read_all(source, type, buffer))
      return FALSE;
    for (gsize i = 0; i < n; i++)
      json_object_array_add(values, json_object_new_boolean(buffer[i] != 0));
    return TRUE;
  }
  if (!read_all(source, memory, buffer))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    json_object_array_add(values, class == H5T_FLOAT ? nx_json_double(((const double *)(const void *)buffer)[i]) : integer_at(buffer, i, is_signed));
  return TRUE;
}

/* ------------------------------------------------------------------------------------------------------------------- text */

static json_object *text_of(const char *bytes, gsize most)
{
  g_autofree char *text = nx_text_utf8(bytes, (gssize)strnlen(bytes, most));
  return json_object_new_string(text);
}

static gboolean add_fixed_texts(const Source *source, hid_t type, gsize n, json_object *values)
{
  const gsize size = H5Tget_size(type);
  g_autofree char *buffer = g_malloc0(MAX(n * size, 1));
  if (!read_all(source, type, buffer))
    return FALSE;
  for (gsize i = 0; i < n; i++)
    json_object_array_add(values, text_of(buffer + i * size, size));
  return TRUE;
}

/* A text that cannot be read costs itself, and says so. */
static json_object *text_at(const NxHdf5 *file, const guint8 *reference)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(GBytes) text = NULL;
  gsize length;
  if (!nx_heap_text(nx_hdf5_heap(file), reference, NX_HDF5_SMALL_MAX, &text, &problem)) {
    nx_hdf5_note_damage(file, problem->message);
    return NULL;
  }
  const char *bytes = g_bytes_get_data(text, &length);
  return length == 0 ? json_object_new_string("") : nx_hdf5_afford(file, 0, length) ? text_of(bytes, length) : NULL;
}

static gboolean add_variable_texts(const Source *source, gsize n, json_object *values)
{
  const gsize size = nx_heap_reference_size(nx_hdf5_heap(source->file));
  g_autofree guint8 *references = g_malloc0(MAX(n, 1) * size);
  hid_t type = nx_hdf5_reference_type(source->file);
  gboolean is_read = read_all(source, type, references);
  H5Tclose(type);
  for (gsize i = 0; is_read && i < n; i++)
    json_object_array_add(values, text_at(source->file, references + i * size));
  return is_read;
}

/* ---------------------------------------------------------------------------------------------------------------- any value */

static gboolean add_values(const Source *source, hid_t type, gsize n, json_object *values)
{
  switch (H5Tget_class(type)) {
  case H5T_INTEGER:
  case H5T_FLOAT:
  case H5T_ENUM: return add_numbers(source, type, n, values);
  case H5T_STRING:
    return H5Tis_variable_str(type) > 0 ? add_variable_texts(source, n, values) : add_fixed_texts(source, type, n, values);
  default: return FALSE;
  }
}

/* All elements as an array; NULL when there are too many, or they are of another kind or none that can be. */
static json_object *all_values(const Source *source, hid_t type, hid_t space)
{
  const hssize_t n = H5Sget_simple_extent_npoints(space);
  const gsize size = MAX(H5Tget_size(type), 8);
  gsize total;
  if (!nx_hdf5_is_sound(type) || n < 0 || !g_size_checked_mul(&total, (gsize)n, size) || total > NX_HDF5_SMALL_MAX || !nx_hdf5_afford(source->file, (gsize)n, total))
    return NULL;
  json_object *values = json_object_new_array();
  if (n == 0 || add_values(source, type, (gsize)n, values))
    return values;
  json_object_put(values);
  return NULL;
}

/* A value that stands alone, or the array; consumes `values`. */
static json_object *without_array(json_object *values, hid_t space)
{
  if (!values || H5Sget_simple_extent_type(space) != H5S_SCALAR || json_object_array_length(values) != 1)
    return values;
  json_object *only = json_object_get(json_object_array_get_idx(values, 0));
  json_object_put(values);
  return only;
}

/* --------------------------------------------------------------------------------------------------------------- attributes */

json_object *nx_hdf5_attribute(const NxHdf5 *file, const char *path, const char *name)
{
  hid_t attribute = H5Aopen_by_name(nx_hdf5_id(file), path, name, H5P_DEFAULT, H5P_DEFAULT);
  if (attribute < 0)
    return NULL;
  const Source source = { file, attribute, TRUE, NULL };
  hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
  json_object *value = type < 0 || space < 0 ? NULL : without_array(all_values(&source, type, space), space);
  H5Tclose(type);
  H5Sclose(space);
  H5Aclose(attribute);
  return value;
}

json_object *nx_hdf5_first(const NxHdf5 *file, const char *path, const char *name)
{
  json_object *value = nx_hdf5_attribute(file, path, name);
  if (!json_object_is_type(value, json_type_array))
    return value;
  json_object *first = json_object_get(json_object_array_get_idx(value, 0));
  json_object_put(value);
  return first;
}

/* ----------------------------------------------------------------------------------------------------------- small datasets */

json_object *nx_hdf5_value(const NxHdf5 *file, const char *path)
{
  hid_t dataset = H5Dopen2(nx_hdf5_id(file), path, H5P_DEFAULT);
  if (dataset < 0)
    return NULL;
  const Source source = { file, dataset, FALSE, NULL };
  hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
  json_object *value = NULL;
  if (type >= 0 && space >= 0 && nx_hdf5_is_readable(dataset, NULL))
    value = without_array(all_values(&source, type, space), space);
  H5Tclose(type);
  H5Sclose(space);
  H5Dclose(dataset);
  return value;
}

json_object *nx_hdf5_column(const NxHdf5 *file, const char *path, const char *field)
{
  hid_t dataset = H5Dopen2(nx_hdf5_id(file), path, H5P_DEFAULT);
  if (dataset < 0)
    return NULL;
  const Source source = { file, dataset, FALSE, field };
  hid_t record = H5Dget_type(dataset), space = H5Dget_space(dataset);
  const int member = H5Tget_class(record) == H5T_COMPOUND ? H5Tget_member_index(record, field) : -1;
  hid_t type = member < 0 ? H5I_INVALID_HID : H5Tget_member_type(record, (unsigned)member);
  json_object *values = type < 0 || !nx_hdf5_is_readable(dataset, NULL) ? NULL : all_values(&source, type, space);
  if (type >= 0)
    H5Tclose(type);
  H5Tclose(record);
  H5Sclose(space);
  H5Dclose(dataset);
  return values;
}

/* ------------------------------------------------------------------------------------------------------------------ a tree */

typedef struct {
  const NxHdf5 *file;
  guint left;         /* members that may still be added */
  GHashTable *groups; /* addresses of those that have been told: a file may link a group to itself, or in two ways at each of many levels */
} Tree;

typedef struct {
  Tree *tree;
  const char *path;
  json_object *to;
} Branch;

static herr_t add_attribute(hid_t object, const char *name, const H5A_info_t *info, void *user_data)
{
  (void)object, (void)info;
  const Branch *branch = user_data;
  if (branch->tree->left == 0)
    return 1;
  json_object *value = g_utf8_validate(name, -1, NULL) ? nx_hdf5_attribute(branch->tree->file, branch->path, name) : NULL;
  if (value) {
    branch->tree->left--;
    nx_json_set(branch->to, name, value);
  }
  return 0;
}

static json_object *group_tree(Tree *tree, const char *path, guint depth);

static void add_members(const Branch *branch, guint depth)
{
  Tree *tree = branch->tree;
  g_auto(GStrv) names = nx_hdf5_names(tree->file, branch->path);
  for (char **name = names; *name && tree->left > 0; name++) {
    g_autofree char *below = g_strconcat(branch->path, "/", *name, NULL);
    const NxHdf5Kind kind = nx_hdf5_kind(tree->file, below);
    tree->left--; /* what gives nothing has cost as much */
    json_object *value = kind == NX_HDF5_GROUP ? group_tree(tree, below, depth + 1)
                         : kind == NX_HDF5_DATASET ? nx_hdf5_value(tree->file, below) : NULL;
    if (value)
      nx_json_set(branch->to, *name, value);
  }
}

static gboolean note_group(const Tree *tree, hid_t group)
{
  H5O_info_t about;
  if (H5Oget_info2(group, &about, H5O_INFO_BASIC) < 0)
    return FALSE;
  const gint64 address = (gint64)about.addr;
  return g_hash_table_add(tree->groups, g_memdup2(&address, sizeof address));
}

static json_object *attributes_of(Tree *tree, hid_t group, const char *path)
{
  Branch branch = { tree, path, json_object_new_object() };
  hsize_t at = 0;
  H5Aiterate2(group, H5_INDEX_NAME, H5_ITER_NATIVE, &at, add_attribute, &branch);
  return branch.to;
}

/* NULL: no group, too deep, or told already. */
static json_object *group_tree(Tree *tree, const char *path, guint depth)
{
  hid_t group = depth < TREE_DEPTH_MAX ? H5Gopen2(nx_hdf5_id(tree->file), path, H5P_DEFAULT) : H5I_INVALID_HID;
  if (group < 0)
    return NULL;
  json_object *members = note_group(tree, group) ? attributes_of(tree, group, path) : NULL;
  H5Gclose(group);
  if (members)
    add_members(&(Branch){ tree, path, members }, depth);
  return members;
}

json_object *nx_hdf5_tree(const NxHdf5 *file, const char *path)
{
  g_autoptr(GHashTable) groups = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
  return group_tree(&(Tree){ file, TREE_MEMBERS_MAX, groups }, path, 0);
}
