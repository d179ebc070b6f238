/* rewrite.c — changes the bindings of a .env file and leaves the rest of it as it is (rules: config 9). */
#include "dotenv.h"

#include <string.h>

/* A reader takes one away from the beginning; what begins with one by itself needs another before it. */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

char *nx_dotenv_quote(const char *value)
{
  gboolean has_return = strchr(value, '\r') != NULL;
  char quote = has_return ? '"' : '\'';
  GString *out = g_string_new(NULL);
  g_string_append_c(out, quote);
  for (const char *at = value; *at != '\0'; at++) {
    gboolean doubled = *at == '\\' && (has_return || at[1] == '\\' || at[1] == quote || at[1] == '\0');
    if (doubled || *at == quote)
      g_string_append_c(out, '\\');
    if (*at == '\r')
      g_string_append(out, "\\r");
    else
      g_string_append_c(out, *at);
  }
  g_string_append_c(out, quote);
  return g_string_free(out, FALSE);
}

gboolean nx_dotenv_key_is_writable(const char *key)
{
  g_autofree char *line = g_strconcat(key, "='x'\n", NULL);
  g_autoptr(NxDotenv) file = nx_dotenv_parse(line, strlen(line), NX_DOTENV_FILE_FIRST);
  return file->statements->len == 1 && g_strcmp0(((NxStatement *)g_ptr_array_index(file->statements, 0))->key, key) == 0;
}

/* A statement that is kept, and where it begins in the new text. */
typedef struct {
  const NxStatement *statement;
  gsize start;
  gboolean is_as_it_was;
} Piece;

typedef struct {
  const NxDotenv *file;
  GHashTable *wanted;
  NxDotenvOwned owned;
  GHashTable *silenced; /* set of statements; NULL: all. One that does not parse becomes a comment, one in quotes gets ours */
  GArray *pieces;       /* of Piece, in the order of the text */
  GHashTable *last;     /* key → its last statement */
  GHashTable *values;   /* key → value, as a reader of `out` has them so far */
  GString *out;
} Rewriting;

/* A carriage return ends a comment, too. */
static void append_as_comment(GString *out, const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++) {
    if (i == 0 || text[i - 1] == '\n' || (text[i - 1] == '\r' && text[i] != '\n'))
      g_string_append(out, "# ");
    g_string_append_c(out, text[i]);
  }
}

/* Takes back the indentation of a statement that goes. */
static void trim_indentation(GString *out)
{
  gsize length = out->len;
  while (length > 0 && (out->str[length - 1] == ' ' || out->str[length - 1] == '\t'))
    length--;
  g_string_truncate(out, length);
}

static void remember(Rewriting *work, const char *key, const char *unexpanded)
{
  char *value = unexpanded ? nx_dotenv_expand(unexpanded, work->values, NX_DOTENV_FILE_FIRST) : NULL;
  g_hash_table_replace(work->values, g_strdup(key), value);
}

/* The binding with its value exchanged; what stands before and behind the value stays. */
static void append_changed(Rewriting *work, const NxStatement *statement, const char *value)
{
  const char *text = work->file->text;
  g_autofree char *quoted = nx_dotenv_quote(value);
  g_string_append_len(work->out, text + statement->start, statement->value_start - statement->start);
  g_string_append_printf(work->out, "%s%s", statement->has_equals ? "" : "=", quoted);
  g_string_append_len(work->out, text + statement->value_end, statement->end - statement->value_end);
}

static gboolean is_quoted(const NxDotenv *file, const NxStatement *statement)
{
  char first = statement->value_end > statement->value_start ? file->text[statement->value_start] : '\0';
  return first == '\'' || first == '"';
}

static gboolean is_silenced(const Rewriting *work, const NxStatement *statement)
{
  return !work->silenced || g_hash_table_contains(work->silenced, statement);
}

static void note(Rewriting *work, const NxStatement *statement, gboolean is_as_it_was)
{
  Piece piece = {statement, work->out->len, is_as_it_was};
  g_array_append_val(work->pieces, piece);
}

static void append_binding(Rewriting *work, const NxStatement *statement)
{
  const char *value = g_hash_table_lookup(work->wanted, statement->key);
  gboolean is_ours = value || work->owned(statement->key);
  if (is_ours && (!value || g_hash_table_lookup(work->last, statement->key) != statement)) {
    trim_indentation(work->out);
    return;
  }
  g_autofree char *present = statement->unexpanded ? nx_dotenv_expand(statement->unexpanded, work->values, NX_DOTENV_FILE_FIRST) : NULL;
  if (is_ours && g_strcmp0(present, value) != 0) {
    note(work, statement, FALSE);
    append_changed(work, statement, value);
    remember(work, statement->key, value);
    return;
  }
  note(work, statement, TRUE);
  if (is_silenced(work, statement) && is_quoted(work->file, statement))
    append_changed(work, statement, statement->unexpanded);
  else
    g_string_append_len(work->out, work->file->text + statement->start, statement->end - statement->start);
  remember(work, statement->key, statement->unexpanded);
}

