/* terminal.c — what depends on the terminal: its width, colour, questions. Source: cli §2.2, §2.4. */
#include "nx-base.h"
#include "nx-cli.h"
#include "program.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define PLAIN "\033[0m"

guint nx_cli_columns(guint fallback)
{
  guint64 columns = 0;
  const char *wanted = g_getenv("COLUMNS");
  if (wanted && g_ascii_string_to_unsigned(wanted, 10, 1, G_MAXUINT16, &columns, NULL))
    return (guint)columns;
  const int descriptors[] = {STDOUT_FILENO, STDIN_FILENO, STDERR_FILENO};
  for (guint i = 0; i < G_N_ELEMENTS(descriptors); i++) {
    struct winsize size = {0};
    if (ioctl(descriptors[i], TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
      return size.ws_col;
  }
  return fallback;
}

gboolean nx_cli_has_colour(FILE *out)
{
  const char *refused = g_getenv("NO_COLOR");
  if (refused && *refused != '\0')
    return FALSE;
  return isatty(fileno(out)) && g_strcmp0(g_getenv("TERM"), "dumb") != 0;
}

static void print_marked(FILE *out, const char *mark, const char *colour, const char *format, va_list arguments)
{
  g_autofree char *raw = g_strdup_vprintf(format, arguments), *text = nx_log_shown(raw);
  gboolean coloured = nx_cli_has_colour(out);
  fprintf(out, "%s%s %s%s\n", coloured ? colour : "", mark, text, coloured ? PLAIN : "");
}

void nx_cli_print_success(FILE *out, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  print_marked(out, "✓", GREEN, format, arguments);
  va_end(arguments);
}

void nx_cli_print_warning(FILE *out, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  print_marked(out, "⚠", YELLOW, format, arguments);
  va_end(arguments);
}

void nx_cli_print_label(const char *indent, guint width, const char *label, const char *text)
{
  g_autofree char *valid_label = nx_text_utf8(label, -1), *visible_label = nx_text_visible(valid_label);
  g_autofree char *valid = nx_text_utf8(text ? text : "None", -1), *visible = nx_text_visible(valid);
  printf("%s%-*s: %s\n", indent, (int)width, visible_label, visible);
}

typedef enum { ANSWER_NO, ANSWER_YES, ANSWER_UNCLEAR } Answer;

static Answer understand(char *line)
{
  static const struct {
    const char *word;
    Answer answer;
  } WORDS[] = {{"", ANSWER_NO}, {"n", ANSWER_NO}, {"no", ANSWER_NO}, {"y", ANSWER_YES}, {"yes", ANSWER_YES}};
  g_strstrip(line);
  for (guint i = 0; i < G_N_ELEMENTS(WORDS); i++)
    if (g_ascii_strcasecmp(line, WORDS[i].word) == 0)
      return WORDS[i].answer;
  return ANSWER_UNCLEAR;
}

static gboolean aborted(void)
{
  fputs("Aborted!\n", stderr);
  nx_cli_set_exit_code(1);
  return FALSE;
}

static void wake_up(int signal_number)
{
  (void)signal_number;
}

/* The answer to a question that was asked until it was clear; end of input and ^C count as no. */
static Answer ask(const char *question)
{
  char *line = NULL;
  size_t size = 0;
  Answer answer = ANSWER_UNCLEAR;
  while (answer == ANSWER_UNCLEAR) {
    printf("%s [y/N]: ", question);
    fflush(stdout);
    if (getline(&line, &size, stdin) < 0) {
      putchar('\n');
      break;
    }
    answer = understand(line);
    if (answer == ANSWER_UNCLEAR)
      puts("Error: invalid input");
  }
  fflush(stdout);
  free(line);
  return answer;
}

gboolean nx_cli_confirm(const char *question)
{
  /* Without SA_RESTART ^C ends the read; the program then ends as after "no". */
  struct sigaction interruptible = {.sa_handler = wake_up}, before;
  sigaction(SIGINT, &interruptible, &before);
  Answer answer = ask(question);
  sigaction(SIGINT, &before, NULL);
  return answer == ANSWER_YES ? TRUE : aborted();
}
