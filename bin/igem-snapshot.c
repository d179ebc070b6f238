/* igem-snapshot.c — info of databases and snapshots, and the two commands that other programs of ours do: snapshot-download and
 * snapshot-nlp (igem-db §5.6, §5.8, §5.9). */
#include "igem-commands.h"

#include "nx-db-snapshot.h"
#include "nx-listing.h"

#include <errno.h>
#include <unistd.h>

NxSnapshot *igem_snapshot_open(const IgemAddress *address, GError **err)
{
  if (!g_file_test(address->place, G_FILE_TEST_IS_DIR))
    g_set_error(err, NX_ERROR, NX_ERROR_MISSING, "Snapshot directory not found: %s", address->place);
  else if (!nx_snapshot_is_one(address->place))
    g_set_error(err, NX_ERROR, NX_ERROR_MISSING, "Missing manifest.json in %s - not a valid snapshot.", address->place);
  else
    return nx_snapshot_open(address->place, err);
  return NULL;
}

/* --------------------------------------------------------------------------------------------------------------- info */

static int info_of_snapshot(const IgemTarget *target, const NxIgemInfoOptions *options)
{
  GError *error = NULL;
  g_autoptr(NxSnapshot) snapshot = igem_snapshot_open(target->address, &error);
  if (!snapshot)
    return igem_failed(target, NULL, error);
  return nx_db_snapshot_info(target->address->place, TRUE, options->verify, options->format == NX_FORMAT_JSON, options->jq);
}

static const char *text_of(json_object *info, const char *key, const char *without)
{
  json_object *value = nx_json_get(info, key);
  if (json_object_is_type(value, json_type_boolean))
    return igem_truth(json_object_get_boolean(value));
  return value ? json_object_get_string(value) : without;
}

static void print_info(json_object *info)
{
  static const char *const LABELS[][3] = {
      {"Backend", "backend", NULL},     {"Read-only", "read_only", NULL}, {"URI", "uri", NULL},
      {"Engine", "engine", NULL},       {"Host", "host", "<unknown>"},    {"Database", "database", NULL},
      {"Connected", "connected", NULL}, {"Revision", "revision", NULL}};
  for (gsize i = 0; i < G_N_ELEMENTS(LABELS); i++)
    nx_cli_print_label("", 12, LABELS[i][0], text_of(info, LABELS[i][1], LABELS[i][2]));
}

static int info_of_database(const IgemTarget *target, const NxIgemInfoOptions *options)
{
  GError *error = NULL;
  gboolean is_json = options->format == NX_FORMAT_JSON || options->jq;
  if (options->verify) {
    g_set_error(&error, NX_ERROR, NX_ERROR_DATA, "--verify compares the files of a snapshot with its manifest; %s is a database",
                target->address->uri);
    return igem_failed(target, NULL, error);
  }
  g_autoptr(NxDb) db = igem_target_open(target, &error);
  g_autoptr(json_object) info = db ? nx_schema_info(target->schema, target->address->opened, is_json, &error) : NULL;
  if (!info)
    return igem_failed(target, NULL, error);
  nx_json_set_string(info, "uri", target->address->uri);
  nx_json_set_string(info, "engine", target->address->scheme);
  if (target->address->kind == IGEM_POSTGRESQL) {
    nx_json_set_string(info, "host", target->address->host);
    nx_json_set_string(info, "database", target->address->database);
  }
  if (is_json)
    return nx_listing_print(info, options->jq, stdout, &error) ? 0 : igem_failed(target, NULL, error);
  print_info(info);
  return 0;
}

int igem_run_info(const NxIgemPlace *top, int argc, char **argv)
{
  int status = 0;
  NxIgemInfoOptions options = {0};
  g_auto(IgemTarget) target = {0};
  if (!nx_cli_parse(&nx_command_igem_info, argc, argv, &options) || !nx_listing_accepts(options.jq))
    return nx_cli_exit_code();
  if (!igem_target_find(&target, top, &options.place, &status))
    return status;
  if (target.address->kind == IGEM_SNAPSHOT)
    return info_of_snapshot(&target, &options);
  return igem_target_has_database(&target, &status) ? info_of_database(&target, &options) : status;
}

/* ---------------------------------------------------------------------------------------------- the work of others */

/* Becomes one of our programs, which speaks for this command. Returns only when it cannot be started. */
static int become(const char *program, GPtrArray *words)
{
  g_autofree char *path = nx_program_path(program);
  g_ptr_array_insert(words, 0, path ? path : (gpointer)program);
  g_ptr_array_add(words, NULL);
  g_setenv("NX_CLI_PROG", nx_cli_program(), TRUE);
  if (path)
    execv(path, (char **)words->pdata);
  fprintf(stderr, "Error: cannot start %s: %s\n", program, path ? g_strerror(errno) : "it is neither beside this program nor on PATH");
  return 1;
}

static void add_word(GPtrArray *words, gboolean wanted, const char *word)
{
  if (wanted)
    g_ptr_array_add(words, (gpointer)word);
}

static void add_option(GPtrArray *words, const char *name, const char *value)
{
  g_ptr_array_add(words, (gpointer)name);
  g_ptr_array_add(words, (gpointer)value);
}

int igem_run_download(const NxIgemPlace *top, int argc, char **argv)
{
  NxDbDownloadOptions options = {0};
  if (!nx_cli_parse(&nx_command_igem_download, argc, argv, &options))
    return nx_cli_exit_code();
  g_autoptr(GPtrArray) words = g_ptr_array_new();
  g_autofree char *workers = g_strdup_printf("%" G_GINT64_FORMAT, options.workers);
  add_option(words, "--url", options.url);
  add_option(words, "--output", options.output);
  add_option(words, "--workers", workers);
  add_word(words, options.include_nlp, "--include-nlp");
  add_word(words, options.overwrite, "--overwrite");
  add_word(words, options.allow_unverified, "--allow-unverified");
  add_word(words, options.debug || top->debug, "--debug");
  return become("nx-snapshot-download", words);
}

int igem_run_nlp(const NxIgemPlace *top, int argc, char **argv)
{
  NxIgemNlpOptions options = {0};
  GError *error = NULL;
  if (!nx_cli_parse(&nx_command_igem_nlp, argc, argv, &options))
    return nx_cli_exit_code();
  nx_log_start("igem-server", options.debug || top->debug ? 2 : 1);
  g_autofree char *folder = g_canonicalize_filename(options.folder, NULL);
  IgemAddress address = {.kind = IGEM_SNAPSHOT, .place = folder};
  g_autoptr(NxSnapshot) snapshot = igem_snapshot_open(&address, &error);
  if (!snapshot)
    return igem_failed(NULL, NULL, error);
  g_autoptr(GPtrArray) words = g_ptr_array_new();
  g_ptr_array_add(words, (gpointer) "build");
  add_word(words, options.overwrite, "--overwrite");
  add_option(words, "--", folder);
  nx_log_debug("nx-alias build %s", folder);
  return become("nx-alias", words);
}
