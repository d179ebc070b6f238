/* test-vendors-mrc.c — MRC files of several programs and times: byte orders, kinds of numbers, extended headers. */
#include "formats.h"
#include "preview/plane.h"
#include "test-vendors-reading.h"

#include <math.h>
#include <string.h>

static void test_mrc_rows(void)
{
  g_autoptr(NxOpened) opened = vendor_open_sample(vendor_sample("tilt.mrc"));
  g_autoptr(NxSignal) signal = vendor_read(opened);
  const NxArray *array = &signal->array;
  g_assert_cmpuint(array->n_dims, ==, 3);
  g_assert_cmpuint(array->shape[0], ==, 2);
  g_assert_cmpfloat(array->axis[2].scale, ==, 0.5);
  g_assert_cmpstr(array->axis[2].units, ==, "nm");
  /* The first row that is shown is the last of three in the file: 4 × 2 = 8; in the second section 12 more. */
  g_assert_cmpfloat(vendor_element(signal, (const guint64[]){ 0, 0, 0 }), ==, 8.0);
  g_assert_cmpfloat(vendor_element(signal, (const guint64[]){ 1, 2, 3 }), ==, 15.0);
}

static void test_mrc_byte_orders_and_modes(void)
{
  static const gint32 MODES[] = { 0, 1, 2, 3, 4, 6, 12, 101 };
  for (gsize i = 0; i < 2 * G_N_ELEMENTS(MODES); i++) {
    g_autoptr(GByteArray) bytes = vendor_mrc(&(VendorMrc){ .size = { 5, 2, 1 }, .mode = MODES[i / 2], .big_endian = i % 2 });
    g_autoptr(NxOpened) opened = vendor_open_bytes("plain.mrc", bytes);
    g_autoptr(NxSignal) signal = vendor_read(opened);
    g_assert_cmpfloat(vendor_element(signal, (const guint64[]){ 0, 4 }), ==, 9.0);
    g_assert_cmpstr(signal->array.axis[1].units, ==, "");
    g_assert_null(nx_json_get(signal->nx_meta, "pixel_width"));
  }
}

static void set_float(guint8 *at, float value, gboolean big_endian)
{
  guint32 bits;
  memcpy(&bits, &value, sizeof bits);
  bits = big_endian ? GUINT32_TO_BE(bits) : GUINT32_TO_LE(bits);
  memcpy(at, &bits, sizeof bits);
}

/* Records of 32 floats, as Tomography wrote them before there was a word for them: the header's cell is an ångström a pixel. */
static void test_mrc_old_fei(void)
{
  for (guint big_endian = 0; big_endian < 2; big_endian++) {
    g_autofree guint8 *records = g_malloc0(131072);
    static const struct {
      guint at;
      float value;
    } FIELDS[] = { { 0, -60.0f }, { 2, 1e-4f }, { 7, -2.5e-6f }, { 11, 2.5e-10f }, { 12, 29000.0f }, { 13, 300000.0f } };
    for (gsize i = 0; i < G_N_ELEMENTS(FIELDS); i++)
      set_float(records + 4 * FIELDS[i].at, FIELDS[i].value, big_endian);
    g_autoptr(GByteArray) bytes = vendor_mrc(&(VendorMrc){
        .size = { 5, 2, 1 }, .mode = 1, .cell = { 5, 2, 1 }, .big_endian = big_endian, .extended = records, .extended_bytes = 131072 });
    g_autoptr(NxOpened) opened = vendor_open_bytes("old.mrc", bytes);
    g_autoptr(NxSignal) signal = vendor_read(opened);
    json_object *stage = nx_json_get(signal->nx_meta, "stage_position"), *extensions = nx_json_get(signal->nx_meta, "extensions");
    g_assert_cmpfloat(vendor_quantity(signal, "pixel_width"), ==, 0.25);
    g_assert_cmpfloat(vendor_quantity(signal, "acceleration_voltage"), ==, 300.0);
    g_assert_cmpfloat(nx_json_get_double(signal->nx_meta, "magnification", 0), ==, 29000.0);
    g_assert_cmpfloat(nx_json_get_double(nx_json_get(stage, "tilt_alpha"), "value", 0), ==, -60.0);
    g_assert_cmpfloat(nx_json_get_double(nx_json_get(stage, "x"), "value", 0), ==, 100.0);
    g_assert_cmpfloat(nx_json_get_double(nx_json_get(extensions, "Defocus"), "value", 0), ==, -2.5);
    g_assert_cmpfloat(signal->array.axis[1].scale, ==, 0.25);
    g_assert_cmpfloat(vendor_element(signal, (const guint64[]){ 0, 4 }), ==, 9.0);
  }
}

