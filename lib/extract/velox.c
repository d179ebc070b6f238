/* velox.c — Thermo Fisher Velox .emd (velox_emd_extractor): HDF5 with images, spectra and streams of X-ray events below /Data/KIND/ID.
 * Beside each `Data` stands `Metadata`, one column of NUL-terminated UTF-8 JSON per frame, in which numbers are text in SI units and angles are
 * radians; images are stored rows × columns × frames. In a stream 65535 ends a pixel and every other number is the channel of one X-ray.
 * Facts: RosettaSciIO documentation, "Electron Microscopy Dataset (EMD) – Velox", and openNCEM, ncempy.io.emdVelox. */
#include "formats.h"
#include "hdf5-fields.h"
#include "hdf5-file.h"
#include "velox-operations.h"

#include <string.h>

#define JSON_MAX (4u * 1024u * 1024u)
#define SIGNALS_MAX 256u
#define CHANNELS_MAX 65535u
#define PIXEL_ENDS 65535u
/* X-rays and pixel ends that are counted of one file, whose streams have equal shares of them: a few seconds' work. */
#define EVENTS_MAX (64u * 1024u * 1024u)
#define EVENTS_AT_ONCE (256u * 1024u)

#define METRES(path, core, member, name, exponent, unit) { path, core, member, name, NX_TREE_QUANTITY, exponent, unit }
#define TEXT(path, name) { path, NULL, NULL, name, NX_TREE_TEXT, 0, NULL }

static const NxTreeField FIELDS[] = {
  { "Optics.AccelerationVoltage", "acceleration_voltage", NULL, "Acceleration Voltage", NX_TREE_QUANTITY, -3, "kilovolt" },
  { "Scan.DwellTime", "dwell_time", NULL, "Pixel Dwell Time", NX_TREE_QUANTITY, 6, "microsecond" },
  { "Scan.ScanRotation", "scan_rotation", NULL, "Scan Rotation", NX_TREE_RADIANS, 0, NULL },
  { "Scan.FrameTime", NULL, NULL, "Frame Time", NX_TREE_QUANTITY, 0, "second" },
  { "CustomProperties.StemMagnification.value", "magnification", NULL, "Magnification", NX_TREE_NUMBER, 0, NULL },
  METRES("Optics.CameraLength", "camera_length", NULL, "Camera Length", 3, "millimeter"),
  { "Optics.BeamConvergence", "convergence_angle", NULL, "Convergence Angle", NX_TREE_QUANTITY, 3, "milliradian" },
  METRES("Stage.Position.x", "stage_position", "x", "Stage X", 6, "micrometer"),
  METRES("Stage.Position.y", "stage_position", "y", "Stage Y", 6, "micrometer"),
  METRES("Stage.Position.z", "stage_position", "z", "Stage Z", 3, "millimeter"),
  { "Stage.AlphaTilt", "stage_position", "tilt_alpha", "Stage Alpha", NX_TREE_RADIANS, 0, NULL },
  { "Stage.BetaTilt", "stage_position", "tilt_beta", "Stage Beta", NX_TREE_RADIANS, 0, NULL },
  METRES("Optics.Defocus", NULL, NULL, "Defocus", 9, "nanometer"),
  { "Optics.LastMeasuredScreenCurrent", NULL, NULL, "Screen Current", NX_TREE_QUANTITY, 12, "picoampere" },
  { "Optics.SpotIndex", NULL, NULL, "Spot Size", NX_TREE_NUMBER, 0, NULL },
  TEXT("Optics.IlluminationMode", "Illumination Mode"),
  TEXT("Optics.OperatingMode", "Operating Mode"),
  TEXT("Optics.ProjectorMode", "Projector Mode"),
  TEXT("Optics.ObjectiveLensMode", "Objective Lens Mode"),
  TEXT("Instrument.InstrumentModel", "Microscope"),
  TEXT("Instrument.InstrumentClass", "Microscope Class"),
  TEXT("Instrument.InstrumentId", "Microscope Serial Number"),
  TEXT("Instrument.Manufacturer", "Manufacturer"),
  TEXT("Instrument.ControlSoftwareVersion", "Control Software Version"),
  TEXT("Acquisition.SourceType", "Gun Type"),
  TEXT("Operations.Operator", "Operator"),
  TEXT("Sample.SampleId", "Sample ID"),
  TEXT("Sample.SampleDescription", "Sample Description"),
  TEXT("Stage.HolderType", "Holder"),
};

