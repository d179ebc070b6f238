/* picture-write.c — see picture-write.h. Format facts of the FEI files: extractors-b 2.1 and 2.2. */
#include "picture-write.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <string.h>
#include <tiffio.h>

#define TAG_FEI_HELIOS 34682

#ifdef __SANITIZE_ADDRESS__
/* Fontconfig keeps its patterns by encoded offsets, which LeakSanitizer cannot follow: what it caches looks lost. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
  return "leak:libfontconfig.so\n";
}
#endif

/* ---------------------------------------------------------------------------------------------------------- grey levels */

static int compare_floats(gconstpointer a, gconstpointer b)
{
  float left = *(const float *)a, right = *(const float *)b;
  return (left > right) - (left < right);
}

/* The levels between which the operator set brightness and contrast: nearly all values lie between. */
static void find_levels(const Scene *scene, double *black, double *white)
{
  gsize n = scene->size[0] * scene->size[1], step = MAX(1, n / 20000), count = 0;
  g_autofree float *some = g_new(float, n / step + 1);
  for (gsize i = 0; i < n; i += step)
    some[count++] = scene->values[i];
  qsort(some, count, sizeof *some, compare_floats);
  *black = some[count / 200];
  *white = MAX(*black + 1, some[count - 1 - count / 200]);
}

static double level(double value, double black, double white)
{
  return CLAMP((value - black) / (white - black), 0, 1);
}

/* ------------------------------------------------------------------------------------------------------------ data bar */

static const char *section_text(json_object *sections, const char *section, const char *key)
{
  const char *text = nx_json_get_string(nx_json_get(sections, section), key);
  return text ? text : "";
}

static double section_number(json_object *sections, const char *section, const char *key)
{
  return g_ascii_strtod(section_text(sections, section, key), NULL);
}

/* The largest 1, 2 or 5 times a power of ten metres not above `limit`. */
static double round_length(double limit)
{
  double power = pow(10, floor(log10(limit)));
  return (limit >= 5 * power ? 5 : limit >= 2 * power ? 2 : 1) * power;
}

static char *length_text(double metres)
{
  if (metres < 0.9995e-6)
    return g_strdup_printf("%.4g nm", metres * 1e9);
  return metres < 0.9995e-3 ? g_strdup_printf("%.4g µm", metres * 1e6) : g_strdup_printf("%.4g mm", metres * 1e3);
}

/* Text whose baseline begins at x, y. */
static void show(cairo_t *cairo, double x, double y, const char *text, double size)
{
  g_autoptr(PangoLayout) layout = pango_cairo_create_layout(cairo);
  PangoFontDescription *font = pango_font_description_from_string("DejaVu Sans");
  pango_font_description_set_absolute_size(font, size * PANGO_SCALE);
  pango_layout_set_font_description(layout, font);
  pango_font_description_free(font);
  pango_layout_set_text(layout, text, -1);
  cairo_move_to(cairo, x, y - (double)pango_layout_get_baseline(layout) / PANGO_SCALE);
  pango_cairo_show_layout(cairo, layout);
}

/* The black bar below the picture: time, voltage, magnification, detector, distance, field width, and a scale bar. */
static cairo_surface_t *draw_data_bar(gsize width, gsize height, double field, json_object *sections)
{
  cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_A8, (int)width, (int)height);
  cairo_t *cairo = cairo_create(surface);
  const char *beam = section_text(sections, "Beam", "Beam");
  g_autofree char *voltage = g_strdup_printf("%.2f kV", section_number(sections, beam, "HV") / 1000);
  g_autofree char *distance = g_strdup_printf("%.1f mm", section_number(sections, beam, "WD") * 1000);
  g_autofree char *magnification = g_strdup_printf("%.0f x", 0.1276 / field), *hfw = length_text(field);
  double bar = round_length(field / 4), w = (double)width, h = (double)height;
  g_autofree char *bar_label = length_text(bar);
  const char *values[] = {section_text(sections, "User", "Time"), voltage, magnification, section_text(sections, "Detectors", "Name"), distance, hfw};
  static const char *const HEADS[] = {"time", "HV", "mag", "det", "WD", "HFW"};
  static const double COLUMNS[] = {0.012, 0.185, 0.300, 0.420, 0.500, 0.600};
  for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
    show(cairo, w * COLUMNS[i], h * 0.40, HEADS[i], h * 0.30);
    show(cairo, w * COLUMNS[i], h * 0.82, values[i], h * 0.30);
  }
  double length = bar / field * w, right = w * 0.985;
  cairo_rectangle(cairo, right - length, h * 0.24, length, h * 0.08);
  cairo_rectangle(cairo, right - length, h * 0.14, h * 0.05, h * 0.28);
  cairo_rectangle(cairo, right - h * 0.05, h * 0.14, h * 0.05, h * 0.28);
  cairo_fill(cairo);
  show(cairo, right - length, h * 0.84, bar_label, h * 0.30);
  cairo_destroy(cairo);
  cairo_surface_flush(surface);
  return surface;
}

/* ------------------------------------------------------------------------------------------------------------ metadata */

static void set_number(json_object *section, const char *key, double value)
{
  g_autofree char *text = g_strdup_printf("%g", value);
  nx_json_set_string(section, key, text);
}

/* The member object, made when it is not there. */
static json_object *member(json_object *parent, const char *key)
{
  if (!nx_json_get(parent, key))
    nx_json_set(parent, key, json_object_new_object());
  return nx_json_get(parent, key);
}

