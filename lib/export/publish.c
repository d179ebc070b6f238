/* publish.c — one session's record to its destinations: which are attempted, when it counts as exported, where its file goes (export §4). */
#include "context.h"
#include "copy.h"
#include "exporter.h"
#include "result.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAGE "nx-export"

/* ----------------------------------------------------------------------------------------------------------- strategies */

/* A session's results, arrays: of this run (`now`), the successes of earlier runs that a retry builds on (`earlier`), and those that this run
 * replaces (`replaced`). `everywhere`: the re-export was asked for, so it goes to every destination. */
typedef struct {
  const NxExporter *exporter;
  json_object *now, *earlier, *replaced;
  gboolean everywhere;
} Verdict;

static gboolean has_success(json_object *results, const char *name)
{
  return nx_json_get_boolean(nx_result_of(results, name), "success");
}

static gboolean has_succeeded(const Verdict *verdict, const NxSlot *slot)
{
  const char *name = slot->destination->name;
  return nx_result_of(verdict->now, name) ? has_success(verdict->now, name) : has_success(verdict->earlier, name);
}

/* A folder of ours always succeeds, so it decides nothing while a server could (DECISIONS: site in the strategies). */
static gboolean counts(const NxExporter *exporter, const NxSlot *slot)
{
  return !slot->destination->is_local || exporter->settings->export_strategy == NX_EXPORT_ALL || exporter->n_slots == 1;
}

static gboolean any_success(const Verdict *verdict)
{
  for (gsize i = 0; i < verdict->exporter->n_slots; i++)
    if (counts(verdict->exporter, &verdict->exporter->slots[i]) && has_succeeded(verdict, &verdict->exporter->slots[i]))
      return TRUE;
  return FALSE;
}

static gboolean all_succeeded(const Verdict *verdict)
{
  for (gsize i = 0; i < verdict->exporter->n_slots; i++)
    if (!has_succeeded(verdict, &verdict->exporter->slots[i]))
      return FALSE;
  return verdict->exporter->n_slots > 0;
}

static gboolean is_exported(const Verdict *verdict)
{
  return verdict->exporter->settings->export_strategy == NX_EXPORT_ALL ? all_succeeded(verdict) : any_success(verdict);
}

/* Where an older copy lies the new one goes too, whatever the strategy: nobody could tell which of the two holds. */
static gboolean is_wanted(const Verdict *verdict, const NxSlot *slot)
{
  if (has_success(verdict->earlier, slot->destination->name))
    return FALSE;
  if (verdict->everywhere || has_success(verdict->replaced, slot->destination->name))
    return TRUE;
  return verdict->exporter->settings->export_strategy != NX_EXPORT_FIRST_SUCCESS || slot->destination->is_local || !any_success(verdict);
}

/* ------------------------------------------------------------------------------------------------------------- attempts */

static void add_by_name(json_object *by_name, json_object *results)
{
  for (gsize i = 0; i < json_object_array_length(results); i++) {
    json_object *result = json_object_array_get_idx(results, i);
    nx_json_set(by_name, nx_json_get_string(result, "destination_name"), json_object_get(result));
  }
}

static json_object *previous_results(const Verdict *verdict)
{
  json_object *by_name = json_object_new_object();
  add_by_name(by_name, verdict->earlier);
  add_by_name(by_name, verdict->now);
  return by_name;
}

/* The newest rows of `uploads` that are successes. */
static json_object *earlier_successes(json_object *session)
{
  json_object *uploads = nx_json_get(session, "uploads"), *successes = json_object_new_array();
  gsize count = json_object_is_type(uploads, json_type_array) ? json_object_array_length(uploads) : 0;
  for (gsize i = 0; i < count; i++) {
    json_object *upload = json_object_array_get_idx(uploads, i);
    if (nx_json_get_boolean(upload, "success") && nx_json_get_string(upload, "destination_name"))
      json_object_array_add(successes, json_object_get(upload));
  }
  return successes;
}

static void log_result(const char *name, json_object *result, gboolean is_interrupted)
{
  const char *id = nx_json_get_string(result, "record_id"), *url = nx_json_get_string(result, "record_url"), *where = url ? url : id;
  if (nx_json_get_boolean(result, "success"))
    nx_log_info("Exported to %s%s%s", name, where ? ": " : "", where ? where : "");
  else
    nx_log(is_interrupted ? NX_LOG_INFO : NX_LOG_ERROR, "Export to %s failed: %s", name, nx_json_get_string(result, "error_message"));
}

