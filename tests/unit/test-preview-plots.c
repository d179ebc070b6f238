/* test-preview-plots.c — plots of signals: what must be where, what hostile arrays may not do, and drawing without files. */
#include "preview-png.h"

#include "../generate/signals.h"
#include "preview/chart.h"
#include "preview/nx-preview.h"

#include <math.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static GBytes *preview_of(const NxSignal *signal, const char *name, guint index, guint count)
{
  g_autoptr(GError) error = NULL;
  const NxInput in = { .name = name, .fd = -1 };
  GBytes *png = nx_preview_png(&in, signal, index, count, &error);
  g_assert_no_error(error);
  return png;
}

static GdkPixbuf *picture_of(const NxSignal *signal)
{
  g_autoptr(GBytes) png = preview_of(signal, "test.dm4", 0, 1);
  return test_decode(png);
}

static gboolean is_placeholder(GBytes *png)
{
  g_autoptr(GBytes) placeholder = nx_preview_placeholder(NULL);
  return g_bytes_equal(png, placeholder);
}

static NxSignal *synthetic(const char *name)
{
  for (const NxSyntheticSignal *row = nx_synthetic_signals; row->name; row++) {
    if (g_str_equal(row->name, name))
      return row->make();
  }
  g_assert_not_reached();
}

/* Pixels of about this colour. */
static guint count_colour(const GdkPixbuf *picture, guint32 rgb)
{
  guint n = 0;
  for (int y = 0; y < 500; y++) {
    for (int x = 0; x < 500; x++) {
      const guint8 *pixel = test_pixel(picture, x, y);
      n += ABS(pixel[0] - (int)(rgb >> 16)) < 12 && ABS(pixel[1] - (int)(rgb >> 8 & 255)) < 12 && ABS(pixel[2] - (int)(rgb & 255)) < 12;
    }
  }
  return n;
}

/* ------------------------------------------------------------------------------------------------------------ every kind */

static void test_every_kind_is_drawn(void)
{
  for (const NxSyntheticSignal *row = nx_synthetic_signals; row->name; row++) {
    g_test_message("%s", row->name);
    g_autoptr(NxSignal) signal = row->make();
    g_autoptr(GBytes) png = preview_of(signal, "test.dm4", 0, 1);
    g_autoptr(GdkPixbuf) picture = test_decode(png);
    int box[4];
    test_content_box(picture, box);
    g_assert_cmpint(box[0], ==, 0);
    g_assert_cmpint(box[2], ==, 500);
    /* Centred: as much above as below, give or take the odd pixel. */
    g_assert_cmpint(ABS(box[1] - (500 - box[3])), <=, 1);
    g_assert_cmpuint(test_count_dark(picture, 0, box[1], 500, box[3] - box[1], 128), >, 100);
    g_assert_true(is_placeholder(png) == (signal->view == NX_VIEW_PLACEHOLDER));
  }
}

static void test_no_preview_when_none_is_wanted(void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(NxSignal) signal = nx_signal_new();
  const NxInput in = { .name = "x", .fd = -1 };
  signal->view = NX_VIEW_NONE;
  g_assert_null(nx_preview_png(&in, signal, 0, 1, &error));
  g_assert_no_error(error);
}

static void test_placeholder_has_a_black_frame(void)
{
  g_autoptr(GBytes) png = nx_preview_placeholder(NULL);
  g_autoptr(GdkPixbuf) picture = test_decode(png);
  test_assert_pixel(picture, 0, 250, 0, 0, 0, 255, 0);
  test_assert_pixel(picture, 499, 499, 0, 0, 0, 255, 0);
  test_assert_pixel(picture, 250, 10, 255, 255, 255, 255, 0);
  /* Four lines of words. */
  g_assert_cmpuint(test_count_dark(picture, 20, 320, 460, 150, 100), >, 800);
}

/* --------------------------------------------------------------------------------------------------------------- images */

/* Four quarters of different grey: which is where shows the orientation, and the contrast between two limits. */
static double quarters(const guint64 *index, gpointer user_data)
{
  (void)user_data;
  return (index[0] < 50 ? 0 : 200) + (index[1] < 50 ? 0 : 100);
}

