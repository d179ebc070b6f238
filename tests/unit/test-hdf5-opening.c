/* test-hdf5-opening.c — HDF5 files that cannot be opened say why, before anything of theirs is allocated. */
#include "formats.h"
#include "hdf5-guard.h"
#include "hdf5-write.h"

#include <string.h>

/* As an aborted copy leaves it: the library, which looks at the end first, opens nothing of it. */
static void test_cut(void)
{
  static const char *const NAMES[] = {"a.emd", "a.hspy", "a.h5", "a.dat"};
  for (gsize i = 0; i < G_N_ELEMENTS(NAMES); i++) {
    g_autoptr(GError) problem = NULL;
    g_autoptr(GByteArray) data = hdf5_write_hspy();
    g_autoptr(NxBytes) bytes = nx_bytes_from_memory(data->data, data->len / 2);
    g_autoptr(GPtrArray) signals = g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free);
    NxInput in = { .path = NAMES[i], .name = NAMES[i], .fd = -1, .bytes = bytes, .mtime = 1.0 };
    in.format = nx_format_for(&in);
    g_assert_true(in.format == &nx_format_basic); /* a plug-in may still know it */
    g_assert_false(in.format->read(&in, signals, &problem));
    g_assert_error(problem, NX_ERROR, NX_ERROR_FORMAT);
    g_assert_nonnull(strstr(problem->message, "truncated"));
  }
}

/* Bytes 48 to 55 of a superblock of version 0 are the address of the facts of a file driver: there, bytes 4 to 7 are their size. */
static void test_driver_facts(void)
{
  static const struct {
    guint8 size[4];
    gboolean is_good;
  } CASES[] = {{{16, 0, 0, 0}, TRUE}, {{17, 0, 0, 0}, FALSE}, {{0xff, 0xff, 0xff, 0x3f}, FALSE}};
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_autoptr(GByteArray) data = hdf5_write_hspy();
    const guint64 end = GUINT64_TO_LE(data->len);
    g_assert_cmpint(data->data[8], ==, 0);
    memcpy(data->data + 48, &end, sizeof end);
    g_byte_array_set_size(data, data->len + 32);
    memset(data->data + data->len - 32, 0, 32);
    memcpy(data->data + data->len - 32 + 4, CASES[i].size, 4);
    g_autoptr(NxBytes) bytes = nx_bytes_from_memory(data->data, data->len);
    NxHdf5Guard *guard = nx_hdf5_guard_new(bytes);
    g_assert_true((guard != NULL) == CASES[i].is_good);
    g_clear_pointer(&guard, nx_hdf5_guard_free);
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/hdf5/hostile/a file that was cut short says so", test_cut);
  g_test_add_func("/hdf5/hostile/facts of a file driver that do not fit into the file are refused before anything is allocated", test_driver_facts);
  return g_test_run();
}
