/* download.c — the files of a snapshot, several at a time on one libcurl multi handle (igem-db §5.8). */
#include "download-plan.h"
#include "folder-lock.h"

#include "nx-curl.h"
#include "nx-http.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MANIFEST_MAX (64u << 20)
#define MANIFEST_TIMEOUT_MS 30000
#define ATTEMPTS_MAX 4
#define STALLED_SECONDS 60L
#define WAIT_MS 100
#define PIECE (256u << 10)
#define BAR_WIDTH 30
#define RULE "---------------------------------------- ------------ ------------"

typedef struct {
  const NxDownloadOptions *options;
  const char *output_typed;
  const GString *manifest;
  char *base; /* ends with '/' */
  NxHttp *http; /* for the manifest, and for its trust in certificates */
  CURLM *multi;
  GPtrArray *jobs;
  guint running;
  gint64 last_shown;
} Download;

/* ------------------------------------------------------------------------------------------------------------ one file */

static void finish_job(Download *download, NxJob *job, NxJobState state, const char *problem)
{
  FILE *out = download->options->out;
  g_autofree char *size = state == NX_JOB_FAILED ? g_strdup("?") : nx_snapshot_size_text((guint64)job->received);
  job->state = state;
  job->problem = g_strdup(problem);
  if (download->options->progress)
    fputs("\r\033[K", download->options->progress);
  fprintf(out, "  %-40s %12s %12s\n", job->name, size, state == NX_JOB_FAILED ? "FAILED" : state == NX_JOB_CACHED ? "cached" : "downloaded");
  fflush(out);
}

static void close_file(NxJob *job)
{
  if (job->file)
    fclose(job->file);
  job->file = NULL;
}

/* What is there of the file already counts for sum and size; without a sum to come nothing of it can be trusted. */
static void take_up(NxJob *job)
{
  g_autofree guint8 *piece = g_malloc(PIECE);
  gsize n;
  while (!job->from_start && job->sha256 && (n = fread(piece, 1, PIECE, job->file)) > 0) {
    g_checksum_update(job->sum, piece, (gssize)n);
    job->received += (gint64)n;
  }
}

static void begin_again(NxJob *job)
{
  job->received = 0;
  g_checksum_reset(job->sum);
  rewind(job->file);
  if (ftruncate(fileno(job->file), 0) != 0)
    nx_log_debug("cannot cut %s", job->part);
}

/* A FIFO would be waited for. */
static gboolean is_regular(const NxJob *job, GError **err)
{
  struct stat about;
  if (fstat(fileno(job->file), &about) == 0 && S_ISREG(about.st_mode))
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_IO, "%s is not a regular file", job->part);
  return FALSE;
}

