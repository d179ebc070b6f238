/* tree-config.c — rows of `nexuslims config` and `nexuslims instruments`. Texts: the product's command line reference and cli
 * §1.1, §2.2. */
#include "nx-cli-tree.h"

static const NxOption LISTING_OPTIONS[] = {NX_OPTIONS_FORMAT(NxListingOptions), {0}};

const NxCommand nx_command_config_check = {
    .name = "check",
    .options = LISTING_OPTIONS,
    .help = "Check the configuration and report every problem at once.",
};

static const NxOption DUMP_OPTIONS[] = {
    {.name = "--output",
     .letter = 'o',
     .type = NX_VALUE_FILE,
     .field = offsetof(NxConfigDumpOptions, output),
     .help = "Write to FILE instead of standard output."},
    {.name = "--redact", .field = offsetof(NxConfigDumpOptions, redact), .help = "Replace secrets by ***."},
    {0},
};

const NxCommand nx_command_config_dump = {
    .name = "dump",
    .options = DUMP_OPTIONS,
    .help = "Dump the current effective configuration to JSON.",
};

static const NxOption EDIT_OPTIONS[] = {
    {.name = "--env-path",
     .type = NX_VALUE_FILE,
     .preset = ".env",
     .default_shown = ".env",
     .field = offsetof(NxConfigEditOptions, env_path),
     .help = "Path of the .env file to edit."},
    {0},
};

const NxCommand nx_command_config_edit = {
    .name = "edit",
    .options = EDIT_OPTIONS,
    .help = "Interactively edit the NexusLIMS configuration in a terminal UI.",
};

static const NxOption LOAD_OPTIONS[] = {
    {.name = "--env-path",
     .type = NX_VALUE_FILE,
     .preset = ".env",
     .default_shown = ".env",
     .field = offsetof(NxConfigLoadOptions, env_path),
     .help = "Path to write the .env file."},
    {.name = "--force",
     .field = offsetof(NxConfigLoadOptions, force),
     .help = "Skip confirmation prompt when overwriting an existing .env file."},
    {0},
};
static const NxArgument LOAD_ARGUMENTS[] = {
    {.name = "INPUT", .type = NX_VALUE_EXISTING_FILE, .field = offsetof(NxConfigLoadOptions, input)},
    {0},
};

const NxCommand nx_command_config_load = {
    .name = "load",
    .options = LOAD_OPTIONS,
    .arguments = LOAD_ARGUMENTS,
    .help = "Load a previously dumped JSON config into a .env file.",
};

const NxCommand nx_command_config_migrate_v1 = {
    .name = "migrate-v1",
    .options = LOAD_OPTIONS,
    .arguments = LOAD_ARGUMENTS,
    .help = "Rewrite a NexusLIMS 1.x configuration with the current names.",
};

static const NxCommand *const CONFIG_COMMANDS[] = {
    &nx_command_config_check, &nx_command_config_dump,       &nx_command_config_edit,
    &nx_command_config_load,  &nx_command_config_migrate_v1, NULL,
};

const NxCommand nx_command_config = {
    .name = "config",
    .version = NX_VERSION_DATED,
    .commands = CONFIG_COMMANDS,
    .help = "Manage NexusLIMS configuration files.",
};

static const NxOption EXPORT_OPTIONS[] = {
    {.name = "--output",
     .letter = 'o',
     .type = NX_VALUE_FILE,
     .field = offsetof(NxInstrumentsExportOptions, output),
     .help = "Write to FILE instead of standard output."},
    {0},
};

const NxCommand nx_command_instruments_export = {
    .name = "export",
    .options = EXPORT_OPTIONS,
    .help = "Write all instruments as JSON lines.",
};

static const NxOption IMPORT_OPTIONS[] = {
    {.name = "--dry-run",
     .letter = 'n',
     .field = offsetof(NxInstrumentsImportOptions, dry_run),
     .help = "Say what would change, and change nothing."},
    {0},
};
static const NxArgument IMPORT_ARGUMENTS[] = {
    {.name = "FILE", .type = NX_VALUE_EXISTING_FILE, .optional = TRUE, .field = offsetof(NxInstrumentsImportOptions, file)},
    {0},
};

const NxCommand nx_command_instruments_import = {
    .name = "import",
    .options = IMPORT_OPTIONS,
    .arguments = IMPORT_ARGUMENTS,
    .help = "Add or update instruments from JSON lines.\n\nReads FILE, or standard input without FILE.",
};

const NxCommand nx_command_instruments_list = {
    .name = "list",
    .options = LISTING_OPTIONS,
    .help = "List all instruments in the database.",
};

const NxCommand nx_command_instruments_manage = {
    .name = "manage",
    .version = NX_VERSION_DATED,
    .help = "Launch the interactive instrument management TUI.\n\n"
            "Opens a terminal UI for adding, editing, and deleting instruments in the NexusLIMS database.",
};

static const NxCommand *const INSTRUMENTS_COMMANDS[] = {
    &nx_command_instruments_export, &nx_command_instruments_import, &nx_command_instruments_list, &nx_command_instruments_manage, NULL,
};

const NxCommand nx_command_instruments = {
    .name = "instruments",
    .commands = INSTRUMENTS_COMMANDS,
    .help = "Manage NexusLIMS instruments.",
};
