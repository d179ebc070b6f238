/* alias-cache.c — the dictionary inside a snapshot: made, named in the manifest, and used as long as it fits the tables (igem-db §5.9, §9.4). */
#include "nx-alias.h"

#include "alias-text.h"

#include <glib/gstdio.h>
#include <string.h>

#define METADATA_MAX (1u << 20)
#define METADATA_FILE "nlp/metadata.json"
#define MINIMUM_LENGTH 3
#define STOP_WORDS 59

/* Tables that the dictionary is made of, and the one that numbers what was loaded into them. */
#define PACKAGES "etl_packages"
static const char *const SOURCES[] = {"entity_aliases", "entity_types", PACKAGES};

static const char *sum_of_table(const NxSnapshot *snapshot, const char *table)
{
  return nx_json_get_string(nx_json_get(nx_json_get(nx_snapshot_manifest(snapshot), "tables"), table), "sha256");
}

/* -------------------------------------------------------------------------------------------------------------- making */

static json_object *sources_of(const NxSnapshot *snapshot)
{
  json_object *sources = json_object_new_object();
  for (guint i = 0; i < G_N_ELEMENTS(SOURCES); i++) {
    g_autofree char *file = g_strconcat(SOURCES[i], ".parquet", NULL);
    nx_json_set_string(sources, file, sum_of_table(snapshot, SOURCES[i]));
  }
  return sources;
}

/* Which column of a table is its id, and the greatest one so far. */
typedef struct {
  const GArray *fields;
  guint column;
  gint64 greatest;
} Ids;

static gboolean find_id(gpointer database, const char *table, const GArray *fields, GError **err)
{
  Ids *ids = database;
  (void)table, (void)err;
  ids->fields = fields;
  while (ids->column < fields->len && !g_str_equal(g_array_index(fields, NxField, ids->column).name, "id"))
    ids->column++;
  return TRUE;
}

static gboolean take_id(gpointer database, const NxDatum *row, GError **err)
{
  Ids *ids = database;
  (void)err;
  if (ids->column < ids->fields->len && g_array_index(ids->fields, NxField, ids->column).type == NX_FIELD_INTEGER && !row[ids->column].is_null)
    ids->greatest = MAX(ids->greatest, row[ids->column].integer);
  return TRUE;
}

/* The last package that was loaded; NULL when none was, or when the snapshot does not say. */
static json_object *package_version(const NxSnapshot *snapshot)
{
  Ids ids = {.greatest = 0};
  NxRowTarget target = {.open = find_id, .add = take_id, .database = &ids};
  gint64 rows;
  gboolean is_known = nx_snapshot_has_table(snapshot, PACKAGES) && nx_snapshot_read(snapshot, PACKAGES, &target, &rows, NULL) && ids.greatest > 0;
  return is_known ? json_object_new_int64(ids.greatest) : NULL;
}

static char *utc_now(void)
{
  g_autoptr(GDateTime) now = g_date_time_new_now_utc();
  return g_date_time_format(now, "%Y-%m-%dT%H:%M:%SZ");
}

static json_object *describe(const NxSnapshot *snapshot, const char *sum, gsize size, const NxAliasCounts *counts, double seconds)
{
  json_object *about = json_object_new_object();
  g_autofree char *now = utc_now();
  nx_json_set(about, "version", json_object_new_int(1));
  nx_json_set_string(about, "format", "nxad");
  nx_json_set_string(about, "built_at", now);
  nx_json_set(about, "build_seconds", nx_json_double((double)(gint64)(seconds * 10 + 0.5) / 10));
  nx_json_set_string(about, "file", NX_ALIAS_FILE);
  nx_json_set(about, "size_bytes", json_object_new_int64((gint64)size));
  nx_json_set_string(about, "sha256", sum);
  nx_json_set(about, "alias_count", json_object_new_int64(counts->kept));
  nx_json_set(about, "norm_count", json_object_new_int64(counts->norms));
  nx_json_set(about, "name_cache_count", json_object_new_int64(counts->names));
  nx_json_set(about, "min_alias_length", json_object_new_int(MINIMUM_LENGTH));
  nx_json_set(about, "stopwords_count", json_object_new_int(STOP_WORDS));
  nx_json_set(about, "filtered_short", json_object_new_int64(counts->too_short));
  nx_json_set(about, "filtered_stopword", json_object_new_int64(counts->stopped));
  nx_json_set(about, "package_version", package_version(snapshot));
  nx_json_set(about, "normalizer", json_object_new_int(1));
  nx_json_set_string(about, "unicode_version", alias_unicode_version());
  nx_json_set(about, "source", sources_of(snapshot));
  return about;
}

