/* input.c — see input.h. */
#include "input.h"
#include "formats.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define COMPANIONS_MAX 4
#define IN_CAPITALS 0x80 /* beside the number of a format */

struct NxCompanion {
  const NxFormat *format; /* NULL ends the list */
  int fd;
  NxBytes *bytes;
  gboolean in_capitals; /* its last suffix */
};

struct NxOpened {
  NxInput in;
  char *path, *name;
  struct stat status;
  NxCompanion companions[COMPANIONS_MAX + 1];
  int descriptors[COMPANIONS_MAX + 1];
  guint8 formats[COMPANIONS_MAX]; /* of the companions, as numbers in nx_formats, with IN_CAPITALS */
  gsize n_descriptors;
};

static const NxCompanion *companion_of(const NxInput *in, const NxFormat *format)
{
  for (const NxCompanion *companion = in->companions; companion && companion->format; companion++) {
    if (companion->format == format)
      return companion;
  }
  return NULL;
}

NxBytes *nx_input_companion(const NxInput *in, const NxFormat *format)
{
  const NxCompanion *companion = companion_of(in, format);
  return companion ? companion->bytes : NULL;
}

/* NULL when it has no suffix. */
static char *in_capitals(const char *path)
{
  const char *dot = strrchr(path, '.');
  g_autofree char *suffix = dot ? g_ascii_strup(dot, -1) : NULL;
  return suffix ? nx_path_with_suffix(path, suffix) : NULL;
}

char *nx_input_companion_path(const NxInput *in, const NxFormat *format)
{
  const NxCompanion *companion = companion_of(in, format);
  g_autofree char *path = companion && format->companion ? format->companion(in->below ? in->below : in->path) : NULL;
  return path && companion->in_capitals ? in_capitals(path) : g_steal_pointer(&path);
}

/* A file that is out of reach together with its instrument's folder says nothing about itself. */
static void blame_folder(const NxOpened *opened, const char *instrument_root, GError **err)
{
  const char *store = nx_json_get_string(opened->in.instrument, "filestore_path");
  g_autofree char *folder = instrument_root ? nx_path_join(instrument_root, store ? store : "") : NULL;
  if (!folder || !nx_path_below(opened->path, folder) || access(folder, X_OK) == 0)
    return;
  int problem = errno;
  g_autofree char *shown = nx_text_utf8(folder, -1);
  g_clear_error(err);
  g_set_error(err, NX_ERROR, NX_ERROR_PLACE, "cannot enter the instrument's folder %s: %s", shown, g_strerror(problem));
}

/* Takes the descriptor. `told`: as in `formats`. */
static void add_companion(NxOpened *opened, guint8 told, int fd)
{
  const gsize i = opened->n_descriptors - 1;
  opened->companions[i] = (NxCompanion){ nx_formats[told & ~IN_CAPITALS], fd, nx_bytes_from_fd(fd, NULL), (told & IN_CAPITALS) != 0 };
  opened->formats[i] = told;
  opened->descriptors[opened->n_descriptors++] = fd;
}

/* The file, else (*case_bit is IN_CAPITALS then) the one whose last suffix is in capitals: programs that write IMG1.TIF write IMG1.TXT beside
 * it. -1 when there is none. */
static int open_in_either_case(const char *path, NxLinks links, guint8 *case_bit)
{
  struct stat status;
  int fd = nx_file_open_regular(path, links, &status, NULL);
  g_autofree char *capitals = fd < 0 ? in_capitals(path) : NULL;
  *case_bit = capitals ? IN_CAPITALS : 0;
  return capitals ? nx_file_open_regular(capitals, links, &status, NULL) : fd;
}

/* The file beside `path` that `format` wants; -1 when there is none. */
static int open_beside(const char *path, NxLinks links, const NxFormat *format, guint8 *case_bit)
{
  for (const char *const *suffix = format->companion_suffixes; suffix && *suffix; suffix++) {
    g_autofree char *beside = nx_path_with_suffix(path, *suffix);
    int fd = beside ? open_in_either_case(beside, links, case_bit) : -1;
    if (fd >= 0)
      return fd;
  }
  g_autofree char *named = format->companion ? format->companion(path) : NULL;
  return named ? open_in_either_case(named, links, case_bit) : -1;
}

static void open_companion(NxOpened *opened, NxLinks links, guint8 number)
{
  guint8 case_bit = 0;
  int fd = opened->n_descriptors <= COMPANIONS_MAX ? open_beside(opened->path, links, nx_formats[number], &case_bit) : -1;
  if (fd >= 0)
    add_companion(opened, number | case_bit, fd);
}

