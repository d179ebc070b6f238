/* state.c — where a database stands among the revisions of its schema (igem-db 4). */
#include "schema.h"

static const struct {
  NxState state;
  const char *sentence;
} SENTENCES[] = {
    {NX_STATE_EMPTY, "the database is empty and has no revision"},
    {NX_STATE_NOT_VERSIONED, "the database has tables but no revision"},
    {NX_STATE_VERSION_EMPTY, "the version table of the database is empty"},
    {NX_STATE_BEHIND, "the database is behind the head revision"},
    {NX_STATE_AT_HEAD, "the database is at the head revision"},
    {NX_STATE_SEVERAL_ROWS, "the version table of the database has several rows"},
};

gboolean nx_state_refuse(NxState state, const char *detail, GError **err)
{
  if (state == NX_STATE_UNKNOWN_REVISION)
    g_set_error(err, NX_STATE_ERROR, (int)state, "Can't locate revision identified by '%s'", detail);
  for (gsize i = 0; i < G_N_ELEMENTS(SENTENCES); i++)
    if (SENTENCES[i].state == state)
      g_set_error(err, NX_STATE_ERROR, (int)state, "%s%s%s", SENTENCES[i].sentence, detail ? ": " : "", detail ? detail : "");
  return FALSE;
}

static NxState state_of_row(const NxSchema *schema, const char *row)
{
  if (g_str_equal(row, schema->head->id))
    return NX_STATE_AT_HEAD;
  const NxRevision *revision = nx_graph_find(schema->graph, row);
  return revision && g_str_equal(revision->id, row) ? NX_STATE_BEHIND : NX_STATE_UNKNOWN_REVISION;
}

/* Without a version table. */
static NxState state_of_tables(const NxSchema *schema, NxDb *db, GError **err)
{
  g_auto(GStrv) tables = nx_db_tables(db, err);
  if (!tables)
    return NX_STATE_FAILED;
  for (char **table = tables; *table; table++)
    if (g_strv_contains((const char *const *)schema->tables, *table))
      return NX_STATE_NOT_VERSIONED;
  return NX_STATE_EMPTY;
}

NxState nx_schema_state_of(const NxSchema *schema, NxDb *db, char **revision, GError **err)
{
  gboolean exists = FALSE;
  g_auto(GStrv) rows = nx_version_rows(db, &exists, err);
  if (revision)
    *revision = rows && rows[0] && !rows[1] ? g_strdup(rows[0]) : NULL;
  if (!rows)
    return NX_STATE_FAILED;
  if (!exists)
    return state_of_tables(schema, db, err);
  if (!rows[0])
    return NX_STATE_VERSION_EMPTY;
  return rows[1] ? NX_STATE_SEVERAL_ROWS : state_of_row(schema, rows[0]);
}

/* A server that cannot be reached, or a file that is not there: no database. A file that is no database: a failure. */
static NxState state_without(const char *address, GError *error, GError **err)
{
  g_autofree char *path = nx_db_file_path(address);
  gboolean is_folder = path && g_file_test(path, G_FILE_TEST_IS_DIR);
  gboolean is_there = path && g_file_test(path, G_FILE_TEST_EXISTS);
  if (is_folder)
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "%s is a directory, not a database or snapshot", path);
  else
    g_set_error_literal(err, error->domain, error->code, error->message);
  g_error_free(error);
  return is_there ? NX_STATE_FAILED : NX_STATE_NO_DATABASE;
}

NxState nx_schema_state(const NxSchema *schema, const char *address, char **revision, GError **err)
{
  GError *error = NULL;
  if (revision)
    *revision = NULL;
  g_autoptr(NxDb) db = nx_db_open(address, NX_DB_READ, &error);
  return db ? nx_schema_state_of(schema, db, revision, err) : state_without(address, error, err);
}
