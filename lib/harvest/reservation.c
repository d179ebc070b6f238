/* reservation.c — question data of NEMO (harvest-nemo §9) and the `reservation` object of LINES.
 * The answers are typed by people into forms that their administrators draw: any widget may stand where another is expected. */
#include "reservation.h"

#include <string.h>

/* The keys after `source`, in the order in which they are written. */
static const char *const TEXT_KEYS[] = {
    "internal_id",      "url",
    "experiment_title", "experiment_purpose",
    "start_time",       "end_time",
    "last_updated",     "username",
    "user_full_name",   "user_email",
    "user_first_name",  "user_last_name",
    "created_by",       "created_by_full_name",
    "division",         "group",
};

json_object *nx_reservation_new(const char *source)
{
  json_object *reservation = json_object_new_object();
  nx_json_set_string(reservation, "source", source);
  for (gsize i = 0; i < G_N_ELEMENTS(TEXT_KEYS); i++)
    nx_json_set(reservation, TEXT_KEYS[i], NULL);
  nx_json_set(reservation, "samples", json_object_new_array());
  nx_json_set(reservation, "projects", json_object_new_array());
  return reservation;
}

json_object *nx_reservation_sample(const char *name, const char *pid, const char *details, json_object *elements)
{
  json_object *sample = json_object_new_object();
  nx_json_set_string(sample, "name", name);
  nx_json_set_string(sample, "pid", pid);
  nx_json_set_string(sample, "details", details);
  nx_json_set(sample, "elements", elements);
  return sample;
}

json_object *nx_reservation_project(const char *name, const char *id, const char *ref)
{
  json_object *project = json_object_new_object();
  nx_json_set_string(project, "name", name);
  nx_json_set_string(project, "id", id);
  nx_json_set_string(project, "ref", ref);
  return project;
}

/* A string as C can hold it (DECISIONS 47). */
static char *string_text(const char *name, json_object *string)
{
  guint dropped = 0;
  char *text = nx_text_without_nul(json_object_get_string(string), (gsize)json_object_get_string_len(string), &dropped);
  if (dropped)
    nx_log_warning("the answer to '%s' holds NUL characters, which are left out of it", name);
  return text;
}

/* The answer to question `name` as text: a string as it is, a number or a word as JSON writes it; NULL for null, arrays and objects. */
static char *scalar_text(const char *name, json_object *value)
{
  switch (json_object_get_type(value)) {
  case json_type_string:
    return string_text(name, value);
  case json_type_boolean:
  case json_type_int:
  case json_type_double:
    return nx_json_text(value, NX_JSON_LINE);
  default:
    return NULL;
  }
}

NxConsent nx_consent_judge(json_object *answer)
{
  static const char *const REFUSALS[] = {"disagree", "no", "false", "negative", NULL};
  if (json_object_is_type(answer, json_type_array)) {
    if (json_object_array_length(answer) == 0)
      return NX_CONSENT_REFUSED;
    answer = json_object_array_get_idx(answer, 0);
  }
  g_autofree char *text = scalar_text("data_consent", answer);
  if (!text)
    return NX_CONSENT_UNDEFINED;
  g_autofree char *lower = g_utf8_strdown(text, -1);
  if (g_strv_contains(REFUSALS, lower))
    return NX_CONSENT_REFUSED;
  return *g_strstrip(lower) ? NX_CONSENT_GIVEN : NX_CONSENT_UNDEFINED;
}

json_object *nx_answer(json_object *questions, const char *name)
{
  return nx_json_get(nx_json_get(questions, name), "user_input");
}

char *nx_answer_text(json_object *questions, const char *name)
{
  return scalar_text(name, nx_answer(questions, name));
}

/* The symbols somebody chose: an array of texts, or one text from a list with a single choice; NULL when nothing was chosen. */
static json_object *read_elements(json_object *chosen)
{
  gboolean is_one = json_object_is_type(chosen, json_type_string);
  if (!is_one && !json_object_is_type(chosen, json_type_array))
    return NULL;
  json_object *elements = json_object_new_array();
  if (is_one) {
    json_object_array_add(elements, json_object_get(chosen));
    return elements;
  }
  for (gsize i = 0; i < json_object_array_length(chosen); i++) {
    json_object *symbol = json_object_array_get_idx(chosen, i);
    if (json_object_is_type(symbol, json_type_string))
      json_object_array_add(elements, json_object_get(symbol));
  }
  return elements;
}

static char *member_text(json_object *entry, const char *name)
{
  return scalar_text(name, nx_json_get(entry, name));
}

static json_object *read_sample(json_object *entry)
{
  g_autofree char *text = member_text(entry, "sample_name"), *details = member_text(entry, "sample_details");
  const char *kind = nx_json_get_string(entry, "sample_or_pid");
  gboolean is_pid = kind && g_ascii_strcasecmp(kind, "pid") == 0, is_name = kind && g_ascii_strcasecmp(kind, "sample name") == 0;
  return nx_reservation_sample(is_name ? text : NULL, is_pid ? text : NULL, details && *details ? details : NULL,
                               read_elements(nx_json_get(entry, "periodic_table")));
}

json_object *nx_answer_samples(json_object *questions)
{
  json_object *samples = json_object_new_array(), *entries = nx_answer(questions, "sample_group");
  if (entries && !json_object_is_type(entries, json_type_object)) {
    nx_log_warning("the answer to 'sample_group' is not a group of samples; it is left out");
    return samples;
  }
  if (!entries)
    return samples;
  json_object_object_foreach(entries, index, entry)
  {
    if (json_object_is_type(entry, json_type_object)) {
      json_object_array_add(samples, read_sample(entry));
      continue;
    }
    g_autofree char *shown = nx_text_beginning(index);
    nx_log_warning("sample '%s' of 'sample_group' is not a group of answers; it is left out", shown);
  }
  return samples;
}
