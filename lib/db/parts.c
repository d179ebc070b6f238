/* parts.c — what a site has added to a table: columns, indexes and triggers that a step, which makes the table anew, knows nothing of. Indexes
 * are made again. A trigger is not: it may speak of what is gone, and would then refuse every later row. And views, and triggers of tables that
 * stay, which SQLite wants to be sound whenever a table gets another name: they are away during a step. */
#include "driver.h"
#include "migration.h"
#include "sql-text.h"

/* Whether a view can be read, or a trigger run: LOOSELY when only because a name in double quotes, which may be meant for one, is taken for a
 * text. */
typedef enum { BROKEN, READ_LOOSELY, READ_STRICTLY } Soundness;

typedef struct {
  char *kind, *table, *name; /* "column", "index", "trigger" or "view", whose table is itself */
  char *sql;                 /* that makes it; NULL for a column */
  Soundness soundness;       /* of a view or trigger, before the step */
  gboolean is_lost;          /* a view: it is not there after the step */
  gboolean is_of_view;       /* a trigger */
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

static gboolean is_view(const Part *part)
{
  return g_str_equal(part->kind, "view");
}

/* Of no query there is none. */
static GPtrArray *read_parts(NxDb *db, const char *query, GError **err)
{
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

GPtrArray *nx_parts_read(NxDb *db, GError **err)
{
  return read_parts(db, nx_db_driver(db)->parts_query, err);
}

static gboolean same_part(const Part *a, const Part *b)
{
  return g_ascii_strcasecmp(a->table, b->table) == 0 && g_str_equal(a->kind, b->kind) && g_str_equal(a->name, b->name);
}

/* Of `before`, borrowed: what is not there afterwards, while its table is. A trigger has the name of its table as its statement spells it. */
static GPtrArray *gone(GPtrArray *before, GPtrArray *after)
{
  GPtrArray *parts = g_ptr_array_new();
  for (guint i = 0; i < before->len; i++) {
    const Part *part = before->pdata[i];
    gboolean has_table = FALSE, is_there = FALSE;
    for (guint j = 0; j < after->len && !is_there; j++) {
      const Part *other = after->pdata[j];
      has_table = has_table || g_ascii_strcasecmp(part->table, other->table) == 0;
      is_there = same_part(part, other);
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

/* SQLite takes the "name" of a column that is not there for a text. A view or trigger may read columns of any table. */
static gboolean needs_what_is_gone(const Part *needy, GPtrArray *parts)
{
  for (guint i = 0; i < parts->len; i++) {
    const Part *part = parts->pdata[i];
    gboolean may_speak_of = !g_str_equal(needy->kind, "index") || g_str_equal(part->table, needy->table);
    if (g_str_equal(part->kind, "column") && may_speak_of && nx_sql_names(needy->sql, part->name))
      return TRUE;
  }
  return FALSE;
}

typedef gboolean (*Script)(gpointer connection, const char *sql, GError **err);

/* FALSE with *err only when the database cannot be asked; that it refuses the statement is its answer. */
static gboolean try_script(NxDb *db, Script script, const char *sql, gboolean *is_done, GError **err)
{
  g_autoptr(GError) problem = NULL;
  *is_done = script(nx_db_connection(db), sql, &problem);
  if (!problem || problem->code == NX_ERROR_IO || problem->code == NX_ERROR_DATA)
    return TRUE;
  g_propagate_error(err, g_steal_pointer(&problem));
  return FALSE;
}

/* *is_there is FALSE for what cannot be made any more, which is no reason to stop. */
static gboolean make_again(NxDb *db, const Part *part, GPtrArray *parts, gboolean *is_there, GError **err)
{
  *is_there = FALSE;
  if (!g_str_equal(part->kind, "index") || needs_what_is_gone(part, parts))
    return TRUE;
  return try_script(db, nx_db_driver(db)->script, part->sql, is_there, err);
}

static void name_lost(const Part *part, GPtrArray *lost)
{
  g_ptr_array_add(lost, is_view(part) ? g_strdup_printf("view %s", part->name) : g_strdup_printf("%s %s of %s", part->kind, part->name, part->table));
}

/* The schema's own columns, keys and indexes of a table whose rows the step destroys: it makes another table of that name. */
static gboolean goes_with_rows(const Part *part, char **destroyed)
{
  g_autofree char *own = g_strdup_printf("ix_%s_", part->table); /* as SQLAlchemy calls them */
  if (is_view(part) || g_str_equal(part->kind, "trigger") || !g_strv_contains((const char *const *)destroyed, part->table))
    return FALSE;
  return !g_str_equal(part->kind, "index") || g_str_has_prefix(part->name, own);
}

GPtrArray *nx_parts_restore(NxDb *db, const NxStep *step, GPtrArray *before, GError **err)
{
  g_autoptr(GPtrArray) after = nx_parts_read(db, err);
  g_autoptr(GPtrArray) parts = after ? gone(before, after) : NULL;
  g_autoptr(GPtrArray) lost = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; parts && i < parts->len; i++) {
    const Part *part = parts->pdata[i];
    gboolean is_there = FALSE;
    if (step_names(step->pieces, part) || goes_with_rows(part, step->revision->destroys))
      continue;
    if (!make_again(db, part, parts, &is_there, err))
      return NULL;
    if (!is_there)
      name_lost(part, lost);
  }
  return parts ? g_steal_pointer(&lost) : NULL;
}

GPtrArray *nx_dependents_read(NxDb *db, const NxStep *step, GError **err)
{
  return read_parts(db, *step->revision->destroys ? nx_db_driver(db)->dependents_query : NULL, err);
}

gboolean nx_dependents_name(NxDb *db, const NxStep *step, GPtrArray *before, GPtrArray *lost, GError **err)
{
  g_autoptr(GPtrArray) after = nx_dependents_read(db, step, err);
  for (guint i = 0; after && i < before->len; i++) {
    const Part *part = before->pdata[i];
    gboolean is_there = goes_with_rows(part, step->revision->destroys);
    for (guint j = 0; j < after->len && !is_there; j++)
      is_there = same_part(part, after->pdata[j]);
    if (!is_there)
      name_lost(part, lost);
  }
  return after != NULL;
}

/* --------------------------------------------------------------------------------------------------------------- views */

/* Whether the view or trigger speaks of one of the views: of those that are lost, or of the others. */
static gboolean reads_view(const Part *reader, GPtrArray *views, gboolean is_lost)
{
  for (guint i = 0; i < views->len; i++) {
    const Part *view = views->pdata[i];
    if (is_view(view) && view->is_lost == is_lost && nx_sql_names(reader->sql, view->name))
      return TRUE;
  }
  return FALSE;
}

/* Whether it gives a table another name: SQLite then reads what views and triggers say, wherever they are, and refuses when one is not sound. */
static gboolean step_alters(GPtrArray *pieces)
{
  for (guint i = 0; i < pieces->len; i++) {
    const NxPiece *piece = pieces->pdata[i];
    const char *text = piece->text;
    gboolean is_quoted = FALSE;
    g_autofree char *word = next_word(&text, &is_quoted);
    if (word && g_ascii_strcasecmp(word, piece->is_directive ? "batch" : "ALTER") == 0)
      return TRUE;
  }
  return FALSE;
}

/* `others`: the names of all views so far, and whether they are taken. */
static gboolean is_taken(Part *part, GPtrArray *views, GHashTable *others, GPtrArray *pieces)
{
  g_autofree char *table = g_ascii_strdown(part->table, -1);
  gpointer with_view = NULL;
  gboolean is_named = step_names(pieces, part);
  part->is_of_view = g_hash_table_lookup_extended(others, table, NULL, &with_view);
  if (is_view(part))
    g_hash_table_insert(others, g_steal_pointer(&table), GINT_TO_POINTER(!is_named));
  if (part->is_of_view)
    return GPOINTER_TO_INT(with_view);
  return !is_named && (is_view(part) || step_alters(pieces) || reads_view(part, views, FALSE));
}

/* Views that the step does not name, and behind all of them the triggers that they have, and those of tables that read them or could be read. */
static GPtrArray *read_views(NxDb *db, GPtrArray *pieces, GError **err)
{
  g_autoptr(GPtrArray) views = g_ptr_array_new_with_free_func(part_free);
  g_autoptr(GHashTable) others = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(NxRows) rows = nx_db_select(db, err, nx_db_driver(db)->catalogue[NX_CATALOGUE_OTHERS], NULL);
  while (rows && nx_rows_next(rows)) {
    Part *part = g_new0(Part, 1);
    *part = (Part){.kind = g_strdup(nx_rows_text(rows, 1)), .table = g_strdup(nx_rows_text(rows, 2)), .name = g_strdup(nx_rows_text(rows, 0)),
                   .sql = g_strdup(nx_rows_text(rows, 3))};
    if (is_taken(part, views, others, pieces))
      g_ptr_array_add(views, part);
    else
      part_free(part);
  }
  return rows && nx_rows_finish(rows, err) ? g_steal_pointer(&views) : NULL;
}

/* "INSERT", "UPDATE" or "DELETE", which no trigger or table is called without quotes. */
static char *event_of(const Part *trigger)
{
  static const char *const EVENTS[] = {"INSERT", "UPDATE", "DELETE", NULL};
  const char *text = trigger->sql;
  gboolean is_quoted;
  for (char *word = next_word(&text, &is_quoted); word; word = next_word(&text, &is_quoted)) {
    g_autofree char *upper = g_ascii_strup(word, -1);
    g_free(word);
    if (!is_quoted && g_strv_contains(EVENTS, upper))
      return g_steal_pointer(&upper);
  }
  return NULL;
}

/* Every column set to what it is, for whichever a trigger watches; "" when the table or view cannot be read. */
static char *assignments(NxDb *db, const char *table)
{
  g_autoptr(NxRows) rows = nx_db_select(db, NULL, "SELECT name FROM pragma_table_xinfo($1) WHERE hidden = 0", "s", table);
  GString *text = g_string_new(NULL);
  while (rows && nx_rows_next(rows)) {
    g_autofree char *name = nx_sql_quoted(nx_rows_text(rows, 0));
    g_string_append_printf(text, "%s%s = %s", text->len ? ", " : "", name, name);
  }
  return g_string_free(text, FALSE);
}

/* What makes SQLite read all that the view or trigger says. */
static char *probe_of(NxDb *db, const Part *part)
{
  g_autofree char *event = is_view(part) ? NULL : event_of(part);
  g_autofree char *name = nx_sql_quoted(event ? part->table : part->name);
  if (!event)
    return g_strdup_printf("EXPLAIN SELECT * FROM %s", name);
  if (g_str_equal(event, "INSERT"))
    return g_strdup_printf("EXPLAIN INSERT INTO %s DEFAULT VALUES", name);
  if (g_str_equal(event, "DELETE"))
    return g_strdup_printf("EXPLAIN DELETE FROM %s", name);
  g_autofree char *all = assignments(db, part->table);
  return g_strdup_printf("EXPLAIN UPDATE %s SET %s", name, all);
}

static gboolean ask_soundness(NxDb *db, const Part *part, Soundness *soundness, GError **err)
{
  const NxDbDriver *driver = nx_db_driver(db);
  gboolean is_strict = FALSE, is_loose = FALSE;
  g_autofree char *sql = probe_of(db, part);
  if (!try_script(db, driver->script_strictly, sql, &is_strict, err) || !try_script(db, driver->script, sql, &is_loose, err))
    return FALSE;
  *soundness = is_strict ? READ_STRICTLY : is_loose ? READ_LOOSELY : BROKEN;
  return TRUE;
}

static gboolean drop_view(NxDb *db, const Part *view, GError **err)
{
  g_autofree char *name = nx_sql_quoted(view->name), *sql = g_strdup_printf("DROP VIEW %s", name);
  return nx_db_script(db, sql, err);
}

static gboolean drop_trigger(NxDb *db, const Part *trigger, GError **err)
{
  g_autofree char *name = nx_sql_quoted(trigger->name), *sql = g_strdup_printf("DROP TRIGGER %s", name);
  return nx_db_script(db, sql, err);
}

/* In the trigger's place stands one that does nothing: it shows afterwards whether its table was made anew. */
static gboolean put_aside(NxDb *db, const Part *trigger, GError **err)
{
  g_autofree char *name = nx_sql_quoted(trigger->name), *table = nx_sql_quoted(trigger->table);
  g_autofree char *sql = g_strdup_printf("CREATE TRIGGER %s BEFORE DELETE ON %s WHEN 0 BEGIN SELECT 1; END", name, table);
  return drop_trigger(db, trigger, err) && nx_db_script(db, sql, err);
}

/* A trigger of a view goes with it. */
static gboolean take_away(NxDb *db, const Part *part, GError **err)
{
  return is_view(part) ? drop_view(db, part, err) : part->is_of_view || put_aside(db, part, err);
}

GPtrArray *nx_views_take(NxDb *db, GPtrArray *pieces, GError **err)
{
  if (!nx_db_driver(db)->parts_query)
    return g_ptr_array_new_with_free_func(part_free);
  g_autoptr(GPtrArray) views = read_views(db, pieces, err);
  for (guint i = 0; views && i < views->len; i++)
    if (!ask_soundness(db, views->pdata[i], &((Part *)views->pdata[i])->soundness, err))
      return NULL;
  for (guint i = 0; views && i < views->len; i++)
    if (!take_away(db, views->pdata[i], err))
      return NULL;
  return g_steal_pointer(&views);
}

/* A view or trigger that can be read less well than before the step. Of one that needs double quotes to be texts too it cannot be told which it
 * means, and one that reads a view which is lost may read a table of its name now. */
static gboolean is_broken(const Part *reader, Soundness now, GPtrArray *views, GPtrArray *parts)
{
  gboolean may_be_wrong = reader->soundness == READ_LOOSELY && needs_what_is_gone(reader, parts);
  return now < reader->soundness || may_be_wrong || reads_view(reader, views, TRUE);
}

static gboolean drop_broken(NxDb *db, GPtrArray *views, GPtrArray *parts, gboolean *has_dropped, GError **err)
{
  *has_dropped = FALSE;
  for (guint i = 0; i < views->len; i++) {
    Part *view = views->pdata[i];
    Soundness now = BROKEN;
    if (!is_view(view) || view->is_lost || view->soundness == BROKEN)
      continue;
    if (!ask_soundness(db, view, &now, err))
      return FALSE;
    if (!is_broken(view, now, views, parts))
      continue;
    if (!drop_view(db, view, err))
      return FALSE;
    view->is_lost = *has_dropped = TRUE;
  }
  return TRUE;
}

/* Whether its view was taken away with it, or what stands in its place is there, whose table may have another name now. One that went with its
 * table is named already. */
static gboolean waits(const Part *trigger, GPtrArray *after)
{
  if (trigger->is_of_view)
    return TRUE;
  for (guint i = 0; i < after->len; i++) {
    const Part *part = after->pdata[i];
    if (g_str_equal(part->kind, "trigger") && g_str_equal(part->name, trigger->name))
      return TRUE;
  }
  return FALSE;
}

/* SQLite makes a trigger whatever it says; one that is broken would refuse every later row. */
static gboolean make_trigger(NxDb *db, const Part *trigger, GPtrArray *views, GPtrArray *parts, gboolean *is_made, GError **err)
{
  Soundness now = BROKEN;
  if (!try_script(db, nx_db_driver(db)->script, trigger->sql, is_made, err))
    return FALSE;
  if (!*is_made)
    return TRUE;
  if (!ask_soundness(db, trigger, &now, err))
    return FALSE;
  *is_made = !is_broken(trigger, now, views, parts);
  return *is_made || drop_trigger(db, trigger, err);
}

static gboolean restore_trigger(NxDb *db, const Part *trigger, GPtrArray *views, GPtrArray *parts, GPtrArray *lost, GError **err)
{
  gboolean is_made = FALSE;
  if (!trigger->is_of_view && !drop_trigger(db, trigger, err))
    return FALSE;
  if (!make_trigger(db, trigger, views, parts, &is_made, err))
    return FALSE;
  if (!is_made)
    name_lost(trigger, lost);
  return TRUE;
}

/* A table of the step may have the view's name now. */
static gboolean make_view(NxDb *db, Part *view, GError **err)
{
  gboolean is_made = FALSE;
  if (!try_script(db, nx_db_driver(db)->script, view->sql, &is_made, err))
    return FALSE;
  view->is_lost = !is_made;
  return TRUE;
}

static gboolean restore_views(NxDb *db, GPtrArray *views, GPtrArray *parts, GError **err)
{
  for (guint i = 0; i < views->len; i++)
    if (is_view(views->pdata[i]) && !make_view(db, views->pdata[i], err))
      return FALSE;
  gboolean has_dropped = TRUE;
  while (has_dropped) /* which breaks those that read them */
    if (!drop_broken(db, views, parts, &has_dropped, err))
      return FALSE;
  return TRUE;
}

gboolean nx_views_restore(NxDb *db, GPtrArray *views, GPtrArray *before, GPtrArray *lost, GError **err)
{
  g_autoptr(GPtrArray) after = nx_parts_read(db, err);
  g_autoptr(GPtrArray) parts = after ? gone(before, after) : NULL;
  if (!parts || !restore_views(db, views, parts, err))
    return FALSE;
  for (guint i = 0; i < views->len; i++) {
    const Part *part = views->pdata[i];
    if (is_view(part) && part->is_lost)
      name_lost(part, lost);
    else if (!is_view(part) && waits(part, after) && !restore_trigger(db, part, views, parts, lost, err))
      return FALSE;
  }
  return TRUE;
}
