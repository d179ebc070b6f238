/* sqlite.h — what the parts that speak SQLite's dialect share. */
#ifndef NX_DB_SQLITE_H
#define NX_DB_SQLITE_H

#include "driver.h"

#include <sqlite3.h>

/* Sets *err to SQLite's own message (connection NULL: of the code). Always returns FALSE. */
gboolean nx_sqlite_error(sqlite3 *connection, int code, GError **err);

/* `dir/stem.suffix` → `dir/stem_backup_20260207_143216[_n].suffix`, stem and suffix as in Python's pathlib (database 2.10).
 * `number` 0: without _n. */
char *nx_sqlite_backup_name(const char *path, GDateTime *when, guint number);
gboolean nx_sqlite_backup(sqlite3 *connection, const char *path, char **name, GError **err);
/* Gives the finished file `from` the backup name of `path` too; never replaces a file. Where the file system knows no second names, `from`
 * is gone afterwards. */
gboolean nx_sqlite_keep_as_backup(const char *from, const char *path, char **name, GError **err);

#endif
