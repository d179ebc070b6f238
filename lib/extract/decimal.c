/* decimal.c — decimal text → the nearest double, with a factor that is a power of ten applied to the text and not to the double. */
#include "decimal.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Beyond this no double is left to tell from zero or infinity. */
#define EXPONENT_MAX 100000

static const char *skip_digits(const char *at)
{
  while (g_ascii_isdigit(*at))
    at++;
  return at;
}

static const char *skip_blanks(const char *at)
{
  while (g_ascii_isspace(*at))
    at++;
  return at;
}

/* Reads `e±NNN` at *at, if it is there. FALSE when an `e` has no digits. */
static gboolean read_exponent(const char **at, int *exponent)
{
  *exponent = 0;
  if (**at != 'e' && **at != 'E')
    return TRUE;
  const char *digits = *at + 1;
  if (*digits == '+' || *digits == '-')
    digits++;
  const char *end = skip_digits(digits);
  if (end == digits)
    return FALSE;
  gint64 number = g_ascii_strtoll(*at + 1, NULL, 10);
  *exponent = (int)CLAMP(number, -EXPONENT_MAX, EXPONENT_MAX);
  *at = end;
  return TRUE;
}

gboolean nx_decimal_parse(const char *text, int shift, double *value, int *exponent)
{
  const char *start = skip_blanks(text);
  const char *whole = *start == '+' || *start == '-' ? start + 1 : start;
  const char *point = skip_digits(whole);
  const char *fraction = *point == '.' ? point + 1 : point;
  const char *end = skip_digits(fraction);
  if (point == whole && end == fraction)
    return FALSE;

  const char *after = end;
  int written;
  if (!read_exponent(&after, &written) || *skip_blanks(after))
    return FALSE;
  g_autofree char *mantissa = g_strndup(start, (gsize)(end - start));
  g_autofree char *shifted = g_strdup_printf("%se%d", mantissa, written + shift);
  *value = g_ascii_strtod(shifted, NULL);
  if (exponent)
    *exponent = written - (int)MIN(end - fraction, EXPONENT_MAX);
  return isfinite(*value);
}

double nx_decimal_shortest(double value, double tolerance, int shift)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  double shifted;
  if (!isfinite(value))
    return NAN;
  for (int digits = 1; digits <= DBL_DECIMAL_DIG; digits++) {
    const char format[] = { '%', '.', (char)('0' + digits / 10), (char)('0' + digits % 10), 'g', '\0' };
    g_ascii_formatd(text, sizeof text, format, value);
    if (fabs(g_ascii_strtod(text, NULL) - value) <= tolerance * fabs(value))
      break;
  }
  return nx_decimal_parse(text, shift, &shifted, NULL) ? shifted : NAN;
}
