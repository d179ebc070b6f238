/* finding.h — check lines. Private to lib/check. */
#ifndef NX_CHECK_FINDING_H
#define NX_CHECK_FINDING_H

#include "nx-check.h"

#define NX_SEVERITY_ERROR "error"
#define NX_SEVERITY_WARNING "warning"

json_object *nx_finding_new(const char *name, gboolean passed, const char *severity, const char *format, ...) G_GNUC_PRINTF(4, 5);
/* The same, written to `out` as a line. */
void nx_finding_write(FILE *out, const char *name, gboolean passed, const char *severity, const char *format, ...) G_GNUC_PRINTF(5, 6);
/* The finding about a check that could not be made to its end. */
json_object *nx_finding_of_crash(const char *name, const char *severity, const char *trouble);
/* TRUE for a check line with all its members. */
gboolean nx_finding_is_whole(json_object *line);

#endif
