/* meta-schema.c — which fields nx_meta may have for each dataset type, and what becomes of those that do not fit.
 * One row per field; the facts are extractors-b §9. A field that does not belong costs only its place: it moves to `extensions`. */
#include "nx-extract.h"

#include <string.h>

enum { IMAGE = 1 << 0, SPECTRUM = 1 << 1, SPECTRUM_IMAGE = 1 << 2, DIFFRACTION = 1 << 3, MISC = 1 << 4, UNKNOWN = 1 << 5 };
#define PICTURES (IMAGE | SPECTRUM_IMAGE)
#define SPECTRA (SPECTRUM | SPECTRUM_IMAGE)
#define EVERY (IMAGE | SPECTRUM | SPECTRUM_IMAGE | DIFFRACTION | MISC | UNKNOWN)

static const struct {
  const char *name;
  guint bit;
} DATASET_TYPES[] = {
  { "Image", IMAGE },             { "Spectrum", SPECTRUM }, { "SpectrumImage", SPECTRUM_IMAGE },
  { "Diffraction", DIFFRACTION }, { "Misc", MISC },         { "Unknown", UNKNOWN },
};

typedef enum { QUANTITY, NUMBER, STRING, STRING_OR_NULL, OBJECT, STRINGS, WARNINGS } Kind;

typedef struct {
  const char *name;    /* snake_case */
  const char *display; /* accepted too */
  Kind kind;
  guint types;
} Field;

static const Field FIELDS[] = {
  { "creation_time", "Creation Time", STRING, EVERY },
  { "data_type", "Data Type", STRING, EVERY },
  { "dataset_type", "DatasetType", STRING, EVERY },
  { "data_dimensions", "Data Dimensions", STRING_OR_NULL, EVERY },
  { "instrument_id", "Instrument ID", STRING_OR_NULL, EVERY },
  { "warnings", "warnings", WARNINGS, EVERY },
  { "nexuslims_extraction", "NexusLIMS Extraction", OBJECT, EVERY },
  { "extensions", "extensions", OBJECT, EVERY },

  { "acceleration_voltage", "Acceleration Voltage", QUANTITY, PICTURES | DIFFRACTION },
  { "acquisition_device", "Acquisition Device", STRING, PICTURES | DIFFRACTION },
  { "working_distance", "Working Distance", QUANTITY, PICTURES },
  { "beam_current", "Beam Current", QUANTITY, PICTURES },
  { "emission_current", "Emission Current", QUANTITY, PICTURES },
  { "dwell_time", "Pixel Dwell Time", QUANTITY, PICTURES },
  { "horizontal_field_width", "Horizontal Field Width", QUANTITY, PICTURES },
  { "vertical_field_width", "Vertical Field Width", QUANTITY, PICTURES },
  { "pixel_width", "Pixel Width", QUANTITY, PICTURES },
  { "pixel_height", "Pixel Height", QUANTITY, PICTURES },
  { "scan_rotation", "Scan Rotation", QUANTITY, PICTURES },
  { "magnification", "Magnification", NUMBER, PICTURES },
  { "detector_type", "Detector", STRING, PICTURES },
  { "stage_position", "Stage Position", OBJECT, PICTURES },

  { "acquisition_time", "Acquisition Time", QUANTITY, SPECTRA },
  { "live_time", "Live Time", QUANTITY, SPECTRA },
  { "detector_energy_resolution", "Energy Resolution", QUANTITY, SPECTRA },
  { "channel_size", "Channel Size", QUANTITY, SPECTRA },
  { "starting_energy", "Starting Energy", QUANTITY, SPECTRA },
  { "azimuthal_angle", "Azimuthal Angle", QUANTITY, SPECTRA },
  { "elevation_angle", "Elevation Angle", QUANTITY, SPECTRA },
  { "takeoff_angle", "Takeoff Angle", QUANTITY, SPECTRA },
  { "elements", "Elements", STRINGS, SPECTRA },

  { "pixel_time", "Pixel Time", QUANTITY, SPECTRUM_IMAGE },
  { "scan_mode", "Scan Mode", STRING, SPECTRUM_IMAGE },

  { "camera_length", "Camera Length", QUANTITY, DIFFRACTION },
  { "convergence_angle", "Convergence Angle", QUANTITY, DIFFRACTION },
};

