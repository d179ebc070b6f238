/* plane.c — one two-dimensional slice of an array as a grey or colour picture. */
#include "plane.h"

#include "scale.h"
#include "simd.h"

#include <math.h>
#include <string.h>

/* From this enlargement on pixels are shown as blocks, as the plotting library of the reference does. */
#define BLOCKS_FROM 3.0
/* Shrinking by twice this or more reads only every second, third … row: what is left, 6 … 12 rows for each of the picture, is fine enough. */
#define OVERSAMPLING 6u

/* ------------------------------------------------------------------------------------------------------------ positions */

guint64 nx_array_positions(const NxArray *array, guint n)
{
  guint64 positions = 1;
  for (guint dim = 0; dim < n; dim++) {
    if (!g_uint64_checked_mul(&positions, positions, array->shape[dim]))
      return G_MAXUINT64;
  }
  return positions;
}

void nx_array_index(const NxArray *array, guint n, guint64 position, guint64 *index)
{
  memset(index, 0, NX_DIMS_MAX * sizeof *index);
  for (guint dim = n; dim-- > 0;) {
    index[dim] = position % array->shape[dim];
    position /= array->shape[dim];
  }
}

char *nx_navigation_title(const NxArray *array, const char *what)
{
  GString *text = g_string_new(NULL);
  for (guint dim = array->n_dims - array->n_signal_dims; dim-- > 0;)
    g_string_append_printf(text, "%" G_GUINT64_FORMAT "%s", array->shape[dim], dim > 0 ? " x " : " ");
  g_string_append(text, what);
  return g_string_free(text, FALSE);
}

NxPlane nx_plane_at(const NxArray *array, guint64 position)
{
  NxPlane plane = { .array = array, .rows = array->shape[array->n_dims - 2], .columns = array->shape[array->n_dims - 1] };
  nx_array_index(array, array->n_dims - 2, position, plane.index);
  return plane;
}

/* ----------------------------------------------------------------------------------------------------------------- rows */

/* How one row of a plane becomes floats of 0 (black) to 255 (white): one a pixel for numbers, four for colours. */
typedef struct {
  const NxPlane *plane;
  NxTone tone;
  double black, gain;
  guint64 step;    /* only rows 0, step, 2 × step … are read */
  NxKeptRows kept; /* those that were read for the contrast */
  double *numbers; /* a row as read; NULL of colours */
  guint8 *colours; /* the same of them; else NULL */
} RowSource;

static gboolean row_source_open(RowSource *source, const NxPlane *plane, guint height, NxTone tone, GError **err)
{
  double black = 0.0, white = 0.0;
  *source = (RowSource){ .plane = plane, .tone = tone, .step = MAX(plane->rows / ((guint64)height * OVERSAMPLING), 1) };
  if (nx_array_is_colour(plane->array)) {
    source->colours = g_malloc_n(plane->columns, 3);
    return TRUE;
  }
  if (!nx_plane_contrast(plane, tone, source->step, &source->kept, &black, &white, err))
    return FALSE;
  if (tone == NX_TONE_LOG_AMPLITUDE) {
    /* An amplitude of 0 has no logarithm: a range that starts there starts a millionth below its end. */
    black = log10(MAX(black, white * 1e-6));
    white = log10(white);
  }
  source->black = black;
  source->gain = isfinite(white - black) && white > black ? 255.0 / (white - black) : 0.0;
  source->numbers = g_new(double, plane->columns);
  return TRUE;
}

static void row_source_close(RowSource *source)
{
  nx_kept_rows_clear(&source->kept);
  g_free(source->numbers);
  g_free(source->colours);
}

/* NaN, and anything below black, is 0. */
NX_HOT static void greys_of(const double *numbers, guint64 n, double black, double gain, float *to)
{
  for (guint64 x = 0; x < n; x++) {
    double grey = (numbers[x] - black) * gain;
    grey = grey > 0.0 ? grey : 0.0;
    to[x] = (float)(grey < 255.0 ? grey : 255.0);
  }
}

static void take_logarithms(double *numbers, guint64 n)
{
  for (guint64 x = 0; x < n; x++)
    numbers[x] = log10(MAX(numbers[x], 0.0));
}

static gboolean read_grey_row(const RowSource *source, const guint64 *index, float *to, GError **err)
{
  const NxPlane *plane = source->plane;
  const guint column_dim = plane->array->n_dims - 1;
  const double *kept = nx_kept_row(&source->kept, plane, index[column_dim - 1]);
  if (kept)
    memcpy(source->numbers, kept, plane->columns * sizeof *kept);
  else if (!nx_array_read(plane->array, index, column_dim, plane->columns, 1, source->numbers, err))
    return FALSE;
  if (source->tone == NX_TONE_LOG_AMPLITUDE)
    take_logarithms(source->numbers, plane->columns);
  greys_of(source->numbers, plane->columns, source->black, source->gain, to);
  return TRUE;
}

static gboolean read_colour_row(const RowSource *source, const guint64 *index, float *to, GError **err)
{
  const NxArray *array = source->plane->array;
  const guint8 *colour = source->colours;
  if (!nx_array_read_colours(array, index, array->n_dims - 1, source->plane->columns, 1, source->colours, err))
    return FALSE;
  for (guint64 x = 0; x < source->plane->columns; x++, colour += 3, to += 4) {
    to[0] = colour[0];
    to[1] = colour[1];
    to[2] = colour[2];
    to[3] = 255.0f;
  }
  return TRUE;
}

