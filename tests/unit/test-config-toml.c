/* test-config-toml.c — TOML 1.0 as its specification (toml.io/en/v1.0.0) has it: what every kind of value means, and what is no TOML. */
#include "nx-config.h"

#include <string.h>

static json_object *parse(const char *text, GError **err)
{
  return nx_toml_parse(text, strlen(text), err);
}

/* `text` means the JSON `expected`. */
typedef struct {
  const char *text, *expected;
} Example;

static void check_examples(const Example *examples, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_object) value = parse(examples[i].text, &error);
    if (!value)
      g_error("%s\nis refused: %s", examples[i].text, error->message);
    g_autofree char *got = nx_json_text(value, NX_JSON_LINE);
    if (!g_str_equal(got, examples[i].expected))
      g_error("%s\ngives %s, expected %s", examples[i].text, got, examples[i].expected);
  }
}

static void test_strings(void)
{
  static const Example EXAMPLES[] = {
      {"", "{}"},
      {"\xef\xbb\xbf# a mark and a comment", "{}"},
      {"a = \"I'm a string. \\\"You can quote me\\\". Name\\tJos\\u00E9\"",
       "{\"a\":\"I'm a string. \\\"You can quote me\\\". Name\\tJosé\"}"},
      {"a = \"\\U0001F52C\\\\\"", "{\"a\":\"\xf0\x9f\x94\xac\\\\\"}"},
      {"a = 'C:\\Users\\nodejs\\templates'", "{\"a\":\"C:\\\\Users\\\\nodejs\\\\templates\"}"},
      {"a = \"\"\"\nRoses are red\r\nViolets\"\"\"", "{\"a\":\"Roses are red\\nViolets\"}"},
      {"a = \"\"\"\\\n  The quick \\   \n\n\n  brown fox.\\\n  \"\"\"", "{\"a\":\"The quick brown fox.\"}"},
      {"a = \"\"\"\"Two quotes: \"\". End\"\"\"\"\"", "{\"a\":\"\\\"Two quotes: \\\"\\\". End\\\"\\\"\"}"},
      {"a = '''\nThe first newline is\ntrimmed '' \\ '''", "{\"a\":\"The first newline is\\ntrimmed '' \\\\ \"}"},
      {"a = \"\"", "{\"a\":\"\"}"},
      {"a = \"\"\"\"\"\"", "{\"a\":\"\"}"},
      {"a=\"# no comment\"#comment", "{\"a\":\"# no comment\"}"},
  };
  check_examples(EXAMPLES, G_N_ELEMENTS(EXAMPLES));
}

static void test_other_values(void)
{
  static const Example EXAMPLES[] = {
      {"a=true\nb=false", "{\"a\":true,\"b\":false}"},
      {"a=+99\nb=-17\nc=1_000\nd=0\ne=-0", "{\"a\":99,\"b\":-17,\"c\":1000,\"d\":0,\"e\":0}"},
      {"a=0xDEAD_beef\nb=0o755\nc=0b1101_0110", "{\"a\":3735928559,\"b\":493,\"c\":214}"},
      {"a=9223372036854775807\nb=-9223372036854775808", "{\"a\":9223372036854775807,\"b\":-9223372036854775808}"},
      {"a=1979-05-27T07:32:00Z\nb=1979-05-27 07:32:00.999999-07:00",
       "{\"a\":{\"date\":\"1979-05-27T07:32:00Z\"},\"b\":{\"date\":\"1979-05-27 07:32:00.999999-07:00\"}}"},
      {"a=2024-02-29\nb=23:59:60", "{\"a\":{\"date\":\"2024-02-29\"},\"b\":{\"date\":\"23:59:60\"}}"},
      {"a=[ [1, 2], [\"a\", 'b'], # comment\n {x=1} ,\n]", "{\"a\":[[1,2],[\"a\",\"b\"],{\"x\":1}]}"},
      {"a={ first = \"Tom\", b.c = [\n1\n] }", "{\"a\":{\"first\":\"Tom\",\"b\":{\"c\":[1]}}}"},
      {"a={}\nb=[]", "{\"a\":{},\"b\":[]}"},
  };
  check_examples(EXAMPLES, G_N_ELEMENTS(EXAMPLES));
  g_autoptr(json_object) reals = parse("a=[3.1415, -0.01, 5e+22, 1e06, 6.626e-34, 224_617.445_991_228, inf, -inf, nan, +0.0]", NULL);
  static const double EXPECTED[] = {3.1415, -0.01, 5e22, 1e6, 6.626e-34, 224617.445991228};
  for (guint i = 0; i < G_N_ELEMENTS(EXPECTED); i++)
    g_assert_cmpfloat(json_object_get_double(json_object_array_get_idx(nx_json_get(reals, "a"), i)), ==, EXPECTED[i]);
  g_assert_cmpuint(json_object_array_length(nx_json_get(reals, "a")), ==, 10);
}

