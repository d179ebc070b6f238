/* tia.c — FEI TIA .ser with its companion .emi (ser_emi_extractor): spectra, images and scans of FEI transmission electron microscopes.
 * The .ser holds the numbers, the .emi what the microscope was set to. Facts: extractors-a 3 and 4, checked against corpus/tia. */
#include "decimal.h"
#include "formats.h"
#include "tia-emi.h"
#include "tia-ser.h"

#include <math.h>
#include <string.h>

static const char NO_EMI[] =
    "NexusLIMS could not find a corresponding .emi metadata file for this .ser file. Metadata extraction will be limited.";
static const char BROKEN_EMI[] = "The .emi metadata file associated with this .ser file could not be opened by NexusLIMS. "
                                 "Metadata extraction will be limited.";
static const char BROKEN_SER[] = "The .ser file could not be opened (perhaps file is corrupted?); Metadata extraction is not possible.";
static const char EMPTY_EMI[] =
    "No experimental metadata was found in the corresponding .emi file for this .ser. Metadata extraction will be limited.";

/* ---------------------------------------------------------------------------------------------------------------- values */

static const struct {
  const char *symbol, *unit;
} UNITS[] = {
  { "kV", "kilovolt" },         { "V", "volt" },    { "uA", "microampere" },   { "um", "micrometer" },
  { "deg", "degree" },          { "s", "second" },  { "eV", "electron_volt" }, { "keV", "kiloelectron_volt" },
  { "mm", "millimeter" },       { "nm", "nanometer" }, { "mrad", "milliradian" },
};

/* NULL for units outside the map, which are lost (Q-FEIUNIT). */
static const char *unit_name(const char *symbol)
{
  for (gsize i = 0; symbol && i < G_N_ELEMENTS(UNITS); i++) {
    if (g_str_equal(symbol, UNITS[i].symbol))
      return UNITS[i].unit;
  }
  return NULL;
}

/* Text of the .emi: " um" is dropped, what looks like a number becomes one. */
static json_object *clean_text(const char *text)
{
  g_autoptr(GString) clean = g_string_new(text);
  g_string_replace(clean, " um", "", 0);
  char *trimmed = g_strstrip(clean->str);
  double real;
  gint64 whole;
  if (strchr(trimmed, '.')) {
    if (nx_decimal_parse(trimmed, 0, &real, NULL))
      return nx_json_double(real);
  } else if (g_ascii_string_to_signed(trimmed + (*trimmed == '+'), 10, G_MININT64, G_MAXINT64, &whole, NULL)) {
    return json_object_new_int64(whole);
  }
  return json_object_new_string(trimmed);
}

/* NULL for null and for elements that hold others. */
static json_object *clean_value(json_object *value, const char *unit)
{
  if (json_object_is_type(value, json_type_string))
    value = clean_text(json_object_get_string(value));
  else if (json_object_is_type(value, json_type_double) || json_object_is_type(value, json_type_int))
    value = json_object_get(value);
  else
    return NULL;
  if (!unit || json_object_is_type(value, json_type_string))
    return value;
  double number = json_object_get_double(value);
  json_object_put(value);
  return nx_meta_quantity(number, unit);
}

/* Sets `value` (consumed; NULL: nothing) under `key`, or under `key` in the object `group` of `meta`. */
static void set_in(json_object *meta, const char *group, const char *key, json_object *value)
{
  if (!value)
    return;
  json_object *to = meta;
  if (group && !json_object_is_type(to = nx_json_get(meta, group), json_type_object)) {
    to = json_object_new_object();
    nx_json_set(meta, group, to);
  }
  nx_json_set(to, key, value);
}

/* ------------------------------------------------------------------------------------------------------ fields by table */

typedef struct {
  const char *const path[3]; /* in ObjectInfo */
  const char *key, *unit;
} Field;

static const Field FIELDS[] = {
  { { "ExperimentalConditions", "MicroscopeConditions", "AcceleratingVoltage" }, "Microscope Accelerating Voltage", "volt" },
  { { "ExperimentalConditions", "MicroscopeConditions", "Tilt1" }, "Microscope Tilt 1", NULL },
  { { "ExperimentalConditions", "MicroscopeConditions", "Tilt2" }, "Microscope Tilt 2", NULL },
  { { "AcquireInfo", "DwellTimePath" }, "Dwell Time Path", "second" },
  { { "AcquireInfo", "FrameTime" }, "Frame Time", "second" },
  { { "AcquireInfo", "CameraNamePath" }, "Camera Name Path", NULL },
  { { "AcquireInfo", "Binning" }, "Binning", NULL },
  { { "AcquireInfo", "BeamPosition" }, "Beam Position", "micrometer" },
  { { "AcquireInfo", "EnergyResolution" }, "Energy Resolution", "electron_volt" },
  { { "AcquireInfo", "IntegrationTime" }, "Integration Time", "second" },
  { { "AcquireInfo", "NumberSpectra" }, "Number of Spectra", NULL },
  { { "AcquireInfo", "ShapingTime" }, "Shaping Time", "second" },
  { { "AcquireInfo", "ScanArea" }, "Scan Area", NULL },
};

