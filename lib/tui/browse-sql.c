/* browse-sql.c — the statements of the browser, and what it has to know of a table for them (tui §3). Names are quoted, a filter is a
 * parameter. */
#include "browse-parts.h"

#include <string.h>

#define ROW_ID "_rowid_" /* sqlite.org/lang_createtable.html#rowid */

char *nx_browse_pattern(const char *filter)
{
  GString *pattern = g_string_new("%");
  for (const char *p = filter; *p; p++) {
    if (strchr("%_\\", *p))
      g_string_append_c(pattern, '\\');
    g_string_append_c(pattern, *p);
  }
  g_string_append_c(pattern, '%');
  return g_string_free(pattern, FALSE);
}

static void append_name(GString *sql, const char *name)
{
  g_string_append_c(sql, '"');
  for (const char *p = name; *p; p++) {
    if (*p == '"')
      g_string_append_c(sql, '"');
    g_string_append_c(sql, *p);
  }
  g_string_append_c(sql, '"');
}

/* "(CAST(a AS TEXT) LIKE $1 … OR …)" behind WHERE or AND; nothing without a filter. */
static void append_filter(GString *sql, const NxBrowseTable *table, const char *filter, const char *before)
{
  if (!*filter)
    return;
  g_string_append(sql, before);
  for (guint i = 0; table->columns[i]; i++) {
    g_string_append(sql, i == 0 ? "(CAST(" : " OR CAST(");
    append_name(sql, table->columns[i]);
    g_string_append_printf(sql, " AS TEXT) %s $1 ESCAPE '\\'", table->like);
  }
  g_string_append_c(sql, ')');
}

static GString *select_rows(const NxBrowseTable *table)
{
  GString *sql = g_string_new(table->walks ? "SELECT " ROW_ID ", * FROM " : "SELECT 0, * FROM ");
  append_name(sql, table->name);
  return sql;
}

/* Without an order of its own, or among equals, the first column decides (it stands behind the _rowid_ that is none): a page must be the same
 * whenever it is asked for. */
static void append_order(GString *sql, const NxBrowseTable *table, const NxBrowseQuestion *question)
{
  g_string_append(sql, " ORDER BY ");
  if (question->sorted) {
    append_name(sql, question->sorted);
    g_string_append(sql, question->descending ? " DESC" : " ASC");
  }
  if (!table->walks)
    g_string_append(sql, question->sorted ? ", 2" : "2");
  else if (!question->sorted)
    g_string_append(sql, ROW_ID);
}

/* A log is in the order of its times, and sorting it the other way round would move every row to the front of the page once. A page cannot
 * begin behind the worst of any such number of rows, so the last ones of the table bound it: what is worse needs no sorting at all. */
static void append_bound(GString *sql, const NxBrowseTable *table, const NxBrowseQuestion *question)
{
  if (!table->walks || !question->sorted || *question->filter)
    return;
  g_string_append(sql, question->descending ? " WHERE coalesce(" : " WHERE (");
  append_name(sql, question->sorted);
  g_string_append(sql,
                  question->descending ? " >= (SELECT CASE count(b) WHEN count(*) THEN min(b) END FROM (SELECT " : " IS NULL OR coalesce(");
  if (!question->descending) {
    append_name(sql, question->sorted);
    g_string_append(sql, " <= (SELECT max(b) FROM (SELECT ");
  }
  append_name(sql, question->sorted);
  g_string_append(sql, " AS b FROM ");
  append_name(sql, table->name);
  g_string_append_printf(sql, " ORDER BY " ROW_ID " DESC LIMIT %" G_GUINT64_FORMAT ")), 1)%s", question->first + NX_PAGE_ROWS,
                         question->descending ? "" : ")");
}

char *nx_browse_sql(const NxBrowseTable *table, const NxBrowseQuestion *question)
{
  GString *sql = select_rows(table);
  append_bound(sql, table, question);
  append_filter(sql, table, question->filter, " WHERE ");
  append_order(sql, table, question);
  g_string_append_printf(sql, " LIMIT %d OFFSET %" G_GUINT64_FORMAT, NX_PAGE_ROWS, question->first);
  return g_string_free(sql, FALSE);
}

static void append_piece(GString *sql, gint64 from, gint64 to)
{
  g_string_append_printf(sql, " WHERE " ROW_ID " BETWEEN %" G_GINT64_FORMAT " AND %" G_GINT64_FORMAT, from, to);
}

