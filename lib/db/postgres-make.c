/* postgres-make.c — what is ours in a PostgreSQL database: whether it is there, its backup in a schema beside it, and a new one at head, in
 * one transaction, so that it is there whole or not at all (database 10, igem-db 5.1). */
#include "nx-cli.h"
#include "nx-config.h"
#include "postgres.h"

#include <string.h>

#define MAINTENANCE_DATABASE "postgres"
#define BACKUP_PREFIX "nexuslims_backup"

/* ---------------------------------------------------------------------------------------------------------- presence */

/* Whether a server that we can talk to has a database of that name; FALSE when it cannot be asked. */
static gboolean look_for_database(NxDb *maintenance, const char *name, gboolean *exists)
{
  gint64 count = 0;
  gboolean asked = nx_db_number(maintenance, &count, NULL, "SELECT count(*) FROM pg_catalog.pg_database WHERE datname = $1", "s", name);
  *exists = count > 0;
  return asked;
}

/* The same server and the same person, but the database that is always there. */
static NxDb *open_maintenance(const char *address)
{
  g_autofree char *uri = nx_postgres_uri(address);
  const char *authority = strstr(uri, "://") + strlen("://");
  gsize length = strcspn(authority, "/?#");
  const char *after = authority + length;
  after += *after == '/' ? strcspn(after, "?#") : 0;
  g_autofree char *other =
      g_strdup_printf("%.*s/" MAINTENANCE_DATABASE "%s", (int)(authority + length - uri), uri, *after == '?' ? after : "");
  return nx_db_open(other, NX_DB_WRITE, NULL);
}

/* TRUE when the server answers that there is no such database. */
static gboolean is_missing(const char *address, NxDb **maintenance, char **name)
{
  gboolean exists = TRUE;
  *maintenance = open_maintenance(address);
  *name = *maintenance ? nx_postgres_database(address, NULL) : NULL;
  return *name && look_for_database(*maintenance, *name, &exists) && !exists;
}

/* Those of our tables that are there. */
static char **own_tables(NxDb *db, GError **err)
{
  g_auto(GStrv) all = nx_db_tables(db, err);
  if (!all)
    return NULL;
  g_auto(GStrv) ours = nx_schemas_tables();
  g_autoptr(GStrvBuilder) found = g_strv_builder_new();
  for (char **table = all; *table; table++)
    if (g_strv_contains((const char *const *)ours, *table))
      g_strv_builder_add(found, *table);
  return g_strv_builder_end(found);
}

gboolean nx_postgres_find(const char *address, gboolean *exists, GError **err)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(NxDb) db = nx_db_open(address, NX_DB_READ, &error);
  g_autoptr(NxDb) maintenance = NULL;
  g_autofree char *name = NULL;
  *exists = FALSE;
  if (!db && is_missing(address, &maintenance, &name))
    return TRUE;
  g_auto(GStrv) tables = db ? own_tables(db, &error) : NULL;
  *exists = tables && *tables;
  if (tables)
    return TRUE;
  g_propagate_error(err, g_steal_pointer(&error));
  return FALSE;
}

void nx_postgres_describe(const char *address, char **host, char **database)
{
  g_autofree char *uri = nx_postgres_uri(address);
  g_autoptr(GUri) parsed = g_uri_parse(uri, G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_PARSE_RELAXED, NULL);
  const char *named = parsed ? g_uri_get_host(parsed) : NULL;
  *host = named && *named ? g_strdup(named) : NULL;
  *database = nx_postgres_database(address, NULL);
}

/* ------------------------------------------------------------------------------------------------------------- backup */

static gboolean has_schema(NxDb *db, const char *name)
{
  gint64 count = 0;
  return !nx_db_number(db, &count, NULL, "SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = $1", "s", name) || count > 0;
}

/* `nexuslims_backup_20260207_143216[_n]`, the first that is free. */
static char *backup_name(NxDb *db)
{
  g_autoptr(GDateTime) now = g_date_time_new_now_local();
  g_autofree char *stamp = g_date_time_format(now, "%Y%m%d_%H%M%S");
  char *name = g_strdup_printf(BACKUP_PREFIX "_%s", stamp);
  for (guint number = 1; number < 1000 && has_schema(db, name); number++) {
    g_free(name);
    name = g_strdup_printf(BACKUP_PREFIX "_%s_%u", stamp, number);
  }
  return name;
}

/* Runs a statement for each table; `%1$s` is the schema, `%2$s` the table. */
static gboolean for_each_table(NxDb *db, char **tables, const char *schema, const char *verb, const char *link, const char *end,
                               GError **err)
{
  for (char **table = tables; *table; table++) {
    g_autofree char *identifier = nx_postgres_identifier(nx_db_connection(db), *table);
    g_autofree char *sql = link ? g_strdup_printf("%s %s.%s %s %s%s", verb, schema, identifier, link, identifier, end)
                                : g_strdup_printf("%s %s %s%s", verb, identifier, end, schema);
    if (!nx_db_script(db, sql, err))
      return FALSE;
  }
  return TRUE;
}

static gboolean make_schema(NxDb *db, const char *name, GError **err)
{
  g_autofree char *sql = g_strdup_printf("CREATE SCHEMA %s", name);
  if (nx_db_script(db, sql, err))
    return TRUE;
  if (err && *err && (*err)->code == NX_ERROR_CONFIG)
    g_prefix_error(err, "a backup needs the right to make a schema (GRANT CREATE ON DATABASE … TO …): ");
  return FALSE;
}

