/* schema-commands.c — init, upgrade, downgrade, current, check and history in the words of `nexuslims db` (database 3). */
#include "nx-cli.h"
#include "nx-config.h"
#include "nx-listing.h"
#include "offline.h"
#include "reports.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

const char *const nx_db_unset_message =
    "Error: NX_DB_PATH environment variable is not set.\n\nSet it via the interactive configurator:\n\n"
    "    nexuslims config edit\n\nOr set it directly, e.g.:\n\n    export NX_DB_PATH=/path/to/database.db\n";

/* "Error <doing>: <message>" in red, the message as people get to see it: it may quote what stands in the database. */
static int complain(const char *doing, const GError *error, int status)
{
  g_autofree char *shown = nx_log_shown(error->message);
  gboolean colour = nx_cli_has_colour(stderr);
  fflush(stdout);
  fprintf(stderr, "%sError %s: %s%s\n", colour ? "\033[31m" : "", doing, shown, colour ? "\033[0m" : "");
  return status;
}

static gboolean is_named(const char *address)
{
  return address && *address;
}

static gboolean is_there(const char *address)
{
  return is_named(address) && nx_db_exists(address);
}

static int say_missing(const char *what_to_do, int status)
{
  fprintf(stderr, "Error: Database does not exist.%s\n", what_to_do);
  return status;
}

#define RUN_INIT_FIRST " Run 'nexuslims db init' first."

/* "v2_5_0b", "none" or "unknown", for people. */
static char *version_shown(NxDb *db)
{
  g_auto(GStrv) rows = nx_version_rows(db, NULL, NULL);
  guint count = rows ? g_strv_length(rows) : 2;
  return nx_text_visible(count == 0 ? "none" : count == 1 ? rows[0] : "unknown");
}

/* ------------------------------------------------------------------------------------------------------------- init */

static gboolean is_folder(const char *address)
{
  g_autofree char *path = nx_db_file_path(address);
  return path && g_file_test(path, G_FILE_TEST_IS_DIR);
}

static int say_initialized(const char *address)
{
  g_autoptr(NxDb) db = nx_db_open(address, NX_DB_READ, NULL);
  g_autofree char *version = db ? version_shown(db) : g_strdup("unknown");
  nx_cli_print_success(stdout, "Database initialized successfully");
  printf("  Current version: %s\n", version);
  return 0;
}

int nx_db_command_init(const char *address, gboolean force)
{
  if (!is_named(address)) {
    fputs(nx_db_unset_message, stderr);
    return 1;
  }
  g_autofree char *masked = nx_config_masked_address(address), *shown = nx_log_shown(masked);
  if (force && is_folder(address)) {
    fprintf(stderr, "Error: %s is a directory, not a database.\n", shown);
    return 1;
  }
  gboolean exists = FALSE;
  g_autoptr(GError) error = NULL;
  if (!nx_db_find(address, &exists, &error))
    return complain("initializing database", error, 1);
  if (!force && exists) {
    fprintf(stderr, "Error: Database already exists at %s\nUse --force to overwrite, or remove the file manually.\n", shown);
    return 1;
  }
  printf("Initializing database at %s...\n", shown);
  fflush(stdout);
  g_autoptr(NxGraph) graph = nx_graph_load(NX_SCHEMA, &error);
  if (!graph || !nx_database_make(graph, address, force, stdout, &error))
    return complain("initializing database", error, 1);
  return say_initialized(address);
}

/* -------------------------------------------------------------------------------------------------------- migrating */

typedef struct {
  const char *doing, *done;
  gboolean is_upgrade;
} Move;

static const Move UPGRADE = {"upgrading database", "Database upgraded successfully", TRUE};
static const Move DOWNGRADE = {"downgrading database", "Database downgraded successfully", FALSE};

static int migrate(const char *address, const char *revision, const Move *move)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(NxGraph) graph = nx_graph_load(NX_SCHEMA, &error);
  g_autoptr(NxDb) db = graph ? nx_report_open(address, NX_DB_WRITE, &error) : NULL;
  if (!db)
    return complain(move->doing, error, 1);
  g_autofree char *before = version_shown(db);
  if (strchr(revision, ':'))
    nx_revision_error(&error, "Range revision not allowed");
  if (error || !nx_migrate(db, graph, revision, move->is_upgrade, stdout, &error)) {
    complain(move->doing, error, 1);
    nx_report_renamed(before);
    return 1;
  }
  g_autofree char *after = version_shown(db);
  nx_cli_print_success(stdout, "%s", move->done);
  printf("  %s -> %s\n", before, after);
  return 0;
}

