/* alembic.h — the Alembic-compatible command line: its commands as rows, and what they share. */
#ifndef NX_DB_ALEMBIC_H
#define NX_DB_ALEMBIC_H

#include "reports.h"

/* What the options of all commands leave. */
typedef struct {
  gboolean verbose, indicate_current, sql, resolve_dependencies, purge, autogenerate, splice, package, raise_error;
  const char *config, *name;
  GPtrArray *extra; /* of -x */
  const char *rev_range, *tag, *message, *head, *branch_label, *version_path, *rev_id, *template;
  GPtrArray *depends_on; /* const char * */
  GPtrArray *words;      /* positional arguments */
} NxAlembicArguments;

typedef struct {
  const char *address; /* NULL or "" when no database is named */
  const NxGraph *graph;
  const NxAlembicArguments *arguments;
} NxAlembic;

/* An option: `value` is what stands for its value in the usage line, NULL for a flag. */
typedef struct {
  const char *letter, *name; /* "-r", "--rev-range"; letter may be NULL */
  const char *value;
  gboolean repeatable;
  gsize field; /* in NxAlembicArguments */
} NxAlembicOption;

typedef struct {
  const char *name;
  const NxAlembicOption *options; /* ends with {0} */
  const char *argument;           /* NULL: none */
  gboolean several;               /* one or more arguments */
  const char *help;
  gboolean (*run)(const NxAlembic *alembic, FILE *out, GError **err);
} NxAlembicCommand;

/* By name; ends with {0}. */
extern const NxAlembicCommand nx_alembic_commands[];

/* Parses `words` as Python's argparse does (4.1). NULL: help, version or a usage error has been printed, *status is the exit status. */
const NxAlembicCommand *nx_alembic_parse(const char *const *words, NxAlembicArguments *arguments, int *status);
void nx_alembic_arguments_clear(NxAlembicArguments *arguments);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NxAlembicArguments, nx_alembic_arguments_clear)
/* usage: … and `<program> <command>: error: <message>` on stderr; 2. */
int nx_alembic_usage_error(const NxAlembicCommand *command, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The database of the address. */
NxDb *nx_alembic_open(const NxAlembic *alembic, NxDbMode mode, GError **err);

/* Commands with a file of their own. */
gboolean nx_alembic_revision(const NxAlembic *alembic, FILE *out, GError **err);
gboolean nx_alembic_merge(const NxAlembic *alembic, FILE *out, GError **err);
gboolean nx_alembic_check(const NxAlembic *alembic, FILE *out, GError **err);
gboolean nx_alembic_stamp(const NxAlembic *alembic, FILE *out, GError **err);

#endif
