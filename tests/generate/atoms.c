/* atoms.c — a crystal seen along a zone axis in high-angle annular dark field: bright columns, brighter where they are heavier and where the
 * specimen is thicker, vacuum at its edge, and, if asked for, a tilt boundary down the middle. */
#include <math.h>
#include <string.h>

#include "noise.h"

typedef struct {
  Scene *scene;
  json_object *basis;   /* columns of the unit cell: [x, y, intensity] in fractions of the cell */
  double a, b;          /* cell, pixels */
  double sigma;         /* of a column, pixels */
  double *edge;         /* x of the specimen's edge in each row */
  double fade;          /* pixels from the edge to full thickness */
  double boundary;      /* x of the grain boundary; behind the picture when there is none */
} Crystal;

/* How thick the specimen is at a place, from 0 in vacuum to 1. */
static double thickness(const Crystal *crystal, double x, double y)
{
  gsize row = (gsize)CLAMP(y, 0, (double)crystal->scene->size[1] - 1);
  double depth = (x - crystal->edge[row]) / crystal->fade;
  return depth <= 0 ? 0 : 1 - exp(-2.5 * depth);
}

static void stamp_column(const Crystal *crystal, double x, double y, double intensity)
{
  gssize reach = (gssize)ceil(3.5 * crystal->sigma), width = (gssize)crystal->scene->size[0], height = (gssize)crystal->scene->size[1];
  gssize left = (gssize)x - reach, top = (gssize)y - reach;
  for (gssize j = MAX(top, 0); j <= MIN(top + 2 * reach, height - 1); j++)
    for (gssize i = MAX(left, 0); i <= MIN(left + 2 * reach, width - 1); i++) {
      double dx = (double)i - x, dy = (double)j - y;
      crystal->scene->values[j * width + i] += (float)(intensity * exp(-(dx * dx + dy * dy) / (2 * crystal->sigma * crystal->sigma)));
    }
}

/* All columns of one grain: those left (side -1) or right (side 1) of the boundary. */
static void stamp_grain(const Crystal *crystal, double angle, int side, GRand *random)
{
  double half = hypot((double)crystal->scene->size[0], (double)crystal->scene->size[1]) / 2;
  double cx = (double)crystal->scene->size[0] / 2, cy = (double)crystal->scene->size[1] / 2, c = cos(angle), s = sin(angle);
  gssize columns = (gssize)(half / crystal->a) + 2, rows = (gssize)(half / crystal->b) + 2;
  for (gssize j = -rows; j <= rows; j++)
    for (gssize i = -columns; i <= columns; i++)
      for (gsize k = 0; k < json_object_array_length(crystal->basis); k++) {
        json_object *column = json_object_array_get_idx(crystal->basis, k);
        double u = ((double)i + json_object_get_double(json_object_array_get_idx(column, 0))) * crystal->a;
        double v = ((double)j + json_object_get_double(json_object_array_get_idx(column, 1))) * crystal->b;
        double x = cx + c * u - s * v, y = cy + s * u + c * v, t = thickness(crystal, x, y);
        double wobble = 1 + 0.04 * noise_gaussian(random);
        if ((x - crystal->boundary) * side > 0.3 * crystal->sigma && t > 0.04)
          stamp_column(crystal, x, y, t * wobble * json_object_get_double(json_object_array_get_idx(column, 2)));
      }
}

/* The edge of a thin specimen: a slope with bays. */
static void cut_edge(Crystal *crystal, double vacuum, GRand *random)
{
  gsize height = crystal->scene->size[1];
  double width = (double)crystal->scene->size[0];
  g_autofree float *bays = noise_field(1, height, (double)height / 3, 6, random);
  for (gsize y = 0; y < height; y++)
    crystal->edge[y] = vacuum > 0 ? width * (vacuum + 0.12 * ((double)y / (double)height - 0.5)) + 0.05 * width * bays[y] : -3 * crystal->fade;
}

/* What the columns stand on, and the amorphous rim at the edge. */
static void add_background(const Crystal *crystal, GRand *random)
{
  gsize width = crystal->scene->size[0], height = crystal->scene->size[1];
  g_autofree float *speckle = noise_field(width, height, 2.5 * crystal->sigma, 2, random);
  for (gsize y = 0; y < height; y++)
    for (gsize x = 0; x < width; x++) {
      double t = thickness(crystal, (double)x, (double)y);
      double rim = exp(-pow(((double)x - crystal->edge[y]) / (4 * crystal->sigma), 2));
      crystal->scene->values[y * width + x] += (float)(0.02 + 0.28 * t + 0.10 * rim * (1 + speckle[y * width + x]));
    }
}

Scene *paint_atoms(json_object *options, GRand *random)
{
  Scene *scene = scene_new_picture(options, 0.012, "nm");
  double pixel = scene->axis[0].scale, tilt = nx_json_get_double(options, "bicrystal_deg", 0) * G_PI / 180;
  double angle = nx_json_get_double(options, "angle_deg", 4) * G_PI / 180;
  g_autofree double *edge = g_new(double, scene->size[1]);
  Crystal crystal = {scene, nx_json_get(options, "basis"), nx_json_get_double(options, "a", 0.3905) / pixel, 0,
                     nx_json_get_double(options, "sigma", 0.058) / pixel, edge, 0.45 * (double)scene->size[0], 0};
  g_autoptr(json_object) perovskite = nx_json_parse("[[0,0,1.0],[0.5,0.5,0.55]]", strlen("[[0,0,1.0],[0.5,0.5,0.55]]"), NULL);
  crystal.b = nx_json_get_double(options, "b", crystal.a * pixel) / pixel;
  crystal.boundary = tilt > 0 ? 0.55 * (double)scene->size[0] : (double)scene->size[0] * 2;
  if (!crystal.basis)
    crystal.basis = perovskite;
  cut_edge(&crystal, nx_json_get_double(options, "vacuum", 0.2), random);
  add_background(&crystal, random);
  stamp_grain(&crystal, angle - tilt / 2, -1, random);
  if (tilt > 0)
    stamp_grain(&crystal, angle + tilt / 2, 1, random);
  noise_shift_rows(scene, 0.12, random);
  noise_count(scene, nx_json_get_double(options, "dose", 220), 3, random);
  return scene;
}
