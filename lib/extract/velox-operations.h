/* velox-operations.h — what the operations of a Velox file call its images. Private to lib/extract. */
#ifndef NX_VELOX_OPERATIONS_H
#define NX_VELOX_OPERATIONS_H

#include "hdf5-file.h"

/* What an image is, and so what its name says. */
typedef enum {
  NX_VELOX_DETECTED,    /* a signal of the microscope, which the name is that of */
  NX_VELOX_SUM,         /* many frames of one */
  NX_VELOX_TRANSFORMED, /* a Fourier transform of an image, which was calculated */
} NxVeloxOrigin;

typedef struct {
  char *text;
  NxVeloxOrigin origin;
} NxVeloxName;

/* By the path of the image ("/Data/Image/ID"). For the caller to unref. */
GHashTable *nx_velox_names(NxHdf5 *file);

#endif
