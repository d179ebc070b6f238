/* nx-completion.h — what the shells ask when someone presses Tab. Protocol: cli §4. */
#ifndef NX_COMPLETION_H
#define NX_COMPLETION_H

#include "nx-cli.h"

/* Answers when _NEXUSLIMS_COMPLETE — of a root `igem-server` _IGEM_SERVER_COMPLETE — is set (before anything else is looked at): prints the
 * shell's script or the candidates, sets *code and returns TRUE. FALSE when the variable is unset or empty. */
gboolean nx_completion_answer(const NxCommand *root, int *code);

/* The line that a person adds to the start-up file of `shell` (NX_SHELL_BASH …; -1: that of $SHELL). */
void nx_completion_explain(int shell, FILE *out);

/* Revision ids, newest first, then "head" or "base": words of `db upgrade` and `db downgrade`. */
const char *const *nx_completion_upgrade_words(void);
const char *const *nx_completion_downgrade_words(void);
/* The same of the schema of IGEM: words of `migrate-dry-run --target`. */
const char *const *nx_completion_igem_target_words(void);

#endif
