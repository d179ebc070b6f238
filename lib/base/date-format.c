/* date-format.c — see nx-date-format.h. Reading follows Python's strptime: the format becomes a regular expression, numbers may be short,
 * blanks match any run of blanks, and nothing may be left over. Writing follows Python's strftime, which knows microseconds (%f) where C
 * does not. Names of days and months are English. */
#include "nx-date-format.h"

#include <string.h>

static const char *const MONTHS[] = {"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};
static const char *const DAYS[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};

#define DAY_NAMES "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
#define DAY_SHORT "Mon|Tue|Wed|Thu|Fri|Sat|Sun"
#define MONTH_NAMES "January|February|March|April|May|June|July|August|September|October|November|December"
#define MONTH_SHORT "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"

/* ---------------------------------------------------------------------------------------------------------- writing */

static int hour_of_twelve(GDateTime *when)
{
  return (g_date_time_get_hour(when) + 11) % 12 + 1;
}

static int year_of_century(GDateTime *when)
{
  return g_date_time_get_year(when) % 100;
}

static int weekday_from_sunday(GDateTime *when)
{
  return g_date_time_get_day_of_week(when) % 7;
}

/* Directives that print a number: its digits, and what fills them up. */
static const struct {
  char letter, fill;
  int digits;
  int (*value)(GDateTime *when);
} NUMBERS[] = {
    {'Y', '0', 4, g_date_time_get_year},
    {'y', '0', 2, year_of_century},
    {'m', '0', 2, g_date_time_get_month},
    {'d', '0', 2, g_date_time_get_day_of_month},
    {'e', ' ', 2, g_date_time_get_day_of_month},
    {'H', '0', 2, g_date_time_get_hour},
    {'I', '0', 2, hour_of_twelve},
    {'M', '0', 2, g_date_time_get_minute},
    {'S', '0', 2, g_date_time_get_second},
    {'f', '0', 6, g_date_time_get_microsecond},
    {'j', '0', 3, g_date_time_get_day_of_year},
    {'w', '0', 1, weekday_from_sunday},
    {'u', '0', 1, g_date_time_get_day_of_week},
};

/* `is_bare`: without what fills it up, as the C library has it for %-d, and Python through it; not for %f, which is Python's own. */
static gboolean write_number(GString *out, GDateTime *when, char letter, gboolean is_bare)
{
  for (gsize i = 0; i < G_N_ELEMENTS(NUMBERS); i++) {
    if (NUMBERS[i].letter != letter || (is_bare && letter == 'f'))
      continue;
    g_string_append_printf(out, NUMBERS[i].fill == '0' ? "%0*d" : "%*d", is_bare ? 1 : NUMBERS[i].digits, NUMBERS[i].value(when));
    return TRUE;
  }
  return FALSE;
}

static void write_offset(GString *out, GDateTime *when)
{
  GTimeSpan seconds = g_date_time_get_utc_offset(when) / G_TIME_SPAN_SECOND;
  GTimeSpan size = ABS(seconds);
  g_string_append_printf(out, "%c%02d%02d", seconds < 0 ? '-' : '+', (int)(size / 3600), (int)(size % 3600 / 60));
}

/* A directive that prints words; FALSE when there is none of that letter. */
static gboolean write_words(GString *out, GDateTime *when, gboolean is_naive, char letter)
{
  const char *day = DAYS[g_date_time_get_day_of_week(when) - 1], *month = MONTHS[g_date_time_get_month(when) - 1];
  switch (letter) {
  case 'A':
    g_string_append(out, day);
    return TRUE;
  case 'a':
    g_string_append_len(out, day, 3);
    return TRUE;
  case 'B':
    g_string_append(out, month);
    return TRUE;
  case 'b':
  case 'h':
    g_string_append_len(out, month, 3);
    return TRUE;
  case 'p':
    g_string_append(out, g_date_time_get_hour(when) < 12 ? "AM" : "PM");
    return TRUE;
  case 'z':
    if (!is_naive)
      write_offset(out, when);
    return TRUE;
  case 'Z':
    if (!is_naive)
      g_string_append(out, g_date_time_get_timezone_abbreviation(when));
    return TRUE;
  case '%':
    g_string_append_c(out, '%');
    return TRUE;
  default:
    return FALSE;
  }
}

/* Directives that stand for others, as the C locale spells them. */
static const struct {
  char letter;
  const char *format;
} COMPOUND[] = {{'c', "%a %b %e %H:%M:%S %Y"},
                {'x', "%m/%d/%y"},
                {'X', "%H:%M:%S"},
                {'D', "%m/%d/%y"},
                {'F', "%Y-%m-%d"},
                {'T', "%H:%M:%S"},
                {'R', "%H:%M"}};

static const char *compound_format(char letter)
{
  for (gsize i = 0; i < G_N_ELEMENTS(COMPOUND); i++)
    if (COMPOUND[i].letter == letter)
      return COMPOUND[i].format;
  return NULL;
}

/* NULL, or what stands behind the % of a directive that there is none of. */
static const char *write_format(GString *out, GDateTime *when, gboolean is_naive, const char *format)
{
  for (const char *at = format; *at; at++) {
    if (*at != '%') {
      g_string_append_c(out, *at);
      continue;
    }
    const char *directive = ++at;
    gboolean is_bare = *at == '-';
    at += is_bare;
    const char *parts = is_bare ? NULL : compound_format(*at);
    if (parts)
      write_format(out, when, is_naive, parts);
    else if (!write_number(out, when, *at, is_bare) && (is_bare || !write_words(out, when, is_naive, *at)))
      return directive;
  }
  return NULL;
}

/* ---------------------------------------------------------------------------------------------------------- reading */

/* What each directive matches; the name of the group is the letter that read_fields asks for. */
static const struct {
  char letter;
  const char *pattern;
} READ[] = {
    {'Y', "(?<Y>\\d{4})"},
    {'y', "(?<y>\\d{2})"},
    {'m', "(?<m>1[0-2]|0[1-9]|[1-9])"},
    {'d', "(?<d>3[01]|[12]\\d|0[1-9]|[1-9]| [1-9])"},
    {'e', "(?<d>3[01]|[12]\\d|0[1-9]|[1-9]| [1-9])"},
    {'H', "(?<H>2[0-3]|[01]\\d|\\d)"},
    {'I', "(?<I>1[0-2]|0[1-9]|[1-9])"},
    {'M', "(?<M>[0-5]\\d|\\d)"},
    {'S', "(?<S>6[01]|[0-5]\\d|\\d)"},
    {'f', "(?<f>\\d{1,6})"},
    {'j', "(?<j>36[0-6]|3[0-5]\\d|[12]\\d\\d|0[1-9]\\d|00[1-9]|[1-9]\\d|0[1-9]|[1-9])"},
    {'p', "(?<p>AM|PM)"},
    {'A', "(?:" DAY_NAMES ")"},
    {'a', "(?:" DAY_SHORT ")"},
    {'w', "[0-6]"},
    {'u', "[1-7]"},
    {'B', "(?<B>" MONTH_NAMES ")"},
    {'b', "(?<B>" MONTH_SHORT ")"},
    {'h', "(?<B>" MONTH_SHORT ")"},
    {'z', "(?<z>(?-i:Z)|[+-](?:[01]\\d|2[0-3]):?[0-5]\\d(?::?[0-5]\\d)?)"},
    {'Z', "(?<Z>[A-Z]{1,6})"},
    {'%', "%"},
};

static const char *directive_pattern(char letter)
{
  for (gsize i = 0; i < G_N_ELEMENTS(READ); i++)
    if (READ[i].letter == letter)
      return READ[i].pattern;
  return NULL;
}

/* Appends the regular expression of `format`. NULL, or what stands behind the % of a directive that there is none of. */
static const char *append_pattern(GString *pattern, const char *format)
{
  for (const char *at = format; *at; at++) {
    if (g_ascii_isspace(*at)) {
      while (g_ascii_isspace(at[1]))
        at++;
      g_string_append(pattern, "\\s+");
    } else if (*at != '%') {
      if (g_ascii_ispunct(*at))
        g_string_append_c(pattern, '\\');
      g_string_append_c(pattern, *at);
    } else if (compound_format(*++at)) {
      append_pattern(pattern, compound_format(*at));
    } else {
      const char *part = *at ? directive_pattern(*at) : NULL;
      if (!part)
        return at;
      g_string_append(pattern, part);
    }
  }
  return NULL;
}

/* A facility has a format or two; whatever asks for more does not make the process grow. */
#define KNOWN_MAX 64u

/* The compiled expression of a format, borrowed until the next is asked for. NULL: none can be made. */
static GRegex *format_regex(const char *format)
{
  static GHashTable *known;
  if (!known)
    known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_regex_unref);
  GRegex *regex = g_hash_table_lookup(known, format);
  if (regex)
    return regex;
  g_autoptr(GString) pattern = g_string_new("^");
  append_pattern(pattern, format);
  g_string_append(pattern, "\\z");
  regex = g_regex_new(pattern->str, G_REGEX_CASELESS, 0, NULL);
  if (regex && g_hash_table_size(known) >= KNOWN_MAX)
    g_hash_table_remove_all(known);
  if (regex)
    g_hash_table_insert(known, g_strdup(format), regex);
  return regex;
}

