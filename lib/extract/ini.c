/* ini.c — INI text in the dialect of Python's configparser, which wrote the expectations: `=` or `:`, continuation by indentation, full-line
 * comments. What that parser refuses altogether (a line without delimiter, a duplicate) costs here only the line. */
#include "ini.h"

#include <string.h>

typedef struct {
  json_object *ini;
  json_object *section;   /* borrowed from ini; NULL before the first section line */
  char *key;              /* of the option that continuation lines belong to, or NULL */
  GString *value;
  guint blank_lines;      /* seen since the last line of the value */
  gsize indent;           /* of the option line */
  guint n_skipped;
  guint first_skipped;    /* line number */
} Parser;

static void skip_line(Parser *parser, guint number)
{
  if (parser->n_skipped++ == 0)
    parser->first_skipped = number;
}

/* Stores the option that was being collected. */
static void finish_option(Parser *parser)
{
  if (!parser->key)
    return;
  json_object_object_add(parser->section, parser->key, json_object_new_string_len(parser->value->str, (int)parser->value->len));
  g_clear_pointer(&parser->key, g_free);
}

static void start_section(Parser *parser, const char *name, guint number)
{
  finish_option(parser);
  if (json_object_object_get_ex(parser->ini, name, &parser->section)) {
    skip_line(parser, number); /* a second section of that name: its new keys join the first */
    return;
  }
  parser->section = json_object_new_object();
  json_object_object_add(parser->ini, name, parser->section);
}

static void start_option(Parser *parser, const char *line, gsize indent, guint number)
{
  finish_option(parser);
  const char *delimiter = strpbrk(line, "=:");
  g_autofree char *key = delimiter ? g_strchomp(g_strndup(line, (gsize)(delimiter - line))) : NULL;
  if (!parser->section || !key || !*key || json_object_object_get_ex(parser->section, key, NULL)) {
    skip_line(parser, number);
    return;
  }
  const char *value = delimiter + 1;
  while (g_ascii_isspace(*value))
    value++;
  parser->key = g_steal_pointer(&key);
  g_string_assign(parser->value, value);
  parser->blank_lines = 0;
  parser->indent = indent;
}

static void continue_option(Parser *parser, const char *line)
{
  for (; parser->blank_lines > 0; parser->blank_lines--)
    g_string_append_c(parser->value, '\n');
  g_string_append_c(parser->value, '\n');
  g_string_append(parser->value, line);
}

static void read_line(Parser *parser, const char *raw, guint number)
{
  gsize indent = 0;
  while (g_ascii_isspace(raw[indent]))
    indent++;
  g_autofree char *line = g_strchomp(g_strdup(raw + indent));
  const char *close = strrchr(line, ']');

  if (!*line || *line == '#' || *line == ';') {
    parser->blank_lines++;
  } else if (parser->key && indent > parser->indent) {
    continue_option(parser, line);
  } else if (*line == '[' && close > line + 1) {
    g_autofree char *name = g_strndup(line + 1, (gsize)(close - line - 1));
    start_section(parser, name, number);
  } else {
    start_option(parser, line, indent, number);
  }
}

/* The pairs of [DEFAULT] show in every section that has not its own. */
static void spread_defaults(json_object *ini)
{
  g_autoptr(json_object) defaults = json_object_get(nx_json_get(ini, "DEFAULT"));
  if (!defaults)
    return;
  json_object_object_del(ini, "DEFAULT");
  json_object_object_foreach(ini, name, section) {
    (void)name;
    json_object_object_foreach(defaults, key, value) {
      if (!json_object_object_get_ex(section, key, NULL))
        json_object_object_add(section, key, json_object_get(value));
    }
  }
}

/* CRLF and lone CR → LF. */
static char *with_line_feeds(const char *text)
{
  GString *out = g_string_new(NULL);
  for (const char *at = text; *at; at++) {
    if (*at == '\r' && at[1] == '\n')
      continue;
    g_string_append_c(out, *at == '\r' ? '\n' : *at);
  }
  return g_string_free(out, FALSE);
}

json_object *nx_ini_parse(const char *text, char **note)
{
  Parser parser = { .ini = json_object_new_object(), .value = g_string_new(NULL) };
  g_autofree char *unified = with_line_feeds(text);
  guint number = 0;
  for (char *line = unified, *next; line; line = next) {
    next = strchr(line, '\n');
    if (next)
      *next++ = '\0';
    read_line(&parser, line, ++number);
  }
  finish_option(&parser);
  g_string_free(parser.value, TRUE);
  spread_defaults(parser.ini);
  if (note)
    *note = parser.n_skipped == 0 ? NULL
          : g_strdup_printf("%u line%s of the metadata text could not be read and %s skipped (first: line %u)", parser.n_skipped,
                            parser.n_skipped == 1 ? "" : "s", parser.n_skipped == 1 ? "was" : "were", parser.first_skipped);
  return parser.ini;
}

const char *nx_ini_get(json_object *ini, const char *section, const char *key)
{
  return nx_json_get_string(nx_json_get(ini, section), key);
}
