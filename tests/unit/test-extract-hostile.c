/* test-extract-hostile.c — damaged TIFFs, pictures and texts of the corpus: each answers with metadata that fits the schema, or with a reason, and
 * its preview is drawn or refused. Over-reads are the sanitizer build's to find. */
#include "extract-corpus.h"
#include "formats.h"
#include "hostile.h"
#include "without-png.h"

#include "preview/kinds.h"

#include <glib/gstdio.h>
#include <string.h>

#define MUTANTS 250
#define PREVIEWS 200
#define CUTS 60
/* What is larger takes the sanitizers too long, 200 times. */
#define PICTURE_MAX (80u * 1024u)

static const char *const FOLDERS[] = { "fei-tif", "orion", "tescan" };
/* Where each kind of picture is, once. */
static const char *const PICTURES[] = { "image", "text", "tescan" };

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
  hostile_file();
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

/* ------------------------------------------------------------------------------------------------------ the first directory */

/* Each count and each offset of the directory, and its number of entries, become what no writer writes; and the file ends at each of them. */
static void check_directory(const char *name, const guint8 *data, gsize length)
{
  static const guint32 LENGTHS[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff };
  const gsize directory = length >= 8 && data[0] == 'I' ? load_u32(data + 4) : length;
  const gsize n = directory + 2 <= length ? (gsize)data[directory] + 256u * data[directory + 1] : 0;
  for (gsize entry = 0; entry < n && directory + 2 + 12 * entry + 12 <= length; entry++) {
    const gsize at = directory + 2 + 12 * entry;
    for (gsize field = 4; field <= 8; field += 4) {
      for (gsize i = 0; i < G_N_ELEMENTS(LENGTHS); i++) {
        g_autofree guint8 *damaged = g_memdup2(data, length);
        memcpy(damaged + at + field, &LENGTHS[i], 4);
        check_answer(name, damaged, length);
      }
    }
    g_autofree guint8 *to_entry = g_memdup2(data, at), *to_value = g_memdup2(data, MIN(length, load_u32(data + at + 8)));
    check_answer(name, to_entry, at);
    check_answer(name, to_value, MIN(length, load_u32(data + at + 8)));
  }
}

/* ------------------------------------------------------------------------------------------------------------------ previews */

/* The picture that the bytes are, and the page of text; either may be refused. */
static void check_preview(const char *name, const guint8 *data, gsize length)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(data, length);
  hostile_file();
  if (nx_view_by_name(name) == NX_VIEW_TEXT) {
    g_autoptr(NxCanvas) canvas = nx_canvas_new();
    g_assert_true(nx_draw_text_page(canvas, bytes, &problem) == (problem == NULL));
    return;
  }
  GBytes *png = nx_picture_png(bytes, &problem);
  g_assert_true((png == NULL) == (problem != NULL));
  g_clear_pointer(&png, g_bytes_unref);
}

static void check_previews(const char *path)
{
  g_autofree char *name = g_path_get_basename(path), *data = NULL;
  gsize length;
  g_assert_true(g_file_get_contents(path, &data, &length, NULL));
  g_autoptr(GRand) random = g_rand_new_with_seed(g_str_hash(name));
  for (int i = 0; length >= 4 && i < PREVIEWS; i++) {
    gsize damaged_length = length;
    g_autofree guint8 *damaged = mutate(random, (const guint8 *)data, &damaged_length);
    check_preview(name, damaged, damaged_length);
  }
  for (gsize i = 0; i < CUTS; i++) {
    const gsize cut = i < CUTS / 2 ? MIN(length, 4 * i) : length * (i - CUTS / 2) / (CUTS / 2);
    g_autofree guint8 *start = g_memdup2(data, cut);
    check_preview(name, start, cut);
  }
}

/* ---------------------------------------------------------------------------------------------------------------- the corpus */

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
  check_directory(name, (const guint8 *)data, length);
  /* Cut short everywhere in the header and the directory. */
  for (gsize cut = 0; cut <= MIN(length, 400); cut++) {
    g_autofree guint8 *start = g_memdup2(data, cut);
    check_answer(name, start, cut);
  }
}

static void each_file(const char *name, gboolean (*is_wanted)(const char *path), void (*check)(const char *path))
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
    if (!is_wanted(path))
      continue;
    g_test_message("%s", file);
    check(path);
    n++;
  }
  g_assert_cmpuint(n, >, 0);
}

static gboolean is_tiff(const char *path)
{
  return g_str_has_suffix(path, ".tif");
}

/* All but what says what is expected of them. */
static gboolean is_small_picture(const char *path)
{
  g_autofree char *name = g_path_get_basename(path);
  const NxViewKind view = nx_view_by_name(name);
  GStatBuf about;
  return (view == NX_VIEW_PICTURE || view == NX_VIEW_TEXT) && !g_str_has_suffix(name, ".ref-thumb.png") && g_stat(path, &about) == 0 &&
         about.st_size <= (goffset)PICTURE_MAX;
}

static void test_folder(gconstpointer name)
{
  each_file(name, is_tiff, check_file);
}

static void test_previews(gconstpointer name)
{
  each_file(name, is_small_picture, check_previews);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS(FOLDERS); i++) {
    g_autofree char *path = g_strdup_printf("/extract/hostile/every damaged file of %s gives metadata or a reason", FOLDERS[i]);
    g_test_add_data_func(path, FOLDERS[i], test_folder);
  }
  for (gsize i = 0; i < G_N_ELEMENTS(PICTURES); i++) {
    g_autofree char *path = g_strdup_printf("/extract/hostile/the preview of every damaged file of %s is drawn or refused", PICTURES[i]);
    g_test_add_data_func(path, PICTURES[i], test_previews);
  }
  return g_test_run();
}
