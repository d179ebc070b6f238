/* parts.c — what a site has added to a table: columns, indexes and triggers that a step, which makes the table anew, knows nothing of. Indexes
 * are made again. A trigger is not: it may speak of what is gone, and would then refuse every later row. And views, which SQLite wants to be
 * sound whenever a table gets another name: they are away during a step. */
#include "driver.h"
#include "migration.h"
#include "sql-text.h"

typedef struct {
  char *kind, *table, *name; /* "column", "index", "trigger" or "view", whose table is itself */
  char *sql;                 /* that makes it; NULL for a column */
  gboolean is_sound;         /* a view: what it speaks of was there */
} Part;

static void part_free(gpointer data)
{
  Part *part = data;
  g_free(part->kind);
  g_free(part->table);
  g_free(part->name);
  g_free(part->sql);
  g_free(part);
}

GPtrArray *nx_parts_read(NxDb *db, GError **err)
{
  const char *query = nx_db_driver(db)->parts_query;
  g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(part_free);
  if (!query)
    return g_steal_pointer(&parts);
  g_autoptr(NxRows) rows = nx_db_select(db, err, query, NULL);
  if (!rows)
    return NULL;
  while (nx_rows_next(rows)) {
    Part *part = g_new0(Part, 1);
    part->kind = g_strdup(nx_rows_text(rows, 0));
    part->table = g_strdup(nx_rows_text(rows, 1));
    part->name = g_strdup(nx_rows_text(rows, 2));
    part->sql = g_strdup(nx_rows_text(rows, 3));
    g_ptr_array_add(parts, part);
  }
  return nx_rows_finish(rows, err) ? g_steal_pointer(&parts) : NULL;
}

/* Of `before`, borrowed: what is not there afterwards, while its table is. */
static GPtrArray *gone(GPtrArray *before, GPtrArray *after)
{
  GPtrArray *parts = g_ptr_array_new();
  for (guint i = 0; i < before->len; i++) {
    const Part *part = before->pdata[i];
    gboolean has_table = FALSE, is_there = FALSE;
    for (guint j = 0; j < after->len && !is_there; j++) {
      const Part *other = after->pdata[j];
      gboolean same_table = g_str_equal(part->table, other->table);
      has_table = has_table || same_table;
      is_there = same_table && g_str_equal(part->kind, other->kind) && g_str_equal(part->name, other->name);
    }
    if (has_table && !is_there)
      g_ptr_array_add(parts, (gpointer)part);
  }
  return parts;
}

/* Moves *text behind its next name or word of SQL, which is returned, owned; NULL: there is none. */
static char *next_word(const char **text, gboolean *is_quoted)
{
  gsize length = 0;
  for (const char *p = *text; *p; p += length) {
    NxSqlToken token = nx_sql_token(p, &length);
    if (token == NX_SQL_UNCLOSED)
      return NULL;
    *is_quoted = token == NX_SQL_QUOTED;
    *text = p + length;
    if (token == NX_SQL_WORD || (token == NX_SQL_QUOTED && *p != '\''))
      return nx_sql_name(p, length);
  }
  return NULL;
}

/* Anywhere: a column is named where a table is made, altered or copied. */
static gboolean names_column(const char *text, const char *name)
{
  gboolean is_quoted;
  for (g_autofree char *word = next_word(&text, &is_quoted); word; g_free(word), word = next_word(&text, &is_quoted))
    if (g_str_equal(word, name))
      return TRUE;
  return FALSE;
}

/* CREATE or DROP, the kind, and what may stand before the name; the name alone is what the statement makes or takes away. */
static gboolean makes_or_drops(const char *text, const Part *part)
{
  static const char *const FILLERS[] = {"create", "drop", "unique", "temp", "temporary", "if", "not", "exists", NULL};
  gboolean is_quoted, has_kind = FALSE;
  for (g_autofree char *word = next_word(&text, &is_quoted); word; g_free(word), word = next_word(&text, &is_quoted)) {
    g_autofree char *lower = is_quoted ? NULL : g_ascii_strdown(word, -1);
    if (lower && !has_kind && g_str_equal(lower, part->kind))
      has_kind = TRUE;
    else if (!lower || !g_strv_contains(FILLERS, lower))
      return has_kind && g_ascii_strcasecmp(word, part->name) == 0;
  }
  return FALSE;
}

static gboolean piece_names(const NxPiece *piece, const Part *part)
{
  const char *rest = NULL;
  g_autofree char *directive = piece->is_directive ? nx_directive_name(piece->text, &rest) : NULL;
  if (g_str_equal(part->kind, "column"))
    return (!directive || g_str_equal(directive, "batch")) && names_column(piece->text, part->name);
  return !directive && makes_or_drops(piece->text, part);
}

/* What a step takes away on purpose it names. */
static gboolean step_names(GPtrArray *pieces, const Part *part)
{
  for (guint i = 0; i < pieces->len; i++)
    if (piece_names(pieces->pdata[i], part))
      return TRUE;
  return FALSE;
}

/* SQLite takes the "name" of a column that is not there for a text. */
static gboolean needs_what_is_gone(const Part *index, GPtrArray *parts)
{
  for (guint i = 0; i < parts->len; i++) {
    const Part *part = parts->pdata[i];
    if (g_str_equal(part->kind, "column") && g_str_equal(part->table, index->table) && nx_sql_names(index->sql, part->name))
      return TRUE;
  }
  return FALSE;
}

