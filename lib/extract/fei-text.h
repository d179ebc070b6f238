/* fei-text.h — where FEI / Thermo Fisher software leaves its metadata text in a TIFF. Private to lib/extract. */
#ifndef NX_FEI_TEXT_H
#define NX_FEI_TEXT_H

#include "nx-extract.h"

typedef struct {
  char *ini; /* UTF-8; NULL when there is none */
  char *xml; /* UTF-8; NULL when there is none */
} NxFeiText;

/* Finds the text in tags 34682 and 34683, else in the bytes. */
NxFeiText nx_fei_text_find(NxBytes *bytes);
void nx_fei_text_clear(NxFeiText *text);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NxFeiText, nx_fei_text_clear)
/* Renames the [MultiGISGasM] sections that follow [MultiGISUnitN] to [MultiGISUnitN.MultiGISGasM]: their names repeat otherwise. */
char *nx_fei_text_name_gases(const char *ini);

#endif
