/* grid.h — a table of rows and columns with a heading, a cursor on a whole row and a current column. */
#ifndef NX_TUI_GRID_H
#define NX_TUI_GRID_H

#include "screen.h"

typedef struct {
  const char *const *titles; /* borrowed */
  guint columns;
  guint rows;
  /* The text of a cell, borrowed until the next call; NULL is SQL NULL. */
  const char *(*cell)(gpointer data, guint row, guint column);
  gpointer data;
  guint widest; /* a column is at most so wide */
  const guint *known_widths; /* of the texts, borrowed: then they are not measured; or NULL */
  guint *widths;

  guint cursor, top;      /* rows */
  guint column, leftmost; /* current column, first column shown */
  int sorted;             /* column, or -1 */
  gboolean descending;
  gboolean marks_column; /* the current column is marked in the heading */
  int first_line, lines; /* where it was drawn last, heading included */
} NxGrid;

/* After the rows, the titles or the columns changed. */
void nx_grid_measure(NxGrid *grid);
void nx_grid_clear(NxGrid *grid);
void nx_grid_draw(NxGrid *grid, int row, int lines, gboolean focused);

typedef enum {
  NX_GRID_IGNORED,
  NX_GRID_MOVED,
  NX_GRID_PAST_END,  /* further down than the last row */
  NX_GRID_PAST_START,
  NX_GRID_OPENED,    /* Enter, or a double click on a row */
  NX_GRID_HEADING,   /* a click on the heading: `column` is the one */
} NxGridResult;
/* Also NX_KEY_MOUSE. */
NxGridResult nx_grid_key(NxGrid *grid, int key);

#endif
