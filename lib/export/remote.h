/* remote.h — an HTTP API below a base address: authorised requests with the retries of export §5.2 and the error texts of §3.1.
 * Private to lib/export. */
#ifndef NX_EXPORT_REMOTE_H
#define NX_EXPORT_REMOTE_H

#include "nx-export.h"

typedef struct {
  NxHttp *http;
  const char *label; /* "CDCS": named in authentication errors */
  const char *setting; /* "NX_CDCS_URL": where the base is from */
  char *base;        /* ends in '/' */
  char *authorization; /* the whole header line, or NULL */
} NxRemote;

/* `base` gets its final '/' when it lacks one. */
NxRemote *nx_remote_new(NxHttp *http, const char *label, const char *setting, const char *base, const char *authorization);
void nx_remote_free(NxRemote *remote);
/* A configured address as it may stand in a link: without the user name and the password that it may hold. Owned. */
char *nx_remote_shown_base(const char *base);

/* How a call may be repeated. */
typedef enum {
  NX_CALL_READS,   /* as often as needed */
  NX_CALL_CREATES, /* never when it may have worked: *ambiguous says so */
} NxCallKind;

/* One part of a multipart body: a text, or a file that is streamed from its place under its own name. */
typedef struct {
  const char *name;
  const char *value; /* or NULL */
  const char *file;  /* or NULL */
  const char *type;  /* of the file */
} NxCallPart;

typedef struct {
  const char *what;   /* "cannot create the record": begins the error text */
  const char *method;
  const char *path;   /* relative to the base; shown in errors */
  const char *query;  /* encoded, with its '?'; not shown; or NULL */
  json_object *json;  /* body, borrowed; or NULL */
  const NxCallPart *parts; /* multipart body instead, ended by a part without name; or NULL */
  NxCallKind kind;
  gboolean guards_access; /* 401 and 403 mean that the credentials are no good (not just this object's rights) */
  long expected;      /* the one good status; 0: any 2xx */
} NxCall;

/* What is known of a call that failed. */
typedef struct {
  long status;         /* HTTP status; 0: no answer */
  gboolean ambiguous;  /* a creating call that may have worked: look before it is repeated */
  gboolean elsewhere;  /* redirected to another server, which gets no credentials: its status says nothing about them */
  json_object *body;   /* the error body as JSON, or NULL; freed by nx_call_outcome_clear */
} NxCallOutcome;
void nx_call_outcome_clear(NxCallOutcome *outcome);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NxCallOutcome, nx_call_outcome_clear)

/* What an answer says is wrong, with the address that it redirects to behind it: `detail`, `path` (of the call, below what `setting` holds),
 * `remark` (about another server: ", where no token is sent", or ""). Owned. */
char *nx_remote_detail(const char *detail, const NxHttpAnswer *answer, const char *path, const char *setting, const char *remark);

/* The time limit of one request (export §5.2). */
guint nx_remote_time_limit_ms(const char *method, guint64 body_length);

/* The answer of a call that met the expected status, else NULL and the error text of export §3.1. */
NxHttpAnswer *nx_remote_call(NxRemote *remote, const NxCall *call, NxCallOutcome *outcome, GError **err);
/* The same, with the body parsed; a body that is not of `type` is an error that names status and path. */
json_object *nx_remote_call_json(NxRemote *remote, const NxCall *call, enum json_type type, NxCallOutcome *outcome, GError **err);

#endif
