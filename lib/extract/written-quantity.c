/* written-quantity.c — see written-quantity.h. */
#include "written-quantity.h"
#include "decimal.h"

#include <string.h>

typedef enum { LENGTH, TIME, VOLTAGE, CURRENT, PRESSURE, ANGLE, ENERGY, OTHER } Dimension;

static const struct {
  const char *symbol, *unit;
  Dimension dimension;
  int exponent; /* of ten, in the dimension's own unit */
} UNITS[] = {
  { "m", "meter", LENGTH, 0 },
  { "cm", "centimeter", LENGTH, -2 },
  { "mm", "millimeter", LENGTH, -3 },
  { "µm", "micrometer", LENGTH, -6 },
  { "μm", "micrometer", LENGTH, -6 }, /* Greek letter instead of the sign */
  { "um", "micrometer", LENGTH, -6 },
  { "nm", "nanometer", LENGTH, -9 },
  { "Å", "angstrom", LENGTH, -10 },
  { "\xe2\x84\xab", "angstrom", LENGTH, -10 }, /* U+212B, the sign instead of the letter */
  { "angstrom", "angstrom", LENGTH, -10 },
  { "pm", "picometer", LENGTH, -12 },
  { "s", "second", TIME, 0 },
  { "Secs", "second", TIME, 0 },
  { "ms", "millisecond", TIME, -3 },
  { "µs", "microsecond", TIME, -6 },
  { "us", "microsecond", TIME, -6 },
  { "ns", "nanosecond", TIME, -9 },
  { "V", "volt", VOLTAGE, 0 },
  { "kV", "kilovolt", VOLTAGE, 3 },
  { "A", "ampere", CURRENT, 0 },
  { "mA", "milliampere", CURRENT, -3 },
  { "µA", "microampere", CURRENT, -6 },
  { "uA", "microampere", CURRENT, -6 },
  { "nA", "nanoampere", CURRENT, -9 },
  { "pA", "picoampere", CURRENT, -12 },
  { "Pa", "pascal", PRESSURE, 0 },
  { "mbar", "millibar", PRESSURE, 2 },
  { "bar", "bar", PRESSURE, 5 },
  { "°", "degree", ANGLE, 0 },
  { "deg", "degree", ANGLE, 0 },
  { "eV", "electron_volt", ENERGY, 0 },
  { "keV", "kiloelectron_volt", ENERGY, 3 },
  { "%", "percent", OTHER, 0 },
  { "°C", "degree_Celsius", OTHER, 0 },
  { "Torr", "torr", OTHER, 0 },
  { "K", "kelvin", OTHER, 0 },
};

static gssize by_symbol(const char *symbol)
{
  for (gsize i = 0; symbol && i < G_N_ELEMENTS(UNITS); i++) {
    if (strcmp(UNITS[i].symbol, symbol) == 0)
      return (gssize)i;
  }
  return -1;
}

static gssize by_name(const char *unit)
{
  for (gsize i = 0; i < G_N_ELEMENTS(UNITS); i++) {
    if (strcmp(UNITS[i].unit, unit) == 0)
      return (gssize)i;
  }
  return -1;
}

/* With a comma for its point, as a computer with German or French settings writes it; none of our sources groups digits. */
gboolean nx_written_decimal(const char *text, int shift, double *value)
{
  const char *comma = strchr(text, ',');
  if (!comma || strchr(text, '.'))
    return nx_decimal_parse(text, shift, value, NULL);
  g_autofree char *pointed = g_strdup(text);
  pointed[comma - text] = '.';
  return nx_decimal_parse(pointed, shift, value, NULL);
}

json_object *nx_quantity_of(const char *number, const char *symbol, const char *unit)
{
  gssize from = by_symbol(symbol), to = unit ? by_name(unit) : from;
  double value;
  if (from < 0 || to < 0 || UNITS[from].dimension != UNITS[to].dimension || (UNITS[from].dimension == OTHER && from != to) ||
      !nx_written_decimal(number, UNITS[from].exponent - UNITS[to].exponent, &value))
    return NULL;
  return nx_meta_quantity(value, UNITS[to].unit);
}

json_object *nx_written_number(const char *text)
{
  double value;
  return text && nx_decimal_parse(text, 0, &value, NULL) ? nx_json_double(value) : NULL;
}

json_object *nx_written_quantity(const char *text, const char *unit)
{
  g_autofree char *trimmed = g_strstrip(g_strdup(text));
  gsize length = strcspn(trimmed, " \t");
  g_autofree char *number = g_strndup(trimmed, length);
  json_object *value = trimmed[length] ? nx_quantity_of(number, g_strchug(trimmed + length), unit) : NULL;
  if (value || unit)
    return value;
  /* g_strchug has moved what follows the number; the text itself is asked for again. */
  g_autofree char *whole = g_strstrip(g_strdup(text));
  value = nx_written_number(whole);
  return value ? value : *whole ? json_object_new_string(whole) : NULL;
}

char *nx_written_text(const void *bytes, gsize length)
{
  char *wide = nx_text_from_utf16(bytes, length);
  if (wide)
    return wide;
  gsize end = length ? strnlen(bytes, length) : 0;
  const char *text = end ? bytes : "";
  if (end >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
    text += 3, end -= 3;
  if (g_utf8_validate(text, (gssize)end, NULL))
    return g_strndup(text, end);
  return nx_text_from_latin1(text, (gssize)end);
}

char *nx_written_file(NxBytes *bytes, gsize limit)
{
  gsize length = (gsize)MIN(nx_bytes_size(bytes), (guint64)limit + 1);
  if (length > limit)
    return NULL;
  g_autofree char *text = g_malloc(length + 1);
  return nx_bytes_copy(bytes, 0, text, length, NULL) ? nx_written_text(text, length) : NULL;
}
