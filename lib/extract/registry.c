/* registry.c — which format reads a file: extension, then priority, then what the bytes say; there is always one (extractors-b §7).
 * A new format is one line in the table, between its neighbours by descending priority; ties by name. */
#include "formats.h"

#include <string.h>

const NxFormat *const nx_formats[] = {
  &nx_format_dm,
  &nx_format_fei_tiff,
  &nx_format_basic,
  NULL,
};

char *nx_name_extension(const char *name)
{
  const char *dot = strrchr(name, '.');
  /* Suffix as path libraries see it: ".hidden" and "name." have none. */
  return dot && dot > name && dot[1] ? g_ascii_strdown(dot + 1, -1) : NULL;
}

gboolean nx_format_claims(const NxFormat *format, const char *extension)
{
  if (!format->extensions)
    return TRUE;
  return extension && g_strv_contains(format->extensions, extension);
}

const NxFormat *nx_format_for(const NxInput *in)
{
  g_autofree char *extension = nx_name_extension(in->name);
  for (const NxFormat *const *format = nx_formats; *format; format++) {
    if (nx_format_claims(*format, extension) && (!(*format)->sniff || (in->bytes && (*format)->sniff(in))))
      return *format;
  }
  return &nx_format_basic;
}

static gint by_text(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The extensions of all formats of ours that read more than the file's time, sorted, each once. */
static GPtrArray *collect_extensions(void)
{
  GPtrArray *all = g_ptr_array_new();
  for (const NxFormat *const *format = nx_formats; *format; format++) {
    if ((*format)->priority <= 0)
      continue;
    for (const char *const *extension = (*format)->extensions; extension && *extension; extension++) {
      if (!g_ptr_array_find_with_equal_func(all, *extension, g_str_equal, NULL))
        g_ptr_array_add(all, (gpointer)*extension);
    }
  }
  g_ptr_array_sort(all, by_text);
  g_ptr_array_add(all, NULL);
  return all;
}

const char *const *nx_format_extensions(void)
{
  static GPtrArray *extensions;
  if (!extensions)
    extensions = collect_extensions();
  return (const char *const *)extensions->pdata;
}
