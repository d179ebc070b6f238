/* send.c — one message by SMTP: implicit TLS on port 465, STARTTLS or nothing else, never less than was asked for (export §10.5). */
#include "nx-mail.h"
#include "nx-curl.h"
#include "nx-http.h"

#include <string.h>

#define CONNECT_SECONDS 30
#define WHOLE_SECONDS 120
#define GREETING_SECONDS 10
#define FAREWELL_SECONDS 5
#define PORT_OF_IMPLICIT_TLS 465

/* ---------------------------------------------------------------------------------------------------------- connection */

typedef struct {
  const NxSettings *settings;
  NxHttp *http; /* for its handle and its trust in certificates */
  CURL *curl;
  CURLU *address;
  char detail[CURL_ERROR_SIZE];
  GString *recipient; /* of the command that was sent last, if it was about one */
  GString *refusal;   /* the last reply that was a refusal */
  gint64 end_us;      /* monotonic; of the time for all, then of that for the answer to the good-bye */
  gboolean leaving;   /* the good-bye was sent */
} Connection;

static void connection_clear(Connection *connection)
{
  if (connection->curl)
    nx_curl.easy_reset(connection->curl); /* it points to the members that go now */
  if (connection->address)
    nx_curl.url_cleanup(connection->address);
  g_clear_pointer(&connection->http, nx_http_free);
  g_string_free(connection->recipient, TRUE);
  g_string_free(connection->refusal, TRUE);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Connection, connection_clear)

/* Never 0, which libcurl takes for endless. */
static long patience_ms(guint seconds)
{
  return (long)MAX(nx_patience_us(seconds) / 1000, 1);
}

static CURLU *server_address(const NxEmailSettings *email, GError **err)
{
  CURLU *address = nx_curl.url();
  g_autofree char *port = g_strdup_printf("%d", email->smtp_port);
  gboolean is_bare_ip6 = strchr(email->smtp_host, ':') && *email->smtp_host != '[';
  g_autofree char *host = is_bare_ip6 ? g_strdup_printf("[%s]", email->smtp_host) : g_strdup(email->smtp_host);
  if (nx_curl.url_set(address, CURLUPART_SCHEME, email->smtp_port == PORT_OF_IMPLICIT_TLS ? "smtps" : "smtp", 0) == CURLUE_OK &&
      nx_curl.url_set(address, CURLUPART_HOST, host, 0) == CURLUE_OK && nx_curl.url_set(address, CURLUPART_PORT, port, 0) == CURLUE_OK)
    return address;
  nx_curl.url_cleanup(address);
  g_set_error(err, NX_ERROR, NX_ERROR_CONFIG, "NX_EMAIL_SMTP_HOST '%s' is no name of a host", email->smtp_host);
  return NULL;
}

/* In base64, whose padding a server that quotes it may leave out. */
static void hide_encoded(const char *bytes, gsize length)
{
  g_autofree char *encoded = g_base64_encode((const guchar *)bytes, length);
  encoded[strcspn(encoded, "=")] = '\0';
  nx_log_hide(encoded);
}

/* The forms in which the password goes to a server, by AUTH LOGIN and by AUTH PLAIN (RFC 4616): a refusal may quote them. */
static void hide_login(const NxEmailSettings *email)
{
  g_autoptr(GString) plain = g_string_new(NULL);
  g_string_append_c(plain, '\0');
  g_string_append(plain, email->smtp_username);
  g_string_append_c(plain, '\0');
  g_string_append(plain, email->smtp_password);
  hide_encoded(plain->str, plain->len);
  hide_encoded(email->smtp_password, strlen(email->smtp_password));
}

static gboolean is_command(const char *data, size_t size, const char *command)
{
  return size > strlen(command) && g_ascii_strncasecmp(data, command, strlen(command)) == 0;
}

