/* sql-text.c — the tokens of SQL text (sqlite.org/lang.html, postgresql.org/docs "Lexical Structure"). */
#include "sql-text.h"

#include <sqlite3.h>
#include <string.h>

/* Length from the opening to the closing quote; a doubled quote stands for itself. 0: not closed. */
static gsize quoted_length(const char *text)
{
  char close = text[0] == '[' ? ']' : text[0];
  for (const char *p = text + 1; *p; p++)
    if (*p == close && p[1] == close && close != ']')
      p++;
    else if (*p == close)
      return (gsize)(p - text) + 1;
  return 0;
}

/* Length of `$tag$ … $tag$`; 0 when it is none. */
static gsize dollar_length(const char *text)
{
  gsize tag = 1;
  while (g_ascii_isalpha(text[tag]) || text[tag] == '_' || (tag > 1 && g_ascii_isdigit(text[tag])))
    tag++;
  if (text[tag] != '$')
    return 0;
  g_autofree char *quote = g_strndup(text, tag + 1);
  const char *close = strstr(text + tag + 1, quote);
  return close ? (gsize)(close - text) + tag + 1 : 0;
}

static gsize word_length(const char *text)
{
  gsize length = 0;
  while (g_ascii_isalnum(text[length]) || text[length] == '_' || (text[length] & 0x80))
    length++;
  return length;
}

static NxSqlToken closed_or_not(NxSqlToken kind, gsize *length)
{
  return *length ? kind : NX_SQL_UNCLOSED;
}

NxSqlToken nx_sql_token(const char *text, gsize *length)
{
  if (g_ascii_isspace(*text)) {
    *length = strspn(text, " \t\r\n\v\f");
    return NX_SQL_BLANK;
  }
  if (g_str_has_prefix(text, "--")) {
    *length = strcspn(text, "\n");
    return NX_SQL_COMMENT;
  }
  if (g_str_has_prefix(text, "/*")) {
    const char *close = strstr(text + 2, "*/");
    *length = close ? (gsize)(close - text) + 2 : 0;
    return closed_or_not(NX_SQL_COMMENT, length);
  }
  if (strchr("'\"`[", *text)) {
    *length = quoted_length(text);
    return closed_or_not(NX_SQL_QUOTED, length);
  }
  if (*text == '$' && (*length = dollar_length(text)))
    return NX_SQL_QUOTED;
  if ((*length = word_length(text)))
    return NX_SQL_WORD;
  *length = 1;
  return NX_SQL_MARK;
}

char *nx_sql_name(const char *text, gsize length)
{
  if (length < 2 || !strchr("'\"`[", text[0]))
    return g_strndup(text, length);
  g_autofree char *inner = g_strndup(text + 1, length - 2);
  char close[3] = {text[length - 1], text[length - 1], '\0'};
  char single[2] = {text[length - 1], '\0'};
  g_auto(GStrv) parts = g_strsplit(inner, close, -1);
  return g_strjoinv(single, parts);
}

char *nx_sql_identifier(const char *name)
{
  gboolean is_plain = *name && !g_ascii_isdigit(*name);
  for (const char *p = name; *p; p++)
    is_plain = is_plain && (g_ascii_islower(*p) || g_ascii_isdigit(*p) || *p == '_');
  return is_plain && !sqlite3_keyword_check(name, (int)strlen(name)) ? g_strdup(name) : nx_sql_quoted(name);
}

char *nx_sql_quoted(const char *name)
{
  g_auto(GStrv) parts = g_strsplit(name, "\"", -1);
  g_autofree char *doubled = g_strjoinv("\"\"", parts);
  return g_strdup_printf("\"%s\"", doubled);
}

gboolean nx_sql_names(const char *text, const char *wanted)
{
  gsize length = 0;
  for (const char *p = text; *p; p += length) {
    NxSqlToken token = nx_sql_token(p, &length);
    if (token == NX_SQL_UNCLOSED)
      return TRUE;
    g_autofree char *name = token == NX_SQL_WORD || token == NX_SQL_QUOTED ? nx_sql_name(p, length) : NULL;
    if (name && g_ascii_strcasecmp(name, wanted) == 0)
      return TRUE;
  }
  return FALSE;
}
