/* cdcs.c — CDCS, the Configurable Data Curation System: its REST API as export §6 describes it.
 * `assign` and `change-owner` are the two routes that must not end in a slash; all others must. */
#include "destinations.h"
#include "remote.h"

#include <fcntl.h>
#include <string.h>
#include <sys/random.h>

#define RECORD_LIMIT (256u * 1024 * 1024)
#define TEMPLATE_TITLE "Nexus Experiment Schema"
#define WORKSPACE_TITLE "Global Public Workspace"
#define QUERY_PAGES_MAX 1000

typedef struct {
  NxRemote *remote;
  gboolean owns_by_user, assigns_workspace;
  json_object *template; /* `current` of the chosen template, as the server wrote it; NULL until asked */
  const char *content_key; /* "xml_content", or "content" on servers that want it */
} Cdcs;

static gboolean cdcs_is_enabled(const NxSettings *settings)
{
  return settings->cdcs_token && *settings->cdcs_token && settings->cdcs_url && *settings->cdcs_url;
}

static gpointer cdcs_open(const NxDestination *self, const NxSettings *settings, NxHttp *http)
{
  (void)self;
  g_autofree char *authorization = g_strconcat("Token ", settings->cdcs_token, NULL);
  Cdcs *cdcs = g_new0(Cdcs, 1);
  cdcs->remote = nx_remote_new(http, "CDCS", "NX_CDCS_URL", settings->cdcs_url, authorization);
  cdcs->owns_by_user = settings->cdcs_user_owned_records;
  cdcs->assigns_workspace = settings->cdcs_assign_to_public_workspace;
  cdcs->content_key = "xml_content";
  return cdcs;
}

static void cdcs_close(gpointer state)
{
  Cdcs *cdcs = state;
  nx_remote_free(cdcs->remote);
  json_object_put(cdcs->template);
  g_free(cdcs);
}

/* ------------------------------------------------------------------------------------------------ choosing among lists */

static gboolean has_title(json_object *entry, const char *title)
{
  return g_strcmp0(nx_json_get_string(entry, "title"), title) == 0;
}

/* The one enabled template of our title, else the first enabled one (export §6.3). Borrowed. */
static json_object *choose_template(json_object *templates)
{
  json_object *first = NULL, *titled = NULL;
  guint n_titled = 0;
  for (gsize i = 0; i < json_object_array_length(templates); i++) {
    json_object *entry = json_object_array_get_idx(templates, i);
    if (nx_json_get_boolean(entry, "is_disabled"))
      continue;
    first = first ? first : entry;
    if (has_title(entry, TEMPLATE_TITLE)) {
      titled = entry;
      n_titled++;
    }
  }
  return n_titled == 1 ? titled : first;
}

/* The public workspace of the usual title, else the first public one, else the first (export §6.4). Borrowed. */
static json_object *choose_workspace(json_object *workspaces)
{
  json_object *best = NULL;
  int best_rank = 0;
  for (gsize i = 0; i < json_object_array_length(workspaces); i++) {
    json_object *entry = json_object_array_get_idx(workspaces, i);
    gboolean public = nx_json_get_boolean(entry, "is_public");
    int rank = public ? has_title(entry, WORKSPACE_TITLE) ? 3 : 2 : 1;
    if (rank > best_rank) {
      best = entry;
      best_rank = rank;
    }
  }
  return best;
}

/* An id as text, whether the server writes numbers or strings; NULL for anything else, and for an empty one. */
static char *id_text(json_object *id)
{
  if (json_object_is_type(id, json_type_string))
    return *json_object_get_string(id) ? g_strdup(json_object_get_string(id)) : NULL;
  return json_object_is_type(id, json_type_int) ? g_strdup(json_object_to_json_string(id)) : NULL;
}

/* An id for an address. */
static char *id_in_address(json_object *id)
{
  g_autofree char *text = id_text(id);
  return text ? nx_text_percent_encode(text, NULL) : NULL;
}

static json_object *template_id(Cdcs *cdcs, GError **err)
{
  if (cdcs->template)
    return cdcs->template;
  const NxCall call = {.what = "Could not read the templates", .method = "GET", .path = "rest/template-version-manager/global/", .guards_access = TRUE};
  g_auto(NxCallOutcome) outcome = {0};
  g_autoptr(json_object) templates = nx_remote_call_json(cdcs->remote, &call, json_type_array, &outcome, err);
  if (!templates)
    return NULL;
  json_object *current = nx_json_get(choose_template(templates), "current");
  if (!current) {
    g_set_error(err, NX_ERROR, NX_ERROR_REMOTE, "the CDCS server has no global template; load the \"%s\" template there", TEMPLATE_TITLE);
    return NULL;
  }
  return cdcs->template = json_object_get(current);
}

