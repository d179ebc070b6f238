/* users.c — which name a person has in which system: rows of external_user_identifiers (database 7.4). */
#include "nx-listing.h"
#include "stages.h"

static const char *const SYSTEMS[] = {"nemo", "labarchives_eln", "labarchives_scheduler", "cdcs", NULL};
static const char *const COLUMNS[] = {"id",    "nexuslims_username", "external_system",  "external_id",
                                      "email", "created_at",         "last_verified_at", "notes"};

static gboolean check_system(const char *system, GError **err)
{
  if (g_strv_contains(SYSTEMS, system))
    return TRUE;
  g_autofree char *known = g_strjoinv(", ", (char **)SYSTEMS);
  g_set_error(err, NX_ERROR, NX_ERROR_DATA, "'%s' is not a system: %s", system, known);
  return FALSE;
}

static gboolean check_text(const char *what, const char *text, GError **err)
{
  if (*text && g_utf8_validate(text, -1, NULL))
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_DATA, "the %s is %s", what, *text ? "not UTF-8" : "empty");
  return FALSE;
}

static char *now_utc(void)
{
  g_autoptr(GDateTime) now = g_date_time_new_now_utc();
  return nx_time_format(now);
}

static json_object *row_as_json(NxRows *rows)
{
  json_object *row = json_object_new_object();
  for (guint i = 0; i < G_N_ELEMENTS(COLUMNS); i++)
    nx_json_set(row, COLUMNS[i], nx_rows_json(rows, i));
  return row;
}

static gboolean list_users(NxDb *db, gboolean json, const char *jq, GError **err)
{
  g_autoptr(json_object) users = json_object_new_array();
  g_autoptr(NxRows) rows =
      nx_db_select(db, err,
                   "SELECT id, nexuslims_username, external_system, external_id, email, created_at, last_verified_at, notes "
                   "FROM external_user_identifiers ORDER BY nexuslims_username, external_system",
                   NULL);
  if (!rows)
    return FALSE;
  while (nx_rows_next(rows))
    json_object_array_add(users, row_as_json(rows));
  if (!nx_rows_finish(rows, err))
    return FALSE;
  if (json)
    return nx_listing_print(users, jq, stdout, err);
  for (gsize i = 0; i < json_object_array_length(users); i++) {
    json_object *user = json_object_array_get_idx(users, i);
    static const char *const SHOWN[] = {"nexuslims_username", "external_system", "external_id"};
    for (gsize j = 0; j < G_N_ELEMENTS(SHOWN); j++) {
      const char *text = nx_json_get_string(user, SHOWN[j]);
      g_autofree char *visible = nx_text_visible(text ? text : "");
      printf("%s%s", visible, j + 1 < G_N_ELEMENTS(SHOWN) ? "\t" : "\n");
    }
  }
  return TRUE;
}

int nx_db_command_users_list(const char *address, gboolean json, const char *jq)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(NxDb) db = nx_stage_open(address, NX_DB_READ, &error);
  return db && list_users(db, json || jq, jq, &error) ? 0 : nx_fail(error);
}

/* ----------------------------------------------------------------------------------------------------------- storing */

/* Nothing but what the row says afterwards tells who owns an id already. */
static gboolean check_id_is_free(NxDb *db, const char *user, const char *system, const char *external_id, GError **err)
{
  g_autoptr(NxRows) rows =
      nx_db_select(db, err, "SELECT nexuslims_username FROM external_user_identifiers WHERE external_system = $1 AND external_id = $2",
                   "ss", system, external_id);
  if (!rows)
    return FALSE;
  while (nx_rows_next(rows)) {
    if (g_strcmp0(nx_rows_text(rows, 0), user) == 0)
      continue;
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "the %s id %s belongs to %s", system, external_id, nx_rows_text(rows, 0));
    return FALSE;
  }
  return nx_rows_finish(rows, err);
}

static gboolean update_user(NxDb *db, const char *user, const char *system, const char *external_id, const char *email, const char *notes,
                            GError **err)
{
  g_autofree char *now = now_utc();
  return nx_db_run(db, err,
                   "UPDATE external_user_identifiers SET external_id = $1, email = coalesce($2, email), notes = coalesce($3, notes), "
                   "last_verified_at = $4 WHERE nexuslims_username = $5 AND external_system = $6",
                   "ssssss", external_id, email && *email ? email : NULL, notes && *notes ? notes : NULL, now, user, system);
}

