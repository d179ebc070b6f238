/* test-cli.c — rows → values, help and suggestions. Expected texts: cli §2; ratios and breaks were taken from Python's difflib and
 * textwrap, which the documented pages were made with. */
#include "layout.h"
#include "nx-cli-tree.h"
#include "shellwords.h"
#include "suggest.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  gboolean dry_run;
  guint verbosity;
  const char *from, *output;
  gint64 workers;
  int format, shell;
  const char *const *status;
  const char *first;
  const char *const *rest;
} Values;

static const char *const FORMATS[] = {"table", "json", NULL};
static const NxOption OPTIONS[] = {
    {.name = "--dry-run", .letter = 'n', .field = offsetof(Values, dry_run), .help = "Say what would be done."},
    {.name = "--verbose", .letter = 'v', .type = NX_VALUE_COUNT, .field = offsetof(Values, verbosity), .help = NX_HELP_VERBOSE},
    {.name = "--from", .type = NX_VALUE_TEXT, .field = offsetof(Values, from), .help = "Begin."},
    {.name = "--output", .letter = 'o', .type = NX_VALUE_FILE, .field = offsetof(Values, output), .help = "Write to FILE."},
    {.name = "--workers",
     .type = NX_VALUE_INT,
     .ranged = TRUE,
     .minimum = 1,
     .maximum = 64,
     .preset = "4",
     .default_shown = "4",
     .field = offsetof(Values, workers),
     .help = "Threads."},
    {.name = "--format",
     .type = NX_VALUE_CHOICE,
     .choices = FORMATS,
     .preset = "table",
     .field = offsetof(Values, format),
     .help = "Format."},
    {.name = "--shell", .type = NX_VALUE_CHOICE, .choices = FORMATS, .field = offsetof(Values, shell), .help = "Shell."},
    {.name = "--status", .type = NX_VALUE_TEXT, .repeatable = TRUE, .field = offsetof(Values, status), .help = "Repeatable."},
    {0},
};
static const NxArgument ARGUMENTS[] = {
    {.name = "FIRST", .type = NX_VALUE_TEXT, .field = offsetof(Values, first)},
    {.name = "REST", .type = NX_VALUE_TEXT, .optional = TRUE, .variadic = TRUE, .field = offsetof(Values, rest)},
    {0},
};
static const NxCommand COMMAND = {.name = "stage", .options = OPTIONS, .arguments = ARGUMENTS, .help = "A stage."};

static gboolean parse_line(const char *line, Values *values)
{
  g_autoptr(GPtrArray) words = nx_shell_words(line);
  g_autoptr(GPtrArray) argv = g_ptr_array_new();
  *values = (Values){0};
  g_ptr_array_add(argv, (gpointer) "stage");
  /* Values are borrowed from the words, as they are from argv in a program. */
  for (guint i = 0; i < words->len; i++)
    g_ptr_array_add(argv, (gpointer)g_intern_string(words->pdata[i]));
  return nx_cli_parse(&COMMAND, (int)argv->len, (char **)argv->pdata, values);
}

static void test_presets(void)
{
  Values values;
  g_assert_true(parse_line("x", &values));
  g_assert_false(values.dry_run);
  g_assert_cmpuint(values.verbosity, ==, 0);
  g_assert_null(values.from);
  g_assert_cmpint(values.workers, ==, 4);
  g_assert_cmpint(values.format, ==, 0);
  g_assert_cmpint(values.shell, ==, -1);
  g_assert_null(values.status[0]);
  g_assert_cmpstr(values.first, ==, "x");
  g_assert_null(values.rest[0]);
}

static void test_forms(void)
{
  Values values;
  g_assert_true(parse_line("-nvv --from=2025-01-01 -ofile.json --workers 8 x", &values));
  g_assert_true(values.dry_run);
  g_assert_cmpuint(values.verbosity, ==, 2);
  g_assert_cmpstr(values.from, ==, "2025-01-01");
  g_assert_cmpstr(values.output, ==, "file.json");
  g_assert_cmpint(values.workers, ==, 8);
  g_assert_true(parse_line("-vo other.json x -v", &values));
  g_assert_cmpuint(values.verbosity, ==, 2);
  g_assert_cmpstr(values.output, ==, "other.json");
}

