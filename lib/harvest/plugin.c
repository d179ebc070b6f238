/* plugin.c — reservation systems outside the tree: a program nx-harvest-NAME beside ours or on PATH, called as
 *     nx-harvest-NAME events --from DATE|none --to DATE|none     instrument lines in, usage_event lines out
 *     nx-harvest-NAME reservations                               one session line in, the same line out with what was found
 * A session costs one short process, so a crash or a hang costs one session. */
#include "harvester.h"

#include <unistd.h>

#define PATIENCE_SECONDS 600
#define OUTPUT_MAX (256u * 1024 * 1024)

/* Runs `argv` (argv[0] a path) with `input` and returns what it wrote; an exit status other than 0 is an error. */
static GString *run(char **argv, const GString *input, GError **err)
{
  g_auto(GStrv) environment = nx_settings_environment_without_secrets();
  const NxQuestion question = {.argv = argv,
                               .environment = environment,
                               .input = input->str,
                               .length = input->len,
                               .seconds = PATIENCE_SECONDS,
                               .answer_max = OUTPUT_MAX,
                               .err = -1};
  return nx_process_ask(&question, NULL, err);
}

static char *need_path(const char *name, GError **err)
{
  char *path = nx_harvester_program(name);
  if (!path) {
    g_autofree char *shown = nx_text_visible(name), *advice = nx_harvester_problem(name);
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "the harvester '%s' is not known: %s", shown, advice);
  }
  return path;
}

/* ------------------------------------------------------------------------------------------------------------ events */

/* Where its events come from, and where they go to. */
typedef struct {
  const NxHarvest *harvest;
  GPtrArray *instruments; /* the plug-in's own */
  NxLines *lines;
} Answer;

static json_object *own_instrument(const Answer *answer, const char *pid)
{
  for (guint i = 0; i < answer->instruments->len; i++)
    if (g_strcmp0(nx_json_get_string(answer->instruments->pdata[i], "instrument_pid"), pid) == 0)
      return answer->instruments->pdata[i];
  return NULL;
}

/* A usage_event line of a plug-in. What is wrong with it is logged and costs it alone; FALSE only when it could not be passed on. */
static gboolean pass_event(const Answer *answer, json_object *event, GError **err)
{
  static const char *const KEYS[] = {"session_identifier", "instrument_pid", "start", "end", NULL};
  for (const char *const *key = KEYS; *key; key++) {
    g_autoptr(GError) problem = NULL;
    if (!nx_lines_need_text(answer->lines, event, *key, &problem)) {
      nx_log_warning("the plug-in's %s; the event is left out", problem->message);
      return TRUE;
    }
  }
  const char *pid = nx_json_get_string(event, "instrument_pid");
  json_object *instrument = own_instrument(answer, pid);
  if (!instrument) {
    nx_log_warning("line %" G_GUINT64_FORMAT " of the plug-in: instrument '%s' is not one of its own; the event is left out",
                   nx_lines_number(answer->lines), pid);
    return TRUE;
  }
  return nx_harvest_emit(answer->harvest, instrument, nx_json_get_string(event, "session_identifier"), nx_json_get_string(event, "start"),
                         nx_json_get_string(event, "end"), nx_json_get_string(event, "user"), err);
}

static gboolean pass_events(const NxHarvest *harvest, GPtrArray *instruments, const GString *text, GError **problem, GError **err)
{
  static const char *const KINDS[] = {"usage_event", NULL};
  int fd = nx_memory_file(text->str, text->len, problem);
  g_autoptr(NxLines) lines = nx_lines_new(fd);
  const Answer answer = {harvest, instruments, lines};
  gboolean good = TRUE;
  while (fd >= 0 && good) {
    g_autoptr(json_object) event = NULL;
    if (!nx_lines_next(lines, KINDS, &event, problem) || !event)
      break;
    good = pass_event(&answer, event, err);
  }
  if (fd >= 0)
    close(fd);
  return good;
}

gboolean nx_harvest_plugin_events(const NxHarvest *harvest, const char *name, GPtrArray *instruments, const NxHarvestBounds *bounds,
                                  GError **err)
{
  g_autoptr(GError) problem = NULL;
  g_autofree char *path = need_path(name, &problem);
  g_autofree char *from = bounds->from ? nx_time_format(bounds->from) : g_strdup("none");
  g_autofree char *to = bounds->to ? nx_time_format(bounds->to) : g_strdup("none");
  char *argv[] = {path, (char *)"events", (char *)"--from", from, (char *)"--to", to, NULL};
  g_autoptr(GString) input = g_string_new(NULL);
  for (guint i = 0; i < instruments->len; i++) {
    nx_json_append(input, instruments->pdata[i], NX_JSON_LINE);
    g_string_append_c(input, '\n');
  }
  g_autoptr(GString) output = path ? run(argv, input, &problem) : NULL;
  if (output && !pass_events(harvest, instruments, output, &problem, err))
    return FALSE;
  if (g_error_matches(problem, NX_ERROR, NX_ERROR_INTERRUPTED)) {
    g_propagate_error(err, g_steal_pointer(&problem));
    return FALSE;
  }
  if (problem)
    nx_log_error("harvest by %s failed: %s", name, problem->message);
  return TRUE;
}

/* ---------------------------------------------------------------------------------------------------------- sessions */

/* Everything the plug-in's line says is taken over; what it left out stays. */
static gboolean merge_answer(json_object *session, GString *output, const char *program, GError **err)
{
  g_autoptr(GError) reason = NULL;
  g_autoptr(json_object) answer = nx_json_parse(output->str, output->len, &reason);
  const char *identifier = nx_json_get_string(answer, "session_identifier");
  if (!answer || g_strcmp0(identifier, nx_json_get_string(session, "session_identifier")) != 0) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "%s did not answer with the session's line%s%s", program, reason ? ": " : "",
                reason ? reason->message : "");
    return FALSE;
  }
  json_object_object_foreach(answer, key, value)
  {
    nx_json_set(session, key, json_object_get(value));
  }
  if (!nx_session_is_open(session, NULL) || nx_json_get(session, "reservation"))
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "%s answered with neither a reservation nor a reason why there is none", program);
  return FALSE;
}

gboolean nx_harvest_plugin_describe(const char *name, json_object *session, GError **err)
{
  g_autofree char *path = need_path(name, err);
  if (!path)
    return FALSE;
  char *argv[] = {path, (char *)"reservations", NULL};
  g_autoptr(GString) input = g_string_new(NULL);
  nx_json_append(input, session, NX_JSON_LINE);
  g_string_append_c(input, '\n');
  g_autoptr(GString) output = run(argv, input, err);
  return output && merge_answer(session, output, path, err);
}
