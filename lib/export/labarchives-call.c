/* labarchives-call.c — signed calls to LabArchives and what their XML answers say (export §8.1–8.4). The service has no public description: facts
 * are from clients that run against it. An `error` element may be the root, and may come with HTTP 200. */
#include "labarchives.h"
#include "remote.h"

#include <libxml/parser.h>
#include <string.h>
#include <sys/stat.h>

#define THROTTLE_MS 1000
#define DETAIL_MAX 500

/* -------------------------------------------------------------------------------------------------------------- signing */

char *nx_labarchives_sign(const char *access_key_id, const char *access_password, const char *method, const char *expires)
{
  g_autofree char *message = g_strconcat(access_key_id, method, expires, NULL);
  guint8 digest[64];
  gsize length = sizeof digest;
  GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA512, (const guchar *)access_password, strlen(access_password));
  g_hmac_update(hmac, (const guchar *)message, -1);
  g_hmac_get_digest(hmac, digest, &length);
  g_hmac_unref(hmac);
  return g_base64_encode(digest, length);
}

/* Lets a call start a second after the one before, whichever thread made that. */
static void throttle(void)
{
  static GMutex lock;
  static gint64 last_start;
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);
  gint64 early_ms = last_start ? THROTTLE_MS - (g_get_monotonic_time() - last_start) / 1000 : 0;
  if (early_ms > 0)
    nx_http_wait((guint)early_ms);
  last_start = g_get_monotonic_time();
}

typedef struct {
  NxLabArchives *service;
  const NxLabCall *call;
} Attempt;

/* The signed address of one attempt. */
static char *signed_address(gpointer user_data)
{
  const Attempt *attempt = user_data;
  NxLabArchives *service = attempt->service;
  const NxLabCall *call = attempt->call;
  throttle();
  const char *fixed_clock = g_getenv("NX_TEST_EPOCH_MS");
  g_autofree char *expires = fixed_clock ? g_strdup(fixed_clock) : g_strdup_printf("%" G_GINT64_FORMAT, g_get_real_time() / 1000);
  g_free(service->signature);
  service->signature = nx_labarchives_sign(service->access_key_id, service->access_password, call->method, expires);
  g_autoptr(GString) url = g_string_new(NULL);
  g_string_printf(url, "%s/%s/%s", service->base, call->class_name, call->method);
  nx_http_query_add(url, "akid", service->access_key_id);
  nx_http_query_add(url, "expires", expires);
  nx_http_query_add(url, "sig", service->signature);
  if (service->user_id)
    nx_http_query_add(url, "uid", service->user_id);
  for (const char *const *pair = call->query; pair && *pair; pair += 2)
    nx_http_query_add(url, pair[0], pair[1]);
  return g_string_free(g_steal_pointer(&url), FALSE);
}

/* -------------------------------------------------------------------------------------------------------------- answers */

xmlNode *nx_labarchives_next(xmlNode *within, xmlNode *after, const char *name)
{
  xmlNode *node = after ? after : within;
  gboolean fresh = !after;
  while (node) {
    if (fresh && node->type == XML_ELEMENT_NODE && g_strcmp0((const char *)node->name, name) == 0)
      return node;
    fresh = TRUE;
    if (node->type == XML_ELEMENT_NODE && node->children) {
      node = node->children;
      continue;
    }
    while (node && node != within && !node->next)
      node = node->parent;
    node = node && node != within ? node->next : NULL;
  }
  return NULL;
}

char *nx_labarchives_exact_text(xmlNode *within, const char *name)
{
  xmlNode *node = nx_labarchives_next(within, NULL, name);
  xmlChar *content = node ? xmlNodeGetContent(node) : NULL;
  char *text = g_strdup((const char *)content);
  xmlFree(content);
  return text;
}

char *nx_labarchives_text(xmlNode *within, const char *name)
{
  char *text = nx_labarchives_exact_text(within, name);
  if (text && *g_strstrip(text))
    return text;
  g_free(text);
  return NULL;
}

