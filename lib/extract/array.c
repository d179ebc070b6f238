/* array.c — numbers in a file: checked once, then read strip by strip as doubles, whatever their type, byte order and stride. */
#include "nx-extract.h"

#include <math.h>
#include <string.h>

/* Bytes of one read; elements further apart than this are read one by one. */
#define BLOCK (32u * 1024u)

static const gsize SAMPLE_SIZE[] = {
  [NX_U8] = 1,  [NX_I8] = 1,  [NX_U16] = 2, [NX_I16] = 2, [NX_U32] = 4,  [NX_I32] = 4,   [NX_U64] = 8,
  [NX_I64] = 8, [NX_F16] = 2, [NX_F32] = 4, [NX_F64] = 8, [NX_C32] = 4, [NX_C64] = 8,
  [NX_C128] = 16, [NX_RGB] = 3, [NX_RGBA] = 4, [NX_BGRA] = 4,
};

gsize nx_sample_size(NxSample sample)
{
  return SAMPLE_SIZE[sample];
}

gboolean nx_array_set_contiguous(NxArray *array, GError **err)
{
  guint64 stride = nx_sample_size(array->sample);
  for (guint dim = array->n_dims; dim-- > 0;) {
    array->stride[dim] = stride;
    if (!g_uint64_checked_mul(&stride, stride, array->shape[dim])) {
      g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the dimensions are larger than any file");
      return FALSE;
    }
  }
  return TRUE;
}

gboolean nx_array_is_colour(const NxArray *array)
{
  return array->sample == NX_RGB || array->sample == NX_RGBA || array->sample == NX_BGRA;
}

static gboolean is_mirrored(const NxArray *array, guint dim)
{
  return array->mirror && dim + 1 == array->n_dims;
}

static gboolean is_bottom_up(const NxArray *array, guint dim)
{
  return array->bottom_up && dim + 2 == array->n_dims;
}

/* Where element `index` of a dimension is stored, in strides. */
static guint64 stored_index(const NxArray *array, guint dim, guint64 index)
{
  if (is_mirrored(array, dim))
    return index < array->mirror ? array->mirror - index : index - array->mirror;
  return is_bottom_up(array, dim) ? array->shape[dim] - 1 - index : index;
}

/* The offset just behind the last element; FALSE when it does not fit 64 bits. */
static gboolean end_of(const NxArray *array, guint64 *end)
{
  *end = array->offset;
  for (guint dim = 0; dim < array->n_dims; dim++) {
    guint64 last = is_mirrored(array, dim) ? array->mirror : array->shape[dim] - 1;
    guint64 extent;
    if (!g_uint64_checked_mul(&extent, last, array->stride[dim]) || !g_uint64_checked_add(end, *end, extent))
      return FALSE;
  }
  return g_uint64_checked_add(end, *end, nx_sample_size(array->sample));
}

gboolean nx_array_check(const NxArray *array, GError **err)
{
  if (array->n_dims < 1 || array->n_dims > NX_DIMS_MAX || array->n_signal_dims > array->n_dims) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "%u dimensions (1 to %d can be read)", array->n_dims, NX_DIMS_MAX);
    return FALSE;
  }
  for (guint dim = 0; dim < array->n_dims; dim++) {
    if (array->shape[dim] == 0) {
      g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "dimension %u is 0", dim);
      return FALSE;
    }
  }
  if (array->mirror >= array->shape[array->n_dims - 1]) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "half of a transform that is wider than the whole");
    return FALSE;
  }
  if (array->reader)
    return TRUE;
  guint64 size = array->owned ? g_bytes_get_size(array->owned) : array->source ? nx_bytes_size(array->source) : 0;
  guint64 end;
  if (!end_of(array, &end) || end > size) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "pixel data past end of file: there are %" G_GUINT64_FORMAT " bytes", size);
    return FALSE;
  }
  return TRUE;
}

/* ------------------------------------------------------------------------------------------------- one element → double */

static guint16 load_u16(const guint8 *at, gboolean big)
{
  guint16 value;
  memcpy(&value, at, sizeof value);
  return (guint16)(big ? GUINT16_FROM_BE(value) : GUINT16_FROM_LE(value));
}

static guint32 load_u32(const guint8 *at, gboolean big)
{
  guint32 value;
  memcpy(&value, at, sizeof value);
  return big ? GUINT32_FROM_BE(value) : GUINT32_FROM_LE(value);
}

static guint64 load_u64(const guint8 *at, gboolean big)
{
  guint64 value;
  memcpy(&value, at, sizeof value);
  return big ? GUINT64_FROM_BE(value) : GUINT64_FROM_LE(value);
}

