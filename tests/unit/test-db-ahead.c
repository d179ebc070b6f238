/* test-db-ahead.c — a database file is read in blocks, and still every statement sees what SQLite promises it. */
#include "nx-db.h"

#include <glib/gstdio.h>
#include <sqlite3.h>

#define ROWS 20000 /* some 2 MB: many blocks */

static void run(sqlite3 *other, const char *sql)
{
  char *message = NULL;
  if (sqlite3_exec(other, sql, NULL, NULL, &message) != SQLITE_OK)
    g_error("%s: %s", sql, message);
}

static gint64 number(sqlite3 *other, const char *sql)
{
  sqlite3_stmt *statement = NULL;
  g_assert_cmpint(sqlite3_prepare_v2(other, sql, -1, &statement, NULL), ==, SQLITE_OK);
  g_assert_cmpint(sqlite3_step(statement), ==, SQLITE_ROW);
  gint64 value = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  return value;
}

static gint64 our_number(NxDb *db, const char *sql)
{
  g_autoptr(GError) error = NULL;
  gint64 value = 0;
  nx_db_number(db, &value, &error, sql, NULL);
  g_assert_no_error(error);
  return value;
}

/* A database that SQLite itself made and holds open; *path is to be removed with finish(). */
static sqlite3 *start(const char *journal, char **path)
{
  sqlite3 *other = NULL;
  g_autofree char *folder = g_dir_make_tmp("nx-ahead-XXXXXX", NULL);
  g_autofree char *mode = g_strdup_printf("PRAGMA journal_mode=%s; PRAGMA synchronous=OFF", journal);
  *path = g_build_filename(folder, "a.db", NULL);
  g_assert_cmpint(sqlite3_open(*path, &other), ==, SQLITE_OK);
  run(other, mode);
  /* What a statement reads first shall lie far from the rows: else it pushes them out of the block by chance. */
  run(other, "CREATE TABLE far (filler); INSERT INTO far VALUES (zeroblob(200000))");
  run(other, "CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER, filler TEXT)");
  g_autofree char *fill = g_strdup_printf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
                                          "INSERT INTO t SELECT i, i, hex(randomblob(40)) FROM n",
                                          ROWS);
  run(other, fill);
  return other;
}

static void finish(sqlite3 *other, char *path)
{
  g_autofree char *folder = g_path_get_dirname(path);
  sqlite3_close(other);
  g_unlink(path);
  g_rmdir(folder);
  g_free(path);
}

static const char *const JOURNALS[] = {"DELETE", "WAL", "PERSIST"};

static void test_changes_of_others(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(JOURNALS); i++) {
    g_autofree char *path = NULL;
    sqlite3 *other = start(JOURNALS[i], &path);
    g_autoptr(NxDb) db = nx_db_open(path, NX_DB_READ, NULL);
    for (int round = 0; round < 60; round++) {
      g_autofree char *change =
          g_strdup_printf("UPDATE t SET v = v + 1 WHERE id BETWEEN %d AND %d; PRAGMA wal_checkpoint", 9000 + round, 9000 + 8 * round);
      run(other, change);
      if (round == 40)
        run(other, "DELETE FROM t WHERE id % 3 = 0; VACUUM");
      g_assert_cmpint(our_number(db, "SELECT sum(v) FROM t WHERE id BETWEEN 8900 AND 9500"), ==,
                      number(other, "SELECT sum(v) FROM t WHERE id BETWEEN 8900 AND 9500"));
      g_assert_cmpint(round % 5 ? 0 : our_number(db, "SELECT sum(v) FROM t"), ==, round % 5 ? 0 : number(other, "SELECT sum(v) FROM t"));
    }
    g_clear_pointer(&db, nx_db_close);
    finish(other, g_steal_pointer(&path));
  }
}

