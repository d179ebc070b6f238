/* hdf5-data.c — datasets of HDF5 as arrays of which a preview reads what it shows. */
#include "hdf5-chunks.h"
#include "hdf5-file.h"

#include <math.h>
#include <string.h>

/* A chunk is unpacked whole; the cache keeps a row of chunks so that none is unpacked twice for one picture. */
#define CHUNK_BYTES_MAX (256u * 1024u * 1024u)
#define CACHE_BYTES (256u * 1024u * 1024u)
#define CACHE_SLOTS 2003u
/* The longest signal of which a preview reads a line at once. */
#define EXTENT_MAX (16u * 1024u * 1024u)
/* Deflate packs at most about 1030 : 1; what claims far more than the file can hold was never written. */
#define PACKING_MAX 2048u
#define ROOM_FOR_EMPTY (64u * 1024u * 1024u)
#define INTEGER_BITS_MAX 64u
#define REAL_BITS_MAX 128u

struct NxHdf5Data {
  NxHdf5 *file;
  hid_t dataset;
  NxHdf5Chunks *chunks;
  hid_t memory;    /* the type in memory: a double, two, or the three words of a colour */
  gboolean is_complex;
  guint spare_bits; /* of each word of a colour beyond its first eight */
  NxSample sample;
  guint n_dims;
  hsize_t extents[NX_DIMS_MAX];
};

/* -------------------------------------------------------------------------------------------------------- what may be read */

static gboolean is_known_filter(H5Z_filter_t filter)
{
  return filter == H5Z_FILTER_DEFLATE || filter == H5Z_FILTER_SHUFFLE || filter == H5Z_FILTER_FLETCHER32;
}

static gboolean has_known_filters(hid_t list, GError **err)
{
  const int n = H5Pget_nfilters(list);
  for (int i = 0; i < n; i++) {
    unsigned flags = 0, parameters[8];
    size_t n_parameters = G_N_ELEMENTS(parameters);
    char name[64] = "";
    H5Z_filter_t filter = H5Pget_filter2(list, (unsigned)i, &flags, &n_parameters, parameters, sizeof name, name, NULL);
    if (is_known_filter(filter))
      continue;
    g_autofree char *shown = nx_text_utf8(name, -1);
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the data is packed with filter %d (%s), which only a plug-in can unpack", filter, shown);
    return FALSE;
  }
  return TRUE;
}

static gboolean has_bearable_chunks(hid_t dataset, hid_t list, GError **err)
{
  hsize_t extents[H5S_MAX_RANK];
  int n = H5Pget_layout(list) == H5D_CHUNKED ? H5Pget_chunk(list, H5S_MAX_RANK, extents) : 0;
  hid_t type = H5Dget_type(dataset);
  guint64 size = H5Tget_size(type);
  gboolean is = n >= 0;
  H5Tclose(type);
  for (int i = 0; is && i < n; i++)
    is = g_uint64_checked_mul(&size, size, extents[i]) && size <= CHUNK_BYTES_MAX;
  if (!is)
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the data is in chunks of more than %u MiB", CHUNK_BYTES_MAX >> 20);
  return is;
}

/* What lies in the header itself is taken into memory as long as it is there, and read as long as it should be. */
static gboolean is_all_in_header(hid_t dataset)
{
  hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
  const hssize_t n = H5Sget_simple_extent_npoints(space);
  guint64 bytes = 0;
  const gboolean is = n >= 0 && g_uint64_checked_mul(&bytes, (guint64)n, H5Tget_size(type)) && bytes <= H5Dget_storage_size(dataset);
  H5Tclose(type);
  H5Sclose(space);
  return is;
}

gboolean nx_hdf5_is_readable(hid_t dataset, GError **err)
{
  hid_t list = H5Dget_create_plist(dataset);
  if (list < 0)
    return nx_hdf5_failed(err, "the data's layout cannot be read");
  gboolean is = H5Pget_external_count(list) == 0 && H5Pget_layout(list) != H5D_VIRTUAL;
  if (!is)
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the data is put together from other files or datasets, which are not followed");
  is = is && has_known_filters(list, err) && has_bearable_chunks(dataset, list, err);
  if (is && H5Pget_layout(list) == H5D_COMPACT && !is_all_in_header(dataset)) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "less of the data is there than its dimensions say");
    is = FALSE;
  }
  H5Pclose(list);
  return is;
}

