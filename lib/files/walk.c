/* walk.c — threads that share a stack of folders to list and names to look at.
 *
 * Listing gives names and kinds; only a regular file whose name is wanted costs a stat, and that by its name relative to the open folder.
 * The stack is taken from the top, so the walk goes deep first and few folders are open at once. A long list of names is handed out in
 * pieces as soon as another thread has nothing to do: on a share that answers slowly it is the requests in flight that count, and a folder
 * of a hundred thousand files must not be one thread's work.
 *
 * A share that has died answers nothing, and a thread that asked it cannot be stopped. The walk is then given up: everything its threads
 * may still touch belongs to the walk, which stays until the last of them is done, if ever. */
#include "walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIST_BYTES (64 * 1024)
#define NAMES_PER_TASK 256
#define PATIENCE_SECONDS 300.0 /* without any answer to any thread */
#define LOOK_MS 200            /* how often the answers are counted */

typedef struct {
  NxFolder *folder; /* a reference; of its parent (a folder to list) or of itself (names to look at) the task is a user */
  gboolean by_parent;
  GString *names; /* NUL-ended names to look at; NULL: the folder is to be listed */
} Task;

typedef struct Walker Walker;

typedef struct {
  NxFileFilter *filter; /* a reference */
  gint64 since;
  guint n_walkers;
  Walker *walkers;
  GArray *links; /* of NxWalkLink; NULL: not wanted */
  GArray *ours;  /* of NxOurFolder; a reference, or NULL */
  GMutex lock;
  GCond changed;
  GArray *tasks;    /* stack of Task */
  guint unfinished; /* tasks on the stack or being worked on */
  guint running;    /* threads */
  gint idle;        /* threads that wait */
  gint stopped;
  GError *error;   /* the first one */
  gint references; /* one a thread, one of who waits for them */
} Walk;

struct Walker {
  Walk *walk;
  NxWalkBag bag;
  char *listing;
  GString *names; /* wanted names of the folder at hand, not looked at yet */
  guint n_names;
  guint answers; /* of the file system; wraps around */
};

void nx_walk_bag_clear(gpointer data)
{
  NxWalkBag *bag = data;
  if (!bag->files)
    return;
  for (guint i = 0; i < bag->files->len; i++)
    nx_folder_unref(g_array_index(bag->files, NxWalkedFile, i).folder);
  g_array_unref(bag->files);
  g_string_free(bag->names, TRUE);
}

/* -------------------------------------------------------------------------------------------------------- the stack */

static void push(Walk *walk, Task task)
{
  g_mutex_lock(&walk->lock);
  g_array_append_val(walk->tasks, task);
  walk->unfinished++;
  g_cond_signal(&walk->changed);
  g_mutex_unlock(&walk->lock);
}

/* The next task; FALSE when all are done. The thread that finished one says so here. */
static gboolean take(Walk *walk, gboolean finished_one, Task *task)
{
  g_mutex_lock(&walk->lock);
  if (finished_one && --walk->unfinished == 0)
    g_cond_broadcast(&walk->changed);
  g_atomic_int_inc(&walk->idle);
  while (walk->tasks->len == 0 && walk->unfinished > 0)
    g_cond_wait(&walk->changed, &walk->lock);
  g_atomic_int_add(&walk->idle, -1);
  gboolean found = walk->tasks->len > 0;
  if (found) {
    *task = g_array_index(walk->tasks, Task, walk->tasks->len - 1);
    g_array_set_size(walk->tasks, walk->tasks->len - 1);
  }
  g_mutex_unlock(&walk->lock);
  return found;
}

static void stop(Walk *walk, GError *error)
{
  g_mutex_lock(&walk->lock);
  if (walk->error)
    g_error_free(error);
  else
    walk->error = error;
  g_atomic_int_set(&walk->stopped, 1);
  g_mutex_unlock(&walk->lock);
}

static gboolean is_stopped(Walk *walk)
{
  if (nx_interrupted() && !g_atomic_int_get(&walk->stopped))
    stop(walk, g_error_new_literal(NX_ERROR, NX_ERROR_INTERRUPTED, "interrupted"));
  return g_atomic_int_get(&walk->stopped);
}

/* ------------------------------------------------------------------------------------------------------- failures */

/* What is gone since it was listed is no loss; what may not be read is left out with a warning; but when the machine, the disk or the share
 * is in trouble, a list with holes must not pass for a whole one. A start that cannot be read always ends the walk. */
