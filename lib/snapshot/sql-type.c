/* sql-type.c — from declared SQL types to fields, and from times as databases write them to numbers (parquet §5, igem-db §8.2). */
#include "nx-snapshot.h"

#include "decimal-text.h"

#include <stdlib.h>
#include <string.h>

#define SECOND_US G_GINT64_CONSTANT(1000000)
#define DAY_SECONDS 86400

static const struct {
  const char *name;
  NxFieldType type;
} TYPES[] = {
    {"boolean", NX_FIELD_BOOLEAN},
    {"bool", NX_FIELD_BOOLEAN},
    {"smallint", NX_FIELD_INTEGER},
    {"integer", NX_FIELD_INTEGER},
    {"int", NX_FIELD_INTEGER},
    {"bigint", NX_FIELD_INTEGER},
    {"tinyint", NX_FIELD_INTEGER},
    {"mediumint", NX_FIELD_INTEGER},
    {"serial", NX_FIELD_INTEGER},
    {"bigserial", NX_FIELD_INTEGER},
    {"int2", NX_FIELD_INTEGER},
    {"int4", NX_FIELD_INTEGER},
    {"int8", NX_FIELD_INTEGER},
    {"smallserial", NX_FIELD_INTEGER},
    {"int64", NX_FIELD_INTEGER},
    {"real", NX_FIELD_REAL},
    {"double", NX_FIELD_REAL},
    {"double precision", NX_FIELD_REAL},
    {"float", NX_FIELD_REAL},
    {"float4", NX_FIELD_REAL},
    {"float8", NX_FIELD_REAL},
    {"numeric", NX_FIELD_DECIMAL},
    {"decimal", NX_FIELD_DECIMAL},
    {"json", NX_FIELD_JSON},
    {"jsonb", NX_FIELD_JSON},
    {"date", NX_FIELD_DATE},
    {"time", NX_FIELD_TIME},
    {"blob", NX_FIELD_BYTES},
    {"bytea", NX_FIELD_BYTES},
    {"datetime", NX_FIELD_TIMESTAMP},
    {"timestamp", NX_FIELD_TIMESTAMP},
    {"timestamp without time zone", NX_FIELD_TIMESTAMP},
    {"timestamptz", NX_FIELD_TIMESTAMP_UTC},
    {"timestamp with time zone", NX_FIELD_TIMESTAMP_UTC},
    {"time without time zone", NX_FIELD_TIME},
};

/* `Timestamp(6) without time zone` → `timestamp without time zone`; *arguments is behind the bracket, or NULL. */
static char *bare_name(const char *declared, const char **arguments)
{
  const char *open = strchr(declared, '('), *close = open ? strchr(open, ')') : NULL;
  *arguments = open ? open + 1 : NULL;
  g_autofree char *before = open ? g_strndup(declared, (gsize)(open - declared)) : g_strdup(declared);
  g_autofree char *after = g_strdup(close ? close + 1 : "");
  g_autofree char *name = g_strjoin(" ", g_strstrip(before), g_strstrip(after), NULL);
  return g_ascii_strdown(g_strstrip(name), -1);
}

/* Without precision, or with one that is too large, a number stays the text that the database prints. */
static void take_precision(NxField *field, const char *arguments)
{
  char *end = NULL;
  long precision = arguments ? strtol(arguments, &end, 10) : 0, scale = end && *end == ',' ? strtol(end + 1, NULL, 10) : 0;
  field->type = NX_FIELD_TEXT;
  if (precision < 1 || precision > NX_DECIMAL_DIGITS_MAX || scale < 0 || scale > precision)
    return;
  field->type = NX_FIELD_DECIMAL;
  field->precision = (gint32)precision;
  field->scale = (gint32)scale;
}

void nx_field_take_sql_type(NxField *field, const char *declared)
{
  const char *arguments;
  g_autofree char *name = bare_name(declared, &arguments);
  field->type = NX_FIELD_TEXT;
  for (guint i = 0; i < G_N_ELEMENTS(TYPES); i++)
    if (g_str_equal(name, TYPES[i].name))
      field->type = TYPES[i].type;
  if (field->type == NX_FIELD_DECIMAL)
    take_precision(field, arguments);
}

/* ------------------------------------------------------------------------------------------------------------- times */

