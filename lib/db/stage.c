/* stage.c — what every stage needs first: a database that is there and has the tables of the head revision. */
#include "nx-config.h"
#include "stages.h"

/* A column of each table that older revisions do not have. */
static const struct {
  const char *table, *column;
} NEEDED[] = {
    {"instruments", "display_name"},
    {"session_log", "session_identifier"},
    {"upload_log", "metadata_json"},
};

static const char *const STATUSES[] = {"COMPLETED",  "WAITING_FOR_END", "TO_BE_BUILT", "BUILT_NOT_EXPORTED", "ERROR", "NO_FILES_FOUND",
                                       "NO_CONSENT", "NO_RESERVATION",  NULL};

gboolean nx_db_status_is_known(const char *status)
{
  return g_strv_contains(STATUSES, status);
}

static gboolean check_tables(NxDb *db, const char *shown, GError **err)
{
  for (gsize i = 0; i < G_N_ELEMENTS(NEEDED); i++) {
    NxColumnFacts facts = {0};
    if (!nx_db_has_column(db, NEEDED[i].table, NEEDED[i].column, &facts, err))
      return FALSE;
    if (!facts.exists) {
      g_set_error(err, NX_ERROR, NX_ERROR_CONFIG,
                  "The database %s has no column %s in a table %s: run 'nexuslims db check' and 'nexuslims db upgrade'", shown,
                  NEEDED[i].column, NEEDED[i].table);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean missing(const char *shown, GError **err)
{
  g_clear_error(err);
  g_set_error(err, NX_ERROR, NX_ERROR_MISSING, "Database does not exist at %s\nRun 'nexuslims db init' to create the database.", shown);
  return FALSE;
}

/* Looking whether a database is there is quick for a file, and a connection of its own for a server: there it is done only after something was
 * found to be wrong. */
static gboolean is_file_without_database(const char *address)
{
  g_autofree char *path = nx_db_file_path(address);
  return path && !nx_db_exists(address);
}

char *nx_db_chosen_address(const char *typed, GError **err)
{
  if (!typed)
    return nx_settings_text("NX_DB_PATH", err);
  if (*typed)
    return g_strdup(typed);
  g_set_error_literal(err, NX_ERROR, NX_ERROR_CONFIG, "--db-uri is empty");
  return NULL;
}

NxDb *nx_stage_open(const char *address, NxDbMode mode, GError **err)
{
  if (!address || !*address) {
    g_set_error_literal(err, NX_ERROR, NX_ERROR_CONFIG,
                        "NX_DB_PATH environment variable is not set.\nRun 'nexuslims config edit' or set NX_DB_PATH manually.");
    return NULL;
  }
  g_autofree char *shown = nx_config_masked_address(address);
  gboolean is_absent = is_file_without_database(address); /* it may appear before it is looked for again */
  g_autoptr(NxDb) db = is_absent ? NULL : nx_db_open(address, mode, err);
  if (db && check_tables(db, shown, err))
    return g_steal_pointer(&db);
  if (is_absent || !nx_db_exists(address))
    missing(shown, err);
  else if (!db)
    nx_db_name_in_error(address, err);
  return NULL;
}

NxDb *nx_stage_open_to_build(const char *address, GError **err)
{
  g_autoptr(NxDb) db = nx_stage_open(address, NX_DB_WRITE, err);
  if (!db)
    return NULL;
  nx_db_prepare_for_build(db);
  return nx_db_enforce_foreign_keys(db, TRUE, err) ? g_steal_pointer(&db) : NULL;
}

void nx_line_refuse(NxLines *lines, GError **err, NxErrorCode code, const char *format, ...)
{
  va_list values;
  va_start(values, format);
  g_autofree char *message = g_strdup_vprintf(format, values);
  va_end(values);
  g_set_error(err, NX_ERROR, code, "line %" G_GUINT64_FORMAT ": %s", nx_lines_number(lines), message);
}
