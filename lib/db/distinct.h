/* distinct.h — how many different ones there are among many numbers. */
#ifndef NX_DB_DISTINCT_H
#define NX_DB_DISTINCT_H

#include <glib.h>

/* None of them is 0. Their order is changed. */
guint nx_distinct_count(guint64 *numbers, gsize n);

#endif
