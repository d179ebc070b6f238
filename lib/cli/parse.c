/* parse.c — words of the command line → members of the caller's struct.
 * Rules: cli §2.1. The order in which mistakes are reported is that of the documented parser: what is wrong with the words themselves when
 * they are met; then the values of the options in the order given, the arguments, required options, and last what is too much. */
#include "command.h"
#include "nx-base.h"
#include "program.h"
#include "suggest.h"
#include "value.h"
#include <string.h>

/* One option that was given. */
typedef struct {
  const NxOption *option;
  guint count;
  GPtrArray *values; /* borrowed words */
} Given;

typedef struct {
  const NxCommand *command;
  char **words;
  int n_words, next;
  gboolean options_ended;
  GPtrArray *given;  /* Given *, in the order first given */
  GPtrArray *others; /* words that are not options */
} Parse;

static void given_free(gpointer data)
{
  Given *given = data;
  g_ptr_array_unref(given->values);
  g_free(given);
}

static Parse *parse_new(const NxCommand *command, int argc, char **argv)
{
  Parse *parse = g_new0(Parse, 1);
  parse->command = command;
  parse->words = argv;
  parse->n_words = argc;
  parse->next = 1;
  parse->given = g_ptr_array_new_with_free_func(given_free);
  parse->others = g_ptr_array_new();
  nx_cli_begin(argc > 0 ? argv[0] : NULL);
  nx_cli_set_command(command);
  nx_cli_set_exit_code(0);
  return parse;
}

static void parse_free(Parse *parse)
{
  g_ptr_array_unref(parse->given);
  g_ptr_array_unref(parse->others);
  g_free(parse);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Parse, parse_free)

/* ------------------------------------------------------------------------------------------------------------- words */

static Given *find_given(Parse *parse, const NxOption *option)
{
  for (guint i = 0; i < parse->given->len; i++) {
    Given *given = parse->given->pdata[i];
    if (given->option == option)
      return given;
  }
  return NULL;
}

/* Notes an occurrence; --help and --version act here. */
static gboolean take_option(Parse *parse, const NxOption *option, const char *value)
{
  if (option == &nx_option_help) {
    nx_cli_print_help(parse->command, stdout);
    return FALSE;
  }
  if (nx_option_is_version(option)) {
    g_autofree char *version = nx_cli_version(parse->command);
    puts(version);
    return FALSE;
  }
  Given *given = find_given(parse, option);
  if (!given) {
    given = g_new0(Given, 1);
    given->option = option;
    given->values = g_ptr_array_new();
    g_ptr_array_add(parse->given, given);
  }
  given->count++;
  if (value)
    g_ptr_array_add(given->values, (gpointer)value);
  return TRUE;
}

static gboolean take_valued_option(Parse *parse, const NxOption *option, const char *spelled, const char *attached)
{
  if (attached)
    return take_option(parse, option, attached);
  if (parse->next < parse->n_words)
    return take_option(parse, option, parse->words[parse->next++]);
  nx_cli_usage_error("Option '%s' requires an argument.", spelled);
  return FALSE;
}

static gboolean refuse_unknown_option(Parse *parse, const char *name)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  g_autoptr(GPtrArray) options = nx_command_options(parse->command);
  for (guint i = 0; i < options->len; i++)
    g_ptr_array_add(names, (gpointer)((const NxOption *)options->pdata[i])->name);
  g_ptr_array_add(names, NULL);
  g_autoptr(GPtrArray) similar = nx_suggest(name, (const char *const *)names->pdata);
  guint found = similar->len;
  g_ptr_array_add(similar, NULL);
  g_autofree char *all = g_strjoinv(", ", (char **)similar->pdata);
  if (found == 0)
    nx_cli_usage_error("No such option: %s", name);
  else if (found == 1)
    nx_cli_usage_error("No such option: %s Did you mean %s?", name, all);
  else
    nx_cli_usage_error("No such option: %s (Possible options: %s)", name, all);
  return FALSE;
}

static gboolean take_long_word(Parse *parse, const char *word)
{
  const char *equals = strchr(word, '=');
  g_autofree char *name = equals ? g_strndup(word, (gsize)(equals - word)) : g_strdup(word);
  const NxOption *option = nx_command_find_option(parse->command, name);
  if (!option)
    return refuse_unknown_option(parse, name);
  if (nx_option_takes_value(option))
    return take_valued_option(parse, option, name, equals ? equals + 1 : NULL);
  if (!equals)
    return take_option(parse, option, NULL);
  nx_cli_usage_error("Option '%s' does not take a value.", name);
  return FALSE;
}

