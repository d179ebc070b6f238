/* ours.c — the folders of NexusLIMS itself, which may lie in an instrument's. */
#include "walk.h"

#include <stdlib.h>
#include <sys/stat.h>

static void clear_folder(gpointer data)
{
  g_free(((NxOurFolder *)data)->name);
}

GArray *nx_our_folders(const char *const *paths, gsize n)
{
  GArray *ours = g_array_new(FALSE, FALSE, sizeof(NxOurFolder));
  g_array_set_clear_func(ours, clear_folder);
  for (gsize i = 0; i < n; i++) {
    struct stat status;
    g_autofree char *resolved = paths[i] ? realpath(paths[i], NULL) : NULL;
    if (!resolved || stat(resolved, &status) != 0)
      continue;
    NxOurFolder folder = {.name = g_path_get_basename(resolved), .device = status.st_dev, .inode = status.st_ino};
    g_array_append_val(ours, folder);
  }
  return ours;
}
