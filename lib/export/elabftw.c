/* elabftw.c — eLabFTW, an electronic lab notebook: an experiment with the record attached, through its API v2 (export §7).
 * The server compares "Content-Type: application/json" letter by letter, and its Location may name another host. */
#include "destinations.h"
#include "remote.h"
#include "session-page.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define EXPERIMENTS "api/v2/experiments"
#define ORPHAN "orphan_experiment_id"
#define NEWEST_FIRST "&scope=1&order=id&sort=desc"
#define SESSION_FIELD "Session ID"
#define TITLE_MAX 255 /* characters the server keeps */
#define LOOK_BACK 15  /* entries listed to find one that was made a moment ago */
#define PAGE_SIZE 100
#define PAGES_MAX 10
#define CONTENT_HTML 1
#define ID_DIGITS_MAX 20

typedef struct {
  NxRemote *remote;
  const NxSettings *settings;
} Elabftw;

static gboolean elabftw_is_enabled(const NxSettings *settings)
{
  return settings->elabftw_api_key && *settings->elabftw_api_key && settings->elabftw_url && *settings->elabftw_url;
}

static gpointer elabftw_open(const NxDestination *self, const NxSettings *settings, NxHttp *http)
{
  (void)self;
  Elabftw *elabftw = g_new0(Elabftw, 1);
  g_autofree char *base = g_strdup(settings->elabftw_url);
  while (g_str_has_suffix(base, "/"))
    base[strlen(base) - 1] = '\0';
  elabftw->remote = nx_remote_new(http, "eLabFTW", "NX_ELABFTW_URL", base, settings->elabftw_api_key);
  elabftw->settings = settings;
  return elabftw;
}

static void elabftw_close(gpointer state)
{
  Elabftw *elabftw = state;
  nx_remote_free(elabftw->remote);
  g_free(elabftw);
}

/* ------------------------------------------------------------------------------------------------------- the experiment */

/* A session as an experiment; all owned. */
typedef struct {
  const char *path; /* of the record, borrowed */
  char *title, *stored_title, *body;
  json_object *metadata, *tags;
} Experiment;

static void experiment_clear(Experiment *experiment)
{
  g_free(experiment->title);
  g_free(experiment->stored_title);
  g_free(experiment->body);
  json_object_put(experiment->metadata);
  json_object_put(experiment->tags);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Experiment, experiment_clear)

/* The title as the server keeps it: trimmed, on one line, cut. */
static char *stored_title(const char *title)
{
  g_autofree char *line = g_strdup(title);
  g_strdelimit(line, "\r\n", ' ');
  g_strstrip(line);
  return g_utf8_substring(line, 0, MIN(g_utf8_strlen(line, -1), TITLE_MAX));
}

static char *page_body(json_object *context)
{
  xmlNode *page = nx_page_new();
  nx_page_add_session(page, context);
  nx_page_add(page, "h2", "Files");
  nx_page_add(page, "p", "The complete NexusLIMS XML record is attached to this experiment.");
  char *body = nx_page_text(page);
  nx_page_free(page);
  return body;
}

typedef enum { GROUP_SESSION = 1, GROUP_RELATED = 2 } Group;

static void add_field(json_object *fields, const char *name, const char *type, const char *value, const char *description, int position,
                      Group group)
{
  json_object *field = json_object_new_object();
  nx_json_set_string(field, "type", type);
  nx_json_set_string(field, "value", value ? value : "");
  nx_json_set_string(field, "description", description);
  nx_json_set(field, "position", json_object_new_int(position));
  nx_json_set(field, "group_id", json_object_new_int((int)group));
  nx_json_set(fields, name, field);
}

/* Wall-clock minutes of the value's own offset, as a browser's date field wants them. */
static char *minutes_of(const char *instant)
{
  g_autofree char *shown = nx_page_time(instant);
  return g_strndup(shown, strlen("YYYY-MM-DDTHH:MM"));
}

static void add_group(json_object *groups, Group group, const char *name)
{
  json_object *entry = json_object_new_object();
  nx_json_set(entry, "id", json_object_new_int((int)group));
  nx_json_set_string(entry, "name", name);
  json_object_array_add(groups, entry);
}

