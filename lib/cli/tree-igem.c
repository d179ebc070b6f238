/* tree-igem.c — the `igem-server` tree. Texts: igem-db §3; what each option does: igem-db §5. */
#include "nx-igem-tree.h"

#include "nx-completion.h"

#define DEBUG_HELP "Log every step on standard error."

/* Where the database is, and how much is said: for the top command and for each sub-command that has a database. `base`: where its
 * NxIgemPlace begins in the struct. */
#define OPTIONS_PLACE(base)                                                                                                                \
  {.name = "--db-uri", .type = NX_VALUE_TEXT, .field = (base) + offsetof(NxIgemPlace, db_uri), .help = "Database address."},               \
  {                                                                                                                                        \
    .name = "--debug", .field = (base) + offsetof(NxIgemPlace, debug), .help = DEBUG_HELP                                                  \
  }

static const NxOption CREATE_OPTIONS[] = {
    {.name = "--overwrite",
     .field = offsetof(NxIgemCreateOptions, overwrite),
     .help = "Complete a database that exists: missing tables, seeds, version. Nothing is dropped."},
    OPTIONS_PLACE(offsetof(NxIgemCreateOptions, place)),
    {0},
};

const NxCommand nx_command_igem_create = {
    .name = "create",
    .options = CREATE_OPTIONS,
    .help = "Create schema + seed initial data + stamp at head.\n\n"
            "On PostgreSQL the database itself is created too when the server does not have it. A database that exists is left alone.",
};

static const NxOption EXPORT_OPTIONS[] = {
    NX_OPTIONS_EXPORT(offsetof(NxIgemExportOptions, export)),
    OPTIONS_PLACE(offsetof(NxIgemExportOptions, place)),
    {0},
};

const NxCommand nx_command_igem_export = {
    .name = "export",
    .options = EXPORT_OPTIONS,
    .help = "Export the database as a Parquet snapshot.\n\n"
            "One file a table, and a manifest.json with their row counts and SHA-256 sums.",
};

static const NxOption INFO_OPTIONS[] = {
    NX_OPTIONS_FORMAT(NxIgemInfoOptions),
    {.name = "--verify", .field = offsetof(NxIgemInfoOptions, verify), .help = "Compare all files of a snapshot with its manifest."},
    OPTIONS_PLACE(offsetof(NxIgemInfoOptions, place)),
    {0},
};

const NxCommand nx_command_igem_info = {
    .name = "info",
    .options = INFO_OPTIONS,
    .help = "Show connection info, backend, schema version.\n\nWorks on databases and on snapshots, and changes neither.",
};

/* In the order of the values of NxIgemDryRunOptions.from. */
static const char *const STARTS[] = {"base", "current", NULL};
static const NxOption DRY_RUN_OPTIONS[] = {
    {.name = "--target",
     .type = NX_VALUE_TEXT,
     .preset = "head",
     .default_shown = "head",
     .words = nx_completion_igem_target_words,
     .field = offsetof(NxIgemDryRunOptions, target),
     .help = "Revision to end at: head, an id, or the beginning of one."},
    {.name = "--from",
     .type = NX_VALUE_CHOICE,
     .choices = STARTS,
     .preset = "base",
     .default_shown = "base",
     .field = offsetof(NxIgemDryRunOptions, from),
     .help = "Where to begin: before the first revision, or where the database stands."},
    OPTIONS_PLACE(offsetof(NxIgemDryRunOptions, place)),
    {0},
};

const NxCommand nx_command_igem_dry_run = {
    .name = "migrate-dry-run",
    .options = DRY_RUN_OPTIONS,
    .help = "Print SQL of pending migrations without executing.",
};

static const NxOption DOWNLOAD_OPTIONS[] = {
    {.name = "--url",
     .type = NX_VALUE_TEXT,
     .preset = "https://geneexposure.org/downloads/latest/",
     .default_shown = "https://geneexposure.org/downloads/latest/",
     .field = offsetof(NxDbDownloadOptions, url),
     .help = "Address of the folder that holds manifest.json."},
    NX_OPTIONS_DOWNLOAD,
    {0},
};

