/* vendor-write.c — see vendor-write.h. Layouts: TIFF 6.0; MRC2014; the head comment of lib/extract/bruker-bcf-container.c. */
#include "vendor-write.h"

#include <string.h>
#include <zlib.h>

static void put(GByteArray *to, guint64 value, guint width, gboolean big_endian)
{
  for (guint i = 0; i < width; i++) {
    guint8 byte = (guint8)(value >> (8 * (big_endian ? width - 1 - i : i)));
    g_byte_array_append(to, &byte, 1);
  }
}

static void set_u32(GByteArray *to, gsize at, guint32 value, gboolean big_endian)
{
  for (guint i = 0; i < 4; i++)
    to->data[at + i] = (guint8)(value >> (8 * (big_endian ? 3 - i : i)));
}

static GByteArray *zeros(gsize length)
{
  GByteArray *bytes = g_byte_array_new();
  g_byte_array_set_size(bytes, (guint)length);
  memset(bytes->data, 0, length);
  return bytes;
}

/* ------------------------------------------------------------------------------------------------------------------ TIFF */

static void put_tag(GByteArray *to, guint16 tag, guint16 type, guint32 count, guint32 value)
{
  put(to, tag, 2, FALSE);
  put(to, type, 2, FALSE);
  put(to, count, 4, FALSE);
  put(to, value, 4, FALSE);
}

GByteArray *vendor_tiff(guint width, guint height, guint16 tag, guint16 type, const char *text)
{
  GByteArray *file = g_byte_array_new();
  const guint16 n_tags = text ? 9 : 8;
  const guint32 text_at = 8 + 2 + 12u * n_tags + 4, text_length = text ? (guint32)strlen(text) + 1 : 0, pixels_at = text_at + text_length;
  g_byte_array_append(file, (const guint8 *)"II*\0", 4);
  put(file, 8, 4, FALSE);
  put(file, n_tags, 2, FALSE);
  put_tag(file, 256, 3, 1, width);
  put_tag(file, 257, 3, 1, height);
  put_tag(file, 258, 3, 1, 8);
  put_tag(file, 259, 3, 1, 1);
  put_tag(file, 262, 3, 1, 1);
  if (text && tag < 273)
    put_tag(file, tag, type, text_length, text_at);
  put_tag(file, 273, 4, 1, pixels_at);
  put_tag(file, 278, 3, 1, height);
  put_tag(file, 279, 4, 1, width * height);
  if (text && tag > 279)
    put_tag(file, tag, type, text_length, text_at);
  put(file, 0, 4, FALSE);
  if (text)
    g_byte_array_append(file, (const guint8 *)text, text_length);
  for (guint i = 0; i < width * height; i++)
    put(file, i & 255, 1, FALSE);
  return file;
}

/* ------------------------------------------------------------------------------------------------------------------- MRC */

