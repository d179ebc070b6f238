/* paths.c — files that appear whole or not at all, and where the product's own files are. */
#include "nx-base.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

gboolean nx_write_whole(int fd, const char *data, gsize length)
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

/* Something cannot be put where it belongs. A folder that is gone, and a file that lies where it should be, are trouble of the place. */
static gboolean fail_to_write(int error_number, const char *action, const char *object, GError **err)
{
  nx_error_from_errno(err, error_number, action, object);
  if (err && *err && (error_number == ENOENT || error_number == ENOTDIR || error_number == EEXIST))
    (*err)->code = NX_ERROR_PLACE;
  return FALSE;
}

gboolean nx_folder_make(const char *path, GError **err)
{
  return g_mkdir_with_parents(path, 0777) == 0 || fail_to_write(errno, "make folder", path, err);
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

const char *nx_advice_of_write(int error_number)
{
  if (error_number == EROFS)
    return "; see how it is mounted";
  return error_number == EACCES || error_number == EPERM
             ? "; run NexusLIMS always as the same user, and give that one what another has left (chown)"
             : "";
}

char *nx_path_unwritable(const char *path)
{
  if (access(path, g_file_test(path, G_FILE_TEST_IS_DIR) ? W_OK | X_OK : W_OK) == 0)
    return NULL;
  int problem = errno;
  return problem == ENOENT ? NULL : g_strconcat(g_strerror(problem), nx_advice_of_write(problem), NULL);
}

gboolean nx_folder_is_within(int fd, const struct stat *above)
{
  struct stat here, parent;
  int current = openat(fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  gboolean found = FALSE, at_top = FALSE;
  while (current >= 0 && !found && !at_top && fstat(current, &here) == 0) {
    found = here.st_dev == above->st_dev && here.st_ino == above->st_ino;
    int next = openat(current, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
    at_top = next >= 0 && fstat(next, &parent) == 0 && parent.st_dev == here.st_dev && parent.st_ino == here.st_ino;
    close(current);
    current = next;
  }
  if (current >= 0)
    close(current);
  return found;
}

gboolean nx_file_system_sync(const char *folder, GError **err)
{
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return errno == ENOENT || fail_to_write(errno, "open folder", folder, err);
  gboolean good = syncfs(fd) == 0;
  int problem = errno;
  close(fd);
  return good || nx_error_from_errno(err, problem, "save what was written to", folder);
}

gboolean nx_file_is_still_at(int fd, const char *path)
{
  struct stat ours, there;
  return fstat(fd, &ours) == 0 && lstat(path, &there) == 0 && ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

/* The file that is written before it takes its name. Its own name says whose it is going to be, so the next writer of the same file takes away
 * what a killed one left; the lock on it tells a killed writer from a busy one. */
typedef struct {
  int fd;
  char *path;
} Temporary;

/* Takes away a left-over of that name. FALSE when somebody is writing it now. */
static gboolean remove_left_over(const char *path)
{
  int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0)
    return errno == ENOENT;
  gboolean dead = flock(fd, LOCK_EX | LOCK_NB) == 0;
  if (dead && nx_file_is_still_at(fd, path))
    unlink(path);
  close(fd);
  return dead;
}

/* A new file of that name, locked; -1 with errno. EBUSY: another writer has it. */
static int create_locked(const char *path, int mode)
{
  for (int attempt = 0; attempt < 8; attempt++) {
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd >= 0) {
      gboolean locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
      if (locked && nx_file_is_still_at(fd, path))
        return fd;
      if (!locked && errno != EWOULDBLOCK)
        unlink(path); /* a file system without locks */
      close(fd);
    } else if (errno != EEXIST) {
      return -1;
    } else if (!remove_left_over(path)) {
      break;
    }
  }
  errno = EBUSY;
  return -1;
}

/* Opens the temporary file of `path` beside it, making its folders when they are not there. A name of chance serves when another process writes
 * the same file at this moment, when the file's name leaves no room, or where nothing can be locked. */
static gboolean open_temporary(const char *path, const char *folder, Temporary *temporary, int mode, GError **err)
{
  g_autofree char *name = g_path_get_basename(path);
  temporary->path = g_strdup_printf("%s/.%s.new", folder, name);
  temporary->fd = create_locked(temporary->path, mode);
  if (temporary->fd < 0 && errno == ENOENT) {
    if (!nx_folder_make(folder, err))
      return FALSE;
    temporary->fd = create_locked(temporary->path, mode);
  }
  if (temporary->fd < 0 && (errno == EBUSY || errno == ENAMETOOLONG)) {
    g_free(temporary->path);
    temporary->path = g_strdup_printf("%s/.nx-XXXXXX", folder);
    temporary->fd = g_mkstemp_full(temporary->path, O_RDWR | O_CLOEXEC, mode);
  }
  return temporary->fd >= 0 || fail_to_write(errno, "write into folder", folder, err);
}

static gboolean write_file(const char *path, const void *data, gsize length, int mode, gboolean sync, GError **err)
{
  g_autofree char *folder = g_path_get_dirname(path);
  Temporary temporary = {.fd = -1};
  if (g_str_has_suffix(path, "/")) /* of `x/` the folder would be `x` */
    return fail_to_write(EISDIR, "write", path, err);
  if (!open_temporary(path, folder, &temporary, mode, err)) {
    g_free(temporary.path);
    return FALSE;
  }
  /* Renamed while it is open, so that the lock holds until the file has its name. */
  gboolean good = nx_write_whole(temporary.fd, data, length) && (!sync || fsync(temporary.fd) == 0) && rename(temporary.path, path) == 0;
  int problem = errno;
  if (!good)
    unlink(temporary.path);
  if (close(temporary.fd) != 0 && good) {
    good = FALSE;
    problem = errno;
  }
  g_free(temporary.path);
  if (!good)
    return fail_to_write(problem, "write", path, err);
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
    if (n < 0 && errno == EINTR) { /* a FIFO may have nothing to say for ever */
      if (!nx_check_interrupted(err))
        return FALSE;
      continue;
    }
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

/* Takes the descriptor; -1: *err is set already. */
static gboolean read_opened(int fd, const char *path, gsize limit, char **data, gsize *length, GError **err)
{
  if (fd < 0)
    return FALSE;
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

gboolean nx_file_read(const char *path, gsize limit, char **data, gsize *length, GError **err)
{
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    nx_error_from_errno(err, errno, "open", path);
  return read_opened(fd, path, limit, data, length, err);
}

gboolean nx_file_read_regular(const char *path, gsize limit, char **data, gsize *length, GError **err)
{
  struct stat status;
  return read_opened(nx_file_open_regular(path, NX_LINKS_FOLLOWED, &status, err), path, limit, data, length, err);
}

/* Of the errors that are trouble of the place elsewhere, those that one file alone may give when it is opened or looked at: its own mode, a
 * lease on it, a socket or a device without driver. All others (a stale handle, no connection, no descriptor left) speak of more than this file. */
static const int FILE_ERRORS[] = {EACCES, EPERM, EAGAIN, ENXIO, ENODEV, ELOOP};

static void fail_to_open(int error_number, const char *action, const char *path, GError **err)
{
  nx_error_from_errno(err, error_number, action, path);
  for (gsize i = 0; err && i < G_N_ELEMENTS(FILE_ERRORS); i++) {
    if (FILE_ERRORS[i] == error_number)
      (*err)->code = NX_ERROR_IO;
  }
}

int nx_file_open_regular(const char *path, NxLinks links, struct stat *status, GError **err)
{
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (links == NX_LINKS_REFUSED ? O_NOFOLLOW : 0));
  if (fd < 0 && errno == ELOOP && links == NX_LINKS_REFUSED) {
    g_set_error(err, NX_ERROR, NX_ERROR_IO, "%s is a symbolic link, which is not followed in an instrument's folder", path);
    return -1;
  }
  if (fd < 0) {
    fail_to_open(errno, "open", path, err);
    return -1;
  }
  if (fstat(fd, status) < 0)
    fail_to_open(errno, "look at", path, err);
  else if (!S_ISREG(status->st_mode))
    g_set_error(err, NX_ERROR, NX_ERROR_IO, "%s is not a regular file", path);
  else
    return fd;
  close(fd);
  return -1;
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

/* What comes behind the last part that is ".."; NULL when none is. */
static const char *behind_dots(const char *path)
{
  const char *behind = NULL;
  for (const char *part = path; *part;) {
    const char *end = part + strcspn(part, "/");
    if (end - part == 2 && part[0] == '.' && part[1] == '.')
      behind = end;
    part = end + strspn(end, "/");
  }
  return behind;
}

gboolean nx_path_leads_upwards(const char *relative)
{
  return behind_dots(relative) != NULL;
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

char *nx_path_join_below(const char *root, const char *relative)
{
  return nx_path_leads_upwards(relative) ? NULL : nx_path_join(root, relative);
}

char *nx_path_absolute(const char *path)
{
  g_autofree char *here = g_path_is_absolute(path) ? NULL : g_get_current_dir();
  g_autofree char *whole = nx_path_join(here ? here : "/", path);
  const char *behind = behind_dots(whole);
  g_autofree char *dotted = behind ? g_strndup(whole, (gsize)(behind - whole)) : NULL;
  g_autofree char *folder = dotted ? realpath(dotted, NULL) : NULL;
  return folder ? nx_path_join(folder, behind) : g_steal_pointer(&whole);
}

char *nx_path_without_tilde(const char *path)
{
  if (path[0] != '~' || (path[1] != '\0' && path[1] != '/'))
    return g_strdup(path);
  return g_strconcat(g_get_home_dir(), path + 1, NULL);
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

char *nx_file_find_upwards(const char *name)
{
  g_autofree char *folder = g_get_current_dir();
  for (;;) {
    g_autofree char *path = g_build_filename(folder, name, NULL);
    if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
      return g_steal_pointer(&path);
    char *above = g_path_get_dirname(folder);
    gboolean is_root = g_str_equal(above, folder);
    g_free(folder);
    folder = above;
    if (is_root)
      return NULL;
  }
}
