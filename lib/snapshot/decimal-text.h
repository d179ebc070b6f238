/* decimal-text.h — decimals: text to and from whole numbers, also those of more than 64 bits (parquet §5). */
#ifndef NX_SNAPSHOT_DECIMAL_TEXT_H
#define NX_SNAPSHOT_DECIMAL_TEXT_H

#include <glib.h>

#define NX_DECIMAL_DIGITS_MAX 76
#define NX_DECIMAL_BYTES_MAX 32

/* The number without its point → text with `scale` digits behind the point, replacing what `text` holds. */
void nx_decimal_from_integer(gint64 unscaled, gint32 scale, GString *text);
/* Big-endian two's complement. FALSE when it has more than 32 bytes or more than 76 digits. */
gboolean nx_decimal_from_bytes(const guint8 *bytes, gsize length, gint32 scale, GString *text);
/* The bytes that every number of `precision` digits fits into. */
gsize nx_decimal_width(gint32 precision);
/* `[-+]digits[.digits][e[-+]digits]` → big-endian two's complement of `width` bytes. FALSE when it is no such text, has more digits behind the
 * point than `scale` (zeros aside) or more than `precision` in all. */
gboolean nx_decimal_to_bytes(const char *text, gsize length, gint32 precision, gint32 scale, guint8 *bytes, gsize width);

#endif