static void append_statements(Rewriting *work)
{
  const NxDotenv *file = work->file;
  gsize copied = 0;
  for (guint i = 0; i < file->statements->len; i++) {
    const NxStatement *statement = g_ptr_array_index(file->statements, i);
    const char *from = file->text + statement->start;
    gsize length = statement->end - statement->start;
    g_string_append_len(work->out, file->text + copied, statement->start - copied);
    copied = statement->end;
    if (statement->key) {
      append_binding(work, statement);
      continue;
    }
    gboolean becomes_comment = !statement->is_comment && is_silenced(work, statement);
    note(work, statement, !becomes_comment);
    if (becomes_comment)
      append_as_comment(work->out, from, length);
    else
      g_string_append_len(work->out, from, length);
  }
  g_string_append_len(work->out, file->text + copied, file->length - copied);
}

/* Keys that the file does not bind yet, in byte order. */
static void append_new(Rewriting *work)
{
  g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(work->wanted), (GCompareFunc)strcmp);
  for (GList *key = keys; key; key = key->next) {
    if (g_hash_table_contains(work->last, key->data))
      continue;
    g_autofree char *quoted = nx_dotenv_quote(g_hash_table_lookup(work->wanted, key->data));
    if (work->out->len > 0 && work->out->str[work->out->len - 1] != '\n')
      g_string_append_c(work->out, '\n');
    g_string_append_printf(work->out, "%s=%s\n", (const char *)key->data, quoted);
  }
}

static GString *compose(const NxDotenv *file, GHashTable *wanted, NxDotenvOwned owned, GHashTable *silenced, GArray *pieces)
{
  g_autoptr(GHashTable) last = g_hash_table_new(g_str_hash, g_str_equal);
  g_autoptr(GHashTable) values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
  Rewriting work = {file, wanted, owned, silenced, pieces, last, values, g_string_new(NULL)};
  g_array_set_size(pieces, 0);
  for (guint i = 0; file && i < file->statements->len; i++) {
    NxStatement *statement = g_ptr_array_index(file->statements, i);
    if (statement->key)
      g_hash_table_replace(last, statement->key, statement);
  }
  if (file)
    append_statements(&work);
  append_new(&work);
  if (g_str_has_prefix(work.out->str, BYTE_ORDER_MARK))
    g_string_prepend(work.out, BYTE_ORDER_MARK);
  return work.out;
}

/* TRUE when a reader gets every wanted value. */
static gboolean reads_back(const NxDotenv *file, GHashTable *wanted)
{
  GHashTableIter all;
  gpointer key, value;
  for (g_hash_table_iter_init(&all, wanted); g_hash_table_iter_next(&all, &key, &value);)
    if (!strstr(value, "${") && g_strcmp0(nx_dotenv_get(file, key), value) != 0)
      return FALSE;
  return TRUE;
}

static gboolean reads_as_it_was(const Piece *piece, const NxStatement *now)
{
  const NxStatement *before = piece->statement;
  return !piece->is_as_it_was || (before->is_comment == now->is_comment && g_strcmp0(before->key, now->key) == 0 &&
                                  g_strcmp0(before->unexpanded, now->unexpanded) == 0);
}

/* The first statement that a reader takes for another one than it was: it has a quote that was left open, or that only the end of the file closed,
 * and swallows what follows it now. NULL: there is none. */
static const NxStatement *find_swallower(const NxDotenv *file, const GArray *pieces)
{
  guint at = 0;
  for (guint i = 0; i < pieces->len; i++) {
    const Piece *piece = &g_array_index(pieces, Piece, i);
    const NxStatement *now = NULL;
    while (at < file->statements->len && (now = g_ptr_array_index(file->statements, at))->start < piece->start)
      at++;
    if (at == file->statements->len || now->start > piece->start)
      return i > 0 ? g_array_index(pieces, Piece, i - 1).statement : NULL;
    if (!reads_as_it_was(piece, now))
      return piece->statement;
  }
  return NULL;
}

#define MOST_ROUNDS 32 /* then all quotes of the file are closed at once */

GString *nx_dotenv_rewrite(const NxDotenv *file, GHashTable *wanted, NxDotenvOwned owned)
{
  g_autoptr(GHashTable) silenced = g_hash_table_new(NULL, NULL);
  g_autoptr(GArray) pieces = g_array_new(FALSE, FALSE, sizeof(Piece));
  for (guint round = 0; round < MOST_ROUNDS; round++) {
    GString *text = compose(file, wanted, owned, silenced, pieces);
    g_autoptr(NxDotenv) now = nx_dotenv_parse(text->str, text->len, NX_DOTENV_FILE_FIRST);
    const NxStatement *swallower = find_swallower(now, pieces);
    if (!swallower && reads_back(now, wanted))
      return text;
    g_string_free(text, TRUE);
    if (!swallower || !g_hash_table_add(silenced, (gpointer)swallower))
      break;
  }
  return compose(file, wanted, owned, NULL, pieces);
}
