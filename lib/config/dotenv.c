/* dotenv.c — reads a .env file as the settings reader of NexusLIMS does (grammar and verified examples: config 2).
 *
 * A statement is tried from its first character; when it does not parse, the input is skipped to the end of the line on which parsing
 * failed. White space means what it means in Unicode, a line ends at \n, \r\n or \r. */
#include "dotenv.h"

#include <string.h>

typedef struct {
  const char *text;
  gsize length, at;
} Reader;

static void statement_free(gpointer data)
{
  NxStatement *statement = data;
  g_free(statement->key);
  g_free(statement->unexpanded);
  g_free(statement->value);
  g_free(statement);
}

/* --------------------------------------------------------------------------------------------------------- characters */

/* The length of the white space character at `at`, 0 when there is none. */
static gsize space_at(const Reader *in, gsize at)
{
  if (at >= in->length)
    return 0;
  guchar first = (guchar)in->text[at];
  if (first < 0x80)
    return first == ' ' || (first >= '\t' && first <= '\r') || (first >= 0x1c && first <= 0x1f);
  gunichar character = g_utf8_get_char_validated(in->text + at, (gssize)(in->length - at));
  if (character == (gunichar)-1 || character == (gunichar)-2)
    return 0;
  return character == 0x85 || g_unichar_isspace(character) ? (gsize)g_unichar_to_utf8(character, NULL) : 0;
}

static gboolean is_line_end(const Reader *in, gsize at)
{
  return at >= in->length || in->text[at] == '\n' || in->text[at] == '\r';
}

static void skip_space(Reader *in)
{
  for (gsize n; (n = space_at(in, in->at)) > 0;)
    in->at += n;
}

static void skip_blanks(Reader *in)
{
  for (gsize n; !is_line_end(in, in->at) && (n = space_at(in, in->at)) > 0;)
    in->at += n;
}

static void skip_to_line_end(Reader *in)
{
  while (!is_line_end(in, in->at))
    in->at++;
}

static void skip_line_end(Reader *in)
{
  if (in->at < in->length && in->text[in->at] == '\r')
    in->at++;
  if (in->at < in->length && in->text[in->at] == '\n')
    in->at++;
}

/* ------------------------------------------------------------------------------------------------------- quoted values */

/* TRUE when only blanks and perhaps a comment stand between `at` and the end of the line. */
static gboolean only_comment_follows(const Reader *in, gsize at)
{
  Reader rest = {in->text, in->length, at};
  skip_blanks(&rest);
  return is_line_end(&rest, rest.at) || rest.text[rest.at] == '#';
}

/* The closing quote when every backslash takes the next character with it; `length` when there is none. */
static gsize closing_quote_of_pairs(const Reader *in, gsize from, char quote)
{
  for (gsize at = from; at < in->length; at++) {
    if (in->text[at] == '\\')
      at++;
    else if (in->text[at] == quote)
      return at;
  }
  return in->length;
}

/* The closing quote as the Python reader finds it: only a backslash directly before a quote protects it, and where that leaves the value open
 * the last protected quote closes it after all. `length` when there is no quote. */
static gsize closing_quote_of_python(const Reader *in, gsize from, char quote)
{
  gsize last_protected = in->length;
  for (gsize at = from; at < in->length; at++) {
    if (in->text[at] == '\\' && at + 1 < in->length && in->text[at + 1] == quote)
      last_protected = ++at;
    else if (in->text[at] == quote)
      return at;
  }
  return last_protected;
}

/* Pairs are what we write and what the grammar says; a value that only the Python reader can read is read its way. */
static gsize closing_quote(const Reader *in, gsize from, char quote)
{
  gsize at = closing_quote_of_pairs(in, from, quote);
  return at < in->length && only_comment_follows(in, at + 1) ? at : closing_quote_of_python(in, from, quote);
}

/* Escapes resolved; a line end of any kind is \n, as a file opened as text shows it. */
static char *unescaped(const char *from, gsize length, char quote)
{
  static const char LETTERS[] = "\\'\"abfnrtv", MEANINGS[] = "\\'\"\a\b\f\n\r\t\v";
  gsize n_escapes = quote == '"' ? strlen(LETTERS) : 2;
  GString *value = g_string_sized_new(length);
  for (gsize i = 0; i < length; i++) {
    const char *letter = from[i] == '\\' && i + 1 < length ? memchr(LETTERS, from[i + 1], n_escapes) : NULL;
    if (letter) {
      g_string_append_c(value, MEANINGS[letter - LETTERS]);
      i++;
    } else if (from[i] == '\r') {
      g_string_append_c(value, '\n');
      i += i + 1 < length && from[i + 1] == '\n';
    } else {
      g_string_append_c(value, from[i]);
    }
  }
  return g_string_free(value, FALSE);
}

