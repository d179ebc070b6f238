/* draw.c — the canvas of a preview and the text on it.
 * Fonts are DejaVu (package fonts-dejavu-core). Font fallback is off: a character the face lacks is shown as its box, on every machine alike, and
 * a sandboxed child never looks for another font file. */
#include "draw.h"

#include "simd.h"
#include "wrap.h"

#define SIDE NX_PREVIEW_SIZE
/* Matplotlib's 10 pt and 12 pt at 92 dpi on a figure 6.4 in wide, brought to 500 pixels, are 10.8 px and 13.0 px (extractors-b 12.5). */
static const struct {
  const char *family;
  double pixels;
  PangoWeight weight;
  PangoStyle style;
} FONTS[NX_N_FONTS] = {
  [NX_FONT_TITLE] = { "DejaVu Sans", 13.5, PANGO_WEIGHT_NORMAL, PANGO_STYLE_NORMAL },
  [NX_FONT_TITLE_BOLD] = { "DejaVu Sans", 13.5, PANGO_WEIGHT_BOLD, PANGO_STYLE_NORMAL },
  [NX_FONT_LABEL] = { "DejaVu Sans", 12.5, PANGO_WEIGHT_NORMAL, PANGO_STYLE_NORMAL },
  [NX_FONT_TICK] = { "DejaVu Sans", 11.5, PANGO_WEIGHT_NORMAL, PANGO_STYLE_NORMAL },
  [NX_FONT_BAR] = { "DejaVu Sans", 15.0, PANGO_WEIGHT_BOLD, PANGO_STYLE_NORMAL },
  [NX_FONT_BAR_SMALL] = { "DejaVu Sans", 11.0, PANGO_WEIGHT_BOLD, PANGO_STYLE_NORMAL },
  [NX_FONT_CARD_BOLD] = { "DejaVu Sans", 13.5, PANGO_WEIGHT_BOLD, PANGO_STYLE_NORMAL },
  [NX_FONT_CARD] = { "DejaVu Sans", 13.0, PANGO_WEIGHT_NORMAL, PANGO_STYLE_NORMAL },
  [NX_FONT_CARD_ITALIC] = { "DejaVu Sans", 13.0, PANGO_WEIGHT_NORMAL, PANGO_STYLE_OBLIQUE },
  [NX_FONT_TABLE] = { "DejaVu Sans Mono", 12.0, PANGO_WEIGHT_NORMAL, PANGO_STYLE_NORMAL },
  [NX_FONT_PAGE] = { "DejaVu Sans Mono", 12.0 * 100.0 / 72.0, PANGO_WEIGHT_NORMAL, PANGO_STYLE_NORMAL },
  [NX_FONT_APOLOGY] = { "DejaVu Sans", 21.0, PANGO_WEIGHT_NORMAL, PANGO_STYLE_NORMAL },
  [NX_FONT_SMALL] = { "DejaVu Sans", 9.0, PANGO_WEIGHT_NORMAL, PANGO_STYLE_NORMAL },
};

#define LAYOUTS_MAX 64
#define TITLE_COLUMNS 60
#define TITLE_LINES_MAX 3
#define TITLE_GAP 5.0

#ifdef __SANITIZE_ADDRESS__
/* Fontconfig keeps its patterns by encoded offsets, which LeakSanitizer cannot follow: what it caches looks lost. libjq 1.6 keeps a little memory for
 * each number it has read. A program has room for one such list, and every program that reads files links this one. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
  return "leak:libfontconfig.so\nleak:libjq\n";
}
#endif

NxCanvas *nx_canvas_new(void)
{
  NxCanvas *canvas = g_new0(NxCanvas, 1);
  canvas->surface = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, SIDE, SIDE);
  canvas->cairo = cairo_create(canvas->surface);
  cairo_set_antialias(canvas->cairo, CAIRO_ANTIALIAS_FAST); /* of shapes, not of text: nobody sees more than its sixteen levels at an edge */
  canvas->pango = pango_cairo_create_context(canvas->cairo);
  cairo_font_options_t *options = cairo_font_options_create();
  cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
  cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_SLIGHT);
  cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
  pango_cairo_context_set_font_options(canvas->pango, options);
  pango_context_set_round_glyph_positions(canvas->pango, FALSE);
  cairo_font_options_destroy(options);
  canvas->layouts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_object_unref);
  return canvas;
}

