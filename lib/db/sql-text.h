/* sql-text.h — the tokens of SQL text, for cutting scripts into statements and statements into parts. */
#ifndef NX_DB_SQL_TEXT_H
#define NX_DB_SQL_TEXT_H

#include <glib.h>

typedef enum { NX_SQL_BLANK, NX_SQL_COMMENT, NX_SQL_QUOTED, NX_SQL_WORD, NX_SQL_MARK, NX_SQL_UNCLOSED } NxSqlToken;

/* The kind of the token that `text` (not empty) begins with, and its length. 'text', "name", `name`, [name] and $tag$ … $tag$ are QUOTED;
 * a comment begins with -- or slash-star; UNCLOSED is a quote or comment without end. */
NxSqlToken nx_sql_token(const char *text, gsize *length);
/* What a quoted or bare name stands for. */
char *nx_sql_name(const char *text, gsize length);
/* An identifier as the reference writes it, for text that is kept: quoted only when SQLite needs it. */
char *nx_sql_identifier(const char *name);
/* The same, always quoted: for all other text, since another engine may take a name for a word of its own. */
char *nx_sql_quoted(const char *name);
/* Whether the text may speak of what is called so, in any case and any quotes. */
gboolean nx_sql_names(const char *text, const char *wanted);

#endif
