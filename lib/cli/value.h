/* value.h — one word of the command line as a value of a declared type. */
#ifndef NX_CLI_VALUE_H
#define NX_CLI_VALUE_H

#include "nx-cli.h"

/* What options and arguments have in common. */
typedef struct {
  NxValueType type;
  gboolean ranged;
  gint64 minimum, maximum;
  const char *const *choices;
} NxValueRule;

typedef union {
  gint64 integer;
  int choice;
  const char *text; /* borrowed from the word */
} NxValue;

NxValueRule nx_value_rule_of_option(const NxOption *option);
NxValueRule nx_value_rule_of_argument(const NxArgument *argument);

/* Reads and checks `word`. FALSE: *problem (owned) is the sentence behind "Invalid value for 'NAME': ". */
gboolean nx_cli_read_value(const NxValueRule *rule, const char *word, NxValue *value, char **problem);

/* "x>=0", "0<=x<=5"; NULL when the rule has no bounds. */
char *nx_value_range_text(const NxValueRule *rule);

/* Placeholder in help pages: TEXT, INTEGER, INTEGER RANGE, FILE, DIRECTORY, PATH, [a|b]; NULL for flags and counts. */
char *nx_value_placeholder(const NxValueRule *rule);

/* `word` in quotes as error messages show it: '…', or "…" when it holds a ', with control characters and bad bytes made visible. */
char *nx_value_quoted(const char *word);

#endif
