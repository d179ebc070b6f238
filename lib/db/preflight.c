/* preflight.c — is the database fit for a build: checks 1 to 4 of export §9, and the instruments for those that follow. */
#include "migration.h"
#include "reports.h"
#include "stages.h"

#include "nx-config.h"

#include <string.h>

/* What the checks learn from one another; the first member that is missing is why the later checks cannot say anything. */
typedef struct {
  const char *address;
  gboolean dry_run;
  char *shown;
  NxDb *db;
  char **tables;
} Patient;

static void patient_clear(Patient *patient)
{
  g_free(patient->shown);
  g_strfreev(patient->tables);
  nx_db_close(patient->db);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Patient, patient_clear)

typedef gboolean (*Examination)(Patient *patient, GString *message);

static gboolean open_database(Patient *patient, GError **err)
{
  gint64 one = 0;
  patient->db = nx_db_open(patient->address, NX_DB_READ, err);
  if (!patient->db || !nx_db_number(patient->db, &one, err, "SELECT 1", NULL))
    return FALSE;
  patient->tables = nx_db_tables(patient->db, err);
  return patient->tables != NULL;
}

/* What a build does to tables, where the server says that this user may not: "INSERT ON upload_log". */
static gboolean find_forbidden(NxDb *db, GString *missing, GError **err)
{
  static const struct {
    const char *table, *rights;
  } NEEDED[] = {{"session_log", "INSERT, UPDATE, DELETE"}, {"upload_log", "INSERT"}};
  const char *sql = nx_db_catalogue(db, NX_CATALOGUE_FORBIDDEN);
  for (gsize i = 0; sql && i < G_N_ELEMENTS(NEEDED); i++) {
    gint64 n = 0;
    if (!nx_db_number(db, &n, err, sql, "ss", NEEDED[i].table, NEEDED[i].rights))
      return FALSE;
    if (n > 0)
      g_string_append_printf(missing, "%s%s ON %s", missing->len ? " and " : "", NEEDED[i].rights, NEEDED[i].table);
  }
  return TRUE;
}

/* Why a build could not write to it; NULL when it could. */
static char *writing_problem(const Patient *patient)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(GString) missing = g_string_new(NULL);
  char *modes = nx_db_unwritable(patient->address);
  if (modes)
    return modes;
  if (!find_forbidden(patient->db, missing, &problem))
    return g_strdup(problem->message);
  return missing->len ? g_strdup_printf("its user lacks the right to do so: GRANT %s", missing->str) : NULL;
}

static gboolean examine_reachable(Patient *patient, GString *message)
{
  g_autoptr(GError) problem = NULL;
  if (!*patient->address)
    g_string_assign(message, "NX_DB_PATH is not set: run 'nexuslims config edit'");
  else if (!strstr(patient->address, "://") && !nx_db_exists(patient->address))
    g_string_printf(message, "there is no database at %s: run 'nexuslims db init'", patient->shown);
  else if (!open_database(patient, &problem))
    g_string_printf(message, "the database %s cannot be read: %s", patient->shown, problem->message);
  if (message->len > 0)
    return FALSE;
  g_autofree char *refusal = patient->dry_run ? NULL : writing_problem(patient);
  if (refusal)
    g_string_printf(message, "the database %s cannot be written to: %s", patient->shown, refusal);
  else
    g_string_printf(message, "the database %s can be read%s", patient->shown, patient->dry_run ? "" : " and written to");
  return !refusal;
}

static gboolean is_missing(const Patient *patient, const char *table)
{
  return !g_strv_contains((const char *const *)patient->tables, table);
}

static gboolean examine_tables(Patient *patient, GString *message)
{
  static const char *const NEEDED[] = {"external_user_identifiers", "instruments", "session_log", "upload_log"};
  for (gsize i = 0; i < G_N_ELEMENTS(NEEDED); i++)
    if (is_missing(patient, NEEDED[i]))
      g_string_append_printf(message, "%s%s", message->len ? ", " : "the database has no table ", NEEDED[i]);
  if (message->len > 0) {
    g_string_append(message, ": run 'nexuslims db upgrade'");
    return FALSE;
  }
  g_string_assign(message, "all tables are there");
  return TRUE;
}

