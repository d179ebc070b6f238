/* offenders.c — which rows a CHECK of a migration does not let pass (database 4.5). The check is read from the step's own file and the rows
 * from the table as it is after the rollback, so that engines which forget a failed transaction at once can tell it too. */
#include "driver.h"
#include "migration.h"
#include "sql-text.h"

#include <string.h>

#define OFFENDERS_SHOWN 10

static gboolean is_word(const char *text, gsize length, const char *word)
{
  return length == strlen(word) && g_ascii_strncasecmp(text, word, length) == 0;
}

/* From an opening parenthesis to the one that closes it. */
static char *in_parentheses(const char *text)
{
  gsize length = 0;
  int depth = 0;
  for (const char *p = text; *p; p += length) {
    NxSqlToken token = nx_sql_token(p, &length);
    if (token == NX_SQL_UNCLOSED)
      break;
    depth += token == NX_SQL_MARK && *p == '(' ? 1 : token == NX_SQL_MARK && *p == ')' ? -1 : 0;
    if (depth == 0)
      return g_strndup(text, (gsize)(p + length - text));
  }
  return NULL;
}

/* The condition, with its parentheses, of `CONSTRAINT <name> CHECK (…)` in a statement; NULL when it is not in there. */
static char *condition_of(const char *statement, const char *name)
{
  enum { ANYTHING, CONSTRAINT, NAME, CHECK } seen = ANYTHING;
  gsize length = 0;
  for (const char *p = statement; *p; p += length) {
    NxSqlToken token = nx_sql_token(p, &length);
    if (token == NX_SQL_UNCLOSED)
      break;
    if (token == NX_SQL_BLANK || token == NX_SQL_COMMENT)
      continue;
    if (seen == CHECK)
      return *p == '(' ? in_parentheses(p) : NULL;
    g_autofree char *word = token == NX_SQL_WORD || token == NX_SQL_QUOTED ? nx_sql_name(p, length) : NULL;
    if (seen == CONSTRAINT && g_strcmp0(word, name) == 0)
      seen = NAME;
    else if (seen == NAME && is_word(p, length, "CHECK"))
      seen = CHECK;
    else
      seen = is_word(p, length, "CONSTRAINT") ? CONSTRAINT : ANYTHING;
  }
  return NULL;
}

static char *find_condition(GPtrArray *pieces, const char *name)
{
  for (guint i = 0; i < pieces->len; i++) {
    const NxPiece *piece = pieces->pdata[i];
    char *condition = piece->is_directive ? NULL : condition_of(piece->text, name);
    if (condition)
      return condition;
  }
  return NULL;
}

/* The columns of the table that a condition names, each once, with a comma before each. */
static char *columns_in(NxDb *db, const char *table, const char *condition)
{
  g_autoptr(GString) columns = g_string_new(NULL);
  gsize length = 0;
  for (const char *p = condition; *p; p += length) {
    NxColumnFacts facts = {0};
    NxSqlToken token = nx_sql_token(p, &length);
    if (token == NX_SQL_UNCLOSED)
      break;
    g_autofree char *name = token == NX_SQL_WORD || (token == NX_SQL_QUOTED && *p == '"') ? nx_sql_name(p, length) : NULL;
    if (!name || !nx_db_has_column(db, table, name, &facts, NULL) || !facts.exists)
      continue;
    g_autofree char *column = g_strdup_printf(", \"%s\"", name);
    if (!strstr(columns->str, column))
      g_string_append(columns, column);
  }
  return g_string_free(g_steal_pointer(&columns), FALSE);
}

/* "id_session_log 7 has record_status 'BAD'; …"; "" when there are none. */
static char *offending_rows(NxDb *db, const char *table, const char *key, const char *condition)
{
  g_autofree char *name = nx_sql_quoted(table);
  g_autofree char *columns = columns_in(db, table, condition);
  g_autofree char *sql = g_strdup_printf("SELECT %s%s FROM %s WHERE NOT %s ORDER BY 1", key, columns, name, condition);
  g_autoptr(NxRows) rows = nx_db_select(db, NULL, sql, NULL);
  g_autoptr(GString) text = g_string_new(NULL);
  guint count = 0;
  while (rows && nx_rows_next(rows)) {
    if (count++ >= OFFENDERS_SHOWN)
      continue;
    g_string_append_printf(text, "%s%s %" G_GINT64_FORMAT " has", count > 1 ? "; " : "", key, nx_rows_int(rows, 0));
    for (guint i = 1; i < nx_rows_columns(rows); i++) {
      g_autofree char *value = nx_text_utf8(nx_rows_text(rows, i) ? nx_rows_text(rows, i) : "NULL", -1);
      g_autofree char *visible = nx_text_visible(value);
      g_string_append_printf(text, "%s %s '%s'", i > 1 ? "," : "", nx_rows_name(rows, i), visible);
    }
  }
  if (count > OFFENDERS_SHOWN)
    g_string_append_printf(text, "; and %u more", count - OFFENDERS_SHOWN);
  return g_string_free(g_steal_pointer(&text), FALSE);
}

/* `verify TABLE … pk=KEY …` → both; FALSE for other pieces. */
static gboolean watched_table(const NxPiece *piece, char **table, char **key)
{
  const char *rest = NULL, *options = NULL;
  g_autofree char *directive = piece->is_directive ? nx_directive_name(piece->text, &rest) : NULL;
  if (!directive || !g_str_equal(directive, "verify"))
    return FALSE;
  g_autofree char *name = nx_directive_name(rest, &options);
  const char *named = strstr(options, "pk=");
  if (!named)
    return FALSE;
  *table = g_steal_pointer(&name);
  *key = g_strndup(named + 3, strcspn(named + 3, " \t"));
  return TRUE;
}

void nx_offenders_name(NxDb *db, GPtrArray *pieces, GError **err)
{
  if (!err || !*err || !g_str_has_prefix((*err)->message, NX_CHECK_FAILED))
    return;
  g_autofree char *condition = find_condition(pieces, (*err)->message + strlen(NX_CHECK_FAILED));
  for (guint i = 0; condition && i < pieces->len; i++) {
    g_autofree char *table = NULL, *key = NULL;
    if (!watched_table(pieces->pdata[i], &table, &key))
      continue;
    g_autofree char *rows = offending_rows(db, table, key, condition);
    if (!*rows)
      continue;
    char *message = g_strdup_printf("%s (%s: %s)", (*err)->message, table, rows);
    g_free((*err)->message);
    (*err)->message = message;
    return;
  }
}
