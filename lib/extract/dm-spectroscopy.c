/* dm-spectroscopy.c — EELS, EDS and spectrum imaging in the tags of a DigitalMicrograph image (extractors-a 2.9, steps E to G). */
#include "dm-meta.h"

#include <math.h>
#include <string.h>

#define AVERAGE_MAX (16u * 1024u * 1024u) /* elements of a map that is averaged */

static gboolean is_empty(json_object *object)
{
  return json_object_object_length(object) == 0;
}

/* --------------------------------------------------------------------------------------------------------------- E: EELS */

static const DmField EELS[] = {
  { "EELS:Acquisition:Exposure (s)", NULL, "second" },
  { "EELS:Acquisition:Integration time (s)", NULL, "second" },
  { "EELS:Acquisition:Number of frames", NULL, NULL },
  { "EELS:Experimental Conditions:Collection semi-angle (mrad)", NULL, "milliradian" },
  { "EELS:Experimental Conditions:Convergence semi-angle (mrad)", NULL, "milliradian" },
};

static const DmField SPECTROMETER[] = {
  { "Aperture label", NULL, NULL },
  { "Dispersion (eV/ch)", NULL, NULL },
  { "Energy loss (eV)", NULL, "electron_volt" },
  { "Instrument name", NULL, NULL },
  { "Drift tube enabled", NULL, NULL },
  { "Drift tube voltage (V)", NULL, "volt" },
  { "Slit inserted", NULL, NULL },
  { "Slit width (eV)", NULL, "electron_volt" },
  { "Prism offset (V)", NULL, "volt" },
  { "Prism offset enabled ", NULL, NULL }, /* with the blank, in the tag and in the key */
};

/* The two instruments whose spectrometer is known, and where it is found. */
static const struct {
  const char *instrument_pid, *base;
} SPECTROMETERS[] = {
  { "FEI-Titan-TEM", "EELS:Acquisition:Spectrometer" },
  { "FEI-Titan-STEM", "EELS Spectrometer" },
};

typedef enum { STEP_PLAIN, STEP_BACKGROUND, STEP_THICKNESS } StepExtra;

/* What was done to a spectrum afterwards; in the order of `text`, in which the steps are listed. */
static const struct {
  const char *operation, *text;
  StepExtra extra;
} STEPS[] = {
  { "AlignSIByPeak", "Aligned parent SI By Peak", STEP_PLAIN },
  { "Background Removal", "Background Removal", STEP_BACKGROUND },
  { "SpectrumCalibrate", "Calibrated Post-acquisition", STEP_PLAIN },
  { "Compute Thickness", "Compute Thickness", STEP_THICKNESS },
  { "DataPicker", "Extracted from SI", STEP_PLAIN },
  { "Signal Integration", "Signal Integration", STEP_PLAIN },
};

static void add_spectrometer(const DmTree *tree, const DmTag *tags, const char *instrument_pid, json_object *eels)
{
  for (gsize i = 0; i < G_N_ELEMENTS(SPECTROMETERS); i++) {
    if (g_strcmp0(instrument_pid, SPECTROMETERS[i].instrument_pid) == 0)
      dm_fields_copy(tree, dm_tag_find(tree, tags, SPECTROMETERS[i].base), SPECTROMETER, G_N_ELEMENTS(SPECTROMETER), DM_FIELDS_ALL,
                     "Spectrometer ", eels);
  }
}

static void set_value(const DmTree *tree, const DmTag *base, const char *path, json_object *to, const char *key)
{
  json_object *value = dm_field_value(tree, dm_tag_find(tree, base, path));
  if (value)
    nx_json_set(to, key, value);
}

static void add_thickness(const DmTree *tree, const DmTag *tags, json_object *eels)
{
  static const char ABSOLUTE[] = "Thickness (absolute)";
  const DmTag *thickness = dm_tag_find(tree, tags, "EELS:Thickness");
  g_autoptr(GString) units = dm_tag_text(tree, dm_tag_find(tree, thickness, "Absolute:Units"));
  g_autofree char *absolute = units && units->len ? g_strdup_printf("%s [%s]", ABSOLUTE, units->str) : g_strdup(ABSOLUTE);
  set_value(tree, thickness, "Absolute:Measurement", eels, absolute);
  set_value(tree, thickness, "Relative:Measurement", eels, "Thickness (relative) [t/λ]");

  double mean_free_path;
  json_object *value = NULL;
  if (dm_tag_double(tree, dm_tag_find(tree, thickness, "Absolute:Mean Free Path"), 0, &mean_free_path))
    value = nx_json_double(mean_free_path);
  if (value)
    nx_json_set(eels, "Thickness (absolute) mean free path", value);
}