/* The next `n` digits; -1: they are not there. */
static int take_digits(const char **at, const char *end, guint n)
{
  int number = 0;
  if (end - *at < (gssize)n)
    return -1;
  for (guint i = 0; i < n; i++, (*at)++) {
    if (!g_ascii_isdigit(**at))
      return -1;
    number = number * 10 + (**at - '0');
  }
  return number;
}

static gboolean take_character(const char **at, const char *end, char c)
{
  if (*at >= end || **at != c)
    return FALSE;
  (*at)++;
  return TRUE;
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar: years that begin in March, in eras of 400 (146097 days). */
static gint64 days_of(int year, int month, int day)
{
  year -= month <= 2;
  int era = year / 400, of_era = year % 400;
  int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return (gint64)era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static gboolean take_date(const char **at, const char *end, gint64 *days)
{
  static const int LENGTHS[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int year = take_digits(at, end, 4);
  int month = year >= 1 && take_character(at, end, '-') ? take_digits(at, end, 2) : -1;
  int day = month >= 1 && month <= 12 && take_character(at, end, '-') ? take_digits(at, end, 2) : -1;
  if (day < 1 || day > LENGTHS[month - 1] || (month == 2 && day == 29 && (year % 4 != 0 || (year % 100 == 0 && year % 400 != 0))))
    return FALSE;
  *days = days_of(year, month, day);
  return TRUE;
}

/* `.1` to `.123456789`; what is below a microsecond is cut off. */
static gboolean take_fraction(const char **at, const char *end, gint64 *microseconds)
{
  const char *first = *at;
  for (gint64 unit = SECOND_US / 10; *at < end && g_ascii_isdigit(**at); (*at)++, unit /= 10)
    *microseconds += (**at - '0') * unit;
  return *at > first && *at - first <= 9;
}

static gboolean take_clock(const char **at, const char *end, gint64 *microseconds)
{
  int hour = take_digits(at, end, 2), minute = take_character(at, end, ':') ? take_digits(at, end, 2) : -1, second = 0;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
    return FALSE;
  gboolean has_seconds = take_character(at, end, ':');
  if (has_seconds)
    second = take_digits(at, end, 2);
  if (second < 0 || second > 59)
    return FALSE;
  *microseconds = (hour * 3600 + minute * 60 + second) * SECOND_US;
  return !has_seconds || !take_character(at, end, '.') || take_fraction(at, end, microseconds);
}

/* `Z`, `+02:00`, and `+02` as PostgreSQL writes it; nothing: FALSE with *at at the end. */
static gboolean take_offset(const char **at, const char *end, gint64 *seconds)
{
  *seconds = 0;
  if (take_character(at, end, 'Z'))
    return TRUE;
  int sign = take_character(at, end, '-') ? -1 : take_character(at, end, '+') ? 1 : 0;
  int hour = sign ? take_digits(at, end, 2) : -1, minute = hour < 0 ? -1 : take_character(at, end, ':') ? take_digits(at, end, 2) : 0;
  *seconds = sign * (hour * 3600 + minute * 60);
  return minute >= 0 && minute <= 59 && *seconds > -DAY_SECONDS && *seconds < DAY_SECONDS;
}

static gboolean parse_timestamp(const char *at, const char *end, gint64 *microseconds)
{
  gint64 days, clock, offset = 0;
  if (!take_date(&at, end, &days) || !(take_character(&at, end, ' ') || take_character(&at, end, 'T')) || !take_clock(&at, end, &clock))
    return FALSE;
  if (at < end && !take_offset(&at, end, &offset))
    return FALSE;
  *microseconds = days * DAY_SECONDS * SECOND_US + clock - offset * SECOND_US;
  return at == end;
}

gboolean nx_datum_take_text(const NxField *field, const char *text, gsize length, NxDatum *datum)
{
  const char *at = text, *end = text + length;
  datum->is_null = FALSE;
  switch (field->type) {
  case NX_FIELD_TIMESTAMP:
  case NX_FIELD_TIMESTAMP_UTC:
    return parse_timestamp(at, end, &datum->integer);
  case NX_FIELD_DATE:
    return take_date(&at, end, &datum->integer) && at == end;
  case NX_FIELD_TIME:
    return take_clock(&at, end, &datum->integer) && at == end;
  default:
    datum->bytes = text;
    datum->length = length;
    return TRUE;
  }
}
