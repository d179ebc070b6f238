/* kinds.h — one function for each kind of picture (extractors-b 12.3 to 12.5). Private to preview/. */
#ifndef NX_PREVIEW_KINDS_H
#define NX_PREVIEW_KINDS_H

#include "draw.h"

/* What a plot needs to know: the array has passed nx_array_check. `title` is valid UTF-8. */
typedef struct {
  NxCanvas *canvas;
  const NxArray *array;
  const GPtrArray *marks; /* of NxMark*, or NULL */
  const char *title;
} NxPlot;

typedef gboolean (*NxDraw)(const NxPlot *plot, GError **err);
gboolean nx_draw_image(const NxPlot *plot, GError **err);          /* 2-D signal */
gboolean nx_draw_fft(const NxPlot *plot, GError **err);            /* complex 2-D signal */
gboolean nx_draw_stack(const NxPlot *plot, GError **err);          /* 2-D signals along one axis */
gboolean nx_draw_hyperimage(const NxPlot *plot, GError **err);     /* 2-D signals over two axes or more */
gboolean nx_draw_spectrum(const NxPlot *plot, GError **err);       /* 1-D signal */
gboolean nx_draw_line_scan(const NxPlot *plot, GError **err);      /* 1-D signals along one axis */
gboolean nx_draw_spectrum_image(const NxPlot *plot, GError **err); /* 1-D signals over two axes or more */
gboolean nx_draw_axes_card(const NxPlot *plot, GError **err);      /* anything else: says what the axes are */
/* The one for this array. */
NxDraw nx_draw_for(const NxArray *array);

/* The file is text; NX_ERROR_FORMAT when it is in none of the known encodings. */
gboolean nx_draw_text_page(NxCanvas *canvas, NxBytes *bytes, GError **err);
void nx_draw_placeholder(NxCanvas *canvas);

/* The file is a picture: TIFF through libtiff, all else through gdk-pixbuf. */
GBytes *nx_picture_png(NxBytes *bytes, GError **err);
void nx_picture_warm_up(void);

#endif
