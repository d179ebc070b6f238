/* text.c — text that comes from outside, made fit for where it goes: terminals, logs, XML, URLs; and numbers as Python spells them. */
#include "nx-base.h"

#include <float.h>
#include <fnmatch.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* 10^SCALE_MAX times a mantissa of 53 bits stays within 127 bits. */
#define SCALE_MAX 22
#define DIGITS 17

#define BEGINNING_MAX 160    /* characters of somebody else's text in a message */
#define BEGINNING_BYTES 4096 /* more than those can have */

static const guint64 POWERS[] = {
  1ull,
  10ull,
  100ull,
  1000ull,
  10000ull,
  100000ull,
  1000000ull,
  10000000ull,
  100000000ull,
  1000000000ull,
  10000000000ull,
  100000000000ull,
  1000000000000ull,
  10000000000000ull,
  100000000000000ull,
  1000000000000000ull,
  10000000000000000ull,
  100000000000000000ull,
  1000000000000000000ull,
  10000000000000000000ull,
};

static unsigned __int128 power_of_ten(int exponent)
{
  const int most = (int)G_N_ELEMENTS(POWERS) - 1;
  return exponent <= most ? POWERS[exponent] : (unsigned __int128)POWERS[most] * POWERS[exponent - most];
}

/* A value of mantissa / 2^shift times 10^(16 − exponent): 17 digits before the point, and a rest in 2^-shift. */
typedef struct {
  guint64 mantissa, whole;
  unsigned __int128 scale, rest;
  int shift, exponent;
} Scaled;

static gboolean scale_to(Scaled *scaled, int exponent)
{
  if (exponent > DIGITS - 1 || exponent < DIGITS - 1 - SCALE_MAX)
    return FALSE;
  scaled->exponent = exponent;
  scaled->scale = power_of_ten(DIGITS - 1 - exponent);
  const unsigned __int128 product = scaled->scale * scaled->mantissa;
  scaled->whole = (guint64)(product >> scaled->shift);
  scaled->rest = product & (((unsigned __int128)1 << scaled->shift) - 1);
  return TRUE;
}

/* FALSE when the value is too large or small to be computed in 127 bits. */
static gboolean scale(double value, Scaled *scaled)
{
  guint64 bits;
  memcpy(&bits, &value, sizeof bits);
  const int binary = (int)(bits >> 52) - 1075;
  if (!(value >= 1e-5 && value < 1e15))
    return FALSE;
  scaled->mantissa = (bits & ((1ull << 52) - 1)) | 1ull << 52;
  scaled->shift = -binary;
  /* log10 2 is 0.30103: the guess is right, or one too small. */
  const int guess = ((binary + 52) * 78913) >> 18;
  return scaled->shift > 0 && scale_to(scaled, guess) && (scaled->whole < POWERS[DIGITS] || scale_to(scaled, guess + 1));
}

/* Rounds, half to even, to a multiple of `unit`. 0: it would read back as another double. It reads back as this one when it is nearer than half the
 * distance to the next double, or just there and the double is even. */
static inline __attribute__((always_inline)) guint64 round_to(const Scaled *scaled, const guint unit)
{
  const guint64 quotient = scaled->whole / unit, whole = scaled->whole % unit, reach = (guint64)(scaled->scale >> scaled->shift) / 2 + 1;
  if (whole > reach && whole + 1 + reach < unit)
    return 0; /* by far, as for most numbers and units: the exact question takes longer */
  const unsigned __int128 remainder = ((unsigned __int128)whole << scaled->shift) + scaled->rest;
  const unsigned __int128 all = (unsigned __int128)unit << scaled->shift;
  const gboolean is_below = 2 * remainder < all || (2 * remainder == all && quotient % 2 == 0);
  const unsigned __int128 error = is_below ? remainder : all - remainder;
  const unsigned __int128 twice = scaled->mantissa == 1ull << 52 && is_below ? 4 * error : 2 * error;
  const gboolean is_same = twice < scaled->scale || (twice == scaled->scale && scaled->mantissa % 2 == 0);
  return is_same ? (is_below ? quotient : quotient + 1) * unit : 0;
}