static json_object *member_at(json_object *object, const char *const path[3])
{
  for (guint i = 0; i < 3 && path[i]; i++)
    object = nx_json_get(object, path[i]);
  return object;
}

/* --------------------------------------------------------------------------------------------- the experiment's own words */

/* Every letter that follows no letter is made a capital, all others small. */
static char *title_case(const char *text)
{
  GString *title = g_string_new(NULL);
  gboolean after_letter = FALSE;
  for (; *text; text = g_utf8_next_char(text)) {
    gunichar c = g_utf8_get_char(text);
    g_string_append_unichar(title, after_letter ? g_unichar_tolower(c) : g_unichar_toupper(c));
    after_letter = g_unichar_isalpha(c);
  }
  return g_string_free(title, FALSE);
}

/* TRUE when there are letters and all of them are small. */
static gboolean is_lower(const char *word)
{
  gboolean has_letter = FALSE;
  for (; *word; word = g_utf8_next_char(word)) {
    gunichar c = g_utf8_get_char(word);
    if (g_unichar_isupper(c))
      return FALSE;
    has_letter |= g_unichar_islower(c);
  }
  return has_letter;
}

/* "C2 lens" → "C2 Lens", "Stem rotation" → "STEM Rotation" */
static char *display_name(const char *label)
{
  g_auto(GStrv) words = g_strsplit_set(label, " \t\r\n", -1);
  g_autoptr(GString) name = g_string_new(NULL);
  for (char **word = words; *word; word++) {
    if (**word == '\0')
      continue;
    g_autofree char *title = is_lower(*word) ? title_case(*word) : g_strdup(*word);
    g_string_append_printf(name, "%s%s", name->len ? " " : "", title);
  }
  g_string_replace(name, "Stem ", "STEM ", 0);
  return g_strdup(name->str);
}

static char *without(const char *text, const char *what)
{
  g_autoptr(GString) rest = g_string_new(text);
  g_string_replace(rest, what, "", 0);
  return g_strdup(rest->str);
}

/* TRUE of a label that would stand for what is known from elsewhere: for each file, or as AccelerationVoltage. */
static gboolean is_elsewhere(const char *name)
{
  return nx_meta_is_own(name) || strcmp(name, "Acceleration Voltage") == 0;
}

/* One entry of ExperimentalDescription: "Stage A_deg", "Filter slit width_eV", "High tension_kV" … */
static void add_described(json_object *meta, const char *key, json_object *value)
{
  g_auto(GStrv) parts = g_strsplit(key, "_", 3);
  g_autofree char *name = display_name(parts[0] ? parts[0] : "");
  json_object *clean = clean_value(value, parts[0] ? unit_name(parts[1]) : NULL);
  if (strstr(name, "Stage")) {
    g_autofree char *member = without(name, "Stage ");
    set_in(meta, "Stage Position", member, clean);
  } else if (strstr(name, "Filter ")) {
    g_autofree char *rest = without(name, "Filter ");
    g_autofree char *member = title_case(rest);
    set_in(meta, "Tecnai Filter", member, clean);
  } else {
    set_in(meta, is_elsewhere(name) ? "Experimental Description" : NULL, name, clean);
  }
}

static void add_experiment(json_object *info, json_object *meta)
{
  for (gsize i = 0; i < G_N_ELEMENTS(FIELDS); i++)
    set_in(meta, NULL, FIELDS[i].key, clean_value(member_at(info, FIELDS[i].path), FIELDS[i].unit));
  const char *manufacturer = nx_json_get_string(info, "Manufacturer");
  if (manufacturer)
    nx_json_set_string(meta, "Manufacturer", manufacturer);
  json_object *description = nx_json_get(info, "ExperimentalDescription");
  if (!json_object_is_type(description, json_type_object))
    return;
  json_object_object_foreach(description, key, value)
    add_described(meta, key, value);
}

