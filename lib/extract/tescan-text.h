/* tescan-text.h — the INI text of Tescan images, from inside the picture or the .hdr beside it. Private to lib/extract. */
#ifndef NX_TESCAN_TEXT_H
#define NX_TESCAN_TEXT_H

#include "nx-extract.h"

/* The text of tag 50431 made readable: garbage before it cut off, section lines added when it has none. */
char *nx_tescan_embedded_text(GBytes *blob);
/* The text of a .hdr file: UTF-16 with a byte-order mark, else UTF-8, invalid bytes dropped. NULL when it cannot be read. */
char *nx_tescan_sidecar_text(NxBytes *bytes);
/* TRUE when the .hdr is Tescan's. */
gboolean nx_tescan_is_sidecar(NxBytes *bytes);

#endif
