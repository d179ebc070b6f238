/* tabs.h — a line of tabs. */
#ifndef NX_TUI_TABS_H
#define NX_TUI_TABS_H

#include "screen.h"

/* `names` is NULL-terminated. When they do not all fit, those around the active one are shown. */
void nx_tabs_draw(const char *const *names, guint active, int row);
/* The tab under a column of the line last drawn; -1: none. */
int nx_tabs_at(const char *const *names, guint active, int column);

#endif
