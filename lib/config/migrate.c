/* migrate.c — old names become the current ones, everything else stays where it is (table of names: config 11). */
#include "migrate.h"

#include <string.h>

#include "loading.h"

/* An N at the end of both names stands for a number. No new name: the setting is gone, and another one may do what it did. */
static const struct {
  const char *old, *new, *instead;
} NAMES[] = {
  {"NexusLIMS_file_strategy", "NX_FILE_STRATEGY", NULL},
  {"NexusLIMS_ignore_patterns", "NX_IGNORE_PATTERNS", NULL},
  {"mmfnexus_path", "NX_INSTRUMENT_DATA_PATH", NULL},
  {"nexusLIMS_path", "NX_DATA_PATH", NULL},
  {"nexusLIMS_db_path", "NX_DB_PATH", NULL},
  {"nexusLIMS_user", NULL, "NX_CDCS_TOKEN"},
  {"nexusLIMS_pass", NULL, "NX_CDCS_TOKEN"},
  {"NX_CDCS_USER", NULL, "NX_CDCS_TOKEN"},
  {"NX_CDCS_PASS", NULL, "NX_CDCS_TOKEN"},
  {"cdcs_url", "NX_CDCS_URL", NULL},
  {"test_cdcs_url", "NX_TEST_CDCS_URL", NULL},
  {"NexusLIMS_cert_bundle_file", "NX_CERT_BUNDLE_FILE", NULL},
  {"NexusLIMS_cert_bundle", "NX_CERT_BUNDLE", NULL},
  {"nexusLIMS_file_delay_days", "NX_FILE_DELAY_DAYS", NULL},
  {"email_sender", "NX_EMAIL_SENDER", NULL},
  {"email_recipients", "NX_EMAIL_RECIPIENTS", NULL},
  {"NEMO_address_N", "NX_NEMO_ADDRESS_N", NULL},
  {"NEMO_token_N", "NX_NEMO_TOKEN_N", NULL},
  {"NEMO_strftime_fmt_N", "NX_NEMO_STRFTIME_FMT_N", NULL},
  {"NEMO_strptime_fmt_N", "NX_NEMO_STRPTIME_FMT_N", NULL},
  {"NEMO_tz_N", "NX_NEMO_TZ_N", NULL},
  {"sharepoint_root_url", NULL, NULL},
};

/* The digits of a numbered name, "" of a plain one, NULL when `name` is another name. */
static const char *matched_number(const char *pattern, const char *name)
{
  gsize stem = strlen(pattern) - 1;
  if (!g_str_has_suffix(pattern, "_N"))
    return strcmp(pattern, name) == 0 ? "" : NULL;
  gboolean matches = strncmp(pattern, name, stem) == 0 && name[stem] != '\0' && strspn(name + stem, "0123456789") == strlen(name + stem);
  return matches ? name + stem : NULL;
}

/* TRUE when `name` is an old one; *new_name is what it is called now, NULL when it is gone. */
static gboolean translate(const char *name, char **new_name)
{
  *new_name = NULL;
  for (gsize i = 0; i < G_N_ELEMENTS(NAMES); i++) {
    const char *number = matched_number(NAMES[i].old, name);
    if (!number)
      continue;
    if (NAMES[i].new)
      *new_name = g_strdup_printf("%.*s%s", (int)strlen(NAMES[i].new) - (*number != '\0'), NAMES[i].new, number);
    return TRUE;
  }
  return FALSE;
}

const char *nx_setting_old_name(const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS(NAMES); i++)
    if (g_strcmp0(NAMES[i].new, name) == 0)
      return NAMES[i].old;
  return NULL;
}

char *nx_setting_words_on_old(const char *name)
{
  g_autofree char *now = NULL;
  if (!translate(name, &now))
    return NULL;
  for (gsize i = 0; !now && i < G_N_ELEMENTS(NAMES); i++)
    if (NAMES[i].instead && strcmp(NAMES[i].old, name) == 0)
      return g_strdup_printf("is no longer used; its place is taken by %s", NAMES[i].instead);
  return now ? g_strdup_printf("is called %s now; `nexuslims config migrate-v1` gives all settings of a file their names of today", now)
             : g_strdup("is no longer used");
}

/* Appends `text` with old names inside ${…} exchanged too. */
static void append_with_references(GString *out, const char *text, gsize length)
{
  for (const char *at = text, *end = text + length; at < end;) {
    gsize name_length = g_str_has_prefix(at, "${") ? strcspn(at + 2, ":}\n") : 0;
    if (name_length == 0 || at + 2 + name_length > end) {
      g_string_append_c(out, *at++);
      continue;
    }
    g_autofree char *name = g_strndup(at + 2, name_length), *new_name = NULL;
    translate(name, &new_name);
    g_string_append_printf(out, "${%s", new_name ? new_name : name);
    at += 2 + name_length;
  }
}

