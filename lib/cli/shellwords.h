/* shellwords.h — a command line as typed, split as a shell would. */
#ifndef NX_CLI_SHELLWORDS_H
#define NX_CLI_SHELLWORDS_H

#include <glib.h>

/* Words of `line`: quotes and backslashes are taken away, a quote that is not finished ends with the line. Owned texts. */
GPtrArray *nx_shell_words(const char *line);

#endif
