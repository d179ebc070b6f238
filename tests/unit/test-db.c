/* test-db.c — the parts of the database engine that need no database: cutting SQL, naming places, backup names, addresses. */
#include "distinct.h"
#include "migration.h"
#include "nx-config.h"
#include "sql-text.h"
#include "sqlite.h"

#include <glib/gstdio.h>
#include <string.h>

/* ---------------------------------------------------------------------------------------------------------- cutting */

static void check_pieces(const char *sql, const char *const *expected)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) pieces = nx_pieces_parse(sql, "test", &error);
  g_assert_no_error(error);
  g_assert_cmpuint(pieces->len, ==, g_strv_length((char **)expected));
  for (guint i = 0; i < pieces->len; i++)
    g_assert_cmpstr(((NxPiece *)pieces->pdata[i])->text, ==, expected[i]);
}

static void test_pieces(void)
{
  check_pieces("", (const char *const[]){NULL});
  check_pieces("-- a comment; alone\n/* ; */ ;;", (const char *const[]){NULL});
  check_pieces("SELECT 1;\n\n  SELECT 2 ;", (const char *const[]){"SELECT 1", "SELECT 2", NULL});
  check_pieces("SELECT ';', \"a;b\", 'it''s;', [x;y], `z;` -- ;\n, 3;",
               (const char *const[]){"SELECT ';', \"a;b\", 'it''s;', [x;y], `z;` -- ;\n, 3", NULL});
  check_pieces("CREATE TABLE t (\n\ta INT, \n\tb INT\n);", (const char *const[]){"CREATE TABLE t (\n\ta INT, \n\tb INT\n)", NULL});
  check_pieces("DO $x$ BEGIN; END; $x$; SELECT $1;", (const char *const[]){"DO $x$ BEGIN; END; $x$", "SELECT $1", NULL});
  check_pieces("DO $body2$ BEGIN; END; $body2$; SELECT $2;", (const char *const[]){"DO $body2$ BEGIN; END; $body2$", "SELECT $2", NULL});
  check_pieces("CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE WHEN 1 THEN 2 END; DELETE FROM b; END; SELECT 1;",
               (const char *const[]){"CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE WHEN 1 THEN 2 END; DELETE FROM b; END",
                                     "SELECT 1", NULL});
  check_pieces("--@ count t \"→ {n}\"\nSELECT 1;\n--@verify t\n", (const char *const[]){"count t \"→ {n}\"", "SELECT 1", "verify t", NULL});
}

static void check_refused(const char *sql, const char *message)
{
  g_autoptr(GError) error = NULL;
  g_assert_null(nx_pieces_parse(sql, "f.sql", &error));
  g_assert_cmpstr(error->message, ==, message);
}

static void test_pieces_refused(void)
{
  check_refused("SELECT 1", "f.sql:1: the last statement does not end with `;`");
  check_refused("\nSELECT 'a", "f.sql:2: a quote or comment is not closed");
  check_refused("/* a", "f.sql:1: a quote or comment is not closed");
  check_refused("SELECT 1\n--@ count t\n;", "f.sql:2: a directive in the middle of a statement (is a `;` missing?)");
}

static void test_identifiers(void)
{
  static const char *const CASES[][2] = {
      {"session_log", "session_log"}, {"api_url_UNIQUE", "\"api_url_UNIQUE\""}, {"a b", "\"a b\""}, {"1a", "\"1a\""}, {"", "\"\""},
      {"a\"b", "\"a\"\"b\""}, {"order", "\"order\""}, {"group", "\"group\""}, {"user", "user"}};
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_autofree char *identifier = nx_sql_identifier(CASES[i][0]);
    g_autofree char *name = nx_sql_name(identifier, strlen(identifier));
    g_assert_cmpstr(identifier, ==, CASES[i][1]);
    g_assert_cmpstr(name, ==, CASES[i][0]);
  }
}

/* ------------------------------------------------------------------------------------------------------------ names */

static void test_backup_names(void)
{
  /* Stem and suffix as Python's pathlib cuts them. */
  static const char *const CASES[][2] = {
      {"/data/nexuslims.sqlite", "/data/nexuslims_backup_20260207_143216.sqlite"},
      {"db", "db_backup_20260207_143216"},
      {"a.b.db", "a.b_backup_20260207_143216.db"},
      {".db", ".db_backup_20260207_143216"},
      {"x/a.", "x/a._backup_20260207_143216"},
      {"dir.d/db", "dir.d/db_backup_20260207_143216"},
  };
  g_autoptr(GDateTime) when = g_date_time_new_utc(2026, 2, 7, 14, 32, 16);
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_autofree char *name = nx_sqlite_backup_name(CASES[i][0], when, 0);
    g_assert_cmpstr(name, ==, CASES[i][1]);
  }
  g_autofree char *second = nx_sqlite_backup_name("a.db", when, 2);
  g_assert_cmpstr(second, ==, "a_backup_20260207_143216_2.db");
}