/* Some other program's extended header of the same length says nothing, and the cell counts. */
static void test_mrc_other_records(void)
{
  g_autofree guint8 *records = g_malloc(131072);
  memset(records, 'x', 131072);
  g_autoptr(GByteArray) bytes =
      vendor_mrc(&(VendorMrc){ .size = { 5, 2, 1 }, .mode = 1, .cell = { 20, 8, 1 }, .extended = records, .extended_bytes = 131072 });
  g_autoptr(NxOpened) opened = vendor_open_bytes("other.mrc", bytes);
  g_autoptr(NxSignal) signal = vendor_read(opened);
  g_assert_cmpfloat(vendor_quantity(signal, "pixel_width"), ==, 0.4);
  g_assert_null(nx_json_get(signal->nx_meta, "stage_position"));
}

/* EPU's own pixel size counts where the cell is empty, and the cell where it is not: other programs bin the picture and change the cell alone. */
static void test_mrc_fei_pixels(void)
{
  for (guint has_cell = 0; has_cell < 2; has_cell++) {
    g_autoptr(GByteArray) extended = vendor_fei1();
    const guint64 pixel = GUINT64_TO_LE(((union { double value; guint64 bits; }){ .value = 1.3e-10 }).bits);
    memcpy(extended->data + 156, &pixel, sizeof pixel);
    memcpy(extended->data + 164, &pixel, sizeof pixel);
    extended->data[9] |= 0xc0;
    g_autoptr(GByteArray) bytes = vendor_mrc(&(VendorMrc){ .size = { 5, 2, 1 }, .mode = 1, .cell = { has_cell ? 20 : 0, has_cell ? 8 : 0, 0 },
                                                           .extended_type = "FEI1", .extended = extended->data, .extended_bytes = extended->len });
    g_autoptr(NxOpened) opened = vendor_open_bytes("epu.mrc", bytes);
    g_autoptr(NxSignal) signal = vendor_read(opened);
    g_assert_cmpfloat(vendor_quantity(signal, "pixel_width"), ==, has_cell ? 0.4 : 0.13);
    g_assert_cmpfloat(vendor_quantity(signal, "pixel_height"), ==, has_cell ? 0.4 : 0.13);
    g_assert_cmpfloat(signal->array.axis[0].scale, ==, has_cell ? 0.4 : 0.13);
  }
}

/* A cell is written as floats: 121 × 1.06 is 128.26 there, and no pixel of 1.05999995. */
static void test_mrc_decimals(void)
{
  static const struct {
    gint32 size[2];
    double angstrom;
  } CASES[] = { { { 121, 128 }, 1.06 }, { { 37, 53 }, 0.731 }, { { 64, 31 }, 13.7 } };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    const gint32 *size = CASES[i].size;
    g_autoptr(GByteArray) bytes = vendor_mrc(&(VendorMrc){
        .size = { size[0], size[1], 1 }, .cell = { (float)(size[0] * CASES[i].angstrom), (float)(size[1] * CASES[i].angstrom), 1 } });
    g_autoptr(NxOpened) opened = vendor_open_bytes("square.mrc", bytes);
    g_autoptr(NxSignal) signal = vendor_read(opened);
    const double nanometres = (double[]){ 0.106, 0.0731, 1.37 }[i];
    g_assert_cmpfloat(vendor_quantity(signal, "pixel_width"), ==, nanometres);
    g_assert_cmpfloat(vendor_quantity(signal, "pixel_height"), ==, nanometres);
    g_assert_cmpfloat(signal->array.axis[0].scale, ==, nanometres);
  }
}

/* Bytes are signed by the format; before it said so many programs wrote them unsigned, and their greatest tells. */
static void test_mrc_unsigned_bytes(void)
{
  static const struct {
    float least, most;
    double shown;
  } CASES[] = { { 0, 255, 200.0 }, { 0, 128, 200.0 }, { -56, 127, -56.0 }, { 0, 100, -56.0 }, { 0, 0, -56.0 } };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    g_autoptr(GByteArray) bytes = vendor_mrc(&(VendorMrc){ .size = { 201, 1, 1 }, .mode = 0 });
    bytes->data[1024 + 200] = 200;
    set_float(bytes->data + 76, CASES[i].least, FALSE);
    set_float(bytes->data + 80, CASES[i].most, FALSE);
    g_autoptr(NxOpened) opened = vendor_open_bytes("bytes.mrc", bytes);
    g_autoptr(NxSignal) signal = vendor_read(opened);
    g_assert_cmpfloat(vendor_element(signal, (const guint64[]){ 0, 200 }), ==, CASES[i].shown);
  }
}