static void fill_in(json_object *sections, const Scene *scene, double metres_per_pixel, GDateTime *taken)
{
  double width = (double)scene->size[0], height = (double)scene->size[1];
  json_object *beam = member(sections, section_text(sections, "Beam", "Beam")), *scan = member(sections, section_text(sections, "Beam", "Scan"));
  json_object *image = member(sections, "Image"), *user = member(sections, "User");
  g_autofree char *date = g_date_time_format(taken, "%m/%d/%Y"), *time = g_date_time_format(taken, "%I:%M:%S %p");
  set_number(beam, "HFW", width * metres_per_pixel);
  set_number(beam, "VFW", height * metres_per_pixel);
  set_number(scan, "HorFieldsize", width * metres_per_pixel);
  set_number(scan, "VerFieldsize", height * metres_per_pixel);
  set_number(scan, "PixelWidth", metres_per_pixel);
  set_number(scan, "PixelHeight", metres_per_pixel);
  set_number(image, "ResolutionX", width);
  set_number(image, "ResolutionY", height);
  nx_json_set_string(user, "Date", date);
  nx_json_set_string(user, "Time", time);
}

static char *ini_text(json_object *sections)
{
  g_autoptr(GString) text = g_string_new(NULL);
  json_object_object_foreach(sections, name, section) {
    g_string_append_printf(text, "[%s]\r\n", name);
    json_object_object_foreach(section, key, value)
      g_string_append_printf(text, "%s=%s\r\n", key, json_object_get_string(value));
    g_string_append(text, "\r\n");
  }
  return g_strdup(text->str);
}

/* ---------------------------------------------------------------------------------------------------------------- TIFF */

static void know_fei_tag(TIFF *tiff)
{
  static const TIFFFieldInfo FEI[] = {{TAG_FEI_HELIOS, -1, -1, TIFF_ASCII, FIELD_CUSTOM, 1, 0, (char *)"FEIHelios"}};
  TIFFMergeFieldInfo(tiff, FEI, G_N_ELEMENTS(FEI));
}

static void set_tags(TIFF *tiff, gsize width, gsize height, guint bits, const char *metadata)
{
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, (guint32)width);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, (guint32)height);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, bits);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, (guint32)height);
  TIFFSetField(tiff, TAG_FEI_HELIOS, metadata);
}

static gboolean write_row(TIFF *tiff, gsize y, gsize width, guint bits, const double *levels)
{
  g_autofree guint8 *bytes = g_new(guint8, width);
  g_autofree guint16 *words = g_new(guint16, width);
  for (gsize x = 0; x < width; x++) {
    bytes[x] = (guint8)lround(255 * levels[x]);
    words[x] = (guint16)lround(65535 * levels[x]);
  }
  return TIFFWriteScanline(tiff, bits == 8 ? (void *)bytes : (void *)words, (guint32)y, 0) == 1;
}

static gboolean write_rows(TIFF *tiff, const Scene *scene, cairo_surface_t *bar, guint bits)
{
  gsize width = scene->size[0], bar_height = (gsize)cairo_image_surface_get_height(bar), stride = (gsize)cairo_image_surface_get_stride(bar);
  const guint8 *mask = cairo_image_surface_get_data(bar);
  g_autofree double *levels = g_new(double, width);
  double black, white;
  gboolean good = TRUE;
  find_levels(scene, &black, &white);
  for (gsize y = 0; good && y < scene->size[1] + bar_height; y++) {
    for (gsize x = 0; x < width; x++)
      levels[x] = y < scene->size[1] ? level(scene->values[y * width + x], black, white) : mask[(y - scene->size[1]) * stride + x] / 255.0;
    good = write_row(tiff, y, width, bits, levels);
  }
  return good;
}

gboolean fei_write(const char *path, const Scene *scene, guint bits, json_object *sections, GDateTime *taken, GError **err)
{
  double metres_per_pixel = scene->axis[0].scale * (strcmp(scene->axis[0].units, "nm") == 0 ? 1e-9 : 1e-6);
  fill_in(sections, scene, metres_per_pixel, taken);
  g_autofree char *metadata = ini_text(sections);
  gsize bar_height = scene->size[0] / 15;
  TIFF *tiff = TIFFOpen(path, "w");
  if (!tiff) {
    g_set_error(err, NX_ERROR, NX_ERROR_IO, "cannot write %s", path);
    return FALSE;
  }
  cairo_surface_t *bar = draw_data_bar(scene->size[0], bar_height, (double)scene->size[0] * metres_per_pixel, sections);
  know_fei_tag(tiff);
  set_tags(tiff, scene->size[0], scene->size[1] + bar_height, bits, metadata);
  gboolean good = write_rows(tiff, scene, bar, bits);
  TIFFClose(tiff);
  cairo_surface_destroy(bar);
  if (!good)
    g_set_error(err, NX_ERROR, NX_ERROR_IO, "cannot write %s", path);
  return good;
}

/* ------------------------------------------------------------------------------------------------------ plain pictures */

gboolean picture_write(const char *path, const Scene *scene, const char *type, GError **err)
{
  gsize width = scene->size[0], height = scene->size[1], plane = scene->is_colour ? width * height : 0;
  g_autoptr(GdkPixbuf) pixbuf = gdk_pixbuf_new(GDK_COLORSPACE_RGB, FALSE, 8, (int)width, (int)height);
  guchar *pixels = gdk_pixbuf_get_pixels(pixbuf);
  gsize stride = (gsize)gdk_pixbuf_get_rowstride(pixbuf);
  double black = 0, white = 255;
  if (!scene->is_colour)
    find_levels(scene, &black, &white);
  for (gsize y = 0; y < height; y++)
    for (gsize x = 0; x < width; x++)
      for (gsize channel = 0; channel < 3; channel++)
        pixels[y * stride + 3 * x + channel] = (guchar)lround(255 * level(scene->values[channel * plane + y * width + x], black, white));
  return gdk_pixbuf_save(pixbuf, path, type, err, NULL);
}
