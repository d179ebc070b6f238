/* nx-db-import.c — nx-db import: the rows of a snapshot into an empty database (igem-db §12.3). */
#include "nx-db-snapshot.h"

#include "driver.h"
#include "migration.h"
#include "nx-cli-tree.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <unistd.h>

#define SCHEMA "nexuslims"

typedef struct {
  NxDb *db;
  const GArray *fields;
  char *sql;
} Target;

/* --------------------------------------------------------------------------------------------------------------- rows */

static char *quoted(const char *name)
{
  g_auto(GStrv) parts = g_strsplit(name, "\"", -1);
  g_autofree char *doubled = g_strjoinv("\"\"", parts);
  return g_strconcat("\"", doubled, "\"", NULL);
}

static gboolean open_table(gpointer database, const char *table, const GArray *fields, GError **err)
{
  Target *target = database;
  g_autoptr(GString) columns = g_string_new(NULL);
  g_autoptr(GString) places = g_string_new(NULL);
  g_autofree char *into = quoted(table);
  (void)err;
  for (guint i = 0; i < fields->len; i++) {
    g_autofree char *name = quoted(g_array_index(fields, NxField, i).name);
    g_string_append_printf(columns, "%s%s", i ? ", " : "", name);
    g_string_append_printf(places, "%s$%u", i ? ", " : "", i + 1);
  }
  g_free(target->sql);
  target->sql = g_strdup_printf("INSERT INTO %s (%s) VALUES (%s)", into, columns->str, places->str);
  target->fields = fields;
  return TRUE;
}

static gboolean bind(const NxDbDriver *driver, gpointer statement, guint number, const NxField *field, const NxDatum *datum)
{
  if (datum->is_null)
    return driver->bind_text(statement, number, NULL);
  if (field->type == NX_FIELD_INTEGER || field->type == NX_FIELD_BOOLEAN)
    return driver->bind_integer(statement, number, datum->integer);
  g_autofree char *text = nx_datum_text(field, datum);
  return driver->bind_text(statement, number, text);
}

static gboolean insert(Target *target, gpointer statement, const NxDatum *row, GError **err)
{
  const NxDbDriver *driver = nx_db_driver(target->db);
  gboolean is_row;
  for (guint i = 0; i < target->fields->len; i++)
    if (!bind(driver, statement, i + 1, &g_array_index(target->fields, NxField, i), &row[i])) {
      g_set_error(err, NX_ERROR, NX_ERROR_DATA, "a value does not fit into: %s", target->sql);
      return FALSE;
    }
  return driver->step(nx_db_connection(target->db), statement, &is_row, err);
}

static gboolean add_row(gpointer database, const NxDatum *row, GError **err)
{
  Target *target = database;
  const NxDbDriver *driver = nx_db_driver(target->db);
  gpointer statement = driver->prepare(nx_db_connection(target->db), target->sql, err);
  if (!statement)
    return FALSE;
  gboolean done = insert(target, statement, row, err);
  driver->finish(statement);
  return done;
}

/* ------------------------------------------------------------------------------------------------------------ database */

static gboolean check_snapshot(const NxSnapshot *snapshot, const char *folder, const NxGraph *graph, GError **err)
{
  json_object *manifest = nx_snapshot_manifest(snapshot);
  const char *schema = nx_json_get_string(manifest, "schema"), *revision = nx_json_get_string(manifest, "schema_revision");
  if (!schema || !g_str_equal(schema, SCHEMA)) {
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "%s is not a snapshot of a NexusLIMS database", folder);
    return FALSE;
  }
  if (!revision || !nx_graph_find(graph, revision)) {
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "the snapshot %s has the schema revision %s, which this program does not know", folder, revision ? revision : "null");
    return FALSE;
  }
  for (const char *const *table = nx_snapshot_tables(snapshot); *table; table++)
    if (!g_strv_contains((const char *const *)graph->tables, *table)) {
      g_set_error(err, NX_ERROR, NX_ERROR_DATA, "the snapshot %s has a table %s, which is not one of the schema", folder, *table);
      return FALSE;
    }
  return nx_snapshot_verify(snapshot, err);
}

/* *has_tables is what decides whether the schema must be made. */
static gboolean check_empty(NxDb *db, const char *address, gboolean *has_tables, GError **err)
{
  g_auto(GStrv) tables = nx_db_tables(db, err);
  g_autofree char *shown = nx_db_url_shown(address);
  *has_tables = tables && *tables;
  for (char **table = tables; table && *table; table++) {
    gint64 rows = 0;
    g_autofree char *name = quoted(*table), *sql = g_strdup_printf("SELECT count(*) FROM %s", name);
    if (g_str_equal(*table, "alembic_version"))
      continue;
    if (!nx_db_number(db, &rows, err, sql, NULL))
      return FALSE;
    if (rows > 0) {
      g_set_error(err, NX_ERROR, NX_ERROR_DATA, "Database is not empty: %s", shown);
      return FALSE;
    }
  }
  return tables != NULL;
}