static void test_last_value_wins(void)
{
  Values values;
  g_assert_true(parse_line("--from a x --from=b --format json --format table", &values));
  g_assert_cmpstr(values.from, ==, "b");
  g_assert_cmpint(values.format, ==, 0);
}

static void test_repeatable(void)
{
  Values values;
  g_assert_true(parse_line("--status ERROR x --status=NO_CONSENT", &values));
  g_assert_cmpstr(values.status[0], ==, "ERROR");
  g_assert_cmpstr(values.status[1], ==, "NO_CONSENT");
  g_assert_null(values.status[2]);
}

static void test_interleaved(void)
{
  Values values;
  g_assert_true(parse_line("a -n b --from none c", &values));
  g_assert_cmpstr(values.first, ==, "a");
  g_assert_cmpstr(values.rest[0], ==, "b");
  g_assert_cmpstr(values.rest[1], ==, "c");
  g_assert_null(values.rest[2]);
  g_assert_true(values.dry_run);
}

static void test_double_dash(void)
{
  Values values;
  g_assert_true(parse_line("-- -n --from -- x", &values));
  g_assert_false(values.dry_run);
  g_assert_cmpstr(values.first, ==, "-n");
  g_assert_cmpstr(values.rest[0], ==, "--from");
  g_assert_cmpstr(values.rest[1], ==, "--");
}

static void test_odd_words(void)
{
  Values values;
  g_assert_true(parse_line("-2 - '' -17", &values));
  g_assert_cmpstr(values.first, ==, "-2");
  g_assert_cmpstr(values.rest[0], ==, "-");
  g_assert_cmpstr(values.rest[1], ==, "");
  g_assert_cmpstr(values.rest[2], ==, "-17");
  g_assert_true(parse_line("--from --to x", &values));
  g_assert_cmpstr(values.from, ==, "--to");
  g_assert_true(parse_line("--from= x", &values));
  g_assert_cmpstr(values.from, ==, "");
}

typedef struct {
  const char *line, *error;
} Refusal;

static const Refusal REFUSALS[] = {
    {"", "Missing argument 'FIRST'."},
    {"--workers 0 x", "Invalid value for '--workers': 0 is not in the range 1<=x<=64."},
    {"--workers 65 x", "Invalid value for '--workers': 65 is not in the range 1<=x<=64."},
    {"--workers 4.0 x", "Invalid value for '--workers': '4.0' is not a valid integer range."},
    {"--workers 99999999999999999999 x", "Invalid value for '--workers': '99999999999999999999' is not a valid integer range."},
    {"--workers '' x", "Invalid value for '--workers': '' is not a valid integer range."},
    {"-n=1 x", "No such option: -="},
    {"--output", "Option '--output' requires an argument."},
    {"-vo", "Option '-o' requires an argument."},
    {"--verbose=2 x", "Option '--verbose' does not take a value."},
    {"--help=1", "Option '--help' does not take a value."},
    /* What is wrong with values waits for the words; of two bad values the first given is reported. */
    {"--workers no --xyzzy", "No such option: --xyzzy"},
    {"--format xml --workers no", "Invalid value for '--format': 'xml' is not one of 'table', 'json'."},
    {"--workers no --format xml", "Invalid value for '--workers': 'no' is not a valid integer range."},
    {"--format xml", "Invalid value for '--format': 'xml' is not one of 'table', 'json'."},
};

static void test_refusal(gconstpointer data)
{
  const Refusal *refusal = data;
  if (g_test_subprocess()) {
    Values values;
    g_assert_false(parse_line(refusal->line, &values));
    exit(nx_cli_exit_code());
  }
  g_test_trap_subprocess(NULL, 0, 0);
  g_autofree char *expected =
      g_strdup_printf("Usage: stage [OPTIONS] FIRST [REST]...\nTry 'stage --help' for help.\n\nError: %s\n", refusal->error);
  g_test_trap_assert_stderr(expected);
  g_assert_false(g_test_trap_has_passed());
}

