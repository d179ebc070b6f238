/* http.c — one HTTP client on libcurl: limits on time and size, retries by data, errors that never show a query or a credential. */
#include "nx-http.h"

#include "nx-curl.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>

#define CONNECT_TIMEOUT_MS 10000
#define TIMEOUT_MS 300000
#define BODY_LIMIT (64u * 1024 * 1024)
#define CA_FILE_LIMIT (16u * 1024 * 1024)
#define RETRY_AFTER_MAX_MS 60000
#define REDIRECTS_MAX 5L
#define STALL_SECONDS 60L

struct NxHttp {
  CURL *curl; /* NULL before the first request */
  guint connect_timeout_ms, timeout_ms;
  gsize body_limit;
  gboolean insecure;
  char *extra_ca_pem; /* to be trusted beside the system's CAs, or NULL */
  char *ca_pem;       /* both together, once they were needed */
  NxHttpFailure failure;
};

/* libcurl takes one CA blob, which replaces its default; so ours is the default bundle with the extra text behind it. */
static char *joined_cas(const char *extra)
{
  const curl_version_info_data *info = nx_curl.version_info(CURLVERSION_NOW);
  const char *path = g_getenv("SSL_CERT_FILE") ? g_getenv("SSL_CERT_FILE") : info->cainfo;
  g_autofree char *own = NULL;
  if (!path || !g_file_get_contents(path, &own, NULL, NULL))
    nx_log_debug("no system CA bundle at %s; only the configured certificates are trusted", path ? path : "(none)");
  return g_strconcat(own ? own : "", "\n", extra, "\n", NULL);
}

NxHttp *nx_http_new(const NxHttpOptions *options, GError **err)
{
  g_autoptr(NxHttp) http = g_new0(NxHttp, 1);
  http->connect_timeout_ms = options->connect_timeout_ms ? options->connect_timeout_ms : CONNECT_TIMEOUT_MS;
  http->timeout_ms = options->timeout_ms ? options->timeout_ms : TIMEOUT_MS;
  http->body_limit = options->body_limit ? options->body_limit : BODY_LIMIT;
  http->insecure = options->insecure;
  if (!options->insecure && options->ca_pem)
    http->extra_ca_pem = g_strdup(options->ca_pem);
  else if (!options->insecure && options->ca_file && !nx_file_read(options->ca_file, CA_FILE_LIMIT, &http->extra_ca_pem, NULL, err))
    return NULL;
  return g_steal_pointer(&http);
}

gpointer nx_http_open(NxHttp *http, GError **err)
{
  if (http->curl || !nx_curl_load(err))
    return http->curl;
  http->curl = nx_curl.easy_init();
  if (!http->curl)
    g_set_error(err, NX_ERROR, NX_ERROR_PLACE, "libcurl makes no connection: is there memory left?");
  return http->curl;
}

void nx_http_free(NxHttp *http)
{
  if (!http)
    return;
  if (http->curl)
    nx_curl.easy_cleanup(http->curl);
  g_free(http->extra_ca_pem);
  g_free(http->ca_pem);
  g_free(http);
}

NxHttpFailure nx_http_last_failure(const NxHttp *http)
{
  return http->failure;
}

void nx_http_answer_free(NxHttpAnswer *answer)
{
  if (!answer)
    return;
  if (answer->body)
    g_string_free(answer->body, TRUE);
  g_free(answer->type);
  g_free(answer->location);
  g_free(answer->elsewhere);
  g_hash_table_unref(answer->headers);
  g_free(answer);
}

NxErrorCode nx_http_error_code(long status)
{
  return status == 429 || status >= 500 ? NX_ERROR_PLACE : NX_ERROR_REMOTE;
}

static void form_encode(GString *out, const char *text)
{
  for (const guchar *at = (const guchar *)text; *at; at++) {
    if (g_ascii_isalnum(*at) || strchr("_.-~", *at))
      g_string_append_c(out, (char)*at);
    else if (*at == ' ')
      g_string_append_c(out, '+');
    else
      g_string_append_printf(out, "%%%02X", *at);
  }
}

void nx_http_query_add(GString *url, const char *name, const char *value)
{
  g_string_append_c(url, strchr(url->str, '?') ? '&' : '?');
  form_encode(url, name);
  g_string_append_c(url, '=');
  form_encode(url, value);
}

/* One attempt's state while libcurl calls back. */
typedef struct {
  NxHttpAnswer *answer;
  gsize limit;
  gboolean too_large;
  gboolean once, sent; /* the request may go out once; it went out */
} Transfer;

