/* dips.h — minima of a curve that are deep enough to mean something. */
#ifndef NX_DIPS_H
#define NX_DIPS_H

#include <glib.h>

/* Indexes (gsize) of the places whose value is strictly below both neighbours' and whose dip is at least `depth`: the lower of the two
 * peaks beside it (the greatest values up to the next minimum that is kept, or to the end of the curve) minus its value. Shallow ones go
 * first and hand their higher peak to their neighbours (record-building §6.7). `depth` 0 keeps every strict minimum. */
GArray *nx_dips_find(const double *values, gsize n, double depth);

#endif
