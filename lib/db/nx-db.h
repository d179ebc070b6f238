/* nx-db.h — the database: a connection, the revisions of its schema, and the stages that hand sessions out and take results in.
 *
 * Of the stages of a build only nx-db opens the database; the others see lines. An address is a path of a SQLite file, `sqlite:///PATH`, or
 * `postgresql://[USER[:PASSWORD]@]HOST[:PORT]/NAME[?PARAMETER=VALUE&…]`. */
#ifndef NX_DB_H
#define NX_DB_H

#include "nx-base.h"

/* ------------------------------------------------------------------------------------------------------ connection */

typedef struct NxDb NxDb;

typedef enum {
  NX_DB_READ,    /* changes nothing, not even the journal mode; a run that was killed is recovered first */
  NX_DB_WRITE,   /* the database must exist */
  NX_DB_CREATE,  /* makes it */
  NX_DB_SCRATCH, /* an empty one in memory; the address is not looked at */
} NxDbMode;

/* Errors: NX_ERROR_MISSING, NX_ERROR_FORMAT (not a database), NX_ERROR_PLACE (locked, disk full, read-only, no connection), NX_ERROR_CONFIG
 * (no such address, not allowed), NX_ERROR_IO; the message is the engine's own. */
NxDb *nx_db_open(const char *address, NxDbMode mode, GError **err);
void nx_db_close(NxDb *db);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxDb, nx_db_close)

/* `sqlite:////abs/path` for a path, else the address without its password. */
char *nx_db_url_shown(const char *address);
/* Where user and password of a postgresql:// address end, as libpq finds it: at the first @ before any slash of what comes after the ://; NULL: it
 * has none. */
const char *nx_db_end_of_user(const char *authority);
/* FALSE and *err (NX_ERROR_CONFIG): in the user or the password of a postgresql:// address an @ or / stands as it is. Where the password ends cannot
 * be told then, and an error of the server would show a part of it; so nx_db_open asks this before it connects. Of other addresses TRUE. */
gboolean nx_db_check_encoding(const char *address, GError **err);
/* *exists: whether there is something at the address: for a file also a folder or an empty file, on PostgreSQL at least one of our tables.
 * FALSE when it cannot be told, because the server cannot be reached or lets nobody in. */
gboolean nx_db_find(const char *address, gboolean *exists, GError **err);
/* The same when opening comes next, which says why it cannot be told: TRUE then too. */
gboolean nx_db_exists(const char *address);
/* The address of a run: what was typed behind --db-uri (NULL: nothing), else NX_DB_PATH. NULL without an error: none is set. */
char *nx_db_chosen_address(const char *typed, GError **err);
/* Puts the address, without its password, before an error of the engine, unless it is named there. */
void nx_db_name_in_error(const char *address, GError **err);
/* "sqlite" or "postgresql"; NULL for an address of another kind. */
const char *nx_db_engine(const char *address);
/* For a person: the host ("local file"; NULL when the address names none), and the path or name of the database. */
void nx_db_describe(const char *address, char **host, char **database);
/* The path of the file behind an address; NULL when it is not a file. */
char *nx_db_file_path(const char *address);
/* What keeps this user from changing a database that is a file, "PATH: why; what to do", as far as modes tell: its own, its folder's, those of the
 * journals beside it. NULL when nothing does, and for other addresses. */
char *nx_db_unwritable(const char *address);

/* Statements have the parameters $1, $2, … and are the same for every engine. `types` has one letter for each value that follows:
 * s const char * (NULL is SQL NULL), i gint64, b gboolean. */
gboolean nx_db_run(NxDb *db, GError **err, const char *sql, const char *types, ...);
/* Rows changed by the last nx_db_run. */
gint64 nx_db_changed(NxDb *db);
/* Stops the statement that another thread runs on this connection: it fails with NX_ERROR_INTERRUPTED. */
void nx_db_cancel(NxDb *db);
/* Several statements without parameters. */
gboolean nx_db_script(NxDb *db, const char *sql, GError **err);

