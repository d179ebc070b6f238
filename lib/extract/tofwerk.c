/* tofwerk.c — Tofwerk fibTOF .h5 (tofwerk_pfib_extractor): time-of-flight mass spectra of what a focused ion beam sputters, an HDF5 file of TofDAQ.
 * `FIBParams` (attributes of the beam) and `FibParams` (pressures) are two groups. Facts: extractors-b §5; checked against corpus/tofwerk. */
#include "tofwerk.h"
#include "formats.h"
#include "hdf5-fields.h"

#include <math.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------------------------ fields */

static gboolean get_number(json_object *value, double *number)
{
  if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double))
    return FALSE;
  *number = json_object_get_double(value);
  return isfinite(*number);
}

/* Consumes `value`. */
static gboolean take_number(json_object *value, double *number)
{
  gboolean is_number = get_number(value, number);
  json_object_put(value);
  return is_number;
}

typedef enum { TEXT, INTEGER, QUANTITY, AS_STORED, AS_TEXT } Kind;

typedef struct {
  const char *key;
  const char *object, *attribute;
  Kind kind;
  double divisor;
  const char *unit;
} Field;

/* Those before and behind what has to be worked out. */
static const Field BEAM_FIELDS[] = {
  { "FIB Hardware", "FIBParams", "FibHardware", TEXT, 0, NULL },
  { "accelerating_voltage", "FIBParams", "Voltage", QUANTITY, 1000.0, "kilovolt" },
  { "beam_current", "FIBParams", "Current", QUANTITY, 1.0, "ampere" },
  { "field_of_view", "FIBParams", "ViewField", QUANTITY, 1.0, "millimeter" },
};
static const Field PEAK_FIELDS[] = {
  { "Number of Peaks", "/", "NbrPeaks", INTEGER, 0, NULL },
};
static const Field SOFTWARE_FIELDS[] = {
  { "Ion Mode", "/", "IonMode", TEXT, 0, NULL },
  { "FibLys GUI Version", "/", "FiblysGUIVersion", AS_STORED, 0, NULL },
  { "TofDAQ Version", "/", "TofDAQ Version", AS_TEXT, 0, NULL },
};

/* "1.99" for a version that is stored as a number. */
static json_object *as_text(json_object *value)
{
  if (json_object_is_type(value, json_type_string))
    return json_object_get(value);
  double number;
  if (!get_number(value, &number))
    return NULL;
  g_autofree char *text = json_object_is_type(value, json_type_int) ? g_strdup(json_object_get_string(value)) : nx_text_from_double(number);
  return json_object_new_string(text);
}

static json_object *field_value(const Field *field, json_object *stored)
{
  double number;
  switch (field->kind) {
  case TEXT: return json_object_is_type(stored, json_type_string) ? json_object_get(stored) : NULL;
  case INTEGER:
    return get_number(stored, &number) && fabs(number) < 9e15 && number == floor(number) ? json_object_new_int64((gint64)number) : NULL;
  case QUANTITY: return get_number(stored, &number) ? nx_meta_quantity(number / field->divisor, field->unit) : NULL;
  case AS_STORED: return stored && !json_object_is_type(stored, json_type_array) ? json_object_get(stored) : NULL;
  case AS_TEXT: return as_text(stored);
  }
  return NULL;
}

static void put(json_object *extensions, const char *key, json_object *value)
{
  if (value)
    nx_json_set(extensions, key, value);
}

static void put_fields(const NxHdf5 *file, const Field *fields, gsize n, json_object *extensions)
{
  for (gsize i = 0; i < n; i++) {
    g_autoptr(json_object) stored = nx_hdf5_first(file, fields[i].object, fields[i].attribute);
    put(extensions, fields[i].key, field_value(&fields[i], stored));
  }
}

/* ---------------------------------------------------------------------------------------------------------------- worked out */

