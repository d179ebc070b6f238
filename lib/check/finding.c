/* finding.c — check lines: made here, or come from a program that was asked. */
#include "finding.h"

static json_object *make(const char *name, gboolean passed, const char *severity, const char *message)
{
  g_autofree char *masked = nx_log_masked(message);
  g_autofree char *valid = nx_text_utf8(masked, -1);
  json_object *line = json_object_new_object();
  nx_json_set_string(line, "kind", "check");
  nx_json_set_string(line, "name", name);
  nx_json_set(line, "passed", json_object_new_boolean(passed));
  nx_json_set_string(line, "severity", severity);
  nx_json_set_string(line, "message", valid);
  return line;
}

json_object *nx_finding_new(const char *name, gboolean passed, const char *severity, const char *format, ...)
{
  va_list values;
  va_start(values, format);
  g_autofree char *message = g_strdup_vprintf(format, values);
  va_end(values);
  return make(name, passed, severity, message);
}

void nx_finding_write(FILE *out, const char *name, gboolean passed, const char *severity, const char *format, ...)
{
  va_list values;
  va_start(values, format);
  g_autofree char *message = g_strdup_vprintf(format, values);
  va_end(values);
  g_autoptr(json_object) line = make(name, passed, severity, message);
  nx_line_write(out, line, NULL); /* a reader that is gone has its own trouble */
}

json_object *nx_finding_of_crash(const char *name, const char *severity, const char *trouble)
{
  return nx_finding_new(name, FALSE, severity, "Unexpected error in check: %s", trouble);
}

gboolean nx_finding_is_whole(json_object *line)
{
  return g_strcmp0(nx_json_get_string(line, "kind"), "check") == 0 && nx_json_get_string(line, "name") &&
         json_object_is_type(nx_json_get(line, "passed"), json_type_boolean) && nx_json_get_string(line, "severity") &&
         nx_json_get_string(line, "message");
}

gboolean nx_check_stops(json_object *line)
{
  return !nx_json_get_boolean(line, "passed") && g_strcmp0(nx_json_get_string(line, "severity"), NX_SEVERITY_ERROR) == 0;
}
