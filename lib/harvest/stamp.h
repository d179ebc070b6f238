/* stamp.h — a date and time as a reservation server writes it: with an offset, or without any ("naive": then the reader decides whose wall
 * clock it is), in ISO 8601 or a format of the server's own (harvest-nemo §4). */
#ifndef NX_HARVEST_STAMP_H
#define NX_HARVEST_STAMP_H

#include "nx-date-format.h"

typedef struct {
  GDateTime *when; /* a naive stamp's wall clock is kept in UTC */
  gboolean naive;
} NxStamp;

void nx_stamp_free(NxStamp *stamp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxStamp, nx_stamp_free)

/* Takes a reference on `when`. */
NxStamp *nx_stamp_new(GDateTime *when);

/* Reads `text` by `format` (NULL or NX_DATE_FORMAT_ISO: ISO 8601). With `coerced` the wall clock is kept and the offset replaced by that
 * zone's. NX_ERROR_DATA for a text that does not fit, NX_ERROR_CONFIG for a format that cannot be used. */
NxStamp *nx_stamp_parse(const char *text, const char *format, GTimeZone *coerced, GError **err);

/* The stamp for a server: ISO 8601, or `format` applied to its own wall clock. A naive stamp takes the offset of `zone` when `format`
 * prints one; with no `zone` (NULL) such a directive prints nothing. */
char *nx_stamp_print(const NxStamp *stamp, const char *format, GTimeZone *zone, GError **err);

/* `YYYY-MM-DDTHH:MM:SS[.ffffff]`, with ±HH:MM unless it is naive: the form of every line. */
char *nx_stamp_text(const NxStamp *stamp);

/* The instant; a naive stamp is wall clock of `zone`. NULL when that zone cannot show it. */
GDateTime *nx_stamp_instant(const NxStamp *stamp, GTimeZone *zone);

/* The same stamp `seconds` later, with the same offset. */
NxStamp *nx_stamp_add(const NxStamp *stamp, gint64 seconds);

/* Microseconds that two spans share on the time line, 0 when they only touch. */
gint64 nx_stamp_overlap_us(GDateTime *start, GDateTime *end, GDateTime *other_start, GDateTime *other_end);

#endif
