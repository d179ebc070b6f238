/* stamp.c — reading and writing the dates of reservation servers: ISO 8601, or a format of the server's own (harvest-nemo §4). */
#include "stamp.h"

#include <string.h>

void nx_stamp_free(NxStamp *stamp)
{
  if (!stamp)
    return;
  g_clear_pointer(&stamp->when, g_date_time_unref);
  g_free(stamp);
}

static NxStamp *stamp_take(GDateTime *when, gboolean naive)
{
  NxStamp *stamp = g_new0(NxStamp, 1);
  stamp->when = when;
  stamp->naive = naive;
  return stamp;
}

NxStamp *nx_stamp_new(GDateTime *when)
{
  return stamp_take(g_date_time_ref(when), FALSE);
}

/* The wall clock of `when`, read in another zone. */
static GDateTime *same_clock(GDateTime *when, GTimeZone *zone)
{
  return nx_time_from_wall_clock(zone, g_date_time_get_year(when), g_date_time_get_month(when), g_date_time_get_day_of_month(when),
                                 g_date_time_get_hour(when), g_date_time_get_minute(when), g_date_time_get_second(when),
                                 g_date_time_get_microsecond(when));
}

GDateTime *nx_stamp_instant(const NxStamp *stamp, GTimeZone *zone)
{
  return stamp->naive ? same_clock(stamp->when, zone) : g_date_time_ref(stamp->when);
}

NxStamp *nx_stamp_add(const NxStamp *stamp, gint64 seconds)
{
  g_autoptr(GDateTime) when = g_date_time_add(stamp->when, seconds * G_TIME_SPAN_SECOND);
  return stamp_take(g_date_time_ref(when ? when : stamp->when), stamp->naive);
}

gint64 nx_stamp_overlap_us(GDateTime *start, GDateTime *end, GDateTime *other_start, GDateTime *other_end)
{
  GDateTime *first = g_date_time_compare(start, other_start) < 0 ? other_start : start;
  GDateTime *last = g_date_time_compare(end, other_end) < 0 ? end : other_end;
  return MAX(0, g_date_time_difference(last, first));
}

char *nx_stamp_text(const NxStamp *stamp)
{
  char *text = nx_time_format(stamp->when);
  if (stamp->naive)
    text[strlen(text) - strlen("+00:00")] = '\0';
  return text;
}

static gboolean is_iso(const char *format)
{
  return !format || !*format || g_str_equal(format, NX_DATE_FORMAT_ISO);
}

static gboolean has_zone_directive(const char *format)
{
  return strstr(format, "%z") || strstr(format, "%Z");
}

char *nx_stamp_print(const NxStamp *stamp, const char *format, GTimeZone *zone, GError **err)
{
  if (is_iso(format))
    return nx_stamp_text(stamp);
  g_autoptr(GDateTime) located = stamp->naive && zone && has_zone_directive(format) ? same_clock(stamp->when, zone) : NULL;
  return nx_date_format_print(format, located ? located : stamp->when, stamp->naive && !located, err);
}

/* NULL without *err when the text does not fit the format. */
static NxStamp *match_format(const char *text, const char *format, GError **err)
{
  gboolean naive = FALSE;
  GDateTime *when = nx_date_format_parse(format, text, &naive, err);
  return when ? stamp_take(when, naive) : NULL;
}

/* A server leaves the fraction out when it is zero: one more try without ".%f". */
static NxStamp *parse_formatted(const char *text, const char *format, GError **err)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(NxStamp) stamp = match_format(text, format, &problem);
  if (!stamp && !problem && strstr(format, ".%f")) {
    g_auto(GStrv) parts = g_strsplit(format, ".%f", -1);
    g_autofree char *shorter = g_strjoinv("", parts);
    stamp = match_format(text, shorter, &problem);
  }
  if (problem) {
    g_propagate_error(err, g_steal_pointer(&problem));
  } else if (!stamp) {
    g_autofree char *shown = nx_text_beginning(text);
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "the date '%s' does not fit the format '%s'", shown, format);
  }
  return g_steal_pointer(&stamp);
}

static NxStamp *parse_iso(const char *text, GError **err)
{
  g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
  GDateTime *when = nx_time_parse(text, utc, err);
  return when ? stamp_take(when, !nx_time_has_offset(text)) : NULL;
}

NxStamp *nx_stamp_parse(const char *text, const char *format, GTimeZone *coerced, GError **err)
{
  g_autoptr(NxStamp) stamp = is_iso(format) ? parse_iso(text, err) : parse_formatted(text, format, err);
  if (!stamp || !coerced)
    return g_steal_pointer(&stamp);
  GDateTime *when = same_clock(stamp->when, coerced);
  if (!when) {
    g_autofree char *shown = nx_text_beginning(text);
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "the date '%s' cannot be read as a clock time of the zone %s", shown,
                g_time_zone_get_identifier(coerced));
    return NULL;
  }
  return stamp_take(when, FALSE);
}
