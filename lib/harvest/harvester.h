/* harvester.h — what a reservation system must be able to do, and what all of them share. Private to lib/harvest. */
#ifndef NX_HARVESTER_H
#define NX_HARVESTER_H

#include "nx-harvest.h"
#include "stamp.h"

#define NX_HARVEST_STAGE "nx-harvest"

typedef struct {
  const char *name;         /* the word in the column `harvester` */
  const char *const *needs; /* string columns of the instrument that it reads, NULL-terminated */
  /* Emits the usage of `instruments` (objects with the nine columns). Trouble is logged; FALSE only as nx_harvest_emit. */
  gboolean (*events)(NxHarvest *harvest, GPtrArray *instruments, const NxHarvestBounds *bounds, GError **err);
  /* Sets `reservation` of an open session or ends it; FALSE and *err when neither could be found out. */
  gboolean (*describe)(NxHarvest *harvest, json_object *session, GError **err);
  /* Whether the columns of an instrument lead somewhere: FALSE and *err. */
  gboolean (*check)(NxHarvest *harvest, json_object *instrument, GError **err);
  const char *check_name; /* the check of export §9 that this belongs to */
} NxHarvester;

extern const NxHarvester nx_harvester_nemo, nx_harvester_ical;
/* All of them, in the order of nx_harvester_names; ends with NULL. */
extern const NxHarvester *const nx_harvesters[];

/* A calendar that was asked for, or why there is none (ical.c). */
typedef struct NxFeed NxFeed;
void nx_feed_free(NxFeed *feed);

struct NxHarvest {
  const NxSettings *settings;
  NxHttp *http;
  GPtrArray *nemo;   /* of NxNemo*, ascending number */
  GHashTable *feeds; /* calendar_url → NxFeed* */
  guint brief_ms;    /* a request is sent once and waited for so long; 0: as usual */
  GDateTime *now;    /* the one "now" of this process: what ended before it has ended */
};

/* Writes one usage_event line, unless the usage ends later than `harvest->now`: files may come until then, and rows are never corrected.
 * Such an event is left to a later run, and one whose times cannot be read is left out (logged). Times without an offset are clock times of
 * the instrument. `user` may be NULL. FALSE when the line cannot be written or the process was interrupted. */
gboolean nx_harvest_emit(const NxHarvest *harvest, json_object *instrument, const char *identifier, const char *start, const char *end,
                         const char *user, GError **err);

/* An instrument's zone; the system's (logged) when it names none or an unknown one. Borrowed. */
GTimeZone *nx_harvest_zone(json_object *instrument);

/* The two ends that are nobody's fault: logged as WARNING with the word the mail filter looks for. */
void nx_harvest_no_consent(json_object *session, const char *reason);
void nx_harvest_no_reservation(json_object *session, const char *reason);

/* `events` and `describe` of the harvester `name`, a program (plugin.c). */
gboolean nx_harvest_plugin_events(const NxHarvest *harvest, const char *name, GPtrArray *instruments, const NxHarvestBounds *bounds,
                                  GError **err);
gboolean nx_harvest_plugin_describe(const char *name, json_object *session, GError **err);

#endif