/* What libcurl does not tell: which recipient was refused, and in which words; and that it is leaving. */
static int watch_dialogue(CURL *curl, curl_infotype type, char *data, size_t size, void *user_data)
{
  static const char COMMAND[] = "RCPT TO:";
  Connection *connection = user_data;
  (void)curl;
  if (type == CURLINFO_HEADER_OUT) {
    g_string_truncate(connection->recipient, 0);
    if (is_command(data, size, COMMAND))
      g_string_append_len(connection->recipient, data + strlen(COMMAND), (gssize)(size - strlen(COMMAND)));
    if (is_command(data, size, "QUIT")) {
      connection->leaving = TRUE;
      connection->end_us = MIN(connection->end_us, g_get_monotonic_time() + nx_patience_us(FAREWELL_SECONDS));
    }
  } else if (type == CURLINFO_HEADER_IN && size > 0 && (*data == '4' || *data == '5')) {
    g_autofree char *reply = nx_text_utf8(data, (gssize)size);
    g_string_assign(connection->refusal, g_strstrip(reply));
    if (connection->recipient->len > 0)
      nx_log_warning("mail to %s was refused: %s", g_strstrip(connection->recipient->str), connection->refusal->str);
  }
  return 0;
}

/* libcurl has two minutes for the answer to its good-bye, whatever its time-out: by then the message has been taken, or will not be. */
static int stop_waiting_to_leave(void *user_data, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
  const Connection *connection = user_data;
  (void)a, (void)b, (void)c, (void)d;
  return connection->leaving && g_get_monotonic_time() >= connection->end_us;
}

static void set_server(Connection *connection, guint connect_seconds, guint whole_seconds)
{
  const NxEmailSettings *email = connection->settings->email;
  CURL *curl = connection->curl;
  nx_curl.easy_setopt(curl, CURLOPT_CURLU, connection->address);
  nx_curl.easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  nx_curl.easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  nx_curl.easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, patience_ms(connect_seconds));
  nx_curl.easy_setopt(curl, CURLOPT_TIMEOUT_MS, patience_ms(whole_seconds));
  connection->end_us = g_get_monotonic_time() + nx_patience_us(whole_seconds);
  nx_curl.easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L); /* it says good-bye while these settings hold */
  nx_curl.easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  nx_curl.easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, stop_waiting_to_leave);
  nx_curl.easy_setopt(curl, CURLOPT_XFERINFODATA, connection);
  nx_curl.easy_setopt(curl, CURLOPT_ERRORBUFFER, connection->detail);
  nx_curl.easy_setopt(curl, CURLOPT_VERBOSE, 1L);
  nx_curl.easy_setopt(curl, CURLOPT_DEBUGFUNCTION, watch_dialogue);
  nx_curl.easy_setopt(curl, CURLOPT_DEBUGDATA, connection);
  if (email->use_tls && email->smtp_port != PORT_OF_IMPLICIT_TLS)
    nx_curl.easy_setopt(curl, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
  if (!email->smtp_username || !email->smtp_password)
    return;
  hide_login(email);
  nx_curl.easy_setopt(curl, CURLOPT_USERNAME, email->smtp_username);
  nx_curl.easy_setopt(curl, CURLOPT_PASSWORD, email->smtp_password);
}

static gboolean connection_open(Connection *connection, const NxSettings *settings, guint connect_seconds, guint whole_seconds, GError **err)
{
  NxHttpOptions options = {.ca_file = settings->cert_bundle_file, .ca_pem = settings->cert_bundle, .insecure = settings->disable_ssl_verify};
  connection->settings = settings;
  connection->recipient = g_string_new(NULL);
  connection->refusal = g_string_new(NULL);
  connection->http = nx_http_new(&options, err);
  connection->curl = connection->http ? nx_http_open(connection->http, err) : NULL;
  connection->address = connection->curl ? server_address(settings->email, err) : NULL;
  if (!connection->address)
    return FALSE;
  if (settings->disable_ssl_verify)
    nx_log_warning("NX_DISABLE_SSL_VERIFY is on: the mail server's certificate is not checked");
  nx_http_set_trust(connection->http, connection->curl);
  set_server(connection, connect_seconds, whole_seconds);
  return TRUE;
}

