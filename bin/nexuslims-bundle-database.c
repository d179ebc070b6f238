/* nexuslims-bundle-database.c — what other programs of ours know: preflight, formats, destinations, and the database, which only nx-db opens.
 * Source: cli §10. */
#include "nexuslims-bundle.h"
#include "nexuslims-bundle-sessions.h"

#include <string.h>
#include <sys/stat.h>

/* ------------------------------------------------------------------------------------------------------------- csv */

/* RFC 4180: quoted when it holds a comma, a quote or a line end. */
static void append_field(GString *csv, json_object *value)
{
  g_autofree char *text = bundle_without_secrets(value ? json_object_get_string(value) : "");
  if (!strpbrk(text, ",\"\r\n")) {
    g_string_append(csv, text);
    return;
  }
  g_string_append_c(csv, '"');
  for (const char *at = text; *at != '\0'; at++) {
    if (*at == '"')
      g_string_append_c(csv, '"');
    g_string_append_c(csv, *at);
  }
  g_string_append_c(csv, '"');
}

static void append_row(GString *csv, json_object *row)
{
  for (gsize i = 0; i < json_object_array_length(row); i++) {
    if (i > 0)
      g_string_append_c(csv, ',');
    append_field(csv, json_object_array_get_idx(row, i));
  }
  g_string_append(csv, "\r\n");
}

/* --------------------------------------------------------------------------------------------------------- answers */

/* The whole output of a program as one JSON value of that type. */
static json_object *ask(const char *const *words, enum json_type type, GError **err)
{
  gsize length;
  int status;
  g_autofree char *text = bundle_run(words, &length, &status, err);
  if (!text)
    return NULL;
  json_object *value = nx_json_parse(text, length, err);
  if (value && json_object_is_type(value, type))
    return value;
  if (value)
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "%s answered with something unexpected", words[0]);
  json_object_put(value);
  return NULL;
}

/* Called for each line in turn. */
typedef void (*LineTaken)(json_object *line, gpointer user_data);

static gboolean ask_lines(const char *const *words, LineTaken take, gpointer user_data, GError **err)
{
  gsize length;
  int status;
  g_autofree char *text = bundle_run(words, &length, &status, err);
  if (!text)
    return FALSE;
  for (const char *at = text, *end; *at; at = *end ? end + 1 : end) {
    end = strchrnul(at, '\n');
    g_autoptr(json_object) line = nx_json_parse(at, (gsize)(end - at), err);
    if (!line)
      return FALSE;
    take(line, user_data);
  }
  if (status == 0)
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_DATA, "%s ended with exit status %d before it had said all", words[0], status);
  return FALSE;
}

/* ------------------------------------------------------------------------------------------------------- preflight */

static void add_preflight_text(Bundle *bundle, json_object *results)
{
  GString *text = g_string_new(NULL);
  gsize n = json_object_array_length(results);
  for (gsize i = 0; i < n; i++) {
    json_object *result = json_object_array_get_idx(results, i);
    const char *severity = nx_json_get_string(result, "severity"), *name = nx_json_get_string(result, "name");
    const char *said = nx_json_get_string(result, "message");
    g_autofree char *message = bundle_without_secrets(said ? said : "");
    g_string_append_printf(text, "[%s] %s %s: %s\n", nx_json_get_boolean(result, "passed") ? "PASS" : "FAIL", severity ? severity : "?",
                           name ? name : "?", message);
  }
  bundle_add(bundle, "preflight.txt", "text/plain", text, (gint64)n);
}

void bundle_collect_preflight(Bundle *bundle)
{
  static const char *const WORDS[] = {"nexuslims-check", "--format", "json", NULL};
  g_autoptr(GError) problem = NULL;
  json_object *results = ask(WORDS, json_type_array, &problem);
  if (!results) {
    bundle_add_failure(bundle, "preflight.json", problem);
    return;
  }
  add_preflight_text(bundle, results);
  bundle_add_json(bundle, "preflight.json", results, (gint64)json_object_array_length(results));
}

/* ------------------------------------------------------------------------------------------------------------- tables */

static const char *const TABLES[] = {"session_log", "instruments", "upload_log", "external_user_identifiers"};
/* Databases of older revisions lack these. */
static const char *const OPTIONAL[] = {"external_user_identifiers", "upload_log"};

