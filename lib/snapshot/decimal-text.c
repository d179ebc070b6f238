/* decimal-text.c — see decimal-text.h. Long numbers are decimal digits or bytes, multiplied and divided by hand. */
#include "decimal-text.h"

#include <string.h>

#define EXPONENT_DIGITS_MAX 4

/* Digits without sign → text with point. */
static void place_point(gboolean negative, const char *digits, gint32 scale, GString *text)
{
  gsize length = strlen(digits), behind = (gsize)scale;
  g_string_assign(text, negative ? "-" : "");
  if (length > behind)
    g_string_append_len(text, digits, (gssize)(length - behind));
  else
    g_string_append_c(text, '0');
  if (scale == 0)
    return;
  g_string_append_c(text, '.');
  for (gsize i = length; i < behind; i++)
    g_string_append_c(text, '0');
  g_string_append(text, length > behind ? digits + length - behind : digits);
}

void nx_decimal_from_integer(gint64 unscaled, gint32 scale, GString *text)
{
  char digits[24];
  guint64 magnitude = unscaled < 0 ? ~(guint64)unscaled + 1 : (guint64)unscaled;
  g_snprintf(digits, sizeof digits, "%" G_GUINT64_FORMAT, magnitude);
  place_point(unscaled < 0, digits, scale, text);
}

static void negate(guint8 *bytes, gsize length)
{
  guint carry = 1;
  for (gsize i = length; i-- > 0;) {
    carry += (guint8)~bytes[i];
    bytes[i] = (guint8)carry;
    carry >>= 8;
  }
}

/* Divides the number by ten in place; the remainder. */
static guint divide_by_ten(guint8 *bytes, gsize length)
{
  guint rest = 0;
  for (gsize i = 0; i < length; i++) {
    guint part = rest << 8 | bytes[i];
    bytes[i] = (guint8)(part / 10);
    rest = part % 10;
  }
  return rest;
}

static gboolean is_zero(const guint8 *bytes, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (bytes[i])
      return FALSE;
  return TRUE;
}

gboolean nx_decimal_from_bytes(const guint8 *bytes, gsize length, gint32 scale, GString *text)
{
  guint8 number[NX_DECIMAL_BYTES_MAX];
  char digits[NX_DECIMAL_DIGITS_MAX + 2];
  gsize at = sizeof digits - 1;
  if (length > sizeof number)
    return FALSE;
  memcpy(number, bytes, length);
  gboolean negative = length > 0 && number[0] & 0x80;
  if (negative)
    negate(number, length);
  digits[at] = '\0';
  do {
    if (at == 0)
      return FALSE;
    digits[--at] = (char)('0' + divide_by_ten(number, length));
  } while (!is_zero(number, length));
  place_point(negative, digits + at, scale, text);
  return TRUE;
}

/* number × 10 + digit; FALSE on overflow. */
static gboolean append_digit(guint8 *bytes, gsize length, guint digit)
{
  guint carry = digit;
  for (gsize i = length; i-- > 0;) {
    carry += bytes[i] * 10u;
    bytes[i] = (guint8)carry;
    carry >>= 8;
  }
  return carry == 0;
}

gsize nx_decimal_width(gint32 precision)
{
  guint8 largest[NX_DECIMAL_BYTES_MAX] = {0};
  gsize zeros = 0;
  for (gint32 i = 0; i < precision; i++)
    append_digit(largest, sizeof largest, 9);
  while (zeros < sizeof largest - 1 && largest[zeros] == 0)
    zeros++;
  return sizeof largest - zeros + (largest[zeros] & 0x80 ? 1 : 0);
}

static gboolean read_exponent(const char *text, gsize length, gint32 *exponent)
{
  gsize sign = length > 0 && (*text == '-' || *text == '+') ? 1 : 0;
  if (length == sign || length > sign + EXPONENT_DIGITS_MAX)
    return FALSE;
  for (gsize i = sign; i < length; i++) {
    if (!g_ascii_isdigit(text[i]))
      return FALSE;
    *exponent = *exponent * 10 + text[i] - '0';
  }
  *exponent = *text == '-' ? -*exponent : *exponent;
  return TRUE;
}

/* All digits of a number, without its point; *behind of them stand behind it; of a negative number so many zeros lack. */
static gboolean read_digits(const char *text, gsize length, GString *digits, gssize *behind)
{
  const char *mark = memchr(text, 'e', length);
  mark = mark ? mark : memchr(text, 'E', length);
  gsize mantissa = mark ? (gsize)(mark - text) : length;
  const char *point = memchr(text, '.', mantissa);
  gsize whole = point ? (gsize)(point - text) : mantissa;
  gint32 exponent = 0;
  g_string_append_len(digits, text, (gssize)whole);
  if (point)
    g_string_append_len(digits, point + 1, (gssize)(mantissa - whole - 1));
  if (digits->len == 0 || strspn(digits->str, "0123456789") != digits->len || (mark && !read_exponent(mark + 1, length - mantissa - 1, &exponent)))
    return FALSE;
  *behind = (gssize)(digits->len - whole) - exponent;
  return TRUE;
}

/* The digits of the unscaled number, `scale` of them from behind the point. */
static gboolean unscaled_digits(const char *text, gsize length, gint32 scale, GString *digits)
{
  gssize behind;
  if (!read_digits(text, length, digits, &behind))
    return FALSE;
  for (; behind > scale && digits->len > 0; behind--) {
    if (digits->str[digits->len - 1] != '0')
      return FALSE;
    g_string_truncate(digits, digits->len - 1);
  }
  for (; behind < scale; behind++)
    g_string_append_c(digits, '0');
  return TRUE;
}

gboolean nx_decimal_to_bytes(const char *text, gsize length, gint32 precision, gint32 scale, guint8 *bytes, gsize width)
{
  g_autoptr(GString) digits = g_string_new(NULL);
  gboolean negative = length > 0 && *text == '-';
  gsize sign = length > 0 && (*text == '-' || *text == '+') ? 1 : 0;
  if (!unscaled_digits(text + sign, length - sign, scale, digits))
    return FALSE;
  const char *first = digits->str + strspn(digits->str, "0");
  if (strlen(first) > (gsize)precision)
    return FALSE;
  memset(bytes, 0, width);
  for (; *first; first++)
    append_digit(bytes, width, (guint)(*first - '0'));
  if (negative)
    negate(bytes, width);
  return TRUE;
}
