/* igem-database.c — create, upgrade, status, stamp-head and migrate-dry-run: what the engine does, in the words of igem-db §5.1 to §5.5. */
#include "igem-commands.h"

#include "nx-listing.h"

#include <unistd.h>

/* ------------------------------------------------------------------------------------------------------------- events */

typedef struct {
  const char *at_head; /* what is said when there is nothing to do: before and behind the revision */
  gboolean is_create, has_begun;
} Telling;

/* Results go to standard output, in step with the log. */
static void say(const char *format, ...) G_GNUC_PRINTF(1, 2);
static void say(const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  vprintf(format, arguments);
  va_end(arguments);
  fflush(stdout);
}

static void say_beginning(Telling *telling)
{
  if (telling->is_create && !telling->has_begun)
    nx_log_info("Bootstrapping models...");
  telling->has_begun = TRUE;
}

static void tell_stamping(const Telling *telling)
{
  if (!telling->is_create)
    return;
  nx_log_info("Stamping schema revision...");
  say("Stamping schema revision...\n");
}

static void tell(const NxEvent *event, gpointer user_data)
{
  Telling *telling = user_data;
  switch (event->kind) {
  case NX_EVENT_DATABASE_MADE:
    nx_log_info("Created PostgreSQL database '%s'", event->text);
    break;
  case NX_EVENT_EXTENSION:
    say_beginning(telling);
    nx_log_info("Enabling %s extension...", g_str_equal(event->text, "vector") ? "pgvector" : event->text);
    break;
  case NX_EVENT_TABLES:
    say_beginning(telling);
    nx_log_info("Creating tables...");
    break;
  case NX_EVENT_SEEDS:
    nx_log_info("Seeding initial data...");
    break;
  case NX_EVENT_SEEDED:
    nx_log_info("Seeded %s: created=%" G_GINT64_FORMAT " updated=%" G_GINT64_FORMAT " skipped=%" G_GINT64_FORMAT, event->text,
                event->created, event->updated, event->skipped);
    break;
  case NX_EVENT_STAMPING:
    tell_stamping(telling);
    break;
  case NX_EVENT_STAMPED:
    say("Stamping DB to head revision: %s\nStamp complete.\n", event->text);
    break;
  case NX_EVENT_AT_HEAD:
    say("%s (revision=%s); nothing to do.\n", telling->at_head, event->text);
    break;
  case NX_EVENT_MIGRATING:
    say("Running Alembic migrations\n  From: %s\n  To  : head\n", event->from);
    break;
  case NX_EVENT_MIGRATED:
    say("Migration complete: %s → %s\n", event->from, event->text);
    break;
  case NX_EVENT_WARNING:
    say_beginning(telling);
    nx_log_warning("%s", event->text);
    break;
  case NX_EVENT_LINE:
    nx_log_info("%s", event->text);
    break;
  }
}

/* What the engine says of a file or a server is told with the address. */
static int failed(const IgemTarget *target, const IgemAdvice *advice, GError *error)
{
  if (error->domain == NX_ERROR && error->code != NX_ERROR_INTERRUPTED)
    g_prefix_error(&error, "%s: ", target->address->uri);
  return igem_failed(target, advice, error);
}

/* ------------------------------------------------------------------------------------------------------------- create */

static const IgemAdvice CREATE_ADVICE[] = {
    {NX_STATE_VERSION_EMPTY, "The version table is empty in the database at ",
     ": run `igem-server db stamp-head --force` if its schema is in place", FALSE},
    {NX_STATE_BEHIND, "The database at ", " stands at an older revision: run `igem-server db upgrade`", FALSE},
    {0},
};

int igem_run_create(const NxIgemPlace *top, int argc, char **argv)
{
  int status = 0;
  gboolean existed = FALSE;
  GError *error = NULL;
  NxIgemCreateOptions options = {0};
  Telling telling = {.at_head = "Already at head", .is_create = TRUE};
  NxWatcher watcher = {.happened = tell, .user_data = &telling};
  g_auto(IgemTarget) target = {0};
  if (!nx_cli_parse(&nx_command_igem_create, argc, argv, &options))
    return nx_cli_exit_code();
  if (!igem_target_find_database(&target, top, &options.place, &status))
    return status;
  if (!nx_schema_create(target.schema, target.address->opened, options.overwrite, &watcher, &existed, &error))
    return failed(&target, CREATE_ADVICE, error);
  if (existed)
    nx_log_warning("Database already exists at %s", target.address->uri);
  else
    nx_log_info("Database created at %s", target.address->uri);
  return 0;
}

