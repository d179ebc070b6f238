/* postgres.c — the PostgreSQL engine: connections, waiting, errors, transactions. One transaction that writes runs at a time, under an
 * advisory lock, as on SQLite; those that lock the rows they need by themselves run beside one another (database 10). */
#include "postgres.h"

#include "nx-config.h"
#include "sql-text.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define LOCK_TIMEOUT_MS 30000
#define RECONNECTING_MS 30000
/* The key of the advisory lock: "NexusLIM" in ASCII. */
#define WRITE_LOCK "5649048022693956941"

/* SQLSTATE, or its class, and what the caller does; every other one is NX_ERROR_IO. postgresql.org/docs/15/errcodes-appendix.html */
static const struct {
  const char *state;
  NxErrorCode meaning;
} ERROR_MEANINGS[] = {
    {"08", NX_ERROR_PLACE},          /* connection exception */
    {"40", NX_ERROR_PLACE},          /* transaction rolled back: deadlock, serialization */
    {"53", NX_ERROR_PLACE},          /* disk full, out of memory, too many connections */
    {"54", NX_ERROR_DATA},           /* program limit exceeded: a text too long for an index, too many columns */
    {"55", NX_ERROR_PLACE},          /* lock not available, object in use */
    {"57", NX_ERROR_PLACE},          /* shutdown, restart; a statement that took too long for the server, or that its administrator ended */
    {"58", NX_ERROR_PLACE},          /* system error */
    {"25006", NX_ERROR_PLACE},       /* read-only transaction */
    {"42501", NX_ERROR_CONFIG},      /* insufficient privilege */
    {"22", NX_ERROR_DATA},           /* data exception */
    {"23", NX_ERROR_DATA},           /* constraint violation */
};

#define QUERY_CANCELED "57014"
#define DEPENDENT_OBJECTS_STILL_EXIST "2BP01"

static NxErrorCode meaning_of(const NxPostgres *postgres, const char *state)
{
  if (g_str_equal(state, QUERY_CANCELED) && postgres->is_cancelled)
    return NX_ERROR_INTERRUPTED;
  for (gsize i = 0; i < G_N_ELEMENTS(ERROR_MEANINGS); i++)
    if (g_str_has_prefix(state, ERROR_MEANINGS[i].state))
      return ERROR_MEANINGS[i].meaning;
  return NX_ERROR_IO;
}

/* "FATAL:  terminating connection due to administrator command" → without the severity. */
static const char *without_severity(const char *text)
{
  static const char *const WORDS[] = {"FATAL:", "PANIC:", "ERROR:"};
  for (gsize i = 0; i < G_N_ELEMENTS(WORDS); i++)
    if (g_str_has_prefix(text, WORDS[i]))
      return text + strlen(WORDS[i]) + strspn(text + strlen(WORDS[i]), " ");
  return text;
}

static gboolean lost(NxPostgres *postgres, const PGresult *result, GError **err)
{
  const char *primary = result ? nx_pq.resultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
  const char *text = primary ? primary : result ? nx_pq.resultErrorMessage(result) : nx_pq.errorMessage(postgres->connection);
  g_autofree char *first_line = g_strndup(text, strcspn(text, "\n"));
  g_autofree char *reason = nx_postgres_sentence(without_severity(first_line), NULL);
  g_set_error(err, NX_ERROR, NX_ERROR_PLACE, "the connection to the PostgreSQL server at %s was lost: %s", postgres->place,
              *reason ? reason : "no reason given");
  return FALSE;
}

