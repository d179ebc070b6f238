/* alembic-arguments.c — words of the Alembic-compatible command line, understood and refused as Python's argparse does: people's scripts
 * and the documents' examples are written for it. Usage lines are made from the rows of the commands. */
#include "alembic.h"
#include "nx-cli.h"

#include <string.h>

static const NxAlembicOption ROOT_OPTIONS[] = {
    {"-c", "--config", "CONFIG", FALSE, G_STRUCT_OFFSET(NxAlembicArguments, config)},
    {"-n", "--name", "NAME", FALSE, G_STRUCT_OFFSET(NxAlembicArguments, name)},
    {"-x", NULL, "X", TRUE, G_STRUCT_OFFSET(NxAlembicArguments, extra)},
    {NULL, "--raiseerr", NULL, FALSE, G_STRUCT_OFFSET(NxAlembicArguments, raise_error)},
    {0},
};

void nx_alembic_arguments_clear(NxAlembicArguments *arguments)
{
  g_clear_pointer(&arguments->extra, g_ptr_array_unref);
  g_clear_pointer(&arguments->depends_on, g_ptr_array_unref);
  g_clear_pointer(&arguments->words, g_ptr_array_unref);
}

/* ------------------------------------------------------------------------------------------------------------- usage */

static char *command_choices(const char *before, const char *between, const char *after)
{
  GString *text = g_string_new(before);
  for (const NxAlembicCommand *command = nx_alembic_commands; command->name; command++)
    g_string_append_printf(text, "%s%s", command == nx_alembic_commands ? "" : between, command->name);
  return g_string_free(g_string_append(text, after), FALSE);
}

static char *option_usage(const NxAlembicOption *option)
{
  const char *first = option->letter ? option->letter : option->name;
  return option->value ? g_strdup_printf("[%s %s]", first, option->value) : g_strdup_printf("[%s]", first);
}

/* Adds `parts` to the lines of `text`: a new line with `indent` when the next part would pass the width. */
static void append_parts(GString *text, GPtrArray *parts, gsize indent, gsize width, gboolean begin_line)
{
  const char *last_line = strrchr(text->str, '\n');
  gsize column = begin_line ? G_MAXSIZE / 2 : strlen(last_line ? last_line + 1 : text->str);
  for (guint i = 0; i < parts->len; i++) {
    const char *part = parts->pdata[i];
    if (column + 1 + strlen(part) > width) {
      g_string_append_printf(text, "\n%*s%s", (int)indent, "", part);
      column = indent + strlen(part);
    } else {
      g_string_append_printf(text, " %s", part);
      column += 1 + strlen(part);
    }
  }
}

static char *usage_text(const char *program, GPtrArray *options, GPtrArray *positionals)
{
  gsize width = nx_cli_columns(80) - 2;
  GString *text = g_string_new("usage: ");
  g_string_append(text, program);
  gsize length = text->len, indent = text->len + 1;
  for (guint i = 0; i < options->len; i++)
    length += 1 + strlen(options->pdata[i]);
  for (guint i = 0; i < positionals->len; i++)
    length += 1 + strlen(positionals->pdata[i]);
  gboolean wraps = length > width;
  append_parts(text, options, indent, wraps ? width : G_MAXSIZE / 4, FALSE);
  append_parts(text, positionals, indent, wraps ? width : G_MAXSIZE / 4, wraps);
  return g_string_free(g_string_append_c(text, '\n'), FALSE);
}

static char *usage_of(const NxAlembicCommand *command)
{
  g_autoptr(GPtrArray) options = g_ptr_array_new_with_free_func(g_free), positionals = g_ptr_array_new_with_free_func(g_free);
  g_autofree char *program = command ? g_strdup_printf("%s %s", nx_cli_program(), command->name) : g_strdup(nx_cli_program());
  g_ptr_array_add(options, g_strdup("[-h]"));
  if (!command)
    g_ptr_array_add(options, g_strdup("[--version]"));
  for (const NxAlembicOption *option = command ? command->options : ROOT_OPTIONS; option->letter || option->name; option++)
    g_ptr_array_add(options, option_usage(option));
  if (!command) {
    g_ptr_array_add(positionals, command_choices("{", ",", "}"));
    g_ptr_array_add(positionals, g_strdup("..."));
  } else if (command->argument)
    g_ptr_array_add(positionals,
                    command->several ? g_strdup_printf("%s [%s ...]", command->argument, command->argument) : g_strdup(command->argument));
  return usage_text(program, options, positionals);
}

