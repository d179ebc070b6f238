/* excerpt.h — a log that is too large for a mail. Private to lib/mail. */
#ifndef NX_MAIL_EXCERPT_H
#define NX_MAIL_EXCERPT_H

#include "nx-mail.h"

/* The whole log when it is not larger than 5 MiB; else its first 200 lines, a line that says how much was cut, the records that matched, and
 * its last 2000 lines. However long the lines are, the result has an end. */
GString *nx_mail_excerpt(const char *log, gsize length, const NxLogFindings *findings);

#endif
