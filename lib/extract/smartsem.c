/* smartsem.c — Zeiss SmartSEM .tif (zeiss_smartsem_tif_extractor): scanning electron microscopes of Zeiss and LEO. Tag 34118 (CZ_SEM) is
 * text: a block of bare numbers, then pairs of lines, a key (`AP_…` analogue, `DP_…` digital, `SV_…` text) and `label = value unit`
 * (date and time: `Date :25 Sep 2018`). Source of the facts: the listings of the tag that tiffinfo gives for a LEO 1550 and a Merlin
 * (solarchemist, public gist "LEO1550"), the CZ_SEM description of the tifffile documentation, the ImageJ macros
 * asc-SmartSEM-metadata-macros.
 *
 * AP_PIXEL_SIZE is that of the screen, and of the picture only when both have the same number of columns (1024: RosettaSciIO takes it so);
 * AP_IMAGE_PIXEL_SIZE of newer software is that of the picture. Where the one contradicts the picture's width and the other is missing, it
 * cannot be told whether the picture was stored at another resolution or was scaled afterwards, and the file is left to the next reader, as
 * corpus/image expects of such a file. */
#include "formats.h"
#include "tiff-tags.h"
#include "written-quantity.h"

#include <math.h>
#include <string.h>

#define TAG_SMARTSEM 34118
#define KEYS_MAX 2000
#define SCREEN_COLUMNS 1024

typedef enum { TEXT, QUANTITY, MAGNIFICATION } Kind;

/* Of two rows with one target the later wins. */
static const struct {
  const char *key;
  Kind kind;
  const char *unit, *to, *member;
} FIELDS[] = {
  { "AP_MANUALKV", QUANTITY, "kilovolt", "EHT Target", NULL },
  { "AP_ACTUALKV", QUANTITY, "kilovolt", "acceleration_voltage", NULL },
  { "AP_WD", QUANTITY, "millimeter", "working_distance", NULL },
  { "AP_MAG", MAGNIFICATION, NULL, "magnification", NULL },
  { "DP_DWELL_TIME", QUANTITY, "microsecond", "dwell_time", NULL },
  { "AP_IPROBE", QUANTITY, "picoampere", "beam_current", NULL },
  { "AP_PIXEL_SIZE", QUANTITY, "nanometer", "pixel_width", NULL },
  { "AP_PIXEL_SIZE", QUANTITY, "nanometer", "pixel_height", NULL },
  { "AP_IMAGE_PIXEL_SIZE", QUANTITY, "nanometer", "pixel_width", NULL },
  { "AP_IMAGE_PIXEL_SIZE", QUANTITY, "nanometer", "pixel_height", NULL },
  { "AP_WIDTH", QUANTITY, "micrometer", "horizontal_field_width", NULL },
  { "AP_HEIGHT", QUANTITY, "micrometer", "vertical_field_width", NULL },
  { "AP_SCANROTATION", QUANTITY, "degree", "scan_rotation", NULL },
  { "AP_STAGE_AT_X", QUANTITY, "millimeter", "stage_position", "x" },
  { "AP_STAGE_AT_Y", QUANTITY, "millimeter", "stage_position", "y" },
  { "AP_STAGE_AT_Z", QUANTITY, "millimeter", "stage_position", "z" },
  { "AP_STAGE_AT_R", QUANTITY, "degree", "stage_position", "rotation" },
  { "AP_STAGE_AT_T", QUANTITY, "degree", "stage_position", "tilt_alpha" },
  { "DP_DETECTOR_TYPE", TEXT, NULL, "detector_type", NULL },
  { "DP_DETECTOR_CHANNEL", TEXT, NULL, "detector_type", NULL },
  { "AP_DATE", TEXT, NULL, "Acquisition Date", NULL },
  { "AP_TIME", TEXT, NULL, "Acquisition Time", NULL },
  { "SV_OPERATOR", TEXT, NULL, "Operator", NULL },
  { "SV_VERSION", TEXT, NULL, "Software Version", NULL },
  { "SV_SERIAL_NUMBER", TEXT, NULL, "Serial Number", NULL },
  { "AP_ACTUALCURRENT", QUANTITY, "ampere", "Filament Current", NULL },
};

/* What is set, but has no effect while its switch is off: it is then kept by its key. */
static const struct {
  const char *key, *on_off;
} SWITCHES[] = {
  { "AP_SCANROTATION", "DP_SCAN_ROT" },
};

/* ------------------------------------------------------------------------------------------------------------------ the text */