static size_t take_body(char *data, size_t size, size_t count, void *user_data)
{
  Transfer *transfer = user_data;
  gsize length = size * count;
  if (transfer->answer->body->len + length > transfer->limit) {
    transfer->too_large = TRUE;
    return 0;
  }
  g_string_append_len(transfer->answer->body, data, (gssize)length);
  return length;
}

static size_t take_header(char *data, size_t size, size_t count, void *user_data)
{
  Transfer *transfer = user_data;
  gsize length = size * count;
  g_autofree char *line = g_strndup(data, length);
  if (g_str_has_prefix(line, "HTTP/")) /* a new answer: of a redirect, or after 100 Continue */
    g_hash_table_remove_all(transfer->answer->headers);
  char *colon = strchr(line, ':');
  if (colon) {
    *colon = '\0';
    g_hash_table_replace(transfer->answer->headers, g_ascii_strdown(line, -1), g_strstrip(nx_text_utf8(colon + 1, -1)));
  }
  return length;
}

static int stop_when_interrupted(void *user_data, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
  (void)user_data, (void)a, (void)b, (void)c, (void)d;
  return nx_interrupted() != 0;
}

/* Called before the request goes out; a second time when libcurl repeats it, since the connection it had taken over was closed. */
static int note_sending(void *user_data, char *remote, char *local, int remote_port, int local_port)
{
  Transfer *transfer = user_data;
  (void)remote, (void)local, (void)remote_port, (void)local_port;
  gboolean again = transfer->sent;
  transfer->sent = TRUE;
  return again && transfer->once ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static NxHttpAnswer *answer_new(void)
{
  NxHttpAnswer *answer = g_new0(NxHttpAnswer, 1);
  answer->body = g_string_new(NULL);
  answer->headers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  return answer;
}

static void set_limits(NxHttp *http, const NxHttpRequest *request)
{
  CURL *curl = http->curl;
  nx_curl.easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  nx_curl.easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  nx_curl.easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, g_ascii_strncasecmp(request->url, "https:", 6) == 0 ? "https" : "http,https");
  nx_curl.easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)http->connect_timeout_ms);
  nx_curl.easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(request->timeout_ms ? request->timeout_ms : http->timeout_ms));
  gboolean only_reads = g_str_equal(request->method, "GET") || g_str_equal(request->method, "HEAD");
  nx_curl.easy_setopt(curl, CURLOPT_FOLLOWLOCATION, only_reads && !request->no_redirects ? 1L : 0L);
  nx_curl.easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  nx_curl.easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, STALL_SECONDS);
  nx_curl.easy_setopt(curl, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
  nx_curl.easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  nx_curl.easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, stop_when_interrupted);
  nx_curl.easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
  nx_curl.easy_setopt(curl, CURLOPT_USERAGENT, "nexuslims/" NX_VERSION);
}

void nx_http_set_trust(NxHttp *http, gpointer curl)
{
  nx_curl.easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, http->insecure ? 0L : 1L);
  nx_curl.easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, http->insecure ? 0L : 2L);
  if (!http->extra_ca_pem)
    return;
  if (!http->ca_pem)
    http->ca_pem = joined_cas(http->extra_ca_pem);
  struct curl_blob blob = {.data = http->ca_pem, .len = strlen(http->ca_pem), .flags = CURL_BLOB_NOCOPY};
  nx_curl.easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob);
}

static void set_body(CURL *curl, const NxHttpRequest *request, curl_mime *form, FILE *file, guint64 file_size)
{
  if (form) {
    nx_curl.easy_setopt(curl, CURLOPT_MIMEPOST, form);
  } else if (file) {
    nx_curl.easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    nx_curl.easy_setopt(curl, CURLOPT_READDATA, file);
    nx_curl.easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)file_size);
  } else if (request->body) {
    nx_curl.easy_setopt(curl, CURLOPT_POST, 1L);
    nx_curl.easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
    nx_curl.easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
  }
  if (g_str_equal(request->method, "HEAD"))
    nx_curl.easy_setopt(curl, CURLOPT_NOBODY, 1L);
  else
    nx_curl.easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
}

/* "METHOD scheme://host/path" for messages: without user, query and fragment. */
static char *shown_request(const NxHttpRequest *request)
{
  if (request->shown)
    return g_strdup_printf("%s %s", request->method, request->shown);
  g_autoptr(GUri) uri = g_uri_parse(request->url, G_URI_FLAGS_ENCODED | G_URI_FLAGS_PARSE_RELAXED, NULL);
  if (!uri)
    return g_strdup_printf("%s (unreadable address)", request->method);
  g_autofree char *shown = g_uri_join(G_URI_FLAGS_ENCODED, g_uri_get_scheme(uri), NULL, g_uri_get_host(uri), g_uri_get_port(uri),
                                      g_uri_get_path(uri), NULL, NULL);
  return g_strdup_printf("%s %s", request->method, shown);
}

