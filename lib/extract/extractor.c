/* extractor.c — many files: lines in, results out in the same order, several readers at once, one loop that waits for all of them. */
#include "job.h"
#include "profiles.h"
#include "samples.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

/* What readers may open by path: fonts for previews, character set tables, picture loaders. */
static const char *const READABLE[] = { "/usr/share/fonts", "/usr/local/share/fonts", "/usr/share/fontconfig", "/etc/fonts", "/var/cache/fontconfig",
                                        "/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache" };

struct NxExtractor {
  NxExtractRules rules;
  NxSandbox *sandbox;
  GPtrArray *plugins;
  NxJobContext context;
};

/* One run over a source. */
typedef struct {
  NxExtractor *extractor;
  GQueue jobs; /* of NxJob*, in the order of their lines */
  int input;
  gboolean (*is_ready)(gpointer user_data);
  NxExtractSource source;
  NxExtractSink sink;
  gpointer user_data;
  gboolean has_ended;
} Run;

static NxSandbox *make_sandbox(GError **err)
{
  const char *readable[G_N_ELEMENTS(READABLE) + 2] = { NULL };
  g_autofree char *share = nx_share_path("");
  for (gsize i = 0; i < G_N_ELEMENTS(READABLE); i++)
    readable[i] = READABLE[i];
  readable[G_N_ELEMENTS(READABLE)] = share;
  return nx_sandbox_new(&nx_limits_default, readable, TRUE, err);
}

/* Fonts are looked for in threads, whose stacks stay when they end: of each page of these, every reader finds out after every file whether it was
 * touched. fontconfig needs 100 KiB, and some 30 more for each file that its configuration includes within an included one. */
#define THREAD_STACK_BYTES (2u * 1024 * 1024)
static void make_stacks_small(void)
{
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0)
    return;
  if (pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES) == 0)
    pthread_setattr_default_np(&attributes);
  pthread_attr_destroy(&attributes);
}

NxExtractor *nx_extractor_new(const NxExtractRules *rules, const char *profiles_path, GError **err)
{
  nx_sandbox_forget_environment();
  g_autoptr(NxExtractor) extractor = g_new0(NxExtractor, 1);
  extractor->rules = *rules;
  extractor->sandbox = make_sandbox(err);
  if (!extractor->sandbox)
    return NULL;
  extractor->plugins = nx_extract_find_plugins(extractor->sandbox);
  nx_profiles_load(profiles_path);
  nx_samples_load_converters();
  nx_zone_system(); /* readers cannot open its file any more, and GLib would take UTC */
  if (rules->write_preview) {
    make_stacks_small();
    nx_job_warm_up();
  }
  extractor->context = (NxJobContext){
    .sandbox = extractor->sandbox,
    .plugins = extractor->plugins,
    .rules = { rules->instrument_root, rules->data_root, rules->write_metadata, rules->write_preview, rules->overwrite, rules->preview_beside,
               rules->preview_path },
    .with_document = rules->with_documents || rules->write_metadata,
    .links = rules->links,
  };
  extractor->context.readers = nx_job_readers(&extractor->context);
  return g_steal_pointer(&extractor);
}

void nx_extractor_free(NxExtractor *extractor)
{
  if (!extractor)
    return;
  nx_readers_free(extractor->context.readers);
  nx_workers_reap();
  nx_profiles_unload();
  g_clear_pointer(&extractor->plugins, g_ptr_array_unref);
  nx_sandbox_free(extractor->sandbox);
  g_free(extractor);
}

static gboolean describe(FILE *out, const char *name, int priority, const char *const *extensions, GError **err)
{
  g_autoptr(json_object) line = json_object_new_object();
  json_object *list = json_object_new_array();
  for (const char *const *extension = extensions; extension && *extension; extension++)
    json_object_array_add(list, nx_json_string(*extension));
  nx_json_set_string(line, "kind", "format");
  nx_json_set_string(line, "name", name);
  nx_json_set(line, "extensions", list);
  nx_json_set(line, "priority", json_object_new_int(priority));
  return nx_line_write(out, line, err);
}

gboolean nx_extract_describe(FILE *out, GError **err)
{
  g_autoptr(NxSandbox) sandbox = make_sandbox(err);
  g_autoptr(GPtrArray) plugins = sandbox ? nx_extract_find_plugins(sandbox) : NULL;
  for (const NxFormat *const *format = nx_formats; plugins && *format; format++)
    if (!describe(out, (*format)->name, (*format)->priority, (*format)->extensions, err))
      return FALSE;
  for (guint i = 0; plugins && i < plugins->len; i++) {
    const NxExtractPlugin *plugin = plugins->pdata[i];
    if (!describe(out, plugin->name, plugin->priority, (const char *const *)plugin->extensions, err))
      return FALSE;
  }
  return plugins != NULL;
}

gboolean nx_extract_check_profiles(const char *profiles_path, const char *const *paths, FILE *out)
{
  nx_profiles_load(profiles_path);
  gboolean all_good = nx_profiles_check(paths, out);
  nx_profiles_unload();
  return all_good;
}

/* ----------------------------------------------------------------------------------------------------------------- the loop */

