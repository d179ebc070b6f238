/* nx-harvest.h — who used which instrument when (usage events), and what they said about it (reservations), from the reservation systems of
 * a facility.
 *
 * A reservation system is an NxHarvester constant in one table (nemo, ical), or a program nx-harvest-NAME that filters the same lines.
 * Which one an instrument has says the `harvester` of its row; empty means nemo. */
#ifndef NX_HARVEST_H
#define NX_HARVEST_H

#include "nx-base.h"
#include "nx-config.h"
#include "nx-http.h"

/* One process's view of all reservation systems: connections, users and calendars already fetched. */
typedef struct NxHarvest NxHarvest;

/* `settings` is borrowed and must outlive the result; `http` says how to talk (time-outs, trust), NULL: as the settings say. */
NxHarvest *nx_harvest_new(const NxSettings *settings, const NxHttpOptions *http, GError **err);
void nx_harvest_free(NxHarvest *harvest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxHarvest, nx_harvest_free)

/* `from` tests the start of an event, `to` its end; both inclusive; NULL: no bound (harvest-nemo §4.3). */
typedef struct {
  GDateTime *from, *to;
} NxHarvestBounds;

/* Instrument lines on `in` → usage_event lines on standard output. What a reservation system does wrong is logged and costs its own events
 * only; FALSE when a line cannot be read or written (NX_ERROR_LINE), or the process was interrupted. */
gboolean nx_harvest_events(NxHarvest *harvest, int in, const NxHarvestBounds *bounds, GError **err);

/* Instrument lines on `in` → a check line on standard output for each instrument whose columns lead nowhere: no server, no tool, no calendar. With
 * the patience of a preflight: after 40 s no further calendar is fetched. FALSE as nx_harvest_events. */
gboolean nx_harvest_check(NxHarvest *harvest, int in, GError **err);

/* The common loop of nx_lines_filter calls this for each session line (user_data: the NxHarvest): adds `reservation`, or ends or postpones
 * the session. */
gboolean nx_harvest_session(NxLines *lines, json_object *session, gpointer user_data, GError **err);

#endif
