/* chart.h — axes: round tick values, their labels, and the frame of a plot. Private to preview/. */
#ifndef NX_PREVIEW_CHART_H
#define NX_PREVIEW_CHART_H

#include "draw.h"

#define NX_TICKS_MAX 12u

/* Multiples of 1, 2, 2.5 or 5 × 10^k inside [from, to]. Labels show value / 10^exponent with `decimals` digits. */
typedef struct {
  guint n;
  double value[NX_TICKS_MAX];
  int exponent; /* 0 unless the values are at least 100 000 or all below 0.001 */
  int decimals;
} NxTicks;

/* At most `most` ticks (2 to NX_TICKS_MAX). from < to, both finite; otherwise none. */
NxTicks nx_ticks(double from, double to, guint most);
char *nx_tick_label(const NxTicks *ticks, guint i);
/* "×10⁵" for the end of an axis; NULL when exponent is 0. */
char *nx_ticks_factor(const NxTicks *ticks);

/* The rectangle of a plot in pixels and the values at its edges; y_to is at the top, or at the bottom when y_to < y_from. */
typedef struct {
  double x, y, width, height;
  double x_from, x_to, y_from, y_to;
} NxChart;

double nx_chart_x(const NxChart *chart, double value);
double nx_chart_y(const NxChart *chart, double value);
void nx_chart_frame(NxCanvas *canvas, const NxChart *chart);
/* Ticks, tick labels and the label below the chart. */
void nx_chart_x_axis(NxCanvas *canvas, const NxChart *chart, const char *label);
/* The same at the left; the widest tick label decides where the label is. */
void nx_chart_y_axis(NxCanvas *canvas, const NxChart *chart, const char *label);
/* Pixels that nx_chart_x_axis needs below, nx_chart_y_axis left of the chart. */
double nx_chart_x_axis_room(NxCanvas *canvas);
double nx_chart_y_axis_room(NxCanvas *canvas, const NxChart *chart);

/* Makes from < to, both finite, with a difference that a double can show: equal or impossible bounds become a range around them. */
void nx_chart_widen(double *from, double *to);

/* "Energy (keV)": the axis' name, else what its unit says, else `fallback`; without unit the bare name. */
char *nx_axis_label(const NxAxis *axis, gboolean is_signal, const char *fallback);
/* The axis' value at `index`; an axis whose scale is 0 or whose numbers are not finite counts pixels. */
double nx_axis_value(const NxAxis *axis, double index);
/* TRUE when the axis has a unit that is not pixels, and a usable scale. */
gboolean nx_axis_is_calibrated(const NxAxis *axis);

#endif
