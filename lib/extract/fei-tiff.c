/* fei-tiff.c — FEI / Thermo Fisher .tif (quanta_tif_extractor): INI text beside the picture, one row of the table per field.
 * Fields, types and units: extractors-b §2.2; checked against corpus/fei-tif. Units are the file's own SI units. */
#include "decimal.h"
#include "fei-text.h"
#include "formats.h"
#include "ini.h"
#include "xml-object.h"

#include <math.h>
#include <string.h>

/* The sections whose names stand in the text itself. */
typedef enum { NAMED, BEAM, SCAN, DETECTOR, N_GROUPS } Group;

typedef enum {
  TEXT,     /* as it is */
  NUMBER,   /* a number; text when it is none */
  QUANTITY, /* with `unit`; text when it is no number */
  FLAG,     /* true when the text is exactly `unit`, also when it is empty */
} Kind;

typedef struct {
  Group group;
  const char *section; /* for NAMED */
  const char *key;
  Kind kind;
  const char *unit;
  const char *to;     /* a core field is lower case and stands at the top; all others go to extensions */
  const char *member; /* of the object `to`, or NULL */
} Field;

#define FROM_BEAM BEAM, NULL
#define FROM_SCAN SCAN, NULL
#define FROM_DETECTOR DETECTOR, NULL

