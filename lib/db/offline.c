/* offline.c — migrations as a script instead of a change (database 4.6). The steps run in a scratch database beside the printing, so that
 * a rebuild, which depends on what a table is, comes out as concrete statements. */
#include "offline.h"

#include "driver.h"

#include <string.h>

/* The statement as the reference prints it: blanks for tabs, a semicolon, an empty line. */
void nx_offline_print(FILE *out, const char *statement)
{
  g_auto(GStrv) parts = g_strsplit(statement, "\t", -1);
  g_autofree char *text = g_strjoinv("    ", parts);
  fprintf(out, "%s;\n\n", text);
}

gboolean nx_offline_split(const char *range, char **from, char **to, GError **err)
{
  const char *colon = strchr(range, ':');
  *from = colon ? g_strndup(range, (gsize)(colon - range)) : NULL;
  *to = g_strdup(colon ? colon + 1 : range);
  if (**to && (!*from || **from))
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_USAGE, "invalid range '%s': write START:END, with both of them", range);
  return FALSE;
}

char **nx_offline_rows(const NxGraph *graph, const char *name, GError **err)
{
  g_autoptr(GPtrArray) revisions = nx_graph_resolve(graph, name, err);
  if (!revisions)
    return NULL;
  g_autoptr(GStrvBuilder) rows = g_strv_builder_new();
  for (guint i = 0; i < revisions->len; i++)
    g_strv_builder_add(rows, ((NxRevision *)revisions->pdata[i])->id);
  return g_strv_builder_end(rows);
}

/* ------------------------------------------------------------------------------------------------- scratch database */

static gboolean run_statements(NxDb *db, GPtrArray *statements, GError **err)
{
  for (guint i = 0; i < statements->len; i++)
    if (!nx_db_script(db, statements->pdata[i], err))
      return FALSE;
  return TRUE;
}

/* Runs a step without lines for a person; statements go to `out` when it is not NULL. Without a scratch database they are printed only. */
static gboolean run_step(NxDb *scratch, const NxStep *step, FILE *out, GError **err)
{
  for (guint i = 0; i < step->pieces->len; i++) {
    const NxPiece *piece = step->pieces->pdata[i];
    const char *rest = NULL;
    g_autofree char *name = piece->is_directive ? nx_directive_name(piece->text, &rest) : NULL;
    if (name && !g_str_equal(name, "batch"))
      continue;
    if (name && (!scratch || nx_db_driver(scratch) != &nx_db_driver_sqlite))
      return nx_revision_error(err, "%s: --@ batch rebuilds tables of SQLite: another engine needs a file of its own", step->revision->id);
    g_autoptr(GPtrArray) statements = name ? nx_batch_statements(scratch, rest, err) : g_ptr_array_new();
    if (!name)
      g_ptr_array_add(statements, piece->text);
    for (guint j = 0; out && statements && j < statements->len; j++)
      nx_offline_print(out, statements->pdata[j]);
    if (!statements || (scratch && !run_statements(scratch, statements, err)))
      return FALSE;
  }
  return TRUE;
}

static gboolean build_up_to(NxDb *scratch, const NxGraph *graph, char **rows, GError **err)
{
  char *none[] = {NULL};
  for (char **row = rows; *row; row++) {
    g_auto(GStrv) done = row == rows ? g_strdupv(none) : g_strdupv((char *[]){rows[0], NULL});
    g_autoptr(GPtrArray) steps = nx_plan(graph, nx_db_driver(scratch)->name, done, *row, TRUE, err);
    for (guint i = 0; steps && i < steps->len; i++)
      if (!run_step(scratch, steps->pdata[i], NULL, err))
        return FALSE;
    if (!steps)
      return FALSE;
  }
  return TRUE;
}

/* The tables and indexes of a database, without its rows. */
static gboolean copy_schema(NxDb *live, NxDb *scratch, GError **err)
{
  g_autoptr(NxRows) rows = nx_db_select(live, err,
                                        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
                                        "AND name <> 'alembic_version' ORDER BY CASE type WHEN 'table' THEN 0 ELSE 1 END, name",
                                        NULL);
  if (!rows)
    return FALSE;
  while (nx_rows_next(rows))
    if (!nx_db_script(scratch, nx_rows_text(rows, 0), err))
      return FALSE;
  return nx_rows_finish(rows, err);
}

static gboolean same_rows(char **a, char **b)
{
  gboolean same = g_strv_length(a) == g_strv_length(b);
  for (; *a; a++)
    same = same && g_strv_contains((const char *const *)b, *a);
  return same;
}

NxDb *nx_offline_scratch(const NxGraph *graph, const char *address, NxDb *live, char **rows, GError **err)
{
  g_autoptr(NxDb) scratch = nx_db_open(address ? address : "", NX_DB_SCRATCH, err);
  g_auto(GStrv) live_rows = live ? nx_version_rows(live, NULL, NULL) : NULL;
  if (!scratch || !nx_db_enforce_foreign_keys(scratch, FALSE, err))
    return NULL;
  gboolean made =
      live_rows && *live_rows && same_rows(live_rows, rows) ? copy_schema(live, scratch, err) : build_up_to(scratch, graph, rows, err);
  return made ? g_steal_pointer(&scratch) : NULL;
}

/* -------------------------------------------------------------------------------------------------------- the script */

