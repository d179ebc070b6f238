/* test-dm-hostile.c — damaged and malicious DigitalMicrograph files cost an error message and nothing else (extractors-a §11). */
#include "dm-writer.h"
#include "hostile.h"
#include "extract-corpus.h"
#include "formats.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

/* ------------------------------------------------------------------------------------------------------ reading from memory */

/* Warnings of thousands of damaged files would drown the test's own output. */
static int silence(void)
{
  fflush(stderr);
  int kept = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  dup2(nowhere, STDERR_FILENO);
  close(nowhere);
  return kept;
}

static void unsilence(int kept)
{
  fflush(stderr);
  dup2(kept, STDERR_FILENO);
  close(kept);
}

/* Reads a file from a copy of exactly its size, so that the address sanitizer sees the first byte read beyond it. */
static GPtrArray *read_bytes(const guint8 *data, gsize length)
{
  g_autofree guint8 *copy = g_memdup2(data, length);
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(copy, length);
  g_autoptr(GError) problem = NULL;
  NxInput in = {.path = "/data/x.dm3",
                .below = "x.dm3",
                .name = "x.dm3",
                .fd = -1,
                .bytes = bytes,
                .format = &nx_format_dm,
                .zone = nx_zone("UTC", NULL)};
  GPtrArray *signals = g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free);
  int kept = silence();
  gboolean done = nx_format_dm.read(&in, signals, &problem);
  unsilence(kept);
  g_assert_no_error(problem);
  g_assert_true(done);
  g_assert_cmpuint(signals->len, >, 0);
  for (guint i = 0; i < signals->len; i++) {
    NxSignal *signal = signals->pdata[i];
    guint64 first[NX_DIMS_MAX] = { 0 }, last[NX_DIMS_MAX];
    double value;
    for (guint dim = 0; dim < signal->array.n_dims; dim++)
      last[dim] = signal->array.shape[dim] - 1;
    if (signal->view == NX_VIEW_ARRAY) {
      g_assert_true(nx_array_read(&signal->array, first, 0, 1, 1, &value, NULL));
      g_assert_true(nx_array_read(&signal->array, last, 0, 1, 1, &value, NULL));
    }
    g_autofree char *meta = nx_json_text(signal->nx_meta, NX_JSON_LINE), *raw = nx_json_text(signal->raw, NX_JSON_LINE);
    g_assert_true(g_utf8_validate(meta, -1, NULL) && g_utf8_validate(raw, -1, NULL));
    signal->array.source = NULL;
  }
  return signals;
}

static const char *reason_of(GPtrArray *signals)
{
  NxSignal *signal = signals->pdata[0];
  return nx_json_get_string(signal->nx_meta, "Extractor Warnings");
}

/* The file must be refused, with `reason` in the sentence that says why. */
static void assert_refused_bytes(const guint8 *data, gsize length, const char *reason)
{
  g_autoptr(GPtrArray) signals = read_bytes(data, length);
  NxSignal *signal = signals->pdata[0];
  g_assert_cmpuint(signals->len, ==, 1);
  g_assert_cmpstr(nx_json_get_string(signal->nx_meta, "DatasetType"), ==, "Unknown");
  g_assert_cmpstr(nx_json_get_string(signal->nx_meta, "Data Type"), ==, "Unknown");
  g_assert_cmpstr(nx_json_get_string(signal->nx_meta, "Creation Time"), ==, "1970-01-01T00:00:00+00:00");
  g_autofree char *warnings = nx_json_text(nx_json_get(signal->nx_meta, "warnings"), NX_JSON_LINE);
  g_assert_cmpstr(warnings, ==, "[[\"DM3/DM4 file could not be read\"]]");
  g_assert_cmpint(signal->view, ==, NX_VIEW_PLACEHOLDER);
  if (!reason_of(signals) || !strstr(reason_of(signals), reason))
    g_error("refused because of '%s', expected '%s'", reason_of(signals), reason);
}

/* Consumes the file. */
static void assert_refused(GByteArray *file, const char *reason)
{
  assert_refused_bytes(file->data, file->len, reason);
  g_byte_array_unref(file);
}

/* Consumes the file, which must be readable. */
static GPtrArray *read_good(GByteArray *file)
{
  GPtrArray *signals = read_bytes(file->data, file->len);
  g_assert_cmpstr(reason_of(signals), ==, NULL);
  g_byte_array_unref(file);
  return signals;
}

static json_object *meta_of(GPtrArray *signals)
{
  NxSignal *signal = signals->pdata[0];
  return signal->nx_meta;
}

static GByteArray *plain_file(guint version)
{
  return dm_one_image_file(dm_image_group(version, FALSE, 3, 2, NULL));
}

/* Writes `length` bytes of `value`, big-endian, over what is at `offset`. */
static GByteArray *patched(GByteArray *file, gsize offset, guint64 value, guint length)
{
  for (guint i = 0; i < length; i++)
    file->data[offset + i] = (guint8)(value >> (8 * (length - 1 - i)));
  return file;
}

/* Where `what` stands in the file. */
static gsize find(const GByteArray *file, const char *what, gsize length)
{
  const guint8 *at = memmem(file->data, file->len, what, length);
  g_assert_nonnull(at);
  return (gsize)(at - file->data);
}

