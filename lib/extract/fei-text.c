/* fei-text.c — finds the INI and XML text of FEI / Thermo Fisher images (extractors-b §2.1).
 * Tag 34682 holds the INI text and 34683 the XML of newer software; older and edited files have both behind the pixels, under no tag we know. */
#include "fei-text.h"
#include "tiff-tags.h"

#include <string.h>

enum { TAG_FEI_INI = 34682, TAG_FEI_XML = 34683 };

/* Where text without a tag is looked for: the first bytes, and the last. */
#define HEAD 5000u
#define TAIL (256u * 1024u)
/* Real texts have a few KiB. */
#define TEXT_MAX (4u * 1024u * 1024u)

void nx_fei_text_clear(NxFeiText *text)
{
  g_clear_pointer(&text->ini, g_free);
  g_clear_pointer(&text->xml, g_free);
}

/* The section line that starts the text: `[User]` or `[Beam]` with nothing behind it on its line. */
static const guint8 *find_section(const guint8 *data, gsize length, const char *section)
{
  gsize n = strlen(section);
  const guint8 *at = data, *end = data + length;
  while ((at = memmem(at, (gsize)(end - at), section, n))) {
    const guint8 *after = at + n;
    if (after == end || *after == '\r' || *after == '\n')
      return at;
    at = after;
  }
  return NULL;
}

static gboolean find_in(NxBytes *bytes, guint64 start, gsize length, guint64 *offset)
{
  const guint8 *data = nx_bytes_at(bytes, start, length, NULL);
  const guint8 *at = data ? find_section(data, length, "[User]") : NULL;
  if (data && !at)
    at = find_section(data, length, "[Beam]");
  if (!at)
    return FALSE;
  *offset = start + (guint64)(at - data);
  return TRUE;
}

static gboolean find_without_tag(NxBytes *bytes, guint64 *offset)
{
  guint64 size = nx_bytes_size(bytes);
  if (find_in(bytes, 0, (gsize)MIN(size, HEAD), offset))
    return TRUE;
  guint64 tail = MIN(size, TAIL);
  return find_in(bytes, size - tail, (gsize)tail, offset);
}

/* The text at `offset` up to the end of the file or the first byte no text has, without NULs, as UTF-8. */
static char *text_at(NxBytes *bytes, guint64 offset)
{
  gsize length = (gsize)MIN(nx_bytes_size(bytes) - offset, (guint64)TEXT_MAX);
  const guint8 *data = nx_bytes_at(bytes, offset, length, NULL);
  g_autoptr(GString) text = g_string_new(NULL);
  for (gsize i = 0; data && i < length; i++) {
    if (data[i] && data[i] < ' ' && !strchr("\t\r\n", data[i]))
      break;
    if (data[i])
      g_string_append_c(text, (char)data[i]);
  }
  return g_utf8_validate(text->str, -1, NULL) ? g_strdup(text->str) : nx_text_from_latin1(text->str, -1);
}

/* `<?xml version="…"?>`, up to the last `"?>` of its line, splits the XML off. */
static void split_xml(NxFeiText *text)
{
  char *start = text->ini ? strstr(text->ini, "<?xml version=\"") : NULL;
  gsize line = start ? strcspn(start, "\r\n") : 0;
  if (!start || !g_strrstr_len(start, (gssize)line, "\"?>"))
    return;
  text->xml = g_strdup(start);
  *start = '\0';
}

static gboolean is_fei(const char *ini)
{
  return ini && (strstr(ini, "[User]") || strstr(ini, "[Beam]"));
}

NxFeiText nx_fei_text_find(NxBytes *bytes)
{
  NxFeiText text = { NULL, NULL };
  NxTiff *tiff = nx_tiff_of(bytes, NULL);
  if (tiff) {
    text.ini = nx_tiff_text(tiff, TAG_FEI_INI);
    text.xml = nx_tiff_text(tiff, TAG_FEI_XML);
  }
  if (text.xml && !strstr(text.xml, "<?xml"))
    g_clear_pointer(&text.xml, g_free);
  if (is_fei(text.ini))
    return text;

  nx_fei_text_clear(&text);
  guint64 offset;
  if (find_without_tag(bytes, &offset)) {
    text.ini = text_at(bytes, offset);
    split_xml(&text);
  }
  return text;
}

/* The decimal number between `prefix` and the closing bracket of a section line; NULL when the line is another. */
static char *section_number(const char *line, const char *prefix)
{
  const char *digits = g_str_has_prefix(line, prefix) ? line + strlen(prefix) : NULL;
  gsize n = digits ? strspn(digits, "0123456789") : 0;
  return n > 0 && digits[n] == ']' ? g_strndup(digits, n) : NULL;
}

char *nx_fei_text_name_gases(const char *ini)
{
  g_auto(GStrv) lines = g_strsplit(ini, "\n", -1);
  g_autofree char *unit = NULL;
  for (char **line = lines; *line; line++) {
    g_autofree char *gas = unit ? section_number(*line, "[MultiGISGas") : NULL;
    if (gas) {
      char *renamed = g_strdup_printf("[MultiGISUnit%s.MultiGISGas%s]", unit, gas);
      g_free(*line);
      *line = renamed;
    } else if (g_str_has_prefix(*line, "[MultiGISUnit")) {
      g_free(unit);
      unit = section_number(*line, "[MultiGISUnit");
    }
  }
  return g_strjoinv("\n", lines);
}
