/* leases.h — which run works on which session, when several work on one database (database 10). A lease is a row of nx_session_lease: the
 * session, its holder `host:pid:start`, and when it expires by the clock of the database. It lasts five minutes; the run's log-results,
 * which lives as long as the pipeline, renews the leases of its holder every minute. Whoever finds one expired may take it over; who knows
 * that all runs are of one host may take over what a run of it holds that is gone. */
#ifndef NX_DB_LEASES_H
#define NX_DB_LEASES_H

#include "nx-db.h"

/* The run that this process is a stage of: the host, the front or the session of processes that the pipeline belongs to, and the time at which
 * the process of that number began; "0" when it cannot be told any more. */
char *nx_lease_holder(void);
/* TRUE when the holder is of this host and nothing of it lives. What cannot be told lives. */
gboolean nx_lease_holder_is_gone(const char *holder);

typedef struct {
  const char *holder;
  gboolean from_gone; /* takes over from holders of this host that no longer run */
} NxLeaseTaker;

/* Makes the table when it is not there. */
gboolean nx_leases_prepare(NxDb *db, GError **err);
/* *exist is FALSE when no run has ever taken a lease. */
gboolean nx_leases_exist(NxDb *db, gboolean *exist, GError **err);
/* Who holds a session, and until when by the clock of the database; all NULL when nobody does. */
typedef struct {
  char *holder, *until;
} NxLease;
void nx_lease_clear(NxLease *lease);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NxLease, nx_lease_clear)
/* *lease, empty before, is that of the session which has not expired. Leases must exist. */
gboolean nx_lease_read(NxDb *db, const char *session_identifier, NxLease *lease, GError **err);
/* Inside a transaction: *taken is FALSE when somebody else works on the session, or when its START row (`start_id`) no longer has the
 * status that it was chosen for. */
gboolean nx_lease_take(NxDb *db, const char *session_identifier, gint64 start_id, const char *status, const NxLeaseTaker *taker,
                       gboolean *taken, GError **err);
/* Inside a transaction: ends the lease; *held is FALSE when the holder has it no longer. */
gboolean nx_lease_end(NxDb *db, const char *session_identifier, const char *holder, gboolean *held, GError **err);

/* Renews the leases of a holder every minute, over a connection of its own, until it is freed. */
typedef struct NxLeaseKeeper NxLeaseKeeper;
NxLeaseKeeper *nx_lease_keeper_new(const char *address, const char *holder);
/* Those of this one too, at once. */
void nx_lease_keeper_add(NxLeaseKeeper *keeper, const char *holder);
void nx_lease_keeper_free(NxLeaseKeeper *keeper);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxLeaseKeeper, nx_lease_keeper_free)

#endif
