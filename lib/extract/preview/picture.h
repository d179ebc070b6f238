/* picture.h — decoders of pictures, each of which ends in nx_square_png. Private to preview/. */
#ifndef NX_PREVIEW_PICTURE_H
#define NX_PREVIEW_PICTURE_H

#include "nx-preview.h"

/* Memory that a decoder of gdk-pixbuf may take for one picture. */
#define NX_PICTURE_BYTES_MAX (256u * 1000 * 1000)

/* Pixels of 0 to 255 (channels 1: grey; 4: R, G, B premultiplied by A, A), centred on a transparent square (extractors-b 12.2) → PNG. */
GBytes *nx_square_png(const float *pixels, guint channels, guint width, guint height, GError **err);

gboolean nx_picture_is_tiff(NxBytes *bytes);
GBytes *nx_picture_tiff(NxBytes *bytes, GError **err);
/* FALSE: a loader that is fed this file, of type "png", "jpeg", "bmp" or "gif", would take more memory than the file warrants. */
gboolean nx_picture_claims_fit(NxBytes *bytes, const char *type, GError **err);
/* PNG, JPEG, BMP and GIF. */
GBytes *nx_picture_pixbuf(NxBytes *bytes, GError **err);

#endif
