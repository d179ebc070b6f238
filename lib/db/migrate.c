/* migrate.c — brings a database from one revision to another: the plan before anything is touched, a backup, then one transaction a
 * revision, so that whatever stops a run leaves the database at a revision (database 8.2). */
#include "migration.h"

#include "driver.h"
#include "nx-cli.h"

/* ------------------------------------------------------------------------------------------------------------- plan */

static void step_free(gpointer data)
{
  NxStep *step = data;
  g_ptr_array_unref(step->pieces);
  g_free(step);
}

static NxStep *step_read(const NxRevision *revision, const char *engine, gboolean is_upgrade, GError **err)
{
  g_autofree char *path = nx_revision_file(revision, is_upgrade ? "up" : "down", engine);
  g_autoptr(GPtrArray) pieces = nx_pieces_read(path, err);
  if (!pieces)
    return NULL;
  if (!nx_directives_check(pieces, err)) {
    g_prefix_error(err, "%s: ", revision->id);
    return NULL;
  }
  NxStep *step = g_new0(NxStep, 1);
  step->revision = revision;
  step->is_upgrade = is_upgrade;
  step->pieces = g_steal_pointer(&pieces);
  return step;
}

GPtrArray *nx_plan(const NxGraph *graph, const char *engine, char **rows, const char *target, gboolean is_upgrade, GError **err)
{
  g_autoptr(GPtrArray) revisions =
      is_upgrade ? nx_graph_plan_upgrade(graph, rows, target, err) : nx_graph_plan_downgrade(graph, rows, target, err);
  if (!revisions)
    return NULL;
  g_autoptr(GPtrArray) steps = g_ptr_array_new_with_free_func(step_free);
  for (guint i = 0; i < revisions->len; i++) {
    NxStep *step = step_read(revisions->pdata[i], engine, is_upgrade, err);
    if (!step)
      return NULL;
    g_ptr_array_add(steps, step);
  }
  return g_steal_pointer(&steps);
}

/* --------------------------------------------------------------------------------------------------------- one step */

static gboolean run_statement(NxDb *db, const NxWatch *watch, const char *statement, GError **err)
{
  const char *copy = nx_watch_copy(watch, statement);
  return copy ? nx_copy_run(db, copy, statement, err) : nx_db_script(db, statement, err);
}

static gboolean run_pieces(NxDb *db, const NxStep *step, FILE *out, GError **err)
{
  g_autoptr(NxWatch) watch = nx_watch_start(db, step->pieces, err);
  for (guint i = 0; watch && i < step->pieces->len; i++) {
    const NxPiece *piece = step->pieces->pdata[i];
    if (!nx_check_interrupted(err))
      return FALSE;
    gboolean done = piece->is_directive ? nx_directive_run(db, watch, piece->text, out, err) : run_statement(db, watch, piece->text, err);
    fflush(out);
    if (!done)
      return FALSE;
  }
  return watch != NULL;
}

static gboolean move_version(NxDb *db, const NxGraph *graph, const NxStep *step, char ***rows, GError **err)
{
  g_autoptr(GPtrArray) statements = nx_version_statements(graph, step->revision, step->is_upgrade, rows, err);
  if (!statements || !nx_version_table_make(db, err))
    return FALSE;
  for (guint i = 0; i < statements->len; i++) {
    if (!nx_db_run(db, err, statements->pdata[i], NULL))
      return FALSE;
    if (nx_db_changed(db) == 1)
      continue;
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "alembic_version: one row should have changed, %" G_GINT64_FORMAT " did: %s",
                nx_db_changed(db), (const char *)statements->pdata[i]);
    return FALSE;
  }
  return TRUE;
}

