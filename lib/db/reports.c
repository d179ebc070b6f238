/* reports.c — `current` and `history` (database 4.3 and 4.4), and the hint for ids that changed before their release (database 1). */
#include "reports.h"

#include "nx-config.h"

#include <string.h>

static const struct {
  const char *id, *present;
} RENAMED[] = {
    {"v2_4_0_1", "v2_4_0a"},
    {"v2_4_0_2", "v2_4_0b"},
};

const char *nx_revision_renamed(const char *id)
{
  for (gsize i = 0; i < G_N_ELEMENTS(RENAMED); i++)
    if (g_str_equal(RENAMED[i].id, id))
      return RENAMED[i].present;
  return NULL;
}

void nx_report_renamed(const char *id)
{
  const char *present = nx_revision_renamed(id);
  if (!present)
    return;
  fflush(stdout);
  fprintf(stderr, "Hint: %s is a pre-release name of %s; run: nexuslims db alembic stamp --purge %s\n", id, present, present);
}

void nx_report_renamed_rows(const char *address)
{
  g_autoptr(NxDb) db = address && *address && nx_db_exists(address) ? nx_db_open(address, NX_DB_READ, NULL) : NULL;
  g_auto(GStrv) rows = db ? nx_version_rows(db, NULL, NULL) : NULL;
  for (char **row = rows; row && *row; row++)
    nx_report_renamed(*row);
}

NxDb *nx_report_open(const char *address, NxDbMode mode, GError **err)
{
  if (!address || !*address) {
    g_set_error_literal(err, NX_ERROR, NX_ERROR_CONFIG, "NX_DB_PATH environment variable is not set.");
    return NULL;
  }
  g_autofree char *path = nx_db_file_path(address), *shown = nx_config_masked_address(address);
  if (path && !nx_db_exists(address)) {
    g_set_error(err, NX_ERROR, NX_ERROR_MISSING, "Database does not exist at %s", shown);
    return NULL;
  }
  NxDb *db = nx_db_open(address, mode, err);
  if (!db)
    nx_db_name_in_error(address, err);
  return db;
}

gboolean nx_report_current(NxDb *db, const NxGraph *graph, const char *address, gboolean verbose, FILE *out, GError **err)
{
  g_auto(GStrv) rows = nx_version_rows(db, NULL, err);
  g_autofree char *url = nx_db_url_shown(address), *shown = nx_log_shown(url);
  if (rows && verbose)
    fprintf(out, "Current revision(s) for %s:\n", shown);
  g_autoptr(GPtrArray) revisions = rows ? nx_graph_resolve_rows(graph, rows, err) : NULL;
  if (!revisions)
    return FALSE;
  g_autoptr(GPtrArray) topmost = nx_revisions_topmost(revisions);
  for (guint i = 0; i < topmost->len; i++) {
    g_autofree char *text = verbose ? nx_revision_entry(topmost->pdata[i], FALSE) : nx_revision_short(topmost->pdata[i], FALSE, TRUE);
    fprintf(out, "%s%s", text, verbose ? "" : "\n");
  }
  return TRUE;
}

/* Rows of the database that are revisions of the graph. */
static char **known_rows(const NxGraph *graph, const char *address, GError **err)
{
  g_autoptr(NxDb) db = nx_report_open(address, NX_DB_READ, err);
  g_auto(GStrv) rows = db ? nx_version_rows(db, NULL, err) : NULL;
  if (!rows)
    return NULL;
  g_autoptr(GStrvBuilder) known = g_strv_builder_new();
  for (char **row = rows; *row; row++)
    if (nx_graph_find(graph, *row))
      g_strv_builder_add(known, *row);
  return g_strv_builder_end(known);
}

gboolean nx_report_history(const NxGraph *graph, const char *address, const char *range, gboolean verbose, gboolean indicate_current,
                           FILE *out, GError **err)
{
  if (range && !strchr(range, ':'))
    return nx_revision_error(err, "History range requires [start]:[end], [start]:, or :[end]");
  g_auto(GStrv) bounds = g_strsplit(range ? range : ":", ":", 2);
  const char *lower = *bounds[0] ? bounds[0] : "base", *upper = *bounds[1] ? bounds[1] : "heads";
  g_auto(GStrv) rows = NULL;
  if ((indicate_current || g_str_equal(lower, "current") || g_str_equal(upper, "current")) && !(rows = known_rows(graph, address, err)))
    return FALSE;
  g_autoptr(GPtrArray) revisions = nx_graph_range(graph, rows, lower, upper, err);
  for (guint i = 0; revisions && i < revisions->len; i++) {
    const NxRevision *revision = revisions->pdata[i];
    gboolean is_current = indicate_current && g_strv_contains((const char *const *)rows, revision->id);
    g_autofree char *text = verbose ? nx_revision_entry(revision, is_current) : nx_revision_line(revision, is_current);
    fprintf(out, "%s%s", text, verbose ? "" : "\n");
  }
  return revisions != NULL;
}

static json_object *ids_as_json(GPtrArray *revisions)
{
  json_object *array = json_object_new_array();
  for (guint i = 0; i < revisions->len; i++)
    json_object_array_add(array, json_object_new_string(((NxRevision *)revisions->pdata[i])->id));
  return array;
}

/* `rows` NULL: nobody asked where the database stands. */
static json_object *revision_as_json(const NxRevision *revision, char **rows)
{
  json_object *entry = json_object_new_object(), *labels = json_object_new_array();
  for (guint i = 0; i < revision->labels->len; i++)
    json_object_array_add(labels, json_object_new_string(revision->labels->pdata[i]));
  nx_json_set_string(entry, "revision", revision->id);
  nx_json_set(entry, "parents", ids_as_json(revision->parents));
  nx_json_set(entry, "labels", labels);
  nx_json_set_string(entry, "title", revision->title);
  nx_json_set_string(entry, "date", revision->date);
  nx_json_set(entry, "head", json_object_new_boolean(nx_revision_is_head(revision)));
  nx_json_set(entry, "current", rows ? json_object_new_boolean(g_strv_contains((const char *const *)rows, revision->id)) : NULL);
  nx_json_set_string(entry, "path", revision->path);
  return entry;
}

json_object *nx_report_history_as_json(const NxGraph *graph, const char *address, gboolean indicate_current, GError **err)
{
  g_auto(GStrv) rows = NULL;
  if (indicate_current && !(rows = known_rows(graph, address, err)))
    return NULL;
  g_autoptr(GPtrArray) revisions = nx_graph_range(graph, NULL, "base", "heads", err);
  if (!revisions)
    return NULL;
  json_object *entries = json_object_new_array();
  for (guint i = 0; i < revisions->len; i++)
    json_object_array_add(entries, revision_as_json(revisions->pdata[i], rows));
  return entries;
}