/* Columns of a frame: the third extent of the events, else of the peaks, else the segments. 0: unknown. */
static guint64 columns_of(const NxHdf5 *file)
{
  guint64 extents[NX_DIMS_MAX];
  static const char *const DATASETS[] = { TOFWERK_EVENTS, TOFWERK_PEAKS };
  for (gsize i = 0; i < G_N_ELEMENTS(DATASETS); i++) {
    if (nx_hdf5_extents(file, DATASETS[i], extents) >= 3)
      return extents[2];
  }
  double segments;
  return take_number(nx_hdf5_first(file, "/", "NbrSegments"), &segments) && segments >= 1 && segments < 1e15 ? (guint64)segments : 0;
}

static char *dimensions_text(const NxHdf5 *file, guint64 columns)
{
  double writes, segments;
  if (!take_number(nx_hdf5_first(file, "/", "NbrWrites"), &writes) || !take_number(nx_hdf5_first(file, "/", "NbrSegments"), &segments) || !columns ||
      fabs(writes) > 1e15 || fabs(segments) > 1e15)
    return NULL;
  return g_strdup_printf("(%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT ", %" G_GUINT64_FORMAT ")", (gint64)writes, (gint64)segments, columns);
}

static void put_pixel_size(const NxHdf5 *file, guint64 columns, json_object *extensions)
{
  double view_field;
  if (columns && take_number(nx_hdf5_first(file, "FIBParams", "ViewField"), &view_field))
    put(extensions, "Pixel Size", nx_meta_quantity(view_field * 1e3 / (double)columns, "micrometer"));
}

/* What is computed of all numbers of a dataset, of any shape. */
typedef struct {
  guint64 n;
  double least, most, sum;
} Summary;

/* Longer axes and logs than these are not believed. */
#define SUMMARY_MAX (16u * 1024u * 1024u)

static gboolean summarise(NxHdf5 *file, const char *path, Summary *summary)
{
  g_autoptr(NxHdf5Data) data = nx_hdf5_data_open(file, path, NULL);
  guint64 start[NX_DIMS_MAX] = { 0 }, count[NX_DIMS_MAX], n = 1;
  for (guint dim = 0; data && dim < nx_hdf5_data_dims(data); dim++) {
    count[dim] = nx_hdf5_data_extent(data, dim);
    if (!g_uint64_checked_mul(&n, n, count[dim]) || n > SUMMARY_MAX)
      return FALSE;
  }
  g_autofree double *values = data && n > 0 ? g_try_new(double, n) : NULL;
  if (!values || !nx_hdf5_data_read(data, start, NULL, count, values, NULL))
    return FALSE;
  *summary = (Summary){ .n = n, .least = values[0], .most = values[0] };
  for (guint64 i = 0; i < n; i++) {
    summary->least = MIN(summary->least, values[i]);
    summary->most = MAX(summary->most, values[i]);
    summary->sum += values[i];
  }
  return TRUE;
}

static void put_masses(NxHdf5 *file, json_object *extensions)
{
  Summary masses;
  if (!summarise(file, TOFWERK_MASSES, &masses))
    return;
  put(extensions, "Mass Range Minimum", nx_meta_quantity(masses.least, "dalton"));
  put(extensions, "Mass Range Maximum", nx_meta_quantity(masses.most, "dalton"));
}

static void put_pressure(NxHdf5 *file, json_object *extensions)
{
  Summary pressure;
  if (summarise(file, "FibParams/FibPressure/TwData", &pressure))
    put(extensions, "Chamber Pressure", nx_meta_quantity(pressure.sum / (double)pressure.n, "pascal"));
}

/* -------------------------------------------------------------------------------------------------------------------- time */

/* The first row of the acquisition's log; a time without offset is the instrument's. */
static GDateTime *time_of_log(const NxInput *in, const NxHdf5 *file)
{
  g_autoptr(json_object) times = nx_hdf5_column(file, "AcquisitionLog/Log", "timestring");
  const char *text = times && json_object_array_length(times) > 0 ? json_object_get_string(json_object_array_get_idx(times, 0)) : NULL;
  return text ? nx_time_parse(text, in->zone ? in->zone : nx_zone("UTC", NULL), NULL) : NULL;
}