/* -nvv, -oFILE, -o FILE. */
static gboolean take_letters(Parse *parse, const char *word)
{
  for (const char *at = word + 1; *at != '\0'; at++) {
    const NxOption *option = nx_command_find_letter(parse->command, *at);
    if (!option) {
      g_autofree char *rest = nx_text_utf8(at, -1);
      g_autofree char *letter = g_strndup(rest, (gsize)(g_utf8_next_char(rest) - rest));
      nx_cli_usage_error("No such option: -%s", letter);
      return FALSE;
    }
    const char spelled[] = {'-', *at, '\0'};
    if (nx_option_takes_value(option))
      return take_valued_option(parse, option, spelled, at[1] != '\0' ? at + 1 : NULL);
    if (!take_option(parse, option, NULL))
      return FALSE;
  }
  return TRUE;
}

/* "-2" is a revision, not an option (cli §2.1). */
static gboolean is_negative_number(const Parse *parse, const char *word)
{
  return parse->command->arguments && word[1] != '\0' && strspn(word + 1, "0123456789") == strlen(word + 1);
}

static gboolean is_option_word(const Parse *parse, const char *word)
{
  return !parse->options_ended && word[0] == '-' && word[1] != '\0' && !is_negative_number(parse, word);
}

/* Splits all words into options and others; a group stops at the first other word. */
static gboolean take_words(Parse *parse)
{
  while (parse->next < parse->n_words) {
    const char *word = parse->words[parse->next];
    if (!is_option_word(parse, word)) {
      if (parse->command->commands)
        return TRUE;
      g_ptr_array_add(parse->others, (gpointer)word);
      parse->next++;
      continue;
    }
    parse->next++;
    if (strcmp(word, "--") == 0)
      parse->options_ended = TRUE;
    else if (!(g_str_has_prefix(word, "--") ? take_long_word(parse, word) : take_letters(parse, word)))
      return FALSE;
  }
  return TRUE;
}

/* ------------------------------------------------------------------------------------------------------------ values */

static void store(const NxValueRule *rule, NxValue value, void *options, size_t field)
{
  char *at = (char *)options + field;
  if (rule->type == NX_VALUE_INT)
    *(gint64 *)(void *)at = value.integer;
  else if (rule->type == NX_VALUE_CHOICE)
    *(int *)(void *)at = value.choice;
  else
    *(const char **)(void *)at = value.text;
}

static const char *const *kept_words(GPtrArray *words)
{
  const char **kept = g_new0(const char *, words->len + 1);
  if (words->len > 0)
    memcpy(kept, words->pdata, words->len * sizeof(char *));
  return nx_cli_keep(kept);
}

static void store_words(GPtrArray *words, void *options, size_t field)
{
  *(const char *const **)(void *)((char *)options + field) = kept_words(words);
}

/* "'--format' / '-f'". */
static char *option_hint(const NxOption *option)
{
  if (!option->letter)
    return g_strdup_printf("'%s'", option->name);
  return g_strdup_printf("'%s' / '-%c'", option->name, option->letter);
}

static gboolean read_value(const NxValueRule *rule, const char *word, const char *hint, void *options, size_t field)
{
  NxValue value = {0};
  g_autofree char *problem = NULL;
  if (!nx_cli_read_value(rule, word, &value, &problem)) {
    nx_cli_usage_error("Invalid value for %s: %s", hint, problem);
    return FALSE;
  }
  if (options)
    store(rule, value, options, field);
  return TRUE;
}

static gboolean set_preset(const NxValueRule *rule, const char *preset, const char *hint, void *options, size_t field)
{
  if (preset)
    return read_value(rule, preset, hint, options, field);
  if (rule->type == NX_VALUE_CHOICE)
    store(rule, (NxValue){.choice = -1}, options, field);
  return TRUE;
}

static gboolean read_words(const NxValueRule *rule, GPtrArray *words, const char *hint)
{
  for (guint i = 0; i < words->len; i++)
    if (!read_value(rule, words->pdata[i], hint, NULL, 0))
      return FALSE;
  return TRUE;
}

static gboolean read_option(const Given *given, void *options)
{
  const NxOption *option = given->option;
  NxValueRule rule = nx_value_rule_of_option(option);
  g_autofree char *hint = option_hint(option);
  if (option->repeatable && nx_option_takes_value(option)) {
    if (!read_words(&rule, given->values, hint))
      return FALSE;
    if (options)
      store_words(given->values, options, option->field);
    return TRUE;
  }
  if (nx_option_takes_value(option))
    return read_value(&rule, given->values->pdata[given->values->len - 1], hint, options, option->field);
  if (options && option->type == NX_VALUE_COUNT)
    *(guint *)(void *)((char *)options + option->field) = given->count;
  else if (options)
    *(gboolean *)(void *)((char *)options + option->field) = TRUE;
  return TRUE;
}

