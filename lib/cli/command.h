/* command.h — what help, parsing and completion ask of a command row. */
#ifndef NX_CLI_COMMAND_H
#define NX_CLI_COMMAND_H

#include "nx-cli.h"

extern const NxOption nx_option_help;

/* TRUE for the --version that the row's `version` adds. */
gboolean nx_option_is_version(const NxOption *option);

/* TRUE when the option takes a value. */
gboolean nx_option_takes_value(const NxOption *option);

/* All options in the order of the help page: those of the row, --version, --help. Owned array of borrowed rows. */
GPtrArray *nx_command_options(const NxCommand *command);

/* The option of that long name or letter; NULL when there is none. */
const NxOption *nx_command_find_option(const NxCommand *command, const char *name);
const NxOption *nx_command_find_letter(const NxCommand *command, char letter);

const NxCommand *nx_command_find(const NxCommand *group, const char *name);

/* "[OPTIONS] INPUT", "[OPTIONS] COMMAND [ARGS]...". */
char *nx_command_usage_pieces(const NxCommand *command);

/* Name of an argument as the usage line and error messages show it: INPUT, [REVISION], FILE..., [ARGS]... */
char *nx_argument_metavar(const NxArgument *argument);

/* "Usage: <program> <pieces>", wrapped, with its newline. */
char *nx_command_usage(const NxCommand *command);

/* The page of --help. */
char *nx_command_help(const NxCommand *command);

#endif
