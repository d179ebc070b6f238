/* build.c — the stage: a session line with files → its datasets → its activities → the record, checked and on disk, or
 * the reason why not. */
#include "datasets.h"
#include "nx-record.h"
#include "parameters.h"

#include <math.h>

#define STAGE "nx-build-xml"
#define RECORD_MODE 0644

static const char *const KINDS[] = {"session", NULL};

typedef struct {
  const NxBuildXml *build;
  NxSchema *schema; /* read with the first record */
  NxPool *pool;     /* made with the first file to extract */
} Stage;

/* The session at hand. */
typedef struct {
  const Stage *stage;
  json_object *session;
  json_object *files; /* borrowed from it */
  GTimeZone *zone;
  NxValues *values;
  GPtrArray **datasets; /* for each file, of NxDataset; NULL: not known yet, or taken into an activity */
  GArray *wanted;       /* numbers of files to extract */
  guint answered;
} Building;

static const char *identifier(json_object *session)
{
  return nx_json_get_string(session, "session_identifier");
}

static void building_clear(Building *building)
{
  for (gsize i = 0; i < json_object_array_length(building->files); i++)
    g_clear_pointer(&building->datasets[i], g_ptr_array_unref);
  g_free(building->datasets);
  g_array_unref(building->wanted);
  nx_values_free(building->values);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Building, building_clear)

/* ------------------------------------------------------------------------------------------------------------ reading */

static gboolean file_error(NxLines *lines, gsize index, const char *what, GError **err)
{
  g_set_error(err, NX_ERROR, NX_ERROR_LINE, "line %" G_GUINT64_FORMAT ": files[%" G_GSIZE_FORMAT "]: %s", nx_lines_number(lines), index,
              what);
  return FALSE;
}

static gboolean check_line(NxLines *lines, json_object *line, GError **err)
{
  if (!nx_lines_need_text(lines, line, "session_identifier", err) || !nx_lines_need(lines, line, "start", json_type_string, err) ||
      !nx_lines_need_text(lines, line, "instrument.instrument_pid", err))
    return FALSE;
  if (!nx_lines_need(lines, line, "files", json_type_array, err) || !nx_lines_need(lines, line, "activities", json_type_array, err))
    return FALSE;
  json_object *files = nx_json_get(line, "files");
  for (gsize i = 0; i < json_object_array_length(files); i++) {
    json_object *file = json_object_array_get_idx(files, i);
    g_autoptr(GError) problem = NULL;
    g_autofree char *path = nx_line_path(file, &problem);
    if (!path)
      return file_error(lines, i, problem->message, err);
    if (!isfinite(nx_json_get_double(file, "mtime", NAN)))
      return file_error(lines, i, "'mtime' is missing or not a number", err);
    json_object *datasets = nx_json_get(file, "datasets");
    if (datasets && !json_object_is_type(datasets, json_type_array))
      return file_error(lines, i, "'datasets' is not an array", err);
  }
  return TRUE;
}

/* ---------------------------------------------------------------------------------------------------------- extraction */

static void take_datasets(Building *building, guint index, json_object *datasets)
{
  json_object *file = json_object_array_get_idx(building->files, index);
  g_autofree char *path = nx_line_path(file, NULL);
  const NxBuildXml *build = building->stage->build;
  building->datasets[index] =
      nx_datasets_read(&(NxDatasetPlace){build->instrument_root, build->data_root, building->values}, path, datasets);
  if (building->datasets[index]->len == 0)
    nx_log_warning("%s is gone; it is not in the record", path);
}

static json_object *ask_for_file(guint index, gpointer data)
{
  const Building *building = data;
  json_object *file = json_object_array_get_idx(building->files, index), *line = json_object_new_object();
  g_autofree char *path = nx_line_path(file, NULL);
  nx_json_set_string(line, "kind", "file");
  nx_line_set_path(line, path);
  nx_json_set(line, "instrument", json_object_get(nx_json_get(building->session, "instrument")));
  return line;
}

static void show_progress(const Building *building, gboolean ends)
{
  if (!building->stage->build->shows_progress)
    return;
  if (ends)
    fputs("\r\033[K", stderr);
  else
    fprintf(stderr, "\r\033[K%u of %u files read", building->answered, building->wanted->len);
  fflush(stderr);
}

/* A file that has to wait makes its session wait: a record without what is missing would be final. */
static gboolean take_answer(guint index, json_object *answer, const char *failure, gpointer data, GError **err)
{
  Building *building = data;
  json_object *postponed = nx_json_get(answer, "postponed");
  if (postponed) {
    const char *message = nx_json_get_string(postponed, "message");
    g_set_error_literal(err, NX_ERROR, NX_ERROR_PLACE, message ? message : "nx-extract has to read a file another time");
    return FALSE;
  }
  if (failure) {
    json_object *file = json_object_array_get_idx(building->files, index);
    nx_log_error("%s could not be read: %s", nx_json_get_string(file, "path"), failure);
    g_autoptr(json_object) made = nx_datasets_for_failure(nx_json_get_double(file, "mtime", 0), building->zone, failure);
    take_datasets(building, index, made);
  } else {
    take_datasets(building, index, nx_json_get(answer, "datasets"));
  }
  building->answered++;
  show_progress(building, FALSE);
  return TRUE;
}

