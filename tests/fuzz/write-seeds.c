/* write-seeds.c — write-seeds NAME FOLDER: seeds of the fuzz target NAME that no corpus has, by the writers of the tests. */
#include "../generate/hdf5-write.h"
#include "../unit/test-vendors-samples.h"
#include "nx-base.h"

#include <string.h>

static gboolean put(const char *folder, const char *name, GByteArray *data, GError **err)
{
  g_autofree char *path = g_build_filename(folder, name, NULL);
  g_autoptr(GByteArray) owned = data;
  return nx_file_write_fast(path, owned->data, owned->len, 0644, err);
}

static gboolean put_vendors(const char *folder, GError **err)
{
  for (const VendorSample *sample = vendor_samples; sample->name; sample++) {
    if (!put(folder, sample->name, sample->make(), err))
      return FALSE;
  }
  return TRUE;
}

int main(int argc, char **argv)
{
  g_autoptr(GError) err = NULL;
  if (argc != 3) {
    g_printerr("Usage: write-seeds NAME FOLDER\n");
    return 2;
  }
  if (strcmp(argv[1], "hdf5") == 0 && put(argv[2], "velox.emd", hdf5_write_velox(), &err))
    put(argv[2], "two.hspy", hdf5_write_hspy(), &err);
  if (strcmp(argv[1], "vendors") == 0)
    put_vendors(argv[2], &err);
  return nx_fail(err);
}