static const NxTreeField DETECTOR_FIELDS[] = {
  { "ExposureTime", NULL, NULL, "Exposure Time", NX_TREE_QUANTITY, 0, "second" },
  { "LiveTime", "live_time", NULL, "Live Time", NX_TREE_QUANTITY, 0, "second" },
  { "RealTime", "acquisition_time", NULL, "Acquisition Time", NX_TREE_QUANTITY, 0, "second" },
  { "ElevationAngle", "elevation_angle", NULL, "Elevation Angle", NX_TREE_RADIANS, 0, NULL },
  { "AzimuthAngle", "azimuthal_angle", NULL, "Azimuthal Angle", NX_TREE_RADIANS, 0, NULL },
};

static const NxTreeField ENERGY_FIELDS[] = {
  { "Dispersion", "channel_size", NULL, "Channel Size", NX_TREE_QUANTITY, 0, "electron_volt" },
  { "OffsetEnergy", "starting_energy", NULL, "Starting Energy", NX_TREE_QUANTITY, -3, "kiloelectron_volt" },
};

/* One entry below /Data. */
typedef struct {
  const NxInput *in;
  NxHdf5 *file;
  char *path;
  guint64 events_max; /* to be counted, if it is a stream */
  const NxVeloxName *name; /* that the operations give it; or NULL */
  json_object *metadata; /* an object */
  json_object *detector; /* of it, borrowed; or NULL */
  json_object *energies; /* the detector that the energies of a spectrum are those of, borrowed; or NULL */
} Entry;

/* ---------------------------------------------------------------------------------------------------------------- metadata */

/* The first column, up to its NUL. */
static json_object *read_metadata(NxHdf5 *file, const char *path)
{
  g_autofree char *where = g_strconcat(path, "/Metadata", NULL);
  g_autoptr(NxHdf5Data) data = nx_hdf5_data_open(file, where, NULL);
  guint64 start[NX_DIMS_MAX] = { 0 }, count[NX_DIMS_MAX] = { 1, 1, 1, 1, 1, 1, 1, 1 };
  count[0] = data ? nx_hdf5_data_extent(data, 0) : 0;
  g_autofree double *numbers = count[0] > 0 && count[0] <= JSON_MAX ? g_try_new(double, count[0]) : NULL;
  if (!numbers || !nx_hdf5_data_read(data, start, NULL, count, numbers, NULL))
    return NULL;
  g_autoptr(GString) text = g_string_new(NULL);
  for (guint64 i = 0; i < count[0] && numbers[i] >= 1 && numbers[i] <= 255; i++)
    g_string_append_c(text, (char)(guint8)numbers[i]);
  json_object *tree = nx_json_parse(text->str, text->len, NULL);
  if (json_object_is_type(tree, json_type_object))
    return tree;
  json_object_put(tree);
  return NULL;
}

static const char *name_of(json_object *detector)
{
  return json_object_is_type(detector, json_type_object) ? nx_json_get_string(detector, "DetectorName") : NULL;
}

/* What BinaryResult calls the detector; NULL when it does not. */
static const char *named_detector(json_object *metadata)
{
  json_object *name = nx_tree_at(metadata, "BinaryResult.Detector");
  return json_object_is_type(name, json_type_string) && *json_object_get_string(name) ? json_object_get_string(name) : NULL;
}

static gboolean is_called(const char *own, const char *name)
{
  return strcmp(own, name) == 0;
}

/* The first whose name and `name` are `alike`; NULL when there is none. */
static json_object *first_detector(json_object *metadata, const char *name, gboolean (*alike)(const char *own, const char *name))
{
  json_object *detectors = nx_json_get(metadata, "Detectors");
  if (!name || !json_object_is_type(detectors, json_type_object))
    return NULL;
  json_object_object_foreach(detectors, unused, detector) {
    (void)unused;
    if (name_of(detector) && alike(name_of(detector), name))
      return detector;
  }
  return NULL;
}

