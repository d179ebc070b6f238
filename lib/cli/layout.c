/* layout.c — fills text and sets columns the way the option parser of the documents does.
 * Source: cli §2.2; the breaking rules are those of Python's textwrap with break_on_hyphens, which the documented pages were made with. */
#include "layout.h"
#include "nx-base.h"
#include <string.h>

#define LEFT_COLUMN_MAX 30
#define COLUMN_GAP 2
#define RIGHT_COLUMN_MIN 10

static gboolean is_letter(const char *at)
{
  gunichar c = g_utf8_get_char(at);
  return c == '_' || (g_unichar_isalnum(c) && !g_unichar_isdigit(c));
}

/* A hyphen between a word part of two letters (or "x-y-") and a letter may end a line: "support-|bundle", but not "-n" and
 * not "2025-01". */
static gboolean breaks_behind(const char *start, const char *hyphen)
{
  if (hyphen - start < 2 || !is_letter(hyphen - 1))
    return FALSE;
  if (!is_letter(hyphen - 2) && !(hyphen - start >= 3 && hyphen[-2] == '-' && is_letter(hyphen - 3)))
    return FALSE;
  const char *next = hyphen + 1;
  return is_letter(next) &&
         (is_letter(g_utf8_next_char(next)) || (*g_utf8_next_char(next) == '-' && is_letter(g_utf8_next_char(next) + 1)));
}

/* The end of the piece that starts at `piece`: a run of blanks, or word characters up to a blank or a hyphen that may end a line. */
static const char *piece_end(const char *start, const char *piece)
{
  gboolean blank = g_ascii_isspace(*piece);
  const char *at = piece;
  while (*at != '\0' && g_ascii_isspace(*at) == blank) {
    if (!blank && at > piece && *at == '-' && breaks_behind(start, at))
      return at + 1;
    at++;
  }
  return at;
}

static gsize width_of(const char *text, gsize bytes)
{
  g_autofree char *copy = g_strndup(text, bytes);
  return nx_text_width(copy);
}

/* How many bytes of `text` fit into `cells`; at least one character. */
static gsize bytes_for_cells(const char *text, gsize cells)
{
  const char *at = g_utf8_next_char(text);
  while (*at != '\0' && width_of(text, (gsize)(g_utf8_next_char(at) - text)) <= cells)
    at = g_utf8_next_char(at);
  return (gsize)(at - text);
}

static void drop_blanks_at_end(GString *line)
{
  while (line->len > 0 && g_ascii_isspace(line->str[line->len - 1]))
    g_string_truncate(line, line->len - 1);
}

/* Takes pieces from `at` into one line of `room` cells; returns where the next line begins. */
static const char *take_line(const char *start, const char *at, gsize room, GString *line)
{
  gsize used = 0;
  while (*at != '\0') {
    const char *end = piece_end(start, at);
    gsize wide = width_of(at, (gsize)(end - at));
    if (used + wide > room) {
      if (wide > room && !g_ascii_isspace(*at)) {
        gsize cut = bytes_for_cells(at, room > used ? room - used : 1);
        g_string_append_len(line, at, (gssize)cut);
        at += cut;
      }
      break;
    }
    g_string_append_len(line, at, end - at);
    used += wide;
    at = end;
  }
  drop_blanks_at_end(line);
  return at;
}

void nx_layout_fill(GString *out, const char *text, guint width, const char *first, const char *next)
{
  const char *indent = first;
  const char *at = text;
  while (*at != '\0') {
    g_autoptr(GString) line = g_string_new(NULL);
    gsize taken = strlen(indent);
    at = take_line(text, at, width > taken ? width - taken : 1, line);
    while (g_ascii_isspace(*at))
      at++;
    if (line->len == 0)
      continue;
    g_string_append_printf(out, "%s%s\n", indent, line->str);
    indent = next;
  }
}

void nx_layout_paragraphs(GString *out, const char *text, guint width, guint indent)
{
  g_autofree char *margin = g_strnfill(indent, ' ');
  g_auto(GStrv) paragraphs = g_strsplit(text, "\n\n", -1);
  for (guint i = 0; paragraphs[i]; i++) {
    if (i > 0)
      g_string_append_c(out, '\n');
    if (!g_str_has_prefix(paragraphs[i], "\b\n")) {
      nx_layout_fill(out, paragraphs[i], width, margin, margin);
      continue;
    }
    g_auto(GStrv) lines = g_strsplit(paragraphs[i] + 2, "\n", -1);
    for (guint n = 0; lines[n]; n++)
      g_string_append_printf(out, "%s%s\n", margin, lines[n]);
  }
}

static void append_right(GString *out, const char *text, guint column, guint width)
{
  g_autofree char *indent = g_strnfill(column, ' ');
  guint room = width > column + RIGHT_COLUMN_MIN ? width - column : RIGHT_COLUMN_MIN;
  g_autoptr(GString) filled = g_string_new(NULL);
  nx_layout_fill(filled, text, column + room, indent, indent);
  g_string_append(out, filled->len > column ? filled->str + column : "\n");
}

void nx_layout_columns(GString *out, char *const *left, char *const *right, gsize n, guint width)
{
  guint widest = 0;
  for (gsize i = 0; i < n; i++)
    widest = MAX(widest, (guint)nx_text_width(left[i]));
  guint left_width = MIN(widest, LEFT_COLUMN_MAX);
  guint column = COLUMN_GAP + left_width + COLUMN_GAP;
  for (gsize i = 0; i < n; i++) {
    guint taken = (guint)nx_text_width(left[i]);
    g_string_append_printf(out, "  %s", left[i]);
    if (*right[i] == '\0') {
      g_string_append_c(out, '\n');
      continue;
    }
    if (taken > left_width)
      g_string_append_printf(out, "\n%*s", (int)column, "");
    else
      g_string_append_printf(out, "%*s", (int)(left_width - taken + COLUMN_GAP), "");
    append_right(out, right[i], column, width);
  }
}

/* The words of `help` up to the end of its first paragraph. */
static char **first_words(const char *help)
{
  const char *end = strstr(help, "\n\n");
  g_autofree char *paragraph = end ? g_strndup(help, (gsize)(end - help)) : g_strdup(help);
  g_auto(GStrv) split = g_strsplit_set(paragraph, " \n\t\b", -1);
  GPtrArray *words = g_ptr_array_new();
  for (guint i = 0; split[i]; i++)
    if (*split[i] != '\0')
      g_ptr_array_add(words, g_strdup(split[i]));
  g_ptr_array_add(words, NULL);
  return (char **)g_ptr_array_free(words, FALSE);
}

static char *joined(char **words, guint n)
{
  GString *text = g_string_new(NULL);
  for (guint i = 0; i < n; i++)
    g_string_append_printf(text, "%s%s", i > 0 ? " " : "", words[i]);
  return g_string_free(text, FALSE);
}

char *nx_layout_short(const char *help, gsize length)
{
  g_auto(GStrv) words = first_words(help);
  guint n = g_strv_length(words);
  gsize total = 0;
  guint taken = 0;
  for (; taken < n; taken++) {
    total += nx_text_width(words[taken]) + (taken > 0);
    if (total > length)
      break;
    if (g_str_has_suffix(words[taken], "."))
      return joined(words, taken + 1);
    if (total == length && taken + 1 < n)
      break;
  }
  if (taken == n)
    return joined(words, n);
  total += strlen("...");
  for (; taken > 0; taken--) {
    total -= nx_text_width(words[taken]) + 1;
    if (total <= length)
      break;
  }
  g_autofree char *kept = joined(words, taken);
  return g_strconcat(kept, "...", NULL);
}
