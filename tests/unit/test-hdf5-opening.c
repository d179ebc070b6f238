/* test-hdf5-opening.c — HDF5 files, and other files of formats, that cannot be opened say why, before anything of theirs is allocated. */
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

/* What was read as a file without metadata, with its reason in *reason; NULL: none. */
static void read_basic(const char *name, const void *data, gsize length, char **reason)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(data, length);
  g_autoptr(GPtrArray) signals = g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free);
  NxInput in = { .path = name, .name = name, .fd = -1, .bytes = bytes, .mtime = 1.0 };
  in.format = nx_format_for(&in);
  g_assert_true(in.format == &nx_format_basic);
  const gboolean is_read = in.format->read(&in, signals, &problem);
  g_assert_cmpuint(signals->len, ==, is_read ? 1 : 0);
  *reason = g_strdup(is_read ? nx_json_get_string(((NxSignal *)signals->pdata[0])->nx_meta, "Extractor Warnings") : problem->message);
}

static void test_other_emd(void)
{
  g_autoptr(GByteArray) data = hdf5_write_hspy();
  g_autofree char *other = NULL, *plain = NULL, *text = NULL;
  read_basic("a.emd", data->data, data->len, &other);
  read_basic("a.h5", data->data, data->len, &plain);
  read_basic("b.emd", "no HDF5", 7, &text);
  g_assert_cmpstr(other, ==, "Velox did not write this .emd file; the metadata of other .emd files are not read");
  g_assert_cmpstr(plain, ==, NULL);
  g_assert_cmpstr(text, ==, other);
}

static void test_empty(void)
{
  static const struct {
    const char *name, *reason;
  } CASES[] = {
    { "a.emd", "the file is empty" }, { "a.mrc", "the file is empty" }, { "a.BCF", "the file is empty" }, { "a.tif", "the file is empty" },
    { "a.hspy", "the file is empty" }, { "a.txt", NULL }, { "a.log", NULL }, { "a", NULL },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_autofree char *reason = NULL;
    read_basic(CASES[i].name, "", 0, &reason);
    g_assert_cmpstr(reason, ==, CASES[i].reason);
  }
}

/* The header of an MRC file has 1024 bytes. Of .st and .rec, which are names of other things, too, nothing is said. */
static void test_short_mrc(void)
{
  static const char REASON[] = "the file is shorter than the header of an MRC file";
  static const struct {
    const char *name;
    gsize length;
    const char *reason;
  } CASES[] = { { "a.mrc", 1, REASON }, { "a.MRC", 1023, REASON }, { "a.mrcs", 500, REASON }, { "a.ccp4", 500, REASON },
                { "a.mrc", 1024, NULL }, { "a.st", 500, NULL },     { "a.rec", 500, NULL } };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    const guint8 data[1024] = { 0 };
    g_autofree char *reason = NULL;
    read_basic(CASES[i].name, data, CASES[i].length, &reason);
    g_assert_cmpstr(reason, ==, CASES[i].reason);
  }
}

/* The directory of a TIFF may stand at its end: here at 4096, which is not there. */
static void test_cut_tiff(void)
{
  static const char REASON[] = "the TIFF directory cannot be read, as when only a part of the file was copied";
  static const struct {
    const char *name;
    guint8 head[16];
    const char *reason;
  } CASES[] = {
    { "a.tif", "II*\0\0\x10\0", REASON },        { "a.TIFF", "MM\0*\0\0\x10", REASON },
    { "a.tif", "II+\0\10\0\0\0\0\x10", REASON }, { "a.tif", "MM\0+\0\10\0\0\0\0\0\0\0\0\x10", REASON },
    { "a.tif", "IIRO", NULL },                      { "a.dat", "II*\0\0\x10\0", NULL },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    guint8 data[512] = { 0 };
    g_autofree char *reason = NULL;
    memcpy(data, CASES[i].head, sizeof CASES[i].head);
    read_basic(CASES[i].name, data, sizeof data, &reason);
    g_assert_cmpstr(reason, ==, CASES[i].reason);
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
  g_test_add_func("/hdf5/opening/an .emd file that is not Velox's says so", test_other_emd);
  g_test_add_func("/basic/an empty file of a format says so", test_empty);
  g_test_add_func("/basic/an MRC file that ends within its header says so", test_short_mrc);
  g_test_add_func("/basic/a picture whose directory is missing says so", test_cut_tiff);
  g_test_add_func("/hdf5/hostile/facts of a file driver that do not fit into the file are refused before anything is allocated", test_driver_facts);
  return g_test_run();
}
