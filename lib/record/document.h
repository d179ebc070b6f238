/* document.h — the XML text of a record. */
#ifndef NX_DOCUMENT_H
#define NX_DOCUMENT_H

#include "values.h"

/* One signal of one file. */
typedef struct {
  char *name;         /* base name, with " (k of n)" when the file has several */
  char *location;     /* percent-encoded */
  char *preview;      /* percent-encoded, or NULL */
  char *type;         /* a DatasetType */
  GArray *parameters; /* of NxParameter: what is not in the setup */
} NxDataset;

typedef struct {
  double start;        /* s since the epoch */
  GArray *setup;       /* of NxParameter */
  GPtrArray *datasets; /* of NxDataset */
} NxActivity;

void nx_dataset_free(NxDataset *dataset);
void nx_activity_free(NxActivity *activity);

/* `session` is the whole line; `sample_ids` as many as the reservation has samples, at least one. NULL: NX_ERROR_DATA, something that no
 * record can hold. */
GString *nx_document_write(json_object *session, const char *const *sample_ids, const GPtrArray *activities, const NxValues *values,
                           GError **err);

#endif
