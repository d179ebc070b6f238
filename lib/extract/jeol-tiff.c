/* jeol-tiff.c — JEOL .tif with its .txt (jeol_sem_tif_extractor): pictures of JEOL scanning electron microscopes. The software puts a
 * text of the same name beside each picture: lines of a key (`$CM_…` what all instruments know, `$$SM_…` scanning microscopes) and its
 * value after blanks. Volts in kV, working distance in mm, emission current in µA; `$$SM_MICRON_BAR` is the length in pixels of a bar
 * that is `$$SM_MICRON_MARKER` ("10um") long. Source of the facts: the ImageJ toolset EM-tool ("JEOL SEM scale"), the field list of the
 * pynxtools-em documentation (JEOL TIFF) and of the NOMAD plug-ins that read these texts. */
#include "decimal.h"
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

/* ------------------------------------------------------------------------------------------------------------------ the text */

/* {"$CM_MAG": "5000", …}: the first of a key counts. */
static json_object *parse(const char *text)
{
  json_object *pairs = json_object_new_object();
  g_auto(GStrv) lines = g_strsplit_set(text, "\r\n", -1);
  for (char **line = lines; *line && json_object_object_length(pairs) < KEYS_MAX; line++) {
    char *trimmed = g_strstrip(*line);
    gsize length = strcspn(trimmed, " \t");
    g_autofree char *key = g_strndup(trimmed, length);
    if ((g_str_has_prefix(key, "$CM_") || g_str_has_prefix(key, "$$SM_")) && !nx_json_get(pairs, key))
      nx_json_set_string(pairs, key, g_strchug(trimmed + length));
  }
  return pairs;
}

static const char *given(json_object *pairs, const char *key)
{
  const char *value = nx_json_get_string(pairs, key);
  return value && *value ? value : NULL;
}

/* NULL when there is no text beside the file, or another one. */
static json_object *find_pairs(const NxInput *in)
{
  NxBytes *companion = nx_input_companion(in, &nx_format_jeol_tiff);
  g_autofree char *text = companion ? nx_written_file(companion, TEXT_MAX) : NULL;
  json_object *pairs = text ? parse(text) : NULL;
  if (pairs && json_object_object_length(pairs) > 0)
    return pairs;
  json_object_put(pairs);
  return NULL;
}

/* ----------------------------------------------------------------------------------------------------------------- the fields */

static json_object *value_of(gsize row, const char *text)
{
  switch (FIELDS[row].kind) {
  case TEXT: return json_object_new_string(text);
  case NUMBER: return nx_written_number(text);
  case QUANTITY: return nx_quantity_of(text, FIELDS[row].symbol, FIELDS[row].unit);
  }
  return NULL;
}

static void add_fields(json_object *pairs, json_object *nx_meta, GHashTable *done)
{
  for (gsize i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
    const char *text = given(pairs, FIELDS[i].key);
    json_object *value = text ? value_of(i, text) : NULL;
    if (!value)
      continue;
    nx_meta_put(nx_meta, FIELDS[i].to, NULL, value);
    g_hash_table_add(done, (gpointer)FIELDS[i].key);
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
  json_object *extensions = nx_json_get(nx_meta, "extensions");
  json_object_object_foreach(pairs, key, unused) {
    const char *text = given(pairs, key);
    g_autofree char *name = display_name(key);
    json_object *number = NULL;
    (void)unused;
    if (!text || g_hash_table_contains(done, key))
      continue;
    number = nx_written_number(text);
    nx_json_set(extensions, *name && !nx_json_get(extensions, name) ? name : key, number ? number : json_object_new_string(text));
  }
}

/* The bar's length over its pixels, in nanometres. */
static void add_pixel_size(json_object *pairs, json_object *nx_meta)
{
  const char *pixels = given(pairs, "$$SM_MICRON_BAR"), *marker = given(pairs, "$$SM_MICRON_MARKER");
  double n;
  if (!pixels || !marker || !nx_decimal_parse(pixels, 0, &n, NULL) || n <= 0)
    return;
  g_autofree char *number = g_strndup(marker, strspn(marker, "0123456789."));
  g_autofree char *symbol = g_strstrip(g_strdup(marker + strlen(number)));
  g_autoptr(json_object) length = nx_quantity_of(number, symbol, "nanometer");
  if (!length)
    return;
  double size = nx_json_get_double(length, "value", 0.0) / n;
  nx_meta_put(nx_meta, "pixel_width", NULL, nx_meta_quantity(size, "nanometer"));
  nx_meta_put(nx_meta, "pixel_height", NULL, nx_meta_quantity(size, "nanometer"));
}

static json_object *make_meta(const NxInput *in, json_object *pairs)
{
  json_object *nx_meta = nx_image_meta(in, "SEM_Imaging");
  g_autoptr(GHashTable) done = g_hash_table_new(g_str_hash, g_str_equal);
  NxTiff *tiff = nx_tiff_of(in->bytes, NULL);
  guint32 width, height;
  nx_json_set(nx_meta, "extensions", json_object_new_object());
  add_fields(pairs, nx_meta, done);
  add_others(pairs, nx_meta, done);
  add_pixel_size(pairs, nx_meta);
  if (tiff && nx_tiff_dimensions(tiff, &width, &height)) {
    g_autofree char *text = g_strdup_printf("(%u, %u)", width, height);
    nx_meta_put(nx_meta, "Data Dimensions", NULL, json_object_new_string(text));
  }
  return nx_meta_sorted(nx_meta);
}

/* ------------------------------------------------------------------------------------------------------------ the format */

static char *companion_path(const char *path)
{
  return nx_path_with_suffix(path, ".txt");
}

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

const NxFormat nx_format_jeol_tiff = {
  .name = "jeol_sem_tif",
  .extensions = EXTENSIONS,
  .priority = 120,
  .companion = companion_path,
  .sniff = sniff_jeol,
  .read = read_jeol,
};
