/* job.c — see job.h. A job starts a reader for its file, and starts it again when the file changed under it or when a profile broke it; then it
 * writes what came out and completes the line. */
#include "job.h"
#include "formats.h"
#include "preview/nx-preview.h"
#include "profiles.h"
#include "samples.h"

#include <string.h>

struct NxJob {
  const NxJobContext *context;
  json_object *line;
  char *path;
  char *extension;         /* or NULL */
  NxOpened *opened;
  const NxExtractPlugin *plugin;  /* that wants files of this name; NULL: none */
  NxWorker *worker;        /* NULL: done, or not started */
  gboolean runs_plugin;    /* the worker is the plug-in */
  gboolean has_profiles;
  gboolean has_standing_reader;
  gboolean needs_own_process; /* no standing reader could read it */
  gboolean was_read_again;
  GArray *skipped_profiles; /* of int: those that broke a reader of this file */
  GError *trouble;         /* of the place: the file has to be read another time; or NULL */
  NxOutcome *outcome;      /* set when done */
  GPtrArray *outputs;
};

static GBytes *placeholder;

void nx_job_warm_up(void)
{
  nx_preview_warm_up();
  if (!placeholder)
    placeholder = nx_preview_placeholder(NULL);
}

/* -------------------------------------------------------------------------------------------------------------- the child */

static void watch_profile(int number, gpointer unused)
{
  (void)unused;
  nx_sandbox_allow_growth(number == NX_PROFILES_NONE ? 0 : NX_PROFILE_BYTES);
  nx_worker_note(number);
}

static void read_opened(const NxJobContext *context, NxOpened *opened, const NxExtractPlugin *plugin, NxOutcomeWriter *writer)
{
  NxPipelineSink sink = nx_outcome_sink(writer);
  NxPipelineOptions options = {
    .with_document = context->with_document,
    .with_preview = context->rules.write_preview,
    .plugin_name = plugin ? plugin->name : NULL,
    .plugin_priority = plugin ? plugin->priority : 0,
  };
  nx_pipeline_run(nx_opened_input(opened), &options, &sink);
  nx_outcome_finish(writer);
}

/* In a process of its own. */
static void read_file(int results, gpointer user_data)
{
  const NxJob *job = user_data;
  for (guint i = 0; i < job->skipped_profiles->len; i++)
    nx_profiles_skip(g_array_index(job->skipped_profiles, int, i));
  if (job->has_profiles)
    nx_profiles_watch(watch_profile, NULL);
  NxOutcomeWriter writer = { results, g_byte_array_new(), FALSE };
  read_opened(job->context, job->opened, job->plugin, &writer);
}

/* The message to a standing reader: how many companions the file has, which formats want them, and the line. */
static GByteArray *message_of(const NxJob *job, gsize n_companions)
{
  GByteArray *message = g_byte_array_new();
  const guint8 n = (guint8)n_companions;
  g_autofree char *line = nx_json_text(job->line, NX_JSON_LINE);
  g_byte_array_append(message, &n, 1);
  g_byte_array_append(message, nx_opened_companions(job->opened), n);
  g_byte_array_append(message, (const guint8 *)line, (guint)strlen(line));
  return message;
}

/* In a standing reader, whose message is the parent's and therefore true. */
static void read_told(int results, const guint8 *message, gsize length, const int *fds, gsize n_fds, gpointer user_data)
{
  const NxJobContext *context = user_data;
  const gsize head = 1u + message[0];
  g_autoptr(json_object) line = nx_json_parse((const char *)message + head, length - head, NULL);
  g_autofree char *path = nx_line_path(line, NULL);
  NxOpened *opened = nx_opened_received(line, path, context->rules.instrument_root, fds, n_fds, message + 1, NULL);
  NxOutcomeWriter writer = { results, g_byte_array_new(), TRUE };
  read_opened(context, opened, nx_extract_plugin_for(context->plugins, nx_opened_input(opened)->name), &writer);
}

static void warm_up_reader(gpointer user_data)
{
  const NxJobContext *context = user_data;
  nx_samples_read(context->with_document, context->rules.write_preview);
}

NxReaders *nx_job_readers(const NxJobContext *context)
{
  const NxReaderTask task = { warm_up_reader, read_told, (gpointer)context };
  return nx_readers_new(context->sandbox, &task);
}

/* ---------------------------------------------------------------------------------------------------------------- finishing */

static json_object *path_or_null(const char *path)
{
  g_autofree char *shown = path ? nx_text_utf8(path, -1) : NULL;
  return nx_json_string(shown);
}

