/* deflate.h — the scan lines of an RGBA picture → a zlib stream (RFC 1950, RFC 1951), pixel by pixel. Private to preview/. */
#ifndef NX_DEFLATE_H
#define NX_DEFLATE_H

#include <glib.h>

/* `lines`: `height` scan lines, each a filter byte and `width` pixels of four bytes. Writes to `to` and returns the stream's length in bytes; 0 when it
 * does not fit into `room`. */
gsize nx_deflate_pixels(const guint8 *lines, guint width, guint height, guint8 *to, gsize room);

/* The `room` in which the stream of `raw` bytes of scan lines always fits. */
gsize nx_deflate_bound(gsize raw);

#endif
