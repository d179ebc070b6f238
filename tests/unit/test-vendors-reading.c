/* test-vendors-reading.c — see test-vendors-reading.h. */
#include "test-vendors-reading.h"
#include "formats.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

static char *folder;

void vendor_folder_make(void)
{
  folder = g_dir_make_tmp("nx-vendors-XXXXXX", NULL);
}

void vendor_folder_remove(void)
{
  g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
  for (const char *name = g_dir_read_name(dir); name; name = g_dir_read_name(dir)) {
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_remove(path);
  }
  g_rmdir(folder);
  g_free(folder);
}

char *vendor_write_file(const char *name, const void *data, gsize length)
{
  char *path = g_build_filename(folder, name, NULL);
  g_assert_true(g_file_set_contents(path, data, (gssize)length, NULL));
  return path;
}

NxOpened *vendor_open_extended(const char *name, const GByteArray *bytes, gsize length)
{
  g_autoptr(GError) problem = NULL;
  g_autofree char *path = vendor_write_file(name, bytes->data, bytes->len);
  g_assert_cmpint(truncate(path, (off_t)length), ==, 0);
  g_autoptr(json_object) line = json_object_new_object();
  nx_json_set(line, "mtime", json_object_new_int64(1700000000));
  NxOpened *opened = nx_opened_new(line, path, NX_LINKS_FOLLOWED, NULL, &problem);
  g_assert_no_error(problem);
  return opened;
}

NxOpened *vendor_open_bytes(const char *name, const GByteArray *bytes)
{
  return vendor_open_extended(name, bytes, bytes->len);
}

NxOpened *vendor_open_sample(const VendorSample *sample)
{
  g_autoptr(GByteArray) bytes = sample->make();
  if (sample->companion)
    g_free(vendor_write_file(sample->companion, sample->companion_text, strlen(sample->companion_text)));
  return vendor_open_bytes(sample->name, bytes);
}

NxSignal *vendor_read(NxOpened *opened)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(GPtrArray) signals = g_ptr_array_new();
  NxInput *in = nx_opened_input(opened);
  in->format = nx_format_for(in);
  g_assert_true(in->format->read(in, signals, &problem));
  g_assert_no_error(problem);
  g_assert_cmpuint(signals->len, ==, 1);
  return signals->pdata[0];
}

json_object *vendor_extension(const NxSignal *signal, const char *name)
{
  return nx_json_get(nx_json_get(signal->nx_meta, "extensions"), name);
}

double vendor_element(const NxSignal *signal, const guint64 *index)
{
  double value;
  g_assert_cmpint(signal->view, ==, NX_VIEW_ARRAY);
  g_assert_true(nx_array_read(&signal->array, index, 0, 1, 1, &value, NULL));
  return value;
}

double vendor_quantity(const NxSignal *signal, const char *name)
{
  return nx_json_get_double(nx_json_get(signal->nx_meta, name), "value", NAN);
}
