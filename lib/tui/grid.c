/* grid.c — a table of rows and columns with a heading, a cursor on a whole row and a current column. */
#include "grid.h"

#include "cells.h"

#include <curses.h>

#define GAP 2 /* cells between two columns */

void nx_grid_clear(NxGrid *grid)
{
  g_clear_pointer(&grid->widths, g_free);
}

void nx_grid_measure(NxGrid *grid)
{
  g_free(grid->widths);
  grid->widths = g_new0(guint, MAX(grid->columns, 1));
  for (guint column = 0; column < grid->columns; column++) {
    gsize width = nx_cells_width(grid->titles[column]) + 2;
    if (grid->known_widths)
      width = MAX(width, grid->known_widths[column]);
    for (guint row = 0; row < grid->rows && !grid->known_widths; row++) {
      const char *text = grid->cell(grid->data, row, column);
      width = MAX(width, text ? nx_cells_width(text) : 4);
    }
    grid->widths[column] = (guint)MIN(width, grid->widest);
  }
  grid->cursor = grid->rows ? MIN(grid->cursor, grid->rows - 1) : 0;
  grid->column = grid->columns ? MIN(grid->column, grid->columns - 1) : 0;
  grid->leftmost = MIN(grid->leftmost, grid->column);
}

/* Moves what is shown so that the cursor and the current column are in it. */
static void follow(NxGrid *grid, int rows)
{
  guint visible = (guint)MAX(rows, 1);
  if (grid->cursor < grid->top)
    grid->top = grid->cursor;
  if (grid->cursor >= grid->top + visible)
    grid->top = grid->cursor - visible + 1;
  if (grid->top + visible > grid->rows)
    grid->top = grid->rows > visible ? grid->rows - visible : 0;
  if (grid->column < grid->leftmost)
    grid->leftmost = grid->column;
  for (;;) {
    int used = 1;
    for (guint i = grid->leftmost; i <= grid->column && i < grid->columns; i++)
      used += (int)grid->widths[i] + GAP;
    if (used <= nx_screen_columns() || grid->leftmost >= grid->column)
      return;
    grid->leftmost++;
  }
}

static void draw_heading(const NxGrid *grid, int row)
{
  int at = 1, columns = nx_screen_columns();
  nx_draw(row, 0, columns, NX_ROLE_HEADING, "");
  for (guint i = grid->leftmost; i < grid->columns && at < columns; i++) {
    g_autofree char *title = g_strdup_printf("%s%s", grid->titles[i], (int)i != grid->sorted ? "" : grid->descending ? " ↓" : " ↑");
    gboolean current = (grid->marks_column && i == grid->column);
    nx_draw(row, at, MIN((int)grid->widths[i], columns - at), current ? NX_ROLE_CURRENT : NX_ROLE_HEADING, title);
    at += (int)grid->widths[i] + GAP;
  }
}

static void draw_row(const NxGrid *grid, int line, guint row, gboolean focused)
{
  gboolean selected = row == grid->cursor;
  NxRole role = selected ? (focused ? NX_ROLE_SELECTED : NX_ROLE_INPUT) : NX_ROLE_TEXT;
  int at = 1, columns = nx_screen_columns();
  nx_draw(line, 0, columns, role, "");
  for (guint i = grid->leftmost; i < grid->columns && at < columns; i++) {
    const char *text = grid->cell(grid->data, row, i);
    NxRole cell_role = text || selected ? role : NX_ROLE_MUTED;
    nx_draw(line, at, MIN((int)grid->widths[i], columns - at), cell_role, text ? text : "NULL");
    at += (int)grid->widths[i] + GAP;
  }
}

void nx_grid_draw(NxGrid *grid, int row, int lines, gboolean focused)
{
  grid->first_line = row;
  grid->lines = lines;
  if (lines < 1 || !grid->widths)
    return;
  follow(grid, lines - 1);
  draw_heading(grid, row);
  for (int i = 1; i < lines && grid->top + (guint)i - 1 < grid->rows; i++)
    draw_row(grid, row + i, grid->top + (guint)i - 1, focused);
  if (grid->leftmost > 0)
    nx_draw(row, 0, 1, NX_ROLE_HEADING, "‹");
  int used = 1;
  for (guint i = grid->leftmost; i < grid->columns; i++)
    used += (int)grid->widths[i] + GAP;
  if (used - GAP > nx_screen_columns())
    nx_draw(row, nx_screen_columns() - 1, 1, NX_ROLE_HEADING, "›");
}

/* The column of a cell on the screen; -1 behind the last. */
static int column_at(const NxGrid *grid, int x)
{
  int at = 1;
  for (guint i = grid->leftmost; i < grid->columns; i++) {
    at += (int)grid->widths[i] + GAP;
    if (x < at)
      return (int)i;
  }
  return -1;
}

static NxGridResult move_by(NxGrid *grid, int rows)
{
  gint64 wanted = (gint64)grid->cursor + rows;
  if (!grid->rows)
    return NX_GRID_MOVED;
  if (rows > 0 && grid->cursor == grid->rows - 1)
    return NX_GRID_PAST_END;
  if (rows < 0 && grid->cursor == 0)
    return NX_GRID_PAST_START;
  grid->cursor = (guint)CLAMP(wanted, 0, (gint64)grid->rows - 1);
  return NX_GRID_MOVED;
}

static NxGridResult click(NxGrid *grid)
{
  const NxMouse *mouse = nx_screen_mouse();
  int line = mouse->row - grid->first_line, column = column_at(grid, mouse->column);
  if (line < 0 || line >= grid->lines)
    return NX_GRID_IGNORED;
  if (mouse->wheel)
    return move_by(grid, mouse->wheel * 3) == NX_GRID_IGNORED ? NX_GRID_IGNORED : NX_GRID_MOVED;
  if (line > 0 && grid->top + (guint)line - 1 >= grid->rows)
    return NX_GRID_MOVED;
  if (column >= 0)
    grid->column = (guint)column;
  if (line == 0)
    return column >= 0 ? NX_GRID_HEADING : NX_GRID_MOVED;
  grid->cursor = grid->top + (guint)line - 1;
  return mouse->is_double ? NX_GRID_OPENED : NX_GRID_MOVED;
}

static NxGridResult move_column(NxGrid *grid, int by)
{
  if (grid->columns)
    grid->column = (guint)CLAMP((int)grid->column + by, 0, (int)grid->columns - 1);
  if (!grid->marks_column)
    grid->leftmost = grid->column;
  return NX_GRID_MOVED;
}

NxGridResult nx_grid_key(NxGrid *grid, int key)
{
  int page = MAX(grid->lines - 2, 1);
  switch (key) {
  case NX_KEY(KEY_UP):
    return move_by(grid, -1);
  case NX_KEY(KEY_DOWN):
    return move_by(grid, 1);
  case NX_KEY(KEY_PPAGE):
    return move_by(grid, -page);
  case NX_KEY(KEY_NPAGE):
    return move_by(grid, page);
  case NX_KEY(KEY_HOME):
    grid->cursor = 0;
    return NX_GRID_MOVED;
  case NX_KEY(KEY_END):
    grid->cursor = grid->rows ? grid->rows - 1 : 0;
    return NX_GRID_MOVED;
  case NX_KEY(KEY_LEFT):
    return move_column(grid, -1);
  case NX_KEY(KEY_RIGHT):
    return move_column(grid, 1);
  case NX_KEY_ENTER:
    return NX_GRID_OPENED;
  case NX_KEY_MOUSE:
    return click(grid);
  default:
    return NX_GRID_IGNORED;
  }
}
