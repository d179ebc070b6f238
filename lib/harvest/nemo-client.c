/* nemo-client.c — requests to one NEMO server: token, retries, pages, errors in words, users once, tools that are gone (harvest-nemo §3–6,
 * §12). */
#include "nemo.h"

#include <string.h>

#define PAGES_MAX 10000
#define TROUBLES_MAX 3u

static const int RETRIED_STATUSES[] = {502, 503, 504, 0};
static const guint RETRY_WAITS_MS[] = {1000, 2000, 4000, 8000, 16000};
static const NxHttpRetry RETRY = {.statuses = RETRIED_STATUSES, .waits_ms = RETRY_WAITS_MS, .n_waits = G_N_ELEMENTS(RETRY_WAITS_MS)};

/* What asking for a user came to; kept for the life of the process. */
typedef struct {
  json_object *user; /* NULL: the server has none of that id */
  GError *problem;
} KnownUser;

static void known_user_free(gpointer data)
{
  KnownUser *known = data;
  json_object_put(known->user);
  g_clear_error(&known->problem);
  g_free(known);
}

NxNemo *nx_nemo_new(const NxNemoSettings *settings, NxHttp *http, GError **err)
{
  GTimeZone *zone = settings->tz ? nx_zone(settings->tz, err) : NULL;
  if (settings->tz && !zone) {
    g_prefix_error(err, "NX_NEMO_TZ_%u: ", settings->number);
    return NULL;
  }
  NxNemo *nemo = g_new0(NxNemo, 1);
  nemo->settings = settings;
  nemo->http = http;
  nemo->zone = zone;
  nemo->authorization = g_strconcat("Authorization: Token ", settings->token, NULL);
  nemo->users = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, known_user_free);
  nemo->unknown_tools = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
  return nemo;
}

void nx_nemo_free(NxNemo *nemo)
{
  if (!nemo)
    return;
  g_free(nemo->authorization);
  g_hash_table_unref(nemo->users);
  g_hash_table_unref(nemo->unknown_tools);
  g_free(nemo);
}

/* ---------------------------------------------------------------------------------------------------- errors in words */

/* NEMO's own explanation of a refusal: `detail`, else its first field error; "" when the body says nothing. */
static char *explanation(json_object *body)
{
  const char *detail = nx_json_get_string(body, "detail");
  if (detail)
    return nx_text_beginning(detail);
  if (json_object_is_type(body, json_type_object)) {
    json_object_object_foreach(body, field, problems)
    {
      json_object *first = json_object_is_type(problems, json_type_array) ? json_object_array_get_idx(problems, 0) : NULL;
      g_autofree char *shown = nx_text_beginning(field), *words = first ? nx_text_beginning(json_object_get_string(first)) : NULL;
      if (words)
        return g_strdup_printf("%s: %s", shown, words);
    }
  }
  return g_strdup("");
}

static char *advice_on_settings(const NxNemoSettings *settings, long status)
{
  gboolean is_usual = g_str_has_suffix(settings->address, "/api/");
  if (status == 401 || status == 403)
    return g_strdup_printf("; the token was rejected or lacks the right to view this, check NX_NEMO_TOKEN_%u", settings->number);
  if (!is_usual && (status == 404 || status < 300))
    return g_strdup_printf("; the address of an API of NEMO usually ends in api/: check NX_NEMO_ADDRESS_%u", settings->number);
  return status == 404 ? g_strdup_printf("; check NX_NEMO_ADDRESS_%u", settings->number) : g_strdup("");
}

/* What to do about an answer that is none: "" when nothing can be said. A server that redirects to another one gets no token there, and
 * what that one says of the token is no wonder. */
