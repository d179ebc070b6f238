/* text.c — text that comes from outside, made fit for where it goes: terminals, logs, XML, URLs; and numbers as Python spells them. */
#include "nx-base.h"

#include <float.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* 10^17 and less, as far as a product with 53 bits stays within 127 bits. */
#define SCALE_MAX 22

/* One of 15 … 17 digits that round a scaled value; `whole` and `rest` / 2^`shift` are the value times 10^(16 − exponent). */
typedef struct {
  guint64 whole;
  unsigned __int128 rest;
  int shift;
} Scaled;

/* The value rounded, half to even, to a multiple of `unit` (1, 10, 100); *error: the distance from the value, in 2^-shift. */
static guint64 round_to(const Scaled *scaled, guint unit, unsigned __int128 *error, gboolean *is_below)
{
  guint64 quotient = scaled->whole / unit;
  unsigned __int128 remainder = ((unsigned __int128)(scaled->whole % unit) << scaled->shift) + scaled->rest;
  unsigned __int128 all = (unsigned __int128)unit << scaled->shift;
  *is_below = 2 * remainder < all || (2 * remainder == all && quotient % 2 == 0);
  *error = *is_below ? remainder : all - remainder;
  return *is_below ? quotient : quotient + 1;
}

/* The shortest of 15, 16, 17 digits that reads back, computed exactly in 127 bits; 0 when the value is too large or small for that.
 * A decimal reads back when it is nearer than half the distance to the next double, or just there and the double is even. */
static guint64 exact_digits(double value, int *exponent)
{
  int binary;
  const guint64 mantissa = (guint64)ldexp(frexp(value, &binary), 53);
  const int shift = 53 - binary;
  *exponent = value >= 1e-5 && value < 1e15 ? (int)floor(log10(value)) : SCALE_MAX;
  if (16 - *exponent < 0 || 16 - *exponent > SCALE_MAX || shift <= 0)
    return 0;
  unsigned __int128 scale = 1;
  for (int i = *exponent; i < 16; i++)
    scale *= 10;
  const unsigned __int128 product = scale * mantissa;
  const Scaled scaled = { (guint64)(product >> shift), product & (((unsigned __int128)1 << shift) - 1), shift };
  for (guint unit = 100; unit >= 1; unit /= 10) {
    unsigned __int128 error;
    gboolean is_below;
    const guint64 rounded = round_to(&scaled, unit, &error, &is_below);
    const unsigned __int128 twice = mantissa == 1ull << 52 && is_below ? 4 * error : 2 * error;
    if (twice < scale || (twice == scale && mantissa % 2 == 0))
      return rounded * unit;
  }
  return 0;
}

static int trim_zeros(char *digits, int count)
{
  while (count > 1 && digits[count - 1] == '0')
    count--;
  digits[count] = '\0';
  return count;
}

static int write_digits(guint64 number, char *digits)
{
  char reversed[24];
  int count = 0;
  for (; number; number /= 10)
    reversed[count++] = (char)('0' + number % 10);
  for (int i = 0; i < count; i++)
    digits[i] = reversed[count - 1 - i];
  return count;
}

/* The digits, their count and the exponent of the shortest decimal that reads back to the same value. A decimal of at most 15 digits survives the way through
 * a normal double, so 15 digits without their trailing zeros are the shortest when they read back; subnormals are tried digit by digit. */
static int shortest_digits(double value, char *digits, int *exponent)
{
  char text[40];
  const guint64 exact = exact_digits(value, exponent);
  if (exact) {
    const int count = write_digits(exact, digits);
    *exponent += count - 17;
    return trim_zeros(digits, count);
  }
  for (int precision = value < DBL_MIN ? 0 : 14; precision <= 16; precision++) {
    g_ascii_formatd(text, sizeof text, (char[]){'%', '.', (char)('0' + precision / 10), (char)('0' + precision % 10), 'e', 0}, value);
    if (g_ascii_strtod(text, NULL) == value)
      break;
  }
  int count = 0;
  const char *from = text;
  for (; *from != 'e'; from++)
    if (g_ascii_isdigit(*from))
      digits[count++] = *from;
  *exponent = atoi(from + 1);
  return trim_zeros(digits, count);
}

static char *put(char *to, const char *text, gsize length)
{
  memcpy(to, text, length);
  return to + length;
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
  char digits[24], text[40], *to = text;
  int exponent;
  const int count = shortest_digits(fabs(value), digits, &exponent);
  if (value < 0)
    *to++ = '-';
  if (exponent < -4 || exponent >= 16) {
    *to++ = digits[0];
    to += g_snprintf(to, 36, "%s%se%c%02d", count > 1 ? "." : "", digits + 1, exponent < 0 ? '-' : '+', abs(exponent));
  } else if (exponent < 0) {
    to = put(to, "0.0000", (gsize)(1 - exponent));
    to = put(to, digits, (gsize)count);
  } else {
    const int before = MIN(count, exponent + 1);
    to = put(to, digits, (gsize)before);
    to = put(to, "0000000000000000", (gsize)(exponent + 1 - before));
    *to++ = '.';
    to = count > before ? put(to, digits + before, (gsize)(count - before)) : put(to, "0", 1);
  }
  return g_strndup(text, (gsize)(to - text));
}

gboolean nx_text_is_utf8(const char *bytes, gsize length)
{
  /* Eight bytes at once: one less than any of them, or itself, has its highest bit when it is NUL or not ASCII. */
  for (guint64 word; length >= sizeof word; bytes += sizeof word, length -= sizeof word) {
    memcpy(&word, bytes, sizeof word);
    if (((word - G_GUINT64_CONSTANT(0x0101010101010101)) | word) & G_GUINT64_CONSTANT(0x8080808080808080))
      break;
  }
  return length == 0 || g_utf8_validate_len(bytes, length, NULL);
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
