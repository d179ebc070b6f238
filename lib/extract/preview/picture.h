/* picture.h — decoders of pictures, each of which ends in a square. Private to preview/. */
#ifndef NX_PREVIEW_PICTURE_H
#define NX_PREVIEW_PICTURE_H

#include "nx-preview.h"

/* Memory that a decoder of gdk-pixbuf may take for one picture. */
#define NX_PICTURE_BYTES_MAX (256u * 1000 * 1000)

/* A transparent square with a width × height picture in its middle (extractors-b 12.2). */
typedef struct NxSquare NxSquare;
NxSquare *nx_square_new(guint width, guint height, guint channels);
void nx_square_free(NxSquare *square);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxSquare, nx_square_free)
/* An NxScaledRow. Pixels of 0 to 255; channels 1: grey; 4: R, G, B premultiplied by A, A. */
void nx_square_take(gpointer square, guint y, const float *row);
GBytes *nx_square_png(const NxSquare *square, GError **err);

gboolean nx_picture_is_tiff(NxBytes *bytes);
GBytes *nx_picture_tiff(NxBytes *bytes, GError **err);
/* FALSE: a loader that is fed this file, of type "png", "jpeg", "bmp" or "gif", would take more memory than the file warrants. */
gboolean nx_picture_claims_fit(NxBytes *bytes, const char *type, GError **err);
/* PNG, JPEG, BMP and GIF. */
GBytes *nx_picture_pixbuf(NxBytes *bytes, GError **err);

#endif
