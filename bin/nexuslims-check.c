/* nexuslims-check — is everything in place that a build needs (export §9): a table for people, JSON for machines, lines for build-records. */
#include "nx-check.h"
#include "nx-cli-tree.h"
#include "nx-listing.h"

#include <signal.h>

typedef struct {
  int format;
  const char *jq;
  gboolean lines, dry_run;
  guint verbosity;
} Options;

static const NxOption OPTIONS[] = {
  NX_OPTIONS_FORMAT(Options),
  {.name = "--lines",
   .field = offsetof(Options, lines),
   .help = "Write check lines as they come, for a build that follows, and exit 0 whatever they say."},
  {.name = "--dry-run", .letter = 'n', .field = offsetof(Options, dry_run), .help = "Leave out what only a real run needs."},
  {.name = "--verbose", .letter = 'v', .type = NX_VALUE_COUNT, .field = offsetof(Options, verbosity), .help = NX_HELP_VERBOSE},
  {0},
};

/* `nexuslims check` has let only its own options pass; the others are for build-records and for who runs this program by its name. */
static const NxCommand COMMAND = {
  .name = "nexuslims-check",
  .version = NX_VERSION_DATED,
  .options = OPTIONS,
  .help = "Check that everything a build needs is in place.\n\n"
          "Writes one line a finding, PASS, WARN or FAIL, and nothing else. Exits 1 when something failed without which nothing can be built.",
  .epilog = "\b\nExamples:\n    $ nexuslims check --jq '.[] | select(.passed | not) | .message'",
};

typedef struct {
  const Options *options;
  json_object *findings; /* array, for JSON */
  gboolean stops, unwritable;
} Report;

static const struct {
  const char *word, *colour;
} MARKS[] = {{"PASS", "\033[32m"}, {"WARN", "\033[33m"}, {"FAIL", "\033[31m"}};

static void print_row(json_object *line)
{
  guint mark = nx_json_get_boolean(line, "passed") ? 0 : nx_check_stops(line) ? 2 : 1;
  g_autofree char *message = nx_text_visible(nx_json_get_string(line, "message"));
  gboolean coloured = nx_cli_has_colour(stdout);
  printf("%s%s%s  %-26s  %s\n", coloured ? MARKS[mark].colour : "", MARKS[mark].word, coloured ? "\033[0m" : "", nx_json_get_string(line, "name"), message);
  fflush(stdout);
}

static void add_to_listing(json_object *findings, json_object *line)
{
  static const char *const KEYS[] = {"name", "passed", "severity", "message"};
  json_object *finding = json_object_new_object();
  for (gsize i = 0; i < G_N_ELEMENTS(KEYS); i++)
    nx_json_set(finding, KEYS[i], json_object_get(nx_json_get(line, KEYS[i])));
  json_object_array_add(findings, finding);
}

static void take(json_object *line, gpointer user_data)
{
  Report *report = user_data;
  report->stops = report->stops || nx_check_stops(line);
  if (report->options->lines)
    report->unwritable = !nx_line_write(stdout, line, NULL) || report->unwritable;
  else if (report->findings)
    add_to_listing(report->findings, line);
  else
    print_row(line);
}

/* A configuration that is not valid is a finding; what can be read of it is looked at all the same. In a build it has been checked and its
 * warnings said before. */
static NxSettings *read_settings(const Options *options, gboolean *are_valid, GError **err)
{
  static const char *const NOTHING[] = {NULL};
  g_autoptr(GError) problem = NULL;
  NxSettings *settings = nx_settings_load(options->lines ? NOTHING : NULL, &problem);
  *are_valid = settings != NULL;
  if (settings)
    return settings;
  nx_fail(problem);
  return nx_settings_load(NOTHING, err);
}

static int finish(const Report *report, const Options *options, GError **err)
{
  if (report->unwritable)
    return 2;
  if (report->findings && !nx_listing_print(report->findings, options->jq, stdout, err))
    return nx_fail(*err);
  return report->stops && !options->lines ? 1 : 0;
}

int main(int argc, char **argv)
{
  Options options = {0};
  if (!nx_cli_parse(&COMMAND, argc, argv, &options) || !nx_listing_accepts(options.jq))
    return nx_cli_exit_code();
  gboolean is_json = options.format == NX_FORMAT_JSON || options.jq;
  if (is_json && options.lines)
    return nx_cli_usage_error("'--lines' writes lines, which are JSON each: it goes with neither '--format json' nor '--jq'.");
  nx_log_start("nexuslims-check", options.verbosity);
  signal(SIGPIPE, SIG_IGN);

  g_autoptr(GError) problem = NULL;
  gboolean are_valid = FALSE;
  g_autoptr(NxSettings) settings = read_settings(&options, &are_valid, &problem);
  if (!settings)
    return nx_fail(problem);
  g_autoptr(json_object) findings = is_json ? json_object_new_array() : NULL;
  Report report = {.options = &options, .findings = findings, .stops = !are_valid};
  const NxCheckOptions wanted = {
    .settings = settings, .settings_are_valid = are_valid, .before_build = options.lines, .dry_run = options.dry_run};
  nx_check_run(&wanted, take, &report);
  return finish(&report, &options, &problem);
}
