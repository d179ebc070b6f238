/* nx-alias — names of known things in free text: a filter of JSON lines with the key `text` (igem-db §9, §12.4). */
#include "nx-alias.h"
#include "nx-cli.h"

#include <stddef.h>

typedef struct {
  const char *snapshot;
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
  {.name = "--snapshot", .letter = 's', .type = NX_VALUE_EXISTING_DIRECTORY, .required = TRUE, .field = offsetof(SearchOptions, snapshot), \
   .help = "Folder of a snapshot."}
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
  .epilog = "\b\nExamples:\n    $ nx-alias scan -s snapshot <notes.jsonl | jq -c '.matches[] | [.matched_text, .entity_primary_name]'",
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
    nx_json_set(line, "aliases", nx_aliases_lookup(search->aliases, json_object_get_string(text)));
  return text != NULL;
}

static gboolean scan(NxLines *lines, json_object *line, gpointer user_data, GError **err)
{
  const Search *search = user_data;
  json_object *text = nx_lines_need(lines, line, "text", json_type_string, err);
  if (text)
    nx_json_set(line, "matches", nx_aliases_scan(search->aliases, json_object_get_string(text), search->mode));
  return text != NULL;
}

static int run_search(const NxCommand *command, int argc, char **argv)
{
  SearchOptions options = {0};
  g_autoptr(GError) error = NULL;
  if (!nx_cli_parse(command, argc, argv, &options))
    return nx_cli_exit_code();
  NxAliasFlags flags = (options.require_cache ? NX_ALIAS_REQUIRE_CACHE : 0) | (options.trust_cache ? NX_ALIAS_TRUST_CACHE : 0);
  g_autoptr(NxAliases) aliases = nx_aliases_of_snapshot(options.snapshot, flags, &error);
  Search search = {.aliases = aliases, .mode = (NxAliasMode)options.mode};
  return aliases && nx_lines_filter(NULL, command == &SCAN ? scan : look_up, &search, &error) ? 0 : nx_fail(error);
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
    return nx_fail(error);
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