/* What each way of failing means for a repetition; all others: the request may have arrived. */
static const struct {
  CURLcode code;
  NxHttpFailure failure;
} FAILURES[] = {
    {CURLE_COULDNT_RESOLVE_HOST, NX_HTTP_NOT_SENT},   {CURLE_COULDNT_RESOLVE_PROXY, NX_HTTP_NOT_SENT},
    {CURLE_COULDNT_CONNECT, NX_HTTP_NOT_SENT},        {CURLE_SSL_CONNECT_ERROR, NX_HTTP_NOT_SENT},
    {CURLE_PEER_FAILED_VERIFICATION, NX_HTTP_REFUSED}, {CURLE_SSL_CACERT_BADFILE, NX_HTTP_REFUSED},
    {CURLE_URL_MALFORMAT, NX_HTTP_REFUSED},           {CURLE_UNSUPPORTED_PROTOCOL, NX_HTTP_REFUSED},
    {CURLE_READ_ERROR, NX_HTTP_REFUSED},              {CURLE_WRITE_ERROR, NX_HTTP_REFUSED},
    {CURLE_ABORTED_BY_CALLBACK, NX_HTTP_REFUSED},     {CURLE_TOO_MANY_REDIRECTS, NX_HTTP_REFUSED},
};

static NxHttpFailure failure_of(CURLcode code)
{
  for (gsize i = 0; i < G_N_ELEMENTS(FAILURES); i++)
    if (FAILURES[i].code == code)
      return FAILURES[i].failure;
  return NX_HTTP_MAYBE_SENT;
}

/* A time-out before the connection stood is a server that was not reached. */
static NxHttpFailure classify(NxHttp *http, const Transfer *transfer, CURLcode code)
{
  curl_off_t connected = 0;
  if (code == CURLE_ABORTED_BY_CALLBACK && transfer->once && transfer->sent && !nx_interrupted())
    return NX_HTTP_MAYBE_SENT;
  nx_curl.easy_getinfo(http->curl, CURLINFO_PRETRANSFER_TIME_T, &connected);
  return code == CURLE_OPERATION_TIMEDOUT && connected == 0 ? NX_HTTP_NOT_SENT : failure_of(code);
}

/* In the words of the C library in English, by which a mail about the run knows that it is nobody's business. */
#define HICCUP "Temporary failure in name resolution"

/* Why a name has no address. libcurl does not tell a name service that is away from a name that does not exist, so it is asked once more. */
static const char *why_unresolved(const char *name)
{
  static const struct {
    int code;
    const char *words;
  } REASONS[] = {{0, HICCUP}, {EAI_AGAIN, HICCUP}, {EAI_NONAME, "the name does not exist"}, {EAI_NODATA, "the name has no address"}};
  const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
  struct addrinfo *found = NULL;
  int code = getaddrinfo(name, NULL, &hints, &found);
  if (found)
    freeaddrinfo(found);
  for (gsize i = 0; i < G_N_ELEMENTS(REASONS); i++)
    if (REASONS[i].code == code)
      return REASONS[i].words;
  return gai_strerror(code);
}

#define PROXY_UNREADABLE "the address of the proxy (http_proxy, https_proxy, all_proxy) cannot be read"

/* Our words where libcurl's say nothing to who reads them, or a password, by how those begin. */
typedef struct {
  CURLcode code;
  const char *said, *words;
  gboolean is_setting; /* which is wrong, and will be at the next try */
} OwnWords;

static const OwnWords OWN_WORDS[] = {
  {CURLE_UNSUPPORTED_PROTOCOL, "Received HTTP/0.9", "what answers there does not speak HTTP", FALSE},
  {CURLE_OUT_OF_MEMORY, "", "the headers of the answer are too large, or memory is short", FALSE}, /* libcurl takes 100 KB */
  {CURLE_COULDNT_RESOLVE_PROXY, "Unsupported proxy", PROXY_UNREADABLE, TRUE},                      /* syntax */
  {CURLE_COULDNT_CONNECT, "Unsupported proxy", PROXY_UNREADABLE, TRUE},                            /* scheme */
  {CURLE_NOT_BUILT_IN, "Unsupported proxy", PROXY_UNREADABLE, TRUE},                               /* https, where libcurl lacks it */
};

