/* tofwerk.c — see tofwerk.h. A white figure of two rows: maps above, spectrum and depth below. */
#include "tofwerk.h"

#include "chart.h"
#include "plane.h"

#include <math.h>
#include <string.h>

#define SIDE ((double)NX_PREVIEW_SIZE)
#define FIGURE_TOP 45.0
#define FIGURE_HEIGHT 410.0
#define ROW_1 (FIGURE_TOP + 38.0)
#define PANEL_WIDTH (SIDE / 3.0)
#define MAP_SIDE 122.0
#define ROW_2 (FIGURE_TOP + 232.0)
#define CHART_HEIGHT 130.0
#define LEAST_MASS 5.0
/* Labelled points of the spectrum are further apart than this, in daltons. */
#define APART 2.0

static const guint32 CHANNEL_COLOURS[NX_TOFWERK_PEAKS] = { 0xe41a1c, 0x4daf4a, 0x377eb8 };
#define SPECTRUM_COLOUR 0x2c7bb6
#define DEPTH_COLOUR 0x4682b4 /* steelblue */

void nx_tofwerk_figure_clear(NxTofwerkFigure *figure)
{
  for (guint i = 0; i < NX_TOFWERK_PEAKS; i++) {
    g_free(figure->peaks[i].label);
    g_free(figure->peaks[i].map.values);
    g_free(figure->peaks[i].per_write);
  }
  g_free(figure->heading);
  g_free(figure->subheading);
  g_free(figure->fib.values);
  g_free(figure->total.values);
  g_free(figure->per_write);
  g_free(figure->masses);
  g_free(figure->sums);
  g_free(figure->windows);
}

/* -------------------------------------------------------------------------------------------------------------------- maps */

/* Matplotlib's inferno at nine places; between them colours are mixed. */
static const guint32 INFERNO[] = { 0x000004, 0x210c4a, 0x57106e, 0x8a226a, 0xbc3754, 0xe45a31, 0xf98e09, 0xf9cb35, 0xfcffa4 };

static guint32 mixed(guint32 a, guint32 b, double part)
{
  guint32 result = 0;
  for (int shift = 0; shift <= 16; shift += 8) {
    const double from = (a >> shift) & 0xff, to = (b >> shift) & 0xff;
    result |= (guint32)lround(from + part * (to - from)) << shift;
  }
  return result;
}

static guint32 inferno(double value)
{
  const double place = value * (G_N_ELEMENTS(INFERNO) - 1);
  const guint below = MIN((guint)place, G_N_ELEMENTS(INFERNO) - 2);
  return mixed(INFERNO[below], INFERNO[below + 1], place - below);
}

static guint32 grey(double value)
{
  const guint32 level = (guint32)lround(value * 255.0);
  return level << 16 | level << 8 | level;
}

/* The finite values, without a border of `border` on each side. */
static float *interior(const NxMap *map, guint across, guint down, gsize *n)
{
  float *values = g_new(float, (gsize)map->width * map->height);
  *n = 0;
  for (guint y = down; y + down < map->height; y++) {
    for (guint x = across; x + across < map->width; x++) {
      const double value = map->values[(gsize)y * map->width + x];
      if (isfinite(value))
        values[(*n)++] = (float)value;
    }
  }
  return values;
}

static void limits_of(const NxMap *map, guint across, guint down, double low, double high, double *from, double *to)
{
  gsize n;
  g_autofree float *values = interior(map, across, down, &n);
  *from = n ? nx_percentile(values, n, low) : 0;
  *to = n ? nx_percentile(values, n, high) : 0;
}

/* 2nd and 98th percentile of the map without 6 % at each edge, or of the whole when little is left. */
static void total_limits(const NxMap *map, double *from, double *to)
{
  guint across = MAX(1, (guint)(map->width * 0.06)), down = MAX(1, (guint)(map->height * 0.06));
  gboolean is_small = map->width <= 2 * across || map->height <= 2 * down ||
                      (guint64)(map->width - 2 * across) * (map->height - 2 * down) < 100;
  limits_of(map, is_small ? 0 : across, is_small ? 0 : down, 2, 98, from, to);
}

