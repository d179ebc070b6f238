/* table.c — a table of a SQLite database as data: columns from the pragmas, the names and order of constraints from the stored statement,
 * and back into a statement in the layout of database 2. */
#include "sql-text.h"
#include "sqlite.h"

#include <string.h>

static void column_free(gpointer data)
{
  NxColumn *column = data;
  g_free(column->name);
  g_free(column->type);
  g_free(column->standard);
  g_free(column->definition);
  g_free(column);
}

static void constraint_free(gpointer data)
{
  NxConstraint *constraint = data;
  g_free(constraint->name);
  g_strfreev(constraint->columns);
  g_free(constraint->text);
  g_free(constraint);
}

void nx_table_free(NxTable *table)
{
  if (!table)
    return;
  g_free(table->name);
  g_ptr_array_unref(table->columns);
  g_ptr_array_unref(table->constraints);
  g_ptr_array_unref(table->indexes);
  g_free(table);
}

/* ---------------------------------------------------------------------------------------------- stored statement */

/* Cuts what stands between the outer parentheses at its commas; comments become blanks. */
static char **definition_items(const char *sql)
{
  g_autoptr(GStrvBuilder) items = g_strv_builder_new();
  g_autoptr(GString) item = g_string_new(NULL);
  int depth = 0;
  gsize length = 0;
  for (const char *p = sql; *p; p += length) {
    NxSqlToken token = nx_sql_token(p, &length);
    if (token == NX_SQL_UNCLOSED)
      break;
    if (token == NX_SQL_MARK && *p == '(' && depth++ == 0)
      continue;
    if (token == NX_SQL_MARK && *p == ')' && --depth == 0)
      break;
    if (token == NX_SQL_MARK && *p == ',' && depth == 1) {
      g_strv_builder_add(items, g_strstrip(item->str));
      g_string_truncate(item, 0);
    } else if (depth > 0 && token == NX_SQL_COMMENT)
      g_string_append_c(item, ' ');
    else if (depth > 0)
      g_string_append_len(item, p, (gssize)length);
  }
  g_strv_builder_add(items, g_strstrip(item->str));
  return g_strv_builder_end(items);
}

/* The next word or quoted name of *text, which moves past it; NULL when something else comes. */
static char *take_name(const char **text, gboolean *quoted)
{
  gsize length = 0;
  const char *p = *text;
  while (*p) {
    NxSqlToken token = nx_sql_token(p, &length);
    if (token == NX_SQL_WORD || token == NX_SQL_QUOTED) {
      *text = p + length;
      *quoted = token == NX_SQL_QUOTED;
      return nx_sql_name(p, length);
    }
    if (token != NX_SQL_BLANK)
      return NULL;
    p += length;
  }
  return NULL;
}

/* The first name of each item in the first parentheses of `text`: what follows it there (AUTOINCREMENT, DESC) is no column. */
static char **names_in_parentheses(const char *text)
{
  g_autoptr(GStrvBuilder) names = g_strv_builder_new();
  const char *p = strchr(text, '(');
  gsize length = 0;
  gboolean wanted = TRUE;
  for (p = p ? p + 1 : ""; *p && *p != ')'; p += length) {
    NxSqlToken token = nx_sql_token(p, &length);
    if (token == NX_SQL_UNCLOSED)
      break;
    if (*p == ',')
      wanted = TRUE;
    if (!wanted || (token != NX_SQL_WORD && token != NX_SQL_QUOTED))
      continue;
    g_autofree char *name = nx_sql_name(p, length);
    g_strv_builder_add(names, name);
    wanted = FALSE;
  }
  return g_strv_builder_end(names);
}

static const struct {
  const char *word;
  NxConstraintKind kind;
} CONSTRAINT_WORDS[] = {
    {"PRIMARY", NX_CONSTRAINT_PRIMARY_KEY},
    {"UNIQUE", NX_CONSTRAINT_UNIQUE},
    {"CHECK", NX_CONSTRAINT_CHECK},
    {"FOREIGN", NX_CONSTRAINT_FOREIGN_KEY},
};

