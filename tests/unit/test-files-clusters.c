/* test-files-clusters.c — modification times → activities. Expected values: corpus/clustering (made with scikit-learn and scipy), the table
 * of record-building §6.7, sums written out term by term, and dips counted by hand. */
#include "density.h"
#include "dips.h"
#include "nx-files.h"

#include <math.h>
#include <string.h>

static char *vectors_path(void)
{
  const char *corpus = g_getenv("NX_CORPUS"), *source = g_getenv("NX_SOURCE");
  g_autofree char *beside = g_build_filename(source ? source : ".", "..", "shared", "corpus", NULL);
  return g_build_filename(corpus ? corpus : beside, "clustering", "vectors.jsonl", NULL);
}

/* Calls `check` for every vector; FALSE when there are none. */
static gboolean each_vector(void (*check)(json_object *vector))
{
  g_autofree char *path = vectors_path(), *text = NULL;
  if (!g_file_get_contents(path, &text, NULL, NULL)) {
    g_test_skip("corpus/clustering not found (set NX_CORPUS)");
    return FALSE;
  }
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  guint count = 0;
  for (char **line = lines; *line; line++) {
    if (!**line)
      continue;
    g_autoptr(GError) err = NULL;
    g_autoptr(json_object) vector = nx_json_parse(*line, strlen(*line), &err);
    g_assert_no_error(err);
    check(vector);
    count++;
  }
  g_assert_cmpuint(count, >, 0);
  return TRUE;
}

static NxClusters *clusters_of(json_object *vector, double min_dip)
{
  json_object *times = nx_json_get(vector, "mtimes");
  gsize n = json_object_array_length(times);
  g_autofree double *values = g_new(double, n);
  for (gsize i = 0; i < n; i++)
    values[i] = json_object_get_double(json_object_array_get_idx(times, i));
  return nx_clusters_find(values, n, &(NxClusterRule){nx_json_get_double(vector, "sensitivity", 1), min_dip});
}

static void check_groups(json_object *groups, const NxClusters *clusters)
{
  g_assert_cmpuint(json_object_array_length(groups), ==, clusters->activities->len);
  for (guint a = 0; a < clusters->activities->len; a++) {
    json_object *group = json_object_array_get_idx(groups, a);
    const GArray *members = g_ptr_array_index(clusters->activities, a);
    g_assert_cmpuint(json_object_array_length(group), ==, members->len);
    for (guint i = 0; i < members->len; i++)
      g_assert_cmpint(json_object_get_int64(json_object_array_get_idx(group, i)), ==, g_array_index(members, guint, i));
  }
}

static void check_vector(json_object *vector)
{
  if (!nx_json_get_boolean(vector, "stable"))
    return;
  g_test_message("%s", nx_json_get_string(vector, "name"));
  g_autoptr(NxClusters) clusters = clusters_of(vector, 0);
  check_groups(nx_json_get(vector, "groups"), clusters);
  json_object *boundaries = nx_json_get(vector, "boundaries");
  double step = nx_json_get_double(vector, "grid_step", 0), bandwidth = nx_json_get_double(vector, "bandwidth", NAN);
  g_assert_cmpuint(json_object_array_length(boundaries), ==, clusters->boundaries->len);
  for (guint i = 0; i < clusters->boundaries->len; i++)
    g_assert_cmpfloat(
        fabs(json_object_get_double(json_object_array_get_idx(boundaries, i)) - g_array_index(clusters->boundaries, double, i)), <=, step);
  g_assert_true(isnan(bandwidth) == isnan(clusters->bandwidth));
  if (!isnan(bandwidth))
    g_assert_cmpfloat(fabs(clusters->bandwidth - bandwidth), <=, 1e-9 * bandwidth);
}

static void test_vectors(void)
{
  each_vector(check_vector);
}

/* Groups with the guard at 0.01 where they differ from those without it: record-building §6.7. */
static const struct {
  const char *name;
  guint groups;
} GUARDED[] = {
    {"even_60_x_30s", 1},
    {"three_groups_12_sens2", 4},
    {"three_groups_unequal", 4},
    {"thirteen_groups_8_sens2", 15},
    {"five_hundred_files_20_groups_sens1", 25},
    {"heavy_tail_pareto_120_sens1", 20},
    {"uniform_random_200", 5},
    {"whole_second_resolution", 4},
    {"thousand_files_half_second_3_breaks", 15},
};

static void check_guarded(json_object *vector)
{
  if (!nx_json_get_boolean(vector, "stable"))
    return;
  guint expected = (guint)json_object_array_length(nx_json_get(vector, "groups"));
  for (gsize i = 0; i < G_N_ELEMENTS(GUARDED); i++)
    if (g_strcmp0(nx_json_get_string(vector, "name"), GUARDED[i].name) == 0)
      expected = GUARDED[i].groups;
  g_autoptr(NxClusters) clusters = clusters_of(vector, 0.01);
  g_test_message("%s", nx_json_get_string(vector, "name"));
  g_assert_cmpuint(clusters->activities->len, ==, expected);
}

static void test_guard(void)
{
  each_vector(check_guarded);
}

/* ------------------------------------------------------------------------------------------------------------ sums */

