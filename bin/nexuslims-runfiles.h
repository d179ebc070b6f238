/* nexuslims-runfiles.h — the two files of a run: its log and the lock that keeps a second run away. */
#ifndef NEXUSLIMS_RUNFILES_H
#define NEXUSLIMS_RUNFILES_H

#include "nx-base.h"

/* Makes `<folder>/YYYY/MM/DD/process_records_HH-MM-SS[_dryrun][-N].log`, local time, as a file that did not exist; from now on nx_log
 * writes to it too. Its path (owned) and a descriptor that appends to it. */
char *run_log_open(const char *folder, gboolean dry_run, int *fd, GError **err);

typedef enum { RUN_LOCK_TAKEN, RUN_LOCK_BUSY, RUN_LOCK_FAILED } RunLockState;

/* Takes the exclusive flock(2) on `path` without waiting and writes pid, host and time into it; it is ours until the process ends or
 * run_lock_release. BUSY: *holder (owned) is what the other instance wrote. Text that a dead instance left is logged and replaced. */
RunLockState run_lock_take(const char *path, int *fd, char **holder, GError **err);

/* Empties the file and gives the lock back; the file stays. */
void run_lock_release(int fd);

#endif
