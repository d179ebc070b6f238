/* remote.c — requests to a repository's API. Waits and retries: export §5.2. Error texts: export §3.1. */
#include "remote.h"

#include "nx-curl.h"

#include <string.h>
#include <sys/stat.h>

#define READ_TIMEOUT_MS 30000
#define POST_TIMEOUT_MS 60000
#define POST_TIMEOUT_MAX_MS 900000
#define BYTES_PER_EXTRA_MS 102 /* one second more for each 100 KiB of body */
#define DETAIL_MAX 500

NxRemote *nx_remote_new(NxHttp *http, const char *label, const char *setting, const char *base, const char *authorization)
{
  NxRemote *remote = g_new0(NxRemote, 1);
  remote->http = http;
  remote->label = label;
  remote->setting = setting;
  remote->base = g_str_has_suffix(base, "/") ? g_strdup(base) : g_strconcat(base, "/", NULL);
  remote->authorization = authorization ? g_strconcat("Authorization: ", authorization, NULL) : NULL;
  return remote;
}

void nx_remote_free(NxRemote *remote)
{
  if (!remote)
    return;
  g_free(remote->base);
  g_free(remote->authorization);
  g_free(remote);
}

char *nx_remote_shown_base(const char *base)
{
  const char *scheme = strstr(base, "://"), *authority = scheme ? scheme + strlen("://") : base;
  const char *at = g_strrstr_len(authority, (gssize)strcspn(authority, "/?#"), "@");
  return g_strdup_printf("%.*s%s", (int)(authority - base), base, at ? at + 1 : authority);
}

void nx_call_outcome_clear(NxCallOutcome *outcome)
{
  json_object_put(outcome->body);
  outcome->body = NULL;
}

static const guint WAITS_MS[] = {1000, 2000, 4000, 8000, 16000};
static const int READ_STATUSES[] = {429, 502, 503, 504, 0};
static const int CREATE_STATUSES[] = {429, 503, 0};

static const NxHttpRetry RETRIES[] = {
    [NX_CALL_READS] = {.statuses = READ_STATUSES,
                       .waits_ms = WAITS_MS,
                       .n_waits = G_N_ELEMENTS(WAITS_MS),
                       .before_sending = TRUE,
                       .after_sending = TRUE,
                       .retry_after = TRUE},
    [NX_CALL_CREATES] = {.statuses = CREATE_STATUSES,
                         .waits_ms = WAITS_MS,
                         .n_waits = G_N_ELEMENTS(WAITS_MS),
                         .before_sending = TRUE,
                         .retry_after = TRUE},
};

/* NX_TEST_TIMEOUT_SCALE shortens it for tests of servers that say nothing. */
guint nx_remote_time_limit_ms(const char *method, guint64 body_length)
{
  const char *scale = g_getenv("NX_TEST_TIMEOUT_SCALE");
  guint64 limit = g_str_equal(method, "POST") ? MIN(POST_TIMEOUT_MS + body_length / BYTES_PER_EXTRA_MS, POST_TIMEOUT_MAX_MS) : READ_TIMEOUT_MS;
  return scale ? (guint)MAX((double)limit * g_ascii_strtod(scale, NULL), 1) : (guint)limit;
}

static guint64 size_of_files(const NxCallPart *parts)
{
  guint64 size = 0;
  struct stat about;
  for (const NxCallPart *each = parts; each && each->name; each++)
    size += each->file && stat(each->file, &about) == 0 ? (guint64)about.st_size : 0;
  return size;
}

/* The form of a call's parts. */
static gpointer form_of(gpointer curl, gpointer user_data)
{
  const NxCall *call = user_data;
  curl_mime *mime = nx_curl.mime_init(curl);
  for (const NxCallPart *each = call->parts; each->name; each++) {
    curl_mimepart *part = nx_curl.mime_addpart(mime);
    nx_curl.mime_name(part, each->name);
    if (each->value)
      nx_curl.mime_data(part, each->value, CURL_ZERO_TERMINATED);
    if (!each->file)
      continue;
    nx_curl.mime_filedata(part, each->file);
    nx_curl.mime_type(part, each->type);
  }
  return mime;
}

static NxHttpAnswer *send_call(NxRemote *remote, const NxCall *call, GError **err)
{
  g_autofree char *url = g_strconcat(remote->base, call->path, call->query, NULL);
  g_autofree char *body = call->json ? nx_json_text(call->json, NX_JSON_LINE) : NULL;
  gsize length = body ? strlen(body) : 0;
  const char *headers[4] = {"Accept: application/json"};
  gsize count = 1;
  if (remote->authorization)
    headers[count++] = remote->authorization;
  if (body)
    headers[count++] = "Content-Type: application/json";
  const NxHttpRequest request = {.method = call->method,
                                 .url = url,
                                 .headers = headers,
                                 .body = body,
                                 .body_length = length,
                                 .reason_only = TRUE,
                                 .once = call->kind == NX_CALL_CREATES,
                                 .timeout_ms = nx_remote_time_limit_ms(call->method, length + size_of_files(call->parts)),
                                 .retry = &RETRIES[call->kind],
                                 .form = call->parts ? form_of : NULL,
                                 .user_data = (gpointer)call};
  return nx_http_send(remote->http, &request, err);
}

