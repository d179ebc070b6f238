/* nx-db-import.c — nx-db import: the rows of a snapshot into an empty database (igem-db §12.3). */
#include "nx-db-snapshot.h"

#include "migration.h"
#include "nx-cli-tree.h"
#include "sql-text.h"
#include "work-folder.h"

#include <math.h>
#include <string.h>

#define SCHEMA "nexuslims"
#define MAKER "import" /* of work folders */

typedef struct {
  NxDb *db;
  const char *address; /* of it, for errors */
  const char *table;
  gint64 row; /* the present one, from 1 */
  const GArray *fields;
  GArray *columns; /* of each field: the NxFieldType that its column of the database declares */
  NxLoad *load;
} Target;

/* --------------------------------------------------------------------------------------------------------------- rows */

/* `done`, and when it is not: what the disk or the server has to say is told with the database. */
static gboolean engine_has(gboolean done, const char *address, GError **err)
{
  if (!done && err && (g_error_matches(*err, NX_ERROR, NX_ERROR_PLACE) || g_error_matches(*err, NX_ERROR, NX_ERROR_IO)))
    nx_db_name_in_error(address, err);
  return done;
}

static gboolean check_column(const Target *target, const char *table, const NxField *field, GError **err)
{
  const char *column = field->name;
  NxColumnFacts facts = {0};
  NxField there = {0};
  if (!nx_db_has_column(target->db, table, column, &facts, err))
    return FALSE;
  nx_field_take_sql_type(&there, facts.type);
  g_array_append_val(target->columns, there.type);
  if (facts.exists && field->type == NX_FIELD_NESTED)
    g_set_error(err, NX_ERROR, NX_ERROR_DATA,
                "table %s of the snapshot has a nested column %s, which cannot be read: it has to be one value a row", table, column);
  if (!facts.exists)
    g_set_error(err, NX_ERROR, NX_ERROR_DATA,
                "table %s of the snapshot has a column %s, which the one of the database has not: make the database with 'nexuslims db init', "
                "add the column to the table, and import again",
                table, column);
  return facts.exists && field->type != NX_FIELD_NESTED;
}

static gboolean open_table(gpointer database, const char *table, const GArray *fields, GError **err)
{
  Target *target = database;
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  g_array_set_size(target->columns, 0);
  for (guint i = 0; i < fields->len; i++) {
    const NxField *field = &g_array_index(fields, NxField, i);
    if (!check_column(target, table, field, err))
      return FALSE;
    g_ptr_array_add(names, field->name);
  }
  g_ptr_array_add(names, NULL);
  target->table = table;
  target->row = 0;
  target->fields = fields;
  target->load = nx_load_start(target->db, table, (const char *const *)names->pdata, err);
  return target->load != NULL;
}

static void load_text(NxLoad *load, const NxField *field, const NxDatum *datum)
{
  g_autofree char *text = nx_datum_text(field, datum);
  nx_load_text(load, text, strlen(text));
}

/* Times that have a text in every database: the years 1 to 9999, and the hours of a day. */
static const struct {
  NxFieldType type;
  gint64 least, most;
  const char *refusal;
} TIMES[] = {
    {NX_FIELD_TIMESTAMP, -62135596800000000, 253402300799999999, "the time is not in the years 1 to 9999"},
    {NX_FIELD_TIMESTAMP_UTC, -62135596800000000, 253402300799999999, "the time is not in the years 1 to 9999"},
    {NX_FIELD_DATE, -719162, 2932896, "the time is not in the years 1 to 9999"},
    {NX_FIELD_TIME, 0, 86400000000, "the time is not a time of day"},
};

static const char *time_misfit(const NxField *field, const NxDatum *datum)
{
  for (gsize i = 0; i < G_N_ELEMENTS(TIMES); i++)
    if (field->type == TIMES[i].type && (datum->integer < TIMES[i].least || datum->integer > TIMES[i].most))
      return TIMES[i].refusal;
  return NULL;
}

