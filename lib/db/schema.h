/* schema.h — what the parts that make, seed and move the database of a schema share. */
#ifndef NX_DB_SCHEMA_H
#define NX_DB_SCHEMA_H

#include "migration.h"

struct NxSchema {
  NxGraph *graph; /* with the facts */
  const NxRevision *head;
  char **tables, **variables, **left_out;
};

void nx_watcher_tell(const NxWatcher *watcher, const NxEvent *event);
/* An event that has nothing but a text. */
void nx_watcher_say(const NxWatcher *watcher, NxEventKind kind, const char *text);
void nx_watcher_warn(const NxWatcher *watcher, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Sets *err to what a state of a database that is there is called; always returns FALSE. `detail` may be NULL. */
gboolean nx_state_refuse(NxState state, const char *detail, GError **err);

/* The tables, indexes and types that the database lacks, from head.<engine>.sql. What is there is not touched. Inside a transaction. */
gboolean nx_head_run(const NxSchema *schema, NxDb *db, const NxWatcher *watcher, GError **err);
/* Switches on the extensions of the engine that can be had. *there has the names of those that are. Inside a transaction. */
gboolean nx_extensions_enable(const NxSchema *schema, NxDb *db, gboolean warn, GHashTable *there, const NxWatcher *watcher, GError **err);
/* One sentence on the tables and columns that the head has and the database has not; NULL when there are none, or when it cannot be told.
 */
char *nx_head_missing(const NxSchema *schema, NxDb *db);

/* All sets of seeds in their order; `apart`: each in a transaction of its own, else inside the caller's. */
gboolean nx_seeds_apply(const NxSchema *schema, NxDb *db, gboolean apart, const NxWatcher *watcher, GError **err);

#endif