/* A table on its way into its CSV file, and what else is made of its rows. */
typedef struct {
  GString *csv;
  gint64 lines; /* the header too */
  json_object *columns;
  void (*mask)(json_object *columns, json_object *values); /* what lets one in by more than its form, before a row is written; or NULL */
  void (*take)(json_object *row, gpointer user_data); /* a row as an object; or NULL */
  gpointer user_data;
} Table;

static json_object *row_object(json_object *columns, json_object *values)
{
  json_object *row = json_object_new_object();
  for (gsize i = 0; i < json_object_array_length(columns); i++)
    nx_json_set(row, json_object_get_string(json_object_array_get_idx(columns, i)), json_object_get(json_object_array_get_idx(values, i)));
  return row;
}

/* A calendar that is harvested is private by its address alone, of which api_url is mostly made. */
static void mask_calendar(json_object *columns, json_object *values)
{
  static const struct {
    const char *column;
    char *(*masked)(const char *address);
  } ADDRESSES[] = {{"api_url", nx_config_masked_api_url}, {"calendar_url", nx_config_masked_calendar}};
  g_autoptr(json_object) row = row_object(columns, values);
  if (g_strcmp0(nx_json_get_string(row, "harvester"), NX_CALENDAR_HARVESTER) != 0)
    return;
  for (gsize i = 0; i < json_object_array_length(columns); i++)
    for (gsize j = 0; j < G_N_ELEMENTS(ADDRESSES); j++) {
      const char *column = json_object_get_string(json_object_array_get_idx(columns, i)), *address = nx_json_get_string(row, column);
      g_autofree char *masked = address && g_str_equal(column, ADDRESSES[j].column) ? ADDRESSES[j].masked(address) : NULL;
      if (masked)
        json_object_array_put_idx(values, i, nx_json_string(masked));
    }
}

static void take_line(json_object *line, gpointer user_data)
{
  Table *table = user_data;
  if (table->lines > 0 && table->mask)
    table->mask(table->columns, line);
  append_row(table->csv, line);
  if (table->lines++ == 0)
    table->columns = json_object_get(line);
  else if (table->take) {
    g_autoptr(json_object) row = row_object(table->columns, line);
    table->take(row, table->user_data);
  }
}

static gboolean collect_table(Bundle *bundle, const char *name, Table *table)
{
  const char *const words[] = {"nx-db", "rows", name, NULL};
  g_autoptr(GError) problem = NULL;
  g_autofree char *path = g_strdup_printf("database/%s.csv", name);
  table->csv = g_string_new(NULL);
  gboolean good = ask_lines(words, take_line, table, &problem);
  json_object_put(table->columns);
  if (good) {
    bundle_add(bundle, path, "text/csv", table->csv, table->lines - 1);
    return TRUE;
  }
  g_string_free(table->csv, TRUE);
  bundle_add_failure(bundle, path, problem);
  return FALSE;
}

/* ------------------------------------------------------------------------------------------------------------- schema */

static json_object *names_of(json_object *counts)
{
  json_object *names = json_object_new_array();
  json_object_object_foreach(counts, table, rows)
  {
    (void)rows;
    json_object_array_add(names, nx_json_string(table));
  }
  return names;
}

static void add_schema(Bundle *bundle, json_object *info)
{
  struct stat status;
  json_object *counts = nx_json_get(info, "tables"), *schema = json_object_new_object(), *optional = json_object_new_object();
  const char *address = bundle->settings ? bundle->settings->db_path : NULL;
  g_autofree char *shown = address ? nx_config_masked_address(address) : NULL;
  for (gsize i = 0; i < G_N_ELEMENTS(OPTIONAL); i++)
    nx_json_set(optional, OPTIONAL[i], json_object_new_boolean(nx_json_get(counts, OPTIONAL[i]) != NULL));
  nx_json_set_string(schema, "database_path", shown);
  nx_json_set(schema, "file_size_bytes", address && stat(address, &status) == 0 ? json_object_new_int64(status.st_size) : NULL);
  nx_json_set(schema, "tables", names_of(counts));
  nx_json_set(schema, "alembic_revision", json_object_get(nx_json_get(info, "revision")));
  nx_json_set(schema, "row_counts", json_object_get(counts));
  nx_json_set(schema, "optional_tables", optional);
  nx_json_set(schema, "engine", json_object_get(nx_json_get(info, "engine")));
  bundle_add_json(bundle, "database/schema.json", schema, -1);
}