static const Field FIELDS[] = {
  { FROM_BEAM, "EmissionCurrent", QUANTITY, "ampere", "emission_current", NULL },
  { FROM_BEAM, "HFW", QUANTITY, "meter", "horizontal_field_width", NULL },
  { FROM_BEAM, "VFW", QUANTITY, "meter", "vertical_field_width", NULL },
  { FROM_BEAM, "HV", QUANTITY, "volt", "acceleration_voltage", NULL },
  { FROM_BEAM, "WD", QUANTITY, "meter", "working_distance", NULL },
  { FROM_BEAM, "EucWD", QUANTITY, "meter", "Eucentric WD", NULL },
  { FROM_BEAM, "SourceTiltX", NUMBER, NULL, "Beam Tilt X", NULL },
  { FROM_BEAM, "SourceTiltY", NUMBER, NULL, "Beam Tilt Y", NULL },
  { FROM_BEAM, "StageR", NUMBER, NULL, "Stage Position", "R" },
  { FROM_BEAM, "StageX", NUMBER, NULL, "Stage Position", "X" },
  { FROM_BEAM, "StageY", NUMBER, NULL, "Stage Position", "Y" },
  { FROM_BEAM, "StageZ", NUMBER, NULL, "Stage Position", "Z" },
  { FROM_BEAM, "StageTa", NUMBER, NULL, "Stage Position", "α" },
  { FROM_BEAM, "StageTb", NUMBER, NULL, "Stage Position", "β" },
  { FROM_BEAM, "StigmatorX", NUMBER, NULL, "Stigmator X Value", NULL },
  { FROM_BEAM, "StigmatorY", NUMBER, NULL, "Stigmator Y Value", NULL },
  { FROM_BEAM, "BeamShiftX", NUMBER, NULL, "Beam Shift X", NULL },
  { FROM_BEAM, "BeamShiftY", NUMBER, NULL, "Beam Shift Y", NULL },
  { FROM_BEAM, "ImageMode", TEXT, NULL, "Image Mode", NULL },
  { FROM_BEAM, "BeamMode", TEXT, NULL, "Beam Mode", NULL },
  { FROM_BEAM, "PreTilt", NUMBER, NULL, "Pre-Tilt", NULL },
  { FROM_BEAM, "TiltCorrectionIsOn", FLAG, "yes", "Tilt Correction Enabled", NULL },
  { FROM_BEAM, "DynamicFocusIsOn", FLAG, "yes", "Dynamic Focus Enabled", NULL },
  { FROM_BEAM, "DynamicWDIsOn", FLAG, "yes", "Dynamic WD Enabled", NULL },

  { FROM_SCAN, "Dwell", QUANTITY, "second", "dwell_time", NULL },
  { FROM_SCAN, "FrameTime", QUANTITY, "second", "Total Frame Time", NULL },
  { FROM_SCAN, "LineTime", QUANTITY, "second", "Line Time", NULL },
  { FROM_SCAN, "HorFieldsize", QUANTITY, "meter", "horizontal_field_width", NULL }, /* wins over the beam's */
  { FROM_SCAN, "VerFieldsize", QUANTITY, "meter", "vertical_field_width", NULL },
  { FROM_SCAN, "PixelWidth", QUANTITY, "meter", "pixel_width", NULL },
  { FROM_SCAN, "PixelHeight", QUANTITY, "meter", "pixel_height", NULL },
  { FROM_SCAN, "LineIntegration", NUMBER, NULL, "Line Integration", NULL },
  { FROM_SCAN, "ScanInterlacing", NUMBER, NULL, "Scan Interlacing", NULL },
  { FROM_SCAN, "Mainslock", TEXT, NULL, "Mainslock", NULL },
  { FROM_SCAN, "InternalScan", FLAG, "true", "Internal Scan", NULL },

  { FROM_DETECTOR, "Brightness", NUMBER, NULL, "Detector Brightness Setting", NULL },
  { FROM_DETECTOR, "Contrast", NUMBER, NULL, "Detector Contrast Setting", NULL },
  { FROM_DETECTOR, "EnhancedContrast", NUMBER, NULL, "Detector Enhanced Contrast Setting", NULL },
  { FROM_DETECTOR, "Signal", NUMBER, NULL, "Detector Signal", NULL },
  { FROM_DETECTOR, "Grid", QUANTITY, "volt", "Detector Grid Voltage", NULL },
  { FROM_DETECTOR, "BrightnessDB", NUMBER, NULL, "Detector Brightness (DB)", NULL },
  { FROM_DETECTOR, "ContrastDB", NUMBER, NULL, "Detector Contrast (DB)", NULL },
  { FROM_DETECTOR, "Mix", NUMBER, NULL, "Detector Mix (%)", NULL },
  { FROM_DETECTOR, "MinimumDwellTime", QUANTITY, "second", "Minimum Dwell Time", NULL },

  { NAMED, "System", "Chamber", TEXT, NULL, "Chamber ID", NULL },
  { NAMED, "System", "Pump", TEXT, NULL, "Vacuum Pump", NULL },
  { NAMED, "System", "SystemType", TEXT, NULL, "System Type", NULL },
  { NAMED, "System", "Stage", TEXT, NULL, "Stage Description", NULL },
  { NAMED, "System", "Dnumber", TEXT, NULL, "Device Number", NULL },
  { NAMED, "System", "Source", TEXT, NULL, "Electron Source", NULL },
  { NAMED, "System", "FinalLens", TEXT, NULL, "Final Lens", NULL },
  { NAMED, "System", "ESEM", TEXT, NULL, "ESEM Setting", NULL },
  { NAMED, "System", "Aperture", TEXT, NULL, "Aperture Type", NULL },

  { NAMED, "Beam", "Spot", NUMBER, NULL, "Spot Size", NULL },
  { NAMED, "Specimen", "Temperature", QUANTITY, "kelvin", "Specimen Temperature", NULL },
  { NAMED, "Specimen", "Humidity", QUANTITY, "percent", "Specimen Humidity", NULL },
  { NAMED, "User", "UserText", TEXT, NULL, "User Text", NULL },
  { NAMED, "User", "Date", TEXT, NULL, "Acquisition Date", NULL },
  { NAMED, "User", "Time", TEXT, NULL, "Acquisition Time", NULL },
  { NAMED, "Vacuum", "UserMode", TEXT, NULL, "Vacuum Mode", NULL },
  { NAMED, "Vacuum", "Gas", NUMBER, NULL, "Vacuum Gas", NULL },

  { NAMED, "Image", "MagnificationMode", NUMBER, NULL, "Magnification Mode", NULL },
  { NAMED, "Image", "DigitalContrast", NUMBER, NULL, "Digital Contrast", NULL },
  { NAMED, "Image", "DigitalBrightness", NUMBER, NULL, "Digital Brightness", NULL },
  { NAMED, "Image", "DigitalGamma", NUMBER, NULL, "Digital Gamma", NULL },
  { NAMED, "Image", "ZoomFactor", NUMBER, NULL, "Zoom Factor", NULL },
  { NAMED, "Image", "ZoomPanX", NUMBER, NULL, "Zoom Pan X", NULL },
  { NAMED, "Image", "ZoomPanY", NUMBER, NULL, "Zoom Pan Y", NULL },
  { NAMED, "Image", "MagCanvasRealWidth", NUMBER, NULL, "Magnification Canvas Real Width", NULL },
  { NAMED, "Image", "ScreenMagCanvasRealWidth", NUMBER, NULL, "Screen Magnification Canvas Real Width", NULL },
  { NAMED, "Image", "ScreenMagnificationMode", NUMBER, NULL, "Screen Magnification Mode", NULL },
  { NAMED, "Image", "Average", NUMBER, NULL, "Frame Average", NULL },
  { NAMED, "Image", "PostProcessing", NUMBER, NULL, "Post Processing", NULL },
  { NAMED, "Image", "DriftCorrected", FLAG, "On", "Drift Correction Applied", NULL },
};