/* Other programs make floating point of integers where there are nulls, and integers of truth values (parquet 5). */
static gboolean take_integer(const NxField *field, const NxDatum *datum, gint64 *integer)
{
  const double end = 9223372036854775808.0; /* 2^63 */
  switch (field->type) {
  case NX_FIELD_INTEGER:
  case NX_FIELD_BOOLEAN:
    *integer = datum->integer;
    return TRUE;
  case NX_FIELD_UNSIGNED:
    *integer = datum->integer;
    return datum->integer >= 0;
  case NX_FIELD_REAL:
    if (!(datum->real >= -end && datum->real < end) || floor(datum->real) != datum->real)
      return FALSE;
    *integer = (gint64)datum->real;
    return TRUE;
  default:
    return FALSE;
  }
}

static gboolean is_number(const NxField *field)
{
  static const NxFieldType NUMBERS[] = {NX_FIELD_INTEGER, NX_FIELD_UNSIGNED, NX_FIELD_BOOLEAN, NX_FIELD_REAL, NX_FIELD_DECIMAL};
  for (gsize i = 0; i < G_N_ELEMENTS(NUMBERS); i++)
    if (field->type == NUMBERS[i])
      return TRUE;
  return FALSE;
}

static gboolean has_nul(const NxField *field, const NxDatum *datum)
{
  return (field->type == NX_FIELD_TEXT || field->type == NX_FIELD_JSON) && datum->length > 0 && memchr(datum->bytes, 0, datum->length);
}

/* Why a value cannot be stored, or NULL: SQLite would take any, and then no export of it. */
static const char *misfit(NxFieldType column, const NxField *field, const NxDatum *datum)
{
  gint64 integer = 0;
  const char *time = time_misfit(field, datum);
  if (time)
    return time;
  if (has_nul(field, datum))
    return "a text with a NUL character cannot be stored";
  switch (column) {
  case NX_FIELD_BOOLEAN:
    return take_integer(field, datum, &integer) && (integer == 0 || integer == 1) ? NULL : "the value is no truth value, as the column declares";
  case NX_FIELD_INTEGER:
    return take_integer(field, datum, &integer) ? NULL : "the value is no integer, as the column declares";
  case NX_FIELD_REAL:
    return is_number(field) ? NULL : "the value is no number, as the column declares";
  default:
    return NULL;
  }
}

static gboolean check_value(const Target *target, guint i, const NxDatum *datum, GError **err)
{
  const NxField *field = &g_array_index(target->fields, NxField, i);
  const char *why = datum->is_null ? NULL : misfit(g_array_index(target->columns, NxFieldType, i), field, datum);
  if (why)
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "table %s, row %" G_GINT64_FORMAT ", column %s: %s", target->table, target->row, field->name, why);
  return !why;
}

/* As the database writes a time; of a wall clock without its offset, which nobody knows. */
static void load_timestamp(NxLoad *load, const NxField *field, const NxDatum *datum)
{
  g_autoptr(GDateTime) epoch = g_date_time_new_from_unix_utc(0), instant = g_date_time_add(epoch, datum->integer);
  g_autofree char *text = nx_time_format(instant);
  const gsize offset = field->type == NX_FIELD_TIMESTAMP ? strlen("+00:00") : 0;
  nx_load_text(load, text, strlen(text) - offset);
}

/* Where a column is for texts or decimals, a whole number has no point. */
static void load_real(NxLoad *load, NxFieldType column, double value)
{
  const double whole_max = 9007199254740992.0; /* 2^53 */
  if (column != NX_FIELD_REAL && fabs(value) <= whole_max && floor(value) == value)
    nx_load_integer(load, (gint64)value);
  else
    nx_load_real(load, value);
}

/* Other programs write text as bytes that nothing marks as text (parquet 5). */
static void load_bytes(NxLoad *load, NxFieldType column, const NxDatum *datum)
{
  if (column != NX_FIELD_BYTES && nx_text_is_utf8(datum->bytes, datum->length))
    nx_load_text(load, datum->bytes, datum->length);
  else
    nx_load_bytes(load, datum->bytes, datum->length);
}