/* A table constraint, or NULL when the item defines a column. */
static NxConstraint *constraint_parse(const char *item)
{
  const char *rest = item;
  gboolean quoted = FALSE;
  g_autofree char *name = NULL;
  g_autofree char *word = take_name(&rest, &quoted);
  if (word && !quoted && g_ascii_strcasecmp(word, "CONSTRAINT") == 0) {
    name = take_name(&rest, &quoted);
    item = rest + strspn(rest, " \t\r\n");
    g_free(word);
    word = take_name(&rest, &quoted);
  }
  for (gsize i = 0; word && !quoted && i < G_N_ELEMENTS(CONSTRAINT_WORDS); i++) {
    if (g_ascii_strcasecmp(word, CONSTRAINT_WORDS[i].word) != 0)
      continue;
    NxConstraint *constraint = g_new0(NxConstraint, 1);
    constraint->kind = CONSTRAINT_WORDS[i].kind;
    constraint->name = g_steal_pointer(&name);
    constraint->columns = constraint->kind == NX_CONSTRAINT_CHECK ? NULL : names_in_parentheses(item);
    constraint->text = g_strdup(item);
    return constraint;
  }
  return NULL;
}

/* Moves *text behind its next word outside of parentheses, which is returned in capitals, owned; NULL: there is none. */
static char *next_outer_word(const char **text)
{
  gsize length = 0;
  int depth = 0;
  for (const char *p = *text; *p; p += length) {
    NxSqlToken token = nx_sql_token(p, &length);
    if (token == NX_SQL_UNCLOSED)
      return NULL;
    depth += token != NX_SQL_MARK ? 0 : *p == '(' ? 1 : *p == ')' ? -1 : 0;
    *text = p + length;
    if (token == NX_SQL_WORD && depth == 0)
      return g_ascii_strup(p, (gssize)length);
  }
  return NULL;
}

/* What a column says beyond type, DEFAULT and NOT NULL begins with one of these, or has it in it. */
static const char *const MORE_WORDS[] = {"PRIMARY", "UNIQUE", "CHECK", "REFERENCES", "COLLATE", "GENERATED", "AS", "CONFLICT", NULL};

/* A key that the definition of a column declares. */
static NxConstraint *key_of_column(const char *word, const NxColumn *column)
{
  gboolean is_primary = g_str_equal(word, "PRIMARY");
  if (!is_primary && !g_str_equal(word, "UNIQUE"))
    return NULL;
  NxConstraint *constraint = g_new0(NxConstraint, 1);
  constraint->kind = is_primary ? NX_CONSTRAINT_PRIMARY_KEY : NX_CONSTRAINT_UNIQUE;
  constraint->columns = g_new0(char *, 2);
  constraint->columns[0] = g_strdup(column->name);
  constraint->text = g_strdup("");
  constraint->is_of_column = TRUE;
  return constraint;
}

/* The pragma gives an expression without the parentheses that it needs behind DEFAULT. */
static void parenthesise_standard(NxColumn *column)
{
  char *standard = g_strdup_printf("(%s)", column->standard);
  g_free(column->standard);
  column->standard = standard;
}

/* `text` is what follows the name of the column. */
static void read_column_definition(NxTable *table, NxColumn *column, const char *text)
{
  const char *rest = text;
  gboolean has_more = FALSE;
  for (g_autofree char *word = next_outer_word(&rest); word; g_free(word), word = next_outer_word(&rest)) {
    NxConstraint *key = key_of_column(word, column);
    if (key)
      g_ptr_array_add(table->constraints, key);
    if (g_str_equal(word, "DEFAULT") && column->standard && rest[strspn(rest, " \t\r\n")] == '(')
      parenthesise_standard(column);
    column->is_generated = column->is_generated || g_str_equal(word, "AS");
    has_more = has_more || g_strv_contains(MORE_WORDS, word);
  }
  column->definition = has_more ? g_strstrip(g_strdup(text)) : NULL;
}