static void open_companions(NxOpened *opened, NxLinks links)
{
  g_autofree char *extension = nx_name_extension(opened->name);
  for (guint8 i = 0; nx_formats[i]; i++) {
    if (nx_format_claims(nx_formats[i], extension))
      open_companion(opened, links, i);
  }
  opened->in.companions = opened->companions;
}

/* The instrument's zone; NULL when the line names no instrument or a zone that does not exist. */
static GTimeZone *zone_of(json_object *instrument)
{
  g_autoptr(GError) problem = NULL;
  const char *name = nx_json_get_string(instrument, "timezone");
  GTimeZone *zone = name && *name ? nx_zone(name, &problem) : NULL;
  if (problem)
    nx_log_warning("%s; times of this file are shown in UTC", problem->message);
  return zone;
}

static double seconds(const struct timespec *time)
{
  return (double)time->tv_sec + (double)time->tv_nsec / 1e9;
}

static void describe(NxOpened *opened, json_object *line, const char *instrument_root)
{
  NxInput *in = &opened->in;
  const char *below = instrument_root ? nx_path_below(opened->path, instrument_root) : NULL;
  const char *slash = strrchr(opened->path, '/');
  opened->name = nx_text_utf8(slash ? slash + 1 : opened->path, -1);
  in->path = opened->path;
  in->name = opened->name;
  in->below = below ? below : opened->path;
  in->fd = -1;
  in->instrument = nx_json_get(line, "instrument");
  in->instrument_pid = nx_json_get_string(in->instrument, "instrument_pid");
  in->zone = zone_of(in->instrument);
}

/* Sets the time of a file that may be readable or not: the line's, else its own, else now. */
static void set_time(NxOpened *opened, json_object *line, gboolean is_known)
{
  double own = is_known ? seconds(&opened->status.st_mtim) : (double)g_get_real_time() / G_USEC_PER_SEC;
  opened->in.mtime = nx_json_get_double(line, "mtime", own);
}

static NxOpened *opened_described(json_object *line, const char *path, const char *instrument_root)
{
  NxOpened *opened = g_new0(NxOpened, 1);
  opened->path = g_strdup(path);
  describe(opened, line, instrument_root);
  return opened;
}

/* Takes the descriptor of the file itself. */
static void add_file(NxOpened *opened, int fd, GError **err)
{
  opened->in.fd = fd;
  opened->in.bytes = nx_bytes_from_fd(fd, err);
  opened->descriptors[opened->n_descriptors++] = fd;
}

NxOpened *nx_opened_new(json_object *line, const char *path, NxLinks links, const char *instrument_root, GError **err)
{
  NxOpened *opened = opened_described(line, path, instrument_root);
  int fd = nx_file_open_regular(path, links, &opened->status, err);
  set_time(opened, line, fd >= 0 || (links == NX_LINKS_REFUSED ? lstat : stat)(path, &opened->status) == 0);
  if (fd < 0) {
    blame_folder(opened, instrument_root, err);
    return opened;
  }
  add_file(opened, fd, err);
  open_companions(opened, links);
  return opened;
}

NxOpened *nx_opened_received(json_object *line, const char *path, const char *instrument_root, const int *fds, gsize n_fds, const guint8 *companions,
                             GError **err)
{
  NxOpened *opened = opened_described(line, path, instrument_root);
  set_time(opened, line, fstat(fds[0], &opened->status) == 0);
  add_file(opened, fds[0], err);
  for (gsize i = 1; i < n_fds; i++)
    add_companion(opened, companions[i - 1], fds[i]);
  opened->in.companions = opened->companions;
  return opened;
}

void nx_opened_free(NxOpened *opened)
{
  if (!opened)
    return;
  for (NxCompanion *companion = opened->companions; companion->format; companion++)
    nx_bytes_free(companion->bytes);
  nx_bytes_free(opened->in.bytes);
  for (gsize i = 0; i < opened->n_descriptors; i++)
    close(opened->descriptors[i]);
  g_free(opened->path);
  g_free(opened->name);
  g_free(opened);
}

NxInput *nx_opened_input(NxOpened *opened)
{
  return &opened->in;
}

gboolean nx_opened_is_readable(const NxOpened *opened)
{
  return opened->in.bytes != NULL;
}

const int *nx_opened_descriptors(const NxOpened *opened, gsize *n)
{
  *n = opened->n_descriptors;
  return opened->descriptors;
}

const guint8 *nx_opened_companions(const NxOpened *opened)
{
  return opened->formats;
}

gboolean nx_opened_has_changed(NxOpened *opened)
{
  struct stat now;
  if (fstat(opened->in.fd, &now) < 0)
    return FALSE;
  const struct stat *before = &opened->status;
  gboolean has_changed = now.st_size != before->st_size || now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
                         now.st_mtim.tv_nsec != before->st_mtim.tv_nsec;
  opened->status = now;
  return has_changed;
}
