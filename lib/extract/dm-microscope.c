/* dm-microscope.c — microscope, session and acquisition in the tags of a DigitalMicrograph image (extractors-a 2.9, steps A to D). */
#include "dm-meta.h"

#include <string.h>

static const DmField MICROSCOPE[] = {
  { "Microscope Info:Indicated Magnification", NULL, NULL },
  { "Microscope Info:Actual Magnification", NULL, NULL },
  { "Microscope Info:Cs(mm)", "Cs", "millimeter" },
  { "Microscope Info:STEM Camera Length", NULL, "millimeter" },
  { "Microscope Info:Voltage", NULL, "volt" },
  { "Microscope Info:Field of View (µm)", "Horizontal Field Width", "micrometer" },
  { "Microscope Info:Operation Mode", NULL, NULL },
  { "Microscope Info:Specimen", NULL, NULL },
  { "Microscope Info:Microscope", NULL, NULL },
  { "Microscope Info:Operator", NULL, NULL },
  { "Microscope Info:Imaging Mode", NULL, NULL },
  { "Microscope Info:Illumination Mode", NULL, NULL },
  { "Microscope Info:Name", NULL, NULL },
  { "Microscope Info:Facility", NULL, NULL },
  { "Microscope Info:Condenser Aperture", NULL, NULL },
  { "Microscope Info:Objective Aperture", NULL, NULL },
  { "Microscope Info:Selected Area Aperture", NULL, NULL },
  /* What the user typed in wins over what the microscope said. */
  { "Session Info:Detector", NULL, NULL },
  { "Session Info:Microscope", NULL, NULL },
  { "Session Info:Operator", NULL, NULL },
  { "Session Info:Specimen", NULL, NULL },
  { "Meta Data:Acquisition Mode", "Analytic Acquisition Mode", NULL },
  { "Meta Data:Format", "Analytic Format", NULL },
  { "Meta Data:Signal", "Analytic Signal", NULL },
  { "Meta Data:Experiment keywords:TagGroup1:Label", "Analytic Label", NULL },
};

static const DmField STAGE[] = {
  { "Stage X", "X", NULL },    { "Stage Y", "Y", NULL },   { "Stage Z", "Z", NULL },
  { "Stage Alpha", "α", NULL }, { "Stage Beta", "β", NULL },
};

/* One key that different programs keep in different places: the first place that exists counts, even when it is empty. */
typedef struct {
  const char *key;
  const char *paths[2];
  const char *unit;
} Choice;

static const Choice CHOICES[] = {
  { "Acquisition Device", { "Acquisition:Device:Name", "DataBar:Device Name" }, NULL },
  { "Exposure Time", { "Acquisition:Parameters:High Level:Exposure (s)", "DataBar:Exposure Time (s)" }, "second" },
  { "GMS Version", { "GMS Version:Created" }, NULL },
  { "Camera/Detector Processing", { "Acquisition:Parameters:High Level:Processing" }, NULL },
  { "Signal Name", { "DataBar:Signal Name" }, NULL },
  { "Sample Time", { "DigiScan:Sample Time" }, "microsecond" },
};

static void add_choices(const DmTree *tree, const DmTag *tags, json_object *meta)
{
  for (gsize i = 0; i < G_N_ELEMENTS(CHOICES); i++) {
    const DmTag *tag = NULL;
    for (gsize j = 0; j < G_N_ELEMENTS(CHOICES[i].paths) && !tag && CHOICES[i].paths[j]; j++)
      tag = dm_tag_find(tree, tags, CHOICES[i].paths[j]);
    json_object *value = dm_field_quantity(dm_field_value(tree, tag), CHOICES[i].unit);
    if (value)
      nx_json_set(meta, CHOICES[i].key, value);
  }
}

/* Two whole numbers, x first. */
static void add_binning(const DmTree *tree, const DmTag *tags, json_object *meta)
{
  const DmTag *binning = dm_tag_find(tree, tags, "Acquisition:Parameters:High Level:Binning");
  g_autoptr(json_object) values = dm_field_value(tree, binning);
  if (!json_object_is_type(values, json_type_array) || json_object_array_length(values) < 2)
    return;
  nx_json_set(meta, "Binning (Horizontal)", json_object_get(json_object_array_get_idx(values, 0)));
  nx_json_set(meta, "Binning (Vertical)", json_object_get(json_object_array_get_idx(values, 1)));
}

static void add_stage(const DmTree *tree, const DmTag *tags, json_object *meta)
{
  const DmTag *position = dm_tag_find(tree, tags, "Microscope Info:Stage Position");
  g_autoptr(json_object) stage = json_object_new_object();
  dm_fields_copy(tree, position, STAGE, G_N_ELEMENTS(STAGE), DM_FIELDS_NO_JUNK, "", stage);
  if (json_object_object_length(stage) > 0)
    nx_json_set(meta, "Stage Position", g_steal_pointer(&stage));
}

void dm_meta_set_type(json_object *meta, const char *dataset_type, const char *data_type)
{
  nx_json_set_string(meta, "DatasetType", dataset_type);
  nx_json_set_string(meta, "Data Type", data_type);
}

void dm_meta_add_microscope(const DmTree *tree, const DmTag *tags, json_object *meta)
{
  dm_fields_copy(tree, tags, MICROSCOPE, G_N_ELEMENTS(MICROSCOPE), DM_FIELDS_NO_JUNK, "", meta);
  add_stage(tree, tags, meta);
  add_choices(tree, tags, meta);
  add_binning(tree, tags, meta);
  const char *illumination = nx_json_get_string(meta, "Illumination Mode");
  dm_meta_set_type(meta, "Image", illumination && strstr(illumination, "STEM") ? "STEM_Imaging" : "TEM_Imaging");
}
