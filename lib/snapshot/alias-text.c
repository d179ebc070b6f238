/* alias-text.c — one spelling for the many of a name (igem-db §9.1). Tables: GLib's (Unicode 14 or newer). */
#include "alias-text.h"

#include "alias-file.h"

#include <string.h>

#define SMALL_SIGMA 0x03c3
#define FINAL_SIGMA 0x03c2
#define CAPITAL_SIGMA 0x03a3
#define DOTTED_CAPITAL_I 0x0130
#define DOT_ABOVE 0x0307

/* Unicode White_Space and U+001C to U+001F. */
static gboolean is_blank(gunichar c)
{
  static const gunichar OTHERS[] = {0x20, 0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000};
  if ((c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x1f) || (c >= 0x2000 && c <= 0x200a))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS(OTHERS); i++)
    if (c == OTHERS[i])
      return TRUE;
  return FALSE;
}

/* Case_Ignorable: marks, format and modifier characters, and the punctuation that stands within words. */
static gboolean is_case_ignorable(gunichar c)
{
  static const gunichar WITHIN_WORDS[] = {'\'',   '.',    ':',    0xb7,   0x387,  0x55f,  0x5f4, 0x2018, 0x2019,
                                          0x2024, 0x2027, 0xfe13, 0xfe52, 0xfe55, 0xff07, 0xff0e, 0xff1a};
  for (guint i = 0; i < G_N_ELEMENTS(WITHIN_WORDS); i++)
    if (c == WITHIN_WORDS[i])
      return TRUE;
  switch (g_unichar_type(c)) {
  case G_UNICODE_NON_SPACING_MARK:
  case G_UNICODE_ENCLOSING_MARK:
  case G_UNICODE_FORMAT:
  case G_UNICODE_MODIFIER_LETTER:
  case G_UNICODE_MODIFIER_SYMBOL:
    return TRUE;
  default:
    return FALSE;
  }
}

static gboolean is_cased(gunichar c)
{
  return g_unichar_isupper(c) || g_unichar_islower(c) || g_unichar_istitle(c) || c == 0xaa || c == 0xba || (c >= 0x2160 && c <= 0x217f) ||
         (c >= 0x24b6 && c <= 0x24e9);
}

static gboolean cased_before(const char *text, const char *at)
{
  while (at > text) {
    at = g_utf8_prev_char(at);
    if (!is_case_ignorable(g_utf8_get_char(at)))
      return is_cased(g_utf8_get_char(at));
  }
  return FALSE;
}

static gboolean cased_after(const char *at)
{
  for (at = g_utf8_next_char(at); *at; at = g_utf8_next_char(at))
    if (!is_case_ignorable(g_utf8_get_char(at)))
      return is_cased(g_utf8_get_char(at));
  return FALSE;
}

/* GLib maps letters only; Roman numerals and circled letters have cases as well. */
static gunichar lower_one(gunichar c)
{
  if (c >= 0x2160 && c <= 0x216f)
    return c + 0x10;
  return c >= 0x24b6 && c <= 0x24cf ? c + 0x1a : g_unichar_tolower(c);
}

/* The full mapping: a dotted capital I has two characters, a sigma depends on where it stands; all else maps one to one. */
static guint lower(const char *text, const char *at, gunichar *out)
{
  gunichar c = g_utf8_get_char(at);
  out[0] = c == DOTTED_CAPITAL_I ? 'i' : c != CAPITAL_SIGMA ? lower_one(c) : cased_before(text, at) && !cased_after(at) ? FINAL_SIGMA : SMALL_SIGMA;
  out[1] = DOT_ABOVE;
  return c == DOTTED_CAPITAL_I ? 2 : 1;
}

/* Characters side by side: of a comparison, all bits of those where it holds. */
typedef guint8 Block __attribute__((vector_size(16)));

/* ASCII as it is after normalisation. */
static Block map_ascii(Block c)
{
  Block blank = (Block)(c == '-') | (Block)(c == '_') | (Block)(c == '/') | (Block)(c - '\t' < 5) | (Block)(c - 0x1c < 4);
  Block small = c | ((Block)(c - 'A' < 26) & ('a' - 'A'));
  return (blank & ' ') | (~blank & small);
}

/* Up to 16 characters from `from` to `to`, which has room for all of them; returns how many there are before one that is not ASCII. */
static gsize map_some(guint8 *to, const char *from, gsize length)
{
  Block block = {0};
  guint64 words[2];
  gsize n = MIN(length, sizeof block);
  if (n == sizeof block)
    memcpy(&block, from, sizeof block);
  else
    memcpy(&block, from, n);
  memcpy(words, &block, sizeof words);
  if ((words[0] | words[1]) & G_GUINT64_CONSTANT(0x8080808080808080))
    for (n = 0; (guint8)from[n] < 0x80;)
      n++;
  block = map_ascii(block);
  memcpy(to, &block, sizeof block);
  return n;
}

