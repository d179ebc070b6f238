/* spectrum.c — single spectra, line scans, and cascades of spectra out of a spectrum image. */
#include "chart.h"
#include "kinds.h"
#include "plane.h"

#include <math.h>
#include <string.h>

#define SIDE NX_PREVIEW_SIZE
/* The figure of the reference is 6.4 × 4.8 inches: 500 × 375 pixels here, transparent above and below. */
#define FIGURE_HEIGHT 375.0
#define FIGURE_TOP 62.0
#define MARGIN 8.0
#define RIGHT_MARGIN 14.0
#define CURVE_WIDTH 1.5
#define CURVE_COLOUR 0x1f77b4
/* Values that are read of one spectrum at most; a longer one is thinned. */
#define CHANNELS_MAX (1024u * 1024u)

static const guint32 TAB10[] = { 0x1f77b4, 0xff7f0e, 0x2ca02c, 0xd62728, 0x9467bd, 0x8c564b, 0xe377c2, 0x7f7f7f, 0xbcbd22, 0x17becf };

/* ---------------------------------------------------------------------------------------------------------------- curves */

/* One spectrum as read: `n` values, `step` channels apart. */
typedef struct {
  double *values;
  gsize n;
  guint64 step;
  double least, most; /* of the finite values; 0 and 0 without any */
} Curve;

static void curve_clear(Curve *curve)
{
  g_clear_pointer(&curve->values, g_free);
}

static void curve_measure(Curve *curve)
{
  gboolean any = FALSE;
  for (gsize i = 0; i < curve->n; i++) {
    const double value = curve->values[i];
    if (!isfinite(value))
      continue;
    curve->least = any ? MIN(curve->least, value) : value;
    curve->most = any ? MAX(curve->most, value) : value;
    any = TRUE;
  }
}

static gboolean curve_read(Curve *curve, const NxArray *array, guint64 position, GError **err)
{
  guint64 index[NX_DIMS_MAX];
  const guint dim = array->n_dims - 1;
  const guint64 channels = array->shape[dim];
  nx_array_index(array, dim, position, index);
  *curve = (Curve){ .step = (channels - 1) / CHANNELS_MAX + 1 };
  curve->n = (gsize)((channels - 1) / curve->step + 1);
  curve->values = g_new(double, curve->n);
  if (!nx_array_read(array, index, dim, curve->n, curve->step, curve->values, err)) {
    curve_clear(curve);
    return FALSE;
  }
  curve_measure(curve);
  return TRUE;
}

/* What a curve covers of each half pixel of the chart's width. */
typedef struct {
  double least, most;
  gboolean any;
} Column;

static void column_add(Column *column, double y)
{
  column->least = column->any ? MIN(column->least, y) : y;
  column->most = column->any ? MAX(column->most, y) : y;
  column->any = TRUE;
}

typedef struct {
  double x, y; /* x in half pixels from the chart's left edge; y NAN: no point */
} Point;

/* The line from a point to another lies in some columns: what of it in each. */
static void columns_add_line(Column *columns, gsize n, Point a, Point b)
{
  const Point from = a.x <= b.x ? a : b, to = a.x <= b.x ? b : a;
  const double slope = to.x > from.x ? (to.y - from.y) / (to.x - from.x) : 0.0;
  const gsize last = (gsize)CLAMP(round(to.x), 0.0, (double)n - 1.0);
  for (gsize at = (gsize)CLAMP(round(from.x), 0.0, (double)n - 1.0); at <= last; at++) {
    const double left = MAX(from.x, (double)at - 0.5), right = MIN(to.x, (double)at + 0.5);
    column_add(&columns[at], to.x > from.x ? from.y + slope * (left - from.x) : from.y);
    column_add(&columns[at], to.x > from.x ? from.y + slope * (right - from.x) : to.y);
  }
}