static void report(Walk *walk, const NxFolder *folder, const char *name, const char *action, int problem)
{
  gboolean is_start = !folder->parent && !name && !folder->linked;
  gboolean gone = problem == ENOENT || problem == ENOTDIR || problem == ELOOP;
  if (gone && !is_start)
    return;
  g_autofree char *path = nx_folder_path(folder, name);
  g_autoptr(GError) error = NULL;
  nx_error_from_errno(&error, problem, action, path);
  gboolean forbidden = problem == EACCES || problem == EPERM;
  if (is_start || (error->code == NX_ERROR_PLACE && !forbidden))
    stop(walk, g_steal_pointer(&error));
  else
    nx_log_warning("%s; left out", error->message);
}

/* ---------------------------------------------------------------------------------------------------- looking at files */

/* A million times a walk, and only ever written by its own thread: no locked instruction. */
static void note_answer(Walker *walker)
{
  __atomic_store_n(&walker->answers, walker->answers + 1, __ATOMIC_RELAXED);
}

static gint64 nanoseconds(const struct timespec *time)
{
  gint64 whole, sum;
  if (__builtin_mul_overflow((gint64)time->tv_sec, (gint64)1000000000, &whole) ||
      __builtin_add_overflow(whole, (gint64)time->tv_nsec, &sum))
    return time->tv_sec < 0 ? G_MININT64 : G_MAXINT64;
  return sum;
}

static void keep(Walker *walker, NxFolder *folder, const char *name, const struct stat *status)
{
  gint64 mtime = nanoseconds(&status->st_mtim);
  if (!S_ISREG(status->st_mode) || mtime <= walker->walk->since)
    return;
  NxWalkedFile file = {mtime, (guint64)status->st_size, status->st_dev, status->st_ino, nx_folder_ref(folder), walker->bag.names->len};
  g_string_append_len(walker->bag.names, name, (gssize)strlen(name) + 1);
  g_array_append_val(walker->bag.files, file);
}

