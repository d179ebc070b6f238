/* datasets.h — what nx-extract says about a file → the datasets of the record. */
#ifndef NX_DATASETS_H
#define NX_DATASETS_H

#include "document.h"

typedef struct {
  const char *instrument_root, *data_root;
  NxValues *values;
} NxDatasetPlace;

/* An array of NxDataset for a file at `path` (bytes), one for each member of `datasets`. */
GPtrArray *nx_datasets_read(const NxDatasetPlace *place, const char *path, json_object *datasets);

/* `datasets` of a file that could not be read: one, with the basic metadata and the reason (LINES, file; extractors-b §1.7 and §6). */
json_object *nx_datasets_for_failure(double mtime, GTimeZone *zone, const char *reason);

#endif