double nx_half_value(guint16 half)
{
  /* Exponent and fraction, put where those of a float are, lack only the 112 by which its exponents are counted from further below. */
  const gboolean is_finite = (half & 0x7c00) != 0x7c00;
  const guint32 bits = (half & 0x7fffu) << 13 | (is_finite ? 0 : 0x7f800000u);
  float value;
  memcpy(&value, &bits, sizeof value);
  const double magnitude = is_finite ? (double)value * 0x1p112 : (double)value;
  return half & 0x8000 ? -magnitude : magnitude;
}

static double load_f32(const guint8 *at, gboolean big)
{
  guint32 bits = load_u32(at, big);
  float value;
  memcpy(&value, &bits, sizeof value);
  return (double)value;
}

static double load_f64(const guint8 *at, gboolean big)
{
  guint64 bits = load_u64(at, big);
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* Rec. 601 luma of 8-bit colour. */
static double luma(guint8 red, guint8 green, guint8 blue)
{
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

static double element(NxSample sample, const guint8 *at, gboolean big)
{
  switch (sample) {
  case NX_U8: return at[0];
  case NX_I8: return (gint8)at[0];
  case NX_U16: return load_u16(at, big);
  case NX_I16: return (gint16)load_u16(at, big);
  case NX_U32: return load_u32(at, big);
  case NX_I32: return (gint32)load_u32(at, big);
  case NX_U64: return (double)load_u64(at, big);
  case NX_I64: return (double)(gint64)load_u64(at, big);
  case NX_F16: return nx_half_value(load_u16(at, big));
  case NX_F32: return load_f32(at, big);
  case NX_F64: return load_f64(at, big);
  case NX_C32: return hypot((gint16)load_u16(at, big), (gint16)load_u16(at + 2, big));
  case NX_C64: return hypot(load_f32(at, big), load_f32(at + 4, big));
  case NX_C128: return hypot(load_f64(at, big), load_f64(at + 8, big));
  case NX_RGB:
  case NX_RGBA: return luma(at[0], at[1], at[2]);
  case NX_BGRA: return luma(at[2], at[1], at[0]);
  }
  return 0.0;
}

/* Neighbours in the order of this machine, the usual case: one loop a type, without a question an element. FALSE: not such a case. */
#define CONVERT(sample_type, type) \
  case sample_type: \
    for (guint64 i = 0; i < n; i++) { \
      type value; \
      memcpy(&value, from + i * sizeof value, sizeof value); \
      to[i] = (double)value; \
    } \
    return TRUE
static gboolean convert_neighbours(NxSample sample, const guint8 *from, guint64 n, double *to)
{
  switch (sample) {
    CONVERT(NX_U8, guint8);
    CONVERT(NX_I8, gint8);
    CONVERT(NX_U16, guint16);
    CONVERT(NX_I16, gint16);
    CONVERT(NX_U32, guint32);
    CONVERT(NX_I32, gint32);
    CONVERT(NX_F32, float);
    CONVERT(NX_F64, double);
  default: return FALSE;
  }
}
#undef CONVERT

/* What becomes of `n` elements, `distance` bytes apart: elements `done`, done + 1, … of `to`. */
typedef void (*Take)(const NxArray *array, const guint8 *from, guint64 distance, guint64 n, guint64 done, gpointer to);

static void take_numbers(const NxArray *array, const guint8 *from, guint64 distance, guint64 n, guint64 done, gpointer to)
{
  const gboolean is_foreign = array->big_endian != (G_BYTE_ORDER == G_BIG_ENDIAN);
  double *numbers = (double *)to + done;
  if (!is_foreign && distance == nx_sample_size(array->sample) && convert_neighbours(array->sample, from, n, numbers))
    return;
  for (guint64 i = 0; i < n; i++)
    numbers[i] = element(array->sample, from + i * distance, array->big_endian);
}

static void take_colours(const NxArray *array, const guint8 *from, guint64 distance, guint64 n, guint64 done, gpointer to)
{
  const guint red = array->sample == NX_BGRA ? 2 : 0;
  guint8 *colour = (guint8 *)to + 3 * done;
  for (guint64 i = 0; i < n; i++, from += distance, colour += 3) {
    colour[0] = from[red];
    colour[1] = from[1];
    colour[2] = from[2 - red];
  }
}

/* -------------------------------------------------------------------------------------------------------------- reading */

static const guint8 *bytes_of(const NxArray *array, guint64 offset, gsize length, GError **err)
{
  if (!array->owned)
    return nx_bytes_at(array->source, offset, length, err);
  gsize size;
  const guint8 *data = g_bytes_get_data(array->owned, &size);
  if (offset > size || length > size - offset) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "ends at byte %" G_GSIZE_FORMAT ", %" G_GSIZE_FORMAT " bytes wanted at %" G_GUINT64_FORMAT,
                size, length, offset);
    return NULL;
  }
  return data + offset;
}