static guint count_running(Run *run)
{
  guint n = 0;
  for (GList *link = run->jobs.head; link; link = link->next)
    n += nx_job_is_done(link->data) ? 0 : 1;
  return n;
}

/* More lines are wanted while readers are free; finished ones that wait for an earlier line may not pile up. */
static gboolean wants_line(Run *run)
{
  guint workers = run->extractor->rules.workers;
  return !run->has_ended && run->jobs.length < 4 * workers && count_running(run) < workers;
}

static gboolean take_line(Run *run, GError **err)
{
  json_object *line;
  if (!run->source(run->user_data, &line, err))
    return FALSE;
  if (!line) {
    run->has_ended = TRUE;
    return TRUE;
  }
  NxJob *job = nx_job_start(&run->extractor->context, line, err);
  if (job)
    g_queue_push_tail(&run->jobs, job);
  return job != NULL;
}

/* Starts readers for the lines that are there without waiting. */
static gboolean take_ready_lines(Run *run, GError **err)
{
  while (wants_line(run) && (run->input < 0 || run->is_ready(run->user_data))) {
    if (!take_line(run, err))
      return FALSE;
  }
  return TRUE;
}

static gboolean give_result(Run *run, NxJob *job, GError **err)
{
  const NxOutcome *outcome = nx_job_outcome(job);
  const GPtrArray *outputs = nx_job_outputs(job);
  g_autoptr(GPtrArray) documents = g_ptr_array_new();
  NxExtracted result = { .line = nx_job_line(job), .documents = run->extractor->rules.with_documents ? documents : NULL };
  for (guint i = 0; i < outcome->products->len; i++) {
    g_ptr_array_add(documents, ((NxProduct *)outcome->products->pdata[i])->document);
    result.preview_kept |= ((NxOutput *)outputs->pdata[i])->preview_kept;
  }
  return run->sink(run->user_data, &result, err);
}

/* Gives out what is done, up to the first that is not. */
static gboolean give_results(Run *run, GError **err)
{
  while (run->jobs.head && nx_job_is_done(run->jobs.head->data)) {
    g_autoptr(NxJob) job = g_queue_pop_head(&run->jobs);
    if (!give_result(run, job, err))
      return FALSE;
  }
  return TRUE;
}

/* Milliseconds until the first of the readers has to be looked after; -1: nobody's time runs. */
static int timeout_of(Run *run)
{
  gint64 first = G_MAXINT64;
  for (GList *link = run->jobs.head; link; link = link->next) {
    if (!nx_job_is_done(link->data))
      first = MIN(first, nx_job_wake(link->data));
  }
  gint64 left = first - g_get_monotonic_time();
  return first == G_MAXINT64 ? -1 : (int)CLAMP(left / 1000 + 1, 0, 60000);
}

/* Waits for input, readers and their log, and looks after those that have something. */
static gboolean wait_and_attend(Run *run, GError **err)
{
  g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(struct pollfd));
  g_autoptr(GPtrArray) attended = g_ptr_array_new();
  struct pollfd input = { .fd = wants_line(run) ? run->input : -1, .events = POLLIN };
  g_array_append_val(fds, input);
  for (GList *link = run->jobs.head; link; link = link->next) {
    if (nx_job_is_done(link->data))
      continue;
    struct pollfd of_job[] = { { .fd = nx_job_log_fd(link->data), .events = POLLIN }, { .fd = nx_job_fd(link->data), .events = POLLIN } };
    g_array_append_vals(fds, of_job, G_N_ELEMENTS(of_job));
    g_ptr_array_add(attended, link->data);
  }

  struct pollfd *polled = (struct pollfd *)(void *)fds->data;
  if (poll(polled, fds->len, timeout_of(run)) < 0 && errno != EINTR)
    return nx_error_from_errno(err, errno, "wait for", "the readers");
  for (guint i = 0; i < attended->len; i++) {
    const struct pollfd *log = &polled[1 + 2 * i], *reader = log + 1;
    if (log->revents)
      nx_job_forward_log(attended->pdata[i]);
    if (!nx_job_attend(attended->pdata[i], reader->revents != 0, err))
      return FALSE;
  }
  return !polled[0].revents || take_line(run, err);
}

static gboolean run_loop(Run *run, GError **err)
{
  for (;;) {
    if (!nx_check_interrupted(err) || !take_ready_lines(run, err) || !give_results(run, err))
      return FALSE;
    if (run->has_ended && run->jobs.length == 0)
      return TRUE;
    if ((run->jobs.length > 0 || (run->input >= 0 && wants_line(run) && !run->is_ready(run->user_data))) && !wait_and_attend(run, err))
      return FALSE;
  }
}

gboolean nx_extractor_run(NxExtractor *extractor, int input, gboolean (*is_ready)(gpointer user_data), NxExtractSource source, NxExtractSink sink,
                          gpointer user_data, GError **err)
{
  Run run = { extractor, G_QUEUE_INIT, input, is_ready, source, sink, user_data, FALSE };
  gboolean is_good = run_loop(&run, err);
  g_queue_clear_full(&run.jobs, (GDestroyNotify)nx_job_free);
  return is_good;
}
