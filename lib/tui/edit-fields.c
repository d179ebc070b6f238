/* edit-fields.c — which settings stand on which tab of `config edit`, and their values (tui §4.1, config §10). */
#include "edit.h"

#include <string.h>

const char *const nx_edit_tabs[] = {"Core Paths", "CDCS", "File Processing", "NEMO Harvesters", "eLabFTW", "LabArchives", "Email", "SSL / Certs", NULL};

typedef struct {
  guint tab;
  int side; /* 1: right column */
  const char *name;
  const char *label; /* NULL: the setting's name */
  const char *group; /* whose switch must be on; or NULL */
  gboolean required; /* by the group */
} Row;

static const Row ROWS[] = {
  {NX_TAB_CORE, 0, "NX_INSTRUMENT_DATA_PATH", NULL, NULL, TRUE},
  {NX_TAB_CORE, 0, "NX_DATA_PATH", NULL, NULL, TRUE},
  {NX_TAB_CORE, 0, "NX_DB_PATH", NULL, NULL, TRUE},
  {NX_TAB_CORE, 1, "NX_LOG_PATH", NULL, NULL, FALSE},
  {NX_TAB_CORE, 1, "NX_RECORDS_PATH", NULL, NULL, FALSE},
  {NX_TAB_CORE, 1, "NX_LOCAL_PROFILES_PATH", NULL, NULL, FALSE},
  {NX_TAB_CORE, 1, "NX_SITE_PATH", NULL, NULL, FALSE},
  {NX_TAB_CDCS, 0, "NX_CDCS_URL", NULL, NULL, TRUE},
  {NX_TAB_CDCS, 1, "NX_CDCS_TOKEN", NULL, NULL, TRUE},
  {NX_TAB_CDCS, 1, "NX_CDCS_USER_OWNED_RECORDS", NULL, NULL, FALSE},
  {NX_TAB_CDCS, 1, "NX_CDCS_ASSIGN_TO_PUBLIC_WORKSPACE", NULL, NULL, FALSE},
  {NX_TAB_FILES, 0, "NX_FILE_STRATEGY", NULL, NULL, FALSE},
  {NX_TAB_FILES, 0, "NX_EXPORT_STRATEGY", NULL, NULL, FALSE},
  {NX_TAB_FILES, 0, "NX_IGNORE_PATTERNS", NULL, NULL, FALSE},
  {NX_TAB_FILES, 1, "NX_FILE_DELAY_DAYS", NULL, NULL, TRUE},
  {NX_TAB_FILES, 1, "NX_CLUSTERING_SENSITIVITY", NULL, NULL, TRUE},
  {NX_TAB_FILES, 1, "NX_CLUSTERING_MIN_DIP", NULL, NULL, FALSE},
  {NX_TAB_ELABFTW, 0, "NX_ELABFTW_URL", NULL, "elabftw", FALSE},
  {NX_TAB_ELABFTW, 0, "NX_ELABFTW_API_KEY", NULL, "elabftw", TRUE},
  {NX_TAB_ELABFTW, 1, "NX_ELABFTW_EXPERIMENT_CATEGORY", NULL, "elabftw", FALSE},
  {NX_TAB_ELABFTW, 1, "NX_ELABFTW_EXPERIMENT_STATUS", NULL, "elabftw", FALSE},
  {NX_TAB_LABARCHIVES, 0, "NX_LABARCHIVES_URL", NULL, "labarchives", FALSE},
  {NX_TAB_LABARCHIVES, 0, "NX_LABARCHIVES_ACCESS_KEY_ID", NULL, "labarchives", TRUE},
  {NX_TAB_LABARCHIVES, 0, "NX_LABARCHIVES_ACCESS_PASSWORD", NULL, "labarchives", TRUE},
  {NX_TAB_LABARCHIVES, 1, "NX_LABARCHIVES_USER_ID", NULL, "labarchives", TRUE},
  {NX_TAB_LABARCHIVES, 1, "NX_LABARCHIVES_NOTEBOOK_ID", NULL, "labarchives", FALSE},
  {NX_TAB_EMAIL, 0, "NX_EMAIL_SMTP_HOST", "SMTP Host", "email", TRUE},
  {NX_TAB_EMAIL, 0, "NX_EMAIL_SMTP_PORT", "SMTP Port", "email", FALSE},
  {NX_TAB_EMAIL, 0, "NX_EMAIL_SMTP_USERNAME", "SMTP Username", "email", FALSE},
  {NX_TAB_EMAIL, 0, "NX_EMAIL_SMTP_PASSWORD", "SMTP Password", "email", FALSE},
  {NX_TAB_EMAIL, 1, "NX_EMAIL_USE_TLS", "Use TLS", "email", FALSE},
  {NX_TAB_EMAIL, 1, "NX_EMAIL_SENDER", "Sender Address", "email", TRUE},
  {NX_TAB_EMAIL, 1, "NX_EMAIL_RECIPIENTS", "Recipients", "email", TRUE},
  {NX_TAB_SSL, 0, "NX_CERT_BUNDLE_FILE", NULL, NULL, FALSE},
  {NX_TAB_SSL, 0, "NX_CERT_BUNDLE", NULL, NULL, FALSE},
  {NX_TAB_SSL, 1, "NX_DISABLE_SSL_VERIFY", NULL, NULL, FALSE},
};

