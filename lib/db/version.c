/* version.c — the table alembic_version: one row for each head that the database has reached, and how a step moves the rows
 * (database 2.1 and 4.5). The same statements serve the database and --sql. */
#include "migration.h"

#include <string.h>

char **nx_version_rows(NxDb *db, gboolean *exists, GError **err)
{
  gboolean has = FALSE;
  if (!nx_db_has_table(db, "alembic_version", &has, err))
    return NULL;
  if (exists)
    *exists = has;
  g_autoptr(GStrvBuilder) versions = g_strv_builder_new();
  if (!has)
    return g_strv_builder_end(versions);
  g_autoptr(NxRows) rows = nx_db_select(db, err, "SELECT version_num FROM alembic_version ORDER BY version_num", NULL);
  if (!rows)
    return NULL;
  while (nx_rows_next(rows)) {
    g_autofree char *version = nx_text_utf8(nx_rows_text(rows, 0) ? nx_rows_text(rows, 0) : "", -1);
    g_strv_builder_add(versions, version);
  }
  return nx_rows_finish(rows, err) ? g_strv_builder_end(versions) : NULL;
}

gboolean nx_version_table_make(NxDb *db, GError **err)
{
  gboolean has = FALSE;
  return nx_db_has_table(db, "alembic_version", &has, err) && (has || nx_db_script(db, NX_VERSION_TABLE_SQL, err));
}

/* -------------------------------------------------------------------------------------------------------- statements */

static char *quoted(const char *text)
{
  g_auto(GStrv) parts = g_strsplit(text, "'", -1);
  g_autofree char *doubled = g_strjoinv("''", parts);
  return g_strdup_printf("'%s'", doubled);
}

static void add_insert(GPtrArray *statements, const char *id)
{
  g_autofree char *value = quoted(id);
  g_ptr_array_add(statements, g_strdup_printf("INSERT INTO alembic_version (version_num) VALUES (%s)", value));
}

static void add_delete(GPtrArray *statements, const char *id)
{
  g_autofree char *value = quoted(id);
  g_ptr_array_add(statements, g_strdup_printf("DELETE FROM alembic_version WHERE alembic_version.version_num = %s", value));
}

static void add_update(GPtrArray *statements, const char *from, const char *to)
{
  g_autofree char *old_value = quoted(from);
  g_autofree char *new_value = quoted(to);
  g_ptr_array_add(statements, g_strdup_printf("UPDATE alembic_version SET version_num=%s WHERE alembic_version.version_num = %s", new_value,
                                              old_value));
}

/* Replaces the rows `gone` by the rows `come`: updates as long as both have one, then deletes or inserts the rest. */
static void add_replacement(GPtrArray *statements, GPtrArray *gone, GPtrArray *come)
{
  guint shared = MIN(gone->len, come->len);
  for (guint i = 0; i + shared < gone->len; i++)
    add_delete(statements, gone->pdata[i]);
  for (guint i = 0; i < shared; i++)
    add_update(statements, gone->pdata[gone->len - shared + i], come->pdata[i]);
  for (guint i = shared; i < come->len; i++)
    add_insert(statements, come->pdata[i]);
}

/* Rows without `gone`, with `come`. */
static char **rows_after(char **rows, GPtrArray *gone, GPtrArray *come)
{
  g_autoptr(GStrvBuilder) after = g_strv_builder_new();
  for (; *rows; rows++)
    if (!g_ptr_array_find_with_equal_func(gone, *rows, g_str_equal, NULL))
      g_strv_builder_add(after, *rows);
  for (guint i = 0; i < come->len; i++)
    g_strv_builder_add(after, come->pdata[i]);
  return g_strv_builder_end(after);
}

