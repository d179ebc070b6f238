/* values.h — the text of a setting as a value of its type. */
#ifndef NX_VALUES_H
#define NX_VALUES_H

#include "nx-config.h"

/* Reads the non-empty `text` as `setting` wants it. TRUE: *value is what `config dump` prints for it. FALSE: *problem is what is wrong, in
 * words that follow the setting's name (config 3). */
gboolean nx_value_read(const NxSetting *setting, const char *text, json_object **value, char **problem);
/* Puts a value that nx_value_read accepted into the setting's member of `into` (NxSettings, NxNemoSettings, NxEmailSettings). */
void nx_value_store(const NxSetting *setting, const char *text, json_object *value, gpointer into);
/* A path without doubled slashes, "." parts and a slash at its end. */
char *nx_value_clean_path(const char *path);

#endif
