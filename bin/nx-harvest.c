/* nx-harvest — `events`: instrument lines → usage_event lines; `reservations`: session lines → the same lines + `reservation`; `check`:
 * instrument lines → check lines. */
#include "nx-cli.h"
#include "nx-config.h"
#include "nx-harvest.h"

#include <unistd.h>

#define DEFAULT_PAST_SECONDS (7 * 24 * 60 * 60)

typedef struct {
  const char *from, *to;
  guint verbosity;
} EventsOptions;

/* Of `reservations` and `check`. */
typedef struct {
  guint verbosity;
} FilterOptions;

static const NxOption EVENTS_OPTIONS[] = {
    {.name = "--from",
     .type = NX_VALUE_TEXT,
     .field = offsetof(EventsOptions, from),
     .help = "Only events that start on or after this date: YYYY-MM-DD, an ISO date and time, or \"none\" for no bound. Default: one week "
             "ago."},
    {.name = "--to",
     .type = NX_VALUE_TEXT,
     .field = offsetof(EventsOptions, to),
     .help = "Only events that end on or before this date. Default: no bound."},
    {.name = "--verbose", .letter = 'v', .type = NX_VALUE_COUNT, .field = offsetof(EventsOptions, verbosity), .help = NX_HELP_VERBOSE},
    {0},
};

static const NxOption FILTER_OPTIONS[] = {
    {.name = "--verbose",
     .letter = 'v',
     .type = NX_VALUE_COUNT,
     .field = offsetof(FilterOptions, verbosity),
     .help = NX_HELP_VERBOSE},
    {0},
};

static const NxCommand EVENTS = {
    .name = "events",
    .version = NX_VERSION_DATED,
    .options = EVENTS_OPTIONS,
    .help = "Ask reservation systems who used the instruments.\n\n"
            "Reads instrument lines on standard input and writes one usage_event line for each usage that has ended.",
    .epilog = "\b\nExamples:\n    $ nx-db instruments | nx-harvest events --from 2025-03-01 | nx-db log-events",
};

static const NxCommand RESERVATIONS = {
    .name = "reservations",
    .version = NX_VERSION_DATED,
    .options = FILTER_OPTIONS,
    .help =
        "Find the reservation of each session.\n\n"
        "Reads session lines on standard input and writes them again with what the people said about the session: title, purpose, samples, "
        "project, and whether they consent.",
    .epilog = "\b\nExamples:\n    $ nx-db pending | nx-harvest reservations | nx-find-files",
};

static const NxCommand CHECK = {
    .name = "check",
    .version = NX_VERSION_DATED,
    .options = FILTER_OPTIONS,
    .help = "Check that the address of each instrument leads somewhere.\n\n"
            "Reads instrument lines on standard input and writes a check line for each instrument that names no configured NEMO server, no tool, or "
            "a calendar that cannot be read.",
    .epilog = "\b\nExamples:\n    $ nx-db instruments | nx-harvest check | jq -r .message",
};

static const NxCommand *const COMMANDS[] = {&CHECK, &EVENTS, &RESERVATIONS, NULL};

static const NxCommand PROGRAM = {
    .name = "nx-harvest",
    .version = NX_VERSION_DATED,
    .commands = COMMANDS,
    .help = "Harvest usage and reservations from NEMO servers and calendars.",
};

static NxHarvest *open_harvest(NxSettings **settings, guint verbosity, GError **err)
{
  static const char *const NEEDED[] = {"NX_NEMO_ADDRESS_N", "NX_CERT_BUNDLE_FILE", "NX_CERT_BUNDLE", "NX_DISABLE_SSL_VERIFY", NULL};
  nx_log_start(PROGRAM.name, verbosity);
  nx_interrupt_install();
  *settings = nx_settings_load(NEEDED, err);
  return *settings ? nx_harvest_new(*settings, NULL, err) : NULL;
}

/* The week before now unless the command line says something else. */
static gboolean read_bounds(const EventsOptions *options, NxHarvestBounds *bounds, GError **err)
{
  if (options->from && !nx_time_parse_bound(options->from, FALSE, &bounds->from, err))
    return FALSE;
  if (options->to && !nx_time_parse_bound(options->to, TRUE, &bounds->to, err))
    return FALSE;
  g_autoptr(GDateTime) now = nx_time_now();
  if (!options->from)
    bounds->from = g_date_time_add_seconds(now, -DEFAULT_PAST_SECONDS);
  return TRUE;
}

static int run_events(int argc, char **argv)
{
  EventsOptions options = {0};
  NxHarvestBounds bounds = {0};
  g_autoptr(GError) err = NULL;
  if (!nx_cli_parse(&EVENTS, argc, argv, &options))
    return nx_cli_exit_code();
  gboolean good = read_bounds(&options, &bounds, &err);
  g_autoptr(GDateTime) from = bounds.from, to = bounds.to;
  if (!good)
    return nx_cli_usage_error("Invalid value: %s", err->message);
  g_autoptr(NxSettings) settings = NULL;
  g_autoptr(NxHarvest) harvest = open_harvest(&settings, options.verbosity, &err);
  if (!harvest || !nx_harvest_events(harvest, STDIN_FILENO, &bounds, &err))
    return nx_fail(err);
  return 0;
}

static int run_reservations(int argc, char **argv)
{
  static const char *const KINDS[] = {"session", NULL};
  FilterOptions options = {0};
  g_autoptr(GError) err = NULL;
  if (!nx_cli_parse(&RESERVATIONS, argc, argv, &options))
    return nx_cli_exit_code();
  g_autoptr(NxSettings) settings = NULL;
  g_autoptr(NxHarvest) harvest = open_harvest(&settings, options.verbosity, &err);
  if (!harvest || !nx_lines_filter(KINDS, nx_harvest_session, harvest, &err))
    return nx_fail(err);
  return 0;
}

static int run_check(int argc, char **argv)
{
  FilterOptions options = {0};
  g_autoptr(GError) err = NULL;
  if (!nx_cli_parse(&CHECK, argc, argv, &options))
    return nx_cli_exit_code();
  g_autoptr(NxSettings) settings = NULL;
  g_autoptr(NxHarvest) harvest = open_harvest(&settings, options.verbosity, &err);
  if (!harvest || !nx_harvest_check(harvest, STDIN_FILENO, &err))
    return nx_fail(err);
  return 0;
}

int main(int argc, char **argv)
{
  const NxCommand *command = nx_cli_choose(&PROGRAM, &argc, &argv, NULL);
  if (!command)
    return nx_cli_exit_code();
  if (command == &EVENTS)
    return run_events(argc, argv);
  return command == &CHECK ? run_check(argc, argv) : run_reservations(argc, argv);
}
