/* nx-db-snapshot.h — the commands of nx-db that connect a database with snapshots (igem-db §12.3). */
#ifndef NX_DB_SNAPSHOT_H
#define NX_DB_SNAPSHOT_H

#include "nx-db.h"
#include "nx-snapshot.h"

/* Each parses its command line and returns the exit status. */
int nx_db_run_export(const char *address, int argc, char **argv);
int nx_db_run_import(const char *address, int argc, char **argv);
int nx_db_run_download(const char *address, int argc, char **argv);

/* What a person sees of a snapshot at `folder`: igem-db §5.6; of one that may have an alias dictionary (`has_nlp`) also whether it fits. With
 * `verify` every file is compared with the manifest first. */
int nx_db_snapshot_info(const char *folder, gboolean has_nlp, gboolean verify, gboolean json, const char *jq);

/* Names of the schema's tables that the database has, NULL-terminated; never the version table or operational ones. */
GPtrArray *nx_db_tables_there(const NxSchema *schema, NxDb *db, GError **err);
/* Tables of `db`, sorted by primary key, as a source of rows. `types` (table → column → type, or NULL) are the Parquet types of schema.json; with
 * `key` (32 bytes) names of people become pseudonyms, and addresses lose their passwords. */
typedef struct NxDbTables NxDbTables;
NxDbTables *nx_db_tables_open(NxDb *db, json_object *types, const guint8 *key);
void nx_db_tables_close(NxDbTables *tables);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxDbTables, nx_db_tables_close)
NxRowSource nx_db_tables_source(NxDbTables *tables);

/* Errors with the exit status of a command line program: 130 for an interruption. Takes `error`. */
int nx_db_snapshot_failed(GError *error);
/* FALSE with "Cannot run 'db <command>' …" when the address is the folder of a snapshot. */
gboolean nx_db_refuse_snapshot(const char *address, const char *command, GError **err);

#endif
