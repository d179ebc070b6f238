/* sqlite-load.c — many rows into a table of a SQLite file: one prepared INSERT, run again for each. */
#include "sql-text.h"
#include "sqlite.h"

typedef struct {
  sqlite3 *connection;
  sqlite3_stmt *insert;
  int column; /* of the present row, from 1 */
  int code;   /* the first value that could not be bound */
} Load;

static char *load_statement(const char *table, const char *const *columns)
{
  g_autofree char *name = nx_sql_quoted(table);
  g_autoptr(GString) names = g_string_new(NULL), places = g_string_new(NULL);
  for (guint i = 0; columns[i]; i++) {
    g_autofree char *column = nx_sql_quoted(columns[i]);
    g_string_append_printf(names, "%s%s", i ? ", " : "", column);
    g_string_append(places, i ? ", ?" : "?");
  }
  return g_strdup_printf("INSERT INTO %s (%s) VALUES (%s)", name, names->str, places->str);
}

gpointer nx_sqlite_load_start(gpointer connection, const char *table, const char *const *columns, GError **err)
{
  g_autofree char *sql = load_statement(table, columns);
  sqlite3_stmt *insert = NULL;
  int code = sqlite3_prepare_v2(connection, sql, -1, &insert, NULL);
  if (code != SQLITE_OK) {
    nx_sqlite_error(connection, code, err);
    return NULL;
  }
  Load *load = g_new0(Load, 1);
  load->connection = connection;
  load->insert = insert;
  load->column = 1;
  return load;
}

static void note(Load *load, int code)
{
  if (load->code == SQLITE_OK)
    load->code = code;
}

void nx_sqlite_load_null(gpointer data)
{
  Load *load = data;
  note(load, sqlite3_bind_null(load->insert, load->column++));
}

/* The row is stored before the caller's bytes can go. */
void nx_sqlite_load_text(gpointer data, const char *text, gsize length)
{
  Load *load = data;
  note(load, sqlite3_bind_text64(load->insert, load->column++, text, length, SQLITE_TRANSIENT, SQLITE_UTF8));
}

void nx_sqlite_load_integer(gpointer data, gint64 value)
{
  Load *load = data;
  note(load, sqlite3_bind_int64(load->insert, load->column++, value));
}

void nx_sqlite_load_real(gpointer data, double value)
{
  Load *load = data;
  note(load, sqlite3_bind_double(load->insert, load->column++, value));
}

void nx_sqlite_load_bytes(gpointer data, const void *bytes, gsize length)
{
  Load *load = data;
  note(load, sqlite3_bind_blob64(load->insert, load->column++, bytes, length, SQLITE_TRANSIENT));
}

gboolean nx_sqlite_load_next(gpointer data, GError **err)
{
  Load *load = data;
  int code = load->code == SQLITE_OK ? sqlite3_step(load->insert) : load->code;
  load->column = 1;
  if (code != SQLITE_DONE)
    return nx_sqlite_error(load->connection, code, err);
  sqlite3_reset(load->insert);
  return TRUE;
}

gboolean nx_sqlite_load_end(gpointer data, gboolean good, GError **err)
{
  (void)err;
  Load *load = data;
  sqlite3_finalize(load->insert);
  g_free(load);
  return good;
}
