/* compose.c — the message: headers, a few words, the log; plain where that is safe, base64 where not (export §10.4, RFC 5322, RFC 2045). */
#include "excerpt.h"

#include <string.h>

#define SUBJECT "ERROR in NexusLIMS record builder"
#define LINE_MAX_BYTES 998   /* of a message line, RFC 5322 2.1.1 */
#define HEADER_LINE_BYTES 78 /* where a header is folded */
#define BASE64_LINE_BYTES 57 /* 76 characters */

/* Addresses joined by ", ", on as many lines as that takes. */
static void append_recipients(GString *message, char **recipients)
{
  gsize used = (gsize)g_string_append(message, "To: ")->len;
  gsize line_start = used - strlen("To: ");
  for (char **recipient = recipients; *recipient; recipient++) {
    if (recipient != recipients) {
      gboolean folds = message->len - line_start + strlen(*recipient) + 2 > HEADER_LINE_BYTES;
      g_string_append(message, folds ? ",\r\n " : ", ");
      line_start = folds ? message->len - 1 : line_start;
    }
    g_string_append(message, *recipient);
  }
  g_string_append(message, "\r\n");
}

static void append_headers(GString *message, const NxEmailSettings *email)
{
  g_autoptr(GDateTime) now = nx_time_now();
  g_autofree char *date = g_date_time_format(now, "%a, %d %b %Y %H:%M:%S %z"); /* no program of ours with mail sets a locale */
  g_autofree char *unique = g_uuid_string_random();
  g_string_append_printf(message, "From: %s\r\n", email->sender);
  append_recipients(message, email->recipients);
  g_string_append_printf(message, "Subject: " SUBJECT "\r\nDate: %s\r\nMessage-ID: <%s@%s>\r\n", date, unique, g_get_host_name());
  g_string_append(message, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=\"utf-8\"\r\n");
}

/* Every line end as CRLF. */
static GString *with_crlf(const char *text)
{
  GString *lines = g_string_sized_new(strlen(text) + 1024);
  while (*text) {
    gsize length = strcspn(text, "\n");
    gboolean has_return = length > 0 && text[length] == '\n' && text[length - 1] == '\r';
    g_string_append_len(lines, text, (gssize)length - has_return);
    g_string_append(lines, "\r\n");
    text += length + (text[length] == '\n');
  }
  return lines;
}

/* TRUE when nothing on the way may change the text: ASCII without stray carriage returns, lines of a decent length. */
static gboolean is_plain(const GString *body)
{
  gsize line = 0;
  for (gsize i = 0; i < body->len; i++) {
    gboolean ends = body->str[i] == '\r' && body->str[i + 1] == '\n';
    if (body->str[i] & 0x80 || (body->str[i] == '\r' && !ends))
      return FALSE;
    line = ends ? 0 : line + (body->str[i] != '\n');
    if (line > LINE_MAX_BYTES)
      return FALSE;
  }
  return TRUE;
}

static void append_base64(GString *message, const GString *body)
{
  for (gsize at = 0; at < body->len; at += BASE64_LINE_BYTES) {
    g_autofree char *line = g_base64_encode((const guchar *)body->str + at, MIN(BASE64_LINE_BYTES, body->len - at));
    g_string_append_printf(message, "%s\r\n", line);
  }
}

static char *body_text(const char *log_path, const char *log, gsize length, const NxLogFindings *findings)
{
  g_autoptr(GString) excerpt = nx_mail_excerpt(log, length, findings);
  g_autofree char *valid = nx_text_utf8(excerpt->str, (gssize)excerpt->len), *path = nx_text_utf8(log_path, -1);
  g_autoptr(GString) words = g_string_new(NULL);
  for (guint i = 0; i < findings->patterns->len; i++)
    g_string_append_printf(words, "%s%s", i ? ", " : "", (const char *)findings->patterns->pdata[i]);
  return g_strdup_printf("The NexusLIMS record builder on %s reported a problem. Its log follows; it is also in the file\n%s\n\n"
                         "These words called for this mail:\n\n%s\n\n%s",
                         g_get_host_name(), path, words->str, valid);
}

GString *nx_mail_compose(const NxEmailSettings *email, const char *log_path, const char *log, gsize length, const NxLogFindings *findings)
{
  g_autofree char *text = body_text(log_path, log, length, findings);
  g_autoptr(GString) body = with_crlf(text);
  gboolean plain = is_plain(body);
  GString *message = g_string_sized_new(body->len * 3 / 2);
  append_headers(message, email);
  g_string_append_printf(message, "Content-Transfer-Encoding: %s\r\n\r\n", plain ? "7bit" : "base64");
  if (plain)
    g_string_append_len(message, body->str, (gssize)body->len);
  else
    append_base64(message, body);
  return message;
}
