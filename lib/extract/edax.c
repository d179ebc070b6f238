/* edax.c — see edax.h. */
#include "edax.h"

#include "decimal.h"
#include "formats.h"

static json_object *typed_meta(const NxInput *in, const char *dataset_type, const char *data_type)
{
  json_object *meta = json_object_new_object();
  g_autofree char *time = nx_meta_time(in, nx_zone("UTC", NULL));
  nx_json_set_string(meta, "DatasetType", dataset_type);
  nx_json_set_string(meta, "Data Type", data_type);
  nx_json_set_string(meta, "Creation Time", time);
  nx_json_set_string(meta, "Instrument ID", in->instrument_pid);
  nx_json_set(meta, "warnings", json_object_new_array());
  return meta;
}

json_object *edax_meta(const NxInput *in)
{
  return typed_meta(in, "Spectrum", "EDS_Spectrum");
}

NxSignal *edax_unreadable(const NxInput *in, const char *warning, const char *reason)
{
  NxSignal *signal = nx_signal_new();
  nx_log_warning("%s: %s", in->name, reason);
  signal->nx_meta = typed_meta(in, "Unknown", "Unknown");
  nx_meta_doubt(signal->nx_meta, warning);
  nx_meta_warn(signal->nx_meta, reason);
  signal->view = NX_VIEW_PLACEHOLDER;
  return signal;
}

/* `value` with its unit where it is a number or says one. */
static json_object *with_unit(json_object *value, const char *unit)
{
  double number;
  if (!unit)
    return json_object_get(value);
  if (json_object_is_type(value, json_type_double) || json_object_is_type(value, json_type_int))
    return nx_meta_quantity(json_object_get_double(value), unit);
  if (json_object_is_type(value, json_type_string) && nx_decimal_parse(json_object_get_string(value), 0, &number, NULL))
    return nx_meta_quantity(number, unit);
  return json_object_get(value);
}

json_object *edax_extensions(json_object *header, const EdaxExtension *extensions, gsize count)
{
  json_object *object = json_object_new_object();
  for (gsize i = 0; i < count; i++) {
    json_object *value = nx_json_get(header, extensions[i].field);
    if (value)
      nx_json_set(object, extensions[i].key, with_unit(value, extensions[i].unit));
  }
  return object;
}
