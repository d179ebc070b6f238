/* places.h — places in the graph of revisions, for naming and for planning. */
#ifndef NX_DB_PLACES_H
#define NX_DB_PLACES_H

#include "revisions.h"

/* An array of one revision, or of none for NULL. */
GPtrArray *nx_place_alone(NxRevision *revision);
/* Those of `revisions` that lie on one line with `branch` (NULL: all). */
GPtrArray *nx_places_on_branch(GPtrArray *revisions, NxRevision *branch);
GPtrArray *nx_places_without_parents(const NxGraph *graph);
/* Two places on one line of descent cannot both be asked for. */
gboolean nx_places_check_apart(GPtrArray *revisions, gboolean with_dependencies, GError **err);

typedef enum { WALK_DONE, WALK_TOO_FAR, WALK_ERROR } WalkResult;

/* `steps` up (positive) or down from *place; NULL is the base. Past the end: WALK_TOO_FAR, *place is the last one. */
WalkResult nx_place_walk(const NxGraph *graph, NxRevision **place, int steps, NxRevision *branch, GError **err);
/* "+2" → 2 */
int nx_place_steps(const char *text);
/* Sets *err; always returns FALSE. */
gboolean nx_place_too_few_steps(GError **err, const char *relative);

#endif
