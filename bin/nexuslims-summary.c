/* nexuslims-summary.c — session lines as sentences: on stdout one line a session, in a dry run also its files in the log.
 * Everything in a line is other people's text and is shown with its control characters escaped. */
#include "nexuslims-summary.h"

#include <string.h>

void tally_init(Tally *tally)
{
  *tally = (Tally){.by_status = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
}

void tally_clear(Tally *tally)
{
  g_clear_pointer(&tally->by_status, g_hash_table_unref);
}

static void count(Tally *tally, json_object *session, const char *status)
{
  tally->sessions++;
  if (nx_json_get(session, "postponed")) {
    tally->postponed++;
    return;
  }
  if (strcmp(status, "ERROR") == 0 || strcmp(status, "BUILT_NOT_EXPORTED") == 0)
    tally->failed++;
  guint before = GPOINTER_TO_UINT(g_hash_table_lookup(tally->by_status, status));
  g_hash_table_insert(tally->by_status, g_strdup(status), GUINT_TO_POINTER(before + 1));
}

char *tally_text(const Tally *tally)
{
  GString *text = g_string_new(NULL);
  g_string_printf(text, "%u session%s", tally->sessions, tally->sessions == 1 ? "" : "s");
  g_autoptr(GList) statuses = g_list_sort(g_hash_table_get_keys(tally->by_status), (GCompareFunc)strcmp);
  const char *gap = ": ";
  for (GList *status = statuses; status; status = status->next, gap = ", ")
    g_string_append_printf(text, "%s%u %s", gap, GPOINTER_TO_UINT(g_hash_table_lookup(tally->by_status, status->data)),
                           (char *)status->data);
  if (tally->postponed)
    g_string_append_printf(text, "%s%u postponed", gap, tally->postponed);
  return g_string_free(text, FALSE);
}

/* "2025-03-03T11:05:12-05:00 … 2025-03-03T15:59:30-05:00 on FEI-Titan-TEM-635816". */
static char *session_span(json_object *session)
{
  const char *instrument = nx_json_get_string(nx_json_get(session, "instrument"), "instrument_pid");
  const char *start = nx_json_get_string(session, "start"), *end = nx_json_get_string(session, "end");
  return g_strdup_printf("%s to %s on %s", start ? start : "?", end ? end : "?", instrument ? instrument : "?");
}

static gsize array_length(json_object *array)
{
  return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

static const char *plural(gint64 n)
{
  return n == 1 ? "" : "s";
}

static void append_record(GString *text, json_object *record)
{
  const char *path = nx_json_get_string(record, "path");
  if (!path)
    return;
  gint64 activities = nx_json_get_int(record, "activities", 0), datasets = nx_json_get_int(record, "datasets", 0);
  g_autofree char *name = g_path_get_basename(path);
  g_string_append_printf(text, "; %s (%" G_GINT64_FORMAT " activit%s, %" G_GINT64_FORMAT " dataset%s)", name, activities,
                         activities == 1 ? "y" : "ies", datasets, plural(datasets));
}

static void append_exports(GString *text, json_object *exports)
{
  for (gsize i = 0; i < array_length(exports); i++) {
    json_object *result = json_object_array_get_idx(exports, i);
    const char *destination = nx_json_get_string(result, "destination_name"), *problem = nx_json_get_string(result, "error_message");
    g_string_append_printf(text, "; %s: %s", destination ? destination : "?",
                           nx_json_get_boolean(result, "success") ? "exported"
                           : problem                              ? problem
                                                                  : "not exported");
  }
}

static void append_reason(GString *text, json_object *reason)
{
  const char *message = nx_json_get_string(reason, "message");
  if (message)
    g_string_append_printf(text, "; %s", message);
}

static void print_line(GString *text)
{
  g_autofree char *visible = nx_text_visible(text->str);
  g_autofree char *masked = nx_log_masked(visible);
  puts(masked);
  fflush(stdout);
}

static json_object *read_session(const char *line, gsize length)
{
  g_autoptr(GError) problem = NULL;
  json_object *session = nx_json_parse(line, length, &problem);
  if (!session)
    nx_log_warning("a line of the last stage cannot be read: %s", problem->message);
  return session;
}

static const char *status_of(json_object *session)
{
  const char *status = nx_json_get_string(session, "status");
  return status ? status : "?";
}

static GString *headline(json_object *session, const char *word)
{
  const char *identifier = nx_json_get_string(session, "session_identifier");
  g_autofree char *span = session_span(session);
  GString *text = g_string_new(NULL);
  g_string_printf(text, "%s: %s (%s)", word, identifier ? identifier : "?", span);
  return text;
}

void summary_of_built(const char *line, gsize length, gpointer user_data)
{
  g_autoptr(json_object) session = read_session(line, length);
  if (!session)
    return;
  json_object *postponed = nx_json_get(session, "postponed");
  g_autoptr(GString) text = headline(session, postponed ? "postponed" : status_of(session));
  append_record(text, nx_json_get(session, "record"));
  append_exports(text, nx_json_get(session, "exports"));
  append_reason(text, postponed ? postponed : nx_json_get(session, "error"));
  print_line(text);
  count(user_data, session, status_of(session));
}

/* --------------------------------------------------------------------------------------------------------- dry run */

static void log_files(json_object *session)
{
  json_object *files = nx_json_get(session, "files");
  GTimeZone *zone = nx_line_zone(session);
  gsize n = array_length(files);
  for (gsize i = 0; i < n; i++) {
    json_object *file = json_object_array_get_idx(files, i);
    g_autoptr(GDateTime) modified = nx_time_from_epoch(nx_json_get_double(file, "mtime", 0), zone);
    g_autofree char *time = modified ? nx_time_format(modified) : g_strdup("?");
    const char *path = nx_json_get_string(file, "path");
    nx_log_info("*mtime* %s - %s", time, path ? path : "?");
  }
  if (n > 0)
    nx_log_info("Found %zu file%s for this session", n, plural((gint64)n));
  else
    nx_log_warning("No files found for this session");
}

static void log_session(json_object *session)
{
  const char *identifier = nx_json_get_string(session, "session_identifier");
  g_autofree char *span = session_span(session);
  json_object *reason = nx_json_get(session, "postponed");
  if (!reason)
    reason = nx_json_get(session, "error");
  const char *message = nx_json_get_string(reason, "message"), *stage = nx_json_get_string(reason, "stage");
  nx_log_info("%s", "");
  nx_log_info("%s", "");
  nx_log_info("Session %s (%s)", identifier ? identifier : "?", span);
  if (reason)
    nx_log_warning("%s: %s", status_of(session), message ? message : "no reason given");
  if (!reason || g_strcmp0(stage, "nx-find-files") == 0)
    log_files(session);
}

void summary_of_dry_run(const char *line, gsize length, gpointer user_data)
{
  g_autoptr(json_object) session = read_session(line, length);
  if (!session)
    return;
  log_session(session);
  json_object *postponed = nx_json_get(session, "postponed");
  g_autoptr(GString) text = headline(session, postponed ? "postponed" : status_of(session));
  gsize files = array_length(nx_json_get(session, "files")), activities = array_length(nx_json_get(session, "activities"));
  if (files > 0)
    g_string_append_printf(text, "; %zu file%s, %zu activit%s", files, plural((gint64)files), activities, activities == 1 ? "y" : "ies");
  append_reason(text, postponed ? postponed : nx_json_get(session, "error"));
  print_line(text);
  count(user_data, session, status_of(session));
}
