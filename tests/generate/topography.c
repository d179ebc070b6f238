/* topography.c — surfaces as secondary electrons show them: steep is bright, an edge is brighter, a hollow is dark. */
#include <math.h>

#include "noise.h"

/* Secondary electron yield of a surface whose normal has the component `nz` towards the beam, lit from the detector's side. */
static double yield(double nx, double ny, double nz)
{
  return 0.30 + 0.16 * (1 / (nz + 0.28) - 0.75) + 0.16 * (0.8 * nx - 0.6 * ny);
}

/* ------------------------------------------------------------------------------------------------------------- spheres */

static void add_sphere(Scene *scene, float *height, double cx, double cy, double cz, double radius, const float *texture)
{
  gssize width = (gssize)scene->size[0], rows = (gssize)scene->size[1];
  for (gssize y = MAX((gssize)(cy - radius), 0); y <= MIN((gssize)(cy + radius), rows - 1); y++)
    for (gssize x = MAX((gssize)(cx - radius), 0); x <= MIN((gssize)(cx + radius), width - 1); x++) {
      double dx = ((double)x - cx) / radius, dy = ((double)y - cy) / radius, square = dx * dx + dy * dy;
      double z = square < 1 ? cz + radius * sqrt(1 - square) : -1;
      if (z <= height[y * width + x])
        continue;
      height[y * width + x] = (float)z;
      scene->values[y * width + x] = (float)(yield(dx, dy, sqrt(1 - square)) * (1 + 0.10 * texture[y * width + x]));
    }
}

Scene *paint_spheres(json_object *options, GRand *random)
{
  Scene *scene = scene_new_picture(options, 20, "nm");
  double width = (double)scene->size[0], mean = nx_json_get_double(options, "radius", 900) / scene->axis[0].scale;
  guint n = (guint)nx_json_get_int(options, "count", 420);
  g_autofree float *height = g_new0(float, scene_length(scene)), *texture = noise_field(scene->size[0], scene->size[1], 12, 3, random);
  g_autofree float *ground = noise_field(scene->size[0], scene->size[1], 80, 5, random);
  for (gsize i = 0; i < scene_length(scene); i++)
    scene->values[i] = (float)(0.12 + 0.03 * ground[i]);
  for (guint k = 0; k < n; k++) {
    double radius = mean * exp(nx_json_get_double(options, "spread", 0.45) * noise_gaussian(random));
    add_sphere(scene, height, g_rand_double_range(random, -0.05, 1.05) * width, g_rand_double_range(random, -0.05, 1.05) * (double)scene->size[1],
               g_rand_double_range(random, 0, 6 * mean), MIN(radius, 3.5 * mean), texture);
  }
  for (gsize i = 0; i < scene_length(scene); i++) /* deep ones send fewer electrons to the detector */
    scene->values[i] *= (float)(0.45 + 0.55 * MIN(1, height[i] / (6 * mean)));
  noise_count(scene, nx_json_get_double(options, "dose", 180), 2, random);
  return scene;
}

/* ------------------------------------------------------------------------------------------------------------ fracture */

/* Depth of dimples: each is a bowl around the void it grew from; they meet in sharp tear ridges. */
static float *dimple_heights(const Scene *scene, guint n, float *ridge, GRand *random)
{
  gsize width = scene->size[0], height = scene->size[1];
  double size = sqrt((double)(width * height) / n);
  g_autoptr(Tiling) tiling = noise_tiling_new(n, (double)width, (double)height, random);
  float *heights = noise_field(width, height, (double)width / 2, 5, random);
  g_autofree float *bend = noise_field(width, height, size, 2, random);
  for (gsize y = 0, i = 0; y < height; y++)
    for (gsize x = 0; x < width; x++, i++) {
      Cell cell = noise_cell(tiling, (double)x + 0.15 * size * bend[i], (double)y - 0.15 * size * bend[i]);
      double slope = cell.distance / size;
      heights[i] = (float)(0.30 * size * heights[i] + 1.1 * size * slope * slope);
      ridge[i] = (float)exp(-cell.margin / (0.07 * size));
    }
  return heights;
}