/* The offset just behind the name of a tag. */
static gsize behind(const GByteArray *file, const char *name)
{
  return find(file, name, strlen(name)) + strlen(name);
}

/* ---------------------------------------------------------------------------------------------------------- whole structure */

static void test_short(void)
{
  for (gsize length = 0; length < 12; length++)
    assert_refused_bytes((const guint8 *)"\0\0\0\3\0\0\0\0\0\0\0", length, "shorter than header");
}

static void test_versions(void)
{
  static const guint64 VERSIONS[] = { 0, 2, 5, 0x01000000, 0xffffffff };
  for (gsize i = 0; i < G_N_ELEMENTS(VERSIONS); i++)
    assert_refused(patched(plain_file(3), 0, VERSIONS[i], 4), "unsupported version");
}

static void test_byte_order_flag(void)
{
  g_autoptr(GPtrArray) signals = read_good(patched(plain_file(3), 8, 7, 4));
  g_assert_cmpstr(nx_json_get_string(meta_of(signals), "Data Dimensions"), ==, "(2, 3)");
}

static void test_root_counts(void)
{
  static const guint64 COUNTS3[] = { 0xffffffff, 0x7fffffff, 1000 };
  static const guint64 COUNTS4[] = { G_MAXUINT64, G_GUINT64_CONSTANT(1) << 62, 1000 };
  for (gsize i = 0; i < G_N_ELEMENTS(COUNTS3); i++) {
    assert_refused(patched(plain_file(3), 14, COUNTS3[i], 4), "tag count");
    assert_refused(patched(plain_file(4), 18, COUNTS4[i], 8), "tag count");
  }
}

static void test_kinds(void)
{
  static const guint64 KINDS[] = { 0, 19, 22, 255 };
  for (gsize i = 0; i < G_N_ELEMENTS(KINDS); i++)
    assert_refused(patched(plain_file(3), 18, KINDS[i], 1), "unknown tag kind");
}

static void test_delimiter(void)
{
  GByteArray *file = plain_file(3);
  assert_refused(patched(file, behind(file, "DataType") + 3, 'x', 1), "missing tag delimiter");
}

static void test_name_length(void)
{
  GByteArray *file = plain_file(3);
  assert_refused(patched(file, find(file, "DataType", 8) - 2, 0xffff, 2), "the file ends inside the name of a tag");
}

static void test_nesting(void)
{
  for (guint version = 3; version <= 4; version++) {
    DmGroup *inner = dm_group_new(version, FALSE);
    for (guint i = 0; i < 10000; i++) {
      DmGroup *outer = dm_group_new(version, FALSE);
      dm_add_group(outer, "g", inner);
      inner = outer;
    }
    assert_refused(dm_file(inner), "nested too deep");
  }
}

static void test_group_sizes(void)
{
  static const guint64 SIZES[] = { 0, G_MAXUINT64, G_GUINT64_CONSTANT(1) << 40 };
  for (gsize i = 0; i < G_N_ELEMENTS(SIZES); i++) {
    GByteArray *file = plain_file(4);
    g_autoptr(GPtrArray) signals = read_good(patched(file, behind(file, "ImageData"), SIZES[i], 8));
    g_assert_cmpstr(nx_json_get_string(meta_of(signals), "Data Dimensions"), ==, "(2, 3)");
  }
}

/* ------------------------------------------------------------------------------------------------------------ one data tag */

/* A file whose only tag besides the image is `extra` with these information words and 16 bytes of value. */
static GByteArray *file_with_tag(guint version, const gint64 *info, guint n_info)
{
  DmGroup *tags = dm_group_new(version, FALSE);
  dm_add_data(tags, "extra", info, n_info, "0123456789abcdef", 16);
  return dm_one_image_file(dm_image_group(version, FALSE, 3, 2, tags));
}