void nx_canvas_free(NxCanvas *canvas)
{
  if (!canvas)
    return;
  g_hash_table_unref(canvas->layouts);
  g_object_unref(canvas->pango);
  cairo_destroy(canvas->cairo);
  cairo_surface_destroy(canvas->surface);
  g_free(canvas);
}

/* ------------------------------------------------------------------------------------------------------------- pixels */

static guint8 straight(guint32 premultiplied, guint32 alpha)
{
  return (guint8)MIN((premultiplied * 255u + alpha / 2u) / alpha, 255u);
}

/* Cairo's premultiplied words → RGBA bytes, in their place. */
static void unpack_row(guint32 *row)
{
  for (guint x = 0; x < SIDE; x++) {
    const guint32 word = row[x], alpha = word >> 24, red = word >> 16 & 0xff, green = word >> 8 & 0xff, blue = word & 0xff;
    const gboolean plain = alpha == 255 || alpha == 0;
    guint8 *to = (guint8 *)(row + x);
    to[0] = plain ? (guint8)red : straight(red, alpha);
    to[1] = plain ? (guint8)green : straight(green, alpha);
    to[2] = plain ? (guint8)blue : straight(blue, alpha);
    to[3] = (guint8)alpha;
  }
}

NX_HOT static gboolean is_plain(const guint32 *row)
{
  guint32 between = 0;
  for (guint x = 0; x < SIDE; x++)
    between |= ((row[x] >> 24) + 1) & 0xfe; /* alpha that is neither 0 nor 255 */
  return between == 0;
}

/* A row without translucent pixels. */
NX_HOT static void unpack_plain_row(guint32 *row)
{
  for (guint x = 0; x < SIDE; x++)
    row[x] = GUINT32_TO_LE((row[x] & 0xff00ff00u) | (row[x] >> 16 & 0xffu) | (row[x] & 0xffu) << 16);
}

GBytes *nx_canvas_png(NxCanvas *canvas, GError **err)
{
  cairo_surface_flush(canvas->surface);
  const cairo_status_t status = cairo_status(canvas->cairo);
  if (status != CAIRO_STATUS_SUCCESS) {
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "the preview could not be drawn: %s", cairo_status_to_string(status));
    return NULL;
  }
  guint8 *pixels = cairo_image_surface_get_data(canvas->surface);
  const gsize stride = (gsize)cairo_image_surface_get_stride(canvas->surface);
  for (gsize y = 0; y < SIDE; y++) {
    guint32 *row = (guint32 *)(void *)(pixels + y * stride);
    if (is_plain(row))
      unpack_plain_row(row);
    else
      unpack_row(row);
  }
  return nx_png_encode(pixels, SIDE, SIDE, stride, err);
}

void nx_canvas_colour(NxCanvas *canvas, guint32 rgb)
{
  cairo_set_source_rgb(canvas->cairo, (rgb >> 16) / 255.0, (rgb >> 8 & 0xff) / 255.0, (rgb & 0xff) / 255.0);
}

void nx_canvas_fill(NxCanvas *canvas, double x, double y, double width, double height, guint32 rgb)
{
  nx_canvas_colour(canvas, rgb);
  cairo_rectangle(canvas->cairo, x, y, width, height);
  cairo_fill(canvas->cairo);
}

/* --------------------------------------------------------------------------------------------------------------- text */

