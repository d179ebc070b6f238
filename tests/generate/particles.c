/* particles.c — metal particles on a carbon film with holes, in bright or dark field, and a series in which the large ones eat the small. */
#include <math.h>
#include <string.h>

#include "noise.h"

typedef struct {
  double x, y, radius; /* pixels */
  double turn;         /* of its facets */
  guint facets;
  double contrast;     /* some lie on a zone axis and are darker */
  double fringe_angle;
} Particle;

static Particle *scatter(guint n, const Scene *scene, double mean_radius, double spread, GRand *random)
{
  Particle *particles = g_new(Particle, n);
  g_autofree Point *places = noise_points(n, (double)scene->size[0], (double)scene->size[1], random);
  for (guint i = 0; i < n; i++) {
    particles[i].x = places[i].x;
    particles[i].y = places[i].y;
    particles[i].radius = mean_radius * exp(spread * noise_gaussian(random));
    particles[i].turn = g_rand_double_range(random, 0, G_PI);
    particles[i].facets = (guint)g_rand_int_range(random, 5, 9);
    particles[i].contrast = g_rand_double_range(random, 0.6, 1.35);
    particles[i].fringe_angle = g_rand_double_range(random, 0, G_PI);
  }
  return particles;
}

/* 1 in the middle, 0 at the faceted outline, negative outside. */
static double depth_inside(const Particle *particle, double dx, double dy)
{
  double distance = hypot(dx, dy), sector = 2 * G_PI / particle->facets;
  double angle = fmod(atan2(dy, dx) + particle->turn + 4 * G_PI, sector) - sector / 2;
  double outline = particle->radius * (0.35 + 0.65 * cos(sector / 2) / cos(angle));
  return 1 - distance / outline;
}

/* The projected thickness of a particle, with lattice fringes where the pixels can show them. */
static void project(Scene *scene, float *thickness, const Particle *particle, double fringe)
{
  gssize width = (gssize)scene->size[0], height = (gssize)scene->size[1], reach = (gssize)particle->radius + 2;
  for (gssize y = MAX((gssize)particle->y - reach, 0); y <= MIN((gssize)particle->y + reach, height - 1); y++)
    for (gssize x = MAX((gssize)particle->x - reach, 0); x <= MIN((gssize)particle->x + reach, width - 1); x++) {
      double dx = (double)x - particle->x, dy = (double)y - particle->y, depth = depth_inside(particle, dx, dy);
      if (depth <= 0)
        continue;
      double along = dx * cos(particle->fringe_angle) + dy * sin(particle->fringe_angle);
      double lattice = fringe > 3 ? 1 + 0.12 * cos(2 * G_PI * along / fringe) : 1;
      thickness[y * width + x] += (float)(particle->contrast * lattice * sqrt(depth * (2 - depth)));
    }
}

/* 1 on the film, 0 in its holes. */
static double film_at(double wave)
{
  return CLAMP((wave + 0.55) * 12, 0, 1);
}

static void paint_film(Scene *scene, const float *thickness, json_object *options, GRand *random)
{
  gsize width = scene->size[0], height = scene->size[1];
  gboolean dark_field = nx_json_get_boolean(options, "dark_field");
  g_autofree float *waves = noise_field(width, height, (double)width / 1.8, 3, random);
  g_autofree float *speckle = noise_field(width, height, 5, 2, random);
  double no_holes = nx_json_get_boolean(options, "holes") ? 0 : 10;
  for (gsize i = 0; i < width * height; i++) {
    double film = film_at(waves[i] + no_holes), carbon = film * (1 + 0.18 * speckle[i]);
    if (dark_field)
      scene->values[i] = (float)(0.02 + 0.10 * carbon + 0.85 * thickness[i]);
    else
      scene->values[i] = (float)((1 - 0.22 * carbon) * exp(-1.3 * thickness[i]));
  }
}

static void paint_on_film(Scene *scene, const Particle *particles, guint n, json_object *options, GRand *random)
{
  g_autofree float *thickness = g_new0(float, scene->size[0] * scene->size[1]);
  double fringe = nx_json_get_double(options, "fringe", 0.235) / scene->axis[0].scale;
  for (guint i = 0; i < n; i++)
    project(scene, thickness, &particles[i], fringe);
  paint_film(scene, thickness, options, random);
  noise_count(scene, nx_json_get_double(options, "dose", 900), 8, random);
}

Scene *paint_particles(json_object *options, GRand *random)
{
  Scene *scene = scene_new_picture(options, 0.2, "nm");
  guint n = (guint)nx_json_get_int(options, "count", 70);
  double radius = nx_json_get_double(options, "radius", 4) / scene->axis[0].scale;
  g_autofree Particle *particles = scatter(n, scene, radius, nx_json_get_double(options, "spread", 0.3), random);
  paint_on_film(scene, particles, n, options, random);
  return scene;
}

/* Ostwald ripening: what is larger than the mean grows, what is smaller vanishes; the stage drifts. */
static void ripen(Particle *particles, guint n, double mean_radius)
{
  for (guint i = 0; i < n; i++) {
    double excess = (particles[i].radius - mean_radius) / mean_radius;
    particles[i].radius = MAX(0.01, particles[i].radius * (1 + 0.05 * CLAMP(excess, -1.5, 0.8)) - (excess < -0.2 ? 0.03 * mean_radius : 0));
    particles[i].x += 0.9;
    particles[i].y -= 0.5;
  }
}

Scene *paint_series(json_object *options, GRand *random)
{
  g_autoptr(Scene) frame = scene_new_picture(options, 0.35, "nm");
  gsize frames = (gsize)nx_json_get_int(options, "frames", 10), pixels = scene_length(frame);
  Scene *series = scene_new(3, (const gsize[]){frame->size[0], frame->size[1], frames});
  series->axis[0] = series->axis[1] = frame->axis[0];
  series->axis[2] = (SceneAxis){0, nx_json_get_double(options, "frame_time", 2), "s"};
  guint n = (guint)nx_json_get_int(options, "count", 60), film = g_rand_int(random);
  double radius = nx_json_get_double(options, "radius", 4.5) / frame->axis[0].scale;
  g_autofree Particle *particles = scatter(n, frame, radius, nx_json_get_double(options, "spread", 0.35), random);
  for (gsize i = 0; i < frames; i++) {
    GRand *same_film = g_rand_new_with_seed(film);
    paint_on_film(frame, particles, n, options, same_film);
    g_rand_free(same_film);
    memcpy(series->values + i * pixels, frame->values, pixels * sizeof(float));
    ripen(particles, n, radius);
  }
  return series;
}
