/* test-vendors-hostile.c — damaged files of the vendors' formats, and damaged texts beside them: each answers with metadata that fits
 * the schema, or with a reason. Over-reads are the sanitizer build's to find: every copy is exactly as long as its file. */
#include "formats.h"
#include "hostile.h"
#include "input.h"
#include "mrc-mdoc.h"
#include "test-vendors-samples.h"

#include <glib/gstdio.h>
#include <string.h>

#define MUTANTS 300

static const NxFormat *format_of(const VendorSample *sample)
{
  for (const NxFormat *const *format = nx_formats; *format; format++) {
    if (strcmp((*format)->name, sample->format) == 0)
      return *format;
  }
  g_assert_not_reached();
}

static void read_corners(const NxSignal *signal)
{
  guint64 index[NX_DIMS_MAX] = { 0 };
  double value;
  if (signal->view != NX_VIEW_ARRAY)
    return;
  g_assert_true(nx_array_check(&signal->array, NULL));
  g_assert_true(nx_array_read(&signal->array, index, 0, 1, 1, &value, NULL));
  for (guint dim = 0; dim < signal->array.n_dims; dim++)
    index[dim] = signal->array.shape[dim] - 1;
  g_assert_true(nx_array_read(&signal->array, index, 0, 1, 1, &value, NULL));
}

/* Reads what an NxInput shows by one format, whether or not its sniff wants it. */
static void check_input(NxInput *in, const NxFormat *format)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(GPtrArray) signals = g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free);
  in->format = format;
  format->sniff(in);
  if (!format->read(in, signals, &problem)) {
    g_assert_nonnull(problem);
    return;
  }
  g_assert_no_error(problem);
  g_assert_cmpuint(signals->len, ==, 1);
  NxSignal *signal = signals->pdata[0];
  read_corners(signal);
  json_object_object_del(signal->nx_meta, "Extractor Warnings");
  g_assert_true(nx_meta_check(signal->nx_meta, in->name, &problem));
  g_autofree char *text = nx_json_text(signal->nx_meta, NX_JSON_LINE);
  g_autofree char *raw = signal->raw ? nx_json_text(signal->raw, NX_JSON_LINE) : NULL;
  g_assert_true(g_utf8_validate(text, -1, NULL));
  g_assert_true(!raw || g_utf8_validate(raw, -1, NULL));
}

static void check_bytes(const VendorSample *sample, const guint8 *data, gsize length)
{
  /* An allocation of exactly that length, so that one byte too far is seen. */
  g_autofree guint8 *exact = g_memdup2(data, length);
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(exact, length);
  NxInput in = { .path = sample->name, .name = sample->name, .fd = -1, .bytes = bytes, .mtime = 1.0 };
  hostile_file();
  check_input(&in, format_of(sample));
  hostile_file_done();
}

/* --------------------------------------------------------------------------------------------------------------- mutants */

static const guint32 NASTY[] = { 0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff };

static void damage(GRand *random, guint8 *copy, gsize *length)
{
  static const gsize SPANS[] = { 64, 400, 1400, G_MAXINT32 };
  for (int n = g_rand_int_range(random, 1, 5); n > 0; n--) {
    gsize span = MIN(*length, SPANS[g_rand_int_range(random, 0, G_N_ELEMENTS(SPANS))]);
    gsize at = (gsize)g_rand_int_range(random, 0, (gint32)MAX(span, 1));
    guint32 value = NASTY[g_rand_int_range(random, 0, G_N_ELEMENTS(NASTY))];
    if (*length < 8)
      return;
    at = MIN(at, *length - 4);
    switch (g_rand_int_range(random, 0, 5)) {
    case 0: copy[at] ^= (guint8)(1u << g_rand_int_range(random, 0, 8)); break;
    case 1: memcpy(copy + at, &value, sizeof value); break;
    case 2: memcpy(copy + (at & ~(gsize)3), &value, sizeof value); break;
    case 3: memmove(copy + at, copy, MIN(*length - at, 64)); break;
    default: *length = MAX((gsize)8, at); break;
    }
  }
}

