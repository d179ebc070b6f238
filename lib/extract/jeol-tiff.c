/* jeol-tiff.c — JEOL .tif with its .txt (jeol_sem_tif_extractor): pictures of JEOL's electron microscopes. The software puts a text of the
 * same name beside each picture: lines of a key (`$CM_…` what all instruments know, `$$SM_…` scanning and `$$EM_…` transmission
 * microscopes; newer software writes `$SM_…`) and its value after blanks. Volts in kV, working distance in mm, emission current in µA;
 * `$$SM_MICRON_BAR` is the length in pixels of a bar that is `$$SM_MICRON_MARKER` ("10um") long, `$CM_PIXEL_SIZE` has its unit ("9.375nm"),
 * `$$EM_PIXELSPERMETER_X` is one over the width in metres. Source of the facts: the ImageJ toolset EM-tool ("JEOL SEM scale"), the field
 * list of the pynxtools-em documentation (JEOL TIFF) and its two layouts of texts of a JEM-2200FS, the table of JEOL keys of the NIMS SEM
 * template, and the NOMAD plug-ins that read these texts. */
#include "formats.h"
#include "tiff-tags.h"
#include "written-quantity.h"

#include <string.h>

#define TEXT_MAX (1024 * 1024)
#define KEYS_MAX 2000

typedef enum { TEXT, NUMBER, QUANTITY } Kind;

static const struct {
  const char *key;
  Kind kind;
  const char *symbol, *unit, *to;
} FIELDS[] = {
  { "$CM_ACCEL_VOLT", QUANTITY, "kV", "kilovolt", "acceleration_voltage" },
  { "$CM_MAG", NUMBER, NULL, NULL, "magnification" },
  { "$$SM_WD", QUANTITY, "mm", "millimeter", "working_distance" },
  { "$$SM_EMI_CURRENT", QUANTITY, "uA", "microampere", "emission_current" },
  { "$CM_SIGNAL", TEXT, NULL, NULL, "detector_type" },
  { "$CM_SIGNAL_NAME", TEXT, NULL, NULL, "detector_type" },
  { "$CM_DATE", TEXT, NULL, NULL, "Acquisition Date" },
  { "$CM_TIME", TEXT, NULL, NULL, "Acquisition Time" },
  { "$CM_INSTRUMENT", TEXT, NULL, NULL, "Instrument" },
  { "$CM_OPERATOR", TEXT, NULL, NULL, "Operator" },
  { "$CM_STAGE_POS", TEXT, NULL, NULL, "Stage Position as Written" },
};

/* How the keys of a text begin that is JEOL's. Texts hold keys of other families, too. */
static const char *const FAMILIES[] = { "$CM_", "$SM_", "$$SM_", "$$EM_" };

/* What a transmission microscope calls the signal of an image that it scanned. */
static const char *const SCANNED[] = { "STEM", "BFI", "DFI" };

/* ------------------------------------------------------------------------------------------------------------------ the text */

/* One or two dollars, and a name in capitals that begins with its family. */
static gboolean is_key(const char *word)
{
  gsize dollars = strspn(word, "$");
  const char *name = word + dollars;
  return (dollars == 1 || dollars == 2) && strchr(name, '_') && name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] == '\0';
}

static gboolean begins_with_any(const char *text, const char *const *beginnings, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    if (g_str_has_prefix(text, beginnings[i]))
      return TRUE;
  }
  return FALSE;
}

/* {"$CM_MAG": "5000", …}: the first of a key counts. */
static json_object *parse(const char *text)
{
  json_object *pairs = json_object_new_object();
  g_auto(GStrv) lines = g_strsplit_set(text, "\r\n", -1);
  for (char **line = lines; *line && json_object_object_length(pairs) < KEYS_MAX; line++) {
    char *trimmed = g_strstrip(*line);
    gsize length = strcspn(trimmed, " \t");
    g_autofree char *key = g_strndup(trimmed, length);
    if (is_key(key) && !nx_json_get(pairs, key))
      nx_json_set_string(pairs, key, g_strchug(trimmed + length));
  }
  return pairs;
}

static gboolean is_jeol(json_object *pairs)
{
  json_object_object_foreach(pairs, key, unused) {
    (void)unused;
    if (begins_with_any(key, FAMILIES, G_N_ELEMENTS(FAMILIES)))
      return TRUE;
  }
  return FALSE;
}

/* The value of a key that is there and not empty, else NULL; a key of two dollars may have one. */
static const char *given(json_object *pairs, const char *key)
{
  const char *value = nx_json_get_string(pairs, key);
  if (!value && g_str_has_prefix(key, "$$"))
    value = nx_json_get_string(pairs, key + 1);
  return value && *value ? value : NULL;
}

