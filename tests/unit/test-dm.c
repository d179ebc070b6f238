/* test-dm.c — DigitalMicrograph files are read as the corpus says. */
#include "dm-image.h"
#include "extract-corpus.h"
#include "formats.h"
#include "profiles.h"

#include <math.h>
#include <string.h>

static GPtrArray *read_file(const NxInput *in)
{
  g_autoptr(GError) problem = NULL;
  GPtrArray *signals = g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free);
  g_assert_true(nx_format_dm.read(in, signals, &problem));
  g_assert_no_error(problem);
  return signals;
}

/* The corpus says under which conditions its values hold. */
static CorpusCase *open_case(const char *expectation)
{
  CorpusCase *test = corpus_case_open(expectation);
  json_object *assume = nx_json_get(test->expected, "assume");
  g_autoptr(GDateTime) mtime = nx_time_parse(nx_json_get_string(assume, "mtime"), NULL, NULL);
  g_assert_nonnull(mtime);
  test->in.mtime = (double)nx_time_ns(mtime) / 1e9;
  test->in.below = test->in.name;
  test->in.format = &nx_format_dm;
  return test;
}

static void for_each_file(void (*check)(CorpusCase *test))
{
  g_autofree char *folder = corpus_folder("dm");
  if (!folder) {
    g_test_skip("corpus/dm not found (set NX_CORPUS)");
    return;
  }
  g_autoptr(GPtrArray) cases = corpus_expectations(folder);
  g_assert_cmpuint(cases->len, >, 0);
  for (guint i = 0; i < cases->len; i++) {
    g_autoptr(CorpusCase) test = open_case(cases->pdata[i]);
    g_test_message("%s", test->in.name);
    check(test);
  }
}

/* ------------------------------------------------------------------------------------------------------------- metadata */

static void assert_same_order(json_object *got, json_object *expected, const char *what)
{
  if (!json_object_is_type(expected, json_type_object))
    return;
  struct json_object_iterator at = json_object_iter_begin(got), end = json_object_iter_end(got);
  json_object_object_foreach(expected, key, value)
  {
    g_assert_false(json_object_iter_equal(&at, &end));
    g_assert_cmpstr(json_object_iter_peek_name(&at), ==, key);
    assert_same_order(json_object_iter_peek_value(&at), value, what);
    json_object_iter_next(&at);
  }
}

static void check_conditions(CorpusCase *test, json_object *conditions)
{
  const char *zone = nx_json_get_string(conditions, "timezone");
  json_object *expected = nx_json_get(conditions, "nx_meta");
  test->in.instrument_pid = nx_json_get_string(conditions, "instrument");
  test->in.zone = zone ? nx_zone(zone, NULL) : NULL;
  g_autoptr(GPtrArray) signals = read_file(&test->in);
  g_assert_cmpuint(signals->len, ==, json_object_array_length(expected));
  for (guint i = 0; i < signals->len; i++) {
    NxSignal *signal = signals->pdata[i];
    json_object *wanted = json_object_array_get_idx(expected, i);
    g_autofree char *what =
        g_strdup_printf("%s signal %u on %s", test->in.name, i, test->in.instrument_pid ? test->in.instrument_pid : "-");
    corpus_assert_same(signal->nx_meta, wanted, what);
    assert_same_order(signal->nx_meta, wanted, what);
  }
}

static void check_metadata(CorpusCase *test)
{
  json_object *cases = nx_json_get(test->expected, "cases");
  for (size_t i = 0; i < json_object_array_length(cases); i++)
    check_conditions(test, json_object_array_get_idx(cases, i));
}

static void test_metadata(void)
{
  for_each_file(check_metadata);
}

/* ------------------------------------------------------------------------------------------------------------- raw tags */

static void assert_contains(json_object *got, json_object *expected, const char *at);

/* Long arrays are shortened in the corpus: {"_array_len": n, "_first": […]}. */
static void assert_begins(json_object *got, json_object *shortened, const char *at)
{
  json_object *first = nx_json_get(shortened, "_first");
  g_assert_cmpint((gint64)json_object_array_length(got), ==, nx_json_get_int(shortened, "_array_len", -1));
  for (size_t i = 0; i < json_object_array_length(first); i++)
    assert_contains(json_object_array_get_idx(got, i), json_object_array_get_idx(first, i), at);
}

static void assert_contains(json_object *got, json_object *expected, const char *at)
{
  g_autofree char *difference = NULL;
  if (nx_json_get(expected, "_array_len")) {
    assert_begins(got, expected, at);
  } else if (json_object_is_type(expected, json_type_object)) {
    json_object_object_foreach(expected, key, value)
    {
      g_autofree char *below = g_strconcat(at, "/", key, NULL);
      json_object *member = NULL;
      if (!json_object_object_get_ex(got, key, &member))
        g_error("%s is missing", below);
      assert_contains(member, value, below);
    }
  } else if (!corpus_same(got, expected, &difference)) {
    g_error("%s: %s", at, difference);
  }
}

