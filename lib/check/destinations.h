/* destinations.h — what the export destinations answer. Private to lib/check. */
#ifndef NX_CHECK_DESTINATIONS_H
#define NX_CHECK_DESTINATIONS_H

#include "checks.h"
#include "task.h"

/* The finding about an `nx-export --validate`, once it has ended, and about destinations that are half configured. With settings that are not valid
 * it is no wonder that it refuses to work. */
json_object *nx_destinations_finding(NxTask *task, const NxSettings *settings, gboolean settings_are_valid);

#endif