/* ------------------------------------------------------------------------------------------------------------- records */

typedef struct {
  char *title;
  char *content;
} Record;

static void record_clear(Record *record)
{
  g_free(record->title);
  g_free(record->content);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Record, record_clear)

static gboolean read_record(const char *path, Record *record, GError **err)
{
  gsize length;
  if (!path) {
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "the export request names no record file (xml_file_path)");
    return FALSE;
  }
  if (!nx_file_read(path, RECORD_LIMIT, &record->content, &length, err))
    return FALSE;
  if (!g_utf8_validate(record->content, (gssize)length, NULL)) {
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "%s is not UTF-8 text", path);
    return FALSE;
  }
  if (g_str_has_prefix(record->content, "\xEF\xBB\xBF"))
    memmove(record->content, record->content + 3, length - 3 + 1);
  g_autofree char *name = g_path_get_basename(path);
  record->title = g_str_has_suffix(name, ".xml") ? g_strndup(name, strlen(name) - 4) : g_strdup(name);
  return TRUE;
}

static gboolean wants_content_key(const NxCallOutcome *outcome)
{
  return outcome->status == 400 && nx_json_get(nx_json_get(outcome->body, "message"), "content");
}

/* Creates or updates with the content under the key this server wants; asks once more with the other key when it says so (export §6.7). */
static json_object *send_content(Cdcs *cdcs, const NxCall *base, json_object *template, const Record *record, NxCallOutcome *outcome,
                                 GError **err)
{
  for (gboolean again = FALSE;; again = TRUE) {
    g_autoptr(json_object) body = json_object_new_object();
    g_autoptr(GError) problem = NULL;
    if (template)
      nx_json_set(body, "template", json_object_get(template));
    nx_json_set_string(body, "title", record->title);
    nx_json_set_string(body, cdcs->content_key, record->content);
    NxCall call = *base;
    call.json = body;
    json_object *answer = nx_remote_call_json(cdcs->remote, &call, json_type_object, outcome, &problem);
    if (answer || again || !wants_content_key(outcome)) {
      if (problem)
        g_propagate_error(err, g_steal_pointer(&problem));
      return answer;
    }
    cdcs->content_key = g_str_equal(cdcs->content_key, "content") ? "xml_content" : "content";
    nx_call_outcome_clear(outcome);
    *outcome = (NxCallOutcome){0};
  }
}

/* Adds one page of hits; *next is the page to ask for, 0 at the end. */
static gboolean query_page(Cdcs *cdcs, const char *title, guint page, json_object *hits, guint *next, GError **err)
{
  g_autofree char *path = page ? g_strdup_printf("rest/data/query/?page=%u", page) : g_strdup("rest/data/query/");
  g_autoptr(json_object) body = json_object_new_object();
  nx_json_set(body, "query", json_object_new_object());
  nx_json_set_string(body, "title", title);
  if (!page)
    nx_json_set_string(body, "all", "true");
  const NxCall call = {.what = "Could not look the record up", .method = "POST", .path = path, .json = body};
  g_auto(NxCallOutcome) outcome = {0};
  g_autoptr(GError) problem = NULL;
  g_autoptr(json_object) answer = nx_remote_call_json(cdcs->remote, &call, page ? json_type_object : json_type_array, &outcome, &problem);
  if (!answer && !page && outcome.status == 400 && problem && strstr(problem->message, "over the limit")) {
    *next = 1;
    return TRUE;
  }
  if (!answer) {
    g_propagate_error(err, g_steal_pointer(&problem));
    return FALSE;
  }
  json_object *results = page ? nx_json_get(answer, "results") : answer;
  for (gsize i = 0; json_object_is_type(results, json_type_array) && i < json_object_array_length(results); i++)
    json_object_array_add(hits, json_object_get(json_object_array_get_idx(results, i)));
  *next = page && nx_json_get(answer, "next") && page < QUERY_PAGES_MAX ? page + 1 : 0;
  return TRUE;
}

