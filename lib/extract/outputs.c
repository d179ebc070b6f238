/* outputs.c — see outputs.h. */
#include "outputs.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define METADATA_SUFFIX ".json"
#define PREVIEW_SUFFIX ".thumb.png"

static void output_free(NxOutput *output)
{
  g_free(output->metadata);
  g_free(output->preview);
  g_free(output);
}

/* `path` below the share, whichever way it leads there: as it is spelled, with its dots where the kernel sees them, or through links. NULL: the
 * file is not on the share. */
static char *below_share(const char *path, const char *share)
{
  g_autofree char *absolute = nx_path_absolute(path);
  const char *below = nx_path_below(absolute, share);
  if (below && !nx_path_leads_upwards(below))
    return g_strdup(below);
  g_autofree char *folder = g_path_get_dirname(path), *name = g_path_get_basename(path);
  g_autofree char *real_folder = realpath(folder, NULL), *real_share = realpath(share, NULL);
  g_autofree char *real = real_folder && real_share ? nx_path_join(real_folder, name) : NULL;
  return real ? g_strdup(nx_path_below(real, real_share)) : NULL;
}

/* Where what is made of a file goes. */
typedef struct {
  char *base; /* suffixes are added to it */
  gboolean overwrite;
} Place;

/* Below NX_DATA_PATH, where everything is ours; or beside the data file, where only a person may say that something is to be replaced. */
static Place place_of(const NxOutputRules *rules, const char *path)
{
  g_autofree char *below = rules->instrument_root && rules->data_root ? below_share(path, rules->instrument_root) : NULL;
  if (below)
    return (Place){nx_path_join(rules->data_root, below), rules->overwrite};
  const gboolean is_person_asking = rules->preview_beside;
  if (rules->instrument_root && !is_person_asking)
    nx_log_warning("%s is not below %s: what is made of it goes beside it", path, rules->instrument_root);
  return (Place){g_strdup(path), rules->overwrite && is_person_asking};
}

/* The suffix, with the number of the signal when there are several. */
static char *suffixed(const char *base, guint index, guint count, const char *suffix)
{
  return count == 1 ? g_strconcat(base, suffix, NULL) : g_strdup_printf("%s_signal%u%s", base, index, suffix);
}

/* A preview path that was asked for: the number goes before its suffix. */
static char *numbered(const char *path, guint index, guint count)
{
  if (count == 1)
    return g_strdup(path);
  const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
  gsize stem = dot && (!slash || dot > slash + 1) ? (gsize)(dot - path) : strlen(path);
  return g_strdup_printf("%.*s_signal%u%s", (int)stem, path, index, path + stem);
}

static gboolean is_there(const char *path)
{
  return access(path, F_OK) == 0;
}

/* TRUE when what we made of another file lies where a folder of `path` belongs, because the share has a folder of that name: it always
 * will. */
static gboolean is_behind_output(const char *path, const char *data_root)
{
  g_autofree char *folder = g_path_get_dirname(path);
  while (nx_path_below(folder, data_root) && !is_there(folder)) {
    char *above = g_path_get_dirname(folder);
    g_free(folder);
    folder = above;
  }
  return g_file_test(folder, G_FILE_TEST_IS_REGULAR) &&
         (g_str_has_suffix(folder, METADATA_SUFFIX) || g_str_has_suffix(folder, PREVIEW_SUFFIX));
}

/* Keeps the first error that another time may not have. */
static void remember_trouble(const NxOutputRules *rules, const char *path, const GError *problem, GError **trouble)
{
  if (!*trouble && problem->code == NX_ERROR_PLACE && rules->data_root && nx_path_below(path, rules->data_root) &&
      !is_behind_output(path, rules->data_root))
    *trouble = g_error_copy(problem);
}

/* Consumes `path`; returns it when the file is there afterwards. */
static char *write_output(const NxOutputRules *rules, const Place *place, char *path, GBytes *content, GError **trouble)
{
  g_autoptr(GError) problem = NULL;
  gsize length = 0;
  const void *data = content ? g_bytes_get_data(content, &length) : NULL;
  const gboolean is_kept = !place->overwrite && is_there(path), is_wanted = data && !is_kept;
  if (data && is_kept && rules->overwrite)
    nx_log_warning("%s was there already, and stays as it is", path);
  if (is_wanted && !nx_file_write_fast(path, data, length, 0644, &problem)) {
    nx_log_error("%s", problem->message);
    remember_trouble(rules, path, problem, trouble);
  }
  if (!problem && (is_wanted || is_there(path)))
    return path;
  g_free(path);
  return NULL;
}

GPtrArray *nx_outputs_write(const NxOutputRules *rules, const char *path, const NxOutcome *outcome, GError **trouble)
{
  GPtrArray *outputs = g_ptr_array_new_with_free_func((GDestroyNotify)output_free);
  const guint count = outcome->products->len;
  const Place place = count ? place_of(rules, path) : (Place){0};
  for (guint i = 0; i < count; i++) {
    const NxProduct *product = outcome->products->pdata[i];
    NxOutput *output = g_new0(NxOutput, 1);
    char *preview = rules->preview_path ? numbered(rules->preview_path, i, count)
                                        : suffixed(rules->preview_beside ? path : place.base, i, count, PREVIEW_SUFFIX);
    output->preview_kept = !place.overwrite && is_there(preview);
    char *metadata = suffixed(place.base, i, count, METADATA_SUFFIX);
    output->metadata = write_output(rules, &place, metadata, rules->write_metadata ? product->document : NULL, trouble);
    output->preview = write_output(rules, &place, preview, rules->write_preview ? product->preview : NULL, trouble);
    g_ptr_array_add(outputs, output);
  }
  g_free(place.base);
  return outputs;
}
