/* tree.c — the top of the `nexuslims` tree and the commands that have no group. Texts: the product's reference and cli §1.1. */
#include "nx-cli-tree.h"

const char *const nx_format_choices[] = {"table", "json", NULL};

static const NxOption BUILD_RECORDS_OPTIONS[] = {
    {.name = "--dry-run",
     .letter = 'n',
     .field = offsetof(NxBuildRecordsOptions, dry_run),
     .help = "Dry run: find files without building records"},
    {.name = "--verbose",
     .letter = 'v',
     .type = NX_VALUE_COUNT,
     .field = offsetof(NxBuildRecordsOptions, verbosity),
     .help = NX_HELP_VERBOSE},
    {.name = "--from",
     .type = NX_VALUE_TEXT,
     .field = offsetof(NxBuildRecordsOptions, from),
     .help = "Start date for session filtering (ISO format: YYYY-MM-DD). Defaults to 1 week ago. Use \"none\" to disable lower bound."},
    {.name = "--to",
     .type = NX_VALUE_TEXT,
     .field = offsetof(NxBuildRecordsOptions, to),
     .help = "End date for session filtering (ISO format: YYYY-MM-DD). Omit to disable upper bound."},
    {.name = "--retry",
     .field = offsetof(NxBuildRecordsOptions, retry),
     .help = "Put the date range's ERROR and BUILT_NOT_EXPORTED sessions back to work first."},
    {.name = "--strict",
     .field = offsetof(NxBuildRecordsOptions, strict),
     .help = "Exit 1 when a session ends in ERROR or BUILT_NOT_EXPORTED."},
    {0},
};

const NxCommand nx_command_build_records = {
    .name = "build-records",
    .version = NX_VERSION_DATED,
    .options = BUILD_RECORDS_OPTIONS,
    .help =
        "Process new NexusLIMS records with logging and email notifications.\n\n"
        "This command runs the NexusLIMS record builder to process new experimental sessions and generate XML records. It provides file "
        "locking to prevent concurrent runs, timestamped logging, and email notifications on errors.\n\n"
        "By default, only sessions from the last week are processed. Use --from=none to process all sessions, or specify custom date "
        "ranges with --from and --to.",
    .epilog = "Examples:\n\n"
              "\b\n    # Normal run (process records from last week)\n    $ nexuslims build-records\n\n"
              "\b\n    # Process all sessions (no date filtering)\n    $ nexuslims build-records --from=none\n\n"
              "\b\n    # Process sessions since a specific date\n    $ nexuslims build-records --from=2025-01-01\n\n"
              "\b\n    # Process a specific date range\n    $ nexuslims build-records --from=2025-01-01 --to=2025-01-31\n\n"
              "\b\n    # Dry run (find files only)\n    $ nexuslims build-records -n\n\n"
              "\b\n    # Verbose output\n    $ nexuslims build-records -vv",
};

static const NxOption LISTING_OPTIONS[] = {NX_OPTIONS_FORMAT(NxListingOptions), {0}};

const NxCommand nx_command_check = {
    .name = "check",
    .options = LISTING_OPTIONS,
    .help = "Check that everything a build needs is in place.",
};

static const char *const SHELLS[] = {"bash", "zsh", "fish", NULL};
static const NxOption COMPLETION_OPTIONS[] = {
    {.name = "--shell",
     .type = NX_VALUE_CHOICE,
     .choices = SHELLS,
     .field = offsetof(NxCompletionOptions, shell),
     .help = "Shell to print the line for."},
    {0},
};

const NxCommand nx_command_completion = {
    .name = "completion",
    .options = COMPLETION_OPTIONS,
    .help = "Print shell completion setup instructions.",
};

static const NxOption EXTRACT_OPTIONS[] = {
    {.name = "--no-preview", .field = offsetof(NxExtractOptions, no_preview), .help = "Do not make a preview."},
    {.name = "--no-metadata", .field = offsetof(NxExtractOptions, no_metadata), .help = "Do not print metadata."},
    {.name = "--preview-path",
     .letter = 'p',
     .type = NX_VALUE_FILE,
     .default_shown = "FILE.thumb.png",
     .field = offsetof(NxExtractOptions, preview_path),
     .help = "Where to put the preview."},
    {.name = "--write", .letter = 'w', .field = offsetof(NxExtractOptions, write), .help = "Also write the metadata JSON to a file."},
    {.name = "--overwrite", .field = offsetof(NxExtractOptions, overwrite), .help = "Replace files that exist."},
    {.name = "--verbose", .letter = 'v', .field = offsetof(NxExtractOptions, verbose), .help = "Log at DEBUG level."},
    {0},
};
static const NxArgument EXTRACT_ARGUMENTS[] = {
    {.name = "FILE", .type = NX_VALUE_INPUT_FILE, .variadic = TRUE, .shown = "FILE", .field = offsetof(NxExtractOptions, files)},
    {0},
};

const NxCommand nx_command_extract = {
    .name = "extract",
    .options = EXTRACT_OPTIONS,
    .arguments = EXTRACT_ARGUMENTS,
    .help =
        "Extract metadata and preview from one data file.\n\nThe metadata goes to standard output as JSON, the preview beside the file.",
};

static const NxOption SUPPORT_BUNDLE_OPTIONS[] = {
    {.name = "--output",
     .type = NX_VALUE_FILE,
     .default_shown = "./nexuslims-support-bundle-DATE-TIME.zip",
     .field = offsetof(NxSupportBundleOptions, output),
     .help = "Path of the archive."},
    {.name = "--log-days",
     .type = NX_VALUE_INT,
     .ranged = TRUE,
     .minimum = 0,
     .maximum = G_MAXINT64,
     .preset = "14",
     .default_shown = "14",
     .field = offsetof(NxSupportBundleOptions, log_days),
     .help = "Include logs of the last N days."},
    {.name = "--max-log-files",
     .type = NX_VALUE_INT,
     .ranged = TRUE,
     .minimum = 0,
     .maximum = G_MAXINT64,
     .preset = "25",
     .default_shown = "25",
     .field = offsetof(NxSupportBundleOptions, max_log_files),
     .help = "Include at most N log files."},
    {.name = "--log",
     .type = NX_VALUE_EXISTING_FILE,
     .repeatable = TRUE,
     .field = offsetof(NxSupportBundleOptions, logs),
     .help = "Include this log file too (repeatable)."},
    {.name = "--no-default-logs",
     .field = offsetof(NxSupportBundleOptions, no_default_logs),
     .help = "Include no logs but those of --log."},
    {.name = "--include-all-logs",
     .field = offsetof(NxSupportBundleOptions, include_all_logs),
     .help = "Include every log file, whatever its age."},
    {0},
};

const NxCommand nx_command_support_bundle = {
    .name = "support-bundle",
    .version = NX_VERSION_DATED,
    .options = SUPPORT_BUNDLE_OPTIONS,
    .help = "Collect diagnostics for support in one ZIP archive.\n\nSecrets are masked; look through the archive before you send it.",
};

static const NxCommand *const COMMANDS[] = {
    &nx_command_build_records,
    &nx_command_check,
    &nx_command_completion,
    &nx_command_config,
    &nx_command_db,
    &nx_command_extract,
    &nx_command_instruments,
    &nx_command_support_bundle,
    NULL,
};

const NxCommand nx_command_nexuslims = {
    .name = "nexuslims",
    .version = NX_VERSION_DATED,
    .commands = COMMANDS,
    .help = "NexusLIMS command-line interface.\n\nManage records, configuration, database migrations, and instruments.",
};
