/* draw.h — the canvas of a preview, the text on it, and the shapes that several pictures share. Private to preview/. */
#ifndef NX_PREVIEW_DRAW_H
#define NX_PREVIEW_DRAW_H

#include "nx-preview.h"

#include <cairo.h>
#include <pango/pangocairo.h>

/* A transparent NX_PREVIEW_SIZE square; coordinates in its pixels from the upper left corner. */
typedef struct {
  cairo_surface_t *surface;
  cairo_t *cairo;
  PangoContext *pango;
  GHashTable *layouts; /* font and text → PangoLayout*; draw.c's own */
} NxCanvas;

typedef enum {
  NX_FONT_TITLE,
  NX_FONT_TITLE_BOLD,
  NX_FONT_LABEL,      /* of an axis, a mark */
  NX_FONT_TICK,
  NX_FONT_BAR,        /* scale bar */
  NX_FONT_BAR_SMALL,  /* scale bar of a small picture */
  NX_FONT_CARD_BOLD,
  NX_FONT_CARD,
  NX_FONT_CARD_ITALIC,
  NX_FONT_TABLE,      /* monospace */
  NX_FONT_PAGE,       /* monospace, of a text page */
  NX_FONT_APOLOGY,
  NX_FONT_SMALL,      /* of a figure with many panels */
  NX_N_FONTS
} NxFont;

NxCanvas *nx_canvas_new(void);
void nx_canvas_free(NxCanvas *canvas);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxCanvas, nx_canvas_free)
/* The canvas as PNG; fails when any drawing on it failed. Its pixels are turned in their place: nothing more can be drawn. */
GBytes *nx_canvas_png(NxCanvas *canvas, GError **err);

void nx_canvas_colour(NxCanvas *canvas, guint32 rgb);
void nx_canvas_fill(NxCanvas *canvas, double x, double y, double width, double height, guint32 rgb);

/* One line of text in the current colour. `across` and `down` say which point of its box is at (x, y): 0 left or top, 0.5 middle, 1 right or
 * bottom. Text that is not UTF-8 is shown with U+FFFD; a line break is shown as a sign. */
void nx_canvas_text(NxCanvas *canvas, NxFont font, double x, double y, double across, double down, const char *text);
/* The same turned by 90° to the left: `across` is along the text, from bottom to top. */
void nx_canvas_text_upright(NxCanvas *canvas, NxFont font, double x, double y, double across, double down, const char *text);
/* The same with a thin edge, dark or around dark text light: legible on anything. */
void nx_canvas_text_edged(NxCanvas *canvas, NxFont font, double x, double y, double across, double down, const char *text);
double nx_canvas_text_width(NxCanvas *canvas, NxFont font, const char *text);
double nx_canvas_text_height(NxCanvas *canvas, NxFont font);
/* `text` cut to `width` pixels with "…". */
char *nx_canvas_text_cut(NxCanvas *canvas, NxFont font, const char *text, double width);

/* The title in lines of at most 60 characters, centred, from `top` downwards, and below it `second` in bold (or NULL). Returns the y below it. */
double nx_canvas_title(NxCanvas *canvas, double top, const char *title, const char *second);
/* How high nx_canvas_title will be. */
double nx_canvas_title_height(NxCanvas *canvas, const char *title, const char *second);

#endif