static NxColumn *find_column(const NxTable *table, const char *name)
{
  for (guint i = 0; i < table->columns->len; i++) {
    NxColumn *column = table->columns->pdata[i];
    if (g_ascii_strcasecmp(column->name, name) == 0)
      return column;
  }
  return NULL;
}

static void read_definition(NxTable *table, const char *sql)
{
  g_auto(GStrv) items = definition_items(sql);
  for (char **item = items; *item; item++) {
    NxConstraint *constraint = constraint_parse(*item);
    if (constraint) {
      g_ptr_array_add(table->constraints, constraint);
      continue;
    }
    const char *rest = *item;
    gboolean quoted = FALSE;
    g_autofree char *name = take_name(&rest, &quoted);
    NxColumn *column = name ? find_column(table, name) : NULL;
    if (column)
      read_column_definition(table, column, rest);
  }
}

/* ---------------------------------------------------------------------------------------------------------- reading */

static gboolean read_columns(NxDb *db, NxTable *table, GError **err)
{
  g_autoptr(NxRows) rows =
      nx_db_select(db, err, "SELECT name, type, \"notnull\", dflt_value FROM pragma_table_xinfo($1)", "s", table->name);
  if (!rows)
    return FALSE;
  while (nx_rows_next(rows))
    nx_table_add_column(table, nx_rows_text(rows, 0), nx_rows_text(rows, 1), nx_rows_text(rows, 3), nx_rows_int(rows, 2) != 0);
  return nx_rows_finish(rows, err);
}

static gboolean read_statements(NxDb *db, NxTable *table, GError **err)
{
  g_autoptr(NxRows) rows = nx_db_select(db, err,
                                        "SELECT type, sql FROM sqlite_master WHERE tbl_name = $1 AND type IN ('table', 'index') "
                                        "AND sql IS NOT NULL ORDER BY type DESC, name",
                                        "s", table->name);
  if (!rows)
    return FALSE;
  while (nx_rows_next(rows)) {
    if (g_str_equal(nx_rows_text(rows, 0), "table"))
      read_definition(table, nx_rows_text(rows, 1));
    else
      g_ptr_array_add(table->indexes, g_strdup(nx_rows_text(rows, 1)));
  }
  return nx_rows_finish(rows, err);
}

NxTable *nx_table_new(const char *name)
{
  NxTable *table = g_new0(NxTable, 1);
  table->name = g_strdup(name);
  table->columns = g_ptr_array_new_with_free_func(column_free);
  table->constraints = g_ptr_array_new_with_free_func(constraint_free);
  table->indexes = g_ptr_array_new_with_free_func(g_free);
  return table;
}

void nx_table_add_column(NxTable *table, const char *name, const char *type, const char *standard, gboolean not_null)
{
  NxColumn *column = g_new0(NxColumn, 1);
  column->name = g_strdup(name);
  column->type = g_strdup(type);
  column->standard = g_strdup(standard);
  column->not_null = not_null;
  g_ptr_array_add(table->columns, column);
}

NxTable *nx_sqlite_table_read(NxDb *db, const char *name, GError **err)
{
  g_autoptr(NxTable) table = nx_table_new(name);
  if (!read_columns(db, table, err))
    return NULL;
  if (table->columns->len == 0) {
    g_set_error(err, NX_ERROR, NX_ERROR_MISSING, "no such table: %s", name);
    return NULL;
  }
  return read_statements(db, table, err) ? g_steal_pointer(&table) : NULL;
}

/* ---------------------------------------------------------------------------------------------------------- writing */

static void append_item(GString *sql, const char *text)
{
  g_string_append_printf(sql, "%s\t%s", g_str_has_suffix(sql->str, "(\n") ? "" : ", \n", text);
}

