/* chart.c — axes: round tick values, their labels, and the frame of a plot. */
#include "chart.h"

#include <math.h>
#include <string.h>

#define TICK_LENGTH 4.0
#define TICK_GAP 2.5
#define LABEL_GAP 3.0
#define LINE_WIDTH 1.0
/* Pixels from one tick to the next, at least. */
#define X_TICK_PITCH 56.0
#define Y_TICK_PITCH 44.0
/* Tick labels are cut at this: no axis may push its plot away. */
#define Y_TICK_WIDTH_MAX 80.0

/* ---------------------------------------------------------------------------------------------------------------- ticks */

static const double STEPS[] = { 1.0, 2.0, 2.5, 5.0, 10.0 };

static double round_step(double rough)
{
  const double decade = pow(10.0, floor(log10(rough)));
  for (guint i = 0; i < G_N_ELEMENTS(STEPS); i++) {
    if (STEPS[i] * decade >= rough * (1.0 - 1e-9))
      return STEPS[i] * decade;
  }
  return 10.0 * decade;
}

/* Decimals that show multiples of `step` exactly, 0 to 6. */
static int decimals_of(double step)
{
  for (int decimals = 0; decimals < 6; decimals++) {
    const double shown = step * pow(10.0, decimals);
    if (fabs(shown - round(shown)) < 1e-6 * shown)
      return decimals;
  }
  return 6;
}

static int exponent_of(double from, double to)
{
  const double largest = MAX(fabs(from), fabs(to));
  return largest >= 1e5 || largest < 1e-3 ? (int)floor(log10(largest) + 1e-9) : 0;
}

NxTicks nx_ticks(double from, double to, guint most)
{
  NxTicks ticks = { 0 };
  if (!(isfinite(from) && isfinite(to) && from < to && isfinite(to - from)))
    return ticks;
  const double step = round_step((to - from) / CLAMP(most - 1, 1, NX_TICKS_MAX - 1));
  const double first = ceil(from / step - 1e-9);
  if (!(step > 0.0) || !isfinite(first) || fabs(first) > 1e15)
    return ticks;
  for (double k = first; k * step <= to + 1e-9 * step && ticks.n < NX_TICKS_MAX; k += 1.0)
    ticks.value[ticks.n++] = k == 0.0 ? 0.0 : k * step;
  ticks.exponent = exponent_of(from, to);
  ticks.decimals = decimals_of(step / pow(10.0, ticks.exponent));
  return ticks;
}

/* A real minus sign is as wide as a digit; a hyphen is easily overlooked. */
static char *with_minus(const char *number)
{
  return number[0] == '-' ? g_strconcat("−", number + 1, NULL) : g_strdup(number);
}

char *nx_tick_label(const NxTicks *ticks, guint i)
{
  char number[400];
  g_snprintf(number, sizeof number, "%.*f", ticks->decimals, ticks->value[i] / pow(10.0, ticks->exponent));
  return with_minus(number);
}

char *nx_ticks_factor(const NxTicks *ticks)
{
  static const char *const DIGITS[] = { "⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹" };
  if (ticks->exponent == 0)
    return NULL;
  GString *factor = g_string_new("×10");
  g_autofree char *digits = g_strdup_printf("%d", ticks->exponent);
  for (const char *c = digits; *c; c++)
    g_string_append(factor, *c == '-' ? "⁻" : DIGITS[*c - '0']);
  return g_string_free(factor, FALSE);
}

/* ---------------------------------------------------------------------------------------------------------------- chart */

double nx_chart_x(const NxChart *chart, double value)
{
  return chart->x + (value - chart->x_from) / (chart->x_to - chart->x_from) * chart->width;
}

double nx_chart_y(const NxChart *chart, double value)
{
  return chart->y + chart->height - (value - chart->y_from) / (chart->y_to - chart->y_from) * chart->height;
}

