/* clock.c — instants and their text. An instant is a GDateTime in its own zone; no function here reads the process's TZ but nx_zone_system. */
#include "nx-base.h"

#include <math.h>
#include <string.h>

static GHashTable *zones; /* name → GTimeZone* */
static GMutex zones_lock;

/* GLib takes more for a name: of "GMT+1" and the like it makes a zone as POSIX does, where + is west. Calendars and people mean east. So a name is
 * what is a file of the tz database; UTC needs none, for there may be no database, or no way to read it. */
static gboolean is_zone_name(const char *name)
{
  if (g_str_equal(name, "UTC"))
    return TRUE;
  if (!g_ascii_isalpha(*name) || strstr(name, ".."))
    return FALSE;
  const char *own = g_getenv("TZDIR");
  g_autofree char *path = g_build_filename(own ? own : "/usr/share/zoneinfo", name, NULL);
  char magic[4] = "";
  FILE *file = fopen(path, "re");
  gboolean is_zone = file && fread(magic, 1, sizeof magic, file) == sizeof magic && memcmp(magic, "TZif", sizeof magic) == 0;
  if (file)
    fclose(file);
  return is_zone;
}

GTimeZone *nx_zone(const char *name, GError **err)
{
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&zones_lock);
  if (!zones)
    zones = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_time_zone_unref);
  GTimeZone *zone = g_hash_table_lookup(zones, name);
  if (zone)
    return zone;
  zone = is_zone_name(name) ? g_time_zone_new_identifier(name) : NULL;
  if (!zone) {
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "'%s' is not a time zone; write an IANA name such as America/New_York", name);
    return NULL;
  }
  g_hash_table_insert(zones, g_strdup(name), zone);
  return zone;
}

GTimeZone *nx_zone_system(void)
{
  static gsize once;
  static GTimeZone *zone;
  if (g_once_init_enter(&once)) {
    zone = g_time_zone_new_local();
    g_once_init_leave(&once, 1);
  }
  return zone;
}

GDateTime *nx_time_from_wall_clock(GTimeZone *zone, int year, int month, int day, int hour, int minute, int second, int microsecond)
{
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
      second < 0 || second > 59 || !g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year))
    return NULL;
  double seconds = second + microsecond / 1e6;
  g_autoptr(GDateTime) as_utc = g_date_time_new_utc(year, month, day, hour, minute, seconds);
  gint64 wall = g_date_time_to_unix(as_utc);
  int interval = g_time_zone_find_interval(zone, G_TIME_TYPE_STANDARD, wall);
  if (interval < 0) { /* the clock skips this time: the offset in force an hour around it that is not daylight saving */
    for (int side = -1; side <= 1 && interval < 0; side += 2) {
      int beside = g_time_zone_find_interval(zone, G_TIME_TYPE_STANDARD, wall + side * 7200);
      if (beside >= 0 && !g_time_zone_is_dst(zone, beside))
        interval = beside;
    }
    if (interval < 0)
      return NULL;
    g_autoptr(GTimeZone) fixed = g_time_zone_new_offset(g_time_zone_get_offset(zone, interval));
    return g_date_time_new(fixed, year, month, day, hour, minute, seconds);
  }
  gint32 offset = g_time_zone_get_offset(zone, interval);
  g_autoptr(GDateTime) instant = g_date_time_new_from_unix_utc(wall - offset);
  g_autoptr(GDateTime) exact = instant ? g_date_time_add(instant, microsecond) : NULL;
  return exact ? g_date_time_to_timezone(exact, zone) : NULL;
}

GDateTime *nx_time_day_start(GTimeZone *zone, int year, int month, int day)
{
  g_autoptr(GDateTime) midnight = nx_time_from_wall_clock(zone, year, month, day, 0, 0, 0, 0);
  g_autoptr(GDateTime) before = midnight ? g_date_time_add_hours(midnight, -3) : NULL; /* longer than clocks are ever put back */
  g_autoptr(GDateTime) there = before ? g_date_time_to_timezone(before, zone) : NULL;
  const GTimeSpan back = there ? g_date_time_get_utc_offset(there) - g_date_time_get_utc_offset(midnight) : 0;
  g_autoptr(GDateTime) first = back > 0 ? g_date_time_add(midnight, -back) : NULL;
  const gboolean is_midnight = first && g_date_time_get_hour(first) == 0 && g_date_time_get_day_of_month(first) == day;
  return is_midnight ? g_steal_pointer(&first) : g_steal_pointer(&midnight);
}

