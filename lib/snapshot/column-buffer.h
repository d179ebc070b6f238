/* column-buffer.h — the values of one column of the row group that is being filled, plain and not yet encoded (parquet §4, §8). */
#ifndef NX_SNAPSHOT_COLUMN_BUFFER_H
#define NX_SNAPSHOT_COLUMN_BUFFER_H

#include "parquet-format.h"

#include <string.h>

/* Bytes that grow at the end; kept for the next use when `length` goes back to 0. */
typedef struct {
  guint8 *data;
  gsize length, size;
} ParquetBytes;

void parquet_bytes_grow(ParquetBytes *bytes, gsize more);

/* Where the next `n` bytes belong. */
static inline guint8 *parquet_bytes_add(ParquetBytes *bytes, gsize n)
{
  if (G_UNLIKELY(bytes->size - bytes->length < n))
    parquet_bytes_grow(bytes, n);
  bytes->length += n;
  return bytes->data + bytes->length - n;
}

typedef struct {
  const NxField *field;
  gint32 type, type_length; /* physical */
  ParquetBytes levels;      /* a byte a row: 1, or 0 for NULL */
  ParquetBytes plain;       /* plain values; booleans a byte each */
  gsize n_null;
} ParquetBuffer;

/* How a field is stored: its physical type. */
void parquet_buffer_start(ParquetBuffer *buffer, const NxField *field);
void parquet_buffer_clear(ParquetBuffer *buffer);
/* Forgets the values. */
void parquet_buffer_empty(ParquetBuffer *buffer);
gboolean parquet_buffer_add(ParquetBuffer *buffer, const NxDatum *datum, GError **err);

/* Bytes of the plain value at `plain`. */
static inline gsize parquet_plain_length(const ParquetBuffer *buffer, const guint8 *plain)
{
  guint32 length;
  if (buffer->type != PARQUET_BYTE_ARRAY)
    return (gsize)buffer->type_length;
  memcpy(&length, plain, sizeof length);
  return 4 + (gsize)GUINT32_FROM_LE(length);
}

#endif