/* `DD.MM.YYYY HH:MM:SS`, taken as UTC. */
static GDateTime *time_of_creation(const NxHdf5 *file)
{
  g_autoptr(json_object) value = nx_hdf5_first(file, "/", "HDF5 File Creation Time");
  const char *text = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
  int day, month, year, hour, minute, second, end = 0;
  if (!text || sscanf(text, "%2d.%2d.%4d %2d:%2d:%2d%n", &day, &month, &year, &hour, &minute, &second, &end) != 6 || text[end])
    return NULL;
  return nx_time_from_wall_clock(nx_zone("UTC", NULL), year, month, day, hour, minute, second, 0);
}

static char *creation_time(const NxInput *in, const NxHdf5 *file)
{
  g_autoptr(GDateTime) logged = time_of_log(in, file);
  g_autoptr(GDateTime) created = logged ? NULL : time_of_creation(file);
  if (logged || created)
    return nx_time_format(logged ? logged : created);
  const NxInput in_utc = { .mtime = in->mtime, .zone = nx_zone("UTC", NULL) };
  return nx_meta_time(&in_utc, NULL);
}

/* -------------------------------------------------------------------------------------------------------------- whole file */

static json_object *extensions_of(NxHdf5 *file, guint64 columns, const char *dimensions)
{
  json_object *extensions = json_object_new_object();
  put_fields(file, BEAM_FIELDS, G_N_ELEMENTS(BEAM_FIELDS), extensions);
  put(extensions, "data_dimensions", dimensions ? json_object_new_string(dimensions) : NULL);
  put_fields(file, PEAK_FIELDS, G_N_ELEMENTS(PEAK_FIELDS), extensions);
  put_pixel_size(file, columns, extensions);
  put_masses(file, extensions);
  put_fields(file, SOFTWARE_FIELDS, G_N_ELEMENTS(SOFTWARE_FIELDS), extensions);
  put_pressure(file, extensions);
  nx_json_set_string(extensions, "File Variant", nx_hdf5_kind(file, TOFWERK_PEAKS) == NX_HDF5_DATASET ? "pre-processed" : "raw");
  return extensions;
}

static json_object *meta_of(const NxInput *in, NxHdf5 *file)
{
  const guint64 columns = columns_of(file);
  g_autofree char *created = creation_time(in, file);
  g_autofree char *dimensions = dimensions_text(file, columns);
  json_object *nx_meta = json_object_new_object();
  nx_json_set_string(nx_meta, "DatasetType", "SpectrumImage");
  nx_json_set_string(nx_meta, "Data Type", "PFIB_TOFSIMS");
  nx_json_set_string(nx_meta, "Creation Time", created);
  nx_json_set_string(nx_meta, "Instrument ID", in->instrument_pid);
  if (dimensions)
    nx_json_set_string(nx_meta, "Data Dimensions", dimensions);
  nx_json_set(nx_meta, "extensions", extensions_of(file, columns, dimensions));
  return nx_meta;
}

static gboolean tofwerk_sniff(const NxInput *in)
{
  g_autoptr(NxHdf5) file = nx_hdf5_open(in->bytes, NULL);
  if (!file || nx_hdf5_kind(file, TOFWERK_SUM) != NX_HDF5_DATASET || nx_hdf5_kind(file, "FIBParams") != NX_HDF5_GROUP ||
      nx_hdf5_kind(file, "FIBImages") != NX_HDF5_GROUP)
    return FALSE;
  g_autoptr(json_object) version = nx_hdf5_attribute(file, "/", "TofDAQ Version");
  return version != NULL;
}

static gboolean tofwerk_read(const NxInput *in, GPtrArray *signals, GError **err)
{
  g_autoptr(NxHdf5) file = nx_hdf5_open(in->bytes, err);
  if (!file)
    return FALSE;
  NxSignal *signal = nx_signal_new();
  signal->nx_meta = meta_of(in, file);
  nx_tree_warn_of_damage(signal->nx_meta, file);
  signal->view = NX_VIEW_FIGURE;
  signal->figure = tofwerk_figure_new(file);
  g_ptr_array_add(signals, signal);
  return TRUE;
}

static const char *const TOFWERK_EXTENSIONS[] = { "h5", NULL };

const NxFormat nx_format_tofwerk = {
  .name = "tofwerk_pfib",
  .extensions = TOFWERK_EXTENSIONS,
  .priority = 150,
  .sniff = tofwerk_sniff,
  .read = tofwerk_read,
};
