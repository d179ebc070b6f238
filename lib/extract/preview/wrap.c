/* wrap.c — text as rows of a fixed number of characters: titles and text pages. Rules: extractors-b §12.4. */
#include "wrap.h"
#include "nx-base.h"

#include <string.h>

#define PAGE_COLUMNS 44u
#define DATA_ROWS 17u
#define NOTE_ROWS 18u
#define NOTE_LINE_FEEDS 18u
#define TAB 4u

/* -------------------------------------------------------------------------------------------------------------- wrapping */

static gboolean is_blank(gunichar c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\v' || c == '\f' || c == '\r';
}

/* Characters of the next piece that may not be broken, without the blanks before it: up to a blank, or behind a hyphen between two letters. */
static gsize piece_length(const gunichar *text, gsize length)
{
  gsize i = 0;
  while (i < length && !is_blank(text[i])) {
    i++;
    if (i >= 2 && i < length && text[i - 1] == '-' && g_unichar_isalpha(text[i - 2]) && g_unichar_isalpha(text[i]))
      break;
  }
  return i;
}

static gsize blanks_length(const gunichar *text, gsize length)
{
  gsize i = 0;
  while (i < length && is_blank(text[i]))
    i++;
  return i;
}

/* Length of the row that starts at `text`: as many pieces as fit, or a part of the first. */
static gsize row_length(const gunichar *text, gsize length, gsize columns)
{
  gsize row = 0;
  while (row < length) {
    const gsize blanks = blanks_length(text + row, length - row);
    const gsize piece = piece_length(text + row + blanks, length - row - blanks);
    if (row + blanks + piece > columns) {
      const gboolean cut = piece > columns && row + blanks < columns;
      return cut ? columns : row > 0 ? row : MAX(blanks, 1);
    }
    row += blanks + piece;
  }
  return row;
}

static char *row_text(const gunichar *text, gsize length)
{
  while (length > 0 && is_blank(text[length - 1]))
    length--;
  char *row = g_ucs4_to_utf8(text, (glong)length, NULL, NULL, NULL);
  for (char *c = row; c && *c; c++) {
    if (is_blank((guchar)*c))
      *c = ' ';
  }
  return row ? row : g_strdup("");
}

/* Characters that `rows` rows can take at most, leading and dropped blanks apart: what lies beyond need not be decoded. */
static gsize worth_looking_at(const char *text, guint columns, guint rows)
{
  gsize bytes = strlen(text);
  const gsize most = ((gsize)columns * rows + 1) * 64;
  if (bytes <= most)
    return bytes;
  const char *end = text + most;
  return (gsize)(g_utf8_find_prev_char(text, end) - text);
}

GPtrArray *nx_wrap(const char *text, guint columns, guint most)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func(g_free);
  glong length = 0;
  g_autofree gunichar *all = g_utf8_to_ucs4_fast(text, (glong)worth_looking_at(text, columns, most), &length);
  const gunichar *at = all;
  gsize left = (gsize)length;
  if (blanks_length(at, left) == left)
    return rows;
  while (left > 0 && rows->len < most) {
    if (rows->len > 0) {
      const gsize blanks = blanks_length(at, left);
      at += blanks;
      left -= blanks;
      if (left == 0)
        break;
    }
    const gsize row = row_length(at, left, columns);
    g_ptr_array_add(rows, row_text(at, row));
    at += row;
    left -= row;
  }
  return rows;
}

/* ------------------------------------------------------------------------------------------------------------ text pages */

/* The next line of *text as UTF-8 with tabs expanded; moves *text behind its end, or to NULL behind the last. At most `most` characters. */
static char *take_line(const char **text, gsize most)
{
  GString *line = g_string_new(NULL);
  gsize column = 0;
  const char *c = *text;
  for (; *c && *c != '\n' && *c != '\r'; c = g_utf8_next_char(c)) {
    if (column >= most)
      continue;
    if (*c == '\t') {
      const gsize stop = (column / TAB + 1) * TAB;
      for (; column < stop; column++)
        g_string_append_c(line, ' ');
    } else {
      g_string_append_len(line, c, g_utf8_next_char(c) - c);
      column++;
    }
  }
  if (*c == '\0')
    *text = NULL;
  else
    *text = c + (c[0] == '\r' && c[1] == '\n' ? 2 : 1);
  return g_string_free(line, FALSE);
}

