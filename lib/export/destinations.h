/* destinations.h — the table of destinations. Private to lib/export. */
#ifndef NX_EXPORT_DESTINATIONS_H
#define NX_EXPORT_DESTINATIONS_H

#include "nx-export.h"

extern const NxDestination nx_destination_cdcs;
extern const NxDestination nx_destination_elabftw;
extern const NxDestination nx_destination_labarchives;
extern const NxDestination nx_destination_site;

/* Highest priority first, ties by name; NULL-terminated. */
extern const NxDestination *const nx_destinations[];

#endif
