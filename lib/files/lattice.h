/* lattice.h — sums of Gaussian kernels at the points themselves, for many points close together. */
#ifndef NX_LATTICE_H
#define NX_LATTICE_H

#include <glib.h>

/* For each point i of the ascending `points` the sum Σ_{j≠i} exp(-(points_i - points_j)² / (2 bandwidth²)), where it can be had to about
 * 1e-13 and cheaper than term by term; NAN at the others. */
void nx_lattice_sums_of_others(const double *points, gsize n_points, double bandwidth, double *sums);

#endif
