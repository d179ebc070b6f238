/* spectra.c — electron energy-loss and X-ray spectra, single and as maps. */
#include <math.h>

#include "noise.h"

/* ---------------------------------------------------------------------------------------------------------------- EELS */

static Scene *new_spectrum(gsize channels, double first, double step, const char *units)
{
  Scene *scene = scene_new(1, &channels);
  scene->axis[0] = (SceneAxis){-first / step, step, units};
  return scene;
}

static double gauss(double x, double centre, double width)
{
  double d = (x - centre) / width;
  return exp(-d * d / 2);
}

/* One ionisation edge: {"onset": eV, "height": …, "peaks": [[eV, width, strength], …]}; near-edge peaks, then a falling step. */
static double edge_at(json_object *edge, double energy)
{
  double onset = nx_json_get_double(edge, "onset", 0), height = nx_json_get_double(edge, "height", 0);
  double value = energy < onset ? 0 : height * pow(energy / onset, -3.2) * (1 - exp(-(energy - onset) / 2.5));
  json_object *peaks = nx_json_get(edge, "peaks");
  for (gsize i = 0; peaks && i < json_object_array_length(peaks); i++) {
    json_object *peak = json_object_array_get_idx(peaks, i);
    value += height * json_object_get_double(json_object_array_get_idx(peak, 2)) *
             gauss(energy, json_object_get_double(json_object_array_get_idx(peak, 0)), json_object_get_double(json_object_array_get_idx(peak, 1)));
  }
  return value;
}

/* The zero-loss peak with its tail, and one or two plasmons. */
static double low_loss_at(json_object *options, double energy)
{
  double plasmon = nx_json_get_double(options, "plasmon", 16.7), width = nx_json_get_double(options, "plasmon_width", 3);
  double zero_loss = 60 * gauss(energy, 0, 0.45) + 2.5 / (1 + pow(energy / 0.9, 2));
  double first = 3.0 / (1 + pow((energy - plasmon) / width, 2)), second = 0.5 / (1 + pow((energy - 2 * plasmon) / (1.4 * width), 2));
  return zero_loss + (energy > 0 ? first + second : 0);
}

/* Expected counts of a spectrum; edge i is weighted with weights[i] (NULL: 1). */
static void expect_eels(float *values, gsize channels, double first, double step, json_object *options, const double *weights)
{
  json_object *edges = nx_json_get(options, "edges");
  double exponent = nx_json_get_double(options, "exponent", 2.7);
  gboolean is_low_loss = nx_json_get_boolean(options, "low_loss");
  for (gsize i = 0; i < channels; i++) {
    double energy = first + step * (double)i;
    double value = is_low_loss ? low_loss_at(options, energy) : pow(energy / MAX(first, 1), -exponent);
    for (gsize k = 0; edges && k < json_object_array_length(edges); k++)
      value += (weights ? weights[k] : 1) * edge_at(json_object_array_get_idx(edges, k), energy);
    values[i] = (float)value;
  }
}

Scene *paint_eels(json_object *options, GRand *random)
{
  double first = nx_json_get_double(options, "first", 350), step = nx_json_get_double(options, "dispersion", 0.25);
  Scene *scene = new_spectrum((gsize)nx_json_get_int(options, "channels", 2048), first, step, "eV");
  expect_eels(scene->values, scene->size[0], first, step, options, NULL);
  noise_count(scene, nx_json_get_double(options, "dose", 60000), 15, random);
  return scene;
}

