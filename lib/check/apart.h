/* apart.h — checks that are functions, run in a process of their own: one that crashes costs itself and nothing else. Private to lib/check. */
#ifndef NX_CHECK_APART_H
#define NX_CHECK_APART_H

#include "checks.h"

typedef struct {
  const char *name, *severity; /* the severity of a crash */
  void (*work)(gconstpointer subject, FILE *out);
} NxCheck;

/* Runs `n` checks one after the other; all findings, an array. After a crash the next process goes on behind the check that crashed. */
json_object *nx_checks_run_apart(const NxCheck *const *checks, guint n, const NxSubject *subject);

#endif