static void add_step_extra(const DmTree *tree, const DmTag *tags, const DmTag *step, StepExtra extra, json_object *eels)
{
  if (extra == STEP_BACKGROUND)
    set_value(tree, step, "Parameters:Model", eels, "Background Removal Model");
  else if (extra == STEP_THICKNESS)
    add_thickness(tree, tags, eels);
}

static void add_processing(const DmTree *tree, const DmTag *tags, json_object *eels)
{
  gboolean done[G_N_ELEMENTS(STEPS)] = { FALSE };
  const DmTag *processing = dm_tag_find(tree, tags, "Processing");
  for (const DmTag *step = dm_tag_first(tree, processing); step; step = dm_tag_next(tree, step)) {
    g_autoptr(GString) operation = dm_tag_text(tree, dm_tag_find(tree, step, "Operation"));
    for (gsize i = 0; operation && i < G_N_ELEMENTS(STEPS); i++) {
      if (!g_str_equal(operation->str, STEPS[i].operation))
        continue;
      done[i] = TRUE;
      add_step_extra(tree, tags, step, STEPS[i].extra, eels);
    }
  }
  g_autoptr(GString) steps = g_string_new(NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(STEPS); i++) {
    if (done[i])
      g_string_append_printf(steps, "%s%s", steps->len ? ", " : "", STEPS[i].text);
  }
  if (steps->len)
    nx_json_set_string(eels, "Processing Steps", steps->str);
}

static void add_eels(const DmTree *tree, const DmTag *tags, const char *instrument_pid, gboolean is_stem, json_object *meta)
{
  g_autoptr(json_object) eels = json_object_new_object();
  dm_fields_copy(tree, tags, EELS, G_N_ELEMENTS(EELS), DM_FIELDS_ALL, "", eels);
  add_spectrometer(tree, tags, instrument_pid, eels);
  add_processing(tree, tags, eels);
  if (is_empty(eels))
    return;
  nx_json_set(meta, "EELS", g_steal_pointer(&eels));
  dm_meta_set_type(meta, "Spectrum", is_stem ? "STEM_EELS" : "TEM_EELS");
}

/* ---------------------------------------------------------------------------------------------------------------- F: EDS */

static const DmField EDS_ACQUISITION[] = {
  { "Acquisition:Continuous Mode", NULL, NULL },
  { "Acquisition:Count Rate Unit", NULL, NULL },
  { "Acquisition:Dispersion (eV)", NULL, "electron_volt" },
  { "Acquisition:Energy Cutoff (V)", NULL, "volt" },
  { "Acquisition:Exposure (s)", NULL, "second" },
};

/* Values that detectors report without having been told: each one that is there is marked as doubtful, in this order. */
static const DmField EDS_DETECTOR[] = {
  { "Count rate", NULL, NULL },
  { "Detector Info:Active layer", NULL, NULL },
  { "Detector Info:Azimuthal angle", NULL, "degree" },
  { "Detector Info:Dead layer", NULL, NULL },
  { "Detector Info:Detector type", NULL, NULL },
  { "Detector Info:Elevation angle", NULL, "degree" },
  { "Detector Info:Fano", NULL, NULL },
  { "Detector Info:Gold layer", NULL, NULL },
  { "Detector Info:Incidence angle", NULL, "degree" },
  { "Detector Info:Solid angle", NULL, NULL },
  { "Detector Info:Stage tilt", NULL, "degree" },
  { "Detector Info:Window thickness", NULL, NULL },
  { "Detector Info:Window type", NULL, NULL },
  { "Detector Info:Zero fwhm", NULL, NULL },
  { "Live time", NULL, "second" },
  { "Real time", NULL, "second" },
};

