/* test-hdf5.c — fibTOF files are read as the corpus says, and damaged HDF5 costs a sentence or its own reader, never the run. */
#include "extract-corpus.h"
#include "formats.h"
#include "preview/nx-preview.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MUTANTS 250
/* Mutants that one process reads: what the library leaves behind after an error does not add up. */
#define MUTANTS_A_PROCESS 25

/* --------------------------------------------------------------------------------------------------------------- the corpus */

typedef void (*CheckCase)(CorpusCase *test);

static void each_case(CheckCase check)
{
  g_autofree char *folder = corpus_folder("tofwerk");
  if (!folder) {
    g_test_skip("corpus/tofwerk not found (set NX_CORPUS)");
    return;
  }
  g_autoptr(GPtrArray) cases = corpus_expectations(folder);
  g_assert_cmpuint(cases->len, >, 0);
  for (guint i = 0; i < cases->len; i++) {
    g_autoptr(CorpusCase) test = corpus_case_open(cases->pdata[i]);
    g_test_message("%s", test->path);
    check(test);
  }
}

static GPtrArray *read_case(CorpusCase *test)
{
  g_autoptr(GError) problem = NULL;
  GPtrArray *signals = g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free);
  const NxFormat *format = nx_format_for(&test->in);
  g_autofree char *extractor = g_strconcat(format->name, "_extractor", NULL);
  g_assert_cmpstr(extractor, ==, nx_json_get_string(test->expected, "extractor"));
  g_assert_true(format->read(&test->in, signals, &problem));
  g_assert_no_error(problem);
  g_assert_cmpuint(signals->len, ==, 1);
  return signals;
}

static void check_metadata(CorpusCase *test)
{
  g_autoptr(GPtrArray) signals = read_case(test);
  const NxSignal *signal = signals->pdata[0];
  json_object *expected = nx_json_get(test->expected, "nx_meta");
  corpus_assert_same(signal->nx_meta, expected, test->path);
  g_assert_cmpuint(json_object_object_length(signal->nx_meta), ==, json_object_object_length(expected));
  struct json_object_iterator own = json_object_iter_begin(signal->nx_meta);
  json_object_object_foreach(expected, key, value) {
    (void)value;
    g_assert_cmpstr(json_object_iter_peek_name(&own), ==, key);
    json_object_iter_next(&own);
  }
}

static void test_metadata(void)
{
  each_case(check_metadata);
}

static void check_preview(CorpusCase *test)
{
  static const char PNG[] = "\x89PNG\r\n\x1a\n";
  g_autoptr(GError) problem = NULL;
  g_autoptr(GPtrArray) signals = read_case(test);
  g_autoptr(GBytes) png = nx_preview_png(&test->in, signals->pdata[0], 0, 1, &problem);
  g_autoptr(GBytes) placeholder = nx_preview_placeholder(NULL);
  g_assert_no_error(problem);
  if (!nx_json_get_boolean(nx_json_get(test->expected, "preview"), "generated")) {
    g_assert_null(png);
    return;
  }
  gsize length;
  const guint8 *data = g_bytes_get_data(png, &length);
  g_assert_cmpuint(length, >, 24);
  g_assert_cmpmem(data, 8, PNG, 8);
  for (gsize i = 0; i < 2; i++) { /* width and height of the header chunk */
    guint32 size;
    memcpy(&size, data + 16 + 4 * i, 4);
    g_assert_cmpuint(GUINT32_FROM_BE(size), ==, 500);
  }
  g_assert_false(g_bytes_equal(png, placeholder));
}

static void test_preview(void)
{
  each_case(check_preview);
}

/* ------------------------------------------------------------------------------------------------------------------ damage */

/* Reads bytes as file `name`, with its preview. */
static void read_bytes(const char *name, const guint8 *data, gsize length)
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
    g_assert_true(nx_meta_check(signal->nx_meta, name, &problem));
    g_autofree char *text = nx_json_text(signal->nx_meta, NX_JSON_LINE);
    g_assert_true(g_utf8_validate(text, -1, NULL));
    g_autoptr(GBytes) png = nx_preview_png(&in, signal, i, signals->len, NULL);
  }
}

static guint32 nasty(GRand *random)
{
  static const guint32 VALUES[] = { 0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff };
  return VALUES[g_rand_int_range(random, 0, G_N_ELEMENTS(VALUES))];
}

