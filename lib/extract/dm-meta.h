/* dm-meta.h — the metadata of one image of a DigitalMicrograph file. Private to lib/extract.
 *
 * It is made in two halves with the instrument's profiles between them: a flat object of everything that was found (extractors-a 2.9,
 * steps A to G), then core fields at the top and the rest under "extensions" (step H). */
#ifndef NX_DM_META_H
#define NX_DM_META_H

#include "dm-fields.h"

/* Steps A to D: microscope, session, acquisition; sets "Data Type" of an image. `tags` is the group that dm_image_metadata found, or NULL.
 */
void dm_meta_add_microscope(const DmTree *tree, const DmTag *tags, json_object *meta);
/* Steps E to G: EELS, EDS, spectrum imaging; they decide what kind of dataset it is. */
void dm_meta_add_spectroscopy(const DmTree *tree, const DmTag *tags, const char *instrument_pid, json_object *meta);
/* Step H; consumes the flat object. */
json_object *dm_meta_sort(json_object *flat);

/* Sets both words of the kind of dataset. */
void dm_meta_set_type(json_object *meta, const char *dataset_type, const char *data_type);

#endif
