/* velox-operations.h — what the operations of a Velox file call its images. Private to lib/extract. */
#ifndef NX_VELOX_OPERATIONS_H
#define NX_VELOX_OPERATIONS_H

#include "hdf5-file.h"

typedef struct {
  char *text;
  gboolean is_detector; /* it says which signal of the microscope this is, and not only what was made of it */
} NxVeloxName;

/* By the path of the image ("/Data/Image/ID"). For the caller to unref. */
GHashTable *nx_velox_names(NxHdf5 *file);

#endif