/* The detector that BinaryResult names. Of a camera DetectorIndex may count another list: it is believed where there is no name, or where it leads to
 * that name. */
static json_object *find_detector(json_object *metadata)
{
  json_object *index = nx_tree_at(metadata, "BinaryResult.DetectorIndex");
  const char *name = named_detector(metadata);
  g_autofree char *key = index ? g_strdup_printf("Detectors.Detector-%s", json_object_get_string(index)) : NULL;
  json_object *counted = key ? nx_tree_at(metadata, key) : NULL;
  if (json_object_is_type(counted, json_type_object) && (!name || g_strcmp0(name_of(counted), name) == 0))
    return counted;
  return first_detector(metadata, name, is_called);
}

/* The sum of a detector's segments (SuperXG2 of SuperXG21 to SuperXG24) is on the energies of the first of them. */
static json_object *find_energies(const Entry *entry)
{
  return entry->detector ? entry->detector : first_detector(entry->metadata, named_detector(entry->metadata), g_str_has_prefix);
}

static gboolean entry_open(Entry *entry, const NxInput *in, NxHdf5 *file, GHashTable *names, const char *kind, const char *id)
{
  g_autofree char *path = g_strdup_printf("/Data/%s/%s", kind, id);
  *entry = (Entry){ .in = in, .file = file, .path = g_strdup(path + 1), .name = g_hash_table_lookup(names, path) };
  if (nx_hdf5_kind(file, entry->path) != NX_HDF5_GROUP)
    return FALSE;
  entry->metadata = read_metadata(file, entry->path);
  entry->detector = entry->metadata ? find_detector(entry->metadata) : NULL;
  entry->energies = entry->metadata ? find_energies(entry) : NULL;
  return TRUE;
}

static void entry_close(Entry *entry)
{
  json_object_put(entry->metadata);
  g_free(entry->path);
}

static const char *mode_of(const Entry *entry)
{
  return nx_tree_at(entry->metadata, "Scan.DwellTime") ? "STEM" : "TEM";
}

static void put_start(const Entry *entry, json_object *nx_meta)
{
  double seconds;
  if (!nx_tree_number(nx_tree_at(entry->metadata, "Acquisition.AcquisitionStartDatetime.DateTime"), 0, &seconds) || seconds <= 0)
    return;
  g_autoptr(GDateTime) start = nx_time_from_epoch(seconds, entry->in->zone ? entry->in->zone : nx_zone("UTC", NULL));
  g_autofree char *text = start ? nx_time_format(start) : NULL;
  if (text)
    nx_meta_put(nx_meta, "Acquisition Start", NULL, json_object_new_string(text));
}

/* Of which signal of the microscope this is; NULL when nothing says so. */
static const char *signal_name(const Entry *entry)
{
  if (entry->name && entry->name->origin == NX_VELOX_DETECTED)
    return entry->name->text;
  const char *own = entry->detector ? name_of(entry->detector) : NULL;
  return own && *own ? own : named_detector(entry->metadata);
}

static NxSignal *new_signal(const Entry *entry, const char *dataset_type, const char *what)
{
  NxSignal *signal = nx_signal_new();
  g_autofree char *data_type = g_strdup_printf("%s_%s", mode_of(entry), what);
  signal->nx_meta = nx_tree_meta(entry->in, dataset_type, data_type);
  signal->view = NX_VIEW_ARRAY;
  nx_json_set(signal->nx_meta, "extensions", json_object_new_object());
  if (!entry->metadata) {
    nx_meta_warn(signal->nx_meta, "The signal's metadata cannot be read");
    return signal;
  }
  nx_tree_put(signal->nx_meta, dataset_type, entry->metadata, FIELDS, G_N_ELEMENTS(FIELDS));
  nx_tree_put(signal->nx_meta, dataset_type, entry->detector, DETECTOR_FIELDS, G_N_ELEMENTS(DETECTOR_FIELDS));
  if (nx_meta_allows(dataset_type, "channel_size"))
    nx_tree_put(signal->nx_meta, dataset_type, entry->energies, ENERGY_FIELDS, G_N_ELEMENTS(ENERGY_FIELDS));
  if (signal_name(entry))
    nx_tree_put_value(signal->nx_meta, dataset_type, "detector_type", NULL, "Detector", json_object_new_string(signal_name(entry)));
  put_start(entry, signal->nx_meta);
  signal->raw = json_object_new_object();
  nx_json_set(signal->raw, "original_metadata", json_object_get(entry->metadata));
  return signal;
}

