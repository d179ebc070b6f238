/* mrc-fei.h — what programs of FEI and Thermo Fisher put between the header and the numbers of an MRC file. Private to lib/extract. */
#ifndef NX_MRC_FEI_H
#define NX_MRC_FEI_H

#include "nx-extract.h"

typedef struct {
  guint64 offset;
  guint32 length;
  char type[5]; /* the header's word for it, "" when it has none */
  gboolean big_endian;
} NxMrcExtended;

typedef struct {
  double pixel[2]; /* nanometres along columns and rows; 0: not said */
  gboolean counts; /* more than the header's cell, which older programs leave at an ångström a pixel */
} NxMrcFei;

/* Adds what is said of the first section's microscope. All is 0 in `fei` when the extended header is nobody's of these. */
void nx_mrc_fei_add_fields(NxBytes *bytes, const NxMrcExtended *extended, json_object *nx_meta, NxMrcFei *fei);

#endif
