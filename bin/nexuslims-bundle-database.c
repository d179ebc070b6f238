/* nexuslims-bundle-database.c — what other programs of ours know: preflight and database. Only nx-db opens the database. Source:
 * cli §10. */
#include "nexuslims-bundle.h"

#include <string.h>
#include <sys/stat.h>

static const char *const INSTRUMENT_COLUMNS[] = {"instrument_pid", "api_url",        "calendar_url", "location", "display_name",
                                                 "property_tag",   "filestore_path", "harvester",    "timezone", NULL};
static const char *const USER_COLUMNS[] = {"id",         "nexuslims_username", "external_system", "external_id", "email",
                                           "created_at", "last_verified_at",   "notes",           NULL};

/* ------------------------------------------------------------------------------------------------------------- csv */

/* RFC 4180: quoted when it holds a comma, a quote or a line end. */
static void append_field(GString *csv, json_object *value)
{
  const char *text = value ? json_object_get_string(value) : "";
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

static void append_row(GString *csv, json_object *row, const char *const *columns)
{
  for (guint i = 0; columns[i]; i++) {
    if (i > 0)
      g_string_append_c(csv, ',');
    append_field(csv, nx_json_get(row, columns[i]));
  }
  g_string_append(csv, "\r\n");
}

static void add_table(Bundle *bundle, const char *path, json_object *rows, const char *const *columns)
{
  gsize n = json_object_array_length(rows);
  g_autofree char *header = g_strjoinv(",", (char **)columns);
  GString *csv = g_string_new(NULL);
  g_string_append_printf(csv, "%s\r\n", header);
  for (gsize i = 0; i < n; i++)
    append_row(csv, json_object_array_get_idx(rows, i), columns);
  bundle_add(bundle, path, "text/csv", csv, (gint64)n);
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

/* JSON lines as one array. */
static json_object *ask_lines(const char *const *words, GError **err)
{
  gsize length;
  int status;
  g_autofree char *text = bundle_run(words, &length, &status, err);
  if (!text)
    return NULL;
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  g_autoptr(json_object) rows = json_object_new_array();
  for (guint i = 0; lines[i]; i++) {
    json_object *row = *lines[i] != '\0' ? nx_json_parse(lines[i], strlen(lines[i]), err) : NULL;
    if (*lines[i] != '\0' && !row)
      return NULL;
    if (row)
      json_object_array_add(rows, row);
  }
  return g_steal_pointer(&rows);
}

/* -------------------------------------------------------------------------------------------------------- collectors */

static void add_preflight_text(Bundle *bundle, json_object *results)
{
  GString *text = g_string_new(NULL);
  gsize n = json_object_array_length(results);
  for (gsize i = 0; i < n; i++) {
    json_object *result = json_object_array_get_idx(results, i);
    const char *severity = nx_json_get_string(result, "severity"), *name = nx_json_get_string(result, "name");
    const char *message = nx_json_get_string(result, "message");
    g_string_append_printf(text, "[%s] %s %s: %s\n", nx_json_get_boolean(result, "passed") ? "PASS" : "FAIL", severity ? severity : "?",
                           name ? name : "?", message ? message : "");
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

static void collect_schema(Bundle *bundle)
{
  static const char *const WORDS[] = {"nx-db", "info", "--format", "json", NULL};
  g_autoptr(GError) problem = NULL;
  json_object *info = ask(WORDS, json_type_object, &problem);
  if (!info) {
    bundle_add_failure(bundle, "database/schema.json", problem);
    return;
  }
  struct stat status;
  const char *path = bundle->settings ? bundle->settings->db_path : NULL;
  if (path && stat(path, &status) == 0)
    json_object_object_add(info, "file_size_bytes", json_object_new_int64(status.st_size));
  bundle_add_json(bundle, "database/schema.json", info, -1);
}

static void collect_instruments(Bundle *bundle)
{
  static const char *const WORDS[] = {"nx-db", "instruments", NULL};
  g_autoptr(GError) problem = NULL;
  g_autoptr(json_object) rows = ask_lines(WORDS, &problem);
  if (rows)
    add_table(bundle, "database/instruments.csv", rows, INSTRUMENT_COLUMNS);
  else
    bundle_add_failure(bundle, "database/instruments.csv", problem);
}

static void collect_users(Bundle *bundle)
{
  static const char *const WORDS[] = {"nx-db", "users", "list", "--format", "json", NULL};
  g_autoptr(GError) problem = NULL;
  g_autoptr(json_object) rows = ask(WORDS, json_type_array, &problem);
  if (rows)
    add_table(bundle, "database/external_user_identifiers.csv", rows, USER_COLUMNS);
  else
    bundle_add_failure(bundle, "database/external_user_identifiers.csv", problem);
}

void bundle_collect_database(Bundle *bundle)
{
  collect_schema(bundle);
  collect_instruments(bundle);
  collect_users(bundle);
}
