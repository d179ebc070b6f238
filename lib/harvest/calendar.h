/* calendar.h — an iCalendar feed (RFC 5545): its events, and when each of them really takes place. Private to lib/harvest. */
#ifndef NX_CALENDAR_H
#define NX_CALENDAR_H

#include "nx-base.h"

#include <libical/ical.h>

/* Largest feed that is read, in bytes. */
#define NX_CALENDAR_MAX (32u * 1024 * 1024)
/* What the expansion of its events may take, scaled as nx_patience_us says. */
#define NX_CALENDAR_PATIENCE_SECONDS 60

/* All VEVENTs of one UID. */
typedef struct {
  char *uid;
  icalcomponent *master; /* without RECURRENCE-ID; NULL when the feed has only changed instances */
  GPtrArray *changes;    /* of icalcomponent*: instances of the series that were changed */
} NxCalendarSeries;

typedef struct {
  GPtrArray *roots;   /* of icalcomponent*: everything below borrows from them */
  GPtrArray *series;  /* of NxCalendarSeries*, in the order of the feed */
  GHashTable *by_uid; /* uid → NxCalendarSeries*, borrowed */
  GHashTable *zones;  /* TZID → what it means */
  gint64 patience_us; /* what its expansions may still take */
} NxCalendar;

/* NX_ERROR_FORMAT: not an iCalendar, too large or nested beyond reason; NX_ERROR_PLACE: cut off, as while it is written. A single broken event or
 * property is left out. */
NxCalendar *nx_calendar_parse(const char *bytes, gsize length, GError **err);
void nx_calendar_free(NxCalendar *calendar);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxCalendar, nx_calendar_free)

/* The instant of a date-time or date property (DTSTART, EXDATE, …) with the value `time`: UTC, of its TZID, else clock time of `floating`.
 */
GDateTime *nx_calendar_instant(NxCalendar *calendar, icalproperty *property, struct icaltimetype time, GTimeZone *floating);

/* Gives `time` the fields of `clock`: a clock time that is told as if it were one of UTC, so that it can be reckoned with. */
void nx_calendar_set_clock(struct icaltimetype *time, GDateTime *clock);
/* What the clock of the property with the value `like` shows at `instant`, in the form of `like`; a date has a time of day here, too. */
struct icaltimetype nx_calendar_clock(NxCalendar *calendar, icalproperty *property, struct icaltimetype like, GDateTime *instant,
                                      GTimeZone *floating);

/* TRUE when a BY… list of a recurrence rule has members. */
gboolean nx_calendar_has_members(const short *list);

/* TRUE for STATUS:CANCELLED. */
gboolean nx_calendar_is_cancelled(icalcomponent *event);

/* One time at which an event takes place. */
typedef struct {
  icalcomponent *event; /* borrowed: the one that describes it */
  GDateTime *start, *end;
  GDateTime *instance; /* of a series: the start that the series gave it, which names it for good; else NULL */
} NxOccurrence;

/* The occurrences of a series that start from `from` (NULL: ever) to `to`, by start; nothing far beyond `to` is ever computed, so a rule
 * without end ends there. Instances moved one by one are all given, wherever they are; those moved with all that follow when they were in the
 * window, or are now. Of a series that takes place too often the first
 * are given (logged). The time it takes is taken off `patience_us`; the result counts only when that stays above 0. Free with
 * g_ptr_array_unref. */
GPtrArray *nx_calendar_expand(NxCalendar *calendar, const NxCalendarSeries *series, GTimeZone *floating, GDateTime *from, GDateTime *to);

#endif
