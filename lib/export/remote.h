/* remote.h — an HTTP API below a base address: authorised requests with the retries of export §5.2 and the error texts of §3.1.
 * Private to lib/export. */
#ifndef NX_EXPORT_REMOTE_H
#define NX_EXPORT_REMOTE_H

#include "nx-export.h"

typedef struct {
  NxHttp *http;
  const char *label; /* "CDCS": named in authentication errors */
  char *base;        /* ends in '/' */
  char *authorization; /* the whole header line, or NULL */
} NxRemote;

/* `base` gets its final '/' when it lacks one. */
NxRemote *nx_remote_new(NxHttp *http, const char *label, const char *base, const char *authorization);
void nx_remote_free(NxRemote *remote);

/* How a call may be repeated. */
typedef enum {
  NX_CALL_READS,   /* as often as needed */
  NX_CALL_CREATES, /* never when it may have worked: *ambiguous says so */
} NxCallKind;

typedef struct {
  const char *what;   /* "cannot create the record": begins the error text */
  const char *method;
  const char *path;   /* relative to the base; shown in errors */
  json_object *json;  /* body, borrowed; or NULL */
  NxCallKind kind;
  gboolean guards_access; /* 401 and 403 mean that the credentials are no good (not just this object's rights) */
  long expected;      /* the one good status; 0: any 2xx */
} NxCall;

/* The answer of a call that met the expected status. Otherwise NULL and the error text; *status (may be NULL) is the HTTP status or 0,
 * *answer_json (may be NULL) the error body as JSON, and *ambiguous (may be NULL) TRUE when a creating call may have worked. */
typedef struct {
  long status;
  gboolean ambiguous;
  json_object *body; /* or NULL; freed by nx_call_outcome_clear */
} NxCallOutcome;
void nx_call_outcome_clear(NxCallOutcome *outcome);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NxCallOutcome, nx_call_outcome_clear)

NxHttpAnswer *nx_remote_call(NxRemote *remote, const NxCall *call, NxCallOutcome *outcome, GError **err);
/* The same, with the body parsed; a body that is not of `type` is an error that names status and path. */
json_object *nx_remote_call_json(NxRemote *remote, const NxCall *call, enum json_type type, NxCallOutcome *outcome, GError **err);

#endif