/* NULL for what is not XML, what is a web page (of a login or a proxy), and what brings entities along. */
static xmlDoc *parse_answer(const GString *body)
{
  if (body->len > G_MAXINT)
    return NULL;
  g_autoptr(xmlDoc) document = xmlReadMemory(body->str, (int)body->len, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
  xmlNode *root = document ? xmlDocGetRootElement(document) : NULL;
  if (!root || document->intSubset || g_ascii_strcasecmp((const char *)root->name, "html") == 0)
    return NULL;
  return g_steal_pointer(&document);
}

/* The first of two elements that has a text. */
static char *either_text(xmlNode *within, const char *name, const char *other)
{
  char *text = nx_labarchives_text(within, name);
  return text ? text : nx_labarchives_text(within, other);
}

/* What a server says, without the key and the signature that it may quote from the address: as they stand there, and decoded. */
static char *without_credentials(const NxLabArchives *service, const char *text)
{
  g_autoptr(GRegex) values = g_regex_new("\\b(akid|sig|password)=[^&\\s\"'<>]*", G_REGEX_RAW, 0, NULL);
  g_autofree char *masked = g_regex_replace(values, text, -1, 0, "\\1=***", 0, NULL);
  g_autoptr(GString) encoded = g_string_new(NULL);
  nx_http_query_add(encoded, "sig", service->signature);
  g_autofree char *shown = nx_log_without(masked ? masked : "", service->signature);
  return nx_log_without(shown, encoded->str + strlen("?sig="));
}

static const char *const AUTHENTICATION_CODES[] = {"4504", "4506", "4507", "4514", "4520", "4533", NULL};

/* Sets the error that an `error` element names; FALSE when the answer has none. */
static gboolean set_named_error(const NxLabArchives *service, const NxLabCall *call, xmlDoc *document, NxLabOutcome *outcome, GError **err)
{
  xmlNode *error = nx_labarchives_next(xmlDocGetRootElement(document), NULL, "error");
  if (!error)
    return FALSE;
  g_autofree char *code = either_text(error, "error-code", "code"), *text = either_text(error, "error-description", "msg");
  gboolean denied = code && g_strv_contains(AUTHENTICATION_CODES, code);
  g_autofree char *reason = g_strdup_printf("error code %s: %s", code ? code : "unknown", text ? text : "Unknown error");
  g_autofree char *shown = without_credentials(service, reason);
  outcome->trouble = denied ? NX_LAB_AUTHENTICATION : NX_LAB_REFUSED;
  g_set_error(err, NX_ERROR, nx_http_error_code(outcome->status), "%sLabArchives: HTTP %ld, %s (%s/%s)",
              denied ? "Could not authenticate to " : "", outcome->status, shown, call->class_name, call->method);
  return TRUE;
}

static const char *http_method(const NxLabCall *call)
{
  return call->form || call->file ? "POST" : "GET";
}

/* The start of a body. */
static char *excerpt(const NxLabArchives *service, const GString *body)
{
  g_autofree char *shown = without_credentials(service, body->str);
  return nx_text_start(shown, DETAIL_MAX);
}

static void set_status_error(const NxLabArchives *service, const NxLabCall *call, const NxHttpAnswer *answer, gboolean is_xml, GError **err)
{
  g_autofree char *start = excerpt(service, answer->body), *path = g_strdup_printf("%s/%s", call->class_name, call->method);
  g_autofree char *detail = nx_remote_detail(start, answer, path, "NX_LABARCHIVES_URL", "");
  const gboolean is_redirect = answer->status >= 300 && answer->status < 400;
  const char *reason = answer->status == 404 ? "not found: " : is_xml || is_redirect ? "" : "not XML of LabArchives: ";
  g_set_error(err, NX_ERROR, nx_http_error_code(answer->status), "LabArchives: HTTP %ld from %s %s: %s%s", answer->status, http_method(call), path,
              reason, detail);
}

static xmlDoc *read_answer(const NxLabArchives *service, const NxLabCall *call, const NxHttpAnswer *answer, NxLabOutcome *outcome, GError **err)
{
  g_autoptr(xmlDoc) document = parse_answer(answer->body);
  outcome->status = answer->status;
  outcome->is_xml = document != NULL;
  outcome->trouble = NX_LAB_FAILED;
  outcome->ambiguous = call->creates && answer->status >= 500 && answer->status != 503;
  if (document && set_named_error(service, call, document, outcome, err))
    return NULL;
  if (!document || answer->status < 200 || answer->status >= 300) {
    set_status_error(service, call, answer, document != NULL, err);
    return NULL;
  }
  outcome->trouble = NX_LAB_FINE;
  return g_steal_pointer(&document);
}

/* -------------------------------------------------------------------------------------------------------------- sending */

static const guint WAITS_MS[] = {2000, 4000};
static const int BUSY[] = {429, 503, 0};
static const NxHttpRetry READS = {.statuses = BUSY,
                                  .waits_ms = WAITS_MS,
                                  .n_waits = G_N_ELEMENTS(WAITS_MS),
                                  .server_errors = TRUE,
                                  .before_sending = TRUE,
                                  .after_sending = TRUE,
                                  .retry_after = TRUE};
static const NxHttpRetry CREATES = {
    .statuses = BUSY, .waits_ms = WAITS_MS, .n_waits = G_N_ELEMENTS(WAITS_MS), .before_sending = TRUE, .retry_after = TRUE};

/* name=value&… of a form; NULL for none. */
static GString *form_body(const char *const *pairs)
{
  GString *body = pairs ? g_string_new(NULL) : NULL;
  for (const char *const *pair = pairs; pair && *pair; pair += 2)
    nx_http_query_add(body, pair[0], pair[1]);
  return body ? g_string_erase(body, 0, body->len > 0 ? 1 : 0) : NULL; /* without the '?' */
}

static NxHttpAnswer *send_call(NxLabArchives *service, const NxLabCall *call, GError **err)
{
  Attempt attempt = {.service = service, .call = call};
  g_autoptr(GString) body = form_body(call->form);
  g_autofree char *url = g_strdup_printf("%s/%s/%s", service->base, call->class_name, call->method);
  const char *const headers[] = {call->file ? "Content-Type: application/octet-stream" : "Content-Type: application/x-www-form-urlencoded", NULL};
  struct stat about;
  guint64 length = body ? body->len : call->file && stat(call->file, &about) == 0 ? (guint64)about.st_size : 0;
  const NxHttpRequest request = {.method = http_method(call),
                                 .url = url,
                                 .headers = call->form || call->file ? headers : NULL,
                                 .body = body ? body->str : NULL,
                                 .body_length = body ? body->len : 0,
                                 .body_file = call->file,
                                 .reason_only = TRUE,
                                 .no_redirects = call->creates,
                                 .once = call->creates,
                                 .timeout_ms = nx_remote_time_limit_ms(http_method(call), length),
                                 .retry = call->creates ? &CREATES : &READS,
                                 .renew = signed_address,
                                 .user_data = &attempt};
  return nx_http_send(service->http, &request, err);
}

xmlDoc *nx_labarchives_call(NxLabArchives *service, const NxLabCall *call, NxLabOutcome *outcome, GError **err)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(NxHttpAnswer) answer = send_call(service, call, &problem);
  *outcome = (NxLabOutcome){.trouble = NX_LAB_UNREACHED};
  if (answer)
    return read_answer(service, call, answer, outcome, err);
  outcome->ambiguous = call->creates && nx_http_last_failure(service->http) == NX_HTTP_MAYBE_SENT;
  g_set_error(err, NX_ERROR, problem->code, "LabArchives: %s %s/%s: %s", http_method(call), call->class_name, call->method, problem->message);
  return NULL;
}
