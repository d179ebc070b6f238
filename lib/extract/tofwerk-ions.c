/* tofwerk-ions.c — which small ion a mass may be: a preliminary guess for the labels of a preview (extractors-b 12.6).
 * Masses are those of the most abundant isotope in daltons, rounded from the Atomic Mass Evaluation 2020; ionisation is not taken off, it is far below the
 * window of the guess. */
#include "tofwerk-ions.h"

#include <math.h>

typedef struct {
  const char *name;
  double mass;
} Ion;

static const Ion POSITIVE[] = {
  { "H", 1.00783 }, { "H2", 2.01565 }, { "H3", 3.02348 }, { "Li", 7.01600 }, { "Be", 9.01218 }, { "B", 11.00931 },
  { "C", 12.00000 }, { "CH", 13.00783 }, { "N", 14.00307 }, { "CH2", 14.01565 }, { "CH3", 15.02348 },
  { "O", 15.99491 }, { "OH", 17.00274 }, { "H2O", 18.01056 }, { "F", 18.99840 }, { "Na", 22.98977 },
  { "Mg", 23.98504 }, { "Al", 26.98154 }, { "Si", 27.97693 }, { "P", 30.97376 }, { "S", 31.97207 },
  { "³⁵Cl", 34.96885 }, { "³⁷Cl", 36.96590 }, { "K", 38.96371 }, { "Ca", 39.96259 }, { "AlO", 42.97645 },
  { "SiO", 43.97184 }, { "Sc", 44.95591 }, { "⁴⁶Ti", 45.95263 }, { "⁴⁷Ti", 46.95176 }, { "⁴⁸Ti", 47.94794 },
  { "⁴⁹Ti", 48.94787 }, { "⁵⁰Ti", 49.94479 }, { "V", 50.94396 }, { "Cr", 51.94051 }, { "⁵⁴Cr/⁵⁴Fe", 53.93925 },
  { "Mn", 54.93804 }, { "Fe", 55.93494 }, { "⁵⁸Ni", 57.93534 }, { "Co", 58.93319 }, { "⁶⁰Ni", 59.93079 },
  { "⁶³Cu", 62.92960 }, { "Zn", 63.92914 }, { "⁶⁵Cu", 64.92779 }, { "Ga", 68.92557 }, { "Ge", 73.92118 },
  { "As", 74.92159 }, { "Br", 78.91834 }, { "Se", 79.91652 }, { "Kr", 83.91150 }, { "Rb", 84.91179 },
  { "Sr", 87.90561 }, { "Y", 88.90584 }, { "Zr", 89.90470 }, { "Nb", 92.90637 }, { "Mo", 97.90540 },
  { "Rh", 102.90550 }, { "Ag", 106.90509 }, { "Cd", 113.90337 }, { "In", 114.90388 }, { "Sn", 119.90220 },
  { "Sb", 120.90381 }, { "I", 126.90447 }, { "Cs", 132.90545 }, { "Ba", 137.90525 }, { "La", 138.90636 },
  { "Ce", 139.90544 }, { "Gd", 157.92411 }, { "Hf", 179.94656 }, { "W", 183.95093 }, { "Pt", 194.96479 },
  { "Au", 196.96657 }, { "Pb", 207.97665 },
};

static const Ion NEGATIVE[] = {
  { "H", 1.00783 }, { "B", 11.00931 }, { "C", 12.00000 }, { "CH", 13.00783 }, { "N", 14.00307 }, { "O", 15.99491 },
  { "OH", 17.00274 }, { "F", 18.99840 }, { "CN", 26.00307 }, { "Al", 26.98154 }, { "Si", 27.97693 },
  { "P", 30.97376 }, { "S", 31.97207 }, { "Cl", 34.96885 }, { "Ti", 47.94794 }, { "Cr", 51.94051 },
  { "Fe", 55.93494 }, { "Cu", 62.92960 }, { "Br", 78.91834 }, { "Ag", 106.90509 }, { "I", 126.90447 },
  { "Pt", 194.96479 }, { "Au", 196.96657 }, { "Pb", 207.97665 },
};

/* How far a peak may be from the ion it is named after. */
#define WINDOW 0.35

char *tofwerk_ion_label(double mass, gboolean is_positive)
{
  const Ion *ions = is_positive ? POSITIVE : NEGATIVE, *nearest = NULL;
  const gsize n = is_positive ? G_N_ELEMENTS(POSITIVE) : G_N_ELEMENTS(NEGATIVE);
  for (gsize i = 0; i < n; i++) {
    const double distance = fabs(ions[i].mass - mass);
    if (distance <= WINDOW && (!nearest || distance < fabs(nearest->mass - mass)))
      nearest = &ions[i];
  }
  return nearest ? g_strconcat(nearest->name, is_positive ? "⁺" : "⁻", NULL) : g_strdup_printf("%.2f Da", mass);
}