/* Most databases have no orphans. Only when there are some after the step, it is taken back to see which there were before, and run again. */
static gboolean run_pieces_making_no_orphan(NxDb *db, const NxStep *step, FILE *out, GError **err)
{
  g_autoptr(GError) orphan = NULL;
  if (!nx_db_script(db, "SAVEPOINT step", err) || !run_pieces(db, step, out, err))
    return FALSE;
  if (nx_orphans_check_none_new(db, step->pieces, NULL, &orphan))
    return nx_db_script(db, "RELEASE step", err);
  if (orphan->code != NX_ERROR_DATA) {
    g_propagate_error(err, g_steal_pointer(&orphan));
    return FALSE;
  }
  g_autoptr(NxOrphans) before = nx_db_script(db, "ROLLBACK TO step", err) ? nx_orphans_read(db, step->pieces, err) : NULL;
  FILE *silence = before ? fopen("/dev/null", "we") : NULL;
  gboolean done = before && run_pieces(db, step, silence ? silence : out, err);
  if (silence)
    fclose(silence);
  return done && nx_orphans_check_none_new(db, step->pieces, before, err) && nx_db_script(db, "RELEASE step", err);
}

/* Nobody else may have moved the database since the plan was made. */
static gboolean check_still_at(NxDb *db, char **rows, GError **err)
{
  g_auto(GStrv) now = nx_version_rows(db, NULL, err);
  if (!now)
    return FALSE;
  gboolean same = g_strv_length(now) == g_strv_length(rows);
  for (char **row = now; *row; row++)
    same = same && g_strv_contains((const char *const *)rows, *row);
  if (!same)
    g_set_error_literal(err, NX_ERROR, NX_ERROR_DATA,
                        "another process has migrated this database in the meantime: look at `current` and start again");
  return same;
}

gboolean nx_step_run(NxDb *db, const NxGraph *graph, const NxStep *step, char ***rows, FILE *out, GError **err)
{
  if (!check_still_at(db, *rows, err) || !nx_leftovers_drop(db, step->pieces, err))
    return FALSE;
  return run_pieces_making_no_orphan(db, step, out, err) && move_version(db, graph, step, rows, err);
}

GPtrArray *nx_step_run_with_additions(NxDb *db, const NxGraph *graph, const NxStep *step, char ***rows, FILE *out, GError **err)
{
  g_autoptr(GPtrArray) views = nx_views_take(db, step->pieces, err);
  g_autoptr(GPtrArray) before = views ? nx_parts_read(db, err) : NULL;
  g_autoptr(GPtrArray) dependents = before ? nx_dependents_read(db, step, err) : NULL;
  if (!dependents || !nx_step_run(db, graph, step, rows, out, err))
    return NULL;
  g_autoptr(GPtrArray) lost = nx_parts_restore(db, step, before, err);
  if (!lost || !nx_views_restore(db, views, before, lost, err) || !nx_dependents_name(db, step, dependents, lost, err))
    return NULL;
  return g_steal_pointer(&lost);
}

/* `backup`: what holds the database as it was. */
static gboolean run_step(NxDb *db, const NxGraph *graph, const NxStep *step, const char *backup, char ***rows, FILE *out, GError **err)
{
  NxDbTransaction *transaction = nx_db_begin(db, err);
  g_autoptr(GPtrArray) lost = transaction ? nx_step_run_with_additions(db, graph, step, rows, out, err) : NULL;
  if (lost && nx_db_commit(&transaction, err)) {
    for (guint i = 0; i < lost->len; i++)
      nx_log_warning("the %s did not come along; it is in the backup %s", (const char *)lost->pdata[i], backup);
    return TRUE;
  }
  nx_db_rollback(transaction);
  nx_offenders_name(db, step->pieces, err);
  return FALSE;
}

/* -------------------------------------------------------------------------------------------------------- whole run */

/* Tables without a revision: the usual trap of a database made before migrations. */
static gboolean check_is_stamped(NxDb *db, const NxGraph *graph, char **rows, GError **err)
{
  if (*rows)
    return TRUE;
  g_auto(GStrv) tables = nx_db_tables(db, err);
  if (!tables)
    return FALSE;
  for (char **table = graph->tables; *table; table++)
    if (g_strv_contains((const char *const *)tables, *table)) {
      const NxRevision *first = graph->revisions->len ? graph->revisions->pdata[0] : NULL;
      g_set_error(err, NX_ERROR, NX_ERROR_FORMAT,
                  "The database has tables but no revision, so nothing was changed. Was it made by a version before migrations? "
                  "Then mark it first: nexuslims db alembic stamp %s",
                  first ? first->id : "base");
      return FALSE;
    }
  return TRUE;
}

