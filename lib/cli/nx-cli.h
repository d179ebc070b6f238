/* nx-cli.h — the command line: commands as data, from which parsing, help pages, usage errors, --version and completion are made.
 *
 * A command is a constant; its options and arguments name the member of the caller's struct that receives the value:
 *
 *     typedef struct {
 *       gboolean dry_run;           // NX_VALUE_FLAG
 *       guint verbosity;            // NX_VALUE_COUNT
 *       const char *output;         // NX_VALUE_TEXT, NX_VALUE_FILE, …: NULL when not given and without preset
 *       gint64 workers;             // NX_VALUE_INT
 *       int format;                 // NX_VALUE_CHOICE: index into .choices; -1 when not given and without preset
 *       const char *const *status;  // .repeatable: NULL-terminated, never NULL
 *       const char *const *files;   // variadic argument: the same
 *     } FindOptions;
 *
 *     static const char *const FORMATS[] = {"table", "json", NULL};
 *     static const NxOption OPTIONS[] = {
 *       {.name = "--dry-run", .letter = 'n', .field = offsetof(FindOptions, dry_run), .help = "Say what would be done."},
 *       {.name = "--verbose", .letter = 'v', .type = NX_VALUE_COUNT,
 *        .field = offsetof(FindOptions, verbosity), .help = NX_HELP_VERBOSE},
 *       {.name = "--output", .letter = 'o', .type = NX_VALUE_FILE, .field = offsetof(FindOptions, output), .help = "Write to FILE."},
 *       {.name = "--workers", .type = NX_VALUE_INT, .minimum = 1, .maximum = 64, .ranged = TRUE, .field = offsetof(FindOptions, workers),
 *        .preset = "4", .default_shown = "4", .help = "Threads that walk the folders."},
 *       {.name = "--format", .letter = 'f', .type = NX_VALUE_CHOICE, .choices = FORMATS, .field = offsetof(FindOptions, format),
 *        .preset = "table", .default_shown = "table", .help = "Output format."},
 *       {.name = "--status", .type = NX_VALUE_TEXT, .repeatable = TRUE, .field = offsetof(FindOptions, status), .help = "…"},
 *       {0},
 *     };
 *     static const NxArgument ARGUMENTS[] = {
 *       {.name = "FILE", .type = NX_VALUE_EXISTING_FILE, .variadic = TRUE, .field = offsetof(FindOptions, files)},
 *       {0},
 *     };
 *     static const NxCommand COMMAND = {
 *       .name = "nx-find-files", .version = NX_VERSION_DATED, .options = OPTIONS, .arguments = ARGUMENTS,
 *       .help = "Find the files of sessions.\n\nThe second paragraph.",
 *       .epilog = "\b\nExamples:\n    $ nx-find-files < sessions.jsonl",
 *     };
 *
 *     int main(int argc, char **argv)
 *     {
 *       FindOptions options = {0};
 *       if (!nx_cli_parse(&COMMAND, argc, argv, &options))
 *         return nx_cli_exit_code();   // 0 after --help and --version, 2 after a usage error
 *       …
 *     }
 *
 * A program with sub-commands chooses first, level by level; what is behind the chosen word is parsed by the chosen command:
 *
 *     const NxCommand *command = nx_cli_choose(&nx_command_db, &argc, &argv, &group_options);
 *     if (!command) return nx_cli_exit_code();
 *     if (command == &nx_command_db_upgrade) {
 *       NxDbMoveOptions options = {0};
 *       if (!nx_cli_parse(command, argc, argv, &options)) return nx_cli_exit_code();
 *     }
 *
 * Texts and arrays in the struct are borrowed: they live in argv or as long as the process; nothing is to be freed.
 *
 * The program's name in Usage lines and --version is the base name of argv[0] plus the words chosen, or starts with the text of the
 * environment variable NX_CLI_PROG. `nexuslims` sets it for the programs that it runs, so that `nx-db upgrade --bogus` run on its behalf
 * says "Usage: nexuslims db upgrade …". The variable is removed at the first parse and never reaches a grandchild.
 *
 * Source of all forms and texts: cli §2 (the layout of click 8.1). */
#ifndef NX_CLI_H
#define NX_CLI_H

#include <glib.h>
#include <stddef.h>
#include <stdio.h>

typedef enum {
  NX_VALUE_FLAG,               /* gboolean; takes no value */
  NX_VALUE_COUNT,              /* guint; takes no value, each occurrence counts */
  NX_VALUE_TEXT,               /* const char * */
  NX_VALUE_INT,                /* gint64 */
  NX_VALUE_CHOICE,             /* int: index into .choices; -1: not given */
  NX_VALUE_FILE,               /* const char *: a file to write; a folder or an unwritable file is a usage error */
  NX_VALUE_EXISTING_FILE,      /* const char *: a readable file */
  NX_VALUE_INPUT_FILE,         /* const char *: a readable file, or `-`, standard input */
  NX_VALUE_DIRECTORY,          /* const char *: a folder that may be missing; a file is a usage error */
  NX_VALUE_EXISTING_DIRECTORY, /* const char * */
  NX_VALUE_PATH,               /* const char *: unchecked */
} NxValueType;

