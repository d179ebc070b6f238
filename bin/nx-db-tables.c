/* nx-db-tables.c — tables of a SQLite database as rows of a snapshot: types as declared, sorted by primary key, people under pseudonyms when asked.
 * Facts: igem-db §8.2 (types and refusals), §12.3 (pseudonyms). */
#include "nx-db-snapshot.h"

#include "driver.h"

#include <string.h>

#define PSEUDONYM_DIGITS 12
#define KEY_SIZE 32
#define SERVICE_USER "nexuslims" /* writes rows of its own: no person */

struct NxDbTables {
  NxDb *db;
  const NxDbDriver *driver;
  guint8 *key;
  char *table;
  GArray *fields;    /* borrowed from the writer while a table is read */
  gpointer statement;
  GPtrArray *kept;   /* pseudonyms of the present row */
};

/* Who is hidden how: `prefix` NULL blanks the column. */
static const struct {
  const char *table, *column, *prefix;
} PERSONAL[] = {
  {"session_log", "user", "user-"},
  {"external_user_identifiers", "nexuslims_username", "user-"},
  {"external_user_identifiers", "external_id", "id-"},
  {"external_user_identifiers", "email", NULL},
  {"external_user_identifiers", "notes", NULL},
  {"upload_log", "metadata_json", NULL},
};

NxDbTables *nx_db_tables_open(NxDb *db, const guint8 *key)
{
  NxDbTables *tables = g_new0(NxDbTables, 1);
  tables->db = db;
  tables->driver = nx_db_driver(db);
  tables->key = key ? g_memdup2(key, KEY_SIZE) : NULL;
  tables->kept = g_ptr_array_new_with_free_func(g_free);
  return tables;
}

static void end_table(NxDbTables *tables)
{
  if (tables->statement)
    tables->driver->finish(tables->statement);
  tables->statement = NULL;
  g_clear_pointer(&tables->table, g_free);
}

void nx_db_tables_close(NxDbTables *tables)
{
  end_table(tables);
  g_ptr_array_unref(tables->kept);
  g_free(tables->key);
  g_free(tables);
}

/* ------------------------------------------------------------------------------------------------------------- columns */

static NxFieldType type_of(const char *declared)
{
  if (g_ascii_strcasecmp(declared, "BOOLEAN") == 0)
    return NX_FIELD_BOOLEAN;
  if (g_str_has_suffix(declared, "INTEGER") || g_str_has_suffix(declared, "INT"))
    return NX_FIELD_INTEGER;
  return NX_FIELD_TEXT;
}

static char *quoted(const char *name)
{
  g_auto(GStrv) parts = g_strsplit(name, "\"", -1);
  g_autofree char *doubled = g_strjoinv("\"\"", parts);
  return g_strconcat("\"", doubled, "\"", NULL);
}

/* The SELECT of the table, its columns into `fields`; without a primary key every column sorts. */
static char *select_of(NxDbTables *tables, const char *table, GArray *fields, GError **err)
{
  g_autoptr(GString) columns = g_string_new(NULL);
  g_autoptr(GString) order = g_string_new(NULL);
  g_autoptr(NxRows) rows = nx_db_select(tables->db, err, "SELECT name, type, pk FROM pragma_table_info($1) ORDER BY cid", "s", table);
  if (!rows)
    return NULL;
  while (nx_rows_next(rows)) {
    g_autofree char *name = quoted(nx_rows_text(rows, 0));
    nx_fields_add(fields, nx_rows_text(rows, 0), type_of(nx_rows_text(rows, 1)));
    g_string_append_printf(columns, "%s%s", columns->len ? ", " : "", name);
    if (nx_rows_int(rows, 2) > 0)
      g_string_append_printf(order, "%s%s", order->len ? ", " : "", name);
  }
  g_autofree char *from = quoted(table);
  return nx_rows_finish(rows, err) ? g_strdup_printf("SELECT %s FROM %s ORDER BY %s", columns->str, from, order->len ? order->str : columns->str) : NULL;
}

