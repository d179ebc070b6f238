/* schema-compare.c — compares the tables of two databases: columns, constraints, indexes (database 8.5). Databases made by the creation
 * script of NexusLIMS 1.4.3 have other types, defaults and names for the same thing, before and after their migration: database 2.3
 * and 2.7. */
#include "schema-compare.h"
#include "driver.h"
#include "offline.h"
#include "sql-text.h"

#include <string.h>

/* By origin, not by mistake. */
static const char *const LEGACY_NULLABLE[] = {"instruments.harvester", NULL};
static const char *const LEGACY_DEFAULT[] = {"instruments.timezone", "session_log.timestamp", "session_log.record_status", NULL};
static const char *const LEGACY_TYPE[] = {"session_log.timestamp", NULL};
static const char *const LEGACY_INDEXES[] = {"session_log.fk_instrument_idx", "ix_session_log_session_identifier", NULL};

static void difference_free(gpointer data)
{
  NxTableDifference *difference = data;
  g_free(difference->name);
  nx_table_free(difference->live);
  nx_table_free(difference->expected);
  g_ptr_array_unref(difference->extra_columns);
  g_ptr_array_unref(difference->missing_columns);
  g_ptr_array_unref(difference->extra_indexes);
  g_ptr_array_unref(difference->missing_indexes);
  g_ptr_array_unref(difference->others);
  g_free(difference);
}

static NxTableDifference *difference_new(const char *name)
{
  NxTableDifference *difference = g_new0(NxTableDifference, 1);
  difference->name = g_strdup(name);
  difference->extra_columns = g_ptr_array_new();
  difference->missing_columns = g_ptr_array_new();
  difference->extra_indexes = g_ptr_array_new();
  difference->missing_indexes = g_ptr_array_new();
  difference->others = g_ptr_array_new_with_free_func(g_free);
  return difference;
}

/* ---------------------------------------------------------------------------------------------------------- columns */

static const NxColumn *find_column(const NxTable *table, const char *name)
{
  for (guint i = 0; i < table->columns->len; i++) {
    const NxColumn *column = table->columns->pdata[i];
    if (g_str_equal(column->name, name))
      return column;
  }
  return NULL;
}

/* VARCHAR(36), VARCHAR and TEXT are one to SQLite. */
static gboolean same_type(const char *a, const char *b)
{
  g_autofree char *left = g_ascii_strup(a, -1), *right = g_ascii_strup(b, -1);
  gboolean left_text = strstr(left, "CHAR") || strstr(left, "TEXT"), right_text = strstr(right, "CHAR") || strstr(right, "TEXT");
  return (left_text && right_text) || g_str_equal(left, right);
}

static void compare_column(NxTableDifference *difference, const NxColumn *live, const NxColumn *expected)
{
  g_autofree char *full = g_strdup_printf("%s.%s", difference->name, live->name);
  if (!same_type(live->type, expected->type) && !g_strv_contains(LEGACY_TYPE, full))
    g_ptr_array_add(difference->others, g_strdup_printf("type of %s is %s instead of %s", full, live->type, expected->type));
  if (live->not_null != expected->not_null && !g_strv_contains(LEGACY_NULLABLE, full))
    g_ptr_array_add(difference->others, g_strdup_printf("%s is %s", full, live->not_null ? "NOT NULL" : "nullable"));
  if (g_strcmp0(live->standard, expected->standard) != 0 && !g_strv_contains(LEGACY_DEFAULT, full))
    g_ptr_array_add(difference->others, g_strdup_printf("default of %s is %s", full, live->standard ? live->standard : "gone"));
}

static void compare_columns(NxTableDifference *difference)
{
  for (guint i = 0; i < difference->live->columns->len; i++) {
    const NxColumn *live = difference->live->columns->pdata[i], *expected = find_column(difference->expected, live->name);
    if (expected)
      compare_column(difference, live, expected);
    else
      g_ptr_array_add(difference->extra_columns, (gpointer)live);
  }
  for (guint i = 0; i < difference->expected->columns->len; i++) {
    const NxColumn *expected = difference->expected->columns->pdata[i];
    if (!find_column(difference->live, expected->name))
      g_ptr_array_add(difference->missing_columns, (gpointer)expected);
  }
}

/* ------------------------------------------------------------------------------------------------------- constraints */