static void test_image_is_the_right_way_round(void)
{
  g_autoptr(NxSignal) signal = nx_signal_of(2, 2, (guint64[]){ 100, 100 }, quarters, NULL);
  g_autoptr(GdkPixbuf) picture = picture_of(signal);
  /* 0, 100, 200, 300 are shown from black to white. */
  test_assert_pixel(picture, 130, 140, 0, 0, 0, 255, 1);
  test_assert_pixel(picture, 370, 140, 85, 85, 85, 255, 1);
  test_assert_pixel(picture, 130, 380, 170, 170, 170, 255, 1);
  test_assert_pixel(picture, 370, 380, 255, 255, 255, 255, 1);
  test_assert_pixel(picture, 2, 250, 255, 255, 255, 255, 0);
}

static double ramp(const guint64 *index, gpointer user_data)
{
  (void)user_data;
  return (double)index[1];
}

static void test_contrast_leaves_two_percent_at_each_end(void)
{
  /* 0 … 100 across: black up to 2, white from 98, in between linear. */
  g_autoptr(NxSignal) signal = nx_signal_of(2, 2, (guint64[]){ 101, 101 }, ramp, NULL);
  g_autoptr(GdkPixbuf) picture = picture_of(signal);
  int left = 0, right = 499;
  while (test_pixel(picture, left, 250)[0] == 255)
    left++;
  while (test_pixel(picture, right, 250)[0] == 255)
    right--;
  test_assert_pixel(picture, left + 2, 250, 0, 0, 0, 255, 0);
  test_assert_pixel(picture, left + 231, 250, 127, 127, 127, 255, 4);
  /* White starts at value 98 of 101 columns. */
  g_assert_cmpint(right - left, <, 463);
  const int quarter = (left + (int)(0.255 * 462));
  /* Value 25.5 - 0.5: (25 - 2) / 96 × 255 = 61. */
  test_assert_pixel(picture, quarter, 250, 61, 61, 61, 255, 4);
}

static guint longest_white_run(const GdkPixbuf *picture, int y)
{
  guint longest = 0, run = 0;
  for (int x = 0; x < 500; x++) {
    run = test_pixel(picture, x, y)[0] == 255 && test_pixel(picture, x, y)[3] == 255 ? run + 1 : 0;
    longest = MAX(longest, run);
  }
  return longest;
}

static double dark(const guint64 *index, gpointer user_data)
{
  (void)user_data;
  return index[0] < 5 ? 100 : 0;
}

static guint bar_length(NxSignal *signal)
{
  g_autoptr(GdkPixbuf) picture = picture_of(signal);
  guint longest = 0;
  for (int y = 440; y < 485; y++)
    longest = MAX(longest, longest_white_run(picture, y));
  return longest;
}

static void test_scale_bar_has_the_right_length(void)
{
  g_autoptr(NxSignal) signal = nx_signal_of(2, 2, (guint64[]){ 128, 128 }, dark, NULL);
  /* Without units there is none, not even a letter of a label. */
  g_assert_cmpuint(bar_length(signal), <, 20);
  nx_signal_axis(signal, 1, "x", "nm", 0.5, 0);
  /* 64 nm wide → 10 nm, of about 463 pixels: 72. */
  const guint length = bar_length(signal);
  g_assert_cmpuint(length, >=, 71);
  g_assert_cmpuint(length, <=, 74);
}

static void test_scale_bar_is_seen_on_white(void)
{
  g_autoptr(NxSignal) signal = synthetic("image-small");
  g_autoptr(GdkPixbuf) picture = picture_of(signal);
  /* The lower left of that image is nearly white: what is dark there is the edge of bar and label. */
  g_assert_cmpuint(test_count_dark(picture, 25, 455, 130, 30, 120), >, 150);
}

static void test_marks_are_drawn_in_their_colours(void)
{
  g_autoptr(NxSignal) plain = synthetic("image"), annotated = synthetic("image-annotated");
  g_autoptr(GdkPixbuf) without = picture_of(plain), with = picture_of(annotated);
  g_assert_cmpuint(count_colour(without, 0x0080ff), ==, 0);
  g_assert_cmpuint(count_colour(with, 0x0080ff), >, 50);
  g_assert_cmpuint(count_colour(with, 0xff0080), >, 200);
  g_assert_cmpuint(count_colour(with, 0xff0000), >, 200);
}

