/* test-db-engines.c — what every engine promises through the one interface, on SQLite and on a PostgreSQL server of its own. */
#include "driver.h"
#include "nx-db.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

typedef struct {
  char *folder;
  GPid server; /* 0: SQLite alone */
  char *address;
} Engine;

static Engine sqlite_engine, postgres_engine;

/* ----------------------------------------------------------------------------------------------------------- fixtures */

static NxDb *open_db(const Engine *engine, NxDbMode mode)
{
  g_autoptr(GError) error = NULL;
  NxDb *db = nx_db_open(engine->address, mode, &error);
  g_assert_no_error(error);
  return db;
}

static void script(NxDb *db, const char *sql)
{
  g_autoptr(GError) error = NULL;
  nx_db_script(db, sql, &error);
  g_assert_no_error(error);
}

static gint64 number(NxDb *db, const char *sql)
{
  g_autoptr(GError) error = NULL;
  gint64 value = 0;
  nx_db_number(db, &value, &error, sql, NULL);
  g_assert_no_error(error);
  return value;
}

static NxDb *fresh(const Engine *engine)
{
  NxDb *db = open_db(engine, NX_DB_CREATE);
  g_auto(GStrv) tables = nx_db_tables(db, NULL);
  for (char **table = tables; *table; table++) {
    g_autofree char *sql = g_strdup_printf("DROP TABLE \"%s\"", *table);
    script(db, sql);
  }
  script(db, "CREATE TABLE t (n INTEGER, x VARCHAR, r DOUBLE PRECISION, b BOOLEAN)");
  return db;
}

/* -------------------------------------------------------------------------------------------------------------- tests */

static void test_values(gconstpointer data)
{
  g_autoptr(NxDb) db = fresh(data);
  g_autoptr(GError) error = NULL;
  g_assert_true(
      nx_db_run(db, &error, "INSERT INTO t (n, x, b) VALUES ($1, $2, $3)", "isb", G_GINT64_CONSTANT(2147483647), "größe '\"\\ \n", TRUE));
  g_assert_true(nx_db_run(db, &error, "INSERT INTO t (n, x, b, r) VALUES ($1, $2, $3, 0.1)", "isb", G_GINT64_CONSTANT(-1), (const char *)NULL, FALSE));
  g_assert_cmpint(nx_db_changed(db), ==, 1);
  g_autoptr(NxRows) rows = nx_db_select(db, &error, "SELECT n, x, b, r FROM t ORDER BY n DESC", NULL);
  g_assert_cmpuint(nx_rows_columns(rows), ==, 4);
  g_assert_cmpstr(nx_rows_name(rows, 1), ==, "x");
  g_assert_true(nx_rows_next(rows));
  g_assert_cmpint(nx_rows_int(rows, 0), ==, 2147483647);
  g_assert_cmpstr(nx_rows_text(rows, 1), ==, "größe '\"\\ \n");
  g_assert_cmpstr(nx_rows_text(rows, 2), ==, "1");
  g_assert_true(nx_rows_is_null(rows, 3));
  g_assert_true(nx_rows_next(rows));
  g_autoptr(json_object) n = nx_rows_json(rows, 0), r = nx_rows_json(rows, 3);
  g_assert_cmpstr(json_object_get_string(n), ==, "-1");
  g_assert_cmpstr(json_object_get_string(r), ==, "0.1");
  g_assert_null(nx_rows_text(rows, 1));
  g_assert_cmpint(nx_rows_int(rows, 2), ==, 0);
  g_assert_false(nx_rows_next(rows));
  g_assert_true(nx_rows_finish(rows, &error));
  g_assert_no_error(error);
}

static void test_columns_of_nothing(gconstpointer data)
{
  g_autoptr(NxDb) db = fresh(data);
  g_autoptr(NxRows) rows = nx_db_select(db, NULL, "SELECT n, x FROM t", NULL);
  g_assert_false(nx_rows_next(rows));
  g_assert_cmpuint(nx_rows_columns(rows), ==, 2);
  g_assert_cmpstr(nx_rows_name(rows, 0), ==, "n");
}

