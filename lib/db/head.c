/* head.c — the whole schema at its head in a database that has none of it or some of it: tables that are missing are made, those that are
 * there are left as they are (igem-db 5.1). */
#include "driver.h"
#include "offline.h"
#include "schema.h"
#include "sql-text.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------------- extensions */

/* Whatever fails inside leaves the transaction as it was. */
static gboolean try_statement(NxDb *db, const char *sql, char **reason)
{
  g_autoptr(GError) error = NULL;
  if (!nx_db_script(db, "SAVEPOINT nx_trial", &error))
    return FALSE;
  if (nx_db_script(db, sql, &error))
    return nx_db_script(db, "RELEASE SAVEPOINT nx_trial", NULL);
  *reason = g_strdup(error->message);
  nx_db_script(db, "ROLLBACK TO SAVEPOINT nx_trial", NULL);
  nx_db_script(db, "RELEASE SAVEPOINT nx_trial", NULL);
  return FALSE;
}

static gboolean count_named(NxDb *db, const char *sql, const char *name, gboolean *any, GError **err)
{
  gint64 n = 0;
  gboolean counted = nx_db_number(db, &n, err, sql, "s", name);
  *any = n > 0;
  return counted;
}

static gboolean enable_extension(NxDb *db, const char *name, gboolean *is_there, char **reason, const NxWatcher *watcher, GError **err)
{
  gboolean available = FALSE;
  if (!count_named(db, "SELECT count(*) FROM pg_extension WHERE extname = $1", name, is_there, err) ||
      !count_named(db, "SELECT count(*) FROM pg_available_extensions WHERE name = $1", name, &available, err))
    return FALSE;
  if (*is_there)
    return TRUE;
  if (!available) {
    *reason = g_strdup("it is not installed on the server");
    return TRUE;
  }
  g_autofree char *quoted = nx_sql_quoted(name);
  g_autofree char *sql = g_strdup_printf("CREATE EXTENSION IF NOT EXISTS %s", quoted);
  nx_watcher_say(watcher, NX_EVENT_EXTENSION, name);
  *is_there = try_statement(db, sql, reason);
  return TRUE;
}

gboolean nx_extensions_enable(const NxSchema *schema, NxDb *db, gboolean warn, GHashTable *there, const NxWatcher *watcher, GError **err)
{
  json_object *extensions = nx_json_get(nx_schema_fact(schema, "extensions"), nx_db_driver(db)->name);
  for (gsize i = 0; json_object_is_type(extensions, json_type_array) && i < json_object_array_length(extensions); i++) {
    json_object *extension = json_object_array_get_idx(extensions, i);
    const char *name = nx_json_get_string(extension, "name"), *without = nx_json_get_string(extension, "without");
    gboolean is_there = FALSE;
    g_autofree char *reason = NULL;
    if (!name || !enable_extension(db, name, &is_there, &reason, watcher, err))
      return name == NULL;
    if (is_there)
      g_hash_table_add(there, g_strdup(name));
    else if (warn)
      nx_watcher_warn(watcher, "the extension %s cannot be used (%s): %s", name, reason ? reason : "unknown reason",
                      without ? without : "");
  }
  return TRUE;
}

/* -------------------------------------------------------------------------------------------------------- statements */

/* The words of a statement one after the other, whatever is between them. */
static char *next_word(const char **text)
{
  gsize length = 0;
  for (; **text; *text += length) {
    NxSqlToken token = nx_sql_token(*text, &length);
    if (token == NX_SQL_UNCLOSED)
      return NULL;
    if (token != NX_SQL_WORD && token != NX_SQL_QUOTED)
      continue;
    char *word = nx_sql_name(*text, length);
    *text += length;
    return word;
  }
  return NULL;
}

static gboolean is_one_of(const char *word, const char *const *words)
{
  g_autofree char *upper = g_ascii_strup(word, -1);
  return g_strv_contains(words, upper);
}

/* The table that a CREATE TABLE, CREATE INDEX or ALTER TABLE is about; NULL for other statements. */
static char *table_of(const char *statement)
{
  static const char *const VERBS[] = {"CREATE", "ALTER", NULL}, *const TABLE[] = {"TABLE", NULL}, *const INDEX[] = {"INDEX", NULL},
                           *const ON[] = {"ON", NULL}, *const BETWEEN[] = {"IF", "NOT", "EXISTS", "ONLY", "UNIQUE", NULL};
  g_autofree char *verb = next_word(&statement);
  gboolean is_index = FALSE, is_table = FALSE;
  if (!verb || !is_one_of(verb, VERBS))
    return NULL;
  char *word = NULL;
  while ((word = next_word(&statement))) {
    if (is_table && !is_one_of(word, BETWEEN))
      return word;
    is_table = is_table || is_one_of(word, is_index ? ON : TABLE);
    is_index = is_index || is_one_of(word, INDEX);
    gboolean is_other = !is_table && !is_index && !is_one_of(word, BETWEEN);
    g_free(word);
    if (is_other)
      return NULL;
  }
  return NULL;
}