static gboolean is_key(const char *line)
{
  return (g_str_has_prefix(line, "AP_") || g_str_has_prefix(line, "DP_") || g_str_has_prefix(line, "SV_")) &&
         line[strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] == '\0';
}

/* "WD =  3.9 mm" → "WD" and "3.9 mm"; FALSE when nothing parts them. */
static gboolean split_pair(const char *line, char **label, char **value)
{
  const char *equals = strchr(line, '='), *colon = strchr(line, ':');
  const char *at = equals ? equals : colon;
  if (!at)
    return FALSE;
  g_autofree char *before = g_strndup(line, (gsize)(at - line));
  *label = g_strdup(g_strstrip(before));
  *value = g_strstrip(g_strdup(at + 1));
  return TRUE;
}

/* {"AP_WD": {"label": "WD", "value": "3.9 mm"}, …}: the first of a key counts. */
static json_object *parse(const char *text)
{
  json_object *pairs = json_object_new_object();
  g_auto(GStrv) lines = g_strsplit_set(text, "\r\n", -1);
  const char *key = NULL;
  for (char **line = lines; *line && json_object_object_length(pairs) < KEYS_MAX; line++) {
    g_autofree char *label = NULL, *value = NULL;
    char *trimmed = g_strstrip(*line);
    if (is_key(trimmed)) {
      key = trimmed;
    } else if (key && *trimmed) {
      if (!nx_json_get(pairs, key) && split_pair(trimmed, &label, &value)) {
        json_object *pair = json_object_new_object();
        nx_json_set_string(pair, "label", label);
        nx_json_set_string(pair, "value", value);
        nx_json_set(pairs, key, pair);
      }
      key = NULL;
    }
  }
  return pairs;
}

/* The value of a key that is there and not empty, else NULL. */
static const char *given(json_object *pairs, const char *key)
{
  const char *value = nx_json_get_string(nx_json_get(pairs, key), "value");
  return value && *value ? value : NULL;
}

/* NULL when the file has no such tag, or no pair in it. */
static json_object *find_pairs(NxTiff *tiff)
{
  /* As bytes: rewritten files have the text as numbers of type BYTE, and its µ and ° are Latin-1 there, too. */
  g_autoptr(GBytes) value = nx_tiff_bytes(tiff, TAG_SMARTSEM);
  g_autofree char *text = value ? nx_written_text(g_bytes_get_data(value, NULL), g_bytes_get_size(value)) : NULL;
  json_object *pairs = text ? parse(text) : NULL;
  if (pairs && json_object_object_length(pairs) > 0)
    return pairs;
  json_object_put(pairs);
  return NULL;
}

/* ----------------------------------------------------------------------------------------------------------------- the fields */

/* "50.00 K X" or "250 X". */
static json_object *magnification(const char *text)
{
  g_autofree char *number = g_strndup(text, strcspn(text, " \t"));
  g_autofree char *suffix = g_strstrip(g_strdup(text + strlen(number)));
  double value;
  gboolean is_thousands = g_ascii_strcasecmp(suffix, "K X") == 0 || g_ascii_strcasecmp(suffix, "KX") == 0;
  if ((*suffix && !is_thousands && g_ascii_strcasecmp(suffix, "X") != 0) || !nx_written_decimal(number, is_thousands ? 3 : 0, &value))
    return NULL;
  return nx_json_double(value);
}

static json_object *value_of(Kind kind, const char *text, const char *unit)
{
  switch (kind) {
  case TEXT: return json_object_new_string(text);
  case QUANTITY: return nx_written_quantity(text, unit);
  case MAGNIFICATION: return magnification(text);
  }
  return NULL;
}

static gboolean is_off(json_object *pairs, const char *key)
{
  for (gsize i = 0; i < G_N_ELEMENTS(SWITCHES); i++) {
    const char *state = strcmp(SWITCHES[i].key, key) == 0 ? given(pairs, SWITCHES[i].on_off) : NULL;
    if (state && g_ascii_strcasecmp(state, "Off") == 0)
      return TRUE;
  }
  return FALSE;
}

/* Keys of the table, with those it could not read left for the labels. */
static void add_fields(json_object *pairs, json_object *nx_meta, GHashTable *done)
{
  for (gsize i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
    const char *text = given(pairs, FIELDS[i].key);
    json_object *value = text ? value_of(FIELDS[i].kind, text, FIELDS[i].unit) : NULL;
    if (!value)
      continue;
    if (is_off(pairs, FIELDS[i].key))
      nx_meta_put_labelled(nx_meta, "", FIELDS[i].key, value);
    else
      nx_meta_put(nx_meta, FIELDS[i].to, FIELDS[i].member, value);
    g_hash_table_add(done, (gpointer)FIELDS[i].key);
  }
  if (given(pairs, "SV_OPERATOR"))
    nx_meta_doubt(nx_meta, "Operator");
}