/* A JSON value as a person reads it: a string as it is, everything else compact. */
static char *plain_text(json_object *value)
{
  return json_object_is_type(value, json_type_string) ? g_strdup(json_object_get_string(value)) : nx_json_text(value, NX_JSON_LINE);
}

/* What the server says is wrong: `message` (and `description`), `detail`, else the start of the body. */
static char *detail_of(json_object *body, const GString *raw)
{
  json_object *message = nx_json_get(body, "message"), *detail = nx_json_get(body, "detail");
  g_autofree char *first = message || detail ? plain_text(message ? message : detail) : NULL;
  const char *description = message ? nx_json_get_string(body, "description") : NULL;
  if (first && description && *description)
    return g_strdup_printf("%s (%s)", first, description);
  return first ? g_steal_pointer(&first) : nx_text_start(raw->str, DETAIL_MAX);
}

/* Where the answer redirects to, and what to do about it; NULL when it does not. */
static char *redirection(const NxHttpAnswer *answer, const char *path, const char *setting, const char *remark)
{
  const char *target = answer->elsewhere ? answer->elsewhere : answer->status >= 300 && answer->status < 400 ? answer->location : NULL;
  if (!target)
    return NULL;
  g_autofree char *root = g_strndup(target, strcspn(target, "?#"));
  if (answer->elsewhere && g_str_has_suffix(root, path))
    root[strlen(root) - strlen(path)] = '\0';
  g_autofree char *shown = nx_text_beginning(root);
  return answer->elsewhere ? g_strdup_printf("it redirects to %s%s: if that is the API, set %s to it", shown, remark, setting)
                           : g_strdup_printf("it redirects to %s", shown);
}

char *nx_remote_detail(const char *detail, const NxHttpAnswer *answer, const char *path, const char *setting, const char *remark)
{
  g_autofree char *redirected = redirection(answer, path, setting, remark);
  return redirected ? g_strconcat(detail, *detail ? "; " : "", redirected, NULL) : g_strdup(detail);
}

static char *full_detail(const NxRemote *remote, const NxCall *call, const NxHttpAnswer *answer, const char *detail)
{
  return nx_remote_detail(detail, answer, call->path, remote->setting, ", where no token is sent");
}

static gboolean is_good(const NxCall *call, long status)
{
  return call->expected ? status == call->expected : status >= 200 && status < 300;
}

static void set_status_error(const NxRemote *remote, const NxCall *call, const NxHttpAnswer *answer, json_object *body, GError **err)
{
  gboolean denied = call->guards_access && !answer->elsewhere && (answer->status == 401 || answer->status == 403);
  g_autofree char *authentication = g_strdup_printf("Could not authenticate to %s", remote->label);
  g_autofree char *said = detail_of(body, answer->body), *detail = full_detail(remote, call, answer, said);
  g_set_error(err, NX_ERROR, nx_http_error_code(answer->status), "%s: HTTP %ld from %s %s: %s", denied ? authentication : call->what,
              answer->status, call->method, call->path, detail);
}

NxHttpAnswer *nx_remote_call(NxRemote *remote, const NxCall *call, NxCallOutcome *outcome, GError **err)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(NxHttpAnswer) answer = send_call(remote, call, &problem);
  if (!answer) {
    outcome->ambiguous = call->kind == NX_CALL_CREATES && nx_http_last_failure(remote->http) == NX_HTTP_MAYBE_SENT;
    g_set_error(err, NX_ERROR, problem->code, "%s: %s %s: %s", call->what, call->method, call->path, problem->message);
    return NULL;
  }
  outcome->status = answer->status;
  outcome->elsewhere = answer->elsewhere != NULL;
  if (is_good(call, answer->status))
    return g_steal_pointer(&answer);
  outcome->ambiguous = call->kind == NX_CALL_CREATES && (answer->status == 502 || answer->status == 504);
  outcome->body = nx_json_parse(answer->body->str, answer->body->len, NULL);
  set_status_error(remote, call, answer, outcome->body, err);
  return NULL;
}

json_object *nx_remote_call_json(NxRemote *remote, const NxCall *call, enum json_type type, NxCallOutcome *outcome, GError **err)
{
  g_autoptr(NxHttpAnswer) answer = nx_remote_call(remote, call, outcome, err);
  if (!answer)
    return NULL;
  g_autoptr(json_object) value = nx_json_parse(answer->body->str, answer->body->len, NULL);
  if (json_object_is_type(value, type))
    return g_steal_pointer(&value);
  g_autofree char *start = nx_text_start(answer->body->str, DETAIL_MAX), *detail = full_detail(remote, call, answer, start);
  g_set_error(err, NX_ERROR, NX_ERROR_REMOTE, "%s: HTTP %ld from %s %s: not a JSON %s: %s", call->what, answer->status, call->method,
              call->path, json_type_to_name(type), detail);
  return NULL;
}
