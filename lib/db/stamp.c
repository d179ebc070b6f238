/* stamp.c — sets the rows of the version table without running anything (database 4.7). */
#include "alembic.h"
#include "offline.h"
#include "schema-compare.h"

static gboolean run_statements(NxDb *db, GPtrArray *statements, GError **err)
{
  for (guint i = 0; i < statements->len; i++)
    if (!nx_db_run(db, err, statements->pdata[i], NULL))
      return FALSE;
  return TRUE;
}

/* A database that is told to be what it does not look like. */
static void warn_of_difference(NxDb *db, const NxGraph *graph, GPtrArray *targets)
{
  if (targets->len != 1)
    return;
  const NxRevision *revision = targets->pdata[0];
  g_autoptr(GPtrArray) differences = nx_schema_compare_at(db, graph, revision, NULL);
  if (!differences || differences->len == 0)
    return;
  fflush(stdout);
  g_autofree char *first = nx_log_shown(differences->pdata[0]);
  fprintf(stderr, "Warning: the schema does not look like %s: %s%s\n", revision->id, first, differences->len > 1 ? ", and more" : "");
}

static gboolean stamp(NxDb *db, const NxGraph *graph, GPtrArray *targets, gboolean purge, FILE *out, GError **err)
{
  g_auto(GStrv) rows = nx_version_rows(db, NULL, err);
  g_autoptr(GPtrArray) statements = rows ? nx_version_stamp(graph, rows, targets, purge, err) : NULL;
  g_autofree char *backup = NULL;
  if (!statements || (statements->len && !nx_migrate_backup(db, &backup, out, err)))
    return FALSE;
  warn_of_difference(db, graph, targets);
  g_autoptr(NxDbTransaction) transaction = nx_db_begin(db, err);
  return transaction && nx_version_table_make(db, err) && run_statements(db, statements, err) && nx_db_commit(&transaction, err);
}

static gboolean stamp_script(const NxAlembic *alembic, FILE *out, GError **err)
{
  GPtrArray *words = alembic->arguments->words;
  if (alembic->arguments->purge)
    return nx_revision_error(err, "Can't use --purge with --sql mode");
  for (guint i = 0; i < words->len; i++)
    if (!nx_offline_stamp(alembic->graph, alembic->address, words->pdata[i], out, err))
      return FALSE;
  return TRUE;
}

gboolean nx_alembic_stamp(const NxAlembic *alembic, FILE *out, GError **err)
{
  const NxAlembicArguments *arguments = alembic->arguments;
  if (arguments->sql)
    return stamp_script(alembic, out, err);
  g_ptr_array_add(arguments->words, NULL);
  g_autoptr(GPtrArray) targets = nx_graph_resolve_all(alembic->graph, (const char *const *)arguments->words->pdata, err);
  g_autoptr(NxDb) db = targets ? nx_alembic_open(alembic, NX_DB_WRITE, err) : NULL;
  return db && stamp(db, alembic->graph, targets, arguments->purge, out, err);
}
