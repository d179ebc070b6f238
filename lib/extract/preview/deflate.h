/* deflate.h — the scan lines of an RGBA picture → a zlib stream (RFC 1950, RFC 1951), pixel by pixel. Private to preview/. */
#ifndef NX_DEFLATE_H
#define NX_DEFLATE_H

#include <glib.h>

typedef struct NxDeflate NxDeflate;

/* Scan lines have a filter byte and `width` pixels of four bytes. The stream goes to `to`. */
NxDeflate *nx_deflate_new(guint width, guint8 *to, gsize room);
void nx_deflate_free(NxDeflate *deflate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxDeflate, nx_deflate_free)
/* Where the next scan lines go, borrowed; `most` is set to how many there may be. */
guint8 *nx_deflate_lines(NxDeflate *deflate, guint *most);
/* So many have been written there. */
void nx_deflate_take(NxDeflate *deflate, guint lines);
/* Ends the stream; returns its length in bytes, 0 when it does not fit into the room. */
gsize nx_deflate_end(NxDeflate *deflate);

/* The room in which the stream of `raw` bytes of scan lines always fits. */
gsize nx_deflate_bound(gsize raw);

#endif
