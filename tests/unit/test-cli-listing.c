/* test-cli-listing.c — JSON output and --jq of the listing commands. Expected lines: what `jq -r -c` prints (cli §2.7). */
#include "nx-listing.h"
#include "nx-cli.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static const char VALUE[] = "[{\"instrument_pid\":\"FEI-Titan\",\"sessions_total\":15,\"delay\":2.0,\"room\":\"Gr\\u00f6\\u00dfe\","
                            "\"last\":null,\"on\":true,\"big\":9007199254740993},{\"instrument_pid\":\"JEOL\",\"sessions_total\":8,"
                            "\"delay\":0.5,\"tags\":[1,\"a\"]}]";

static char *printed(const char *jq, GError **err)
{
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  g_autoptr(json_object) value = nx_json_parse(VALUE, strlen(VALUE), NULL);
  nx_listing_print(value, jq, out, err);
  fclose(out);
  char *copy = g_strdup(text);
  free(text);
  return copy;
}

typedef struct {
  const char *program, *expected;
} Row;

static const Row ROWS[] = {
    {".[].instrument_pid", "FEI-Titan\nJEOL\n"},
    {"map(select(.on)) | length", "1\n"},
    {"[.[] | select(.sessions_total > 10) | .instrument_pid]", "[\"FEI-Titan\"]\n"},
    {".[] | {instrument_pid, delay}", "{\"instrument_pid\":\"FEI-Titan\",\"delay\":2.0}\n{\"instrument_pid\":\"JEOL\",\"delay\":0.5}\n"},
    {".[0].room", "Größe\n"},
    {".[0] | [.last, .on, .big]", "[null,true,9007199254740993]\n"},
    {".[1].tags", "[1,\"a\"]\n"},
    {".[0].sessions_total + 2", "17\n"},
    {"1/4", "0.25\n"},
    {"empty", ""},
    {"\"two\\nlines\"", "two\nlines\n"},
    {"[inputs]", "[]\n"},
};

static void test_program(gconstpointer data)
{
  const Row *row = data;
  g_autoptr(GError) err = NULL;
  g_autofree char *text = printed(row->program, &err);
  g_assert_no_error(err);
  g_assert_cmpstr(text, ==, row->expected);
}

static void test_plain(void)
{
  g_autoptr(GError) err = NULL;
  g_autofree char *text = printed(NULL, &err);
  g_assert_no_error(err);
  g_assert_true(g_str_has_prefix(text, "[\n  {\n    \"instrument_pid\": \"FEI-Titan\",\n    \"sessions_total\": 15,\n    \"delay\": 2.0,\n"
                                       "    \"room\": \"Gr\\u00f6\\u00dfe\",\n"));
  g_assert_true(g_str_has_suffix(text, "\n  }\n]\n"));
}

static void test_bad_program(void)
{
  if (g_test_subprocess()) {
    g_assert_true(nx_listing_accepts(NULL));
    g_assert_true(nx_listing_accepts(".[]"));
    g_assert_false(nx_listing_accepts(".["));
    exit(nx_cli_exit_code());
  }
  g_test_trap_subprocess(NULL, 0, 0);
  g_assert_false(g_test_trap_has_passed());
  g_test_trap_assert_stderr("Error: Invalid value for '--jq': *syntax error*\n");
  g_test_trap_assert_stderr_unmatched("*compile error*");
}

static void test_failing_program(void)
{
  g_autoptr(GError) err = NULL;
  g_autofree char *text = printed(".[0].sessions_total, .[0].instrument_pid.x", &err);
  g_assert_error(err, NX_ERROR, NX_ERROR_DATA);
  g_assert_true(g_str_has_prefix(err->message, "jq: Cannot index string"));
  g_assert_cmpstr(text, ==, "15\n");
}

static void test_debug(void)
{
  if (g_test_subprocess()) {
    g_autofree char *text = printed(".[1].tags | debug | .[1]", NULL);
    g_assert_cmpstr(text, ==, "a\n");
    exit(0);
  }
  g_test_trap_subprocess(NULL, 0, 0);
  g_test_trap_assert_passed();
  g_test_trap_assert_stderr("[\"DEBUG:\",[1,\"a\"]]\n");
}

typedef struct {
  const char *program, *complaint;
} Refusal;

/* What a program may not have: it is said, and nothing ends. */
static const Refusal REFUSALS[] = {
    {"input", "jq: ?*"},
    {"import \"a\" as a; .", "jq: *module not found: a*"},
    {"include \"a\"; .", "jq: *module not found: a*"},
};

static void test_refusal(gconstpointer data)
{
  const Refusal *refusal = data;
  g_autoptr(GError) err = NULL;
  g_autofree char *text = printed(refusal->program, &err);
  g_assert_error(err, NX_ERROR, NX_ERROR_DATA);
  g_assert_true(g_pattern_match_simple(refusal->complaint, err->message));
  g_assert_cmpstr(text, ==, "");
}

int main(int argc, char **argv)
{
  mallopt(M_PERTURB, 165); /* memory that nobody has set is not zero by chance */
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/listing/without a program the value is indented and ASCII", test_plain);
  for (guint i = 0; i < G_N_ELEMENTS(ROWS); i++) {
    g_autofree char *path = g_strdup_printf("/listing/each result is a line: %u", i);
    g_test_add_data_func(path, &ROWS[i], test_program);
  }
  for (guint i = 0; i < G_N_ELEMENTS(REFUSALS); i++) {
    g_autofree char *path = g_strdup_printf("/listing/a program has one input and no modules: %s", REFUSALS[i].program);
    g_test_add_data_func(path, &REFUSALS[i], test_refusal);
  }
  g_test_add_func("/listing/what debug is given goes to standard error", test_debug);
  g_test_add_func("/listing/a program that does not compile is a usage error of one line", test_bad_program);
  g_test_add_func("/listing/a program that fails keeps what it wrote and says why", test_failing_program);
  return g_test_run();
}