/* *is_there is FALSE for what cannot be made any more, which is no reason to stop. */
static gboolean make_again(NxDb *db, const Part *part, GPtrArray *parts, gboolean *is_there, GError **err)
{
  g_autoptr(GError) problem = NULL;
  *is_there = g_str_equal(part->kind, "index") && !needs_what_is_gone(part, parts) && nx_db_script(db, part->sql, &problem);
  if (!problem || problem->code == NX_ERROR_IO || problem->code == NX_ERROR_DATA)
    return TRUE;
  g_propagate_error(err, g_steal_pointer(&problem));
  return FALSE;
}

GPtrArray *nx_parts_restore(NxDb *db, GPtrArray *pieces, GPtrArray *before, GError **err)
{
  g_autoptr(GPtrArray) after = nx_parts_read(db, err);
  g_autoptr(GPtrArray) parts = after ? gone(before, after) : NULL;
  g_autoptr(GPtrArray) lost = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; parts && i < parts->len; i++) {
    const Part *part = parts->pdata[i];
    gboolean is_there = FALSE;
    if (step_names(pieces, part))
      continue;
    if (!make_again(db, part, parts, &is_there, err))
      return NULL;
    if (!is_there)
      g_ptr_array_add(lost, g_strdup_printf("%s %s of %s", part->kind, part->name, part->table));
  }
  return parts ? g_steal_pointer(&lost) : NULL;
}

/* --------------------------------------------------------------------------------------------------------------- views */

static gboolean is_view(const Part *part)
{
  return g_str_equal(part->kind, "view");
}

/* Views that the step does not name, and behind all of them the triggers that they have. */
static GPtrArray *read_views(NxDb *db, GPtrArray *pieces, GError **err)
{
  g_autoptr(GPtrArray) views = g_ptr_array_new_with_free_func(part_free);
  g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
  g_autoptr(NxRows) rows = nx_db_select(db, err, nx_db_driver(db)->catalogue[NX_CATALOGUE_OTHERS], NULL);
  while (rows && nx_rows_next(rows)) {
    Part *part = g_new0(Part, 1);
    *part = (Part){.kind = g_strdup(nx_rows_text(rows, 1)), .table = g_strdup(nx_rows_text(rows, 2)), .name = g_strdup(nx_rows_text(rows, 0)),
                   .sql = g_strdup(nx_rows_text(rows, 3))};
    if (is_view(part) ? step_names(pieces, part) : !g_hash_table_contains(names, part->table)) {
      part_free(part);
      continue;
    }
    g_ptr_array_add(views, part);
    if (is_view(part))
      g_hash_table_add(names, part->name);
  }
  return rows && nx_rows_finish(rows, err) ? g_steal_pointer(&views) : NULL;
}

/* FALSE with *err only when the database cannot be asked. */
static gboolean ask_whether_sound(NxDb *db, const Part *view, gboolean *is_sound, GError **err)
{
  g_autoptr(GError) problem = NULL;
  g_autofree char *name = nx_sql_quoted(view->name), *sql = g_strdup_printf("EXPLAIN SELECT * FROM %s", name);
  *is_sound = nx_db_script(db, sql, &problem);
  if (!problem || problem->code == NX_ERROR_IO || problem->code == NX_ERROR_DATA)
    return TRUE;
  g_propagate_error(err, g_steal_pointer(&problem));
  return FALSE;
}

static gboolean drop_view(NxDb *db, const Part *view, GError **err)
{
  g_autofree char *name = nx_sql_quoted(view->name), *sql = g_strdup_printf("DROP VIEW %s", name);
  return nx_db_script(db, sql, err);
}

GPtrArray *nx_views_take(NxDb *db, GPtrArray *pieces, GError **err)
{
  if (!nx_db_driver(db)->parts_query)
    return g_ptr_array_new_with_free_func(part_free);
  g_autoptr(GPtrArray) views = read_views(db, pieces, err);
  for (guint i = 0; views && i < views->len; i++)
    if (is_view(views->pdata[i]) && !ask_whether_sound(db, views->pdata[i], &((Part *)views->pdata[i])->is_sound, err))
      return NULL;
  for (guint i = 0; views && i < views->len; i++)
    if (is_view(views->pdata[i]) && !drop_view(db, views->pdata[i], err))
      return NULL;
  return g_steal_pointer(&views);
}

gboolean nx_views_restore(NxDb *db, GPtrArray *views, GPtrArray *lost, GError **err)
{
  g_autoptr(GPtrArray) broken = g_ptr_array_new();
  for (guint i = 0; i < views->len; i++)
    if (!nx_db_script(db, ((const Part *)views->pdata[i])->sql, err))
      return FALSE;
  for (guint i = 0; i < views->len; i++) {
    gboolean is_sound = FALSE;
    const Part *view = views->pdata[i];
    if (!view->is_sound)
      continue;
    if (!ask_whether_sound(db, view, &is_sound, err))
      return FALSE;
    if (!is_sound)
      g_ptr_array_add(broken, (gpointer)view);
  }
  for (guint i = 0; i < broken->len; i++) {
    if (!drop_view(db, broken->pdata[i], err))
      return FALSE;
    g_ptr_array_add(lost, g_strdup_printf("view %s", ((const Part *)broken->pdata[i])->name));
  }
  return TRUE;
}
