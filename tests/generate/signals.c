/* signals.c — synthetic signals of every kind: what a microscope could have seen. */
#include "signals.h"

#include <math.h>
#include <string.h>

/* A number in 0…1 that looks random but is always the same. */
static double grain(guint64 x, guint64 y)
{
  guint64 state = (x * 0x9e3779b97f4a7c15u) ^ (y * 0xc2b2ae3d27d4eb4fu);
  state ^= state >> 31;
  state *= 0xbf58476d1ce4e5b9u;
  state ^= state >> 29;
  return (double)(state >> 11) / 9007199254740992.0;
}

static double peak(double x, double centre, double width)
{
  return exp(-(x - centre) * (x - centre) / (2 * width * width));
}

NxSignal *nx_signal_of(guint n_dims, guint n_signal_dims, const guint64 *shape, NxValueAt value, gpointer user_data)
{
  NxSignal *signal = nx_signal_new();
  NxArray *array = &signal->array;
  signal->view = NX_VIEW_ARRAY;
  array->sample = NX_F32;
  array->big_endian = G_BYTE_ORDER == G_BIG_ENDIAN;
  array->n_dims = n_dims;
  array->n_signal_dims = n_signal_dims;
  gsize total = 1;
  for (guint dim = 0; dim < n_dims; dim++) {
    array->shape[dim] = shape[dim];
    array->axis[dim].scale = 1.0;
    total *= shape[dim];
  }
  nx_array_set_contiguous(array, NULL);
  float *numbers = g_new(float, MAX(total, 1));
  for (gsize i = 0; i < total; i++) {
    guint64 index[NX_DIMS_MAX] = { 0 };
    gsize left = i;
    for (guint dim = n_dims; dim-- > 0; left /= shape[dim])
      index[dim] = left % shape[dim];
    const float number = (float)value(index, user_data);
    memcpy(&numbers[i], &number, sizeof number);
  }
  array->owned = g_bytes_new_take(numbers, total * sizeof *numbers);
  return signal;
}

void nx_signal_axis(NxSignal *signal, guint dim, const char *name, const char *units, double scale, double offset)
{
  NxAxis *axis = &signal->array.axis[dim];
  axis->name = g_strdup(name);
  axis->units = g_strdup(units);
  axis->scale = scale;
  axis->offset = offset;
}

static void title(NxSignal *signal, const char *text)
{
  g_free(signal->title);
  signal->title = g_strdup(text);
}

/* --------------------------------------------------------------------------------------------------------------- images */

/* Gold particles on carbon: brighter to the upper left, with an L in the upper left corner that shows the orientation. */
static double particles(const guint64 *index, gpointer user_data)
{
  (void)user_data;
  const double y = (double)index[0], x = (double)index[1];
  double value = 400 + 0.3 * (640 - x - y) + 120 * (grain(index[1], index[0]) - 0.5);
  for (int i = 0; i < 40; i++) {
    const double cx = 640 * grain((guint64)i, 1), cy = 640 * grain((guint64)i, 2), radius = 10 + 28 * grain((guint64)i, 3);
    if (hypot(x - cx, y - cy) < radius)
      value += 700 * sqrt(1 - pow(hypot(x - cx, y - cy) / radius, 2));
  }
  const gboolean letter = (x > 40 && x < 65 && y > 40 && y < 140) || (x > 40 && x < 115 && y > 115 && y < 140);
  return letter ? 2500 : value;
}

static NxSignal *make_image(void)
{
  NxSignal *signal = nx_signal_of(2, 2, (guint64[]){ 640, 640 }, particles, NULL);
  nx_signal_axis(signal, 0, "y", "nm", 0.41, 0);
  nx_signal_axis(signal, 1, "x", "nm", 0.41, 0);
  title(signal, "0042 HAADF gold on carbon");
  return signal;
}

static double bright(const guint64 *index, gpointer user_data)
{
  (void)user_data;
  return 60000 + 3000 * grain(index[1], index[0]) + 10.0 * (double)index[1];
}

static NxSignal *make_bright_image(void)
{
  NxSignal *signal = nx_signal_of(2, 2, (guint64[]){ 300, 512 }, bright, NULL);
  nx_signal_axis(signal, 0, "y", "m", 5.2e-10, 0);
  nx_signal_axis(signal, 1, "x", "m", 5.2e-10, 0);
  title(signal, "A bright landscape image calibrated in metres, with a title that is much too long for one line of sixty characters");
  return signal;
}