GDateTime *nx_time_from_epoch(double seconds, GTimeZone *zone)
{
  if (!(fabs(seconds) < 2.5e11))
    return NULL;
  double whole = floor(seconds);
  double micro = rint((seconds - whole) * 1e6); /* round half to even, the default rounding mode */
  g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc((gint64)whole);
  g_autoptr(GDateTime) exact = utc ? g_date_time_add(utc, (GTimeSpan)micro) : NULL;
  return exact ? g_date_time_to_timezone(exact, zone) : NULL;
}

char *nx_time_format(GDateTime *instant)
{
  GTimeSpan offset = g_date_time_get_utc_offset(instant) / G_TIME_SPAN_SECOND;
  GTimeSpan minutes = (offset < 0 ? -offset : offset) / 60, rest = (offset < 0 ? -offset : offset) % 60;
  GString *out = g_string_new(NULL);
  g_string_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d", g_date_time_get_year(instant), g_date_time_get_month(instant),
                  g_date_time_get_day_of_month(instant), g_date_time_get_hour(instant), g_date_time_get_minute(instant),
                  g_date_time_get_second(instant));
  if (g_date_time_get_microsecond(instant))
    g_string_append_printf(out, ".%06d", g_date_time_get_microsecond(instant));
  g_string_append_printf(out, "%c%02d:%02d", offset < 0 ? '-' : '+', (int)(minutes / 60), (int)(minutes % 60));
  if (rest)
    g_string_append_printf(out, ":%02d", (int)rest);
  return g_string_free(out, FALSE);
}

GDateTime *nx_time_now(void)
{
  return g_date_time_new_now(nx_zone_system());
}

gint64 nx_time_ns(GDateTime *instant)
{
  gint64 seconds = g_date_time_to_unix(instant), whole;
  if (__builtin_mul_overflow(seconds, (gint64)1000000000, &whole) ||
      __builtin_add_overflow(whole, (gint64)g_date_time_get_microsecond(instant) * 1000, &whole))
    return seconds < 0 ? G_MININT64 : G_MAXINT64;
  return whole;
}

/* What a date-time text says, before anybody decides about zones. */
typedef struct {
  int year, month, day, hour, minute, second, microsecond;
  gboolean has_time, has_offset;
  int offset_seconds;
} Fields;

/* Exactly `count` digits. */
static gboolean read_digits(const char **at, int count, int *value)
{
  *value = 0;
  for (int i = 0; i < count; i++, (*at)++) {
    if (!g_ascii_isdigit(**at))
      return FALSE;
    *value = *value * 10 + (**at - '0');
  }
  return TRUE;
}

static gboolean skip(const char **at, char c)
{
  if (**at != c)
    return FALSE;
  (*at)++;
  return TRUE;
}

static gboolean read_date(const char **at, Fields *f)
{
  if (!read_digits(at, 4, &f->year))
    return FALSE;
  gboolean dashes = skip(at, '-');
  return read_digits(at, 2, &f->month) && (!dashes || skip(at, '-')) && read_digits(at, 2, &f->day);
}

/* .f… or ,f…: any length, cut to microseconds. */
static gboolean read_fraction(const char **at, Fields *f)
{
  if (**at != '.' && **at != ',')
    return TRUE;
  (*at)++;
  if (!g_ascii_isdigit(**at))
    return FALSE;
  for (int digit = 100000; g_ascii_isdigit(**at); (*at)++, digit /= 10)
    f->microsecond += (**at - '0') * digit;
  return TRUE;
}

static gboolean read_clock(const char **at, Fields *f)
{
  if (!read_digits(at, 2, &f->hour))
    return FALSE;
  gboolean colons = skip(at, ':');
  if (!read_digits(at, 2, &f->minute))
    return FALSE;
  f->has_time = TRUE;
  if (colons ? !skip(at, ':') : !g_ascii_isdigit(**at))
    return TRUE;
  return read_digits(at, 2, &f->second) && read_fraction(at, f);
}