/* An optional group is on at the start when one of two settings has a value (config §10). */
static const struct {
  guint tab;
  const char *name, *label, *first, *second;
} SWITCHES[] = {
  {NX_TAB_ELABFTW, "elabftw", "Enable eLabFTW integration", "NX_ELABFTW_URL", "NX_ELABFTW_API_KEY"},
  {NX_TAB_LABARCHIVES, "labarchives", "Enable LabArchives integration", "NX_LABARCHIVES_URL", "NX_LABARCHIVES_ACCESS_KEY_ID"},
  {NX_TAB_EMAIL, "email", "Enable email notifications", "NX_EMAIL_SMTP_HOST", "NX_EMAIL_SENDER"},
};

static const struct {
  guint tab;
  const char *what;
} TRIALS[] = {{NX_TAB_CDCS, "cdcs"}, {NX_TAB_ELABFTW, "elabftw"}, {NX_TAB_LABARCHIVES, "labarchives"}, {NX_TAB_EMAIL, "mail"}};

static const struct {
  const char *stem, *label;
  int side;
} HARVESTER_ROWS[] = {
  {"NX_NEMO_ADDRESS", "API Address", 0},
  {"NX_NEMO_TOKEN", "API Token", 0},
  {"NX_NEMO_TZ", "Timezone", 0},
  {"NX_NEMO_STRFTIME_FMT", "strftime format", 1},
  {"NX_NEMO_STRPTIME_FMT", "strptime format", 1},
};

static NxFieldKind kind_of(const NxSetting *setting)
{
  if (setting->flags & NX_SETTING_LINES)
    return NX_FIELD_LINES;
  if (setting->flags & NX_SETTING_SECRET)
    return NX_FIELD_SECRET;
  switch (setting->type) {
  case NX_TYPE_BOOL:
  case NX_TYPE_YES:
    return NX_FIELD_SWITCH;
  case NX_TYPE_ENUM:
    return NX_FIELD_CHOICE;
  case NX_TYPE_ZONE:
    return NX_FIELD_ZONE;
  case NX_TYPE_DIRECTORY:
  case NX_TYPE_NEW_DIRECTORY:
    return NX_FIELD_FOLDER;
  case NX_TYPE_FILE:
  case NX_TYPE_DATABASE:
    return NX_FIELD_FILE;
  default:
    return NX_FIELD_TEXT;
  }
}

char *nx_edit_shown(const NxSetting *setting, const char *stored)
{
  if (kind_of(setting) == NX_FIELD_SWITCH)
    return g_strdup(nx_setting_is_on(setting, stored) ? "true" : "false");
  return setting->type == NX_TYPE_LIST ? nx_edit_list_from_json(stored) : g_strdup(stored);
}

/* What the field shows at the start: the value of the file, else the default where one is always written. */
static char *initial_text(const NxEdit *edit, const NxSetting *setting, const char *name)
{
  const char *value = g_hash_table_lookup(edit->present, name);
  gboolean is_switch = kind_of(setting) == NX_FIELD_SWITCH;
  if (!value)
    value = is_switch || setting->type == NX_TYPE_ENUM || (setting->flags & NX_SETTING_ALWAYS_WRITTEN) ? setting->fallback : "";
  return nx_edit_shown(setting, value);
}