/* A violated CHECK is said in SQLite's words, so that the rows that violate it can be named for both engines alike. */
static char *message_of(const PGresult *result, const char *state)
{
  const char *primary = nx_pq.resultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  const char *detail = nx_pq.resultErrorField(result, PG_DIAG_MESSAGE_DETAIL), *hint = nx_pq.resultErrorField(result, PG_DIAG_MESSAGE_HINT);
  const char *constraint = nx_pq.resultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
  const char *context = nx_pq.resultErrorField(result, PG_DIAG_CONTEXT);
  if (g_str_equal(state, "23514") && constraint)
    return g_strconcat(NX_CHECK_FAILED, constraint, NULL);
  if (g_str_equal(state, "55P03"))
    return g_strdup("the database is locked: another program has been writing to it for too long");
  g_autoptr(GString) message = g_string_new(primary ? primary : nx_pq.resultErrorMessage(result));
  gboolean has_dependents = g_str_equal(state, DEPENDENT_OBJECTS_STILL_EXIST);
  if (detail && (has_dependents || g_str_has_prefix(state, "23")))
    g_string_append_printf(message, ": %s", detail);
  if (has_dependents)
    g_string_append(message, "\ndrop what depends on it, and make it again afterwards");
  if (context && g_str_has_prefix(context, "COPY "))
    g_string_append_printf(message, " (%.*s)", (int)strcspn(context, "\n"), context);
  else if (hint && g_str_has_prefix(state, "42"))
    g_string_append_printf(message, " (%s)", hint);
  return nx_postgres_sentence(message->str, NULL);
}

gboolean nx_postgres_error(NxPostgres *postgres, const PGresult *result, GError **err)
{
  const char *state = result ? nx_pq.resultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
  /* 57P01 to 57P03: the server shuts down, and this is its farewell. */
  if (!state || g_str_has_prefix(state, "57P0") || nx_pq.status(postgres->connection) == CONNECTION_BAD)
    return lost(postgres, result, err);
  g_autofree char *message = message_of(result, state);
  g_set_error_literal(err, NX_ERROR, meaning_of(postgres, state), message);
  return FALSE;
}

gboolean nx_postgres_check(NxPostgres *postgres, PGresult *result, GError **err)
{
  ExecStatusType status = result ? nx_pq.resultStatus(result) : PGRES_FATAL_ERROR;
  gboolean good = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_SINGLE_TUPLE || status == PGRES_EMPTY_QUERY;
  if (!good)
    nx_postgres_error(postgres, result, err);
  nx_pq.clear(result);
  return good;
}

/* ------------------------------------------------------------------------------------------------------------ waiting */

static void cancel_when_interrupted(NxPostgres *postgres)
{
  char reason[256];
  if (!nx_interrupted() || postgres->is_cancelled)
    return;
  postgres->is_cancelled = TRUE;
  nx_pq.cancel(postgres->cancel, reason, sizeof reason);
}

void nx_postgres_poll(NxPostgres *postgres, gboolean to_write)
{
  struct pollfd socket = {.fd = nx_pq.socket(postgres->connection), .events = (short)(to_write ? POLLIN | POLLOUT : POLLIN)};
  if (socket.fd >= 0)
    poll(&socket, 1, 200);
  cancel_when_interrupted(postgres);
}

PGresult *nx_postgres_wait(NxPostgres *postgres)
{
  while (nx_pq.isBusy(postgres->connection)) {
    int unsent = nx_pq.flush(postgres->connection);
    nx_postgres_poll(postgres, unsent == 1);
    if (!nx_pq.consumeInput(postgres->connection))
      break;
  }
  return nx_pq.getResult(postgres->connection);
}

void nx_postgres_drain(NxPostgres *postgres)
{
  for (PGresult *result = NULL; (result = nx_postgres_wait(postgres));) {
    ExecStatusType status = nx_pq.resultStatus(result);
    nx_pq.clear(result);
    if (nx_pq.status(postgres->connection) == CONNECTION_BAD || status == PGRES_COPY_IN || status == PGRES_COPY_OUT)
      return;
  }
}

void nx_postgres_make_free(NxPostgres *postgres)
{
  if (postgres->running)
    nx_postgres_park(postgres->running);
}

gboolean nx_postgres_script(gpointer connection, const char *sql, GError **err)
{
  NxPostgres *postgres = connection;
  gboolean good = TRUE;
  nx_postgres_make_free(postgres);
  if (!nx_pq.sendQuery(postgres->connection, sql))
    return nx_postgres_error(postgres, NULL, err);
  for (PGresult *result = NULL; good && (result = nx_postgres_wait(postgres));)
    good = nx_postgres_check(postgres, result, err);
  nx_postgres_drain(postgres);
  /* The server may have kept it before it went. */
  if (!good && g_str_equal(sql, "COMMIT") && nx_pq.status(postgres->connection) == CONNECTION_BAD)
    g_prefix_error(err, "whether the last change was stored is not known: ");
  return good;
}

