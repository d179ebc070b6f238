/* index.c — the files of one walk, kept so that every session of the instrument can be answered from it. */
#include "walk.h"

#include <string.h>

struct NxFileIndex {
  GArray *bags;     /* of NxWalkBag */
  guint selections; /* so far; from the second on the files of each bag are in the order of time */
};

void nx_file_index_free(NxFileIndex *index)
{
  if (!index)
    return;
  g_array_unref(index->bags);
  g_free(index);
}

static void clear_link(gpointer data)
{
  g_free(((NxWalkLink *)data)->path);
}

static gint by_target_then_path(gconstpointer a, gconstpointer b)
{
  const NxWalkLink *first = a, *second = b;
  if (first->device != second->device)
    return first->device < second->device ? -1 : 1;
  if (first->inode != second->inode)
    return first->inode < second->inode ? -1 : 1;
  return strcmp(first->path, second->path);
}

/* Of several links to one folder the first path in byte order is the one whose files are named. */
static GPtrArray *starts_of_links(GArray *links)
{
  GPtrArray *starts = g_ptr_array_new_with_free_func((GDestroyNotify)nx_folder_unref);
  g_array_sort(links, by_target_then_path);
  for (guint i = 0; i < links->len; i++) {
    const NxWalkLink *link = &g_array_index(links, NxWalkLink, i), *before = i > 0 ? link - 1 : NULL;
    if (!before || before->device != link->device || before->inode != link->inode)
      g_ptr_array_add(starts, nx_folder_start(link->path, TRUE));
  }
  return starts;
}

NxFileIndex *nx_file_index_new(const char *root, const NxWalk *walk, GError **err)
{
  g_autoptr(NxFileIndex) index = g_new0(NxFileIndex, 1);
  index->bags = g_array_new(FALSE, FALSE, sizeof(NxWalkBag));
  g_array_set_clear_func(index->bags, nx_walk_bag_clear);
  g_autoptr(GPtrArray) starts = g_ptr_array_new_with_free_func((GDestroyNotify)nx_folder_unref);
  g_ptr_array_add(starts, nx_folder_start(root, FALSE));
  g_autoptr(GArray) links = g_array_new(FALSE, FALSE, sizeof(NxWalkLink));
  g_array_set_clear_func(links, clear_link);
  if (!nx_walk_run(walk, starts, index->bags, links, err))
    return NULL;
  g_autoptr(GPtrArray) linked = starts_of_links(links);
  if (linked->len > 0 && !nx_walk_run(walk, linked, index->bags, NULL, err))
    return NULL;
  return g_steal_pointer(&index);
}

/* -------------------------------------------------------------------------------------------------------- selection */

typedef struct {
  NxFoundFile found;
  const NxWalkedFile *walked;
} Candidate;

static gint by_time_then_path(gconstpointer a, gconstpointer b)
{
  const Candidate *first = a, *second = b;
  if (first->found.mtime != second->found.mtime)
    return first->found.mtime < second->found.mtime ? -1 : 1;
  return strcmp(first->found.path, second->found.path);
}

/* Time and size are part of it because some network file systems make up inode numbers, and make some up twice. */
static guint hash_file(gconstpointer key)
{
  const NxWalkedFile *file = key;
  guint64 mixed = (guint64)file->inode ^ ((guint64)file->mtime_ns * 0x9E3779B97F4A7C15u) ^ (file->size << 1);
  return (guint)(mixed ^ (mixed >> 32));
}

static gboolean same_file(gconstpointer a, gconstpointer b)
{
  const NxWalkedFile *first = a, *second = b;
  return first->device == second->device && first->inode == second->inode && first->mtime_ns == second->mtime_ns &&
         first->size == second->size;
}

static gint by_time(gconstpointer a, gconstpointer b)
{
  gint64 first = ((const NxWalkedFile *)a)->mtime_ns, second = ((const NxWalkedFile *)b)->mtime_ns;
  return (first > second) - (first < second);
}

/* One session is answered by looking at every file; many are worth putting them in order first. */
static void prepare_selection(NxFileIndex *index)
{
  if (++index->selections == 2)
    for (guint b = 0; b < index->bags->len; b++)
      g_array_sort(g_array_index(index->bags, NxWalkBag, b).files, by_time);
}

/* The first file modified after `start`, when they are in order; else simply the first. */
static guint first_after(const NxFileIndex *index, const GArray *files, gint64 start)
{
  guint low = 0, high = index->selections > 1 ? files->len : 0;
  while (low < high) {
    guint middle = low + (high - low) / 2;
    if (g_array_index(files, NxWalkedFile, middle).mtime_ns <= start)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static GArray *candidates_between(const NxFileIndex *index, gint64 start, gint64 end)
{
  GArray *candidates = g_array_new(FALSE, FALSE, sizeof(Candidate));
  for (guint b = 0; b < index->bags->len; b++) {
    const NxWalkBag *bag = &g_array_index(index->bags, NxWalkBag, b);
    for (guint i = first_after(index, bag->files, start); i < bag->files->len; i++) {
      const NxWalkedFile *file = &g_array_index(bag->files, NxWalkedFile, i);
      if (file->mtime_ns > end && index->selections > 1)
        break;
      if (file->mtime_ns <= start || file->mtime_ns > end)
        continue;
      gint64 seconds = file->mtime_ns / 1000000000, rest = file->mtime_ns % 1000000000;
      if (rest < 0) { /* before 1970: stat counts the nanoseconds upwards */
        seconds--;
        rest += 1000000000;
      }
      Candidate candidate = {
          {nx_folder_path(file->folder, bag->names->str + file->name), (double)seconds + 1e-9 * (double)rest, file->size}, file};
      g_array_append_val(candidates, candidate);
    }
  }
  g_array_sort(candidates, by_time_then_path);
  return candidates;
}

static void clear_found(gpointer data)
{
  g_free(((NxFoundFile *)data)->path);
}

GArray *nx_file_index_select(NxFileIndex *index, gint64 start, gint64 end)
{
  prepare_selection(index);
  g_autoptr(GArray) candidates = candidates_between(index, start, end);
  g_autoptr(GHashTable) seen = g_hash_table_new(hash_file, same_file);
  GArray *files = g_array_sized_new(FALSE, FALSE, sizeof(NxFoundFile), candidates->len);
  g_array_set_clear_func(files, clear_found);
  for (guint i = 0; i < candidates->len; i++) {
    Candidate *candidate = &g_array_index(candidates, Candidate, i);
    if (g_hash_table_add(seen, (gpointer)candidate->walked))
      g_array_append_val(files, candidate->found);
    else
      g_free(candidate->found.path);
  }
  return files;
}
