/* fuzz-lines.c — libFuzzer target for what travels between programs: JSON lines, paths, instants. What is read is written and read again
 * the same. */
#include "nx-base.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(json_object *line, NxJsonStyle style)
{
  g_autofree char *text = nx_json_text(line, style);
  g_autoptr(json_object) again = nx_json_parse(text, strlen(text), NULL);
  g_autofree char *same = again ? nx_json_text(again, style) : NULL;
  if (!g_utf8_validate(text, -1, NULL) || g_strcmp0(text, same) != 0)
    abort();
}

static void read_session(json_object *line)
{
  g_autoptr(GDateTime) start = nx_session_time(line, "start", NULL);
  g_autofree char *name = nx_session_record_name(line, NULL);
  g_free(nx_line_path(line, NULL));
  if (name && (strchr(name, '/') || *name == '.'))
    abort();
  if (start) {
    g_autofree char *text = nx_time_format(start);
    g_autoptr(GDateTime) again = nx_time_parse(text, NULL, NULL);
    if (!again || g_date_time_compare(start, again) != 0)
      abort();
  }
  if (nx_session_is_open(line, NULL))
    nx_session_postpone(line, "fuzz", "%s", "reason");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static int fd = -1;
  if (fd < 0)
    fd = memfd_create("lines", 0);
  if (ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
    return 0;
  g_autoptr(NxLines) lines = nx_lines_new(fd);
  g_autoptr(GError) problem = NULL;
  for (;;) {
    g_autoptr(json_object) line = NULL;
    if (!nx_lines_next(lines, NULL, &line, &problem) || !line)
      break;
    nx_lines_need(lines, line, "instrument.instrument_pid", json_type_string, NULL);
    check_text(line, NX_JSON_LINE);
    check_text(line, NX_JSON_INDENT | NX_JSON_ASCII);
    read_session(line);
    check_text(line, NX_JSON_LINE);
  }
  return 0;
}
