/* values.h — names and values of metadata, each distinct one kept once: a session of 100,000 files repeats most of them 100,000 times. */
#ifndef NX_VALUES_H
#define NX_VALUES_H

#include "nx-base.h"

typedef struct NxValues NxValues;
NxValues *nx_values_new(void);
void nx_values_free(NxValues *values);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxValues, nx_values_free)

/* The number of a value; an object that is no quantity counts as a leaf, too. Characters XML forbids are dropped, with a warning that names
 * `name`. */
guint32 nx_values_add(NxValues *values, json_object *value, const char *name);
/* What stands in the record for it (record-building §8), and its unit's symbol or NULL; borrowed. */
const char *nx_values_text(const NxValues *values, guint32 value);
const char *nx_values_unit(const NxValues *values, guint32 value);
/* Equality of record-building §7.3. */
gboolean nx_values_equal(const NxValues *values, guint32 a, guint32 b);

/* The number of a name; equal names have equal numbers. */
guint32 nx_values_add_name(NxValues *values, const char *name);
const char *nx_values_name(const NxValues *values, guint32 name);
/* Order of parameters: by lower-cased name, then by name (record-building §7.4). */
int nx_values_compare_names(const NxValues *values, guint32 a, guint32 b);

/* TRUE for {"value": number, "unit": text or null}, exactly these two keys. */
gboolean nx_value_is_quantity(json_object *value);

#endif