/* One section of bytes makes sense in both orders: 1 is 2^24 in the other, and mode 0 is 0. */
static void test_mrc_one_section_of_bytes(void)
{
  /* What speaks for the right order; a stamp that does not, is that of the other. */
  static const struct {
    gboolean has_axes, is_whole, is_stamped;
  } FILES[] = { { TRUE, TRUE, TRUE }, { TRUE, TRUE, FALSE }, { TRUE, FALSE, FALSE }, { FALSE, TRUE, FALSE }, { FALSE, FALSE, TRUE } };
  for (gsize i = 0; i < 2 * G_N_ELEMENTS(FILES); i++) {
    for (gint32 side = 256; side <= 4096; side *= 2) {
      const gboolean big_endian = i % 2;
      g_autoptr(GByteArray) header = vendor_mrc_header(&(VendorMrc){ .size = { side, side, 1 }, .big_endian = big_endian });
      if (!FILES[i / 2].has_axes)
        memset(header->data + 64, 0, 12);
      memset(header->data + 212, big_endian == FILES[i / 2].is_stamped ? 0x11 : 0x44, 2);
      const gsize length = 1024 + (gsize)side * (gsize)side - (FILES[i / 2].is_whole ? 0 : 1);
      g_autoptr(NxOpened) opened = vendor_open_extended("bytes.mrc", header, length);
      g_autoptr(NxSignal) signal = vendor_read(opened);
      g_autofree char *expected = g_strdup_printf("(%d, %d)", side, side);
      g_assert_cmpstr(json_object_get_string(vendor_extension(signal, "Data Dimensions")), ==, expected);
      g_assert_cmpint(signal->view, ==, FILES[i / 2].is_whole ? NX_VIEW_ARRAY : NX_VIEW_PLACEHOLDER);
    }
  }
}

static void test_mrc_nibbles(void)
{
  double three[3];
  g_autoptr(GByteArray) bytes = vendor_mrc(&(VendorMrc){ .size = { 5, 3, 2 }, .mode = 101 });
  g_assert_cmpuint(bytes->len, ==, 1024 + 3 * 3 * 2);
  g_autoptr(NxOpened) opened = vendor_open_bytes("counts.mrc", bytes);
  g_autoptr(NxSignal) signal = vendor_read(opened);
  for (guint64 i = 0; i < 30; i++)
    g_assert_cmpfloat(vendor_element(signal, (const guint64[]){ i / 15, 2 - i / 5 % 3, i % 5 }), ==, i % 16);
  /* Every other column of the row that lies in the middle, and the last column of the second section: 29, 24 and 19, modulo 16. */
  g_assert_true(nx_array_read(&signal->array, (const guint64[]){ 0, 1, 0 }, 2, 3, 2, three, NULL));
  g_assert_cmpmem(three, sizeof three, ((const double[]){ 5, 7, 9 }), sizeof three);
  g_assert_true(nx_array_read(&signal->array, (const guint64[]){ 1, 0, 4 }, 1, 3, 1, three, NULL));
  g_assert_cmpmem(three, sizeof three, ((const double[]){ 13, 8, 3 }), sizeof three);
}

static void test_mrc_long_nibbles(void)
{
  static const guint64 STEPS[] = { 1, 2, 7, 300, 4999 };
  double row[5001];
  g_autoptr(GByteArray) bytes = vendor_mrc(&(VendorMrc){ .size = { 5001, 1, 1 }, .mode = 101 });
  g_autoptr(NxOpened) opened = vendor_open_bytes("wide.mrc", bytes);
  g_autoptr(NxSignal) signal = vendor_read(opened);
  for (gsize k = 0; k < G_N_ELEMENTS(STEPS); k++) {
    const guint64 n = 1 + 4999 / STEPS[k];
    g_assert_true(nx_array_read(&signal->array, (const guint64[]){ 0, 1 }, 1, n, STEPS[k], row, NULL));
    for (guint64 i = 0; i < n; i++)
      g_assert_cmpfloat(row[i], ==, (1 + i * STEPS[k]) % 16);
  }
}