static NxField *add_setting(NxEdit *edit, NxForm *form, const NxSetting *setting, const char *name, const char *label, gboolean required)
{
  NxFieldKind kind = kind_of(setting);
  gboolean says_optional = !required && kind != NX_FIELD_SWITCH && kind != NX_FIELD_CHOICE;
  g_autofree char *whole = g_strconcat(label, says_optional ? " (optional)" : "", NULL);
  g_autofree char *text = initial_text(edit, setting, name);
  NxField *field = nx_form_add(form, kind, name, whole, text);
  field->required = required;
  field->help = setting->type == NX_TYPE_LIST ? "File names that are never looked at, parted by commas; [] for none" : setting->summary;
  field->choices = setting->members;
  field->glosses = setting->members ? setting->help : NULL;
  field->input.placeholder = setting->type == NX_TYPE_LIST ? "*.mib, *.db, *.emi, *.hdr" : kind == NX_FIELD_LINES ? "Enter opens a box for its lines" : setting->fallback;
  field->touched = TRUE;
  return field;
}

static void add_last_buttons(NxForm *form)
{
  nx_form_add(form, NX_FIELD_BUTTON, "save", "Save (Ctrl+S)", "");
  nx_form_add(form, NX_FIELD_BUTTON, "cancel", "Cancel (Esc)", "");
}

static void add_switch(NxEdit *edit, guint tab)
{
  for (gsize i = 0; i < G_N_ELEMENTS(SWITCHES); i++) {
    if (SWITCHES[i].tab != tab)
      continue;
    gboolean on = g_hash_table_contains(edit->present, SWITCHES[i].first) || g_hash_table_contains(edit->present, SWITCHES[i].second);
    NxField *field = nx_form_add(&edit->forms[tab], NX_FIELD_SWITCH, SWITCHES[i].name, SWITCHES[i].label, on ? "true" : "false");
    field->help = "Off: the settings below are not written";
  }
}

static void make_form(NxEdit *edit, guint tab)
{
  NxForm *form = &edit->forms[tab];
  add_switch(edit, tab);
  for (gsize i = 0; i < G_N_ELEMENTS(ROWS); i++) {
    const Row *row = &ROWS[i];
    if (row->tab != tab)
      continue;
    NxField *field = add_setting(edit, form, nx_setting_find(row->name, NULL), row->name, row->label ? row->label : row->name, row->required);
    field->side = row->side;
  }
  for (gsize i = 0; i < G_N_ELEMENTS(TRIALS); i++)
    if (TRIALS[i].tab == tab) {
      g_autofree char *name = g_strconcat("test:", TRIALS[i].what, NULL);
      nx_form_add(form, NX_FIELD_BUTTON, name, "Test connection", "");
    }
  if (tab == NX_TAB_LABARCHIVES)
    nx_form_add(form, NX_FIELD_BUTTON, "uid", "Get My UID", "");
  add_last_buttons(form);
}

/* ------------------------------------------------------------------------------------------------------ harvesters */

static gint by_number(gconstpointer a, gconstpointer b)
{
  guint first = *(const guint *)a, second = *(const guint *)b;
  return first < second ? -1 : first > second;
}

/* It counts as not set (config §3). */
static gboolean is_empty(gpointer name, gpointer value, gpointer data)
{
  (void)name;
  (void)data;
  return *(const char *)value == '\0';
}

/* NX_NEMO_TOKEN_01 is of harvester 1, but the programs look for NX_NEMO_TOKEN_1: what stands under that name counts. */
static void drop_leading_zeros(GHashTable *values)
{
  g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(values), (GCompareFunc)strcmp);
  for (GList *name = names; name; name = name->next) {
    guint number = 0;
    const NxSetting *setting = g_str_has_prefix(name->data, "NX_NEMO_") ? nx_setting_find(name->data, &number) : NULL;
    g_autofree char *plain = setting ? g_strdup_printf("%.*s%u", (int)strlen(setting->name) - 1, setting->name, number) : NULL;
    if (plain && !g_hash_table_contains(values, plain))
      g_hash_table_insert(values, g_steal_pointer(&plain), g_strdup(g_hash_table_lookup(values, name->data)));
  }
}

