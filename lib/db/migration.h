/* migration.h — one step of the schema: its SQL file as statements and directives, and what running it needs. */
#ifndef NX_DB_MIGRATION_H
#define NX_DB_MIGRATION_H

#include "nx-db.h"
#include "revisions.h"

/* A piece of a migration file. */
typedef struct {
  gboolean is_directive;
  char *text; /* a statement without its `;`, or what follows `--@ ` */
  guint line;
} NxPiece;

/* Cuts SQL at its semicolons, knowing quotes, comments, $$ bodies and triggers; comments before a statement are dropped.
 * `name` is for messages. Returns an array of NxPiece*. */
GPtrArray *nx_pieces_parse(const char *sql, const char *name, GError **err);
GPtrArray *nx_pieces_read(const char *path, GError **err);

/* A revision's file, up or down. */
typedef struct {
  const NxRevision *revision;
  gboolean is_upgrade;
  GPtrArray *pieces; /* NxPiece* */
} NxStep;

/* ------------------------------------------------------------------------------------------------- table definitions */

typedef struct {
  char *name;     /* without quotes */
  char *type;     /* "" when there is none */
  char *standard; /* text of the DEFAULT, or NULL */
  gboolean not_null;
  gboolean is_generated;
  char *definition; /* all of it, as written behind the name, when it says more than the above (UNIQUE, CHECK, COLLATE, …); or NULL */
} NxColumn;

typedef enum { NX_CONSTRAINT_PRIMARY_KEY, NX_CONSTRAINT_UNIQUE, NX_CONSTRAINT_CHECK, NX_CONSTRAINT_FOREIGN_KEY } NxConstraintKind;

typedef struct {
  NxConstraintKind kind;
  char *name;            /* without quotes, or NULL */
  char **columns;        /* of a key; NULL for a check */
  char *text;            /* after the name, as written */
  gboolean is_of_column; /* a key that stands in the definition of its column; its text is empty */
} NxConstraint;

/* A table as the engine keeps it. */
typedef struct {
  char *name;
  GPtrArray *columns;     /* NxColumn* */
  GPtrArray *constraints; /* NxConstraint*, in the order of the statement */
  GPtrArray *indexes;     /* text of the CREATE INDEX statements */
} NxTable;
NxTable *nx_table_read(NxDb *db, const char *name, GError **err);
/* One without columns yet. */
NxTable *nx_table_new(const char *name);
void nx_table_add_column(NxTable *table, const char *name, const char *type, const char *standard, gboolean not_null);
void nx_table_free(NxTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxTable, nx_table_free)
/* CREATE TABLE in the layout of database 2, under another name. */
char *nx_table_statement(const NxTable *table, const char *name);

/* `batch TABLE drop a, b; rename x y; add name TYPE; nullable c`: the statements that rebuild the table as it stands (database 8.3). */
GPtrArray *nx_batch_statements(NxDb *db, const char *arguments, GError **err);
/* Before any step, to be told in time: FALSE, with the reason, when the table is there and something that it says could not be kept. */
gboolean nx_batch_check(NxDb *db, const char *arguments, GError **err);
/* Runs them, inside a transaction of the caller's and with foreign keys off; an error on other engines than SQLite. */
gboolean nx_batch_run(NxDb *db, const char *arguments, GError **err);
/* Takes the NOT NULL of a column away, on every engine, with the same conditions; the names are plain ones of the schema. */
gboolean nx_column_allow_null(NxDb *db, const char *table, const char *column, GError **err);
/* The name that the rebuilt table has until it takes the old one's place. */
char *nx_batch_temporary(const char *arguments);

/* -------------------------------------------------------------------------------------------------------- directives */

