/* test-snapshot-alias.c — the golden vectors of igem-db Appendix C, and what becomes of a damaged dictionary. */
#include "alias-file.h"

#include <signal.h>
#include <string.h>
#include <zlib.h>

typedef void (*LineTest)(json_object *line, gpointer user_data);

static void each_line(const char *name, LineTest test, gpointer user_data)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *path = g_build_filename(g_getenv("NX_SOURCE") ? g_getenv("NX_SOURCE") : ".", "tests", "vectors", name, NULL), *text = NULL;
  g_assert_true(g_file_get_contents(path, &text, NULL, &error));
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  guint n = 0;
  for (char **line = lines; *line && **line; line++, n++) {
    g_autoptr(json_object) object = nx_json_parse(*line, strlen(*line), &error);
    g_assert_no_error(error);
    test(object, user_data);
  }
  g_assert_cmpuint(n, >, 10);
}

static void check_normalised(json_object *line, gpointer user_data)
{
  (void)user_data;
  g_autofree char *norm = nx_alias_normalise(nx_json_get_string(line, "in")), *code = nx_alias_normalise_code(nx_json_get_string(line, "in"));
  g_assert_cmpstr(norm, ==, nx_json_get_string(line, "out"));
  g_assert_cmpstr(code, ==, nx_json_get_string(line, "code"));
}

static void test_normalise(void)
{
  each_line("alias-normalise.jsonl", check_normalised, NULL);
}

/* Words of one letter with one blank between them, but for two at one place. */
static void test_blanks(void)
{
  for (guint length = 0; length < 40; length++)
    for (guint place = 0; place <= length; place++) {
      g_autoptr(GString) text = g_string_new(NULL), expected = g_string_new(NULL);
      for (guint i = 0; i < length; i++) {
        g_string_append(text, i == place ? "  " : i > 0 ? " " : "");
        g_string_append(expected, i > 0 ? " " : "");
        g_string_append_c(text, 'a');
        g_string_append_c(expected, 'a');
      }
      g_string_append(text, place == length ? "  " : "");
      g_autofree char *norm = nx_alias_normalise(text->str), *tight = nx_alias_normalise(norm);
      g_assert_cmpstr(norm, ==, expected->str);
      g_assert_cmpstr(tight, ==, expected->str);
    }
}

/* ----------------------------------------------------------------------------------------------------------------- scan */

static char *minisnapshot(void)
{
  const char *set = g_getenv("NX_CORPUS"), *source = g_getenv("NX_SOURCE");
  g_autofree char *root = set ? g_strdup(set) : g_build_filename(source ? source : ".", "..", "shared", "corpus", NULL);
  char *folder = g_build_filename(root, "parquet", "minisnapshot", NULL);
  if (g_file_test(folder, G_FILE_TEST_IS_DIR))
    return folder;
  g_free(folder);
  g_test_skip("corpus/parquet/minisnapshot is not here");
  return NULL;
}

static GBytes *build(const char *folder, NxAliasCounts *counts)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(NxSnapshot) snapshot = nx_snapshot_open(folder, &error);
  g_assert_no_error(error);
  GBytes *bytes = nx_alias_build_snapshot(snapshot, counts, &error);
  g_assert_no_error(error);
  return bytes;
}

static void check_match(json_object *match, json_object *expected)
{
  static const char *const KEYS[] = {"matched_text", "span_start", "span_end", "entity_id", "alias_id", "entity_primary_name", "confidence", "review_status"};
  for (guint i = 0; i < G_N_ELEMENTS(KEYS); i++) {
    json_object *value = json_object_array_get_idx(expected, i);
    if (json_object_is_type(value, json_type_string))
      g_assert_cmpstr(nx_json_get_string(match, KEYS[i]), ==, json_object_get_string(value));
    else
      g_assert_cmpfloat(nx_json_get_double(match, KEYS[i], -1), ==, json_object_get_double(value));
  }
}

static void check_mode(const NxAliases *aliases, const char *text, NxAliasMode mode, json_object *expected)
{
  g_autoptr(json_object) matches = nx_aliases_scan(aliases, text, -1, mode);
  g_assert_cmpuint(json_object_array_length(matches), ==, json_object_array_length(expected));
  for (gsize i = 0; i < json_object_array_length(matches); i++)
    check_match(json_object_array_get_idx(matches, i), json_object_array_get_idx(expected, i));
}

