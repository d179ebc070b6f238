/* tia-emi.h — the XML pieces inside an FEI TIA .emi file, the companion of .ser files. Private to lib/extract. */
#ifndef NX_TIA_EMI_H
#define NX_TIA_EMI_H

#include "nx-extract.h"

/* The metadata of `NAME_(index + 1).ser` as an object; *object is NULL when the file holds no such piece. FALSE with NX_ERROR_FORMAT when
 * the piece is there and is broken. */
gboolean tia_emi_object(NxBytes *bytes, guint64 index, json_object **object, GError **err);

/* The path of the .emi of `dir/NAME_k.ser`: `dir/NAME.emi`; *number (may be NULL) is k. NULL when the name has no such form. */
char *tia_emi_path(const char *ser_path, guint64 *number);

#endif