static char *column_definition(const NxColumn *column)
{
  if (column->definition)
    return g_strconcat(" ", column->definition, NULL);
  GString *text = g_string_new(NULL);
  if (*column->type)
    g_string_append_printf(text, " %s", column->type);
  if (column->standard)
    g_string_append_printf(text, " DEFAULT %s", column->standard);
  if (column->not_null)
    g_string_append(text, " NOT NULL");
  return g_string_free(text, FALSE);
}

static void append_column(GString *sql, const NxColumn *column)
{
  g_autofree char *name = nx_sql_identifier(column->name);
  g_autofree char *definition = column_definition(column);
  g_autofree char *text = g_strconcat(name, definition, NULL);
  append_item(sql, text);
}

static char *column_list(char **columns)
{
  g_autoptr(GString) list = g_string_new(NULL);
  for (char **column = columns; *column; column++) {
    g_autofree char *name = nx_sql_identifier(*column);
    g_string_append_printf(list, "%s%s", list->len ? ", " : "", name);
  }
  return g_string_free(g_steal_pointer(&list), FALSE);
}

/* A key of columns alone is written as the reference writes it; what else one says (COLLATE, ON CONFLICT, …) is in its text only. */
static gboolean is_plain_key(const NxConstraint *constraint)
{
  gsize length = 0;
  guint words = constraint->kind == NX_CONSTRAINT_PRIMARY_KEY ? 2 : 1;
  if (constraint->kind != NX_CONSTRAINT_PRIMARY_KEY && constraint->kind != NX_CONSTRAINT_UNIQUE)
    return FALSE;
  words += g_strv_length(constraint->columns);
  for (const char *p = constraint->text; *p; p += length) {
    NxSqlToken token = nx_sql_token(p, &length);
    if (token == NX_SQL_UNCLOSED)
      return FALSE;
    words -= token == NX_SQL_WORD || token == NX_SQL_QUOTED;
  }
  return words == 0;
}

static void append_constraint(GString *sql, const NxConstraint *constraint)
{
  g_autofree char *columns = constraint->columns ? column_list(constraint->columns) : NULL;
  g_autofree char *name = constraint->name ? nx_sql_identifier(constraint->name) : NULL;
  g_autoptr(GString) text = g_string_new(NULL);
  if (name)
    g_string_append_printf(text, "CONSTRAINT %s ", name);
  if (is_plain_key(constraint))
    g_string_append_printf(text, "%s (%s)", constraint->kind == NX_CONSTRAINT_UNIQUE ? "UNIQUE" : "PRIMARY KEY", columns);
  else
    g_string_append(text, constraint->text);
  append_item(sql, text->str);
}

static gboolean is_written(const NxConstraint *constraint, NxConstraintKind kind)
{
  return constraint->kind == kind && !constraint->is_of_column;
}

char *nx_table_statement(const NxTable *table, const char *name)
{
  static const NxConstraintKind ORDER[] = {NX_CONSTRAINT_PRIMARY_KEY, NX_CONSTRAINT_CHECK, NX_CONSTRAINT_FOREIGN_KEY, NX_CONSTRAINT_UNIQUE};
  g_autofree char *identifier = nx_sql_identifier(name);
  GString *sql = g_string_new(NULL);
  g_string_append_printf(sql, "CREATE TABLE %s (\n", identifier);
  for (guint i = 0; i < table->columns->len; i++)
    append_column(sql, table->columns->pdata[i]);
  for (gsize kind = 0; kind < G_N_ELEMENTS(ORDER); kind++)
    for (guint i = 0; i < table->constraints->len; i++)
      if (is_written(table->constraints->pdata[i], ORDER[kind]))
        append_constraint(sql, table->constraints->pdata[i]);
  g_string_append(sql, "\n)");
  return g_string_free(sql, FALSE);
}
