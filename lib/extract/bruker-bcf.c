/* bruker-bcf.c — Bruker Esprit .bcf (bruker_bcf_extractor): X-ray maps (hypermaps) of electron microscopes. What was set stands in the
 * XML of the container's file EDSDatabase/HeaderData: nested ClassInstance elements, told apart by their attribute Type. HV in kV, WD in
 * mm, DX and DY in µm a pixel, stage in µm and degrees, energies of the spectrum in keV, its times in ms. The pixels of the map itself
 * (SpectrumData0) are not read; the preview is the electron picture taken with it, else the sum spectrum. Source of the facts:
 * RosettaSciIO's Bruker reader (P. Jokubauskas) and its user guide; the container: bruker-bcf-container.c. */
#include "bruker-bcf-container.h"
#include "decimal.h"
#include "formats.h"
#include "written-quantity.h"
#include "xml-object.h"

#include <math.h>
#include <string.h>

/* Of the container. */
#define FOLDER "EDSDatabase"
#define HEADER_MAX (64u << 20)
#define SIDE_MAX 65536
#define CHANNELS_MAX 65536
#define ELEMENTS_MAX 118

/* A value: text of `name` in the ClassInstance of `type` below the database, or (in_spectrum) below the headers of the first spectrum. */
static const struct {
  gboolean in_spectrum;
  const char *type, *name;
  int shift; /* the number × 10^shift is in `unit` */
  const char *unit; /* NULL: a plain number */
  const char *to, *member;
} FIELDS[] = {
  { FALSE, "TRTSEMData", "HV", 0, "kilovolt", "acceleration_voltage", NULL },
  { FALSE, "TRTSEMData", "WD", 0, "millimeter", "working_distance", NULL },
  { FALSE, "TRTSEMData", "Mag", 0, NULL, "magnification", NULL },
  { FALSE, "TRTSEMData", "DX", 3, "nanometer", "pixel_width", NULL },
  { FALSE, "TRTSEMData", "DY", 3, "nanometer", "pixel_height", NULL },
  { FALSE, "TRTSEMStageData", "X", 0, "micrometer", "stage_position", "x" },
  { FALSE, "TRTSEMStageData", "Y", 0, "micrometer", "stage_position", "y" },
  { FALSE, "TRTSEMStageData", "Z", 0, "micrometer", "stage_position", "z" },
  { FALSE, "TRTSEMStageData", "Rotation", 0, "degree", "stage_position", "rotation" },
  { FALSE, "TRTSEMStageData", "Tilt", 0, "degree", "stage_position", "tilt_alpha" },
  { TRUE, "TRTSpectrumHardwareHeader", "RealTime", -3, "second", "acquisition_time", NULL },
  { TRUE, "TRTSpectrumHardwareHeader", "LifeTime", -3, "second", "live_time", NULL },
  { TRUE, "TRTSpectrumHardwareHeader", "DeadTime", 0, "percent", "Dead Time", NULL },
  { TRUE, "TRTSpectrumHardwareHeader", "Amplification", 0, NULL, "Amplification", NULL },
  { TRUE, "TRTESMAHeader", "PrimaryEnergy", 0, "kiloelectron_volt", "Primary Energy", NULL },
  { TRUE, "TRTESMAHeader", "ElevationAngle", 0, "degree", "elevation_angle", NULL },
  { TRUE, "TRTESMAHeader", "AzimutAngle", 0, "degree", "azimuthal_angle", NULL },
  { TRUE, "TRTSpectrumHeader", "CalibLin", 3, "electron_volt", "channel_size", NULL },
  { TRUE, "TRTSpectrumHeader", "CalibAbs", 0, "kiloelectron_volt", "starting_energy", NULL },
  { TRUE, "TRTSpectrumHeader", "ChannelCount", 0, NULL, "Number of Spectrum Channels", NULL },
};

/* --------------------------------------------------------------------------------------------------------------- the XML */

/* The XML as UTF-8, NULL when there is none; Esprit writes Windows-1252 and says so. */
static char *utf8_of(GBytes *bytes)
{
  gsize length;
  const char *data = g_bytes_get_data(bytes, &length);
  gsize text = length ? strnlen(data, length) : 0;
  if (text == 0)
    return NULL;
  if (g_utf8_validate(data, (gssize)text, NULL))
    return g_strndup(data, text);
  return g_convert_with_fallback(data, (gssize)text, "UTF-8", "WINDOWS-1252", "?", NULL, NULL, NULL);
}

static gboolean has_attribute(const xmlNode *element, const char *name, const char *value)
{
  xmlChar *present = xmlGetNoNsProp(element, (const xmlChar *)name);
  gboolean is_same = value ? present && strcmp((const char *)present, value) == 0 : present && *present;
  xmlFree(present);
  return is_same;
}