static gboolean average(const DmTree *tree, const DmTag *tag, double *mean)
{
  double sum = 0.0, value;
  if (tag->kind != DM_ARRAY || tag->count == 0 || tag->count > AVERAGE_MAX)
    return FALSE;
  for (guint64 i = 0; i < tag->count; i++) {
    if (!dm_tag_double(tree, tag, i, &value))
      return FALSE;
    sum += value;
  }
  *mean = sum / (double)tag->count;
  return isfinite(*mean);
}

/* Of a spectrum image each pixel has its own times and rates; their mean stands for the one value of a spectrum. */
static void add_averages(const DmTree *tree, const DmTag *images, json_object *eds)
{
  for (const DmTag *tag = dm_tag_first(tree, images); tag; tag = dm_tag_next(tree, tag)) {
    double mean;
    if (!average(tree, tag, &mean))
      continue;
    g_autofree char *key = g_strconcat(tag->name, " (SI Average)", NULL);
    json_object_object_del(eds, tag->name);
    nx_json_set(eds, key, nx_json_double(mean));
  }
}

static void warn_of_detector(const DmTree *tree, const DmTag *base, json_object *meta)
{
  for (gsize i = 0; i < G_N_ELEMENTS(EDS_DETECTOR); i++) {
    const DmTag *tag = dm_tag_find(tree, base, EDS_DETECTOR[i].path);
    if (dm_tag_is_missing(tag))
      continue;
    json_object *warning = json_object_new_array_ext(2);
    json_object_array_add(warning, json_object_new_string("EDS"));
    json_object_array_add(warning, json_object_new_string(tag->name));
    json_object_array_add(nx_json_get(meta, "warnings"), warning);
  }
}

static void add_eds(const DmTree *tree, const DmTag *tags, gboolean is_stem, json_object *meta)
{
  g_autoptr(json_object) eds = json_object_new_object();
  const DmTag *base = dm_tag_find(tree, tags, "EDS");
  dm_fields_copy(tree, base, EDS_ACQUISITION, G_N_ELEMENTS(EDS_ACQUISITION), DM_FIELDS_ALL, "", eds);
  dm_fields_copy(tree, base, EDS_DETECTOR, G_N_ELEMENTS(EDS_DETECTOR), DM_FIELDS_ALL, "", eds);
  /* Also in files of other methods that carry these tags (Q-SIEDS). */
  dm_fields_copy(tree, dm_tag_find(tree, tags, "SI"), EDS_ACQUISITION, G_N_ELEMENTS(EDS_ACQUISITION), DM_FIELDS_ALL, "", eds);
  add_averages(tree, dm_tag_find(tree, base, "Images"), eds);
  warn_of_detector(tree, base, meta);
  if (is_empty(eds))
    return;
  nx_json_set(meta, "EDS", g_steal_pointer(&eds));
  dm_meta_set_type(meta, "Spectrum", is_stem ? "STEM_EDS" : "TEM_EDS");
}

/* --------------------------------------------------------------------------------------------------- G: spectrum imaging */

static const DmField SPECTRUM_IMAGING[] = {
  { "Pixel time (s)", NULL, "second" },
  { "SI Application Mode:Name", "Scan Mode", NULL },
  { "Spatial Sampling:Height (pixels)", "Spatial Sampling (Vertical)", NULL },
  { "Spatial Sampling:Width (pixels)", "Spatial Sampling (Horizontal)", NULL },
  { "Scan Options:Sub-pixel sampling", "Sub-pixel Sampling Factor", NULL },
};

/* "every 1 row", "every 100 seconds" from 1, "row(s)" and 100, "second(s)". */
static void add_drift_correction(const DmTree *tree, const DmTag *acquisition, json_object *imaging)
{
  const DmTag *drift = dm_tag_find(tree, acquisition, "Artefact Correction:Spatial Drift");
  g_autoptr(json_object) period = dm_field_value(tree, dm_tag_find(tree, drift, "Periodicity"));
  g_autoptr(GString) units = dm_tag_text(tree, dm_tag_find(tree, drift, "Units"));
  if (!period || !units || units->len == 0)
    return;
  gboolean is_one = !json_object_is_type(period, json_type_string) && json_object_get_double(period) == 1.0;
  g_autofree char *number = json_object_is_type(period, json_type_string) ? g_strdup(json_object_get_string(period))
                                                                            : nx_json_text(period, NX_JSON_LINE);
  g_autoptr(GString) text = g_string_new(NULL);
  g_string_printf(text, "Spatial drift correction every %s %s", number, units->str);
  g_string_replace(text, "(s)", is_one ? "" : "s", 0);
  if (g_str_has_suffix(text->str, "ss"))
    g_string_truncate(text, text->len - 1);
  nx_json_set_string(imaging, "Artefact Correction", text->str);
}