/* SQLite makes an integer of "12345678901234567", but of "12345678901234567.00" floating point, which has no room for its last digit. */
static void load_decimal(NxLoad *load, const NxDatum *datum)
{
  gsize length = datum->length;
  while (length > 0 && datum->bytes[length - 1] == '0')
    length--;
  gboolean is_whole = length > 0 && datum->bytes[length - 1] == '.';
  nx_load_text(load, datum->bytes, is_whole ? length - 1 : datum->length);
}

static void load_present(NxLoad *load, NxFieldType column, const NxField *field, const NxDatum *datum)
{
  switch (field->type) {
  case NX_FIELD_INTEGER:
  case NX_FIELD_BOOLEAN:
    nx_load_integer(load, datum->integer);
    break;
  case NX_FIELD_REAL:
    load_real(load, column, datum->real);
    break;
  case NX_FIELD_TIMESTAMP:
  case NX_FIELD_TIMESTAMP_UTC:
    load_timestamp(load, field, datum);
    break;
  case NX_FIELD_BYTES:
    load_bytes(load, column, datum);
    break;
  case NX_FIELD_DECIMAL:
    load_decimal(load, datum);
    break;
  case NX_FIELD_TEXT:
  case NX_FIELD_JSON:
    nx_load_text(load, datum->bytes, datum->length);
    break;
  default:
    load_text(load, field, datum);
  }
}

static void load_value(NxLoad *load, NxFieldType column, const NxField *field, const NxDatum *datum)
{
  gint64 integer = 0;
  if (datum->is_null)
    nx_load_null(load);
  else if ((column == NX_FIELD_INTEGER || column == NX_FIELD_BOOLEAN) && take_integer(field, datum, &integer))
    nx_load_integer(load, integer);
  else
    load_present(load, column, field, datum);
}

static gboolean add_row(gpointer database, const NxDatum *row, GError **err)
{
  Target *target = database;
  target->row++;
  for (guint i = 0; i < target->fields->len; i++) {
    if (!check_value(target, i, &row[i], err))
      return FALSE;
    load_value(target->load, g_array_index(target->columns, NxFieldType, i), &g_array_index(target->fields, NxField, i), &row[i]);
  }
  return engine_has(nx_load_next(target->load, err), target->address, err);
}

/* --------------------------------------------------------------------------------------------------- the nulls of old rows */

/* What a snapshot has in one column of a table. */
typedef struct {
  const char *column;
  guint place; /* of the column; G_MAXUINT: the table has none of that name */
  gboolean has_null;
} Nulls;

static gboolean find_column(gpointer nulls, const char *table, const GArray *fields, GError **err)
{
  (void)table;
  (void)err;
  Nulls *of = nulls;
  of->place = G_MAXUINT;
  for (guint i = 0; i < fields->len; i++)
    if (g_str_equal(g_array_index(fields, NxField, i).name, of->column))
      of->place = i;
  return TRUE;
}

static gboolean look_for_null(gpointer nulls, const NxDatum *row, GError **err)
{
  (void)err;
  Nulls *of = nulls;
  of->has_null = of->has_null || (of->place != G_MAXUINT && row[of->place].is_null);
  return TRUE;
}

/* Databases made before migrations may have instruments without a harvester, and keep that (database 2.7); a new one would refuse them. */
static gboolean make_room_for_nulls(NxDb *db, const NxSnapshot *snapshot, GError **err)
{
  static const char TABLE[] = "instruments", COLUMN[] = "harvester";
  Nulls nulls = {.column = COLUMN};
  NxRowTarget look = {.open = find_column, .add = look_for_null, .database = &nulls};
  NxColumnFacts facts = {0};
  gint64 rows = 0;
  if (!nx_snapshot_has_table(snapshot, TABLE))
    return TRUE;
  if (!nx_snapshot_read(snapshot, TABLE, &look, &rows, err) || !nx_db_has_column(db, TABLE, COLUMN, &facts, err))
    return FALSE;
  return !nulls.has_null || facts.allows_null || nx_column_allow_null(db, TABLE, COLUMN, err);
}

/* ------------------------------------------------------------------------------------------------------------ database */