static void test_borrowed_name(void)
{
  if (g_test_subprocess()) {
    Values values;
    g_setenv("NX_CLI_PROG", "nexuslims db", TRUE);
    g_assert_false(parse_line("", &values));
    g_assert_null(g_getenv("NX_CLI_PROG"));
    exit(0);
  }
  g_test_trap_subprocess(NULL, 0, 0);
  g_test_trap_assert_passed();
  g_test_trap_assert_stderr("Usage: nexuslims db [OPTIONS] FIRST [REST]...\nTry 'nexuslims db --help'*");
}

static void test_hostile_name(void)
{
  if (g_test_subprocess()) {
    Values values;
    g_setenv("NX_CLI_PROG", "evil\033[31m", TRUE);
    g_assert_false(parse_line("", &values));
    exit(0);
  }
  g_test_trap_subprocess(NULL, 0, 0);
  g_test_trap_assert_stderr("Usage: stage *");
}

/* --------------------------------------------------------------------------------------------------------------- tree */

static void check_rows(const NxCommand *command)
{
  const char *before = "";
  g_assert_nonnull(command->help);
  for (const NxCommand *const *sub = command->commands; sub && *sub; sub++) {
    g_assert_cmpstr(before, <, (*sub)->name);
    before = (*sub)->name;
    check_rows(*sub);
  }
  for (const NxOption *option = command->options; option && option->name; option++) {
    g_assert_true(g_str_has_prefix(option->name, "--"));
    g_assert_nonnull(option->help);
    g_assert_true((option->type == NX_VALUE_CHOICE) == (option->choices != NULL));
  }
}

static void test_tree(void)
{
  check_rows(&nx_command_nexuslims);
}

static void test_tree_values(void)
{
  NxDbMoveOptions move = {0};
  char *words[] = {(char *)"downgrade", (char *)"-2", (char *)"--sql", NULL};
  g_assert_true(nx_cli_parse(&nx_command_db_downgrade, 3, words, &move));
  g_assert_cmpstr(move.revision, ==, "-2");
  g_assert_true(move.sql);
  move = (NxDbMoveOptions){0};
  g_assert_true(nx_cli_parse(&nx_command_db_downgrade, 1, words, &move));
  g_assert_cmpstr(move.revision, ==, "-1");
  move = (NxDbMoveOptions){0};
  g_assert_true(nx_cli_parse(&nx_command_db_upgrade, 1, words, &move));
  g_assert_cmpstr(move.revision, ==, "head");
}

/* ------------------------------------------------------------------------------------------------------------- layout */

typedef struct {
  const char *text;
  guint width;
  const char *expected;
} Filled;

/* textwrap.fill(text, width, replace_whitespace=False) */
static const Filled FILLED[] = {
    {"one two  three", 9, "one two\nthree\n"},
    {"Path of the archive.  [default: ./nexuslims-support-bundle-DATE-TIME.zip]", 45,
     "Path of the archive.  [default: ./nexuslims-\nsupport-bundle-DATE-TIME.zip]\n"},
    {"(ISO format: YYYY-MM-DD)", 19, "(ISO format: YYYY-\nMM-DD)\n"},
    {"since 2025-01-31 on", 12, "since\n2025-01-31\non\n"},
    {"use -n or --dry-run", 9, "use -n or\n--dry-run\n"},
    {"use --dry-run", 8, "use\n--dry-\nrun\n"},
    {"abcdefghijklmnop qr", 6, "abcdef\nghijkl\nmnop\nqr\n"},
    {"ab cdefghijk", 6, "ab cde\nfghijk\n"},
    {"Größe über alles", 10, "Größe über\nalles\n"},
};

static void test_fill(gconstpointer data)
{
  const Filled *row = data;
  g_autoptr(GString) out = g_string_new(NULL);
  nx_layout_fill(out, row->text, row->width, "", "");
  g_assert_cmpstr(out->str, ==, row->expected);
}

static void test_short(void)
{
  static const struct {
    const char *help;
    gsize length;
    const char *expected;
  } ROWS[] = {
      {"Process new NexusLIMS records with logging and email notifications.\n\nMore.", 59,
       "Process new NexusLIMS records with logging and email..."},
      {"First sentence. Second sentence.", 45, "First sentence."},
      {"Check the configuration and report every problem at once.", 45, "Check the configuration and report every..."},
      {"Dump the current effective configuration to JSON.", 45, "Dump the current effective configuration..."},
      {"no full stop", 45, "no full stop"},
      {"exactly twenty cells", 20, "exactly twenty cells"},
      {"exactly twenty cells and more", 20, "exactly twenty..."},
  };
  for (guint i = 0; i < G_N_ELEMENTS(ROWS); i++) {
    g_autofree char *text = nx_layout_short(ROWS[i].help, ROWS[i].length);
    g_assert_cmpstr(text, ==, ROWS[i].expected);
  }
}

