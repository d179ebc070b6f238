/* calendar-write.h — the booking calendar of an instrument. */
#ifndef NX_CALENDAR_WRITE_H
#define NX_CALENDAR_WRITE_H

#include "nx-base.h"

/* An event of the plan: "uid", "title", "purpose", "person" {"name", "mail"}, "samples" [{"name", "pid", "details", "elements"}], "project",
 * "consent". What is absent is left out. */
typedef struct {
  json_object *session;
  GDateTime *start, *end;
} CalendarEvent;

/* The text of a VCALENDAR with these events. `events`: of CalendarEvent*. */
char *calendar_write(const char *name, const GPtrArray *events, GDateTime *now);

#endif
