/* instrument-form.c — the fields of an instrument and what may stand in them (tui §2.3). */
#include "instrument-form.h"

#include "nx-config.h"
#include "rules.h"

#include <string.h>

typedef struct {
  const char *label, *example, *help;
  NxFieldKind kind;
  guint longest; /* characters, 0: no bound */
} Row;

static const Row ROWS[NX_INSTRUMENT_COLUMNS] = {
  [NX_INSTRUMENT_PID] = {"Instrument PID", "FEI-Quanta-650-FEG-123456", "The lasting identifier; it cannot be changed later", NX_FIELD_TEXT, 100},
  [NX_INSTRUMENT_API_URL] = {"API URL", "https://nemo.example.com/api/tools/?id=42", "The tool in NEMO: .../api/tools/?id=NUMBER", NX_FIELD_TEXT, 0},
  [NX_INSTRUMENT_CALENDAR_URL] = {"Calendar URL", "https://nemo.example.com/calendar/", "Where people reserve; of ical: the calendar itself",
                                  NX_FIELD_TEXT, 0},
  [NX_INSTRUMENT_LOCATION] = {"Location", "Building 223 Room 101", "Building and room", NX_FIELD_TEXT, 100},
  [NX_INSTRUMENT_DISPLAY_NAME] = {"Display Name", "Quanta 650 FEG SEM", "As it is shown in records", NX_FIELD_TEXT, 0},
  [NX_INSTRUMENT_PROPERTY_TAG] = {"Property Tag", "123456", "Inventory number", NX_FIELD_TEXT, 20},
  [NX_INSTRUMENT_FILESTORE_PATH] = {"Filestore Path", "./Quanta_650_FEG", "Folder of its files below NX_INSTRUMENT_DATA_PATH", NX_FIELD_TEXT, 0},
  [NX_INSTRUMENT_HARVESTER] = {"Harvester", NULL, "Reservation system; Space or Enter changes it", NX_FIELD_CHOICE, 0},
  [NX_INSTRUMENT_TIMEZONE] = {"Timezone", "America/New_York", "Right arrow accepts the suggestion, F3 searches the list", NX_FIELD_ZONE, 0},
};

const char *nx_instrument_label(guint column)
{
  static const char *const SHORT[NX_INSTRUMENT_COLUMNS] = {[NX_INSTRUMENT_PID] = "PID"};
  return SHORT[column] ? SHORT[column] : ROWS[column].label;
}

/* ------------------------------------------------------------------------------------------- what the checks look at */

void nx_instrument_checks_init(NxInstrumentChecks *checks, GPtrArray *instruments, const NxInstrument *before)
{
  static const char *const NEEDED[] = {"NX_NEMO_ADDRESS_N", NULL};
  *checks = (NxInstrumentChecks){.instruments = instruments, .before = before};
  checks->data_root = nx_settings_folder("NX_INSTRUMENT_DATA_PATH", NULL);
  checks->nemo_addresses = g_ptr_array_new_with_free_func(g_free);
  checks->harvesters = nx_harvester_list();
  g_autoptr(NxSettings) settings = nx_settings_load(NEEDED, NULL);
  for (guint i = 0; settings && i < settings->nemo->len; i++)
    g_ptr_array_add(checks->nemo_addresses, g_strdup(((const NxNemoSettings *)settings->nemo->pdata[i])->address));
}

void nx_instrument_checks_clear(NxInstrumentChecks *checks)
{
  g_free(checks->data_root);
  g_ptr_array_unref(checks->nemo_addresses);
  g_strfreev(checks->harvesters);
}

/* ----------------------------------------------------------------------------------------------------------- checks */

static gboolean is_ical(const NxForm *form)
{
  return g_str_equal(nx_form_text(form, "harvester"), NX_CALENDAR_HARVESTER);
}

