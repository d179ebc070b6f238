/* dm-fields.h — copies tags of a DigitalMicrograph file into metadata objects by table. Private to lib/extract. */
#ifndef NX_DM_FIELDS_H
#define NX_DM_FIELDS_H

#include "dm-tags.h"

/* A tag and the key it becomes. */
typedef struct {
  const char *path; /* below the base, names joined by ':' */
  const char *key;  /* NULL: the last name of the path, less its " (unit)" when the value became a quantity */
  const char *unit; /* NULL: the value as it is */
} DmField;

typedef enum {
  DM_FIELDS_ALL = 0,
  DM_FIELDS_NO_JUNK = 1 << 0, /* leave out texts that tell people not to touch the field */
} DmFieldsFlags;

/* Copies what is there and not empty; an existing key is overwritten. A value that is no number and no numeric text stays as it is even
 * where a unit is listed, and then keeps the tag's own name. `prefix` (or "") goes before each key. */
void dm_fields_copy(const DmTree *tree, const DmTag *base, const DmField *fields, gsize n_fields, DmFieldsFlags flags, const char *prefix,
                    json_object *to);

/* The value of a tag as metadata; NULL when it is missing, or an array or text too long to be metadata. */
json_object *dm_field_value(const DmTree *tree, const DmTag *tag);
/* A quantity where `value` is a number or numeric text and `unit` not NULL, else `value` itself; consumes it. */
json_object *dm_field_quantity(json_object *value, const char *unit);

#endif