static gboolean open_part(NxJob *job, GError **err)
{
  int fd = open(job->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
  job->file = fd < 0 ? NULL : fdopen(fd, "r+b");
  if (!job->file)
    return nx_error_from_errno(err, errno, "write", job->part);
  if (!is_regular(job, err))
    return FALSE;
  if (!job->sum)
    job->sum = g_checksum_new(G_CHECKSUM_SHA256);
  g_checksum_reset(job->sum);
  job->received = 0;
  take_up(job);
  if (job->received == 0 || (job->size > 0 && job->received >= job->size))
    begin_again(job);
  fseek(job->file, 0, SEEK_END);
  return TRUE;
}

/* The first bytes of an answer: a server that sends everything although a rest was asked for is taken from its beginning. */
static gboolean check_answer(NxJob *job)
{
  long status = 0;
  if (job->checked_answer)
    return TRUE;
  job->checked_answer = TRUE;
  nx_curl.easy_getinfo(job->handle, CURLINFO_RESPONSE_CODE, &status);
  if (status == 200 && job->received > 0)
    begin_again(job);
  return status == 200 || status == 206;
}

static size_t refuse_rest(NxJob *job, char *why)
{
  g_free(job->refusal);
  job->refusal = why;
  return 0;
}

static char *reason(const char *path)
{
  g_autoptr(GError) error = NULL;
  nx_error_from_errno(&error, errno, "write", path);
  return g_strdup(error->message);
}

static size_t receive(char *data, size_t size, size_t n, void *user_data)
{
  NxJob *job = user_data;
  gsize length = size * n;
  if (!check_answer(job))
    return length; /* the body of an error */
  if (job->size > 0 && (gint64)length > job->size - job->received)
    return refuse_rest(job, g_strdup_printf("it is longer than the %" G_GINT64_FORMAT " bytes of the manifest", job->size));
  g_checksum_update(job->sum, (const guint8 *)data, (gssize)length);
  job->received += (gint64)length;
  return fwrite(data, 1, length, job->file) == length ? length : refuse_rest(job, reason(job->part));
}

static void start_transfer(Download *download, NxJob *job)
{
  g_autoptr(GError) error = NULL;
  if (!nx_download_prepare(download->options, job, &error) || !open_part(job, &error)) {
    close_file(job);
    finish_job(download, job, NX_JOB_FAILED, error->message);
    return;
  }
  g_autofree char *url = g_strconcat(download->base, job->name, NULL);
  CURL *handle = job->handle = nx_curl.easy_init();
  nx_http_set_trust(download->http, handle);
  job->checked_answer = FALSE;
  nx_curl.easy_setopt(handle, CURLOPT_URL, url);
  nx_curl.easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  nx_curl.easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, g_str_has_prefix(url, "https:") ? "https" : "http,https");
  nx_curl.easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
  nx_curl.easy_setopt(handle, CURLOPT_MAXREDIRS, 5L);
  nx_curl.easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  nx_curl.easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, 30L);
  nx_curl.easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
  nx_curl.easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, STALLED_SECONDS);
  nx_curl.easy_setopt(handle, CURLOPT_RESUME_FROM_LARGE, (curl_off_t)job->received);
  nx_curl.easy_setopt(handle, CURLOPT_WRITEFUNCTION, receive);
  nx_curl.easy_setopt(handle, CURLOPT_WRITEDATA, job);
  nx_curl.easy_setopt(handle, CURLOPT_PRIVATE, job);
  nx_curl.multi_add_handle(download->multi, handle);
  job->state = NX_JOB_RUNNING;
  job->attempts++;
  download->running++;
}

static void fail_job(Download *download, NxJob *job, gboolean keep_part, const char *problem)
{
  if (!keep_part || !job->sha256)
    g_unlink(job->part);
  close_file(job);
  finish_job(download, job, NX_JOB_FAILED, problem);
}

/* Waits 1, 2, 4 seconds. */
static void try_again(NxJob *job)
{
  double seconds = (double)(1u << (job->attempts - 1)) * nx_time_scale();
  close_file(job);
  job->state = NX_JOB_WAITING;
  job->not_before = g_get_monotonic_time() + (gint64)(seconds * G_USEC_PER_SEC);
}

/* The manifest of the snapshot before does not say what the files are from now on. */
static gboolean remove_other_manifest(const Download *download, GError **err)
{
  g_autofree char *path = g_build_filename(download->options->output, "manifest.json", NULL), *there = NULL;
  gsize length = 0;
  if (nx_file_read(path, MANIFEST_MAX, &there, &length, NULL) && length == download->manifest->len &&
      memcmp(there, download->manifest->str, length) == 0)
    return TRUE;
  return g_unlink(path) == 0 || errno == ENOENT || nx_error_from_errno(err, errno, "replace", path);
}

static void keep_file(Download *download, NxJob *job)
{
  g_autoptr(GError) error = NULL;
  if (fflush(job->file) != 0 || fsync(fileno(job->file)) != 0)
    nx_error_from_errno(&error, errno, "write", job->path);
  else if (remove_other_manifest(download, &error) && g_rename(job->part, job->path) != 0)
    nx_error_from_errno(&error, errno, "write", job->path);
  if (error) {
    fail_job(download, job, FALSE, error->message);
  } else {
    close_file(job);
    finish_job(download, job, NX_JOB_DOWNLOADED, NULL);
  }
}