/* A path that is not UTF-8 has its bytes beside it, as everywhere on the lines. */
static void set_path(json_object *dataset, const char *key, const char *path)
{
  nx_json_set(dataset, key, path_or_null(path));
  if (!path || g_utf8_validate(path, -1, NULL))
    return;
  g_autofree char *bytes_key = g_strconcat(key, "_b64", NULL);
  g_autofree char *encoded = g_base64_encode((const guchar *)path, strlen(path));
  nx_json_set_string(dataset, bytes_key, encoded);
}

static void complete_line(NxJob *job)
{
  json_object *datasets = json_object_new_array();
  for (guint i = 0; i < job->outcome->products->len; i++) {
    const NxProduct *product = job->outcome->products->pdata[i];
    const NxOutput *output = job->outputs->pdata[i];
    json_object *dataset = json_object_new_object();
    nx_json_set(dataset, "nx_meta", json_object_get(product->nx_meta));
    set_path(dataset, "metadata", output->metadata);
    set_path(dataset, "preview", output->preview);
    json_object_array_add(datasets, dataset);
  }
  nx_json_set_string(job->line, "extractor", job->outcome->extractor);
  nx_json_set(job->line, "datasets", datasets);
  json_object_object_del(job->line, "postponed");
  if (job->trouble)
    nx_session_postpone(job->line, "nx-extract", "%s", job->trouble->message);
}

/* Takes `outcome` (consumed) as the job's. */
static void finish(NxJob *job, NxOutcome *outcome)
{
  NxOutputRules rules = job->context->rules;
  if (job->trouble)
    rules.write_metadata = rules.write_preview = FALSE; /* what an earlier run made is better than what is known now */
  job->outcome = outcome;
  job->outputs = nx_outputs_write(&rules, job->path, outcome, &job->trouble);
  complete_line(job);
}

/* Signals that wanted a preview and got none because their reader broke show the placeholder. */
static void add_placeholders(const NxJob *job, NxOutcome *outcome)
{
  for (guint i = 0; job->context->rules.write_preview && placeholder && i < outcome->products->len; i++) {
    NxProduct *product = outcome->products->pdata[i];
    if (!product->preview)
      product->preview = g_bytes_ref(placeholder);
  }
}

static void finish_failed(NxJob *job, const char *extractor, const char *reason)
{
  NxInput *in = nx_opened_input(job->opened);
  nx_log_warning("%s: %s", in->name, reason);
  NxOutcome *outcome = nx_outcome_failed(in, extractor, reason, job->context->with_document);
  add_placeholders(job, outcome);
  finish(job, outcome);
}

/* Its reading could not begin. */
static void finish_unread(NxJob *job, const char *extractor, const GError *problem)
{
  if (g_error_matches(problem, NX_ERROR, NX_ERROR_PLACE))
    job->trouble = g_error_copy(problem);
  finish_failed(job, extractor, problem->message);
}

static void finish_gone(NxJob *job)
{
  NxOutcome *outcome = nx_outcome_new();
  nx_log_warning("%s is gone: it will not be in the record", job->path);
  outcome->extractor = g_strdup("basic_file_info_extractor");
  finish(job, outcome);
}

/* ----------------------------------------------------------------------------------------------------------------- starting */

/* Profiles are programs of the place, watched one by one. */
static NxWorker *ask_reader(NxJob *job)
{
  gsize n_fds;
  const int *fds = nx_opened_descriptors(job->opened, &n_fds);
  if (!job->context->readers || job->has_profiles || job->needs_own_process || !nx_readers_suit(job->context->readers, job->extension))
    return NULL;
  g_autoptr(GByteArray) message = message_of(job, n_fds - 1);
  return nx_readers_ask(job->context->readers, message->data, message->len, fds, n_fds);
}

static void start_reader(NxJob *job)
{
  g_autoptr(GError) problem = NULL;
  job->worker = ask_reader(job);
  job->has_standing_reader = job->worker != NULL;
  if (job->worker)
    return;
  NxTask task = { .work = read_file, .user_data = job, .is_watched = job->has_profiles };
  task.keep = nx_opened_descriptors(job->opened, &task.n_keep);
  job->worker = nx_worker_start(job->context->sandbox, &task, &problem);
  if (!job->worker)
    finish_unread(job, NULL, problem);
}

static void start_plugin(NxJob *job)
{
  g_autoptr(GError) problem = NULL;
  job->runs_plugin = TRUE;
  job->worker = nx_extract_plugin_start(job->plugin, job->context->sandbox, job->line, &problem);
  if (!job->worker)
    finish_unread(job, job->plugin->name, problem);
}

