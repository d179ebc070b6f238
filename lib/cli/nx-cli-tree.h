/* nx-cli-tree.h — the rows of the `nexuslims` command tree, and for each command the struct that its options fill.
 *
 * The rows are plain data: `nexuslims` prints their help and checks words against them before it starts the program that does the work, and
 * that program (nx-db, nx-config, nx-tui, nx-extract …) parses with the same row. Source: cli §1, §1.1. */
#ifndef NX_CLI_TREE_H
#define NX_CLI_TREE_H

#include "nx-cli.h"

/* What `--format json` and `--jq` left (cli §2.7): JSON is wanted when `format` is NX_FORMAT_JSON or `jq` is not NULL. */
enum { NX_FORMAT_TABLE, NX_FORMAT_JSON };
extern const char *const nx_format_choices[];

/* The two rows of -f/--format and --jq, for a struct with the members `format` (int) and `jq` (const char *). */
#define NX_OPTIONS_FORMAT(Struct)                                                                                                          \
  {.name = "--format",                                                                                                                     \
   .letter = 'f',                                                                                                                          \
   .type = NX_VALUE_CHOICE,                                                                                                                \
   .choices = nx_format_choices,                                                                                                           \
   .preset = "table",                                                                                                                      \
   .default_shown = "table",                                                                                                               \
   .help = "Output format.",                                                                                                               \
   .field = offsetof(Struct, format)},                                                                                                     \
  {                                                                                                                                        \
    .name = "--jq", .type = NX_VALUE_TEXT, .help = "Filter the JSON output through a jq program.", .field = offsetof(Struct, jq)           \
  }

extern const NxCommand nx_command_nexuslims;

typedef struct {
  gboolean dry_run;
  guint verbosity;
  const char *from, *to; /* as typed, NULL when not given */
  gboolean retry, strict;
} NxBuildRecordsOptions;
extern const NxCommand nx_command_build_records;

typedef struct {
  int format;
  const char *jq;
} NxListingOptions;
extern const NxCommand nx_command_check; /* NxListingOptions */

enum { NX_SHELL_BASH, NX_SHELL_ZSH, NX_SHELL_FISH };
typedef struct {
  int shell; /* -1: not given */
} NxCompletionOptions;
extern const NxCommand nx_command_completion;

extern const NxCommand nx_command_config;
extern const NxCommand nx_command_config_check; /* NxListingOptions */
typedef struct {
  const char *output; /* NULL: standard output */
  gboolean redact;
} NxConfigDumpOptions;
extern const NxCommand nx_command_config_dump;
typedef struct {
  const char *env_path;
} NxConfigEditOptions;
extern const NxCommand nx_command_config_edit;
typedef struct {
  const char *input, *env_path;
  gboolean force;
} NxConfigLoadOptions;
extern const NxCommand nx_command_config_load;
extern const NxCommand nx_command_config_migrate_v1; /* NxConfigLoadOptions */

typedef struct {
  const char *db_uri;
} NxDbOptions;
extern const NxCommand nx_command_db;
typedef struct {
  const char *const *words; /* everything behind `alembic` */
} NxDbAlembicOptions;
extern const NxCommand nx_command_db_alembic;
extern const NxCommand nx_command_db_check; /* no options: parse with NULL */
typedef struct {
  const char *path; /* "nexuslims_demo.db" when not given */
  gboolean force;
} NxDbCreateDemoOptions;
extern const NxCommand nx_command_db_create_demo;
typedef struct {
  gboolean verbose;
} NxDbCurrentOptions;
extern const NxCommand nx_command_db_current;
typedef struct {
  const char *revision; /* "head" or "-1" when not given */
  gboolean sql;
} NxDbMoveOptions;
extern const NxCommand nx_command_db_downgrade; /* NxDbMoveOptions */
extern const NxCommand nx_command_db_upgrade;   /* NxDbMoveOptions */
enum { NX_COMPRESSION_ZSTD, NX_COMPRESSION_SNAPPY, NX_COMPRESSION_GZIP, NX_COMPRESSION_NONE };
typedef struct {
  const char *output, *tables, *exclude; /* lists as typed, NULL when not given */
  gint64 chunk_rows;
  int compression;
  const char *version; /* NULL: today */
  gboolean overwrite;
  int anonymize; /* 0: user; -1: nobody */
} NxDbExportOptions;
extern const NxCommand nx_command_db_export;
extern const char *const nx_compression_choices[];
/* The rows of an export, for an NxDbExportOptions that begins `base` bytes into the caller's struct. */
#define NX_OPTIONS_EXPORT(base)                                                                                                            \
  {.name = "--output",                                                                                                                     \
   .letter = 'o',                                                                                                                          \
   .type = NX_VALUE_DIRECTORY,                                                                                                             \
   .required = TRUE,                                                                                                                       \
   .field = (base) + offsetof(NxDbExportOptions, output),                                                                                  \
   .help = "Folder of the snapshot; created if missing."},                                                                                 \
      {.name = "--tables",                                                                                                                 \
       .type = NX_VALUE_TEXT,                                                                                                              \
       .field = (base) + offsetof(NxDbExportOptions, tables),                                                                              \
       .help = "Only these tables (A,B,C)."},                                                                                              \
      {.name = "--exclude",                                                                                                                \
       .type = NX_VALUE_TEXT,                                                                                                              \
       .field = (base) + offsetof(NxDbExportOptions, exclude),                                                                             \
       .help = "Skip these tables (A,B)."},                                                                                                \
      {.name = "--chunksize",                                                                                                              \
       .type = NX_VALUE_INT,                                                                                                               \
       .ranged = TRUE,                                                                                                                     \
       .minimum = 1,                                                                                                                       \
       .maximum = G_MAXINT64,                                                                                                              \
       .preset = "50000",                                                                                                                  \
       .default_shown = "50000",                                                                                                           \
       .field = (base) + offsetof(NxDbExportOptions, chunk_rows),                                                                          \
       .help = "Rows per Parquet write batch."},                                                                                           \
      {.name = "--compression",                                                                                                            \
       .type = NX_VALUE_CHOICE,                                                                                                            \
       .choices = nx_compression_choices,                                                                                                  \
       .preset = "zstd",                                                                                                                   \
       .default_shown = "zstd",                                                                                                            \
       .field = (base) + offsetof(NxDbExportOptions, compression),                                                                         \
       .help = "Compression of the data pages."},                                                                                          \
      {.name = "--version",                                                                                                                \
       .type = NX_VALUE_TEXT,                                                                                                              \
       .default_shown = "today's date",                                                                                                    \
       .field = (base) + offsetof(NxDbExportOptions, version),                                                                             \
       .help = "Label of the snapshot."},                                                                                                  \
  {                                                                                                                                        \
    .name = "--overwrite", .field = (base) + offsetof(NxDbExportOptions, overwrite), .help = "Write into a folder that is not empty."      \
  }
