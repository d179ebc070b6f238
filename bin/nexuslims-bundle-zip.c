/* nexuslims-bundle-zip.c — the archive itself, by libarchive: ZIP, deflate, entries in the order of their paths. */
#include "nexuslims-bundle.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

static la_ssize_t keep_bytes(struct archive *archive, void *buffer, const void *bytes, size_t length)
{
  (void)archive;
  g_byte_array_append(buffer, bytes, (guint)length);
  return (la_ssize_t)length;
}

static int by_path(gconstpointer a, gconstpointer b)
{
  return strcmp((*(Artifact *const *)a)->path, (*(Artifact *const *)b)->path);
}

static gboolean write_entry(struct archive *archive, const Artifact *artifact, time_t now)
{
  struct archive_entry *entry = archive_entry_new();
  archive_entry_set_pathname(entry, artifact->path);
  archive_entry_set_size(entry, (la_int64_t)artifact->text->len);
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_entry_set_perm(entry, 0644);
  archive_entry_set_mtime(entry, now, 0);
  gboolean well = archive_write_header(archive, entry) == ARCHIVE_OK &&
                  archive_write_data(archive, artifact->text->str, artifact->text->len) == (la_ssize_t)artifact->text->len;
  archive_entry_free(entry);
  return well;
}

static gboolean write_entries(struct archive *archive, const Bundle *bundle, GByteArray *bytes)
{
  if (archive_write_set_format_zip(archive) != ARCHIVE_OK || archive_write_set_options(archive, "compression=deflate") != ARCHIVE_OK ||
      archive_write_open(archive, bytes, NULL, keep_bytes, NULL) != ARCHIVE_OK)
    return FALSE;
  g_ptr_array_sort(bundle->artifacts, by_path);
  for (guint i = 0; i < bundle->artifacts->len; i++) {
    const Artifact *artifact = bundle->artifacts->pdata[i];
    if (artifact->text && !write_entry(archive, artifact, (time_t)g_date_time_to_unix(bundle->now)))
      return FALSE;
  }
  return archive_write_close(archive) == ARCHIVE_OK;
}

gboolean bundle_write(const Bundle *bundle, const char *path, GError **err)
{
  g_autoptr(GByteArray) bytes = g_byte_array_new();
  struct archive *archive = archive_write_new();
  gboolean well = write_entries(archive, bundle, bytes);
  if (!well)
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "the archive cannot be made: %s", archive_error_string(archive));
  archive_write_free(archive);
  return well && nx_file_write(path, bytes->data, bytes->len, 0600, err);
}
