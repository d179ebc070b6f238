/* box.h — boxes over the screen: questions, messages and choices of a file by libdialog; a list with a live filter and a page of text by us. */
#ifndef NX_TUI_BOX_H
#define NX_TUI_BOX_H

#include "keys.h"

/* ^Q and ^C leave every box and quit; in boxes without a text ? is their help, ^T changes the theme, ^Z stops, and q is Escape. */

/* Yes or No; No has the focus, Escape is No. */
gboolean nx_box_ask(const char *title, const char *text);
void nx_box_say(const char *title, const char *text);
/* The first of two buttons: TRUE. Escape: FALSE. It speaks for the program, whose keys ? explains and which q quits. */
gboolean nx_box_choose(const char *title, const char *text, const char *first, const char *second, const NxKeyRow *keys);
/* A folder or file; NULL when it was left. */
char *nx_box_choose_path(const char *title, const char *start, gboolean folder);
/* A text of several lines, edited in a box of its own; NULL when it was left as it was. */
char *nx_box_edit_lines(const char *title, const char *text);

/* One of the words, found by typing part of it; NULL when it was left. */
char *nx_box_pick(const char *title, const char *const *words, const char *current);
/* A long text, wrapped and scrolled; c copies it. */
void nx_box_read(const char *title, const char *text);

#endif
