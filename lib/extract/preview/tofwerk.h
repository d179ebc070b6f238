/* tofwerk.h — the composite preview of a fibTOF acquisition (extractors-b 12.6). Private to lib/extract. */
#ifndef NX_PREVIEW_TOFWERK_H
#define NX_PREVIEW_TOFWERK_H

#include "nx-preview.h"

/* Rows of numbers; values NULL when there are none. */
typedef struct {
  double *values;
  guint width, height;
  guint64 full_width, full_height; /* of what it was thinned from */
} NxMap;

#define NX_TOFWERK_PEAKS 3u

typedef struct {
  char *label;
  double mass;
  NxMap map;
  double *per_write;
} NxTofwerkPeak;

/* Everything the picture shows. All members are owned. */
typedef struct {
  gboolean is_processed, is_positive;
  char *heading, *subheading;
  NxMap fib, total;       /* secondary electrons; ions */
  guint64 n_layers;       /* slices of a raw file, peaks of a processed one */
  guint n_writes;
  double *per_write;      /* events of each write of a raw file; or NULL */
  NxTofwerkPeak peaks[NX_TOFWERK_PEAKS];
  guint n_peaks;
  gsize n_channels;
  double *masses, *sums;  /* the spectrum; NULL when there is none */
  gsize n_windows;
  double *windows;        /* pairs of lower and upper integration limits */
  char *(*ion_label)(double mass, gboolean is_positive);
} NxTofwerkFigure;

void nx_tofwerk_figure_clear(NxTofwerkFigure *figure);
GBytes *nx_tofwerk_figure_png(const NxTofwerkFigure *figure, GError **err);

#endif
