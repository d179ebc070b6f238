/* extract-corpus.c — see extract-corpus.h. */
#include "extract-corpus.h"

#include <string.h>

char *corpus_folder(const char *name)
{
  const char *set = g_getenv("NX_CORPUS"), *source = g_getenv("NX_SOURCE");
  g_autofree char *root = set ? g_strdup(set) : g_build_filename(source ? source : ".", "..", "shared", "corpus", NULL);
  g_autofree char *folder = g_build_filename(root, name, NULL);
  return g_file_test(folder, G_FILE_TEST_IS_DIR) ? g_steal_pointer(&folder) : NULL;
}

static gint by_text(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *corpus_expectations(const char *folder)
{
  GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  for (const char *name = dir ? g_dir_read_name(dir) : NULL; name; name = g_dir_read_name(dir)) {
    if (g_str_has_suffix(name, ".expected.json"))
      g_ptr_array_add(paths, g_build_filename(folder, name, NULL));
  }
  g_ptr_array_sort(paths, by_text);
  return paths;
}

CorpusCase *corpus_case_open(const char *expectation)
{
  g_autoptr(GError) problem = NULL;
  CorpusCase *test = g_new0(CorpusCase, 1);
  test->expected = nx_json_read_file(expectation, 1 << 24, &problem);
  g_assert_no_error(problem);
  g_autofree char *folder = g_path_get_dirname(expectation);
  test->path = g_build_filename(folder, nx_json_get_string(test->expected, "file"), NULL);

  g_autoptr(json_object) line = json_object_new_object();
  nx_json_set(line, "mtime", json_object_get(nx_json_get(test->expected, "mtime")));
  nx_json_set(line, "instrument", json_object_get(nx_json_get(test->expected, "instrument")));
  test->opened = nx_opened_new(line, test->path, NX_LINKS_FOLLOWED, NULL, &problem);
  g_assert_no_error(problem);
  test->in = *nx_opened_input(test->opened);
  return test;
}

void corpus_case_free(CorpusCase *test)
{
  nx_opened_free(test->opened);
  json_object_put(test->expected);
  g_free(test->path);
  g_free(test);
}

static gboolean is_number(json_object *value)
{
  return json_object_is_type(value, json_type_int) || json_object_is_type(value, json_type_double);
}

static gboolean differ(char **where, const char *at, json_object *got, json_object *expected)
{
  *where = g_strdup_printf("%s: got %s, expected %s", *at ? at : "(top)", json_object_to_json_string(got), json_object_to_json_string(expected));
  return FALSE;
}

static gboolean same_at(const char *at, json_object *got, json_object *expected, char **where);

static gboolean same_objects(const char *at, json_object *got, json_object *expected, char **where)
{
  json_object_object_foreach(expected, key, value) {
    g_autofree char *below = g_strconcat(at, "/", key, NULL);
    json_object *own = NULL;
    if (!json_object_object_get_ex(got, key, &own)) {
      *where = g_strdup_printf("%s is missing", below);
      return FALSE;
    }
    if (!same_at(below, own, value, where))
      return FALSE;
  }
  json_object_object_foreach(got, more, unused) {
    if (json_object_object_get_ex(expected, more, NULL))
      continue;
    *where = g_strdup_printf("%s/%s is not expected: %s", at, more, json_object_to_json_string(unused));
    return FALSE;
  }
  return TRUE;
}

static gboolean same_at(const char *at, json_object *got, json_object *expected, char **where)
{
  if (is_number(got) && is_number(expected))
    return json_object_get_double(got) == json_object_get_double(expected) || differ(where, at, got, expected);
  if (json_object_get_type(got) != json_object_get_type(expected))
    return differ(where, at, got, expected);
  if (json_object_is_type(got, json_type_object))
    return same_objects(at, got, expected, where);
  if (!json_object_is_type(got, json_type_array))
    return json_object_equal(got, expected) || differ(where, at, got, expected);
  if (json_object_array_length(got) != json_object_array_length(expected))
    return differ(where, at, got, expected);
  for (size_t i = 0; i < json_object_array_length(got); i++) {
    g_autofree char *below = g_strdup_printf("%s[%zu]", at, i);
    if (!same_at(below, json_object_array_get_idx(got, i), json_object_array_get_idx(expected, i), where))
      return FALSE;
  }
  return TRUE;
}

gboolean corpus_same(json_object *got, json_object *expected, char **where)
{
  return same_at("", got, expected, where);
}

void corpus_assert_same(json_object *got, json_object *expected, const char *what)
{
  g_autofree char *where = NULL;
  if (!corpus_same(got, expected, &where))
    g_error("%s: %s", what, where);
}

void corpus_assert_same_order(json_object *got, json_object *expected, const char *what)
{
  for (size_t i = 0; json_object_is_type(expected, json_type_array) && i < json_object_array_length(expected); i++)
    corpus_assert_same_order(json_object_array_get_idx(got, i), json_object_array_get_idx(expected, i), what);
  if (!json_object_is_type(expected, json_type_object))
    return;
  struct json_object_iterator at = json_object_iter_begin(got);
  json_object_object_foreach(expected, key, value)
  {
    if (strcmp(json_object_iter_peek_name(&at), key) != 0)
      g_error("%s: %s stands where %s is expected", what, json_object_iter_peek_name(&at), key);
    corpus_assert_same_order(json_object_iter_peek_value(&at), value, what);
    json_object_iter_next(&at);
  }
}