/* ------------------------------------------------------------------------------------------------------------ opening */

static void ignore_notice(void *user_data, const char *message)
{
  (void)user_data;
  (void)message;
}

/* A host that vanishes in the middle of a transaction must not hold the lock for the two hours that TCP would wait. Texts of times and
 * bytes are the same whatever the server's settings are. */
static char *settings_for(NxDbMode mode)
{
  return g_strdup_printf("SET client_min_messages=error; SET standard_conforming_strings=on; SET lock_timeout=%d; "
                         "SET tcp_keepalives_idle=30; SET tcp_keepalives_interval=10; SET tcp_keepalives_count=5; "
                         "SET DateStyle='ISO, YMD'; SET IntervalStyle=postgres; SET TimeZone='UTC'; SET bytea_output=hex; "
                         "SET extra_float_digits=1; SET default_transaction_read_only=%s%s",
                         (int)(LOCK_TIMEOUT_MS * nx_time_scale()), mode == NX_DB_READ ? "on" : "off",
                         mode == NX_DB_SCRATCH ? "; SET search_path=pg_temp" : "");
}

static gboolean settle(NxPostgres *postgres, GError **err)
{
  g_autofree char *settings = settings_for(postgres->mode);
  nx_pq.setNoticeProcessor(postgres->connection, ignore_notice, NULL);
  if (postgres->cancel)
    nx_pq.freeCancel(postgres->cancel);
  postgres->cancel = nx_pq.getCancel(postgres->connection);
  return nx_postgres_script(postgres, settings, err);
}

gpointer nx_postgres_open(const char *address, NxDbMode mode, GError **err)
{
  PGconn *connection = nx_postgres_connect(address, NULL, err);
  if (!connection)
    return NULL;
  NxPostgres *postgres = g_new0(NxPostgres, 1);
  postgres->connection = connection;
  postgres->mode = mode;
  postgres->place = g_strdup_printf("host %s, port %s", nx_pq.host(connection), nx_pq.port(connection));
  if (settle(postgres, err))
    return postgres;
  nx_postgres_close(postgres);
  return NULL;
}

void nx_postgres_close(gpointer connection)
{
  NxPostgres *postgres = connection;
  nx_pq.freeCancel(postgres->cancel);
  nx_pq.finish(postgres->connection);
  g_free(postgres->place);
  g_free(postgres);
}

static void postgres_cancel(gpointer connection)
{
  char reason[256];
  nx_pq.cancel(((NxPostgres *)connection)->cancel, reason, sizeof reason);
}

/* ---------------------------------------------------------------------------------------------------------- addresses */

static char *postgres_url_shown(const char *address)
{
  return nx_config_masked_address(address);
}

static char *postgres_file_path(const char *address)
{
  (void)address;
  return NULL;
}

/* ------------------------------------------------------------------------------------------------------- transactions */

/* Nothing is lost with a connection that breaks between two transactions. */
static gboolean connect_again(NxPostgres *postgres, GError **err)
{
  gint64 until = g_get_monotonic_time() + (gint64)(RECONNECTING_MS * nx_time_scale()) * 1000;
  for (;;) {
    g_clear_error(err);
    nx_pq.reset(postgres->connection);
    if (nx_pq.status(postgres->connection) == CONNECTION_OK)
      return settle(postgres, err);
    lost(postgres, NULL, err);
    if (nx_interrupted() || g_get_monotonic_time() >= until)
      return FALSE;
    g_usleep(200000);
  }
}

static gboolean is_connected(NxPostgres *postgres)
{
  /* What the server said since the last statement, which may be its farewell. */
  nx_pq.consumeInput(postgres->connection);
  return nx_pq.status(postgres->connection) == CONNECTION_OK;
}

static gboolean start(NxPostgres *postgres, const char *sql, GError **err)
{
  g_autoptr(GError) error = NULL;
  nx_postgres_make_free(postgres);
  if (!is_connected(postgres) && !connect_again(postgres, err))
    return FALSE;
  if (nx_postgres_script(postgres, sql, &error))
    return TRUE;
  /* The lock may have failed after BEGIN. */
  if (nx_pq.transactionStatus(postgres->connection) != PQTRANS_IDLE)
    nx_postgres_script(postgres, "ROLLBACK", NULL);
  g_propagate_error(err, g_steal_pointer(&error));
  return FALSE;
}

