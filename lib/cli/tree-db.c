/* tree-db.c — rows of `nexuslims db`. Texts: the product's command line reference and cli §1.1; export and download: igem-db §5.7, §5.8. */
#include "nx-cli-tree.h"
#include "nx-completion.h"

static const NxArgument ALEMBIC_ARGUMENTS[] = {
    {.name = "ARGS", .type = NX_VALUE_TEXT, .optional = TRUE, .variadic = TRUE, .field = offsetof(NxDbAlembicOptions, words)},
    {0},
};

const NxCommand nx_command_db_alembic = {
    .name = "alembic",
    .arguments = ALEMBIC_ARGUMENTS,
    .passes_through = TRUE,
    .help = "Run Alembic commands directly (advanced usage).\n\n"
            "Provides access to the full Alembic CLI for advanced operations not covered by the simplified commands.",
};

const NxCommand nx_command_db_check = {
    .name = "check",
    .help = "Check if the database has pending migrations.\n\nUseful for automated monitoring or pre-deployment checks.",
};

static const NxOption CREATE_DEMO_OPTIONS[] = {
    {.name = "--force", .field = offsetof(NxDbCreateDemoOptions, force), .help = "Overwrite the file if it already exists"},
    {0},
};
static const NxArgument CREATE_DEMO_ARGUMENTS[] = {
    {.name = "PATH",
     .type = NX_VALUE_PATH,
     .optional = TRUE,
     .preset = "nexuslims_demo.db",
     .field = offsetof(NxDbCreateDemoOptions, path)},
    {0},
};

const NxCommand nx_command_db_create_demo = {
    .name = "create-demo",
    .options = CREATE_DEMO_OPTIONS,
    .arguments = CREATE_DEMO_ARGUMENTS,
    .help = "Create a demo database pre-populated with sample instruments.\n\n"
            "Useful for exploring NexusLIMS without a live NEMO instance, testing the TUI, or generating documentation screenshots.",
};

static const NxOption CURRENT_OPTIONS[] = {
    {.name = "--verbose", .letter = 'v', .field = offsetof(NxDbCurrentOptions, verbose), .help = "Show detailed information"},
    {0},
};

const NxCommand nx_command_db_current = {
    .name = "current",
    .options = CURRENT_OPTIONS,
    .help = "Show the current database migration version.",
};

static const NxOption MOVE_OPTIONS[] = {
    {.name = "--sql", .field = offsetof(NxDbMoveOptions, sql), .help = "Generate SQL script instead of applying changes"},
    {0},
};
static const NxArgument DOWNGRADE_ARGUMENTS[] = {
    {.name = "REVISION",
     .type = NX_VALUE_TEXT,
     .optional = TRUE,
     .preset = "-1",
     .words = nx_completion_downgrade_words,
     .field = offsetof(NxDbMoveOptions, revision)},
    {0},
};
static const NxArgument UPGRADE_ARGUMENTS[] = {
    {.name = "REVISION",
     .type = NX_VALUE_TEXT,
     .optional = TRUE,
     .preset = "head",
     .words = nx_completion_upgrade_words,
     .field = offsetof(NxDbMoveOptions, revision)},
    {0},
};

const NxCommand nx_command_db_downgrade = {
    .name = "downgrade",
    .options = MOVE_OPTIONS,
    .arguments = DOWNGRADE_ARGUMENTS,
    .help = "Downgrade database to an earlier version.\n\nREVISION is a revision ID, or -1, -2 for one or two versions down (default: -1).",
};

const NxCommand nx_command_db_upgrade = {
    .name = "upgrade",
    .options = MOVE_OPTIONS,
    .arguments = UPGRADE_ARGUMENTS,
    .help = "Upgrade database to a later version.\n\nREVISION is a revision ID, head, or +1 for one version up (default: head).",
};

const char *const nx_compression_choices[] = {"zstd", "snappy", "gzip", "none", NULL};
static const char *const ANONYMIZED[] = {"user", NULL};
static const NxOption EXPORT_OPTIONS[] = {
    NX_OPTIONS_EXPORT(0),
    {.name = "--anonymize",
     .type = NX_VALUE_CHOICE,
     .choices = ANONYMIZED,
     .field = offsetof(NxDbExportOptions, anonymize),
     .help = "Replace user names and ids by pseudonyms."},
    {0},
};