static void test_information(void)
{
  static const struct {
    gint64 info[8];
    guint n_info;
    const char *reason;
  } CASES[] = {
    { { 0 }, 0, "bad tag information" },
    { { 20, 6, 4, 0 }, 4, "bad tag information" },
    { { 20, 20, 3, 2 }, 4, "bad tag information" },
    { { 20, 18, 3, 2 }, 4, "bad tag information" },
    { { 15, 0, 0 }, 3, "bad tag information" },
    { { 15, 0, 7, 0, 6 }, 5, "bad tag information" },
    { { 18, 4, 0 }, 3, "bad tag information" },
    { { 0 }, 1, "unknown element type" },
    { { 1 }, 1, "unknown element type" },
    { { 13 }, 1, "unknown element type" },
    { { 99 }, 1, "unknown element type" },
    { { -6 }, 1, "unknown element type" },
    { { 20, 1, 4 }, 3, "unknown element type" },
    { { 20, 15, 4 }, 3, "unknown element type" },
    { { 15, 0, 1, 0, 15 }, 5, "unknown element type" },
    { { 15, 0, 1, 0, 20 }, 5, "unknown element type" },
    { { 15, 0, 1, 0, 99 }, 5, "unknown element type" },
    { { 20, 7, -1 }, 3, "array past end" },
    { { 20, 7, G_MAXINT32 }, 3, "array past end" },
    { { 20, 15, 0, 1, 0, 7, -1 }, 7, "array past end" },
    { { 20, 15, 0, 1, 0, 7, G_MAXINT32 }, 7, "array past end" },
    { { 18, -1 }, 2, "array past end" },
    { { 18, G_MAXINT32 }, 2, "array past end" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++)
    assert_refused(file_with_tag(3, CASES[i].info, CASES[i].n_info), CASES[i].reason);
  assert_refused(file_with_tag(4, (const gint64[]){ 20, 7, G_GINT64_CONSTANT(1) << 61 }, 3), "array past end");
  assert_refused(file_with_tag(4, (const gint64[]){ 20, 15, 0, 1, 0, 7, G_GINT64_CONSTANT(1) << 61 }, 7), "array past end");
}

static void test_information_counts(void)
{
  static const guint64 COUNTS[] = { G_MAXUINT64, G_GUINT64_CONSTANT(1) << 40, 2000003 };
  for (gsize i = 0; i < G_N_ELEMENTS(COUNTS); i++) {
    GByteArray *file = file_with_tag(4, (const gint64[]){ 3 }, 1);
    assert_refused(patched(file, behind(file, "extra") + 8 + 4, COUNTS[i], 8), "bad tag information");
  }
}

/* DM4 says how long such a tag is, so it costs only itself. */
static void test_passed_over(void)
{
  DmGroup *tags = dm_group_new(4, FALSE), *info = dm_group_new(4, FALSE);
  dm_add_data(tags, "strings", (const gint64[]){ 20, 18, 4, 4 }, 4, "0123456789abcdef", 16);
  dm_add_data(tags, "arrays", (const gint64[]){ 20, 20, 2, 2, 4 }, 5, "0123456789abcdef", 16);
  dm_add_f64(info, "Voltage", 80000.0);
  dm_add_group(tags, "Microscope Info", info);
  g_autoptr(GPtrArray) signals = read_good(dm_one_image_file(dm_image_group(4, FALSE, 3, 2, tags)));
  g_assert_nonnull(nx_json_get(meta_of(signals), "acceleration_voltage"));
}

/* ------------------------------------------------------------------------------------------------------------------ images */

static GByteArray *file_with_sizes(gint32 width, gint32 height)
{
  GByteArray *file = plain_file(3);
  gsize at = behind(file, "Dimensions") + 2 + 4; /* flags and count; then kind, name length, %%%%, ninfo, type, value */
  patched(file, at + 3 + 12, GUINT32_SWAP_LE_BE((guint32)width), 4);
  return patched(file, at + 19 + 3 + 12, GUINT32_SWAP_LE_BE((guint32)height), 4);
}

static void test_sizes(void)
{
  assert_refused(file_with_sizes(0, 2), "bad dimensions");
  assert_refused(file_with_sizes(3, -1), "bad dimensions");
  assert_refused(file_with_sizes(G_MAXINT32, G_MAXINT32), "bad dimensions");
  assert_refused(file_with_sizes(2, 2), "pixel data size mismatch");
  assert_refused(file_with_sizes(3, 3), "pixel data size mismatch");
  /* The offsets above are right: the same sizes change nothing. */
  g_autoptr(GPtrArray) signals = read_good(file_with_sizes(3, 2));
  g_assert_cmpstr(nx_json_get_string(meta_of(signals), "Data Dimensions"), ==, "(2, 3)");
}

static GByteArray *file_with_data_type(gint32 code)
{
  GByteArray *file = plain_file(3);
  return patched(file, behind(file, "DataType") + 12, GUINT32_SWAP_LE_BE((guint32)code), 4);
}

static void test_data_types(void)
{
  static const gint32 CODES[] = { 0, 4, 15, 22, 24, 26, 29, -5, G_MAXINT32 };
  for (gsize i = 0; i < G_N_ELEMENTS(CODES); i++)
    assert_refused(file_with_data_type(CODES[i]), "not supported");
  assert_refused(file_with_data_type(12), "pixel data size mismatch");
  assert_refused(file_with_data_type(5), "a packed transform of data type 5 is square");
}

static void test_confused_types(void)
{
  DmGroup *root = dm_group_new(3, FALSE);
  dm_add_i32(root, "Something", 1);
  assert_refused(dm_file(root), "no image");

  root = dm_group_new(3, FALSE);
  dm_add_i32(root, "ImageList", 1);
  assert_refused(dm_file(root), "no image");

  DmGroup *image = dm_group_new(3, FALSE), *data = dm_group_new(3, FALSE);
  dm_add_f32s(data, "Data", (const float[]){ 1, 2 }, 2);
  dm_add_i32(data, "DataType", 2);
  dm_add_text(data, "Dimensions", "2");
  dm_add_group(image, "ImageData", data);
  assert_refused(dm_one_image_file(image), "bad dimensions");

  image = dm_group_new(3, FALSE);
  dm_add_text(image, "ImageData", "none");
  assert_refused(dm_one_image_file(image), "DataType is missing");

  image = dm_group_new(3, FALSE);
  data = dm_group_new(3, FALSE);
  dm_add_text(data, "DataType", "2");
  dm_add_group(image, "ImageData", data);
  assert_refused(dm_one_image_file(image), "DataType is missing");
}

/* A file of `n_images` images (all of 3 × 2 pixels) whose Thumbnails name `thumbnail`. */
static GByteArray *file_with_thumbnail(guint n_images, const gint32 *thumbnails, guint n_thumbnails)
{
  DmGroup *root = dm_group_new(4, FALSE), *list = dm_group_new(4, FALSE), *marks = dm_group_new(4, FALSE);
  for (guint i = 0; i < n_images; i++) {
    DmGroup *image = dm_image_group(4, FALSE, 3, 2, NULL);
    g_autofree char *name = g_strdup_printf("image %u", i);
    dm_add_text(image, "Name", name);
    dm_add_group(list, "", image);
  }
  for (guint i = 0; i < n_thumbnails; i++) {
    DmGroup *mark = dm_group_new(4, FALSE);
    dm_add_i32(mark, "ImageIndex", thumbnails[i]);
    dm_add_group(marks, "", mark);
  }
  dm_add_group(root, "ImageList", list);
  dm_add_group(root, "Thumbnails", marks);
  return dm_file(root);
}

static void test_thumbnails(void)
{
  g_autoptr(GPtrArray) two = read_good(file_with_thumbnail(3, (const gint32[]){ 1 }, 1));
  g_assert_cmpuint(two->len, ==, 2);
  g_assert_cmpstr(((NxSignal *)two->pdata[0])->title, ==, "image 0");
  g_assert_cmpstr(((NxSignal *)two->pdata[1])->title, ==, "image 2");
  g_autoptr(GPtrArray) all = read_good(file_with_thumbnail(3, (const gint32[]){ 99, -1 }, 2));
  g_assert_cmpuint(all->len, ==, 3);
  assert_refused(file_with_thumbnail(2, (const gint32[]){ 0, 1, 1 }, 3), "no image");
}

/* ------------------------------------------------------------------------------------------------------------------- values */

static void test_odd_values(void)
{
  DmGroup *tags = dm_group_new(3, FALSE), *info = dm_group_new(3, FALSE), *parameters = dm_group_new(3, FALSE);
  DmGroup *acquisition = dm_group_new(3, FALSE), *level = dm_group_new(3, FALSE);
  dm_add_text(info, "Voltage", "abc");
  dm_add_boolean(info, "STEM Camera Length", TRUE);
  dm_add_text(info, "Cs(mm)", "1.50");
  dm_add_f32s(info, "Field of View (µm)", (const float[]){ 1, 2 }, 2);
  dm_add_i32(info, "Illumination Mode", 5);
  dm_add_f64(info, "Actual Magnification", NAN);
  dm_add_f32s(level, "Binning", (const float[]){ 2 }, 1);
  dm_add_group(parameters, "High Level", level);
  dm_add_group(acquisition, "Parameters", parameters);
  dm_add_group(tags, "Microscope Info", info);
  dm_add_group(tags, "Acquisition", acquisition);
  g_autoptr(GPtrArray) signals = read_good(dm_one_image_file(dm_image_group(3, FALSE, 3, 2, tags)));
  g_autofree char *got = nx_json_text(nx_json_get(meta_of(signals), "extensions"), NX_JSON_LINE);
  g_assert_cmpstr(got, ==,
                  "{\"Cs\":{\"value\":1.5,\"unit\":\"millimeter\"},\"Field of View (µm)\":[1.0,2.0],\"Illumination Mode\":5,"
                  "\"STEM Camera Length\":true,\"Voltage\":\"abc\"}");
  g_assert_cmpstr(nx_json_get_string(meta_of(signals), "Data Type"), ==, "TEM_Imaging");
}

static void test_odd_texts(void)
{
  DmGroup *tags = dm_group_new(3, FALSE), *info = dm_group_new(3, FALSE);
  /* a lone low surrogate, a NUL, a pair, a lone high surrogate at the end */
  dm_add_data(info, "Specimen", (const gint64[]){ 20, 4, 6 }, 3, "\x00\xDC" "A\0" "\0\0" "\x3D\xD8\x2C\xDD" "\x3D\xD8", 12);
  dm_add_data(info, "Operator", (const gint64[]){ 18, 3 }, 2, "\xE9" "te", 3);
  dm_add_data(info, "Fac.ility", (const gint64[]){ 18, 3 }, 2, "\xC3\xA9!", 3);
  dm_add_group(tags, "Microscope Info", info);
  g_autoptr(GPtrArray) signals = read_good(dm_one_image_file(dm_image_group(3, FALSE, 3, 2, tags)));
  g_autofree char *got = nx_json_text(nx_json_get(meta_of(signals), "extensions"), NX_JSON_ASCII);
  g_assert_cmpstr(got, ==, "{\"Facility\":\"\\u00e9!\",\"Operator\":\"\\u00e9te\",\"Specimen\":\"\\ufffdA\\u0000\\ud83d\\udd2c\\ufffd\"}");
}

/* A text of 10 MB is kept in the raw tags and is no metadata; one of 40 MB only leaves its length. */
static void test_long_texts(void)
{
  static const struct {
    gsize bytes;
    gboolean kept;
  } CASES[] = { { 10 << 20, TRUE }, { 40 << 20, FALSE } };
  for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
    DmGroup *tags = dm_group_new(4, FALSE), *info = dm_group_new(4, FALSE);
    g_autofree guint8 *text = g_malloc0(CASES[i].bytes);
    memset(text, 'x', CASES[i].bytes);
    dm_add_data(info, "Specimen", (const gint64[]){ 18, (gint64)CASES[i].bytes }, 2, text, CASES[i].bytes);
    dm_add_group(tags, "Microscope Info", info);
    g_autoptr(GPtrArray) signals = read_good(dm_one_image_file(dm_image_group(4, FALSE, 3, 2, tags)));
    NxSignal *signal = signals->pdata[0];
    json_object *image = nx_json_get(nx_json_get(signal->raw, "ImageList"), "TagGroup0");
    json_object *kept = nx_json_get(nx_json_get(nx_json_get(image, "ImageTags"), "Microscope Info"), "Specimen");
    g_assert_null(nx_json_get(meta_of(signals), "extensions"));
    if (CASES[i].kept)
      g_assert_cmpint(json_object_get_string_len(kept), ==, (int)CASES[i].bytes);
    else
      g_assert_cmpint(nx_json_get_int(kept, "_array_len", 0), ==, (gint64)CASES[i].bytes);
  }
}

