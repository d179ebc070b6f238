/* tiff-samples.c — what the samples of a TIFF mean. Rules: extractors-b §12.3; tags: TIFF 6.0. */
#include "tiff-samples.h"

#include "nx-extract.h"
#include "simd.h"

#include <math.h>
#include <string.h>

/* ----------------------------------------------------------------------------------------------------------------- tags */

/* TRUE when the first extra sample is alpha. */
static gboolean has_alpha(TIFF *tiff, gboolean *multiplied)
{
  guint16 n = 0, *kinds = NULL;
  if (!TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &n, &kinds) || n == 0 || !kinds)
    return FALSE;
  *multiplied = kinds[0] == EXTRASAMPLE_ASSOCALPHA;
  return kinds[0] == EXTRASAMPLE_ASSOCALPHA || kinds[0] == EXTRASAMPLE_UNASSALPHA;
}

static gboolean palette_is_8_bit(const NxTiffLayout *layout)
{
  for (guint i = 0; i < 1u << layout->bits; i++) {
    if (layout->red[i] > 255 || layout->green[i] > 255 || layout->blue[i] > 255)
      return FALSE;
  }
  return TRUE;
}

static NxTiffColour palette(TIFF *tiff, NxTiffLayout *layout)
{
  guint16 *red, *green, *blue;
  if (layout->bits > 16 || layout->format != SAMPLEFORMAT_UINT || !TIFFGetField(tiff, TIFFTAG_COLORMAP, &red, &green, &blue))
    return NX_TIFF_OTHER;
  layout->red = red;
  layout->green = green;
  layout->blue = blue;
  layout->palette_is_8_bit = palette_is_8_bit(layout);
  return NX_TIFF_PALETTE;
}

/* Floating-point samples of 16, 32 and 64 bits, whole numbers of up to 16 bits and of 32 and 64. */
static gboolean is_known_depth(const NxTiffLayout *layout)
{
  if (layout->format == SAMPLEFORMAT_IEEEFP)
    return layout->bits == 16 || layout->bits == 32 || layout->bits == 64;
  if (layout->format == SAMPLEFORMAT_INT)
    return layout->bits == 8 || layout->bits == 16 || layout->bits == 32 || layout->bits == 64;
  return layout->format == SAMPLEFORMAT_UINT && ((layout->bits >= 1 && layout->bits <= 16) || layout->bits == 32 || layout->bits == 64);
}

static NxTiffColour colour_of(TIFF *tiff, NxTiffLayout *layout, guint16 photometric, guint16 compression)
{
  const gboolean alpha = has_alpha(tiff, &layout->alpha_multiplied);
  if (!is_known_depth(layout) || layout->samples == 0)
    return NX_TIFF_OTHER;
  switch (photometric) {
  case PHOTOMETRIC_MINISBLACK: return alpha && layout->samples >= 2 ? NX_TIFF_GREY_ALPHA : NX_TIFF_GREY;
  case PHOTOMETRIC_MINISWHITE: return NX_TIFF_GREY_INVERTED;
  case PHOTOMETRIC_RGB: return layout->samples < 3 ? NX_TIFF_OTHER : alpha && layout->samples >= 4 ? NX_TIFF_RGB_ALPHA : NX_TIFF_RGB;
  case PHOTOMETRIC_SEPARATED: return layout->samples >= 4 ? NX_TIFF_CMYK : NX_TIFF_OTHER;
  case PHOTOMETRIC_PALETTE: return layout->samples == 1 ? palette(tiff, layout) : NX_TIFF_OTHER;
  case PHOTOMETRIC_YCBCR:
    if (compression != COMPRESSION_JPEG || layout->samples != 3 || layout->planar)
      return NX_TIFF_OTHER;
    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    return NX_TIFF_RGB;
  default: return NX_TIFF_OTHER;
  }
}