typedef struct {
  gboolean verbose, indicate_current;
  int format;
  const char *jq;
} NxDbHistoryOptions;
extern const NxCommand nx_command_db_history;
typedef struct {
  const char *folder;
} NxDbImportOptions;
extern const NxCommand nx_command_db_import;
typedef struct {
  int format;
  const char *jq;
  gboolean verify;
} NxDbInfoOptions;
extern const NxCommand nx_command_db_info;
typedef struct {
  gboolean force;
} NxDbInitOptions;
extern const NxCommand nx_command_db_init;
typedef struct {
  const char *url, *output;
  gboolean include_nlp;
  gint64 workers;
  gboolean overwrite, allow_unverified, debug;
} NxDbDownloadOptions;
extern const NxCommand nx_command_db_snapshot_download;
/* The rows of a download but for --url, for an NxDbDownloadOptions. */
#define NX_OPTIONS_DOWNLOAD                                                                                                                \
  {.name = "--output",                                                                                                                     \
   .letter = 'o',                                                                                                                          \
   .type = NX_VALUE_DIRECTORY,                                                                                                             \
   .required = TRUE,                                                                                                                       \
   .field = offsetof(NxDbDownloadOptions, output),                                                                                         \
   .help = "Local folder of the snapshot."},                                                                                               \
      {.name = "--include-nlp", .field = offsetof(NxDbDownloadOptions, include_nlp), .help = "Also download the alias automaton."},        \
      {.name = "--workers",                                                                                                                \
       .type = NX_VALUE_INT,                                                                                                               \
       .ranged = TRUE,                                                                                                                     \
       .minimum = 1,                                                                                                                       \
       .maximum = G_MAXINT64,                                                                                                              \
       .preset = "4",                                                                                                                      \
       .default_shown = "4",                                                                                                               \
       .field = offsetof(NxDbDownloadOptions, workers),                                                                                    \
       .help = "Concurrent downloads."},                                                                                                   \
      {.name = "--overwrite",                                                                                                              \
       .field = offsetof(NxDbDownloadOptions, overwrite),                                                                                  \
       .help = "Download files again even if they are here and unchanged."},                                                               \
      {.name = "--allow-unverified",                                                                                                       \
       .field = offsetof(NxDbDownloadOptions, allow_unverified),                                                                           \
       .help = "Accept files without checksum in the manifest."},                                                                          \
  {                                                                                                                                        \
    .name = "--debug", .field = offsetof(NxDbDownloadOptions, debug), .help = "Log every step on standard error."                          \
  }
extern const NxCommand nx_command_db_status; /* NxListingOptions */
extern const NxCommand nx_command_db_view;   /* no options */

typedef struct {
  gboolean no_preview, no_metadata;
  const char *preview_path;
  gboolean write, overwrite, verbose;
  const char *const *files;
} NxExtractOptions;
extern const NxCommand nx_command_extract;

extern const NxCommand nx_command_instruments;
typedef struct {
  const char *output; /* NULL: standard output */
} NxInstrumentsExportOptions;
extern const NxCommand nx_command_instruments_export;
typedef struct {
  const char *file; /* NULL: standard input */
  gboolean dry_run;
} NxInstrumentsImportOptions;
extern const NxCommand nx_command_instruments_import;
extern const NxCommand nx_command_instruments_list;   /* NxListingOptions */
extern const NxCommand nx_command_instruments_manage; /* no options */

typedef struct {
  const char *output; /* NULL: ./nexuslims-support-bundle-DATE-TIME.zip */
  gint64 log_days, max_log_files;
  const char *const *logs;
  gboolean no_default_logs, include_all_logs;
} NxSupportBundleOptions;
extern const NxCommand nx_command_support_bundle;

#endif