/* ------------------------------------------------------------------------------------------------------------------- types */

static gboolean has_sound_real(hid_t type)
{
  size_t sign, exponent, exponent_size, mantissa, mantissa_size;
  const size_t bits = 8 * H5Tget_size(type);
  return bits <= REAL_BITS_MAX && H5Tget_fields(type, &sign, &exponent, &exponent_size, &mantissa, &mantissa_size) >= 0 && sign < bits &&
         exponent_size < 64 && exponent + exponent_size <= bits && mantissa_size > 0 && mantissa + mantissa_size <= bits;
}

static gboolean has_sound_integer(hid_t type)
{
  const size_t bits = 8 * H5Tget_size(type), precision = H5Tget_precision(type);
  const int offset = H5Tget_offset(type);
  return bits <= INTEGER_BITS_MAX && precision > 0 && offset >= 0 && (size_t)offset + precision <= bits;
}

static gboolean has_sound_base(hid_t type)
{
  hid_t base = H5Tget_super(type);
  const gboolean is = base >= 0 && H5Tget_class(base) == H5T_INTEGER && H5Tget_size(base) == H5Tget_size(type) && has_sound_integer(base);
  if (base >= 0)
    H5Tclose(base);
  return is;
}

static gboolean lies_inside(hid_t record, unsigned number, hid_t member)
{
  const size_t size = H5Tget_size(record), offset = H5Tget_member_offset(record, number), own = H5Tget_size(member);
  return own > 0 && own <= size && offset <= size - own;
}

gboolean nx_hdf5_is_sound(hid_t type)
{
  gboolean is = TRUE;
  switch (H5Tget_class(type)) {
  case H5T_INTEGER: return has_sound_integer(type);
  case H5T_FLOAT: return has_sound_real(type);
  case H5T_ENUM: return has_sound_base(type);
  case H5T_COMPOUND:
    for (int i = H5Tget_nmembers(type); is && i-- > 0;) {
      hid_t member = H5Tget_member_type(type, (unsigned)i);
      is = member >= 0 && lies_inside(type, (unsigned)i, member) && nx_hdf5_is_sound(member);
      H5Tclose(member);
    }
    return is;
  default: return TRUE;
  }
}

/* Numbers, or truths: h5py's are an enumeration of bytes. */
static gboolean is_numeric(hid_t type)
{
  const H5T_class_t class = H5Tget_class(type);
  return class == H5T_INTEGER || class == H5T_FLOAT || (class == H5T_ENUM && H5Tget_size(type) == 1);
}

static NxSample sample_of(hid_t type)
{
  const gsize size = H5Tget_size(type);
  if (H5Tget_class(type) == H5T_FLOAT)
    return size <= 4 ? NX_F32 : NX_F64;
  const gboolean is_signed = H5Tget_sign(type) != H5T_SGN_NONE;
  switch (size) {
  case 1: return is_signed ? NX_I8 : NX_U8;
  case 2: return is_signed ? NX_I16 : NX_U16;
  case 4: return is_signed ? NX_I32 : NX_U32;
  default: return is_signed ? NX_I64 : NX_U64;
  }
}

/* Two doubles under the names that the file's two reals have; invalid when it is no pair of reals. */
static hid_t complex_memory(hid_t type)
{
  if (H5Tget_nmembers(type) != 2 || H5Tget_member_class(type, 0) != H5T_FLOAT || H5Tget_member_class(type, 1) != H5T_FLOAT)
    return H5I_INVALID_HID;
  hid_t memory = H5Tcreate(H5T_COMPOUND, 2 * sizeof(double));
  for (unsigned i = 0; i < 2 && memory >= 0; i++) {
    char *name = H5Tget_member_name(type, i);
    if (name)
      H5Tinsert(memory, name, i * sizeof(double), H5T_NATIVE_DOUBLE);
    H5free_memory(name);
  }
  return memory;
}

