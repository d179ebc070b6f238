/* cards.c — pictures made of words: text pages, the card of a signal that cannot be drawn, and the placeholder of a file that cannot be read. */
#include "chart.h"
#include "kinds.h"
#include "wrap.h"

#include <math.h>
#include <string.h>

#define SIDE NX_PREVIEW_SIZE

/* ------------------------------------------------------------------------------------------------------------ text pages */

#define PAGE_LEFT 10.0
#define PAGE_TOP 15.0
#define PAGE_PITCH 27.9
/* 18 rows are all that is shown: the encoding is judged by this much of a longer file. */
#define PAGE_BYTES (1024u * 1024u)

static void draw_rows(NxCanvas *canvas, const GPtrArray *rows)
{
  nx_canvas_fill(canvas, 0, 0, SIDE, SIDE, 0xffffff);
  nx_canvas_colour(canvas, 0x000000);
  for (guint i = 0; i < rows->len; i++)
    nx_canvas_text(canvas, NX_FONT_PAGE, PAGE_LEFT, PAGE_TOP + PAGE_PITCH * i, 0, 0, rows->pdata[i]);
}

gboolean nx_draw_text_page(NxCanvas *canvas, NxBytes *bytes, GError **err)
{
  const gsize length = (gsize)MIN(nx_bytes_size(bytes), PAGE_BYTES);
  g_autofree char *head = g_malloc(MAX(length, 1));
  if (!nx_bytes_copy(bytes, 0, head, length, err))
    return FALSE;
  g_autofree char *text = nx_text_decode(head, length, length == nx_bytes_size(bytes));
  if (!text) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the text is neither UTF-8 nor Windows-1250 nor Windows-1252");
    return FALSE;
  }
  g_autoptr(GPtrArray) rows = nx_text_page_rows(text);
  draw_rows(canvas, rows);
  return TRUE;
}

/* ------------------------------------------------------------------------------------------------------------- axes card */

#define CARD_HEIGHT 375.0
#define CARD_TOP 62.0
#define CARD_LEFT 16.0
#define CARD_PITCH 22.0
#define TABLE_PITCH 17.0

/* `text` padded at the left or cut to `columns` characters; printf counts bytes. */
static char *cell(const char *text, guint columns)
{
  g_autofree char *valid = nx_text_utf8(text ? text : "", -1);
  const glong length = g_utf8_strlen(valid, -1);
  if (length > (glong)columns)
    *g_utf8_offset_to_pointer(valid, columns) = '\0';
  g_autofree char *blanks = g_strnfill(length < (glong)columns ? columns - (gsize)length : 0, ' ');
  return g_strconcat(blanks, valid, NULL);
}

static char *axis_row(const NxArray *array, guint dim)
{
  const NxAxis *axis = &array->axis[dim];
  g_autofree char *name = cell(axis->name && axis->name[0] ? axis->name : "<undefined>", 16);
  g_autofree char *units = cell(axis->units, 8);
  char size[32], offset[32], scale[32];
  g_snprintf(size, sizeof size, "%" G_GUINT64_FORMAT, array->shape[dim]);
  g_snprintf(offset, sizeof offset, "%.2g", axis->offset);
  g_snprintf(scale, sizeof scale, "%.2g", axis->scale);
  return g_strdup_printf("%s | %6s | %8s | %8s | %s", name, size, offset, scale, units);
}

static void draw_table(NxCanvas *canvas, const NxArray *array, double y)
{
  nx_canvas_text(canvas, NX_FONT_TABLE, CARD_LEFT, y, 0, 0, "            Name |   size |   offset |    scale |    units");
  nx_canvas_text(canvas, NX_FONT_TABLE, CARD_LEFT, y += TABLE_PITCH, 0, 0, "================ | ====== | ======== | ======== | ========");
  for (guint dim = 0; dim < MIN(array->n_dims, NX_DIMS_MAX); dim++) {
    g_autofree char *row = axis_row(array, dim);
    if (dim > 0 && dim == array->n_dims - array->n_signal_dims)
      nx_canvas_text(canvas, NX_FONT_TABLE, CARD_LEFT, y += TABLE_PITCH, 0, 0, "---------------- | ------ | -------- | -------- | --------");
    nx_canvas_text(canvas, NX_FONT_TABLE, CARD_LEFT, y += TABLE_PITCH, 0, 0, row);
  }
}