/* Datasets that came with the line are used as they are; the rest is extracted. Metadata and previews are saved before a record speaks of them:
 * once there is one, nothing makes them again. */
static gboolean gather_datasets(Stage *stage, Building *building, GError **err)
{
  for (guint i = 0; i < json_object_array_length(building->files); i++) {
    json_object *given = nx_json_get(json_object_array_get_idx(building->files, i), "datasets");
    if (given)
      take_datasets(building, i, given);
    else
      g_array_append_val(building->wanted, i);
  }
  if (building->wanted->len == 0)
    return TRUE;
  if (!stage->build->extractor) {
    g_set_error_literal(err, NX_ERROR, NX_ERROR_CONFIG, "nx-extract was found neither beside this program nor on PATH");
    return FALSE;
  }
  if (!stage->pool)
    stage->pool = nx_pool_new(stage->build->extractor, stage->build->extractor_arguments, stage->build->jobs);
  gboolean good = nx_pool_run(stage->pool, building->wanted, ask_for_file, take_answer, building, err);
  show_progress(building, TRUE);
  return good && nx_file_system_sync(stage->build->data_root, err);
}

/* --------------------------------------------------------------------------------------------------------- activities */

/* Takes the datasets of the file out of `building`. */
static gboolean add_file(Building *building, NxActivity *activity, json_object *index, GError **err)
{
  gint64 number = json_object_is_type(index, json_type_int) ? json_object_get_int64(index) : -1;
  if (number < 0 || number >= (gint64)json_object_array_length(building->files) || !building->datasets[number]) {
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "'activities' names file %s, which is not in 'files' or was named before",
                json_object_to_json_string(index));
    return FALSE;
  }
  GPtrArray *datasets = g_steal_pointer(&building->datasets[number]);
  if (activity->datasets->len == 0)
    activity->start = nx_json_get_double(json_object_array_get_idx(building->files, (gsize)number), "mtime", 0);
  g_ptr_array_extend_and_steal(activity->datasets, datasets);
  return TRUE;
}

static void split_setup(const NxValues *values, NxActivity *activity)
{
  g_autofree GArray **entries = g_new(GArray *, activity->datasets->len);
  for (guint i = 0; i < activity->datasets->len; i++)
    entries[i] = ((NxDataset *)g_ptr_array_index(activity->datasets, i))->parameters;
  activity->setup = nx_parameters_take_common(values, entries, activity->datasets->len);
}

/* An array of NxActivity; one whose files have all vanished is left out. */
static GPtrArray *make_activities(Building *building, GError **err)
{
  g_autoptr(GPtrArray) activities = g_ptr_array_new_with_free_func((GDestroyNotify)nx_activity_free);
  json_object *groups = nx_json_get(building->session, "activities");
  for (gsize a = 0; a < json_object_array_length(groups); a++) {
    json_object *group = json_object_array_get_idx(groups, a);
    NxActivity *activity = g_new0(NxActivity, 1);
    activity->datasets = g_ptr_array_new_with_free_func((GDestroyNotify)nx_dataset_free);
    activity->setup = g_array_new(FALSE, FALSE, sizeof(NxParameter));
    g_ptr_array_add(activities, activity);
    gsize members = json_object_is_type(group, json_type_array) ? json_object_array_length(group) : 0;
    for (gsize i = 0; i < members; i++)
      if (!add_file(building, activity, json_object_array_get_idx(group, i), err))
        return NULL;
    g_array_unref(activity->setup);
    split_setup(building->values, activity);
    if (activity->datasets->len == 0)
      g_ptr_array_remove_index(activities, activities->len - 1);
  }
  return g_steal_pointer(&activities);
}

/* ------------------------------------------------------------------------------------------------------------- record */

/* As many ids as the record has samples: those of the line, then new ones; the line is given them all.
 * NULL-terminated, borrowed from it. */
static const char **fix_sample_ids(json_object *session)
{
  json_object *samples = nx_json_get(nx_json_get(session, "reservation"), "samples");
  gsize n = json_object_is_type(samples, json_type_array) ? MAX(json_object_array_length(samples), 1) : 1;
  json_object *given = nx_json_get(session, "sample_ids"), *ids = json_object_new_array();
  gsize n_given = json_object_is_type(given, json_type_array) ? json_object_array_length(given) : 0;
  for (gsize i = 0; i < MAX(n, n_given); i++) {
    json_object *own = i < n_given ? json_object_array_get_idx(given, i) : NULL;
    g_autofree char *fresh = g_uuid_string_random();
    gboolean usable = json_object_is_type(own, json_type_string) && json_object_get_string_len(own) > 0;
    json_object_array_add(ids, usable ? json_object_get(own) : json_object_new_string(fresh));
  }
  nx_json_set(session, "sample_ids", ids);
  const char **texts = g_new0(const char *, n + 1);
  for (gsize i = 0; i < n; i++)
    texts[i] = json_object_get_string(json_object_array_get_idx(ids, i));
  return texts;
}

