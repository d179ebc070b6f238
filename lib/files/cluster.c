/* cluster.c — modification times → acquisition activities: a kernel density whose width explains the times best, cut at its minima.
 * Source of every step: record-building §6. Built without fused multiply-add, as the reference values are. */
#include "nx-files.h"

#include "density.h"
#include "dips.h"

#include <math.h>

#define CANDIDATES 35
#define WORTH_A_THREAD 1000 /* points */
#define PLACES_PER_TIME 10
#define BANDWIDTH_MIN 1e-12 /* s; keeps an absurd sensitivity from dividing by nothing */

static gint ascending(gconstpointer a, gconstpointer b)
{
  double first = *(const double *)a, second = *(const double *)b;
  return (first > second) - (first < second);
}

/* The distinct values, ascending. */
static GArray *distinct_times(const double *times, gsize n)
{
  GArray *sorted = g_array_sized_new(FALSE, FALSE, sizeof(double), (guint)n);
  g_array_append_vals(sorted, times, (guint)n);
  g_array_sort(sorted, ascending);
  double *x = (double *)sorted->data;
  guint kept = 0;
  for (guint i = 0; i < sorted->len; i++)
    if (kept == 0 || x[i] != x[kept - 1])
      x[kept++] = x[i];
  return g_array_set_size(sorted, kept);
}

/* 35 widths from the smallest to the largest gap, evenly spaced in their logarithm (§6.1 step 3). */
static void candidate_widths(const double *x, gsize n, double *widths)
{
  double least = x[1] - x[0], most = least;
  for (gsize i = 2; i < n; i++) {
    least = MIN(least, x[i] - x[i - 1]);
    most = MAX(most, x[i] - x[i - 1]);
  }
  double first = log(least), last = log(most), step = (last - first) / (CANDIDATES - 1);
  for (int j = 0; j < CANDIDATES; j++)
    widths[j] = pow(G_E, j < CANDIDATES - 1 ? j * step + first : last);
}

/* Mean logarithm of the leave-one-out likelihood (§6.1 step 4). */
static double score(const double *x, gsize n, double width, double *scratch)
{
  nx_density_log_of_others(x, n, width, NX_DENSITY_AUTO, scratch);
  double constant = log(width) + 0.5 * log(2 * G_PI) + log((double)(n - 1)), sum = 0;
  for (gsize i = 0; i < n; i++)
    sum += scratch[i] - constant;
  return sum / (double)n;
}

/* Every second candidate, from `first` on. */
typedef struct {
  const double *x, *widths;
  gsize n;
  int first;
  double *scores; /* of all candidates */
} Half;

static gpointer score_half(gpointer data)
{
  const Half *half = data;
  g_autofree double *scratch = g_new(double, half->n);
  for (int j = half->first; j < CANDIDATES; j += 2)
    if (j == 0 || half->widths[j] != half->widths[j - 1])
      half->scores[j] = score(half->x, half->n, half->widths[j], scratch);
  return NULL;
}

/* Each width has its own score, so two threads find what one would. */
static double best_width(const double *x, gsize n)
{
  double widths[CANDIDATES], scores[CANDIDATES];
  candidate_widths(x, n, widths);
  Half even = {x, widths, n, 0, scores}, odd = {x, widths, n, 1, scores};
  GThread *thread = n >= WORTH_A_THREAD ? g_thread_try_new("widths", score_half, &odd, NULL) : NULL;
  score_half(&even);
  if (thread)
    g_thread_join(thread);
  else
    score_half(&odd);
  int best = 0;
  for (int j = 1; j < CANDIDATES; j++)
    if (widths[j] != widths[j - 1] && scores[j] > scores[best])
      best = j;
  return widths[best];
}

/* Ten places a time, from the first to the last (§6.1 step 7). */
static double *evaluation_places(const double *x, gsize n, gsize *count)
{
  *count = PLACES_PER_TIME * n;
  double *places = g_new(double, *count);
  double step = (x[n - 1] - x[0]) / (double)(*count - 1);
  for (gsize m = 0; m + 1 < *count; m++)
    places[m] = (double)m * step + x[0];
  places[*count - 1] = x[n - 1];
  return places;
}

static void find_boundaries(const double *x, gsize n, const NxClusterRule *rule, NxClusters *clusters)
{
  clusters->bandwidth = MAX(best_width(x, n) / rule->sensitivity, BANDWIDTH_MIN);
  gsize count;
  g_autofree double *places = evaluation_places(x, n, &count);
  g_autofree double *density = g_new(double, count);
  nx_density_log(x, n, clusters->bandwidth, places, count, NX_DENSITY_AUTO, density);
  double depth = rule->min_dip > 0 ? -log(1 - rule->min_dip) : 0;
  g_autoptr(GArray) dips = nx_dips_find(density, count, depth);
  for (guint i = 0; i < dips->len; i++)
    g_array_append_val(clusters->boundaries, places[g_array_index(dips, gsize, i)]);
}

typedef struct {
  double time;
  guint index;
} TimedFile;

static gint by_time_then_index(gconstpointer a, gconstpointer b)
{
  const TimedFile *first = a, *second = b;
  if (first->time != second->time)
    return first->time < second->time ? -1 : 1;
  return (first->index > second->index) - (first->index < second->index);
}

/* A time on a boundary belongs to the earlier activity; activities without a file are left out (§6.2). */
static void assign_files(const double *times, gsize n, NxClusters *clusters)
{
  g_autoptr(GArray) files = g_array_sized_new(FALSE, FALSE, sizeof(TimedFile), (guint)n);
  for (guint i = 0; i < n; i++) {
    TimedFile file = {times[i], i};
    g_array_append_val(files, file);
  }
  g_array_sort(files, by_time_then_index);
  guint passed = 0;
  GArray *activity = NULL;
  for (guint i = 0; i < files->len; i++) {
    TimedFile *file = &g_array_index(files, TimedFile, i);
    guint before = passed;
    while (passed < clusters->boundaries->len && file->time > g_array_index(clusters->boundaries, double, passed))
      passed++;
    if (!activity || passed != before) {
      activity = g_array_new(FALSE, FALSE, sizeof(guint));
      g_ptr_array_add(clusters->activities, activity);
    }
    g_array_append_val(activity, file->index);
  }
}

NxClusters *nx_clusters_find(const double *times, gsize n, const NxClusterRule *rule)
{
  NxClusters *clusters = g_new0(NxClusters, 1);
  clusters->bandwidth = NAN;
  clusters->boundaries = g_array_new(FALSE, FALSE, sizeof(double));
  clusters->activities = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
  if (n == 0)
    return clusters;
  if (rule->sensitivity > 0) {
    g_autoptr(GArray) x = distinct_times(times, n);
    if (x->len == 1)
      g_array_append_vals(clusters->boundaries, x->data, 1);
    else
      find_boundaries((const double *)x->data, x->len, rule, clusters);
  }
  assign_files(times, n, clusters);
  return clusters;
}

void nx_clusters_free(NxClusters *clusters)
{
  if (!clusters)
    return;
  g_array_unref(clusters->boundaries);
  g_ptr_array_unref(clusters->activities);
  g_free(clusters);
}