/* The same rows as at one moment, because nothing of ours writes meanwhile. */
gboolean nx_postgres_backup(NxDb *db, char **name, GError **err)
{
  g_autoptr(NxDbTransaction) transaction = nx_db_begin(db, err);
  g_auto(GStrv) tables = transaction ? own_tables(db, err) : NULL;
  g_autofree char *schema = tables ? backup_name(db) : NULL;
  if (schema && make_schema(db, schema, err) && for_each_table(db, tables, schema, "CREATE TABLE", "AS TABLE", "", err) &&
      nx_db_commit(&transaction, err)) {
    *name = g_strdup_printf("schema %s", schema);
    return TRUE;
  }
  g_prefix_error(err, "no backup could be made, so nothing was changed: ");
  return FALSE;
}

/* ------------------------------------------------------------------------------------------------------- a new database */

/* *created: it is ours. Another program may have been quicker: then it is there, and that program's. */
static gboolean create_database(NxDb *maintenance, const char *name, gboolean *created, GError **err)
{
  g_autofree char *identifier = nx_postgres_identifier(nx_db_connection(maintenance), name);
  g_autofree char *sql = g_strdup_printf("CREATE DATABASE %s", identifier);
  g_autoptr(GError) error = NULL;
  gboolean exists = FALSE;
  *created = nx_db_script(maintenance, sql, &error);
  if (*created || (look_for_database(maintenance, name, &exists) && exists))
    return TRUE;
  g_propagate_prefixed_error(err, g_steal_pointer(&error), "there is no database %s, and it cannot be created: ", identifier);
  if (err && *err && (*err)->code == NX_ERROR_CONFIG) {
    char *message = g_strdup_printf("%s: an administrator has to run CREATE DATABASE %s OWNER …", (*err)->message, identifier);
    g_free((*err)->message);
    (*err)->message = message;
  }
  return FALSE;
}

/* Whether nobody keeps or does anything in the database besides us: what is ours has been rolled back. */
static gboolean is_unused(NxDb *db)
{
  static const char OTHERS[] = "SELECT (SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
                               "WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')) + (SELECT count(*) FROM "
                               "pg_catalog.pg_stat_activity WHERE datname = pg_catalog.current_database() AND pid <> pg_catalog.pg_backend_pid())";
  gint64 others = 1;
  return nx_db_number(db, &others, NULL, OTHERS, NULL) && others == 0;
}

static void drop_database(NxDb *maintenance, const char *name)
{
  g_autofree char *identifier = nx_postgres_identifier(nx_db_connection(maintenance), name);
  g_autofree char *sql = g_strdup_printf("DROP DATABASE %s", identifier);
  nx_db_script(maintenance, sql, NULL);
}

/* Leases are of sessions that are no more. */
static gboolean move_aside(NxDb *db, char **name, GError **err)
{
  g_auto(GStrv) tables = own_tables(db, err);
  if (!tables || !*tables)
    return tables != NULL;
  g_autofree char *schema = backup_name(db);
  if (!make_schema(db, schema, err) || !for_each_table(db, tables, schema, "ALTER TABLE", NULL, "SET SCHEMA ", err) ||
      !nx_db_script(db, "DROP TABLE IF EXISTS nx_session_lease", err))
    return FALSE;
  *name = g_strdup_printf("schema %s", schema);
  return TRUE;
}

static gboolean check_still_new(NxDb *db, GError **err)
{
  g_auto(GStrv) tables = own_tables(db, err);
  if (tables && *tables)
    g_set_error_literal(err, NX_ERROR, NX_ERROR_DATA, "another process has made this database in the meantime: look at its status");
  return tables && !*tables;
}

static gboolean fill(NxDb *db, NxDatabaseBuild build, gpointer user_data, gboolean replace, FILE *out, GError **err)
{
  g_autofree char *backup = NULL;
  g_autoptr(NxDbTransaction) transaction = nx_db_begin(db, err);
  if (!transaction || !(replace ? move_aside(db, &backup, err) : check_still_new(db, err)) || !build(db, user_data, err) ||
      !nx_db_commit(&transaction, err))
    return FALSE;
  if (backup)
    nx_cli_print_success(out, "Database backup created: %s", backup);
  return TRUE;
}

/* Names are of all languages. */
static void warn_of_encoding(NxDb *db, FILE *out)
{
  g_autoptr(NxRows) rows = nx_db_select(db, NULL, "SELECT pg_catalog.current_setting('server_encoding')", "");
  const char *encoding = rows && nx_rows_next(rows) ? nx_rows_text(rows, 0) : NULL;
  if (encoding && !g_str_equal(encoding, "UTF8"))
    nx_cli_print_warning(out, "This database cannot hold every name: its encoding is %s. Better make one with ENCODING 'UTF8'.", encoding);
}

/* Opens the database, and makes it first when the server has none of that name. */
static NxDb *open_or_create(const char *address, NxDb **maintenance, char **name, gboolean *created, GError **err)
{
  g_autoptr(GError) error = NULL;
  NxDb *db = nx_db_open(address, NX_DB_WRITE, &error);
  if (db)
    return db;
  if (is_missing(address, maintenance, name))
    return create_database(*maintenance, *name, created, err) ? nx_db_open(address, NX_DB_WRITE, err) : NULL;
  g_propagate_error(err, g_steal_pointer(&error));
  return NULL;
}

gboolean nx_postgres_make(const char *address, NxDatabaseBuild build, gpointer user_data, gboolean replace, FILE *out, GError **err)
{
  g_autoptr(NxDb) maintenance = NULL;
  g_autofree char *name = NULL;
  gboolean created = FALSE;
  NxDb *db = open_or_create(address, &maintenance, &name, &created, err);
  gboolean made = db && fill(db, build, user_data, replace, out, err);
  if (made)
    warn_of_encoding(db, out);
  gboolean take_back = created && !made && db && is_unused(db);
  nx_db_close(db);
  if (take_back)
    drop_database(maintenance, name);
  return made;
}
