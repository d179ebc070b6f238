/* scale-bar.c — the scale bar of a micrograph: white with a thin dark edge, legible on bright and on dark pictures. */
#include "scale-bar.h"

#include "chart.h"

#include <math.h>

#define SHARE 0.25
#define THICKNESS 4.0
#define EDGE 1.0

double nx_scale_bar_length(double width)
{
  const double limit = SHARE * width;
  if (!(limit > 1e-200 && limit < 1e200))
    return 0.0;
  double exponent = floor(log10(limit));
  double digit = floor(limit / pow(10.0, exponent) * (1.0 + 1e-9));
  if (digit < 1.0) { /* log10 rounded up */
    exponent -= 1.0;
    digit = 9.0;
  } else if (digit > 9.0) {
    exponent += 1.0;
    digit = 1.0;
  }
  /* Division keeps 0.3 the nearest double to 0.3. */
  return exponent < 0.0 ? digit / pow(10.0, -exponent) : digit * pow(10.0, exponent);
}

/* Units of length, by their power of ten in metres. The metre's prefixes come first, in falling order: a length takes the first that suits it. */
static const struct {
  const char *unit;
  int power;
} LENGTHS[] = {
  { "m", 0 }, { "mm", -3 }, { "µm", -6 }, { "μm", -6 }, { "um", -6 }, { "nm", -9 }, { "pm", -12 },
  { "Å", -10 }, { "\xe2\x84\xab", -10 } /* U+212B */, { "A", -10 }, { "angstrom", -10 },
};

/* Index of `unit` in LENGTHS, or -1. */
static int length_unit(const char *unit)
{
  for (guint i = 0; i < G_N_ELEMENTS(LENGTHS); i++) {
    if (g_str_equal(unit, LENGTHS[i].unit))
      return (int)i;
  }
  return -1;
}

static char *number_label(double length, const char *unit)
{
  char number[64];
  g_snprintf(number, sizeof number, "%.9g", length);
  return g_strdup_printf("%s %s", number, unit);
}

char *nx_scale_bar_label(double length, const char *unit)
{
  const gboolean reciprocal = g_str_has_prefix(unit, "1/");
  const char *bare = reciprocal ? unit + 2 : unit;
  const int from = length_unit(bare);
  if (from < 0 || (length > 0.0099 && length < 999.0))
    return number_label(length, unit);
  for (guint i = 0; i < G_N_ELEMENTS(LENGTHS); i++) {
    const int powers = (LENGTHS[from].power - LENGTHS[i].power) * (reciprocal ? -1 : 1);
    const double changed = powers < 0 ? length / pow(10.0, -powers) : length * pow(10.0, powers);
    if (changed > 0.999 && changed < 999.0) {
      g_autofree char *other = g_strconcat(reciprocal ? "1/" : "", LENGTHS[i].unit, NULL);
      return number_label(changed, other);
    }
  }
  return number_label(length, unit);
}

void nx_scale_bar_draw(NxCanvas *canvas, const NxAxis *axis, double columns, double x, double y, double width, double height, NxFont font)
{
  const double span = fabs(axis->scale) * columns;
  const double length = nx_axis_is_calibrated(axis) ? nx_scale_bar_length(span) : 0.0;
  if (length <= 0.0)
    return;
  const double margin = MAX(0.035 * MIN(width, height), 4.0);
  const double bar = MAX(round(length / span * width), 1.0);
  const double left = round(x + margin), top = round(y + height - margin - THICKNESS);
  cairo_set_source_rgba(canvas->cairo, 0, 0, 0, 0.9);
  cairo_rectangle(canvas->cairo, left - EDGE, top - EDGE, bar + 2 * EDGE, THICKNESS + 2 * EDGE);
  cairo_fill(canvas->cairo);
  nx_canvas_fill(canvas, left, top, bar, THICKNESS, 0xffffff);

  g_autofree char *label = nx_scale_bar_label(length, axis->units);
  g_autofree char *cut = nx_canvas_text_cut(canvas, font, label, width - margin);
  const double text = nx_canvas_text_width(canvas, font, cut);
  const double centre = CLAMP(left + bar / 2, x + text / 2 + EDGE, x + width - text / 2 - EDGE);
  cairo_set_source_rgb(canvas->cairo, 1, 1, 1);
  nx_canvas_text_edged(canvas, font, centre, top - EDGE - 1.0, 0.5, 1, cut);
}
