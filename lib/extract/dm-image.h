/* dm-image.h — the images of a DigitalMicrograph file: which they are, what their pixels are, how they are calibrated. Private to
 * lib/extract. */
#ifndef NX_DM_IMAGE_H
#define NX_DM_IMAGE_H

#include "dm-tags.h"

typedef enum { DM_SIGNAL_PLAIN, DM_SIGNAL_EDS, DM_SIGNAL_CL, DM_SIGNAL_EELS } DmSignalType;

typedef struct {
  const DmTag *group;      /* of ImageList */
  guint index;             /* in ImageList, thumbnails counted */
  DmSignalType signal_type;
  gboolean can_be_drawn;   /* FALSE for pixels whose packing is not known (code 5): `array` then has a shape and axes only */
  NxArray array;           /* the pixels: energy axis last, axes of size 1 dropped */
} DmImage;

void dm_image_free(DmImage *image);

/* The images that are no thumbnails, in file order, at least one. NX_ERROR_FORMAT when there is none or one of them contradicts itself;
 * `name` (of the file) is for the log. */
GPtrArray *dm_images(const DmTree *tree, const char *name, GError **err);

/* The group all metadata paths of an image are relative to (extractors-a 2.8); NULL when there is none. */
const DmTag *dm_image_metadata(const DmTree *tree, const DmImage *image);

/* Lines, boxes, points and texts drawn over the image, as NxMark; NULL when there are none. */
GPtrArray *dm_image_marks(const DmTree *tree, const DmImage *image);

#endif