/* ln Σ exp(-(place - points)²/(2h²)), term by term, the largest first; `skip` leaves one point out. */
static double sum_term_by_term(const double *points, gsize n, double bandwidth, double place, gssize skip)
{
  double largest = -INFINITY, sum = 0;
  for (gsize j = 0; j < n; j++)
    if ((gssize)j != skip)
      largest = MAX(largest, -(place - points[j]) * (place - points[j]) / (2 * bandwidth * bandwidth));
  for (gsize j = 0; j < n; j++)
    if ((gssize)j != skip)
      sum += exp(-(place - points[j]) * (place - points[j]) / (2 * bandwidth * bandwidth) - largest);
  return sum > 0 ? log(sum) + largest : -INFINITY;
}

#define N_POINTS 600

/* Three bursts, a lone file far away, an hour of nothing. */
static void fill_session(double *points)
{
  g_autoptr(GRand) random = g_rand_new_with_seed(11);
  double time = 1.7e9;
  for (int i = 0; i < N_POINTS; i++) {
    time += g_rand_double_range(random, 0.05, 1.5);
    if (i == 200 || i == 400)
      time += 300;
    if (i == N_POINTS - 1)
      time += 3600;
    points[i] = time;
  }
}

static void check_sums(double bandwidth, NxDensityWay way)
{
  double points[N_POINTS], places[10 * N_POINTS], got[10 * N_POINTS];
  fill_session(points);
  for (int m = 0; m < 10 * N_POINTS; m++)
    places[m] = points[0] + m * (points[N_POINTS - 1] - points[0]) / (10 * N_POINTS - 1);
  nx_density_log(points, N_POINTS, bandwidth, places, 10 * N_POINTS, way, got);
  for (int m = 0; m < 10 * N_POINTS; m += 7) {
    double expected = sum_term_by_term(points, N_POINTS, bandwidth, places[m], -1);
    g_assert_cmpfloat(fabs(got[m] - expected), <=, 1e-12 * MAX(1, fabs(expected)));
  }
  nx_density_log_of_others(points, N_POINTS, bandwidth, way, got);
  for (int i = 0; i < N_POINTS; i++) {
    double expected = sum_term_by_term(points, N_POINTS, bandwidth, points[i], i);
    g_assert_cmpfloat(fabs(got[i] - expected), <=, 1e-12 * MAX(1, fabs(expected)));
  }
}

static void test_sums(gconstpointer way)
{
  static const double BANDWIDTHS[] = {0.01, 0.3, 2, 15, 120, 900, 10000};
  for (gsize i = 0; i < G_N_ELEMENTS(BANDWIDTHS); i++)
    check_sums(BANDWIDTHS[i], (NxDensityWay)GPOINTER_TO_INT(way));
}

/* ------------------------------------------------------------------------------------------------------------ dips */

static void check_dips(const double *values, gsize n, double depth, const char *expected)
{
  g_autoptr(GArray) dips = nx_dips_find(values, n, depth);
  g_autoptr(GString) got = g_string_new(NULL);
  for (guint i = 0; i < dips->len; i++)
    g_string_append_printf(got, "%s%" G_GSIZE_FORMAT, i ? " " : "", g_array_index(dips, gsize, i));
  g_assert_cmpstr(got->str, ==, expected);
}

static void test_dips(void)
{
  static const double FLAT[] = {2, 1, 1, 2}, ENDS[] = {0, 1, 0}, TWO[] = {5, 1, 3, 2, 9};
  check_dips(FLAT, 4, 0, "");
  check_dips(ENDS, 3, 0, "");
  check_dips(TWO, 5, 0, "1 3");
  check_dips(TWO, 5, 1, "1 3"); /* dips of 2 and 1 */
  check_dips(TWO, 5, 1.5, "1"); /* the second goes; the first is then 4 deep */
  check_dips(TWO, 5, 4, "1");
  check_dips(TWO, 5, 4.5, "");
  /* A ripple at the bottom of a wide gap: each dip of it is shallow, the gap is not. */
  static const double RIPPLE[] = {9, 1, 1.2, 1.1, 1.3, 0.9, 8};
  check_dips(RIPPLE, 7, 0.5, "5");
  /* Equal dips: the earlier one goes first. */
  static const double EQUAL[] = {2, 1, 2, 1, 2};
  check_dips(EQUAL, 5, 1.5, "");
}

static void test_nothing(void)
{
  g_autoptr(NxClusters) clusters = nx_clusters_find(NULL, 0, &(NxClusterRule){1, 0.01});
  g_assert_cmpuint(clusters->activities->len, ==, 0);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/clusters/every vector of the corpus gives its groups, boundaries and bandwidth", test_vectors);
  g_test_add_func("/clusters/the guard smooths regular series and keeps real gaps", test_guard);
  g_test_add_func("/clusters/no files give no activities", test_nothing);
  g_test_add_data_func("/density/direct sums agree with sums written out", GINT_TO_POINTER(NX_DENSITY_DIRECT), test_sums);
  g_test_add_data_func("/density/series agree with sums written out", GINT_TO_POINTER(NX_DENSITY_SERIES), test_sums);
  g_test_add_func("/dips/shallow minima go first and hand on their peaks", test_dips);
  return g_test_run();
}