typedef struct NxRows NxRows;
NxRows *nx_db_select(NxDb *db, GError **err, const char *sql, const char *types, ...);
void nx_rows_free(NxRows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxRows, nx_rows_free)
/* FALSE after the last row and on an error, which nx_rows_finish tells apart. */
gboolean nx_rows_next(NxRows *rows);
gboolean nx_rows_finish(NxRows *rows, GError **err);
guint nx_rows_columns(const NxRows *rows);
const char *nx_rows_name(NxRows *rows, guint column);
gboolean nx_rows_is_null(NxRows *rows, guint column);
/* Borrowed until the next row; NULL for NULL. Bytes as stored: not always UTF-8. */
const char *nx_rows_text(NxRows *rows, guint column);
/* The same with its length: there may be zeros in it. */
const char *nx_rows_bytes(NxRows *rows, guint column, gsize *length);
gint64 nx_rows_int(NxRows *rows, guint column);
/* As JSON: string (bad bytes as U+FFFD), number or null. */
json_object *nx_rows_json(NxRows *rows, guint column);

/* A cell of a row that is handed over: borrowed during the call; text NULL for NULL, else with a zero behind it. */
typedef struct {
  const char *text;
  gsize length;
} NxCell;
typedef void (*NxTakeRow)(const NxCell *cells, gpointer user_data);
#define NX_EACH_COLUMNS_MAX 8
/* Hands over all rows of `SELECT columns rest`, which has no parameters: for many rows faster than nx_rows_next, where the engine can. */
gboolean nx_db_each(NxDb *db, const char *columns, const char *rest, NxTakeRow take, gpointer user_data, GError **err);

/* The one integer that a query answers; 0 when it answers NULL or no row. Untouched after an error. */
gboolean nx_db_number(NxDb *db, gint64 *number, GError **err, const char *sql, const char *types, ...);

/* A transaction that is rolled back when it goes out of scope without a commit. Starts with the write lock taken. */
typedef struct NxDbTransaction NxDbTransaction;
NxDbTransaction *nx_db_begin(NxDb *db, GError **err);
/* One that may run beside others of its kind, where the engine can lock rows: it locks those that it needs. */
NxDbTransaction *nx_db_begin_beside_others(NxDb *db, GError **err);
/* One that only reads, and sees the database as it is now until its end. */
NxDbTransaction *nx_db_begin_reading(NxDb *db, GError **err);
gboolean nx_db_commit(NxDbTransaction **transaction, GError **err);
void nx_db_rollback(NxDbTransaction *transaction);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxDbTransaction, nx_db_rollback)

/* The rows of a query without parameters, when they are many: until they are freed no other statement may run on the connection. */
NxRows *nx_db_select_bulk(NxDb *db, GError **err, const char *sql);
/* Rows into a table, inside a transaction of the caller's: the values of a row in the order of `columns` (NULL-terminated), then
 * nx_load_next. Errors, also of earlier rows, come at any nx_load_next or at nx_load_finish, which ends the load in any case; freeing one
 * that was not finished gives it up, and the transaction is to be rolled back. No other statement runs on the connection meanwhile. */
typedef struct NxLoad NxLoad;
NxLoad *nx_load_start(NxDb *db, const char *table, const char *const *columns, GError **err);
void nx_load_null(NxLoad *load);
void nx_load_text(NxLoad *load, const char *text, gsize length);
void nx_load_integer(NxLoad *load, gint64 value); /* of a BOOLEAN column: 0 or 1 */
void nx_load_real(NxLoad *load, double value);
void nx_load_bytes(NxLoad *load, const void *bytes, gsize length);
gboolean nx_load_next(NxLoad *load, GError **err);
gboolean nx_load_finish(NxLoad **load, GError **err);
void nx_load_free(NxLoad *load);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxLoad, nx_load_free)

