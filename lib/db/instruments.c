/* instruments.c — rows of the table instruments as lines, and lines as rows (cli 7.3, database 7.1). */
#include "stages.h"

#include <string.h>

const char *const nx_instrument_columns[] = {
    [NX_INSTRUMENT_PID] = "instrument_pid",
    [NX_INSTRUMENT_API_URL] = "api_url",
    [NX_INSTRUMENT_CALENDAR_URL] = "calendar_url",
    [NX_INSTRUMENT_LOCATION] = "location",
    [NX_INSTRUMENT_DISPLAY_NAME] = "display_name",
    [NX_INSTRUMENT_PROPERTY_TAG] = "property_tag",
    [NX_INSTRUMENT_FILESTORE_PATH] = "filestore_path",
    [NX_INSTRUMENT_HARVESTER] = "harvester",
    [NX_INSTRUMENT_TIMEZONE] = "timezone",
    [NX_INSTRUMENT_COLUMNS] = NULL,
};

static void put_json(gpointer value)
{
  json_object_put(value);
}

char *nx_instrument_column_list(void)
{
  return g_strjoinv(", ", (char **)nx_instrument_columns);
}

gboolean nx_instrument_insert(NxDb *db, const char *const *v, GError **err)
{
  g_autofree char *columns = nx_instrument_column_list();
  g_autofree char *sql = g_strdup_printf("INSERT INTO instruments (%s) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)", columns);
  return nx_db_run(db, err, sql, "sssssssss", v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8]);
}

GPtrArray *nx_instruments_read(NxDb *db, GError **err)
{
  g_autofree char *columns = nx_instrument_column_list();
  g_autofree char *sql = g_strdup_printf("SELECT %s FROM instruments ORDER BY %s", columns, nx_db_insertion_order(db));
  g_autoptr(NxRows) rows = nx_db_select(db, err, sql, NULL);
  if (!rows)
    return NULL;
  g_autoptr(GPtrArray) instruments = g_ptr_array_new_with_free_func(put_json);
  while (nx_rows_next(rows)) {
    json_object *instrument = json_object_new_object();
    for (guint i = 0; nx_instrument_columns[i]; i++)
      nx_json_set(instrument, nx_instrument_columns[i], nx_rows_json(rows, i));
    g_ptr_array_add(instruments, instrument);
  }
  return nx_rows_finish(rows, err) ? g_steal_pointer(&instruments) : NULL;
}

GHashTable *nx_instruments_by_pid(NxDb *db, GError **err)
{
  g_autoptr(GPtrArray) instruments = nx_instruments_read(db, err);
  if (!instruments)
    return NULL;
  GHashTable *by_pid = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, put_json);
  for (guint i = 0; i < instruments->len; i++) {
    const char *pid = json_object_get_string(nx_json_get(instruments->pdata[i], "instrument_pid"));
    if (pid)
      g_hash_table_insert(by_pid, g_strdup(pid), json_object_get(instruments->pdata[i]));
  }
  return by_pid;
}

gboolean nx_instruments_write(NxDb *db, FILE *out, GError **err)
{
  g_autoptr(GPtrArray) instruments = nx_instruments_read(db, err);
  for (guint i = 0; instruments && i < instruments->len; i++) {
    g_autoptr(json_object) line = json_object_new_object();
    nx_json_set_string(line, "kind", "instrument");
    json_object_object_foreach(instruments->pdata[i], key, value) nx_json_set(line, key, json_object_get(value));
    if (!nx_line_write(out, line, err))
      return FALSE;
  }
  return instruments != NULL;
}

gboolean nx_stage_instruments(const char *address, FILE *out, GError **err)
{
  g_autoptr(NxDb) db = nx_stage_open(address, NX_DB_READ, err);
  return db && nx_instruments_write(db, out, err);
}

/* ---------------------------------------------------------------------------------------------------------- import */

typedef struct {
  json_object *line; /* owned */
  guint64 number;
} Given;

typedef struct {
  NxDb *db;
  guint64 number; /* of the line at hand */
  FILE *out;
  gboolean dry_run;
  gboolean harvester_may_be_null;
  guint added, updated, unchanged;
} Import;

static gboolean refuse(const Import *import, GError **err, const char *key, const char *what)
{
  g_set_error(err, NX_ERROR, NX_ERROR_DATA, "line %" G_GUINT64_FORMAT ": '%s' %s", import->number, key, what);
  return FALSE;
}

static gboolean check_harvester(const Import *import, const char *key, const char *name, GError **err)
{
  g_autofree char *advice = nx_harvester_problem(name), *what = g_strconcat("names no harvester: ", advice, NULL);
  return !advice || refuse(import, err, key, what);
}

