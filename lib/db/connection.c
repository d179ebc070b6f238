/* connection.c — one database connection, whatever the engine: addresses, statements with parameters, rows, transactions. */
#include "driver.h"

#include "nx-config.h"

#include <string.h>

static const NxDbDriver *const DRIVERS[] = {&nx_db_driver_sqlite, &nx_db_driver_postgresql};

struct NxDb {
  const NxDbDriver *driver;
  gpointer connection;
  char *address;
};

struct NxRows {
  NxDb *db;
  gpointer statement;
  GError *error;
};

struct NxDbTransaction {
  NxDb *db;
};

static const NxDbDriver *driver_for(const char *address, GError **err)
{
  for (gsize i = 0; i < G_N_ELEMENTS(DRIVERS); i++)
    if (DRIVERS[i]->accepts(address))
      return DRIVERS[i];
  g_autofree char *shown = nx_config_masked_address(address);
  g_set_error(err, NX_ERROR, NX_ERROR_CONFIG, "%s is an address of a kind this program cannot open: give the path of a SQLite file or postgresql://…",
              shown);
  return NULL;
}

char *nx_db_url_shown(const char *address)
{
  const NxDbDriver *driver = driver_for(address, NULL);
  return driver ? driver->url_shown(address) : nx_config_masked_address(address);
}

/* What could be a word of any message tells a database only where we put its name. */
static gboolean is_told(const char *message, const char *shown)
{
  static const char *const FRAMES[][2] = {{"database ", ": "}, {"database ", " is a folder: "}, {"The database ", " "}};
  for (gsize i = 0; i < G_N_ELEMENTS(FRAMES); i++) {
    g_autofree char *beginning = g_strconcat(FRAMES[i][0], shown, FRAMES[i][1], NULL);
    if (g_str_has_prefix(message, beginning))
      return TRUE;
  }
  return strpbrk(shown, "/.") && strstr(message, shown);
}

void nx_db_name_in_error(const char *address, GError **err)
{
  g_autofree char *shown = nx_config_masked_address(address), *path = nx_db_file_path(address);
  if (err && *err && !is_told((*err)->message, shown))
    g_prefix_error(err, path && g_file_test(path, G_FILE_TEST_IS_DIR) ? "database %s is a folder: " : "database %s: ", shown);
}

gboolean nx_db_find(const char *address, gboolean *exists, GError **err)
{
  const NxDbDriver *driver = driver_for(address, err);
  return driver && driver->find(address, exists, err);
}

gboolean nx_db_exists(const char *address)
{
  gboolean exists = FALSE;
  return !nx_db_find(address, &exists, NULL) || exists;
}

const char *nx_db_engine(const char *address)
{
  const NxDbDriver *driver = driver_for(address, NULL);
  return driver ? driver->name : NULL;
}

void nx_db_describe(const char *address, char **host, char **database)
{
  const NxDbDriver *driver = driver_for(address, NULL);
  *host = *database = NULL;
  if (driver)
    driver->describe(address, host, database);
}

char *nx_db_file_path(const char *address)
{
  const NxDbDriver *driver = driver_for(address, NULL);
  return driver ? driver->file_path(address) : NULL;
}

NxDb *nx_db_open(const char *address, NxDbMode mode, GError **err)
{
  const NxDbDriver *driver = driver_for(address, err);
  gpointer connection = driver ? driver->open(address, mode, err) : NULL;
  if (!connection)
    return NULL;
  NxDb *db = g_new0(NxDb, 1);
  db->driver = driver;
  db->connection = connection;
  db->address = g_strdup(address);
  return db;
}

void nx_db_close(NxDb *db)
{
  if (!db)
    return;
  db->driver->close(db->connection);
  g_free(db->address);
  g_free(db);
}

void nx_db_cancel(NxDb *db)
{
  db->driver->cancel(db->connection);
}

const NxDbDriver *nx_db_driver(const NxDb *db)
{
  return db->driver;
}