/* A part that was gone on with and does not give the sum may come from another version: once more, from its beginning. */
static void check_whole(Download *download, NxJob *job, gboolean was_resumed)
{
  const char *got = g_checksum_get_string(job->sum);
  if (job->size > 0 && job->received != job->size) {
    g_autofree char *problem = g_strdup_printf("it has %" G_GINT64_FORMAT " bytes instead of %" G_GINT64_FORMAT, job->received, job->size);
    fail_job(download, job, FALSE, problem);
  } else if (!job->sha256 || g_str_equal(got, job->sha256))
    keep_file(download, job);
  else if (was_resumed && !job->from_start) {
    job->from_start = TRUE;
    job->attempts = 0;
    g_unlink(job->part);
    close_file(job);
    job->state = NX_JOB_WAITING;
  } else {
    g_autofree char *problem = g_strdup_printf("Hash mismatch for %s%s: expected %.16s..., got %.16s...", download->base, job->name, job->sha256, got);
    fail_job(download, job, FALSE, problem);
  }
}

static gboolean is_passing_trouble(CURLcode code, long status)
{
  return (code != CURLE_OK && code != CURLE_WRITE_ERROR && code != CURLE_TOO_MANY_REDIRECTS && code != CURLE_UNSUPPORTED_PROTOCOL &&
          code != CURLE_PEER_FAILED_VERIFICATION && code != CURLE_RANGE_ERROR) ||
         status >= 500 || status == 429;
}

static void judge(Download *download, NxJob *job, CURLcode code, long status, gboolean was_resumed)
{
  g_autofree char *problem = code != CURLE_OK ? g_strdup(nx_curl.easy_strerror(code)) : g_strdup_printf("the server answered %ld", status);
  if (code == CURLE_WRITE_ERROR && job->refusal)
    problem = (g_free(problem), g_strdup(job->refusal));
  if (code == CURLE_OK && (status == 200 || status == 206))
    check_whole(download, job, was_resumed);
  else if ((status == 416 || code == CURLE_RANGE_ERROR) && !job->from_start) {
    job->from_start = TRUE;
    try_again(job);
  } else if (is_passing_trouble(code, status) && job->attempts < ATTEMPTS_MAX && !nx_interrupted())
    try_again(job);
  else
    fail_job(download, job, code != CURLE_WRITE_ERROR, problem);
}

static void end_transfer(Download *download, CURL *handle, CURLcode code)
{
  NxJob *job;
  long status = 0;
  nx_curl.easy_getinfo(handle, CURLINFO_PRIVATE, &job);
  nx_curl.easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  gboolean was_resumed = status == 206;
  nx_curl.multi_remove_handle(download->multi, handle);
  nx_curl.easy_cleanup(handle);
  job->handle = NULL;
  download->running--;
  judge(download, job, code, status, was_resumed);
}

/* ----------------------------------------------------------------------------------------------------------- all files */

static gboolean is_cached(const Download *download, const NxJob *job)
{
  struct stat about;
  if (download->options->overwrite || !job->sha256 || lstat(job->path, &about) != 0 || !S_ISREG(about.st_mode))
    return FALSE;
  g_autofree char *sha256 = nx_snapshot_sha256(job->path, NULL);
  return sha256 && g_str_equal(sha256, job->sha256);
}

static void find_cached(Download *download)
{
  for (guint i = 0; i < download->jobs->len; i++) {
    NxJob *job = download->jobs->pdata[i];
    GStatBuf about;
    if (!is_cached(download, job))
      continue;
    job->received = g_stat(job->path, &about) == 0 ? about.st_size : 0;
    finish_job(download, job, NX_JOB_CACHED, NULL);
  }
}

static gboolean start_waiting(Download *download)
{
  gboolean waiting = FALSE;
  for (guint i = 0; i < download->jobs->len; i++) {
    NxJob *job = download->jobs->pdata[i];
    if (job->state != NX_JOB_WAITING)
      continue;
    waiting = TRUE;
    if (download->running < download->options->workers && g_get_monotonic_time() >= job->not_before)
      start_transfer(download, job);
  }
  return waiting || download->running > 0;
}

static void take_finished(Download *download)
{
  int left;
  for (CURLMsg *message; (message = nx_curl.multi_info_read(download->multi, &left));)
    if (message->msg == CURLMSG_DONE)
      end_transfer(download, message->easy_handle, message->data.result);
}

