/* nx-db-commands.h — the sub-commands of nx-db that nexuslims does not have, and what all of them share. */
#ifndef NX_DB_COMMANDS_H
#define NX_DB_COMMANDS_H

#include "nx-cli-tree.h"
#include "nx-db.h"

typedef struct {
  gboolean dry_run;
  guint verbosity;
} StageOptions;

#define STAGE_VERBOSE(Struct)                                                                                                              \
  {                                                                                                                                        \
    .name = "--verbose", .letter = 'v', .type = NX_VALUE_COUNT, .field = offsetof(Struct, verbosity), .help = NX_HELP_VERBOSE              \
  }

/* Reports and frees the error, with the database it comes from; returns the exit status. */
int stage_failed(const char *address, GError *error);

extern const NxCommand command_instruments, command_log_events, command_log_results, command_pending, command_preflight, command_rows, command_users;
int run_instruments(const char *address, int argc, char **argv);
int run_log_events(const char *address, int argc, char **argv);
int run_log_results(const char *address, int argc, char **argv);
int run_pending(const char *address, int argc, char **argv);
int run_preflight(const char *address, int argc, char **argv);
int run_rows(const char *address, int argc, char **argv);
int run_users(const char *address, int argc, char **argv);

#endif
