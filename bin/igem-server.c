/* igem-server — the database of IGEM, on the engine of nx-db: another schema, other words (igem-db §3, §12.1). */
#include "igem-commands.h"

#include "nx-completion.h"

static const struct {
  const NxCommand *command;
  int (*run)(const NxIgemPlace *top, int argc, char **argv);
} RUNNERS[] = {
    {&nx_command_igem_create, igem_run_create},   {&nx_command_igem_download, igem_run_download},
    {&nx_command_igem_dry_run, igem_run_dry_run}, {&nx_command_igem_export, igem_run_export},
    {&nx_command_igem_info, igem_run_info},       {&nx_command_igem_nlp, igem_run_nlp},
    {&nx_command_igem_stamp, igem_run_stamp},     {&nx_command_igem_status, igem_run_status},
    {&nx_command_igem_upgrade, igem_run_upgrade},
};

/* ------------------------------------------------------------------------------------------------------------- target */

void igem_target_clear(IgemTarget *target)
{
  g_clear_pointer(&target->schema, nx_schema_free);
  g_clear_pointer(&target->address, igem_address_free);
}

static int refuse_without_address(const NxSchema *schema)
{
  guint way = 1;
  int status = nx_cli_usage_error("Database URI not set.");
  fprintf(stderr, "  %u. --db-uri ADDRESS, before or behind the command\n", way);
  for (const char *const *variable = nx_schema_variables(schema); *variable; variable++)
    fprintf(stderr, "  %u. the environment variable %s\n", ++way, *variable);
  fprintf(stderr, "  %u. `uri` of [database] in a file %s: here, in a folder above, or in your home folder\n", ++way,
          nx_schema_settings_file(schema));
  return status;
}

static void print_banner(const IgemAddress *address)
{
  static const char RULE[] = "============================================";
  fprintf(stderr, "%s\nIGEM-Server\nVersion : %s\nDebug   : True\nDB URI  : %s\n%s\n", RULE, NX_IGEM_VERSION, address->uri, RULE);
}

gboolean igem_target_find(IgemTarget *target, const NxIgemPlace *top, const NxIgemPlace *own, int *status)
{
  GError *error = NULL;
  gboolean debug = top->debug || own->debug;
  const char *const typed[2] = {own->db_uri, top->db_uri};
  nx_log_start("igem-server", debug ? 2 : 1);
  target->schema = nx_schema_load("igem", &error);
  if (target->schema)
    target->address = igem_address_find(target->schema, typed, &error);
  if (error)
    *status = igem_failed(target, NULL, error);
  else if (!target->address)
    *status = refuse_without_address(target->schema);
  else if (debug)
    print_banner(target->address);
  return target->address != NULL;
}

/* What stands between a command and the database that it needs; NULL: nothing. */
static GError *objection(const IgemAddress *address)
{
  const char *command = strrchr(nx_cli_program(), ' ') + 1;
  GError *error = NULL;
  switch (address->kind) {
  case IGEM_SNAPSHOT: {
    g_autoptr(NxSnapshot) snapshot = g_str_equal(command, "create") ? NULL : igem_snapshot_open(address, &error);
    (void)snapshot;
    if (error)
      return error;
    return g_error_new(
        NX_ERROR, NX_ERROR_DATA,
        "Cannot run 'db %s' against a snapshot (read-only). Point --db-uri at a writable database (postgresql:// or sqlite:///) "
        "instead of %s",
        command, address->uri);
  }
  case IGEM_FOLDER:
    return g_error_new(NX_ERROR, NX_ERROR_FORMAT, "%s is a directory, not a database or snapshot", address->place);
  case IGEM_MEMORY:
    return g_error_new(NX_ERROR, NX_ERROR_CONFIG, "%s is a database in memory, which is gone when the command ends: name a file",
                       address->uri);
  case IGEM_OTHER:
    return g_error_new(NX_ERROR, NX_ERROR_CONFIG, "Database not found at %s: addresses begin with postgresql://, sqlite:/// or parquet://",
                       address->uri);
  case IGEM_POSTGRESQL:
    nx_db_check_encoding(address->opened, &error);
    break;
  case IGEM_SQLITE:
    break;
  }
  return error;
}

gboolean igem_target_has_database(const IgemTarget *target, int *status)
{
  GError *error = objection(target->address);
  if (error)
    *status = igem_failed(target, NULL, error);
  return error == NULL;
}

gboolean igem_target_find_database(IgemTarget *target, const NxIgemPlace *top, const NxIgemPlace *own, int *status)
{
  return igem_target_find(target, top, own, status) && igem_target_has_database(target, status);
}

/* ------------------------------------------------------------------------------------------------------------- errors */

static const IgemAdvice COMMON_ADVICE[] = {
    {NX_STATE_FAILED, "Cannot read the database at ", "", TRUE},
    {NX_STATE_NO_DATABASE, "Database not found at ", "", TRUE},
    {NX_STATE_SEVERAL_ROWS, "Version table 'alembic_version' has more than one row in the database at ",
     ": `igem-server db stamp-head --force` replaces them", FALSE},
    {0},
};

static const IgemAdvice *find_advice(const IgemAdvice *advice, int state)
{
  for (; advice && advice->before; advice++)
    if ((int)advice->state == state)
      return advice;
  return NULL;
}

static char *sentence_of(const IgemTarget *target, const IgemAdvice *advice, const GError *error)
{
  const IgemAdvice *found = error->domain == NX_STATE_ERROR ? find_advice(advice, error->code) : NULL;
  if (!found && error->domain == NX_STATE_ERROR)
    found = find_advice(COMMON_ADVICE, error->code);
  if (!found)
    return g_strdup(error->message);
  return g_strconcat(found->before, target->address->uri, found->has_reason ? ": " : "", found->has_reason ? error->message : "",
                     found->after, NULL);
}

NxDb *igem_target_open(const IgemTarget *target, GError **err)
{
  g_autoptr(GError) reason = NULL;
  NxState state = nx_schema_state(target->schema, target->address->opened, NULL, &reason);
  if (state != NX_STATE_NO_DATABASE && state != NX_STATE_FAILED)
    return nx_db_open(target->address->opened, NX_DB_READ, err);
  g_set_error_literal(err, NX_STATE_ERROR, (int)state, reason->message);
  return NULL;
}

int igem_failed(const IgemTarget *target, const IgemAdvice *advice, GError *error)
{
  g_autofree char *sentence = sentence_of(target, advice, error);
  g_autoptr(GError) said = g_error_new_literal(error->domain, error->code, sentence);
  g_error_free(error);
  fflush(stdout);
  return nx_fail_command(said);
}

/* ------------------------------------------------------------------------------------------------------------- blocks */

const char *igem_truth(gboolean value)
{
  return value ? "True" : "False";
}

int main(int argc, char **argv)
{
  int code = 0;
  NxIgemPlace top = {0};
  if (nx_completion_answer(&nx_command_igem_server, &code))
    return code;
  const NxCommand *command = nx_cli_choose(&nx_command_igem_server, &argc, &argv, &top);
  if (command)
    command = nx_cli_choose(command, &argc, &argv, NULL);
  if (!command)
    return nx_cli_exit_code();
  g_set_prgname("igem"); /* what a server lists as the application, unless the address or IGEM_DB_APPLICATION_NAME says otherwise */
  nx_log_in_brackets();
  nx_interrupt_install();
  for (gsize i = 0; i < G_N_ELEMENTS(RUNNERS); i++)
    if (RUNNERS[i].command == command)
      return RUNNERS[i].run(&top, argc, argv);
  return nx_cli_exit_code();
}