static NxSignal *make_portrait(void)
{
  NxSignal *signal = nx_signal_of(2, 2, (guint64[]){ 600, 200 }, particles, NULL);
  title(signal, "Portrait, not calibrated");
  return signal;
}

static double few_pixels(const guint64 *index, gpointer user_data)
{
  (void)user_data;
  return (double)(index[0] * 16 + index[1]);
}

static NxSignal *make_small_image(void)
{
  NxSignal *signal = nx_signal_of(2, 2, (guint64[]){ 16, 16 }, few_pixels, NULL);
  nx_signal_axis(signal, 0, "y", "nm", 8, 0);
  nx_signal_axis(signal, 1, "x", "nm", 8, 0);
  title(signal, "16 × 16 STEM BF");
  return signal;
}

static double diffraction(const guint64 *index, gpointer user_data)
{
  (void)user_data;
  const double y = (double)index[0] - 256, x = (double)index[1] - 250;
  double value = 20 + 3 * grain(index[1], index[0]) + 400 * exp(-hypot(x, y) / 40);
  for (int h = -5; h <= 5; h++) {
    for (int k = -5; k <= 5; k++) {
      const double sx = 45.0 * h + 12.0 * k, sy = 48.0 * k - 10.0 * h;
      value += 20000 * exp(-(h * h + k * k) / 3.0) * peak(x, sx, 3) * peak(y, sy, 3);
    }
  }
  return value;
}

static NxSignal *make_diffraction(void)
{
  NxSignal *signal = nx_signal_of(2, 2, (guint64[]){ 512, 512 }, diffraction, NULL);
  nx_signal_axis(signal, 0, "y", "1/nm", 0.021, 0);
  nx_signal_axis(signal, 1, "x", "1/nm", 0.021, 0);
  title(signal, "SAED_1050mmCL_001");
  return signal;
}

static void add_mark(NxSignal *signal, NxMark mark, const char *text)
{
  NxMark *copy = g_new(NxMark, 1);
  *copy = mark;
  copy->text = g_strdup(text);
  g_ptr_array_add(signal->marks, copy);
}

static void free_mark(gpointer mark)
{
  nx_mark_free(mark);
}

static NxSignal *make_annotated(void)
{
  NxSignal *signal = make_image();
  title(signal, "Annotations of DigitalMicrograph");
  signal->marks = g_ptr_array_new_with_free_func(free_mark);
  add_mark(signal, (NxMark){ .kind = NX_MARK_LINE, .x0 = 187, .y0 = 62, .x1 = 312, .y1 = 112, .red = 0, .green = 0.5, .blue = 1 }, NULL);
  add_mark(signal, (NxMark){ .kind = NX_MARK_BOX, .x0 = 62, .y0 = 312, .x1 = 187, .y1 = 387, .red = 1, .green = 0, .blue = 0.5 }, NULL);
  add_mark(signal, (NxMark){ .kind = NX_MARK_BOX, .dashed = TRUE, .x0 = 375, .y0 = 187, .x1 = 500, .y1 = 312, .red = 1 }, NULL);
  add_mark(signal, (NxMark){ .kind = NX_MARK_LINE, .dashed = TRUE, .x0 = 281, .y0 = 343, .x1 = 281, .y1 = 500, .red = 1 }, NULL);
  add_mark(signal, (NxMark){ .kind = NX_MARK_POINT, .x0 = 406, .y0 = 468, .red = 1 }, NULL);
  add_mark(signal, (NxMark){ .kind = NX_MARK_TEXT, .x0 = 322, .y0 = 104, .red = 1, .green = 0.5, .blue = 0.3 }, "6.03 nm");
  return signal;
}

/* ------------------------------------------------------------------------------------------------------ complex, colours */

static double wave(const guint64 *index, gpointer user_data)
{
  (void)user_data;
  return diffraction((guint64[]){ index[0], index[1] / 2 }, NULL) * (index[1] % 2 == 0 ? 0.8 : 0.6);
}

