/* nx-config.c — `config check`, `dump`, `load` and `migrate-v1` (config 6.2, 8, 9, 11); `edit` is a screen of nx-tui. */
#include <errno.h>
#include <unistd.h>

#include "check.h"
#include "migrate.h"
#include "nx-cli-tree.h"
#include "nx-config.h"
#include "nx-listing.h"

#define LARGEST_DUMP (16u * 1024u * 1024u)

/* --------------------------------------------------------------------------------------------------------------- check */

static json_object *listed(const GPtrArray *problems)
{
  json_object *list = json_object_new_array();
  for (guint i = 0; i < problems->len; i++) {
    const NxProblem *problem = g_ptr_array_index(problems, i);
    json_object *item = json_object_new_object();
    nx_json_set_string(item, "name", problem->name);
    nx_json_set_string(item, "problem", problem->text);
    json_object_array_add(list, item);
  }
  return list;
}

static void print_for_people(const GPtrArray *problems, const char *path)
{
  if (nx_problems_have_error(problems)) {
    g_autofree char *report = nx_problems_report(problems);
    fprintf(stderr, "Error: %s\n", report);
  } else {
    nx_cli_print_success(stdout, "Configuration is valid");
    printf("  read from %s\n", path ? path : "the environment alone; there is no .env file");
  }
  for (guint i = 0; i < problems->len; i++) {
    const NxProblem *problem = g_ptr_array_index(problems, i);
    if (problem->warning)
      nx_cli_print_warning(stderr, "%s: %s", problem->name, problem->text);
  }
}

static int check(int argc, char **argv)
{
  NxListingOptions options = {0};
  if (!nx_cli_parse(&nx_command_config_check, argc, argv, &options))
    return nx_cli_exit_code();
  if (!nx_listing_accepts(options.jq))
    return nx_cli_exit_code();
  g_autofree char *path = NULL;
  g_autoptr(GError) failure = NULL;
  g_autoptr(GPtrArray) problems = nx_config_check(&path);
  g_autoptr(json_object) list = listed(problems);
  gboolean as_json = options.format == NX_FORMAT_JSON || options.jq;
  if (!as_json)
    print_for_people(problems, path);
  else if (!nx_listing_print(list, options.jq, stdout, &failure))
    return nx_fail(failure);
  return nx_problems_have_error(problems) ? 1 : 0;
}

/* ---------------------------------------------------------------------------------------------------------------- dump */

static gboolean print_all(const GString *text, GError **err)
{
  gboolean good = fwrite(text->str, 1, text->len, stdout) == text->len && fflush(stdout) == 0;
  return good || nx_error_from_errno(err, errno, "write to", "standard output");
}

static int dump(int argc, char **argv)
{
  NxConfigDumpOptions options = {0};
  if (!nx_cli_parse(&nx_command_config_dump, argc, argv, &options))
    return nx_cli_exit_code();
  g_autoptr(GError) problem = NULL;
  g_autoptr(NxSettings) settings = nx_settings_load(NULL, &problem);
  if (!settings)
    return nx_fail(problem);
  if (!options.redact)
    nx_cli_print_warning(stderr, "What follows holds live credentials: keep it where nobody else can read it.");
  g_autoptr(json_object) configuration = nx_settings_to_json(settings, options.redact);
  g_autoptr(GString) text = g_string_new(NULL);
  nx_json_append(text, configuration, NX_JSON_INDENT | NX_JSON_ASCII);
  g_string_append_c(text, '\n');
  if (!options.output)
    return print_all(text, &problem) ? 0 : nx_fail(problem);
  if (!nx_config_save(options.output, text->str, text->len, &problem))
    return nx_fail(problem);
  fprintf(stderr, "Configuration dumped to %s\n", options.output);
  return 0;
}

/* ------------------------------------------------------------------------------------------------- load and migrate-v1 */

/* Says that the file is there, asks unless told not to, and copies it. FALSE: nothing may be written; *code is the program's. */
static gboolean clear_the_way(const NxConfigLoadOptions *options, int *code)
{
  if (!g_file_test(options->env_path, G_FILE_TEST_IS_REGULAR))
    return TRUE;
  nx_cli_print_warning(stderr, "%s exists and will be overwritten.", options->env_path);
  if (!options->force && !nx_cli_confirm("Create a backup and proceed?")) {
    *code = nx_cli_exit_code();
    return FALSE;
  }
  g_autoptr(GError) problem = NULL;
  g_autofree char *backup = nx_config_back_up(options->env_path, &problem);
  if (!backup) {
    *code = nx_fail(problem);
    return FALSE;
  }
  printf("Existing .env backed up to %s\n", backup);
  return TRUE;
}

