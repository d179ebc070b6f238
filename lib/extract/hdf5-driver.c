/* hdf5-driver.c — a file driver for libhdf5 that reads through NxBytes: read-only, and the one file it knows is the one that is open already.
 * The interface is "HDF5 Virtual File Layer", The HDF Group. */
#include "hdf5-file.h"
#include "hdf5-guard.h"

#if H5_VERSION_GE(1, 14, 0)
#include <H5FDdevelop.h>
#endif

typedef struct {
  H5FD_t base; /* libhdf5 wants it first */
  NxBytes *bytes;
  NxHdf5Guard *guard;
  haddr_t allocated;
} Driven;

typedef struct {
  NxBytes *bytes;
} Access;

static H5FD_t *driver_open(const char *name, unsigned flags, hid_t access_list, haddr_t most)
{
  (void)name, (void)most;
  const Access *access = H5Pget_driver_info(access_list);
  if (!access || !access->bytes || flags & (H5F_ACC_RDWR | H5F_ACC_CREAT | H5F_ACC_TRUNC))
    return NULL;
  NxHdf5Guard *guard = nx_hdf5_guard_new(access->bytes);
  if (!guard)
    return NULL;
  Driven *driven = g_new0(Driven, 1);
  driven->bytes = access->bytes;
  driven->guard = guard;
  return &driven->base;
}

static herr_t driver_close(H5FD_t *file)
{
  nx_hdf5_guard_free(((Driven *)file)->guard);
  g_free(file);
  return 0;
}

static int driver_compare(const H5FD_t *a, const H5FD_t *b)
{
  const void *first = ((const Driven *)a)->bytes, *second = ((const Driven *)b)->bytes;
  return first < second ? -1 : first > second;
}

static herr_t driver_query(const H5FD_t *file, unsigned long *flags)
{
  (void)file;
  *flags = H5FD_FEAT_DATA_SIEVE;
  return 0;
}

static haddr_t driver_get_end_of_allocation(const H5FD_t *file, H5FD_mem_t type)
{
  (void)type;
  return ((const Driven *)file)->allocated;
}

static herr_t driver_set_end_of_allocation(H5FD_t *file, H5FD_mem_t type, haddr_t address)
{
  (void)type;
  ((Driven *)file)->allocated = address;
  return 0;
}

static haddr_t driver_get_end_of_file(const H5FD_t *file, H5FD_mem_t type)
{
  (void)type;
  return nx_bytes_size(((const Driven *)file)->bytes);
}

/* What is read of data while somebody looks: nothing that would not fit, and how much it was. A process reads one file at a time. */
static struct {
  gsize room; /* 0: nobody looks */
  gsize length;
} looked;

void nx_hdf5_look_at_reading(gsize room)
{
  looked.room = room;
  looked.length = 0;
}

gsize nx_hdf5_length_read(void)
{
  looked.room = 0;
  return looked.length;
}

static herr_t driver_read(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t size, void *to)
{
  (void)transfer;
  const Driven *driven = (const Driven *)file;
  if (type == H5FD_MEM_DRAW && looked.room > 0) {
    looked.length = size;
    if (size > looked.room)
      return -1;
  }
  if (!nx_bytes_copy(driven->bytes, address, to, size, NULL))
    return -1;
  if (type == H5FD_MEM_OHDR)
    nx_hdf5_guard_header(driven->guard, address, to, size);
  return type != H5FD_MEM_LHEAP || nx_hdf5_guard_heap(driven->guard, to, size) ? 0 : -1;
}

static herr_t driver_write(H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t size, const void *from)
{
  (void)file, (void)type, (void)transfer, (void)address, (void)size, (void)from;
  return -1;
}

static const H5FD_class_t DRIVER = {
#if H5_VERSION_GE(1, 14, 0)
  .version = H5FD_CLASS_VERSION,
  .value = (H5FD_class_value_t)600,
#endif
  .name = "nx_bytes",
  .maxaddr = (haddr_t)G_MAXINT64,
  .fc_degree = H5F_CLOSE_STRONG,
  .fapl_size = sizeof(Access),
  .open = driver_open,
  .close = driver_close,
  .cmp = driver_compare,
  .query = driver_query,
  .get_eoa = driver_get_end_of_allocation,
  .set_eoa = driver_set_end_of_allocation,
  .get_eof = driver_get_end_of_file,
  .read = driver_read,
  .write = driver_write,
  .fl_map = H5FD_FLMAP_DICHOTOMY,
};

/* ------------------------------------------------------------------------------------------------------------- references */

/* A conversion that converts nothing: elements of variable length, read as opaque bytes, stay the references that are stored. libhdf5 asks whether it
 * can (H5T_CONV_INIT) for any type of that class; it may only where the sizes agree, which they do in the file and not in memory. */
static herr_t keep_references(hid_t from, hid_t to, H5T_cdata_t *about, size_t n, size_t stride, size_t other_stride, void *elements, void *background,
                              hid_t transfer)
{
  (void)n, (void)stride, (void)other_stride, (void)elements, (void)background, (void)transfer;
  if (about->command != H5T_CONV_INIT)
    return 0;
  about->need_bkg = H5T_BKG_NO;
  return H5Tget_size(from) == H5Tget_size(to) ? 0 : -1;
}

static void keep_stored_references(void)
{
  hid_t text = H5Tcopy(H5T_C_S1), opaque = H5Tcreate(H5T_OPAQUE, 1);
  H5Tset_size(text, H5T_VARIABLE);
  H5Tregister(H5T_PERS_SOFT, "references", text, opaque, keep_references);
  H5Tclose(text);
  H5Tclose(opaque);
}

hid_t nx_hdf5_reference_type(const NxHdf5 *file)
{
  return H5Tcreate(H5T_OPAQUE, nx_heap_reference_size(nx_hdf5_heap(file)));
}

/* ------------------------------------------------------------------------------------------------------------------ starting */

/* Errors are asked for and not printed; nothing outside the file is ever opened. */
static hid_t start_library(void)
{
  static hid_t driver = H5I_INVALID_HID;
  if (driver >= 0)
    return driver;
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  H5PLset_loading_state(0);
  H5Lunregister(H5L_TYPE_EXTERNAL);
  keep_stored_references();
  driver = H5FDregister(&DRIVER);
  return driver;
}

hid_t nx_hdf5_access(NxBytes *bytes)
{
  const Access access = { bytes };
  hid_t driver = start_library();
  hid_t list = H5Pcreate(H5P_FILE_ACCESS);
  if (list >= 0 && H5Pset_driver(list, driver, &access) < 0) {
    H5Pclose(list);
    return H5I_INVALID_HID;
  }
  H5Pset_fclose_degree(list, H5F_CLOSE_STRONG);
  return list;
}