static double scaled(double value, double from, double to)
{
  return to > from && isfinite(value) ? CLAMP((value - from) / (to - from), 0.0, 1.0) : 0.0;
}

typedef struct {
  double x, y, width, height;
} Box;

/* Paints width × height pixels of `surface` into the middle of a square at (x, y), each pixel a block. */
static Box paint_map(NxCanvas *canvas, cairo_surface_t *surface, guint width, guint height, double x, double y)
{
  const double scale = MAP_SIDE / MAX(width, height);
  Box box = { x + (MAP_SIDE - width * scale) / 2, y + (MAP_SIDE - height * scale) / 2, width * scale, height * scale };
  cairo_t *cairo = canvas->cairo;
  cairo_surface_mark_dirty(surface);
  cairo_save(cairo);
  cairo_rectangle(cairo, box.x, box.y, box.width, box.height);
  cairo_clip(cairo);
  cairo_translate(cairo, box.x, box.y);
  cairo_scale(cairo, scale, scale);
  cairo_set_source_surface(cairo, surface, 0, 0);
  cairo_pattern_set_filter(cairo_get_source(cairo), scale < 1 ? CAIRO_FILTER_GOOD : CAIRO_FILTER_NEAREST);
  cairo_paint(cairo);
  cairo_restore(cairo);
  cairo_surface_destroy(surface);
  return box;
}

static cairo_surface_t *surface_of(guint width, guint height, guint32 **pixels, gsize *stride)
{
  cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)width, (int)height);
  *pixels = cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS ? (guint32 *)(void *)cairo_image_surface_get_data(surface) : NULL;
  *stride = (gsize)cairo_image_surface_get_stride(surface) / sizeof **pixels;
  return surface;
}

static void paint_scale(NxCanvas *canvas, guint32 (*colour)(double), Box box, const char *label)
{
  const double x = box.x + box.width + 4;
  for (double y = 0; y < box.height; y++)
    nx_canvas_fill(canvas, x, box.y + y, 6, 1.5, colour(1.0 - y / box.height));
  nx_canvas_colour(canvas, 0x000000);
  nx_canvas_text_upright(canvas, NX_FONT_SMALL, x + 8, box.y + box.height / 2, 0.5, 0, label);
}

static void panel_title(NxCanvas *canvas, double middle, const char *first, const char *second)
{
  nx_canvas_colour(canvas, 0x000000);
  nx_canvas_text(canvas, NX_FONT_SMALL, middle, ROW_1, 0.5, 0, first);
  nx_canvas_text(canvas, NX_FONT_SMALL, middle, ROW_1 + 11, 0.5, 0, second);
}

static void paint_nothing(NxCanvas *canvas, double middle, double y)
{
  nx_canvas_colour(canvas, 0x808080);
  nx_canvas_text(canvas, NX_FONT_SMALL, middle, y, 0.5, 0.5, "not available");
}

static double panel_x(guint panel)
{
  return panel * PANEL_WIDTH + (PANEL_WIDTH - MAP_SIDE - 20) / 2;
}

static void draw_map(NxCanvas *canvas, guint panel, const NxMap *map, double from, double to, guint32 (*colour)(double), const char *label)
{
  guint32 *pixels = NULL;
  gsize stride;
  const double x = panel_x(panel), y = ROW_1 + 26;
  cairo_surface_t *surface = map->values ? surface_of(map->width, map->height, &pixels, &stride) : NULL;
  if (!pixels) {
    if (surface)
      cairo_surface_destroy(surface);
    paint_nothing(canvas, x + MAP_SIDE / 2, y + MAP_SIDE / 2);
    return;
  }
  for (guint row = 0; row < map->height; row++) {
    for (guint column = 0; column < map->width; column++)
      pixels[row * stride + column] = colour(scaled(map->values[(gsize)row * map->width + column], from, to));
  }
  paint_scale(canvas, colour, paint_map(canvas, surface, map->width, map->height, x, y), label);
}

