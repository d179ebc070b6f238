/* nexuslims-summary.h — what a run tells people about each session. */
#ifndef NEXUSLIMS_SUMMARY_H
#define NEXUSLIMS_SUMMARY_H

#include "nx-base.h"

typedef struct {
  guint sessions, postponed, failed; /* failed: ERROR or BUILT_NOT_EXPORTED */
  GHashTable *by_status;             /* status word → count */
} Tally;

void tally_init(Tally *tally);
void tally_clear(Tally *tally);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Tally, tally_clear)

/* A session line that nx-db log-results wrote out: one line on stdout, and counted. Has the shape of a PipelineLine; user_data: Tally *. */
void summary_of_built(const char *line, gsize length, gpointer user_data);

/* A session line at the end of the dry-run pipeline: its files go to the log (record-building §1), one line to stdout, and it
 * is counted. */
void summary_of_dry_run(const char *line, gsize length, gpointer user_data);

/* "3 sessions: 2 COMPLETED, 1 ERROR". */
char *tally_text(const Tally *tally);

#endif
