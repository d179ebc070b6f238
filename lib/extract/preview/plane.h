/* plane.h — one two-dimensional slice of an array as a grey or colour picture. Private to preview/. */
#ifndef NX_PREVIEW_PLANE_H
#define NX_PREVIEW_PLANE_H

#include "nx-extract.h"

#include <cairo.h>

/* The last two dimensions of `array` at a navigation position. */
typedef struct {
  const NxArray *array;
  guint64 index[NX_DIMS_MAX];
  guint64 rows, columns;
} NxPlane;

/* `position` counts the navigation positions in C order. The array has at least two dimensions. */
NxPlane nx_plane_at(const NxArray *array, guint64 position);
/* Positions over the first `n` dimensions; saturates at G_MAXUINT64. */
guint64 nx_array_positions(const NxArray *array, guint n);
/* The index of `position` over the first `n` dimensions; the others 0. */
void nx_array_index(const NxArray *array, guint n, guint64 position, guint64 *index);

/* "20 x 30 Hyperimage": the sizes of the navigation axes, the fastest first, and what they lead to. */
char *nx_navigation_title(const NxArray *array, const char *what);

typedef enum {
  NX_TONE_PERCENTILES,   /* linear, black at the 2nd and white at the 98th percentile of the finite values (extractors-b 12.5) */
  NX_TONE_LOG_AMPLITUDE, /* logarithmic, black at the 66th percentile, white at the maximum: FFTs */
} NxTone;

/* Rows that were read for the sample and are kept for the picture: 0, step, 2 × step …, n of them. */
typedef struct {
  guint64 step, n;
  double *numbers; /* n × columns; NULL: none are kept */
} NxKeptRows;
void nx_kept_rows_clear(NxKeptRows *kept);
/* Row `y`, or NULL; borrowed. */
const double *nx_kept_row(const NxKeptRows *kept, const NxPlane *plane, guint64 y);

/* The values that become black and white. Percentiles are those of at most NX_CONTRAST_SAMPLE values, taken from an even grid over the plane,
 * exact for a plane of that size or less, with linear interpolation between ranks. Non-finite values do not count; without any finite value both
 * are 0. When the percentiles coincide the range of the sample is used. Only every `row_step`-th row is looked at, and kept as far as memory allows. */
#define NX_CONTRAST_SAMPLE (256u * 1024u)
gboolean nx_plane_contrast(const NxPlane *plane, NxTone tone, guint64 row_step, NxKeptRows *kept, double *black, double *white, GError **err);

/* Draws the plane into a width × height box that lies inside an image surface of format ARGB32. Shrinking uses the kernel of scale.h; enlarging by
 * 3 or more shows each pixel as a block. NaN is black. RGB arrays keep their colours. */
gboolean nx_plane_draw(const NxPlane *plane, cairo_surface_t *surface, guint x, guint y, guint width, guint height, NxTone tone, GError **err);
/* The same as a picture of its own. */
cairo_surface_t *nx_plane_picture(const NxPlane *plane, guint width, guint height, NxTone tone, GError **err);

/* The `percent` percentile (linear between ranks) of `n` finite values, which may be in any order. n > 0. */
double nx_percentile(const float *values, gsize n, double percent);

#endif
