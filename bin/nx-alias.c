/* nx-alias — names of known things in free text: a filter of JSON lines with the key `text` (igem-db §9, §12.3, §12.4). */
#include "nx-alias.h"
#include "nx-cli.h"
#include "nx-config.h"
#include "nx-db-snapshot.h"

#include <stddef.h>

#define SCHEMA "nexuslims"

typedef struct {
  const char *place; /* a snapshot or a database */
  int mode;
  gboolean require_cache, trust_cache;
} SearchOptions;

typedef struct {
  const char *snapshot;
  gboolean overwrite;
} BuildOptions;

/* In the order of NxAliasMode. */
static const char *const MODES[] = {"smart", "all_candidates", "best_match", NULL};

#define SNAPSHOT_OPTION \
  {.name = "--snapshot", .letter = 's', .type = NX_VALUE_PATH, .field = offsetof(SearchOptions, place), \
   .help = "Folder of a snapshot, or file or address of a NexusLIMS database; without it NX_DB_PATH."}
#define REQUIRE_OPTION \
  {.name = "--require-cache", .field = offsetof(SearchOptions, require_cache), .help = "Refuse a snapshot whose dictionary is absent or stale."}
#define TRUST_OPTION \
  {.name = "--trust-cache", .field = offsetof(SearchOptions, trust_cache), .help = "Do not compare the dictionary with its SHA-256 first."}

static const NxOption LOOKUP_OPTIONS[] = {SNAPSHOT_OPTION, REQUIRE_OPTION, TRUST_OPTION, {0}};

static const NxCommand LOOKUP = {
  .name = "lookup",
  .options = LOOKUP_OPTIONS,
  .help = "Find what a whole text is a name of.\n\nReads lines with `text` and adds `aliases`: every alias of the same spelling.",
  .epilog = "\b\nExamples:\n    $ echo '{\"text\":\"IL-6\"}' | nx-alias lookup -s snapshot | jq '.aliases[].entity_id'",
};

static const NxOption SCAN_OPTIONS[] = {
  SNAPSHOT_OPTION,
  {.name = "--mode", .type = NX_VALUE_CHOICE, .choices = MODES, .preset = "smart", .default_shown = "smart", .field = offsetof(SearchOptions, mode),
   .help = "Which candidates of a span are shown."},
  REQUIRE_OPTION,
  TRUST_OPTION,
  {0},
};

static const NxCommand SCAN = {
  .name = "scan",
  .options = SCAN_OPTIONS,
  .help = "Find names within texts.\n\nReads lines with `text` and adds `matches`: the names found, with their places and how sure they are.",
  .epilog = "\b\nExamples:\n    $ nx-alias scan -s snapshot <notes.jsonl | jq -c '.matches[] | [.matched_text, .entity_primary_name]'\n"
            "    $ nx-alias scan -s nexuslims.sqlite <notes.jsonl",
};

static const NxOption BUILD_OPTIONS[] = {
  {.name = "--overwrite", .field = offsetof(BuildOptions, overwrite), .help = "Replace a dictionary that is there."}, {0}};
static const NxArgument BUILD_ARGUMENTS[] = {{.name = "DIR", .type = NX_VALUE_EXISTING_DIRECTORY, .field = offsetof(BuildOptions, snapshot)}, {0}};

static const NxCommand BUILD = {
  .name = "build",
  .options = BUILD_OPTIONS,
  .arguments = BUILD_ARGUMENTS,
  .help = "Make the dictionary of an IGEM snapshot inside it.",
};

static const NxCommand *const COMMANDS[] = {&BUILD, &LOOKUP, &SCAN, NULL};
static const NxCommand NX_ALIAS = {
  .name = "nx-alias", .version = NX_VERSION_PLAIN, .commands = COMMANDS, .help = "Find names and codes of known things in text."};

/* ---------------------------------------------------------------------------------------------------------------- search */

typedef struct {
  const NxAliases *aliases;
  NxAliasMode mode;
} Search;

static gboolean look_up(NxLines *lines, json_object *line, gpointer user_data, GError **err)
{
  const Search *search = user_data;
  json_object *text = nx_lines_need(lines, line, "text", json_type_string, err);
  if (text)
    nx_json_set(line, "aliases", nx_aliases_lookup(search->aliases, json_object_get_string(text), json_object_get_string_len(text)));
  return text != NULL;
}

static gboolean scan(NxLines *lines, json_object *line, gpointer user_data, GError **err)
{
  const Search *search = user_data;
  json_object *text = nx_lines_need(lines, line, "text", json_type_string, err);
  if (text)
    nx_json_set(line, "matches", nx_aliases_scan(search->aliases, json_object_get_string(text), json_object_get_string_len(text), search->mode));
  return text != NULL;
}

