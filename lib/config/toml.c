/* toml.c — reads TOML 1.0 (toml.io/en/v1.0.0) into JSON: keys, tables, arrays, and who may be extended by whom.
 *
 * A table may be named once by a header, and what dotted keys, braces or brackets made is complete where it stands. */
#include "nx-config.h"
#include "toml.h"

#include <string.h>

#define DEPTH_MAX 64

typedef struct {
  NxTomlReader in;
  json_object *root;
  /* Which tables and arrays came how; keys are the JSON values. A table in none of the first three came into being on the way to another.
   */
  GHashTable *by_header, *by_dots, *complete, *arrays_of_tables;
} Document;

gboolean nx_toml_error(const NxTomlReader *in, GError **err, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  g_autofree char *message = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "line %u: %s", in->line, message);
  return FALSE;
}

/* --------------------------------------------------------------------------------------------------------- characters */

char nx_toml_peek(const NxTomlReader *in, gsize ahead)
{
  return ahead < in->length - in->at ? in->text[in->at + ahead] : '\0';
}

gboolean nx_toml_pass(NxTomlReader *in, const char *text)
{
  gsize length = strlen(text);
  if (in->length - in->at < length || memcmp(in->text + in->at, text, length) != 0)
    return FALSE;
  in->at += length;
  return TRUE;
}

gboolean nx_toml_pass_line_end(NxTomlReader *in)
{
  if (!nx_toml_pass(in, "\n") && !nx_toml_pass(in, "\r\n"))
    return FALSE;
  in->line++;
  return TRUE;
}

void nx_toml_pass_blanks(NxTomlReader *in)
{
  while (nx_toml_pass(in, " ") || nx_toml_pass(in, "\t"))
    ;
}

static gboolean is_at_end(const NxTomlReader *in)
{
  return in->at >= in->length;
}

static gboolean is_at_line_end(const NxTomlReader *in)
{
  return is_at_end(in) || nx_toml_peek(in, 0) == '\n' || (nx_toml_peek(in, 0) == '\r' && nx_toml_peek(in, 1) == '\n');
}

static gboolean pass_comment(NxTomlReader *in, GError **err)
{
  if (!nx_toml_pass(in, "#"))
    return TRUE;
  for (; !is_at_line_end(in); in->at++)
    if (g_ascii_iscntrl(nx_toml_peek(in, 0)) && nx_toml_peek(in, 0) != '\t')
      return nx_toml_error(in, err, "a control character in a comment");
  return TRUE;
}

/* Blank space, comments and line ends, as between the values of an array. */
static gboolean pass_lines(NxTomlReader *in, GError **err)
{
  do {
    nx_toml_pass_blanks(in);
    if (!pass_comment(in, err))
      return FALSE;
  } while (nx_toml_pass_line_end(in));
  return TRUE;
}

/* Nothing but a comment may follow on the line. */
static gboolean end_line(NxTomlReader *in, GError **err)
{
  nx_toml_pass_blanks(in);
  if (!pass_comment(in, err))
    return FALSE;
  return nx_toml_pass_line_end(in) || is_at_end(in) || nx_toml_error(in, err, "something follows where the line should end");
}

/* --------------------------------------------------------------------------------------------------------------- keys */

static char *read_simple_key(NxTomlReader *in, GError **err)
{
  if (nx_toml_peek(in, 0) == '"' || nx_toml_peek(in, 0) == '\'')
    return nx_toml_string(in, FALSE, err);
  gsize start = in->at;
  while (g_ascii_isalnum(nx_toml_peek(in, 0)) || nx_toml_peek(in, 0) == '_' || nx_toml_peek(in, 0) == '-')
    in->at++;
  if (in->at > start)
    return g_strndup(in->text + start, in->at - start);
  nx_toml_error(in, err, "a key is expected");
  return NULL;
}

/* a."b c".d → {"a", "b c", "d"} */
static GPtrArray *read_key(NxTomlReader *in, GError **err)
{
  g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(g_free);
  do {
    nx_toml_pass_blanks(in);
    char *part = parts->len < DEPTH_MAX ? read_simple_key(in, err) : NULL;
    if (!part && parts->len == DEPTH_MAX)
      nx_toml_error(in, err, "a key has more than %d parts", DEPTH_MAX);
    if (!part)
      return NULL;
    g_ptr_array_add(parts, part);
    nx_toml_pass_blanks(in);
  } while (nx_toml_pass(in, "."));
  return g_steal_pointer(&parts);
}

