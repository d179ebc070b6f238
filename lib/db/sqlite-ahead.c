/* sqlite-ahead.c — reading a database file ahead. SQLite asks for one page at a time; a walk over a large table is then mostly system
 * calls. Here a read that goes on where the last one ended fetches a block, from which the next ones are served.
 *
 * A block is good as long as nobody else can change what it holds: it is forgotten whenever a lock is taken or given back, since pages are
 * read under a lock that keeps others from writing them (sqlite.org/lockingv3.html, sqlite.org/walformat.html "Locks"), and when this
 * program writes into it (interface: sqlite.org/c3ref/io_methods.html). Everything else is SQLite's own file.
 *
 * A file that is opened as immutable is read without any lock (sqlite.org/uri.html). Should it change all the same, what was read before still
 * belongs together, and whatever would have to be read now is refused as from a database that is locked. */
#include "sqlite.h"

#include <string.h>
#include <sys/stat.h>

#define VFS_NAME "nx-ahead"
#define BLOCK 65536

typedef struct {
  sqlite3_file base;
  sqlite3_file *file; /* SQLite's own; it lies behind this one */
  guchar *block;      /* NULL until it is needed */
  sqlite3_int64 start;
  int length;         /* of what the block holds from `start` on; 0: nothing */
  sqlite3_int64 next; /* where the last read ended */
  const char *unlocked; /* path of a file that is read without a lock, SQLite's; NULL: locks are taken */
  struct stat at_open;  /* of that file */
} Ahead;

static sqlite3_file *own(sqlite3_file *file)
{
  return ((Ahead *)file)->file;
}

static void forget(sqlite3_file *file)
{
  ((Ahead *)file)->length = 0;
}

/* ---------------------------------------------------------------------------------------------------------- reading */

/* Looked at after the bytes were read: a write changes the time before the bytes. */
static gboolean has_changed(const Ahead *ahead)
{
  struct stat now;
  const struct stat *then = &ahead->at_open;
  return stat(ahead->unlocked, &now) != 0 || now.st_ino != then->st_ino || now.st_dev != then->st_dev || now.st_size != then->st_size ||
         now.st_mtim.tv_sec != then->st_mtim.tv_sec || now.st_mtim.tv_nsec != then->st_mtim.tv_nsec;
}

static int read_from_below(Ahead *ahead, void *buffer, int amount, sqlite3_int64 offset)
{
  int code = ahead->file->pMethods->xRead(ahead->file, buffer, amount, offset);
  return ahead->unlocked && has_changed(ahead) ? SQLITE_BUSY : code;
}

static gboolean read_block(Ahead *ahead, sqlite3_int64 offset)
{
  if (!ahead->block)
    ahead->block = g_malloc(BLOCK);
  ahead->start = offset;
  ahead->length = read_from_below(ahead, ahead->block, BLOCK, offset) == SQLITE_OK ? BLOCK : 0;
  return ahead->length > 0;
}

static gboolean holds(const Ahead *ahead, int amount, sqlite3_int64 offset)
{
  return offset >= ahead->start && offset + amount <= ahead->start + ahead->length;
}

static int ahead_read(sqlite3_file *file, void *buffer, int amount, sqlite3_int64 offset)
{
  Ahead *ahead = (Ahead *)file;
  gboolean goes_on = offset >= ahead->next && offset < ahead->next + BLOCK && amount < BLOCK;
  ahead->next = offset + amount;
  if (!holds(ahead, amount, offset) && !(goes_on && read_block(ahead, offset)))
    return read_from_below(ahead, buffer, amount, offset);
  memcpy(buffer, ahead->block + (offset - ahead->start), (gsize)amount);
  return SQLITE_OK;
}

/* ---------------------------------------------------------------------------------------------------------- changing */

static int ahead_write(sqlite3_file *file, const void *buffer, int amount, sqlite3_int64 offset)
{
  const Ahead *ahead = (const Ahead *)file;
  if (offset < ahead->start + ahead->length && offset + amount > ahead->start)
    forget(file);
  return own(file)->pMethods->xWrite(own(file), buffer, amount, offset);
}

static int ahead_truncate(sqlite3_file *file, sqlite3_int64 size)
{
  forget(file);
  return own(file)->pMethods->xTruncate(own(file), size);
}

static int ahead_lock(sqlite3_file *file, int level)
{
  forget(file);
  return own(file)->pMethods->xLock(own(file), level);
}

static int ahead_unlock(sqlite3_file *file, int level)
{
  forget(file);
  return own(file)->pMethods->xUnlock(own(file), level);
}

