/* nx-db-snapshot-info.c — what a snapshot says of itself, for nx-db and igem-server (igem-db §5.6). */
#include "nx-alias.h"
#include "nx-cli.h"
#include "nx-db-snapshot.h"
#include "nx-listing.h"

int nx_db_snapshot_failed(GError *error)
{
  int status = nx_fail_command(error);
  g_error_free(error);
  return status;
}

static json_object *tables_with_rows(const NxSnapshot *snapshot)
{
  json_object *tables = json_object_new_object();
  for (const char *const *table = nx_snapshot_tables(snapshot); *table; table++)
    nx_json_set(
        tables, *table,
        json_object_new_int64(nx_json_get_int(nx_json_get(nx_json_get(nx_snapshot_manifest(snapshot), "tables"), *table), "rows", 0)));
  return tables;
}

static json_object *info_of(const NxSnapshot *snapshot, const char *folder, const char *nlp_cache)
{
  static const char *const COPIED[][2] = {
      {"version", "snapshot_version"}, {"schema", "schema_version"}, {"exported_at", "exported_at"}, {"revision", "schema_revision"}};
  json_object *manifest = nx_snapshot_manifest(snapshot), *info = json_object_new_object();
  g_autofree char *path = g_canonicalize_filename(folder, NULL), *uri = g_strconcat("parquet://", path, NULL);
  nx_json_set_string(info, "backend", "snapshot");
  nx_json_set(info, "read_only", json_object_new_boolean(TRUE));
  nx_json_set_string(info, "uri", uri);
  nx_json_set_string(info, "path", path);
  for (guint i = 0; i < G_N_ELEMENTS(COPIED); i++)
    nx_json_set_string(info, COPIED[i][0], nx_json_get_string(manifest, COPIED[i][1]));
  nx_json_set(info, "connected", json_object_new_boolean(TRUE));
  if (nlp_cache)
    nx_json_set_string(info, "nlp_cache", nlp_cache);
  nx_json_set(info, "tables", tables_with_rows(snapshot));
  return info;
}

static void print_label(const char *label, const char *text)
{
  nx_cli_print_label("", 12, label, text);
}

static void print_info(json_object *info)
{
  json_object *tables = nx_json_get(info, "tables");
  g_autofree char *n = g_strdup_printf("%d", json_object_object_length(tables));
  print_label("Backend", "snapshot");
  print_label("Read-only", "True");
  print_label("URI", nx_json_get_string(info, "uri"));
  print_label("Path", nx_json_get_string(info, "path"));
  print_label("Version", nx_json_get_string(info, "version"));
  print_label("Schema", nx_json_get_string(info, "schema"));
  print_label("Tables", n);
  print_label("Exported at", nx_json_get_string(info, "exported_at"));
  print_label("Connected", "True");
  print_label("Revision", nx_json_get_string(info, "revision"));
  if (nx_json_get_string(info, "nlp_cache"))
    print_label("NLP cache", nx_json_get_string(info, "nlp_cache"));
  gint64 verified = nx_json_get_int(info, "verified_files", -1);
  if (verified >= 0)
    printf("%-12s: %" G_GINT64_FORMAT " file%s\n", "Verified", verified, verified == 1 ? "" : "s");
}

int nx_db_snapshot_info(const char *folder, gboolean has_nlp, gboolean verify, gboolean json, const char *jq)
{
  GError *error = NULL;
  guint files = 0;
  g_autoptr(NxSnapshot) snapshot = nx_snapshot_open(folder, &error);
  if (!snapshot || (verify && !nx_snapshot_verify(snapshot, &files, &error)))
    return nx_db_snapshot_failed(error);
  g_autoptr(json_object) info = info_of(snapshot, folder, has_nlp ? nx_alias_cache_state(snapshot, folder) : NULL);
  if (!nx_check_interrupted(&error)) /* what was summed up then is no word on the dictionary */
    return nx_db_snapshot_failed(error);
  if (verify)
    nx_json_set(info, "verified_files", json_object_new_int64(files));
  if (json || jq)
    return nx_listing_print(info, jq, stdout, &error) ? 0 : nx_db_snapshot_failed(error);
  print_info(info);
  return 0;
}
