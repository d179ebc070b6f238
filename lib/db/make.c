/* make.c — a new database at head: built in memory and copied beside its place, so that it appears there whole or not at all (database 3.1). */
#include "migration.h"
#include "nx-cli.h"
#include "sqlite.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static NxSqliteCopy *build_copy(const char *path, NxDatabaseBuild build, gpointer user_data, GError **err)
{
  g_autoptr(NxDb) db = nx_db_open("", NX_DB_SCRATCH, err);
  g_autoptr(NxDbTransaction) transaction = db ? nx_db_begin(db, err) : NULL;
  if (!transaction || !build(db, user_data, err) || !nx_db_commit(&transaction, err))
    return NULL;
  return nx_sqlite_copy(nx_db_connection(db), path, err);
}

/* ------------------------------------------------------------------------------------------------- journals of the old */

/* What SQLite keeps beside a database (sqlite.org/tempfiles.html), and replays into whatever file is found under its name. */
static const struct {
  const char *ending;
  gboolean holds_rows;
} JOURNALS[] = {{"-journal", TRUE}, {"-wal", TRUE}, {"-shm", FALSE}};

/* A journal beside the old file belongs to it and would spoil the new one. */
static gboolean take_journals_along(const char *path, const char *backup, GError **err)
{
  for (gsize i = 0; i < G_N_ELEMENTS(JOURNALS); i++) {
    g_autofree char *from = g_strconcat(path, JOURNALS[i].ending, NULL);
    g_autofree char *to = g_strconcat(backup, JOURNALS[i].ending, NULL);
    if (g_rename(from, to) != 0 && errno != ENOENT)
      return nx_error_from_errno(err, errno, "move", from);
  }
  return TRUE;
}

/* Empties the write-ahead log of the old file into it, when it is a database at all. */
static void settle(const char *path)
{
  g_autoptr(NxDb) db = nx_db_open(path, NX_DB_WRITE, NULL);
  if (db)
    nx_db_run(db, NULL, "PRAGMA wal_checkpoint(TRUNCATE)", NULL);
}

/* A FIFO or a device is never replaced, let alone /dev/null. */
static gboolean check_replaceable(const char *path, GError **err)
{
  if (!g_file_test(path, G_FILE_TEST_EXISTS) || g_file_test(path, G_FILE_TEST_IS_REGULAR))
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_IO, "%s is not a regular file", path);
  return FALSE;
}

/* Its rows may be all that is left of a database, or belong to one that was moved without it. The new name is a journal's of no database. */
static gboolean keep_journal(const char *journal, GError **err)
{
  g_autofree char *like = g_strconcat(journal, ".left", NULL), *name = NULL;
  if (!nx_sqlite_keep_as_backup(journal, like, &name, err))
    return FALSE;
  nx_log_warning("%s is of a database that is gone; it is kept as %s", journal, name);
  return TRUE;
}

gboolean nx_database_set_journals_aside(const char *path, GError **err)
{
  if (!check_replaceable(path, err))
    return FALSE;
  settle(path);
  for (gsize i = 0; i < G_N_ELEMENTS(JOURNALS); i++) {
    g_autofree char *journal = g_strconcat(path, JOURNALS[i].ending, NULL);
    if (JOURNALS[i].holds_rows && g_file_test(journal, G_FILE_TEST_EXISTS) && !keep_journal(journal, err))
      return FALSE;
    if (g_unlink(journal) != 0 && errno != ENOENT)
      return nx_error_from_errno(err, errno, "remove", journal);
  }
  return TRUE;
}

/* ---------------------------------------------------------------------------------------------------------- its place */

gboolean nx_database_place_new(const char *from, const char *path, GError **err)
{
  if (!g_file_test(path, G_FILE_TEST_EXISTS) && !nx_database_set_journals_aside(path, err))
    return FALSE;
  if (nx_sqlite_name_file(from, path))
    return TRUE;
  int reason = errno; /* also when the file system only knows no second names, and a rename serves */
  return (reason != EEXIST && g_rename(from, path) == 0) || nx_error_from_errno(err, reason, "create", path);
}

/* Only a file with a name can take the place of another in one step. */
static gboolean replace(const NxSqliteCopy *copy, const char *path, GError **err)
{
  g_autofree char *part = g_strdup_printf("%s.new-%d.part", path, (int)getpid());
  if (copy->descriptor >= 0 && !nx_sqlite_name_file(copy->path, part))
    return nx_error_from_errno(err, errno, "create", part);
  const char *from = copy->descriptor >= 0 ? part : copy->path;
  if (g_rename(from, path) == 0)
    return TRUE;
  nx_error_from_errno(err, errno, "create", path);
  g_unlink(from);
  return FALSE;
}

/* The old file has its backup name before the new one takes its place in one step: killed in between, nothing is lost or missing. */
static gboolean place_over_old(const NxSqliteCopy *copy, const char *path, FILE *out, GError **err)
{
  g_autofree char *name = NULL;
  if (!check_replaceable(path, err))
    return FALSE;
  settle(path);
  if (!nx_sqlite_keep_as_backup(path, path, &name, err))
    return FALSE;
  nx_cli_print_success(out, "Database backup created: %s", name);
  return take_journals_along(path, name, err) && replace(copy, path, err);
}

/* Where SQLite itself would look: a link is followed, so that it stays one, even where its file is still to come. SQLite keeps room for the ending of
 * a journal, and opens no longer name (pager.c, sqlite3PagerOpen): a file would be made that nobody can read. */
static char *real_path(const char *address, GError **err)
{
  g_autofree char *path = nx_db_file_path(address);
  sqlite3_vfs *files = sqlite3_vfs_find(NULL);
  g_autofree char *full = g_malloc0((gsize)files->mxPathname + 1);
  int longest = files->mxPathname - (int)strlen("-journal"), code = files->xFullPathname(files, path, files->mxPathname, full);
  struct stat status;
  if ((code & 0xff) == SQLITE_OK && strlen(full) <= (gsize)longest)
    return g_strdup(g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? full : path);
  if (lstat(path, &status) != 0 && errno != ENOENT && errno != ELOOP && errno != ENAMETOOLONG) {
    nx_error_from_errno(err, errno, "create", path);
    return NULL;
  }
  g_set_error(err, NX_ERROR, NX_ERROR_PLACE,
              "cannot create %s: SQLite opens no path of more than %d bytes, and no link that leads back to itself; choose another", path, longest);
  return NULL;
}

gboolean nx_sqlite_make(const char *address, NxDatabaseBuild build, gpointer user_data, gboolean replace_old, FILE *out, GError **err)
{
  g_autofree char *path = real_path(address, err);
  g_autofree char *folder = path ? g_path_get_dirname(path) : NULL;
  if (!path || !nx_folder_make(folder, err))
    return FALSE;
  g_autoptr(NxSqliteCopy) copy = build_copy(path, build, user_data, err);
  if (!copy)
    return FALSE;
  gboolean has_old = replace_old && g_file_test(path, G_FILE_TEST_EXISTS);
  gboolean placed = has_old ? place_over_old(copy, path, out, err) : nx_database_place_new(copy->path, path, err);
  return placed && nx_folder_sync(folder, err);
}