static json_object *metadata_of(json_object *context)
{
  const char *user = nx_json_get_string(context, "user"), *address = nx_page_cdcs_link(context);
  g_autofree char *start = minutes_of(nx_json_get_string(context, "dt_from")), *end = minutes_of(nx_json_get_string(context, "dt_to"));
  json_object *metadata = json_object_new_object(), *fields = json_object_new_object(), *ours = json_object_new_object();
  json_object *groups = json_object_new_array();
  add_field(fields, SESSION_FIELD, "text", nx_json_get_string(context, "session_identifier"), "NexusLIMS session identifier", 1, GROUP_SESSION);
  add_field(fields, "Instrument", "text", nx_json_get_string(context, "instrument_pid"), "Instrument persistent identifier", 2, GROUP_SESSION);
  add_field(fields, "Start Time", "datetime-local", start, "Session start time", 3, GROUP_SESSION);
  add_field(fields, "End Time", "datetime-local", end, "Session end time", 4, GROUP_SESSION);
  if (user && *user)
    add_field(fields, "User", "text", user, "User who performed the session", 5, GROUP_SESSION);
  add_group(groups, GROUP_SESSION, "Session Information");
  if (address) {
    add_field(fields, "CDCS Record", "url", address, "Link to CDCS record", 10, GROUP_RELATED);
    add_group(groups, GROUP_RELATED, "Related Records");
  }
  nx_json_set(ours, "display_main_text", json_object_new_boolean(TRUE));
  nx_json_set(ours, "extra_fields_groups", groups);
  nx_json_set(metadata, "extra_fields", fields);
  nx_json_set(metadata, "elabftw", ours);
  return metadata;
}

static json_object *tags_of(json_object *context)
{
  const char *instrument = nx_json_get_string(context, "instrument_pid"), *user = nx_json_get_string(context, "user");
  json_object *tags = json_object_new_array();
  json_object_array_add(tags, json_object_new_string("NexusLIMS"));
  if (instrument && *instrument)
    json_object_array_add(tags, json_object_new_string(instrument));
  if (user && *user)
    json_object_array_add(tags, json_object_new_string(user));
  return tags;
}

static gboolean describe(const NxExportJob *job, Experiment *experiment, GError **err)
{
  json_object *context = job->context;
  const char *instrument = nx_json_get_string(context, "instrument_pid"), *session = nx_json_get_string(context, "session_identifier");
  experiment->path = job->record_path;
  if (!experiment->path || !session) {
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "the export request names no %s", session ? "record file (xml_file_path)" : "session_identifier");
    return FALSE;
  }
  if (access(experiment->path, R_OK) != 0)
    return nx_error_from_errno(err, errno, "read", experiment->path);
  experiment->title = g_strdup_printf("NexusLIMS - %s - %s", instrument ? instrument : "", session);
  experiment->stored_title = stored_title(experiment->title);
  experiment->body = page_body(context);
  experiment->metadata = metadata_of(context);
  experiment->tags = tags_of(context);
  return TRUE;
}

static void set_number(json_object *body, const char *key, gboolean is_set, int number)
{
  if (is_set)
    nx_json_set(body, key, json_object_new_int(number));
}

/* What creating and updating send alike. */
static json_object *body_of(const Elabftw *elabftw, const Experiment *experiment)
{
  json_object *body = json_object_new_object();
  nx_json_set_string(body, "title", experiment->title);
  nx_json_set_string(body, "body", experiment->body);
  nx_json_set(body, "content_type", json_object_new_int(CONTENT_HTML));
  set_number(body, "category", elabftw->settings->elabftw_has_category, elabftw->settings->elabftw_experiment_category);
  set_number(body, "status", elabftw->settings->elabftw_has_status, elabftw->settings->elabftw_experiment_status);
  return body;
}

/* --------------------------------------------------------------------------------------------------------------- look up */

static gboolean is_id(const char *text)
{
  gsize length = text ? strlen(text) : 0;
  return length > 0 && length <= ID_DIGITS_MAX && strspn(text, "0123456789") == length;
}

/* The id of an entry as text; NULL when it has none. */
static char *id_of(json_object *entry)
{
  json_object *id = nx_json_get(entry, "id");
  const char *text = id ? json_object_get_string(id) : NULL;
  return is_id(text) ? g_strdup(text) : NULL;
}

/* An id that an earlier export already has: such an entry was not made by the call that is being cleared up. */
static gboolean is_known(json_object *context, const char *id)
{
  json_object *earlier = nx_json_get(nx_json_get(context, "previous_results"), "elabftw");
  return g_strcmp0(nx_json_get_string(nx_json_get(context, "metadata"), "known_record_id"), id) == 0 ||
         g_strcmp0(nx_json_get_string(earlier, "record_id"), id) == 0;
}