static void fill(NxDb *db, int rows)
{
  g_autofree char *sql = g_strdup_printf("INSERT INTO t (n) WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < %d) "
                                         "SELECT i FROM c",
                                         rows);
  script(db, sql);
}

static void test_selects_within_selects(gconstpointer data)
{
  g_autoptr(NxDb) db = fresh(data);
  gint64 outer = 0, inner = 0;
  fill(db, 300);
  g_autoptr(NxRows) rows = nx_db_select(db, NULL, "SELECT n FROM t ORDER BY n", NULL);
  while (nx_rows_next(rows)) {
    g_autoptr(NxRows) others = nx_db_select(db, NULL, "SELECT n FROM t WHERE n <= $1 ORDER BY n", "i", (gint64)3);
    while (nx_rows_next(others))
      inner += nx_rows_int(others, 0);
    outer += nx_rows_int(rows, 0);
  }
  g_assert_true(nx_rows_finish(rows, NULL));
  g_assert_cmpint(outer, ==, 300 * 301 / 2);
  g_assert_cmpint(inner, ==, 300 * 6);
}

static void test_select_left_early(gconstpointer data)
{
  g_autoptr(NxDb) db = fresh(data);
  fill(db, 20000);
  for (int in_transaction = 0; in_transaction < 2; in_transaction++) {
    g_autoptr(NxDbTransaction) transaction = in_transaction ? nx_db_begin(db, NULL) : NULL;
    NxRows *rows = nx_db_select(db, NULL, "SELECT n FROM t", NULL);
    g_assert_true(nx_rows_next(rows));
    nx_rows_free(rows);
    g_assert_cmpint(number(db, "SELECT count(*) FROM t"), ==, 20000);
  }
}

static void test_rollback(gconstpointer data)
{
  g_autoptr(NxDb) db = fresh(data);
  NxDbTransaction *transaction = nx_db_begin(db, NULL);
  script(db, "INSERT INTO t (n) VALUES (1)");
  nx_db_rollback(transaction);
  g_assert_cmpint(number(db, "SELECT count(*) FROM t"), ==, 0);
  transaction = nx_db_begin(db, NULL);
  script(db, "INSERT INTO t (n) VALUES (2)");
  g_assert_true(nx_db_commit(&transaction, NULL));
  g_assert_cmpint(number(db, "SELECT n FROM t"), ==, 2);
}

static void test_rollback_after_error(gconstpointer data)
{
  g_autoptr(NxDb) db = fresh(data);
  g_autoptr(GError) error = NULL;
  NxDbTransaction *transaction = nx_db_begin(db, NULL);
  script(db, "INSERT INTO t (n) VALUES (1)");
  g_assert_false(nx_db_run(db, &error, "INSERT INTO nowhere VALUES (1)", NULL));
  g_assert_error(error, NX_ERROR, NX_ERROR_IO);
  g_assert_nonnull(strstr(error->message, "nowhere"));
  nx_db_rollback(transaction);
  g_assert_cmpint(number(db, "SELECT count(*) FROM t"), ==, 0);
}

static void test_constraints(gconstpointer data)
{
  static const struct {
    const char *sql, *message;
  } CASES[] = {
      {"INSERT INTO k VALUES (1, 5)", NULL},
      {"INSERT INTO k VALUES (2, -1)", "CHECK constraint failed: positive"},
      {"INSERT INTO k VALUES (3, NULL)", NULL},
  };
  g_autoptr(NxDb) db = fresh(data);
  script(db, "CREATE TABLE k (id INTEGER NOT NULL PRIMARY KEY, n INTEGER NOT NULL, CONSTRAINT positive CHECK (n > 0)); INSERT INTO k "
             "VALUES (1, 1)");
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_false(nx_db_run(db, &error, CASES[i].sql, NULL));
    g_assert_error(error, NX_ERROR, NX_ERROR_DATA);
    if (CASES[i].message)
      g_assert_cmpstr(error->message, ==, CASES[i].message);
  }
}

