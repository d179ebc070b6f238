/* test-extract-hostile.c — damaged TIFFs of the corpus: each answers with metadata that fits the schema, or with a reason. Over-reads are the
 * sanitizer build's to find. */
#include "extract-corpus.h"

#include <string.h>

#define MUTANTS 250

static const char *const FOLDERS[] = { "fei-tif", "orion", "tescan" };

/* A value where a damaged count or offset hurts most. */
static guint32 nasty(GRand *random)
{
  static const guint32 VALUES[] = { 0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff };
  return VALUES[g_rand_int_range(random, 0, G_N_ELEMENTS(VALUES))];
}

static guint32 load_u32(const guint8 *at)
{
  guint32 value;
  memcpy(&value, at, sizeof value);
  return GUINT32_FROM_LE(value);
}

/* Where damage does most: the header, the directory, and the bytes around a text. */
static gsize aim(GRand *random, const guint8 *data, gsize length)
{
  gsize directory = length >= 8 ? load_u32(data + 4) : 0;
  const guint8 *text = memmem(data, length, "[User]", 6);
  gsize spots[] = { 0, directory, text ? (gsize)(text - data) : length / 2, (gsize)g_rand_int_range(random, 0, (gint32)length) };
  gsize spot = spots[g_rand_int_range(random, 0, G_N_ELEMENTS(spots))] + (gsize)g_rand_int_range(random, 0, 200);
  return MIN(spot, length - 4);
}

/* A damaged copy; *length becomes its length. */
static guint8 *mutate(GRand *random, const guint8 *data, gsize *length)
{
  guint8 *copy = g_memdup2(data, *length);
  for (int n = g_rand_int_range(random, 1, 6); n > 0; n--) {
    gsize at = aim(random, copy, *length);
    guint32 value = nasty(random);
    switch (g_rand_int_range(random, 0, 4)) {
    case 0: copy[at] ^= (guint8)(1u << g_rand_int_range(random, 0, 8)); break;
    case 1: memcpy(copy + at, &value, sizeof value); break;
    case 2: memmove(copy + at, copy, MIN(*length - at, 64)); break;
    default: *length = MAX((gsize)8, at); break;
    }
  }
  /* An allocation of exactly that length, so that one byte too far is seen. */
  guint8 *exact = g_memdup2(copy, *length);
  g_free(copy);
  return exact;
}

/* Reads bytes as file `name`. */
static void check_answer(const char *name, const guint8 *data, gsize length)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(data, length);
  g_autoptr(GPtrArray) signals = g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free);
  NxInput in = { .path = name, .name = name, .fd = -1, .bytes = bytes, .mtime = 1.0 };
  in.format = nx_format_for(&in);
  if (!in.format->read(&in, signals, &problem)) {
    g_assert_nonnull(problem);
    return;
  }
  g_assert_cmpuint(signals->len, >, 0);
  for (guint i = 0; i < signals->len; i++) {
    NxSignal *signal = signals->pdata[i];
    json_object_object_del(signal->nx_meta, "Extractor Warnings");
    g_assert_true(nx_meta_check(signal->nx_meta, name, &problem));
    g_autofree char *text = nx_json_text(signal->nx_meta, NX_JSON_LINE);
    g_assert_true(g_utf8_validate(text, -1, NULL));
  }
}

static void check_file(const char *path)
{
  g_autofree char *name = g_path_get_basename(path);
  g_autofree char *data = NULL;
  gsize length;
  g_assert_true(g_file_get_contents(path, &data, &length, NULL));
  g_autoptr(GRand) random = g_rand_new_with_seed(g_str_hash(name));
  for (int i = 0; i < MUTANTS; i++) {
    gsize damaged_length = length;
    g_autofree guint8 *damaged = mutate(random, (const guint8 *)data, &damaged_length);
    check_answer(name, damaged, damaged_length);
  }
  /* Cut short everywhere in the header and the directory. */
  for (gsize cut = 0; cut <= MIN(length, 400); cut++) {
    g_autofree guint8 *start = g_memdup2(data, cut);
    check_answer(name, start, cut);
  }
}

static void test_folder(gconstpointer name)
{
  g_autofree char *folder = corpus_folder(name);
  if (!folder) {
    g_autofree char *message = g_strdup_printf("corpus/%s not found (set NX_CORPUS)", (const char *)name);
    g_test_skip(message);
    return;
  }
  guint n = 0;
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  for (const char *file = g_dir_read_name(dir); file; file = g_dir_read_name(dir)) {
    g_autofree char *path = g_build_filename(folder, file, NULL);
    if (!g_str_has_suffix(file, ".tif"))
      continue;
    check_file(path);
    n++;
  }
  g_assert_cmpuint(n, >, 0);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(FOLDERS); i++) {
    g_autofree char *path = g_strdup_printf("/extract/hostile/every damaged file of %s gives metadata or a reason", FOLDERS[i]);
    g_test_add_data_func(path, FOLDERS[i], test_folder);
  }
  return g_test_run();
}
