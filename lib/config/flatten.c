/* flatten.c — a dumped configuration as the names and values of a .env file (rules: config 9). */
#include "dotenv.h"
#include "nx-config.h"

#include <string.h>

typedef struct {
  GHashTable *pairs;
  GPtrArray *redacted;
} Flattening;

/* A value that is no object as .env text; NULL when it cannot be one. */
static char *scalar_text(json_object *value)
{
  switch (json_object_get_type(value)) {
  case json_type_boolean:
    return g_strdup(json_object_get_boolean(value) ? "true" : "false");
  case json_type_string:
    return strlen(json_object_get_string(value)) == (gsize)json_object_get_string_len(value) ? g_strdup(json_object_get_string(value)) : NULL;
  case json_type_array:
    return nx_json_text(value, NX_JSON_SPACED | NX_JSON_ASCII);
  case json_type_object:
    return NULL;
  default:
    return nx_json_text(value, NX_JSON_LINE);
  }
}

/* Whether it stands for something that a redacted dump does not say: a secret, or an address of which a part is hidden. */
static gboolean is_redacted(const NxSetting *row, const char *text)
{
  if (row->flags & NX_SETTING_SECRET)
    return strcmp(text, "***") == 0;
  return (row->type == NX_TYPE_DATABASE || row->type == NX_TYPE_URL) && strstr(text, "***");
}

static void add(Flattening *work, const char *name, char *text)
{
  const NxSetting *row = nx_setting_find(name, NULL);
  if (!text || !nx_dotenv_key_is_writable(name)) {
    nx_log_warning("%s is left out: %s cannot stand in a .env file", name, text ? "this name" : "its value");
    g_free(text);
    return;
  }
  if (row && is_redacted(row, text)) {
    if (work->redacted)
      g_ptr_array_add(work->redacted, g_strdup(name));
    g_free(text);
    return;
  }
  if (strstr(text, "${"))
    nx_log_warning("%s holds ${, which is replaced by a variable whenever the file is read; nothing can protect it", name);
  g_hash_table_replace(work->pairs, g_strdup(name), text);
}

static const NxSetting *find_key(const NxSetting *table, const char *key)
{
  for (; table->name; table++)
    if (strcmp(table->key, key) == 0)
      return table;
  return NULL;
}

static char *recipients_text(json_object *list)
{
  g_autoptr(GString) text = g_string_new(NULL);
  for (gsize i = 0; i < json_object_array_length(list); i++) {
    json_object *recipient = json_object_array_get_idx(list, i);
    if (recipient)
      g_string_append_printf(text, "%s%s", text->len > 0 ? "," : "", json_object_get_string(recipient));
  }
  return g_strdup(text->str);
}

/* The members of nemo_harvesters.N (`number` its N) or of email_config (`number` NULL). */
static void flatten_group(Flattening *work, const NxSetting *table, const char *number, json_object *group)
{
  json_object_object_foreach(group, key, value) {
    const NxSetting *row = find_key(table, key);
    if (!value)
      continue;
    if (!row) {
      nx_log_warning("%s is left out: no setting belongs to it", key);
      continue;
    }
    g_autofree char *name = number ? g_strdup_printf("%.*s%s", (int)strlen(row->name) - 1, row->name, number) : g_strdup(row->name);
    gboolean is_list = row->type == NX_TYPE_EMAIL_LIST && json_object_is_type(value, json_type_array);
    add(work, name, is_list ? recipients_text(value) : scalar_text(value));
  }
}

static void flatten_harvesters(Flattening *work, json_object *harvesters)
{
  json_object_object_foreach(harvesters, number, harvester) {
    if (json_object_is_type(harvester, json_type_object) && *number != '\0' && strspn(number, "0123456789") == strlen(number))
      flatten_group(work, nx_nemo_table, number, harvester);
    else
      nx_log_warning("nemo_harvesters.%s is left out: it is not a number with its settings", number);
  }
}

GHashTable *nx_config_flatten(json_object *dump, GPtrArray *redacted)
{
  Flattening work = {g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free), redacted};
  json_object_object_foreach(dump, name, value) {
    if (!value)
      continue;
    if (!json_object_is_type(value, json_type_object))
      add(&work, name, scalar_text(value));
    else if (strcmp(name, "nemo_harvesters") == 0)
      flatten_harvesters(&work, value);
    else if (strcmp(name, "email_config") == 0)
      flatten_group(&work, nx_email_table, NULL, value);
    else
      nx_log_warning("%s is left out: an object is no setting", name);
  }
  return work.pairs;
}