static gboolean check_value(const Import *import, const char *key, json_object *value, GError **err)
{
  if (!value && g_str_equal(key, "harvester"))
    return TRUE; /* complete_harvester has given it a name where it needs one */
  if (!json_object_is_type(value, json_type_string))
    return refuse(import, err, key, value ? "is not a string" : "is null");
  const char *text = json_object_get_string(value);
  if (strlen(text) != (gsize)json_object_get_string_len(value))
    return refuse(import, err, key, "holds a NUL character");
  if (!*text)
    return refuse(import, err, key, "is empty");
  if (g_str_equal(key, "timezone") && !nx_zone(text, NULL))
    return refuse(import, err, key, "is not the name of a time zone");
  if (g_str_equal(key, "filestore_path") && nx_path_leads_upwards(text))
    return refuse(import, err, key, "leads out of NX_INSTRUMENT_DATA_PATH");
  return !g_str_equal(key, "harvester") || check_harvester(import, key, text, err);
}

/* `known`: the row as it is stored, or NULL. What it holds already is not judged: it may be older than the rules. */
static gboolean check_line(const Import *import, json_object *line, json_object *known, GError **err)
{
  json_object_object_foreach(line, key, value)
  {
    if (g_str_equal(key, "kind")) {
      const char *kind = nx_json_get_string(line, "kind");
      if (g_strcmp0(kind, "instrument") != 0) {
        g_set_error(err, NX_ERROR, NX_ERROR_LINE, "line %" G_GUINT64_FORMAT ": unknown kind '%s' (this stage reads: instrument)",
                    import->number, kind ? kind : "");
        return FALSE;
      }
    } else if (!g_strv_contains(nx_instrument_columns, key))
      return refuse(import, err, key, "is not a column of an instrument");
    else if (known && json_object_equal(value, nx_json_get(known, key)))
      continue;
    else if (!check_value(import, key, value, err))
      return FALSE;
  }
  return TRUE;
}

/* What the row will hold. */
static const char *text_of(json_object *line, json_object *known, const char *key)
{
  const char *text = nx_json_get_string(line, key);
  return text ? text : nx_json_get_string(known, key);
}

static gboolean is_ical(json_object *line, json_object *known)
{
  return g_strcmp0(text_of(line, known, "harvester"), NX_CALENDAR_HARVESTER) == 0;
}

static gboolean check_calendar(const Import *import, json_object *line, json_object *known, GError **err)
{
  const char *url = text_of(line, known, "calendar_url"), *stored = nx_json_get_string(known, "calendar_url");
  gboolean is_new = !is_ical(known, NULL) || g_strcmp0(url, stored) != 0;
  return !url || !is_ical(line, known) || !is_new || nx_calendar_scheme(url) ||
         refuse(import, err, "calendar_url", "must be " NX_CALENDAR_FORMS);
}

/* A calendar has no tool number: an iCalendar instrument without api_url gets one that is its own. */
static void complete_api_url(json_object *line, json_object *known)
{
  const char *api_url = nx_json_get_string(line, "api_url");
  if (!is_ical(line, known) || (api_url && *api_url) || (known && !json_object_object_get_ex(line, "api_url", NULL)))
    return;
  const char *calendar = text_of(line, known, "calendar_url"), *pid = nx_json_get_string(line, "instrument_pid");
  if (!calendar || !pid)
    return;
  g_autofree char *own = g_strdup_printf("%s#%s", calendar, pid);
  nx_json_set_string(line, "api_url", own);
}

/* Null is an old database's word for the first harvester; where the table has no place for it, the name is stored. */
static void complete_harvester(const Import *import, json_object *line)
{
  json_object *harvester = NULL;
  if (!import->harvester_may_be_null && json_object_object_get_ex(line, "harvester", &harvester) && !harvester)
    nx_json_set_string(line, "harvester", nx_harvester_names()[0]);
}

static json_object *find_instrument(NxDb *db, const char *pid, GError **err)
{
  g_autofree char *columns = nx_instrument_column_list();
  g_autofree char *sql = g_strdup_printf("SELECT %s FROM instruments WHERE instrument_pid = $1", columns);
  g_autoptr(NxRows) rows = nx_db_select(db, err, sql, "s", pid);
  json_object *instrument = NULL;
  if (rows && nx_rows_next(rows)) {
    instrument = json_object_new_object();
    for (guint i = 0; nx_instrument_columns[i]; i++)
      nx_json_set(instrument, nx_instrument_columns[i], nx_rows_json(rows, i));
  }
  if (rows && nx_rows_finish(rows, err))
    return instrument;
  json_object_put(instrument);
  return NULL;
}

static gboolean check_api_url_is_free(const Import *import, json_object *line, const char *pid, GError **err)
{
  gint64 others = 0;
  const char *api_url = nx_json_get_string(line, "api_url");
  if (!api_url)
    return TRUE;
  if (!nx_db_number(import->db, &others, err, "SELECT count(*) FROM instruments WHERE api_url = $1 AND instrument_pid <> $2", "ss", api_url,
                    pid))
    return FALSE;
  return others == 0 || refuse(import, err, "api_url", "belongs to another instrument");
}

