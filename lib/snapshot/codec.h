/* codec.h — compression of pages (parquet §7). */
#ifndef NX_SNAPSHOT_CODEC_H
#define NX_SNAPSHOT_CODEC_H

#include "nx-base.h"

/* Whether a page of `size` bytes is read that takes up `stored` bytes; one that is stored as it is always is, up to 1 GiB. */
gboolean parquet_size_is_sane(guint64 size, guint64 stored);
/* `codec` is a number of the format; the result has exactly `size` bytes, which the caller has judged. NULL and *err otherwise. */
guint8 *parquet_decompress(gint32 codec, const guint8 *data, gsize length, gsize size, GError **err);
/* Appends; cannot fail but for a codec that is not written. */
void parquet_compress(gint32 codec, const guint8 *data, gsize length, GByteArray *out);

#endif
