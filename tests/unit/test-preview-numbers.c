/* test-preview-numbers.c — contrast, scale bars, ticks and the scaler. Expected values are worked out by hand or from the formula of the kernel. */
#include "preview/chart.h"
#include "preview/plane.h"
#include "preview/scale-bar.h"
#include "preview/scale.h"
#include "../generate/signals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void assert_near_at(const char *place, double got, double expected, double tolerance)
{
  if (!(fabs(got - expected) <= tolerance))
    g_error("%s: %.17g, expected %.17g within %g", place, got, expected, tolerance);
}
#define assert_near(got, expected, tolerance) assert_near_at(G_STRLOC, got, expected, tolerance)

/* -------------------------------------------------------------------------------------------------------------- contrast */

static void test_percentile_interpolates_between_ranks(void)
{
  const float values[] = { 40, 10, 20, 50, 30 };
  assert_near(nx_percentile(values, 5, 0), 10, 0);
  assert_near(nx_percentile(values, 5, 25), 20, 0);
  assert_near(nx_percentile(values, 5, 50), 30, 0);
  assert_near(nx_percentile(values, 5, 60), 34, 1e-9);
  assert_near(nx_percentile(values, 5, 100), 50, 0);
}

static void test_percentile_orders_negative_numbers_and_repeats(void)
{
  const float values[] = { -1e30f, 0.0f, -2.5f, 7, 7, 7, 7, -2.5f };
  /* Sorted: -1e30 -2.5 -2.5 0 7 7 7 7. */
  assert_near(nx_percentile(values, 8, 100.0 / 7.0), -2.5, 1e-6);
  assert_near(nx_percentile(values, 8, 300.0 / 7.0), 0, 1e-6);
  assert_near(nx_percentile(values, 8, 50), 3.5, 1e-6);
  const float one = 3;
  assert_near(nx_percentile(&one, 1, 98), 3, 0);
}

static int by_value(gconstpointer a, gconstpointer b)
{
  const float first = *(const float *)a, second = *(const float *)b;
  return (first > second) - (first < second);
}

/* Few values are found another way than many. */
static void test_percentile_of_any_number_of_values(void)
{
  static const gsize NUMBERS[] = { 2, 255, 256, 257, 258, 5000 };
  g_autoptr(GRand) source = g_rand_new_with_seed(2);
  for (gsize k = 0; k < G_N_ELEMENTS(NUMBERS); k++) {
    const gsize n = NUMBERS[k];
    g_autofree float *values = g_new(float, n), *sorted = g_new(float, n);
    for (gsize i = 0; i < n; i++)
      values[i] = (float)floor(g_rand_double_range(source, -300, 300));
    memcpy(sorted, values, n * sizeof *values);
    qsort(sorted, n, sizeof *sorted, by_value);
    for (gsize rank = 0; rank < n; rank += 1 + n / 40)
      assert_near(nx_percentile(values, n, 100.0 * (double)rank / (double)(n - 1)), (double)sorted[rank], 0.01);
  }
}

static double ramp(const guint64 *index, gpointer user_data)
{
  (void)user_data;
  return (double)index[1];
}

static void assert_contrast(NxSignal *signal, NxTone tone, double black, double white, double tolerance)
{
  double got_black, got_white;
  const NxPlane plane = nx_plane_at(&signal->array, 0);
  NxKeptRows kept = { 0 };
  g_assert_true(nx_plane_contrast(&plane, tone, 1, &kept, &got_black, &got_white, NULL));
  nx_kept_rows_clear(&kept);
  assert_near(got_black, black, tolerance);
  assert_near(got_white, white, tolerance);
  nx_signal_free(signal);
}

/* Bytes that this process has asked the kernel for. */
static guint64 bytes_read(void)
{
  g_autofree char *text = NULL;
  if (!g_file_get_contents("/proc/self/io", &text, NULL, NULL))
    return 0;
  return g_ascii_strtoull(strstr(text, "rchar:") + strlen("rchar:"), NULL, 10);
}