static void test_addresses(void)
{
  static const char *const CASES[][2] = {
      {"/data/a.db", "sqlite:////data/a.db"}, {"a.db", "sqlite:///a.db"}, {"sqlite:////x", "sqlite:////x"}};
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_autofree char *url = nx_db_url_shown(CASES[i][0]);
    g_assert_cmpstr(url, ==, CASES[i][1]);
  }
  g_autofree char *path = nx_db_file_path("sqlite:////x y?z");
  g_assert_cmpstr(path, ==, "/x y?z");
}

/* ------------------------------------------------------------------------------------------------------------ graph */

static void write_revision(const char *folder, const char *id, const char *more)
{
  g_autofree char *up = g_strdup_printf("%s/%s_x.up.sql", folder, id);
  g_autofree char *down = g_strdup_printf("%s/%s_x.down.sql", folder, id);
  g_autofree char *text = g_strdup_printf("-- revision: %s\n%s-- title: Make %s.\n", id, more, id);
  g_assert_true(g_file_set_contents(up, text, -1, NULL));
  g_assert_true(g_file_set_contents(down, "", -1, NULL));
}

static void remove_folder(const char *folder)
{
  g_autoptr(GDir) files = g_dir_open(folder, 0, NULL);
  const char *name = NULL;
  while ((name = g_dir_read_name(files))) {
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_remove(path);
  }
  g_rmdir(folder);
}

/* aaaa → bbbb → { left1 (label left) → left2, right1 } → merge, and other1 depending on left1. */
static NxGraph *branched_graph(void)
{
  g_autofree char *root = g_dir_make_tmp("nx-db-XXXXXX", NULL);
  g_autofree char *folder = g_build_filename(root, "nexuslims", NULL);
  g_autofree char *facts = g_build_filename(folder, "schema.json", NULL);
  g_autoptr(GError) error = NULL;
  g_mkdir(folder, 0755);
  g_file_set_contents(facts, "{\"tables\": [\"t\"]}", -1, NULL);
  write_revision(folder, "aaaa", "-- parent:\n");
  write_revision(folder, "bbbb", "-- parent: aaaa\n");
  write_revision(folder, "left1", "-- parent: bbbb\n-- labels: left\n");
  write_revision(folder, "left2", "-- parent: left1\n");
  write_revision(folder, "right1", "-- parent: bbbb\n");
  write_revision(folder, "other1", "-- parent: aaaa\n-- depends: left1\n");
  g_setenv("NX_MIGRATIONS_PATH", root, TRUE);
  NxGraph *graph = nx_graph_load("nexuslims", &error);
  g_assert_no_error(error);
  remove_folder(folder);
  remove_folder(root);
  return graph;
}

static char *ids(GPtrArray *revisions)
{
  GString *text = g_string_new(NULL);
  for (guint i = 0; i < revisions->len; i++)
    g_string_append_printf(text, "%s%s", i ? " " : "", ((NxRevision *)revisions->pdata[i])->id);
  return g_string_free(text, FALSE);
}

typedef struct {
  const char *rows, *target, *expected; /* expected: ids, or the message */
} PlanCase;

static void check_plans(const NxGraph *graph, const PlanCase *cases, gsize n, gboolean is_upgrade)
{
  for (gsize i = 0; i < n; i++) {
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) rows = g_strsplit(cases[i].rows, " ", -1);
    char *none[] = {NULL};
    char **given = *cases[i].rows ? rows : none;
    g_autoptr(GPtrArray) plan = is_upgrade ? nx_graph_plan_upgrade(graph, given, cases[i].target, &error)
                                           : nx_graph_plan_downgrade(graph, given, cases[i].target, &error);
    g_autofree char *got = plan ? ids(plan) : g_strdup(error->message);
    if (g_strcmp0(got, cases[i].expected) != 0)
      g_error("from <%s> to <%s>: <%s>, expected <%s>", cases[i].rows, cases[i].target, got, cases[i].expected);
  }
}

static void test_upgrade_plans(void)
{
  g_autoptr(NxGraph) graph = branched_graph();
  static const PlanCase CASES[] = {
      {"", "bbbb", "aaaa bbbb"},
      {"aaaa", "left@head", "bbbb left1 left2"},
      {"bbbb", "left2", "left1 left2"},
      {"bbbb", "other1", "left1 other1"},
      {"bbbb", "left@+1", "left1"},
      {"bbbb", "right1-1", ""},
      {"bbbb", "bbbb", ""},
      {"left2", "base", ""},
      {"bbbb", "heads", "left1 left2 other1 right1"},
      {"", "+1", "aaaa"},
      {"bbbb", "+1", "Ambiguous walk"},
      {"left1 right1", "+1", "Ambiguous upgrade from multiple current revisions"},
      {"left1", "+9", "Relative revision +9 didn't produce 9 migrations"},
      {"bbbb", "-1", "Relative revision -1 didn't produce 1 migrations"},
      {"bbbb", "lef", "Can't locate revision identified by 'lef'"},
      {"nope", "heads", "Can't locate revision identified by 'nope'"},
      {"aaaa bbbb", "left2", "Requested revision bbbb overlaps with other requested revisions aaaa"},
      {"bbbb", "sideways@head", "No such branch: 'sideways'"},
  };
  check_plans(graph, CASES, G_N_ELEMENTS(CASES), TRUE);
}

