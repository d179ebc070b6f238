/* preview.c — which picture a signal gets, its title, the placeholder when all else fails, and the warm-up of a parent that will fork. */
#include "nx-preview.h"

#include "kinds.h"
#include "wrap.h"

#include <string.h>

/* --------------------------------------------------------------------------------------------------------- which picture */

/* Rows are tried in order; `navigation` counts the dimensions before the signal, the last row of a signal size takes all there are. */
static const struct {
  guint signal_dims, least_navigation, most_navigation;
  gboolean complex_only;
  NxDraw draw;
} KINDS[] = {
  { 2, 0, 0, TRUE, nx_draw_fft },
  { 2, 0, 0, FALSE, nx_draw_image },
  { 2, 1, 1, FALSE, nx_draw_stack },
  { 2, 2, NX_DIMS_MAX, FALSE, nx_draw_hyperimage },
  { 1, 0, 0, FALSE, nx_draw_spectrum },
  { 1, 1, 1, FALSE, nx_draw_line_scan },
  { 1, 2, NX_DIMS_MAX, FALSE, nx_draw_spectrum_image },
};

NxDraw nx_draw_for(const NxArray *array)
{
  const guint navigation = array->n_dims - array->n_signal_dims;
  const gboolean is_complex = array->sample == NX_C32 || array->sample == NX_C64 || array->sample == NX_C128;
  for (guint i = 0; i < G_N_ELEMENTS(KINDS); i++) {
    if (array->n_signal_dims == KINDS[i].signal_dims && navigation >= KINDS[i].least_navigation && navigation <= KINDS[i].most_navigation &&
        (is_complex || !KINDS[i].complex_only))
      return KINDS[i].draw;
  }
  return nx_draw_axes_card;
}

/* ---------------------------------------------------------------------------------------------------------------- title */

static char *name_without_extension(const char *name)
{
  const char *dot = strrchr(name, '.');
  return dot && dot != name ? g_strndup(name, (gsize)(dot - name)) : g_strdup(name);
}

/* extractors-b 12.5. */
static char *title_of(const NxInput *in, const NxSignal *signal, guint index, guint count)
{
  const char *name = in->name ? in->name : "";
  g_autofree char *own = signal->title && signal->title[0] ? nx_text_utf8(signal->title, -1) : name_without_extension(name);
  g_autofree char *title = count > 1 ? g_strdup_printf("%s (signal %u of %u in file \"%s\")", own, index + 1, count, name) : g_strdup(own);
  return nx_text_utf8(title, -1);
}

/* ------------------------------------------------------------------------------------------------------------- previews */

static GBytes *array_png(const NxInput *in, const NxSignal *signal, guint index, guint count, GError **err)
{
  if (signal->array.n_dims == 0 || !nx_array_check(&signal->array, err)) {
    if (err && !*err)
      g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the signal has no dimensions");
    return NULL;
  }
  g_autoptr(NxCanvas) canvas = nx_canvas_new();
  g_autofree char *title = title_of(in, signal, index, count);
  const NxPlot plot = { .canvas = canvas, .array = &signal->array, .marks = signal->marks, .title = title };
  return nx_draw_for(&signal->array)(&plot, err) ? nx_canvas_png(canvas, err) : NULL;
}

static GBytes *text_png(const NxInput *in, GError **err)
{
  g_autoptr(NxCanvas) canvas = nx_canvas_new();
  return nx_draw_text_page(canvas, in->bytes, err) ? nx_canvas_png(canvas, err) : NULL;
}

static GBytes *wanted_png(const NxInput *in, const NxSignal *signal, guint index, guint count, GError **err)
{
  switch (signal->view) {
  case NX_VIEW_ARRAY: return array_png(in, signal, index, count, err);
  case NX_VIEW_PICTURE: return nx_picture_png(in->bytes, err);
  case NX_VIEW_FIGURE: return signal->figure->png(signal->figure, err);
  case NX_VIEW_TEXT: return text_png(in, err);
  case NX_VIEW_PLACEHOLDER:
  case NX_VIEW_NONE: break;
  }
  return nx_preview_placeholder(err);
}

