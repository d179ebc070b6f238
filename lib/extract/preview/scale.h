/* scale.h — Lanczos scaling of a picture that passes by row by row. Private to preview/. */
#ifndef NX_PREVIEW_SCALE_H
#define NX_PREVIEW_SCALE_H

#include <glib.h>

/* Rows of floats, top to bottom → to_width × to_height pixels. Kernel: Lanczos a = 3, stretched by the scale when shrinking, separable, weights
 * normalised (extractors-b 12.2). Shrinking by more than 16 first averages blocks of at most an eighth of an output pixel's width, so memory and
 * time do not follow the size of the picture: about 40 rows of 8 output pixels' width each. */
typedef struct NxScaler NxScaler;

/* Floats in the widest row that is accepted. */
#define NX_SCALER_ROW_MAX (4u * 1024u * 1024u)

/* Is given row y of the scaled picture, to_width × channels floats, borrowed. Each row comes once, from the top. */
typedef void (*NxScaledRow)(gpointer to, guint y, const float *row);

typedef struct {
  guint64 width, height;
  guint to_width, to_height, channels; /* 1 or 4 */
  NxScaledRow take;
  gpointer to;
} NxScaling;

/* NULL and NX_ERROR_FORMAT when a row is wider than NX_SCALER_ROW_MAX or a size is 0. */
NxScaler *nx_scaler_new(const NxScaling *scaling, GError **err);
void nx_scaler_free(NxScaler *scaler);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxScaler, nx_scaler_free)
/* Where the next row goes: width × channels floats, borrowed, contents undefined. */
float *nx_scaler_row(NxScaler *scaler);
/* The row is complete. More than `height` rows are ignored. */
void nx_scaler_push(NxScaler *scaler);
/* Gives out what is left; rows that were never pushed count as 0. */
void nx_scaler_finish(NxScaler *scaler);

/* Greys of 0 (black) to 255 (white), as a scaler makes them → opaque words, alpha in the highest byte. NaN is black. */
void nx_grey_words(const float *greys, gsize n, guint32 *words);

/* The size of a width × height picture in a square of `side`: extractors-b 12.2, at least 1. */
void nx_scale_fit(guint64 width, guint64 height, guint side, guint *to_width, guint *to_height);

#endif
