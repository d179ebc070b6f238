/* edax.h — what the two formats of EDAX spectra, .spc and .msa, have in common. Private to lib/extract. */
#ifndef NX_EDAX_H
#define NX_EDAX_H

#include "nx-extract.h"

/* The fields of every spectrum, in the order in which they are written (extractors-a 1.3); extensions are added last. */
json_object *edax_meta(const NxInput *in);
/* The dataset of a file that cannot be read: `warning` says so in the metadata, `reason` why. */
NxSignal *edax_unreadable(const NxInput *in, const char *warning, const char *reason);

/* Which header field becomes which extension, in the order of writing. */
typedef struct {
  const char *field, *key, *unit; /* unit NULL: the value as it is */
} EdaxExtension;

/* Copies the fields that are there and not null; numbers and numeric texts become quantities where there is a unit. */
json_object *edax_extensions(json_object *header, const EdaxExtension *extensions, gsize count);

#endif
