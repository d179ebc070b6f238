/* info.c — `status` and `info`: where a database stands and what is in it (igem-db 5.3, 5.6 and 12.3; JSON: cli 2.7). */
#include "driver.h"
#include "nx-cli.h"
#include "nx-config.h"
#include "nx-listing.h"
#include "reports.h"
#include "sql-text.h"

/* -------------------------------------------------------------------------------------------------------- answering */

/* As Python shows them. */
static const char *boolean_shown(gboolean value)
{
  return value ? "True" : "False";
}

static int not_found(const char *address, const GError *error)
{
  g_autofree char *url = nx_db_url_shown(address && *address ? address : "");
  g_autofree char *reason = nx_log_shown(error ? error->message : ""), *place = nx_log_shown(url);
  fprintf(stderr, "Error: Database not found at %s%s%s\n", address && *address ? place : "(NX_DB_PATH is not set)", error ? ": " : "",
          reason);
  return 1;
}

static NxDb *open_existing(const char *address, int *status)
{
  g_autoptr(GError) error = NULL;
  if (!address || !*address || !nx_db_exists(address)) {
    *status = not_found(address, NULL);
    return NULL;
  }
  NxDb *db = nx_db_open(address, NX_DB_READ, &error);
  if (!db)
    *status = not_found(address, error);
  return db;
}

/* ----------------------------------------------------------------------------------------------------------- status */

#define UNVERSIONED "DB is NOT alembic-versioned. Use `nexuslims db alembic stamp v1_4_3` for a database made before migrations."

/* What is said of a state. */
typedef struct {
  NxState state;
  gboolean is_versioned;
  const char *word, *hint;
} Standing;

static const Standing STANDINGS[] = {
    {NX_STATE_EMPTY, FALSE, "not-versioned", UNVERSIONED},
    {NX_STATE_NOT_VERSIONED, FALSE, "not-versioned", UNVERSIONED},
    {NX_STATE_VERSION_EMPTY, TRUE, "pending", "pending migrations available."},
    {NX_STATE_BEHIND, TRUE, "pending", "pending migrations available."},
    {NX_STATE_AT_HEAD, TRUE, "up-to-date", "up-to-date."},
    {NX_STATE_UNKNOWN_REVISION, TRUE, "unknown-revision", "DB revision is unknown to this version (newer or corrupted)."},
};

static const Standing *read_standing(NxDb *db, const NxSchema *schema, char **revision, GError **err)
{
  NxState state = nx_schema_state_of(schema, db, revision, err);
  for (gsize i = 0; i < G_N_ELEMENTS(STANDINGS); i++)
    if (STANDINGS[i].state == state)
      return &STANDINGS[i];
  if (state == NX_STATE_SEVERAL_ROWS)
    nx_revision_error(err, "Version table 'alembic_version' has more than one head present; please use get_current_heads()");
  return NULL;
}

static void print_status(const char *url, const NxSchema *schema, const char *revision, const Standing *standing)
{
  printf("Alembic status\n");
  nx_cli_print_label("  ", 15, "DB URI", url);
  nx_cli_print_label("  ", 15, "Script location", nx_schema_folder(schema));
  nx_cli_print_label("  ", 15, "Repo head", nx_schema_head(schema));
  nx_cli_print_label("  ", 15, "DB revision", revision);
  nx_cli_print_label("  ", 15, "Versioned?", boolean_shown(standing->is_versioned));
  printf("  → %s\n", standing->hint);
}

static json_object *status_as_json(const char *url, const NxSchema *schema, const char *revision, const Standing *standing)
{
  json_object *status = json_object_new_object();
  nx_json_set_string(status, "uri", url);
  nx_json_set_string(status, "script_location", nx_schema_folder(schema));
  nx_json_set_string(status, "head", nx_schema_head(schema));
  nx_json_set_string(status, "revision", revision);
  nx_json_set(status, "versioned", json_object_new_boolean(standing->is_versioned));
  nx_json_set_string(status, "state", standing->word);
  return status;
}

