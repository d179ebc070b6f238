/* hostile.h — what one damaged file may cost a reader at most. Tests of damaged files include it once and call hostile_file() before each.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <glib.h>
#include <sys/resource.h>
#include <sys/time.h>

#ifdef __SANITIZE_ADDRESS__
/* Seconds of computing for one file; the sanitizers make everything several times slower. */
#define HOSTILE_SECONDS 20
/* Ends the test at the first allocation that is larger. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
  return "max_allocation_size_mb=256:allocator_may_return_null=0";
}
#else
#define HOSTILE_SECONDS 2
#endif

/* All memory of the process, so that a reader that believes a length fails. */
static inline void hostile_limit_memory(void)
{
#ifndef __SANITIZE_ADDRESS__
  const struct rlimit limit = {.rlim_cur = 1 << 30, .rlim_max = 1 << 30};
  setrlimit(RLIMIT_AS, &limit);
#endif
}

/* From now on a file is read: SIGVTALRM ends the test when that takes longer than it may. Waiting does not count. */
static inline void hostile_file(void)
{
  const struct itimerval patience = {.it_value = {.tv_sec = HOSTILE_SECONDS}};
  setitimer(ITIMER_VIRTUAL, &patience, NULL);
}

/* The file has been read: what the test does until the next one, as make that, is no reader's to answer for. */
static inline void hostile_file_done(void)
{
  const struct itimerval endless = {0};
  setitimer(ITIMER_VIRTUAL, &endless, NULL);
}

#endif
