/* settings.c — reads the settings table from its sources (precedence: config 1; what is required: config 4). */
#include "loading.h"
#include "migrate.h"

#include <string.h>

#include "values.h"

typedef struct {
  const NxSources *sources;
  const char *const *needed;
  NxSettings *settings;
  GPtrArray *problems;
} Loading;

/* ------------------------------------------------------------------------------------------------------------ one row */

static void hide_secret(const NxSetting *row, const char *text)
{
  if (row->flags & NX_SETTING_SECRET)
    nx_log_hide(text);
}

/* The password of a database address is a secret inside a value that is none; as it stands there, and decoded. */
static void hide_database_password(const char *address)
{
  const char *authority = strstr(address, "://");
  const char *at = authority ? g_strrstr_len(authority + 3, (gssize)strcspn(authority + 3, "/"), "@") : NULL;
  const char *colon = at ? memchr(authority + 3, ':', (gsize)(at - authority - 3)) : NULL;
  if (!colon)
    return;
  g_autofree char *password = g_strndup(colon + 1, (gsize)(at - colon - 1)), *decoded = nx_text_percent_decode(password);
  nx_log_hide(password);
  if (decoded)
    nx_log_hide(decoded);
}

/* Reads `text` into the row's member and into `dumped`. */
static gboolean accept(const NxSetting *row, const char *name, const char *text, gpointer into, json_object *dumped, GPtrArray *problems)
{
  json_object *value = NULL;
  g_autofree char *words = NULL;
  if (!nx_value_read(row, text, &value, &words)) {
    nx_problems_add(problems, row, name, words, text);
    return FALSE;
  }
  nx_value_store(row, text, value, into);
  nx_json_set(dumped, row->key ? row->key : row->name, value);
  return TRUE;
}

gboolean nx_settings_read_row(const NxSetting *row, const char *name, const NxSources *sources, gpointer into, json_object *dumped,
                              GPtrArray *problems)
{
  const char *text = nx_sources_get(sources, name);
  if (text)
    hide_secret(row, text);
  if (!text)
    text = row->fallback;
  if (text)
    return accept(row, name, text, into, dumped, problems);
  nx_json_set(dumped, row->key, NULL);
  return TRUE;
}

/* ----------------------------------------------------------------------------------------------------- what is required */

static gboolean is_needed(const char *const *needed, const char *name)
{
  return !needed || g_strv_contains(needed, name);
}

static gboolean all_set(NxIsSet is_set, gconstpointer from, const char *const *names)
{
  for (; *names; names++)
    if (!is_set(from, *names))
      return FALSE;
  return TRUE;
}

static gboolean any_set(NxIsSet is_set, gconstpointer from, const char *const *names)
{
  for (; *names; names++)
    if (is_set(from, *names))
      return TRUE;
  return FALSE;
}

#define NOT_SET "is not set"

/* Destinations that may be off, by the settings that turn them on together. */
static const struct {
  const char *const names[4];
  const char *lacking; /* words for one that is not set while another is */
} TOGETHER[] = {
  {{"NX_SITE_PATH"}, NULL},
  {{"NX_ELABFTW_API_KEY", "NX_ELABFTW_URL"}, NOT_SET "; eLabFTW needs both NX_ELABFTW_API_KEY and NX_ELABFTW_URL"},
  {{"NX_LABARCHIVES_ACCESS_KEY_ID", "NX_LABARCHIVES_ACCESS_PASSWORD", "NX_LABARCHIVES_USER_ID"},
   NOT_SET "; LabArchives needs NX_LABARCHIVES_ACCESS_KEY_ID, NX_LABARCHIVES_ACCESS_PASSWORD and NX_LABARCHIVES_USER_ID"},
};

const char *nx_setting_lacking(const char *name, NxIsSet is_set, gconstpointer from)
{
  for (gsize i = 0; i < G_N_ELEMENTS(TOGETHER); i++)
    if (g_strv_contains(TOGETHER[i].names, name))
      return !is_set(from, name) && any_set(is_set, from, TOGETHER[i].names) ? TOGETHER[i].lacking : NULL;
  return NULL;
}

static gboolean is_dumped(gconstpointer settings, const char *name)
{
  const char *value = nx_json_get_string(((const NxSettings *)settings)->dumped, name);
  return value && *value;
}

