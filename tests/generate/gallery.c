/* gallery.c — draws every kind of preview and a page that shows them beside each other.
 * gallery FOLDER [FILE…]: writes FOLDER/gallery.html and FOLDER/gallery/NAME.png; the signals of data files that are named come behind the synthetic ones. */
#include "preview/nx-preview.h"
#include "preview/tofwerk.h"
#include "signals.h"
#include "tofwerk-ions.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

typedef struct {
  const char *folder;
  GString *page;
} Gallery;

static gboolean put(Gallery *gallery, const char *name, const char *description, GBytes *png, double milliseconds, GError **err)
{
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

static gboolean add(Gallery *gallery, const char *name, const char *description, const NxInput *in, const NxSignal *signal, guint index,
                    guint count, GError **err)
{
  const gint64 start = g_get_monotonic_time();
  g_autoptr(GBytes) png = nx_preview_png(in, signal, index, count, err);
  return png && put(gallery, name, description, png, (double)(g_get_monotonic_time() - start) / 1e3, err);
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

/* -------------------------------------------------------------------------------------------------- pages and pictures */

static gboolean add_bytes(Gallery *gallery, const char *name, const char *description, NxViewKind view, const void *data, gsize size,
                          GError **err)
{
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(data, size);
  const NxInput in = { .name = name, .fd = -1, .bytes = bytes };
  const NxSignal signal = { .view = view };
  return add(gallery, name, description, &in, &signal, 0, 1, err);
}

static gboolean add_page(Gallery *gallery, GError **err)
{
  static const char NOTES[] = "Session of 12 March, Titan\n\nGatan camera at 1.5 \xc3\x85 resolution, spot 5, C2 aperture 70 \xc2\xb5m.\n"
                              "The second grain was tilted by 12\xc2\xb0; everything after image 0042 has been taken with the other holder.\n\n"
                              "Region\tTilt\tDose\nA\t0.0\t120\nB\t12.5\t80\n";
  return add_bytes(gallery, "text-page", "A page of text; a long line is wrapped", NX_VIEW_TEXT, NOTES, sizeof NOTES - 1, err);
}

/* A disc on nothing, wider than it is high. */
static gboolean add_picture(Gallery *gallery, GError **err)
{
  enum { WIDTH = 300, HEIGHT = 200 };
  g_autofree guint8 *rgba = g_malloc0(WIDTH * HEIGHT * 4);
  for (int y = 0; y < HEIGHT; y++) {
    for (int x = 0; x < WIDTH; x++) {
      guint8 *pixel = rgba + (y * WIDTH + x) * 4;
      pixel[0] = (guint8)(x * 255 / WIDTH);
      pixel[1] = (guint8)(y * 255 / HEIGHT);
      pixel[2] = 128;
      pixel[3] = hypot((x - 150) / 1.5, y - 100) < 95 ? 255 : 0;
    }
  }
  g_autoptr(GBytes) png = nx_png_encode(rgba, WIDTH, HEIGHT, WIDTH * 4, err);
  return png && add_bytes(gallery, "picture", "A picture as it is, transparent beside its disc", NX_VIEW_PICTURE,
                          g_bytes_get_data(png, NULL), g_bytes_get_size(png), err);
}

/* ----------------------------------------------------------------------------------------------------- fibTOF composite */

static NxMap make_map(guint width, guint height, double period)
{
  NxMap map = { g_new(double, width * height), width, height, width, height };
  for (guint i = 0; i < width * height; i++)
    map.values[i] = 100 + 90 * sin((double)(i % width) / period) * cos((double)(i / width) / period);
  return map;
}

static double *make_profile(guint n, double from, double step)
{
  double *values = g_new(double, n);
  for (guint i = 0; i < n; i++)
    values[i] = from + step * i;
  return values;
}

static void make_spectrum(NxTofwerkFigure *figure)
{
  static const double PEAKS[] = { 26.98, 47.95, 51.94, 55.93 };
  figure->n_channels = 2400;
  figure->masses = make_profile((guint)figure->n_channels, 1, 0.05);
  figure->sums = g_new(double, figure->n_channels);
  for (gsize i = 0; i < figure->n_channels; i++) {
    figure->sums[i] = 2 + sin((double)i);
    for (gsize k = 0; k < G_N_ELEMENTS(PEAKS); k++)
      figure->sums[i] += 2000.0 / (double)(k + 1) * exp(-pow((figure->masses[i] - PEAKS[k]) / 0.08, 2));
  }
}

static gboolean add_composite(Gallery *gallery, gboolean is_processed, GError **err)
{
  enum { WRITES = 12 };
  static const double MASSES[NX_TOFWERK_PEAKS] = { 47.95, 55.93, 51.94 };
  const gint64 start = g_get_monotonic_time();
  NxTofwerkFigure figure = { .is_processed = is_processed, .is_positive = TRUE, .n_layers = is_processed ? 5 : WRITES, .n_writes = WRITES,
                             .fib = make_map(256, 192, 12), .total = make_map(64, 64, 9), .ion_label = tofwerk_ion_label };
  figure.heading = g_strdup_printf("pFIB-ToF-SIMS Preview (%s)  |  AMBER X FIB, 30 kV, positive mode", is_processed ? "Processed" : "Raw");
  figure.subheading = g_strdup("12 depth slices, 64×64 px  |  01.03.2025 10:11:12");
  make_spectrum(&figure);
  if (!is_processed)
    figure.per_write = make_profile(WRITES, 1100, 12.5);
  for (; is_processed && figure.n_peaks < NX_TOFWERK_PEAKS; figure.n_peaks++) {
    figure.peaks[figure.n_peaks] = (NxTofwerkPeak){ tofwerk_ion_label(MASSES[figure.n_peaks], TRUE), MASSES[figure.n_peaks],
                                                    make_map(64, 64, 5.0 + 4 * figure.n_peaks), make_profile(WRITES, 3000 + 500 * figure.n_peaks, 20) };
  }
  g_autoptr(GBytes) png = nx_tofwerk_figure_png(&figure, err);
  nx_tofwerk_figure_clear(&figure);
  return png && put(gallery, is_processed ? "tofwerk-processed" : "tofwerk-raw",
                    is_processed ? "fibTOF with integrated peaks" : "fibTOF as it was recorded", png,
                    (double)(g_get_monotonic_time() - start) / 1e3, err);
}

static gboolean add_others(Gallery *gallery, GError **err)
{
  return add_page(gallery, err) && add_picture(gallery, err) && add_composite(gallery, FALSE, err) && add_composite(gallery, TRUE, err);
}

/* --------------------------------------------------------------------------------------------------------------- files */

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
  if (!add_synthetic(&gallery, err) || !add_others(&gallery, err))
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