static void test_mutants(gconstpointer data)
{
  const VendorSample *sample = data;
  g_autoptr(GByteArray) file = sample->make();
  g_autoptr(GRand) random = g_rand_new_with_seed(g_str_hash(sample->name));
  for (guint i = 0; i < MUTANTS; i++) {
    gsize length = file->len;
    g_autofree guint8 *copy = g_memdup2(file->data, length);
    damage(random, copy, &length);
    check_bytes(sample, copy, length);
  }
}

static void test_cuts(gconstpointer data)
{
  const VendorSample *sample = data;
  g_autoptr(GByteArray) file = sample->make();
  for (gsize length = 0; length < file->len; length += length < 400 ? 1 : MAX(1, file->len / 400))
    check_bytes(sample, file->data, length);
}

/* Each word of the first kilobyte and a half becomes each nasty value. */
static void test_words(gconstpointer data)
{
  const VendorSample *sample = data;
  g_autoptr(GByteArray) file = sample->make();
  for (gsize at = 0; at + 4 <= MIN(file->len, 1500); at += 4) {
    for (gsize i = 0; i < G_N_ELEMENTS(NASTY); i++) {
      g_autofree guint8 *copy = g_memdup2(file->data, file->len);
      memcpy(copy + at, &NASTY[i], 4);
      check_bytes(sample, copy, file->len);
    }
  }
}

/* ---------------------------------------------------------------------------------------------------------- texts beside */

static void check_beside(const VendorSample *sample, const char *folder, const guint8 *text, gsize length)
{
  g_autoptr(GError) problem = NULL;
  g_autofree char *path = g_build_filename(folder, sample->name, NULL), *beside = g_build_filename(folder, sample->companion, NULL);
  g_autoptr(json_object) line = json_object_new_object();
  g_assert_true(g_file_set_contents(beside, (const char *)text, (gssize)length, NULL));
  g_autoptr(NxOpened) opened = nx_opened_new(line, path, NX_LINKS_FOLLOWED, NULL, &problem);
  g_assert_no_error(problem);
  check_input(nx_opened_input(opened), format_of(sample));
}

static void test_companion(gconstpointer data)
{
  const VendorSample *sample = data;
  g_autofree char *folder = g_dir_make_tmp("nx-vendors-XXXXXX", NULL);
  g_autofree char *path = g_build_filename(folder, sample->name, NULL), *beside = g_build_filename(folder, sample->companion, NULL);
  g_autoptr(GByteArray) file = sample->make();
  g_autoptr(GRand) random = g_rand_new_with_seed(g_str_hash(sample->companion));
  for (guint i = 0; i < MUTANTS; i++) {
    gsize length = strlen(sample->companion_text);
    g_autofree guint8 *copy = g_memdup2(sample->companion_text, length);
    gsize file_length = file->len;
    g_autofree guint8 *damaged_file = g_memdup2(file->data, file_length);
    damage(random, copy, &length);
    if (i % 2)
      damage(random, damaged_file, &file_length);
    g_assert_true(g_file_set_contents(path, (const char *)damaged_file, (gssize)file_length, NULL));
    check_beside(sample, folder, copy, length);
  }
  check_beside(sample, folder, (const guint8 *)"", 0);
  g_remove(path);
  g_remove(beside);
  g_rmdir(folder);
}

/* A text of a million sections, or of one endless line, costs neither time nor memory beyond its limits. */
static void test_long_mdoc(void)
{
  g_autoptr(GString) text = g_string_new("Voltage = 200\n");
  for (guint i = 0; i < 1000000; i++)
    g_string_append(text, "[ZValue=1]\n");
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(text->str, text->len);
  hostile_file();
  g_autoptr(json_object) mdoc = nx_mdoc_parse(bytes);
  hostile_file_done();
  g_assert_nonnull(mdoc);
  g_assert_cmpuint(json_object_array_length(nx_json_get(mdoc, "sections")), <=, 20001);
  g_autofree char *line = g_malloc0((32u << 20) + 1);
  memset(line, '[', 32u << 20);
  g_autoptr(NxBytes) long_line = nx_bytes_from_memory(line, 32u << 20);
  hostile_file();
  g_assert_null(nx_mdoc_parse(long_line));
  hostile_file_done();
}

/* ---------------------------------------------------------------------------------------------------------------- lists */

static void set_u32(GByteArray *file, gsize at, guint32 value)
{
  value = GUINT32_TO_LE(value);
  memcpy(file->data + at, &value, 4);
}

