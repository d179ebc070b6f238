/* revisions.h — the graph of schema revisions: cards read from the SQL files, and the ways of naming a place in the graph. */
#ifndef NX_DB_REVISIONS_H
#define NX_DB_REVISIONS_H

#include "nx-base.h"

/* Errors that a person gets for what was asked (unknown revision, two heads, no way there), apart from errors of the database:
 * the Alembic-compatible commands answer 255 to the former and 1 to the latter. */
#define NX_REVISION_ERROR (nx_revision_error_quark())
GQuark nx_revision_error_quark(void);
/* Sets *err; always returns FALSE. */
gboolean nx_revision_error(GError **err, const char *format, ...) G_GNUC_PRINTF(2, 3);

typedef struct NxRevision NxRevision;
struct NxRevision {
  char *id;
  char **parent_ids, **label_list, **depends_ids, **destroys; /* never NULL */
  char *date, *title;
  char *prose;                      /* further description, "" when there is none */
  char *path;                       /* absolute, of the .up.sql */
  GPtrArray *parents, *depends;     /* borrowed NxRevision*, as written */
  GPtrArray *children, *dependents; /* the same, by id, descending */
  GPtrArray *labels;                /* own and inherited labels, borrowed text, sorted */
};

typedef struct {
  char *schema; /* "nexuslims" */
  char *folder;
  json_object *facts;   /* schema.json */
  char **tables;        /* of the head schema, from schema.json */
  GPtrArray *revisions; /* by id, ascending */
} NxGraph;

/* Reads and checks migrations/<schema>: unique ids, known parents, no cycle, complete pairs, file names. */
NxGraph *nx_graph_load(const char *schema, GError **err);
void nx_graph_free(NxGraph *graph);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxGraph, nx_graph_free)

/* The tables of every schema below migrations/, and alembic_version: what makes a database of PostgreSQL one of ours. */
char **nx_schemas_tables(void);

/* The exact id or label; borrowed or NULL. */
NxRevision *nx_graph_find(const NxGraph *graph, const char *id);
gboolean nx_revision_is_head(const NxRevision *revision);
/* A head that no other revision depends on either. */
gboolean nx_revision_is_real_head(const NxRevision *revision);

/* The path of the file of direction "up" or "down" for `engine`: the engine's own when there is one. */
char *nx_revision_file(const NxRevision *revision, const char *direction, const char *engine);

/* Sets of revisions (GHashTable, keys NxRevision*, borrowed). Both hold the start itself. */
GHashTable *nx_revisions_above(GPtrArray *start, gboolean with_dependents);
GHashTable *nx_revisions_below(GPtrArray *start, gboolean with_dependencies);
/* Children before parents; among equals by id, descending. */
GPtrArray *nx_revisions_sorted(GHashTable *set);
/* Heads of the graph, by id, descending; `real`: without those that another revision depends on. */
GPtrArray *nx_graph_heads(const NxGraph *graph, gboolean real);
/* The topmost of `revisions` and of all below them. */
GPtrArray *nx_revisions_topmost(GPtrArray *revisions);

/* Parents and dependencies that are not implied by one another: what the version table holds before this step. */
GPtrArray *nx_revision_predecessors(const NxRevision *revision);

/* ------------------------------------------------------------------------------------------- naming places (database 4.2) */

/* `id`, a prefix, `head`, `heads`, `base`, `label@…`, `-N` (down from the heads) → revisions; base is the empty array. */
GPtrArray *nx_graph_resolve(const NxGraph *graph, const char *name, GError **err);
/* Several names, which may not lie on one line of descent. */
GPtrArray *nx_graph_resolve_all(const NxGraph *graph, const char *const *names, GError **err);
/* The same for one: *revision is NULL for base. */
gboolean nx_graph_resolve_one(const NxGraph *graph, const char *name, NxRevision **revision, GError **err);
/* Rows of the version table → revisions. */
GPtrArray *nx_graph_resolve_rows(const NxGraph *graph, char **rows, GError **err);

/* The revisions to run, in the order to run them; `current` are the rows of the version table. */
GPtrArray *nx_graph_plan_upgrade(const NxGraph *graph, char **current, const char *target, GError **err);
GPtrArray *nx_graph_plan_downgrade(const NxGraph *graph, char **current, const char *target, GError **err);
/* Revisions from `lower` to `upper`, both included, newest first. Bounds as on the command line; `current` may be NULL when no bound needs
 * it. */
GPtrArray *nx_graph_range(const NxGraph *graph, char **current, const char *lower, const char *upper, GError **err);

/* --------------------------------------------------------------------------------------------------------- showing */

/* "a -> b (head), Title." */
char *nx_revision_line(const NxRevision *revision, gboolean is_current);
/* "b (head)", with labels when asked. */
char *nx_revision_short(const NxRevision *revision, gboolean labels, gboolean tree_marks);
/* The entry of history -v, ending in an empty line. */
char *nx_revision_entry(const NxRevision *revision, gboolean is_current);

/* `id` → the present name of a pre-release id, or NULL (database 1). */
const char *nx_revision_renamed(const char *id);

#endif