static char *advice(const NxNemo *nemo, const char *endpoint, const NxHttpAnswer *answer)
{
  guint number = nemo->settings->number;
  if (!answer->elsewhere)
    return advice_on_settings(nemo->settings, answer->status);
  g_autofree char *root = g_strdup(answer->elsewhere);
  if (g_str_has_suffix(root, endpoint))
    root[strlen(root) - strlen(endpoint)] = '\0';
  g_autofree char *shown = nx_text_beginning(root);
  return g_strdup_printf("; it redirected to %s, where no token is sent: if that is the API, set NX_NEMO_ADDRESS_%u to it", shown, number);
}

static void set_refusal(const NxNemo *nemo, const char *endpoint, const NxHttpAnswer *answer, json_object *body, GError **err)
{
  g_autofree char *words = explanation(body), *what_to_do = advice(nemo, endpoint, answer);
  NxErrorCode code = nx_http_error_code(answer->status);
  g_set_error(err, NX_ERROR, answer->elsewhere && code != NX_ERROR_PLACE ? NX_ERROR_CONFIG : code,
              "NEMO %u: %s%s answered with status %ld%s%s%s", nemo->settings->number, nemo->settings->address, endpoint, answer->status,
              *words ? ": " : "", words, what_to_do);
}

static void set_not_json(const NxNemo *nemo, const char *endpoint, const NxHttpAnswer *answer, GError **err)
{
  g_autofree char *beginning = nx_text_beginning(answer->body->str), *what_to_do = advice(nemo, endpoint, answer);
  g_set_error(err, NX_ERROR, answer->elsewhere ? NX_ERROR_CONFIG : NX_ERROR_FORMAT,
              "NEMO %u: the answer of %s%s is not JSON (a login page?); its first line: '%s'%s", nemo->settings->number,
              nemo->settings->address, endpoint, beginning, what_to_do);
}

/* ---------------------------------------------------------------------------------------------------------- requests */

/* After some requests in a row without a useful answer the server is left alone for the rest of this process: hundreds of sessions must not
 * wait for the same time-out one after the other. */
static gboolean check_patience(const NxNemo *nemo, GError **err)
{
  if (nemo->troubles < TROUBLES_MAX)
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_PLACE, "NEMO %u: %s gave no useful answer %u times in a row; it is not asked again in this run",
              nemo->settings->number, nemo->settings->address, TROUBLES_MAX);
  return FALSE;
}

static gboolean is_trouble_of_place(const GError *error)
{
  return g_error_matches(error, NX_ERROR, NX_ERROR_PLACE);
}

static NxHttpAnswer *send_get(NxNemo *nemo, const char *url, GError **err)
{
  const char *const headers[] = {nemo->authorization, NULL};
  NxHttpRequest request = {.method = "GET", .url = url, .headers = headers, .retry = &RETRY};
  nx_log_debug("NEMO %u: GET %s", nemo->settings->number, url);
  NxHttpAnswer *answer = nx_http_send(nemo->http, &request, err);
  if (!answer)
    g_prefix_error(err, "NEMO %u: ", nemo->settings->number);
  return answer;
}

/* One answer as JSON; `endpoint` is what messages call `url`. A refusal sets *err, and *refusal (may be NULL) to the body that came with
 * it. */
static json_object *get_json(NxNemo *nemo, const char *endpoint, const char *url, json_object **refusal, GError **err)
{
  if (!check_patience(nemo, err))
    return NULL;
  g_autoptr(GError) problem = NULL;
  g_autoptr(NxHttpAnswer) answer = send_get(nemo, url, &problem);
  g_autoptr(json_object) body = answer ? nx_json_parse(answer->body->str, answer->body->len, NULL) : NULL;
  if (answer && answer->status >= 400)
    set_refusal(nemo, endpoint, answer, body, &problem);
  else if (answer && !body)
    set_not_json(nemo, endpoint, answer, &problem);
  nemo->troubles = is_trouble_of_place(problem) ? nemo->troubles + 1 : 0;
  if (!problem)
    return g_steal_pointer(&body);
  if (refusal)
    *refusal = g_steal_pointer(&body);
  g_propagate_error(err, g_steal_pointer(&problem));
  return NULL;
}

