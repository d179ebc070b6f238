/* dm-tecnai.c — parses the text that Tecnai and Titan microscopes hand to DigitalMicrograph: one item or several a line, lines separated
 * by U+2028 (extractors-a 7.1). All or nothing: a text that lacks a required item is of another kind, and what is found in it cannot be
 * trusted. */
#include "dm-tecnai.h"

#include "decimal.h"

#include <string.h>

#define DEPTH_MAX 64u
#define LINE_SEPARATOR "\xE2\x80\xA8"

/* ------------------------------------------------------------------------------------------------------- pieces of text */

/* The first line that contains `what`, without it when the line begins so; NULL when no line does. */
static char *find_line(char **lines, const char *what)
{
  for (; *lines; lines++) {
    if (strstr(*lines, what))
      return g_strdup(g_str_has_prefix(*lines, what) ? *lines + strlen(what) : *lines);
  }
  return NULL;
}

/* Removes the characters of `unwanted` at both ends. */
static char *strip(char *text, const char *unwanted)
{
  char *start = text + strspn(text, unwanted);
  gsize length = strlen(start);
  while (length > 0 && strchr(unwanted, start[length - 1]))
    length--;
  memmove(text, start, length);
  text[length] = '\0';
  return text;
}

/* What stands between `before` and `after` (NULL, or not there: the end); NULL when `before` (NULL: the start) is not there. */
static char *between(const char *text, const char *before, const char *after)
{
  const char *start = before ? strstr(text, before) : text;
  if (!start)
    return NULL;
  start += before ? strlen(before) : 0;
  const char *end = after ? strstr(start, after) : NULL;
  return end ? g_strndup(start, (gsize)(end - start)) : g_strdup(start);
}

static char *first_word(const char *text)
{
  text += strspn(text, " \t");
  return g_strndup(text, strcspn(text, " \t"));
}

/* ------------------------------------------------------------------------------------------------------ texts as values */

/* Consumes `text`; NULL stays NULL. */
static json_object *number_or_text(char *text)
{
  double value;
  json_object *result = NULL;
  if (text && nx_decimal_parse(g_strstrip(text), 0, &value, NULL))
    result = nx_json_double(value);
  else if (text)
    result = json_object_new_string(text);
  g_free(text);
  return result;
}

/* A whole number or nothing; consumes `text`. */
static json_object *whole_number(char *text)
{
  gint64 value;
  gboolean is_number = text && g_ascii_string_to_signed(g_strstrip(text), 10, G_MININT64, G_MAXINT64, &value, NULL);
  g_free(text);
  return is_number ? json_object_new_int64(value) : NULL;
}

static json_object *plain_text(char *text)
{
  json_object *result = text ? json_object_new_string(g_strstrip(text)) : NULL;
  g_free(text);
  return result;
}

/* FALSE when there is no value; consumes it. */
static gboolean set(json_object *object, const char *member, json_object *value)
{
  if (value)
    nx_json_set(object, member, value);
  return value != NULL;
}

/* ---------------------------------------------------------------------------------------------- items of a line of their own */

typedef json_object *(*Convert)(char *text);

typedef struct {
  const char *member;
  const char *line;     /* what the line contains */
  const char *unwanted; /* characters at the ends */
  const char *unit;     /* text cut off with all that follows, or NULL */
  Convert convert;
  gboolean is_required;
} Item;

static const Item ITEMS[] = {
  { "Microscope_Name", "Microscope ", "", NULL, plain_text, FALSE },
  { "User", "User ", "", NULL, plain_text, FALSE },
  { "Spot", "Spot ", "", NULL, whole_number, TRUE },
  { "C2_Strength", "C2 ", "%", NULL, number_or_text, TRUE },
  { "C3_Strength", "C3 ", "%", NULL, number_or_text, TRUE },
  { "Obj_Strength", "Obj ", "%", NULL, number_or_text, TRUE },
  { "Dif_Strength", "Dif ", "%", NULL, number_or_text, TRUE },
  { "C1_Aperture", "C1 Aperture: ", " um", NULL, whole_number, FALSE },
  { "C2_Aperture", "C2 Aperture: ", " um", NULL, whole_number, FALSE },
  { "Obj_Aperture", "OBJ Aperture: ", " um", NULL, whole_number, FALSE },
  { "SA_Aperture", "SA Aperture: ", " um", NULL, whole_number, FALSE },
};

