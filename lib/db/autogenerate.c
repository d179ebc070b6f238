/* autogenerate.c — `revision --autogenerate` and `check`: the database as it stands against what the revisions build (database 4.8, 8.5).
 */
#include "autogenerate.h"
#include "driver.h"
#include "offline.h"
#include "schema-compare.h"
#include "sql-text.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------- one table's change */

/* Turning `from` into `to`; columns and indexes are those that only one of them has. */
typedef struct {
  const NxTable *from, *to;
  GPtrArray *added, *dropped;
  GPtrArray *new_indexes, *old_indexes;
  gboolean rebuild; /* more than columns that come and go */
} Change;

static void append_statement(GString *script, const char *statement)
{
  g_string_append_printf(script, "\n%s;\n", statement);
}

static void append_table(GString *script, const NxTable *table)
{
  g_autofree char *statement = nx_table_statement(table, table->name);
  append_statement(script, statement);
  for (guint i = 0; i < table->indexes->len; i++)
    append_statement(script, table->indexes->pdata[i]);
}

static void append_drop_table(GString *script, const char *name)
{
  g_autofree char *identifier = nx_sql_identifier(name);
  g_string_append_printf(script, "\nDROP TABLE %s;\n", identifier);
}

static void append_drop_index(GString *script, const char *statement)
{
  gsize length = 0;
  gboolean next = FALSE;
  for (const char *p = statement; *p; p += length) {
    NxSqlToken token = nx_sql_token(p, &length);
    if (next && (token == NX_SQL_WORD || token == NX_SQL_QUOTED)) {
      g_string_append_printf(script, "\nDROP INDEX %.*s;\n", (int)length, p);
      return;
    }
    next = next || (token == NX_SQL_WORD && length == 5 && g_ascii_strncasecmp(p, "INDEX", 5) == 0);
  }
}

/* What follows the name of an added column in a batch line; NULL when a batch line cannot say it. */
static char *batch_type(const NxColumn *column)
{
  g_autofree char *text = g_strdup_printf("%s%s%s%s", *column->type ? column->type : "BLOB", column->standard ? " DEFAULT " : "",
                                          column->standard ? column->standard : "", column->not_null ? " NOT NULL" : "");
  gboolean plain = strpbrk(text, ",;\"\n") == NULL && strchr(column->name, ' ') == NULL && !column->definition;
  return plain ? g_steal_pointer(&text) : NULL;
}

static char *batch_line(const Change *change)
{
  g_autoptr(GString) line = g_string_new(NULL);
  g_string_append_printf(line, "\n--@ batch %s", change->from->name);
  for (guint i = 0; i < change->dropped->len; i++)
    g_string_append_printf(line, "%s %s", i ? "," : " drop", ((NxColumn *)change->dropped->pdata[i])->name);
  for (guint i = 0; i < change->added->len; i++) {
    const NxColumn *column = change->added->pdata[i];
    g_autofree char *type = batch_type(column);
    if (!type)
      return NULL;
    g_string_append_printf(line, "%s add %s %s", i || change->dropped->len ? ";" : "", column->name, type);
  }
  return g_string_free(g_string_append_c(g_steal_pointer(&line), '\n'), FALSE);
}

static char *shared_columns(const Change *change)
{
  g_autoptr(GString) columns = g_string_new(NULL);
  for (guint i = 0; i < change->to->columns->len; i++) {
    const NxColumn *column = change->to->columns->pdata[i];
    if (column->is_generated || g_ptr_array_find(change->added, column, NULL))
      continue;
    g_autofree char *name = nx_sql_identifier(column->name);
    g_string_append_printf(columns, "%s%s", columns->len ? ", " : "", name);
  }
  return g_string_free(g_steal_pointer(&columns), FALSE);
}

/* Create the new, copy, drop the old, rename. */
static void append_rebuild(GString *script, const Change *change)
{
  g_autofree char *temporary = g_strconcat(change->to->name, "_new", NULL);
  g_autofree char *name = nx_sql_identifier(change->to->name);
  g_autofree char *temporary_name = nx_sql_identifier(temporary);
  g_autofree char *statement = nx_table_statement(change->to, temporary);
  g_autofree char *columns = shared_columns(change);
  append_statement(script, statement);
  g_string_append_printf(script, "\nINSERT INTO %s (%s) SELECT %s FROM %s;\n", temporary_name, columns, columns, name);
  append_drop_table(script, change->from->name);
  g_string_append_printf(script, "\nALTER TABLE %s RENAME TO %s;\n", temporary_name, name);
  for (guint i = 0; i < change->to->indexes->len; i++)
    append_statement(script, change->to->indexes->pdata[i]);
}

