/* alembic.c — the Alembic-compatible commands that look at revisions and move the database between them (database 4). */
#include "alembic.h"
#include "nx-cli.h"
#include "offline.h"

#include <string.h>
#include <unistd.h>

NxDb *nx_alembic_open(const NxAlembic *alembic, NxDbMode mode, GError **err)
{
  return nx_report_open(alembic->address, mode, err);
}

static const char *word(const NxAlembic *alembic)
{
  return alembic->arguments->words->pdata[0];
}

/* ---------------------------------------------------------------------------------------------------------- looking */

static gboolean run_current(const NxAlembic *alembic, FILE *out, GError **err)
{
  g_autoptr(NxDb) db = nx_alembic_open(alembic, NX_DB_READ, err);
  return db && nx_report_current(db, alembic->graph, alembic->address, alembic->arguments->verbose, out, err);
}

static gboolean run_history(const NxAlembic *alembic, FILE *out, GError **err)
{
  const NxAlembicArguments *arguments = alembic->arguments;
  return nx_report_history(alembic->graph, alembic->address, arguments->rev_range, arguments->verbose, arguments->indicate_current, out,
                           err);
}

static void print_revision(const NxRevision *revision, gboolean verbose, gboolean tree_marks, FILE *out)
{
  g_autofree char *text = verbose ? nx_revision_entry(revision, FALSE) : nx_revision_short(revision, TRUE, tree_marks);
  fprintf(out, "%s%s", text, verbose ? "" : "\n");
}

static gboolean run_heads(const NxAlembic *alembic, FILE *out, GError **err)
{
  (void)err;
  g_autoptr(GPtrArray) heads = nx_graph_heads(alembic->graph, alembic->arguments->resolve_dependencies);
  for (guint i = 0; i < heads->len; i++)
    print_revision(heads->pdata[i], alembic->arguments->verbose, FALSE, out);
  return TRUE;
}

static void print_branches(const NxRevision *revision, gboolean verbose, FILE *out)
{
  print_revision(revision, verbose, TRUE, out);
  for (guint i = 0; i < revision->children->len; i++) {
    const NxRevision *child = revision->children->pdata[i];
    g_autofree char *text = nx_revision_short(child, TRUE, TRUE);
    fprintf(out, "%*s -> %s%s%s\n", (int)strlen(revision->id), "", text, verbose ? ", " : "", verbose ? child->title : "");
  }
  fputc('\n', out);
}

static gboolean run_branches(const NxAlembic *alembic, FILE *out, GError **err)
{
  char *none[] = {NULL};
  g_autoptr(GPtrArray) revisions = nx_graph_range(alembic->graph, none, "base", "heads", err);
  for (guint i = 0; revisions && i < revisions->len; i++) {
    const NxRevision *revision = revisions->pdata[i];
    if (revision->children->len > 1)
      print_branches(revision, alembic->arguments->verbose, out);
  }
  return revisions != NULL;
}

/* What a name means to show and edit: `current` is where the database stands. */
static GPtrArray *named_revisions(const NxAlembic *alembic, GError **err)
{
  if (!g_str_equal(word(alembic), "current"))
    return nx_graph_resolve(alembic->graph, word(alembic), err);
  g_autoptr(NxDb) db = nx_alembic_open(alembic, NX_DB_READ, err);
  g_auto(GStrv) rows = db ? nx_version_rows(db, NULL, err) : NULL;
  return rows ? nx_graph_resolve_rows(alembic->graph, rows, err) : NULL;
}

static gboolean run_show(const NxAlembic *alembic, FILE *out, GError **err)
{
  g_autoptr(GPtrArray) revisions = named_revisions(alembic, err);
  for (guint i = 0; revisions && i < revisions->len; i++)
    print_revision(revisions->pdata[i], TRUE, TRUE, out);
  return revisions != NULL;
}

/* ---------------------------------------------------------------------------------------------------------- editing */

/* The words of a command as Python shows a list. */
static char *words_shown(char **words)
{
  g_autofree char *joined = g_strjoinv("', '", words);
  return g_strdup_printf("['%s']", joined);
}

static gboolean edit(const char *editor, const char *path, GError **err)
{
  g_auto(GStrv) words = NULL;
  g_autofree char *command = g_strconcat(editor, " ", NULL);
  if (!g_shell_parse_argv(command, NULL, &words, err))
    return FALSE;
  g_autofree char *program = g_find_program_in_path(words[0]);
  if (!program)
    return nx_revision_error(err, "Error executing editor (%s: not found)", words[0]);
  guint count = g_strv_length(words);
  words = g_renew(char *, words, count + 2);
  words[count] = g_strdup(path);
  words[count + 1] = NULL;
  g_autofree char *shown = words_shown(words);
  g_free(words[0]);
  words[0] = g_steal_pointer(&program);
  GPid pid = 0;
  NxSpawn spawn = {.argv = words, .in = STDIN_FILENO, .out = STDOUT_FILENO, .err = STDERR_FILENO};
  fflush(stdout);
  if (!nx_process_start(&spawn, &pid, err))
    return FALSE;
  int status = nx_process_wait(pid);
  return status == 0 || nx_revision_error(err, "Error executing editor (Command '%s' returned non-zero exit status %d.)", shown, status);
}