static void show_progress(Download *download)
{
  FILE *out = download->options->progress;
  gint64 now = g_get_monotonic_time(), received = 0, total = 0;
  if (!out || now - download->last_shown < G_USEC_PER_SEC / 5)
    return;
  download->last_shown = now;
  for (guint i = 0; i < download->jobs->len; i++) {
    const NxJob *job = download->jobs->pdata[i];
    received += job->received;
    total += MAX(job->size, job->received);
  }
  g_autofree char *bar = g_strnfill(BAR_WIDTH, ' '), *got = nx_snapshot_size_text((guint64)received), *all = nx_snapshot_size_text((guint64)total);
  memset(bar, '#', total > 0 ? (gsize)(BAR_WIDTH * ((double)received / (double)total)) : 0);
  fprintf(out, "\r\033[K  [%s] %s of %s", bar, got, all);
  fflush(out);
}

static void stop_all(Download *download)
{
  for (guint i = 0; i < download->jobs->len; i++) {
    NxJob *job = download->jobs->pdata[i];
    if (!job->handle)
      continue;
    nx_curl.multi_remove_handle(download->multi, job->handle);
    nx_curl.easy_cleanup(job->handle);
    job->handle = NULL;
    close_file(job);
  }
}

static gboolean run(Download *download, GError **err)
{
  if (!nx_curl_load(err))
    return FALSE;
  download->multi = nx_curl.multi_init();
  nx_curl.multi_setopt(download->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)download->options->workers);
  while (start_waiting(download) && !nx_interrupted()) {
    int active;
    nx_curl.multi_perform(download->multi, &active);
    take_finished(download);
    show_progress(download);
    nx_curl.multi_poll(download->multi, NULL, 0, WAIT_MS, NULL);
  }
  stop_all(download);
  nx_curl.multi_cleanup(download->multi);
  if (download->options->progress)
    fputs("\r\033[K", download->options->progress);
  if (nx_interrupted())
    g_set_error_literal(err, NX_ERROR, NX_ERROR_INTERRUPTED, "Aborted!");
  return !nx_interrupted();
}

static gboolean report_failures(const Download *download, GError **err)
{
  g_autoptr(GString) lines = g_string_new(NULL);
  for (guint i = 0; i < download->jobs->len; i++) {
    const NxJob *job = download->jobs->pdata[i];
    if (job->state == NX_JOB_FAILED)
      g_string_append_printf(lines, "\n  - %s: %s", job->name, job->problem);
  }
  if (lines->len == 0)
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_PLACE, "Snapshot download had failures:%s\nThe files that are complete stay; run the command again for the rest", lines->str);
  return FALSE;
}

static void print_summary(const Download *download, json_object *manifest, gint64 seconds)
{
  FILE *out = download->options->out;
  guint fresh = 0, cached = 0;
  gint64 total = 0, fetched = 0;
  for (guint i = 0; i < download->jobs->len; i++) {
    const NxJob *job = download->jobs->pdata[i];
    gboolean is_fresh = job->state == NX_JOB_DOWNLOADED;
    *(is_fresh ? &fresh : &cached) += 1;
    total += job->received;
    fetched += is_fresh ? job->received : 0;
  }
  g_autofree char *all = nx_snapshot_size_text((guint64)total), *new_bytes = nx_snapshot_size_text((guint64)fetched), *from_cache = g_strdup_printf("%u cached", cached);
  const char *snapshot_version = nx_json_get_string(manifest, "snapshot_version"), *schema_version = nx_json_get_string(manifest, "schema_version");
  g_autofree char *version = nx_text_visible(snapshot_version ? snapshot_version : "unknown");
  g_autofree char *schema = nx_text_visible(schema_version ? schema_version : "unknown");
  fprintf(out, "  " RULE "\n  %-40s %12s %12s\n\n", "TOTAL", all, from_cache);
  fprintf(out, "Fetched %s (%u new files) in %" G_GINT64_FORMAT "s\n\n", new_bytes, fresh, seconds);
  fprintf(out, "Snapshot version : %s\nSchema version   : %s\nOutput dir       : %s\n", version, schema, download->output_typed);
}

