/* codec.h — compression of pages (parquet §7). */
#ifndef NX_SNAPSHOT_CODEC_H
#define NX_SNAPSHOT_CODEC_H

#include "nx-base.h"

/* `codec` is a number of the format; the result has exactly `size` bytes, which the caller has judged. NULL and *err otherwise. */
guint8 *parquet_decompress(gint32 codec, const guint8 *data, gsize length, gsize size, GError **err);
/* Appends; cannot fail but for a codec that is not written. */
void parquet_compress(gint32 codec, const guint8 *data, gsize length, GByteArray *out);

#endif
