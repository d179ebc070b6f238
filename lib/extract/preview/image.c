/* image.c — micrographs, diffraction patterns, FFTs, and what was drawn over them. */
#include "kinds.h"
#include "plane.h"
#include "scale-bar.h"

#include <math.h>
#include <string.h>

#define SIDE NX_PREVIEW_SIZE
#define MARGIN 8.0
/* A picture thinner than this share of its longer side is shown thicker than it is. */
#define THINNEST 0.08

/* ---------------------------------------------------------------------------------------------------------------- marks */

#define MARK_WIDTH 2.0
#define POINT_RADIUS 3.5
static const double DASHES[] = { 6.0, 4.0 };

typedef struct {
  double x, y, across, down; /* origin and size of an image pixel on the canvas */
} Placement;

static gboolean is_placeable(const NxMark *mark)
{
  const double numbers[] = { mark->x0, mark->y0, mark->x1, mark->y1, mark->red, mark->green, mark->blue };
  for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
    if (!isfinite(numbers[i]) || fabs(numbers[i]) > 1e6)
      return FALSE;
  }
  return TRUE;
}

/* Of several lines, each below the one before; all that lie on the canvas. */
static void draw_words(NxCanvas *canvas, double x, double y, const char *text)
{
  const double height = nx_canvas_text_height(canvas, NX_FONT_LABEL);
  for (const char *line = text; *line && y < SIDE; y += height) {
    const gsize length = strcspn(line, "\r\n");
    g_autofree char *words = g_strndup(line, length), *cut = nx_canvas_text_cut(canvas, NX_FONT_LABEL, words, SIDE);
    nx_canvas_text_edged(canvas, NX_FONT_LABEL, x, y, 0, 0, cut);
    line += length;
    line += g_str_has_prefix(line, "\r\n") ? 2 : *line ? 1 : 0;
  }
}

static void draw_mark(NxCanvas *canvas, const NxMark *mark, const Placement *place)
{
  const double x0 = place->x + mark->x0 * place->across, y0 = place->y + mark->y0 * place->down;
  const double x1 = place->x + mark->x1 * place->across, y1 = place->y + mark->y1 * place->down;
  cairo_set_source_rgb(canvas->cairo, mark->red, mark->green, mark->blue);
  cairo_set_line_width(canvas->cairo, MARK_WIDTH);
  cairo_set_dash(canvas->cairo, DASHES, mark->dashed ? G_N_ELEMENTS(DASHES) : 0, 0);
  switch (mark->kind) {
  case NX_MARK_LINE:
    cairo_move_to(canvas->cairo, x0, y0);
    cairo_line_to(canvas->cairo, x1, y1);
    cairo_stroke(canvas->cairo);
    break;
  case NX_MARK_BOX:
    cairo_rectangle(canvas->cairo, MIN(x0, x1), MIN(y0, y1), fabs(x1 - x0), fabs(y1 - y0));
    cairo_stroke(canvas->cairo);
    break;
  case NX_MARK_POINT:
    cairo_arc(canvas->cairo, x0, y0, POINT_RADIUS, 0, 2 * G_PI);
    cairo_fill(canvas->cairo);
    break;
  case NX_MARK_TEXT:
    if (mark->text)
      draw_words(canvas, x0, y0, mark->text);
    break;
  }
  cairo_new_path(canvas->cairo);
}

static void draw_marks(const NxPlot *plot, const Placement *place, double width, double height)
{
  cairo_save(plot->canvas->cairo);
  cairo_rectangle(plot->canvas->cairo, place->x, place->y, width, height);
  cairo_clip(plot->canvas->cairo);
  for (guint i = 0; plot->marks && i < plot->marks->len; i++) {
    const NxMark *mark = plot->marks->pdata[i];
    if (is_placeable(mark))
      draw_mark(plot->canvas, mark, place);
  }
  cairo_restore(plot->canvas->cairo);
}

/* -------------------------------------------------------------------------------------------------------------- the image */

/* Height of a pixel in widths: its calibration says, when both axes are calibrated in the same unit and it is believable. */
static double pixel_aspect(const NxArray *array)
{
  const NxAxis *down = &array->axis[array->n_dims - 2], *across = &array->axis[array->n_dims - 1];
  const gboolean same = down->units && across->units && g_str_equal(down->units, across->units);
  const double aspect = same ? fabs(down->scale / across->scale) : 1.0;
  return isfinite(aspect) && aspect > 0.05 && aspect < 20.0 ? aspect : 1.0;
}