static void test_tables(gconstpointer data)
{
  g_autoptr(NxDb) db = fresh(data);
  NxColumnFacts facts = {0};
  gboolean has = TRUE;
  script(db, "CREATE TABLE nx_ours (a INTEGER); CREATE TABLE \"B b\" (a INTEGER NOT NULL, c VARCHAR)");
  g_auto(GStrv) tables = nx_db_tables(db, NULL);
  g_autofree char *joined = g_strjoinv(",", tables);
  g_assert_cmpstr(joined, ==, "B b,t");
  g_assert_true(nx_db_has_table(db, "nothing", &has, NULL));
  g_assert_false(has);
  g_assert_true(nx_db_has_column(db, "B b", "a", &facts, NULL));
  g_assert_true(facts.exists && !facts.allows_null);
  g_assert_true(nx_db_has_column(db, "B b", "c", &facts, NULL));
  g_assert_true(facts.exists && facts.allows_null);
  g_assert_true(nx_db_has_column(db, "nothing", "c", &facts, NULL));
  g_assert_false(facts.exists);
  script(db, "DROP TABLE nx_ours");
}

static void test_reading_changes_nothing(gconstpointer data)
{
  g_autoptr(NxDb) db = fresh(data);
  g_autoptr(NxDb) reader = open_db(data, NX_DB_READ);
  g_autoptr(GError) error = NULL;
  g_assert_false(nx_db_run(reader, &error, "INSERT INTO t (n) VALUES (1)", NULL));
  g_assert_error(error, NX_ERROR, NX_ERROR_PLACE);
  g_assert_cmpint(number(db, "SELECT count(*) FROM t"), ==, 0);
}

static void test_scratch(gconstpointer data)
{
  g_autoptr(NxDb) db = fresh(data);
  g_autoptr(NxDb) scratch = open_db(data, NX_DB_SCRATCH);
  g_auto(GStrv) before = nx_db_tables(scratch, NULL);
  g_assert_cmpuint(g_strv_length(before), ==, 0);
  script(scratch, "CREATE TABLE t (only_here INTEGER)");
  g_assert_cmpint(number(scratch, "SELECT count(only_here) FROM t"), ==, 0);
  g_assert_cmpint(number(db, "SELECT count(n) FROM t"), ==, 0);
}

static gpointer count_later(gpointer db)
{
  g_autoptr(NxDbTransaction) transaction = nx_db_begin(db, NULL);
  return transaction ? GINT_TO_POINTER(1 + (int)number(db, "SELECT count(*) FROM t")) : NULL;
}

static void test_writers_wait(gconstpointer data)
{
  g_autoptr(NxDb) first = fresh(data);
  g_autoptr(NxDb) second = open_db(data, NX_DB_WRITE);
  NxDbTransaction *transaction = nx_db_begin(first, NULL);
  GThread *thread = g_thread_new("second", count_later, second);
  g_usleep(200000);
  script(first, "INSERT INTO t (n) VALUES (1)");
  g_assert_true(nx_db_commit(&transaction, NULL));
  g_assert_cmpint(GPOINTER_TO_INT(g_thread_join(thread)), ==, 2);
}

