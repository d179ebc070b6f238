/* nemo.h — one NEMO server as its API is used here: lists, users, dates, tools (harvest-nemo §3–6). Private to lib/harvest. */
#ifndef NX_NEMO_H
#define NX_NEMO_H

#include "harvester.h"

typedef struct {
  const NxNemoSettings *settings; /* borrowed */
  NxHttp *http;                   /* borrowed */
  GTimeZone *zone;                /* forced onto every date that is read; borrowed, or NULL */
  char *authorization;            /* secret */
  GHashTable *users;              /* id → what is known of that user */
  GHashTable *unknown_tools;      /* ids that the server does not know (any more) */
  guint troubles;                 /* requests in a row without a useful answer */
} NxNemo;

NxNemo *nx_nemo_new(const NxNemoSettings *settings, NxHttp *http, GError **err);
void nx_nemo_free(NxNemo *nemo);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxNemo, nx_nemo_free)

/* The array behind `{BASE}endpoint` + query (a text that starts with '?', or ""), all pages of it. Errors: NX_ERROR_PLACE (no connection,
 * 429, 5xx), NX_ERROR_REMOTE (the server refuses), NX_ERROR_FORMAT (not JSON, not a list). */
json_object *nx_nemo_list(NxNemo *nemo, const char *endpoint, const char *query, GError **err);
/* The same with `tool_id__in=…` (`tools`: of gint64) at the end; tools that the server does not know are left out with a warning. */
json_object *nx_nemo_list_of_tools(NxNemo *nemo, const char *endpoint, const char *query, GArray *tools, GError **err);

/* The id in `object`'s member `key`, a whole number or its decimal digits; -1 when there is none. */
gint64 nx_nemo_id(json_object *object, const char *key);

/* *user: the server's object, borrowed, or NULL when it has no user of that id. Each user is asked for once. */
gboolean nx_nemo_user(NxNemo *nemo, gint64 id, json_object **user, GError **err);

/* The date in `object`'s member `key`; NULL and NX_ERROR_DATA when it is absent or unreadable. */
NxStamp *nx_nemo_date(const NxNemo *nemo, json_object *object, const char *key, GError **err);
/* Adds `name=date` in the server's format to a query. */
gboolean nx_nemo_query_add_date(const NxNemo *nemo, GString *query, const char *name, const NxStamp *stamp, GError **err);

/* The first value of the query parameter `id`: *found FALSE when there is none or it is empty; FALSE and *err when it is not a decimal
 * number. */
gboolean nx_nemo_id_of_url(const char *url, gboolean *found, gint64 *id, GError **err);

/* The tool that an instrument's `api_url` names; FALSE and *err when it names none. */
gboolean nx_nemo_tool_of(const char *api_url, gint64 *id, GError **err);

/* The configured server whose address an instrument's `api_url` names (harvest-nemo §6.3); borrowed. */
NxNemo *nx_nemo_of_api_url(NxHarvest *harvest, const char *api_url, GError **err);

/* Which usage belongs to which line: the harvest (nemo-events.c) and the description of one session (nemo-describe.c). */
gboolean nx_nemo_events(NxHarvest *harvest, GPtrArray *instruments, const NxHarvestBounds *bounds, GError **err);
gboolean nx_nemo_describe(NxHarvest *harvest, json_object *session, GError **err);

#endif
