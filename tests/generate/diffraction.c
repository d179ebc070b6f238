/* diffraction.c — electron diffraction patterns: the spots of a single crystal, the rings of a polycrystal. */
#include <math.h>

#include "noise.h"

/* A pattern is calibrated in 1/nm with the zero in its middle. */
static Scene *new_pattern(json_object *options)
{
  Scene *scene = scene_new_picture(options, 0.035, "1/nm");
  for (guint i = 0; i < 2; i++)
    scene->axis[i].origin = (double)scene->size[i] / 2;
  return scene;
}

static void add_spot(Scene *scene, double x, double y, double intensity, double sigma)
{
  gssize reach = (gssize)(5 * sigma), width = (gssize)scene->size[0], height = (gssize)scene->size[1];
  for (gssize j = MAX((gssize)y - reach, 0); j <= MIN((gssize)y + reach, height - 1); j++)
    for (gssize i = MAX((gssize)x - reach, 0); i <= MIN((gssize)x + reach, width - 1); i++) {
      double square = (pow((double)i - x, 2) + pow((double)j - y, 2)) / (sigma * sigma);
      scene->values[j * width + i] += (float)(intensity * exp(-square / 2));
    }
}

/* Inelastic scattering around the direct beam. */
static void add_halo(Scene *scene, double strength, double radius)
{
  for (gsize y = 0; y < scene->size[1]; y++)
    for (gsize x = 0; x < scene->size[0]; x++) {
      double r = hypot((double)x - scene->axis[0].origin, (double)y - scene->axis[1].origin) / radius;
      scene->values[y * scene->size[0] + x] += (float)(strength / (1 + pow(r, 1.8)));
    }
}

/* The needle that keeps the direct beam off the camera comes in from the lower left. */
static void hold_beam_stop(Scene *scene)
{
  double cx = scene->axis[0].origin, cy = scene->axis[1].origin, width = (double)scene->size[0] / 55;
  for (gsize y = 0; y < scene->size[1]; y++)
    for (gsize x = 0; x < scene->size[0]; x++) {
      double dx = (double)x - cx, dy = (double)y - cy, along = (dx * -0.94 + dy * 0.34), across = fabs(dx * 0.34 + dy * 0.94);
      double inside = along > 0 ? width * (1 + 0.0012 * along) - across : 1.6 * width - hypot(dx, dy);
      scene->values[y * scene->size[0] + x] *= (float)(1 - 0.97 / (1 + exp(-1.5 * inside)));
    }
}

Scene *paint_spots(json_object *options, GRand *random)
{
  Scene *scene = new_pattern(options);
  double pixel = scene->axis[0].scale, angle = nx_json_get_double(options, "angle_deg", 17) * G_PI / 180;
  double a = 1 / nx_json_get_double(options, "a", 0.3905) / pixel, b = a * nx_json_get_double(options, "ratio", 1);
  double tilt_x = nx_json_get_double(options, "tilt_x", 0.12), tilt_y = nx_json_get_double(options, "tilt_y", 0.05), sigma = 2.2;
  gssize reach = (gssize)(hypot(scene->axis[0].origin, scene->axis[1].origin) / MIN(a, b)) + 1;
  add_halo(scene, nx_json_get_double(options, "halo", 0.018), (double)scene->size[0] / 14);
  for (gssize k = -reach; k <= reach; k++)
    for (gssize h = -reach; h <= reach; h++) {
      double u = (double)h * a, v = (double)k * b, gx = cos(angle) * u - sin(angle) * v, gy = sin(angle) * u + cos(angle) * v;
      double length = hypot(gx, gy) * pixel, excitation = exp(-pow(length / 9.5, 2)) * exp(-pow((gx * tilt_x + gy * tilt_y) * pixel / 1.6, 2) / 2);
      double structure = (h + k) % 2 ? nx_json_get_double(options, "odd", 0.22) : 1;
      if (h != 0 || k != 0)
        add_spot(scene, scene->axis[0].origin + gx, scene->axis[1].origin + gy, structure * excitation * (0.85 + 0.3 * g_rand_double(random)), sigma);
    }
  add_spot(scene, scene->axis[0].origin, scene->axis[1].origin, 30, 4.5);
  hold_beam_stop(scene);
  noise_count(scene, nx_json_get_double(options, "dose", 9000), 12, random);
  return scene;
}

/* Allowed reflections of a face-centred cubic lattice: h² + k² + l², multiplicity, relative strength. */
static const struct {
  double square;
  guint multiplicity;
  double strength;
} FCC[] = {{3, 8, 1.0}, {4, 6, 0.52}, {8, 12, 0.32}, {11, 24, 0.36}, {12, 8, 0.12}, {16, 6, 0.06}, {19, 24, 0.16}, {20, 24, 0.15}, {24, 24, 0.10}};

static void add_ring(Scene *scene, double radius, double strength, guint crystallites, GRand *random)
{
  for (gsize y = 0; y < scene->size[1]; y++)
    for (gsize x = 0; x < scene->size[0]; x++) {
      double off = (hypot((double)x - scene->axis[0].origin, (double)y - scene->axis[1].origin) - radius) / 3.2;
      if (fabs(off) < 5)
        scene->values[y * scene->size[0] + x] += (float)(0.45 * strength * exp(-off * off / 2));
    }
  for (guint i = 0; i < crystallites; i++) {
    double angle = g_rand_double_range(random, 0, 2 * G_PI), r = radius + 1.1 * noise_gaussian(random);
    add_spot(scene, scene->axis[0].origin + r * cos(angle), scene->axis[1].origin + r * sin(angle),
             strength * g_rand_double_range(random, 0.1, 0.9), g_rand_double_range(random, 1.1, 2.0));
  }
}

Scene *paint_rings(json_object *options, GRand *random)
{
  Scene *scene = new_pattern(options);
  double a = nx_json_get_double(options, "a", 0.4078);
  guint crystallites = (guint)nx_json_get_int(options, "crystallites", 14);
  add_halo(scene, 0.6, (double)scene->size[0] / 22);
  for (gsize i = 0; i < G_N_ELEMENTS(FCC); i++)
    add_ring(scene, sqrt(FCC[i].square) / a / scene->axis[0].scale, FCC[i].strength, crystallites * FCC[i].multiplicity, random);
  add_spot(scene, scene->axis[0].origin, scene->axis[1].origin, 40, 5);
  hold_beam_stop(scene);
  noise_count(scene, nx_json_get_double(options, "dose", 5000), 12, random);
  return scene;
}
