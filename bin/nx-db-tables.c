/* nx-db-tables.c — tables of a database as rows of a snapshot: types as declared, sorted by primary key; when asked, people under pseudonyms and
 * addresses without their passwords. Facts: igem-db §8.2 (types and refusals), §12.3 (pseudonyms). */
#include "nx-db-snapshot.h"

#include "driver.h"
#include "nx-config.h"
#include "sql-text.h"

#include <string.h>

#define PSEUDONYM_DIGITS 12
#define KEY_SIZE 32
#define ROWID "rowid" /* of SQLite, where a table without a primary key has it */
#define SERVICE_USER "nexuslims" /* writes rows of its own: no person */

/* AS_UNIQUE_ADDRESS: masked, but two that differ stay so, as their column wants. */
typedef enum { AS_PSEUDONYM, AS_NOTHING, AS_MASKED_ADDRESS, AS_UNIQUE_ADDRESS } Disguise;

/* What is hidden how. An address that lets in whoever reads it is a secret also where nothing is hidden; those of an instrument that is
 * harvested from its calendar are. */
typedef struct {
  const char *table, *column;
  Disguise disguise;
  const char *prefix; /* of a pseudonym */
} Hidden;

static const Hidden HIDDEN[] = {
  {"session_log", "user", AS_PSEUDONYM, "user-"},
  {"external_user_identifiers", "nexuslims_username", AS_PSEUDONYM, "user-"},
  {"external_user_identifiers", "external_id", AS_PSEUDONYM, "id-"},
  {"external_user_identifiers", "email", AS_NOTHING, NULL},
  {"external_user_identifiers", "notes", AS_NOTHING, NULL},
  {"upload_log", "metadata_json", AS_NOTHING, NULL},
  {"instruments", "api_url", AS_UNIQUE_ADDRESS, NULL},
  {"instruments", "calendar_url", AS_MASKED_ADDRESS, NULL},
};

struct NxDbTables {
  NxDb *db;
  const NxDbDriver *driver;
  json_object *types; /* table → column → type, from schema.json; or NULL */
  guint8 *key;
  GArray *fields;     /* borrowed from the writer while a table is read */
  GPtrArray *hidden;  /* of each of them the Hidden, or NULL */
  GArray *keys;       /* the columns that sort its rows and tell them apart */
  gboolean has_rowid; /* which stands behind the fields, for want of a primary key */
  gpointer statement;
  GPtrArray *kept;    /* texts of the present row that are not the database's own */
  gboolean is_secret; /* the present row, as it is given */
  gboolean has_calendar; /* the present row is of an instrument whose usage is read from its calendar */
};

GPtrArray *nx_db_tables_there(const NxSchema *schema, NxDb *db, GError **err)
{
  g_auto(GStrv) names = nx_db_tables(db, err);
  if (!names)
    return NULL;
  GPtrArray *tables = g_ptr_array_new_with_free_func(g_free);
  for (char **name = names; *name; name++)
    if (g_strv_contains(nx_schema_tables(schema), *name))
      g_ptr_array_add(tables, g_strdup(*name));
  g_ptr_array_add(tables, NULL);
  return tables;
}

NxDbTables *nx_db_tables_open(NxDb *db, json_object *types, const guint8 *key)
{
  NxDbTables *tables = g_new0(NxDbTables, 1);
  tables->db = db;
  tables->driver = nx_db_driver(db);
  tables->types = json_object_get(types);
  tables->key = key ? g_memdup2(key, KEY_SIZE) : NULL;
  tables->hidden = g_ptr_array_new();
  tables->kept = g_ptr_array_new_with_free_func(g_free);
  return tables;
}

static void end_table(NxDbTables *tables)
{
  if (tables->statement)
    tables->driver->finish(tables->statement);
  tables->statement = NULL;
  g_clear_pointer(&tables->keys, g_array_unref);
}

void nx_db_tables_close(NxDbTables *tables)
{
  end_table(tables);
  g_ptr_array_unref(tables->hidden);
  g_ptr_array_unref(tables->kept);
  json_object_put(tables->types);
  g_free(tables->key);
  g_free(tables);
}

/* ------------------------------------------------------------------------------------------------------------- columns */

typedef struct {
  char *name; /* quoted, with what makes texts sort by their bytes */
  gint64 place; /* in the primary key, from 1; 0: in none */
  guint field;
} Key;

static void clear_key(gpointer data)
{
  g_free(((Key *)data)->name);
}

static int compare_keys(gconstpointer a, gconstpointer b)
{
  const Key *left = a, *right = b;
  return (left->place > right->place) - (left->place < right->place);
}

