/* write-seeds.c — write-seeds NAME FOLDER: seeds of the fuzz target NAME that no corpus has, by the writers of the tests. */
#include "../generate/hdf5-write.h"
#include "../unit/test-vendors-samples.h"
#include "nx-alias.h"

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

/* Names that share their beginnings, a code, one with nothing of ASCII. */
static const NxAlias ALIASES[] = {
  { .alias_id = 1, .entity_id = 2, .type_id = 1, .value = "lead", .norm = "", .kind = "preferred", .type_name = "element", .is_primary = TRUE },
  { .alias_id = 2, .entity_id = 2, .type_id = 1, .value = "Pb", .norm = "", .kind = "code", .source = "IUPAC", .type_name = "element" },
  { .alias_id = 3, .entity_id = 3, .type_id = 2, .value = "lead acetate", .norm = "", .kind = "preferred", .domain = "chemistry", .is_primary = TRUE },
  { .alias_id = 4, .entity_id = 3, .type_id = 2, .value = "lead acetate trihydrate", .norm = "", .kind = "synonym" },
  { .alias_id = 5, .entity_id = 4, .type_id = 3, .value = "IL-6", .norm = "", .kind = "preferred", .is_primary = TRUE },
  { .alias_id = 6, .entity_id = 5, .type_id = 3, .value = "透過型電子顕微鏡", .norm = "", .kind = "preferred", .is_primary = TRUE },
  { .alias_id = 7, .entity_id = 6, .type_id = 3, .value = "Ångström", .norm = "", .kind = "synonym" },
};

static gboolean put_alias(const char *folder, const char *name, gsize aliases, GError **err)
{
  g_autofree char *path = g_build_filename(folder, name, NULL);
  g_autoptr(NxAliasBuilder) builder = nx_alias_builder_new();
  for (gsize i = 0; i < aliases; i++)
    nx_alias_builder_add(builder, &ALIASES[i]);
  g_autoptr(GBytes) bytes = nx_alias_builder_finish(builder, NULL, NULL);
  return nx_file_write_fast(path, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), 0644, err);
}

int main(int argc, char **argv)
{
  g_autoptr(GError) err = NULL;
  if (argc != 3) {
    g_printerr("Usage: write-seeds NAME FOLDER\n");
    return 2;
  }
  if (strcmp(argv[1], "alias") == 0 && put_alias(argv[2], "none.nxad", 0, &err) && put_alias(argv[2], "two.nxad", 2, &err))
    put_alias(argv[2], "all.nxad", G_N_ELEMENTS(ALIASES), &err);
  if (strcmp(argv[1], "hdf5") == 0 && put(argv[2], "velox.emd", hdf5_write_velox(), &err) &&
      put(argv[2], "operations.emd", hdf5_write_velox_operations(), &err) && put(argv[2], "two.hspy", hdf5_write_hspy(), &err))
    put(argv[2], "kinds.hspy", hdf5_write_hspy_kinds(), &err);
  if (strcmp(argv[1], "vendors") == 0)
    put_vendors(argv[2], &err);
  return nx_fail(err);
}