/* Three words for members R, G and B, all bytes or all words, whatever is beside them (A); invalid when there are no such members. */
static hid_t colour_memory(hid_t type, guint *spare_bits)
{
  static const char *const NAMES[] = { "R", "G", "B" };
  gsize sizes[3] = { 0 };
  for (guint i = 0; i < 3; i++) {
    const int at = H5Tget_member_index(type, NAMES[i]);
    hid_t member = at < 0 ? H5I_INVALID_HID : H5Tget_member_type(type, (unsigned)at);
    if (member >= 0 && H5Tget_class(member) == H5T_INTEGER && H5Tget_sign(member) == H5T_SGN_NONE)
      sizes[i] = H5Tget_size(member);
    if (member >= 0)
      H5Tclose(member);
  }
  if ((sizes[0] != 1 && sizes[0] != 2) || sizes[1] != sizes[0] || sizes[2] != sizes[0])
    return H5I_INVALID_HID;
  hid_t memory = H5Tcreate(H5T_COMPOUND, 3 * sizeof(guint16));
  for (guint i = 0; i < 3; i++)
    H5Tinsert(memory, NAMES[i], i * sizeof(guint16), H5T_NATIVE_UINT16);
  *spare_bits = (guint)(8 * (sizes[0] - 1));
  return memory;
}

static void set_record(NxHdf5Data *data, hid_t type)
{
  data->memory = complex_memory(type);
  data->is_complex = data->memory >= 0;
  data->sample = data->is_complex ? NX_C128 : NX_RGBA;
  if (!data->is_complex)
    data->memory = colour_memory(type, &data->spare_bits);
}

static gboolean set_type(NxHdf5Data *data, GError **err)
{
  hid_t type = H5Dget_type(data->dataset);
  const gboolean is_sound = nx_hdf5_is_sound(type);
  if (is_sound && is_numeric(type)) {
    data->memory = H5Tcopy(H5T_NATIVE_DOUBLE);
    data->sample = sample_of(type);
  } else if (is_sound && H5Tget_class(type) == H5T_COMPOUND) {
    set_record(data, type);
  }
  H5Tclose(type);
  if (data->memory >= 0)
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT,
              is_sound ? "the data is neither numbers nor complex numbers nor colours"
                       : "the data's numbers are described as larger than they are, or than any known");
  return FALSE;
}

static guint extents_of(hid_t dataset, hsize_t *extents)
{
  hid_t space = H5Dget_space(dataset);
  int n = H5Sget_simple_extent_ndims(space);
  if (n < 1 || n > NX_DIMS_MAX || H5Sget_simple_extent_dims(space, extents, NULL) != n)
    n = 0;
  H5Sclose(space);
  return (guint)n;
}

static hid_t open_dataset(const NxHdf5 *file, const char *path)
{
  hid_t list = H5Pcreate(H5P_DATASET_ACCESS);
  H5Pset_chunk_cache(list, CACHE_SLOTS, CACHE_BYTES, 1.0);
  hid_t dataset = H5Dopen2(nx_hdf5_id(file), path, list);
  H5Pclose(list);
  return dataset;
}

NxHdf5Data *nx_hdf5_data_open(NxHdf5 *file, const char *path, GError **err)
{
  g_autoptr(NxHdf5Data) data = g_new0(NxHdf5Data, 1);
  data->memory = H5I_INVALID_HID;
  data->file = nx_hdf5_ref(file);
  data->dataset = open_dataset(file, path);
  if (data->dataset < 0) {
    nx_hdf5_failed(err, path);
    return NULL;
  }
  data->n_dims = extents_of(data->dataset, data->extents);
  if (data->n_dims == 0) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "%s has no dimensions, or more than %d", path, NX_DIMS_MAX);
    return NULL;
  }
  if (!nx_hdf5_is_readable(data->dataset, err) || !set_type(data, err))
    return NULL;
  data->chunks = nx_hdf5_chunks_new(data->dataset, nx_hdf5_heap(file));
  return g_steal_pointer(&data);
}

