/* nexuslims-bundle.c — entries of a support bundle, and the three that describe the others. Source: cli §10. */
#include "nexuslims-bundle.h"

#include <string.h>
#include <unistd.h>

#define SCHEMA_VERSION 1
#define OUTPUT_MAX (256u * 1024u * 1024u)

/* --------------------------------------------------------------------------------------------------------- entries */

static json_object *as_shown(json_object *value);

static int by_text(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static json_object *sorted_object(json_object *object)
{
  g_autoptr(GPtrArray) keys = g_ptr_array_new();
  json_object_object_foreach(object, key, member)
  {
    (void)member;
    g_ptr_array_add(keys, key);
  }
  g_ptr_array_sort(keys, by_text);
  json_object *sorted = json_object_new_object();
  for (guint i = 0; i < keys->len; i++)
    json_object_object_add(sorted, keys->pdata[i], as_shown(json_object_object_get(object, keys->pdata[i])));
  return sorted;
}

/* A copy with sorted keys and without credentials. */
static json_object *as_shown(json_object *value)
{
  if (json_object_is_type(value, json_type_object))
    return sorted_object(value);
  if (json_object_is_type(value, json_type_string)) {
    g_autofree char *text = bundle_without_secrets(json_object_get_string(value));
    return nx_json_string(text);
  }
  if (!json_object_is_type(value, json_type_array))
    return json_object_get(value);
  json_object *sorted = json_object_new_array();
  for (size_t i = 0; i < json_object_array_length(value); i++)
    json_object_array_add(sorted, as_shown(json_object_array_get_idx(value, i)));
  return sorted;
}

void bundle_add(Bundle *bundle, const char *path, const char *media_type, GString *text, gint64 records)
{
  g_autofree char *masked = nx_log_masked(text->str);
  g_string_assign(text, masked);
  Artifact *artifact = g_new0(Artifact, 1);
  *artifact = (Artifact){.path = g_strdup(path), .media_type = media_type, .records = records, .text = text};
  g_ptr_array_add(bundle->artifacts, artifact);
}

void bundle_add_json(Bundle *bundle, const char *path, json_object *value, gint64 records)
{
  g_autoptr(json_object) shown = as_shown(value);
  GString *text = g_string_new(NULL);
  nx_json_append(text, shown, NX_JSON_INDENT);
  g_string_append_c(text, '\n');
  json_object_put(value);
  bundle_add(bundle, path, "application/json", text, records);
}

void bundle_add_failure(Bundle *bundle, const char *path, const GError *error)
{
  g_autofree char *message = bundle_without_secrets(error->message);
  Artifact *artifact = g_new0(Artifact, 1);
  *artifact = (Artifact){.path = g_strdup(path), .media_type = "", .records = -1, .error = nx_log_masked(message)};
  g_ptr_array_add(bundle->artifacts, artifact);
}

guint bundle_count_failures(const Bundle *bundle)
{
  guint failures = 0;
  for (guint i = 0; i < bundle->artifacts->len; i++)
    failures += ((Artifact *)bundle->artifacts->pdata[i])->error != NULL;
  return failures;
}

/* ------------------------------------------------------------------------------------------------------ description */

static json_object *describe_options(const NxSupportBundleOptions *options)
{
  json_object *described = json_object_new_object();
  json_object *logs = json_object_new_array();
  for (const char *const *log = options->logs; *log; log++) {
    g_autofree char *name = nx_text_utf8(*log, -1);
    json_object_array_add(logs, nx_json_string(name));
  }
  json_object_object_add(described, "log_days", json_object_new_int64(options->log_days));
  json_object_object_add(described, "max_log_files", json_object_new_int64(options->max_log_files));
  json_object_object_add(described, "log", logs);
  json_object_object_add(described, "no_default_logs", json_object_new_boolean(options->no_default_logs));
  json_object_object_add(described, "include_all_logs", json_object_new_boolean(options->include_all_logs));
  return described;
}

static json_object *describe_artifact(const Artifact *artifact)
{
  json_object *described = json_object_new_object();
  nx_json_set_string(described, "path", artifact->path);
  nx_json_set_string(described, "media_type", *artifact->media_type ? artifact->media_type : NULL);
  json_object_object_add(described, "schema_version", json_object_new_int(SCHEMA_VERSION));
  json_object_object_add(described, "record_count", artifact->records >= 0 ? json_object_new_int64(artifact->records) : NULL);
  nx_json_set_string(described, "status", artifact->error ? "error" : "ok");
  nx_json_set_string(described, "error", artifact->error);
  return described;
}

static void add_errors(Bundle *bundle)
{
  json_object *errors = json_object_new_array();
  for (guint i = 0; i < bundle->artifacts->len; i++) {
    const Artifact *artifact = bundle->artifacts->pdata[i];
    if (!artifact->error)
      continue;
    json_object *error = json_object_new_object();
    nx_json_set_string(error, "path", artifact->path);
    nx_json_set_string(error, "error", artifact->error);
    json_object_array_add(errors, error);
  }
  bundle_add_json(bundle, "errors.json", errors, bundle_count_failures(bundle));
}

static void add_summary(Bundle *bundle)
{
  g_autofree char *time = nx_time_format(bundle->now);
  GString *page = g_string_new(NULL);
  g_string_printf(
      page,
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>NexusLIMS support bundle</title></head>\n<body>\n"
      "<h1>NexusLIMS support bundle</h1>\n<p>%s %s, collected %s</p>\n<table>\n<tr><th>Entry</th><th>Records</th><th>Problem</th></tr>\n",
      NX_PRODUCT, NX_VERSION, time);
  for (guint i = 0; i < bundle->artifacts->len; i++) {
    const Artifact *artifact = bundle->artifacts->pdata[i];
    g_autofree char *records = artifact->records >= 0 ? g_strdup_printf("%" G_GINT64_FORMAT, artifact->records) : g_strdup("");
    g_autofree char *row = g_markup_printf_escaped("<tr><td>%s</td><td>%s</td><td>%s</td></tr>\n", artifact->path, records,
                                                   artifact->error ? artifact->error : "");
    g_string_append(page, row);
  }
  g_string_append(page, "</table>\n</body></html>\n");
  bundle_add(bundle, "summary.html", "text/html", page, -1);
}

void bundle_describe(Bundle *bundle)
{
  add_errors(bundle);
  add_summary(bundle);
  json_object *manifest = json_object_new_object();
  json_object *artifacts = json_object_new_array();
  for (guint i = 0; i < bundle->artifacts->len; i++)
    json_object_array_add(artifacts, describe_artifact(bundle->artifacts->pdata[i]));
  g_autofree char *time = nx_time_format(bundle->now);
  json_object_object_add(manifest, "schema_version", json_object_new_int(SCHEMA_VERSION));
  nx_json_set_string(manifest, "version", NX_VERSION);
  nx_json_set_string(manifest, "created", time);
  json_object_object_add(manifest, "options", describe_options(bundle->options));
  json_object_object_add(manifest, "artifacts", artifacts);
  bundle_add_json(bundle, "manifest.json", manifest, bundle->artifacts->len);
}

/* --------------------------------------------------------------------------------------------------- other programs */

/* Everything that was written to a memory file. */
static char *read_memory(int fd)
{
  gsize length = (gsize)CLAMP(lseek(fd, 0, SEEK_END), 0, (off_t)OUTPUT_MAX);
  char *text = g_malloc(length + 1);
  text[MAX(pread(fd, text, length, 0), 0)] = '\0';
  return text;
}

static char *last_line(char *text)
{
  g_strchomp(text);
  const char *newline = strrchr(text, '\n');
  return g_strdup(newline ? newline + 1 : text);
}

char *bundle_run(const char *const *words, gsize *length, int *status, GError **err)
{
  g_autofree char *path = nx_program_path(words[0]);
  if (!path) {
    g_set_error(err, NX_ERROR, NX_ERROR_MISSING, "%s is not installed", words[0]);
    return NULL;
  }
  g_auto(GStrv) argv = g_strdupv((char **)words);
  g_free(argv[0]);
  argv[0] = g_steal_pointer(&path);
  int talk = nx_memory_file("", 0, err);
  if (talk < 0)
    return NULL;
  const NxQuestion question = {.argv = argv, .answer_max = OUTPUT_MAX, .err = talk};
  g_autoptr(GString) answer = nx_process_ask(&question, status, err);
  g_autofree char *said = read_memory(talk), *reason = last_line(said);
  close(talk);
  if (answer && answer->len == 0 && *status != 0)
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "%s ended with exit status %d: %s", words[0], *status, reason);
  else if (answer) {
    *length = answer->len;
    return g_string_free(g_steal_pointer(&answer), FALSE);
  }
  return NULL;
}