static NxHdf5Data *open_data(const Entry *entry, guint n_dims, GError **err)
{
  g_autofree char *path = g_strconcat(entry->path, "/Data", NULL);
  g_autoptr(NxHdf5Data) data = nx_hdf5_data_open(entry->file, path, err);
  if (data && nx_hdf5_data_dims(data) != n_dims) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "%s has %u dimensions and not %u", path, nx_hdf5_data_dims(data), n_dims);
    return NULL;
  }
  return g_steal_pointer(&data);
}

/* Numbers that cannot be shown cost the preview alone. */
static void warn_of_data(NxSignal *signal, const GError *problem)
{
  g_autofree char *sentence = g_strdup_printf("The data cannot be read: %s", problem->message);
  nx_meta_warn(signal->nx_meta, sentence);
  signal->view = NX_VIEW_PLACEHOLDER;
}

static void set_title(NxSignal *signal, const Entry *entry, const char *fallback)
{
  const char *detector = entry->detector ? name_of(entry->detector) : NULL;
  signal->title = g_strdup(entry->name ? entry->name->text : detector ? detector : fallback);
}

/* ------------------------------------------------------------------------------------------------------------------ images */

static void set_axis(NxAxis *axis, const char *name, const Entry *entry, const char *size, const char *offset, const char *unit)
{
  json_object *units = nx_tree_at(entry->metadata, unit);
  double value;
  axis->name = g_strdup(name);
  if (nx_tree_number(nx_tree_at(entry->metadata, size), 0, &value) && value != 0 && json_object_is_type(units, json_type_string)) {
    axis->scale = value;
    axis->units = g_strdup(json_object_get_string(units));
  }
  if (nx_tree_number(nx_tree_at(entry->metadata, offset), 0, &value))
    axis->offset = value;
}

/* Takes `data` over. */
static gboolean describe_image(const Entry *entry, NxHdf5Data *data, NxArray *array, GError **err)
{
  const gboolean is_stack = nx_hdf5_data_extent(data, 2) > 1;
  const guint stack[] = { 2, 0, 1 }, single[] = { 0, 1 };
  if (!nx_hdf5_describe(data, is_stack ? stack : single, is_stack ? 3 : 2, array, err))
    return FALSE;
  array->n_signal_dims = 2;
  const guint rows = array->n_dims - 2;
  double frame_time;
  if (is_stack && nx_tree_number(nx_tree_at(entry->metadata, "Scan.FrameTime"), 0, &frame_time)) {
    array->axis[0].scale = frame_time;
    array->axis[0].units = g_strdup("s");
  }
  set_axis(&array->axis[rows], "y", entry, "BinaryResult.PixelSize.height", "BinaryResult.Offset.y", "BinaryResult.PixelUnitY");
  set_axis(&array->axis[rows + 1], "x", entry, "BinaryResult.PixelSize.width", "BinaryResult.Offset.x", "BinaryResult.PixelUnitX");
  return TRUE;
}

/* A picture on reciprocal lengths, but for one that was calculated from an image: no camera counts complex numbers. `data` may be NULL. */
static gboolean is_pattern(const Entry *entry, const NxHdf5Data *data)
{
  json_object *unit = nx_tree_at(entry->metadata, "BinaryResult.PixelUnitX");
  if ((entry->name && entry->name->origin == NX_VELOX_TRANSFORMED) || (data && nx_hdf5_data_sample(data) == NX_C128))
    return FALSE;
  return json_object_is_type(unit, json_type_string) && g_str_has_prefix(json_object_get_string(unit), "1/");
}