/* --------------------------------------------------------------------------------------------------------- statements */

static gboolean read_quoted_value(Reader *in, NxStatement *statement)
{
  char quote = in->text[in->at];
  gsize close = closing_quote(in, in->at + 1, quote);
  if (close >= in->length)
    return FALSE;
  statement->unexpanded = unescaped(in->text + in->at + 1, close - in->at - 1, quote);
  in->at = close + 1;
  statement->value_end = in->at;
  return TRUE;
}

/* Up to the first white space before a '#', without the white space at its end. */
static void read_bare_value(Reader *in, NxStatement *statement)
{
  gsize end = in->at; /* behind the last character that is not white space */
  while (!is_line_end(in, in->at)) {
    gsize blank = space_at(in, in->at);
    if (blank == 0) {
      end = ++in->at;
      continue;
    }
    in->at += blank;
    if (in->at < in->length && in->text[in->at] == '#')
      break;
  }
  statement->value_end = end;
  statement->unexpanded = g_strndup(in->text + statement->value_start, end - statement->value_start);
  skip_to_line_end(in);
}

static gboolean read_value(Reader *in, NxStatement *statement)
{
  in->at++;
  skip_blanks(in);
  statement->has_equals = TRUE;
  statement->value_start = statement->value_end = in->at;
  if (is_line_end(in, in->at))
    statement->unexpanded = g_strdup("");
  else if (in->text[in->at] == '\'' || in->text[in->at] == '"')
    return read_quoted_value(in, statement);
  else
    read_bare_value(in, statement);
  return TRUE;
}

static gboolean read_key(Reader *in, NxStatement *statement)
{
  gsize start = in->at;
  if (in->text[start] == '\'') {
    const char *close = memchr(in->text + start + 1, '\'', in->length - start - 1);
    if (!close || close == in->text + start + 1)
      return FALSE;
    in->at = (gsize)(close - in->text) + 1;
    statement->key_start = start + 1;
    statement->key = g_strndup(in->text + start + 1, in->at - start - 2);
    return TRUE;
  }
  while (in->at < in->length && in->text[in->at] != '=' && in->text[in->at] != '#' && space_at(in, in->at) == 0)
    in->at++;
  statement->key_start = start;
  statement->key = g_strndup(in->text + start, in->at - start);
  return in->at > start;
}

static void skip_export(Reader *in)
{
  static const char EXPORT[] = "export";
  gsize behind = in->at + strlen(EXPORT);
  if (behind >= in->length || memcmp(in->text + in->at, EXPORT, strlen(EXPORT)) != 0 || is_line_end(in, behind) || space_at(in, behind) == 0)
    return;
  in->at = behind;
  skip_blanks(in);
}

/* A key with its value and what may follow it; FALSE leaves `in` where parsing failed. A comment has no key. */
static gboolean read_binding(Reader *in, NxStatement *statement)
{
  skip_export(in);
  if (in->at < in->length && in->text[in->at] != '#') {
    if (!read_key(in, statement))
      return FALSE;
    statement->value_start = statement->value_end = in->at;
    skip_blanks(in);
    if (in->at < in->length && in->text[in->at] == '=' && !read_value(in, statement))
      return FALSE;
  }
  if (!only_comment_follows(in, in->at))
    return FALSE;
  skip_to_line_end(in);
  return TRUE;
}

/* The statement that starts here, a comment included. */
static NxStatement *read_statement(Reader *in)
{
  NxStatement *statement = g_new0(NxStatement, 1);
  statement->start = in->at;
  gboolean parsed = read_binding(in, statement);
  skip_to_line_end(in);
  statement->is_comment = parsed && !statement->key;
  if (!parsed || memchr(in->text + statement->start, '\0', in->at - statement->start)) {
    g_clear_pointer(&statement->key, g_free);
    g_clear_pointer(&statement->unexpanded, g_free);
  }
  skip_line_end(in);
  statement->end = in->at;
  return statement;
}

/* ---------------------------------------------------------------------------------------------------------- variables */

