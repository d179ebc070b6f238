/* environment.c — what programs that are not ours get to know of the settings (nx-export(1), nx-harvest(1)). */
#include "nx-config.h"

#include <string.h>

/* A secret of a destination, a harvester, mail or the database. Certificates to trust are none. */
static gboolean is_withheld(const char *name, const char *value)
{
  const NxSetting *setting = nx_setting_find(name, NULL);
  if (!setting || g_str_equal(name, "NX_CERT_BUNDLE"))
    return FALSE;
  if ((setting->flags & NX_SETTING_SECRET) || (setting->type == NX_TYPE_DATABASE && strstr(value, "://")))
    return TRUE;
  g_autofree char *masked = nx_config_masked_address(value);
  return !g_str_equal(masked, value);
}

char **nx_settings_environment_without_secrets(void)
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
