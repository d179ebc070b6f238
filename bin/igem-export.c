/* igem-export.c — export: the tables of the schema, as one reading transaction sees them, into a Parquet snapshot (igem-db §5.7, §8). */
#include "igem-commands.h"

#include "migration.h"
#include "nx-db-snapshot.h"

#define CREATOR "igem-server version " NX_IGEM_VERSION " (build )"
/* Servers that can read the snapshot: those of the releases whose schema it has. */
#define COMPATIBLE ">=0.1.0,<0.4.0"

/* ------------------------------------------------------------------------------------------------------------- tables */

static gboolean is_named(const char *list, const char *table)
{
  g_auto(GStrv) names = g_strsplit(list ? list : "", ",", -1);
  for (char **name = names; *name; name++)
    if (g_str_equal(g_strstrip(*name), table))
      return TRUE;
  return FALSE;
}

/* Those of the schema that are there, and whatever else is there and asked for by name; a partition comes with its table only. */
static GPtrArray *tables_to_choose_from(const NxSchema *schema, NxDb *db, const char *asked, GError **err)
{
  g_auto(GStrv) there = nx_db_tables(db, err);
  if (!there)
    return NULL;
  GPtrArray *tables = g_ptr_array_new_with_free_func(g_free);
  for (char **table = there; *table; table++) {
    gboolean is_ours = g_strv_contains(nx_schema_tables(schema), *table) && !nx_schema_leaves_out(schema, *table);
    if (is_ours || (is_named(asked, *table) && !nx_schema_partitioned(schema, *table)))
      g_ptr_array_add(tables, g_strdup(*table));
  }
  g_ptr_array_add(tables, NULL);
  return tables;
}

/* ----------------------------------------------------------------------------------------------------------- manifest */

/* The version that the schema says it has; "unknown" when it does not say. */
static char *schema_version(const NxSchema *schema, NxDb *db)
{
  gboolean has = FALSE;
  const char *table = nx_json_get_string(nx_schema_fact(schema, "mirror"), "table"),
             *sql = json_object_get_string(nx_schema_fact(schema, "schema_version"));
  g_autoptr(NxRows) rows = table && sql && nx_db_has_table(db, table, &has, NULL) && has ? nx_db_select(db, NULL, sql, NULL) : NULL;
  return g_strdup(rows && nx_rows_next(rows) && nx_rows_text(rows, 0) ? nx_rows_text(rows, 0) : "unknown");
}

static json_object *facts_of(const NxSchema *schema, NxDb *db, char *const *revisions)
{
  json_object *facts = json_object_new_object();
  g_autofree char *version = schema_version(schema, db);
  nx_json_set_string(facts, "schema_version", version);
  nx_json_set_string(facts, "schema_revision", revisions[0] && !revisions[1] ? revisions[0] : NULL);
  nx_json_set_string(facts, "igem_version", NX_IGEM_VERSION);
  nx_json_set_string(facts, "igem_version_compatible", COMPATIBLE);
  return facts;
}

/* Of a file its name alone: where it lies is nobody's affair. */
static json_object *source_of(const IgemAddress *address)
{
  gboolean is_file = address->kind == IGEM_SQLITE;
  g_autofree char *name = is_file ? g_path_get_basename(address->place) : g_strdup(address->database);
  json_object *source = json_object_new_object();
  nx_json_set_string(source, "engine", is_file ? "sqlite" : "postgresql");
  nx_json_set_string(source, "host", address->host ? address->host : "local");
  nx_json_set_string(source, "database", name);
  return source;
}

/* ------------------------------------------------------------------------------------------------------------- export */

/* The option's words are the codecs' names. */
static NxCodec codec_of(int choice)
{
  NxCodec codec = NX_CODEC_NONE;
  while (!g_str_equal(nx_codec_name(codec), nx_compression_choices[choice]))
    codec++;
  return codec;
}

static gboolean export_database(const IgemTarget *target, NxDb *db, const NxDbExportOptions *typed, GError **err)
{
  g_autoptr(NxDbTransaction) reading = nx_db_begin_reading(db, err);
  g_auto(GStrv) revisions = reading ? nx_version_rows(db, NULL, err) : NULL;
  g_autoptr(GPtrArray) tables = revisions ? tables_to_choose_from(target->schema, db, typed->tables, err) : NULL;
  if (!tables)
    return FALSE;
  g_autoptr(json_object) facts = facts_of(target->schema, db, revisions), source = source_of(target->address);
  NxSnapshotOptions options = {.folder = typed->output,
                               .tables = (const char *const *)tables->pdata,
                               .only = typed->tables,
                               .exclude = typed->exclude,
                               .codec = codec_of(typed->compression),
                               .group_rows = typed->chunk_rows,
                               .version = typed->version,
                               .overwrite = typed->overwrite,
                               .creator = CREATOR,
                               .facts = facts,
                               .source = source,
                               .out = stdout};
  g_autoptr(NxDbTables) rows = nx_db_tables_open(db, nx_schema_fact(target->schema, "parquet_types"), NULL);
  NxRowSource from = nx_db_tables_source(rows);
  return nx_snapshot_write(&options, &from, err);
}

int igem_run_export(const NxIgemPlace *top, int argc, char **argv)
{
  int status = 0;
  GError *error = NULL;
  NxIgemExportOptions options = {0};
  g_auto(IgemTarget) target = {0};
  if (!nx_cli_parse(&nx_command_igem_export, argc, argv, &options))
    return nx_cli_exit_code();
  if (!igem_target_find_database(&target, top, &options.place, &status))
    return status;
  g_autoptr(NxDb) db = igem_target_open(&target, &error);
  return db && export_database(&target, db, &options.export, &error) ? 0 : igem_failed(&target, NULL, error);
}