static guint type_bit(const char *dataset_type)
{
  for (gsize i = 0; dataset_type && i < G_N_ELEMENTS(DATASET_TYPES); i++) {
    if (strcmp(dataset_type, DATASET_TYPES[i].name) == 0)
      return DATASET_TYPES[i].bit;
  }
  return 0;
}

static const Field *field_named(const char *key)
{
  for (gsize i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
    if (strcmp(key, FIELDS[i].name) == 0 || strcmp(key, FIELDS[i].display) == 0)
      return &FIELDS[i];
  }
  return NULL;
}

gboolean nx_meta_allows(const char *dataset_type, const char *name)
{
  const Field *field = field_named(name);
  return field && (field->types & type_bit(dataset_type)) != 0;
}

gboolean nx_meta_is_own(const char *name)
{
  const Field *field = field_named(name);
  return (field && field->types == EVERY) || strcmp(name, "Extractor Warnings") == 0;
}

gboolean nx_meta_is_taken(json_object *nx_meta, const char *name)
{
  const Field *field = field_named(name);
  return nx_meta_is_own(name) || json_object_object_get_ex(nx_meta, name, NULL) ||
         (field && (json_object_object_get_ex(nx_meta, field->name, NULL) || json_object_object_get_ex(nx_meta, field->display, NULL)));
}

/* ---------------------------------------------------------------------------------------------------------------- values */

static gboolean is_number(json_object *value)
{
  return json_object_is_type(value, json_type_double) || json_object_is_type(value, json_type_int);
}

/* A number, or text that begins with one ("10 kV"). */
static gboolean is_measured(json_object *value)
{
  if (!json_object_is_type(value, json_type_string))
    return is_number(value);
  const char *text = json_object_get_string(value);
  char *end;
  g_ascii_strtod(text, &end);
  return end != text && (*end == '\0' || *end == ' ');
}

/* {"value", "unit"}, the older {"value", "units"}, text such as "10 kV", or a bare number. */
static gboolean is_quantity(json_object *value)
{
  if (!json_object_is_type(value, json_type_object))
    return is_measured(value);
  json_object *unit = NULL;
  return is_number(nx_json_get(value, "value")) && json_object_object_length(value) == 2 &&
         (json_object_object_get_ex(value, "unit", &unit) || json_object_object_get_ex(value, "units", &unit)) &&
         json_object_is_type(unit, json_type_string);
}

static gboolean is_strings(json_object *value)
{
  if (!json_object_is_type(value, json_type_array))
    return FALSE;
  for (size_t i = 0; i < json_object_array_length(value); i++) {
    if (!json_object_is_type(json_object_array_get_idx(value, i), json_type_string))
      return FALSE;
  }
  return TRUE;
}

/* A list of names of doubtful fields; a name is a string or the path to it, a list of strings. */
static gboolean is_warnings(json_object *value)
{
  if (!json_object_is_type(value, json_type_array))
    return FALSE;
  for (size_t i = 0; i < json_object_array_length(value); i++) {
    json_object *item = json_object_array_get_idx(value, i);
    if (!json_object_is_type(item, json_type_string) && !is_strings(item))
      return FALSE;
  }
  return TRUE;
}

static gboolean fits(Kind kind, json_object *value)
{
  switch (kind) {
  case QUANTITY: return is_quantity(value);
  case NUMBER: return is_number(value);
  case STRING: return json_object_is_type(value, json_type_string);
  case STRING_OR_NULL: return !value || json_object_is_type(value, json_type_string);
  case OBJECT: return json_object_is_type(value, json_type_object);
  case STRINGS: return is_strings(value);
  case WARNINGS: return is_warnings(value);
  }
  return FALSE;
}

/* -------------------------------------------------------------------------------------------------------- required fields */

static gboolean fail(GError **err, const char *reason)
{
  g_set_error_literal(err, NX_ERROR, NX_ERROR_DATA, reason);
  return FALSE;
}

/* The text of a field under either of its names. */
static const char *text_of(json_object *nx_meta, const char *display, const char *name)
{
  const char *text = nx_json_get_string(nx_meta, display);
  return text ? text : nx_json_get_string(nx_meta, name);
}