/* Numbers by value, texts bytewise. */
static gboolean id_is_larger(json_object *a, json_object *b)
{
  g_autofree char *text_a = id_text(a), *text_b = id_text(b);
  guint64 number_a, number_b;
  if (text_a && text_b && g_ascii_string_to_unsigned(text_a, 10, 0, G_MAXUINT64, &number_a, NULL) &&
      g_ascii_string_to_unsigned(text_b, 10, 0, G_MAXUINT64, &number_b, NULL))
    return number_a > number_b;
  return g_strcmp0(text_a, text_b) > 0;
}

/* The id of the record of this title, owned; *id NULL when there is none. Several: the largest, with a warning (export §6.6). */
static gboolean find_record(Cdcs *cdcs, NxExportJob *job, const char *title, json_object **id, GError **err)
{
  g_autoptr(json_object) hits = json_object_new_array();
  guint page = 0, n_titled = 0;
  *id = NULL;
  do
    if (!query_page(cdcs, title, page, hits, &page, err))
      return FALSE;
  while (page);
  json_object *best = NULL;
  g_autoptr(GString) all = g_string_new(NULL);
  for (gsize i = 0; i < json_object_array_length(hits); i++) {
    json_object *hit = json_object_array_get_idx(hits, i), *own = nx_json_get(hit, "id");
    g_autofree char *text = id_text(own);
    if (!text || !has_title(hit, title))
      continue;
    g_string_append_printf(all, "%s%s", n_titled++ ? ", " : "", text);
    best = !best || id_is_larger(own, best) ? own : best;
  }
  if (n_titled > 1)
    nx_job_warn(job, "CDCS holds %u records titled \"%s\" (ids %s); the one with the largest id is used", n_titled, title, all->str);
  *id = json_object_get(best);
  return TRUE;
}

static json_object *id_of_created(json_object *answer, GError **err)
{
  json_object *id = nx_json_get(answer, "id");
  g_autofree char *text = id_text(id);
  if (text)
    return json_object_get(id);
  g_set_error(err, NX_ERROR, NX_ERROR_REMOTE, "Could not create the record: POST rest/data/: 201 without id");
  return NULL;
}

/* Creates the record. When the server may have stored it without saying so, it is looked up and adopted, or created once more. */
static json_object *create_record(Cdcs *cdcs, NxExportJob *job, json_object *template, const Record *record, GError **err)
{
  const NxCall call = {.what = "Could not create the record",
                       .method = "POST",
                       .path = "rest/data/",
                       .kind = NX_CALL_CREATES,
                       .guards_access = TRUE,
                       .expected = 201};
  for (gboolean again = FALSE;; again = TRUE) {
    g_auto(NxCallOutcome) outcome = {0};
    g_autoptr(GError) problem = NULL;
    g_autoptr(json_object) answer = send_content(cdcs, &call, template, record, &outcome, &problem);
    if (answer)
      return id_of_created(answer, err);
    json_object *id = NULL;
    gboolean looked = !again && outcome.ambiguous && find_record(cdcs, job, record->title, &id, NULL);
    if (id)
      return id;
    if (!looked) {
      g_propagate_error(err, g_steal_pointer(&problem));
      return NULL;
    }
  }
}

/* *gone: the server has no such record any more. */
static gboolean update_record(Cdcs *cdcs, json_object *id, const Record *record, gboolean *gone, GError **err)
{
  g_autofree char *in_path = id_in_address(id);
  g_autofree char *path = g_strdup_printf("rest/data/%s/", in_path);
  const NxCall call = {.what = "Could not update the record", .method = "PATCH", .path = path};
  g_auto(NxCallOutcome) outcome = {0};
  g_autoptr(json_object) answer = send_content(cdcs, &call, NULL, record, &outcome, err);
  *gone = outcome.status == 404;
  return answer != NULL;
}

/* Of this title, else the one that the last export made, whose title was another when the session's start has been corrected since. */
static gboolean find_earlier(Cdcs *cdcs, NxExportJob *job, const char *title, json_object **id, GError **err)
{
  *id = NULL;
  if (job->mode == NX_MODE_EXPORT)
    return TRUE;
  if (!find_record(cdcs, job, title, id, err))
    return FALSE;
  if (!*id)
    *id = json_object_get(nx_json_get(nx_json_get(job->context, "metadata"), "known_record_id"));
  return TRUE;
}

