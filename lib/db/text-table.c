/* text-table.c — a table drawn with boxes, fitted to a width. The procedure and the goldens: cli 7.2. */
#include "text-table.h"

#include <math.h>
#include <string.h>

#define PADDING 2

typedef struct {
  const NxTextColumn *columns;
  guint n;
  const NxTextStyle *style;
  gsize *widths; /* with padding */
  FILE *out;
} Table;

/* ---------------------------------------------------------------------------------------------------------- fitting */

static gsize natural_width(const NxTextColumn *column, GPtrArray *rows, guint index)
{
  gsize width = nx_text_width(column->title);
  for (guint i = 0; i < rows->len; i++)
    width = MAX(width, nx_text_width(((char **)rows->pdata[i])[index]));
  return width + PADDING;
}

static gsize sum(const gsize *widths, guint n)
{
  gsize total = 0;
  for (guint i = 0; i < n; i++)
    total += widths[i];
  return total;
}

gsize nx_text_table_width(const NxTextColumn *columns, guint n_columns, GPtrArray *rows)
{
  gsize total = n_columns + 1;
  for (guint i = 0; i < n_columns; i++)
    total += natural_width(&columns[i], rows, i);
  return total;
}

/* Half to even, as Python rounds. */
static gsize share_of(gsize left, gsize parts)
{
  return (gsize)nearbyint((double)left / (double)parts);
}

/* One round: the widest of the wrapping columns come down towards the next narrower one. FALSE when there is nothing to take. */
static gboolean shrink_widest(Table *table, gsize excess)
{
  gsize widest = 0, next = table->style->floor ? table->style->floor + PADDING : 0, count = 0;
  for (guint i = 0; i < table->n; i++)
    if (table->columns[i].wraps)
      widest = MAX(widest, table->widths[i]);
  for (guint i = 0; i < table->n; i++) {
    if (!table->columns[i].wraps)
      continue;
    if (table->widths[i] < widest)
      next = MAX(next, table->widths[i]);
    else
      count++;
  }
  if (next >= widest)
    return FALSE;
  gsize left = excess;
  for (guint i = 0; i < table->n && count; i++) {
    if (!table->columns[i].wraps || table->widths[i] != widest)
      continue;
    gsize less = MIN(MIN(excess, widest - next), share_of(left, count));
    table->widths[i] -= less;
    left -= less;
    count--;
  }
  return left < excess;
}

/* What the wrapping columns could not give, all give. */
static void shrink_all(Table *table, gsize excess)
{
  gsize left = excess, count = 0;
  for (guint i = 0; i < table->n; i++)
    count += table->widths[i] > 0;
  for (guint i = 0; i < table->n && count; i++) {
    if (table->widths[i] == 0)
      continue;
    gsize less = MIN(table->widths[i], share_of(left, count));
    table->widths[i] -= less;
    left -= less;
    count--;
  }
}

static void fit(Table *table)
{
  if (table->style->width == G_MAXSIZE)
    return;
  gsize borders = table->n + 1, available = table->style->width > borders ? table->style->width - borders : 0;
  while (sum(table->widths, table->n) > available)
    if (!shrink_widest(table, sum(table->widths, table->n) - available))
      break;
  if (sum(table->widths, table->n) > available)
    shrink_all(table, sum(table->widths, table->n) - available);
}

/* ------------------------------------------------------------------------------------------------------------- cells */

/* The first `cells` cells of `text`, the last of them a mark that something is missing (ASCII: no mark). */
static char *cut(const char *text, gsize cells, gboolean ascii)
{
  if (nx_text_width(text) <= cells)
    return g_strdup(text);
  g_autoptr(GString) kept = g_string_new(NULL);
  gsize room = ascii ? cells : cells - 1;
  for (const char *p = text; *p; p = g_utf8_next_char(p)) {
    gsize before = kept->len;
    g_string_append_len(kept, p, g_utf8_next_char(p) - p);
    if (nx_text_width(kept->str) > room) {
      g_string_truncate(kept, before);
      break;
    }
  }
  if (!ascii)
    g_string_append(kept, "…");
  return g_string_free(g_steal_pointer(&kept), FALSE);
}

/* Greedy lines of at most `cells` cells; a longer word stands alone and is cut. */
static GPtrArray *wrap(const char *text, gsize cells, gboolean ascii)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
  g_auto(GStrv) words = g_strsplit(text, " ", -1);
  g_autoptr(GString) line = g_string_new(NULL);
  for (char **word = words; *word; word++) {
    if (!**word)
      continue;
    g_autofree char *piece = cut(*word, cells, ascii);
    if (line->len && nx_text_width(line->str) + 1 + nx_text_width(piece) > cells) {
      g_ptr_array_add(lines, g_strdup(line->str));
      g_string_truncate(line, 0);
    }
    g_string_append_printf(line, "%s%s", line->len ? " " : "", piece);
  }
  g_ptr_array_add(lines, g_strdup(line->str));
  return lines;
}

