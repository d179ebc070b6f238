/* scale.c — Lanczos scaling of a picture that passes by row by row.
 * Rows are first added up vertically, four at a time, into the output rows whose kernels they touch; an output row that has all its rows is
 * then narrowed horizontally, once. Both are separable parts of the same kernel, so the order does not matter. Rule: extractors-b §12.2. */
#include "scale.h"

#include "nx-base.h"
#include "simd.h"

#include <math.h>
#include <string.h>

#define RADIUS 3.0
/* Source rows that are added in one pass over an output row. */
#define BATCH 4u
/* Above this shrinkage blocks are averaged first, … */
#define REDUCE_ABOVE 16.0
/* … so that this shrinkage is left for the kernel. */
#define REDUCE_TO 8.0

/* For each output position the weights of `taps` source positions from `first` on. */
typedef struct {
  guint count, taps;
  gsize *first, *end; /* [first, end) carry weight; up to first + taps is readable */
  float *weights;     /* count × taps */
} Kernel;

struct NxScaler {
  gsize width, height;     /* after reduction */
  gsize full_width;
  guint64 full_height, pushed;
  guint reduce_x, reduce_y;
  guint channels, to_width, to_height;
  Kernel across, down;
  gsize pitch;             /* floats in a row of `batch` and of an accumulator */
  float *full_row;         /* only when a row is reduced */
  float *batch;            /* BATCH rows */
  gsize batch_start;       /* number of the first row in the batch */
  guint batch_filled;
  guint rows_in_block;     /* rows already added to the block that becomes the next row */
  guint first_open;        /* first output row that still waits for rows */
  float **open;            /* accumulators by output row */
  float *finished;         /* an output row */
  NxScaledRow take;
  gpointer to;
};

/* sin t and cos t, turned on from position to position. */
typedef struct {
  double sine, cosine;
} Angle;

static Angle angle_of(double t)
{
  return (Angle){ sin(t), cos(t) };
}

static Angle turned(Angle angle, Angle by)
{
  return (Angle){ angle.sine * by.cosine + angle.cosine * by.sine, angle.cosine * by.cosine - angle.sine * by.sine };
}

/* The kernel at `first`, `first` + `step`, …; returns their sum. */
static double fill_lanczos(float *weights, gsize n, double first, double step)
{
  const Angle by = angle_of(G_PI * step), by_third = angle_of(G_PI * step / RADIUS);
  Angle angle = angle_of(G_PI * first), third = angle_of(G_PI * first / RADIUS);
  double sum = 0.0;
  for (gsize k = 0; k < n; k++, angle = turned(angle, by), third = turned(third, by_third)) {
    const double x = first + (double)k * step, t = G_PI * x;
    const double weight = fabs(x) < 1e-9 ? 1.0 : fabs(x) < RADIUS ? RADIUS * angle.sine * third.sine / (t * t) : 0.0;
    weights[k] = (float)weight;
    sum += (double)weights[k];
  }
  return sum;
}

/* `extent`: the size of the source in its own (perhaps reduced) pixels, which need not be whole; `size`: the pixels that are there. */
static void kernel_fill(Kernel *kernel, double extent, gsize size, guint count)
{
  const double scale = extent / count;
  const double stretch = MAX(scale, 1.0);
  const double support = RADIUS * stretch;
  kernel->count = count;
  kernel->taps = (guint)nx_lanes((gsize)ceil(2.0 * support) + 2);
  kernel->first = g_new(gsize, count);
  kernel->end = g_new(gsize, count);
  kernel->weights = g_new0(float, (gsize)count * kernel->taps);

  for (guint i = 0; i < count; i++) {
    const double centre = (i + 0.5) * scale;
    const double from = floor(centre - support + 0.5), to = floor(centre + support + 0.5);
    const gsize first = from > 0.0 ? MIN((gsize)from, size - 1) : 0;
    const gsize end = MAX(first + 1, MIN(size, (gsize)MAX(to, 1.0)));
    float *weights = kernel->weights + (gsize)i * kernel->taps;
    const double share = 1.0 / fill_lanczos(weights, end - first, ((double)first + 0.5 - centre) / stretch, 1.0 / stretch);
    for (gsize k = 0; k < end - first; k++)
      weights[k] = end - first == 1 ? 1.0f : (float)((double)weights[k] * share);
    kernel->first[i] = first;
    kernel->end[i] = end;
  }
}

static void kernel_clear(Kernel *kernel)
{
  g_free(kernel->first);
  g_free(kernel->end);
  g_free(kernel->weights);
}

