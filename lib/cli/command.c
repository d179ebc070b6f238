/* command.c — looks things up in a command row. */
#include "command.h"
#include <string.h>

const NxOption nx_option_help = {.name = "--help", .help = "Show this message and exit."};
static const NxOption VERSION_DATED = {.name = "--version", .help = "Show the version and exit."};
static const NxOption VERSION_PLAIN = {.name = "--version", .help = "Show version and exit"};

gboolean nx_option_is_version(const NxOption *option)
{
  return option == &VERSION_DATED || option == &VERSION_PLAIN;
}

gboolean nx_option_takes_value(const NxOption *option)
{
  return option->type != NX_VALUE_FLAG && option->type != NX_VALUE_COUNT;
}

GPtrArray *nx_command_options(const NxCommand *command)
{
  GPtrArray *options = g_ptr_array_new();
  if (command->passes_through)
    return options;
  for (const NxOption *option = command->options; option && option->name; option++)
    g_ptr_array_add(options, (gpointer)option);
  if (command->version == NX_VERSION_DATED)
    g_ptr_array_add(options, (gpointer)&VERSION_DATED);
  if (command->version == NX_VERSION_PLAIN)
    g_ptr_array_add(options, (gpointer)&VERSION_PLAIN);
  g_ptr_array_add(options, (gpointer)&nx_option_help);
  return options;
}

const NxOption *nx_command_find_option(const NxCommand *command, const char *name)
{
  g_autoptr(GPtrArray) options = nx_command_options(command);
  for (guint i = 0; i < options->len; i++) {
    const NxOption *option = options->pdata[i];
    if (strcmp(option->name, name) == 0)
      return option;
  }
  return NULL;
}

const NxOption *nx_command_find_letter(const NxCommand *command, char letter)
{
  for (const NxOption *option = command->options; option && option->name; option++)
    if (option->letter == letter && letter != '\0')
      return option;
  return NULL;
}

const NxCommand *nx_command_find(const NxCommand *group, const char *name)
{
  for (const NxCommand *const *command = group->commands; command && *command; command++)
    if (strcmp((*command)->name, name) == 0)
      return *command;
  return NULL;
}

char *nx_argument_metavar(const NxArgument *argument)
{
  if (argument->shown)
    return g_strdup(argument->shown);
  return g_strdup_printf("%s%s%s%s", argument->optional ? "[" : "", argument->name, argument->optional ? "]" : "",
                         argument->variadic ? "..." : "");
}

char *nx_command_usage_pieces(const NxCommand *command)
{
  GString *pieces = g_string_new("[OPTIONS]");
  for (const NxArgument *argument = command->arguments; argument && argument->name; argument++) {
    g_autofree char *metavar = nx_argument_metavar(argument);
    g_string_append_printf(pieces, " %s", metavar);
  }
  if (command->commands)
    g_string_append(pieces, " COMMAND [ARGS]...");
  return g_string_free(pieces, FALSE);
}