/* The largest box of the image's shape inside room_width × room_height. */
static void image_box(const NxPlane *plane, double room_width, double room_height, guint *width, guint *height)
{
  const double columns = (double)plane->columns, rows = (double)plane->rows * pixel_aspect(plane->array);
  const double shape = CLAMP(rows / columns, THINNEST, 1.0 / THINNEST);
  const double fitting = MIN(room_width, room_height / shape);
  *width = (guint)MAX(floor(fitting), 1.0);
  *height = (guint)MAX(floor(fitting * shape + 1e-9), 1.0);
}

static gboolean draw_plane(const NxPlot *plot, NxTone tone, GError **err)
{
  NxCanvas *canvas = plot->canvas;
  const NxPlane plane = nx_plane_at(plot->array, 0);
  const double title = nx_canvas_title_height(canvas, plot->title, NULL);
  guint width, height;
  image_box(&plane, SIDE - 2 * MARGIN, SIDE - title - 2 * MARGIN, &width, &height);
  const double figure = ceil(title) + height + 2 * MARGIN, top = floor((SIDE - figure) / 2);
  const double x = floor((SIDE - (double)width) / 2), y = top + MARGIN + ceil(title);
  nx_canvas_fill(canvas, 0, top, SIDE, figure, 0xffffff);
  nx_canvas_title(canvas, top + MARGIN - 2, plot->title, NULL);
  if (!nx_plane_draw(&plane, canvas->surface, (guint)x, (guint)y, width, height, tone, err))
    return FALSE;

  const Placement place = { x, y, width / (double)plane.columns, height / (double)plane.rows };
  draw_marks(plot, &place, width, height);
  nx_scale_bar_draw(canvas, &plot->array->axis[plot->array->n_dims - 1], (double)plane.columns, x, y, width, height, NX_FONT_BAR);
  return TRUE;
}

gboolean nx_draw_image(const NxPlot *plot, GError **err)
{
  return draw_plane(plot, NX_TONE_PERCENTILES, err);
}

gboolean nx_draw_fft(const NxPlot *plot, GError **err)
{
  return draw_plane(plot, NX_TONE_LOG_AMPLITUDE, err);
}

/* ---------------------------------------------------------------------------------------------------------------- stacks */

#define CARDS 5u
#define CARD_FRAME 5.0
#define SLANT 0.3
/* White around the row of cards. */
#define CARDS_MARGIN 20.0

/* The flat position of the i-th of n frames spread evenly over `total`, both ends included. */
static guint64 spread(guint64 total, guint n, guint i)
{
  return n < 2 ? 0 : (guint64)((double)(total - 1) * i / (n - 1));
}

/* One frame, `width` × `height`, narrowed to SLANT and sheared so that its right edge hangs SLANT × width lower. It is made as narrow as it is
 * shown: of the matrix only the shear is left to be interpolated. */
static gboolean draw_card(const NxPlot *plot, guint64 position, double x, double y, guint width, guint height, GError **err)
{
  cairo_t *cairo = plot->canvas->cairo;
  const NxPlane plane = nx_plane_at(plot->array, position);
  const guint narrow = (guint)MAX(rint(width * SLANT), 1.0);
  cairo_surface_t *picture = nx_plane_picture(&plane, narrow, height, NX_TONE_PERCENTILES, err);
  if (!picture)
    return FALSE;
  const cairo_matrix_t slant = { .xx = SLANT, .yx = SLANT, .xy = 0, .yy = 1, .x0 = x, .y0 = y };
  cairo_save(cairo);
  cairo_transform(cairo, &slant);
  cairo_save(cairo);
  cairo_scale(cairo, (double)width / narrow, 1);
  cairo_set_source_surface(cairo, picture, 0, 0);
  cairo_pattern_set_filter(cairo_get_source(cairo), CAIRO_FILTER_BILINEAR);
  cairo_paint(cairo);
  cairo_restore(cairo);
  cairo_surface_destroy(picture);
  nx_scale_bar_draw(plot->canvas, &plot->array->axis[plot->array->n_dims - 1], (double)plane.columns, 0, 0, width, height, NX_FONT_BAR);
  cairo_rectangle(cairo, CARD_FRAME / 2, CARD_FRAME / 2, width - CARD_FRAME, height - CARD_FRAME);
  cairo_set_line_width(cairo, CARD_FRAME);
  nx_canvas_colour(plot->canvas, 0x000000);
  cairo_stroke(cairo);
  cairo_restore(cairo);
  return TRUE;
}