static const OwnWords *own_words(CURLcode code, const char *detail)
{
  for (gsize i = 0; i < G_N_ELEMENTS(OWN_WORDS); i++)
    if (OWN_WORDS[i].code == code && g_str_has_prefix(detail, OWN_WORDS[i].said))
      return &OWN_WORDS[i];
  return NULL;
}

char *nx_http_reason(int code, const char *detail)
{
  const OwnWords *own = own_words(code, detail);
  if (own)
    return g_strdup(own->words);
  if (code == CURLE_OPERATION_TIMEDOUT && g_str_has_prefix(detail, "Resolving timed out"))
    return g_strconcat(detail, ": " HICCUP, NULL);
  const char *colon = code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY ? strstr(detail, ": ") : NULL;
  return colon ? g_strconcat(detail, ": ", why_unresolved(colon + 2), NULL) : g_strdup(*detail ? detail : nx_curl.easy_strerror(code));
}

/* The reason alone. */
static void set_failure(NxHttp *http, const Transfer *transfer, CURLcode code, const char *detail, GError **err)
{
  const OwnWords *own = own_words(code, detail);
  gboolean is_setting = code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL || (own && own->is_setting);
  http->failure = own && own->is_setting ? NX_HTTP_REFUSED : classify(http, transfer, code);
  if (code == CURLE_ABORTED_BY_CALLBACK && nx_interrupted())
    g_set_error(err, NX_ERROR, NX_ERROR_INTERRUPTED, "interrupted");
  else if (code == CURLE_ABORTED_BY_CALLBACK)
    g_set_error(err, NX_ERROR, NX_ERROR_PLACE, "the server closed the connection without an answer");
  else if (transfer->too_large)
    g_set_error(err, NX_ERROR, NX_ERROR_REMOTE, "the answer is larger than %" G_GSIZE_FORMAT " bytes", transfer->limit);
  else {
    g_autofree char *reason = nx_http_reason(code, detail);
    g_set_error(err, NX_ERROR, is_setting ? NX_ERROR_CONFIG : NX_ERROR_PLACE, "%s", reason);
  }
}

static struct curl_slist *header_list(const NxHttpRequest *request)
{
  struct curl_slist *list = nx_curl.slist_append(NULL, "Expect:");
  for (const char *const *header = request->headers; header && *header; header++)
    list = nx_curl.slist_append(list, *header);
  return list;
}

gboolean nx_http_is_same_server(GUri *one, GUri *other)
{
  const char *host = g_uri_get_host(one), *other_host = g_uri_get_host(other);
  return host && other_host && g_ascii_strcasecmp(host, other_host) == 0 && g_uri_get_port(one) == g_uri_get_port(other) &&
         g_str_equal(g_uri_get_scheme(one), g_uri_get_scheme(other));
}

/* The address at the end of all redirects, the last of which may not have been followed, when another server than the one that was asked is
 * there. */
static char *other_server(CURL *curl, const char *asked)
{
  const char *last = NULL;
  nx_curl.easy_getinfo(curl, CURLINFO_REDIRECT_URL, &last);
  if (!last)
    nx_curl.easy_getinfo(curl, CURLINFO_EFFECTIVE_URL, &last);
  g_autoptr(GUri) from = g_uri_parse(asked, NX_HTTP_URI_FLAGS, NULL), to = last ? g_uri_parse(last, NX_HTTP_URI_FLAGS, NULL) : NULL;
  if (!from || !to || nx_http_is_same_server(from, to))
    return NULL;
  return g_uri_to_string_partial(to, G_URI_HIDE_USERINFO | G_URI_HIDE_QUERY | G_URI_HIDE_FRAGMENT);
}

static NxHttpAnswer *perform(NxHttp *http, const NxHttpRequest *request, FILE *file, guint64 file_size, GError **err)
{
  g_autoptr(NxHttpAnswer) answer = answer_new();
  Transfer transfer = {.answer = answer, .limit = http->body_limit, .once = request->once};
  char detail[CURL_ERROR_SIZE] = "";
  CURL *curl = http->curl;
  nx_curl.easy_reset(curl);
  set_limits(http, request);
  nx_http_set_trust(http, curl);
  curl_mime *form = request->form ? request->form(curl, request->user_data) : NULL;
  set_body(curl, request, form, file, file_size);
  struct curl_slist *headers = header_list(request);
  nx_curl.easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  nx_curl.easy_setopt(curl, CURLOPT_URL, request->url);
  nx_curl.easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
  nx_curl.easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  nx_curl.easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  nx_curl.easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
  nx_curl.easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
  nx_curl.easy_setopt(curl, CURLOPT_PREREQFUNCTION, note_sending);
  nx_curl.easy_setopt(curl, CURLOPT_PREREQDATA, &transfer);
  CURLcode code = nx_curl.easy_perform(curl);
  nx_curl.easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
  nx_curl.slist_free_all(headers);
  nx_curl.mime_free(form);
  if (code != CURLE_OK) {
    set_failure(http, &transfer, code, detail, err);
    return NULL;
  }
  nx_curl.easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
  answer->type = g_strdup(g_hash_table_lookup(answer->headers, "content-type"));
  answer->location = g_strdup(g_hash_table_lookup(answer->headers, "location"));
  answer->elsewhere = other_server(curl, request->url);
  return g_steal_pointer(&answer);
}

