/* zones.h — names of time zones, from the zone files of the system. */
#ifndef NX_TUI_ZONES_H
#define NX_TUI_ZONES_H

#include "nx-base.h"

/* The names people choose from, sorted; NULL-terminated, borrowed (tui §1.1). */
const char *const *nx_zones_common(void);
/* The first common name that begins with `text`, without regard to case; borrowed, or NULL. */
const char *nx_zone_suggestion(const char *text);

#endif