static gboolean run_edit(const NxAlembic *alembic, FILE *out, GError **err)
{
  (void)out;
  const char *visual = g_getenv("VISUAL"), *editor = g_getenv("EDITOR");
  const char *chosen = visual && *visual ? visual : editor && *editor ? editor : "vi";
  g_autoptr(GPtrArray) revisions = named_revisions(alembic, err);
  for (guint i = 0; revisions && i < revisions->len; i++)
    if (!edit(chosen, ((NxRevision *)revisions->pdata[i])->path, err))
      return FALSE;
  return revisions != NULL;
}

/* ----------------------------------------------------------------------------------------------------------- moving */

static gboolean move(const NxAlembic *alembic, gboolean is_upgrade, FILE *out, GError **err)
{
  if (alembic->arguments->sql)
    return nx_offline_migrate(alembic->graph, alembic->address, word(alembic), is_upgrade, out, err);
  if (strchr(word(alembic), ':'))
    return nx_revision_error(err, "Range revision not allowed");
  g_autoptr(NxDb) db = nx_alembic_open(alembic, NX_DB_WRITE, err);
  return db && nx_migrate(db, alembic->graph, word(alembic), is_upgrade, out, err);
}

static gboolean run_upgrade(const NxAlembic *alembic, FILE *out, GError **err)
{
  return move(alembic, TRUE, out, err);
}

static gboolean run_downgrade(const NxAlembic *alembic, FILE *out, GError **err)
{
  return move(alembic, FALSE, out, err);
}

static gboolean run_ensure_version(const NxAlembic *alembic, FILE *out, GError **err)
{
  if (alembic->arguments->sql) {
    nx_offline_ensure_version(alembic->address, out);
    return TRUE;
  }
  g_autoptr(NxDb) db = nx_alembic_open(alembic, NX_DB_WRITE, err);
  g_autoptr(NxDbTransaction) transaction = db ? nx_db_begin(db, err) : NULL;
  return transaction && nx_version_table_make(db, err) && nx_db_commit(&transaction, err);
}

/* ---------------------------------------------------------------------------------------------------- developers' aids */

static gboolean run_list_templates(const NxAlembic *alembic, FILE *out, GError **err)
{
  (void)alembic;
  (void)err;
  fprintf(out,
          "Available templates:\n\nsql - Plain SQL: one pair of files a revision, up and down.\n\n"
          "Templates are used via the 'init' command, e.g.:\n\n  %s init --template sql ./scripts\n",
          nx_cli_program());
  return TRUE;
}

/* A folder for revisions of its own: what NX_MIGRATIONS_PATH may name the parent of. */
static gboolean run_init(const NxAlembic *alembic, FILE *out, GError **err)
{
  static const char FACTS[] = "{\n  \"name\": \"nexuslims\",\n  \"tables\": []\n}\n";
  const char *template = alembic->arguments->template;
  if (template && !g_str_equal(template, "sql"))
    return nx_revision_error(err, "No such template '%s'", template);
  g_autofree char *folder = g_canonicalize_filename(word(alembic), NULL);
  g_autofree char *facts = g_build_filename(folder, "schema.json", NULL);
  if (g_file_test(facts, G_FILE_TEST_EXISTS))
    return nx_revision_error(err, "Directory %s already exists and is not empty", folder);
  if (!nx_folder_make(folder, err) || !nx_file_write(facts, FACTS, strlen(FACTS), 0644, err))
    return FALSE;
  fprintf(out, "Generating %s ...  done\n", facts);
  return TRUE;
}

/* ------------------------------------------------------------------------------------------------------------- rows */

#define FIELD(member) G_STRUCT_OFFSET(NxAlembicArguments, member)
#define VERBOSE                                                                                                                            \
  {                                                                                                                                        \
    "-v", "--verbose", NULL, FALSE, FIELD(verbose)                                                                                         \
  }
#define SQL                                                                                                                                \
  {                                                                                                                                        \
    NULL, "--sql", NULL, FALSE, FIELD(sql)                                                                                                 \
  }
#define TAG                                                                                                                                \
  {                                                                                                                                        \
    NULL, "--tag", "TAG", FALSE, FIELD(tag)                                                                                                \
  }
#define MESSAGE                                                                                                                            \
  {                                                                                                                                        \
    "-m", "--message", "MESSAGE", FALSE, FIELD(message)                                                                                    \
  }
#define BRANCH_LABEL                                                                                                                       \
  {                                                                                                                                        \
    NULL, "--branch-label", "BRANCH_LABEL", FALSE, FIELD(branch_label)                                                                     \
  }
