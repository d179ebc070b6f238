/* folder.c — folders as a tree of names, so that a path of any length can be opened and a million files need no path each.
 * A folder's descriptor stays open while its children wait to be opened: openat(2) with one name is the cheapest look-up there is, and no
 * rename above can lead it astray. */
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define OPEN_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

static gint open_folders;

static NxFolder *folder_new(NxFolder *parent, const char *name, gboolean linked)
{
  gsize size = strlen(name) + 1;
  NxFolder *folder = g_malloc0(sizeof(NxFolder) + size);
  folder->parent = parent ? nx_folder_ref(parent) : NULL;
  folder->references = 1;
  folder->fd = -1;
  folder->linked = linked;
  memcpy(folder->name, name, size);
  return folder;
}

NxFolder *nx_folder_start(const char *path, gboolean linked)
{
  return folder_new(NULL, path, linked);
}

NxFolder *nx_folder_child(NxFolder *parent, const char *name)
{
  return folder_new(parent, name, parent->linked);
}

NxFolder *nx_folder_ref(NxFolder *folder)
{
  g_atomic_int_inc(&folder->references);
  return folder;
}

void nx_folder_unref(NxFolder *folder)
{
  while (folder && g_atomic_int_dec_and_test(&folder->references)) {
    NxFolder *parent = folder->parent;
    g_free(folder);
    folder = parent;
  }
}

char *nx_folder_path(const NxFolder *folder, const char *name)
{
  g_autoptr(GPtrArray) steps = g_ptr_array_new();
  if (name)
    g_ptr_array_add(steps, (gpointer)name);
  for (; folder; folder = folder->parent)
    g_ptr_array_add(steps, (gpointer)folder->name);
  GString *path = g_string_new(NULL);
  for (guint i = steps->len; i-- > 0;) {
    if (path->len > 0 && path->str[path->len - 1] != '/')
      g_string_append_c(path, '/');
    g_string_append(path, g_ptr_array_index(steps, i));
  }
  return g_string_free(path, FALSE);
}

/* Step by step from the start, holding one descriptor at a time. */
static int open_from_start(const NxFolder *folder)
{
  if (!folder->parent)
    return open(folder->name, OPEN_FLAGS);
  int parent = open_from_start(folder->parent);
  if (parent < 0)
    return -1;
  int fd = openat(parent, folder->name, OPEN_FLAGS | O_NOFOLLOW), problem = errno;
  close(parent);
  errno = problem;
  return fd;
}

/* Half of what the process may open. */
static gint open_limit(void)
{
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > 65536)
    return 32768;
  return (gint)limit.rlim_cur / 2;
}

int nx_folder_enter(NxFolder *folder, gboolean by_parent)
{
  int fd = by_parent ? openat(folder->parent->fd, folder->name, OPEN_FLAGS | O_NOFOLLOW) : open_from_start(folder);
  if (fd < 0)
    return -1;
  if (g_atomic_int_add(&open_folders, 1) < open_limit()) {
    folder->users = 1;
    folder->fd = fd;
  }
  return fd;
}

gboolean nx_folder_share(NxFolder *folder)
{
  if (folder->fd < 0)
    return FALSE;
  g_atomic_int_inc(&folder->users);
  return TRUE;
}

void nx_folder_leave(NxFolder *folder)
{
  if (!g_atomic_int_dec_and_test(&folder->users))
    return;
  close(folder->fd);
  folder->fd = -1;
  g_atomic_int_add(&open_folders, -1);
}

void nx_folder_close(NxFolder *folder, int fd)
{
  if (folder->fd >= 0) {
    nx_folder_leave(folder);
    return;
  }
  close(fd);
  g_atomic_int_add(&open_folders, -1);
}
