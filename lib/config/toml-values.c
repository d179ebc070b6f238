/* toml-values.c — the values of TOML that stand alone: strings in their four kinds of quotes, numbers, booleans, dates and times. */
#include "toml.h"

#include <string.h>

#define BARE_MAX 1000 /* bytes of a number; a longer one is a mistake */

/* ------------------------------------------------------------------------------------------------------------ strings */

static const char *const QUOTES[] = {"\"\"\"", "'''", "\"", "'"};

/* \u00e4, \U0001f52c: `digits` of them follow. */
static gboolean read_code_point(NxTomlReader *in, guint digits, GString *out, GError **err)
{
  gunichar character = 0;
  for (guint i = 0; i < digits; i++, in->at++) {
    int value = g_ascii_xdigit_value(nx_toml_peek(in, 0));
    if (value < 0)
      return nx_toml_error(in, err, "%u hex digits are expected behind \\%c", digits, digits == 4 ? 'u' : 'U');
    character = character << 4 | (gunichar)value;
  }
  if (character == 0 || !g_unichar_validate(character))
    return nx_toml_error(in, err, "an escape that stands for no character");
  g_string_append_unichar(out, character);
  return TRUE;
}

/* A backslash at the end of a line takes the blank space with it, up to the next character. */
static gboolean pass_continuation(NxTomlReader *in)
{
  NxTomlReader ahead = *in;
  nx_toml_pass_blanks(&ahead);
  if (!nx_toml_pass_line_end(&ahead))
    return FALSE;
  do
    nx_toml_pass_blanks(&ahead);
  while (nx_toml_pass_line_end(&ahead));
  *in = ahead;
  return TRUE;
}

/* What follows a backslash. */
static gboolean read_escape(NxTomlReader *in, gboolean multi_line, GString *out, GError **err)
{
  static const char LETTERS[] = "btnfr\"\\", MEANINGS[] = "\b\t\n\f\r\"\\";
  if (multi_line && pass_continuation(in))
    return TRUE;
  char letter = nx_toml_peek(in, 0);
  const char *known = letter ? strchr(LETTERS, letter) : NULL;
  if (letter != 'u' && letter != 'U' && !known)
    return nx_toml_error(in, err, "an unknown escape in a string");
  in->at++;
  if (!known)
    return read_code_point(in, letter == 'u' ? 4 : 8, out, err);
  g_string_append_c(out, MEANINGS[known - LETTERS]);
  return TRUE;
}

/* Up to two quotes may stand before the three that end a string. */
static void pass_last_quotes(NxTomlReader *in, char quote, GString *out)
{
  for (guint i = 0; i < 2 && nx_toml_peek(in, 0) == quote; i++, in->at++)
    g_string_append_c(out, quote);
}

static gboolean read_character(NxTomlReader *in, gboolean has_escapes, gboolean multi_line, GString *out, GError **err)
{
  char character = nx_toml_peek(in, 0);
  if (multi_line && nx_toml_pass_line_end(in)) {
    g_string_append_c(out, '\n');
    return TRUE;
  }
  if (in->at >= in->length || character == '\n')
    return nx_toml_error(in, err, "a string does not end");
  if (g_ascii_iscntrl(character) && character != '\t')
    return nx_toml_error(in, err, "a control character in a string");
  in->at++;
  if (has_escapes && character == '\\')
    return read_escape(in, multi_line, out, err);
  g_string_append_c(out, character);
  return TRUE;
}

char *nx_toml_string(NxTomlReader *in, gboolean multi_line, GError **err)
{
  guint kind = multi_line ? 0 : 2;
  while (!nx_toml_pass(in, QUOTES[kind]))
    kind++;
  gboolean has_lines = kind < 2;
  g_autoptr(GString) out = g_string_new(NULL);
  if (has_lines)
    nx_toml_pass_line_end(in);
  while (!nx_toml_pass(in, QUOTES[kind]))
    if (!read_character(in, *QUOTES[kind] == '"', has_lines, out, err))
      return NULL;
  if (has_lines)
    pass_last_quotes(in, *QUOTES[kind], out);
  return g_strdup(out->str);
}

/* ------------------------------------------------------------------------------------------------------- other values */

typedef json_object *(*Make)(const char *text);

static json_object *make_boolean(const char *text)
{
  return json_object_new_boolean(*text == 't');
}

static json_object *make_integer(const char *text)
{
  gint64 value = 0;
  return g_ascii_string_to_signed(*text == '+' ? text + 1 : text, 10, G_MININT64, G_MAXINT64, &value, NULL) ? json_object_new_int64(value)
                                                                                                            : NULL;
}

