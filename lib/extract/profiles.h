/* profiles.h — instrument profiles: jq filters that a site lays beside ours, run over the metadata of each signal (extractors-b §13.1).
 * Private to lib/extract and nx-extract. */
#ifndef NX_PROFILES_H
#define NX_PROFILES_H

#include "nx-extract.h"

/* Finds the profiles of share/profiles and of `local_folder` (or NULL). Files that cannot be used are logged warnings. Call once, before the rest. */
void nx_profiles_load(const char *local_folder);
void nx_profiles_unload(void);
/* Compiles those that match, so that children forked later find them ready. TRUE when there are any. */
gboolean nx_profiles_prepare(const char *instrument_pid);
/* Compiles `paths` (NULL-terminated; none: all that were found) and writes a line about each to `out`, also about what was found and could not be
 * loaded. TRUE when all are good. */
gboolean nx_profiles_check(const char *const *paths, FILE *out);

/* Called with a profile's number when it starts, and with NX_PROFILES_NONE when it has ended: who watches over the process can tell then which one broke it. */
typedef void (*NxProfileWatch)(int number, gpointer user_data);
void nx_profiles_watch(NxProfileWatch watch, gpointer user_data);
enum { NX_PROFILES_NONE = -1 };
/* Profile `number` does not run any more in this process. */
void nx_profiles_skip(int number);
/* Logs which profiles failed, and why, since the last call. Not nx_profiles_run() itself does so: when a later profile breaks the process, the next
 * process runs the earlier ones again, and each failure would be told as often. */
void nx_profiles_log_failures(void);
/* The file name of profile `number`, or NULL. */
const char *nx_profiles_name(int number);

#define NX_PROFILE_SECONDS 5
#define NX_PROFILE_BYTES (64u * 1024u * 1024u)

#endif
