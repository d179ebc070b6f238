/* layout.h — text filled to a width, and two columns beside each other: the shapes that help pages are made of. */
#ifndef NX_CLI_LAYOUT_H
#define NX_CLI_LAYOUT_H

#include <glib.h>

/* Appends `text` broken at blanks and behind hyphens of words so that no line is wider than `width` cells, `first` before the first line
 * and `next` before each other one; a word wider than a line is cut. Ends with a newline; nothing at all for blank text. */
void nx_layout_fill(GString *out, const char *text, guint width, const char *first, const char *next);

/* Paragraphs parted by "\n\n", each filled with `indent`; one that starts with "\b\n" keeps its lines. */
void nx_layout_paragraphs(GString *out, const char *text, guint width, guint indent);

/* Two columns, indented by 2: `left` and `right` are arrays of n texts. The left column is as wide as its longest text but at most 30
 * cells. */
void nx_layout_columns(GString *out, char *const *left, char *const *right, gsize n, guint width);

/* The first sentence of the first paragraph of `help`, cut to `length` cells with "..." (cli §2.2). */
char *nx_layout_short(const char *help, gsize length);

#endif