/* The first ClassInstance of that type among the children; NULL when there is none. */
static const xmlNode *instance_of(const xmlNode *parent, const char *type)
{
  for (const xmlNode *child = parent ? parent->children : NULL; child; child = child->next) {
    if (child->type == XML_ELEMENT_NODE && strcmp((const char *)child->name, "ClassInstance") == 0 && has_attribute(child, "Type", type))
      return child;
  }
  return NULL;
}

/* The electron picture is the TRTImageData without a name. */
static const xmlNode *picture_of(const xmlNode *database)
{
  for (const xmlNode *child = database->children; child; child = child->next) {
    if (child->type == XML_ELEMENT_NODE && has_attribute(child, "Type", "TRTImageData") && !has_attribute(child, "Name", NULL))
      return child;
  }
  return NULL;
}

static const xmlNode *spectrum_of(const xmlNode *database)
{
  const xmlNode *data = nx_xml_child(database, "SpectrumData0");
  return data ? nx_xml_child(data, "ClassInstance") : NULL;
}

/* Of a spectrum some headers stand in its TRTHeaderedClass. */
static const xmlNode *spectrum_header(const xmlNode *spectrum, const char *type)
{
  const xmlNode *headers = spectrum ? nx_xml_child(spectrum, "TRTHeaderedClass") : NULL;
  const xmlNode *found = instance_of(headers, type);
  return found ? found : instance_of(spectrum, type);
}

/* NULL when it is missing or empty. */
static char *text_of(const xmlNode *parent, const char *name)
{
  const xmlNode *element = parent ? nx_xml_child(parent, name) : NULL;
  g_autofree char *text = element ? nx_xml_text(element) : NULL;
  return text && *g_strstrip(text) ? g_steal_pointer(&text) : NULL;
}

/* Decimal commas come with some languages of Windows. */
static gboolean number_of(const xmlNode *parent, const char *name, int shift, double *value)
{
  g_autofree char *text = text_of(parent, name);
  if (text)
    g_strdelimit(text, ",", '.');
  return text && nx_decimal_parse(text, shift, value, NULL);
}

static gint64 integer_of(const xmlNode *parent, const char *name, gint64 least, gint64 most)
{
  g_autofree char *text = text_of(parent, name);
  gint64 value;
  return text && g_ascii_string_to_signed(text, 10, least, most, &value, NULL) ? value : 0;
}

/* ----------------------------------------------------------------------------------------------------------------- the fields */

static void add_fields(const xmlNode *database, json_object *nx_meta)
{
  const xmlNode *spectrum = spectrum_of(database);
  const xmlNode *column = instance_of(database, "TRTSEMData");
  for (gsize i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
    const xmlNode *group = FIELDS[i].in_spectrum ? spectrum_header(spectrum, FIELDS[i].type) : instance_of(database, FIELDS[i].type);
    double number;
    if (!number_of(group, FIELDS[i].name, FIELDS[i].shift, &number))
      continue;
    if (group == column && number < 0)
      continue; /* what the microscope did not tell Esprit is -1 there */
    json_object *value = FIELDS[i].unit ? nx_meta_quantity(number, FIELDS[i].unit) : nx_json_double(number);
    nx_meta_put(nx_meta, FIELDS[i].to, FIELDS[i].member, value);
  }
}

static void add_text(const xmlNode *parent, const char *name, const char *to, json_object *nx_meta)
{
  g_autofree char *text = text_of(parent, name);
  if (text)
    nx_meta_put(nx_meta, to, NULL, json_object_new_string(text));
}

static void add_texts(const xmlNode *database, json_object *nx_meta)
{
  const xmlNode *header = nx_xml_child(database, "Header"), *detector = spectrum_header(spectrum_of(database), "TRTDetectorHeader");
  xmlChar *name = xmlGetNoNsProp(database, (const xmlChar *)"Name");
  if (name && *name)
    nx_meta_put(nx_meta, "Map Name", NULL, json_object_new_string((const char *)name));
  xmlFree(name);
  add_text(header, "Date", "Acquisition Date", nx_meta);
  add_text(header, "Time", "Acquisition Time of Day", nx_meta);
  add_text(header, "FileVersion", "File Version", nx_meta);
  add_text(detector, "Type", "detector_type", nx_meta);
  add_text(detector, "Serial", "Detector Serial Number", nx_meta);
}