/* difflib.get_close_matches(word, names, n=3, cutoff=0.6), sorted */
static void test_suggestions(void)
{
  static const char *const NAMES[] = {"--dry-run", "--verbose", "--from", "--to", "--retry", "--strict", "--version", "--help", NULL};
  static const struct {
    const char *word, *similar;
  } ROWS[] = {
      {"--bogus", "--verbose"},          {"--fro", "--from --to"},       {"--form", "--from --to"},
      {"--re", "--from --help --retry"}, {"--dry", "--dry-run --retry"}, {"--xyzzy", ""},
      {"--verb", "--verbose --version"}, {"--dryrun", "--dry-run"},      {"--vers", "--verbose --version"},
      {"--stric", "--strict"},           {"--hepl", "--help"},           {"--t", "--retry --to"},
  };
  for (guint i = 0; i < G_N_ELEMENTS(ROWS); i++) {
    g_autoptr(GPtrArray) similar = nx_suggest(ROWS[i].word, NAMES);
    g_ptr_array_add(similar, NULL);
    g_autofree char *joined = g_strjoinv(" ", (char **)similar->pdata);
    g_assert_cmpstr(joined, ==, ROWS[i].similar);
  }
}

static void test_shell_words(void)
{
  static const struct {
    const char *line, *words;
  } ROWS[] = {
      {"nexuslims co", "nexuslims|co"},
      {"  a   b  ", "a|b"},
      {"a 'b c' \"d e\"", "a|b c|d e"},
      {"a b\\ c 'x\\y' \"x\\y\\\"z\"", "a|b c|x\\y|x\\y\"z"},
      {"a 'open quote", "a|open quote"},
      {"a \"open", "a|open"},
      {"a b\\", "a|b\\"},
      {"a ''", "a|"},
      {"", ""},
  };
  for (guint i = 0; i < G_N_ELEMENTS(ROWS); i++) {
    g_autoptr(GPtrArray) words = nx_shell_words(ROWS[i].line);
    g_ptr_array_add(words, NULL);
    g_autofree char *joined = g_strjoinv("|", (char **)words->pdata);
    g_assert_cmpstr(joined, ==, ROWS[i].words);
  }
}

/* -------------------------------------------------------------------------------------------------------------- prompt */

typedef struct {
  const char *typed;
  gboolean yes;
  const char *out, *err;
} Answered;

static const Answered ANSWERS[] = {
    {"y\n", TRUE, "Go on? [y/N]: ", ""},
    {" YES \n", TRUE, "Go on? [y/N]: ", ""},
    {"\n", FALSE, "Go on? [y/N]: ", "Aborted!\n"},
    {"No\n", FALSE, "Go on? [y/N]: ", "Aborted!\n"},
    {"maybe\ny\n", TRUE, "Go on? [y/N]: Error: invalid input\nGo on? [y/N]: ", ""},
    {"", FALSE, "Go on? [y/N]: \n", "Aborted!\n"},
};

static void test_confirm(gconstpointer data)
{
  const Answered *row = data;
  if (g_test_subprocess()) {
    int ends[2];
    g_assert_cmpint(pipe(ends), ==, 0);
    g_assert_cmpint(write(ends[1], row->typed, strlen(row->typed)), ==, (gssize)strlen(row->typed));
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    gboolean yes = nx_cli_confirm("Go on?");
    exit(yes == row->yes && (yes || nx_cli_exit_code() == 1) ? 0 : 99);
  }
  g_test_trap_subprocess(NULL, 0, 0);
  g_test_trap_assert_passed();
  g_autofree char *out = g_strconcat("*", row->out, NULL);
  g_test_trap_assert_stdout(out);
  g_test_trap_assert_stderr(row->err);
}