char *nx_settings_lacking(const NxSettings *settings)
{
  g_autoptr(GString) lacking = g_string_new(NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(TOGETHER); i++) {
    const char *words = NULL;
    for (const char *const *name = TOGETHER[i].names; *name; name++) {
      const char *own = nx_setting_lacking(*name, is_dumped, settings);
      if (own)
        g_string_append_printf(lacking, "%s%s " NOT_SET, words ? ", " : lacking->len ? "; " : "", *name);
      words = own ? own : words;
    }
    g_string_append(lacking, words ? words + strlen(NOT_SET) : "");
  }
  return lacking->len ? g_string_free(g_steal_pointer(&lacking), FALSE) : NULL;
}

static gboolean other_destination_is_configured(NxIsSet is_set, gconstpointer from)
{
  for (gsize i = 0; i < G_N_ELEMENTS(TOGETHER); i++)
    if (all_set(is_set, from, TOGETHER[i].names))
      return TRUE;
  g_auto(GStrv) plugins = nx_program_list("nx-export-");
  return *plugins != NULL;
}

const char *nx_setting_missing(const NxSetting *row, NxIsSet is_set, gconstpointer from)
{
  if (row->flags & NX_SETTING_REQUIRED)
    return "is required and not set";
  if (!(row->flags & NX_SETTING_CDCS))
    return NULL;
  if (is_set(from, "NX_CDCS_TOKEN") || is_set(from, "NX_CDCS_URL"))
    return "is not set; CDCS needs both NX_CDCS_TOKEN and NX_CDCS_URL";
  return other_destination_is_configured(is_set, from) ? NULL : "is required and not set (unless NX_SITE_PATH, eLabFTW or LabArchives is)";
}

gboolean nx_is_in_sources(gconstpointer sources, const char *name)
{
  return nx_sources_get(sources, name) != NULL;
}

static void report_missing(const Loading *work, const NxSetting *row)
{
  const char *words = nx_setting_missing(row, nx_is_in_sources, work->sources), *old = nx_setting_old_name(row->name);
  g_autofree char *on_old = NULL;
  if (words && old && nx_sources_get(work->sources, old))
    on_old = g_strdup_printf("%s; it is by its old name, %s: run `nexuslims config migrate-v1` on the file", words, old);
  if (words)
    nx_problems_add(work->problems, row, row->name, on_old ? on_old : words, NULL);
}

/* ---------------------------------------------------------------------------------------------------------- whole table */

static void load_row(const Loading *work, const NxSetting *row)
{
  const char *text = nx_sources_get(work->sources, row->name);
  gboolean needed = is_needed(work->needed, row->name);
  json_object *dumped = work->settings->dumped;
  if (!(row->flags & NX_SETTING_WHEN_SET))
    nx_json_set(dumped, row->name, NULL); /* its place in the order, whatever comes */
  if (text) {
    g_autoptr(GPtrArray) unwanted = nx_problems_new();
    hide_secret(row, text);
    if (row->type == NX_TYPE_DATABASE)
      hide_database_password(text);
    if (accept(row, row->name, text, work->settings, dumped, needed ? work->problems : unwanted))
      return;
  } else if (needed) {
    report_missing(work, row);
  }
  g_autoptr(json_object) unseen = json_object_new_object();
  if (row->fallback)
    accept(row, row->name, row->fallback, work->settings, row->flags & NX_SETTING_WHEN_SET ? unseen : dumped, work->problems);
}

/* Two-character \n and real line ends both divide the lines; the last one is closed too. */
static void unfold_certificates(NxSettings *settings)
{
  if (!settings->cert_bundle)
    return;
  g_auto(GStrv) lines = g_strsplit(settings->cert_bundle, "\\n", -1);
  g_free(settings->cert_bundle);
  g_autofree char *joined = g_strjoinv("\n", lines);
  settings->cert_bundle = g_strconcat(joined, g_str_has_suffix(joined, "\n") ? NULL : "\n", NULL);
}

static void derive_paths(NxSettings *settings)
{
  if (!settings->log_path && settings->data_path)
    settings->log_path = nx_path_join(settings->data_path, "logs");
  if (!settings->records_path && settings->data_path)
    settings->records_path = nx_path_join(settings->data_path, "records");
}

NxSettings *nx_settings_read(const NxSources *sources, const char *const *needed, GPtrArray *problems, GPtrArray *mail_problems)
{
  NxSettings *settings = g_new0(NxSettings, 1);
  settings->dumped = json_object_new_object();
  Loading work = {sources, needed, settings, problems};
  for (const NxSetting *row = nx_settings_table; row->name; row++)
    load_row(&work, row);
  unfold_certificates(settings);
  derive_paths(settings);
  g_autoptr(GPtrArray) unwanted = nx_problems_new();
  nx_harvesters_read(sources, settings, is_needed(needed, "NX_NEMO_ADDRESS_N") ? problems : unwanted);
  nx_email_read(sources, settings, mail_problems);
  return settings;
}