const char *nx_db_address(const NxDb *db)
{
  return db->address;
}

gpointer nx_db_connection(NxDb *db)
{
  return db->connection;
}

/* ------------------------------------------------------------------------------------------------------ statements */

static gboolean bind_values(NxRows *rows, const char *types, va_list values)
{
  const NxDbDriver *driver = rows->db->driver;
  for (guint i = 0; types && types[i]; i++) {
    gboolean bound = FALSE;
    if (types[i] == 's')
      bound = driver->bind_text(rows->statement, i + 1, va_arg(values, const char *));
    else if (types[i] == 'i')
      bound = driver->bind_integer(rows->statement, i + 1, va_arg(values, gint64));
    else
      bound = driver->bind_integer(rows->statement, i + 1, va_arg(values, gboolean) ? 1 : 0);
    if (!bound)
      return FALSE;
  }
  return TRUE;
}

static NxRows *rows_open(NxDb *db, GError **err, const char *sql, const char *types, va_list values)
{
  gpointer statement = db->driver->prepare(db->connection, sql, err);
  if (!statement)
    return NULL;
  NxRows *rows = g_new0(NxRows, 1);
  rows->db = db;
  rows->statement = statement;
  if (bind_values(rows, types, values))
    return rows;
  g_set_error(err, NX_ERROR, NX_ERROR_DATA, "a value does not fit into: %s", sql);
  nx_rows_free(rows);
  return NULL;
}

NxRows *nx_db_select(NxDb *db, GError **err, const char *sql, const char *types, ...)
{
  va_list values;
  va_start(values, types);
  NxRows *rows = rows_open(db, err, sql, types, values);
  va_end(values);
  return rows;
}

NxRows *nx_db_select_bulk(NxDb *db, GError **err, const char *sql)
{
  gpointer statement = db->driver->prepare_bulk(db->connection, sql, err);
  if (!statement)
    return NULL;
  NxRows *rows = g_new0(NxRows, 1);
  rows->db = db;
  rows->statement = statement;
  return rows;
}

gboolean nx_db_run(NxDb *db, GError **err, const char *sql, const char *types, ...)
{
  va_list values;
  va_start(values, types);
  g_autoptr(NxRows) rows = rows_open(db, err, sql, types, values);
  va_end(values);
  if (!rows)
    return FALSE;
  while (nx_rows_next(rows))
    ;
  return nx_rows_finish(rows, err);
}

gboolean nx_db_number(NxDb *db, gint64 *number, GError **err, const char *sql, const char *types, ...)
{
  va_list values;
  va_start(values, types);
  g_autoptr(NxRows) rows = rows_open(db, err, sql, types, values);
  va_end(values);
  if (!rows)
    return FALSE;
  *number = nx_rows_next(rows) ? nx_rows_int(rows, 0) : 0;
  return nx_rows_finish(rows, err);
}

gboolean nx_db_script(NxDb *db, const char *sql, GError **err)
{
  return db->driver->script(db->connection, sql, err);
}

gint64 nx_db_changed(NxDb *db)
{
  return db->driver->changed(db->connection);
}

/* ------------------------------------------------------------------------------------------------------------ rows */

gboolean nx_rows_next(NxRows *rows)
{
  gboolean row = FALSE;
  if (rows->error || !rows->db->driver->step(rows->db->connection, rows->statement, &row, &rows->error))
    return FALSE;
  return row;
}

gboolean nx_rows_finish(NxRows *rows, GError **err)
{
  if (!rows->error)
    return TRUE;
  g_propagate_error(err, g_steal_pointer(&rows->error));
  return FALSE;
}

void nx_rows_free(NxRows *rows)
{
  if (!rows)
    return;
  rows->db->driver->finish(rows->statement);
  g_clear_error(&rows->error);
  g_free(rows);
}

guint nx_rows_columns(const NxRows *rows)
{
  return rows->db->driver->columns(rows->statement);
}

