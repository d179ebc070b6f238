/* parquet-file.c — see parquet-file.h. */
#include "parquet-file.h"

#include <errno.h>
#include <unistd.h>

#define STRETCH (256u << 10) /* several times what a page's header may take, so that small pages are read many at once */

void parquet_window_clear(ParquetWindow *window)
{
  g_free(window->bytes);
  *window = (ParquetWindow){0};
}

static gboolean make_room(ParquetWindow *window, gsize length, GError **err)
{
  window->length = 0;
  if (length <= window->capacity)
    return TRUE;
  parquet_window_clear(window);
  window->bytes = g_try_malloc(length);
  window->capacity = window->bytes ? length : 0;
  if (!window->bytes)
    g_set_error(err, NX_ERROR, NX_ERROR_IO, "there is no memory for %" G_GSIZE_FORMAT " bytes of it", length);
  return window->bytes != NULL;
}

static gboolean read_fully(int fd, guint8 *to, gsize length, gsize at, GError **err)
{
  for (gsize done = 0; done < length;) {
    ssize_t got = pread(fd, to + done, length - done, (off_t)(at + done));
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0) {
      g_set_error(err, NX_ERROR, NX_ERROR_IO, "%s", got < 0 ? g_strerror(errno) : "it was cut off while it was read");
      return FALSE;
    }
    done += (gsize)got;
  }
  return TRUE;
}

const guint8 *parquet_file_bytes(const ParquetFile *file, ParquetWindow *window, gsize at, gsize length, gsize end, GError **err)
{
  if (file->fd < 0)
    return file->memory + at;
  if (window->bytes && at >= window->start && at - window->start <= window->length && length <= window->length - (at - window->start))
    return window->bytes + (at - window->start);
  gsize wanted = MIN(MAX(length, STRETCH), end - at);
  if (!make_room(window, MAX(wanted, 1), err) || !read_fully(file->fd, window->bytes, wanted, at, err))
    return NULL;
  window->start = at;
  window->length = wanted;
  return window->bytes;
}