/* White on what is nearly white, in the lower right of that image: there the edge is dark. */
static void test_marks_of_text_are_seen_on_white(void)
{
  g_autoptr(NxSignal) annotated = synthetic("image-annotated"), small = synthetic("image-small");
  NxMark *mark = annotated->marks->pdata[annotated->marks->len - 1];
  g_assert_cmpint(mark->kind, ==, NX_MARK_TEXT);
  mark->red = mark->green = mark->blue = 1;
  mark->x0 = 10;
  mark->y0 = 15;
  small->marks = g_ptr_array_ref(annotated->marks);
  g_autoptr(GdkPixbuf) picture = picture_of(small);
  g_assert_cmpuint(test_count_dark(picture, 300, 455, 130, 30, 120), >, 100);
}

/* Rows of the picture in which a text that is its only mark is seen. */
static guint rows_of_text(const char *text)
{
  g_autoptr(NxSignal) signal = synthetic("image-annotated");
  NxMark *words = g_new(NxMark, 1);
  *words = (NxMark){ .kind = NX_MARK_TEXT, .x0 = 10, .y0 = 15, .red = 1, .text = g_strdup(text) };
  g_ptr_array_set_size(signal->marks, 0);
  g_ptr_array_add(signal->marks, words);
  g_autoptr(GdkPixbuf) picture = picture_of(signal);
  guint rows = 0;
  for (int y = 0; y < gdk_pixbuf_get_height(picture); y++) {
    gboolean has = FALSE;
    for (int x = 0; x < gdk_pixbuf_get_width(picture); x++) {
      const guint8 *pixel = test_pixel(picture, x, y);
      has = has || (pixel[0] > 200 && pixel[1] < 60 && pixel[2] < 60);
    }
    rows += has;
  }
  return rows;
}

static void test_lines_of_text_stand_below_each_other(void)
{
  const guint one = rows_of_text("HHH");
  g_assert_cmpuint(one, >, 4);
  /* The edge of a letter may be of two rows, for lines are not whole pixels high. */
  const guint two = rows_of_text("HHH\rHHH"), three = rows_of_text("HHH\r\nHHH\nHHH\n");
  g_assert_cmpuint(two, >=, 2 * one - 2);
  g_assert_cmpuint(two, <=, 2 * one + 2);
  g_assert_cmpuint(three, >=, 3 * one - 3);
  g_assert_cmpuint(three, <=, 3 * one + 3);
}

/* Of light or of a line across a picture: only a reader can tell. */
static void test_axes_without_a_name_are_named_by_what_is_sure(void)
{
  static const struct {
    const char *units, *label;
  } CASES[] = { { "nm", "x (nm)" }, { "keV", "Energy (keV)" }, { "s", "Time (s)" }, { "", "x" } };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    const NxAxis axis = { .name = (char *)"x", .units = (char *)CASES[i].units, .scale = 1 };
    g_autofree char *label = nx_axis_label(&axis, TRUE, "Channel");
    g_assert_cmpstr(label, ==, CASES[i].label);
  }
}

static void test_colours_of_rgb_images_are_kept(void)
{
  g_autoptr(NxSignal) signal = synthetic("image-colour");
  g_autoptr(GdkPixbuf) picture = picture_of(signal);
  /* Blue is 40 everywhere, red grows to the right, green downwards. */
  const guint8 *upper_left = test_pixel(picture, 20, 110), *lower_right = test_pixel(picture, 480, 400);
  g_assert_cmpint(ABS(upper_left[2] - 40), <=, 1);
  g_assert_cmpint(upper_left[0], <, 40);
  g_assert_cmpint(upper_left[1], <, 60);
  g_assert_cmpint(lower_right[0], >, 215);
  g_assert_cmpint(lower_right[1], >, 180);
}

