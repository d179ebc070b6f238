/* check.c — errors, and values that are legal but not what was meant (config 6.2). */
#include "check.h"

#include <string.h>
#include <sys/stat.h>

#include "loading.h"
#include "migrate.h"

/* ------------------------------------------------------------------------------------------------------- unknown names */

/* Levenshtein distance, letter case ignored. */
static guint distance(const char *left, const char *right)
{
  gsize columns = strlen(right) + 1;
  g_autofree guint *row = g_new(guint, columns);
  for (gsize j = 0; j < columns; j++)
    row[j] = (guint)j;
  for (gsize i = 0; left[i] != '\0'; i++) {
    guint diagonal = row[0];
    row[0] = (guint)i + 1;
    for (gsize j = 1; j < columns; j++) {
      guint substituted = diagonal + (g_ascii_toupper(left[i]) != g_ascii_toupper(right[j - 1]));
      diagonal = row[j];
      row[j] = MIN(substituted, MIN(row[j], row[j - 1]) + 1);
    }
  }
  return row[columns - 1];
}

const char *nx_setting_nearest(const char *name)
{
  static const NxSetting *const TABLES[] = {nx_settings_table, nx_nemo_table, nx_email_table};
  const char *nearest = NULL;
  guint least = (guint)strlen(name) / 3 + 1; /* further away it is another name, not a slip */
  if (strlen(name) > 64)
    return NULL;
  for (gsize i = 0; i < G_N_ELEMENTS(TABLES); i++)
    for (const NxSetting *row = TABLES[i]; row->name; row++) {
      guint away = distance(name, row->name);
      if (away < least) {
        least = away;
        nearest = row->name;
      }
    }
  return nearest;
}

/* Names that the programs know although they are no settings (config 4). */
static gboolean is_no_setting_but_known(const char *name)
{
  static const char *const KNOWN[] = {"NX_ENV_FILE", "NX_MIGRATIONS_PATH", "NX_CORPUS", "NX_BUILD", "NX_SOURCE", "NX_CLI_PROG", NULL};
  return g_strv_contains(KNOWN, name) || g_str_has_prefix(name, "NX_TEST_");
}

static void warn_about_unknown(const NxSources *sources, GPtrArray *problems)
{
  g_auto(GStrv) names = nx_sources_names(sources);
  for (char **name = names; *name; name++) {
    g_autofree char *on_old = nx_setting_words_on_old(*name);
    if (on_old)
      nx_problems_warn(problems, *name, "%s", on_old);
    if (on_old || g_ascii_strncasecmp(*name, "NX_", 3) != 0 || nx_setting_find(*name, NULL) || is_no_setting_but_known(*name))
      continue;
    const char *nearest = nx_setting_nearest(*name);
    if (nearest)
      nx_problems_warn(problems, *name, "there is no setting of this name; did you mean %s?", nearest);
    else
      nx_problems_warn(problems, *name, "there is no setting of this name");
  }
}

/* ---------------------------------------------------------------------------------------------------------------- values */

static void warn_about_variables(const NxSources *sources, GPtrArray *problems)
{
  g_auto(GStrv) names = nx_sources_names(sources);
  for (char **name = names; *name; name++) {
    const char *value = nx_sources_get(sources, *name);
    if (nx_setting_find(*name, NULL) && value && strstr(value, "${"))
      nx_problems_warn(problems, *name, "the value still holds ${ after variables were replaced; is a brace missing?");
  }
}

static void warn_about_slash(const NxSettings *settings, GPtrArray *problems)
{
  if (settings->cdcs_url && !g_str_has_suffix(settings->cdcs_url, "/"))
    nx_problems_warn(problems, "NX_CDCS_URL", "the address should end with a slash, as in https://cdcs.example.com/");
}

static void warn_about_halves(const NxSources *sources, GPtrArray *problems)
{
  for (const NxSetting *row = nx_settings_table; row->name; row++) {
    const char *words = nx_setting_lacking(row->name, nx_is_in_sources, sources);
    if (words)
      nx_problems_warn(problems, row->name, "%s", words);
  }
}

static gboolean holds_secrets(const NxDotenv *file)
{
  for (guint i = 0; i < file->statements->len; i++) {
    const NxStatement *statement = g_ptr_array_index(file->statements, i);
    const NxSetting *row = statement->key ? nx_setting_find(statement->key, NULL) : NULL;
    gboolean is_set = statement->value && *statement->value != '\0';
    if (row && is_set && ((row->flags & NX_SETTING_SECRET) || row->type == NX_TYPE_DATABASE))
      if ((row->flags & NX_SETTING_SECRET) || strstr(statement->value, "://"))
        return TRUE;
  }
  return FALSE;
}

static void warn_about_readers(const NxSources *sources, GPtrArray *problems)
{
  struct stat status;
  if (sources->file && stat(sources->path, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & S_IROTH) && holds_secrets(sources->file))
    nx_problems_warn(problems, sources->path, "every user of this host can read this file, and it holds secrets; run `chmod 600` on it");
}

static void move_all(GPtrArray *from, GPtrArray *to, gboolean warnings)
{
  for (guint i = 0; i < from->len;) {
    if (((const NxProblem *)g_ptr_array_index(from, i))->warning == warnings)
      g_ptr_array_add(to, g_ptr_array_steal_index(from, i));
    else
      i++;
  }
}

GPtrArray *nx_config_check(char **path)
{
  GPtrArray *problems = nx_problems_new();
  g_autoptr(GError) unreadable = NULL;
  g_autoptr(NxSources) sources = nx_sources_read(NX_DOTENV_FILE_FIRST, &unreadable);
  if (!sources) {
    g_autofree char *found = nx_sources_find();
    static const NxSetting NO_SETTING = {0};
    nx_problems_add(problems, &NO_SETTING, found, unreadable->message, NULL);
    return problems;
  }
  g_autoptr(GPtrArray) found = nx_problems_new();
  g_autoptr(GPtrArray) mail = nx_problems_new();
  g_autoptr(NxSettings) settings = nx_settings_read(sources, NULL, found, mail);
  move_all(found, problems, FALSE);
  move_all(mail, problems, FALSE);
  move_all(found, problems, TRUE);
  warn_about_slash(settings, problems);
  warn_about_halves(sources, problems);
  warn_about_variables(sources, problems);
  warn_about_unknown(sources, problems);
  warn_about_readers(sources, problems);
  *path = g_strdup(sources->path);
  return problems;
}
