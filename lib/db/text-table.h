/* text-table.h — a table drawn with boxes, fitted to a width (cli 7.1 and 7.2). */
#ifndef NX_DB_TEXT_TABLE_H
#define NX_DB_TEXT_TABLE_H

#include "nx-base.h"

typedef struct {
  const char *title;
  gboolean right; /* aligned */
  gboolean wraps; /* gives way first, breaking at blanks */
} NxTextColumn;

/* How wide a table may be, and how it looks. */
typedef struct {
  gsize width; /* G_MAXSIZE: as wide as it wants to be */
  gsize floor; /* cells that a wrapping column keeps */
  gboolean ascii;
  gboolean styled; /* italic title, bold header */
} NxTextStyle;

/* `rows` is an array of char ** with one text a column. */
void nx_text_table_print(const char *title, const NxTextColumn *columns, guint n_columns, GPtrArray *rows, const NxTextStyle *style,
                         FILE *out);
/* The width that the table wants. */
gsize nx_text_table_width(const NxTextColumn *columns, guint n_columns, GPtrArray *rows);

#endif