/* TRUE when ${name} is known; its value may be NULL (a key without a value counts as empty). */
static gboolean look_up(const char *name, GHashTable *values, NxDotenvLookup lookup, const char **value)
{
  gpointer in_file = NULL;
  gboolean known = values && g_hash_table_lookup_extended(values, name, NULL, &in_file);
  const char *in_environment = *name != '\0' && !strchr(name, '=') ? g_getenv(name) : NULL;
  gboolean use_environment = in_environment && (!known || lookup == NX_DOTENV_ENVIRONMENT_FIRST);
  *value = use_environment ? in_environment : in_file;
  return known || use_environment;
}

/* Appends what the reference at `from` ("${…") stands for and returns what follows it; NULL when it is no reference. */
static const char *expand_reference(const char *from, GHashTable *values, NxDotenvLookup lookup, GString *out)
{
  const char *name = from + 2, *name_end = name + strcspn(name, "}:");
  const char *fallback = g_str_has_prefix(name_end, ":-") ? name_end + 2 : NULL;
  const char *close = fallback ? strchr(fallback, '}') : name_end;
  if (!close || *close != '}')
    return NULL;
  g_autofree char *word = g_strndup(name, (gsize)(name_end - name));
  const char *value = NULL;
  if (look_up(word, values, lookup, &value))
    g_string_append(out, value ? value : "");
  else if (fallback)
    g_string_append_len(out, fallback, close - fallback);
  return close + 1;
}

char *nx_dotenv_expand(const char *value, GHashTable *values, NxDotenvLookup lookup)
{
  GString *out = g_string_new(NULL);
  while (*value != '\0') {
    const char *behind = g_str_has_prefix(value, "${") ? expand_reference(value, values, lookup, out) : NULL;
    if (!behind)
      g_string_append_c(out, *value++);
    else
      value = behind;
  }
  return g_string_free(out, FALSE);
}

/* --------------------------------------------------------------------------------------------------------- whole files */

static guint lines_between(const char *from, const char *to)
{
  guint lines = 0;
  for (; from < to; from++)
    lines += *from == '\n' || (*from == '\r' && (from + 1 >= to || from[1] != '\n'));
  return lines;
}

static void add_statement(NxDotenv *file, NxStatement *statement, NxDotenvLookup lookup)
{
  g_ptr_array_add(file->statements, statement);
  if (!statement->key)
    return;
  if (statement->unexpanded)
    statement->value = nx_dotenv_expand(statement->unexpanded, file->values, lookup);
  g_hash_table_replace(file->values, statement->key, statement->value);
}

NxDotenv *nx_dotenv_parse(const char *text, gsize length, NxDotenvLookup lookup)
{
  static const char BYTE_ORDER_MARK[] = "\xef\xbb\xbf";
  if (length >= 3 && memcmp(text, BYTE_ORDER_MARK, 3) == 0) {
    text += 3;
    length -= 3;
  }
  NxDotenv *file = g_new0(NxDotenv, 1);
  file->text = g_malloc(length + 1);
  memcpy(file->text, text, length);
  file->text[length] = '\0';
  file->length = length;
  file->statements = g_ptr_array_new_with_free_func(statement_free);
  file->values = g_hash_table_new(g_str_hash, g_str_equal);
  Reader in = {file->text, length, 0};
  guint line = 1;
  gsize counted = 0;
  for (skip_space(&in); in.at < length; skip_space(&in)) {
    NxStatement *statement = read_statement(&in);
    line += lines_between(file->text + counted, file->text + statement->start);
    counted = statement->start;
    statement->line = line;
    add_statement(file, statement, lookup);
  }
  return file;
}

NxDotenv *nx_dotenv_read(const char *path, NxDotenvLookup lookup, GError **err)
{
  g_autofree char *text = NULL;
  gsize length = 0;
  if (!nx_file_read(path, NX_DOTENV_LIMIT, &text, &length, err))
    return NULL;
  return nx_dotenv_parse(text, length, lookup);
}

void nx_dotenv_free(NxDotenv *file)
{
  if (!file)
    return;
  g_hash_table_unref(file->values);
  g_ptr_array_unref(file->statements);
  g_free(file->text);
  g_free(file);
}

void nx_dotenv_warn(const NxDotenv *file, const char *path)
{
  for (guint i = 0; i < file->statements->len; i++) {
    const NxStatement *statement = g_ptr_array_index(file->statements, i);
    if (!statement->key && !statement->is_comment)
      nx_log_warning("%s, line %u: this is not NAME=VALUE, so it is ignored", path, statement->line);
  }
}

const char *nx_dotenv_get(const NxDotenv *file, const char *key)
{
  return g_hash_table_lookup(file->values, key);
}