NxJob *nx_job_start(const NxJobContext *context, json_object *line, GError **err)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(NxJob) job = g_new0(NxJob, 1);
  job->context = context;
  job->line = line;
  job->skipped_profiles = g_array_new(FALSE, FALSE, sizeof(int));
  job->path = nx_line_path(line, err);
  if (!job->path)
    return NULL;
  job->opened = nx_opened_new(line, job->path, context->links, context->rules.instrument_root, &problem);
  NxInput *in = nx_opened_input(job->opened);
  job->extension = nx_name_extension(in->name);
  if (nx_opened_is_readable(job->opened)) {
    job->plugin = nx_extract_plugin_for(context->plugins, in->name);
    job->has_profiles = nx_profiles_prepare(in->instrument_pid);
    if (job->plugin || job->has_profiles || nx_file_is_looked_into(in->name))
      start_reader(job);
    else
      finish(job, nx_outcome_basic(in, context->with_document));
  } else if (g_error_matches(problem, NX_ERROR, NX_ERROR_MISSING)) {
    finish_gone(job);
  } else {
    finish_unread(job, NULL, problem);
  }
  return g_steal_pointer(&job);
}

void nx_job_free(NxJob *job)
{
  if (!job)
    return;
  nx_worker_free(job->worker);
  nx_outcome_free(job->outcome);
  g_clear_pointer(&job->outputs, g_ptr_array_unref);
  g_clear_error(&job->trouble);
  nx_opened_free(job->opened);
  g_array_unref(job->skipped_profiles);
  json_object_put(job->line);
  g_free(job->path);
  g_free(job->extension);
  g_free(job);
}

/* ---------------------------------------------------------------------------------------------------------------- attending */

gboolean nx_job_is_done(const NxJob *job)
{
  return job->outcome != NULL;
}

int nx_job_fd(const NxJob *job)
{
  return nx_worker_fd(job->worker);
}

int nx_job_log_fd(const NxJob *job)
{
  return nx_worker_log_fd(job->worker);
}

void nx_job_forward_log(NxJob *job)
{
  nx_worker_forward_log(job->worker);
}

/* The end of a plug-in need not show in its results, and that of the profile that runs is told by nobody but the child: hence a look now and then. */
gint64 nx_job_wake(const NxJob *job)
{
  const gint64 deadline = nx_worker_deadline(job->worker), now = g_get_monotonic_time();
  if (job->runs_plugin)
    return MIN(deadline, now + NX_EXTRACT_PLUGIN_LOOK_MS * 1000);
  return job->has_profiles ? MIN(deadline, now + G_USEC_PER_SEC) : deadline;
}

static gboolean is_skipped(const NxJob *job, int number)
{
  for (guint i = 0; i < job->skipped_profiles->len; i++) {
    if (g_array_index(job->skipped_profiles, int, i) == number)
      return TRUE;
  }
  return FALSE;
}

/* TRUE when the reader was broken by a profile, and has been started again without it. */
static gboolean has_started_without_profile(NxJob *job, int number, const char *reason)
{
  const char *name = nx_profiles_name(number);
  if (!job->has_profiles || !name || is_skipped(job, number)) /* one that did not run is named by a reader that lies, and that for ever */
    return FALSE;
  nx_log_warning("%s: profile %s failed: %s", nx_opened_input(job->opened)->name, name, reason);
  g_array_append_val(job->skipped_profiles, number);
  start_reader(job);
  return TRUE;
}

/* TRUE when a standing reader gave up: what becomes of the file is for a process of its own to say. */
static gboolean has_started_alone(NxJob *job, const char *reason)
{
  if (!job->has_standing_reader)
    return FALSE;
  nx_log_debug("%s is read by a process of its own: %s", job->path, reason);
  nx_readers_learn(job->context->readers, job->extension, FALSE);
  job->needs_own_process = TRUE;
  start_reader(job);
  return TRUE;
}

/* Opens the file once more and reads it from the start; FALSE when it cannot be opened any more. */
static gboolean has_started_again(NxJob *job)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(NxOpened) again = nx_opened_new(job->line, job->path, job->context->links, job->context->rules.instrument_root, &problem);
  if (!nx_opened_is_readable(again))
    return FALSE;
  nx_log_info("%s changed while it was read and is read again", job->path);
  nx_opened_free(job->opened);
  job->opened = g_steal_pointer(&again);
  job->was_read_again = TRUE;
  start_reader(job);
  return TRUE;
}

/* What the reader's answer says becomes the job's outcome. */
static void finish_answered(NxJob *job, NxOutcome *outcome, const char *reason, gboolean has_changed)
{
  if (!outcome->is_complete) {
    nx_log_warning("%s: no preview: %s", nx_opened_input(job->opened)->name, reason);
    add_placeholders(job, outcome);
  }
  if (has_changed)
    nx_outcome_warn(outcome, "The file kept changing while it was read: what is recorded of it is incomplete");
  finish(job, outcome);
}