static void test_mrc_colours(void)
{
  g_autoptr(GByteArray) bytes = vendor_mrc(&(VendorMrc){ .size = { 2, 1, 1 }, .mode = 16 });
  g_autoptr(NxOpened) opened = vendor_open_bytes("colours.mrc", bytes);
  g_autoptr(NxSignal) signal = vendor_read(opened);
  const NxPlane plane = nx_plane_at(&signal->array, 0);
  cairo_surface_t *picture = nx_plane_picture(&plane, 2, 1, NX_TONE_PERCENTILES, NULL);
  g_assert_nonnull(picture);
  const guint8 *pixels = cairo_image_surface_get_data(picture);
  g_assert_cmpmem(pixels, 8, ((const guint32[]){ 0xff0064c8, 0xff0164c8 }), 8);
  cairo_surface_destroy(picture);
}

static void test_mrc_short(void)
{
  static const gint32 MODES[] = { 1, 16, 101 };
  for (gsize i = 0; i < G_N_ELEMENTS(MODES); i++) {
    g_autoptr(GByteArray) bytes = vendor_mrc(&(VendorMrc){ .size = { 5, 2, 1 }, .mode = MODES[i] });
    g_byte_array_set_size(bytes, bytes->len - 1);
    g_autoptr(NxOpened) opened = vendor_open_bytes("cut.mrc", bytes);
    g_autoptr(NxSignal) signal = vendor_read(opened);
    g_assert_cmpint(signal->view, ==, NX_VIEW_PLACEHOLDER);
    g_assert_cmpstr(json_object_get_string(vendor_extension(signal, "Data Dimensions")), ==, "(5, 2)");
    g_assert_nonnull(strstr(nx_json_get_string(signal->nx_meta, "Extractor Warnings"), "past end of file"));
  }
}

static void test_mrc_unclaimed(void)
{
  static const char *const NAMES[] = { "tape.rec", "text.st", "short.mrc" };
  for (gsize i = 0; i < G_N_ELEMENTS(NAMES); i++) {
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    for (guint n = 0; n < (i == 2 ? 1000 : 3000); n++)
      g_byte_array_append(bytes, (const guint8 *)"words ", 1 + n % 6);
    g_byte_array_set_size(bytes, MIN(bytes->len, i == 2 ? 1023 : 9000));
    g_autoptr(NxOpened) opened = vendor_open_bytes(NAMES[i], bytes);
    g_assert_cmpstr(nx_format_for(nx_opened_input(opened))->name, ==, "basic_file_info");
  }
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  vendor_folder_make();
  g_test_add_func("/vendors/mrc/the lowest row is stored first, and several sections are a stack", test_mrc_rows);
  g_test_add_func("/vendors/mrc/both byte orders and all modes give the same numbers", test_mrc_byte_orders_and_modes);
  g_test_add_func("/vendors/mrc/records of floats between header and numbers have the pixel size and the microscope", test_mrc_old_fei);
  g_test_add_func("/vendors/mrc/another program's bytes of the same length are not taken for them", test_mrc_other_records);
  g_test_add_func("/vendors/mrc/the pixel size of EPU stands in for an empty cell", test_mrc_fei_pixels);
  g_test_add_func("/vendors/mrc/a pixel has the digits that a float holds, and no more", test_mrc_decimals);
  g_test_add_func("/vendors/mrc/bytes are unsigned where the header's greatest could not be otherwise", test_mrc_unsigned_bytes);
  g_test_add_func("/vendors/mrc/one section of bytes is read in the order for which most speaks", test_mrc_one_section_of_bytes);
  g_test_add_func("/vendors/mrc/numbers of four bits are unpacked, and rows of any length begin at a byte", test_mrc_nibbles);
  g_test_add_func("/vendors/mrc/of a long row of four bits any columns are read", test_mrc_long_nibbles);
  g_test_add_func("/vendors/mrc/colours stay colours", test_mrc_colours);
  g_test_add_func("/vendors/mrc/a file that ends too early keeps its metadata and says so", test_mrc_short);
  g_test_add_func("/vendors/mrc/other files of such names are left alone", test_mrc_unclaimed);
  int failed = g_test_run();
  vendor_folder_remove();
  return failed;
}
