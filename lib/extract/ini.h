/* ini.h — INI text of microscope software (extractors-b §1.5). Private to lib/extract. */
#ifndef NX_INI_H
#define NX_INI_H

#include "nx-base.h"

/* `text` (UTF-8) as an object of sections, each an object of strings, in the order of the text. Lines that cannot be read are skipped; *note
 * (may be NULL) is then a sentence about them, else NULL. */
json_object *nx_ini_parse(const char *text, char **note);
/* The value of `key` in `section`; NULL when either is missing. Borrowed. */
const char *nx_ini_get(json_object *ini, const char *section, const char *key);

#endif
