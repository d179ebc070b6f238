/* tiff-tags.h — the metadata tags of a TIFF's first directory, through libtiff. Private to lib/extract. */
#ifndef NX_TIFF_TAGS_H
#define NX_TIFF_TAGS_H

#include "nx-extract.h"

typedef struct tiff NxTiff; /* libtiff's TIFF */

/* Opens the first directory; `bytes` is borrowed and must outlive it. Pixels are not read. */
NxTiff *nx_tiff_open(NxBytes *bytes, GError **err);
void nx_tiff_close(NxTiff *tiff);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxTiff, nx_tiff_close)
/* The value of a tag that holds text (ASCII: Latin-1; BYTE, UNDEFINED: UTF-8, invalid bytes dropped), without its NULs. NULL when there is no such tag, or it holds no text. */
char *nx_tiff_text(NxTiff *tiff, guint32 tag);
/* The same as bytes, NULs included. */
GBytes *nx_tiff_bytes(NxTiff *tiff, guint32 tag);
/* ImageWidth and ImageLength; FALSE when one is missing. */
gboolean nx_tiff_dimensions(NxTiff *tiff, guint32 *width, guint32 *height);

#endif