/* `--@ with NAME`: what follows is for databases that have the extension. */
static gboolean read_condition(const NxPiece *piece, GHashTable *extensions, gboolean *holds, GError **err)
{
  const char *rest = NULL;
  g_autofree char *name = nx_directive_name(piece->text, &rest);
  if (!g_str_equal(name, "with"))
    return nx_revision_error(err, "line %u: unknown directive --@ %s", piece->line, name);
  *holds = g_hash_table_contains(extensions, rest);
  return TRUE;
}

static gboolean run_missing(NxDb *db, GPtrArray *pieces, GHashTable *extensions, GError **err)
{
  g_auto(GStrv) before = nx_db_tables(db, err);
  gboolean holds = TRUE;
  for (guint i = 0; before && i < pieces->len; i++) {
    const NxPiece *piece = pieces->pdata[i];
    if (piece->is_directive) {
      if (!read_condition(piece, extensions, &holds, err))
        return FALSE;
      continue;
    }
    g_autofree char *table = table_of(piece->text);
    gboolean is_missing = !table || !g_strv_contains((const char *const *)before, table);
    if (!nx_check_interrupted(err) || (holds && is_missing && !nx_db_script(db, piece->text, err)))
      return FALSE;
    holds = TRUE;
  }
  return before != NULL;
}

/* ------------------------------------------------------------------------------------------------------------ whole */

static char *head_file(const NxSchema *schema, const char *engine)
{
  g_autofree char *name = g_strdup_printf("head.%s.sql", engine);
  return g_build_filename(schema->graph->folder, name, NULL);
}

/* A script that forgot a table would leave a database that counts as finished. */
static gboolean check_complete(const NxSchema *schema, NxDb *db, GError **err)
{
  g_auto(GStrv) tables = nx_db_tables(db, err);
  for (char **table = schema->tables; tables && *table; table++)
    if (!g_strv_contains((const char *const *)tables, *table)) {
      g_set_error(err, NX_ERROR, NX_ERROR_DATA, "the head script of %s made no table %s", schema->graph->schema, *table);
      return FALSE;
    }
  return tables != NULL;
}

gboolean nx_head_run(const NxSchema *schema, NxDb *db, const NxWatcher *watcher, GError **err)
{
  g_autofree char *path = head_file(schema, nx_db_driver(db)->name);
  g_autoptr(GPtrArray) pieces = nx_pieces_read(path, err);
  g_autoptr(GHashTable) extensions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  if (!pieces || !nx_extensions_enable(schema, db, TRUE, extensions, watcher, err))
    return FALSE;
  nx_watcher_say(watcher, NX_EVENT_TABLES, NULL);
  return run_missing(db, pieces, extensions, err) && check_complete(schema, db, err);
}

/* ---------------------------------------------------------------------------------------------------------- comparing */

#define MISSING_SHOWN 5

static NxDb *scratch_at_head(const NxSchema *schema)
{
  char *rows[] = {schema->head->id, NULL};
  g_autoptr(NxDb) scratch = nx_db_open("", NX_DB_SCRATCH, NULL);
  g_autofree char *path = scratch ? head_file(schema, nx_db_driver(scratch)->name) : NULL;
  if (path && !g_file_test(path, G_FILE_TEST_EXISTS))
    return nx_offline_scratch(schema->graph, NULL, NULL, rows, NULL);
  return path && nx_head_run(schema, scratch, NULL, NULL) ? g_steal_pointer(&scratch) : NULL;
}

static char **columns_of(NxDb *db, const char *table)
{
  g_autoptr(GStrvBuilder) names = g_strv_builder_new();
  g_autoptr(NxRows) rows = nx_db_select(db, NULL, nx_db_driver(db)->columns_query, "s", table);
  while (rows && nx_rows_next(rows))
    g_strv_builder_add(names, nx_rows_text(rows, 0));
  return g_strv_builder_end(names);
}

static void add_missing_columns(GPtrArray *missing, NxDb *db, NxDb *head, const char *table)
{
  g_auto(GStrv) have = columns_of(db, table);
  g_auto(GStrv) want = columns_of(head, table);
  for (char **column = want; *column; column++)
    if (!g_strv_contains((const char *const *)have, *column))
      g_ptr_array_add(missing, g_strdup_printf("column %s.%s", table, *column));
}

char *nx_head_missing(const NxSchema *schema, NxDb *db)
{
  g_autoptr(NxDb) head = scratch_at_head(schema);
  g_auto(GStrv) tables = head ? nx_db_tables(db, NULL) : NULL;
  g_autoptr(GPtrArray) missing = g_ptr_array_new_with_free_func(g_free);
  for (char **table = schema->tables; tables && *table; table++) {
    if (g_strv_contains((const char *const *)tables, *table))
      add_missing_columns(missing, db, head, *table);
    else
      g_ptr_array_add(missing, g_strdup_printf("table %s", *table));
  }
  if (missing->len == 0)
    return NULL;
  GString *sentence = g_string_new(NULL);
  g_string_append_printf(sentence, "the schema does not look like %s: it lacks ", schema->head->id);
  for (guint i = 0; i < MIN(missing->len, MISSING_SHOWN); i++)
    g_string_append_printf(sentence, "%s%s", i ? ", " : "", (const char *)missing->pdata[i]);
  if (missing->len > MISSING_SHOWN)
    g_string_append_printf(sentence, " and %u more", missing->len - MISSING_SHOWN);
  return g_string_free(sentence, FALSE);
}
