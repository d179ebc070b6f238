/* program.h — what the command line knows about the running program: its words so far, the command being parsed, how it ends. */
#ifndef NX_CLI_PROGRAM_H
#define NX_CLI_PROGRAM_H

#include "nx-cli.h"

/* Before anything is parsed: takes the name from NX_CLI_PROG, else from argv[0]. Later calls change nothing. */
void nx_cli_begin(const char *argv0);
/* A chosen sub-command's word joins the path. */
void nx_cli_add_word(const char *word);
void nx_cli_set_command(const NxCommand *command);
void nx_cli_set_exit_code(int code);
/* Keeps an allocation reachable as long as the process: arrays handed out as "borrowed". Returns it. */
gpointer nx_cli_keep(gpointer allocation);

#endif