GBytes *nx_preview_png(const NxInput *in, const NxSignal *signal, guint index, guint count, GError **err)
{
  g_autoptr(GError) trouble = NULL;
  if (signal->view == NX_VIEW_NONE)
    return NULL;
  GBytes *png = wanted_png(in, signal, index, count, &trouble);
  if (png)
    return png;
  nx_log_warning("%s: no preview could be drawn: %s. The placeholder takes its place.", in->name ? in->name : "file",
                 trouble ? trouble->message : "reason unknown");
  return nx_preview_placeholder(err);
}

GBytes *nx_preview_placeholder(GError **err)
{
  static GBytes *placeholder; /* always the same */
  if (!placeholder) {
    g_autoptr(NxCanvas) canvas = nx_canvas_new();
    nx_draw_placeholder(canvas);
    placeholder = nx_canvas_png(canvas, err);
  }
  return placeholder ? g_bytes_ref(placeholder) : NULL;
}

/* -------------------------------------------------------------------------------------------------------------- warm-up */

/* What is mostly written; every other glyph comes from the font files that are mapped by then. Each piece fits into the canvas in every font: of a
 * glyph beyond its edge no picture is made. */
static const char *const WRITING[] = {
  " !\"#$%&'()*+,-./0123456789:;<=>?@",
  "ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`",
  "abcdefghijklmnopqrstuvwxyz{|}~ fi fl ff ffi ffl",
  "°±²³µ·×÷ÄÅÖÜäåöüßéèΔΣΩαβγμσ",
  "−…–—⁰¹⁴⁵⁶⁷⁸⁹⁻Å\xef\xbf\xbd",
  NULL,
};
static const char *const NUMBERS[] = { "0123456789.,-−×/⁰¹²³⁴⁵⁶⁷⁸⁹⁻ ", "acdmnprxµμÅÅ", NULL };

/* How each font is drawn, and so which pictures and outlines of its characters are kept; not those of the card of what cannot be drawn. */
typedef void (*DrawText)(NxCanvas *canvas, NxFont font, double x, double y, double across, double down, const char *text);
static const struct {
  NxFont font;
  DrawText draw;
  const char *const *pieces;
} WAYS[] = {
  { NX_FONT_TITLE, nx_canvas_text, WRITING },
  { NX_FONT_TITLE_BOLD, nx_canvas_text, WRITING },
  { NX_FONT_LABEL, nx_canvas_text, WRITING },
  { NX_FONT_LABEL, nx_canvas_text_upright, WRITING },
  { NX_FONT_TICK, nx_canvas_text, NUMBERS },
  { NX_FONT_BAR, nx_canvas_text_edged, NUMBERS },
  { NX_FONT_BAR_SMALL, nx_canvas_text_edged, NUMBERS },
  { NX_FONT_PAGE, nx_canvas_text, WRITING },
  { NX_FONT_SMALL, nx_canvas_text, WRITING },
  { NX_FONT_SMALL, nx_canvas_text_upright, WRITING },
};

void nx_preview_warm_up(void)
{
  g_autoptr(NxCanvas) canvas = nx_canvas_new();
  for (guint i = 0; i < G_N_ELEMENTS(WAYS); i++) {
    for (const char *const *piece = WAYS[i].pieces; *piece; piece++)
      WAYS[i].draw(canvas, WAYS[i].font, NX_PREVIEW_SIZE / 2.0, NX_PREVIEW_SIZE / 2.0, 0.5, 0.5, *piece);
  }
  for (NxFont font = 0; font < NX_N_FONTS; font++)
    nx_canvas_text_height(canvas, font);
  g_autoptr(GBytes) png = nx_canvas_png(canvas, NULL), placeholder = nx_preview_placeholder(NULL);
  nx_text_decode_warm_up();
  nx_picture_warm_up();
}
