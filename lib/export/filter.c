/* filter.c — lines in, lines out: one after another, or several records at once by workers with connections of their own. Only the reading thread
 * takes signals, so that one ends its waiting; the workers look at the flag. */
#include "nx-export.h"

#include <pthread.h>
#include <signal.h>

#define AHEAD 2 /* lines read ahead for each worker */

static const char *const KINDS[] = {"session", "export_request", NULL};

typedef struct {
  const NxExportRun *how;
  FILE *out;
  gboolean all_exported;
  GError *problem; /* the first that ends the run */
  GMutex lock;     /* of all but `how` */
  GCond changed;
  GQueue waiting;  /* of json_object*: lines nobody works on yet */
  gboolean is_ended;
} Work;

typedef struct {
  Work *work;
  NxExporter *exporter;
} Worker;

/* ------------------------------------------------------------------------------------------------------------- one line */

/* Only what a session line needs: a request brings its own paths. */
static gboolean check_line(NxLines *lines, json_object *line, GError **err)
{
  if (g_str_equal(nx_json_get_string(line, "kind"), "export_request"))
    return nx_lines_need(lines, line, "destination", json_type_string, err) && nx_lines_need(lines, line, "context", json_type_object, err);
  return nx_lines_need_text(lines, line, "session_identifier", err) && nx_lines_need(lines, line, "status", json_type_string, err);
}

static gboolean write_line(Work *work, json_object *line, gboolean exported)
{
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&work->lock);
  work->all_exported = work->all_exported && exported;
  return !work->problem && nx_line_write(work->out, line, &work->problem);
}

static gboolean handle(Work *work, NxExporter *exporter, json_object *line)
{
  if (g_str_equal(nx_json_get_string(line, "kind"), "export_request")) {
    g_autoptr(json_object) result = nx_exporter_answer(exporter, line);
    return write_line(work, result, TRUE);
  }
  gboolean exported;
  nx_exporter_publish(exporter, line, work->how->reexport, &exported);
  return write_line(work, line, exported);
}

/* --------------------------------------------------------------------------------------------------------------- workers */

/* NULL at the end; what nobody would hear of is not exported. */
static json_object *take(Work *work)
{
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&work->lock);
  while (g_queue_is_empty(&work->waiting) && !work->is_ended && !work->problem)
    g_cond_wait(&work->changed, &work->lock);
  json_object *line = work->problem ? NULL : g_queue_pop_head(&work->waiting);
  g_cond_broadcast(&work->changed);
  return line;
}

static gpointer run_worker(gpointer data)
{
  Worker *worker = data;
  for (;;) {
    g_autoptr(json_object) line = take(worker->work);
    if (!line)
      return NULL;
    handle(worker->work, worker->exporter, line);
  }
}

/* Hands a line over to the next free worker, whole: json-c counts owners without regard to threads. FALSE when nothing can be written any more. */
static gboolean give(Work *work, json_object *line)
{
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&work->lock);
  while (work->waiting.length >= work->how->jobs * AHEAD && !work->problem)
    g_cond_wait(&work->changed, &work->lock);
  g_queue_push_tail(&work->waiting, line);
  g_cond_broadcast(&work->changed);
  return !work->problem;
}

static void end(Work *work)
{
  g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&work->lock);
  work->is_ended = TRUE;
  g_cond_broadcast(&work->changed);
}

static GThread *start_worker(Worker *worker, GError **err)
{
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  GThread *thread = g_thread_try_new("export", run_worker, worker, err);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return thread;
}

/* ------------------------------------------------------------------------------------------------------------------ lines */

/* Reads to the end, or to the first line that cannot be read; `exporter` does the work here when there are no workers. */
static gboolean read_lines(Work *work, NxExporter *exporter, int in, GError **err)
{
  g_autoptr(NxLines) lines = nx_lines_new(in);
  for (;;) {
    g_autoptr(json_object) line = NULL;
    if (!nx_lines_next(lines, KINDS, &line, err) || (line && !check_line(lines, line, err)))
      return FALSE;
    if (!line || !(exporter ? handle(work, exporter, line) : give(work, g_steal_pointer(&line))))
      return TRUE;
  }
}

/* As many as this machine allows. */
static void start_workers(Worker *workers, guint n, GPtrArray *threads)
{
  for (guint i = 0; i < n; i++) {
    g_autoptr(GError) problem = NULL;
    GThread *thread = start_worker(&workers[i], &problem);
    if (!thread) {
      nx_log_info("an export with fewer threads: %s", problem->message);
      return;
    }
    g_ptr_array_add(threads, thread);
  }
}

static gboolean read_with_workers(Work *work, NxExporter *exporter, int in, GError **err)
{
  g_autoptr(GPtrArray) exporters = g_ptr_array_new_with_free_func((GDestroyNotify)nx_exporter_free);
  g_autoptr(GPtrArray) threads = g_ptr_array_new();
  g_autofree Worker *workers = g_new0(Worker, work->how->jobs);
  for (guint i = 0; i < work->how->jobs; i++) {
    NxExporter *copy = nx_exporter_copy(exporter, err);
    if (!copy)
      break;
    g_ptr_array_add(exporters, copy);
    workers[i] = (Worker){.work = work, .exporter = copy};
  }
  if (exporters->len < work->how->jobs)
    return FALSE;
  start_workers(workers, work->how->jobs, threads);
  gboolean good = read_lines(work, threads->len ? NULL : exporter, in, err);
  end(work);
  for (guint i = 0; i < threads->len; i++)
    g_thread_join(threads->pdata[i]);
  return good;
}

gboolean nx_export_lines(NxExporter *exporter, const NxExportRun *how, int in, FILE *out, gboolean *all_exported, GError **err)
{
  Work work = {.how = how, .out = out, .all_exported = TRUE, .waiting = G_QUEUE_INIT};
  g_mutex_init(&work.lock);
  g_cond_init(&work.changed);
  gboolean good = how->jobs > 1 ? read_with_workers(&work, exporter, in, err) : read_lines(&work, exporter, in, err);
  for (json_object *line; (line = g_queue_pop_head(&work.waiting));)
    json_object_put(line);
  *all_exported = work.all_exported;
  if (good && work.problem) {
    g_propagate_error(err, g_steal_pointer(&work.problem));
    good = FALSE;
  }
  g_clear_error(&work.problem);
  g_mutex_clear(&work.lock);
  g_cond_clear(&work.changed);
  return good;
}