/* "= all" and "= smart" stand for the list of that mode. */
static void check_scan(json_object *line, gpointer aliases)
{
  json_object *all = nx_json_get(line, "all_candidates"), *smart = nx_json_get(line, "smart"), *best = nx_json_get(line, "best_match");
  smart = json_object_is_type(smart, json_type_string) ? all : smart;
  best = json_object_is_type(best, json_type_string) ? smart : best;
  check_mode(aliases, nx_json_get_string(line, "text"), NX_ALIAS_ALL, all);
  check_mode(aliases, nx_json_get_string(line, "text"), NX_ALIAS_SMART, smart);
  check_mode(aliases, nx_json_get_string(line, "text"), NX_ALIAS_BEST, best);
}

static void test_scan(void)
{
  g_autofree char *folder = minisnapshot();
  if (!folder)
    return;
  NxAliasCounts counts;
  g_autoptr(GBytes) bytes = build(folder, &counts);
  g_assert_cmpuint(counts.kept, ==, 19);
  g_assert_cmpuint(counts.norms, ==, 15);
  g_assert_cmpuint(counts.too_short, ==, 3);
  g_assert_cmpuint(counts.stopped, ==, 1);
  g_assert_cmpuint(counts.names, ==, 15);
  g_autoptr(NxAliases) aliases = nx_aliases_new(bytes, NULL);
  each_line("alias-matches.jsonl", check_scan, aliases);
}

static void test_context(void)
{
  g_autofree char *folder = minisnapshot(), *a = g_strnfill(80, 'a'), *b = g_strnfill(80, 'b');
  if (!folder)
    return;
  g_autoptr(GBytes) bytes = build(folder, NULL);
  g_autoptr(NxAliases) aliases = nx_aliases_new(bytes, NULL);
  g_autofree char *text = g_strconcat(a, " BRCA1 ", b, NULL), *expected = g_strdup_printf("%.49s brca1 %.49s", a, b);
  g_autoptr(json_object) matches = nx_aliases_scan(aliases, text, -1, NX_ALIAS_SMART);
  json_object *match = json_object_array_get_idx(matches, 0);
  g_assert_cmpint(nx_json_get_int(match, "span_start", 0), ==, 81);
  g_assert_cmpint(nx_json_get_int(match, "span_end", 0), ==, 85);
  g_assert_cmpstr(nx_json_get_string(match, "context"), ==, expected);
}

static void test_lookup(void)
{
  g_autofree char *folder = minisnapshot();
  if (!folder)
    return;
  g_autoptr(GBytes) bytes = build(folder, NULL);
  g_autoptr(NxAliases) aliases = nx_aliases_new(bytes, NULL);
  g_autoptr(json_object) found = nx_aliases_lookup(aliases, "TYPE_2-Diabetes ", -1);
  g_autoptr(json_object) none = nx_aliases_lookup(aliases, "type 2", -1);
  g_assert_cmpuint(json_object_array_length(found), ==, 2);
  g_assert_cmpint(nx_json_get_int(json_object_array_get_idx(found, 1), "alias_id", 0), ==, 22);
  g_assert_cmpuint(json_object_array_length(none), ==, 0);
}

