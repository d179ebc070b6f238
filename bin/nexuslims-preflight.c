/* nexuslims-preflight.c — the checks before a build, as lines of the log (export §9). */
#include "nexuslims-preflight.h"
#include "nexuslims-pipeline.h"

/* Names of what forbids the build, in order, each once. */
typedef struct {
  GPtrArray *stoppers; /* of char* */
  gsize findings;
} Findings;

static void take_finding(const char *text, gsize length, gpointer user_data)
{
  Findings *findings = user_data;
  g_autoptr(json_object) line = nx_json_parse(text, length, NULL);
  const char *name = nx_json_get_string(line, "name"), *message = nx_json_get_string(line, "message");
  if (!name || !message)
    return;
  gboolean passed = nx_json_get_boolean(line, "passed"), is_error = g_strcmp0(nx_json_get_string(line, "severity"), "warning") != 0;
  findings->findings++;
  nx_log(passed ? NX_LOG_DEBUG : is_error ? NX_LOG_ERROR : NX_LOG_WARNING, "[preflight] %s: %s — %s", name, passed ? "PASS" : "FAIL", message);
  if (!passed && is_error && !g_ptr_array_find_with_equal_func(findings->stoppers, name, g_str_equal, NULL))
    g_ptr_array_add(findings->stoppers, g_strdup(name));
}

static gboolean run_checks(gboolean dry_run, const char *verbosity, int log_fd, Findings *findings)
{
  char *words[] = {"nexuslims-check", "--lines", dry_run ? "-n" : (char *)verbosity, dry_run ? (char *)verbosity : NULL, NULL};
  char **stages[] = {words, NULL};
  Pipeline pipeline = {.name = "preflight", .stages = stages, .log_fd = log_fd, .line = take_finding, .user_data = findings};
  return pipeline_is_complete(&pipeline) && pipeline_run(&pipeline);
}

gboolean preflight_passes(gboolean dry_run, const char *verbosity, int log_fd)
{
  g_autoptr(GPtrArray) stoppers = g_ptr_array_new_with_free_func(g_free);
  Findings findings = {.stoppers = stoppers};
  if (!run_checks(dry_run, verbosity, log_fd, &findings))
    return FALSE;
  if (findings.findings == 0)
    nx_log_error("Preflight checks failed: nexuslims-check said nothing");
  if (stoppers->len > 0) {
    g_ptr_array_add(stoppers, NULL);
    g_autofree char *names = g_strjoinv(", ", (char **)stoppers->pdata);
    nx_log_error("Preflight checks failed: %s", names);
    return FALSE;
  }
  return findings.findings > 0;
}