const NxCommand nx_command_db_export = {
    .name = "export",
    .options = EXPORT_OPTIONS,
    .help = "Export the database as a Parquet snapshot.",
};

static const NxOption HISTORY_OPTIONS[] = {
    {.name = "--verbose", .letter = 'v', .field = offsetof(NxDbHistoryOptions, verbose), .help = "Show detailed information"},
    {.name = "--indicate-current",
     .letter = 'i',
     .field = offsetof(NxDbHistoryOptions, indicate_current),
     .help = "Indicate current revision (Alembic default)"},
    NX_OPTIONS_FORMAT(NxDbHistoryOptions),
    {0},
};

const NxCommand nx_command_db_history = {
    .name = "history",
    .options = HISTORY_OPTIONS,
    .help = "Show migration history.",
};

static const NxArgument IMPORT_ARGUMENTS[] = {
    {.name = "DIR", .type = NX_VALUE_EXISTING_DIRECTORY, .field = offsetof(NxDbImportOptions, folder)},
    {0},
};

const NxCommand nx_command_db_import = {
    .name = "import",
    .arguments = IMPORT_ARGUMENTS,
    .help = "Load a Parquet snapshot into an empty database.",
};

static const NxOption INFO_OPTIONS[] = {
    NX_OPTIONS_FORMAT(NxDbInfoOptions),
    {.name = "--verify", .field = offsetof(NxDbInfoOptions, verify), .help = "Compare all files of a snapshot with its manifest."},
    {0},
};

const NxCommand nx_command_db_info = {
    .name = "info",
    .options = INFO_OPTIONS,
    .help = "Show address, engine, revision and row counts.",
};

static const NxOption INIT_OPTIONS[] = {
    {.name = "--force",
     .field = offsetof(NxDbInitOptions, force),
     .help = "Overwrite existing database file if it exists (use with caution)"},
    {0},
};

const NxCommand nx_command_db_init = {
    .name = "init",
    .options = INIT_OPTIONS,
    .help = "Initialize a new NexusLIMS database.\n\n"
            "Creates the database file at NX_DB_PATH, applies all migrations to create the schema, and marks it as current.",
};

static const NxOption DOWNLOAD_OPTIONS[] = {
    {.name = "--url",
     .type = NX_VALUE_TEXT,
     .required = TRUE,
     .field = offsetof(NxDbDownloadOptions, url),
     .help = "Address of the folder that holds manifest.json."},
    NX_OPTIONS_DOWNLOAD,
    {0},
};

const NxCommand nx_command_db_snapshot_download = {
    .name = "snapshot-download",
    .options = DOWNLOAD_OPTIONS,
    .help = "Download a Parquet snapshot from a web server.",
};

static const NxOption STATUS_OPTIONS[] = {NX_OPTIONS_FORMAT(NxListingOptions), {0}};

const NxCommand nx_command_db_status = {
    .name = "status",
    .options = STATUS_OPTIONS,
    .help = "Report current and head revision.",
};

const NxCommand nx_command_db_view = {
    .name = "view",
    .help =
        "Open a read-only TUI browser for the NexusLIMS database.\n\n"
        "Launches an interactive browser pointed at the database configured via NX_DB_PATH. The browser is read-only — no SQL execution or "
        "data modification is possible.",
};

static const NxOption DB_OPTIONS[] = {
    {.name = "--db-uri",
     .type = NX_VALUE_TEXT,
     .field = offsetof(NxDbOptions, db_uri),
     .help = "Database file or address; overrides NX_DB_PATH."},
    {0},
};

static const NxCommand *const COMMANDS[] = {
    &nx_command_db_alembic,
    &nx_command_db_check,
    &nx_command_db_create_demo,
    &nx_command_db_current,
    &nx_command_db_downgrade,
    &nx_command_db_export,
    &nx_command_db_history,
    &nx_command_db_import,
    &nx_command_db_info,
    &nx_command_db_init,
    &nx_command_db_snapshot_download,
    &nx_command_db_status,
    &nx_command_db_upgrade,
    &nx_command_db_view,
    NULL,
};

const NxCommand nx_command_db = {
    .name = "db",
    .version = NX_VERSION_PLAIN,
    .options = DB_OPTIONS,
    .commands = COMMANDS,
    .help = "Manage NexusLIMS database.\n\n"
            "This tool provides simple commands for common database operations. For advanced usage, use 'nexuslims db alembic [COMMAND]' "
            "to access "
            "the full Alembic CLI.",
};
