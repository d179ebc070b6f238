/* units.c — the unit table of extractors-b §10 and record-building §8, and comparison in decimal (record-building §7.3).
 * Every prefix is a power of ten, so a value is converted by moving the exponent of its shortest decimal text; multiplying doubles would
 * find 200 kV and 200000 V equal one time and 0.3 mm and 300 µm different another. */
#include "units.h"

#include "nx-base.h"

#include <math.h>
#include <string.h>

typedef enum {
  VOLT,
  METER,
  AMPERE,
  SECOND,
  RADIAN,
  DEGREE,
  ELECTRON_VOLT,
  KELVIN,
  CELSIUS,
  PASCAL,
  TORR,
  DALTON,
  HERTZ,
  PIXEL,
  COUNT,
  NUMBER,
  DIMENSIONS = NUMBER, /* a pure number has none */
} Dimension;

typedef struct {
  const char *name, *symbol;
  Dimension dimension;
  int ten;   /* in the dimension's first unit: 10^ten … */
  int sixes; /* … times 6^sixes (a minute) */
} Unit;

static const Unit UNITS[] = {
    {"volt", "V", VOLT, 0, 0},
    {"kilovolt", "kV", VOLT, 3, 0},
    {"millivolt", "mV", VOLT, -3, 0},
    {"meter", "m", METER, 0, 0},
    {"centimeter", "cm", METER, -2, 0},
    {"millimeter", "mm", METER, -3, 0},
    {"micrometer", "\u00B5m", METER, -6, 0},
    {"nanometer", "nm", METER, -9, 0},
    {"angstrom", "\u00C5", METER, -10, 0},
    {"picometer", "pm", METER, -12, 0},
    {"ampere", "A", AMPERE, 0, 0},
    {"milliampere", "mA", AMPERE, -3, 0},
    {"microampere", "\u00B5A", AMPERE, -6, 0},
    {"nanoampere", "nA", AMPERE, -9, 0},
    {"picoampere", "pA", AMPERE, -12, 0},
    {"second", "s", SECOND, 0, 0},
    {"millisecond", "ms", SECOND, -3, 0},
    {"microsecond", "\u00B5s", SECOND, -6, 0},
    {"nanosecond", "ns", SECOND, -9, 0},
    {"minute", "min", SECOND, 1, 1},
    {"degree", "deg", DEGREE, 0, 0},
    {"radian", "rad", RADIAN, 0, 0},
    {"milliradian", "mrad", RADIAN, -3, 0},
    {"microradian", "\u00B5rad", RADIAN, -6, 0},
    {"electron_volt", "eV", ELECTRON_VOLT, 0, 0},
    {"kiloelectron_volt", "keV", ELECTRON_VOLT, 3, 0},
    {"kelvin", "K", KELVIN, 0, 0},
    {"degree_Celsius", "\u00B0C", CELSIUS, 0, 0},
    {"pascal", "Pa", PASCAL, 0, 0},
    {"millipascal", "mPa", PASCAL, -3, 0},
    {"kilopascal", "kPa", PASCAL, 3, 0},
    {"bar", "bar", PASCAL, 5, 0},
    {"millibar", "mbar", PASCAL, 2, 0},
    {"torr", "torr", TORR, 0, 0},
    {"dalton", "Da", DALTON, 0, 0},
    {"hertz", "Hz", HERTZ, 0, 0},
    {"kilohertz", "kHz", HERTZ, 3, 0},
    {"pixel", "pixel", PIXEL, 0, 0},
    {"count", "count", COUNT, 0, 0},
    {"percent", "%", NUMBER, -2, 0},
    {"kiloX", "kX", NUMBER, 3, 0},
    {"dimensionless", "", NUMBER, 0, 0},
    {"", "", NUMBER, 0, 0},
};

static const Unit *find_unit(const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS(UNITS); i++)
    if (g_str_equal(UNITS[i].name, name))
      return &UNITS[i];
  return NULL;
}

/* --------------------------------------------------------------------------------------------------------- compounds */

/* One factor of a compound: a name to an integer power. */
typedef struct {
  char *name;
  int power;
} Factor;

static void clear_factor(gpointer data)
{
  g_free(((Factor *)data)->name);
}

static const char *skip_blanks(const char *at)
{
  while (*at == ' ')
    at++;
  return at;
}

/* `** N` if it stands here; FALSE when what stands there is no integer. */
static gboolean read_power(const char **at, int *power)
{
  const char *after = skip_blanks(*at);
  *power = 1;
  if (!g_str_has_prefix(after, "**"))
    return TRUE;
  after = skip_blanks(after + 2);
  char *end;
  gint64 value = g_ascii_strtoll(after, &end, 10);
  if (end == after || *end == '.' || value < -9 || value > 9)
    return FALSE;
  *power = (int)value;
  *at = end;
  return TRUE;
}

