/* settings.c — see settings.h. */
#include "settings.h"
#include "nx-config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_MAX (1024 * 1024)

void nx_extract_settings_clear(NxExtractSettings *settings)
{
  g_clear_pointer(&settings->instrument_root, g_free);
  g_clear_pointer(&settings->data_root, g_free);
  g_clear_pointer(&settings->profiles_path, g_free);
}

/* A path as on the lines, whatever its bytes; nothing of one that is not set. */
static void put_path(json_object *line, const char *key, const char *path)
{
  json_object *object = json_object_new_object();
  if (path)
    nx_line_set_path(object, path);
  nx_json_set(line, key, object);
}

static char *take_path(json_object *line, const char *key)
{
  return nx_line_path(nx_json_get(line, key), NULL);
}

/* In the child: the settings as one line of JSON, or the reason why there are none. */
static void answer(int to, gboolean needs_roots)
{
  static const char *const PROFILES[] = {"NX_LOCAL_PROFILES_PATH", NULL};
  static const char *const ROOTS_AND_PROFILES[] = {"NX_INSTRUMENT_DATA_PATH", "NX_DATA_PATH", "NX_LOCAL_PROFILES_PATH", NULL};
  g_autoptr(GError) problem = NULL;
  g_autoptr(NxSettings) settings = nx_settings_load(needs_roots ? ROOTS_AND_PROFILES : PROFILES, &problem);
  g_autoptr(json_object) line = json_object_new_object();
  if (settings) {
    put_path(line, "instrument_root", settings->instrument_data_path);
    put_path(line, "data_root", settings->data_path);
    put_path(line, "profiles_path", settings->local_profiles_path);
    nx_json_set(line, "has_database", json_object_new_boolean(settings->db_path && *settings->db_path));
  } else {
    nx_json_set_string(line, "error", problem->message);
  }
  g_autoptr(GString) text = g_string_new(NULL);
  nx_json_append(text, line, NX_JSON_LINE);
  for (gsize done = 0; done < text->len;) {
    ssize_t n = write(to, text->str + done, text->len - done);
    if (n <= 0 && errno != EINTR)
      break;
    done += (gsize)MAX(n, 0);
  }
}

static GByteArray *read_all(int from)
{
  GByteArray *bytes = g_byte_array_new();
  guint8 buffer[4096];
  ssize_t n;
  while ((n = read(from, buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR)) {
    if (n > 0 && bytes->len < ANSWER_MAX)
      g_byte_array_append(bytes, buffer, (guint)n);
  }
  return bytes;
}

gboolean nx_extract_settings_load(gboolean needs_roots, NxExtractSettings *settings, GError **err)
{
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return nx_error_from_errno(err, errno, "start", "the reading of settings");
  pid_t child = fork();
  if (child == 0) {
    answer(ends[1], needs_roots);
    _exit(0);
  }
  close(ends[1]);
  g_autoptr(GByteArray) bytes = read_all(ends[0]);
  close(ends[0]);
  if (child > 0)
    nx_process_wait(child);

  g_autoptr(json_object) line = nx_json_parse((const char *)bytes->data, bytes->len, NULL);
  const char *reason = line ? nx_json_get_string(line, "error") : "the settings cannot be read";
  if (reason) {
    g_set_error_literal(err, NX_ERROR, NX_ERROR_CONFIG, reason);
    return FALSE;
  }
  settings->instrument_root = take_path(line, "instrument_root");
  settings->data_root = take_path(line, "data_root");
  settings->profiles_path = take_path(line, "profiles_path");
  settings->has_database = nx_json_get_boolean(line, "has_database");
  return TRUE;
}

/* ------------------------------------------------------------------------------------------------- the instrument of a path */

static GPid start_listing(const char *program, int *from)
{
  int ends[2];
  GPid pid;
  char *argv[] = { (char *)program, "instruments", NULL };
  if (pipe2(ends, O_CLOEXEC) != 0)
    return 0;
  NxSpawn spawn = { .argv = argv, .in = -1, .out = ends[1], .err = -1 };
  gboolean is_good = nx_process_start(&spawn, &pid, NULL);
  close(ends[1]);
  *from = ends[0];
  if (!is_good)
    close(ends[0]);
  return is_good ? pid : 0;
}

/* The row with the longest folder that holds `path`. */
static json_object *find_row(int from, const char *path, const char *root)
{
  static const char *const KINDS[] = { "instrument", NULL };
  g_autoptr(NxLines) lines = nx_lines_new(from);
  json_object *best = NULL, *line;
  gsize longest = 0;
  while (nx_lines_next(lines, KINDS, &line, NULL) && line) {
    const char *store = nx_json_get_string(line, "filestore_path");
    g_autofree char *folder = store ? nx_path_join(root, store) : NULL;
    if (folder && nx_path_below(path, folder) && strlen(folder) > longest) {
      longest = strlen(folder);
      json_object_put(best);
      best = json_object_get(line);
    }
    json_object_put(line);
  }
  return best;
}

json_object *nx_extract_instrument_of(const char *path, const NxExtractSettings *settings)
{
  int from;
  g_autofree char *program = settings->has_database && settings->instrument_root ? nx_program_path("nx-db") : NULL;
  GPid pid = program ? start_listing(program, &from) : 0;
  if (!pid)
    return NULL;
  json_object *row = find_row(from, path, settings->instrument_root);
  close(from);
  nx_process_wait(pid);
  if (row)
    json_object_object_del(row, "kind");
  return row;
}
