/* nexuslims-bundle-logs.c — log files: which ones, without their secrets, and how often they complain. Source: cli §10. */
#include "nexuslims-bundle.h"

#include <string.h>
#include <sys/stat.h>

#define LOG_MAX (64u * 1024u * 1024u)
#define DEPTH_MAX 8

typedef struct {
  char *path;
  gint64 modified_s;
} LogFile;

typedef struct {
  guint warnings, errors, tracebacks;
} Complaints;

static void log_file_free(gpointer data)
{
  LogFile *log = data;
  g_free(log->path);
  g_free(log);
}

/* ------------------------------------------------------------------------------------------------------- selection */

static void find_logs(const char *folder, guint depth, GPtrArray *logs)
{
  g_autoptr(GDir) entries = g_dir_open(folder, 0, NULL);
  for (const char *name = entries ? g_dir_read_name(entries) : NULL; name; name = g_dir_read_name(entries)) {
    struct stat status;
    g_autofree char *path = g_build_filename(folder, name, NULL);
    if (lstat(path, &status) != 0)
      continue;
    if (S_ISDIR(status.st_mode) && depth < DEPTH_MAX)
      find_logs(path, depth + 1, logs);
    if (!S_ISREG(status.st_mode) || !g_str_has_suffix(name, ".log"))
      continue;
    LogFile *log = g_new0(LogFile, 1);
    *log = (LogFile){.path = g_steal_pointer(&path), .modified_s = status.st_mtim.tv_sec};
    g_ptr_array_add(logs, log);
  }
}

static int newest_first(gconstpointer a, gconstpointer b)
{
  const LogFile *left = *(LogFile *const *)a, *right = *(LogFile *const *)b;
  if (left->modified_s != right->modified_s)
    return left->modified_s < right->modified_s ? 1 : -1;
  return strcmp(right->path, left->path);
}

/* Drops what is too old and what is too much. */
static void choose_logs(const Bundle *bundle, GPtrArray *logs)
{
  const NxSupportBundleOptions *options = bundle->options;
  g_ptr_array_sort(logs, newest_first);
  if (options->include_all_logs)
    return;
  gint64 days = MIN(options->log_days, G_MAXINT32);
  gint64 oldest_s = g_date_time_to_unix(bundle->now) - days * 24 * 60 * 60;
  guint kept = 0;
  while (kept < logs->len && kept < options->max_log_files && ((LogFile *)logs->pdata[kept])->modified_s >= oldest_s)
    kept++;
  g_ptr_array_set_size(logs, (gint)kept);
}

/* ------------------------------------------------------------------------------------------------------ complaints */

static Complaints count_complaints(const char *text)
{
  Complaints complaints = {0};
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    complaints.warnings += strstr(lines[i], "WARNING") != NULL;
    complaints.errors += strstr(lines[i], "ERROR") != NULL;
    complaints.tracebacks += strstr(lines[i], "Traceback") != NULL || strstr(lines[i], "TRACEBACK") != NULL;
  }
  return complaints;
}

/* ----------------------------------------------------------------------------------------------------------- entries */

/* "logs/" + the path below the log folder, only letters, digits and ._-; a name that is taken gets -1, -2. */
static char *entry_name(const Bundle *bundle, const char *path, GHashTable *taken)
{
  const char *folder = bundle->settings ? bundle->settings->log_path : NULL;
  const char *below = folder ? nx_path_below(path, folder) : NULL;
  g_autofree char *base = g_path_get_basename(path);
  g_autofree char *plain = g_strdup(below ? below : base);
  g_strcanon(plain, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-", '_');
  char *name = g_strdup_printf("logs/%s", plain);
  for (guint number = 1; !g_hash_table_add(taken, g_strdup(name)); number++) {
    g_free(name);
    name = g_strdup_printf("logs/%s-%u", plain, number);
  }
  return name;
}

static json_object *complaints_json(Complaints complaints)
{
  json_object *counts = json_object_new_object();
  json_object_object_add(counts, "warning", json_object_new_int64(complaints.warnings));
  json_object_object_add(counts, "error", json_object_new_int64(complaints.errors));
  json_object_object_add(counts, "traceback", json_object_new_int64(complaints.tracebacks));
  return counts;
}

static void add_log(Bundle *bundle, const char *path, GHashTable *taken, json_object *files, Complaints *total)
{
  g_autoptr(GError) problem = NULL;
  g_autofree char *name = entry_name(bundle, path, taken);
  g_autofree char *bytes = NULL;
  gsize length;
  if (!nx_file_read(path, LOG_MAX, &bytes, &length, &problem)) {
    bundle_add_failure(bundle, name, problem);
    return;
  }
  g_autofree char *text = nx_text_utf8(bytes, (gssize)length);
  g_autofree char *redacted = bundle_without_secrets(text);
  Complaints complaints = count_complaints(redacted);
  total->warnings += complaints.warnings;
  total->errors += complaints.errors;
  total->tracebacks += complaints.tracebacks;
  json_object_object_add(files, name, complaints_json(complaints));
  bundle_add(bundle, name, "text/plain", g_string_new(redacted), -1);
}

void bundle_collect_logs(Bundle *bundle)
{
  g_autoptr(GPtrArray) logs = g_ptr_array_new_with_free_func(log_file_free);
  g_autoptr(GHashTable) taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  Complaints total = {0};
  json_object *files = json_object_new_object();
  if (!bundle->options->no_default_logs && bundle->settings && bundle->settings->log_path)
    find_logs(bundle->settings->log_path, 0, logs);
  choose_logs(bundle, logs);
  for (guint i = 0; i < logs->len; i++)
    add_log(bundle, ((LogFile *)logs->pdata[i])->path, taken, files, &total);
  for (const char *const *log = bundle->options->logs; *log; log++)
    add_log(bundle, *log, taken, files, &total);
  json_object *summary = json_object_new_object();
  gint64 n = json_object_object_length(files);
  json_object_object_add(summary, "files", files);
  json_object_object_add(summary, "total", complaints_json(total));
  bundle_add_json(bundle, "log_summary.json", summary, n);
}