/* "11:58:30 PM" or "23:58:30" as seconds of the day. */
static gboolean parse_clock(const char *text, gboolean twelve_hours, gint *seconds)
{
  g_autoptr(GRegex) regex =
      g_regex_new(twelve_hours ? "^\\s*(\\d{1,2}):(\\d{2}):(\\d{2})\\s*([AP])M\\s*$" : "^\\s*(\\d{1,2}):(\\d{2}):(\\d{2})\\s*$",
                  G_REGEX_CASELESS, 0, NULL);
  g_autoptr(GMatchInfo) match = NULL;
  if (!g_regex_match(regex, text, 0, &match))
    return FALSE;
  gint part[3];
  for (gint i = 0; i < 3; i++) {
    g_autofree char *digits = g_match_info_fetch(match, i + 1);
    part[i] = (gint)g_ascii_strtoll(digits, NULL, 10);
  }
  g_autofree char *half = twelve_hours ? g_match_info_fetch(match, 4) : NULL;
  if (part[1] > 59 || part[2] > 59 || (twelve_hours ? part[0] < 1 || part[0] > 12 : part[0] > 23))
    return FALSE;
  gint hour = half ? part[0] % 12 + (g_ascii_toupper(half[0]) == 'P' ? 12 : 0) : part[0];
  *seconds = hour * 3600 + part[1] * 60 + part[2];
  return TRUE;
}

static void add_duration(const DmTree *tree, const DmTag *acquisition, json_object *imaging)
{
  gint start, end;
  g_autoptr(GString) start_text = dm_tag_text(tree, dm_tag_find(tree, acquisition, "Start time"));
  g_autoptr(GString) end_text = dm_tag_text(tree, dm_tag_find(tree, acquisition, "End time"));
  if (!start_text || !end_text)
    return;
  gboolean parsed = (parse_clock(start_text->str, TRUE, &start) && parse_clock(end_text->str, TRUE, &end)) ||
                    (parse_clock(start_text->str, FALSE, &start) && parse_clock(end_text->str, FALSE, &end));
  if (parsed)
    nx_json_set(imaging, "Acquisition Duration", nx_meta_quantity((end - start + 86400) % 86400, "second"));
}

static void add_spectrum_imaging(const DmTree *tree, const DmTag *tags, json_object *meta)
{
  g_autoptr(json_object) imaging = json_object_new_object();
  const DmTag *acquisition = dm_tag_find(tree, tags, "SI:Acquisition");
  dm_fields_copy(tree, acquisition, SPECTRUM_IMAGING, G_N_ELEMENTS(SPECTRUM_IMAGING), DM_FIELDS_ALL, "", imaging);
  add_drift_correction(tree, acquisition, imaging);
  add_duration(tree, acquisition, imaging);
  if (is_empty(imaging))
    return;
  nx_json_set(meta, "Spectrum Imaging", g_steal_pointer(&imaging));
  if (g_strcmp0(nx_json_get_string(meta, "DatasetType"), "Spectrum") == 0)
    dm_meta_set_type(meta, "SpectrumImage", nx_json_get(meta, "EDS") ? "EDS_Spectrum_Imaging" : "EELS_Spectrum_Imaging");
}

void dm_meta_add_spectroscopy(const DmTree *tree, const DmTag *tags, const char *instrument_pid, json_object *meta)
{
  const char *illumination = nx_json_get_string(meta, "Illumination Mode");
  gboolean is_stem = illumination && strstr(illumination, "STEM");
  add_eels(tree, tags, instrument_pid, is_stem, meta);
  add_eds(tree, tags, is_stem, meta);
  add_spectrum_imaging(tree, tags, meta);
}
