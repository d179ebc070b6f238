/* dm.c — Gatan DigitalMicrograph, .dm3 and .dm4: images, spectra, spectrum images and stacks of transmission electron microscopes.
 * A big-endian header (version 3 or 4, which decides; not the suffix), then a tree of tags that holds everything, pixels included
 * (dm-tags.c). Facts: extractors-a 2, checked against corpus/dm. */
#include "dm-image.h"
#include "dm-meta.h"
#include "dm-raw.h"
#include "dm-tecnai.h"

/* "(2048,)", "(12, 1024, 1024)" */
static char *shape_text(const NxArray *array)
{
  GString *text = g_string_new("(");
  for (guint i = 0; i < array->n_dims; i++)
    g_string_append_printf(text, "%s%" G_GUINT64_FORMAT, i ? ", " : "", array->shape[i]);
  g_string_append(text, array->n_dims == 1 ? ",)" : ")");
  return g_string_free(text, FALSE);
}

/* What every dataset of the file begins with. */
static json_object *common_meta(const NxInput *in)
{
  json_object *meta = json_object_new_object();
  g_autofree char *time = nx_meta_time(in, NULL);
  nx_json_set_string(meta, "Creation Time", time);
  if (in->instrument_pid)
    nx_json_set_string(meta, "Instrument ID", in->instrument_pid);
  nx_json_set(meta, "warnings", json_object_new_array());
  return meta;
}

static json_object *flat_meta(const NxInput *in, const DmTree *tree, const DmImage *image)
{
  json_object *meta = common_meta(in);
  g_autofree char *shape = shape_text(&image->array);
  const DmTag *tags = dm_image_metadata(tree, image);
  nx_json_set_string(meta, "Data Dimensions", shape);
  dm_meta_add_microscope(tree, tags, meta);
  dm_meta_add_spectroscopy(tree, tags, in->instrument_pid, meta);
  return meta;
}

/* What the preview needs: title, pixels, drawings. The array's axes move to the signal. */
static void describe_view(const DmTree *tree, DmImage *image, NxSignal *signal)
{
  g_autoptr(GString) name = dm_tag_text(tree, dm_tag_find(tree, image->group, "Name"));
  if (name && name->len)
    signal->title = g_strdup(name->str);
  signal->view = image->can_be_drawn ? NX_VIEW_ARRAY : NX_VIEW_PLACEHOLDER;
  signal->array = image->array;
  image->array = (NxArray){ 0 };
  signal->marks = dm_image_marks(tree, image);
}

static void add_signal(const NxInput *in, const DmTree *tree, DmImage *image, guint count, json_object *common, DmBudget *budget,
                       GPtrArray *signals)
{
  NxSignal *signal = nx_signal_new();
  signal->raw = dm_raw_image(tree, image, common, budget);
  signal->nx_meta = flat_meta(in, tree, image);
  describe_view(tree, image, signal);
  g_autoptr(json_object) tecnai = dm_tecnai(tree, image->group, in->name);
  nx_profiles_run(in, signal, signals->len, count, tecnai);
  signal->nx_meta = dm_meta_sort(signal->nx_meta);
  g_ptr_array_add(signals, signal);
}

static gboolean read_signals(const NxInput *in, GPtrArray *signals, GError **err)
{
  g_autoptr(DmTree) tree = dm_tree_read(in->bytes, in->name, err);
  g_autoptr(GPtrArray) images = tree ? dm_images(tree, in->name, err) : NULL;
  if (!images)
    return FALSE;
  DmBudget budget = DM_BUDGET_INIT;
  g_autoptr(json_object) common = dm_raw_common(tree, &budget);
  for (guint i = 0; i < images->len; i++)
    add_signal(in, tree, g_ptr_array_index(images, i), images->len, common, &budget, signals);
  if (budget.values == 0)
    nx_log_warning("%s: the tag tree is too large to be kept whole beside the metadata", in->name);
  return TRUE;
}

/* The dataset of a file that cannot be read (extractors-a 1.7), which says so. */
static NxSignal *unreadable(const NxInput *in, const char *reason)
{
  NxSignal *signal = nx_signal_new();
  json_object *meta = common_meta(in);
  json_object *warning = json_object_new_array_ext(1);
  json_object_array_add(warning, json_object_new_string("DM3/DM4 file could not be read"));
  json_object_array_add(nx_json_get(meta, "warnings"), warning);
  dm_meta_set_type(meta, "Unknown", "Unknown");
  nx_json_set_string(meta, "Extractor Warnings", reason);
  signal->nx_meta = nx_meta_sorted(meta);
  signal->view = NX_VIEW_PLACEHOLDER;
  return signal;
}

static gboolean dm_read(const NxInput *in, GPtrArray *signals, GError **err)
{
  g_autoptr(GError) problem = NULL;
  if (read_signals(in, signals, &problem))
    return TRUE;
  if (!g_error_matches(problem, NX_ERROR, NX_ERROR_FORMAT)) {
    g_propagate_error(err, g_steal_pointer(&problem));
    return FALSE;
  }
  nx_log_warning("%s: %s", in->name, problem->message);
  g_ptr_array_add(signals, unreadable(in, problem->message));
  return TRUE;
}

static const char *const DM_EXTENSIONS[] = { "dm3", "dm4", NULL };

const NxFormat nx_format_dm = {
  .name = "dm3",
  .extensions = DM_EXTENSIONS,
  .priority = 100,
  .runs_profiles = TRUE,
  .read = dm_read,
};