void nx_tiff_layout(TIFF *tiff, NxTiffLayout *layout)
{
  guint16 photometric = PHOTOMETRIC_MINISBLACK, planar = PLANARCONFIG_CONTIG, compression = COMPRESSION_NONE;
  *layout = (NxTiffLayout){ .least = INFINITY, .most = -INFINITY };
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &layout->width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &layout->height);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &layout->bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &layout->samples);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &layout->format);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &planar);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
  if (!TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric))
    photometric = layout->samples >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
  if (layout->format == SAMPLEFORMAT_VOID)
    layout->format = SAMPLEFORMAT_UINT;
  layout->planar = planar == PLANARCONFIG_SEPARATE && layout->samples > 1;
  layout->colour = colour_of(tiff, layout, photometric, compression);
}

guint nx_tiff_channels(const NxTiffLayout *layout)
{
  return layout->colour == NX_TIFF_GREY || layout->colour == NX_TIFF_GREY_INVERTED ? 1 : 4;
}

guint nx_tiff_samples_in_row(const NxTiffLayout *layout)
{
  return layout->planar ? 1 : layout->samples;
}

/* -------------------------------------------------------------------------------------------------------------- numbers */

NX_HOT static void numbers_u8(const guint8 *row, gsize n, float *to)
{
  for (gsize i = 0; i < n; i++)
    to[i] = (float)row[i];
}

/* libtiff has brought the bytes of a sample into the order of this machine. */
NX_HOT static void numbers_u16(const guint8 *row, gsize n, float *to)
{
  for (gsize i = 0; i < n; i++) {
    guint16 value;
    memcpy(&value, row + 2 * i, sizeof value);
    to[i] = (float)(value >> 8);
  }
}

/* The integer of `bytes` bytes at `at`; a negative one counts as 0. */
static double whole_number(const guint8 *at, guint bytes, gboolean is_signed)
{
  guint64 value = 0;
  memcpy((guint8 *)&value + (G_BYTE_ORDER == G_BIG_ENDIAN ? sizeof value - bytes : 0), at, bytes);
  const gboolean negative = is_signed && value >> (8 * bytes - 1) & 1;
  return negative ? 0.0 : (double)value;
}

/* 16 bits and more: value / 256, at most 255; signed bytes as they are. */
static void numbers_whole(const NxTiffLayout *layout, const guint8 *row, gsize n, float *to)
{
  const guint bytes = layout->bits / 8u;
  const double share = bytes == 1 ? 1.0 : 1.0 / 256.0;
  for (gsize i = 0; i < n; i++) {
    const double value = whole_number(row + i * bytes, bytes, layout->format == SAMPLEFORMAT_INT);
    to[i] = (float)MIN(floor(value * share), 255.0);
  }
}

static guint packed_number(const guint8 *row, gsize i, guint bits)
{
  guint value = 0;
  for (gsize bit = i * bits; bit < (i + 1) * bits; bit++)
    value = value << 1 | (row[bit / 8] >> (7 - bit % 8) & 1);
  return value;
}

/* Depths that share bytes: fewer than 8 bits fill the whole range, 9 to 15 lose their lower bits. */
static void numbers_packed(const NxTiffLayout *layout, const guint8 *row, gsize n, float *to)
{
  const guint bits = layout->bits, largest = (1u << bits) - 1;
  for (gsize i = 0; i < n; i++) {
    const guint value = packed_number(row, i, bits);
    to[i] = (float)(bits < 8 ? value * 255u / largest : value >> (bits - 8));
  }
}

static double real_number(const guint8 *at, guint bits)
{
  guint16 half;
  float single;
  double value;
  switch (bits) {
  case 16: memcpy(&half, at, sizeof half); return nx_half_value(half);
  case 32: memcpy(&single, at, sizeof single); return (double)single;
  default: memcpy(&value, at, sizeof value); return value;
  }
}

/* Linear from the least to the most finite value; NaN is black. */
static void numbers_real(const NxTiffLayout *layout, const guint8 *row, gsize n, float *to)
{
  const double range = layout->most - layout->least;
  const double gain = isfinite(range) && range > 0.0 ? 255.0 / range : 0.0;
  for (gsize i = 0; i < n; i++) {
    const double value = (real_number(row + i * (layout->bits / 8u), layout->bits) - layout->least) * gain;
    to[i] = value > 0.0 ? (float)MIN(value, 255.0) : 0.0f;
  }
}

