/* suggest.h — which option did the user mean? */
#ifndef NX_CLI_SUGGEST_H
#define NX_CLI_SUGGEST_H

#include <glib.h>

/* The at most three of `candidates` (NULL-terminated) that resemble `word` with a ratio of 0.6 or more, sorted by name. Borrowed texts in
 * an owned array. */
GPtrArray *nx_suggest(const char *word, const char *const *candidates);

#endif