/* The address of the page after the one at `url`, from its member `next`. It is on the configured server and nowhere else, for the token
 * goes there: what lies under the configured address is followed as it is; of an address that has a query, only that, whatever name a proxy
 * gave the server; of others, those with the same scheme, host and port. */
static char *next_page(const NxNemo *nemo, const char *endpoint, const char *url, json_object *next, GError **err)
{
  const char *root = nemo->settings->address, *text = json_object_get_string(next);
  g_autoptr(GUri) here = g_uri_parse(url, NX_HTTP_URI_FLAGS, NULL);
  g_autoptr(GUri) there =
      here && json_object_is_type(next, json_type_string) && *text ? g_uri_parse_relative(here, text, NX_HTTP_URI_FLAGS, NULL) : NULL;
  g_autofree char *address = there ? g_uri_to_string_partial(there, G_URI_HIDE_USERINFO | G_URI_HIDE_FRAGMENT) : NULL;
  if (address && g_str_has_prefix(address, root))
    return g_steal_pointer(&address);
  if (there && g_uri_get_query(there))
    return g_strconcat(root, endpoint, "?", g_uri_get_query(there), NULL);
  if (there && nx_http_is_same_server(here, there))
    return g_steal_pointer(&address);
  g_autofree char *shown = nx_text_beginning(text);
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "NEMO %u: the next page of %s%s cannot be followed: '%s' is no address of this server",
              nemo->settings->number, root, endpoint, shown);
  return NULL;
}

/* Moves the members of the page at `url` to `all`; *next is the address of the page after it, or NULL. */
static gboolean take_page(const NxNemo *nemo, const char *endpoint, const char *url, json_object *page, json_object *all, char **next,
                          GError **err)
{
  json_object *items = json_object_is_type(page, json_type_object) ? nx_json_get(page, "results") : page;
  if (!json_object_is_type(items, json_type_array)) {
    g_autofree char *text = nx_json_text(page, NX_JSON_LINE);
    g_autofree char *beginning = nx_text_beginning(text);
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "NEMO %u: the answer of %s%s is not a list; it begins with '%s'", nemo->settings->number,
                nemo->settings->address, endpoint, beginning);
    return FALSE;
  }
  for (gsize i = 0; i < json_object_array_length(items); i++)
    json_object_array_add(all, json_object_get(json_object_array_get_idx(items, i)));
  json_object *further = nx_json_get(page, "next");
  *next = further ? next_page(nemo, endpoint, url, further, err) : NULL;
  return !further || *next;
}

static json_object *list_pages(NxNemo *nemo, const char *endpoint, const char *query, json_object **refusal, GError **err)
{
  g_autoptr(json_object) all = json_object_new_array();
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  for (g_autofree char *next = g_strconcat(nemo->settings->address, endpoint, query, NULL); next;) {
    g_autofree char *url = g_steal_pointer(&next);
    g_autoptr(json_object) page = get_json(nemo, endpoint, url, refusal, err);
    if (!page || !take_page(nemo, endpoint, url, page, all, &next, err))
      return NULL;
    g_hash_table_add(seen, g_steal_pointer(&url));
    if (next && (g_hash_table_contains(seen, next) || g_hash_table_size(seen) >= PAGES_MAX)) {
      g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "NEMO %u: the pages of %s%s do not end", nemo->settings->number, nemo->settings->address,
                  endpoint);
      return NULL;
    }
  }
  return g_steal_pointer(&all);
}

json_object *nx_nemo_list(NxNemo *nemo, const char *endpoint, const char *query, GError **err)
{
  return list_pages(nemo, endpoint, query, NULL, err);
}

/* ------------------------------------------------------------------------------------------------------------- tools */

