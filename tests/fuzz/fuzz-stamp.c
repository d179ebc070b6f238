/* fuzz-stamp.c — libFuzzer target for dates: the first line is the format that an administrator wrote (empty: ISO 8601), the rest the text
 * that a server sent. What is read can be printed and read again. */
#include "stamp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *text, const char *format, GTimeZone *zone)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(NxStamp) stamp = nx_stamp_parse(text, format, zone, &problem);
  if (!stamp && !problem)
    abort();
  if (!stamp)
    return;
  g_autofree char *shown = nx_stamp_text(stamp);
  g_autoptr(NxStamp) again = nx_stamp_parse(shown, NULL, NULL, NULL);
  g_free(nx_stamp_print(stamp, format, zone, NULL));
  nx_stamp_free(nx_stamp_add(stamp, 3600));
  g_autofree char *same = again ? nx_stamp_text(again) : NULL;
  if (g_strcmp0(shown, same) != 0)
    abort();
  if (zone)
    g_clear_pointer(&(GDateTime *){nx_stamp_instant(stamp, zone)}, g_date_time_unref);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static GTimeZone *zone;
  if (!zone)
    zone = g_time_zone_new_identifier("America/New_York");
  g_autofree char *input = g_strndup((const char *)data, size);
  g_autofree char *valid = nx_text_utf8(input, -1);
  char *text = strchr(valid, '\n');
  if (!text)
    return 0;
  *text++ = '\0';
  check(text, *valid ? valid : NULL, NULL);
  check(text, *valid ? valid : NULL, zone);
  g_autoptr(GDateTime) bound = NULL;
  g_clear_pointer(&(GDateTime *){nx_time_parse(text, zone, NULL)}, g_date_time_unref);
  nx_time_parse_bound(text, TRUE, &bound, NULL);
  return 0;
}
