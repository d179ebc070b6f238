/* find.c — the stage: session lines in, the same lines with `files` and `activities` out, in the same order.
 *
 * A folder is walked for the first session that needs it, and what was found is kept for all later ones of the instrument. So that one walk
 * serves many sessions without waiting for the end of input, the lines that have already arrived are read first: the walk then keeps every
 * file modified after the earliest start among them, and since sessions come roughly in the order of time, later lines find their files
 * there too. Should one reach further back, a second walk keeps everything. A session that ended after the walk gets a fresh one. */
#include "nx-files.h"

#include <math.h>
#include <unistd.h>

#define STAGE "nx-find-files"
#define BATCH_LINES 10000
#define ARRIVAL_MS 20    /* lines written in one go come this close together */
#define MANY_FILES 10000 /* from here on the length of the line is looked at */
#define SECONDS_PER_DAY 86400.0
#define TIME_MAX 1e11 /* s: the year 5138; no file's time is further out */

static const char *const KINDS[] = {"session", NULL};

/* What is known of one instrument folder. */
typedef struct {
  NxFileIndex *index; /* NULL: the walk failed */
  GError *error;
  gint64 since;  /* ns; files not modified after it were left out */
  gint64 walked; /* ns; when the walk began */
} Tree;

/* A line that waits for its turn. */
typedef struct {
  json_object *line;
  gboolean searches; /* wants the files of a folder; the rest is set then */
  char *root;
  gint64 start, end;
} Item;

typedef struct {
  const NxFindFiles *find;
  NxLines *lines;
  GHashTable *trees; /* root → Tree */
  GPtrArray *batch;  /* of Item */
  gint64 batch_began;
} Stage;

static void free_tree(gpointer data)
{
  Tree *tree = data;
  nx_file_index_free(tree->index);
  g_clear_error(&tree->error);
  g_free(tree);
}

static void free_item(gpointer data)
{
  Item *item = data;
  json_object_put(item->line);
  g_free(item->root);
  g_free(item);
}

static gint64 now_ns(void)
{
  return g_get_real_time() * 1000;
}

static const char *identifier(json_object *session)
{
  const char *text = nx_json_get_string(session, "session_identifier");
  return text ? text : "(no identifier)";
}

/* ---------------------------------------------------------------------------------------------------------- reading */

static gboolean check_given_files(NxLines *lines, json_object *session, GError **err)
{
  json_object *files = nx_lines_need(lines, session, "files", json_type_array, err);
  if (!files)
    return FALSE;
  for (gsize i = 0; i < json_object_array_length(files); i++) {
    if (fabs(nx_json_get_double(json_object_array_get_idx(files, i), "mtime", NAN)) <= TIME_MAX)
      continue;
    g_set_error(err, NX_ERROR, NX_ERROR_LINE, "line %" G_GUINT64_FORMAT ": files[%" G_GSIZE_FORMAT "] has no time of a file as 'mtime'",
                nx_lines_number(lines), i);
    return FALSE;
  }
  return TRUE;
}

/* The window and the root of a session without files. A time that cannot be read ends the session, not the run. */
static gboolean read_search(Stage *stage, Item *item, GError **err)
{
  json_object *folder = nx_lines_need(stage->lines, item->line, "instrument.filestore_path", json_type_string, err);
  if (!folder || !nx_lines_need(stage->lines, item->line, "start", json_type_string, err) ||
      !nx_lines_need(stage->lines, item->line, "end", json_type_string, err))
    return FALSE;
  if (!stage->find->data_root) {
    g_set_error_literal(err, NX_ERROR, NX_ERROR_CONFIG,
                        "NX_INSTRUMENT_DATA_PATH is not set: the folder below which the instruments store their files");
    return FALSE;
  }
  g_autoptr(GError) problem = NULL;
  g_autoptr(GDateTime) start = nx_session_time(item->line, "start", &problem);
  g_autoptr(GDateTime) end = start ? nx_session_time(item->line, "end", &problem) : NULL;
  if (!end) {
    nx_session_fail(item->line, STAGE, problem);
    return TRUE;
  }
  item->searches = TRUE;
  item->root = nx_path_join(stage->find->data_root, json_object_get_string(folder));
  item->start = nx_time_ns(start);
  item->end = nx_time_ns(end);
  return TRUE;
}

static gboolean read_item(Stage *stage, json_object *line, GError **err)
{
  Item *item = g_new0(Item, 1);
  item->line = line;
  g_ptr_array_add(stage->batch, item);
  if (!nx_lines_need(stage->lines, line, "status", json_type_string, err))
    return FALSE;
  if (!nx_session_is_open(line, "TO_BE_BUILT"))
    return TRUE;
  return nx_json_get(line, "files") ? check_given_files(stage->lines, line, err) : read_search(stage, item, err);
}

