/* hdf5-guard.h — checks metadata of an HDF5 file on its way to libhdf5, which trusts it. Private to lib/extract.
 *
 * libhdf5 1.10 decodes attributes and enumerations without looking where their message ends, and allocates facts of a file driver, local heaps and
 * continuations of whatever size is claimed. */
#ifndef NX_HDF5_GUARD_H
#define NX_HDF5_GUARD_H

#include "nx-extract.h"

typedef struct NxHdf5Guard NxHdf5Guard;
/* NULL when there is no superblock, when what it says of a file driver lies outside the file, or when addresses and lengths are of more than 8
 * bytes, which no file of instruments has. */
NxHdf5Guard *nx_hdf5_guard_new(NxBytes *bytes);
void nx_hdf5_guard_free(NxHdf5Guard *guard);

/* An object header or a part of it, as it was read at `address`. Messages that claim more than they hold are made empty ones in `data`, so
 * that the others can be read. */
void nx_hdf5_guard_header(NxHdf5Guard *guard, guint64 address, guint8 *data, gsize length);
/* FALSE when these bytes are the head of a local heap that lies outside the file. */
gboolean nx_hdf5_guard_heap(const NxHdf5Guard *guard, const guint8 *data, gsize length);

#endif
