/* lifecycle.c — making, upgrading and stamping the database of a schema (igem-db 5.1, 5.2 and 5.4). What a person is told is the front's.
 */
#include "driver.h"
#include "schema.h"
#include "sql-text.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------------------- stamp */

/* Puts the head in the place of all rows. */
static gboolean write_head(const NxSchema *schema, NxDb *db, GError **err)
{
  g_autoptr(GPtrArray) target = g_ptr_array_new();
  g_ptr_array_add(target, (gpointer)schema->head);
  if (!nx_version_table_make(db, err))
    return FALSE;
  g_auto(GStrv) rows = nx_version_rows(db, NULL, err);
  g_autoptr(GPtrArray) statements = rows ? nx_version_stamp(schema->graph, rows, target, TRUE, err) : NULL;
  for (guint i = 0; statements && i < statements->len; i++)
    if (!nx_db_run(db, err, statements->pdata[i], NULL))
      return FALSE;
  return statements != NULL;
}

/* The copy of the revision in a table of the schema. The version table is the truth: when this fails, nothing does. */
static void write_mirror(const NxSchema *schema, NxDb *db)
{
  json_object *mirror = nx_schema_fact(schema, "mirror");
  const char *names[] = {nx_json_get_string(mirror, "table"), nx_json_get_string(mirror, "column"), nx_json_get_string(mirror, "key")};
  if (!names[0] || !names[1] || !names[2])
    return;
  g_autofree char *table = nx_sql_quoted(names[0]), *column = nx_sql_quoted(names[1]), *key = nx_sql_quoted(names[2]);
  g_autofree char *sql = g_strdup_printf("UPDATE %s SET %s = $1 WHERE %s = (SELECT min(%s) FROM %s)", table, column, key, key, table);
  if (!nx_db_script(db, "SAVEPOINT nx_mirror", NULL))
    return;
  if (!nx_db_run(db, NULL, sql, "s", schema->head->id))
    nx_db_script(db, "ROLLBACK TO SAVEPOINT nx_mirror", NULL);
  nx_db_script(db, "RELEASE SAVEPOINT nx_mirror", NULL);
}

static gboolean stamp_now(const NxSchema *schema, NxDb *db, GError **err)
{
  if (!write_head(schema, db, err))
    return FALSE;
  write_mirror(schema, db);
  return TRUE;
}

static gboolean may_stamp(NxState state, gboolean force)
{
  return state == NX_STATE_EMPTY || state == NX_STATE_NOT_VERSIONED || force;
}

static gboolean stamp(const NxSchema *schema, NxDb *db, gboolean force, const NxWatcher *watcher, GError **err)
{
  g_autofree char *revision = NULL;
  g_autoptr(NxDbTransaction) transaction = nx_db_begin(db, err);
  NxState state = transaction ? nx_schema_state_of(schema, db, &revision, err) : NX_STATE_FAILED;
  if (state == NX_STATE_FAILED)
    return FALSE;
  if (state == NX_STATE_AT_HEAD) {
    nx_watcher_say(watcher, NX_EVENT_AT_HEAD, revision);
    return TRUE;
  }
  if (!may_stamp(state, force))
    return nx_state_refuse(state, revision, err);
  g_autofree char *missing = nx_head_missing(schema, db);
  if (missing)
    nx_watcher_warn(watcher, "%s", missing);
  if (!stamp_now(schema, db, err) || !nx_db_commit(&transaction, err))
    return FALSE;
  nx_watcher_say(watcher, NX_EVENT_STAMPED, schema->head->id);
  return TRUE;
}

/* Opens what has to be there; otherwise the error is the state. */
static NxDb *open_existing(const NxSchema *schema, const char *address, GError **err)
{
  g_autoptr(GError) error = NULL;
  NxState state = nx_schema_state(schema, address, NULL, &error);
  if (state == NX_STATE_NO_DATABASE) {
    g_set_error_literal(err, NX_STATE_ERROR, (int)state, error->message); /* not always that there is none: the reason alone */
    return NULL;
  }
  if (state == NX_STATE_FAILED) {
    g_propagate_error(err, g_steal_pointer(&error));
    return NULL;
  }
  return nx_db_open(address, NX_DB_WRITE, err);
}

gboolean nx_schema_stamp_head(const NxSchema *schema, const char *address, gboolean force, const NxWatcher *watcher, GError **err)
{
  g_autoptr(NxDb) db = open_existing(schema, address, err);
  return db && stamp(schema, db, force, watcher, err);
}

/* ------------------------------------------------------------------------------------------------------------ create */