static NxSignal *read_image(const Entry *entry)
{
  g_autoptr(GError) problem = NULL;
  NxHdf5Data *data = open_data(entry, 3, &problem);
  const gboolean is_diffraction = is_pattern(entry, data);
  const char *type = is_diffraction ? "Diffraction" : "Image";
  NxSignal *signal = new_signal(entry, type, is_diffraction ? "Diffraction" : "Imaging");
  set_title(signal, entry, NULL);
  if (!data || !describe_image(entry, data, &signal->array, &problem)) {
    warn_of_data(signal, problem);
    return signal;
  }
  nx_tree_put_dimensions(signal->nx_meta, &signal->array);
  nx_tree_put_pixels(signal->nx_meta, type, &signal->array);
  return signal;
}

/* ----------------------------------------------------------------------------------------------------------------- spectra */

/* Electron volts per channel become kiloelectron volts on the axis; where they are not known it counts channels. */
static void set_energy_axis(NxAxis *axis, const Entry *entry)
{
  double dispersion, offset;
  if (!nx_tree_number(nx_tree_at(entry->energies, "Dispersion"), -3, &dispersion) || dispersion == 0)
    return;
  axis->name = g_strdup("Energy");
  axis->scale = dispersion;
  axis->units = g_strdup("keV");
  if (nx_tree_number(nx_tree_at(entry->energies, "OffsetEnergy"), -3, &offset))
    axis->offset = offset;
}

static NxSignal *read_spectrum(const Entry *entry)
{
  g_autoptr(GError) problem = NULL;
  NxSignal *signal = new_signal(entry, "Spectrum", "EDS");
  NxArray *array = &signal->array;
  NxHdf5Data *data = open_data(entry, 2, &problem);
  const gboolean is_series = data && nx_hdf5_data_extent(data, 1) > 1;
  const guint series[] = { 1, 0 }, single[] = { 0 };
  set_title(signal, entry, "EDS");
  if (!data || !nx_hdf5_describe(data, is_series ? series : single, is_series ? 2 : 1, array, &problem)) {
    warn_of_data(signal, problem);
    return signal;
  }
  array->n_signal_dims = 1;
  set_energy_axis(&array->axis[array->n_dims - 1], entry);
  nx_tree_put_dimensions(signal->nx_meta, array);
  return signal;
}

/* ----------------------------------------------------------------------------------------------------------------- streams */

static guint channels_of(const Entry *entry)
{
  g_autofree char *path = g_strconcat(entry->path, "/AcquisitionSettings", NULL);
  g_autoptr(json_object) value = nx_hdf5_value(entry->file, path);
  json_object *first = json_object_is_type(value, json_type_array) ? json_object_array_get_idx(value, 0) : value;
  const char *text = json_object_is_type(first, json_type_string) ? json_object_get_string(first) : "";
  g_autoptr(json_object) settings = nx_json_parse(text, strlen(text), NULL);
  double channels;
  return nx_tree_number(nx_tree_at(settings, "bincount"), 0, &channels) && channels >= 1 && channels <= CHANNELS_MAX ? (guint)channels : 4096;
}

/* The number of X-rays in each channel among the first `n` events; *pixels becomes the number of pixels that end among them. */
static gboolean count_events(const NxHdf5Data *data, guint64 n, double *counts, guint channels, guint64 *pixels, GError **err)
{
  g_autofree guint16 *events = g_new(guint16, EVENTS_AT_ONCE);
  for (guint64 done = 0; done < n; done += EVENTS_AT_ONCE) {
    const guint64 start[2] = { done, 0 }, count[2] = { MIN(n - done, EVENTS_AT_ONCE), 1 };
    if (!nx_hdf5_data_read_words(data, start, count, events, err))
      return FALSE;
    for (guint64 i = 0; i < count[0]; i++) {
      *pixels += events[i] == PIXEL_ENDS;
      if (events[i] < channels)
        counts[events[i]]++;
    }
  }
  return TRUE;
}

