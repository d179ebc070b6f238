/* picture-write.h — FEI/Thermo TIFF files with their metadata and data bar, and plain pictures. */
#ifndef NX_PICTURE_WRITE_H
#define NX_PICTURE_WRITE_H

#include "scene.h"

/* `sections`: INI sections of texts, {"User": {"Date": "…"}, "Beam": {…}}; what depends on the picture itself (field width, pixel size,
 * resolution, date and time) is filled in for the beam and scan that [Beam] names. `bits` 8 or 16. */
gboolean fei_write(const char *path, const Scene *scene, guint bits, json_object *sections, GDateTime *taken, GError **err);

/* PNG or JPEG, by `type` "png" or "jpeg". */
gboolean picture_write(const char *path, const Scene *scene, const char *type, GError **err);

#endif
