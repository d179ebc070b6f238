/* test-config-dotenv.c — the .env grammar: every verified example of config 2, hostile bytes, and rewriting (config 9). */
#include "dotenv.h"

#include <string.h>

static NxDotenv *parse(const char *text)
{
  return nx_dotenv_parse(text, strlen(text), NX_DOTENV_FILE_FIRST);
}

static void check_value(const char *text, const char *key, const char *expected)
{
  g_autoptr(NxDotenv) file = parse(text);
  if (g_strcmp0(nx_dotenv_get(file, key), expected) != 0)
    g_error("%s\ngives %s = <%s>, expected <%s>", text, key, nx_dotenv_get(file, key), expected);
}

typedef struct {
  const char *text, *value;
} Example;

static void check_examples(const Example *examples, gsize n)
{
  g_setenv("OUTER", "fromenv", TRUE);
  g_setenv("BOTH", "env", TRUE);
  for (gsize i = 0; i < n; i++)
    check_value(examples[i].text, "A", examples[i].value);
}

static void test_plain(void)
{
  static const Example EXAMPLES[] = {
    {"A=plain", "plain"}, {"A = spaced", "spaced"}, {"  A=lead", "lead"}, {"export A=exported", "exported"},
    {"'A'=quotedkey", "quotedkey"}, {"A=val # comment", "val"}, {"A=val#x", "val#x"}, {"A=", ""}, {"A", NULL},
    {"A=trail   ", "trail"}, {"A=a b c", "a b c"}, {"A==x", "=x"}, {"A=\\n", "\\n"}, {"A=[\"*.mib\",\"*.db\"]", "[\"*.mib\",\"*.db\"]"},
    {"A=1\nA=2", "2"}, {"A=x\r\n", "x"}, {"A=x\rB=y", "x"}, {"\n\n \t\n A=1", "1"}, {"# A=0\nA=1 \t# c", "1"}, {"\xef\xbb\xbf" "A=1", "1"},
    {"A=x\xc2\xa0# c", "x"}, {"A=it's", "it's"}, {"export export=1\nA=2", "2"}, {"exportA=1", NULL},
  };
  check_examples(EXAMPLES, G_N_ELEMENTS(EXAMPLES));
  check_value("A.B-c=1", "A.B-c", "1");
  check_value("export", "export", NULL);
}

static void test_quoted(void)
{
  static const Example EXAMPLES[] = {
    {"A='single'", "single"}, {"A=\"double\"", "double"}, {"A='it\\'s'", "it's"}, {"A=\"a\\\"b\"", "a\"b"}, {"A='x\\ny'", "x\\ny"},
    {"A=\"x\\ny\"", "x\ny"}, {"A=\"tab\\tq\\\\n\"", "tab\tq\\n"}, {"A=\"\\x41 \\' \\e\"", "\\x41 ' \\e"}, {"A='line1\nline2'", "line1\nline2"},
    {"A=\"line1\nline2\"", "line1\nline2"}, {"A='multi\n# not comment\nz'", "multi\n# not comment\nz"}, {"A='val'#c", "val"}, {"A=''", ""},
    {"A='[\"*.mib\",\"*.db\"]'", "[\"*.mib\",\"*.db\"]"}, {"A=\"\\a\\b\\f\\r\\v\"", "\a\b\f\r\v"}, {"A='a\r\nb\rc'", "a\nb\nc"},
    {"A='end\\\\'\nB='x'", "end\\"}, /* pairs: what we write for a value that ends in a backslash */
    {"A='end\\'", "end\\"},          /* the Python reader closes an open value at its last quote */
    {"A='it\\\\'s'", "it\\'s"},      /* and protects a quote whatever stands before the backslash */
  };
  check_examples(EXAMPLES, G_N_ELEMENTS(EXAMPLES));
}