typedef struct {
  const NxDotenv *old;
  NxMigration *result;
  GHashTable *values; /* name → value, as a reader of the new text has them so far */
} Migrating;

static gboolean contains_text(const GPtrArray *texts, const char *text)
{
  return g_ptr_array_find_with_equal_func((GPtrArray *)texts, text, g_str_equal, NULL);
}

/* The statement under `name`; when its value would read differently there (it leaned on a name that is gone) the value itself is written. */
static void append_renamed(Migrating *work, const NxStatement *statement, const char *name)
{
  const char *text = work->old->text;
  GString *out = work->result->text;
  g_autoptr(GString) value = g_string_new(NULL);
  g_autoptr(GString) reference = g_string_new(NULL);
  append_with_references(value, text + statement->value_start, statement->value_end - statement->value_start);
  append_with_references(reference, statement->unexpanded ? statement->unexpanded : "", statement->unexpanded ? strlen(statement->unexpanded) : 0);
  g_autofree char *now = nx_dotenv_expand(reference->str, work->values, NX_DOTENV_FILE_FIRST);
  if (statement->value && strcmp(now, statement->value) != 0) {
    g_autofree char *quoted = nx_dotenv_quote(statement->value);
    g_string_assign(value, quoted);
  }
  gsize key_end = statement->key_start + strlen(statement->key);
  g_string_append_len(out, text + statement->start, (gssize)(statement->key_start - statement->start));
  g_string_append(out, name);
  g_string_append_len(out, text + key_end, (gssize)(statement->value_start - key_end));
  g_string_append_len(out, value->str, (gssize)value->len);
  g_string_append_len(out, text + statement->value_end, (gssize)(statement->end - statement->value_end));
  g_hash_table_replace(work->values, g_strdup(name), g_strdup(statement->value));
}

static void append_gone(Migrating *work, const char *name)
{
  g_string_append_printf(work->result->text, "# %s is no longer used\n", name);
  if (!contains_text(work->result->gone, name))
    g_ptr_array_add(work->result->gone, g_strdup(name));
}

static void append_statement(Migrating *work, const NxStatement *statement)
{
  g_autofree char *new_name = NULL;
  if (!statement->key)
    g_string_append_len(work->result->text, work->old->text + statement->start, (gssize)(statement->end - statement->start));
  else if (!translate(statement->key, &new_name))
    append_renamed(work, statement, statement->key);
  else if (new_name && !g_hash_table_contains(work->old->values, new_name))
    append_renamed(work, statement, new_name);
  else
    append_gone(work, statement->key); /* or its new name is there already, and is what counted */
}

static gboolean is_set(gconstpointer file, const char *name)
{
  const char *value = nx_dotenv_get(file, name);
  return value && *value != '\0';
}

static void find_missing(NxMigration *migration)
{
  g_autoptr(NxDotenv) new_file = nx_dotenv_parse(migration->text->str, migration->text->len, NX_DOTENV_FILE_FIRST);
  for (const NxSetting *row = nx_settings_table; row->name; row++)
    if (!is_set(new_file, row->name) && nx_setting_missing(row, is_set, new_file))
      g_ptr_array_add(migration->missing, g_strdup(row->name));
}

NxMigration *nx_config_migrate(const NxDotenv *old)
{
  NxMigration *migration = g_new0(NxMigration, 1);
  migration->text = g_string_new(NULL);
  migration->gone = g_ptr_array_new_with_free_func(g_free);
  migration->missing = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GHashTable) values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  Migrating work = {old, migration, values};
  gsize copied = 0;
  for (guint i = 0; i < old->statements->len; i++) {
    const NxStatement *statement = g_ptr_array_index(old->statements, i);
    g_string_append_len(migration->text, old->text + copied, (gssize)(statement->start - copied));
    append_statement(&work, statement);
    copied = statement->end;
  }
  g_string_append_len(migration->text, old->text + copied, (gssize)(old->length - copied));
  find_missing(migration);
  return migration;
}

void nx_migration_free(NxMigration *migration)
{
  if (!migration)
    return;
  g_string_free(migration->text, TRUE);
  g_ptr_array_unref(migration->gone);
  g_ptr_array_unref(migration->missing);
  g_free(migration);
}
