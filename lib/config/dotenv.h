/* dotenv.h — the .env file: statements, values, variables, and rewriting it without losing what is not ours. Grammar: config 2. */
#ifndef NX_DOTENV_H
#define NX_DOTENV_H

#include "nx-base.h"

/* The largest .env that is read; the real ones have a few kilobytes. */
#define NX_DOTENV_LIMIT (4u * 1024u * 1024u)

/* Where ${NAME} is looked up first (config 2): the settings reader believes the file, the loader of `db` and `instruments` the environment. */
typedef enum { NX_DOTENV_FILE_FIRST, NX_DOTENV_ENVIRONMENT_FIRST } NxDotenvLookup;

/* One binding, one comment, or one statement that does not parse (both `key` NULL). Positions are bytes of the text. */
typedef struct {
  guint line;       /* where it starts, from 1 */
  gsize start, end; /* the statement from its first character to behind its line end; blank space before it belongs to nobody */
  gsize key_start; /* the name itself, behind `export` and a quote */
  gsize value_start, value_end; /* the value with its quotes; both behind the key when there is no '=' */
  gboolean has_equals, is_comment;
  char *key;
  char *unexpanded; /* the value with escapes resolved and ${…} as written; NULL: a key without a value */
  char *value;      /* expanded */
} NxStatement;

typedef struct {
  char *text; /* as read, without a byte order mark */
  gsize length;
  GPtrArray *statements; /* of NxStatement*, in the order of the file */
  GHashTable *values;    /* key → value of the last binding (borrowed; NULL: a key without a value) */
} NxDotenv;

/* Reads text of any bytes; never fails. Statements that do not parse are kept as such; the caller decides whether to warn. */
NxDotenv *nx_dotenv_parse(const char *text, gsize length, NxDotenvLookup lookup);
/* Reads a file of at most NX_DOTENV_LIMIT bytes. */
NxDotenv *nx_dotenv_read(const char *path, NxDotenvLookup lookup, GError **err);
void nx_dotenv_free(NxDotenv *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxDotenv, nx_dotenv_free)
/* One warning for each statement that does not parse, naming `path` and the line. */
void nx_dotenv_warn(const NxDotenv *file, const char *path);
/* The value of `key`: borrowed; NULL when it is not bound or has no value. */
const char *nx_dotenv_get(const NxDotenv *file, const char *key);

/* ${NAME} and ${NAME:-default} replaced, once, left to right. `values` as in NxDotenv, may be NULL. */
char *nx_dotenv_expand(const char *value, GHashTable *values, NxDotenvLookup lookup);

/* A value in the quotes that read back to it: '…' (config 9), or "…" when it holds a carriage return, which only an escape keeps. */
char *nx_dotenv_quote(const char *value);
/* TRUE when `key` can stand before the '=' of a binding and reads back to itself. */
gboolean nx_dotenv_key_is_writable(const char *key);

/* TRUE when a binding of `key` that is not among the wanted ones has to go. */
typedef gboolean (*NxDotenvOwned)(const char *key);

/* The text of `file` (NULL: none yet) with exactly the bindings of `wanted` (key → value) among those that are `owned`: a changed value is
 * replaced where it stands, further bindings of the same key go, comments, blank lines, foreign keys and order stay, new keys follow in
 * byte order. Whatever is kept, reading the result gives the wanted values (a value holding ${ excepted, which nothing can protect). */
GString *nx_dotenv_rewrite(const NxDotenv *file, GHashTable *wanted, NxDotenvOwned owned);

#endif