static gboolean read_row(const RowSource *source, guint64 y, float *to, GError **err)
{
  const NxPlane *plane = source->plane;
  guint64 index[NX_DIMS_MAX];
  memcpy(index, plane->index, sizeof index);
  index[plane->array->n_dims - 2] = y;
  return nx_array_is_colour(plane->array) ? read_colour_row(source, index, to, err) : read_grey_row(source, index, to, err);
}

/* -------------------------------------------------------------------------------------------------------------- pictures */

static guint32 byte_of(float value)
{
  return value > 0.0f ? value < 255.0f ? (guint32)(value + 0.5f) : 255u : 0u;
}

static void words_of(const float *pixels, gsize n, guint channels, guint32 *to)
{
  if (channels == 1) {
    nx_grey_words(pixels, n, to);
    return;
  }
  for (gsize i = 0; i < n; i++, pixels += channels)
    to[i] = 0xff000000u | byte_of(pixels[0]) << 16 | byte_of(pixels[1]) << 8 | byte_of(pixels[2]);
}

/* Where a picture goes: a box of a surface. */
typedef struct {
  cairo_surface_t *surface;
  guint x, y, width, height;
} Box;

static guint32 *row_of_box(const Box *box, guint y)
{
  guint8 *pixels = cairo_image_surface_get_data(box->surface);
  return (guint32 *)(void *)(pixels + (gsize)(box->y + y) * (gsize)cairo_image_surface_get_stride(box->surface)) + box->x;
}

/* Each pixel of the plane as a block. */
static gboolean draw_blocks(const RowSource *source, const Box *box, GError **err)
{
  const guint channels = nx_array_is_colour(source->plane->array) ? 4 : 1;
  const guint64 columns = source->plane->columns;
  g_autofree float *row = g_new(float, columns * channels);
  g_autofree guint32 *words = g_new(guint32, columns);
  guint64 have = G_MAXUINT64;
  for (guint y = 0; y < box->height; y++) {
    const guint64 from_y = (guint64)y * source->plane->rows / box->height;
    guint32 *to = row_of_box(box, y);
    if (from_y == have) {
      memcpy(to, row_of_box(box, y - 1), box->width * sizeof *to);
      continue;
    }
    if (!read_row(source, from_y, row, err))
      return FALSE;
    words_of(row, columns, channels, words);
    for (guint x = 0; x < box->width; x++)
      to[x] = words[(guint64)x * columns / box->width];
    have = from_y;
  }
  return TRUE;
}

typedef struct {
  const Box *box;
  guint channels;
} ScaledTo;

static void take_scaled(gpointer to, guint y, const float *row)
{
  const ScaledTo *scaled = to;
  words_of(row, scaled->box->width, scaled->channels, row_of_box(scaled->box, y));
}

static gboolean draw_scaled(const RowSource *source, const Box *box, GError **err)
{
  ScaledTo scaled = { box, nx_array_is_colour(source->plane->array) ? 4 : 1 };
  const guint64 rows = source->plane->rows / source->step;
  const NxScaling scaling = { source->plane->columns, rows, box->width, box->height, scaled.channels, take_scaled, &scaled };
  g_autoptr(NxScaler) scaler = nx_scaler_new(&scaling, err);
  if (!scaler)
    return FALSE;
  for (guint64 y = 0; y < rows; y++) {
    if (!read_row(source, y * source->step, nx_scaler_row(scaler), err))
      return FALSE;
    nx_scaler_push(scaler);
  }
  nx_scaler_finish(scaler);
  return TRUE;
}

static gboolean draw_rows(const RowSource *source, const Box *box, GError **err)
{
  const gboolean blocks = box->width >= BLOCKS_FROM * (double)source->plane->columns && box->height >= BLOCKS_FROM * (double)source->plane->rows;
  return blocks ? draw_blocks(source, box, err) : draw_scaled(source, box, err);
}

gboolean nx_plane_draw(const NxPlane *plane, cairo_surface_t *surface, guint x, guint y, guint width, guint height, NxTone tone, GError **err)
{
  RowSource source;
  const Box box = { surface, x, y, width, height };
  g_return_val_if_fail(x + width <= (guint)cairo_image_surface_get_width(surface), FALSE);
  g_return_val_if_fail(y + height <= (guint)cairo_image_surface_get_height(surface), FALSE);
  if (plane->columns > NX_SCALER_ROW_MAX) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "rows of %" G_GUINT64_FORMAT " pixels are too long for a preview", plane->columns);
    return FALSE;
  }
  cairo_surface_flush(surface);
  const gboolean drawn = row_source_open(&source, plane, height, tone, err) && draw_rows(&source, &box, err);
  row_source_close(&source);
  cairo_surface_mark_dirty(surface);
  return drawn;
}

cairo_surface_t *nx_plane_picture(const NxPlane *plane, guint width, guint height, NxTone tone, GError **err)
{
  cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, (int)width, (int)height);
  if (!nx_plane_draw(plane, surface, 0, 0, width, height, tone, err))
    g_clear_pointer(&surface, cairo_surface_destroy);
  return surface;
}
