/* save.c — a settings file is read, composed, backed up and put in place (rules: config 9). */
#include "dotenv.h"
#include "nx-config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean is_ours(const char *name)
{
  return nx_setting_find(name, NULL) != NULL;
}

/* The file, or NULL without *err when there is none. */
static NxDotenv *read_present(const char *path, GError **err)
{
  struct stat status;
  gboolean is_there = stat(path, &status) == 0;
  if (is_there ? !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode) : errno == ENOENT)
    return NULL;
  return nx_dotenv_read(path, NX_DOTENV_FILE_FIRST, err);
}

GHashTable *nx_config_read(const char *path, GError **err)
{
  GError *problem = NULL;
  g_autoptr(NxDotenv) file = read_present(path, &problem);
  if (problem) {
    g_propagate_error(err, problem);
    return NULL;
  }
  GHashTable *values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; file && i < file->statements->len; i++) {
    const NxStatement *statement = g_ptr_array_index(file->statements, i);
    if (statement->key && statement->value)
      g_hash_table_replace(values, g_strdup(statement->key), g_strdup(statement->value));
    else if (statement->key)
      g_hash_table_remove(values, statement->key);
  }
  return values;
}

GString *nx_config_compose(const char *path, GHashTable *wanted, gboolean *changes, GError **err)
{
  GError *problem = NULL;
  g_autoptr(NxDotenv) file = read_present(path, &problem);
  if (problem) {
    g_propagate_error(err, problem);
    return NULL;
  }
  GString *text = nx_dotenv_rewrite(file, wanted, is_ours);
  if (changes)
    *changes = !file || file->length != text->len || memcmp(file->text, text->str, text->len) != 0;
  return text;
}

/* A new file of that mode that was not there before: PATH.bak.STAMP, else with -1, -2, … behind it. */
static int create_backup(const char *path, mode_t mode, char **backup, GError **err)
{
  g_autoptr(GDateTime) now = g_date_time_new_now_local();
  g_autofree char *stamp = g_date_time_format(now, "%Y%m%d-%H%M%S");
  for (guint attempt = 0;; attempt++) {
    g_autofree char *suffix = attempt > 0 ? g_strdup_printf("-%u", attempt) : g_strdup("");
    g_autofree char *candidate = g_strdup_printf("%s.bak.%s%s", path, stamp, suffix);
    int fd = g_open(candidate, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0 && fchmod(fd, mode) == 0) {
      *backup = g_steal_pointer(&candidate);
      return fd;
    }
    int problem = errno;
    if (fd >= 0) {
      close(fd);
      g_unlink(candidate);
    }
    if (fd >= 0 || problem != EEXIST) {
      nx_error_from_errno(err, problem, "create the backup", candidate);
      return -1;
    }
  }
}

char *nx_config_back_up(const char *path, GError **err)
{
  g_autofree char *data = NULL, *backup = NULL;
  gsize length = 0;
  struct stat status;
  if (stat(path, &status) != 0) {
    nx_error_from_errno(err, errno, "back up", path);
    return NULL;
  }
  if (!nx_file_read(path, NX_DOTENV_LIMIT, &data, &length, err))
    return NULL;
  int fd = create_backup(path, status.st_mode & 0777, &backup, err);
  if (fd < 0)
    return NULL;
  struct timespec times[] = {status.st_atim, status.st_mtim};
  gboolean good = nx_write_whole(fd, data, length) && futimens(fd, times) == 0 && fsync(fd) == 0;
  int problem = errno;
  close(fd);
  if (good)
    return g_steal_pointer(&backup);
  g_unlink(backup);
  nx_error_from_errno(err, problem, "write the backup", backup);
  return NULL;
}

/* A device or pipe, which must not be replaced by a file. */
static gboolean write_special(const char *path, const char *text, gsize length, GError **err)
{
  int fd = g_open(path, O_WRONLY | O_CLOEXEC, 0);
  gboolean good = fd >= 0 && nx_write_whole(fd, text, length);
  int problem = errno;
  if (fd >= 0)
    close(fd);
  return good || nx_error_from_errno(err, problem, "write", path);
}

/* Where a file is to be written so that links stay what they are: also where a link leads to nothing yet. NULL: it leads in a circle, or on and on. */
static char *place_of(const char *path)
{
  enum { LINKS_MAX = 40 }; /* as the kernel follows */
  g_autofree char *place = g_strdup(path);
  for (guint i = 0; i < LINKS_MAX; i++) {
    g_autofree char *link = g_file_read_link(place, NULL);
    if (!link)
      return g_steal_pointer(&place);
    g_autofree char *folder = g_path_get_dirname(place);
    g_free(place);
    place = g_path_is_absolute(link) ? g_strdup(link) : g_build_filename(folder, link, NULL);
  }
  errno = ELOOP;
  return NULL;
}

gboolean nx_config_save(const char *path, const char *text, gsize length, GError **err)
{
  struct stat before;
  gboolean is_there = stat(path, &before) == 0;
  if (is_there && !S_ISREG(before.st_mode) && !S_ISDIR(before.st_mode))
    return write_special(path, text, length, err);
  g_autofree char *place = place_of(path);
  if (!place)
    return nx_error_from_errno(err, errno, "write", path);
  gboolean good = nx_file_write(place, text, length, 0600, err);
  /* root replaces the file of the account that runs the builds: it has to stay readable there */
  if (good && is_there && geteuid() == 0 && chown(place, before.st_uid, before.st_gid) != 0)
    nx_log_warning("%s: the owner could not be kept: %s", path, g_strerror(errno));
  return good;
}
