/* signal.c — the life of a signal and of the marks drawn over it. */
#include "preview/nx-preview.h"

void nx_mark_free(NxMark *mark)
{
  if (!mark)
    return;
  g_free(mark->text);
  g_free(mark);
}

NxSignal *nx_signal_new(void)
{
  NxSignal *signal = g_new0(NxSignal, 1);
  for (guint dim = 0; dim < NX_DIMS_MAX; dim++)
    signal->array.axis[dim].scale = 1.0;
  return signal;
}

static void clear_array(NxArray *array)
{
  for (guint dim = 0; dim < NX_DIMS_MAX; dim++) {
    g_free(array->axis[dim].name);
    g_free(array->axis[dim].units);
  }
  g_clear_pointer(&array->owned, g_bytes_unref);
  if (array->reader)
    array->reader->free(array->reader);
  array->reader = NULL;
}

void nx_signal_free(NxSignal *signal)
{
  if (!signal)
    return;
  json_object_put(signal->nx_meta);
  json_object_put(signal->raw);
  g_free(signal->title);
  clear_array(&signal->array);
  g_clear_pointer(&signal->marks, g_ptr_array_unref);
  if (signal->figure)
    signal->figure->free(signal->figure);
  g_free(signal);
}
