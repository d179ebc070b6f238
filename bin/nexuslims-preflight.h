/* nexuslims-preflight.h — the checks before a build. */
#ifndef NEXUSLIMS_PREFLIGHT_H
#define NEXUSLIMS_PREFLIGHT_H

#include "nx-base.h"

/* Runs nexuslims-check and logs its findings. FALSE (logged) when one of them forbids the build, or the checks could not be made.
 * `verbosity` is "-v", "-vv" or NULL; what nexuslims-check says on standard error goes to `log_fd` and to ours. */
gboolean preflight_passes(gboolean dry_run, const char *verbosity, int log_fd);

#endif