/* name [** N] or 1, then * or /, and so on. NULL when the text is not of this form. */
static GArray *read_factors(const char *text)
{
  g_autoptr(GArray) factors = g_array_new(FALSE, FALSE, sizeof(Factor));
  g_array_set_clear_func(factors, clear_factor);
  int sign = 1;
  for (const char *at = skip_blanks(text);;) {
    gsize length = 0;
    while (g_ascii_isalpha(at[length]) || (length > 0 && at[length] == '_'))
      length++;
    if (length > 0) {
      Factor factor = {g_strndup(at, length), 1};
      g_array_append_val(factors, factor);
      at += length;
      int power;
      if (!read_power(&at, &power))
        return NULL;
      g_array_index(factors, Factor, factors->len - 1).power = sign * power;
    } else if (*at == '1') {
      at++;
    } else {
      return NULL;
    }
    at = skip_blanks(at);
    if (!*at)
      return g_steal_pointer(&factors);
    if (*at != '*' && *at != '/')
      return NULL;
    sign = *at == '*' ? 1 : -1;
    at = skip_blanks(at + 1);
  }
}

static void append_side(GString *out, const GArray *factors, int sign, const char *joiner)
{
  gsize start = out->len;
  for (guint i = 0; i < factors->len; i++) {
    const Factor *factor = &g_array_index(factors, Factor, i);
    const Unit *unit = find_unit(factor->name);
    if (factor->power * sign <= 0)
      continue;
    if (out->len > start || sign < 0)
      g_string_append(out, joiner);
    g_string_append(out, unit ? unit->symbol : factor->name);
    if (factor->power * sign > 1)
      g_string_append_printf(out, " ** %d", factor->power * sign);
  }
}

char *nx_unit_symbol(const char *name)
{
  const Unit *unit = find_unit(name);
  if (unit)
    return g_strdup(unit->symbol);
  g_autoptr(GArray) factors = read_factors(name);
  if (!factors)
    return g_strdup(name);
  GString *out = g_string_new(NULL);
  append_side(out, factors, 1, " * ");
  if (out->len == 0)
    g_string_append_c(out, '1');
  append_side(out, factors, -1, " / ");
  return g_string_free(out, FALSE);
}

/* -------------------------------------------------------------------------------------------------------- comparison */

typedef struct {
  int dimensions[DIMENSIONS];
  int ten, sixes;
} Scale;

/* FALSE when a factor is not in the table. */
static gboolean read_scale(const char *name, Scale *scale)
{
  *scale = (Scale){{0}, 0, 0};
  const Unit *whole = find_unit(name);
  g_autoptr(GArray) factors = whole ? NULL : read_factors(name);
  if (!whole && !factors)
    return FALSE;
  for (guint i = 0; i < (whole ? 1 : factors->len); i++) {
    int power = whole ? 1 : g_array_index(factors, Factor, i).power;
    const Unit *unit = whole ? whole : find_unit(g_array_index(factors, Factor, i).name);
    if (!unit)
      return FALSE;
    if (unit->dimension < DIMENSIONS)
      scale->dimensions[unit->dimension] += power;
    scale->ten += power * unit->ten;
    scale->sixes += power * unit->sixes;
  }
  return TRUE;
}

/* A number as digits × 10^exponent, without trailing zeros. */
typedef struct {
  unsigned __int128 digits;
  int exponent;
  gboolean negative;
} Decimal;

static void strip_zeros(Decimal *decimal)
{
  if (decimal->digits == 0)
    *decimal = (Decimal){0, 0, FALSE};
  while (decimal->digits != 0 && decimal->digits % 10 == 0) {
    decimal->digits /= 10;
    decimal->exponent++;
  }
}

/* From the shortest text of the double: at most 17 digits, so there is room for the few factors of six. */
static Decimal read_decimal(double value)
{
  g_autofree char *text = nx_text_from_double(fabs(value));
  Decimal decimal = {0, 0, value < 0};
  gboolean after_point = FALSE;
  const char *at = text;
  for (; *at && *at != 'e'; at++) {
    if (*at == '.') {
      after_point = TRUE;
      continue;
    }
    decimal.digits = decimal.digits * 10 + (unsigned)(*at - '0');
    decimal.exponent -= after_point;
  }
  if (*at == 'e')
    decimal.exponent += (int)g_ascii_strtoll(at + 1, NULL, 10);
  strip_zeros(&decimal);
  return decimal;
}

static Decimal scaled(double value, int ten, int sixes)
{
  Decimal decimal = read_decimal(value);
  for (int i = 0; i < MIN(sixes, 20); i++)
    decimal.digits *= 6;
  decimal.exponent += ten;
  strip_zeros(&decimal);
  return decimal;
}

gboolean nx_quantities_equal(double value_a, const char *unit_a, double value_b, const char *unit_b)
{
  if (isnan(value_a) || isnan(value_b) || !isfinite(value_a) || !isfinite(value_b) || g_str_equal(unit_a, unit_b))
    return value_a == value_b && g_str_equal(unit_a, unit_b);
  Scale a, b;
  if (!read_scale(unit_a, &a) || !read_scale(unit_b, &b) || memcmp(a.dimensions, b.dimensions, sizeof a.dimensions) != 0)
    return FALSE;
  int fewest = MIN(a.sixes, b.sixes);
  Decimal first = scaled(value_a, a.ten, a.sixes - fewest), second = scaled(value_b, b.ten, b.sixes - fewest);
  return first.digits == second.digits && first.exponent == second.exponent && first.negative == second.negative;
}
