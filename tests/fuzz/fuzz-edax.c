/* fuzz-edax.c — libFuzzer target for EDAX spectra and EMSA text: whatever the bytes are, there is a dataset, and nothing outside them is
 * read. Built with clang -fsanitize=fuzzer,address,undefined together with lib/base and lib/extract; files of corpus/edax are good seeds.
 */
#include "formats.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_corners(const NxSignal *signal)
{
  guint64 index[NX_DIMS_MAX] = { 0 };
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

static void read_as(const NxFormat *format, NxBytes *bytes)
{
  g_autoptr(GPtrArray) signals = g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free);
  const NxInput in = { .path = "/fuzz", .name = "fuzz", .fd = -1, .bytes = bytes, .format = format };
  if (!format->read(&in, signals, NULL) || signals->len != 1)
    abort();
  read_corners(signals->pdata[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(data, size);
  read_as(&nx_format_spc, bytes);
  read_as(&nx_format_msa, bytes);
  return 0;
}
