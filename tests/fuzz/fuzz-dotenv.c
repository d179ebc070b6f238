/* fuzz-dotenv.c — libFuzzer target for the .env file and the dump of settings: what is written reads back, whatever was there before. */
#include "dotenv.h"
#include "nx-config.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static gboolean is_ours(const char *key)
{
  return g_str_has_prefix(key, "NX_");
}

static void check_positions(const NxDotenv *file)
{
  for (guint i = 0; i < file->statements->len; i++) {
    const NxStatement *statement = file->statements->pdata[i];
    if (statement->start > statement->end || statement->end > file->length)
      abort();
  }
}

static void check_rewrite(const NxDotenv *file, const char *value)
{
  g_autoptr(GHashTable) wanted = g_hash_table_new(g_str_hash, g_str_equal);
  g_hash_table_insert(wanted, "NX_DATA_PATH", (gpointer)value);
  g_autoptr(GString) text = nx_dotenv_rewrite(file, wanted, is_ours);
  g_autoptr(NxDotenv) again = nx_dotenv_parse(text->str, text->len, NX_DOTENV_FILE_FIRST);
  if (!strstr(value, "${") && g_strcmp0(nx_dotenv_get(again, "NX_DATA_PATH"), value) != 0)
    abort();
}

/* The same bytes as a dump that is loaded. */
static void check_dump(const char *text, gsize length)
{
  g_autoptr(json_object) dump = nx_json_parse(text, length, NULL);
  if (!json_object_is_type(dump, json_type_object))
    return;
  g_autoptr(GHashTable) values = nx_config_flatten(dump, NULL);
  GHashTableIter each;
  gpointer name, value;
  g_hash_table_iter_init(&each, values);
  while (g_hash_table_iter_next(&each, &name, &value)) {
    const NxSetting *setting = nx_setting_find(name, NULL);
    if (setting)
      g_free(nx_setting_problem(setting, value));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup((const char *)data, size);
  const gsize length = strlen(text);
  g_autoptr(NxDotenv) file = nx_dotenv_parse((const char *)data, size, NX_DOTENV_FILE_FIRST);
  g_autoptr(NxDotenv) other = nx_dotenv_parse((const char *)data, size, NX_DOTENV_ENVIRONMENT_FIRST);
  check_positions(file);
  check_positions(other);
  g_autofree char *value = g_strndup(text, MIN(length, 64));
  if (g_utf8_validate(value, -1, NULL))
    check_rewrite(file, value);
  check_dump(text, length);
  g_free(nx_config_masked_address(text));
  return 0;
}