static void test_bad_tecnai(void)
{
  static const char *const TEXTS[] = { "", "Gun FEG", "Microscope X\xE2\x80\xA8Mode TEM uP SA Defocus (um) 1 Magn 8100x",
                                       "Gun A Extr volt x V Gun Lens 3 Emission 1uA\xE2\x80\xA8Mode a b c Defocus" };
  for (gsize i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
    DmGroup *tags = dm_group_new(3, FALSE), *tecnai = dm_group_new(3, FALSE), *info = dm_group_new(3, FALSE);
    dm_add_text(tecnai, "Microscope Info", TEXTS[i]);
    dm_add_f64(info, "Voltage", 1.0);
    dm_add_group(tags, "Tecnai", tecnai);
    dm_add_group(tags, "Microscope Info", info);
    g_autoptr(GPtrArray) signals = read_good(dm_one_image_file(dm_image_group(3, FALSE, 3, 2, tags)));
    g_assert_nonnull(nx_json_get(meta_of(signals), "acceleration_voltage"));
  }
}

/* ------------------------------------------------------------------------------------------------------------ what is right */

static void test_calibration(void)
{
  DmGroup *image = dm_group_new(3, TRUE), *data = dm_group_new(3, TRUE), *dimensions = dm_group_new(3, TRUE);
  DmGroup *calibrations = dm_group_new(3, TRUE), *list = dm_group_new(3, TRUE), *x = dm_group_new(3, TRUE);
  dm_add_i32(dimensions, "", 3);
  dm_add_i32(dimensions, "", 2);
  dm_add_f64(x, "Origin", 10.0);
  dm_add_f64(x, "Scale", 0.5);
  dm_add_text(x, "Units", "nm");
  dm_add_group(list, "", x);
  dm_add_group(calibrations, "Dimension", list);
  dm_add_group(data, "Calibrations", calibrations);
  dm_add_f32s(data, "Data", (const float[]){ 1.5f, 2.5f, 3.5f, -1.5f, -2.5f, -3.5f }, 6);
  dm_add_i32(data, "DataType", 2);
  dm_add_group(data, "Dimensions", dimensions);
  dm_add_group(image, "ImageData", data);
  g_autoptr(GByteArray) file = dm_one_image_file(image);
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(file->data, file->len);
  NxInput in = { .path = "/x.dm3", .name = "x.dm3", .fd = -1, .bytes = bytes, .format = &nx_format_dm };
  g_autoptr(GPtrArray) signals = g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free);
  g_assert_true(nx_format_dm.read(&in, signals, NULL));

  const NxArray *array = &((NxSignal *)signals->pdata[0])->array;
  double row[3];
  g_assert_true(array->big_endian);
  g_assert_true(nx_array_read(array, (const guint64[]){ 1, 0 }, 1, 3, 1, row, NULL));
  g_assert_cmpfloat(row[0], ==, -1.5);
  g_assert_cmpfloat(row[2], ==, -3.5);
  g_assert_cmpfloat(array->axis[1].scale, ==, 0.5);
  g_assert_cmpfloat(array->axis[1].offset, ==, -5.0);
  g_assert_cmpstr(array->axis[1].units, ==, "nm");
  g_assert_cmpfloat(array->axis[0].scale, ==, 1.0);
  g_assert_cmpstr(array->axis[0].name, ==, "y");
}