static int ahead_lock_shared_memory(sqlite3_file *file, int offset, int count, int flags)
{
  forget(file);
  return own(file)->pMethods->xShmLock(own(file), offset, count, flags);
}

/* ---------------------------------------------------------------------------------------------------------- the rest */

static int ahead_close(sqlite3_file *file)
{
  g_free(((Ahead *)file)->block);
  return own(file)->pMethods->xClose(own(file));
}

static int ahead_sync(sqlite3_file *file, int flags)
{
  return own(file)->pMethods->xSync(own(file), flags);
}

static int ahead_size(sqlite3_file *file, sqlite3_int64 *size)
{
  return own(file)->pMethods->xFileSize(own(file), size);
}

static int ahead_check_reserved(sqlite3_file *file, int *reserved)
{
  return own(file)->pMethods->xCheckReservedLock(own(file), reserved);
}

static int ahead_control(sqlite3_file *file, int operation, void *argument)
{
  return own(file)->pMethods->xFileControl(own(file), operation, argument);
}

static int ahead_sector(sqlite3_file *file)
{
  return own(file)->pMethods->xSectorSize(own(file));
}

static int ahead_device(sqlite3_file *file)
{
  return own(file)->pMethods->xDeviceCharacteristics(own(file));
}

static int ahead_map_shared_memory(sqlite3_file *file, int region, int size, int extend, void volatile **memory)
{
  return own(file)->pMethods->xShmMap(own(file), region, size, extend, memory);
}

static void ahead_shared_memory_barrier(sqlite3_file *file)
{
  own(file)->pMethods->xShmBarrier(own(file));
}

static int ahead_unmap_shared_memory(sqlite3_file *file, int remove)
{
  return own(file)->pMethods->xShmUnmap(own(file), remove);
}

#define METHODS_OF_ALL                                                                                                                     \
  .xClose = ahead_close, .xRead = ahead_read, .xWrite = ahead_write, .xTruncate = ahead_truncate, .xSync = ahead_sync,                     \
  .xFileSize = ahead_size, .xLock = ahead_lock, .xUnlock = ahead_unlock, .xCheckReservedLock = ahead_check_reserved,                       \
  .xFileControl = ahead_control, .xSectorSize = ahead_sector, .xDeviceCharacteristics = ahead_device

static const sqlite3_io_methods METHODS = {.iVersion = 1, METHODS_OF_ALL};
/* Where a write-ahead log is possible. */
static const sqlite3_io_methods METHODS_WITH_SHARED_MEMORY = {.iVersion = 2,
                                                              METHODS_OF_ALL,
                                                              .xShmMap = ahead_map_shared_memory,
                                                              .xShmLock = ahead_lock_shared_memory,
                                                              .xShmBarrier = ahead_shared_memory_barrier,
                                                              .xShmUnmap = ahead_unmap_shared_memory};

/* ---------------------------------------------------------------------------------------------------------- opening */

#define OWN_OFFSET ((sizeof(Ahead) + 15) / 16 * 16)

static int open_ahead(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
  sqlite3_vfs *below = vfs->pAppData;
  if (!(flags & SQLITE_OPEN_MAIN_DB))
    return below->xOpen(below, name, file, flags, out_flags);
  Ahead *ahead = (Ahead *)file;
  memset(ahead, 0, sizeof *ahead);
  ahead->file = (sqlite3_file *)(void *)((char *)file + OWN_OFFSET);
  if (sqlite3_uri_boolean(name, "immutable", 0) && stat(name, &ahead->at_open) == 0)
    ahead->unlocked = name;
  int code = below->xOpen(below, name, ahead->file, flags, out_flags);
  if (code == SQLITE_OK)
    file->pMethods = ahead->file->pMethods->xShmMap ? &METHODS_WITH_SHARED_MEMORY : &METHODS;
  return code;
}

static gpointer register_vfs(gpointer unused)
{
  static sqlite3_vfs vfs;
  (void)unused;
  sqlite3_vfs *below = sqlite3_vfs_find(NULL);
  vfs = *below;
  vfs.szOsFile = (int)OWN_OFFSET + below->szOsFile;
  vfs.pNext = NULL;
  vfs.zName = VFS_NAME;
  vfs.pAppData = below;
  vfs.xOpen = open_ahead;
  return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK ? VFS_NAME : NULL;
}

const char *nx_sqlite_reading_ahead(void)
{
  static GOnce once = G_ONCE_INIT;
  return g_once(&once, register_vfs, NULL);
}
