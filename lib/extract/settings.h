/* settings.h — the few settings that reading files needs. Private to lib/extract and nx-extract. */
#ifndef NX_EXTRACT_SETTINGS_H
#define NX_EXTRACT_SETTINGS_H

#include "nx-base.h"

typedef struct {
  char *instrument_root; /* or NULL, as all of them */
  char *data_root;
  char *profiles_path;
  gboolean has_database;
} NxExtractSettings;

/* Loads them in a child process: the others, secrets among them, never enter this one, whose memory every reader of a hostile file inherits.
 * `needs_roots`: the two roots must be set. */
gboolean nx_extract_settings_load(gboolean needs_roots, NxExtractSettings *settings, GError **err);
void nx_extract_settings_clear(NxExtractSettings *settings);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NxExtractSettings, nx_extract_settings_clear)

/* The row of the instrument whose folder holds `path` (the longest, if several), as `nx-db instruments` gives it; NULL when there is none, no
 * database, or no nx-db. To be called before an NxExtractor is made: nx-db needs the environment. */
json_object *nx_extract_instrument_of(const char *path, const NxExtractSettings *settings);

#endif
