/* screen.h — the terminal: its beginning and its end, keys and mouse, colours by role, text in cells, the notice line.
 *
 * Everything is drawn anew for every key (curses sends only what differs), so a resize is a key like any other. The terminal is given back
 * on exit, on a stop (^Z), on a deadly signal and on a crash. */
#ifndef NX_TUI_SCREEN_H
#define NX_TUI_SCREEN_H

#include "keyboard.h"

/* What a piece of text is, from which the theme makes its colours. */
typedef enum {
  NX_ROLE_TEXT,
  NX_ROLE_TITLE,
  NX_ROLE_MUTED,
  NX_ROLE_KEY,
  NX_ROLE_LABEL,
  NX_ROLE_HEADING,
  NX_ROLE_CURRENT, /* the heading of the current column, the active tab */
  NX_ROLE_SELECTED,
  NX_ROLE_INPUT,
  NX_ROLE_FOCUS,
  NX_ROLE_ERROR,
  NX_ROLE_WARNING,
  NX_ROLE_SUCCESS,
  NX_ROLE_COUNT,
} NxRole;

/* A key is the character typed, or NX_KEY() of a curses code. */
#define NX_KEY(code) (0x200000 + (code))
#define NX_CTRL(letter) ((letter) & 0x1f)
enum {
  NX_KEY_NONE = -1,   /* the time is over */
  NX_KEY_REDRAW = -2, /* size or theme changed */
  NX_KEY_MOUSE = -3,  /* nx_screen_mouse says where */
  NX_KEY_QUIT = -4,   /* ^Q or ^C; no terminal any more */
  NX_KEY_ESCAPE = 27,
  NX_KEY_ENTER = 10,
  NX_KEY_TAB = 9,
  NX_KEY_BACKTAB = -5,
  NX_KEY_NEXT_TAB = -6,     /* ^PgDn */
  NX_KEY_PREVIOUS_TAB = -7, /* ^PgUp */
};

typedef struct {
  int row, column;
  gboolean is_double; /* the second click on the same row */
  int wheel;          /* -1 up, 1 down, 0 a click */
} NxMouse;

/* FALSE: no terminal, or one that cannot place the cursor. Nothing has been drawn then. */
gboolean nx_screen_start(GError **err);
void nx_screen_end(void);
/* Leaves the screen for a moment and comes back, around a libdialog box. */
void nx_screen_lend(NxKeyboardReader reader);
void nx_screen_take_back(void);

/* The next key; NX_KEY_NONE after `milliseconds` (-1: waits). A notice that has had its time counts as NX_KEY_REDRAW. */
int nx_screen_key(int milliseconds);
/* What a character does everywhere (^Q, ^C, ^T, ^Z), for one that was typed in a box of libdialog. The key, as above. */
int nx_screen_obey(int character);
const NxMouse *nx_screen_mouse(void);
/* TRUE once ^Q was typed, or there is no terminal any more: every loop ends. The one who asks first may take it back, but nobody can be asked
 * whose terminal is gone. */
gboolean nx_screen_is_quitting(void);
gboolean nx_screen_is_gone(void);
void nx_screen_stay(void);
/* The program cannot be on this screen: another moment, and it is redrawn. */
gboolean nx_screen_is_too_small(void);

int nx_screen_rows(void);
int nx_screen_columns(void);
/* Rows between the title and the notice line. */
int nx_screen_body_rows(void);

/* Clears, and draws the title line. `mark` (may be NULL) stands at its right end. */
void nx_screen_begin(const char *title, const char *mark);
/* `text` from its cell `skip` on in exactly `width` cells: clipped with …, filled with blanks. */
void nx_draw_from(int row, int column, int width, NxRole role, const char *text, gsize skip);
void nx_draw(int row, int column, int width, NxRole role, const char *text);
/* Where the cursor blinks when the screen is shown; without a call it is hidden. */
void nx_screen_set_cursor(int row, int column);
void nx_screen_show(void);
/* The cursor blinked when the screen was last shown: what is typed goes into a text. */
gboolean nx_screen_takes_text(void);

/* One line above the keys, for some seconds: success 3, warning 5, error 6. */
void nx_notice(NxRole kind, const char *format, ...) G_GNUC_PRINTF(2, 3);
void nx_notice_clear(void);

/* Puts `text` on the clipboard of the person's own terminal (OSC 52). */
void nx_screen_copy(const char *text);

#endif
