/* toml.h — what the two halves of the TOML reader share: where they are in the text, and how they complain. Grammar: toml.io/en/v1.0.0. */
#ifndef NX_TOML_H
#define NX_TOML_H

#include "nx-base.h"

typedef struct {
  const char *text; /* valid UTF-8 */
  gsize length, at;
  guint line; /* of `at`, from 1 */
} NxTomlReader;

/* Sets *err to "line N: …"; always returns FALSE. */
gboolean nx_toml_error(const NxTomlReader *in, GError **err, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* The byte `ahead` of where the reader is; 0 behind the end (the text holds no NUL). */
char nx_toml_peek(const NxTomlReader *in, gsize ahead);
/* Passes `text` when it comes next. */
gboolean nx_toml_pass(NxTomlReader *in, const char *text);
/* Passes a line end; FALSE when none comes next. */
gboolean nx_toml_pass_line_end(NxTomlReader *in);
void nx_toml_pass_blanks(NxTomlReader *in);

/* The string that begins here; `multi_line`: """ and ''' open one too. */
char *nx_toml_string(NxTomlReader *in, gboolean multi_line, GError **err);
/* A value without quotes or brackets: boolean, integer and real as JSON has them, dates and times as {"date": text}. */
json_object *nx_toml_bare_value(NxTomlReader *in, GError **err);

#endif