/* TRUE when index, dim, count and step stay inside the shape. */
static gboolean lies_inside(const NxArray *array, const guint64 *index, guint dim, guint64 count, guint64 step)
{
  if (dim >= array->n_dims)
    return FALSE;
  for (guint i = 0; i < array->n_dims; i++) {
    if (index[i] >= array->shape[i])
      return FALSE;
  }
  guint64 span;
  return count == 0 || (g_uint64_checked_mul(&span, count - 1, step) && span < array->shape[dim] - index[dim]);
}

static gboolean is_inside(const NxArray *array, const guint64 *index, guint dim, guint64 count, guint64 step, GError **err)
{
  if (lies_inside(array, index, dim, count, step))
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "elements outside the array were asked for");
  return FALSE;
}

static guint64 offset_of(const NxArray *array, const guint64 *index)
{
  guint64 at = array->offset;
  for (guint i = 0; i < array->n_dims; i++)
    at += stored_index(array, i, index[i]) * array->stride[i];
  return at;
}

/* Elements along a dimension that is not stored in order, one by one. */
static gboolean read_one_by_one(const NxArray *array, const guint64 *index, guint dim, guint64 count, guint64 step, Take take, gpointer to,
                                GError **err)
{
  const gsize size = nx_sample_size(array->sample);
  guint64 at[NX_DIMS_MAX];
  memcpy(at, index, array->n_dims * sizeof *at);
  for (guint64 i = 0; i < count; i++, at[dim] += step) {
    const guint8 *element_bytes = bytes_of(array, offset_of(array, at), size, err);
    if (!element_bytes)
      return FALSE;
    take(array, element_bytes, 0, 1, i, to);
  }
  return TRUE;
}

static gboolean read_stored(const NxArray *array, const guint64 *index, guint dim, guint64 count, guint64 step, Take take, gpointer to, GError **err)
{
  if (is_mirrored(array, dim) || is_bottom_up(array, dim))
    return read_one_by_one(array, index, dim, count, step, take, to, err);
  const gsize size = nx_sample_size(array->sample);
  guint64 at = offset_of(array, index);
  /* A single element needs no distance, and only then may stride × step leave 64 bits. */
  const guint64 distance = count > 1 ? array->stride[dim] * step : 0;
  const guint64 at_once = distance > BLOCK ? 1 : distance == 0 ? G_MAXUINT64 : 1 + (BLOCK - size) / distance;

  for (guint64 done = 0; done < count;) {
    guint64 n = MIN(at_once, count - done);
    gsize length = (gsize)((n - 1) * distance) + size;
    const guint8 *block = bytes_of(array, at + done * distance, length, err);
    if (!block)
      return FALSE;
    take(array, block, distance, n, done, to);
    done += n;
  }
  return TRUE;
}

/* Of colours that a library unpacks. */
static gboolean read_luma(const NxArray *array, const guint64 *index, guint dim, guint64 count, guint64 step, double *to, GError **err)
{
  g_autofree guint8 *colours = g_malloc_n(count, 3);
  if (!array->reader->read_colours(array->reader, index, dim, count, step, colours, err))
    return FALSE;
  for (guint64 i = 0; i < count; i++)
    to[i] = luma(colours[3 * i], colours[3 * i + 1], colours[3 * i + 2]);
  return TRUE;
}

gboolean nx_array_read(const NxArray *array, const guint64 *index, guint dim, guint64 count, guint64 step, double *to, GError **err)
{
  if (!is_inside(array, index, dim, count, step, err))
    return FALSE;
  if (!array->reader)
    return read_stored(array, index, dim, count, step, take_numbers, to, err);
  return nx_array_is_colour(array) ? read_luma(array, index, dim, count, step, to, err)
                                   : array->reader->read(array->reader, index, dim, count, step, to, err);
}

gboolean nx_array_read_colours(const NxArray *array, const guint64 *index, guint dim, guint64 count, guint64 step, guint8 *to, GError **err)
{
  g_return_val_if_fail(nx_array_is_colour(array), FALSE);
  if (!is_inside(array, index, dim, count, step, err))
    return FALSE;
  return array->reader ? array->reader->read_colours(array->reader, index, dim, count, step, to, err)
                       : read_stored(array, index, dim, count, step, take_colours, to, err);
}
