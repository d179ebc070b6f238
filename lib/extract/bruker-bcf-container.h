/* bruker-bcf-container.h — the single-file system (SFS) that a Bruker .bcf is. Private to lib/extract. */
#ifndef NX_BRUKER_BCF_CONTAINER_H
#define NX_BRUKER_BCF_CONTAINER_H

#include "nx-extract.h"

/* TRUE when the bytes begin as an SFS does. */
gboolean nx_bcf_is_container(NxBytes *bytes);
/* The contents, unpacked, of the file `name` in the folder `folder` of the root. NX_ERROR_FORMAT when there is no such file, when it is
 * longer than `limit` or damaged. */
GBytes *nx_bcf_file(NxBytes *bytes, const char *folder, const char *name, gsize limit, GError **err);
/* TRUE when all that is stored of that file lies in the bytes, or the container holds no such file. */
gboolean nx_bcf_file_is_whole(NxBytes *bytes, const char *folder, const char *name);

#endif
