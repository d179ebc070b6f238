/* plan.h — the plan of a demo facility (share/demo/facility.json): JSON that is merged, stepped through and turned into instants. */
#ifndef NX_PLAN_H
#define NX_PLAN_H

#include "nx-base.h"

/* A new object: `base` with `over` on top, member by member. Either may be NULL. */
json_object *plan_merged(json_object *base, json_object *over);
/* Sets the member at a path such as "tags/Microscope Info/Voltage"; objects on the way are made. `value` is consumed. */
void plan_set(json_object *object, const char *path, json_object *value);
/* The files of a session one by one: {"series": {"count": n, "every": seconds}} becomes n files, "##" in the path their number, and in
 * "steps" {path: [values]} each file has its own value; seeds count up, "at" advances. Returns an array of objects. */
json_object *plan_files(json_object *session);
/* The session's day at a clock time "HH:MM" or "HH:MM:SS", `days` from the day of `now` in that zone. */
GDateTime *plan_instant(GDateTime *now, GTimeZone *zone, gint64 days, const char *clock);

#endif
