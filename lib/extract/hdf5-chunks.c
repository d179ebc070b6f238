/* hdf5-chunks.c — see hdf5-chunks.h. HDF5 File Format Specification 3.0, "Data Storage - Filter Pipeline Message" and "Data Layout Message". */
#include "hdf5-chunks.h"
#include "hdf5-file.h"

#include <zlib.h>

#define CHECKSUM_BYTES 4u
#define PIECE (64u * 1024u)
/* So many chunks are remembered; with more, some are looked at again. */
#define REMEMBERED_MAX 65536u
/* A chunk that is packed takes little more than one that is not. */
#define PACKED_EXTRA 1024u
#define EXTENT_MAX (1ull << 62)

struct NxHdf5Chunks {
  hid_t dataset;
  guint n_dims; /* 0: there are no chunks */
  hsize_t extents[H5S_MAX_RANK], sides[H5S_MAX_RANK];
  gsize bytes; /* of one, unpacked; 0: they cannot be numbered */
  gboolean has_plain_edges; /* chunks that reach beyond the extents are not filtered */
  guint n_filters;
  H5Z_filter_t filters[H5Z_MAX_NFILTERS]; /* in the order of writing */
  GHashTable *whole; /* numbers of those that are */
};

/* ----------------------------------------------------------------------------------------------------------------- layout */

static void learn_filters(NxHdf5Chunks *chunks, hid_t list)
{
  chunks->n_filters = (guint)CLAMP(H5Pget_nfilters(list), 0, H5Z_MAX_NFILTERS);
  for (guint i = 0; i < chunks->n_filters; i++) {
    unsigned flags = 0;
    size_t n_parameters = 0;
    chunks->filters[i] = H5Pget_filter2(list, i, &flags, &n_parameters, NULL, 0, NULL, NULL);
  }
}

/* What an element takes in the file: H5Tget_size tells what it takes in memory, where a text of variable length is a pointer. The types are
 * sound, which also bounds how deep they are nested. */
static gsize stored_bytes(hid_t type, gsize reference)
{
  gsize bytes = H5Tget_size(type);
  const H5T_class_t class = H5Tget_class(type);
  if (class == H5T_VLEN || (class == H5T_STRING && H5Tis_variable_str(type) > 0))
    return reference;
  for (int i = 0; class == H5T_COMPOUND && i < H5Tget_nmembers(type); i++) {
    hid_t member = H5Tget_member_type(type, (unsigned)i);
    bytes += stored_bytes(member, reference) - H5Tget_size(member);
    H5Tclose(member);
  }
  if (class == H5T_ARRAY) {
    hid_t element = H5Tget_super(type);
    bytes = bytes / MAX(H5Tget_size(element), 1) * stored_bytes(element, reference);
    H5Tclose(element);
  }
  return bytes;
}

/* Bytes of one chunk; 0 when there can be none, or too many. */
static gsize bytes_of(const NxHdf5Chunks *chunks, gsize reference)
{
  hid_t type = H5Dget_type(chunks->dataset);
  gsize bytes = stored_bytes(type, reference);
  guint64 number = 1;
  H5Tclose(type);
  for (guint dim = 0; dim < chunks->n_dims; dim++) {
    const hsize_t side = chunks->sides[dim], extent = chunks->extents[dim];
    if (side == 0 || extent > EXTENT_MAX || !g_size_checked_mul(&bytes, bytes, (gsize)side) ||
        !g_uint64_checked_mul(&number, number, extent / side + 1))
      return 0;
  }
  return bytes;
}

static void learn_extents(NxHdf5Chunks *chunks)
{
  hid_t space = H5Dget_space(chunks->dataset);
  const int n = H5Sget_simple_extent_dims(space, chunks->extents, NULL);
  chunks->n_dims = n > 0 ? (guint)n : 0;
  H5Sclose(space);
}