static gboolean need_schema(Stage *stage, GError **err)
{
  if (stage->schema)
    return TRUE;
  g_autofree char *path = nx_share_path("schema/nexus-experiment.xsd");
  stage->schema = nx_schema_new(path, err);
  if (stage->schema)
    return TRUE;
  g_prefix_error(err, "the schema of records: ");
  (*err)->code = NX_ERROR_CONFIG;
  return FALSE;
}

static guint count_datasets(const GPtrArray *activities)
{
  guint count = 0;
  for (guint i = 0; i < activities->len; i++)
    count += ((NxActivity *)g_ptr_array_index(activities, i))->datasets->len;
  return count;
}

/* Two errors, as the log of a facility shows them: which session, and why. */
static void report_invalid(json_object *session, const GError *error)
{
  nx_log_error("session %s: its record is not valid and was not written", identifier(session));
  nx_log_error("session %s: %s", identifier(session), error->message);
  nx_session_end(session, "ERROR", STAGE, "the record is not valid: %s", error->message);
}

static void set_record(json_object *session, const char *path, const GPtrArray *activities)
{
  json_object *record = json_object_new_object();
  nx_line_set_path(record, path);
  nx_json_set(record, "activities", json_object_new_int64(activities->len));
  nx_json_set(record, "datasets", json_object_new_int64(count_datasets(activities)));
  nx_json_set(session, "record", record);
  nx_log_info("session %s: %u datasets in %u activities: %s", identifier(session), count_datasets(activities), activities->len, path);
}

/* The text of the record, checked, to its place. What goes wrong is the session's business, said in its line. */
static void write_record(const Stage *stage, json_object *session, const GPtrArray *activities, const NxValues *values)
{
  g_autoptr(GError) problem = NULL;
  g_autofree const char **sample_ids = fix_sample_ids(session);
  GString *text = nx_document_write(session, sample_ids, activities, values, &problem);
  if (!text || !nx_schema_check(stage->schema, text->str, text->len, &problem)) {
    report_invalid(session, problem);
  } else {
    g_autofree char *name = nx_session_record_name(session, &problem);
    g_autofree char *path = name ? nx_path_join(stage->build->records_folder, name) : NULL;
    if (path && nx_file_write(path, text->str, text->len, RECORD_MODE, &problem))
      set_record(session, path, activities);
    else
      nx_session_fail(session, STAGE, problem);
  }
  if (text)
    g_string_free(text, TRUE);
}

/* Errors of the session end in its line; FALSE with *err when the stage itself cannot go on. */
static gboolean build_session(Stage *stage, json_object *session, GError **err)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(GDateTime) start = nx_session_time(session, "start", &problem);
  if (!start) {
    nx_session_fail(session, STAGE, problem);
    return TRUE;
  }
  json_object *files = nx_json_get(session, "files");
  g_auto(Building) building = {.stage = stage,
                               .session = session,
                               .files = files,
                               .zone = nx_line_zone(session),
                               .values = nx_values_new(),
                               .datasets = g_new0(GPtrArray *, json_object_array_length(files)),
                               .wanted = g_array_new(FALSE, FALSE, sizeof(guint))};
  if (!gather_datasets(stage, &building, &problem)) {
    if (!g_error_matches(problem, NX_ERROR, NX_ERROR_INTERRUPTED) && !g_error_matches(problem, NX_ERROR, NX_ERROR_PLACE)) {
      g_propagate_error(err, g_steal_pointer(&problem));
      return FALSE;
    }
    nx_session_fail(session, STAGE, problem);
    return TRUE;
  }
  g_autoptr(GPtrArray) activities = make_activities(&building, &problem);
  if (!activities) {
    nx_session_fail(session, STAGE, problem);
  } else if (activities->len == 0) {
    nx_log_error("session %s: all of its files are gone (will be tried again)", identifier(session));
    nx_session_postpone(session, STAGE, "all files of the session are gone");
  } else {
    write_record(stage, session, activities, building.values);
  }
  return TRUE;
}

static gboolean work(NxLines *lines, json_object *line, gpointer data, GError **err)
{
  Stage *stage = data;
  if (!nx_lines_need(lines, line, "status", json_type_string, err))
    return FALSE;
  if (!nx_session_is_open(line, "TO_BE_BUILT") || !nx_json_get(line, "files"))
    return TRUE;
  return check_line(lines, line, err) && need_schema(stage, err) && build_session(stage, line, err);
}

gboolean nx_build_xml(const NxBuildXml *build, GError **err)
{
  Stage stage = {.build = build};
  gboolean good = nx_lines_filter(KINDS, work, &stage, err);
  nx_pool_free(stage.pool);
  nx_schema_free(stage.schema);
  return good;
}
