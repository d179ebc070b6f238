/* work-folder.c — see work-folder.h. */
#include "work-folder.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define RANDOM "XXXXXX" /* what mkdtemp replaces */
#define MOMENT 60       /* seconds */

/* Where work folders of `target` lie, and what their names begin with. */
static char *place_of(const char *target, const char *maker, gboolean *is_inside, char **beginning)
{
  g_autofree char *base = g_path_get_basename(target);
  *is_inside = g_file_test(target, G_FILE_TEST_IS_DIR);
  *beginning = *is_inside ? g_strdup_printf(".%s-", maker) : g_strdup_printf(".%s.%s-", base, maker);
  return *is_inside ? g_strdup(target) : g_path_get_dirname(target);
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
  return g_str_equal(name, "manifest.json") || g_str_has_suffix(name, ".parquet") || g_str_has_suffix(name, ".part") ||
         g_str_has_suffix(name, ".part-journal");
}

/* Whether nothing but a maker can have filled it, and whether that maker is no more: between making an empty folder and locking it lies a moment. */
static gboolean is_left_behind(const char *path, int lock)
{
  struct stat status;
  g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
  gboolean is_empty = TRUE;
  for (const char *name; folder && (name = g_dir_read_name(folder)); is_empty = FALSE)
    if (!is_ours(name))
      return FALSE;
  return folder && (!is_empty || (fstat(lock, &status) == 0 && time(NULL) - status.st_mtime > MOMENT));
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

static void sweep_one(const char *path, const char *maker)
{
  int lock = lock_folder(path);
  if (lock < 0)
    return;
  if (is_left_behind(path, lock)) {
    nx_work_folder_remove(path);
    nx_log_info("removed %s: an %s that was killed had left it", path, maker);
  }
  close(lock);
}

void nx_work_folder_sweep(const char *target, const char *maker)
{
  gboolean is_inside;
  g_autofree char *beginning = NULL, *place = place_of(target, maker, &is_inside, &beginning);
  g_autoptr(GDir) entries = g_dir_open(place, 0, NULL);
  for (const char *name; entries && (name = g_dir_read_name(entries));) {
    g_autofree char *path = g_build_filename(place, name, NULL);
    if (g_str_has_prefix(name, beginning) && strlen(name) == strlen(beginning) + strlen(RANDOM))
      sweep_one(path, maker);
  }
}

NxWorkFolder *nx_work_folder_make(const char *target, const char *maker, GError **err)
{
  gboolean is_inside;
  g_autofree char *beginning = NULL, *place = place_of(target, maker, &is_inside, &beginning);
  g_autofree char *name = g_strconcat(beginning, RANDOM, NULL), *path = g_build_filename(place, name, NULL);
  if (!nx_folder_make(place, err))
    return NULL;
  if (!g_mkdtemp_full(path, 0755)) {
    nx_error_from_errno(err, errno, "write", target);
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