const NxCommand nx_command_igem_download = {
    .name = "snapshot-download",
    .options = DOWNLOAD_OPTIONS,
    .help = "Download a Parquet snapshot from an HTTP endpoint.\n\n"
            "Files that are there already and unchanged are not fetched again.",
};

static const NxOption NLP_OPTIONS[] = {
    {.name = "--overwrite", .field = offsetof(NxIgemNlpOptions, overwrite), .help = "Replace an automaton that is there."},
    {.name = "--debug", .field = offsetof(NxIgemNlpOptions, debug), .help = DEBUG_HELP},
    {0},
};
static const NxArgument NLP_ARGUMENTS[] = {
    {.name = "DIR", .type = NX_VALUE_EXISTING_DIRECTORY, .field = offsetof(NxIgemNlpOptions, folder)}, {0}};

const NxCommand nx_command_igem_nlp = {
    .name = "snapshot-nlp",
    .options = NLP_OPTIONS,
    .arguments = NLP_ARGUMENTS,
    .help = "Build the pre-compiled NLP automaton inside a snapshot.",
};

static const NxOption STAMP_OPTIONS[] = {
    {.name = "--force",
     .field = offsetof(NxIgemStampOptions, force),
     .help = "Replace whatever the version table holds. Have a backup ready."},
    OPTIONS_PLACE(offsetof(NxIgemStampOptions, place)),
    {0},
};

const NxCommand nx_command_igem_stamp = {
    .name = "stamp-head",
    .options = STAMP_OPTIONS,
    .help = "Baseline an unversioned DB.\n\n"
            "Records the head revision in a database whose schema matches it already; no other change is made.",
};

static const NxOption STATUS_OPTIONS[] = {
    NX_OPTIONS_FORMAT(NxIgemStatusOptions),
    OPTIONS_PLACE(offsetof(NxIgemStatusOptions, place)),
    {0},
};

const NxCommand nx_command_igem_status = {
    .name = "status",
    .options = STATUS_OPTIONS,
    .help = "Report current vs head Alembic revision.",
};

static const NxOption UPGRADE_OPTIONS[] = {
    {.name = "--allow-data-loss",
     .field = offsetof(NxIgemUpgradeOptions, allow_data_loss),
     .help = "Also run migrations that drop tables with rows in them."},
    OPTIONS_PLACE(offsetof(NxIgemUpgradeOptions, place)),
    {0},
};

const NxCommand nx_command_igem_upgrade = {
    .name = "upgrade",
    .options = UPGRADE_OPTIONS,
    .help = "Apply pending migrations + re-seed idempotently.\n\n"
            "All of them in one transaction: when one fails, the database is what it was.",
};

static const NxCommand *const DB_COMMANDS[] = {
    &nx_command_igem_create, &nx_command_igem_export, &nx_command_igem_info,   &nx_command_igem_dry_run, &nx_command_igem_download,
    &nx_command_igem_nlp,    &nx_command_igem_stamp,  &nx_command_igem_status, &nx_command_igem_upgrade, NULL,
};

const NxCommand nx_command_igem_db = {
    .name = "db",
    .commands = DB_COMMANDS,
    .help = "Manage the IGEM database and its snapshots.",
};

static const NxCommand *const COMMANDS[] = {&nx_command_igem_db, NULL};
static const NxOption OPTIONS[] = {OPTIONS_PLACE(0), {0}};

const NxCommand nx_command_igem_server = {
    .name = "igem-server",
    .version = NX_VERSION_DATED,
    .version_text = "igem-server, version " NX_IGEM_VERSION,
    .options = OPTIONS,
    .commands = COMMANDS,
    .help = "IGEM-Server command-line interface.",
};