/* Shades a height field by its slopes. */
static void shade(Scene *scene, const float *heights)
{
  gsize width = scene->size[0], rows = scene->size[1];
  for (gsize y = 0; y < rows; y++)
    for (gsize x = 0; x < width; x++) {
      gsize left = x > 0 ? x - 1 : x, right = MIN(x + 1, width - 1), up = y > 0 ? y - 1 : y, down = MIN(y + 1, rows - 1);
      double dx = (heights[y * width + right] - heights[y * width + left]) / 2, dy = (heights[down * width + x] - heights[up * width + x]) / 2;
      double length = sqrt(1 + dx * dx + dy * dy);
      scene->values[y * width + x] = (float)yield(-dx / length, -dy / length, 1 / length);
    }
}

Scene *paint_fracture(json_object *options, GRand *random)
{
  Scene *scene = scene_new_picture(options, 0.08, "µm");
  gsize length = scene_length(scene);
  g_autofree float *coarse_ridge = g_new(float, length), *fine_ridge = g_new(float, length);
  guint n = (guint)nx_json_get_int(options, "count", 110);
  g_autofree float *coarse = dimple_heights(scene, n, coarse_ridge, random), *fine = dimple_heights(scene, 9 * n, fine_ridge, random);
  g_autofree float *patches = noise_field(scene->size[0], scene->size[1], (double)scene->size[0] / 3, 2, random);
  for (gsize i = 0; i < length; i++) /* fields of small dimples between the large ones */
    coarse[i] += (float)(fine[i] * CLAMP(patches[i] + 0.35, 0, 0.8));
  shade(scene, coarse);
  for (gsize i = 0; i < length; i++)
    scene->values[i] += 0.30f * coarse_ridge[i] + 0.12f * fine_ridge[i] * CLAMP(patches[i] + 0.35f, 0, 1);
  noise_count(scene, nx_json_get_double(options, "dose", 170), 2, random);
  return scene;
}

/* -------------------------------------------------------------------------------------------------------- cross-section */

typedef struct {
  double top;      /* fraction of the picture's height */
  double grey;
  double grains;   /* size of its texture as a fraction of the width; 0: amorphous */
} Layer;

static const Layer LAYERS[] = {{0.00, 0.04, 0}, {0.18, 0.92, 0.006}, {0.30, 0.55, 0}, {0.38, 0.78, 0.05}, {0.55, 0.30, 0}, {0.60, 0.62, 0.09}, {0.80, 0.42, 0}};

static double layer_grey(const Layer *layer, const Tiling *tiling, double x, double y, double width)
{
  if (layer->grains <= 0)
    return layer->grey;
  double scale = 0.08 / layer->grains;
  Cell cell = noise_cell(tiling, fmod(x * scale, width), fmod(y * scale * 0.5, width));
  double tone = (double)(cell.nearest * 2654435761u % 1000) / 1000;
  return layer->grey * (0.82 + 0.36 * tone) * (1 - 0.25 * exp(-pow(cell.margin / (2 * scale), 2)));
}

Scene *paint_section(json_object *options, GRand *random)
{
  Scene *scene = scene_new_picture(options, 8, "nm");
  gsize width = scene->size[0], height = scene->size[1];
  g_autoptr(Tiling) tiling = noise_tiling_new(150, (double)width, (double)width, random);
  g_autofree float *waves = noise_field(width, G_N_ELEMENTS(LAYERS), 40, 4, random), *curtain = noise_field(width, 1, 30, 5, random);
  for (gsize y = 0; y < height; y++)
    for (gsize x = 0; x < width; x++) {
      double depth = (double)y / (double)height;
      gsize k = G_N_ELEMENTS(LAYERS) - 1;
      while (k > 0 && depth < LAYERS[k].top + 0.008 * waves[k * width + x])
        k--;
      double streaks = k > 0 ? 1 + 0.14 * depth * curtain[x] : 1, edge = fabs(2 * (double)x / (double)width - 1);
      double trench = k > 0 ? 1 - 0.55 * pow(edge, 8) - 0.35 * pow(depth, 6) : 1;
      scene->values[y * width + x] = (float)(layer_grey(&LAYERS[k], tiling, (double)x, (double)y, (double)width) * streaks * trench);
    }
  noise_count(scene, nx_json_get_double(options, "dose", 190), 2, random);
  return scene;
}
