/* nx-date-format.h — dates in a format of somebody's own. Formats are in Python's notation, because that is what NEMO's administrators write into
 * their settings (harvest-nemo §4). A date is naive when it says no offset: then the reader decides whose wall clock it is. */
#ifndef NX_DATE_FORMAT_H
#define NX_DATE_FORMAT_H

#include "nx-base.h"

/* The format that stands for ISO 8601 in settings, where it is the default; whoever reads them treats it apart. */
#define NX_DATE_FORMAT_ISO "%Y-%m-%dT%H:%M:%S%z"

typedef enum {
  NX_DATE_WRITTEN, /* by strftime's directives */
  NX_DATE_READ,    /* by strptime's */
} NxDateUse;

/* What is wrong with a format, in words that follow its name ("must name …"); NULL when dates can be written or read by it. */
char *nx_date_format_problem(const char *format, NxDateUse use);

/* The wall clock of `when` in its own zone; of a naive one the offset and the zone's name print nothing. NX_ERROR_CONFIG for a format that
 * cannot be used. */
char *nx_date_format_print(const char *format, GDateTime *when, gboolean is_naive, GError **err);

/* The date that the whole of `text` is; a naive one as wall clock of UTC. NULL without *err when it does not fit the format, with NX_ERROR_CONFIG
 * when the format cannot be used. */
GDateTime *nx_date_format_parse(const char *format, const char *text, gboolean *is_naive, GError **err);

#endif