/* One character that is not ASCII; blanks come out as blanks. */
static void append_decomposed(GString *out, const char *text, const char *at)
{
  gunichar small[2], parts[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];
  guint n = lower(text, at, small);
  for (guint i = 0; i < n; i++) {
    gsize n_parts = g_unichar_fully_decompose(small[i], TRUE, parts, G_N_ELEMENTS(parts));
    for (gsize part = 0; part < n_parts; part++) {
      gunichar c = parts[part];
      if (g_unichar_combining_class(c) == 0)
        g_string_append_unichar(out, is_blank(c) || c == '-' || c == '_' || c == '/' ? ' ' : c);
    }
  }
}

/* The block in which two blanks in a row begin, or the end. */
static char *find_blanks(char *text, gsize length)
{
  for (gsize at = 0; at < length; at += sizeof(Block)) {
    Block here, behind;
    guint64 both[2];
    memcpy(&here, text + at, sizeof here);
    memcpy(&behind, text + at + 1, sizeof behind);
    here = (Block)(here == ' ') & (Block)(behind == ' ');
    memcpy(both, &here, sizeof both);
    if (both[0] | both[1])
      return text + at;
  }
  return text + length;
}

/* Blanks in a row are one, and none stands at the ends. A block behind the text can be read. */
static gsize squeeze(char *text, gsize length)
{
  char *to = *text == ' ' ? text : find_blanks(text, length), before = to == text ? ' ' : to[-1];
  for (const char *at = to; at < text + length; at++) {
    *to = *at;
    to += *to != ' ' || before != ' ';
    before = *at;
  }
  if (to > text && to[-1] == ' ')
    to--;
  return (gsize)(to - text);
}

/* All that is ASCII from `at` on; returns where something else begins. */
static const char *append_ascii(GString *out, const char *at, const char *end)
{
  gsize length = out->len, n = sizeof(Block);
  g_string_set_size(out, length + (gsize)(end - at) + sizeof(Block));
  for (; at < end && n == sizeof(Block); at += n, length += n)
    n = map_some((guint8 *)out->str + length, at, (gsize)(end - at));
  g_string_set_size(out, length);
  return at;
}

/* A text of that length, and zeros behind it. */
static void pad(GString *text, gsize length, gsize n)
{
  g_string_set_size(text, length + n);
  memset(text->str + length, 0, n);
}

/* Characters are decomposed one by one: what could change its place among its neighbours, a combining mark, is left out. */
char *alias_normalise(const char *text, gssize n_bytes, gsize *length)
{
  gsize n = n_bytes < 0 ? strlen(text) : (gsize)n_bytes;
  g_autofree char *valid = nx_text_is_utf8(text, n) ? NULL : nx_text_utf8(text, (gssize)n);
  const char *at = text = valid ? valid : text, *end = valid ? valid + strlen(valid) : text + n;
  GString *out = g_string_sized_new(n + 2 * ALIAS_PADDING);
  while (at < end) {
    at = append_ascii(out, at, end);
    for (; (guint8)*at >= 0x80; at = g_utf8_next_char(at))
      append_decomposed(out, text, at);
  }
  *length = out->len;
  pad(out, *length, sizeof(Block));
  *length = squeeze(out->str, *length);
  pad(out, *length, ALIAS_PADDING);
  return g_string_free(out, FALSE);
}

char *nx_alias_normalise(const char *text)
{
  gsize length;
  return alias_normalise(text, -1, &length);
}

static char *lower_all(const char *text)
{
  gunichar small[2];
  GString *out = g_string_new(NULL);
  for (const char *at = text; *at; at = g_utf8_next_char(at)) {
    guint n = lower(text, at, small);
    for (guint i = 0; i < n; i++)
      g_string_append_unichar(out, small[i]);
  }
  return g_string_free(out, FALSE);
}

char *nx_alias_normalise_code(const char *text)
{
  g_autofree char *valid = nx_text_utf8(text, -1), *small = lower_all(valid);
  const char *start = small, *end = small + strlen(small);
  while (*start && is_blank(g_utf8_get_char(start)))
    start = g_utf8_next_char(start);
  while (end > start && is_blank(g_utf8_get_char(g_utf8_prev_char(end))))
    end = g_utf8_prev_char(end);
  return g_strndup(start, (gsize)(end - start));
}

/* GLib does not say; the first characters that a version brought do. */
const char *alias_unicode_version(void)
{
  static const struct {
    gunichar first;
    const char *version;
  } VERSIONS[] = {{0x10d40, "16.0"}, {0x2ffc, "15.1"}, {0x11f00, "15.0"}, {0x61d, "14.0"}};
  for (guint i = 0; i < G_N_ELEMENTS(VERSIONS); i++)
    if (g_unichar_isdefined(VERSIONS[i].first))
      return VERSIONS[i].version;
  return "13.0";
}