static void log_problems(const GPtrArray *problems, const char *consequence)
{
  for (guint i = 0; i < problems->len; i++) {
    const NxProblem *problem = g_ptr_array_index(problems, i);
    nx_log(problem->warning ? NX_LOG_WARNING : NX_LOG_ERROR, "%s: %s%s", problem->name, problem->text, consequence);
  }
}

NxSettings *nx_settings_load(const char *const *needed, GError **err)
{
  g_autoptr(NxSources) sources = nx_sources_read(NX_DOTENV_FILE_FIRST, err);
  if (!sources)
    return NULL;
  g_autoptr(GPtrArray) problems = nx_problems_new();
  g_autoptr(GPtrArray) mail_problems = nx_problems_new();
  g_autoptr(NxSettings) settings = nx_settings_read(sources, needed, problems, mail_problems);
  if (nx_problems_have_error(problems)) {
    g_autofree char *report = nx_problems_report(problems);
    g_set_error_literal(err, NX_ERROR, NX_ERROR_CONFIG, report);
    return NULL;
  }
  log_problems(problems, "");
  if (is_needed(needed, "NX_EMAIL_SMTP_HOST"))
    log_problems(mail_problems, "; mail is off");
  return g_steal_pointer(&settings);
}

char *nx_settings_text(const char *name, GError **err)
{
  g_autoptr(NxSources) sources = nx_sources_read(NX_DOTENV_ENVIRONMENT_FIRST, err);
  if (!sources)
    return NULL;
  const NxSetting *row = nx_setting_find(name, NULL);
  const char *text = nx_sources_get(sources, name);
  if (text && row)
    hide_secret(row, text);
  if (text && row && row->type == NX_TYPE_DATABASE)
    hide_database_password(text);
  return g_strdup(text);
}

char *nx_settings_folder(const char *name, GError **err)
{
  g_autoptr(NxSources) sources = nx_sources_read(NX_DOTENV_FILE_FIRST, err);
  const char *text = sources ? nx_sources_get(sources, name) : NULL;
  return text ? nx_path_absolute(text) : NULL;
}

gboolean nx_settings_take_roots(NxSettings *settings, GError **err)
{
  const struct {
    const char *name;
    char **root;
  } ROOTS[] = {{"NX_INSTRUMENT_DATA_PATH", &settings->instrument_data_path}, {"NX_DATA_PATH", &settings->data_path}};
  for (gsize i = 0; i < G_N_ELEMENTS(ROOTS); i++) {
    g_autoptr(GError) problem = NULL;
    if (!*ROOTS[i].root)
      *ROOTS[i].root = nx_settings_folder(ROOTS[i].name, &problem);
    if (problem) {
      g_propagate_error(err, g_steal_pointer(&problem));
      return FALSE;
    }
  }
  return TRUE;
}

/* Frees what a row's member holds. */
static void free_member(const NxSetting *row, gpointer from)
{
  gpointer member = G_STRUCT_MEMBER_P(from, row->offset);
  switch (row->type) {
  case NX_TYPE_LIST:
  case NX_TYPE_EMAIL_LIST:
    g_strfreev(*(char ***)member);
    break;
  case NX_TYPE_ENUM:
  case NX_TYPE_BOOL:
  case NX_TYPE_YES:
  case NX_TYPE_INT:
  case NX_TYPE_PORT:
  case NX_TYPE_FLOAT:
    break;
  default:
    g_free(*(char **)member);
  }
}

static void free_members(const NxSetting *table, gpointer from)
{
  for (; table->name; table++)
    free_member(table, from);
}

void nx_nemo_settings_free(NxNemoSettings *nemo)
{
  free_members(nx_nemo_table, nemo);
  g_free(nemo);
}

void nx_email_settings_free(NxEmailSettings *email)
{
  if (!email)
    return;
  free_members(nx_email_table, email);
  g_free(email);
}

void nx_settings_free(NxSettings *settings)
{
  if (!settings)
    return;
  free_members(nx_settings_table, settings);
  g_clear_pointer(&settings->nemo, g_ptr_array_unref);
  nx_email_settings_free(settings->email);
  json_object_put(settings->dumped);
  g_free(settings);
}