static json_object *list_page(Elabftw *elabftw, guint limit, guint offset, GError **err)
{
  g_autofree char *query = g_strdup_printf("?limit=%u&offset=%u" NEWEST_FIRST, limit, offset);
  const NxCall call = {.what = "Could not list the experiments", .method = "GET", .path = EXPERIMENTS, .query = query, .guards_access = TRUE};
  g_auto(NxCallOutcome) outcome = {0};
  return nx_remote_call_json(elabftw->remote, &call, json_type_array, &outcome, err);
}

/* *ours: the metadata of the experiment name the session. */
static gboolean check_session(Elabftw *elabftw, json_object *context, const char *id, gboolean *ours, GError **err)
{
  g_autofree char *path = g_strconcat(EXPERIMENTS "/", id, NULL);
  const NxCall call = {.what = "Could not read the experiment", .method = "GET", .path = path};
  g_auto(NxCallOutcome) outcome = {0};
  g_autoptr(json_object) entry = nx_remote_call_json(elabftw->remote, &call, json_type_object, &outcome, err);
  const char *text = nx_json_get_string(entry, "metadata");
  g_autoptr(json_object) metadata = text ? nx_json_parse(text, strlen(text), NULL) : NULL;
  json_object *field = nx_json_get(nx_json_get(metadata, "extra_fields"), SESSION_FIELD);
  *ours = g_strcmp0(nx_json_get_string(field, "value"), nx_json_get_string(context, "session_identifier")) == 0;
  return entry != NULL;
}

/* *found: an entry of the list is the session's and in no earlier result. A title of full length may have been cut, and then be another session's. */
static gboolean check_entry(Elabftw *elabftw, json_object *context, const Experiment *experiment, json_object *entry, const char *id, gboolean *found,
                            GError **err)
{
  const char *title = nx_json_get_string(entry, "title");
  *found = id && !is_known(context, id) && title && (g_str_equal(title, experiment->stored_title) || g_str_equal(title, experiment->title));
  return !*found || g_utf8_strlen(experiment->stored_title, -1) < TITLE_MAX || check_session(elabftw, context, id, found, err);
}

/* The newest of our own experiments that has exactly this title and is in no earlier result; *id NULL when there is none. */
static gboolean find_experiment(Elabftw *elabftw, json_object *context, const Experiment *experiment, guint limit, guint pages, char **id,
                                GError **err)
{
  *id = NULL;
  for (guint page = 0; page < pages; page++) {
    g_autoptr(json_object) entries = list_page(elabftw, limit, page * limit, err);
    if (!entries)
      return FALSE;
    for (gsize i = 0; i < json_object_array_length(entries); i++) {
      json_object *entry = json_object_array_get_idx(entries, i);
      g_autofree char *own = id_of(entry);
      gboolean found;
      if (!check_entry(elabftw, context, experiment, entry, own, &found, err))
        return FALSE;
      if (found) {
        *id = g_steal_pointer(&own);
        return TRUE;
      }
    }
    if (json_object_array_length(entries) < limit)
      return TRUE;
  }
  return TRUE;
}

/* ----------------------------------------------------------------------------------------------------- create and update */

/* The last segment of the path of a Location, whatever host it names. */
static char *last_segment(const char *location)
{
  g_autofree char *path = g_strndup(location, strcspn(location, "?#"));
  while (g_str_has_suffix(path, "/"))
    path[strlen(path) - 1] = '\0';
  const char *slash = strrchr(path, '/');
  return g_strdup(slash ? slash + 1 : path);
}

/* The id of the experiment that a 201 answers for. */
static char *id_of_created(const NxHttpAnswer *answer, GError **err)
{
  const char *what = "Could not create the experiment: HTTP 201 from POST " EXPERIMENTS;
  if (answer->location && *answer->location) {
    g_autofree char *id = last_segment(answer->location);
    if (is_id(id))
      return g_steal_pointer(&id);
    g_set_error(err, NX_ERROR, NX_ERROR_REMOTE, "%s: no experiment number in the Location header: %s", what, answer->location);
    return NULL;
  }
  g_autoptr(json_object) body = nx_json_parse(answer->body->str, answer->body->len, NULL);
  char *id = id_of(body);
  if (!id)
    g_set_error(err, NX_ERROR, NX_ERROR_REMOTE, "%s: neither a Location header nor an id", what);
  return id;
}

