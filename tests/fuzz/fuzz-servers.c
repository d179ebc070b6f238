/* fuzz-servers.c — libFuzzer target for what servers answer: NEMO to the harvest and to the description of a session, CDCS, eLabFTW and
 * LabArchives to an export. Whatever they say, the session gets a reservation, a status or a reason, and the export a result. The bytes:
 * one that chooses who is asked, then answers that end with 0xff, each one byte for its status and the body. No request is sent: the linker
 * puts the functions below in the place of nx_http_send and nx_http_wait, and of getrandom: passwords are remembered, to be masked, and millions
 * of runs would have a million of them. */
#include "destinations.h"
#include "harvester.h"
#include "result.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
NxHttpAnswer *__wrap_nx_http_send(NxHttp *http, const NxHttpRequest *request, GError **err);
void __wrap_nx_http_wait(guint milliseconds);
ssize_t __wrap_getrandom(void *bytes, size_t length, unsigned flags);

static struct {
  const uint8_t *at;
  size_t left;
} answers;

NxHttpAnswer *__wrap_nx_http_send(NxHttp *http, const NxHttpRequest *request, GError **err)
{
  static const long STATUSES[] = {200, 200, 201, 204, 400, 401, 403, 404, 409, 429, 500, 302};
  (void)http;
  if (request->renew)
    g_free(request->renew(request->user_data));
  if (answers.left == 0) {
    g_set_error(err, NX_ERROR, NX_ERROR_PLACE, "%s: no answer", request->method);
    return NULL;
  }
  const uint8_t *end = memchr(answers.at, 0xff, answers.left);
  const size_t length = end ? (size_t)(end - answers.at) : answers.left;
  NxHttpAnswer *answer = g_new0(NxHttpAnswer, 1);
  answer->status = length ? STATUSES[answers.at[0] % G_N_ELEMENTS(STATUSES)] : 200;
  answer->body = g_string_new_len(length ? (const char *)answers.at + 1 : "", length ? (gssize)length - 1 : 0);
  answer->headers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  if (answer->status == 201)
    answer->location = g_strdup("https://server.example.com/api/v2/experiments/7");
  answers.left -= length + (end != NULL);
  answers.at += length + (end != NULL);
  return answer;
}

void __wrap_nx_http_wait(guint milliseconds)
{
  (void)milliseconds;
}

ssize_t __wrap_getrandom(void *bytes, size_t length, unsigned flags)
{
  (void)flags;
  memset(bytes, 0, length);
  return (ssize_t)length;
}

/* --------------------------------------------------------------------------------------------------------------- who asks */

#define INSTRUMENT                                                                                                                         \
  "{\"kind\":\"instrument\",\"instrument_pid\":\"P-1\",\"harvester\":\"nemo\",\"api_url\":\"https://nemo.example.com/api/tools/?id=3\","   \
  "\"calendar_url\":\"\",\"timezone\":\"America/Denver\"}"
static const char SESSION[] =
    "{\"kind\":\"session\",\"session_identifier\":\"https://nemo.example.com/api/usage_events/?id=29\",\"instrument\":" INSTRUMENT
    ",\"start\":\"2024-01-01T10:00:00-07:00\",\"end\":\"2024-01-01T11:00:00-07:00\",\"user\":\"u\",\"status\":\"TO_BE_BUILT\"}";

static NxSettings *settings(void)
{
  static NxSettings known;
  if (!known.nemo) {
    NxNemoSettings *nemo = g_new0(NxNemoSettings, 1);
    *nemo = (NxNemoSettings){1, "https://nemo.example.com/api/", "secret-token", NX_DATE_FORMAT_ISO, NX_DATE_FORMAT_ISO, NULL};
    known.nemo = g_ptr_array_new();
    g_ptr_array_add(known.nemo, nemo);
    known.cdcs_token = known.elabftw_api_key = known.labarchives_access_password = "secret-token";
    known.cdcs_url = known.elabftw_url = known.labarchives_url = "https://server.example.com/";
    known.labarchives_access_key_id = known.labarchives_user_id = known.labarchives_notebook_id = "id";
    known.cdcs_user_owned_records = TRUE;
    nx_log_hide("secret-token");
  }
  return &known;
}

