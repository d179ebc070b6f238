/* Servers that say nothing or say anything: a silent NEMO, and thousands of mutated answers and calendars. Mutations are made by a
 * generator with a fixed seed, so a failure can be repeated. Run under --enable-sanitizers this is a fuzz test. */
#include "harvester.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS 300

/* ---------------------------------------------------------------------------------------------------------- settings */

/* One server, on `port` of this computer. */
typedef struct {
  NxSettings settings;
  NxNemoSettings nemo;
} OneServer;

static OneServer *one_server(guint port)
{
  OneServer *own = g_new0(OneServer, 1);
  own->nemo = (NxNemoSettings){.number = 1,
                               .address = g_strdup_printf("http://127.0.0.1:%u/api/", port),
                               .token = (char *)"a-secret-token",
                               .strftime_fmt = (char *)NX_DATE_FORMAT_ISO,
                               .strptime_fmt = (char *)NX_DATE_FORMAT_ISO};
  own->settings.nemo = g_ptr_array_new();
  g_ptr_array_add(own->settings.nemo, &own->nemo);
  return own;
}

static void one_server_free(OneServer *own)
{
  g_ptr_array_unref(own->settings.nemo);
  g_free(own->nemo.address);
  g_free(own);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OneServer, one_server_free)

static NxHarvest *open_harvest(const OneServer *own)
{
  NxHttpOptions http = {.connect_timeout_ms = 2000, .timeout_ms = 500};
  g_autoptr(GError) err = NULL;
  NxHarvest *harvest = nx_harvest_new(&own->settings, &http, &err);
  g_assert_no_error(err);
  return harvest;
}

static json_object *parsed(char *text)
{
  g_autofree char *owned = text;
  g_autoptr(GError) err = NULL;
  json_object *value = nx_json_parse(owned, strlen(owned), &err);
  g_assert_no_error(err);
  return value;
}

static char *instrument_text(guint port, const char *harvester, const char *calendar_url, const char *kind)
{
  return g_strdup_printf(
      "{%s\"instrument_pid\":\"TEM\",\"api_url\":\"http://127.0.0.1:%u/api/tools/?id=3\",\"calendar_url\":\"%s\",\"harvester\":\"%s\","
      "\"timezone\":\"America/New_York\"}",
      kind, port, calendar_url, harvester);
}

static json_object *session_line(guint port, const char *harvester, const char *calendar_url, const char *identifier)
{
  g_autofree char *instrument = instrument_text(port, harvester, calendar_url, "");
  return parsed(g_strdup_printf("{\"kind\":\"session\",\"session_identifier\":\"%s\",\"start\":\"2025-03-03T10:00:00-05:00\","
                                "\"end\":\"2025-03-03T12:00:00-05:00\",\"status\":\"TO_BE_BUILT\",\"instrument\":%s}",
                                identifier, instrument));
}

static void describe(NxHarvest *harvest, json_object *session)
{
  g_autoptr(NxLines) lines = nx_lines_new(-1);
  g_autoptr(GError) err = NULL;
  g_assert_true(nx_harvest_session(lines, session, harvest, &err));
  g_assert_no_error(err);
}

/* ----------------------------------------------------------------------------------------------------------- silence */

static void test_silence(void)
{
  g_autoptr(GError) err = NULL;
  g_autoptr(GSocketListener) listener = g_socket_listener_new(); /* the kernel accepts, nobody reads */
  guint port = g_socket_listener_add_any_inet_port(listener, NULL, &err);
  g_assert_no_error(err);
  g_autoptr(OneServer) own = one_server(port);
  g_autoptr(NxHarvest) harvest = open_harvest(own);
  g_autofree char *identifier = g_strdup_printf("http://127.0.0.1:%u/api/usage_events/?id=7", port);
  g_autoptr(json_object) session = session_line(port, "nemo", "", identifier);
  describe(harvest, session);
  g_assert_cmpstr(nx_json_get_string(session, "status"), ==, "TO_BE_BUILT");
  g_assert_nonnull(nx_json_get(session, "postponed"));
}

