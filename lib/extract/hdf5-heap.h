/* hdf5-heap.h — the global heaps of an HDF5 file, where text of variable length lies. Private to lib/extract. */
#ifndef NX_HDF5_HEAP_H
#define NX_HDF5_HEAP_H

#include "nx-extract.h"

typedef struct NxHeap NxHeap;
/* `bytes` is borrowed; `base` is the byte that addresses are relative to; sizes of addresses and lengths in bytes, as the file's superblock
 * has them: 2, 4 or 8 (16 and 32 are read as far as they matter here). */
NxHeap *nx_heap_new(NxBytes *bytes, guint64 base, guint address_size, guint length_size);
void nx_heap_free(NxHeap *heap);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxHeap, nx_heap_free)
/* Bytes of a reference as it is stored: length, address, index. */
gsize nx_heap_reference_size(const NxHeap *heap);
/* The text that a stored reference (that many bytes) leads to, *text owned by the caller; empty when it leads nowhere on purpose.
 * NX_ERROR_FORMAT when the heap is damaged, or the text is longer than `limit` bytes. */
gboolean nx_heap_text(NxHeap *heap, const guint8 *reference, gsize limit, GBytes **text, GError **err);

#endif