static void attempt_one(NxExporter *exporter, NxSlot *slot, json_object *session, json_object *context, NxExportMode mode, Verdict *verdict)
{
  const char *name = slot->destination->name;
  nx_log_info("Exporting to %s (priority=%d)...", name, slot->destination->priority);
  nx_json_set(context, "previous_results", previous_results(verdict));
  nx_json_set(context, "metadata", nx_context_metadata(session, name, mode));
  gboolean is_interrupted;
  json_object *result = nx_exporter_attempt(exporter, slot, context, mode, &is_interrupted);
  json_object_array_add(verdict->now, result);
  log_result(name, result, is_interrupted);
}

static void attempt_all(NxExporter *exporter, json_object *session, json_object *context, NxExportMode mode, Verdict *verdict)
{
  for (gsize i = 0; i < exporter->n_slots && !nx_interrupted(); i++)
    if (is_wanted(verdict, &exporter->slots[i]))
      attempt_one(exporter, &exporter->slots[i], session, context, mode, verdict);
}

/* --------------------------------------------------------------------------------------------------------- the file's place */

static gboolean copy_and_remove(const char *from, const char *to, GError **err)
{
  if (!nx_file_copy(from, to, G_FILE_COPY_ALL_METADATA | G_FILE_COPY_NOFOLLOW_SYMLINKS, err))
    return FALSE;
  int fd = open(to, O_RDONLY | O_CLOEXEC);
  gboolean synced = fd >= 0 && fsync(fd) == 0;
  if (fd >= 0)
    close(fd);
  return (synced && unlink(from) == 0) || nx_error_from_errno(err, errno, "move", from);
}

/* Into `uploaded/` beside it; the new path, the old one when it lies there already, or NULL when it stays (logged). The records folder may itself
 * be named so. */
static char *move_uploaded(const NxSettings *settings, const char *path)
{
  g_autofree char *folder = g_path_get_dirname(path), *name = g_path_get_basename(path);
  g_autofree char *parent = g_path_get_basename(folder);
  if (g_str_equal(parent, "uploaded") && g_strcmp0(folder, settings->records_path) != 0)
    return g_strdup(path);
  g_autofree char *uploaded = g_build_filename(folder, "uploaded", NULL);
  g_autofree char *target = g_build_filename(uploaded, name, NULL);
  g_autoptr(GError) problem = NULL;
  gboolean moved = nx_folder_make(uploaded, &problem) && (rename(path, target) == 0 || (errno == EXDEV ? copy_and_remove(path, target, &problem)
                                                                              : nx_error_from_errno(&problem, errno, "move", path)));
  if (moved && nx_folder_sync(uploaded, &problem) && nx_folder_sync(folder, &problem))
    return g_steal_pointer(&target);
  nx_log_error("record %s is exported but could not be moved to uploaded/: %s", path, problem->message);
  return moved ? g_steal_pointer(&target) : NULL;
}

/* ------------------------------------------------------------------------------------------------------------ one session */

static void log_outcome(const char *path, json_object *results)
{
  gsize tried = json_object_array_length(results), good = 0;
  g_autofree char *name = g_path_get_basename(path);
  for (gsize i = 0; i < tried; i++)
    good += nx_json_get_boolean(json_object_array_get_idx(results, i), "success");
  if (good > 0)
    nx_log_info("Exported %s: %zu/%zu destination(s) succeeded", name, good, tried);
  else if (tried > 0)
    nx_log_error("Export failed for %s: all %zu destination(s) failed", name, tried);
}

static const char *const STRATEGY_NAMES[] = {
    [NX_EXPORT_ALL] = "all", [NX_EXPORT_FIRST_SUCCESS] = "first_success", [NX_EXPORT_BEST_EFFORT] = "best_effort"};

