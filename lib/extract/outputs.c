/* outputs.c — see outputs.h. */
#include "outputs.h"

#include <string.h>
#include <unistd.h>

static void output_free(NxOutput *output)
{
  g_free(output->metadata);
  g_free(output->preview);
  g_free(output);
}

/* TRUE when a component of the relative path leads upwards. */
/* The path to which suffixes are added: below NX_DATA_PATH, or the data file's own. */
static char *mirrored(const NxOutputRules *rules, const char *path)
{
  const char *below = rules->instrument_root && rules->data_root ? nx_path_below(path, rules->instrument_root) : NULL;
  if (below && !nx_path_leads_upwards(below))
    return nx_path_join(rules->data_root, below);
  if (rules->instrument_root && !rules->preview_beside)
    nx_log_warning("%s is not below %s: what is made of it goes beside it", path, rules->instrument_root);
  return g_strdup(path);
}

/* ".json" or ".thumb.png", with the number of the signal when there are several. */
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

/* Keeps the first error that another time may not have. */
static void remember_trouble(const NxOutputRules *rules, const char *path, const GError *problem, GError **trouble)
{
  if (!*trouble && problem->code == NX_ERROR_PLACE && rules->data_root && nx_path_below(path, rules->data_root))
    *trouble = g_error_copy(problem);
}

/* Consumes `path`; returns it when the file is there afterwards. */
static char *write_output(const NxOutputRules *rules, char *path, GBytes *content, GError **trouble)
{
  g_autoptr(GError) problem = NULL;
  gsize length = 0;
  const void *data = content ? g_bytes_get_data(content, &length) : NULL;
  gboolean is_wanted = data && (rules->overwrite || !is_there(path));
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
  g_autofree char *base = count ? mirrored(rules, path) : NULL;
  for (guint i = 0; i < count; i++) {
    const NxProduct *product = outcome->products->pdata[i];
    NxOutput *output = g_new0(NxOutput, 1);
    char *preview = rules->preview_path ? numbered(rules->preview_path, i, count)
                                        : suffixed(rules->preview_beside ? path : base, i, count, ".thumb.png");
    output->preview_kept = !rules->overwrite && is_there(preview);
    output->metadata = write_output(rules, suffixed(base, i, count, ".json"), rules->write_metadata ? product->document : NULL, trouble);
    output->preview = write_output(rules, preview, rules->write_preview ? product->preview : NULL, trouble);
    g_ptr_array_add(outputs, output);
  }
  return outputs;
}