/* What a person can do about it. */
static const struct {
  CURLcode code;
  const char *advice;
} ADVICE[] = {
  {CURLE_LOGIN_DENIED, "; check NX_EMAIL_SMTP_USERNAME and NX_EMAIL_SMTP_PASSWORD"},
  {CURLE_USE_SSL_FAILED, "; the server offers no STARTTLS: check NX_EMAIL_SMTP_PORT, or set NX_EMAIL_USE_TLS=false to send in clear text"},
  {CURLE_PEER_FAILED_VERIFICATION, "; if the certificate is your own authority's, name that in NX_CERT_BUNDLE_FILE"},
  {CURLE_COULDNT_RESOLVE_HOST, "; check NX_EMAIL_SMTP_HOST"},
  {CURLE_COULDNT_CONNECT, "; check NX_EMAIL_SMTP_HOST and NX_EMAIL_SMTP_PORT"},
};

static gboolean perform(Connection *connection, GError **err)
{
  CURLcode code = nx_curl.easy_perform(connection->curl);
  if (code == CURLE_OK)
    return TRUE;
  const char *advice = "";
  for (gsize i = 0; i < G_N_ELEMENTS(ADVICE); i++)
    if (ADVICE[i].code == code)
      advice = ADVICE[i].advice;
  const NxEmailSettings *email = connection->settings->email;
  g_autofree char *reason = nx_http_reason((int)code, connection->detail);
  g_set_error(err, NX_ERROR, NX_ERROR_PLACE, "mail server %s, port %d: %s%s%s%s", email->smtp_host, email->smtp_port,
              reason, connection->refusal->len > 0 ? "; the server said: " : "",
              connection->refusal->str, advice);
  return FALSE;
}

/* ------------------------------------------------------------------------------------------------------------- sending */

/* What libcurl reads the message from. */
typedef struct {
  const GString *message;
  gsize done;
} Source;

static size_t hand_out(char *buffer, size_t size, size_t count, void *user_data)
{
  Source *source = user_data;
  gsize length = MIN(size * count, source->message->len - source->done);
  memcpy(buffer, source->message->str + source->done, length);
  source->done += length;
  return length;
}

static struct curl_slist *recipient_list(char **recipients)
{
  struct curl_slist *list = NULL;
  for (; *recipients; recipients++)
    list = nx_curl.slist_append(list, *recipients);
  return list;
}

gboolean nx_mail_send(const NxSettings *settings, const GString *message, GError **err)
{
  g_auto(Connection) connection = {0};
  if (!connection_open(&connection, settings, CONNECT_SECONDS, WHOLE_SECONDS, err))
    return FALSE;
  CURL *curl = connection.curl;
  Source source = {.message = message};
  struct curl_slist *recipients = recipient_list(settings->email->recipients);
  nx_curl.easy_setopt(curl, CURLOPT_MAIL_FROM, settings->email->sender);
  nx_curl.easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
  nx_curl.easy_setopt(curl, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
  nx_curl.easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  nx_curl.easy_setopt(curl, CURLOPT_READFUNCTION, hand_out);
  nx_curl.easy_setopt(curl, CURLOPT_READDATA, &source);
  nx_curl.easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)message->len);
  gboolean sent = perform(&connection, err);
  nx_curl.slist_free_all(recipients);
  return sent;
}

gboolean nx_mail_greet(const NxSettings *settings, GError **err)
{
  g_auto(Connection) connection = {0};
  if (!connection_open(&connection, settings, GREETING_SECONDS, GREETING_SECONDS, err))
    return FALSE;
  nx_curl.easy_setopt(connection.curl, CURLOPT_CUSTOMREQUEST, "NOOP");
  nx_curl.easy_setopt(connection.curl, CURLOPT_NOBODY, 1L);
  return perform(&connection, err);
}
