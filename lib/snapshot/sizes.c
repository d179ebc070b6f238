/* sizes.c — file names, sums, sizes and counts as manifests and people have them (igem-db §5.7, §5.8). */
#include "nx-snapshot.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PARTS_MAX 3
#define PIECE (256u << 10)

static gboolean part_is_safe(const char *part)
{
  if (!g_ascii_isalnum(part[0]) && part[0] != '_')
    return FALSE;
  for (const char *at = part; *at; at++)
    if (!g_ascii_isalnum(*at) && !strchr("._-", *at))
      return FALSE;
  return TRUE;
}

gboolean nx_snapshot_name_is_safe(const char *name)
{
  g_auto(GStrv) parts = g_strsplit(name, "/", PARTS_MAX + 1);
  guint n = g_strv_length(parts);
  for (guint i = 0; i < n; i++)
    if (!part_is_safe(parts[i]))
      return FALSE;
  return n >= 1 && n <= PARTS_MAX && !g_str_equal(name, "manifest.json");
}

char *nx_snapshot_sha256(const char *path, GError **err)
{
  g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
  g_autofree guint8 *piece = g_malloc(PIECE);
  struct stat about;
  int fd = nx_file_open_regular(path, NX_LINKS_FOLLOWED, &about, err);
  if (fd < 0)
    return NULL;
  gssize n = 0;
  gboolean goes_on;
  while ((goes_on = nx_check_interrupted(err)) && ((n = read(fd, piece, PIECE)) > 0 || (n < 0 && errno == EINTR)))
    g_checksum_update(sum, piece, MAX(n, 0));
  if (goes_on && n < 0)
    nx_error_from_errno(err, errno, "read", path);
  close(fd);
  return goes_on && n == 0 ? g_strdup(g_checksum_get_string(sum)) : NULL;
}

char *nx_snapshot_size_text(guint64 bytes)
{
  static const char *const UNITS[] = {"B", "KB", "MB", "GB", "TB", "PB"};
  double size = (double)bytes;
  guint unit = 0;
  for (; size >= 1024 && unit + 1 < G_N_ELEMENTS(UNITS); unit++)
    size /= 1024;
  return g_strdup_printf("%.1f %s", size, UNITS[unit]);
}

char *nx_snapshot_count_text(gint64 n)
{
  g_autofree char *digits = g_strdup_printf("%" G_GINT64_FORMAT, n);
  GString *text = g_string_new(digits);
  gssize first = n < 0 ? 1 : 0;
  for (gssize at = (gssize)text->len - 3; at > first; at -= 3)
    g_string_insert_c(text, at, ',');
  return g_string_free(text, FALSE);
}
