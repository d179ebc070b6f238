/* harvesters.c — the numbered NEMO servers and the mail server (config 5 and 6, harvest-nemo 2.1, export 10.1). */
#include "loading.h"

#include <string.h>

static int compare_numbers(gconstpointer a, gconstpointer b)
{
  guint left = *(const guint *)a, right = *(const guint *)b;
  return (left > right) - (left < right);
}

/* Every N of a variable NX_NEMO_ADDRESS_N, ascending, each once. */
static GArray *harvester_numbers(const NxSources *sources)
{
  GArray *numbers = g_array_new(FALSE, FALSE, sizeof(guint));
  g_auto(GStrv) names = nx_sources_names(sources);
  for (char **name = names; *name; name++) {
    guint number = 0;
    if (nx_setting_find(*name, &number) == &nx_nemo_table[0])
      g_array_append_val(numbers, number);
  }
  g_array_sort(numbers, compare_numbers);
  for (guint i = 1; i < numbers->len;) {
    if (g_array_index(numbers, guint, i) == g_array_index(numbers, guint, i - 1))
      g_array_remove_index(numbers, i);
    else
      i++;
  }
  return numbers;
}

/* "NX_NEMO_TOKEN_N" → "NX_NEMO_TOKEN_3". */
static char *numbered_name(const NxSetting *row, guint number)
{
  return g_strdup_printf("%.*s%u", (int)strlen(row->name) - 1, row->name, number);
}

static gboolean is_complete(const NxSources *sources, guint number, GPtrArray *problems)
{
  g_autofree char *address = numbered_name(&nx_nemo_table[0], number);
  g_autofree char *token = numbered_name(&nx_nemo_table[1], number);
  if (nx_sources_get(sources, address) && nx_sources_get(sources, token))
    return TRUE;
  nx_problems_warn(problems, address, "NEMO harvester %u is left out: it needs both %s and %s", number, address, token);
  return FALSE;
}

static void read_harvester(const NxSources *sources, guint number, GPtrArray *harvesters, json_object *dumped, GPtrArray *problems)
{
  NxNemoSettings *nemo = g_new0(NxNemoSettings, 1);
  json_object *shown = json_object_new_object();
  gboolean good = TRUE;
  nemo->number = number;
  for (const NxSetting *row = nx_nemo_table; row->name; row++) {
    g_autofree char *name = numbered_name(row, number);
    good = nx_settings_read_row(row, name, sources, nemo, shown, problems) && good;
  }
  if (!good) {
    nx_nemo_settings_free(nemo);
    json_object_put(shown);
    return;
  }
  g_autofree char *key = g_strdup_printf("%u", number);
  nx_json_set(dumped, key, shown);
  g_ptr_array_add(harvesters, nemo);
}

void nx_harvesters_read(const NxSources *sources, NxSettings *settings, GPtrArray *problems)
{
  settings->nemo = g_ptr_array_new_with_free_func((GDestroyNotify)nx_nemo_settings_free);
  g_autoptr(GArray) numbers = harvester_numbers(sources);
  g_autoptr(json_object) dumped = json_object_new_object();
  for (guint i = 0; i < numbers->len; i++) {
    guint number = g_array_index(numbers, guint, i);
    if (is_complete(sources, number, problems))
      read_harvester(sources, number, settings->nemo, dumped, problems);
  }
  if (settings->nemo->len > 0)
    nx_json_set(settings->dumped, "nemo_harvesters", g_steal_pointer(&dumped));
}

void nx_email_read(const NxSources *sources, NxSettings *settings, GPtrArray *problems)
{
  NxEmailSettings *email = g_new0(NxEmailSettings, 1);
  g_autoptr(json_object) dumped = json_object_new_object();
  gboolean good = TRUE;
  for (const NxSetting *row = nx_email_table; row->name; row++)
    if ((row->flags & NX_SETTING_REQUIRED) && !nx_sources_get(sources, row->name))
      good = FALSE;
  for (const NxSetting *row = nx_email_table; good && row->name; row++)
    nx_settings_read_row(row, row->name, sources, email, dumped, problems);
  if (!good || problems->len > 0) {
    nx_email_settings_free(email);
    settings->email_is_wrong = good;
    return;
  }
  settings->email = email;
  nx_json_set(settings->dumped, "email_config", g_steal_pointer(&dumped));
}
