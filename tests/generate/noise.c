/* noise.c — see noise.h. */
#include "noise.h"

#include <math.h>

double noise_gaussian(GRand *random)
{
  double radius = sqrt(-2 * log(1 - g_rand_double(random)));
  return radius * cos(2 * G_PI * g_rand_double(random));
}

double noise_poisson(GRand *random, double mean)
{
  if (mean > 30)
    return MAX(0, round(mean + sqrt(mean) * noise_gaussian(random)));
  double limit = exp(-mean), product = g_rand_double(random);
  guint count = 0;
  for (; product > limit; count++)
    product *= g_rand_double(random);
  return count;
}

void noise_count(Scene *scene, double dose, double readout, GRand *random)
{
  gsize length = scene_length(scene);
  for (gsize i = 0; i < length; i++) {
    double mean = MAX(0, scene->values[i]) * dose;
    double value = mean + sqrt(mean + readout * readout) * noise_gaussian(random);
    scene->values[i] = (float)MAX(0, round(value));
  }
}

static double smooth(double t)
{
  return t * t * (3 - 2 * t);
}

/* One octave: random values on a grid of `step` pixels, smoothly joined. */
static void add_octave(float *field, gsize width, gsize height, double step, double strength, GRand *random)
{
  gsize columns = (gsize)((double)width / step) + 2, rows = (gsize)((double)height / step) + 2;
  g_autofree double *grid = g_new(double, columns * rows);
  for (gsize i = 0; i < columns * rows; i++)
    grid[i] = g_rand_double_range(random, -1, 1);
  for (gsize y = 0; y < height; y++) {
    double v = (double)y / step, fv = smooth(v - floor(v));
    const double *upper = grid + (gsize)v * columns, *lower = upper + columns;
    for (gsize x = 0; x < width; x++) {
      double u = (double)x / step, fu = smooth(u - floor(u));
      gsize i = (gsize)u;
      double top = upper[i] + (upper[i + 1] - upper[i]) * fu, bottom = lower[i] + (lower[i + 1] - lower[i]) * fu;
      field[y * width + x] += (float)(strength * (top + (bottom - top) * fv));
    }
  }
}

float *noise_field(gsize width, gsize height, double feature, guint octaves, GRand *random)
{
  float *field = g_new0(float, width * height);
  double strength = 1;
  for (guint i = 0; i < octaves && feature >= 1.5; i++, feature /= 2, strength /= 2)
    add_octave(field, width, height, feature, strength, random);
  return field;
}

void noise_shift_rows(Scene *scene, double pixels, GRand *random)
{
  gsize width = scene->size[0];
  for (gsize y = 0; y < scene->size[1]; y++) {
    float *row = scene->values + y * width;
    double shift = CLAMP(pixels * noise_gaussian(random), -0.9, 0.9);
    if (shift < 0)
      for (gsize x = width - 1; x > 0; x--)
        row[x] += (float)((row[x - 1] - row[x]) * -shift);
    else
      for (gsize x = 0; x + 1 < width; x++)
        row[x] += (float)((row[x + 1] - row[x]) * shift);
  }
}

static gboolean is_crowded(const Point *points, guint n, Point candidate, double least)
{
  for (guint i = 0; i < n; i++)
    if (hypot(points[i].x - candidate.x, points[i].y - candidate.y) < least)
      return TRUE;
  return FALSE;
}

Point *noise_points(guint n, double width, double height, GRand *random)
{
  Point *points = g_new(Point, n);
  double margin = 0.1 * MAX(width, height), least = 0.6 * sqrt((width + 2 * margin) * (height + 2 * margin) / n);
  for (guint i = 0; i < n; i++)
    for (guint attempt = 0; attempt < 20; attempt++) {
      points[i].x = g_rand_double_range(random, -margin, width + margin);
      points[i].y = g_rand_double_range(random, -margin, height + margin);
      if (!is_crowded(points, i, points[i], least))
        break;
    }
  return points;
}

static gsize bucket_along(const Tiling *tiling, double place, gsize count)
{
  return (gsize)CLAMP((place + tiling->margin) / tiling->bucket, 0, (double)count - 1);
}

Tiling *noise_tiling_new(guint n, double width, double height, GRand *random)
{
  Tiling *tiling = g_new0(Tiling, 1);
  tiling->points = noise_points(n, width, height, random);
  tiling->n = n;
  tiling->margin = 0.1 * MAX(width, height);
  tiling->bucket = sqrt((width + 2 * tiling->margin) * (height + 2 * tiling->margin) / n);
  tiling->columns = (gsize)((width + 2 * tiling->margin) / tiling->bucket) + 1;
  tiling->rows = (gsize)((height + 2 * tiling->margin) / tiling->bucket) + 1;
  tiling->first = g_new0(guint, tiling->columns * tiling->rows);
  tiling->next = g_new0(guint, n);
  for (guint i = 0; i < n; i++) {
    guint *first = &tiling->first[bucket_along(tiling, tiling->points[i].y, tiling->rows) * tiling->columns +
                                  bucket_along(tiling, tiling->points[i].x, tiling->columns)];
    tiling->next[i] = *first;
    *first = i + 1;
  }
  return tiling;
}

void noise_tiling_free(Tiling *tiling)
{
  g_free(tiling->points);
  g_free(tiling->first);
  g_free(tiling->next);
  g_free(tiling);
}

Cell noise_cell(const Tiling *tiling, double x, double y)
{
  const gsize reach = 2; /* buckets; points lie at least 0.6 of a bucket apart, so both wanted ones are within */
  gsize column = bucket_along(tiling, x, tiling->columns), row = bucket_along(tiling, y, tiling->rows);
  double nearest = G_MAXFLOAT, next = G_MAXFLOAT;
  Cell cell = {0};
  for (gsize j = row > reach ? row - reach : 0; j <= MIN(row + reach, tiling->rows - 1); j++)
    for (gsize i = column > reach ? column - reach : 0; i <= MIN(column + reach, tiling->columns - 1); i++)
      for (guint k = tiling->first[j * tiling->columns + i]; k > 0; k = tiling->next[k - 1]) {
        double dx = tiling->points[k - 1].x - x, dy = tiling->points[k - 1].y - y, square = dx * dx + dy * dy;
        if (square < nearest) {
          next = nearest;
          nearest = square;
          cell.nearest = k - 1;
        } else if (square < next) {
          next = square;
        }
      }
  cell.distance = sqrt(nearest);
  cell.margin = sqrt(next) - cell.distance;
  return cell;
}
