/* bench-alias.c — 1,000,000 aliases: how long their file takes to open, and how fast text is searched. Figures are processor time of one
 * thread. */
#include "nx-alias.h"

#include <glib/gstdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WORDS 50000u
#define ALIASES 1000000u
#define TEXT_SIZE (1u << 16)
#define TEXTS 1600u

static double seconds(void)
{
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static char **make_words(GRand *random)
{
  char **words = g_new0(char *, WORDS + 1);
  for (guint i = 0; i < WORDS; i++) {
    words[i] = g_new0(char, 12);
    for (gint n = g_rand_int_range(random, 2, 11); n > 0; n--)
      words[i][n - 1] = (char)('a' + g_rand_int_range(random, 0, 26));
  }
  return words;
}

/* Names of one to three words, as genes, chemicals and diseases have them. */
static GBytes *make_dictionary(GRand *random, char **words)
{
  g_autoptr(NxAliasBuilder) builder = nx_alias_builder_new();
  for (guint i = 0; i < ALIASES; i++) {
    g_autofree char *value = g_strdup_printf(i % 4 == 0  ? "%.0s%s%d"
                                             : i % 4 < 3 ? "%s %s"
                                                         : "%s-%s %d",
                                             words[g_rand_int_range(random, 0, WORDS)], words[g_rand_int_range(random, 0, WORDS)],
                                             g_rand_int_range(random, 0, 1000));
    nx_alias_builder_add(
        builder,
        &(NxAlias){
            .alias_id = i, .entity_id = i / 4, .type_id = 1, .value = value, .norm = "", .kind = "synonym", .is_primary = i % 4 == 0});
  }
  return nx_alias_builder_finish(builder, NULL, NULL);
}

/* Sentences of the same words and as many others. */
static char *make_text(GRand *random, char **words, char **others)
{
  GString *text = g_string_new(NULL);
  while (text->len < TEXT_SIZE) {
    gint at = g_rand_int_range(random, 0, WORDS);
    g_string_append(text, g_rand_boolean(random) ? words[at] : others[at]);
    g_string_append(text, g_rand_int_range(random, 0, 12) == 0 ? ". " : " ");
  }
  return g_string_free(text, FALSE);
}

int main(void)
{
  GRand *random = g_rand_new_with_seed(1);
  g_auto(GStrv) words = make_words(random), others = make_words(random);
  g_autoptr(GBytes) bytes = make_dictionary(random, words);
  g_autofree char *path = g_build_filename(g_get_tmp_dir(), "bench-alias-XXXXXX", NULL);
  g_autoptr(GError) error = NULL;
  close(g_mkstemp(path));
  g_file_set_contents(path, g_bytes_get_data(bytes, NULL), (gssize)g_bytes_get_size(bytes), NULL);
  double start = seconds();
  gint64 begun = g_get_monotonic_time();
  g_autoptr(NxAliases) aliases = nx_aliases_open(path, &error);
  printf("  open %.1f MB, mapped: %.3f ms (%.3f ms on the clock)   reach: 5 ms\n", (double)g_bytes_get_size(bytes) / 1e6,
         (seconds() - start) * 1e3, (double)(g_get_monotonic_time() - begun) / 1e3);
  g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
  gsize n = 0, size = 0;
  for (guint i = 0; i < TEXTS; i++) {
    g_ptr_array_add(texts, make_text(random, words, others));
    size += strlen(texts->pdata[i]);
  }
  start = seconds();
  for (guint i = 0; i < TEXTS; i++) {
    g_autoptr(json_object) matches = nx_aliases_scan(aliases, texts->pdata[i], -1, NX_ALIAS_SMART);
    n += json_object_array_length(matches);
  }
  printf("  scan %.1f MB, %" G_GSIZE_FORMAT " matches: %.0f MB/s   reach: 200 MB/s\n", (double)size / 1e6, n,
         (double)size / 1e6 / (seconds() - start));
  g_unlink(path);
  g_rand_free(random);
  return 0;
}
