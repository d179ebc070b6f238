/* fuzz-plots.c — libFuzzer target for the pictures of numbers: any shape, sample type, calibration, mark and title, with any numbers, gives
 * a PNG. The bytes: sample, flags, dimensions, signal dimensions, up to 8 extents, two doubles for the axes, one byte of a unit's length
 * and so on; what is left are the numbers. */
#include "target.h"

#include "without-png.h"

#include <string.h>

typedef struct {
  const uint8_t *at;
  size_t left;
} Source;

static guint8 next_byte(Source *from)
{
  if (from->left == 0)
    return 0;
  from->left--;
  return *from->at++;
}

static double next_double(Source *from)
{
  double value = 1;
  if (from->left >= sizeof value) {
    memcpy(&value, from->at, sizeof value);
    from->at += sizeof value, from->left -= sizeof value;
  }
  return value;
}

static char *next_text(Source *from)
{
  const size_t wanted = next_byte(from), length = MIN(wanted, from->left);
  char *text = nx_text_utf8((const char *)from->at, (gssize)length);
  from->at += length, from->left -= length;
  return text;
}

static void describe(Source *from, NxSignal *signal)
{
  NxArray *array = &signal->array;
  array->sample = next_byte(from) % (NX_BGRA + 1);
  const guint8 flags = next_byte(from);
  array->big_endian = flags & 1;
  array->bottom_up = flags & 2;
  array->n_dims = 1 + next_byte(from) % 5;
  array->n_signal_dims = MIN(array->n_dims, 1 + (flags >> 2 & 1));
  for (guint dim = 0; dim < array->n_dims; dim++) {
    array->shape[dim] = 1 + next_byte(from) % 48;
    array->axis[dim] =
        (NxAxis){flags & 8 ? next_text(from) : NULL, flags & 16 ? next_text(from) : g_strdup("nm"), next_double(from), next_double(from)};
  }
  signal->title = flags & 32 ? next_text(from) : NULL;
  if (flags & 64) {
    NxMark *mark = g_new0(NxMark, 1);
    *mark = (NxMark){.kind = next_byte(from) % 4,
                     .x0 = next_double(from),
                     .y0 = next_double(from),
                     .x1 = next_double(from),
                     .y1 = next_double(from),
                     .red = next_double(from),
                     .text = next_text(from)};
    signal->marks = g_ptr_array_new_with_free_func((GDestroyNotify)nx_mark_free);
    g_ptr_array_add(signal->marks, mark);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  Source from = {data, size};
  g_autoptr(NxSignal) signal = nx_signal_new();
  describe(&from, signal);
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(from.at, from.left);
  const NxInput in = {.path = "/fuzz.dm3", .name = "fuzz.dm3", .fd = -1, .bytes = bytes, .format = &nx_format_dm};
  signal->nx_meta = nx_basic_meta(&in);
  signal->view = NX_VIEW_ARRAY;
  signal->array.source = bytes;
  if (!nx_array_set_contiguous(&signal->array, NULL) || !nx_array_check(&signal->array, NULL))
    return -1;
  g_autoptr(GBytes) png = nx_preview_png(&in, signal, 0, 1, NULL);
  if (!png)
    abort();
  return 0;
}
