/* dm-image.c — finds the images of a DigitalMicrograph file and describes their pixels without reading them (extractors-a 2.5 to 2.8). */
#include "dm-image.h"

#include <string.h>

/* A document holds a handful of images; what is beyond these is not looked at. */
#define IMAGES_MAX 256u

/* What ImageData:DataType says about a pixel. Half of a Fourier transform is stored in the packed forms. */
typedef enum { PACKING_NONE, PACKING_HALF, PACKING_UNKNOWN } Packing;

typedef struct {
  gint64 code;
  NxSample sample;
  Packing packing;
} PixelType;

static const PixelType PIXEL_TYPES[] = {
  { 1, NX_I16, PACKING_NONE },  { 2, NX_F32, PACKING_NONE },   { 3, NX_C64, PACKING_NONE },  { 5, NX_C64, PACKING_UNKNOWN },
  { 6, NX_U8, PACKING_NONE },   { 7, NX_I32, PACKING_NONE },   { 8, NX_BGRA, PACKING_NONE }, { 9, NX_I8, PACKING_NONE },
  { 10, NX_U16, PACKING_NONE }, { 11, NX_U32, PACKING_NONE },  { 12, NX_F64, PACKING_NONE }, { 13, NX_C128, PACKING_NONE },
  { 14, NX_U8, PACKING_NONE },  { 23, NX_BGRA, PACKING_NONE }, { 27, NX_C64, PACKING_HALF }, { 28, NX_C128, PACKING_HALF },
};

static gboolean G_GNUC_PRINTF(3, 4) fail(const DmImage *image, GError **err, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  g_autofree char *cause = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "DM file, image %u: %s", image->index, cause);
  return FALSE;
}

void dm_image_free(DmImage *image)
{
  if (!image)
    return;
  for (guint i = 0; i < NX_DIMS_MAX; i++) {
    g_free(image->array.axis[i].name);
    g_free(image->array.axis[i].units);
  }
  g_free(image);
}

/* --------------------------------------------------------------------------------------------------------------- pixels */

static const PixelType *pixel_type(const DmTree *tree, const DmImage *image, GError **err)
{
  gint64 code;
  if (!dm_tag_integer(tree, dm_tag_find(tree, image->group, "ImageData:DataType"), 0, &code)) {
    fail(image, err, "ImageData:DataType is missing or no whole number");
    return NULL;
  }
  for (guint i = 0; i < G_N_ELEMENTS(PIXEL_TYPES); i++) {
    if (PIXEL_TYPES[i].code == code)
      return &PIXEL_TYPES[i];
  }
  fail(image, err, "data type %" G_GINT64_FORMAT " not supported", code);
  return NULL;
}

/* The sizes, in the file's order (fastest first). */
static gboolean read_sizes(const DmTree *tree, const DmImage *image, guint64 sizes[NX_DIMS_MAX], guint *n_dims, GError **err)
{
  const DmTag *dimensions = dm_tag_find(tree, image->group, "ImageData:Dimensions");
  *n_dims = 0;
  for (const DmTag *tag = dm_tag_first(tree, dimensions); tag; tag = dm_tag_next(tree, tag)) {
    gint64 size;
    if (*n_dims == NX_DIMS_MAX)
      return fail(image, err, "bad dimensions: more than %d", NX_DIMS_MAX);
    if (!dm_tag_integer(tree, tag, 0, &size) || size < 1)
      return fail(image, err, "bad dimensions: size %u is not a positive whole number", *n_dims);
    sizes[(*n_dims)++] = (guint64)size;
  }
  return *n_dims > 0 || fail(image, err, "bad dimensions: none are given");
}