/* What the directives of one step remember from its beginning. */
typedef struct NxWatch NxWatch;
/* Counts what the `verify` directives will want to see again. */
NxWatch *nx_watch_start(NxDb *db, GPtrArray *pieces, GError **err);
void nx_watch_free(NxWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxWatch, nx_watch_free)
/* Runs one directive; lines for a person go to `out`. */
gboolean nx_directive_run(NxDb *db, NxWatch *watch, const char *directive, FILE *out, GError **err);
/* Refuses unknown directives and steps that say `irreversible "reason"`. */
gboolean nx_directives_check(GPtrArray *pieces, GError **err);
/* Drops the copies that a broken-off run of the reference left beside the tables they were made from (database 4.5). */
gboolean nx_leftovers_drop(NxDb *db, GPtrArray *pieces, GError **err);
/* A step was refused by a CHECK of its own: adds the rows that it does not let pass to the message. To be called after the rollback. */
void nx_offenders_name(NxDb *db, GPtrArray *pieces, GError **err);
/* The table into which the statement copies rows that a `verify … as` compares; NULL: it does not. Borrowed. */
const char *nx_watch_copy(const NxWatch *watch, const char *statement);
/* First word → the rest; *rest is borrowed. */
char *nx_directive_name(const char *directive, const char **rest);

/* ------------------------------------------------------------------------------------------------------- copies of rows */

/* `INSERT INTO table …`? */
gboolean nx_copy_is_into(const char *statement, const char *table);
/* Runs such a statement. Rows that a CHECK of the table `copy` refuses are an error, which is NX_ERROR_DATA and leaves the rows to the
 * rollback. */
gboolean nx_copy_run(NxDb *db, const char *copy, const char *statement, GError **err);

/* -------------------------------------------------------------------------------------------------------- foreign keys */

/* Rows that name a row which is not there, in the tables that a step may change. */
typedef struct NxOrphans NxOrphans;
/* `pieces` is the step, of NxPiece*. */
NxOrphans *nx_orphans_read(NxDb *db, GPtrArray *pieces, GError **err);
void nx_orphans_free(NxOrphans *orphans);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxOrphans, nx_orphans_free)
/* After the step: NX_ERROR_DATA names the first row that was none before it. `before` NULL: there were none. */
gboolean nx_orphans_check_none_new(NxDb *db, GPtrArray *pieces, const NxOrphans *before, GError **err);

/* ---------------------------------------------------------------------------------------------------- a site's own additions */

/* Columns, indexes and triggers, for nx_parts_restore after a step: what is there when views are taken. Empty where steps change tables in place. */
GPtrArray *nx_parts_read(NxDb *db, GError **err);
/* After the step, inside its transaction: makes the indexes again that went with a table. Returns what cannot come along, in words ("column note
 * of session_log"): what the step does not name, or destroy with the rows of a table, and its tables have no more. */
GPtrArray *nx_parts_restore(NxDb *db, const NxStep *step, GPtrArray *before, GError **err);
/* Views, foreign keys, indexes and triggers, where a step that destroys a table takes with it what depends on that; elsewhere empty. */
GPtrArray *nx_dependents_read(NxDb *db, const NxStep *step, GError **err);
/* After the step: adds those that went to `lost`. */
gboolean nx_dependents_name(NxDb *db, const NxStep *step, GPtrArray *before, GPtrArray *lost, GError **err);
/* Takes the views and triggers away that the step does not make or drop itself, and that could stop it, for nx_views_restore; the triggers do
 * not fire during the step. Empty where steps change tables in place. */
GPtrArray *nx_views_take(NxDb *db, GPtrArray *pieces, GError **err);
/* Makes them again. A view whose name a table has now, that could be read before and cannot be now, or that would give the name of a column
 * that is gone for its value, is left away with the views and triggers that read it, and so is a trigger that would refuse every row now; all
 * are added to `lost` ("view errors"). `before` is of nx_parts_read. */
gboolean nx_views_restore(NxDb *db, GPtrArray *views, GPtrArray *before, GPtrArray *lost, GError **err);

