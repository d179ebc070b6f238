/* sqlite.h — what the parts that speak SQLite's dialect share. */
#ifndef NX_DB_SQLITE_H
#define NX_DB_SQLITE_H

#include "driver.h"

#include <sqlite3.h>

/* Sets *err to SQLite's own message (connection NULL: of the code). Always returns FALSE. */
gboolean nx_sqlite_error(sqlite3 *connection, int code, GError **err);

/* The name of a VFS that reads ahead; NULL: there is none, and the usual one serves. */
const char *nx_sqlite_reading_ahead(void);

/* `dir/stem.suffix` → `dir/stem_backup_20260207_143216[_n].suffix`, stem and suffix as in Python's pathlib (database 2.10).
 * `number` 0: without _n. */
char *nx_sqlite_backup_name(const char *path, GDateTime *when, guint number);
/* A copy of all of a database, on disk in the folder of `path` but without a name there, so that it is gone with this program unless it is
 * given one. Where the file system knows no files without names it is `PATH.copy-PID.part`. */
typedef struct NxSqliteCopy {
  int descriptor; /* -1: the copy has a name */
  char *path;     /* good for this process only */
} NxSqliteCopy;
NxSqliteCopy *nx_sqlite_copy(sqlite3 *connection, const char *path, GError **err);
void nx_sqlite_copy_free(NxSqliteCopy *copy);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxSqliteCopy, nx_sqlite_copy_free)
/* Opens the empty file behind `descriptor`, which stays the caller's, as a database. Returns SQLite's code; *connection is to be closed in
 * any case. */
int nx_sqlite_open_unnamed(int descriptor, sqlite3 **connection);
/* Gives a file, also one of NxSqliteCopy, a further name, at which nothing may be. FALSE: errno says why. */
gboolean nx_sqlite_name_file(const char *from, const char *name);

gboolean nx_sqlite_backup(sqlite3 *connection, const char *path, char **name, GError **err);
/* Gives the finished file `from` the backup name of `path` too; never replaces a file. Where the file system knows no second names, `from`
 * is gone afterwards. */
gboolean nx_sqlite_keep_as_backup(const char *from, const char *path, char **name, GError **err);

/* Columns from the pragmas, constraints from the stored statement. */
NxTable *nx_sqlite_table_read(NxDb *db, const char *name, GError **err);
/* Built in memory and copied beside its place, so that it appears there whole or not at all (database 3.1). */
gboolean nx_sqlite_make(const char *address, NxDatabaseBuild build, gpointer user_data, gboolean replace, FILE *out, GError **err);

/* One INSERT for all rows of a load (driver.h). */
gpointer nx_sqlite_load_start(gpointer connection, const char *table, const char *const *columns, GError **err);
void nx_sqlite_load_null(gpointer load);
void nx_sqlite_load_text(gpointer load, const char *text, gsize length);
void nx_sqlite_load_integer(gpointer load, gint64 value);
void nx_sqlite_load_real(gpointer load, double value);
void nx_sqlite_load_bytes(gpointer load, const void *bytes, gsize length);
gboolean nx_sqlite_load_next(gpointer load, GError **err);
gboolean nx_sqlite_load_end(gpointer load, gboolean good, GError **err);

/* All rows of a query to `take` (nx_db_each). */
gboolean nx_sqlite_each(gpointer connection, const char *columns, const char *rest, NxTakeRow take, gpointer user_data, GError **err);

#endif