static void test_tables(void)
{
  static const Example EXAMPLES[] = {
      {"name = 1\nphysical.color = 2\nphysical.shape = 3\nsite.\"google.com\" = true",
       "{\"name\":1,\"physical\":{\"color\":2,\"shape\":3},\"site\":{\"google.com\":true}}"},
      {"fruit . flavor = 'x'\n3.14159 = 'pi'\n'' = 1", "{\"fruit\":{\"flavor\":\"x\"},\"3\":{\"14159\":\"pi\"},\"\":1}"},
      {"[database]\nuri = \"sqlite:///a2.db\"\n[etl]\ndata_dir='d'",
       "{\"database\":{\"uri\":\"sqlite:///a2.db\"},\"etl\":{\"data_dir\":\"d\"}}"},
      {"[ j . \"ʞ\" . 'l' ] # x\na=1", "{\"j\":{\"ʞ\":{\"l\":{\"a\":1}}}}"},
      {"[x.y.z]\n[x]\na=1", "{\"x\":{\"y\":{\"z\":{}},\"a\":1}}"},
      {"[fruit]\napple.color=1\n[fruit.apple.taste]\nsweet=true", "{\"fruit\":{\"apple\":{\"color\":1,\"taste\":{\"sweet\":true}}}}"},
      {"[[a]]\nn=1\n[a.b]\nc=2\n[[a]]\n[[a.d]]\ne=3", "{\"a\":[{\"n\":1,\"b\":{\"c\":2}},{\"d\":[{\"e\":3}]}]}"},
  };
  check_examples(EXAMPLES, G_N_ELEMENTS(EXAMPLES));
}

/* `line` is where the mistake is. */
static void check_refused(const char *text, gsize length, guint line)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(json_object) value = nx_toml_parse(text, length, &error);
  if (value)
    g_error("%s\nis taken for TOML", text);
  g_assert_error(error, NX_ERROR, NX_ERROR_FORMAT);
  g_autofree char *beginning = g_strdup_printf("line %u: ", line);
  if (!g_str_has_prefix(error->message, beginning))
    g_error("%s\nis refused with: %s, expected %s…", text, error->message, beginning);
}

