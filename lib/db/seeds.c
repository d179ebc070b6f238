/* seeds.c — reference rows of a schema, from the JSON files of its folder seeds: put in where they are missing, brought up to date where
 * they are not, as often as one likes (igem-db 7). Which table, which key and what else a set needs stands in schema.json. */
#include "driver.h"
#include "schema.h"
#include "sql-text.h"

#include <string.h>

#define FILE_LIMIT (16u * 1024u * 1024u)

/* A set of seeds as schema.json describes it; everything is borrowed from there. */
typedef struct {
  json_object *facts;
  const char *file, *list, *label, *table;
  const char *single_row;  /* column: the table has one row, the one with the highest value here */
  const char *keep_where;  /* column: rows where it is true belong to the administrator */
  const char *explicit_id; /* column that the file gives and the engine otherwise counts */
  const char *changed_at;  /* column that says when a row was changed last */
  json_object *defaults;   /* values of columns that a record does not name */
} Set;

/* One record on its way into its table: the columns that it has values for. Rows of these are {name, value}. */
typedef struct {
  NxDb *db;
  const Set *set;
  const NxWatcher *watcher;
  json_object *values; /* column → value, references resolved, nulls left out */
} Record;

/* ------------------------------------------------------------------------------------------------------- statements */

/* A statement that grows with its parameters. */
typedef struct {
  GString *sql;
  GPtrArray *values; /* json_object*, borrowed */
} Statement;

static Statement statement_new(const char *beginning)
{
  return (Statement){.sql = g_string_new(beginning), .values = g_ptr_array_new()};
}