gboolean nx_draw_stack(const NxPlot *plot, GError **err)
{
  const guint64 total = nx_array_positions(plot->array, plot->array->n_dims - 2);
  const guint cards = (guint)MIN(total, CARDS);
  g_autofree char *second = g_strdup_printf("%" G_GUINT64_FORMAT "-member Image Series", total);
  const double title = ceil(nx_canvas_title_height(plot->canvas, plot->title, second));
  const NxPlane plane = nx_plane_at(plot->array, 0);

  /* A card of width w takes SLANT × w across and its height plus SLANT × w down. */
  const double shape = CLAMP((double)plane.rows * pixel_aspect(plot->array) / (double)plane.columns, THINNEST, 1.0 / THINNEST);
  const double room_across = SIDE - 2 * CARDS_MARGIN, room_down = SIDE - title - 3 * MARGIN;
  const double fitting = floor(MIN(room_across / (SLANT * cards), room_down / (shape + SLANT)));
  const guint width = (guint)MAX(fitting, 1.0), height = (guint)MAX(floor(fitting * shape), 1.0);
  const double row = SLANT * width * cards, figure = title + height + SLANT * width + 3 * MARGIN;
  const double left = (SIDE - row) / 2, top = floor((SIDE - figure) / 2);

  nx_canvas_fill(plot->canvas, 0, top, SIDE, ceil(figure), 0xffffff);
  nx_canvas_title(plot->canvas, top + MARGIN, plot->title, second);
  for (guint i = 0; i < cards; i++) {
    if (!draw_card(plot, spread(total, cards, i), left + i * SLANT * width, top + 2 * MARGIN + title, width, height, err))
      return FALSE;
  }
  return TRUE;
}

/* ----------------------------------------------------------------------------------------------------------- hyperimages */

#define TILE_GAP 8.0

/* The middle of the i-th of n equal chunks of `total` positions. */
static guint64 chunk_middle(guint64 total, guint n, guint i)
{
  return (guint64)((double)total * (2.0 * i + 1.0) / (2.0 * n));
}

static gboolean draw_tile(const NxPlot *plot, guint64 position, double x, double y, guint width, guint height, gboolean bar, GError **err)
{
  const NxPlane plane = nx_plane_at(plot->array, position);
  if (!nx_plane_draw(&plane, plot->canvas->surface, (guint)x, (guint)y, width, height, NX_TONE_PERCENTILES, err))
    return FALSE;
  if (bar)
    nx_scale_bar_draw(plot->canvas, &plot->array->axis[plot->array->n_dims - 1], (double)plane.columns, x, y, width, height, NX_FONT_BAR_SMALL);
  return TRUE;
}

gboolean nx_draw_hyperimage(const NxPlot *plot, GError **err)
{
  const guint64 total = nx_array_positions(plot->array, plot->array->n_dims - 2);
  const guint side = total >= 9 ? 3 : total >= 4 ? 2 : 1;
  g_autofree char *second = nx_navigation_title(plot->array, "Hyperimage");
  const double title = ceil(nx_canvas_title_height(plot->canvas, plot->title, second));
  const NxPlane plane = nx_plane_at(plot->array, 0);
  const double gaps = TILE_GAP * (side - 1);
  guint width, height;
  image_box(&plane, (SIDE - 2 * MARGIN - gaps) / side, (SIDE - title - 2 * MARGIN - gaps) / side, &width, &height);

  const double figure = title + height * side + gaps + 2 * MARGIN, top = floor((SIDE - figure) / 2);
  const double left = floor((SIDE - width * side - gaps) / 2);
  nx_canvas_fill(plot->canvas, 0, top, SIDE, figure, 0xffffff);
  nx_canvas_title(plot->canvas, top + MARGIN - 2, plot->title, second);
  for (guint i = 0; i < side * side; i++) {
    const double x = left + (i % side) * (width + TILE_GAP), y = top + MARGIN + title + (i / side) * (height + TILE_GAP);
    if (!draw_tile(plot, chunk_middle(total, side * side, i), x, y, width, height, i == 0, err))
      return FALSE;
  }
  return TRUE;
}
