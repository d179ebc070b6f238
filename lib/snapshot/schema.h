/* schema.h — from the elements of a file's schema to fields, and from raw values to those of a field (parquet §5). */
#ifndef NX_SNAPSHOT_SCHEMA_H
#define NX_SNAPSHOT_SCHEMA_H

#include "parquet-format.h"

/* How a raw value becomes the field's. */
typedef enum {
  PARQUET_AS_IT_IS,
  PARQUET_FROM_UINT32,
  PARQUET_FROM_MILLIS,
  PARQUET_FROM_NANOS,
  PARQUET_FROM_INT96,
  PARQUET_FROM_DECIMAL_INTEGER,
  PARQUET_FROM_DECIMAL_BYTES,
  PARQUET_FROM_TEXT,
} ParquetConversion;

typedef struct {
  gint32 type, type_length;
  gboolean is_optional, is_nested;
  guint first_chunk; /* in the row of chunks of a group */
  ParquetConversion conversion;
} ParquetLeaf;

/* The leaves and fields of a file, one each a column of the root. */
gboolean parquet_schema_read(const GArray *elements, GArray *fields, GArray *leaves, guint *n_chunks, GError **err);
/* `text` is room for values that have to be made. */
gboolean parquet_convert(const ParquetLeaf *leaf, const NxField *field, const NxDatum *raw, GString *text, NxDatum *datum, GError **err);

#endif
