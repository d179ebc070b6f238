/* postgres.h — what the parts that speak to PostgreSQL share. */
#ifndef NX_DB_POSTGRES_H
#define NX_DB_POSTGRES_H

#include "driver.h"
#include "libpq.h"

typedef struct NxPostgresStatement NxPostgresStatement;

typedef struct {
  PGconn *connection;
  PGcancel *cancel;
  char *place;                  /* "host db.example.com, port 5432" */
  NxPostgresStatement *running; /* whose rows are still coming over the connection; borrowed */
  gint64 changed;
  NxDbMode mode;
  gboolean is_cancelled; /* because the program was interrupted */
} NxPostgres;

/* ------------------------------------------------------------------------------------------------------- addresses */

gboolean nx_postgres_accepts(const char *address);
/* `postgres://` and `postgresql+driver://` as `postgresql://`, which is what libpq reads. */
char *nx_postgres_uri(const char *address);
/* Connects; `database` NULL: the one of the address. Errors name host, port and the server's reason, and no password. */
PGconn *nx_postgres_connect(const char *address, const char *database, GError **err);
/* The name of the database of an address, as libpq understands it. */
char *nx_postgres_database(const char *address, GError **err);
/* Several lines of the library's as one sentence, without the address's password. */
char *nx_postgres_sentence(const char *text, const char *address);

/* ------------------------------------------------------------------------------------------------------- connection */

gpointer nx_postgres_open(const char *address, NxDbMode mode, GError **err);
void nx_postgres_close(gpointer connection);
/* Runs statements without parameters; rows are thrown away. */
gboolean nx_postgres_script(gpointer connection, const char *sql, GError **err);
/* The next result of what was sent, in the order of PQgetResult (NULL: it has ended). An interrupted program cancels the statement. */
PGresult *nx_postgres_wait(NxPostgres *postgres);
/* Waits until the socket can be read or, with `to_write`, written. */
void nx_postgres_poll(NxPostgres *postgres, gboolean to_write);
/* What comes before the next statement: rows of another one that are still on their way are kept in memory. */
void nx_postgres_make_free(NxPostgres *postgres);
/* Throws away the results that are still to come. */
void nx_postgres_drain(NxPostgres *postgres);
/* Sets *err to the server's message, or to why the connection was lost (`result` may be NULL). Always returns FALSE. */
gboolean nx_postgres_error(NxPostgres *postgres, const PGresult *result, GError **err);
/* FALSE and *err when `result` is an error. Takes the result. */
gboolean nx_postgres_check(NxPostgres *postgres, PGresult *result, GError **err);
/* A name in double quotes, a text in single ones. */
char *nx_postgres_identifier(NxPostgres *postgres, const char *name);
char *nx_postgres_literal(NxPostgres *postgres, const char *text);

/* What is ours in a database (driver.h). */
gboolean nx_postgres_find(const char *address, gboolean *exists, GError **err);
void nx_postgres_describe(const char *address, char **host, char **database);
gboolean nx_postgres_backup(NxDb *db, char **name, GError **err);
gboolean nx_postgres_make(const char *address, NxDatabaseBuild build, gpointer user_data, gboolean replace, FILE *out, GError **err);
NxTable *nx_postgres_table_read(NxDb *db, const char *name, GError **err);

/* ------------------------------------------------------------------------------------------------------- statements */

NxCellType nx_postgres_cell_type(Oid type);
gpointer nx_postgres_prepare(gpointer connection, const char *sql, GError **err);
gboolean nx_postgres_bind_text(gpointer statement, guint number, const char *text);
gboolean nx_postgres_bind_integer(gpointer statement, guint number, gint64 value);
gboolean nx_postgres_step(gpointer connection, gpointer statement, gboolean *row, GError **err);
void nx_postgres_finish(gpointer statement);
guint nx_postgres_columns(gpointer statement);
const char *nx_postgres_column_name(gpointer statement, guint column);
NxCellType nx_postgres_column_type(gpointer statement, guint column);
const char *nx_postgres_column_text(gpointer statement, guint column, gsize *length);
gint64 nx_postgres_column_integer(gpointer statement, guint column);
double nx_postgres_column_real(gpointer statement, guint column);
/* For a query without parameters and with many rows. */
gpointer nx_postgres_prepare_bulk(gpointer connection, const char *sql, GError **err);
/* Keeps in memory what the statement has still to give, so that the connection is free for another one. */
void nx_postgres_park(NxPostgresStatement *statement);

/* --------------------------------------------------------------------------------------------------- many rows at once */

/* `timestamp` as the binary protocol has it, microseconds since 2000-01-01 00:00:00, as text: `2025-03-03 16:05:12.5`, and `+00` behind it when `utc`;
 * `infinity`, `-infinity`, and ` BC` at the end of years before 1. */
#define NX_POSTGRES_TIMESTAMP_SIZE 40
void nx_postgres_timestamp_text(gint64 microseconds, gboolean utc, char to[NX_POSTGRES_TIMESTAMP_SIZE]);

/* The rows of a query as binary COPY: between the first and the last of them the connection does nothing else. */
typedef struct NxPostgresCopy NxPostgresCopy;
NxPostgresCopy *nx_postgres_copy_new(NxPostgres *postgres, const char *sql, GError **err);
void nx_postgres_copy_free(NxPostgresCopy *copy);
const PGresult *nx_postgres_copy_titles(const NxPostgresCopy *copy);
gboolean nx_postgres_copy_step(NxPostgresCopy *copy, gboolean *row, GError **err);
NxCellType nx_postgres_copy_type(const NxPostgresCopy *copy, guint column);
const char *nx_postgres_copy_text(NxPostgresCopy *copy, guint column, gsize *length);
gint64 nx_postgres_copy_integer(const NxPostgresCopy *copy, guint column);
double nx_postgres_copy_real(const NxPostgresCopy *copy, guint column);

gpointer nx_postgres_load_start(gpointer connection, const char *table, const char *const *columns, GError **err);
void nx_postgres_load_null(gpointer load);
void nx_postgres_load_text(gpointer load, const char *text, gsize length);
void nx_postgres_load_integer(gpointer load, gint64 value);
void nx_postgres_load_real(gpointer load, double value);
void nx_postgres_load_bytes(gpointer load, const void *bytes, gsize length);
gboolean nx_postgres_load_next(gpointer load, GError **err);
gboolean nx_postgres_load_end(gpointer load, gboolean good, GError **err);

/* The next number that the engine gives for a column is behind every one that is there. */
gboolean nx_postgres_repair_sequence(gpointer connection, const char *table, const char *column, GError **err);

#endif