static void statement_clear(Statement *statement)
{
  if (statement->sql)
    g_string_free(statement->sql, TRUE);
  g_clear_pointer(&statement->values, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Statement, statement_clear)

static void append_name(Statement *statement, const char *name)
{
  g_autofree char *quoted = nx_sql_quoted(name);
  g_string_append(statement->sql, quoted);
}

/* The next $n, which stands for `value`. */
static void append_value(Statement *statement, json_object *value)
{
  g_ptr_array_add(statement->values, value);
  g_string_append_printf(statement->sql, "$%u", statement->values->len);
}

static gboolean bind_value(const NxDbDriver *driver, gpointer statement, guint number, json_object *value)
{
  switch (json_object_get_type(value)) {
  case json_type_boolean:
    return driver->bind_integer(statement, number, json_object_get_boolean(value) ? 1 : 0);
  case json_type_int:
    return driver->bind_integer(statement, number, json_object_get_int64(value));
  default:
    return driver->bind_text(statement, number, json_object_get_string(value));
  }
}

static gboolean step_statement(NxDb *db, const Statement *statement, gpointer prepared, gboolean *any, gint64 *number, GError **err)
{
  const NxDbDriver *driver = nx_db_driver(db);
  for (guint i = 0; i < statement->values->len; i++)
    if (!bind_value(driver, prepared, i + 1, statement->values->pdata[i])) {
      g_set_error(err, NX_ERROR, NX_ERROR_DATA, "a value does not fit into: %s", statement->sql->str);
      return FALSE;
    }
  if (!driver->step(nx_db_connection(db), prepared, any, err))
    return FALSE;
  if (*any)
    *number = driver->column_integer(prepared, 0);
  return TRUE;
}

/* Runs it; *any says whether there is a row, *number is its first value. */
static gboolean run_statement(NxDb *db, const Statement *statement, gboolean *any, gint64 *number, GError **err)
{
  gpointer prepared = nx_db_driver(db)->prepare(nx_db_connection(db), statement->sql->str, err);
  if (!prepared)
    return FALSE;
  gboolean done = step_statement(db, statement, prepared, any, number, err);
  nx_db_driver(db)->finish(prepared);
  return done;
}

/* ----------------------------------------------------------------------------------------------------------- records */

/* The id of the row that a reference names. */
static gboolean find_reference(NxDb *db, json_object *reference, json_object *name, gboolean *found, gint64 *id, GError **err)
{
  const char *table = nx_json_get_string(reference, "table"), *match = nx_json_get_string(reference, "match");
  const char *id_column = nx_json_get_string(reference, "id");
  if (!table || !match || !id_column)
    return nx_revision_error(err, "schema.json: a reference of a seed needs `table`, `match`, `id` and `column`");
  g_auto(Statement) statement = statement_new("SELECT ");
  append_name(&statement, id_column);
  g_string_append(statement.sql, " FROM ");
  append_name(&statement, table);
  g_string_append(statement.sql, " WHERE ");
  append_name(&statement, match);
  g_string_append(statement.sql, " = ");
  append_value(&statement, name);
  return run_statement(db, &statement, found, id, err);
}

/* *usable FALSE: the record names a row that is not there. */
static gboolean add_value(Record *record, const char *key, json_object *value, gboolean *usable, GError **err)
{
  json_object *reference = nx_json_get(nx_json_get(record->set->facts, "references"), key);
  const char *column = reference ? nx_json_get_string(reference, "column") : key;
  gint64 id = 0;
  gboolean found = FALSE;
  if (!value || !column)
    return TRUE;
  if (!reference) {
    nx_json_set(record->values, column, json_object_get(value));
    return TRUE;
  }
  if (!find_reference(record->db, reference, value, &found, &id, err))
    return FALSE;
  if (found)
    nx_json_set(record->values, column, json_object_new_int64(id));
  else
    nx_watcher_warn(record->watcher, "%s: no %s %s, so the row that names it is left out", record->set->file, key,
                    json_object_get_string(value));
  *usable = found;
  return TRUE;
}

static gboolean is_match_key(const Set *set, const char *column)
{
  json_object *keys = nx_json_get(set->facts, "match");
  for (gsize i = 0; i < json_object_array_length(keys); i++)
    if (g_strcmp0(json_object_get_string(json_object_array_get_idx(keys, i)), column) == 0)
      return TRUE;
  return FALSE;
}

static gboolean has_match_keys(const Record *record)
{
  json_object *keys = nx_json_get(record->set->facts, "match");
  for (gsize i = 0; i < json_object_array_length(keys); i++)
    if (!nx_json_get(record->values, json_object_get_string(json_object_array_get_idx(keys, i))))
      return FALSE;
  return TRUE;
}

static void append_match(Statement *statement, const Record *record)
{
  json_object *keys = nx_json_get(record->set->facts, "match");
  for (gsize i = 0; i < json_object_array_length(keys); i++) {
    const char *key = json_object_get_string(json_object_array_get_idx(keys, i));
    g_string_append(statement->sql, i ? " AND " : " WHERE ");
    append_name(statement, key);
    g_string_append(statement->sql, " = ");
    append_value(statement, nx_json_get(record->values, key));
  }
}

static gboolean is_there(const Record *record, gboolean *there, GError **err)
{
  gint64 ignored = 0;
  g_auto(Statement) statement = statement_new("SELECT 1 FROM ");
  append_name(&statement, record->set->table);
  append_match(&statement, record);
  return run_statement(record->db, &statement, there, &ignored, err);
}

/* The row of a table that has one, whatever its key says. */
static gboolean is_single_row_there(const Record *record, gboolean *there, json_object **id, GError **err)
{
  gint64 number = 0;
  g_auto(Statement) statement = statement_new("SELECT ");
  append_name(&statement, record->set->single_row);
  g_string_append(statement.sql, " FROM ");
  append_name(&statement, record->set->table);
  g_string_append(statement.sql, " ORDER BY 1 DESC");
  if (!run_statement(record->db, &statement, there, &number, err))
    return FALSE;
  *id = *there ? json_object_new_int64(number) : NULL;
  return TRUE;
}

static void add_defaults(const Record *record)
{
  if (!record->set->defaults)
    return;
  json_object_object_foreach(record->set->defaults, column, value)
  {
    if (!nx_json_get(record->values, column))
      nx_json_set(record->values, column, json_object_get(value));
  }
}

static gboolean insert(const Record *record, GError **err)
{
  gboolean any = FALSE;
  gint64 ignored = 0;
  g_auto(Statement) statement = statement_new("INSERT INTO ");
  g_autoptr(GString) places = g_string_new(NULL);
  add_defaults(record);
  append_name(&statement, record->set->table);
  g_string_append(statement.sql, " (");
  json_object_object_foreach(record->values, column, value)
  {
    g_ptr_array_add(statement.values, value);
    g_string_append(statement.sql, places->len ? ", " : "");
    append_name(&statement, column);
    g_string_append_printf(places, "%s$%u", places->len ? ", " : "", statement.values->len);
  }
  g_string_append_printf(statement.sql, ") VALUES (%s)", places->str);
  return run_statement(record->db, &statement, &any, &ignored, err);
}

/* A row keeps its key, and its id, which other rows may name. */
static gboolean is_changeable(const Set *set, const char *column, gboolean by_key)
{
  return !(by_key && is_match_key(set, column)) && g_strcmp0(column, set->explicit_id) != 0;
}

/* `"a" = $1, "b" = $2`, or the same as differences: a parameter that served both would have two types to PostgreSQL. */
static guint append_pairs(Statement *statement, const Record *record, gboolean by_key, const char *between, const char *joined_by)
{
  guint n = 0;
  json_object_object_foreach(record->values, column, value)
  {
    if (!is_changeable(record->set, column, by_key))
      continue;
    g_string_append(statement->sql, n++ ? joined_by : "");
    append_name(statement, column);
    g_string_append(statement->sql, between);
    append_value(statement, value);
  }
  return n;
}

/* Writes the row only when a value differs. `id`: of the single row, else the row is found by its key. */
static gboolean update(const Record *record, json_object *id, GError **err)
{
  gboolean any = FALSE;
  gint64 ignored = 0;
  const Set *set = record->set;
  g_auto(Statement) statement = statement_new("UPDATE ");
  append_name(&statement, set->table);
  g_string_append(statement.sql, " SET ");
  if (append_pairs(&statement, record, !id, " = ", ", ") == 0)
    return TRUE;
  if (set->changed_at) {
    g_string_append(statement.sql, ", ");
    append_name(&statement, set->changed_at);
    g_string_append(statement.sql, " = CURRENT_TIMESTAMP");
  }
  if (id) {
    g_string_append(statement.sql, " WHERE ");
    append_name(&statement, set->single_row);
    g_string_append(statement.sql, " = ");
    append_value(&statement, id);
  } else
    append_match(&statement, record);
  g_string_append(statement.sql, " AND (");
  append_pairs(&statement, record, !id, " IS DISTINCT FROM ", " OR ");
  g_string_append_c(statement.sql, ')');
  if (set->keep_where) {
    g_string_append(statement.sql, " AND ");
    append_name(&statement, set->keep_where);
    g_string_append(statement.sql, " IS NOT TRUE");
  }
  return run_statement(record->db, &statement, &any, &ignored, err);
}

static gboolean store(const Record *record, NxEvent *counts, GError **err)
{
  gboolean there = FALSE;
  g_autoptr(json_object) id = NULL;
  if (!has_match_keys(record)) {
    counts->skipped++;
    return TRUE;
  }
  if (!is_there(record, &there, err) || (!there && record->set->single_row && !is_single_row_there(record, &there, &id, err)))
    return FALSE;
  *(there ? &counts->updated : &counts->created) += 1;
  return there ? update(record, id, err) : insert(record, err);
}

static gboolean apply_record(NxDb *db, const Set *set, json_object *object, const NxWatcher *watcher, NxEvent *counts, GError **err)
{
  g_autoptr(json_object) values = json_object_new_object();
  Record record = {.db = db, .set = set, .watcher = watcher, .values = values};
  gboolean usable = json_object_is_type(object, json_type_object);
  if (usable) {
    json_object_object_foreach(object, key, value)
    {
      if (usable && !add_value(&record, key, value, &usable, err))
        return FALSE;
    }
  }
  if (usable)
    return store(&record, counts, err);
  counts->skipped++;
  return TRUE;
}

/* -------------------------------------------------------------------------------------------------------------- sets */

static gboolean set_read(const NxSchema *schema, json_object *facts, Set *set, GError **err)
{
  *set = (Set){.facts = facts,
               .file = nx_json_get_string(facts, "file"),
               .list = nx_json_get_string(facts, "list"),
               .label = nx_json_get_string(facts, "label"),
               .table = nx_json_get_string(facts, "table"),
               .single_row = nx_json_get_string(facts, "single_row"),
               .keep_where = nx_json_get_string(facts, "keep_where"),
               .explicit_id = nx_json_get_string(facts, "explicit_id")};
  json_object *match = nx_json_get(facts, "match");
  gboolean has_keys = json_object_is_type(match, json_type_array) && json_object_array_length(match) > 0;
  for (gsize i = 0; has_keys && i < json_object_array_length(match); i++)
    has_keys = json_object_is_type(json_object_array_get_idx(match, i), json_type_string);
  if (!has_keys || !set->file || !set->table || !set->label || strchr(set->file, '/'))
    return nx_revision_error(err, "%s/schema.json: a seed needs `file` (a name), `label`, `table` and `match`", nx_schema_folder(schema));
  set->changed_at = nx_json_get_string(nx_schema_fact(schema, "changed_at"), set->table);
  set->defaults = nx_json_get(nx_schema_fact(schema, "defaults"), set->table);
  return TRUE;
}

/* The next row without an id must not get one that the file has given. */
static gboolean repair_sequence(NxDb *db, const Set *set, GError **err)
{
  if (!set->explicit_id || !nx_db_driver(db)->repair_sequence)
    return TRUE;
  return nx_db_driver(db)->repair_sequence(nx_db_connection(db), set->table, set->explicit_id, err);
}

static gboolean apply_records(NxDb *db, const Set *set, json_object *records, const NxWatcher *watcher, GError **err)
{
  NxEvent counts = {.kind = NX_EVENT_SEEDED, .text = set->label};
  for (gsize i = 0; i < json_object_array_length(records); i++)
    if (!apply_record(db, set, json_object_array_get_idx(records, i), watcher, &counts, err)) {
      g_prefix_error(err, "%s, row %" G_GSIZE_FORMAT ": ", set->file, i + 1);
      return FALSE;
    }
  if (!repair_sequence(db, set, err))
    return FALSE;
  nx_watcher_tell(watcher, &counts);
  return TRUE;
}

/* A file that is missing costs no more than its rows. */
static gboolean apply_set(const NxSchema *schema, NxDb *db, const Set *set, const NxWatcher *watcher, GError **err)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = g_build_filename(nx_schema_folder(schema), "seeds", set->file, NULL);
  g_autoptr(json_object) content = nx_json_read_file(path, FILE_LIMIT, &error);
  if (g_error_matches(error, NX_ERROR, NX_ERROR_MISSING)) {
    nx_watcher_warn(watcher, "%s is missing, so %s gets no rows from it", path, set->table);
    return TRUE;
  }
  if (error) {
    g_propagate_error(err, g_steal_pointer(&error));
    return FALSE;
  }
  json_object *records = set->list ? nx_json_get(content, set->list) : content;
  if (!json_object_is_type(records, json_type_array))
    return nx_revision_error(err, "%s: it holds no list of rows", path);
  return apply_records(db, set, records, watcher, err);
}

static gboolean apply_apart(const NxSchema *schema, NxDb *db, const Set *set, const NxWatcher *watcher, GError **err)
{
  g_autoptr(NxDbTransaction) transaction = nx_db_begin(db, err);
  return transaction && apply_set(schema, db, set, watcher, err) && nx_db_commit(&transaction, err);
}

gboolean nx_seeds_apply(const NxSchema *schema, NxDb *db, gboolean apart, const NxWatcher *watcher, GError **err)
{
  json_object *sets = nx_schema_fact(schema, "seeds");
  if (!json_object_is_type(sets, json_type_array))
    return TRUE;
  nx_watcher_say(watcher, NX_EVENT_SEEDS, NULL);
  for (gsize i = 0; i < json_object_array_length(sets); i++) {
    Set set;
    if (!set_read(schema, json_object_array_get_idx(sets, i), &set, err) ||
        !(apart ? apply_apart(schema, db, &set, watcher, err) : apply_set(schema, db, &set, watcher, err)))
      return FALSE;
  }
  return TRUE;
}