static void columns_add_curve(Column *columns, gsize n, const Curve *curve, const NxChart *chart, const NxAxis *axis, double lift)
{
  Point before = { .y = NAN };
  for (gsize i = 0; i < curve->n; i++) {
    const double x = 2.0 * (nx_chart_x(chart, nx_axis_value(axis, (double)i * (double)curve->step)) - chart->x);
    const Point now = { x, isfinite(x) && isfinite(curve->values[i]) ? nx_chart_y(chart, curve->values[i] + lift) : NAN };
    if (isfinite(now.y))
      columns_add_line(columns, n, isfinite(before.y) ? before : now, now);
    before = now;
  }
}

/* The edge of a line of CURVE_WIDTH around the columns: above (sign -1) or below (sign 1) what lies in this one and its neighbours. */
static double edge_at(const Column *columns, gsize n, gsize at, int sign)
{
  double edge = sign < 0 ? columns[at].least : columns[at].most;
  for (gsize near = at > 0 ? at - 1 : 0; near <= MIN(at + 1, n - 1); near++) {
    if (columns[near].any)
      edge = sign < 0 ? MIN(edge, columns[near].least) : MAX(edge, columns[near].most);
  }
  return edge + sign * CURVE_WIDTH / 2.0;
}

/* A curve with more points than the chart has pixels, as the area that its line would cover: a stroke of so many short lines, most of them on
 * top of each other, takes ten times as long. */
static void path_dense(cairo_t *cairo, const Curve *curve, const NxChart *chart, const NxAxis *axis, double lift)
{
  const gsize n = (gsize)(2.0 * chart->width) + 1;
  g_autofree Column *columns = g_new0(Column, n);
  columns_add_curve(columns, n, curve, chart, axis, lift);
  for (gsize first = 0, end; first < n; first = end + 1) {
    cairo_new_sub_path(cairo); /* a closed path would go on from where it began */
    for (end = first; end < n && columns[end].any; end++)
      cairo_line_to(cairo, chart->x + (double)end / 2.0, edge_at(columns, n, end, -1));
    for (gsize at = end; at > first; at--)
      cairo_line_to(cairo, chart->x + (double)(at - 1) / 2.0, edge_at(columns, n, at - 1, 1));
    cairo_close_path(cairo);
  }
}

/* The path of a curve whose points can be told apart; a value that is not finite leaves a gap. */
static void path_sparse(cairo_t *cairo, const Curve *curve, const NxChart *chart, const NxAxis *axis, double lift)
{
  cairo_new_sub_path(cairo);
  for (gsize i = 0; i < curve->n; i++) {
    if (isfinite(curve->values[i]))
      cairo_line_to(cairo, nx_chart_x(chart, nx_axis_value(axis, (double)i)), nx_chart_y(chart, curve->values[i] + lift));
    else
      cairo_new_sub_path(cairo);
  }
}

static void draw_curve(NxCanvas *canvas, const Curve *curve, const NxChart *chart, const NxAxis *axis, double lift, guint32 colour)
{
  cairo_t *cairo = canvas->cairo;
  const gboolean is_dense = (double)curve->n > chart->width;
  cairo_save(cairo);
  cairo_rectangle(cairo, chart->x, chart->y, chart->width, chart->height);
  cairo_clip(cairo);
  nx_canvas_colour(canvas, colour);
  cairo_set_line_width(cairo, CURVE_WIDTH);
  cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
  cairo_set_line_cap(cairo, CAIRO_LINE_CAP_ROUND);
  if (curve->n == 1) /* a line of no length would not be seen */
    cairo_arc(cairo, chart->x + chart->width / 2, nx_chart_y(chart, curve->values[0] + lift), 1.5, 0, 2 * G_PI);
  else if (is_dense)
    path_dense(cairo, curve, chart, axis, lift);
  else
    path_sparse(cairo, curve, chart, axis, lift);
  if (is_dense)
    cairo_fill(cairo);
  else
    cairo_stroke(cairo);
  cairo_restore(cairo);
}

/* ---------------------------------------------------------------------------------------------------------------- frames */

/* The values of `axis` at its ends, ascending. */
static void axis_range(const NxAxis *axis, guint64 n, double *from, double *to)
{
  const double first = nx_axis_value(axis, 0.0), last = nx_axis_value(axis, (double)(n - 1));
  *from = MIN(first, last);
  *to = MAX(first, last);
  nx_chart_widen(from, to);
}