/* Remembers which of `tools` the server does not know; FALSE when asking failed. */
static gboolean find_unknown_tools(NxNemo *nemo, GArray *tools, GError **err)
{
  for (guint i = 0; i < tools->len; i++) {
    gint64 id = g_array_index(tools, gint64, i);
    g_autofree char *query = g_strdup_printf("?id=%" G_GINT64_FORMAT, id);
    g_autoptr(json_object) found = nx_nemo_list(nemo, "tools/", query, err);
    if (!found)
      return FALSE;
    if (json_object_array_length(found) > 0)
      continue;
    nx_log_warning("NEMO %u does not know the tool %" G_GINT64_FORMAT " (deleted?); its instrument is left out", nemo->settings->number,
                   id);
    g_hash_table_add(nemo->unknown_tools, g_memdup2(&id, sizeof id));
  }
  return TRUE;
}

/* The ids that the server may know, joined by commas; "" when there is none. */
static char *joined_tools(const NxNemo *nemo, GArray *tools)
{
  GString *joined = g_string_new(NULL);
  for (guint i = 0; i < tools->len; i++)
    if (!g_hash_table_contains(nemo->unknown_tools, &g_array_index(tools, gint64, i)))
      g_string_append_printf(joined, "%s%" G_GINT64_FORMAT, joined->len ? "," : "", g_array_index(tools, gint64, i));
  return g_string_free(joined, FALSE);
}

json_object *nx_nemo_list_of_tools(NxNemo *nemo, const char *endpoint, const char *query, GArray *tools, GError **err)
{
  for (;;) {
    g_autofree char *joined = joined_tools(nemo, tools);
    if (!*joined)
      return json_object_new_array();
    g_autoptr(GString) whole = g_string_new(query);
    nx_http_query_add(whole, "tool_id__in", joined);
    g_autoptr(json_object) refusal = NULL;
    g_autoptr(GError) problem = NULL, search_problem = NULL;
    json_object *found = list_pages(nemo, endpoint, whole->str, &refusal, &problem);
    if (found)
      return found;
    guint known = g_hash_table_size(nemo->unknown_tools);
    gboolean is_about_tools = nx_json_get(refusal, "tool_id__in") && find_unknown_tools(nemo, tools, &search_problem);
    if (!is_about_tools || g_hash_table_size(nemo->unknown_tools) == known) {
      GError **reason = search_problem ? &search_problem : &problem;
      g_propagate_error(err, g_steal_pointer(reason));
      return NULL;
    }
  }
}

/* ------------------------------------------------------------------------------------------------- ids, users, dates */

static gboolean is_whole(json_object *value)
{
  return json_object_is_type(value, json_type_int) ||
         (json_object_is_type(value, json_type_double) && json_object_get_double(value) == (double)json_object_get_int64(value));
}

gint64 nx_nemo_id(json_object *object, const char *key)
{
  json_object *value = nx_json_get(object, key);
  const char *digits = nx_json_get_string(object, key);
  gint64 id = is_whole(value) ? json_object_get_int64(value) : -1;
  if (digits && strlen(digits) == (gsize)json_object_get_string_len(value))
    g_ascii_string_to_signed(digits, 10, 0, G_MAXINT64, &id, NULL);
  return id >= 0 && id < G_MAXINT64 ? id : -1; /* json-c has the largest number for all beyond it */
}

static KnownUser *ask_user(NxNemo *nemo, gint64 id)
{
  KnownUser *known = g_new0(KnownUser, 1);
  g_autofree char *query = g_strdup_printf("?id=%" G_GINT64_FORMAT, id);
  g_autoptr(json_object) found = nx_nemo_list(nemo, "users/", query, &known->problem);
  json_object *user = found && json_object_array_length(found) > 0 ? json_object_array_get_idx(found, 0) : NULL;
  if (json_object_is_type(user, json_type_object))
    known->user = json_object_get(user);
  else if (found)
    nx_log_warning("NEMO %u has no user %" G_GINT64_FORMAT, nemo->settings->number, id);
  return known;
}