/* ---------------------------------------------------------------------------------------------------------- mutation */

static const char *const WORDS[] = {"null",
                                    "{}",
                                    "[]",
                                    "\"\"",
                                    "-1",
                                    "1e999",
                                    "99999999999999999999",
                                    "\"\\u0000\"",
                                    "true",
                                    "\r\n",
                                    "BEGIN:",
                                    "END:",
                                    ":",
                                    ";",
                                    ",",
                                    "\"",
                                    "\\",
                                    "\xff",
                                    "T",
                                    "00000000",
                                    "RRULE:",
                                    "FREQ=",
                                    "COUNT=-1",
                                    "P1W",
                                    "20250303T100000",
                                    "INTERVAL=99",
                                    "BYDAY=-9MO",
                                    "EXDATE:",
                                    "\n ",
                                    "VALUE=DATE",
                                    "TZID=Lab",
                                    "BYSECOND=1,2",
                                    "UNTIL=",
                                    "RECURRENCE-ID:",
                                    "PT-1H",
                                    "\xe2\x82"};

static void mutate(GRand *rand, GString *text)
{
  for (int changes = g_rand_int_range(rand, 1, 6); changes > 0 && text->len > 2; changes--) {
    gssize at = g_rand_int_range(rand, 0, (gint32)text->len - 1);
    gssize wanted = g_rand_int_range(rand, 1, 40), length = MIN(wanted, (gssize)text->len - at);
    switch (g_rand_int_range(rand, 0, 20)) {
    case 0 ... 4:
      text->str[at] = (char)g_rand_int_range(rand, 1, 256);
      break;
    case 5 ... 9:
      g_string_erase(text, at, length);
      break;
    case 10 ... 13: {
      g_autofree char *copy = g_strndup(text->str + at, (gsize)length);
      g_string_insert(text, g_rand_int_range(rand, 0, (gint32)text->len), copy);
      break;
    }
    case 14:
      g_string_truncate(text, (gsize)at + 1);
      break;
    default:
      g_string_insert(text, at, WORDS[g_rand_int_range(rand, 0, G_N_ELEMENTS(WORDS))]);
    }
  }
}

static GString *mutated(GRand *rand, const char *text)
{
  GString *copy = g_string_new(text);
  mutate(rand, copy);
  return copy;
}

/* Usage lines go to standard output, which belongs to the test's own report. */
static int quiet_stdout(int saved)
{
  fflush(stdout);
  if (saved >= 0) {
    dup2(saved, STDOUT_FILENO);
    close(saved);
    return -1;
  }
  int kept = dup(STDOUT_FILENO), nothing = open("/dev/null", O_WRONLY);
  dup2(nothing, STDOUT_FILENO);
  close(nothing);
  return kept;
}

static void harvest_events(NxHarvest *harvest, const char *instrument)
{
  g_autofree char *line = g_strconcat(instrument, "\n", NULL);
  g_autoptr(GError) err = NULL;
  int ends[2];
  g_assert_cmpint(pipe(ends), ==, 0);
  g_assert_cmpint(write(ends[1], line, strlen(line)), ==, (gssize)strlen(line));
  close(ends[1]);
  NxHarvestBounds bounds = {0};
  int saved = quiet_stdout(-1);
  gboolean good = nx_harvest_events(harvest, ends[0], &bounds, &err);
  quiet_stdout(saved);
  close(ends[0]);
  g_assert_true(good);
}

/* ---------------------------------------------------------------------------------------------------------- calendars */