static gboolean open_table(gpointer database, const char *table, GArray *fields, GError **err)
{
  NxDbTables *tables = database;
  end_table(tables);
  g_autofree char *sql = select_of(tables, table, fields, err);
  if (!sql)
    return FALSE;
  tables->table = g_strdup(table);
  tables->fields = fields;
  tables->statement = tables->driver->prepare(nx_db_connection(tables->db), sql, err);
  return tables->statement != NULL;
}

/* ---------------------------------------------------------------------------------------------------------------- rows */

static gboolean refuse(const NxDbTables *tables, guint column, const char *what, GError **err)
{
  gsize length;
  const char *first = tables->driver->column_text(tables->statement, 0, &length);
  g_autofree char *shown = nx_text_utf8(first ? first : "NULL", -1);
  g_set_error(err, NX_ERROR, NX_ERROR_DATA, "row with %s %s, column %s: %s", g_array_index(tables->fields, NxField, 0).name, shown,
              g_array_index(tables->fields, NxField, column).name, what);
  return FALSE;
}

static gboolean read_cell(NxDbTables *tables, guint column, NxDatum *datum, GError **err)
{
  NxFieldType type = g_array_index(tables->fields, NxField, column).type;
  NxCellType cell = tables->driver->column_type(tables->statement, column);
  *datum = (NxDatum){.is_null = cell == NX_CELL_NULL};
  if (datum->is_null)
    return TRUE;
  if (type == NX_FIELD_TEXT) {
    datum->bytes = tables->driver->column_text(tables->statement, column, &datum->length);
    return g_utf8_validate_len(datum->bytes, datum->length, NULL) || refuse(tables, column, "the text is not UTF-8, or holds a NUL", err);
  }
  datum->integer = tables->driver->column_integer(tables->statement, column);
  if (cell != NX_CELL_INTEGER)
    return refuse(tables, column, "the value is no integer, as the column declares", err);
  return type != NX_FIELD_BOOLEAN || datum->integer == 0 || datum->integer == 1 || refuse(tables, column, "a truth value is neither 0 nor 1", err);
}

static void hide(NxDbTables *tables, const char *prefix, NxDatum *datum)
{
  if (!prefix) {
    *datum = (NxDatum){.is_null = TRUE};
    return;
  }
  if (strlen(SERVICE_USER) == datum->length && memcmp(datum->bytes, SERVICE_USER, datum->length) == 0)
    return;
  g_autofree char *sum = g_compute_hmac_for_data(G_CHECKSUM_SHA256, tables->key, KEY_SIZE, (const guchar *)datum->bytes, datum->length);
  char *pseudonym = g_strdup_printf("%s%.*s", prefix, PSEUDONYM_DIGITS, sum);
  g_ptr_array_add(tables->kept, pseudonym);
  datum->bytes = pseudonym;
  datum->length = strlen(pseudonym);
}

static void hide_people(NxDbTables *tables, NxDatum *row)
{
  g_ptr_array_set_size(tables->kept, 0);
  for (guint i = 0; i < tables->fields->len; i++)
    for (guint rule = 0; rule < G_N_ELEMENTS(PERSONAL); rule++)
      if (!row[i].is_null && g_str_equal(PERSONAL[rule].table, tables->table) &&
          g_str_equal(PERSONAL[rule].column, g_array_index(tables->fields, NxField, i).name))
        hide(tables, PERSONAL[rule].prefix, &row[i]);
}

static gboolean next_row(gpointer database, NxDatum *row, gboolean *more, GError **err)
{
  NxDbTables *tables = database;
  if (!tables->driver->step(nx_db_connection(tables->db), tables->statement, more, err))
    return FALSE;
  for (guint i = 0; *more && i < tables->fields->len; i++)
    if (!read_cell(tables, i, &row[i], err))
      return FALSE;
  if (*more && tables->key)
    hide_people(tables, row);
  return TRUE;
}

NxRowSource nx_db_tables_source(NxDbTables *tables)
{
  return (NxRowSource){.open = open_table, .next = next_row, .database = tables};
}
