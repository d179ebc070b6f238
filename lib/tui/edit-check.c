/* edit-check.c — what may stand in the fields of `config edit` (tui §4.4). What would keep the programs from starting is an error; a folder that
 * is not there yet is a warning. */
#include "edit.h"

#include "rules.h"

#include <string.h>

static char *check_core(const NxEdit *edit, const char *text, const char *label)
{
  (void)edit;
  return nx_rule_required(label, text);
}

/* CDCS may be left out, both settings together, when records go elsewhere (DECISIONS 32). */
static gboolean has_other_destination(const NxEdit *edit)
{
  return *nx_edit_text(edit, "NX_SITE_PATH") || nx_edit_is_on(edit, "elabftw") || nx_edit_is_on(edit, "labarchives");
}

static gboolean is_without_cdcs(const NxEdit *edit)
{
  return has_other_destination(edit) && !*nx_edit_text(edit, "NX_CDCS_URL") && !*nx_edit_text(edit, "NX_CDCS_TOKEN");
}

static char *check_cdcs_url(const NxEdit *edit, const char *text, const char *label)
{
  return is_without_cdcs(edit) ? NULL : nx_rule_url(label, text);
}

static char *check_cdcs_token(const NxEdit *edit, const char *text, const char *label)
{
  return is_without_cdcs(edit) ? NULL : nx_rule_required(label, text);
}

static char *check_delay(const NxEdit *edit, const char *text, const char *label)
{
  (void)edit;
  return nx_rule_number(label, text, NX_ABOVE_ZERO);
}

static char *check_sensitivity(const NxEdit *edit, const char *text, const char *label)
{
  (void)edit;
  return nx_rule_number(label, text, NX_ZERO_OR_MORE);
}

static char *check_optional_url(const NxEdit *edit, const char *text, const char *label)
{
  (void)edit;
  return *text ? nx_rule_url(label, text) : NULL;
}

static char *check_integer(const NxEdit *edit, const char *text, const char *label)
{
  (void)edit;
  return nx_rule_integer(label, text);
}

static char *check_port(const NxEdit *edit, const char *text, const char *label)
{
  (void)edit;
  (void)label;
  return nx_rule_port(text);
}

/* `label` is the name in a message. */
static const struct {
  const char *name, *label;
  char *(*check)(const NxEdit *edit, const char *text, const char *label);
} CHECKS[] = {
  {"NX_INSTRUMENT_DATA_PATH", NULL, check_core},
  {"NX_DATA_PATH", NULL, check_core},
  {"NX_DB_PATH", NULL, check_core},
  {"NX_CDCS_URL", NULL, check_cdcs_url},
  {"NX_CDCS_TOKEN", NULL, check_cdcs_token},
  {"NX_FILE_DELAY_DAYS", NULL, check_delay},
  {"NX_CLUSTERING_SENSITIVITY", NULL, check_sensitivity},
  {"NX_ELABFTW_URL", NULL, check_optional_url},
  {"NX_ELABFTW_API_KEY", NULL, check_core},
  {"NX_ELABFTW_EXPERIMENT_CATEGORY", NULL, check_integer},
  {"NX_ELABFTW_EXPERIMENT_STATUS", NULL, check_integer},
  {"NX_LABARCHIVES_URL", NULL, check_optional_url},
  {"NX_LABARCHIVES_ACCESS_KEY_ID", NULL, check_core},
  {"NX_LABARCHIVES_ACCESS_PASSWORD", NULL, check_core},
  {"NX_LABARCHIVES_USER_ID", NULL, check_core},
  {"NX_EMAIL_SMTP_HOST", "SMTP Host", check_core},
  {"NX_EMAIL_SMTP_PORT", "SMTP Port", check_port},
  {"NX_EMAIL_SENDER", "Email Sender", check_core},
  {"NX_EMAIL_RECIPIENTS", "Email Recipients", check_core},
};