static guint reduction(guint64 size, guint to)
{
  const double shrinkage = (double)size / to;
  return shrinkage > REDUCE_ABOVE ? (guint)MIN(shrinkage / REDUCE_TO, 1e9) : 1;
}

NxScaler *nx_scaler_new(const NxScaling *scaling, GError **err)
{
  const guint64 width = scaling->width, height = scaling->height;
  const guint to_width = scaling->to_width, to_height = scaling->to_height, channels = scaling->channels;
  g_return_val_if_fail((channels == 1 || channels == 4) && to_width > 0 && to_height > 0, NULL);
  if (width == 0 || height == 0 || width > NX_SCALER_ROW_MAX / channels) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "a picture of %" G_GUINT64_FORMAT " × %" G_GUINT64_FORMAT " pixels cannot be scaled", width,
                height);
    return NULL;
  }
  NxScaler *scaler = g_new0(NxScaler, 1);
  scaler->full_width = (gsize)width;
  scaler->full_height = height;
  scaler->reduce_x = reduction(width, to_width);
  scaler->reduce_y = reduction(height, to_height);
  scaler->width = (gsize)((width + scaler->reduce_x - 1) / scaler->reduce_x);
  scaler->height = (gsize)((height + scaler->reduce_y - 1) / scaler->reduce_y);
  scaler->channels = channels;
  scaler->to_width = to_width;
  scaler->to_height = to_height;
  kernel_fill(&scaler->across, (double)width / scaler->reduce_x, scaler->width, to_width);
  kernel_fill(&scaler->down, (double)height / scaler->reduce_y, scaler->height, to_height);
  scaler->pitch = nx_lanes(scaler->width * channels) + (gsize)scaler->across.taps * channels;
  scaler->batch = g_new0(float, BATCH * scaler->pitch);
  if (scaler->reduce_x > 1 || scaler->reduce_y > 1)
    scaler->full_row = g_new(float, scaler->full_width * channels);
  scaler->open = g_new0(float *, to_height);
  scaler->finished = g_new(float, (gsize)to_width * channels);
  scaler->take = scaling->take;
  scaler->to = scaling->to;
  return scaler;
}

void nx_scaler_free(NxScaler *scaler)
{
  if (!scaler)
    return;
  kernel_clear(&scaler->across);
  kernel_clear(&scaler->down);
  for (guint row = 0; row < scaler->to_height; row++)
    g_free(scaler->open[row]);
  g_free(scaler->open);
  g_free(scaler->full_row);
  g_free(scaler->batch);
  g_free(scaler->finished);
  g_free(scaler);
}

/* --------------------------------------------------------------------------------------------------------- inner loops */

/* to += Σ weights[k] × row k, over `count` floats (a multiple of NX_LANES). */
NX_HOT static void add_rows(float *to, const float *rows, gsize pitch, const float weights[BATCH], gsize count)
{
  const float *row0 = rows, *row1 = rows + pitch, *row2 = rows + 2 * pitch, *row3 = rows + 3 * pitch;
  for (gsize x = 0; x < count; x += NX_LANES) {
    *(NxFloats *)(to + x) += *(const NxFloats *)(row0 + x) * weights[0] + *(const NxFloats *)(row1 + x) * weights[1] +
                             *(const NxFloats *)(row2 + x) * weights[2] + *(const NxFloats *)(row3 + x) * weights[3];
  }
}

NX_HOT static void narrow_grey(const float *row, const Kernel *kernel, float *to)
{
  for (guint i = 0; i < kernel->count; i++) {
    const float *from = row + kernel->first[i], *weights = kernel->weights + (gsize)i * kernel->taps;
    const gsize taps = nx_lanes(kernel->end[i] - kernel->first[i]);
    NxFloats sum = { 0 };
    for (gsize k = 0; k < taps; k += NX_LANES)
      sum += *(const NxFloats *)(from + k) * *(const NxFloats *)(weights + k);
    to[i] = ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
  }
}

NX_HOT static void narrow_colour(const float *row, const Kernel *kernel, float *to)
{
  for (guint i = 0; i < kernel->count; i++) {
    const float *from = row + kernel->first[i] * 4, *weights = kernel->weights + (gsize)i * kernel->taps;
    const gsize taps = kernel->end[i] - kernel->first[i];
    NxPixel sum = { 0 };
    for (gsize k = 0; k < taps; k++)
      sum += *(const NxPixel *)(from + 4 * k) * weights[k];
    *(NxPixel *)(to + 4 * (gsize)i) = sum;
  }
}

NX_HOT static void grey_words(const float *greys, gsize n, guint32 *words)
{
  for (gsize i = 0; i < n; i++) {
    const float grey = greys[i] > 0.0f ? greys[i] < 255.0f ? greys[i] + 0.5f : 255.0f : 0.0f;
    words[i] = 0xff000000u | (guint32)(gint32)grey * 0x010101u;
  }
}

