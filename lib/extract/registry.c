/* registry.c — which format reads a file: extension, then priority, then what the bytes say; there is always one (extractors-b §7).
 * A new format is one line in the table, between its neighbours by descending priority; ties by name. */
#include "formats.h"

#include <string.h>

const NxFormat *const nx_formats[] = {
  &nx_format_orion_tiff,
  &nx_format_tescan_tiff,
  &nx_format_tofwerk,
  &nx_format_jeol_tiff,
  &nx_format_smartsem,
  &nx_format_ome_tiff,
  &nx_format_bruker_bcf,
  &nx_format_dm,
  &nx_format_hspy,
  &nx_format_mrc,
  &nx_format_msa,
  &nx_format_fei_tiff,
  &nx_format_tia,
  &nx_format_spc,
  &nx_format_velox,
  &nx_format_basic,
  NULL,
};

char *nx_name_extension(const char *name)
{
  const char *dot = strrchr(name, '.');
  /* Suffix as path libraries see it: ".hidden" and "name." have none. */
  return dot && dot > name && dot[1] ? g_ascii_strdown(dot + 1, -1) : NULL;
}

char *nx_path_with_suffix(const char *path, const char *suffix)
{
  const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
  return dot && (!slash || dot > slash) ? g_strdup_printf("%.*s%s", (int)(dot - path), path, suffix) : NULL;
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

gboolean nx_file_is_looked_into(const char *name)
{
  return nx_view_by_name(name) != NX_VIEW_NONE || nx_file_is_a_format(name);
}

gboolean nx_file_is_a_format(const char *name)
{
  g_autofree char *extension = nx_name_extension(name);
  for (const NxFormat *const *format = nx_formats; *format != &nx_format_basic; format++) {
    if (nx_format_claims(*format, extension))
      return TRUE;
  }
  return FALSE;
}
