/* result.c — the outcome of one attempt as the line and the upload_log keep it (export §3). */
#include "result.h"

#include <string.h>

#define ERROR_TEXT_MAX 2000
/* What a server or a program of somebody's own says goes onto the session's line, which has an end. */
#define ID_MAX 2000
#define METADATA_MAX (64u * 1024u)
#define WARNINGS_MAX 100u

void nx_job_warn(NxExportJob *job, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  g_autofree char *raw = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  g_autofree char *text = nx_result_error_text(raw);
  nx_log_warning("%s", text);
  if (json_object_array_length(job->warnings) < WARNINGS_MAX)
    json_object_array_add(job->warnings, json_object_new_string(text));
}

char *nx_result_error_text(const char *message)
{
  char *text = nx_text_start(message, ERROR_TEXT_MAX);
  for (char *at = text; *at; at++)
    if (g_ascii_iscntrl(*at))
      *at = ' ';
  return text;
}

/* Members that are null go, all others come. */
static void take_members(json_object *to, json_object *from)
{
  if (!json_object_is_type(from, json_type_object))
    return;
  json_object_object_foreach(from, key, value)
  {
    if (value)
      nx_json_set(to, key, json_object_get(value));
    else
      json_object_object_del(to, key);
  }
}

/* What the next attempt has to know: what this one left, and what it was told of those before, which may not even have been asked about. What
 * would make that too long is not kept. */
static json_object *metadata_of_failure(const char *destination, const NxExportJob *job)
{
  g_autoptr(json_object) told = json_object_new_object(), all = json_object_new_object();
  take_members(told, nx_json_get(job->context, "metadata"));
  take_members(all, told);
  take_members(all, job->metadata);
  g_autofree char *text = nx_json_text(all, NX_JSON_LINE);
  if (strlen(text) <= METADATA_MAX)
    return g_steal_pointer(&all);
  nx_log_warning("%s left %zu bytes of metadata behind, which are not kept: at most %u are", destination, strlen(text), METADATA_MAX);
  return g_steal_pointer(&told);
}

/* What is wrong with the answer of a success; NULL: nothing. */
static GError *oversize(const char *destination, const NxExportJob *job)
{
  const struct {
    const char *what, *text;
  } ANSWERS[] = {{"record id", job->record_id}, {"record address", job->record_url}};
  for (gsize i = 0; i < G_N_ELEMENTS(ANSWERS); i++)
    if (ANSWERS[i].text && strlen(ANSWERS[i].text) > ID_MAX)
      return g_error_new(NX_ERROR, NX_ERROR_FORMAT, "%s answered with a %s of %zu bytes; at most %d are taken", destination, ANSWERS[i].what,
                         strlen(ANSWERS[i].text), ID_MAX);
  return NULL;
}

json_object *nx_result_new(const char *destination, const NxExportJob *job, const GError *failure)
{
  g_autoptr(GError) wrong = failure ? NULL : oversize(destination, job);
  const GError *problem = failure ? failure : wrong;
  g_autoptr(GDateTime) now = nx_time_now();
  g_autofree char *stamp = nx_time_format(now);
  g_autofree char *error = problem ? nx_result_error_text(problem->message) : NULL;
  json_object *result = json_object_new_object();
  nx_json_set_string(result, "destination_name", destination);
  nx_json_set(result, "success", json_object_new_boolean(!problem));
  nx_json_set_string(result, "record_id", problem ? NULL : job->record_id);
  nx_json_set_string(result, "record_url", problem ? NULL : job->record_url);
  nx_json_set_string(result, "error_message", error);
  nx_json_set_string(result, "timestamp", stamp);
  nx_json_set(result, "metadata", problem ? metadata_of_failure(destination, job) : json_object_new_object());
  nx_json_set(result, "warnings", json_object_get(job->warnings));
  return result;
}

json_object *nx_result_of(json_object *results, const char *destination)
{
  gsize count = json_object_is_type(results, json_type_array) ? json_object_array_length(results) : 0;
  for (gsize i = count; i-- > 0;) {
    json_object *result = json_object_array_get_idx(results, i);
    if (g_strcmp0(nx_json_get_string(result, "destination_name"), destination) == 0)
      return result;
  }
  return NULL;
}