/* Waits for a line, then takes those that are there already. FALSE with *err: the last line was bad (it is not in the batch). FALSE
 * without: the end of input. */
static gboolean read_batch(Stage *stage, GError **err)
{
  do {
    json_object *line;
    if (!nx_lines_next(stage->lines, KINDS, &line, err) || !line)
      return FALSE;
    gboolean carries_files = nx_json_get(line, "files") != NULL;
    if (!read_item(stage, line, err)) {
      g_ptr_array_set_size(stage->batch, (gint)stage->batch->len - 1);
      return FALSE;
    }
    if (carries_files) /* may be tens of megabytes: one at a time */
      break;
  } while (stage->batch->len < BATCH_LINES && nx_lines_waiting(stage->lines, ARRIVAL_MS));
  return TRUE;
}

/* ---------------------------------------------------------------------------------------------------------- walking */

/* The earliest start among the lines at hand that want this folder. */
static gint64 earliest_start(const Stage *stage, const char *root)
{
  gint64 earliest = G_MAXINT64;
  for (guint i = 0; i < stage->batch->len; i++) {
    const Item *item = g_ptr_array_index(stage->batch, i);
    if (item->searches && g_str_equal(item->root, root))
      earliest = MIN(earliest, item->start);
  }
  return earliest;
}

static gboolean serves(const Stage *stage, const Tree *tree, const Item *item)
{
  gboolean is_fresh = tree->walked >= stage->batch_began || (tree->index && tree->walked > item->end);
  return is_fresh && tree->since <= item->start;
}

static const Tree *tree_for(Stage *stage, const Item *item)
{
  const NxFindFiles *find = stage->find;
  Tree *tree = g_hash_table_lookup(stage->trees, item->root);
  if (tree && serves(stage, tree, item))
    return tree;
  gboolean reaches_back = tree && item->start < tree->since;
  gint64 since = reaches_back ? G_MININT64 : MIN(tree ? tree->since : G_MAXINT64, earliest_start(stage, item->root));
  tree = g_new0(Tree, 1);
  tree->since = since;
  tree->walked = now_ns();
  tree->index = nx_file_index_new(item->root, &(NxWalk){find->filter, since, find->threads, find->ours}, &tree->error);
  g_hash_table_replace(stage->trees, g_strdup(item->root), tree);
  nx_log_debug("walked %s in %.3f s", item->root, (double)(now_ns() - tree->walked) / 1e9);
  return tree;
}

/* ---------------------------------------------------------------------------------------------------------- results */

static gboolean delay_has_passed(const Stage *stage, const Item *item)
{
  return (double)(now_ns() - item->end) / 1e9 > stage->find->delay_days * SECONDS_PER_DAY;
}

/* A folder that leads upwards is another instrument's, or none of the share: what is made of its files would have no place below NX_DATA_PATH. Old
 * databases have such rows. */
static gboolean check_folder(json_object *session, GError **err)
{
  json_object *instrument = nx_json_get(session, "instrument");
  const char *pid = nx_json_get_string(instrument, "instrument_pid"), *folder = nx_json_get_string(instrument, "filestore_path");
  if (!nx_path_leads_upwards(folder))
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_CONFIG,
              "the filestore_path of %s, %s, leads out of NX_INSTRUMENT_DATA_PATH: give it one without '..' with 'nexuslims instruments manage'",
              pid ? pid : "the instrument", folder);
  return FALSE;
}

/* The folder or its share is not there, in trouble, or wrongly set: tried again until the delay has passed (DECISIONS 43). */
static void refuse_folder(const Stage *stage, const Item *item, const GError *error)
{
  gboolean is_interrupted = g_error_matches(error, NX_ERROR, NX_ERROR_INTERRUPTED);
  if (is_interrupted || !delay_has_passed(stage, item)) {
    nx_log(is_interrupted ? NX_LOG_INFO : NX_LOG_ERROR, "session %s: %s (will be tried again)", identifier(item->line), error->message);
    nx_session_postpone(item->line, STAGE, "%s", error->message);
    return;
  }
  nx_log_error("session %s: %s (it ended more than %g days ago: NX_FILE_DELAY_DAYS)", identifier(item->line), error->message,
               stage->find->delay_days);
  nx_session_end(item->line, "ERROR", STAGE, "%s", error->message);
}

static void report_no_files(const Stage *stage, const Item *item)
{
  g_autofree char *root = nx_text_utf8(item->root, -1);
  gboolean passed = delay_has_passed(stage, item);
  nx_log_warning("session %s: No files found for this session in %s%s", identifier(item->line), root,
                 passed ? "" : "; they may still arrive, so it will be tried again");
  if (passed)
    nx_session_end(item->line, "NO_FILES_FOUND", STAGE, "no file in %s was modified during the session", root);
  else
    nx_session_postpone(item->line, STAGE, "no file in %s was modified during the session; NX_FILE_DELAY_DAYS has not passed yet", root);
}

