/* decimal.h — numbers as instruments write them (`1e-005`, `6.1044E-04`), read as exact decimals. Private to lib/extract. */
#ifndef NX_DECIMAL_H
#define NX_DECIMAL_H

#include <glib.h>

/* Reads all of `text` as a decimal and moves its point by `shift` places before it becomes a double, so 1.25e-9 shifted by 9 is exactly 1.25.
 * *exponent (may be NULL) is the decimal's own exponent: -1 for "0.5", -5 for "1e-005", 0 for "3".
 * FALSE when it is not a number: empty, words, trailing text, or too large for a double. */
gboolean nx_decimal_parse(const char *text, int shift, double *value, int *exponent);

/* The decimal of the fewest digits that differs from `value` by no more than `tolerance` times it, with its point moved by `shift` places: of
 * 1.0599999547 with a float's tolerance (FLT_EPSILON) 1.06. NAN when `value` is not finite. */
double nx_decimal_shortest(double value, double tolerance, int shift);

#endif
