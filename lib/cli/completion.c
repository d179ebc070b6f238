/* completion.c — candidates for the word under the cursor, from the same rows that parsing uses. Source: cli §4.
 *
 * Input: _NEXUSLIMS_COMPLETE (another program: its name) names shell and question, COMP_WORDS is the line, COMP_CWORD the index of the word
 * (fish: the word itself). The scripts of the shells are files of share/completion, written for nexuslims. */
#include "nx-completion.h"
#include "command.h"
#include "layout.h"
#include "nx-base.h"
#include "nx-cli-tree.h"
#include "program.h"
#include "shellwords.h"
#include <string.h>

#define HELP_LENGTH 45
#define SCRIPT_MAX 65536

typedef struct {
  const char *name, *start_file, *line;
} Shell;

/* In the order of NX_SHELL_BASH … */
static const Shell SHELLS[] = {
    {"bash", "~/.bashrc", "eval \"$(_NEXUSLIMS_COMPLETE=bash_source nexuslims)\""},
    {"zsh", "~/.zshrc", "eval \"$(_NEXUSLIMS_COMPLETE=zsh_source nexuslims)\""},
    {"fish", "~/.config/fish/config.fish", "_NEXUSLIMS_COMPLETE=fish_source nexuslims | source"},
};

/* Where the cursor stands: behind these finished words. */
typedef struct {
  const NxCommand *command; /* NULL: the line has gone astray, nothing fits */
  GPtrArray *given;         /* options of this command that are already there */
  const NxOption *unfilled; /* the previous word is this option, which wants a value */
  guint n_arguments;
  gboolean options_ended;
} Place;

typedef struct {
  int shell;
  const char *partial; /* what is typed of the word */
} Question;

/* ---------------------------------------------------------------------------------------------------------- answers */

static void print_candidate(const Question *question, const char *type, const char *value, const char *help)
{
  g_autofree char *brief = help ? nx_layout_short(help, HELP_LENGTH) : NULL;
  switch (question->shell) {
  case NX_SHELL_BASH:
    printf("%s,%s\n", type, value);
    break;
  case NX_SHELL_ZSH:
    printf("%s\n%s\n%s\n", type, value, brief && *brief ? brief : "_");
    break;
  default:
    printf("%s,%s%s%s\n", type, value, brief && *brief ? "\t" : "", brief ? brief : "");
  }
}

static void print_if_fits(const Question *question, const char *value, const char *help)
{
  if (g_str_has_prefix(value, question->partial))
    print_candidate(question, "plain", value, help);
}

static void print_values(const Question *question, NxValueType type, const char *const *choices, const char *const *(*words)(void))
{
  for (const char *const *word = words ? words() : NULL; word && *word; word++)
    print_if_fits(question, *word, NULL);
  switch (type) {
  case NX_VALUE_CHOICE:
    for (; choices && *choices; choices++)
      print_if_fits(question, *choices, NULL);
    break;
  case NX_VALUE_FILE:
  case NX_VALUE_EXISTING_FILE:
  case NX_VALUE_INPUT_FILE:
  case NX_VALUE_PATH:
    print_candidate(question, "file", question->partial, NULL);
    break;
  case NX_VALUE_DIRECTORY:
  case NX_VALUE_EXISTING_DIRECTORY:
    print_candidate(question, "dir", question->partial, NULL);
    break;
  case NX_VALUE_FLAG:
  case NX_VALUE_COUNT:
  case NX_VALUE_TEXT:
  case NX_VALUE_INT:
    break;
  }
}

static void print_options(const Question *question, const Place *place)
{
  g_autoptr(GPtrArray) options = nx_command_options(place->command);
  for (guint i = 0; i < options->len; i++) {
    const NxOption *option = options->pdata[i];
    if (!option->repeatable && g_ptr_array_find(place->given, option, NULL))
      continue;
    const char letter[] = {'-', option->letter, '\0'};
    if (option->letter)
      print_if_fits(question, letter, option->help);
    print_if_fits(question, option->name, option->help);
  }
}

static void print_commands(const Question *question, const NxCommand *group)
{
  for (const NxCommand *const *command = group->commands; *command; command++)
    print_if_fits(question, (*command)->name, (*command)->help);
}

/* The argument that the next word belongs to; NULL when there is none left. */
static const NxArgument *next_argument(const Place *place)
{
  guint n = 0;
  for (const NxArgument *argument = place->command->arguments; argument && argument->name; argument++, n++)
    if (argument->variadic || n == place->n_arguments)
      return argument;
  return NULL;
}

static void print_argument(const Question *question, const Place *place)
{
  const NxArgument *argument = next_argument(place);
  if (argument)
    print_values(question, argument->type, argument->choices, argument->words);
}

/* ----------------------------------------------------------------------------------------------------------- place */

static void note_option(Place *place, const NxOption *option, gboolean has_value)
{
  if (!option)
    return;
  g_ptr_array_add(place->given, (gpointer)option);
  if (nx_option_takes_value(option) && !has_value)
    place->unfilled = option;
}

static void pass_letters(Place *place, const char *word)
{
  for (const char *at = word + 1; *at != '\0'; at++) {
    const NxOption *option = nx_command_find_letter(place->command, *at);
    note_option(place, option, at[1] != '\0');
    if (!option || nx_option_takes_value(option))
      return;
  }
}

static void pass_option(Place *place, const char *word)
{
  const char *equals = strchr(word, '=');
  g_autofree char *name = equals ? g_strndup(word, (gsize)(equals - word)) : g_strdup(word);
  if (strcmp(word, "--") == 0)
    place->options_ended = TRUE;
  else if (g_str_has_prefix(word, "--"))
    note_option(place, nx_command_find_option(place->command, name), equals != NULL);
  else
    pass_letters(place, word);
}