static gboolean is_time(const NxField *field)
{
  return field->type == NX_FIELD_TIMESTAMP || field->type == NX_FIELD_TIMESTAMP_UTC || field->type == NX_FIELD_DATE || field->type == NX_FIELD_TIME;
}

/* What schema.json says of the column, or of times in all columns, wins over its SQL type. */
static NxField *add_field(const NxDbTables *tables, const char *table, GArray *fields, const char *name, const char *declared)
{
  const char *word = nx_json_get_string(nx_json_get(tables->types, table), name);
  nx_fields_add(fields, name, NX_FIELD_TEXT);
  NxField *field = &g_array_index(fields, NxField, fields->len - 1);
  nx_field_take_sql_type(field, word ? word : declared);
  const char *word_of_times = nx_json_get_string(nx_json_get(tables->types, "*"), "times");
  if (word_of_times && is_time(field))
    nx_field_take_sql_type(field, word_of_times);
  return field;
}

/* The columns of the table into `fields`, and those that sort its rows: of the primary key, else all. */
static GArray *read_columns(NxDbTables *tables, const char *table, GArray *fields, GError **err)
{
  g_autoptr(GArray) keys = g_array_new(FALSE, FALSE, sizeof(Key));
  gboolean has_key = FALSE;
  g_autoptr(NxRows) rows = nx_db_select(tables->db, err, tables->driver->columns_query, "s", table);
  g_array_set_clear_func(keys, clear_key);
  while (rows && nx_rows_next(rows)) {
    const NxField *field = add_field(tables, table, fields, nx_rows_text(rows, 0), nx_rows_text(rows, 2));
    if (!*nx_rows_text(rows, 2)) /* of SQLite, where each value has a type of its own, and none is turned back on import */
      nx_log_warning("table %s: column %s declares no type, and numbers in it become texts in the snapshot", table, field->name);
    gboolean is_text = field->type == NX_FIELD_TEXT || field->type == NX_FIELD_JSON;
    g_autofree char *name = nx_sql_quoted(field->name);
    Key key = {.name = g_strconcat(name, is_text ? tables->driver->byte_order : "", NULL), .place = nx_rows_int(rows, 3), .field = fields->len - 1};
    has_key = has_key || key.place > 0;
    g_array_append_val(keys, key);
    // cppcheck-suppress memleak -- the array has the name now
  }
  if (!rows || !nx_rows_finish(rows, err))
    return NULL;
  for (guint i = keys->len; has_key && i-- > 0;)
    if (g_array_index(keys, Key, i).place == 0)
      g_array_remove_index(keys, i);
  g_array_sort(keys, compare_keys);
  return g_steal_pointer(&keys);
}

static char *select_of(NxDbTables *tables, const char *table, GArray *fields, GError **err)
{
  const GArray *keys = tables->keys = read_columns(tables, table, fields, err);
  if (!keys)
    return NULL;
  g_autoptr(GString) columns = g_string_new(NULL), order = g_string_new(NULL);
  g_autofree char *from = nx_sql_quoted(table);
  for (guint i = 0; i < fields->len; i++) {
    g_autofree char *name = nx_sql_quoted(g_array_index(fields, NxField, i).name);
    g_string_append_printf(columns, "%s%s", i ? ", " : "", name);
  }
  gboolean has_primary_key = keys->len > 0 && g_array_index(keys, Key, 0).place > 0;
  tables->has_rowid = !has_primary_key && g_str_equal(nx_db_insertion_order(tables->db), ROWID);
  if (tables->has_rowid)
    g_string_append(columns, ", " ROWID);
  for (guint i = 0; i < keys->len; i++)
    g_string_append_printf(order, "%s%s%s", i ? ", " : "", g_array_index(keys, Key, i).name, g_array_index(keys, Key, i).place ? "" : " NULLS FIRST");
  return g_strdup_printf("SELECT %s FROM %s ORDER BY %s", columns->str, from, order->str);
}

static const Hidden *hidden_of(const char *table, const char *column)
{
  for (guint i = 0; i < G_N_ELEMENTS(HIDDEN); i++)
    if (g_str_equal(HIDDEN[i].table, table) && g_str_equal(HIDDEN[i].column, column))
      return &HIDDEN[i];
  return NULL;
}

