/* make.c — a new database at head: built beside its place, so that it appears there whole or not at all (database 3.1). */
#include "migration.h"
#include "nx-cli.h"
#include "sqlite.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean build(const NxGraph *graph, const char *part, GError **err)
{
  g_autoptr(NxDb) db = nx_db_open(part, NX_DB_CREATE, err);
  return db && nx_migrate(db, graph, "heads", TRUE, stdout, err);
}

/* Puts the new file where nothing is; a file that came there in the meantime stays. */
static gboolean place_new(const char *part, const char *path, GError **err)
{
  if (link(part, path) == 0) {
    g_unlink(part);
    return TRUE;
  }
  if (errno == EEXIST || (errno != EPERM && errno != ENOTSUP && errno != ENOSYS) || g_rename(part, path) != 0)
    return nx_error_from_errno(err, errno, "create", path);
  return TRUE;
}

/* A journal beside the old file belongs to it and would spoil the new one. */
static gboolean take_journals_along(const char *path, const char *backup, GError **err)
{
  static const char *const ENDINGS[] = {"-journal", "-wal", "-shm"};
  for (gsize i = 0; i < G_N_ELEMENTS(ENDINGS); i++) {
    g_autofree char *from = g_strconcat(path, ENDINGS[i], NULL);
    g_autofree char *to = g_strconcat(backup, ENDINGS[i], NULL);
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

/* The old file has its backup name before the new one takes its place in one step: killed in between, nothing is lost or missing. */
static gboolean place_over_old(const char *part, const char *path, FILE *out, GError **err)
{
  g_autofree char *name = NULL;
  settle(path);
  if (!nx_sqlite_keep_as_backup(path, path, &name, err))
    return FALSE;
  nx_cli_print_success(out, "Database backup created: %s", name);
  if (!take_journals_along(path, name, err))
    return FALSE;
  return g_rename(part, path) == 0 || nx_error_from_errno(err, errno, "create", path);
}

/* A link is followed, so that it stays one. */
static char *real_path(const char *address)
{
  g_autofree char *path = nx_db_file_path(address);
  char *real = g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? realpath(path, NULL) : NULL;
  char *copy = g_strdup(real ? real : path);
  free(real);
  return copy;
}

gboolean nx_database_make(const NxGraph *graph, const char *address, gboolean replace, FILE *out, GError **err)
{
  g_autofree char *path = real_path(address);
  g_autofree char *folder = g_path_get_dirname(path);
  g_autofree char *part = g_strdup_printf("%s.new-%d.part", path, (int)getpid());
  g_autofree char *journal = g_strconcat(part, "-journal", NULL);
  if (!nx_folder_make(folder, err))
    return FALSE;
  gboolean made = build(graph, part, err) &&
                  (replace && g_file_test(path, G_FILE_TEST_EXISTS) ? place_over_old(part, path, out, err) : place_new(part, path, err)) &&
                  nx_folder_sync(folder, err);
  if (!made) {
    g_unlink(part);
    g_unlink(journal);
  }
  return made;
}