static gboolean examine_revision(Patient *patient, GString *message)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(NxGraph) graph = nx_graph_load(NX_SCHEMA, &problem);
  gboolean exists = FALSE;
  g_auto(GStrv) rows = graph ? nx_version_rows(patient->db, &exists, &problem) : NULL;
  if (!rows) {
    g_string_printf(message, "the schema revision is not known: %s", problem->message);
    return FALSE;
  }
  g_autoptr(GPtrArray) heads = nx_graph_heads(graph, TRUE);
  const char *head = ((NxRevision *)heads->pdata[0])->id;
  g_autofree char *revision = *rows ? g_strjoinv(", ", rows) : g_strdup(exists ? "none (alembic_version is empty)" : "none (there is no alembic_version)");
  if (g_str_equal(revision, head)) {
    g_string_printf(message, "the schema is at revision %s, the newest", head);
    return TRUE;
  }
  g_string_printf(message, "the schema is at revision %s, this version needs %s: run 'nexuslims db upgrade'", revision, head);
  if (*rows && !nx_graph_find(graph, *rows))
    g_string_append_printf(message, " (if it refuses %s, a newer NexusLIMS made it)", *rows);
  return FALSE;
}

static gboolean examine_instruments(Patient *patient, GString *message)
{
  gint64 n = 0;
  g_autoptr(GError) problem = NULL;
  if (is_missing(patient, "instruments") || !nx_db_number(patient->db, &n, &problem, "SELECT count(*) FROM instruments", NULL))
    g_string_printf(message, "the instruments cannot be counted: %s", problem ? problem->message : "there is no such table");
  else if (n == 0)
    g_string_assign(message, "there is no instrument: add one with 'nexuslims instruments manage'");
  else
    g_string_printf(message, "%" G_GINT64_FORMAT " instrument%s", n, n == 1 ? "" : "s");
  return n > 0;
}

static const struct {
  const char *name, *severity;
  Examination examine;
} CHECKS[] = {
  {"db_reachable", "error", examine_reachable},
  {"db_tables", "error", examine_tables},
  {"alembic_migration", "error", examine_revision},
  {"instruments_exist", "warning", examine_instruments},
};

static gboolean write_check(gsize i, gboolean passed, const char *message, FILE *out, GError **err)
{
  g_autoptr(json_object) line = json_object_new_object();
  g_autofree char *valid = nx_text_utf8(message, -1);
  nx_json_set_string(line, "kind", "check");
  nx_json_set_string(line, "name", CHECKS[i].name);
  nx_json_set(line, "passed", json_object_new_boolean(passed));
  nx_json_set_string(line, "severity", CHECKS[i].severity);
  nx_json_set_string(line, "message", valid);
  return nx_line_write(out, line, err);
}

/* The instruments of a database that is not fit for a build, so that what is wrong with them is said at once. Revisions that lack a column of
 * theirs do not tell. */
static gboolean write_instruments(NxDb *db, FILE *out, GError **err)
{
  for (guint i = 0; nx_instrument_columns[i]; i++) {
    NxColumnFacts facts = {0};
    if (!nx_db_has_column(db, "instruments", nx_instrument_columns[i], &facts, err))
      return FALSE;
    if (!facts.exists)
      return TRUE;
  }
  return nx_instruments_write(db, out, err);
}

gboolean nx_db_preflight(const char *address, gboolean dry_run, FILE *out, GError **err)
{
  g_auto(Patient) patient = {.address = address ? address : "", .dry_run = dry_run, .shown = nx_config_masked_address(address ? address : "")};
  gboolean fit = TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS(CHECKS); i++) {
    g_autoptr(GString) message = g_string_new(NULL);
    gboolean known = i == 0 || patient.tables != NULL;
    gboolean passed = known && CHECKS[i].examine(&patient, message);
    fit = fit && passed;
    if (!write_check(i, passed, known ? message->str : "not known, because the database cannot be read", out, err))
      return FALSE;
  }
  if (fit)
    return nx_stage_instruments(address, out, err);
  return !patient.tables || write_instruments(patient.db, out, err);
}
