/* hspy.c — HyperSpy .hspy (hspy_extractor): HDF5 with one group per signal below /Experiments: `data`, an `axis-N` group of attributes for each
 * dimension, `metadata` and `original_metadata` as trees of groups and attributes.
 * Facts: HyperSpy user guide, "HSpy – HyperSpy's HDF5 Specification" and "Metadata structure" (beam energy in kV, current in nA, angles of the stage
 * in degrees, its position in mm, times in s). A list of texts alone is a dataset `_list_NAME`, another a group
 * `_list_N_NAME` with members 0, 1, … */
#include "formats.h"
#include "hdf5-fields.h"
#include "hdf5-file.h"

#include <math.h>
#include <string.h>

#define SIGNALS_MAX 256u
/* How None is written. */
#define NOTHING "_None_"
/* Places of an axis that are read, and how far from a straight line they may lie, in channels: what a picture does not show. */
#define PLACES_MAX (1024u * 1024u)
#define UNEVEN_MAX 0.01

/* Below the group of the microscope. */
static const NxTreeField INSTRUMENT_FIELDS[] = {
  { "beam_energy", "acceleration_voltage", NULL, "Acceleration Voltage", NX_TREE_QUANTITY, 0, "kilovolt" },
  { "beam_current", "beam_current", NULL, "Beam Current", NX_TREE_QUANTITY, 3, "picoampere" },
  { "magnification", "magnification", NULL, "Magnification", NX_TREE_NUMBER, 0, NULL },
  { "camera_length", "camera_length", NULL, "Camera Length", NX_TREE_QUANTITY, 0, "millimeter" },
  { "convergence_angle", "convergence_angle", NULL, "Convergence Angle", NX_TREE_QUANTITY, 0, "milliradian" },
  { "working_distance", "working_distance", NULL, "Working Distance", NX_TREE_QUANTITY, 0, "millimeter" },
  { "microscope", NULL, NULL, "Microscope", NX_TREE_TEXT, 0, NULL },
  { "acquisition_mode", NULL, NULL, "Acquisition Mode", NX_TREE_TEXT, 0, NULL },
  { "Detector.Camera.exposure", NULL, NULL, "Exposure Time", NX_TREE_QUANTITY, 0, "second" },
  { "Detector.EELS.exposure", NULL, NULL, "Exposure Time", NX_TREE_QUANTITY, 0, "second" },
  { "Stage.x", "stage_position", "x", "Stage X", NX_TREE_QUANTITY, 3, "micrometer" },
  { "Stage.y", "stage_position", "y", "Stage Y", NX_TREE_QUANTITY, 3, "micrometer" },
  { "Stage.z", "stage_position", "z", "Stage Z", NX_TREE_QUANTITY, 0, "millimeter" },
  { "Stage.rotation", "stage_position", "rotation", "Stage Rotation", NX_TREE_QUANTITY, 0, "degree" },
  { "Stage.tilt_alpha", "stage_position", "tilt_alpha", "Stage Alpha", NX_TREE_QUANTITY, 0, "degree" },
  { "Stage.tilt_beta", "stage_position", "tilt_beta", "Stage Beta", NX_TREE_QUANTITY, 0, "degree" },
  { "Detector.EDS.live_time", "live_time", NULL, "Live Time", NX_TREE_QUANTITY, 0, "second" },
  { "Detector.EDS.real_time", "acquisition_time", NULL, "Acquisition Time", NX_TREE_QUANTITY, 0, "second" },
  { "Detector.EDS.azimuth_angle", "azimuthal_angle", NULL, "Azimuthal Angle", NX_TREE_QUANTITY, 0, "degree" },
  { "Detector.EDS.elevation_angle", "elevation_angle", NULL, "Elevation Angle", NX_TREE_QUANTITY, 0, "degree" },
  { "Detector.EDS.energy_resolution_MnKa", "detector_energy_resolution", NULL, "Energy Resolution", NX_TREE_QUANTITY, 0, "electron_volt" },
  { "Detector.EELS.collection_angle", NULL, NULL, "Collection Angle", NX_TREE_QUANTITY, 0, "milliradian" },
  { "Detector.EELS.dwell_time", "dwell_time", NULL, "Pixel Dwell Time", NX_TREE_QUANTITY, 6, "microsecond" },
};