static void draw_fib_image(NxCanvas *canvas, const NxTofwerkFigure *figure)
{
  const NxMap *map = &figure->fib;
  double from = 0, to = 0;
  g_autofree char *size = map->values ? g_strdup_printf("(%" G_GUINT64_FORMAT "×%" G_GUINT64_FORMAT " px)", map->full_width, map->full_height) : g_strdup("");
  if (map->values)
    limits_of(map, 0, 0, 0, 100, &from, &to);
  panel_title(canvas, panel_x(0) + MAP_SIDE / 2, "FIB Secondary Electron Image", size);
  draw_map(canvas, 0, map, from, to, grey, "SE Intensity");
}

static void draw_total(NxCanvas *canvas, const NxTofwerkFigure *figure)
{
  const NxMap *map = &figure->total;
  double from = 0, to = 0;
  g_autofree char *size = map->values ? g_strdup_printf("(%" G_GUINT64_FORMAT " %s, %u×%u px)", figure->n_layers,
                                                        figure->is_processed ? "peaks" : "slices", map->width, map->height)
                                      : g_strdup("");
  if (map->values)
    total_limits(map, &from, &to);
  panel_title(canvas, panel_x(1) + MAP_SIDE / 2, "Total Ion Count Map", size);
  draw_map(canvas, 1, map, from, to, inferno, figure->is_processed ? "Integrated counts" : "Ion events");
}

/* ------------------------------------------------------------------------------------------------------------ three channels */

static void fill_channels(const NxTofwerkFigure *figure, guint32 *pixels, gsize stride)
{
  for (guint k = 0; k < figure->n_peaks; k++) {
    const NxMap *map = &figure->peaks[k].map;
    double from, to;
    limits_of(map, 0, 0, 1, 99, &from, &to);
    for (guint y = 0; y < map->height; y++) {
      for (guint x = 0; x < map->width; x++)
        pixels[y * stride + x] |= (guint32)lround(255 * scaled(map->values[(gsize)y * map->width + x], from, to)) << (16 - 8 * k);
    }
  }
}

static void draw_channels(NxCanvas *canvas, const NxTofwerkFigure *figure)
{
  const double x = panel_x(2) + 8, y = ROW_1 + 26;
  guint32 *pixels = NULL;
  gsize stride;
  cairo_surface_t *surface = figure->n_peaks ? surface_of(figure->total.width, figure->total.height, &pixels, &stride) : NULL;
  panel_title(canvas, x + MAP_SIDE / 2, "RGB Composite", "(most abundant peaks)");
  if (!pixels) {
    if (surface)
      cairo_surface_destroy(surface);
    paint_nothing(canvas, x + MAP_SIDE / 2, y + MAP_SIDE / 2);
    return;
  }
  cairo_surface_flush(surface);
  fill_channels(figure, pixels, stride);
  paint_map(canvas, surface, figure->total.width, figure->total.height, x, y);
  for (guint k = 0; k < figure->n_peaks; k++) {
    g_autofree char *legend = g_strdup_printf("%c: %s (%.2f Da)", "RGB"[k], figure->peaks[k].label, figure->peaks[k].mass);
    g_autofree char *shown = nx_canvas_text_cut(canvas, NX_FONT_SMALL, legend, MAP_SIDE);
    nx_canvas_colour(canvas, CHANNEL_COLOURS[k]);
    nx_canvas_text(canvas, NX_FONT_SMALL, x, y + MAP_SIDE + 1 + 9.5 * k, 0, 0, shown);
  }
}

/* ------------------------------------------------------------------------------------------------------------------- charts */