const char *nx_rows_name(NxRows *rows, guint column)
{
  return rows->db->driver->column_name(rows->statement, column);
}

gboolean nx_rows_is_null(NxRows *rows, guint column)
{
  return rows->db->driver->column_type(rows->statement, column) == NX_CELL_NULL;
}

const char *nx_rows_bytes(NxRows *rows, guint column, gsize *length)
{
  *length = 0;
  return nx_rows_is_null(rows, column) ? NULL : rows->db->driver->column_text(rows->statement, column, length);
}

const char *nx_rows_text(NxRows *rows, guint column)
{
  gsize length = 0;
  return nx_rows_bytes(rows, column, &length);
}

gint64 nx_rows_int(NxRows *rows, guint column)
{
  return rows->db->driver->column_integer(rows->statement, column);
}

static gboolean step_through(NxDb *db, const char *columns, const char *rest, NxTakeRow take, gpointer user_data, GError **err)
{
  g_autofree char *sql = g_strdup_printf("SELECT %s %s", columns, rest);
  g_autoptr(NxRows) rows = nx_db_select(db, err, sql, NULL);
  NxCell cells[NX_EACH_COLUMNS_MAX];
  while (rows && nx_rows_next(rows)) {
    for (guint i = 0; i < nx_rows_columns(rows); i++)
      cells[i].text = nx_rows_bytes(rows, i, &cells[i].length);
    take(cells, user_data);
  }
  return rows && nx_rows_finish(rows, err);
}

gboolean nx_db_each(NxDb *db, const char *columns, const char *rest, NxTakeRow take, gpointer user_data, GError **err)
{
  const NxDbDriver *driver = db->driver;
  return driver->each ? driver->each(db->connection, columns, rest, take, user_data, err) : step_through(db, columns, rest, take, user_data, err);
}

json_object *nx_rows_json(NxRows *rows, guint column)
{
  const NxDbDriver *driver = rows->db->driver;
  switch (driver->column_type(rows->statement, column)) {
  case NX_CELL_NULL:
    return NULL;
  case NX_CELL_INTEGER:
    return json_object_new_int64(driver->column_integer(rows->statement, column));
  case NX_CELL_REAL:
    return nx_json_double(driver->column_real(rows->statement, column));
  default: {
    gsize length = 0;
    const char *bytes = driver->column_text(rows->statement, column, &length);
    g_autofree char *text = nx_text_utf8(bytes ? bytes : "", (gssize)length);
    return json_object_new_string(text);
  }
  }
}

/* ---------------------------------------------------------------------------------------------------- transactions */

static NxDbTransaction *begin(NxDb *db, NxDbLock lock, GError **err)
{
  if (!db->driver->begin(db->connection, lock, err))
    return NULL;
  NxDbTransaction *transaction = g_new0(NxDbTransaction, 1);
  transaction->db = db;
  return transaction;
}

NxDbTransaction *nx_db_begin(NxDb *db, GError **err)
{
  return begin(db, NX_DB_LOCK_ALL, err);
}

NxDbTransaction *nx_db_begin_beside_others(NxDb *db, GError **err)
{
  return begin(db, NX_DB_LOCK_ROWS, err);
}

NxDbTransaction *nx_db_begin_reading(NxDb *db, GError **err)
{
  return begin(db, NX_DB_LOCK_NOTHING, err);
}

gboolean nx_db_commit(NxDbTransaction **transaction, GError **err)
{
  if (!nx_db_script((*transaction)->db, "COMMIT", err))
    return FALSE;
  g_clear_pointer(transaction, g_free);
  return TRUE;
}

void nx_db_rollback(NxDbTransaction *transaction)
{
  if (!transaction)
    return;
  /* An engine that has already rolled back by itself answers with an error here, which says nothing new. */
  nx_db_script(transaction->db, "ROLLBACK", NULL);
  g_free(transaction);
}

/* ---------------------------------------------------------------------------------------------------------- engine */

