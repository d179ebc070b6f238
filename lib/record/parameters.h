/* parameters.h — nx_meta as the flat list of parameters that a record shows, and what a group of datasets has in common. */
#ifndef NX_PARAMETERS_H
#define NX_PARAMETERS_H

#include "values.h"

typedef struct {
  guint32 name;
  guint32 value : 31;
  guint32 warning : 1;
} NxParameter;

/* Everything in nx_meta but `warnings` and the dataset's type, extensions merged, display names given, nested mappings flattened, sorted.
 * An array of NxParameter. `label` names the file in the log. *type: the text of DatasetType, to be freed, or NULL. */
GArray *nx_parameters_read(NxValues *values, json_object *nx_meta, const char *label, char **type);

/* Moves what all of `entries` (n arrays of NxParameter, sorted) have in common out of them into one array: none with fewer than two entries
 * (record-building §7.3). Warnings of a common one are those of the first entry. */
GArray *nx_parameters_take_common(const NxValues *values, GArray **entries, gsize n);

#endif
