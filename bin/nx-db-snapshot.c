/* nx-db-snapshot.c — nx-db export and snapshot-download (igem-db §5.7, §5.8, §12.3). */
#include "nx-db-snapshot.h"

#include "migration.h"
#include "nx-cli-tree.h"
#include "nx-config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define SCHEMA "nexuslims"
#define CREATOR "nx-db version " NX_VERSION " (build )"
#define KEY_SIZE 32

/* -------------------------------------------------------------------------------------------------------------- export */

/* The key of the pseudonyms: made at first use, so that a person keeps one name from export to export. */
static guint8 *pseudonym_key(GError **err)
{
  g_autofree char *folder = nx_settings_text("NX_DATA_PATH", err);
  if (!folder || !*folder) {
    if (err && !*err)
      g_set_error_literal(err, NX_ERROR, NX_ERROR_CONFIG, "NX_DATA_PATH is not set: --anonymize keeps its key in that folder");
    return NULL;
  }
  g_autofree char *path = g_build_filename(folder, ".anonymize.key", NULL);
  g_autofree char *key = NULL;
  gsize length = 0;
  if (g_file_test(path, G_FILE_TEST_EXISTS)) {
    if (!nx_file_read(path, KEY_SIZE + 1, &key, &length, err))
      return NULL;
    if (length == KEY_SIZE)
      return (guint8 *)g_steal_pointer(&key);
    g_set_error(err, NX_ERROR, NX_ERROR_CONFIG, "%s does not hold 32 bytes: remove it, and pseudonyms begin anew", path);
    return NULL;
  }
  key = g_malloc(KEY_SIZE);
  if (getrandom(key, KEY_SIZE, 0) != KEY_SIZE) {
    nx_error_from_errno(err, errno, "make", path);
    return NULL;
  }
  return nx_file_write(path, key, KEY_SIZE, 0600, err) ? (guint8 *)g_steal_pointer(&key) : NULL;
}

/* `v2_5_0b` → `2.5.0`. */
static char *version_in(const char *revision)
{
  g_auto(GStrv) parts = g_strsplit(revision && *revision == 'v' ? revision + 1 : "", "_", -1);
  if (g_strv_length(parts) < 3)
    return g_strdup("unknown");
  return g_strdup_printf("%s.%s.%d", parts[0], parts[1], atoi(parts[2]));
}

static json_object *facts_of(const char *revision)
{
  json_object *facts = json_object_new_object();
  g_autofree char *version = version_in(revision);
  nx_json_set_string(facts, "schema_version", version);
  nx_json_set_string(facts, "schema_revision", revision);
  nx_json_set_string(facts, "nexuslims_version", NX_VERSION);
  return facts;
}

/* Never a path of this computer, never a password. */
static json_object *source_of(const char *address)
{
  json_object *source = json_object_new_object();
  g_autofree char *path = nx_db_file_path(address), *base = path ? g_path_get_basename(path) : NULL;
  g_autoptr(GUri) uri = path ? NULL : g_uri_parse(address, G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_PARSE_RELAXED, NULL);
  const char *database = uri ? g_uri_get_path(uri) : base, *host = uri ? g_uri_get_host(uri) : NULL;
  nx_json_set_string(source, "engine", path ? "sqlite" : "postgresql");
  nx_json_set_string(source, "host", host && *host ? host : "local");
  nx_json_set_string(source, "database", uri && *database == '/' ? database + 1 : database);
  return source;
}

static json_object *last_facts_of(gboolean anonymized)
{
  json_object *facts = json_object_new_object(), *who = json_object_new_array();
  json_object_array_add(who, json_object_new_string("user"));
  if (anonymized)
    nx_json_set(facts, "anonymized", json_object_get(who));
  json_object_put(who);
  return facts;
}

static NxCodec codec_of(int compression)
{
  static const NxCodec CODECS[] = {
    [NX_COMPRESSION_ZSTD] = NX_CODEC_ZSTD, [NX_COMPRESSION_SNAPPY] = NX_CODEC_SNAPPY, [NX_COMPRESSION_GZIP] = NX_CODEC_GZIP, [NX_COMPRESSION_NONE] = NX_CODEC_NONE};
  return CODECS[compression];
}

