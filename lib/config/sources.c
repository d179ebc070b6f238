/* sources.c — finds the .env file and looks values up (order of precedence: config 1). */
#include "sources.h"

#include <string.h>

char *nx_sources_find(void)
{
  const char *named = g_getenv("NX_ENV_FILE");
  if (named && *named != '\0')
    return g_strdup(named);
  return nx_file_find_upwards(".env");
}

NxSources *nx_sources_read(NxDotenvLookup lookup, GError **err)
{
  g_autoptr(NxSources) sources = g_new0(NxSources, 1);
  g_autoptr(GError) problem = NULL;
  sources->path = nx_sources_find();
  if (!sources->path)
    return g_steal_pointer(&sources);
  sources->file = nx_dotenv_read(sources->path, lookup, &problem);
  if (!sources->file) {
    g_set_error(err, NX_ERROR, NX_ERROR_CONFIG, "The settings file cannot be used: %s", problem->message);
    return NULL;
  }
  nx_dotenv_warn(sources->file, sources->path);
  return g_steal_pointer(&sources);
}

void nx_sources_free(NxSources *sources)
{
  if (!sources)
    return;
  nx_dotenv_free(sources->file);
  g_free(sources->path);
  g_free(sources);
}

const char *nx_sources_get(const NxSources *sources, const char *name)
{
  const char *value = g_getenv(name);
  if (!value && sources->file)
    value = nx_dotenv_get(sources->file, name);
  return value && *value != '\0' ? value : NULL;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char **nx_sources_names(const NxSources *sources)
{
  g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  g_auto(GStrv) variables = g_listenv();
  for (char **name = variables; *name; name++)
    g_hash_table_add(names, g_strdup(*name));
  for (guint i = 0; sources->file && i < sources->file->statements->len; i++) {
    const NxStatement *statement = g_ptr_array_index(sources->file->statements, i);
    if (statement->key)
      g_hash_table_add(names, g_strdup(statement->key));
  }
  guint n = 0;
  char **sorted = (char **)g_hash_table_get_keys_as_array(names, &n);
  for (guint i = 0; i < n; i++)
    sorted[i] = g_strdup(sorted[i]);
  qsort(sorted, n, sizeof *sorted, compare_names);
  return sorted;
}