/* Foreign keys are off when a connection is opened. Outside a transaction only. */
gboolean nx_db_enforce_foreign_keys(NxDb *db, gboolean on, GError **err);
/* Lets readers and a writer work side by side from now on, where the place allows it (a local file system). */
void nx_db_prepare_for_build(NxDb *db);
/* Inside a transaction: takes the foreign keys away, so that orphans can be loaded, where the engine enforces them; *again: the statements for
 * nx_db_add_foreign_keys, which adds them as they were (an orphan is no error when they were NOT VALID). */
gboolean nx_db_drop_foreign_keys(NxDb *db, GPtrArray **again, GError **err);
gboolean nx_db_add_foreign_keys(NxDb *db, const GPtrArray *again, GError **err);
/* Names of the tables, sorted; NULL-terminated. The engine's own and those named nx_… are left out. */
char **nx_db_tables(NxDb *db, GError **err);
gboolean nx_db_has_table(NxDb *db, const char *table, gboolean *has, GError **err);
typedef struct {
  gboolean exists, allows_null;
  char type[64]; /* as it is declared, cut to what has room */
} NxColumnFacts;
gboolean nx_db_has_column(NxDb *db, const char *table, const char *column, NxColumnFacts *facts, GError **err);
/* The statement that lists a part of the schema; $1 is the table but for NX_CATALOGUE_OTHERS. NULL: the engine knows no such thing. */
typedef enum {
  NX_CATALOGUE_COLUMNS,      /* name, type, 1 for NOT NULL, default, 1 for a part of the primary key */
  NX_CATALOGUE_FOREIGN_KEYS, /* column, table, its column, what happens when its row goes */
  NX_CATALOGUE_INDEXES,      /* name, 1 for unique, columns */
  NX_CATALOGUE_STATEMENT,    /* the CREATE TABLE; no row when the engine keeps none */
  NX_CATALOGUE_OTHERS,       /* views and triggers: name, "view" or "trigger", its table, its text */
  NX_CATALOGUE_FORBIDDEN,    /* how many of the rights $2, "INSERT, UPDATE", this user lacks */
  NX_CATALOGUE_PARTS,
} NxCatalogue;
const char *nx_db_catalogue(const NxDb *db, NxCatalogue part);
/* LIKE that does not tell ASCII upper and lower case apart. */
const char *nx_db_like(const NxDb *db);
/* What follows the name of a text column in a comparison, or where rows are sorted by it, so that the bytes of the texts decide. */
const char *nx_db_byte_order(const NxDb *db);
/* What rows are sorted by to come in the order in which they were added. */
const char *nx_db_insertion_order(const NxDb *db);
/* Copies the database beside itself: the file <stem>_backup_YYYYMMDD_HHMMSS<suffix>, or on PostgreSQL a schema. *name is what a person is
 * told. */
gboolean nx_db_backup(NxDb *db, char **name, GError **err);

/* ------------------------------------------------------------------------------------- a schema, whatever its tables are
 *
 * A schema is a folder migrations/<name>: its facts (schema.json), revisions, head scripts and seeds (igem-db 12.2). Nothing here knows a
 * table of any schema, and nothing here speaks to a person: the front gets events and error codes, and has words of its own for them. */

typedef struct NxSchema NxSchema;
/* "igem", "nexuslims". Errors: NX_ERROR_MISSING, NX_ERROR_FORMAT, or those of the revisions (unique ids, known parents, one head, …). */
NxSchema *nx_schema_load(const char *name, GError **err);
void nx_schema_free(NxSchema *schema);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxSchema, nx_schema_free)

/* All of these are borrowed from the schema. */
/* Absolute: the "Script location" of `status`. */
const char *nx_schema_folder(const NxSchema *schema);
/* The one head revision. */
const char *nx_schema_head(const NxSchema *schema);
/* Names of its tables, sorted, without the version table and without partitions. */
const char *const *nx_schema_tables(const NxSchema *schema);
/* Variables of the environment that hold the address, first choice first; and the file that does ("" when there is none). */
const char *const *nx_schema_variables(const NxSchema *schema);
const char *nx_schema_settings_file(const NxSchema *schema);
/* The table that `table` is a partition of, or NULL. */
const char *nx_schema_partitioned(const NxSchema *schema, const char *table);
/* Tables that an export leaves out unless it is told to take them. */
gboolean nx_schema_leaves_out(const NxSchema *schema, const char *table);
/* Any other fact of schema.json; NULL when it is not there. Among them `parquet_types`, {table: {column: type}}: what a column is in a
 * snapshot whatever its SQL type says (table `*`, column `times`: columns of dates and times in all tables), and `aliases`,
 * [{"table", "id", "type", "columns": [{"column", "part"}, …]}, …]: where names of things stand. */