static void test_expansion(void)
{
  static const Example EXAMPLES[] = {
    {"A=${OUTER}", "fromenv"}, {"A='${OUTER}'", "fromenv"}, {"A=$OUTER", "$OUTER"}, {"A=${NOPE}", ""}, {"A=${NOPE:-dflt}", "dflt"},
    {"A=${OUTER:-dflt}", "fromenv"}, {"A=$${OUTER}", "$fromenv"}, {"A=${}", ""}, {"B=1\nA=${B}2", "12"}, {"BOTH=file\nA=${BOTH}", "file"},
    {"B=\nA=${B:-dflt}", ""}, {"A=${B}\nB=1", ""}, {"B='${OUTER}'\nA=${B}", "fromenv"}, {"A=${OUTER", "${OUTER"}, {"A=${A:x}", "${A:x}"},
    {"B='$'\nA=${B}{OUTER}", "${OUTER}"}, {"A=${NOPE:-a:b}c", "a:bc"},
  };
  check_examples(EXAMPLES, G_N_ELEMENTS(EXAMPLES));
  static const char BOTH[] = "BOTH=file\nA=${BOTH}";
  g_autoptr(NxDotenv) loader = nx_dotenv_parse(BOTH, strlen(BOTH), NX_DOTENV_ENVIRONMENT_FIRST);
  g_assert_cmpstr(nx_dotenv_get(loader, "A"), ==, "env");
}

static void test_broken(void)
{
  static const char *const BROKEN[] = {"A='a' b", "A='x'B=2", "A b=1", "A: 1", "=x", "A='unterminated", "''=1"};
  for (gsize i = 0; i < G_N_ELEMENTS(BROKEN); i++) {
    g_autofree char *text = g_strconcat("X=1\n\n", BROKEN[i], "\nC=3\n", NULL);
    g_autoptr(NxDotenv) file = parse(text);
    g_assert_cmpstr(nx_dotenv_get(file, "A"), ==, NULL);
    g_assert_cmpstr(nx_dotenv_get(file, "B"), ==, NULL);
    g_assert_cmpstr(nx_dotenv_get(file, "C"), ==, "3");
    NxStatement *broken = g_ptr_array_index(file->statements, 1);
    g_assert_null(broken->key);
    g_assert_false(broken->is_comment);
    g_assert_cmpuint(broken->line, ==, 3);
  }
}

static void test_hostile(void)
{
  static const char NUL[] = "A=1\nB=x\0y\nC=3\n", OPEN[] = "A=${", BYTES[] = "A=\xff\xfe\nB=2";
  g_autoptr(NxDotenv) with_nul = nx_dotenv_parse(NUL, sizeof NUL - 1, NX_DOTENV_FILE_FIRST);
  g_assert_cmpstr(nx_dotenv_get(with_nul, "A"), ==, "1");
  g_assert_cmpstr(nx_dotenv_get(with_nul, "B"), ==, NULL);
  g_assert_cmpstr(nx_dotenv_get(with_nul, "C"), ==, "3");
  check_value(OPEN, "A", "${");
  check_value(BYTES, "A", "\xff\xfe");
  check_value(BYTES, "B", "2");
  check_value("", "A", NULL);
  g_autoptr(GString) comments = g_string_new(NULL);
  for (int i = 0; i < 200000; i++)
    g_string_append(comments, "#\n");
  g_string_append(comments, "A=1");
  check_value(comments->str, "A", "1");
}

/* ---------------------------------------------------------------------------------------------------------- rewriting */

static void test_quoting(void)
{
  static const char *const CASES[][2] = {
    {"plain", "'plain'"}, {"", "''"}, {"it's", "'it\\'s'"}, {"a\\b", "'a\\b'"}, {"end\\", "'end\\\\'"}, {"a\\\\b", "'a\\\\\\b'"},
    {"\\'", "'\\\\\\''"}, {"-----BEGIN\\nMII", "'-----BEGIN\\nMII'"}, {"two\nlines", "'two\nlines'"}, {"a\rb\\n\"", "\"a\\rb\\\\n\\\"\""},
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_autofree char *quoted = nx_dotenv_quote(CASES[i][0]);
    g_assert_cmpstr(quoted, ==, CASES[i][1]);
  }
}

