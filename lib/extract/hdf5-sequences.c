/* hdf5-sequences.c — how long the variable-length sequences of a dataset are, without reading what is in them: event lists are gigabytes.
 * A sequence is stored as its length (4 bytes), the address of a heap collection and an index there (4 bytes): HDF5 File Format Specification 3.0,
 * "Data Object Data Storage" and "Global Heap". */
#include "hdf5-file.h"

#include <string.h>
#include <zlib.h>

/* One slice of the first dimension, as it is stored. */
typedef struct {
  const NxHdf5 *file;
  hid_t dataset;
  hsize_t extents[3];
  hsize_t chunk[3];
  gboolean is_chunked, is_deflated;
  gsize element; /* bytes of one */
} Slices;

static guint32 length_at(const guint8 *stored)
{
  guint32 length;
  memcpy(&length, stored, sizeof length);
  return GUINT32_FROM_LE(length);
}

/* ------------------------------------------------------------------------------------------------------------------- chunks */

static gsize chunk_bytes(const Slices *slices)
{
  gsize bytes = slices->element;
  for (guint dim = 0; dim < 3; dim++) {
    if (!g_size_checked_mul(&bytes, bytes, (gsize)slices->chunk[dim]))
      return 0;
  }
  return bytes <= NX_HDF5_SEQUENCES_MAX ? bytes : 0;
}

/* The unpacked chunk at `offset` into `to`; zeros where none was written. */
static gboolean load_chunk(const Slices *slices, const hsize_t *offset, guint8 *to, gsize bytes)
{
  hsize_t stored = 0;
  guint32 skipped = 0;
  memset(to, 0, bytes);
  if (H5Dget_chunk_storage_size(slices->dataset, offset, &stored) < 0 || stored == 0)
    return TRUE;
  if (!slices->is_deflated)
    return stored == bytes && H5Dread_chunk(slices->dataset, H5P_DEFAULT, offset, &skipped, to) >= 0;
  if (stored > nx_bytes_size(nx_hdf5_bytes(slices->file)) || stored > 2 * bytes + 1024)
    return FALSE;
  g_autofree guint8 *packed = g_malloc((gsize)stored);
  uLongf unpacked = bytes;
  return H5Dread_chunk(slices->dataset, H5P_DEFAULT, offset, &skipped, packed) >= 0 &&
         (skipped == 0 ? uncompress(to, &unpacked, packed, (uLong)stored) == Z_OK && unpacked == bytes
                       : stored == bytes && memcpy(to, packed, bytes) != NULL);
}

/* Adds what of the chunk at `offset` lies inside the extents, at its row of the slice. */
static void add_chunk(const Slices *slices, const hsize_t *offset, const guint8 *row_0, double *totals)
{
  for (hsize_t y = 0; y < slices->chunk[1] && offset[1] + y < slices->extents[1]; y++) {
    for (hsize_t x = 0; x < slices->chunk[2] && offset[2] + x < slices->extents[2]; x++)
      totals[(offset[1] + y) * slices->extents[2] + offset[2] + x] += length_at(row_0 + (y * slices->chunk[2] + x) * slices->element);
  }
}

static gboolean add_chunks(const Slices *slices, hsize_t first, double *totals)
{
  const gsize bytes = chunk_bytes(slices);
  g_autofree guint8 *chunk = bytes ? g_try_malloc(bytes) : NULL;
  if (!chunk)
    return FALSE;
  const hsize_t within = first % slices->chunk[0];
  const guint8 *row_0 = chunk + within * (bytes / slices->chunk[0]);
  hsize_t offset[3] = { first - within, 0, 0 };
  for (offset[1] = 0; offset[1] < slices->extents[1]; offset[1] += slices->chunk[1]) {
    for (offset[2] = 0; offset[2] < slices->extents[2]; offset[2] += slices->chunk[2]) {
      if (!load_chunk(slices, offset, chunk, bytes))
        return FALSE;
      add_chunk(slices, offset, row_0, totals);
    }
  }
  return TRUE;
}

/* --------------------------------------------------------------------------------------------------------------- contiguous */

static gboolean add_stretch(const Slices *slices, hsize_t first, double *totals)
{
  const haddr_t start = H5Dget_offset(slices->dataset);
  const gsize n = (gsize)(slices->extents[1] * slices->extents[2]);
  if (start == HADDR_UNDEF)
    return TRUE;
  for (gsize i = 0; i < n; i++) {
    const guint8 *stored = nx_bytes_at(nx_hdf5_bytes(slices->file), start + (first * n + i) * slices->element, slices->element, NULL);
    if (!stored)
      return FALSE;
    totals[i] += length_at(stored);
  }
  return TRUE;
}

/* ----------------------------------------------------------------------------------------------------------------- the whole */

static gboolean learn_type(Slices *slices)
{
  hid_t type = H5Dget_type(slices->dataset), list = H5Fget_create_plist(nx_hdf5_id(slices->file));
  gsize address_size = 0, length_size = 0;
  gboolean is_sequence = H5Tget_class(type) == H5T_VLEN && H5Pget_sizes(list, &address_size, &length_size) >= 0;
  slices->element = sizeof(guint32) + address_size + sizeof(guint32);
  H5Tclose(type);
  H5Pclose(list);
  return is_sequence;
}

static gboolean learn_layout(Slices *slices)
{
  hid_t list = H5Dget_create_plist(slices->dataset);
  const int n_filters = H5Pget_nfilters(list);
  unsigned flags = 0;
  size_t n_parameters = 0;
  slices->is_chunked = H5Pget_layout(list) == H5D_CHUNKED;
  gboolean is_known = slices->is_chunked ? H5Pget_chunk(list, 3, slices->chunk) == 3 : H5Pget_layout(list) == H5D_CONTIGUOUS;
  slices->is_deflated = n_filters == 1 && H5Pget_filter2(list, 0, &flags, &n_parameters, NULL, 0, NULL, NULL) == H5Z_FILTER_DEFLATE;
  is_known = is_known && (n_filters == 0 || slices->is_deflated) && H5Pget_external_count(list) == 0;
  H5Pclose(list);
  return is_known;
}

static gboolean learn(Slices *slices, guint64 first)
{
  guint64 cells;
  hid_t space = H5Dget_space(slices->dataset);
  gboolean has_extents = H5Sget_simple_extent_ndims(space) == 3 && H5Sget_simple_extent_dims(space, slices->extents, NULL) == 3;
  H5Sclose(space);
  return has_extents && first < slices->extents[0] && g_uint64_checked_mul(&cells, slices->extents[1], slices->extents[2]) &&
         cells <= NX_HDF5_SEQUENCES_MAX && learn_type(slices) && learn_layout(slices);
}

gboolean nx_hdf5_add_lengths(const NxHdf5 *file, const char *path, guint64 first, double *totals, GError **err)
{
  Slices slices = { .file = file, .dataset = H5Dopen2(nx_hdf5_id(file), path, H5P_DEFAULT) };
  if (slices.dataset < 0)
    return nx_hdf5_failed(err, path);
  gboolean is_added = learn(&slices, first) && (slices.is_chunked ? add_chunks(&slices, first, totals) : add_stretch(&slices, first, totals));
  H5Dclose(slices.dataset);
  if (!is_added)
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the lengths of the sequences in %s cannot be read", path);
  return is_added;
}