static char *group(GMatchInfo *match, const char *name)
{
  char *text = g_match_info_fetch_named(match, name);
  if (text && !*text)
    g_clear_pointer(&text, g_free);
  return text;
}

static int number(GMatchInfo *match, const char *name, int fallback)
{
  g_autofree char *text = group(match, name);
  return text ? (int)g_ascii_strtoll(g_strchug(text), NULL, 10) : fallback;
}

static int read_month(GMatchInfo *match)
{
  g_autofree char *name = group(match, "B");
  for (int month = 0; name && month < 12; month++)
    if (g_ascii_strncasecmp(name, MONTHS[month], 3) == 0)
      return month + 1;
  return number(match, "m", 1);
}

static int read_year(GMatchInfo *match)
{
  int two_digits = number(match, "y", -1);
  if (two_digits < 0)
    return number(match, "Y", 1900);
  return two_digits + (two_digits < 69 ? 2000 : 1900); /* POSIX, and Python */
}

static int read_hour(GMatchInfo *match)
{
  g_autofree char *half = group(match, "p");
  int twelve = number(match, "I", -1);
  if (twelve < 0)
    return number(match, "H", 0);
  return twelve % 12 + (half && g_ascii_toupper(*half) == 'P' ? 12 : 0);
}

static int read_microsecond(GMatchInfo *match)
{
  g_autofree char *digits = group(match, "f");
  int value = 0;
  for (gsize i = 0, length = digits ? strlen(digits) : 0; i < 6; i++)
    value = value * 10 + (i < length ? digits[i] - '0' : 0);
  return value;
}

