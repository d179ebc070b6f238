/* browse-rows.c — the rows of a page: shared, and bounded in memory however long their cells are. */
#include "browse-parts.h"

#include "cells.h"

#include <string.h>

#define LONGEST_TEXT 4096u /* bytes kept of one cell; the whole is read when it is asked for */
#define LONGEST_SHOWN 256u /* of which so many are for the grid */
#define LONGEST_WHOLE (16u * 1024u * 1024u)

/* ------------------------------------------------------------------------------------------------------------- rows */

/* At most so many bytes, and no character in two. */
static char *copy_start(const char *bytes, gsize most)
{
  gsize length = strnlen(bytes, most);
  while (length == most && length && ((guchar)bytes[length] & 0xc0) == 0x80)
    length--;
  return g_strndup(bytes, length);
}

static void read_cell(NxBrowseCell *cell, const char *bytes)
{
  if (!bytes) {
    cell->width = 4; /* NULL */
    return;
  }
  cell->text = copy_start(bytes, LONGEST_TEXT);
  cell->is_cut = bytes[strlen(cell->text)] != '\0';
  g_autofree char *start = copy_start(cell->text, LONGEST_SHOWN);
  cell->shown = nx_cells_clean(start);
  if (g_str_equal(cell->shown, cell->text)) {
    g_free(cell->shown);
    cell->shown = cell->text;
  }
  cell->width = (guint)nx_cells_width(cell->shown);
}

NxBrowseRow *nx_browse_row_read(NxRows *rows)
{
  guint columns = nx_rows_columns(rows) - 1;
  NxBrowseRow *row = g_atomic_rc_box_alloc0(sizeof(NxBrowseRow) + columns * sizeof(NxBrowseCell));
  row->id = nx_rows_int(rows, 0);
  row->columns = columns;
  for (guint i = 0; i < columns; i++)
    read_cell(&row->cells[i], nx_rows_text(rows, i + 1));
  return row;
}

NxBrowseRow *nx_browse_row_ref(NxBrowseRow *row)
{
  return g_atomic_rc_box_acquire(row);
}

static void clear_row(gpointer data)
{
  NxBrowseRow *row = data;
  for (guint i = 0; i < row->columns; i++) {
    if (row->cells[i].shown != row->cells[i].text)
      g_free(row->cells[i].shown);
    g_free(row->cells[i].text);
  }
}

void nx_browse_row_unref(gpointer row)
{
  g_atomic_rc_box_release_full(row, clear_row);
}

gboolean nx_browse_text_has(const char *text, const char *part)
{
  gsize length = strlen(part);
  char both[3] = {g_ascii_tolower(*part), g_ascii_toupper(*part), '\0'};
  if (!length)
    return TRUE;
  for (const char *p = strpbrk(text, both); p; p = strpbrk(p + 1, both))
    if (g_ascii_strncasecmp(p, part, length) == 0)
      return TRUE;
  return FALSE;
}

gboolean nx_browse_row_has(const NxBrowseRow *row, const char *filter, gboolean *can_tell)
{
  gboolean has = !*filter;
  *can_tell = TRUE;
  for (guint i = 0; i < row->columns && !has; i++)
    has = row->cells[i].text && nx_browse_text_has(row->cells[i].text, filter);
  for (guint i = 0; i < row->columns && !has; i++)
    if (row->cells[i].is_cut)
      *can_tell = FALSE;
  return has;
}

/* ------------------------------------------------------------------------------------------------------------ pages */

NxPage *nx_page_new(char **columns)
{
  NxPage *page = g_new0(NxPage, 1);
  page->columns = columns ? g_strdupv(columns) : g_new0(char *, 1);
  page->column_count = g_strv_length(page->columns);
  page->rows = g_ptr_array_new_with_free_func(nx_browse_row_unref);
  page->widths = g_new0(guint, MAX(page->column_count, 1));
  return page;
}

void nx_page_free(NxPage *page)
{
  if (!page)
    return;
  g_strfreev(page->columns);
  g_ptr_array_unref(page->rows);
  g_free(page->widths);
  g_free(page->error);
  g_free(page);
}

void nx_page_add(NxPage *page, NxBrowseRow *row)
{
  g_ptr_array_add(page->rows, nx_browse_row_ref(row));
  for (guint i = 0; i < MIN(page->column_count, row->columns); i++)
    page->widths[i] = MAX(page->widths[i], row->cells[i].width);
}

static const NxBrowseCell *cell_at(const NxPage *page, guint row, guint column)
{
  static const NxBrowseCell NONE = {0};
  const NxBrowseRow *found = row < page->rows->len ? page->rows->pdata[row] : NULL;
  return found && column < found->columns ? &found->cells[column] : &NONE;
}

const char *nx_page_text(const NxPage *page, guint row, guint column, gboolean *is_cut)
{
  const NxBrowseCell *cell = cell_at(page, row, column);
  if (is_cut)
    *is_cut = cell->is_cut;
  return cell->text;
}

const char *nx_page_shown(const NxPage *page, guint row, guint column)
{
  return cell_at(page, row, column)->shown;
}

/* -------------------------------------------------------------------------------------------------------- long cells */

/* The one row of a page: by its _rowid_, else by its place. */
static char *row_sql(const NxBrowseTable *table, const NxBrowseQuestion *question, const NxPage *page, guint row)
{
  const NxBrowseRow *wanted = page->rows->pdata[row];
  if (table->walks)
    return nx_browse_piece_sql(table, "", wanted->id, wanted->id, 1);
  NxBrowseQuestion one = *question;
  one.first += row;
  return nx_browse_sql(table, &one);
}

char *nx_browse_whole_cell(const char *address, const NxBrowseQuestion *question, const NxPage *page, guint row, guint column, GError **err)
{
  g_autoptr(NxDb) db = nx_db_open(address, NX_DB_READ, err);
  NxBrowseTable *table = db ? nx_browse_table_read(db, question->table, err) : NULL;
  if (!table)
    return NULL;
  g_autofree char *sql = row_sql(table, question, page, row);
  g_autoptr(NxRows) rows = nx_browse_select(db, sql, table->walks ? "" : question->filter, err);
  char *text = NULL;
  if (rows && nx_rows_next(rows))
    text = column + 1 < nx_rows_columns(rows) && !nx_rows_is_null(rows, column + 1)
               ? copy_start(nx_rows_text(rows, column + 1), LONGEST_WHOLE)
               : NULL;
  gboolean good = rows && nx_rows_finish(rows, err);
  if (good && !text)
    g_set_error_literal(err, NX_ERROR, NX_ERROR_MISSING, "the row is no longer there");
  nx_browse_table_free(table);
  return text;
}
