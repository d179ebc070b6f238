/* noise.h — randomness with a shape: counting noise, smooth fields, and the cells of a random tiling. */
#ifndef NX_NOISE_H
#define NX_NOISE_H

#include "scene.h"

double noise_gaussian(GRand *random);
/* A count of mean `mean`. */
double noise_poisson(GRand *random, double mean);
/* Every value times `dose`, with counting noise, a read-out noise of `readout` counts, and no less than 0. */
void noise_count(Scene *scene, double dose, double readout, GRand *random);
/* A field of width × height values about 0 with features from `feature` pixels downwards, `octaves` of them. */
float *noise_field(gsize width, gsize height, double feature, guint octaves, GRand *random);
/* Scan lines start a little early or late: shifts each row by a random part of a pixel. */
void noise_shift_rows(Scene *scene, double pixels, GRand *random);

typedef struct {
  double x, y;
} Point;

/* `n` points of a width × height area, no two close together; reaches a margin beyond the area. */
Point *noise_points(guint n, double width, double height, GRand *random);

/* A tiling: every place belongs to its nearest point. */
typedef struct {
  Point *points;
  guint n;
  double margin, bucket; /* points are kept in square buckets, so that only the near ones are asked */
  gsize columns, rows;
  guint *first, *next;   /* of each bucket, of each point: number + 1, 0 ends */
} Tiling;
Tiling *noise_tiling_new(guint n, double width, double height, GRand *random);
void noise_tiling_free(Tiling *tiling);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tiling, noise_tiling_free)

/* The cell of a place: its point, how far away that is, and how much further the next one. */
typedef struct {
  guint nearest;
  double distance, margin;
} Cell;
Cell noise_cell(const Tiling *tiling, double x, double y);

#endif
