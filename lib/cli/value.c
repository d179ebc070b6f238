/* value.c — checks a word against the type of an option or argument. Messages: cli §2.3. */
#include "value.h"
#include "nx-base.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

NxValueRule nx_value_rule_of_option(const NxOption *option)
{
  return (NxValueRule){option->type, option->ranged, option->minimum, option->maximum, option->choices};
}

NxValueRule nx_value_rule_of_argument(const NxArgument *argument)
{
  return (NxValueRule){argument->type, argument->ranged, argument->minimum, argument->maximum, argument->choices};
}

char *nx_value_quoted(const char *word)
{
  g_autofree char *text = nx_text_utf8(word, -1);
  char quote = strchr(text, '\'') && !strchr(text, '"') ? '"' : '\'';
  GString *out = g_string_new(NULL);
  g_string_append_c(out, quote);
  for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
    gunichar c = g_utf8_get_char(at);
    if (c == '\\' || c == (gunichar)quote)
      g_string_append_printf(out, "\\%c", (char)c);
    else if (c == '\n' || c == '\r' || c == '\t')
      g_string_append_printf(out, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
    else if (g_unichar_iscntrl(c))
      g_string_append_printf(out, "\\x%02x", c);
    else
      g_string_append_unichar(out, c);
  }
  g_string_append_c(out, quote);
  return g_string_free(out, FALSE);
}

char *nx_value_range_text(const NxValueRule *rule)
{
  if (!rule->ranged)
    return NULL;
  if (rule->maximum == G_MAXINT64)
    return g_strdup_printf("x>=%" G_GINT64_FORMAT, rule->minimum);
  return g_strdup_printf("%" G_GINT64_FORMAT "<=x<=%" G_GINT64_FORMAT, rule->minimum, rule->maximum);
}

char *nx_value_placeholder(const NxValueRule *rule)
{
  switch (rule->type) {
  case NX_VALUE_FLAG:
  case NX_VALUE_COUNT:
    return NULL;
  case NX_VALUE_TEXT:
    return g_strdup("TEXT");
  case NX_VALUE_INT:
    return g_strdup(rule->ranged ? "INTEGER RANGE" : "INTEGER");
  case NX_VALUE_CHOICE: {
    g_autofree char *all = g_strjoinv("|", (char **)rule->choices);
    return g_strdup_printf("[%s]", all);
  }
  case NX_VALUE_FILE:
  case NX_VALUE_EXISTING_FILE:
  case NX_VALUE_INPUT_FILE:
    return g_strdup("FILE");
  case NX_VALUE_DIRECTORY:
  case NX_VALUE_EXISTING_DIRECTORY:
    return g_strdup("DIRECTORY");
  case NX_VALUE_PATH:
    return g_strdup("PATH");
  }
  return NULL;
}

static gboolean read_int(const NxValueRule *rule, const char *word, gint64 *value, char **problem)
{
  const char *digits = word + (*word == '-' || *word == '+');
  char *end = NULL;
  errno = 0;
  *value = g_ascii_strtoll(word, &end, 10);
  if (!g_ascii_isdigit(*digits) || *end != '\0' || errno != 0) {
    g_autofree char *quoted = nx_value_quoted(word);
    *problem = g_strdup_printf("%s is not a valid integer%s.", quoted, rule->ranged ? " range" : "");
    return FALSE;
  }
  if (!rule->ranged || (*value >= rule->minimum && *value <= rule->maximum))
    return TRUE;
  g_autofree char *range = nx_value_range_text(rule);
  *problem = g_strdup_printf("%" G_GINT64_FORMAT " is not in the range %s.", *value, range);
  return FALSE;
}

static gboolean read_choice(const NxValueRule *rule, const char *word, int *value, char **problem)
{
  for (int i = 0; rule->choices[i]; i++) {
    if (strcmp(word, rule->choices[i]) == 0) {
      *value = i;
      return TRUE;
    }
  }
  g_autofree char *quoted = nx_value_quoted(word);
  g_autofree char *all = g_strjoinv("', '", (char **)rule->choices);
  *problem = g_strdup_printf("%s is not one of '%s'.", quoted, all);
  return FALSE;
}

/* What a path must be; `refused` completes "File 'x' …". */
static const char *path_refusal(NxValueType type, const char *path)
{
  gboolean wants_folder = type == NX_VALUE_DIRECTORY || type == NX_VALUE_EXISTING_DIRECTORY;
  gboolean must_exist = type == NX_VALUE_EXISTING_FILE || type == NX_VALUE_INPUT_FILE || type == NX_VALUE_EXISTING_DIRECTORY;
  struct stat status;
  if (stat(path, &status) != 0)
    return must_exist ? "does not exist" : *path ? NULL : "has no name";
  if (wants_folder && !S_ISDIR(status.st_mode))
    return "is a file";
  if (!wants_folder && S_ISDIR(status.st_mode))
    return "is a directory";
  if (must_exist)
    return access(path, R_OK) == 0 ? NULL : "is not readable";
  return access(path, W_OK) == 0 ? NULL : "is not writable";
}

static gboolean read_path(const NxValueRule *rule, const char *word, char **problem)
{
  gboolean is_stdin = rule->type == NX_VALUE_INPUT_FILE && g_str_equal(word, "-");
  const char *refusal = rule->type == NX_VALUE_PATH || is_stdin ? NULL : path_refusal(rule->type, word);
  if (!refusal)
    return TRUE;
  gboolean wants_folder = rule->type == NX_VALUE_DIRECTORY || rule->type == NX_VALUE_EXISTING_DIRECTORY;
  g_autofree char *quoted = nx_value_quoted(word);
  *problem = g_strdup_printf("%s %s %s.", wants_folder ? "Directory" : "File", quoted, refusal);
  return FALSE;
}

gboolean nx_cli_read_value(const NxValueRule *rule, const char *word, NxValue *value, char **problem)
{
  switch (rule->type) {
  case NX_VALUE_FLAG:
  case NX_VALUE_COUNT:
  case NX_VALUE_TEXT:
    value->text = word;
    return TRUE;
  case NX_VALUE_INT:
    return read_int(rule, word, &value->integer, problem);
  case NX_VALUE_CHOICE:
    return read_choice(rule, word, &value->choice, problem);
  case NX_VALUE_FILE:
  case NX_VALUE_EXISTING_FILE:
  case NX_VALUE_INPUT_FILE:
  case NX_VALUE_DIRECTORY:
  case NX_VALUE_EXISTING_DIRECTORY:
  case NX_VALUE_PATH:
    value->text = word;
    return read_path(rule, word, problem);
  }
  return FALSE;
}
