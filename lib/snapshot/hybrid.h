/* hybrid.h — runs and bit-packed groups of small numbers: levels and dictionary indices (parquet §4). */
#ifndef NX_SNAPSHOT_HYBRID_H
#define NX_SNAPSHOT_HYBRID_H

#include "nx-base.h"

typedef struct {
  const guint8 *data;
  gsize length, at;
  guint width;       /* bits of a number, 0..32 */
  guint64 left;      /* numbers left of the run */
  gboolean packed;
  guint32 value;     /* of a run of equal ones */
  guint64 bit;       /* of a packed run: where the next number begins */
} ParquetHybrid;

ParquetHybrid parquet_hybrid(const guint8 *data, gsize length, guint width);
/* FALSE at the end and for runs that reach beyond it. */
gboolean parquet_hybrid_next(ParquetHybrid *hybrid, guint32 *value);

/* `width` bits (up to 64) at bit `at`, lowest first; the caller has checked that they are there. */
guint64 parquet_bits(const guint8 *data, guint64 at, guint width);

/* Appends the numbers: runs of equal ones where 8 or more stand together, else packed groups. */
void parquet_hybrid_write(GByteArray *out, const guint32 *values, gsize n, guint width);
/* One run. */
void parquet_hybrid_write_equal(GByteArray *out, guint32 value, gsize n, guint width);
/* Bits needed for numbers up to `maximum`. */
guint parquet_bit_width(guint32 maximum);

#endif