/* "12k", "1.5M". */
static char *short_number(double value)
{
  if (fabs(value) >= 1e6)
    return g_strdup_printf("%gM", round(value / 1e4) / 100);
  if (fabs(value) >= 1e3)
    return g_strdup_printf("%gk", round(value / 10) / 100);
  return g_strdup_printf("%g", round(value * 1e4) / 1e4);
}

static char *power_of_ten(double value)
{
  static const char *const DIGITS[] = { "⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹" };
  const int power = (int)value;
  g_autoptr(GString) text = g_string_new("10");
  if (power < 0)
    g_string_append(text, "⁻");
  if (abs(power) >= 10)
    g_string_append(text, DIGITS[abs(power) / 10 % 10]);
  g_string_append(text, DIGITS[abs(power) % 10]);
  return g_strdup(text->str);
}

static void draw_y_ticks(NxCanvas *canvas, const NxChart *chart, char *(*label)(double), gboolean whole, const char *title)
{
  const NxTicks ticks = nx_ticks(chart->y_from, chart->y_to, 5);
  nx_canvas_colour(canvas, 0x000000);
  for (guint i = 0; i < ticks.n; i++) {
    if (whole && ticks.value[i] != floor(ticks.value[i]))
      continue;
    g_autofree char *text = label(ticks.value[i]);
    nx_canvas_text(canvas, NX_FONT_SMALL, chart->x - 5, nx_chart_y(chart, ticks.value[i]), 1, 0.5, text);
    nx_canvas_fill(canvas, chart->x - 3, nx_chart_y(chart, ticks.value[i]) - 0.5, 3, 1, 0x000000);
  }
  nx_canvas_text_upright(canvas, NX_FONT_SMALL, chart->x - 34, chart->y + chart->height / 2, 0.5, 0.5, title);
}

static void draw_x_ticks(NxCanvas *canvas, const NxChart *chart, guint most, const char *title)
{
  const NxTicks ticks = nx_ticks(chart->x_from, chart->x_to, most);
  for (guint i = 0; i < ticks.n; i++) {
    g_autofree char *text = short_number(ticks.value[i]);
    nx_canvas_colour(canvas, 0x000000);
    nx_canvas_text(canvas, NX_FONT_SMALL, nx_chart_x(chart, ticks.value[i]), chart->y + chart->height + 4, 0.5, 0, text);
    nx_canvas_fill(canvas, nx_chart_x(chart, ticks.value[i]) - 0.5, chart->y + chart->height, 1, 3, 0x000000);
  }
  nx_canvas_colour(canvas, 0x000000);
  nx_canvas_text(canvas, NX_FONT_SMALL, chart->x + chart->width / 2, chart->y + chart->height + 14, 0.5, 0, title);
}

static void chart_title(NxCanvas *canvas, const NxChart *chart, const char *title)
{
  nx_canvas_colour(canvas, 0x000000);
  nx_canvas_text(canvas, NX_FONT_SMALL, chart->x + chart->width / 2, chart->y - 3, 0.5, 1, title);
}

/* ----------------------------------------------------------------------------------------------------------------- spectrum */

static gboolean is_shown(const NxTofwerkFigure *figure, gsize i)
{
  return isfinite(figure->masses[i]) && figure->masses[i] >= LEAST_MASS && isfinite(figure->sums[i]);
}

/* A zero has no logarithm: it is shown as the floor. */
static double height_of(double counts)
{
  // cppcheck-suppress invalidFunctionArg -- at least 0.5
  return log10(MAX(counts, 0.5));
}