static void test_large_is_read_in_part(void)
{
  const guint64 side = 8000, size = side * side * sizeof(float);
  const int fd = memfd_create("large", MFD_CLOEXEC);
  if (fd < 0 || bytes_read() == 0) {
    g_test_skip("no memfd_create, or no /proc/self/io");
    return;
  }
  g_assert_cmpint(ftruncate(fd, (off_t)size), ==, 0);
  g_autoptr(NxBytes) bytes = nx_bytes_from_fd(fd, NULL);
  NxArray array = { .sample = NX_F32, .n_dims = 2, .n_signal_dims = 2, .shape = { side, side }, .source = bytes };
  g_assert_true(nx_array_set_contiguous(&array, NULL));
  const NxPlane plane = nx_plane_at(&array, 0);
  const guint64 before = bytes_read();
  cairo_surface_t *picture = nx_plane_picture(&plane, 200, 200, NX_TONE_PERCENTILES, NULL);
  g_assert_nonnull(picture);
  /* At most 12 rows for each row of the picture, and each of them once. */
  g_assert_cmpuint(bytes_read() - before, <, 12 * 200 * side * sizeof(float));
  cairo_surface_destroy(picture);
  close(fd);
}

static void test_contrast_of_a_ramp(void)
{
  /* Two rows of 0 … 100: the sorted sample holds every value twice, rank p/100 × 201 → 2 % = value 2, 98 % = value 98. */
  assert_contrast(nx_signal_of(2, 2, (guint64[]){ 2, 101 }, ramp, NULL), NX_TONE_PERCENTILES, 2, 98, 0.01);
  assert_contrast(nx_signal_of(2, 2, (guint64[]){ 1, 101 }, ramp, NULL), NX_TONE_PERCENTILES, 2, 98, 1e-4);
  assert_contrast(nx_signal_of(2, 2, (guint64[]){ 1, 101 }, ramp, NULL), NX_TONE_LOG_AMPLITUDE, 66, 100, 1e-4);
}

static void test_contrast_of_a_plane_beyond_the_sample(void)
{
  assert_contrast(nx_signal_of(2, 2, (guint64[]){ 600, 1001 }, ramp, NULL), NX_TONE_PERCENTILES, 20, 980, 5);
}

static double with_holes(const guint64 *index, gpointer user_data)
{
  (void)user_data;
  return index[1] % 3 == 1 ? (double)NAN : index[1] % 3 == 2 ? (double)INFINITY : (double)(index[1] / 3);
}

static void test_contrast_ignores_what_is_not_finite(void)
{
  assert_contrast(nx_signal_of(2, 2, (guint64[]){ 1, 303 }, with_holes, NULL), NX_TONE_PERCENTILES, 2, 98, 1e-4);
}

static double few_bright(const guint64 *index, gpointer user_data)
{
  (void)user_data;
  return index[1] == 7 ? 90 : -10;
}

static void test_contrast_falls_back_to_the_range(void)
{
  assert_contrast(nx_signal_of(2, 2, (guint64[]){ 1, 1000 }, few_bright, NULL), NX_TONE_PERCENTILES, -10, 90, 0);
}

static double large(const guint64 *index, gpointer user_data)
{
  (void)user_data;
  return 16777216.0 + 2.0 * (double)index[1];
}

static void test_contrast_keeps_small_differences_of_large_numbers(void)
{
  assert_contrast(nx_signal_of(2, 2, (guint64[]){ 1, 101 }, large, NULL), NX_TONE_PERCENTILES, 16777220, 16777412, 1e-3);
}

/* ------------------------------------------------------------------------------------------------------------ scale bars */

static void test_scale_bar_lengths(void)
{
  /* Width of the image → largest d × 10^k not above a quarter of it. */
  static const double VECTORS[][2] = {
    { 400, 100 },   { 399.9, 90 },  { 419.84, 100 }, { 40, 10 },    { 36, 9 },       { 1.0, 0.2 }, { 1.2, 0.3 },        { 0.04, 0.01 },
    { 0.035, 0.008 }, { 266.24, 60 }, { 4e-7, 1e-7 },  { 39999, 9000 }, { 10.752, 2 }, { 27.6, 6 },  { 2.6624e-7, 6e-8 },
  };
  for (guint i = 0; i < G_N_ELEMENTS(VECTORS); i++)
    assert_near(nx_scale_bar_length(VECTORS[i][0]), VECTORS[i][1], VECTORS[i][1] * 1e-12);
}

