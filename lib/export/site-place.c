/* site-place.c — how a page takes its place in the catalogue. From the making of a page to its entry in the list there is records/.unfinished/NAME,
 * which holds the page that is made as `new` and, where two folders cannot be exchanged in one step, the page that it replaces as `old`. So whoever
 * has the lock next knows without looking at all records what a killed run left, and brings it to its end.
 * A page is there whole or as it was before. Only on a file system that cannot exchange folders it is away for a moment, between two renames, and
 * when that is the moment of the kill, until the next run. */
#include "site.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LOCK_PERIOD_MAX_MS 64
#define ENTRY_LIMIT (16u * 1024 * 1024)

/* ------------------------------------------------------------------------------------------------------------------ lock */

/* A worker of several takes no signals: it looks every moment whether the program is to end, more seldom the longer it waits. FALSE with errno. */
static gboolean wait_for_lock(int fd)
{
  int locked = flock(fd, LOCK_EX | LOCK_NB);
  for (guint wait = 1; locked < 0 && (errno == EINTR || errno == EWOULDBLOCK); wait = MIN(2 * wait, LOCK_PERIOD_MAX_MS)) {
    if (nx_interrupted()) {
      errno = EINTR;
      return FALSE;
    }
    g_usleep(wait * 1000);
    locked = flock(fd, LOCK_EX | LOCK_NB);
  }
  return locked == 0;
}

int nx_site_lock(const char *site, GError **err)
{
  g_autofree char *path = g_build_filename(site, ".lock", NULL);
  for (;;) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    gboolean locked = fd >= 0 && wait_for_lock(fd);
    if (locked && nx_file_is_still_at(fd, path))
      return fd;
    if (!locked)
      nx_error_from_errno(err, errno, "lock the catalogue with", path);
    if (fd >= 0)
      close(fd);
    if (!locked)
      return -1;
  }
}

/* --------------------------------------------------------------------------------------------------------------- folders */

static int remove_entry(const char *path, const struct stat *about, int kind, struct FTW *where)
{
  (void)about, (void)kind, (void)where;
  return remove(path);
}

static void remove_tree(const char *path)
{
  nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

void nx_site_page_init(NxSitePage *page, const char *site, const char *name)
{
  page->site = g_strdup(site);
  page->unfinished = g_build_filename(site, "records", ".unfinished", NULL);
  page->mark = g_build_filename(page->unfinished, name, NULL);
  page->place = g_build_filename(site, "records", name, NULL);
  page->new_folder = g_build_filename(page->mark, "new", NULL);
  page->old_folder = g_build_filename(page->mark, "old", NULL);
}

void nx_site_page_clear(NxSitePage *page)
{
  g_free(page->site);
  g_free(page->unfinished);
  g_free(page->mark);
  g_free(page->place);
  g_free(page->new_folder);
  g_free(page->old_folder);
}

static void remove_mark(const NxSitePage *page)
{
  remove_tree(page->mark);
  rmdir(page->unfinished);
}

gboolean nx_site_is_page_name(const char *name)
{
  return *name != '\0' && *name != '.' && !strchr(name, '/');
}

/* A page that was moved aside and not replaced comes back. */
static gboolean put_back(const NxSitePage *page)
{
  return access(page->place, F_OK) == 0 || rename(page->old_folder, page->place) == 0 || errno == ENOENT;
}

/* The new page in the place of the old one. */
static gboolean take_place(const NxSitePage *page, GError **err)
{
  if (renameat2(AT_FDCWD, page->new_folder, AT_FDCWD, page->place, RENAME_EXCHANGE) == 0)
    return TRUE;
  gboolean is_free = errno == ENOENT;
  if (errno == EINVAL) /* a file system that cannot exchange */
    is_free = rename(page->place, page->old_folder) == 0 || errno == ENOENT;
  return (is_free && rename(page->new_folder, page->place) == 0) || nx_error_from_errno(err, errno, "put the page at", page->place);
}

/* ------------------------------------------------------------------------------------------------------------- one page */

gboolean nx_site_page_finish(const NxSitePage *page, json_object *entry, GError **err)
{
  g_autofree char *records = g_path_get_dirname(page->place);
  if (!take_place(page, err)) {
    nx_site_page_abandon(page);
    return FALSE;
  }
  if (nx_folder_sync(records, err) && nx_site_index_add(page->site, entry, err)) {
    remove_mark(page);
    return TRUE;
  }
  remove_tree(page->new_folder);
  remove_tree(page->old_folder);
  return FALSE;
}

void nx_site_page_abandon(const NxSitePage *page)
{
  if (put_back(page))
    remove_mark(page);
}

/* The list gets the entry of the page that is there, which is the old one or the new one. */
static gboolean mend(const NxSitePage *page, GError **err)
{
  g_autoptr(GError) problem = NULL;
  g_autofree char *path = g_build_filename(page->place, "entry.json", NULL);
  if (!put_back(page))
    return nx_error_from_errno(err, errno, "put the page back at", page->place);
  g_autoptr(json_object) entry = nx_json_read_file(path, ENTRY_LIMIT, &problem);
  if (g_error_matches(problem, NX_ERROR, NX_ERROR_PLACE)) {
    g_propagate_error(err, g_steal_pointer(&problem));
    return FALSE;
  }
  if (entry && !nx_site_index_add(page->site, entry, err))
    return FALSE;
  remove_mark(page);
  return TRUE;
}

gboolean nx_site_mend(const char *site, GError **err)
{
  g_autofree char *unfinished = g_build_filename(site, "records", ".unfinished", NULL);
  g_autoptr(GDir) dir = g_dir_open(unfinished, 0, NULL);
  for (const char *name = dir ? g_dir_read_name(dir) : NULL; name; name = g_dir_read_name(dir)) {
    g_auto(NxSitePage) page = {0};
    nx_site_page_init(&page, site, name);
    if (!mend(&page, err))
      return FALSE;
  }
  return TRUE;
}

/* Killed in the middle, the page comes back by nx_site_mend. */
gboolean nx_site_withdraw(const char *site, const char *name, GError **err)
{
  g_auto(NxSitePage) page = {0};
  nx_site_page_init(&page, site, name);
  if (!nx_site_is_page_name(name) || access(page.place, F_OK) != 0)
    return TRUE;
  if (!nx_folder_make(page.mark, err))
    return FALSE;
  gboolean moved = rename(page.place, page.old_folder) == 0 || nx_error_from_errno(err, errno, "take away the page", page.place);
  if (moved && nx_site_index_remove(site, name, err)) {
    remove_mark(&page);
    return TRUE;
  }
  nx_site_page_abandon(&page);
  return FALSE;
}