void nx_chart_frame(NxCanvas *canvas, const NxChart *chart)
{
  nx_canvas_colour(canvas, 0x000000);
  cairo_set_line_width(canvas->cairo, LINE_WIDTH);
  cairo_rectangle(canvas->cairo, round(chart->x) - 0.5, round(chart->y) - 0.5, round(chart->width) + 1, round(chart->height) + 1);
  cairo_stroke(canvas->cairo);
}

static NxTicks x_ticks(const NxChart *chart)
{
  return nx_ticks(MIN(chart->x_from, chart->x_to), MAX(chart->x_from, chart->x_to), (guint)CLAMP(chart->width / X_TICK_PITCH, 2, 9));
}

static NxTicks y_ticks(const NxChart *chart)
{
  return nx_ticks(MIN(chart->y_from, chart->y_to), MAX(chart->y_from, chart->y_to), (guint)CLAMP(chart->height / Y_TICK_PITCH, 2, 8));
}

static void tick_mark(NxCanvas *canvas, double x, double y, double dx, double dy)
{
  nx_canvas_colour(canvas, 0x000000);
  cairo_set_line_width(canvas->cairo, LINE_WIDTH);
  cairo_move_to(canvas->cairo, x, y);
  cairo_rel_line_to(canvas->cairo, dx, dy);
  cairo_stroke(canvas->cairo);
}

void nx_chart_x_axis(NxCanvas *canvas, const NxChart *chart, const char *label)
{
  const double bottom = round(chart->y + chart->height) + 0.5;
  const NxTicks ticks = x_ticks(chart);
  const double text_top = bottom + TICK_LENGTH + TICK_GAP;
  for (guint i = 0; i < ticks.n; i++) {
    const double x = floor(nx_chart_x(chart, ticks.value[i])) + 0.5;
    g_autofree char *text = nx_tick_label(&ticks, i);
    tick_mark(canvas, x, bottom, 0, TICK_LENGTH);
    const double half = nx_canvas_text_width(canvas, NX_FONT_TICK, text) / 2;
    nx_canvas_text(canvas, NX_FONT_TICK, CLAMP(x, half + 1, NX_PREVIEW_SIZE - half - 1), text_top, 0.5, 0, text);
  }
  const double label_top = text_top + nx_canvas_text_height(canvas, NX_FONT_TICK) + LABEL_GAP;
  g_autofree char *cut = nx_canvas_text_cut(canvas, NX_FONT_LABEL, label, chart->width);
  nx_canvas_text(canvas, NX_FONT_LABEL, chart->x + chart->width / 2, label_top, 0.5, 0, cut);
  g_autofree char *factor = nx_ticks_factor(&ticks);
  if (factor)
    nx_canvas_text(canvas, NX_FONT_TICK, chart->x + chart->width, label_top, 1, 0, factor);
}

double nx_chart_x_axis_room(NxCanvas *canvas)
{
  return TICK_LENGTH + TICK_GAP + nx_canvas_text_height(canvas, NX_FONT_TICK) + LABEL_GAP + nx_canvas_text_height(canvas, NX_FONT_LABEL);
}

static double widest_label(NxCanvas *canvas, const NxTicks *ticks)
{
  double widest = 0.0;
  for (guint i = 0; i < ticks->n; i++) {
    g_autofree char *text = nx_tick_label(ticks, i);
    widest = MAX(widest, nx_canvas_text_width(canvas, NX_FONT_TICK, text));
  }
  return MIN(widest, Y_TICK_WIDTH_MAX);
}

double nx_chart_y_axis_room(NxCanvas *canvas, const NxChart *chart)
{
  const NxTicks ticks = y_ticks(chart);
  return TICK_LENGTH + TICK_GAP + widest_label(canvas, &ticks) + LABEL_GAP + nx_canvas_text_height(canvas, NX_FONT_LABEL);
}