/* TRUE when `text` has more line ends than a note may have. */
static gboolean is_data(const char *text)
{
  guint feeds = 0;
  for (const char *c = text; *c && feeds <= NOTE_LINE_FEEDS; c++)
    feeds += *c == '\n' || (*c == '\r' && c[1] != '\n');
  return feeds > NOTE_LINE_FEEDS;
}

static void add_cut(GPtrArray *rows, char *line)
{
  if (g_utf8_strlen(line, -1) > PAGE_COLUMNS)
    *g_utf8_offset_to_pointer(line, PAGE_COLUMNS) = '\0';
  g_ptr_array_add(rows, line);
}

static void add_wrapped(GPtrArray *rows, char *line)
{
  g_autofree char *owned = line;
  g_autoptr(GPtrArray) wrapped = nx_wrap(owned, PAGE_COLUMNS, NOTE_ROWS);
  if (wrapped->len == 0)
    g_ptr_array_add(rows, g_strdup(""));
  for (guint i = 0; i < wrapped->len; i++)
    g_ptr_array_add(rows, g_strdup(wrapped->pdata[i]));
}

GPtrArray *nx_text_page_rows(const char *text)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func(g_free);
  const gboolean data = is_data(text);
  const guint most = data ? DATA_ROWS : NOTE_ROWS;
  while (text && rows->len < most) {
    char *line = take_line(&text, data ? PAGE_COLUMNS : (gsize)PAGE_COLUMNS * NOTE_ROWS * 4);
    if (data)
      add_cut(rows, line);
    else
      add_wrapped(rows, line);
  }
  if (rows->len > most)
    g_ptr_array_set_size(rows, (int)most);
  return rows;
}

/* -------------------------------------------------------------------------------------------------------------- decoding */

/* glibc's tables reject the bytes that have no meaning in them. */
static const char *const CODE_PAGES[] = { "WINDOWS-1250", "WINDOWS-1252" };

/* Opened once and kept, so that a sandboxed child need not load conversion modules. */
static GIConv code_page(guint i)
{
  static GIConv opened[G_N_ELEMENTS(CODE_PAGES)];
  if (!opened[i])
    opened[i] = g_iconv_open("UTF-8", CODE_PAGES[i]);
  return opened[i];
}

void nx_text_decode_warm_up(void)
{
  for (guint i = 0; i < G_N_ELEMENTS(CODE_PAGES); i++)
    code_page(i);
}

/* Length of the valid UTF-8 in front; a character that the end of a longer text cuts is left out. FALSE when there is another bad byte. */
static gboolean utf8_length(const char *bytes, gsize length, gboolean complete, gsize *valid)
{
  const char *end;
  *valid = length;
  if (g_utf8_validate_len(bytes, length, &end))
    return TRUE;
  *valid = (gsize)(end - bytes);
  return !complete && length - *valid < 4 && g_utf8_get_char_validated(end, (gssize)(length - *valid)) == (gunichar)-2;
}

static char *copy_without_nul(const char *bytes, gsize length)
{
  char *text = g_malloc(length + 1);
  for (gsize i = 0; i < length; i++)
    text[i] = bytes[i] ? bytes[i] : ' ';
  text[length] = '\0';
  return text;
}

char *nx_text_decode(const char *bytes, gsize length, gboolean complete)
{
  char *wide = nx_text_from_utf16(bytes, length);
  if (wide)
    return wide;
  g_autofree char *text = copy_without_nul(bytes, length);
  gsize valid;
  if (utf8_length(text, length, complete, &valid)) {
    text[valid] = '\0';
    return g_strdup(g_str_has_prefix(text, "\xef\xbb\xbf") ? text + 3 : text);
  }
  for (guint i = 0; i < G_N_ELEMENTS(CODE_PAGES); i++) {
    GIConv converter = code_page(i);
    char *decoded = converter != (GIConv)-1 ? g_convert_with_iconv(text, (gssize)length, converter, NULL, NULL, NULL) : NULL;
    if (decoded)
      return decoded;
  }
  return NULL;
}