static json_object *read_dump(const char *path, GError **err)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(json_object) dump = nx_json_read_file(path, LARGEST_DUMP, &problem);
  if (json_object_is_type(dump, json_type_object))
    return g_steal_pointer(&dump);
  if (!problem)
    g_set_error(&problem, NX_ERROR, NX_ERROR_FORMAT, "%s holds no JSON object", path);
  const char *advice = g_error_matches(problem, NX_ERROR, NX_ERROR_FORMAT)
                           ? "\nA dump is what 'nexuslims config dump --output FILE' writes, a JSON object; settings in the form of a .env file "
                             "need no loading."
                           : "";
  g_set_error(err, problem->domain, problem->code, "%s%s", problem->message, advice);
  return NULL;
}

/* A redacted dump says nothing about secrets: those of the present file stay. */
static gboolean keep_secrets(GHashTable *wanted, const GPtrArray *redacted, const char *path, GError **err)
{
  g_autoptr(GHashTable) present = nx_config_read(path, err);
  if (!present)
    return FALSE;
  for (guint i = 0; i < redacted->len; i++) {
    const char *name = g_ptr_array_index(redacted, i), *value = g_hash_table_lookup(present, name);
    nx_cli_print_warning(stderr, "%s holds *** in the dump, which was redacted; %s.", name, value ? "the present value stays" : "it is left out");
    if (value)
      g_hash_table_replace(wanted, g_strdup(name), g_strdup(value));
  }
  return TRUE;
}

static int load(int argc, char **argv)
{
  NxConfigLoadOptions options = {0};
  if (!nx_cli_parse(&nx_command_config_load, argc, argv, &options))
    return nx_cli_exit_code();
  int code = 0;
  g_autoptr(GError) problem = NULL;
  g_autoptr(json_object) dump = read_dump(options.input, &problem);
  if (!dump)
    return nx_fail(problem);
  g_autoptr(GPtrArray) redacted = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GHashTable) wanted = nx_config_flatten(dump, redacted);
  if (!keep_secrets(wanted, redacted, options.env_path, &problem))
    return nx_fail(problem);
  GString *text = nx_config_compose(options.env_path, wanted, NULL, &problem);
  if (!text)
    return nx_fail(problem);
  if (clear_the_way(&options, &code) && !nx_config_save(options.env_path, text->str, text->len, &problem))
    code = nx_fail(problem);
  else if (code == 0)
    printf("Configuration loaded into %s\n", options.env_path);
  g_string_free(text, TRUE);
  return code;
}

static void tell_what_is_left_to_do(const NxMigration *migration)
{
  for (guint i = 0; i < migration->gone->len; i++)
    printf("%s is no longer used\n", (const char *)g_ptr_array_index(migration->gone, i));
  for (guint i = 0; i < migration->missing->len; i++)
    printf("%s is required and still missing\n", (const char *)g_ptr_array_index(migration->missing, i));
}

static int migrate(int argc, char **argv)
{
  NxConfigLoadOptions options = {0};
  if (!nx_cli_parse(&nx_command_config_migrate_v1, argc, argv, &options))
    return nx_cli_exit_code();
  int code = 0;
  g_autoptr(GError) problem = NULL;
  g_autoptr(NxDotenv) old = nx_dotenv_read(options.input, NX_DOTENV_FILE_FIRST, &problem);
  if (!old)
    return nx_fail(problem);
  nx_dotenv_warn(old, options.input);
  g_autoptr(NxMigration) migration = nx_config_migrate(old);
  if (!clear_the_way(&options, &code))
    return code;
  if (!nx_config_save(options.env_path, migration->text->str, migration->text->len, &problem))
    return nx_fail(problem);
  printf("Configuration migrated into %s\n", options.env_path);
  tell_what_is_left_to_do(migration);
  return 0;
}

/* ---------------------------------------------------------------------------------------------------------------- edit */

static int edit(char **argv)
{
  g_autoptr(GError) problem = NULL;
  g_autofree char *path = nx_program_path("nx-tui");
  if (!path) {
    g_set_error(&problem, NX_ERROR, NX_ERROR_MISSING, "the program nx-tui, which shows the form, is not installed");
    return nx_fail(problem);
  }
  g_autoptr(GPtrArray) words = g_ptr_array_new();
  g_ptr_array_add(words, path);
  g_ptr_array_add(words, (gpointer) "config");
  for (; *argv; argv++)
    g_ptr_array_add(words, *argv);
  g_ptr_array_add(words, NULL);
  execv(path, (char **)words->pdata);
  nx_error_from_errno(&problem, errno, "start", path);
  return nx_fail(problem);
}

typedef struct {
  const NxCommand *command;
  int (*run)(int argc, char **argv);
} Work;

static const Work WORKS[] = {
  {&nx_command_config_check, check},
  {&nx_command_config_dump, dump},
  {&nx_command_config_load, load},
  {&nx_command_config_migrate_v1, migrate},
};

int main(int argc, char **argv)
{
  nx_log_start("nx-config", 0);
  const NxCommand *command = nx_cli_choose(&nx_command_config, &argc, &argv, NULL);
  if (!command)
    return nx_cli_exit_code();
  for (gsize i = 0; i < G_N_ELEMENTS(WORKS); i++)
    if (WORKS[i].command == command)
      return WORKS[i].run(argc, argv);
  return edit(argv);
}