gboolean nx_draw_axes_card(const NxPlot *plot, GError **err)
{
  NxCanvas *canvas = plot->canvas;
  (void)err;
  double y = CARD_TOP + 20.0;
  nx_canvas_fill(canvas, 0, CARD_TOP, SIDE, CARD_HEIGHT, 0xffffff);
  nx_canvas_colour(canvas, 0x000000);
  g_autofree char *title = nx_canvas_text_cut(canvas, NX_FONT_CARD_BOLD, plot->title, SIDE - 2 * CARD_LEFT);
  nx_canvas_text(canvas, NX_FONT_CARD_BOLD, CARD_LEFT, y, 0, 0, title);
  nx_canvas_colour(canvas, 0xd40000);
  nx_canvas_text(canvas, NX_FONT_CARD, CARD_LEFT, y += CARD_PITCH, 0, 0, "Could not generate preview image");
  nx_canvas_colour(canvas, 0x000000);
  nx_canvas_text(canvas, NX_FONT_CARD_ITALIC, CARD_LEFT, y += CARD_PITCH, 0, 0, "Axes information:");
  draw_table(canvas, plot->array, y + CARD_PITCH + 4.0);
  return TRUE;
}

/* ----------------------------------------------------------------------------------------------------------- placeholder */

static const char *const APOLOGY[] = {
  "Our apologies, NexusLIMS",
  "was not able to open this file",
  "to extract metadata and generate",
  "a preview",
};

#define APOLOGY_TOP 322.0
#define APOLOGY_PITCH 38.0
#define LOGO_X 250.0
#define LOGO_Y 166.0

/* A micrograph that fell off its stage: a picture frame, leaning, with lattice points that fade towards the torn corner. */
static void draw_logo(cairo_t *cairo)
{
  cairo_save(cairo);
  cairo_translate(cairo, LOGO_X, LOGO_Y);
  cairo_rotate(cairo, -0.10);
  for (int row = -3; row <= 3; row++) {
    for (int column = -3; column <= 3; column++) {
      const double x = 32.0 * column + (row % 2 != 0 ? 16.0 : 0.0), y = 28.0 * row;
      const double faded = CLAMP((x + y + 60.0) / 180.0, 0.0, 1.0);
      if (fabs(x) > 100.0 || faded >= 1.0)
        continue;
      cairo_arc(cairo, x, y, 10.0 - 6.0 * faded, 0, 2 * G_PI);
      cairo_set_source_rgba(cairo, 0.12 + 0.85 * faded, 0.40 + 0.35 * faded, 0.68 - 0.48 * faded, 1.0 - 0.5 * faded);
      cairo_fill(cairo);
    }
  }
  cairo_move_to(cairo, 60, -118);
  cairo_line_to(cairo, -124, -118);
  cairo_line_to(cairo, -124, 118);
  cairo_line_to(cairo, 20, 118);
  cairo_line_to(cairo, 44, 96);
  cairo_line_to(cairo, 58, 108);
  cairo_line_to(cairo, 84, 62);
  cairo_line_to(cairo, 104, 74);
  cairo_line_to(cairo, 124, 30);
  cairo_line_to(cairo, 124, -118);
  cairo_close_path(cairo);
  cairo_set_line_width(cairo, 5.0);
  cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
  cairo_set_source_rgb(cairo, 0.25, 0.28, 0.33);
  cairo_stroke(cairo);
  cairo_restore(cairo);
}

void nx_draw_placeholder(NxCanvas *canvas)
{
  nx_canvas_fill(canvas, 0, 0, SIDE, SIDE, 0x000000);
  nx_canvas_fill(canvas, 3, 3, SIDE - 6, SIDE - 6, 0xffffff);
  draw_logo(canvas->cairo);
  nx_canvas_colour(canvas, 0x000000);
  for (guint i = 0; i < G_N_ELEMENTS(APOLOGY); i++)
    nx_canvas_text(canvas, NX_FONT_APOLOGY, SIDE / 2.0, APOLOGY_TOP + i * APOLOGY_PITCH, 0.5, 0, APOLOGY[i]);
}