static void check_raw(CorpusCase *test)
{
  static const char *const LEFT_OUT[] = { "Thumbnails", "ImageSourceList", "WindowPosition", "DocumentTags" };
  g_autoptr(GPtrArray) signals = read_file(&test->in);
  json_object *expected = nx_json_get(test->expected, "signals");
  for (guint i = 0; i < signals->len; i++) {
    NxSignal *signal = signals->pdata[i];
    json_object *wanted = json_object_array_get_idx(expected, i);
    json_object *list = nx_json_get(signal->raw, "ImageList");
    json_object *image = nx_json_get(list, "TagGroup0");
    json_object *tags = nx_json_get(wanted, "ImageTags_subset");
    g_assert_cmpint(json_object_object_length(list), ==, 1);
    json_object_object_foreach(image, key, unused)
    {
      g_assert_true(unused && (g_str_equal(key, "ImageTags") || g_str_equal(key, "Name")));
    }
    if (tags)
      assert_contains(nx_json_get(image, "ImageTags"), tags, test->in.name);
    g_assert_cmpstr(signal->title, ==, nx_json_get_string(nx_json_get(wanted, "dm"), "Name"));
    for (gsize j = 0; j < G_N_ELEMENTS(LEFT_OUT); j++)
      g_assert_null(nx_json_get(signal->raw, LEFT_OUT[j]));
    g_autofree char *text = nx_json_text(signal->raw, NX_JSON_LINE);
    g_assert_true(g_utf8_validate(text, -1, NULL));
  }
}

static void test_raw(void)
{
  for_each_file(check_raw);
}

/* ------------------------------------------------------------------------------------------------------------- tag tree */

static void count_tags(const DmTree *tree, const DmTag *group, gint64 *groups, gint64 *data_tags)
{
  for (const DmTag *tag = dm_tag_first(tree, group); tag; tag = dm_tag_next(tree, tag)) {
    if (!dm_tag_is_group(tag)) {
      (*data_tags)++;
      continue;
    }
    (*groups)++;
    count_tags(tree, tag, groups, data_tags);
  }
}

static void check_tree(CorpusCase *test)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(DmTree) tree = dm_tree_read(test->in.bytes, test->in.name, &problem);
  g_assert_no_error(problem);
  json_object *expected = nx_json_get(test->expected, "tag_tree");
  gint64 groups = 0, data_tags = 0;
  count_tags(tree, dm_tree_root(tree), &groups, &data_tags);
  g_assert_cmpint(groups, ==, nx_json_get_int(expected, "groups", -1));
  g_assert_cmpint(data_tags, ==, nx_json_get_int(expected, "data_tags", -1));

  gint64 images = 0;
  const DmTag *list = dm_tag_find(tree, dm_tree_root(tree), "ImageList");
  for (const DmTag *tag = dm_tag_first(tree, list); tag; tag = dm_tag_next(tree, tag))
    images++;
  g_assert_cmpint(images, ==, nx_json_get_int(expected, "images_in_list", -1));
  g_autofree char *version = g_strdup_printf("dm%u", dm_tree_version(tree));
  g_assert_cmpstr(version, ==, nx_json_get_string(test->expected, "format"));
  g_assert_cmpint(dm_tree_is_big_endian(tree), ==, g_str_equal(nx_json_get_string(test->expected, "byte_order"), "big"));
}

static void test_tree(void)
{
  for_each_file(check_tree);
}

/* --------------------------------------------------------------------------------------------------------------- arrays */

static const struct {
  const char *dtype;
  NxSample sample;
} DTYPES[] = {
    {"int8", NX_I8},    {"uint8", NX_U8},    {"bool", NX_U8},     {"int16", NX_I16},     {"uint16", NX_U16},      {"int32", NX_I32},
    {"uint32", NX_U32}, {"float32", NX_F32}, {"float64", NX_F64}, {"complex64", NX_C64}, {"complex128", NX_C128}, {"rgba8", NX_BGRA},
};

static const char *SIGNAL_TYPES[] = {[DM_SIGNAL_PLAIN] = "", [DM_SIGNAL_EDS] = "EDS_TEM", [DM_SIGNAL_CL] = "CL", [DM_SIGNAL_EELS] = "EELS"};

/* One element as the corpus digests it: the bytes as stored (also of big-endian files, whose pixels the corpus took for little-endian),
 * colours as R, G, B, A. */
static void element_bytes(const NxArray *array, guint64 offset, guint8 *to)
{
  g_assert_true(nx_bytes_copy(array->source, offset, to, nx_sample_size(array->sample), NULL));
  if (array->sample != NX_BGRA)
    return;
  guint8 blue = to[0];
  to[0] = to[2];
  to[2] = blue;
}