static void test_images_stored_from_below_are_turned(void)
{
  static const char *const NAMES[] = { "image", "image-colour" };
  for (guint i = 0; i < G_N_ELEMENTS(NAMES); i++) {
    g_autoptr(NxSignal) signal = synthetic(NAMES[i]);
    const guint64 row = signal->array.stride[0], rows = signal->array.shape[0];
    g_autoptr(GBytes) upright = preview_of(signal, "x", 0, 1);
    const guint8 *from = g_bytes_get_data(signal->array.owned, NULL);
    guint8 *turned = g_malloc(row * rows);
    for (guint64 y = 0; y < rows; y++)
      memcpy(turned + y * row, from + (rows - 1 - y) * row, row);
    g_bytes_unref(signal->array.owned);
    signal->array.owned = g_bytes_new_take(turned, row * rows);
    signal->array.bottom_up = TRUE;
    g_autoptr(GBytes) from_below = preview_of(signal, "x", 0, 1);
    g_assert_true(g_bytes_equal(upright, from_below));
  }
}

/* -------------------------------------------------------------------------------------------------------------- spectra */

static void test_spectrum_is_blue_and_grows_upwards(void)
{
  g_autoptr(NxSignal) signal = synthetic("spectrum");
  g_autoptr(GdkPixbuf) picture = picture_of(signal);
  int box[4];
  test_content_box(picture, box);
  g_assert_cmpint(box[1], ==, 62);
  g_assert_cmpint(box[3], ==, 437);
  g_assert_cmpuint(count_colour(picture, 0x1f77b4), >, 500);
  /* The highest blue pixel belongs to the line at 2.05 keV, a tenth of the way to the right. */
  for (int y = 62; y < 437; y++) {
    for (int x = 0; x < 500; x++) {
      const guint8 *pixel = test_pixel(picture, x, y);
      if (pixel[2] > pixel[0] + 60) {
        g_assert_cmpint(x, >, 95);
        g_assert_cmpint(x, <, 125);
        return;
      }
    }
  }
  g_assert_not_reached();
}

/* Low, nothing from a tenth to three tenths, high from there on. */
typedef struct {
  guint64 channels;
  double nothing;
} Gap;

static double with_gap(const guint64 *index, gpointer user_data)
{
  const Gap *gap = user_data;
  return index[0] * 10 < gap->channels ? 0.0 : index[0] * 10 < 3 * gap->channels ? gap->nothing : 1.0;
}

/* Pixels of the curve in the columns from `from` to before `to`. */
static guint count_curve(const GdkPixbuf *picture, int from, int to)
{
  guint n = 0;
  for (int y = 62; y < 437; y++) {
    for (int x = from; x < to; x++) {
      const guint8 *pixel = test_pixel(picture, x, y);
      n += pixel[2] > pixel[0] + 20;
    }
  }
  return n;
}

static void test_gap_of_a_spectrum_is_left_blank(void)
{
  static Gap gaps[] = { { 1000, NAN }, { 1000, INFINITY }, { 100, NAN }, { 100, -INFINITY } };
  for (guint i = 0; i < G_N_ELEMENTS(gaps); i++) {
    g_autoptr(NxSignal) signal = nx_signal_of(1, 1, &gaps[i].channels, with_gap, &gaps[i]);
    g_autoptr(GdkPixbuf) picture = picture_of(signal);
    /* The chart's width is about 430 pixels, from about 57 on. */
    g_assert_cmpuint(count_curve(picture, 57, 95), >, 30);
    g_assert_cmpuint(count_curve(picture, 105, 180), ==, 0);
    g_assert_cmpuint(count_curve(picture, 195, 486), >, 250);
  }
}

static void test_cascade_has_nine_colours(void)
{
  static const guint32 TAB10[] = { 0x1f77b4, 0xff7f0e, 0x2ca02c, 0xd62728, 0x9467bd, 0x8c564b, 0xe377c2, 0x7f7f7f, 0xbcbd22 };
  g_autoptr(NxSignal) signal = synthetic("spectrum-image"), small = synthetic("spectrum-image-small");
  g_autoptr(GdkPixbuf) nine = picture_of(signal), four = picture_of(small);
  for (guint i = 0; i < G_N_ELEMENTS(TAB10); i++)
    g_assert_cmpuint(count_colour(nine, TAB10[i]), >, 100);
  g_assert_cmpuint(count_colour(four, TAB10[3]), >, 100);
  g_assert_cmpuint(count_colour(four, TAB10[4]), <, 20);
}