json_object *nx_schema_fact(const NxSchema *schema, const char *name);

/* Where a database stands (igem-db 4). */
typedef enum {
  NX_STATE_FAILED,           /* it is there and could not be read: the error says why */
  NX_STATE_NO_DATABASE,      /* no file, or no connection: the error says why */
  NX_STATE_EMPTY,            /* neither a table of the schema nor a version table: what `create` may fill; to others as NOT_VERSIONED */
  NX_STATE_NOT_VERSIONED,    /* no version table */
  NX_STATE_VERSION_EMPTY,    /* a version table without a row */
  NX_STATE_BEHIND,           /* a known revision below the head */
  NX_STATE_AT_HEAD,
  NX_STATE_UNKNOWN_REVISION, /* a row that is no revision of this schema */
  NX_STATE_SEVERAL_ROWS,
} NxState;

/* The state of the database at `address`, which is opened for reading only. *revision (may be NULL): the row, when there is one.
 * NX_STATE_FAILED and NX_STATE_NO_DATABASE set *err; its text holds no password. */
NxState nx_schema_state(const NxSchema *schema, const char *address, char **revision, GError **err);
/* The same of an open one. Never NX_STATE_NO_DATABASE. */
NxState nx_schema_state_of(const NxSchema *schema, NxDb *db, char **revision, GError **err);

/* What the functions below refuse because of a state is an error of this domain, whose code is the NxState: the front knows what to advise.
 * Unknown revisions, also those that were asked for, keep the text "Can't locate revision identified by 'X'". */
#define NX_STATE_ERROR (nx_state_error_quark())
GQuark nx_state_error_quark(void);

/* What happens, in the order in which it does. `text` and `from` are borrowed and NULL where nothing is said. */
typedef enum {
  NX_EVENT_DATABASE_MADE,  /* text: the name of the database that was not there (PostgreSQL) */
  NX_EVENT_EXTENSION,      /* text: an extension that is switched on now */
  NX_EVENT_TABLES,         /* missing tables are made now */
  NX_EVENT_SEEDS,          /* seeds follow */
  NX_EVENT_SEEDED,         /* text: label of the set; created, updated, skipped */
  NX_EVENT_STAMPING,       /* the version is written next */
  NX_EVENT_STAMPED,        /* text: the revision */
  NX_EVENT_AT_HEAD,        /* text: the revision; nothing to stamp or to migrate */
  NX_EVENT_MIGRATING,      /* from: where it stands */
  NX_EVENT_MIGRATED,       /* from, text: from where to where, committed */
  NX_EVENT_WARNING,        /* text: a sentence: an extension that is missing, a seed file, a schema that does not look like its revision */
  NX_EVENT_LINE,           /* text: a line that a migration has for a person */
} NxEventKind;

typedef struct {
  NxEventKind kind;
  const char *from, *text;
  gint64 created, updated, skipped;
} NxEvent;

typedef struct {
  void (*happened)(const NxEvent *event, gpointer user_data); /* NULL: nobody is told */
  gpointer user_data;
} NxWatcher;

/* Makes what is missing: the database, its tables, seeds, version; all in one transaction, and a file that this run made is removed when it
 * fails. Only for a schema with head scripts: one without is built by its revisions. *existed TRUE: something was there and `overwrite` was
 * not given, so nothing was done. With `overwrite` what is there is completed,
 * never dropped; NX_STATE_ERROR with NX_STATE_BEHIND, UNKNOWN_REVISION or SEVERAL_ROWS when it stands elsewhere than at head.
 * Other errors: as nx_db_open. */
