/* alias-text.c — one spelling for the many of a name (igem-db §9.1). Tables: GLib's (Unicode 14 or newer). */
#include "nx-alias.h"

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
static char *lower(const char *text)
{
  GString *out = g_string_new(NULL);
  for (const char *at = text; *at; at = g_utf8_next_char(at)) {
    gunichar c = g_utf8_get_char(at);
    if (c == DOTTED_CAPITAL_I) {
      g_string_append_c(out, 'i');
      g_string_append_unichar(out, DOT_ABOVE);
    } else if (c == CAPITAL_SIGMA)
      g_string_append_unichar(out, cased_before(text, at) && !cased_after(at) ? FINAL_SIGMA : SMALL_SIGMA);
    else
      g_string_append_unichar(out, lower_one(c));
  }
  return g_string_free(out, FALSE);
}

static char *single_blanks(const char *text)
{
  GString *out = g_string_new(NULL);
  gboolean pending = FALSE;
  for (const char *at = text; *at; at = g_utf8_next_char(at)) {
    gunichar c = g_utf8_get_char(at);
    if (g_unichar_combining_class(c) != 0)
      continue;
    if (is_blank(c) || c == '-' || c == '_' || c == '/') {
      pending = out->len > 0;
      continue;
    }
    if (pending)
      g_string_append_c(out, ' ');
    pending = FALSE;
    g_string_append_unichar(out, c);
  }
  return g_string_free(out, FALSE);
}

char *nx_alias_normalise(const char *text)
{
  g_autofree char *valid = nx_text_utf8(text, -1), *small = lower(valid), *decomposed = g_utf8_normalize(small, -1, G_NORMALIZE_NFKD);
  return single_blanks(decomposed);
}

char *nx_alias_normalise_code(const char *text)
{
  g_autofree char *valid = nx_text_utf8(text, -1), *small = lower(valid);
  const char *start = small, *end = small + strlen(small);
  while (*start && is_blank(g_utf8_get_char(start)))
    start = g_utf8_next_char(start);
  while (end > start && is_blank(g_utf8_get_char(g_utf8_prev_char(end))))
    end = g_utf8_prev_char(end);
  return g_strndup(start, (gsize)(end - start));
}