static NxSignal *make_fft(void)
{
  NxSignal *signal = nx_signal_of(2, 2, (guint64[]){ 512, 1024 }, wave, NULL);
  signal->array.sample = NX_C64;
  signal->array.shape[1] = 512;
  nx_array_set_contiguous(&signal->array, NULL);
  nx_signal_axis(signal, 0, "y", "1/nm", 0.021, -5.4);
  nx_signal_axis(signal, 1, "x", "1/nm", 0.021, -5.4);
  title(signal, "FFT of 0042 HAADF");
  return signal;
}

static NxSignal *make_colours(void)
{
  NxSignal *signal = nx_signal_of(2, 2, (guint64[]){ 240, 320 }, few_pixels, NULL);
  guint8 *pixels = g_new(guint8, 320 * 240 * 4);
  for (guint i = 0; i < 320 * 240; i++) {
    const guint8 pixel[4] = { 40, (guint8)(i / 320), (guint8)(i % 320 * 255 / 320), 0 };
    memcpy(pixels + 4 * i, pixel, 4);
  }
  g_bytes_unref(signal->array.owned);
  signal->array.owned = g_bytes_new_take(pixels, 320 * 240 * 4);
  signal->array.sample = NX_BGRA;
  nx_signal_axis(signal, 1, "x", "µm", 0.1, 0);
  title(signal, "Colour overlay (red to the right, green downwards)");
  return signal;
}

/* -------------------------------------------------------------------------------------------------------------- spectra */

static double counts(double kev, double weight)
{
  double value = 60 * exp(-kev / 6) * (kev > 0.1);
  static const double LINES[][2] = { { 0.28, 2000 }, { 0.52, 700 }, { 2.05, 4200 }, { 6.4, 420 }, { 8.04, 2300 }, { 8.9, 300 }, { 9.44, 1700 }, { 11.1, 600 } };
  for (guint i = 0; i < G_N_ELEMENTS(LINES); i++)
    value += weight * LINES[i][1] * peak(kev, LINES[i][0], 0.05);
  return value;
}

static double eds(const guint64 *index, gpointer user_data)
{
  (void)user_data;
  const double value = counts((double)index[0] * 0.01 - 0.2, 1.0);
  return floor(value + sqrt(value) * (grain(index[0], 7) - 0.5));
}

static NxSignal *make_spectrum(void)
{
  NxSignal *signal = nx_signal_of(1, 1, (guint64[]){ 2048 }, eds, NULL);
  nx_signal_axis(signal, 0, "Energy", "keV", 0.01, -0.2);
  title(signal, "EDS point 7");
  return signal;
}

static double eels(const guint64 *index, gpointer user_data)
{
  (void)user_data;
  const double ev = (double)index[0] * 0.25 + 240;
  return 3.2e6 * pow(ev / 240, -3) + (ev > 284 ? 2.5e5 * exp(-(ev - 284) / 60) + 2e5 * peak(ev, 285.5, 1) : 0) + 4e3 * grain(index[0], 3);
}

static NxSignal *make_eels(void)
{
  NxSignal *signal = nx_signal_of(1, 1, (guint64[]){ 1024 }, eels, NULL);
  nx_signal_axis(signal, 0, "Energy loss", "eV", 0.25, 240);
  title(signal, "Carbon K edge");
  return signal;
}

static double line_scan(const guint64 *index, gpointer user_data)
{
  (void)user_data;
  const double share = (double)index[0] / 39;
  return counts((double)index[1] * 0.02, share * share) * (0.8 + 0.4 * grain(index[1], index[0]));
}

static NxSignal *make_line_scan(void)
{
  NxSignal *signal = nx_signal_of(2, 1, (guint64[]){ 40, 1024 }, line_scan, NULL);
  nx_signal_axis(signal, 0, "x", "nm", 2.5, 0);
  nx_signal_axis(signal, 1, "Energy", "keV", 0.02, 0);
  title(signal, "EDS line scan across the grain boundary");
  return signal;
}

static double spectrum_image(const guint64 *index, gpointer user_data)
{
  (void)user_data;
  const double kev = (double)index[2] * 0.02;
  return counts(kev, 0.3 + grain(index[0], index[1] + 5)) + 20 * grain(index[2], index[0] * 31 + index[1]);
}

static NxSignal *make_spectrum_image(void)
{
  NxSignal *signal = nx_signal_of(3, 1, (guint64[]){ 12, 16, 1024 }, spectrum_image, NULL);
  nx_signal_axis(signal, 2, "Energy", "keV", 0.02, 0);
  title(signal, "EDS map of the precipitate");
  return signal;
}

