/* basic.c — any file: nothing is read but its time (basic_file_info_extractor). Pictures and text still get a preview. */
#include "formats.h"
#include "hdf5-file.h"

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

/* Of an aborted copy libhdf5 opens nothing, so that no format knows it for its own: why is said here. */
static gboolean check_container(const NxInput *in, GError **err)
{
  if (!in->bytes || !nx_hdf5_is(in->bytes))
    return TRUE;
  g_autoptr(NxHdf5) file = nx_hdf5_open(in->bytes, err);
  return file != NULL;
}

static gboolean read_basic(const NxInput *in, GPtrArray *signals, GError **err)
{
  if (!check_container(in, err))
    return FALSE;
  NxSignal *signal = nx_signal_new();
  signal->nx_meta = nx_basic_meta(in);
  signal->view = nx_view_by_name(in->name);
  g_ptr_array_add(signals, signal);
  return TRUE;
}

const NxFormat nx_format_basic = { .name = "basic_file_info", .read = read_basic };
