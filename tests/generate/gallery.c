/* gallery.c — draws every kind of preview and a page that shows them beside each other.
 * gallery FOLDER [FILE…]: writes FOLDER/gallery.html and FOLDER/gallery/NAME.png; the signals of data files that are named come behind the synthetic ones. */
#include "preview/nx-preview.h"
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

typedef struct {
  const char *folder;
  GString *page;
} Gallery;

static gboolean add(Gallery *gallery, const char *name, const char *description, const NxInput *in, const NxSignal *signal, guint index,
                    guint count, GError **err)
{
  const gint64 start = g_get_monotonic_time();
  g_autoptr(GBytes) png = nx_preview_png(in, signal, index, count, err);
  const double milliseconds = (double)(g_get_monotonic_time() - start) / 1e3;
  if (!png)
    return FALSE;
  g_autofree char *file = g_strdup_printf("%s.png", name);
  g_autofree char *path = g_build_filename(gallery->folder, "gallery", file, NULL);
  gsize size;
  const void *data = g_bytes_get_data(png, &size);
  g_autofree char *words = g_markup_escape_text(description, -1), *link = nx_text_percent_encode(file, "");
  g_string_append_printf(gallery->page,
                         "<figure><img src=\"gallery/%s\" width=\"500\" height=\"500\" alt=\"\">"
                         "<figcaption>%s <small>%.1f ms, %u kB</small></figcaption></figure>\n",
                         link, words, milliseconds, (guint)(size / 1024));
  return nx_file_write_fast(path, data, size, 0644, err);
}

static gboolean add_synthetic(Gallery *gallery, GError **err)
{
  for (const NxSyntheticSignal *row = nx_synthetic_signals; row->name; row++) {
    g_autoptr(NxSignal) signal = row->make();
    const NxInput in = { .name = "synthetic.dm4", .fd = -1 };
    if (!add(gallery, row->name, row->description, &in, signal, 0, 1, err))
      return FALSE;
  }
  return TRUE;
}

/* Every signal that the file's format finds in it. */
static gboolean add_signals(Gallery *gallery, const NxInput *in, GError **err)
{
  g_autoptr(GPtrArray) signals = g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free);
  if (!nx_format_for(in)->read(in, signals, err))
    return FALSE;
  for (guint i = 0; i < signals->len; i++) {
    const NxSignal *signal = signals->pdata[i];
    g_autofree char *name = g_strdup_printf("%s_signal%u", in->name, i);
    if (signal->view != NX_VIEW_NONE && !add(gallery, name, in->name, in, signal, i, signals->len, err))
      return FALSE;
  }
  return TRUE;
}

static gboolean add_file(Gallery *gallery, const char *path, GError **err)
{
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  g_autoptr(NxBytes) bytes = fd >= 0 ? nx_bytes_from_fd(fd, err) : NULL;
  g_autofree char *name = g_path_get_basename(path);
  const NxInput in = { .path = path, .name = name, .fd = fd, .bytes = bytes };
  const gboolean added = bytes && add_signals(gallery, &in, err);
  if (fd >= 0)
    close(fd);
  else
    nx_error_from_errno(err, errno, "open", path);
  return added;
}

static gboolean make(const char *folder, char **paths, GError **err)
{
  g_autoptr(GString) page = g_string_new("<!doctype html><meta charset=\"utf-8\"><title>Previews</title>\n<style>body{background:#dde;font:14px sans-serif}"
                                         "figure{display:inline-block;margin:8px}img{background:#bbc;border:1px solid #99a}</style>\n");
  Gallery gallery = { folder, page };
  if (!add_synthetic(&gallery, err))
    return FALSE;
  for (; *paths; paths++) {
    if (!add_file(&gallery, *paths, err))
      return FALSE;
  }
  g_autofree char *html = g_build_filename(folder, "gallery.html", NULL);
  return nx_file_write_fast(html, page->str, page->len, 0644, err);
}

int main(int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  if (argc < 2) {
    fprintf(stderr, "usage: gallery FOLDER [FILE…]\n");
    return 2;
  }
  nx_log_start("gallery", 0);
  nx_preview_warm_up();
  return make(argv[1], argv + 2, &error) ? 0 : nx_fail(error);
}
