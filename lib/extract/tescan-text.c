/* tescan-text.c — see tescan-text.h (extractors-b §4.1). */
#include "tescan-text.h"

#include <string.h>

#define SIDECAR_MAX (4u * 1024u * 1024u)
#define SIDECAR_HEAD 500u

/* Characters of readable text. */
static gboolean is_readable(char c)
{
  return (c >= ' ' && c <= '~') || c == '\n' || c == '\r' || c == '\t';
}

/* What comes first in the text, in order of preference; what stands before it is garbage. */
static const char *find_start(const char *text)
{
  static const char *const STARTS[] = { "[MAIN]", "AccFrames=", "AccType=", "Company=", "Date=" };
  for (gsize i = 0; i < G_N_ELEMENTS(STARTS); i++) {
    const char *start = strstr(text, STARTS[i]);
    if (start)
      return start;
  }
  return text;
}

/* The line on which the electron beam's values begin; NULL when there is none. */
static const char *find_beam(const char *text)
{
  static const char *const KEYS[] = { "AcceleratorVoltage=", "ApertureDiameter=", "ApertureOptimization=", "ChamberPressure=", "CrossFree=", "HV=" };
  for (const char *line = text; line; line = strpbrk(line, "\r\n")) {
    line += strspn(line, "\r\n");
    for (gsize i = 0; i < G_N_ELEMENTS(KEYS); i++) {
      if (g_str_has_prefix(line, KEYS[i]))
        return line;
    }
  }
  return NULL;
}

static char *with_sections(const char *text)
{
  if (strstr(text, "[MAIN]") || strstr(text, "[SEM]"))
    return g_strdup(text);
  const char *beam = find_beam(text);
  if (!beam)
    return g_strconcat("[MAIN]\n", text, NULL);
  return g_strdup_printf("[MAIN]\n%.*s\n[SEM]\n%s", (int)(beam - text), text, beam);
}

char *nx_tescan_embedded_text(GBytes *blob)
{
  gsize length;
  const char *data = g_bytes_get_data(blob, &length);
  g_autoptr(GString) text = g_string_sized_new(length);
  for (gsize i = 0; i < length; i++) {
    if (data[i])
      g_string_append_c(text, data[i]);
  }
  g_string_erase(text, 0, find_start(text->str) - text->str);
  g_autoptr(GString) readable = g_string_sized_new(text->len);
  for (gsize i = 0; i < text->len; i++) {
    if (is_readable(text->str[i]))
      g_string_append_c(readable, text->str[i]);
  }
  return with_sections(readable->str);
}

/* The first `limit` bytes, which are UTF-16 with a byte-order mark or UTF-8, without NULs and invalid bytes. */
static char *read_text(NxBytes *bytes, gsize limit)
{
  gsize length = (gsize)MIN(nx_bytes_size(bytes), (guint64)limit);
  const char *data = (const char *)nx_bytes_at(bytes, 0, length, NULL);
  char *wide = data ? nx_text_from_utf16(data, length) : NULL;
  if (!data || wide)
    return wide;
  GString *text = g_string_sized_new(length);
  for (gsize at = 0; at < length;) {
    const char *end;
    g_utf8_validate_len(data + at, length - at, &end);
    g_string_append_len(text, data + at, end - (data + at));
    at = (gsize)(end - data) + 1;
  }
  return g_string_free(text, FALSE);
}

char *nx_tescan_sidecar_text(NxBytes *bytes)
{
  return read_text(bytes, SIDECAR_MAX);
}

gboolean nx_tescan_is_sidecar(NxBytes *bytes)
{
  g_autofree char *head = read_text(bytes, SIDECAR_HEAD);
  return head && (strstr(head, "[MAIN]") || strstr(head, "Device=TESCAN"));
}