/* One POST that creates; the id, or NULL with what is known of the failure. */
static char *post_experiment(Elabftw *elabftw, const Experiment *experiment, NxCallOutcome *outcome, GError **err)
{
  g_autoptr(json_object) body = body_of(elabftw, experiment);
  nx_json_set(body, "tags", json_object_get(experiment->tags));
  nx_json_set(body, "metadata", json_object_get(experiment->metadata));
  const NxCall call = {.what = "Could not create the experiment",
                       .method = "POST",
                       .path = EXPERIMENTS,
                       .json = body,
                       .kind = NX_CALL_CREATES,
                       .guards_access = TRUE,
                       .expected = 201};
  g_autoptr(NxHttpAnswer) answer = nx_remote_call(elabftw->remote, &call, outcome, err);
  return answer ? id_of_created(answer, err) : NULL;
}

/* Creates the experiment. What the server may have made without saying so is looked for and adopted (export §7.3): after an answer that got
 * lost, and after a 400, since tags are refused when the experiment is already there. */
static char *create(Elabftw *elabftw, NxExportJob *job, const Experiment *experiment, gboolean *is_new, GError **err)
{
  for (gboolean again = FALSE;; again = TRUE) {
    g_auto(NxCallOutcome) outcome = {0};
    g_autoptr(GError) problem = NULL;
    g_autofree char *id = post_experiment(elabftw, experiment, &outcome, &problem), *found = NULL;
    *is_new = TRUE;
    if (id)
      return g_steal_pointer(&id);
    gboolean refused = outcome.status == 400, looks = refused || (outcome.ambiguous && !again);
    gboolean looked = looks && find_experiment(elabftw, job->context, experiment, LOOK_BACK, 1, &found, NULL);
    if (found) {
      if (refused)
        nx_job_warn(job, "experiment %s was made without its tags: %s", found, problem->message);
      return g_steal_pointer(&found);
    }
    if (!looked || refused) {
      g_propagate_error(err, g_steal_pointer(&problem));
      return NULL;
    }
  }
}

/* Brings an experiment up to date. *gone: it was deleted or archived, so a new one has to take its place. */
static gboolean update(Elabftw *elabftw, const Experiment *experiment, const char *id, gboolean *gone, GError **err)
{
  g_autofree char *path = g_strconcat(EXPERIMENTS "/", id, NULL), *metadata = nx_json_text(experiment->metadata, NX_JSON_LINE);
  g_autoptr(json_object) body = body_of(elabftw, experiment);
  nx_json_set_string(body, "metadata", metadata);
  const NxCall call = {.what = "Could not update the experiment", .method = "PATCH", .path = path, .json = body};
  g_auto(NxCallOutcome) outcome = {0};
  g_autoptr(NxHttpAnswer) answer = nx_remote_call(elabftw->remote, &call, &outcome, err);
  *gone = outcome.status == 404 || outcome.status == 422;
  return answer != NULL;
}

/* Under these the metadata name the experiment that an earlier attempt left or an earlier export made. */
static const char *const EARLIER[] = {ORPHAN, "known_record_id"};

/* That experiment, else what looks like it; *id NULL when there is none. */
static gboolean find_earlier(Elabftw *elabftw, NxExportJob *job, const Experiment *experiment, char **id, GError **err)
{
  json_object *metadata = nx_json_get(job->context, "metadata");
  *id = NULL;
  for (gsize i = 0; i < G_N_ELEMENTS(EARLIER) && job->mode != NX_MODE_EXPORT && !*id; i++)
    *id = is_id(nx_json_get_string(metadata, EARLIER[i])) ? g_strdup(nx_json_get_string(metadata, EARLIER[i])) : NULL;
  return *id || job->mode == NX_MODE_EXPORT || find_experiment(elabftw, job->context, experiment, PAGE_SIZE, PAGES_MAX, id, err);
}

/* The next attempt is to look for the experiment that takes its place. */
static void forget_earlier(NxExportJob *job)
{
  for (gsize i = 0; i < G_N_ELEMENTS(EARLIER); i++)
    nx_json_set(job->metadata, EARLIER[i], NULL);
}

/* The id of the experiment with its text in place; a failure after it exists is noted for the next attempt. */
static char *store(Elabftw *elabftw, NxExportJob *job, const Experiment *experiment, gboolean *is_new, GError **err)
{
  g_autofree char *id = NULL;
  g_autoptr(GError) problem = NULL;
  gboolean gone = FALSE;
  *is_new = FALSE;
  if (!find_earlier(elabftw, job, experiment, &id, err))
    return NULL;
  if (id && update(elabftw, experiment, id, &gone, &problem))
    return g_steal_pointer(&id);
  if (id && !gone) {
    nx_json_set_string(job->metadata, ORPHAN, id);
    g_propagate_error(err, g_steal_pointer(&problem));
    return NULL;
  }
  if (gone)
    forget_earlier(job);
  return create(elabftw, job, experiment, is_new, err);
}

