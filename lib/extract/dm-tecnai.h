/* dm-tecnai.h — the text in which a Tecnai or Titan microscope tells DigitalMicrograph how it stands. Private to lib/extract. */
#ifndef NX_DM_TECNAI_H
#define NX_DM_TECNAI_H

#include "dm-tags.h"

/* The parsed `Microscope Info` of the first group `Tecnai` below `image` (extractors-a 7.1): an object with members as Gun_Name, Spot or
 * Filter_Settings, numbers in their form. NULL when there is none, or with a warning that names `file` when an item every such text has is
 * missing. */
json_object *dm_tecnai(const DmTree *tree, const DmTag *image, const char *file);

#endif