/* The stored columns 0, 1, 2 of a 4 pixels wide transform are the columns 2, 1, 0, 1 of the whole. */
static void test_packed_transform(void)
{
  DmGroup *image = dm_group_new(4, FALSE), *data = dm_group_new(4, FALSE), *dimensions = dm_group_new(4, FALSE);
  dm_add_i32(dimensions, "", 4);
  dm_add_i32(dimensions, "", 2);
  dm_add_f32s(data, "Data", (const float[]){ 3, 4, 0, 1, 2, 0, /* second row */ 0, 10, 0, 11, 0, 12 }, 12);
  dm_add_i32(data, "DataType", 27);
  dm_add_group(data, "Dimensions", dimensions);
  dm_add_group(image, "ImageData", data);
  g_autoptr(GByteArray) file = dm_one_image_file(image);
  g_autoptr(NxBytes) bytes = nx_bytes_from_memory(file->data, file->len);
  NxInput in = { .path = "/x.dm4", .name = "x.dm4", .fd = -1, .bytes = bytes, .format = &nx_format_dm };
  g_autoptr(GPtrArray) signals = g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free);
  g_assert_true(nx_format_dm.read(&in, signals, NULL));

  static const double EXPECTED[2][4] = { { 2, 1, 5, 1 }, { 12, 11, 10, 11 } };
  const NxArray *array = &((NxSignal *)signals->pdata[0])->array;
  g_assert_cmpstr(nx_json_get_string(meta_of(signals), "Data Dimensions"), ==, "(2, 4)");
  for (guint y = 0; y < 2; y++) {
    double row[4], pixel[2];
    g_assert_true(nx_array_read(array, (const guint64[]){ y, 0 }, 1, 4, 1, row, NULL));
    for (guint x = 0; x < 4; x++)
      g_assert_cmpfloat(row[x], ==, EXPECTED[y][x]);
    g_assert_true(nx_array_read(array, (const guint64[]){ 0, y }, 0, 2, 1, pixel, NULL));
    g_assert_cmpfloat(pixel[1], ==, EXPECTED[1][y]);
  }
}