void nx_hdf5_data_free(NxHdf5Data *data)
{
  if (!data)
    return;
  nx_hdf5_chunks_free(data->chunks);
  if (data->memory >= 0)
    H5Tclose(data->memory);
  if (data->dataset >= 0)
    H5Dclose(data->dataset);
  nx_hdf5_unref(data->file);
  g_free(data);
}

guint nx_hdf5_data_dims(const NxHdf5Data *data)
{
  return data->n_dims;
}

guint64 nx_hdf5_data_extent(const NxHdf5Data *data, guint dim)
{
  return dim < data->n_dims ? data->extents[dim] : 0;
}

NxSample nx_hdf5_data_sample(const NxHdf5Data *data)
{
  return data->sample;
}

/* ----------------------------------------------------------------------------------------------------------------- reading */

/* The `n` elements that are selected, in one of four forms. */
typedef gboolean (*ReadSelected)(const NxHdf5Data *data, hid_t space, hsize_t n, gpointer to);

static gboolean read_as(const NxHdf5Data *data, hid_t memory, hid_t space, hsize_t n, gpointer to)
{
  hid_t in_memory = H5Screate_simple(1, &n, NULL);
  herr_t status = H5Dread(data->dataset, memory, in_memory, space, H5P_DEFAULT, to);
  H5Sclose(in_memory);
  return status >= 0;
}

static gboolean read_selected(const NxHdf5Data *data, hid_t space, hsize_t n, gpointer to)
{
  return read_as(data, data->memory, space, n, to);
}

/* Real and imaginary parts become moduli, in place of the real ones. */
static gboolean read_moduli(const NxHdf5Data *data, hid_t space, hsize_t n, gpointer to)
{
  g_autofree double *pairs = g_try_new(double, 2 * n);
  double *moduli = to;
  if (!pairs || !read_selected(data, space, n, pairs))
    return FALSE;
  for (hsize_t i = 0; i < n; i++)
    moduli[i] = hypot(pairs[2 * i], pairs[2 * i + 1]);
  return TRUE;
}

static gboolean read_colours(const NxHdf5Data *data, hid_t space, hsize_t n, gpointer to)
{
  g_autofree guint16 *words = g_try_new(guint16, 3 * n);
  guint8 *bytes = to;
  if (!words || !read_selected(data, space, n, words))
    return FALSE;
  for (hsize_t i = 0; i < 3 * n; i++)
    bytes[i] = (guint8)(words[i] >> data->spare_bits);
  return TRUE;
}

static gboolean read_block(const NxHdf5Data *data, const guint64 *start, const guint64 *step, const guint64 *count, ReadSelected read, gpointer to,
                           GError **err)
{
  hsize_t from[NX_DIMS_MAX], apart[NX_DIMS_MAX], many[NX_DIMS_MAX], n = 1;
  for (guint dim = 0; dim < data->n_dims; dim++) {
    from[dim] = start[dim];
    apart[dim] = step ? MAX(step[dim], 1) : 1;
    many[dim] = count[dim];
    n *= count[dim];
  }
  if (n == 0)
    return TRUE;
  hid_t space = H5Dget_space(data->dataset);
  const gboolean is_there = H5Sselect_hyperslab(space, H5S_SELECT_SET, from, apart, many, NULL) >= 0 && H5Sselect_valid(space) > 0;
  const gboolean is_whole = !is_there || nx_hdf5_chunks_are_whole(data->chunks, from, apart, many, err);
  const gboolean is_read = is_there && is_whole && read(data, space, n, to);
  H5Sclose(space);
  return is_read || (is_whole && nx_hdf5_failed(err, "the data cannot be read"));
}

gboolean nx_hdf5_data_read(const NxHdf5Data *data, const guint64 *start, const guint64 *step, const guint64 *count, double *to, GError **err)
{
  if (data->sample == NX_RGBA) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the data is colours and not numbers");
    return FALSE;
  }
  return read_block(data, start, step, count, data->is_complex ? read_moduli : read_selected, to, err);
}

static gboolean read_words(const NxHdf5Data *data, hid_t space, hsize_t n, gpointer to)
{
  return read_as(data, H5T_NATIVE_UINT16, space, n, to);
}

