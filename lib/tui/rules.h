/* rules.h — what may stand in a field, and what is said when it may not (tui §1.1). `label` is how the field is called; NULL: it is good.
 * An empty text is good for every rule but nx_rule_required and those that say so. */
#ifndef NX_TUI_RULES_H
#define NX_TUI_RULES_H

#include "nx-base.h"

char *nx_rule_required(const char *label, const char *text);
char *nx_rule_length(const char *label, const char *text, guint most);
/* These three are not content with an empty text. */
char *nx_rule_url(const char *label, const char *text);
char *nx_rule_nemo_address(const char *text);
char *nx_rule_instrument_zone(const char *text);
char *nx_rule_setting_zone(const char *text);
typedef enum { NX_ABOVE_ZERO, NX_ZERO_OR_MORE } NxNumberRange;
/* Not content with an empty text. */
char *nx_rule_number(const char *label, const char *text, NxNumberRange range);
char *nx_rule_integer(const char *label, const char *text);
char *nx_rule_port(const char *text);
/* Relative, and it stays below its root. */
char *nx_rule_filestore(const char *label, const char *text);

#endif