static gboolean write_json(const char *folder, const char *name, json_object *value, GError **err)
{
  g_autofree char *path = g_build_filename(folder, name, NULL), *text = nx_json_text(value, NX_JSON_INDENT);
  return nx_file_write(path, text, strlen(text), 0644, err);
}

/* `source` too: what is downloaded is the dictionary without the description beside it. */
static void add_to_manifest(json_object *manifest, json_object *about)
{
  static const char *const COPIED[] = {"file", "size_bytes", "sha256", "alias_count", "built_at", "source"};
  json_object *nlp = json_object_new_object();
  nx_json_set_string(nlp, "directory", "nlp");
  for (guint i = 0; i < G_N_ELEMENTS(COPIED); i++)
    nx_json_set(nlp, COPIED[i], json_object_get(nx_json_get(about, COPIED[i])));
  nx_json_set(manifest, "nlp", nlp);
}

static gboolean store(const NxSnapshot *snapshot, const char *folder, GBytes *bytes, const NxAliasCounts *counts, double seconds, GError **err)
{
  gsize size;
  gconstpointer data = g_bytes_get_data(bytes, &size);
  g_autofree char *path = g_build_filename(folder, NX_ALIAS_FILE, NULL), *sum = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
  g_autoptr(json_object) about = describe(snapshot, sum, size, counts, seconds);
  if (!nx_file_write(path, data, size, 0644, err) || !write_json(folder, METADATA_FILE, about, err))
    return FALSE;
  add_to_manifest(nx_snapshot_manifest(snapshot), about);
  return write_json(folder, "manifest.json", nx_snapshot_manifest(snapshot), err);
}

/* A snapshot may come from anywhere. A link in the place of a file is replaced, and leads nowhere. */
static gboolean check_no_link(const char *folder, GError **err)
{
  g_autofree char *nlp = g_build_filename(folder, "nlp", NULL);
  if (!g_file_test(nlp, G_FILE_TEST_IS_SYMLINK))
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_IO, "%s is a link, which could lead out of the folder", nlp);
  return FALSE;
}

gboolean nx_alias_cache_make(const char *folder, gboolean overwrite, NxAliasCounts *counts, gsize *size, GError **err)
{
  g_autofree char *path = g_build_filename(folder, NX_ALIAS_FILE, NULL);
  g_autoptr(NxSnapshot) snapshot = nx_snapshot_open(folder, err);
  if (!snapshot || !check_no_link(folder, err))
    return FALSE;
  if (g_strcmp0(nx_json_get_string(nx_snapshot_manifest(snapshot), "schema"), "nexuslims") == 0) {
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "%s is no snapshot of an IGEM database: its names are few, and are taken from its tables at each search", folder);
    return FALSE;
  }
  if (!overwrite && g_file_test(path, G_FILE_TEST_EXISTS)) {
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "NLP cache already exists at %s: give --overwrite to make it anew", path);
    return FALSE;
  }
  gint64 start = g_get_monotonic_time();
  g_autoptr(GBytes) bytes = nx_alias_build_snapshot(snapshot, counts, err);
  *size = bytes ? g_bytes_get_size(bytes) : 0;
  return bytes && store(snapshot, folder, bytes, counts, (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC, err);
}

/* --------------------------------------------------------------------------------------------------------------- using */

static gboolean has_size(const char *path, json_object *nlp)
{
  GStatBuf about;
  return g_stat(path, &about) == 0 && about.st_size == nx_json_get_int(nlp, "size_bytes", -1);
}

