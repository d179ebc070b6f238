/* destinations.c — where records go. A new destination is one file and one line here. */
#include "destinations.h"

const NxDestination *const nx_destinations[] = {
    &nx_destination_site,
    &nx_destination_cdcs,
    &nx_destination_labarchives,
    &nx_destination_elabftw,
    NULL,
};