static DmGroup *annotation(gint32 type, const float *rectangle, const float *colour)
{
  DmGroup *group = dm_group_new(3, FALSE);
  dm_add_i32(group, "AnnotationType", type);
  dm_add_f32_struct(group, "Rectangle", rectangle, 4);
  if (colour)
    dm_add_f32_struct(group, "ForegroundColor", colour, 3);
  if (type == 13)
    dm_add_text(group, "Text", "here");
  return group;
}

/* Annotations of the second image; the first has none. */
static void test_marks(void)
{
  static const gint32 TYPES[] = { 2, 3, 5, 6, 8, 13, 23, 25, 27, 31 };
  DmGroup *root = dm_group_new(3, FALSE), *list = dm_group_new(3, FALSE), *objects = dm_group_new(3, FALSE),
          *object = dm_group_new(3, FALSE);
  DmGroup *drawings = dm_group_new(3, FALSE), *sources = dm_group_new(3, FALSE), *source = dm_group_new(3, FALSE);
  for (gsize i = 0; i < G_N_ELEMENTS(TYPES); i++)
    dm_add_group(drawings, "", annotation(TYPES[i], (const float[]){ 1, 2, 3, 4 }, i ? NULL : (const float[]){ -1, 0.5f, -32768 }));
  dm_add_group(object, "AnnotationGroupList", drawings);
  dm_add_i32(object, "ImageSource", 0);
  dm_add_group(objects, "", object);
  dm_add_i32(source, "ImageRef", 1);
  dm_add_group(sources, "", source);
  dm_add_group(list, "", dm_image_group(3, FALSE, 3, 2, NULL));
  dm_add_group(list, "", dm_image_group(3, FALSE, 3, 2, NULL));
  dm_add_group(root, "DocumentObjectList", objects);
  dm_add_group(root, "ImageList", list);
  dm_add_group(root, "ImageSourceList", sources);

  g_autoptr(GPtrArray) signals = read_good(dm_file(root));
  g_assert_null(((NxSignal *)signals->pdata[0])->marks);
  GPtrArray *marks = ((NxSignal *)signals->pdata[1])->marks;
  g_assert_cmpuint(marks->len, ==, 6);
  const NxMark *line = marks->pdata[0], *text = marks->pdata[2], *box = marks->pdata[3];
  g_assert_true(line->kind == NX_MARK_LINE && !line->dashed && line->x0 == 2 && line->y0 == 1 && line->x1 == 4 && line->y1 == 3);
  g_assert_true(line->red == 1.0 && line->green == 0.5 && line->blue == 0.5);
  g_assert_true(text->kind == NX_MARK_TEXT && text->red == 1.0 && text->green == 0.0);
  g_assert_cmpstr(text->text, ==, "here");
  g_assert_true(box->kind == NX_MARK_BOX && box->dashed);
}

/* ------------------------------------------------------------------------------------------------------------- large files */

static guint64 bytes_read_so_far(void)
{
  g_autofree char *text = NULL;
  g_assert_true(g_file_get_contents("/proc/self/io", &text, NULL, NULL));
  return g_ascii_strtoull(strstr(text, "rchar: ") + 7, NULL, 10);
}