static gboolean add_row(Import *import, json_object *line, const char *pid, GError **err)
{
  const char *values[NX_INSTRUMENT_COLUMNS];
  for (guint i = 0; i < NX_INSTRUMENT_COLUMNS; i++) {
    if (!json_object_object_get_ex(line, nx_instrument_columns[i], NULL))
      return refuse(import, err, nx_instrument_columns[i], "is missing");
    values[i] = nx_json_get_string(line, nx_instrument_columns[i]);
  }
  if (import->dry_run) {
    g_autofree char *shown = nx_text_visible(pid);
    fprintf(import->out, "add %s\n", shown);
  }
  import->added++;
  return nx_instrument_insert(import->db, values, err);
}

static gboolean update_row(Import *import, json_object *line, json_object *known, const char *pid, GError **err)
{
  g_autoptr(GString) changed = g_string_new(NULL);
  for (guint i = 0; nx_instrument_columns[i]; i++) {
    const char *column = nx_instrument_columns[i];
    json_object *value = NULL;
    if (!json_object_object_get_ex(line, column, &value) || json_object_equal(value, nx_json_get(known, column)))
      continue;
    g_autofree char *sql = g_strdup_printf("UPDATE instruments SET %s = $1 WHERE instrument_pid = $2", column);
    if (!nx_db_run(import->db, err, sql, "ss", value ? json_object_get_string(value) : NULL, pid))
      return FALSE;
    g_string_append_printf(changed, "%s%s", changed->len ? ", " : "", column);
  }
  if (!changed->len) {
    import->unchanged++;
    return TRUE;
  }
  if (import->dry_run) {
    g_autofree char *shown = nx_text_visible(pid);
    fprintf(import->out, "update %s: %s\n", shown, changed->str);
  }
  import->updated++;
  return TRUE;
}

static gboolean import_line(Import *import, json_object *line, GError **err)
{
  const char *pid = nx_json_get_string(line, "instrument_pid");
  if (!pid)
    return refuse(import, err, "instrument_pid", "is missing");
  g_autoptr(GError) error = NULL;
  g_autoptr(json_object) known = find_instrument(import->db, pid, &error);
  if (error) {
    g_propagate_error(err, g_steal_pointer(&error));
    return FALSE;
  }
  complete_harvester(import, line);
  complete_api_url(line, known);
  if (!check_line(import, line, known, err) || !check_calendar(import, line, known, err) || !check_api_url_is_free(import, line, pid, err))
    return FALSE;
  if (known ? update_row(import, line, known, pid, &error) : add_row(import, line, pid, &error))
    return TRUE;
  if (error->code != NX_ERROR_DATA || !g_str_has_prefix(error->message, "line "))
    g_prefix_error(&error, "line %" G_GUINT64_FORMAT ": ", import->number);
  g_propagate_error(err, g_steal_pointer(&error));
  return FALSE;
}

static void release_given(gpointer given)
{
  json_object_put(((Given *)given)->line);
}

/* To the end of the input, before the database is locked: whoever types lines must not keep a build from writing. */
static GArray *read_lines(int in, GError **err)
{
  g_autoptr(NxLines) lines = nx_lines_new(in);
  g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(Given));
  g_array_set_clear_func(all, release_given);
  for (;;) {
    Given given = {0};
    if (!nx_lines_next(lines, NULL, &given.line, err))
      return NULL;
    if (!given.line)
      return g_steal_pointer(&all);
    given.number = nx_lines_number(lines);
    g_array_append_val(all, given);
  }
}

static gboolean import_lines(Import *import, const GArray *lines, GError **err)
{
  for (guint i = 0; i < lines->len; i++) {
    const Given *given = &g_array_index(lines, Given, i);
    import->number = given->number;
    if (!nx_check_interrupted(err) || !import_line(import, given->line, err))
      return FALSE;
  }
  return TRUE;
}

gboolean nx_stage_import_instruments(const char *address, int in, gboolean dry_run, FILE *out, GError **err)
{
  NxColumnFacts harvester = {0};
  g_autoptr(NxDb) db = nx_stage_open(address, NX_DB_WRITE, err);
  g_autoptr(GArray) lines = db ? read_lines(in, err) : NULL;
  if (!lines || !nx_db_enforce_foreign_keys(db, FALSE, err) || !nx_db_has_column(db, "instruments", "harvester", &harvester, err))
    return FALSE;
  Import import = {.db = db, .out = out, .dry_run = dry_run, .harvester_may_be_null = harvester.allows_null};
  g_autoptr(NxDbTransaction) transaction = nx_db_begin(db, err);
  if (!transaction || !import_lines(&import, lines, err) || (!dry_run && !nx_db_commit(&transaction, err)))
    return FALSE;
  fflush(out);
  fprintf(stderr, "%u added, %u updated, %u unchanged\n", import.added, import.updated, import.unchanged);
  return TRUE;
}
