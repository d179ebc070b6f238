/* fuzz-calendar.c — libFuzzer target for iCalendar feeds: whatever the bytes are, there are events of a window or a reason. */
#include "calendar.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(GError) problem = NULL;
  g_autofree char *text = g_strndup((const char *)data, size); /* ended by a NUL, as a body that was fetched */
  g_autoptr(NxCalendar) calendar = nx_calendar_parse(text, size, &problem);
  if (!calendar)
    return problem ? 0 : (abort(), 0);
  g_autoptr(GTimeZone) zone = g_time_zone_new_identifier("America/New_York");
  g_autoptr(GDateTime) from = g_date_time_new_utc(2024, 1, 1, 0, 0, 0), to = g_date_time_new_utc(2024, 3, 1, 0, 0, 0);
  for (guint i = 0; i < calendar->series->len; i++) {
    g_autoptr(GPtrArray) found = nx_calendar_expand(calendar, calendar->series->pdata[i], zone, from, to);
    for (guint k = 0; k < found->len; k++) {
      const NxOccurrence *occurrence = found->pdata[k];
      if (!occurrence->start || !occurrence->end)
        abort();
    }
  }
  return 0;
}
