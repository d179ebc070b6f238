/* tiff-tags.h — the metadata tags of a TIFF's first directory, through libtiff. Private to lib/extract. */
#ifndef NX_TIFF_TAGS_H
#define NX_TIFF_TAGS_H

#include "nx-extract.h"

typedef struct tiff NxTiff; /* libtiff's TIFF */

/* The first directory, which is read once and kept with the bytes: half a dozen formats look into it. Borrowed. Pixels are not read. */
NxTiff *nx_tiff_of(NxBytes *bytes, GError **err);
/* The value of a tag that holds text (ASCII: Latin-1; BYTE, UNDEFINED: UTF-8, invalid bytes dropped), without its NULs. NULL when there is no such tag, or it holds no text. */
char *nx_tiff_text(NxTiff *tiff, guint32 tag);
/* The same as bytes, NULs included. */
GBytes *nx_tiff_bytes(NxTiff *tiff, guint32 tag);
/* ImageWidth and ImageLength; FALSE when one is missing. */
gboolean nx_tiff_dimensions(NxTiff *tiff, guint32 *width, guint32 *height);

#endif