static gboolean frame_spectrum(const NxTofwerkFigure *figure, NxChart *chart)
{
  gboolean any = FALSE;
  double most = 1;
  for (gsize i = 0; i < figure->n_channels; i++) {
    if (!is_shown(figure, i))
      continue;
    chart->x_from = any ? MIN(chart->x_from, figure->masses[i]) : figure->masses[i];
    chart->x_to = any ? MAX(chart->x_to, figure->masses[i]) : figure->masses[i];
    most = MAX(most, figure->sums[i]);
    any = TRUE;
  }
  chart->y_from = height_of(0);
  chart->y_to = height_of(most) + 0.4 * (height_of(most) - chart->y_from);
  nx_chart_widen(&chart->x_from, &chart->x_to);
  nx_chart_widen(&chart->y_from, &chart->y_to);
  return any;
}

static void shade_windows(NxCanvas *canvas, const NxTofwerkFigure *figure, const NxChart *chart)
{
  cairo_set_source_rgba(canvas->cairo, 1.0, 0.65, 0.0, 0.3);
  for (gsize i = 0; i < figure->n_windows; i++) {
    const double left = nx_chart_x(chart, figure->windows[2 * i]), right = nx_chart_x(chart, figure->windows[2 * i + 1]);
    cairo_rectangle(canvas->cairo, left, chart->y, MAX(right - left, 0.5), chart->height);
  }
  cairo_fill(canvas->cairo);
}

static void draw_curve(NxCanvas *canvas, const NxTofwerkFigure *figure, const NxChart *chart)
{
  cairo_t *cairo = canvas->cairo;
  double last = chart->x;
  cairo_move_to(cairo, chart->x, chart->y + chart->height);
  for (gsize i = 0; i < figure->n_channels; i++) {
    if (!is_shown(figure, i))
      continue;
    last = nx_chart_x(chart, figure->masses[i]);
    cairo_line_to(cairo, last, nx_chart_y(chart, height_of(figure->sums[i])));
  }
  nx_canvas_colour(canvas, SPECTRUM_COLOUR);
  cairo_set_line_width(cairo, 0.8);
  cairo_stroke_preserve(cairo);
  cairo_line_to(cairo, last, chart->y + chart->height);
  cairo_set_source_rgba(cairo, 0.17, 0.48, 0.71, 0.2);
  cairo_fill(cairo);
}

/* The highest point that is far enough from those that are labelled; n_channels: none. */
static gsize next_peak(const NxTofwerkFigure *figure, const gsize *labelled, guint n)
{
  gsize best = figure->n_channels;
  for (gsize i = 0; i < figure->n_channels; i++) {
    gboolean is_free = is_shown(figure, i) && figure->sums[i] > 0 && (best == figure->n_channels || figure->sums[i] > figure->sums[best]);
    for (guint k = 0; is_free && k < n; k++)
      is_free = fabs(figure->masses[i] - figure->masses[labelled[k]]) > APART;
    if (is_free)
      best = i;
  }
  return best;
}

/* Two lines above a peak. */
typedef struct {
  double x, y; /* middle of the lower edge */
  double width;
} PeakLabel;

#define LABEL_HEIGHT 20.0
#define LABEL_GAP 3.0
#define LABEL_ASIDE_MAX 64.0

static gboolean is_free(const PeakLabel *labels, guint n, const PeakLabel *label)
{
  for (guint k = 0; k < n; k++) {
    if (fabs(labels[k].x - label->x) < (labels[k].width + label->width) / 2 + LABEL_GAP && fabs(labels[k].y - label->y) < LABEL_HEIGHT)
      return FALSE;
  }
  return TRUE;
}

/* Over its peak; else raised, else beside it, where it covers no other. FALSE: there is no such place. */
static gboolean place_label(const NxChart *chart, const PeakLabel *labels, guint n, PeakLabel *label)
{
  const double wanted = label->x, highest = chart->y + LABEL_HEIGHT, lowest = MAX(label->y, highest);
  const double left = chart->x + label->width / 2 + LABEL_GAP, right = chart->x + chart->width - label->width / 2 - LABEL_GAP;
  for (double aside = 0; aside <= LABEL_ASIDE_MAX; aside += 4) {
    for (int side = -1; side <= 1; side += 2) {
      label->x = CLAMP(wanted + side * aside, left, right);
      for (label->y = lowest; label->y >= highest; label->y -= 2) {
        if (is_free(labels, n, label))
          return TRUE;
      }
    }
  }
  return FALSE;
}