static void finish_reader(NxJob *job, NxWorker *worker, const char *how_it_ended)
{
  gint64 since;
  int profile = nx_worker_noted(worker, &since);
  const char *reason = how_it_ended ? how_it_ended : "the reader gave no complete answer";
  g_autoptr(NxOutcome) outcome = nx_outcome_read(nx_worker_received(worker), nx_opened_input(job->opened)->name);
  gboolean has_changed = nx_opened_has_changed(job->opened);
  if (has_changed && !job->was_read_again && has_started_again(job))
    return;
  if (!outcome->is_complete && has_started_alone(job, reason))
    return;
  if (job->has_standing_reader)
    nx_readers_learn(job->context->readers, job->extension, TRUE);
  if (!outcome->is_complete && has_started_without_profile(job, profile, reason))
    return;
  if (outcome->is_complete && outcome->is_for_plugin)
    start_plugin(job);
  else if (outcome->has_all_metadata)
    finish_answered(job, g_steal_pointer(&outcome), reason, has_changed);
  else
    finish_failed(job, outcome->extractor, reason);
}

static void finish_plugin(NxJob *job, NxWorker *worker, const char *reason)
{
  g_autoptr(GError) problem = NULL;
  NxInput *in = nx_opened_input(job->opened);
  NxOutcome *outcome = reason ? NULL
                     : nx_extract_plugin_outcome(job->plugin, nx_worker_received(worker), in->name, job->context->with_document, &problem);
  if (outcome)
    finish(job, outcome);
  else
    finish_failed(job, job->plugin->name, reason ? reason : problem->message);
}

/* Kills a reader whose time, or whose profile's time, is over. */
static void watch_time(NxJob *job)
{
  gint64 now = g_get_monotonic_time(), since;
  int profile = nx_worker_noted(job->worker, &since);
  if (job->has_profiles && !job->runs_plugin && profile != NX_PROFILES_NONE && now - since > NX_PROFILE_SECONDS * G_USEC_PER_SEC) {
    g_autofree char *reason = g_strdup_printf("it took longer than %d s", NX_PROFILE_SECONDS);
    nx_worker_kill(job->worker, reason);
  } else if (now >= nx_worker_deadline(job->worker)) {
    g_autofree char *reason = g_strdup_printf("reading it took longer than %u s", nx_sandbox_limits(job->context->sandbox)->wall_seconds);
    nx_worker_kill(job->worker, reason);
  }
}

/* The reader has said all, and nobody waits for the end of its process. */
static void finish_whole(NxJob *job)
{
  NxWorker *worker = g_steal_pointer(&job->worker);
  nx_worker_tell_cut_log(worker, nx_opened_input(job->opened)->name);
  finish_reader(job, worker, NULL);
  nx_worker_retire(worker);
}

static gboolean finish_ended(NxJob *job, GError **err)
{
  g_autoptr(NxWorker) worker = g_steal_pointer(&job->worker);
  g_autofree char *reason = nx_worker_end(worker);
  nx_worker_tell_cut_log(worker, nx_opened_input(job->opened)->name);
  if (nx_worker_lacked_walls(worker, job->context->sandbox)) {
    g_set_error_literal(err, NX_ERROR, NX_ERROR_CONFIG, "no file can be read here: the walls around a reader cannot be raised");
    return FALSE;
  }
  if (job->runs_plugin)
    finish_plugin(job, worker, reason);
  else
    finish_reader(job, worker, reason);
  return TRUE;
}

gboolean nx_job_attend(NxJob *job, gboolean is_readable, GError **err)
{
  watch_time(job); /* also when it has written something: a reader that trickles for ever is not better than a silent one */
  const gboolean has_ended = job->runs_plugin && nx_worker_has_ended(job->worker); /* asked first: what it wrote before is there now */
  if (!is_readable && !has_ended)
    return TRUE;
  gboolean is_open = nx_worker_receive(job->worker) && !has_ended;
  gboolean is_whole = is_open && !job->runs_plugin && nx_outcome_is_whole(nx_worker_received(job->worker));
  if (is_open && !is_whole)
    return TRUE;
  nx_job_forward_log(job);
  if (!is_whole)
    return finish_ended(job, err);
  finish_whole(job);
  return TRUE;
}

json_object *nx_job_line(const NxJob *job)
{
  return job->line;
}

const NxOutcome *nx_job_outcome(const NxJob *job)
{
  return job->outcome;
}

const GPtrArray *nx_job_outputs(const NxJob *job)
{
  return job->outputs;
}