int nx_db_command_status(const char *address, gboolean json, const char *jq)
{
  int status = 0;
  g_autoptr(GError) error = NULL;
  g_autoptr(NxDb) db = open_existing(address, &status);
  if (!db)
    return status;
  g_autofree char *revision = NULL, *url = nx_db_url_shown(address);
  g_autoptr(NxSchema) schema = nx_schema_load(NX_SCHEMA, &error);
  const Standing *standing = schema ? read_standing(db, schema, &revision, &error) : NULL;
  if (!standing)
    return nx_fail(error);
  if (!json && !jq) {
    print_status(url, schema, revision, standing);
    return 0;
  }
  g_autoptr(json_object) value = status_as_json(url, schema, revision, standing);
  return nx_listing_print(value, jq, stdout, &error) ? 0 : nx_fail(error);
}

/* ------------------------------------------------------------------------------------------------------------- info */

/* *count is NULL for a table that cannot be read: of another role, or a virtual one whose module is not there. */
static gboolean count_rows(NxDb *db, const char *table, json_object **count, GError **err)
{
  g_autoptr(GError) error = NULL;
  gint64 rows = 0;
  g_autofree char *name = nx_sql_quoted(table), *sql = g_strdup_printf("SELECT count(*) FROM %s", name);
  *count = nx_db_number(db, &rows, &error, sql, NULL) ? json_object_new_int64(rows) : NULL;
  if (*count || error->code == NX_ERROR_CONFIG || error->code == NX_ERROR_IO)
    return TRUE;
  g_propagate_error(err, g_steal_pointer(&error));
  return FALSE;
}

static json_object *row_counts(NxDb *db, GError **err)
{
  g_auto(GStrv) names = nx_db_tables(db, err);
  if (!names)
    return NULL;
  g_autoptr(json_object) counts = json_object_new_object();
  for (char **name = names; *name; name++) {
    json_object *count = NULL;
    if (!count_rows(db, *name, &count, err))
      return NULL;
    nx_json_set(counts, *name, count);
  }
  return g_steal_pointer(&counts);
}

static json_object *info_as_json(NxDb *db, const char *address, GError **err)
{
  g_auto(GStrv) rows = nx_version_rows(db, NULL, err);
  g_autoptr(json_object) tables = rows ? row_counts(db, err) : NULL;
  if (!tables)
    return NULL;
  g_autofree char *url = nx_db_url_shown(address);
  g_autofree char *host = NULL, *database = NULL;
  nx_db_describe(address, &host, &database);
  g_autofree char *revision = g_strjoinv(", ", rows);
  json_object *info = json_object_new_object();
  nx_json_set_string(info, "backend", "sql");
  nx_json_set(info, "read_only", json_object_new_boolean(FALSE));
  nx_json_set_string(info, "uri", url);
  nx_json_set_string(info, "engine", nx_db_driver(db)->name);
  nx_json_set_string(info, "host", host ? host : "<unknown>");
  nx_json_set_string(info, "database", database);
  nx_json_set(info, "connected", json_object_new_boolean(TRUE));
  nx_json_set_string(info, "revision", *revision ? revision : NULL);
  nx_json_set(info, "tables", g_steal_pointer(&tables));
  return info;
}

static void print_info(json_object *info)
{
  static const char *const LABELS[][2] = {{"Backend", "backend"},     {"Read-only", "read_only"}, {"URI", "uri"},
                                          {"Engine", "engine"},       {"Host", "host"},           {"Database", "database"},
                                          {"Connected", "connected"}, {"Revision", "revision"}};
  for (gsize i = 0; i < G_N_ELEMENTS(LABELS); i++) {
    json_object *value = nx_json_get(info, LABELS[i][1]);
    const char *text =
        json_object_is_type(value, json_type_boolean) ? boolean_shown(json_object_get_boolean(value)) : json_object_get_string(value);
    nx_cli_print_label("", 12, LABELS[i][0], text);
  }
  json_object_object_foreach(nx_json_get(info, "tables"), table, rows)
    nx_cli_print_label("  ", 30, table, rows ? json_object_get_string(rows) : "?");
}

int nx_db_command_info(const char *address, gboolean json, const char *jq)
{
  int status = 0;
  g_autoptr(GError) error = NULL;
  g_autoptr(NxDb) db = open_existing(address, &status);
  if (!db)
    return status;
  g_autoptr(json_object) info = info_as_json(db, address, &error);
  if (!info)
    return nx_fail(error);
  if (json || jq)
    return nx_listing_print(info, jq, stdout, &error) ? 0 : nx_fail(error);
  print_info(info);
  return 0;
}