/* The shortest of 15, 16, 17 digits that reads back; 0 when it cannot be computed exactly here. */
static guint64 exact_digits(double value, int *exponent)
{
  Scaled scaled;
  if (!scale(value, &scaled))
    return 0;
  *exponent = scaled.exponent;
  guint64 digits = round_to(&scaled, 100);
  digits = digits ? digits : round_to(&scaled, 10);
  return digits ? digits : round_to(&scaled, 1);
}

static int trim_zeros(char *digits, int count)
{
  while (count > 1 && digits[count - 1] == '0')
    count--;
  digits[count] = '\0';
  return count;
}

/* A number of 17 digits, or of 18; two at a time. */
static int write_digits(guint64 number, char *digits)
{
  static const char PAIRS[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748"
                              "49505152535455565758596061626364656667686970717273747576777879808182838485868788899091929394959697"
                              "9899";
  const int count = number < POWERS[DIGITS] ? DIGITS : DIGITS + 1;
  int at = count;
  for (; at >= 2; number /= 100)
    memcpy(digits + (at -= 2), PAIRS + 2 * (number % 100), 2);
  if (at == 1)
    digits[0] = (char)('0' + number);
  return count;
}

/* Of d.ddd…e±XX the number that is one more in the last digit, in its place; whether that reads back to the value. */
static gboolean next_reads_back(char *text, double value)
{
  char *digit = strchr(text, 'e') - 1;
  for (; digit > text && (*digit == '9' || *digit == '.'); digit--)
    if (*digit == '9')
      *digit = '0';
  (*digit)++;
  return g_ascii_isdigit(*digit) && g_ascii_strtod(text, NULL) == value;
}

/* The digits, their count and the exponent of the shortest decimal that reads back to the same value. A decimal of at most 15 digits survives the way through
 * a normal double, so 15 digits without their trailing zeros are the shortest when they read back; subnormals are tried digit by digit. Below a
 * power of two doubles are nearer than above it: there the next decimal may read back where the nearest does not. */
static int shortest_digits(double value, char *digits, int *exponent)
{
  char text[40];
  const guint64 exact = exact_digits(value, exponent);
  if (exact) {
    const int count = write_digits(exact, digits);
    *exponent += count - DIGITS;
    return trim_zeros(digits, count);
  }
  for (int precision = value < DBL_MIN ? 0 : 14; precision <= 16; precision++) {
    g_ascii_formatd(text, sizeof text, (char[]){'%', '.', (char)('0' + precision / 10), (char)('0' + precision % 10), 'e', 0}, value);
    if (g_ascii_strtod(text, NULL) == value || next_reads_back(text, value))
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

static gsize put_word(char *to, const char *word)
{
  const gsize length = strlen(word);
  memcpy(to, word, length + 1);
  return length;
}

/* Python's repr: plain form for exponents -4 … 15, else d[.ddd]e±XX. */
gsize nx_text_put_double(char text[NX_TEXT_DOUBLE], double value)
{
  if (isnan(value))
    return put_word(text, "nan");
  if (isinf(value))
    return put_word(text, value > 0 ? "inf" : "-inf");
  if (value == 0)
    return put_word(text, signbit(value) ? "-0.0" : "0.0");
  char digits[24], *to = text;
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
  *to = '\0';
  return (gsize)(to - text);
}

char *nx_text_from_double(double value)
{
  char text[NX_TEXT_DOUBLE];
  return g_strndup(text, nx_text_put_double(text, value));
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

char *nx_text_from_latin1(const char *bytes, gssize length)
{
  const gsize n = length < 0 ? strlen(bytes) : (gsize)length;
  char *text = g_malloc(2 * n + 1), *to = text;
  for (gsize i = 0; i < n; i++) {
    const guchar byte = (guchar)bytes[i];
    if (byte >= 0x80)
      *to++ = (char)(0xC0 | byte >> 6);
    *to++ = (char)(byte >= 0x80 ? 0x80 | (byte & 0x3F) : byte);
  }
  *to = '\0';
  return text;
}

/* One unit of UTF-16; 0 behind the end, which is no half of a pair. */
static gunichar utf16_unit(const char *bytes, gsize length, gsize at, gboolean big_endian)
{
  if (at + 2 > length)
    return 0;
  const guchar first = (guchar)bytes[at], second = (guchar)bytes[at + 1];
  return big_endian ? (gunichar)(first << 8 | second) : (gunichar)(second << 8 | first);
}

static gboolean is_first_half(gunichar unit)
{
  return unit >= 0xD800 && unit < 0xDC00;
}

static gboolean is_second_half(gunichar unit)
{
  return unit >= 0xDC00 && unit < 0xE000;
}

char *nx_text_from_utf16(const char *bytes, gsize length)
{
  const gboolean big_endian = length >= 2 && memcmp(bytes, "\xFE\xFF", 2) == 0;
  if (!big_endian && (length < 2 || memcmp(bytes, "\xFF\xFE", 2) != 0))
    return NULL;
  GString *text = g_string_sized_new(length);
  for (gsize at = 2; at + 2 <= length; at += 2) {
    gunichar c = utf16_unit(bytes, length, at, big_endian), next = utf16_unit(bytes, length, at + 2, big_endian);
    if (is_first_half(c) && is_second_half(next)) {
      c = 0x10000 + ((c - 0xD800) << 10) + (next - 0xDC00);
      at += 2;
    } else if (is_first_half(c) || is_second_half(c)) {
      c = 0xFFFD;
    }
    g_string_append_unichar(text, c ? c : ' ');
  }
  return g_string_free(text, FALSE);
}

char *nx_text_without_nul(const char *bytes, gsize length, guint *dropped)
{
  GString *out = g_string_sized_new(length + 1);
  for (gsize i = 0; i < length; i++)
    if (bytes[i])
      g_string_append_c(out, bytes[i]);
  if (dropped)
    *dropped = (guint)(length - out->len);
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

char *nx_text_start(const char *text, gsize most)
{
  g_autofree char *masked = nx_log_masked(text), *valid = nx_text_utf8(masked, -1);
  if (strlen(valid) > most)
    *g_utf8_find_prev_char(valid, valid + most + 1) = '\0';
  return g_steal_pointer(&valid);
}

char *nx_text_beginning(const char *whole)
{
  g_autofree char *masked = nx_log_masked(whole);
  const char *text = masked;
  for (const char *at = text; g_ascii_isspace(*at); at++)
    if (*at == '\n' || *at == '\r')
      text = at + 1;
  const gsize length = MIN(strcspn(text, "\r\n"), BEGINNING_BYTES);
  g_autofree char *valid = nx_text_utf8(text, (gssize)length), *visible = nx_text_visible(valid);
  const gboolean goes_on = text[length] != '\0' || g_utf8_strlen(visible, -1) > BEGINNING_MAX;
  if (!goes_on)
    return g_steal_pointer(&visible);
  g_autofree char *cut = g_utf8_strlen(visible, -1) < BEGINNING_MAX ? g_strdup(visible) : g_utf8_substring(visible, 0, BEGINNING_MAX - 1);
  return g_strconcat(cut, "…", NULL);
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

/* fnmatch(3) takes its characters from the thread's locale, which cron leaves at bytes. */
static locale_t utf8_characters(void)
{
  static gsize made;
  static locale_t characters;
  if (g_once_init_enter(&made)) {
    characters = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    g_once_init_leave(&made, 1);
  }
  return characters ? characters : LC_GLOBAL_LOCALE;
}

gboolean nx_text_matches(const char *pattern, const char *name)
{
  locale_t before = uselocale(utf8_characters());
  gboolean matches = fnmatch(pattern, name, FNM_CASEFOLD) == 0;
  uselocale(before);
  return matches;
}