static gboolean insert_user(NxDb *db, const char *user, const char *system, const char *external_id, const char *email, const char *notes,
                            GError **err)
{
  g_autofree char *now = now_utc();
  return nx_db_run(db, err,
                   "INSERT INTO external_user_identifiers (nexuslims_username, external_system, external_id, email, created_at, notes) "
                   "VALUES ($1, $2, $3, $4, $5, $6)",
                   "ssssss", user, system, external_id, email && *email ? email : NULL, now, notes && *notes ? notes : NULL);
}

static gboolean add_user(NxDb *db, const char *user, const char *system, const char *external_id, const char *email, const char *notes,
                         GError **err)
{
  g_autoptr(NxDbTransaction) transaction = nx_db_begin(db, err);
  if (!transaction || !check_id_is_free(db, user, system, external_id, err) ||
      !update_user(db, user, system, external_id, email, notes, err))
    return FALSE;
  if (nx_db_changed(db) == 0 && !insert_user(db, user, system, external_id, email, notes, err))
    return FALSE;
  return nx_db_commit(&transaction, err);
}

int nx_db_command_users_add(const char *address, const char *user, const char *system, const char *external_id, const char *email,
                            const char *notes)
{
  g_autoptr(GError) error = NULL;
  if (!check_system(system, &error) || !check_text("user name", user, &error) || !check_text("id", external_id, &error))
    return nx_fail(error);
  g_autoptr(NxDb) db = nx_stage_open(address, NX_DB_WRITE, &error);
  if (!db || !add_user(db, user, system, external_id, email, notes, &error))
    return nx_fail(error);
  g_autofree char *shown_user = nx_text_visible(user), *shown_id = nx_text_visible(external_id);
  printf("ExternalUserIdentifier (username=%s, system=%s, external_id=%s)\n", shown_user, system, shown_id);
  return 0;
}

int nx_db_command_users_verify(const char *address, const char *user, const char *system)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *now = now_utc();
  if (!check_system(system, &error))
    return nx_fail(error);
  g_autoptr(NxDb) db = nx_stage_open(address, NX_DB_WRITE, &error);
  if (!db || !nx_db_run(db, &error,
                        "UPDATE external_user_identifiers SET last_verified_at = $1 WHERE nexuslims_username = $2 AND external_system = $3",
                        "sss", now, user, system))
    return nx_fail(error);
  return nx_db_changed(db) ? 0 : 1;
}

/* -------------------------------------------------------------------------------------------------------- looking up */

/* Prints the one text that a query finds; nothing found: 1. */
static int print_found(const char *address, const char *sql, const char *first, const char *second)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(NxDb) db = nx_stage_open(address, NX_DB_READ, &error);
  g_autoptr(NxRows) rows = db ? nx_db_select(db, &error, sql, "ss", first, second) : NULL;
  if (!rows)
    return nx_fail(error);
  gboolean found = nx_rows_next(rows);
  if (found)
    printf("%s\n", nx_rows_text(rows, 0));
  return nx_rows_finish(rows, &error) ? !found : nx_fail(error);
}

/* All ids of a user as a JSON object. */
static int print_all_ids(const char *address, const char *user)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(json_object) ids = json_object_new_object();
  g_autoptr(NxDb) db = nx_stage_open(address, NX_DB_READ, &error);
  g_autoptr(NxRows) rows =
      db ? nx_db_select(db, &error,
                        "SELECT external_system, external_id FROM external_user_identifiers WHERE nexuslims_username = $1 "
                        "ORDER BY external_system",
                        "s", user)
         : NULL;
  while (rows && nx_rows_next(rows))
    nx_json_set(ids, nx_rows_text(rows, 0), nx_rows_json(rows, 1));
  if (!rows || !nx_rows_finish(rows, &error))
    return nx_fail(error);
  if (json_object_object_length(ids) == 0)
    return 1;
  return nx_line_write(stdout, ids, &error) ? 0 : nx_fail(error);
}

int nx_db_command_users_lookup(const char *address, const char *user, const char *system)
{
  g_autoptr(GError) error = NULL;
  if (!system)
    return print_all_ids(address, user);
  if (!check_system(system, &error))
    return nx_fail(error);
  return print_found(address, "SELECT external_id FROM external_user_identifiers WHERE nexuslims_username = $1 AND external_system = $2",
                     user, system);
}

int nx_db_command_users_whois(const char *address, const char *system, const char *external_id)
{
  g_autoptr(GError) error = NULL;
  if (!check_system(system, &error))
    return nx_fail(error);
  return print_found(address, "SELECT nexuslims_username FROM external_user_identifiers WHERE external_system = $1 AND external_id = $2",
                     system, external_id);
}
