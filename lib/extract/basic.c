/* basic.c — any file: nothing is read but its time (basic_file_info_extractor). Pictures and text still get a preview. */
#include "formats.h"
#include "hdf5-file.h"
#include "tiff-tags.h"

#include <string.h>

/* What the preview shows, by the last suffix in lower case. */
static const struct {
  const char *extension;
  NxViewKind view;
} VIEWS[] = {
  { "bmp", NX_VIEW_PICTURE }, { "gif", NX_VIEW_PICTURE }, { "jpeg", NX_VIEW_PICTURE }, { "jpg", NX_VIEW_PICTURE },
  { "png", NX_VIEW_PICTURE }, { "tif", NX_VIEW_PICTURE }, { "tiff", NX_VIEW_PICTURE }, { "txt", NX_VIEW_TEXT },
};

NxViewKind nx_view_by_name(const char *name)
{
  g_autofree char *extension = nx_name_extension(name);
  for (gsize i = 0; extension && i < G_N_ELEMENTS(VIEWS); i++) {
    if (strcmp(extension, VIEWS[i].extension) == 0)
      return VIEWS[i].view;
  }
  return NX_VIEW_NONE;
}

json_object *nx_basic_meta(const NxInput *in)
{
  g_autofree char *created = nx_meta_time(in, nx_zone("UTC", NULL));
  json_object *nx_meta = json_object_new_object();
  nx_json_set_string(nx_meta, "DatasetType", "Unknown");
  nx_json_set_string(nx_meta, "Data Type", "Unknown");
  nx_json_set_string(nx_meta, "Creation Time", created);
  return nx_meta;
}

static gboolean has_extension(const NxInput *in, const char *const *extensions)
{
  g_autofree char *extension = nx_name_extension(in->name);
  return extension && g_strv_contains(extensions, extension);
}

/* TRUE when it begins as a TIFF, of any byte order, with offsets of 32 or of 64 bits. */
static gboolean begins_as_tiff(NxBytes *bytes)
{
  static const char *const BEGINNINGS[] = { "II*\0", "MM\0*", "II+\0", "MM\0+" };
  const guint8 *found = nx_bytes_at(bytes, 0, 4, NULL);
  for (gsize i = 0; found && i < G_N_ELEMENTS(BEGINNINGS); i++) {
    if (memcmp(found, BEGINNINGS[i], 4) == 0)
      return TRUE;
  }
  return FALSE;
}

static gboolean check_directory(NxBytes *bytes, GError **err)
{
  if (nx_tiff_of(bytes, NULL))
    return TRUE;
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the TIFF directory cannot be read, as when only a part of the file was copied");
  return FALSE;
}

/* TRUE when the name alone says that it is MRC, for not all of its header is there. Other things, too, are called .st and .rec. */
static gboolean is_cut_mrc(const NxInput *in)
{
  static const char *const MRC[] = { "mrc", "mrcs", "ccp4", NULL };
  return nx_bytes_size(in->bytes) < NX_MRC_HEADER_BYTES && has_extension(in, MRC);
}

/* Of an aborted copy the libraries open nothing, and an empty file is like any other, so that no format knows it for its own: why is said here. */
static gboolean check_container(const NxInput *in, GError **err)
{
  static const char *const PICTURES[] = { "tif", "tiff", NULL };
  if (!in->bytes)
    return TRUE;
  if (nx_bytes_size(in->bytes) == 0 && nx_file_is_a_format(in->name)) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the file is empty");
    return FALSE;
  }
  if (is_cut_mrc(in)) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "the file is shorter than the header of an MRC file");
    return FALSE;
  }
  if (has_extension(in, PICTURES) && begins_as_tiff(in->bytes))
    return check_directory(in->bytes, err);
  if (!nx_hdf5_is(in->bytes))
    return TRUE;
  g_autoptr(NxHdf5) file = nx_hdf5_open(in->bytes, err);
  return file != NULL;
}

/* Berkeley's files, above all, have the extension of Velox's. */
static void warn_of_other_emd(const NxInput *in, json_object *nx_meta)
{
  static const char *const EMD[] = { "emd", NULL };
  if (in->bytes && has_extension(in, EMD))
    nx_meta_warn(nx_meta, "Velox did not write this .emd file; the metadata of other .emd files are not read");
}

static gboolean read_basic(const NxInput *in, GPtrArray *signals, GError **err)
{
  if (!check_container(in, err))
    return FALSE;
  NxSignal *signal = nx_signal_new();
  signal->nx_meta = nx_basic_meta(in);
  signal->view = nx_view_by_name(in->name);
  warn_of_other_emd(in, signal->nx_meta);
  g_ptr_array_add(signals, signal);
  return TRUE;
}

const NxFormat nx_format_basic = { .name = "basic_file_info", .read = read_basic };