static void test_bulk(gconstpointer data)
{
  static const char *const COLUMNS[] = {"n", "x", "r", "b", NULL};
  static const char ODD[] = "tab\there, \\N, line\nend\r, größe";
  g_autoptr(NxDb) db = fresh(data);
  g_autoptr(GError) error = NULL;
  NxDbTransaction *transaction = nx_db_begin(db, NULL);
  NxLoad *load = nx_load_start(db, "t", COLUMNS, &error);
  g_assert_no_error(error);
  for (gint64 i = 0; i < 3000; i++) {
    nx_load_integer(load, i - 1500);
    nx_load_text(load, ODD, i % 2 ? strlen(ODD) : 0);
    if (i % 3)
      nx_load_real(load, 0.1 * (double)i);
    else
      nx_load_null(load);
    nx_load_integer(load, i % 2);
    g_assert_true(nx_load_next(load, &error));
  }
  g_assert_true(nx_load_finish(&load, &error));
  g_assert_true(nx_db_commit(&transaction, &error));
  g_autoptr(NxRows) rows = nx_db_select_bulk(db, &error, "SELECT n, x, r, b, NULL, 7000000000 FROM t ORDER BY n");
  g_assert_no_error(error);
  g_assert_cmpuint(nx_rows_columns(rows), ==, 6);
  g_assert_cmpstr(nx_rows_name(rows, 2), ==, "r");
  gint64 i = 0;
  for (; nx_rows_next(rows); i++) {
    g_assert_cmpint(nx_rows_int(rows, 0), ==, i - 1500);
    g_assert_cmpstr(nx_rows_text(rows, 1), ==, i % 2 ? ODD : "");
    g_assert_cmpint(nx_rows_is_null(rows, 2), ==, i % 3 == 0);
    g_autoptr(json_object) real = nx_rows_json(rows, 2);
    g_autofree char *expected = nx_text_from_double(0.1 * (double)i);
    g_assert_cmpstr(real ? json_object_get_string(real) : expected, ==, expected);
    g_assert_cmpstr(nx_rows_text(rows, 3), ==, i % 2 ? "1" : "0");
    g_assert_true(nx_rows_is_null(rows, 4));
    g_assert_cmpint(nx_rows_int(rows, 5), ==, G_GINT64_CONSTANT(7000000000));
  }
  g_assert_true(nx_rows_finish(rows, &error));
  g_assert_cmpint(i, ==, 3000);
  g_assert_cmpint(number(db, "SELECT count(*) FROM t"), ==, 3000);
}

static void test_bulk_left_early(gconstpointer data)
{
  static const char *const COLUMNS[] = {"n", NULL};
  g_autoptr(NxDb) db = fresh(data);
  fill(db, 20000);
  NxRows *rows = nx_db_select_bulk(db, NULL, "SELECT n FROM t");
  g_assert_true(nx_rows_next(rows));
  nx_rows_free(rows);
  NxDbTransaction *transaction = nx_db_begin(db, NULL);
  NxLoad *load = nx_load_start(db, "t", COLUMNS, NULL);
  nx_load_integer(load, 1);
  g_assert_true(nx_load_next(load, NULL));
  nx_load_free(load);
  nx_db_rollback(transaction);
  g_assert_cmpint(number(db, "SELECT count(*) FROM t"), ==, 20000);
}

static void test_bulk_refused(gconstpointer data)
{
  static const char *const COLUMNS[] = {"id", NULL}, *const NOWHERE[] = {"nowhere", NULL};
  g_autoptr(NxDb) db = fresh(data);
  g_autoptr(GError) error = NULL;
  g_assert_null(nx_db_select_bulk(db, &error, "SELECT nowhere FROM t"));
  g_assert_nonnull(strstr(error->message, "nowhere"));
  g_clear_error(&error);
  g_assert_null(nx_load_start(db, "t", NOWHERE, &error));
  g_assert_nonnull(strstr(error->message, "nowhere"));
  g_clear_error(&error);
  script(db, "CREATE TABLE k (id INTEGER NOT NULL PRIMARY KEY)");
  NxDbTransaction *transaction = nx_db_begin(db, NULL);
  NxLoad *load = nx_load_start(db, "k", COLUMNS, NULL);
  gboolean good = TRUE;
  for (int i = 0; i < 2 && good; i++) {
    nx_load_integer(load, 1);
    good = nx_load_next(load, &error);
  }
  if (good)
    g_assert_false(nx_load_finish(&load, &error));
  nx_load_free(load);
  g_assert_error(error, NX_ERROR, NX_ERROR_DATA);
  nx_db_rollback(transaction);
  g_assert_cmpint(number(db, "SELECT count(*) FROM k"), ==, 0);
}

/* ------------------------------------------------------------------------------------------------- PostgreSQL's alone */