static gboolean postgres_begin(gpointer connection, NxDbLock lock, GError **err)
{
  static const char *const STARTS[] = {
      [NX_DB_LOCK_ALL] = "BEGIN; SELECT pg_advisory_xact_lock(" WRITE_LOCK ")",
      [NX_DB_LOCK_ROWS] = "BEGIN; SELECT pg_advisory_xact_lock_shared(" WRITE_LOCK ")",
      [NX_DB_LOCK_NOTHING] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
  };
  return start(connection, STARTS[lock], err);
}

/* Constraints of PostgreSQL hold for everybody. */
static gboolean postgres_enforce_foreign_keys(gpointer connection, gboolean on, GError **err)
{
  (void)connection;
  (void)on;
  (void)err;
  return TRUE;
}

static void postgres_prepare_for_build(gpointer connection, const char *address)
{
  (void)connection;
  (void)address;
}

static gint64 postgres_changed(gpointer connection)
{
  return ((NxPostgres *)connection)->changed;
}

char *nx_postgres_identifier(NxPostgres *postgres, const char *name)
{
  char *quoted = nx_pq.escapeIdentifier(postgres->connection, name, strlen(name));
  char *copy = g_strdup(quoted);
  nx_pq.freemem(quoted);
  return copy;
}

char *nx_postgres_literal(NxPostgres *postgres, const char *text)
{
  char *quoted = nx_pq.escapeLiteral(postgres->connection, text, strlen(text));
  char *copy = g_strdup(quoted);
  nx_pq.freemem(quoted);
  return copy;
}