/* The file's text and where its fields go. */
typedef struct {
  json_object *ini;        /* borrowed */
  json_object *nx_meta;    /* borrowed */
  json_object *extensions; /* borrowed from nx_meta */
  const char *group[N_GROUPS]; /* section names of BEAM, SCAN and DETECTOR; NULL when not named */
} Fei;

/* A value that is there and not empty, else NULL. */
static const char *given(const Fei *fei, const char *section, const char *key)
{
  const char *text = section ? nx_ini_get(fei->ini, section, key) : NULL;
  return text && *text ? text : NULL;
}

static json_object *number_or_text(const char *text, int shift, const char *unit)
{
  double value;
  if (!nx_decimal_parse(text, shift, &value, NULL))
    return json_object_new_string(text);
  return unit ? nx_meta_quantity(value, unit) : nx_json_double(value);
}

/* NULL: the field is missing. */
static json_object *field_value(const Field *field, const char *text)
{
  if (field->kind == FLAG)
    return json_object_new_boolean(strcmp(text, field->unit) == 0);
  if (!*text)
    return NULL;
  return field->kind == TEXT ? json_object_new_string(text) : number_or_text(text, 0, field->unit);
}

static void add_field(const Fei *fei, const Field *field)
{
  const char *section = field->group == NAMED ? field->section : fei->group[field->group];
  const char *text = section ? nx_ini_get(fei->ini, section, field->key) : NULL;
  if (text)
    nx_meta_put(fei->nx_meta, field->to, field->member, field_value(field, text));
}

/* ------------------------------------------------------------------------------------- fields that are not just one key */

static void add_names(const Fei *fei)
{
  if (fei->group[BEAM] && *fei->group[BEAM])
    nx_json_set_string(fei->extensions, "Beam Name", fei->group[BEAM]);
  if (fei->group[DETECTOR] && *fei->group[DETECTOR])
    nx_json_set_string(fei->extensions, "Detector Name", fei->group[DETECTOR]);
}

/* Radians in the file; degrees with as many decimals as the radians were written with. */
static void add_scan_rotation(const Fei *fei)
{
  const char *text = given(fei, fei->group[BEAM], "ScanRotation");
  double radians;
  int exponent;
  if (!text || !nx_decimal_parse(text, 0, &radians, &exponent))
    return;
  g_autofree char *rounded = g_strdup_printf("%.*f", MIN(ABS(exponent), 300), radians * (180.0 / G_PI));
  nx_json_set(fei->extensions, "Scan Rotation", nx_meta_quantity(g_ascii_strtod(rounded, NULL), "degree"));
}

static void add_tilt_correction(const Fei *fei)
{
  const char *is_on = given(fei, fei->group[BEAM], "TiltCorrectionIsOn");
  const char *angle = given(fei, fei->group[BEAM], "TiltCorrectionAngle");
  if (is_on && angle && strcmp(is_on, "yes") == 0)
    nx_json_set(fei->extensions, "Tilt Correction Angle", number_or_text(angle, 0, NULL));
}

static gboolean read_integer(const char *text, gint64 *number)
{
  return text && g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, number, NULL);
}

static void add_frames(const Fei *fei)
{
  gint64 frames, width, height;
  if (read_integer(given(fei, "Image", "Integrate"), &frames) && frames > 1)
    nx_json_set(fei->extensions, "Frames Integrated", json_object_new_int64(frames));
  if (!read_integer(given(fei, "Image", "ResolutionX"), &width) || !read_integer(given(fei, "Image", "ResolutionY"), &height))
    return;
  g_autofree char *dimensions = g_strdup_printf("(%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT ")", width, height);
  nx_json_set_string(fei->extensions, "Data Dimensions", dimensions);
}