static gboolean open_table(gpointer database, const char *table, GArray *fields, GError **err)
{
  NxDbTables *tables = database;
  end_table(tables);
  g_autofree char *sql = select_of(tables, table, fields, err);
  if (!sql)
    return FALSE;
  tables->fields = fields;
  g_ptr_array_set_size(tables->hidden, 0);
  for (guint i = 0; i < fields->len; i++)
    g_ptr_array_add(tables->hidden, (gpointer)hidden_of(table, g_array_index(fields, NxField, i).name));
  tables->statement = tables->driver->prepare_bulk(nx_db_connection(tables->db), sql, err);
  return tables->statement != NULL;
}

/* ---------------------------------------------------------------------------------------------------------------- rows */

static void append_value(GString *to, const NxDbTables *tables, const char *name, guint column)
{
  gsize length = 0;
  const char *text = tables->driver->column_text(tables->statement, column, &length);
  g_autofree char *shown = text ? nx_text_utf8(text, (gssize)length) : g_strdup("NULL");
  g_string_append_printf(to, "%s%s %s", to->len ? ", " : "", name, shown);
}

/* The present row: "id 7", "gene_id 7, group_id 2", "rowid 3". */
static char *name_row(gpointer database)
{
  const NxDbTables *tables = database;
  GString *name = g_string_new(NULL);
  if (tables->has_rowid)
    append_value(name, tables, ROWID, tables->fields->len);
  for (guint i = 0; !tables->has_rowid && i < tables->keys->len; i++) {
    guint field = g_array_index(tables->keys, Key, i).field;
    append_value(name, tables, g_array_index(tables->fields, NxField, field).name, field);
  }
  return g_string_free(name, FALSE);
}

static gboolean refuse(NxDbTables *tables, guint column, const char *what, GError **err)
{
  g_autofree char *row = name_row(tables);
  g_set_error(err, NX_ERROR, NX_ERROR_DATA, "row with %s, column %s: %s", row, g_array_index(tables->fields, NxField, column).name, what);
  return FALSE;
}

static gboolean read_integer(NxDbTables *tables, guint column, NxCellType cell, const NxField *field, NxDatum *datum, GError **err)
{
  datum->integer = tables->driver->column_integer(tables->statement, column);
  if (cell != NX_CELL_INTEGER)
    return refuse(tables, column, "the value is no integer, as the column declares", err);
  return field->type != NX_FIELD_BOOLEAN || datum->integer == 0 || datum->integer == 1 || refuse(tables, column, "a truth value is neither 0 nor 1", err);
}

static gboolean read_real(NxDbTables *tables, guint column, NxCellType cell, NxDatum *datum, GError **err)
{
  datum->real = tables->driver->column_real(tables->statement, column);
  return cell == NX_CELL_REAL || cell == NX_CELL_INTEGER || refuse(tables, column, "the value is no number, as the column declares", err);
}

static void replace(NxDbTables *tables, char *text, NxDatum *datum)
{
  g_ptr_array_add(tables->kept, text);
  datum->bytes = text;
  datum->length = strlen(text);
}

/* SQLite's own text of a number has 15 digits, which an import would make another number of. */
static void read_number_as_text(NxDbTables *tables, guint column, NxDatum *datum)
{
  replace(tables, nx_text_from_double(tables->driver->column_real(tables->statement, column)), datum);
}

/* Bytes that are no text are not taken for one, since an import could not tell them apart; what the bytes are the writer checks. */
static gboolean read_bytes(NxDbTables *tables, guint column, NxCellType cell, const NxField *field, NxDatum *datum, GError **err)
{
  gsize length;
  const char *bytes = tables->driver->column_text(tables->statement, column, &length);
  if ((cell == NX_CELL_BYTES) != (field->type == NX_FIELD_BYTES))
    return refuse(tables, column, cell == NX_CELL_BYTES ? "the value is no text, as the column declares" : "the value is not bytes, as the column declares", err);
  return nx_datum_take_text(field, bytes, length, datum) || refuse(tables, column, "the value is no time, as the column declares", err);
}

static gboolean read_cell(NxDbTables *tables, guint column, NxDatum *datum, GError **err)
{
  const NxField *field = &g_array_index(tables->fields, NxField, column);
  NxCellType cell = tables->driver->column_type(tables->statement, column);
  datum->is_null = cell == NX_CELL_NULL;
  if (datum->is_null)
    return TRUE;
  switch (field->type) {
  case NX_FIELD_INTEGER:
  case NX_FIELD_BOOLEAN:
    return read_integer(tables, column, cell, field, datum, err);
  case NX_FIELD_REAL:
    return read_real(tables, column, cell, datum, err);
  case NX_FIELD_TEXT:
  case NX_FIELD_JSON:
  case NX_FIELD_DECIMAL:
    if (cell == NX_CELL_REAL) {
      read_number_as_text(tables, column, datum);
      return TRUE;
    }
    return read_bytes(tables, column, cell, field, datum, err);
  default:
    return read_bytes(tables, column, cell, field, datum, err);
  }
}

