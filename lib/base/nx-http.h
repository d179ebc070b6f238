/* nx-http.h — one HTTP client on libcurl for every stage: TLS settings, time-outs, retries, connection reuse.
 * libcurl is loaded when the first request goes out (nx-curl.h). */
#ifndef NX_HTTP_H
#define NX_HTTP_H

#include "nx-base.h"

/* How this process talks: filled from NxSettings by the caller. */
typedef struct {
  const char *ca_file;      /* PEM file added to the system's CAs, or NULL */
  const char *ca_pem;       /* PEM text (with \n already real newlines), added; wins over ca_file; or NULL */
  gboolean insecure;        /* no certificate check at all */
  guint connect_timeout_ms; /* 0: 10 s */
  guint timeout_ms;         /* whole transfer; 0: 300 s */
  gsize body_limit;         /* largest body accepted; 0: 64 MiB */
} NxHttpOptions;

typedef struct NxHttp NxHttp; /* keeps connections open between requests; one thread at a time */
NxHttp *nx_http_new(const NxHttpOptions *options, GError **err);
void nx_http_free(NxHttp *http);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxHttp, nx_http_free)

/* Which answers and failures are worth another try, and how long to wait before each. */
typedef struct {
  const int *statuses;     /* e.g. {502, 503, 504, 0}; NULL: none */
  const guint *waits_ms;   /* waits before retry 1, 2, …; length = number of retries */
  guint n_waits;
  gboolean server_errors;  /* also every status from 500 on */
  gboolean before_sending; /* also when the server was not reached: name, connection, TLS handshake */
  gboolean after_sending;  /* also when the request may have arrived but no whole answer came back */
  gboolean retry_after;    /* a Retry-After header (seconds or date) lengthens the wait, to at most 60 s */
} NxHttpRetry;

typedef struct {
  const char *method;         /* "GET", "POST", … */
  const char *url;
  const char *const *headers; /* "Name: value", NULL-terminated; or NULL */
  const void *body;           /* borrowed; or NULL */
  gsize body_length;
  const char *body_file;      /* streamed from this file instead of body; or NULL */
  gboolean no_redirects;      /* GET and HEAD follow up to 5 otherwise, never from https to http, never with Authorization to another host */
  const char *shown;          /* the address in errors and the log; NULL: url without user, query and fragment */
  gboolean reason_only;       /* an error gives its reason alone, for a caller that names the request in words of its own */
  gboolean once;              /* sent at most once in an attempt: libcurl repeats by itself what it sent on an old connection that then closed */
  guint timeout_ms;           /* 0: the client's */
  const NxHttpRetry *retry;   /* NULL: one attempt */
  char *(*renew)(gpointer user_data); /* gives the address of each attempt, owned, instead of url (which stays what errors name); or NULL */
  /* Gives the form of each attempt, a new curl_mime* of that CURL*, freed here, instead of body; or NULL. A form that was sent is at its end. */
  gpointer (*form)(gpointer curl, gpointer user_data);
  gpointer user_data;
} NxHttpRequest;

typedef struct {
  long status;      /* HTTP status */
  GString *body;    /* NUL-terminated, never NULL; who wants to keep it takes it with g_steal_pointer() */
  char *type;       /* Content-Type, or NULL */
  char *location;   /* Location header of a 3xx that was not followed, or of a 201; or NULL */
  char *elsewhere;  /* where redirects led or, not followed, lead to, without user and query: to another scheme, host or port; or NULL */
  GHashTable *headers; /* lower-case name → value of the last answer */
} NxHttpAnswer;
void nx_http_answer_free(NxHttpAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxHttpAnswer, nx_http_answer_free)

/* Any HTTP answer, 4xx and 5xx too, is a success here. No answer: NULL and "GET https://host/path: <reason>" (the query and credentials are never
 * shown). NX_ERROR_PLACE: DNS, refused, TLS, time-out, cut off; NX_ERROR_CONFIG: an address, scheme or proxy that cannot be used, or no libcurl;
 * NX_ERROR_REMOTE: an answer larger than body_limit; NX_ERROR_INTERRUPTED: a signal came; what nx_error_from_errno says of body_file.
 * Waits are scaled by NX_TEST_TIME_SCALE. */
NxHttpAnswer *nx_http_send(NxHttp *http, const NxHttpRequest *request, GError **err);
/* What is known of the request whose nx_http_send returned NULL last. */
typedef enum {
  NX_HTTP_NOT_SENT,   /* the server was not reached */
  NX_HTTP_MAYBE_SENT, /* the request may have arrived: look before it is repeated */
  NX_HTTP_REFUSED,    /* not worth a repetition: certificate not trusted, address or proxy unusable, answer too large, interrupted */
} NxHttpFailure;
NxHttpFailure nx_http_last_failure(const NxHttp *http);
/* The CURL* handle, for transfers of the caller's own. NULL when libcurl is not there (NX_ERROR_CONFIG) or has
 * no memory (NX_ERROR_PLACE). */
gpointer nx_http_open(NxHttp *http, GError **err);
/* Waits that long, scaled by NX_TEST_TIME_SCALE; a signal ends it. */
void nx_http_wait(guint milliseconds);
/* Gives a CURL* this client's trust in certificates, for a transfer of the caller's own (mail, many files at once). The client outlives it. */
void nx_http_set_trust(NxHttp *http, gpointer curl);
/* Why a transfer, of the caller's own too, ended with `code`, a CURLcode other than CURLE_OK: libcurl's words (`detail`, of CURLOPT_ERRORBUFFER, or
 * empty), with the cause when a name has no address; ours where its own would show a proxy's password. Owned. */
char *nx_http_reason(int code, const char *detail);
/* `status` as an error class: 429 and 5xx NX_ERROR_PLACE, all else NX_ERROR_REMOTE. */
NxErrorCode nx_http_error_code(long status);
/* How addresses are parsed that are to be compared or put together: escapes stay, default ports are dropped. */
#define NX_HTTP_URI_FLAGS (G_URI_FLAGS_ENCODED | G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_SCHEME_NORMALIZE)
/* Scheme, host and port are the same: what is secret to one may be sent to the other. */
gboolean nx_http_is_same_server(GUri *one, GUri *other);
/* name=value pairs, form-encoded (space → +) and appended to a query: starts with '?' or '&' as needed. */
void nx_http_query_add(GString *url, const char *name, const char *value);

#endif