gboolean nx_schema_create(const NxSchema *schema, const char *address, gboolean overwrite, const NxWatcher *watcher, gboolean *existed,
                          GError **err);

/* Pending migrations in one transaction, then seeds, one transaction a set. NX_STATE_ERROR for every state but BEHIND and AT_HEAD; nothing
 * is changed then; for BEHIND when a step would destroy rows and `allow_data_loss` is not given: the message names the tables. */
gboolean nx_schema_upgrade(const NxSchema *schema, const char *address, gboolean allow_data_loss, const NxWatcher *watcher, GError **err);

/* Records the head as the revision without running anything. Refused (NX_STATE_ERROR) when there is a version table that does not stand at
 * head, unless `force`, which removes its rows. Warns of tables and columns that the head has and the database has not. */
gboolean nx_schema_stamp_head(const NxSchema *schema, const char *address, gboolean force, const NxWatcher *watcher, GError **err);

/* The SQL from the start of the graph (from_current: from where the database stands) to `target` ("head", an id or a unique beginning of
 * one) in the dialect of the address. Executes nothing. An unknown target is an NX_STATE_ERROR with NX_STATE_UNKNOWN_REVISION. */
gboolean nx_schema_script(const NxSchema *schema, const char *address, const char *target, gboolean from_current, FILE *out, GError **err);

/* What `info` shows: {"backend":"sql", "read_only":false, "uri" (masked), "engine", "host" (null: none named), "database", "connected":true,
 * "revision", "schema_version", "partitions" (how many are there), "tables": {name: rows or null}}. Without `count` the rows are null: counting
 * large tables takes long. */
json_object *nx_schema_info(const NxSchema *schema, const char *address, gboolean count, GError **err);

/* ------------------------------------------------------------------------------ the schema, as `nexuslims db` speaks of it */

/* Each says what it has to say and returns the exit status (database 3). `address` is NULL or "" when no database is named. */
int nx_db_command_init(const char *address, gboolean force);
int nx_db_command_upgrade(const char *address, const char *revision);
int nx_db_command_downgrade(const char *address, const char *revision);
/* The SQL of a range instead of the change (database 4.6); NX_ERROR_USAGE in *err for a range that is none: the caller reports it. */
int nx_db_command_script(const char *address, const char *range, gboolean is_upgrade, GError **err);
int nx_db_command_current(const char *address, gboolean verbose);
int nx_db_command_check(const char *address);
/* `alembic WORDS…`: the Alembic-compatible command line (database 4). */
int nx_db_command_alembic(const char *address, const char *const *words);
/* `jq` implies JSON. */
int nx_db_command_history(const char *address, gboolean verbose, gboolean indicate_current, gboolean json, const char *jq);
/* Where the database stands, and what is in it (igem-db 5.3, 5.6). */
int nx_db_command_status(const char *address, gboolean json, const char *jq);
int nx_db_command_info(const char *address, gboolean json, const char *jq);
int nx_db_command_create_demo(const char *path, gboolean force);
/* What is said when no database is named: whole lines. */
extern const char *const nx_db_unset_message;

/* ------------------------------------------------------------------------------------------- instruments and users */

/* The columns of the table instruments, in the order of database 7.1. */
enum {
  NX_INSTRUMENT_PID,
  NX_INSTRUMENT_API_URL,
  NX_INSTRUMENT_CALENDAR_URL,
  NX_INSTRUMENT_LOCATION,
  NX_INSTRUMENT_DISPLAY_NAME,
  NX_INSTRUMENT_PROPERTY_TAG,
  NX_INSTRUMENT_FILESTORE_PATH,
  NX_INSTRUMENT_HARVESTER,
  NX_INSTRUMENT_TIMEZONE,
  NX_INSTRUMENT_COLUMNS,
};

/* Their names; NULL-terminated. */
extern const char *const nx_instrument_columns[];