/* ------------------------------------------------------------------------------------------------------------- colour */

/* What nx_cli_print_success writes to a terminal. */
static char *on_a_terminal(void)
{
  char text[256];
  int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  g_assert_cmpint(terminal, >=, 0);
  g_assert_cmpint(grantpt(terminal), ==, 0);
  g_assert_cmpint(unlockpt(terminal), ==, 0);
  FILE *out = fopen(ptsname(terminal), "we");
  g_assert_nonnull(out);
  nx_cli_print_success(out, "%d done", 3);
  fflush(out);
  gssize n = read(terminal, text, sizeof text);
  fclose(out);
  close(terminal);
  return g_strndup(text, (gsize)MAX(n, 0));
}

static void test_colour(void)
{
  g_setenv("TERM", "xterm", TRUE);
  g_unsetenv("NO_COLOR");
  g_autofree char *coloured = on_a_terminal();
  g_assert_cmpstr(coloured, ==, "\033[32m✓ 3 done\033[0m\r\n");
  g_setenv("NO_COLOR", "1", TRUE);
  g_autofree char *refused = on_a_terminal();
  g_assert_cmpstr(refused, ==, "✓ 3 done\r\n");
  g_unsetenv("NO_COLOR");
  g_setenv("TERM", "dumb", TRUE);
  g_autofree char *dumb = on_a_terminal();
  g_assert_cmpstr(dumb, ==, "✓ 3 done\r\n");
}

static void test_no_colour_in_files(void)
{
  g_setenv("TERM", "xterm", TRUE);
  FILE *out = tmpfile();
  char text[64];
  nx_cli_print_warning(out, "careful");
  rewind(out);
  g_assert_cmpstr(fgets(text, sizeof text, out), ==, "⚠ careful\n");
  fclose(out);
}

int main(int argc, char **argv)
{
  g_setenv("COLUMNS", "80", TRUE);
  g_unsetenv("NX_CLI_PROG");
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/cli/options that are not given keep their presets", test_presets);
  g_test_add_func("/cli/flags combine and values may be attached or follow", test_forms);
  g_test_add_func("/cli/of a repeated option the last value counts", test_last_value_wins);
  g_test_add_func("/cli/a repeatable option keeps all values in order", test_repeatable);
  g_test_add_func("/cli/options and arguments may be interleaved", test_interleaved);
  g_test_add_func("/cli/a double dash ends the options", test_double_dash);
  g_test_add_func("/cli/numbers below zero, a lone dash and empty words are arguments", test_odd_words);
  for (guint i = 0; i < G_N_ELEMENTS(REFUSALS); i++) {
    g_autofree char *path = g_strdup_printf("/cli/refuses <%s>", REFUSALS[i].line);
    g_test_add_data_func(path, &REFUSALS[i], test_refusal);
  }
  g_test_add_func("/cli/a program that runs for nexuslims calls itself by the words typed", test_borrowed_name);
  g_test_add_func("/cli/a name from the environment that nexuslims would not say is ignored", test_hostile_name);
  g_test_add_func("/cli/sub-commands stand in alphabetical order and every row has its help", test_tree);
  g_test_add_func("/cli/a revision may begin with a minus and has its documented default", test_tree_values);
  for (guint i = 0; i < G_N_ELEMENTS(FILLED); i++) {
    g_autofree char *path = g_strdup_printf("/cli/text is broken as documented/%u", i);
    g_test_add_data_func(path, &FILLED[i], test_fill);
  }
  g_test_add_func("/cli/summaries end with the sentence or with dots", test_short);
  g_test_add_func("/cli/suggestions are those of the documented ratio", test_suggestions);
  g_test_add_func("/cli/a half-typed line is split as a shell would", test_shell_words);
  for (guint i = 0; i < G_N_ELEMENTS(ANSWERS); i++) {
    g_autofree char *path = g_strdup_printf("/cli/a question is asked until the answer is clear/%u", i);
    g_test_add_data_func(path, &ANSWERS[i], test_confirm);
  }
  g_test_add_func("/cli/success is green on a terminal, unless NO_COLOR or a dumb terminal says no", test_colour);
  g_test_add_func("/cli/nothing is coloured in a file", test_no_colour_in_files);
  return g_test_run();
}