/* The offset that the text names, or NULL: naive. Of zone names only those of UTC say an offset. */
static GTimeZone *read_zone(GMatchInfo *match)
{
  g_autofree char *offset = group(match, "z"), *name = group(match, "Z");
  if (!offset)
    return name && (g_ascii_strcasecmp(name, "UTC") == 0 || g_ascii_strcasecmp(name, "GMT") == 0) ? g_time_zone_new_utc() : NULL;
  int parts[3] = {0};
  int digits = 0;
  for (const char *at = offset; *at; at++)
    if (g_ascii_isdigit(*at) && digits < 6) {
      parts[digits / 2] = parts[digits / 2] * 10 + (*at - '0');
      digits++;
    }
  int seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
  return g_time_zone_new_offset(*offset == '-' ? -seconds : seconds);
}

static GDateTime *date_of_match(GMatchInfo *match, gboolean *is_naive)
{
  g_autoptr(GTimeZone) own = read_zone(match);
  g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
  int year = read_year(match), second = MIN(number(match, "S", 0), 59), day_of_year = number(match, "j", 0);
  g_autoptr(GDateTime) when = nx_time_from_wall_clock(own ? own : utc, year, day_of_year ? 1 : read_month(match), number(match, "d", 1),
                                                      read_hour(match), number(match, "M", 0), second, read_microsecond(match));
  *is_naive = own == NULL;
  return when && day_of_year ? g_date_time_add_days(when, day_of_year - 1) : g_steal_pointer(&when);
}