static const char CALENDAR[] =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
    "BEGIN:VTIMEZONE\r\nTZID:Lab\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n"
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    "BEGIN:VEVENT\r\nUID:one\r\nDTSTAMP:20250301T000000Z\r\nDTSTART;TZID=Lab:20250303T100000\r\nDTEND;TZID=Lab:20250303T120000\r\nSUMMARY:"
    "A title\\, long\r\n"
    "DESCRIPTION:Purpose\r\nORGANIZER;CN=\"Ned Land\":mailto:ned@x.org\r\nATTENDEE:mailto:a@b\r\nURL:https://x/\r\n"
    "X-NX-SAMPLE;X-PID=10.5/x;X-DETAILS=\"a, b\";X-ELEMENTS=Fe,O:Name\r\nX-NX-PROJECT:P-1\r\nX-NX-CONSENT:Agree\r\nEND:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:many\r\nDTSTART;VALUE=DATE:20250301\r\nDURATION:P1D\r\nRRULE:FREQ=WEEKLY;COUNT=5;BYDAY=MO,WE\r\nEXDATE;VALUE=DATE:"
    "20250303\r\n"
    "RDATE;VALUE=DATE:20250308\r\nEND:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:hours\r\nDTSTART:20250303T100000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=MONTHLY;BYDAY=1MO,-1FR;UNTIL="
    "20251231T000000Z\r\nEND:VEVENT\r\n"
    "BEGIN:VEVENT\r\nUID:hours\r\nRECURRENCE-ID;RANGE=THISANDFUTURE:20250328T100000Z\r\nDTSTART:20250328T120000Z\r\nDTEND:"
    "20250328T130000Z\r\nEND:VEVENT\r\n"
    "END:VCALENDAR\r\n";

static void test_mutated_calendars(void)
{
  g_autoptr(OneServer) own = one_server(1);
  g_autoptr(GRand) rand = g_rand_new_with_seed(5545);
  g_autofree char *path = g_strdup_printf("%s/nx-harvest-hostile-%d.ics", g_get_tmp_dir(), getpid());
  g_autofree char *url = g_strconcat("file://", path, NULL), *instrument = instrument_text(1, "ical", url, "\"kind\":\"instrument\",");
  g_autoptr(GError) err = NULL;
  for (int round = 0; round < ROUNDS; round++) {
    g_autoptr(GString) text = mutated(rand, CALENDAR);
    g_assert_true(g_file_set_contents(path, text->str, (gssize)text->len, &err));
    g_autoptr(NxHarvest) harvest = open_harvest(own);
    g_autoptr(json_object) single = session_line(1, "ical", url, "ical:TEM:one"),
                           member = session_line(1, "ical", url, "ical:TEM:hours/20250328T100000Z");
    harvest_events(harvest, instrument);
    describe(harvest, single);
    describe(harvest, member);
  }
  unlink(path);
}

/* -------------------------------------------------------------------------------------------------------- NEMO bodies */

#define QUESTIONS                                                                                                                          \
  "{\"data_consent\":{\"user_input\":\"Agree\"},\"experiment_title\":{\"user_input\":\"T\"},\"sample_group\":{\"user_input\":{\"0\":"      \
  "{\"sample_name\":\"n\",\"sample_or_pid\":\"PID\",\"sample_details\":\"d\",\"periodic_table\":[\"Fe\"]}}}}"
#define SPAN "\"start\":\"2025-03-03T10:00:00-05:00\",\"end\":\"2025-03-03T12:00:00-05:00\",\"user\":1"

/* path → body, mutated before each round */
static const struct {
  const char *path, *body;
} BODIES[] = {
    {"/api/usage_events/",
     "[{\"id\":7," SPAN
     ",\"operator\":1,\"tool\":3,\"run_data\":\"\",\"pre_run_data\":\"{\\\"data_consent\\\":{\\\"user_input\\\":\\\"x\\\"}}\"}]"},
    {"/api/reservations/",
     "[{\"id\":5," SPAN ",\"creator\":1,\"creation_time\":\"2025-03-01T10:00:00-05:00\",\"question_data\":" QUESTIONS "}]"},
    {"/api/users/", "{\"count\":1,\"next\":null,\"results\":[{\"id\":1,\"username\":\"ned\",\"first_name\":\"Ned\",\"last_name\":\"Land\","
                    "\"email\":\"n@x\"}]}"},
    {"/api/tools/", "[{\"id\":3,\"name\":\"TEM\"}]"},
};

typedef struct {
  GSocketService *service;
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
  GRand *rand; /* used by the server's thread only */
  guint port;
} Server;

