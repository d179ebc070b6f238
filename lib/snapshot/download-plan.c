/* download-plan.c — see download-plan.h. A manifest from elsewhere is hostile until every name in it has been looked at. */
#include "download-plan.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define SHA256_DIGITS 64

static void free_job(gpointer data)
{
  NxJob *job = data;
  if (job->file)
    fclose(job->file);
  if (job->sum)
    g_checksum_free(job->sum);
  g_free(job->name);
  g_free(job->path);
  g_free(job->part);
  g_free(job->sha256);
  g_free(job->refusal);
  g_free(job->problem);
  g_free(job);
}

static gboolean refuse(GError **err, const char *name, const char *what)
{
  g_autofree char *visible = nx_text_visible(name);
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the manifest cannot be trusted: file \"%s\" %s", visible, what);
  return FALSE;
}

static gboolean is_sha256(const char *text)
{
  return strlen(text) == SHA256_DIGITS && strspn(text, "0123456789abcdefABCDEF") == SHA256_DIGITS;
}

static gboolean add_job(const NxDownloadOptions *options, GPtrArray *jobs, GHashTable *names, const char *name, json_object *entry, GError **err)
{
  const char *sha256 = nx_json_get_string(entry, "sha256");
  gint64 size = nx_json_get_int(entry, "size_bytes", 0);
  if (!nx_snapshot_name_is_safe(name))
    return refuse(err, name, "has a name that could leave the folder");
  g_autofree char *folded = g_ascii_strdown(name, -1);
  if (g_str_has_suffix(folded, ".part") || g_str_equal(folded, "manifest.json") || !g_hash_table_add(names, g_strdup(folded)))
    return refuse(err, name, "stands there twice or has a name of our own");
  if (size < 0)
    return refuse(err, name, "has an impossible size");
  if (sha256 && *sha256 && !is_sha256(sha256))
    return refuse(err, name, "has a sha256 that is none");
  if ((!sha256 || !*sha256) && !options->allow_unverified)
    return refuse(err, name, "has no sha256 (--allow-unverified takes it without)");
  NxJob *job = g_new0(NxJob, 1);
  job->name = g_strdup(name);
  job->path = g_build_filename(options->output, name, NULL);
  job->part = g_strconcat(job->path, ".part", NULL);
  job->sha256 = sha256 && *sha256 ? g_ascii_strdown(sha256, -1) : NULL;
  job->size = size;
  g_ptr_array_add(jobs, job);
  return TRUE;
}

static gboolean add_tables(const NxDownloadOptions *options, GPtrArray *jobs, GHashTable *names, json_object *tables, GError **err)
{
  if (!json_object_is_type(tables, json_type_object))
    return TRUE;
  json_object_object_foreach(tables, table, entry) {
    const char *file = nx_json_get_string(entry, "file");
    g_autofree char *name = file ? g_strdup(file) : g_strconcat(table, ".parquet", NULL);
    if (!add_job(options, jobs, names, name, entry, err))
      return FALSE;
  }
  return TRUE;
}

static gboolean add_nlp(const NxDownloadOptions *options, GPtrArray *jobs, GHashTable *names, json_object *nlp, GError **err)
{
  const char *file = nx_json_get_string(nlp, "file");
  if (!options->include_nlp)
    return TRUE;
  if (file)
    return add_job(options, jobs, names, file, nlp, err);
  nx_log_warning("the manifest names no alias dictionary: --include-nlp has nothing to download");
  return TRUE;
}

GPtrArray *nx_download_plan(const NxDownloadOptions *options, json_object *manifest, GError **err)
{
  g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func(free_job);
  g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  if (!add_tables(options, jobs, names, nx_json_get(manifest, "tables"), err) || !add_nlp(options, jobs, names, nx_json_get(manifest, "nlp"), err))
    return NULL;
  if (jobs->len > 0)
    return g_steal_pointer(&jobs);
  g_set_error_literal(err, NX_ERROR, NX_ERROR_FORMAT, "the manifest names no files");
  return NULL;
}

/* ----------------------------------------------------------------------------------------------------------- the target */

static gboolean is_link(const char *path)
{
  struct stat about;
  return lstat(path, &about) == 0 && S_ISLNK(about.st_mode);
}

static gboolean make_folder(const char *path, GError **err)
{
  return mkdir(path, 0777) == 0 || errno == EEXIST || nx_error_from_errno(err, errno, "make", path);
}

gboolean nx_download_prepare(const NxDownloadOptions *options, const NxJob *job, GError **err)
{
  g_auto(GStrv) parts = g_strsplit(job->name, "/", -1);
  g_autoptr(GString) path = g_string_new(options->output);
  for (char **part = parts; *part; part++) {
    g_string_append_printf(path, "/%s", *part);
    if (is_link(path->str)) {
      g_set_error(err, NX_ERROR, NX_ERROR_IO, "%s is a link, which could lead out of the folder", path->str);
      return FALSE;
    }
    if (part[1] && !make_folder(path->str, err))
      return FALSE;
  }
  return TRUE;
}

/* Of a part that an earlier run has left the room is taken already, whether it is gone on with or begun again. */
static guint64 still_needed(const NxJob *job)
{
  struct stat part;
  gint64 there = lstat(job->part, &part) == 0 && S_ISREG(part.st_mode) ? part.st_size : 0;
  return job->state == NX_JOB_CACHED ? 0 : (guint64)MAX(job->size - there, 0);
}

gboolean nx_download_fits(const NxDownloadOptions *options, GPtrArray *jobs, GError **err)
{
  struct statvfs place;
  guint64 needed = 0;
  for (guint i = 0; i < jobs->len; i++)
    if (__builtin_add_overflow(needed, still_needed(jobs->pdata[i]), &needed))
      needed = G_MAXUINT64;
  if (statvfs(options->output, &place) != 0)
    return nx_error_from_errno(err, errno, "write", options->output);
  guint64 room = (guint64)place.f_bavail * place.f_frsize;
  if (needed <= room)
    return TRUE;
  g_autofree char *wanted = nx_snapshot_size_text(needed), *there = nx_snapshot_size_text(room);
  g_set_error(err, NX_ERROR, NX_ERROR_PLACE, "the files need %s, but %s has room for %s", wanted, options->output, there);
  return FALSE;
}