static const NxTreeField FIELDS[] = {
  { "General.title", NULL, NULL, "Title", NX_TREE_TEXT, 0, NULL },
  { "General.date", NULL, NULL, "Acquisition Date", NX_TREE_TEXT, 0, NULL },
  { "General.time", NULL, NULL, "Acquisition Time of Day", NX_TREE_TEXT, 0, NULL },
  { "General.time_zone", NULL, NULL, "Time Zone", NX_TREE_TEXT, 0, NULL },
  { "General.original_filename", NULL, NULL, "Original Filename", NX_TREE_TEXT, 0, NULL },
  { "General.authors", NULL, NULL, "Authors", NX_TREE_TEXT, 0, NULL },
  { "General.notes", NULL, NULL, "Notes", NX_TREE_TEXT, 0, NULL },
  { "Signal.signal_type", NULL, NULL, "Signal Type", NX_TREE_TEXT, 0, NULL },
  { "Signal.quantity", NULL, NULL, "Quantity", NX_TREE_TEXT, 0, NULL },
  { "Sample.description", NULL, NULL, "Sample Description", NX_TREE_TEXT, 0, NULL },
};

/* The group of Acquisition_instrument that is the microscope's. */
typedef struct {
  const char *word; /* its name */
  json_object *group; /* of the metadata, borrowed */
} Instrument;

/* -------------------------------------------------------------------------------------------------------------------- axes */

static gboolean is_navigation(const NxHdf5 *file, const char *axis, gboolean fallback)
{
  g_autoptr(json_object) value = nx_hdf5_first(file, axis, "navigate");
  return value ? json_object_get_boolean(value) : fallback;
}

static char *text_attribute(const NxHdf5 *file, const char *path, const char *name)
{
  g_autoptr(json_object) value = nx_hdf5_first(file, path, name);
  const char *text = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
  /* An axis without name or unit says so in words. */
  return text && strcmp(text, NOTHING) != 0 && strcmp(text, "<undefined>") != 0 ? g_strdup(text) : NULL;
}

/* One by a unit as TeX writes it ($nm^{-1}$), with or without its marks, and as HyperSpy's library of units does (1 / nm): 1/nm. An A there is the
 * ångström: nothing is counted per ampere. */
static char *plain_unit(const char *written)
{
  static const char *const ANGSTROMS[] = { "A", "\\AA", NULL };
  g_autoptr(GRegex) reciprocal = g_regex_new("^(?|\\$?(\\\\?\\pL+)\\^(?:-1|\\{-1\\})\\$?|1 / (\\pL+))$", 0, 0, NULL);
  g_autoptr(GMatchInfo) match = NULL;
  if (!g_regex_match(reciprocal, written, 0, &match))
    return g_strdup(written);
  g_autofree char *unit = g_match_info_fetch(match, 1);
  return g_strconcat("1/", g_strv_contains(ANGSTROMS, unit) ? "Å" : unit, NULL);
}

/* An axis of which every place is written, as offset and scale; FALSE when they are not even. */
static gboolean read_places(NxHdf5 *file, const char *path, guint64 n, NxAxis *axis)
{
  g_autofree char *where = g_strconcat(path, "/axis", NULL);
  g_autoptr(NxHdf5Data) data = nx_hdf5_data_open(file, where, NULL);
  if (!data || n < 2 || n > PLACES_MAX || nx_hdf5_data_dims(data) != 1 || nx_hdf5_data_extent(data, 0) != n)
    return FALSE;
  const guint64 start = 0;
  g_autofree double *places = g_new(double, n);
  if (!nx_hdf5_data_read(data, &start, NULL, &n, places, NULL))
    return FALSE;
  const double scale = (places[n - 1] - places[0]) / (double)(n - 1);
  gboolean is_even = scale != 0;
  for (guint64 i = 0; is_even && i < n; i++)
    is_even = fabs(places[i] - places[0] - scale * (double)i) <= UNEVEN_MAX * fabs(scale);
  if (is_even) {
    axis->offset = places[0];
    axis->scale = scale;
  }
  return is_even;
}

