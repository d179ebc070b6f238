/* nx-tui-probe — asks one configured server whether it would work with us, for `Test connection` of `config edit`, or who somebody is there, for
 * `Get My UID`. Settings come from the environment; one line on standard output says what was found; exit 0 when all is well, else 1. */
#include "nx-cli.h"
#include "nx-config.h"
#include "nx-export.h"
#include "nx-http.h"
#include "nx-mail.h"

#include <string.h>

#define PATIENCE_S 10

typedef struct {
  const char *what;
  gint64 number;
} Options;

static const NxArgument ARGUMENTS[] = {
  {.name = "SERVER", .type = NX_VALUE_TEXT, .field = offsetof(Options, what)},
  {.name = "NUMBER", .type = NX_VALUE_INT, .optional = TRUE, .preset = "1", .field = offsetof(Options, number)},
  {0},
};
static const NxCommand COMMAND = {
  .name = "nx-tui-probe",
  .version = NX_VERSION_DATED,
  .arguments = ARGUMENTS,
  .help = "Ask a configured server whether it works.\n\nSERVER is cdcs, elabftw, labarchives, mail or nemo (with the NUMBER of the harvester). "
          "labarchives-user reads a login and its password, a line each, from standard input and prints the user id.",
};

static gboolean refuse(GError **err, const char *format, const char *detail)
{
  g_set_error(err, NX_ERROR, NX_ERROR_REMOTE, format, detail);
  return FALSE;
}

/* ------------------------------------------------------------------------------------------------------------- nemo */

static const NxNemoSettings *find_harvester(const NxSettings *settings, gint64 number)
{
  for (guint i = 0; i < settings->nemo->len; i++) {
    const NxNemoSettings *nemo = settings->nemo->pdata[i];
    if (nemo->number == number)
      return nemo;
  }
  return NULL;
}

/* Its root lists the endpoints (config §12); a browser's page at the same host answers too. */
static gboolean is_api_root(const NxHttpAnswer *answer)
{
  g_autoptr(json_object) endpoints = nx_json_parse(answer->body->str, answer->body->len, NULL);
  return json_object_is_type(endpoints, json_type_object);
}

static gboolean try_nemo(const Options *options, GError **err)
{
  static const char *const NEEDED[] = {"NX_NEMO_ADDRESS_N", NULL};
  g_autoptr(NxSettings) settings = nx_settings_load(NEEDED, err);
  const NxNemoSettings *nemo = settings ? find_harvester(settings, options->number) : NULL;
  if (!nemo)
    return settings ? refuse(err, "%s: address and token are needed first", "NEMO") : FALSE;
  NxHttpOptions how = {.ca_file = settings->cert_bundle_file, .ca_pem = settings->cert_bundle, .insecure = settings->disable_ssl_verify,
                       .connect_timeout_ms = PATIENCE_S * 1000, .timeout_ms = PATIENCE_S * 1000};
  g_autofree char *authorization = g_strconcat("Authorization: Token ", nemo->token, NULL);
  const char *const headers[] = {authorization, NULL};
  NxHttpRequest request = {.method = "GET", .url = nemo->address, .headers = headers};
  g_autoptr(NxHttp) http = nx_http_new(&how, err);
  g_autoptr(NxHttpAnswer) answer = http ? nx_http_send(http, &request, err) : NULL;
  if (!answer)
    return FALSE;
  if (answer->elsewhere) {
    g_autofree char *shown = nx_text_beginning(answer->elsewhere);
    g_set_error(err, NX_ERROR, NX_ERROR_REMOTE, "%s redirects to %s, where no token is sent; is that its address?", nemo->address, shown);
    return FALSE;
  }
  if (answer->status == 401 || answer->status == 403)
    return refuse(err, "%s answers, but it does not accept the token", nemo->address);
  if (answer->status >= 400) {
    g_set_error(err, NX_ERROR, NX_ERROR_REMOTE, "%s answers with the status %ld", nemo->address, answer->status);
    return FALSE;
  }
  if (!is_api_root(answer))
    return refuse(err, "%s answers with a page, not with NEMO's API: is this the address of the API root (…/api/)?", nemo->address);
  printf("%s answers and accepts the token.\n", nemo->address);
  return TRUE;
}

/* ------------------------------------------------------------------------------------------------------------- mail */

