/* dm-raw.h — the tag tree as it is kept beside the metadata of an image. Private to lib/extract. */
#ifndef NX_DM_RAW_H
#define NX_DM_RAW_H

#include "dm-image.h"

/* What all images of a file have in common, with an empty ImageList in its place. One budget serves all calls for a file. */
json_object *dm_raw_common(const DmTree *tree, DmBudget *budget);
/* The same with the one image in its ImageList, always called TagGroup0. */
json_object *dm_raw_image(const DmTree *tree, const DmImage *image, json_object *common, DmBudget *budget);

#endif