/* Tags, then 2 GiB of pixels that are a hole in the file, then tags. */
static void test_large_file(void)
{
  g_autofree char *path = g_build_filename(g_get_tmp_dir(), "nx-dm-XXXXXX", NULL);
  int fd = g_mkstemp(path);
  g_unlink(path);
  DmGroup *tags = dm_group_new(4, FALSE), *info = dm_group_new(4, FALSE);
  dm_add_f64(info, "Voltage", 300000.0);
  dm_add_group(tags, "Microscope Info", info);
  GByteArray *file = dm_one_image_file(dm_image_group(4, FALSE, 3, 2, tags));

  /* 3 × 2 floats become 32768 × 16384 of them. */
  const guint64 pixels = (guint64)32768 * 16384, hole = pixels * 4 - 24;
  gsize data = find(file, "\x15\0\4Data", 7) + 7;
  gsize count = data + 8 + 4 + 8 + 16, value = count + 8;
  gsize sizes = behind(file, "Dimensions") + 8 + 2 + 8;
  patched(file, count, pixels, 8);
  patched(file, sizes + 3 + 8 + 4 + 8 + 8, GUINT32_SWAP_LE_BE(32768u), 4);
  patched(file, sizes + 35 + 3 + 8 + 4 + 8 + 8, GUINT32_SWAP_LE_BE(16384u), 4);
  g_assert_cmpint(pwrite(fd, file->data, value, 0), ==, (gssize)value);
  gsize rest = file->len - value - 24;
  g_assert_cmpint(pwrite(fd, file->data + value + 24, rest, (off_t)(value + 24 + hole)), ==, (gssize)rest);
  g_byte_array_unref(file);

  guint64 before = bytes_read_so_far();
  g_autoptr(GError) problem = NULL;
  g_autoptr(NxBytes) bytes = nx_bytes_from_fd(fd, &problem);
  g_assert_no_error(problem);
  NxInput in = { .path = "/x.dm4", .name = "x.dm4", .fd = fd, .bytes = bytes, .format = &nx_format_dm };
  g_autoptr(GPtrArray) signals = g_ptr_array_new_with_free_func((GDestroyNotify)nx_signal_free);
  int kept = silence();
  g_assert_true(nx_format_dm.read(&in, signals, NULL));
  unsilence(kept);
  g_assert_cmpuint(bytes_read_so_far() - before, <, 256 * 1024);
  g_assert_cmpstr(nx_json_get_string(meta_of(signals), "Data Dimensions"), ==, "(16384, 32768)");
  g_assert_nonnull(nx_json_get(meta_of(signals), "acceleration_voltage"));
  close(fd);
}

/* Arrays in the metadata that are as large as images: only as many numbers as the budget allows become JSON. */
static void test_large_arrays(void)
{
  DmGroup *tags = dm_group_new(3, FALSE);
  g_autofree float *values = g_new0(float, 600000);
  for (guint i = 0; i < 6; i++) {
    g_autofree char *name = g_strdup_printf("map %u", i);
    dm_add_f32s(tags, name, values, 600000);
  }
  g_autoptr(GPtrArray) signals = read_good(dm_one_image_file(dm_image_group(3, FALSE, 3, 2, tags)));
  NxSignal *signal = signals->pdata[0];
  json_object *image = nx_json_get(nx_json_get(signal->raw, "ImageList"), "TagGroup0");
  g_assert_cmpuint(json_object_array_length(nx_json_get(nx_json_get(image, "ImageTags"), "map 0")), ==, 600000);
  g_assert_cmpint(nx_json_get_int(nx_json_get(nx_json_get(image, "ImageTags"), "map 5"), "_array_len", 0), ==, 600000);
}

/* Groups cost memory even when they are empty. */
static void test_many_groups(void)
{
  DmGroup *tags = dm_group_new(3, FALSE), *info = dm_group_new(3, FALSE);
  dm_add_f64(info, "Voltage", 80000.0);
  dm_add_group(tags, "Microscope Info", info);
  for (guint i = 0; i < 300000; i++)
    dm_add_group(tags, "", dm_group_new(3, FALSE));
  g_autoptr(GPtrArray) signals = read_good(dm_one_image_file(dm_image_group(3, FALSE, 3, 2, tags)));
  NxSignal *signal = signals->pdata[0];
  json_object *image = nx_json_get(nx_json_get(signal->raw, "ImageList"), "TagGroup0");
  g_assert_cmpint(json_object_object_length(nx_json_get(image, "ImageTags")), <, 100000);
  g_assert_nonnull(nx_json_get(meta_of(signals), "acceleration_voltage"));
}

/* --------------------------------------------------------------------------------------------------------- corpus, damaged */

typedef void (*Damage)(const guint8 *data, gsize length);

static void for_each_file(Damage damage)
{
  g_autofree char *folder = corpus_folder("dm");
  if (!folder) {
    g_test_skip("corpus/dm not found (set NX_CORPUS)");
    return;
  }
  g_autoptr(GPtrArray) cases = corpus_expectations(folder);
  for (guint i = 0; i < cases->len; i++) {
    g_autoptr(CorpusCase) test = corpus_case_open(cases->pdata[i]);
    gsize length = (gsize)nx_bytes_size(test->in.bytes);
    g_autofree guint8 *data = g_malloc(length);
    g_assert_true(nx_bytes_copy(test->in.bytes, 0, data, length, NULL));
    g_test_message("%s", test->in.name);
    damage(data, length);
  }
}

/* Every 97 bytes in small files, 300 places in large ones, and all around the end. */
static void cut(const guint8 *data, gsize length)
{
  gsize step = MAX(97, length / 300);
  for (gsize end = 0; end + 8 < length; end += end + 64 < length ? MIN(step, length - 64 - end) : 1)
    assert_refused_bytes(data, end, "");
  for (gsize end = length - 8; end <= length; end++) {
    g_autoptr(GPtrArray) signals = read_bytes(data, end);
    g_assert_null(reason_of(signals));
  }
}

static void test_cuts(void)
{
  for_each_file(cut);
}

/* The places that a parser believes: words before and after each "%%%%". */
static GArray *structural_offsets(const guint8 *data, gsize length)
{
  GArray *offsets = g_array_new(FALSE, FALSE, sizeof(gsize));
  const guint8 *at = data;
  while ((at = memmem(at, (gsize)(data + length - at), "%%%%", 4))) {
    gsize offset = (gsize)(at - data);
    g_array_append_val(offsets, offset);
    at += 4;
  }
  return offsets;
}