static char *ids_joined(GPtrArray *revisions)
{
  GString *text = g_string_new(NULL);
  for (guint i = 0; i < revisions->len; i++)
    g_string_append_printf(text, "%s%s", i ? ", " : "", ((NxRevision *)revisions->pdata[i])->id);
  return g_string_free(text, FALSE);
}

static void print_headline(FILE *out, const NxStep *step)
{
  g_autofree char *parents = ids_joined(step->revision->parents);
  if (step->is_upgrade)
    fprintf(out, "-- Running upgrade %s -> %s\n\n", parents, step->revision->id);
  else
    fprintf(out, "-- Running downgrade %s -> %s\n\n", step->revision->id, parents);
}

/* A script for an engine that can take back changes of the schema is one transaction. */
static void print_frame(const char *engine, const char *word, FILE *out)
{
  if (g_str_equal(engine, nx_db_driver_postgresql.name))
    nx_offline_print(out, word);
}

static const char *engine_of(const char *address)
{
  const char *engine = address && *address ? nx_db_engine(address) : NULL;
  return engine ? engine : nx_db_driver_sqlite.name;
}

static gboolean print_steps(const NxGraph *graph, NxDb *scratch, GPtrArray *steps, char ***rows, FILE *out, GError **err)
{
  for (guint i = 0; i < steps->len; i++) {
    const NxStep *step = steps->pdata[i];
    if (!**rows)
      nx_offline_print(out, NX_VERSION_TABLE_SQL);
    print_headline(out, step);
    if (!run_step(scratch, step, out, err))
      return FALSE;
    g_autoptr(GPtrArray) moves = nx_version_statements(graph, step->revision, step->is_upgrade, rows, err);
    for (guint j = 0; moves && j < moves->len; j++)
      nx_offline_print(out, moves->pdata[j]);
    if (!moves)
      return FALSE;
  }
  if (steps->len && !**rows)
    nx_offline_print(out, "DROP TABLE alembic_version");
  return TRUE;
}

/* Where the script begins: what the range says, else the base (up) or where the database stands (down). */
static char **start_rows(const NxGraph *graph, NxDb *live, const char *from, gboolean is_upgrade, GError **err)
{
  if (from)
    return nx_offline_rows(graph, from, err);
  if (is_upgrade)
    return g_new0(char *, 1);
  g_auto(GStrv) rows = live ? nx_version_rows(live, NULL, NULL) : NULL;
  if (rows && *rows)
    return g_steal_pointer(&rows);
  nx_revision_error(err, "downgrade with --sql requires <fromrev>:<torev>");
  return NULL;
}

gboolean nx_offline_migrate(const NxGraph *graph, const char *address, const char *range, gboolean is_upgrade, FILE *out, GError **err)
{
  g_autofree char *from = NULL, *to = NULL;
  if (!nx_offline_split(range, &from, &to, err))
    return FALSE;
  g_autoptr(NxDb) live = address && *address && nx_db_exists(address) ? nx_db_open(address, NX_DB_READ, NULL) : NULL;
  g_auto(GStrv) rows = start_rows(graph, live, from, is_upgrade, err);
  const char *engine = engine_of(address);
  g_autoptr(GPtrArray) steps = rows ? nx_plan(graph, engine, rows, to, is_upgrade, err) : NULL;
  gboolean rebuilds = g_str_equal(engine, nx_db_driver_sqlite.name);
  g_autoptr(NxDb) scratch = steps && rebuilds ? nx_offline_scratch(graph, NULL, live, rows, err) : NULL;
  if (!steps || (rebuilds && !scratch))
    return FALSE;
  if (steps->len)
    print_frame(engine, "BEGIN", out);
  if (!print_steps(graph, scratch, steps, &rows, out, err))
    return FALSE;
  if (steps->len)
    print_frame(engine, "COMMIT", out);
  return TRUE;
}

void nx_offline_ensure_version(const char *address, FILE *out)
{
  print_frame(engine_of(address), "BEGIN", out);
  nx_offline_print(out, NX_VERSION_TABLE_SQL);
  nx_offline_print(out, "DROP TABLE alembic_version");
  print_frame(engine_of(address), "COMMIT", out);
}

gboolean nx_offline_stamp(const NxGraph *graph, const char *address, const char *range, FILE *out, GError **err)
{
  g_autofree char *from = NULL, *to = NULL;
  if (!nx_offline_split(range, &from, &to, err))
    return FALSE;
  g_auto(GStrv) rows = from ? nx_offline_rows(graph, from, err) : g_new0(char *, 1);
  g_autoptr(GPtrArray) targets = rows ? nx_graph_resolve(graph, to, err) : NULL;
  g_autoptr(GPtrArray) statements = targets ? nx_version_stamp(graph, rows, targets, FALSE, err) : NULL;
  if (!statements)
    return FALSE;
  g_autofree char *before = g_strjoinv(", ", rows);
  g_autofree char *after = ids_joined(targets);
  print_frame(engine_of(address), "BEGIN", out);
  if (statements->len && !*rows)
    nx_offline_print(out, NX_VERSION_TABLE_SQL);
  if (statements->len)
    fprintf(out, "-- Running stamp_revision %s -> %s\n\n", before, after);
  for (guint i = 0; i < statements->len; i++)
    nx_offline_print(out, statements->pdata[i]);
  if (targets->len == 0)
    nx_offline_print(out, "DROP TABLE alembic_version");
  print_frame(engine_of(address), "COMMIT", out);
  return TRUE;
}