static json_object *make_based_integer(const char *text)
{
  guint64 value = 0;
  guint base = text[1] == 'x' ? 16 : text[1] == 'o' ? 8 : 2;
  return g_ascii_string_to_unsigned(text + 2, base, 0, G_MAXINT64, &value, NULL) ? json_object_new_int64((gint64)value) : NULL;
}

static json_object *make_real(const char *text)
{
  return json_object_new_double(g_ascii_strtod(text, NULL));
}

static guint number_at(const char *text, gsize at, gsize digits)
{
  guint value = 0;
  for (gsize i = 0; i < digits; i++)
    value = value * 10 + (guint)g_ascii_digit_value(text[at + i]);
  return value;
}

static gboolean is_date(const char *text)
{
  guint year = number_at(text, 0, 4), month = number_at(text, 5, 2), day = number_at(text, 8, 2);
  return month >= 1 && month <= 12 && day >= 1 && day <= g_date_get_days_in_month((GDateMonth)month, (GDateYear)(year ? year : 4));
}

/* HH:MM:SS[.fraction][±HH:MM]; a leap second is one. */
static gboolean is_time(const char *text)
{
  const char *offset = strpbrk(text, "+-");
  return number_at(text, 0, 2) < 24 && number_at(text, 3, 2) < 60 && number_at(text, 6, 2) <= 60 &&
         (!offset || (number_at(offset, 1, 2) < 24 && number_at(offset, 4, 2) < 60));
}

static json_object *make_date(const char *text)
{
  gboolean has_date = text[4] == '-';
  const char *time = !has_date ? text : strlen(text) > 10 ? text + 11 : NULL;
  if ((has_date && !is_date(text)) || (time && !is_time(time)))
    return NULL;
  json_object *date = json_object_new_object();
  nx_json_set_string(date, "date", text);
  return date;
}

#define DIGITS "[0-9](_?[0-9])*"
#define WHOLE "[+-]?(0|[1-9](_?[0-9])*)"
#define EXPONENT "[eE][+-]?" DIGITS
#define TIME "[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?"

static const struct {
  const char *pattern;
  Make make;
} FORMS[] = {
    {"^(true|false)$", make_boolean},
    {"^" WHOLE "$", make_integer},
    {"^0x[0-9A-Fa-f](_?[0-9A-Fa-f])*$", make_based_integer},
    {"^0o[0-7](_?[0-7])*$", make_based_integer},
    {"^0b[01](_?[01])*$", make_based_integer},
    {"^" WHOLE "(\\." DIGITS "(" EXPONENT ")?|" EXPONENT ")$", make_real},
    {"^[+-]?(inf|nan)$", make_real},
    {"^([0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ]" TIME "([Zz]|[+-][0-9]{2}:[0-9]{2})?)?|" TIME ")$", make_date},
};

static gboolean is_bare_character(char character)
{
  return g_ascii_isalnum(character) || (character && strchr("+-._:", character));
}

/* The text of a bare value; a blank parts a date from its time. */
static char *take_bare_text(NxTomlReader *in)
{
  gsize start = in->at;
  while (in->at - start <= BARE_MAX &&
         (is_bare_character(nx_toml_peek(in, 0)) ||
          (in->at - start == 10 && in->text[start + 4] == '-' && nx_toml_peek(in, 0) == ' ' && g_ascii_isdigit(nx_toml_peek(in, 1)))))
    in->at++;
  return g_strndup(in->text + start, in->at - start);
}

static char *without_underscores(const char *text)
{
  g_auto(GStrv) parts = g_strsplit(text, "_", -1);
  return g_strjoinv("", parts);
}

json_object *nx_toml_bare_value(NxTomlReader *in, GError **err)
{
  g_autofree char *text = take_bare_text(in), *plain = without_underscores(text);
  for (guint i = 0; i < G_N_ELEMENTS(FORMS); i++) {
    if (strlen(text) > BARE_MAX || !g_regex_match_simple(FORMS[i].pattern, text, G_REGEX_DOLLAR_ENDONLY, 0))
      continue;
    json_object *value = FORMS[i].make(plain);
    if (!value)
      nx_toml_error(in, err, "there is no such number or date: %s", text);
    return value;
  }
  if (*text == '\0')
    nx_toml_error(in, err, "a value is expected");
  else
    nx_toml_error(in, err, "not a value: %.40s%s", text, strlen(text) > 40 ? "…" : "");
  return NULL;
}