NxHdf5Chunks *nx_hdf5_chunks_new(hid_t dataset, const NxHeap *heap)
{
  NxHdf5Chunks *chunks = g_new0(NxHdf5Chunks, 1);
  unsigned options = 0;
  chunks->dataset = dataset;
  chunks->whole = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
  learn_extents(chunks);
  hid_t list = H5Dget_create_plist(dataset);
  if (H5Pget_layout(list) != H5D_CHUNKED || H5Pget_chunk(list, H5S_MAX_RANK, chunks->sides) != (int)chunks->n_dims)
    chunks->n_dims = 0;
  chunks->has_plain_edges = chunks->n_dims > 0 && H5Pget_chunk_opts(list, &options) >= 0 && options & H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS;
  learn_filters(chunks, list);
  H5Pclose(list);
  chunks->bytes = bytes_of(chunks, nx_heap_reference_size(heap));
  return chunks;
}

void nx_hdf5_chunks_free(NxHdf5Chunks *chunks)
{
  if (!chunks)
    return;
  g_hash_table_unref(chunks->whole);
  g_free(chunks);
}

/* -------------------------------------------------------------------------------------------------------------- one chunk */

/* What is inflated is counted, not kept. */
static gboolean inflates_to(const guint8 *packed, gsize length, gsize bytes)
{
  z_stream stream = { .next_in = (Bytef *)packed, .avail_in = (uInt)length };
  if (inflateInit(&stream) != Z_OK)
    return FALSE;
  g_autofree guint8 *piece = g_malloc(PIECE);
  int status;
  do {
    stream.next_out = piece;
    stream.avail_out = PIECE;
    status = inflate(&stream, Z_NO_FLUSH);
  } while (status == Z_OK && stream.total_out <= bytes);
  inflateEnd(&stream);
  return status == Z_STREAM_END && stream.total_out == bytes;
}

/* Bit n of `skipped`: filter n was not used. */
static gboolean unpacks_to_all(const NxHdf5Chunks *chunks, guint32 skipped, const guint8 *packed, gsize length)
{
  gsize before = chunks->bytes, after = 0; /* before and behind deflate */
  gboolean is_deflated = FALSE;
  for (guint i = 0; i < chunks->n_filters; i++) {
    const gboolean is_used = !(skipped >> i & 1);
    if (is_used && chunks->filters[i] == H5Z_FILTER_FLETCHER32)
      *(is_deflated ? &after : &before) += CHECKSUM_BYTES;
    if (is_used && chunks->filters[i] == H5Z_FILTER_DEFLATE) {
      if (is_deflated)
        return FALSE;
      is_deflated = TRUE;
    }
  }
  return is_deflated ? length >= after && inflates_to(packed, length - after, before) : length == before;
}

static gboolean is_partial(const NxHdf5Chunks *chunks, const hsize_t *offset)
{
  for (guint dim = 0; dim < chunks->n_dims; dim++) {
    if (offset[dim] + chunks->sides[dim] > chunks->extents[dim])
      return TRUE;
  }
  return FALSE;
}

/* The bytes of a chunk as they lie in the file. FALSE when there are more or fewer than `stored`, which libhdf5 says of a chunk that is not
 * filtered whatever the file says. */
static gboolean read_stored(const NxHdf5Chunks *chunks, const hsize_t *offset, guint32 *skipped, guint8 *packed, gsize stored)
{
  nx_hdf5_look_at_reading(stored);
  const gboolean is_read = H5Dread_chunk(chunks->dataset, H5P_DEFAULT, offset, skipped, packed) >= 0;
  return nx_hdf5_length_read() == stored && is_read;
}

/* One that was never written has nothing that could be short. */
static gboolean is_whole_at(const NxHdf5Chunks *chunks, const hsize_t *offset)
{
  hsize_t stored = 0;
  guint32 skipped = 0;
  if (H5Dget_chunk_storage_size(chunks->dataset, offset, &stored) < 0 || stored == 0)
    return TRUE;
  if (stored > MIN(2 * (guint64)chunks->bytes + PACKED_EXTRA, G_MAXUINT32))
    return FALSE;
  g_autofree guint8 *packed = g_try_malloc((gsize)stored);
  if (!packed || !read_stored(chunks, offset, &skipped, packed, (gsize)stored))
    return FALSE;
  if (chunks->has_plain_edges && is_partial(chunks, offset))
    skipped = G_MAXUINT32;
  return unpacks_to_all(chunks, skipped, packed, (gsize)stored);
}

