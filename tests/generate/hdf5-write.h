/* hdf5-write.h — writes small HDF5 files for the tests, as Velox and HyperSpy lay them out, and some that no reader may follow. */
#ifndef NX_HDF5_WRITE_H
#define NX_HDF5_WRITE_H

#include <glib.h>

/* An image of 12 rows × 16 columns (value = 100 × row + column), a stack of 3 diffraction patterns, a spectrum of 64 channels and a stream of 2 pixels. */
GByteArray *hdf5_write_velox(void);
/* A Velox file of one entry, an "Image", a "Spectrum" or a "SpectrumStream", whose BinaryResult is `result` (JSON). Its detectors are BF (1 s of
 * exposure), SuperXG21 and SuperXG22 (5 eV, from -475 eV and -470 eV, alive for 3 s, at 30 and 22 degrees) and BM-Ceta (0.5 s). */
GByteArray *hdf5_write_velox_result(const char *kind, const char *result);
/* A Velox file with images "0" to "9" of the detector BF, which the operations call DF4-A, DF4-B, A-C, B-D, DPC, iDPC, Filtered iDPC, DCFI, and the
 * last two not at all: one's operation is no JSON, and the other's is another kind of difference. */
GByteArray *hdf5_write_velox_operations(void);
/* A Velox file with images "0" to "2", all on reciprocal metres: one of complex numbers, one that the operations call a Fourier transform, and one
 * that is neither. */
GByteArray *hdf5_write_velox_transforms(void);
/* A Velox file with an image and `n` streams of `events` events each: the end of a pixel, all others in channel 7 and in no storage. */
GByteArray *hdf5_write_velox_streams(guint n, guint64 events);
/* A spectrum image of 4 × 5 spectra of 32 channels, packed with deflate, and an image of 6 × 8. No author is known of either, and of the image neither
 * title nor type of signal. */
GByteArray *hdf5_write_hspy(void);
/* An image of 6 × 8 pixels of 0.25 `rows` × 0.5 `columns` (units), its y axis running backwards; `is_transform`: HyperSpy calculated it from
 * another. */
GByteArray *hdf5_write_hspy_image(const char *rows, const char *columns, gboolean is_transform);
/* An image of 4 × 6 pixels whose metadata has these groups below Acquisition_instrument. */
typedef struct {
  const char *name;
  double beam_energy; /* kV; 0: not written */
  const char *mode;   /* NULL: not written */
  double tilt;        /* degrees of alpha */
} Hdf5Instrument;
GByteArray *hdf5_write_hspy_instruments(const Hdf5Instrument *instruments, guint n);
/* A spectrum of wavelengths in nm, whose axis has no scale but `n` places, one by one; 0: not those either. */
#define HDF5_HSPY_CHANNELS 31
GByteArray *hdf5_write_hspy_places(const double *places, guint n);
/* Images of 4 × 6 pixels of other kinds than numbers: truths (row + column is odd), then four of colours (red 40 × column, green 60 × row, blue 20;
 * all a byte or, the last two, 257 times that and a word; with and without an alpha of 0), and one of texts. */
GByteArray *hdf5_write_hspy_kinds(void);

typedef enum {
  HDF5_EXTERNAL_LINK, /* the image is in another file */
  HDF5_EXTERNAL_DATA, /* its numbers are */
  HDF5_VIRTUAL,       /* they are put together from another file */
  HDF5_HUGE,          /* 2^40 columns are claimed, none is written */
} Hdf5Trap;
/* The spectrum image and the image of hdf5_write_hspy(), but the first of the two chunks of spectra holds half of its bytes; `is_packed`: they are packed
 * as the others are. */
GByteArray *hdf5_write_hspy_short(gboolean is_packed);
/* The same signal of eight dimensions under twenty names, all its axes for navigation, which each of them says 60,000 times: what is read of one file
 * ends amid their axes. */
GByteArray *hdf5_write_hspy_costly(void);
/* The same files but that nothing is packed, and the first chunk, of 1280 bytes, is told to have `told`. */
GByteArray *hdf5_write_hspy_plain(guint32 told);
/* The metadata of the image of hdf5_write_hspy() holds itself, as "itself" and "again", and "General" holds the first of thirty groups, each of
 * which is the next one's "a" and "b" above it. */
GByteArray *hdf5_write_hspy_knotted(void);
/* A Velox file whose only image leads to `target`. */
GByteArray *hdf5_write_trap(Hdf5Trap trap, const char *target);

#endif
