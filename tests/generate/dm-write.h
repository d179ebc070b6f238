/* dm-write.h — writes DigitalMicrograph 3 and 4 files. */
#ifndef NX_DM_WRITE_H
#define NX_DM_WRITE_H

#include "scene.h"

/* Pixel types that the cameras of the demo write. */
typedef enum { DM_INT16, DM_INT32, DM_UINT16, DM_FLOAT32 } DmSample;

/* The bytes of a file of that version (3 or 4) with a thumbnail and the scene. `image_tags` becomes the tag group ImageTags: objects become
 * groups, arrays of objects groups of unnamed groups, arrays of numbers typed arrays, text UTF-16. */
GByteArray *dm_write(int version, const char *title, const Scene *scene, DmSample sample, json_object *image_tags);

#endif
