/* contrast.c — which values of a plane become black and white. */
#include "plane.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BLACK_PERCENT 2.0
#define WHITE_PERCENT 98.0
#define LOG_BLACK_PERCENT 66.0
/* Bytes of rows that are kept so that they are not read again; and, of a plane of which only some rows are looked at, of all rows of the sample. */
#define KEPT_MAX (24u * 1024u * 1024u)
#define KEPT_OF_SOME (8u * 1024u * 1024u)

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

static int by_key(gconstpointer a, gconstpointer b)
{
  const guint32 first = *(const guint32 *)a, second = *(const guint32 *)b;
  return (first > second) - (first < second);
}

/* So few that sorting them costs less than blanking histograms. */
#define FEW 256u

/* The value of `rank` (from 0) in ascending order and the one after it (the same, for the last). */
static void values_of_rank_in_few(const float *values, gsize n, gsize rank, double *value, double *next)
{
  guint32 keys[FEW] = { 0 };
  for (gsize i = 0; i < n; i++)
    keys[i] = sort_key(values[i]);
  qsort(keys, n, sizeof *keys, by_key);
  *value = (double)sort_value(keys[rank]);
  *next = (double)sort_value(keys[MIN(rank + 1, n - 1)]);
}

/* The same in many: two histograms of 16 bits, no sorting. */
static void values_of_rank_in_many(const float *values, gsize n, gsize rank, double *value, double *next)
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
  if (n <= FEW)
    values_of_rank_in_few(values, n, below, &low, &high);
  else
    values_of_rank_in_many(values, n, below, &low, &high);
  return low + (position - (double)below) * (high - low);
}

/* --------------------------------------------------------------------------------------------------------------- sample */

/* Finite values of the plane on an even grid, as distances from `origin`: large numbers that differ little keep their differences as floats. */
typedef struct {
  float *values;
  gsize n;
  double origin;
} Sample;

static void sample_add(Sample *sample, const double *row, gsize n, gsize step)
{
  for (gsize i = 0; i < n; i++, row += step) {
    if (!isfinite(*row))
      continue;
    if (sample->n == 0)
      sample->origin = *row;
    const double distance = *row - sample->origin;
    sample->values[sample->n++] = (float)CLAMP(distance, -(double)G_MAXFLOAT, (double)G_MAXFLOAT);
  }
}

/* Every how many rows and columns a value is taken, and how many that makes. */
typedef struct {
  guint64 row_step, column_step, rows, columns;
} Grid;

static guint64 steps_in(guint64 size, guint64 step)
{
  return (size - 1) / step + 1;
}

static Grid even_grid(const NxPlane *plane)
{
  Grid grid = { .row_step = 1, .column_step = 1 };
  while ((double)steps_in(plane->rows, grid.row_step) * (double)steps_in(plane->columns, grid.column_step) > NX_CONTRAST_SAMPLE) {
    if (plane->rows / grid.row_step >= plane->columns / grid.column_step)
      grid.row_step += 1 + grid.row_step / 64;
    else
      grid.column_step += 1 + grid.column_step / 64;
  }
  return grid;
}

/* Of a plane that is read in part: few rows, so that all of them can be kept, but many columns. */
static Grid grid_of_some(const NxPlane *plane, guint64 row_step)
{
  const double keepable = MAX(floor(KEPT_OF_SOME / ((double)plane->columns * sizeof(double))), 1.0);
  Grid grid = { .row_step = row_step, .column_step = 1 };
  grid.row_step *= (guint64)ceil((double)steps_in(plane->rows, row_step) / MIN(keepable, NX_CONTRAST_SAMPLE / 4));
  const double per_row = MAX(NX_CONTRAST_SAMPLE / (double)steps_in(plane->rows, grid.row_step), 1.0);
  grid.column_step = MAX((guint64)ceil((double)plane->columns / per_row), 1);
  return grid;
}

static Grid grid_of(const NxPlane *plane, guint64 row_step)
{
  Grid grid = row_step > 1 ? grid_of_some(plane, row_step) : even_grid(plane);
  grid.rows = steps_in(plane->rows, grid.row_step);
  grid.columns = steps_in(plane->columns, grid.column_step);
  return grid;
}

void nx_kept_rows_clear(NxKeptRows *kept)
{
  g_clear_pointer(&kept->numbers, g_free);
}

const double *nx_kept_row(const NxKeptRows *kept, const NxPlane *plane, guint64 y)
{
  return kept->numbers && y % kept->step == 0 && y / kept->step < kept->n ? kept->numbers + y / kept->step * plane->columns : NULL;
}

static void keep_rows(const NxPlane *plane, const Grid *grid, NxKeptRows *kept)
{
  const gboolean fits = (double)grid->rows * (double)plane->columns * sizeof(double) <= KEPT_MAX;
  *kept = (NxKeptRows){ grid->row_step, grid->rows, fits ? g_new(double, grid->rows * plane->columns) : NULL };
}

static gboolean take_sample(const NxPlane *plane, guint64 step, NxKeptRows *kept, Sample *sample, GError **err)
{
  const Grid grid = grid_of(plane, step);
  const guint row_dim = plane->array->n_dims - 2;
  guint64 index[NX_DIMS_MAX];
  keep_rows(plane, &grid, kept);
  sample->values = g_new(float, grid.rows * grid.columns);
  g_autofree double *row = kept->numbers ? NULL : g_new(double, grid.columns);
  memcpy(index, plane->index, sizeof index);
  for (guint64 y = 0; y < grid.rows; y++) {
    double *to = kept->numbers ? kept->numbers + y * plane->columns : row;
    const guint64 columns = kept->numbers ? plane->columns : grid.columns;
    index[row_dim] = y * grid.row_step;
    if (!nx_array_read(plane->array, index, row_dim + 1, columns, kept->numbers ? 1 : grid.column_step, to, err))
      return FALSE;
    sample_add(sample, to, grid.columns, kept->numbers ? grid.column_step : 1);
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

gboolean nx_plane_contrast(const NxPlane *plane, NxTone tone, guint64 row_step, NxKeptRows *kept, double *black, double *white, GError **err)
{
  Sample sample = { 0 };
  const gboolean taken = take_sample(plane, row_step, kept, &sample, err);
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
