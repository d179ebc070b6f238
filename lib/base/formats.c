/* formats.c — which files are data of a real format: the facts about formats that more than the extractors must know (the file finder asks for
 * them, record-building §4.3). */
#include "nx-base.h"

#include <string.h>

#define DEFAULT_PRIORITY 100
#define PRIORITY_MAX 100000

const char *const *nx_format_extensions(void)
{
  static const char *const EXTENSIONS[] = {"bcf", "ccp4", "dm3", "dm4", "emd", "h5",  "hspy", "mrc", "mrcs",
                                           "msa", "rec",  "ser", "spc", "st",  "tif", "tiff", NULL};
  return EXTENSIONS;
}

void nx_format_line_free(NxFormatLine *line)
{
  if (!line)
    return;
  g_strfreev(line->extensions);
  g_free(line);
}

/* An extension is the last suffix of a name, so that it holds no dot. It is put into globs, and may hold nothing that means something there. */
static gboolean is_extension(const char *text)
{
  for (const char *at = text; *at; at++)
    if (!g_ascii_isalnum(*at) && !strchr("_-+", *at))
      return FALSE;
  return *text != '\0';
}

/* The extension that `value` means, lower case and without the dot before it; NULL for none. */
static char *read_extension(json_object *value)
{
  const char *text = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
  text += *text == '.';
  return is_extension(text) ? g_ascii_strdown(text, -1) : NULL;
}

static char **read_extensions(const char *program, json_object *values)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
  for (gsize i = 0; i < json_object_array_length(values); i++) {
    json_object *value = json_object_array_get_idx(values, i);
    g_autofree char *extension = read_extension(value), *shown = nx_text_beginning(value ? json_object_get_string(value) : "null");
    if (extension)
      g_strv_builder_add(builder, extension);
    else
      nx_log_warning("%s --describe: '%s' is not a file name extension", program, shown);
  }
  return g_strv_builder_end(builder);
}

NxFormatLine *nx_format_line_parse(const char *program, const char *text, gsize length, GError **err)
{
  if (length > NX_FORMAT_LINE_MAX) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "its description is longer than %u KiB", NX_FORMAT_LINE_MAX / 1024);
    return NULL;
  }
  g_autoptr(json_object) said = nx_json_parse(text, length, err);
  if (!said)
    return NULL;
  json_object *extensions = nx_json_get(said, "extensions");
  if (g_strcmp0(nx_json_get_string(said, "kind"), "format") != 0 || !json_object_is_type(extensions, json_type_array)) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "its description is not a line of kind 'format' with 'extensions'");
    return NULL;
  }
  NxFormatLine *line = g_new0(NxFormatLine, 1);
  line->extensions = read_extensions(program, extensions);
  line->priority = (int)CLAMP(nx_json_get_int(said, "priority", DEFAULT_PRIORITY), 0, PRIORITY_MAX);
  return line;
}