/* Bytes that pixels of `type` and these sizes take in the file; FALSE when no file could hold them. */
static gboolean bytes_wanted(const PixelType *type, const guint64 *sizes, guint n_dims, guint64 file_size, guint64 *bytes)
{
  *bytes = type->packing == PACKING_UNKNOWN ? sizeof(float) : nx_sample_size(type->sample);
  for (guint i = 0; i < n_dims; i++) {
    guint64 stored = i == 0 && type->packing == PACKING_HALF ? sizes[0] / 2 + 1 : sizes[i];
    if (!g_uint64_checked_mul(bytes, *bytes, stored) || *bytes > file_size)
      return FALSE;
  }
  return TRUE;
}

static gboolean check_sizes(const DmTree *tree, const DmImage *image, const PixelType *type, const DmTag *data, const guint64 *sizes,
                            guint n_dims, GError **err)
{
  guint64 wanted;
  if (!bytes_wanted(type, sizes, n_dims, nx_bytes_size(dm_tree_bytes(tree)), &wanted))
    return fail(image, err, "bad dimensions: they are larger than the file");
  if (type->packing != PACKING_NONE && n_dims != 2)
    return fail(image, err, "bad dimensions: a packed transform has 2, not %u", n_dims);
  if (type->packing == PACKING_UNKNOWN && sizes[0] != sizes[1])
    return fail(image, err, "bad dimensions: a packed transform of data type 5 is square");
  if (wanted != data->length)
    return fail(image, err, "pixel data size mismatch: %" G_GUINT64_FORMAT " bytes from the dimensions, %" G_GUINT64_FORMAT " in the file",
                wanted, data->length);
  return TRUE;
}

/* ----------------------------------------------------------------------------------------------------------------- axes */

static char *text_or_null(const DmTree *tree, const DmTag *tag)
{
  g_autoptr(GString) text = dm_tag_text(tree, tag);
  return text ? g_strdup(text->str) : NULL;
}

static double number_or(const DmTree *tree, const DmTag *group, const char *name, double otherwise)
{
  double value;
  return dm_tag_double(tree, dm_tag_find(tree, group, name), 0, &value) ? value : otherwise;
}

/* Calibrations in the order of the dimensions; those that are not written are 0, 1 and no unit. */
static void read_axes(const DmTree *tree, const DmImage *image, NxAxis *axes, guint n_dims)
{
  const DmTag *calibrations = dm_tag_find(tree, image->group, "ImageData:Calibrations:Dimension");
  const DmTag *calibration = dm_tag_first(tree, calibrations);
  for (guint i = 0; i < n_dims; i++) {
    axes[i].scale = number_or(tree, calibration, "Scale", 1.0);
    axes[i].offset = -number_or(tree, calibration, "Origin", 0.0) * axes[i].scale;
    axes[i].units = text_or_null(tree, dm_tag_find(tree, calibration, "Units"));
    calibration = dm_tag_next(tree, calibration);
  }
}

/* EELS has an axis in eV, CL one in nm (the slowest, if several); the others are x, y, z, fastest first. */
static void name_axes(DmSignalType signal_type, NxAxis *axes, guint n_dims)
{
  static const char *const PLACE[] = { "x", "y", "z" };
  const char *unit = signal_type == DM_SIGNAL_EELS ? "eV" : signal_type == DM_SIGNAL_CL ? "nm" : NULL;
  const char *special_name = signal_type == DM_SIGNAL_EELS ? "Energy loss" : "Wavelength";
  guint special = n_dims;
  for (guint i = 0; i < n_dims; i++) {
    if (unit && g_strcmp0(axes[i].units, unit) == 0)
      special = i;
  }
  guint place = 0;
  for (guint i = 0; i < n_dims; i++) {
    if (i == special)
      axes[i].name = g_strdup(special_name);
    else if (place < G_N_ELEMENTS(PLACE))
      axes[i].name = g_strdup(PLACE[place++]);
  }
}

/* ------------------------------------------------------------------------------------------------------- kind of signal */

static gboolean text_is(const DmTree *tree, const DmTag *group, const char *path, const char *expected)
{
  g_autoptr(GString) text = dm_tag_text(tree, dm_tag_find(tree, group, path));
  return text && g_str_equal(text->str, expected);
}

