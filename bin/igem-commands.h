/* igem-commands.h — the commands of igem-server, and what those that have a database begin and end with. */
#ifndef IGEM_COMMANDS_H
#define IGEM_COMMANDS_H

#include "igem-address.h"
#include "nx-igem-tree.h"
#include "nx-snapshot.h"

/* Each parses its command line and returns the exit status; `top` is what stood before the command. */
int igem_run_create(const NxIgemPlace *top, int argc, char **argv);
int igem_run_download(const NxIgemPlace *top, int argc, char **argv);
int igem_run_dry_run(const NxIgemPlace *top, int argc, char **argv);
int igem_run_export(const NxIgemPlace *top, int argc, char **argv);
int igem_run_info(const NxIgemPlace *top, int argc, char **argv);
int igem_run_nlp(const NxIgemPlace *top, int argc, char **argv);
int igem_run_stamp(const NxIgemPlace *top, int argc, char **argv);
int igem_run_status(const NxIgemPlace *top, int argc, char **argv);
int igem_run_upgrade(const NxIgemPlace *top, int argc, char **argv);

/* What a command acts on. */
typedef struct {
  NxSchema *schema;
  IgemAddress *address;
} IgemTarget;

void igem_target_clear(IgemTarget *target);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(IgemTarget, igem_target_clear)

/* Starts the log, reads the schema and finds the address. FALSE: *status is what the program ends with, and the reason has been said. */
gboolean igem_target_find(IgemTarget *target, const NxIgemPlace *top, const NxIgemPlace *own, int *status);
/* The same for a command that needs a database: snapshots and what is none are refused. A snapshot is opened first, so that a broken one
 * gives its own error, but for `create`, which looks at the address alone. */
gboolean igem_target_find_database(IgemTarget *target, const NxIgemPlace *top, const NxIgemPlace *own, int *status);

/* The latter half of it, for a command that has looked at the address itself. */
gboolean igem_target_has_database(const IgemTarget *target, int *status);

/* Opens the database for reading; that there is none, or none that can be read, is an NX_STATE_ERROR. */
NxDb *igem_target_open(const IgemTarget *target, GError **err);

/* The snapshot that an address of that kind names. Errors: igem-db §1.2, or those of nx_snapshot_open. */
NxSnapshot *igem_snapshot_open(const IgemAddress *address, GError **err);

/* What to say of a state: `before`, the address, the engine's reason when `has_reason`, `after`. */
typedef struct {
  NxState state;
  const char *before, *after;
  gboolean has_reason;
} IgemAdvice;

/* Reports `error`, which it takes, and returns the exit status. An error that comes from the state of the database is said in the words of
 * `advice` (ends with {0}; NULL: none), or in those that are the same for every command. */
int igem_failed(const IgemTarget *target, const IgemAdvice *advice, GError *error);

/* As Python shows it. */
const char *igem_truth(gboolean value);

#endif
