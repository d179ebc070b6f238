/* servers.c — checks 8 and 12 of export §9: does each NEMO server answer, and why is no mail sent. */
#include "checks.h"
#include "nx-http.h"

#define PROBE_SECONDS 10

static const guint WAITS_MS[] = {1000, 2000, 4000};
static const NxHttpRetry RETRY = {.waits_ms = WAITS_MS, .n_waits = G_N_ELEMENTS(WAITS_MS), .before_sending = TRUE, .after_sending = TRUE};

/* Never 0, which libcurl takes for endless. */
static guint patience_ms(void)
{
  return (guint)MAX(nx_patience_us(PROBE_SECONDS) / 1000, 1);
}

static NxHttpAnswer *probe(const NxSettings *settings, const NxNemoSettings *nemo, GError **err)
{
  NxHttpOptions options = {.ca_file = settings->cert_bundle_file,
                           .ca_pem = settings->cert_bundle,
                           .insecure = settings->disable_ssl_verify,
                           .connect_timeout_ms = patience_ms(),
                           .timeout_ms = patience_ms()};
  g_autoptr(NxHttp) http = nx_http_new(&options, err);
  if (!http)
    return NULL;
  g_autofree char *authorization = g_strconcat("Authorization: Token ", nemo->token, NULL);
  const char *const headers[] = {authorization, NULL};
  NxHttpRequest request = {.method = "GET", .url = nemo->address, .headers = headers, .no_redirects = TRUE, .retry = &RETRY};
  return nx_http_send(http, &request, err);
}

/* An answer is an answer; what it lets one suspect is said all the same. */
static char *suspicion(const NxNemoSettings *nemo, long status)
{
  if (status == 401 || status == 403)
    return g_strdup_printf("; check NX_NEMO_TOKEN_%u", nemo->number);
  return status >= 300 && status < 500 ? g_strdup_printf("; check NX_NEMO_ADDRESS_%u", nemo->number) : g_strdup("");
}

void nx_check_nemo(gconstpointer data, FILE *out)
{
  const NxSubject *subject = data;
  const NxNemoSettings *nemo = subject->nemo;
  g_autoptr(GError) problem = NULL;
  g_autoptr(NxHttpAnswer) answer = probe(subject->settings, nemo, &problem);
  if (!answer) {
    nx_finding_write(out, NX_CHECK_NEMO, FALSE, NX_SEVERITY_ERROR,
                     "NEMO %u at %s does not answer: %s; check NX_NEMO_ADDRESS_%u, the network and the server", nemo->number, nemo->address,
                     problem->message, nemo->number);
    return;
  }
  g_autofree char *doubt = suspicion(nemo, answer->status);
  nx_finding_write(out, NX_CHECK_NEMO, TRUE, NX_SEVERITY_ERROR, "NEMO %u at %s answers (HTTP %ld%s)", nemo->number, nemo->address, answer->status, doubt);
}

/* ---------------------------------------------------------------------------------------------------------------- mail */

void nx_check_mail_off(gconstpointer data, FILE *out)
{
  (void)data;
  g_autoptr(GString) problems = g_string_new(NULL);
  gboolean is_wanted = TRUE;
  for (const NxSetting *row = nx_email_table; row->name; row++) {
    g_autofree char *text = nx_settings_text(row->name, NULL);
    g_autofree char *problem = text ? nx_setting_problem(row, text) : NULL;
    is_wanted = is_wanted && (text || !(row->flags & NX_SETTING_REQUIRED));
    if (problem)
      g_string_append_printf(problems, "; %s %s", row->name, problem);
  }
  if (is_wanted && problems->len > 0)
    nx_finding_write(out, NX_CHECK_MAIL, FALSE, NX_SEVERITY_WARNING, "no mail is sent%s", problems->str);
  else
    nx_finding_write(out, NX_CHECK_MAIL, TRUE, NX_SEVERITY_WARNING, "mail is off (NX_EMAIL_SMTP_HOST, NX_EMAIL_SENDER and NX_EMAIL_RECIPIENTS turn it on)");
}
