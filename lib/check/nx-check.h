/* nx-check.h — the preflight: is everything in place that a build needs (export §9).
 *
 * A finding is a check line: {"kind":"check","name":…,"passed":…,"severity":"error"|"warning","message":…}. A failed error stops a build. */
#ifndef NX_CHECK_H
#define NX_CHECK_H

#include "nx-base.h"
#include "nx-config.h"

typedef struct {
  const NxSettings *settings;
  gboolean settings_are_valid; /* else what can be read of them is looked at */
  gboolean before_build;       /* leaves out what the build itself finds out at once: where the instruments' addresses lead */
  gboolean dry_run;            /* leaves out what only a real run needs: writing, destinations, space, mail */
} NxCheckOptions;

/* Called with each finding as soon as it and all before it are known, in the order of export §9. `line` is borrowed. */
typedef void (*NxCheckFound)(json_object *line, gpointer user_data);

/* Runs all checks side by side. None can end the others: one that crashes becomes a failed finding. Takes as long as its slowest server. */
void nx_check_run(const NxCheckOptions *options, NxCheckFound found, gpointer user_data);

/* TRUE when this finding forbids a build. */
gboolean nx_check_stops(json_object *line);

/* ----------------------------------------------------------------------------------------------- the parts, for tests */

/* The finding about the export destinations. `answers`: an array of {"name","valid","error","local"}, in the order of priority. */
json_object *nx_check_judge_destinations(NxExportStrategy strategy, json_object *answers);
/* The finding about one folder's free space; NULL when there is enough. */
json_object *nx_check_judge_space(const char *folder, guint64 free_bytes);

#endif