/* The pid of another instrument with this value; borrowed, or NULL. */
static const char *find_other(const NxInstrumentChecks *checks, guint column, const char *value)
{
  for (guint i = 0; i < checks->instruments->len; i++) {
    const NxInstrument *other = checks->instruments->pdata[i];
    gboolean itself = checks->before && g_strcmp0(other->values[NX_INSTRUMENT_PID], checks->before->values[NX_INSTRUMENT_PID]) == 0;
    if (!itself && g_strcmp0(other->values[column], value) == 0)
      return other->values[NX_INSTRUMENT_PID];
  }
  return NULL;
}

static char *check_pid(NxForm *form, const char *text)
{
  const NxInstrumentChecks *checks = form->data;
  return find_other(checks, NX_INSTRUMENT_PID, text) ? g_strdup("Instrument PID already exists") : NULL;
}

static char *check_api_url(NxForm *form, const char *text)
{
  if (!*text && is_ical(form))
    return NULL;
  /* The URL of an iCalendar instrument may be its calendar's, of any scheme, with #PID. */
  char *problem = is_ical(form) ? NULL : nx_rule_url("API URL", text);
  const char *other = problem ? NULL : find_other(form->data, NX_INSTRUMENT_API_URL, text);
  return other ? g_strdup_printf("API URL already used by %s", other) : problem;
}

static char *check_calendar_url(NxForm *form, const char *text)
{
  if (!is_ical(form))
    return nx_rule_url("Calendar URL", text);
  return nx_calendar_scheme(text) ? NULL : g_strdup("Calendar URL must be " NX_CALENDAR_FORMS);
}

static char *check_filestore(NxForm *form, const char *text)
{
  (void)form;
  return nx_rule_filestore("Filestore Path", text);
}

/* Owned, or NULL: it is there. */
static char *missing_harvester(const NxForm *form, const char *text)
{
  const NxInstrumentChecks *checks = form->data;
  gboolean is_there = g_strv_contains((const char *const *)checks->harvesters, text);
  return is_there ? NULL : g_strdup_printf("There is no harvester '%s' here", text);
}

/* What the row holds already is not judged: the plug-in may be on the path of the account that harvests. */
static gboolean has_harvester(const NxInstrument *before, const char *text)
{
  return before && g_strcmp0(before->values[NX_INSTRUMENT_HARVESTER], text) == 0;
}

static char *check_harvester(NxForm *form, const char *text)
{
  const NxInstrumentChecks *checks = form->data;
  return has_harvester(checks->before, text) ? NULL : missing_harvester(form, text);
}

static char *check_zone(NxForm *form, const char *text)
{
  (void)form;
  return nx_rule_instrument_zone(text);
}

static char *(*const SPECIAL[NX_INSTRUMENT_COLUMNS])(NxForm *form, const char *text) = {
  [NX_INSTRUMENT_PID] = check_pid,
  [NX_INSTRUMENT_API_URL] = check_api_url,
  [NX_INSTRUMENT_CALENDAR_URL] = check_calendar_url,
  [NX_INSTRUMENT_FILESTORE_PATH] = check_filestore,
  [NX_INSTRUMENT_HARVESTER] = check_harvester,
  [NX_INSTRUMENT_TIMEZONE] = check_zone,
};

static char *api_url_warning(const NxForm *form, const char *text)
{
  const NxInstrumentChecks *checks = form->data;
  const char *id = strstr(text, "id=");
  if (is_ical(form) || !*text)
    return NULL;
  if (!id || !g_ascii_isdigit(id[3]))
    return g_strdup("NEMO needs the number of the tool: .../api/tools/?id=42");
  for (guint i = 0; i < checks->nemo_addresses->len; i++)
    if (g_str_has_prefix(text, checks->nemo_addresses->pdata[i]))
      return NULL;
  return checks->nemo_addresses->len ? g_strdup("It begins with no configured NX_NEMO_ADDRESS_N") : NULL;
}