/* What `nx-db info` says; NULL when it says nothing. */
static json_object *collect_schema(Bundle *bundle)
{
  static const char *const WORDS[] = {"nx-db", "info", "--format", "json", NULL};
  g_autoptr(GError) problem = NULL;
  json_object *info = ask(WORDS, json_type_object, &problem);
  if (info)
    add_schema(bundle, info);
  else
    bundle_add_failure(bundle, "database/schema.json", problem);
  return info;
}

/* ----------------------------------------------------------------------------------------------- formats, destinations */

static void add_to_array(json_object *line, gpointer user_data)
{
  json_object_object_del(line, "kind");
  json_object_array_add(user_data, json_object_get(line));
}

static json_object *describe(Bundle *bundle, const char *program, const char *path)
{
  const char *const words[] = {program, "--describe", NULL};
  g_autoptr(GError) problem = NULL;
  json_object *described = json_object_new_array();
  if (ask_lines(words, add_to_array, described, &problem))
    return described;
  json_object_put(described);
  bundle_add_failure(bundle, path, problem);
  return NULL;
}

static void collect_formats(Bundle *bundle)
{
  json_object *formats = describe(bundle, "nx-extract", "extractors.json");
  if (formats)
    bundle_add_json(bundle, "extractors.json", formats, (gint64)json_object_array_length(formats));
}

/* `uploads` is consumed. */
static void collect_destinations(Bundle *bundle, json_object *uploads)
{
  static const char *const STRATEGIES[] = {
      [NX_EXPORT_ALL] = "all", [NX_EXPORT_FIRST_SUCCESS] = "first_success", [NX_EXPORT_BEST_EFFORT] = "best_effort"};
  json_object *exporters = describe(bundle, "nx-export", "exporters.json");
  if (!exporters) {
    json_object_put(uploads);
    return;
  }
  gsize n = json_object_array_length(exporters);
  json_object *all = json_object_new_object();
  nx_json_set(all, "exporters", exporters);
  nx_json_set_string(all, "strategy", bundle->settings ? STRATEGIES[bundle->settings->export_strategy] : NULL);
  nx_json_set(all, "upload_counts", uploads);
  bundle_add_json(bundle, "exporters.json", all, (gint64)n);
}

/* ---------------------------------------------------------------------------------------------------------- database */

/* Counts a row of upload_log for its destination. */
static void count_upload(json_object *row, gpointer user_data)
{
  const char *name = nx_json_get_string(row, "destination_name");
  json_object *counts = name ? nx_json_get(user_data, name) : NULL;
  if (!name)
    return;
  if (!counts) {
    counts = json_object_new_object();
    nx_json_set(counts, "succeeded", json_object_new_int64(0));
    nx_json_set(counts, "failed", json_object_new_int64(0));
    nx_json_set(user_data, name, counts);
  }
  bundle_count(counts, bundle_is_true(nx_json_get(row, "success")) ? "succeeded" : "failed");
}

static gboolean is_wanted(json_object *info, const char *table)
{
  return !info || nx_json_get(nx_json_get(info, "tables"), table);
}

void bundle_collect_database(Bundle *bundle)
{
  g_autoptr(json_object) info = collect_schema(bundle);
  json_object *uploads = json_object_new_object();
  BundleSessions *sessions = bundle_sessions_new();
  gboolean has_sessions = FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS(TABLES); i++) {
    gboolean is_sessions = g_str_equal(TABLES[i], "session_log"), is_uploads = g_str_equal(TABLES[i], "upload_log");
    Table table = {.mask = g_str_equal(TABLES[i], "instruments") ? mask_calendar : NULL,
                   .take = is_sessions ? bundle_sessions_take : is_uploads ? count_upload : NULL,
                   .user_data = is_sessions ? (gpointer)sessions : uploads};
    gboolean good = is_wanted(info, TABLES[i]) && collect_table(bundle, TABLES[i], &table);
    has_sessions = has_sessions || (is_sessions && good);
  }
  if (has_sessions)
    bundle_sessions_add(sessions, bundle);
  bundle_sessions_free(sessions);
  collect_formats(bundle);
  collect_destinations(bundle, uploads);
}