static void test_line_scan_runs_right_and_down(void)
{
  g_autoptr(NxSignal) signal = synthetic("line-scan");
  g_autoptr(GdkPixbuf) picture = picture_of(signal);
  /* The line at 8.04 keV of 20.5 is dark at the top and bright at the bottom; right of it there is little. */
  int x = 0;
  for (int i = 200; i < 240; i++)
    x = test_pixel(picture, i, 385)[0] > test_pixel(picture, x, 385)[0] || x == 0 ? i : x;
  g_assert_cmpint(test_pixel(picture, x, 385)[0], >, 200);
  g_assert_cmpint(test_pixel(picture, x, 100)[0], <, 80);
  g_assert_cmpint(test_pixel(picture, 450, 385)[0], <, 60);
}

/* ---------------------------------------------------------------------------------------------------------------- titles */

static guint title_rows(const char *title)
{
  g_autoptr(NxSignal) signal = nx_signal_of(2, 2, (guint64[]){ 100, 100 }, quarters, NULL);
  g_free(signal->title);
  signal->title = g_strdup(title);
  g_autoptr(GdkPixbuf) picture = picture_of(signal);
  guint rows = 0;
  gboolean inside = FALSE;
  int y = 0;
  /* The picture itself starts where a column left of the middle becomes black for good. */
  for (; y < 200 && test_count_dark(picture, 100, y, 50, 1, 40) < 50; y++) {
    const gboolean ink = test_count_dark(picture, 0, y, 500, 1, 140) > 0;
    rows += ink && !inside;
    inside = ink;
  }
  return rows;
}

static void test_titles_are_wrapped_and_cut(void)
{
  g_autofree char *huge = g_strnfill(200000, 'M');
  g_assert_cmpuint(title_rows("xxxx"), ==, 1);
  g_assert_cmpuint(title_rows("xxxxxxxxx xxxxxxxxx xxxxxxxxx xxxxxxxxx xxxxxxxxx xxxxxxxxx xxxxxxxxx"), ==, 2);
  g_assert_cmpuint(title_rows(huge), ==, 3);
  title_rows("\xff\xfe not UTF-8 \x80");
  title_rows("line\nbreak\tand\x01 control");
  title_rows("   ");
}

static void test_signals_of_one_file_have_titles_of_their_own(void)
{
  g_autoptr(NxSignal) signal = nx_signal_of(2, 2, (guint64[]){ 10, 10 }, quarters, NULL);
  g_autoptr(GBytes) alone = preview_of(signal, "a.dm4", 0, 1), first = preview_of(signal, "a.dm4", 0, 2), second = preview_of(signal, "a.dm4", 1, 2);
  g_assert_false(g_bytes_equal(alone, first));
  g_assert_false(g_bytes_equal(first, second));
}

/* --------------------------------------------------------------------------------------------------------------- hostile */

static double strange(const guint64 *index, gpointer user_data)
{
  const double *values = user_data;
  return values[(index[0] + index[1] + index[2]) % 4];
}

static void test_strange_numbers_are_drawn(void)
{
  static double SETS[][4] = {
    { 0, 0, 0, 0 },
    { NAN, NAN, NAN, NAN },
    { INFINITY, -INFINITY, NAN, 1 },
    { 3.4e38, -3.4e38, 1e-40, 0 },
    { -5, -5, -5, -5 },
    { 1e30, 1e30, 1e30, 1e30 },
  };
  static const struct {
    guint n_dims, n_signal_dims;
    guint64 shape[NX_DIMS_MAX];
  } SHAPES[] = {
    { 1, 1, { 1 } },          { 1, 1, { 2 } },       { 1, 1, { 3000 } },    { 2, 1, { 1, 1 } },        { 2, 1, { 3, 2000 } }, { 3, 1, { 1, 1, 1 } },
    { 3, 1, { 4, 4, 9 } },    { 2, 2, { 1, 1 } },    { 2, 2, { 1, 900 } },  { 2, 2, { 900, 1 } },      { 3, 2, { 1, 1, 1 } }, { 3, 2, { 6, 40, 3 } },
    { 4, 2, { 1, 1, 1, 1 } }, { 4, 2, { 2, 3, 8, 8 } }, { 5, 2, { 2, 2, 2, 8, 8 } }, { 3, 3, { 2, 2, 2 } }, { 2, 0, { 2, 2 } },   { 6, 1, { 1, 2, 1, 2, 1, 5 } },
  };
  for (guint set = 0; set < G_N_ELEMENTS(SETS); set++) {
    for (guint shape = 0; shape < G_N_ELEMENTS(SHAPES); shape++) {
      g_autoptr(NxSignal) signal = nx_signal_of(SHAPES[shape].n_dims, SHAPES[shape].n_signal_dims, SHAPES[shape].shape, strange, SETS[set]);
      g_autoptr(GBytes) png = preview_of(signal, "strange.dm3", 0, 1);
      g_autoptr(GdkPixbuf) picture = test_decode(png);
      g_assert_false(is_placeholder(png));
    }
  }
}