static void test_what_is_no_toml(void)
{
  static const struct {
    const char *text;
    guint line;
  } MISTAKES[] = {
      {"a", 1},
      {"a =", 1},
      {"= 1", 1},
      {"a = 1 b = 2", 1},
      {"a=1\na=2", 2},
      {"\n\na = \"x\n\"", 3},
      {"a = 'x", 1},
      {"a = '''x\n\n", 3},
      {"a = \"\\x41\"", 1},
      {"a = \"\\u12\"", 1},
      {"a = \"\\uD800\"", 1},
      {"a = \"\\u0000\"", 1},
      {"a = \"\\U00110000\"", 1},
      {"a = \"\x01\"", 1},
      {"# \x7f", 1},
      {"a = 1\rb = 2", 1},
      {"a = 012", 1},
      {"a = 1__0", 1},
      {"a = _1", 1},
      {"a = 1_", 1},
      {"a = 0x", 1},
      {"a = +0x1", 1},
      {"a = 9223372036854775808", 1},
      {"a = 1.", 1},
      {"a = .5", 1},
      {"a = 1e", 1},
      {"a = True", 1},
      {"a = yes", 1},
      {"a = 2023-02-29", 1},
      {"a = 2023-13-01", 1},
      {"a = 24:00:00", 1},
      {"a = 12:00", 1},
      {"a = 2023-01-01T00:00:00+24:00", 1},
      {"a = [1 2]", 1},
      {"a = [1,,2]", 1},
      {"a = [\n1,\n", 3},
      {"a = {x=1,}", 1},
      {"a = {x=1\n}", 1},
      {"a = {x=1, x=2}", 1},
      {"a = {x=1}\na.y=2", 2},
      {"a = {x={}}\n[a.x.y]", 2},
      {"[a]\n[a]", 2},
      {"[a]\nb=1\n[a.b]", 3},
      {"[a", 1},
      {"[]", 1},
      {"[a]]", 1},
      {"[[a]", 1},
      {"[a] b=1", 1},
      {"a=[]\n[[a]]", 2},
      {"[a]\n[[a]]", 2},
      {"[[a]]\n[a]", 2},
      {"a.b=1\n[a]", 2},
      {"[fruit]\napple.color=1\n[fruit.apple]", 3},
      {"[a.b.c]\nz=9\n[a]\nb.c.t=1", 4},
      {"a.b=1\na.b.c=2", 2},
      {"a = \"x\" \"y\"", 1},
      {"\"\"\"a\"\"\" = 1", 1},
      {"a b = 1", 1},
      {"a. = 1", 1},
  };
  for (guint i = 0; i < G_N_ELEMENTS(MISTAKES); i++)
    check_refused(MISTAKES[i].text, strlen(MISTAKES[i].text), MISTAKES[i].line);
  check_refused("a=1\nb='\xff'", 9, 2);
  check_refused("a=1\0", 4, 1);
}

/* Whatever is cut off, nothing behind the end is read; and what is too deep is refused before the stack is. */
static void test_hostile(void)
{
  static const char WHOLE[] =
      "[[a.'b']]\nc = \"\"\"x\\u00e9\\\n y\"\"\" # z\r\nd = {e = [1979-05-27 07:32:00, 0x1F, -1.5e-3,], 'f'.\"g\" = '''h'''}\n";
  for (gsize length = 0; length < sizeof WHOLE; length++) {
    g_autofree char *part = g_memdup2(WHOLE, length);
    g_autoptr(json_object) value = nx_toml_parse(part ? part : "", length, NULL);
  }
  g_autoptr(GString) deep = g_string_new("a = ");
  for (guint i = 0; i < 100000; i++)
    g_string_append_c(deep, '[');
  check_refused(deep->str, deep->len, 1);
  g_string_assign(deep, "[a");
  for (guint i = 0; i < 100000; i++)
    g_string_append(deep, ".a");
  g_string_append(deep, "]");
  check_refused(deep->str, deep->len, 1);
  g_string_assign(deep, "a = ");
  for (guint i = 0; i < 100000; i++)
    g_string_append(deep, "1");
  check_refused(deep->str, deep->len, 1);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/toml/strings mean what the specification says", test_strings);
  g_test_add_func("/toml/numbers, dates, arrays and tables in braces mean what the specification says", test_other_values);
  g_test_add_func("/toml/headers and dotted keys make tables", test_tables);
  g_test_add_func("/toml/what is no TOML is refused with its line", test_what_is_no_toml);
  g_test_add_func("/toml/hostile text is refused within bounds", test_hostile);
  return g_test_run();
}