/* SQL with single blanks, none around parentheses and commas, and simple names without quotes. */
static char *normalised(const char *sql)
{
  g_autoptr(GString) text = g_string_new(NULL);
  gsize length = 0;
  gboolean blank = FALSE;
  for (const char *p = sql; *p; p += length) {
    NxSqlToken token = nx_sql_token(p, &length);
    if (token == NX_SQL_UNCLOSED)
      break;
    if (token == NX_SQL_BLANK || token == NX_SQL_COMMENT) {
      blank = TRUE;
      continue;
    }
    gboolean tight = strchr("(),", *p) || (text->len && strchr("(),", text->str[text->len - 1]));
    if (blank && text->len && !tight)
      g_string_append_c(text, ' ');
    blank = FALSE;
    g_autofree char *name = token == NX_SQL_QUOTED && *p == '"' ? nx_sql_name(p, length) : g_strndup(p, length);
    g_string_append(text, name);
  }
  return g_string_free(g_steal_pointer(&text), FALSE);
}

/* What a constraint demands, whatever it is called. NULL for those that say nothing new: a UNIQUE on the primary key. */
static char *demand(const NxTable *table, const NxConstraint *constraint)
{
  if (constraint->kind == NX_CONSTRAINT_CHECK)
    return normalised(constraint->text);
  g_autofree char *columns = g_strjoinv(",", constraint->columns);
  if (constraint->kind == NX_CONSTRAINT_FOREIGN_KEY) {
    g_autofree char *text = normalised(constraint->text);
    char *action = strstr(text, ")ON ");
    if (action)
      action[1] = '\0';
    return g_steal_pointer(&text);
  }
  if (constraint->kind == NX_CONSTRAINT_UNIQUE)
    for (guint i = 0; i < table->constraints->len; i++) {
      const NxConstraint *other = table->constraints->pdata[i];
      g_autofree char *key = other->kind == NX_CONSTRAINT_PRIMARY_KEY ? g_strjoinv(",", other->columns) : NULL;
      if (key && g_str_equal(key, columns))
        return NULL;
    }
  return g_strdup_printf("%s(%s)", constraint->kind == NX_CONSTRAINT_UNIQUE ? "UNIQUE" : "PRIMARY KEY", columns);
}

static GHashTable *demands_of(const NxTable *table)
{
  GHashTable *demands = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < table->constraints->len; i++) {
    const NxConstraint *constraint = table->constraints->pdata[i];
    char *text = demand(table, constraint);
    if (text)
      g_hash_table_add(demands, text);
  }
  return demands;
}