static void test_strange_axes_are_drawn(void)
{
  static const double NUMBERS[] = { 0, NAN, INFINITY, -1e-320, 1e308, -2.5, 1e-9 };
  for (guint i = 0; i < G_N_ELEMENTS(NUMBERS); i++) {
    for (guint n_signal_dims = 1; n_signal_dims <= 2; n_signal_dims++) {
      g_autoptr(NxSignal) signal = nx_signal_of(2, n_signal_dims, (guint64[]){ 30, 40 }, quarters, NULL);
      g_autofree char *units = g_strnfill(5000, 'W');
      nx_signal_axis(signal, 0, "\xff\xff", i % 2 ? units : "nm", NUMBERS[i], -NUMBERS[i]);
      nx_signal_axis(signal, 1, units, i % 2 ? "nm" : units, NUMBERS[i], NUMBERS[i]);
      g_autoptr(GBytes) png = preview_of(signal, "strange.dm3", 0, 1);
      g_assert_false(is_placeholder(png));
    }
  }
}

static void test_strange_marks_are_drawn(void)
{
  g_autoptr(NxSignal) signal = synthetic("image-annotated");
  for (guint i = 0; i < signal->marks->len; i++) {
    NxMark *mark = signal->marks->pdata[i];
    mark->x0 = i % 2 ? 1e300 : (double)NAN;
    mark->y1 = -1e5;
    if (mark->text)
      memset(mark->text, 0xff, strlen(mark->text));
  }
  g_autoptr(GBytes) png = preview_of(signal, "strange.dm3", 0, 1);
  g_assert_false(is_placeholder(png));
}

static void test_arrays_that_lie_give_the_placeholder(void)
{
  g_autoptr(NxSignal) signal = nx_signal_of(2, 2, (guint64[]){ 10, 10 }, quarters, NULL);
  static const guint64 LIES[] = { 0, 11, 1u << 20, G_MAXUINT64 };
  for (guint i = 0; i < G_N_ELEMENTS(LIES); i++) {
    signal->array.shape[0] = LIES[i];
    g_autoptr(GBytes) png = preview_of(signal, "lies.dm3", 0, 1);
    g_assert_true(is_placeholder(png));
  }
  signal->array.n_dims = 0;
  g_autoptr(GBytes) png = preview_of(signal, "lies.dm3", 0, 1);
  g_assert_true(is_placeholder(png));
}

/* --------------------------------------------------------------------------------------------------------------- sandbox */

/* In a child that can open no file, every preview comes out as the same bytes. */
static int draw_without_files(GPtrArray *signals, GPtrArray *expected)
{
  const struct rlimit none = { 0, 0 };
  if (setrlimit(RLIMIT_NOFILE, &none) != 0)
    return 2;
  for (guint i = 0; i < signals->len; i++) {
    g_autoptr(GBytes) png = preview_of(signals->pdata[i], "test.dm4", 0, 1);
    if (!g_bytes_equal(png, expected->pdata[i]))
      return 3;
  }
  return 0;
}

