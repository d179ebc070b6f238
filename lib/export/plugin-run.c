/* plugin-run.c — one run of a plug-in, in an environment of its own. */
#include "plugin.h"

#include <string.h>

/* A secret of another destination, harvester or of the database. Certificates to trust are none. */
static gboolean is_withheld(const char *name, const char *value)
{
  const NxSetting *setting = nx_setting_find(name, NULL);
  if (!setting || g_str_equal(name, "NX_CERT_BUNDLE"))
    return FALSE;
  return (setting->flags & NX_SETTING_SECRET) || (setting->type == NX_TYPE_DATABASE && strstr(value, "://"));
}

static char **environment_for_plugin(void)
{
  char **environment = g_get_environ();
  g_auto(GStrv) all = g_strdupv(environment);
  for (char **each = all; *each; each++) {
    const char *equals = strchr(*each, '=');
    g_autofree char *name = equals ? g_strndup(*each, (gsize)(equals - *each)) : NULL;
    if (name && is_withheld(name, equals + 1))
      environment = g_environ_unsetenv(environment, name);
  }
  return environment;
}

GString *nx_plugin_run(char **argv, const char *input, gsize length, guint limit_seconds, GError **err)
{
  g_auto(GStrv) environment = environment_for_plugin();
  const NxQuestion question = {.argv = argv,
                               .environment = environment,
                               .input = input,
                               .length = length,
                               .seconds = limit_seconds,
                               .answer_max = NX_LINE_MAX,
                               .err = -1};
  return nx_process_ask(&question, NULL, err);
}
