/* tofwerk-ions.h — names for masses. Private to lib/extract. */
#ifndef NX_TOFWERK_IONS_H
#define NX_TOFWERK_IONS_H

#include <glib.h>

/* The name of the nearest ion with its charge ("Fe⁺"), else the mass ("103.20 Da"). */
char *tofwerk_ion_label(double mass, gboolean is_positive);

#endif