static void set_activities(const Stage *stage, json_object *session)
{
  json_object *files = nx_json_get(session, "files");
  gsize n = json_object_array_length(files);
  g_autofree double *times = g_new(double, n);
  for (gsize i = 0; i < n; i++)
    times[i] = nx_json_get_double(json_object_array_get_idx(files, i), "mtime", 0);
  g_autoptr(NxClusters) clusters = nx_clusters_find(times, n, &stage->find->rule);
  json_object *activities = json_object_new_array_ext((int)MAX(clusters->activities->len, 1));
  for (guint a = 0; a < clusters->activities->len; a++) {
    const GArray *members = g_ptr_array_index(clusters->activities, a);
    json_object *indexes = json_object_new_array_ext((int)members->len);
    for (guint i = 0; i < members->len; i++)
      json_object_array_add(indexes, json_object_new_int64(g_array_index(members, guint, i)));
    json_object_array_add(activities, indexes);
  }
  nx_json_set(session, "activities", activities);
}

static void set_files(json_object *session, const GArray *found)
{
  json_object *files = json_object_new_array_ext((int)found->len);
  for (guint i = 0; i < found->len; i++) {
    const NxFoundFile *file = &g_array_index(found, NxFoundFile, i);
    json_object *object = json_object_new_object();
    nx_line_set_path(object, file->path);
    nx_json_set(object, "mtime", nx_json_double(file->mtime));
    nx_json_set(object, "size", json_object_new_int64((gint64)file->size));
    json_object_array_add(files, object);
  }
  nx_json_set(session, "files", files);
}

/* A line must not become longer than the next stage reads. */
static void check_length(json_object *session)
{
  gsize count = json_object_array_length(nx_json_get(session, "files"));
  g_autoptr(GString) text = g_string_new(NULL);
  if (count >= MANY_FILES)
    nx_json_append(text, session, NX_JSON_LINE);
  if (text->len < NX_LINE_MAX)
    return;
  json_object_object_del(session, "files");
  json_object_object_del(session, "activities");
  g_autoptr(GError) error = g_error_new(NX_ERROR, NX_ERROR_DATA,
                                        "%" G_GSIZE_FORMAT " files fall into this session, more than a session line of %u MiB can carry; "
                                        "exclude some with NX_IGNORE_PATTERNS",
                                        count, NX_LINE_MAX / 1024 / 1024);
  nx_session_fail(session, STAGE, error);
}

static void search(Stage *stage, Item *item)
{
  g_autoptr(GError) wrong = NULL;
  const Tree *tree = check_folder(item->line, &wrong) ? tree_for(stage, item) : NULL;
  if (!tree || !tree->index) {
    refuse_folder(stage, item, tree ? tree->error : wrong);
    return;
  }
  g_autoptr(GArray) found = nx_file_index_select(tree->index, item->start, item->end);
  if (found->len == 0) {
    report_no_files(stage, item);
    return;
  }
  nx_log_info("session %s: Found %u files for this session", identifier(item->line), found->len);
  set_files(item->line, found);
  set_activities(stage, item->line);
  check_length(item->line);
}

static gboolean work_through(Stage *stage, FILE *out, GError **err)
{
  stage->batch_began = now_ns();
  for (guint i = 0; i < stage->batch->len; i++) {
    Item *item = g_ptr_array_index(stage->batch, i);
    if (item->searches)
      search(stage, item);
    else if (nx_session_is_open(item->line, "TO_BE_BUILT"))
      set_activities(stage, item->line);
    if (!nx_line_write(out, item->line, err))
      return FALSE;
    g_clear_pointer(&item->line, json_object_put);
  }
  g_ptr_array_set_size(stage->batch, 0);
  return TRUE;
}

gboolean nx_find_files(const NxFindFiles *find, int in, FILE *out, GError **err)
{
  g_autoptr(NxLines) lines = nx_lines_new(in);
  g_autoptr(GHashTable) trees = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_tree);
  g_autoptr(GPtrArray) batch = g_ptr_array_new_with_free_func(free_item);
  Stage stage = {.find = find, .lines = lines, .trees = trees, .batch = batch};
  for (gboolean more = TRUE; more;) {
    g_autoptr(GError) problem = NULL;
    more = read_batch(&stage, &problem);
    if (!work_through(&stage, out, err))
      return FALSE;
    if (problem) {
      g_propagate_error(err, g_steal_pointer(&problem));
      return FALSE;
    }
    if (!nx_check_interrupted(err))
      return FALSE;
  }
  return TRUE;
}
