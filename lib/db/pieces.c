/* pieces.c — cuts a migration file into statements and `--@` directives. The layout of a statement is kept byte for byte, because
 * SQLite stores it and databases are compared by it. */
#include "migration.h"
#include "sql-text.h"

#include <string.h>

#define FILE_LIMIT (8u * 1024u * 1024u)

typedef struct {
  const char *name;
  const char *at;
  guint line;
  GPtrArray *pieces;
  const char *begin; /* of the statement, NULL between two */
  guint begin_line;
  gboolean is_trigger;
  char words[3][16]; /* the last words and semicolons, upper case, newest first: what a trigger's end is known by */
  guint words_seen;
} Cutter;

static void piece_free(gpointer data)
{
  NxPiece *piece = data;
  g_free(piece->text);
  g_free(piece);
}

static void add_piece(Cutter *cutter, gboolean is_directive, const char *text, gsize length, guint line)
{
  NxPiece *piece = g_new0(NxPiece, 1);
  piece->is_directive = is_directive;
  piece->text = g_strchomp(g_strndup(text, length));
  piece->line = line;
  g_ptr_array_add(cutter->pieces, piece);
}

static gboolean cut_error(const Cutter *cutter, const char *what, GError **err)
{
  return nx_revision_error(err, "%s:%u: %s", cutter->name, cutter->line, what);
}

static void advance(Cutter *cutter, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (cutter->at[i] == '\n')
      cutter->line++;
  cutter->at += length;
}

static void remember_word(Cutter *cutter, const char *word, gsize length)
{
  memmove(cutter->words[1], cutter->words[0], sizeof cutter->words - sizeof cutter->words[0]);
  g_autofree char *upper = g_ascii_strup(word, (gssize)length);
  g_strlcpy(cutter->words[0], upper, sizeof cutter->words[0]);
  if (++cutter->words_seen <= 4 && g_str_equal(cutter->words[0], "TRIGGER"))
    cutter->is_trigger = TRUE;
}

static gboolean cut_directive(Cutter *cutter, GError **err)
{
  gsize length = strcspn(cutter->at, "\n");
  if (cutter->begin)
    return cut_error(cutter, "a directive in the middle of a statement (is a `;` missing?)", err);
  const char *text = cutter->at + strlen("--@");
  gsize blanks = strspn(text, " \t");
  add_piece(cutter, TRUE, text + blanks, (gsize)(cutter->at + length - text) - blanks, cutter->line);
  advance(cutter, length);
  return TRUE;
}

static void cut_semicolon(Cutter *cutter)
{
  gboolean inside_trigger = cutter->is_trigger && !(g_str_equal(cutter->words[0], "END") && g_str_equal(cutter->words[1], ";"));
  if (cutter->begin && !inside_trigger) {
    add_piece(cutter, FALSE, cutter->begin, (gsize)(cutter->at - cutter->begin), cutter->begin_line);
    cutter->begin = NULL;
    cutter->is_trigger = FALSE;
    cutter->words_seen = 0;
  } else
    remember_word(cutter, ";", 1);
  advance(cutter, 1);
}

static void begin_statement(Cutter *cutter)
{
  if (cutter->begin)
    return;
  cutter->begin = cutter->at;
  cutter->begin_line = cutter->line;
}

static gboolean cut_next(Cutter *cutter, GError **err)
{
  gsize length = 0;
  if (g_str_has_prefix(cutter->at, "--@"))
    return cut_directive(cutter, err);
  NxSqlToken token = nx_sql_token(cutter->at, &length);
  if (token == NX_SQL_UNCLOSED)
    return cut_error(cutter, "a quote or comment is not closed", err);
  if (token == NX_SQL_MARK && *cutter->at == ';') {
    cut_semicolon(cutter);
    return TRUE;
  }
  if (token != NX_SQL_BLANK && token != NX_SQL_COMMENT)
    begin_statement(cutter);
  if (token == NX_SQL_WORD)
    remember_word(cutter, cutter->at, length);
  advance(cutter, length);
  return TRUE;
}

GPtrArray *nx_pieces_parse(const char *sql, const char *name, GError **err)
{
  g_autoptr(GPtrArray) pieces = g_ptr_array_new_with_free_func(piece_free);
  Cutter cutter = {.name = name, .at = sql, .line = 1, .pieces = pieces};
  while (*cutter.at)
    if (!cut_next(&cutter, err))
      return NULL;
  if (cutter.begin) {
    cutter.line = cutter.begin_line;
    cut_error(&cutter, "the last statement does not end with `;`", err);
    return NULL;
  }
  return g_steal_pointer(&pieces);
}

GPtrArray *nx_pieces_read(const char *path, GError **err)
{
  g_autofree char *text = NULL;
  gsize length = 0;
  if (!nx_file_read(path, FILE_LIMIT, &text, &length, err))
    return NULL;
  if (!g_utf8_validate(text, (gssize)length, NULL)) {
    nx_revision_error(err, "%s: not UTF-8", path);
    return NULL;
  }
  return nx_pieces_parse(text, path, err);
}

char *nx_directive_name(const char *directive, const char **rest)
{
  gsize length = strcspn(directive, " \t");
  *rest = directive + length + strspn(directive + length, " \t");
  return g_strndup(directive, length);
}