static void test_downgrade_plans(void)
{
  g_autoptr(NxGraph) graph = branched_graph();
  static const PlanCase CASES[] = {
      {"left2", "-1", "left2"},
      {"left2", "base", "left2 left1 bbbb aaaa"},
      {"left2", "left1", "left2"},
      {"left2 right1", "bbbb", "right1 left2 left1"},
      {"left2 right1", "left@-1", "left2"},
      {"left2", "left2", ""},
      {"left2", "head-1",
       "Multiple head revisions are present for given argument 'head'; please specify a specific target revision, "
       "'<branchname>@head' to narrow to a specific head, or 'heads' for all heads"},
      {"left2", "left2-2", "left2 left1"},
      {"aaaa", "bbbb", "Destination bbbb is not a valid downgrade target from current head(s)"},
      {"", "-1", "Relative revision -1 didn't produce 1 migrations"},
      {"bbbb", "-3", "Relative revision -3 didn't produce 3 migrations"},
      {"left2", "+1", "Relative revision +1 didn't produce 1 migrations"},
  };
  check_plans(graph, CASES, G_N_ELEMENTS(CASES), FALSE);
}

static void check_version_walk(const NxGraph *graph, const char *rows, const char *id, gboolean is_upgrade, const char *expected)
{
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) after = *rows ? g_strsplit(rows, " ", -1) : g_new0(char *, 1);
  g_autoptr(GPtrArray) statements = nx_version_statements(graph, nx_graph_find(graph, id), is_upgrade, &after, &error);
  g_assert_no_error(error);
  g_autofree char *got = g_strjoinv(" ", after);
  g_assert_cmpstr(got, ==, expected);
}

static void test_version_rows(void)
{
  g_autoptr(NxGraph) graph = branched_graph();
  check_version_walk(graph, "", "aaaa", TRUE, "aaaa");
  check_version_walk(graph, "bbbb", "left1", TRUE, "left1");
  check_version_walk(graph, "left1", "right1", TRUE, "left1 right1");
  check_version_walk(graph, "left1 right1", "right1", FALSE, "left1");
  check_version_walk(graph, "left1", "left1", FALSE, "bbbb");
  check_version_walk(graph, "aaaa", "aaaa", FALSE, "");
}

/* --------------------------------------------------------------------------------------------------------- counting */

static guint distinct_by_table(const guint64 *numbers, gsize n)
{
  g_autoptr(GHashTable) set = g_hash_table_new(g_int64_hash, g_int64_equal);
  for (gsize i = 0; i < n; i++)
    g_hash_table_add(set, (gpointer)&numbers[i]);
  return g_hash_table_size(set);
}

static void test_distinct(void)
{
  static const gsize COUNTS[] = {0, 1, 2, 4095, 4096, 4097, 5000, 100000};
  /* How many lower bits vary, and where: many equal ones, equal beginnings, equal ends. */
  static const struct {
    guint64 mask;
    guint shift;
  } KINDS[] = {{0, 0}, {1, 0}, {0xff, 0}, {0xfff, 3}, {0xffff, 48}, {G_MAXUINT64, 0}, {0xf0f0f0f0f0f0f0f0, 0}};
  for (gsize k = 0; k < G_N_ELEMENTS(KINDS); k++)
    for (gsize c = 0; c < G_N_ELEMENTS(COUNTS); c++) {
      g_autofree guint64 *numbers = g_new(guint64, COUNTS[c] + 1), *copy = g_new(guint64, COUNTS[c] + 1);
      for (gsize i = 0; i < COUNTS[c]; i++)
        copy[i] = numbers[i] = ((((guint64)g_test_rand_int() << 32 | (guint32)g_test_rand_int()) & KINDS[k].mask) << KINDS[k].shift) |
                               G_GUINT64_CONSTANT(1) << 63 | 1;
      g_assert_cmpuint(nx_distinct_count(numbers, COUNTS[c]), ==, distinct_by_table(copy, COUNTS[c]));
    }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/db/pieces/statements and directives are cut at semicolons that are none of quotes, comments and triggers", test_pieces);
  g_test_add_func("/db/pieces/what is not closed is refused with file and line", test_pieces_refused);
  g_test_add_func("/db/sql/an identifier is quoted only when it must be", test_identifiers);
  g_test_add_func("/db/backup/the name keeps folder, stem and suffix", test_backup_names);
  g_test_add_func("/db/address/a path is shown as a sqlite address", test_addresses);
  g_test_add_func("/db/graph/upgrades go to ids, prefixes, labels, heads and relative places", test_upgrade_plans);
  g_test_add_func("/db/graph/downgrades take away all that stands on what goes", test_downgrade_plans);
  g_test_add_func("/db/distinct/each number counts once, however many there are and whatever they share", test_distinct);
  g_test_add_func("/db/version/rows follow the heads", test_version_rows);
  return g_test_run();
}