/* ---------------------------------------------------------------------------------------------------------- both */

/* The letters of all directives in a format that has none but good ones, those behind a compound one as well. */
static void append_letters(GString *letters, const char *format)
{
  for (const char *at = format; *at; at++) {
    if (*at != '%')
      continue;
    at += at[1] == '-' ? 2 : 1;
    const char *parts = compound_format(*at);
    if (parts)
      append_letters(letters, parts);
    else
      g_string_append_c(letters, *at);
  }
}

/* Any other date would be taken for one of the year 1900, or of a first of January. */
static gboolean names_a_day(const char *format)
{
  g_autoptr(GString) letters = g_string_new(NULL);
  append_letters(letters, format);
  return strpbrk(letters->str, "Yy") && strpbrk(letters->str, "mBbhj") && strpbrk(letters->str, "dej");
}

static char *unknown_directive(const char *at, NxDateUse use)
{
  static const char *const NAMES[] = {[NX_DATE_WRITTEN] = "strftime", [NX_DATE_READ] = "strptime"};
  const char *letter = *at == '-' ? at + 1 : at, *end = *letter ? g_utf8_next_char(letter) : letter;
  return g_strdup_printf("must be made of %s's directives, and %%%.*s is none%s", NAMES[use], (int)(end - at), at,
                         letter > at && use == NX_DATE_READ ? "; without the - it reads short numbers, too" : "");
}

char *nx_date_format_problem(const char *format, NxDateUse use)
{
  if (!g_utf8_validate(format, -1, NULL))
    return g_strdup("must be UTF-8 text");
  g_autoptr(GDateTime) any = g_date_time_new_from_unix_utc(0);
  g_autoptr(GString) scratch = g_string_new(NULL);
  const char *unknown = use == NX_DATE_WRITTEN ? write_format(scratch, any, TRUE, format) : append_pattern(scratch, format);
  if (unknown)
    return unknown_directive(unknown, use);
  if (!names_a_day(format))
    return g_strdup("must name the year, the month and the day, as %Y-%m-%d does");
  return use == NX_DATE_READ && !format_regex(format) ? g_strdup("must name each part of a date once") : NULL;
}

static gboolean check_format(const char *format, NxDateUse use, GError **err)
{
  g_autofree char *problem = nx_date_format_problem(format, use);
  if (problem)
    g_set_error(err, NX_ERROR, NX_ERROR_CONFIG, "the date format '%s' %s", format, problem);
  return problem == NULL;
}

char *nx_date_format_print(const char *format, GDateTime *when, gboolean is_naive, GError **err)
{
  g_autoptr(GString) out = g_string_new(NULL);
  if (!check_format(format, NX_DATE_WRITTEN, err))
    return NULL;
  write_format(out, when, is_naive, format);
  return g_strdup(out->str);
}

GDateTime *nx_date_format_parse(const char *format, const char *text, gboolean *is_naive, GError **err)
{
  g_autoptr(GMatchInfo) match = NULL;
  if (!check_format(format, NX_DATE_READ, err) || !g_utf8_validate(text, -1, NULL))
    return NULL;
  return g_regex_match(format_regex(format), text, 0, &match) ? date_of_match(match, is_naive) : NULL;
}
