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

/* The passwords inside the addresses among the settings of a table. */
static void mask_addresses(json_object *object, const NxSetting *table)
{
  for (const NxSetting *row = table; row->name; row++) {
    const char *key = row->key ? row->key : row->name, *address = nx_json_get_string(object, key);
    if (!address || (row->type != NX_TYPE_DATABASE && row->type != NX_TYPE_URL))
      continue;
    g_autofree char *masked = nx_config_masked_address(address);
    nx_json_set_string(object, key, masked);
  }
}

static void redact(json_object *configuration)
{
  json_object_object_foreach(configuration, name, value) {
    if (is_secret_name(name))
      redact_member(configuration, name);
    (void)value;
  }
  mask_addresses(configuration, nx_settings_table);
  json_object *harvesters = nx_json_get(configuration, "nemo_harvesters");
  if (harvesters) {
    json_object_object_foreach(harvesters, number, harvester) {
      redact_member(harvester, "token");
      mask_addresses(harvester, nx_nemo_table);
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