static gboolean check_snapshot(const NxSnapshot *snapshot, const char *folder, const NxGraph *graph, GError **err)
{
  json_object *manifest = nx_snapshot_manifest(snapshot);
  const char *schema = nx_json_get_string(manifest, "schema"), *revision = nx_json_get_string(manifest, "schema_revision");
  if (!schema || !g_str_equal(schema, SCHEMA)) {
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "%s is not a snapshot of a NexusLIMS database", folder);
    return FALSE;
  }
  if (!revision || !nx_graph_find(graph, revision)) {
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "the snapshot %s has the schema revision %s, which this program does not know", folder, revision ? revision : "null");
    return FALSE;
  }
  for (const char *const *table = nx_snapshot_tables(snapshot); *table; table++)
    if (!g_strv_contains((const char *const *)graph->tables, *table)) {
      g_set_error(err, NX_ERROR, NX_ERROR_DATA, "the snapshot %s has a table %s, which is not one of the schema", folder, *table);
      return FALSE;
    }
  return nx_snapshot_verify(snapshot, NULL, err);
}

/* Of the schema's own tables; what else a site keeps there is not ours to read. *has_tables is what decides whether the schema must be made. */
static gboolean check_empty(NxDb *db, const char *address, const NxGraph *graph, gboolean *has_tables, GError **err)
{
  g_auto(GStrv) tables = nx_db_tables(db, err);
  g_autofree char *shown = nx_db_url_shown(address);
  *has_tables = tables && g_strv_contains((const char *const *)tables, "alembic_version");
  for (char **table = tables; table && *table; table++) {
    gint64 rows = 0;
    g_autofree char *name = nx_sql_quoted(*table), *sql = g_strdup_printf("SELECT count(*) FROM %s", name);
    if (!g_strv_contains((const char *const *)graph->tables, *table))
      continue;
    *has_tables = TRUE;
    if (!nx_db_number(db, &rows, err, sql, NULL))
      return FALSE;
    if (rows > 0) {
      g_set_error(err, NX_ERROR, NX_ERROR_DATA, "Database is not empty: %s", shown);
      return FALSE;
    }
  }
  return tables != NULL;
}

static gboolean check_revision(NxDb *db, const char *address, const char *revision, GError **err)
{
  g_autofree char *file = nx_db_file_path(address);
  g_auto(GStrv) rows = nx_version_rows(db, NULL, err);
  if (!rows)
    return FALSE;
  if (rows[0] && g_str_equal(rows[0], revision))
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_DATA, "the empty database is at revision %s, the snapshot at %s: %s", rows[0] ? rows[0] : "(none)", revision,
              file ? "remove the database file, and import makes a new one" : "name a database without tables, and import makes them");
  return FALSE;
}

/* A sum says that a file is the one of the manifest, not that the manifest counted its rows. */
static gboolean check_rows(const NxSnapshot *snapshot, const char *table, gint64 rows, GError **err)
{
  gint64 expected = nx_json_get_int(nx_json_get(nx_json_get(nx_snapshot_manifest(snapshot), "tables"), table), "rows", rows);
  if (rows == expected)
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_DATA, "table %s has %" G_GINT64_FORMAT " rows, and %" G_GINT64_FORMAT " in the manifest", table, rows,
              expected);
  return FALSE;
}

/* Inside a transaction. */
static gboolean load(NxDb *db, const char *address, const NxSnapshot *snapshot, gint64 *total, GError **err)
{
  g_autoptr(GArray) columns = g_array_new(FALSE, FALSE, sizeof(NxFieldType));
  Target target = {.db = db, .address = address, .columns = columns};
  NxRowTarget rows_to = {.open = open_table, .add = add_row, .database = &target};
  g_autoptr(GPtrArray) foreign_keys = NULL;
  gboolean done = make_room_for_nulls(db, snapshot, err) && nx_db_drop_foreign_keys(db, &foreign_keys, err);
  for (const char *const *table = nx_snapshot_tables(snapshot); done && *table; table++) {
    gint64 rows = 0;
    done = nx_snapshot_read(snapshot, *table, &rows_to, &rows, err) && check_rows(snapshot, *table, rows, err) &&
           engine_has(nx_load_finish(&target.load, err), address, err);
    g_clear_pointer(&target.load, nx_load_free);
    g_autofree char *count = nx_snapshot_count_text(rows);
    if (done)
      printf("  %-40s %15s\n", *table, count);
    *total += rows;
  }
  return done && engine_has(nx_db_add_foreign_keys(db, foreign_keys, err), address, err);
}