/* An axis that offset and scale cannot describe counts channels, which have neither its name nor its unit. */
static void read_axis(NxHdf5 *file, const char *path, guint64 n, NxAxis *axis)
{
  g_autoptr(json_object) scale = nx_hdf5_first(file, path, "scale"), offset = nx_hdf5_first(file, path, "offset");
  g_autofree char *units = text_attribute(file, path, "units");
  double value;
  if (nx_tree_number(scale, 0, &value) && value != 0) {
    axis->scale = value;
    if (nx_tree_number(offset, 0, &value))
      axis->offset = value;
  } else if (!read_places(file, path, n, axis)) {
    return;
  }
  axis->name = text_attribute(file, path, "name");
  axis->units = units ? plain_unit(units) : NULL;
}

/* The array's order of the file's dimensions, those of navigation first; returns how many are the signal's. Each axis is asked once: the file's limit
 * of values may be reached between two answers. */
static guint order_axes(NxHdf5 *file, char *const *axes, guint n, guint *order)
{
  guint signal[NX_DIMS_MAX] = { 0 }, n_ordered = 0, n_signal = 0;
  for (guint dim = 0; dim < n; dim++) {
    if (is_navigation(file, axes[dim], dim + 2 < n))
      order[n_ordered++] = dim;
    else
      signal[n_signal++] = dim;
  }
  memcpy(order + n_ordered, signal, n_signal * sizeof *signal);
  return n_signal;
}

/* Dimensions and axes are described also when the numbers cannot be read; then FALSE. */
static gboolean describe(NxHdf5 *file, const char *experiment, NxArray *array, GError **err)
{
  g_autofree char *path = g_strconcat(experiment, "/data", NULL);
  guint64 extents[NX_DIMS_MAX] = { 0 };
  guint order[NX_DIMS_MAX] = { 0 };
  char *axes[NX_DIMS_MAX] = { NULL };
  array->n_dims = nx_hdf5_extents(file, path, extents);
  for (guint dim = 0; dim < array->n_dims; dim++)
    axes[dim] = g_strdup_printf("%s/axis-%u", experiment, dim);
  array->n_signal_dims = order_axes(file, axes, array->n_dims, order);
  for (guint dim = 0; dim < array->n_dims; dim++) {
    array->shape[dim] = extents[order[dim]];
    read_axis(file, axes[order[dim]], array->shape[dim], &array->axis[dim]);
  }
  for (guint dim = 0; dim < array->n_dims; dim++)
    g_free(axes[dim]);
  NxHdf5Data *data = nx_hdf5_data_open(file, path, err);
  return data && nx_hdf5_describe(data, order, array->n_dims, array, err);
}

/* ----------------------------------------------------------------------------------------------------------------- types */

static gboolean is_reciprocal(const NxAxis *axis)
{
  return axis->units && (g_str_has_prefix(axis->units, "1/") || g_str_has_suffix(axis->units, "\u207b\u00b9"));
}

/* A picture on reciprocal lengths, but for one that was calculated from an image. */
static gboolean is_pattern(const NxArray *array, json_object *metadata)
{
  const NxAxis *axes = array->axis + array->n_dims;
  return array->n_signal_dims == 2 && is_reciprocal(&axes[-1]) && is_reciprocal(&axes[-2]) && !nx_tree_at(metadata, "Signal.FFT");
}

