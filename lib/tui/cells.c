/* cells.c — text of any origin made fit for a grid of cells. */
#include "cells.h"

#include <wchar.h>

/* Marks that turn the direction of what follows would move text across columns (Unicode 15, UAX #9: explicit formatting characters). */
static gboolean turns_direction(gunichar c)
{
  return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static gunichar harmless(gunichar c)
{
  if (c == '\n')
    return 0x21b5;
  if (c == '\t')
    return ' ';
  if (c < 0x20 || (c >= 0x7f && c < 0xa0) || turns_direction(c) || c == 0x2028 || c == 0x2029)
    return 0xfffd;
  return c < 0x7f || wcwidth((wchar_t)c) >= 0 ? c : 0xfffd;
}

char *nx_cells_clean(const char *text)
{
  g_autofree char *valid = nx_text_utf8(text, -1);
  GString *clean = g_string_sized_new(strlen(valid));
  for (const char *p = valid; *p; p = g_utf8_next_char(p))
    g_string_append_unichar(clean, harmless(g_utf8_get_char(p)));
  return g_string_free(clean, FALSE);
}

static guint cells_of(gunichar character)
{
  return character < 0x7f ? 1 : (guint)MAX(wcwidth((wchar_t)character), 0);
}

gsize nx_cells_width(const char *text)
{
  gsize cells = 0;
  for (const char *p = text; *p; p = g_utf8_next_char(p))
    cells += (guchar)*p < 0x7f ? 1 : cells_of(g_utf8_get_char(p));
  return cells;
}

static void fill(GString *out, gsize cells)
{
  for (; cells; cells--)
    g_string_append_c(out, ' ');
}

char *nx_cells_fit(const char *text, gsize skip, gsize width)
{
  GString *out = g_string_sized_new(width + 8);
  gsize at = 0, used = 0, before_last = 0, length_before_last = 0;
  const char *p = text;
  for (; *p; p = g_utf8_next_char(p)) {
    gunichar c = g_utf8_get_char(p);
    guint cells = cells_of(c);
    if (at < skip) {
      /* Half of a wide character hangs over the left edge. */
      if (at + cells > skip && width) {
        fill(out, at + cells - skip);
        used += at + cells - skip;
      }
      at += cells;
      continue;
    }
    if (used + cells > width)
      break;
    if (cells == 0 && used == 0)
      continue;
    if (cells) {
      before_last = used;
      length_before_last = out->len;
    }
    g_string_append_unichar(out, c);
    used += cells;
  }
  if (*p && width) {
    if (used == width) {
      g_string_truncate(out, length_before_last);
      used = before_last;
    }
    g_string_append(out, "…");
    used++;
  }
  fill(out, width > used ? width - used : 0);
  return g_string_free(out, FALSE);
}

static void wrap_line(GStrvBuilder *lines, const char *line, gsize width)
{
  const char *start = line;
  do {
    const char *p = start, *blank = NULL;
    gsize used = 0;
    for (; *p; p = g_utf8_next_char(p)) {
      guint cells = cells_of(g_utf8_get_char(p));
      if (used + cells > width)
        break;
      used += cells;
      if (*p == ' ')
        blank = p;
    }
    const char *end = *p && blank && blank > start ? blank : p;
    if (end == start && *end)
      end = g_utf8_next_char(end);
    g_autofree char *piece = g_strndup(start, (gsize)(end - start));
    g_strv_builder_add(lines, piece);
    start = end;
    while (*start == ' ')
      start++;
  } while (*start);
}

char **nx_cells_wrap(const char *text, gsize width)
{
  g_autoptr(GStrvBuilder) lines = g_strv_builder_new();
  g_auto(GStrv) parts = g_strsplit(text, "\n", -1);
  for (char **part = parts; *part; part++) {
    g_autofree char *clean = nx_cells_clean(*part);
    wrap_line(lines, clean, MAX(width, 2));
  }
  return g_strv_builder_end(lines);
}
