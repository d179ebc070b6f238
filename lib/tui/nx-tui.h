/* nx-tui.h — the full-screen programs. Each runs until the person leaves and returns the exit status; a terminal that cannot show them, or a
 * place that cannot be read, is an error before anything is drawn. */
#ifndef NX_TUI_H
#define NX_TUI_H

#include "nx-base.h"

/* Comes before the others: cells are counted, and columns measured, before anything is drawn, and wcwidth(3) does so by the locale. */
void nx_tui_choose_locale(void);
/* FALSE: no terminal, or one that cannot place the cursor. Each program looks for itself; this is for what must not be done in vain before. */
gboolean nx_tui_check_terminal(GError **err);
/* The instruments of the database at `address`, which exists (tui §2). */
gboolean nx_tui_manage(const char *address, GError **err);
/* The tables of the database at `address`, which exists; nothing in it is changed (tui §3). */
gboolean nx_tui_view(const char *address, GError **err);
/* The settings of the file at `path`, which may be missing (tui §4). */
gboolean nx_tui_edit(const char *path, GError **err);

#endif
