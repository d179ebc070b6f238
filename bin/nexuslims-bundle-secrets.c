/* nexuslims-bundle-secrets.c — what others wrote, without what lets one in: credentials that are no longer, or never were, in the settings.
 * Source: cli §10. */
#include "nexuslims-bundle.h"

#include <string.h>

/* Each is masked as addresses are everywhere. The scheme is bounded, or a word of a million letters would be looked at from each of them. */
#define ADDRESS "[a-z][a-z0-9+.-]{0,30}://[^\\s\"'<>]+"

/* A name, and what stands between it and its value: quotes, which may be those of JSON within JSON, and in YAML and indented JSON a new line.
 * Nothing is looked at twice, or a hostile log would take hours. */
#define NAMES "((?:token|password|passwd|secret|api[_-]?key|\\b(?:sig|signature|akid)|(?:\\b|_)pwd)(?:_\\d+)?)"
#define IS "[\\\\\"']*+\\h*+(?>[:+?|/.!]*+=++>?|->|:)\\h*+(?:[|>][+-]?\\h*+)?+(?:\\R\\h++(?:-\\h++)?+)?+"

/* A value by how it is quoted, to its last character; Python marks bytes by a letter before. Within JSON in JSON a quote behind more backslashes
 * than the first one is of the value. */
#define IN_QUOTES "[bru]?+\"(?:[^\"\\n\\\\]++|\\\\.)*+"
#define IN_INNER_QUOTES "(\\\\++)\"(?:[^\"\\n\\\\]++|\\g{-1}\\\\++\"|\\\\++(?!\"))*+"
#define IN_SINGLE_QUOTES "[bru]?+'(?:[^'\\n\\\\]++|\\\\.)*+"
#define OPENING "(?:[\\\\\"'[]|[bru](?=[\"']))*"
#define IN_LIST "\\[\\s*+(?:(?:null|true|false|[\\d.]++|" IN_QUOTES "|" IN_INNER_QUOTES "|" IN_SINGLE_QUOTES ")\\\\*+[\"']?+\\s*+,?+\\s*+)++"

/* What was hidden before is left as it is. */
#define NOT_MASKED "(?!\\*{3}(?:[\\s\"',;&\\\\#\\])}]|$))"

static const struct {
  const char *pattern, *replacement;
} SECRETS[] = {
    {"(authorization)" IS IN_LIST, "\\1=***"},
    {"(authorization" IS OPENING "bearer\\h+)[^\\s\"',;\\\\]++", "\\1***"},
    {"(authorization)" IS OPENING NOT_MASKED "(?!bearer\\h+\\*)(?:\\w++\\h+)?[^\\s\"',;\\\\]++", "\\1=***"},
    {NAMES IS IN_LIST, "\\1=***"},
    {NAMES IS IN_INNER_QUOTES, "\\1=***"},
    {NAMES IS IN_QUOTES, "\\1=***"},
    {NAMES IS IN_SINGLE_QUOTES, "\\1=***"},
    {NAMES IS NOT_MASKED "[^\\s\"',;&\\\\]++", "\\1=***"},
};

static gboolean append_masked_address(const GMatchInfo *match, GString *result, gpointer unused)
{
  (void)unused;
  g_autofree char *address = g_match_info_fetch(match, 0), *masked = nx_config_masked_address(address);
  g_string_append(result, masked);
  return FALSE;
}

/* Compiled once: a table has millions of fields. */
static GRegex *compiled(GRegex **regex, const char *pattern)
{
  if (!*regex)
    *regex = g_regex_new(pattern, G_REGEX_CASELESS | G_REGEX_OPTIMIZE, 0, NULL);
  return *regex;
}

/* `text` is replaced. Nothing is left of one that cannot be searched. */
static char *replaced(char *text, const GRegex *regex, const char *replacement)
{
  g_autofree char *before = text;
  char *after = replacement ? g_regex_replace(regex, before, -1, 0, replacement, 0, NULL)
                            : g_regex_replace_eval(regex, before, -1, 0, 0, append_masked_address, NULL, NULL);
  return after ? after : g_strdup("");
}

char *bundle_without_secrets(const char *text)
{
  static GRegex *address, *secrets[G_N_ELEMENTS(SECRETS)];
  char *masked = replaced(g_strdup(text), compiled(&address, ADDRESS), NULL);
  for (guint i = 0; i < G_N_ELEMENTS(SECRETS) && strpbrk(masked, ":="); i++)
    masked = replaced(masked, compiled(&secrets[i], SECRETS[i].pattern), SECRETS[i].replacement);
  return masked;
}