static gboolean check_revision(NxDb *db, const char *revision, GError **err)
{
  g_auto(GStrv) rows = nx_version_rows(db, NULL, err);
  if (!rows)
    return FALSE;
  if (rows[0] && g_str_equal(rows[0], revision))
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_DATA, "the empty database is at revision %s, the snapshot at %s: remove the database file, and import makes a new one",
              rows[0] ? rows[0] : "(none)", revision);
  return FALSE;
}

static gboolean load(NxDb *db, const NxSnapshot *snapshot, gint64 *total, GError **err)
{
  Target target = {.db = db};
  NxRowTarget rows_to = {.open = open_table, .add = add_row, .database = &target};
  g_autoptr(NxDbTransaction) transaction = nx_db_begin(db, err);
  gboolean done = transaction != NULL;
  for (const char *const *table = nx_snapshot_tables(snapshot); done && *table; table++) {
    gint64 rows = 0;
    done = nx_snapshot_read(snapshot, *table, &rows_to, &rows, err);
    g_autofree char *count = nx_snapshot_count_text(rows);
    if (done)
      printf("  %-40s %15s\n", *table, count);
    *total += rows;
  }
  g_free(target.sql);
  return done && nx_db_commit(&transaction, err);
}

static gboolean fill(NxDb *db, const char *address, const NxSnapshot *snapshot, const NxGraph *graph, gint64 *total, GError **err)
{
  const char *revision = nx_json_get_string(nx_snapshot_manifest(snapshot), "schema_revision");
  gboolean has_tables;
  if (!check_empty(db, address, &has_tables, err))
    return FALSE;
  if (!(has_tables ? check_revision(db, revision, err) : nx_migrate(db, graph, revision, TRUE, stderr, err)))
    return FALSE;
  return load(db, snapshot, total, err);
}

/* A database that was not there appears whole or not at all. */
static gboolean fill_new(const char *address, const NxSnapshot *snapshot, const NxGraph *graph, gint64 *total, GError **err)
{
  g_autofree char *path = nx_db_file_path(address), *folder = g_path_get_dirname(path);
  g_autofree char *part = g_strdup_printf("%s.import-%d.part", path, (int)getpid()), *journal = g_strconcat(part, "-journal", NULL);
  if (!nx_folder_make(folder, err))
    return FALSE;
  NxDb *db = nx_db_open(part, NX_DB_CREATE, err);
  gboolean done = db && fill(db, part, snapshot, graph, total, err);
  nx_db_close(db);
  done = done && (link(part, path) == 0 || nx_error_from_errno(err, errno, "create", path)) && nx_folder_sync(folder, err);
  g_unlink(part);
  g_unlink(journal);
  return done;
}

static gboolean import_snapshot(const char *address, const char *folder, GError **err)
{
  gint64 total = 0;
  g_autoptr(NxGraph) graph = nx_graph_load(SCHEMA, err);
  g_autoptr(NxSnapshot) snapshot = graph ? nx_snapshot_open(folder, err) : NULL;
  if (!snapshot || !check_snapshot(snapshot, folder, graph, err))
    return FALSE;
  if (nx_db_exists(address)) {
    g_autoptr(NxDb) db = nx_db_open(address, NX_DB_WRITE, err);
    if (!db || !fill(db, address, snapshot, graph, &total, err))
      return FALSE;
  } else if (!fill_new(address, snapshot, graph, &total, err))
    return FALSE;
  g_autofree char *count = nx_snapshot_count_text(total);
  nx_cli_print_success(stdout, "Imported %s rows in %u tables", count, g_strv_length((char **)nx_snapshot_tables(snapshot)));
  return TRUE;
}

int nx_db_run_import(const char *address, int argc, char **argv)
{
  NxDbImportOptions options = {0};
  GError *error = NULL;
  if (!nx_cli_parse(&nx_command_db_import, argc, argv, &options))
    return nx_cli_exit_code();
  if (!address || !*address)
    g_set_error_literal(&error, NX_ERROR, NX_ERROR_CONFIG, "No database is named: set NX_DB_PATH, or give --db-uri");
  return !error && import_snapshot(address, options.folder, &error) ? 0 : nx_db_snapshot_failed(error);
}
