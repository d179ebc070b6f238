/* sandbox.h — the walls around a process that reads a hostile file: limits, Landlock, seccomp. Private to lib/extract.
 *
 * Everything slow is made once in the parent: the seccomp program, the Landlock ruleset. A child goes in with a handful of system calls, and
 * cannot come out again. */
#ifndef NX_SANDBOX_H
#define NX_SANDBOX_H

#include "nx-base.h"

typedef struct {
  guint wall_seconds;    /* enforced by the parent, which kills */
  guint cpu_seconds;
  guint64 address_space; /* bytes, the program itself included */
} NxLimits;

extern const NxLimits nx_limits_default;

typedef struct NxSandbox NxSandbox;

/* `readable` (NULL-terminated): folders and files that may be opened for reading, by path; those that do not exist are passed over. Nothing may be
 * opened for writing. Where the kernel has no Landlock, or `use_landlock` is FALSE, nothing may be opened at all (logged once, at INFO). */
NxSandbox *nx_sandbox_new(const NxLimits *limits, const char *const *readable, gboolean use_landlock, GError **err);
void nx_sandbox_free(NxSandbox *sandbox);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxSandbox, nx_sandbox_free)
const NxLimits *nx_sandbox_limits(const NxSandbox *sandbox);
/* The descriptor that nx_sandbox_enter() needs and closes; -1: none. */
int nx_sandbox_fd(const NxSandbox *sandbox);

/* In the child: limits only (for a plug-in, which is a program of its own). Narrower ones that the machine has set stay. */
gboolean nx_sandbox_limit(const NxSandbox *sandbox);
/* In the child: limits and walls. FALSE with errno: some wall could not be raised, and the child must end. */
gboolean nx_sandbox_enter(const NxSandbox *sandbox);
/* Descriptors below this are a standing reader's own and cannot be closed: 0, 1, 2, and 3, which is kept for its way back. A power of two. */
#define NX_STANDING_KEPT 4u
/* The same for a process that reads one file after another (rewind.h), with narrower walls: it can open nothing, map nothing, close nothing that it
 * keeps and handle no signal anew, and what it may not do ends it. Its time is measured by the parent alone. */
gboolean nx_sandbox_enter_standing(const NxSandbox *sandbox);
/* In a child: its address space may grow by `bytes` from now on; 0: back to its limit. Needs nx_sandbox_measure() before the walls went up. */
void nx_sandbox_measure(void);
void nx_sandbox_allow_growth(guint64 bytes);

/* Overwrites and removes every environment variable that is not needed to run: no secret stays in this process's memory. */
void nx_sandbox_forget_environment(void);

#endif