/* The elements that were picked: names of the regions of the spectrum. */
static void add_elements(const xmlNode *database, json_object *nx_meta)
{
  static const char *const TYPES[] = { "TRTContainerClass", "TRTElementInformationList", "TRTSpectrumRegionList" };
  const xmlNode *at = database;
  for (gsize i = 0; at && i < G_N_ELEMENTS(TYPES); i++) {
    const xmlNode *children = nx_xml_child(at, "ChildClassInstances");
    const xmlNode *below = instance_of(children, TYPES[i]);
    at = below ? below : instance_of(at, TYPES[i]);
  }
  const xmlNode *regions = at ? nx_xml_child(at, "ChildClassInstances") : NULL;
  json_object *symbols = json_object_new_array();
  const xmlNode *child = regions ? regions->children : NULL;
  for (; child && json_object_array_length(symbols) < ELEMENTS_MAX; child = child->next) {
    gboolean is_region = child->type == XML_ELEMENT_NODE && has_attribute(child, "Type", "TRTSpectrumRegion");
    xmlChar *symbol = is_region ? xmlGetNoNsProp(child, (const xmlChar *)"Name") : NULL;
    if (symbol && *symbol)
      json_object_array_add(symbols, json_object_new_string((const char *)symbol));
    xmlFree(symbol);
  }
  if (json_object_array_length(symbols) > 0)
    nx_meta_put(nx_meta, "elements", NULL, symbols);
  else
    json_object_put(symbols);
}

/* -------------------------------------------------------------------------------------------------------------- the preview */

static NxAxis length_axis(const xmlNode *sem, const char *name, const char *step)
{
  double micrometres;
  gboolean is_known = number_of(sem, step, 0, &micrometres) && micrometres > 0;
  return (NxAxis){ .name = g_strdup(name), .units = g_strdup(is_known ? "µm" : ""), .scale = is_known ? micrometres : 1.0 };
}

static gboolean is_blank(const guchar *data, gsize length)
{
  gsize zeros = 0;
  while (zeros < length && data[zeros] == 0)
    zeros++;
  return zeros == length;
}

/* The pixels of a plane, of which there must be `wanted` bytes that are not all 0; NULL when there are not. */
static GBytes *pixels_of(const xmlNode *plane, gsize wanted)
{
  g_autofree char *base64 = text_of(plane, "Data");
  gsize length = 0;
  g_autofree guchar *data = base64 ? g_base64_decode(base64, &length) : NULL;
  return length < wanted || is_blank(data, wanted) ? NULL : g_bytes_new_take(g_steal_pointer(&data), length);
}

/* Each detector has its plane (Plane0, Plane1, …), and one that was not in use is blank: the first that shows something. NULL when none does. */
static GBytes *first_pixels(const xmlNode *picture, gsize wanted)
{
  GBytes *pixels = NULL;
  for (const xmlNode *child = picture->children; child && !pixels; child = child->next) {
    if (child->type == XML_ELEMENT_NODE && g_str_has_prefix((const char *)child->name, "Plane"))
      pixels = pixels_of(child, wanted);
  }
  return pixels;
}

/* FALSE when the XML holds no picture, or not all of it, or one that is blank. */
static gboolean describe_picture(const xmlNode *database, NxArray *array)
{
  static const NxSample SAMPLES[] = { NX_U8, NX_U8, NX_U16, NX_U16, NX_U32 };
  const xmlNode *picture = picture_of(database);
  gint64 width = integer_of(picture, "Width", 1, SIDE_MAX), height = integer_of(picture, "Height", 1, SIDE_MAX);
  gint64 bytes = integer_of(picture, "ItemSize", 1, 4);
  if (width == 0 || height == 0 || bytes == 0 || bytes == 3)
    return FALSE;
  GBytes *pixels = first_pixels(picture, (gsize)(width * height * bytes));
  if (!pixels)
    return FALSE;
  g_clear_pointer(&array->owned, g_bytes_unref);
  array->owned = pixels;
  array->sample = SAMPLES[bytes];
  array->n_dims = array->n_signal_dims = 2;
  array->shape[0] = (guint64)height;
  array->shape[1] = (guint64)width;
  if (!nx_array_set_contiguous(array, NULL) || !nx_array_check(array, NULL))
    return FALSE;
  array->axis[0] = length_axis(instance_of(database, "TRTSEMData"), "y", "DY");
  array->axis[1] = length_axis(instance_of(database, "TRTSEMData"), "x", "DX");
  return TRUE;
}

/* Comma-separated counts as doubles; NULL when there are none. */
static GBytes *counts_of(const char *text)
{
  g_autoptr(GArray) counts = g_array_new(FALSE, FALSE, sizeof(double));
  for (const char *at = text; *at && counts->len < CHANNELS_MAX;) {
    char *end;
    double count = g_ascii_strtod(at, &end);
    if (end == at || !isfinite(count))
      break;
    g_array_append_val(counts, count);
    at = end + strspn(end, ", \t\r\n");
  }
  return counts->len ? g_bytes_new(counts->data, counts->len * sizeof(double)) : NULL;
}