/* Ids of `candidates` that no row but `besides` stands on. */
static GPtrArray *not_below_other_rows(GPtrArray *candidates, GPtrArray *rows, const NxRevision *besides)
{
  g_autoptr(GPtrArray) others = g_ptr_array_new();
  for (guint i = 0; i < rows->len; i++)
    if (rows->pdata[i] != besides && !g_ptr_array_find(candidates, rows->pdata[i], NULL))
      g_ptr_array_add(others, rows->pdata[i]);
  g_autoptr(GHashTable) below = nx_revisions_below(others, TRUE);
  GPtrArray *ids = g_ptr_array_new();
  for (guint i = 0; i < candidates->len; i++)
    if (!g_hash_table_contains(below, candidates->pdata[i]))
      g_ptr_array_add(ids, ((NxRevision *)candidates->pdata[i])->id);
  return ids;
}

GPtrArray *nx_version_statements(const NxGraph *graph, const NxRevision *revision, gboolean is_upgrade, char ***rows, GError **err)
{
  g_autoptr(GPtrArray) current = nx_graph_resolve_rows(graph, *rows, err);
  if (!current)
    return NULL;
  g_autoptr(GPtrArray) below = nx_revision_predecessors(revision);
  g_autoptr(GPtrArray) gone = g_ptr_array_new(), come = g_ptr_array_new();
  if (is_upgrade) {
    g_autoptr(GPtrArray) candidates = not_below_other_rows(below, current, NULL);
    for (guint i = 0; i < candidates->len; i++)
      if (g_strv_contains((const char *const *)*rows, candidates->pdata[i]))
        g_ptr_array_add(gone, candidates->pdata[i]);
    g_ptr_array_add(come, revision->id);
  } else {
    g_autoptr(GPtrArray) candidates = not_below_other_rows(below, current, revision);
    g_ptr_array_extend(come, candidates, NULL, NULL);
    for (guint i = come->len; i > 0; i--)
      if (g_strv_contains((const char *const *)*rows, come->pdata[i - 1]))
        g_ptr_array_remove_index(come, i - 1);
    g_ptr_array_add(gone, revision->id);
  }
  GPtrArray *statements = g_ptr_array_new_with_free_func(g_free);
  add_replacement(statements, gone, come);
  char **after = rows_after(*rows, gone, come);
  g_strfreev(*rows);
  *rows = after;
  return statements;
}

/* ----------------------------------------------------------------------------------------------------------- stamping */

static GPtrArray *stamp_everything(char **rows, GPtrArray *target)
{
  GPtrArray *statements = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GPtrArray) gone = g_ptr_array_new(), come = g_ptr_array_new();
  for (char **row = rows; *row; row++) {
    gboolean stays = FALSE;
    for (guint i = 0; i < target->len; i++)
      stays = stays || g_str_equal(((NxRevision *)target->pdata[i])->id, *row);
    if (!stays)
      g_ptr_array_add(gone, *row);
  }
  for (guint i = 0; i < target->len; i++)
    if (!g_strv_contains((const char *const *)rows, ((NxRevision *)target->pdata[i])->id))
      g_ptr_array_add(come, ((NxRevision *)target->pdata[i])->id);
  add_replacement(statements, gone, come);
  return statements;
}

/* The rows that lie on one line of descent with a target; the others, on other branches, stay. */
static GPtrArray *rows_on_lines_of(GPtrArray *current, GPtrArray *target)
{
  g_autoptr(GHashTable) above = nx_revisions_above(target, TRUE);
  g_autoptr(GHashTable) below = nx_revisions_below(target, TRUE);
  GPtrArray *ids = g_ptr_array_new();
  for (guint i = 0; i < current->len; i++)
    if (target->len == 0 || g_hash_table_contains(above, current->pdata[i]) || g_hash_table_contains(below, current->pdata[i]))
      g_ptr_array_add(ids, ((NxRevision *)current->pdata[i])->id);
  g_ptr_array_add(ids, NULL);
  return ids;
}

GPtrArray *nx_version_stamp(const NxGraph *graph, char **rows, GPtrArray *target, gboolean purge, GError **err)
{
  if (purge)
    return stamp_everything(rows, target);
  g_autoptr(GPtrArray) current = nx_graph_resolve_rows(graph, rows, err);
  if (!current)
    return NULL;
  g_autoptr(GPtrArray) concerned = rows_on_lines_of(current, target);
  return stamp_everything((char **)concerned->pdata, target);
}