gboolean nx_db_enforce_foreign_keys(NxDb *db, gboolean on, GError **err)
{
  return db->driver->enforce_foreign_keys(db->connection, on, err);
}

gboolean nx_db_drop_foreign_keys(NxDb *db, GPtrArray **again, GError **err)
{
  g_autoptr(GPtrArray) drop = g_ptr_array_new_with_free_func(g_free), add = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(NxRows) rows = db->driver->foreign_key_statements ? nx_db_select(db, err, db->driver->foreign_key_statements, NULL) : NULL;
  while (rows && nx_rows_next(rows)) {
    g_ptr_array_add(drop, g_strdup(nx_rows_text(rows, 0)));
    g_ptr_array_add(add, g_strdup(nx_rows_text(rows, 1)));
  }
  gboolean done = rows ? nx_rows_finish(rows, err) : !db->driver->foreign_key_statements;
  for (guint i = 0; done && i < drop->len; i++)
    done = nx_db_script(db, drop->pdata[i], err);
  *again = done ? g_steal_pointer(&add) : NULL;
  return done;
}

gboolean nx_db_add_foreign_keys(NxDb *db, const GPtrArray *again, GError **err)
{
  for (guint i = 0; i < again->len; i++)
    if (!nx_db_script(db, again->pdata[i], err))
      return FALSE;
  return TRUE;
}

void nx_db_prepare_for_build(NxDb *db)
{
  db->driver->prepare_for_build(db->connection, db->address);
}

char **nx_db_tables(NxDb *db, GError **err)
{
  g_autoptr(NxRows) rows = nx_db_select(db, err, db->driver->tables_query, NULL);
  if (!rows)
    return NULL;
  g_autoptr(GStrvBuilder) names = g_strv_builder_new();
  while (nx_rows_next(rows))
    g_strv_builder_add(names, nx_rows_text(rows, 0));
  return nx_rows_finish(rows, err) ? g_strv_builder_end(names) : NULL;
}

gboolean nx_db_has_table(NxDb *db, const char *table, gboolean *has, GError **err)
{
  g_auto(GStrv) names = nx_db_tables(db, err);
  *has = names && g_strv_contains((const char *const *)names, table);
  return names != NULL;
}

gboolean nx_db_has_column(NxDb *db, const char *table, const char *column, NxColumnFacts *facts, GError **err)
{
  g_autoptr(NxRows) rows = nx_db_select(db, err, db->driver->columns_query, "s", table);
  if (!rows)
    return FALSE;
  *facts = (NxColumnFacts){0};
  while (nx_rows_next(rows))
    if (g_strcmp0(nx_rows_text(rows, 0), column) == 0) {
      *facts = (NxColumnFacts){.exists = TRUE, .allows_null = nx_rows_int(rows, 1) == 0};
      const char *type = nx_rows_text(rows, 2);
      g_strlcpy(facts->type, type ? type : "", sizeof facts->type);
    }
  return nx_rows_finish(rows, err);
}

const char *nx_db_catalogue(const NxDb *db, NxCatalogue part)
{
  return db->driver->catalogue[part];
}

const char *nx_db_like(const NxDb *db)
{
  return db->driver->like;
}

const char *nx_db_byte_order(const NxDb *db)
{
  return db->driver->byte_order;
}

const char *nx_db_insertion_order(const NxDb *db)
{
  return db->driver->insertion_order;
}

NxTable *nx_table_read(NxDb *db, const char *name, GError **err)
{
  return db->driver->read_table(db, name, err);
}

gboolean nx_database_make_with(const char *address, NxDatabaseBuild build, gpointer user_data, gboolean replace, FILE *out, GError **err)
{
  const NxDbDriver *driver = driver_for(address, err);
  return driver && driver->make(address, build, user_data, replace, out, err);
}

gboolean nx_db_backup(NxDb *db, char **name, GError **err)
{
  return db->driver->backup(db, name, err);
}