/* Spectrum, SpectrumImage, Image, Diffraction by the signal's dimensions, its type and the units of its axes. */
static const char *dataset_type(const NxArray *array, json_object *metadata, const char *signal_type)
{
  if (strstr(signal_type, "diffraction") || is_pattern(array, metadata))
    return "Diffraction";
  if (array->n_signal_dims == 2)
    return "Image";
  if (array->n_signal_dims == 1)
    return array->n_dims > 1 ? "SpectrumImage" : "Spectrum";
  return "Misc";
}

/* A microscope has a voltage or a mode. */
static gboolean is_told_of(json_object *group)
{
  return nx_tree_at(group, "beam_energy") || nx_tree_at(group, "acquisition_mode");
}

/* The microscope's group: the first of which something is told, for its neighbour may be there without being meant. Where both or neither are
 * told of, it is TEM; empty when there is none. */
static Instrument find_instrument(json_object *metadata)
{
  json_object *groups = nx_tree_at(metadata, "Acquisition_instrument");
  const Instrument tem = { "TEM", nx_tree_at(groups, "TEM") }, sem = { "SEM", nx_tree_at(groups, "SEM") };
  if (sem.group && !is_told_of(tem.group) && (is_told_of(sem.group) || !tem.group))
    return sem;
  return tem.group ? tem : (Instrument){ NULL, NULL };
}

static gboolean is_scanned(const Instrument *instrument)
{
  json_object *mode = nx_tree_at(instrument->group, "acquisition_mode");
  return json_object_is_type(mode, json_type_string) && strstr(json_object_get_string(mode), "STEM");
}

static char *data_type(const char *type, const Instrument *instrument, const char *signal_type)
{
  static const struct {
    const char *type, *word;
  } WORDS[] = { { "Image", "Imaging" }, { "Spectrum", "Spectrum" }, { "SpectrumImage", "Spectrum_Imaging" }, { "Diffraction", "Diffraction" } };
  const char *technique = g_str_has_prefix(signal_type, "EDS") ? "EDS" : g_str_has_prefix(signal_type, "EELS") ? "EELS" : NULL;
  g_autoptr(GString) text = g_string_new(is_scanned(instrument) ? "STEM" : instrument->word ? instrument->word : "HyperSpy");
  if (technique)
    g_string_append_printf(text, "_%s", technique);
  for (gsize i = 0; i < G_N_ELEMENTS(WORDS); i++) {
    if (strcmp(type, WORDS[i].type) == 0)
      g_string_append_printf(text, "_%s", WORDS[i].word);
  }
  return g_strdup(text->str);
}

static json_object *texts_of(json_object *list)
{
  json_object *texts = json_object_new_array();
  for (int i = 0; i < json_object_object_length(list); i++) {
    g_autofree char *key = g_strdup_printf("%d", i);
    const char *text = nx_json_get_string(list, key);
    if (text)
      json_object_array_add(texts, json_object_new_string(text));
  }
  return texts;
}

static void put_elements(json_object *nx_meta, const char *type, json_object *metadata)
{
  json_object *sample = nx_json_get(metadata, "Sample");
  if (!json_object_is_type(sample, json_type_object))
    return;
  json_object_object_foreach(sample, key, value) {
    if (!g_str_has_suffix(key, "elements"))
      continue;
    json_object *elements = json_object_is_type(value, json_type_object) ? texts_of(value)
                            : json_object_is_type(value, json_type_array) ? json_object_get(value) : NULL;
    nx_tree_put_value(nx_meta, type, "elements", NULL, "Elements", elements);
    return;
  }
}

/* ------------------------------------------------------------------------------------------------------------- whole file */

static void make_nothing_null(json_object *tree)
{
  json_object_object_foreach(tree, key, value) {
    if (json_object_is_type(value, json_type_object))
      make_nothing_null(value);
    else if (json_object_is_type(value, json_type_string) && strcmp(json_object_get_string(value), NOTHING) == 0)
      nx_json_set(tree, key, NULL);
  }
}

