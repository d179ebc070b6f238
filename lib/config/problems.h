/* problems.h — everything that is wrong with a configuration, collected before it is reported. */
#ifndef NX_PROBLEMS_H
#define NX_PROBLEMS_H

#include "nx-config.h"

typedef struct {
  char *name;        /* of the variable */
  char *text;        /* what is wrong, with the value, masked when it is secret */
  gboolean warning;  /* legal, but surely not what was meant */
} NxProblem;

/* An array of NxProblem*. */
GPtrArray *nx_problems_new(void);
/* `words` follow the name; `value` is shown behind them (secrets and passwords masked; NULL: none). */
void nx_problems_add(GPtrArray *problems, const NxSetting *setting, const char *name, const char *words, const char *value);
void nx_problems_warn(GPtrArray *problems, const char *name, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* TRUE when one of them is no warning. */
gboolean nx_problems_have_error(const GPtrArray *problems);
/* The report of config 6.1, without "Error: ". */
char *nx_problems_report(const GPtrArray *problems);

#endif