static void test_a_warm_child_draws_without_opening_files(void)
{
  g_autoptr(GPtrArray) signals = g_ptr_array_new(), expected = g_ptr_array_new();
  for (const NxSyntheticSignal *row = nx_synthetic_signals; row->name; row++)
    g_ptr_array_add(signals, row->make());
  nx_preview_warm_up();
  /* What the parent draws first, another child draws: the parent stays as the warm-up left it. */
  for (guint i = 0; i < signals->len; i++) {
    int ends[2];
    g_assert_cmpint(pipe(ends), ==, 0);
    const pid_t child = fork();
    if (child == 0) {
      g_autoptr(GBytes) png = preview_of(signals->pdata[i], "test.dm4", 0, 1);
      gsize size;
      const guint8 *data = g_bytes_get_data(png, &size);
      for (gsize at = 0; at < size;) {
        const ssize_t written = write(ends[1], data + at, size - at);
        if (written <= 0)
          _exit(1);
        at += (gsize)written;
      }
      _exit(0);
    }
    close(ends[1]);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    guint8 block[65536];
    for (ssize_t got; (got = read(ends[0], block, sizeof block)) > 0;)
      g_byte_array_append(bytes, block, (guint)got);
    close(ends[0]);
    int status;
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(status, ==, 0);
    g_ptr_array_add(expected, g_byte_array_free_to_bytes(g_steal_pointer(&bytes)));
  }
  const pid_t child = fork();
  if (child == 0)
    _exit(draw_without_files(signals, expected));
  int status;
  g_assert_cmpint(waitpid(child, &status, 0), ==, child);
  g_assert_cmpint(status, ==, 0);
  for (guint i = 0; i < signals->len; i++) {
    nx_signal_free(signals->pdata[i]);
    g_bytes_unref(expected->pdata[i]);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/preview/plots/a warm child draws without opening files, and the same whatever it drew before", test_a_warm_child_draws_without_opening_files);
  g_test_add_func("/preview/plots/every kind of signal is drawn", test_every_kind_is_drawn);
  g_test_add_func("/preview/plots/no preview when none is wanted", test_no_preview_when_none_is_wanted);
  g_test_add_func("/preview/plots/the placeholder has words and a black frame", test_placeholder_has_a_black_frame);
  g_test_add_func("/preview/plots/an image is the right way round", test_image_is_the_right_way_round);
  g_test_add_func("/preview/plots/contrast leaves two percent at each end", test_contrast_leaves_two_percent_at_each_end);
  g_test_add_func("/preview/plots/a scale bar has the right length, without units there is none", test_scale_bar_has_the_right_length);
  g_test_add_func("/preview/plots/a scale bar is seen on white", test_scale_bar_is_seen_on_white);
  g_test_add_func("/preview/plots/marks are drawn in their colours", test_marks_are_drawn_in_their_colours);
  g_test_add_func("/preview/plots/lines of a text stand below each other", test_lines_of_text_stand_below_each_other);
  g_test_add_func("/preview/plots/an axis is named by its unit where that is sure", test_axes_without_a_name_are_named_by_what_is_sure);
  g_test_add_func("/preview/plots/marks of text are seen on white", test_marks_of_text_are_seen_on_white);
  g_test_add_func("/preview/plots/colours of an RGB image are kept", test_colours_of_rgb_images_are_kept);
  g_test_add_func("/preview/plots/an image that is stored from below is turned", test_images_stored_from_below_are_turned);
  g_test_add_func("/preview/plots/a spectrum is a blue line with its peak where it belongs", test_spectrum_is_blue_and_grows_upwards);
  g_test_add_func("/preview/plots/channels without a number leave a gap in a spectrum", test_gap_of_a_spectrum_is_left_blank);
  g_test_add_func("/preview/plots/a spectrum image shows nine spectra, or all there are", test_cascade_has_nine_colours);
  g_test_add_func("/preview/plots/a line scan has energy to the right and position down", test_line_scan_runs_right_and_down);
  g_test_add_func("/preview/plots/titles are wrapped at 60 characters and cut after three lines", test_titles_are_wrapped_and_cut);
  g_test_add_func("/preview/plots/signals of one file have titles of their own", test_signals_of_one_file_have_titles_of_their_own);
  g_test_add_func("/preview/plots/strange numbers are drawn", test_strange_numbers_are_drawn);
  g_test_add_func("/preview/plots/strange axes are drawn", test_strange_axes_are_drawn);
  g_test_add_func("/preview/plots/strange marks are drawn", test_strange_marks_are_drawn);
  g_test_add_func("/preview/plots/an array that lies about its size gives the placeholder", test_arrays_that_lie_give_the_placeholder);
  return g_test_run();
}