static gboolean describe_spectrum(const xmlNode *database, NxArray *array)
{
  const xmlNode *spectrum = spectrum_of(database), *header = spectrum_header(spectrum, "TRTSpectrumHeader");
  g_autofree char *text = text_of(spectrum, "Channels");
  GBytes *counts = text ? counts_of(text) : NULL;
  double step = 1.0, start = 0.0;
  if (!counts)
    return FALSE;
  gboolean is_calibrated = number_of(header, "CalibLin", 0, &step) && step > 0;
  number_of(header, "CalibAbs", 0, &start);
  g_clear_pointer(&array->owned, g_bytes_unref);
  array->owned = counts;
  array->sample = NX_F64;
  array->big_endian = G_BYTE_ORDER == G_BIG_ENDIAN;
  array->n_dims = array->n_signal_dims = 1;
  array->shape[0] = g_bytes_get_size(counts) / sizeof(double);
  array->stride[0] = sizeof(double);
  array->axis[0] = (NxAxis){ .name = g_strdup("Energy"), .units = g_strdup(is_calibrated ? "keV" : ""),
                             .scale = is_calibrated ? step : 1.0, .offset = is_calibrated ? start : 0.0 };
  return nx_array_check(array, NULL);
}

/* Those of its spectra; ChCount is what the detector can have. */
static gint64 channels_of(const xmlNode *database)
{
  const gint64 channels = integer_of(spectrum_header(spectrum_of(database), "TRTSpectrumHeader"), "ChannelCount", 1, CHANNELS_MAX);
  return channels ? channels : integer_of(database, "ChCount", 1, CHANNELS_MAX);
}

static void add_map_size(const xmlNode *database, json_object *nx_meta)
{
  const xmlNode *picture = picture_of(database);
  gint64 width = integer_of(picture, "Width", 1, SIDE_MAX), height = integer_of(picture, "Height", 1, SIDE_MAX);
  gint64 channels = channels_of(database);
  if (width == 0 || height == 0)
    return;
  g_autofree char *text = channels ? g_strdup_printf("(%d, %d, %d)", (int)width, (int)height, (int)channels)
                                   : g_strdup_printf("(%d, %d)", (int)width, (int)height);
  nx_meta_put(nx_meta, "Data Dimensions", NULL, json_object_new_string(text));
}

/* ------------------------------------------------------------------------------------------------------------ the format */

static gboolean sniff_bcf(const NxInput *in)
{
  return nx_bcf_is_container(in->bytes);
}

/* The XML; NULL with what is wrong with it. */
static xmlDoc *read_xml(NxBytes *bytes, GError **err)
{
  g_autoptr(GBytes) header = nx_bcf_file(bytes, FOLDER, "HeaderData", HEADER_MAX, err);
  g_autofree char *text = header ? utf8_of(header) : NULL;
  return text ? nx_xml_parse(text, err) : NULL;
}

static void add_database(const xmlNode *database, json_object *nx_meta, NxSignal *signal)
{
  add_fields(database, nx_meta);
  add_texts(database, nx_meta);
  add_elements(database, nx_meta);
  add_map_size(database, nx_meta);
  gboolean is_drawn = describe_picture(database, &signal->array) || describe_spectrum(database, &signal->array);
  signal->view = is_drawn ? NX_VIEW_ARRAY : NX_VIEW_PLACEHOLDER;
}

static void warn(const NxInput *in, json_object *nx_meta, const char *sentence)
{
  nx_log_warning("%s: %s", in->name, sentence);
  nx_meta_warn(nx_meta, sentence);
}

static gboolean read_bcf(const NxInput *in, GPtrArray *signals, GError **err)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(xmlDoc) document = read_xml(in->bytes, &problem);
  const xmlNode *database = document ? instance_of(xmlDocGetRootElement(document), "TRTSpectrumDatabase") : NULL;
  (void)err;
  NxSignal *signal = nx_signal_new();
  json_object *nx_meta = nx_image_meta(in, "EDS_Spectrum_Imaging");
  g_ptr_array_add(signals, signal);
  nx_json_set_string(nx_meta, "DatasetType", "SpectrumImage");
  nx_json_set(nx_meta, "extensions", json_object_new_object());
  signal->view = NX_VIEW_PLACEHOLDER;
  if (database)
    add_database(database, nx_meta, signal);
  else
    warn(in, nx_meta, problem ? problem->message : "the header of the map could not be understood");
  if (database && !nx_bcf_file_is_whole(in->bytes, FOLDER, "SpectrumData0"))
    warn(in, nx_meta, "the spectra of the map are not all in the file, as when only a part of it was copied");
  signal->nx_meta = nx_meta_sorted(nx_meta);
  return TRUE;
}

static const char *const EXTENSIONS[] = { "bcf", NULL };

const NxFormat nx_format_bruker_bcf = {
  .name = "bruker_bcf",
  .extensions = EXTENSIONS,
  .priority = 100,
  .sniff = sniff_bcf,
  .read = read_bcf,
};