typedef struct {
  const char *name; /* "--dry-run" */
  char letter;      /* 'n' for -n, or 0 */
  NxValueType type;
  gboolean repeatable; /* text and path types: const char *const * in the order given */
  gboolean required;
  gboolean ranged; /* NX_VALUE_INT: minimum ≤ x ≤ maximum, G_MAXINT64 = no upper bound */
  gint64 minimum, maximum;
  const char *const *choices; /* NX_VALUE_CHOICE: NULL-terminated */
  const char *placeholder;    /* instead of TEXT, INTEGER, FILE, … */
  const char *preset;         /* the value when the option is not given, written as the user would */
  const char *default_shown;  /* X of "[default: X]", or NULL */
  const char *help;
  const char *const *(*words)(void); /* completion of the value: further candidates, NULL-terminated and borrowed; or NULL */
  size_t field;                      /* offsetof() in the caller's struct */
} NxOption;

typedef struct {
  const char *name; /* "REVISION" */
  NxValueType type; /* TEXT, INT, CHOICE or a path type */
  gboolean optional;
  gboolean variadic;       /* last argument: one or more (optional: none or more), const char *const * */
  gint64 minimum, maximum; /* NX_VALUE_INT with `ranged` */
  gboolean ranged;
  const char *const *choices;
  const char *preset;
  const char *shown;                 /* in Usage lines and messages, instead of FILE, [FILE] or FILE... */
  const char *const *(*words)(void); /* completion: further candidates, NULL-terminated and borrowed; or NULL */
  size_t field;
} NxArgument;

typedef enum {
  NX_VERSION_NONE,  /* no --version */
  NX_VERSION_DATED, /* PROG (NexusLIMS 2.5.0, released DATE), the date when one is compiled in */
  NX_VERSION_PLAIN, /* `nexuslims db`: never a date, and help without full stop */
} NxVersionOption;

typedef struct NxCommand NxCommand;
struct NxCommand {
  const char *name;                 /* the word that chooses it; of a whole program: its name */
  const char *help;                 /* paragraphs, parted by "\n\n"; "\b\n" at the start of one keeps its line breaks */
  const char *epilog;               /* the same, or NULL */
  const NxOption *options;          /* ends with {0}; or NULL */
  const NxArgument *arguments;      /* ends with {0}; or NULL */
  const NxCommand *const *commands; /* alphabetical, NULL-terminated; NULL: no group */
  NxVersionOption version;
  const char *version_text; /* what --version prints instead of the above; or NULL */
  gboolean runs_alone;     /* a group that does something without a sub-command (else: its help page) */
  gboolean passes_through; /* every word behind the name goes into the one variadic argument, options too */
};

#define NX_HELP_VERBOSE "Increase verbosity (-v for INFO, -vv for DEBUG)"

/* Parses argv[1…] into `options` (NULL: only checks). The struct must be zeroed; presets are filled in. FALSE: help or version was printed
 * or a usage error reported, and the program ends with nx_cli_exit_code(). */
gboolean nx_cli_parse(const NxCommand *command, int argc, char **argv, void *options);

/* Parses the group's own options into `options`, then takes the name of a sub-command: returns its row, and argc/argv begin at its word.
 * NULL as for nx_cli_parse; a group without a sub-command prints its help page, exit code 0 — but one that `runs_alone` returns itself. */
const NxCommand *nx_cli_choose(const NxCommand *group, int *argc, char ***argv, void *options);

/* What the program returns after a FALSE, NULL or failed nx_cli_confirm. */
int nx_cli_exit_code(void);

/* The exit code when standard output turns out not to be written at the end (else 1), for a command whose 1 is an answer. */
void nx_cli_set_unwritten_code(int code);

/* The words of the Usage line so far: "nexuslims db upgrade". Borrowed. */
const char *nx_cli_program(void);

/* Usage lines of the command last parsed and "Error: <message>" on stderr; returns 2. For what the table cannot say: options that exclude
 * each other, a bad date (nx_cli_usage_error("Invalid value: %s", …)). */
int nx_cli_usage_error(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* The help page of the command last parsed or chosen, as --help prints it. */
void nx_cli_print_help(const NxCommand *command, FILE *out);

/* `nexuslims db (NexusLIMS 2.5.0)`. */
char *nx_cli_version(const NxCommand *command);

/* --------------------------------------------------------------------------------------------- what is said to people */

/* `✓ …` in green and `⚠ …` in yellow, a line each, the text as by nx_log_shown; coloured when `out` is a terminal, NO_COLOR is unset or empty and
 * TERM is not dumb. */
void nx_cli_print_success(FILE *out, const char *format, ...) G_GNUC_PRINTF(2, 3);
void nx_cli_print_warning(FILE *out, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* `label   : text` on stdout, a line of a block; both may come from outside. `text` NULL is shown as None. */
void nx_cli_print_label(const char *indent, guint width, const char *label, const char *text);
/* TRUE when escape sequences may be written to `out`. */
gboolean nx_cli_has_colour(FILE *out);
/* `$COLUMNS`, else the width of the first of stdout, stdin, stderr that is a terminal, else `fallback`. */
guint nx_cli_columns(guint fallback);

/* Asks `question [y/N]: ` on stdout and reads a line of stdin (cli §2.4). FALSE: no, end of input or ^C; "Aborted!" has been printed and
 * nx_cli_exit_code() is 1. */
gboolean nx_cli_confirm(const char *question);

#endif