/* White figure with title; the chart gets what is left of it, apart from the left edge. */
static void begin_figure(const NxPlot *plot, NxChart *chart, const char *second)
{
  NxCanvas *canvas = plot->canvas;
  nx_canvas_fill(canvas, 0, FIGURE_TOP, SIDE, FIGURE_HEIGHT, 0xffffff);
  const double below_title = nx_canvas_title(canvas, FIGURE_TOP + MARGIN, plot->title, second);
  chart->y = ceil(below_title) + 4.0;
  chart->height = floor(FIGURE_TOP + FIGURE_HEIGHT - MARGIN - nx_chart_x_axis_room(canvas) - chart->y);
  chart->x = RIGHT_MARGIN;
  chart->width = SIDE - 2 * RIGHT_MARGIN;
}

static void make_room_for_y_axis(NxCanvas *canvas, NxChart *chart)
{
  chart->x = ceil(MARGIN + nx_chart_y_axis_room(canvas, chart));
  chart->width = SIDE - RIGHT_MARGIN - chart->x;
}

gboolean nx_draw_spectrum(const NxPlot *plot, GError **err)
{
  const NxAxis *energy = &plot->array->axis[plot->array->n_dims - 1];
  Curve curve;
  if (!curve_read(&curve, plot->array, 0, err))
    return FALSE;
  NxChart chart;
  axis_range(energy, plot->array->shape[plot->array->n_dims - 1], &chart.x_from, &chart.x_to);
  const double headroom = 0.05 * MIN(curve.most - curve.least, 1e300);
  chart.y_from = curve.least - headroom;
  chart.y_to = curve.most + headroom;
  nx_chart_widen(&chart.y_from, &chart.y_to);

  begin_figure(plot, &chart, NULL);
  make_room_for_y_axis(plot->canvas, &chart);
  draw_curve(plot->canvas, &curve, &chart, energy, 0.0, CURVE_COLOUR);
  curve_clear(&curve);
  nx_chart_frame(plot->canvas, &chart);
  g_autofree char *label = nx_axis_label(energy, TRUE, "Channel");
  nx_chart_x_axis(plot->canvas, &chart, label);
  nx_chart_y_axis(plot->canvas, &chart, "Intensity");
  return TRUE;
}

gboolean nx_draw_line_scan(const NxPlot *plot, GError **err)
{
  const NxArray *array = plot->array;
  const NxAxis *energy = &array->axis[array->n_dims - 1], *position = &array->axis[array->n_dims - 2];
  const NxPlane plane = nx_plane_at(array, 0);
  NxChart chart;
  axis_range(energy, plane.columns, &chart.x_from, &chart.x_to);
  /* Position runs downwards. */
  axis_range(position, plane.rows, &chart.y_to, &chart.y_from);
  begin_figure(plot, &chart, NULL);
  make_room_for_y_axis(plot->canvas, &chart);
  cairo_surface_t *picture = nx_plane_picture(&plane, (guint)chart.width, (guint)chart.height, NX_TONE_PERCENTILES, err);
  if (!picture)
    return FALSE;
  cairo_set_source_surface(plot->canvas->cairo, picture, chart.x, chart.y);
  cairo_paint(plot->canvas->cairo);
  cairo_surface_destroy(picture);
  nx_chart_frame(plot->canvas, &chart);
  g_autofree char *across = nx_axis_label(energy, TRUE, "Channel");
  g_autofree char *down = nx_axis_label(position, FALSE, "Position");
  nx_chart_x_axis(plot->canvas, &chart, across);
  nx_chart_y_axis(plot->canvas, &chart, down);
  return TRUE;
}

/* --------------------------------------------------------------------------------------------------------------- cascade */

#define SPECTRA 9u
#define CASCADE_GAP 1.1