static NxHttpAnswer *send_file(NxHttp *http, const NxHttpRequest *request, GError **err)
{
  FILE *file = fopen(request->body_file, "re");
  if (!file || fseeko(file, 0, SEEK_END) != 0) {
    nx_error_from_errno(err, errno, "read", request->body_file);
    if (file)
      fclose(file);
    return NULL;
  }
  guint64 size = (guint64)ftello(file);
  rewind(file);
  NxHttpAnswer *answer = perform(http, request, file, size, err);
  fclose(file);
  return answer;
}

static NxHttpAnswer *attempt(NxHttp *http, const NxHttpRequest *request, GError **err)
{
  NxHttpRequest now = *request;
  g_autofree char *renewed = request->renew ? request->renew(request->user_data) : NULL;
  now.url = renewed ? renewed : request->url;
  http->failure = NX_HTTP_REFUSED;
  if (!nx_http_open(http, err))
    return NULL;
  return now.body_file ? send_file(http, &now, err) : perform(http, &now, NULL, 0, err);
}

static gboolean is_worth_retrying(const NxHttp *http, const NxHttpRetry *retry, const NxHttpAnswer *answer)
{
  if (!answer)
    return http->failure == NX_HTTP_NOT_SENT ? retry->before_sending : http->failure == NX_HTTP_MAYBE_SENT && retry->after_sending;
  if (retry->server_errors && answer->status >= 500)
    return TRUE;
  for (const int *status = retry->statuses; status && *status; status++)
    if (*status == answer->status)
      return TRUE;
  return FALSE;
}

/* The wait that Retry-After asks for (seconds or an HTTP date), in milliseconds; 0 when it says nothing usable. */
static guint retry_after_ms(const NxHttpAnswer *answer)
{
  const char *text = answer ? g_hash_table_lookup(answer->headers, "retry-after") : NULL;
  guint64 seconds;
  if (text && g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32, &seconds, NULL))
    return (guint)MIN(seconds * 1000, RETRY_AFTER_MAX_MS);
  time_t date = text ? nx_curl.getdate(text, NULL) : -1;
  gint64 wait = date < 0 ? 0 : (gint64)date * 1000 - g_get_real_time() / 1000;
  return (guint)CLAMP(wait, 0, RETRY_AFTER_MAX_MS);
}

/* In short steps, so that a signal ends it. */
void nx_http_wait(guint milliseconds)
{
  gint64 until = g_get_monotonic_time() + (gint64)(milliseconds * 1000.0 * nx_time_scale());
  while (g_get_monotonic_time() < until && !nx_interrupted())
    g_usleep((gulong)CLAMP(until - g_get_monotonic_time(), 1, 100000));
}

NxHttpAnswer *nx_http_send(NxHttp *http, const NxHttpRequest *request, GError **err)
{
  g_autofree char *shown = shown_request(request);
  for (guint tried = 0;; tried++) {
    g_autoptr(GError) problem = NULL;
    g_autoptr(NxHttpAnswer) answer = attempt(http, request, &problem);
    const NxHttpRetry *retry = request->retry;
    if (!retry || tried >= retry->n_waits || !is_worth_retrying(http, retry, answer) || nx_interrupted()) {
      if (problem)
        g_propagate_prefixed_error(err, g_steal_pointer(&problem), "%s%s", request->reason_only ? "" : shown, request->reason_only ? "" : ": ");
      return g_steal_pointer(&answer);
    }
    guint wait = MAX(retry->waits_ms[tried], retry->retry_after ? retry_after_ms(answer) : 0);
    g_autofree char *status = answer ? g_strdup_printf("HTTP %ld", answer->status) : g_strdup(problem->message);
    nx_log_info("%s: %s; trying again in %g s", shown, status, wait / 1000.0);
    nx_http_wait(wait);
  }
}