static json_object *tree_below(const NxHdf5 *file, const char *experiment, const char *name)
{
  g_autofree char *path = g_strdup_printf("%s/%s", experiment, name);
  json_object *tree = nx_hdf5_tree(file, path);
  if (tree)
    make_nothing_null(tree);
  return tree;
}

static NxSignal *read_experiment(const NxInput *in, NxHdf5 *file, const char *experiment)
{
  g_autoptr(GError) problem = NULL;
  NxSignal *signal = nx_signal_new();
  json_object *metadata = tree_below(file, experiment, "metadata"), *original = tree_below(file, experiment, "original_metadata");
  const gboolean is_described = describe(file, experiment, &signal->array, &problem);
  json_object *stored_type = nx_tree_at(metadata, "Signal.signal_type"), *title = nx_tree_at(metadata, "General.title");
  const char *signal_type = json_object_is_type(stored_type, json_type_string) ? json_object_get_string(stored_type) : "";
  const char *type = dataset_type(&signal->array, metadata, signal_type);
  const Instrument instrument = find_instrument(metadata);
  g_autofree char *words = data_type(type, &instrument, signal_type);

  signal->nx_meta = nx_tree_meta(in, type, words);
  nx_json_set(signal->nx_meta, "extensions", json_object_new_object());
  nx_tree_put_dimensions(signal->nx_meta, &signal->array);
  if (signal->array.n_signal_dims == 2)
    nx_tree_put_pixels(signal->nx_meta, type, &signal->array);
  nx_tree_put(signal->nx_meta, type, instrument.group, INSTRUMENT_FIELDS, G_N_ELEMENTS(INSTRUMENT_FIELDS));
  nx_tree_put(signal->nx_meta, type, metadata, FIELDS, G_N_ELEMENTS(FIELDS));
  put_elements(signal->nx_meta, type, metadata);
  signal->title = json_object_is_type(title, json_type_string) ? g_strdup(json_object_get_string(title)) : NULL;
  signal->view = is_described ? NX_VIEW_ARRAY : NX_VIEW_PLACEHOLDER;
  if (!is_described) {
    g_autofree char *sentence = g_strdup_printf("The data cannot be read: %s", problem ? problem->message : "it has no dimensions");
    nx_meta_warn(signal->nx_meta, sentence);
  }
  nx_tree_warn_of_damage(signal->nx_meta, file);
  signal->raw = json_object_new_object();
  if (metadata)
    nx_json_set(signal->raw, "metadata", metadata);
  if (original)
    nx_json_set(signal->raw, "original_metadata", original);
  return signal;
}

static gboolean hspy_sniff(const NxInput *in)
{
  g_autoptr(NxHdf5) file = nx_hdf5_open(in->bytes, NULL);
  g_autoptr(json_object) format = file ? nx_hdf5_first(file, "/", "file_format") : NULL;
  return json_object_is_type(format, json_type_string) && strcmp(json_object_get_string(format), "HyperSpy") == 0 &&
         nx_hdf5_kind(file, "Experiments") == NX_HDF5_GROUP;
}

static gboolean hspy_read(const NxInput *in, GPtrArray *signals, GError **err)
{
  g_autoptr(NxHdf5) file = nx_hdf5_open(in->bytes, err);
  if (!file)
    return FALSE;
  g_auto(GStrv) names = nx_hdf5_names(file, "Experiments");
  for (char **name = names; *name && signals->len < SIGNALS_MAX; name++) {
    g_autofree char *experiment = g_strconcat("Experiments/", *name, NULL);
    if (nx_hdf5_kind(file, experiment) == NX_HDF5_GROUP)
      g_ptr_array_add(signals, read_experiment(in, file, experiment));
  }
  if (signals->len == 0)
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the file holds no signal");
  return signals->len > 0;
}

static const char *const HSPY_EXTENSIONS[] = { "hspy", NULL };

const NxFormat nx_format_hspy = {
  .name = "hspy",
  .extensions = HSPY_EXTENSIONS,
  .priority = 100,
  .sniff = hspy_sniff,
  .read = hspy_read,
};