int nx_db_command_upgrade(const char *address, const char *revision)
{
  return is_there(address) ? migrate(address, revision, &UPGRADE) : say_missing(RUN_INIT_FIRST, 1);
}

int nx_db_command_downgrade(const char *address, const char *revision)
{
  return is_there(address) ? migrate(address, revision, &DOWNGRADE) : say_missing("", 1);
}

int nx_db_command_script(const char *address, const char *range, gboolean is_upgrade, GError **err)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(NxGraph) graph = nx_graph_load(NX_SCHEMA, &error);
  if (graph && nx_offline_migrate(graph, address, range, is_upgrade, stdout, &error))
    return 0;
  if (!g_error_matches(error, NX_ERROR, NX_ERROR_USAGE))
    return complain(is_upgrade ? UPGRADE.doing : DOWNGRADE.doing, error, 1);
  g_propagate_error(err, g_steal_pointer(&error));
  return 2;
}

/* ---------------------------------------------------------------------------------------------------------- looking */

int nx_db_command_current(const char *address, gboolean verbose)
{
  if (!is_there(address))
    return say_missing(RUN_INIT_FIRST, 1);
  g_autoptr(GError) error = NULL;
  g_autoptr(NxGraph) graph = nx_graph_load(NX_SCHEMA, &error);
  g_autoptr(NxDb) db = graph ? nx_report_open(address, NX_DB_READ, &error) : NULL;
  if (db && nx_report_current(db, graph, address, verbose, stdout, &error))
    return 0;
  complain("checking database version", error, 1);
  nx_report_renamed_rows(address);
  return 1;
}

static gboolean one_version(NxDb *db, char **version, GError **err)
{
  g_auto(GStrv) rows = nx_version_rows(db, NULL, err);
  if (!rows)
    return FALSE;
  if (g_strv_length(rows) > 1)
    return nx_revision_error(err, "Version table 'alembic_version' has more than one head present; please use get_current_heads()");
  *version = g_strdup(rows[0]);
  return TRUE;
}

static const NxRevision *one_head(const NxGraph *graph, GError **err)
{
  g_autoptr(GPtrArray) heads = nx_graph_heads(graph, FALSE);
  if (heads->len == 1)
    return heads->pdata[0];
  nx_revision_error(err, "The script directory has multiple heads (due to branching).Please use get_heads(), or merge the branches using "
                         "alembic merge.");
  return NULL;
}

static int say_pending(const char *version, const NxRevision *head)
{
  fflush(stdout);
  nx_cli_print_warning(stderr, "Database has pending migrations");
  fprintf(stderr, "  Current revision: %s\n  Latest revision:  %s\n\nRun 'nexuslims db upgrade' to apply pending migrations.\n",
          version ? version : "none", head->id);
  if (version)
    nx_report_renamed(version);
  return 1;
}

int nx_db_command_check(const char *address)
{
  if (!is_there(address))
    return say_missing(RUN_INIT_FIRST, 2);
  g_autoptr(GError) error = NULL;
  g_autofree char *version = NULL;
  g_autoptr(NxGraph) graph = nx_graph_load(NX_SCHEMA, &error);
  g_autoptr(NxDb) db = graph ? nx_report_open(address, NX_DB_READ, &error) : NULL;
  const NxRevision *head = db && one_version(db, &version, &error) ? one_head(graph, &error) : NULL;
  if (head && version && !nx_graph_find(graph, version) && !nx_revision_renamed(version))
    nx_revision_error(&error, "Database revision %s is unknown to this version (newer program or damaged).", version);
  if (error)
    return complain("checking migrations", error, 2);
  if (g_strcmp0(version, head->id) != 0)
    return say_pending(version, head);
  nx_cli_print_success(stdout, "Database is up-to-date (revision: %s)", head->id);
  return 0;
}

int nx_db_command_history(const char *address, gboolean verbose, gboolean indicate_current, gboolean json, const char *jq)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(NxGraph) graph = nx_graph_load(NX_SCHEMA, &error);
  g_autoptr(json_object) entries = graph && (json || jq) ? nx_report_history_as_json(graph, address, indicate_current, &error) : NULL;
  if (entries)
    return nx_listing_print(entries, jq, stdout, &error) ? 0 : nx_fail(error);
  if (graph && !json && !jq && nx_report_history(graph, address, NULL, verbose, indicate_current, stdout, &error))
    return 0;
  return complain("showing history", error, 1);
}
