/* snapshot-write.c — export: a Parquet file a table, and the manifest that makes them a snapshot (igem-db §5.7, §8). */
#include "nx-snapshot.h"

#include "folder-lock.h"
#include "work-folder.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RULE "---------------------------------------- --------------- ------------"
#define MAKER "export" /* of work folders */
#define LOOK_UP_EVERY 1000 /* rows between two looks at the interrupt flag */

typedef struct {
  const NxSnapshotOptions *options;
  const NxRowSource *source;
  const char *folder; /* without slashes at its end */
  const NxWorkFolder *work;
  json_object *entries;
  gint64 rows;
  guint64 size;
} Export;

/* ------------------------------------------------------------------------------------------------------------- choice */

static GHashTable *typed_names(const char *list)
{
  GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  g_auto(GStrv) parts = g_strsplit(list ? list : "", ",", -1);
  for (char **part = parts; *part; part++)
    if (*g_strstrip(*part))
      g_hash_table_add(names, g_strdup(*part));
  return names;
}

static gboolean refuse_unknown(GHashTable *wanted, const char *const *tables, GError **err)
{
  g_autoptr(GList) names = g_list_sort(g_hash_table_get_keys(wanted), (GCompareFunc)strcmp);
  g_autoptr(GString) unknown = g_string_new(NULL);
  for (GList *name = names; name; name = name->next)
    if (!g_strv_contains(tables, name->data))
      g_string_append_printf(unknown, "%s'%s'", unknown->len ? ", " : "", (char *)name->data);
  if (unknown->len == 0)
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_MISSING, "Tables not found in DB: [%s]", unknown->str);
  return FALSE;
}

static GPtrArray *choose_tables(const NxSnapshotOptions *options, GError **err)
{
  g_autoptr(GHashTable) only = typed_names(options->only), exclude = typed_names(options->exclude);
  g_autoptr(GPtrArray) chosen = g_ptr_array_new();
  if (!refuse_unknown(only, options->tables, err))
    return NULL;
  for (const char *const *table = options->tables; *table; table++)
    if ((g_hash_table_size(only) == 0 || g_hash_table_contains(only, *table)) && !g_hash_table_contains(exclude, *table))
      g_ptr_array_add(chosen, (gpointer)*table);
  if (chosen->len > 0)
    return g_steal_pointer(&chosen);
  g_set_error_literal(err, NX_ERROR, NX_ERROR_MISSING, "No tables to export after applying filters.");
  return NULL;
}

/* ------------------------------------------------------------------------------------------------------------- folders */

/* A folder that has something in it is filled only when that was asked for. */
static gboolean may_fill(const Export *export, GError **err)
{
  g_autoptr(GDir) folder = g_dir_open(export->folder, 0, NULL);
  if (export->options->overwrite || !folder || !g_dir_read_name(folder))
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_DATA, "%s is not empty: nothing was written. Choose another folder, or give --overwrite",
              export->folder);
  return FALSE;
}

static gboolean move_file(const Export *export, const char *name, GError **err)
{
  g_autofree char *from = g_build_filename(export->work->path, name, NULL), *to = g_build_filename(export->folder, name, NULL);
  return g_rename(from, to) == 0 || nx_error_from_errno(err, errno, "write", to);
}

static gboolean is_written(const Export *export, const char *file)
{
  json_object_object_foreach(export->entries, table, entry) {
    (void)table;
    if (g_strcmp0(nx_json_get_string(entry, "file"), file) == 0)
      return TRUE;
  }
  return FALSE;
}