char *nx_browse_piece_sql(const NxBrowseTable *table, const char *filter, gint64 from, gint64 to, guint most)
{
  GString *sql = select_rows(table);
  append_piece(sql, from, to);
  append_filter(sql, table, filter, " AND ");
  g_string_append_printf(sql, " ORDER BY " ROW_ID " LIMIT %u", most);
  return g_string_free(sql, FALSE);
}

char *nx_browse_known_sql(const NxBrowseTable *table, const NxBrowseQuestion *question, const GPtrArray *rows)
{
  GString *sql = select_rows(table);
  g_string_append(sql, " WHERE " ROW_ID " IN (");
  for (guint i = 0; i < rows->len; i++)
    g_string_append_printf(sql, "%s%" G_GINT64_FORMAT, i ? "," : "", ((const NxBrowseRow *)rows->pdata[i])->id);
  g_string_append_c(sql, ')');
  append_order(sql, table, question);
  return g_string_free(sql, FALSE);
}

char *nx_browse_count_sql(const NxBrowseTable *table, const char *filter, gboolean piece, gint64 from, gint64 to)
{
  GString *sql = g_string_new("SELECT count(*) FROM ");
  append_name(sql, table->name);
  if (piece)
    append_piece(sql, from, to);
  append_filter(sql, table, filter, piece ? " AND " : " WHERE ");
  return g_string_free(sql, FALSE);
}

NxRows *nx_browse_select(NxDb *db, const char *sql, const char *filter, GError **err)
{
  if (!*filter)
    return nx_db_select(db, err, sql, NULL);
  g_autofree char *pattern = nx_browse_pattern(filter);
  return nx_db_select(db, err, sql, "s", pattern);
}

/* ------------------------------------------------------------------------------------------------------------ table */

void nx_browse_table_free(NxBrowseTable *table)
{
  if (!table)
    return;
  g_free(table->name);
  g_strfreev(table->columns);
  g_free(table);
}

static gboolean read_columns(NxDb *db, NxBrowseTable *table, GError **err)
{
  g_autoptr(GString) sql = g_string_new("SELECT * FROM ");
  append_name(sql, table->name);
  g_string_append(sql, " LIMIT 0");
  g_autoptr(NxRows) rows = nx_db_select(db, err, sql->str, NULL);
  g_autoptr(GStrvBuilder) names = g_strv_builder_new();
  for (guint i = 0; rows && i < nx_rows_columns(rows); i++)
    g_strv_builder_add(names, nx_rows_name(rows, i));
  table->columns = rows ? g_strv_builder_end(names) : NULL;
  return rows != NULL;
}

/* A table WITHOUT ROWID, a column of that name and another engine have no such order. */
static gboolean can_be_walked(NxDb *db, const NxBrowseTable *table)
{
  if (!g_str_equal(nx_db_insertion_order(db), "rowid"))
    return FALSE;
  for (char **column = table->columns; *column; column++)
    if (g_ascii_strcasecmp(*column, ROW_ID) == 0)
      return FALSE;
  g_autoptr(GString) sql = g_string_new("SELECT " ROW_ID " FROM ");
  append_name(sql, table->name);
  g_autoptr(NxRows) rows = nx_db_select(db, NULL, sql->str, NULL);
  return rows != NULL;
}

gboolean nx_browse_table_measure(NxDb *db, NxBrowseTable *table, GError **err)
{
  if (!table->walks)
    return TRUE;
  g_autoptr(GString) sql = g_string_new("SELECT (SELECT min(" ROW_ID ") FROM ");
  append_name(sql, table->name);
  g_string_append(sql, "), (SELECT max(" ROW_ID ") FROM ");
  append_name(sql, table->name);
  g_string_append_c(sql, ')');
  g_autoptr(NxRows) rows = nx_db_select(db, err, sql->str, NULL);
  if (rows && nx_rows_next(rows)) {
    table->is_empty = nx_rows_is_null(rows, 0);
    table->lowest = nx_rows_int(rows, 0);
    table->highest = nx_rows_int(rows, 1);
  }
  return rows && nx_rows_finish(rows, err);
}

NxBrowseTable *nx_browse_table_read(NxDb *db, const char *name, GError **err)
{
  NxBrowseTable *table = g_new0(NxBrowseTable, 1);
  table->name = g_strdup(name);
  table->like = nx_db_like(db);
  if (!read_columns(db, table, err)) {
    nx_browse_table_free(table);
    return NULL;
  }
  table->walks = can_be_walked(db, table);
  return table;
}
