/* snapshot-read.c — a snapshot as it lies in a folder: its manifest, whether its files are what the manifest says, and their rows (igem-db §8). */
#include "nx-snapshot.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#define MANIFEST_MAX (64u << 20)

struct NxSnapshot {
  char *folder;
  json_object *manifest;
  GPtrArray *tables; /* names, borrowed from the manifest; ends with NULL */
};

static gboolean refuse(const NxSnapshot *snapshot, GError **err, const char *what)
{
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "%s/manifest.json is not the manifest of a snapshot: %s", snapshot->folder, what);
  return FALSE;
}

static json_object *entry_of(const NxSnapshot *snapshot, const char *table)
{
  return nx_json_get(nx_json_get(snapshot->manifest, "tables"), table);
}

static char *file_of(const char *table, json_object *entry)
{
  const char *file = nx_json_get_string(entry, "file");
  return file ? g_strdup(file) : g_strconcat(table, ".parquet", NULL);
}

static gboolean take_tables(NxSnapshot *snapshot, GError **err)
{
  json_object *tables = nx_json_get(snapshot->manifest, "tables");
  if (!json_object_is_type(tables, json_type_object))
    return refuse(snapshot, err, "it names no tables");
  json_object_object_foreach(tables, table, entry) {
    g_autofree char *file = file_of(table, entry);
    if (!json_object_is_type(entry, json_type_object) || !nx_snapshot_name_is_safe(file))
      return refuse(snapshot, err, "the file of a table has a name that could leave the folder");
    g_ptr_array_add(snapshot->tables, table);
  }
  g_ptr_array_add(snapshot->tables, NULL);
  return TRUE;
}

gboolean nx_snapshot_is_one(const char *folder)
{
  g_autofree char *path = g_build_filename(folder, "manifest.json", NULL);
  return g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

NxSnapshot *nx_snapshot_open(const char *folder, GError **err)
{
  g_autoptr(NxSnapshot) snapshot = g_new0(NxSnapshot, 1);
  g_autofree char *path = g_build_filename(folder, "manifest.json", NULL);
  snapshot->folder = g_strdup(folder);
  snapshot->tables = g_ptr_array_new();
  if (!nx_snapshot_is_one(folder)) {
    g_set_error(err, NX_ERROR, NX_ERROR_MISSING, "%s is not a snapshot: it holds no manifest.json", folder);
    return NULL;
  }
  snapshot->manifest = nx_json_read_file(path, MANIFEST_MAX, err);
  return snapshot->manifest && take_tables(snapshot, err) ? g_steal_pointer(&snapshot) : NULL;
}

void nx_snapshot_free(NxSnapshot *snapshot)
{
  if (!snapshot)
    return;
  g_ptr_array_unref(snapshot->tables);
  json_object_put(snapshot->manifest);
  g_free(snapshot->folder);
  g_free(snapshot);
}

json_object *nx_snapshot_manifest(const NxSnapshot *snapshot)
{
  return snapshot->manifest;
}

const char *const *nx_snapshot_tables(const NxSnapshot *snapshot)
{
  return (const char *const *)snapshot->tables->pdata;
}

gboolean nx_snapshot_has_table(const NxSnapshot *snapshot, const char *table)
{
  return entry_of(snapshot, table) != NULL;
}

char *nx_snapshot_table_path(const NxSnapshot *snapshot, const char *table)
{
  g_autofree char *file = file_of(table, entry_of(snapshot, table));
  return g_build_filename(snapshot->folder, file, NULL);
}

/* -------------------------------------------------------------------------------------------------------- verification */

/* What is wrong with the file at `path`; NULL: nothing. */
static char *difference(const char *path, json_object *entry)
{
  g_autoptr(GError) error = NULL;
  GStatBuf about;
  gint64 size = nx_json_get_int(entry, "size_bytes", -1);
  const char *expected = nx_json_get_string(entry, "sha256");
  if (g_stat(path, &about) != 0)
    return g_strdup(g_strerror(errno));
  if (size >= 0 && size != about.st_size)
    return g_strdup_printf("%" G_GINT64_FORMAT " bytes instead of %" G_GINT64_FORMAT, (gint64)about.st_size, size);
  if (!expected || !*expected)
    return g_strdup("the manifest has no sha256 for it");
  g_autofree char *sha256 = nx_snapshot_sha256(path, &error);
  if (!sha256)
    return g_strdup(error->message);
  return g_ascii_strcasecmp(sha256, expected) == 0 ? NULL : g_strdup("its sha256 is not that of the manifest");
}

static void note_difference(GString *problems, const char *path, json_object *entry)
{
  g_autofree char *problem = difference(path, entry);
  if (problem)
    g_string_append_printf(problems, "\n  - %s: %s", path, problem);
}

gboolean nx_snapshot_verify(const NxSnapshot *snapshot, guint *files, GError **err)
{
  guint n = 0;
  g_autoptr(GString) problems = g_string_new(NULL);
  for (const char *const *table = nx_snapshot_tables(snapshot); *table && !nx_interrupted(); table++) {
    g_autofree char *path = nx_snapshot_table_path(snapshot, *table);
    note_difference(problems, path, entry_of(snapshot, *table));
    n++;
  }
  json_object *nlp = nx_json_get(snapshot->manifest, "nlp");
  const char *file = nx_json_get_string(nlp, "file");
  g_autofree char *dictionary = file && nx_snapshot_name_is_safe(file) ? g_build_filename(snapshot->folder, file, NULL) : NULL;
  if (dictionary && g_file_test(dictionary, G_FILE_TEST_EXISTS)) { /* it may have been left behind by a download */
    note_difference(problems, dictionary, nlp);
    n++;
  }
  if (files)
    *files = n;
  if (!nx_check_interrupted(err))
    return FALSE;
  if (problems->len == 0)
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_DATA, "the snapshot %s is not what its manifest says:%s", snapshot->folder, problems->str);
  return FALSE;
}

/* ------------------------------------------------------------------------------------------------------------- reading */

static gboolean read_rows(NxParquetReader *reader, const NxRowTarget *target, gint64 *rows, GError **err)
{
  g_autofree NxDatum *row = g_new0(NxDatum, nx_parquet_fields(reader)->len + 1);
  gboolean more;
  for (*rows = 0;; (*rows)++) {
    if (nx_interrupted()) {
      g_set_error_literal(err, NX_ERROR, NX_ERROR_INTERRUPTED, "Aborted!");
      return FALSE;
    }
    if (!nx_parquet_next(reader, row, &more, err))
      return FALSE;
    if (!more)
      return TRUE;
    if (!target->add(target->database, row, err))
      return FALSE;
  }
}

gboolean nx_snapshot_read(const NxSnapshot *snapshot, const char *table, const NxRowTarget *target, gint64 *rows, GError **err)
{
  if (!nx_snapshot_has_table(snapshot, table)) {
    g_set_error(err, NX_ERROR, NX_ERROR_MISSING, "the snapshot %s has no table %s", snapshot->folder, table);
    return FALSE;
  }
  g_autofree char *path = nx_snapshot_table_path(snapshot, table);
  g_autoptr(NxParquetReader) reader = nx_parquet_open(path, err);
  return reader && target->open(target->database, table, nx_parquet_fields(reader), err) && read_rows(reader, target, rows, err);
}