static char *check_harvester(const char *name, guint number, const char *text)
{
  if (g_str_has_prefix(name, "NX_NEMO_ADDRESS_"))
    return nx_rule_nemo_address(text);
  if (g_str_has_prefix(name, "NX_NEMO_TZ_"))
    return nx_rule_setting_zone(text);
  if (!g_str_has_prefix(name, "NX_NEMO_TOKEN_"))
    return NULL;
  g_autofree char *label = g_strdup_printf("Harvester #%u API Token", number);
  return nx_rule_required(label, text);
}

static gboolean is_place(const NxSetting *setting)
{
  return setting->type == NX_TYPE_DIRECTORY || setting->type == NX_TYPE_NEW_DIRECTORY || setting->type == NX_TYPE_FILE || setting->type == NX_TYPE_DATABASE;
}

/* What the reader of the settings would say. */
static void check_as_the_programs_do(NxField *field, const NxSetting *setting)
{
  const char *text = nx_input_value(&field->input);
  g_autofree char *value = setting->type == NX_TYPE_LIST ? nx_edit_list_to_json(text) : g_strdup(text);
  g_autofree char *problem = value ? nx_setting_problem(setting, value) : NULL;
  if (!problem)
    return;
  g_autofree char *whole = g_strdup_printf("%s %s", field->name, problem);
  char *sentence = nx_text_utf8(whole, -1);
  if (is_place(setting))
    field->warning = sentence;
  else
    field->error = sentence;
}

/* A value as it is typed may come back as another, and no quotes prevent it (config §9). */
static void warn_about_variable(NxField *field)
{
  if (field->error || !strstr(field->input.text->str, "${"))
    return;
  g_free(field->warning);
  field->warning = g_strdup("Holds ${: a variable takes its place whenever the file is read, and nothing prevents it");
}

void nx_edit_check(NxForm *form, NxField *field, gpointer data)
{
  (void)form;
  const NxEdit *edit = data;
  guint number = 0;
  const NxSetting *setting = nx_setting_find(field->name, &number);
  const char *text = field->input.text->str;
  if (!setting)
    return;
  if (g_str_has_prefix(field->name, "NX_NEMO_"))
    field->error = check_harvester(field->name, number, text);
  for (gsize i = 0; i < G_N_ELEMENTS(CHECKS); i++)
    if (g_str_equal(CHECKS[i].name, field->name))
      field->error = CHECKS[i].check(edit, text, CHECKS[i].label ? CHECKS[i].label : field->name);
  if (!field->error && *text)
    check_as_the_programs_do(field, setting);
  warn_about_variable(field);
  if (g_str_equal(field->name, "NX_DISABLE_SSL_VERIFY") && g_str_equal(text, "true"))
    field->warning = g_strdup("Insecure: for tests on one machine only");
}

/* Away from its field, an error of a harvester says whose it is. */
static char *sentence_about(const NxField *field)
{
  static const char *const NAMED[][2] = {{"NX_NEMO_ADDRESS_", "API Address"}, {"NX_NEMO_TZ_", "Timezone"}};
  guint number = 0;
  for (gsize i = 0; i < G_N_ELEMENTS(NAMED); i++)
    if (g_str_has_prefix(field->name, NAMED[i][0]) && nx_setting_find(field->name, &number))
      return g_strdup_printf("Harvester #%u %s: %s", number, NAMED[i][1], field->error);
  return g_strdup(field->error);
}

GPtrArray *nx_edit_problems(NxEdit *edit, NxField **first, guint *tab)
{
  GPtrArray *problems = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < NX_EDIT_TABS; i++) {
    nx_form_check(&edit->forms[i]);
    for (guint j = 0; j < edit->forms[i].fields->len; j++) {
      NxField *field = edit->forms[i].fields->pdata[j];
      if (!field->error)
        continue;
      if (!problems->len) {
        *first = field;
        *tab = i;
      }
      g_ptr_array_add(problems, sentence_about(field));
    }
  }
  return problems;
}