static void finish(const Verdict *verdict, json_object *session, const char *path, gboolean exported)
{
  const char *identifier = nx_json_get_string(session, "session_identifier");
  g_autofree char *moved = exported ? move_uploaded(verdict->exporter->settings, path) : NULL;
  nx_json_set_string(session, "status", exported ? "COMPLETED" : "BUILT_NOT_EXPORTED");
  if (moved) {
    g_autofree char *shown = nx_text_utf8(moved, -1);
    nx_json_set_string(session, "uploaded_path", shown);
  }
  if (!exported && verdict->exporter->n_slots == 0)
    nx_log_error("session %s was built but not exported: no destination is configured", identifier);
  else if (!exported)
    nx_log_error("session %s was built but not exported (strategy %s)", identifier,
                 STRATEGY_NAMES[verdict->exporter->settings->export_strategy]);
}

static gboolean wants_work(json_object *session, NxExportMode mode)
{
  if (!nx_session_is_open(session, NULL))
    return FALSE;
  const char *status = nx_json_get_string(session, "status");
  if (mode == NX_MODE_REEXPORT && !g_str_equal(status, "TO_BE_BUILT"))
    return TRUE;
  return g_str_equal(status, "TO_BE_BUILT") ? nx_json_get(session, "record") != NULL
                                            : g_str_equal(status, "BUILT_NOT_EXPORTED") && mode == NX_MODE_RETRY;
}

static void publish_file(NxExporter *exporter, json_object *session, const char *path, NxExportMode mode, gboolean everywhere, gboolean *exported)
{
  g_autoptr(json_object) context = nx_context_new(exporter->settings, session, path);
  g_autoptr(json_object) successes = earlier_successes(session), none = json_object_new_array();
  Verdict verdict = {.exporter = exporter,
                     .now = json_object_new_array(),
                     .earlier = mode == NX_MODE_RETRY ? successes : none,
                     .replaced = mode == NX_MODE_REEXPORT ? successes : none,
                     .everywhere = everywhere};
  attempt_all(exporter, session, context, mode, &verdict);
  nx_json_set(session, "exports", verdict.now);
  if (nx_interrupted() && !is_exported(&verdict)) {
    nx_log_info("session %s: interrupted while exporting (will be tried again)", nx_json_get_string(session, "session_identifier"));
    nx_session_postpone(session, STAGE, "interrupted while exporting");
    return;
  }
  log_outcome(path, verdict.now);
  *exported = is_exported(&verdict);
  finish(&verdict, session, path, *exported);
}

/* A record that waits for its export may be on a share that is away: the session waits for it. In a re-export nothing is lost. */
static void leave_unfound(json_object *session, const GError *problem)
{
  nx_log_warning("session %s left alone: %s", nx_json_get_string(session, "session_identifier"), problem->message);
  if (g_str_equal(nx_json_get_string(session, "status"), "BUILT_NOT_EXPORTED"))
    nx_session_postpone(session, STAGE, "%s; put it back, or build it again (nx-export(1), EXAMPLES)", problem->message);
}

/* A line that was made by hand, or is built again by hand after it ended, is no first export: its uploads say so. Without any the database may
 * have been put back to a time before the export. */
static NxExportMode mode_of_first(json_object *session, const char *path)
{
  g_autoptr(json_object) successes = earlier_successes(session);
  json_object *uploads = nx_json_get(session, "uploads");
  if (json_object_array_length(successes) > 0)
    return NX_MODE_REEXPORT;
  gboolean has_failed = json_object_is_type(uploads, json_type_array) && json_object_array_length(uploads) > 0;
  return has_failed || nx_context_was_uploaded(path) ? NX_MODE_RETRY : NX_MODE_EXPORT;
}

void nx_exporter_publish(NxExporter *exporter, json_object *session, gboolean reexport, gboolean *exported)
{
  NxExportMode mode;
  g_autoptr(GError) problem = NULL;
  *exported = TRUE;
  if (!nx_export_mode_from_name(nx_json_get_string(session, "export_mode"), &mode))
    nx_log_warning("export_mode '%s' is none of export, retry, reexport; taken as export", nx_json_get_string(session, "export_mode"));
  mode = reexport ? NX_MODE_REEXPORT : mode;
  if (!wants_work(session, mode))
    return;
  g_autofree char *path = nx_context_record_path(exporter->settings, session, &problem);
  *exported = path != NULL;
  if (!path) {
    leave_unfound(session, problem);
    return;
  }
  if (mode == NX_MODE_EXPORT)
    mode = mode_of_first(session, path);
  publish_file(exporter, session, path, mode, reexport, exported);
}