/* What only a later step would refuse is better known before the first. */
static gboolean check_batches(NxDb *db, GPtrArray *steps, GError **err)
{
  for (guint i = 0; i < steps->len; i++) {
    const NxStep *step = steps->pdata[i];
    for (guint j = 0; j < step->pieces->len; j++) {
      const NxPiece *piece = step->pieces->pdata[j];
      const char *rest = NULL;
      g_autofree char *directive = piece->is_directive ? nx_directive_name(piece->text, &rest) : NULL;
      if (directive && g_str_equal(directive, "batch") && !nx_batch_check(db, rest, err))
        return FALSE;
    }
  }
  return TRUE;
}

gboolean nx_migrate_backup(NxDb *db, char **name, FILE *out, GError **err)
{
  gboolean has = FALSE;
  *name = NULL;
  if (!nx_db_has_table(db, "alembic_version", &has, err) || (has && !nx_db_backup(db, name, err)))
    return FALSE;
  if (*name)
    nx_cli_print_success(out, "Database backup created: %s", *name);
  fflush(out);
  return TRUE;
}

static gboolean run_steps(NxDb *db, const NxGraph *graph, GPtrArray *steps, const char *backup, char ***rows, FILE *out, GError **err)
{
  for (guint i = 0; i < steps->len; i++) {
    gboolean done = run_step(db, graph, steps->pdata[i], backup, rows, out, err);
    fflush(out);
    if (!done)
      return FALSE;
  }
  return TRUE;
}

/* Inside a transaction of the caller's, without a backup. */
static gboolean migrate_inside(NxDb *db, const NxGraph *graph, const char *target, gboolean is_upgrade, FILE *out, GError **err)
{
  g_auto(GStrv) rows = nx_version_rows(db, NULL, err);
  g_autoptr(GPtrArray) steps = rows ? nx_plan(graph, nx_db_driver(db)->name, rows, target, is_upgrade, err) : NULL;
  for (guint i = 0; steps && i < steps->len; i++)
    if (!nx_step_run(db, graph, steps->pdata[i], &rows, out, err))
      return FALSE;
  return steps != NULL;
}

typedef struct {
  const NxGraph *graph;
  FILE *out;
} Build;

static gboolean build_at_head(NxDb *db, gpointer user_data, GError **err)
{
  const Build *build = user_data;
  return migrate_inside(db, build->graph, "heads", TRUE, build->out, err);
}

gboolean nx_database_make(const NxGraph *graph, const char *address, gboolean replace, FILE *out, GError **err)
{
  Build build = {.graph = graph, .out = out};
  return nx_database_make_with(address, build_at_head, &build, replace, out, err);
}

gboolean nx_schema_make(NxDb *db, const NxGraph *graph, const char *revision, FILE *out, GError **err)
{
  return migrate_inside(db, graph, "heads", TRUE, out, err) && migrate_inside(db, graph, revision, FALSE, out, err);
}

gboolean nx_migrate(NxDb *db, const NxGraph *graph, const char *target, gboolean is_upgrade, FILE *out, GError **err)
{
  g_auto(GStrv) rows = nx_version_rows(db, NULL, err);
  g_autoptr(GPtrArray) steps = rows ? nx_plan(graph, nx_db_driver(db)->name, rows, target, is_upgrade, err) : NULL;
  if (!steps || (is_upgrade && !check_is_stamped(db, graph, rows, err)))
    return FALSE;
  if (steps->len == 0)
    return TRUE;
  g_autofree char *backup = NULL;
  return check_batches(db, steps, err) && nx_migrate_backup(db, &backup, out, err) && nx_db_enforce_foreign_keys(db, FALSE, err) &&
         run_steps(db, graph, steps, backup, &rows, out, err);
}
