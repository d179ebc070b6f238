/* labarchives.c — LabArchives: a page per record in the notebook's folder of the instrument, or two entries in the Inbox (export §8).
 * There is no call that deletes, so whatever may already be there is looked for before it is made again. */
#include "destinations.h"
#include "labarchives.h"
#include "remote.h"
#include "session-page.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define TOP_FOLDER "NexusLIMS Records"
#define ROOT "0"
#define INBOX "0"
#define DEFAULT_HOST "://api.labarchives.com"
#define DEFAULT_WEB_HOST "://mynotebook.labarchives.com"
#define ATTEMPTS 3

typedef struct {
  NxLabArchives service;
  const char *notebook; /* NULL: the Inbox */
  char *data_root;
} LabArchives;

/* One record's place: a page of the notebook, or the Inbox. */
typedef struct {
  LabArchives *owner;
  NxExportJob *job;
  const char *notebook, *page; /* ids; NULL: not sent at all (an Inbox that wants neither) */
  const char *file_name;
} Place;

static gboolean is_set(const char *text)
{
  return text && *text;
}

static gboolean labarchives_is_enabled(const NxSettings *settings)
{
  return is_set(settings->labarchives_access_key_id) && is_set(settings->labarchives_access_password) &&
         is_set(settings->labarchives_user_id) && is_set(settings->labarchives_url);
}

static gpointer labarchives_open(const NxDestination *self, const NxSettings *settings, NxHttp *http)
{
  (void)self;
  LabArchives *state = g_new0(LabArchives, 1);
  state->service = (NxLabArchives){.http = http,
                                   .base = g_strdup(settings->labarchives_url),
                                   .access_key_id = settings->labarchives_access_key_id,
                                   .access_password = settings->labarchives_access_password,
                                   .user_id = settings->labarchives_user_id};
  while (g_str_has_suffix(state->service.base, "/"))
    state->service.base[strlen(state->service.base) - 1] = '\0';
  state->notebook = is_set(settings->labarchives_notebook_id) ? settings->labarchives_notebook_id : NULL;
  state->data_root = g_strdup(settings->instrument_data_path);
  return state;
}

static void labarchives_close(gpointer data)
{
  LabArchives *state = data;
  g_free(state->service.base);
  g_free(state->service.signature);
  g_free(state->data_root);
  g_free(state);
}

/* ---------------------------------------------------------------------------------------------------- calls that create */

static const guint WAITS_MS[ATTEMPTS] = {2000, 4000, 0};

/* What such a call makes, looked for: *id NULL when it is not there. */
typedef gboolean (*LookUp)(const Place *place, gconstpointer what, char **id, GError **err);

static char *id_in_answer(xmlDoc *answer, const NxLabCall *call, const char *element, GError **err)
{
  char *id = nx_labarchives_text(xmlDocGetRootElement(answer), element);
  if (!id)
    g_set_error(err, NX_ERROR, NX_ERROR_REMOTE, "LabArchives: the answer holds no %s (%s/%s)", element, call->class_name, call->method);
  return id;
}

/* The id, in `element` of the answer, of what the call makes. When the answer got lost it is looked for, and made again if it is not there;
 * without a way to look it is made again. */
static char *create(const Place *place, const NxLabCall *call, const char *element, LookUp look_up, gconstpointer what, NxLabOutcome *outcome,
                    GError **err)
{
  for (guint tried = 1;; tried++) {
    g_autoptr(GError) problem = NULL;
    g_autoptr(xmlDoc) answer = nx_labarchives_call(&place->owner->service, call, outcome, &problem);
    if (answer)
      return id_in_answer(answer, call, element, err);
    char *id = NULL;
    gboolean again = outcome->ambiguous && tried < ATTEMPTS && !nx_interrupted();
    if (again) {
      nx_log_info("%s; looking whether it was made, else trying again in %g s", problem->message, WAITS_MS[tried - 1] / 1000.0);
      nx_http_wait(WAITS_MS[tried - 1]);
      again = !look_up || look_up(place, what, &id, NULL);
    }
    if (id)
      return id;
    if (!again) {
      g_propagate_error(err, g_steal_pointer(&problem));
      return NULL;
    }
  }
}

/* ------------------------------------------------------------------------------------------------------ folders and page */

static xmlDoc *read_tree(LabArchives *state, const char *notebook, const char *parent, NxLabOutcome *outcome, GError **err)
{
  const char *const query[] = {"nbid", notebook, "parent_tree_id", parent, NULL};
  const NxLabCall call = {.class_name = "tree_tools", .method = "get_tree_level", .query = query};
  return nx_labarchives_call(&state->service, &call, outcome, err);
}