/* The numbers of the harvesters in `values`, ascending. */
static GArray *harvester_numbers(GHashTable *values)
{
  GArray *numbers = g_array_new(FALSE, FALSE, sizeof(guint));
  GHashTableIter iter;
  gpointer name;
  g_hash_table_iter_init(&iter, values);
  while (g_hash_table_iter_next(&iter, &name, NULL)) {
    guint number = G_MAXUINT;
    gboolean known = g_str_has_prefix(name, "NX_NEMO_") && nx_setting_find(name, &number);
    for (guint i = 0; known && i < numbers->len; i++)
      known = g_array_index(numbers, guint, i) != number;
    if (known)
      g_array_append_val(numbers, number);
  }
  g_array_sort(numbers, by_number);
  return numbers;
}

static void add_harvester_fields(NxEdit *edit, guint number)
{
  NxForm *form = &edit->forms[NX_TAB_NEMO];
  g_autofree char *heading = g_strdup_printf("NEMO Harvester #%u", number);
  g_autofree char *heading_name = g_strdup_printf("heading:%u", number);
  nx_form_add(form, NX_FIELD_HEADING, heading_name, heading, "");
  for (gsize i = 0; i < G_N_ELEMENTS(HARVESTER_ROWS); i++) {
    g_autofree char *name = g_strdup_printf("%s_%u", HARVESTER_ROWS[i].stem, number);
    NxField *field = add_setting(edit, form, nx_setting_find(name, NULL), name, HARVESTER_ROWS[i].label, i < 2);
    field->side = HARVESTER_ROWS[i].side;
  }
  g_autofree char *test = g_strdup_printf("test:nemo %u", number), *remove = g_strdup_printf("delete:%u", number);
  g_autofree char *remove_label = g_strdup_printf("Delete #%u", number);
  nx_form_add(form, NX_FIELD_BUTTON, test, "Test connection", "");
  nx_form_add(form, NX_FIELD_BUTTON, remove, remove_label, "");
}

static void make_harvester_form(NxEdit *edit, GArray *numbers)
{
  NxForm *form = &edit->forms[NX_TAB_NEMO];
  for (guint i = 0; i < numbers->len; i++)
    add_harvester_fields(edit, g_array_index(numbers, guint, i));
  nx_form_add(form, NX_FIELD_BUTTON, "add", "+ Add NEMO Harvester", "");
  add_last_buttons(form);
}

static void start_form(NxEdit *edit, guint tab)
{
  NxForm *form = &edit->forms[tab];
  nx_form_init(form);
  form->stacked = TRUE;
  form->check = nx_edit_check;
  form->data = edit;
}

/* The tab again with other harvesters; what was typed into the ones that stay is kept. */
static void remake_harvesters(NxEdit *edit, GArray *numbers)
{
  NxForm old = edit->forms[NX_TAB_NEMO];
  start_form(edit, NX_TAB_NEMO);
  make_harvester_form(edit, numbers);
  for (guint i = 0; i < old.fields->len; i++) {
    const NxField *before = old.fields->pdata[i];
    NxField *now = nx_form_field(&edit->forms[NX_TAB_NEMO], before->name);
    if (now)
      nx_input_set(&now->input, nx_input_value(&before->input));
  }
  nx_form_clear(&old);
  nx_form_check(&edit->forms[NX_TAB_NEMO]);
}

static GArray *numbers_shown(const NxEdit *edit)
{
  GArray *numbers = g_array_new(FALSE, FALSE, sizeof(guint));
  const NxForm *form = &edit->forms[NX_TAB_NEMO];
  for (guint i = 0; i < form->fields->len; i++) {
    const NxField *field = form->fields->pdata[i];
    guint number = field->kind == NX_FIELD_HEADING ? (guint)g_ascii_strtoull(field->name + strlen("heading:"), NULL, 10) : 0;
    if (field->kind == NX_FIELD_HEADING)
      g_array_append_val(numbers, number);
  }
  return numbers;
}

void nx_edit_add_harvester(NxEdit *edit)
{
  g_autoptr(GArray) numbers = numbers_shown(edit);
  guint next = numbers->len ? g_array_index(numbers, guint, numbers->len - 1) + 1 : 1;
  g_array_append_val(numbers, next);
  remake_harvesters(edit, numbers);
  g_autofree char *name = g_strdup_printf("NX_NEMO_ADDRESS_%u", next);
  nx_form_focus(&edit->forms[NX_TAB_NEMO], nx_edit_field(edit, name));
  nx_notice(NX_ROLE_SUCCESS, "Added NEMO Harvester #%u", next);
}

