/* sqlite-unnamed.c — a SQLite file without a name, for copies in the making: whatever ends the program, nothing of them is left behind.
 * The file is one of open(2) with O_TMPFILE; only its maker sees it, so that it needs no locks and no journal
 * (interface: sqlite.org/c3ref/vfs.html, sqlite.org/c3ref/io_methods.html). */
#include "sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VFS_NAME "nx-unnamed"

#define GATHERED 262144

typedef struct {
  sqlite3_file base;
  int descriptor; /* borrowed */
  /* SQLite writes page after page: what follows on is gathered, and written at once. */
  guchar *gathered;
  gsize length;
  gint64 start;
} Unnamed;

static int write_all(int descriptor, const void *buffer, gsize wanted, gint64 offset)
{
  for (gsize done = 0; done < wanted;) {
    gssize n = pwrite(descriptor, (const char *)buffer + done, wanted - done, offset + (gint64)done);
    if (n < 0 && errno != EINTR)
      return errno == ENOSPC || errno == EDQUOT || errno == EFBIG ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    done += n > 0 ? (gsize)n : 0;
  }
  return SQLITE_OK;
}

static int write_gathered(Unnamed *unnamed)
{
  int code = write_all(unnamed->descriptor, unnamed->gathered, unnamed->length, unnamed->start);
  unnamed->length = 0;
  return code;
}

static int unnamed_close(sqlite3_file *file)
{
  Unnamed *unnamed = (Unnamed *)file;
  int code = write_gathered(unnamed);
  g_free(unnamed->gathered);
  return code;
}

static int unnamed_read(sqlite3_file *file, void *buffer, int amount, sqlite3_int64 offset)
{
  Unnamed *unnamed = (Unnamed *)file;
  gsize wanted = (gsize)amount, got = 0;
  int code = write_gathered(unnamed);
  if (code != SQLITE_OK)
    return code;
  while (got < wanted) {
    gssize n = pread(unnamed->descriptor, (char *)buffer + got, wanted - got, offset + (gint64)got);
    if (n < 0 && errno != EINTR)
      return SQLITE_IOERR_READ;
    if (n == 0) {
      memset((char *)buffer + got, 0, wanted - got);
      return SQLITE_IOERR_SHORT_READ;
    }
    got += n > 0 ? (gsize)n : 0;
  }
  return SQLITE_OK;
}

static int unnamed_write(sqlite3_file *file, const void *buffer, int amount, sqlite3_int64 offset)
{
  Unnamed *unnamed = (Unnamed *)file;
  gboolean follows = unnamed->length > 0 && offset == unnamed->start + (gint64)unnamed->length;
  if (!follows || unnamed->length + (gsize)amount > GATHERED) {
    int code = write_gathered(unnamed);
    if (code != SQLITE_OK)
      return code;
    unnamed->start = offset;
  }
  if (amount > GATHERED)
    return write_all(unnamed->descriptor, buffer, (gsize)amount, offset);
  if (!unnamed->gathered)
    unnamed->gathered = g_malloc(GATHERED);
  memcpy(unnamed->gathered + unnamed->length, buffer, (gsize)amount);
  unnamed->length += (gsize)amount;
  return SQLITE_OK;
}

static int unnamed_truncate(sqlite3_file *file, sqlite3_int64 size)
{
  Unnamed *unnamed = (Unnamed *)file;
  int code = write_gathered(unnamed);
  return code != SQLITE_OK || ftruncate(unnamed->descriptor, size) == 0 ? code : SQLITE_IOERR_TRUNCATE;
}

static int unnamed_sync(sqlite3_file *file, int flags)
{
  (void)flags;
  Unnamed *unnamed = (Unnamed *)file;
  int code = write_gathered(unnamed);
  return code != SQLITE_OK || fsync(unnamed->descriptor) == 0 ? code : SQLITE_IOERR_FSYNC;
}

static int unnamed_size(sqlite3_file *file, sqlite3_int64 *size)
{
  struct stat facts;
  Unnamed *unnamed = (Unnamed *)file;
  int code = write_gathered(unnamed);
  if (code != SQLITE_OK)
    return code;
  if (fstat(unnamed->descriptor, &facts) != 0)
    return SQLITE_IOERR_FSTAT;
  *size = facts.st_size;
  return SQLITE_OK;
}

static int unnamed_lock(sqlite3_file *file, int level)
{
  (void)file;
  (void)level;
  return SQLITE_OK;
}

static int unnamed_check_reserved(sqlite3_file *file, int *reserved)
{
  (void)file;
  *reserved = 0;
  return SQLITE_OK;
}

static int unnamed_control(sqlite3_file *file, int operation, void *argument)
{
  (void)file;
  (void)operation;
  (void)argument;
  return SQLITE_NOTFOUND;
}

static int unnamed_nothing(sqlite3_file *file)
{
  (void)file;
  return 0;
}

static const sqlite3_io_methods METHODS = {
    .iVersion = 1,
    .xClose = unnamed_close,
    .xRead = unnamed_read,
    .xWrite = unnamed_write,
    .xTruncate = unnamed_truncate,
    .xSync = unnamed_sync,
    .xFileSize = unnamed_size,
    .xLock = unnamed_lock,
    .xUnlock = unnamed_lock,
    .xCheckReservedLock = unnamed_check_reserved,
    .xFileControl = unnamed_control,
    .xSectorSize = unnamed_nothing,
    .xDeviceCharacteristics = unnamed_nothing,
};

static int open_unnamed(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
  (void)vfs;
  file->pMethods = NULL;
  if (!name || !(flags & SQLITE_OPEN_MAIN_DB))
    return SQLITE_CANTOPEN;
  *(Unnamed *)file = (Unnamed){.descriptor = atoi(name)};
  file->pMethods = &METHODS;
  if (out_flags)
    *out_flags = flags;
  return SQLITE_OK;
}

static int no_such_file(sqlite3_vfs *vfs, const char *name, int flags, int *result)
{
  (void)vfs;
  (void)name;
  (void)flags;
  *result = 0;
  return SQLITE_OK;
}

static int name_as_given(sqlite3_vfs *vfs, const char *name, int size, char *full)
{
  (void)vfs;
  return g_strlcpy(full, name, (gsize)size) < (gsize)size ? SQLITE_OK : SQLITE_CANTOPEN;
}

static gpointer register_vfs(gpointer unused)
{
  static sqlite3_vfs vfs;
  (void)unused;
  vfs = *sqlite3_vfs_find(NULL);
  vfs.iVersion = 1;
  vfs.szOsFile = sizeof(Unnamed);
  vfs.pNext = NULL;
  vfs.zName = VFS_NAME;
  vfs.xOpen = open_unnamed;
  vfs.xAccess = no_such_file;
  vfs.xFullPathname = name_as_given;
  return GINT_TO_POINTER(sqlite3_vfs_register(&vfs, 0) == SQLITE_OK);
}

int nx_sqlite_open_unnamed(int descriptor, sqlite3 **connection)
{
  static GOnce once = G_ONCE_INIT;
  if (!g_once(&once, register_vfs, NULL))
    return SQLITE_ERROR;
  g_autofree char *name = g_strdup_printf("%d", descriptor);
  int code = sqlite3_open_v2(name, connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, VFS_NAME);
  return code == SQLITE_OK ? sqlite3_exec(*connection, "PRAGMA journal_mode=OFF", NULL, NULL, NULL) : code;
}
