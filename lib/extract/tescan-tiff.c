/* tescan-tiff.c — Tescan .tif (tescan_tif_extractor): INI text in tag 50431 or in a .hdr beside the picture, and standard TIFF tags.
 * All values of the text are SI; angles are degrees. Facts: extractors-b §4; checked against corpus/tescan. Name of the text beside: scripts
 * that read it (those of the pynxtools-em documentation and others open NAME-tif.hdr), Gwyddion's module for Tescan (NAME-png.hdr). */
#include "decimal.h"
#include "formats.h"
#include "ini.h"
#include "tescan-text.h"
#include "tiff-tags.h"

#include <string.h>

enum { TAG_MAKE = 271, TAG_MODEL = 272, TAG_SOFTWARE = 305, TAG_DATE_TIME = 306, TAG_ARTIST = 315, TAG_TESCAN = 50431 };

typedef enum { TEXT, NUMBER } Kind;

typedef struct {
  const char *section, *key;
  const char *instead; /* the key that is taken when `key` is missing; or NULL */
  Kind kind;
  int exponent;     /* the file's number × 10^exponent is in `unit` */
  const char *unit; /* NULL: a plain number */
  const char *to, *member;
} Field;

#define MAIN_TEXT(key, to) { "MAIN", key, NULL, TEXT, 0, NULL, to, NULL }
#define MAIN_NUMBER(key, to) { "MAIN", key, NULL, NUMBER, 0, NULL, to, NULL }
#define SEM_TEXT(key, to) { "SEM", key, NULL, TEXT, 0, NULL, to, NULL }
#define SEM_NUMBER(key, to) { "SEM", key, NULL, NUMBER, 0, NULL, to, NULL }
#define SEM_QUANTITY(key, exponent, unit, to) { "SEM", key, NULL, NUMBER, exponent, unit, to, NULL }
#define SEM_STAGE(key, unit, member) { "SEM", key, NULL, NUMBER, 0, unit, "Stage Position", member }

