/* cells.h — text of any origin made fit for a grid of cells. */
#ifndef NX_TUI_CELLS_H
#define NX_TUI_CELLS_H

#include "nx-base.h"

/* Widths are those of wcwidth(3) in a UTF-8 locale, by which curses places what it draws; nx_tui_choose_locale sees to the locale. */

/* One line of harmless UTF-8: line ends as ↵, tabs as blanks; other control characters, direction marks, characters that nobody knows the width
 * of, and broken bytes as U+FFFD. */
char *nx_cells_clean(const char *text);
/* Cells of a clean text. */
gsize nx_cells_width(const char *text);
/* The cells `skip`…`skip+width` of a clean text: … where something is cut off at the end, blanks for half a wide character and to the full
 * width. */
char *nx_cells_fit(const char *text, gsize skip, gsize width);
/* `text` in lines of at most `width` cells, broken at blanks where there are some, and at line ends. NULL-terminated. */
char **nx_cells_wrap(const char *text, gsize width);

#endif
