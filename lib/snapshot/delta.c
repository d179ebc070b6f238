/* delta.c — see delta.h. A block is: zigzag least difference, one bit width a miniblock, the miniblocks. The last block may lack miniblocks. */
#include "delta.h"

#include "hybrid.h"
#include "thrift.h"

#define BLOCK_MAX (1u << 20)

gboolean parquet_delta_start(ParquetDelta *delta, const guint8 *data, gsize length)
{
  guint64 first;
  *delta = (ParquetDelta){.data = data, .length = length};
  if (!nx_varint_read(data, length, &delta->at, &delta->block_size) || !nx_varint_read(data, length, &delta->at, &delta->blocks_of) ||
      !nx_varint_read(data, length, &delta->at, &delta->total) || !nx_varint_read(data, length, &delta->at, &first))
    return FALSE;
  delta->last = nx_zigzag_decode(first);
  delta->in_block = delta->block_size;
  return delta->block_size > 0 && delta->block_size <= BLOCK_MAX && delta->blocks_of > 0 && delta->blocks_of <= delta->block_size &&
         delta->block_size % delta->blocks_of == 0 && delta->block_size / delta->blocks_of % 8 == 0;
}

static guint64 miniblock_length(const ParquetDelta *delta)
{
  return delta->block_size / delta->blocks_of;
}

static guint8 width_at(const ParquetDelta *delta, guint64 in_block)
{
  return delta->data[delta->widths_at + in_block / miniblock_length(delta)];
}

static gboolean start_block(ParquetDelta *delta)
{
  guint64 least;
  if (!nx_varint_read(delta->data, delta->length, &delta->at, &least) || delta->blocks_of > delta->length - delta->at)
    return FALSE;
  delta->least = nx_zigzag_decode(least);
  delta->widths_at = delta->at;
  delta->at += delta->blocks_of;
  delta->in_block = 0;
  return TRUE;
}

static gboolean start_miniblock(ParquetDelta *delta)
{
  guint8 width = width_at(delta, delta->in_block);
  gsize size = width * miniblock_length(delta) / 8;
  if (width > 64 || size > delta->length - delta->at)
    return FALSE;
  delta->packed_at = delta->at;
  delta->at += size;
  return TRUE;
}

static gboolean prepare(ParquetDelta *delta)
{
  if (delta->in_block == delta->block_size && !start_block(delta))
    return FALSE;
  return delta->in_block % miniblock_length(delta) != 0 || start_miniblock(delta);
}

gboolean parquet_delta_next(ParquetDelta *delta, gint64 *value)
{
  if (delta->given >= delta->total)
    return FALSE;
  if (delta->given++ > 0) {
    if (!prepare(delta))
      return FALSE;
    guint8 width = width_at(delta, delta->in_block);
    guint64 bit = (guint64)delta->packed_at * 8 + delta->in_block % miniblock_length(delta) * width;
    guint64 difference = parquet_bits(delta->data, bit, width) + (guint64)delta->least;
    delta->last = (gint64)((guint64)delta->last + difference);
    delta->in_block++;
  }
  *value = delta->last;
  return TRUE;
}

/* Miniblocks that hold no number are not there. */
gboolean parquet_delta_size(const ParquetDelta *delta, gsize *size)
{
  ParquetDelta walk = *delta;
  guint64 left = walk.total > 0 ? walk.total - 1 : 0;
  while (left > 0) {
    if (!start_block(&walk))
      return FALSE;
    for (; left > 0 && walk.in_block < walk.block_size; walk.in_block += miniblock_length(&walk)) {
      if (!start_miniblock(&walk))
        return FALSE;
      left -= MIN(left, miniblock_length(&walk));
    }
  }
  *size = walk.at;
  return TRUE;
}
