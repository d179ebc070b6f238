/* sqlite-each.c — all rows of a query to a function of the caller's, which SQLite calls as an aggregate: of a million rows the steps of a
 * statement and the questions for each cell cost as much as the reading (interface: sqlite.org/appfunc.html). */
#include "sqlite.h"

#define FUNCTION "nx_each"

typedef struct {
  NxTakeRow take;
  gpointer user_data;
} Taker;

static void take_row(sqlite3_context *context, int n, sqlite3_value **values)
{
  const Taker *taker = sqlite3_user_data(context);
  NxCell cells[NX_EACH_COLUMNS_MAX];
  for (int i = 0; i < n; i++) {
    cells[i].text = (const char *)sqlite3_value_text(values[i]);
    cells[i].length = cells[i].text ? (gsize)sqlite3_value_bytes(values[i]) : 0;
  }
  taker->take(cells, taker->user_data);
}

static void end_rows(sqlite3_context *context)
{
  sqlite3_result_null(context);
}

gboolean nx_sqlite_each(gpointer connection, const char *columns, const char *rest, NxTakeRow take, gpointer user_data, GError **err)
{
  Taker taker = {take, user_data};
  g_autofree char *sql = g_strdup_printf("SELECT " FUNCTION "(%s) %s", columns, rest);
  int code = sqlite3_create_function_v2(connection, FUNCTION, -1, SQLITE_UTF8 | SQLITE_DIRECTONLY, &taker, NULL, take_row, end_rows, NULL);
  if (code == SQLITE_OK)
    code = sqlite3_exec(connection, sql, NULL, NULL, NULL);
  gboolean is_good = code == SQLITE_OK || nx_sqlite_error(connection, code, err);
  sqlite3_create_function_v2(connection, FUNCTION, -1, SQLITE_UTF8, NULL, NULL, NULL, NULL, NULL);
  return is_good;
}