static void label_peaks(NxCanvas *canvas, const NxTofwerkFigure *figure, const NxChart *chart)
{
  gsize labelled[6];
  PeakLabel labels[6];
  guint n_labels = 0;
  const guint most = figure->is_processed ? 5 : 6;
  nx_canvas_colour(canvas, 0x000000);
  for (guint n = 0; n < most; n++) {
    labelled[n] = next_peak(figure, labelled, n);
    if (labelled[n] == figure->n_channels)
      return;
    const double mass = figure->masses[labelled[n]];
    g_autofree char *ion = figure->ion_label(mass, figure->is_positive);
    g_autofree char *number = g_strdup_printf("%.1f", mass);
    PeakLabel *label = &labels[n_labels];
    *label = (PeakLabel){ nx_chart_x(chart, mass), nx_chart_y(chart, height_of(figure->sums[labelled[n]])) - 1,
                          MAX(nx_canvas_text_width(canvas, NX_FONT_SMALL, ion), nx_canvas_text_width(canvas, NX_FONT_SMALL, number)) };
    if (!place_label(chart, labels, n_labels, label))
      continue;
    nx_canvas_text(canvas, NX_FONT_SMALL, label->x, label->y - 10, 0.5, 1, ion);
    nx_canvas_text(canvas, NX_FONT_SMALL, label->x, label->y, 0.5, 1, number);
    n_labels++;
  }
}

static void draw_spectrum(NxCanvas *canvas, const NxTofwerkFigure *figure, double width)
{
  NxChart chart = { .x = 46, .y = ROW_2, .width = width, .height = CHART_HEIGHT };
  if (!frame_spectrum(figure, &chart)) {
    paint_nothing(canvas, chart.x + width / 2, chart.y + CHART_HEIGHT / 2);
    return;
  }
  cairo_save(canvas->cairo);
  cairo_rectangle(canvas->cairo, chart.x, chart.y, chart.width, chart.height);
  cairo_clip(canvas->cairo);
  shade_windows(canvas, figure, &chart);
  draw_curve(canvas, figure, &chart);
  label_peaks(canvas, figure, &chart);
  cairo_restore(canvas->cairo);
  nx_chart_frame(canvas, &chart);
  draw_y_ticks(canvas, &chart, power_of_ten, TRUE, "Counts");
  draw_x_ticks(canvas, &chart, 8, "m/z (Da)");
  chart_title(canvas, &chart, "Sum Spectrum");
}

/* -------------------------------------------------------------------------------------------------------------------- depth */

static void widen_to(const double *values, guint n, double *from, double *to, gboolean *any)
{
  g_autofree float *copy = g_new(float, MAX(n, 1));
  for (guint i = 0; i < n; i++)
    copy[i] = (float)values[i];
  if (n == 0)
    return;
  const double low = nx_percentile(copy, n, 2), high = nx_percentile(copy, n, 98);
  *from = *any ? MIN(*from, low) : low;
  *to = *any ? MAX(*to, high) : high;
  *any = TRUE;
}

static void draw_profile(NxCanvas *canvas, const NxChart *chart, const double *values, guint n, guint32 colour)
{
  cairo_t *cairo = canvas->cairo;
  cairo_save(cairo);
  cairo_rectangle(cairo, chart->x, chart->y, chart->width, chart->height);
  cairo_clip(cairo);
  nx_canvas_colour(canvas, colour);
  cairo_set_line_width(cairo, 1.2);
  for (guint i = 0; i < n; i++)
    cairo_line_to(cairo, nx_chart_x(chart, i + 1), nx_chart_y(chart, values[i]));
  cairo_stroke(cairo);
  for (guint i = 0; n <= 50 && i < n; i++) {
    cairo_arc(cairo, nx_chart_x(chart, i + 1), nx_chart_y(chart, values[i]), 1.8, 0, 2 * G_PI);
    cairo_fill(cairo);
  }
  cairo_restore(cairo);
}