/* ---------------------------------------------------------------------------------------------------------------- attach */

typedef enum { FILE_UNKNOWN, FILE_ABSENT, FILE_THERE } FilePresence;

/* Whether a new experiment already holds the file, after an upload whose answer got lost; unknown when the server does not say. */
static FilePresence look_for_file(Elabftw *elabftw, const char *path, const char *name)
{
  const NxCall call = {.what = "Could not list the attachments", .method = "GET", .path = path};
  g_auto(NxCallOutcome) outcome = {0};
  g_autoptr(json_object) uploads = nx_remote_call_json(elabftw->remote, &call, json_type_array, &outcome, NULL);
  for (gsize i = 0; uploads && i < json_object_array_length(uploads); i++)
    if (g_strcmp0(nx_json_get_string(json_object_array_get_idx(uploads, i), "real_name"), name) == 0)
      return FILE_THERE;
  return uploads ? FILE_ABSENT : FILE_UNKNOWN;
}

/* Attaches the record. An upload to a new experiment that got no answer is looked for, and sent once more when it surely did not arrive; an older
 * experiment may hold a file of that name from before, which says nothing. */
static gboolean attach(Elabftw *elabftw, const Experiment *experiment, const char *id, gboolean is_new, GError **err)
{
  g_autofree char *path = g_strdup_printf(EXPERIMENTS "/%s/uploads", id), *name = g_path_get_basename(experiment->path);
  const NxCallPart parts[] = {{.name = "comment", .value = "NexusLIMS XML record"},
                              {.name = "file", .file = experiment->path, .type = "application/octet-stream"},
                              {0}};
  const NxCall call = {.what = "Could not attach the record",
                       .method = "POST",
                       .path = path,
                       .parts = parts,
                       .kind = NX_CALL_CREATES,
                       .expected = 201};
  for (gboolean again = FALSE;; again = TRUE) {
    g_auto(NxCallOutcome) outcome = {0};
    g_autoptr(GError) problem = NULL;
    g_autoptr(NxHttpAnswer) answer = nx_remote_call(elabftw->remote, &call, &outcome, &problem);
    gboolean looks = !answer && outcome.ambiguous && is_new;
    FilePresence presence = answer ? FILE_THERE : looks ? look_for_file(elabftw, path, name) : FILE_UNKNOWN;
    if (presence == FILE_THERE)
      return TRUE;
    if (presence == FILE_UNKNOWN || again) {
      g_propagate_error(err, g_steal_pointer(&problem));
      return FALSE;
    }
  }
}

static gboolean elabftw_send(gpointer state, NxExportJob *job, GError **err)
{
  Elabftw *elabftw = state;
  g_auto(Experiment) experiment = {0};
  gboolean is_new;
  if (!describe(job, &experiment, err))
    return FALSE;
  g_autofree char *id = store(elabftw, job, &experiment, &is_new, err);
  if (!id)
    return FALSE;
  nx_json_set_string(job->metadata, ORPHAN, id);
  if (!attach(elabftw, &experiment, id, is_new, err))
    return FALSE;
  g_autofree char *base = nx_remote_shown_base(elabftw->remote->base);
  job->record_url = g_strdup_printf("%sexperiments.php?mode=view&id=%s", base, id);
  job->record_id = g_steal_pointer(&id);
  return TRUE;
}

static gboolean elabftw_validate(gpointer state, GError **err)
{
  Elabftw *elabftw = state;
  const NxCall call = {.what = "eLabFTW does not answer as expected", .method = "GET", .path = EXPERIMENTS, .query = "?limit=1&offset=0"};
  g_auto(NxCallOutcome) outcome = {0};
  g_autoptr(json_object) entries = nx_remote_call_json(elabftw->remote, &call, json_type_array, &outcome, err);
  if (!entries)
    g_prefix_error(err, "eLabFTW %s: ", outcome.status == 401 && !outcome.elsewhere ? "authentication failed" : "configuration error");
  return entries != NULL;
}

const NxDestination nx_destination_elabftw = {.name = "elabftw",
                                              .priority = 85,
                                              .is_enabled = elabftw_is_enabled,
                                              .open = elabftw_open,
                                              .close = elabftw_close,
                                              .send = elabftw_send,
                                              .validate = elabftw_validate};