/* ----------------------------------------------------------------------------------------------------- version table */

#define NX_VERSION_TABLE_SQL                                                                                                               \
  "CREATE TABLE alembic_version (\n\tversion_num VARCHAR(32) NOT NULL, \n\tCONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)\n)"

/* Rows of alembic_version, sorted; *exists tells an absent table from an empty one (may be NULL). */
char **nx_version_rows(NxDb *db, gboolean *exists, GError **err);
gboolean nx_version_table_make(NxDb *db, GError **err);
/* The statements that move the rows past `revision`, which has been run up or down; `rows` is replaced by the rows afterwards. */
GPtrArray *nx_version_statements(const NxGraph *graph, const NxRevision *revision, gboolean is_upgrade, char ***rows, GError **err);
/* The statements that set the rows to `target` (revisions; empty: base). `purge`: whatever is there. */
GPtrArray *nx_version_stamp(const NxGraph *graph, char **rows, GPtrArray *target, gboolean purge, GError **err);

/* ------------------------------------------------------------------------------------------------------------- running */

/* The steps from where the database stands (`rows`) to `target`, their files read and checked. NxStep*. */
GPtrArray *nx_plan(const NxGraph *graph, const char *engine, char **rows, const char *target, gboolean is_upgrade, GError **err);

/* One step inside a transaction that is the caller's: statements, directives, and the rows of the version table, which `rows` has to name and
 * names again afterwards. */
gboolean nx_step_run(NxDb *db, const NxGraph *graph, const NxStep *step, char ***rows, FILE *out, GError **err);
/* The same in a database where a site may have additions of its own: what of them did not come along, in words ("view errors"); NULL: failed. */
GPtrArray *nx_step_run_with_additions(NxDb *db, const NxGraph *graph, const NxStep *step, char ***rows, FILE *out, GError **err);

/* Brings the database to `target`: a plan, a backup, then one transaction a revision. What a person should know goes to `out`. */
gboolean nx_migrate(NxDb *db, const NxGraph *graph, const char *target, gboolean is_upgrade, FILE *out, GError **err);
/* The tables of `revision` in a database that has none, inside a transaction that enforces no foreign keys. They are made by way of the head: what
 * a downgrade leaves takes the rows of an upgraded and of a downgraded database, which has nulls that the shape of the way up forbids. */
gboolean nx_schema_make(NxDb *db, const NxGraph *graph, const char *revision, FILE *out, GError **err);
/* "✓ Database backup created: …" on `out`, and *name; only for a database that has a version table, else *name is NULL. */
gboolean nx_migrate_backup(NxDb *db, char **name, FILE *out, GError **err);
/* Fills an empty database inside a transaction. */
typedef gboolean (*NxDatabaseBuild)(NxDb *db, gpointer user_data, GError **err);
/* A new database that `build` fills: appears at the address whole or not at all. With `replace` an old file gets its backup name first, which
 * `out` is told. */
gboolean nx_database_make_with(const char *address, NxDatabaseBuild build, gpointer user_data, gboolean replace, FILE *out, GError **err);
/* The same at head. */
gboolean nx_database_make(const NxGraph *graph, const char *address, gboolean replace, FILE *out, GError **err);
/* Gives the finished SQLite file `from` the name `path` too, when nothing is there (otherwise *err says that the file exists), after
 * nx_database_set_journals_aside. Where the file system knows no second names, `from` is gone afterwards. */
gboolean nx_database_place_new(const char *from, const char *path, GError **err);
/* Before a finished SQLite file comes to `path`: SQLite would replay a journal that lies there into it. Those of a database that is there, and
 * about to be replaced, are first emptied into it; what holds rows after that is kept as `PATH-wal_backup_20260207_143216.left`, with a warning.
 * Errors name the journal that cannot be moved, or say that what is at `path` is no regular file. */
gboolean nx_database_set_journals_aside(const char *path, GError **err);

#endif