/* A chunk that names itself as its follower, and a packed file of 4 billion blocks, end. */
static void test_bcf_loops(void)
{
  const VendorSample *sample = vendor_sample("map.bcf");
  g_autoptr(GByteArray) file = sample->make();
  set_u32(file, 0x118, 0);
  check_bytes(sample, file->data, file->len);
  set_u32(file, 0x144, 20000);
  check_bytes(sample, file->data, file->len);
  g_autoptr(GByteArray) other = sample->make();
  guint8 *packed = memmem(other->data, other->len, "AACS", 4);
  g_assert_nonnull(packed);
  memset(packed + 12, 0xff, 4);
  check_bytes(sample, other->data, other->len);
}

static void assert_bcf_refused(const char *xml, const char *reason)
{
  const VendorSample *sample = vendor_sample("map.bcf");
  g_autoptr(GByteArray) file = vendor_bcf(xml, 1u << 20, TRUE);
  g_autofree guint8 *exact = g_memdup2(file->data, file->len);
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(exact, file->len);
  g_autoptr(GPtrArray) signals = g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free);
  NxInput in = { .path = sample->name, .name = sample->name, .fd = -1, .bytes = bytes, .format = &nx_format_bruker_bcf };
  hostile_file();
  g_assert_true(nx_format_bruker_bcf.read(&in, signals, NULL));
  hostile_file_done();
  const NxSignal *signal = signals->pdata[0];
  g_assert_cmpstr(nx_json_get_string(signal->nx_meta, "Extractor Warnings"), ==, reason);
}

/* 100 MB of blanks in a few kilobytes are refused, not unpacked. */
static void test_bcf_bomb(void)
{
  g_autofree char *blanks = g_strnfill(100u << 20, ' ');
  assert_bcf_refused(blanks, "the container is damaged: a packed block cannot be unpacked");
}

static GString *repeated(const char *piece, guint n)
{
  GString *text = g_string_new(NULL);
  for (guint i = 0; i < n; i++)
    g_string_append(text, piece);
  return text;
}

/* What libxml2 would refuse in a document of common size, it takes in a long one: elements within elements, and texts that multiply. */
static void test_bcf_xml(void)
{
  g_autoptr(GString) deep = repeated("<a>", 400000), many = repeated("<a b='c' d='e' f='g'/>", 200000);
  g_string_prepend(many, "<r>");
  g_string_append(many, "</r>");
  assert_bcf_refused(deep->str, "the elements of the XML are nested more than 256 deep");
  assert_bcf_refused(many->str, "the XML has more than 524288 elements and attributes");
  g_autoptr(GString) laughs = g_string_new("<!DOCTYPE a [<!ENTITY e0 'ha'>");
  for (guint i = 1; i < 40; i++)
    g_string_append_printf(laughs, "<!ENTITY e%u '&e%u;&e%u;'>", i, i - 1, i - 1);
  g_string_append(laughs, "]><a b='&e39;'>&e39;</a>");
  assert_bcf_refused(laughs->str, "XML with a document type is not read");
}

static void add(const char *promise, const VendorSample *sample, const char *what, GTestDataFunc test)
{
  g_autofree char *path = g_strdup_printf("/vendors/hostile/%s%s gives metadata or a reason", what, promise);
  g_test_add_data_func(path, sample, test);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  for (const VendorSample *sample = vendor_samples; sample->name; sample++) {
    add(sample->name, sample, "each of 300 damaged copies of ", test_mutants);
    add(sample->name, sample, "every beginning of ", test_cuts);
    add(sample->name, sample, "every wrong word at the start of ", test_words);
    if (sample->companion)
      add(sample->companion, sample, "each of 300 damaged texts, half of them beside a damaged file, in ", test_companion);
  }
  g_test_add_func("/vendors/hostile/a text of a million sections is cut, one too long is not read", test_long_mdoc);
  g_test_add_func("/vendors/hostile/lists of chunks that never end, end", test_bcf_loops);
  g_test_add_func("/vendors/hostile/a packed header of 100 MB is refused", test_bcf_bomb);
  g_test_add_func("/vendors/hostile/XML that is too deep, has too many elements or texts that multiply is refused", test_bcf_xml);
  return g_test_run();
}