static void test_snapshot(void)
{
  g_autofree char *path = NULL;
  g_autoptr(GError) error = NULL;
  sqlite3 *other = start("WAL", &path);
  g_autoptr(NxDb) db = nx_db_open(path, NX_DB_READ, &error);
  g_assert_no_error(error);
  g_autoptr(NxRows) rows = nx_db_select(db, &error, "SELECT v FROM t", NULL);
  gint64 sum = 0, n = 0;
  while (nx_rows_next(rows)) {
    sum += nx_rows_int(rows, 0);
    if (++n % 2000 == 0)
      run(other, "UPDATE t SET v = v + 1000; PRAGMA wal_checkpoint(PASSIVE)");
  }
  g_assert_true(nx_rows_finish(rows, &error));
  g_assert_cmpint(n, ==, ROWS);
  g_assert_cmpint(sum, ==, (gint64)ROWS * (ROWS + 1) / 2);
  g_clear_pointer(&rows, nx_rows_free);
  g_assert_cmpint(our_number(db, "SELECT sum(v) FROM t"), ==, number(other, "SELECT sum(v) FROM t"));
  g_clear_pointer(&db, nx_db_close);
  finish(other, g_steal_pointer(&path));
}

static void test_own_changes(void)
{
  for (gsize i = 0; i < G_N_ELEMENTS(JOURNALS); i++) {
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    sqlite3 *other = start(JOURNALS[i], &path);
    g_autoptr(NxDb) db = nx_db_open(path, NX_DB_WRITE, &error);
    g_assert_no_error(error);
    /* So small a cache that pages are written, forgotten and read again in the middle of the statement. */
    nx_db_script(db, "PRAGMA cache_size=3", &error);
    g_autoptr(NxDbTransaction) transaction = nx_db_begin(db, &error);
    gint64 before = our_number(db, "SELECT sum(v) FROM t WHERE id BETWEEN 8900 AND 9500");
    for (gint64 round = 1; round < 5; round++) {
      nx_db_script(db, "UPDATE t SET v = v + 1 WHERE id BETWEEN 8900 AND 9500", &error);
      g_assert_cmpint(our_number(db, "SELECT sum(v) FROM t WHERE id BETWEEN 8900 AND 9500"), ==, before + 601 * round);
    }
    nx_db_script(db, "UPDATE t SET v = v + 1; UPDATE t SET filler = filler || 'x' WHERE id % 5 = 0; DELETE FROM t WHERE id % 7 = 0",
                 &error);
    g_assert_no_error(error);
    gint64 sum = our_number(db, "SELECT sum(v + length(filler)) FROM t");
    g_assert_true(nx_db_commit(&transaction, &error));
    g_assert_cmpint(number(other, "SELECT sum(v + length(filler)) FROM t"), ==, sum);
    g_assert_cmpint(our_number(db, "SELECT sum(v) FROM t"), ==, number(other, "SELECT sum(v) FROM t"));
    g_assert_cmpint(number(other, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), ==, 1);
    g_clear_pointer(&db, nx_db_close);
    finish(other, g_steal_pointer(&path));
  }
}

static void test_rollback(void)
{
  g_autofree char *path = NULL;
  g_autoptr(GError) error = NULL;
  sqlite3 *other = start("DELETE", &path);
  g_autoptr(NxDb) db = nx_db_open(path, NX_DB_WRITE, &error);
  nx_db_script(db, "PRAGMA cache_size=3", &error);
  g_autoptr(NxDbTransaction) transaction = nx_db_begin(db, &error);
  nx_db_script(db, "SAVEPOINT a; UPDATE t SET v = v + 1", &error);
  g_assert_cmpint(our_number(db, "SELECT sum(v) FROM t"), ==, (gint64)ROWS * (ROWS + 3) / 2);
  nx_db_script(db, "ROLLBACK TO a", &error);
  g_assert_no_error(error);
  g_assert_cmpint(our_number(db, "SELECT sum(v) FROM t"), ==, (gint64)ROWS * (ROWS + 1) / 2);
  nx_db_script(db, "UPDATE t SET v = v + 2", &error);
  nx_db_rollback(g_steal_pointer(&transaction));
  g_assert_cmpint(our_number(db, "SELECT sum(v) FROM t"), ==, (gint64)ROWS * (ROWS + 1) / 2);
  g_clear_pointer(&db, nx_db_close);
  finish(other, g_steal_pointer(&path));
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/db/ahead/what another program changed is seen by the next statement, in every journal mode", test_changes_of_others);
  g_test_add_func("/db/ahead/a statement goes on to see what it began with while others write and empty the log", test_snapshot);
  g_test_add_func("/db/ahead/what a transaction wrote it reads again, and others after it", test_own_changes);
  g_test_add_func("/db/ahead/what is taken back is not read again", test_rollback);
  return g_test_run();
}