static void test_types(gconstpointer data)
{
  static const char SQL[] =
      "SELECT 1::smallint, true, 1.5::real, 12.50::numeric, '\\x00ff'::bytea, '2025-03-03 11:05:12.5-05'::timestamptz, "
      "'{\"a\": 1}'::jsonb, 'x'::char(3), ARRAY[1,2], -5::bigint, 4000000000::oid";
  static const struct {
    const char *text;
    NxCellType type;
  } EXPECTED[] = {{"1", NX_CELL_INTEGER},       {"1", NX_CELL_INTEGER},         {"1.5", NX_CELL_REAL},
                  {"12.50", NX_CELL_TEXT},      {NULL, NX_CELL_BYTES},          {"2025-03-03 16:05:12.5+00", NX_CELL_TEXT},
                  {"{\"a\": 1}", NX_CELL_TEXT}, {"x  ", NX_CELL_TEXT},          {"{1,2}", NX_CELL_TEXT},
                  {"-5", NX_CELL_INTEGER},      {"4000000000", NX_CELL_INTEGER}};
  g_autoptr(NxDb) db = fresh(data);
  const NxDbDriver *driver = nx_db_driver(db);
  for (int bulk = 0; bulk < 2; bulk++) {
    gboolean row = FALSE;
    gsize length = 0;
    gpointer statement = (bulk ? driver->prepare_bulk : driver->prepare)(nx_db_connection(db), SQL, NULL);
    g_assert_true(driver->step(nx_db_connection(db), statement, &row, NULL) && row);
    for (guint i = 0; i < G_N_ELEMENTS(EXPECTED); i++) {
      g_assert_cmpint(driver->column_type(statement, i), ==, EXPECTED[i].type);
      if (EXPECTED[i].text)
        g_assert_cmpstr(driver->column_text(statement, i, &length), ==, EXPECTED[i].text);
      else
        g_assert_cmpmem(driver->column_text(statement, i, &length), 2, "\0\377", 2);
    }
    driver->finish(statement);
  }
}

static void test_timestamps(gconstpointer data)
{
  static const char SQL[] =
      "WITH moments(t) AS (SELECT '4713-01-01 00:00:00 BC'::timestamp + i * interval '1 month 11 days 17:42:11.123457' FROM generate_series(0, 60000) AS i "
      "UNION ALL SELECT '1890-02-27'::timestamp + i * interval '13:00:00.1' FROM generate_series(0, 40000) AS i "
      "UNION ALL SELECT unnest(ARRAY['infinity', '-infinity', '294276-12-31 23:59:59.999999', '4714-11-24 00:00:00 BC', '0001-12-31 23:59:59.9 BC', "
      "'0001-01-01', '1999-12-31 23:59:59.999999', '2000-01-01', '2000-02-29 12:00:00.5']::timestamp[]) UNION ALL SELECT NULL) "
      "SELECT t, t::text, t AT TIME ZONE 'UTC', (t AT TIME ZONE 'UTC')::text FROM moments";
  g_autoptr(NxDb) db = fresh(data);
  g_autoptr(GError) error = NULL;
  g_autoptr(NxRows) rows = nx_db_select_bulk(db, &error, SQL);
  g_assert_no_error(error);
  guint n = 0;
  for (; nx_rows_next(rows); n++) {
    g_assert_cmpstr(nx_rows_text(rows, 0), ==, nx_rows_text(rows, 1));
    g_assert_cmpstr(nx_rows_text(rows, 2), ==, nx_rows_text(rows, 3));
  }
  g_assert_true(nx_rows_finish(rows, &error));
  g_assert_cmpuint(n, ==, 60001 + 40001 + 10);
}

static void test_ids_after_load(gconstpointer data)
{
  static const char *const COLUMNS[] = {"id", NULL};
  g_autoptr(NxDb) db = fresh(data);
  script(db, "CREATE TABLE k (id INTEGER GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, n INTEGER)");
  NxLoad *load = nx_load_start(db, "k", COLUMNS, NULL);
  nx_load_integer(load, 41);
  g_assert_true(nx_load_next(load, NULL));
  g_assert_true(nx_load_finish(&load, NULL));
  script(db, "INSERT INTO k (n) VALUES (1)");
  gint64 last = 0;
  g_assert_true(nx_db_number(db, &last, NULL, "SELECT id FROM k WHERE n = 1", ""));
  g_assert_cmpint(last, ==, 42);
}

