/* density.h — how densely points lie along a line: the logarithm of a sum of Gaussian kernels, fast and to the last digits. */
#ifndef NX_DENSITY_H
#define NX_DENSITY_H

#include <glib.h>

/* Which way the sums are made. They agree to about 1e-13; NX_DENSITY_AUTO takes the cheaper one wherever there is enough to gain. */
typedef enum { NX_DENSITY_AUTO, NX_DENSITY_DIRECT, NX_DENSITY_SERIES } NxDensityWay;

/* For each of the `n_at` ascending places `at`: ln Σ_j exp(-(at - points_j)² / (2 bandwidth²)), the constants of the kernel left out.
 * `points` are ascending and distinct, bandwidth > 0. */
void nx_density_log(const double *points, gsize n_points, double bandwidth, const double *at, gsize n_at, NxDensityWay way, double *result);

/* The same at every point itself, its own kernel left out; at least two points. */
void nx_density_log_of_others(const double *points, gsize n_points, double bandwidth, NxDensityWay way, double *result);

#endif
