/* folder-lock.c — see folder-lock.h. */
#include "folder-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <unistd.h>

#define NAME ".download.lock" /* no name of a manifest begins so */

static int lock_file(const char *path, const char *folder, GError **err)
{
  int fd;
  while ((fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644)) >= 0) {
    gboolean is_busy = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (!is_busy && nx_file_is_still_at(fd, path))
      return fd;
    close(fd);
    if (!is_busy)
      continue;
    g_set_error(err, NX_ERROR, NX_ERROR_PLACE, "another download or export is writing into %s", folder);
    return -1;
  }
  nx_error_from_errno(err, errno, "write", path);
  return -1;
}

NxFolderLock *nx_folder_lock_take(const char *folder, GError **err)
{
  g_autofree char *path = g_build_filename(folder, NAME, NULL);
  int fd = lock_file(path, folder, err);
  if (fd < 0)
    return NULL;
  NxFolderLock *lock = g_new0(NxFolderLock, 1);
  lock->path = g_steal_pointer(&path);
  lock->fd = fd;
  return lock;
}

void nx_folder_lock_free(NxFolderLock *lock)
{
  g_unlink(lock->path);
  close(lock->fd);
  g_free(lock->path);
  g_free(lock);
}