/* "Tue Oct 30 17:01:03 2018", wall clock of the instrument, else of the system; NULL when it is not of that form. */
static char *acquire_time(const NxInput *in, const char *text)
{
  static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  char month_name[4];
  int day, hour, minute, second, year, end = 0;
  if (!text ||
      sscanf(text, " %*3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d %n", month_name, &day, &hour, &minute, &second, &year, &end) != 6 ||
      text[end])
    return NULL;
  const char *month = strlen(month_name) == 3 ? strstr(MONTHS, month_name) : NULL;
  if (!month || (month - MONTHS) % 3 != 0 || year < 1)
    return NULL;
  g_autoptr(GDateTime) instant =
      nx_time_from_wall_clock(in->zone ? in->zone : nx_zone_system(), year, (int)(month - MONTHS) / 3 + 1, day, hour, minute, second, 0);
  return instant ? nx_time_format(instant) : NULL;
}

/* --------------------------------------------------------------------------------------------------------- kind of data */

/* "STEM", "TEM" or "": from the mode, else from the instrument's name. */
static const char *microscope_word(const NxInput *in, const char *mode)
{
  const char *says = mode ? mode : in->instrument_pid;
  if (says && strstr(says, "STEM"))
    return "STEM";
  return !mode || strstr(mode, "TEM") ? "TEM" : "";
}

/* Energies beyond 5 keV are X-rays; detectors of energy loss have 2048 channels. */
static const char *spectrum_word(const TiaSer *ser)
{
  double last = ser->x.offset + (double)(ser->width - 1) * ser->x.delta;
  return last > 5000.0 ? "EDS" : ser->width == 2048 ? "EELS" : "";
}

