/* column-buffer.h — the values of one column of the row group that is being written (parquet §8). */
#ifndef NX_SNAPSHOT_COLUMN_BUFFER_H
#define NX_SNAPSHOT_COLUMN_BUFFER_H

#include "parquet-format.h"

typedef struct {
  const NxField *field;
  gint32 type, type_length;
  GArray *levels;        /* guint32 a row: 1, or 0 for NULL */
  GByteArray *plain;     /* plain values; booleans a byte each. Empty while there is a dictionary */
  gboolean has_dictionary;
  GByteArray *entries;   /* plain values of the dictionary */
  GArray *starts;        /* guint32: where each begins */
  GArray *indices;       /* guint32 a value */
  GArray *slots;         /* guint32: entry + 1, open addressing; 0: free */
  gsize plain_size;      /* of all values */
  gint64 n_null;
  GByteArray *least, *most; /* without length; NULL: no value yet */
} ParquetBuffer;

/* How a field is stored: its physical type. */
void parquet_buffer_start(ParquetBuffer *buffer, const NxField *field);
void parquet_buffer_clear(ParquetBuffer *buffer);
/* Forgets the values. */
void parquet_buffer_empty(ParquetBuffer *buffer);
gboolean parquet_buffer_add(ParquetBuffer *buffer, const NxDatum *datum, GError **err);
/* Bytes held. */
gsize parquet_buffer_size(const ParquetBuffer *buffer);
/* Gives the dictionary up when it does not pay. */
void parquet_buffer_settle(ParquetBuffer *buffer);
/* Bytes of the plain value at `at`. */
gsize parquet_plain_length(const ParquetBuffer *buffer, const guint8 *plain);

#endif
