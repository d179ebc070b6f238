/* batch.c — `--@ batch TABLE drop a, b; rename x y; add name TYPE; nullable c`: a table rebuilt from what it is, because SQLite cannot drop a
 * column that a UNIQUE names and databases of different origin have different types and constraint names (database 8.3). */
#include "driver.h"
#include "migration.h"
#include "sql-text.h"

#include <string.h>

/* One change of the directive. */
typedef struct {
  char *verb;   /* drop, rename, add, nullable */
  char **words; /* column names; of add: name, then the type's words */
} Change;

static void change_free(gpointer data)
{
  Change *change = data;
  g_free(change->verb);
  g_strfreev(change->words);
  g_free(change);
}

static char **words_of(const char *text)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
  g_auto(GStrv) parts = g_strsplit_set(text, ", \t", -1);
  for (char **part = parts; *part; part++)
    if (**part)
      g_strv_builder_add(builder, *part);
  return g_strv_builder_end(builder);
}

static const struct {
  const char *verb;
  guint least, most; /* words behind it */
} VERBS[] = {{"drop", 1, G_MAXUINT}, {"rename", 2, 2}, {"add", 2, G_MAXUINT}, {"nullable", 1, G_MAXUINT}};

static gboolean is_understood(const Change *change)
{
  guint count = g_strv_length(change->words);
  for (gsize i = 0; i < G_N_ELEMENTS(VERBS); i++)
    if (g_str_equal(VERBS[i].verb, change->verb))
      return count >= VERBS[i].least && count <= VERBS[i].most;
  return FALSE;
}