/* The same for the same text from export to export; owned. */
static char *pseudonym_of(const NxDbTables *tables, const char *prefix, const NxDatum *datum)
{
  g_autofree char *sum = g_compute_hmac_for_data(G_CHECKSUM_SHA256, tables->key, KEY_SIZE, (const guchar *)datum->bytes, datum->length);
  return g_strdup_printf("%s%.*s", prefix, PSEUDONYM_DIGITS, sum);
}

static void hide_name(NxDbTables *tables, const char *prefix, NxDatum *datum)
{
  if (strlen(SERVICE_USER) == datum->length && memcmp(datum->bytes, SERVICE_USER, datum->length) == 0)
    return;
  replace(tables, pseudonym_of(tables, prefix, datum), datum);
}

/* `masked` with a pseudonym of the whole address for ***. */
static char *told_apart(const NxDbTables *tables, const char *masked, const NxDatum *datum)
{
  g_autofree char *pseudonym = pseudonym_of(tables, "", datum);
  g_auto(GStrv) parts = g_strsplit(masked, "***", -1);
  return g_strjoinv(pseudonym, parts);
}

static char *masked_of(const NxDbTables *tables, Disguise disguise, const char *address)
{
  if (!tables->has_calendar)
    return nx_config_masked_address(address);
  return disguise == AS_UNIQUE_ADDRESS ? nx_config_masked_api_url(address) : nx_config_masked_calendar(address);
}

/* Without a key it stays, and the row is secret when there was something to hide. */
static void mask_address(NxDbTables *tables, Disguise disguise, NxDatum *datum)
{
  if (!datum->bytes) /* a column of numbers in a strange database */
    return;
  g_autofree char *address = g_strndup(datum->bytes, datum->length);
  g_autofree char *masked = masked_of(tables, disguise, address);
  if (g_str_equal(masked, address))
    return;
  if (!tables->key)
    tables->is_secret = TRUE;
  else
    replace(tables, disguise == AS_UNIQUE_ADDRESS ? told_apart(tables, masked, datum) : g_steal_pointer(&masked), datum);
}

static void hide(NxDbTables *tables, const Hidden *hidden, NxDatum *datum)
{
  if (hidden->disguise == AS_MASKED_ADDRESS || hidden->disguise == AS_UNIQUE_ADDRESS)
    mask_address(tables, hidden->disguise, datum);
  else if (tables->key && hidden->disguise == AS_PSEUDONYM)
    hide_name(tables, hidden->prefix, datum);
  else if (tables->key)
    *datum = (NxDatum){.is_null = TRUE};
}

static gboolean has_calendar(const NxDbTables *tables, const NxDatum *row)
{
  static const char HARVESTER[] = NX_CALENDAR_HARVESTER;
  for (guint i = 0; i < tables->fields->len; i++)
    if (g_str_equal(g_array_index(tables->fields, NxField, i).name, "harvester"))
      return !row[i].is_null && row[i].bytes && row[i].length == strlen(HARVESTER) && memcmp(row[i].bytes, HARVESTER, row[i].length) == 0;
  return FALSE;
}

static void hide_all(NxDbTables *tables, NxDatum *row)
{
  tables->is_secret = FALSE;
  tables->has_calendar = has_calendar(tables, row);
  for (guint i = 0; i < tables->hidden->len; i++)
    if (tables->hidden->pdata[i] && !row[i].is_null)
      hide(tables, tables->hidden->pdata[i], &row[i]);
}

static gboolean next_row(gpointer database, NxDatum *row, gboolean *more, GError **err)
{
  NxDbTables *tables = database;
  if (!tables->driver->step(nx_db_connection(tables->db), tables->statement, more, err))
    return FALSE;
  g_ptr_array_set_size(tables->kept, 0);
  for (guint i = 0; *more && i < tables->fields->len; i++)
    if (!read_cell(tables, i, &row[i], err))
      return FALSE;
  if (*more)
    hide_all(tables, row);
  return TRUE;
}

static gboolean row_is_secret(gpointer database)
{
  return ((const NxDbTables *)database)->is_secret;
}

NxRowSource nx_db_tables_source(NxDbTables *tables)
{
  return (NxRowSource){.open = open_table, .next = next_row, .is_secret = row_is_secret, .name_row = name_row, .database = tables};
}
