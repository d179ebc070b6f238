/* mrc-mdoc.c — see mrc-mdoc.h. Lines `Key = value`; `[T = …]` is a title, `[ZValue = n]` (or FrameSet, MontSection) begins the section
 * of one picture. Units by key: Voltage kV, PixelSpacing ångström, TiltAngle and RotationAngle degrees, stage and defocus µm,
 * ExposureTime s. Source of the facts: SerialEM's documentation, "Format of autodoc files" and "Image metadata (mdoc) files"; the public
 * example of a Titan Krios (gist m-albert, "Example SerialEM .mdoc"). */
#include "mrc-mdoc.h"
#include "decimal.h"
#include "formats.h"
#include "written-quantity.h"

#include <string.h>

#define TEXT_MAX (16 * 1024 * 1024)
#define SECTIONS_MAX 20000
#define KEYS_MAX 200
#define TILTS_MAX 1000

static const struct {
  const char *key;
  guint word; /* of the value, counted from 0 */
  const char *symbol, *unit; /* symbol NULL: a plain number */
  const char *to, *member;
} FIELDS[] = {
  { "Voltage", 0, "kV", "kilovolt", "acceleration_voltage", NULL },
  { "Magnification", 0, NULL, NULL, "magnification", NULL },
  { "StagePosition", 0, "um", "micrometer", "stage_position", "x" },
  { "StagePosition", 1, "um", "micrometer", "stage_position", "y" },
  { "StageZ", 0, "um", "micrometer", "stage_position", "z" },
  { "TiltAngle", 0, "deg", "degree", "stage_position", "tilt_alpha" },
  { "ExposureTime", 0, "s", "second", "Exposure Time", NULL },
  { "Defocus", 0, "um", "micrometer", "Defocus", NULL },
  { "TargetDefocus", 0, "um", "micrometer", "Target Defocus", NULL },
  { "RotationAngle", 0, "deg", "degree", "Rotation Angle", NULL },
  { "SpotSize", 0, NULL, NULL, "Spot Size", NULL },
  { "Binning", 0, NULL, NULL, "Binning", NULL },
  { "CameraIndex", 0, NULL, NULL, "Camera Index", NULL },
  { "Intensity", 0, NULL, NULL, "Intensity", NULL },
  { "ExposureDose", 0, NULL, NULL, "Exposure Dose", NULL },
  { "DoseRate", 0, NULL, NULL, "Dose Rate", NULL },
};

/* ------------------------------------------------------------------------------------------------------------------ the text */

/* "Key = value" into `object`; the first of a key counts. */
static void add_pair(json_object *object, char *line)
{
  char *equals = strchr(line, '=');
  if (!equals || json_object_object_length(object) >= KEYS_MAX)
    return;
  *equals = '\0';
  const char *key = g_strstrip(line);
  if (*key && !nx_json_get(object, key))
    nx_json_set_string(object, key, g_strstrip(equals + 1));
}

/* "[T = …]" is a title; any other begins a section, which is returned. */
static json_object *begin_section(json_object *mdoc, char *line)
{
  char *end = strrchr(line, ']');
  if (end)
    *end = '\0';
  if (g_str_has_prefix(line, "[T ") || g_str_has_prefix(line, "[T=")) {
    char *equals = strchr(line, '=');
    if (equals)
      json_object_array_add(nx_json_get(mdoc, "titles"), json_object_new_string(g_strstrip(equals + 1)));
    return NULL;
  }
  json_object *section = json_object_new_object();
  json_object_array_add(nx_json_get(mdoc, "sections"), section);
  return section;
}