int nx_alembic_usage_error(const NxAlembicCommand *command, const char *format, ...)
{
  va_list values;
  va_start(values, format);
  g_autofree char *message = g_strdup_vprintf(format, values);
  va_end(values);
  g_autofree char *usage = usage_of(command);
  g_autofree char *valid = nx_text_utf8(message, -1);
  g_autofree char *visible = nx_text_visible(valid);
  fflush(stdout);
  fprintf(stderr, "%s%s%s%s: error: %s\n", usage, nx_cli_program(), command ? " " : "", command ? command->name : "", visible);
  return 2;
}

static void print_help(const NxAlembicCommand *command)
{
  g_autofree char *usage = usage_of(command);
  fputs(usage, stdout);
  if (command) {
    printf("\n%s\n", command->help);
    return;
  }
  printf("\ncommands:\n");
  for (command = nx_alembic_commands; command->name; command++)
    printf("  %-16s  %s\n", command->name, command->help);
}

/* ------------------------------------------------------------------------------------------------------------ words */

/* -1, -2.5: a value, not an option. */
static gboolean is_number(const char *word)
{
  static const char DIGITS[] = "0123456789";
  gsize whole = strspn(word + 1, DIGITS);
  gsize fraction = word[1 + whole] == '.' ? strspn(word + 2 + whole, DIGITS) : 0;
  return word[0] == '-' && (whole || fraction) && word[1 + whole + (word[1 + whole] == '.' ? 1 + fraction : 0)] == '\0';
}

static gboolean looks_like_option(const char *word)
{
  return word[0] == '-' && word[1] != '\0' && !is_number(word) && !strchr(word, ' ');
}

/* The one option that a long name or its beginning stands for; *many is set when there are several. */
static const NxAlembicOption *find_long(const NxAlembicOption *options, const char *name, gsize length, gboolean *many)
{
  const NxAlembicOption *found = NULL;
  *many = FALSE;
  for (const NxAlembicOption *option = options; option->letter || option->name; option++) {
    if (!option->name || strncmp(option->name, name, length) != 0)
      continue;
    if (strlen(option->name) == length) {
      *many = FALSE;
      return option;
    }
    *many = found != NULL;
    found = option;
  }
  return *many ? NULL : found;
}

static const NxAlembicOption *find_letter(const NxAlembicOption *options, char letter)
{
  for (const NxAlembicOption *option = options; option->letter || option->name; option++)
    if (option->letter && option->letter[1] == letter)
      return option;
  return NULL;
}

typedef struct {
  const char *const *words; /* the next word */
  const NxAlembicCommand *command;
  NxAlembicArguments *arguments;
  GPtrArray *unknown;
  int status; /* -1: go on */
} Parser;

static void store(Parser *parser, const NxAlembicOption *option, const char *value)
{
  gpointer field = G_STRUCT_MEMBER_P(parser->arguments, option->field);
  if (!option->value)
    *(gboolean *)field = TRUE;
  else if (option->repeatable)
    g_ptr_array_add(*(GPtrArray **)field, (gpointer)value);
  else
    *(const char **)field = value;
}

static void take_value(Parser *parser, const NxAlembicOption *option, const char *attached)
{
  const char *value = attached ? attached : *parser->words;
  if (!value || (!attached && looks_like_option(value))) {
    parser->status = nx_alembic_usage_error(parser->command, "argument %s%s%s: expected one argument", option->letter ? option->letter : "",
                                            option->letter && option->name ? "/" : "", option->name ? option->name : "");
    return;
  }
  if (!attached)
    parser->words++;
  store(parser, option, value);
}

static void take_help(Parser *parser)
{
  print_help(parser->command);
  parser->status = 0;
}

static void take_version(Parser *parser)
{
  printf("%s (" NX_PRODUCT " " NX_VERSION ")\n", nx_cli_program());
  parser->status = 0;
}

