/* driver.h — what a database engine must be able to do for connection.c. An engine is one file with one NxDbDriver constant. */
#ifndef NX_DB_DRIVER_H
#define NX_DB_DRIVER_H

#include "nx-db.h"

typedef enum { NX_CELL_NULL, NX_CELL_INTEGER, NX_CELL_REAL, NX_CELL_TEXT, NX_CELL_BYTES } NxCellType;

typedef struct NxDbDriver {
  const char *name;
  gboolean (*accepts)(const char *address);
  gboolean (*exists)(const char *address);
  char *(*url_shown)(const char *address);
  /* NULL when the database is no file. */
  char *(*file_path)(const char *address);

  gpointer (*open)(const char *address, NxDbMode mode, GError **err);
  void (*close)(gpointer connection);
  /* From any thread. */
  void (*cancel)(gpointer connection);
  gboolean (*script)(gpointer connection, const char *sql, GError **err);
  gint64 (*changed)(gpointer connection);
  gint64 (*last_id)(gpointer connection);
  /* Takes the write lock. */
  gboolean (*begin)(gpointer connection, GError **err);
  gboolean (*enforce_foreign_keys)(gpointer connection, gboolean on, GError **err);
  /* Off: rows are stored whatever the CHECKs of their tables say, and the caller checks them. NULL: the engine always checks. */
  gboolean (*enforce_checks)(gpointer connection, gboolean on, GError **err);
  void (*prepare_for_build)(gpointer connection, const char *address);
  /* Names of tables; names of the columns of table $1, and 1 for those that are NOT NULL. */
  const char *tables_query;
  const char *columns_query;
  /* Tables with foreign keys, sorted, each with the table that its key names, and whether statements on other tables may change them
   * (triggers); ids of the rows of table $1 whose key names a row that is not there, and its table. NULL: the engine itself sees to it. */
  const char *foreign_keys_query;
  const char *orphans_query;
  /* What rows are sorted by to come in the order in which they were added. */
  const char *insertion_order;
  gboolean (*backup)(gpointer connection, const char *address, char **name, GError **err);

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
} NxDbDriver;

extern const NxDbDriver nx_db_driver_sqlite;

/* The driver of a connection, for the parts that speak one engine's dialect. */
const NxDbDriver *nx_db_driver(const NxDb *db);
/* The engine's own connection. */
gpointer nx_db_connection(NxDb *db);

#endif
