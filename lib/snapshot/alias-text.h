/* alias-text.h — normalised texts for the scan. */
#ifndef NX_SNAPSHOT_ALIAS_TEXT_H
#define NX_SNAPSHOT_ALIAS_TEXT_H

#include "nx-alias.h"

/* As nx_alias_normalise, with its length, and ALIAS_PADDING zeros behind it. n_bytes -1: NUL-terminated. */
char *alias_normalise(const char *text, gssize n_bytes, gsize *length);

/* The version of Unicode that normalisation follows, such as "15.0". */
const char *alias_unicode_version(void);

#endif