/* Borrowed, made once. */
static const PangoFontDescription *font_description(NxFont font)
{
  static PangoFontDescription *descriptions[NX_N_FONTS];
  if (!descriptions[font]) {
    PangoFontDescription *description = pango_font_description_new();
    pango_font_description_set_family_static(description, FONTS[font].family);
    pango_font_description_set_absolute_size(description, FONTS[font].pixels * PANGO_SCALE);
    pango_font_description_set_weight(description, FONTS[font].weight);
    pango_font_description_set_style(description, FONTS[font].style);
    descriptions[font] = description;
  }
  return descriptions[font];
}

static PangoLayout *layout_new(NxCanvas *canvas, NxFont font, const char *text)
{
  PangoLayout *layout = pango_layout_new(canvas->pango);
  pango_layout_set_font_description(layout, font_description(font));
  pango_layout_set_single_paragraph_mode(layout, TRUE);
  pango_layout_set_auto_dir(layout, FALSE);
  PangoAttrList *attributes = pango_attr_list_new();
  pango_attr_list_insert(attributes, pango_attr_fallback_new(FALSE));
  pango_layout_set_attributes(layout, attributes);
  pango_attr_list_unref(attributes);
  g_autofree char *valid = nx_text_utf8(text, -1);
  pango_layout_set_text(layout, valid, -1);
  return layout;
}

/* Borrowed until the next is asked for. Most text is measured once or twice before it is drawn. */
static PangoLayout *layout_of(NxCanvas *canvas, NxFont font, const char *text)
{
  g_autofree char *key = g_strdup_printf("%d %s", (int)font, text);
  PangoLayout *layout = g_hash_table_lookup(canvas->layouts, key);
  if (layout)
    return layout;
  if (g_hash_table_size(canvas->layouts) == LAYOUTS_MAX)
    g_hash_table_remove_all(canvas->layouts);
  layout = layout_new(canvas, font, text);
  g_hash_table_insert(canvas->layouts, g_steal_pointer(&key), layout);
  return layout;
}

static void layout_size(PangoLayout *layout, double *width, double *height)
{
  int w, h;
  pango_layout_get_size(layout, &w, &h);
  *width = (double)w / PANGO_SCALE;
  *height = (double)h / PANGO_SCALE;
}

void nx_canvas_text(NxCanvas *canvas, NxFont font, double x, double y, double across, double down, const char *text)
{
  PangoLayout *layout = layout_of(canvas, font, text);
  double width, height;
  layout_size(layout, &width, &height);
  cairo_move_to(canvas->cairo, x - across * width, y - down * height);
  pango_cairo_show_layout(canvas->cairo, layout);
}

void nx_canvas_text_upright(NxCanvas *canvas, NxFont font, double x, double y, double across, double down, const char *text)
{
  cairo_save(canvas->cairo);
  cairo_translate(canvas->cairo, x, y);
  cairo_rotate(canvas->cairo, -G_PI / 2);
  nx_canvas_text(canvas, font, 0, 0, across, down, text);
  cairo_restore(canvas->cairo);
}

static gboolean is_light(cairo_pattern_t *colour)
{
  double red = 1, green = 1, blue = 1;
  cairo_pattern_get_rgba(colour, &red, &green, &blue, NULL);
  return 0.299 * red + 0.587 * green + 0.114 * blue > 0.25;
}

void nx_canvas_text_edged(NxCanvas *canvas, NxFont font, double x, double y, double across, double down, const char *text)
{
  PangoLayout *layout = layout_of(canvas, font, text);
  cairo_pattern_t *colour = cairo_pattern_reference(cairo_get_source(canvas->cairo));
  const double edge = is_light(colour) ? 0 : 1;
  double width, height;
  layout_size(layout, &width, &height);
  cairo_save(canvas->cairo);
  cairo_move_to(canvas->cairo, x - across * width, y - down * height);
  pango_cairo_layout_path(canvas->cairo, layout);
  cairo_set_source_rgba(canvas->cairo, edge, edge, edge, 0.9);
  cairo_set_line_width(canvas->cairo, 2.8);
  cairo_set_line_join(canvas->cairo, CAIRO_LINE_JOIN_ROUND);
  cairo_set_dash(canvas->cairo, NULL, 0, 0);
  cairo_stroke_preserve(canvas->cairo);
  cairo_set_source(canvas->cairo, colour);
  cairo_fill(canvas->cairo);
  cairo_restore(canvas->cairo);
  cairo_pattern_destroy(colour);
}

