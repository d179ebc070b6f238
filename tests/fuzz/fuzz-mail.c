/* fuzz-mail.c — libFuzzer target for the log of a run, any bytes, on its way into a mail: every line of the message ends with CRLF and none
 * is longer than SMTP carries. */
#include "nx-mail.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char *recipients[] = {"a@example.com", NULL};
  const NxEmailSettings email = {.smtp_host = "localhost", .smtp_port = 25, .sender = "nx@example.com", .recipients = recipients};
  g_autoptr(NxLogFindings) findings = nx_mail_scan((const char *)data, size);
  for (guint i = 0; i < findings->records->len; i++) {
    const NxLogRecord *record = &g_array_index(findings->records, NxLogRecord, i);
    if (record->start > record->end || record->end > size)
      abort();
  }
  g_autoptr(GString) message = nx_mail_compose(&email, "/log", (const char *)data, size, findings);
  gsize start = 0;
  for (gsize i = 0; i < message->len; i++) {
    if (message->str[i] != '\n')
      continue;
    if (i == 0 || message->str[i - 1] != '\r' || i - start > 999)
      abort();
    start = i + 1;
  }
  return 0;
}
