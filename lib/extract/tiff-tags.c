/* tiff-tags.c — vendor tags of a TIFF's first directory.
 * libtiff reads the directory; what it complains about in a broken file goes to the log at debug level, as it is the file's fault and not ours. */
#include "tiff-tags.h"

#include <string.h>
#include <tiffio.h>

/* No tag of a picture is larger than this; libtiff refuses to allocate more. */
#define TAG_MAX (64 * 1024 * 1024)

/* libtiff's cursor over the bytes. */
typedef struct {
  NxBytes *bytes;
  guint64 at;
} Cursor;

static tmsize_t cursor_read(thandle_t handle, void *to, tmsize_t length)
{
  Cursor *cursor = handle;
  guint64 size = nx_bytes_size(cursor->bytes);
  guint64 left = cursor->at < size ? size - cursor->at : 0;
  tmsize_t n = (tmsize_t)MIN((guint64)MAX(length, 0), left);
  if (!nx_bytes_copy(cursor->bytes, cursor->at, to, (gsize)n, NULL))
    return 0;
  cursor->at += (guint64)n;
  return n;
}

static tmsize_t cursor_write(thandle_t handle, void *from, tmsize_t length)
{
  (void)handle, (void)from, (void)length;
  return 0;
}

static toff_t cursor_seek(thandle_t handle, toff_t offset, int whence)
{
  Cursor *cursor = handle;
  cursor->at = whence == SEEK_CUR ? cursor->at + offset : whence == SEEK_END ? nx_bytes_size(cursor->bytes) + offset : offset;
  return cursor->at;
}

static int cursor_close(thandle_t handle)
{
  g_free(handle);
  return 0;
}

static toff_t cursor_size(thandle_t handle)
{
  return nx_bytes_size(((Cursor *)handle)->bytes);
}

static int complain(TIFF *tiff, void *unused, const char *module, const char *format, va_list arguments)
{
  (void)tiff, (void)unused;
  g_autofree char *text = g_strdup_vprintf(format, arguments);
  nx_log_debug("TIFF %s: %s", module ? module : "", text);
  return 1;
}

static void close_tiff(gpointer tiff)
{
  TIFFClose(tiff);
}

NxTiff *nx_tiff_of(NxBytes *bytes, GError **err)
{
  if (nx_bytes_kept(bytes))
    return nx_bytes_kept(bytes);
  Cursor *cursor = g_new0(Cursor, 1);
  cursor->bytes = bytes;
  TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, TAG_MAX);
  TIFFOpenOptionsSetErrorHandlerExtR(options, complain, NULL);
  TIFFOpenOptionsSetWarningHandlerExtR(options, complain, NULL);
  TIFF *tiff = TIFFClientOpenExt("", "rmD", cursor, cursor_read, cursor_write, cursor_seek, cursor_close, cursor_size, NULL, NULL, options);
  TIFFOpenOptionsFree(options);
  if (!tiff) {
    g_free(cursor);
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the TIFF directory cannot be read");
    return NULL;
  }
  nx_bytes_keep(bytes, tiff, close_tiff);
  return tiff;
}

/* The raw value of a byte-like tag; FALSE when there is none. *is_ascii tells the type. */
static gboolean get_value(NxTiff *tiff, guint32 tag, const char **value, gsize *length, gboolean *is_ascii)
{
  const TIFFField *field = TIFFFindField(tiff, tag, TIFF_ANY);
  if (!field)
    return FALSE;
  TIFFDataType type = TIFFFieldDataType(field);
  if (type != TIFF_ASCII && type != TIFF_BYTE && type != TIFF_UNDEFINED)
    return FALSE;
  *is_ascii = type == TIFF_ASCII;
  if (!TIFFFieldPassCount(field)) {
    if (type != TIFF_ASCII || !TIFFGetField(tiff, tag, value))
      return FALSE;
    *length = strlen(*value);
    return TRUE;
  }
  if (TIFFFieldReadCount(field) == TIFF_VARIABLE) {
    guint16 count = 0;
    if (!TIFFGetField(tiff, tag, &count, value))
      return FALSE;
    *length = count;
    return TRUE;
  }
  guint32 count = 0;
  if (!TIFFGetField(tiff, tag, &count, value))
    return FALSE;
  *length = count;
  return TRUE;
}

GBytes *nx_tiff_bytes(NxTiff *tiff, guint32 tag)
{
  const char *value = NULL;
  gsize length = 0;
  gboolean is_ascii;
  return get_value(tiff, tag, &value, &length, &is_ascii) && value ? g_bytes_new(value, length) : NULL;
}

static char *without_invalid(const char *text)
{
  GString *out = g_string_new(NULL);
  const char *end;
  while (!g_utf8_validate(text, -1, &end)) {
    g_string_append_len(out, text, end - text);
    text = end + 1;
  }
  return g_string_free(g_string_append(out, text), FALSE);
}

char *nx_tiff_text(NxTiff *tiff, guint32 tag)
{
  const char *value = NULL;
  gsize length = 0;
  gboolean is_ascii = FALSE;
  if (!get_value(tiff, tag, &value, &length, &is_ascii) || !value)
    return NULL;
  g_autofree char *text = nx_text_without_nul(value, length, NULL);
  return is_ascii ? nx_text_from_latin1(text, -1) : without_invalid(text);
}

gboolean nx_tiff_dimensions(NxTiff *tiff, guint32 *width, guint32 *height)
{
  return TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, width) && TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, height);
}
