/* schema-script.c — pending migrations of a schema as SQL in the dialect of the database, executed nowhere (igem-db 5.5). */
#include "driver.h"
#include "offline.h"
#include "schema.h"

/* A name that is none is the caller's to report: an error of states, not of revisions. */
static gboolean check_target(const NxSchema *schema, const char *target, GError **err)
{
  g_autoptr(GPtrArray) found = nx_graph_resolve(schema->graph, target, NULL);
  return (found && found->len == 1) || nx_state_refuse(NX_STATE_UNKNOWN_REVISION, target, err);
}

static gboolean print_pieces(const NxStep *step, FILE *out, GError **err)
{
  for (guint i = 0; i < step->pieces->len; i++) {
    const NxPiece *piece = step->pieces->pdata[i];
    const char *rest = NULL;
    g_autofree char *name = piece->is_directive ? nx_directive_name(piece->text, &rest) : NULL;
    if (g_strcmp0(name, "batch") == 0)
      return nx_revision_error(err, "%s: a table that is rebuilt as it stands cannot be written as a script", step->revision->id);
    if (!name)
      nx_offline_print(out, piece->text);
  }
  return TRUE;
}

static gboolean print_step(const NxSchema *schema, const NxStep *step, char ***rows, FILE *out, GError **err)
{
  g_autofree char *parents = g_strjoinv(", ", step->revision->parent_ids);
  if (!**rows)
    nx_offline_print(out, NX_VERSION_TABLE_SQL);
  fprintf(out, "-- Running upgrade %s -> %s\n\n", parents, step->revision->id);
  if (!print_pieces(step, out, err))
    return FALSE;
  g_autoptr(GPtrArray) moves = nx_version_statements(schema->graph, step->revision, TRUE, rows, err);
  for (guint i = 0; moves && i < moves->len; i++)
    nx_offline_print(out, moves->pdata[i]);
  return moves != NULL;
}

/* An engine without a scratch database beside it, whose changes of tables are transactions: the files as they stand. */
static gboolean print_files(const NxSchema *schema, const char *engine, char ***rows, const char *target, FILE *out, GError **err)
{
  g_autoptr(GPtrArray) steps = nx_plan(schema->graph, engine, *rows, target, TRUE, err);
  if (!steps)
    return FALSE;
  nx_offline_print(out, "BEGIN");
  for (guint i = 0; i < steps->len; i++)
    if (!print_step(schema, steps->pdata[i], rows, out, err))
      return FALSE;
  nx_offline_print(out, "COMMIT");
  return TRUE;
}

gboolean nx_schema_script(const NxSchema *schema, const char *address, const char *target, gboolean from_current, FILE *out, GError **err)
{
  g_autoptr(NxDb) db = nx_db_open(address, NX_DB_READ, err);
  g_auto(GStrv) rows = db && check_target(schema, target, err) ? nx_version_rows(db, NULL, err) : NULL;
  if (!rows)
    return FALSE;
  const char *engine = nx_db_driver(db)->name, *from = from_current && *rows ? *rows : "base";
  if (g_str_equal(engine, nx_db_driver_sqlite.name)) {
    g_autofree char *range = g_strdup_printf("%s:%s", from, target);
    return nx_offline_migrate(schema->graph, address, range, TRUE, out, err);
  }
  g_auto(GStrv) start = nx_offline_rows(schema->graph, from, err);
  return start && print_files(schema, engine, &start, target, out, err);
}
