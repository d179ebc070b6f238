/* sources.h — where settings come from: the process environment, then one .env file. */
#ifndef NX_SOURCES_H
#define NX_SOURCES_H

#include "dotenv.h"
#include "nx-config.h"

typedef struct {
  char *path;     /* of the .env file; NULL: none found */
  NxDotenv *file; /* NULL: none found */
} NxSources;

/* The .env file that counts: $NX_ENV_FILE, else the first regular file of that name from the working directory upwards; NULL: none. */
char *nx_sources_find(void);
/* Finds and reads it. No file is fine; one that cannot be read is NX_ERROR_CONFIG. Statements that do not parse are warned about. */
NxSources *nx_sources_read(NxDotenvLookup lookup, GError **err);
void nx_sources_free(NxSources *sources);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxSources, nx_sources_free)

/* The value of a variable: borrowed. NULL: not set, or empty, which counts as not set. An empty variable of the environment hides the file's. */
const char *nx_sources_get(const NxSources *sources, const char *name);
/* Every variable name of both, each once, sorted. */
char **nx_sources_names(const NxSources *sources);

#endif