static char *filestore_warning(const NxForm *form, const char *text)
{
  const NxInstrumentChecks *checks = form->data;
  if (!checks->data_root || !*text)
    return NULL;
  g_autofree char *path = nx_path_join(checks->data_root, text);
  return g_file_test(path, G_FILE_TEST_IS_DIR) ? NULL : g_strdup_printf("There is no folder %s yet", path);
}

static void check(NxForm *form, NxField *field, gpointer data)
{
  (void)data;
  guint column = 0;
  while (column < NX_INSTRUMENT_COLUMNS && !g_str_equal(nx_instrument_columns[column], field->name))
    column++;
  if (column == NX_INSTRUMENT_COLUMNS || field->kind == NX_FIELD_FIXED)
    return;
  g_autofree char *text = g_strstrip(g_strdup(field->input.text->str)); /* as it will be stored */
  const char *label = ROWS[column].label;
  gboolean may_be_empty = column == NX_INSTRUMENT_API_URL && is_ical(form);
  field->error = may_be_empty ? NULL : nx_rule_required(label, text);
  if (!field->error && ROWS[column].longest)
    field->error = nx_rule_length(label, text, ROWS[column].longest);
  if (!field->error && SPECIAL[column])
    field->error = SPECIAL[column](form, text);
  if (column == NX_INSTRUMENT_API_URL)
    field->warning = api_url_warning(form, text);
  if (column == NX_INSTRUMENT_FILESTORE_PATH)
    field->warning = filestore_warning(form, text);
  if (column == NX_INSTRUMENT_HARVESTER && !field->error)
    field->warning = missing_harvester(form, text);
}

/* ------------------------------------------------------------------------------------------------------------- form */

static const char *initial(const NxInstrument *before, guint column)
{
  if (before && before->values[column])
    return before->values[column];
  if (column == NX_INSTRUMENT_HARVESTER)
    return nx_harvester_names()[0];
  return column == NX_INSTRUMENT_TIMEZONE && !before ? "America/New_York" : "";
}

void nx_instrument_form_make(NxForm *form, NxInstrumentChecks *checks)
{
  nx_form_init(form);
  form->check = check;
  form->data = checks;
  for (guint i = 0; i < NX_INSTRUMENT_COLUMNS; i++) {
    NxFieldKind kind = i == NX_INSTRUMENT_PID && checks->before ? NX_FIELD_FIXED : ROWS[i].kind;
    NxField *field = nx_form_add(form, kind, nx_instrument_columns[i], ROWS[i].label, initial(checks->before, i));
    field->required = TRUE;
    field->help = kind == NX_FIELD_FIXED ? NULL : ROWS[i].help;
    field->input.placeholder = ROWS[i].example;
    field->choices = (const char *const *)checks->harvesters;
    field->touched = checks->before != NULL;
  }
  form->focus = checks->before ? 1 : 0;
  nx_form_check(form);
}

NxInstrument *nx_instrument_form_read(const NxForm *form, const NxInstrument *before)
{
  NxInstrument *instrument = g_new0(NxInstrument, 1);
  for (guint i = 0; i < NX_INSTRUMENT_COLUMNS; i++) {
    const char *text = nx_form_text(form, nx_instrument_columns[i]);
    gboolean is_kept = before && g_str_equal(text, initial(before, i));
    instrument->values[i] = is_kept ? g_strdup(before->values[i]) : g_strstrip(g_strdup(text));
  }
  char **api_url = &instrument->values[NX_INSTRUMENT_API_URL];
  if (*api_url && !**api_url) {
    g_free(*api_url);
    *api_url = g_strdup_printf("%s#%s", instrument->values[NX_INSTRUMENT_CALENDAR_URL], instrument->values[NX_INSTRUMENT_PID]);
  }
  return instrument;
}

void nx_instrument_form_fill(NxForm *form, const NxInstrument *instrument)
{
  for (guint i = 0; i < NX_INSTRUMENT_COLUMNS; i++)
    nx_input_set(&nx_form_field(form, nx_instrument_columns[i])->input, initial(instrument, i));
  nx_form_check(form);
}
