/* copy.c — the statement of a step that copies all rows of a table into its successor. SQLite makes the list of an `IN (…)` anew for every
 * row that an INSERT checks, which takes three times as long as the copying; so the rows are copied unchecked and then all checked by one
 * SELECT, inside the same transaction. What is let pass and what is refused, and in which words, is the same. */
#include "driver.h"
#include "migration.h"
#include "sql-text.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------------------- checks */

/* The checks of a table whose violation can be told as the engine would: all are named and stand after the columns. NULL otherwise, and
 * when there are none. */
static GPtrArray *named_checks(const NxTable *table)
{
  g_autoptr(GPtrArray) checks = g_ptr_array_new();
  for (guint i = 0; i < table->columns->len; i++)
    if (((const NxColumn *)table->columns->pdata[i])->definition)
      return NULL;
  for (guint i = 0; i < table->constraints->len; i++) {
    NxConstraint *constraint = table->constraints->pdata[i];
    if (constraint->kind != NX_CONSTRAINT_CHECK)
      continue;
    if (!constraint->name || !g_str_has_suffix(constraint->text, ")"))
      return NULL;
    g_ptr_array_add(checks, constraint);
  }
  return checks->len ? g_steal_pointer(&checks) : NULL;
}

static const char *condition(const NxConstraint *check)
{
  return check->text + strlen("CHECK");
}

/* The number of the first check that the first refused row does not pass. A check passes unless it is false. */
static char *refusal_query(const NxTable *table, GPtrArray *checks)
{
  g_autofree char *name = nx_sql_quoted(table->name);
  g_autoptr(GString) which = g_string_new("CASE"), any = g_string_new(NULL);
  for (guint i = 0; i < checks->len; i++) {
    g_string_append_printf(which, " WHEN NOT %s THEN %u", condition(checks->pdata[i]), i);
    g_string_append_printf(any, "%sNOT %s", i ? " OR " : "", condition(checks->pdata[i]));
  }
  return g_strdup_printf("SELECT %s END FROM %s WHERE %s LIMIT 1", which->str, name, any->str);
}

static gboolean check_rows(NxDb *db, const NxTable *table, GPtrArray *checks, GError **err)
{
  g_autofree char *query = refusal_query(table, checks);
  g_autoptr(NxRows) rows = nx_db_select(db, err, query, NULL);
  if (!rows)
    return FALSE;
  if (nx_rows_next(rows)) {
    const NxConstraint *check = checks->pdata[nx_rows_int(rows, 0)];
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, NX_CHECK_FAILED "%s", check->name);
    return FALSE;
  }
  return nx_rows_finish(rows, err);
}

/* ------------------------------------------------------------------------------------------------------------ copying */

static gboolean copy_unchecked(NxDb *db, const char *statement, GError **err)
{
  g_autoptr(GError) off = NULL;
  if (!nx_db_driver(db)->enforce_checks(nx_db_connection(db), FALSE, err))
    return FALSE;
  gboolean copied = nx_db_script(db, statement, err);
  gboolean checking = nx_db_driver(db)->enforce_checks(nx_db_connection(db), TRUE, copied ? err : &off);
  return copied && checking;
}

gboolean nx_copy_run(NxDb *db, const char *copy, const char *statement, GError **err)
{
  gboolean can_wait = nx_db_driver(db)->enforce_checks != NULL;
  g_autoptr(NxTable) table = can_wait ? nx_table_read(db, copy, NULL) : NULL;
  g_autoptr(GPtrArray) checks = table ? named_checks(table) : NULL;
  if (!checks)
    return nx_db_script(db, statement, err);
  return copy_unchecked(db, statement, err) && check_rows(db, table, checks, err);
}

gboolean nx_copy_is_into(const char *statement, const char *table)
{
  const char *const wanted[] = {"INSERT", "INTO", table};
  gsize length = 0, found = 0;
  for (const char *p = statement; *p && found < G_N_ELEMENTS(wanted); p += length) {
    NxSqlToken token = nx_sql_token(p, &length);
    if (token == NX_SQL_BLANK || token == NX_SQL_COMMENT)
      continue;
    g_autofree char *name = token == NX_SQL_WORD || token == NX_SQL_QUOTED ? nx_sql_name(p, length) : NULL;
    if (!name || g_ascii_strcasecmp(name, wanted[found++]) != 0)
      return FALSE;
  }
  return found == G_N_ELEMENTS(wanted);
}