/* Greeting, TLS and login as for sending; nothing is sent. */
static gboolean try_mail(const Options *options, GError **err)
{
  (void)options;
  static const char *const NEEDED[] = {"NX_CERT_BUNDLE_FILE", "NX_DISABLE_SSL_VERIFY", NULL};
  g_autoptr(NxSettings) settings = nx_settings_load(NEEDED, err);
  const NxEmailSettings *email = settings ? settings->email : NULL;
  if (!email)
    return settings ? refuse(err, "%s: host, sender and recipients are needed first", "Mail") : FALSE;
  if (!nx_mail_greet(settings, err))
    return FALSE;
  gboolean logs_in = email->smtp_username && email->smtp_password;
  printf("%s answers%s; no mail was sent.\n", email->smtp_host, logs_in ? " and accepts the login" : "");
  return TRUE;
}

/* ----------------------------------------------------------------------------------------------------- destinations */

/* What nx-export answers. */
static json_object *ask_export(const char *destination, GError **err)
{
  g_autofree char *program = nx_program_path("nx-export");
  if (!program) {
    refuse(err, "the program %s is not installed", "nx-export");
    return NULL;
  }
  g_autofree char *request =
      g_strdup_printf("{\"kind\":\"export_request\",\"destination\":\"%s\",\"mode\":\"validate\",\"context\":{}}\n", destination);
  char *argv[] = {program, NULL};
  const NxQuestion question = {.argv = argv, .input = request, .length = strlen(request), .answer_max = NX_LINE_MAX, .err = -1};
  int status;
  g_autoptr(GString) answer = nx_process_ask(&question, &status, err);
  if (answer && answer->len > 0)
    return nx_json_parse(answer->str, answer->len, err);
  if (answer)
    refuse(err, "%s could not start with these settings; its message stands above", "nx-export");
  return NULL;
}

static gboolean try_destination(const Options *options, GError **err)
{
  g_autoptr(json_object) result = ask_export(options->what, err);
  if (!result)
    return FALSE;
  if (!nx_json_get_boolean(result, "valid")) {
    const char *reason = nx_json_get_string(result, "error");
    return refuse(err, "%s", reason ? reason : "the server would not accept records");
  }
  printf("%s answers and would accept records.\n", options->what);
  return TRUE;
}

/* ------------------------------------------------------------------------------------------------- LabArchives user */

static gboolean read_login(char **login, char **password)
{
  char line[1024];
  *login = fgets(line, sizeof line, stdin) ? g_strdup(g_strchomp(line)) : NULL;
  *password = *login && fgets(line, sizeof line, stdin) ? g_strndup(line, strcspn(line, "\n")) : NULL;
  return *password != NULL;
}

static gboolean find_user(const Options *options, GError **err)
{
  (void)options;
  static const char *const NEEDED[] = {NULL};
  g_autofree char *login = NULL, *password = NULL;
  g_autoptr(NxSettings) settings = nx_settings_load(NEEDED, err);
  if (!settings)
    return FALSE;
  if (!settings->labarchives_access_key_id || !settings->labarchives_access_password)
    return refuse(err, "%s: access key id and access password are needed first", "LabArchives");
  if (!read_login(&login, &password))
    return refuse(err, "%s: a login and a password are needed, a line each", "standard input");
  g_autofree char *id = nx_labarchives_user_id(settings, login, password, err);
  if (id)
    puts(id);
  return id != NULL;
}

static const struct {
  const char *what;
  gboolean (*run)(const Options *options, GError **err);
} TRIALS[] = {{"cdcs", try_destination},        {"elabftw", try_destination}, {"labarchives", try_destination},
              {"labarchives-user", find_user}, {"mail", try_mail},           {"nemo", try_nemo}};

int main(int argc, char **argv)
{
  Options options = {0};
  if (!nx_cli_parse(&COMMAND, argc, argv, &options))
    return nx_cli_exit_code();
  nx_log_start(COMMAND.name, 0);
  g_autoptr(GError) err = NULL;
  for (guint i = 0; i < G_N_ELEMENTS(TRIALS); i++)
    if (g_str_equal(TRIALS[i].what, options.what))
      return TRIALS[i].run(&options, &err) ? 0 : nx_fail(err);
  return nx_cli_usage_error("Invalid value for 'SERVER': '%s' is none of cdcs, elabftw, labarchives, labarchives-user, mail, nemo.", options.what);
}