/* A new one of this number begins empty. */
static void forget_harvester(NxEdit *edit, guint number)
{
  for (gsize i = 0; i < G_N_ELEMENTS(HARVESTER_ROWS); i++) {
    g_autofree char *name = g_strdup_printf("%s_%u", HARVESTER_ROWS[i].stem, number);
    g_hash_table_remove(edit->present, name);
  }
}

void nx_edit_remove_harvester(NxEdit *edit, guint number)
{
  forget_harvester(edit, number);
  g_autoptr(GArray) numbers = numbers_shown(edit);
  for (guint i = 0; i < numbers->len; i++)
    if (g_array_index(numbers, guint, i) == number)
      g_array_remove_index(numbers, i--);
  remake_harvesters(edit, numbers);
}

gboolean nx_edit_harvester_is_filled(const NxEdit *edit, guint number)
{
  g_autofree char *address = g_strdup_printf("NX_NEMO_ADDRESS_%u", number), *token = g_strdup_printf("NX_NEMO_TOKEN_%u", number);
  return *nx_edit_text(edit, address) || *nx_edit_text(edit, token);
}

/* ----------------------------------------------------------------------------------------------------------- forms */

void nx_edit_make_forms(NxEdit *edit)
{
  g_hash_table_foreach_remove(edit->present, is_empty, NULL);
  drop_leading_zeros(edit->present);
  for (guint tab = 0; tab < NX_EDIT_TABS; tab++)
    start_form(edit, tab);
  for (guint tab = 0; tab < NX_EDIT_TABS; tab++)
    if (tab != NX_TAB_NEMO)
      make_form(edit, tab);
  g_autoptr(GArray) numbers = harvester_numbers(edit->present);
  make_harvester_form(edit, numbers);
  edit->forms[NX_TAB_NEMO].focus = numbers->len ? 1 : 0;
  nx_edit_follow_switches(edit);
  for (guint tab = 0; tab < NX_EDIT_TABS; tab++)
    nx_form_check(&edit->forms[tab]);
}

NxField *nx_edit_field(const NxEdit *edit, const char *name)
{
  NxField *field = NULL;
  for (guint tab = 0; tab < NX_EDIT_TABS && !field; tab++)
    field = nx_form_field(&edit->forms[tab], name);
  return field;
}

const char *nx_edit_text(const NxEdit *edit, const char *name)
{
  const NxField *field = nx_edit_field(edit, name);
  return field ? nx_input_value(&field->input) : "";
}

gboolean nx_edit_is_on(const NxEdit *edit, const char *group)
{
  return g_str_equal(nx_edit_text(edit, group), "true");
}

void nx_edit_follow_switches(NxEdit *edit)
{
  for (gsize i = 0; i < G_N_ELEMENTS(ROWS); i++)
    if (ROWS[i].group)
      nx_edit_field(edit, ROWS[i].name)->disabled = !nx_edit_is_on(edit, ROWS[i].group);
  for (gsize i = 0; i < G_N_ELEMENTS(SWITCHES); i++) {
    NxForm *form = &edit->forms[SWITCHES[i].tab];
    for (guint j = 0; j < form->fields->len; j++) {
      NxField *field = form->fields->pdata[j];
      if (g_str_has_prefix(field->name, "test:"))
        field->disabled = !nx_edit_is_on(edit, SWITCHES[i].name);
    }
  }
  /* The address has a default. */
  nx_edit_field(edit, "uid")->disabled = !nx_edit_is_on(edit, "labarchives") || !*nx_edit_text(edit, "NX_LABARCHIVES_ACCESS_KEY_ID") ||
                                         !*nx_edit_text(edit, "NX_LABARCHIVES_ACCESS_PASSWORD");
}

char *nx_edit_snapshot(const NxEdit *edit)
{
  GString *all = g_string_new(NULL);
  for (guint tab = 0; tab < NX_EDIT_TABS; tab++)
    for (guint i = 0; i < edit->forms[tab].fields->len; i++) {
      const NxField *field = edit->forms[tab].fields->pdata[i];
      if (field->kind != NX_FIELD_BUTTON)
        g_string_append_printf(all, "%s=%s\n", field->name, nx_input_value(&field->input));
    }
  return g_string_free(all, FALSE);
}
