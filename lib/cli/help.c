/* help.c — help pages, usage lines and --version, made from command rows. Layout: cli §2.2, version text: cli §2.5. */
#include "command.h"
#include "layout.h"
#include "nx-base.h"
#include "value.h"
#include <string.h>

#define WIDTH_DEFAULT 80
#define WIDTH_MAX 80
#define WIDTH_MIN 50
#define USAGE_ROOM_MIN 20 /* cells that must be left behind the program's name; otherwise the pieces begin on the next line */

static guint page_width(void)
{
  guint columns = MIN(nx_cli_columns(WIDTH_DEFAULT), WIDTH_MAX);
  return MAX(columns, WIDTH_MIN + 2) - 2;
}

char *nx_command_usage(const NxCommand *command)
{
  g_autofree char *pieces = nx_command_usage_pieces(command);
  g_autofree char *prefix = g_strdup_printf("Usage: %s ", nx_cli_program());
  guint width = page_width(), taken = (guint)nx_text_width(prefix);
  GString *usage = g_string_new(NULL);
  if (width >= taken + USAGE_ROOM_MIN) {
    g_autofree char *hanging = g_strnfill(taken, ' ');
    nx_layout_fill(usage, pieces, width, prefix, hanging);
    return g_string_free(usage, FALSE);
  }
  g_autofree char *indent = g_strnfill(strlen("Usage: ") + 4, ' ');
  g_string_append_printf(usage, "%s\n", prefix);
  nx_layout_fill(usage, pieces, width, indent, indent);
  return g_string_free(usage, FALSE);
}

/* "-f, --format [table|json]". */
static char *option_names(const NxOption *option)
{
  NxValueRule rule = nx_value_rule_of_option(option);
  g_autofree char *usual = nx_value_placeholder(&rule);
  const char *placeholder = option->placeholder ? option->placeholder : usual;
  GString *names = g_string_new(NULL);
  if (option->letter)
    g_string_append_printf(names, "-%c, ", option->letter);
  g_string_append(names, option->name);
  if (placeholder)
    g_string_append_printf(names, " %s", placeholder);
  return g_string_free(names, FALSE);
}

/* Help text plus "  [default: 14; x>=0; required]". */
static char *option_text(const NxOption *option)
{
  NxValueRule rule = nx_value_rule_of_option(option);
  g_autofree char *range = option->type == NX_VALUE_INT ? nx_value_range_text(&rule) : NULL;
  g_autoptr(GString) extra = g_string_new(NULL);
  if (option->default_shown)
    g_string_append_printf(extra, "default: %s", option->default_shown);
  if (range)
    g_string_append_printf(extra, "%s%s", extra->len ? "; " : "", range);
  if (option->required)
    g_string_append_printf(extra, "%srequired", extra->len ? "; " : "");
  if (extra->len == 0)
    return g_strdup(option->help ? option->help : "");
  return g_strdup_printf("%s%s[%s]", option->help ? option->help : "", option->help ? "  " : "", extra->str);
}

static void append_options(GString *page, const NxCommand *command, guint width)
{
  g_autoptr(GPtrArray) options = nx_command_options(command);
  if (options->len == 0)
    return;
  g_autoptr(GPtrArray) left = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GPtrArray) right = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < options->len; i++) {
    g_ptr_array_add(left, option_names(options->pdata[i]));
    g_ptr_array_add(right, option_text(options->pdata[i]));
  }
  g_string_append(page, "\nOptions:\n");
  nx_layout_columns(page, (char *const *)left->pdata, (char *const *)right->pdata, left->len, width);
}

static void append_commands(GString *page, const NxCommand *group, guint width)
{
  if (!group->commands)
    return;
  guint longest = 0;
  for (const NxCommand *const *command = group->commands; *command; command++)
    longest = MAX(longest, (guint)nx_text_width((*command)->name));
  g_autoptr(GPtrArray) left = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GPtrArray) right = g_ptr_array_new_with_free_func(g_free);
  for (const NxCommand *const *command = group->commands; *command; command++) {
    g_ptr_array_add(left, g_strdup((*command)->name));
    g_ptr_array_add(right, nx_layout_short((*command)->help, width - 6 - longest));
  }
  g_string_append(page, "\nCommands:\n");
  nx_layout_columns(page, (char *const *)left->pdata, (char *const *)right->pdata, left->len, width);
}

char *nx_command_help(const NxCommand *command)
{
  guint width = page_width();
  g_autofree char *usage = nx_command_usage(command);
  GString *page = g_string_new(usage);
  if (command->help) {
    g_string_append_c(page, '\n');
    nx_layout_paragraphs(page, command->help, width, 2);
  }
  append_options(page, command, width);
  append_commands(page, command, width);
  if (command->epilog) {
    g_string_append_c(page, '\n');
    nx_layout_paragraphs(page, command->epilog, width, 2);
  }
  return g_string_free(page, FALSE);
}

void nx_cli_print_help(const NxCommand *command, FILE *out)
{
  g_autofree char *page = nx_command_help(command);
  fputs(page, out);
}

char *nx_cli_version(const NxCommand *command)
{
  if (command->version_text)
    return g_strdup(command->version_text);
#ifdef NX_RELEASE_DATE
  if (command->version == NX_VERSION_DATED)
    return g_strdup_printf("%s (%s %s, released %s)", nx_cli_program(), NX_PRODUCT, NX_VERSION, NX_RELEASE_DATE);
#endif
  return g_strdup_printf("%s (%s %s)", nx_cli_program(), NX_PRODUCT, NX_VERSION);
}
