/* tabs.c — a line of tabs. */
#include "tabs.h"

#include "cells.h"

/* The leftmost tab from which on the active one still fits. A tab takes its name and a blank on both sides. */
static guint first_shown(const char *const *names, guint active)
{
  int used = 0, room = nx_screen_columns() - 2;
  guint first = active;
  for (guint i = active + 1; i-- > 0;) {
    used += (int)nx_cells_width(names[i]) + 3;
    if (used > room)
      break;
    first = i;
  }
  return first;
}

void nx_tabs_draw(const char *const *names, guint active, int row)
{
  int column = 1;
  nx_draw(row, 0, nx_screen_columns(), NX_ROLE_HEADING, first_shown(names, active) ? "‹" : "");
  for (guint i = first_shown(names, active); names[i]; i++) {
    g_autofree char *text = g_strdup_printf(" %s ", names[i]);
    int width = (int)nx_cells_width(text);
    if (column + width > nx_screen_columns()) {
      nx_draw(row, nx_screen_columns() - 1, 1, NX_ROLE_HEADING, "›");
      return;
    }
    nx_draw(row, column, width, i == active ? NX_ROLE_CURRENT : NX_ROLE_HEADING, text);
    column += width + 1;
  }
}

int nx_tabs_at(const char *const *names, guint active, int column)
{
  int at = 1;
  for (guint i = first_shown(names, active); names[i]; i++) {
    int width = (int)nx_cells_width(names[i]) + 2;
    if (column >= at && column < at + width)
      return (int)i;
    at += width + 1;
  }
  return -1;
}