typedef struct {
  const NxSchema *schema;
  const NxWatcher *watcher;
  NxState expected; /* what is there may not have changed since it was looked at */
  const char *made; /* name of the database that a server makes first; or NULL */
} Creation;

/* States that tables can be added to; the others belong to `upgrade` or to a person. */
static gboolean may_complete(NxState state)
{
  return state == NX_STATE_EMPTY || state == NX_STATE_NOT_VERSIONED || state == NX_STATE_AT_HEAD;
}

/* Inside a transaction. */
static gboolean fill(NxDb *db, gpointer user_data, GError **err)
{
  const Creation *creation = user_data;
  NxState state = nx_schema_state_of(creation->schema, db, NULL, err);
  if (state == NX_STATE_FAILED)
    return FALSE;
  if (state != creation->expected) {
    g_set_error_literal(err, NX_ERROR, NX_ERROR_DATA,
                        "another process has changed this database in the meantime: look at its status and start again");
    return FALSE;
  }
  if (creation->made)
    nx_watcher_say(creation->watcher, NX_EVENT_DATABASE_MADE, creation->made);
  if (!nx_head_run(creation->schema, db, creation->watcher, err) || !nx_seeds_apply(creation->schema, db, FALSE, creation->watcher, err))
    return FALSE;
  nx_watcher_say(creation->watcher, NX_EVENT_STAMPING, NULL);
  return state == NX_STATE_AT_HEAD || stamp_now(creation->schema, db, err);
}

static gboolean create_new(const char *address, Creation *creation, GError **err)
{
  g_autofree char *path = nx_db_file_path(address), *host = NULL, *name = NULL;
  nx_db_describe(address, &host, &name);
  creation->made = path ? NULL : name;
  creation->expected = NX_STATE_EMPTY;
  return nx_database_make_with(address, fill, creation, FALSE, NULL, err);
}

static gboolean complete(const char *address, NxState state, Creation *creation, GError **err)
{
  creation->expected = state;
  g_autoptr(NxDb) db = nx_db_open(address, NX_DB_WRITE, err);
  g_autoptr(NxDbTransaction) transaction = db ? nx_db_begin(db, err) : NULL;
  return transaction && fill(db, creation, err) && nx_db_commit(&transaction, err);
}

gboolean nx_schema_create(const NxSchema *schema, const char *address, gboolean overwrite, const NxWatcher *watcher, gboolean *existed,
                          GError **err)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *revision = NULL;
  Creation creation = {.schema = schema, .watcher = watcher};
  NxState state = nx_schema_state(schema, address, &revision, &error);
  *existed = FALSE;
  if (state == NX_STATE_FAILED) {
    g_propagate_error(err, g_steal_pointer(&error));
    return FALSE;
  }
  if (!overwrite && state != NX_STATE_NO_DATABASE && state != NX_STATE_EMPTY) {
    *existed = TRUE;
    return TRUE;
  }
  if (state != NX_STATE_NO_DATABASE && !may_complete(state))
    return nx_state_refuse(state, revision, err);
  if (!(state == NX_STATE_NO_DATABASE ? create_new(address, &creation, err) : complete(address, state, &creation, err)))
    return FALSE;
  nx_watcher_say(watcher, state == NX_STATE_AT_HEAD ? NX_EVENT_AT_HEAD : NX_EVENT_STAMPED, schema->head->id);
  return TRUE;
}

/* ----------------------------------------------------------------------------------------------------------- upgrade */

/* A step that drops tables may only do so while they are empty. */
static gboolean check_no_loss(NxDb *db, const NxRevision *revision, GError **err)
{
  g_auto(GStrv) tables = *revision->destroys ? nx_db_tables(db, err) : g_new0(char *, 1);
  g_autoptr(GString) losses = g_string_new(NULL);
  for (char **table = revision->destroys; tables && *table; table++) {
    gint64 any = 0;
    g_autofree char *name = nx_sql_quoted(*table);
    g_autofree char *sql = g_strdup_printf("SELECT CASE WHEN EXISTS (SELECT 1 FROM %s) THEN 1 ELSE 0 END", name);
    if (!g_strv_contains((const char *const *)tables, *table))
      continue;
    if (!nx_db_number(db, &any, err, sql, NULL))
      return FALSE;
    if (any)
      g_string_append_printf(losses, "%s%s", losses->len ? ", " : "", *table);
  }
  if (losses->len == 0)
    return tables != NULL;
  g_set_error(err, NX_STATE_ERROR, NX_STATE_BEHIND, "the step to %s would destroy the rows of %s", revision->id, losses->str);
  return FALSE;
}

