/* cells.h — text of any origin made fit for a grid of cells. */
#ifndef NX_TUI_CELLS_H
#define NX_TUI_CELLS_H

#include "nx-base.h"

/* One line of harmless UTF-8: line ends as ↵, tabs as blanks, other control characters, direction marks and broken bytes as U+FFFD. */
char *nx_cells_clean(const char *text);
/* Cells of one character: 0, 1 or 2. */
guint nx_cells_of(gunichar character);
/* The cells `skip`…`skip+width` of a clean text: … where something is cut off at the end, blanks for half a wide character and to the full
 * width. */
char *nx_cells_fit(const char *text, gsize skip, gsize width);
/* `text` in lines of at most `width` cells, broken at blanks where there are some, and at line ends. NULL-terminated. */
char **nx_cells_wrap(const char *text, gsize width);

#endif
