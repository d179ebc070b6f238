/* theme.h — dark and light: which colours a role has, and the choice that is remembered. */
#ifndef NX_TUI_THEME_H
#define NX_TUI_THEME_H

#include "screen.h"

/* Reads the remembered choice; `colours` is FALSE on a terminal without colours or with NO_COLOR. */
void nx_theme_start(gboolean colours);
/* The other one from now on; remembered. Returns its name, "light" or "dark". */
const char *nx_theme_toggle(void);
/* The curses attributes of a role. */
guint nx_theme_attributes(NxRole role);

#endif