/* What a step prints for a person, as an event a line. */
typedef struct {
  const NxWatcher *watcher;
  GString *begun; /* of a line without its end */
} LineTeller;

static ssize_t tell_lines(void *cookie, const char *bytes, size_t length)
{
  LineTeller *teller = cookie;
  g_string_append_len(teller->begun, bytes, (gssize)length);
  for (char *end = NULL; (end = strchr(teller->begun->str, '\n'));) {
    *end = '\0';
    nx_watcher_say(teller->watcher, NX_EVENT_LINE, teller->begun->str);
    g_string_erase(teller->begun, 0, end - teller->begun->str + 1);
  }
  return (ssize_t)length;
}

static gboolean run_step(const NxSchema *schema, NxDb *db, const NxStep *step, char ***rows, const NxWatcher *watcher, GError **err)
{
  g_autoptr(GString) begun = g_string_new(NULL);
  LineTeller teller = {.watcher = watcher, .begun = begun};
  FILE *out = fopencookie(&teller, "w", (cookie_io_functions_t){.write = tell_lines});
  g_autoptr(GPtrArray) lost = nx_step_run_with_additions(db, schema->graph, step, rows, out, err);
  fclose(out);
  for (guint i = 0; lost && i < lost->len; i++)
    nx_watcher_warn(watcher, "the %s did not come along to %s; make it again if it is still wanted", (const char *)lost->pdata[i],
                    step->revision->id);
  return lost != NULL;
}

static gboolean run_steps(const NxSchema *schema, NxDb *db, gboolean allow_data_loss, const NxWatcher *watcher, GError **err)
{
  g_auto(GStrv) rows = nx_version_rows(db, NULL, err);
  g_autoptr(GPtrArray) steps = rows ? nx_plan(schema->graph, nx_db_driver(db)->name, rows, schema->head->id, TRUE, err) : NULL;
  for (guint i = 0; steps && i < steps->len; i++) {
    const NxStep *step = steps->pdata[i];
    if ((!allow_data_loss && !check_no_loss(db, step->revision, err)) || !run_step(schema, db, step, &rows, watcher, err))
      return FALSE;
  }
  if (!steps)
    return FALSE;
  write_mirror(schema, db);
  return TRUE;
}

static gboolean check_upgradable(NxState state, const char *revision, GError **err)
{
  if (state == NX_STATE_BEHIND || state == NX_STATE_AT_HEAD)
    return TRUE;
  return state != NX_STATE_FAILED && nx_state_refuse(state, revision, err);
}

/* All that is pending in one transaction. Another process may have been faster: what counts is the state behind the lock. */
static gboolean migrate(const NxSchema *schema, NxDb *db, gboolean allow_data_loss, const NxWatcher *watcher, GError **err)
{
  g_autofree char *revision = NULL;
  g_autoptr(GHashTable) extensions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  if (!nx_db_enforce_foreign_keys(db, FALSE, err))
    return FALSE;
  g_autoptr(NxDbTransaction) transaction = nx_db_begin(db, err);
  NxState state = transaction ? nx_schema_state_of(schema, db, &revision, err) : NX_STATE_FAILED;
  if (!check_upgradable(state, revision, err) || !nx_extensions_enable(schema, db, FALSE, extensions, watcher, err))
    return FALSE;
  NxEvent at_head = {.kind = NX_EVENT_AT_HEAD, .text = revision}, migrating = {.kind = NX_EVENT_MIGRATING, .from = revision},
          migrated = {.kind = NX_EVENT_MIGRATED, .from = revision, .text = schema->head->id};
  nx_watcher_tell(watcher, state == NX_STATE_AT_HEAD ? &at_head : &migrating);
  if (state == NX_STATE_BEHIND && !run_steps(schema, db, allow_data_loss, watcher, err))
    return FALSE;
  if (!nx_db_commit(&transaction, err))
    return FALSE;
  if (state == NX_STATE_BEHIND)
    nx_watcher_tell(watcher, &migrated);
  return TRUE;
}

gboolean nx_schema_upgrade(const NxSchema *schema, const char *address, gboolean allow_data_loss, const NxWatcher *watcher, GError **err)
{
  g_autofree char *revision = NULL;
  g_autoptr(NxDb) db = open_existing(schema, address, err);
  NxState state = db ? nx_schema_state_of(schema, db, &revision, err) : NX_STATE_FAILED;
  if (!check_upgradable(state, revision, err))
    return FALSE;
  return migrate(schema, db, allow_data_loss, watcher, err) && nx_seeds_apply(schema, db, TRUE, watcher, err);
}