static void numbers_index(const NxTiffLayout *layout, const guint8 *row, gsize n, float *to)
{
  for (gsize i = 0; i < n; i++) {
    guint16 wide = 0;
    if (layout->bits == 16)
      memcpy(&wide, row + 2 * i, sizeof wide);
    to[i] = layout->bits == 8 ? row[i] : (float)(layout->bits == 16 ? wide : packed_number(row, i, layout->bits));
  }
}

void nx_tiff_numbers(const NxTiffLayout *layout, const guint8 *row, gsize n, float *to)
{
  if (layout->colour == NX_TIFF_PALETTE)
    numbers_index(layout, row, n, to);
  else if (layout->format == SAMPLEFORMAT_IEEEFP)
    numbers_real(layout, row, n, to);
  else if (layout->format == SAMPLEFORMAT_UINT && layout->bits == 8)
    numbers_u8(row, n, to);
  else if (layout->format == SAMPLEFORMAT_UINT && layout->bits == 16)
    numbers_u16(row, n, to);
  else if (layout->bits % 8 == 0)
    numbers_whole(layout, row, n, to);
  else
    numbers_packed(layout, row, n, to);
}

void nx_tiff_range(NxTiffLayout *layout, const guint8 *row, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    const double value = real_number(row + i * (layout->bits / 8u), layout->bits);
    if (isfinite(value)) {
      layout->least = MIN(layout->least, value);
      layout->most = MAX(layout->most, value);
    }
  }
}

/* -------------------------------------------------------------------------------------------------------------- colours */

static void put(float *to, float red, float green, float blue, float alpha)
{
  to[0] = red;
  to[1] = green;
  to[2] = blue;
  to[3] = alpha;
}

static void put_with_alpha(const NxTiffLayout *layout, float *to, float red, float green, float blue, float alpha)
{
  const float share = layout->alpha_multiplied ? 1.0f : alpha / 255.0f;
  put(to, red * share, green * share, blue * share, alpha);
}

static void put_palette(const NxTiffLayout *layout, float *to, float index)
{
  const guint i = MIN((guint)index, (1u << layout->bits) - 1);
  const guint shift = layout->palette_is_8_bit ? 0 : 8;
  put(to, (float)(layout->red[i] >> shift), (float)(layout->green[i] >> shift), (float)(layout->blue[i] >> shift), 255.0f);
}

static void put_pixel(const NxTiffLayout *layout, const float *from, float *to)
{
  switch (layout->colour) {
  case NX_TIFF_GREY: to[0] = from[0]; break;
  case NX_TIFF_GREY_INVERTED: to[0] = 255.0f - from[0]; break;
  case NX_TIFF_GREY_ALPHA: put_with_alpha(layout, to, from[0], from[0], from[0], from[1]); break;
  case NX_TIFF_RGB: put(to, from[0], from[1], from[2], 255.0f); break;
  case NX_TIFF_RGB_ALPHA: put_with_alpha(layout, to, from[0], from[1], from[2], from[3]); break;
  case NX_TIFF_CMYK: {
    const float light = (255.0f - from[3]) / 255.0f;
    put(to, (255.0f - from[0]) * light, (255.0f - from[1]) * light, (255.0f - from[2]) * light, 255.0f);
    break;
  }
  case NX_TIFF_PALETTE: put_palette(layout, to, from[0]); break;
  case NX_TIFF_OTHER: break;
  }
}

NX_HOT static void put_plain_rgb(const float *numbers, gsize n, float *to)
{
  for (gsize i = 0; i < n; i++) {
    to[4 * i] = numbers[3 * i];
    to[4 * i + 1] = numbers[3 * i + 1];
    to[4 * i + 2] = numbers[3 * i + 2];
    to[4 * i + 3] = 255.0f;
  }
}

void nx_tiff_colours(const NxTiffLayout *layout, const float *numbers, gsize n, float *to)
{
  const guint channels = nx_tiff_channels(layout);
  if (layout->colour == NX_TIFF_RGB && layout->samples == 3) {
    put_plain_rgb(numbers, n, to);
    return;
  }
  for (gsize i = 0; i < n; i++, numbers += layout->samples, to += channels)
    put_pixel(layout, numbers, to);
}