static gboolean download_files(Download *download, json_object *manifest, const GString *text, GError **err)
{
  FILE *out = download->options->out;
  gint64 start = g_get_monotonic_time();
  g_autofree char *path = g_build_filename(download->options->output, "manifest.json", NULL);
  fprintf(out, "\n  %-40s %12s %12s\n  " RULE "\n", "FILE", "SIZE", "STATUS");
  find_cached(download);
  if (!nx_download_fits(download->options, download->jobs, err) || !run(download, err) || !report_failures(download, err) ||
      !nx_file_write(path, text->str, text->len, 0644, err))
    return FALSE;
  print_summary(download, manifest, (g_get_monotonic_time() - start) / G_USEC_PER_SEC);
  return TRUE;
}

/* ------------------------------------------------------------------------------------------------------------ manifest */

static NxHttp *open_http(const NxDownloadOptions *options, GError **err)
{
  const NxHttpOptions how = {.ca_file = options->ca_file,
                             .ca_pem = options->ca_pem,
                             .insecure = options->insecure,
                             .body_limit = MANIFEST_MAX,
                             .timeout_ms = MANIFEST_TIMEOUT_MS};
  if (options->insecure)
    nx_log_warning("NX_DISABLE_SSL_VERIFY is on: the server is not checked, so anybody on the way can change what is downloaded");
  return nx_http_new(&how, err);
}

static NxHttpAnswer *fetch_manifest(NxHttp *http, const char *base, GError **err)
{
  g_autofree char *url = g_strconcat(base, "manifest.json", NULL);
  const NxHttpRequest request = {.method = "GET", .url = url};
  g_autoptr(NxHttpAnswer) answer = nx_http_send(http, &request, err);
  if (answer && answer->status != 200)
    g_set_error(err, NX_ERROR, nx_http_error_code(answer->status), "the server answered %ld", answer->status);
  if (answer && answer->status == 200)
    return g_steal_pointer(&answer);
  g_prefix_error(err, "Failed to fetch manifest at %s: ", url);
  return NULL;
}

static json_object *parse_manifest(const char *base, const GString *text, GError **err)
{
  json_object *manifest = nx_json_parse(text->str, text->len, err);
  if (!manifest)
    g_prefix_error(err, "manifest.json at %s is not valid JSON: ", base);
  return manifest;
}

static gboolean check_url(const char *url, GError **err)
{
  if ((g_str_has_prefix(url, "https://") || g_str_has_prefix(url, "http://")) && !strpbrk(url, "?# \t\r\n"))
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_USAGE, "--url must be an http:// or https:// address of a folder, without query: %s", url);
  return FALSE;
}

static gboolean download_into(const NxDownloadOptions *options, const char *output_typed, GError **err)
{
  g_autofree char *base = g_str_has_suffix(options->url, "/") ? g_strdup(options->url) : g_strconcat(options->url, "/", NULL);
  g_autoptr(NxHttp) http = open_http(options, err);
  g_autoptr(NxHttpAnswer) answer = http ? fetch_manifest(http, base, err) : NULL;
  g_autoptr(json_object) manifest = answer ? parse_manifest(base, answer->body, err) : NULL;
  g_autoptr(GPtrArray) jobs = manifest ? nx_download_plan(options, manifest, err) : NULL;
  Download download = {.options = options,
                       .output_typed = output_typed,
                       .manifest = answer ? answer->body : NULL,
                       .base = base,
                       .http = http,
                       .jobs = jobs};
  return jobs && download_files(&download, manifest, answer->body, err);
}

gboolean nx_snapshot_download(const NxDownloadOptions *typed, GError **err)
{
  g_autofree char *output = nx_path_without_tilde(typed->output);
  NxDownloadOptions options = *typed;
  options.output = output;
  if (!check_url(options.url, err) || !nx_folder_make(output, err))
    return FALSE;
  g_autoptr(NxFolderLock) lock = nx_folder_lock_take(output, err);
  return lock && download_into(&options, typed->output, err);
}
