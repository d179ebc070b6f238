/* nexuslims-runfiles.c — log file and lock of build-records. Source: DECISIONS 1 and 4, cli §3.3. */
#include "nexuslims-runfiles.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAMES_TRIED_MAX 1000
#define HOLDER_LENGTH_MAX 200

static void set_refused(GError **err, int reason, const char *action, const char *path)
{
  g_autoptr(GError) error = NULL;
  nx_error_from_errno(&error, reason, action, path);
  g_set_error(err, error->domain, error->code, "%s%s", error->message, nx_advice_of_write(reason));
}

/* ------------------------------------------------------------------------------------------------------------- log */

static char *log_name(const char *folder, GDateTime *now, gboolean dry_run, guint attempt)
{
  g_autofree char *stamp = g_date_time_format(now, "%Y/%m/%d/process_records_%H-%M-%S");
  g_autofree char *number = attempt > 1 ? g_strdup_printf("-%u", attempt) : g_strdup("");
  return g_strdup_printf("%s/%s%s%s.log", folder, stamp, dry_run ? "_dryrun" : "", number);
}

char *run_log_open(const char *folder, gboolean dry_run, int *fd, GError **err)
{
  g_autoptr(GDateTime) now = nx_time_now();
  for (guint attempt = 1; attempt <= NAMES_TRIED_MAX; attempt++) {
    g_autofree char *path = log_name(folder, now, dry_run, attempt);
    g_autofree char *parent = g_path_get_dirname(path);
    if (g_mkdir_with_parents(parent, 0777) != 0) {
      set_refused(err, errno, "make folder", parent);
      return NULL;
    }
    *fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
    if (*fd >= 0)
      return nx_log_to_file(path, err) ? g_steal_pointer(&path) : NULL;
    if (errno != EEXIST) {
      set_refused(err, errno, "create log file", path);
      return NULL;
    }
  }
  g_set_error(err, NX_ERROR, NX_ERROR_IO, "cannot create a log file in %s: too many of this second are there already", folder);
  return NULL;
}

/* ------------------------------------------------------------------------------------------------------------ lock */

static char *read_holder(int fd)
{
  char text[HOLDER_LENGTH_MAX];
  gssize n = pread(fd, text, sizeof text, 0);
  g_autofree char *valid = nx_text_utf8(text, MAX(n, 0));
  return nx_text_visible(g_strstrip(valid));
}

static void write_holder(int fd)
{
  g_autoptr(GDateTime) now = nx_time_now();
  g_autofree char *time = nx_time_format(now);
  g_autofree char *text = g_strdup_printf("pid %d on %s since %s\n", (int)getpid(), g_get_host_name(), time);
  if (ftruncate(fd, 0) != 0 || pwrite(fd, text, strlen(text), 0) < 0)
    nx_log_debug("the lock file holds no text: %s", g_strerror(errno));
}

static RunLockState lock_opened(int fd, const char *path, char **holder, GError **err)
{
  g_autofree char *left = NULL;
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      g_autofree char *known = read_holder(fd);
      *holder = g_strdup(*known != '\0' ? known : "it has not said by whom");
      return RUN_LOCK_BUSY;
    }
    nx_error_from_errno(err, errno, "lock", path);
    g_prefix_error(err, "the file system of NX_DATA_PATH must support flock(2): ");
    return RUN_LOCK_FAILED;
  }
  left = read_holder(fd);
  if (*left != '\0')
    nx_log_warning("taking over the lock %s, which nobody holds any more (left by %s)", path, left);
  write_holder(fd);
  return RUN_LOCK_TAKEN;
}

RunLockState run_lock_take(const char *path, int *fd, char **holder, GError **err)
{
  for (;;) {
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (*fd < 0) {
      set_refused(err, errno, "open lock file", path);
      return RUN_LOCK_FAILED;
    }
    RunLockState state = lock_opened(*fd, path, holder, err);
    if (state == RUN_LOCK_TAKEN && !nx_file_is_still_at(*fd, path)) {
      close(*fd);
      continue;
    }
    if (state != RUN_LOCK_TAKEN)
      close(*fd);
    return state;
  }
}

void run_lock_release(int fd)
{
  if (ftruncate(fd, 0) != 0)
    nx_log_debug("the lock file keeps its text: %s", g_strerror(errno));
  close(fd);
}