static gboolean read_offset(const char **at, Fields *f)
{
  if (**at == '\0')
    return TRUE;
  f->has_offset = TRUE;
  if (skip(at, 'Z') || skip(at, 'z'))
    return **at == '\0';
  int sign = **at == '-' ? -1 : 1, hours, minutes = 0, seconds = 0;
  if ((!skip(at, '+') && !skip(at, '-')) || !read_digits(at, 2, &hours))
    return FALSE;
  if (**at) {
    gboolean colon = skip(at, ':');
    if (!read_digits(at, 2, &minutes))
      return FALSE;
    if (**at && ((colon && !skip(at, ':')) || !read_digits(at, 2, &seconds)))
      return FALSE;
  }
  f->offset_seconds = sign * (hours * 3600 + minutes * 60 + seconds);
  return **at == '\0' && hours < 24 && minutes < 60 && seconds < 60;
}

static gboolean read_fields(const char *text, Fields *f)
{
  *f = (Fields){0};
  const char *at = text;
  if (!read_date(&at, f))
    return FALSE;
  if (*at == '\0')
    return TRUE;
  at = g_utf8_validate(at, -1, NULL) ? g_utf8_next_char(at) : at + 1;
  return read_clock(&at, f) && read_offset(&at, f);
}

static GDateTime *from_fields(const Fields *f, GTimeZone *naive)
{
  if (!f->has_offset)
    return nx_time_from_wall_clock(naive, f->year, f->month, f->day, f->hour, f->minute, f->second, f->microsecond);
  g_autoptr(GTimeZone) fixed = f->offset_seconds ? g_time_zone_new_offset(f->offset_seconds) : g_time_zone_new_utc();
  return nx_time_from_wall_clock(fixed, f->year, f->month, f->day, f->hour, f->minute, f->second, f->microsecond);
}

GDateTime *nx_time_parse(const char *text, GTimeZone *naive, GError **err)
{
  Fields f;
  GDateTime *instant = NULL;
  if (read_fields(text, &f) && (f.has_offset || naive))
    instant = from_fields(&f, naive);
  if (instant)
    return instant;
  g_autofree char *shown = nx_text_beginning(text);
  g_set_error(err, NX_ERROR, NX_ERROR_DATA, "'%s' is not a date and time%s", shown, naive ? "" : " with an offset");
  return NULL;
}

gboolean nx_time_has_offset(const char *text)
{
  Fields f;
  return read_fields(text, &f) && f.has_offset;
}

/* A date of the first or last year that, in UTC, lies outside of both: nothing lies behind it. */
static gboolean is_beyond_time(const Fields *f)
{
  g_autoptr(GDateTime) in_utc =
      nx_time_from_wall_clock(nx_zone("UTC", NULL), f->year, f->month, f->day, f->hour, f->minute, f->second, f->microsecond);
  return in_utc && (f->year == 1 || f->year == 9999);
}

gboolean nx_time_parse_bound(const char *text, gboolean is_end, GDateTime **bound, GError **err)
{
  *bound = NULL;
  if (g_ascii_strcasecmp(text, "none") == 0 || g_ascii_strcasecmp(text, "all") == 0)
    return TRUE;
  Fields f;
  gboolean good = read_fields(text, &f) && (f.has_time ? strchr(text, 'T') != NULL : strlen(text) == 10);
  if (good && !f.has_time && is_end) {
    f.hour = 23;
    f.minute = f.second = 59;
  }
  if (good && !f.has_time && !is_end)
    *bound = nx_time_day_start(nx_zone_system(), f.year, f.month, f.day);
  else if (good)
    *bound = from_fields(&f, nx_zone_system());
  if (*bound || (good && is_beyond_time(&f)))
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_USAGE,
              "Invalid date format: '%s'. Write an ISO date (2025-01-31), a date-time (2025-01-31T08:30:00-05:00), or \"none\".", text);
  return FALSE;
}
