/* work-folder.c — see work-folder.h. */
#include "work-folder.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define MARK ".export-"
#define RANDOM "XXXXXX" /* what mkdtemp replaces */

/* Where work folders of `folder` lie, and what their names begin with. */
static char *place_of(const char *folder, gboolean *is_inside, char **beginning)
{
  g_autofree char *base = g_path_get_basename(folder);
  *is_inside = g_file_test(folder, G_FILE_TEST_IS_DIR);
  *beginning = *is_inside ? g_strdup(MARK) : g_strconcat(".", base, MARK, NULL);
  return *is_inside ? g_strdup(folder) : g_path_get_dirname(folder);
}

/* -1 when another process holds it, or when it is no folder of our own. */
static int lock_folder(const char *path)
{
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
    return fd;
  if (fd >= 0)
    close(fd);
  return -1;
}

static gboolean is_ours(const char *name)
{
  return g_str_equal(name, "manifest.json") || g_str_has_suffix(name, ".parquet") || g_str_has_suffix(name, ".part");
}

/* Whether nothing but an export can have filled it. */
static gboolean holds_only_ours(const char *path)
{
  g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
  for (const char *name; folder && (name = g_dir_read_name(folder));)
    if (!is_ours(name))
      return FALSE;
  return folder != NULL;
}

void nx_work_folder_remove(const char *path)
{
  g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
  for (const char *name; folder && (name = g_dir_read_name(folder));) {
    g_autofree char *file = g_build_filename(path, name, NULL);
    g_unlink(file);
  }
  g_rmdir(path);
}

static void sweep_one(const char *path)
{
  int lock = lock_folder(path);
  if (lock < 0)
    return;
  if (holds_only_ours(path)) {
    nx_work_folder_remove(path);
    nx_log_info("removed %s: an export that was killed had left it", path);
  }
  close(lock);
}

void nx_work_folder_sweep(const char *folder)
{
  gboolean is_inside;
  g_autofree char *beginning = NULL, *place = place_of(folder, &is_inside, &beginning);
  g_autoptr(GDir) entries = g_dir_open(place, 0, NULL);
  for (const char *name; entries && (name = g_dir_read_name(entries));) {
    g_autofree char *path = g_build_filename(place, name, NULL);
    if (g_str_has_prefix(name, beginning) && strlen(name) == strlen(beginning) + strlen(RANDOM))
      sweep_one(path);
  }
}

NxWorkFolder *nx_work_folder_make(const char *folder, GError **err)
{
  gboolean is_inside;
  g_autofree char *beginning = NULL, *place = place_of(folder, &is_inside, &beginning);
  g_autofree char *name = g_strconcat(beginning, RANDOM, NULL), *path = g_build_filename(place, name, NULL);
  if (!nx_folder_make(place, err))
    return NULL;
  if (!g_mkdtemp_full(path, 0755)) {
    nx_error_from_errno(err, errno, "write", folder);
    return NULL;
  }
  NxWorkFolder *work = g_new0(NxWorkFolder, 1);
  work->lock = lock_folder(path); /* a file system without locks: nothing is swept there either */
  work->path = g_steal_pointer(&path);
  work->is_inside = is_inside;
  return work;
}

void nx_work_folder_free(NxWorkFolder *work)
{
  if (work->lock >= 0)
    close(work->lock);
  g_free(work->path);
  g_free(work);
}