/* All else, by the label that people know from the microscope's screen; two of a label, and one that is a field's name: by the key. */
static void add_labelled(json_object *pairs, json_object *nx_meta, GHashTable *done)
{
  json_object_object_foreach(pairs, key, pair) {
    const char *text = given(pairs, key);
    if (text && !g_hash_table_contains(done, key))
      nx_meta_put_labelled(nx_meta, nx_json_get_string(pair, "label"), key, nx_written_quantity(text, NULL));
  }
}

/* Nanometres; NAN when the key is missing. */
static double length_of(json_object *pairs, const char *key)
{
  const char *text = given(pairs, key);
  g_autoptr(json_object) length = text ? nx_written_quantity(text, "nanometer") : NULL;
  return nx_json_get_double(length, "value", NAN);
}

/* Without the width of what was scanned the size of a pixel of the screen remains, which shows the same field in SCREEN_COLUMNS. */
static void add_pixel_of_screen(json_object *pairs, guint32 columns, json_object *nx_meta)
{
  const double pixel = length_of(pairs, "AP_PIXEL_SIZE");
  if (given(pairs, "AP_WIDTH") || given(pairs, "AP_IMAGE_PIXEL_SIZE") || !isfinite(pixel) || columns == 0)
    return;
  for (const char *const *name = (const char *const[]){ "pixel_width", "pixel_height", NULL }; *name; name++)
    nx_meta_put(nx_meta, *name, NULL, nx_meta_quantity(pixel * SCREEN_COLUMNS / columns, "nanometer"));
}

static json_object *make_meta(const NxInput *in, NxTiff *tiff, json_object *pairs)
{
  json_object *nx_meta = nx_image_meta(in, "SEM_Imaging");
  g_autoptr(GHashTable) done = g_hash_table_new(g_str_hash, g_str_equal);
  guint32 width, height;
  nx_json_set(nx_meta, "extensions", json_object_new_object());
  add_fields(pairs, nx_meta, done);
  if (nx_tiff_dimensions(tiff, &width, &height)) {
    g_autofree char *text = g_strdup_printf("(%u, %u)", width, height);
    nx_meta_put(nx_meta, "Data Dimensions", NULL, json_object_new_string(text));
    add_pixel_of_screen(pairs, width, nx_meta);
  }
  add_labelled(pairs, nx_meta, done);
  return nx_meta_sorted(nx_meta);
}

/* FALSE only when the numbers contradict each other by more than their rounding. */
static gboolean describes_picture(json_object *pairs, NxTiff *tiff)
{
  guint32 width, height;
  double field = length_of(pairs, "AP_WIDTH"), pixel = length_of(pairs, "AP_PIXEL_SIZE");
  if (given(pairs, "AP_IMAGE_PIXEL_SIZE") || !nx_tiff_dimensions(tiff, &width, &height))
    return TRUE;
  return !(fabs(pixel * width - field) > 0.02 * field);
}

/* ------------------------------------------------------------------------------------------------------------ the format */

static gboolean sniff_smartsem(const NxInput *in)
{
  NxTiff *tiff = nx_tiff_of(in->bytes, NULL);
  g_autoptr(json_object) pairs = tiff ? find_pairs(tiff) : NULL;
  return pairs && describes_picture(pairs, tiff);
}

static gboolean read_smartsem(const NxInput *in, GPtrArray *signals, GError **err)
{
  NxTiff *tiff = nx_tiff_of(in->bytes, err);
  if (!tiff)
    return FALSE;
  g_autoptr(json_object) pairs = find_pairs(tiff);
  if (!pairs) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "tag %d holds no SmartSEM text", TAG_SMARTSEM);
    return FALSE;
  }
  NxSignal *signal = nx_signal_new();
  signal->view = NX_VIEW_PICTURE;
  signal->nx_meta = make_meta(in, tiff, pairs);
  signal->raw = json_object_new_object();
  nx_json_set(signal->raw, "SmartSEM", g_steal_pointer(&pairs));
  g_ptr_array_add(signals, signal);
  return TRUE;
}

static const char *const EXTENSIONS[] = { "tif", "tiff", NULL };

const NxFormat nx_format_smartsem = {
  .name = "zeiss_smartsem_tif",
  .extensions = EXTENSIONS,
  .priority = 120,
  .sniff = sniff_smartsem,
  .read = read_smartsem,
};
