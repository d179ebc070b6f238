/* rows.c — a whole table as lines, whatever its columns are at the revision of the database. */
#include "driver.h"
#include "sql-text.h"
#include "stages.h"

static gboolean write_columns(NxRows *rows, FILE *out, GError **err)
{
  g_autoptr(json_object) names = json_object_new_array();
  for (guint i = 0; i < nx_rows_columns(rows); i++)
    json_object_array_add(names, nx_json_string(nx_rows_name(rows, i)));
  return nx_line_write(out, names, err);
}

static gboolean write_row(NxRows *rows, FILE *out, GError **err)
{
  g_autoptr(json_object) values = json_object_new_array();
  for (guint i = 0; i < nx_rows_columns(rows); i++)
    json_object_array_add(values, nx_rows_json(rows, i));
  return nx_check_interrupted(err) && nx_line_write(out, values, err);
}

static gboolean write_all(NxRows *rows, FILE *out, GError **err)
{
  if (!write_columns(rows, out, err))
    return FALSE;
  while (nx_rows_next(rows))
    if (!write_row(rows, out, err))
      return FALSE;
  return nx_rows_finish(rows, err);
}

gboolean nx_db_write_rows(const char *address, const char *table, FILE *out, GError **err)
{
  gboolean is_there = FALSE;
  g_autoptr(NxDb) db = nx_db_open(address, NX_DB_READ, err);
  if (!db || !nx_db_has_table(db, table, &is_there, err))
    return FALSE;
  if (!is_there) {
    g_set_error(err, NX_ERROR, NX_ERROR_MISSING, "the database has no table %s", table);
    return FALSE;
  }
  g_autofree char *name = nx_sql_quoted(table), *sql = g_strdup_printf("SELECT * FROM %s ORDER BY 1", name);
  g_autoptr(NxRows) rows = nx_db_select(db, err, sql, NULL);
  return rows && write_all(rows, out, err);
}