/* `drop a, b; rename x y` → Changes. */
static GPtrArray *parse_changes(const char *text, GError **err)
{
  g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func(change_free);
  g_auto(GStrv) clauses = g_strsplit(text, ";", -1);
  for (char **clause = clauses; *clause; clause++) {
    const char *rest = NULL;
    Change *change = g_new0(Change, 1);
    g_ptr_array_add(changes, change);
    change->verb = nx_directive_name(g_strstrip(*clause), &rest);
    change->words = words_of(rest);
    if (is_understood(change))
      continue;
    nx_revision_error(err, "batch does not understand '%s'", *clause);
    return NULL;
  }
  return g_steal_pointer(&changes);
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

static const char *behind_blanks(const char *text)
{
  return text + strspn(text, " \t\r\n");
}

/* The length of `REFERENCES other (its, columns)`, in which no name is one of `table`, when the word at `text` begins that; otherwise 0. */
static gsize foreign_length(const char *table, const char *text, gsize word)
{
  static const char REFERENCES[] = "REFERENCES";
  const char *other = behind_blanks(text + word);
  gsize length = 0;
  if (word != strlen(REFERENCES) || g_ascii_strncasecmp(text, REFERENCES, word) != 0 || !*other)
    return 0;
  nx_sql_token(other, &length);
  g_autofree char *name = nx_sql_name(other, length);
  if (g_ascii_strcasecmp(name, table) == 0)
    return 0;
  const char *columns = behind_blanks(other + length), *end = *columns == '(' ? strchr(columns, ')') : NULL;
  return (gsize)((end ? end + 1 : other + length) - text);
}

/* `text`, of the table, with the name `from` of a column replaced by `to` (NULL: only looked for); TRUE when it is in there. */
static gboolean replace_name(const char *table, const char *text, const char *from, const char *to, GString *result)
{
  gboolean found = FALSE;
  gsize length = 0;
  for (const char *p = text; *p; p += length) {
    NxSqlToken token = nx_sql_token(p, &length);
    if (token == NX_SQL_UNCLOSED)
      break;
    gsize foreign = token == NX_SQL_WORD ? foreign_length(table, p, length) : 0;
    gboolean is_name = !foreign && (token == NX_SQL_WORD || (token == NX_SQL_QUOTED && *p != '\''));
    g_autofree char *name = is_name ? nx_sql_name(p, length) : NULL;
    length = foreign ? foreign : length;
    gboolean same = name && g_ascii_strcasecmp(name, from) == 0;
    found = found || same;
    if (result)
      g_string_append_len(result, same ? to : p, same ? (gssize)strlen(to) : (gssize)length);
  }
  return found;
}

static void replace_in(const NxTable *table, char **text, const char *from, const char *to)
{
  GString *result = g_string_new(NULL);
  replace_name(table->name, *text, from, to, result);
  g_free(*text);
  *text = g_string_free(result, FALSE);
}

static gboolean mentions(const NxTable *table, const NxConstraint *constraint, const char *column)
{
  for (char **name = constraint->columns; name && *name; name++)
    if (g_ascii_strcasecmp(*name, column) == 0)
      return TRUE;
  if (constraint->columns)
    return FALSE;
  return replace_name(table->name, constraint->text, column, NULL, NULL);
}

static void drop_column(NxTable *table, const char *name)
{
  g_ptr_array_remove(table->columns, find_column(table, name));
  for (guint i = table->constraints->len; i > 0; i--)
    if (mentions(table, table->constraints->pdata[i - 1], name))
      g_ptr_array_remove_index(table->constraints, i - 1);
  for (guint i = table->indexes->len; i > 0; i--)
    if (replace_name(table->name, table->indexes->pdata[i - 1], name, NULL, NULL))
      g_ptr_array_remove_index(table->indexes, i - 1);
}

/* A column that stays and has a condition or a value made of one that goes could only be kept as something else. */
static gboolean check_needed(const NxTable *table, const char *dropped, char **others, GError **err)
{
  for (guint i = 0; i < table->columns->len; i++) {
    const NxColumn *column = table->columns->pdata[i];
    gboolean stays = !g_strv_contains((const char *const *)others, column->name);
    if (stays && column->definition && replace_name(table->name, column->definition, dropped, NULL, NULL))
      return nx_revision_error(err, "table %s cannot be made anew: its column %s needs the column %s, which goes; drop %s first",
                               table->name, column->name, dropped, column->name);
  }
  return TRUE;
}

static gboolean check_drops(const NxTable *table, GPtrArray *changes, GError **err)
{
  for (guint i = 0; i < changes->len; i++) {
    const Change *change = changes->pdata[i];
    for (char **name = g_str_equal(change->verb, "drop") ? change->words : NULL; name && *name; name++)
      if (!check_needed(table, *name, change->words, err))
        return FALSE;
  }
  return TRUE;
}

static void rename_column(NxTable *table, const char *from, const char *to)
{
  NxColumn *column = find_column(table, from);
  g_autofree char *written = nx_sql_identifier(to);
  g_free(column->name);
  column->name = g_strdup(to);
  for (guint i = 0; i < table->columns->len; i++) {
    NxColumn *other = table->columns->pdata[i];
    if (other->definition)
      replace_in(table, &other->definition, from, written);
  }
  for (guint i = 0; i < table->constraints->len; i++) {
    NxConstraint *constraint = table->constraints->pdata[i];
    replace_in(table, &constraint->text, from, written);
    for (char **name = constraint->columns; name && *name; name++)
      if (g_ascii_strcasecmp(*name, from) == 0) {
        g_free(*name);
        *name = g_strdup(to);
      }
  }
  for (guint i = 0; i < table->indexes->len; i++)
    replace_in(table, (char **)&table->indexes->pdata[i], from, written);
}

static void add_column(NxTable *table, char **words)
{
  NxColumn *column = g_new0(NxColumn, 1);
  column->name = g_strdup(words[0]);
  column->type = g_strjoinv(" ", words + 1);
  column->standard = NULL;
  g_ptr_array_add(table->columns, column);
}

static gboolean allow_null(const NxTable *table, const char *name, GError **err)
{
  NxColumn *column = find_column(table, name);
  if (column->definition)
    return nx_revision_error(err, "the NOT NULL of %s.%s cannot be taken away: the column has a constraint of its own", table->name, name);
  column->not_null = FALSE;
  return TRUE;
}

static gboolean apply_change(NxTable *table, const Change *change, GError **err)
{
  if (g_str_equal(change->verb, "add")) {
    if (find_column(table, change->words[0]))
      return nx_revision_error(err, "table %s already has a column %s", table->name, change->words[0]);
    add_column(table, change->words);
    return TRUE;
  }
  gboolean is_rename = g_str_equal(change->verb, "rename"), is_drop = g_str_equal(change->verb, "drop");
  for (char **name = change->words; *name && (!is_rename || name == change->words); name++)
    if (!find_column(table, *name))
      return nx_revision_error(err, "table %s has no column %s", table->name, *name);
  if (is_rename)
    rename_column(table, change->words[0], change->words[1]);
  for (char **name = change->words; !is_rename && *name; name++) {
    if (is_drop)
      drop_column(table, *name);
    else if (!allow_null(table, *name, err))
      return FALSE;
  }
  return TRUE;
}

/* INSERT … SELECT of the columns that both tables have; `before` gives the old names. */
static char *copy_statement(const NxTable *before, const NxTable *after, GPtrArray *changes, const char *temporary)
{
  g_autoptr(GString) to = g_string_new(NULL), from = g_string_new(NULL);
  g_autofree char *table = nx_sql_identifier(before->name), *copy = nx_sql_identifier(temporary);
  for (guint i = 0; i < after->columns->len; i++) {
    const char *name = ((NxColumn *)after->columns->pdata[i])->name, *old = name;
    for (guint j = 0; j < changes->len; j++) {
      const Change *change = changes->pdata[j];
      if (g_str_equal(change->verb, "rename") && g_str_equal(change->words[1], name))
        old = change->words[0];
    }
    const NxColumn *source = find_column(before, old);
    if (!source || source->is_generated)
      continue;
    g_autofree char *to_name = nx_sql_identifier(name);
    g_autofree char *from_name = nx_sql_identifier(old);
    g_string_append_printf(to, "%s%s", to->len ? ", " : "", to_name);
    g_string_append_printf(from, "%s%s.%s", from->len ? ", " : "", table, from_name);
  }
  return g_strdup_printf("INSERT INTO %s (%s) SELECT %s \nFROM %s", copy, to->str, from->str, table);
}

char *nx_batch_temporary(const char *arguments)
{
  const char *rest = NULL;
  g_autofree char *name = nx_directive_name(arguments, &rest);
  return g_strconcat("_alembic_tmp_", name, NULL);
}

GPtrArray *nx_batch_statements(NxDb *db, const char *arguments, GError **err)
{
  const char *rest = NULL;
  g_autofree char *name = nx_directive_name(arguments, &rest);
  g_autoptr(GPtrArray) changes = parse_changes(rest, err);
  g_autoptr(NxTable) before = changes ? nx_table_read(db, name, err) : NULL;
  g_autoptr(NxTable) after = before ? nx_table_read(db, name, err) : NULL;
  if (!after || !check_drops(before, changes, err))
    return NULL;
  for (guint i = 0; i < changes->len; i++)
    if (!apply_change(after, changes->pdata[i], err))
      return NULL;
  g_autofree char *temporary = nx_batch_temporary(arguments);
  g_autofree char *written = nx_sql_identifier(name), *temporary_written = nx_sql_identifier(temporary);
  GPtrArray *statements = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(statements, nx_table_statement(after, temporary));
  g_ptr_array_add(statements, copy_statement(before, after, changes, temporary));
  g_ptr_array_add(statements, g_strdup_printf("DROP TABLE %s", written));
  g_ptr_array_add(statements, g_strdup_printf("ALTER TABLE %s RENAME TO %s", temporary_written, written));
  for (guint i = 0; i < after->indexes->len; i++)
    g_ptr_array_add(statements, g_strdup(after->indexes->pdata[i]));
  return statements;
}

gboolean nx_batch_check(NxDb *db, const char *arguments, GError **err)
{
  const char *rest = NULL;
  gboolean is_there = FALSE;
  g_autofree char *name = nx_directive_name(arguments, &rest);
  if (!nx_db_has_table(db, name, &is_there, err))
    return FALSE;
  if (!is_there)
    return TRUE;
  g_autoptr(GPtrArray) changes = parse_changes(rest, err);
  g_autoptr(NxTable) table = changes ? nx_table_read(db, name, err) : NULL;
  return table && check_drops(table, changes, err);
}

gboolean nx_batch_run(NxDb *db, const char *arguments, GError **err)
{
  if (nx_db_driver(db) != &nx_db_driver_sqlite)
    return nx_revision_error(err, "--@ batch rebuilds tables of SQLite: the step needs a file of its own for %s", nx_db_driver(db)->name);
  g_autoptr(GPtrArray) statements = nx_batch_statements(db, arguments, err);
  if (!statements)
    return FALSE;
  for (guint i = 0; i < statements->len; i++)
    if (!nx_db_script(db, statements->pdata[i], err))
      return FALSE;
  return TRUE;
}

gboolean nx_column_allow_null(NxDb *db, const char *table, const char *column, GError **err)
{
  g_autofree char *batch = g_strdup_printf("%s nullable %s", table, column);
  g_autofree char *alter = g_strdup_printf("ALTER TABLE %s ALTER COLUMN %s DROP NOT NULL", table, column);
  return nx_db_driver(db) == &nx_db_driver_sqlite ? nx_batch_run(db, batch, err) : nx_db_script(db, alter, err);
}
