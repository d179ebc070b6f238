/* mrc-fei.c — see mrc-fei.h. Two layouts are known: that of EPU and Tomography since 2015 (FEI1, FEI2), doubles with a mask of those that are
 * set, always little-endian; and that of their forerunners, 1,024 records of 32 floats in the file's byte order. Source of the facts: the
 * EPU user manual, "FEI1 extended header"; the tables of mrcfile (dtypes.py) and of ODL (odl.contrib.mrc, extended headers of FEI). */
#include "mrc-fei.h"
#include "decimal.h"
#include "formats.h"

#include <math.h>
#include <string.h>

#define FEI_BYTES 297u
#define RECORD_BYTES 128u
#define RECORDS 1024u
/* A stage moves by millimetres: a larger number of metres is one of micrometres, as some of the older files have them. */
#define METRES_MAX 1.0

typedef struct {
  guint at;
  guint bit; /* of the mask: the field means something */
  int shift; /* of the decimal point, from the number to the unit */
  const char *unit, *to, *member; /* no unit: a plain number */
} Field;

static const Field MASKED[] = {
  { 84, 5, -3, "kilovolt", "acceleration_voltage", NULL },
  { 100, 7, 0, "degree", "stage_position", "tilt_alpha" },
  { 108, 8, 0, "degree", "stage_position", "tilt_beta" },
  { 116, 9, 6, "micrometer", "stage_position", "x" },
  { 124, 10, 6, "micrometer", "stage_position", "y" },
  { 132, 11, 6, "micrometer", "stage_position", "z" },
  { 220, 22, 6, "micrometer", "Defocus", NULL },
  { 289, 31, 0, NULL, "magnification", NULL },
};

/* Every field means something. */
static const Field FLOATS[] = {
  { 0, 0, 0, "degree", "stage_position", "tilt_alpha" },
  { 4, 0, 0, "degree", "stage_position", "tilt_beta" },
  { 8, 0, 6, "micrometer", "stage_position", "x" },
  { 12, 0, 6, "micrometer", "stage_position", "y" },
  { 16, 0, 6, "micrometer", "stage_position", "z" },
  { 28, 0, 6, "micrometer", "Defocus", NULL },
  { 32, 0, 0, "second", "Exposure Time", NULL },
  { 48, 0, 0, NULL, "magnification", NULL },
  { 52, 0, -3, "kilovolt", "acceleration_voltage", NULL },
};

#define MASKED_PIXEL_AT 156u
#define MASKED_PIXEL_BIT 14u
#define FLOATS_PIXEL_AT 44u

static guint32 word_at(const guint8 *at, gboolean big_endian)
{
  guint32 value;
  memcpy(&value, at, sizeof value);
  return big_endian ? GUINT32_FROM_BE(value) : GUINT32_FROM_LE(value);
}

static double double_at(const guint8 *at)
{
  guint64 bits;
  double value;
  memcpy(&bits, at, sizeof bits);
  bits = GUINT64_FROM_LE(bits);
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* With the digits that it has and no more: 0.3 is not 0.300000012. */
static double float_at(const guint8 *at, gboolean big_endian)
{
  const guint32 bits = word_at(at, big_endian);
  float value;
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  memcpy(&value, &bits, sizeof value);
  return g_ascii_strtod(g_ascii_formatd(text, sizeof text, "%.7g", (double)value), NULL);
}

/* Moved by its decimal point, so that 1.3e-10 m are 0.13 nm exactly; NAN when it is none. */
static double shifted(double value, int shift)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  double moved;
  g_ascii_formatd(text, sizeof text, "%.15g", value);
  return nx_decimal_parse(text, shift, &moved, NULL) ? moved : NAN;
}

/* Of a stage and its tilts 0 is a value like others; a magnification, a time or a voltage of 0 was not noted. */
static void add(const Field *field, double value, json_object *nx_meta)
{
  const gboolean is_shifted = field->shift <= 0 || fabs(value) <= METRES_MAX;
  const double moved = shifted(value, is_shifted ? field->shift : 0);
  if (isfinite(moved) && (moved != 0 || field->member))
    nx_meta_put(nx_meta, field->to, field->member, field->unit ? nx_meta_quantity(moved, field->unit) : nx_json_double(moved));
}

static double pixel_of(double metres)
{
  return metres > 0 && metres < 1e-3 ? shifted(metres, 9) : 0.0;
}

static void add_masked(const guint8 *at, json_object *nx_meta, NxMrcFei *fei)
{
  const guint32 mask = word_at(at + 8, FALSE);
  for (gsize i = 0; i < G_N_ELEMENTS(MASKED); i++) {
    if (mask & (1u << MASKED[i].bit))
      add(&MASKED[i], double_at(at + MASKED[i].at), nx_meta);
  }
  for (guint i = 0; i < 2; i++) {
    if (mask & (1u << (MASKED_PIXEL_BIT + i)))
      fei->pixel[i] = pixel_of(double_at(at + MASKED_PIXEL_AT + 8 * i));
  }
}

/* No word says whose the records are: a pixel of a believable size and angles that a stage can have do. */
static void add_floats(const guint8 *at, gboolean big_endian, json_object *nx_meta, NxMrcFei *fei)
{
  const double pixel = pixel_of(float_at(at + FLOATS_PIXEL_AT, big_endian));
  if (!(pixel > 0 && fabs(float_at(at, big_endian)) <= 180 && fabs(float_at(at + 4, big_endian)) <= 180))
    return;
  *fei = (NxMrcFei){ { pixel, pixel }, TRUE };
  for (gsize i = 0; i < G_N_ELEMENTS(FLOATS); i++)
    add(&FLOATS[i], float_at(at + FLOATS[i].at, big_endian), nx_meta);
}

void nx_mrc_fei_add_fields(NxBytes *bytes, const NxMrcExtended *extended, json_object *nx_meta, NxMrcFei *fei)
{
  const gboolean is_masked = g_str_equal(extended->type, "FEI1") || g_str_equal(extended->type, "FEI2");
  const gboolean is_old = !*extended->type && extended->length == RECORD_BYTES * RECORDS;
  const guint32 needed = is_masked ? FEI_BYTES : RECORD_BYTES;
  const guint8 *at = NULL;
  *fei = (NxMrcFei){ { 0, 0 }, FALSE };
  if ((is_masked || is_old) && extended->length >= needed)
    at = nx_bytes_at(bytes, extended->offset, needed, NULL);
  if (at && is_masked)
    add_masked(at, nx_meta, fei);
  else if (at)
    add_floats(at, extended->big_endian, nx_meta, fei);
}