double nx_canvas_text_width(NxCanvas *canvas, NxFont font, const char *text)
{
  PangoLayout *layout = layout_of(canvas, font, text);
  double width, height;
  layout_size(layout, &width, &height);
  return width;
}

double nx_canvas_text_height(NxCanvas *canvas, NxFont font)
{
  static double heights[NX_N_FONTS];
  double width;
  if (heights[font] <= 0)
    layout_size(layout_of(canvas, font, "X"), &width, &heights[font]);
  return heights[font];
}

char *nx_canvas_text_cut(NxCanvas *canvas, NxFont font, const char *text, double width)
{
  /* No character is narrower than a pixel and a half: longer text need not be measured. */
  g_autofree char *valid = nx_text_utf8(text, -1);
  const glong most = (glong)(width / 1.5) + 1;
  if (g_utf8_strlen(valid, -1) > most)
    *g_utf8_offset_to_pointer(valid, most) = '\0';
  else if (nx_canvas_text_width(canvas, font, valid) <= width)
    return g_steal_pointer(&valid);

  for (glong length = g_utf8_strlen(valid, -1); length > 0; length--) {
    *g_utf8_offset_to_pointer(valid, length) = '\0';
    g_autofree char *cut = g_strconcat(valid, "…", NULL);
    if (nx_canvas_text_width(canvas, font, cut) <= width)
      return g_steal_pointer(&cut);
  }
  return g_strdup("…");
}

/* -------------------------------------------------------------------------------------------------------------- title */

/* The lines of a title, the last one cut with "…" when there are too many. */
static GPtrArray *title_lines(const char *title)
{
  GPtrArray *lines = nx_wrap(title, TITLE_COLUMNS, TITLE_LINES_MAX + 1);
  if (lines->len > TITLE_LINES_MAX) {
    g_ptr_array_set_size(lines, TITLE_LINES_MAX);
    char *last = lines->pdata[TITLE_LINES_MAX - 1];
    lines->pdata[TITLE_LINES_MAX - 1] = g_strconcat(last, "…", NULL);
    g_free(last);
  }
  return lines;
}

double nx_canvas_title_height(NxCanvas *canvas, const char *title, const char *second)
{
  g_autoptr(GPtrArray) lines = title_lines(title);
  const guint n = lines->len + (second ? 1 : 0);
  return n > 0 ? n * nx_canvas_text_height(canvas, NX_FONT_TITLE) + TITLE_GAP : TITLE_GAP;
}

static void title_line(NxCanvas *canvas, NxFont font, double y, const char *text)
{
  g_autofree char *cut = nx_canvas_text_cut(canvas, font, text, SIDE - 12.0);
  nx_canvas_text(canvas, font, SIDE / 2.0, y, 0.5, 0, cut);
}

double nx_canvas_title(NxCanvas *canvas, double top, const char *title, const char *second)
{
  g_autoptr(GPtrArray) lines = title_lines(title);
  const double pitch = nx_canvas_text_height(canvas, NX_FONT_TITLE);
  double y = top;
  nx_canvas_colour(canvas, 0x000000);
  for (guint i = 0; i < lines->len; i++, y += pitch)
    title_line(canvas, NX_FONT_TITLE, y, lines->pdata[i]);
  if (second)
    title_line(canvas, NX_FONT_TITLE_BOLD, y, second);
  return top + nx_canvas_title_height(canvas, title, second);
}
