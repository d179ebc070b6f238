/* tiff-samples.h — what the samples of a TIFF mean: numbers of any depth → 0 to 255, and samples → grey or colour. Private to preview/. */
#ifndef NX_PREVIEW_TIFF_SAMPLES_H
#define NX_PREVIEW_TIFF_SAMPLES_H

#include <glib.h>
#include <tiffio.h>

typedef enum {
  NX_TIFF_GREY,
  NX_TIFF_GREY_INVERTED,
  NX_TIFF_GREY_ALPHA,
  NX_TIFF_RGB,
  NX_TIFF_RGB_ALPHA,
  NX_TIFF_CMYK,
  NX_TIFF_PALETTE,
  NX_TIFF_OTHER, /* libtiff's own conversion to RGBA is needed */
} NxTiffColour;

typedef struct {
  guint32 width, height;
  guint16 bits, samples, format; /* SAMPLEFORMAT_… */
  gboolean planar;               /* each sample has its own plane */
  gboolean alpha_multiplied;     /* the colours are already multiplied by alpha */
  NxTiffColour colour;
  const guint16 *red, *green, *blue; /* palette, owned by libtiff */
  gboolean palette_is_8_bit;         /* old writers leave the upper byte 0 */
  double least, most;                /* of floating-point samples: shown as 0 and 255 */
} NxTiffLayout;

/* Reads the tags; sets libtiff up to decode YCbCr JPEG as RGB. */
void nx_tiff_layout(TIFF *tiff, NxTiffLayout *layout);
/* 1 or 4: what nx_tiff_colours writes a pixel. */
guint nx_tiff_channels(const NxTiffLayout *layout);
/* Samples of one plane a pixel. */
guint nx_tiff_samples_in_row(const NxTiffLayout *layout);

/* `n` samples as they lie in a decoded row → 0 to 255, or to indexes for a palette (extractors-b 12.3). */
void nx_tiff_numbers(const NxTiffLayout *layout, const guint8 *row, gsize n, float *to);
/* Widens least…most by the finite values among `n` floating-point samples. */
void nx_tiff_range(NxTiffLayout *layout, const guint8 *row, gsize n);
/* `n` pixels of `samples` numbers each → channels; RGBA is premultiplied. */
void nx_tiff_colours(const NxTiffLayout *layout, const float *numbers, gsize n, float *to);

#endif
