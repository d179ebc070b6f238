/* scene.h — what an instrument of the demo facility sees: synthetic micrographs, diffraction patterns and spectra.
 *
 * Every scene is computed from a few options (members of a JSON object, all with defaults) and a random generator that the caller has seeded,
 * so the same plan gives the same bytes. Intensities are counts of electrons or X-rays, noise included. */
#ifndef NX_SCENE_H
#define NX_SCENE_H

#include "nx-base.h"

#define SCENE_DIMS_MAX 3

typedef struct {
  double origin;     /* index of the zero */
  double scale;      /* units an index step */
  const char *units; /* "nm", "1/nm", "eV", "keV" */
} SceneAxis;

typedef struct {
  guint n_dims;
  gsize size[SCENE_DIMS_MAX]; /* fastest first; a picture is width, height; a map width, height, energy; colours are three planes */
  SceneAxis axis[SCENE_DIMS_MAX];
  float *values;
  gboolean is_colour;
} Scene;

Scene *scene_new(guint n_dims, const gsize *size);
void scene_free(Scene *scene);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scene, scene_free)
gsize scene_length(const Scene *scene);
/* A square picture of options `width` (768) and `pixel` (units a pixel), with its calibration in `units`. */
Scene *scene_new_picture(json_object *options, double default_pixel, const char *units);

/* The scene of that name; NULL when there is none. */
Scene *scene_paint(const char *subject, json_object *options, GRand *random);

/* Subjects, by file. */
Scene *paint_atoms(json_object *options, GRand *random);       /* atoms.c */
Scene *paint_particles(json_object *options, GRand *random);   /* particles.c */
Scene *paint_series(json_object *options, GRand *random);
Scene *paint_grains(json_object *options, GRand *random);      /* grains.c */
Scene *paint_orientations(json_object *options, GRand *random);
Scene *paint_spheres(json_object *options, GRand *random);     /* topography.c */
Scene *paint_fracture(json_object *options, GRand *random);
Scene *paint_section(json_object *options, GRand *random);
Scene *paint_spots(json_object *options, GRand *random);       /* diffraction.c */
Scene *paint_rings(json_object *options, GRand *random);
Scene *paint_eels(json_object *options, GRand *random);        /* spectra.c */
Scene *paint_eels_map(json_object *options, GRand *random);
Scene *paint_eds(json_object *options, GRand *random);
Scene *paint_eds_map(json_object *options, GRand *random);

#endif
