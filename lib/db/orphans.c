/* orphans.c — rows that name a row which is not there. Those of old databases are data (database 5.3): a step of a migration leaves them,
 * but makes no new ones. */
#include "driver.h"
#include "migration.h"
#include "sql-text.h"

#include <string.h>

/* The orphans of one table. */
typedef struct {
  char *table;
  gboolean is_unknown; /* the keys do not fit the tables that they name, so that no row can be judged */
  GHashTable *parents; /* name of the other table → GArray of the rows' ids, ascending */
} Orphans;

struct NxOrphans {
  GPtrArray *tables;
};

static void free_orphans(gpointer data)
{
  Orphans *orphans = data;
  g_free(orphans->table);
  g_hash_table_unref(orphans->parents);
  g_free(orphans);
}

static void free_ids(gpointer ids)
{
  g_array_unref(ids);
}

void nx_orphans_free(NxOrphans *orphans)
{
  if (!orphans)
    return;
  g_ptr_array_unref(orphans->tables);
  g_free(orphans);
}

/* --------------------------------------------------------------------------------------------- tables a step may change */

static gboolean step_names(GPtrArray *pieces, const char *table)
{
  for (guint i = 0; i < pieces->len; i++)
    if (nx_sql_names(((const NxPiece *)pieces->pdata[i])->text, table))
      return TRUE;
  return FALSE;
}

/* Tables with foreign keys of which the step names either end: it cannot make orphans elsewhere, unless triggers do it for it. */
static GPtrArray *tables_at_risk(NxDb *db, GPtrArray *pieces, GError **err)
{
  g_autoptr(GPtrArray) tables = g_ptr_array_new_with_free_func(g_free);
  const char *query = nx_db_driver(db)->foreign_keys_query;
  if (!query)
    return g_steal_pointer(&tables);
  g_autoptr(NxRows) rows = nx_db_select(db, err, query, NULL);
  if (!rows)
    return NULL;
  while (nx_rows_next(rows)) {
    const char *table = nx_rows_text(rows, 0), *parent = nx_rows_text(rows, 1);
    gboolean is_known = tables->len && g_str_equal(tables->pdata[tables->len - 1], table);
    if (!is_known && (nx_rows_int(rows, 2) > 0 || step_names(pieces, table) || step_names(pieces, parent)))
      g_ptr_array_add(tables, g_strdup(table));
  }
  return nx_rows_finish(rows, err) ? g_steal_pointer(&tables) : NULL;
}

/* --------------------------------------------------------------------------------------------------------------- before */

static int compare_ids(gconstpointer a, gconstpointer b)
{
  gint64 first = *(const gint64 *)a, second = *(const gint64 *)b;
  return (first > second) - (first < second);
}

static void sort_ids(gpointer parent, gpointer ids, gpointer user_data)
{
  (void)parent;
  (void)user_data;
  g_array_sort(ids, compare_ids);
}

static void add_orphan(Orphans *orphans, const char *parent, gint64 id)
{
  GArray *ids = g_hash_table_lookup(orphans->parents, parent);
  if (!ids) {
    ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_hash_table_insert(orphans->parents, g_strdup(parent), ids);
  }
  g_array_append_val(ids, id);
}

/* The end of a check of a table's keys; *misfit when its keys cannot be checked at all, which is no error. */
static gboolean finish_check(NxRows *rows, gboolean *misfit, GError **err)
{
  g_autoptr(GError) error = NULL;
  *misfit = FALSE;
  if (nx_rows_finish(rows, &error))
    return TRUE;
  *misfit = g_str_has_prefix(error->message, "foreign key mismatch");
  if (!*misfit)
    g_propagate_error(err, g_steal_pointer(&error));
  return *misfit;
}

static Orphans *orphans_of(NxDb *db, const char *table, GError **err)
{
  g_autoptr(NxRows) rows = nx_db_select(db, err, nx_db_driver(db)->orphans_query, "s", table);
  if (!rows)
    return NULL;
  Orphans *orphans = g_new0(Orphans, 1);
  orphans->table = g_strdup(table);
  orphans->parents = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_ids);
  while (nx_rows_next(rows))
    add_orphan(orphans, nx_rows_text(rows, 1), nx_rows_int(rows, 0));
  g_hash_table_foreach(orphans->parents, sort_ids, NULL);
  if (finish_check(rows, &orphans->is_unknown, err))
    return orphans;
  free_orphans(orphans);
  return NULL;
}

NxOrphans *nx_orphans_read(NxDb *db, GPtrArray *pieces, GError **err)
{
  g_autoptr(GPtrArray) tables = tables_at_risk(db, pieces, err);
  if (!tables)
    return NULL;
  g_autoptr(NxOrphans) before = g_new0(NxOrphans, 1);
  before->tables = g_ptr_array_new_with_free_func(free_orphans);
  for (guint i = 0; i < tables->len; i++) {
    Orphans *orphans = orphans_of(db, tables->pdata[i], err);
    if (!orphans)
      return NULL;
    g_ptr_array_add(before->tables, orphans);
  }
  return g_steal_pointer(&before);
}

/* ---------------------------------------------------------------------------------------------------------------- after */

static const Orphans *find_orphans(const NxOrphans *before, const char *table)
{
  for (guint i = 0; before && i < before->tables->len; i++) {
    const Orphans *orphans = before->tables->pdata[i];
    if (g_str_equal(orphans->table, table))
      return orphans;
  }
  return NULL;
}

static gboolean was_there(const Orphans *before, const char *parent, gint64 id)
{
  GArray *ids = before ? g_hash_table_lookup(before->parents, parent) : NULL;
  return ids && g_array_binary_search(ids, &id, compare_ids, NULL);
}

static gboolean check_table(NxDb *db, const char *table, const Orphans *before, GError **err)
{
  gboolean misfit = FALSE;
  if (before && before->is_unknown)
    return TRUE;
  g_autoptr(NxRows) rows = nx_db_select(db, err, nx_db_driver(db)->orphans_query, "s", table);
  if (!rows)
    return FALSE;
  while (nx_rows_next(rows)) {
    const char *parent = nx_rows_text(rows, 1);
    if (was_there(before, parent, nx_rows_int(rows, 0)))
      continue;
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "FOREIGN KEY constraint failed: %s row %s names a row of %s that is not there", table,
                nx_rows_is_null(rows, 0) ? "?" : nx_rows_text(rows, 0), parent);
    return FALSE;
  }
  return finish_check(rows, &misfit, err);
}

gboolean nx_orphans_check_none_new(NxDb *db, GPtrArray *pieces, const NxOrphans *before, GError **err)
{
  g_autoptr(GPtrArray) tables = tables_at_risk(db, pieces, err);
  for (guint i = 0; tables && i < tables->len; i++)
    if (!check_table(db, tables->pdata[i], find_orphans(before, tables->pdata[i]), err))
      return FALSE;
  return tables != NULL;
}