static void answer_request(Server *server, const char *request, GOutputStream *out)
{
  for (gsize i = 0; i < G_N_ELEMENTS(BODIES); i++) {
    if (!strstr(request, BODIES[i].path))
      continue;
    g_autoptr(GString) body = g_rand_int_range(server->rand, 0, 3) ? mutated(server->rand, BODIES[i].body) : g_string_new(BODIES[i].body);
    g_autoptr(GString) text = g_string_new(NULL);
    int status = g_rand_int_range(server->rand, 0, 12) ? 200 : g_rand_int_range(server->rand, 200, 600);
    g_string_printf(text, "HTTP/1.1 %d X\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n", status, body->len);
    g_string_append_len(text, body->str, (gssize)body->len);
    g_output_stream_write_all(out, text->str, text->len, NULL, NULL, NULL);
    return;
  }
}

static gboolean on_connection(GSocketService *service, GSocketConnection *connection, GObject *source, gpointer user_data)
{
  (void)service, (void)source;
  char request[8192];
  gssize n = g_input_stream_read(g_io_stream_get_input_stream(G_IO_STREAM(connection)), request, sizeof request - 1, NULL, NULL);
  request[MAX(n, 0)] = '\0';
  answer_request(user_data, request, g_io_stream_get_output_stream(G_IO_STREAM(connection)));
  g_io_stream_close(G_IO_STREAM(connection), NULL, NULL);
  return TRUE;
}

static gpointer serve(gpointer data)
{
  Server *server = data;
  g_main_context_push_thread_default(server->context);
  g_socket_service_start(server->service);
  g_main_loop_run(server->loop);
  g_socket_service_stop(server->service);
  g_main_context_pop_thread_default(server->context);
  return NULL;
}

static void server_listen(Server *server)
{
  g_autoptr(GError) err = NULL;
  server->context = g_main_context_new();
  server->loop = g_main_loop_new(server->context, FALSE);
  server->rand = g_rand_new_with_seed(743);
  g_main_context_push_thread_default(server->context);
  server->service = g_socket_service_new();
  server->port = g_socket_listener_add_any_inet_port(G_SOCKET_LISTENER(server->service), NULL, &err);
  g_assert_no_error(err);
  g_signal_connect(server->service, "incoming", G_CALLBACK(on_connection), server);
  g_main_context_pop_thread_default(server->context);
}

static void server_stop(Server *server)
{
  g_main_loop_quit(server->loop);
  g_thread_join(server->thread);
  g_socket_listener_close(G_SOCKET_LISTENER(server->service));
  g_object_unref(server->service);
  g_main_loop_unref(server->loop);
  g_main_context_unref(server->context);
  g_rand_free(server->rand);
}

static void test_mutated_answers(void)
{
  Server server = {0};
  server_listen(&server);
  g_autoptr(OneServer) own = one_server(server.port);
  server.thread = g_thread_new("server", serve, &server);
  g_autofree char *identifier = g_strdup_printf("http://127.0.0.1:%u/api/usage_events/?id=7", server.port);
  g_autofree char *instrument = instrument_text(server.port, "nemo", "", "\"kind\":\"instrument\",");
  guint described = 0;
  for (int round = 0; round < ROUNDS; round++) {
    g_autoptr(NxHarvest) harvest = open_harvest(own);
    g_autoptr(json_object) session = session_line(server.port, "nemo", "", identifier);
    harvest_events(harvest, instrument);
    describe(harvest, session);
    described += nx_json_get(session, "reservation") != NULL;
  }
  server_stop(&server);
  g_assert_cmpuint(described, >, 0); /* some answers do come through whole */
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_setenv("NX_TEST_TIME_SCALE", "0", TRUE);
  nx_log_start("test-harvest-hostile", 0);
  g_test_add_func("/harvest/hostile/a server that accepts and says nothing postpones the session", test_silence);
  g_test_add_func("/harvest/hostile/no mutated calendar crashes the harvest", test_mutated_calendars);
  g_test_add_func("/harvest/hostile/no mutated answer of a server crashes the harvest", test_mutated_answers);
  return g_test_run();
}