static DmSignalType signal_type(const DmTree *tree, const DmTag *tags)
{
  static const char SIGNAL[] = "Meta Data:Signal";
  if (text_is(tree, tags, SIGNAL, "X-ray"))
    return DM_SIGNAL_EDS;
  if (text_is(tree, tags, SIGNAL, "CL") || dm_tag_find(tree, tags, "Acquisition:Monarc Spectrometer"))
    return DM_SIGNAL_CL;
  if (text_is(tree, tags, SIGNAL, "EELS") || dm_tag_find(tree, tags, "spim:eels"))
    return DM_SIGNAL_EELS;
  return DM_SIGNAL_PLAIN;
}

static gboolean is_spectral(const DmTree *tree, const DmTag *tags, guint n_dims)
{
  static const char FORMAT[] = "Meta Data:Format";
  gboolean is_spectrum_image = text_is(tree, tags, FORMAT, "Spectrum image") || dm_tag_find(tree, tags, "spim");
  return n_dims == 1 || is_spectrum_image || (n_dims == 2 && text_is(tree, tags, FORMAT, "Spectrum"));
}

/* ---------------------------------------------------------------------------------------------------------- description */

/* One dimension on its way from the file's order to the array's. */
typedef struct {
  guint64 size, stride;
  NxAxis axis;
  gboolean is_signal;
} Dimension;

/* Slowest first; the energy axis of a spectrum image, which is the slowest in the file, becomes the last. */
static void order_dimensions(Dimension *dimensions, guint n_dims, gboolean spectral)
{
  for (guint i = 0; i < n_dims / 2; i++) {
    Dimension swapped = dimensions[i];
    dimensions[i] = dimensions[n_dims - 1 - i];
    dimensions[n_dims - 1 - i] = swapped;
  }
  if (spectral && n_dims > 2) {
    Dimension energy = dimensions[0];
    memmove(dimensions, dimensions + 1, (n_dims - 1) * sizeof *dimensions);
    dimensions[n_dims - 1] = energy;
  }
  for (guint i = 0; i < n_dims; i++)
    dimensions[i].is_signal = i + (spectral ? 1 : 2) >= n_dims;
}

/* Takes over the dimensions larger than 1; of an image of one pixel one axis is left. */
static void take_dimensions(NxArray *array, Dimension *dimensions, guint n_dims)
{
  for (guint i = 0; i < n_dims; i++) {
    gboolean is_last_hope = i + 1 == n_dims && array->n_dims == 0;
    if (dimensions[i].size == 1 && !is_last_hope) {
      g_free(dimensions[i].axis.name);
      g_free(dimensions[i].axis.units);
      continue;
    }
    guint at = array->n_dims++;
    array->shape[at] = dimensions[i].size;
    array->stride[at] = dimensions[i].stride;
    array->axis[at] = dimensions[i].axis;
    array->n_signal_dims += dimensions[i].is_signal;
  }
  array->n_signal_dims = MAX(array->n_signal_dims, 1);
}

static void describe(const DmTree *tree, DmImage *image, const PixelType *type, const DmTag *data, const guint64 *sizes, guint n_dims)
{
  const DmTag *tags = dm_tag_find(tree, image->group, "ImageTags");
  NxAxis axes[NX_DIMS_MAX] = { { 0 } };
  image->signal_type = signal_type(tree, tags);
  read_axes(tree, image, axes, n_dims);
  name_axes(image->signal_type, axes, n_dims);

  Dimension dimensions[NX_DIMS_MAX];
  guint64 stride = nx_sample_size(type->sample);
  for (guint i = 0; i < n_dims; i++) {
    dimensions[i] = (Dimension){ .size = sizes[i], .stride = stride, .axis = axes[i] };
    stride *= i == 0 && type->packing == PACKING_HALF ? sizes[0] / 2 + 1 : sizes[i];
  }
  order_dimensions(dimensions, n_dims, is_spectral(tree, tags, n_dims));

  NxArray *array = &image->array;
  array->sample = type->sample;
  array->big_endian = dm_tree_is_big_endian(tree);
  array->offset = data->offset;
  array->source = dm_tree_bytes(tree);
  array->mirror = type->packing == PACKING_HALF ? sizes[0] / 2 : 0;
  image->can_be_drawn = type->packing != PACKING_UNKNOWN;
  take_dimensions(array, dimensions, n_dims);
}