static void warn_of_cut(NxSignal *signal, guint64 counted, guint64 all)
{
  g_autofree char *sentence = g_strdup_printf(
      "The spectrum is the sum of the first %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " events of the stream", counted, all);
  nx_meta_warn(signal->nx_meta, sentence);
}

/* The stream's sum; its pixels are described, not unpacked. */
static NxSignal *read_stream(const Entry *entry)
{
  g_autoptr(GError) problem = NULL;
  NxSignal *signal = new_signal(entry, "SpectrumImage", "EDS_Spectrum_Imaging");
  NxArray *array = &signal->array;
  g_autoptr(NxHdf5Data) data = open_data(entry, 2, &problem);
  const guint channels = channels_of(entry);
  double *counts = g_new0(double, channels);
  const guint64 all = data ? nx_hdf5_data_extent(data, 0) : 0, counted = MIN(all, entry->events_max);
  guint64 pixels = 0;
  array->owned = g_bytes_new_take(counts, channels * sizeof *counts);
  signal->title = g_strdup(counted < all ? "EDS, sum of the first part of the stream" : "EDS, sum of all pixels");
  if (!data || !count_events(data, counted, counts, channels, &pixels, &problem)) {
    warn_of_data(signal, problem);
    return signal;
  }
  array->sample = NX_F64;
  array->big_endian = G_BYTE_ORDER == G_BIG_ENDIAN;
  array->n_dims = array->n_signal_dims = 1;
  array->shape[0] = channels;
  array->stride[0] = sizeof(double);
  set_energy_axis(&array->axis[0], entry);
  nx_meta_put(signal->nx_meta, "Channels", NULL, json_object_new_int64(channels));
  if (counted < all)
    warn_of_cut(signal, counted, all);
  else
    nx_meta_put(signal->nx_meta, "Pixels in Stream", NULL, json_object_new_int64((gint64)pixels));
  return signal;
}

/* ------------------------------------------------------------------------------------------------------------- whole file */

static const struct {
  const char *group;
  NxSignal *(*read)(const Entry *entry);
} KINDS[] = {
  { "Image", read_image },
  { "Spectrum", read_spectrum },
  { "SpectrumStream", read_stream },
};

static gboolean velox_sniff(const NxInput *in)
{
  g_autoptr(NxHdf5) file = nx_hdf5_open(in->bytes, NULL);
  if (!file || nx_hdf5_kind(file, "Version") != NX_HDF5_DATASET)
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS(KINDS); i++) {
    g_autofree char *path = g_strconcat("Data/", KINDS[i].group, NULL);
    if (nx_hdf5_kind(file, path) == NX_HDF5_GROUP)
      return TRUE;
  }
  return FALSE;
}

static void read_kind(const NxInput *in, NxHdf5 *file, GHashTable *names, gsize kind, GPtrArray *signals)
{
  g_autofree char *group = g_strconcat("Data/", KINDS[kind].group, NULL);
  g_auto(GStrv) ids = nx_hdf5_names(file, group);
  const guint64 events_max = EVENTS_MAX / MAX(MIN(g_strv_length(ids), SIGNALS_MAX), 1);
  for (char **id = ids; *id && signals->len < SIGNALS_MAX; id++) {
    Entry entry;
    if (entry_open(&entry, in, file, names, KINDS[kind].group, *id)) {
      entry.events_max = events_max;
      NxSignal *signal = KINDS[kind].read(&entry);
      nx_tree_warn_of_damage(signal->nx_meta, file);
      g_ptr_array_add(signals, signal);
    }
    entry_close(&entry);
  }
}

static gboolean velox_read(const NxInput *in, GPtrArray *signals, GError **err)
{
  g_autoptr(NxHdf5) file = nx_hdf5_open(in->bytes, err);
  g_autoptr(GHashTable) names = file ? nx_velox_names(file) : NULL;
  for (gsize kind = 0; file && kind < G_N_ELEMENTS(KINDS); kind++)
    read_kind(in, file, names, kind, signals);
  if (file && signals->len == 0)
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the file holds no image, spectrum or stream");
  return signals->len > 0;
}

static const char *const VELOX_EXTENSIONS[] = { "emd", NULL };

const NxFormat nx_format_velox = {
  .name = "velox_emd",
  .extensions = VELOX_EXTENSIONS,
  .priority = 100,
  .sniff = velox_sniff,
  .read = velox_read,
};
