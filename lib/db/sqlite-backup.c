/* sqlite-backup.c — a consistent copy of a SQLite file beside it, through the online backup API, so that pages in a write-ahead log are
 * in it too and a writer is not disturbed. Names: database 2.10. */
#include "sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *nx_sqlite_backup_name(const char *path, GDateTime *when, guint number)
{
  g_autofree char *base = g_path_get_basename(path);
  const char *dot = strrchr(base, '.');
  if (!dot || dot == base || dot[1] == '\0')
    dot = base + strlen(base);
  g_autofree char *stamp = g_date_time_format(when, "%Y%m%d_%H%M%S");
  g_autofree char *again = number ? g_strdup_printf("_%u", number) : g_strdup("");
  g_autofree char *name = g_strdup_printf("%.*s_backup_%s%s%s", (int)(dot - base), base, stamp, again, dot);
  if (!strchr(path, '/'))
    return g_steal_pointer(&name);
  g_autofree char *folder = g_path_get_dirname(path);
  return g_build_filename(folder, name, NULL);
}

/* Where two names of one file cannot be made: reserves the name with an empty file, then renames over it. */
static gboolean take_name(const char *from, const char *name)
{
  int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    return FALSE;
  close(fd);
  if (g_rename(from, name) == 0)
    return TRUE;
  int reason = errno;
  g_unlink(name);
  errno = reason;
  return FALSE;
}

static gboolean has_no_links(int reason)
{
  return reason == EPERM || reason == ENOTSUP || reason == ENOSYS || reason == EMLINK;
}

gboolean nx_sqlite_name_file(const char *from, const char *name)
{
  return linkat(AT_FDCWD, from, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0;
}

gboolean nx_sqlite_keep_as_backup(const char *from, const char *path, char **name, GError **err)
{
  g_autoptr(GDateTime) now = g_date_time_new_now_local();
  for (guint number = 0; number < 1000; number++) {
    g_autofree char *candidate = nx_sqlite_backup_name(path, now, number);
    if (nx_sqlite_name_file(from, candidate) || (has_no_links(errno) && take_name(from, candidate))) {
      *name = g_steal_pointer(&candidate);
      return TRUE;
    }
    if (errno != EEXIST)
      return nx_error_from_errno(err, errno, "make the backup", candidate);
  }
  g_set_error(err, NX_ERROR, NX_ERROR_IO, "no free name for a backup of %s", path);
  return FALSE;
}

#define LOCK_WAITS 3000 /* of 10 ms */

static gboolean is_locked(int code)
{
  return code == SQLITE_BUSY || code == SQLITE_LOCKED;
}

static gboolean copy_pages(sqlite3 *from, sqlite3 *to, GError **err)
{
  sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
  if (!backup)
    return nx_sqlite_error(to, sqlite3_errcode(to), err);
  int code = SQLITE_OK;
  for (guint waits = 0; (code = sqlite3_backup_step(backup, 1000)) == SQLITE_OK || (is_locked(code) && waits < LOCK_WAITS);) {
    if (nx_interrupted()) {
      code = SQLITE_INTERRUPT;
      break;
    }
    if (is_locked(code)) {
      waits++;
      g_usleep(10000);
    }
  }
  sqlite3_backup_finish(backup);
  return code == SQLITE_DONE || nx_sqlite_error(NULL, code, err);
}

static gboolean copy_and_close(sqlite3 *connection, sqlite3 *copy, int code, GError **err)
{
  gboolean done = code == SQLITE_OK ? copy_pages(connection, copy, err) : nx_sqlite_error(copy, code, err);
  sqlite3_close(copy);
  return done;
}

static gboolean copy_to_name(sqlite3 *connection, const char *part, GError **err)
{
  g_autofree char *name = part[0] == '/' ? g_strdup(part) : g_strconcat("./", part, NULL);
  sqlite3 *copy = NULL;
  int code = sqlite3_open_v2(name, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
  return copy_and_close(connection, copy, code, err);
}

static gboolean copy_to_descriptor(sqlite3 *connection, int descriptor, GError **err)
{
  sqlite3 *copy = NULL;
  int code = nx_sqlite_open_unnamed(descriptor, &copy);
  return copy_and_close(connection, copy, code, err);
}

NxSqliteCopy *nx_sqlite_copy(sqlite3 *connection, const char *path, GError **err)
{
  g_autoptr(NxSqliteCopy) copy = g_new0(NxSqliteCopy, 1);
  g_autofree char *folder = g_path_get_dirname(path);
  copy->descriptor = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0644);
  if (copy->descriptor < 0 && (errno == EACCES || errno == EROFS)) { /* of a folder that bars every file; SQLite would not tell why */
    nx_error_from_errno(err, errno, "write to", folder);
    return NULL;
  }
  copy->path = copy->descriptor >= 0 ? g_strdup_printf("/proc/self/fd/%d", copy->descriptor)
                                     : g_strdup_printf("%s.copy-%d.part", path, (int)getpid());
  gboolean copied =
      copy->descriptor >= 0 ? copy_to_descriptor(connection, copy->descriptor, err) : copy_to_name(connection, copy->path, err);
  return copied ? g_steal_pointer(&copy) : NULL;
}

void nx_sqlite_copy_free(NxSqliteCopy *copy)
{
  if (!copy)
    return;
  if (copy->descriptor >= 0)
    close(copy->descriptor);
  else
    g_unlink(copy->path);
  g_free(copy->path);
  g_free(copy);
}

static gboolean copy_mode_and_times(const char *from, const char *to, GError **err)
{
  struct stat facts;
  if (stat(from, &facts) != 0)
    return nx_error_from_errno(err, errno, "look at", from);
  struct timespec times[2] = {facts.st_atim, facts.st_mtim};
  if (chmod(to, facts.st_mode & 07777) != 0 || utimensat(AT_FDCWD, to, times, 0) != 0)
    return nx_error_from_errno(err, errno, "set mode and times of", to);
  return TRUE;
}

gboolean nx_sqlite_backup(sqlite3 *connection, const char *path, char **name, GError **err)
{
  g_autoptr(NxSqliteCopy) copy = nx_sqlite_copy(connection, path, err);
  if (copy && copy_mode_and_times(path, copy->path, err) && nx_sqlite_keep_as_backup(copy->path, path, name, err))
    return TRUE;
  g_prefix_error(err, "no backup could be made, so nothing was changed: ");
  return FALSE;
}