/* The id of the stored record, owned. */
static json_object *store_record(Cdcs *cdcs, NxExportJob *job, const Record *record, GError **err)
{
  json_object *template = template_id(cdcs, err);
  g_autoptr(json_object) id = NULL;
  g_autoptr(GError) problem = NULL;
  gboolean gone = FALSE;
  if (!template || !find_earlier(cdcs, job, record->title, &id, err))
    return NULL;
  if (id && update_record(cdcs, id, record, &gone, &problem))
    return g_steal_pointer(&id);
  if (!id || gone)
    return create_record(cdcs, job, template, record, err);
  g_propagate_error(err, g_steal_pointer(&problem));
  return NULL;
}

/* --------------------------------------------------------------------------------- workspace and owner: warnings only */

static void assign_workspace(Cdcs *cdcs, NxExportJob *job)
{
  const NxCall list = {.what = "workspaces", .method = "GET", .path = "rest/workspace/read_access/"};
  g_auto(NxCallOutcome) list_outcome = {0}, assign_outcome = {0};
  g_autoptr(GError) problem = NULL;
  g_autoptr(json_object) workspaces = nx_remote_call_json(cdcs->remote, &list, json_type_array, &list_outcome, &problem);
  g_autofree char *workspace = workspaces ? id_in_address(nx_json_get(choose_workspace(workspaces), "id")) : NULL;
  if (!problem && !workspace) {
    nx_job_warn(job, "record %s was stored but could not be assigned to a workspace: the server lists none", job->record_id);
    return;
  }
  if (!problem) {
    g_autofree char *record = nx_text_percent_encode(job->record_id, NULL);
    g_autofree char *path = g_strdup_printf("rest/data/%s/assign/%s", record, workspace);
    const NxCall assign = {.what = "assign", .method = "PATCH", .path = path, .expected = 200};
    g_autoptr(NxHttpAnswer) answer = nx_remote_call(cdcs->remote, &assign, &assign_outcome, &problem);
  }
  if (problem)
    nx_job_warn(job, "record %s was stored but could not be assigned to a workspace: %s", job->record_id, problem->message);
}

/* The accounts of the server, asked for once a process and shared by its workers, so that none makes the account that another just made. */
static GMutex accounts_lock;
static json_object *accounts; /* array; NULL until asked */

static gboolean list_accounts(Cdcs *cdcs, GError **err)
{
  const NxCall call = {.what = "users", .method = "GET", .path = "rest/user/"};
  g_auto(NxCallOutcome) outcome = {0};
  if (!accounts)
    accounts = nx_remote_call_json(cdcs->remote, &call, json_type_array, &outcome, err);
  return accounts != NULL;
}

/* By user name first, over all entries; then by mail address. Borrowed. */
static json_object *find_user(json_object *users, const char *username, const char *email)
{
  json_object *by_email = NULL;
  for (gsize i = 0; i < json_object_array_length(users); i++) {
    json_object *user = json_object_array_get_idx(users, i);
    const char *own = nx_json_get_string(user, "email");
    if (g_strcmp0(nx_json_get_string(user, "username"), username) == 0)
      return user;
    if (!by_email && email && *email && own && g_ascii_strcasecmp(own, email) == 0)
      by_email = user;
  }
  return by_email;
}

/* 52 characters of the kernel's randomness: the account is for single sign-on, nobody ever types this. NULL without randomness. */
static char *random_password(void)
{
  static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  static const char MARKS[] = "!@#%*-_";
  guint8 random[52];
  if (getrandom(random, sizeof random, 0) != sizeof random)
    return NULL;
  char *password = g_malloc0(sizeof random + 1);
  for (gsize i = 0; i < sizeof random; i++)
    password[i] = i < 48 ? LETTERS[random[i] % (sizeof LETTERS - 1)] : MARKS[random[i] % (sizeof MARKS - 1)];
  return password;
}

/* Makes the account and adds it to the list. Owned. A server may quote the request in its answer, which ends in a warning. */
static json_object *create_user(Cdcs *cdcs, json_object *reservation, GError **err)
{
  g_autofree char *password = random_password();
  nx_log_hide(password);
  g_autoptr(json_object) body = json_object_new_object();
  static const struct {
    const char *key, *from;
  } FIELDS[] = {{"username", "username"}, {"email", "user_email"}, {"password", NULL}, {"first_name", "user_first_name"}, {"last_name", "user_last_name"}};
  for (gsize i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
    const char *value = FIELDS[i].from ? nx_json_get_string(reservation, FIELDS[i].from) : password;
    nx_json_set_string(body, FIELDS[i].key, value ? value : "");
  }
  if (!password) {
    g_set_error(err, NX_ERROR, NX_ERROR_PLACE, "the kernel gives no random bytes for a password");
    return NULL;
  }
  const NxCall call = {.what = "new user", .method = "POST", .path = "rest/user/", .json = body, .kind = NX_CALL_CREATES, .expected = 201};
  g_auto(NxCallOutcome) outcome = {0};
  json_object *user = nx_remote_call_json(cdcs->remote, &call, json_type_object, &outcome, err);
  if (user)
    json_object_array_add(accounts, json_object_get(user));
  return user;
}