static gboolean export_database(NxDb *db, const char *address, const NxDbExportOptions *typed, GError **err)
{
  g_autoptr(NxSchema) schema = nx_schema_load(SCHEMA, err);
  g_autofree guint8 *key = schema && typed->anonymize == 0 ? pseudonym_key(err) : NULL;
  g_autoptr(NxDbTransaction) reading = schema && (typed->anonymize != 0 || key) ? nx_db_begin_reading(db, err) : NULL;
  g_auto(GStrv) revisions = reading ? nx_version_rows(db, NULL, err) : NULL;
  g_autoptr(GPtrArray) tables = revisions ? nx_db_tables_there(schema, db, err) : NULL;
  if (!tables)
    return FALSE;
  g_autoptr(json_object) facts = facts_of(revisions[0]), source = source_of(address), last = last_facts_of(key != NULL);
  NxSnapshotOptions options = {.folder = typed->output,
                               .tables = (const char *const *)tables->pdata,
                               .only = typed->tables,
                               .exclude = typed->exclude,
                               .codec = codec_of(typed->compression),
                               .group_rows = typed->chunk_rows,
                               .version = typed->version,
                               .overwrite = typed->overwrite,
                               .creator = CREATOR,
                               .schema = SCHEMA,
                               .facts = facts,
                               .source = source,
                               .last_facts = last,
                               .out = stdout};
  g_autoptr(NxDbTables) rows = nx_db_tables_open(db, nx_schema_fact(schema, "parquet_types"), key);
  NxRowSource from = nx_db_tables_source(rows);
  return nx_snapshot_write(&options, &from, err);
}

gboolean nx_db_refuse_snapshot(const char *address, const char *command, GError **err)
{
  if (!address || !nx_snapshot_is_one(address))
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_DATA, "Cannot run 'db %s' against a snapshot (read-only): name a database with --db-uri or NX_DB_PATH", command);
  return FALSE;
}

static gboolean need_address(const char *address, GError **err)
{
  if (address && *address)
    return TRUE;
  g_set_error_literal(err, NX_ERROR, NX_ERROR_CONFIG, "No database is named: set NX_DB_PATH, or give --db-uri");
  return FALSE;
}

static NxDb *open_existing(const char *address, GError **err)
{
  g_autofree char *shown = nx_db_url_shown(address);
  NxDb *db = nx_db_open(address, NX_DB_READ, err);
  if (!db)
    g_prefix_error(err, "Database not found at %s: ", shown);
  return db;
}

int nx_db_run_export(const char *address, int argc, char **argv)
{
  NxDbExportOptions options = {.anonymize = -1};
  GError *error = NULL;
  if (!nx_cli_parse(&nx_command_db_export, argc, argv, &options))
    return nx_cli_exit_code();
  g_autoptr(NxDb) db = need_address(address, &error) && nx_db_refuse_snapshot(address, "export", &error) ? open_existing(address, &error) : NULL;
  return db && export_database(db, address, &options, &error) ? 0 : nx_db_snapshot_failed(error);
}

/* ------------------------------------------------------------------------------------------------------------ download */

/* Another program does it, so that no other command loads libcurl. */
int nx_db_run_download(const char *address, int argc, char **argv)
{
  NxDbDownloadOptions options = {0};
  (void)address;
  if (!nx_cli_parse(&nx_command_db_snapshot_download, argc, argv, &options))
    return nx_cli_exit_code();
  g_autofree char *program = nx_program_path("nx-snapshot-download");
  g_setenv("NX_CLI_PROG", nx_cli_program(), TRUE);
  if (program)
    execv(program, argv);
  fprintf(stderr, "Error: cannot start nx-snapshot-download: %s\n", program ? g_strerror(errno) : "it is neither beside this program nor on PATH");
  return 1;
}