/* Takes the argument's words from `*taken` on. */
static gboolean read_argument(Parse *parse, const NxArgument *argument, guint *taken, void *options)
{
  NxValueRule rule = nx_value_rule_of_argument(argument);
  g_autofree char *metavar = nx_argument_metavar(argument);
  g_autofree char *hint = g_strdup_printf("'%s'", metavar);
  if (*taken >= parse->others->len) {
    if (!argument->optional)
      nx_cli_usage_error("Missing argument '%s'.", metavar);
    return argument->optional;
  }
  if (!argument->variadic)
    return read_value(&rule, parse->others->pdata[(*taken)++], hint, options, argument->field);
  g_autoptr(GPtrArray) words = g_ptr_array_new();
  while (*taken < parse->others->len)
    g_ptr_array_add(words, parse->others->pdata[(*taken)++]);
  if (!read_words(&rule, words, hint))
    return FALSE;
  if (options)
    store_words(words, options, argument->field);
  return TRUE;
}

static gboolean refuse_surplus(const Parse *parse, guint taken)
{
  g_autoptr(GPtrArray) surplus = g_ptr_array_new();
  for (guint i = taken; i < parse->others->len; i++)
    g_ptr_array_add(surplus, parse->others->pdata[i]);
  g_ptr_array_add(surplus, NULL);
  g_autofree char *words = g_strjoinv(" ", (char **)surplus->pdata);
  nx_cli_usage_error("Got unexpected extra argument%s (%s)", surplus->len > 2 ? "s" : "", words);
  return FALSE;
}

static gboolean need_required_options(Parse *parse)
{
  for (const NxOption *option = parse->command->options; option && option->name; option++) {
    if (!option->required || find_given(parse, option))
      continue;
    g_autofree char *hint = option_hint(option);
    nx_cli_usage_error("Missing option %s.", hint);
    return FALSE;
  }
  return TRUE;
}

/* Of what was not given: a preset file that is no good matters only then. */
static gboolean set_presets(Parse *parse, void *options)
{
  g_autoptr(GPtrArray) none = g_ptr_array_new();
  guint place = 0;
  for (const NxOption *option = parse->command->options; option && option->name; option++) {
    NxValueRule rule = nx_value_rule_of_option(option);
    g_autofree char *hint = option_hint(option);
    if (option->repeatable)
      store_words(none, options, option->field);
    else if (!find_given(parse, option) && !set_preset(&rule, option->preset, hint, options, option->field))
      return FALSE;
  }
  for (const NxArgument *argument = parse->command->arguments; argument && argument->name; argument++, place++) {
    NxValueRule rule = nx_value_rule_of_argument(argument);
    g_autofree char *hint = nx_value_quoted(argument->name);
    if (argument->variadic)
      store_words(none, options, argument->field);
    else if (place >= parse->others->len && !set_preset(&rule, argument->preset, hint, options, argument->field))
      return FALSE;
  }
  return TRUE;
}

static gboolean read_values(Parse *parse, void *options)
{
  guint taken = 0;
  if (options && !set_presets(parse, options))
    return FALSE;
  for (guint i = 0; i < parse->given->len; i++)
    if (!read_option(parse->given->pdata[i], options))
      return FALSE;
  for (const NxArgument *argument = parse->command->arguments; argument && argument->name; argument++)
    if (!read_argument(parse, argument, &taken, options))
      return FALSE;
  if (!need_required_options(parse))
    return FALSE;
  return taken == parse->others->len || refuse_surplus(parse, taken);
}

/* ------------------------------------------------------------------------------------------------------------ public */

gboolean nx_cli_parse(const NxCommand *command, int argc, char **argv, void *options)
{
  g_autoptr(Parse) parse = parse_new(command, argc, argv);
  parse->options_ended = command->passes_through;
  return take_words(parse) && read_values(parse, options);
}

const NxCommand *nx_cli_choose(const NxCommand *group, int *argc, char ***argv, void *options)
{
  g_autoptr(Parse) parse = parse_new(group, *argc, *argv);
  if (!take_words(parse) || !read_values(parse, options))
    return NULL;
  if (parse->next >= *argc) {
    if (group->runs_alone)
      return group;
    nx_cli_print_help(group, stdout);
    return NULL;
  }
  const char *word = (*argv)[parse->next];
  const NxCommand *command = nx_command_find(group, word);
  if (!command) {
    g_autofree char *quoted = nx_value_quoted(word);
    nx_cli_usage_error("No such command %s.", quoted);
    return NULL;
  }
  nx_cli_add_word(command->name);
  nx_cli_set_command(command);
  *argc -= parse->next;
  *argv += parse->next;
  return command;
}