static void test_nul(gconstpointer data)
{
  static const char *const COLUMNS[] = {"n", "x", NULL};
  g_autoptr(NxDb) db = fresh(data);
  g_autoptr(GError) error = NULL;
  g_autoptr(NxLoad) load = nx_load_start(db, "t", COLUMNS, NULL);
  nx_load_integer(load, 1);
  nx_load_text(load, "a\0b", 3);
  g_assert_false(nx_load_next(load, &error));
  g_assert_cmpstr(error->message, ==, "table t, row 1, column x: PostgreSQL cannot store a text with a NUL character");
}

static void test_rows_beside(gconstpointer data)
{
  g_autoptr(NxDb) first = fresh(data);
  g_autoptr(NxDb) second = open_db(data, NX_DB_WRITE);
  g_autoptr(NxDbTransaction) one = nx_db_begin_beside_others(first, NULL), two = nx_db_begin_beside_others(second, NULL);
  g_assert_nonnull(one);
  g_assert_nonnull(two);
}

static void test_lost_connection(gconstpointer data)
{
  g_autoptr(NxDb) db = fresh(data);
  g_autoptr(NxDb) other = open_db(data, NX_DB_WRITE);
  g_autoptr(GError) error = NULL;
  NxDbTransaction *transaction = nx_db_begin(db, NULL);
  script(db, "INSERT INTO t (n) VALUES (1)");
  g_autofree char *sql = g_strdup_printf("SELECT pg_terminate_backend(%d)", (int)number(db, "SELECT pg_backend_pid()"));
  script(other, sql);
  g_usleep(100000);
  g_assert_false(nx_db_run(db, &error, "INSERT INTO t (n) VALUES (2)", NULL));
  g_assert_error(error, NX_ERROR, NX_ERROR_PLACE);
  g_autofree char *place = g_strdup_printf("the connection to the PostgreSQL server at host %s, port 5432 was lost: "
                                           "terminating connection due to administrator command",
                                           postgres_engine.folder);
  g_assert_cmpstr(error->message, ==, place);
  nx_db_rollback(transaction);
  g_assert_cmpint(number(other, "SELECT count(*) FROM t"), ==, 0);
  transaction = nx_db_begin(db, NULL);
  script(db, "INSERT INTO t (n) VALUES (3)");
  g_assert_true(nx_db_commit(&transaction, NULL));
  g_assert_cmpint(number(other, "SELECT n FROM t"), ==, 3);
}

static void test_no_connection(void)
{
  static const struct {
    const char *address, *says;
  } CASES[] = {
      {"postgresql://u:geheim@127.0.0.1:1/x", "port 1 failed: Connection refused"},
      {"postgres://u:geheim@%2Fnowhere/x", "/nowhere/.s.PGSQL.5432"},
      {"postgresql+psycopg2://u:geheim@/x?host=/nowhere&port=77", "/nowhere/.s.PGSQL.77"},
      {"postgresql://u:geheim@h:p/x", "postgresql://u:***@h:p/x: invalid integer value *** for connection option \"port\""},
      {"postgresql://u:geheim@nowhere.invalid/x", "postgresql://u:***@nowhere.invalid/x: could not translate host name *** to address"},
      {"postgresql://u:p@geheim@localhost/x", "postgresql://u:***@localhost/x cannot be read: in the user and the password"},
      {"postgresql://u:p@ge/heim@localhost/x", "postgresql://u:***@localhost/x cannot be read: in the user and the password"},
      {"postgresql://u:ge/heim@localhost/x", "postgresql://u:***@localhost/x cannot be read: in the user and the password"},
      {"postgresql://u:12/geheim@localhost/x", "postgresql://u:***@localhost/x cannot be read: in the user and the password"},
      {"postgresql://u:geheim", "postgresql://u:***: invalid integer value *** for connection option \"port\""},
      {"postgresql://u:ge%heim@h/x", "is not an address of a PostgreSQL database: invalid percent-encoded token"},
      {"postgresql://h/x?nonsense=1", "is not an address of a PostgreSQL database: invalid URI query parameter"},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_autoptr(GError) error = NULL;
    g_assert_null(nx_db_open(CASES[i].address, NX_DB_READ, &error));
    if (!strstr(error->message, CASES[i].says))
      g_error("%s: %s", CASES[i].address, error->message);
    g_assert_null(strstr(error->message, "heim"));
  }
}

/* ------------------------------------------------------------------------------------------------------------- server */

