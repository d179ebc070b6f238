/* destinations.c — check 10 of export §9: would every destination that is on accept records, and what that means under the strategy. */
#include "destinations.h"

static gboolean is_of_kind(json_object *line, const char *kind)
{
  return g_strcmp0(nx_json_get_string(line, "kind"), kind) == 0;
}

static json_object *result_of(json_object *lines, const char *name)
{
  for (gsize i = 0; i < json_object_array_length(lines); i++) {
    json_object *line = json_object_array_get_idx(lines, i);
    if (is_of_kind(line, "export_result") && g_strcmp0(nx_json_get_string(line, "destination_name"), name) == 0)
      return line;
  }
  return NULL;
}

/* What nx_check_judge_destinations wants to know of a destination. One that said nothing is not valid: `trouble` (or NULL) is why. */
static json_object *answer_of(json_object *destination, json_object *lines, const char *trouble)
{
  const char *name = nx_json_get_string(destination, "name");
  json_object *result = result_of(lines, name), *answer = json_object_new_object();
  g_autofree char *crash = g_strconcat("Unexpected error in check: ", trouble ? trouble : "it said nothing", NULL);
  nx_json_set_string(answer, "name", name);
  nx_json_set(answer, "local", json_object_new_boolean(nx_json_get_boolean(destination, "local")));
  nx_json_set(answer, "valid", json_object_new_boolean(nx_json_get_boolean(result, "valid")));
  nx_json_set_string(answer, "error", result ? nx_json_get_string(result, "error") : crash);
  return answer;
}

/* The finding behind what keeps another destination off, which is nobody's failure. Takes `finding`. */
static json_object *with_lacking(json_object *finding, const NxSettings *settings)
{
  g_autofree char *lacking = nx_settings_lacking(settings);
  g_autofree char *message = lacking ? g_strconcat(lacking, "; ", nx_json_get_string(finding, "message"), NULL) : NULL;
  if (message) {
    nx_json_set(finding, "passed", json_object_new_boolean(FALSE));
    nx_json_set_string(finding, "message", message);
  }
  return finding;
}

json_object *nx_destinations_finding(NxTask *task, const NxSettings *settings, gboolean settings_are_valid)
{
  g_autofree char *trouble = NULL;
  g_autoptr(json_object) lines = nx_task_lines(task, &trouble), answers = json_object_new_array();
  for (gsize i = 0; i < json_object_array_length(lines); i++) {
    json_object *line = json_object_array_get_idx(lines, i);
    if (is_of_kind(line, "destination"))
      json_object_array_add(answers, answer_of(line, lines, trouble));
  }
  if (json_object_array_length(answers) > 0 || !trouble)
    return with_lacking(nx_check_judge_destinations(settings->export_strategy, answers), settings);
  if (!settings_are_valid)
    return nx_finding_new(NX_CHECK_DESTINATIONS, FALSE, NX_SEVERITY_ERROR,
                          "no destination can be asked while the configuration is not valid: run 'nexuslims config check'");
  return nx_finding_new(NX_CHECK_DESTINATIONS, FALSE, NX_SEVERITY_ERROR, "Unexpected error in check: %s", trouble);
}

/* ------------------------------------------------------------------------------------------------------------- judging */

static const char *name_of(json_object *answer)
{
  const char *name = nx_json_get_string(answer, "name");
  return name ? name : "?";
}

/* Whether a record could count as exported if this destination alone took it: a folder of ours only when it is the only one. */
static gboolean carries(json_object *answer, gsize n)
{
  return nx_json_get_boolean(answer, "valid") && (!nx_json_get_boolean(answer, "local") || n == 1);
}

json_object *nx_check_judge_destinations(NxExportStrategy strategy, json_object *answers)
{
  gsize n = json_object_array_length(answers), invalid = 0, carrying = 0;
  g_autoptr(GString) reasons = g_string_new(NULL), names = g_string_new(NULL);
  for (gsize i = 0; i < n; i++) {
    json_object *answer = json_object_array_get_idx(answers, i);
    const char *reason = nx_json_get_string(answer, "error");
    g_string_append_printf(names, "%s%s", i ? ", " : "", name_of(answer));
    carrying += carries(answer, n);
    if (nx_json_get_boolean(answer, "valid"))
      continue;
    invalid++;
    g_string_append_printf(reasons, "%s%s: %s", reasons->len ? "; " : "", name_of(answer), reason ? reason : "no reason was given");
  }
  if (n == 0)
    return nx_finding_new(NX_CHECK_DESTINATIONS, FALSE, NX_SEVERITY_WARNING,
                          "No export destinations are on: records are built and stay BUILT_NOT_EXPORTED; configure one with 'nexuslims config edit'");
  if (invalid == 0)
    return nx_finding_new(NX_CHECK_DESTINATIONS, TRUE, NX_SEVERITY_WARNING, "ready for records: %s", names->str);
  gboolean hopeless = strategy == NX_EXPORT_ALL || carrying == 0;
  return nx_finding_new(NX_CHECK_DESTINATIONS, FALSE, hopeless ? NX_SEVERITY_ERROR : NX_SEVERITY_WARNING, "%s", reasons->str);
}
