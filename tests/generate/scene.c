/* scene.c — scenes by name. */
#include "scene.h"

#include <string.h>

Scene *scene_new(guint n_dims, const gsize *size)
{
  Scene *scene = g_new0(Scene, 1);
  scene->n_dims = n_dims;
  for (guint i = 0; i < n_dims; i++) {
    scene->size[i] = size[i];
    scene->axis[i].scale = 1;
    scene->axis[i].units = "";
  }
  scene->values = g_new0(float, scene_length(scene));
  return scene;
}

void scene_free(Scene *scene)
{
  if (!scene)
    return;
  g_free(scene->values);
  g_free(scene);
}

gsize scene_length(const Scene *scene)
{
  gsize length = 1;
  for (guint i = 0; i < scene->n_dims; i++)
    length *= scene->size[i];
  return length;
}

Scene *scene_new_picture(json_object *options, double default_pixel, const char *units)
{
  gsize width = (gsize)nx_json_get_int(options, "width", 768);
  gsize height = (gsize)nx_json_get_int(options, "height", (gint64)width);
  Scene *scene = scene_new(2, (const gsize[]){width, height});
  for (guint i = 0; i < 2; i++) {
    scene->axis[i].scale = nx_json_get_double(options, "pixel", default_pixel);
    scene->axis[i].units = units;
  }
  return scene;
}

static const struct {
  const char *name;
  Scene *(*paint)(json_object *options, GRand *random);
} SUBJECTS[] = {
  {"atoms", paint_atoms},       {"particles", paint_particles}, {"series", paint_series},     {"grains", paint_grains},
  {"spheres", paint_spheres},   {"fracture", paint_fracture},   {"section", paint_section},   {"orientations", paint_orientations},
  {"spots", paint_spots},       {"rings", paint_rings},         {"eels", paint_eels},         {"eels_map", paint_eels_map},
  {"eds", paint_eds},           {"eds_map", paint_eds_map},
};

Scene *scene_paint(const char *subject, json_object *options, GRand *random)
{
  for (gsize i = 0; i < G_N_ELEMENTS(SUBJECTS); i++)
    if (strcmp(SUBJECTS[i].name, subject) == 0)
      return SUBJECTS[i].paint(options, random);
  return NULL;
}