/* Any text without ${ reads back to itself, whatever lines follow it. */
static void test_quoting_reads_back(void)
{
  static const char LETTERS[] = "\\\\\\'''\"\" #=\n\r\tna$u{";
  g_autoptr(GRand) random = g_rand_new_with_seed(20240205);
  for (int round = 0; round < 20000; round++) {
    char value[12] = {0};
    gint length = g_rand_int_range(random, 0, 11);
    for (gint i = 0; i < length; i++)
      value[i] = LETTERS[g_rand_int_range(random, 0, sizeof LETTERS - 1)];
    if (strstr(value, "${"))
      continue;
    g_autofree char *quoted = nx_dotenv_quote(value);
    g_autofree char *text = g_strdup_printf("A=%s\nB='x'\nC=\"y\" # it's\n", quoted);
    check_value(text, "A", value);
    check_value(text, "B", "x");
    check_value(text, "C", "y");
  }
}

static void test_keys(void)
{
  g_assert_true(nx_dotenv_key_is_writable("NX_DATA_PATH"));
  g_assert_true(nx_dotenv_key_is_writable("A.B-c"));
  static const char *const UNWRITABLE[] = {"", "a b", "a=b", "a#b", "#a", "'a'", "a\nb", "export a", "=", " a"};
  for (gsize i = 0; i < G_N_ELEMENTS(UNWRITABLE); i++)
    g_assert_false(nx_dotenv_key_is_writable(UNWRITABLE[i]));
}

static gboolean owned(const char *key)
{
  return g_str_has_prefix(key, "NX_");
}

static void check_rewrite(const char *text, const char *const *wanted, const char *expected)
{
  g_autoptr(NxDotenv) file = text ? parse(text) : NULL;
  g_autoptr(GHashTable) table = g_hash_table_new(g_str_hash, g_str_equal);
  for (; *wanted; wanted += 2)
    g_hash_table_insert(table, (gpointer)wanted[0], (gpointer)wanted[1]);
  GString *result = nx_dotenv_rewrite(file, table, owned);
  g_assert_cmpstr(result->str, ==, expected);
  g_string_free(result, TRUE);
}

#define WANTED(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_rewrite(void)
{
  check_rewrite(NULL, WANTED("NX_B", "2", "NX_A", "it's"), "NX_A='it\\'s'\nNX_B='2'\n");
  check_rewrite("# head\n\nNX_B=1   # why\nFOREIGN=x\nexport NX_A = \"old\"#c\n\n# tail", WANTED("NX_A", "new", "NX_B", "1", "NX_C", "3"),
                "# head\n\nNX_B=1   # why\nFOREIGN=x\nexport NX_A = 'new'#c\n\n# tail\nNX_C='3'\n");
  check_rewrite("NX_A=1\n  NX_GONE=2 # with its comment\nNX_A=3\n", WANTED("NX_A", "4"), "NX_A='4'\n");
  check_rewrite("NX_A\nNX_B # c\n", WANTED("NX_A", "1", "NX_B", "2"), "NX_A='1'\nNX_B='2' # c\n");
  check_rewrite("NX_A='1'\r\nbroken line\r\n", WANTED("NX_A", "2"), "NX_A='2'\r\nbroken line\r\n");
}

static void test_rewrite_follows_variables(void)
{
  check_rewrite("BASE=/a\nNX_A=${BASE}/x\n", WANTED("NX_A", "/a/x"), "BASE=/a\nNX_A=${BASE}/x\n");
  check_rewrite("NX_A=/a\nNX_B=${NX_A}/x\n", WANTED("NX_A", "/b", "NX_B", "/a/x"), "NX_A='/b'\nNX_B='/a/x'\n");
}

static void test_rewrite_silences_open_quotes(void)
{
  check_rewrite("F='end\\'\n", WANTED("NX_A", "1"), "F='end\\\\'\nNX_A='1'\n");
  check_rewrite("NX_A=1\nBAD='open\n", WANTED("NX_A", "1", "NX_B", "2"), "NX_A=1\n# BAD='open\nNX_B='2'\n");
  check_rewrite("'B=\rX'='\n", WANTED("NX_A", "1"), "# 'B=\r# X'='\nNX_A='1'\n"); /* a comment ends at a carriage return, too */
  check_rewrite("\ufeff\ufeff'\n", WANTED("NX_A", "1"), "\ufeff\ufeff'\nNX_A='1'\n"); /* a reader takes one mark away: the quote is in a name */
}

