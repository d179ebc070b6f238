/* shellwords.c — splits a half-typed command line; g_shell_parse_argv() refuses one whose quote is still open. Source: cli §4.1. */
#include "shellwords.h"
#include <string.h>

/* Takes one character at `*at` into `word`, which may end or begin a quote. */
static void take_character(const char **at, char *quote, GString *word)
{
  char c = **at;
  if (c == '\\' && *quote != '\'') {
    gboolean escapes = *quote == '\0' || strchr("\"\\", (*at)[1]);
    if ((*at)[1] != '\0' && escapes)
      c = *++*at;
    g_string_append_c(word, c);
  } else if (*quote == '\0' && (c == '\'' || c == '"')) {
    *quote = c;
  } else if (c == *quote) {
    *quote = '\0';
  } else {
    g_string_append_c(word, c);
  }
  ++*at;
}

GPtrArray *nx_shell_words(const char *line)
{
  GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
  const char *at = line;
  while (TRUE) {
    while (g_ascii_isspace(*at))
      at++;
    if (*at == '\0')
      return words;
    GString *word = g_string_new(NULL);
    char quote = '\0';
    while (*at != '\0' && (quote != '\0' || !g_ascii_isspace(*at)))
      take_character(&at, &quote, word);
    g_ptr_array_add(words, g_string_free(word, FALSE));
  }
}