static void draw_depth(NxCanvas *canvas, const NxTofwerkFigure *figure, NxChart chart)
{
  const guint n = figure->n_writes;
  gboolean any = FALSE;
  if (figure->per_write)
    widen_to(figure->per_write, n, &chart.y_from, &chart.y_to, &any);
  for (guint k = 0; k < figure->n_peaks; k++)
    widen_to(figure->peaks[k].per_write, n, &chart.y_from, &chart.y_to, &any);
  if (!any) {
    paint_nothing(canvas, chart.x + chart.width / 2, chart.y + chart.height / 2);
    return;
  }
  const double margin = 0.1 * (chart.y_to - chart.y_from);
  chart.y_from -= margin;
  chart.y_to += margin;
  chart.x_from = 1;
  chart.x_to = n;
  nx_chart_widen(&chart.y_from, &chart.y_to);
  nx_chart_widen(&chart.x_from, &chart.x_to);
  if (figure->per_write)
    draw_profile(canvas, &chart, figure->per_write, n, DEPTH_COLOUR);
  for (guint k = 0; k < figure->n_peaks; k++)
    draw_profile(canvas, &chart, figure->peaks[k].per_write, n, CHANNEL_COLOURS[k]);
  nx_chart_frame(canvas, &chart);
  draw_y_ticks(canvas, &chart, short_number, FALSE, figure->is_processed ? "Counts" : "Ion events");
  draw_x_ticks(canvas, &chart, 6, "Write (depth)");
}

/* ------------------------------------------------------------------------------------------------------------------- figure */

static void draw_headings(NxCanvas *canvas, const NxTofwerkFigure *figure)
{
  g_autofree char *heading = nx_canvas_text_cut(canvas, NX_FONT_TICK, figure->heading, SIDE - 10);
  g_autofree char *subheading = nx_canvas_text_cut(canvas, NX_FONT_SMALL, figure->subheading, SIDE - 10);
  nx_canvas_colour(canvas, 0x000000);
  nx_canvas_text(canvas, NX_FONT_TICK, SIDE / 2, FIGURE_TOP + 4, 0.5, 0, heading);
  nx_canvas_text(canvas, NX_FONT_SMALL, SIDE / 2, FIGURE_TOP + 20, 0.5, 0, subheading);
  nx_canvas_colour(canvas, 0x808080);
  nx_canvas_text(canvas, NX_FONT_SMALL, SIDE / 2, FIGURE_TOP + FIGURE_HEIGHT - 4, 0.5, 1,
                 "Peak names are preliminary best guesses by mass: verify them before use.");
}

GBytes *nx_tofwerk_figure_png(const NxTofwerkFigure *figure, GError **err)
{
  g_autoptr(NxCanvas) canvas = nx_canvas_new();
  nx_canvas_fill(canvas, 0, FIGURE_TOP, SIDE, FIGURE_HEIGHT, 0xffffff);
  draw_headings(canvas, figure);
  draw_fib_image(canvas, figure);
  draw_total(canvas, figure);
  if (figure->is_processed) {
    const NxChart chart = { .x = 370, .y = ROW_2, .width = 120, .height = CHART_HEIGHT };
    draw_channels(canvas, figure);
    draw_spectrum(canvas, figure, 270);
    chart_title(canvas, &chart, "Depth Profiles");
    draw_depth(canvas, figure, chart);
  } else {
    const NxChart chart = { .x = 374, .y = ROW_1 + 26, .width = 116, .height = 108 };
    chart_title(canvas, &chart, "Depth Profile");
    draw_depth(canvas, figure, chart);
    draw_spectrum(canvas, figure, 444);
  }
  return nx_canvas_png(canvas, err);
}