static void test_no_scale_bar_without_a_width(void)
{
  const double widths[] = { 0, -5, (double)NAN, (double)INFINITY, 1e-300, 1e300 };
  for (guint i = 0; i < G_N_ELEMENTS(widths); i++)
    assert_near(nx_scale_bar_length(widths[i]), 0, 0);
}

static void assert_label(double length, const char *unit, const char *expected)
{
  g_autofree char *label = nx_scale_bar_label(length, unit);
  g_assert_cmpstr(label, ==, expected);
}

static void test_scale_bar_labels(void)
{
  assert_label(100, "nm", "100 nm");
  assert_label(0.3, "µm", "0.3 µm");
  assert_label(3, "1/nm", "3 1/nm");
  assert_label(5e-8, "m", "50 nm");
  assert_label(2000, "nm", "2 µm");
  assert_label(0.0006, "mm", "600 nm");
  assert_label(2e9, "1/m", "2 1/nm");
  assert_label(5000, "eV", "5000 eV");
  assert_label(5000000, "Å", "500 µm");
  assert_label(20000, "\xe2\x84\xab", "2 µm"); /* U+212B, the sign for it */
  assert_label(20000, "A", "2 µm");
  assert_label(20000, "angstrom", "2 µm");
  assert_label(50, "Å", "50 Å");
  assert_label(0.005, "1/Å", "50 1/µm");
}

/* ----------------------------------------------------------------------------------------------------------------- ticks */

static void assert_ticks(double from, double to, guint most, guint n, double first, double last, const char *first_label, const char *factor)
{
  const NxTicks ticks = nx_ticks(from, to, most);
  g_assert_cmpuint(ticks.n, ==, n);
  assert_near(ticks.value[0], first, fabs(to - from) * 1e-9);
  assert_near(ticks.value[n - 1], last, fabs(to - from) * 1e-9);
  g_autofree char *label = nx_tick_label(&ticks, 0), *got_factor = nx_ticks_factor(&ticks);
  g_assert_cmpstr(label, ==, first_label);
  g_assert_cmpstr(got_factor, ==, factor);
}

static void test_ticks_are_round(void)
{
  assert_ticks(0, 20, 9, 9, 0, 20, "0.0", NULL);
  assert_ticks(-0.2, 20.3, 6, 5, 0, 20, "0", NULL);
  assert_ticks(-3, 3, 4, 3, -2, 2, "−2", NULL);
  assert_ticks(0, 3200000, 5, 4, 0, 3000000, "0", "×10⁶");
  assert_ticks(0, 4e-6, 5, 5, 0, 4e-6, "0", "×10⁻⁶");
}

static void test_ticks_of_nothing(void)
{
  g_assert_cmpuint(nx_ticks(1, 1, 5).n, ==, 0);
  g_assert_cmpuint(nx_ticks((double)NAN, 1, 5).n, ==, 0);
  g_assert_cmpuint(nx_ticks(0, (double)INFINITY, 5).n, ==, 0);
  g_assert_cmpuint(nx_ticks(-1.7e308, 1.7e308, 5).n, ==, 0);
}

static void assert_widened(double from, double to)
{
  nx_chart_widen(&from, &to);
  g_assert_true(isfinite(from) && isfinite(to) && from < to);
}

static void test_ranges_are_made_usable(void)
{
  assert_widened(0, 0);
  assert_widened(5, 5);
  assert_widened((double)NAN, (double)INFINITY);
  assert_widened(1e300, 1e300);
  assert_widened(-1.7e308, 1.7e308);
  assert_widened(1, 1 + 1e-15);
}

/* ---------------------------------------------------------------------------------------------------------------- scaler */

/* A grey picture whose pixel is value(x, y), scaled. */
typedef double (*PixelAt)(guint64 x, guint64 y);

