/* grains.c — a polished polycrystal: channelling contrast between grains, twins, boundaries, precipitates and scratches; and its orientations
 * as the colours of an EBSD map. */
#include <math.h>

#include "noise.h"

typedef struct {
  double grey, hue, saturation;
  double twin_angle, twin_period; /* pixels; 0: no twins */
} Grain;

static Grain *choose_grains(guint n, double size, GRand *random)
{
  Grain *grains = g_new(Grain, n);
  for (guint i = 0; i < n; i++) {
    grains[i].grey = g_rand_double_range(random, 0.25, 0.9);
    grains[i].hue = g_rand_double(random);
    grains[i].saturation = g_rand_double_range(random, 0.45, 0.95);
    grains[i].twin_angle = g_rand_double_range(random, 0, G_PI);
    grains[i].twin_period = g_rand_double(random) < 0.4 ? size * g_rand_double_range(random, 0.35, 0.9) : 0;
  }
  return grains;
}

static gboolean is_in_twin(const Grain *grain, double x, double y)
{
  if (grain->twin_period <= 0)
    return FALSE;
  double across = x * cos(grain->twin_angle) + y * sin(grain->twin_angle);
  return fmod(fabs(across), grain->twin_period) < 0.28 * grain->twin_period;
}

/* A polycrystal: boundaries are a little curved. */
typedef struct {
  Tiling *tiling;
  Grain *grains;
  float *bend_x, *bend_y;
  double bend; /* pixels */
} Polycrystal;

static Polycrystal grow(const Scene *scene, guint n, GRand *random)
{
  double width = (double)scene->size[0], height = (double)scene->size[1], size = sqrt(width * height / n);
  Polycrystal crystal = {.tiling = noise_tiling_new(n, width, height, random), .bend = 0.12 * size};
  crystal.grains = choose_grains(n, size, random);
  crystal.bend_x = noise_field(scene->size[0], scene->size[1], size, 2, random);
  crystal.bend_y = noise_field(scene->size[0], scene->size[1], size, 2, random);
  return crystal;
}

static void polycrystal_clear(Polycrystal *crystal)
{
  noise_tiling_free(crystal->tiling);
  g_free(crystal->grains);
  g_free(crystal->bend_x);
  g_free(crystal->bend_y);
}

static Cell cell_at(const Polycrystal *crystal, gsize index, gsize x, gsize y)
{
  return noise_cell(crystal->tiling, (double)x + crystal->bend * crystal->bend_x[index], (double)y + crystal->bend * crystal->bend_y[index]);
}

static void add_precipitates(Scene *scene, guint n, GRand *random)
{
  for (guint k = 0; k < n; k++) {
    double cx = g_rand_double_range(random, 0, (double)scene->size[0]), cy = g_rand_double_range(random, 0, (double)scene->size[1]);
    double radius = g_rand_double_range(random, 1.5, 4.5), grey = g_rand_boolean(random) ? 0.08 : 1.05;
    for (gsize y = (gsize)MAX(cy - radius, 0); y < (gsize)MIN(cy + radius + 1, (double)scene->size[1]); y++)
      for (gsize x = (gsize)MAX(cx - radius, 0); x < (gsize)MIN(cx + radius + 1, (double)scene->size[0]); x++)
        if (hypot((double)x - cx, (double)y - cy) < radius)
          scene->values[y * scene->size[0] + x] = (float)grey;
  }
}

static void add_scratches(Scene *scene, guint n, GRand *random)
{
  double width = (double)scene->size[0], height = (double)scene->size[1];
  for (guint k = 0; k < n; k++) {
    double x = g_rand_double_range(random, 0, width), y = g_rand_double_range(random, 0, height), angle = g_rand_double_range(random, 0, G_PI);
    double length = g_rand_double_range(random, 0.2, 0.9) * width, depth = g_rand_double_range(random, 0.85, 0.96);
    for (double at = 0; at < length; at += 0.7) {
      double px = x + at * cos(angle), py = y + at * sin(angle);
      if (px >= 0 && py >= 0 && px < width && py < height)
        scene->values[(gsize)py * scene->size[0] + (gsize)px] *= (float)depth;
    }
  }
}

Scene *paint_grains(json_object *options, GRand *random)
{
  Scene *scene = scene_new_picture(options, 0.05, "µm");
  Polycrystal crystal = grow(scene, (guint)nx_json_get_int(options, "count", 90), random);
  g_autofree float *texture = noise_field(scene->size[0], scene->size[1], 24, 4, random);
  for (gsize y = 0, i = 0; y < scene->size[1]; y++)
    for (gsize x = 0; x < scene->size[0]; x++, i++) {
      Cell cell = cell_at(&crystal, i, x, y);
      const Grain *grain = &crystal.grains[cell.nearest];
      double grey = is_in_twin(grain, (double)x, (double)y) ? 1.15 - grain->grey : grain->grey;
      double boundary = 1 - 0.55 * exp(-pow(cell.margin / 2.2, 2));
      scene->values[i] = (float)(grey * boundary * (1 + 0.05 * texture[i]));
    }
  add_precipitates(scene, (guint)nx_json_get_int(options, "precipitates", 60), random);
  add_scratches(scene, (guint)nx_json_get_int(options, "scratches", 8), random);
  noise_count(scene, nx_json_get_double(options, "dose", 160), 2, random);
  polycrystal_clear(&crystal);
  return scene;
}

static float colour_channel(double hue, double saturation, guint channel)
{
  double distance = fabs(fmod(hue * 3 - channel + 4.5, 3) - 1.5);
  return (float)(255 * (1 - saturation * CLAMP(1.5 * distance - 0.5, 0, 1)));
}

Scene *paint_orientations(json_object *options, GRand *random)
{
  g_autoptr(Scene) plane = scene_new_picture(options, 0.5, "µm");
  Scene *scene = scene_new(3, (const gsize[]){plane->size[0], plane->size[1], 3});
  Polycrystal crystal = grow(plane, (guint)nx_json_get_int(options, "count", 140), random);
  gsize pixels = scene_length(plane);
  scene->is_colour = TRUE;
  for (gsize y = 0, i = 0; y < plane->size[1]; y++)
    for (gsize x = 0; x < plane->size[0]; x++, i++) {
      Cell cell = cell_at(&crystal, i, x, y);
      const Grain *grain = &crystal.grains[cell.nearest];
      double hue = grain->hue + (is_in_twin(grain, (double)x, (double)y) ? 0.37 : 0) + 0.004 * noise_gaussian(random);
      gboolean is_boundary = cell.margin < 1.6, is_lost = g_rand_double(random) < 0.004;
      for (guint channel = 0; channel < 3; channel++)
        scene->values[channel * pixels + i] = is_boundary || is_lost ? 0 : colour_channel(hue, grain->saturation, channel);
    }
  polycrystal_clear(&crystal);
  return scene;
}
