/* fuzz-sql.c — libFuzzer target for SQL text that is cut into statements and directives: nothing is lost between the pieces. */
#include "migration.h"
#include "sql-text.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_tokens(const char *text)
{
  for (gsize length = 0; *text; text += length) {
    NxSqlToken token = nx_sql_token(text, &length);
    if (length == 0 || length > strlen(text))
      abort();
    if (token == NX_SQL_QUOTED || token == NX_SQL_WORD) {
      g_autofree char *name = nx_sql_name(text, length), *identifier = nx_sql_identifier(name);
      g_autofree char *again = nx_sql_name(identifier, strlen(identifier));
      if (*name && strcmp(name, again) != 0)
        abort();
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  g_autoptr(GError) problem = NULL;
  g_autofree char *text = g_strndup((const char *)data, size);
  check_tokens(text);
  g_autoptr(GPtrArray) pieces = nx_pieces_parse(text, "fuzz.sql", &problem);
  if (!pieces)
    return problem ? 0 : (abort(), 0);
  for (guint i = 0; i < pieces->len; i++) {
    const NxPiece *piece = pieces->pdata[i];
    const char *rest = NULL;
    if (!strstr(text, piece->text))
      abort();
    if (piece->is_directive)
      g_free(nx_directive_name(piece->text, &rest));
  }
  nx_directives_check(pieces, NULL);
  g_free(nx_batch_temporary(text));
  return 0;
}