/* A folder or page below a folder. */
typedef struct {
  const char *parent, *name;
  const char *left; /* id of the one that a failed attempt left, which comes before others of the name; may be NULL */
  gboolean is_page;
  gboolean is_beside; /* an older one of the name stays, which is not to be taken for it */
} Node;

static char *node_in_tree(xmlDoc *tree, const Node *wanted)
{
  xmlNode *root = xmlDocGetRootElement(tree);
  char *found = NULL;
  for (xmlNode *node = nx_labarchives_next(root, NULL, "level-node"); node; node = nx_labarchives_next(root, node, "level-node")) {
    g_autofree char *name = nx_labarchives_exact_text(node, "display-text"), *is_page = nx_labarchives_text(node, "is-page");
    g_autofree char *id = nx_labarchives_text(node, "tree-id");
    if (g_strcmp0(name, wanted->name) != 0 || (g_strcmp0(is_page, "true") == 0) != wanted->is_page)
      continue;
    if (id && (!found || g_strcmp0(id, wanted->left) == 0)) {
      g_free(found);
      found = g_steal_pointer(&id);
    }
  }
  return found;
}

static gboolean look_up_node(const Place *place, gconstpointer what, char **id, GError **err)
{
  const Node *wanted = what;
  NxLabOutcome outcome;
  g_autoptr(xmlDoc) tree = read_tree(place->owner, place->notebook, wanted->parent, &outcome, err);
  *id = tree ? node_in_tree(tree, wanted) : NULL;
  return tree != NULL;
}

static char *insert_node(const Place *place, const Node *node, GError **err)
{
  const char *const query[] = {"nbid",     place->notebook, "parent_tree_id", node->parent, "display_text", node->name, "is_folder",
                               node->is_page ? "false" : "true", NULL};
  const NxLabCall call = {.class_name = "tree_tools", .method = "insert_node", .query = query, .creates = TRUE};
  NxLabOutcome outcome;
  return create(place, &call, "tree-id", node->is_beside ? NULL : look_up_node, node, &outcome, err);
}

/* Records that are sent side by side must not make a folder twice: one at a time makes what it did not see, unless another just did. */
static char *make_folder(const Place *place, const Node *folder, GError **err)
{
  static GMutex lock;
  static GHashTable *made; /* notebook, parent and name → id, both owned */
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);
  g_autofree char *key = g_strjoin("\n", place->notebook, folder->parent, folder->name, NULL);
  if (!made)
    made = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  const char *known = g_hash_table_lookup(made, key);
  if (known)
    return g_strdup(known);
  char *id = insert_node(place, folder, err);
  if (id)
    g_hash_table_insert(made, g_steal_pointer(&key), g_strdup(id));
  return id;
}

static char *need_folder(const Place *place, const char *parent, const char *name, GError **err)
{
  const Node folder = {.parent = parent, .name = name};
  char *id = NULL;
  if (!look_up_node(place, &folder, &id, err))
    return NULL;
  return id ? id : make_folder(place, &folder, err);
}

static char *instrument_folder(const Place *place, GError **err)
{
  const char *instrument = nx_json_get_string(place->job->context, "instrument_pid");
  g_autofree char *top = need_folder(place, ROOT, TOP_FOLDER, err);
  return top ? need_folder(place, top, instrument ? instrument : "", err) : NULL;
}

static char *page_name(json_object *context)
{
  g_autofree char *start = nx_page_time(nx_json_get_string(context, "dt_from"));
  g_autofree char *day = g_strndup(start, strlen("YYYY-MM-DD"));
  return g_strdup_printf("%s — %s", day, nx_json_get_string(context, "session_identifier"));
}

/* --------------------------------------------------------------------------------------------------------------- entries */

typedef enum { ENTRY_TEXT, ENTRY_ATTACHMENT, N_ENTRY_KINDS } EntryKind;

/* The first of the record's entries of each kind on a page, by its eid (NULL: none), and how many there are. */
typedef struct {
  char *eid[N_ENTRY_KINDS];
  guint count[N_ENTRY_KINDS];
} Entries;