static void put(guint8 *to, gsize length, gsize offset, guint64 value, guint width)
{
  for (guint i = 0; i < width && offset + i < length; i++)
    to[offset + i] = (guint8)(value >> (8 * (width - 1 - i)));
}

/* One mutant: a structural word near a tag becomes an extreme, or a few bits flip. */
static void mutate(guint8 *to, gsize length, const GArray *offsets, GRand *random)
{
  static const guint64 EXTREMES[] = {0,  1,  2,  0x7fffffff, 0xffffffff, 0x80000000, G_MAXINT64, G_MAXUINT64, 0xffffffffffff,
                                     20, 15, 18, 65535};
  gsize at = g_array_index(offsets, gsize, g_rand_int_range(random, 0, (gint)offsets->len));
  if (g_rand_boolean(random)) {
    gint distance = g_rand_int_range(random, -24, 45);
    gsize offset = distance < 0 && (gsize)-distance > at ? 0 : at + (gsize)distance;
    put(to, length, offset, EXTREMES[g_rand_int_range(random, 0, G_N_ELEMENTS(EXTREMES))], g_rand_boolean(random) ? 4 : 8);
    return;
  }
  for (gint i = g_rand_int_range(random, 1, 5); i > 0; i--) {
    gsize offset = g_rand_boolean(random) ? (gsize)g_rand_int_range(random, 0, (gint)length) : at + (gsize)g_rand_int_range(random, 0, 60);
    if (offset < length)
      to[offset] ^= (guint8)(1u << g_rand_int_range(random, 0, 8));
  }
}

static void read_mutants(const guint8 *data, gsize length)
{
  GRand *random = g_rand_new_with_seed((guint32)length);
  g_autoptr(GArray) offsets = structural_offsets(data, length);
  for (guint i = 0; i < 240; i++) {
    g_autofree guint8 *mutant = g_memdup2(data, length);
    mutate(mutant, length, offsets, random);
    hostile_file();
    g_autoptr(GPtrArray) signals = read_bytes(mutant, length);
    g_assert_cmpuint(signals->len, >=, 1);
  }
  g_rand_free(random);
}

static void test_mutants(void)
{
  for_each_file(read_mutants);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  hostile_limit_memory();
  g_test_add_func("/dm/hostile/a file shorter than the header is refused", test_short);
  g_test_add_func("/dm/hostile/other versions are refused", test_versions);
  g_test_add_func("/dm/hostile/any byte-order flag but 0 means little-endian", test_byte_order_flag);
  g_test_add_func("/dm/hostile/a tag count that the file cannot hold is refused", test_root_counts);
  g_test_add_func("/dm/hostile/unknown kinds of tags are refused", test_kinds);
  g_test_add_func("/dm/hostile/a missing delimiter is refused", test_delimiter);
  g_test_add_func("/dm/hostile/a name that runs over the end is refused", test_name_length);
  g_test_add_func("/dm/hostile/ten thousand nested groups are refused", test_nesting);
  g_test_add_func("/dm/hostile/wrong sizes of groups do not matter while their content is right", test_group_sizes);
  g_test_add_func("/dm/hostile/tag information that makes no sense is refused", test_information);
  g_test_add_func("/dm/hostile/a number of information words that makes no sense is refused", test_information_counts);
  g_test_add_func("/dm/hostile/arrays of strings and of arrays are passed over in DM4", test_passed_over);
  g_test_add_func("/dm/hostile/dimensions that contradict the pixels are refused", test_sizes);
  g_test_add_func("/dm/hostile/unknown pixel types are refused", test_data_types);
  g_test_add_func("/dm/hostile/values where groups should be are refused, and the reverse", test_confused_types);
  g_test_add_func("/dm/hostile/thumbnails that name no image are ignored, and a file of thumbnails is refused", test_thumbnails);
  g_test_add_func("/dm/hostile/values of unexpected types stay as they are or are left out", test_odd_values);
  g_test_add_func("/dm/hostile/texts that are no text become valid UTF-8", test_odd_texts);
  g_test_add_func("/dm/hostile/long texts stay out of the metadata", test_long_texts);
  g_test_add_func("/dm/hostile/a Tecnai text that lacks lines costs only itself", test_bad_tecnai);
  g_test_add_func("/dm/hostile/large arrays among the tags are bounded", test_large_arrays);
  g_test_add_func("/dm/hostile/hundreds of thousands of groups are bounded", test_many_groups);
  g_test_add_func("/dm/hostile/every cut of a corpus file is refused, but one inside the trailing zeros", test_cuts);
  g_test_add_func("/dm/hostile/240 mutants of each corpus file are read or refused", test_mutants);
  g_test_add_func("/dm/a big-endian image is calibrated by what is written and by defaults", test_calibration);
  g_test_add_func("/dm/half a transform is shown whole", test_packed_transform);
  g_test_add_func("/dm/what was drawn on an image is found, and only on that image", test_marks);
  g_test_add_func("/dm/the metadata of a file of 2 GB takes less than 256 KiB of reading", test_large_file);
  return g_test_run();
}