#define REV_ID                                                                                                                             \
  {                                                                                                                                        \
    NULL, "--rev-id", "REV_ID", FALSE, FIELD(rev_id)                                                                                       \
  }

static const NxAlembicOption NONE[] = {{0}};
static const NxAlembicOption ONLY_VERBOSE[] = {VERBOSE, {0}};
static const NxAlembicOption ONLY_SQL[] = {SQL, {0}};
static const NxAlembicOption MOVE[] = {SQL, TAG, {0}};
static const NxAlembicOption HEADS[] = {VERBOSE, {NULL, "--resolve-dependencies", NULL, FALSE, FIELD(resolve_dependencies)}, {0}};
static const NxAlembicOption HISTORY[] = {
    {"-r", "--rev-range", "REV_RANGE", FALSE, FIELD(rev_range)},
    VERBOSE,
    {"-i", "--indicate-current", NULL, FALSE, FIELD(indicate_current)},
    {0},
};
static const NxAlembicOption INIT[] = {
    {"-t", "--template", "TEMPLATE", FALSE, FIELD(template)},
    {NULL, "--package", NULL, FALSE, FIELD(package)},
    {0},
};
static const NxAlembicOption MERGE[] = {MESSAGE, BRANCH_LABEL, REV_ID, {0}};
static const NxAlembicOption REVISION[] = {
    MESSAGE,
    {NULL, "--autogenerate", NULL, FALSE, FIELD(autogenerate)},
    SQL,
    {NULL, "--head", "HEAD", FALSE, FIELD(head)},
    {NULL, "--splice", NULL, FALSE, FIELD(splice)},
    BRANCH_LABEL,
    {NULL, "--version-path", "VERSION_PATH", FALSE, FIELD(version_path)},
    REV_ID,
    {NULL, "--depends-on", "DEPENDS_ON", TRUE, FIELD(depends_on)},
    {0},
};
static const NxAlembicOption STAMP[] = {SQL, TAG, {NULL, "--purge", NULL, FALSE, FIELD(purge)}, {0}};

const NxAlembicCommand nx_alembic_commands[] = {
    {"branches", ONLY_VERBOSE, NULL, FALSE, "Show current branch points.", run_branches},
    {"check", NONE, NULL, FALSE, "Check whether the database has the schema that the revisions build.", nx_alembic_check},
    {"current", ONLY_VERBOSE, NULL, FALSE, "Display the current revision for a database.", run_current},
    {"downgrade", MOVE, "revision", FALSE, "Revert to a previous version.", run_downgrade},
    {"edit", NONE, "rev", FALSE, "Edit revision script(s) using $EDITOR.", run_edit},
    {"ensure_version", ONLY_SQL, NULL, FALSE, "Create the version table if it is not there.", run_ensure_version},
    {"heads", HEADS, NULL, FALSE, "Show the newest revision of every branch.", run_heads},
    {"history", HISTORY, NULL, FALSE, "List revisions, newest first.", run_history},
    {"init", INIT, "directory", FALSE, "Make a folder for revisions.", run_init},
    {"list_templates", NONE, NULL, FALSE, "List the kinds of folders that init makes.", run_list_templates},
    {"merge", MERGE, "revisions", TRUE, "Join branches: a new revision with several parents.", nx_alembic_merge},
    {"revision", REVISION, NULL, FALSE, "Write the files of a new revision.", nx_alembic_revision},
    {"show", NONE, "rev", FALSE, "Show a revision.", run_show},
    {"stamp", STAMP, "revisions", TRUE, "Set the revision of the database without running anything.", nx_alembic_stamp},
    {"upgrade", MOVE, "revision", FALSE, "Upgrade to a later version.", run_upgrade},
    {0},
};

/* ------------------------------------------------------------------------------------------------------------- main */

static int report(const NxAlembic *alembic, const NxAlembicCommand *command, const GError *error)
{
  if (g_error_matches(error, NX_ERROR, NX_ERROR_USAGE))
    return nx_alembic_usage_error(command, "%s", error->message);
  g_autofree char *shown = nx_log_shown(error->message);
  printf("FAILED: %s\n", shown);
  if (error->domain == NX_REVISION_ERROR)
    nx_report_renamed_rows(alembic->address);
  return error->domain == NX_REVISION_ERROR ? 255 : 1;
}

int nx_db_command_alembic(const char *address, const char *const *words)
{
  g_auto(NxAlembicArguments) arguments = {0};
  g_autoptr(GError) error = NULL;
  int status = 0;
  const NxAlembicCommand *command = nx_alembic_parse(words, &arguments, &status);
  if (!command)
    return status;
  g_autoptr(NxGraph) graph = nx_graph_load(NX_SCHEMA, &error);
  NxAlembic alembic = {.address = address, .graph = graph, .arguments = &arguments};
  if (graph && command->run(&alembic, stdout, &error))
    return 0;
  return report(&alembic, command, error);
}