static void harvest(gboolean events)
{
  g_autoptr(NxHarvest) harvest = nx_harvest_new(settings(), NULL, NULL);
  g_autoptr(GError) problem = NULL;
  if (events) {
    g_autoptr(GPtrArray) instruments = g_ptr_array_new_with_free_func((GDestroyNotify)json_object_put);
    const NxHarvestBounds bounds = {NULL, NULL};
    g_ptr_array_add(instruments, nx_json_parse(INSTRUMENT, strlen(INSTRUMENT), NULL));
    if (!nx_harvester_nemo.events(harvest, instruments, &bounds, &problem) && !problem)
      abort();
    return;
  }
  g_autoptr(json_object) session = nx_json_parse(SESSION, strlen(SESSION), NULL);
  gboolean is_known = nx_harvester_nemo.describe(harvest, session, &problem);
  gboolean has_ended = nx_json_get(session, "error") || nx_json_get(session, "postponed");
  if (is_known != (nx_json_get(session, "reservation") || has_ended) || is_known == (problem != NULL))
    abort();
}

/* A record that is there for the whole run. */
static const char *record_path(void)
{
  static const char RECORD[] =
      "<?xml version=\"1.0\"?><Experiment xmlns=\"https://data.nist.gov/od/dm/nexus/experiment/v1.0\"><title>T</title></Experiment>";
  static char *path;
  if (!path) {
    path = g_strdup_printf("%s/fuzz-servers-%d.xml", g_get_tmp_dir(), (int)getpid());
    if (!nx_file_write_fast(path, RECORD, strlen(RECORD), 0600, NULL))
      abort();
  }
  return path;
}

static json_object *export_context(void)
{
  json_object *context = json_object_new_object();
  nx_json_set_string(context, "xml_file_path", record_path());
  nx_json_set_string(context, "session_identifier", "s-1");
  nx_json_set_string(context, "instrument_pid", "P-1");
  nx_json_set_string(context, "dt_from", "2024-01-01T10:00:00-07:00");
  nx_json_set_string(context, "dt_to", "2024-01-01T11:00:00-07:00");
  nx_json_set_string(context, "user", "u");
  nx_json_set(context, "activities", json_object_new_array());
  nx_json_set(context, "metadata", json_object_new_object());
  nx_json_set(context, "previous_results", json_object_new_object());
  return context;
}

static void export_to(const NxDestination *destination, NxExportMode mode, gboolean validates)
{
  g_autoptr(NxHttp) http = nx_http_new(&(NxHttpOptions){0}, NULL);
  g_autoptr(json_object) context = export_context();
  g_autoptr(GError) problem = NULL;
  NxExportJob job = {
      .context = context,
      .record_path = g_strdup(record_path()),
      .mode = mode,
      .metadata = json_object_new_object(),
      .warnings = json_object_new_array(),
  };
  gpointer state = destination->open(destination, settings(), http);
  gboolean is_good = validates ? destination->validate(state, &problem) : destination->send(state, &job, &problem);
  if (is_good == (problem != NULL))
    abort();
  /* What a user is shown of it; the server may have sent the secret back. */
  g_autofree char *shown = problem ? nx_result_error_text(problem->message) : NULL;
  if (shown && strstr(shown, "secret-token"))
    abort();
  destination->close(state);
  g_free(job.record_path);
  g_free(job.record_id);
  g_free(job.record_url);
  json_object_put(job.metadata);
  json_object_put(job.warnings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const NxDestination *const DESTINATIONS[] = {&nx_destination_cdcs, &nx_destination_elabftw, &nx_destination_labarchives};
  if (size == 0)
    return -1;
  answers.at = data + 1, answers.left = size - 1;
  const guint who = data[0] % 16;
  if (who < 4)
    harvest(who & 1);
  else
    export_to(DESTINATIONS[(who - 4) / 4], who % 4 == 3 ? NX_MODE_EXPORT : (NxExportMode)(who % 4), who % 4 == 3);
  return 0;
}