/* Adds the means of blocks of `block` pixels of `from` to `to`. */
static void add_blocks(float *to, const float *from, gsize width, guint block, guint channels)
{
  for (gsize start = 0; start < width; start += block, to += channels) {
    const gsize end = MIN(start + block, width);
    for (guint c = 0; c < channels; c++) {
      float sum = 0.0f;
      for (gsize x = start; x < end; x++)
        sum += from[x * channels + c];
      to[c] += sum / (float)(end - start);
    }
  }
}

/* ------------------------------------------------------------------------------------------------------------ the flow */

static void finish_output_row(NxScaler *scaler, guint row)
{
  float *to = scaler->finished;
  if (!scaler->open[row])
    memset(to, 0, (gsize)scaler->to_width * scaler->channels * sizeof *to);
  else if (scaler->channels == 1)
    narrow_grey(scaler->open[row], &scaler->across, to);
  else
    narrow_colour(scaler->open[row], &scaler->across, to);
  g_clear_pointer(&scaler->open[row], g_free);
  scaler->take(scaler->to, row, to);
}

static void weights_of_batch(const NxScaler *scaler, guint row, float weights[BATCH])
{
  const Kernel *down = &scaler->down;
  for (guint k = 0; k < BATCH; k++) {
    const gsize at = scaler->batch_start + k;
    const gboolean counts = k < scaler->batch_filled && at >= down->first[row] && at < down->end[row];
    weights[k] = counts ? down->weights[(gsize)row * down->taps + (at - down->first[row])] : 0.0f;
  }
}

static void flush_batch(NxScaler *scaler)
{
  const Kernel *down = &scaler->down;
  const gsize end = scaler->batch_start + scaler->batch_filled;
  for (guint row = scaler->first_open; row < scaler->to_height && down->first[row] < end; row++) {
    float weights[BATCH];
    weights_of_batch(scaler, row, weights);
    if (!scaler->open[row])
      scaler->open[row] = g_new0(float, scaler->pitch);
    add_rows(scaler->open[row], scaler->batch, scaler->pitch, weights, nx_lanes(scaler->width * scaler->channels));
  }
  while (scaler->first_open < scaler->to_height && down->end[scaler->first_open] <= end)
    finish_output_row(scaler, scaler->first_open++);
  scaler->batch_start = end;
  scaler->batch_filled = 0;
}

float *nx_scaler_row(NxScaler *scaler)
{
  return scaler->full_row ? scaler->full_row : scaler->batch + scaler->batch_filled * scaler->pitch;
}

static void close_row(NxScaler *scaler)
{
  if (++scaler->batch_filled == BATCH)
    flush_batch(scaler);
}

/* The block of rows is complete: their mean is a row. */
static void close_block(NxScaler *scaler)
{
  float *row = scaler->batch + scaler->batch_filled * scaler->pitch;
  const float share = 1.0f / (float)scaler->rows_in_block;
  for (gsize x = 0; x < scaler->width * scaler->channels; x++)
    row[x] *= share;
  scaler->rows_in_block = 0;
  close_row(scaler);
}

void nx_scaler_push(NxScaler *scaler)
{
  if (scaler->pushed == scaler->full_height)
    return;
  scaler->pushed++;
  if (!scaler->full_row) {
    close_row(scaler);
    return;
  }
  float *row = scaler->batch + scaler->batch_filled * scaler->pitch;
  if (scaler->rows_in_block == 0)
    memset(row, 0, scaler->width * scaler->channels * sizeof *row);
  add_blocks(row, scaler->full_row, scaler->full_width, scaler->reduce_x, scaler->channels);
  if (++scaler->rows_in_block == scaler->reduce_y || scaler->pushed == scaler->full_height)
    close_block(scaler);
}

void nx_scaler_finish(NxScaler *scaler)
{
  if (scaler->rows_in_block > 0)
    close_block(scaler);
  if (scaler->batch_filled > 0)
    flush_batch(scaler);
  while (scaler->first_open < scaler->to_height)
    finish_output_row(scaler, scaler->first_open++);
}

void nx_grey_words(const float *greys, gsize n, guint32 *words)
{
  grey_words(greys, n, words);
}

void nx_scale_fit(guint64 width, guint64 height, guint side, guint *to_width, guint *to_height)
{
  const double ratio = (double)side / (double)MAX(width, height);
  *to_width = (guint)CLAMP((double)width * ratio, 1.0, (double)side);
  *to_height = (guint)CLAMP((double)height * ratio, 1.0, (double)side);
}