static gboolean read_image(const DmTree *tree, DmImage *image, GError **err)
{
  guint64 sizes[NX_DIMS_MAX];
  guint n_dims;
  const PixelType *type = pixel_type(tree, image, err);
  if (!type || !read_sizes(tree, image, sizes, &n_dims, err))
    return FALSE;
  const DmTag *data = dm_tag_find(tree, image->group, "ImageData:Data");
  if (!data || data->kind != DM_PIXELS)
    return fail(image, err, "ImageData:Data is missing or no array");
  if (!check_sizes(tree, image, type, data, sizes, n_dims, err))
    return FALSE;
  describe(tree, image, type, data, sizes, n_dims);
  return !image->can_be_drawn || nx_array_check(&image->array, err);
}

/* ----------------------------------------------------------------------------------------------------------- image list */

static guint count_groups(const DmTree *tree, const DmTag *list)
{
  guint count = 0;
  for (const DmTag *tag = dm_tag_first(tree, list); tag; tag = dm_tag_next(tree, tag))
    count += dm_tag_is_group(tag);
  return count;
}

/* A flag for each image: is it a thumbnail? Entries of `Thumbnails` that name no image are logged and ignored. */
static gboolean *find_thumbnails(const DmTree *tree, const char *name, guint n_images)
{
  gboolean *is_thumbnail = g_new0(gboolean, n_images);
  const DmTag *thumbnails = dm_tag_find(tree, dm_tree_root(tree), "Thumbnails");
  guint ignored = 0;
  for (const DmTag *tag = dm_tag_first(tree, thumbnails); tag; tag = dm_tag_next(tree, tag)) {
    gint64 index;
    const DmTag *image_index = dm_tag_find(tree, tag, "ImageIndex");
    if (dm_tag_integer(tree, image_index, 0, &index) && index >= 0 && index < (gint64)n_images)
      is_thumbnail[index] = TRUE;
    else if (dm_tag_is_group(tag))
      ignored++;
  }
  if (ignored)
    nx_log_warning("%s: %u thumbnail(s) refer to no image of the file and are ignored", name, ignored);
  return is_thumbnail;
}

GPtrArray *dm_images(const DmTree *tree, const char *name, GError **err)
{
  const DmTag *list = dm_tag_find(tree, dm_tree_root(tree), "ImageList");
  g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func((GDestroyNotify)dm_image_free);
  g_autofree gboolean *is_thumbnail = find_thumbnails(tree, name, count_groups(tree, list));
  guint index = 0;
  for (const DmTag *tag = dm_tag_first(tree, list); tag; tag = dm_tag_next(tree, tag)) {
    if (!dm_tag_is_group(tag) || is_thumbnail[index++])
      continue;
    if (images->len == IMAGES_MAX) {
      nx_log_warning("%s: only the first %u images are read", name, IMAGES_MAX);
      break;
    }
    DmImage *image = g_new0(DmImage, 1);
    image->group = tag;
    image->index = index - 1;
    g_ptr_array_add(images, image);
    if (!read_image(tree, image, err))
      return NULL;
  }
  if (images->len == 0) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "DM file: no image in ImageList");
    return NULL;
  }
  return g_steal_pointer(&images);
}

const DmTag *dm_image_metadata(const DmTree *tree, const DmImage *image)
{
  const DmTag *tags = dm_tag_find(tree, image->group, "ImageTags");
  if (!dm_tag_find(tree, tags, "plane info"))
    return tags;
  return dm_tag_find(tree, tags, "plane info:TagGroup0:source tags");
}