/* Below the line "Filter related settings:". */
static const Item FILTER_ITEMS[] = {
  { "Mode", "Mode: ", "", NULL, plain_text, FALSE },
  { "Dispersion", "Selected dispersion: ", "", "[eV/Channel]", number_or_text, FALSE },
  { "Aperture", "Selected aperture: ", "m", NULL, number_or_text, FALSE },
  { "Prism_Shift", "Prism shift: ", "", "[eV]", number_or_text, FALSE },
  { "Drift_Tube", "Drift tube: ", "", "[eV]", number_or_text, FALSE },
  { "Total_Energy_Loss", "Total energy loss: ", "", "[eV]", number_or_text, FALSE },
};

static gboolean parse_items(char **lines, const Item *items, gsize n_items, json_object *to, const char **missing)
{
  for (gsize i = 0; i < n_items; i++) {
    g_autofree char *line = find_line(lines, items[i].line);
    char *text = line ? strip(between(line, NULL, items[i].unit), items[i].unwanted) : NULL;
    if (!set(to, items[i].member, items[i].convert(text)) && items[i].is_required) {
      *missing = items[i].member;
      return FALSE;
    }
  }
  return TRUE;
}

static void parse_filter(char **lines, json_object *to)
{
  const char *missing;
  while (*lines && !g_str_equal(*lines, "Filter related settings:"))
    lines++;
  if (!*lines)
    return;
  json_object *filter = json_object_new_object();
  parse_items(lines + 1, FILTER_ITEMS, G_N_ELEMENTS(FILTER_ITEMS), filter, &missing);
  nx_json_set(to, "Filter_Settings", filter);
}

/* ------------------------------------------------------------------------------------------------- lines of several items */

/* "Gun FEG HT 300 Extr volt 4400 V Gun Lens 3 Emission 131.0uA" */
static gboolean parse_gun(char **lines, json_object *to)
{
  g_autofree char *gun = find_line(lines, "Gun ");
  if (!gun || !strstr(gun, " Extr volt "))
    return FALSE;
  g_autofree char *after_name = between(gun, " Extr volt ", NULL);
  g_autofree char *lens_line = find_line(lines, "Gun Lens ");
  g_autofree char *after_lens = lens_line ? between(lens_line, strstr(lens_line, "Gun Lens ") ? "Gun Lens " : NULL, NULL) : NULL;
  g_autofree char *emission_line = find_line(lines, "Emission ");
  char *emission = emission_line ? between(emission_line, strstr(emission_line, "Emission ") ? "Emission " : NULL, "uA") : NULL;
  return set(to, "Emission_Current", number_or_text(emission)) &&
         set(to, "Gun_Name", plain_text(between(gun, NULL, " Extr volt "))) &&
         set(to, "Extractor_Voltage", whole_number(first_word(after_name))) &&
         set(to, "Gun_Lens_No", after_lens ? whole_number(first_word(after_lens)) : NULL);
}

static gboolean parse_magnification(const char *line, json_object *to)
{
  g_autofree char *after = between(line, "Magn ", NULL);
  return after && set(to, "Magnification", whole_number(strip(first_word(after), "x")));
}

static gboolean parse_camera_length(const char *line, json_object *to)
{
  g_autofree char *after = between(line, "CL ", NULL);
  return after && set(to, "Camera_Length", number_or_text(strip(first_word(after), "m")));
}

