/* signals.h — synthetic signals of every kind, for the gallery and the tests of the previews. */
#ifndef NX_GENERATE_SIGNALS_H
#define NX_GENERATE_SIGNALS_H

#include "nx-extract.h"

typedef struct {
  const char *name;        /* of the PNG, without extension */
  const char *description; /* a sentence for the gallery */
  NxSignal *(*make)(void);
} NxSyntheticSignal;

/* Ends with a row whose name is NULL. */
extern const NxSyntheticSignal nx_synthetic_signals[];

/* A signal of `n_dims` dimensions of float32 that are all `value(index, user_data)`; the last `n_signal_dims` are the signal. */
typedef double (*NxValueAt)(const guint64 *index, gpointer user_data);
NxSignal *nx_signal_of(guint n_dims, guint n_signal_dims, const guint64 *shape, NxValueAt value, gpointer user_data);
/* Calibrates a dimension. */
void nx_signal_axis(NxSignal *signal, guint dim, const char *name, const char *units, double scale, double offset);

#endif
