/* tia-ser.h — the structure of an FEI TIA .ser file: header, dimensions, elements. Private to lib/extract. */
#ifndef NX_TIA_SER_H
#define NX_TIA_SER_H

#include "nx-extract.h"

#define TIA_DIMENSIONS_MAX 6

/* A dimension of the scan, in the file's order and units (metres, or plain numbers). */
typedef struct {
  guint32 size, element;
  double offset, delta;
  char *description, *units; /* as written; "" for none */
} TiaDimension;

/* Calibration of a spectrum (x only) or of an image. */
typedef struct {
  double offset, delta;
  guint32 element;
} TiaCalibration;

typedef struct {
  guint16 version, tag_type;
  guint32 total, valid; /* elements planned, elements acquired */
  guint n_dimensions;
  TiaDimension dimensions[TIA_DIMENSIONS_MAX];
  gboolean is_image;
  NxSample sample;
  TiaCalibration x, y;  /* of element 0 */
  guint64 width, height; /* of an element; height 1 for spectra */
  guint n_navigation;   /* 3.3 of extractors-a */
  guint64 navigation[TIA_DIMENSIONS_MAX];
  gint navigation_dimension[TIA_DIMENSIONS_MAX]; /* index into dimensions, or -1 */
  guint64 data;         /* offset of the first element's numbers */
  guint64 distance;     /* bytes from one element's numbers to the next's; 0 when they do not lie evenly */
  json_object *header;  /* all of it as `ser_header_parameters` */
} TiaSer;

/* NX_ERROR_FORMAT with the byte offset when the file is damaged. */
TiaSer *tia_ser_read(NxBytes *bytes, GError **err);
void tia_ser_free(TiaSer *ser);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TiaSer, tia_ser_free)

/* "(5, 128, 128)" */
char *tia_ser_shape(const TiaSer *ser);
/* The numbers that are there, for a preview: of a scan that was stopped only its complete lines. `unit` is that of images: "nm" or "1/nm".
 */
void tia_ser_describe(const TiaSer *ser, NxBytes *bytes, const char *unit, NxArray *array);

#endif
