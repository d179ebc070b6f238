/* driver.h — what a database engine must be able to do for connection.c. An engine is one file with one NxDbDriver constant. */
#ifndef NX_DB_DRIVER_H
#define NX_DB_DRIVER_H

#include "migration.h"

typedef enum { NX_CELL_NULL, NX_CELL_INTEGER, NX_CELL_REAL, NX_CELL_TEXT, NX_CELL_BYTES } NxCellType;

/* What a transaction keeps others from. */
typedef enum {
  NX_DB_LOCK_ALL,     /* no other transaction that writes runs beside it */
  NX_DB_LOCK_ROWS,    /* others of this kind may run beside it, where the engine can lock rows: it locks those that it needs */
  NX_DB_LOCK_NOTHING, /* reads the database as it is now, whatever others do meanwhile */
} NxDbLock;

/* How every engine begins the refusal by a CHECK; its name follows. */
#define NX_CHECK_FAILED "CHECK constraint failed: "

typedef struct NxDbDriver {
  const char *name;
  gboolean (*accepts)(const char *address);
  /* FALSE when it cannot be told. */
  gboolean (*find)(const char *address, gboolean *exists, GError **err);
  char *(*url_shown)(const char *address);
  /* NULL when the database is no file. */
  char *(*file_path)(const char *address);

  gpointer (*open)(const char *address, NxDbMode mode, GError **err);
  void (*close)(gpointer connection);
  /* From any thread. */
  void (*cancel)(gpointer connection);
  gboolean (*script)(gpointer connection, const char *sql, GError **err);
  /* The same, where a name in double quotes that names nothing is an error and not taken for a text. NULL: it always is. */
  gboolean (*script_strictly)(gpointer connection, const char *sql, GError **err);
  gint64 (*changed)(gpointer connection);
  /* Connects again first, when the connection was lost since the last transaction. */
  gboolean (*begin)(gpointer connection, NxDbLock lock, GError **err);
  gboolean (*enforce_foreign_keys)(gpointer connection, gboolean on, GError **err);
  /* Off: rows are stored whatever the CHECKs of their tables say, and the caller checks them. NULL: the engine always checks. */
  gboolean (*enforce_checks)(gpointer connection, gboolean on, GError **err);
  void (*prepare_for_build)(gpointer connection, const char *address);
  /* Names of tables; of the columns of table $1 that are not computed from others, in their order: name, 1 for those that are NOT NULL, type, place
   * in the primary key (from 1; 0: none). */
  const char *tables_query;
  const char *columns_query;
  /* Statements that take the foreign keys of the schema away, and those that add them again as they were; NULL: they are not enforced anyway. */
  const char *foreign_key_statements;
  /* What follows the name of a text column in a comparison or ORDER BY so that the bytes of the texts decide. */
  const char *byte_order;
  /* Tables with foreign keys, sorted, each with the table that its key names, and whether statements on other tables may change them
   * (triggers); ids of the rows of table $1 whose key names a row that is not there, and its table. NULL: the engine itself sees to it. */
  const char *foreign_keys_query;
  const char *orphans_query;
  /* Columns, indexes and triggers: "column", "index" or "trigger", table, name, and the statement that makes it. NULL: the steps of migrations
   * change tables in place, where only what they name is lost. */
  const char *parts_query;
  /* In the same columns: views, foreign keys, indexes and triggers that a DROP … CASCADE of a table may take with it, each with NULL for its
   * statement; the table of a view is itself. NULL: there is no CASCADE. */
  const char *dependents_query;
  /* GROUP BY sorts all rows first, so that counting them one by one is faster. */
  gboolean sorts_to_group;
  /* What rows are sorted by to come in the order in which they were added, or in one that is always the same. */
  const char *insertion_order;
  const char *like;                          /* nx_db_like */
  const char *catalogue[NX_CATALOGUE_PARTS]; /* nx_db_catalogue */
  /* SQL, with the number in place of %s, for the text of an instant so many seconds from now, by the clock of the database, in UTC. */
  const char *instant_from_now;
  /* What follows the SELECT of rows that are to stay as they are until the end of a transaction that locks rows; with the second, rows that
   * somebody else has locked are passed over. */
  const char *lock_rows, *lock_free_rows;
  NxTable *(*read_table)(NxDb *db, const char *name, GError **err);
  /* A new database that `build` fills inside a transaction (nx_database_make). */
  gboolean (*make)(const char *address, NxDatabaseBuild build, gpointer user_data, gboolean replace, FILE *out, GError **err);
  /* Where the database is, for a person: host (or NULL) and name. */
  void (*describe)(const char *address, char **host, char **database);
  gboolean (*backup)(NxDb *db, char **name, GError **err);
  /* Lets the engine count on behind the greatest value of a column that it counts itself. NULL: it does so anyway. */
  gboolean (*repair_sequence)(gpointer connection, const char *table, const char *column, GError **err);

  /* A prepared statement; parameters are numbered from 1. */
  gpointer (*prepare)(gpointer connection, const char *sql, GError **err);
  gboolean (*bind_text)(gpointer statement, guint number, const char *text);
  gboolean (*bind_integer)(gpointer statement, guint number, gint64 value);
  /* *row is FALSE when there is none left. */
  gboolean (*step)(gpointer connection, gpointer statement, gboolean *row, GError **err);
  void (*finish)(gpointer statement);
  guint (*columns)(gpointer statement);
  const char *(*column_name)(gpointer statement, guint column);
  NxCellType (*column_type)(gpointer statement, guint column);
  const char *(*column_text)(gpointer statement, guint column, gsize *length);
  gint64 (*column_integer)(gpointer statement, guint column);
  double (*column_real)(gpointer statement, guint column);

  /* nx_db_each; NULL: its rows are stepped through. */
  gboolean (*each)(gpointer connection, const char *columns, const char *rest, NxTakeRow take, gpointer user_data, GError **err);

  /* The same for a query without parameters whose rows are many: no other statement runs on the connection until it is finished. */
  gpointer (*prepare_bulk)(gpointer connection, const char *sql, GError **err);
  /* Rows into a table (nx_load_start). The end frees the load; `good` FALSE: given up, nothing need be stored. */
  gpointer (*load_start)(gpointer connection, const char *table, const char *const *columns, GError **err);
  void (*load_null)(gpointer load);
  void (*load_text)(gpointer load, const char *text, gsize length);
  void (*load_integer)(gpointer load, gint64 value);
  void (*load_real)(gpointer load, double value);
  void (*load_bytes)(gpointer load, const void *bytes, gsize length);
  gboolean (*load_next)(gpointer load, GError **err);
  gboolean (*load_end)(gpointer load, gboolean good, GError **err);
} NxDbDriver;

extern const NxDbDriver nx_db_driver_sqlite;
extern const NxDbDriver nx_db_driver_postgresql;

/* The driver of a connection, for the parts that speak one engine's dialect. */
const NxDbDriver *nx_db_driver(const NxDb *db);
const char *nx_db_address(const NxDb *db);
/* The engine's own connection. */
gpointer nx_db_connection(NxDb *db);

#endif