typedef struct {
  float *pixels;
  gsize floats_in_row;
  guint rows;
} Taken;

static void take(gpointer to, guint y, const float *row)
{
  Taken *taken = to;
  g_assert_cmpuint(y, ==, taken->rows++);
  memcpy(taken->pixels + y * taken->floats_in_row, row, taken->floats_in_row * sizeof *row);
}

/* to_width × to_height × channels floats; free it. */
static float *scaled(guint64 width, guint64 height, guint to_width, guint to_height, guint channels, PixelAt value)
{
  g_autoptr(GError) error = NULL;
  Taken taken = { g_new(float, (gsize)to_width * to_height * channels), (gsize)to_width * channels, 0 };
  g_autoptr(NxScaler) scaler = nx_scaler_new(&(NxScaling){ width, height, to_width, to_height, channels, take, &taken }, &error);
  g_assert_no_error(error);
  for (guint64 y = 0; y < height; y++) {
    float *row = nx_scaler_row(scaler);
    for (guint64 x = 0; x < width; x++) {
      for (guint c = 0; c < channels; c++)
        row[x * channels + c] = (float)(value(x, y) * (c + 1));
    }
    nx_scaler_push(scaler);
  }
  nx_scaler_finish(scaler);
  g_assert_cmpuint(taken.rows, ==, to_height);
  return taken.pixels;
}

static double lanczos3(double x)
{
  return fabs(x) >= 3 ? 0 : fabs(x) < 1e-12 ? 1 : 3 * sin(G_PI * x) * sin(G_PI * x / 3) / (G_PI * G_PI * x * x);
}

/* The kernel as a sum over all pixels: slow, and nothing but the definition. */
static double by_definition(guint64 size, guint to, guint i, gboolean down, guint64 other, PixelAt value)
{
  const double scale = (double)size / to, stretch = MAX(scale, 1.0), centre = (i + 0.5) * scale;
  double sum = 0, weights = 0;
  for (guint64 k = 0; k < size; k++) {
    const double weight = lanczos3(((double)k + 0.5 - centre) / stretch);
    sum += weight * (down ? value(other, k) : value(k, other));
    weights += weight;
  }
  return sum / weights;
}

static double wavy(guint64 x, guint64 y)
{
  return 100 + 50 * sin((double)x / 5.0) + 30 * cos((double)y / 3.0) + (x == 37 ? 60 : 0);
}

/* Both parts of wavy() depend on one coordinate only, so a scaled pixel is what the two directions give alone. */
static void assert_follows_definition(guint64 width, guint64 height, guint to_width, guint to_height)
{
  g_autofree float *result = scaled(width, height, to_width, to_height, 1, wavy);
  for (guint y = 0; y < to_height; y++) {
    const double down = by_definition(height, to_height, y, TRUE, 0, wavy) - wavy(0, 0);
    for (guint x = 0; x < to_width; x++) {
      const double across = by_definition(width, to_width, x, FALSE, 0, wavy);
      assert_near((double)result[y * to_width + x], across + down, 0.02);
    }
  }
}

static void test_scaling_follows_the_definition(void)
{
  assert_follows_definition(200, 90, 50, 30);
  assert_follows_definition(101, 67, 50, 33);
  assert_follows_definition(20, 12, 50, 30);
  assert_follows_definition(50, 30, 50, 30);
}

static double flat(guint64 x, guint64 y)
{
  (void)x;
  (void)y;
  return 77;
}

static void test_a_flat_picture_stays_flat(void)
{
  static const guint64 SIZES[][2] = { { 1, 1 }, { 1, 4000 }, { 20001, 3 }, { 5000, 5001 }, { 7, 900 } };
  for (guint i = 0; i < G_N_ELEMENTS(SIZES); i++) {
    g_autofree float *result = scaled(SIZES[i][0], SIZES[i][1], 20, 30, 4, flat);
    for (guint k = 0; k < 20 * 30 * 4; k++)
      assert_near((double)result[k], 77.0 * (k % 4 + 1), 0.01);
  }
}