json_object *nx_mdoc_parse(NxBytes *bytes)
{
  g_autofree char *text = nx_written_file(bytes, TEXT_MAX);
  if (!text)
    return NULL;
  json_object *mdoc = json_object_new_object(), *current = json_object_new_object();
  nx_json_set(mdoc, "global", current);
  nx_json_set(mdoc, "titles", json_object_new_array());
  nx_json_set(mdoc, "sections", json_object_new_array());
  for (char *line = text, *next; line; line = next) {
    next = strpbrk(line, "\r\n");
    if (next)
      *next++ = '\0';
    char *trimmed = g_strstrip(line);
    json_object *begun = *trimmed == '[' ? begin_section(mdoc, trimmed) : NULL;
    if (json_object_array_length(nx_json_get(mdoc, "sections")) > SECTIONS_MAX ||
        json_object_array_length(nx_json_get(mdoc, "titles")) > KEYS_MAX)
      break;
    if (begun)
      current = begun;
    else if (*trimmed != '[')
      add_pair(current, trimmed);
  }
  return mdoc;
}

/* ----------------------------------------------------------------------------------------------------------------- the fields */

static json_object *section_of(json_object *mdoc, gsize index)
{
  json_object *sections = nx_json_get(mdoc, "sections");
  return index < json_object_array_length(sections) ? json_object_array_get_idx(sections, index) : NULL;
}

/* What the first section says, else all of it. */
static const char *given(json_object *mdoc, const char *key)
{
  const char *text = nx_json_get_string(section_of(mdoc, 0), key);
  return text ? text : nx_json_get_string(nx_json_get(mdoc, "global"), key);
}

/* Word number `index` of a text; NULL when there are fewer. */
static char *word_of(const char *text, guint index)
{
  for (; text; index--) {
    text += strspn(text, " \t");
    gsize length = strcspn(text, " \t");
    if (length == 0)
      return NULL;
    if (index == 0)
      return g_strndup(text, length);
    text += length;
  }
  return NULL;
}

static void add_tilts(json_object *mdoc, json_object *nx_meta)
{
  gsize count = json_object_array_length(nx_json_get(mdoc, "sections"));
  if (count < 2)
    return;
  json_object *tilts = json_object_new_array();
  for (gsize i = 0; i < MIN(count, TILTS_MAX); i++) {
    json_object *tilt = nx_written_number(nx_json_get_string(section_of(mdoc, i), "TiltAngle"));
    if (tilt)
      json_object_array_add(tilts, tilt);
  }
  nx_meta_put(nx_meta, "Sections", NULL, json_object_new_int64((gint64)count));
  if (json_object_array_length(tilts) > 0)
    nx_meta_put(nx_meta, "Tilt Angles", NULL, tilts);
  else
    json_object_put(tilts);
}

static void add_text(json_object *mdoc, const char *key, const char *to, json_object *nx_meta)
{
  const char *text = given(mdoc, key);
  if (text && *text)
    nx_meta_put(nx_meta, to, NULL, json_object_new_string(text));
}

void nx_mdoc_add_fields(json_object *mdoc, json_object *nx_meta)
{
  for (gsize i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
    g_autofree char *word = word_of(given(mdoc, FIELDS[i].key), FIELDS[i].word);
    json_object *value = NULL;
    if (word)
      value = FIELDS[i].symbol ? nx_quantity_of(word, FIELDS[i].symbol, FIELDS[i].unit) : nx_written_number(word);
    nx_meta_put(nx_meta, FIELDS[i].to, FIELDS[i].member, value);
  }
  add_text(mdoc, "DateTime", "Acquisition Time", nx_meta);
  add_text(mdoc, "ImageFile", "Image File", nx_meta);
  add_tilts(mdoc, nx_meta);
  if (json_object_array_length(nx_json_get(mdoc, "titles")) > 0)
    nx_meta_put(nx_meta, "SerialEM Titles", NULL, json_object_get(nx_json_get(mdoc, "titles")));
}

double nx_mdoc_pixel_size(json_object *mdoc)
{
  const char *text = given(mdoc, "PixelSpacing");
  double nanometres;
  return text && nx_decimal_parse(text, -1, &nanometres, NULL) && nanometres > 0 ? nanometres : 0.0;
}