/* Of the lines of others only the one with the quote is touched, whatever quotes the others have. */
static void test_rewrite_silences_nothing_else(void)
{
  check_rewrite("A=\"x y\" # c\nbad line\nexport B='z'\nBAD='open\nLAST=\"1\"\nbad too\n", WANTED("NX_A", "1"),
                "A=\"x y\" # c\nbad line\nexport B='z'\n# BAD='open\nLAST=\"1\"\nbad too\nNX_A='1'\n");
  check_rewrite("BAD='open\nNX_A=old\nF=\"it\"\nWORSE=\"open\nbad\n", WANTED("NX_A", "new", "NX_B", "2\""),
                "# BAD='open\nNX_A='new'\nF=\"it\"\n# WORSE=\"open\nbad\nNX_B='2\"'\n");
}

/* Whatever a file holds, its new values read back, and foreign bindings keep theirs. */
static void test_rewrite_of_anything(void)
{
  static const char *const PIECES[] = {"NX_A", "NX_B", "F", "=", " = ", "'", "\"", "\\", "\\'", "#", " # c", "\n", "\r\n", "export ", "${NX_A}", "${F:-x}", "x", " ", "\xff"};
  g_autoptr(GRand) random = g_rand_new_with_seed(7);
  for (int round = 0; round < 20000; round++) {
    g_autoptr(GString) text = g_string_new(NULL);
    for (gint i = g_rand_int_range(random, 0, 40); i > 0; i--)
      g_string_append(text, PIECES[g_rand_int_range(random, 0, G_N_ELEMENTS(PIECES))]);
    g_autoptr(NxDotenv) file = nx_dotenv_parse(text->str, text->len, NX_DOTENV_FILE_FIRST);
    g_autoptr(GHashTable) wanted = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_insert(wanted, (gpointer) "NX_A", (gpointer) "it's \\");
    g_hash_table_insert(wanted, (gpointer) "NX_C", (gpointer) "new");
    GString *result = nx_dotenv_rewrite(file, wanted, owned);
    g_autoptr(NxDotenv) after = nx_dotenv_parse(result->str, result->len, NX_DOTENV_FILE_FIRST);
    g_assert_cmpstr(nx_dotenv_get(after, "NX_A"), ==, "it's \\");
    g_assert_cmpstr(nx_dotenv_get(after, "NX_C"), ==, "new");
    g_assert_null(nx_dotenv_get(after, "NX_B"));
    if (!strstr(text->str, "${")) /* what leans on another value follows it */
      g_assert_cmpstr(nx_dotenv_get(after, "F"), ==, nx_dotenv_get(file, "F"));
    g_string_free(result, TRUE);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/dotenv/plain values, keys and comments read as documented", test_plain);
  g_test_add_func("/dotenv/quoted values and their escapes read as documented", test_quoted);
  g_test_add_func("/dotenv/variables are expanded once, with both ways of looking them up", test_expansion);
  g_test_add_func("/dotenv/a statement that does not parse costs itself alone", test_broken);
  g_test_add_func("/dotenv/NUL bytes, bad UTF-8 and endless comments do no harm", test_hostile);
  g_test_add_func("/dotenv/values are quoted as documented", test_quoting);
  g_test_add_func("/dotenv/any value reads back from its quotes", test_quoting_reads_back);
  g_test_add_func("/dotenv/a key that would not read back is known as such", test_keys);
  g_test_add_func("/dotenv/rewriting keeps comments, order, foreign keys and unchanged bytes", test_rewrite);
  g_test_add_func("/dotenv/rewriting follows what variables stand for afterwards", test_rewrite_follows_variables);
  g_test_add_func("/dotenv/an open quote left in the file cannot swallow new values", test_rewrite_silences_open_quotes);
  g_test_add_func("/dotenv/an open quote costs its own line alone", test_rewrite_silences_nothing_else);
  g_test_add_func("/dotenv/new values read back from a file that held anything", test_rewrite_of_anything);
  return g_test_run();
}