/* NULL when there is no text beside the file, or another one. */
static json_object *find_pairs(const NxInput *in)
{
  NxBytes *companion = nx_input_companion(in, &nx_format_jeol_tiff);
  g_autofree char *text = companion ? nx_written_file(companion, TEXT_MAX) : NULL;
  json_object *pairs = text ? parse(text) : NULL;
  if (pairs && is_jeol(pairs))
    return pairs;
  json_object_put(pairs);
  return NULL;
}

/* ----------------------------------------------------------------------------------------------------------------- the fields */

static json_object *value_of(gsize row, const char *text)
{
  double number;
  switch (FIELDS[row].kind) {
  case TEXT: return json_object_new_string(text);
  case NUMBER: return nx_written_decimal(text, 0, &number) ? nx_json_double(number) : NULL;
  case QUANTITY: return nx_quantity_of(text, FIELDS[row].symbol, FIELDS[row].unit);
  }
  return NULL;
}

static const char *without_dollars(const char *key)
{
  return key + strspn(key, "$");
}

/* FALSE of a field that datasets of the type do not have: its key stands for it there. An extension is free to all. */
static gboolean has_field(const char *dataset_type, const char *to)
{
  return !g_ascii_islower(*to) || nx_meta_allows(dataset_type, to);
}

/* `done` takes the keys, without their dollars. */
static void add_fields(json_object *pairs, const char *dataset_type, json_object *nx_meta, GHashTable *done)
{
  for (gsize i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
    const char *text = has_field(dataset_type, FIELDS[i].to) ? given(pairs, FIELDS[i].key) : NULL;
    json_object *value = text ? value_of(i, text) : NULL;
    if (!value)
      continue;
    nx_meta_put(nx_meta, FIELDS[i].to, NULL, value);
    g_hash_table_add(done, (gpointer)without_dollars(FIELDS[i].key));
  }
  if (given(pairs, "$CM_OPERATOR"))
    nx_meta_doubt(nx_meta, "Operator");
}

/* "$$SM_MICRON_BAR" → "Micron Bar" */
static char *display_name(const char *key)
{
  const char *start = strchr(key, '_') + 1;
  g_autofree char *lower = g_ascii_strdown(start, -1);
  gboolean is_first = TRUE;
  for (char *at = lower; *at; at++) {
    if (is_first)
      *at = g_ascii_toupper(*at);
    is_first = *at == '_';
    if (is_first)
      *at = ' ';
  }
  return g_steal_pointer(&lower);
}

static void add_others(json_object *pairs, json_object *nx_meta, GHashTable *done)
{
  json_object_object_foreach(pairs, key, unused) {
    const char *text = given(pairs, key);
    g_autofree char *name = display_name(key);
    json_object *number = NULL;
    (void)unused;
    if (!text || g_hash_table_contains(done, without_dollars(key)))
      continue;
    number = nx_written_number(text);
    nx_meta_put_labelled(nx_meta, name, key, number ? number : json_object_new_string(text));
  }
}

/* ---------------------------------------------------------------------------------------------------------------- microscope */

/* TRUE of a transmission microscope: by its name, its signal, or a key that only its software writes. */
static gboolean is_transmission(json_object *pairs)
{
  const char *instrument = given(pairs, "$CM_INSTRUMENT"), *signal = given(pairs, "$CM_SIGNAL");
  if ((instrument && g_ascii_strncasecmp(instrument, "JEM", 3) == 0) || g_strcmp0(signal, "TEM") == 0)
    return TRUE;
  json_object_object_foreach(pairs, key, unused) {
    (void)unused;
    if (g_str_has_prefix(key, "$$EM_"))
      return TRUE;
  }
  return FALSE;
}

/* TRUE of a diffraction pattern, which a transmission microscope alone calls so. */
static gboolean is_pattern(json_object *pairs)
{
  return is_transmission(pairs) && g_strcmp0(given(pairs, "$CM_SIGNAL"), "DIFF") == 0;
}

static const char *data_type_of(json_object *pairs)
{
  const char *signal = given(pairs, "$CM_SIGNAL");
  if (!is_transmission(pairs))
    return "SEM_Imaging";
  if (is_pattern(pairs))
    return "TEM_Diffraction";
  return signal && begins_with_any(signal, SCANNED, G_N_ELEMENTS(SCANNED)) ? "STEM_Imaging" : "TEM_Imaging";
}

