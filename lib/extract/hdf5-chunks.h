/* hdf5-chunks.h — whether what a dataset's chunks unpack to fills them. Private to lib/extract.
 *
 * libhdf5 1.10 reads a whole chunk's bytes from whatever its filters left, however little that was. So each chunk is unpacked once before
 * libhdf5 is asked for numbers in it, and only counted. */
#ifndef NX_HDF5_CHUNKS_H
#define NX_HDF5_CHUNKS_H

#include "hdf5-heap.h"

#include <hdf5.h>

typedef struct NxHdf5Chunks NxHdf5Chunks;
/* `dataset` is borrowed, has 1 … NX_DIMS_MAX dimensions and no filters but deflate, shuffle and fletcher32; `heap` is its file's. */
NxHdf5Chunks *nx_hdf5_chunks_new(hid_t dataset, const NxHeap *heap);
void nx_hdf5_chunks_free(NxHdf5Chunks *chunks);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxHdf5Chunks, nx_hdf5_chunks_free)
/* The chunks in which `many` elements in each dimension from `from`, `apart` ≥ 1 apart, lie. NX_ERROR_FORMAT says which is not whole. */
gboolean nx_hdf5_chunks_are_whole(NxHdf5Chunks *chunks, const hsize_t *from, const hsize_t *apart, const hsize_t *many, GError **err);
/* The same for all of a small dataset of any number of dimensions. */
gboolean nx_hdf5_is_whole(hid_t dataset, const NxHeap *heap);

#endif