static double slope(guint64 x, guint64 y)
{
  return (double)x / 40.0 + (double)y / 100.0;
}

static void test_a_huge_picture_keeps_its_geometry(void)
{
  g_autofree float *result = scaled(8000, 6000, 100, 75, 1, slope);
  /* The middle of output pixel (i, j) is source (80 i + 39.5, 80 j + 39.5). */
  for (guint j = 5; j < 70; j += 13) {
    for (guint i = 5; i < 95; i += 11)
      assert_near((double)result[j * 100 + i], (80 * i + 39.5) / 40 + (80 * j + 39.5) / 100, 0.05);
  }
}

static void test_impossible_sizes_are_refused(void)
{
  g_assert_null(nx_scaler_new(&(NxScaling){ 0, 5, 5, 5, 1, take, NULL }, NULL));
  g_assert_null(nx_scaler_new(&(NxScaling){ 5, 0, 5, 5, 1, take, NULL }, NULL));
  g_assert_null(nx_scaler_new(&(NxScaling){ G_MAXUINT32, 5, 5, 5, 4, take, NULL }, NULL));
}

static void assert_fit(guint64 width, guint64 height, guint to_width, guint to_height)
{
  guint w, h;
  nx_scale_fit(width, height, 500, &w, &h);
  g_assert_cmpuint(w, ==, to_width);
  g_assert_cmpuint(h, ==, to_height);
}

static void test_fit_truncates(void)
{
  assert_fit(1024, 831, 500, 405);
  assert_fit(831, 1024, 405, 500);
  assert_fit(10, 10, 500, 500);
  assert_fit(1000000, 1, 500, 1);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/preview/numbers/a percentile lies between two ranks", test_percentile_interpolates_between_ranks);
  g_test_add_func("/preview/numbers/negative numbers and repeats are in order", test_percentile_orders_negative_numbers_and_repeats);
  g_test_add_func("/preview/numbers/a percentile of few and of many values", test_percentile_of_any_number_of_values);
  g_test_add_func("/preview/numbers/a ramp is black at 2 % and white at 98 %", test_contrast_of_a_ramp);
  g_test_add_func("/preview/numbers/of a plane that is shrunk much a part of the rows is read, and nothing twice", test_large_is_read_in_part);
  g_test_add_func("/preview/numbers/a large plane is judged by an even sample", test_contrast_of_a_plane_beyond_the_sample);
  g_test_add_func("/preview/numbers/NaN and infinity do not change the contrast", test_contrast_ignores_what_is_not_finite);
  g_test_add_func("/preview/numbers/a few bright pixels on one value are still seen", test_contrast_falls_back_to_the_range);
  g_test_add_func("/preview/numbers/large numbers keep their small differences", test_contrast_keeps_small_differences_of_large_numbers);
  g_test_add_func("/preview/numbers/a scale bar is the largest d × 10^k not above a quarter", test_scale_bar_lengths);
  g_test_add_func("/preview/numbers/an impossible width has no scale bar", test_no_scale_bar_without_a_width);
  g_test_add_func("/preview/numbers/a scale bar's label is easy to read", test_scale_bar_labels);
  g_test_add_func("/preview/numbers/ticks are round numbers inside the range", test_ticks_are_round);
  g_test_add_func("/preview/numbers/an impossible range has no ticks", test_ticks_of_nothing);
  g_test_add_func("/preview/numbers/every range becomes one that can be drawn", test_ranges_are_made_usable);
  g_test_add_func("/preview/numbers/scaling is Lanczos 3 by its definition", test_scaling_follows_the_definition);
  g_test_add_func("/preview/numbers/a flat picture stays flat at any size", test_a_flat_picture_stays_flat);
  g_test_add_func("/preview/numbers/a huge picture keeps its geometry", test_a_huge_picture_keeps_its_geometry);
  g_test_add_func("/preview/numbers/impossible sizes are refused", test_impossible_sizes_are_refused);
  g_test_add_func("/preview/numbers/the size in the square is truncated", test_fit_truncates);
  return g_test_run();
}