static const Field FIELDS[] = {
  MAIN_NUMBER("AccFrames", "Accumulated Frames"),
  MAIN_NUMBER("ImageStripSize", "Image Strip Size"),
  MAIN_NUMBER("MagnificationReference", "Magnification Reference"),
  MAIN_NUMBER("ViewFieldsCountX", "View Fields Count X"),
  MAIN_NUMBER("ViewFieldsCountY", "View Fields Count Y"),
  MAIN_TEXT("AccType", "Accumulation Type"),
  MAIN_TEXT("Company", "Company"),
  MAIN_TEXT("Date", "Acquisition Date"),
  MAIN_TEXT("Description", "Description"),
  MAIN_TEXT("Device", "Device"),
  MAIN_TEXT("DeviceModel", "Device Model"),
  MAIN_TEXT("FullUserName", "Full User Name"),
  MAIN_TEXT("OrigFileName", "Original Filename"),
  MAIN_TEXT("SerialNumber", "Serial Number"),
  MAIN_TEXT("Sign", "Sign"),
  MAIN_TEXT("SoftwareVersion", "Software Version"),
  MAIN_TEXT("Time", "Acquisition Time"),
  MAIN_TEXT("UserName", "User Name"),
  { "MAIN", "Magnification", NULL, NUMBER, -3, "kiloX", "Magnification", NULL },
  { "MAIN", "PixelSizeX", NULL, NUMBER, 9, "nanometer", "pixel_width", NULL },
  { "MAIN", "PixelSizeY", NULL, NUMBER, 9, "nanometer", "pixel_height", NULL },

  SEM_QUANTITY("AcceleratorVoltage", -3, "kilovolt", "acceleration_voltage"),
  SEM_QUANTITY("HV", -3, "kilovolt", "acceleration_voltage"), /* wins over the accelerator's */
  SEM_QUANTITY("WD", 3, "millimeter", "working_distance"),
  SEM_QUANTITY("EmissionCurrent", 6, "microampere", "emission_current"),
  SEM_QUANTITY("DwellTime", 6, "microsecond", "dwell_time"),
  SEM_QUANTITY("ApertureDiameter", 6, "micrometer", "Aperture Diameter"),
  SEM_QUANTITY("CrossSectionShiftX", 6, "micrometer", "Cross Section Shift X"),
  SEM_QUANTITY("CrossSectionShiftY", 6, "micrometer", "Cross Section Shift Y"),
  SEM_QUANTITY("DepthOfFocus", 6, "micrometer", "Depth of Focus"),
  SEM_QUANTITY("ChamberPressure", 3, "millipascal", "Chamber Pressure"),
  SEM_QUANTITY("ImageShiftX", 9, "nanometer", "Image Shift X"),
  SEM_QUANTITY("ImageShiftY", 9, "nanometer", "Image Shift Y"),
  SEM_QUANTITY("SpotSize", 9, "nanometer", "Spot Size"),
  SEM_QUANTITY("MTDGrid", -3, "kilovolt", "MTD Grid"),
  SEM_QUANTITY("MTDScintillator", -3, "kilovolt", "MTD Scintillator"),
  SEM_QUANTITY("SymmetrizationVoltage", -3, "kilovolt", "Symmetrization Voltage"),
  SEM_QUANTITY("TubeVoltage", -3, "kilovolt", "Tube Voltage"),
  SEM_QUANTITY("PredictedBeamCurrent", 12, "picoampere", "Predicted Beam Current"),
  SEM_QUANTITY("SpecimenCurrent", 12, "picoampere", "Specimen Current"),
  SEM_QUANTITY("SampleVoltage", 0, "volt", "Sample Voltage"),
  SEM_QUANTITY("ScanRotation", 0, "degree", "Scan Rotation"),
  SEM_QUANTITY("VirtualObserverDistance", 3, "millimeter", "Virtual Observer Distance"),
  SEM_STAGE("StageRotation", "degree", "Rotation"),
  SEM_STAGE("StageTilt", "degree", "Tilt"),
  SEM_STAGE("StageX", "meter", "X"),
  SEM_STAGE("StageY", "meter", "Y"),
  SEM_STAGE("StageZ", "meter", "Z"),
  SEM_TEXT("Detector", "Detector Name"),
  SEM_TEXT("Detector0", "Detector 0"),
  SEM_TEXT("Gun", "Gun Type"),
  SEM_TEXT("InjectedGas", "Injected Gas"),
  SEM_TEXT("PotentialMode", "Potential Mode"),
  SEM_TEXT("ScanMode", "Scan Mode"),
  SEM_TEXT("SessionID", "Session ID"),
  SEM_TEXT("SyncMains", "Sync to Mains"),
  SEM_NUMBER("ApertureOptimization", "Aperture Optimization"),
  SEM_NUMBER("CrossFree", "Cross Free"),
  SEM_NUMBER("Detector0FlatField", "Detector 0 Flat Field"),
  { "SEM", "Detector0Gain", "PrimaryDetectorGain", NUMBER, 0, NULL, "Detector 0 Gain", NULL },
  { "SEM", "Detector0Offset", "PrimaryDetectorOffset", NUMBER, 0, NULL, "Detector 0 Offset", NULL },
  SEM_NUMBER("GunShiftX", "Gun Shift X"),
  SEM_NUMBER("GunShiftY", "Gun Shift Y"),
  SEM_NUMBER("GunTiltX", "Gun Tilt X"),
  SEM_NUMBER("GunTiltY", "Gun Tilt Y"),
  SEM_NUMBER("IMLCenteringX", "IML Centering X"),
  SEM_NUMBER("IMLCenteringY", "IML Centering Y"),
  SEM_NUMBER("LUTGamma", "LUT Gamma"),
  SEM_NUMBER("LUTMaximum", "LUT Maximum"),
  SEM_NUMBER("LUTMinimum", "LUT Minimum"),
  SEM_NUMBER("OBJCenteringX", "OBJ Centering X"),
  SEM_NUMBER("OBJCenteringY", "OBJ Centering Y"),
  SEM_NUMBER("OBJPreCenteringX", "OBJ Pre-Centering X"),
  SEM_NUMBER("OBJPreCenteringY", "OBJ Pre-Centering Y"),
  SEM_NUMBER("PrimaryDetectorGain", "Primary Detector Gain"),
  SEM_NUMBER("PrimaryDetectorOffset", "Primary Detector Offset"),
  SEM_NUMBER("ScanID", "Scan ID"),
  SEM_NUMBER("ScanSpeed", "Scan Speed"),
  SEM_NUMBER("StigmatorX", "Stigmator X Value"),
  SEM_NUMBER("StigmatorY", "Stigmator Y Value"),
  SEM_NUMBER("TiltCorrection", "Tilt Correction"),
};

/* -------------------------------------------------------------------------------------------------------------- the text */

static const char *given(json_object *ini, const char *section, const char *key)
{
  const char *text = key ? nx_ini_get(ini, section, key) : NULL;
  return text && *text ? text : NULL;
}

/* NULL: a number that is none. */
static json_object *value_of(const Field *field, const char *text)
{
  double value;
  if (field->kind == TEXT)
    return json_object_new_string(text);
  if (!nx_decimal_parse(text, field->exponent, &value, NULL))
    return NULL;
  return field->unit ? nx_meta_quantity(value, field->unit) : nx_json_double(value);
}

/* The logged-in user may be a left-over. */
static void add_operator(json_object *ini, json_object *nx_meta)
{
  const char *full_name = given(ini, "MAIN", "FullUserName");
  const char *user = full_name ? full_name : given(ini, "MAIN", "UserName");
  if (!user)
    return;
  nx_meta_put(nx_meta, "Operator", NULL, json_object_new_string(user));
  nx_meta_doubt(nx_meta, "Operator");
}

static void add_fields(json_object *ini, json_object *nx_meta)
{
  for (gsize i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
    const Field *field = &FIELDS[i];
    const char *own = given(ini, field->section, field->key);
    const char *text = own ? own : given(ini, field->section, field->instead);
    if (text)
      nx_meta_put(nx_meta, field->to, field->member, value_of(field, text));
  }
  add_operator(ini, nx_meta);
}