static void look_at(Walker *walker, NxFolder *folder, int fd, const GString *names)
{
  for (const char *name = names->str, *end = names->str + names->len; name < end; name += strlen(name) + 1) {
    struct stat status;
    if (fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
      keep(walker, folder, name, &status);
    else
      report(walker->walk, folder, name, "look at", errno);
    note_answer(walker);
  }
}

/* The names gathered so far: to an idle thread, or done here. */
static void look_at_gathered(Walker *walker, NxFolder *folder, int fd)
{
  if (g_atomic_int_get(&walker->walk->idle) > 0 && walker->n_names == NAMES_PER_TASK && nx_folder_share(folder)) {
    push(walker->walk, (Task){.folder = nx_folder_ref(folder), .names = walker->names});
    walker->names = g_string_new(NULL);
  } else {
    look_at(walker, folder, fd, walker->names);
    g_string_truncate(walker->names, 0);
  }
  walker->n_names = 0;
}

/* ------------------------------------------------------------------------------------------------------------ listing */

/* Says so the first time. */
static gboolean is_ours(const Walk *walk, const struct stat *status, const char *path)
{
  for (guint i = 0; walk->ours && i < walk->ours->len; i++) {
    NxOurFolder *ours = &g_array_index(walk->ours, NxOurFolder, i);
    if (ours->device != status->st_dev || ours->inode != status->st_ino)
      continue;
    if (g_atomic_int_compare_and_exchange(&ours->was_met, FALSE, TRUE))
      nx_log_info("%s holds what NexusLIMS writes itself; left out", path);
    return TRUE;
  }
  return FALSE;
}

/* What a listing says of a folder tells nearly all from ours, without a question more to the share. Its inode is not the one that counts where
 * something is mounted or laid over, its name not where a folder has two: what agrees in either is looked at. */
static gboolean may_be_ours(const Walk *walk, const struct dirent64 *entry)
{
  for (guint i = 0; walk->ours && i < walk->ours->len; i++) {
    const NxOurFolder *ours = &g_array_index(walk->ours, NxOurFolder, i);
    if (ours->inode == entry->d_ino || g_ascii_strcasecmp(ours->name, entry->d_name) == 0)
      return TRUE;
  }
  return FALSE;
}

static gboolean is_listed_ours(const Walk *walk, const NxFolder *folder, int fd, const struct dirent64 *entry)
{
  struct stat status;
  if (!may_be_ours(walk, entry) || fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
    return FALSE;
  g_autofree char *path = nx_folder_path(folder, entry->d_name);
  return is_ours(walk, &status, path);
}

static void note_link(Walker *walker, const NxFolder *folder, int fd, const char *name)
{
  struct stat target;
  if (folder->linked || !walker->walk->links || fstatat(fd, name, &target, 0) != 0 || !S_ISDIR(target.st_mode))
    return;
  NxWalkLink link = {nx_folder_path(folder, name), target.st_dev, target.st_ino};
  gboolean is_circle = nx_folder_is_within(fd, &target);
  if (is_circle)
    nx_log_debug("%s leads to a folder that contains it; not followed", link.path);
  if (is_circle || is_ours(walker->walk, &target, link.path)) {
    g_free(link.path);
    return;
  }
  g_mutex_lock(&walker->walk->lock);
  g_array_append_val(walker->walk->links, link);
  g_mutex_unlock(&walker->walk->lock);
}

static unsigned char kind_of(int fd, const struct dirent64 *entry)
{
  struct stat status;
  if (entry->d_type != DT_UNKNOWN || fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
    return entry->d_type;
  return (unsigned char)IFTODT(status.st_mode);
}

static void take_entry(Walker *walker, NxFolder *folder, int fd, const struct dirent64 *entry)
{
  const char *name = entry->d_name;
  switch (kind_of(fd, entry)) {
  case DT_DIR:
    if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && !is_listed_ours(walker->walk, folder, fd, entry))
      push(walker->walk, (Task){.folder = nx_folder_child(folder, name), .by_parent = nx_folder_share(folder)});
    break;
  case DT_LNK:
    note_link(walker, folder, fd, name);
    break;
  case DT_REG:
    if (!nx_file_filter_accepts(walker->walk->filter, name))
      break;
    g_string_append_len(walker->names, name, (gssize)strlen(name) + 1);
    if (++walker->n_names == NAMES_PER_TASK)
      look_at_gathered(walker, folder, fd);
    break;
  default:
    break;
  }
}

static void list_folder(Walker *walker, NxFolder *folder, gboolean by_parent)
{
  int fd = nx_folder_enter(folder, by_parent);
  if (fd < 0) {
    report(walker->walk, folder, NULL, "open folder", errno);
    return;
  }
  gssize length = 1;
  while (length > 0 && !is_stopped(walker->walk)) {
    length = getdents64(fd, walker->listing, LIST_BYTES);
    note_answer(walker);
    for (gssize at = 0; at < length;) {
      const struct dirent64 *entry = (const struct dirent64 *)(walker->listing + at);
      take_entry(walker, folder, fd, entry);
      at += entry->d_reclen;
    }
  }
  if (length < 0)
    report(walker->walk, folder, NULL, "list folder", errno);
  look_at_gathered(walker, folder, fd);
  nx_folder_close(folder, fd);
}

/* ------------------------------------------------------------------------------------------------------------ threads */

static void work_on(Walker *walker, Task *task)
{
  if (task->names) {
    if (!is_stopped(walker->walk))
      look_at(walker, task->folder, task->folder->fd, task->names);
    nx_folder_leave(task->folder);
    g_string_free(task->names, TRUE);
  } else {
    if (!is_stopped(walker->walk))
      list_folder(walker, task->folder, task->by_parent);
    if (task->by_parent)
      nx_folder_leave(task->folder->parent);
  }
  nx_folder_unref(task->folder);
}

static void walk_unref(Walk *walk)
{
  if (!g_atomic_int_dec_and_test(&walk->references))
    return;
  for (guint i = 0; i < walk->n_walkers; i++)
    nx_walk_bag_clear(&walk->walkers[i].bag);
  g_free(walk->walkers);
  nx_file_filter_unref(walk->filter);
  g_clear_pointer(&walk->links, g_array_unref);
  g_clear_pointer(&walk->ours, g_array_unref);
  g_array_unref(walk->tasks);
  g_clear_error(&walk->error);
  g_mutex_clear(&walk->lock);
  g_cond_clear(&walk->changed);
  g_free(walk);
}

static gpointer walk_thread(gpointer data)
{
  Walker *walker = data;
  Walk *walk = walker->walk;
  walker->listing = g_malloc(LIST_BYTES);
  walker->names = g_string_new(NULL);
  Task task;
  for (gboolean finished_one = FALSE; take(walk, finished_one, &task); finished_one = TRUE)
    work_on(walker, &task);
  g_string_free(walker->names, TRUE);
  g_free(walker->listing);
  g_mutex_lock(&walk->lock);
  walk->running--;
  g_cond_broadcast(&walk->changed);
  g_mutex_unlock(&walk->lock);
  walk_unref(walk);
  return NULL;
}

static Walk *walk_new(const NxWalk *request, GPtrArray *starts, GArray *links)
{
  Walk *walk = g_new0(Walk, 1);
  walk->filter = nx_file_filter_ref(request->filter);
  walk->since = request->since;
  walk->n_walkers = request->threads;
  walk->walkers = g_new0(Walker, walk->n_walkers);
  walk->links = links ? g_array_ref(links) : NULL;
  walk->ours = request->ours ? g_array_ref(request->ours) : NULL;
  walk->tasks = g_array_new(FALSE, FALSE, sizeof(Task));
  walk->references = 1;
  g_mutex_init(&walk->lock);
  g_cond_init(&walk->changed);
  for (guint i = 0; i < starts->len; i++)
    push(walk, (Task){.folder = nx_folder_ref(g_ptr_array_index(starts, i))});
  return walk;
}

static gboolean start_thread(Walker *walker)
{
  g_autoptr(GError) problem = NULL;
  g_atomic_int_inc(&walker->walk->references);
  GThread *thread = g_thread_try_new("walk", walk_thread, walker, &problem);
  if (thread) {
    g_thread_unref(thread);
    return TRUE;
  }
  nx_log_info("a search with fewer threads: %s", problem->message);
  g_atomic_int_add(&walker->walk->references, -1);
  return FALSE;
}

/* As many as this machine allows; where it allows none, this thread walks. */
static void start_threads(Walk *walk)
{
  guint started = 0;
  walk->running = walk->n_walkers;
  for (guint i = 0; i < walk->n_walkers; i++) {
    Walker *walker = &walk->walkers[i];
    walker->walk = walk;
    walker->bag = (NxWalkBag){g_array_new(FALSE, FALSE, sizeof(NxWalkedFile)), g_string_new(NULL)};
  }
  while (started < walk->n_walkers && start_thread(&walk->walkers[started]))
    started++;
  g_mutex_lock(&walk->lock);
  walk->running -= walk->n_walkers - MAX(started, 1);
  g_mutex_unlock(&walk->lock);
  if (started > 0)
    return;
  g_atomic_int_inc(&walk->references);
  walk_thread(&walk->walkers[0]);
}

static guint count_answers(Walk *walk)
{
  guint count = 0;
  for (guint i = 0; i < walk->n_walkers; i++)
    count += __atomic_load_n(&walk->walkers[i].answers, __ATOMIC_RELAXED);
  return count;
}

/* TRUE once all threads are done; FALSE when there was no answer for too long, or none soon after a signal. */
static gboolean wait_for_threads(Walk *walk)
{
  gint64 patience = nx_patience_us(PATIENCE_SECONDS);
  gint64 answered = g_get_monotonic_time();
  guint answers = 0;
  g_mutex_lock(&walk->lock);
  while (walk->running > 0) {
    gint64 now = g_get_monotonic_time();
    guint count = count_answers(walk);
    answered = count != answers ? now : answered;
    answers = count;
    if (now - answered > (nx_interrupted() ? G_USEC_PER_SEC : patience))
      break;
    g_cond_wait_until(&walk->changed, &walk->lock, now + LOOK_MS * 1000);
  }
  gboolean done = walk->running == 0;
  g_mutex_unlock(&walk->lock);
  return done;
}

static gboolean give_up(Walk *walk, const NxFolder *start, GError **err)
{
  stop(walk, g_error_new(NX_ERROR, NX_ERROR_PLACE, "given up"));
  g_autofree char *path = nx_folder_path(start, NULL), *shown = nx_text_utf8(path, -1);
  if (nx_check_interrupted(err))
    g_set_error(err, NX_ERROR, NX_ERROR_PLACE, "folder %s does not answer; is its server there?", shown);
  return FALSE;
}

gboolean nx_walk_run(const NxWalk *request, GPtrArray *starts, GArray *bags, GArray *links, GError **err)
{
  Walk *walk = walk_new(request, starts, links);
  start_threads(walk);
  gboolean good = wait_for_threads(walk) || give_up(walk, g_ptr_array_index(starts, 0), err);
  if (good && walk->error) {
    g_propagate_error(err, g_steal_pointer(&walk->error));
    good = FALSE;
  }
  for (guint i = 0; good && i < walk->n_walkers; i++) {
    g_array_append_val(bags, walk->walkers[i].bag);
    walk->walkers[i].bag = (NxWalkBag){NULL, NULL};
  }
  walk_unref(walk);
  return good;
}