static void take_long(Parser *parser, const char *word)
{
  gboolean many = FALSE;
  const char *equals = strchr(word, '=');
  gsize length = equals ? (gsize)(equals - word) : strlen(word);
  const NxAlembicOption *option = find_long(parser->command ? parser->command->options : ROOT_OPTIONS, word, length, &many);
  if (length > 2 && strncmp("--help", word, length) == 0 && !option && !many)
    take_help(parser);
  else if (!parser->command && length > 2 && strncmp("--version", word, length) == 0 && !option && !many)
    take_version(parser);
  else if (many)
    parser->status = nx_alembic_usage_error(parser->command, "ambiguous option: %.*s could match several options", (int)length, word);
  else if (!option)
    g_ptr_array_add(parser->unknown, (gpointer)word);
  else if (option->value)
    take_value(parser, option, equals ? equals + 1 : NULL);
  else if (equals)
    parser->status = nx_alembic_usage_error(parser->command, "argument %s%s%s: ignored explicit argument '%s'",
                                            option->letter ? option->letter : "", option->letter ? "/" : "", option->name, equals + 1);
  else
    store(parser, option, NULL);
}

/* -v, -vi, -rRANGE, -r RANGE */
static void take_letters(Parser *parser, const char *word)
{
  for (const char *letter = word + 1; *letter && parser->status < 0; letter++) {
    const NxAlembicOption *option = find_letter(parser->command ? parser->command->options : ROOT_OPTIONS, *letter);
    if (!option && *letter == 'h') {
      take_help(parser);
      return;
    }
    if (!option) {
      g_ptr_array_add(parser->unknown, (gpointer)word);
      return;
    }
    if (option->value) {
      take_value(parser, option, letter[1] ? letter + 1 : NULL);
      return;
    }
    store(parser, option, NULL);
  }
}

static void take_command(Parser *parser, const char *word)
{
  for (const NxAlembicCommand *command = nx_alembic_commands; command->name; command++)
    if (g_str_equal(command->name, word)) {
      parser->command = command;
      return;
    }
  g_autofree char *names = command_choices("{", ",", "}");
  g_autofree char *choices = command_choices("'", "', '", "'");
  parser->status = nx_alembic_usage_error(NULL, "argument %s: invalid choice: '%s' (choose from %s)", names, word, choices);
}

static void take_word(Parser *parser, gboolean only_values)
{
  const char *word = *parser->words++;
  if (!only_values && g_str_has_prefix(word, "--"))
    take_long(parser, word);
  else if (!only_values && looks_like_option(word))
    take_letters(parser, word);
  else if (!parser->command)
    take_command(parser, word);
  else if (!parser->command->argument || (!parser->command->several && parser->arguments->words->len == 1))
    g_ptr_array_add(parser->unknown, (gpointer)word);
  else
    g_ptr_array_add(parser->arguments->words, (gpointer)word);
}

static int check_complete(const Parser *parser)
{
  if (!parser->command)
    return nx_alembic_usage_error(NULL, "too few arguments");
  if (parser->command->argument && parser->arguments->words->len == 0)
    return nx_alembic_usage_error(parser->command, "the following arguments are required: %s", parser->command->argument);
  if (parser->unknown->len == 0)
    return -1;
  g_autoptr(GString) words = g_string_new(NULL);
  for (guint i = 0; i < parser->unknown->len; i++)
    g_string_append_printf(words, "%s%s", i ? " " : "", (const char *)parser->unknown->pdata[i]);
  return nx_alembic_usage_error(NULL, "unrecognized arguments: %s", words->str);
}

const NxAlembicCommand *nx_alembic_parse(const char *const *words, NxAlembicArguments *arguments, int *status)
{
  g_autoptr(GPtrArray) unknown = g_ptr_array_new();
  arguments->extra = g_ptr_array_new();
  arguments->depends_on = g_ptr_array_new();
  arguments->words = g_ptr_array_new();
  Parser parser = {.words = words, .arguments = arguments, .unknown = unknown, .status = -1};
  gboolean only_values = FALSE;
  while (*parser.words && parser.status < 0) {
    if (!only_values && g_str_equal(*parser.words, "--")) {
      only_values = TRUE;
      parser.words++;
    } else
      take_word(&parser, only_values);
  }
  *status = parser.status >= 0 ? parser.status : check_complete(&parser);
  return *status < 0 ? parser.command : NULL;
}