void nx_chart_y_axis(NxCanvas *canvas, const NxChart *chart, const char *label)
{
  const double left = round(chart->x) - 0.5;
  const NxTicks ticks = y_ticks(chart);
  for (guint i = 0; i < ticks.n; i++) {
    const double y = floor(nx_chart_y(chart, ticks.value[i])) + 0.5;
    g_autofree char *text = nx_tick_label(&ticks, i);
    g_autofree char *cut = nx_canvas_text_cut(canvas, NX_FONT_TICK, text, Y_TICK_WIDTH_MAX);
    tick_mark(canvas, left, y, -TICK_LENGTH, 0);
    nx_canvas_text(canvas, NX_FONT_TICK, left - TICK_LENGTH - TICK_GAP, y, 1, 0.5, cut);
  }
  const double label_right = left - TICK_LENGTH - TICK_GAP - widest_label(canvas, &ticks) - LABEL_GAP;
  g_autofree char *cut = nx_canvas_text_cut(canvas, NX_FONT_LABEL, label, MAX(chart->height, 60.0));
  nx_canvas_text_upright(canvas, NX_FONT_LABEL, label_right, chart->y + chart->height / 2, 0.5, 1, cut);
  g_autofree char *factor = nx_ticks_factor(&ticks);
  if (factor)
    nx_canvas_text(canvas, NX_FONT_TICK, chart->x, chart->y - 2, 0, 1, factor);
}

void nx_chart_widen(double *from, double *to)
{
  const double most = 1e300;
  *from = isfinite(*from) ? CLAMP(*from, -most, most) : 0.0;
  *to = isfinite(*to) ? CLAMP(*to, -most, most) : 0.0;
  const double least = MAX(fabs(*from), fabs(*to)) * 1e-12;
  if (*to - *from > least)
    return;
  const double half = *from == 0.0 ? 0.5 : fabs(*from) * 0.05;
  *from -= half;
  *to = *from + 2.0 * half;
}

/* ----------------------------------------------------------------------------------------------------------------- axis */

/* What an axis without a name measures, by its unit. Of nm only a reader knows whether they are of light or of a line across a picture. */
static const struct {
  const char *unit, *name;
} SIGNAL_NAMES[] = {
  { "eV", "Energy" }, { "keV", "Energy" }, { "1/nm", "Spatial frequency" }, { "s", "Time" },
};

static gboolean is_usable(const NxAxis *axis)
{
  return isfinite(axis->scale) && isfinite(axis->offset) && axis->scale != 0.0 && fabs(axis->scale) < 1e200 && fabs(axis->offset) < 1e200;
}

/* A signal axis that is only called x, y or z says less than its unit does. */
static const char *name_of(const NxAxis *axis, gboolean is_signal, const char *fallback)
{
  const gboolean is_named = axis->name && axis->name[0];
  if (is_named && !(is_signal && axis->name[1] == '\0'))
    return axis->name;
  for (guint i = 0; is_signal && axis->units && i < G_N_ELEMENTS(SIGNAL_NAMES); i++) {
    if (g_str_equal(axis->units, SIGNAL_NAMES[i].unit))
      return SIGNAL_NAMES[i].name;
  }
  return is_named ? axis->name : fallback;
}

char *nx_axis_label(const NxAxis *axis, gboolean is_signal, const char *fallback)
{
  const char *name = name_of(axis, is_signal, fallback);
  return axis->units && axis->units[0] ? g_strdup_printf("%s (%s)", name, axis->units) : g_strdup(name);
}

double nx_axis_value(const NxAxis *axis, double index)
{
  return is_usable(axis) ? axis->offset + axis->scale * index : index;
}

gboolean nx_axis_is_calibrated(const NxAxis *axis)
{
  static const char *const PIXELS[] = { "px", "pixel", "pixels", "pix", "<undefined>", NULL };
  return is_usable(axis) && axis->units && axis->units[0] && !g_strv_contains(PIXELS, axis->units);
}