static GPtrArray *cell_lines(const Table *table, guint column, const char *text)
{
  gsize width = table->widths[column];
  if (width < PADDING + 1)
    return g_ptr_array_new_with_free_func(g_free);
  if (table->columns[column].wraps)
    return wrap(text, width - PADDING, table->style->ascii);
  GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(lines, cut(text, width - PADDING, table->style->ascii));
  return lines;
}

/* ----------------------------------------------------------------------------------------------------------- drawing */

static void print_blanks(FILE *out, gsize count)
{
  fprintf(out, "%*s", (int)count, "");
}

static void print_rule(const Table *table, const char *left, const char *line, const char *joint, const char *right)
{
  fputs(left, table->out);
  for (guint i = 0; i < table->n; i++) {
    for (gsize cell = 0; cell < table->widths[i]; cell++)
      fputs(line, table->out);
    fputs(i + 1 < table->n ? joint : right, table->out);
  }
  fputc('\n', table->out);
}

static void print_cell(const Table *table, guint column, const char *text, gboolean bold)
{
  gsize width = table->widths[column];
  if (width < PADDING + 1) {
    print_blanks(table->out, width);
    return;
  }
  gsize gap = width - PADDING - MIN(width - PADDING, nx_text_width(text));
  gboolean right = table->columns[column].right;
  fputc(' ', table->out);
  print_blanks(table->out, right ? gap : 0);
  fprintf(table->out, "%s%s%s", bold ? "\033[1m" : "", text, bold ? "\033[0m" : "");
  print_blanks(table->out, right ? 0 : gap);
  fputc(' ', table->out);
}

/* A row of cells as high as its highest one. */
static void print_row(const Table *table, char **texts, const char *side, gboolean is_header)
{
  g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
  guint height = 1;
  for (guint i = 0; i < table->n; i++) {
    GPtrArray *lines = cell_lines(table, i, texts[i]);
    g_ptr_array_add(cells, lines);
    height = MAX(height, lines->len);
  }
  for (guint line = 0; line < height; line++) {
    fputs(side, table->out);
    for (guint i = 0; i < table->n; i++) {
      GPtrArray *lines = cells->pdata[i];
      guint above = is_header ? height - lines->len : 0;
      gboolean has = line >= above && line - above < lines->len;
      print_cell(table, i, has ? lines->pdata[line - above] : "", is_header && table->style->styled);
      fputs(side, table->out);
    }
    fputc('\n', table->out);
  }
}

static void print_title(const Table *table, const char *title)
{
  gsize width = sum(table->widths, table->n) + table->n + 1;
  g_autoptr(GPtrArray) lines = wrap(title, width, table->style->ascii);
  for (guint i = 0; i < lines->len; i++) {
    gsize length = nx_text_width(lines->pdata[i]), left = (width - length) / 2;
    print_blanks(table->out, left);
    fprintf(table->out, "%s%s%s", table->style->styled ? "\033[3m" : "", (const char *)lines->pdata[i],
            table->style->styled ? "\033[0m" : "");
    print_blanks(table->out, width - length - left);
    fputc('\n', table->out);
  }
}

void nx_text_table_print(const char *title, const NxTextColumn *columns, guint n_columns, GPtrArray *rows, const NxTextStyle *style,
                         FILE *out)
{
  g_autofree gsize *widths = g_new0(gsize, n_columns);
  g_autofree char **titles = g_new0(char *, n_columns + 1);
  for (guint i = 0; i < n_columns; i++) {
    widths[i] = natural_width(&columns[i], rows, i);
    titles[i] = (char *)columns[i].title;
  }
  Table table = {.columns = columns, .n = n_columns, .style = style, .widths = widths, .out = out};
  gboolean ascii = style->ascii;
  fit(&table);
  print_title(&table, title);
  print_rule(&table, ascii ? "+" : "┏", ascii ? "-" : "━", ascii ? "-" : "┳", ascii ? "+" : "┓");
  print_row(&table, titles, ascii ? "|" : "┃", TRUE);
  print_rule(&table, ascii ? "|" : "┡", ascii ? "-" : "━", ascii ? "+" : "╇", ascii ? "|" : "┩");
  for (guint i = 0; i < rows->len; i++)
    print_row(&table, rows->pdata[i], ascii ? "|" : "│", FALSE);
  print_rule(&table, ascii ? "+" : "└", ascii ? "-" : "─", ascii ? "-" : "┴", ascii ? "+" : "┘");
}