/* "Mode TEM uP SA Zoom Image Defocus (um) -0.000 Magn 8100x" or "Mode STEM nP SA Zoom Diffraction Defocus 0.500 CL 0.195m" */
static gboolean parse_mode(char **lines, json_object *to)
{
  g_autofree char *line = find_line(lines, "Mode ");
  if (!line || !strstr(line, " Defocus"))
    return FALSE;
  g_autofree char *mode = between(line, NULL, " Defocus");
  g_auto(GStrv) words = g_strsplit_set(g_strstrip(mode), " \t", -1);
  if (g_strv_length(words) < 5)
    return FALSE;
  set(to, "Mode", json_object_new_string(mode));

  const char *label = strstr(line, "Magn ") ? "Defocus (um) " : strstr(line, "CL ") ? "Defocus " : NULL;
  g_autofree char *after_label = label ? between(line, label, NULL) : NULL;
  if (after_label)
    set(to, "Defocus", number_or_text(first_word(after_label)));

  if (g_str_equal(words[4], "Image"))
    return parse_magnification(line, to);
  return !g_str_equal(words[4], "Diffraction") || parse_camera_length(line, to);
}

/* "Image shift 0.125/-0.250um" */
static gboolean parse_image_shift(char **lines, json_object *to)
{
  g_autofree char *line = find_line(lines, "Image shift ");
  g_auto(GStrv) parts = line ? g_strsplit(strip(line, "um"), "/", -1) : NULL;
  return parts && g_strv_length(parts) == 2 && set(to, "Image_Shift_x", number_or_text(g_strdup(parts[0]))) &&
         set(to, "Image_Shift_y", number_or_text(g_strdup(parts[1])));
}

/* "Stage 147.847 um, -132.289 um, 126.673 um, 0.65 deg, 0.00 deg" */
static gboolean parse_stage(char **lines, json_object *to)
{
  static const char *const MEMBERS[] = {"Stage_Position_x", "Stage_Position_y", "Stage_Position_z", "Stage_Position_theta",
                                        "Stage_Position_phi"};
  g_autofree char *line = find_line(lines, "Stage ");
  g_auto(GStrv) parts = line ? g_strsplit(line, ",", -1) : NULL;
  if (!parts || g_strv_length(parts) != G_N_ELEMENTS(MEMBERS))
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS(MEMBERS); i++)
    set(to, MEMBERS[i], number_or_text(strip(g_strdup(parts[i]), " umdeg")));
  return TRUE;
}

/* The name of what is missing goes to *missing. */
static gboolean parse_lines(char **lines, json_object *to, const char **missing)
{
  static const struct {
    const char *what;
    gboolean (*parse)(char **lines, json_object *to);
  } LINES[] = { { "Gun", parse_gun }, { "Mode", parse_mode }, { "Image shift", parse_image_shift }, { "Stage", parse_stage } };
  for (gsize i = 0; i < G_N_ELEMENTS(LINES); i++) {
    *missing = LINES[i].what;
    if (!LINES[i].parse(lines, to))
      return FALSE;
  }
  if (!parse_items(lines, ITEMS, G_N_ELEMENTS(ITEMS), to, missing))
    return FALSE;
  parse_filter(lines, to);
  return TRUE;
}

/* The first group of that name, depth first. */
static const DmTag *find_group(const DmTree *tree, const DmTag *group, const char *name, guint depth)
{
  const DmTag *found = NULL;
  for (const DmTag *tag = dm_tag_first(tree, group); tag && !found && depth <= DEPTH_MAX; tag = dm_tag_next(tree, tag)) {
    if (dm_tag_is_group(tag))
      found = g_str_equal(tag->name, name) ? tag : find_group(tree, tag, name, depth + 1);
  }
  return found;
}

json_object *dm_tecnai(const DmTree *tree, const DmTag *image, const char *file)
{
  const char *missing = NULL;
  const DmTag *group = find_group(tree, image, "Tecnai", 0);
  g_autoptr(GString) text = dm_tag_text(tree, dm_tag_find(tree, group, "Microscope Info"));
  if (!text)
    return NULL;
  g_auto(GStrv) lines = g_strsplit(text->str, LINE_SEPARATOR, -1);
  json_object *result = json_object_new_object();
  if (parse_lines(lines, result, &missing))
    return result;
  nx_log_warning("%s: the Tecnai microscope text lacks or misspells '%s' and is not used", file, missing);
  json_object_put(result);
  return NULL;
}