/* An interface across the map: edges listed with "side": -1 belong to the left, 1 to the right, 0 to both. */
Scene *paint_eels_map(json_object *options, GRand *random)
{
  gsize width = (gsize)nx_json_get_int(options, "map_width", 48), height = (gsize)nx_json_get_int(options, "map_height", 16);
  gsize channels = (gsize)nx_json_get_int(options, "channels", 1024), n_edges = json_object_array_length(nx_json_get(options, "edges"));
  double first = nx_json_get_double(options, "first", 350), step = nx_json_get_double(options, "dispersion", 0.5);
  double dose = nx_json_get_double(options, "dose", 4000), pixel = nx_json_get_double(options, "pixel", 0.4);
  Scene *scene = scene_new(3, (const gsize[]){width, height, channels});
  scene->axis[0] = scene->axis[1] = (SceneAxis){0, pixel, "nm"};
  scene->axis[2] = (SceneAxis){-first / step, step, "eV"};
  g_autofree float *spectrum = g_new(float, channels);
  g_autofree double *weights = g_new(double, n_edges);
  for (gsize y = 0; y < height; y++)
    for (gsize x = 0; x < width; x++) {
      double right = 1 / (1 + exp(-((double)x - (double)width / 2 + 0.8 * sin((double)y / 3)) / 1.2));
      for (gsize k = 0; k < n_edges; k++) {
        gint64 side = nx_json_get_int(json_object_array_get_idx(nx_json_get(options, "edges"), k), "side", 0);
        weights[k] = side == 0 ? 1 : side > 0 ? right : 1 - right;
      }
      expect_eels(spectrum, channels, first, step, options, weights);
      for (gsize i = 0; i < channels; i++)
        scene->values[(i * height + y) * width + x] = (float)noise_poisson(random, dose * spectrum[i]);
    }
  return scene;
}

/* -------------------------------------------------------------------------------------------------------------- X-rays */

/* Characteristic lines in keV with their strength relative to the element's first (X-ray Data Booklet, Lawrence Berkeley Laboratory). */
static const struct {
  const char *element;
  double energy, strength;
} LINES[] = {
  {"C", 0.277, 1},    {"N", 0.392, 1},    {"O", 0.525, 1},    {"Na", 1.041, 1},    {"Mg", 1.254, 1},    {"Al", 1.487, 1},    {"Si", 1.740, 1},
  {"P", 2.014, 1},    {"S", 2.308, 1},    {"Cl", 2.622, 1},   {"K", 3.314, 1},     {"Ca", 3.692, 1},    {"Ca", 4.013, 0.13}, {"Ti", 4.511, 1},
  {"Ti", 4.932, 0.15}, {"Ti", 0.452, 0.2}, {"V", 4.952, 1},    {"V", 5.427, 0.15},  {"Cr", 5.415, 1},    {"Cr", 5.947, 0.15}, {"Cr", 0.573, 0.25},
  {"Mn", 5.899, 1},   {"Mn", 6.490, 0.17}, {"Mn", 0.637, 0.3}, {"Fe", 6.404, 1},    {"Fe", 7.058, 0.17}, {"Fe", 0.705, 0.35}, {"Co", 6.930, 1},
  {"Co", 7.649, 0.17}, {"Co", 0.776, 0.4}, {"Ni", 7.478, 1},   {"Ni", 8.265, 0.17}, {"Ni", 0.852, 0.45}, {"Cu", 8.048, 1},    {"Cu", 8.905, 0.17},
  {"Cu", 0.930, 0.5}, {"Zn", 8.639, 1},   {"Zn", 9.572, 0.17}, {"Zn", 1.012, 0.55}, {"Sr", 1.807, 1},    {"Sr", 14.165, 0.3}, {"Zr", 2.042, 1},
  {"Mo", 2.293, 1},   {"Mo", 17.479, 0.2}, {"Ag", 2.984, 1},   {"Ag", 3.151, 0.6},  {"La", 4.651, 1},    {"La", 5.042, 0.6},  {"W", 1.775, 1},
  {"Ce", 4.840, 1},   {"Ce", 5.262, 0.6},
  {"W", 8.398, 0.5},  {"Pt", 2.051, 1},   {"Pt", 9.442, 0.5}, {"Pt", 11.071, 0.3}, {"Au", 2.123, 1},    {"Au", 9.713, 0.5},  {"Au", 11.442, 0.3},
};