/* -------------------------------------------------------------------------------------------------------------- database */

/* Made in memory from one look at the database, as an export of it would be. */
static GBytes *build_from_database(NxDb *db, GError **err)
{
  g_autoptr(NxSchema) schema = nx_schema_load(SCHEMA, err);
  g_autoptr(NxDbTransaction) reading = schema ? nx_db_begin_reading(db, err) : NULL;
  g_autoptr(GPtrArray) tables = reading ? nx_db_tables_there(schema, db, err) : NULL;
  if (!tables)
    return NULL;
  g_autoptr(NxDbTables) rows = nx_db_tables_open(db, nx_schema_fact(schema, "parquet_types"), NULL);
  NxRowSource from = nx_db_tables_source(rows);
  return nx_alias_build_rows(&from, (const char *const *)tables->pdata, NULL, err);
}

static GBytes *read_database(const char *address, NxAliasFlags flags, GError **err)
{
  g_autoptr(NxDb) db = nx_db_open(address, NX_DB_READ, err);
  if (!db)
    return NULL;
  if (!(flags & NX_ALIAS_REQUIRE_CACHE))
    return build_from_database(db, err);
  g_set_error_literal(err, NX_ERROR, NX_ERROR_DATA, "it has no alias dictionary, which only a snapshot can have: leave --require-cache out");
  return NULL;
}

static NxAliases *aliases_of_database(const char *address, NxAliasFlags flags, GError **err)
{
  g_autofree char *shown = nx_db_url_shown(address), *path = nx_db_file_path(address);
  if (path && !g_file_test(path, G_FILE_TEST_EXISTS)) {
    g_set_error(err, NX_ERROR, NX_ERROR_MISSING, "there is neither a snapshot nor a database at %s", path);
    return NULL;
  }
  g_autoptr(GBytes) bytes = read_database(address, flags, err);
  if (!bytes && nx_db_engine(address)) /* an address of another kind is named by the error */
    g_prefix_error(err, "cannot use the database %s: ", shown);
  return bytes ? nx_aliases_new(bytes, err) : NULL;
}

/* --------------------------------------------------------------------------------------------------------------- commands */

static NxAliases *aliases_of(const char *place, NxAliasFlags flags, GError **err)
{
  return g_file_test(place, G_FILE_TEST_IS_DIR) ? nx_aliases_of_snapshot(place, flags, err) : aliases_of_database(place, flags, err);
}

static int run_search(const NxCommand *command, int argc, char **argv)
{
  SearchOptions options = {0};
  g_autoptr(GError) error = NULL;
  if (!nx_cli_parse(command, argc, argv, &options))
    return nx_cli_exit_code();
  g_autofree char *place = options.place ? g_strdup(options.place) : nx_settings_text("NX_DB_PATH", &error);
  if (error)
    return nx_fail_command(error);
  if (!place || !*place)
    return nx_cli_usage_error("Missing option '--snapshot' / '-s', and NX_DB_PATH is not set.");
  NxAliasFlags flags = (options.require_cache ? NX_ALIAS_REQUIRE_CACHE : 0) | (options.trust_cache ? NX_ALIAS_TRUST_CACHE : 0);
  g_autoptr(NxAliases) aliases = aliases_of(place, flags, &error);
  Search search = {.aliases = aliases, .mode = (NxAliasMode)options.mode};
  return aliases && nx_lines_filter(NULL, command == &SCAN ? scan : look_up, &search, &error) ? 0 : nx_fail_command(error);
}

static int run_build(int argc, char **argv)
{
  BuildOptions options = {0};
  NxAliasCounts counts = {0};
  gsize size;
  g_autoptr(GError) error = NULL;
  if (!nx_cli_parse(&BUILD, argc, argv, &options))
    return nx_cli_exit_code();
  gint64 start = g_get_monotonic_time();
  if (!nx_alias_cache_make(options.snapshot, options.overwrite, &counts, &size, &error))
    return nx_fail_command(error);
  g_autofree char *kept = nx_snapshot_count_text(counts.kept), *norms = nx_snapshot_count_text(counts.norms), *bytes = nx_snapshot_count_text((gint64)size);
  printf("\nAliases       : %s\nUnique norms  : %s\nCache size    : %s bytes\n", kept, norms, bytes);
  printf("Build time    : %.1fs\nOutput        : %s/nlp/\n", (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC, options.snapshot);
  return 0;
}

int main(int argc, char **argv)
{
  const NxCommand *command = nx_cli_choose(&NX_ALIAS, &argc, &argv, NULL);
  if (!command)
    return nx_cli_exit_code();
  nx_log_start("nx-alias", 0);
  nx_interrupt_install();
  return command == &BUILD ? run_build(argc, argv) : run_search(command, argc, argv);
}