const NxDbDriver nx_db_driver_postgresql = {
    .name = "postgresql",
    .accepts = nx_postgres_accepts,
    .find = nx_postgres_find,
    .url_shown = postgres_url_shown,
    .file_path = postgres_file_path,
    .open = nx_postgres_open,
    .close = nx_postgres_close,
    .cancel = postgres_cancel,
    .script = nx_postgres_script,
    .changed = postgres_changed,
    .begin = postgres_begin,
    .enforce_foreign_keys = postgres_enforce_foreign_keys,
    .prepare_for_build = postgres_prepare_for_build,
    .tables_query =
        "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(c.oid) AND n.nspname NOT IN ('pg_catalog', 'information_schema') "
        "AND c.relname NOT LIKE 'nx\\_%' ORDER BY c.relname COLLATE \"C\"",
    .columns_query = "SELECT a.attname, a.attnotnull::int, pg_catalog.format_type(a.atttypid, a.atttypmod), "
                     "coalesce((SELECT array_position(i.indkey::int2[], a.attnum) + 1 FROM pg_catalog.pg_index i "
                     "WHERE i.indrelid = a.attrelid AND i.indisprimary), 0) "
                     "FROM pg_catalog.pg_attribute a WHERE a.attrelid = to_regclass(quote_ident($1)) "
                     "AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum",
    .foreign_key_statements =
        "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname), "
        "format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_catalog.pg_get_constraintdef(oid)) "
        "FROM pg_catalog.pg_constraint WHERE contype = 'f' AND conparentid = 0 AND connamespace = current_schema()::regnamespace ORDER BY conname",
    .dependents_query =
        "SELECT 'view', relname, relname, NULL FROM pg_catalog.pg_class WHERE relkind IN ('v', 'm') "
        "AND relnamespace = current_schema()::regnamespace "
        "UNION ALL SELECT 'foreign key', t.relname, k.conname, NULL FROM pg_catalog.pg_constraint k "
        "JOIN pg_catalog.pg_class t ON t.oid = k.conrelid WHERE k.contype = 'f' AND k.conparentid = 0 "
        "AND t.relnamespace = current_schema()::regnamespace "
        "UNION ALL SELECT 'index', t.relname, c.relname, NULL FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class t ON t.oid = i.indrelid "
        "JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE t.relnamespace = current_schema()::regnamespace "
        "AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid) "
        "UNION ALL SELECT 'trigger', t.relname, g.tgname, NULL FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_class t ON t.oid = g.tgrelid "
        "WHERE NOT g.tgisinternal AND t.relnamespace = current_schema()::regnamespace ORDER BY 1, 2, 3",
    .byte_order = "::text COLLATE \"C\"",
    .insertion_order = "1",
    .like = "ILIKE",
    .catalogue =
        {
            [NX_CATALOGUE_COLUMNS] =
                "SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::int, "
                "CASE WHEN a.attidentity <> '' THEN 'IDENTITY' ELSE pg_get_expr(d.adbin, d.adrelid) END, "
                "EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY (i.indkey))::int "
                "FROM pg_catalog.pg_attribute a LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
                "WHERE a.attrelid = to_regclass(quote_ident($1)) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
            [NX_CATALOGUE_FOREIGN_KEYS] =
                "SELECT a.attname, c.confrelid::regclass::text, b.attname, CASE c.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' "
                "WHEN 'd' THEN 'SET DEFAULT' WHEN 'r' THEN 'RESTRICT' ELSE 'NO ACTION' END FROM pg_catalog.pg_constraint c "
                "CROSS JOIN unnest(c.conkey, c.confkey) WITH ORDINALITY AS k(own, other, place) "
                "JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.own "
                "JOIN pg_catalog.pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = k.other "
                "WHERE c.contype = 'f' AND c.conrelid = to_regclass(quote_ident($1)) ORDER BY c.oid, k.place",
            [NX_CATALOGUE_INDEXES] =
                "SELECT c.relname, i.indisunique::int, (SELECT string_agg(pg_get_indexdef(i.indexrelid, k, true), ', ' ORDER BY k) "
                "FROM generate_series(1, i.indnkeyatts) k) FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid "
                "WHERE i.indrelid = to_regclass(quote_ident($1)) ORDER BY c.relname COLLATE \"C\"",
            [NX_CATALOGUE_STATEMENT] = "SELECT $1::text WHERE false",
            [NX_CATALOGUE_OTHERS] =
                "SELECT relname AS name, 'view', relname, pg_get_viewdef(oid, true) FROM pg_catalog.pg_class WHERE relkind IN ('v', 'm') "
                "AND pg_table_is_visible(oid) AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) "
                "UNION ALL SELECT tgname, 'trigger', tgrelid::regclass::text, pg_get_triggerdef(oid, true) FROM pg_catalog.pg_trigger "
                "WHERE NOT tgisinternal AND pg_table_is_visible(tgrelid) ORDER BY 2 DESC, 1",
            [NX_CATALOGUE_FORBIDDEN] =
                "SELECT count(*) FROM unnest(string_to_array($2, ', ')) AS r(word) "
                "WHERE NOT has_table_privilege(to_regclass(quote_ident($1)), r.word)",
        },
    .instant_from_now = "to_char((clock_timestamp() + %s * interval '1 second') AT TIME ZONE 'UTC', "
                        "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"+00:00\"')",
    .lock_rows = "FOR UPDATE",
    .lock_free_rows = "FOR UPDATE SKIP LOCKED",
    .read_table = nx_postgres_table_read,
    .make = nx_postgres_make,
    .describe = nx_postgres_describe,
    .backup = nx_postgres_backup,
    .repair_sequence = nx_postgres_repair_sequence,
    .prepare = nx_postgres_prepare,
    .bind_text = nx_postgres_bind_text,
    .bind_integer = nx_postgres_bind_integer,
    .step = nx_postgres_step,
    .finish = nx_postgres_finish,
    .columns = nx_postgres_columns,
    .column_name = nx_postgres_column_name,
    .column_type = nx_postgres_column_type,
    .column_text = nx_postgres_column_text,
    .column_integer = nx_postgres_column_integer,
    .column_real = nx_postgres_column_real,
    .prepare_bulk = nx_postgres_prepare_bulk,
    .load_start = nx_postgres_load_start,
    .load_null = nx_postgres_load_null,
    .load_text = nx_postgres_load_text,
    .load_integer = nx_postgres_load_integer,
    .load_real = nx_postgres_load_real,
    .load_bytes = nx_postgres_load_bytes,
    .load_next = nx_postgres_load_next,
    .load_end = nx_postgres_load_end,
};