/* Steps to the next element in C order; FALSE after the last. */
static gboolean step(const NxArray *array, guint64 *index)
{
  for (guint dim = array->n_dims; dim-- > 0;) {
    if (++index[dim] < array->shape[dim])
      return TRUE;
    index[dim] = 0;
  }
  return FALSE;
}

static char *digest(const NxArray *array)
{
  guint64 index[NX_DIMS_MAX] = { 0 };
  g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
  do {
    guint8 bytes[16];
    guint64 offset = array->offset;
    for (guint i = 0; i < array->n_dims; i++)
      offset += index[i] * array->stride[i];
    element_bytes(array, offset, bytes);
    g_checksum_update(checksum, bytes, (gssize)nx_sample_size(array->sample));
  } while (step(array, index));
  return g_strdup(g_checksum_get_string(checksum));
}

static void check_sum(const NxArray *array, json_object *data)
{
  guint64 index[NX_DIMS_MAX] = { 0 };
  double sum = 0.0, expected = nx_json_get_double(data, "sum", 0.0);
  do {
    double value;
    g_autoptr(GError) problem = NULL;
    g_assert_true(nx_array_read(array, index, array->n_dims - 1, 1, 1, &value, &problem));
    sum += value;
  } while (step(array, index));
  g_assert_cmpfloat(fabs(sum - expected), <=, 1e-9 * MAX(1.0, fabs(expected)));
}

static void check_axis(const NxAxis *axis, json_object *expected)
{
  g_assert_cmpstr(axis->name, ==, nx_json_get_string(expected, "name"));
  g_assert_cmpstr(axis->units ? axis->units : "", ==, nx_json_get_string(expected, "units"));
  g_assert_cmpfloat(axis->scale, ==, nx_json_get_double(expected, "scale", NAN));
  g_assert_cmpfloat(axis->offset, ==, nx_json_get_double(expected, "offset", NAN));
}

static void check_array(const DmImage *image, json_object *expected)
{
  const NxArray *array = &image->array;
  json_object *axes = nx_json_get(expected, "axes"), *data = nx_json_get(expected, "data");
  g_assert_cmpstr(SIGNAL_TYPES[image->signal_type], ==, nx_json_get_string(expected, "signal_type"));
  g_assert_cmpuint(array->n_signal_dims, ==, (guint)nx_json_get_int(expected, "signal_dimension", 0));
  g_assert_cmpuint(array->n_dims, ==, (guint)json_object_array_length(axes));
  for (guint i = 0; i < array->n_dims; i++) {
    json_object *axis = json_object_array_get_idx(axes, i);
    g_assert_cmpuint(array->shape[i], ==, (guint64)nx_json_get_int(axis, "size", 0));
    check_axis(&array->axis[i], axis);
  }
  for (gsize i = 0; i < G_N_ELEMENTS(DTYPES); i++) {
    if (g_str_equal(DTYPES[i].dtype, nx_json_get_string(expected, "dtype")))
      g_assert_cmpint(array->sample, ==, DTYPES[i].sample);
  }
  /* The corpus says of which pixels it does not vouch. */
  if (nx_json_get(expected, "note"))
    return;
  g_autofree char *sha256 = digest(array);
  g_assert_cmpstr(sha256, ==, nx_json_get_string(data, "sha256_c_order_le"));
  enum json_type sum_type = json_object_get_type(nx_json_get(data, "sum"));
  if (!array->big_endian && (sum_type == json_type_double || sum_type == json_type_int))
    check_sum(array, data);
}

static void check_arrays(CorpusCase *test)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(DmTree) tree = dm_tree_read(test->in.bytes, test->in.name, &problem);
  g_assert_no_error(problem);
  g_autoptr(GPtrArray) images = dm_images(tree, test->in.name, &problem);
  g_assert_no_error(problem);
  json_object *expected = nx_json_get(test->expected, "signals");
  g_assert_cmpuint(images->len, ==, json_object_array_length(expected));
  for (guint i = 0; i < images->len; i++)
    check_array(images->pdata[i], json_object_array_get_idx(expected, i));
}

static void test_arrays(void)
{
  for_each_file(check_arrays);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_setenv("TZ", "UTC", TRUE);
  const char *source = g_getenv("NX_SOURCE");
  g_autofree char *profiles = g_build_filename(source ? source : ".", "share", "profiles", NULL);
  nx_profiles_load(profiles);
  g_test_add_func("/dm/corpus/every file has the expected metadata, key by key and in order, on each instrument", test_metadata);
  g_test_add_func("/dm/corpus/the raw tags are kept beside it, without pixels and window positions", test_raw);
  g_test_add_func("/dm/corpus/the tag tree has the expected groups, tags and images", test_tree);
  g_test_add_func("/dm/corpus/shape, axes and every pixel are as expected", test_arrays);
  return g_test_run();
}