/* Resolution of a silicon detector: 55 eV of electronic noise and counting statistics (3.64 eV a pair, Fano factor 0.115), so that the full
 * width at Mn Kα is 129 eV. */
static double line_width_kev(double energy)
{
  return sqrt(0.003025 + 0.002321 * energy) / 2.355;
}

/* Bremsstrahlung after Kramers, absorbed by the detector window at low energies. */
static double continuum(double energy, double beam)
{
  if (energy <= 0.05 || energy >= beam)
    return 0;
  return (beam - energy) / energy * exp(-0.35 * pow(energy, -1.6)) / beam;
}

/* Expected counts, their sum about 1; composition: {"Fe": 0.7, …}. */
static void expect_xrays(float *values, gsize channels, double step, double beam, json_object *composition, double background)
{
  double sum = 0;
  for (gsize i = 0; i < channels; i++) {
    double energy = step * (double)i, value = background * continuum(energy, beam) + 0.4 * background * gauss(energy, 0, 0.035);
    for (gsize k = 0; k < G_N_ELEMENTS(LINES); k++) {
      double share = nx_json_get_double(composition, LINES[k].element, 0);
      if (share > 0 && LINES[k].energy < beam && fabs(energy - LINES[k].energy) < 0.6)
        value += share * LINES[k].strength * gauss(energy, LINES[k].energy, line_width_kev(LINES[k].energy));
    }
    values[i] = (float)value;
    sum += value;
  }
  for (gsize i = 0; i < channels; i++)
    values[i] = (float)(values[i] / sum);
}

Scene *paint_eds(json_object *options, GRand *random)
{
  double step = nx_json_get_double(options, "kev_per_channel", 0.01), counts = nx_json_get_double(options, "counts", 400000);
  Scene *scene = new_spectrum((gsize)nx_json_get_int(options, "channels", 2048), 0, step, "keV");
  expect_xrays(scene->values, scene->size[0], step, nx_json_get_double(options, "beam_kev", 20), nx_json_get(options, "composition"),
               nx_json_get_double(options, "background", 0.02));
  for (gsize i = 0; i < scene->size[0]; i++)
    scene->values[i] = (float)noise_poisson(random, counts * scene->values[i]);
  return scene;
}

/* Cells of several phases: options "phases" is an array of compositions. */
Scene *paint_eds_map(json_object *options, GRand *random)
{
  gsize width = (gsize)nx_json_get_int(options, "map_width", 40), height = (gsize)nx_json_get_int(options, "map_height", 40);
  gsize channels = (gsize)nx_json_get_int(options, "channels", 1024);
  json_object *phases = nx_json_get(options, "phases");
  gsize n_phases = json_object_array_length(phases);
  double step = nx_json_get_double(options, "kev_per_channel", 0.02), counts = nx_json_get_double(options, "counts", 900);
  Scene *scene = scene_new(3, (const gsize[]){width, height, channels});
  scene->axis[0] = scene->axis[1] = (SceneAxis){0, nx_json_get_double(options, "pixel", 4), "nm"};
  scene->axis[2] = (SceneAxis){0, step, "keV"};
  g_autoptr(Tiling) tiling = noise_tiling_new(14, (double)width, (double)height, random);
  g_autofree float *expected = g_new(float, channels * n_phases);
  for (gsize k = 0; k < n_phases; k++)
    expect_xrays(expected + k * channels, channels, step, nx_json_get_double(options, "beam_kev", 200), json_object_array_get_idx(phases, k), 0.01);
  for (gsize y = 0; y < height; y++)
    for (gsize x = 0; x < width; x++) {
      const float *spectrum = expected + noise_cell(tiling, (double)x, (double)y).nearest % n_phases * channels;
      for (gsize i = 0; i < channels; i++)
        scene->values[(i * height + y) * width + x] = (float)noise_poisson(random, counts * spectrum[i]);
    }
  return scene;
}
