/* units.h — units as nx_meta names them: how they are written in a record, and whether two quantities are the same. */
#ifndef NX_UNITS_H
#define NX_UNITS_H

#include <glib.h>

/* "kilovolt" → "kV", "electron_volt/pixel" → "eV / pixel"; "" for a dimensionless one; a name that is not known stays as it is. */
char *nx_unit_symbol(const char *name);

/* TRUE when two quantities are of one dimension and exactly equal as decimal numbers: 200 kilovolt = 200000 volt. */
gboolean nx_quantities_equal(double value_a, const char *unit_a, double value_b, const char *unit_b);

#endif