/* ------------------------------------------------------------------------------------------------------------ upgrade */

#define WITHOUT_ROW " has no row in alembic_version, so which migrations it needs is not known.\n"

static const IgemAdvice UPGRADE_ADVICE[] = {
    {NX_STATE_EMPTY, "The database at ",
     WITHOUT_ROW "It is empty: run `igem-server db create`. (`igem-server db stamp-head` is for one whose schema is in place.)", FALSE},
    {NX_STATE_NOT_VERSIONED, "The database at ", WITHOUT_ROW "Run `igem-server db stamp-head` first if its schema is in place.", FALSE},
    {NX_STATE_VERSION_EMPTY, "The database at ", WITHOUT_ROW "Run `igem-server db stamp-head --force` first if its schema is in place.",
     FALSE},
    {NX_STATE_BEHIND, "Cannot upgrade the database at ", ". Empty them first, or give --allow-data-loss", TRUE},
    {0},
};

int igem_run_upgrade(const NxIgemPlace *top, int argc, char **argv)
{
  int status = 0;
  GError *error = NULL;
  NxIgemUpgradeOptions options = {0};
  Telling telling = {.at_head = "Schema up-to-date"};
  NxWatcher watcher = {.happened = tell, .user_data = &telling};
  g_auto(IgemTarget) target = {0};
  if (!nx_cli_parse(&nx_command_igem_upgrade, argc, argv, &options))
    return nx_cli_exit_code();
  if (!igem_target_find_database(&target, top, &options.place, &status))
    return status;
  if (!nx_schema_upgrade(target.schema, target.address->opened, options.allow_data_loss, &watcher, &error))
    return failed(&target, UPGRADE_ADVICE, error);
  nx_log_info("Database upgraded successfully");
  return 0;
}

/* --------------------------------------------------------------------------------------------------------- stamp-head */

#define REFUSING "Refusing to stamp: DB already has an alembic_version row. To replace it in the database at "
#define HOW_TO_FORCE ", run `igem-server db stamp-head --force`; have a backup ready"

static const IgemAdvice STAMP_ADVICE[] = {
    {NX_STATE_VERSION_EMPTY,
     "Refusing to stamp: DB already has an alembic_version table, though no row in it. To fill it in the database at ", HOW_TO_FORCE,
     FALSE},
    {NX_STATE_BEHIND, REFUSING, HOW_TO_FORCE ". To run the pending migrations, run `igem-server db upgrade`", FALSE},
    {NX_STATE_UNKNOWN_REVISION, REFUSING, HOW_TO_FORCE, FALSE},
    {NX_STATE_SEVERAL_ROWS, "Refusing to stamp: DB has more than one alembic_version row. To replace them in the database at ",
     HOW_TO_FORCE, FALSE},
    {0},
};

int igem_run_stamp(const NxIgemPlace *top, int argc, char **argv)
{
  int status = 0;
  GError *error = NULL;
  NxIgemStampOptions options = {0};
  Telling telling = {.at_head = "Already at head"};
  NxWatcher watcher = {.happened = tell, .user_data = &telling};
  g_auto(IgemTarget) target = {0};
  if (!nx_cli_parse(&nx_command_igem_stamp, argc, argv, &options))
    return nx_cli_exit_code();
  if (!igem_target_find_database(&target, top, &options.place, &status))
    return status;
  if (!nx_schema_stamp_head(target.schema, target.address->opened, options.force, &watcher, &error))
    return failed(&target, STAMP_ADVICE, error);
  return 0;
}

/* ------------------------------------------------------------------------------------------------------------- status */

#define UNVERSIONED "DB is NOT alembic-versioned. Use `db stamp-head` for an existing production schema."
#define PENDING "pending migrations available."

