/* fuzz-manifest.c — libFuzzer target for manifests from elsewhere: whatever they say, no file that is planned lies outside the folder, and
 * none twice. Built with clang -fsanitize=fuzzer,address,undefined together with lib/base and lib/snapshot. Good seeds: manifest.json of
 * snapshots. */
#include "download-plan.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_jobs(GPtrArray *jobs)
{
  g_autoptr(GHashTable) paths = g_hash_table_new(g_str_hash, g_str_equal);
  for (guint i = 0; i < jobs->len; i++) {
    const NxJob *job = jobs->pdata[i];
    g_autofree char *real = g_canonicalize_filename(job->path, "/");
    if (!g_str_equal(real, job->path) || !g_str_has_prefix(real, "/snapshot/") || !g_hash_table_add(paths, job->path) || job->size < 0)
      abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  NxDownloadOptions options = {
      .url = "http://127.0.0.1/", .output = "/snapshot", .include_nlp = TRUE, .allow_unverified = size % 2 == 0, .workers = 1};
  g_autoptr(json_object) manifest = nx_json_parse((const char *)data, size, NULL);
  g_autoptr(GPtrArray) jobs = manifest ? nx_download_plan(&options, manifest, NULL) : NULL;
  if (jobs)
    check_jobs(jobs);
  return 0;
}
