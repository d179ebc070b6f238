/* keyboard.h — what is typed and pasted, on its way from curses to whoever reads it, this program or libdialog.
 *
 * A terminal that knows how marks where a pasted text begins and ends. Between the marks there are no keys: a line end or a Tab is a blank, or a
 * new line where lines are edited, a control character is nothing, and where no text has the focus all of it is ignored. A key that curses does
 * not know, which begins with the character Escape, is nothing at all, and no Escape. */
#ifndef NX_TUI_KEYBOARD_H
#define NX_TUI_KEYBOARD_H

#include "nx-base.h"

/* The key behind a pasted text that was ignored: a code of curses, beyond its own. */
#define NX_KEYBOARD_IGNORED 0x4002
/* The key before a blank that is typed into a path, where libdialog takes a bare one for its own: what follows is a character. A code that curses
 * has left free. */
#define NX_KEYBOARD_LITERAL (KEY_MAX - 1)

/* Learns the marks, and asks the terminal for them; the second takes that back. */
void nx_keyboard_start(void);
void nx_keyboard_end(void);
/* What takes the request back whatever happened: a constant; NULL for a terminal that was not asked. */
const char *nx_keyboard_farewell(void);

typedef enum {
  NX_KEYBOARD_OURS,
  /* Boxes of libdialog. Those with a text do not survive a size in which they do not fit: for them, a new size is the character Escape. */
  NX_KEYBOARD_OF_MESSAGE,
  NX_KEYBOARD_OF_PATH,
  NX_KEYBOARD_OF_LINES, /* a text of several */
} NxKeyboardReader;

/* Who reads from now on. */
void nx_keyboard_lend(NxKeyboardReader reader);
/* Forgets what was typed and not yet read. */
void nx_keyboard_forget(void);
/* The Escape that was read last stands for a new size. */
gboolean nx_keyboard_was_resized(void);
/* The key that was read last comes out of a pasted text. */
gboolean nx_keyboard_is_pasted(void);

#endif