/* The text inside, else the one beside; an empty object when there is neither. */
static json_object *read_ini(const NxInput *in, NxTiff *tiff, char **note)
{
  g_autoptr(GBytes) blob = tiff ? nx_tiff_bytes(tiff, TAG_TESCAN) : NULL;
  g_autofree char *embedded = blob ? nx_tescan_embedded_text(blob) : NULL;
  g_autoptr(json_object) inside = embedded ? nx_ini_parse(embedded, note) : NULL;
  if (inside && json_object_object_length(inside) > 0)
    return g_steal_pointer(&inside);
  NxBytes *companion = nx_input_companion(in, &nx_format_tescan_tiff);
  g_autofree char *beside = companion ? nx_tescan_sidecar_text(companion) : NULL;
  g_clear_pointer(note, g_free);
  return beside ? nx_ini_parse(beside, note) : json_object_new_object();
}

/* -------------------------------------------------------------------------------------------------------------- TIFF tags */

static void add_tag(NxTiff *tiff, guint32 tag, const char *to, gboolean always, json_object *nx_meta)
{
  g_autofree char *text = nx_tiff_text(tiff, tag);
  json_object *extensions = nx_json_get(nx_meta, "extensions");
  if (text && *text && (always || !nx_json_get(extensions, to)))
    nx_meta_put(nx_meta, to, NULL, json_object_new_string(text));
}

static void add_tags(NxTiff *tiff, json_object *nx_meta)
{
  guint32 width, height;
  add_tag(tiff, TAG_MAKE, "Make", FALSE, nx_meta);
  add_tag(tiff, TAG_MODEL, "Model", FALSE, nx_meta);
  add_tag(tiff, TAG_SOFTWARE, "Software Version", FALSE, nx_meta);
  add_tag(tiff, TAG_ARTIST, "Operator", FALSE, nx_meta);
  add_tag(tiff, TAG_DATE_TIME, "TIFF DateTime", TRUE, nx_meta);
  if (nx_tiff_dimensions(tiff, &width, &height)) {
    g_autofree char *text = g_strdup_printf("(%u, %u)", width, height);
    nx_meta_put(nx_meta, "Data Dimensions", NULL, json_object_new_string(text));
  }
}

/* ------------------------------------------------------------------------------------------------------------ the format */

/* Tescan's own software writes sample-tif.hdr beside sample.tif. */
static char *whole_name_path(const char *path)
{
  g_autofree char *hyphened = g_strdup(path);
  char *dot = strrchr(hyphened, '.');
  if (dot)
    *dot = '-';
  return dot ? g_strconcat(hyphened, ".hdr", NULL) : NULL;
}

static gboolean names_tescan(NxTiff *tiff, guint32 tag)
{
  g_autofree char *text = nx_tiff_text(tiff, tag);
  g_autofree char *upper = text ? g_ascii_strup(text, -1) : NULL;
  return upper && strstr(upper, "TESCAN");
}

static gboolean sniff_tescan(const NxInput *in)
{
  NxBytes *companion = nx_input_companion(in, &nx_format_tescan_tiff);
  if (companion && nx_tescan_is_sidecar(companion))
    return TRUE;
  NxTiff *tiff = nx_tiff_of(in->bytes, NULL);
  if (!tiff)
    return FALSE;
  g_autoptr(GBytes) blob = nx_tiff_bytes(tiff, TAG_TESCAN);
  return (blob && g_bytes_get_size(blob) > 0) || names_tescan(tiff, TAG_MAKE) || names_tescan(tiff, TAG_SOFTWARE);
}

static gboolean read_tescan(const NxInput *in, GPtrArray *signals, GError **err)
{
  g_autoptr(GError) problem = NULL;
  NxTiff *tiff = nx_tiff_of(in->bytes, &problem);
  g_autofree char *note = NULL;
  g_autoptr(json_object) ini = read_ini(in, tiff, &note);
  json_object *nx_meta = nx_image_meta(in, "SEM_Imaging");
  (void)err;
  add_fields(ini, nx_meta);
  if (tiff)
    add_tags(tiff, nx_meta);
  else
    nx_log_warning("%s: %s; the rest is kept", in->name, problem->message);
  if (note)
    nx_meta_warn(nx_meta, note);

  NxSignal *signal = nx_signal_new();
  signal->view = NX_VIEW_PICTURE;
  signal->nx_meta = nx_meta_sorted(nx_meta);
  signal->raw = g_steal_pointer(&ini);
  g_ptr_array_add(signals, signal);
  return TRUE;
}

static const char *const EXTENSIONS[] = { "tif", "tiff", NULL };
static const char *const COMPANION_SUFFIXES[] = { ".hdr", NULL };

const NxFormat nx_format_tescan_tiff = {
  .name = "tescan_tif",
  .extensions = EXTENSIONS,
  .priority = 150,
  .companion_suffixes = COMPANION_SUFFIXES,
  .companion = whole_name_path,
  .sniff = sniff_tescan,
  .read = read_tescan,
};