static guint32 bits_of(float value)
{
  guint32 bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/* A whole number below 2048 as IEEE half float. */
static guint16 half_bits(guint32 value)
{
  const guint exponent = g_bit_storage(value) - 1;
  return (guint16)(value ? (exponent + 15) << 10 | (value << 10 >> exponent & 0x3ff) : 0);
}

static void put_number(GByteArray *to, guint32 value, gint32 mode, gboolean big_endian)
{
  switch (mode) {
  case 0: put(to, value & 127, 1, big_endian); break;
  case 2: put(to, bits_of((float)value), 4, big_endian); break;
  case 4:
    put(to, bits_of((float)value), 4, big_endian);
    put(to, 0, 4, big_endian);
    break;
  case 3:
    put(to, value, 2, big_endian);
    put(to, 0, 2, big_endian);
    break;
  case 12: put(to, half_bits(value), 2, big_endian); break;
  case 16:
    put(to, value & 255, 1, big_endian);
    put(to, 100, 1, big_endian);
    put(to, 200, 1, big_endian);
    break;
  default: put(to, value & 32767, 2, big_endian);
  }
}

/* Two numbers a byte, the first in its lower half; a row ends with a whole byte. */
static void put_nibbles(GByteArray *to, guint32 columns, guint32 rows)
{
  for (guint32 row = 0; row < rows; row++) {
    for (guint32 column = 0; column < columns; column += 2) {
      const guint32 value = row * columns + column, next = column + 1 < columns ? value + 1 : 0;
      put(to, (value & 15) | (next & 15) << 4, 1, FALSE);
    }
  }
}

GByteArray *vendor_mrc_header(const VendorMrc *what)
{
  GByteArray *file = zeros(1024);
  for (guint i = 0; i < 3; i++) {
    set_u32(file, 4 * i, (guint32)what->size[i], what->big_endian);
    set_u32(file, 28 + 4 * i, (guint32)what->size[i], what->big_endian);
    set_u32(file, 40 + 4 * i, bits_of(what->cell[i]), what->big_endian);
    set_u32(file, 52 + 4 * i, bits_of(90.0f), what->big_endian);
    set_u32(file, 64 + 4 * i, i + 1, what->big_endian);
  }
  const guint32 count = (guint32)(what->size[0] * what->size[1] * what->size[2]);
  set_u32(file, 12, (guint32)what->mode, what->big_endian);
  set_u32(file, 80, bits_of((float)(count - 1)), what->big_endian);
  set_u32(file, 84, bits_of((float)(count - 1) / 2), what->big_endian);
  set_u32(file, 92, what->extended_bytes, what->big_endian);
  if (what->extended_type)
    memcpy(file->data + 104, what->extended_type, 4);
  set_u32(file, 108, 20140, what->big_endian);
  memcpy(file->data + 208, "MAP ", 4);
  memcpy(file->data + 212, what->big_endian ? "\x11\x11" : "\x44\x44", 2);
  if (what->label) {
    set_u32(file, 220, 1, what->big_endian);
    memset(file->data + 224, ' ', 80);
    memcpy(file->data + 224, what->label, MIN(strlen(what->label), 80));
  }
  g_byte_array_append(file, what->extended, what->extended_bytes);
  return file;
}

GByteArray *vendor_mrc(const VendorMrc *what)
{
  GByteArray *file = vendor_mrc_header(what);
  const guint32 count = (guint32)(what->size[0] * what->size[1] * what->size[2]);
  for (guint32 i = 0; i < count && what->mode != 101; i++)
    put_number(file, i, what->mode, what->big_endian);
  if (what->mode == 101)
    put_nibbles(file, (guint32)what->size[0], (guint32)(what->size[1] * what->size[2]));
  return file;
}

static void set_f64(GByteArray *to, gsize at, double value)
{
  guint64 bits;
  memcpy(&bits, &value, sizeof bits);
  set_u32(to, at, (guint32)bits, FALSE);
  set_u32(to, at + 4, (guint32)(bits >> 32), FALSE);
}

GByteArray *vendor_fei1(void)
{
  static const struct {
    gsize at;
    double value;
  } FIELDS[] = { { 84, 300000.0 }, { 100, 30.0 }, { 108, -1.5 }, { 116, 0.00025 }, { 124, -0.0005 }, { 132, 0.000125 } };
  GByteArray *header = zeros(297);
  set_u32(header, 0, 297, FALSE);
  set_u32(header, 8, 1u << 5 | 1u << 7 | 1u << 8 | 1u << 9 | 1u << 10 | 1u << 11, FALSE);
  for (gsize i = 0; i < G_N_ELEMENTS(FIELDS); i++)
    set_f64(header, FIELDS[i].at, FIELDS[i].value);
  return header;
}

/* ---------------------------------------------------------------------------------------------------------------- Bruker */

#define BLOCK 1000u

static GByteArray *pack(const char *xml)
{
  GByteArray *packed = zeros(0x80);
  gsize length = strlen(xml), n_blocks = (length + BLOCK - 1) / BLOCK;
  memcpy(packed->data, "AACS", 4);
  set_u32(packed, 4, BLOCK, FALSE);
  set_u32(packed, 12, (guint32)n_blocks, FALSE);
  for (gsize i = 0; i < n_blocks; i++) {
    guint8 out[2 * BLOCK];
    uLongf size = sizeof out;
    compress(out, &size, (const Bytef *)xml + i * BLOCK, MIN(BLOCK, length - i * BLOCK));
    put(packed, size, 4, FALSE);
    put(packed, BLOCK, 4, FALSE);
    put(packed, 0, 4, FALSE);
    put(packed, size + 16, 4, FALSE);
    g_byte_array_append(packed, out, (guint)size);
  }
  return packed;
}

guint32 vendor_bcf_spectra(guint32 chunk)
{
  return 5 * (chunk - 32) / 2;
}

static void set_entry(GByteArray *file, gsize at, guint32 list, guint32 size, gint32 parent, gboolean is_folder, const char *name)
{
  set_u32(file, at, list, FALSE);
  set_u32(file, at + 4, size, FALSE);
  set_u32(file, at + 40, (guint32)parent, FALSE);
  file->data[at + 220] = is_folder ? 1 : 0;
  memcpy(file->data + at + 224, name, strlen(name));
}

static void grow(GByteArray *file, gsize length)
{
  const guint before = file->len;
  g_byte_array_set_size(file, (guint)length);
  memset(file->data + before, 0, length - before);
}

/* Lists of chunk numbers from chunk `first` on, each naming the next, then the contents; returns the first chunk behind them. */
static guint32 put_file(GByteArray *file, guint32 chunk, guint32 first, const guint8 *contents, guint32 length)
{
  const guint32 usable = chunk - 32, n = (length + usable - 1) / usable, per_list = usable / 4, lists = (n + per_list - 1) / per_list;
  grow(file, 0x118 + (gsize)chunk * (first + lists + n));
  for (guint32 i = 0; i < lists; i++)
    set_u32(file, 0x118 + (gsize)chunk * (first + i), first + i + 1, FALSE);
  for (guint32 i = 0; i < n; i++) {
    set_u32(file, 0x138 + (gsize)chunk * (first + i / per_list) + 4 * (i % per_list), first + lists + i, FALSE);
    memcpy(file->data + 0x138 + (gsize)chunk * (first + lists + i), contents + (gsize)usable * i, MIN(usable, length - usable * i));
  }
  return first + lists + n;
}

/* Chunk 0: the tree. Then the two files, that of the spectra last. */
GByteArray *vendor_bcf(const char *xml, guint32 chunk, gboolean packed)
{
  g_autoptr(GByteArray) header = packed ? pack(xml) : g_byte_array_append(g_byte_array_new(), (const guint8 *)xml, (guint)strlen(xml));
  const guint32 per_tree = (chunk - 32) / 512, trees = (4 + per_tree - 1) / per_tree, n_spectra = vendor_bcf_spectra(chunk);
  g_autofree guint8 *spectra = g_malloc(n_spectra);
  memset(spectra, 's', n_spectra);
  GByteArray *file = zeros(0x118 + (gsize)chunk * trees);
  const guint32 spectra_at = put_file(file, chunk, trees, header->data, header->len);
  const struct { const char *name; gint32 parent; gboolean is_folder; guint32 list, length; } ENTRIES[] = {
    { "EDSDatabase", -1, TRUE, 0, 0 }, { "HeaderData", -1, FALSE, trees, header->len },
    { "HeaderData", 0, FALSE, trees, header->len }, { "SpectrumData0", 0, FALSE, spectra_at, n_spectra },
  };
  memcpy(file->data, "AAMVHFSS", 8);
  set_u32(file, 0x124, bits_of(2.6f), FALSE);
  set_u32(file, 0x128, chunk, FALSE);
  set_u32(file, 0x140, 0, FALSE);
  set_u32(file, 0x144, G_N_ELEMENTS(ENTRIES), FALSE);
  set_u32(file, 0x148, put_file(file, chunk, spectra_at, spectra, n_spectra), FALSE);
  for (guint32 i = 0; i < trees; i++)
    set_u32(file, 0x118 + (gsize)chunk * i, i + 1, FALSE);
  for (guint32 i = 0; i < G_N_ELEMENTS(ENTRIES); i++)
    set_entry(file, 0x138 + (gsize)chunk * (i / per_tree) + 512 * (i % per_tree), ENTRIES[i].list, ENTRIES[i].length,
              ENTRIES[i].parent, ENTRIES[i].is_folder, ENTRIES[i].name);
  return file;
}