static char *temporary_folder(void)
{
  char *folder = g_strdup("/tmp/nx-engines.XXXXXX");
  g_assert_nonnull(g_mkdtemp_full(folder, 0755));
  return folder;
}

static gboolean start_server(Engine *engine)
{
  g_autofree char *program = g_test_build_filename(G_TEST_DIST, "servers", "postgres-cluster", NULL);
  char *argv[] = {program, engine->folder, NULL};
  int status = 0;
  if (!g_spawn_async(NULL, argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &engine->server, NULL))
    return FALSE;
  for (int tries = 0; tries < 1200 && waitpid(engine->server, &status, WNOHANG) == 0; tries++, g_usleep(50000)) {
    g_autoptr(NxDb) db = nx_db_open(engine->address, NX_DB_READ, NULL);
    if (db)
      return TRUE;
  }
  engine->server = 0;
  return FALSE;
}

static void remove_folder(const char *folder)
{
  const char *argv[] = {"rm", "-rf", folder, NULL};
  g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL);
}

static void stop_server(Engine *engine)
{
  if (engine->server) {
    kill(engine->server, SIGINT);
    waitpid(engine->server, NULL, 0);
  }
  remove_folder(engine->folder);
}

static const struct {
  const char *promise;
  GTestDataFunc test;
  gboolean postgres_alone;
} TESTS[] = {
    {"values come back as they were stored", test_values, FALSE},
    {"a query without rows still has columns", test_columns_of_nothing, FALSE},
    {"a query may run while another one is read", test_selects_within_selects, FALSE},
    {"a query that is left early leaves the connection usable", test_select_left_early, FALSE},
    {"a transaction without commit leaves nothing", test_rollback, FALSE},
    {"an error inside a transaction can be rolled back", test_rollback_after_error, FALSE},
    {"a violated constraint is an error of the data", test_constraints, FALSE},
    {"tables and columns are listed, operational ones left out", test_tables, FALSE},
    {"a reading connection cannot write", test_reading_changes_nothing, FALSE},
    {"a scratch database is empty and leaves nothing", test_scratch, FALSE},
    {"a writer waits for another one", test_writers_wait, FALSE},
    {"many rows go in and come out as they are", test_bulk, FALSE},
    {"a bulk query or a load that is left early leaves the connection usable", test_bulk_left_early, FALSE},
    {"a bulk query or a load that cannot be is an error", test_bulk_refused, FALSE},
    {"every type comes out as number, bytes or text", test_types, TRUE},
    {"timestamps of a bulk query read as the server writes them", test_timestamps, TRUE},
    {"ids go on after those that were loaded", test_ids_after_load, TRUE},
    {"a NUL character is refused with its table, row and column", test_nul, TRUE},
    {"transactions that lock rows run beside each other", test_rows_beside, TRUE},
    {"a lost connection is named, and the next transaction has a new one", test_lost_connection, TRUE},
};

static void add_tests(const Engine *engine, const char *name, gboolean is_postgres)
{
  for (gsize i = 0; i < G_N_ELEMENTS(TESTS); i++) {
    g_autofree char *path = g_strdup_printf("/db/%s/%s", name, TESTS[i].promise);
    if (is_postgres || !TESTS[i].postgres_alone)
      g_test_add_data_func(path, engine, TESTS[i].test);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  sqlite_engine.folder = temporary_folder();
  sqlite_engine.address = g_build_filename(sqlite_engine.folder, "a.sqlite", NULL);
  postgres_engine.folder = temporary_folder();
  postgres_engine.address = g_strdup_printf("postgresql://admin@/postgres?host=%s", postgres_engine.folder);
  add_tests(&sqlite_engine, "sqlite", FALSE);
  g_test_add_func("/db/postgresql/a server that cannot be reached is named without the password", test_no_connection);
  if (start_server(&postgres_engine))
    add_tests(&postgres_engine, "postgresql", TRUE);
  else
    g_printerr("# no PostgreSQL server can be started here; its tests are left out\n");
  int status = g_test_run();
  stop_server(&sqlite_engine);
  stop_server(&postgres_engine);
  return status;
}
