/* apart.c — the checks that need no other program share one process; only when it dies is another one needed. */
#include "apart.h"

#include "task.h"

/* What one process does: the checks from `first` on, each announced by a line, so that it is known which one did not come back. */
typedef struct {
  const NxCheck *const *checks;
  guint first, n;
  const NxSubject *subject;
} Round;

static void announce(guint number, FILE *out)
{
  g_autoptr(json_object) line = json_object_new_object();
  nx_json_set_string(line, "kind", "begin");
  nx_json_set(line, "number", json_object_new_int((int)number));
  nx_line_write(out, line, NULL);
}

static void work_round(gconstpointer data, FILE *out)
{
  const Round *round = data;
  for (guint i = round->first; i < round->n; i++) {
    announce(i, out);
    round->checks[i]->work(round->subject, out);
  }
}

/* Adds the findings of a round to `findings`; the number of the check that was begun last. */
static guint take_round(const Round *round, json_object *lines, json_object *findings)
{
  guint last = round->first;
  for (gsize i = 0; i < json_object_array_length(lines); i++) {
    json_object *line = json_object_array_get_idx(lines, i);
    if (nx_finding_is_whole(line))
      json_object_array_add(findings, json_object_get(line));
    else
      last = (guint)nx_json_get_int(line, "number", last);
  }
  return last;
}

json_object *nx_checks_run_apart(const NxCheck *const *checks, guint n, const NxSubject *subject)
{
  json_object *findings = json_object_new_array();
  for (Round round = {.checks = checks, .n = n, .subject = subject}; round.first < n;) {
    g_autofree char *trouble = NULL;
    g_autoptr(NxTask) task = nx_task_of_work("it", work_round, &round);
    g_autoptr(json_object) lines = nx_task_lines(task, &trouble);
    guint last = take_round(&round, lines, findings);
    if (trouble)
      json_object_array_add(findings, nx_finding_of_crash(checks[last]->name, checks[last]->severity, trouble));
    round.first = trouble ? last + 1 : n;
  }
  return findings;
}