gboolean nx_hdf5_data_read_words(const NxHdf5Data *data, const guint64 *start, const guint64 *count, guint16 *to, GError **err)
{
  if (data->sample != NX_U16) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the data is not numbers of 16 bits without a sign");
    return FALSE;
  }
  return read_block(data, start, NULL, count, read_words, to, err);
}

/* ---------------------------------------------------------------------------------------------------------------- as array */

typedef struct {
  NxArrayReader base;
  NxHdf5Data *data;
  guint order[NX_DIMS_MAX];
  guint n_dims;
} Reader;

/* Elements along a dimension of the array as a block of the file. */
typedef struct {
  guint64 start[NX_DIMS_MAX], apart[NX_DIMS_MAX], many[NX_DIMS_MAX];
} Block;

static Block block_of(const Reader *reader, const guint64 *index, guint dim, guint64 count, guint64 step)
{
  Block block = { 0 };
  for (guint i = 0; i < NX_DIMS_MAX; i++)
    block.apart[i] = block.many[i] = 1;
  for (guint i = 0; i < reader->n_dims; i++)
    block.start[reader->order[i]] = index[i];
  block.apart[reader->order[dim]] = step;
  block.many[reader->order[dim]] = count;
  return block;
}

static gboolean reader_read(const NxArrayReader *base, const guint64 *index, guint dim, guint64 count, guint64 step, double *to, GError **err)
{
  const Reader *reader = (const Reader *)base;
  const Block block = block_of(reader, index, dim, count, step);
  return nx_hdf5_data_read(reader->data, block.start, block.apart, block.many, to, err);
}

static gboolean reader_read_colours(const NxArrayReader *base, const guint64 *index, guint dim, guint64 count, guint64 step, guint8 *to, GError **err)
{
  const Reader *reader = (const Reader *)base;
  const Block block = block_of(reader, index, dim, count, step);
  return read_block(reader->data, block.start, block.apart, block.many, read_colours, to, err);
}

static void reader_free(NxArrayReader *base)
{
  Reader *reader = (Reader *)base;
  nx_hdf5_data_free(reader->data);
  g_free(reader);
}

static gboolean is_believable(const NxHdf5Data *data, GError **err)
{
  guint64 bytes = nx_sample_size(data->sample), most;
  if (!g_uint64_checked_mul(&most, nx_bytes_size(nx_hdf5_bytes(data->file)), PACKING_MAX))
    most = G_MAXUINT64 / 2;
  most += ROOM_FOR_EMPTY;
  for (guint dim = 0; dim < data->n_dims; dim++) {
    if (data->extents[dim] == 0 || data->extents[dim] > EXTENT_MAX || !g_uint64_checked_mul(&bytes, bytes, data->extents[dim]) || bytes > most) {
      g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the data has dimensions that no file of this size holds");
      return FALSE;
    }
  }
  return TRUE;
}

gboolean nx_hdf5_describe(NxHdf5Data *data, const guint *order, guint n_dims, NxArray *array, GError **err)
{
  g_autoptr(NxHdf5Data) owned = data;
  if (!is_believable(data, err))
    return FALSE;
  array->sample = data->sample;
  array->n_dims = n_dims;
  for (guint dim = 0; dim < n_dims; dim++)
    array->shape[dim] = data->extents[order[dim]];
  Reader *reader = g_new0(Reader, 1);
  reader->base = (NxArrayReader){ reader_read, reader_read_colours, reader_free };
  reader->data = g_steal_pointer(&owned);
  reader->n_dims = n_dims;
  memcpy(reader->order, order, n_dims * sizeof *order);
  array->reader = &reader->base;
  return TRUE;
}

guint nx_hdf5_extents(const NxHdf5 *file, const char *path, guint64 *extents)
{
  hsize_t found[NX_DIMS_MAX] = { 0 };
  hid_t dataset = H5Dopen2(nx_hdf5_id(file), path, H5P_DEFAULT);
  if (dataset < 0)
    return 0;
  guint n = extents_of(dataset, found);
  H5Dclose(dataset);
  for (guint dim = 0; dim < n; dim++)
    extents[dim] = found[dim];
  return n;
}