/* A data cube as a watermark: three faces of a 3 × 3 grid in projection, drawn for the centre of the chart. */
static void draw_cube_face(cairo_t *cairo, double x, double y, double ax, double ay, double bx, double by, double shade)
{
  cairo_move_to(cairo, x, y);
  cairo_rel_line_to(cairo, ax, ay);
  cairo_rel_line_to(cairo, bx, by);
  cairo_rel_line_to(cairo, -ax, -ay);
  cairo_close_path(cairo);
  cairo_set_source_rgb(cairo, shade, shade, 1.0);
  cairo_fill_preserve(cairo);
  cairo_set_source_rgb(cairo, 0, 0, 0.25);
  for (int i = 1; i < 4; i++) {
    cairo_move_to(cairo, x + ax * i / 4, y + ay * i / 4);
    cairo_rel_line_to(cairo, bx, by);
    cairo_move_to(cairo, x + bx * i / 4, y + by * i / 4);
    cairo_rel_line_to(cairo, ax, ay);
  }
  cairo_stroke(cairo);
}

static void draw_cube(NxCanvas *canvas, const NxChart *chart)
{
  cairo_t *cairo = canvas->cairo;
  const double edge = 0.42 * chart->height, x = chart->x + chart->width / 2, y = chart->y + chart->height / 2 - 0.05 * chart->height;
  const double across = 0.9 * edge, down = 0.4 * edge;
  cairo_push_group(cairo);
  cairo_set_line_width(cairo, 1.0);
  draw_cube_face(cairo, x, y, -across, -down, across, -down, 0.85);
  draw_cube_face(cairo, x, y, -across, -down, 0, edge, 0.6);
  draw_cube_face(cairo, x, y, across, -down, 0, edge, 0.35);
  cairo_pop_group_to_source(cairo);
  cairo_paint_with_alpha(cairo, 0.15);
}

/* What the i-th spectrum is lifted by: each stands on the one before it. Returns the top of the last. */
static double stack_curves(const Curve *curves, guint n, double *lift)
{
  double floor_at = 0.0, top = 0.0;
  for (guint i = 0; i < n; i++) {
    const double range = MIN(curves[i].most - curves[i].least, 1e300 / SPECTRA);
    lift[i] = floor_at - curves[i].least;
    top = floor_at + range;
    floor_at += CASCADE_GAP * range;
  }
  return top;
}

static void draw_cascade(const NxPlot *plot, const Curve *curves, guint n)
{
  const NxAxis *energy = &plot->array->axis[plot->array->n_dims - 1];
  double lift[SPECTRA];
  NxChart chart = { .y_to = stack_curves(curves, n, lift) };
  chart.y_from = -0.02 * chart.y_to;
  chart.y_to *= 1.03;
  nx_chart_widen(&chart.y_from, &chart.y_to);
  axis_range(energy, plot->array->shape[plot->array->n_dims - 1], &chart.x_from, &chart.x_to);
  g_autofree char *second = nx_navigation_title(plot->array, "Spectrum Image");
  begin_figure(plot, &chart, second);
  draw_cube(plot->canvas, &chart);
  for (guint i = 0; i < n; i++)
    draw_curve(plot->canvas, &curves[i], &chart, energy, lift[i], TAB10[i % G_N_ELEMENTS(TAB10)]);
  nx_chart_frame(plot->canvas, &chart);
  g_autofree char *label = nx_axis_label(energy, TRUE, "Channel");
  nx_chart_x_axis(plot->canvas, &chart, label);
}

gboolean nx_draw_spectrum_image(const NxPlot *plot, GError **err)
{
  const guint64 total = nx_array_positions(plot->array, plot->array->n_dims - 1);
  const guint n = (guint)MIN(total, SPECTRA);
  Curve curves[SPECTRA] = { 0 };
  gboolean read = TRUE;
  for (guint i = 0; read && i < n; i++)
    read = curve_read(&curves[i], plot->array, n < 2 ? 0 : (guint64)((double)(total - 1) * i / (n - 1)), err);
  if (read)
    draw_cascade(plot, curves, n);
  for (guint i = 0; i < n; i++)
    curve_clear(&curves[i]);
  return read;
}
