/* delta.h — DELTA_BINARY_PACKED: integers as bit-packed differences, a block at a time. Other writers' format 2 pages hold them.
 * Source: Apache Parquet, Encodings.md; checked against corpus/parquet/writers. */
#ifndef NX_SNAPSHOT_DELTA_H
#define NX_SNAPSHOT_DELTA_H

#include "nx-base.h"

typedef struct {
  const guint8 *data;
  gsize length, at;
  guint64 block_size, blocks_of, total, given;
  guint64 in_block;          /* numbers of the block already given */
  gint64 last, least;        /* the number before; the least difference of the block */
  gsize widths_at, packed_at; /* bit widths of the miniblocks; where the present miniblock begins */
} ParquetDelta;

/* Reads the head. FALSE when it is none. */
gboolean parquet_delta_start(ParquetDelta *delta, const guint8 *data, gsize length);
gboolean parquet_delta_next(ParquetDelta *delta, gint64 *value);
/* How many bytes the numbers take in all. */
gboolean parquet_delta_size(const ParquetDelta *delta, gsize *size);

#endif