static void pass_word(Place *place, const char *word)
{
  if (place->unfilled) {
    place->unfilled = NULL;
  } else if (word[0] == '-' && word[1] != '\0' && !place->options_ended && !place->command->passes_through) {
    pass_option(place, word);
  } else if (place->command->commands) {
    place->command = nx_command_find(place->command, word);
    place->options_ended = FALSE;
    g_ptr_array_set_size(place->given, 0);
  } else {
    place->n_arguments++;
  }
}

static void print_answer(const Question *question, const Place *place)
{
  const char *equals = strchr(question->partial, '=');
  gboolean is_option = question->partial[0] == '-' && !place->options_ended;
  if (place->unfilled) {
    print_values(question, place->unfilled->type, place->unfilled->choices, place->unfilled->words);
  } else if (is_option && equals) {
    g_autofree char *name = g_strndup(question->partial, (gsize)(equals - question->partial));
    const NxOption *option = nx_command_find_option(place->command, name);
    Question value = {question->shell, equals + 1};
    if (option)
      print_values(&value, option->type, option->choices, option->words);
  } else if (is_option) {
    print_options(question, place);
  } else if (place->command->commands) {
    print_commands(question, place->command);
  } else {
    print_argument(question, place);
  }
}

/* -------------------------------------------------------------------------------------------------------- questions */

/* Drops from `words` what is not finished, and returns the partial word (owned). */
static char *take_partial(int shell, GPtrArray *words)
{
  const char *cursor = g_getenv("COMP_CWORD");
  guint64 index = 0;
  if (shell == NX_SHELL_FISH) {
    g_autoptr(GPtrArray) typed = nx_shell_words(cursor ? cursor : "");
    char *partial = g_strdup(typed->len > 0 ? typed->pdata[0] : "");
    if (words->len > 1 && strcmp(words->pdata[words->len - 1], partial) == 0)
      g_ptr_array_set_size(words, (gint)words->len - 1);
    return partial;
  }
  if (!cursor || !g_ascii_string_to_unsigned(cursor, 10, 0, G_MAXUINT16, &index, NULL))
    return NULL;
  char *partial = g_strdup(index < words->len ? words->pdata[index] : "");
  if (index < words->len)
    g_ptr_array_set_size(words, (gint)index);
  return partial;
}

static int complete(const NxCommand *root, int shell)
{
  const char *line = g_getenv("COMP_WORDS");
  g_autoptr(GPtrArray) words = nx_shell_words(line ? line : "");
  g_autofree char *partial = take_partial(shell, words);
  if (!partial)
    return 1;
  g_autoptr(GPtrArray) given = g_ptr_array_new();
  Place place = {.command = root, .given = given};
  for (guint i = 1; i < words->len && place.command; i++)
    pass_word(&place, words->pdata[i]);
  Question question = {shell, partial};
  if (place.command)
    print_answer(&question, &place);
  return 0;
}

/* "IGEM_SERVER" for igem-server. */
static char *variable_part(const char *program)
{
  return g_strdelimit(g_ascii_strup(program, -1), "-", '_');
}

/* The same script for another program: its name in variables, in names of functions, and as a command. */
static char *script_for(const char *program, const char *script)
{
  g_autofree char *variable = variable_part(program), *lower = g_ascii_strdown(variable, -1), *function = g_strconcat("_", lower, NULL);
  const char *const names[][2] = {{"NEXUSLIMS", variable}, {"_nexuslims", function}, {"nexuslims", program}};
  GString *out = g_string_new(script);
  for (guint i = 0; i < G_N_ELEMENTS(names); i++)
    g_string_replace(out, names[i][0], names[i][1], 0);
  return g_string_free(out, FALSE);
}

static int print_script(const char *program, int shell)
{
  g_autofree char *name = g_strdup_printf("completion/nexuslims.%s", SHELLS[shell].name);
  g_autofree char *path = nx_share_path(name);
  g_autofree char *script = NULL;
  gsize length = 0;
  g_autoptr(GError) problem = NULL;
  if (!nx_file_read(path, SCRIPT_MAX, &script, &length, &problem))
    return nx_fail(problem);
  g_autofree char *own = script_for(program, script);
  fputs(own, stdout);
  return 0;
}

gboolean nx_completion_answer(const NxCommand *root, int *code)
{
  g_autofree char *part = variable_part(root->name), *variable = g_strdup_printf("_%s_COMPLETE", part);
  const char *wanted = g_getenv(variable);
  if (!wanted || *wanted == '\0')
    return FALSE;
  *code = 1;
  for (int shell = 0; shell < (int)G_N_ELEMENTS(SHELLS); shell++) {
    g_autofree char *source = g_strdup_printf("%s_source", SHELLS[shell].name);
    g_autofree char *question = g_strdup_printf("%s_complete", SHELLS[shell].name);
    if (strcmp(wanted, source) == 0)
      *code = print_script(root->name, shell);
    else if (strcmp(wanted, question) == 0)
      *code = complete(root, shell);
  }
  return TRUE;
}

static int shell_of_user(void)
{
  const char *path = g_getenv("SHELL");
  if (path && strstr(path, "zsh"))
    return NX_SHELL_ZSH;
  return path && strstr(path, "fish") ? NX_SHELL_FISH : NX_SHELL_BASH;
}

void nx_completion_explain(int shell, FILE *out)
{
  const Shell *row = &SHELLS[shell < 0 ? shell_of_user() : shell];
  fprintf(out, "# Add this line to %s:\n%s\n\n# Note: it works when nexuslims is on your PATH.\n", row->start_file, row->line);
}