static void entries_clear(Entries *entries)
{
  for (gsize kind = 0; kind < N_ENTRY_KINDS; kind++)
    g_clear_pointer(&entries->eid[kind], g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Entries, entries_clear)

/* The text, in whichever spelling; NULL: the answer does not tell it. */
static char *text_of_entry(xmlNode *entry)
{
  char *text = nx_labarchives_exact_text(entry, "entry-data");
  return text ? text : nx_labarchives_exact_text(entry, "entry_data");
}

/* People write on the page too. What is not told is taken for the record's, which is never sent twice. */
static gboolean is_entry(const Place *place, xmlNode *entry, EntryKind kind)
{
  g_autofree char *text = kind == ENTRY_TEXT ? text_of_entry(entry) : NULL;
  g_autofree char *type = nx_labarchives_text(entry, "part-type"), *file = nx_labarchives_text(entry, "attach-file-name");
  if (kind == ENTRY_TEXT)
    return g_strcmp0(type, "text entry") == 0 && (!text || nx_labarchives_is_entry(text));
  return g_strcmp0(type, "Attachment") == 0 && (!file || g_str_equal(file, place->file_name));
}

static void take_entry(const Place *place, xmlNode *entry, EntryKind kind, Entries *entries)
{
  if (!is_entry(place, entry, kind))
    return;
  entries->count[kind]++;
  if (!entries->eid[kind])
    entries->eid[kind] = nx_labarchives_text(entry, "eid");
}

static gboolean read_page(const Place *place, Entries *entries, GError **err)
{
  const char *const query[] = {"nbid", place->notebook, "page_tree_id", place->page, "entry_data", "true", NULL};
  const NxLabCall call = {.class_name = "tree_tools", .method = "get_entries_for_page", .query = query};
  NxLabOutcome outcome;
  g_autoptr(xmlDoc) answer = nx_labarchives_call(&place->owner->service, &call, &outcome, err);
  xmlNode *root = answer ? xmlDocGetRootElement(answer) : NULL;
  for (xmlNode *entry = root ? nx_labarchives_next(root, NULL, "entry") : NULL; entry; entry = nx_labarchives_next(root, entry, "entry"))
    for (EntryKind kind = 0; kind < N_ENTRY_KINDS; kind++)
      take_entry(place, entry, kind, entries);
  return answer != NULL;
}

static gboolean look_up_entry(const Place *place, gconstpointer what, char **id, GError **err)
{
  g_auto(Entries) entries = {0};
  gboolean good = read_page(place, &entries, err);
  *id = g_steal_pointer(&entries.eid[*(const EntryKind *)what]);
  return good;
}

static gboolean is_inbox(const Place *place)
{
  return place->owner->notebook == NULL;
}

/* An Inbox that refuses its documented address may take entries without any. */
static gboolean goes_without_address(Place *place, const NxLabOutcome *outcome)
{
  if (!is_inbox(place) || !place->page || outcome->trouble != NX_LAB_REFUSED || outcome->status == 413)
    return FALSE;
  place->notebook = place->page = NULL;
  return TRUE;
}

static char *post_text(const Place *place, const char *html, LookUp look_up, NxLabOutcome *outcome, GError **err)
{
  static const EntryKind TEXT = ENTRY_TEXT;
  const char *const form[] = {"entry_data", html, "part_type", "text entry", place->page ? "nbid" : NULL, place->notebook, "pid", place->page, NULL};
  const NxLabCall call = {.class_name = "entries", .method = "add_entry", .form = form, .creates = TRUE};
  return create(place, &call, "eid", look_up, &TEXT, outcome, err);
}

static char *post_file(const Place *place, const char *path, NxLabOutcome *outcome, GError **err)
{
  static const EntryKind ATTACHMENT = ENTRY_ATTACHMENT;
  const char *const query[] = {"filename", place->file_name, "caption", "NexusLIMS XML record", place->page ? "nbid" : NULL, place->notebook, "pid",
                               place->page, NULL};
  const NxLabCall call = {.class_name = "entries", .method = "add_attachment", .query = query, .file = path, .creates = TRUE};
  return create(place, &call, "eid", is_inbox(place) ? NULL : look_up_entry, &ATTACHMENT, outcome, err);
}

/* The eid of the first text entry: with previews, without them when they are too much for the service. */
static char *add_first_entry(Place *place, NxLabEntries *entries, GError **err)
{
  for (;;) {
    g_autoptr(GError) problem = NULL;
    g_autofree char *html = nx_labarchives_entries_next(entries);
    NxLabOutcome outcome;
    char *id = post_text(place, html, is_inbox(place) ? NULL : look_up_entry, &outcome, &problem);
    if (id)
      return id;
    if (outcome.status == 413 && nx_labarchives_entries_drop_previews(entries)) {
      nx_job_warn(place->job, "the entry was sent again without its previews: %s", problem->message);
    } else if (goes_without_address(place, &outcome)) {
      nx_labarchives_entries_restart(entries);
    } else {
      g_propagate_error(err, g_steal_pointer(&problem));
      return NULL;
    }
  }
}

/* The record is there by now, so what of this fails is a warning. It is not sent twice: nothing but their number tells galleries apart. */
static void add_further_entries(Place *place, NxLabEntries *entries)
{
  for (;;) {
    g_autoptr(GError) problem = NULL;
    g_autofree char *html = nx_labarchives_entries_next(entries);
    if (!html)
      return;
    const char *const form[] = {"entry_data", html, "part_type", "text entry", place->page ? "nbid" : NULL, place->notebook, "pid", place->page, NULL};
    const NxLabCall call = {.class_name = "entries", .method = "add_entry", .form = form, .creates = TRUE};
    NxLabOutcome outcome;
    g_autoptr(xmlDoc) answer = nx_labarchives_call(&place->owner->service, &call, &outcome, &problem);
    if (!answer) {
      nx_job_warn(place->job, "the page lacks further previews or files: %s", problem->message);
      return;
    }
  }
}

/* The record's entries are the same each time, so those that are there already are its first. */
static void pass_over(NxLabEntries *entries, guint count)
{
  for (guint i = 0; i < count; i++)
    g_free(nx_labarchives_entries_next(entries));
}

/* Makes the text entries that are not there yet. The attachment comes behind them, so where it is they have been tried; an Inbox tells nothing. */
static gboolean add_texts(Place *place, Entries *there, GError **err)
{
  if (there->eid[ENTRY_TEXT] && (there->eid[ENTRY_ATTACHMENT] || is_inbox(place)))
    return TRUE;
  g_autoptr(NxLabEntries) entries = nx_labarchives_entries_new(place->job, place->owner->data_root);
  if (there->eid[ENTRY_TEXT])
    pass_over(entries, there->count[ENTRY_TEXT]);
  else
    there->eid[ENTRY_TEXT] = add_first_entry(place, entries, err);
  if (there->eid[ENTRY_TEXT])
    add_further_entries(place, entries);
  return there->eid[ENTRY_TEXT] != NULL;
}

static gboolean attach(Place *place, const char *path, GError **err)
{
  g_autoptr(GError) problem = NULL;
  NxLabOutcome outcome;
  g_autofree char *id = post_file(place, path, &outcome, &problem);
  if (!id && goes_without_address(place, &outcome)) {
    g_clear_error(&problem);
    id = post_file(place, path, &outcome, &problem);
  }
  if (!id)
    g_propagate_error(err, g_steal_pointer(&problem));
  return id != NULL;
}

static gboolean is_complete(const Place *place, const char *page, gboolean *complete, GError **err)
{
  Place there = *place;
  g_auto(Entries) entries = {0};
  there.page = page;
  gboolean good = read_page(&there, &entries, err);
  *complete = entries.eid[ENTRY_TEXT] && entries.eid[ENTRY_ATTACHMENT];
  return good;
}

/* The page that an earlier attempt at this export made; *id NULL when there is none. In a re-export there may be an older one, which stays:
 * the record's last success, and what is complete without being the page that the failed attempt names. */
static gboolean find_page(const Place *place, Node *page, char **id, GError **err)
{
  json_object *metadata = nx_json_get(place->job->context, "metadata");
  gboolean replaces = place->job->mode == NX_MODE_REEXPORT;
  *id = NULL;
  page->left = nx_json_get_string(metadata, "orphan_page_id");
  page->is_beside = !page->left && nx_json_get(metadata, "known_record_id");
  if (place->job->mode == NX_MODE_EXPORT || page->is_beside)
    return TRUE;
  if (!look_up_node(place, page, id, err))
    return FALSE;
  if (*id && replaces && g_strcmp0(*id, page->left) != 0 && !is_complete(place, *id, &page->is_beside, err))
    return FALSE;
  if (page->is_beside)
    g_clear_pointer(id, g_free);
  return TRUE;
}

/* The record's page; *was_there: an earlier attempt made it. */
static char *need_page(const Place *place, gboolean *was_there, GError **err)
{
  *was_there = FALSE;
  g_autofree char *folder = instrument_folder(place, err);
  if (!folder)
    return NULL;
  g_autofree char *name = page_name(place->job->context), *id = NULL;
  Node page = {.parent = folder, .name = name, .is_page = TRUE};
  if (!find_page(place, &page, &id, err))
    return NULL;
  *was_there = id != NULL;
  return id ? g_steal_pointer(&id) : insert_node(place, &page, err);
}

/* What an earlier attempt left at the record's place: its page says it; of an Inbox only that attempt's own note. */
static gboolean find_earlier(const Place *place, gboolean was_there, Entries *entries, GError **err)
{
  json_object *left = nx_json_get(place->job->context, "metadata");
  if (is_inbox(place) && place->job->mode != NX_MODE_EXPORT)
    entries->eid[ENTRY_TEXT] = g_strdup(nx_json_get_string(left, "entry_id"));
  return !was_there || read_page(place, entries, err);
}

/* ---------------------------------------------------------------------------------------------------------------- record */

/* Where people look at it: the web host of the API's, down to the page. */
static char *web_address(const LabArchives *state, const char *page)
{
  g_autofree char *base = nx_remote_shown_base(state->service.base);
  g_autoptr(GString) address = g_string_new(base);
  if (g_str_has_suffix(address->str, "/api"))
    g_string_truncate(address, address->len - strlen("/api"));
  if (g_str_has_suffix(address->str, DEFAULT_HOST))
    g_string_replace(address, DEFAULT_HOST, DEFAULT_WEB_HOST, 1);
  if (state->notebook)
    g_string_append_printf(address, "/#/%s/%s", state->notebook, page);
  return g_string_free(g_steal_pointer(&address), FALSE);
}

static gboolean put_entries(Place *place, const char *path, gboolean was_there, GError **err)
{
  NxExportJob *job = place->job;
  g_auto(Entries) entries = {0};
  if (!find_earlier(place, was_there, &entries, err) || !add_texts(place, &entries, err))
    return FALSE;
  nx_json_set_string(job->metadata, "entry_id", entries.eid[ENTRY_TEXT]);
  if (!entries.eid[ENTRY_ATTACHMENT] && !attach(place, path, err))
    return FALSE;
  job->record_id = g_steal_pointer(&entries.eid[ENTRY_TEXT]);
  return TRUE;
}

static gboolean labarchives_send(gpointer data, NxExportJob *job, GError **err)
{
  LabArchives *state = data;
  const char *path = job->record_path;
  if (!path || !nx_json_get_string(job->context, "session_identifier")) {
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "the export request names no %s", path ? "session_identifier" : "record file (xml_file_path)");
    return FALSE;
  }
  if (access(path, R_OK) != 0)
    return nx_error_from_errno(err, errno, "read", path);
  g_autofree char *file_name = g_path_get_basename(path), *page = NULL;
  Place place = {.owner = state, .job = job, .notebook = state->notebook, .file_name = file_name};
  gboolean was_there = FALSE;
  if (state->notebook) {
    page = need_page(&place, &was_there, err);
    if (!page)
      return FALSE;
    nx_json_set_string(job->metadata, "orphan_page_id", page);
    place.page = page;
  } else {
    place.notebook = place.page = INBOX;
  }
  if (!put_entries(&place, path, was_there, err))
    return FALSE;
  job->record_url = web_address(state, page);
  return TRUE;
}

/* An error that LabArchives itself names, other than about the credentials, means that they work. */
static gboolean labarchives_validate(gpointer data, GError **err)
{
  LabArchives *state = data;
  g_autoptr(GError) problem = NULL;
  NxLabOutcome outcome;
  g_autoptr(xmlDoc) tree = read_tree(state, state->notebook ? state->notebook : INBOX, ROOT, &outcome, &problem);
  if (tree)
    return TRUE;
  if (outcome.trouble != NX_LAB_AUTHENTICATION && outcome.is_xml && outcome.status < 500) {
    nx_log_debug("LabArchives accepts the credentials: %s", problem->message);
    return TRUE;
  }
  g_propagate_prefixed_error(err, g_steal_pointer(&problem), "LabArchives %s: ",
                             outcome.trouble == NX_LAB_AUTHENTICATION ? "authentication failed" : "configuration error");
  return FALSE;
}

const NxDestination nx_destination_labarchives = {.name = "labarchives",
                                                  .priority = 90,
                                                  .is_enabled = labarchives_is_enabled,
                                                  .open = labarchives_open,
                                                  .close = labarchives_close,
                                                  .send = labarchives_send,
                                                  .validate = labarchives_validate};