/* Structures stand in the first and in the last kilobytes more than elsewhere. */
static gsize aim(GRand *random, gsize length)
{
  const gsize window = MIN(length - 4, 8192);
  switch (g_rand_int_range(random, 0, 3)) {
  case 0: return (gsize)g_rand_int_range(random, 0, (gint32)window);
  case 1: return length - 4 - (gsize)g_rand_int_range(random, 0, (gint32)window);
  default: return (gsize)g_rand_int_range(random, 0, (gint32)(length - 4));
  }
}

/* A damaged copy, in an allocation of exactly its length. */
static guint8 *mutate(GRand *random, const guint8 *data, gsize *length)
{
  g_autofree guint8 *copy = g_memdup2(data, *length);
  for (int n = g_rand_int_range(random, 1, 8); n > 0; n--) {
    const gsize at = aim(random, *length);
    const guint32 value = nasty(random);
    switch (g_rand_int_range(random, 0, 5)) {
    case 0: memmove(copy + at, copy, MIN(*length - at, 64)); break;
    case 1: *length = MAX(MIN(*length, 16), at); break;
    case 2: memcpy(copy + at, &value, sizeof value); break;
    default: copy[at] ^= (guint8)(1u << g_rand_int_range(random, 0, 8)); break;
    }
  }
  return g_memdup2(copy, *length);
}

/* In a process of its own, as in the product; TRUE when it came to its end. A crash inside libhdf5 is the sandbox's to contain; the sanitizers
 * report what is ours with an exit status. */
static gboolean run_apart(void (*work)(gpointer), gpointer user_data)
{
  int status = 0;
  pid_t pid = fork();
  if (pid == 0) {
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nowhere, STDERR_FILENO);
    alarm(120);
    work(user_data);
    _exit(0);
  }
  g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
  if (WIFSIGNALED(status))
    g_test_message("a reader ended with signal %d", WTERMSIG(status));
  else if (WEXITSTATUS(status))
    g_test_message("a reader ended with status %d", WEXITSTATUS(status));
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

typedef struct {
  const char *name;
  const guint8 *data;
  gsize length;
  guint32 seed;
  guint mutants;
  gboolean cuts;
} Damage;

static void read_damaged(gpointer user_data)
{
  const Damage *damage = user_data;
  g_autoptr(GRand) random = g_rand_new_with_seed(damage->seed);
  for (guint i = 0; i < damage->mutants; i++) {
    gsize length = damage->length;
    g_autofree guint8 *bytes = mutate(random, damage->data, &length);
    read_bytes(damage->name, bytes, length);
  }
  for (guint i = 0; damage->cuts && i < 60; i++) {
    const gsize length = i < 20 ? 8 * i : damage->length * (i - 20) / 40;
    g_autofree guint8 *bytes = g_memdup2(damage->data, MAX(length, 1));
    read_bytes(damage->name, bytes, length);
  }
}

static void check_damaged(const char *name, const guint8 *data, gsize length)
{
  guint broken = 0;
  for (guint i = 0; i < MUTANTS / MUTANTS_A_PROCESS; i++) {
    Damage damage = { name, data, length, g_str_hash(name) + i, MUTANTS_A_PROCESS, FALSE };
    broken += !run_apart(read_damaged, &damage);
  }
  Damage cuts = { name, data, length, 0, 0, TRUE };
  broken += !run_apart(read_damaged, &cuts);
  g_assert_cmpuint(broken, ==, 0);
}

static void check_damaged_case(CorpusCase *test)
{
  g_autofree char *name = g_path_get_basename(test->path), *data = NULL;
  gsize length;
  g_assert_true(g_file_get_contents(test->path, &data, &length, NULL));
  check_damaged(name, (const guint8 *)data, length);
}

static void test_damaged(void)
{
  each_case(check_damaged_case);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_setenv("TZ", "UTC", TRUE);
  g_test_add_func("/hdf5/tofwerk/every file of the corpus has the expected metadata, key by key and in order", test_metadata);
  g_test_add_func("/hdf5/tofwerk/every file of the corpus gets its composite, and what is none gets nothing", test_preview);
  g_test_add_func("/hdf5/hostile/cuts and 250 mutants of each file are read or refused", test_damaged);
  return g_test_run();
}