static void set_type(const NxInput *in, const TiaSer *ser, json_object *meta)
{
  const char *mode = nx_json_get_string(meta, "Mode");
  gboolean is_diffraction = ser->is_image && mode && !strstr(mode, "Image") && strstr(mode, "Diffraction") && !strstr(mode, "STEM") &&
                            strstr(mode, "TEM");
  const char *dataset_type = is_diffraction ? "Diffraction" : ser->is_image ? "Image" : ser->n_navigation ? "SpectrumImage" : "Spectrum";
  const char *const words[] = {
    microscope_word(in, mode),
    ser->is_image ? "" : spectrum_word(ser),
    is_diffraction ? "Diffraction" : ser->is_image ? "Imaging" : ser->n_navigation ? "Spectrum_Imaging" : "Spectrum",
  };
  g_autoptr(GString) data_type = g_string_new(NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
    g_string_append_printf(data_type, "%s%s", data_type->len && *words[i] ? "_" : "", words[i]);
  nx_json_set_string(meta, "DatasetType", dataset_type);
  nx_json_set_string(meta, "Data Type", data_type->str);
}

/* Images of a diffraction mode are calibrated in reciprocal lengths: in STEM only those of a camera or of a scan over positions. */
static const char *image_unit(const TiaSer *ser, json_object *info, json_object *meta)
{
  const char *mode = nx_json_get_string(meta, "Mode");
  /* Without an .emi the size tells: no pixel is a metre wide. */
  if (!mode)
    return fabs(ser->x.delta) > 1.0 ? "1/nm" : "nm";
  gboolean is_camera = nx_json_get(nx_json_get(info, "AcquireInfo"), "CameraNamePath") != NULL;
  gboolean is_scan = ser->n_dimensions > 0 && *ser->dimensions[0].units;
  if (strstr(mode, "STEM"))
    return is_camera || is_scan ? "1/nm" : "nm";
  return strstr(mode, "Diffraction") ? "1/nm" : "nm";
}

/* ------------------------------------------------------------------------------------------------- core and extensions */

static const char *const TOP[] = {"Creation Time", "Data Type", "DatasetType",       "Data Dimensions",
                                  "Instrument ID", "warnings",  "Extractor Warnings"};

static const struct {
  const char *key, *core;
} CORE[] = {
  { "Camera Length", "camera_length" }, /* a plain number in metres (Q-CAMLEN) */
  { "Convergence Angle", "convergence_angle" },
  { "AccelerationVoltage", "acceleration_voltage" },
  { "Acquisition Device", "acquisition_device" },
};

static gboolean is_top(const char *key)
{
  for (gsize i = 0; i < G_N_ELEMENTS(TOP); i++) {
    if (g_str_equal(key, TOP[i]))
      return TRUE;
  }
  return FALSE;
}

static const char *core_name(const char *key, const char *dataset_type)
{
  for (gsize i = 0; i < G_N_ELEMENTS(CORE); i++) {
    if (g_str_equal(key, CORE[i].key))
      return nx_meta_allows(dataset_type, CORE[i].core) ? CORE[i].core : NULL;
  }
  return NULL;
}

/* Consumes the flat object. */
static json_object *sort_meta(json_object *flat)
{
  json_object *sorted = json_object_new_object(), *extensions = json_object_new_object();
  const char *dataset_type = nx_json_get_string(flat, "DatasetType");
  json_object_object_foreach(flat, key, value)
  {
    const char *core = core_name(key, dataset_type);
    json_object_object_add(core || is_top(key) ? sorted : extensions, core ? core : key, json_object_get(value));
  }
  nx_json_set(sorted, "extensions", extensions);
  json_object_put(flat);
  return nx_meta_sorted(sorted);
}

/* --------------------------------------------------------------------------------------------------------------- reading */

static char *tia_companion(const char *path)
{
  return tia_emi_path(path, NULL);
}

/* Object of this file in the .emi; what is wrong with the .emi, if anything, goes to *warning. */
static json_object *read_emi(const NxInput *in, const char **warning)
{
  guint64 number = 0;
  g_autofree char *path = tia_emi_path(in->path, &number);
  NxBytes *bytes = path ? nx_input_companion(in, &nx_format_tia) : NULL;
  json_object *info = NULL;
  g_autoptr(GError) problem = NULL;
  if (!bytes) {
    *warning = NO_EMI;
  } else if (number > 0 && !tia_emi_object(bytes, number - 1, &info, &problem)) {
    nx_log_warning("%s: %s", in->name, problem->message);
    *warning = BROKEN_EMI;
  } else if (!nx_json_get(info, "ExperimentalConditions") && !nx_json_get(info, "ExperimentalDescription")) {
    *warning = EMPTY_EMI;
  }
  return info;
}

/* The fields of every .ser. `emi` is there when it could be opened, whatever it holds. */
static json_object *start_meta(const NxInput *in, const char *warning)
{
  json_object *meta = json_object_new_object();
  g_autofree char *time = nx_meta_time(in, NULL);
  g_autofree char *emi = warning == NO_EMI ? NULL : nx_input_companion_path(in, &nx_format_tia);
  g_autofree char *emi_text = emi ? nx_text_utf8(emi, -1) : NULL;
  nx_json_set_string(meta, "Creation Time", time);
  nx_json_set_string(meta, "Instrument ID", in->instrument_pid);
  nx_json_set(meta, "warnings", json_object_new_array());
  nx_json_set_string(meta, "emi Filename", emi_text);
  if (warning)
    nx_json_set_string(meta, "Extractor Warning", warning);
  return meta;
}

static void add_readable(const NxInput *in, const TiaSer *ser, json_object *info, json_object *meta, NxSignal *signal)
{
  g_autofree char *shape = tia_ser_shape(ser);
  g_autofree char *time = acquire_time(in, nx_json_get_string(info, "AcquireDate"));
  nx_json_set_string(meta, "Data Dimensions", shape);
  if (time)
    nx_json_set_string(meta, "Creation Time", time);
  add_experiment(info, meta);
  set_type(in, ser, meta);

  signal->raw = json_object_new_object();
  nx_json_set(signal->raw, "ser_header_parameters", json_object_get(ser->header));
  if (info)
    nx_json_set(signal->raw, "ObjectInfo", json_object_get(info));
  tia_ser_describe(ser, in->bytes, image_unit(ser, info, meta), &signal->array);
  signal->view = nx_array_check(&signal->array, NULL) ? NX_VIEW_ARRAY : NX_VIEW_PLACEHOLDER;
}

static gboolean tia_read(const NxInput *in, GPtrArray *signals, GError **err)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(TiaSer) ser = tia_ser_read(in->bytes, &problem);
  if (!ser && !g_error_matches(problem, NX_ERROR, NX_ERROR_FORMAT)) {
    g_propagate_error(err, g_steal_pointer(&problem));
    return FALSE;
  }
  const char *warning = NULL;
  g_autoptr(json_object) info = read_emi(in, &warning);
  NxSignal *signal = nx_signal_new();
  json_object *meta = start_meta(in, warning);
  if (ser) {
    add_readable(in, ser, info, meta, signal);
  } else {
    nx_log_warning("%s: %s", in->name, problem->message);
    nx_json_set_string(meta, "Extractor Warning", BROKEN_SER);
    nx_json_set_string(meta, "DatasetType", "Misc");
    nx_json_set_string(meta, "Data Type", "Unknown");
    nx_meta_warn(meta, problem->message);
    signal->view = NX_VIEW_PLACEHOLDER;
  }
  signal->nx_meta = sort_meta(meta);
  g_ptr_array_add(signals, signal);
  return TRUE;
}

static const char *const TIA_EXTENSIONS[] = { "ser", NULL };

const NxFormat nx_format_tia = {
  .name = "ser_emi",
  .extensions = TIA_EXTENSIONS,
  .priority = 100,
  .companion = tia_companion,
  .read = tia_read,
};
