/* bytes.c — a hostile file behind one bounded window.
 * pread(2) instead of mmap(2): a file that shrinks while it is read is an error here and would be a SIGBUS there. */
#include "nx-extract.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A jump to a new place loads a page; reading on from the end of the window loads a long stretch. */
#define PAGE 4096u
#define STRETCH (64u * 1024u)

struct NxBytes {
  int fd;               /* -1: the bytes are in memory */
  const guint8 *memory;
  guint64 size;
  guint8 *window;
  gsize capacity;       /* bytes allocated for the window */
  guint64 start;        /* offset of the window's first byte in the file */
  gsize filled;         /* bytes of the window that hold data */
  gpointer kept;
  GDestroyNotify free_kept;
};

NxBytes *nx_bytes_from_fd(int fd, GError **err)
{
  struct stat status;
  if (fstat(fd, &status) < 0) {
    nx_error_from_errno(err, errno, "look at", "the file");
    return NULL;
  }
  if (!S_ISREG(status.st_mode)) {
    g_set_error(err, NX_ERROR, NX_ERROR_IO, "not a regular file");
    return NULL;
  }
  NxBytes *bytes = g_new0(NxBytes, 1);
  bytes->fd = fd;
  bytes->size = (guint64)status.st_size;
  return bytes;
}

NxBytes *nx_bytes_from_memory(const void *data, gsize length)
{
  NxBytes *bytes = g_new0(NxBytes, 1);
  bytes->fd = -1;
  bytes->memory = data;
  bytes->size = length;
  return bytes;
}

void nx_bytes_free(NxBytes *bytes)
{
  if (!bytes)
    return;
  if (bytes->kept)
    bytes->free_kept(bytes->kept);
  g_free(bytes->window);
  g_free(bytes);
}

void nx_bytes_keep(NxBytes *bytes, gpointer kept, GDestroyNotify free_kept)
{
  bytes->kept = kept;
  bytes->free_kept = free_kept;
}

gpointer nx_bytes_kept(const NxBytes *bytes)
{
  return bytes->kept;
}

guint64 nx_bytes_size(const NxBytes *bytes)
{
  return bytes->size;
}

static gboolean past_the_end(const NxBytes *bytes, guint64 offset, gsize length, GError **err)
{
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "ends at byte %" G_GUINT64_FORMAT ", %" G_GSIZE_FORMAT " bytes wanted at %" G_GUINT64_FORMAT,
              bytes->size, length, offset);
  return FALSE;
}

static gboolean has(const NxBytes *bytes, guint64 offset, gsize length)
{
  return offset <= bytes->size && length <= bytes->size - offset;
}

/* Reads exactly `length` bytes that the size at opening promised. */
static gboolean read_fully(NxBytes *bytes, guint64 offset, guint8 *to, gsize length, GError **err)
{
  gsize done = 0;
  while (done < length) {
    ssize_t got = pread(bytes->fd, to + done, length - done, (off_t)(offset + done));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return nx_error_from_errno(err, errno, "read", "the file");
    if (got == 0) {
      bytes->size = offset + done;
      return past_the_end(bytes, offset, length, err);
    }
    done += (gsize)got;
  }
  return TRUE;
}

/* Moves the window so that it holds `length` bytes at `offset`, which are known to be in the file. */
static gboolean move_window(NxBytes *bytes, guint64 offset, gsize length, GError **err)
{
  guint64 end = bytes->start + bytes->filled;
  gboolean reading_on = bytes->filled > 0 && offset >= bytes->start && offset <= end;
  guint64 start = offset - offset % PAGE;
  gsize wanted = (gsize)(offset - start) + length;
  gsize minimum = reading_on ? STRETCH : PAGE;
  gsize load = (gsize)MIN((guint64)MAX(wanted, minimum), bytes->size - start);

  bytes->filled = 0;
  if (load > bytes->capacity) {
    g_free(bytes->window);
    bytes->window = NULL;
    bytes->capacity = 0;
    bytes->window = g_malloc(MAX(load, (gsize)STRETCH));
    bytes->capacity = MAX(load, (gsize)STRETCH);
  }
  if (!read_fully(bytes, start, bytes->window, load, err))
    return FALSE;
  bytes->start = start;
  bytes->filled = load;
  return TRUE;
}

static gboolean in_window(const NxBytes *bytes, guint64 offset, gsize length)
{
  return offset >= bytes->start && offset - bytes->start <= bytes->filled && length <= bytes->filled - (gsize)(offset - bytes->start);
}

const guint8 *nx_bytes_at(NxBytes *bytes, guint64 offset, gsize length, GError **err)
{
  if (!has(bytes, offset, length)) {
    past_the_end(bytes, offset, length, err);
    return NULL;
  }
  if (bytes->fd < 0)
    return length ? bytes->memory + offset : (const guint8 *)"";
  if (length == 0)
    return (const guint8 *)"";
  if (!in_window(bytes, offset, length) && !move_window(bytes, offset, length, err))
    return NULL;
  return bytes->window + (offset - bytes->start);
}

gboolean nx_bytes_copy(NxBytes *bytes, guint64 offset, void *to, gsize length, GError **err)
{
  if (!has(bytes, offset, length))
    return past_the_end(bytes, offset, length, err);
  if (bytes->fd >= 0 && length > PAGE && !in_window(bytes, offset, length))
    return read_fully(bytes, offset, to, length, err);
  const guint8 *from = nx_bytes_at(bytes, offset, length, err);
  if (!from)
    return FALSE;
  if (length)
    memcpy(to, from, length);
  return TRUE;
}
