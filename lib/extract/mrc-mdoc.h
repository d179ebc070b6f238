/* mrc-mdoc.h — the .mdoc text that SerialEM writes beside an MRC file. Private to lib/extract. */
#ifndef NX_MRC_MDOC_H
#define NX_MRC_MDOC_H

#include "nx-extract.h"

/* The text as {"global": {key: text}, "titles": [text], "sections": [{key: text}]}; NULL when it is none. */
json_object *nx_mdoc_parse(NxBytes *bytes);
/* Adds what it says of the microscope; of a series the first section speaks, and the tilts of all are listed. */
void nx_mdoc_add_fields(json_object *mdoc, json_object *nx_meta);
/* The pixel size in nanometres; 0 when it says nothing. */
double nx_mdoc_pixel_size(json_object *mdoc);

#endif
