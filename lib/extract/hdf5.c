/* hdf5.c — see hdf5-file.h: opening, links, names. */
#include "hdf5-file.h"

#include <string.h>

/* What one value takes in memory, about. */
#define VALUE_BYTES 64u

static const guint8 SIGNATURE[8] = { 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n' };

/* What reading values comes to; values are read through const files. */
typedef struct {
  char *damage;   /* the first; or NULL */
  gsize afforded; /* bytes in memory */
} Account;

struct NxHdf5 {
  hid_t id;
  NxBytes *bytes;
  NxHeap *heap;
  Account *account;
  gint references;
};

/* ----------------------------------------------------------------------------------------------------------------- errors */

static herr_t keep_description(unsigned n, const H5E_error2_t *error, void *to)
{
  (void)n;
  char **description = to;
  if (!*description && error->desc && *error->desc)
    *description = nx_text_utf8(error->desc, -1);
  return 0;
}

gboolean nx_hdf5_failed(GError **err, const char *what)
{
  g_autofree char *description = NULL;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_description, &description);
  g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "%s: %s", what, description ? description : "libhdf5 gives no reason");
  return FALSE;
}

/* ---------------------------------------------------------------------------------------------------------------- the file */

gboolean nx_hdf5_is(NxBytes *bytes)
{
  for (guint64 at = 0; at + sizeof SIGNATURE <= nx_bytes_size(bytes); at = at ? 2 * at : 512) {
    const guint8 *start = nx_bytes_at(bytes, at, sizeof SIGNATURE, NULL);
    if (start && memcmp(start, SIGNATURE, sizeof SIGNATURE) == 0)
      return TRUE;
  }
  return FALSE;
}

static NxHeap *heap_of(hid_t id, NxBytes *bytes)
{
  hid_t list = H5Fget_create_plist(id);
  hsize_t base = 0;
  size_t address_size = 8, length_size = 8;
  H5Pget_userblock(list, &base);
  H5Pget_sizes(list, &address_size, &length_size);
  H5Pclose(list);
  return nx_heap_new(bytes, base, (guint)address_size, (guint)length_size);
}

NxHdf5 *nx_hdf5_open(NxBytes *bytes, GError **err)
{
  if (!nx_hdf5_is(bytes)) {
    g_set_error(err, NX_ERROR, NX_ERROR_FORMAT, "not an HDF5 file: its signature is missing");
    return NULL;
  }
  hid_t access = nx_hdf5_access(bytes);
  hid_t id = access < 0 ? H5I_INVALID_HID : H5Fopen("bytes", H5F_ACC_RDONLY, access);
  if (id < 0)
    nx_hdf5_failed(err, "cannot be opened as HDF5");
  if (access >= 0)
    H5Pclose(access);
  if (id < 0)
    return NULL;
  NxHdf5 *file = g_new0(NxHdf5, 1);
  *file = (NxHdf5){ .id = id, .bytes = bytes, .heap = heap_of(id, bytes), .account = g_new0(Account, 1), .references = 1 };
  return file;
}

NxHdf5 *nx_hdf5_ref(NxHdf5 *file)
{
  file->references++;
  return file;
}

void nx_hdf5_unref(NxHdf5 *file)
{
  if (!file || --file->references > 0)
    return;
  H5Fclose(file->id);
  nx_heap_free(file->heap);
  g_free(file->account->damage);
  g_free(file->account);
  g_free(file);
}

hid_t nx_hdf5_id(const NxHdf5 *file)
{
  return file->id;
}

NxBytes *nx_hdf5_bytes(const NxHdf5 *file)
{
  return file->bytes;
}

NxHeap *nx_hdf5_heap(const NxHdf5 *file)
{
  return file->heap;
}

void nx_hdf5_note_damage(const NxHdf5 *file, const char *sentence)
{
  if (!file->account->damage)
    file->account->damage = g_strdup(sentence);
}

char *nx_hdf5_take_damage(NxHdf5 *file)
{
  return g_steal_pointer(&file->account->damage);
}

gboolean nx_hdf5_afford(const NxHdf5 *file, gsize n, gsize bytes)
{
  gsize wanted;
  if (g_size_checked_mul(&wanted, n, VALUE_BYTES) && g_size_checked_add(&wanted, wanted, bytes) &&
      wanted <= NX_HDF5_VALUES_MAX - file->account->afforded) {
    file->account->afforded += wanted;
    return TRUE;
  }
  nx_hdf5_note_damage(file, "the file has more metadata than is read");
  return FALSE;
}

/* ------------------------------------------------------------------------------------------------------------------- links */

NxHdf5Kind nx_hdf5_kind(const NxHdf5 *file, const char *path)
{
  hid_t object = H5Oopen(file->id, path, H5P_DEFAULT);
  if (object < 0)
    return NX_HDF5_NOTHING;
  H5I_type_t type = H5Iget_type(object);
  H5Oclose(object);
  return type == H5I_GROUP ? NX_HDF5_GROUP : type == H5I_DATASET ? NX_HDF5_DATASET : NX_HDF5_NOTHING;
}

static herr_t keep_name(hid_t group, const char *name, const H5L_info_t *info, void *to)
{
  (void)group, (void)info;
  GPtrArray *names = to;
  if (names->len >= NX_HDF5_NAMES_MAX)
    return 1;
  if (g_utf8_validate(name, -1, NULL))
    g_ptr_array_add(names, g_strdup(name));
  return 0;
}

static gint by_text(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char **nx_hdf5_names(const NxHdf5 *file, const char *path)
{
  GPtrArray *names = g_ptr_array_new();
  hid_t group = H5Gopen2(file->id, path, H5P_DEFAULT);
  hsize_t at = 0;
  if (group >= 0) {
    H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, &at, keep_name, names);
    H5Gclose(group);
  }
  g_ptr_array_sort(names, by_text);
  g_ptr_array_add(names, NULL);
  return (char **)g_ptr_array_free(names, FALSE);
}