static NxSignal *make_small_spectrum_image(void)
{
  NxSignal *signal = nx_signal_of(3, 1, (guint64[]){ 2, 2, 1024 }, spectrum_image, NULL);
  nx_signal_axis(signal, 2, NULL, "eV", 20, 0);
  title(signal, "Four spectra");
  return signal;
}

/* ------------------------------------------------------------------------------------------------------ stacks, 4-D, more */

static double frame(const guint64 *index, gpointer user_data)
{
  (void)user_data;
  const double t = (double)index[0], y = (double)index[1] - 128, x = (double)index[2] - 40 - 12 * t;
  return 100 * exp(-(x * x + y * y) / 1500) + 12 * grain(index[2] + 999 * index[0], index[1]);
}

static NxSignal *make_stack(void)
{
  NxSignal *signal = nx_signal_of(3, 2, (guint64[]){ 12, 256, 256 }, frame, NULL);
  nx_signal_axis(signal, 1, "y", "nm", 0.3, 0);
  nx_signal_axis(signal, 2, "x", "nm", 0.3, 0);
  title(signal, "In-situ heating 400 °C");
  return signal;
}

static double probe(const guint64 *index, gpointer user_data)
{
  (void)user_data;
  const double y = (double)index[2] - 40 - 4 * (double)index[0], x = (double)index[3] - 30 - 4 * (double)index[1];
  return (x * x + y * y < 100 ? 900 : 0) + 30 * grain(index[3], index[2]);
}

static NxSignal *make_hyperimage(void)
{
  NxSignal *signal = nx_signal_of(4, 2, (guint64[]){ 9, 9, 100, 90 }, probe, NULL);
  nx_signal_axis(signal, 2, "y", "1/nm", 0.2, 0);
  nx_signal_axis(signal, 3, "x", "1/nm", 0.2, 0);
  title(signal, "4D-STEM of the interface");
  return signal;
}

static double one(const guint64 *index, gpointer user_data)
{
  (void)user_data;
  return (double)index[0];
}

static NxSignal *make_other(void)
{
  NxSignal *signal = nx_signal_of(4, 3, (guint64[]){ 2, 3, 4, 5 }, one, NULL);
  nx_signal_axis(signal, 0, "time", "s", 0.02, 0);
  nx_signal_axis(signal, 1, "depth", "nm", 200, 0);
  nx_signal_axis(signal, 2, "Kippwinkel äußerst lang", "°", 0.31, -60);
  nx_signal_axis(signal, 3, "energy", "eV", 100, 0);
  title(signal, "Signal with higher-order dimensionality");
  return signal;
}

static NxSignal *make_placeholder(void)
{
  NxSignal *signal = nx_signal_new();
  signal->view = NX_VIEW_PLACEHOLDER;
  return signal;
}

const NxSyntheticSignal nx_synthetic_signals[] = {
  { "image", "Micrograph, 0.41 nm a pixel; the L is upright in the upper left corner", make_image },
  { "image-bright", "Bright landscape image in metres; long title", make_bright_image },
  { "image-portrait", "Portrait image without calibration: no scale bar", make_portrait },
  { "image-small", "16 × 16 pixels", make_small_image },
  { "image-annotated", "Lines, boxes, a point and a text over the image", make_annotated },
  { "image-colour", "BGRA colours", make_colours },
  { "diffraction", "Diffraction pattern, scale bar in 1/nm", make_diffraction },
  { "fft", "Complex image: logarithm of the amplitude", make_fft },
  { "spectrum", "Single EDS spectrum", make_spectrum },
  { "spectrum-eels", "EELS edge, counts in millions", make_eels },
  { "line-scan", "Line scan: energy to the right, position down", make_line_scan },
  { "spectrum-image", "Cascade of 9 of 192 spectra", make_spectrum_image },
  { "spectrum-image-small", "All 4 spectra", make_small_spectrum_image },
  { "stack", "Five frames of twelve", make_stack },
  { "hyperimage", "4-D: tableau of nine", make_hyperimage },
  { "other", "A signal that cannot be drawn", make_other },
  { "placeholder", "A file that cannot be read", make_placeholder },
  { NULL, NULL, NULL },
};