static int by_text(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void report_only_in(NxTableDifference *difference, GHashTable *demands, GHashTable *others, const char *what)
{
  g_autoptr(GPtrArray) found = g_ptr_array_new();
  GHashTableIter iter;
  gpointer key = NULL;
  g_hash_table_iter_init(&iter, demands);
  while (g_hash_table_iter_next(&iter, &key, NULL))
    if (!g_hash_table_contains(others, key))
      g_ptr_array_add(found, g_strdup_printf("%s constraint of %s: %s", what, difference->name, (const char *)key));
  g_ptr_array_sort(found, by_text);
  g_ptr_array_extend_and_steal(difference->others, g_steal_pointer(&found));
}

static void compare_constraints(NxTableDifference *difference)
{
  g_autoptr(GHashTable) live = demands_of(difference->live), expected = demands_of(difference->expected);
  report_only_in(difference, live, expected, "extra");
  report_only_in(difference, expected, live, "missing");
}

/* ----------------------------------------------------------------------------------------------------------- indexes */

/* `CREATE [UNIQUE] INDEX name ON …` → name */
static char *index_name(const char *sql)
{
  gsize length = 0;
  gboolean next = FALSE;
  for (const char *p = sql; *p; p += length) {
    NxSqlToken token = nx_sql_token(p, &length);
    if (token == NX_SQL_UNCLOSED)
      break;
    if (next && (token == NX_SQL_WORD || token == NX_SQL_QUOTED))
      return nx_sql_name(p, length);
    if (token == NX_SQL_WORD && length == 5 && g_ascii_strncasecmp(p, "INDEX", 5) == 0)
      next = TRUE;
  }
  return g_strdup("");
}

static gboolean has_index(GPtrArray *indexes, const char *sql)
{
  g_autofree char *wanted = normalised(sql);
  for (guint i = 0; i < indexes->len; i++) {
    g_autofree char *text = normalised(indexes->pdata[i]);
    if (g_str_equal(text, wanted))
      return TRUE;
  }
  return FALSE;
}

static void collect_indexes(GPtrArray *indexes, GPtrArray *others, GPtrArray *only)
{
  for (guint i = 0; i < indexes->len; i++) {
    g_autofree char *name = index_name(indexes->pdata[i]);
    if (!has_index(others, indexes->pdata[i]) && !g_strv_contains(LEGACY_INDEXES, name))
      g_ptr_array_add(only, indexes->pdata[i]);
  }
}

/* ------------------------------------------------------------------------------------------------------------ tables */

static gboolean is_different(const NxTableDifference *difference)
{
  return !difference->live || !difference->expected || difference->extra_columns->len || difference->missing_columns->len ||
         difference->extra_indexes->len || difference->missing_indexes->len || difference->others->len;
}

static gboolean compare_table(NxDb *live, NxDb *expected, const char *name, gboolean in_live, gboolean in_expected, GPtrArray *differences,
                              GError **err)
{
  NxTableDifference *difference = difference_new(name);
  g_ptr_array_add(differences, difference);
  if ((in_live && !(difference->live = nx_table_read(live, name, err))) ||
      (in_expected && !(difference->expected = nx_table_read(expected, name, err))))
    return FALSE;
  if (in_live && in_expected) {
    compare_columns(difference);
    compare_constraints(difference);
    collect_indexes(difference->live->indexes, difference->expected->indexes, difference->extra_indexes);
    collect_indexes(difference->expected->indexes, difference->live->indexes, difference->missing_indexes);
  }
  if (!is_different(difference))
    g_ptr_array_remove_index(differences, differences->len - 1);
  return TRUE;
}

GPtrArray *nx_schema_differences(NxDb *live, NxDb *expected, GError **err)
{
  g_auto(GStrv) live_names = nx_db_tables(live, err);
  g_auto(GStrv) expected_names = live_names ? nx_db_tables(expected, err) : NULL;
  if (!expected_names)
    return NULL;
  g_autoptr(GPtrArray) differences = g_ptr_array_new_with_free_func(difference_free);
  for (char **name = live_names; *name; name++) {
    gboolean in_expected = g_strv_contains((const char *const *)expected_names, *name);
    if (!g_str_equal(*name, "alembic_version") && !compare_table(live, expected, *name, TRUE, in_expected, differences, err))
      return NULL;
  }
  for (char **name = expected_names; *name; name++)
    if (!g_strv_contains((const char *const *)live_names, *name) && !compare_table(live, expected, *name, FALSE, TRUE, differences, err))
      return NULL;
  return g_steal_pointer(&differences);
}

static void append_columns(GPtrArray *sentences, GPtrArray *columns, const char *what, const char *table)
{
  for (guint i = 0; i < columns->len; i++)
    g_ptr_array_add(sentences, g_strdup_printf("%s column %s.%s", what, table, ((NxColumn *)columns->pdata[i])->name));
}

static void append_indexes(GPtrArray *sentences, GPtrArray *indexes, const char *what)
{
  for (guint i = 0; i < indexes->len; i++) {
    g_autofree char *name = index_name(indexes->pdata[i]);
    g_ptr_array_add(sentences, g_strdup_printf("%s index %s", what, name));
  }
}

GPtrArray *nx_schema_sentences(GPtrArray *differences)
{
  GPtrArray *sentences = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < differences->len; i++) {
    const NxTableDifference *difference = differences->pdata[i];
    if (!difference->live || !difference->expected) {
      g_ptr_array_add(sentences, g_strdup_printf("%s table %s", difference->live ? "extra" : "missing", difference->name));
      continue;
    }
    append_columns(sentences, difference->extra_columns, "extra", difference->name);
    append_columns(sentences, difference->missing_columns, "missing", difference->name);
    append_indexes(sentences, difference->extra_indexes, "extra");
    append_indexes(sentences, difference->missing_indexes, "missing");
    for (guint j = 0; j < difference->others->len; j++)
      g_ptr_array_add(sentences, g_strdup(difference->others->pdata[j]));
  }
  return sentences;
}

GPtrArray *nx_schema_compare_at(NxDb *live, const NxGraph *graph, const NxRevision *revision, GError **err)
{
  char *rows[] = {revision->id, NULL};
  g_autoptr(NxDb) expected = nx_offline_scratch(graph, nx_db_address(live), NULL, rows, err);
  g_autoptr(GPtrArray) differences = expected ? nx_schema_differences(live, expected, err) : NULL;
  return differences ? nx_schema_sentences(differences) : NULL;
}
