/* postgres-timestamp.c — `timestamp` as PostgreSQL keeps it, as the text that it prints with DateStyle ISO. Numbers and limits:
 * postgresql.org/docs/15/datatype-datetime.html and the source's include/datatype/timestamp.h. */
#include "postgres.h"

#include <string.h>

#define SECOND_US G_GINT64_CONSTANT(1000000)
#define DAY_US (86400 * SECOND_US)
/* From 0000-03-01, where years that end with February begin, to 2000-01-01. */
#define DAYS_TO_EPOCH 730425
#define ERA_DAYS 146097 /* of 400 years */

/* `value` without what is left over, which becomes 0 … by - 1. */
static gint64 take_whole(gint64 *value, gint64 by)
{
  const gint64 left = (*value % by + by) % by, whole = (*value - left) / by;
  *value = left;
  return whole;
}

/* Decimal digits with zeros before them; returns where they end. */
static char *put(char *to, gint64 number, guint digits)
{
  for (guint i = digits; i-- > 0; number /= 10)
    to[i] = (char)('0' + number % 10);
  return to + digits;
}

/* The year (0 is 1 BC), month and day of a day of the proleptic Gregorian calendar. */
static void date_of(gint64 day, gint64 *year, guint *month, guint *of_month)
{
  const gint64 era = take_whole(&day, ERA_DAYS);
  const gint64 of_era = (day - day / 1460 + day / 36524 - day / 146096) / 365;
  const gint64 of_year = day - (365 * of_era + of_era / 4 - of_era / 100), from_march = (5 * of_year + 2) / 153;
  *of_month = (guint)(of_year - (153 * from_march + 2) / 5 + 1);
  *month = (guint)(from_march < 10 ? from_march + 3 : from_march - 9);
  *year = era * 400 + of_era + (*month <= 2);
}

static char *put_clock(char *to, gint64 microseconds)
{
  const gint64 seconds = microseconds / SECOND_US, fraction = microseconds % SECOND_US;
  to = put(to, seconds / 3600, 2);
  *to++ = ':';
  to = put(to, seconds / 60 % 60, 2);
  *to++ = ':';
  to = put(to, seconds % 60, 2);
  if (fraction == 0)
    return to;
  *to++ = '.';
  to = put(to, fraction, 6);
  while (to[-1] == '0')
    to--;
  return to;
}

void nx_postgres_timestamp_text(gint64 microseconds, gboolean utc, char to[NX_POSTGRES_TIMESTAMP_SIZE])
{
  gint64 year;
  guint month, of_month;
  if (microseconds == G_MAXINT64 || microseconds == G_MININT64) {
    strcpy(to, microseconds > 0 ? "infinity" : "-infinity");
    return;
  }
  const gint64 day = take_whole(&microseconds, DAY_US);
  date_of(day + DAYS_TO_EPOCH, &year, &month, &of_month);
  const gint64 shown = year > 0 ? year : 1 - year;
  to = put(to, shown, shown > 99999 ? 6 : shown > 9999 ? 5 : 4);
  *to++ = '-';
  to = put(to, month, 2);
  *to++ = '-';
  to = put(to, of_month, 2);
  *to++ = ' ';
  to = put_clock(to, microseconds);
  strcpy(to, utc ? year > 0 ? "+00" : "+00 BC" : year > 0 ? "" : " BC");
}
