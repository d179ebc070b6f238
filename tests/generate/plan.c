/* plan.c — see plan.h. */
#include "plan.h"

#include <string.h>

json_object *plan_merged(json_object *base, json_object *over)
{
  json_object *merged = NULL;
  if (base)
    json_object_deep_copy(base, &merged, NULL);
  else
    merged = json_object_new_object();
  if (!over)
    return merged;
  json_object_object_foreach(over, key, value) {
    json_object *below = nx_json_get(merged, key), *copy = NULL;
    if (json_object_is_type(below, json_type_object) && json_object_is_type(value, json_type_object))
      copy = plan_merged(below, value);
    else
      json_object_deep_copy(value, &copy, NULL);
    nx_json_set(merged, key, copy);
  }
  return merged;
}

void plan_set(json_object *object, const char *path, json_object *value)
{
  const char *slash = strchr(path, '/');
  if (!slash) {
    nx_json_set(object, path, value);
    return;
  }
  g_autofree char *key = g_strndup(path, (gsize)(slash - path));
  if (!json_object_is_type(nx_json_get(object, key), json_type_object))
    nx_json_set(object, key, json_object_new_object());
  plan_set(nx_json_get(object, key), slash + 1, value);
}

/* "12:05" or "12:05:30" → seconds of the day. */
static int seconds_of(const char *clock)
{
  int hour = 0, minute = 0, second = 0;
  sscanf(clock, "%d:%d:%d", &hour, &minute, &second);
  return hour * 3600 + minute * 60 + second;
}

static json_object *nth_of_series(json_object *file, gint64 n)
{
  json_object *copy = plan_merged(file, NULL), *steps = nx_json_get(copy, "steps");
  g_autofree char *number = g_strdup_printf("%02" G_GINT64_FORMAT, n + 1);
  g_auto(GStrv) parts = g_strsplit(nx_json_get_string(copy, "path"), "##", -1);
  g_autofree char *path = g_strjoinv(number, parts);
  double every = nx_json_get_double(nx_json_get(copy, "series"), "every", 60);
  int at = seconds_of(nx_json_get_string(copy, "at")) + (int)(every * (double)n);
  g_autofree char *clock = g_strdup_printf("%02d:%02d:%02d", at / 3600, at / 60 % 60, at % 60);
  nx_json_set_string(copy, "path", path);
  nx_json_set_string(copy, "at", clock);
  nx_json_set(copy, "seed", json_object_new_int64(nx_json_get_int(file, "seed", 1) + n));
  if (steps) {
    json_object_object_foreach(steps, where, values)
      plan_set(copy, where, json_object_get(json_object_array_get_idx(values, (gsize)n % json_object_array_length(values))));
  }
  return copy;
}

json_object *plan_files(json_object *session)
{
  json_object *all = json_object_new_array(), *files = nx_json_get(session, "files");
  for (gsize i = 0; files && i < json_object_array_length(files); i++) {
    json_object *file = json_object_array_get_idx(files, i);
    gint64 count = nx_json_get_int(nx_json_get(file, "series"), "count", 1);
    for (gint64 n = 0; n < count; n++)
      json_object_array_add(all, nth_of_series(file, n));
  }
  return all;
}

GDateTime *plan_instant(GDateTime *now, GTimeZone *zone, gint64 days, const char *clock)
{
  g_autoptr(GDateTime) here = g_date_time_to_timezone(now, zone);
  g_autoptr(GDateTime) day = g_date_time_add_days(here, (int)days);
  int seconds = seconds_of(clock);
  return nx_time_from_wall_clock(zone, g_date_time_get_year(day), g_date_time_get_month(day), g_date_time_get_day_of_month(day), seconds / 3600,
                                 seconds / 60 % 60, seconds % 60, 0);
}