/* ------------------------------------------------------------------------------------------------------------- tables */

static json_object *add_table(json_object *parent, const char *key)
{
  json_object *table = json_object_new_object();
  json_object_object_add(parent, key, table);
  return table;
}

static gboolean is_open_table(const Document *document, json_object *value)
{
  return json_object_is_type(value, json_type_object) && !g_hash_table_contains(document->complete, value);
}

/* The next table on the way of a header: of an array of tables its last one. */
static json_object *step_of_header(Document *document, json_object *table, const char *key, GError **err)
{
  json_object *next = NULL;
  if (!json_object_object_get_ex(table, key, &next))
    return add_table(table, key);
  if (g_hash_table_contains(document->arrays_of_tables, next))
    return json_object_array_get_idx(next, json_object_array_length(next) - 1);
  if (is_open_table(document, next))
    return next;
  nx_toml_error(&document->in, err, "'%s' is no table that can be extended", key);
  return NULL;
}

static json_object *open_table(Document *document, json_object *parent, const char *key, GError **err)
{
  json_object *table = NULL;
  if (!json_object_object_get_ex(parent, key, &table))
    table = add_table(parent, key);
  else if (!is_open_table(document, table) || g_hash_table_contains(document->by_header, table) ||
           g_hash_table_contains(document->by_dots, table)) {
    nx_toml_error(&document->in, err, "'%s' stands here a second time", key);
    return NULL;
  }
  g_hash_table_add(document->by_header, table);
  return table;
}

static json_object *add_to_array_of_tables(Document *document, json_object *parent, const char *key, GError **err)
{
  json_object *array = NULL, *table = json_object_new_object();
  if (!json_object_object_get_ex(parent, key, &array)) {
    array = json_object_new_array();
    json_object_object_add(parent, key, array);
    g_hash_table_add(document->arrays_of_tables, array);
  } else if (!g_hash_table_contains(document->arrays_of_tables, array)) {
    json_object_put(table);
    nx_toml_error(&document->in, err, "'%s' is no array of tables", key);
    return NULL;
  }
  json_object_array_add(array, table);
  g_hash_table_add(document->by_header, table);
  return table;
}

/* [a.b] or [[a.b]], to the end of its line: the table that the lines below it fill. */
static json_object *read_header(Document *document, GError **err)
{
  NxTomlReader *in = &document->in;
  gboolean is_array = nx_toml_pass(in, "[[");
  if (!is_array)
    nx_toml_pass(in, "[");
  g_autoptr(GPtrArray) key = read_key(in, err);
  if (!key)
    return NULL;
  if (!nx_toml_pass(in, is_array ? "]]" : "]")) {
    nx_toml_error(in, err, "the name of a table does not end with %s", is_array ? "]]" : "]");
    return NULL;
  }
  json_object *table = document->root;
  for (guint i = 0; table && i + 1 < key->len; i++)
    table = step_of_header(document, table, key->pdata[i], err);
  const char *last = key->pdata[key->len - 1];
  if (table)
    table = is_array ? add_to_array_of_tables(document, table, last, err) : open_table(document, table, last, err);
  return table && end_line(in, err) ? table : NULL;
}

/* ------------------------------------------------------------------------------------------------------------- values */

static json_object *read_value(Document *document, guint depth, GError **err);

/* The next table on the way of a dotted key. */
static json_object *step_of_dots(Document *document, json_object *table, const char *key, GError **err)
{
  json_object *next = NULL;
  if (!json_object_object_get_ex(table, key, &next))
    next = add_table(table, key);
  else if (!is_open_table(document, next) || g_hash_table_contains(document->by_header, next)) {
    nx_toml_error(&document->in, err, "'%s' has been given before", key);
    return NULL;
  }
  g_hash_table_add(document->by_dots, next);
  return next;
}

/* key = value, into `table`. */
static gboolean read_pair(Document *document, json_object *table, guint depth, GError **err)
{
  NxTomlReader *in = &document->in;
  g_autoptr(GPtrArray) key = read_key(in, err);
  if (!key)
    return FALSE;
  if (!nx_toml_pass(in, "="))
    return nx_toml_error(in, err, "an equals sign is expected behind the key");
  for (guint i = 0; table && i + 1 < key->len; i++)
    table = step_of_dots(document, table, key->pdata[i], err);
  const char *last = key->pdata[key->len - 1];
  if (!table)
    return FALSE;
  if (json_object_object_get_ex(table, last, NULL))
    return nx_toml_error(in, err, "'%s' has been given before", last);
  nx_toml_pass_blanks(in);
  json_object *value = read_value(document, depth, err);
  if (value)
    json_object_object_add(table, last, value);
  return value != NULL;
}

