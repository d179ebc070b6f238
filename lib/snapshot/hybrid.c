/* hybrid.c — the RLE / bit-packed hybrid, both ways (parquet §4). */
#include "hybrid.h"

#include "thrift.h"

#include <string.h>

#define GROUP 8

ParquetHybrid parquet_hybrid(const guint8 *data, gsize length, guint width)
{
  return (ParquetHybrid){.data = data, .length = length, .width = width};
}

guint64 parquet_bits(const guint8 *data, guint64 at, guint width)
{
  guint64 value = 0;
  for (guint taken = 0; taken < width;) {
    guint shift = (guint)(at & 7), n = MIN(8 - shift, width - taken);
    guint64 part = ((guint64)data[at >> 3] >> shift) & ((1u << n) - 1);
    value |= part << taken;
    taken += n;
    at += n;
  }
  return value;
}

static gboolean start_packed(ParquetHybrid *hybrid, guint64 groups)
{
  gsize rest = hybrid->length - hybrid->at;
  if (groups > G_MAXUINT32 || groups * hybrid->width > rest)
    return FALSE;
  hybrid->left = groups * GROUP;
  hybrid->bit = (guint64)hybrid->at * 8;
  hybrid->at += groups * hybrid->width;
  return TRUE;
}

static gboolean start_equal(ParquetHybrid *hybrid, guint64 n)
{
  gsize size = (hybrid->width + 7) / 8;
  if (size > hybrid->length - hybrid->at)
    return FALSE;
  hybrid->value = 0;
  for (gsize i = 0; i < size; i++)
    hybrid->value |= (guint32)hybrid->data[hybrid->at + i] << (8 * i);
  hybrid->at += size;
  hybrid->left = n;
  return hybrid->width == 32 || hybrid->value >> hybrid->width == 0;
}

static gboolean start_run(ParquetHybrid *hybrid)
{
  guint64 head;
  if (!nx_varint_read(hybrid->data, hybrid->length, &hybrid->at, &head))
    return FALSE;
  hybrid->packed = head & 1;
  return hybrid->packed ? start_packed(hybrid, head >> 1) : start_equal(hybrid, head >> 1);
}

gboolean parquet_hybrid_next(ParquetHybrid *hybrid, guint32 *value)
{
  while (hybrid->left == 0)
    if (!start_run(hybrid))
      return FALSE;
  hybrid->left--;
  *value = hybrid->value;
  if (hybrid->packed) {
    *value = (guint32)parquet_bits(hybrid->data, hybrid->bit, hybrid->width);
    hybrid->bit += hybrid->width;
  }
  return TRUE;
}

/* --------------------------------------------------------------------------------------------------------------- writing */

guint parquet_bit_width(guint32 maximum)
{
  return maximum == 0 ? 0 : 32 - (guint)__builtin_clz(maximum);
}

void parquet_hybrid_write_equal(GByteArray *out, guint32 value, gsize n, guint width)
{
  nx_varint_write(out, (guint64)n << 1);
  for (guint i = 0; i < (width + 7) / 8; i++) {
    guint8 byte = (guint8)(value >> (8 * i));
    g_byte_array_append(out, &byte, 1);
  }
}

/* `n` is padded with zeros to whole groups. */
static void write_packed(GByteArray *out, const guint32 *values, gsize n, guint width)
{
  gsize groups = (n + GROUP - 1) / GROUP, size = groups * width;
  nx_varint_write(out, ((guint64)groups << 1) | 1);
  guint start = out->len, n_pending = 0;
  guint64 pending = 0;
  g_byte_array_set_size(out, start + (guint)size);
  guint8 *to = out->data + start, *end = to + size;
  for (gsize i = 0; i < n; i++) {
    pending |= (guint64)values[i] << n_pending;
    for (n_pending += width; n_pending >= 8; n_pending -= 8) {
      *to++ = (guint8)pending;
      pending >>= 8;
    }
  }
  for (; to < end; pending >>= 8)
    *to++ = (guint8)pending;
}

static gsize equal_from(const guint32 *values, gsize n)
{
  gsize same = 1;
  while (same < n && values[same] == values[0])
    same++;
  return same;
}

void parquet_hybrid_write(GByteArray *out, const guint32 *values, gsize n, guint width)
{
  gsize packed_from = 0;
  for (gsize i = 0; i < n;) {
    gsize same = equal_from(values + i, n - i);
    gsize fill = (GROUP - (i - packed_from) % GROUP) % GROUP; /* a packed stretch ends at a whole group */
    if (same < fill + GROUP && i + same < n) {
      i += same;
      continue;
    }
    if (same >= fill + GROUP) {
      if (i + fill > packed_from)
        write_packed(out, values + packed_from, i + fill - packed_from, width);
      parquet_hybrid_write_equal(out, values[i], same - fill, width);
      packed_from = i + same;
    }
    i += same;
  }
  if (packed_from < n)
    write_packed(out, values + packed_from, n - packed_from, width);
}
