/* bench-bare.c — the bare limit of a preview: reads paths on standard input and only decodes, scales and encodes each file in this one process. No
 * sandbox, no metadata, nothing is written. scripts/bench puts nx-extract beside it. */
#include "dm-image.h"
#include "preview/kinds.h"
#include "preview/nx-preview.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static gsize preview_of_dm(const NxInput *in)
{
  g_autoptr(DmTree) tree = dm_tree_read(in->bytes, in->name, NULL);
  g_autoptr(GPtrArray) images = tree ? dm_images(tree, in->name, NULL) : NULL;
  gsize size = 0;
  for (guint i = 0; images && i < images->len; i++) {
    DmImage *image = images->pdata[i];
    NxSignal signal = { .view = image->can_be_drawn ? NX_VIEW_ARRAY : NX_VIEW_PLACEHOLDER, .array = image->array };
    g_autoptr(GBytes) png = nx_preview_png(in, &signal, i, images->len, NULL);
    size += png ? g_bytes_get_size(png) : 0;
  }
  return size;
}

static gsize preview_of_picture(const NxInput *in)
{
  g_autoptr(GBytes) png = nx_picture_png(in->bytes, NULL);
  return png ? g_bytes_get_size(png) : 0;
}

static gsize preview_of(const char *path)
{
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  g_autoptr(NxBytes) bytes = fd < 0 ? NULL : nx_bytes_from_fd(fd, NULL);
  const char *name = strrchr(path, '/');
  const NxInput in = { .path = path, .name = name ? name + 1 : path, .fd = fd, .bytes = bytes };
  const gboolean is_dm = g_str_has_suffix(path, ".dm3") || g_str_has_suffix(path, ".dm4");
  const gsize size = !bytes ? 0 : is_dm ? preview_of_dm(&in) : preview_of_picture(&in);
  if (fd >= 0)
    close(fd);
  return size;
}

int main(void)
{
  char path[4096];
  gsize total = 0, files = 0;
  nx_preview_warm_up();
  while (fgets(path, sizeof path, stdin)) {
    path[strcspn(path, "\n")] = '\0';
    const gsize size = preview_of(path);
    total += size;
    files += size > 0;
  }
  printf("%" G_GSIZE_FORMAT " files with previews of %" G_GSIZE_FORMAT " bytes\n", files, total);
  return 0;
}
