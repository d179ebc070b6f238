/* dump.c — the effective configuration as JSON, with or without its secrets (layout: config 8, redaction: config 7). */
#include "nx-config.h"

#include <string.h>

static void redact_member(json_object *object, const char *key)
{
  if (object && json_object_object_get_ex(object, key, NULL))
    nx_json_set_string(object, key, "***");
}

static gboolean is_secret_name(const char *name)
{
  const NxSetting *row = nx_setting_find(name, NULL);
  g_autofree char *upper = g_ascii_strup(name, -1);
  return (row && (row->flags & NX_SETTING_SECRET)) || strstr(upper, "TOKEN") || strstr(upper, "PASSWORD");
}

/* The passwords inside addresses; those of NEMO servers have none. */
static void mask_addresses(json_object *configuration)
{
  for (const NxSetting *row = nx_settings_table; row->name; row++) {
    const char *address = nx_json_get_string(configuration, row->name);
    if (!address || (row->type != NX_TYPE_DATABASE && row->type != NX_TYPE_URL))
      continue;
    g_autofree char *masked = nx_config_masked_address(address);
    nx_json_set_string(configuration, row->name, masked);
  }
}

static void redact(json_object *configuration)
{
  json_object_object_foreach(configuration, name, value) {
    if (is_secret_name(name))
      redact_member(configuration, name);
    (void)value;
  }
  mask_addresses(configuration);
  json_object *harvesters = nx_json_get(configuration, "nemo_harvesters");
  if (harvesters) {
    json_object_object_foreach(harvesters, number, harvester) {
      redact_member(harvester, "token");
      (void)number;
    }
  }
  redact_member(nx_json_get(configuration, "email_config"), "smtp_password");
}

json_object *nx_settings_to_json(const NxSettings *settings, gboolean with_redaction)
{
  json_object *copy = NULL;
  json_object_deep_copy(settings->dumped, &copy, NULL);
  if (with_redaction)
    redact(copy);
  return copy;
}