/* Tables that are made and rows in one transaction: what fails leaves the database as it was. */
static gboolean fill(NxDb *db, const char *address, const NxSnapshot *snapshot, const NxGraph *graph, gint64 *total, GError **err)
{
  const char *revision = nx_json_get_string(nx_snapshot_manifest(snapshot), "schema_revision");
  gboolean has_tables;
  g_autoptr(NxDbTransaction) transaction = nx_db_enforce_foreign_keys(db, FALSE, err) ? nx_db_begin(db, err) : NULL;
  if (!engine_has(transaction && check_empty(db, address, graph, &has_tables, err), address, err))
    return FALSE;
  if (!(has_tables ? check_revision(db, address, revision, err) : engine_has(nx_schema_make(db, graph, revision, stderr, err), address, err)))
    return FALSE;
  return load(db, address, snapshot, total, err) && engine_has(nx_db_commit(&transaction, err), address, err);
}

/* From `part` to its own name; a file that came there in the meantime stays. */
static gboolean place(const char *part, const char *path, GError **err)
{
  g_autofree char *folder = g_path_get_dirname(path);
  return nx_database_place_new(part, path, err) && nx_folder_sync(folder, err);
}

/* A database that was not there appears whole or not at all. */
static gboolean fill_new(const char *address, const NxSnapshot *snapshot, const NxGraph *graph, gint64 *total, GError **err)
{
  g_autofree char *path = nx_db_file_path(address);
  nx_work_folder_sweep(path, MAKER);
  g_autoptr(NxWorkFolder) work = nx_work_folder_make(path, MAKER, err);
  if (!work)
    return FALSE;
  g_autofree char *part = g_build_filename(work->path, "database.part", NULL);
  NxDb *db = nx_db_open(part, NX_DB_CREATE, err);
  gboolean done = db && fill(db, address, snapshot, graph, total, err);
  nx_db_close(db);
  done = done && place(part, path, err);
  nx_work_folder_remove(work->path);
  return done;
}

static gboolean import_snapshot(const char *address, const char *folder, GError **err)
{
  gint64 total = 0;
  g_autoptr(NxGraph) graph = nx_graph_load(SCHEMA, err);
  g_autoptr(NxSnapshot) snapshot = graph ? nx_snapshot_open(folder, err) : NULL;
  if (!snapshot || !check_snapshot(snapshot, folder, graph, err))
    return FALSE;
  g_autofree char *file = nx_db_file_path(address);
  if (nx_db_exists(address) || !file) {
    g_autofree char *shown = nx_db_url_shown(address);
    g_autoptr(NxDb) db = nx_db_open(address, file ? NX_DB_WRITE : NX_DB_CREATE, err);
    if (!db)
      g_prefix_error(err, "Database not found at %s: ", shown);
    if (!db || !fill(db, address, snapshot, graph, &total, err))
      return FALSE;
  } else if (!fill_new(address, snapshot, graph, &total, err))
    return FALSE;
  g_autofree char *count = nx_snapshot_count_text(total);
  nx_cli_print_success(stdout, "Imported %s rows in %u tables", count, g_strv_length((char **)nx_snapshot_tables(snapshot)));
  return TRUE;
}

int nx_db_run_import(const char *address, int argc, char **argv)
{
  NxDbImportOptions options = {0};
  GError *error = NULL;
  if (!nx_cli_parse(&nx_command_db_import, argc, argv, &options))
    return nx_cli_exit_code();
  if (!address || !*address)
    g_set_error_literal(&error, NX_ERROR, NX_ERROR_CONFIG, "No database is named: set NX_DB_PATH, or give --db-uri");
  else
    nx_db_refuse_snapshot(address, "import", &error);
  return !error && import_snapshot(address, options.folder, &error) ? 0 : nx_db_snapshot_failed(error);
}
