/* problems.c — the configuration error report (config 6.1). */
#include "problems.h"

#define LONGEST_VALUE_SHOWN 120 /* characters */

static void problem_free(gpointer data)
{
  NxProblem *problem = data;
  g_free(problem->name);
  g_free(problem->text);
  g_free(problem);
}

GPtrArray *nx_problems_new(void)
{
  return g_ptr_array_new_with_free_func(problem_free);
}

static void add(GPtrArray *problems, const char *name, char *text, gboolean warning)
{
  NxProblem *problem = g_new0(NxProblem, 1);
  problem->name = g_strdup(name);
  problem->text = text;
  problem->warning = warning;
  g_ptr_array_add(problems, problem);
}

/* The value as a person may see it: no secret, no control characters, no more than a line. */
static char *shown_value(const NxSetting *setting, const char *value)
{
  if (setting->flags & NX_SETTING_SECRET)
    return g_strdup("***");
  g_autofree char *masked = setting->type == NX_TYPE_URL ? nx_config_masked_web_address(value) : nx_config_masked_address(value);
  g_autofree char *valid = nx_text_utf8(masked, -1);
  g_autofree char *visible = nx_text_visible(valid);
  if (g_utf8_strlen(visible, -1) <= LONGEST_VALUE_SHOWN)
    return g_steal_pointer(&visible);
  return g_strdup_printf("%.*s…", (int)(g_utf8_offset_to_pointer(visible, LONGEST_VALUE_SHOWN - 1) - visible), visible);
}

void nx_problems_add(GPtrArray *problems, const NxSetting *setting, const char *name, const char *words, const char *value)
{
  g_autofree char *shown = value ? shown_value(setting, value) : NULL;
  add(problems, name, shown ? g_strdup_printf("%s (got \"%s\")", words, shown) : g_strdup(words), FALSE);
}

void nx_problems_warn(GPtrArray *problems, const char *name, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  add(problems, name, g_strdup_vprintf(format, arguments), TRUE);
  va_end(arguments);
}

gboolean nx_problems_have_error(const GPtrArray *problems)
{
  for (guint i = 0; i < problems->len; i++)
    if (!((const NxProblem *)g_ptr_array_index(problems, i))->warning)
      return TRUE;
  return FALSE;
}

char *nx_problems_report(const GPtrArray *problems)
{
  g_autoptr(GString) names = g_string_new(NULL);
  g_autoptr(GString) lines = g_string_new(NULL);
  for (guint i = 0; i < problems->len; i++) {
    const NxProblem *problem = g_ptr_array_index(problems, i);
    if (problem->warning)
      continue;
    g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", problem->name);
    g_string_append_printf(lines, "    %s: %s\n", problem->name, problem->text);
  }
  return g_strdup_printf("NexusLIMS configuration is incomplete or invalid.\n"
                         "\n"
                         "  Missing/invalid fields: %s\n"
                         "\n"
                         "%s"
                         "\n"
                         "  To fill in a form, run `nexuslims config edit`.\n"
                         "  Or write the settings into a file named .env, one NAME=VALUE a line; all of them are explained in the manual\n"
                         "  page nexuslims-config(5).",
                         names->str, lines->str);
}
