/* nexuslims-bundle-sessions.h — what a support bundle makes of the rows of session_log while they pass. */
#ifndef NEXUSLIMS_BUNDLE_SESSIONS_H
#define NEXUSLIMS_BUNDLE_SESSIONS_H

#include "nexuslims-bundle.h"

typedef struct BundleSessions BundleSessions;
BundleSessions *bundle_sessions_new(void);
void bundle_sessions_free(BundleSessions *sessions);
/* A row as an object; `user_data` is the BundleSessions. */
void bundle_sessions_take(json_object *row, gpointer user_data);
/* Adds database/session_log_summary.json and recent_sessions.json. To be called once. */
void bundle_sessions_add(BundleSessions *sessions, Bundle *bundle);

/* Adds one to the member `key`. */
void bundle_count(json_object *counts, const char *key);
/* A boolean as either engine stores it. */
gboolean bundle_is_true(json_object *value);

#endif
