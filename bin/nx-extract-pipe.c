/* nx-extract-pipe.c — see nx-extract-pipe.h. */
#include "nx-extract-pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct NxPipes {
  char *folder;     /* NULL: none is needed yet */
  GPtrArray *paths; /* of char*, and of the folders they are in */
};

static gboolean names_a_descriptor(const char *file)
{
  return g_str_equal(file, "-") || g_str_equal(file, "/dev/stdin") || g_str_has_prefix(file, "/dev/fd/") ||
         g_str_has_prefix(file, "/proc/self/fd/");
}

gboolean nx_pipe_is(const char *file)
{
  struct stat status;
  return names_a_descriptor(file) || (stat(file, &status) == 0 && S_ISFIFO(status.st_mode));
}

NxPipes *nx_pipes_new(void)
{
  NxPipes *pipes = g_new0(NxPipes, 1);
  pipes->paths = g_ptr_array_new_with_free_func(g_free);
  return pipes;
}

void nx_pipes_free(NxPipes *pipes)
{
  for (guint i = pipes->paths->len; i-- > 0;)
    g_remove(pipes->paths->pdata[i]);
  if (pipes->folder)
    g_rmdir(pipes->folder);
  g_ptr_array_unref(pipes->paths);
  g_free(pipes->folder);
  g_free(pipes);
}

/* What the first bytes tell of data without a name. HDF5 is not among them: only a look inside would tell whose it is, and that is the
 * sandbox's. */
static const struct {
  const char *magic;
  gsize length;
  const char *extension;
} MAGIC[] = {
    {"II*\0", 4, ".tif"},       {"MM\0*", 4, ".tif"},        {"\0\0\0\3", 4, ".dm3"}, {"\0\0\0\4", 4, ".dm4"}, {"II\x97\1", 4, ".ser"},
    {"\x89PNG\r\n", 6, ".png"}, {"\xff\xd8\xff", 3, ".jpg"}, {"GIF8", 4, ".gif"},     {"BM", 2, ".bmp"},
};

static const char *extension_of(const char *path)
{
  char head[8] = {0};
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  const gssize length = fd < 0 ? 0 : read(fd, head, sizeof head);
  if (fd >= 0)
    close(fd);
  for (guint i = 0; i < G_N_ELEMENTS(MAGIC); i++) {
    if (length >= (gssize)MAGIC[i].length && memcmp(head, MAGIC[i].magic, MAGIC[i].length) == 0)
      return MAGIC[i].extension;
  }
  return NULL;
}

/* Gives the copy of nameless data the name that others of its kind have. The new path; consumes the old one. */
static char *named(NxPipes *pipes, char *path)
{
  const char *extension = extension_of(path);
  char *better = extension ? g_strconcat(path, extension, NULL) : NULL;
  if (!better || g_rename(path, better) != 0) {
    g_free(better);
    return path;
  }
  g_free(path);
  g_free(pipes->paths->pdata[pipes->paths->len - 1]);
  pipes->paths->pdata[pipes->paths->len - 1] = g_strdup(better);
  return better;
}

/* A place for one copy, in a folder of its own: two FIFOs may have one name. */
static char *place_for(NxPipes *pipes, const char *file, GError **err)
{
  if (!pipes->folder)
    pipes->folder = g_dir_make_tmp("nx-extract-XXXXXX", err);
  if (!pipes->folder)
    return NULL;
  g_autofree char *folder = g_strdup_printf("%s/%u", pipes->folder, pipes->paths->len);
  if (g_mkdir(folder, 0700) != 0) {
    nx_error_from_errno(err, errno, "make", folder);
    return NULL;
  }
  g_autofree char *name = names_a_descriptor(file) ? g_strdup("stdin") : g_path_get_basename(file);
  char *path = g_build_filename(folder, name, NULL);
  g_ptr_array_add(pipes->paths, g_steal_pointer(&folder));
  g_ptr_array_add(pipes->paths, g_strdup(path));
  return path;
}

/* What the last call on `file` failed with; a signal is nobody's fault. */
static gboolean refuse(GError **err, const char *verb, const char *file)
{
  if (!nx_interrupted())
    return nx_error_from_errno(err, errno, verb, file);
  g_set_error_literal(err, NX_ERROR, NX_ERROR_INTERRUPTED, "Aborted!");
  return FALSE;
}

static gboolean copy_all(int from, int to, const char *file, const char *path, GError **err)
{
  g_autofree char *buffer = g_malloc(256 * 1024);
  for (;;) {
    const gssize length = nx_interrupted() ? -1 : read(from, buffer, 256 * 1024);
    if (length == 0)
      return TRUE;
    if (length < 0 && (nx_interrupted() || errno != EINTR))
      return refuse(err, "read", file);
    if (length > 0 && !nx_write_whole(to, buffer, (gsize)length))
      return refuse(err, "write", path);
  }
}

char *nx_pipes_copy(NxPipes *pipes, const char *file, GError **err)
{
  g_autofree char *path = place_for(pipes, file, err);
  if (!path)
    return NULL;
  const int from = g_str_equal(file, "-") ? dup(STDIN_FILENO) : open(file, O_RDONLY | O_CLOEXEC);
  const int to = from < 0 ? -1 : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const gboolean is_copied = to >= 0 && copy_all(from, to, file, path, err);
  if (to < 0)
    refuse(err, from < 0 ? "open" : "write", from < 0 ? file : path);
  if (from >= 0)
    close(from);
  if (to >= 0)
    close(to);
  if (!is_copied)
    return NULL;
  return names_a_descriptor(file) ? named(pipes, g_steal_pointer(&path)) : g_steal_pointer(&path);
}
