/* Overlaps of sessions and reservations on every captured server and configuration (corpus/nemo, harvest-nemo §8.3). */
#include "nemo.h"

#include <math.h>
#include <string.h>

typedef struct {
  json_object *expected, *manifest;
  char *folder;
} Corpus;

static char *corpus_folder(void)
{
  const char *given = g_getenv("NX_CORPUS"), *source = g_getenv("NX_SOURCE");
  return given ? g_build_filename(given, "nemo", NULL) : g_build_filename(source ? source : ".", "..", "shared", "corpus", "nemo", NULL);
}

static json_object *read_json(const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename(folder, name, NULL);
  return nx_json_read_file(path, 64 * 1024 * 1024, NULL);
}

/* All captured reservations of a server that were not cancelled. */
static json_object *captured_reservations(const Corpus *corpus, const char *server)
{
  json_object *entries = nx_json_get(corpus->manifest, "entries");
  for (gsize i = 0; i < json_object_array_length(entries); i++) {
    json_object *entry = json_object_array_get_idx(entries, i);
    if (g_strcmp0(nx_json_get_string(entry, "server"), server) == 0 &&
        g_strcmp0(nx_json_get_string(entry, "path"), "/api/reservations/?cancelled=False") == 0)
      return read_json(corpus->folder, nx_json_get_string(entry, "body"));
  }
  return NULL;
}

static GDateTime *instant_of(json_object *object, const char *key, const char *format, GTimeZone *coerced)
{
  g_autoptr(GError) err = NULL;
  g_autoptr(NxStamp) stamp = nx_stamp_parse(nx_json_get_string(object, key), format, coerced, &err);
  g_assert_no_error(err);
  g_assert_false(stamp->naive);
  return nx_stamp_instant(stamp, NULL);
}

static guint check_event(json_object *event, json_object *reservations, const char *format, GTimeZone *coerced)
{
  json_object *overlaps = nx_json_get(event, "overlap_seconds"), *rows = nx_json_get(event, "rows");
  guint checked = 0;
  if (!overlaps)
    return 0;
  g_autoptr(GDateTime) start = instant_of(json_object_array_get_idx(rows, 0), "timestamp", NULL, NULL);
  g_autoptr(GDateTime) end = instant_of(json_object_array_get_idx(rows, 1), "timestamp", NULL, NULL);
  for (gsize i = 0; i < json_object_array_length(reservations); i++) {
    json_object *reservation = json_object_array_get_idx(reservations, i);
    g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, nx_json_get_int(reservation, "id", -1));
    json_object *expected = nx_json_get(overlaps, id);
    if (!expected)
      continue;
    g_autoptr(GDateTime) first = instant_of(reservation, "start", format, coerced), last = instant_of(reservation, "end", format, coerced);
    g_assert_cmpint(nx_stamp_overlap_us(start, end, first, last), ==, llrint(json_object_get_double(expected) * 1e6));
    checked++;
  }
  g_assert_cmpuint(checked, ==, (guint)json_object_object_length(overlaps));
  return checked;
}

static void test_overlaps(gconstpointer data)
{
  const Corpus *corpus = data;
  if (!corpus->expected || !corpus->manifest) {
    g_test_skip("corpus/nemo not found (set NX_CORPUS)");
    return;
  }
  json_object *cases = nx_json_get(corpus->expected, "cases");
  guint checked = 0;
  for (gsize i = 0; i < json_object_array_length(cases); i++) {
    json_object *each = json_object_array_get_idx(cases, i), *config = nx_json_get(each, "config"), *events = nx_json_get(each, "events");
    const char *tz = nx_json_get_string(config, "tz");
    g_autoptr(json_object) reservations = captured_reservations(corpus, nx_json_get_string(each, "server"));
    g_assert_nonnull(reservations);
    for (gsize n = 0; n < json_object_array_length(events); n++)
      checked += check_event(json_object_array_get_idx(events, n), reservations, nx_json_get_string(config, "strptime_fmt"),
                             tz ? nx_zone(tz, NULL) : NULL);
  }
  g_assert_cmpuint(checked, >, 0);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  Corpus corpus = {.folder = corpus_folder()};
  corpus.expected = read_json(corpus.folder, "expected.json");
  corpus.manifest = read_json(corpus.folder, "manifest.json");
  g_test_add_data_func("/harvest/corpus/every session overlaps every captured reservation by the expected seconds", &corpus, test_overlaps);
  int status = g_test_run();
  json_object_put(corpus.expected);
  json_object_put(corpus.manifest);
  g_free(corpus.folder);
  return status;
}
