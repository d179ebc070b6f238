/* written-quantity.h — numbers with units as vendors write them ("3.9 mm", "50.00 K X", 15.0 in "kV"), as nx_meta has them. Private to
 * lib/extract. */
#ifndef NX_WRITTEN_QUANTITY_H
#define NX_WRITTEN_QUANTITY_H

#include "nx-extract.h"

/* As nx_decimal_parse, with a point or a comma. */
gboolean nx_written_decimal(const char *text, int shift, double *value);
/* `number` (text) of the unit with that symbol as a quantity of `unit` (a name such as "nanometer"; NULL: the symbol's own), moved by its
 * decimal point only. NULL when the number is none, the symbol is unknown or measures something else. */
json_object *nx_quantity_of(const char *number, const char *symbol, const char *unit);
/* All of a text: "3.9 mm" is a quantity of `unit` (or its own), "1.000" a number, anything else text (NULL when `unit` is wanted). */
json_object *nx_written_quantity(const char *text, const char *unit);
/* The text as a plain number; NULL when it is none. */
json_object *nx_written_number(const char *text);
/* UTF-8 of bytes that are UTF-16 with a byte-order mark, UTF-8 or, when they are neither, Latin-1; NULs of the latter two end it. */
char *nx_written_text(const void *bytes, gsize length);
/* The whole of a small text file; NULL when it is larger than `limit` or cannot be read. */
char *nx_written_file(NxBytes *bytes, gsize limit);

#endif
