/* nx-mail.h — the error mail of a run: does its log call for one, what stands in it, and its way out (export §10). */
#ifndef NX_MAIL_H
#define NX_MAIL_H

#include "nx-base.h"
#include "nx-config.h"

/* ------------------------------------------------------------------------------------------------------------- the log */

/* A record of a log: a line that begins with a time, and all lines up to the next one. */
typedef struct {
  gsize start, end; /* bytes, end not included */
} NxLogRecord;

typedef struct {
  GPtrArray *patterns; /* of const char*: which of critical, error, fatal occur, in this order; empty: nothing to report */
  GArray *records;     /* of NxLogRecord: those in which they occur, in the order of the log */
} NxLogFindings;

/* Looks for the words in every record but those about trouble that is not the builder's (names that cannot be resolved, no consent, no
 * reservation). `log` may hold any bytes. */
NxLogFindings *nx_mail_scan(const char *log, gsize length);
void nx_log_findings_free(NxLogFindings *findings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxLogFindings, nx_log_findings_free)

/* --------------------------------------------------------------------------------------------------------- the message */

/* The whole message, headers and all, lines ended by CRLF. A large log is cut to its beginning, its end, and the records in `findings`. */
GString *nx_mail_compose(const NxEmailSettings *email, const char *log_path, const char *log, gsize length, const NxLogFindings *findings);

/* ------------------------------------------------------------------------------------------------------------- the way */

/* Sends to all recipients. A recipient that the server refuses is logged and does not stop the others. */
gboolean nx_mail_send(const NxSettings *settings, const GString *message, GError **err);
/* Greets the server, with TLS and log-in as for sending, and leaves. */
gboolean nx_mail_greet(const NxSettings *settings, GError **err);

#endif