/* The sums of the tables that the cache was made of: in the manifest, or in the description beside it. */
static json_object *made_of(const char *folder, json_object *nlp)
{
  g_autofree char *metadata = g_build_filename(folder, METADATA_FILE, NULL);
  json_object *source = nx_json_get(nlp, "source");
  g_autoptr(json_object) about = source ? NULL : nx_json_read_file(metadata, METADATA_MAX, NULL);
  return json_object_get(source ? source : nx_json_get(about, "source"));
}

/* Why the cache is not to be used; NULL: it is. `sum`: SHA-256 of its bytes; NULL: they cannot be read. */
static const char *objection(const NxSnapshot *snapshot, const char *folder, const char *sum)
{
  g_autofree char *path = g_build_filename(folder, NX_ALIAS_FILE, NULL);
  json_object *nlp = nx_json_get(nx_snapshot_manifest(snapshot), "nlp");
  const char *file = nx_json_get_string(nlp, "file"), *expected = nx_json_get_string(nlp, "sha256");
  if (!file || !expected)
    return "absent";
  if (!g_str_equal(file, NX_ALIAS_FILE))
    return "foreign";
  if (!g_file_test(path, G_FILE_TEST_EXISTS))
    return "absent";
  g_autoptr(json_object) source = made_of(folder, nlp);
  if (!sum || !g_str_equal(sum, expected) || !has_size(path, nlp))
    return "damaged";
  for (guint i = 0; i < G_N_ELEMENTS(SOURCES); i++) {
    g_autofree char *name = g_strconcat(SOURCES[i], ".parquet", NULL);
    if (g_strcmp0(nx_json_get_string(source, name), sum_of_table(snapshot, SOURCES[i])) != 0)
      return "stale";
  }
  return NULL;
}

const char *nx_alias_cache_state(const NxSnapshot *snapshot, const char *folder)
{
  g_autofree char *path = g_build_filename(folder, NX_ALIAS_FILE, NULL), *sum = nx_snapshot_sha256(path, NULL);
  const char *why_not = objection(snapshot, folder, sum);
  if (!why_not)
    return "present";
  return g_str_equal(why_not, "damaged") ? "stale" : why_not;
}

/* With the sum of what was read, so that it is of no account what becomes of the file afterwards. */
static GBytes *read_dictionary(const char *path, char **sum)
{
  char *data;
  gsize length;
  if (!g_file_get_contents(path, &data, &length, NULL))
    return NULL;
  *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)data, length);
  return g_bytes_new_take(data, length);
}

/* `bytes`: of the file at `path`, when they have been read. */
static NxAliases *open_dictionary(const char *path, GBytes *bytes, GError **err)
{
  if (!bytes)
    return nx_aliases_open(path, err);
  NxAliases *aliases = nx_aliases_new(bytes, err);
  if (!aliases)
    g_prefix_error(err, "cannot use %s: ", path);
  return aliases;
}

static const char *sum_in_manifest(const NxSnapshot *snapshot)
{
  return nx_json_get_string(nx_json_get(nx_snapshot_manifest(snapshot), "nlp"), "sha256");
}

NxAliases *nx_aliases_of_snapshot(const char *folder, NxAliasFlags flags, GError **err)
{
  g_autofree char *path = g_build_filename(folder, NX_ALIAS_FILE, NULL), *sum = NULL;
  g_autoptr(NxSnapshot) snapshot = nx_snapshot_open(folder, err);
  if (!snapshot)
    return NULL;
  g_autoptr(GBytes) read = flags & NX_ALIAS_TRUST_CACHE ? NULL : read_dictionary(path, &sum);
  const char *why_not = objection(snapshot, folder, flags & NX_ALIAS_TRUST_CACHE ? sum_in_manifest(snapshot) : sum);
  if (!why_not)
    return open_dictionary(path, read, err);
  g_clear_pointer(&read, g_bytes_unref);
  if (flags & NX_ALIAS_REQUIRE_CACHE) {
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "the alias dictionary of %s is %s: make it with nx-alias build", folder, why_not);
    return NULL;
  }
  if (!g_str_equal(why_not, "absent"))
    nx_log_warning("the alias dictionary of %s is %s: it is made anew in memory", folder, why_not);
  g_autoptr(GBytes) bytes = nx_alias_build_snapshot(snapshot, NULL, err);
  return bytes ? nx_aliases_new(bytes, err) : NULL;
}