/* ---------------------------------------------------------------------------------------------------------------- pixel size */

/* Nanometres in "10um" or "9.375 nm"; 0 when it is no length. */
static double written_length(const char *text)
{
  g_autofree char *number = g_strndup(text, strspn(text, "0123456789.,"));
  g_autofree char *symbol = g_strstrip(g_strdup(text + strlen(number)));
  g_autoptr(json_object) length = nx_quantity_of(number, symbol, "nanometer");
  return nx_json_get_double(length, "value", 0.0);
}

static double written_number(json_object *pairs, const char *key)
{
  const char *text = given(pairs, key);
  double value;
  return text && nx_written_decimal(text, 0, &value) ? value : 0.0;
}

/* The bar's length over its pixels. */
static double size_by_bar(json_object *pairs)
{
  const char *marker = given(pairs, "$$SM_MICRON_MARKER");
  double pixels = written_number(pairs, "$$SM_MICRON_BAR");
  return marker && pixels > 0 ? written_length(marker) / pixels : 0.0;
}

static double size_as_written(json_object *pairs)
{
  const char *text = given(pairs, "$CM_PIXEL_SIZE");
  return text ? written_length(text) : 0.0;
}

static double size_by_count(json_object *pairs, const char *key)
{
  double pixels = written_number(pairs, key);
  return pixels > 0 ? 1e9 / pixels : 0.0;
}

static void put_length(json_object *nx_meta, const char *to, double nanometers)
{
  if (nanometers > 0)
    nx_meta_put(nx_meta, to, NULL, nx_meta_quantity(nanometers, "nanometer"));
}

/* The bar is drawn in the picture that is at hand, so it is asked first. */
static void add_pixel_size(json_object *pairs, json_object *nx_meta)
{
  double by_bar = size_by_bar(pairs), square = by_bar > 0 ? by_bar : size_as_written(pairs);
  put_length(nx_meta, "pixel_width", square > 0 ? square : size_by_count(pairs, "$$EM_PIXELSPERMETER_X"));
  put_length(nx_meta, "pixel_height", square > 0 ? square : size_by_count(pairs, "$$EM_PIXELSPERMETER_Y"));
}

static json_object *make_meta(const NxInput *in, json_object *pairs)
{
  json_object *nx_meta = nx_image_meta(in, data_type_of(pairs));
  const char *dataset_type = is_pattern(pairs) ? "Diffraction" : "Image";
  g_autoptr(GHashTable) done = g_hash_table_new(g_str_hash, g_str_equal);
  NxTiff *tiff = nx_tiff_of(in->bytes, NULL);
  guint32 width, height;
  nx_json_set(nx_meta, "extensions", json_object_new_object());
  nx_json_set_string(nx_meta, "DatasetType", dataset_type);
  add_fields(pairs, dataset_type, nx_meta, done);
  if (nx_meta_allows(dataset_type, "pixel_width"))
    add_pixel_size(pairs, nx_meta);
  if (tiff && nx_tiff_dimensions(tiff, &width, &height)) {
    g_autofree char *text = g_strdup_printf("(%u, %u)", width, height);
    nx_meta_put(nx_meta, "Data Dimensions", NULL, json_object_new_string(text));
  }
  add_others(pairs, nx_meta, done);
  return nx_meta_sorted(nx_meta);
}

/* ------------------------------------------------------------------------------------------------------------ the format */

static gboolean sniff_jeol(const NxInput *in)
{
  g_autoptr(json_object) pairs = find_pairs(in);
  return pairs != NULL;
}

static gboolean read_jeol(const NxInput *in, GPtrArray *signals, GError **err)
{
  g_autoptr(json_object) pairs = find_pairs(in);
  if (!pairs) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "no text of a JEOL microscope stands beside the picture");
    return FALSE;
  }
  NxSignal *signal = nx_signal_new();
  signal->view = NX_VIEW_PICTURE;
  signal->nx_meta = make_meta(in, pairs);
  signal->raw = json_object_new_object();
  nx_json_set(signal->raw, "JEOL", g_steal_pointer(&pairs));
  g_ptr_array_add(signals, signal);
  return TRUE;
}

static const char *const EXTENSIONS[] = { "tif", "tiff", NULL };
static const char *const COMPANION_SUFFIXES[] = { ".txt", NULL };

const NxFormat nx_format_jeol_tiff = {
  .name = "jeol_sem_tif",
  .extensions = EXTENSIONS,
  .priority = 120,
  .companion_suffixes = COMPANION_SUFFIXES,
  .sniff = sniff_jeol,
  .read = read_jeol,
};