static void append_change(GString *script, const Change *change)
{
  gboolean columns = change->added->len || change->dropped->len;
  g_autofree char *batch = columns && !change->rebuild ? batch_line(change) : NULL;
  if (change->rebuild || (columns && !batch)) {
    append_rebuild(script, change);
    return;
  }
  for (guint i = 0; i < change->old_indexes->len; i++)
    append_drop_index(script, change->old_indexes->pdata[i]);
  if (batch)
    g_string_append(script, batch);
  for (guint i = 0; i < change->new_indexes->len; i++)
    append_statement(script, change->new_indexes->pdata[i]);
}

/* ------------------------------------------------------------------------------------------------------ whole schema */

static void append_difference(GString *up, GString *down, const NxTableDifference *difference)
{
  if (!difference->expected) {
    append_table(up, difference->live);
    append_drop_table(down, difference->name);
    return;
  }
  if (!difference->live) {
    append_drop_table(up, difference->name);
    append_table(down, difference->expected);
    return;
  }
  Change forth = {difference->expected,        difference->live,          difference->extra_columns,
                  difference->missing_columns, difference->extra_indexes, difference->missing_indexes,
                  difference->others->len > 0};
  Change back = {difference->live,           difference->expected,        difference->missing_columns,
                 difference->extra_columns,  difference->missing_indexes, difference->extra_indexes,
                 difference->others->len > 0};
  append_change(up, &forth);
  append_change(down, &back);
}

/* The differences of the database, which must stand at the head. */
static GPtrArray *differences_at_head(const NxAlembic *alembic, GError **err)
{
  g_autoptr(NxDb) live = nx_alembic_open(alembic, NX_DB_READ, err);
  g_auto(GStrv) rows = live ? nx_version_rows(live, NULL, err) : NULL;
  if (!rows)
    return NULL;
  g_autoptr(GPtrArray) heads = nx_graph_heads(alembic->graph, FALSE);
  gboolean at_head = g_strv_length(rows) == heads->len;
  for (guint i = 0; i < heads->len; i++)
    at_head = at_head && g_strv_contains((const char *const *)rows, ((NxRevision *)heads->pdata[i])->id);
  if (!at_head) {
    nx_revision_error(err, "Target database is not up to date.");
    return NULL;
  }
  g_autoptr(NxDb) expected = nx_offline_scratch(alembic->graph, nx_db_address(live), NULL, rows, err);
  return expected ? nx_schema_differences(live, expected, err) : NULL;
}

gboolean nx_autogenerate(const NxAlembic *alembic, char **up, char **down, GError **err)
{
  const char *engine = alembic->address && *alembic->address ? nx_db_engine(alembic->address) : NULL;
  if (engine && !g_str_equal(engine, nx_db_driver_sqlite.name))
    return nx_revision_error(err, "--autogenerate writes the SQL of SQLite: change a SQLite database by hand and name that one");
  g_autoptr(GPtrArray) differences = differences_at_head(alembic, err);
  if (!differences)
    return FALSE;
  if (differences->len == 0)
    return TRUE;
  GString *forth = g_string_new(NULL), *back = g_string_new(NULL);
  for (guint i = 0; i < differences->len; i++)
    append_difference(forth, back, differences->pdata[i]);
  *up = g_string_free(forth, FALSE);
  *down = g_string_free(back, FALSE);
  return TRUE;
}

gboolean nx_alembic_check(const NxAlembic *alembic, FILE *out, GError **err)
{
  g_autoptr(GPtrArray) differences = differences_at_head(alembic, err);
  if (!differences)
    return FALSE;
  if (differences->len == 0) {
    fprintf(out, "No new upgrade operations detected.\n");
    return TRUE;
  }
  g_autoptr(GPtrArray) sentences = nx_schema_sentences(differences);
  g_ptr_array_add(sentences, NULL);
  g_autofree char *joined = g_strjoinv(", ", (char **)sentences->pdata);
  return nx_revision_error(err, "New upgrade operations detected: [%s]", joined);
}
