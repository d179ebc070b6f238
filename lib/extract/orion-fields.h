/* orion-fields.h — the fields of helium ion microscope images, as tables. Private to lib/extract. */
#ifndef NX_ORION_FIELDS_H
#define NX_ORION_FIELDS_H

#include <glib.h>

typedef struct {
  const char *section; /* Fibics: the element that holds the field; Zeiss: NULL */
  const char *key;
  const char *to;      /* a core field (lower case), or the object in extensions */
  const char *member;  /* of that object; NULL for a core field */
  int exponent;        /* the file's number × 10^exponent is in `unit` */
  const char *unit;    /* NULL: a plain number */
  gboolean is_dressed; /* "=500.0 V": the number is the first word behind the = */
} NxOrionField;

extern const NxOrionField nx_orion_zeiss_fields[]; /* end with {0} */
extern const NxOrionField nx_orion_fibics_fields[];

#endif