gboolean nx_nemo_user(NxNemo *nemo, gint64 id, json_object **user, GError **err)
{
  KnownUser *known = g_hash_table_lookup(nemo->users, &id);
  if (!known) {
    known = ask_user(nemo, id);
    g_hash_table_insert(nemo->users, g_memdup2(&id, sizeof id), known);
  }
  *user = known->user;
  if (known->problem)
    g_propagate_error(err, g_error_copy(known->problem));
  return known->problem == NULL;
}

NxStamp *nx_nemo_date(const NxNemo *nemo, json_object *object, const char *key, GError **err)
{
  const char *text = nx_json_get_string(object, key);
  if (!text) {
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "'%s' is missing or not a date", key);
    return NULL;
  }
  NxStamp *stamp = nx_stamp_parse(text, nemo->settings->strptime_fmt, nemo->zone, err);
  if (!stamp)
    g_prefix_error(err, "'%s': ", key);
  return stamp;
}

gboolean nx_nemo_query_add_date(const NxNemo *nemo, GString *query, const char *name, const NxStamp *stamp, GError **err)
{
  g_autofree char *text = nx_stamp_print(stamp, nemo->settings->strftime_fmt, nemo->zone ? nemo->zone : nx_zone_system(), err);
  if (!text)
    return FALSE;
  nx_http_query_add(query, name, text);
  return TRUE;
}

gboolean nx_nemo_id_of_url(const char *url, gboolean *found, gint64 *id, GError **err)
{
  g_autofree char *value = nx_text_query_value(url, "id");
  guint64 number = 0;
  *found = value && *value;
  if (*found && !g_ascii_string_to_unsigned(value, 10, 0, G_MAXINT64, &number, NULL)) {
    g_autofree char *shown = nx_config_masked_address(url);
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "the 'id' of '%s' is not a decimal number", shown);
    return FALSE;
  }
  *id = (gint64)number;
  return TRUE;
}

gboolean nx_nemo_tool_of(const char *api_url, gint64 *id, GError **err)
{
  gboolean found = FALSE;
  if (!nx_nemo_id_of_url(api_url, &found, id, err))
    return FALSE;
  if (!found)
    g_set_error_literal(err, NX_ERROR, NX_ERROR_DATA, "its api_url has no tool id (…tools/?id=N)");
  return found;
}

/* ------------------------------------------------------------------------------------------------------------ servers */

NxNemo *nx_nemo_of_api_url(NxHarvest *harvest, const char *api_url, GError **err)
{
  g_autofree char *path = g_strndup(api_url, strcspn(api_url, "?#"));
  char *slash = strrchr(path, '/');
  if (slash)
    slash[1] = '\0';
  g_autoptr(GString) enabled = g_string_new(NULL);
  for (guint i = 0; i < harvest->nemo->len; i++) {
    NxNemo *nemo = harvest->nemo->pdata[i];
    if (strstr(path, nemo->settings->address))
      return nemo;
    g_string_append_printf(enabled, "%s%s", i ? ", " : "", nemo->settings->address);
  }
  g_autofree char *shown = nx_config_masked_address(api_url);
  g_set_error(err, NX_ERROR, NX_ERROR_DATA,
              "no NEMO server is configured for '%s' (configured: %s); set NX_NEMO_ADDRESS_N to its address up to 'api/'", shown,
              enabled->len ? enabled->str : "none");
  return NULL;
}

/* Whether a server answers is not asked here; that none is configured at all is said once, not for each instrument. */
static gboolean nemo_check(NxHarvest *harvest, json_object *instrument, GError **err)
{
  const char *api_url = nx_json_get_string(instrument, "api_url");
  gint64 id;
  return harvest->nemo->len == 0 || (nx_nemo_of_api_url(harvest, api_url, err) && nx_nemo_tool_of(api_url, &id, err));
}

static const char *const NEEDS[] = {"api_url", NULL};
const NxHarvester nx_harvester_nemo = {.name = "nemo",
                                       .needs = NEEDS,
                                       .events = nx_nemo_events,
                                       .describe = nx_nemo_describe,
                                       .check = nemo_check,
                                       .check_name = "nemo_harvester_config"};