/* Goes to the file part by part: what a link leads to is not the snapshot's. */
static void remove_file(const char *folder, const char *file)
{
  struct stat about;
  g_auto(GStrv) parts = g_strsplit(file, "/", -1);
  char **part = parts;
  int at = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  for (; at >= 0 && part[1]; part++) {
    int next = openat(at, *part, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    close(at);
    at = next;
  }
  if (at < 0)
    return;
  if (fstatat(at, *part, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(about.st_mode))
    unlinkat(at, *part, 0);
  close(at);
}

/* Files of the snapshot before that this one does not have, and its alias dictionary, which would no longer fit. */
static void remove_stale(const Export *export, NxSnapshot *before)
{
  for (const char *const *table = nx_snapshot_tables(before); *table; table++) {
    g_autofree char *path = nx_snapshot_table_path(before, *table);
    const char *file = nx_path_below(path, export->folder);
    if (file && g_str_has_suffix(file, ".parquet") && !is_written(export, file))
      remove_file(export->folder, file);
  }
  g_autofree char *nlp = g_build_filename(export->folder, "nlp", NULL);
  if (!g_file_test(nlp, G_FILE_TEST_IS_DIR) || g_file_test(nlp, G_FILE_TEST_IS_SYMLINK))
    return;
  nx_work_folder_remove(nlp);
  nx_log_info("removed %s: it belonged to the snapshot before", nlp);
}

static gboolean move_all(const Export *export, GError **err)
{
  g_autoptr(NxFolderLock) lock = nx_folder_lock_take(export->folder, err);
  if (!lock)
    return FALSE;
  g_autofree char *manifest = g_build_filename(export->folder, "manifest.json", NULL);
  g_autoptr(NxSnapshot) before = nx_snapshot_open(export->folder, NULL);
  if (g_unlink(manifest) != 0 && errno != ENOENT)
    return nx_error_from_errno(err, errno, "replace", manifest);
  json_object_object_foreach(export->entries, table, entry) {
    (void)table;
    if (!move_file(export, nx_json_get_string(entry, "file"), err))
      return FALSE;
  }
  if (before)
    remove_stale(export, before);
  return nx_folder_sync(export->folder, err) && move_file(export, "manifest.json", err) && nx_folder_sync(export->folder, err);
}

static gboolean publish(const Export *export, GError **err)
{
  g_autofree char *parent = g_path_get_dirname(export->folder);
  if (export->work->is_inside)
    return move_all(export, err);
  return (g_rename(export->work->path, export->folder) == 0 || nx_error_from_errno(err, errno, "write", export->folder)) &&
         nx_folder_sync(parent, err);
}

/* -------------------------------------------------------------------------------------------------------------- tables */

/* What the disk has to say is no row's fault. */
static gboolean blame_row(const NxRowSource *source, GError **err)
{
  if (err && (g_error_matches(*err, NX_ERROR, NX_ERROR_PLACE) || g_error_matches(*err, NX_ERROR, NX_ERROR_IO)))
    return FALSE;
  g_autofree char *row = source->name_row(source->database);
  g_prefix_error(err, "row with %s, ", row);
  return FALSE;
}

static gboolean copy_rows(const NxRowSource *source, const GArray *fields, NxParquetWriter *writer, gint64 *rows, GError **err)
{
  g_autofree NxDatum *row = g_new0(NxDatum, fields->len + 1);
  gboolean more;
  for (;; (*rows)++) {
    if (*rows % LOOK_UP_EVERY == 0 && nx_interrupted()) {
      g_set_error_literal(err, NX_ERROR, NX_ERROR_INTERRUPTED, "Aborted!");
      return FALSE;
    }
    if (!source->next(source->database, row, &more, err))
      return FALSE;
    if (!more)
      return TRUE;
    if (source->is_secret && source->is_secret(source->database))
      nx_parquet_writer_close_to_others(writer);
    if (!nx_parquet_writer_add(writer, row, err))
      return blame_row(source, err);
  }
}

static json_object *column_names(const GArray *fields)
{
  json_object *names = json_object_new_array();
  for (guint i = 0; i < fields->len; i++)
    json_object_array_add(names, json_object_new_string(g_array_index(fields, NxField, i).name));
  return names;
}

static void describe_table(json_object *entry, const char *file, const GArray *fields, gint64 rows, const NxParquetWriter *writer)
{
  nx_json_set(entry, "rows", json_object_new_int64(rows));
  nx_json_set_string(entry, "file", file);
  nx_json_set(entry, "size_bytes", json_object_new_int64(nx_parquet_writer_size(writer)));
  nx_json_set_string(entry, "sha256", nx_parquet_writer_sha256(writer));
  nx_json_set(entry, "columns", column_names(fields));
}

static gboolean write_table(Export *export, const char *table, json_object *entry, GError **err)
{
  g_autoptr(GArray) fields = nx_fields_new();
  g_autofree char *file = g_strconcat(table, ".parquet", NULL), *path = g_build_filename(export->work->path, file, NULL);
  gint64 rows = 0;
  const char *notes[] = {"nx.table", table, NULL};
  NxParquetOptions options = {.codec = export->options->codec, .group_rows = export->options->group_rows, .creator = export->options->creator, .notes = notes};
  if (!export->source->open(export->source->database, table, fields, err))
    return FALSE;
  g_autoptr(NxParquetWriter) writer = nx_parquet_writer_new(path, fields, &options, err);
  if (!writer)
    return FALSE;
  if (!copy_rows(export->source, fields, writer, &rows, err) || !nx_parquet_writer_finish(writer, err)) {
    g_prefix_error(err, "table %s: ", table);
    return FALSE;
  }
  describe_table(entry, file, fields, rows, writer);
  export->rows += rows;
  export->size += (guint64)nx_parquet_writer_size(writer);
  return TRUE;
}

static void print_row(FILE *out, const char *table, gint64 rows, guint64 size)
{
  g_autofree char *rows_text = nx_snapshot_count_text(rows), *size_text = nx_snapshot_size_text(size);
  fprintf(out, "  %-40s %15s %12s\n", table, rows_text, size_text);
  fflush(out);
}

static gboolean export_table(Export *export, const char *table, GError **err)
{
  json_object *entry = json_object_new_object();
  nx_json_set(export->entries, table, entry);
  if (!write_table(export, table, entry, err))
    return FALSE;
  print_row(export->options->out, table, nx_json_get_int(entry, "rows", 0), (guint64)nx_json_get_int(entry, "size_bytes", 0));
  return TRUE;
}

/* ------------------------------------------------------------------------------------------------------------ manifest */

static char *utc_text(GDateTime *instant)
{
  int microsecond = g_date_time_get_microsecond(instant);
  g_autofree char *seconds = g_date_time_format(instant, "%Y-%m-%dT%H:%M:%S");
  return microsecond ? g_strdup_printf("%s.%06dZ", seconds, microsecond) : g_strconcat(seconds, "Z", NULL);
}

static void add_members(json_object *to, json_object *from)
{
  if (!from)
    return;
  json_object_object_foreach(from, key, value) nx_json_set(to, key, json_object_get(value));
}

static json_object *make_manifest(const Export *export, const char *version, GDateTime *start, double seconds)
{
  const NxSnapshotOptions *options = export->options;
  json_object *manifest = json_object_new_object();
  g_autofree char *exported_at = utc_text(start);
  if (options->schema)
    nx_json_set_string(manifest, "schema", options->schema);
  nx_json_set_string(manifest, "snapshot_version", version);
  add_members(manifest, options->facts);
  nx_json_set_string(manifest, "exported_at", exported_at);
  nx_json_set(manifest, "duration_seconds", nx_json_double((double)(gint64)(seconds * 10 + 0.5) / 10));
  nx_json_set(manifest, "source", json_object_get(options->source));
  nx_json_set(manifest, "compression", options->codec == NX_CODEC_NONE ? NULL : json_object_new_string(nx_codec_name(options->codec)));
  nx_json_set(manifest, "chunksize", json_object_new_int64(options->group_rows));
  nx_json_set(manifest, "tables", json_object_get(export->entries));
  add_members(manifest, options->last_facts);
  return manifest;
}

static gboolean write_manifest(const Export *export, json_object *manifest, GError **err)
{
  g_autofree char *text = nx_json_text(manifest, NX_JSON_INDENT), *path = g_build_filename(export->work->path, "manifest.json", NULL);
  return nx_file_write(path, text, strlen(text), 0644, err);
}

static void print_summary(const Export *export, json_object *manifest, double seconds)
{
  FILE *out = export->options->out;
  fprintf(out, "  " RULE "\n");
  print_row(out, "TOTAL", export->rows, export->size);
  fprintf(out, "\nManifest written: %s/manifest.json\n\n", export->folder);
  fprintf(out, "Snapshot version : %s\n", nx_json_get_string(manifest, "snapshot_version"));
  fprintf(out, "Schema version   : %s\n", nx_json_get_string(manifest, "schema_version"));
  fprintf(out, "Duration         : %.1fs\n", seconds);
}

static gboolean export_all(Export *export, GPtrArray *tables, GError **err)
{
  const NxSnapshotOptions *options = export->options;
  g_autoptr(GDateTime) start = g_date_time_new_now_utc(), today = g_date_time_new_now_local();
  g_autofree char *date = g_date_time_format(today, "%Y-%m-%d");
  gint64 began = g_get_monotonic_time();
  fprintf(options->out, "\nSnapshot export — %u tables → %s (compression=%s)\n", tables->len, export->folder, nx_codec_name(options->codec));
  fprintf(options->out, "  %-40s %15s %12s\n  " RULE "\n", "TABLE", "ROWS", "SIZE");
  for (guint i = 0; i < tables->len; i++)
    if (!export_table(export, tables->pdata[i], err))
      return FALSE;
  double seconds = (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC;
  g_autoptr(json_object) manifest = make_manifest(export, options->version ? options->version : date, start, seconds);
  if (!write_manifest(export, manifest, err) || !publish(export, err))
    return FALSE;
  print_summary(export, manifest, seconds);
  return TRUE;
}

static char *without_last_slashes(const char *path)
{
  gsize length = strlen(path);
  while (length > 1 && path[length - 1] == '/')
    length--;
  return g_strndup(path, length);
}

/* The manifest is JSON, and nobody could read one that holds other bytes. */
static gboolean check_version(const char *version, GError **err)
{
  if (!version || g_utf8_validate(version, -1, NULL))
    return TRUE;
  g_set_error_literal(err, NX_ERROR, NX_ERROR_USAGE, "Invalid value for '--version': it is not valid UTF-8 text");
  return FALSE;
}

gboolean nx_snapshot_write(const NxSnapshotOptions *options, const NxRowSource *source, GError **err)
{
  g_autofree char *folder = without_last_slashes(options->folder);
  g_autoptr(json_object) entries = json_object_new_object();
  Export export = {.options = options, .source = source, .folder = folder, .entries = entries};
  g_autoptr(GPtrArray) tables = check_version(options->version, err) ? choose_tables(options, err) : NULL;
  if (!tables)
    return FALSE;
  nx_work_folder_sweep(folder, MAKER);
  g_autoptr(NxWorkFolder) work = may_fill(&export, err) ? nx_work_folder_make(folder, MAKER, err) : NULL;
  export.work = work;
  gboolean done = work && export_all(&export, tables, err);
  if (work && (!done || work->is_inside))
    nx_work_folder_remove(work->path);
  return done;
}