static gboolean fill_inline_table(Document *document, json_object *table, guint depth, GError **err)
{
  NxTomlReader *in = &document->in;
  nx_toml_pass_blanks(in);
  if (nx_toml_pass(in, "}"))
    return TRUE;
  do {
    if (!read_pair(document, table, depth, err))
      return FALSE;
    nx_toml_pass_blanks(in);
  } while (nx_toml_pass(in, ","));
  return nx_toml_pass(in, "}") || nx_toml_error(in, err, "the table in braces does not end on its line");
}

static gboolean fill_array(Document *document, json_object *array, guint depth, GError **err)
{
  NxTomlReader *in = &document->in;
  do {
    if (!pass_lines(in, err))
      return FALSE;
    if (nx_toml_pass(in, "]"))
      return TRUE;
    json_object *value = read_value(document, depth, err);
    if (!value)
      return FALSE;
    json_object_array_add(array, value);
    if (!pass_lines(in, err))
      return FALSE;
  } while (nx_toml_pass(in, ","));
  return nx_toml_pass(in, "]") || nx_toml_error(in, err, "a comma or ] is expected in the array");
}

/* Once read, tables inside of a complete one are complete too. */
static void complete_all(Document *document, json_object *value)
{
  g_hash_table_add(document->complete, value);
  if (!json_object_is_type(value, json_type_object))
    return;
  json_object_object_foreach(value, key, member)
  {
    (void)key;
    complete_all(document, member);
  }
}

static json_object *read_value(Document *document, guint depth, GError **err)
{
  NxTomlReader *in = &document->in;
  char first = nx_toml_peek(in, 0);
  if (first == '"' || first == '\'') {
    g_autofree char *text = nx_toml_string(in, TRUE, err);
    return text ? json_object_new_string(text) : NULL;
  }
  if (first != '[' && first != '{')
    return nx_toml_bare_value(in, err);
  if (depth >= DEPTH_MAX) {
    nx_toml_error(in, err, "arrays and tables are nested more than %d deep", DEPTH_MAX);
    return NULL;
  }
  in->at++;
  g_autoptr(json_object) value = first == '[' ? json_object_new_array() : json_object_new_object();
  gboolean filled = first == '[' ? fill_array(document, value, depth + 1, err) : fill_inline_table(document, value, depth + 1, err);
  if (!filled)
    return NULL;
  complete_all(document, value);
  return g_steal_pointer(&value);
}

/* ----------------------------------------------------------------------------------------------------------- document */

static gboolean read_document(Document *document, GError **err)
{
  NxTomlReader *in = &document->in;
  json_object *table = document->root;
  for (;;) {
    if (!pass_lines(in, err))
      return FALSE;
    if (is_at_end(in))
      return TRUE;
    if (nx_toml_peek(in, 0) != '[') {
      if (!read_pair(document, table, 0, err) || !end_line(in, err))
        return FALSE;
    } else if (!(table = read_header(document, err)))
      return FALSE;
  }
}

json_object *nx_toml_parse(const char *text, gsize length, GError **err)
{
  Document document = {.in = {.text = text, .length = length, .line = 1}};
  const char *bad = NULL;
  if (!g_utf8_validate_len(text, length, &bad)) {
    for (const char *at = text; at < bad; at++)
      document.in.line += *at == '\n';
    nx_toml_error(&document.in, err, "not UTF-8, or a NUL");
    return NULL;
  }
  nx_toml_pass(&document.in, "\xef\xbb\xbf");
  GHashTable **sets[] = {&document.by_header, &document.by_dots, &document.complete, &document.arrays_of_tables};
  for (guint i = 0; i < G_N_ELEMENTS(sets); i++)
    *sets[i] = g_hash_table_new(NULL, NULL);
  document.root = json_object_new_object();
  if (!read_document(&document, err))
    g_clear_pointer(&document.root, json_object_put);
  for (guint i = 0; i < G_N_ELEMENTS(sets); i++)
    g_hash_table_unref(*sets[i]);
  return document.root;
}