/* The user who is logged in at the microscope may have been left over from somebody else. */
static void add_operator(const Fei *fei)
{
  const char *user = nx_ini_get(fei->ini, "User", "User");
  if (!user)
    return;
  nx_json_set_string(fei->extensions, "Operator", user);
  nx_meta_doubt(fei->nx_meta, "Operator");
}

static void add_chamber_pressure(const Fei *fei)
{
  const char *pressure = given(fei, "Vacuum", "ChPressure");
  if (!pressure)
    return;
  gboolean is_high_vacuum = g_strcmp0(given(fei, "Vacuum", "UserMode"), "High vacuum") == 0;
  nx_json_set(fei->extensions, "Chamber Pressure",
              is_high_vacuum ? number_or_text(pressure, 3, "millipascal") : number_or_text(pressure, 0, "pascal"));
}

/* Both texts, of which either may be missing, joined by one blank. */
static void add_joined(const Fei *fei, const char *to, const char *first, const char *second)
{
  g_autofree char *joined = first && second ? g_strdup_printf("%s %s", first, second) : g_strdup(first ? first : second);
  if (joined)
    nx_json_set_string(fei->extensions, to, joined);
}

static void add_system(const Fei *fei)
{
  const char *build = given(fei, "System", "BuildNr");
  g_autofree char *shown_build = build ? g_strdup_printf("(build %s)", build) : NULL;
  add_joined(fei, "Software Version", given(fei, "System", "Software"), shown_build);
  add_joined(fei, "Column Type", given(fei, "System", "Column"), given(fei, "System", "Type"));
}

static void add_all(json_object *ini, json_object *nx_meta)
{
  json_object *extensions = json_object_new_object();
  nx_json_set(nx_meta, "extensions", extensions);
  const Fei fei = { ini, nx_meta, extensions,
                    { NULL, nx_ini_get(ini, "Beam", "Beam"), nx_ini_get(ini, "Beam", "Scan"), nx_ini_get(ini, "Detectors", "Name") } };
  for (gsize i = 0; i < G_N_ELEMENTS(FIELDS); i++)
    add_field(&fei, &FIELDS[i]);
  add_names(&fei);
  add_scan_rotation(&fei);
  add_tilt_correction(&fei);
  add_frames(&fei);
  add_operator(&fei);
  add_chamber_pressure(&fei);
  add_system(&fei);
}

/* ------------------------------------------------------------------------------------------------------------ the format */

static gboolean sniff_fei(const NxInput *in)
{
  g_auto(NxFeiText) text = nx_fei_text_find(in->bytes);
  return text.ini != NULL;
}

/* The XML of newer software is kept as it is; what is not well-formed is left out. */
static void add_xml(const char *xml, json_object *raw)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(xmlDoc) document = nx_xml_parse(xml, &problem);
  if (document)
    nx_json_set(raw, "FEI_XML_Metadata", nx_xml_object(xmlDocGetRootElement(document)));
  else
    nx_log_debug("FEI metadata: %s", problem->message);
}

static gboolean read_fei(const NxInput *in, GPtrArray *signals, GError **err)
{
  (void)err;
  NxSignal *signal = nx_signal_new();
  g_ptr_array_add(signals, signal);
  signal->view = NX_VIEW_PICTURE;
  g_auto(NxFeiText) text = nx_fei_text_find(in->bytes);
  if (!text.ini) {
    signal->nx_meta = nx_image_meta(in, "Unknown");
    nx_meta_warn(signal->nx_meta, "Did not find expected FEI tags. Could not read metadata");
    return TRUE;
  }

  g_autofree char *named = nx_fei_text_name_gases(text.ini);
  g_autofree char *note = NULL;
  g_autoptr(json_object) ini = nx_ini_parse(named, &note);
  json_object *nx_meta = nx_image_meta(in, "SEM_Imaging");
  add_all(ini, nx_meta);
  if (note)
    nx_meta_warn(nx_meta, note);
  signal->nx_meta = nx_meta_sorted(nx_meta);

  signal->raw = json_object_new_object();
  if (text.xml)
    add_xml(text.xml, signal->raw);
  json_object_object_foreach(ini, name, section)
    json_object_object_add(signal->raw, name, json_object_get(section));
  return TRUE;
}

static const char *const EXTENSIONS[] = { "tif", "tiff", NULL };

const NxFormat nx_format_fei_tiff = {
  .name = "quanta_tif",
  .extensions = EXTENSIONS,
  .priority = 100,
  .sniff = sniff_fei,
  .read = read_fei,
};