static void test_empty(void)
{
  g_autoptr(NxAliasBuilder) builder = nx_alias_builder_new();
  g_autoptr(GBytes) bytes = nx_alias_builder_finish(builder, NULL, NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(NxAliases) aliases = nx_aliases_new(bytes, &error);
  g_assert_no_error(error);
  g_autoptr(json_object) matches = nx_aliases_scan(aliases, "any text at all", -1, NX_ALIAS_ALL);
  g_assert_cmpuint(json_object_array_length(matches), ==, 0);
}

static GBytes *small_dictionary(void)
{
  g_autoptr(NxAliasBuilder) builder = nx_alias_builder_new();
  nx_alias_builder_add(builder, &(NxAlias){.alias_id = 1, .entity_id = 2, .value = "lead", .norm = "", .kind = "preferred", .is_primary = TRUE});
  nx_alias_builder_add(builder, &(NxAlias){.alias_id = 2, .entity_id = 2, .value = "lead acetate", .norm = "", .kind = "synonym"});
  return nx_alias_builder_finish(builder, NULL, NULL);
}

static void test_interrupted(void)
{
  if (!g_test_subprocess()) {
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    return;
  }
  g_autoptr(GError) error = NULL;
  g_autoptr(NxAliasBuilder) builder = nx_alias_builder_new();
  nx_alias_builder_add(builder, &(NxAlias){.alias_id = 1, .entity_id = 2, .value = "lead", .norm = "", .kind = "preferred"});
  nx_interrupt_install();
  raise(SIGTERM);
  g_assert_null(nx_alias_builder_finish(builder, NULL, &error));
  g_assert_error(error, NX_ERROR, NX_ERROR_INTERRUPTED);
}

/* Characters of one to four bytes before the name, in every number. */
static void test_places(void)
{
  static const char *const CHARACTERS[] = {"x", "\xce\xba", "\xe6\x97\xa5", "\xf0\x90\x90\xa8"};
  g_autoptr(GBytes) bytes = small_dictionary();
  g_autoptr(NxAliases) aliases = nx_aliases_new(bytes, NULL);
  g_autoptr(GString) before = g_string_new(NULL);
  for (guint n = 1; n < 60; n++) {
    g_string_append(before, CHARACTERS[n * n / 3 % G_N_ELEMENTS(CHARACTERS)]);
    g_autofree char *text = g_strdup_printf("%s lead %s lead", before->str, before->str);
    g_autoptr(json_object) matches = nx_aliases_scan(aliases, text, -1, NX_ALIAS_ALL);
    g_assert_cmpuint(json_object_array_length(matches), ==, 2);
    for (guint i = 0; i < 2; i++) {
      json_object *match = json_object_array_get_idx(matches, i);
      g_assert_cmpint(nx_json_get_int(match, "span_start", 0), ==, n + 1 + i * (n + 6));
      g_assert_cmpint(nx_json_get_int(match, "span_end", 0), ==, n + 4 + i * (n + 6));
    }
  }
}

/* Any one byte that is changed is noticed, by its header when it is opened, by its sum when it is checked; and one that is not checked does no harm. */
static void test_damage(void)
{
  g_autoptr(GBytes) bytes = small_dictionary();
  gsize length;
  const guint8 *data = g_bytes_get_data(bytes, &length);
  for (gsize i = 0; i < length; i++) {
    g_autofree guint8 *damaged = g_memdup2(data, length);
    damaged[i] ^= 0x41;
    g_autoptr(GBytes) other = g_bytes_new(damaged, length);
    g_autoptr(GBytes) cut = g_bytes_new(data, i);
    g_autoptr(GError) error = NULL;
    g_assert_null(nx_aliases_new(cut, NULL));
    g_autoptr(NxAliases) aliases = nx_aliases_new(other, &error);
    if (aliases) {
      g_autoptr(json_object) matches = nx_aliases_scan(aliases, "Lead, lead acetate", -1, NX_ALIAS_ALL);
      g_autoptr(json_object) found = nx_aliases_lookup(aliases, "lead", -1);
      g_assert_false(nx_aliases_check(aliases, &error));
    }
    g_assert_error(error, NX_ERROR, NX_ERROR_FORMAT);
  }
}

/* Its bytes are whole, and yet they mean something else. */
static void test_other_version(void)
{
  static const int OTHERS[] = {-1, 0, 1};
  g_autoptr(GBytes) bytes = small_dictionary();
  for (guint i = 0; i < G_N_ELEMENTS(OTHERS); i++) {
    gsize length;
    g_autoptr(GError) error = NULL;
    gconstpointer data = g_bytes_get_data(bytes, &length);
    guint8 *copy = g_memdup2(data, length);
    AliasHeader *header = (AliasHeader *)copy;
    header->format += (guint32)OTHERS[i];
    header->header_crc = 0;
    header->header_crc = (guint32)crc32_z(0, copy, sizeof *header);
    g_autoptr(GBytes) other = g_bytes_new_take(copy, length);
    g_autoptr(NxAliases) aliases = nx_aliases_new(other, &error);
    g_assert_true((aliases != NULL) == (OTHERS[i] == 0));
    if (!aliases)
      g_assert_cmpstr(error->message, ==, "it is no alias dictionary of this program: it has another format version");
  }
}

/* ---------------------------------------------------------------------------------------- against a search of every name at every place */

static const char *const SYLLABLES[] = {"il", "6", "-", " ", "a", "\xc3\xa9", "\xce\xba", "lead", "(", ")", "\xe6\x97\xa5", ".", "\xc2\xbd", "x"};

static char *random_text(GRand *random, guint n)
{
  GString *text = g_string_new(NULL);
  for (guint i = 0; i < n; i++)
    g_string_append(text, SYLLABLES[g_rand_int_range(random, 0, G_N_ELEMENTS(SYLLABLES))]);
  return g_string_free(text, FALSE);
}

static gboolean is_letter_or_digit(const char *at)
{
  return g_unichar_isalnum(g_utf8_get_char(at));
}

static guint count_naively(GHashTable *norms, const char *text)
{
  GHashTableIter iter;
  gpointer norm;
  guint n = 0;
  g_hash_table_iter_init(&iter, norms);
  while (g_hash_table_iter_next(&iter, &norm, NULL))
    for (const char *at = strstr(text, norm); at; at = strstr(at + 1, norm)) {
      const char *end = at + strlen(norm);
      n += (at == text || !is_letter_or_digit(g_utf8_prev_char(at))) && (!*end || !is_letter_or_digit(end));
    }
  return n;
}

static void test_against_naive_search(void)
{
  GRand *random = g_rand_new_with_seed(7);
  guint total = 0;
  for (guint round = 0; round < 200; round++) {
    g_autoptr(NxAliasBuilder) builder = nx_alias_builder_new();
    g_autoptr(GHashTable) norms = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < 30; i++) {
      g_autofree char *value = random_text(random, 1 + i % 6);
      char *norm = nx_alias_normalise(value);
      nx_alias_builder_add(builder, &(NxAlias){.alias_id = i, .entity_id = 1, .value = value, .norm = "", .kind = "preferred"});
      if (g_utf8_strlen(norm, -1) >= 3)
        g_hash_table_add(norms, norm);
      else
        g_free(norm);
    }
    g_autoptr(GBytes) bytes = nx_alias_builder_finish(builder, NULL, NULL);
    g_autoptr(NxAliases) aliases = nx_aliases_new(bytes, NULL);
    g_autofree char *text = random_text(random, 300), *normalised = nx_alias_normalise(text);
    g_autoptr(json_object) matches = nx_aliases_scan(aliases, text, -1, NX_ALIAS_ALL);
    g_assert_cmpuint(json_object_array_length(matches), ==, count_naively(norms, normalised));
    total += (guint)json_object_array_length(matches);
  }
  g_assert_cmpuint(total, >, 500);
  g_rand_free(random);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/snapshot/alias/names and codes are normalised as the vectors say", test_normalise);
  g_test_add_func("/snapshot/alias/blanks in a row are one, wherever they stand", test_blanks);
  g_test_add_func("/snapshot/alias/matches are those of the vectors in every mode", test_scan);
  g_test_add_func("/snapshot/alias/a match has 50 characters around it", test_context);
  g_test_add_func("/snapshot/alias/a look-up finds every alias of that norm", test_lookup);
  g_test_add_func("/snapshot/alias/a dictionary without aliases finds nothing", test_empty);
  g_test_add_func("/snapshot/alias/a dictionary that is interrupted while it is made is none", test_interrupted);
  g_test_add_func("/snapshot/alias/a match is where its characters are, however many bytes are before it", test_places);
  g_test_add_func("/snapshot/alias/a damaged dictionary is noticed, and does no harm", test_damage);
  g_test_add_func("/snapshot/alias/a dictionary of another format version is refused", test_other_version);
  g_test_add_func("/snapshot/alias/a scan finds every name at every place", test_against_naive_search);
  return g_test_run();
}