/* The CDCS account of the session's user, as an id for a path; NULL (with a warning) when there is none to give the record to. */
static char *owner_id(Cdcs *cdcs, NxExportJob *job)
{
  json_object *reservation = nx_json_get(job->context, "reservation_event");
  const char *username = nx_json_get_string(reservation, "username");
  if (!cdcs->owns_by_user)
    return NULL;
  if (!username || !*username) {
    nx_log_info("the session names no user, so the record stays with the owner of the CDCS token");
    return NULL;
  }
  g_autoptr(GError) problem = NULL;
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&accounts_lock);
  g_autoptr(json_object) user =
      list_accounts(cdcs, &problem) ? json_object_get(find_user(accounts, username, nx_json_get_string(reservation, "user_email"))) : NULL;
  if (!user && !problem)
    user = create_user(cdcs, reservation, &problem);
  char *id = id_in_address(nx_json_get(user, "id"));
  if (!id)
    nx_job_warn(job, "no CDCS account for user %s: %s", username, problem ? problem->message : "the server's answer holds no id");
  return id;
}

static void change_owner(Cdcs *cdcs, NxExportJob *job, const char *owner)
{
  g_autofree char *record = nx_text_percent_encode(job->record_id, NULL);
  g_autofree char *path = g_strdup_printf("rest/data/%s/change-owner/%s", record, owner);
  const NxCall call = {.what = "change owner", .method = "PATCH", .path = path, .expected = 200};
  g_auto(NxCallOutcome) outcome = {0};
  g_autoptr(GError) problem = NULL;
  g_autoptr(NxHttpAnswer) answer = nx_remote_call(cdcs->remote, &call, &outcome, &problem);
  if (!answer)
    nx_job_warn(job, "record %s was stored but not given to user %s: %s", job->record_id,
                nx_json_get_string(nx_json_get(job->context, "reservation_event"), "username"), problem->message);
}

static gboolean cdcs_send(gpointer state, NxExportJob *job, GError **err)
{
  Cdcs *cdcs = state;
  g_auto(Record) record = {0};
  if (!read_record(job->record_path, &record, err))
    return FALSE;
  g_autofree char *owner = owner_id(cdcs, job);
  g_autoptr(json_object) id = store_record(cdcs, job, &record, err);
  if (!id)
    return FALSE;
  job->record_id = id_text(id);
  g_autofree char *base = nx_remote_shown_base(cdcs->remote->base), *in_query = id_in_address(id);
  job->record_url = g_strdup_printf("%sdata?id=%s", base, in_query);
  if (cdcs->assigns_workspace)
    assign_workspace(cdcs, job);
  if (owner)
    change_owner(cdcs, job, owner);
  return TRUE;
}

static gboolean cdcs_validate(gpointer state, GError **err)
{
  Cdcs *cdcs = state;
  const NxCall call = {.what = "CDCS does not answer as expected", .method = "GET", .path = "rest/workspace/read_access/"};
  g_auto(NxCallOutcome) outcome = {0};
  if (cdcs->owns_by_user)
    nx_log_info("NX_CDCS_USER_OWNED_RECORDS is on: the CDCS token must belong to a superuser");
  g_autoptr(json_object) workspaces = nx_remote_call_json(cdcs->remote, &call, json_type_array, &outcome, err);
  if (!workspaces && !outcome.elsewhere && (outcome.status == 401 || outcome.status == 403))
    g_prefix_error(err, "CDCS authentication failed: ");
  return workspaces != NULL;
}

const NxDestination nx_destination_cdcs = {.name = "cdcs",
                                           .priority = 100,
                                           .is_enabled = cdcs_is_enabled,
                                           .open = cdcs_open,
                                           .close = cdcs_close,
                                           .send = cdcs_send,
                                           .validate = cdcs_validate};
