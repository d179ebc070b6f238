/* text.c — text that comes from outside, made fit for where it goes: terminals, logs, XML, URLs; and numbers as Python spells them. */
#include "nx-base.h"

#include <float.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The digits and exponent of the shortest decimal that reads back to the same value. A decimal of at most 15 digits survives the way through
 * a normal double, so 15 digits without their trailing zeros are the shortest when they read back; subnormals are tried digit by digit. */
static void shortest_digits(double value, char *digits, int *exponent)
{
  char text[40];
  for (int precision = value < DBL_MIN ? 0 : 14; precision <= 16; precision++) {
    g_ascii_formatd(text, sizeof text, (char[]){'%', '.', (char)('0' + precision / 10), (char)('0' + precision % 10), 'e', 0}, value);
    if (g_ascii_strtod(text, NULL) == value)
      break;
  }
  const char *from = text;
  char *first = digits;
  for (; *from != 'e'; from++)
    if (g_ascii_isdigit(*from))
      *digits++ = *from;
  while (digits > first + 1 && digits[-1] == '0')
    digits--;
  *digits = '\0';
  *exponent = atoi(from + 1);
}

/* Python's repr: plain form for exponents -4 … 15, else d[.ddd]e±XX. */
char *nx_text_from_double(double value)
{
  if (isnan(value))
    return g_strdup("nan");
  if (isinf(value))
    return g_strdup(value > 0 ? "inf" : "-inf");
  if (value == 0)
    return g_strdup(signbit(value) ? "-0.0" : "0.0");
  char digits[24];
  int exponent;
  shortest_digits(fabs(value), digits, &exponent);
  int count = (int)strlen(digits);
  GString *out = g_string_new(value < 0 ? "-" : "");
  if (exponent < -4 || exponent >= 16) {
    g_string_append_c(out, digits[0]);
    if (count > 1)
      g_string_append_printf(out, ".%s", digits + 1);
    g_string_append_printf(out, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
  } else if (exponent < 0) {
    g_string_append(out, "0.");
    for (int i = exponent + 1; i < 0; i++)
      g_string_append_c(out, '0');
    g_string_append(out, digits);
  } else {
    for (int i = 0; i <= exponent; i++)
      g_string_append_c(out, i < count ? digits[i] : '0');
    g_string_append_printf(out, ".%s", count > exponent + 1 ? digits + exponent + 1 : "0");
  }
  return g_string_free(out, FALSE);
}

char *nx_text_utf8(const char *bytes, gssize length)
{
  gsize left = length < 0 ? strlen(bytes) : (gsize)length;
  const char *end;
  if (g_utf8_validate_len(bytes, left, &end))
    return g_strndup(bytes, left);
  GString *out = g_string_sized_new(left + 16);
  while (!g_utf8_validate_len(bytes, left, &end)) {
    gsize good = (gsize)(end - bytes);
    g_string_append_len(out, bytes, (gssize)good);
    g_string_append(out, "\xEF\xBF\xBD");
    bytes += good + 1;
    left -= good + 1;
  }
  g_string_append_len(out, bytes, (gssize)left);
  return g_string_free(out, FALSE);
}

char *nx_text_visible(const char *text)
{
  GString *out = g_string_new(NULL);
  for (const char *at = text; *at; at = g_utf8_next_char(at)) {
    gunichar c = g_utf8_get_char(at);
    if (c == '\n')
      g_string_append(out, "\\n");
    else if (c == '\t')
      g_string_append(out, "\\t");
    else if (c < 0x20 || (c >= 0x7F && c < 0xA0))
      g_string_append_printf(out, "\\x%02x", c);
    else
      g_string_append_unichar(out, c);
  }
  return g_string_free(out, FALSE);
}

/* XML 1.0, production [2] Char. */
static gboolean is_xml_character(gunichar c)
{
  return c == 0x9 || c == 0xA || c == 0xD || (c >= 0x20 && c <= 0xD7FF) || (c >= 0xE000 && c <= 0xFFFD) || (c >= 0x10000 && c <= 0x10FFFF);
}

char *nx_text_for_xml(const char *text, guint *dropped)
{
  guint count = 0;
  GString *out = g_string_sized_new(strlen(text) + 1);
  for (const char *at = text; *at; at = g_utf8_next_char(at)) {
    gunichar c = g_utf8_get_char(at);
    if (is_xml_character(c))
      g_string_append_unichar(out, c);
    else
      count++;
  }
  if (dropped)
    *dropped = count;
  return g_string_free(out, FALSE);
}

char *nx_text_percent_encode(const char *bytes, const char *also)
{
  GString *out = g_string_new(NULL);
  for (const guchar *at = (const guchar *)bytes; *at; at++) {
    if (g_ascii_isalnum(*at) || strchr("-._~", *at) || (also && strchr(also, *at)))
      g_string_append_c(out, (char)*at);
    else
      g_string_append_printf(out, "%%%02X", *at);
  }
  return g_string_free(out, FALSE);
}

char *nx_text_percent_decode(const char *text)
{
  GString *out = g_string_new(NULL);
  for (const char *at = text; *at; at++) {
    if (*at != '%') {
      g_string_append_c(out, *at);
      continue;
    }
    int high = g_ascii_xdigit_value(at[1]), low = high < 0 ? -1 : g_ascii_xdigit_value(at[2]);
    if (low < 0 || high * 16 + low == 0) {
      g_string_free(out, TRUE);
      return NULL;
    }
    g_string_append_c(out, (char)(high * 16 + low));
    at += 2;
  }
  return g_string_free(out, FALSE);
}

gsize nx_text_width(const char *text)
{
  gsize cells = 0;
  for (const char *at = text; *at; at = g_utf8_next_char(at)) {
    gunichar c = g_utf8_get_char(at);
    if (!g_unichar_iszerowidth(c))
      cells += g_unichar_iswide(c) ? 2 : 1;
  }
  return cells;
}

char *nx_text_query_value(const char *url, const char *name)
{
  const char *query = strchr(url, '?');
  if (!query)
    return NULL;
  g_autofree char *until_fragment = g_strndup(query + 1, strcspn(query + 1, "#"));
  g_auto(GStrv) pairs = g_strsplit(until_fragment, "&", -1);
  for (char **pair = pairs; *pair; pair++) {
    g_auto(GStrv) parts = g_strsplit(*pair, "=", 2);
    if (!parts[0] || !g_str_equal(parts[0], name))
      continue;
    g_autofree char *blanks = g_strdelimit(g_strdup(parts[1] ? parts[1] : ""), "+", ' ');
    char *decoded = nx_text_percent_decode(blanks);
    return decoded ? decoded : g_steal_pointer(&blanks);
  }
  return NULL;
}

gboolean nx_text_matches(const char *pattern, const char *name)
{
  return fnmatch(pattern, name, FNM_CASEFOLD) == 0;
}
