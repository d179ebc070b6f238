/* vendor-write.h — small files of SmartSEM, JEOL, OME, MRC and Bruker software, byte by byte. */
#ifndef NX_VENDOR_WRITE_H
#define NX_VENDOR_WRITE_H

#include <glib.h>

/* An 8-bit grey TIFF of `width` × `height` (a ramp) with one tag of text; `type` 2 is ASCII, 1 bytes. `text` NULL: no such tag. */
GByteArray *vendor_tiff(guint width, guint height, guint16 tag, guint16 type, const char *text);

/* MRC2014 with the numbers 0, 1, 2, … in the order of the file. Complex ones are real, colours have them as red beside 100 and 200, and of
 * numbers of 4 bits the lower four are kept. */
typedef struct {
  gint32 size[3], mode;
  float cell[3];         /* ångström */
  gboolean big_endian;
  const char *label;     /* or NULL */
  const char *extended_type; /* four letters, or NULL */
  const guint8 *extended;
  guint32 extended_bytes;
} VendorMrc;
GByteArray *vendor_mrc(const VendorMrc *what);
/* The same without its numbers. */
GByteArray *vendor_mrc_header(const VendorMrc *what);

/* The first 297 bytes of an FEI1 extended header: 300 kV, tilts 30° and -1.5°, stage at 0.25 mm, -0.5 mm and 0.125 mm. */
GByteArray *vendor_fei1(void);

/* A Bruker container whose EDSDatabase/HeaderData is `xml`, in chunks of `chunk` bytes. Its last three chunks are EDSDatabase/SpectrumData0, and the last
 * of them is half full. */
GByteArray *vendor_bcf(const char *xml, guint32 chunk, gboolean packed);
/* The bytes of that file. */
guint32 vendor_bcf_spectra(guint32 chunk);

#endif