/* ------------------------------------------------------------------------------------------------------------ many of them */

/* Which one the chunk at `offset` is. */
static guint64 number_of(const NxHdf5Chunks *chunks, const hsize_t *offset)
{
  guint64 number = 0;
  for (guint dim = 0; dim < chunks->n_dims; dim++)
    number = number * (chunks->extents[dim] / chunks->sides[dim] + 1) + offset[dim] / chunks->sides[dim];
  return number;
}

static gboolean look_at(NxHdf5Chunks *chunks, const hsize_t *offset, GError **err)
{
  const guint64 number = number_of(chunks, offset);
  if (g_hash_table_contains(chunks->whole, &number))
    return TRUE;
  if (!is_whole_at(chunks, offset)) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "a chunk of the data does not unpack to its %" G_GSIZE_FORMAT " bytes", chunks->bytes);
    return FALSE;
  }
  if (g_hash_table_size(chunks->whole) >= REMEMBERED_MAX)
    g_hash_table_remove_all(chunks->whole);
  g_hash_table_add(chunks->whole, g_memdup2(&number, sizeof number));
  return TRUE;
}

/* Which of the elements `from`, `from` + `apart` … is the first behind the chunk that number `i` lies in. */
static hsize_t next_chunk(hsize_t from, hsize_t apart, hsize_t i, hsize_t side)
{
  const hsize_t end = ((from + i * apart) / side + 1) * side;
  return (end - from + apart - 1) / apart;
}

/* Moves to the first elements of the next chunk, the last dimension first; FALSE behind the last. */
static gboolean move_on(const NxHdf5Chunks *chunks, const hsize_t *from, const hsize_t *apart, const hsize_t *many, hsize_t *at)
{
  for (guint dim = chunks->n_dims; dim-- > 0;) {
    at[dim] = next_chunk(from[dim], apart[dim], at[dim], chunks->sides[dim]);
    if (at[dim] < many[dim])
      return TRUE;
    at[dim] = 0;
  }
  return FALSE;
}

static gboolean is_empty(const NxHdf5Chunks *chunks, const hsize_t *many)
{
  for (guint dim = 0; dim < chunks->n_dims; dim++) {
    if (many[dim] == 0)
      return TRUE;
  }
  return chunks->n_dims == 0;
}

gboolean nx_hdf5_chunks_are_whole(NxHdf5Chunks *chunks, const hsize_t *from, const hsize_t *apart, const hsize_t *many, GError **err)
{
  hsize_t at[H5S_MAX_RANK] = { 0 }, offset[H5S_MAX_RANK];
  if (is_empty(chunks, many))
    return TRUE;
  if (chunks->bytes == 0) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the data is in chunks without size or number");
    return FALSE;
  }
  do {
    for (guint dim = 0; dim < chunks->n_dims; dim++)
      offset[dim] = (from[dim] + at[dim] * apart[dim]) / chunks->sides[dim] * chunks->sides[dim];
    if (!look_at(chunks, offset, err))
      return FALSE;
  } while (move_on(chunks, from, apart, many, at));
  return TRUE;
}

gboolean nx_hdf5_is_whole(hid_t dataset, const NxHeap *heap)
{
  g_autoptr(NxHdf5Chunks) chunks = nx_hdf5_chunks_new(dataset, heap);
  hsize_t start[H5S_MAX_RANK] = { 0 }, next[H5S_MAX_RANK];
  for (guint dim = 0; dim < H5S_MAX_RANK; dim++)
    next[dim] = 1;
  return nx_hdf5_chunks_are_whole(chunks, start, next, chunks->extents, NULL);
}