/* The names as SQL wants them, separated by commas; owned. */
char *nx_instrument_column_list(void);

/* A new row of NX_INSTRUMENT_COLUMNS values, where NULL is NULL. */
gboolean nx_instrument_insert(NxDb *db, const char *const *values, GError **err);

/* The table of instruments, or JSON (cli 7). */
int nx_db_command_instruments_list(const char *address, gboolean json, const char *jq);
/* Names in other systems (database 7.4). Looking up what is not there prints nothing and returns 1. */
int nx_db_command_users_list(const char *address, gboolean json, const char *jq);
int nx_db_command_users_add(const char *address, const char *user, const char *system, const char *external_id, const char *email,
                            const char *notes);
int nx_db_command_users_lookup(const char *address, const char *user, const char *system);
int nx_db_command_users_whois(const char *address, const char *system, const char *external_id);
int nx_db_command_users_verify(const char *address, const char *user, const char *system);

/* ---------------------------------------------------------------------------------------------------------- stages */

/* Opens the database for a stage: it must exist (NX_ERROR_MISSING) and have the tables of the head revision (NX_ERROR_CONFIG); other errors are
 * those of nx_db_open. nx_db_close. */
NxDb *nx_stage_open(const char *address, NxDbMode mode, GError **err);
/* The same for a stage of a build that writes: foreign keys are on, and readers may go on reading beside it. */
NxDb *nx_stage_open_to_build(const char *address, GError **err);

/* TRUE when it is a word of record_status (database 5.1). */
gboolean nx_db_status_is_known(const char *status);

/* A table as it is: an array of the names of its columns, then one of the values of each row, sorted by the first column. NX_ERROR_MISSING: there
 * is no such table. */
gboolean nx_db_write_rows(const char *address, const char *table, FILE *out, GError **err);

/* One instrument line a row, in the order in which they were added. */
gboolean nx_stage_instruments(const char *address, FILE *out, GError **err);

/* A check line for each of the first four checks of a build (export §9), then the instrument lines, if the database has them. A dry run need not
 * be able to write. */
gboolean nx_db_preflight(const char *address, gboolean dry_run, FILE *out, GError **err);

/* Instrument lines → rows, in one transaction; the summary goes to stderr. `dry_run`: says on `out` what would change (cli 7.3).
 * Errors are NX_ERROR_LINE for a line that cannot be read, NX_ERROR_DATA for one that cannot be stored; both name the line. */
gboolean nx_stage_import_instruments(const char *address, int in, gboolean dry_run, FILE *out, GError **err);

/* usage_event lines → START and END rows, one transaction an event (harvest-nemo 7.2, 7.3). An event that cannot be stored is logged, the others
 * go on, and the error is reported at the end. */
gboolean nx_stage_log_events(const char *address, int in, gboolean dry_run, GError **err);

typedef struct {
  GDateTime *from, *to;        /* START >= from, END <= to; NULL: no bound */
  const char *const *statuses; /* empty: TO_BE_BUILT */
  const char *const *sessions; /* these identifiers, whatever their status */
  gboolean retry;              /* ERROR and BUILT_NOT_EXPORTED too; ERROR becomes TO_BE_BUILT */
  gboolean dry_run;            /* nothing is written */
  gboolean claim;              /* each session is leased to this run; those that another has leased are left to it in any case */
  gboolean reclaim;            /* the same, and of a file, which is one host's, also what runs hold that have ended without a word */
  gboolean events;             /* with dry_run: usage_event lines on `in` become session lines too */
  int in;
} NxPendingOptions;

/* Session lines of what is to be done (LINES). Each is handed out after its RECORD_GENERATION row is there. */
gboolean nx_stage_pending(const char *address, const NxPendingOptions *options, FILE *out, GError **err);

/* Session lines → statuses and upload_log, one transaction a session; each line is written to `out` once it is stored. A session that
 * cannot be stored is logged, the others go on, and the error is reported at the end. */
gboolean nx_stage_log_results(const char *address, int in, FILE *out, GError **err);

#endif
