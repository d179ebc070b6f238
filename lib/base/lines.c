/* lines.c — JSON lines between programs: read with the number of each line in every complaint, written whole and flushed. */
#include "nx-base.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define READ_SIZE (256 * 1024)

struct NxLines {
  int fd;
  GByteArray *buffer; /* bytes read and not yet given out */
  gsize start;        /* of the next line in buffer */
  gsize searched;     /* no line end before this position */
  guint64 number;
  gboolean ended;
};

NxLines *nx_lines_new(int fd)
{
  NxLines *lines = g_new0(NxLines, 1);
  lines->fd = fd;
  lines->buffer = g_byte_array_new();
  return lines;
}

void nx_lines_free(NxLines *lines)
{
  if (!lines)
    return;
  g_byte_array_unref(lines->buffer);
  g_free(lines);
}

guint64 nx_lines_number(const NxLines *lines)
{
  return lines->number;
}

static gboolean G_GNUC_PRINTF(3, 4) line_error(NxLines *lines, GError **err, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  g_autofree char *reason = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  g_set_error(err, NX_ERROR, NX_ERROR_LINE, "line %" G_GUINT64_FORMAT ": %s", lines->number, reason);
  return FALSE;
}

/* Adds what read(2) gives to the buffer; at the end of input sets `ended`. */
static gboolean read_more(NxLines *lines, GError **err)
{
  if (lines->start > 0) {
    g_byte_array_remove_range(lines->buffer, 0, (guint)lines->start);
    lines->searched -= lines->start;
    lines->start = 0;
  }
  guint have = lines->buffer->len;
  g_byte_array_set_size(lines->buffer, have + READ_SIZE);
  gssize n;
  do
    n = read(lines->fd, lines->buffer->data + have, READ_SIZE);
  while (n < 0 && errno == EINTR && !nx_interrupted());
  g_byte_array_set_size(lines->buffer, have + (guint)MAX(n, 0));
  if (n < 0 && errno == EINTR)
    return nx_check_interrupted(err);
  if (n < 0)
    return line_error(lines, err, "cannot read the input: %s", g_strerror(errno));
  lines->ended = n == 0;
  return TRUE;
}

/* One line without its end; *text borrowed until the next call, NULL at the end of input. */
static gboolean next_text(NxLines *lines, char **text, gsize *length, GError **err)
{
  *text = NULL;
  for (;;) {
    guint8 *data = lines->buffer->data;
    guint8 *end = lines->searched < lines->buffer->len ? memchr(data + lines->searched, '\n', lines->buffer->len - lines->searched) : NULL;
    gsize stop = end ? (gsize)(end - data) : lines->buffer->len;
    lines->searched = stop;
    if (stop - lines->start > NX_LINE_MAX) {
      lines->number++;
      return line_error(lines, err, "longer than %u MiB", NX_LINE_MAX / 1024 / 1024);
    }
    if (end || (lines->ended && stop > lines->start)) {
      *text = (char *)data + lines->start;
      *length = stop - lines->start;
      lines->start = lines->searched = end ? stop + 1 : stop;
      lines->number++;
      return TRUE;
    }
    if (lines->ended)
      return TRUE;
    if (!read_more(lines, err))
      return FALSE;
  }
}

gboolean nx_lines_waiting(NxLines *lines, int milliseconds)
{
  if (lines->ended || (lines->searched < lines->buffer->len &&
                       memchr(lines->buffer->data + lines->searched, '\n', lines->buffer->len - lines->searched)))
    return TRUE;
  return poll(&(struct pollfd){.fd = lines->fd, .events = POLLIN}, 1, milliseconds) > 0;
}

static gboolean is_blank(const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (!strchr(" \t\r", text[i]) || text[i] == '\0')
      return FALSE;
  return TRUE;
}

static gboolean check_kind(NxLines *lines, json_object *line, const char *const *kinds, GError **err)
{
  if (!json_object_is_type(line, json_type_object))
    return line_error(lines, err, "not a JSON object");
  if (!kinds)
    return TRUE;
  const char *kind = nx_json_get_string(line, "kind");
  if (!kind)
    return line_error(lines, err, "key 'kind' is missing or not a string");
  if (g_strv_contains(kinds, kind))
    return TRUE;
  g_autofree char *wanted = g_strjoinv(", ", (char **)kinds);
  g_autofree char *shown = nx_text_visible(kind);
  return line_error(lines, err, "unknown kind '%s' (this stage reads: %s)", shown, wanted);
}

gboolean nx_lines_next(NxLines *lines, const char *const *kinds, json_object **line, GError **err)
{
  *line = NULL;
  char *text;
  gsize length;
  if (!nx_check_interrupted(err))
    return FALSE;
  do {
    if (!next_text(lines, &text, &length, err))
      return FALSE;
    if (!text)
      return TRUE;
  } while (is_blank(text, length));
  g_autoptr(GError) reason = NULL;
  g_autoptr(json_object) value = nx_json_parse(text, length, &reason);
  if (!value)
    return line_error(lines, err, "%s", reason->message);
  if (!check_kind(lines, value, kinds, err))
    return FALSE;
  *line = g_steal_pointer(&value);
  return TRUE;
}

json_object *nx_lines_need(NxLines *lines, json_object *line, const char *key, enum json_type type, GError **err)
{
  g_auto(GStrv) steps = g_strsplit(key, ".", -1);
  json_object *value = line;
  for (char **step = steps; *step; step++)
    value = nx_json_get(value, *step);
  if (!value)
    line_error(lines, err, "key '%s' is missing", key);
  else if (!json_object_is_type(value, type)) {
    line_error(lines, err, "key '%s' is not %s %s", key, strchr("aeiou", *json_type_to_name(type)) ? "an" : "a", json_type_to_name(type));
    value = NULL;
  }
  return value;
}

const char *nx_lines_need_text(NxLines *lines, json_object *line, const char *key, GError **err)
{
  json_object *value = nx_lines_need(lines, line, key, json_type_string, err);
  const char *text = json_object_get_string(value);
  if (!value || (*text && strlen(text) == (gsize)json_object_get_string_len(value)))
    return text;
  line_error(lines, err, "key '%s' is %s", key, *text ? "text with a NUL character" : "empty");
  return NULL;
}

gboolean nx_line_write(FILE *out, json_object *line, GError **err)
{
  g_autoptr(GString) text = g_string_sized_new(512);
  nx_json_append(text, line, NX_JSON_LINE);
  g_string_append_c(text, '\n');
  if (fwrite(text->str, 1, text->len, out) == text->len && fflush(out) == 0)
    return TRUE;
  int problem = errno;
  gboolean is_interrupted = (problem == EPIPE || problem == EINTR) && nx_interrupted();
  g_set_error(err, NX_ERROR, is_interrupted ? NX_ERROR_INTERRUPTED : NX_ERROR_LINE, "cannot write the output: %s", g_strerror(problem));
  return FALSE;
}

gboolean nx_lines_filter(const char *const *kinds, NxLineWork work, gpointer user_data, GError **err)
{
  g_autoptr(NxLines) lines = nx_lines_new(STDIN_FILENO);
  for (;;) {
    g_autoptr(json_object) line = NULL;
    if (!nx_lines_next(lines, kinds, &line, err))
      return FALSE;
    if (!line)
      return TRUE;
    if (!work(lines, line, user_data, err) || !nx_line_write(stdout, line, err))
      return FALSE;
  }
}
