/* paths.c — files that appear whole or not at all, and where the product's own files are. */
#include "nx-base.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean write_whole(int fd, const char *data, gsize length)
{
  while (length > 0) {
    gssize n = write(fd, data, length);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return FALSE;
    data += n;
    length -= (gsize)n;
  }
  return TRUE;
}

gboolean nx_folder_make(const char *path, GError **err)
{
  return g_mkdir_with_parents(path, 0777) == 0 || nx_error_from_errno(err, errno, "make folder", path);
}

gboolean nx_folder_sync(const char *path, GError **err)
{
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return nx_error_from_errno(err, errno, "open folder", path);
  /* Some network file systems cannot sync a folder; the rename is then as safe as they make it. */
  gboolean good = fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP;
  int problem = errno;
  close(fd);
  return good || nx_error_from_errno(err, problem, "sync folder", path);
}

/* Opens a temporary file beside `path`, making its folders when they are not there. */
static int open_temporary(const char *folder, char *temporary, int mode, GError **err)
{
  g_autofree char *pattern = g_strdup(temporary);
  int fd = g_mkstemp_full(temporary, O_RDWR | O_CLOEXEC, mode);
  if (fd < 0 && errno == ENOENT) {
    if (!nx_folder_make(folder, err))
      return -1;
    strcpy(temporary, pattern);
    fd = g_mkstemp_full(temporary, O_RDWR | O_CLOEXEC, mode);
  }
  if (fd < 0)
    nx_error_from_errno(err, errno, "write into folder", folder);
  return fd;
}

static gboolean write_file(const char *path, const void *data, gsize length, int mode, gboolean sync, GError **err)
{
  g_autofree char *folder = g_path_get_dirname(path);
  g_autofree char *temporary = g_strdup_printf("%s/.nx-XXXXXX", folder);
  int fd = open_temporary(folder, temporary, mode, err);
  if (fd < 0)
    return FALSE;
  gboolean good = write_whole(fd, data, length) && (!sync || fsync(fd) == 0);
  int problem = errno;
  if (close(fd) != 0 && good) {
    good = FALSE;
    problem = errno;
  }
  if (good && rename(temporary, path) != 0) {
    good = FALSE;
    problem = errno;
  }
  if (!good) {
    unlink(temporary);
    return nx_error_from_errno(err, problem, "write", path);
  }
  return !sync || nx_folder_sync(folder, err);
}

gboolean nx_file_write(const char *path, const void *data, gsize length, int mode, GError **err)
{
  return write_file(path, data, length, mode, TRUE, err);
}

gboolean nx_file_write_fast(const char *path, const void *data, gsize length, int mode, GError **err)
{
  return write_file(path, data, length, mode, FALSE, err);
}

/* Reads to the end of `fd`, at most `limit` bytes. */
static gboolean read_whole(int fd, const char *path, gsize limit, GByteArray *into, GError **err)
{
  for (;;) {
    guint have = into->len;
    g_byte_array_set_size(into, have + 65536);
    gssize n = read(fd, into->data + have, 65536);
    g_byte_array_set_size(into, have + (guint)MAX(n, 0));
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return nx_error_from_errno(err, errno, "read", path);
    if (n == 0)
      return TRUE;
    if (into->len > limit) {
      g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "%s is larger than %" G_GSIZE_FORMAT " bytes", path, limit);
      return FALSE;
    }
  }
}

gboolean nx_file_read(const char *path, gsize limit, char **data, gsize *length, GError **err)
{
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return nx_error_from_errno(err, errno, "open", path);
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  gboolean good = read_whole(fd, path, MIN(limit, G_MAXUINT32 / 2), bytes, err);
  close(fd);
  if (!good)
    return FALSE;
  if (length)
    *length = bytes->len;
  g_byte_array_append(bytes, (const guint8 *)"", 1);
  *data = (char *)g_byte_array_free(g_steal_pointer(&bytes), FALSE);
  return TRUE;
}

const char *nx_path_below(const char *path, const char *root)
{
  gsize length = strlen(root);
  while (length > 1 && root[length - 1] == '/')
    length--;
  if (length == 1 && root[0] == '/')
    return path[0] == '/' && path[1] ? path + 1 : NULL;
  if (strncmp(path, root, length) != 0 || path[length] != '/')
    return NULL;
  const char *below = path + length;
  while (*below == '/')
    below++;
  return *below ? below : NULL;
}

char *nx_path_join(const char *root, const char *relative)
{
  GString *out = g_string_new(root);
  while (out->len > 1 && out->str[out->len - 1] == '/')
    g_string_truncate(out, out->len - 1);
  g_auto(GStrv) parts = g_strsplit(relative, "/", -1);
  for (char **part = parts; *part; part++) {
    if (!**part || g_str_equal(*part, "."))
      continue;
    if (!g_str_has_suffix(out->str, "/"))
      g_string_append_c(out, '/');
    g_string_append(out, *part);
  }
  return g_string_free(out, FALSE);
}

char *nx_share_path(const char *relative)
{
  g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
  g_autofree char *bin = program ? g_path_get_dirname(program) : NULL;
  g_autofree char *prefix = bin ? g_path_get_dirname(bin) : NULL;
  char *beside = g_build_filename(prefix ? prefix : "", "share", "nexuslims", relative, NULL);
  if (access(beside, F_OK) == 0)
    return beside;
  g_free(beside);
  return g_build_filename(NX_PKGDATADIR, relative, NULL);
}