static gboolean check_time(const char *text, GError **err)
{
  if (!text)
    return fail(err, "Creation Time is missing");
  g_autoptr(GDateTime) instant = nx_time_parse(text, nx_zone_system(), NULL);
  if (!instant) {
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "Invalid ISO-8601 timestamp format: %s", text);
    return FALSE;
  }
  if (!nx_time_has_offset(text)) {
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "Timestamp must include timezone: %s", text);
    return FALSE;
  }
  return TRUE;
}

static gboolean check_data_type(const char *text, GError **err)
{
  if (!text)
    return fail(err, "Data Type is missing");
  g_autofree char *trimmed = g_strstrip(g_strdup(text));
  return *trimmed || fail(err, "Data Type cannot be empty");
}

static gboolean check_dataset_type(const char *text, GError **err)
{
  if (!text)
    return fail(err, "DatasetType is missing");
  if (type_bit(text))
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_DATA, "DatasetType '%s' is not one of Image, Spectrum, SpectrumImage, Diffraction, Misc, Unknown", text);
  return FALSE;
}

void nx_meta_add_missing_type(json_object *nx_meta)
{
  if (nx_json_get(nx_meta, "DatasetType") || nx_json_get(nx_meta, "dataset_type"))
    return;
  nx_json_set_string(nx_meta, "DatasetType", "Misc");
  nx_json_set_string(nx_meta, "Data Type", "Miscellaneous");
}

gboolean nx_meta_check_required(json_object *nx_meta, GError **err)
{
  return check_time(text_of(nx_meta, "Creation Time", "creation_time"), err) &&
         check_data_type(text_of(nx_meta, "Data Type", "data_type"), err) &&
         check_dataset_type(text_of(nx_meta, "DatasetType", "dataset_type"), err);
}

/* ------------------------------------------------------------------------------------------------------ misplaced fields */

static json_object *extensions_of(json_object *nx_meta)
{
  json_object *extensions = nx_json_get(nx_meta, "extensions");
  if (json_object_is_type(extensions, json_type_object))
    return extensions;
  json_object *made = json_object_new_object();
  if (extensions)
    nx_json_set(made, "extensions", json_object_get(extensions));
  nx_json_set(nx_meta, "extensions", made);
  return made;
}

/* Moves one member to `extensions` under its display name; an extension of that name stays as it is. */
static void move_to_extensions(json_object *nx_meta, const char *key, const Field *field)
{
  g_autofree char *from = g_strdup(key);
  json_object *extensions = extensions_of(nx_meta);
  json_object *value = nx_json_get(nx_meta, from);
  const char *to = field ? field->display : from;
  if (strcmp(from, "extensions") == 0)
    return;
  if (!json_object_object_get_ex(extensions, to, NULL))
    json_object_object_add(extensions, to, json_object_get(value));
  json_object_object_del(nx_meta, from);
}

gboolean nx_meta_check(json_object *nx_meta, const char *file, GError **err)
{
  const char *dataset_type = text_of(nx_meta, "DatasetType", "dataset_type");
  if (!nx_meta_check_required(nx_meta, err)) {
    g_prefix_error(err, "Validation failed for %s (%s): ", file, dataset_type ? dataset_type : "no DatasetType");
    return FALSE;
  }

  const guint bit = type_bit(dataset_type);
  g_autoptr(GPtrArray) misplaced = g_ptr_array_new_with_free_func(g_free);
  json_object_object_foreach(nx_meta, key, value) {
    const Field *field = field_named(key);
    if (!field || !(field->types & bit) || !fits(field->kind, value))
      g_ptr_array_add(misplaced, g_strdup(key));
  }
  for (guint i = 0; i < misplaced->len; i++) {
    const char *name = misplaced->pdata[i];
    const Field *field = field_named(name);
    nx_log_error("%s: field '%s' %s a dataset of type %s; it is kept under extensions", file, name,
                 field && (field->types & bit) ? "has a value that does not fit" : "does not belong to", dataset_type);
    move_to_extensions(nx_meta, name, field);
  }
  return TRUE;
}