/* What `status` says of each state; states without a row are errors. */
static const struct {
  NxState state;
  gboolean is_versioned;
  const char *word, *hint;
} STANDINGS[] = {
    {NX_STATE_EMPTY, FALSE, "not-versioned", UNVERSIONED},
    {NX_STATE_NOT_VERSIONED, FALSE, "not-versioned", UNVERSIONED},
    {NX_STATE_VERSION_EMPTY, TRUE, "pending", PENDING},
    {NX_STATE_BEHIND, TRUE, "pending", PENDING},
    {NX_STATE_AT_HEAD, TRUE, "up-to-date", "up-to-date."},
    {NX_STATE_UNKNOWN_REVISION, TRUE, "unknown-revision", "DB revision is unknown to this version (newer or corrupted)."},
};

/* The state as an error when it is one that nothing can be told about. */
static gboolean read_state(const IgemTarget *target, gsize *row, char **revision, GError **err)
{
  g_autoptr(GError) reason = NULL;
  NxState state = nx_schema_state(target->schema, target->address->opened, revision, &reason);
  for (*row = 0; *row < G_N_ELEMENTS(STANDINGS); (*row)++)
    if (STANDINGS[*row].state == state)
      return TRUE;
  g_set_error_literal(err, NX_STATE_ERROR, (int)state, reason ? reason->message : "");
  return FALSE;
}

static void print_status(const IgemTarget *target, gsize row, const char *revision)
{
  printf("Alembic status\n");
  nx_cli_print_label("  ", 15, "DB URI", target->address->uri);
  nx_cli_print_label("  ", 15, "Script location", nx_schema_folder(target->schema));
  nx_cli_print_label("  ", 15, "Repo head", nx_schema_head(target->schema));
  nx_cli_print_label("  ", 15, "DB revision", revision);
  nx_cli_print_label("  ", 15, "Versioned?", igem_truth(STANDINGS[row].is_versioned));
  printf("  → %s\n", STANDINGS[row].hint);
}

static json_object *status_as_json(const IgemTarget *target, gsize row, const char *revision)
{
  json_object *status = json_object_new_object();
  nx_json_set_string(status, "uri", target->address->uri);
  nx_json_set_string(status, "script_location", nx_schema_folder(target->schema));
  nx_json_set_string(status, "head", nx_schema_head(target->schema));
  nx_json_set_string(status, "revision", revision);
  nx_json_set(status, "versioned", json_object_new_boolean(STANDINGS[row].is_versioned));
  nx_json_set_string(status, "state", STANDINGS[row].word);
  return status;
}

int igem_run_status(const NxIgemPlace *top, int argc, char **argv)
{
  int status = 0;
  gsize row = 0;
  GError *error = NULL;
  NxIgemStatusOptions options = {0};
  g_autofree char *revision = NULL;
  g_auto(IgemTarget) target = {0};
  if (!nx_cli_parse(&nx_command_igem_status, argc, argv, &options) || !nx_listing_accepts(options.jq))
    return nx_cli_exit_code();
  if (!igem_target_find_database(&target, top, &options.place, &status))
    return status;
  if (!read_state(&target, &row, &revision, &error))
    return igem_failed(&target, NULL, error);
  if (options.format != NX_FORMAT_JSON && !options.jq) {
    print_status(&target, row, revision);
    return 0;
  }
  g_autoptr(json_object) value = status_as_json(&target, row, revision);
  return nx_listing_print(value, options.jq, stdout, &error) ? 0 : igem_failed(&target, NULL, error);
}

/* ---------------------------------------------------------------------------------------------------- migrate-dry-run */

int igem_run_dry_run(const NxIgemPlace *top, int argc, char **argv)
{
  int status = 0;
  gsize row = 0;
  GError *error = NULL;
  NxIgemDryRunOptions options = {0};
  g_autofree char *revision = NULL;
  g_auto(IgemTarget) target = {0};
  if (!nx_cli_parse(&nx_command_igem_dry_run, argc, argv, &options))
    return nx_cli_exit_code();
  if (!igem_target_find_database(&target, top, &options.place, &status))
    return status;
  if (!read_state(&target, &row, &revision, &error))
    return igem_failed(&target, NULL, error);
  /* In a file the head is a comment, so that the file is a script. */
  const char *mark = isatty(STDOUT_FILENO) ? "" : "-- ";
  say("%sDry-run (SQL only — no execution)\n%s  From: %s\n%s  To  : %s\n", mark, mark, revision ? revision : "None", mark, options.target);
  if (!nx_schema_script(target.schema, target.address->opened, options.target, options.from == 1, stdout, &error))
    return igem_failed(&target, NULL, error);
  return 0;
}
