/* target.h — what the fuzz targets of data files have in common. */
#ifndef NX_FUZZ_TARGET_H
#define NX_FUZZ_TARGET_H

#include "formats.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An array that was described can be read, from its first element to its last. */
static inline void read_corners(const NxSignal *signal)
{
  guint64 index[NX_DIMS_MAX] = {0};
  double value;
  if (signal->view != NX_VIEW_ARRAY)
    return;
  if (!nx_array_read(&signal->array, index, 0, 1, 1, &value, NULL))
    abort();
  for (guint dim = 0; dim < signal->array.n_dims; dim++)
    index[dim] = signal->array.shape[dim] - 1;
  if (!nx_array_read(&signal->array, index, 0, 1, 1, &value, NULL))
    abort();
}

/* Metadata that is given fits the schema. */
static inline void check_meta(const NxSignal *signal)
{
  json_object_object_del(signal->nx_meta, "Extractor Warnings");
  if (!nx_meta_check(signal->nx_meta, "fuzz", NULL))
    abort();
}

/* Signals or a reason, never both and never neither. */
static inline GPtrArray *read_as(const NxFormat *format, const NxInput *in)
{
  g_autoptr(GError) problem = NULL;
  GPtrArray *signals = g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free);
  gboolean is_read = format->read(in, signals, &problem);
  if (is_read == (problem != NULL) || (is_read && signals->len == 0))
    abort();
  return signals;
}

#endif
