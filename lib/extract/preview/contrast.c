/* contrast.c — which values of a plane become black and white. */
#include "plane.h"

#include <math.h>
#include <string.h>

#define BLACK_PERCENT 2.0
#define WHITE_PERCENT 98.0
#define LOG_BLACK_PERCENT 66.0

/* ----------------------------------------------------------------------------------------------------------- percentiles */

/* A float as a whole number of the same order. */
static guint32 sort_key(float value)
{
  guint32 bits;
  memcpy(&bits, &value, sizeof bits);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

static float sort_value(guint32 key)
{
  const guint32 bits = key & 0x80000000u ? key & 0x7fffffffu : ~key;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* The bin of `counts` in which the value of *rank lies; *rank becomes the rank inside the bin. */
static guint32 find_bin(const guint32 *counts, gsize *rank)
{
  guint32 bin = 0;
  while (*rank >= counts[bin])
    *rank -= counts[bin++];
  return bin;
}

/* The value of `rank` (from 0) in ascending order and the one after it (the same, for the last): two histograms of 16 bits, no sorting. */
static void values_of_rank(const float *values, gsize n, gsize rank, double *value, double *next)
{
  g_autofree guint32 *counts = g_new0(guint32, 65536);
  for (gsize i = 0; i < n; i++)
    counts[sort_key(values[i]) >> 16]++;
  const guint32 high = find_bin(counts, &rank);
  guint32 above = G_MAXUINT32; /* least key of the higher bins */
  memset(counts, 0, 65536 * sizeof *counts);
  for (gsize i = 0; i < n; i++) {
    const guint32 key = sort_key(values[i]);
    if (key >> 16 == high)
      counts[key & 0xffff]++;
    else if (key >> 16 > high && key < above)
      above = key;
  }
  guint32 low = find_bin(counts, &rank);
  *value = (double)sort_value(high << 16 | low);
  if (rank + 1 < counts[low]) {
    *next = *value;
    return;
  }
  for (low++; low < 65536 && counts[low] == 0; low++)
    ;
  const guint32 key = low < 65536 ? high << 16 | low : above;
  *next = key != G_MAXUINT32 ? (double)sort_value(key) : *value;
}

double nx_percentile(const float *values, gsize n, double percent)
{
  const double position = CLAMP(percent / 100.0, 0.0, 1.0) * (double)(n - 1);
  const gsize below = (gsize)position;
  double low, high;
  values_of_rank(values, n, below, &low, &high);
  return low + (position - (double)below) * (high - low);
}

/* --------------------------------------------------------------------------------------------------------------- sample */

/* Finite values of the plane on an even grid, as distances from `origin`: large numbers that differ little keep their differences as floats. */
typedef struct {
  float *values;
  gsize n;
  double origin;
} Sample;

static void sample_add(Sample *sample, const double *row, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    if (!isfinite(row[i]))
      continue;
    if (sample->n == 0)
      sample->origin = row[i];
    const double distance = row[i] - sample->origin;
    sample->values[sample->n++] = (float)CLAMP(distance, -(double)G_MAXFLOAT, (double)G_MAXFLOAT);
  }
}

/* Every how many rows and columns a value is taken. */
static void grid(const NxPlane *plane, guint64 *row_step, guint64 *column_step)
{
  *row_step = *column_step = 1;
  while ((double)((plane->rows - 1) / *row_step + 1) * (double)((plane->columns - 1) / *column_step + 1) > NX_CONTRAST_SAMPLE) {
    if (plane->rows / *row_step >= plane->columns / *column_step)
      *row_step += 1 + *row_step / 64;
    else
      *column_step += 1 + *column_step / 64;
  }
}

static gboolean take_sample(const NxPlane *plane, Sample *sample, GError **err)
{
  guint64 row_step, column_step, index[NX_DIMS_MAX];
  grid(plane, &row_step, &column_step);
  const guint64 rows = (plane->rows - 1) / row_step + 1, columns = (plane->columns - 1) / column_step + 1;
  const guint row_dim = plane->array->n_dims - 2;
  sample->values = g_new(float, rows * columns);
  g_autofree double *row = g_new(double, columns);
  memcpy(index, plane->index, sizeof index);
  for (guint64 y = 0; y < rows; y++) {
    index[row_dim] = y * row_step;
    if (!nx_array_read(plane->array, index, row_dim + 1, columns, column_step, row, err))
      return FALSE;
    sample_add(sample, row, columns);
  }
  return TRUE;
}

static void range_of(const Sample *sample, double *least, double *most)
{
  *least = *most = (double)sample->values[0];
  for (gsize i = 1; i < sample->n; i++) {
    *least = MIN(*least, (double)sample->values[i]);
    *most = MAX(*most, (double)sample->values[i]);
  }
}

static void limits_of(const Sample *sample, NxTone tone, double *black, double *white)
{
  double least, most;
  range_of(sample, &least, &most);
  if (tone == NX_TONE_LOG_AMPLITUDE) {
    *black = nx_percentile(sample->values, sample->n, LOG_BLACK_PERCENT);
    *white = most;
  } else {
    *black = nx_percentile(sample->values, sample->n, BLACK_PERCENT);
    *white = nx_percentile(sample->values, sample->n, WHITE_PERCENT);
  }
  if (*black >= *white) {
    *black = least;
    *white = most;
  }
}

gboolean nx_plane_contrast(const NxPlane *plane, NxTone tone, double *black, double *white, GError **err)
{
  Sample sample = { 0 };
  const gboolean taken = take_sample(plane, &sample, err);
  g_autofree float *values = sample.values;
  *black = *white = 0.0;
  if (!taken)
    return FALSE;
  if (sample.n > 0) {
    limits_of(&sample, tone, black, white);
    *black += sample.origin;
    *white += sample.origin;
  }
  return TRUE;
}
